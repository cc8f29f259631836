//! NetworkPolicy: what a CNI plugin that enforces it programs for each pod (R11).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::protocol;
use crate::api::{LabelSelector, Pod, Store};
use crate::network::{
    Family, PodPolicies, PolicyBlock, PolicyPeers, PolicyPort, PolicyRule, PolicyRules, Protocol,
    Range,
};

/// A pod's namespace and name.
pub(super) type PodName = (Arc<str>, Arc<str>);

/// The policies of every pod that is selected by one.
pub(super) fn compile(store: &Store) -> BTreeMap<PodName, PodPolicies> {
    let mut compiled: BTreeMap<PodName, PodPolicies> = BTreeMap::new();
    for policy in store.list::<NetworkPolicy>(None) {
        let Some(spec) = &policy.spec else { continue };
        let namespace = policy.metadata.namespace.as_deref().unwrap_or("");
        let name = policy.metadata.name.as_deref().unwrap_or("");
        let compiler = Compiler { store, namespace, name: format!("{namespace}/{name}").into() };
        let selector = LabelSelector::of(&spec.pod_selector.clone().unwrap_or_default());
        let pods = store.list::<Pod>(Some(namespace));
        for pod in pods.filter(|pod| selector.matches(pod.metadata.labels.as_ref())) {
            let pod_name: PodName =
                (namespace.into(), pod.metadata.name.as_deref().unwrap_or("").into());
            compiler.add(compiled.entry(pod_name).or_default(), spec, pod);
        }
    }
    compiled
}

struct Compiler<'a> {
    store: &'a Store,
    namespace: &'a str,
    name: Arc<str>,
}

impl Compiler<'_> {
    /// Adds one policy to what is known of a pod that it selects.
    fn add(&self, policies: &mut PodPolicies, spec: &NetworkPolicySpec, pod: &Pod) {
        if applies(spec, "Ingress") {
            let rules = policies.ingress.get_or_insert_default();
            rules.policies.push(self.name.clone());
            for (number, rule) in spec.ingress.iter().flatten().enumerate() {
                let ports = rule.ports.as_deref().unwrap_or_default();
                let peers = self.peers(rule.from.as_deref().unwrap_or_default());
                let numbers = ports.iter().filter_map(|port| numbers(port, pod)).collect();
                self.allow(rules, number, peers.in_general(), (ports, numbers));
            }
        }
        if applies(spec, "Egress") {
            let rules = policies.egress.get_or_insert_default();
            rules.policies.push(self.name.clone());
            for (number, rule) in spec.egress.iter().flatten().enumerate() {
                let ports = rule.ports.as_deref().unwrap_or_default();
                let peers = self.peers(rule.to.as_deref().unwrap_or_default());
                self.allow_out(rules, number, &peers, ports);
            }
        }
    }

    /// One rule. Ports were declared but none means anything here: it allows nothing.
    fn allow(
        &self,
        rules: &mut PolicyRules,
        number: usize,
        peers: PolicyPeers,
        (declared, ports): (&[NetworkPolicyPort], Vec<PolicyPort>),
    ) {
        if declared.is_empty() || !ports.is_empty() {
            rules.allow.push(PolicyRule { policy: self.name.clone(), number, peers, ports });
        }
    }

    /// A rule for outgoing connections. Named ports mean what the receiving pods say, so that there
    /// is one rule for each group of receivers with the same numbers.
    fn allow_out(
        &self,
        rules: &mut PolicyRules,
        number: usize,
        peers: &Peers<'_>,
        ports: &[NetworkPolicyPort],
    ) {
        let named = |port: &&NetworkPolicyPort| matches!(port.port, Some(IntOrString::String(_)));
        let nobody = Pod::default();
        let plain: Vec<PolicyPort> =
            ports.iter().filter(|p| !named(p)).filter_map(|p| numbers(p, &nobody)).collect();
        self.allow(rules, number, peers.in_general(), (ports, plain));
        let mut groups: BTreeMap<(Protocol, u16), (PolicyPort, BTreeSet<IpAddr>)> = BTreeMap::new();
        for port in ports.iter().filter(named) {
            for (pod, address) in peers.receivers(self.store) {
                if let Some(range) = numbers(port, pod) {
                    let group = groups.entry((range.protocol, range.first));
                    group.or_insert((range, BTreeSet::new())).1.insert(address);
                }
            }
        }
        for (range, pods) in groups.into_values() {
            let peers = PolicyPeers::Only { pods: Arc::new(pods), blocks: Vec::new() };
            self.allow(rules, number, peers, (ports, vec![range]));
        }
    }

    fn peers(&self, declared: &[NetworkPolicyPeer]) -> Peers<'_> {
        if declared.is_empty() {
            return Peers::Anyone;
        }
        let mut pods = Vec::new();
        let mut blocks = Vec::new();
        for peer in declared {
            match &peer.ip_block {
                Some(ip_block) => blocks.extend(block(ip_block)),
                None => pods.extend(self.selected(peer)),
            }
        }
        Peers::Only { pods, blocks }
    }

    /// Namespace and pod selectors of one item hold together (R11.3).
    fn selected(&self, peer: &NetworkPolicyPeer) -> Vec<&Pod> {
        let of_pods = peer.pod_selector.as_ref().map(LabelSelector::of).unwrap_or_default();
        let namespaces: Vec<&str> = match &peer.namespace_selector {
            None => vec![self.namespace],
            Some(selector) => {
                let selector = LabelSelector::of(selector);
                let all = self.store.list::<Namespace>(None);
                all.filter(|namespace| selector.matches(namespace.metadata.labels.as_ref()))
                    .filter_map(|namespace| namespace.metadata.name.as_deref())
                    .collect()
            }
        };
        let pods = namespaces.into_iter().flat_map(|name| self.store.list::<Pod>(Some(name)));
        pods.map(Arc::as_ref).filter(|pod| of_pods.matches(pod.metadata.labels.as_ref())).collect()
    }
}

/// Who is at the other end, with the pods themselves.
enum Peers<'a> {
    Anyone,
    Only { pods: Vec<&'a Pod>, blocks: Vec<PolicyBlock> },
}

impl Peers<'_> {
    fn in_general(&self) -> PolicyPeers {
        match self {
            Peers::Anyone => PolicyPeers::Anyone,
            Peers::Only { pods, blocks } => PolicyPeers::Only {
                pods: Arc::new(pods.iter().flat_map(|pod| addresses(pod)).collect()),
                blocks: blocks.clone(),
            },
        }
    }

    /// The pods among them, with their addresses: those that are selected, and those that a block
    /// holds.
    fn receivers<'s>(&'s self, store: &'s Store) -> Vec<(&'s Pod, IpAddr)> {
        let all = || store.list::<Pod>(None).map(Arc::as_ref);
        let addressed = |pod: &'s Pod| addresses(pod).into_iter().map(move |one| (pod, one));
        match self {
            Peers::Anyone => all().flat_map(addressed).collect(),
            Peers::Only { pods, blocks } => {
                let held = |(_, address): &(&Pod, IpAddr)| {
                    blocks.iter().any(|block| block.contains(*address))
                };
                let selected = pods.iter().copied().flat_map(addressed);
                if blocks.is_empty() {
                    return selected.collect();
                }
                selected.chain(all().flat_map(addressed).filter(held)).collect()
            }
        }
    }
}

/// `policyTypes`: Ingress always unless the list says otherwise, Egress when there are such rules
/// (R11.1).
fn applies(spec: &NetworkPolicySpec, direction: &str) -> bool {
    match &spec.policy_types {
        Some(types) if !types.is_empty() => types.iter().any(|kind| kind == direction),
        _ => direction == "Ingress" || spec.egress.as_ref().is_some_and(|rules| !rules.is_empty()),
    }
}

/// The numbers that a port means at `pod`; a port without number means all of its protocol.
fn numbers(declared: &NetworkPolicyPort, pod: &Pod) -> Option<PolicyPort> {
    let wanted = protocol(declared.protocol.as_deref());
    let number = |number: i32| u16::try_from(number).ok();
    let (first, last) = match &declared.port {
        None => (0, u16::MAX),
        Some(IntOrString::Int(port)) => {
            let first = number(*port)?;
            (first, declared.end_port.and_then(number).unwrap_or(first))
        }
        Some(IntOrString::String(name)) => {
            let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
            let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
            let found = ports.find(|port| {
                port.name.as_ref() == Some(name) && protocol(port.protocol.as_deref()) == wanted
            })?;
            let first = number(found.container_port)?;
            (first, first)
        }
    };
    Some(PolicyPort { protocol: wanted, first, last })
}

/// The pod's own addresses. Pods in their node's network have none that a policy can speak of.
fn addresses(pod: &Pod) -> Vec<IpAddr> {
    let on_host = pod.spec.as_ref().is_some_and(|spec| spec.host_network == Some(true));
    let Some(status) = pod.status.as_ref().filter(|_| !on_host) else { return Vec::new() };
    if matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")) {
        return Vec::new();
    }
    let first = status.pod_ip.as_ref();
    let others = status.pod_ips.iter().flatten().map(|address| &address.ip);
    let others = others.filter(|address| Some(*address) != first);
    first.into_iter().chain(others).filter_map(|address| address.parse().ok()).collect()
}

/// An `ipBlock`; `None` where it is none.
pub fn block(declared: &IPBlock) -> Option<PolicyBlock> {
    let except = declared.except.iter().flatten().filter_map(|text| range(text)).collect();
    Some(PolicyBlock { range: range(&declared.cidr)?, except })
}

fn range(text: &str) -> Option<Range> {
    let (address, length) = text.split_once('/')?;
    let address = address.parse().ok()?;
    let longest = Family::of(address).bits();
    Some((address, length.parse().ok().filter(|length| *length <= longest)?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::ApiServer;
    use crate::clock::SimTime;

    fn store(policy: Value) -> Store {
        let mut api = ApiServer::new(1);
        for (name, app, ip, port) in
            [("web", "web", "10.244.1.2", 80), ("db", "db", "10.244.2.2", 5432)]
        {
            let pod = json!({
                "metadata": { "name": name, "namespace": "default", "labels": { "app": app } },
                "spec": { "containers": [{
                    "name": "c", "image": "nginx", "ports": [{ "name": "main", "containerPort": port }],
                }]},
            });
            let pod: Pod = serde_json::from_value(pod).unwrap();
            let stored = api.create(SimTime::START, pod).unwrap();
            let mut pod = Pod::clone(&stored);
            let status = pod.status.get_or_insert_default();
            status.phase = Some("Running".to_owned());
            status.pod_ip = Some(ip.to_owned());
            api.update(SimTime::START, pod).unwrap();
        }
        let policy = json!({ "metadata": { "name": "p", "namespace": "default" }, "spec": policy });
        let policy: NetworkPolicy = serde_json::from_value(policy).unwrap();
        api.create(SimTime::START, policy).unwrap();
        api.store().clone()
    }

    fn of(store: &Store, pod: &str) -> PodPolicies {
        compile(store).remove(&("default".into(), pod.into())).unwrap_or_default()
    }

    // R11.1
    #[test]
    fn an_empty_policy_denies_everything_that_comes_in() {
        let store = store(json!({ "podSelector": {} }));
        let web = of(&store, "web");
        assert_eq!(web.ingress.unwrap().allow, []);
        assert_eq!(web.egress, None);
    }

    // R11.3
    #[test]
    fn peers_are_the_pods_that_a_selector_finds_and_ports_are_the_pods_own() {
        let store = store(json!({
            "podSelector": { "matchLabels": { "app": "db" } },
            "ingress": [{
                "from": [{ "podSelector": { "matchLabels": { "app": "web" } } }],
                "ports": [{ "port": "main" }],
            }],
        }));
        assert_eq!(of(&store, "web"), PodPolicies::default());
        let rules = of(&store, "db").ingress.unwrap();
        let rule = &rules.allow[0];
        assert_eq!(&*rule.policy, "default/p");
        let web: IpAddr = "10.244.1.2".parse().unwrap();
        let pods = Arc::new(BTreeSet::from([web]));
        assert_eq!(rule.peers, PolicyPeers::Only { pods, blocks: Vec::new() });
        let port = PolicyPort { protocol: Protocol::Tcp, first: 5432, last: 5432 };
        assert_eq!(rule.ports, [port]);
    }

    // R11.1, R11.4
    #[test]
    fn egress_rules_make_the_policy_one_for_egress_too() {
        let store = store(json!({
            "podSelector": { "matchLabels": { "app": "web" } },
            "ingress": [{}],
            "egress": [
                { "to": [{ "podSelector": { "matchLabels": { "app": "db" } } }],
                  "ports": [{ "port": "main" }] },
                { "to": [{ "ipBlock": { "cidr": "203.0.113.0/24", "except": ["203.0.113.9/32"] } }] },
            ],
        }));
        let web = of(&store, "web");
        assert_eq!(web.ingress.unwrap().allow[0].peers, PolicyPeers::Anyone);
        let egress = web.egress.unwrap();
        assert_eq!(egress.allow[0].ports[0].first, 5432);
        let PolicyPeers::Only { blocks, .. } = &egress.allow[1].peers else { panic!("anyone") };
        assert_eq!(blocks[0].except, [("203.0.113.9".parse().unwrap(), 32)]);
    }

    // R11.3: a name means what the receiving pod says, wherever the rule found it.
    #[test]
    fn a_named_port_holds_for_pods_in_a_block_too() {
        let store = store(json!({
            "podSelector": { "matchLabels": { "app": "web" } },
            "policyTypes": ["Egress"],
            "egress": [{
                "to": [{ "ipBlock": { "cidr": "10.244.0.0/16", "except": ["10.244.1.0/24"] } }],
                "ports": [{ "port": "main" }],
            }],
        }));
        let egress = of(&store, "web").egress.unwrap();
        let db: IpAddr = "10.244.2.2".parse().unwrap();
        let pods = Arc::new(BTreeSet::from([db]));
        assert_eq!(egress.allow[0].peers, PolicyPeers::Only { pods, blocks: Vec::new() });
        assert_eq!(egress.allow[0].ports[0].first, 5432);
        assert_eq!(egress.allow.len(), 1);
    }
}
