//! HorizontalPodAutoscaler: how many pods something should have, by what they use.
//!
//! Nothing here measures what pods use, as in a cluster without metrics-server, so every metric is
//! unknown, and the controller says so. What needs no metric is done: the size is kept between the
//! least and the most. Source: kube-controller-manager `podautoscaler/horizontal.go`.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::autoscaling::v2::{
    HorizontalPodAutoscaler, HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerStatus,
    MetricSpec, MetricStatus,
};
use k8s_openapi::api::core::v1::ReplicationController;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::queue::Actor;
use super::{Client, Key};
use crate::api::Kind;
use crate::clock::SimTime;

const COMPONENT: &str = "horizontal-pod-autoscaler";

/// How often it looks (`--horizontal-pod-autoscaler-sync-period`).
pub(super) const PERIOD: Duration = Duration::from_secs(15);

/// What every question about the use of pods gets from a server without a metrics API.
const NO_METRICS: &str = "unable to fetch metrics from resource metrics API: the server could not \
                          find the requested resource (get pods.metrics.k8s.io)";
const NO_CUSTOM: &str = "unable to fetch metrics from custom metrics API: no custom metrics API \
                         (custom.metrics.k8s.io) registered";
const NO_EXTERNAL: &str = "unable to fetch metrics from external metrics API: no external metrics \
                           API (external.metrics.k8s.io) registered";

/// Looks at what is scaled, and keeps its size within bounds.
pub(super) fn reconcile(client: &mut Client<'_>, key: &Key) {
    let Some(scaler) = client.get::<HorizontalPodAutoscaler>(key) else { return };
    client.remind(PERIOD, Actor::Autoscaler, key);
    let mut scaler = HorizontalPodAutoscaler::clone(&scaler);
    let before = scaler.status.clone();
    scaler.status.get_or_insert_default().observed_generation = scaler.metadata.generation;
    match find(client, &scaler, key) {
        Ok(target) => scale(client, &mut scaler, &target),
        Err(why) => {
            client.warning(&scaler, COMPONENT, "FailedGetScale", why.clone());
            let message =
                format!("the HPA controller was unable to get the target's current scale: {why}");
            condition(client.now, &mut scaler, "AbleToScale", ("False", "FailedGetScale"), message);
        }
    }
    if scaler.status != before {
        client.update(scaler);
    }
}

/// What is scaled.
enum Target {
    Deployment(Arc<Deployment>),
    ReplicaSet(Arc<ReplicaSet>),
    StatefulSet(Arc<StatefulSet>),
    Controller(Arc<ReplicationController>),
}

impl Target {
    fn replicas(&self) -> i32 {
        let replicas = match self {
            Target::Deployment(it) => it.spec.as_ref().and_then(|spec| spec.replicas),
            Target::ReplicaSet(it) => it.spec.as_ref().and_then(|spec| spec.replicas),
            Target::StatefulSet(it) => it.spec.as_ref().and_then(|spec| spec.replicas),
            Target::Controller(it) => it.spec.as_ref().and_then(|spec| spec.replicas),
        };
        replicas.unwrap_or(1)
    }

    fn resize(&self, client: &mut Client<'_>, replicas: i32) {
        macro_rules! resized {
            ($object:expr, $kind:ident) => {{
                let mut object = $kind::clone($object);
                object.spec.get_or_insert_default().replicas = Some(replicas);
                client.update(object).is_some()
            }};
        }
        let _ = match self {
            Target::Deployment(it) => resized!(it, Deployment),
            Target::ReplicaSet(it) => resized!(it, ReplicaSet),
            Target::StatefulSet(it) => resized!(it, StatefulSet),
            Target::Controller(it) => resized!(it, ReplicationController),
        };
    }
}

fn find(
    client: &Client<'_>,
    scaler: &HorizontalPodAutoscaler,
    key: &Key,
) -> Result<Target, String> {
    let to = scaler.spec.scale_target_ref.clone();
    let version = to.api_version.as_deref().unwrap_or("");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let place = Key::new(&key.namespace, &to.name);
    let of_group = |kind: &Kind| kind.info().name == to.kind && kind.info().group == group;
    let Some(kind) = Kind::all().find(of_group) else {
        return Err(format!("no matches for kind {:?} in group {group:?}", to.kind));
    };
    let found = match kind {
        Kind::Deployment => client.get(&place).map(Target::Deployment),
        Kind::ReplicaSet => client.get(&place).map(Target::ReplicaSet),
        Kind::StatefulSet => client.get(&place).map(Target::StatefulSet),
        Kind::ReplicationController => client.get(&place).map(Target::Controller),
        _ => return Err("the server could not find the requested resource".to_owned()),
    };
    found.ok_or_else(|| format!("{} {:?} not found", kind.resource(), to.name))
}

fn scale(client: &mut Client<'_>, scaler: &mut HorizontalPodAutoscaler, target: &Target) {
    let now = client.now;
    let spec = scaler.spec.clone();
    let (least, most) = (spec.min_replicas.unwrap_or(1), spec.max_replicas);
    let current = target.replicas();
    let message = "the HPA controller was able to get the target's current scale".to_owned();
    condition(now, scaler, "AbleToScale", ("True", "SucceededGetScale"), message);
    let status = scaler.status.get_or_insert_default();
    status.current_replicas = Some(current);
    let (wanted, reason) = if current == 0 && least != 0 {
        let message =
            "scaling is disabled since the replica count of the target is zero".to_owned();
        status.desired_replicas = 0;
        condition(now, scaler, "ScalingActive", ("False", "ScalingDisabled"), message);
        return;
    } else if current > most {
        (most, "Current number of replicas above Spec.MaxReplicas")
    } else if current < least {
        (least, "Current number of replicas below Spec.MinReplicas")
    } else {
        measure(client, scaler, spec.metrics.as_deref().unwrap_or_default());
        return;
    };
    target.resize(client, wanted);
    let message = format!("the HPA controller was able to update the target scale to {wanted}");
    condition(now, scaler, "AbleToScale", ("True", "SucceededRescale"), message);
    let text = format!("New size: {wanted}; reason: {reason}");
    client.normal(scaler, COMPONENT, "SuccessfulRescale", text);
    let status: &mut HorizontalPodAutoscalerStatus = scaler.status.get_or_insert_default();
    status.desired_replicas = wanted;
    status.last_scale_time = Some(Time(now.whole_seconds()));
}

/// Asks for every metric, and gets none of them.
fn measure(client: &mut Client<'_>, scaler: &mut HorizontalPodAutoscaler, metrics: &[MetricSpec]) {
    let failures: Vec<Failure> = metrics.iter().map(|metric| failure(scaler, metric)).collect();
    for failure in &failures {
        client.warning(scaler, COMPONENT, failure.reason, failure.message.clone());
    }
    let status = scaler.status.get_or_insert_default();
    status.current_metrics = Some(vec![MetricStatus::default(); metrics.len()]);
    let Some(first) = failures.first() else { return };
    let message = format!("the HPA was unable to compute the replica count: {}", first.message);
    condition(client.now, scaler, "ScalingActive", ("False", first.reason), message);
    let all = failures.len();
    let message = format!(
        "invalid metrics ({all} invalid out of {all}), first error is: failed to get {}: {}",
        first.what, first.message
    );
    client.warning(scaler, COMPONENT, "FailedComputeMetricsReplicas", message);
}

/// Why a metric is not known.
struct Failure {
    reason: &'static str,
    /// `cpu resource metric value`
    what: String,
    message: String,
}

fn failure(scaler: &HorizontalPodAutoscaler, metric: &MetricSpec) -> Failure {
    let namespace = scaler.metadata.namespace.as_deref().unwrap_or("");
    let of_resource = |name: &str, share: bool| {
        let what = if share { "utilization" } else { "usage" };
        format!(
            "failed to get {name} {what}: unable to get metrics for resource {name}: {NO_METRICS}"
        )
    };
    if let Some(resource) = &metric.resource {
        return Failure {
            reason: "FailedGetResourceMetric",
            what: format!("{} resource metric value", resource.name),
            message: of_resource(&resource.name, resource.target.average_value.is_none()),
        };
    }
    if let Some(resource) = &metric.container_resource {
        return Failure {
            reason: "FailedGetContainerResourceMetric",
            what: format!("{} container metric value", resource.name),
            message: of_resource(&resource.name, resource.target.average_value.is_none()),
        };
    }
    if let Some(object) = &metric.object {
        let of = &object.described_object;
        let name = &object.metric.name;
        return Failure {
            reason: "FailedGetObjectMetric",
            what: "object metric value".to_owned(),
            message: format!(
                "unable to get metric {name}: {} on {namespace} {}/{NO_CUSTOM}",
                of.kind, of.name
            ),
        };
    }
    if let Some(pods) = &metric.pods {
        return Failure {
            reason: "FailedGetPodsMetric",
            what: "pods metric value".to_owned(),
            message: format!("unable to get metric {}: {NO_CUSTOM}", pods.metric.name),
        };
    }
    let name = metric.external.as_ref().map_or("", |external| external.metric.name.as_str());
    Failure {
        reason: "FailedGetExternalMetric",
        what: "external metric value".to_owned(),
        message: format!("unable to get external metric {namespace}/{name}/nil: {NO_EXTERNAL}"),
    }
}

/// Writes a condition; its time is that of its last change.
fn condition(
    now: SimTime,
    scaler: &mut HorizontalPodAutoscaler,
    kind: &str,
    (value, reason): (&str, &str),
    message: String,
) {
    let conditions = scaler.status.get_or_insert_default().conditions.get_or_insert_default();
    let index = conditions.iter().position(|condition| condition.type_ == kind);
    let index = index.unwrap_or_else(|| {
        let type_ = kind.to_owned();
        conditions.push(HorizontalPodAutoscalerCondition { type_, ..Default::default() });
        conditions.len() - 1
    });
    let condition = &mut conditions[index];
    if condition.status != value {
        condition.last_transition_time = Some(Time(now.whole_seconds()));
    }
    condition.status = value.to_owned();
    condition.reason = Some(reason.to_owned());
    condition.message = Some(message);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::super::world::{World, deployment};
    use crate::api::Kind;

    fn scaler(least: i32, most: i32) -> Value {
        json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web"},
            "spec": {
                "minReplicas": least, "maxReplicas": most,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            },
        })
    }

    fn after_a_while(world: &mut World) -> Value {
        world.run(Duration::from_secs(16));
        world.get(Kind::HorizontalPodAutoscaler, "web")["status"].clone()
    }

    #[test]
    fn without_metrics_the_size_stays_and_the_reason_is_told() {
        let mut world = World::new(2);
        world.create(deployment("web", 2));
        world.create(scaler(1, 5));
        let status = after_a_while(&mut world);
        assert_eq!(
            (&status["currentReplicas"], &status["desiredReplicas"]),
            (&json!(2), &json!(0))
        );
        assert_eq!(status["conditions"][1]["reason"], "FailedGetResourceMetric");
        assert_eq!(world.get(Kind::Deployment, "web")["spec"]["replicas"], 2);
        let told: Vec<String> = world.told("web").into_iter().map(|told| told.0).collect();
        assert!(told.contains(&"FailedComputeMetricsReplicas".to_owned()), "{told:?}");
    }

    #[test]
    fn a_size_out_of_bounds_is_put_right() {
        let mut world = World::new(2);
        world.create(deployment("web", 1));
        world.create(scaler(3, 5));
        let status = after_a_while(&mut world);
        assert_eq!(world.get(Kind::Deployment, "web")["spec"]["replicas"], 3);
        assert_eq!(status["conditions"][0]["reason"], "SucceededRescale");
    }

    #[test]
    fn what_is_not_there_cannot_be_scaled() {
        let mut world = World::new(2);
        world.create(scaler(1, 5));
        let status = after_a_while(&mut world);
        assert_eq!(
            status["conditions"][0]["message"],
            "the HPA controller was unable to get the target's current scale: deployments.apps \
             \"web\" not found"
        );
    }
}
