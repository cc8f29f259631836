//! Endpoints, the old object: addresses with ports, the first three of them.

use k8s_openapi::api::core::v1::Endpoints;

use super::age::since;
use super::format::first_three;
use super::{Columns, narrow};
use crate::api::join_host_port;
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[narrow("NAME"), narrow("ENDPOINTS"), narrow("AGE")];

pub(super) fn row(endpoints: &Endpoints, now: SimTime) -> Vec<String> {
    vec![
        endpoints.metadata.name.clone().unwrap_or_default(),
        addresses(endpoints),
        since(endpoints.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// The ready addresses: `<none>` without a subset, nothing when all are unready (R5.5).
pub fn addresses(endpoints: &Endpoints) -> String {
    let subsets = endpoints.subsets.as_deref().unwrap_or_default();
    if subsets.is_empty() {
        return "<none>".to_owned();
    }
    let mut list = Vec::new();
    for subset in subsets {
        let ips: Vec<&String> = subset.addresses.iter().flatten().map(|a| &a.ip).collect();
        let ports = subset.ports.as_deref().unwrap_or_default();
        if ports.is_empty() {
            list.extend(ips.iter().map(|ip| (*ip).clone()));
        }
        for port in ports {
            list.extend(ips.iter().map(|ip| join_host_port(ip, port.port)));
        }
    }
    first_three(&list)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown(subsets: Value) -> String {
        let endpoints =
            serde_json::from_value(json!({"metadata": {"name": "e"}, "subsets": subsets}));
        addresses(&endpoints.expect("endpoints"))
    }

    // R5.5
    #[test]
    fn no_subset_is_none_and_unready_addresses_are_blank() {
        assert_eq!(shown(json!([])), "<none>");
        let unready = json!([{"notReadyAddresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]);
        assert_eq!(shown(unready), "");
    }

    #[test]
    fn more_than_three_are_counted() {
        let addresses = json!([{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]);
        let subsets = json!([{"addresses": addresses, "ports": [{"port": 80}, {"port": 81}]}]);
        assert_eq!(shown(subsets), "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...");
    }
}
