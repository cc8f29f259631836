//! `kubectl delete`: it waits until the objects are gone.

use std::time::Duration;

use super::super::super::tool::{Io, Step};
use super::catalog::{self, Command};
use super::dry_run::DryRun;
use super::flags::{Flag, Takes, switch, typed};
use super::target::{Rules, Target};
use super::{Call, DONE, Failure, Next, Outcome, Task};
use crate::api::{DeleteOptions, Kind, Object, Propagation, Reason, Status};
use crate::clock::SimTime;

pub(super) static COMMAND: Command = Command {
    name: "delete",
    short: "Delete resources by file names, stdin, resources and names, or by resources and label \
            selector",
    usage: "([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])",
    flags: &[
        FLAGS,
        catalog::FILENAME,
        catalog::SELECTOR,
        catalog::FIELD_SELECTOR,
        catalog::ALL_NAMESPACES,
        catalog::ALL,
    ],
    run,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("force", None, "With a grace period of 0: do not wait for the pod's end."),
    switch("now", None, "A grace period of one second."),
    switch("ignore-not-found", None, "Do not mind objects that do not exist."),
    switch("interactive", Some('i'), "Ask before deleting."),
    typed("wait", Takes::Switch, "true", "Wait until the objects are gone."),
    typed("grace-period", Takes::Number, "-1", "Seconds that a pod gets to end; -1: its own."),
    typed("timeout", Takes::Duration, "0s", "How long to wait; 0: as long as it takes."),
    typed(
        "cascade",
        Takes::Optional("background"),
        "'background'",
        "What becomes of dependents: background, foreground or orphan.",
    ),
    typed("dry-run", Takes::Optional("unchanged"), "'none'", "none, client or server."),
    Flag {
        long: "output",
        short: Some('o'),
        takes: Takes::Text,
        default: "''",
        help: "Output format: name.",
    },
    typed("raw", Takes::Text, "''", "A raw path to delete."),
];

/// How often it is looked whether an object is gone.
const PERIOD: Duration = Duration::from_millis(100);

/// What is said when nothing is named.
pub(super) const NOTHING_NAMED: &str = "You must provide one or more resources by argument or filename.\n\
    Example resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   \
    '<resource> <name>'\n   '<resource>'";

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    if words.is_empty() && call.arguments.all("filename").is_empty() {
        return Err(Failure::message(NOTHING_NAMED));
    }
    let plan = Plan::of(&call, io)?;
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let ignore = call.arguments.on("ignore-not-found") || call.arguments.on("all");
    let (objects, mut failures) = plan.objects(&mut call, io, &target)?;
    if ignore {
        failures.retain(|failure| !is_not_found(failure));
    }
    if objects.is_empty() && failures.is_empty() {
        if matches!(target, Target::Kinds(_)) {
            io.say("No resources found");
        }
        return DONE;
    }
    let mut leaving = Vec::new();
    for (object, source) in objects {
        match plan.delete(&mut call, io, &object) {
            Ok(()) => {
                plan.tell(io, &object);
                leaving.push(object);
            }
            Err(status) if ignore && status.reason == Reason::NotFound => {}
            Err(status) => failures.push(Failure::at_file(status, "deleting", &source)),
        }
    }
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    if !plan.wait {
        return DONE;
    }
    let until = plan.timeout.map(|timeout| io.now() + timeout);
    Ok(Next::Wait(Box::new(WaitGone { leaving, until })))
}

fn is_not_found(failure: &Failure) -> bool {
    matches!(failure, Failure::Server { status, .. } if status.reason == Reason::NotFound)
}

/// How objects are to be deleted.
struct Plan {
    options: DeleteOptions,
    dry_run: DryRun,
    names_only: bool,
    wait: bool,
    timeout: Option<Duration>,
}

impl Plan {
    fn of(call: &Call, io: &mut Io<'_>) -> Result<Plan, Failure> {
        let arguments = &call.arguments;
        let (force, now) = (arguments.on("force"), arguments.on("now"));
        let grace = arguments.number("grace-period").unwrap_or(-1);
        if now && grace >= 0 {
            let text = "--now and --grace-period cannot be specified together";
            return Err(Failure::message(text));
        }
        if force && grace > 0 {
            let text = "--force and --grace-period greater than 0 cannot be specified together";
            return Err(Failure::message(text));
        }
        let grace_seconds = match grace {
            _ if now => Some(1),
            ..0 => force.then_some(0),
            0 if !force => Some(1),
            seconds => Some(u32::try_from(seconds).unwrap_or(u32::MAX)),
        };
        let propagation = match arguments.get("cascade").unwrap_or("background") {
            "background" | "true" => Propagation::Background,
            "foreground" => Propagation::Foreground,
            "orphan" | "false" => Propagation::Orphan,
            other => {
                return Err(Failure::message(format!(
                    "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \
                     \"orphan\""
                )));
            }
        };
        let names_only = match arguments.text("output") {
            "" => false,
            "name" => true,
            other => {
                return Err(Failure::message(format!(
                    "unexpected -o output mode: {other}. We only support '-o name'"
                )));
            }
        };
        let dry_run = DryRun::of(call, io)?;
        if grace_seconds == Some(0) {
            io.complain(
                "Warning: Immediate deletion does not wait for confirmation that the running \
                 resource has been terminated. The resource may continue to run on the cluster \
                 indefinitely.",
            );
        }
        let wait = !arguments.given("wait") || arguments.on("wait");
        let timeout = arguments.duration("timeout").filter(|timeout| !timeout.is_zero());
        let server = dry_run == DryRun::Server;
        Ok(Plan {
            options: DeleteOptions { grace_seconds, propagation, dry_run: server },
            dry_run,
            names_only,
            wait: wait && dry_run == DryRun::No,
            timeout,
        })
    }

    /// The objects that are meant, each with the file that it came from.
    fn objects(
        &self,
        call: &mut Call,
        io: &mut Io<'_>,
        target: &Target,
    ) -> Result<(Vec<(Object, String)>, Vec<Failure>), Failure> {
        let Target::Manifests(manifests) = target else {
            let found = target.find(call, io)?;
            let objects = found.objects.into_iter().map(|object| (object, String::new()));
            return Ok((objects.collect(), found.failures));
        };
        let (mut objects, mut failures) = (Vec::new(), Vec::new());
        for manifest in manifests {
            let namespace = manifest.namespace.clone();
            match call.client.get_in(io, manifest.kind, namespace, &manifest.name) {
                Ok(object) => objects.push((object, manifest.source.clone())),
                Err(status) => {
                    failures.push(Failure::at_file(status, "deleting", &manifest.source))
                }
            }
        }
        Ok((objects, failures))
    }

    fn delete(&self, call: &mut Call, io: &mut Io<'_>, object: &Object) -> Result<(), Status> {
        if self.dry_run == DryRun::Client {
            return Ok(());
        }
        call.client.delete(io, object, self.options)
    }

    fn tell(&self, io: &mut Io<'_>, object: &Object) {
        if self.names_only {
            return io.say(super::output::name(object));
        }
        let how = if self.options.grace_seconds == Some(0) { "force deleted" } else { "deleted" };
        io.say(deleted(object, &format!("{how}{}", self.dry_run.suffix())));
    }
}

/// `pod "web" deleted from default namespace`
pub(super) fn deleted(object: &Object, how: &str) -> String {
    let info = object.kind().info();
    let group = if info.group.is_empty() { String::new() } else { format!(".{}", info.group) };
    let kind = format!("{}{group}", info.name.to_lowercase());
    let from = match object.namespace() {
        "" => String::new(),
        namespace => format!(" from {namespace} namespace"),
    };
    format!("{kind} \"{}\" {how}{from}", object.name())
}

/// Waits until objects are gone, or others have their names.
#[derive(Clone)]
pub(super) struct WaitGone {
    /// The objects.
    pub leaving: Vec<Object>,
    /// When to give up.
    pub until: Option<SimTime>,
}

impl WaitGone {
    /// The first object that is still there.
    pub fn first_left(&self, io: &Io<'_>) -> Option<&Object> {
        self.leaving.iter().find(|object| {
            let (kind, namespace) = (object.kind(), object.namespace());
            let stored = io.cluster.objects().object(kind, namespace, object.name());
            stored.is_some_and(|stored| stored.metadata().uid == object.metadata().uid)
        })
    }
}

impl Task for WaitGone {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        let Some(object) = self.first_left(io) else { return Ok(Step::Exit(0)) };
        match self.until {
            Some(until) if io.now() >= until => {
                let kind: Kind = object.kind();
                let text = format!(
                    "timed out waiting for the condition on {}/{}",
                    kind.info().plural,
                    object.name()
                );
                Err(Failure::message(text))
            }
            _ => Ok(Step::Until(io.now() + PERIOD)),
        }
    }
}
