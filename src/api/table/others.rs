//! Kinds whose table is their name and little more.

use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::core::v1::{
    ConfigMap, Namespace, PersistentVolumeClaim, Secret, ServiceAccount,
};
use k8s_openapi::api::networking::v1::{IngressClass, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::age::since;
use super::format::{format_selector, or_none};
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

pub(super) const NAMESPACE: Columns = &[narrow("NAME"), narrow("STATUS"), narrow("AGE")];
pub(super) const CONFIG_MAP: Columns = &[narrow("NAME"), narrow("DATA"), narrow("AGE")];
pub(super) const SECRET: Columns = &[narrow("NAME"), narrow("TYPE"), narrow("DATA"), narrow("AGE")];
pub(super) const SERVICE_ACCOUNT: Columns = &[narrow("NAME"), narrow("SECRETS"), narrow("AGE")];
pub(super) const INGRESS_CLASS: Columns =
    &[narrow("NAME"), narrow("CONTROLLER"), narrow("PARAMETERS"), narrow("AGE")];
pub(super) const NETWORK_POLICY: Columns = &[narrow("NAME"), narrow("POD-SELECTOR"), narrow("AGE")];
pub(super) const POD_DISRUPTION_BUDGET: Columns = &[
    narrow("NAME"),
    narrow("MIN AVAILABLE"),
    narrow("MAX UNAVAILABLE"),
    narrow("ALLOWED DISRUPTIONS"),
    narrow("AGE"),
];
pub(super) const PERSISTENT_VOLUME_CLAIM: Columns = &[
    narrow("NAME"),
    narrow("STATUS"),
    narrow("VOLUME"),
    narrow("CAPACITY"),
    narrow("ACCESS MODES"),
    narrow("STORAGECLASS"),
    narrow("VOLUMEATTRIBUTESCLASS"),
    narrow("AGE"),
    wide("VOLUMEMODE"),
];
pub(super) const CONTROLLER_REVISION: Columns =
    &[narrow("NAME"), narrow("CONTROLLER"), narrow("REVISION"), narrow("AGE")];

pub(super) fn namespace(namespace: &Namespace, now: SimTime) -> Vec<String> {
    let phase = namespace.status.as_ref().and_then(|status| status.phase.clone());
    vec![name(&namespace.metadata), phase.unwrap_or_default(), age(&namespace.metadata, now)]
}

pub(super) fn config_map(map: &ConfigMap, now: SimTime) -> Vec<String> {
    let entries =
        map.data.as_ref().map_or(0, |d| d.len()) + map.binary_data.as_ref().map_or(0, |d| d.len());
    vec![name(&map.metadata), entries.to_string(), age(&map.metadata, now)]
}

pub(super) fn secret(secret: &Secret, now: SimTime) -> Vec<String> {
    vec![
        name(&secret.metadata),
        secret.type_.clone().unwrap_or_default(),
        secret.data.as_ref().map_or(0, |data| data.len()).to_string(),
        age(&secret.metadata, now),
    ]
}

pub(super) fn service_account(account: &ServiceAccount, now: SimTime) -> Vec<String> {
    let secrets = account.secrets.as_ref().map_or(0, |secrets| secrets.len());
    vec![name(&account.metadata), secrets.to_string(), age(&account.metadata, now)]
}

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

pub(super) fn network_policy(policy: &NetworkPolicy, now: SimTime) -> Vec<String> {
    let selector = policy.spec.as_ref().and_then(|spec| spec.pod_selector.clone());
    vec![name(&policy.metadata), format_selector(selector.as_ref()), age(&policy.metadata, now)]
}

pub(super) fn pod_disruption_budget(budget: &PodDisruptionBudget, now: SimTime) -> Vec<String> {
    let spec = budget.spec.clone().unwrap_or_default();
    let allowed = budget.status.as_ref().and_then(|status| status.disruptions_allowed).unwrap_or(0);
    vec![
        name(&budget.metadata),
        amount(spec.min_available.as_ref()),
        amount(spec.max_unavailable.as_ref()),
        allowed.to_string(),
        age(&budget.metadata, now),
    ]
}

/// `RWO,RWX`: the ways in which a volume may be mounted, each once.
pub fn access_modes(modes: &[String]) -> String {
    let known = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let given = known.iter().filter(|(mode, _)| modes.iter().any(|given| given == mode));
    given.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

pub(super) fn persistent_volume_claim(claim: &PersistentVolumeClaim, now: SimTime) -> Vec<String> {
    let spec = claim.spec.clone().unwrap_or_default();
    let status = claim.status.clone().unwrap_or_default();
    let phase = match claim.metadata.deletion_timestamp {
        Some(_) => "Terminating".to_owned(),
        None => status.phase.unwrap_or_default(),
    };
    let bound = spec.volume_name.as_deref().is_some_and(|volume| !volume.is_empty());
    let capacity = status.capacity.and_then(|capacity| Some(capacity.get("storage")?.0.clone()));
    let modes = access_modes(status.access_modes.as_deref().unwrap_or_default());
    let unset = |text: Option<String>| text.unwrap_or_else(|| "<unset>".to_owned());
    vec![
        name(&claim.metadata),
        phase,
        spec.volume_name.unwrap_or_default(),
        if bound { capacity.unwrap_or_default() } else { String::new() },
        if bound { modes } else { String::new() },
        spec.storage_class_name.unwrap_or_default(),
        unset(spec.volume_attributes_class_name),
        age(&claim.metadata, now),
        unset(spec.volume_mode),
    ]
}

pub(super) fn controller_revision(revision: &ControllerRevision, now: SimTime) -> Vec<String> {
    let owners = revision.metadata.owner_references.as_deref().unwrap_or_default();
    let controller = owners.iter().find(|owner| owner.controller == Some(true)).map(|owner| {
        let group = owner.api_version.split_once('/').map_or("", |(group, _)| group);
        let kind = owner.kind.to_lowercase();
        let dot = if group.is_empty() { "" } else { "." };
        format!("{kind}{dot}{group}/{}", owner.name)
    });
    vec![
        name(&revision.metadata),
        or_none(controller.unwrap_or_default()),
        revision.revision.to_string(),
        age(&revision.metadata, now),
    ]
}

fn name(metadata: &ObjectMeta) -> String {
    metadata.name.clone().unwrap_or_default()
}

fn age(metadata: &ObjectMeta, now: SimTime) -> String {
    since(metadata.creation_timestamp.as_ref(), now)
}

/// A number of pods or a share of them; `N/A` when it is not set.
fn amount(value: Option<&IntOrString>) -> String {
    match value {
        Some(IntOrString::Int(number)) => number.to_string(),
        Some(IntOrString::String(share)) => share.clone(),
        None => "N/A".to_owned(),
    }
}
