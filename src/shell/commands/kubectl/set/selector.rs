//! `kubectl set selector`

use serde_json::{Map, Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::dry_run::Report;
use super::super::flags::{Flag, text};
use super::super::words;
use super::super::{Call, DONE, Failure, Outcome};
use super::{Told, items, settle};

pub(super) static SELECTOR: Command = Command {
    name: "selector",
    short: "Set the selector on a resource",
    examples: "  # Send a service's traffic to other pods\n  kubectl set selector svc/web app=web,tier=\
               front",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    flags: &[
        super::COMMON,
        command::RECORD,
        FILENAME,
        command::ALL,
        command::WRITE,
        &[text("resource-version", None, "Only if the object has this version.")],
    ],
    run: selector,
    ..command::PLAIN
};

/// `-f` and `-R`, without `-k`; folders are read with what is below them.
const FILENAME: &[Flag] = &[command::FILE, Flag { default: "true", ..command::RECURSIVE }];

/// The words that name objects, and the last one, which says what is set.
pub(super) fn split(call: &Call, missing: &str) -> Result<(Vec<String>, String), Failure> {
    let mut words = call.arguments.positional.clone();
    match words.pop() {
        Some(last) => Ok((words, last)),
        None => Err(Failure::message(missing)),
    }
}

/// A selector for a Service: pairs alone. Other requirements are told when there is an object that
/// cannot have them.
fn requirements(text: &str) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let selector = words::label_selector(text)?;
    let others = selector.expressions.iter();
    let others = others
        .map(|(key, operator, values)| format!("{{{key} {operator} [{}]}}", values.join(" ")));
    Ok((selector.pairs, others.collect()))
}

fn selector(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    let missing = "one selector is required";
    let (words, text) = split(&call, missing)?;
    let (pairs, others) = requirements(&text)?;
    let items = items(&mut call, io, &words)?;
    let mut failures = Vec::new();
    let told = Told { done: "selector updated", failed: "", always: true };
    let version = call.arguments.text("resource-version").to_owned();
    for mut item in items {
        let fault = if item.type_name != "Service" {
            Some("setting a selector is only supported for Services".to_owned())
        } else if others.is_empty() {
            None
        } else {
            let others = others.join(" ");
            Some(format!("match expression [{others}] not supported on this object"))
        };
        if let Some(fault) = fault {
            failures.push(Failure::message(fault));
            continue;
        }
        if let Some(spec) = item.after["spec"].as_object_mut() {
            match pairs.is_empty() {
                true => spec.remove("selector"),
                false => spec.insert("selector".to_owned(), Value::Object(pairs.clone())),
            };
        }
        if !version.is_empty() {
            item.after["metadata"]["resourceVersion"] = json!(version);
        }
        failures.extend(settle(&mut call, io, &report, item, &told).err());
    }
    Failure::of(failures).map_or(DONE, Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    // `metav1.ParseToLabelSelector`
    #[test]
    fn a_services_selector_is_made_of_pairs() {
        let (pairs, others) = requirements("a=b,c==d").expect("a selector");
        assert_eq!(Value::Object(pairs), json!({"a": "b", "c": "d"}));
        assert!(others.is_empty());
        let (_, others) = requirements("side in (left,right),x").expect("a selector");
        assert_eq!(others, ["{side In [left right]}", "{x Exists []}"]);
        assert!(requirements("a!=b").is_err() && requirements("a b").is_err());
    }
}
