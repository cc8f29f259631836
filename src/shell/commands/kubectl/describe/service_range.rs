//! ServiceCIDRs and IPAddresses (`describeServiceCIDRV1`, `describeIPAddressV1`).

use k8s_openapi::api::networking::v1::{IPAddress, ServiceCIDR};

use super::Reader;
use super::page::Page;
use crate::api::Object;

impl Reader<'_, '_> {
    /// A ServiceCIDR's description.
    pub(super) fn service_cidr(&mut self, object: &Object, range: &ServiceCIDR) -> String {
        let mut page = Page::default();
        page.field("Name", object.name());
        page.labels_and_annotations(&range.metadata);
        let cidrs = range.spec.as_ref().and_then(|spec| spec.cidrs.clone()).unwrap_or_default();
        page.field("CIDRs", cidrs.join(", "));
        let status = range.status.as_ref();
        let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
        if !conditions.is_empty() {
            page.line(0, "Status:");
            page.line(0, "Conditions:");
            page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
            page.line(1, "----\t------\t------------------\t------\t-------");
        }
        for condition in conditions {
            let since = super::page::date(&condition.last_transition_time);
            page.line(
                1,
                format!(
                    "{}\t{}\t{since}\t{}\t{}",
                    condition.type_, condition.status, condition.reason, condition.message
                ),
            );
        }
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// An IPAddress' description.
    pub(super) fn ip_address(&mut self, object: &Object, address: &IPAddress) -> String {
        let mut page = Page::default();
        page.field("Name", object.name());
        page.labels_and_annotations(&address.metadata);
        let parent = &address.spec.parent_ref;
        page.line(0, "Parent Reference:");
        page.line(1, format!("Group:\t{}", parent.group.as_deref().unwrap_or_default()));
        page.line(1, format!("Resource:\t{}", parent.resource));
        let namespace = parent.namespace.as_deref().unwrap_or_default();
        page.line(1, format!("Namespace:\t{namespace}"));
        page.line(1, format!("Name:\t{}", parent.name));
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}
