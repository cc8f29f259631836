//! HorizontalPodAutoscalers.

use k8s_openapi::api::autoscaling::v2::{
    HPAScalingRules, HorizontalPodAutoscaler, MetricSpec, MetricTarget,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::Reader;
use super::page::{Page, date_or_zero};
use crate::api::Object;

/// Nothing here measures what pods use.
const UNKNOWN: &str = "<unknown>";

impl Reader<'_, '_> {
    /// A HorizontalPodAutoscaler's description.
    pub(super) fn autoscaler(
        &mut self,
        object: &Object,
        scaler: &HorizontalPodAutoscaler,
    ) -> String {
        let mut page = Page::default();
        let spec = scaler.spec.clone();
        let status = scaler.status.clone().unwrap_or_default();
        page.names(&scaler.metadata);
        page.labels_and_annotations(&scaler.metadata);
        let created = scaler.metadata.creation_timestamp.as_ref();
        page.field("CreationTimestamp", date_or_zero(created));
        let to = &spec.scale_target_ref;
        page.field("Reference", format!("{}/{}", to.kind, to.name));
        page.field("Metrics", "( current / target )");
        for metric in spec.metrics.iter().flatten() {
            page.line(1, metric_line(metric));
        }
        let least = spec.min_replicas.map(|least| least.to_string());
        page.field("Min replicas", least.as_deref().unwrap_or("<unset>"));
        page.field("Max replicas", spec.max_replicas);
        if let Some(behavior) = &spec.behavior {
            page.line(0, "Behavior:");
            rules(&mut page, "Scale Up", behavior.scale_up.as_ref());
            rules(&mut page, "Scale Down", behavior.scale_down.as_ref());
        }
        let current = status.current_replicas.unwrap_or(0);
        let sizes = format!("{current} current / {} desired", status.desired_replicas);
        page.field(&format!("{} pods", to.kind), sizes);
        let conditions = status.conditions.unwrap_or_default();
        if !conditions.is_empty() {
            page.line(0, "Conditions:");
            page.line(1, "Type\tStatus\tReason\tMessage");
            page.line(1, "----\t------\t------\t-------");
        }
        for condition in conditions {
            let reason = condition.reason.unwrap_or_default();
            let message = condition.message.unwrap_or_default();
            let (kind, value) = (condition.type_, condition.status);
            page.line(1, format!("{kind}\t{value}\t{reason}\t{message}"));
        }
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}

fn metric_line(metric: &MetricSpec) -> String {
    if let Some(resource) = &metric.resource {
        return of_resource(&format!("resource {} on pods", resource.name), &resource.target);
    }
    if let Some(resource) = &metric.container_resource {
        let (name, container) = (&resource.name, &resource.container);
        let what = format!("resource {name} of container \"{container}\" on pods");
        return of_resource(&what, &resource.target);
    }
    if let Some(pods) = &metric.pods {
        let target = text(&pods.target.average_value);
        return format!("{:?} on pods:\t{UNKNOWN} / {target}", pods.metric.name);
    }
    if let Some(object) = &metric.object {
        let of = &object.described_object;
        let what = format!("\"{}\" on {}/{} ", object.metric.name, of.kind, of.name);
        return match object.target.type_.as_str() {
            "AverageValue" => {
                let target = text(&object.target.average_value);
                format!("{what}(target average value):\t{UNKNOWN} / {target}")
            }
            _ => format!("{what}(target value):\t{UNKNOWN} / {}", text(&object.target.value)),
        };
    }
    if let Some(external) = &metric.external {
        let (name, target) = (&external.metric.name, &external.target);
        return match &target.average_value {
            Some(each) => format!("{name:?} (target average value):\t{UNKNOWN} / {}", each.0),
            None => format!("{name:?} (target value):\t{UNKNOWN} / {}", text(&target.value)),
        };
    }
    format!("<unknown metric type {:?}>", metric.type_)
}

fn of_resource(what: &str, target: &MetricTarget) -> String {
    if let Some(each) = &target.average_value {
        return format!("{what}:\t{UNKNOWN} / {}", each.0);
    }
    let share = target.average_utilization.map(|share| format!("{share}%"));
    let share = share.as_deref().unwrap_or("<auto>");
    format!("{what}  (as a percentage of request):\t{UNKNOWN} / {share}")
}

fn text(amount: &Option<Quantity>) -> &str {
    amount.as_ref().map_or("0", |amount| &amount.0)
}

fn rules(page: &mut Page, direction: &str, rules: Option<&HPAScalingRules>) {
    let Some(rules) = rules else { return };
    page.line(1, format!("{direction}:"));
    if let Some(seconds) = rules.stabilization_window_seconds {
        page.line(2, format!("Stabilization Window: {seconds} seconds"));
    }
    let policies = rules.policies.as_deref().unwrap_or_default();
    if policies.is_empty() {
        return;
    }
    let choice = rules.select_policy.as_deref().unwrap_or("Max");
    page.line(2, format!("Select Policy: {choice}"));
    page.line(2, "Policies:");
    for policy in policies {
        let (kind, value, period) = (&policy.type_, policy.value, policy.period_seconds);
        page.line(3, format!("- Type: {kind}\tValue: {value}\tPeriod: {period} seconds"));
    }
}
