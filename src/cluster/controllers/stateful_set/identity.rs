//! What makes a StatefulSet's pod that pod: its name, labels, hostname and volumes (R3.5).

use k8s_openapi::api::apps::v1::{ControllerRevision, StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimVolumeSource, Volume,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::{owner, pods, revision};
use crate::api::{Kind, Pod};

/// The ordinal in a pod's name; `None` when the name is not one of the set's.
pub(super) fn ordinal(set: &StatefulSet, pod: &Pod) -> Option<i32> {
    let name = pod.metadata.name.as_deref()?;
    let rest = name.strip_prefix(set.metadata.name.as_deref()?)?.strip_prefix('-')?;
    rest.parse().ok().filter(|ordinal: &i32| *ordinal >= 0 && rest == ordinal.to_string())
}

/// A new pod with this ordinal, from a revision's template.
pub(super) fn pod(
    set: &StatefulSet,
    spec: &StatefulSetSpec,
    from: &ControllerRevision,
    ordinal: i32,
) -> Pod {
    let mut pod = pods::from_template(set, &revision::template(from));
    let name = format!("{}-{ordinal}", set.metadata.name.as_deref().unwrap_or_default());
    let labels = pod.metadata.labels.get_or_insert_default();
    for (label, value) in [
        ("apps.kubernetes.io/pod-index", ordinal.to_string()),
        ("statefulset.kubernetes.io/pod-name", name.clone()),
        (revision::HASH_LABEL, revision::name(from).to_owned()),
    ] {
        labels.insert(label.to_owned(), value);
    }
    pod.metadata.name = Some(name.clone());
    let pod_spec = pod.spec.get_or_insert_default();
    pod_spec.hostname = Some(name);
    pod_spec.subdomain = spec.service_name.clone().filter(|name| !name.is_empty());
    for claim in claims(set, spec, ordinal) {
        let template = template_name(set, &claim, ordinal);
        let volumes = pod_spec.volumes.get_or_insert_default();
        volumes.retain(|volume| volume.name != template);
        volumes.push(Volume {
            name: template,
            persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                claim_name: claim.metadata.name.unwrap_or_default(),
                read_only: None,
            }),
            ..Volume::default()
        });
    }
    pod
}

/// The claims of an ordinal: one a template, named `<template>-<set>-<ordinal>`.
pub(super) fn claims(
    set: &StatefulSet,
    spec: &StatefulSetSpec,
    ordinal: i32,
) -> Vec<PersistentVolumeClaim> {
    let retention = spec.persistent_volume_claim_retention_policy.as_ref();
    let goes_along = retention.and_then(|policy| policy.when_deleted.as_deref()) == Some("Delete");
    let templates = spec.volume_claim_templates.iter().flatten();
    templates
        .map(|template| {
            let mut labels = template.metadata.labels.clone().unwrap_or_default();
            labels.extend(spec.selector.match_labels.clone().unwrap_or_default());
            let name = format!(
                "{}-{}-{ordinal}",
                template.metadata.name.as_deref().unwrap_or_default(),
                set.metadata.name.as_deref().unwrap_or_default()
            );
            PersistentVolumeClaim {
                metadata: ObjectMeta {
                    annotations: template.metadata.annotations.clone(),
                    labels: Some(labels).filter(|labels| !labels.is_empty()),
                    name: Some(name),
                    namespace: set.metadata.namespace.clone(),
                    owner_references: goes_along
                        .then(|| vec![owner::reference_to(Kind::StatefulSet, &set.metadata)]),
                    ..ObjectMeta::default()
                },
                spec: template.spec.clone(),
                status: None,
            }
        })
        .collect()
}

fn template_name(set: &StatefulSet, claim: &PersistentVolumeClaim, ordinal: i32) -> String {
    let suffix = format!("-{}-{ordinal}", set.metadata.name.as_deref().unwrap_or_default());
    let name = claim.metadata.name.as_deref().unwrap_or_default();
    name.strip_suffix(&suffix).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sets_own_names_have_an_ordinal() {
        let named =
            |name: &str| ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        let set = StatefulSet { metadata: named("db"), ..StatefulSet::default() };
        let ordinal_of =
            |name: &str| ordinal(&set, &Pod { metadata: named(name), ..Pod::default() });
        assert_eq!(ordinal_of("db-0"), Some(0));
        assert_eq!(ordinal_of("db-12"), Some(12));
        assert_eq!(ordinal_of("db-x-0"), None);
        assert_eq!(ordinal_of("db-01"), None);
        assert_eq!(ordinal_of("web-0"), None);
    }
}
