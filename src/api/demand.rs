//! What the containers of a pod ask for together.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::manifest::quantity;

/// The resources that a whole pod may ask for.
pub(super) fn is_of_pods(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with("hugepages-")
}

fn size(amount: &Quantity) -> i128 {
    quantity::parse(&amount.0).unwrap_or(0)
}

/// What the containers of a pod ask for together, in billionths: the regular ones and sidecars add
/// up; an init container runs beside the sidecars that began before it.
pub(super) fn of_containers(spec: &PodSpec) -> BTreeMap<String, i128> {
    sum(spec, |resources| resources.requests.as_ref())
}

/// What the containers of a pod may use at most together, in the same way.
pub(super) fn limits_of_containers(spec: &PodSpec) -> BTreeMap<String, i128> {
    sum(spec, |resources| resources.limits.as_ref())
}

fn sum(
    spec: &PodSpec,
    list: fn(&ResourceRequirements) -> Option<&BTreeMap<String, Quantity>>,
) -> BTreeMap<String, i128> {
    let requests = |container: &Container| {
        container.resources.as_ref().and_then(list).cloned().unwrap_or_default()
    };
    let mut sum: BTreeMap<String, i128> = BTreeMap::new();
    for container in &spec.containers {
        for (name, amount) in requests(container) {
            *sum.entry(name).or_default() += size(&amount);
        }
    }
    let mut sidecars: BTreeMap<String, i128> = BTreeMap::new();
    let mut peak: BTreeMap<String, i128> = BTreeMap::new();
    for container in spec.init_containers.iter().flatten() {
        let sidecar = container.restart_policy.as_deref() == Some("Always");
        for (name, amount) in requests(container) {
            let size = size(&amount);
            let beside = sidecars.entry(name.clone()).or_default();
            let now = *beside + size;
            if sidecar {
                *beside = now;
                *sum.entry(name.clone()).or_default() += size;
            }
            let highest = peak.entry(name).or_default();
            *highest = now.max(*highest);
        }
    }
    for (name, highest) in peak {
        let total = sum.entry(name).or_default();
        *total = highest.max(*total);
    }
    sum
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_init_container_counts_beside_the_sidecars_before_it() {
        let asks = |cpu: &str| json!({"requests": {"cpu": cpu}});
        let spec: PodSpec = serde_json::from_value(json!({
            "initContainers": [
                {"name": "s", "restartPolicy": "Always", "resources": asks("1")},
                {"name": "i", "resources": asks("3")},
            ],
            "containers": [{"name": "c", "resources": asks("2")}],
        }))
        .unwrap();
        assert_eq!(of_containers(&spec).get("cpu"), Some(&4_000_000_000));
    }
}
