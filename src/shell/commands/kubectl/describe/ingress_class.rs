//! IngressClasses.

use k8s_openapi::api::networking::v1::IngressClass;

use super::Reader;
use super::page::Page;
use super::pod::filled;
use crate::api::Object;

impl Reader<'_, '_> {
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
