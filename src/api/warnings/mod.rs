//! What the server accepts and remarks on (`Warning:` headers).

mod addresses;
mod pod;
mod ports;
mod service;
mod volumes;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::batch::v1::JobSpec;
use k8s_openapi::api::core::v1::{Endpoints, PersistentVolumeClaimSpec, PodTemplateSpec, Secret};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{IPBlock, Ingress, NetworkPolicy};

use self::pod::Placed;
use super::validation::names;
use super::{Kind, Object, key_pair, plain};
use crate::manifest::quantity;

/// What every answer about a kind that is on its way out says.
pub(super) fn deprecated(kind: Kind) -> Option<String> {
    (kind == Kind::Endpoints).then(|| {
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned()
    })
}

/// Remarks on a new object.
pub(super) fn create(object: &Object) -> Vec<String> {
    let mut remarks: Vec<String> = of_name(object).into_iter().collect();
    match object {
        Object::Pod(pod) => {
            let placed = Placed { path: "", metadata: Some(&pod.metadata) };
            remarks.extend(pod::spec(pod.spec.as_deref(), &placed));
        }
        Object::Ingress(ingress) => remarks.extend(of_class(ingress)),
        other => of_spec(&mut remarks, other),
    }
    if let Some(what) = plain::without_effect(object.kind()) {
        remarks.push(format!("podhop: not simulated here: {what}"));
    }
    if let Object::StatefulSet(set) = object {
        of_set(&mut remarks, set, "");
    }
    remarks
}

/// Remarks on a changed object. Those on pods are left to their creation, and those on templates
/// come when what is wanted has changed; those on the rest of a StatefulSet always come.
pub(super) fn update(new: &Object, old: &Object) -> Vec<String> {
    let mut remarks = Vec::new();
    let same = new.metadata().generation == old.metadata().generation;
    if new.template().is_none() || !same {
        of_spec(&mut remarks, new);
    }
    if let Object::StatefulSet(set) = new {
        of_set(&mut remarks, set, ".Spec");
    }
    remarks
}

/// On the certificate and the key of a Secret of type `kubernetes.io/tls`.
fn of_key_pair(secret: &Secret) -> Option<String> {
    let is_pair = secret.type_.as_deref() == Some("kubernetes.io/tls");
    let data = secret.data.as_ref().filter(|_| is_pair);
    let bytes = |key: &str| data.and_then(|data| data.get(key)).map_or(&[][..], |bytes| &bytes.0);
    is_pair.then(|| key_pair::fault(bytes("tls.crt"), bytes("tls.key")))?
}

/// Remarks on what is wanted, but for pods and Ingresses.
fn of_spec(remarks: &mut Vec<String>, object: &Object) {
    match object {
        Object::Service(service) => remarks.extend(service::service(service)),
        Object::Secret(secret) => remarks.extend(of_key_pair(secret)),
        Object::Endpoints(endpoints) => of_endpoints(remarks, endpoints),
        Object::EndpointSlice(slice) => of_slice(remarks, slice),
        Object::NetworkPolicy(policy) => of_policy(remarks, policy),
        Object::PersistentVolumeClaim(claim) => {
            if let Some(spec) = &claim.spec {
                of_claim(remarks, "spec", spec);
            }
        }
        Object::PersistentVolume(volume) => volumes::persistent(remarks, volume),
        Object::Job(job) => of_job(remarks, "spec", job.spec.as_ref()),
        Object::CronJob(job) => {
            of_job(remarks, "spec.jobTemplate.spec", job.spec.job_template.spec.as_ref());
        }
        other => of_template(remarks, other.template(), "spec.template"),
    }
}

/// What concerns a StatefulSet but for its template. The server's paths of a changed set's claims have
/// `infix` (`registry/apps/statefulset/strategy.go`).
fn of_set(remarks: &mut Vec<String>, set: &StatefulSet, infix: &str) {
    let Some(spec) = &set.spec else { return };
    for (index, claim) in spec.volume_claim_templates.iter().flatten().enumerate() {
        if let Some(claim) = &claim.spec {
            of_claim(remarks, &format!("spec.volumeClaimTemplates[{index}]{infix}"), claim);
        }
    }
    if spec.revision_history_limit.is_some_and(|limit| limit < 0) {
        remarks.push(
            "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value \
             >= 0 is recommended"
                .to_owned(),
        );
    }
}

fn of_template(remarks: &mut Vec<String>, template: Option<&PodTemplateSpec>, path: &str) {
    let Some(template) = template else { return };
    let placed = Placed { path, metadata: template.metadata.as_ref() };
    remarks.extend(pod::spec(template.spec.as_ref(), &placed));
}

/// So many indexes cannot all be remembered.
fn of_job(remarks: &mut Vec<String>, path: &str, spec: Option<&JobSpec>) {
    let Some(spec) = spec else { return };
    if spec.completion_mode.as_deref() == Some("Indexed")
        && spec.completions.is_some_and(|count| count > 100_000)
        && spec.parallelism.is_some_and(|count| count > 10_000)
    {
        remarks.push(format!(
            "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a \
             parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes \
             when a big number of indexes fail"
        ));
    }
    of_template(remarks, Some(&spec.template), &format!("{path}.template"));
}

/// Parts of a byte.
fn of_claim(remarks: &mut Vec<String>, path: &str, spec: &PersistentVolumeClaimSpec) {
    let Some(resources) = &spec.resources else { return };
    for (list, amounts) in [("requests", &resources.requests), ("limits", &resources.limits)] {
        let Some(size) = amounts.as_ref().and_then(|amounts| amounts.get("storage")) else {
            continue;
        };
        if quantity::parse(&size.0).is_ok_and(|nano| nano % 1_000_000_000 != 0) {
            remarks.push(format!(
                "{path}.resources.{list}[storage]: fractional byte value {:?} is invalid, must be \
                 an integer",
                size.0
            ));
        }
    }
}

fn of_endpoints(remarks: &mut Vec<String>, endpoints: &Endpoints) {
    for (index, subset) in endpoints.subsets.iter().flatten().enumerate() {
        let lists =
            [("addresses", &subset.addresses), ("notReadyAddresses", &subset.not_ready_addresses)];
        for (list, of) in lists {
            for (at, address) in of.iter().flatten().enumerate() {
                let path = format!("subsets[{index}].{list}[{at}].ip");
                addresses::ip(remarks, &path, &address.ip);
            }
        }
    }
}

/// The controllers write their addresses as they should be.
fn of_slice(remarks: &mut Vec<String>, slice: &EndpointSlice) {
    const MANAGED: &str = "endpointslice.kubernetes.io/managed-by";
    if slice.address_type == "FQDN" {
        remarks.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
    }
    let owner = slice.metadata.labels.as_ref().and_then(|labels| labels.get(MANAGED));
    if owner.is_some_and(|owner| owner.starts_with("endpointslice")) {
        return;
    }
    for (index, endpoint) in slice.endpoints.iter().flatten().enumerate() {
        for (at, address) in endpoint.addresses.iter().enumerate() {
            addresses::ip(remarks, &format!("endpoints[{index}].addresses[{at}]"), address);
        }
    }
}

fn of_policy(remarks: &mut Vec<String>, policy: &NetworkPolicy) {
    let Some(spec) = &policy.spec else { return };
    let mut block = |path: &str, block: &IPBlock| {
        addresses::range(remarks, &format!("{path}.cidr"), &block.cidr);
        for (index, except) in block.except.iter().flatten().enumerate() {
            addresses::range(remarks, &format!("{path}.except[{index}]"), except);
        }
    };
    for (index, rule) in spec.ingress.iter().flatten().enumerate() {
        for (at, peer) in rule.from.iter().flatten().enumerate() {
            if let Some(range) = &peer.ip_block {
                block(&format!("spec.ingress[{index}].from[{at}].ipBlock"), range);
            }
        }
    }
    for (index, rule) in spec.egress.iter().flatten().enumerate() {
        for (at, peer) in rule.to.iter().flatten().enumerate() {
            if let Some(range) = &peer.ip_block {
                block(&format!("spec.egress[{index}].to[{at}].ipBlock"), range);
            }
        }
    }
}

/// The annotation that named the class before there was a field; nothing where the field is there too
/// (`registry/networking/ingress/strategy.go`).
fn of_class(ingress: &Ingress) -> Option<String> {
    const CLASS: &str = "kubernetes.io/ingress.class";
    let annotations = ingress.metadata.annotations.as_ref()?;
    let named = ingress.spec.as_ref().is_some_and(|spec| spec.ingress_class_name.is_some());
    (annotations.contains_key(CLASS) && !named).then(|| {
        format!("annotation {CLASS:?} is deprecated, please use 'spec.ingressClassName' instead")
    })
}

/// A name that is good for an object may still be a bad hostname.
fn of_name(object: &Object) -> Option<String> {
    let becomes = match object.kind() {
        Kind::Pod => "the Pod's hostname",
        Kind::Deployment
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::Job
        | Kind::CronJob => "Pod names and hostnames",
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
    fn a_changed_template_is_remarked_on_again() {
        let deployment = |generation: i64| {
            let spec = json!({"containers": [], "terminationGracePeriodSeconds": -1});
            let metadata = json!({"name": "web", "generation": generation});
            let object = json!({"metadata": metadata, "spec": {"template": {"spec": spec}}});
            Object::from_value(Kind::Deployment, object).unwrap()
        };
        assert_eq!(update(&deployment(2), &deployment(1)).len(), 1);
        assert!(update(&deployment(1), &deployment(1)).is_empty());
    }

    // `registry/apps/statefulset/strategy.go`, `WarningsOnUpdate`: only the template's depend on a change.
    #[test]
    fn a_stateful_set_is_always_remarked_on() {
        let claim = json!({"spec": {"resources": {"requests": {"storage": "1n"}}}});
        let spec = json!({"revisionHistoryLimit": -1, "volumeClaimTemplates": [claim]});
        let set = Object::from_value(Kind::StatefulSet, json!({"spec": spec})).unwrap();
        let (created, updated) = (create(&set), update(&set, &set));
        assert!(
            created[0].starts_with("spec.volumeClaimTemplates[0].resources.requests[storage]: ")
        );
        assert!(
            updated[0]
                .starts_with("spec.volumeClaimTemplates[0].Spec.resources.requests[storage]: ")
        );
        assert!(updated[1].starts_with("spec.revisionHistoryLimit: ") && updated.len() == 2);
    }
}
