//! Kinds that are little more than their data.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use k8s_openapi::api::networking::v1::IngressClass;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::Reader;
use super::containers::port as number_or_share;
use super::page::{Page, date_or_zero};
use super::pod::filled;
use crate::api::Object;
use crate::api::table::format_selector;

impl Reader<'_, '_> {
    /// A ConfigMap's description.
    pub(super) fn config_map(&mut self, object: &Object, map: &ConfigMap) -> String {
        let mut page = Page::default();
        page.names(&map.metadata);
        page.labels_and_annotations(&map.metadata);
        page.flush();
        page.line(0, "\nData\n====");
        for (key, value) in map.data.iter().flatten() {
            page.text(&format!("{key}:\n----\n{value}\n\n"));
        }
        page.line(0, "\nBinaryData\n====");
        for (key, value) in map.binary_data.iter().flatten() {
            page.line(0, format!("{key}: {} bytes", value.0.len()));
        }
        page.line(0, "");
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// A Secret's description: sizes, not contents.
    pub(super) fn secret(&mut self, _: &Object, secret: &Secret) -> String {
        let mut page = Page::default();
        page.names(&secret.metadata);
        page.labels_and_annotations(&secret.metadata);
        page.line(0, format!("\nType:\t{}", secret.type_.as_deref().unwrap_or("")));
        page.line(0, "\nData\n====");
        let of_account = secret.type_.as_deref() == Some("kubernetes.io/service-account-token");
        for (key, value) in secret.data.iter().flatten() {
            // A service account's token is shown: it is there to be copied.
            match std::str::from_utf8(&value.0) {
                Ok(token) if of_account && key == "token" => {
                    page.line(0, format!("{key}:\t{token}"));
                }
                _ => page.line(0, format!("{key}:\t{} bytes", value.0.len())),
            }
        }
        page.finish()
    }

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

    /// A ServiceAccount's description.
    pub(super) fn service_account(&mut self, object: &Object, account: &ServiceAccount) -> String {
        let mut page = Page::default();
        page.names(&account.metadata);
        page.labels_and_annotations(&account.metadata);
        let pulls: Vec<String> =
            account.image_pull_secrets.iter().flatten().map(|secret| secret.name.clone()).collect();
        page.list("Image pull secrets", &pulls);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// A PodDisruptionBudget's description.
    pub(super) fn disruption_budget(
        &mut self,
        object: &Object,
        budget: &PodDisruptionBudget,
    ) -> String {
        let mut page = Page::default();
        let spec = budget.spec.clone().unwrap_or_default();
        let status = budget.status.clone().unwrap_or_default();
        page.names(&budget.metadata);
        if let Some(least) = &spec.min_available {
            page.field("Min available", number_or_share(least));
        } else if let Some(most) = &spec.max_unavailable {
            page.field("Max unavailable", number_or_share(most));
        }
        match &spec.selector {
            Some(selector) => page.field("Selector", format_selector(Some(selector))),
            None => page.field("Selector", "<unset>"),
        }
        page.line(0, "Status:");
        page.line(2, format!("Allowed disruptions:\t{}", status.disruptions_allowed.unwrap_or(0)));
        page.line(2, format!("Current:\t{}", status.current_healthy.unwrap_or(0)));
        page.line(2, format!("Desired:\t{}", status.desired_healthy.unwrap_or(0)));
        page.line(2, format!("Total:\t{}", status.expected_pods.unwrap_or(0)));
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// An IngressClass's description.
    pub(super) fn ingress_class(&mut self, object: &Object, class: &IngressClass) -> String {
        let mut page = Page::default();
        let spec = class.spec.clone().unwrap_or_default();
        page.field("Name", object.name());
        page.labels_and_annotations(&class.metadata);
        page.field("Controller", filled(spec.controller.as_deref()).unwrap_or(""));
        if let Some(parameters) = &spec.parameters {
            page.line(0, "Parameters:");
            if let Some(group) = &parameters.api_group {
                page.line(1, format!("APIGroup:\t{group}"));
            }
            page.line(1, format!("Kind:\t{}", parameters.kind));
            page.line(1, format!("Name:\t{}", parameters.name));
        }
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}
