//! ServiceCIDRs and IPAddresses (`printServiceCIDR`, `printIPAddress`).

use k8s_openapi::api::networking::v1::{IPAddress, ServiceCIDR};

use super::format::{age, name};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const SERVICE_CIDR: Columns = &[narrow("NAME"), narrow("CIDRS"), narrow("AGE")];

pub(super) fn service_cidr(range: &ServiceCIDR, now: SimTime) -> Vec<String> {
    let spec = range.spec.as_ref();
    let cidrs = spec.and_then(|spec| spec.cidrs.clone()).unwrap_or_default();
    vec![name(&range.metadata), cidrs.join(","), age(&range.metadata, now)]
}

pub(super) const IP_ADDRESS: Columns = &[narrow("NAME"), narrow("PARENTREF")];

pub(super) fn ip_address(address: &IPAddress) -> Vec<String> {
    let parent = &address.spec.parent_ref;
    let group = parent.group.as_deref().filter(|group| !group.is_empty());
    let group = group.map(|group| format!(".{group}")).unwrap_or_default();
    let resource = format!("{}{group}", parent.resource).to_lowercase();
    let parent = match parent.namespace.as_deref().filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => format!("{resource}/{namespace}/{}", parent.name),
        None => format!("{resource}/{}", parent.name),
    };
    vec![name(&address.metadata), parent]
}
