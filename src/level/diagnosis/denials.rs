//! Packets that NetworkPolicy drops: the rule that comes nearest to letting them through, and what it
//! lacks (R11.2, R11.3).

use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, Service};
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::look::{self, shown_name};
use super::walls::{parts, peer_words, ports_words};
use super::{Diagnosis, Facts, selectors, services};
use crate::api::{LabelSelector, Labels, Pod};
use crate::cluster::policy_block;
use crate::manifest;
use crate::network::{Hop, Protocol, Stage};

/// The namespace's label that holds its name.
pub(super) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// The field of a peer that is about namespaces' labels.
const NAMESPACE_SELECTOR: &str = "namespaceSelector";

/// The port of DNS.
const DNS: u16 = 53;

/// What is dropped, as the policies of the pod that they select see it.
struct Denied<'a> {
    facts: &'a Facts<'a>,
    out: bool,
    /// The other side.
    address: IpAddr,
    pod: Option<&'a Arc<Pod>>,
    port: u16,
    protocol: Protocol,
    /// The pod that is called.
    receiver: Option<&'a Arc<Pod>>,
    /// The pod that calls.
    sender: Option<&'a Arc<Pod>>,
}

/// A rule that nearly lets it through.
struct Near {
    /// Its place in the policy: `spec.ingress[0].ports`.
    path: String,
    fact: String,
    /// A label, a port or a word that is there; nothing where a rule is still to be written.
    nearest: Option<String>,
    fix: String,
    /// How near it is; less is nearer.
    distance: u32,
}

/// A NetworkPolicy selects the pod, and none of its rules allows this.
pub(super) fn diagnose(facts: &Facts<'_>, hop: &Hop, policies: &[Arc<str>]) -> Diagnosis {
    let denied = Denied::of(facts, hop);
    let out = denied.out;
    if let Some(wide) = denied.too_wide(policies) {
        return wide.explain(facts, hop, policies);
    }
    if let Some(closed) = denied.closed(policies) {
        let said = Diagnosis::new("policy-denies", denied.closes(closed));
        return denied.reopen(closed, said.fact(hop.to_string()));
    }
    let near = denied.nearest_rule(policies);
    let first = policies.first().and_then(|policy| policy.split_once('/'));
    let (namespace, name) = near.as_ref().map(|(policy, _)| *policy).or(first).unwrap_or_default();
    let line = |path: &str| facts.locator.field("NetworkPolicy", namespace, name, path);
    let said = Diagnosis::new(
        "policy-denies",
        "a NetworkPolicy does not allow this connection, so it is dropped without a word",
    )
    .look([look::describe("networkpolicy", namespace, name)]);
    let known = [hop.to_string()].into_iter().chain(several(policies));
    // What stands for the line comes first: it is what the line is marked with.
    match near {
        Some((_, near)) => said
            .look([near.look(denied.seen_in(namespace))])
            .fact(near.fact)
            .facts(known)
            .nearest(near.nearest)
            .at(line(&near.path))
            .fix(format!("{} in NetworkPolicy {name}, apply, and send again", near.fix)),
        None => {
            let said = said.look([look::labels(namespace)]);
            if let Some((policy, way)) = denied.other_way(policies) {
                return way.explain(facts, policy, said, known);
            }
            let rule = denied.whole_rule(namespace);
            let path = if out { "spec.egress" } else { "spec.ingress" };
            let astray = denied.policy_elsewhere(namespace);
            let said = said
                .facts(known)
                .facts(denied.other_end())
                .at(line(path))
                .fix(format!("add {rule}, to NetworkPolicy {name}"));
            match astray {
                Some((space, other)) => said
                    .fact(format!("NetworkPolicy {other} is in namespace {space}, and selects pods of {space} alone"))
                    .nearest(Some(format!("namespace: {namespace}")))
                    .at(facts.locator.field("NetworkPolicy", space, other, "metadata.namespace"))
                    .fix(format!("let NetworkPolicy {other} be in namespace {namespace}, apply, and send again")),
                None => said,
            }
        }
    }
}

/// For a question to DNS that was dropped: what the nearest rule lacks, laid over what is said of it.
pub(super) fn of_question(
    facts: &Facts<'_>,
    hop: &Hop,
    policies: &[Arc<str>],
    said: Diagnosis,
) -> Diagnosis {
    let denied = Denied::of(facts, hop);
    if let Some(closed) = denied.closed(policies) {
        return denied.reopen(closed, said.fact(denied.closes(closed)));
    }
    let Some(((namespace, name), near)) = denied.nearest_rule(policies) else {
        return match denied.other_way(policies) {
            Some((policy, way)) => way.explain(facts, policy, said, []),
            None => said,
        };
    };
    let line = facts.locator.field("NetworkPolicy", namespace, name, &near.path);
    let mut said = said.look([near.look(denied.seen_in(namespace))]);
    said.evidence.insert(0, near.fact);
    said.nearest(near.nearest)
        .at(line)
        .fix(format!("{} in NetworkPolicy {name}, apply, and send again", near.fix))
}

/// The policies that select the pod, where they are several: the hop names one alone.
pub(super) fn several(policies: &[Arc<str>]) -> Option<String> {
    let list = || policies.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    (policies.len() > 1).then(|| format!("policies that select the pod: {}", list()))
}

impl Near {
    /// The command that shows the labels which its selector is about.
    fn look(&self, namespace: &str) -> String {
        match self.path.contains(NAMESPACE_SELECTOR) {
            true => "kubectl get namespaces --show-labels".to_owned(),
            false => look::labels(namespace),
        }
    }
}

/// A policy that selects every pod of its namespace, and has the name of some of them.
struct TooWide<'p> {
    /// Its namespace and name.
    policy: (&'p str, &'p str),
    /// The label's key, of which its name is the value.
    key: String,
    /// The pod that it selects and is not meant for.
    selected: String,
}

impl TooWide<'_> {
    fn explain(self, facts: &Facts<'_>, hop: &Hop, policies: &[Arc<str>]) -> Diagnosis {
        let TooWide { policy: (namespace, name), key, selected } = self;
        Diagnosis::new(
            "policy-denies",
            "a NetworkPolicy does not allow this connection, so it is dropped without a word",
        )
        .look([look::describe("networkpolicy", namespace, name), look::labels(namespace)])
        .fact(format!(
            "podSelector of NetworkPolicy {name} is empty: it selects every pod of its namespace, and {selected} too, which is not {key}={name}"
        ))
        .fact(hop.to_string())
        .facts(several(policies))
        .nearest(Some(format!("podSelector: {{matchLabels: {{{key}: {name}}}}}")))
        .at(facts.locator.field("NetworkPolicy", namespace, name, "spec.podSelector"))
        .fix(format!(
            "let the podSelector of NetworkPolicy {name} ask for {key}: {name}, apply, and send again"
        ))
    }
}

/// A rule that would let the packet through if it were for the other direction.
struct OtherWay {
    /// The direction that it is for: `ingress`.
    of: &'static str,
    /// The direction that the packet has.
    wanted: &'static str,
    /// What a rule of the wanted direction says of the other side: `to`.
    side: &'static str,
    /// Its number, from 0.
    rule: usize,
}

impl OtherWay {
    fn explain(
        self,
        facts: &Facts<'_>,
        (namespace, name): (&str, &str),
        mut said: Diagnosis,
        known: impl IntoIterator<Item = String>,
    ) -> Diagnosis {
        let OtherWay { of, wanted, side, rule } = self;
        let (comes, goes) = match wanted {
            "egress" => ("comes in", "goes out"),
            _ => ("goes out", "comes in"),
        };
        let path = format!("spec.{of}[{rule}]");
        said.evidence.insert(
            0,
            format!("{of} rule {} is about what {comes}, and this packet {goes}", rule + 1),
        );
        said.facts(known).at(facts.locator.field("NetworkPolicy", namespace, name, &path)).fix(
            format!(
                "make {of} rule {} a rule of {wanted}, with {side}, in NetworkPolicy {name}, apply, and send again",
                rule + 1
            ),
        )
    }
}

impl<'a> Denied<'a> {
    fn of(facts: &'a Facts<'a>, hop: &Hop) -> Denied<'a> {
        let out = hop.stage == Stage::PolicyEgress;
        let (from, to) = (hop.before.source.ip(), hop.before.destination.ip());
        let address = if out { to } else { from };
        Denied {
            facts,
            out,
            address,
            pod: facts.pod_at(address),
            port: hop.before.destination.port(),
            protocol: hop.before.protocol,
            receiver: facts.pod_at(to),
            sender: facts.pod_at(from),
        }
    }

    /// The one policy that selects the pod, where it selects every pod of its namespace, has no rule at all
    /// for this direction and stands in none of the player's files: its namespace and name.
    fn closed<'p>(&self, policies: &'p [Arc<str>]) -> Option<(&'p str, &'p str)> {
        let [only] = policies else { return None };
        let (namespace, name) = only.split_once('/')?;
        let objects = self.facts.case.cluster.objects();
        let spec = objects.get::<NetworkPolicy>(namespace, name)?.spec.as_ref()?;
        let selector = spec.pod_selector.clone().unwrap_or_default();
        let all = LabelSelector::of(&selector).requirements.is_empty();
        let written = self.facts.locator.source("NetworkPolicy", namespace, name).is_some();
        (all && parts(spec, 0, self.out).is_none() && !written).then_some((namespace, name))
    }

    /// What such a policy does.
    fn closes(&self, (namespace, name): (&str, &str)) -> String {
        let what = if self.out { "lets nothing out of" } else { "lets nothing into" };
        format!("NetworkPolicy {name} {what} any pod of namespace {namespace}")
    }

    /// The way out of what such a policy does.
    fn reopen(&self, (namespace, name): (&str, &str), said: Diagnosis) -> Diagnosis {
        let may = if self.out { "lets out what has to go" } else { "lets in what has to come" };
        said.look([look::describe("networkpolicy", namespace, name)])
            .fact("its podSelector is empty, which means every pod of its namespace, and it has no rules")
            .fact("it stands in none of your files: somebody applied it")
            .at(None)
            .fix(format!(
                "kubectl delete networkpolicy {name} -n {namespace}, or apply a policy beside it that {may}; then send again"
            ))
    }

    /// A policy of another namespace that selects the pod by its labels, and has a rule that lets this through:
    /// its namespace and name.
    fn policy_elsewhere(&self, own: &str) -> Option<(&'a str, &'a str)> {
        let selected = if self.out { self.sender } else { self.receiver }?;
        let labels = selected.metadata.labels.as_ref();
        let mut policies = self.facts.case.cluster.objects().list::<NetworkPolicy>(None);
        let found = policies.find(|policy| {
            let (Some(space), Some(spec)) = (policy.metadata.namespace.as_deref(), &policy.spec)
            else {
                return false;
            };
            let selector = spec.pod_selector.clone().unwrap_or_default();
            let selector = LabelSelector::of(&selector);
            // One that selects everything is meant for its own namespace.
            let by_label = !selector.requirements.is_empty() && selector.matches(labels);
            let mut rules = (0..).map_while(|number| parts(spec, number, self.out));
            space != own
                && by_label
                && rules.any(|(peers, ports)| {
                    let fits = peers.is_empty() || peers.iter().any(|peer| self.fits(peer, own));
                    fits && (ports.is_empty() || ports.iter().any(|port| self.is_port(port)))
                })
        })?;
        Some((found.metadata.namespace.as_deref()?, found.metadata.name.as_deref()?))
    }

    /// A policy with rules whose podSelector is empty, and whose name is a label of other pods than the one
    /// that it keeps this from.
    fn too_wide<'p>(&self, policies: &'p [Arc<str>]) -> Option<TooWide<'p>> {
        let selected = if self.out { self.sender } else { self.receiver }?;
        let objects = self.facts.case.cluster.objects();
        let mut names = policies.iter().filter_map(|policy| policy.split_once('/'));
        names.find_map(|policy| {
            let (namespace, name) = policy;
            let spec = objects.get::<NetworkPolicy>(namespace, name)?.spec.as_ref()?;
            let selector = spec.pod_selector.clone().unwrap_or_default();
            let says = LabelSelector::of(&selector).requirements.is_empty()
                && parts(spec, 0, self.out).is_some();
            let key = objects.list::<Pod>(Some(namespace)).filter(|_| says).find_map(|pod| {
                let labels = pod.metadata.labels.as_ref()?;
                labels.iter().find_map(|(key, value)| (value == name).then(|| key.clone()))
            })?;
            let own = selected.metadata.labels.as_ref().and_then(|labels| labels.get(&key));
            let selected = format!("pod {}", selected.metadata.name.as_deref().unwrap_or(""));
            (own.is_none_or(|own| own != name)).then_some(TooWide { policy, key, selected })
        })
    }

    /// A rule of these policies that fits, but for its direction.
    fn other_way<'p>(&self, policies: &'p [Arc<str>]) -> Option<((&'p str, &'p str), OtherWay)> {
        let (wanted, side) = self.direction();
        let of = if self.out { "ingress" } else { "egress" };
        let objects = self.facts.case.cluster.objects();
        let mut names = policies.iter().filter_map(|policy| policy.split_once('/'));
        names.find_map(|(namespace, name)| {
            let spec = objects.get::<NetworkPolicy>(namespace, name)?.spec.as_ref()?;
            let rule = self.fitting(spec, namespace, !self.out)?;
            Some(((namespace, name), OtherWay { of, wanted, side, rule }))
        })
    }

    /// The number, from 0, of a rule of this direction that is for the other side and for this port. A
    /// rule that says neither is for everything, and tells nothing.
    fn fitting(&self, spec: &NetworkPolicySpec, own: &str, out: bool) -> Option<usize> {
        let mut rules = (0..).map_while(|number| parts(spec, number, out));
        rules.position(|(peers, ports)| {
            let fits = peers.is_empty() || peers.iter().any(|peer| self.fits(peer, own));
            let open = ports.is_empty() || ports.iter().any(|port| self.is_port(port));
            fits && open && !(peers.is_empty() && ports.is_empty())
        })
    }

    /// That the wall of the other end lets it through already.
    fn other_end(&self) -> Option<String> {
        let (from, to) = (self.sender?, self.receiver?);
        let (selected, far) = if self.out { (to, from) } else { (from, to) };
        let turned = Denied {
            facts: self.facts,
            out: !self.out,
            address: far.status.as_ref()?.pod_ip.as_deref()?.parse().ok()?,
            pod: Some(far),
            port: self.port,
            protocol: self.protocol,
            receiver: self.receiver,
            sender: self.sender,
        };
        let space = selected.metadata.namespace.as_deref()?;
        let labels = selected.metadata.labels.as_ref();
        let mut policies = self.facts.case.cluster.objects().list::<NetworkPolicy>(Some(space));
        let (name, rule) = policies.find_map(|policy| {
            let spec = policy.spec.as_ref()?;
            let selector = spec.pod_selector.clone().unwrap_or_default();
            LabelSelector::of(&selector).matches(labels).then_some(())?;
            Some((policy.metadata.name.as_deref()?, turned.fitting(spec, space, turned.out)?))
        })?;
        let (direction, _) = turned.direction();
        let way = if turned.out { "out of" } else { "into" };
        let pod = |pod: &Pod| {
            let name = pod.metadata.name.as_deref().unwrap_or("");
            shown_name(pod.metadata.namespace.as_deref().unwrap_or(""), name)
        };
        Some(format!(
            "{direction} rule {} of NetworkPolicy {} lets it {way} pod {}; the wall of pod {} has to let it through as well",
            rule + 1,
            shown_name(space, name),
            pod(selected),
            pod(far)
        ))
    }

    /// The rule that lacks least, with its policy's namespace and name.
    fn nearest_rule<'p>(&self, policies: &'p [Arc<str>]) -> Option<((&'p str, &'p str), Near)> {
        let names = policies.iter().filter_map(|policy| policy.split_once('/'));
        let near = names.flat_map(|(namespace, name)| {
            let near = self.near_rules(namespace, name).into_iter();
            near.map(move |near| ((namespace, name), near))
        });
        near.min_by_key(|(_, near)| near.distance)
    }

    fn direction(&self) -> (&'static str, &'static str) {
        if self.out { ("egress", "to") } else { ("ingress", "from") }
    }

    /// The other side's namespace.
    fn space(&self) -> &str {
        self.pod.and_then(|pod| pod.metadata.namespace.as_deref()).unwrap_or("")
    }

    /// Where the other side's labels are seen: in its own namespace, or else in the policy's.
    fn seen_in<'s>(&'s self, own: &'s str) -> &'s str {
        if self.pod.is_some() { self.space() } else { own }
    }

    /// The other side, by its labels or its address.
    fn who(&self) -> String {
        let labels = self.pod.map(|pod| selectors::own_labels(pod, &Labels::new()));
        match labels.filter(|labels| !labels.is_empty()) {
            Some(labels) => format!("pods with {}", selectors::shown(&labels)),
            None if self.pod.is_some() => "every pod (podSelector: {})".to_owned(),
            None => format!(
                "ipBlock {}/{}",
                self.address,
                if self.address.is_ipv4() { 32 } else { 128 }
            ),
        }
    }

    /// A rule that would let it through.
    fn whole_rule(&self, namespace: &str) -> String {
        let (direction, side) = self.direction();
        let (who, port) = (self.who(), self.port);
        let other = self.space();
        match self.pod.is_some() && other != namespace {
            true => format!(
                "an {direction} rule {side} {who} of namespace {other} (namespaceSelector {NAMESPACE_NAME}: {other} and podSelector in one item), port {port}"
            ),
            false => format!("an {direction} rule {side} {who}, port {port}"),
        }
    }

    /// The rules of a policy that lack one thing.
    fn near_rules(&self, namespace: &str, name: &str) -> Vec<Near> {
        let objects = self.facts.case.cluster.objects();
        let policy = objects.get::<NetworkPolicy>(namespace, name);
        let Some(spec) = policy.and_then(|policy| policy.spec.as_ref()) else { return Vec::new() };
        let (direction, side) = self.direction();
        let mut found = Vec::new();
        for number in 0.. {
            let Some((peers, ports)) = parts(spec, number, self.out) else { break };
            let path = format!("spec.{direction}[{number}]");
            let fits = peers.is_empty() || peers.iter().any(|peer| self.fits(peer, namespace));
            let open = ports.is_empty() || ports.iter().any(|port| self.is_port(port));
            match (fits, open) {
                (true, false) => {
                    let mut near = self.other_ports(&path, number + 1, ports);
                    // A rule for everybody is about its ports: DNS, as a rule.
                    near.distance = if peers.is_empty() { 2 } else { 0 };
                    found.push(near);
                }
                // A rule's ports are those of its own peers.
                (false, true)
                    if self.port == DNS
                        && !ports.is_empty()
                        && peers
                            .iter()
                            .all(|peer| self.near_peer("", 0, peer, namespace).is_none()) =>
                {
                    found.push(self.port_of_other_peers(&path, number + 1, peers));
                }
                (false, true) => {
                    for (index, peer) in peers.iter().enumerate() {
                        let path = format!("{path}.{side}[{index}]");
                        found.extend(self.near_peer(&path, number + 1, peer, namespace));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// The rule has DNS' port, and is for others.
    fn port_of_other_peers(&self, path: &str, number: usize, peers: &[NetworkPolicyPeer]) -> Near {
        let (direction, side) = self.direction();
        let whom: Vec<String> = peers.iter().map(peer_words).collect();
        Near {
            path: format!("{path}.ports"),
            fact: format!(
                "{direction} rule {number} has port {DNS}, and is for {} alone: the ports of a rule are those of its own {side}",
                whom.join(" and ")
            ),
            nearest: None,
            fix: format!("give port {DNS}, UDP and TCP, {direction} a rule of its own"),
            distance: 1,
        }
    }

    /// The rule is for the other side, and not for this port.
    fn other_ports(&self, path: &str, number: usize, ports: &[NetworkPolicyPort]) -> Near {
        let direction = self.direction().0;
        let words = ports_words(ports).unwrap_or_default();
        let (port, protocol) = (self.port, self.protocol);
        let same = |one: &NetworkPolicyPort| one.port == Some(IntOrString::Int(i32::from(port)));
        if let Some(index) = ports.iter().position(same) {
            return Near {
                path: format!("{path}.ports[{index}].protocol"),
                fact: format!(
                    "{direction} rule {number} is for {words}, and the packet is {protocol}"
                ),
                nearest: Some(format!("protocol: {protocol}")),
                fix: format!(
                    "write protocol: {protocol} for port {port} of {direction} rule {number}"
                ),
                distance: 0,
            };
        }
        // A range that ends before the port, or begins behind it.
        let range = ports.iter().enumerate().find_map(|(index, one)| {
            let last = one.end_port?;
            let Some(IntOrString::Int(first)) = one.port else { return None };
            let own = one.protocol.as_deref().unwrap_or("TCP") == protocol.to_string();
            let key = if last < i32::from(port) { "endPort" } else { "port" };
            (own && ports.len() == 1)
                .then(|| (format!("{path}.ports[{index}].{key}"), key, first, last))
        });
        if let Some((path, key, first, last)) = range {
            return Near {
                path,
                fact: format!(
                    "{direction} rule {number} is for {protocol} ports {first} to {last}, and the packet goes to port {port}: the pod's own port counts, not the Service's"
                ),
                nearest: Some(format!("{key}: {port}")),
                fix: format!("write {key}: {port} in {direction} rule {number}"),
                distance: 0,
            };
        }
        // The only one is the one that is meant; of several, any may be.
        let only = matches!(ports, [NetworkPolicyPort { port: Some(IntOrString::Int(_)), .. }]);
        Near {
            path: format!("{path}.ports{}", if only { "[0].port" } else { "" }),
            fact: format!(
                "{direction} rule {number} is for {words} alone, and the packet goes to {protocol} port {port}: the pod's own port counts, not the Service's"
            ),
            nearest: Some(format!("port: {port}")),
            fix: format!("let {direction} rule {number} have port {port}"),
            distance: 0,
        }
    }

    fn is_port(&self, declared: &NetworkPolicyPort) -> bool {
        if declared.protocol.as_deref().unwrap_or("TCP") != self.protocol.to_string() {
            return false;
        }
        let port = i32::from(self.port);
        match &declared.port {
            None => true,
            Some(IntOrString::Int(first)) => {
                (*first..=declared.end_port.unwrap_or(*first)).contains(&port)
            }
            Some(IntOrString::String(name)) => {
                let spec = self.receiver.and_then(|pod| pod.spec.as_ref());
                let containers = spec.into_iter().flat_map(|spec| &spec.containers);
                let mut ports = containers.flat_map(|one| one.ports.iter().flatten());
                ports.any(|one| one.name.as_ref() == Some(name) && one.container_port == port)
            }
        }
    }

    /// Whether a peer of a rule of a policy in `own` is the other side.
    fn fits(&self, peer: &NetworkPolicyPeer, own: &str) -> bool {
        if let Some(block) = &peer.ip_block {
            return policy_block(block).is_some_and(|block| block.contains(self.address));
        }
        self.in_space(peer, own) && self.has_labels(peer)
    }

    fn in_space(&self, peer: &NetworkPolicyPeer, own: &str) -> bool {
        match &peer.namespace_selector {
            None => self.space() == own,
            Some(selector) => self.namespace().is_some_and(|namespace| {
                LabelSelector::of(selector).matches(namespace.metadata.labels.as_ref())
            }),
        }
    }

    fn namespace(&self) -> Option<&Arc<Namespace>> {
        self.facts.case.cluster.objects().get::<Namespace>("", self.space())
    }

    fn has_labels(&self, peer: &NetworkPolicyPeer) -> bool {
        let selector = peer.pod_selector.as_ref().map(LabelSelector::of).unwrap_or_default();
        self.pod.is_some_and(|pod| selector.matches(pod.metadata.labels.as_ref()))
    }

    /// A peer that lacks one thing.
    fn near_peer(
        &self,
        path: &str,
        number: usize,
        peer: &NetworkPolicyPeer,
        own: &str,
    ) -> Option<Near> {
        if let Some(block) = &peer.ip_block {
            let whole = policy_block(&IPBlock { cidr: block.cidr.clone(), except: None });
            let direction = self.direction().0;
            if let Some(near) = self.service_address(path, number, block) {
                return Some(near);
            }
            return whole.filter(|whole| whole.contains(self.address)).map(|_| Near {
                path: format!("{path}.ipBlock.except"),
                fact: format!(
                    "{direction} rule {number}: ipBlock {} holds {}, and except takes it out again",
                    block.cidr, self.address
                ),
                nearest: Some(format!("ipBlock {} without {} in except", block.cidr, self.address)),
                fix: format!("take what holds {} out of except", self.address),
                distance: 0,
            });
        }
        self.pod?;
        if let Some(near) = self.space_among_labels(path, number, peer) {
            return Some(near);
        }
        match (self.in_space(peer, own), self.has_labels(peer)) {
            (false, true) => self.other_space(path, number, peer, own),
            (true, false) => self.other_labels(path, number, peer),
            _ => None,
        }
    }

    /// A podSelector asks for the namespace's own label, which no pod has.
    fn space_among_labels(
        &self,
        path: &str,
        number: usize,
        peer: &NetworkPolicyPeer,
    ) -> Option<Near> {
        let mut wanted = peer.pod_selector.as_ref()?.match_labels.clone()?;
        let space = wanted.remove(NAMESPACE_NAME)?;
        let others = LabelSelector::equalities(&wanted);
        let fits = peer.namespace_selector.is_none()
            && space == self.space()
            && others.matches(self.pod?.metadata.labels.as_ref());
        let label = format!("{NAMESPACE_NAME}: {space}");
        fits.then(|| Near {
            path: manifest::field(&format!("{path}.podSelector.matchLabels"), NAMESPACE_NAME),
            fact: format!(
                "{} rule {number} asks pods for {NAMESPACE_NAME}={space}, which is a label of namespaces: no pod has it",
                self.direction().0
            ),
            nearest: Some(format!("namespaceSelector: {{matchLabels: {{{label}}}}}")),
            fix: format!("move {label} into a namespaceSelector beside the podSelector, in the same item,"),
            distance: 0,
        })
    }

    /// The block holds the address of the Service that was called, which is replaced by a pod's before
    /// any policy sees it.
    fn service_address(&self, path: &str, number: usize, block: &IPBlock) -> Option<Near> {
        let held = policy_block(block)?;
        let mut services = self.facts.case.cluster.objects().list::<Service>(None);
        let service = services.find(|service| {
            let address = services::cluster_ip(service).parse::<IpAddr>();
            let (_, pods) = services::pods(self.facts, service);
            // The Service of the other side, or the one by which the selected pod was called.
            let known = [self.pod, self.receiver];
            let own =
                pods.iter().any(|pod| known.iter().flatten().any(|one| Arc::ptr_eq(one, pod)));
            own && address.is_ok_and(|address| held.contains(address))
        })?;
        let (direction, side) = self.direction();
        let (_, name) = services::full_name(service);
        let fact = match self.out {
            true => format!(
                "{direction} rule {number}: ipBlock {} holds the address of Service {name}, which is replaced by its pod's, {}, before a policy sees it",
                block.cidr, self.address
            ),
            false => format!(
                "{direction} rule {number}: ipBlock {} holds the address of Service {name}, and from is about the sender, which is {}",
                block.cidr, self.address
            ),
        };
        Some(Near {
            path: format!("{path}.ipBlock.cidr"),
            fact,
            nearest: None,
            fix: format!(
                "name {} in {side} of {direction} rule {number}, and not the Service's address,",
                self.who()
            ),
            distance: 0,
        })
    }

    /// The pods are right, and their namespace is not.
    fn other_space(
        &self,
        path: &str,
        number: usize,
        peer: &NetworkPolicyPeer,
        own: &str,
    ) -> Option<Near> {
        let (direction, other) = (self.direction().0, self.space());
        let label = format!("{NAMESPACE_NAME}: {other}");
        let Some(selector) = &peer.namespace_selector else {
            return Some(Near {
                path: format!("{path}.podSelector"),
                fact: format!(
                    "{direction} rule {number}: a podSelector alone means pods of the policy's own namespace, {own}, and the other side is in {other}"
                ),
                nearest: Some(format!(
                    "namespaceSelector {label} beside the podSelector, in the same item"
                )),
                fix: format!(
                    "write namespaceSelector: {{matchLabels: {{{label}}}}} beside the podSelector, in the same item,"
                ),
                distance: 0,
            });
        };
        let labels = self.namespace()?.metadata.labels.clone().unwrap_or_default();
        let fact = format!(
            "{direction} rule {number} asks for a namespace with {}, and namespace {other} has {}",
            LabelSelector::of(selector),
            selectors::shown(&labels)
        );
        let wanted = selector.match_labels.clone().unwrap_or_default();
        let Some((key, value)) =
            wanted.iter().find(|(key, value)| labels.get(*key) != Some(*value))
        else {
            return Some(Near {
                path: format!("{path}.{NAMESPACE_SELECTOR}"),
                fact,
                nearest: Some(label.clone()),
                fix: format!(
                    "let the namespaceSelector match namespace {other}, for example by {label},"
                ),
                distance: 1,
            });
        };
        let path = manifest::field(&format!("{path}.{NAMESPACE_SELECTOR}.matchLabels"), key);
        let near = Near { path, fact, nearest: None, fix: String::new(), distance: 1 };
        Some(self.other_key(near, &wanted, (key, value), label))
    }

    /// One label of a namespaceSelector (`wanted`) is not the namespace's, which its name (`label`) would be.
    fn other_key(
        &self,
        near: Near,
        wanted: &Labels,
        (key, value): (&String, &String),
        label: String,
    ) -> Near {
        let other = self.space();
        // A label of the pod stands where those of its namespace are asked for.
        let of_pod = self.pod.and_then(|pod| pod.metadata.labels.as_ref()?.get(key));
        if of_pod == Some(value) {
            let fact =
                format!("{}; {key}={value} is a label of the pod, not of its namespace", near.fact);
            let fix = format!(
                "put {} into a podSelector beside the namespaceSelector, in the same item,",
                selectors::written(key, value)
            );
            return Near { fact, fix, ..near };
        }
        let others = wanted.iter().filter(|(other, _)| *other != key);
        // Where the name is right, the other label is one too many.
        let named = others.clone().any(|(other, _)| other == NAMESPACE_NAME);
        let fix = match others.count() {
            0 => format!("write {label} instead of {}", selectors::written(key, value)),
            _ if named => {
                format!("take {} out of the namespaceSelector", selectors::written(key, value))
            }
            _ => format!(
                "let the namespaceSelector match namespace {other}, for example by {label},"
            ),
        };
        Near { fix, nearest: (!named).then_some(label), ..near }
    }

    /// The namespace is right, and the labels are nearly so.
    fn other_labels(&self, path: &str, number: usize, peer: &NetworkPolicyPeer) -> Option<Near> {
        let wanted = peer.pod_selector.as_ref()?.match_labels.as_ref()?;
        let pod = self.pod?;
        let near = selectors::near(wanted, &[pod], "");
        let key = near.key?;
        let labels = selectors::own_labels(pod, wanted);
        let (asked, has) = (wanted.get(&key)?, labels.get(&key));
        // Another label altogether is no slip: somebody else is meant.
        let rest = wanted.iter().filter(|(other, _)| **other != key);
        let most = rest.clone().count() > 0 && rest.clone().all(|(k, v)| labels.get(k) == Some(v));
        let spelt =
            has.is_some_and(|has| crate::diagnostic::nearest(asked, [has.as_str()]).is_some());
        // The same word under another key; and who opens port 53 means DNS.
        let word = labels.values().any(|value| value == asked);
        let alike = spelt || most || word || self.port == DNS;
        let direction = self.direction().0;
        let instead = near.instead.or_else(|| Some(selectors::written(&key, has?)));
        let instead = instead.filter(|_| alike)?;
        Some(Near {
            path: format!("{path}.podSelector.matchLabels.{key}"),
            fact: format!(
                "{direction} rule {number} asks for {key}={asked}, and the other side, pod {}, has {}",
                shown_name(self.space(), pod.metadata.name.as_deref().unwrap_or("")),
                selectors::shown(&labels)
            ),
            nearest: Some(instead.clone()),
            fix: format!("write {instead}"),
            distance: 1,
        })
    }
}
