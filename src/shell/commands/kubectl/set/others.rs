//! `kubectl set selector`, `kubectl set resources` and `kubectl set serviceaccount`

use serde_json::{Map, Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::dry_run::Report;
use super::super::flags::{Flag, Takes, switch, text, typed};
use super::super::local::{self, Item, LOCAL_ONLY};
use super::super::words;
use super::super::{Call, DONE, Failure, Outcome};
use super::{Told, check_all, check_local, containers, env::fits, pod_spec, settle};
use crate::api::LabelSelector;
use crate::api::selector::Operator;

pub(super) static SELECTOR: Command = Command {
    name: "selector",
    short: "Set the selector on a resource",
    examples: "  # Send a service's traffic to other pods\n  kubectl set selector svc/web app=web,tier=\
               front",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    flags: &[
        super::COMMON,
        catalog::RECORD,
        FILENAME,
        catalog::ALL,
        catalog::WRITE,
        &[text("resource-version", None, "Only if the object has this version.")],
    ],
    run: selector,
    ..catalog::PLAIN
};

/// `-f` and `-R`, without `-k`; folders are read with what is below them.
const FILENAME: &[Flag] = &[
    Flag {
        long: "filename",
        short: Some('f'),
        takes: Takes::List,
        default: "[]",
        help: "The file, folder or - (standard input) with the objects' manifests.",
    },
    Flag {
        default: "true",
        ..switch("recursive", Some('R'), "Read the folders of -f with everything below them.")
    },
];

pub(super) static RESOURCES: Command = Command {
    name: "resources",
    short: "Update resource requests/limits on objects with pod templates",
    usage: "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS])",
    flags: &[
        super::COMMON,
        catalog::RECORD,
        catalog::FILENAME,
        catalog::SELECTOR,
        catalog::ALL,
        catalog::WRITE,
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
    ..catalog::PLAIN
};

pub(super) static SERVICE_ACCOUNT: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    short: "Update the service account of a resource",
    usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
    flags: &[super::COMMON, catalog::RECORD, catalog::FILENAME, catalog::ALL, catalog::WRITE],
    run: service_account,
    ..catalog::PLAIN
};

/// The words that name objects, and the last one, which says what is set.
fn split(call: &Call, missing: &str) -> Result<(Vec<String>, String), Failure> {
    let mut words = call.arguments.positional.clone();
    match words.pop() {
        Some(last) => Ok((words, last)),
        None => Err(Failure::message(missing)),
    }
}

/// A selector for a Service: pairs alone. Other requirements are told when there is an object that
/// cannot have them.
fn requirements(text: &str) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let parsed = LabelSelector::parse(text).map_err(|reason| {
        Failure::message(format!("couldn't parse the selector string \"{text}\": {reason}"))
    })?;
    let (mut pairs, mut others) = (Map::new(), Vec::new());
    let set_based = text.contains(" in ") || text.contains(" in(");
    for requirement in parsed.requirements {
        let key = requirement.key;
        let (operator, values) = match requirement.operator {
            Operator::In(values) if values.len() == 1 && !set_based => {
                pairs.insert(key, json!(values[0]));
                continue;
            }
            Operator::In(values) => ("In", values),
            Operator::NotIn(values) if text.contains("!=") && values.len() == 1 => {
                let text = "\"!=\" is not a valid label selector operator";
                return Err(Failure::message(text));
            }
            Operator::NotIn(values) => ("NotIn", values),
            Operator::Exists => ("Exists", Vec::new()),
            Operator::DoesNotExist => ("DoesNotExist", Vec::new()),
            Operator::GreaterThan(_) | Operator::LessThan(_) => {
                let sign = if text.contains("gt") { "gt" } else { "lt" };
                let text = format!("\"{sign}\" is not a valid label selector operator");
                return Err(Failure::message(text));
            }
        };
        others.push(format!("{{{key} {operator} [{}]}}", values.join(" ")));
    }
    Ok((pairs, others))
}

fn selector(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    let missing = "one selector is required";
    let (words, text) = split(&call, missing)?;
    let (pairs, others) = requirements(&text)?;
    if call.arguments.on("local") && !words.is_empty() {
        return Err(Failure::message(LOCAL_ONLY));
    }
    let items = local::items(&mut call, io, &words, true)?.whole()?;
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

fn resources(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    let words = call.arguments.positional.clone();
    if call.arguments.on("local") && !words.is_empty() {
        return Err(Failure::message(LOCAL_ONLY));
    }
    let items = local::items(&mut call, io, &words, true)?.whole()?;
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

fn service_account(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    check_local(&call, &report)?;
    let (words, account) = split(&call, "serviceaccount is required")?;
    let items = local::items(&mut call, io, &words, true)?.whole()?;
    let mut failures = Vec::new();
    let told = Told {
        done: "serviceaccount updated",
        failed: "failed to patch ServiceAccountName",
        always: true,
    };
    for mut item in items {
        let done = pod_spec(&mut item)
            .map(|spec| match spec.as_object_mut().filter(|_| account.is_empty()) {
                Some(spec) => drop(spec.remove("serviceAccountName")),
                None => spec["serviceAccountName"] = json!(account),
            })
            .and_then(|()| settle(&mut call, io, &report, item, &told));
        failures.extend(done.err());
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
