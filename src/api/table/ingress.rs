//! Ingresses.

use k8s_openapi::api::networking::v1::{Ingress, IngressSpec};

use super::age::since;
use super::format::{balancer_names, or_none};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("NAME"),
    narrow("CLASS"),
    narrow("HOSTS"),
    narrow("ADDRESS"),
    narrow("PORTS"),
    narrow("AGE"),
];

pub(super) fn row(ingress: &Ingress, now: SimTime) -> Vec<String> {
    let spec = ingress.spec.clone().unwrap_or_default();
    let tls = spec.tls.as_ref().is_some_and(|tls| !tls.is_empty());
    vec![
        ingress.metadata.name.clone().unwrap_or_default(),
        or_none(spec.ingress_class_name.clone().unwrap_or_default()),
        hosts(&spec),
        addresses(ingress),
        if tls { "80, 443" } else { "80" }.to_owned(),
        since(ingress.metadata.creation_timestamp.as_ref(), now),
    ]
}

fn hosts(spec: &IngressSpec) -> String {
    let rules = spec.rules.as_deref().unwrap_or_default();
    let mut named: Vec<&str> = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= named.len() == 3;
        let host = rule.host.as_deref().filter(|host| !host.is_empty());
        named.extend(host.filter(|_| !more));
    }
    match named.join(",") {
        none if none.is_empty() => "*".to_owned(),
        hosts if more => format!("{hosts} + {} more...", rules.len() - 3),
        hosts => hosts,
    }
}

/// What the ingress controller reported.
fn addresses(ingress: &Ingress) -> String {
    let balancer = ingress.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let entries = balancer.and_then(|balancer| balancer.ingress.as_deref()).unwrap_or_default();
    balancer_names(entries.iter().map(|entry| (&entry.ip, &entry.hostname)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // `pkg/printers/internalversion/printers.go`, `formatHosts`.
    #[test]
    fn rules_are_more_only_behind_three_hosts() {
        let shown = |names: &[&str]| {
            let rules: Vec<_> = names.iter().map(|host| json!({"host": host})).collect();
            hosts(&serde_json::from_value(json!({"rules": rules})).expect("a spec"))
        };
        assert_eq!(shown(&["", "", "", "a"]), "a");
        assert_eq!(shown(&["a", "", "b", "c"]), "a,b,c");
        assert_eq!(shown(&["a", "b", "c", ""]), "a,b,c + 1 more...");
        assert_eq!(shown(&["", ""]), "*");
    }
}
