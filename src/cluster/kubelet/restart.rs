//! What a container says itself about another start after its end.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, ContainerRestartRule};

/// A container's own restart policy, which comes before its pod's (`pkg/api/v1/pod`,
/// `ContainerShouldRestart`).
#[derive(Clone, Debug, PartialEq)]
pub struct OwnPolicy {
    /// `Always`, `OnFailure` or `Never`.
    policy: String,
    /// What comes before that for some exit codes.
    rules: Vec<ContainerRestartRule>,
}

impl OwnPolicy {
    /// What the specification says; most say nothing.
    pub fn of(spec: &Container) -> Option<Arc<OwnPolicy>> {
        let policy = spec.restart_policy.clone()?;
        let rules = spec.restart_policy_rules.clone().unwrap_or_default();
        Some(Arc::new(OwnPolicy { policy, rules }))
    }

    /// Whether it is started again after this exit.
    pub fn restarts_after(&self, exit: i32) -> bool {
        let ruled = self.rules.iter().any(|rule| rule.action == "Restart" && applies(rule, exit));
        ruled || by_policy(&self.policy, exit)
    }
}

/// Whether a policy of this name asks for another start after this exit.
pub fn by_policy(policy: &str, exit: i32) -> bool {
    match policy {
        "Never" => false,
        "OnFailure" => exit != 0,
        _ => true,
    }
}

fn applies(rule: &ContainerRestartRule, exit: i32) -> bool {
    let Some(codes) = &rule.exit_codes else { return false };
    let named = codes.values.iter().flatten().any(|code| *code == exit);
    match codes.operator.as_str() {
        "In" => named,
        "NotIn" => !named,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn own(policy: &str, rules: Value) -> OwnPolicy {
        let spec = json!({"name": "c", "restartPolicy": policy, "restartPolicyRules": rules});
        let spec: Container = serde_json::from_value(spec).expect("a container");
        OwnPolicy::clone(&OwnPolicy::of(&spec).expect("a policy"))
    }

    #[test]
    fn a_rule_that_names_the_exit_code_comes_before_the_policy() {
        let rule = |operator: &str| json!([{"action": "Restart", "exitCodes": {"operator": operator, "values": [42]}}]);
        assert!(own("Never", rule("In")).restarts_after(42));
        assert!(!own("Never", rule("In")).restarts_after(1));
        assert!(own("Never", rule("NotIn")).restarts_after(1));
        assert!(own("OnFailure", rule("In")).restarts_after(1));
        assert!(!own("OnFailure", rule("In")).restarts_after(0));
        assert!(own("Always", json!([])).restarts_after(0));
    }
}
