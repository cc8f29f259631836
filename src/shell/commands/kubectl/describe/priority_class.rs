//! PriorityClasses (`describePriorityClass`).

use k8s_openapi::api::scheduling::v1::PriorityClass;

use super::Reader;
use super::page::Page;
use crate::api::Object;
use crate::api::table::format_labels;

impl Reader<'_, '_> {
    /// A PriorityClass's description.
    pub(super) fn priority_class(&mut self, object: &Object, class: &PriorityClass) -> String {
        let mut page = Page::default();
        page.field("Name", object.name());
        page.field("Value", class.value.unwrap_or(0));
        page.field("GlobalDefault", class.global_default.unwrap_or(false));
        page.field("PreemptionPolicy", class.preemption_policy.as_deref().unwrap_or_default());
        page.field("Description", class.description.as_deref().unwrap_or_default());
        let notes = class.metadata.annotations.as_ref();
        page.field("Annotations", format_labels(notes));
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}
