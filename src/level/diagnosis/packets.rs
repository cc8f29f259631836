//! Packets that did not arrive: what was decided at the last hop, and what it was decided on.

use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::look;
use super::{Diagnosis, Facts, denials, doors, services};
use crate::api::{Event, Pod};
use crate::diagnostic::Location;
use crate::network::{Because, DnsData, Outcome, Protocol, SocketAddr, Trace};

/// How many of the pods' ports are tried.
pub(super) const MOST_PORTS: usize = 6;

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
    pub(super) fn tied(&self, pod: &Pod) -> Option<(&'static str, Option<Location>)> {
        let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let source = self.facts.pod_source(namespace, name)?;
        let written = source.pod()?.get("spec")?;
        let field =
            ["nodeName", "nodeSelector"].into_iter().find(|field| !written[*field].is_null())?;
        let path = source.within(&format!("spec.{field}"));
        Some((field, super::locate::at(&source.source, &path)))
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
