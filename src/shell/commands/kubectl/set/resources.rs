//! `kubectl set resources`

use serde_json::{Map, Value};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::dry_run::Report;
use super::super::flags::{Flag, Takes, text, typed};
use super::super::local::Item;
use super::super::words;
use super::super::{Call, DONE, Failure, Outcome};
use super::{Told, check_all, check_local, containers, env::fits, items, pod_spec, settle};

pub(super) static RESOURCES: Command = Command {
    name: "resources",
    short: "Update resource requests/limits on objects with pod templates",
    usage: "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS])",
    flags: &[
        super::COMMON,
        command::RECORD,
        command::FILENAME,
        command::SELECTOR,
        command::ALL,
        command::WRITE,
        &[
            text("limits", None, "Limits: cpu=100m,memory=256Mi."),
            text("requests", None, "Requests: cpu=100m,memory=256Mi."),
            Flag {
                short: Some('c'),
                ..typed("containers", Takes::Text, "'*'", "The containers; all by default.")
            },
        ],
    ],
    run: resources,
    ..command::PLAIN
};

pub(super) fn resources(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    let words = call.arguments.positional.clone();
    let items = items(&mut call, io, &words)?;
    let mut failures = Vec::new();
    check_local(&call, &report)?;
    check_all(&call)?;
    let mut change: Vec<(&str, Map<String, Value>)> = Vec::new();
    for flag in ["limits", "requests"] {
        let text = call.arguments.text(flag);
        if !text.is_empty() {
            change.push((flag, words::amounts(text)?));
        }
    }
    if change.is_empty() {
        return Err(Failure::message(
            "you must specify an update to requests or limits (in the form of \
             --requests/--limits)",
        ));
    }
    let wanted = call.arguments.get("containers").unwrap_or("*").to_owned();
    let told = Told {
        done: "resource requirements updated",
        failed: "failed to patch resources update to pod template",
        always: false,
    };
    for mut item in items {
        let done = require(&mut item, &wanted, &change)
            .and_then(|()| settle(&mut call, io, &report, item, &told));
        failures.extend(done.err());
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// Lays amounts over those that the chosen containers have.
fn require(
    item: &mut Item,
    wanted: &str,
    change: &[(&str, Map<String, Value>)],
) -> Result<(), Failure> {
    let chosen = containers(pod_spec(item)?);
    let mut chosen: Vec<&mut Value> = chosen
        .into_iter()
        .filter(|container| fits(wanted, container["name"].as_str().unwrap_or("")))
        .collect();
    if chosen.is_empty() {
        let text = format!("error: unable to find container named {wanted}");
        return Err(Failure::message(text));
    }
    for container in &mut chosen {
        for (field, amounts) in change {
            for (name, amount) in amounts {
                container["resources"][*field][name] = amount.clone();
            }
        }
    }
    Ok(())
}
