//! `kubectl set selector`, `kubectl set resources` and `kubectl set serviceaccount`

use serde_json::{Map, Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::dry_run::{DryRun, Report};
use super::super::flags::text;
use super::super::target::{Rules, Target};
use super::super::{Call, DONE, Failure, Outcome};
use super::{pod_spec, pod_spec_patch, send};
use crate::api::{FieldValidation, Object, Patch};

pub(super) static SELECTOR: Command = Command {
    name: "selector",
    short: "Set the selector on a resource",
    examples: "  # Send a service's traffic to other pods\n  kubectl set selector svc/web app=web,tier=\
               front",
    usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]",
    flags: &[
        super::COMMON,
        catalog::FILENAME,
        catalog::ALL,
        catalog::WRITE,
        &[text("resource-version", None, "Only if the object has this version.")],
    ],
    run: selector,
    ..catalog::PLAIN
};

pub(super) static RESOURCES: Command = Command {
    name: "resources",
    short: "Update resource requests/limits on objects with pod templates",
    usage: "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS])",
    flags: &[
        super::COMMON,
        catalog::FILENAME,
        catalog::SELECTOR,
        catalog::ALL,
        catalog::WRITE,
        &[
            text("limits", None, "Limits: cpu=100m,memory=256Mi."),
            text("requests", None, "Requests: cpu=100m,memory=256Mi."),
            text("containers", Some('c'), "The containers; all by default."),
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
    flags: &[super::COMMON, catalog::FILENAME, catalog::ALL, catalog::WRITE],
    run: service_account,
    ..catalog::PLAIN
};

/// The words that name objects, and the last one, which says what is set.
fn split(call: &Call) -> Result<(Vec<String>, String), Failure> {
    let mut words = call.arguments.positional.clone();
    let last = words.pop();
    match last {
        Some(last) if !words.is_empty() || !call.arguments.all("filename").is_empty() => {
            Ok((words, last))
        }
        _ => Err(Failure::message(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        )),
    }
}

fn selector(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let (words, text) = split(&call)?;
    let mut pairs = Map::new();
    for pair in text.split(',') {
        match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                pairs.insert(key.to_owned(), json!(value.trim_start_matches('=')));
            }
            _ => {
                let text = format!("invalid selector: {pair}, expected key=value");
                return Err(Failure::message(text));
            }
        }
    }
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let report = Report::of(&call, io)?;
    let found = target.find(&mut call, io)?;
    let mut failures = found.failures;
    for object in found.objects {
        let Object::Service(service) = &object else {
            failures.push(Failure::message("setting a selector is only supported for Services"));
            continue;
        };
        let mut change = pairs.clone();
        let old = service.spec.as_ref().and_then(|spec| spec.selector.clone()).unwrap_or_default();
        for key in old.keys().filter(|key| !pairs.contains_key(*key)) {
            change.insert(key.clone(), Value::Null);
        }
        let changed = match report.dry_run {
            DryRun::Client => Ok(object.clone()),
            dry_run => {
                let patch = Patch::Merge(json!({"spec": {"selector": change}}));
                call.client.patch(io, &object, patch, dry_run.options(FieldValidation::Warn))
            }
        };
        match changed {
            Ok(changed) => report.tell(io, &changed, "selector updated")?,
            Err(status) => failures.push(status.into()),
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

fn resources(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let amounts = |flag: &str| -> Result<Option<Value>, Failure> {
        let text = call.arguments.text(flag);
        if text.is_empty() {
            return Ok(None);
        }
        let pairs = text.split(',').map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), json!(value))),
            _ => Err(Failure::message(format!(
                "invalid argument syntax {pair}, expected <resource>=<value>"
            ))),
        });
        pairs.collect::<Result<Map<_, _>, _>>().map(|map| Some(Value::Object(map)))
    };
    let (limits, requests) = (amounts("limits")?, amounts("requests")?);
    if limits.is_none() && requests.is_none() {
        return Err(Failure::message(
            "you must specify an update to requests or limits (in the form of \
             --requests/--limits)",
        ));
    }
    let mut change = json!({});
    if let Some(limits) = limits {
        change["limits"] = limits;
    }
    if let Some(requests) = requests {
        change["requests"] = requests;
    }
    let wanted = call.arguments.text("containers").to_owned();
    let words = call.arguments.positional.clone();
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let report = Report::of(&call, io)?;
    let found = target.find(&mut call, io)?;
    let mut failures = found.failures;
    for object in found.objects {
        let spec = pod_spec(&object).unwrap_or_default();
        let containers: Vec<Value> = spec
            .containers
            .iter()
            .filter(|container| wanted.is_empty() || container.name == wanted)
            .map(|container| json!({"name": container.name, "resources": change}))
            .collect();
        let patch = pod_spec_patch(&object, json!({"containers": containers}));
        let what = "resource requirements updated";
        if let Err(failure) = send(&mut call, io, &report, &object, patch, what) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

fn service_account(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let (words, account) = split(&call)?;
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let report = Report::of(&call, io)?;
    let found = target.find(&mut call, io)?;
    let mut failures = found.failures;
    for object in found.objects {
        let patch = pod_spec_patch(&object, json!({"serviceAccountName": account}));
        let what = "serviceaccount updated";
        if let Err(failure) = send(&mut call, io, &report, &object, patch, what) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}
