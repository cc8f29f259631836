//! `kubectl scale`, and `--subresource=scale`: how many pods an object wants, as an object of its own
//! (`pkg/registry/apps/*/storage`, `ScaleREST`).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::tool::{Io, Step};
use super::command::{self, Command};
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, Takes, text, typed};
use super::output::Output;
use super::sources::Read;
use super::target::{Found, Rules, Target};
use super::{Call, DONE, Failure, Next, Outcome, Task};
use crate::api::table::{Column, Layout, Table, age, format_labels, format_selector};
use crate::api::{Cause, FieldValidation, Object, Patch, Reason, Status};
use crate::clock::SimTime;

pub(super) static COMMAND: Command = Command {
    name: "scale",
    short: "Set a new size for a deployment, replica set, or replication controller",
    examples: "  # Three pods\n  kubectl scale deploy/web --replicas=3",
    usage: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | \
            TYPE NAME)",
    flags: &[FLAGS, command::FILENAME, command::SELECTOR, command::ALL, command::WRITE],
    required: &["replicas"],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    typed("replicas", Takes::Number, "0", "How many pods."),
    typed("current-replicas", Takes::Number, "-1", "Only if there are so many now."),
    text("resource-version", None, "Only if the object has this version."),
    typed("timeout", Takes::Duration, "0s", "How long to wait for the pods."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let replicas = call.arguments.number("replicas").unwrap_or(0);
    if replicas < 0 {
        let text = "The --replicas=COUNT flag is required, and COUNT must be greater than or equal \
                    to 0";
        return Err(Failure::message(text));
    }
    if call.arguments.number("current-replicas").is_some_and(|count| count < -1) {
        let text = "The --current-replicas must specify an integer of -1 or greater";
        return Err(Failure::message(text));
    }
    let words = call.arguments.positional.clone();
    if words.is_empty() && call.arguments.all("filename").is_empty() {
        return Err(Failure::message(super::target::NOTHING_NAMED));
    }
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let report = Report::of(&call, io)?;
    let expected = call.arguments.number("current-replicas").filter(|count| *count >= 0);
    let version = call.arguments.text("resource-version").to_owned();
    let wanted = Wanted { replicas, expected, version };
    if let Target::Manifests(read) = &target
        && report.dry_run != DryRun::Client
    {
        return scale_described(&mut call, io, &report, read, &wanted);
    }
    let found = target.find(&mut call, io)?;
    must_be_one(&wanted, found.objects.len())?;
    if found.objects.is_empty() && found.failures.is_empty() {
        return Err(Failure::message("no objects passed to scale"));
    }
    let timeout = call.arguments.duration("timeout").filter(|timeout| !timeout.is_zero());
    if let Some(timeout) = timeout.filter(|_| report.dry_run == DryRun::No) {
        let mut queue = found.objects;
        queue.reverse();
        let (waits, failures) = (None, found.failures);
        return Ok(Next::Wait(Box::new(Waiting {
            call,
            report,
            wanted,
            timeout,
            queue,
            waits,
            failures,
        })));
    }
    // The first that fails ends it; what was not found is told at the end.
    for object in found.objects {
        scale(&mut call, io, &report, &object, &wanted)?;
    }
    Failure::of(found.failures).map_or(DONE, Err)
}

/// How often it is looked whether there are as many pods as wanted.
const PERIOD: Duration = Duration::from_secs(1);

/// Scaling that waits for the pods of each (`--timeout`), one after the other.
#[derive(Clone)]
struct Waiting {
    call: Call,
    report: Report,
    wanted: Wanted,
    timeout: Duration,
    /// What comes later, last first.
    queue: Vec<Object>,
    /// What is scaled and waited for, and until when.
    waits: Option<(Object, SimTime)>,
    /// What was not found, which is told at the end.
    failures: Vec<Failure>,
}

impl Task for Waiting {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        loop {
            let Some((object, until)) = self.waits.take() else {
                let Some(object) = self.queue.pop() else {
                    let failures = std::mem::take(&mut self.failures);
                    return Failure::of(failures).map_or(Ok(Step::Exit(0)), Err);
                };
                let scaled = scaled(&mut self.call, io, &self.report, &object, &self.wanted)?;
                self.waits = Some((scaled, io.now() + self.timeout));
                continue;
            };
            let mut client = self.call.client.at(object.namespace());
            let live = client.get(io, object.kind(), object.name())?;
            if !has_its_size(&live, self.wanted.replicas)? {
                if io.now() >= until {
                    let text = format!("timed out waiting for {:?} to be synced", object.name());
                    return Err(Failure::message(text));
                }
                self.waits = Some((object, until));
                return Ok(Step::Until(until.min(io.now() + PERIOD)));
            }
            self.report.tell(io, &object, "scaled")?;
        }
    }
}

/// Whether the pods are there (`scaleHasDesiredReplicas`); so it is, too, when somebody else has set
/// another size.
fn has_its_size(object: &Object, wanted: i64) -> Result<bool, Status> {
    let scale = size(object)?;
    let number = |part: &str| scale[part]["replicas"].as_i64().unwrap_or(0);
    Ok(number("spec") != wanted || number("status") == wanted)
}

/// Scales what manifests describe: each is looked up when its turn comes, and the first that is not
/// there ends it.
fn scale_described(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    read: &Read,
    wanted: &Wanted,
) -> Outcome {
    must_be_one(wanted, read.manifests().count())?;
    let mut unread = Vec::new();
    for item in &read.items {
        match item.clone() {
            Ok(manifest) => {
                let object = manifest.live(call, io)?;
                scale(call, io, report, &object, wanted)?;
            }
            Err(failure) => unread.push(failure),
        }
    }
    Failure::of(unread).map_or(DONE, Err)
}

/// A version is that of one object.
fn must_be_one(wanted: &Wanted, count: usize) -> Result<(), Failure> {
    if wanted.version.is_empty() || count <= 1 {
        return Ok(());
    }
    Err(Failure::message("cannot use --resource-version with multiple resources"))
}

/// The size that is wanted, and what must hold before.
#[derive(Clone)]
struct Wanted {
    replicas: i64,
    expected: Option<i64>,
    /// The version that the object must have; empty for any.
    version: String,
}

fn scale(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    wanted: &Wanted,
) -> Result<(), Failure> {
    if report.dry_run == DryRun::Client {
        let mut value = object.to_value();
        value["spec"]["replicas"] = json!(wanted.replicas);
        let title = super::output::name(object);
        return report.tell_value(io, None, &title, &value, "scaled");
    }
    let scaled = scaled(call, io, report, object, wanted)?;
    report.tell(io, &scaled, "scaled")
}

/// Sets an object's size; it is as it was behind that.
fn scaled(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    Wanted { replicas, expected, version: wanted }: &Wanted,
) -> Result<Object, Failure> {
    let Some(present) = present(object) else { return Err(nothing().into()) };
    if let Some(expected) = expected.filter(|expected| *expected != i64::from(present)) {
        let text = format!("Expected replicas to be {expected}, was {present}");
        return Err(Failure::message(text));
    }
    let version = object.metadata().resource_version.as_deref().unwrap_or("");
    if !wanted.is_empty() && wanted != version {
        let text = format!("Expected resource version to be {wanted}, was {version}");
        return Err(Failure::message(text));
    }
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    let options = report.dry_run.options(FieldValidation::Warn);
    Ok(call.client.patch(io, object, patch, options)?)
}

/// How many pods an object wants; `None` for kinds without a size.
fn present(object: &Object) -> Option<i32> {
    match object {
        Object::Deployment(it) => it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1)),
        Object::ReplicaSet(it) => it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1)),
        Object::StatefulSet(it) => it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1)),
        Object::ReplicationController(it) => {
            it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1))
        }
        _ => None,
    }
}

/// The scale of an object.
///
/// # Errors
/// When its kind has none.
fn size(object: &Object) -> Result<Value, Status> {
    let value = object.to_value();
    let selector = match object {
        Object::Deployment(it) => {
            it.spec.as_ref().map(|spec| format_selector(Some(&spec.selector)))
        }
        Object::ReplicaSet(it) => {
            it.spec.as_ref().map(|spec| format_selector(Some(&spec.selector)))
        }
        Object::StatefulSet(it) => {
            it.spec.as_ref().map(|spec| format_selector(Some(&spec.selector)))
        }
        Object::ReplicationController(it) => {
            let selector = it.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            Some(format_labels(selector))
        }
        _ => return Err(nothing()),
    };
    let mut metadata = json!({});
    for field in ["creationTimestamp", "name", "namespace", "resourceVersion", "uid"] {
        metadata[field] = value["metadata"][field].clone();
    }
    let wanted = value["spec"]["replicas"].as_i64().unwrap_or(0);
    let spec = if wanted == 0 { json!({}) } else { json!({"replicas": wanted}) };
    let there = value["status"]["replicas"].as_i64().unwrap_or(0);
    Ok(json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": spec,
        "status": {"replicas": there, "selector": selector}
    }))
}

fn nothing() -> Status {
    Status::new(Reason::NotFound, "the server could not find the requested resource")
}

/// `kubectl get --subresource=scale`
///
/// # Errors
/// When a kind has no scale.
pub(super) fn get(call: &Call, io: &mut Io<'_>, output: &Output, found: Found) -> Outcome {
    let scales: Vec<Value> =
        found.objects.iter().map(size).collect::<Result<_, _>>().map_err(Failure::from)?;
    for (object, scale) in found.objects.iter().zip(&scales) {
        match output {
            Output::Table { .. } => {}
            Output::Name => io.say(format!("scale.autoscaling/{}", object.name())),
            output => {
                let text = output.print_value(scale)?;
                io.stdout.extend_from_slice(text.as_bytes());
            }
        }
    }
    if matches!(output, Output::Table { .. }) && !scales.is_empty() {
        let column = |name: &str| Column { name: name.to_owned(), wide: false };
        let number = |value: &Value| value["replicas"].as_i64().unwrap_or(0).to_string();
        let now = io.now();
        let row = |(object, scale): (&Object, &Value)| {
            let (wanted, there) = (number(&scale["spec"]), number(&scale["status"]));
            vec![object.name().to_owned(), wanted, there, age(object.metadata(), now)]
        };
        let table = Table {
            columns: ["NAME", "DESIRED", "AVAILABLE", "AGE"].map(column).to_vec(),
            rows: found.objects.iter().zip(&scales).map(row).collect(),
        };
        let text = Layout::default().print(&table, !call.arguments.on("no-headers"));
        io.stdout.extend_from_slice(text.as_bytes());
    }
    Failure::of(found.failures).map_or(DONE, Err)
}

/// `kubectl patch --subresource=scale`
///
/// # Errors
/// When a kind has no scale, or the server refuses its change.
pub(super) fn patch(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    patch: &Patch,
    found: Found,
) -> Outcome {
    let mut failures = found.failures;
    for object in found.objects {
        if let Err(failure) = change(call, io, report, patch, &object) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

fn change(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    patch: &Patch,
    object: &Object,
) -> Result<(), Failure> {
    let before = size(object)?;
    let after = match patch {
        Patch::Json(_) => crate::api::patch::changed(object.kind(), &before, patch.clone())?,
        Patch::Merge(wish) | Patch::Strategic(wish) => {
            crate::api::patch::merge(before.clone(), wish)
        }
        Patch::Apply { .. } => before.clone(),
    };
    let wanted = after["spec"]["replicas"].as_i64().unwrap_or(0);
    if wanted < 0 {
        let why = format!("Invalid value: {wanted}: must be greater than or equal to 0");
        let cause = Cause::new("spec.replicas", why);
        return Err(Status::invalid("Scale", object.name(), vec![cause]).into());
    }
    let mut after = before.clone();
    after["spec"] = if wanted == 0 { json!({}) } else { json!({"replicas": wanted}) };
    let changed = after != before;
    if report.dry_run != DryRun::Client {
        let wish = Patch::Merge(json!({"spec": {"replicas": wanted}}));
        let options = report.dry_run.options(FieldValidation::Warn);
        let stored = call.client.patch(io, object, wish, options)?;
        after = size(&stored)?;
    }
    let what = if changed { "patched" } else { "patched (no change)" };
    let title = format!("scale.autoscaling/{}", object.name());
    report.tell_value(io, None, &title, &after, what)
}

#[cfg(test)]
mod tests {
    use crate::shell::tests::{complaint, output};

    // The answers of Kubernetes' own walk-through of patches to a scale.
    #[test]
    fn a_scale_is_read_and_patched() {
        let line = "kubectl create deployment w --image=nginx:1.27 >/dev/null; sleep 5; \
            kubectl patch deployment w --subresource=scale --type=merge -p '{\"spec\":{\"replicas\":2}}'; \
            sleep 5; kubectl get deployment w --subresource=scale; \
            kubectl get deployment w --subresource=scale -o jsonpath='{.kind} {.status.selector}'";
        assert_eq!(
            output(line),
            "scale.autoscaling/w patched\nNAME   DESIRED   AVAILABLE   AGE\nw      2         2           \
             10s\nScale app=w"
        );
    }

    #[test]
    fn a_kind_without_a_size_has_no_scale() {
        let said = complaint("kubectl get svc kubernetes --subresource=scale").0;
        let text =
            "Error from server (NotFound): the server could not find the requested resource\n";
        assert_eq!(said, text);
    }
}
