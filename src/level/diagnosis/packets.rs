//! Packets that did not arrive: what was decided at the last hop, and what it was decided on.

use std::net::IpAddr;

use k8s_openapi::api::core::v1::Node;
use serde_json::Value;

use super::asked::name_of;
use super::look;
use super::{Diagnosis, Facts, denials, doors, services};
use crate::api::Pod;
use crate::cluster::{Did, Ending};
use crate::diagnostic::Location;
use crate::network::{Because, Outcome, SocketAddr, Trace};

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
        Because::NoSuchPod { was } if services::chosen(trace).is_some() => {
            failed.gone_endpoint(was.as_ref())?
        }
        Because::NoSuchHost if services::chosen(trace).is_some() => failed.gone_endpoint(None)?,
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
            None => self.chosen_by_script(&said, at.as_ref()).unwrap_or_else(|| {
                said.fact("its pods are moved when the control plane has given it up, after some minutes")
                    .at(at)
                    .fix(format!("switch {node} on again, or dial another node"))
            }),
        }
    }

    /// A script chose the node by itself: it went on though another one had answered, or asked this one alone.
    fn chosen_by_script(&self, said: &Diagnosis, at: Option<&Location>) -> Option<Diagnosis> {
        let case = &self.facts.case;
        let script = case.files.keys().find(|file| super::mentions(&case.goal.run, file))?;
        let text = String::from_utf8_lossy(case.files.get(script)?);
        if super::mentions(&text, &self.to.ip().to_string()) {
            return None;
        }
        let run = case.run?;
        let answered = run.deeds.iter().find_map(|deed| match &deed.did {
            Did::Fetched(one) => matches!(one.ending, Ending::Response { status } if status < 400)
                .then_some(&one.host),
            _ => None,
        });
        let line = self.facts.request_of_the_script(script);
        if let Some(host) = answered {
            return Some(
                said.clone()
                    .fact(format!("{script} had its answer from {host}, asked on, and ended as its last request did"))
                    .at(line.or_else(|| at.cloned()))
                    .fix(format!("let {script} end with the first answer, as curl … && exit does, and send again")),
            );
        }
        let mut sent = run.traces.iter().filter_map(|id| case.cluster.trace(*id));
        let alone =
            sent.all(|trace| trace.dns.is_some() || trace.flow.destination.ip() == self.to.ip());
        (alone && self.nodes().len() > 1).then(|| {
            said.clone()
                .fact(format!("{script} chose this node, and asked no other one when it was silent"))
                .fact("Kubernetes takes most of a minute to notice that a node is gone: who asks has to give up sooner, and ask another")
                .at(line.or_else(|| at.cloned()))
                .fix(format!("let {script} ask another node when one does not answer, and send again"))
        })
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
        let together = "requiredDuringSchedulingIgnoredDuringExecution";
        let (field, path) = match &written["affinity"]["podAffinity"][together] {
            Value::Null => {
                let fields = ["nodeName", "nodeSelector"];
                let field = fields.into_iter().find(|field| !written[*field].is_null())?;
                (field, format!("spec.{field}"))
            }
            _ => ("podAffinity", "spec.affinity.podAffinity".to_owned()),
        };
        Some((field, super::locate::at(&source.source, &source.within(&path))))
    }

    /// What a pod's manifest says of being kept from the other pods' node: what is only wished for, where it
    /// is, and else the pod's `spec`, which asks for nothing.
    pub fn apart(&self, pod: &Pod) -> Option<(Option<&'static str>, Option<Location>)> {
        let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let source = self.facts.pod_source(namespace, name)?;
        let written = source.pod()?.get("spec")?;
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        let wished = &written["affinity"]["podAntiAffinity"][preferred];
        let spread = written["topologySpreadConstraints"].as_array().into_iter().flatten();
        let anyway = |one: &Value| one["whenUnsatisfiable"] == "ScheduleAnyway";
        let (what, path) = match (wished, spread.clone().position(anyway)) {
            (Value::Null, None) => (None, "spec".to_owned()),
            (Value::Null, Some(at)) => {
                let path = format!("spec.topologySpreadConstraints[{at}].whenUnsatisfiable");
                (Some("topologySpreadConstraints with ScheduleAnyway"), path)
            }
            _ => (
                Some("a preferred podAntiAffinity"),
                format!("spec.affinity.podAntiAffinity.{preferred}"),
            ),
        };
        Some((what, source.line(&path)))
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

/// A list that the script reads has an address that no machine has, and lacks a node's.
pub(super) fn stale_list(facts: &Facts<'_>, trace: &Trace, said: &Diagnosis) -> Option<Diagnosis> {
    let files = facts.case.files;
    let script = files.keys().find(|file| super::mentions(&facts.case.goal.run, file))?;
    let read = String::from_utf8_lossy(files.get(script)?);
    let nodes = Failed { facts, trace, to: trace.flow.destination }.nodes();
    let lists = files.iter().filter(|(name, _)| *name != script && super::mentions(&read, name));
    lists.into_iter().find_map(|(name, bytes)| {
        let list = String::from_utf8_lossy(bytes);
        let network = facts.case.cluster.network();
        let mut words = list.split_whitespace();
        let gone = words
            .find(|word| word.parse::<IpAddr>().is_ok_and(|address| network.is_vacant(address)))?;
        let (node, address) = nodes.iter().find(|(_, address)| !super::mentions(&list, address))?;
        Some(
            said.clone()
                .fact(format!("no machine has {gone}, which stands in {name}"))
                .look([look::nodes()])
                .nearest(Some(format!("{address}, which is {node}")))
                .at(facts.locator.mention([gone]))
                .fix(format!("write {address} in place of {gone} in {name}, and send again")),
        )
    })
}
