//! The order of an EndpointSlice's ports.
//!
//! The controller sorts ports by a hash of each, so that equal sets look equal (`portsInOrder` of
//! `k8s.io/endpointslice`); which is why recording 31's `80, 443` stand there as `443, 80`.

use k8s_openapi::api::discovery::v1::EndpointPort;

/// Sorts ports as the EndpointSlice controller does.
pub(super) fn sort(ports: &mut [EndpointPort]) {
    if ports.len() > 1 {
        ports.sort_by_cached_key(|port| fnv_1a(written(port).as_bytes()));
    }
}

/// The port as Go writes it for hashing.
fn written(port: &EndpointPort) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "<nil>".to_owned());
    format!(
        "(v1.EndpointPort){{Name:(*string){} Protocol:(*v1.Protocol){} Port:(*int32){} AppProtocol:(*string){}}}",
        text(&port.name),
        text(&port.protocol),
        text(&port.port.map(|number| number.to_string())),
        text(&port.app_protocol),
    )
}

/// FNV-1a of 128 bits.
fn fnv_1a(bytes: &[u8]) -> u128 {
    const PRIME: u128 = (1 << 88) + 0x13b;
    let start = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    bytes.iter().fold(start, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(ports: &[(&str, &str, i32)]) -> Vec<i32> {
        let mut ports: Vec<EndpointPort> = ports
            .iter()
            .map(|(name, protocol, port)| EndpointPort {
                name: Some((*name).to_owned()),
                protocol: Some((*protocol).to_owned()),
                port: Some(*port),
                app_protocol: None,
            })
            .collect();
        sort(&mut ports);
        ports.iter().filter_map(|port| port.port).collect()
    }

    // Recordings 05 and 31.
    #[test]
    fn ports_stand_in_the_order_of_their_hashes() {
        assert_eq!(order(&[("http", "TCP", 80), ("https", "TCP", 443)]), [443, 80]);
        assert_eq!(order(&[("http", "TCP", 80), ("metrics", "TCP", 9090)]), [80, 9090]);
        let odd = [
            ("text", "TCP", 9000),
            ("closes", "TCP", 9001),
            ("resets", "TCP", 9002),
            ("silent", "TCP", 9003),
            ("slow", "TCP", 9004),
            ("udp", "UDP", 9005),
        ];
        assert_eq!(order(&odd)[..3], [9005, 9002, 9000]);
    }
}
