//! Roles and their bindings.

use k8s_openapi::api::rbac::v1::{PolicyRule, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::Reader;
use super::page::Page;

/// A line of a role's table.
pub(in crate::shell::commands::kubectl) struct Line {
    group: String,
    resource: String,
    name: Option<String>,
    url: Option<String>,
    verbs: Vec<String>,
}

impl Reader<'_, '_> {
    /// A Role's or ClusterRole's description.
    pub(super) fn role(&mut self, metadata: &ObjectMeta, rules: Option<&[PolicyRule]>) -> String {
        let mut page = Page::default();
        page.field("Name", metadata.name.as_deref().unwrap_or(""));
        page.labels_and_annotations(metadata);
        page.line(0, "PolicyRule:");
        page.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
        page.line(1, "---------\t-----------------\t--------------\t-----");
        for line in Line::of(rules.unwrap_or_default()) {
            page.line(1, line.cells().join("\t"));
        }
        page.finish()
    }

    /// A RoleBinding's or ClusterRoleBinding's description.
    pub(super) fn binding(
        &mut self,
        metadata: &ObjectMeta,
        role: &RoleRef,
        subjects: Option<&[Subject]>,
    ) -> String {
        let mut page = Page::default();
        page.field("Name", metadata.name.as_deref().unwrap_or(""));
        page.labels_and_annotations(metadata);
        page.line(0, "Role:");
        page.line(1, format!("Kind:\t{}", role.kind));
        page.line(1, format!("Name:\t{}", role.name));
        page.line(0, "Subjects:");
        page.line(1, "Kind\tName\tNamespace");
        page.line(1, "----\t----\t---------");
        for subject in subjects.unwrap_or_default() {
            let namespace = subject.namespace.as_deref().unwrap_or("");
            page.line(1, format!("{}\t{}\t{namespace}", subject.kind, subject.name));
        }
        page.finish()
    }
}

impl Line {
    /// The rules taken apart: a line a resource and name with all verbs that are allowed there, and
    /// a line a path and verb (`rbac.BreakdownRule`, `rbac.CompactRules`).
    pub fn of(rules: &[PolicyRule]) -> Vec<Line> {
        let mut lines = taken_apart(rules);
        lines.sort_by_key(order);
        lines
    }

    /// What stands in its columns: resource, paths, names, verbs.
    pub fn cells(&self) -> [String; 4] {
        let one = |text: &Option<String>| format!("[{}]", text.as_deref().unwrap_or(""));
        let resource = with_group(&self.resource, &self.group);
        [resource, one(&self.url), one(&self.name), format!("[{}]", self.verbs.join(" "))]
    }
}

fn taken_apart(rules: &[PolicyRule]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for rule in rules {
        let names: Vec<Option<&String>> = match rule.resource_names.as_deref() {
            None | Some([]) => vec![None],
            Some(names) => names.iter().map(Some).collect(),
        };
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                for name in &names {
                    add(&mut lines, (group, resource, *name), &rule.verbs);
                }
            }
        }
        for url in rule.non_resource_urls.iter().flatten() {
            let line = |verb: &String| Line {
                group: String::new(),
                resource: String::new(),
                name: None,
                url: Some(url.clone()),
                verbs: vec![verb.clone()],
            };
            lines.extend(rule.verbs.iter().map(line));
        }
    }
    lines
}

fn add(
    lines: &mut Vec<Line>,
    (group, resource, name): (&String, &String, Option<&String>),
    verbs: &[String],
) {
    let same = |line: &&mut Line| {
        line.url.is_none()
            && (&line.group, &line.resource, line.name.as_ref()) == (group, resource, name)
    };
    match lines.iter_mut().find(same) {
        Some(line) => {
            let new: Vec<String> =
                verbs.iter().filter(|verb| !line.verbs.contains(verb)).cloned().collect();
            line.verbs.extend(new);
        }
        None => lines.push(Line {
            group: group.clone(),
            resource: resource.clone(),
            name: name.cloned(),
            url: None,
            verbs: verbs.to_vec(),
        }),
    }
}

/// Lines stand in the order of what Go prints of their rules: verbs come first there.
fn order(line: &Line) -> String {
    let (resource, group) = (&line.resource, &line.group);
    let [name, url] = [&line.name, &line.url].map(|text| text.as_deref().unwrap_or(""));
    format!("[{}],[{group}],[{resource}],[{name}],[{url}]", line.verbs.join(" "))
}

/// `deployments.apps/scale`
fn with_group(resource: &str, group: &str) -> String {
    let (name, part) = resource.split_once('/').map_or((resource, ""), |(name, part)| (name, part));
    let dot = if group.is_empty() { "" } else { "." };
    let slash = if part.is_empty() { "" } else { "/" };
    format!("{name}{dot}{group}{slash}{part}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_told_by_resource() {
        let rules: Vec<PolicyRule> = serde_json::from_value(json!([
            {"apiGroups": ["", "apps"], "resources": ["pods", "deployments/scale"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "get"]},
        ]))
        .unwrap();
        let told: Vec<String> = Line::of(&rules)
            .iter()
            .map(|line| {
                format!("{} {}", with_group(&line.resource, &line.group), line.verbs.join(","))
            })
            .collect();
        assert_eq!(
            told,
            [
                "pods get,list",
                "deployments/scale get",
                "deployments.apps/scale get",
                "pods.apps get"
            ]
        );
    }
}
