//! Questions to DNS that nobody answered, or that somebody else was asked.

use std::net::Ipv4Addr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, Service};

use super::{Diagnosis, Facts, look};
use crate::api::{Kind, Pod};
use crate::cluster::Place;
use crate::diagnostic::Location;
use crate::network::{Because, DnsCode, Hop, Outcome, Party, Protocol, Stage, Trace};

/// The cluster's DNS (R4.4).
const CLUSTER_DNS: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 10);

/// The questions of the failed run, oldest first; for a client that is not the goal's own, those that it has
/// asked itself about the name.
pub(super) fn questions<'a>(facts: &Facts<'a>) -> Vec<&'a Trace> {
    if let (Some(Place::Container { namespace, pod, .. }), Some(name)) =
        (&facts.client, &facts.unresolved)
    {
        let party = Party::Pod { namespace: namespace.clone(), name: pod.clone() };
        let about = |trace: &&Trace| {
            let asked = trace.dns.as_ref().map_or("", |dns| &*dns.name);
            let rest = asked.strip_prefix(name.as_str());
            trace.from == party && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let own: Vec<&Trace> = facts.case.cluster.traces().filter(about).collect();
        if !own.is_empty() {
            return own;
        }
    }
    let traces = facts.case.run.map_or(&[][..], |run| run.traces.as_slice());
    let traces = traces.iter().filter_map(|id| facts.case.cluster.trace(*id));
    traces.filter(|trace| trace.dns.is_some()).collect()
}

/// The name that was asked for, as the client was told it: without what the search list added.
pub(super) fn asked_name(questions: &[&Trace]) -> Option<String> {
    let names = questions.iter().filter_map(|trace| trace.dns.as_ref()).map(|dns| &*dns.name);
    let shortest = names.min_by_key(|name| name.len())?.trim_end_matches('.');
    let own = shortest.strip_suffix(".svc.cluster.local").and_then(|name| name.rsplit_once('.'));
    let own = own.map_or(shortest, |(name, _namespace)| name);
    Some(own.strip_suffix(".cluster.local").unwrap_or(own).to_owned())
}

/// Of several name servers, which musl asks all at once, the one to look at: the cluster's own, or the last.
fn decisive<'a>(facts: &Facts<'a>) -> Option<&'a Trace> {
    let questions = questions(facts);
    let own = questions.iter().rfind(|question| question.flow.destination.ip() == CLUSTER_DNS);
    own.or(questions.last()).copied()
}

/// The last question did not come back with an answer; its way says why (R11.4).
pub(super) fn unanswered(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let question = decisive(facts)?;
    if let Some(answer) = question.dns.as_ref().and_then(|dns| dns.answer.as_ref()) {
        return matches!(answer.code, DnsCode::ServFail | DnsCode::Refused)
            .then(|| not_forwarded(facts, name, at));
    }
    let hop = question.hops.iter().rev().find(|hop| !matches!(hop.because, Because::Reply))?;
    if let Because::PolicyDenies { policies } = &hop.because {
        return Some(dropped(facts, name, hop, policies));
    }
    let server = question.flow.destination;
    let said = match question.outcome {
        Outcome::Delivered { .. } => format!("{server} is no name server"),
        _ => hop.to_string(),
    };
    let servers: Vec<&Arc<Pod>> = facts
        .case
        .cluster
        .objects()
        .list::<Pod>(Some("kube-system"))
        .filter(|pod| {
            let labels = pod.metadata.labels.as_ref();
            labels.and_then(|labels| labels.get("k8s-app")).is_some_and(|app| app == "kube-dns")
        })
        .collect();
    if let Some(trouble) = super::workloads::trouble(facts, &servers) {
        return Some(
            Diagnosis::new(
                "dns-unreachable",
                format!("nobody answered when the client asked DNS for {name}"),
            )
            .because_of(trouble),
        );
    }
    let unready = !servers.is_empty() && servers.iter().all(|pod| !pod.is_ready());
    if unready && matches!(hop.because, Because::NoEndpoints { .. }) {
        return Some(unready_servers(facts, name, &servers).fact(said));
    }
    if let Some(other) = other_port(facts, name, hop, &servers) {
        return Some(other.fact(said));
    }
    if let Some(misled) = elsewhere(facts, name, at) {
        return Some(misled.fact(said));
    }
    if let Some(lost) = lost_service(facts, name, hop).filter(|_| !servers.is_empty()) {
        return Some(lost.fact(said));
    }
    let none = servers.is_empty() && matches!(hop.because, Because::NoEndpoints { .. });
    let fix = match none {
        true => "kubectl scale deployment coredns -n kube-system --replicas=2".to_owned(),
        false => format!(
            "let somebody answer questions at {server}: the cluster's DNS is at {CLUSTER_DNS}"
        ),
    };
    Some(
        Diagnosis::new(
            "dns-unreachable",
            format!("nobody answered when the client asked DNS for {name}"),
        )
        .look([look::pods("kube-system"), look::endpoints("kube-system", "kube-dns")])
        .fact(said)
        .facts(none.then(|| "no pod of CoreDNS is there".to_owned()))
        .fix(fix),
    )
}

/// The cluster's name servers run, and no server block of their Corefile is for the port that is asked.
fn other_port(
    facts: &Facts<'_>,
    name: &str,
    hop: &Hop,
    servers: &[&Arc<Pod>],
) -> Option<Diagnosis> {
    let asked = hop.before.destination.port();
    let pod = servers.iter().find(|pod| pod.is_ready())?;
    let mut open: Vec<u16> = facts
        .listeners(pod)
        .into_iter()
        .filter(|one| one.protocol == Protocol::Udp)
        .map(|one| one.port)
        .collect();
    open.sort_unstable();
    open.dedup();
    let first = open.first().filter(|_| !open.contains(&asked))?;
    let pod_name = pod.metadata.name.as_deref()?;
    let corefile = facts.locator.field("ConfigMap", "kube-system", "coredns", "data.Corefile");
    Some(
        Diagnosis::new(
            "dns-unreachable",
            format!("nobody answered when the client asked DNS for {name}"),
        )
        .look([
            "kubectl get configmap coredns -n kube-system -o yaml".to_owned(),
            look::log("kube-system", pod_name, "coredns"),
        ])
        .fact(format!("pod {pod_name} takes questions at port {first}, and was asked at port {asked}"))
        .fact("a server block of the Corefile is for the port behind its name: .:53 for 53, which clients ask")
        .at(corefile)
        .fix(format!("let a server block of the Corefile be for port {asked} (.:{asked}), and kubectl rollout restart deployment coredns -n kube-system")),
    )
}

/// Policies of the client's pod do not let its question out.
fn dropped(facts: &Facts<'_>, name: &str, hop: &Hop, policies: &[Arc<str>]) -> Diagnosis {
    let (namespace, policy) =
        policies.first().and_then(|policy| policy.split_once('/')).unwrap_or_default();
    let way = match hop.stage {
        Stage::PolicyIngress => "ingress",
        _ => "egress",
    };
    let line = facts.locator.field("NetworkPolicy", namespace, policy, &format!("spec.{way}"));
    let said = Diagnosis::new(
        "policy-denies-dns",
        format!("a NetworkPolicy drops the question who {name} is, so no answer comes"),
    )
    .fact(hop.to_string())
    .facts(super::denials::several(policies))
    .look([look::describe("networkpolicy", namespace, policy)])
    .at(line)
    .fix(format!("allow {way} to port 53, UDP and TCP, in NetworkPolicy {policy}"));
    super::denials::of_question(facts, hop, policies, said)
}

/// Service kube-dns does not lead to CoreDNS: its selector means others, it has another address, or it is
/// gone (R4.4).
fn lost_service(facts: &Facts<'_>, name: &str, hop: &Hop) -> Option<Diagnosis> {
    let (namespace, service_name) = ("kube-system", "kube-dns");
    let message = format!("nobody answered when the client asked DNS for {name}");
    let objects = facts.case.cluster.objects();
    let service = objects.get::<Service>(namespace, service_name);
    let looks = [look::services(namespace), look::endpoints(namespace, service_name)];
    let Some(service) = service else {
        let said = Diagnosis::new("dns-unreachable", message).look([look::services(namespace)]);
        return Some(
            said.fact("there is no Service kube-system/kube-dns: the cluster's DNS had its address there")
                .fix(format!("make Service {service_name} in namespace {namespace} again, for pods with k8s-app: kube-dns, with clusterIP: {CLUSTER_DNS} and port 53 for UDP and TCP")),
        );
    };
    let own = super::services::cluster_ip(service);
    if own != CLUSTER_DNS.to_string() {
        return Some(
            Diagnosis::new("dns-unreachable", message)
                .look(looks)
                .fact(format!("Service kube-system/kube-dns has the address {own}, and pods ask {CLUSTER_DNS}"))
                .fix(format!("make Service {service_name} anew with clusterIP: {CLUSTER_DNS}, and port 53 for UDP and TCP")),
        );
    }
    let wanted = super::services::selector(service)?;
    let lost = super::services::pods(facts, service).1.is_empty()
        && matches!(hop.because, Because::NoEndpoints { .. });
    lost.then(|| super::selectors::nothing(facts, service, wanted, "dns-unreachable", message))
}

/// CoreDNS runs, and none of its pods is ready.
fn unready_servers(facts: &Facts<'_>, name: &str, servers: &[&Arc<Pod>]) -> Diagnosis {
    let first = servers.first().and_then(|pod| pod.metadata.name.as_deref()).unwrap_or("");
    let look = look::describe("pod", "kube-system", first);
    Diagnosis::new(
        "dns-unreachable",
        format!("nobody answered when the client asked DNS for {name}: no pod of the cluster's DNS is ready"),
    )
    .look([look::pods("kube-system"), look])
    .look(["kubectl get configmap coredns -n kube-system -o yaml".to_owned()])
    .facts(servers.iter().filter_map(|pod| super::readiness::unhealthy(facts, pod)))
    .fact("the readinessProbe of CoreDNS is answered by its plugin ready, which the Corefile names")
    .fix(format!("see why pod {first} is not ready, and mend that: kubectl describe pod {first} -n kube-system"))
}

/// The name server that was asked, and the whole name that it was asked for.
pub(super) fn asked<'a>(facts: &Facts<'a>) -> Option<(Place, &'a str)> {
    let question = decisive(facts)?;
    let Party::Pod { namespace, name } = facts.case.cluster.server_of(question)? else {
        return None;
    };
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &name)?;
    let container = pod.spec.as_ref()?.containers.first()?.name.as_str().into();
    Some((Place::Container { namespace, pod: name, container }, &question.dns.as_ref()?.name))
}

/// In which zones the name server that was asked looks for Services.
pub(super) fn cluster_zones(facts: &Facts<'_>) -> String {
    let zones = asked(facts)
        .map_or(&[][..], |(server, name)| facts.case.cluster.service_zones(&server, name));
    let zones: Vec<&str> = zones.iter().map(|zone| zone.trim_end_matches('.')).collect();
    match zones.is_empty() {
        true => "no line kubernetes of the Corefile is for this name".to_owned(),
        false => format!(
            "kubernetes in the Corefile is for {}, and names of Services end in cluster.local",
            zones.join(", ")
        ),
    }
}

/// CoreDNS did not say that there is no such name: it has nobody to ask about names outside.
fn not_forwarded(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Diagnosis {
    let to = asked(facts).and_then(|(server, name)| facts.case.cluster.passes_on(&server, name));
    let whom = match to {
        Some(to) if to == CLUSTER_DNS => format!(
            "forward asks {to}, which is the cluster's own DNS: the question comes back to where it was asked"
        ),
        Some(to) => format!("forward asks {to}, and no answer comes from there"),
        None => "no forward of the Corefile is for this name".to_owned(),
    };
    let corefile = facts.locator.field("ConfigMap", "kube-system", "coredns", "data.Corefile");
    Diagnosis::new(
        "dns-unreachable",
        format!("the cluster's DNS could not find out who {name} is, and says so"),
    )
    .look([
        "kubectl get configmap coredns -n kube-system -o yaml".to_owned(),
        look::pods("kube-system"),
    ])
    .fact(whom)
    .fact(
        "the name is none of the cluster's; the Corefile's forward says who is asked about others",
    )
    .at(corefile.or(at))
    .fix("let the Corefile forward to a name server that answers (forward . /etc/resolv.conf: to those that the node asks), and let CoreDNS read it: kubectl rollout restart deployment coredns -n kube-system")
}

/// The laptop and the nodes ask another DNS than the cluster's, which knows no Service (R8.1).
pub(super) fn outside(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let asker = match facts.asking_place()? {
        Place::Laptop => "the laptop".to_owned(),
        Place::Node(node) => node.to_string(),
        Place::Container { .. } => return None,
    };
    let plain = name.trim_end_matches('.');
    let within = plain.strip_suffix(".cluster.local").unwrap_or(plain);
    let within = within.strip_suffix(".svc").unwrap_or(within);
    let below = within.split_once('.').map_or("", |(_, rest)| rest);
    let known = |name: &str| super::service_names::find(facts, name);
    let Some(service) = known(within).or_else(|| known(below)) else {
        return Some(unknown_outside(facts, &asker, name, at));
    };
    let node_port = super::services::node_port(service);
    let (namespace, service) = super::services::full_name(service);
    Some(
        Diagnosis::new("unknown-name", format!("{asker} knows nobody called {name}: the names of Services mean something inside the cluster alone"))
            .look([look::services(namespace), look::nodes()])
            .fact(format!("{asker} asks another DNS than the cluster's, which only pods ask"))
            .fact(format!("Service {service} is there, in namespace {namespace}"))
            .nearest(node_port.map(|port| format!("a node's address at node port {port}")))
            .at(at)
            .fix(match (asker.as_str(), node_port) {
                ("the laptop", Some(port)) => format!("dial a node's address at node port {port}, and send again"),
                ("the laptop", None) => "dial a node's address at a node port, or send from a pod".to_owned(),
                _ => format!("send from a pod, or dial the cluster IP of Service {service}"),
            }),
    )
}

/// A name that nobody has, asked for outside the cluster.
fn unknown_outside(facts: &Facts<'_>, asker: &str, name: &str, at: Option<Location>) -> Diagnosis {
    let said = Diagnosis::new("unknown-name", format!("{asker} knows nobody called {name}"));
    if let Some(said) = super::slips::script_for_host(facts, name, at.as_ref(), &said) {
        return said;
    }
    let said = said
        .look([look::nodes(), look::services(&facts.namespace())])
        .fact(format!("{asker} asks another DNS than the cluster's, which only pods ask"))
        .at(at);
    if let Some(said) = super::slips::list_for_host(name, &said) {
        return said;
    }
    if let Some(address) = super::slips::slipped(name) {
        return said
            .fact(super::slips::FOUR_NUMBERS)
            .nearest(Some(address.clone()))
            .fix(format!("write {address} instead of {name}"));
    }
    match facts.case.cluster.objects().get::<Node>("", name) {
        Some(_) => said
            .fact(format!("{name} is a node, and a node's name is no name in DNS"))
            .fix(format!("dial the address of {name}: kubectl get nodes -o wide shows it")),
        None => said.fix("dial a node's address at a node port, or send from a pod"),
    }
}

/// Somebody was asked who knows nothing of the cluster: the pod has its node's `resolv.conf`.
pub(super) fn elsewhere(facts: &Facts<'_>, name: &str, at: Option<Location>) -> Option<Diagnosis> {
    let (server, (namespace, pod)) = (decisive(facts)?.flow.destination.ip(), facts.client_pod()?);
    if server == CLUSTER_DNS {
        return None;
    }
    super::service_names::find(facts, name)
        .or_else(|| super::names::below_service(facts, name).map(|(_, service)| service))?;
    let stored = facts.case.cluster.objects().get::<Pod>(&namespace, &pod)?;
    let pod_spec = stored.spec.as_ref()?;
    let policy = pod_spec.dns_policy.as_deref().unwrap_or("ClusterFirst");
    let on_host = pod_spec.host_network == Some(true);
    let said = Diagnosis::new(
        "not-the-clusters-dns",
        format!("pod {pod} asks {server}, who knows nothing of the cluster's names"),
    )
    .fact(format!("dnsPolicy of pod {pod} is {policy}"))
    .fact(format!("it asked for {name}"));
    let (said, nearest) = match on_host {
        true => (
            said.fact("with hostNetwork, ClusterFirst means the node's own DNS"),
            "dnsPolicy: ClusterFirstWithHostNet",
        ),
        false => (said, "dnsPolicy: ClusterFirst"),
    };
    let source = facts.pod_source(&namespace, &pod);
    let path = if on_host { "spec.hostNetwork" } else { "spec.dnsPolicy" };
    let line = source.and_then(|own| own.line(path));
    // A controller makes its pods anew when its template is applied.
    let made = super::owners::maker(facts, stored).0 != Kind::Pod && line.is_some();
    let then = if made { "apply, and send again" } else { "and make the pod anew" };
    Some(
        said.look([look::yaml("pod", &namespace, &pod)])
            .at(line.or(at))
            .fix(format!("write {nearest}, {then}")),
    )
}
