//! Packets that did not arrive: what was decided at the last hop, and what it was decided on.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::look::{self, shown_name};
use super::{Diagnosis, Facts, doors, party_name, selectors, services, workloads};
use crate::api::{Event, Labels, Pod};
use crate::diagnostic::{Location, nearest};
use crate::manifest;
use crate::network::{Because, DnsData, Hop, Outcome, Party, Protocol, SocketAddr, Stage, Trace};

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
        Because::NodeDown { node } => {
            Diagnosis::new("node-down", format!("{node} is down, so nobody there answers"))
                .look([look::nodes()])
                .fact(
                    "its pods are moved when the control plane has given it up, after some minutes",
                )
                .at(failed.mention())
                .fix(format!("switch {node} on again, or dial another node"))
        }
        Because::PolicyDenies { policies } => failed.policy(hop, policies),
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
            let slice = self.unfit_slice(service).or_else(|| self.astray_slice(service));
            return slice.unwrap_or_else(|| {
                Diagnosis::new(
                    "service-without-selector",
                    format!(
                        "Service {shown} has no selector and no EndpointSlice, so it leads nowhere"
                    ),
                )
                .look([look::service(namespace, name), look::labels(namespace)])
                .at(self.service_field(rule, "spec.selector"))
                .fix("give it a selector with the pods' labels, and apply")
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

    /// The Service's targetPort is a name that none of its pods' ports has.
    fn port_without_name(
        &self,
        rule: &str,
        service: &Service,
        matching: &[&Arc<Pod>],
    ) -> Diagnosis {
        let (namespace, name) = services::full_name(service);
        let index = services::port(service, self.to.port()).map_or(0, |(index, _)| index);
        let near = services::nearest_port_name(service, index, matching);
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

    fn not_ready(&self, rule: &str, service: &Service, matching: &[&Arc<Pod>]) -> Diagnosis {
        let (namespace, name) = services::full_name(service);
        if matching.iter().any(|pod| pod.is_ready()) {
            return Diagnosis::new(
                "no-ready-endpoint",
                format!(
                    "Service {} had no endpoint yet when the request came",
                    shown_name(namespace, name)
                ),
            )
            .look([look::endpoints(namespace, name), look::pods(namespace)])
            .facts(matching.iter().map(|pod| pod_line(pod)))
            .fact("a pod that has become ready joins its Services a moment later")
            .at(self.service_field(rule, "spec.selector"))
            .fix("send again: pods of the Service are ready now");
        }
        let port = matching.iter().find_map(|pod| self.probe_port(pod));
        let pod = matching.first().and_then(|pod| pod.metadata.name.as_deref()).unwrap_or("");
        let fix = match &port {
            Some(port) => format!("let the probe ask at port {port}, apply, and send again"),
            None => {
                format!("mend what keeps the pods from being ready: kubectl describe pod {pod}")
            }
        };
        Diagnosis::new(
            "no-ready-endpoint",
            format!(
                "Service {} selects {} pods, but none of them is ready",
                shown_name(namespace, name),
                matching.len()
            ),
        )
        .look([look::pods(namespace), look::describe("pod", namespace, pod)])
        .facts(matching.iter().map(|pod| pod_line(pod)))
        .facts(matching.iter().filter_map(|pod| self.unhealthy(pod)))
        .nearest(port.map(|port| format!("a readinessProbe at port {port}")))
        .at(self.service_field(rule, "spec.selector"))
        .fix(fix)
    }

    /// What the kubelet last said of a failing probe of the pod.
    fn unhealthy(&self, pod: &Pod) -> Option<String> {
        let objects = self.facts.case.cluster.objects();
        let events = objects.list::<Event>(pod.metadata.namespace.as_deref());
        let of_pod = events.filter(|event| {
            event.origin.involved_object.uid == pod.metadata.uid
                && event.message.reason.as_deref() == Some("Unhealthy")
        });
        of_pod.last().and_then(|event| event.message.text.clone())
    }

    /// The port that is open where a readiness probe asks at another one, which is not.
    fn probe_port(&self, pod: &Pod) -> Option<u16> {
        let open = self.facts.listeners(pod);
        let containers = pod.spec.as_ref()?.containers.iter();
        let probes = containers.filter_map(|container| container.readiness_probe.as_ref());
        let ports = probes.filter_map(|probe| {
            let http = probe.http_get.as_ref().map(|action| &action.port);
            match http.or(probe.tcp_socket.as_ref().map(|action| &action.port))? {
                IntOrString::Int(port) => u16::try_from(*port).ok(),
                IntOrString::String(_) => None,
            }
        });
        let mut closed = ports.filter(|port| !open.iter().any(|open| open.port == *port));
        closed.next()?;
        open.first().map(|open| open.port)
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
            let named = labels.and_then(|labels| labels.get(label)).map_or("", String::as_str);
            let astray = objects.get::<Service>(namespace, named).is_none();
            (astray && !services::is_kept(slice)).then_some((slice, named))
        })?;
        let name = slice.metadata.name.as_deref()?;
        let path = manifest::field("metadata.labels", label);
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
            .fact(format!("EndpointSlice {name} has {label}={named}, and there is no such Service"))
            .nearest(Some(format!("{label}: {service_name}")))
            .at(self.facts.locator.field("EndpointSlice", namespace, name, &path))
            .fix(format!("write {label}: {service_name} in EndpointSlice {name}, and apply")),
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
        let at = self.service_field(rule, &format!("spec.{field}"));
        let fix = format!(
            "write {field}: Cluster{}, apply, and send again; or run a pod on {node}",
            selectors::in_file(at.as_ref())
        );
        Diagnosis::new(
            "no-local-endpoint",
            format!(
                "{node} has no pod of Service {}, and may not pass the connection on",
                short(rule)
            ),
        )
        .look([look::endpoints(namespace, name), look::pods(namespace)])
        .fact(format!("{field} is Local, and {elsewhere} endpoints are on other nodes"))
        .nearest(Some(format!("{field}: Cluster")))
        .at(at)
        .fix(fix)
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
        let (asked, port) = (self.trace.flow.protocol, self.to.port());
        if let Some((other, _)) = ports.iter().find(|(other, own)| *own == port && *other != asked)
        {
            let index = ports.iter().position(|own| *own == (*other, port)).unwrap_or(0);
            let (asked, other) = (protocol_name(asked), protocol_name(*other));
            return Diagnosis::new(
                "other-protocol",
                format!(
                    "Service {name} has port {port} for {other} alone, and was dialled with {asked}"
                ),
            )
            .look(look)
            .fact("a port of a Service is for one protocol; without a word it is TCP")
            .nearest(Some(format!("protocol: {asked}")))
            .at(self
                .service_field(rule, &format!("spec.ports[{index}].protocol"))
                .or_else(|| self.mention()))
            .fix(format!("write protocol: {asked}, apply, and send again"));
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
        let fix = first.map_or_else(String::new, |own| {
            format!("dial port {own}, or let the Service have port {port}; apply, and send again")
        });
        Diagnosis::new(
            "not-a-service-port",
            format!("Service {name} has no port {port}, so nobody answers"),
        )
        .look(look)
        .fact(format!("ports of Service {name}: {list}"))
        .nearest(first.map(|port| format!("port {port}")))
        .at(self.service_field(rule, "spec.ports[0].port").or_else(|| self.mention()))
        .fix(fix)
    }

    fn no_such_service(&self) -> Diagnosis {
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
            .nearest(Some("a selector, by which the endpoints follow the pods".to_owned()))
            .at(self.facts.locator.field("EndpointSlice", namespace, slice, &path))
            .fix(format!(
                "write an address that somebody has into EndpointSlice {slice}, and apply"
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
        let near = near.or_else(|| ready.first());
        let at = self.mention();
        let fix = near.map_or_else(
            || "make a pod that serves, and call it by a Service's name".to_owned(),
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

    fn outside(&self) -> Diagnosis {
        let address = self.to.ip();
        let objects = self.facts.case.cluster.objects();
        let service = objects
            .list::<Service>(None)
            .find(|service| services::cluster_ip(service) == address.to_string());
        let Some(service) = service else {
            return Diagnosis::new(
                "outside-cannot-reach-pod",
                format!("{address} is a pod's address, and means nothing outside the cluster"),
            )
            .look([look::services(&self.facts.namespace()), look::nodes()])
            .fact("the laptop has routes to the nodes alone")
            .at(self.mention())
            .fix("give the pods a Service of type NodePort, and dial a node at its node port");
        };
        let (namespace, name) = services::full_name(service);
        Diagnosis::new(
            "outside-cannot-reach-service",
            format!(
                "{address} is Service {name}'s cluster IP, and means nothing outside the cluster"
            ),
        )
        .look([look::service(namespace, name), look::nodes()])
        .fact("only nodes have the rules that replace it by a pod's address")
        .fact("the laptop reaches nodes: a Service of type NodePort opens a port on each")
        .at(self
            .facts
            .locator
            .field("Service", namespace, name, "spec.type")
            .or_else(|| self.mention()))
        .fix("write type: NodePort, apply, and dial a node at the node port")
    }

    /// R11.2: the nearest rule names the other side as it is, and the pod's port.
    fn policy(&self, hop: &Hop, policies: &[Arc<str>]) -> Diagnosis {
        let list = policies.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
        let (namespace, name) =
            policies.first().and_then(|policy| policy.split_once('/')).unwrap_or_default();
        let out = hop.stage == Stage::PolicyEgress;
        let (kind, peer) = match out {
            true => ("egress", hop.before.destination.ip()),
            false => ("ingress", hop.before.source.ip()),
        };
        let mut pods = self.facts.case.cluster.objects().list::<Pod>(None);
        let pod = pods.find(|pod| {
            let status = pod.status.as_ref();
            let ip = status.and_then(|status| status.pod_ip.as_deref());
            ip == Some(peer.to_string().as_str())
        });
        let labels = pod.map(|pod| selectors::shown(&selectors::own_labels(pod, &Labels::new())));
        let labels = labels.filter(|labels| !labels.is_empty());
        let who = match labels {
            Some(labels) => format!("pods with {labels}"),
            None => format!("ipBlock {peer}/32"),
        };
        let to = if out { "to" } else { "from" };
        let port = hop.before.destination.port();
        Diagnosis::new(
            "policy-denies",
            "a NetworkPolicy does not allow this connection, so it is dropped without a word",
        )
        .fact(format!("policies that select the pod: {list}"))
        .fact(hop.to_string())
        .look([look::describe("networkpolicy", namespace, name), look::labels(namespace)])
        .nearest(Some(format!("an {kind} rule {to} {who}, port {port}")))
        .at(self.facts.locator.field("NetworkPolicy", namespace, name, "spec"))
        .fix(format!("add an {kind} rule {to} {who}, port {port}, to NetworkPolicy {name}"))
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
