//! Packets that did not arrive: what was decided at the last hop, and what it was decided on.

use k8s_openapi::api::core::v1::{Node, Service};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Diagnosis, Facts, doors, services};
use crate::api::{Event, Pod};
use crate::diagnostic::Location;
use crate::network::{Because, DnsData, Hop, Outcome, Party, SocketAddr, Stage, Trace};

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
        Because::NotAServicePort { service, ports } => {
            let ports: Vec<u16> = ports.iter().map(|(_, port)| *port).collect();
            failed.not_a_service_port(service, &ports)
        }
        Because::NoSuchService => failed.no_such_service(),
        Because::NoSuchPod { was } => failed.no_such_pod(was.as_ref()),
        Because::NoRouteFromOutside => failed.outside(),
        Because::NodeDown { node } => {
            Diagnosis::new("node-down", format!("{node} is down, so nobody there answers"))
                .at(failed.mention())
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
        let (host, port) = (self.host(), self.to.port());
        let mut words = vec![format!("{host}:{port}"), host, self.to.ip().to_string()];
        if self.to.ip().is_loopback() {
            words.push("localhost".to_owned());
        }
        words.push(format!(":{port}"));
        self.facts.locator.mention(words)
    }

    /// The host as the client was told it: what it says itself, or the name whose answer the
    /// address was, or the address.
    fn host(&self) -> String {
        spoken_host(&self.facts.output)
            .or_else(|| name_of(self.facts, self.trace))
            .unwrap_or_else(|| self.to.ip().to_string())
    }

    /// The line of a field of the Service that a rule names.
    pub fn service_field(&self, rule: &str, path: &str) -> Option<Location> {
        let (namespace, rest) = rule.split_once('/')?;
        self.facts.locator.field("Service", namespace, rest.split(':').next()?, path)
    }

    fn no_endpoints(&self, rule: &str, known: u32) -> Diagnosis {
        let name = short(rule);
        let Some(service) = services::find(self.facts, rule) else {
            return Diagnosis::new("service-selects-nothing", format!("{name} has no endpoints"));
        };
        let Some(wanted) = services::selector(service) else {
            if let Some(said) = self.unfit_slice(rule, service) {
                return said;
            }
            return Diagnosis::new(
                "service-without-selector",
                format!("Service {name} has no selector and no EndpointSlice, so it leads nowhere"),
            )
            .at(self.service_field(rule, "spec.selector"));
        };
        let shown = services::shown(wanted);
        let (all, matching) = services::pods(self.facts, service);
        if matching.is_empty() {
            let (key, nearest) = services::nearest_label(wanted, &all);
            let nearest = services::elsewhere(self.facts, service, wanted).or(nearest);
            let path = key.map_or_else(|| "spec.selector".to_owned(), |key| label_path(&key));
            return Diagnosis::new(
                "service-selects-nothing",
                format!("Service {name} has no endpoints, so the connection is refused"),
            )
            .fact(format!("selector {shown} matches 0 of {} pods", all.len()))
            .nearest(nearest)
            .at(self.service_field(rule, &path));
        }
        let named = services::port(service, self.to.port());
        let named = named.is_some_and(|(_, port)| services::is_named(port));
        if known == 0 && named && matching.iter().any(|pod| services::has_address(pod)) {
            let index = services::port(service, self.to.port()).map_or(0, |(index, _)| index);
            return Diagnosis::new(
                "target-port-has-no-name",
                format!("Service {name} selects pods, but none of them has the port it names"),
            )
            .fact(format!("selector {shown} matches {} of {} pods", matching.len(), all.len()))
            .fact("a targetPort that is a name has to be the name of a container's port")
            .nearest(services::nearest_port_name(service, index, &matching))
            .at(self.service_field(rule, &format!("spec.ports[{index}].targetPort")));
        }
        let nearest = matching.iter().find_map(|pod| self.probe_port(pod));
        Diagnosis::new(
            "no-ready-endpoint",
            format!("Service {name} selects {} pods, but none of them is ready", matching.len()),
        )
        .facts(matching.iter().map(|pod| pod_line(pod)))
        .facts(matching.iter().filter_map(|pod| self.unhealthy(pod)))
        .nearest(nearest)
        .at(self.service_field(rule, "spec.selector"))
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

    /// A readiness probe that asks at a port that nobody listens on, where another one is open.
    fn probe_port(&self, pod: &Pod) -> Option<String> {
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
        let mut closed = ports.filter(|port| !open.iter().any(|(_, known, _)| known == port));
        closed.next()?;
        open.first().map(|(_, port, _)| format!("a readinessProbe at port {port}"))
    }

    /// Somebody wrote an EndpointSlice for it, but by another port, or with nobody ready.
    fn unfit_slice(&self, rule: &str, service: &Service) -> Option<Diagnosis> {
        let slices = services::slices(self.facts, service);
        let slice = slices.first()?;
        let (namespace, name) =
            (slice.metadata.namespace.as_deref()?, slice.metadata.name.as_deref()?);
        let (_, port) = services::port(service, self.to.port())?;
        let wanted = port.name.as_deref().unwrap_or("");
        let has: Vec<&str> =
            slice.ports.iter().flatten().map(|port| port.name.as_deref().unwrap_or("")).collect();
        let line = |path: &str| self.facts.locator.field("EndpointSlice", namespace, name, path);
        let said = Diagnosis::new(
            "slice-does-not-fit",
            format!(
                "EndpointSlice {name} gives Service {} no endpoint that it can use",
                short(rule)
            ),
        );
        if has.contains(&wanted) {
            return Some(
                said.fact("none of its endpoints is ready").at(line("endpoints[0].conditions")),
            );
        }
        Some(
            said.fact(format!("the Service's port is called {wanted:?}, the slice has {has:?}"))
                .fact("ports of a Service and of its slices are joined by name")
                .nearest(Some(format!("name: {wanted:?}")))
                .at(line("ports[0].name")),
        )
    }

    fn no_local_endpoint(&self, rule: &str, elsewhere: u32) -> Diagnosis {
        let name = short(rule);
        let node = self.deciding_node();
        let external = services::find(self.facts, rule).is_some_and(|service| {
            let spec = service.spec.as_ref();
            spec.and_then(|spec| spec.external_traffic_policy.as_deref()) == Some("Local")
        });
        let field = if external { "externalTrafficPolicy" } else { "internalTrafficPolicy" };
        Diagnosis::new(
            "no-local-endpoint",
            format!("{node} has no pod of Service {name}, and may not pass the connection on"),
        )
        .fact(format!("{field} is Local, and {elsewhere} endpoints are on other nodes"))
        .nearest(Some(format!("{field}: Cluster")))
        .at(self.service_field(rule, &format!("spec.{field}")))
    }

    fn deciding_node(&self) -> String {
        let last = self.trace.hops.iter().rev().find(|hop| matches!(hop.place, Party::Node(_)));
        last.map_or_else(|| "the node".to_owned(), |hop| hop.place.to_string())
    }

    fn not_a_service_port(&self, rule: &str, ports: &[u16]) -> Diagnosis {
        let name = short(rule);
        let port = self.to.port();
        let list = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        Diagnosis::new(
            "not-a-service-port",
            format!("Service {name} has no port {port}, so nobody answers"),
        )
        .fact(format!("ports of Service {name}: {list}"))
        .nearest(ports.first().map(|port| format!("port {port}")))
        .at(self.service_field(rule, "spec.ports[0].port").or_else(|| self.mention()))
    }

    fn no_such_service(&self) -> Diagnosis {
        Diagnosis::new(
            "no-such-service-address",
            format!("no Service has the address {}, so nobody answers", self.to.ip()),
        )
        .fact("a Service that is deleted and made again gets another cluster IP")
        .at(self.mention())
    }

    fn no_such_pod(&self, was: Option<&Party>) -> Diagnosis {
        let address = self.to.ip();
        let who = was.map(|party| party.to_string().trim_start_matches("default/").to_owned());
        let objects = self.facts.case.cluster.objects();
        let others = objects.list::<Pod>(Some("default")).filter_map(|pod| {
            let ip = pod.status.as_ref()?.pod_ip.as_deref()?;
            Some(format!("{} has {ip}", pod.metadata.name.as_deref()?))
        });
        Diagnosis::new(
            "no-such-pod-address",
            match &who {
                Some(pod) => {
                    format!("{address} was {pod}'s address; that pod is gone, and nobody answers")
                }
                None => format!("no pod has the address {address}, so nobody answers"),
            },
        )
        .facts(others.take(6))
        .at(self.facts.locator.mention([address.to_string()]).or_else(|| self.mention()))
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
            .fact("the laptop has routes to the nodes alone")
            .at(self.mention());
        };
        let name = service.metadata.name.as_deref().unwrap_or("");
        let namespace = service.metadata.namespace.as_deref().unwrap_or("");
        Diagnosis::new(
            "outside-cannot-reach-service",
            format!(
                "{address} is Service {name}'s cluster IP, and means nothing outside the cluster"
            ),
        )
        .fact("only nodes have the rules that replace it by a pod's address")
        .fact("the laptop reaches nodes: a Service of type NodePort opens a port on each")
        .at(self
            .facts
            .locator
            .field("Service", namespace, name, "spec.type")
            .or_else(|| self.mention()))
    }

    /// R11.2: the nearest rule names the other side as it is, and the pod's port.
    fn policy(&self, hop: &Hop, policies: &[std::sync::Arc<str>]) -> Diagnosis {
        let list = policies.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
        let (namespace, name) =
            policies.first().and_then(|policy| policy.split_once('/')).unwrap_or(("default", ""));
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
        let labels = pod.and_then(|pod| pod.metadata.labels.as_ref()).map(services::shown);
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
        .nearest(Some(format!("an {kind} rule {to} {who}, port {port}")))
        .at(self.facts.locator.field("NetworkPolicy", namespace, name, "spec"))
    }

    fn nobody_listens(&self, listening: &[SocketAddr]) -> Diagnosis {
        let chosen = self.trace.hops.iter().rev().find_map(|hop| match &hop.because {
            Because::EndpointChosen { service, endpoint, pod, .. } => {
                Some((service.as_ref(), *endpoint, pod.as_ref()))
            }
            _ => None,
        });
        if let Some((rule, endpoint, pod)) = chosen {
            return self.closed_target(rule, endpoint, pod, listening);
        }
        if self.to.ip().is_loopback() && listening.is_empty() {
            return self.other_pods_loopback();
        }
        if let Some(said) = self.headless_port(listening) {
            return said;
        }
        let port = self.to.port();
        if let Some(node) = self.node_dialled() {
            return Diagnosis::new(
                "closed-node-port",
                format!("nobody listens on port {port} of {node}, so the connection is refused"),
            )
            .facts(self.open_node_ports())
            .at(self.mention());
        }
        let who = self.trace.hops.last().map_or_else(String::new, |hop| hop.place.to_string());
        let who = who.trim_start_matches("default/");
        Diagnosis::new(
            "nobody-listens",
            format!(
                "{who} is there, but nobody listens on port {port}, so the connection is refused"
            ),
        )
        .fact(open_ports(who, listening))
        .nearest(listening.first().map(|open| format!("port {}", open.port())))
        .at(self.mention())
    }

    /// R7.6: a headless Service has no rules that could turn its port into another.
    fn headless_port(&self, listening: &[SocketAddr]) -> Option<Diagnosis> {
        let asked = question_of(self.facts, self.trace)?;
        let (namespace, name) = service_of(&asked)?;
        let service = self.facts.case.cluster.objects().get::<Service>(namespace, name)?;
        let (index, port) = services::port(service, self.to.port())?;
        let target = services::target(port);
        if !services::is_headless(service) || target == self.to.port().to_string() {
            return None;
        }
        let open = listening.first().map_or(target.clone(), |open| open.port().to_string());
        Some(
            Diagnosis::new(
                "headless-maps-no-port",
                format!(
                    "Service {name} is headless: its name leads to pods, and its port {} to nothing",
                    port.port
                ),
            )
            .fact(format!("targetPort is {target}, but no rule replaces the port"))
            .nearest(Some(format!("port {open}, which the pods listen on")))
            .at(self
                .facts
                .locator
                .field("Service", namespace, name, &format!("spec.ports[{index}].port"))
                .or_else(|| self.mention())),
        )
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

    /// The node whose address was dialled.
    fn node_dialled(&self) -> Option<&str> {
        let dialled = self.to.ip().to_string();
        let mut nodes = self.facts.case.cluster.objects().list::<Node>(None);
        let node = nodes.find(|node| {
            let addresses = node.status.as_ref().and_then(|status| status.addresses.as_ref());
            addresses.into_iter().flatten().any(|address| address.address == dialled)
        })?;
        node.metadata.name.as_deref()
    }

    /// Node ports that are open, and by whom.
    fn open_node_ports(&self) -> Vec<String> {
        let objects = self.facts.case.cluster.objects();
        let mut lines = Vec::new();
        for service in objects.list::<Service>(None) {
            let name = service.metadata.name.as_deref().unwrap_or("");
            let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
            for port in ports.into_iter().flatten() {
                if let Some(node_port) = port.node_port {
                    lines.push(format!(
                        "Service {name}: node port {node_port} leads to its port {}",
                        port.port
                    ));
                }
            }
        }
        if lines.is_empty() {
            lines.push("no Service has a node port: their type is ClusterIP".to_owned());
        }
        lines
    }

    /// A Service passed the connection on to a pod that does not listen there.
    fn closed_target(
        &self,
        rule: &str,
        endpoint: SocketAddr,
        pod: Option<&Party>,
        listening: &[SocketAddr],
    ) -> Diagnosis {
        let name = short(rule);
        let pod_name = pod.map_or_else(|| endpoint.ip().to_string(), Party::to_string);
        let pod_name = pod_name.trim_start_matches("default/");
        let what = if pod.is_some() { "pod " } else { "" };
        let port = endpoint.port();
        let service = services::find(self.facts, rule);
        let wanted = service.and_then(|service| services::selector(service));
        if listening.is_empty() && wanted.is_some() {
            let key = wanted.and_then(|wanted| wanted.keys().next());
            let path = key.map_or_else(|| "spec.selector".to_owned(), |key| label_path(key));
            return Diagnosis::new(
                "selects-the-wrong-pods",
                format!(
                    "Service {name} passed it on to pod {pod_name}, which serves nothing at all"
                ),
            )
            .facts(wanted.map(|wanted| format!("selector {} matches it", services::shown(wanted))))
            .nearest(self.who_listens_on(port))
            .at(self.service_field(rule, &path));
        }
        let said = Diagnosis::new(
            "target-port-closed",
            format!(
                "Service {name} passed it on to port {port} of {what}{pod_name}, where nobody listens"
            ),
        );
        let slice = service.filter(|_| wanted.is_none());
        if let Some(slice) = slice.and_then(|service| services::slices(self.facts, service).pop()) {
            let metadata = &slice.metadata;
            let namespace = metadata.namespace.as_deref().unwrap_or("default");
            let slice = metadata.name.as_deref().unwrap_or("");
            let line = self.facts.locator.field("EndpointSlice", namespace, slice, "ports[0].port");
            return said
                .fact(format!("EndpointSlice {slice} says so: the Service has no selector"))
                .fact(open_ports(pod_name, listening))
                .at(line);
        }
        let port_of = service.and_then(|service| services::port(service, self.to.port()));
        let index = port_of.map_or(0, |(index, _)| index);
        let target = port_of.map_or_else(|| port.to_string(), |(_, port)| services::target(port));
        said.fact(format!("targetPort of Service {name} is {target}"))
            .fact(open_ports(pod_name, listening))
            .nearest(listening.first().map(|open| format!("targetPort: {}", open.port())))
            .at(self.service_field(rule, &format!("spec.ports[{index}].targetPort")))
    }

    /// A pod that does listen on this port, by its labels.
    fn who_listens_on(&self, port: u16) -> Option<String> {
        let cluster = self.facts.case.cluster;
        let pods = cluster.objects().list::<Pod>(Some("default"));
        let pod = pods.into_iter().find(|pod| self.listens_on(pod, port))?;
        let labels = pod.metadata.labels.as_ref().map(services::shown).unwrap_or_default();
        Some(format!("pods with {labels} listen on port {port}"))
    }

    fn other_pods_loopback(&self) -> Diagnosis {
        let pod = self.facts.client_pod().map_or_else(|| "this pod".to_owned(), |(_, pod)| pod);
        let port = self.to.port();
        let mut said = Diagnosis::new(
            "other-pods-loopback",
            format!("localhost is pod {pod} itself, and nobody in it listens on any port"),
        )
        .fact("every pod has a loopback device of its own");
        let cluster = self.facts.case.cluster;
        let mut pods = cluster.objects().list::<Pod>(Some("default"));
        let elsewhere = pods.find(|other| self.listens_on(other, port));
        if let Some(other) = elsewhere.and_then(|other| other.metadata.name.as_deref()) {
            said = said.fact(format!("port {port} is open in pod {other}, which is another pod"));
        }
        said.at(self.mention())
    }

    /// Whether some process in the pod listens on this port, on any address.
    fn listens_on(&self, pod: &Pod, port: u16) -> bool {
        self.facts.listeners(pod).iter().any(|(_, open, _)| *open == port)
    }

    fn loopback_only(&self, process: &str, port: u16) -> Diagnosis {
        Diagnosis::new(
            "loopback-only",
            format!("{process} listens on port {port}, but on 127.0.0.1 alone: only its own pod reaches it"),
        )
        .nearest(Some(format!("a listener on 0.0.0.0:{port}")))
        .at(self.mention())
    }
}

/// `backend` of `default/backend:http`; other namespaces stay.
pub(super) fn short(rule: &str) -> &str {
    let name = rule.strip_prefix("default/").unwrap_or(rule);
    name.split(':').next().unwrap_or(name)
}

/// A label's path in a selector, as positions are written.
fn label_path(key: &str) -> String {
    if key.contains('.') { format!("spec.selector[{key}]") } else { format!("spec.selector.{key}") }
}

fn open_ports(who: &str, listening: &[SocketAddr]) -> String {
    if listening.is_empty() {
        return format!("nobody in {who} listens on any port");
    }
    let ports: Vec<String> = listening.iter().map(|open| open.port().to_string()).collect();
    format!("open in {who}: port {}", ports.join(", "))
}

/// A pod, and why it is not ready: nobody has taken it, or what its conditions say.
pub(super) fn pod_line(pod: &Pod) -> String {
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
fn question_of(facts: &Facts<'_>, trace: &Trace) -> Option<String> {
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
fn service_of(name: &str) -> Option<(&str, &str)> {
    let mut labels = name.strip_suffix(".svc.cluster.local.")?.rsplit('.');
    Some((labels.next()?, labels.next()?))
}

/// The host in `Failed to connect to HOST port 80` and the like; of several, the last.
fn spoken_host(output: &str) -> Option<String> {
    const PHRASE: &str = "onnect to ";
    let said = output
        .rmatch_indices(PHRASE)
        .filter_map(|(start, _)| output[start + PHRASE.len()..].split_whitespace().next());
    let mut hosts = said.filter(|word| *word != "remote" && *word != "server");
    hosts.next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curl_says_what_it_was_told_to_dial() {
        let said = "curl: (7) Failed to connect to localhost port 8080 after 0 ms: Couldn't connect to server";
        assert_eq!(spoken_host(said).as_deref(), Some("localhost"));
        assert_eq!(
            spoken_host("wget: can't connect to remote host (10.0.0.1): Connection refused"),
            None
        );
    }

    #[test]
    fn rules_are_shown_by_their_services_name() {
        assert_eq!(short("default/backend:http"), "backend");
        assert_eq!(short("shop/backend"), "shop/backend");
    }
}
