//! `kubectl cordon`, `kubectl uncordon` and `kubectl taint`

use k8s_openapi::api::core::v1::{Node, Taint};
use serde_json::json;

use super::super::super::tool::Io;
use super::catalog::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, Takes, switch, text, typed};
use super::target::filter;
use super::{Call, DONE, Failure, Outcome};
use crate::api::{FieldValidation, Kind, Object, Patch};

pub(super) static CORDON: Command = Command {
    name: "cordon",
    short: "Mark node as unschedulable",
    usage: "NODE",
    flags: CORDON_FLAGS,
    run: |call, io| cordon_all(call, io, true),
    ..catalog::PLAIN
};

pub(super) static UNCORDON: Command = Command {
    name: "uncordon",
    short: "Mark node as schedulable",
    usage: "NODE",
    flags: CORDON_FLAGS,
    run: |call, io| cordon_all(call, io, false),
    ..catalog::PLAIN
};

pub(super) static TAINT: Command = Command {
    name: "taint",
    short: "Update the taints on one or more nodes",
    examples: "  # Keep pods away that do not tolerate it\n  kubectl taint nodes node-1 \
               dedicated=db:NoSchedule\n  \n  # Take it back\n  kubectl taint nodes node-1 \
               dedicated-",
    usage: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
    flags: &[
        &[switch("overwrite", None, "Change taints that are there already.")],
        catalog::SELECTOR,
        catalog::ALL,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    run: taint,
    ..catalog::PLAIN
};

const CORDON_FLAGS: &[&[Flag]] = &[
    catalog::SELECTOR,
    &[
        typed("dry-run", Takes::Optional("unchanged"), "'none'", "none, client or server."),
        text("output", Some('o'), "Not used here."),
    ],
];

fn cordon_all(mut call: Call, io: &mut Io<'_>, closed: bool) -> Outcome {
    let nodes = chosen(&mut call, io)?;
    let dry_run = DryRun::of(&call, io)?;
    for node in nodes {
        cordon(&mut call, io, &node, closed, dry_run)?;
    }
    DONE
}

/// The nodes that the command line names.
///
/// # Errors
/// When it names none, or ones that do not exist.
pub(super) fn chosen(call: &mut Call, io: &mut Io<'_>) -> Result<Vec<Object>, Failure> {
    let words = call.arguments.positional.clone();
    let selected = !call.arguments.text("selector").is_empty();
    if words.is_empty() && !selected {
        let (name, usage) = (call.command.name, call.command.usage);
        return Err(call.usage(format!("USAGE: {name} {usage} [flags]")));
    }
    if selected {
        if !words.is_empty() {
            return Err(
                call.usage("error: cannot specify both a node name and a --selector option")
            );
        }
        let filter = filter(call, Kind::Node)?;
        return Ok(call.client.list(io, Kind::Node, &filter)?.0);
    }
    let (mut nodes, mut failures) = (Vec::new(), Vec::new());
    for word in &words {
        let name = word.rsplit('/').next().unwrap_or(word);
        match call.client.get(io, Kind::Node, name) {
            Ok(node) => nodes.push(node),
            Err(status) => failures.push(status.into()),
        }
    }
    Failure::of(failures).map_or(Ok(nodes), Err)
}

/// Closes or opens a node, and says so.
///
/// # Errors
/// When the server refuses.
pub(super) fn cordon(
    call: &mut Call,
    io: &mut Io<'_>,
    node: &Object,
    closed: bool,
    dry_run: DryRun,
) -> Result<(), Failure> {
    let word = if closed { "cordoned" } else { "uncordoned" };
    let spec = node.as_kind::<Node>().and_then(|node| node.spec.clone()).unwrap_or_default();
    if spec.unschedulable.unwrap_or(false) == closed {
        io.say(format!("node/{} already {word}{}", node.name(), dry_run.suffix()));
        return Ok(());
    }
    if dry_run != DryRun::Client {
        let value = if closed { json!(true) } else { json!(null) };
        let patch = Patch::Merge(json!({"spec": {"unschedulable": value}}));
        call.client.patch(io, node, patch, dry_run.options(FieldValidation::Warn))?;
    }
    io.say(format!("node/{} {word}{}", node.name(), dry_run.suffix()));
    Ok(())
}

/// Taints to put on and to take off.
#[derive(Debug, Default, PartialEq)]
struct Changes {
    add: Vec<Taint>,
    /// (key, effect or all)
    remove: Vec<(String, Option<String>)>,
}

impl Changes {
    fn read(words: &[String]) -> Result<Changes, Failure> {
        let mut changes = Changes::default();
        for word in words {
            let invalid =
                |why: &str| Failure::message(format!("invalid taint spec: {word}, {why}"));
            if let Some(rest) = word.strip_suffix('-') {
                let (key, effect) = match rest.split_once(':') {
                    Some((key, effect)) => (key, Some(effect.to_owned())),
                    None => (rest, None),
                };
                let key = key.split('=').next().unwrap_or(key);
                changes.remove.push((key.to_owned(), effect));
                continue;
            }
            let (pair, effect) = word
                .split_once(':')
                .ok_or_else(|| invalid("a taint needs an effect: key=value:effect"))?;
            if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
                return Err(invalid(&format!("unsupported taint effect: {effect}")));
            }
            let (key, value) = match pair.split_once('=') {
                Some((key, value)) => (key, Some(value.to_owned())),
                None => (pair, None),
            };
            changes.add.push(Taint {
                key: key.to_owned(),
                value,
                effect: effect.to_owned(),
                time_added: None,
            });
        }
        Ok(changes)
    }
}

fn taint(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    let is_taint = |word: &String| word.contains(['=', ':']) || word.ends_with('-');
    let from = words.iter().position(is_taint).unwrap_or(words.len());
    let (resources, taints) = words.split_at(from);
    if taints.is_empty() {
        return Err(Failure::message("at least one taint update is required"));
    }
    let changes = Changes::read(taints)?;
    let report = Report::of(&call, io)?;
    let rules = super::target::Rules { names_required: true };
    let target = super::target::Target::of(&call, io, resources, rules)?;
    if target.kinds().iter().any(|kind| *kind != Kind::Node) {
        let kind = target.kinds().first().map_or("", |kind| kind.info().plural);
        let text = format!("invalid resource type {kind}, only node types are supported");
        return Err(Failure::message(text));
    }
    let found = target.find(&mut call, io)?;
    let mut failures = found.failures;
    for object in found.objects {
        if let Err(failure) = taint_one(&mut call, io, &report, &object, &changes) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

fn taint_one(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    changes: &Changes,
) -> Result<(), Failure> {
    let node = object.as_kind::<Node>();
    let spec = node.and_then(|node| node.spec.clone()).unwrap_or_default();
    let mut taints = spec.taints.unwrap_or_default();
    for (key, effect) in &changes.remove {
        let fits = |taint: &Taint| {
            taint.key == *key && effect.as_ref().is_none_or(|effect| taint.effect == *effect)
        };
        if !taints.iter().any(fits) {
            let effect = effect.as_ref().map(|effect| format!(":{effect}")).unwrap_or_default();
            return Err(Failure::message(format!("taint \"{key}{effect}\" not found")));
        }
        taints.retain(|taint| !fits(taint));
    }
    let mut changed = false;
    for taint in &changes.add {
        let same = |old: &Taint| old.key == taint.key && old.effect == taint.effect;
        if let Some(old) = taints.iter().find(|old| same(old)) {
            if !call.arguments.on("overwrite") && old.value != taint.value {
                return Err(Failure::message(format!(
                    "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                    object.name(),
                    taint.key
                )));
            }
            changed = true;
            taints.retain(|old| !same(old));
        }
        taints.push(taint.clone());
    }
    let word = match (changes.add.is_empty(), changes.remove.is_empty()) {
        (true, _) => "untainted",
        (false, false) => "modified",
        (false, true) if changed => "modified",
        (false, true) => "tainted",
    };
    let tainted = match report.dry_run {
        DryRun::Client => object.clone(),
        dry_run => {
            let value = if taints.is_empty() { json!(null) } else { json!(taints) };
            let patch = Patch::Merge(json!({"spec": {"taints": value}}));
            call.client.patch(io, object, patch, dry_run.options(FieldValidation::Warn))?
        }
    };
    report.tell(io, &tainted, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_takes_a_taint_off() {
        let words = ["a=b:NoSchedule", "c-", "d:NoExecute-"].map(str::to_owned);
        let changes = Changes::read(&words).expect("changes");
        assert_eq!(changes.add[0].value.as_deref(), Some("b"));
        assert_eq!(
            changes.remove,
            [("c".to_owned(), None), ("d".to_owned(), Some("NoExecute".to_owned()))]
        );
    }
}
