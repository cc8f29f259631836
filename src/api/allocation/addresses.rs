//! Cluster IPs from 10.96.0.0/12, and in a dual-stack cluster from fd00:10:96::/112 (R4.4).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use k8s_openapi::api::core::v1::ServiceSpec;

use crate::api::Cause;
use crate::random::Stream;

/// How many addresses at the start of a range are left to those who ask by number:
/// min(max(16, size/16), 256).
const STATIC_BAND: u32 = 256;

/// The chance by which addresses are given out, of its own for each family.
#[derive(Clone, Debug)]
pub(super) struct Chances {
    v4: Stream,
    v6: Stream,
}

/// The addresses of one family.
#[derive(Clone, Copy, Debug)]
struct Range {
    /// The first address; it and the last are never given out.
    network: IpAddr,
    size: u32,
}

const V4: Range = Range { network: IpAddr::V4(Ipv4Addr::new(10, 96, 0, 0)), size: 1 << 20 };
const V6: Range =
    Range { network: IpAddr::V6(Ipv6Addr::new(0xfd00, 0x10, 0x96, 0, 0, 0, 0, 0)), size: 1 << 16 };

/// The ranges as the API writes them, IPv4's first.
pub(in crate::api) fn cidrs() -> [String; 2] {
    [V4, V6].map(|range| {
        let bits = if range.network.is_ipv4() { 32 } else { 128 };
        format!("{}/{}", range.network, bits - range.size.ilog2())
    })
}

impl Chances {
    pub(super) fn new(seed: u64) -> Chances {
        Chances {
            v4: Stream::new(seed, "cluster-ips"),
            v6: Stream::new(seed, "cluster-ips of the second family"),
        }
    }
}

/// Gives the Service an address for each of its families: the one that it asks for, or any free
/// one. The first `kept` of them it has already.
pub(super) fn allocate(
    chances: &mut Chances,
    taken: &BTreeSet<IpAddr>,
    spec: &mut ServiceSpec,
    kept: usize,
) -> Result<(), Cause> {
    let families = spec.ip_families.clone().unwrap_or_default();
    let mut addresses = spec.cluster_ips.clone().unwrap_or_default();
    if addresses.first().is_some_and(|first| first == "None") {
        return Ok(());
    }
    addresses.resize(addresses.len().max(families.len()), String::new());
    for (index, family) in families.iter().enumerate().skip(kept) {
        let (range, chance) = match family.as_str() {
            "IPv6" => (V6, &mut chances.v6),
            _ => (V4, &mut chances.v4),
        };
        let asked = addresses[index].clone();
        let given = match asked.parse::<IpAddr>() {
            Ok(address) => range
                .claim(taken, address)
                .map_err(|why| format!("failed to allocate IP {asked}: {why}"))
                .map(|()| asked),
            Err(_) if asked.is_empty() => {
                let full = || "failed to allocate a serviceIP: range is full".to_owned();
                range.pick(chance, taken).ok_or_else(full).map(|address| address.to_string())
            }
            // Not an address: validation says so.
            Err(_) => Ok(asked),
        };
        addresses[index] = given.map_err(|why| refused(&addresses, &why))?;
    }
    spec.cluster_ip = addresses.first().cloned();
    spec.cluster_ips = Some(addresses);
    Ok(())
}

fn refused(addresses: &[String], why: &str) -> Cause {
    let list: Vec<String> = addresses.iter().map(|ip| format!("{ip:?}")).collect();
    Cause::new("spec.clusterIPs", format!("Invalid value: [{}]: {why}", list.join(",")))
}

impl Range {
    fn claim(self, taken: &BTreeSet<IpAddr>, address: IpAddr) -> Result<(), &'static str> {
        let is_inside = self
            .offset(address)
            .is_some_and(|offset| offset > 0 && offset < u128::from(self.size) - 1);
        if !is_inside {
            Err("the provided network does not match the current range")
        } else if taken.contains(&address) {
            Err("provided IP is already allocated")
        } else {
            Ok(())
        }
    }

    /// How far behind the network's own address; `None` before it, and for the other family.
    fn offset(self, address: IpAddr) -> Option<u128> {
        match (address, self.network) {
            (IpAddr::V4(address), IpAddr::V4(network)) => {
                address.to_bits().checked_sub(network.to_bits()).map(u128::from)
            }
            (IpAddr::V6(address), IpAddr::V6(network)) => {
                address.to_bits().checked_sub(network.to_bits())
            }
            _ => None,
        }
    }

    fn at(self, offset: u32) -> IpAddr {
        match self.network {
            IpAddr::V4(network) => Ipv4Addr::from_bits(network.to_bits() + offset).into(),
            IpAddr::V6(network) => {
                Ipv6Addr::from_bits(network.to_bits() + u128::from(offset)).into()
            }
        }
    }

    /// Any free address above the static band; when that is full, one of the band.
    fn pick(self, chance: &mut Stream, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
        let dynamic = STATIC_BAND + 1..self.size - 1;
        let reserved = 1..STATIC_BAND + 1;
        [dynamic, reserved].into_iter().find_map(|band| {
            let length = band.end - band.start;
            let first = chance.below(u64::from(length)) as u32;
            (0..length)
                .map(|step| self.at(band.start + (first + step) % length))
                .find(|address| !taken.contains(address))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(ips: &[&str], families: &[&str]) -> ServiceSpec {
        let list = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
        ServiceSpec {
            cluster_ips: list(ips),
            ip_families: list(families),
            ..ServiceSpec::default()
        }
    }

    fn given(ips: &[&str], families: &[&str]) -> Result<Vec<String>, String> {
        let taken = BTreeSet::from([[10, 96, 0, 1].into(), "fd00:10:96::7".parse().unwrap()]);
        let mut spec = asking(ips, families);
        allocate(&mut Chances::new(1), &taken, &mut spec, 0).map_err(|cause| cause.to_string())?;
        assert_eq!(spec.cluster_ip.as_ref(), spec.cluster_ips.as_ref().and_then(|all| all.first()));
        Ok(spec.cluster_ips.unwrap())
    }

    // R4.4
    #[test]
    fn an_automatic_address_is_above_the_static_band() {
        let mut chance = Stream::new(5, "x");
        for _ in 0..500 {
            let address = V4.pick(&mut chance, &BTreeSet::new()).unwrap();
            assert!(address > IpAddr::from([10, 96, 1, 0]), "{address}");
            assert!(address < IpAddr::from([10, 111, 255, 255]), "{address}");
            let second = V6.pick(&mut chance, &BTreeSet::new()).unwrap();
            assert!(second > "fd00:10:96::100".parse::<IpAddr>().unwrap(), "{second}");
            assert!(second < "fd00:10:96::ffff".parse::<IpAddr>().unwrap(), "{second}");
        }
    }

    // R4.4, recording 11.
    #[test]
    fn an_address_must_be_free_and_in_the_range() {
        assert_eq!(given(&["10.97.0.10"], &["IPv4"]).unwrap(), ["10.97.0.10"]);
        assert_eq!(
            given(&["10.96.0.1"], &["IPv4"]).unwrap_err(),
            "spec.clusterIPs: Invalid value: [\"10.96.0.1\"]: failed to allocate IP 10.96.0.1: \
             provided IP is already allocated"
        );
        for outside in ["10.244.1.5", "10.96.0.0", "10.111.255.255"] {
            let message = given(&[outside], &["IPv4"]).unwrap_err();
            assert!(message.ends_with("the provided network does not match the current range"));
        }
    }

    // R13.1
    #[test]
    fn each_family_has_an_address_in_the_order_of_the_families() {
        let both = given(&[], &["IPv6", "IPv4"]).unwrap();
        assert!(both[0].starts_with("fd00:10:96::") && both[1].starts_with("10."), "{both:?}");
        let named = given(&["10.97.0.10", "fd00:10:96::a"], &["IPv4", "IPv6"]).unwrap();
        assert_eq!(named, ["10.97.0.10", "fd00:10:96::a"]);
        assert_eq!(
            given(&["fd00:10:96::7"], &["IPv6", "IPv4"]).unwrap_err(),
            "spec.clusterIPs: Invalid value: [\"fd00:10:96::7\",\"\"]: failed to allocate IP \
             fd00:10:96::7: provided IP is already allocated"
        );
        assert!(given(&["fd00:10:97::7"], &["IPv6"]).is_err());
    }
}
