//! The order in which a C library hands out a name's addresses.
//!
//! Of RFC 6724's rules those count that can differ here: an address that the host cannot send to is
//! last, then come labels (whether the host's own address is of the same kind), then precedence.
//! glibc has the table of the older RFC 3484, by which IPv6 goes before IPv4; musl has that of RFC
//! 6724, by which IPv4 goes before the unique local addresses (fc00::/7) that clusters use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Libc;
use crate::network::{Family, Netns};

/// Sorts addresses, the ones to be tried first in front; equals stay in the server's order.
pub(super) fn sort(library: Libc, host: &Netns, addresses: &mut [IpAddr]) {
    // Nearly always there is one family alone.
    if addresses.iter().any(IpAddr::is_ipv6) {
        addresses.sort_by_cached_key(|address| std::cmp::Reverse(rank(library, host, *address)));
    }
}

/// Whether it can be reached, whether the labels match, and its precedence.
fn rank(library: Libc, host: &Netns, address: IpAddr) -> (bool, bool, u8) {
    let source = match address {
        IpAddr::V4(_) if address.is_loopback() => Some(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(_) if address.is_loopback() => Some(Ipv6Addr::LOCALHOST.into()),
        _ => host.address_of(Family::of(address)),
    };
    let Some(source) = source else { return (false, false, precedence(library, address)) };
    (true, label(source) == label(address), precedence(library, address))
}

/// What kind of address it is, in both libraries' tables.
fn label(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 4,
        IpAddr::V6(address) if address.is_loopback() => 0,
        IpAddr::V6(address) if address.is_unique_local() => 6,
        IpAddr::V6(_) => 1,
    }
}

fn precedence(library: Libc, address: IpAddr) -> u8 {
    match (address, library) {
        (IpAddr::V6(address), _) if address.is_loopback() => 50,
        (IpAddr::V6(address), Libc::Musl) if address.is_unique_local() => 3,
        (IpAddr::V6(_), _) => 40,
        (IpAddr::V4(_), Libc::Glibc) => 10,
        (IpAddr::V4(_), Libc::Musl) => 35,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Party;

    fn sorted(library: Libc, own: Option<&str>, addresses: &[&str]) -> Vec<String> {
        let host = Netns {
            party: Party::Laptop,
            address: Ipv4Addr::new(10, 244, 1, 2),
            address_v6: own.map(|own| own.parse().unwrap()),
            node: None,
            listeners: Vec::new(),
        };
        let mut addresses: Vec<IpAddr> = addresses.iter().map(|it| it.parse().unwrap()).collect();
        sort(library, &host, &mut addresses);
        addresses.iter().map(IpAddr::to_string).collect()
    }

    // R13.1; RFC 3484 and RFC 6724.
    #[test]
    fn glibc_prefers_unique_local_addresses_and_musl_does_not() {
        let both = ["10.96.0.7", "fd00:10:96::7"];
        let own = Some("fd00:10:244:1::2");
        assert_eq!(sorted(Libc::Glibc, own, &both), ["fd00:10:96::7", "10.96.0.7"]);
        assert_eq!(sorted(Libc::Musl, own, &both), both);
        let loopback = ["127.0.0.1", "::1"];
        for library in [Libc::Glibc, Libc::Musl] {
            assert_eq!(sorted(library, None, &loopback), ["::1", "127.0.0.1"]);
        }
    }

    // R13.1
    #[test]
    fn what_cannot_be_reached_or_is_of_another_kind_comes_last() {
        let both = ["fd00:10:96::7", "10.96.0.7"];
        assert_eq!(sorted(Libc::Glibc, None, &both), ["10.96.0.7", "fd00:10:96::7"]);
        let outside = ["2001:db8::1", "203.0.113.10"];
        let own = Some("fd00:10:244:1::2");
        assert_eq!(sorted(Libc::Glibc, own, &outside), ["203.0.113.10", "2001:db8::1"]);
    }
}
