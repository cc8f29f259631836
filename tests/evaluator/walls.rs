//! NetworkPolicy, read word by word for one packet (R11).

use std::net::Ipv4Addr;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use podhop::api::Pod;
use podhop::network::Protocol;
use std::collections::BTreeMap;
use std::net::SocketAddrV4;

use super::simple::{Objects, in_cidr, named_port, protocol};

type Labels = BTreeMap<String, String>;

/// One end of a connection that a rule speaks of, and the port of the receiver.
struct Talk<'a> {
    peer: Ipv4Addr,
    protocol: Protocol,
    port: u16,
    receiver: Option<&'a Pod>,
}

impl Objects {
    /// Whether a pod's egress policies let a packet out.
    pub fn may_leave(&self, pod: &Pod, protocol: Protocol, to: SocketAddrV4) -> bool {
        let receiver = self.pod_at(*to.ip());
        let talk = Talk { peer: *to.ip(), protocol, port: to.port(), receiver };
        let policies = self.selecting(pod, "Egress");
        policies.is_empty()
            || policies.iter().any(|policy| {
                let rules = spec(policy).egress.iter().flatten();
                let mut fitting =
                    rules.filter(|rule| self.any_peer(policy, rule.to.as_deref(), &talk));
                fitting.any(|rule| any_port(rule.ports.as_deref(), &talk))
            })
    }

    /// Whether a pod's ingress policies let a packet in.
    pub fn may_enter(&self, pod: &Pod, peer: Ipv4Addr, protocol: Protocol, port: u16) -> bool {
        let talk = Talk { peer, protocol, port, receiver: Some(pod) };
        let policies = self.selecting(pod, "Ingress");
        policies.is_empty()
            || policies.iter().any(|policy| {
                let rules = spec(policy).ingress.iter().flatten();
                let mut fitting =
                    rules.filter(|rule| self.any_peer(policy, rule.from.as_deref(), &talk));
                fitting.any(|rule| any_port(rule.ports.as_deref(), &talk))
            })
    }

    /// R11.1
    fn selecting(&self, pod: &Pod, direction: &str) -> Vec<&NetworkPolicy> {
        let selects = |policy: &&NetworkPolicy| {
            let types = spec(policy).policy_types.iter().flatten();
            policy.metadata.namespace == pod.metadata.namespace
                && types.into_iter().any(|known| known == direction)
                && spec(policy)
                    .pod_selector
                    .as_ref()
                    .is_none_or(|selector| matches(selector, pod.metadata.labels.as_ref()))
        };
        self.policies.iter().map(AsRef::as_ref).filter(selects).collect()
    }

    /// No list at all means everybody (R11.3).
    fn any_peer(
        &self,
        policy: &NetworkPolicy,
        peers: Option<&[NetworkPolicyPeer]>,
        talk: &Talk<'_>,
    ) -> bool {
        match peers {
            None | Some([]) => true,
            Some(peers) => peers.iter().any(|peer| self.is_peer(policy, peer, talk)),
        }
    }

    fn is_peer(&self, policy: &NetworkPolicy, peer: &NetworkPolicyPeer, talk: &Talk<'_>) -> bool {
        if let Some(block) = &peer.ip_block {
            return in_block(block, talk.peer);
        }
        let Some(pod) = self.pod_at(talk.peer) else { return false };
        let named = |wanted: &Option<String>| {
            self.namespaces.iter().find(|known| known.metadata.name == *wanted)
        };
        let in_namespace = match &peer.namespace_selector {
            None => pod.metadata.namespace == policy.metadata.namespace,
            Some(selector) => named(&pod.metadata.namespace)
                .is_some_and(|known| matches(selector, known.metadata.labels.as_ref())),
        };
        in_namespace
            && peer
                .pod_selector
                .as_ref()
                .is_none_or(|selector| matches(selector, pod.metadata.labels.as_ref()))
    }
}

fn spec(policy: &NetworkPolicy) -> &NetworkPolicySpec {
    policy.spec.as_ref().expect("a policy has a spec")
}

fn any_port(ports: Option<&[NetworkPolicyPort]>, talk: &Talk<'_>) -> bool {
    match ports {
        None | Some([]) => true,
        Some(ports) => ports.iter().any(|port| is_port(port, talk)),
    }
}

fn is_port(port: &NetworkPolicyPort, talk: &Talk<'_>) -> bool {
    if protocol(port.protocol.as_deref()) != talk.protocol {
        return false;
    }
    let number = i32::from(talk.port);
    match &port.port {
        None => true,
        Some(IntOrString::Int(first)) => {
            (*first..=port.end_port.unwrap_or(*first)).contains(&number)
        }
        Some(IntOrString::String(name)) => {
            let named = talk.receiver.and_then(|pod| named_port(pod, name, talk.protocol));
            named == Some(talk.port)
        }
    }
}

fn in_block(block: &IPBlock, address: Ipv4Addr) -> bool {
    in_cidr(address, &block.cidr)
        && !block.except.iter().flatten().any(|except| in_cidr(address, except))
}

fn matches(selector: &LabelSelector, labels: Option<&Labels>) -> bool {
    let value = |key: &str| labels.and_then(|labels| labels.get(key));
    let equal = selector.match_labels.iter().flatten().all(|(key, want)| value(key) == Some(want));
    let fits = selector.match_expressions.iter().flatten().all(|expression| {
        let has = value(&expression.key);
        let listed = has.is_some_and(|has| expression.values.iter().flatten().any(|it| it == has));
        match expression.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => has.is_some(),
            _ => has.is_none(),
        }
    });
    equal && fits
}
