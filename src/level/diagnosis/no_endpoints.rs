//! Services that lead nowhere: no pod fits their selector, or none of their slices fits them.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;

use super::look::{self, shown_name};
use super::packets::{Failed, MOST_PORTS};
use super::services::{protocol_name, short};
use super::{Diagnosis, placing, selectors, service_names, services, trial, workloads};
use crate::api::Pod;
use crate::level::probe::Miss;
use crate::manifest;
use crate::network::Party;

impl Failed<'_> {
    pub(super) fn no_endpoints(&self, rule: &str, known: u32) -> Diagnosis {
        let Some(service) = services::find(self.facts, rule) else {
            let name = short(rule);
            return Diagnosis::new("service-selects-nothing", format!("{name} has no endpoints"))
                .look([look::services(&self.facts.namespace())]);
        };
        let (namespace, name) = services::full_name(service);
        let shown = shown_name(namespace, name);
        let Some(wanted) = services::selector(service) else {
            if let Some(said) = service_names::name_without_type(self.facts, service) {
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

    /// A pod of the Service's that no node takes.
    fn waiting_pod(&self, service: Option<&Arc<Service>>) -> Option<Diagnosis> {
        let (_, pods) = services::pods(self.facts, service?);
        let waits =
            |pod: &&Arc<Pod>| pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_none());
        placing::no_node(self.facts, pods.into_iter().find(waits)?)
    }

    pub(super) fn no_local_endpoint(&self, rule: &str, elsewhere: u32) -> Diagnosis {
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
        if let Some(said) = self.waiting_pod(service) {
            let fact =
                format!("{node} has no pod of Service {}, and {field} is Local", short(rule));
            return said.fact(fact);
        }
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
}
