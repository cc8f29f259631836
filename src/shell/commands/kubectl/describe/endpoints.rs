//! Endpoints and EndpointSlices.

use k8s_openapi::api::core::v1::{EndpointAddress, Endpoints};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};

use super::Reader;
use super::page::Page;
use super::pod::filled;
use crate::api::Object;

impl Reader<'_, '_> {
    /// An Endpoints object's description.
    pub(super) fn endpoints(&mut self, object: &Object, endpoints: &Endpoints) -> String {
        let mut page = Page::default();
        page.names(&endpoints.metadata);
        page.labels_and_annotations(&endpoints.metadata);
        page.line(0, "Subsets:");
        for subset in endpoints.subsets.iter().flatten() {
            page.line(1, format!("Addresses:\t{}", addresses(subset.addresses.as_deref())));
            let unready = addresses(subset.not_ready_addresses.as_deref());
            page.line(1, format!("NotReadyAddresses:\t{unready}"));
            let ports = subset.ports.as_deref().unwrap_or_default();
            if !ports.is_empty() {
                page.line(1, "Ports:");
                page.line(2, "Name\tPort\tProtocol");
                page.line(2, "----\t----\t--------");
                for port in ports {
                    let name = filled(port.name.as_deref()).unwrap_or("<unset>");
                    let protocol = port.protocol.as_deref().unwrap_or("TCP");
                    page.line(2, format!("{name}\t{}\t{protocol}", port.port));
                }
            }
            page.line(0, "");
        }
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// An EndpointSlice's description.
    pub(super) fn endpoint_slice(&mut self, object: &Object, slice: &EndpointSlice) -> String {
        let mut page = Page::default();
        page.names(&slice.metadata);
        page.labels_and_annotations(&slice.metadata);
        page.field("AddressType", &slice.address_type);
        let ports = slice.ports.as_deref().unwrap_or_default();
        if ports.is_empty() {
            page.line(0, "Ports: <unset>");
        } else {
            page.line(0, "Ports:");
            page.line(1, "Name\tPort\tProtocol");
            page.line(1, "----\t----\t--------");
            for port in ports {
                let name = filled(port.name.as_deref()).unwrap_or("<unset>");
                let number = port.port.map_or_else(|| "<unset>".to_owned(), |n| n.to_string());
                let protocol = port.protocol.as_deref().unwrap_or("TCP");
                page.line(1, format!("{name}\t{number}\t{protocol}"));
            }
        }
        let endpoints = slice.endpoints.as_deref().unwrap_or_default();
        if endpoints.is_empty() {
            page.line(0, "Endpoints: <none>");
        } else {
            page.line(0, "Endpoints:");
            for endpoint in endpoints {
                page.endpoint(endpoint);
            }
        }
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}

impl Page {
    fn endpoint(&mut self, endpoint: &Endpoint) {
        let or_unset =
            |text: &Option<String>| filled(text.as_deref()).unwrap_or("<unset>").to_owned();
        self.line(1, format!("- Addresses:\t{}", endpoint.addresses.join(", ")));
        self.line(2, "Conditions:");
        let ready = endpoint.conditions.as_ref().and_then(|conditions| conditions.ready);
        let ready = ready.map_or_else(|| "<unset>".to_owned(), |ready| ready.to_string());
        self.line(3, format!("Ready:\t{ready}"));
        self.line(2, format!("Hostname:\t{}", or_unset(&endpoint.hostname)));
        if let Some(target) = &endpoint.target_ref {
            let kind = target.kind.as_deref().unwrap_or("");
            let name = target.name.as_deref().unwrap_or("");
            self.line(2, format!("TargetRef:\t{kind}/{name}"));
        }
        self.line(2, format!("NodeName:\t{}", or_unset(&endpoint.node_name)));
        self.line(2, format!("Zone:\t{}", or_unset(&endpoint.zone)));
    }
}

fn addresses(list: Option<&[EndpointAddress]>) -> String {
    let ips: Vec<&str> =
        list.unwrap_or_default().iter().map(|address| address.ip.as_str()).collect();
    if ips.is_empty() { "<none>".to_owned() } else { ips.join(",") }
}
