//! Addresses of both families, and an address with its port.

use std::fmt;
use std::net::{AddrParseError, IpAddr, Ipv4Addr};
use std::str::FromStr;

/// A family of addresses. A packet, and every rule that it meets, is of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    V4,
    V6,
}

/// A range of addresses: the network's and the prefix length.
pub type Range = (IpAddr, u8);

/// An address and a port, of either family.
///
/// The standard library's is half as big again, for a flow label and a scope that nothing here has,
/// and each hop of each trace holds several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketAddr {
    ip: IpAddr,
    port: u16,
}

impl Family {
    /// The family that an address is of.
    pub fn of(address: IpAddr) -> Family {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// The length of a prefix that is one whole address.
    pub fn bits(self) -> u8 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    /// The mask that leaves a whole address as it is.
    pub fn mask(self) -> &'static str {
        match self {
            Family::V4 => "255.255.255.255",
            Family::V6 => "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        }
    }
}

/// As the API writes it: `IPv4`
impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        })
    }
}

impl SocketAddr {
    /// A port at an address.
    pub fn new(ip: impl Into<IpAddr>, port: u16) -> SocketAddr {
        SocketAddr { ip: ip.into(), port }
    }

    /// The address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// `10.244.1.2:80`, `[fd00:10:244:1::2]:80`
impl fmt::Display for SocketAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip {
            IpAddr::V4(address) => write!(f, "{address}:{}", self.port),
            IpAddr::V6(address) => write!(f, "[{address}]:{}", self.port),
        }
    }
}

impl From<std::net::SocketAddr> for SocketAddr {
    fn from(address: std::net::SocketAddr) -> SocketAddr {
        SocketAddr { ip: address.ip(), port: address.port() }
    }
}

impl FromStr for SocketAddr {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<SocketAddr, AddrParseError> {
        text.parse::<std::net::SocketAddr>().map(SocketAddr::from)
    }
}

/// A range of one address.
pub(super) fn alone(address: IpAddr) -> Range {
    (address, Family::of(address).bits())
}

/// The mask of an IPv4 network's prefix length: `255.255.255.0` for 24, and for more than 32 as for 32.
pub fn netmask(length: u8) -> Ipv4Addr {
    u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0).into()
}

/// Whether `address` is in a range; one of the other family never is.
pub fn within(address: IpAddr, (network, length): Range) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let mask = netmask(length).to_bits();
            address.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    }
}

/// An IPv4 address as `inet_aton` reads it, and with it C libraries' resolvers and curl: up to four numbers,
/// decimal, octal behind `0` or hexadecimal behind `0x`, of which the last fills what is left (`127.1`).
pub fn aton(text: &str) -> Option<Ipv4Addr> {
    let number = |part: &str| match (part.strip_prefix("0x").or(part.strip_prefix("0X")), part) {
        (Some(digits), _) => unsigned(digits, 16),
        (None, "0") => Some(0),
        (None, _) if part.starts_with('0') => unsigned(&part[1..], 8),
        (None, _) => unsigned(part, 10),
    };
    let numbers: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last().filter(|(_, first)| first.len() < 4)?;
    let left = 32 - 8 * first.len() as u32;
    if first.iter().any(|part| *part > 255) || u64::from(*last) >= 1 << left {
        return None;
    }
    let placed = first.iter().zip([24, 16, 8]).map(|(part, shift)| part << shift);
    Some(Ipv4Addr::from_bits(placed.sum::<u32>() | last))
}

/// A number of digits alone: no sign, and not nothing.
fn unsigned(digits: &str, radix: u32) -> Option<u32> {
    let plain = digits.chars().all(|digit| digit.is_digit(radix));
    u32::from_str_radix(digits, radix).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_written_as_inet_aton_reads_it() {
        let read = |text: &str| aton(text).map(|address| address.to_string());
        for text in ["127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.0.1"] {
            assert_eq!(read(text).as_deref(), Some("127.0.0.1"), "{text}");
        }
        assert_eq!(read("010.0.0.1").as_deref(), Some("8.0.0.1"));
        assert_eq!(read("10.244.258").as_deref(), Some("10.244.1.2"));
        for text in ["", "1.2.3.4.5", "256.1.1.1", "1.2.3.256", "09.0.0.1", "web", "1..2", "+1.2"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_range_holds_addresses_of_its_own_family() {
        let (four, six) = ((ip("10.244.0.0"), 16), (ip("fd00:10:244::"), 56));
        assert!(within(ip("10.244.7.9"), four) && !within(ip("10.245.0.1"), four));
        assert!(within(ip("fd00:10:244:ff::9"), six) && !within(ip("fd00:10:244:100::9"), six));
        assert!(!within(ip("fd00:10:244::1"), four) && !within(ip("10.244.0.1"), six));
        assert!(within(ip("::1"), (ip("::"), 0)) && !within(ip("1.2.3.4"), (ip("::"), 0)));
    }

    #[test]
    fn a_socket_is_written_as_it_is_read_and_stays_small() {
        for text in ["10.244.1.2:80", "[fd00:10:244:1::2]:8080", "[::]:53"] {
            assert_eq!(text.parse::<SocketAddr>().unwrap().to_string(), text);
        }
        assert_eq!(size_of::<SocketAddr>(), 20);
    }
}
