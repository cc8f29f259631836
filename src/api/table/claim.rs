//! PersistentVolumeClaims.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec};

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

/// Where a claim named its class before there was a field for it.
const CLASS: &str = "volume.beta.kubernetes.io/storage-class";

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

/// A claim's storage class (`GetPersistentVolumeClaimClass`).
pub fn claim_class<'a>(
    annotations: Option<&'a BTreeMap<String, String>>,
    spec: &'a PersistentVolumeClaimSpec,
) -> &'a str {
    let noted = annotations.and_then(|annotations| annotations.get(CLASS));
    noted.or(spec.storage_class_name.as_ref()).map_or("", String::as_str)
}

pub(super) fn persistent_volume_claim(claim: &PersistentVolumeClaim, now: SimTime) -> Vec<String> {
    let spec = claim.spec.clone().unwrap_or_default();
    let status = claim.status.clone().unwrap_or_default();
    let phase = match claim.metadata.deletion_timestamp {
        Some(_) => "Terminating".to_owned(),
        None => status.phase.unwrap_or_default(),
    };
    let bound = spec.volume_name.as_deref().is_some_and(|volume| !volume.is_empty());
    let class = claim_class(claim.metadata.annotations.as_ref(), &spec).to_owned();
    let capacity = status.capacity.and_then(|capacity| Some(capacity.get("storage")?.0.clone()));
    let capacity = capacity.unwrap_or_else(|| "0".to_owned());
    let modes = access_modes(status.access_modes.as_deref().unwrap_or_default());
    let unset = |text: Option<String>| text.unwrap_or_else(|| "<unset>".to_owned());
    vec![
        name(&claim.metadata),
        phase,
        spec.volume_name.unwrap_or_default(),
        if bound { capacity } else { String::new() },
        if bound { modes } else { String::new() },
        class,
        unset(spec.volume_attributes_class_name),
        age(&claim.metadata, now),
        unset(spec.volume_mode),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // `printers.go`, `printPersistentVolumeClaim`
    #[test]
    fn a_claim_of_a_volume_that_is_not_yet_its_own_holds_nothing() {
        let claim = json!({
            "metadata": {"name": "data", "annotations": {CLASS: "old"}},
            "spec": {"volumeName": "pv-1", "storageClassName": "new"},
            "status": {"phase": "Pending"},
        });
        let claim = serde_json::from_value(claim).expect("a claim");
        let row = persistent_volume_claim(&claim, SimTime::START);
        assert_eq!(row[1..6], ["Pending", "pv-1", "0", "", "old"]);
    }
}
