//! Connections that a goal wants to fail, and that were made: what let them through (R11).

use std::net::IpAddr;

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};

use super::look::{self, shown_name};
use super::narrower::{self, Narrower, WideRule};
use super::{Diagnosis, Facts, party_name, selectors, services, trial};
use crate::api::{LabelSelector, Labels, Pod};
use crate::cluster::{Ending, policy_block};
use crate::diagnostic::{Location, nearest};
use crate::level::probe::Miss;
use crate::manifest;
use crate::network::{Because, Hop, Outcome, Party, Stage, Trace};

/// curl's exit code for silence, as a wall gives.
const TIMED_OUT: i32 = 28;

/// The goal wants silence, and the request failed in another way: what it came to is told, and that a
/// wall is something else.
pub(super) fn instead(facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    let miss = facts.case.run.and_then(|run| run.miss.as_ref());
    let Some(Miss::Exit { expected: TIMED_OUT, received }) = miss else { return said };
    let message = format!(
        "the goal wants silence, as a wall gives, and the command ended with exit code {received}: {}",
        said.message
    );
    Diagnosis { message, ..said }
        .fact("a NetworkPolicy drops without a word, and the client waits: that is exit code 28")
}

/// curl's exit code for a server that answered with an error, where it was told to mind.
const HTTP_ERROR: i32 = 22;

/// The goal wants no connection, and there is one.
pub(super) fn diagnose(facts: &Facts<'_>, trace: &Trace) -> Option<Diagnosis> {
    let Outcome::Delivered { .. } = &trace.outcome else { return None };
    // A command whose last word is another program's (`curl … | grep`) may want an answer.
    let piped = facts.case.goal.run.replace("||", "").contains('|');
    match facts.case.run?.miss {
        Some(Miss::Exit { expected, received: 0 })
            if expected != 0 && expected != HTTP_ERROR && !piped => {}
        Some(Miss::Exit { expected: 0, .. }) if !piped && wants_silence(facts, trace) => {}
        _ => return None,
    }
    let server = facts.case.cluster.server_of(trace)?;
    let wall = Wall { facts, client: &trace.from, server: &server };
    let allowed = |stage: Stage| trace.hops.iter().find(|hop| lets(hop, stage));
    let said = match (allowed(Stage::PolicyIngress), allowed(Stage::PolicyEgress)) {
        (Some(hop), _) | (None, Some(hop)) => wall.rule(hop)?,
        (None, None) => wall.none(),
    };
    Some(said.fact(facts.quoted()))
}

/// A command that fails because it was answered (`if curl …; then exit 1; fi`) where a wall stands or stood:
/// the goal asks for nothing that an answer could lack.
fn wants_silence(facts: &Facts<'_>, trace: &Trace) -> bool {
    let answered = facts.fetched.is_some_and(
        |fetched| matches!(fetched.ending, Ending::Response { status } if status < 400),
    );
    let server = facts.case.cluster.server_of(trace);
    let walled = match &server {
        Some(Party::Pod { namespace, .. }) => {
            super::gone::policy(facts, namespace).is_some()
                || facts
                    .case
                    .cluster
                    .objects()
                    .list::<NetworkPolicy>(Some(namespace))
                    .next()
                    .is_some()
        }
        _ => false,
    };
    facts.case.goal.expect.exit_alone() && answered && walled
}

fn lets(hop: &Hop, stage: Stage) -> bool {
    hop.stage == stage && matches!(hop.because, Because::PolicyAllows { .. })
}

/// A rule that lets a packet through.
struct OpenRule<'a> {
    /// Namespace and name of its policy.
    policy: (&'a str, &'a str),
    /// Which of the policy's rules for this direction, from 0.
    rule: usize,
    /// Whether it is one for what goes out.
    out: bool,
    /// Its items, and its ports.
    peers: &'a [NetworkPolicyPeer],
    ports: &'a [NetworkPolicyPort],
    /// The item that fits the other side.
    peer: Option<usize>,
    /// Whom it lets through: the client, or the server that is to be reached.
    other: &'a Party,
}

impl OpenRule<'_> {
    /// The direction, and the field that holds its items.
    fn side(&self) -> (&'static str, &'static str) {
        if self.out { ("egress", "to") } else { ("ingress", "from") }
    }

    /// The path of what lets it through: the item, or the rule.
    fn path(&self) -> String {
        let (direction, side) = self.side();
        let rule = format!("spec.{direction}[{}]", self.rule);
        match self.peer {
            Some(index) => format!("{rule}.{side}[{index}]"),
            None if self.peers.is_empty() => rule,
            None => format!("{rule}.{side}"),
        }
    }

    /// Whom it means.
    fn whom(&self) -> String {
        let (_, side) = self.side();
        match self.peer {
            Some(index) => peer_words(&self.peers[index]),
            None if self.peers.is_empty() => format!("it has no {side}, and so means everybody"),
            // What its labels were is not known any more.
            None => {
                format!("an item of its {side} meant {} while it was there", party_name(self.other))
            }
        }
    }
}

/// A wall that is not there, or has a hole.
struct Wall<'a> {
    facts: &'a Facts<'a>,
    client: &'a Party,
    server: &'a Party,
}

impl Wall<'_> {
    fn pod(&self, party: &Party) -> Option<&Pod> {
        let Party::Pod { namespace, name } = party else { return None };
        self.facts.case.cluster.objects().get::<Pod>(namespace, name).map(AsRef::as_ref)
    }

    fn start(&self, why: &str) -> Diagnosis {
        let (client, server) = (party_name(self.client), party_name(self.server));
        Diagnosis::new(
            "policy-lets-in",
            format!("{client} reached {server}, which it must not: {why}"),
        )
    }

    /// Where the other side's labels are seen: in its own namespace, or else in the policy's.
    fn labels(&self, other: &Party, own: &str) -> String {
        match other {
            Party::Pod { namespace, .. } => look::labels(namespace),
            _ => look::labels(own),
        }
    }

    /// A rule of a policy lets the packet through.
    fn rule(&self, hop: &Hop) -> Option<Diagnosis> {
        let Because::PolicyAllows { policy, rule } = &hop.because else { return None };
        let (namespace, name) = policy.split_once('/')?;
        let objects = self.facts.case.cluster.objects();
        let spec = objects.get::<NetworkPolicy>(namespace, name)?.spec.as_ref()?;
        let out = hop.stage == Stage::PolicyEgress;
        let other = if out { self.server } else { self.client };
        let address = if out { hop.before.destination.ip() } else { hop.before.source.ip() };
        let (peers, ports) = parts(spec, *rule, out)?;
        let peer = peers.iter().position(|peer| self.fits(peer, namespace, other, address));
        let open =
            OpenRule { policy: (namespace, name), rule: *rule, out, peers, ports, peer, other };
        if let Some(second) = peer.and_then(|index| split_item(peers, index)) {
            return Some(self.two_items(&open, second));
        }
        Some(match peer.and_then(|index| peers[index].ip_block.as_ref()) {
            Some(block) => {
                let line = |field: &str| {
                    let path = format!("{}.ipBlock.{field}", open.path());
                    self.facts.locator.field("NetworkPolicy", namespace, name, &path)
                };
                out_of_block(self.lets(&open), block, (other, address), line)
            }
            None => self.by_selectors(&open),
        })
    }

    /// What is said of every rule that lets somebody through.
    fn lets(&self, open: &OpenRule<'_>) -> Diagnosis {
        let (namespace, name) = open.policy;
        let (direction, _) = open.side();
        let (number, way) = (open.rule + 1, if open.out { "out" } else { "in" });
        let shown = shown_name(namespace, name);
        self.start(&format!("{direction} rule {number} of NetworkPolicy {shown} lets it {way}"))
            .look([
                look::describe("networkpolicy", namespace, name),
                self.labels(open.other, namespace),
            ])
            .fact(format!("rule {number}: {}", open.whom()))
    }

    /// The rule's selectors mean too many, or it has none.
    fn by_selectors(&self, open: &OpenRule<'_>) -> Diagnosis {
        let (namespace, name) = open.policy;
        let (direction, side) = open.side();
        let who = party_name(open.other);
        let labels = self.pod(open.other).map(|pod| selectors::own_labels(pod, &Labels::new()));
        let labels = labels.filter(|labels| !labels.is_empty());
        let wide = self.pod(open.other).map(|intruder| WideRule {
            policy: open.policy,
            side: (direction, side),
            rule: open.rule,
            peer: open.peer.map(|index| (index, &open.peers[index])),
            intruder,
        });
        let narrower = wide.and_then(|wide| narrower::found(self.facts, &wide));
        let shown = shown_name(namespace, name);
        let said = self
            .lets(open)
            .facts(ports_words(open.ports).map(|ports| format!("its ports: {ports}")))
            .facts(labels.map(|labels| format!("{who} has {}", selectors::shown(&labels))))
            .facts((open.peers.len() > 1).then(|| {
                format!("each item of {side} lets in for itself: what has to hold together stands in one item")
            }))
            .at(self.facts.locator.field("NetworkPolicy", namespace, name, &open.path()));
        match narrower {
            Some(Narrower { selector, place }) => said.fix(format!(
                "write {selector} {place} of NetworkPolicy {shown}, apply, and send again"
            )),
            None => said.fix(format!(
                "let no {direction} rule of NetworkPolicy {shown} match {who}: what no rule allows is dropped"
            )),
        }
    }

    /// A namespaceSelector and a podSelector stand in two items: each lets in for itself (R11.6).
    fn two_items(&self, open: &OpenRule<'_>, second: usize) -> Diagnosis {
        let ((namespace, name), (direction, side)) = (open.policy, open.side());
        let (rule, other) = (open.rule, open.other);
        let shown = shown_name(namespace, name);
        let path = format!("spec.{direction}[{rule}].{side}[{second}]");
        let at = self.facts.locator.field("NetworkPolicy", namespace, name, &path);
        let line = at.as_ref().map_or_else(
            || format!("item {} of {side}", second + 1),
            |at| format!("line {}", at.position.line),
        );
        self.start(&format!("{direction} rule {} of NetworkPolicy {shown} lets it through", rule + 1))
            .look([look::describe("networkpolicy", namespace, name), self.labels(other, namespace)])
            .fact(format!("namespaceSelector and podSelector are two items of {side}: who fits one of them is let through, as {}", party_name(other)))
            .fact("in one item both have to fit")
            .at(at)
            .fix(format!("take the dash of {line} away, so that namespaceSelector and podSelector are one item; apply, and send again"))
    }

    /// Whether a peer of a rule is the other side.
    fn fits(&self, peer: &NetworkPolicyPeer, own: &str, other: &Party, address: IpAddr) -> bool {
        if let Some(block) = &peer.ip_block {
            return policy_block(block).is_some_and(|block| block.contains(address));
        }
        let Some(pod) = self.pod(other) else { return false };
        let space = pod.metadata.namespace.as_deref().unwrap_or("");
        let objects = self.facts.case.cluster.objects();
        let in_space = match &peer.namespace_selector {
            None => space == own,
            Some(selector) => objects.get::<Namespace>("", space).is_some_and(|namespace| {
                LabelSelector::of(selector).matches(namespace.metadata.labels.as_ref())
            }),
        };
        let of_pods = peer.pod_selector.as_ref().map(LabelSelector::of).unwrap_or_default();
        in_space && of_pods.matches(pod.metadata.labels.as_ref())
    }

    /// No policy has a say.
    fn none(&self) -> Diagnosis {
        let (client, server) = (party_name(self.client), party_name(self.server));
        let on_host = |party: &Party| {
            let spec = self.pod(party).and_then(|pod| pod.spec.as_ref());
            spec.is_some_and(|spec| spec.host_network == Some(true))
        };
        if on_host(self.server) {
            return self
                .start("it is on its node's network, of which no NetworkPolicy speaks")
                .look([look::pods(&self.space())])
                .fix(format!("give {server} a network of its own: take hostNetwork out"));
        }
        let gone = super::gone::policy(self.facts, &self.space());
        if let Some(said) = self.past_the_wall().filter(|_| gone.is_none()) {
            return said;
        }
        let said = match (self.pod(self.server), self.pod(self.client)) {
            (Some(_), Some(_)) => self.start(&format!(
                "no NetworkPolicy selects {server} for ingress, and none {client} for egress"
            )),
            (Some(_), None) => {
                self.start(&format!("no NetworkPolicy selects {server} for ingress"))
            }
            (None, _) => self.start(&format!("no NetworkPolicy selects {client} for egress")),
        };
        let said = said
            .look([
                "kubectl get networkpolicies --all-namespaces".to_owned(),
                look::labels(&self.space()),
            ])
            .fact(
                "a pod that no policy selects may be reached by everybody, and may reach everybody",
            );
        match gone {
            Some(gone) => gone.explain(said),
            None => self.nearest_policy(said),
        }
    }

    /// The Service that was called leads past the pods that carry its name, which a policy selects: with
    /// these behind it, nobody gets through who must not.
    fn past_the_wall(&self) -> Option<Diagnosis> {
        let (rule, ..) = services::chosen(self.facts.connection?)?;
        let service = services::find(self.facts, rule)?;
        let (space, name) = services::full_name(service);
        let wanted = services::selector(service)?;
        let objects = self.facts.case.cluster.objects();
        let walled = |key: &str, value: &str| {
            let mut policies = objects.list::<NetworkPolicy>(Some(space));
            policies.any(|policy| {
                let selector = policy.spec.as_ref().and_then(|spec| spec.pod_selector.as_ref());
                let labels = selector.and_then(|selector| selector.match_labels.as_ref());
                labels.is_some_and(|labels| labels.get(key).is_some_and(|own| own == value))
            })
        };
        let mut labels = selectors::beside(self.facts, service, wanted).into_iter();
        let (key, value) = labels.find(|(key, value)| value == name && walled(key, value))?;
        let patch = format!("{{\"selector\":{{{key:?}:{value:?}}}}}");
        let tried = trial::after(self.facts, &trial::patch(space, name, &patch));
        let pod = self.pod(self.server)?.metadata.name.as_deref()?;
        (tried == trial::Tried::Passes).then(|| {
            let message = format!(
                "{} got an answer from {}, to which Service {name} should not lead",
                party_name(self.client),
                party_name(self.server)
            );
            selectors::asks_for_another(
                self.facts,
                &Diagnosis::new("wrong-server", message),
                (service, wanted),
                pod,
                Some((&key, &value)),
            )
        })
    }

    /// The namespace in which a policy has to be.
    fn space(&self) -> String {
        match (self.server, self.client) {
            (Party::Pod { namespace, .. }, _) | (_, Party::Pod { namespace, .. }) => {
                namespace.to_string()
            }
            _ => self.facts.namespace(),
        }
    }

    /// A policy that is there, and does not select the pod that it is meant for, or not for this
    /// direction.
    fn nearest_policy(&self, said: Diagnosis) -> Diagnosis {
        let (party, direction) = match self.pod(self.server) {
            Some(_) => (self.server, "Ingress"),
            None => (self.client, "Egress"),
        };
        let who = party_name(party);
        let make = format!(
            "let a NetworkPolicy select {who} for {direction}, and let its rules allow those alone that may"
        );
        let Some(pod) = self.pod(party) else { return said.fix(make) };
        let space = pod.metadata.namespace.as_deref().unwrap_or("");
        let objects = self.facts.case.cluster.objects();
        if let Some(said) = self.nearly_selects(pod, who.as_str(), &said) {
            return said;
        }
        let mut said = said;
        let mut at: Option<Location> = None;
        let mut meant: Option<(String, String)> = None;
        let own = selectors::own_labels(pod, &Labels::new());
        let pods: Vec<_> = objects.list::<Pod>(Some(space)).collect();
        for policy in objects.list::<NetworkPolicy>(Some(space)) {
            let (Some(name), Some(spec)) = (&policy.metadata.name, &policy.spec) else { continue };
            let selector = spec.pod_selector.clone().unwrap_or_default();
            let selects = LabelSelector::of(&selector).matches(pod.metadata.labels.as_ref());
            let line = |path: &str| self.facts.locator.field("NetworkPolicy", space, name, path);
            if selects {
                said = said
                    .fact(format!("NetworkPolicy {name} selects {who}, but not for {direction}"));
                let rules = match direction {
                    "Ingress" => spec.ingress.as_ref().is_some_and(|rules| !rules.is_empty()),
                    _ => spec.egress.as_ref().is_some_and(|rules| !rules.is_empty()),
                };
                let types = format!("policyTypes: [{direction}]");
                meant = rules
                    .then(|| (format!("write {types} in NetworkPolicy {name}"), types))
                    .or(meant);
                at = line("spec.policyTypes").or(at);
                continue;
            }
            let labels = selector.match_labels.unwrap_or_default();
            said = said.fact(format!(
                "NetworkPolicy {name} selects pods with {}, which {who} is not",
                selectors::shown(&labels)
            ));
            at = at.or_else(|| line("spec.podSelector"));
            // One that selects nobody at all is meant for somebody.
            let selector = LabelSelector::of(&spec.pod_selector.clone().unwrap_or_default());
            let idle = !pods.iter().any(|one| selector.matches(one.metadata.labels.as_ref()));
            if let Some((key, value)) = own.iter().next().filter(|_| idle && meant.is_none()) {
                let label = format!("{key}: {value}");
                meant = Some((
                    format!("write {label} in the podSelector of NetworkPolicy {name}"),
                    label,
                ));
            }
        }
        let has = (!own.is_empty()).then(|| format!("{who} has {}", selectors::shown(&own)));
        let said = said.facts(has).at(at);
        match meant {
            Some((write, label)) => {
                said.nearest(Some(label)).fix(format!("{write}, apply, and send again"))
            }
            None => said.fix(make),
        }
    }
}

impl Wall<'_> {
    /// A policy whose podSelector asks for one label that is spelt nearly as one of the pod's.
    fn nearly_selects(&self, pod: &Pod, who: &str, said: &Diagnosis) -> Option<Diagnosis> {
        let space = pod.metadata.namespace.as_deref()?;
        let has = pod.metadata.labels.as_ref()?;
        let objects = self.facts.case.cluster.objects();
        objects.list::<NetworkPolicy>(Some(space)).find_map(|policy| {
            let (name, spec) = (policy.metadata.name.as_deref()?, policy.spec.as_ref()?);
            let wanted = spec.pod_selector.as_ref()?.match_labels.as_ref()?;
            let mut wrong = wanted.iter().filter(|(key, value)| has.get(*key) != Some(*value));
            let (key, value) = wrong.next().filter(|_| wrong.clone().next().is_none())?;
            let near = |(own, its): &(&String, &String)| match *own == key {
                true => nearest(value, [its.as_str()]).is_some(),
                false => *its == value && nearest(key, [own.as_str()]).is_some(),
            };
            let (own, its) = has.iter().find(near)?;
            let label = format!("{own}: {its}");
            let path = manifest::field("spec.podSelector.matchLabels", key);
            let line = self.facts.locator.field("NetworkPolicy", space, name, &path);
            Some(
                said.clone()
                    .fact(format!(
                        "NetworkPolicy {name} selects pods with {}, which {who} is not",
                        selectors::shown(wanted)
                    ))
                    .fact(format!("{who} has {own}={its}"))
                    .nearest(Some(label.clone()))
                    .at(line)
                    .fix(format!(
                        "write {label} in the podSelector of NetworkPolicy {name}, apply, and send again"
                    )),
            )
        })
    }
}

/// The block of addresses that let somebody through: what keeps that one address out of it.
fn out_of_block(
    said: Diagnosis,
    block: &IPBlock,
    (other, address): (&Party, IpAddr),
    line: impl Fn(&str) -> Option<Location>,
) -> Diagnosis {
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let alone = format!("{address}/{whole}");
    let who = party_name(other);
    let said = said.fact(format!("{who} is {address}, which {} holds", block.cidr));
    if block.cidr == alone {
        return said.at(line("cidr")).fix(format!(
            "take the ipBlock {alone} out: what no rule allows is dropped; apply, and send again"
        ));
    }
    let mut except = block.except.clone().unwrap_or_default();
    except.push(alone);
    let except = format!("except: [{}]", except.join(", "));
    said.nearest(Some(except.clone())).at(line("except").or_else(|| line("cidr"))).fix(format!(
        "write {except} beside cidr, or a cidr without {address}; apply, and send again"
    ))
}

pub(super) type Parts<'p> = (&'p [NetworkPolicyPeer], &'p [NetworkPolicyPort]);

/// The peers and the ports of a rule.
pub(super) fn parts(spec: &NetworkPolicySpec, rule: usize, out: bool) -> Option<Parts<'_>> {
    Some(match out {
        true => {
            let rule = spec.egress.as_ref()?.get(rule)?;
            (rule.to.as_deref().unwrap_or_default(), rule.ports.as_deref().unwrap_or_default())
        }
        false => {
            let rule = spec.ingress.as_ref()?.get(rule)?;
            (rule.from.as_deref().unwrap_or_default(), rule.ports.as_deref().unwrap_or_default())
        }
    })
}

/// A peer of a namespace alone beside one of pods alone, one of which is at `index`: the second's place.
fn split_item(peers: &[NetworkPolicyPeer], index: usize) -> Option<usize> {
    let spaces = |peer: &NetworkPolicyPeer| {
        peer.namespace_selector.is_some() && peer.pod_selector.is_none() && peer.ip_block.is_none()
    };
    let pods = |peer: &NetworkPolicyPeer| {
        peer.pod_selector.is_some() && peer.namespace_selector.is_none() && peer.ip_block.is_none()
    };
    let both = |first: usize| {
        let (one, two) = (peers.get(first)?, peers.get(first + 1)?);
        (spaces(one) && pods(two) || pods(one) && spaces(two)).then_some(first + 1)
    };
    both(index).or_else(|| both(index.checked_sub(1)?))
}

/// Whom a peer means.
pub(super) fn peer_words(peer: &NetworkPolicyPeer) -> String {
    if let Some(block) = &peer.ip_block {
        let except = block.except.as_deref().unwrap_or_default();
        return match except.is_empty() {
            true => format!("ipBlock {}", block.cidr),
            false => format!("ipBlock {} except {}", block.cidr, except.join(", ")),
        };
    }
    let pods = match &peer.pod_selector {
        None => "every pod".to_owned(),
        Some(selector) => match LabelSelector::of(selector).to_string() {
            empty if empty.is_empty() => "every pod".to_owned(),
            text => format!("pods with {text}"),
        },
    };
    match &peer.namespace_selector {
        None => format!("{pods} of the policy's own namespace"),
        Some(selector) => match LabelSelector::of(selector).to_string() {
            empty if empty.is_empty() => format!("{pods} of every namespace"),
            text => format!("{pods} of namespaces with {text}"),
        },
    }
}

pub(super) fn ports_words(ports: &[NetworkPolicyPort]) -> Option<String> {
    use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
    let words: Vec<String> = ports
        .iter()
        .map(|port| {
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            match (&port.port, port.end_port) {
                (None, _) => format!("every port of {protocol}"),
                (Some(IntOrString::Int(first)), Some(last)) => {
                    format!("{protocol} ports {first} to {last}")
                }
                (Some(IntOrString::Int(number)), None) => format!("{protocol} port {number}"),
                (Some(IntOrString::String(name)), _) => format!("{protocol} port {name}"),
            }
        })
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}
