//! What a pod asks for: what its containers do together, or what it says of itself as a whole.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::quantity::written;
use crate::manifest::quantity;

/// The resources that a whole pod may ask for.
pub(super) fn is_of_pods(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with("hugepages-")
}

/// How much of a resource is asked for: in billionths, and in whose form a sum is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount<'a> {
    /// Billionths.
    pub size: i128,
    form: &'a str,
}

impl<'a> Amount<'a> {
    fn of(quantity: &'a Quantity) -> Amount<'a> {
        Amount { size: quantity::parse(&quantity.0).unwrap_or(0), form: &quantity.0 }
    }

    /// A sum is written as its first amount is that is not nothing (apimachinery, `Quantity.Add`).
    pub fn add(&mut self, more: Amount<'a>) {
        if self.size == 0 {
            self.form = more.form;
        }
        self.size += more.size;
    }

    /// The size in thousandths, rounded up.
    pub fn thousandths(&self) -> i128 {
        quantity::to_thousandths(self.size)
    }

    fn raise(&mut self, to: Amount<'a>) {
        if to.size > self.size {
            *self = to;
        }
    }
}

impl fmt::Display for Amount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self.size, self.form))
    }
}

/// Amounts by resource.
pub type Amounts<'a> = BTreeMap<&'a str, Amount<'a>>;

type List = fn(&ResourceRequirements) -> Option<&BTreeMap<String, Quantity>>;

/// What a pod asks for: its containers together, or what it says of itself as a whole (component-helpers,
/// `PodRequests`).
pub fn requests(spec: &PodSpec) -> Amounts<'_> {
    of_all(spec, |resources| resources.requests.as_ref())
}

/// What a pod may use at most, in the same way (`PodLimits`).
pub fn limits(spec: &PodSpec) -> Amounts<'_> {
    of_all(spec, |resources| resources.limits.as_ref())
}

fn of_all(spec: &PodSpec, list: List) -> Amounts<'_> {
    let mut amounts = sum(spec, list);
    let whole = spec.resources.as_ref().and_then(list).into_iter().flatten();
    for (name, quantity) in whole.filter(|(name, _)| is_of_pods(name)) {
        amounts.insert(name, Amount::of(quantity));
    }
    amounts
}

/// What the containers of a pod ask for together: the regular ones and sidecars add up; an init
/// container runs beside the sidecars that began before it.
pub(super) fn of_containers(spec: &PodSpec) -> Amounts<'_> {
    sum(spec, |resources| resources.requests.as_ref())
}

fn sum(spec: &PodSpec, list: List) -> Amounts<'_> {
    let mut sum = Amounts::new();
    for (name, amount) in spec.containers.iter().flat_map(|container| listed(container, list)) {
        sum.entry(name).or_default().add(amount);
    }
    let mut sidecars = Amounts::new();
    let mut peak = Amounts::new();
    for container in spec.init_containers.iter().flatten() {
        let sidecar = container.restart_policy.as_deref() == Some("Always");
        for (name, amount) in listed(container, list) {
            let beside = sidecars.entry(name).or_default();
            let mut now = amount;
            now.add(*beside);
            if sidecar {
                beside.add(amount);
                sum.entry(name).or_default().add(amount);
            }
            peak.entry(name).or_default().raise(now);
        }
    }
    for (name, highest) in peak {
        sum.entry(name).or_default().raise(highest);
    }
    sum
}

/// A container's own amounts.
fn listed(container: &Container, list: List) -> impl Iterator<Item = (&str, Amount<'_>)> {
    let amounts = container.resources.as_ref().and_then(list).into_iter().flatten();
    amounts.map(|(name, quantity)| (name.as_str(), Amount::of(quantity)))
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
        assert_eq!(of_containers(&spec)["cpu"].to_string(), "4");
    }

    // component-helpers, `resource/helpers_test.go`, `TestPodResourceRequests`
    #[test]
    fn a_pod_that_asks_as_a_whole_asks_for_that() {
        let spec: PodSpec = serde_json::from_value(json!({
            "resources": {"requests": {"cpu": "3"}, "limits": {"memory": "2Gi"}},
            "containers": [{"name": "c", "resources":
                {"requests": {"cpu": "1", "memory": "500M"}, "limits": {"memory": "1Gi"}}}],
        }))
        .unwrap();
        let asked = requests(&spec);
        assert_eq!([&asked["cpu"], &asked["memory"]].map(ToString::to_string), ["3", "500M"]);
        assert_eq!(limits(&spec)["memory"].to_string(), "2Gi");
    }

    // apimachinery, `pkg/api/resource/quantity.go`, `Add`
    #[test]
    fn a_sum_is_written_as_its_first_amount_that_is_not_nothing() {
        let amounts = ["0", "64Mi", "67108864"].map(|text| Quantity(text.to_owned()));
        let mut sum = Amount::default();
        amounts.iter().for_each(|amount| sum.add(Amount::of(amount)));
        assert_eq!(sum.to_string(), "128Mi");
    }
}
