//! Defaults of ReplicaSets and ReplicationControllers.

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::ReplicationController;

use super::{fill, pod};

pub(super) fn set(set: &mut ReplicaSet) {
    let spec = set.spec.get_or_insert_default();
    fill(&mut spec.replicas, 1);
    pod::template(spec.template.get_or_insert_default());
    set.status.get_or_insert_default();
}

/// A controller without a selector or labels takes those of its template.
pub(super) fn controller(controller: &mut ReplicationController) {
    let spec = controller.spec.get_or_insert_default();
    fill(&mut spec.replicas, 1);
    if let Some(template) = &mut spec.template {
        pod::template(template);
    }
    let metadata = spec.template.as_ref().and_then(|template| template.metadata.as_ref());
    let labels = metadata.and_then(|metadata| metadata.labels.clone());
    if let Some(labels) = labels {
        if spec.selector.as_ref().is_none_or(|selector| selector.is_empty()) {
            spec.selector = Some(labels.clone());
        }
        if controller.metadata.labels.as_ref().is_none_or(|labels| labels.is_empty()) {
            controller.metadata.labels = Some(labels);
        }
    }
    controller.status.get_or_insert_default();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::defaulted;
    use crate::api::Kind;

    #[test]
    fn a_controller_selects_its_templates_labels() {
        let template = json!({"metadata": {"labels": {"app": "web"}}});
        let controller =
            defaulted(Kind::ReplicationController, json!({"spec": {"template": template}}));
        assert_eq!(controller["spec"]["selector"], json!({"app": "web"}));
        assert_eq!(controller["metadata"]["labels"], json!({"app": "web"}));
    }
}
