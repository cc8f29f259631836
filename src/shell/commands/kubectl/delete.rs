//! `kubectl delete`: it waits until the objects are gone.

use std::time::Duration;

use super::super::super::tool::{Io, Read, Step};
use super::client::Client;
use super::command::{self, Command};
use super::dry_run::DryRun;
use super::flags::{Flag, Takes, switch, typed};
use super::target::Target;
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
        command::FILENAME,
        command::SELECTOR,
        command::FIELD_SELECTOR,
        command::ALL_NAMESPACES,
        command::ALL,
    ],
    run,
    ..command::PLAIN
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

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    let plan = Plan::of(&call, io)?;
    if !call.arguments.text("raw").is_empty() {
        return super::raw::delete(&mut call, io);
    }
    let target = Target::of_selection(&call, io, &words)?;
    plan.check(&call, io)?;
    let (doomed, failures) = doomed(&mut call, io, target)?;
    let ask = call.arguments.on("interactive");
    let mut delete = Delete { plan, doomed, failures, client: call.client };
    if !ask {
        return delete.run(io);
    }
    if let Some(failure) = Failure::of(std::mem::take(&mut delete.failures)) {
        return Err(failure);
    }
    if delete.doomed.is_empty() {
        io.say("No resources found");
        return DONE;
    }
    delete.list(io);
    Ok(Next::Wait(Box::new(Asking { delete: Some(delete), then: None })))
}

/// An object that is to go: by its name alone, since kubectl does not look before it deletes.
#[derive(Clone)]
pub(super) struct Doomed {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty for kinds without one.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The file that names it; empty when the command line does.
    pub source: String,
}

impl Doomed {
    /// `deployment.apps`, `pod`
    fn kind_name(&self) -> String {
        let info = self.kind.info();
        let name = info.name.to_lowercase();
        if info.group.is_empty() { name } else { format!("{name}.{}", info.group) }
    }
}

/// What the command line names, and what is wrong with some of it.
fn doomed(
    call: &mut Call,
    io: &mut Io<'_>,
    target: Target,
) -> Result<(Vec<Doomed>, Vec<Failure>), Failure> {
    let mut failures = Vec::new();
    let doomed = match target {
        Target::Names(names) => {
            let place = |kind: Kind| call.client.namespace_of(kind);
            let one =
                |(kind, name)| Doomed { kind, namespace: place(kind), name, source: String::new() };
            names.into_iter().map(one).collect()
        }
        Target::Manifests(read) => {
            let mut doomed = Vec::new();
            for item in read.items {
                match item {
                    Ok(manifest) => doomed.push(Doomed {
                        kind: manifest.kind,
                        namespace: manifest.namespace,
                        name: manifest.name,
                        source: manifest.source,
                    }),
                    Err(failure) => failures.push(failure),
                }
            }
            doomed
        }
        Target::Kinds(_) => {
            let found = target.find(call, io)?;
            let one = |object: Object| Doomed {
                kind: object.kind(),
                namespace: object.namespace().to_owned(),
                name: object.name().to_owned(),
                source: String::new(),
            };
            found.objects.into_iter().map(one).collect()
        }
    };
    Ok((doomed, failures))
}

/// A deletion that is prepared.
#[derive(Clone)]
struct Delete {
    plan: Plan,
    doomed: Vec<Doomed>,
    failures: Vec<Failure>,
    client: Client,
}

impl Delete {
    /// Deletes, and waits for the end of it if that is wanted.
    fn run(self, io: &mut Io<'_>) -> Outcome {
        let Delete { plan, doomed, mut failures, mut client } = self;
        if doomed.is_empty() && failures.is_empty() {
            io.say("No resources found");
            return DONE;
        }
        let mut leaving = Vec::new();
        plan.warn_about_scope(io, &doomed);
        for one in doomed {
            match plan.delete(&mut client, io, &one) {
                Ok(object) => {
                    plan.tell(io, &one);
                    leaving.extend(object);
                }
                Err(status) if plan.ignore_not_found && status.reason == Reason::NotFound => {}
                Err(status) => failures.push(Failure::at_file(status, "deleting", &one.source)),
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

    /// Says what is about to go.
    fn list(&self, io: &mut Io<'_>) {
        let count = self.doomed.len();
        io.say(format!("You are about to delete the following {count} resource(s):"));
        for one in &self.doomed {
            io.say(format!("{}/{}", one.kind_name(), one.name));
        }
    }
}

/// `-i`: a deletion that waits for a yes.
#[derive(Clone)]
struct Asking {
    /// The deletion, until it is answered.
    delete: Option<Delete>,
    /// What comes after a yes.
    then: Option<Box<dyn Task>>,
}

impl Task for Asking {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        if let Some(task) = &mut self.then {
            return task.step(io);
        }
        const QUESTION: &str = "Do you want to continue? (y/N): ";
        let line = match io.read_line() {
            Read::Wait => {
                *io.prompt = QUESTION.to_owned();
                return Ok(Step::Input);
            }
            Read::Line(line) => line,
            Read::End => String::new(),
        };
        if !io.stdin.terminal {
            io.stdout.extend_from_slice(QUESTION.as_bytes());
        }
        match self.delete.take() {
            Some(delete) if line.trim().eq_ignore_ascii_case("y") => match delete.run(io)? {
                Next::Exit(code) => Ok(Step::Exit(code)),
                Next::Wait(task) => {
                    self.then = Some(task);
                    Ok(Step::Until(io.now()))
                }
            },
            _ => {
                io.say("deletion is cancelled");
                Ok(Step::Exit(0))
            }
        }
    }
}

/// How objects are to be deleted.
#[derive(Clone)]
struct Plan {
    options: DeleteOptions,
    dry_run: DryRun,
    names_only: bool,
    ignore_not_found: bool,
    wait: bool,
    timeout: Option<Duration>,
    /// Whether `-n` was given, which means nothing to objects without a namespace.
    namespace_given: bool,
}

impl Plan {
    fn of(call: &Call, io: &mut Io<'_>) -> Result<Plan, Failure> {
        let arguments = &call.arguments;
        let selects = ["selector", "field-selector"].iter().any(|flag| arguments.given(flag));
        let ignore_not_found = match arguments.given("ignore-not-found") {
            true => arguments.on("ignore-not-found"),
            false => arguments.on("all") || selects,
        };
        let wait = !arguments.given("wait") || arguments.on("wait");
        let propagation = propagation(call, io)?;
        let grace_seconds = grace_seconds(call)?;
        let dry_run = DryRun::of(call, io)?;
        let server = dry_run == DryRun::Server;
        Ok(Plan {
            options: DeleteOptions { grace_seconds, propagation, dry_run: server },
            dry_run,
            names_only: arguments.text("output") == "name",
            ignore_not_found,
            wait: wait && dry_run == DryRun::No,
            timeout: arguments.duration("timeout").filter(|timeout| !timeout.is_zero()),
            namespace_given: call.client.namespace_given && !arguments.on("all-namespaces"),
        })
    }

    /// What kubectl looks at once it knows which objects are meant.
    fn check(&self, call: &Call, io: &mut Io<'_>) -> Result<(), Failure> {
        let output = call.arguments.text("output");
        if !matches!(output, "" | "name") {
            return Err(Failure::message(format!(
                "unexpected -o output mode: {output}. We only support '-o name'"
            )));
        }
        let force = call.arguments.on("force");
        match self.options.grace_seconds {
            Some(0) if force => io.write_error(
                "Warning: Immediate deletion does not wait for confirmation that the running \
                 resource has been terminated. The resource may continue to run on the cluster \
                 indefinitely.",
            ),
            Some(1..) if force => {
                let text = "--force and --grace-period greater than 0 cannot be specified together";
                return Err(Failure::message(text));
            }
            _ => {}
        }
        Ok(())
    }

    fn warn_about_scope(&self, io: &mut Io<'_>, doomed: &[Doomed]) {
        if self.namespace_given && doomed.iter().any(|one| !one.kind.info().namespaced) {
            io.write_error(
                "Warning: deleting cluster-scoped resources, not scoped to the provided namespace",
            );
        }
    }

    /// Deletes one; the object as it was, unless nothing was sent.
    fn delete(
        &self,
        client: &mut Client,
        io: &mut Io<'_>,
        one: &Doomed,
    ) -> Result<Option<Object>, Status> {
        if self.dry_run == DryRun::Client {
            return Ok(None);
        }
        client.delete_named(io, one.kind, &one.namespace, &one.name, self.options)
    }

    fn tell(&self, io: &mut Io<'_>, one: &Doomed) {
        let kind = one.kind_name();
        if self.names_only {
            return io.say(format!("{kind}/{}", one.name));
        }
        let how = if self.options.grace_seconds == Some(0) { "force deleted" } else { "deleted" };
        let from = from_namespace(&one.namespace);
        io.say(format!("{kind} \"{}\" {how}{from}{}", one.name, self.dry_run.suffix()));
    }
}

/// What `--cascade` asks for.
///
/// # Errors
/// kubectl's words for another value.
pub(super) fn propagation(call: &Call, io: &mut Io<'_>) -> Result<Propagation, Failure> {
    let cascade = call.arguments.get("cascade").unwrap_or("background");
    let mut old = |new: &str, meaning: Propagation| {
        io.write_error(format!(
            "warning: --cascade={cascade} is deprecated (boolean value) and can be replaced with \
             --cascade={new}."
        ));
        Ok(meaning)
    };
    match cascade {
        "background" => Ok(Propagation::Background),
        "foreground" => Ok(Propagation::Foreground),
        "orphan" => Ok(Propagation::Orphan),
        "1" | "t" | "T" | "true" | "True" | "TRUE" => old("background", Propagation::Background),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => old("orphan", Propagation::Orphan),
        other => Err(Failure::message(format!(
            "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
        ))),
    }
}

/// What `--grace-period`, `--now` and `--force` come to; `None` leaves it to the object.
fn grace_seconds(call: &Call) -> Result<Option<u32>, Failure> {
    let arguments = &call.arguments;
    let (force, now) = (arguments.on("force"), arguments.on("now"));
    let grace = arguments.number("grace-period").unwrap_or(-1);
    if now && grace != -1 {
        let text = "--now and --grace-period cannot be specified together";
        return Err(Failure::message(text));
    }
    Ok(match grace {
        _ if now => Some(1),
        ..0 => force.then_some(0),
        0 if !force => Some(1),
        seconds => Some(u32::try_from(seconds).unwrap_or(u32::MAX)),
    })
}

/// ` from default namespace`; nothing for an object without one.
fn from_namespace(namespace: &str) -> String {
    match namespace {
        "" => String::new(),
        namespace => format!(" from {namespace} namespace"),
    }
}

/// `pod "web" deleted from default namespace`
pub(super) fn deleted(object: &Object, how: &str) -> String {
    let info = object.kind().info();
    let group = if info.group.is_empty() { String::new() } else { format!(".{}", info.group) };
    let kind = format!("{}{group}", info.name.to_lowercase());
    let from = from_namespace(object.namespace());
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
