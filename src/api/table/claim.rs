//! PersistentVolumeClaims.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;

use super::format::{age, name};
use super::{Columns, narrow, wide};
use crate::clock::SimTime;

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
