//! ResourceQuotas and LimitRanges (`pkg/apis/core/validation`).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{
    LimitRange, LimitRangeItem, ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::pod::resources::{amount_of, of_containers, standard};
use super::report::{Json, Report};
use super::shape::Holds::{Any, List, Pointer, Text};
use super::shape::{Own, Shape};
use super::{metadata, names};
use crate::manifest::quantity;
use crate::manifest::values::QUOTA_SCOPES;

type Amounts = BTreeMap<String, Quantity>;

/// Scopes of which a quota has one at most.
const OPPOSITES: [[&str; 2]; 2] =
    [["BestEffort", "NotBestEffort"], ["NotTerminating", "Terminating"]];

/// A new or changed ResourceQuota.
pub(super) fn check_quota(report: &mut Report, quota: &ResourceQuota, old: Option<&ResourceQuota>) {
    match old {
        None => metadata::create(report, &quota.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &quota.metadata, &old.metadata),
    }
    let spec = quota.spec.clone().unwrap_or_default();
    for (name, amount) in spec.hard.iter().flatten() {
        let path = format!("spec.hard[{name}]");
        check_name(report, &path, name);
        amount_of(report, &path, name, amount);
    }
    check_scopes(report, &spec);
    check_selected_scopes(report, &spec);
    if let Some(old) = old {
        let set = |spec: &ResourceQuotaSpec| -> BTreeSet<String> {
            spec.scopes.iter().flatten().cloned().collect()
        };
        if set(&spec) != old.spec.as_ref().map(set).unwrap_or_default() {
            report.invalid("spec.scopes", Json(&spec.scopes), "field is immutable");
        }
    }
}

/// What a quota counts (`ValidateResourceQuotaResourceName`).
pub(super) fn check_name(report: &mut Report, path: &str, name: &str) {
    standard(report, path, name);
    if !name.contains('/') && !is_counted(name) {
        report.invalid(path, name, "must be a standard resource for quota");
    }
}

/// Whether a quota can bound a resource that has no domain before it.
fn is_counted(name: &str) -> bool {
    let whole = name.strip_prefix("requests.").unwrap_or(name);
    matches!(
        name,
        "cpu"
            | "memory"
            | "ephemeral-storage"
            | "requests.cpu"
            | "requests.memory"
            | "requests.storage"
            | "requests.ephemeral-storage"
            | "limits.cpu"
            | "limits.memory"
            | "limits.ephemeral-storage"
            | "pods"
            | "services"
            | "replicationcontrollers"
            | "resourcequotas"
            | "secrets"
            | "configmaps"
            | "persistentvolumeclaims"
            | "services.nodeports"
            | "services.loadbalancers"
    ) || whole.starts_with("hugepages-")
}

/// What a scope can bound.
fn fits(scope: &str, name: &str) -> bool {
    let computed = matches!(
        name,
        "cpu"
            | "memory"
            | "limits.cpu"
            | "limits.memory"
            | "requests.cpu"
            | "requests.memory"
            | "pods"
    );
    match scope {
        "BestEffort" => name == "pods",
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => computed,
        _ => true,
    }
}

fn check_scopes(report: &mut Report, spec: &ResourceQuotaSpec) {
    let path = "spec.scopes";
    let scopes = spec.scopes.as_deref().unwrap_or_default();
    for scope in scopes {
        if !QUOTA_SCOPES.contains(&scope.as_str()) {
            report.invalid(path, Json(scopes), "unsupported scope");
        }
        for name in spec.hard.iter().flatten().map(|(name, _)| name) {
            if is_counted(name) && !fits(scope, name) {
                report.invalid(path, Json(scopes), "unsupported scope applied to resource");
            }
        }
    }
    for pair in OPPOSITES {
        if pair.iter().all(|scope| scopes.iter().any(|given| given == scope)) {
            report.invalid(path, Json(scopes), "conflicting scopes");
        }
    }
}

fn check_selected_scopes(report: &mut Report, spec: &ResourceQuotaSpec) {
    let path = "spec.scopeSelector.matchExpressions";
    let selector = spec.scope_selector.clone().unwrap_or_default();
    for requirement in selector.match_expressions.iter().flatten() {
        if !QUOTA_SCOPES.contains(&requirement.scope_name.as_str()) {
            let scope = requirement.scope_name.as_str();
            report.invalid(&format!("{path}.scopeName"), scope, "unsupported scope");
        }
        for name in spec.hard.iter().flatten().map(|(name, _)| name) {
            if is_counted(name) && !fits(&requirement.scope_name, name) {
                let why = "unsupported scope applied to resource";
                report.invalid(path, Own(Pointer(SELECTED), &selector), why);
            }
        }
        check_requirement(report, path, requirement);
    }
    for pair in OPPOSITES {
        let names = |scope: &&str| {
            let mut all = selector.match_expressions.iter().flatten();
            all.any(|requirement| requirement.scope_name == **scope)
        };
        if pair.iter().all(names) {
            report.invalid(path, Json(&spec.scopes), "conflicting scopes");
        }
    }
}

/// A selector of scopes, as the server holds it itself.
const SELECTED: Shape = &[(
    "MatchExpressions",
    "matchExpressions",
    List(&[
        ("ScopeName", "scopeName", Text),
        ("Operator", "operator", Text),
        ("Values", "values", Any),
    ]),
)];

fn check_requirement(
    report: &mut Report,
    path: &str,
    requirement: &ScopedResourceSelectorRequirement,
) {
    let scope = requirement.scope_name.as_str();
    let operator = requirement.operator.as_str();
    let values = requirement.values.as_deref().unwrap_or_default();
    // Only the scopes that name classes can be compared with values.
    let classes = matches!(scope, "PriorityClass" | "VolumeAttributesClass");
    if QUOTA_SCOPES.contains(&scope) && !classes && operator != "Exists" {
        let why = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, \
                   ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, \
                   ResourceQuotaScopeNotBestEffort or \
                   ResourceQuotaScopeCrossNamespacePodAffinity";
        report.invalid(&format!("{path}.operator"), operator, why);
    }
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            let why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope \
                       selector";
            report.required(&format!("{path}.values"), why);
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope \
                       selector";
            report.invalid(&format!("{path}.values"), Json(values), why);
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        other => {
            report.invalid(&format!("{path}.operator"), other, "not a valid selector operator")
        }
    }
}

/// A new or changed LimitRange.
pub(super) fn check_limits(report: &mut Report, range: &LimitRange, old: Option<&LimitRange>) {
    if let Some(old) = old {
        metadata::update(report, &range.metadata, &old.metadata);
    } else {
        metadata::create(report, &range.metadata, true, names::dns_subdomain);
    }
    let mut seen = BTreeSet::new();
    for (index, item) in range.spec.iter().flat_map(|spec| &spec.limits).enumerate() {
        let path = format!("spec.limits[{index}]");
        check_type(report, &format!("{path}.type"), &item.type_);
        if !seen.insert(&item.type_) {
            report.duplicate(&format!("{path}.type"), item.type_.as_str());
        }
        check_names(report, &path, item);
        check_order(report, &path, item);
    }
}

fn check_type(report: &mut Report, path: &str, kind: &str) {
    let reasons = names::qualified_name(kind);
    let known = matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim");
    if !reasons.is_empty() {
        report.invalid_for(path, kind, reasons);
    } else if !kind.contains('/') && !known {
        report.invalid(path, kind, "must be a standard limit type or fully qualified");
    }
}

fn check_names(report: &mut Report, path: &str, item: &LimitRangeItem) {
    let mut each = |field: &str, amounts: &Option<Amounts>| {
        for name in amounts.iter().flatten().map(|(name, _)| name) {
            let here = format!("{path}.{field}[{name}]");
            match item.type_.as_str() {
                "Pod" | "Container" => of_containers(report, &here, name),
                _ => {
                    standard(report, &here, name);
                }
            }
        }
    };
    each("max", &item.max);
    each("min", &item.min);
    if item.type_ != "Pod" {
        each("default", &item.default);
        each("defaultRequest", &item.default_request);
    }
    if item.type_ == "Pod" {
        let given = |amounts: &Option<Amounts>| amounts.as_ref().is_some_and(|all| !all.is_empty());
        for (field, amounts) in
            [("default", &item.default), ("defaultRequest", &item.default_request)]
        {
            if given(amounts) {
                let why = "may not be specified when `type` is 'Pod'";
                report.forbidden(&format!("{path}.{field}"), why);
            }
        }
    }
    let bounds = |amounts: &Option<Amounts>| {
        amounts.as_ref().is_some_and(|amounts| amounts.contains_key("storage"))
    };
    if item.type_ == "PersistentVolumeClaim" && !bounds(&item.min) && !bounds(&item.max) {
        let why = "either minimum or maximum storage value is required, but neither was provided";
        report.required(&format!("{path}.limits"), why);
    }
    for name in item.max_limit_request_ratio.iter().flatten().map(|(name, _)| name) {
        let here = format!("{path}.maxLimitRequestRatio[{name}]");
        match item.type_.as_str() {
            "Pod" | "Container" => of_containers(report, &here, name),
            _ => {
                standard(report, &here, name);
            }
        }
    }
}

/// The least is no more than what is filled in, and that no more than the most.
fn check_order(report: &mut Report, path: &str, item: &LimitRangeItem) {
    let of_pod = item.type_ == "Pod";
    let lists =
        [&item.max, &item.min, &item.default, &item.default_request, &item.max_limit_request_ratio];
    let names: BTreeSet<&String> =
        lists.into_iter().flatten().flat_map(|amounts| amounts.keys()).collect();
    for name in names {
        let get =
            |amounts: &Option<Amounts>| amounts.as_ref().and_then(|all| all.get(name).cloned());
        let (least, most) = (get(&item.min), get(&item.max));
        let limit = get(&item.default).filter(|_| !of_pod);
        let request = get(&item.default_request).filter(|_| !of_pod);
        let mut order = |field: &str,
                         shown: &Option<Quantity>,
                         low: (&str, &Option<Quantity>),
                         high: (&str, &Option<Quantity>)| {
            let (Some(shown), Some(lower), Some(higher)) = (shown, low.1, high.1) else { return };
            if size(lower) > size(higher) {
                let why = format!(
                    "{} value {} is greater than {} value {}",
                    low.0, lower.0, high.0, higher.0
                );
                report.invalid(&format!("{path}.{field}[{name}]"), shown.0.as_str(), &why);
            }
        };
        order("min", &least, ("min", &least), ("max", &most));
        order("defaultRequest", &request, ("min", &least), ("default request", &request));
        order("defaultRequest", &request, ("default request", &request), ("max", &most));
        order("defaultRequest", &request, ("default request", &request), ("default limit", &limit));
        // The server shows the bound here, not the value that is filled in.
        order("default", &least, ("min", &least), ("default", &limit));
        order("default", &most, ("default", &limit), ("max", &most));
        if let Some(ratio) = get(&item.max_limit_request_ratio) {
            let bounds = least.as_ref().zip(most.as_ref());
            check_ratio(report, &format!("{path}.maxLimitRequestRatio[{name}]"), &ratio, bounds);
        }
    }
}

fn check_ratio(
    report: &mut Report,
    path: &str,
    ratio: &Quantity,
    bounds: Option<(&Quantity, &Quantity)>,
) {
    const ONE: i128 = 1_000_000_000;
    if size(ratio) < ONE {
        report.invalid(path, ratio.0.as_str(), &format!("ratio {} is less than 1", ratio.0));
    }
    let Some((least, most)) = bounds.filter(|(least, _)| size(least) != 0) else { return };
    let widest = size(most) as f64 / size(least) as f64;
    if size(ratio) as f64 / ONE as f64 > widest {
        let why = format!("ratio {} is greater than max/min = {widest:.6}", ratio.0);
        report.invalid(path, ratio.0.as_str(), &why);
    }
}

fn size(amount: &Quantity) -> i128 {
    quantity::parse(&amount.0).unwrap_or(0)
}
