//! StatefulSets and DaemonSets.

use k8s_openapi::api::apps::v1::{DaemonSet, StatefulSet};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;

use super::Reader;
use super::containers::port as number_or_share;
use super::page::{Page, date_or_zero};
use crate::api::Object;
use crate::api::selector::LabelSelector;
use crate::api::table::{claim_class, format_labels, format_selector};

impl Reader<'_, '_> {
    /// A StatefulSet's description.
    pub(super) fn stateful_set(&mut self, object: &Object, set: &StatefulSet) -> String {
        let mut page = Page::default();
        let spec = set.spec.clone().unwrap_or_default();
        let status = set.status.clone().unwrap_or_default();
        page.names(&set.metadata);
        let created = set.metadata.creation_timestamp.as_ref();
        page.field("CreationTimestamp", date_or_zero(created));
        page.field("Selector", format_selector(Some(&spec.selector)));
        page.labels_and_annotations(&set.metadata);
        let desired = spec.replicas.unwrap_or(0);
        page.field("Replicas", format!("{desired} desired | {} total", status.replicas));
        let strategy = spec.update_strategy.clone().unwrap_or_default();
        page.field("Update Strategy", strategy.type_.as_deref().unwrap_or(""));
        let rolling = strategy.rolling_update.unwrap_or_default();
        if let Some(partition) = rolling.partition {
            page.line(1, format!("Partition:\t{partition}"));
            if let Some(most) = &rolling.max_unavailable {
                page.line(1, format!("MaxUnavailable:\t{}", number_or_share(most)));
            }
        }
        page.field("Pods Status", self.pods_status(object, &LabelSelector::of(&spec.selector)));
        page.template(&spec.template);
        volume_claims(&mut page, spec.volume_claim_templates.as_deref().unwrap_or_default());
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// A DaemonSet's description.
    pub(super) fn daemon_set(&mut self, object: &Object, set: &DaemonSet) -> String {
        let mut page = Page::default();
        let spec = set.spec.clone().unwrap_or_default();
        let status = set.status.clone().unwrap_or_default();
        page.names(&set.metadata);
        page.field("Selector", format_selector(Some(&spec.selector)));
        let nodes = spec.template.spec.as_ref().and_then(|spec| spec.node_selector.as_ref());
        page.field("Node-Selector", format_labels(nodes));
        page.labels_and_annotations(&set.metadata);
        for (title, number) in [
            ("Desired Number of Nodes Scheduled", status.desired_number_scheduled),
            ("Current Number of Nodes Scheduled", status.current_number_scheduled),
            (
                "Number of Nodes Scheduled with Up-to-date Pods",
                status.updated_number_scheduled.unwrap_or(0),
            ),
            ("Number of Nodes Scheduled with Available Pods", status.number_available.unwrap_or(0)),
            ("Number of Nodes Misscheduled", status.number_misscheduled),
        ] {
            page.line(0, format!("{title}: {number}"));
        }
        page.field("Pods Status", self.pods_status(object, &LabelSelector::of(&spec.selector)));
        page.template(&spec.template);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}

fn volume_claims(page: &mut Page, claims: &[PersistentVolumeClaim]) {
    if claims.is_empty() {
        page.field("Volume Claims", "<none>");
        return;
    }
    page.line(0, "Volume Claims:");
    for claim in claims {
        let spec = claim.spec.clone().unwrap_or_default();
        page.line(1, format!("Name:\t{}", claim.metadata.name.as_deref().unwrap_or("")));
        let class = claim_class(claim.metadata.annotations.as_ref(), &spec);
        page.line(1, format!("StorageClass:\t{class}"));
        page.labels("  Labels", claim.metadata.labels.as_ref());
        page.labels("  Annotations", claim.metadata.annotations.as_ref());
        let requests = spec.resources.and_then(|resources| resources.requests);
        let storage = requests.and_then(|requests| requests.get("storage").cloned());
        let capacity = storage.map_or_else(|| "<default>".to_owned(), |storage| storage.0);
        page.line(1, format!("Capacity:\t{capacity}"));
        let modes = spec.access_modes.unwrap_or_default().join(" ");
        page.line(1, format!("Access Modes:\t[{modes}]"));
    }
}
