//! EndpointSlices: all addresses, ready or not (R5.5).

use k8s_openapi::api::discovery::v1::EndpointSlice;

use super::age::since;
use super::format::first_three;
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns =
    &[narrow("NAME"), narrow("ADDRESSTYPE"), narrow("PORTS"), narrow("ENDPOINTS"), narrow("AGE")];

pub(super) fn row(slice: &EndpointSlice, now: SimTime) -> Vec<String> {
    let ports = slice.ports.iter().flatten().map(|port| match (port.port, &port.name) {
        (Some(number), _) => number.to_string(),
        (None, Some(name)) => name.clone(),
        (None, None) => "*".to_owned(),
    });
    let addresses =
        slice.endpoints.iter().flatten().flat_map(|endpoint| endpoint.addresses.clone());
    vec![
        slice.metadata.name.clone().unwrap_or_default(),
        slice.address_type.clone(),
        or_unset(&ports.collect::<Vec<_>>()),
        or_unset(&addresses.collect::<Vec<_>>()),
        since(slice.metadata.creation_timestamp.as_ref(), now),
    ]
}

fn or_unset(items: &[String]) -> String {
    let text = first_three(items);
    if text.is_empty() { "<unset>".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // R5.3, R5.5
    #[test]
    fn an_empty_slice_is_unset() {
        let slice = serde_json::from_value(
            json!({"metadata": {"name": "s"}, "addressType": "IPv4", "endpoints": null, "ports": null}),
        );
        let row = row(&slice.expect("a slice"), SimTime::START);
        assert_eq!(row[1..4], ["IPv4", "<unset>", "<unset>"]);
    }

    // `printers.go`, `listWithMoreString`; the server names every port, if only with an empty name.
    #[test]
    fn a_port_without_name_and_number_is_unset() {
        let ports = json!([{"name": "", "protocol": "TCP"}]);
        let slice = json!({"metadata": {"name": "s"}, "addressType": "IPv4", "ports": ports});
        let slice = serde_json::from_value(slice).expect("a slice");
        assert_eq!(row(&slice, SimTime::START)[2], "<unset>");
    }
}
