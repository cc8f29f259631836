//! `kubectl drain`: a node's pods leave, as far as disruption budgets let them.

use std::time::Duration;

use k8s_openapi::api::policy::v1::PodDisruptionBudget;

use super::super::super::tool::{Io, Step};
use super::catalog::{self, Command};
use super::client::{Client, Filter};
use super::delete::WaitGone;
use super::dry_run::DryRun;
use super::flags::{Flag, Takes, switch, text, typed};
use super::{Call, DONE, Failure, Next, Outcome, Task, nodes};
use crate::api::selector::LabelSelector;
use crate::api::{DeleteOptions, Kind, Object, Pod};
use crate::clock::SimTime;

pub(super) static COMMAND: Command = Command {
    name: "drain",
    short: "Drain node in preparation for maintenance",
    examples: "  # Move the pods of a node elsewhere\n  kubectl drain node-1 --ignore-daemonsets",
    usage: "NODE",
    flags: &[FLAGS, catalog::SELECTOR],
    run,
    ..catalog::PLAIN
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
    typed("skip-wait-for-delete-timeout", Takes::Number, "0", "Do not wait for pods that leave."),
    text("pod-selector", None, "Only the pods that this selector fits."),
];

/// How often it is looked whether the pods are gone.
const PERIOD: Duration = Duration::from_millis(100);
/// When an eviction that a budget forbids is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The annotation of a node's own pods, which the API server only mirrors.
const MIRROR: &str = "kubernetes.io/config.mirror";

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let dry_run = DryRun::of(&call, io)?;
    if LabelSelector::parse(call.arguments.text("pod-selector")).is_err() {
        let text = "--pod-selector=<pod_selector> must be a valid label selector";
        return Err(Failure::message(text));
    }
    let chosen = nodes::chosen(&mut call, io)?;
    for node in &chosen {
        nodes::cordon(&mut call, io, node, true, dry_run)?;
    }
    let mut queue = Vec::new();
    for node in &chosen {
        queue.push((node.clone(), leaving(&mut call, io, node, &chosen)?));
    }
    if dry_run != DryRun::No {
        for (node, pods) in &queue {
            for pod in pods {
                let (namespace, name) = (pod.namespace(), pod.name());
                io.say(format!("evicting pod {namespace}/{name}{}", dry_run.suffix()));
            }
            io.say(format!("node/{} drained{}", node.name(), dry_run.suffix()));
        }
        return DONE;
    }
    let timeout = call.arguments.duration("timeout").filter(|timeout| !timeout.is_zero());
    let grace = call.arguments.number("grace-period").unwrap_or(-1);
    queue.reverse();
    Ok(Next::Wait(Box::new(Drain {
        queue,
        waiting: Vec::new(),
        leaving: Vec::new(),
        next_try: io.now(),
        until: timeout.map(|timeout| io.now() + timeout),
        grace_seconds: u32::try_from(grace).ok(),
        budgets: !call.arguments.on("disable-eviction"),
        client: call.client,
        node: None,
    })))
}

/// The pods of a node that have to leave.
///
/// # Errors
/// When some may not be deleted without a flag that says so.
fn leaving(
    call: &mut Call,
    io: &mut Io<'_>,
    node: &Object,
    all: &[Object],
) -> Result<Vec<Pod>, Failure> {
    let text = call.arguments.text("pod-selector").to_owned();
    let labels = LabelSelector::parse(&text).map_err(Failure::message)?;
    let filter = Filter { labels, everywhere: true, ..Filter::default() };
    let (objects, _) = call.client.list(io, Kind::Pod, &filter)?;
    let mut pods = Vec::new();
    let (mut daemons, mut local, mut unmanaged) = (Vec::new(), Vec::new(), Vec::new());
    for pod in objects.iter().filter_map(|object| object.as_kind::<Pod>()) {
        let spec = pod.spec.clone().unwrap_or_default();
        let mirrored = pod.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(MIRROR));
        if spec.node_name.as_deref() != Some(node.name()) || mirrored {
            continue;
        }
        let name = format!("{}/{}", pod.namespace(), pod.name());
        let owners = pod.metadata.owner_references.as_deref().unwrap_or_default();
        let owner = owners.iter().find(|owner| owner.controller == Some(true));
        let over = matches!(pod.phase(), "Succeeded" | "Failed");
        if owner.is_some_and(|owner| owner.kind == "DaemonSet") && !over {
            daemons.push(name);
            continue;
        }
        let has_local = spec.volumes.iter().flatten().any(|volume| volume.empty_dir.is_some());
        if has_local && !over {
            local.push(name.clone());
        }
        if owner.is_none() && !over {
            unmanaged.push(name);
        }
        pods.push(pod.as_ref().clone());
    }
    let arguments = &call.arguments;
    let mut faults = Vec::new();
    let mut fault = |names: &[String], allowed: bool, reason: &str| {
        if !names.is_empty() && !allowed {
            faults.push(format!("cannot delete {reason}: {}", names.join(", ")));
        }
    };
    let daemonsets = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
    fault(&daemons, arguments.on("ignore-daemonsets"), daemonsets);
    let storage = "Pods with local storage (use --delete-emptydir-data to override)";
    fault(&local, arguments.on("delete-emptydir-data"), storage);
    let bare = "Pods that declare no controller (use --force to override)";
    fault(&unmanaged, arguments.on("force"), bare);
    if !faults.is_empty() {
        return Err(undrainable(node, all, &faults));
    }
    let mut notes = Vec::new();
    if !daemons.is_empty() {
        notes.push(format!("ignoring DaemonSet-managed Pods: {}", daemons.join(", ")));
    }
    if !unmanaged.is_empty() {
        notes.push(format!("deleting Pods that declare no controller: {}", unmanaged.join(", ")));
    }
    if !notes.is_empty() {
        io.write_error(format!("Warning: {}", notes.join("; ")));
    }
    Ok(pods)
}

fn undrainable(node: &Object, all: &[Object], faults: &[String]) -> Failure {
    let joined = match faults {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    let names: String = all.iter().map(|node| format!(" {}\n", node.name())).collect();
    Failure::Message(format!(
        "unable to drain node \"{}\" due to error: {joined}, continuing command...\nThere are \
         pending nodes to be drained:\n{names}{}",
        node.name(),
        faults.join("\n")
    ))
}

/// Pods that are being evicted, node by node.
#[derive(Clone)]
struct Drain {
    /// What comes later, last first.
    queue: Vec<(Object, Vec<Pod>)>,
    /// The node of the moment.
    node: Option<Object>,
    /// Its pods that budgets hold back.
    waiting: Vec<Pod>,
    /// Its pods that are on their way.
    leaving: Vec<Object>,
    next_try: SimTime,
    until: Option<SimTime>,
    grace_seconds: Option<u32>,
    budgets: bool,
    client: Client,
}

impl Task for Drain {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        loop {
            let Some(node) = self.node.clone() else {
                let Some((node, pods)) = self.queue.pop() else { return Ok(Step::Exit(0)) };
                for pod in &pods {
                    io.say(format!("evicting pod {}/{}", pod.namespace(), pod.name()));
                }
                self.node = Some(node);
                self.waiting = pods;
                self.next_try = io.now();
                continue;
            };
            self.tell_gone(io);
            if io.now() >= self.next_try && !self.waiting.is_empty() {
                self.evict(io)?;
            }
            if self.waiting.is_empty() && self.leaving.is_empty() {
                io.say(format!("node/{} drained", node.name()));
                self.node = None;
                continue;
            }
            if self.until.is_some_and(|until| io.now() >= until) {
                let text = format!(
                    "unable to drain node \"{name}\" due to error: drain did not complete within \
                     the timeout, continuing command...\nThere are pending nodes to be drained:\n \
                     {name}\ndrain did not complete within the timeout",
                    name = node.name()
                );
                return Err(Failure::message(text));
            }
            return Ok(Step::Until(io.now() + PERIOD));
        }
    }
}

impl Drain {
    fn tell_gone(&mut self, io: &mut Io<'_>) {
        let (here, gone): (Vec<Object>, Vec<Object>) =
            std::mem::take(&mut self.leaving).into_iter().partition(|object| {
                let one = WaitGone { leaving: vec![object.clone()], until: None };
                one.first_left(io).is_some()
            });
        self.leaving = here;
        for pod in gone {
            io.say(format!("pod/{} evicted", pod.name()));
        }
    }

    /// Evicts every pod that its budgets let go.
    fn evict(&mut self, io: &mut Io<'_>) -> Result<(), Failure> {
        for pod in std::mem::take(&mut self.waiting) {
            let (namespace, name) = (pod.namespace().to_owned(), pod.name().to_owned());
            if self.budgets && self.is_protected(io, &pod)? {
                io.write_error(format!(
                    "error when evicting pods/\"{name}\" -n \"{namespace}\" (will retry after 5s): \
                     Cannot evict pod as it would violate the pod's disruption budget."
                ));
                self.waiting.push(pod);
                continue;
            }
            let Ok(object) = self.client.get_in(io, Kind::Pod, namespace, &name) else { continue };
            let options =
                DeleteOptions { grace_seconds: self.grace_seconds, ..DeleteOptions::default() };
            if self.client.delete(io, &object, options).is_ok() {
                self.leaving.push(object);
            }
        }
        self.next_try = io.now() + RETRY;
        Ok(())
    }

    /// Whether a budget allows no more disruptions among the pods that it counts this one to. Pods
    /// that were evicted a moment ago, which the budget does not know of yet, count as disruptions.
    fn is_protected(&mut self, io: &mut Io<'_>, pod: &Pod) -> Result<bool, Failure> {
        let filter = Filter::default();
        let mut client = self.client.at(pod.namespace());
        let (budgets, _) = client.list(io, Kind::PodDisruptionBudget, &filter)?;
        let protects = |object: &Object| {
            let budget = object.as_kind::<PodDisruptionBudget>()?;
            let selector = budget.spec.as_ref()?.selector.as_ref()?;
            let selector = LabelSelector::of(selector);
            if !selector.matches(pod.metadata.labels.as_ref()) {
                return Some(false);
            }
            let status = budget.status.clone().unwrap_or_default();
            let allowed = status.disruptions_allowed.unwrap_or(0);
            let unknown = self.leaving.iter().filter(|object| {
                object.namespace() == pod.namespace()
                    && selector.matches(object.metadata().labels.as_ref())
            });
            let unknown = i32::try_from(unknown.count()).unwrap_or(i32::MAX);
            Some(pod.is_ready() && allowed <= unknown)
        };
        Ok(budgets.iter().any(|budget| protects(budget).unwrap_or(false)))
    }
}
