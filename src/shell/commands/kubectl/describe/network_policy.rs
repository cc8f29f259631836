//! NetworkPolicies, in sentences.

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};

use super::Reader;
use super::containers::port as number_or_name;
use super::page::Page;
use crate::api::Object;
use crate::api::table::format_selector;

impl Reader<'_, '_> {
    /// A NetworkPolicy's description.
    pub(super) fn network_policy(&mut self, _: &Object, policy: &NetworkPolicy) -> String {
        let mut page = Page::default();
        let spec = policy.spec.clone().unwrap_or_default();
        page.names(&policy.metadata);
        let created = policy.metadata.creation_timestamp.as_ref();
        let created =
            created.map(|time| time.0.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string());
        page.field("Created on", created.unwrap_or_default());
        page.labels_and_annotations(&policy.metadata);
        page.line(0, "Spec:");
        let selector = format_selector(spec.pod_selector.as_ref());
        let whom = if selector == "<none>" {
            "<none> (Allowing the specific traffic to all pods in this namespace)".to_owned()
        } else {
            selector
        };
        page.line(1, format!("PodSelector:     {whom}"));
        traffic(&mut page, &spec);
        let types = spec.policy_types.clone().unwrap_or_default().join(", ");
        page.line(1, format!("Policy Types: {types}"));
        page.finish()
    }
}

fn traffic(page: &mut Page, spec: &NetworkPolicySpec) {
    let types = spec.policy_types.as_deref().unwrap_or_default();
    let affects = |name: &str| types.iter().any(|of_type| of_type == name);
    if affects("Ingress") {
        page.line(1, "Allowing ingress traffic:");
        let rules: Vec<Rule<'_>> = spec
            .ingress
            .iter()
            .flatten()
            .map(|rule| Rule { ports: rule.ports.as_deref(), peers: rule.from.as_deref() })
            .collect();
        direction(page, &rules, "ingress", "From", "source");
    } else {
        page.line(1, "Not affecting ingress traffic");
    }
    if affects("Egress") {
        page.line(1, "Allowing egress traffic:");
        let rules: Vec<Rule<'_>> = spec
            .egress
            .iter()
            .flatten()
            .map(|rule| Rule { ports: rule.ports.as_deref(), peers: rule.to.as_deref() })
            .collect();
        direction(page, &rules, "egress", "To", "destination");
    } else {
        page.line(1, "Not affecting egress traffic");
    }
}

/// A rule of either direction.
struct Rule<'a> {
    ports: Option<&'a [NetworkPolicyPort]>,
    peers: Option<&'a [NetworkPolicyPeer]>,
}

fn direction(page: &mut Page, rules: &[Rule<'_>], name: &str, word: &str, end: &str) {
    if rules.is_empty() {
        page.line(2, format!("<none> (Selected pods are isolated for {name} connectivity)"));
    }
    for (index, rule) in rules.iter().enumerate() {
        if index > 0 {
            page.line(2, "----------");
        }
        let ports = rule.ports.unwrap_or_default();
        if ports.is_empty() {
            page.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for port in ports {
            let protocol = port.protocol.as_deref().unwrap_or("TCP");
            // What a nil port is called in Go.
            let number = port.port.as_ref().map_or_else(|| "<nil>".to_owned(), number_or_name);
            page.line(
                2,
                match port.end_port {
                    Some(last) => format!("To Port Range: {number}-{last}/{protocol}"),
                    None => format!("To Port: {number}/{protocol}"),
                },
            );
        }
        let peers = rule.peers.unwrap_or_default();
        if peers.is_empty() {
            page.line(2, format!("{word}: <any> (traffic not restricted by {end})"));
        }
        for peer in peers {
            page.line(2, format!("{word}:"));
            page.peer(peer);
        }
    }
}

impl Page {
    fn peer(&mut self, peer: &NetworkPolicyPeer) {
        if let Some(namespaces) = &peer.namespace_selector {
            let selector = format_selector(Some(namespaces));
            self.line(3, format!("NamespaceSelector: {selector}"));
        }
        if let Some(pods) = &peer.pod_selector {
            self.line(3, format!("PodSelector: {}", format_selector(Some(pods))));
        }
        if let Some(block) = &peer.ip_block {
            self.line(3, "IPBlock:");
            self.line(4, format!("CIDR: {}", block.cidr));
            let except = block.except.clone().unwrap_or_default().join(", ");
            self.line(4, format!("Except: {except}"));
        }
    }
}
