//! `kubectl cordon`, `kubectl uncordon` and `kubectl taint`

use k8s_openapi::api::core::v1::{Node, Taint};
use serde_json::json;

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::dry_run::{DryRun, Report, field_validation};
use super::flags::{Flag, Takes, switch, typed};
use super::target::filter;
use super::{Call, DONE, Failure, Outcome};
use crate::api::validation::names::{label_value, qualified_name};
use crate::api::{FieldValidation, Kind, Object, Patch};

pub(super) static CORDON: Command = Command {
    name: "cordon",
    short: "Mark node as unschedulable",
    usage: "NODE",
    flags: CORDON_FLAGS,
    run: |call, io| cordon_all(call, io, true),
    ..command::PLAIN
};

pub(super) static UNCORDON: Command = Command {
    name: "uncordon",
    short: "Mark node as schedulable",
    usage: "NODE",
    flags: CORDON_FLAGS,
    run: |call, io| cordon_all(call, io, false),
    ..command::PLAIN
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
        command::SELECTOR,
        command::ALL,
        command::WRITE,
        command::VALIDATE,
    ],
    run: taint,
    ..command::PLAIN
};

const CORDON_FLAGS: &[&[Flag]] = &[
    command::SELECTOR,
    &[typed("dry-run", Takes::Optional("unchanged"), "'none'", "none, client or server.")],
];

fn cordon_all(mut call: Call, io: &mut Io<'_>, closed: bool) -> Outcome {
    let dry_run = DryRun::of(&call, io)?;
    let nodes = chosen(&mut call, io)?;
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
    let mut nodes = Vec::new();
    for word in &words {
        let (kind, name) = super::target::single(std::slice::from_ref(word), Kind::Node)?;
        match call.client.get(io, kind, &name) {
            Ok(node) if kind == Kind::Node => nodes.push(node),
            Ok(_) => {
                let info = kind.info();
                let version = match info.group {
                    "" => format!("/{}", info.version),
                    group => format!("{group}/{}", info.version),
                };
                return Err(Failure::message(format!(
                    "expected resource of type node, got \"{version}, Resource={}\"",
                    info.plural
                )));
            }
            Err(status) => return Err(status.into()),
        }
    }
    Ok(nodes)
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
    /// Reads what is put on and taken off (`parseTaints`).
    ///
    /// # Errors
    /// kubectl's words for a wrong taint.
    fn read(words: &[String]) -> Result<Changes, String> {
        let mut changes = Changes::default();
        for word in words {
            if let Some(rest) = word.strip_suffix('-') {
                let taint = parse(rest)?;
                let effect = Some(taint.effect).filter(|effect| !effect.is_empty());
                changes.remove.push((taint.key, effect));
                continue;
            }
            let taint = parse(word)?;
            if taint.effect.is_empty() {
                return Err(format!("invalid taint spec: {word}"));
            }
            let same = |old: &Taint| old.key == taint.key && old.effect == taint.effect;
            if changes.add.iter().any(same) {
                let value = taint.value.unwrap_or_default();
                return Err(format!(
                    "duplicated taints with the same key and effect: {{{} {value} {} <nil>}}",
                    taint.key, taint.effect
                ));
            }
            changes.add.push(taint);
        }
        Ok(changes)
    }

    /// The taints that are to be put on and taken off at once.
    fn both(&self) -> Vec<String> {
        let taken = |(key, effect): &&(String, Option<String>)| {
            self.add.iter().any(|taint| {
                taint.key == *key && effect.as_ref().is_none_or(|effect| taint.effect == *effect)
            })
        };
        let told = |(key, effect): &(String, Option<String>)| {
            format!("{key}={}", effect.as_deref().unwrap_or(""))
        };
        self.remove.iter().filter(taken).map(told).collect()
    }
}

/// Reads `key`, `key:effect` or `key=value:effect` (`parseTaint`).
fn parse(text: &str) -> Result<Taint, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let invalid = |why: &str| format!("invalid taint spec: {text}{why}");
    let (key, value, effect) = match parts.as_slice() {
        [key] => (*key, None, ""),
        [pair, effect] => {
            if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(effect) {
                return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
            }
            match pair.split('=').collect::<Vec<_>>().as_slice() {
                [key] => (*key, None, *effect),
                [key, value] => {
                    let faults = label_value(value);
                    if !faults.is_empty() {
                        return Err(invalid(&format!(", {}", faults.join("; "))));
                    }
                    (*key, Some((*value).to_owned()), *effect)
                }
                _ => return Err(invalid("")),
            }
        }
        _ => return Err(invalid("")),
    };
    let faults = qualified_name(key);
    if !faults.is_empty() {
        return Err(invalid(&format!(", {}", faults.join("; "))));
    }
    let (key, effect) = (key.to_owned(), effect.to_owned());
    Ok(Taint { key, value, effect, time_added: None })
}

fn taint(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?.silent_of_dry_runs();
    field_validation(&call)?;
    let words = call.arguments.positional.clone();
    let is_taint = |word: &String| word.contains(['=', ':']) || word.ends_with('-');
    let from = words.iter().position(is_taint).unwrap_or(words.len());
    let (resources, taints) = words.split_at(from);
    if let Some(late) = taints.iter().find(|word| !is_taint(word)) {
        let text = format!("all resources must be specified before taint changes: {late}");
        return Err(Failure::message(text));
    }
    let Some((first, names)) = resources.split_first() else {
        let text = "one or more resources must be specified as <resource> <name>";
        return Err(Failure::message(text));
    };
    if taints.is_empty() {
        return Err(Failure::message("at least one taint update is required"));
    }
    let changes = Changes::read(taints).map_err(|fault| call.usage(fault))?;
    if super::target::kind(first)? != Kind::Node {
        let first = first.to_lowercase();
        let text = format!("invalid resource type {first}, only node types are supported");
        return Err(Failure::message(text));
    }
    let both = changes.both();
    if !both.is_empty() {
        return Err(Failure::message(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            both.join(", ")
        )));
    }
    let (all, selected) = (call.arguments.on("all"), !call.arguments.text("selector").is_empty());
    if all && selected {
        let text = "setting 'all' parameter with a non empty selector is prohibited";
        return Err(Failure::message(text));
    }
    if !all && !selected && names.is_empty() {
        return Err(Failure::message(
            "at least one resource name must be specified since 'all' parameter is not set",
        ));
    }
    let (mut nodes, mut failures) = (Vec::new(), Vec::new());
    if all || selected {
        let filter = filter(&call, Kind::Node)?;
        nodes = call.client.list(io, Kind::Node, &filter)?.0;
    } else {
        for name in names {
            match call.client.get(io, Kind::Node, name) {
                Ok(node) => nodes.push(node),
                Err(status) => failures.push(status.into()),
            }
        }
    }
    for object in nodes {
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
    let spec_taints = taints.clone();
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
    let overwrite = call.arguments.on("overwrite");
    let same = |old: &Taint, new: &Taint| old.key == new.key && old.effect == new.effect;
    // The same value is no exception (`CheckIfTaintsAlreadyExists`).
    let there = changes.add.iter().filter(|new| spec_taints.iter().any(|old| same(old, new)));
    let there: Vec<&str> = there.map(|taint| taint.key.as_str()).collect();
    if !overwrite && !there.is_empty() {
        return Err(Failure::message(format!(
            "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
            object.name(),
            there.join(",")
        )));
    }
    // What is new comes first (`reorganizeTaints`).
    taints.retain(|old| !changes.add.iter().any(|new| same(old, new)));
    taints.splice(0..0, changes.add.iter().cloned());
    let word = match (changes.add.is_empty(), changes.remove.is_empty()) {
        _ if overwrite => "modified",
        (true, _) => "untainted",
        (false, false) => "modified",
        (false, true) => "tainted",
    };
    let tainted = match report.dry_run {
        DryRun::Client => {
            let mut value = object.to_value();
            value["spec"]["taints"] = json!(taints);
            if taints.is_empty() {
                value["spec"].as_object_mut().map(|spec| spec.remove("taints"));
            }
            let title = super::output::name(object);
            return report.tell_value(io, None, &title, &value, word);
        }
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
    // `TaintOptions.updateTaints`
    #[test]
    fn a_taint_that_is_there_needs_overwrite_even_for_the_same_value() {
        let again = "kubectl taint nodes node-1 a=b:NoSchedule >/dev/null\nkubectl taint nodes node-1 \
                     a=b:NoSchedule";
        assert_eq!(
            crate::shell::tests::complaint(again).0,
            "error: node node-1 already has a taint(s) with same effect(s) and --overwrite is false\n"
        );
    }

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
