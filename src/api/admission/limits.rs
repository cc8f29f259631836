//! LimitRanges: what containers get that do not say how much they need, and how much they may ask
//! for (`plugin/pkg/admission/limitranger`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, PodSpec,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::api::{Pod, Store};
use crate::manifest::quantity;

type Amounts = BTreeMap<String, Quantity>;

/// Tells what was filled in.
const SET: &str = "kubernetes.io/limit-ranger";

/// Fills in what a new pod's containers do not say.
pub(super) fn fill(store: &Store, pod: &mut Pod) {
    let namespace = pod.metadata.namespace.clone().unwrap_or_default();
    let (mut limits, mut requests) = (Amounts::new(), Amounts::new());
    for item in items(store, &namespace, "Container") {
        limits.extend(item.default.clone().unwrap_or_default());
        requests.extend(item.default_request.clone().unwrap_or_default());
    }
    if limits.is_empty() && requests.is_empty() {
        return;
    }
    let Some(spec) = &mut pod.spec else { return };
    let spec: &mut PodSpec = spec;
    let mut said = Vec::new();
    for container in &mut spec.containers {
        fill_container(container, "container", &limits, &requests, &mut said);
    }
    for container in spec.init_containers.iter_mut().flatten() {
        fill_container(container, "init container", &limits, &requests, &mut said);
    }
    if !said.is_empty() {
        let text = format!("LimitRanger plugin set: {}", said.join("; "));
        pod.metadata.annotations.get_or_insert_default().insert(SET.to_owned(), text);
    }
}

fn fill_container(
    container: &mut Container,
    what: &str,
    limits: &Amounts,
    requests: &Amounts,
    said: &mut Vec<String>,
) {
    let resources = container.resources.get_or_insert_default();
    let lists =
        [("request", &mut resources.requests, requests), ("limit", &mut resources.limits, limits)];
    for (list, own, defaults) in lists {
        let missing = |name: &&String| own.as_ref().is_none_or(|own| !own.contains_key(*name));
        let names: Vec<String> = defaults.keys().filter(missing).cloned().collect();
        if names.is_empty() {
            continue;
        }
        let own = own.get_or_insert_default();
        own.extend(names.iter().map(|name| (name.clone(), defaults[name].clone())));
        said.push(format!("{} {list} for {what} {}", names.join(", "), container.name));
    }
}

/// The items of a kind in the LimitRanges of a namespace.
fn items<'a>(
    store: &'a Store,
    namespace: &'a str,
    kind: &'static str,
) -> impl Iterator<Item = &'a LimitRangeItem> {
    let ranges = store.list::<LimitRange>(Some(namespace));
    let items = ranges.flat_map(|range| range.spec.iter().flat_map(|spec| &spec.limits));
    items.filter(move |item| item.type_ == kind)
}

/// What a new pod asks for beyond its bounds.
pub(super) fn pod(store: &Store, pod: &Pod) -> Option<String> {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
    let spec = pod.spec.as_ref()?;
    let none = Amounts::new();
    let mut faults = Vec::new();
    for item in items(store, namespace, "Container") {
        for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
            let resources = container.resources.clone().unwrap_or_default();
            let (requests, limits) = (resources.requests, resources.limits);
            let asked = (requests.as_ref().unwrap_or(&none), limits.as_ref().unwrap_or(&none));
            check(&mut faults, item, asked);
        }
    }
    for item in items(store, namespace, "Pod") {
        let sum = |list: fn(&Container) -> Option<Amounts>| sum(&spec.containers, list);
        let requests = sum(|it| it.resources.as_ref().and_then(|all| all.requests.clone()));
        let limits = sum(|it| it.resources.as_ref().and_then(|all| all.limits.clone()));
        check(&mut faults, item, (&requests, &limits));
    }
    joined(faults)
}

/// What a new claim asks for beyond its bounds.
pub(super) fn claim(store: &Store, claim: &PersistentVolumeClaim) -> Option<String> {
    let namespace = claim.metadata.namespace.as_deref().unwrap_or("");
    let spec = claim.spec.clone().unwrap_or_default();
    let asked = spec.resources.and_then(|resources| resources.requests).unwrap_or_default();
    let mut faults = Vec::new();
    for item in items(store, namespace, "PersistentVolumeClaim") {
        let item = LimitRangeItem { max_limit_request_ratio: None, ..item.clone() };
        // A claim has requests alone: those stand for its limits.
        for (name, least) in item.min.iter().flatten() {
            faults.extend(below(&item, name, least, (&asked, &Amounts::new())));
        }
        for (name, most) in item.max.iter().flatten() {
            if let Some(asked) = asked.get(name).filter(|asked| size(asked) > size(most)) {
                faults.push(format!(
                    "maximum {name} usage per {} is {}, but request is {}",
                    item.type_, most.0, asked.0
                ));
            }
        }
    }
    joined(faults)
}

/// Several faults stand in brackets.
fn joined(faults: Vec<String>) -> Option<String> {
    match faults.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}

/// What all containers ask for together; of a resource that one of them does not name, nothing is
/// known.
fn sum(containers: &[Container], list: fn(&Container) -> Option<Amounts>) -> Amounts {
    let lists: Vec<Amounts> =
        containers.iter().map(|container| list(container).unwrap_or_default()).collect();
    let names = lists.first().into_iter().flat_map(|first| first.keys());
    let total =
        |name: &String| -> Option<i128> { lists.iter().map(|list| list.get(name).map(size)).sum() };
    let total = |name: &String| Some((name.clone(), total(name)?, list_is_binary(&lists, name)));
    let written = |(name, size, binary): (String, i128, bool)| {
        let suffix = if binary && size % (1024 * 1_000_000_000) == 0 { "Ki" } else { "n" };
        let number = if suffix == "Ki" { size / (1024 * 1_000_000_000) } else { size };
        (name, Quantity(crate::api::quantity::canonical(&format!("{number}{suffix}"))))
    };
    names.filter_map(total).map(written).collect()
}

fn list_is_binary(lists: &[Amounts], name: &str) -> bool {
    lists.iter().any(|list| list.get(name).is_some_and(|amount| amount.0.ends_with('i')))
}

fn size(amount: &Quantity) -> i128 {
    quantity::parse(&amount.0).unwrap_or(0)
}

fn check(faults: &mut Vec<String>, item: &LimitRangeItem, asked: (&Amounts, &Amounts)) {
    for (name, least) in item.min.iter().flatten() {
        faults.extend(below(item, name, least, asked));
    }
    for (name, most) in item.max.iter().flatten() {
        faults.extend(above(item, name, most, asked));
    }
    for (name, ratio) in item.max_limit_request_ratio.iter().flatten() {
        faults.extend(wide(item, name, ratio, asked));
    }
}

fn below(
    item: &LimitRangeItem,
    name: &str,
    least: &Quantity,
    (requests, limits): (&Amounts, &Amounts),
) -> Option<String> {
    let start = format!("minimum {name} usage per {} is {}", item.type_, least.0);
    let Some(request) = requests.get(name) else {
        return Some(format!("{start}.  No request is specified"));
    };
    if size(request) < size(least) {
        return Some(format!("{start}, but request is {}", request.0));
    }
    let limit = limits.get(name).filter(|limit| size(limit) < size(least))?;
    Some(format!("{start}, but limit is {}", limit.0))
}

fn above(
    item: &LimitRangeItem,
    name: &str,
    most: &Quantity,
    (requests, limits): (&Amounts, &Amounts),
) -> Option<String> {
    let start = format!("maximum {name} usage per {} is {}", item.type_, most.0);
    let Some(limit) = limits.get(name) else {
        return Some(format!("{start}.  No limit is specified"));
    };
    if size(limit) > size(most) {
        return Some(format!("{start}, but limit is {}", limit.0));
    }
    let request = requests.get(name).filter(|request| size(request) > size(most))?;
    Some(format!("{start}, but request is {}", request.0))
}

fn wide(
    item: &LimitRangeItem,
    name: &str,
    most: &Quantity,
    (requests, limits): (&Amounts, &Amounts),
) -> Option<String> {
    let start = format!("{name} max limit to request ratio per {} is {}", item.type_, most.0);
    let known = |list: &Amounts| list.get(name).map(size).filter(|size| *size != 0);
    let Some(request) = known(requests) else {
        return Some(format!("{start}, but no request is specified or request is 0"));
    };
    let Some(limit) = known(limits) else {
        return Some(format!("{start}, but no limit is specified or limit is 0"));
    };
    let ratio = limit as f64 / request as f64;
    let most = size(most) as f64 / 1e9;
    (ratio > most).then(|| format!("{start}, but provided ratio is {ratio:.6}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn item(value: Value) -> LimitRangeItem {
        serde_json::from_value(value).unwrap()
    }

    fn amounts(value: Value) -> Amounts {
        serde_json::from_value(value).unwrap()
    }

    // `limitranger/admission.go`, `mergeContainerResources`
    #[test]
    fn what_a_container_does_not_say_is_filled_in_and_told() {
        let mut container = Container { name: "c".to_owned(), ..Container::default() };
        let mut said = Vec::new();
        let (limits, requests) = (amounts(json!({"cpu": "1"})), amounts(json!({"cpu": "500m"})));
        fill_container(&mut container, "container", &limits, &requests, &mut said);
        assert_eq!(said, ["cpu request for container c", "cpu limit for container c"]);
        fill_container(&mut container, "container", &limits, &requests, &mut said);
        assert_eq!(said.len(), 2, "nothing is filled in twice");
    }

    // `minConstraint`, `maxConstraint`, `limitRequestRatioConstraint`
    #[test]
    fn a_container_beyond_its_bounds_is_told_by_how_much() {
        let bounds = item(json!({
            "type": "Container", "min": {"cpu": "200m"}, "max": {"memory": "1Gi"},
            "maxLimitRequestRatio": {"cpu": "2"},
        }));
        let mut faults = Vec::new();
        let requests = amounts(json!({"cpu": "100m"}));
        let limits = amounts(json!({"cpu": "300m", "memory": "1536Mi"}));
        check(&mut faults, &bounds, (&requests, &limits));
        assert_eq!(
            joined(faults).unwrap(),
            "[minimum cpu usage per Container is 200m, but request is 100m, maximum memory usage \
             per Container is 1Gi, but limit is 1536Mi, cpu max limit to request ratio per Container \
             is 2, but provided ratio is 3.000000]"
        );
        let mut faults = Vec::new();
        check(&mut faults, &bounds, (&Amounts::new(), &Amounts::new()));
        assert_eq!(faults[0], "minimum cpu usage per Container is 200m.  No request is specified");
    }
}
