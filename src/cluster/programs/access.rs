//! Ranges of addresses that may ask or may not (nginx's `allow` and `deny`, httpd's `Require ip`).

use std::net::IpAddr;

/// An `allow` or a `deny`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    allows: bool,
    /// A network's address and its length in bits; everybody where there is none.
    range: Option<(IpAddr, u8)>,
}

impl Access {
    /// Reads `all`, an address, or a range of them.
    pub fn read(allows: bool, text: &str) -> Option<Access> {
        if text == "all" {
            return Some(Access { allows, range: None });
        }
        let (address, length) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = match text.contains('/') {
            true => length.parse().ok().filter(|length| *length <= most)?,
            false => most,
        };
        Some(Access { allows, range: Some((address, length)) })
    }

    /// Whether it is an `allow`.
    pub fn allows(&self) -> bool {
        self.allows
    }

    /// Whether an address is among those that it names.
    pub fn fits(&self, client: IpAddr) -> bool {
        let Some((network, length)) = self.range else { return true };
        let part = |address: IpAddr| match address {
            IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
            IpAddr::V6(address) => address.to_bits(),
        };
        let difference = part(network) ^ part(client);
        network.is_ipv4() == client.is_ipv4()
            && difference.checked_shr(128 - u32::from(length)).unwrap_or(0) == 0
    }
}

/// Whether a client may ask: the first rule that fits decides, and without one everybody may.
pub fn admits(rules: &[Access], client: IpAddr) -> bool {
    rules.iter().find(|rule| rule.fits(client)).is_none_or(|rule| rule.allows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rule = |allows, text| Access::read(allows, text).expect("a rule");
        let rules = [rule(false, "10.244.1.7"), rule(true, "10.244.0.0/16"), rule(false, "all")];
        let may = |client: &str| admits(&rules, client.parse().expect("an address"));
        assert!(may("10.244.9.9") && !may("10.244.1.7") && !may("192.168.49.1") && !may("fd00::1"));
        assert!(admits(&[], IpAddr::from([1, 2, 3, 4])));
        assert!(admits(&[rule(true, "0.0.0.0/0"), rule(false, "all")], IpAddr::from([1, 2, 3, 4])));
    }

    #[test]
    fn what_is_no_range_is_none() {
        for text in ["", "everybody", "10.0.0.0/33", "10.0.0.0/", "fd00::/129"] {
            assert_eq!(Access::read(true, text), None, "{text}");
        }
    }
}
