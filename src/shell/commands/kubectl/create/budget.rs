//! `kubectl create poddisruptionbudget`

use serde_json::json;

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::text;
use super::super::{Call, Failure, Outcome, words};
use super::{finish, named, start};
use crate::api::Kind;

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
        command::WRITE,
        command::VALIDATE,
    ],
    run: pod_disruption_budget,
    ..command::PLAIN
};

fn pod_disruption_budget(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let arguments = &call.arguments;
    let [selector, least, most] =
        ["selector", "min-available", "max-unavailable"].map(|flag| arguments.text(flag));
    let refuse = |text: &str| Err(Failure::message(text));
    if selector.is_empty() {
        return refuse("a selector must be specified");
    }
    let (flag, field, amount) = match (least, most) {
        ("", "") => return refuse("one of min-available or max-unavailable must be specified"),
        (least, "") => ("min-available", "minAvailable", least),
        ("", most) => ("max-unavailable", "maxUnavailable", most),
        _ => return refuse("min-available and max-unavailable cannot be both specified"),
    };
    let digits = amount.strip_suffix('%').unwrap_or(amount);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Failure::message(format!("invalid format specified for {flag}")));
    }
    let amount = amount.parse::<i32>().map_or_else(|_| json!(amount), |number| json!(number));
    let selector = words::label_selector(selector)?.value();
    let value = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": start.name},
        "spec": {field: amount, "selector": selector},
        "status": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0,
        "expectedPods": 0}
    });
    finish(&mut call, io, &start.report, Kind::PodDisruptionBudget, value, |status| {
        Failure::message(format!("failed to create poddisruptionbudgets: {}", status.message))
    })
}
