//! Which of a name's addresses a client takes: `-4`, `-6`, and what BusyBox prefers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::cluster::{Flavour, Libc, Lookup, LookupFailure};
use crate::network::Family;
use crate::shell::Io;

/// A client's choice among addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Families {
    /// All, in the C library's order.
    #[default]
    Any,
    /// Those of one family (`-4`, `-6`).
    Only(Family),
    /// All, those of one family first (wget's `--prefer-family`).
    First(Family),
    /// The first IPv4 address alone, if there is one (BusyBox' `FEATURE_PREFER_IPV4_ADDRESS`).
    OneV4First,
}

impl Families {
    /// What a client of this flavour takes unless it is told otherwise.
    pub(super) fn usual(flavour: Flavour) -> Families {
        match flavour {
            Flavour::BusyBox => Families::OneV4First,
            Flavour::Gnu => Families::Any,
        }
    }

    /// What an option letter means: `4` or `6`.
    pub(super) fn option(letter: char) -> Option<Families> {
        match letter {
            '4' => Some(Families::Only(Family::V4)),
            '6' => Some(Families::Only(Family::V6)),
            _ => None,
        }
    }
}

/// Looks a name up and leaves those addresses that the client takes.
pub(super) fn look_up(io: &mut Io<'_>, name: &str, families: Families) -> Lookup {
    let mut lookup = io.cluster.lookup(io.place, name);
    if let Ok(addresses) = &mut lookup.result {
        match families {
            Families::Any => {}
            Families::Only(family) => {
                let named = name.parse::<IpAddr>().is_err();
                if family == Family::V4 && named && io.cluster.library(io.place) == Libc::Glibc {
                    as_v4(addresses);
                }
                addresses.retain(|one| Family::of(*one) == family);
            }
            Families::First(family) => {
                addresses.sort_by_key(|one| Family::of(*one) != family);
            }
            Families::OneV4First => {
                let first = addresses.iter().position(|one| one.is_ipv4()).unwrap_or(0);
                addresses.rotate_left(first);
                addresses.truncate(1);
            }
        }
        if addresses.is_empty() {
            lookup.result = Err(LookupFailure::OtherFamily);
        }
    }
    lookup
}

/// Whoever asks glibc for IPv4 alone gets 127.0.0.1 for each line of `/etc/hosts` that has ::1 (glibc's
/// `nss/nss_files/files-hosts.c`).
pub(super) fn as_v4(addresses: &mut [IpAddr]) {
    for address in addresses.iter_mut().filter(|one| **one == Ipv6Addr::LOCALHOST) {
        *address = Ipv4Addr::LOCALHOST.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Played with glibc 2.36: `getent ahostsv4 localhost` tells 127.0.0.1 twice.
    #[test]
    fn the_ipv6_loopback_of_the_hosts_file_is_one_of_ipv4_too() {
        let mut addresses = ["::1", "fd00::7", "127.0.0.1"].map(|one| one.parse().unwrap());
        as_v4(&mut addresses);
        assert_eq!(
            addresses.map(|one: IpAddr| one.to_string()),
            ["127.0.0.1", "fd00::7", "127.0.0.1"]
        );
    }
}
