//! HorizontalPodAutoscalers.

use k8s_openapi::api::autoscaling::v2::{
    HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus, MetricSpec, MetricStatus, MetricTarget,
    MetricValueStatus,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::age::since;
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("REFERENCE"),
    narrow("TARGETS"),
    narrow("MINPODS"),
    narrow("MAXPODS"),
    narrow("REPLICAS"),
    narrow("AGE"),
];

/// How many metrics are shown in full.
const SHOWN: usize = 2;

pub(super) fn row(scaler: &HorizontalPodAutoscaler, now: SimTime) -> Vec<String> {
    let spec = scaler.spec.clone();
    let status = scaler.status.clone().unwrap_or_default();
    let least = spec.min_replicas.map_or_else(|| "<unset>".to_owned(), |least| least.to_string());
    vec![
        scaler.metadata.name.clone().unwrap_or_default(),
        format!("{}/{}", spec.scale_target_ref.kind, spec.scale_target_ref.name),
        targets(spec.metrics.as_deref().unwrap_or_default(), &status),
        least,
        spec.max_replicas.to_string(),
        status.current_replicas.unwrap_or(0).to_string(),
        since(scaler.metadata.creation_timestamp.as_ref(), now),
    ]
}

/// What is aimed at, with what is: `cpu: <unknown>/80%`.
fn targets(metrics: &[MetricSpec], status: &HorizontalPodAutoscalerStatus) -> String {
    if metrics.is_empty() {
        return "<none>".to_owned();
    }
    let current = |index: usize| status.current_metrics.as_ref().and_then(|all| all.get(index));
    let all: Vec<String> =
        metrics.iter().enumerate().map(|(index, metric)| target(metric, current(index))).collect();
    let shown = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match all.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{shown} + {more} more..."),
        None => shown,
    }
}

fn target(metric: &MetricSpec, current: Option<&MetricStatus>) -> String {
    if let Some(resource) = &metric.resource {
        let now = current.and_then(|now| now.resource.as_ref()).map(|now| &now.current);
        return format!("{}: {}", resource.name, share(&resource.target, now));
    }
    if let Some(resource) = &metric.container_resource {
        let now = current.and_then(|now| now.container_resource.as_ref()).map(|now| &now.current);
        return format!("{}: {}", resource.name, share(&resource.target, now));
    }
    if let Some(pods) = &metric.pods {
        let now = current.and_then(|now| now.pods.as_ref()).map(|now| &now.current);
        return amount(&pods.target.average_value, now.and_then(|now| now.average_value.as_ref()));
    }
    if let Some(object) = &metric.object {
        let now = current.and_then(|now| now.object.as_ref()).map(|now| &now.current);
        return value(&object.target, now);
    }
    if let Some(external) = &metric.external {
        let now = current.and_then(|now| now.external.as_ref()).map(|now| &now.current);
        return value(&external.target, now);
    }
    "<unknown type>".to_owned()
}

/// A share of what the pods ask for, or an amount each.
fn share(target: &MetricTarget, now: Option<&MetricValueStatus>) -> String {
    if target.average_value.is_some() {
        return amount(&target.average_value, now.and_then(|now| now.average_value.as_ref()));
    }
    let percent = |share: Option<i32>, none: &str| {
        share.map_or_else(|| none.to_owned(), |share| format!("{share}%"))
    };
    let now = percent(now.and_then(|now| now.average_utilization), "<unknown>");
    format!("{now}/{}", percent(target.average_utilization, "<auto>"))
}

/// An amount of all pods together, or of each.
fn value(target: &MetricTarget, now: Option<&MetricValueStatus>) -> String {
    if target.average_value.is_some() {
        let now = now.and_then(|now| now.average_value.as_ref());
        return format!("{} (avg)", amount(&target.average_value, now));
    }
    amount(&target.value, now.and_then(|now| now.value.as_ref()))
}

fn amount(target: &Option<Quantity>, now: Option<&Quantity>) -> String {
    let text = |amount: Option<&Quantity>, none: &str| {
        amount.map_or_else(|| none.to_owned(), |amount| amount.0.clone())
    };
    format!("{}/{}", text(now, "<unknown>"), text(target.as_ref(), "0"))
}
