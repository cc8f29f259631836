//! IP addresses and ranges.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use super::report::{Json, Report, Shown};

const ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const RANGE: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/// An address range that was read leniently: a network's address and its length in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    base: IpAddr,
    bits: u8,
}

impl Range {
    /// Whether `other` lies within this range and is smaller.
    pub fn strictly_contains(self, other: Range) -> bool {
        let masked = |address: IpAddr| match address {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let ((base, width), (inner, inner_width)) = (masked(self.base), masked(other.base));
        let shift = 128 - u32::from(self.bits);
        let network = |address: u128| address.checked_shr(shift).unwrap_or(0);
        width == inner_width && network(base) == network(inner) && self.bits < other.bits
    }

    /// Whether it is of IPv4.
    pub fn is_ipv4(self) -> bool {
        self.base.is_ipv4()
    }

    /// Whether the address is the network's own, without a host in it.
    fn is_network(self) -> bool {
        let host = match self.base {
            IpAddr::V4(v4) => u128::from(u32::from(v4)) << 96,
            IpAddr::V6(v6) => u128::from(v6),
        };
        host.checked_shl(u32::from(self.bits)).unwrap_or(0) == 0
    }
}

/// Parses an address as Go's lenient parser does: leading zeros are allowed in IPv4.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| sloppy_v4(text).map(IpAddr::V4))
}

fn sloppy_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = part.trim_start_matches('0');
        *octet = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

/// An address; returns it where it is one.
pub(super) fn check(report: &mut Report, path: &str, text: &str) -> Option<IpAddr> {
    let Some(address) = parse(text) else {
        report.invalid(path, text, ADDRESS);
        return None;
    };
    match text.parse() {
        Err(_) => report.invalid(path, text, "must not have leading 0s"),
        Ok(IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_some() => {
            report.invalid(path, text, "must not be an IPv4-mapped IPv6 address");
        }
        Ok(_) => return Some(address),
    }
    None
}

/// A range; returns it wherever it can be understood at all.
pub(super) fn check_range(report: &mut Report, path: &str, text: &str) -> Option<Range> {
    let parsed = text.split_once('/').and_then(|(base, bits)| {
        let base = parse(base)?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let length = bits.parse::<u8>().ok().filter(|length| *length <= most)?;
        (bits.bytes().all(|b| b.is_ascii_digit())).then_some((Range { base, bits: length }, bits))
    });
    let Some((range, bits)) = parsed else {
        report.invalid(path, text, RANGE);
        return None;
    };
    let strict = text.split('/').next().is_some_and(|base| base.parse::<IpAddr>().is_ok());
    if !strict || (bits.len() > 1 && bits.starts_with('0')) {
        report.invalid(path, text, "must not have leading 0s in IP or prefix length");
    } else if matches!(range.base, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()) {
        report.invalid(path, text, "must not have an IPv4-mapped IPv6 address");
    } else if !range.is_network() {
        report.invalid(path, text, "must not have bits set beyond the prefix length");
    }
    Some(range)
}

/// An address that other machines could have: not loopback, link-local or unspecified.
pub(super) fn check_ordinary(report: &mut Report, path: &str, text: &str) {
    let Some(address) = parse(text) else {
        report.invalid(path, text, "must be a valid IP address");
        return;
    };
    let (link_local, link_multicast) = match address {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(v6) => (v6.is_unicast_link_local(), v6.segments()[0] & 0xff0f == 0xff02),
    };
    let unspecified = format!("may not be unspecified ({text})");
    let why = if address.is_unspecified() {
        unspecified.as_str()
    } else if address.is_loopback() {
        "may not be in the loopback range (127.0.0.0/8, ::1/128)"
    } else if link_local {
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
    } else if link_multicast {
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
    } else {
        return;
    };
    report.invalid(path, text, why);
}

/// A list of addresses or ranges (`what`) of which there is one a family at most. Of those that are wrong in
/// themselves the families are not known.
pub(super) fn one_a_family<T>(
    report: &mut Report,
    path: &str,
    what: &str,
    families: &BTreeSet<bool>,
    given: &[T],
) where
    T: Clone + Serialize + Shown,
{
    if given.len() > 1 && families.len() < 2 || given.len() > 2 {
        let why = format!("may specify no more than one {what} for each IP family");
        report.invalid(path, Json(given), &why);
    }
    let mut seen = BTreeSet::new();
    for (index, value) in given.iter().enumerate() {
        if !seen.insert(value.shown()) {
            report.duplicate(&format!("{path}[{index}]"), value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Option<Range> {
        check_range(&mut Report::default(), "p", text)
    }

    #[test]
    fn a_range_contains_smaller_ones_within_it() {
        let whole = range("10.0.0.0/8").expect("a range");
        assert!(range("10.1.0.0/16").is_some_and(|inner| whole.strictly_contains(inner)));
        assert!(range("10.0.0.0/8").is_some_and(|inner| !whole.strictly_contains(inner)));
        assert!(range("11.0.0.0/16").is_some_and(|inner| !whole.strictly_contains(inner)));
        let all = range("0.0.0.0/0").expect("a range");
        assert!(all.strictly_contains(whole));
        assert!(range("::/0").is_some_and(|six| !six.strictly_contains(whole)));
    }

    // `pkg/apis/core/validation`: strict since 1.36 (StrictIPCIDRValidation).
    #[test]
    fn a_range_names_a_network_and_no_host() {
        let complaint = |text: &str| {
            let mut report = Report::default();
            check_range(&mut report, "p", text);
            report.into_causes().pop().map(|cause| cause.message)
        };
        for text in ["10.0.0.1/8", "10.0.0.1/0", "2001:db8::1/64"] {
            let said = complaint(text).expect("a complaint");
            assert!(said.ends_with("must not have bits set beyond the prefix length"), "{said}");
        }
        for text in ["10.0.0.1/32", "0.0.0.0/0", "10.244.0.0/16", "::/0", "2001:db8::/64"] {
            assert_eq!(complaint(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_range_is_none() {
        for text in ["10.0.0.1", "10.0.0.0/33", "a/8", "10.0.0.0/+8", "10.0.0.0/"] {
            assert_eq!(range(text), None, "{text}");
        }
    }
}
