//! HorizontalPodAutoscalers (`pkg/apis/autoscaling/validation`).

use k8s_openapi::api::autoscaling::v2::{
    ContainerResourceMetricSource, CrossVersionObjectReference, ExternalMetricSource,
    HPAScalingPolicy, HPAScalingRules, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec,
    MetricIdentifier, MetricSpec, MetricTarget, ObjectMetricSource, PodsMetricSource,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::pod::resources::of_containers;
use super::report::Report;
use super::{metadata, names};
use crate::manifest::quantity;

const SOURCES: &[&str] = &["ContainerResource", "External", "Object", "Pods", "Resource"];
const AMOUNT_OR_SHARE: &str = "must set either a target raw value or a target utilization";
/// The longest that decisions may be looked back upon, in seconds.
const MAX_WINDOW: i32 = 3600;
/// The longest period of a policy, in seconds.
const MAX_PERIOD: i32 = 1800;

/// A new or changed autoscaler.
pub(super) fn check(
    report: &mut Report,
    scaler: &HorizontalPodAutoscaler,
    old: Option<&HorizontalPodAutoscaler>,
) {
    match old {
        None => metadata::create(report, &scaler.metadata, true, names::dns_subdomain),
        Some(old) => metadata::update(report, &scaler.metadata, &old.metadata),
    }
    check_spec(report, &scaler.spec);
}

fn check_spec(report: &mut Report, spec: &HorizontalPodAutoscalerSpec) {
    let (least, most) = (spec.min_replicas, spec.max_replicas);
    if let Some(least) = least.filter(|least| *least < 1) {
        report.invalid("spec.minReplicas", least, "must be greater than or equal to 1");
    }
    match most {
        0 => report.required("spec.maxReplicas", "must be set and greater than 0"),
        ..0 => report.invalid("spec.maxReplicas", most, "must be greater than or equal to 1"),
        _ => {}
    }
    if least.is_some_and(|least| most < least) {
        let why = "must be greater than or equal to `minReplicas`";
        report.invalid("spec.maxReplicas", most, why);
    }
    // The one kind without a group that can be scaled.
    let groupless = spec.scale_target_ref.kind == "ReplicationController";
    reference(report, "spec.scaleTargetRef", &spec.scale_target_ref, groupless);
    let metrics = spec.metrics.as_deref().unwrap_or_default();
    for (index, metric) in metrics.iter().enumerate() {
        check_metric(report, &format!("spec.metrics[{index}]"), metric);
    }
    let outside = metrics.iter().any(|metric| matches!(&*metric.type_, "Object" | "External"));
    if least == Some(0) && !outside {
        let why = "must specify at least one Object or External metric to support scaling to zero \
                   replicas";
        report.forbidden("spec.metrics", why);
    }
    let behavior = spec.behavior.clone().unwrap_or_default();
    for (field, rules) in [("scaleUp", behavior.scale_up), ("scaleDown", behavior.scale_down)] {
        if let Some(rules) = &rules {
            check_rules(report, &format!("spec.behavior.{field}"), rules);
        }
    }
}

/// What is scaled, or measured.
fn reference(report: &mut Report, path: &str, to: &CrossVersionObjectReference, groupless: bool) {
    for (field, text) in [("kind", &to.kind), ("name", &to.name)] {
        let here = format!("{path}.{field}");
        match text.as_str() {
            "" => report.required(&here, ""),
            text => report.invalid_for(&here, text, names::path_segment(text)),
        }
    }
    let version = to.api_version.as_deref().unwrap_or("");
    let here = format!("{path}.apiVersion");
    if version.matches('/').count() > 1 {
        let why = format!("unexpected GroupVersion string: {version}");
        report.invalid(&here, version, &why);
    } else if !groupless && version.split_once('/').is_none_or(|(group, _)| group.is_empty()) {
        report.invalid(&here, version, "apiVersion must specify API group");
    }
}

fn check_metric(report: &mut Report, path: &str, metric: &MetricSpec) {
    let at_type = format!("{path}.type");
    let known = SOURCES.contains(&metric.type_.as_str());
    if metric.type_.is_empty() {
        report.required(&at_type, "must specify a metric source type");
    }
    if !known {
        report.unsupported(&at_type, metric.type_.as_str(), SOURCES);
    }
    let given = [
        ("object", metric.object.is_some()),
        ("external", metric.external.is_some()),
        ("pods", metric.pods.is_some()),
        ("resource", metric.resource.is_some()),
        ("containerResource", metric.container_resource.is_some()),
    ];
    let given: Vec<&str> =
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
    // Of several sources only the first is looked into.
    if let Some(first) = given.first() {
        check_source(report, &format!("{path}.{first}"), metric, first);
    }
    let mut wanted = metric.type_.clone();
    if let Some(first) = wanted.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    if known && !given.contains(&wanted.as_str()) {
        let why = "must populate information for the given metric source";
        report.required(&format!("{path}.{wanted}"), why);
    }
    if given.len() > 1 {
        for other in given.into_iter().filter(|name| *name != wanted) {
            let why = "must populate the given metric source only";
            report.forbidden(&format!("{path}.{other}"), why);
        }
    }
}

fn check_source(report: &mut Report, path: &str, metric: &MetricSpec, which: &str) {
    match which {
        "object" => metric.object.iter().for_each(|source| object(report, path, source)),
        "external" => metric.external.iter().for_each(|source| external(report, path, source)),
        "pods" => metric.pods.iter().for_each(|source| pods(report, path, source)),
        "resource" => {
            if let Some(source) = &metric.resource {
                resource(report, path, &source.name, None, &source.target);
            }
        }
        _ => {
            if let Some(source) = &metric.container_resource {
                let ContainerResourceMetricSource { container, name, target } = source;
                resource(report, path, name, Some(container), target);
            }
        }
    }
}

fn object(report: &mut Report, path: &str, source: &ObjectMetricSource) {
    reference(report, &format!("{path}.describedObject"), &source.described_object, true);
    identifier(report, &format!("{path}.metric"), &source.metric);
    let here = format!("{path}.target");
    check_target(report, &here, &source.target);
    if source.target.value.is_none() && source.target.average_value.is_none() {
        let why = "must set either a target value or averageValue";
        report.required(&format!("{here}.averageValue"), why);
    }
}

fn external(report: &mut Report, path: &str, source: &ExternalMetricSource) {
    identifier(report, &format!("{path}.metric"), &source.metric);
    let here = format!("{path}.target");
    check_target(report, &here, &source.target);
    match (&source.target.value, &source.target.average_value) {
        (None, None) => {
            let why = "must set either a target value for metric or a per-pod target";
            report.required(&format!("{here}.averageValue"), why);
        }
        (Some(_), Some(_)) => {
            let why = "may not set both a target value for metric and a per-pod target";
            report.forbidden(&format!("{here}.value"), why);
        }
        _ => {}
    }
}

fn pods(report: &mut Report, path: &str, source: &PodsMetricSource) {
    identifier(report, &format!("{path}.metric"), &source.metric);
    let here = format!("{path}.target");
    check_target(report, &here, &source.target);
    if source.target.average_value.is_none() {
        let why = "must specify a positive target averageValue";
        report.required(&format!("{here}.averageValue"), why);
    }
}

/// A resource of the pods, or of one of their containers.
fn resource(
    report: &mut Report,
    path: &str,
    name: &str,
    container: Option<&String>,
    target: &MetricTarget,
) {
    let here = format!("{path}.name");
    match name {
        "" => report.required(&here, "must specify a resource name"),
        name if container.is_some() => of_containers(report, &here, name),
        _ => {}
    }
    if let Some(container) = container {
        let here = format!("{path}.container");
        match container.as_str() {
            "" => report.required(&here, "must specify a container"),
            container => report.invalid_name(&here, container, names::dns_label(container)),
        }
    }
    let here = format!("{path}.target");
    check_target(report, &here, target);
    match (target.average_utilization, &target.average_value) {
        (None, None) => report.required(&format!("{here}.averageUtilization"), AMOUNT_OR_SHARE),
        (Some(_), Some(_)) => {
            let why = "may not set both a target raw value and a target utilization";
            report.forbidden(&format!("{here}.averageValue"), why);
        }
        _ => {}
    }
}

fn check_target(report: &mut Report, path: &str, target: &MetricTarget) {
    let here = format!("{path}.type");
    let kind = target.type_.as_str();
    if kind.is_empty() {
        report.required(&here, "must specify a metric target type");
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind) {
        report.invalid(&here, kind, "must be either Utilization, Value, or AverageValue");
    }
    for (field, amount) in [("value", &target.value), ("averageValue", &target.average_value)] {
        if let Some(amount) = amount.as_ref().filter(|amount| size(amount) <= 0) {
            report.invalid(&format!("{path}.{field}"), amount.0.as_str(), "must be positive");
        }
    }
    if let Some(share) = target.average_utilization.filter(|share| *share < 1) {
        report.invalid(&format!("{path}.averageUtilization"), share, "must be greater than 0");
    }
}

fn size(amount: &Quantity) -> i128 {
    quantity::parse(&amount.0).unwrap_or(0)
}

fn identifier(report: &mut Report, path: &str, metric: &MetricIdentifier) {
    let here = format!("{path}.name");
    match metric.name.as_str() {
        "" => report.required(&here, "must specify a metric name"),
        name => report.invalid_for(&here, name, names::path_segment(name)),
    }
}

fn check_rules(report: &mut Report, path: &str, rules: &HPAScalingRules) {
    if let Some(window) = rules.stabilization_window_seconds {
        let here = format!("{path}.stabilizationWindowSeconds");
        if window < 0 {
            report.invalid(&here, window, "must be greater than or equal to zero");
        }
        if window > MAX_WINDOW {
            let why = format!("must be less than or equal to {MAX_WINDOW}");
            report.invalid(&here, window, &why);
        }
    }
    let choice = rules.select_policy.as_deref();
    report.one_of_if_given(&format!("{path}.selectPolicy"), choice, &["Disabled", "Max", "Min"]);
    let policies = rules.policies.as_deref().unwrap_or_default();
    if policies.is_empty() {
        report.required(&format!("{path}.policies"), "must specify at least one Policy");
    }
    for (index, policy) in policies.iter().enumerate() {
        check_policy(report, &format!("{path}.policies[{index}]"), policy);
    }
    if let Some(tolerance) = rules.tolerance.as_ref().filter(|amount| size(amount) < 0) {
        let why = "must be greater than or equal to 0";
        report.invalid(&format!("{path}.tolerance"), tolerance.0.as_str(), why);
    }
}

fn check_policy(report: &mut Report, path: &str, policy: &HPAScalingPolicy) {
    let kind = Some(policy.type_.as_str());
    report.one_of_if_given(&format!("{path}.type"), kind, &["Percent", "Pods"]);
    for (field, number) in [("value", policy.value), ("periodSeconds", policy.period_seconds)] {
        if number <= 0 {
            report.invalid(&format!("{path}.{field}"), number, "must be greater than zero");
        }
    }
    if policy.period_seconds > MAX_PERIOD {
        let why = format!("must be less than or equal to {MAX_PERIOD}");
        report.invalid(&format!("{path}.periodSeconds"), policy.period_seconds, &why);
    }
}
