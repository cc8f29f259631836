//! Requests and limits of resources, of containers and of whole pods.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceClaim, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::super::names;
use super::super::report::Report;
use crate::api::demand;
use crate::manifest::quantity;

type Amounts = BTreeMap<String, Quantity>;

/// A whole unit, in the billionths in which amounts are counted.
const UNIT: i128 = 1_000_000_000;

/// Resources that the server knows without a domain before them, besides those of containers.
const STANDARD: &[&str] = &[
    "configmaps",
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
    "requests.storage",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "storage",
];

/// Resources that come in whole pieces, besides extended ones.
const WHOLE: &[&str] = &[
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];

/// Whose amounts are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Container,
    Pod,
}

/// What a container asks for and may use at most.
pub(super) fn check(
    report: &mut Report,
    path: &str,
    resources: Option<&ResourceRequirements>,
    claims: &BTreeSet<String>,
) {
    if let Some(resources) = resources {
        requirements(report, path, resources, Whose::Container);
        claim_names(report, &format!("{path}.claims"), resources, claims);
    }
}

/// What a whole pod asks for: no less than its containers together.
pub(super) fn check_pod(
    report: &mut Report,
    path: &str,
    spec: &PodSpec,
    claims: &BTreeSet<String>,
) {
    let Some(resources) = &spec.resources else { return };
    if spec.os.as_ref().is_some_and(|os| os.name == "windows") {
        report.forbidden(path, "may not be set for a windows pod");
        return;
    }
    if resources.claims.is_some() {
        let why = "claims may not be set for Resources at pod-level";
        report.forbidden(&format!("{path}.claims"), why);
    }
    requirements(report, path, resources, Whose::Pod);
    claim_names(report, &format!("{path}.claims"), resources, claims);
    let asked = |name: &str| resources.requests.as_ref().and_then(|requests| requests.get(name));
    for (name, sum) in
        demand::of_containers(spec).into_iter().filter(|(name, _)| demand::is_of_pods(name))
    {
        let Some(given) = asked(name).map(|amount| amount.0.as_str()) else { continue };
        if sum.size > quantity::parse(given).unwrap_or(0) {
            let why =
                format!("must be greater than or equal to aggregate container requests of {}", sum);
            report.invalid(&format!("{path}.requests[{name}]"), given, &why);
        }
    }
    for (index, container) in spec.containers.iter().enumerate() {
        let own = container.resources.as_ref().and_then(|resources| resources.limits.as_ref());
        for (name, limit) in own.into_iter().flatten() {
            let Some(most) = resources.limits.as_ref().and_then(|limits| limits.get(name)) else {
                continue;
            };
            if size(limit) > size(most) {
                let here = format!("{path}.containers[{index}][{name}].limits");
                let why = format!("must be less than or equal to pod limits of {}", most.0);
                report.invalid(&here, limit.0.as_str(), &why);
            }
        }
    }
}

/// What running a pod costs beside its containers.
pub(super) fn check_overhead(report: &mut Report, path: &str, overhead: Option<&Amounts>) {
    let Some(overhead) = overhead else { return };
    let resources =
        ResourceRequirements { limits: Some(overhead.clone()), ..ResourceRequirements::default() };
    requirements(report, path, &resources, Whose::Container);
}

fn requirements(report: &mut Report, path: &str, resources: &ResourceRequirements, whose: Whose) {
    let none = Amounts::new();
    let limits = resources.limits.as_ref().unwrap_or(&none);
    let requests = resources.requests.as_ref().unwrap_or(&none);
    for (name, amount) in limits {
        check_amount(report, &format!("{path}.limits[{name}]"), name, amount, whose);
    }
    for (name, amount) in requests {
        let here = format!("{path}.requests[{name}]");
        check_name(report, &here, name, whose);
        check_size(report, &here, name, amount);
        against_limit(report, path, name, amount, limits.get(name));
        check_pages(report, &here, name, amount);
    }
    let has = |test: fn(&str) -> bool| limits.keys().chain(requests.keys()).any(|name| test(name));
    if has(|name| name.starts_with("hugepages-")) && !has(|name| matches!(name, "cpu" | "memory")) {
        report.forbidden(path, "HugePages require cpu or memory");
    }
}

fn against_limit(
    report: &mut Report,
    path: &str,
    name: &str,
    amount: &Quantity,
    limit: Option<&Quantity>,
) {
    let Some(limit) = limit else {
        if !may_be_overcommitted(name) {
            let why = "Limit must be set for non overcommitable resources";
            report.required(&format!("{path}.limits"), why);
        }
        return;
    };
    let here = format!("{path}.requests");
    if !may_be_overcommitted(name) && size(amount) != size(limit) {
        let why = format!("must be equal to {name} limit of {}", limit.0);
        report.invalid(&here, amount.0.as_str(), &why);
    } else if size(amount) > size(limit) {
        let why = format!("must be less than or equal to {name} limit of {}", limit.0);
        report.invalid(&here, amount.0.as_str(), &why);
    }
}

fn size(amount: &Quantity) -> i128 {
    quantity::parse(&amount.0).unwrap_or(0)
}

/// Whether a resource is Kubernetes' own: without a domain, or with Kubernetes'.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Devices and huge pages are there or not; only Kubernetes' own resources can be promised twice.
fn may_be_overcommitted(name: &str) -> bool {
    is_native(name) && !name.starts_with("hugepages-")
}

fn check_amount(report: &mut Report, path: &str, name: &str, amount: &Quantity, whose: Whose) {
    check_name(report, path, name, whose);
    check_size(report, path, name, amount);
    check_pages(report, path, name, amount);
}

fn check_name(report: &mut Report, path: &str, name: &str, whose: Whose) {
    let reasons = names::qualified_name(name);
    let qualified = reasons.is_empty();
    report.invalid_for(path, name, reasons);
    match whose {
        Whose::Pod if !qualified => {}
        Whose::Pod => {
            if !matches!(name, "cpu" | "memory") && !name.starts_with("hugepages-") {
                report.unsupported(path, name, &["cpu", "hugepages-", "memory"]);
            }
        }
        Whose::Container if !name.contains('/') => {
            if qualified && !is_of_containers(name) && !STANDARD.contains(&name) {
                report.invalid(path, name, UNKNOWN);
            }
            if !is_of_containers(name) {
                report.invalid(path, name, "must be a standard resource for containers");
            }
        }
        Whose::Container if is_native(name) => {}
        Whose::Container => {
            // An extended resource also has a quota, whose name must fit as well.
            let quota = format!("requests.{name}");
            if name.starts_with("requests.") || !names::qualified_name(&quota).is_empty() {
                let why = "doesn't follow extended resource name standard";
                report.invalid(path, name, why);
            }
        }
    }
}

/// Whether containers may ask for a resource that has no domain before it.
fn is_of_containers(name: &str) -> bool {
    matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-")
}

const UNKNOWN: &str = "must be a standard resource type or fully qualified";

/// A resource that containers may ask for.
pub(in super::super) fn of_containers(report: &mut Report, path: &str, name: &str) {
    check_name(report, path, name, Whose::Container);
}

/// A resource of any kind: one that Kubernetes knows, or one with a domain.
pub(in super::super) fn standard(report: &mut Report, path: &str, name: &str) {
    let reasons = names::qualified_name(name);
    let whole = name.strip_prefix("requests.").unwrap_or(name);
    let known = is_of_containers(whole) || STANDARD.contains(&name) || name.contains('/');
    if !reasons.is_empty() {
        report.invalid_for(path, name, reasons);
    } else if !known {
        report.invalid(path, name, UNKNOWN);
    }
}

/// An amount of a resource.
pub(in super::super) fn amount_of(report: &mut Report, path: &str, name: &str, amount: &Quantity) {
    check_size(report, path, name, amount);
}

fn check_size(report: &mut Report, path: &str, name: &str, amount: &Quantity) {
    if size(amount) < 0 {
        report.invalid(path, amount.0.as_str(), "must be greater than or equal to 0");
    }
    let whole = WHOLE.contains(&name) || !is_native(name);
    if whole && size(amount) % UNIT != 0 {
        report.invalid(path, amount.0.as_str(), "must be an integer");
    }
}

/// Huge pages come in pages.
fn check_pages(report: &mut Report, path: &str, name: &str, amount: &Quantity) {
    let Some(page) = name.strip_prefix("hugepages-") else { return };
    let fine = quantity::parse(page).is_ok_and(|page| page > 0 && size(amount) % page == 0);
    if !fine {
        let why = format!("{} is not positive integer multiple of {name}", amount.0);
        report.invalid(path, amount.0.as_str(), &why);
    }
}

/// Devices that a container uses must be those of its pod.
fn claim_names(
    report: &mut Report,
    path: &str,
    resources: &ResourceRequirements,
    known: &BTreeSet<String>,
) {
    let mut seen = BTreeSet::new();
    for (index, claim) in resources.claims.iter().flatten().enumerate() {
        let here = format!("{path}[{index}]");
        let ResourceClaim { name, request } = claim;
        if name.is_empty() {
            report.required(&here, "");
            continue;
        }
        let request = request.as_deref().unwrap_or("");
        let key = if request.is_empty() { name.clone() } else { format!("{name}/{request}") };
        if seen.contains(name) {
            report.duplicate(&here, name.as_str());
        } else {
            if !request.is_empty() {
                report.invalid_name(&format!("{here}.request"), request, names::dns_label(request));
            }
            let part = format!("{name}/");
            if seen.contains(&key) {
                report.duplicate(&here, key.as_str());
            } else if request.is_empty()
                && seen.iter().any(|other: &String| other.starts_with(&part))
            {
                report.duplicate(&here, name.as_str());
            }
            seen.insert(key);
        }
        if !known.contains(name) {
            let mut why = "must be one of the names in pod.spec.resourceClaims".to_owned();
            if known.is_empty() {
                why.push_str(" which is empty");
            } else {
                let listed: Vec<&str> = known.iter().map(String::as_str).collect();
                why.push_str(&format!(": {}", listed.join(", ")));
            }
            report.not_found_among(&here, name, &why);
        }
    }
}

/// How a container takes a change of its resources. The server names the list, not the item.
pub(super) fn check_resizing(
    report: &mut Report,
    path: &str,
    container: &Container,
    spec: &PodSpec,
) {
    let mut seen = BTreeSet::new();
    for (index, policy) in container.resize_policy.iter().flatten().enumerate() {
        if !seen.insert(policy.resource_name.as_str()) {
            report.duplicate(&format!("{path}[{index}]"), policy.resource_name.as_str());
        }
        report.one_of(path, Some(&policy.resource_name), &["cpu", "memory"]);
        let how = policy.restart_policy.as_str();
        report.one_of(path, Some(how), &["NotRequired", "RestartContainer"]);
        if spec.restart_policy.as_deref() == Some("Never") && how != "NotRequired" {
            let why = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
            report.invalid(path, how, why);
        }
    }
}

/// A container that ends before the others begin cannot be restarted to take a change.
pub(super) fn check_resizing_first(report: &mut Report, path: &str, container: &Container) {
    for (index, policy) in container.resize_policy.iter().flatten().enumerate() {
        let how = policy.restart_policy.as_str();
        if how == "RestartContainer" {
            let why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
            report.invalid(&format!("{path}[{index}].restartPolicy"), how, why);
        }
    }
}
