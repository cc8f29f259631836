//! Pods that are not ready: whether they become so by themselves, which setting of their Deployment took all of
//! them at once, and where their probes ask.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{Container, Probe, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::look::{self, shown_name};
use super::owners;
use super::{Case, Diagnosis, Facts, client, services, trial};
use crate::api::{Event, Kind, Pod};
use crate::cluster::Cluster;
use crate::diagnostic::Location;

/// How much may happen in a copy of the cluster.
const MOST_STEPS: u32 = 50_000;

/// How long something is waited for in a copy of the cluster.
const LATER: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
];

/// How long it takes, if nobody does anything, until something holds: tried in a copy of the cluster.
pub(super) fn later(facts: &Facts<'_>, holds: impl Fn(&Cluster) -> bool) -> Option<Duration> {
    let now = facts.case.cluster.now();
    let mut copy = facts.case.cluster.clone();
    let mut steps = MOST_STEPS;
    LATER.into_iter().find(|wait| copy.advance_within(now + *wait, &mut steps) && holds(&copy))
}

/// How long it takes until one of these pods is ready, if nobody does anything.
pub(super) fn ready_later<P: Borrow<Pod>>(facts: &Facts<'_>, pods: &[&P]) -> Option<Duration> {
    later(facts, |cluster| {
        let now = pods.iter().filter_map(|pod| {
            let pod: &Pod = (*pod).borrow();
            let (namespace, name) =
                (pod.metadata.namespace.as_deref(), pod.metadata.name.as_deref());
            cluster.objects().get::<Pod>(namespace.unwrap_or(""), name.unwrap_or(""))
        });
        now.into_iter().any(|pod| pod.is_ready())
    })
}

/// A Deployment's setting that lets all its pods go before a new one is ready.
struct Strategy {
    /// As it is written.
    words: String,
    path: &'static str,
    /// What it does.
    fact: &'static str,
    fix: &'static str,
}

fn strategy(spec: &DeploymentSpec) -> Option<Strategy> {
    let strategy = spec.strategy.as_ref()?;
    if strategy.type_.as_deref() == Some("Recreate") {
        return Some(Strategy {
            words: "strategy: Recreate".to_owned(),
            path: "spec.strategy.type",
            fact: "with Recreate all old pods are ended first, and new ones are made when they are gone",
            fix: "take the strategy Recreate out: RollingUpdate, the usual one, keeps old pods until new ones are ready; apply, and send again",
        });
    }
    let replicas = spec.replicas.unwrap_or(1);
    let most = strategy.rolling_update.as_ref()?.max_unavailable.as_ref()?;
    // A share is rounded down (the Deployment controller's ResolveFenceposts).
    let (away, words) = match most {
        IntOrString::Int(number) => (*number, number.to_string()),
        IntOrString::String(text) => {
            let share: i32 = text.strip_suffix('%')?.parse().ok()?;
            (replicas.saturating_mul(share) / 100, text.clone())
        }
    };
    (replicas > 0 && away >= replicas).then(|| Strategy {
        words: format!("maxUnavailable: {words}"),
        path: "spec.strategy.rollingUpdate.maxUnavailable",
        fact: "maxUnavailable says how many pods may be missing during an update: here all of them",
        fix: "write maxUnavailable: 0 (with maxSurge: 1), apply, and send again",
    })
}

/// An update took every pod of the Service away before a new one was ready.
pub(super) fn gap(
    facts: &Facts<'_>,
    service: &Service,
    matching: &[&Arc<Pod>],
) -> Option<Diagnosis> {
    let (namespace, name) = services::full_name(service);
    let pod = matching.first()?;
    let (kind, owner) = owners::maker(facts, pod);
    let objects = facts.case.cluster.objects();
    let deployment =
        objects.get::<Deployment>(namespace, &owner).filter(|_| kind == Kind::Deployment)?;
    let own = |set: &&Arc<ReplicaSet>| {
        client::controller(&set.metadata).is_some_and(|(_, name)| name == owner)
    };
    if objects.list::<ReplicaSet>(Some(namespace)).filter(own).count() < 2 {
        return None;
    }
    let strategy = strategy(deployment.spec.as_ref()?)?;
    let wait = ready_later(facts, matching)?;
    let shown = shown_name(namespace, name);
    Some(
        Diagnosis::new(
            "no-ready-endpoint",
            format!("Service {shown} had no ready pod: Deployment {owner} let all old ones go before a new one was ready"),
        )
        .look([look::describe("deployment", namespace, &owner), look::pods(namespace)])
        .fact(format!("Deployment {owner} has {}", strategy.words))
        .fact(strategy.fact)
        .facts(matching.iter().map(|pod| pod_line(pod)))
        .fact(match wait.is_zero() {
            true => "the new pods are ready by now".to_owned(),
            false => format!("the new pods are ready by themselves within {} seconds of this", wait.as_secs()),
        })
        .at(facts.locator.field("Deployment", namespace, &owner, strategy.path))
        .fix(strategy.fix),
    )
}

/// How a probe asks a port (`httpGet`), and which; a name that no port of the container has is none.
pub(super) fn asked_port(
    container: &Container,
    probe: &Probe,
) -> Option<(&'static str, Option<i32>)> {
    let (asked, kind) = match (&probe.http_get, &probe.tcp_socket) {
        (Some(http), _) => (&http.port, "httpGet"),
        (_, Some(tcp)) => (&tcp.port, "tcpSocket"),
        _ => return None,
    };
    let declared = |name: &String| {
        let mut ports = container.ports.iter().flatten();
        ports.find(|port| port.name.as_ref() == Some(name)).map(|port| port.container_port)
    };
    let port = match asked {
        IntOrString::Int(port) => Some(*port),
        IntOrString::String(name) => declared(name),
    };
    Some((kind, port))
}

/// A readiness probe that asks at a port that is closed: the port that is open, and where the probe's
/// stands.
pub(super) fn closed_probe(facts: &Facts<'_>, pod: &Pod) -> Option<(u16, Option<Location>)> {
    let open = facts.listeners(pod);
    let first = open.first()?.port;
    let containers = pod.spec.as_ref()?.containers.iter().enumerate();
    let index = containers.into_iter().find_map(|(index, container)| {
        let (kind, port) = asked_port(container, container.readiness_probe.as_ref()?)?;
        let closed = !open.iter().any(|open| Some(i32::from(open.port)) == port);
        closed.then(|| format!("spec.containers[{index}].readinessProbe.{kind}.port"))
    })?;
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let source = facts.pod_source(namespace, name);
    let at = source.and_then(|own| own.line(&index));
    Some((first, at))
}

/// What the kubelet last said of a failing probe of the pod.
pub(super) fn unhealthy(facts: &Facts<'_>, pod: &Pod) -> Option<String> {
    let objects = facts.case.cluster.objects();
    let events = objects.list::<Event>(pod.metadata.namespace.as_deref());
    let of_pod = events.filter(|event| {
        event.origin.involved_object.uid == pod.metadata.uid
            && event.message.reason.as_deref() == Some("Unhealthy")
    });
    let text = of_pod.last().and_then(|event| event.message.text.clone())?;
    let first = text.lines().next().unwrap_or("").trim_end().to_owned();
    Some(format!("pod {}: {first}", pod.metadata.name.as_deref().unwrap_or("")))
}

/// A pod, and whether it is ready; if not, why: nobody has taken it, or what its conditions say.
pub(super) fn pod_line(pod: &Pod) -> String {
    if pod.is_ready() {
        return format!("pod {}: ready", pod.metadata.name.as_deref().unwrap_or(""));
    }
    let said = |kind: &str| {
        let conditions = pod.status.iter().flat_map(|status| status.conditions.iter());
        let mut found = conditions.filter(|known| known.type_ == kind && known.status == "False");
        found.find_map(|known| known.message.clone().or(known.reason.clone()))
    };
    let reason = said("PodScheduled").or_else(|| said("Ready"));
    let reason = reason.unwrap_or_else(|| "not ready".to_owned());
    format!("pod {}: {reason}", pod.metadata.name.as_deref().unwrap_or(""))
}

/// What lets a pod's probe ask where its server listens.
pub(super) fn probe_at(facts: &Facts<'_>, pod: &Pod, port: u16) -> String {
    let name = pod.metadata.name.as_deref().unwrap_or("");
    let maker = owners::object(facts, pod);
    let set = facts.case.cluster.objects().get::<StatefulSet>(&maker.namespace, &maker.name);
    let policy = set.and_then(|set| set.spec.as_ref()?.pod_management_policy.as_deref());
    match maker.kind {
        // Parallel ones are made anew whether they are ready or not.
        Kind::StatefulSet if policy != Some("Parallel") => format!(
            "let the probe ask at port {port}, apply, and kubectl delete pod {name}: a StatefulSet replaces no pod while one is not ready"
        ),
        _ => format!("let the probe ask at port {port}, apply, and send again"),
    }
}

/// The pod is of an older template, which the controller keeps until it is ready: made anew it is right, or
/// the newer template has a probe that asks at a closed port as well. That is tried in a copy.
pub(super) fn older_peer(
    facts: &Facts<'_>,
    said: Diagnosis,
    (namespace, stored): (&str, &Pod),
    pod: &str,
) -> Diagnosis {
    let delete = format!("kubectl delete pod {pod}{}", look::in_namespace(namespace));
    let said = said.fact(format!("pod {pod} is of the older template; the controller waits until it is ready before it makes it anew"));
    let copy = trial::changed(facts, &delete);
    let closed = copy.as_ref().and_then(|copy| {
        let case = Case { run: None, served: BTreeSet::new(), cluster: copy, ..facts.case.clone() };
        let new = copy.objects().get::<Pod>(namespace, pod)?;
        let anew = new.metadata.uid != stored.metadata.uid && !new.is_ready();
        let inner = Facts::bare(&case);
        let found = anew.then(|| closed_probe(&inner, new)).flatten()?;
        Some((found, unhealthy(&inner, new)))
    });
    match closed {
        Some(((port, at), unhealthy)) => said
            .look([look::describe("pod", namespace, pod)])
            .fact("the newer template's readinessProbe asks at a closed port as well: made anew, the pod is not ready either")
            .facts(unhealthy)
            .at(at)
            .fix(probe_at(facts, stored, port)),
        None => said
            .fix(format!("{delete}: the StatefulSet makes it anew, of the new template"))
            // The file is right: no line of it is to blame.
            .at(None),
    }
}
