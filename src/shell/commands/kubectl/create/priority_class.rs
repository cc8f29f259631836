//! `kubectl create priorityclass`

use serde_json::json;

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::{Takes, switch, text, typed};
use super::super::{Call, Failure, Outcome};
use super::{finish, start};
use crate::api::Kind;

pub(super) static PRIORITY_CLASS: Command = Command {
    name: "priorityclass",
    aliases: &["pc"],
    short: "Create a priority class with the specified name",
    usage: "NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none]",
    flags: &[
        &[
            typed("value", Takes::Small, "0", "The priority."),
            switch("global-default", None, "The class of pods that name none."),
            text("description", None, "What it is for."),
            typed(
                "preemption-policy",
                Takes::Text,
                "'PreemptLowerPriority'",
                "PreemptLowerPriority or Never.",
            ),
        ],
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    run: priority_class,
    ..command::PLAIN
};

fn priority_class(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    let arguments = &call.arguments;
    let policy = arguments.get("preemption-policy").unwrap_or("PreemptLowerPriority");
    let mut value = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
        "metadata": {"name": start.name}, "preemptionPolicy": policy,
        "value": arguments.number("value").unwrap_or(0)
    });
    if arguments.on("global-default") {
        value["globalDefault"] = json!(true);
    }
    if !arguments.text("description").is_empty() {
        value["description"] = json!(arguments.text("description"));
    }
    finish(&mut call, io, &start.report, Kind::PriorityClass, value, |status| {
        Failure::message(format!("failed to create priorityclass: {}", status.message))
    })
}
