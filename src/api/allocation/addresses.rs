//! Cluster IPs from 10.96.0.0/12 (R4.4).

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use k8s_openapi::api::core::v1::ServiceSpec;

use crate::api::Cause;
use crate::random::Stream;

/// The first address of the range; it and the last are never given out.
const NETWORK: u32 = u32::from_be_bytes([10, 96, 0, 0]);
/// How many addresses the range has: /12.
const SIZE: u32 = 1 << 20;
/// How many addresses at the start are left to those who ask by number: min(max(16, size/16), 256).
const STATIC_BAND: u32 = 256;

/// Gives the Service the address that it asks for, or any free one.
pub(super) fn allocate(
    chance: &mut Stream,
    taken: &BTreeSet<Ipv4Addr>,
    spec: &mut ServiceSpec,
) -> Result<(), Cause> {
    let asked = spec.cluster_ips.as_deref().and_then(|list| list.first()).map(String::as_str);
    match asked {
        Some("None") => Ok(()),
        Some(text) => match text.parse::<Ipv4Addr>() {
            Ok(address) => claim(taken, address)
                .map_err(|why| refused(spec, &format!("failed to allocate IP {text}: {why}"))),
            // Not an address: validation says so.
            Err(_) => Ok(()),
        },
        None => {
            let address = pick(chance, taken)
                .ok_or_else(|| refused(spec, "failed to allocate a serviceIP: range is full"))?;
            spec.cluster_ip = Some(address.to_string());
            spec.cluster_ips = Some(vec![address.to_string()]);
            Ok(())
        }
    }
}

fn refused(spec: &ServiceSpec, why: &str) -> Cause {
    let list = spec.cluster_ips.as_deref().unwrap_or_default();
    let list: Vec<String> = list.iter().map(|ip| format!("{ip:?}")).collect();
    Cause {
        field: "spec.clusterIPs".to_owned(),
        message: format!("Invalid value: [{}]: {why}", list.join(",")),
    }
}

fn claim(taken: &BTreeSet<Ipv4Addr>, address: Ipv4Addr) -> Result<(), &'static str> {
    let offset = u32::from(address).wrapping_sub(NETWORK);
    if offset == 0 || offset >= SIZE - 1 {
        Err("the provided network does not match the current range")
    } else if taken.contains(&address) {
        Err("provided IP is already allocated")
    } else {
        Ok(())
    }
}

/// Any free address above the static band; when that is full, one of the band.
fn pick(chance: &mut Stream, taken: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
    let dynamic = STATIC_BAND + 1..SIZE - 1;
    let reserved = 1..STATIC_BAND + 1;
    [dynamic, reserved].into_iter().find_map(|band| {
        let length = band.end - band.start;
        let first = chance.below(u64::from(length)) as u32;
        (0..length)
            .map(|step| Ipv4Addr::from(NETWORK + band.start + (first + step) % length))
            .find(|address| !taken.contains(address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(ip: &str) -> ServiceSpec {
        ServiceSpec { cluster_ips: Some(vec![ip.into()]), ..ServiceSpec::default() }
    }

    fn verdict(ip: &str) -> Result<(), String> {
        let taken = BTreeSet::from([Ipv4Addr::new(10, 96, 0, 1)]);
        allocate(&mut Stream::new(1, "x"), &taken, &mut asking(ip)).map_err(|c| c.to_string())
    }

    // R4.4
    #[test]
    fn an_automatic_address_is_above_the_static_band() {
        let mut chance = Stream::new(5, "x");
        for _ in 0..500 {
            let address = pick(&mut chance, &BTreeSet::new()).unwrap();
            assert!(address > Ipv4Addr::new(10, 96, 1, 0), "{address}");
            assert!(address < Ipv4Addr::new(10, 111, 255, 255), "{address}");
        }
    }

    // R4.4, recording 11.
    #[test]
    fn an_address_must_be_free_and_in_the_range() {
        assert_eq!(verdict("10.97.0.10"), Ok(()));
        assert_eq!(
            verdict("10.96.0.1").unwrap_err(),
            "spec.clusterIPs: Invalid value: [\"10.96.0.1\"]: failed to allocate IP 10.96.0.1: \
             provided IP is already allocated"
        );
        for outside in ["10.244.1.5", "10.96.0.0", "10.111.255.255"] {
            let message = verdict(outside).unwrap_err();
            assert!(message.ends_with("the provided network does not match the current range"));
        }
    }
}
