//! Generators of a few words: namespaces, service accounts, disruption budgets; and those that
//! podhop does not have.

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::flags::text;
use super::super::{Call, Failure, Outcome};
use super::{finish, one_name};
use crate::api::Kind;

pub(super) static NAMESPACE: Command = Command {
    name: "namespace",
    aliases: &["ns"],
    short: "Create a namespace with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: &[super::GENERATOR, catalog::WRITE, catalog::VALIDATE],
    run: namespace,
    ..catalog::PLAIN
};

pub(super) static SERVICE_ACCOUNT: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    short: "Create a service account with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: &[super::GENERATOR, catalog::WRITE, catalog::VALIDATE],
    run: service_account,
    ..catalog::PLAIN
};

pub(super) static POD_DISRUPTION_BUDGET: Command = Command {
    name: "poddisruptionbudget",
    aliases: &["pdb"],
    short: "Create a pod disruption budget with the specified name",
    usage: "NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
    flags: &[
        &[
            text("selector", None, "The pods that it protects."),
            text("min-available", None, "How many must stay."),
            text("max-unavailable", None, "How many may go."),
        ],
        super::GENERATOR,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    run: pod_disruption_budget,
    ..catalog::PLAIN
};

/// A generator that kubectl has and podhop has not.
const fn refused(name: &'static str, short: &'static str) -> Command {
    Command {
        name,
        short,
        run: |call, _| {
            Err(Failure::not_simulated(&call.path, "podhop has no access control or quotas"))
        },
        ..catalog::PLAIN
    }
}

pub(super) static REFUSED: [Command; 7] = [
    refused("clusterrole", "Create a cluster role"),
    refused("clusterrolebinding", "Create a cluster role binding for a particular cluster role"),
    refused("priorityclass", "Create a priority class with the specified name"),
    refused("quota", "Create a quota with the specified name"),
    refused("role", "Create a role with single rule"),
    refused("rolebinding", "Create a role binding for a particular role or cluster role"),
    refused("token", "Request a service account token"),
];

fn namespace(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let name = one_name(&call)?;
    let value = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {},
        "status": {}
    });
    finish(&mut call, io, Kind::Namespace, value, Failure::from)
}

fn service_account(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let name = one_name(&call)?;
    let value = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    finish(&mut call, io, Kind::ServiceAccount, value, |status| {
        Failure::message(format!("failed to create serviceaccount: {}", status.message))
    })
}

fn pod_disruption_budget(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let name = one_name(&call)?;
    let arguments = &call.arguments;
    if arguments.text("selector").is_empty() {
        return Err(Failure::message("a selector must be specified"));
    }
    let pairs = arguments.text("selector").split(',').filter_map(|pair| pair.split_once('='));
    let labels: serde_json::Map<String, Value> =
        pairs.map(|(key, value)| (key.to_owned(), json!(value))).collect();
    let amount = |flag: &str| match arguments.text(flag).parse::<i32>() {
        Ok(number) => json!(number),
        Err(_) => json!(arguments.text(flag)),
    };
    let mut spec = json!({"selector": {"matchLabels": labels}});
    match (arguments.given("min-available"), arguments.given("max-unavailable")) {
        (true, false) => spec["minAvailable"] = amount("min-available"),
        (false, true) => spec["maxUnavailable"] = amount("max-unavailable"),
        (true, true) => {
            let text = "min-available and max-unavailable cannot be both specified";
            return Err(Failure::message(text));
        }
        (false, false) => {
            let text = "one of min-available or max-unavailable must be specified";
            return Err(Failure::message(text));
        }
    }
    let value = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
        "spec": spec, "status": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0,
        "expectedPods": 0}
    });
    finish(&mut call, io, Kind::PodDisruptionBudget, value, |status| {
        Failure::message(format!("failed to create poddisruptionbudgets: {}", status.message))
    })
}
