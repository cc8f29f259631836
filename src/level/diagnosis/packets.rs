//! Packets that did not arrive: what was decided at the last hop, and what it was decided on.

use std::net::SocketAddrV4;

use k8s_openapi::api::core::v1::{Node, Service};

use super::services;
use super::{Diagnosis, Facts};
use crate::api::Pod;
use crate::cluster::{Cluster, Place};
use crate::diagnostic::Location;
use crate::network::{Because, DnsData, Outcome, Party, Trace};

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
        Because::PolicyDenies { policies } => failed.policy(policies),
        Because::NobodyListens { listening } => failed.nobody_listens(listening),
        Because::LoopbackOnly { process } => failed.loopback_only(process),
        other => Diagnosis::new("no-answer", format!("{} did not answer", failed.to))
            .fact(format!("at {}: {other:?}", hop.place))
            .at(failed.mention()),
    })
}

/// A connection that was not made.
struct Failed<'a> {
    facts: &'a Facts<'a>,
    trace: &'a Trace,
    /// The address that was dialled.
    to: SocketAddrV4,
}

impl Failed<'_> {
    /// The player's line with the address that was dialled, or with the port alone.
    fn mention(&self) -> Option<Location> {
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

    fn service_field(&self, rule: &str, path: &str) -> Option<Location> {
        let (namespace, rest) = rule.split_once('/')?;
        self.facts.locator.field("Service", namespace, rest.split(':').next()?, path)
    }

    fn no_endpoints(&self, rule: &str, known: u32) -> Diagnosis {
        let name = short(rule);
        let Some(service) = services::find(self.facts, rule) else {
            return Diagnosis::new("service-selects-nothing", format!("{name} has no endpoints"));
        };
        let Some(wanted) = services::selector(service) else {
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
            let path = key.map_or_else(|| "spec.selector".to_owned(), |key| label_path(&key));
            return Diagnosis::new(
                "service-selects-nothing",
                format!("Service {name} has no endpoints, so the connection is refused"),
            )
            .fact(format!("selector {shown} matches 0 of {} pods", all.len()))
            .nearest(nearest)
            .at(self.service_field(rule, &path));
        }
        if known == 0 {
            return Diagnosis::new(
                "target-port-has-no-name",
                format!("Service {name} selects pods, but none of them has the port it names"),
            )
            .fact(format!("selector {shown} matches {} of {} pods", matching.len(), all.len()))
            .fact("a targetPort that is a name has to be the name of a container's port")
            .at(self.service_field(rule, "spec.ports[0].targetPort"));
        }
        Diagnosis::new(
            "no-ready-endpoint",
            format!("Service {name} selects {} pods, but none of them is ready", matching.len()),
        )
        .facts(matching.iter().map(|pod| pod_line(pod)))
        .at(self.service_field(rule, "spec.selector"))
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

    fn policy(&self, policies: &[std::sync::Arc<str>]) -> Diagnosis {
        let list = policies.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
        let (namespace, name) =
            policies.first().and_then(|policy| policy.split_once('/')).unwrap_or(("default", ""));
        Diagnosis::new(
            "policy-denies",
            "a NetworkPolicy does not allow this connection, so it is dropped without a word",
        )
        .fact(format!("policies that select the pod: {list}"))
        .fact("none of their rules allows it")
        .at(self.facts.locator.field("NetworkPolicy", namespace, name, "spec"))
    }

    fn nobody_listens(&self, listening: &[SocketAddrV4]) -> Diagnosis {
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
        endpoint: SocketAddrV4,
        pod: Option<&Party>,
        listening: &[SocketAddrV4],
    ) -> Diagnosis {
        let name = short(rule);
        let pod_name = pod.map_or_else(|| endpoint.ip().to_string(), Party::to_string);
        let pod_name = pod_name.trim_start_matches("default/");
        let port = endpoint.port();
        let service = services::find(self.facts, rule);
        if listening.is_empty() && service.is_some() {
            let wanted = service.and_then(|service| services::selector(service));
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
        let index = service
            .and_then(|service| services::port(service, self.to.port()))
            .map_or(0, |(index, _)| index);
        let target = service.and_then(|service| services::port(service, self.to.port()));
        let target = target.map_or_else(|| port.to_string(), |(_, port)| services::target(port));
        Diagnosis::new(
            "target-port-closed",
            format!(
                "Service {name} passed it on to port {port} of pod {pod_name}, where nobody listens"
            ),
        )
        .fact(format!("targetPort of Service {name} is {target}"))
        .fact(open_ports(pod_name, listening))
        .nearest(listening.first().map(|open| format!("targetPort: {}", open.port())))
        .at(self.service_field(rule, &format!("spec.ports[{index}].targetPort")))
    }

    /// A pod that does listen on this port, by its labels.
    fn who_listens_on(&self, port: u16) -> Option<String> {
        let cluster = self.facts.case.cluster;
        let pods = cluster.objects().list::<Pod>(Some("default"));
        let pod = pods.into_iter().find(|pod| listens_on(cluster, pod, port))?;
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
        let elsewhere = pods.find(|other| listens_on(cluster, other, port));
        if let Some(other) = elsewhere.and_then(|other| other.metadata.name.as_deref()) {
            said = said.fact(format!("port {port} is open in pod {other}, which is another pod"));
        }
        said.at(self.mention())
    }

    fn loopback_only(&self, process: &str) -> Diagnosis {
        let port = self.to.port();
        Diagnosis::new(
            "loopback-only",
            format!("{process} listens on port {port}, but on 127.0.0.1 alone: only its own pod reaches it"),
        )
        .nearest(Some(format!("a listener on 0.0.0.0:{port}")))
        .at(self.mention())
    }
}

/// Whether some process in the pod listens on this port, on any address.
fn listens_on(cluster: &Cluster, pod: &Pod, port: u16) -> bool {
    let containers = pod.spec.as_ref().map_or(&[][..], |spec| spec.containers.as_slice());
    let Some(container) = containers.first() else { return false };
    let place = Place::Container {
        namespace: pod.metadata.namespace.as_deref().unwrap_or("").into(),
        pod: pod.metadata.name.as_deref().unwrap_or("").into(),
        container: container.name.as_str().into(),
    };
    let netns = cluster.netns_of(&place).and_then(|sender| cluster.network().netns(sender.netns));
    netns.is_some_and(|netns| netns.listeners.iter().any(|((_, _, open), _)| *open == port))
}

/// `backend` of `default/backend:http`; other namespaces stay.
fn short(rule: &str) -> &str {
    let name = rule.strip_prefix("default/").unwrap_or(rule);
    name.split(':').next().unwrap_or(name)
}

/// A label's path in a selector, as positions are written.
fn label_path(key: &str) -> String {
    if key.contains('.') { format!("spec.selector[{key}]") } else { format!("spec.selector.{key}") }
}

fn open_ports(who: &str, listening: &[SocketAddrV4]) -> String {
    if listening.is_empty() {
        return format!("nobody in {who} listens on any port");
    }
    let ports: Vec<String> = listening.iter().map(|open| open.port().to_string()).collect();
    format!("open in {who}: port {}", ports.join(", "))
}

fn pod_line(pod: &Pod) -> String {
    let status = pod.status.as_ref();
    let reason = status
        .and_then(|status| status.conditions.as_ref())
        .and_then(|conditions| conditions.iter().find(|c| c.type_ == "Ready"))
        .and_then(|condition| condition.message.clone().or(condition.reason.clone()))
        .unwrap_or_else(|| "not ready".to_owned());
    format!("pod {}: {reason}", pod.metadata.name.as_deref().unwrap_or(""))
}

/// The name, without its search suffix, that a client had asked for to get the address it dialled.
pub(super) fn name_of(facts: &Facts<'_>, trace: &Trace) -> Option<String> {
    let address = DnsData::A(*trace.flow.destination.ip());
    let run = facts.case.run?;
    let before = run.traces.iter().rev().filter(|id| **id < trace.id);
    let mut asked = before.filter_map(|id| facts.case.cluster.trace(*id)?.dns.as_ref());
    let dns = asked.find(|dns| {
        let answer = dns.answer.as_ref();
        answer.is_some_and(|answer| answer.records.iter().any(|record| record.data == address))
    })?;
    dns.name.split('.').next().map(str::to_owned)
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
