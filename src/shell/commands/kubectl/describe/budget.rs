//! PodDisruptionBudgets.

use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::Reader;
use super::containers::port as number_or_share;
use super::page::Page;
use crate::api::Object;
use crate::api::table::format_selector;

impl Reader<'_, '_> {
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
}
