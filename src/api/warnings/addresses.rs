//! Remarks on addresses that are right, but not written as they should be.

use std::net::{IpAddr, Ipv6Addr};

/// Remarks on an address.
pub(super) fn ip(remarks: &mut Vec<String>, path: &str, text: &str) {
    let Ok(address) = text.parse::<IpAddr>() else { return };
    match address {
        IpAddr::V6(inner) if inner.to_ipv4_mapped().is_some() => remarks.push(format!(
            "{path}: non-standard IP address {text:?} will be considered invalid in a future \
             Kubernetes release: use {:?}",
            address.to_canonical().to_string()
        )),
        IpAddr::V6(_) if address.to_string() != text => remarks.push(format!(
            "{path}: IPv6 address {text:?} should be in RFC 5952 canonical format ({:?})",
            address.to_string()
        )),
        _ => {}
    }
}

/// Remarks on a range of addresses.
pub(super) fn range(remarks: &mut Vec<String>, path: &str, text: &str) {
    let Some((address, bits)) = text.split_once('/') else { return };
    let (Ok(address), Ok(bits)) = (address.trim().parse::<IpAddr>(), bits.trim().parse::<u8>())
    else {
        return;
    };
    let (network, whole) = match address {
        IpAddr::V4(inner) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            (IpAddr::V4((inner.to_bits() & mask).into()), 32)
        }
        IpAddr::V6(inner) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            (IpAddr::V6(Ipv6Addr::from_bits(inner.to_bits() & mask)), 128)
        }
    };
    let canonical = format!("{address}/{bits}");
    if network != address {
        remarks.push(format!(
            "{path}: CIDR value {text:?} is ambiguous in this context (should be \
             \"{network}/{bits}\" or \"{address}/{whole}\"?)"
        ));
    } else if whole == 128 && canonical != text {
        remarks.push(format!(
            "{path}: IPv6 CIDR value {text:?} should be in RFC 5952 canonical format \
             ({canonical:?})"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_should_have_its_shortest_form() {
        let mut remarks = Vec::new();
        ip(&mut remarks, "p", "2001:DB8::1");
        ip(&mut remarks, "p", "::ffff:192.0.2.1");
        ip(&mut remarks, "p", "192.0.2.1");
        assert_eq!(
            remarks,
            [
                "p: IPv6 address \"2001:DB8::1\" should be in RFC 5952 canonical format \
                 (\"2001:db8::1\")",
                "p: non-standard IP address \"::ffff:192.0.2.1\" will be considered invalid in a \
                 future Kubernetes release: use \"192.0.2.1\"",
            ]
        );
    }

    #[test]
    fn a_range_has_no_bits_behind_its_length() {
        let mut remarks = Vec::new();
        range(&mut remarks, "p", "203.0.113.7/24");
        range(&mut remarks, "p", "203.0.113.0/24");
        assert_eq!(
            remarks,
            ["p: CIDR value \"203.0.113.7/24\" is ambiguous in this context (should be \
              \"203.0.113.0/24\" or \"203.0.113.7/32\"?)"]
        );
    }
}
