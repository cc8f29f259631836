//! What the server accepts and remarks on (`Warning:` headers).

mod pod;
mod service;

use k8s_openapi::api::core::v1::PodTemplateSpec;

use super::validation::names;
use super::{Kind, Object};

/// What every answer about a kind that is on its way out says.
pub(super) fn deprecated(kind: Kind) -> Option<String> {
    (kind == Kind::Endpoints).then(|| {
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned()
    })
}

/// Remarks on a new object.
pub(super) fn create(object: &Object) -> Vec<String> {
    let mut remarks = match object {
        Object::Pod(pod) => pod::spec(pod.spec.as_deref(), "spec"),
        Object::Service(service) => service::spec(service.spec.as_ref()),
        Object::CronJob(job) => {
            let template = job.spec.job_template.spec.as_ref().map(|spec| &spec.template);
            of_template(template, "spec.jobTemplate.spec.template.spec")
        }
        other => of_template(template(other), "spec.template.spec"),
    };
    remarks.extend(of_name(object));
    remarks
}

/// Remarks on a changed object: those that its change brings.
pub(super) fn update(new: &Object, old: &Object) -> Vec<String> {
    let before = create(old);
    create(new).into_iter().filter(|remark| !before.contains(remark)).collect()
}

/// A workload's pod template.
fn template(object: &Object) -> Option<&PodTemplateSpec> {
    match object {
        Object::Deployment(object) => object.spec.as_ref().map(|spec| &spec.template),
        Object::StatefulSet(object) => object.spec.as_ref().map(|spec| &spec.template),
        Object::DaemonSet(object) => object.spec.as_ref().map(|spec| &spec.template),
        Object::Job(object) => object.spec.as_ref().map(|spec| &spec.template),
        Object::ReplicaSet(object) => object.spec.as_ref()?.template.as_ref(),
        Object::ReplicationController(object) => object.spec.as_ref()?.template.as_ref(),
        _ => None,
    }
}

fn of_template(template: Option<&PodTemplateSpec>, path: &str) -> Vec<String> {
    pod::spec(template.and_then(|template| template.spec.as_ref()), path)
}

/// A name that is good for an object may still be a bad hostname.
fn of_name(object: &Object) -> Option<String> {
    let becomes = match object.kind() {
        Kind::Pod => "the Pod's hostname",
        Kind::Deployment | Kind::ReplicaSet | Kind::ReplicationController | Kind::Job => {
            "Pod names and hostnames"
        }
        _ => return None,
    };
    let faults = names::dns_label(object.name());
    (!faults.is_empty()).then(|| {
        format!(
            "metadata.name: this is used in {becomes}, which can result in surprising behavior; a \
             DNS label is recommended: [{}]",
            faults.join(" ")
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_is_looked_at_like_a_pod() {
        let ports = json!([{"containerPort": 80}, {"containerPort": 80}]);
        let template = json!({"spec": {"containers": [{"name": "c", "ports": ports}]}});
        let object = json!({"metadata": {"name": "web"}, "spec": {"template": template}});
        let deployment = Object::from_value(Kind::Deployment, object).unwrap();
        assert_eq!(
            create(&deployment),
            ["spec.template.spec.containers[0].ports[1]: duplicate port definition with \
              spec.template.spec.containers[0].ports[0]"]
        );
    }

    #[test]
    fn a_pods_name_should_be_a_hostname() {
        let named = |name: &str| {
            let object = json!({"metadata": {"name": name}});
            create(&Object::from_value(Kind::Pod, object).unwrap())
        };
        assert!(named("web-1").is_empty());
        let remark = &named("web.1")[0];
        assert!(remark.starts_with("metadata.name: this is used in the Pod's hostname, which"));
    }

    #[test]
    fn a_change_is_remarked_on_for_what_it_brings() {
        let service = |ips| {
            let object = json!({"metadata": {"name": "web"}, "spec": {"externalIPs": ips}});
            Object::from_value(Kind::Service, object).unwrap()
        };
        let (without, with) = (service(json!([])), service(json!(["198.51.100.7"])));
        assert_eq!(update(&with, &without).len(), 1);
        assert!(update(&with, &with).is_empty());
    }
}
