//! IngressClasses.

use k8s_openapi::api::networking::v1::IngressClass;

use super::format::{age, name, or_none};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const INGRESS_CLASS: Columns =
    &[narrow("NAME"), narrow("CONTROLLER"), narrow("PARAMETERS"), narrow("AGE")];

pub(super) fn ingress_class(class: &IngressClass, now: SimTime) -> Vec<String> {
    let spec = class.spec.clone().unwrap_or_default();
    let parameters = spec.parameters.map(|parameters| {
        let kind = match &parameters.api_group {
            Some(group) => format!("{}.{group}", parameters.kind),
            None => parameters.kind.clone(),
        };
        format!("{kind}/{}", parameters.name)
    });
    vec![
        name(&class.metadata),
        spec.controller.unwrap_or_default(),
        or_none(parameters.unwrap_or_default()),
        age(&class.metadata, now),
    ]
}
