//! Packets that did not arrive: what was decided at the last hop, and what it was decided on.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::look::{self, shown_name};
use super::{
    Diagnosis, Facts, denials, doors, gone, party_name, readiness, selectors, services, trial,
    variables, workloads,
};
use crate::api::{Event, Pod};
use crate::cluster::{Did, Place};
use crate::diagnostic::{Location, counted, nearest};
use crate::level::probe::Miss;
use crate::manifest;
use crate::network::{Because, DnsData, Outcome, Party, Protocol, SocketAddr, Trace};

/// How many of the pods' ports are tried.
const MOST_PORTS: usize = 6;

/// The last connection failed, and its trace says why.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let trace = facts.connection?;
    if matches!(trace.outcome, Outcome::Delivered { .. }) {
        return None;
    }
    let failed = Failed { facts, trace, to: trace.flow.destination };
    let hop = trace.hops.iter().rev().find(|hop| !matches!(hop.because, Because::Reply))?;
    Some(match &hop.because {
        Because::NoEndpoints { service, known, .. } => failed.no_endpoints(service, *known),
        Because::NoLocalEndpoints { service, elsewhere, .. } => {
            failed.no_local_endpoint(service, *elsewhere)
        }
        Because::NotAServicePort { service, ports } => failed.not_a_service_port(service, ports),
        Because::NoSuchService => failed.no_such_service(),
        Because::NoSuchPod { .. } | Because::NoSuchHost if services::chosen(trace).is_some() => {
            failed.gone_endpoint()?
        }
        Because::NoSuchPod { was } => failed.no_such_pod(was.as_ref()),
        Because::NoRouteFromOutside => failed.outside(),
        Because::NodeDown { node } => failed.node_down(node),
        Because::PolicyDenies { policies } => denials::diagnose(facts, hop, policies),
        Because::NobodyListens { listening } => failed.nobody_listens(listening),
        Because::LoopbackOnly { process } => {
            failed.loopback_only(process, hop.after.destination.port())
        }
        other => return doors::diagnose(&failed, other),
    })
}

/// A connection that was not made.
pub(super) struct Failed<'a> {
    pub facts: &'a Facts<'a>,
    pub trace: &'a Trace,
    /// The address that was dialled.
    pub to: SocketAddr,
}

impl Failed<'_> {
    /// The player's line with the address that was dialled, or with the port alone.
    pub fn mention(&self) -> Option<Location> {
        let hosts = [self.host(), name_of(self.facts, self.trace)];
        let hosts: Vec<String> = hosts.into_iter().flatten().collect();
        self.facts.dialled_at(&hosts, Some(self.to.ip()), self.to.port())
    }

    /// The host as the client was told it.
    fn host(&self) -> Option<String> {
        let host = &self.facts.fetched?.host;
        (!host.is_empty()).then(|| host.clone())
    }

    /// The command that shows the Service that a rule names.
    pub fn service_look(&self, rule: &str) -> Option<String> {
        let (namespace, name) = services::full_name(services::find(self.facts, rule)?);
        Some(look::service(namespace, name))
    }

    /// The line of a field of the Service that a rule names.
    pub fn service_field(&self, rule: &str, path: &str) -> Option<Location> {
        let (namespace, rest) = rule.split_once('/')?;
        self.facts.locator.field("Service", namespace, rest.split(':').next()?, path)
    }

    fn no_endpoints(&self, rule: &str, known: u32) -> Diagnosis {
        let Some(service) = services::find(self.facts, rule) else {
            let name = short(rule);
            return Diagnosis::new("service-selects-nothing", format!("{name} has no endpoints"))
                .look([look::services(&self.facts.namespace())]);
        };
        let (namespace, name) = services::full_name(service);
        let shown = shown_name(namespace, name);
        let Some(wanted) = services::selector(service) else {
            if let Some(said) = self.name_without_type(service) {
                return said;
            }
            let slice = self
                .unfit_slice(service)
                .or_else(|| self.astray_slice(service))
                .or_else(|| self.namesake(service));
            return slice.unwrap_or_else(|| {
                Diagnosis::new(
                    "service-without-selector",
                    format!(
                        "Service {shown} has no selector and no EndpointSlice, so it leads nowhere"
                    ),
                )
                .look([look::service(namespace, name), look::labels(namespace)])
                .fact(format!("a Service gets endpoints by its selector, or by an EndpointSlice that somebody writes with the label kubernetes.io/service-name={name}"))
                .at(self.service_field(rule, "spec.selector"))
                .fix(self.without_selector(service))
            });
        };
        let (all, matching) = services::pods(self.facts, service);
        if matching.is_empty() {
            let message = format!("Service {shown} has no endpoints, so the connection is refused");
            return selectors::nothing(
                self.facts,
                service,
                wanted,
                "service-selects-nothing",
                message,
            );
        }
        let selected = selectors::shown(wanted);
        let fact = format!("selector {selected} matches {} of {} pods", matching.len(), all.len());
        let named = services::port(service, self.to.port());
        let named = named.is_some_and(|(_, port)| services::is_named(port));
        if known == 0 && named && matching.iter().any(|pod| services::has_address(pod)) {
            return self.port_without_name(rule, service, &matching).fact(fact);
        }
        workloads::trouble(self.facts, &matching)
            .unwrap_or_else(|| self.not_ready(rule, service, &matching))
    }

    /// Its externalName is there, and its type does not heed it (R7.5).
    fn name_without_type(&self, service: &Service) -> Option<Diagnosis> {
        let spec = service.spec.as_ref()?;
        let target = spec.external_name.as_deref().filter(|target| !target.is_empty())?;
        let kind = spec.type_.as_deref().filter(|kind| *kind != "ExternalName")?;
        let (namespace, name) = services::full_name(service);
        let shown = shown_name(namespace, name);
        Some(
            Diagnosis::new(
                "service-without-selector",
                format!("Service {shown} has an externalName and is of type {kind}, which does not heed it"),
            )
            .look([look::yaml("service", namespace, name)])
            .fact(format!("externalName is {target}; only a Service of type ExternalName is another name"))
            .nearest(Some("type: ExternalName".to_owned()))
            .at(self.facts.locator.field("Service", namespace, name, "spec.externalName"))
            .fix("write type: ExternalName, apply, and send again"),
        )
    }

    /// What a Service without selector and slice is to be given: pods of its own namespace, where there are
    /// such as are meant, a name of another one, where they are there, or the address of a machine.
    fn without_selector(&self, service: &Service) -> String {
        let (namespace, _) = services::full_name(service);
        let other = selectors::moved(self.facts, service);
        if let Some(other) = other.filter(|(space, _)| *space != namespace) {
            return selectors::another_name(self.facts, service, other);
        }
        match &self.facts.case.goal.expect.served_by_host {
            Some(host) => format!(
                "give it an EndpointSlice with the address of {host}, which is no pod: nslookup {host} tells it"
            ),
            None => "give it a selector with the pods' labels, and apply".to_owned(),
        }
    }

    /// The Service's targetPort is a name that none of its pods' ports has.
    fn port_without_name(
        &self,
        rule: &str,
        service: &Service,
        matching: &[&Arc<Pod>],
    ) -> Diagnosis {
        let (namespace, name) = services::full_name(service);
        let index = services::port(service, self.to.port()).map_or(0, |(index, _)| index);
        let near = self
            .port_that_passes(service, index, matching)
            .or_else(|| services::nearest_port_name(self.facts, service, index, matching));
        let fix = near.as_ref().map(|near| format!("write {near}, apply, and send again"));
        Diagnosis::new(
            "target-port-has-no-name",
            format!(
                "Service {} selects pods, but none of them has the port it names",
                shown_name(namespace, name)
            ),
        )
        .look([look::service(namespace, name), look::endpoints(namespace, name)])
        .fact("a targetPort that is a name has to be the name of a container's port")
        .nearest(near)
        .at(self.service_field(rule, &format!("spec.ports[{index}].targetPort")))
        .fix(fix.unwrap_or_default())
    }

    /// The port of the pods, by its name or number, with which the goal passes: each is tried.
    fn port_that_passes(
        &self,
        service: &Service,
        index: usize,
        matching: &[&Arc<Pod>],
    ) -> Option<String> {
        let (namespace, name) = services::full_name(service);
        let containers =
            matching.iter().filter_map(|pod| pod.spec.as_ref()).flat_map(|spec| &spec.containers);
        let ports = containers.flat_map(|container| container.ports.iter().flatten());
        let mut targets: Vec<String> = Vec::new();
        for port in ports {
            let number = port.container_port.to_string();
            let target = port.name.as_ref().map_or(number, |name| format!("{name:?}"));
            if !targets.contains(&target) && targets.len() < MOST_PORTS {
                targets.push(target);
            }
        }
        let passes = targets.into_iter().find(|target| {
            let command = trial::target_port(namespace, name, index, target);
            trial::after(self.facts, &command) == trial::Tried::Passes
        })?;
        Some(format!("targetPort: {}", passes.trim_matches('"')))
    }

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

    /// Pods of the Service are there, and none of them is ready.
    fn not_ready(&self, rule: &str, service: &Service, matching: &[&Arc<Pod>]) -> Diagnosis {
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
        let known = self
            .only_strays(service, matching)
            .or_else(|| self.dark_nodes(service, matching))
            .or_else(|| self.withheld_names(service, matching))
            .or_else(|| self.odd_server(service, matching));
        if let Some(said) = known {
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
        Diagnosis::new(
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
            format!("they become ready by themselves within {} seconds from now", wait.as_secs())
        }))
        .at(line.or_else(|| self.service_field(rule, "spec.selector")))
        .fix(fix)
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
        .look([look::nodes(), look::pods(namespace), look::describe("node", "", first)])
        .facts(matching.iter().map(|pod| pod_line(pod)))
        .fact(format!("{list} is NotReady: its pods count as not ready, and leave the endpoints"));
        Some(match held {
            Some((what, at)) => said
                .fact(format!("{what} ties them to their node: no other may take them"))
                .at(at)
                .fix(format!("take {what} out, or let it mean several nodes, and apply; or switch {first} on again")),
            None => said
                .fact("its pods are made anew on other nodes when the control plane has given it up, after some minutes")
                .at(self.facts.locator.field("Service", namespace, name, "spec.selector"))
                .fix(format!("switch {first} on again, or spread the pods over several nodes")),
        })
    }

    /// A node that is off was dialled.
    fn node_down(&self, node: &str) -> Diagnosis {
        let at = self.mention();
        let said = Diagnosis::new("node-down", format!("{node} is down, so nobody there answers"))
            .look([look::nodes()]);
        match self.only_one_of_a_list(at.as_ref()) {
            Some((script, list, line)) => said
                .fact(format!("{list} has addresses of other nodes, and {script} asked none of them"))
                .fact("a machine that is down says nothing, not even no: who asks has to give up, and ask another")
                .at(line)
                .fix(format!("let {script} ask the next address of {list} when one does not answer, and send again")),
            None => said
                .fact("its pods are moved when the control plane has given it up, after some minutes")
                .at(at)
                .fix(format!("switch {node} on again, or dial another node")),
        }
    }

    /// The address stands in a list that a script reads, with addresses of other nodes, and the script
    /// dialled this one alone: the script, the list, and where the script dials.
    fn only_one_of_a_list(
        &self,
        at: Option<&Location>,
    ) -> Option<(String, String, Option<Location>)> {
        let list = &at?.file;
        let run = &self.facts.case.goal.run;
        let script = self.facts.case.files.keys().find(|file| super::mentions(run, file))?;
        if crate::level::apply::is_manifest(list) || **list == **script {
            return None;
        }
        let text = String::from_utf8_lossy(self.facts.case.files.get(&**list)?);
        let own = self.to.ip().to_string();
        let nodes = self.nodes();
        nodes.iter().find(|(_, address)| *address != own && super::mentions(&text, address))?;
        let sent = self.facts.case.run.map_or(&[][..], |run| run.traces.as_slice());
        let mut sent = sent.iter().filter_map(|id| self.facts.case.cluster.trace(*id));
        let alone =
            sent.all(|trace| trace.dns.is_some() || trace.flow.destination.ip() == self.to.ip());
        let line = self.facts.request_of_the_script(script);
        alone.then(|| (script.clone(), list.to_string(), line))
    }

    /// What ties a pod to its node, and where that is written.
    fn tied(&self, pod: &Pod) -> Option<(&'static str, Option<Location>)> {
        let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let source = self.facts.pod_source(namespace, name)?;
        let written = source.pod()?.get("spec")?;
        let field =
            ["nodeName", "nodeSelector"].into_iter().find(|field| !written[*field].is_null())?;
        let path = source.within(&format!("spec.{field}"));
        Some((field, super::locate::at(&source.source, &path)))
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
            return Some(gone.told(said));
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

    /// The Service leads nowhere, nobody in its namespace listens, and a Service of the same name in
    /// another namespace has pods (R4.6).
    fn namesake(&self, service: &Service) -> Option<Diagnosis> {
        let (namespace, name) = services::full_name(service);
        let objects = self.facts.case.cluster.objects();
        let mut pods = objects.list::<Pod>(Some(namespace));
        if pods.any(|pod| !self.facts.listeners(pod).is_empty()) {
            return None;
        }
        let other = objects.list::<Service>(None).find(|other| {
            let (space, other_name) = services::full_name(other);
            let (_, matching) = services::pods(self.facts, other);
            space != namespace && other_name == name && !matching.is_empty()
        })?;
        let (space, _) = services::full_name(other);
        let shown = shown_name(namespace, name);
        Some(
            Diagnosis::new(
                "service-without-selector",
                format!("Service {shown} has no selector and no EndpointSlice, so it leads nowhere"),
            )
            .look(["kubectl get services --all-namespaces".to_owned(), look::labels(namespace)])
            .fact(format!("no pod of namespace {namespace} serves anything: a selector finds pods of its own namespace alone"))
            .fact(format!("Service {name} of namespace {space} has pods"))
            .nearest(Some(format!("{name}.{space}")))
            .at(self.mention().or_else(|| self.facts.locator.field("Service", namespace, name, "kind")))
            .fix(format!("call {name}.{space}")),
        )
    }

    /// Somebody wrote an EndpointSlice for it, but by another port, or with nobody ready.
    fn unfit_slice(&self, service: &Service) -> Option<Diagnosis> {
        let slices = services::slices(self.facts, service);
        let slice = slices.iter().find(|slice| !services::is_kept(slice))?;
        let (namespace, name) =
            (slice.metadata.namespace.as_deref()?, slice.metadata.name.as_deref()?);
        let (_, port) = services::port(service, self.to.port())?;
        let wanted = port.name.as_deref().unwrap_or("");
        let has: Vec<&str> =
            slice.ports.iter().flatten().map(|port| port.name.as_deref().unwrap_or("")).collect();
        let line = |path: &str| self.facts.locator.field("EndpointSlice", namespace, name, path);
        let (_, service_name) = services::full_name(service);
        let said = Diagnosis::new(
            "slice-does-not-fit",
            format!(
                "EndpointSlice {name} gives Service {} no endpoint that it can use",
                shown_name(namespace, service_name)
            ),
        )
        .look([
            look::yaml("endpointslice", namespace, name),
            look::service(namespace, service_name),
        ]);
        let at = slice
            .ports
            .iter()
            .flatten()
            .position(|port| port.name.as_deref().unwrap_or("") == wanted);
        let asked = protocol_name(self.trace.flow.protocol);
        let given = at.and_then(|at| slice.ports.as_ref()?.get(at)?.protocol.as_deref());
        if let (Some(at), Some(given)) = (at, given.filter(|given| *given != asked)) {
            return Some(
                said.fact(format!("the slice's port is for {given}, the Service's for {asked}"))
                    .fact("ports of a Service and of its slices are joined by name and protocol")
                    .nearest(Some(format!("protocol: {asked}")))
                    .at(line(&format!("ports[{at}].protocol")))
                    .fix(format!("write protocol: {asked} in EndpointSlice {name}, and apply")),
            );
        }
        if has.contains(&wanted) {
            return Some(
                said.fact("none of its endpoints is ready")
                    .at(line("endpoints[0].conditions"))
                    .fix("let an endpoint of the slice be ready, and apply"),
            );
        }
        Some(
            said.fact(format!("the Service's port is called {wanted:?}, the slice has {has:?}"))
                .fact("ports of a Service and of its slices are joined by name")
                .nearest(Some(format!("name: {wanted:?}")))
                .at(line("ports[0].name"))
                .fix(format!("call the slice's port {wanted:?} too, and apply")),
        )
    }

    /// Somebody wrote an EndpointSlice whose label names a Service that is not there (R5.6).
    fn astray_slice(&self, service: &Service) -> Option<Diagnosis> {
        let (namespace, service_name) = services::full_name(service);
        let objects = self.facts.case.cluster.objects();
        let label = "kubernetes.io/service-name";
        let (slice, named) = objects.list::<EndpointSlice>(Some(namespace)).find_map(|slice| {
            let labels = slice.metadata.labels.as_ref();
            let named = labels.and_then(|labels| labels.get(label)).map(String::as_str);
            let astray =
                named.is_none_or(|named| objects.get::<Service>(namespace, named).is_none());
            (astray && !services::is_kept(slice)).then_some((slice, named))
        })?;
        let name = slice.metadata.name.as_deref()?;
        let annotated =
            slice.metadata.annotations.as_ref().is_some_and(|notes| notes.contains_key(label));
        let (fact, path) = match named {
            Some(named) => (
                format!("EndpointSlice {name} has {label}={named}, and there is no such Service"),
                manifest::field("metadata.labels", label),
            ),
            None if annotated => (
                format!(
                    "EndpointSlice {name} has {label} as an annotation: only a label joins it to its Service"
                ),
                manifest::field("metadata.annotations", label),
            ),
            None => (format!("EndpointSlice {name} has no label {label}"), "metadata".to_owned()),
        };
        Some(
            Diagnosis::new(
                "slice-does-not-fit",
                format!(
                    "Service {} has no selector, and no EndpointSlice is labelled with its name",
                    shown_name(namespace, service_name)
                ),
            )
            .look([
                look::yaml("endpointslice", namespace, name),
                look::service(namespace, service_name),
            ])
            .fact(fact)
            .nearest(Some(format!("{label}: {service_name}")))
            .at(self.facts.locator.field("EndpointSlice", namespace, name, &path))
            .fix(format!(
                "write {label}: {service_name} among the labels of EndpointSlice {name}, and apply"
            )),
        )
    }

    fn no_local_endpoint(&self, rule: &str, elsewhere: u32) -> Diagnosis {
        let node = self.deciding_node();
        let service = services::find(self.facts, rule);
        let external = service.is_some_and(|service| {
            let spec = service.spec.as_ref();
            spec.and_then(|spec| spec.external_traffic_policy.as_deref()) == Some("Local")
        });
        let (namespace, name) = service.map(|one| services::full_name(one)).unwrap_or_default();
        let field = if external { "externalTrafficPolicy" } else { "internalTrafficPolicy" };
        let objects = self.facts.case.cluster.objects();
        let closed = objects.get::<Node>("", &node).is_some_and(|node| {
            node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true)
        });
        let at = self.service_field(rule, &format!("spec.{field}"));
        let command = trial::patch(namespace, name, &format!("{{\"{field}\":\"Cluster\"}}"));
        let (tried, cluster) = (trial::after(self.facts, &command), format!("{field}: Cluster"));
        // Where the request comes to the same end, something else may stand in its way.
        let same = |miss: &Option<Miss>| {
            miss.is_some() && *miss == self.facts.case.run.and_then(|run| run.miss.clone())
        };
        let (nearest, fact, fix) = match tried {
            trial::Tried::Fails(miss) if !same(&miss) => (
                None,
                miss.map(|_| format!("with {cluster} this goal would not pass either")),
                match external {
                    true => format!(
                        "let a pod of Service {} run on {node}, or call by a node that has one",
                        short(rule)
                    ),
                    false => format!("let a pod of Service {} run on {node}", short(rule)),
                },
            ),
            _ => (
                Some(cluster.clone()),
                None,
                format!(
                    "write {cluster}{}, apply, and send again; or run a pod on {node}",
                    selectors::in_file(at.as_ref())
                ),
            ),
        };
        Diagnosis::new(
            "no-local-endpoint",
            format!(
                "{node} has no pod of Service {}, and may not pass the connection on",
                short(rule)
            ),
        )
        .look([look::endpoints(namespace, name), look::pods(namespace)])
        .fact(match elsewhere {
            1 => format!("{field} is Local, and 1 endpoint is on another node"),
            _ => format!("{field} is Local, and {elsewhere} endpoints are on other nodes"),
        })
        .facts(fact)
        .facts(closed.then(|| format!("{node} is cordoned: no new pod may run there")))
        .nearest(nearest)
        .at(at)
        .fix(match closed {
            true => format!("kubectl uncordon {node}, and {fix}"),
            false => fix,
        })
    }

    fn deciding_node(&self) -> String {
        let last = self.trace.hops.iter().rev().find(|hop| matches!(hop.place, Party::Node(_)));
        last.map_or_else(|| "the node".to_owned(), |hop| hop.place.to_string())
    }

    fn not_a_service_port(&self, rule: &str, ports: &[(Protocol, u16)]) -> Diagnosis {
        let name = short(rule);
        let (namespace, plain) = services::find(self.facts, rule)
            .map(|service| services::full_name(service))
            .unwrap_or_default();
        let look = [look::service(namespace, plain)];
        if let Some(said) = self.endpoint_is_virtual(rule) {
            return said;
        }
        let service = services::find(self.facts, rule);
        if let Some(said) = service.and_then(|service| self.name_without_type(service)) {
            return said;
        }
        let port = self.to.port();
        if let Some(said) = self.for_other_protocol(rule, ports) {
            return said.look(look);
        }
        let list = ports.iter().map(|(_, port)| port.to_string()).collect::<Vec<_>>().join(", ");
        let tls = self.facts.fetched.is_some_and(|fetched| fetched.tls);
        if tls && port == 443 {
            return Diagnosis::new(
                "not-a-service-port",
                format!(
                    "https means port 443, and Service {name} has no port 443, so nobody answers"
                ),
            )
            .look(look)
            .fact(format!("ports of Service {name}: {list}"))
            .nearest(Some("http:// instead of https://".to_owned()))
            .at(self.mention())
            .fix("write http:// instead of https://, apply, and send again");
        }
        let first = ports.first().map(|(_, port)| *port);
        let call = self.mention();
        if let Some(said) = self.port_that_is_missing(rule, port).filter(|_| call.is_none()) {
            return said.look(look).fact(format!("ports of Service {name}: {list}"));
        }
        let said = Diagnosis::new(
            "not-a-service-port",
            format!("Service {name} has no port {port}, so nobody answers"),
        )
        .look(look)
        .fact(format!("ports of Service {name}: {list}"));
        match (self.service_field(rule, "spec.ports[0].port"), first) {
            // The player's is the Service: its line is to fit the call.
            (Some(_), Some(own)) if self.says_port(call.as_ref()) => said
                .nearest(Some(format!("port {own}")))
                .at(call)
                .fix(format!("dial port {own}, or let Service {name} have port: {port}; apply, and send again")),
            (Some(line), Some(own)) => {
                let or = call.map_or_else(String::new, |_| format!(", or dial port {own}"));
                said.at(Some(line))
                    .nearest(Some(format!("port: {port}")))
                    .fix(format!("write port: {port}{or}; apply, and send again"))
            }
            (_, Some(own)) if call.is_some() => said
                .at(call)
                .nearest(Some(format!("port {own}")))
                .fix(format!("dial port {own}, apply, and send again")),
            _ => said.fix(format!("let the Service have port {port}, apply, and send again")),
        }
    }

    /// The Service has the port for another protocol.
    fn for_other_protocol(&self, rule: &str, ports: &[(Protocol, u16)]) -> Option<Diagnosis> {
        let (asked, port, name) = (self.trace.flow.protocol, self.to.port(), short(rule));
        let other = ports.iter().position(|(other, own)| *own == port && *other != asked)?;
        let path = format!("spec.ports[{other}].protocol");
        let (asked, other) = (protocol_name(asked), protocol_name(ports[other].0));
        let message = format!(
            "Service {name} has port {port} for {other} alone, and was dialled with {asked}"
        );
        Some(
            Diagnosis::new("other-protocol", message)
                .fact("a port of a Service is for one protocol; without a word it is TCP")
                .nearest(Some(format!("protocol: {asked}")))
                .at(self.service_field(rule, &path).or_else(|| self.mention()))
                .fix(format!("write protocol: {asked}, apply, and send again")),
        )
    }

    /// Whether a server's configuration of the player's says the port that it dials.
    fn says_port(&self, call: Option<&Location>) -> bool {
        let text = call.and_then(|at| self.facts.locator.line(at));
        let port = format!(":{}", self.to.port());
        self.facts.client.is_some() && text.is_some_and(|text| super::mentions(text, &port))
    }

    /// Nothing of the player's says which port is dialled: the Service lacks it. Where it has to lead is
    /// tried: the ports that its pods listen on.
    fn port_that_is_missing(&self, rule: &str, port: u16) -> Option<Diagnosis> {
        let service = services::find(self.facts, rule)?;
        let (namespace, name) = services::full_name(service);
        let (_, matching) = services::pods(self.facts, service);
        let open = matching.iter().flat_map(|pod| self.facts.listeners(pod));
        let mut open: Vec<u16> =
            open.filter(|one| one.protocol == Protocol::Tcp).map(|one| one.port).collect();
        open.sort_unstable();
        open.dedup();
        open.truncate(MOST_PORTS);
        let target = open.into_iter().find(|target| {
            let command = trial::one_more_port(namespace, service, port, *target);
            trial::after(self.facts, &command) == trial::Tried::Passes
        })?;
        let words = format!("port: {port}, targetPort: {target}");
        Some(
            Diagnosis::new(
                "not-a-service-port",
                format!("Service {} has no port {port}, so nobody answers", shown_name(namespace, name)),
            )
            .at(self.service_field(rule, "spec.ports[0].port"))
            .fix(format!("let Service {name} have {words} (several ports need a name each), apply, and send again")),
        )
    }

    /// A Service passed it on to the cluster IP of another one: endpoints are machines' addresses, and
    /// nodes replace an address once (R5.6).
    fn endpoint_is_virtual(&self, rule: &str) -> Option<Diagnosis> {
        let (chooser, endpoint, _) = services::chosen(self.trace)?;
        let service =
            services::find(self.facts, chooser).filter(|_| short(chooser) != short(rule))?;
        let (namespace, name) = services::full_name(service);
        let address = endpoint.ip().to_string();
        let slices = services::slices(self.facts, service);
        let (slice, index) = slices.iter().find_map(|slice| {
            let mut endpoints = slice.endpoints.iter().flatten();
            let index = endpoints.position(|one| one.addresses.contains(&address))?;
            Some((slice.metadata.name.as_deref()?, index))
        })?;
        let path = format!("endpoints[{index}].addresses[0]");
        Some(
            Diagnosis::new(
                "slice-does-not-fit",
                format!("Service {} passed it on to {address}, which is the cluster IP of Service {}", shown_name(namespace, name), short(rule)),
            )
            .look([look::endpoints(namespace, name), look::services(namespace)])
            .fact("no machine has a cluster IP, and it can be no endpoint: a node replaces the address of a connection once")
            .at(self.facts.locator.field("EndpointSlice", namespace, slice, &path))
            .fix(format!("write the address of the server that is meant into EndpointSlice {slice}, and apply")),
        )
    }

    fn no_such_service(&self) -> Diagnosis {
        // A server that passes requests on dials what its own configuration says.
        let own = self.facts.client.is_none();
        if let Some(said) = own.then(|| variables::old_address(self.facts, self.to.ip())).flatten()
        {
            return said;
        }
        let namespace = self.facts.namespace();
        let services = self.facts.case.cluster.objects().list::<Service>(Some(&namespace));
        let addresses = services.filter_map(|service| {
            let address = services::cluster_ip(service);
            let name = service.metadata.name.as_deref()?;
            (!matches!(address, "" | "None")).then(|| format!("Service {name} has {address}"))
        });
        Diagnosis::new(
            "no-such-service-address",
            format!("no Service has the address {}, so nobody answers", self.to.ip()),
        )
        .look([look::services(&namespace)])
        .fact("a Service that is deleted and made again gets another cluster IP")
        .facts(addresses.take(6))
        .at(self.mention())
        .fix("call the Service by its name, which stays")
    }

    /// The pods with their addresses; the client itself is none that anybody looks for, and those
    /// that the goal wants come first.
    fn addresses(&self) -> Vec<(String, String)> {
        let namespace = self.facts.namespace();
        let client = self.facts.client_pod();
        let objects = self.facts.case.cluster.objects();
        let mut pods: Vec<&Arc<Pod>> = objects.list::<Pod>(Some(&namespace)).collect();
        pods.retain(|pod| {
            let name = pod.metadata.name.as_deref();
            client.as_ref().is_none_or(|(_, own)| name != Some(own))
        });
        pods.sort_by_key(|pod| !self.facts.is_wanted(pod));
        let named = pods.into_iter().filter_map(|pod| {
            Some((pod.metadata.name.clone()?, pod.status.as_ref()?.pod_ip.clone()?))
        });
        named.collect()
    }

    fn is_ready(&self, pod: &str) -> bool {
        let objects = self.facts.case.cluster.objects();
        let pod = objects.get::<Pod>(&self.facts.namespace(), pod);
        pod.is_some_and(|pod| pod.is_ready())
    }

    /// A ready pod that the controller made which had made the one that is gone, with its address.
    fn heir(&self, gone: &Party) -> Option<(String, String)> {
        let Party::Pod { namespace, name } = gone else { return None };
        let mut pods = self.facts.case.cluster.objects().list::<Pod>(Some(namespace));
        let pod = pods.find(|pod| {
            let (kind, maker) = super::answers::maker(self.facts, pod);
            let same = kind != crate::api::Kind::Pod && name.starts_with(&format!("{maker}-"));
            pod.is_ready() && (same || pod.metadata.name.as_deref() == Some(&**name))
        })?;
        Some((pod.metadata.name.clone()?, pod.status.as_ref()?.pod_ip.clone()?))
    }

    /// A Service passed it on to an address that nobody has: somebody wrote it into a slice, or its
    /// pod has just gone.
    fn gone_endpoint(&self) -> Option<Diagnosis> {
        let (rule, endpoint, _) = services::chosen(self.trace)?;
        let address = endpoint.ip().to_string();
        let service = services::find(self.facts, rule)?;
        let (namespace, name) = services::full_name(service);
        let shown = shown_name(namespace, name);
        let said = Diagnosis::new(
            "no-such-pod-address",
            format!("Service {shown} passed it on to {address}, which nobody has"),
        )
        .look([look::endpoints(namespace, name), look::pods(namespace)]);
        let slices = services::slices(self.facts, service);
        let by_hand = slices.iter().filter(|slice| !services::is_kept(slice)).find_map(|slice| {
            let index = slice
                .endpoints
                .iter()
                .flatten()
                .position(|endpoint| endpoint.addresses.contains(&address))?;
            Some((slice.metadata.name.as_deref()?, index))
        });
        let host = self.facts.case.goal.expect.served_by_host.as_ref();
        let Some((slice, index)) = by_hand else {
            return Some(
                said.fact("its pod went, and the rules had not followed yet")
                    .at(self.service_field(rule, "spec.selector"))
                    .fix("send again: each new connection chooses anew"),
            );
        };
        let path = format!("endpoints[{index}].addresses[0]");
        Some(
            said.fact(format!(
                "EndpointSlice {slice} was written by hand: nobody keeps it up to date"
            ))
            .at(self.facts.locator.field("EndpointSlice", namespace, slice, &path))
            .nearest(host.map(|host| format!("the address of {host}: nslookup {host} in a pod")))
            .fix(format!(
                "write {} into EndpointSlice {slice}, and apply",
                match host {
                    Some(host) => format!("the address of {host}"),
                    None => "an address that somebody has".to_owned(),
                }
            )),
        )
    }

    fn no_such_pod(&self, was: Option<&Party>) -> Diagnosis {
        let address = self.to.ip().to_string();
        let pods = self.addresses();
        let ready: Vec<&(String, String)> =
            pods.iter().filter(|(pod, _)| self.is_ready(pod)).collect();
        let near = nearest(&address, ready.iter().map(|(_, ip)| ip.as_str()));
        let near = ready.iter().find(|(_, ip)| Some(ip.as_str()) == near && was.is_none());
        let heirs = was.and_then(|was| self.heir(was));
        let near = match was {
            Some(_) => heirs.as_ref(),
            None => near.copied().or_else(|| {
                let first = ready.first().copied()?;
                let objects = self.facts.case.cluster.objects();
                let pod = objects.get::<Pod>(&self.facts.namespace(), &first.0)?;
                self.facts.is_wanted(pod).then_some(first)
            }),
        };
        let at = self.mention();
        if let Some(said) = was.and_then(|was| self.held(was)) {
            return said;
        }
        let fix = near.map_or_else(
            || "write the address of a pod that is there; or call a Service, whose name stays".to_owned(),
            |(pod, ip)| {
                let file = selectors::in_file(at.as_ref());
                format!("write {ip}, the address of pod {pod}{file}; or call a Service, whose name stays")
            },
        );
        Diagnosis::new(
            "no-such-pod-address",
            match was {
                Some(pod) => format!(
                    "{address} was the address of {}; that pod is gone, and nobody answers",
                    party_name(pod)
                ),
                None => format!("no pod has the address {address}, so nobody answers"),
            },
        )
        .look([look::pods(&self.facts.namespace())])
        .facts(pods.iter().take(6).map(|(pod, ip)| format!("{pod} has {ip}")))
        .nearest(near.map(|(pod, ip)| format!("{ip}, which {pod} has")))
        .at(at)
        .fix(fix)
    }

    /// The pod is still there, and its containers have ended: somebody deletes it, and a finalizer holds
    /// it.
    fn held(&self, was: &Party) -> Option<Diagnosis> {
        let Party::Pod { namespace, name } = was else { return None };
        let pod = self.facts.case.cluster.objects().get::<Pod>(namespace, name)?;
        pod.metadata.deletion_timestamp.as_ref()?;
        let held = pod.metadata.finalizers.as_ref().filter(|held| !held.is_empty())?;
        let source = self.facts.pod_source(namespace, name);
        let at = source
            .and_then(|own| super::locate::at(&own.source, &own.within("metadata.finalizers")));
        let address = self.to.ip();
        Some(
            Diagnosis::new(
                "no-such-pod-address",
                format!("{address} was the address of pod {name}, whose containers have ended: it is being deleted"),
            )
            .look([look::pods(namespace), look::yaml("pod", namespace, name)])
            .fact(format!("pod {name} is Terminating: its finalizer {} keeps the object, and not what ran in it", held.join(", ")))
            .at(at.or_else(|| self.mention()))
            .fix(format!("take the finalizer out, so that pod {name} can go, and let a controller make its pods")),
        )
    }

    fn outside(&self) -> Diagnosis {
        let address = self.to.ip();
        let objects = self.facts.case.cluster.objects();
        let service = objects
            .list::<Service>(None)
            .find(|service| services::cluster_ip(service) == address.to_string());
        let Some(service) = service else {
            return self.pod_from_outside().unwrap_or_else(|| self.nowhere());
        };
        let (namespace, name) = services::full_name(service);
        let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
        let node_port = ports.into_iter().flatten().find_map(|port| port.node_port);
        if let Some(node_port) = node_port {
            return Diagnosis::new(
                "outside-cannot-reach-service",
                format!("{address} is Service {name}'s cluster IP, and means nothing outside the cluster"),
            )
            .look([look::service(namespace, name), look::nodes()])
            .fact("only nodes have the rules that replace it by a pod's address")
            .fact(format!("Service {name} has a port on every node: {node_port}"))
            .nearest(Some(format!("a node's address at port {node_port}")))
            .at(self.mention())
            .fix(format!("dial a node's address at port {node_port}, and send again"));
        }
        let line = self.facts.locator.field("Service", namespace, name, "spec.type");
        Diagnosis::new(
            "outside-cannot-reach-service",
            format!(
                "{address} is Service {name}'s cluster IP, and means nothing outside the cluster"
            ),
        )
        .look([look::service(namespace, name), look::nodes()])
        .fact("only nodes have the rules that replace it by a pod's address")
        .fact("the laptop reaches nodes: a Service of type NodePort opens a port on each")
        .fix(format!(
            "{}, and dial a node at the node port",
            services::to_node_port(service, line.is_some())
        ))
        .at(line.or_else(|| self.mention()))
    }

    /// The laptop called a pod by its own address.
    fn pod_from_outside(&self) -> Option<Diagnosis> {
        let address = self.to.ip().to_string();
        let mut pods = self.facts.case.cluster.objects().list::<Pod>(None);
        let pod = pods.find(|pod| {
            pod.status
                .as_ref()
                .is_some_and(|status| status.pod_ip.as_deref() == Some(address.as_str()))
        })?;
        let name = shown_name(
            pod.metadata.namespace.as_deref().unwrap_or(""),
            pod.metadata.name.as_deref().unwrap_or(""),
        );
        // The player's own script may ask from elsewhere, where the goal does not say by which node it comes.
        let free = self.facts.case.goal.expect.via_node.is_empty();
        let inside = self.client_inside().filter(|_| free);
        let door = self.door_to(pod);
        let fix = match (&door, &inside) {
            (Some((service, port)), _) => format!(
                "dial a node's address at port {port}, the node port of Service {service}, and send again"
            ),
            (None, Some(place)) => format!("ask from inside: kubectl exec {place} -- curl …"),
            (None, None) => format!(
                "make a Service of type NodePort that selects pod {name}, and dial a node at its node port"
            ),
        };
        Some(
            Diagnosis::new(
                "outside-cannot-reach-pod",
                format!(
                    "{address} is the address of pod {name}, and means nothing outside the cluster"
                ),
            )
            .look([look::pods(&self.facts.namespace()), look::nodes()])
            .fact("the laptop has routes to the nodes alone")
            .at(self.mention())
            .fix(fix),
        )
    }

    /// The Service that gives the pod a port of every node, and that port.
    fn door_to(&self, pod: &Arc<Pod>) -> Option<(String, i32)> {
        let mut services = self.facts.case.cluster.objects().list::<Service>(None);
        services.find_map(|service| {
            let (_, matching) = services::pods(self.facts, service);
            matching.iter().find(|one| Arc::ptr_eq(one, pod))?;
            let ports = service.spec.as_ref()?.ports.as_ref()?;
            let port = ports.iter().find_map(|port| port.node_port)?;
            let (namespace, name) = services::full_name(service);
            Some((shown_name(namespace, name), port))
        })
    }

    /// A running pod with curl, other than servers that the goal wants, from which one can ask.
    fn client_inside(&self) -> Option<String> {
        let cluster = self.facts.case.cluster;
        let namespace = self.facts.namespace();
        let mut pods = cluster.objects().list::<Pod>(Some(&namespace));
        let pod = pods.find(|pod| {
            let containers = pod.spec.as_ref().map_or(&[][..], |spec| spec.containers.as_slice());
            let place = containers.first().map(|container| Place::Container {
                namespace: namespace.as_str().into(),
                pod: pod.metadata.name.as_deref().unwrap_or("").into(),
                container: container.name.as_str().into(),
            });
            let image = place.as_ref().and_then(|place| cluster.image(place));
            pod.is_ready() && image.is_some_and(|image| image.holds("curl"))
        })?;
        pod.metadata.name.clone()
    }

    /// An address that nobody leads to the cluster.
    fn nowhere(&self) -> Diagnosis {
        let address = self.to.ip().to_string();
        let holds = |service: &&Arc<Service>| {
            let spec = service.spec.as_ref();
            let own = spec.into_iter().flat_map(|spec| spec.external_ips.iter().flatten());
            let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
            let given = status.into_iter().flat_map(|balancer| balancer.ingress.iter().flatten());
            own.chain(given.filter_map(|one| one.ip.as_ref())).any(|ip| *ip == address)
        };
        let objects = self.facts.case.cluster.objects();
        let service = objects.list::<Service>(None).find(holds);
        let said = Diagnosis::new(
            "no-such-host",
            format!("nobody leads {address} to a machine, so nobody answers there"),
        )
        .look([look::services(&self.facts.namespace()), look::nodes()])
        .at(self.mention());
        match service {
            Some(service) => {
                let (_, name) = services::full_name(service);
                let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
                let node_port = ports.into_iter().flatten().find_map(|port| port.node_port);
                let other = node_port.map(|port| format!("a node's address at port {port}"));
                said.fact(format!("it stands in Service {name}: the nodes would take packets to it, if somebody brought them"))
                    .nearest(other.clone())
                    .fix(match other {
                        Some(other) => format!("dial {other}"),
                        None => "dial an address that leads to a node".to_owned(),
                    })
            }
            None => said.fix("dial an address that somebody has: a node's, at a node port"),
        }
    }

    /// Every node with its address.
    pub fn nodes(&self) -> Vec<(String, String)> {
        let nodes = self.facts.case.cluster.objects().list::<Node>(None);
        let named = nodes.filter_map(|node| {
            let status = node.status.as_ref()?;
            let mut addresses = status.addresses.iter().flatten();
            let address = addresses.find(|address| address.type_ == "InternalIP")?;
            Some((node.metadata.name.clone()?, address.address.clone()))
        });
        named.collect()
    }
}

/// The script that was run, the list that it reads and where the script dials, where the address stands in
/// the list among those of other nodes, and was dialled alone.
pub(super) fn one_of_a_list(
    facts: &Facts<'_>,
    trace: &Trace,
    at: Option<&Location>,
) -> Option<(String, String, Option<Location>)> {
    let failed = Failed { facts, trace, to: trace.flow.destination };
    let (script, list, line) = failed.only_one_of_a_list(at)?;
    Some((script, list, line.or_else(|| facts.script_that_ran())))
}

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

/// A readiness probe that asks at a port that is closed: the port that is open, and where the probe's
/// stands.
pub(super) fn closed_probe(facts: &Facts<'_>, pod: &Pod) -> Option<(u16, Option<Location>)> {
    let open = facts.listeners(pod);
    let first = open.first()?.port;
    let containers = pod.spec.as_ref()?.containers.iter().enumerate();
    let index = containers.into_iter().find_map(|(index, container)| {
        let probe = container.readiness_probe.as_ref()?;
        let (asked, kind) = match (&probe.http_get, &probe.tcp_socket) {
            (Some(http), _) => (&http.port, "httpGet"),
            (_, Some(tcp)) => (&tcp.port, "tcpSocket"),
            _ => return None,
        };
        let declared = |name: &String| {
            let mut ports = container.ports.iter().flatten();
            ports.find(|port| port.name.as_ref() == Some(name)).map(|port| port.container_port)
        };
        // A name that no port has is no port.
        let port = match asked {
            IntOrString::Int(port) => Some(*port),
            IntOrString::String(name) => declared(name),
        };
        let closed = !open.iter().any(|open| Some(i32::from(open.port)) == port);
        closed.then(|| format!("spec.containers[{index}].readinessProbe.{kind}.port"))
    })?;
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let source = facts.pod_source(namespace, name);
    let at = source.and_then(|own| super::locate::at(&own.source, &own.within(&index)));
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

/// `backend` of `default/backend:http`; other namespaces stay.
pub(super) fn short(rule: &str) -> &str {
    let name = rule.strip_prefix("default/").unwrap_or(rule);
    name.split(':').next().unwrap_or(name)
}

/// `TCP`
pub(super) fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
        Protocol::Icmp => "ICMP",
    }
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

/// The name, without its search suffix, that a client had asked for to get the address it dialled.
pub(super) fn name_of(facts: &Facts<'_>, trace: &Trace) -> Option<String> {
    question_of(facts, trace)?.split('.').next().map(str::to_owned)
}

/// The full name whose answer was the address that was dialled.
pub(super) fn question_of(facts: &Facts<'_>, trace: &Trace) -> Option<String> {
    let address = DnsData::of_address(trace.flow.destination.ip());
    let run = facts.case.run?;
    let before = run.traces.iter().rev().filter(|id| **id < trace.id);
    let mut asked = before.filter_map(|id| facts.case.cluster.trace(*id)?.dns.as_ref());
    let dns = asked.find(|dns| {
        let answer = dns.answer.as_ref();
        answer.is_some_and(|answer| answer.records.iter().any(|record| record.data == address))
    })?;
    Some(dns.name.to_string())
}

/// Namespace and name of the Service in `db-0.db.default.svc.cluster.local.`
pub(super) fn service_of(name: &str) -> Option<(&str, &str)> {
    let mut labels = name.strip_suffix(".svc.cluster.local.")?.rsplit('.');
    Some((labels.next()?, labels.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_shown_by_their_services_name() {
        assert_eq!(short("default/backend:http"), "backend");
        assert_eq!(short("shop/backend"), "shop/backend");
    }
}
