//! Roles and their bindings (`pkg/apis/rbac/validation`).

use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};

use super::report::{Json, Report};
use super::{labels, metadata, names};

const GROUP: &str = "rbac.authorization.k8s.io";

/// A new or changed Role.
pub(super) fn check_role(report: &mut Report, role: &Role, old: Option<&Role>) {
    metadata::create(report, &role.metadata, true, names::path_segment);
    for (index, rule) in role.rules.iter().flatten().enumerate() {
        check_rule(report, &format!("rules[{index}]"), rule, true);
    }
    if let Some(old) = old {
        metadata::update(report, &role.metadata, &old.metadata);
    }
}

/// A new or changed ClusterRole.
pub(super) fn check_cluster_role(
    report: &mut Report,
    role: &ClusterRole,
    old: Option<&ClusterRole>,
) {
    metadata::create(report, &role.metadata, false, names::path_segment);
    for (index, rule) in role.rules.iter().flatten().enumerate() {
        check_rule(report, &format!("rules[{index}]"), rule, false);
    }
    if let Some(rule) = &role.aggregation_rule {
        let path = "aggregationRule.clusterRoleSelectors";
        let selectors = rule.cluster_role_selectors.as_deref().unwrap_or_default();
        if selectors.is_empty() {
            let why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
            report.required(path, why);
        }
        for (index, selector) in selectors.iter().enumerate() {
            let here = format!("{path}[{index}]");
            if !labels::check_selector(report, &here, selector) {
                report.invalid(&here, Json(()), "invalid label selector.");
            }
        }
    }
    if let Some(old) = old {
        metadata::update(report, &role.metadata, &old.metadata);
    }
}

/// What a role allows. What the server calls required it could as well call forbidden.
fn check_rule(report: &mut Report, path: &str, rule: &PolicyRule, namespaced: bool) {
    let none = |list: &Option<Vec<String>>| list.as_ref().is_none_or(Vec::is_empty);
    if rule.verbs.is_empty() {
        report.required(&format!("{path}.verbs"), "verbs must contain at least one value");
    }
    if !none(&rule.non_resource_urls) {
        let here = format!("{path}.nonResourceURLs");
        if namespaced {
            let why = "namespaced rules cannot apply to non-resource URLs";
            report.invalid(&here, Json(&rule.non_resource_urls), why);
        }
        if ![&rule.api_groups, &rule.resources, &rule.resource_names].into_iter().all(none) {
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            report.invalid(&here, Json(&rule.non_resource_urls), why);
        }
        return;
    }
    if none(&rule.api_groups) {
        let why = "resource rules must supply at least one api group";
        report.required(&format!("{path}.apiGroups"), why);
    }
    if none(&rule.resources) {
        let why = "resource rules must supply at least one resource";
        report.required(&format!("{path}.resources"), why);
    }
}

/// A new or changed RoleBinding.
pub(super) fn check_binding(report: &mut Report, binding: &RoleBinding, old: Option<&RoleBinding>) {
    metadata::create(report, &binding.metadata, true, names::path_segment);
    check_role_ref(report, &binding.role_ref, &["Role", "ClusterRole"]);
    for (index, subject) in binding.subjects.iter().flatten().enumerate() {
        check_subject(report, &format!("subjects[{index}]"), subject, true);
    }
    if let Some(old) = old {
        metadata::update(report, &binding.metadata, &old.metadata);
        keep_role(report, &binding.role_ref, &old.role_ref);
    }
}

/// A new or changed ClusterRoleBinding.
pub(super) fn check_cluster_binding(
    report: &mut Report,
    binding: &ClusterRoleBinding,
    old: Option<&ClusterRoleBinding>,
) {
    metadata::create(report, &binding.metadata, false, names::path_segment);
    check_role_ref(report, &binding.role_ref, &["ClusterRole"]);
    for (index, subject) in binding.subjects.iter().flatten().enumerate() {
        check_subject(report, &format!("subjects[{index}]"), subject, false);
    }
    if let Some(old) = old {
        metadata::update(report, &binding.metadata, &old.metadata);
        keep_role(report, &binding.role_ref, &old.role_ref);
    }
}

fn keep_role(report: &mut Report, new: &RoleRef, old: &RoleRef) {
    if new != old {
        let shown = serde_json::json!({
            "APIGroup": new.api_group.as_deref().unwrap_or(""), "Kind": new.kind, "Name": new.name
        });
        report.invalid("roleRef", Json(shown), "cannot change roleRef");
    }
}

fn check_role_ref(report: &mut Report, role: &RoleRef, kinds: &[&str]) {
    let group = role.api_group.as_deref().unwrap_or("");
    if group != GROUP {
        report.unsupported("roleRef.apiGroup", group, &[GROUP]);
    }
    report.one_of_if_given("roleRef.kind", Some(&role.kind), kinds);
    match role.name.as_str() {
        "" => report.required("roleRef.name", ""),
        name => report.invalid_for("roleRef.name", name, names::path_segment(name)),
    }
}

/// Whom a role is bound to.
fn check_subject(report: &mut Report, path: &str, subject: &Subject, namespaced: bool) {
    let at_name = format!("{path}.name");
    let (name, group) = (subject.name.as_str(), subject.api_group.as_deref().unwrap_or(""));
    if name.is_empty() {
        report.required(&at_name, "");
    }
    let at_group = format!("{path}.apiGroup");
    match subject.kind.as_str() {
        "ServiceAccount" => {
            if !name.is_empty() {
                report.invalid_name(&at_name, name, names::dns_subdomain(name));
            }
            if !group.is_empty() {
                report.unsupported(&at_group, group, &[""]);
            }
            if !namespaced && subject.namespace.as_deref().unwrap_or("").is_empty() {
                report.required(&format!("{path}.namespace"), "");
            }
        }
        "User" | "Group" => {
            if group != GROUP {
                report.unsupported(&at_group, group, &[GROUP]);
            }
        }
        other => {
            let kinds = &["ServiceAccount", "User", "Group"];
            report.unsupported(&format!("{path}.kind"), other, kinds);
        }
    }
}
