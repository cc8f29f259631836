//! `kubectl create`: from manifests, and by generators that write one.

mod budget;
mod config_map;

pub(super) use config_map::hash;

mod deployment;
mod ingress;
mod job;
mod namespace;
mod priority_class;
mod quota;
mod rights;
mod secret;
mod service;
mod service_account;
mod token;

use serde_json::{Value, json};
use sha2::Digest as _;

use super::super::super::tool::Io;
use super::apply::with_last_applied;
use super::command::{self, Command};
use super::dry_run::{DryRun, Report, field_validation};
use super::flags::{Flag, switch, text};
use super::sources;
use super::{Call, DONE, Failure, Outcome, go_types};
use crate::api::patch::LAST_APPLIED;
use crate::api::{Kind, Object, Status};
use crate::cluster::ApplyOutcome;

pub(super) static COMMAND: Command = Command {
    name: "create",
    short: "Create a resource from a file or from stdin",
    usage: "-f FILENAME",
    flags: &[FLAGS, command::FILENAME, command::SELECTOR, command::WRITE, command::VALIDATE],
    children: &[
        &config_map::COMMAND,
        &job::CRON_JOB,
        &deployment::COMMAND,
        &ingress::COMMAND,
        &job::COMMAND,
        &namespace::NAMESPACE,
        &budget::POD_DISRUPTION_BUDGET,
        &secret::COMMAND,
        &service::COMMAND,
        &service_account::SERVICE_ACCOUNT,
        &priority_class::PRIORITY_CLASS,
        &quota::QUOTA,
        &rights::ROLE,
        &rights::ROLE_BINDING,
        &rights::CLUSTER_ROLE,
        &rights::CLUSTER_ROLE_BINDING,
        &rights::TOKEN,
    ],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("edit", None, "Edit the manifest first."),
    switch("save-config", None, "Keep the manifest in an annotation, for a later apply."),
    switch("windows-line-endings", None, "Not used here."),
    text("raw", None, "A raw path to post to."),
];

/// The flags that every generator takes.
const GENERATOR: &[Flag] =
    &[switch("save-config", None, "Keep the manifest in an annotation, for a later apply.")];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let files = call.arguments.all("filename").to_vec();
    if files.is_empty()
        && !call.arguments.given("kustomize")
        && call.arguments.positional.is_empty()
    {
        return Err(Failure::message("must specify one of -f and -k"));
    }
    if !call.arguments.positional.is_empty() {
        let words = call.arguments.positional.join(" ");
        return Err(call.usage(format!("Unexpected args: [{words}]")));
    }
    raw(&call)?;
    let report = Report::of(&call, io)?;
    let validation = field_validation(&call)?;
    if call.arguments.on("edit") {
        return Err(Failure::not_simulated("create --edit", "edit the file before"));
    }
    let read = sources::read(&call, io)?;
    let mut failures = Vec::new();
    if read.items.is_empty() {
        return Err(Failure::message("no objects passed to create"));
    }
    for item in read.items {
        let manifest = match item {
            Ok(manifest) => manifest,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        let value = match call.arguments.on("save-config") {
            true => with_last_applied(&manifest.value),
            false => manifest.value.clone(),
        };
        let created = match report.dry_run {
            DryRun::Client => as_object(manifest.kind, value.clone()),
            dry_run => call
                .client
                .create(io, manifest.kind, value.clone(), dry_run.options(validation))
                .map_err(|status| Failure::at_file(status, "creating", &manifest.source)),
        };
        match created {
            Ok(object) => {
                manifest.taken(io, ApplyOutcome::Created, report.dry_run);
                match report.dry_run {
                    DryRun::Client => report.tell_written(io, &object, &value, "created")?,
                    _ => report.tell(io, &object, "created")?,
                }
            }
            Err(failure) => {
                manifest.not_taken(io, &failure);
                failures.push(failure);
            }
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// What does not go with `--raw`, which podhop has not (`CreateOptions.Validate`).
pub(super) fn raw(call: &Call) -> Result<(), Failure> {
    let arguments = &call.arguments;
    if arguments.text("raw").is_empty() {
        return Ok(());
    }
    let refuse = |text: &str| Err(Failure::message(text));
    if arguments.on("edit") {
        return refuse("--raw and --edit are mutually exclusive");
    }
    if arguments.all("filename").len() != 1 {
        return refuse("--raw can only use a single local file or stdin");
    }
    if arguments.all("filename")[0].starts_with("http") {
        return refuse("--raw cannot read from a url");
    }
    if arguments.on("recursive") {
        return refuse("--raw and --recursive are mutually exclusive");
    }
    if !arguments.text("selector").is_empty() {
        return refuse("--raw and --selector (-l) are mutually exclusive");
    }
    if !arguments.text("output").is_empty() {
        return refuse("--raw and --output are mutually exclusive");
    }
    Err(Failure::not_simulated(&format!("{} --raw", call.path), "use -f without it"))
}

/// A value as an object, without asking the server.
fn as_object(kind: Kind, value: Value) -> Result<Object, Failure> {
    Object::from_value(kind, value).map_err(|fault| Failure::message(fault.to_string()))
}

/// What every generator begins with.
pub(super) struct Start {
    /// The one name that it takes.
    pub name: String,
    /// How it tells of what it made.
    pub report: Report,
}

/// Reads what every generator reads first, in kubectl's order.
///
/// # Errors
/// kubectl's words for no name or several, and for wrong values of the common flags.
pub(super) fn start(call: &Call, io: &mut Io<'_>) -> Result<Start, Failure> {
    let arguments = &call.arguments;
    let name = match arguments.positional.as_slice() {
        [name] => name.clone(),
        [name, ..] if arguments.dash == Some(1) => name.clone(),
        words => {
            let count = arguments.dash.unwrap_or(words.len());
            return Err(call.usage(format!("exactly one NAME is required, got {count}")));
        }
    };
    let report = Report::of(call, io)?;
    field_validation(call)?;
    Ok(Start { name, report })
}

/// `name must be specified`, which most generators insist on.
///
/// # Errors
/// When the name is empty.
pub(super) fn named(start: &Start) -> Result<(), Failure> {
    match start.name.is_empty() {
        true => Err(Failure::message("name must be specified")),
        false => Ok(()),
    }
}

/// Sends what a generator wrote, or shows it; `wrap` words the server's refusal.
///
/// # Errors
/// What `wrap` makes of the server's answer.
pub(super) fn finish(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    kind: Kind,
    value: Value,
    wrap: impl Fn(Status) -> Failure,
) -> Outcome {
    finish_as(call, io, report, (kind, "created"), value, wrap)
}

/// The same with another word for what was done: `autoscaled`.
///
/// # Errors
/// As [`finish`].
pub(super) fn finish_as(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    (kind, done): (Kind, &str),
    mut value: Value,
    wrap: impl Fn(Status) -> Failure,
) -> Outcome {
    let info = kind.info();
    placed(call, &mut value, info.namespaced);
    // `kubectl create service` writes its annotation without knowing its own kind, and loses it.
    if call.arguments.on("save-config") && kind != Kind::Service {
        let line = go_types::json_line(info.name, &value) + "\n";
        value["metadata"]["annotations"][LAST_APPLIED] = json!(line);
    }
    if report.dry_run == DryRun::Client {
        return show_as(io, report, info.name, (&kind.prefix(), done), &value);
    }
    let options = report.dry_run.options(field_validation(call)?);
    let object = call.client.create(io, kind, value, options).map_err(wrap)?;
    report.tell(io, &object, done)?;
    DONE
}

/// Writes the namespace into an object, where one was asked for.
fn placed(call: &Call, value: &mut Value, namespaced: bool) {
    if namespaced && call.client.namespace_given {
        value["metadata"]["namespace"] = json!(call.client.namespace);
    }
}

/// Shows what would be sent: exactly that, without the server's additions.
pub(super) fn show(
    io: &mut Io<'_>,
    report: &Report,
    type_name: &str,
    prefix: &str,
    value: &Value,
) -> Outcome {
    show_as(io, report, type_name, (prefix, "created"), value)
}

/// The same with another word for what would be done.
fn show_as(
    io: &mut Io<'_>,
    report: &Report,
    type_name: &str,
    (prefix, done): (&str, &str),
    value: &Value,
) -> Outcome {
    let name = value["metadata"]["name"].as_str().unwrap_or("");
    report.tell_value(io, Some(type_name), &format!("{prefix}/{name}"), value, done)?;
    DONE
}

/// `failed to create deployment: …`
fn failed_to_create(what: &str) -> impl Fn(Status) -> Failure + '_ {
    move |status| Failure::message(format!("failed to create {what}: {}", status.message))
}

/// A container's name by its image: the last part of the path, without tag or digest. A name that
/// had to be changed gets an ending of its own, so that it meets no other (`sanitizeAndUniquify`).
pub(super) fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split([':', '@']).next().unwrap_or(last);
    if !name.contains(['_', '.']) {
        return name.to_owned();
    }
    format!("{}-{}", name.replace(['_', '.'], "-"), ending(image))
}

/// Five letters of those that Kubernetes takes for made-up names: the same for the same image.
pub(super) fn ending(image: &str) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let sum = sha2::Sha256::digest(image.as_bytes());
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    sum.iter().take(5).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // R14.3
    #[test]
    fn a_container_is_named_after_its_image() {
        assert_eq!(container_name("registry.k8s.io/echoserver:1.10"), "echoserver");
        assert_eq!(container_name("nginx@sha256:abc"), "nginx");
        let changed = container_name("a/b_c.d:1");
        assert!(changed.starts_with("b-c-d-") && changed.len() == 11, "{changed}");
    }
}
