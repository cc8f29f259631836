//! Services whose pods are there, and none of them is ready.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::look::{self, shown_name};
use super::packets::Failed;
use super::readiness::{closed_probe, pod_line, unhealthy};
use super::{Diagnosis, client, gone, readiness, rollouts, selectors, services, trial};
use crate::api::{Kind, Pod};
use crate::cluster::{Did, Place};
use crate::diagnostic::counted;
use crate::network::Protocol;

impl Failed<'_> {
    /// The Service's pods have become ready since the request was sent.
    fn came_too_early(&self, rule: &str, service: &Service, matching: &[&Arc<Pod>]) -> Diagnosis {
        let (namespace, name) = services::full_name(service);
        let shown = shown_name(namespace, name);
        let message = format!("Service {shown} had no endpoint yet when the request came");
        Diagnosis::new("no-ready-endpoint", message)
            .look([look::endpoints(namespace, name), look::pods(namespace)])
            .facts(matching.iter().map(|pod| pod_line(pod)))
            .fact("a pod that has become ready joins its Services a moment later")
            .at(self.service_field(rule, "spec.selector"))
            .fix("send again: pods of the Service are ready now")
    }

    /// Every pod that the Service selects has been deleted and has ended: finalizers keep the objects alone.
    fn kept_by_finalizer(&self, service: &Service, matching: &[&Arc<Pod>]) -> Option<Diagnosis> {
        let is_shell = |pod: &&Arc<Pod>| {
            pod.metadata.deletion_timestamp.is_some()
                && pod.is_finished()
                && client::controller(&pod.metadata).is_none()
        };
        let pod = matching.first().filter(|_| matching.iter().all(is_shell))?;
        let finalizer = pod.metadata.finalizers.iter().flatten().next()?;
        let (namespace, service) = services::full_name(service);
        let name = pod.metadata.name.as_deref().unwrap_or("");
        let source = self.facts.pod_source(namespace, name);
        let (place, shown) = (look::in_namespace(namespace), shown_name(namespace, name));
        Some(
            Diagnosis::new(
                "nothing-brings-it-back",
                format!("pod {shown} was deleted and has ended, and nothing brings it back"),
            )
            .look([look::pods(namespace), format!("kubectl get pod {name}{place} -o yaml")])
            .fact(format!(
                "its finalizer {finalizer} keeps the object of the pod, not its containers: Service {service} has no endpoint in it"
            ))
            .at(source.and_then(|source| source.line("metadata.finalizers")))
            .fix(format!(
                "take finalizers out, and make a Deployment of it, with pod {name} as its template"
            )),
        )
    }

    /// Every pod that the Service selects is one that no controller of the player's keeps: it is for
    /// others.
    fn only_strays(&self, service: &Service, matching: &[&Arc<Pod>]) -> Option<Diagnosis> {
        let (namespace, name) = services::full_name(service);
        let stray = |pod: &&Arc<Pod>| {
            self.facts.pod_source(namespace, pod.metadata.name.as_deref().unwrap_or("")).is_none()
        };
        if !matching.iter().all(stray) {
            return None;
        }
        let shown = shown_name(namespace, name);
        let message = format!("Service {shown} selects none of the pods that it is for");
        let words = ("service-selects-nothing", message.as_str());
        let scaled = services::selector(service)
            .and_then(|wanted| selectors::scaled_to_none(self.facts, service, wanted, words));
        scaled.or_else(|| selectors::passes_over(self.facts, service, None))
    }

    /// A port where somebody listens, and another answer than the probe wants.
    fn odd_probe(&self, pod: &Pod, said: &Diagnosis) -> Option<Diagnosis> {
        let object = super::owners::object(self.facts, pod);
        if self.facts.listeners(pod).is_empty() || object.kind == Kind::Pod {
            return None;
        }
        rollouts::failing_probe(self.facts, &object, pod, said)
            .or_else(|| rollouts::probe_waits(self.facts, &object, pod, said))
            .filter(|said| said.at.is_some())
    }

    /// A probe that asks late, where the pod becomes ready by itself: its line.
    fn late_probe(&self, pod: &Pod, said: &Diagnosis) -> Option<Diagnosis> {
        let maker = super::owners::object(self.facts, pod);
        let late = rollouts::probe_waits(self.facts, &maker, pod, said)?;
        late.at.is_some().then(|| late.fix(said.fix.clone()))
    }

    /// The pods' own gates keep them from being ready: nobody has set their conditions (R3.8).
    fn gated(&self, service: &Service, matching: &[&Arc<Pod>]) -> Option<Diagnosis> {
        let pod = matching.first()?;
        let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let holds = |kind: &str| pod.condition(kind).is_some_and(|one| one.status == "True");
        let gates = pod.spec.as_ref()?.readiness_gates.iter().flatten();
        let gate = gates.into_iter().find(|gate| !holds(&gate.condition_type))?;
        if !holds("ContainersReady") {
            return None;
        }
        let (service_space, service_name) = services::full_name(service);
        let source = self.facts.pod_source(namespace, name);
        Some(
            Diagnosis::new(
                "no-ready-endpoint",
                format!(
                    "Service {} selects {}, held back by a readiness gate",
                    shown_name(service_space, service_name),
                    counted(matching.len(), "pod")
                ),
            )
            .look([look::pods(namespace), look::describe("pod", namespace, name)])
            .fact(format!(
                "the containers of pod {name} are ready, and nobody has set its condition {}",
                gate.condition_type
            ))
            .at(source.and_then(|source| source.line("spec.readinessGates")))
            .fix(
                "take readinessGates out, apply, and send again; or let somebody set the condition",
            ),
        )
    }

    /// Why none of them is ready, where it is one of the usual causes.
    fn known_cause(&self, service: &Service, matching: &[&Arc<Pod>]) -> Option<Diagnosis> {
        self.kept_by_finalizer(service, matching)
            .or_else(|| self.only_strays(service, matching))
            .or_else(|| self.dark_nodes(service, matching))
            .or_else(|| self.withheld_names(service, matching))
            .or_else(|| self.unknown_names(service, matching))
            .or_else(|| self.odd_server(service, matching))
            .or_else(|| self.gated(service, matching))
    }

    /// Pods of the Service are there, and none of them is ready.
    pub(super) fn not_ready(
        &self,
        rule: &str,
        service: &Service,
        matching: &[&Arc<Pod>],
    ) -> Diagnosis {
        let (namespace, name) = services::full_name(service);
        let leaving = |pod: &&&Arc<Pod>| pod.metadata.deletion_timestamp.is_some();
        let staying: Vec<&Arc<Pod>> =
            matching.iter().filter(|pod| !leaving(pod)).copied().collect();
        let matching = if staying.is_empty() { matching } else { &staying };
        if let Some(said) = readiness::gap(self.facts, service, matching) {
            return said;
        }
        if matching.iter().any(|pod| pod.is_ready()) {
            return self.came_too_early(rule, service, matching);
        }
        if let Some(said) = self.known_cause(service, matching) {
            return said;
        }
        let probe = matching.iter().find_map(|pod| closed_probe(self.facts, pod));
        let port = probe.as_ref().map(|(port, _)| *port);
        let line = probe.and_then(|(_, line)| line);
        let pod = matching.first().and_then(|pod| pod.metadata.name.as_deref()).unwrap_or("");
        let soon = port.is_none().then(|| readiness::ready_later(self.facts, matching)).flatten();
        let place = look::in_namespace(namespace);
        let fix = match (&port, soon) {
            (Some(port), _) => format!("let the probe ask at port {port}, apply, and send again"),
            (None, Some(_)) => format!(
                "wait for them: kubectl wait --for=condition=Ready pod/{pod}{place}, and send again"
            ),
            (None, None) => format!(
                "mend what keeps the pods from being ready: kubectl describe pod {pod}{place}"
            ),
        };
        let said = Diagnosis::new(
            "no-ready-endpoint",
            format!(
                "Service {} selects {}",
                shown_name(namespace, name),
                match matching.len() {
                    1 => "1 pod, and it is not ready".to_owned(),
                    several => format!("{several} pods, but none of them is ready"),
                }
            ),
        )
        .look([look::pods(namespace), look::describe("pod", namespace, pod)])
        .facts(matching.iter().map(|pod| pod_line(pod)))
        .facts(matching.iter().filter_map(|pod| unhealthy(self.facts, pod)))
        .facts(soon.map(|wait| {
            format!("they become ready by themselves within {} seconds of this", wait.as_secs())
        }))
        .at(line.or_else(|| self.service_field(rule, "spec.selector")))
        .fix(fix);
        match (port, soon) {
            (None, None) => matching.iter().find_map(|pod| self.odd_probe(pod, &said)),
            (None, Some(_)) => matching.iter().find_map(|pod| self.late_probe(pod, &said)),
            _ => None,
        }
        .unwrap_or(said)
    }

    /// The readiness probe asks at the Service's own port, and the server is the odd one: it listens on another
    /// port, or on the pod's loopback address alone.
    fn odd_server(&self, service: &Service, matching: &[&Arc<Pod>]) -> Option<Diagnosis> {
        let facts = self.facts;
        let pod = matching.first()?;
        let asked = asked_port(pod)?;
        let (namespace, name) = services::full_name(service);
        let (pod_space, pod_name) =
            (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let ports = service.spec.as_ref()?.ports.as_ref()?;
        let declared = |name: &str| {
            let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
            let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
            let found = ports.find(|port| port.name.as_deref() == Some(name))?;
            Some(found.container_port.to_string())
        };
        let target = ports.iter().any(|port| {
            let target = services::target(port);
            declared(&target).unwrap_or(target) == asked.to_string()
        });
        let open = facts.listeners(pod);
        let tcp = || open.iter().filter(|one| one.protocol == Protocol::Tcp);
        let here = tcp().find(|one| one.port == asked);
        let (word, fact, fix) = match here {
            Some(one) if one.address.is_loopback() => (
                vec![format!("{}:{asked}", one.address), one.address.to_string()],
                format!(
                    "its server listens on {}:{asked} alone, and the kubelet asks at the pod's address",
                    one.address
                ),
                format!("let the server listen on 0.0.0.0:{asked}"),
            ),
            Some(_) => return None,
            None => {
                let other = tcp().next().filter(|_| target && tcp().count() == 1)?.port;
                (
                    vec![format!(":{other}"), other.to_string()],
                    format!(
                        "its server listens on port {other}; its probe asks at port {asked}, and Service {name} leads there too"
                    ),
                    format!("let the server listen on port {asked}"),
                )
            }
        };
        let at = facts
            .pod_source(pod_space, pod_name)
            .and_then(|own| facts.locator.mention_in(&own.source, &word));
        let at = at.or_else(|| facts.locator.mention(word.iter().take(1)))?;
        Some(
            Diagnosis::new(
                "no-ready-endpoint",
                format!(
                    "Service {} selects {}, and its readinessProbe fails",
                    shown_name(namespace, name),
                    match matching.len() {
                        1 => "1 pod".to_owned(),
                        several => format!("{several} pods"),
                    }
                ),
            )
            .look(look::sockets(facts.case.cluster, pod))
            .look([look::describe("pod", pod_space, pod_name)])
            .fact(fact)
            .facts(matching.iter().filter_map(|pod| unhealthy(facts, pod)))
            .at(Some(at))
            .fix(format!("{fix}, apply, and send again")),
        )
    }

    /// Every pod of the Service is on a node that does not answer any more.
    fn dark_nodes(&self, service: &Service, matching: &[&Arc<Pod>]) -> Option<Diagnosis> {
        let objects = self.facts.case.cluster.objects();
        let dark = |name: &str| {
            objects.get::<Node>("", name).is_some_and(|node| {
                let conditions =
                    node.status.iter().flat_map(|status| status.conditions.iter().flatten());
                conditions.into_iter().any(|one| one.type_ == "Ready" && one.status != "True")
            })
        };
        let mut nodes: Vec<&str> = Vec::new();
        for pod in matching {
            let node = pod.spec.as_ref()?.node_name.as_deref().filter(|node| dark(node))?;
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
        let (first, list) = (*nodes.first()?, nodes.join(", "));
        let (namespace, name) = services::full_name(service);
        let held = matching.iter().find_map(|pod| self.tied(pod));
        let said = Diagnosis::new(
            "node-down",
            format!(
                "every pod of Service {} is on {list}, which does not answer any more",
                shown_name(namespace, name)
            ),
        )
        .look([look::nodes(), look::pods(namespace), look::describe("node", "", first)]);
        // What stands for the line comes first: it is what the line is marked with.
        let moves = held.is_none() && matching.iter().all(|pod| is_of_a_set(pod));
        let said = match held {
            Some((what, at)) => said
                .fact(format!("{what} ties them to their node: no other may take them"))
                .at(at)
                .fix(format!("take {what} out, or let it mean several nodes, and apply; or switch {first} on again")),
            None => self.not_apart(service, matching, said, first),
        };
        let said = said.facts(matching.iter().map(|pod| pod_line(pod))).fact(format!(
            "{list} is NotReady: its pods count as not ready, and leave the endpoints"
        ));
        Some(match moves {
            false => said,
            true => said.fact("its pods are made anew on other nodes when the control plane has given it up, after some minutes"),
        })
    }

    /// All pods of a Service are on one dark node, and nothing ties them to it: nothing keeps them apart either.
    fn not_apart(
        &self,
        service: &Service,
        matching: &[&Arc<Pod>],
        said: Diagnosis,
        node: &str,
    ) -> Diagnosis {
        let (namespace, name) = services::full_name(service);
        let (wished, at) = matching.iter().find_map(|pod| self.apart(pod)).unwrap_or_default();
        let selector = || self.facts.locator.field("Service", namespace, name, "spec.selector");
        let said = said.at(at.or_else(selector));
        let hard = "a required podAntiAffinity, or topologySpreadConstraints with DoNotSchedule";
        match (matching.len(), wished) {
            (1, _) => said.fact("it is a single pod, so its node's loss is the loss of all").fix(
                format!("let more than one pod serve, and keep them apart: {hard}; or switch {node} on again"),
            ),
            (_, Some(what)) => said
                .fact(format!(
                    "{what} is a wish: where no other node takes a pod, it goes to one that has a pod already, and nobody moves it later"
                ))
                .fix(format!("ask for it instead of wishing it: {hard}; or switch {node} on again")),
            (_, None) => said
                .fact("nothing keeps the pods apart, and nobody moves a pod that runs")
                .fix(format!("keep the pods on different nodes: {hard}; or switch {node} on again")),
        }
    }

    /// The pods' own programs, their probes among them, ask for names that a headless Service gives only
    /// for ready pods (R8.3, R8.6): whether giving them earlier helps is tried out.
    fn withheld_names(&self, service: &Service, matching: &[&Arc<Pod>]) -> Option<Diagnosis> {
        let facts = self.facts;
        let (asker, name) = facts.case.cluster.deeds().rev().find_map(|deed| {
            let Did::NotResolved { name, .. } = &deed.did else { return None };
            let Place::Container { pod, .. } = &deed.place else { return None };
            let own = |one: &&&Arc<Pod>| one.metadata.name.as_deref() == Some(&**pod);
            matching.iter().find(own).map(|_| (pod, name))
        })?;
        let (namespace, shown) = services::full_name(service);
        if let Some(gone) = gone::named(facts, name) {
            let said = Diagnosis::new(
                "no-ready-endpoint",
                format!(
                    "Service {shown} selects {}, but none of them is ready",
                    counted(matching.len(), "pod")
                ),
            );
            let said = said
                .look([look::pods(namespace), look::services(namespace)])
                .fact(format!("pod {asker} asks for {name}, and DNS knows no such name"));
            return Some(gone.explain(said));
        }
        let mut parts = name.split('.').filter(|part| !part.is_empty());
        let first = parts.next()?;
        let objects = facts.case.cluster.objects();
        let headless = [Some(first), parts.next()].into_iter().flatten().find_map(|name| {
            objects.get::<Service>(namespace, name).filter(|one| services::is_headless(one))
        })?;
        let (namespace, headless_name) = services::full_name(headless);
        let command =
            trial::patch(namespace, headless_name, r#"{"publishNotReadyAddresses":true}"#);
        if trial::after(facts, &command) != trial::Tried::Passes {
            return None;
        }
        let words = "publishNotReadyAddresses: true";
        let at = facts.locator.field("Service", namespace, headless_name, "spec");
        let (_, shown) = services::full_name(service);
        Some(
            Diagnosis::new(
                "no-ready-endpoint",
                format!("Service {shown} selects {}, but none of them is ready", counted(matching.len(), "pod")),
            )
            .look([look::pods(namespace), look::service(namespace, headless_name)])
            .fact(format!("pod {asker} asks for {name} before it is ready, and DNS knows no such name"))
            .fact(format!("Service {headless_name} gives names to ready pods alone, and each pod waits for the others"))
            .at(at)
            .fix(format!("write {words} in Service {headless_name}, apply, and send again")),
        )
    }
}

impl Failed<'_> {
    /// A pod's own programs, its probe among them, have just asked for a name below a Service, and there is
    /// none: why is what keeps the pod from being ready.
    fn unknown_names(&self, service: &Service, matching: &[&Arc<Pod>]) -> Option<Diagnosis> {
        let facts = self.facts;
        let now = facts.case.cluster.now();
        let mut deeds = facts.case.cluster.deeds().rev();
        let mut deeds = deeds.by_ref().take_while(|deed| now.since(deed.at) <= RECENT);
        let (place, asker, name) = deeds.find_map(|deed| {
            let Did::NotResolved { name, .. } = &deed.did else { return None };
            let Place::Container { pod, .. } = &deed.place else { return None };
            let own = |one: &&&Arc<Pod>| one.metadata.name.as_deref() == Some(&**pod);
            matching.iter().find(own).map(|_| (deed.place.clone(), pod.clone(), name.clone()))
        })?;
        let why = facts.unknown_to(place, name.trim_end_matches('.').to_owned())?;
        if why.code != "no-name-for-pod" || why.at.is_none() {
            return None;
        }
        let (namespace, shown) = services::full_name(service);
        let count = counted(matching.len(), "pod");
        let message = format!("Service {shown} selects {count}, but none of them is ready");
        Some(
            Diagnosis::new("no-ready-endpoint", message)
                .look([look::pods(namespace)])
                .fact(format!("pod {asker} asks for {name}, and DNS knows no such name"))
                .because_of(why),
        )
    }
}

/// How long ago a question counts that a probe asks again and again.
const RECENT: Duration = Duration::from_secs(15);

/// The port at which a readiness probe of the pod asks.
fn asked_port(pod: &Pod) -> Option<u16> {
    pod.spec.as_ref()?.containers.iter().find_map(|container| {
        let probe = container.readiness_probe.as_ref()?;
        let http = probe.http_get.as_ref().map(|http| &http.port);
        let asked = http.or_else(|| probe.tcp_socket.as_ref().map(|tcp| &tcp.port))?;
        let number = match asked {
            IntOrString::Int(number) => *number,
            IntOrString::String(name) => {
                let mut ports = container.ports.iter().flatten();
                ports.find(|port| port.name.as_ref() == Some(name))?.container_port
            }
        };
        u16::try_from(number).ok()
    })
}

/// Whether a ReplicaSet made the pod, which alone makes another one on another node before the old one is gone.
fn is_of_a_set(pod: &Pod) -> bool {
    client::controller(&pod.metadata).is_some_and(|(kind, _)| kind == "ReplicaSet")
}
