//! Namespaces.

use k8s_openapi::api::core::v1::Namespace;

use super::Reader;
use super::page::{Page, date_or_zero};
use crate::api::Object;

impl Reader<'_, '_> {
    /// A Namespace's description.
    pub(super) fn namespace(&mut self, object: &Object, namespace: &Namespace) -> String {
        let mut page = Page::default();
        page.field("Name", namespace.metadata.name.as_deref().unwrap_or(""));
        page.labels_and_annotations(&namespace.metadata);
        let phase = namespace.status.as_ref().and_then(|status| status.phase.as_deref());
        page.field("Status", phase.unwrap_or(""));
        let conditions = namespace.status.as_ref().and_then(|status| status.conditions.as_ref());
        if let Some(conditions) = conditions.filter(|conditions| !conditions.is_empty()) {
            page.line(0, "Conditions:");
            page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
            page.line(1, "----\t------\t------------------\t------\t-------");
            for condition in conditions {
                let (of_type, status) = (&condition.type_, &condition.status);
                let time = date_or_zero(condition.last_transition_time.as_ref());
                let reason = condition.reason.as_deref().unwrap_or("");
                let message = condition.message.as_deref().unwrap_or("");
                page.line(1, format!("{of_type}\t{status}\t{time}\t{reason}\t{message}"));
            }
        }
        self.bounds(&mut page, object.name());
        page.finish()
    }
}
