//! Generators of roles and their bindings, and of tokens. The admin may do everything; roles hold for
//! whom `--as` names.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::{Flag, Takes, text, typed};
use super::super::resources;
use super::super::{Call, Failure, Outcome};
use super::{finish, named, start};
use crate::api::Kind;

pub(super) static ROLE: Command = Command {
    name: "role",
    short: "Create a role with single rule",
    usage: "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename]",
    flags: &[RULE, super::GENERATOR, command::WRITE, command::VALIDATE],
    run: role,
    ..command::PLAIN
};

pub(super) static CLUSTER_ROLE: Command = Command {
    name: "clusterrole",
    short: "Create a cluster role",
    usage: "NAME --verb=verb --resource=resource.group [--resource-name=resourcename]",
    flags: &[
        RULE,
        &[
            typed("non-resource-url", Takes::List, "[]", "Paths that are no objects."),
            typed("aggregation-rule", Takes::Pairs, "", "The roles that it is made of: key=value."),
        ],
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    run: cluster_role,
    ..command::PLAIN
};

pub(super) static ROLE_BINDING: Command = Command {
    name: "rolebinding",
    short: "Create a role binding for a particular role or cluster role",
    usage: "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] \
            [--serviceaccount=namespace:serviceaccountname]",
    flags: &[
        &[text("clusterrole", None, "The cluster role."), text("role", None, "The role.")],
        SUBJECTS,
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    run: role_binding,
    ..command::PLAIN
};

pub(super) static CLUSTER_ROLE_BINDING: Command = Command {
    name: "clusterrolebinding",
    short: "Create a cluster role binding for a particular cluster role",
    usage: "NAME --clusterrole=NAME [--user=username] [--group=groupname] \
            [--serviceaccount=namespace:serviceaccountname]",
    flags: &[
        &[text("clusterrole", None, "The cluster role.")],
        SUBJECTS,
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    required: &["clusterrole"],
    run: cluster_role_binding,
    ..command::PLAIN
};

pub(super) static TOKEN: Command = Command {
    name: "token",
    short: "Request a service account token",
    usage: "SERVICE_ACCOUNT_NAME",
    flags: &[
        &[
            typed("audience", Takes::List, "[]", "Whom the token is for."),
            text("bound-object-kind", None, "The kind of the object that the token is bound to."),
            text("bound-object-name", None, "Its name."),
            text("bound-object-uid", None, "Its UID."),
            typed("duration", Takes::Duration, "0s", "How long the token holds."),
        ],
        command::PRINT,
    ],
    run: token,
    ..command::PLAIN
};

/// The flags of a role's one rule.
const RULE: &[Flag] = &[
    typed("verb", Takes::List, "[]", "What may be done."),
    typed("resource", Takes::List, "[]", "With which resources."),
    typed("resource-name", Takes::Texts, "[]", "With which objects."),
];

/// Whom a role is bound to.
const SUBJECTS: &[Flag] = &[
    typed("user", Takes::Texts, "[]", "Users."),
    typed("group", Takes::Texts, "[]", "Groups."),
    typed("serviceaccount", Takes::Texts, "[]", "Service accounts: namespace:name."),
];

/// The verbs that resources have; others are warned of (`validResourceVerbs`).
const VERBS: &[&str] = &[
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];
/// The verbs that paths have.
const PATH_VERBS: &[&str] = &["*", "get", "post", "put", "delete", "patch", "head", "options"];

const GROUP: &str = "rbac.authorization.k8s.io";

fn warn_of_verbs(io: &mut Io<'_>, verbs: &[String]) {
    for verb in verbs.iter().filter(|verb| !VERBS.contains(&verb.as_str())) {
        let verb = crate::diagnostic::printable(verb);
        io.write_error(format!("Warning: '{verb}' is not a standard resource verb"));
    }
}

fn role(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let verbs = verbs(&call)?;
    warn_of_verbs(io, &verbs);
    if call.arguments.all("resource").is_empty() {
        return Err(Failure::message("at least one resource must be specified"));
    }
    let value = json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "Role", "metadata": {"name": start.name},
        "rules": resource_rules(&call, &verbs)?
    });
    finish(&mut call, io, &start.report, Kind::Role, value, Failure::from)
}

/// The verbs, each once; `*` is all of them.
fn verbs(call: &Call) -> Result<Vec<String>, Failure> {
    let given = call.arguments.all("verb");
    if given.is_empty() {
        return Err(Failure::message("at least one verb must be specified"));
    }
    if given.iter().any(|verb| verb == "*") {
        return Ok(vec!["*".to_owned()]);
    }
    Ok(each_once(given))
}

fn each_once(words: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in words.iter().filter(|word| !word.is_empty()) {
        if !all.contains(word) {
            all.push(word.clone());
        }
    }
    all
}

/// Verbs that only some resources have: (verb, resources, groups).
const SPECIAL: &[(&str, &[&str], &[&str])] = &[
    ("use", &["podsecuritypolicies"], &["policy", "extensions"]),
    ("bind", &["roles", "clusterroles"], &[GROUP]),
    ("escalate", &["roles", "clusterroles"], &[GROUP]),
    ("impersonate", &["users", "serviceaccounts", "groups"], &[""]),
    ("impersonate", &["userextras"], &["authentication.k8s.io"]),
];

/// A rule a group of the API (`generateResourcePolicyRules`).
fn resource_rules(call: &Call, verbs: &[String]) -> Result<Value, Failure> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut words = call.arguments.all("resource").to_vec();
    if words.iter().any(|word| word == "*") {
        words = vec!["*".to_owned()];
    }
    for word in &words {
        let (group, resource) = resource(word, verbs)?;
        let list = groups.entry(group).or_default();
        if !list.contains(&resource) {
            list.push(resource);
        }
    }
    let names = each_once(call.arguments.all("resource-name"));
    let rules = groups.into_iter().map(|(group, resources)| {
        let mut rule = json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rule
    });
    Ok(rules.collect())
}

/// The group and the full name of a resource: `deploy.apps/scale`.
fn resource(word: &str, verbs: &[String]) -> Result<(String, String), Failure> {
    let (whole, part) = word.split_once('/').map_or((word, ""), |(whole, part)| (whole, part));
    let (name, group) = whole.split_once('.').unwrap_or((whole, ""));
    if name.is_empty() {
        let text = "resource must be specified if apiGroup/subresource specified";
        return Err(Failure::message(text));
    }
    let known = resources::named(whole).map(|(plural, _, api_version, _, _)| {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        (group.to_owned(), (*plural).to_owned())
    });
    let is_known = known.is_some();
    let (group, plural) = known.unwrap_or((group.to_owned(), name.to_owned()));
    let mut special = false;
    for verb in verbs.iter().filter(|verb| SPECIAL.iter().any(|row| row.0 == verb.as_str())) {
        let has = |row: &&(&str, &[&str], &[&str])| {
            row.0 == verb.as_str()
                && row.1.contains(&plural.as_str())
                && row.2.contains(&group.as_str())
        };
        if !SPECIAL.iter().any(|row| has(&row)) {
            let text = format!("can not perform '{verb}' on '{plural}' in group '{group}'");
            return Err(Failure::message(text));
        }
        special = true;
    }
    if !is_known && !special && name != "*" {
        // One of several errors, which stand without a word before them.
        return Err(Failure::Verbatim(format!("the server doesn't have a resource type {name:?}")));
    }
    let slash = if part.is_empty() { "" } else { "/" };
    Ok((group, format!("{plural}{slash}{part}")))
}

fn cluster_role(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let mut value = json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRole",
        "metadata": {"name": start.name}, "rules": null
    });
    let all = |flag: &str| call.arguments.all(flag);
    let pairs: Vec<&str> =
        all("aggregation-rule").iter().flat_map(|pairs| pairs.split(',')).collect();
    if pairs.is_empty() {
        value["rules"] = cluster_rules(&call, io)?;
    } else {
        if ["non-resource-url", "verb", "resource", "resource-name"]
            .iter()
            .any(|f| !all(f).is_empty())
        {
            return Err(Failure::message(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or \
                 resourceNames",
            ));
        }
        let mut labels = json!({});
        for pair in pairs {
            let (key, label) = pair.split_once('=').ok_or_else(|| {
                Failure::message(format!("{pair} must be formatted as key=value"))
            })?;
            labels[key] = json!(label);
        }
        value["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": labels}]});
    }
    finish(&mut call, io, &start.report, Kind::ClusterRole, value, Failure::from)
}

fn cluster_rules(call: &Call, io: &mut Io<'_>) -> Result<Value, Failure> {
    let verbs = verbs(call)?;
    let [urls, resources] =
        ["non-resource-url", "resource"].map(|flag| call.arguments.all(flag).to_vec());
    if urls.is_empty() && resources.is_empty() {
        let text = "one of resource or nonResourceURL must be specified";
        return Err(Failure::message(text));
    }
    let mut rules = Vec::new();
    if !resources.is_empty() {
        warn_of_verbs(io, &verbs);
        rules.extend(resource_rules(call, &verbs)?.as_array().cloned().unwrap_or_default());
    }
    if !urls.is_empty() {
        paths(&verbs, &urls)?;
        rules.push(json!({"nonResourceURLs": urls, "verbs": verbs}));
    }
    Ok(Value::Array(rules))
}

/// Whether these verbs and paths may stand in a rule.
fn paths(verbs: &[String], paths: &[String]) -> Result<(), Failure> {
    if let Some(verb) = verbs.iter().find(|verb| !PATH_VERBS.contains(&verb.as_str())) {
        let text = format!("invalid verb: '{verb}' for nonResourceURL");
        return Err(Failure::message(text));
    }
    for path in paths.iter().filter(|path| *path != "*") {
        let fault = match path.strip_suffix('*').unwrap_or(path) {
            rest if !path.starts_with('/') || rest.is_empty() && path.is_empty() => {
                "nonResourceURL should start with /"
            }
            rest if rest.contains('*') => {
                "nonResourceURL only supports wildcard matches when '*' is at the end"
            }
            _ => continue,
        };
        return Err(Failure::message(fault));
    }
    Ok(())
}

fn role_binding(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let (role, cluster_role) = (call.arguments.text("role"), call.arguments.text("clusterrole"));
    let (kind, role) = match (role, cluster_role) {
        (role, "") if !role.is_empty() => ("Role", role),
        ("", role) if !role.is_empty() => ("ClusterRole", role),
        _ => {
            let text = "exactly one of clusterrole or role must be specified";
            return Err(Failure::message(text));
        }
    };
    let value = binding(&call, &start.name, "RoleBinding", kind, role)?;
    finish(&mut call, io, &start.report, Kind::RoleBinding, value, |status| {
        Failure::message(format!("failed to create rolebinding: {}", status.message))
    })
}

fn cluster_role_binding(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    let role = call.arguments.text("clusterrole");
    let value = binding(&call, &start.name, "ClusterRoleBinding", "ClusterRole", role)?;
    finish(&mut call, io, &start.report, Kind::ClusterRoleBinding, value, |status| {
        Failure::message(format!("failed to create clusterrolebinding: {}", status.message))
    })
}

fn binding(
    call: &Call,
    name: &str,
    type_name: &str,
    kind: &str,
    role: &str,
) -> Result<Value, Failure> {
    let mut value = json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": type_name, "metadata": {"name": name},
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": role}
    });
    let subjects = subjects(call)?;
    if !subjects.is_empty() {
        value["subjects"] = Value::Array(subjects);
    }
    Ok(value)
}

/// The subjects that `--user`, `--group` and `--serviceaccount` name.
fn subjects(call: &Call) -> Result<Vec<Value>, Failure> {
    let mut subjects = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        let all = call.arguments.all(flag).iter();
        subjects.extend(all.map(|name| json!({"apiGroup": GROUP, "kind": kind, "name": name})));
    }
    for account in call.arguments.all("serviceaccount") {
        let [namespace, name] = account.split(':').collect::<Vec<_>>()[..] else {
            return Err(Failure::message("serviceaccount must be <namespace>:<name>"));
        };
        if namespace.is_empty() || name.is_empty() {
            return Err(Failure::message("serviceaccount must be <namespace>:<name>"));
        }
        subjects.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
    }
    Ok(subjects)
}

fn token(call: Call, io: &mut Io<'_>) -> Outcome {
    let arguments = &call.arguments;
    let kind = arguments.text("bound-object-kind");
    let bound =
        ["bound-object-name", "bound-object-uid"].map(|flag| !arguments.text(flag).is_empty());
    let fault = if arguments.text("duration").starts_with('-') {
        "--duration must be greater than or equal to 0"
    } else if !["", "Node", "Pod", "Secret"].contains(&kind) {
        "supported --bound-object-kind values are Node, Pod, Secret"
    } else if !kind.is_empty() && !bound[0] {
        "--bound-object-name is required if --bound-object-kind is provided"
    } else if kind.is_empty() && bound[0] {
        "--bound-object-name can only be set if --bound-object-kind is provided"
    } else if kind.is_empty() && bound[1] {
        "--bound-object-uid can only be set if --bound-object-kind is provided"
    } else {
        ""
    };
    if arguments.positional.len() == 1 && !fault.is_empty() {
        return Err(Failure::message(fault));
    }
    if let words @ ([] | [_, _, ..]) = call.arguments.before_dash() {
        return Err(call.usage(format!("exactly one NAME is required, got {}", words.len())));
    }
    super::token::issue(call, io)
}

#[cfg(test)]
mod tests {
    use super::*;

    // `CreateClusterRoleOptions.Validate`
    #[test]
    fn paths_begin_with_a_slash_and_have_a_star_at_the_end_only() {
        let check = |path: &str| paths(&["get".to_owned()], &[path.to_owned()]);
        assert!(check("/x").is_ok() && check("/x/*").is_ok() && check("*").is_ok());
        assert!(check("x").is_err() && check("/*/x").is_err() && check("").is_err());
        assert!(paths(&["use".to_owned()], &["/x".to_owned()]).is_err());
    }
}
