//! `kubectl drain`: a node's pods leave, as far as disruption budgets let them.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use super::super::super::tool::{Io, Step};
use super::client::{Client, Filter};
use super::command::{self, Command};
use super::dry_run::DryRun;
use super::flags::{Flag, Takes, switch, text, typed};
use super::{Call, Failure, Next, Outcome, Task, nodes};
use crate::api::selector::LabelSelector;
use crate::api::{DeleteOptions, Kind, Object, Pod, Reason, Request, Status};
use crate::clock::SimTime;
use crate::cluster::go_duration;

pub(super) static COMMAND: Command = Command {
    name: "drain",
    short: "Drain node in preparation for maintenance",
    examples: "  # Move the pods of a node elsewhere\n  kubectl drain node-1 --ignore-daemonsets",
    usage: "NODE",
    flags: &[FLAGS, command::SELECTOR],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("force", None, "Delete pods that nobody would create again, too."),
    switch("ignore-daemonsets", None, "Leave the pods of DaemonSets where they are."),
    switch("delete-emptydir-data", None, "Delete pods that lose data of an emptyDir, too."),
    switch("disable-eviction", None, "Delete pods whatever disruption budgets say."),
    typed("grace-period", Takes::Number, "-1", "Seconds that a pod gets to end; -1: its own."),
    typed("timeout", Takes::Duration, "0s", "How long to wait; 0: as long as it takes."),
    typed("dry-run", Takes::Optional("unchanged"), "'none'", "none, client or server."),
    typed("chunk-size", Takes::Number, "500", "Return large lists in pieces of this size."),
    typed(
        "skip-wait-for-delete-timeout",
        Takes::Number,
        "0",
        "Do not wait for pods that leave for longer.",
    ),
    text("pod-selector", None, "Only the pods that this selector fits."),
];

/// How often it is looked whether the pods are gone.
const PERIOD: Duration = Duration::from_millis(100);
/// When an eviction that a budget forbids is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The annotation of a node's own pods, which the API server only mirrors.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Why kubectl leaves a pod where it is, or says something of it (`pkg/drain/filters.go`).
const DAEMONS: &str = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
const DAEMONS_STAY: &str = "ignoring DaemonSet-managed Pods";
const LOCAL: &str = "Pods with local storage (use --delete-emptydir-data to override)";
const BARE: &str = "Pods that declare no controller (use --force to override)";
const BARE_GO: &str = "deleting Pods that declare no controller";

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let dry_run = DryRun::of(&call, io)?;
    let Ok(labels) = LabelSelector::parse(call.arguments.text("pod-selector")) else {
        let text = "--pod-selector=<pod_selector> must be a valid label selector";
        return Err(Failure::message(text));
    };
    let mut queue = nodes::chosen(&mut call, io)?;
    for node in &queue {
        nodes::cordon(&mut call, io, node, true, dry_run)?;
    }
    queue.reverse();
    let arguments = &call.arguments;
    let timeout = arguments.duration("timeout").filter(|timeout| !timeout.is_zero());
    let grace = arguments.number("grace-period").unwrap_or(-1);
    let patience = arguments.number("skip-wait-for-delete-timeout").unwrap_or(0);
    let rules = Rules {
        dry_run,
        labels,
        timeout,
        grace_seconds: u32::try_from(grace).ok(),
        patience: u64::try_from(patience).ok().filter(|seconds| *seconds > 0),
        evicts: !arguments.on("disable-eviction"),
        force: arguments.on("force"),
        daemons_stay: arguments.on("ignore-daemonsets"),
        local_goes: arguments.on("delete-emptydir-data"),
    };
    let client = call.client;
    Ok(Next::Wait(Box::new(Drain { rules, client, queue, node: None, failed: Vec::new() })))
}

/// What the command line says.
#[derive(Clone)]
struct Rules {
    dry_run: DryRun,
    labels: LabelSelector,
    timeout: Option<Duration>,
    grace_seconds: Option<u32>,
    /// For how many seconds a pod that is on its way is waited for.
    patience: Option<u64>,
    /// Pods are evicted, and not deleted.
    evicts: bool,
    force: bool,
    daemons_stay: bool,
    local_goes: bool,
}

/// What becomes of a pod.
enum Fate {
    Goes,
    /// It goes, and this is said.
    GoesWith(String),
    /// It stays, and this is said.
    StaysWith(String),
    Stays,
    /// It stands against the whole.
    Fails(String),
}

/// Nodes that are drained one after the other.
#[derive(Clone)]
struct Drain {
    rules: Rules,
    client: Client,
    /// The nodes that come later, last first.
    queue: Vec<Object>,
    node: Option<Draining>,
    /// The nodes that could not be drained, and why.
    failed: Vec<(String, Vec<String>)>,
}

/// The node of the moment.
#[derive(Clone)]
struct Draining {
    name: String,
    pods: Vec<(Pod, State)>,
    /// When to give up.
    until: Option<SimTime>,
    faults: Vec<String>,
}

/// How far a pod has come.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// It will be evicted then.
    Asked(SimTime),
    Leaving,
    Over,
}

impl Task for Drain {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        loop {
            let Some(mut node) = self.node.take() else {
                match self.queue.pop() {
                    Some(node) => self.begin(io, node.name().to_owned())?,
                    None => return self.end(io),
                }
                continue;
            };
            self.ask(io, &mut node);
            self.see_off(io, &mut node);
            if node.pods.iter().all(|(_, state)| *state == State::Over) {
                self.finish(io, node)?;
                continue;
            }
            self.node = Some(node);
            return Ok(Step::Until(io.now() + PERIOD));
        }
    }
}

impl Drain {
    /// Looks at a node's pods, and begins with them if nothing stands against it.
    fn begin(&mut self, io: &mut Io<'_>, name: String) -> Result<(), Failure> {
        let (pods, notes) = match self.pods_of(io, &name)? {
            Ok(all) => all,
            Err(faults) => {
                self.fail(io, name, &faults);
                return Ok(());
            }
        };
        if !notes.is_empty() {
            io.write_error(format!("Warning: {}", notes.join("; ")));
        }
        let suffix = self.rules.dry_run.suffix();
        if self.rules.dry_run == DryRun::Client {
            for pod in &pods {
                io.say(format!("evicting pod {}/{}{suffix}", pod.namespace(), pod.name()));
            }
            io.say(format!("node/{name} drained{suffix}"));
            return Ok(());
        }
        let now = io.now();
        let until = self.rules.timeout.map(|timeout| now + timeout);
        let mut node = Draining { name, pods: Vec::new(), until, faults: Vec::new() };
        for pod in pods {
            let state = if self.rules.evicts {
                State::Asked(now)
            } else {
                match self.send_away(io, &pod) {
                    Ok(()) => State::Leaving,
                    Err(status) if status.reason == Reason::NotFound => State::Leaving,
                    Err(status) => {
                        node.faults.push(status.message);
                        break;
                    }
                }
            };
            node.pods.push((pod, state));
        }
        if !node.faults.is_empty() {
            node.pods.clear();
        }
        self.node = Some(node);
        Ok(())
    }

    /// Evicts the pods whose turn it is. One that a budget holds is tried again later; when it is too
    /// late for that is only looked at then.
    fn ask(&mut self, io: &mut Io<'_>, node: &mut Draining) {
        let now = io.now();
        let is_due = |state: &State| matches!(state, State::Asked(at) if *at <= now);
        let suffix = match self.rules.dry_run {
            DryRun::Server => self.rules.dry_run.suffix(),
            _ => "",
        };
        for (pod, _) in node.pods.iter().filter(|(_, state)| is_due(state)) {
            io.say(format!("evicting pod {}/{}{suffix}", pod.namespace(), pod.name()));
        }
        for (pod, state) in node.pods.iter_mut().filter(|(_, state)| is_due(state)) {
            let doing =
                format!("error when evicting pods/{:?} -n {:?}", pod.name(), pod.namespace());
            if node.until.is_some_and(|until| until <= now) {
                let timeout = go_duration(self.rules.timeout.unwrap_or_default());
                node.faults.push(format!("{doing}: global timeout reached: {timeout}"));
                *state = State::Over;
                continue;
            }
            *state = match self.send_away(io, pod) {
                Ok(()) if self.rules.dry_run == DryRun::Server => State::Over,
                Ok(()) => State::Leaving,
                Err(status) if status.reason == Reason::NotFound => State::Over,
                Err(status) if status.reason == Reason::TooManyRequests => {
                    let why = status.message;
                    io.write_error(format!("{doing} (will retry after 5s): {why}"));
                    State::Asked(now + RETRY)
                }
                Err(status) => {
                    node.faults.push(format!("{doing}: {}", status.message));
                    State::Over
                }
            };
        }
    }

    /// Evicts or deletes a pod.
    fn send_away(&mut self, io: &mut Io<'_>, pod: &Pod) -> Result<(), Status> {
        let options = DeleteOptions {
            grace_seconds: self.rules.grace_seconds,
            dry_run: self.rules.dry_run == DryRun::Server,
            ..DeleteOptions::default()
        };
        let (namespace, name) = (pod.namespace().to_owned(), pod.name().to_owned());
        let request = if self.rules.evicts {
            Request::Evict { namespace, name, options }
        } else {
            Request::Delete { kind: Kind::Pod, namespace, name, options }
        };
        self.client.send(io, request).map(|_| ())
    }

    /// Tells of the pods that are gone, and gives up those that take too long.
    fn see_off(&mut self, io: &mut Io<'_>, node: &mut Draining) {
        let now = io.now();
        let late = node.until.is_some_and(|until| until <= now);
        let is_dry = self.rules.dry_run != DryRun::No;
        for (pod, state) in &mut node.pods {
            if *state != State::Leaving {
                continue;
            }
            let stored = io.cluster.objects().get::<Pod>(pod.namespace(), pod.name()).cloned();
            match stored.filter(|stored| stored.metadata.uid == pod.metadata.uid) {
                Some(_) if is_dry => *state = State::Over,
                None => {
                    let done = if self.rules.evicts { "evicted" } else { "deleted" };
                    io.say(format!("pod/{} {done}", pod.name()));
                    *state = State::Over;
                }
                Some(stored) if is_overdue(&stored, self.rules.patience, now) => {
                    let seconds = self.rules.patience.unwrap_or_default();
                    io.say(format!(
                        "pod {:?} has DeletionTimestamp older than {seconds} seconds, skipping",
                        pod.name()
                    ));
                    *state = State::Over;
                }
                Some(_) if late => {
                    let why = "context deadline exceeded";
                    node.faults.push(if self.rules.evicts {
                        format!(
                            "error when waiting for pod {:?} in namespace {:?} to terminate: {why}",
                            pod.name(),
                            pod.namespace()
                        )
                    } else {
                        why.to_owned()
                    });
                    *state = State::Over;
                }
                Some(_) => {}
            }
        }
    }

    /// Every pod is gone or given up.
    fn finish(&mut self, io: &mut Io<'_>, node: Draining) -> Result<(), Failure> {
        if node.faults.is_empty() {
            io.say(format!("node/{} drained{}", node.name, self.rules.dry_run.suffix()));
            return Ok(());
        }
        let left = self.pods_of(io, &node.name)?.map_or_else(|_| Vec::new(), |(pods, _)| pods);
        if !left.is_empty() {
            io.write_error(format!(
                "There are pending pods in node {:?} when an error occurred: {}",
                node.name,
                together(&node.faults)
            ));
            for pod in left {
                io.write_error(format!("pod/{}", pod.name()));
            }
        }
        self.fail(io, node.name, &node.faults);
        Ok(())
    }

    /// A node could not be drained; the next ones are.
    fn fail(&mut self, io: &mut Io<'_>, node: String, faults: &[String]) {
        let why = together(faults);
        io.write_error(format!(
            "error: unable to drain node {node:?} due to error: {why}, continuing command..."
        ));
        self.failed.push((node, faults.to_vec()));
    }

    /// What the command comes to.
    fn end(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        if self.failed.is_empty() {
            return Ok(Step::Exit(0));
        }
        io.write_error("There are pending nodes to be drained:");
        for (node, _) in &self.failed {
            io.write_error(format!(" {node}"));
        }
        let faults: Vec<String> = self.failed.iter().flat_map(|(_, why)| why.clone()).collect();
        Err(Failure::Verbatim(faults.join("\n")))
    }

    /// The pods of a node that have to leave, and what is said of some; or what stands against it.
    fn pods_of(
        &mut self,
        io: &mut Io<'_>,
        node: &str,
    ) -> Result<Result<(Vec<Pod>, Vec<String>), Vec<String>>, Failure> {
        let labels = self.rules.labels.clone();
        let filter = Filter { labels, everywhere: true, ..Filter::default() };
        let (objects, _) = self.client.list(io, Kind::Pod, &filter)?;
        let (mut leaving, mut notes, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for pod in objects.iter().filter_map(|object| object.as_kind::<Pod>()) {
            if pod.node() != Some(node) {
                continue;
            }
            let name = format!("{}/{}", pod.namespace(), pod.name());
            let fate = self.fate(io, pod);
            if matches!(fate, Fate::Goes | Fate::GoesWith(_)) {
                leaving.push(pod.as_ref().clone());
            }
            match fate {
                Fate::GoesWith(note) | Fate::StaysWith(note) => add(&mut notes, note, name),
                Fate::Fails(why) => add(&mut faults, format!("cannot delete {why}"), name),
                Fate::Goes | Fate::Stays => {}
            }
        }
        let told = |all: Vec<(String, Vec<String>)>| -> Vec<String> {
            all.into_iter().map(|(what, pods)| format!("{what}: {}", pods.join(", "))).collect()
        };
        Ok(if faults.is_empty() { Ok((leaving, told(notes))) } else { Err(told(faults)) })
    }

    /// What becomes of a pod: the first reason to let it stay counts (`Helper.makeFilters`).
    fn fate(&self, io: &Io<'_>, pod: &Pod) -> Fate {
        let rules = &self.rules;
        if is_overdue(pod, rules.patience, io.now()) {
            return Fate::Stays;
        }
        let is_over = matches!(pod.phase(), "Succeeded" | "Failed");
        let owners = pod.metadata.owner_references.as_deref().unwrap_or_default();
        let owner = owners.iter().find(|owner| owner.controller == Some(true));
        if let Some(owner) = owner.filter(|owner| is_daemon_set(owner) && !is_over) {
            let objects = io.cluster.objects();
            if objects.object(Kind::DaemonSet, pod.namespace(), &owner.name).is_some() {
                return if rules.daemons_stay {
                    Fate::StaysWith(DAEMONS_STAY.to_owned())
                } else {
                    Fate::Fails(DAEMONS.to_owned())
                };
            }
            let gone = Status::not_found("daemonsets.apps", &owner.name).message;
            // With --force it goes as any other: the note of a later filter hides this one's.
            if !rules.force {
                return Fate::Fails(gone);
            }
        }
        let annotations = pod.metadata.annotations.as_ref();
        if annotations.is_some_and(|annotations| annotations.contains_key(MIRROR)) {
            return Fate::Stays;
        }
        let mut volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
        if !is_over && !rules.local_goes && volumes.any(|volume| volume.empty_dir.is_some()) {
            return Fate::Fails(LOCAL.to_owned());
        }
        match owner {
            None if !is_over && !rules.force => Fate::Fails(BARE.to_owned()),
            None if !is_over => Fate::GoesWith(BARE_GO.to_owned()),
            _ => Fate::Goes,
        }
    }
}

fn is_daemon_set(owner: &OwnerReference) -> bool {
    (&*owner.api_version, &*owner.kind) == ("apps/v1", "DaemonSet")
}

/// Whether a pod has been on its way for longer than it is waited for.
fn is_overdue(pod: &Pod, patience: Option<u64>, now: SimTime) -> bool {
    let since = pod.metadata.deletion_timestamp.as_ref();
    patience.zip(since).is_some_and(|(patience, since)| {
        let passed = now.whole_seconds().as_second() - since.0.as_second();
        u64::try_from(passed).is_ok_and(|passed| passed > patience)
    })
}

/// Adds a pod to those of which the same is to be said.
fn add(all: &mut Vec<(String, Vec<String>)>, what: String, pod: String) {
    match all.iter_mut().find(|(known, _)| *known == what) {
        Some((_, pods)) => pods.push(pod),
        None => all.push((what, vec![pod])),
    }
}

/// Several errors as one (`utilerrors.NewAggregate`).
fn together(faults: &[String]) -> String {
    match faults {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}
