//! `kubectl create`: from manifests, and by generators that write one.

mod config_map;
mod deployment;
mod ingress;
mod job;
mod others;
mod secret;
mod service;

use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::apply::with_last_applied;
use super::catalog::{self, Command};
use super::dry_run::{DryRun, Report, field_validation};
use super::flags::{Flag, switch, text};
use super::sources;
use super::{Call, DONE, Failure, Outcome};
use crate::api::{Kind, Object, Status};

pub(super) static COMMAND: Command = Command {
    name: "create",
    short: "Create a resource from a file or from stdin",
    usage: "-f FILENAME",
    flags: &[FLAGS, catalog::FILENAME, catalog::SELECTOR, catalog::WRITE, catalog::VALIDATE],
    children: &[
        &config_map::COMMAND,
        &job::CRON_JOB,
        &deployment::COMMAND,
        &ingress::COMMAND,
        &job::COMMAND,
        &others::NAMESPACE,
        &others::POD_DISRUPTION_BUDGET,
        &secret::COMMAND,
        &service::COMMAND,
        &others::SERVICE_ACCOUNT,
        &others::REFUSED[0],
        &others::REFUSED[1],
        &others::REFUSED[2],
        &others::REFUSED[3],
        &others::REFUSED[4],
        &others::REFUSED[5],
        &others::REFUSED[6],
    ],
    run,
    ..catalog::PLAIN
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
    if files.is_empty() && !call.arguments.given("kustomize") {
        io.complain("Error: must specify one of -f and -k\n");
        return super::help::of_group(call, io);
    }
    if !call.arguments.positional.is_empty() {
        let words = call.arguments.positional.join(" ");
        return Err(call.usage(format!("Unexpected args: [{words}]")));
    }
    let report = Report::of(&call, io)?;
    let validation = field_validation(&call)?;
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
            false => manifest.value,
        };
        let created = match report.dry_run {
            DryRun::Client => as_object(manifest.kind, value),
            dry_run => call
                .client
                .create(io, manifest.kind, value, dry_run.options(validation))
                .map_err(|status| Failure::at_file(status, "creating", &manifest.source)),
        };
        match created {
            Ok(object) => report.tell(io, &object, "created")?,
            Err(failure) => failures.push(failure),
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// A value as an object, without asking the server.
fn as_object(kind: Kind, value: Value) -> Result<Object, Failure> {
    Object::from_value(kind, value).map_err(|fault| Failure::message(fault.to_string()))
}

/// The one name that a generator takes.
///
/// # Errors
/// kubectl's words for none or several.
pub(super) fn one_name(call: &Call) -> Result<String, Failure> {
    match call.arguments.before_dash() {
        [name] => Ok(name.clone()),
        words => Err(call.usage(format!("exactly one NAME is required, got {}", words.len()))),
    }
}

/// Sends what a generator wrote, or shows it; `wrap` words the server's refusal.
///
/// # Errors
/// What `wrap` makes of the server's answer.
pub(super) fn finish(
    call: &mut Call,
    io: &mut Io<'_>,
    kind: Kind,
    mut value: Value,
    wrap: impl Fn(Status) -> Failure,
) -> Outcome {
    let report = Report::of(call, io)?;
    if kind.info().namespaced && call.client.namespace_given {
        value["metadata"]["namespace"] = json!(call.client.namespace);
    }
    if call.arguments.on("save-config") {
        value = with_last_applied(&value);
    }
    if report.dry_run == DryRun::Client {
        return show(io, &report, kind, &value);
    }
    let options = report.dry_run.options(field_validation(call)?);
    let object = call.client.create(io, kind, value, options).map_err(wrap)?;
    report.tell(io, &object, "created")?;
    DONE
}

/// Shows what would be sent: exactly that, without the server's additions.
pub(super) fn show(io: &mut Io<'_>, report: &Report, kind: Kind, value: &Value) -> Outcome {
    use super::output::Output;
    match &report.output {
        None | Some(Output::Name) => {
            let name = value["metadata"]["name"].as_str().unwrap_or("");
            let line = format!("{}/{name}", kind.prefix());
            if report.output.is_none() {
                io.say(format!("{line} created{}", report.dry_run.suffix()));
            } else {
                io.say(line);
            }
        }
        Some(output) => {
            let text = output.print_value(value)?;
            io.stdout.extend_from_slice(text.as_bytes());
        }
    }
    DONE
}

/// `failed to create deployment: …`
fn failed_to_create(what: &str) -> impl Fn(Status) -> Failure + '_ {
    move |status| Failure::message(format!("failed to create {what}: {}", status.message))
}

/// A container's name by its image: the last part of the path, without tag or digest.
pub(super) fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split([':', '@']).next().unwrap_or(last);
    name.replace(['_', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    // R14.3
    #[test]
    fn a_container_is_named_after_its_image() {
        assert_eq!(container_name("registry.k8s.io/echoserver:1.10"), "echoserver");
        assert_eq!(container_name("nginx@sha256:abc"), "nginx");
    }
}
