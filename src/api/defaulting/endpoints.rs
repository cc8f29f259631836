//! Defaults of EndpointSlices and of legacy Endpoints.

use k8s_openapi::api::core::v1::Endpoints;
use k8s_openapi::api::discovery::v1::EndpointSlice;

use super::{fill, fill_text};

pub(super) fn slice(slice: &mut EndpointSlice) {
    for port in slice.ports.iter_mut().flatten() {
        fill(&mut port.name, String::new());
        fill(&mut port.protocol, "TCP".to_owned());
    }
    for endpoint in slice.endpoints.iter_mut().flatten() {
        endpoint.conditions.get_or_insert_default();
    }
}

pub(super) fn legacy(endpoints: &mut Endpoints) {
    for subset in endpoints.subsets.iter_mut().flatten() {
        for port in subset.ports.iter_mut().flatten() {
            fill_text(&mut port.protocol, "TCP");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    // Recording 01: an unnamed port shows as `name: ""`.
    #[test]
    fn a_slices_port_has_a_name_even_when_it_is_empty() {
        let slice = defaulted(Kind::EndpointSlice, json!({"ports": [{"port": 80}]}));
        assert_eq!(slice["ports"][0], json!({"name": "", "port": 80, "protocol": "TCP"}));
    }
}
