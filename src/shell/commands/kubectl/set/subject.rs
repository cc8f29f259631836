//! `kubectl set subject`

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::dry_run::Report;
use super::super::flags::{Takes, typed};
use super::super::local::Item;
use super::super::{Call, DONE, Failure, Outcome};
use super::{Told, check_all, check_local, items, settle, unchangeable};

pub(super) static COMMAND: Command = Command {
    name: "subject",
    short: "Update the user, group, or service account in a role binding or cluster role binding",
    usage: "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] \
            [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none]",
    flags: &[
        &[
            typed("user", Takes::Texts, "[]", "Users."),
            typed("group", Takes::Texts, "[]", "Groups."),
            typed("serviceaccount", Takes::Texts, "[]", "Service accounts: namespace:name."),
        ],
        super::COMMON,
        command::FILENAME,
        command::SELECTOR,
        command::ALL,
        command::WRITE,
    ],
    run,
    ..command::PLAIN
};

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    let words = call.arguments.positional.clone();
    let items = items(&mut call, io, &words)?;
    let mut failures = Vec::new();
    check_local(&call, &report)?;
    check_all(&call)?;
    let subjects = subjects(&call)?;
    let told = Told {
        done: "subjects updated",
        failed: "failed to patch subjects to rolebinding:",
        always: false,
    };
    for mut item in items {
        let done =
            change(&mut item, &subjects).and_then(|()| settle(&mut call, io, &report, item, &told));
        failures.extend(done.err());
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// The subjects that the flags name, each once, sorted.
fn subjects(call: &Call) -> Result<Vec<Value>, Failure> {
    let all = |flag| call.arguments.all(flag).iter().cloned().collect::<BTreeSet<String>>();
    let (users, groups, accounts) = (all("user"), all("group"), all("serviceaccount"));
    if users.is_empty() && groups.is_empty() && accounts.is_empty() {
        return Err(Failure::message(
            "you must specify at least one value of user, group or serviceaccount",
        ));
    }
    let of_kind = |kind: &'static str| move |name: String| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
    let mut subjects: Vec<Value> = users.into_iter().map(of_kind("User")).collect();
    subjects.extend(groups.into_iter().map(of_kind("Group")));
    for account in accounts {
        let (namespace, name) = account
            .split_once(':')
            .filter(|(_, name)| !name.is_empty() && !name.contains(':'))
            .ok_or_else(|| Failure::message("serviceaccount must be <namespace>:<name>"))?;
        let namespace = if namespace.is_empty() { &call.client.namespace } else { namespace };
        subjects.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
    }
    Ok(subjects)
}

fn change(item: &mut Item, subjects: &[Value]) -> Result<(), Failure> {
    if !["RoleBinding", "ClusterRoleBinding"].contains(&item.type_name.as_str()) {
        let reason = "setting subjects is only supported for RoleBinding/ClusterRoleBinding";
        return Err(unchangeable(item, reason));
    }
    let mut known = item.after["subjects"].as_array().cloned().unwrap_or_default();
    let new = subjects.iter().filter(|subject| !known.contains(*subject)).cloned();
    let new: Vec<Value> = new.collect();
    known.extend(new);
    item.after["subjects"] = Value::Array(known);
    Ok(())
}
