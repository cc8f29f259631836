//! The process table: which program runs where, and what it waits for.
//!
//! A program's state is shared until it runs: [`Clone`] costs a reference count each, and a program
//! is copied the first time it runs after its cluster was cloned.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::agenda::{Agenda, Moments, TICK};
use super::foreground::ForegroundProcess;
use super::kubelet::Owner;
use super::{Answer, Ask, Cluster, Context, Place, Poll, Process, Signal};
use crate::api::{Change, Kind};
use crate::clock::SimTime;
use crate::network::{NetnsId, ProcessId, SocketAddr};

/// How long a program that watches the API server gathers changes before it acts on them.
const WATCH: Duration = Duration::from_secs(1);

/// How many servers may wait for one another at one moment.
const DEEPEST: u32 = 24;

/// Everything that runs.
#[derive(Clone, Default)]
pub(super) struct Processes {
    entries: BTreeMap<ProcessId, Entry>,
    agenda: Agenda<ProcessId>,
    /// Programs that watch the API server, and what they want to know of.
    watchers: BTreeMap<ProcessId, &'static [Kind]>,
    /// What servers write once the requests that they are at have been answered, in the order in
    /// which it is due.
    late: BTreeMap<(SimTime, u64), (ProcessId, String)>,
    last: u64,
    /// How many programs run at this moment, each for the one before.
    running: u32,
}

/// A process.
#[derive(Clone)]
struct Entry {
    place: Place,
    netns: NetnsId,
    keeper: Keeper,
    /// `None` while it runs.
    program: Option<Arc<dyn Process>>,
    signals: Vec<Signal>,
    /// What it waits for.
    wakes: Option<SimTime>,
    /// What it does up to this moment is waited for when the cluster settles.
    starting_until: SimTime,
}

/// Who started a process, hears what it writes, and wants to know how it ends.
#[derive(Clone)]
pub(super) enum Keeper {
    /// A kubelet: it is a container's, or a hook's or a probe's.
    Kubelet(Owner),
    /// Somebody at a shell ([`Cluster::run_in_foreground`]).
    Shell(ForegroundProcess),
}

/// A process to be started.
pub(super) struct Spawn {
    pub place: Place,
    pub netns: NetnsId,
    pub keeper: Keeper,
    pub program: Box<dyn Process>,
    pub starting_until: SimTime,
}

impl Processes {
    /// Starts a process: its first step is due at once.
    pub fn spawn(&mut self, now: SimTime, spawn: Spawn) -> ProcessId {
        let id = self.new_id();
        let Spawn { place, netns, keeper, program, starting_until } = spawn;
        let program = Some(Arc::from(program));
        let entry = Entry {
            place,
            netns,
            keeper,
            program,
            signals: Vec::new(),
            wakes: None,
            starting_until,
        };
        self.entries.insert(id, entry);
        self.agenda.add(&id, now, true);
        id
    }

    /// A program wants to know of changes.
    pub fn watch(&mut self, id: ProcessId, kinds: &'static [Kind]) {
        self.watchers.insert(id, kinds);
    }

    /// Takes note of a change: who watches for it is stepped soon, and the cluster is unsettled
    /// until then.
    pub fn observe(&mut self, now: SimTime, change: &Change) {
        let kind = change.object.kind();
        for (id, _) in self.watchers.iter().filter(|(_, kinds)| kinds.contains(&kind)) {
            self.agenda.add(id, now + WATCH, true);
        }
    }

    /// A process number that nobody has had.
    pub fn new_id(&mut self) -> ProcessId {
        self.last += 1;
        ProcessId(self.last)
    }

    /// Sends a signal; it is handled in the process's next step, at this moment.
    pub fn signal(&mut self, now: SimTime, id: ProcessId, signal: Signal) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.signals.push(signal);
            self.agenda.add(&id, now, true);
        }
    }

    /// Ends a process at once. The caller closes its sockets.
    pub fn kill(&mut self, id: ProcessId) {
        self.entries.remove(&id);
        self.watchers.remove(&id);
        self.agenda.forget(&id);
    }

    /// Steps a process as soon as the clock goes on.
    pub fn wake(&mut self, now: SimTime, id: ProcessId) {
        if self.entries.contains_key(&id) {
            self.agenda.add(&id, now, false);
        }
    }

    /// A process writes this when the moment has come, if it still runs then.
    pub fn write_later(&mut self, at: SimTime, id: ProcessId, text: String) {
        let last = self.late.range((at, 0)..=(at, u64::MAX)).next_back();
        let number = last.map_or(0, |((_, number), _)| number + 1);
        self.late.insert((at, number), (id, text));
    }

    /// Where a process runs.
    pub fn place(&self, id: ProcessId) -> Option<&Place> {
        Some(&self.entries.get(&id)?.place)
    }

    /// Whether a process that somebody runs by hand has ended, is gone, or wrote something.
    pub fn has_news(&self, id: ProcessId) -> bool {
        let Some(entry) = self.entries.get(&id) else { return true };
        let Keeper::Shell(foreground) = &entry.keeper else { return false };
        let wrote = !foreground.output.is_empty() || !foreground.errors.is_empty();
        foreground.exit.is_some() || wrote
    }

    /// What is known of a process that somebody runs by hand, and where it listens.
    pub fn foreground(&mut self, id: ProcessId) -> Option<(&mut ForegroundProcess, NetnsId)> {
        let entry = self.entries.get_mut(&id)?;
        match &mut entry.keeper {
            Keeper::Shell(foreground) => Some((foreground, entry.netns)),
            Keeper::Kubelet(_) => None,
        }
    }

    /// The earliest thing that a process waits for, or writes.
    pub fn next_due(&self) -> Option<SimTime> {
        let late = self.late.first_key_value().map(|((at, _), _)| *at);
        self.agenda.next_due().into_iter().chain(late).min()
    }

    /// The earliest thing that is waited for.
    pub fn next_work(&self) -> Option<SimTime> {
        self.agenda.next_work()
    }
}

/// Runs the first process that is due.
pub(super) fn run_next(cluster: &mut Cluster) {
    let now = cluster.now;
    if let Some(first) = cluster.processes.late.first_entry().filter(|first| first.key().0 <= now) {
        let (id, text) = first.remove();
        return write(cluster, id, text.into_bytes(), Vec::new());
    }
    let Some(id) = cluster.processes.agenda.pop(now) else { return };
    if cluster.processes.foreground(id).is_some_and(|(foreground, _)| foreground.until <= now) {
        return cluster.dismiss(id);
    }
    step(cluster, id);
}

/// Lets a process go on at this moment.
pub(super) fn step(cluster: &mut Cluster, id: ProcessId) {
    let now = cluster.now;
    let Some(entry) = cluster.processes.entries.get_mut(&id) else { return };
    let signals = std::mem::take(&mut entry.signals);
    let mut poll = None;
    let ran = with_program(cluster, id, |program, context| {
        let mut handled = signals.is_empty();
        for signal in &signals {
            handled |= program.signal(*signal, context);
        }
        if handled {
            poll = Some(program.step(context));
        }
    });
    if ran.is_none() {
        return;
    }
    match poll {
        // The signals were ignored: it goes on waiting.
        None => wait(cluster, id, None),
        Some(Poll::Idle) => wait(cluster, id, Some(None)),
        Some(Poll::Until(at)) => wait(cluster, id, Some(Some(at.max(now + TICK)))),
        Some(Poll::Exit(code)) => exit(cluster, id, code),
    }
}

/// Hands a request to a process.
pub(super) fn serve(cluster: &mut Cluster, id: ProcessId, ask: &Ask) -> Option<Answer> {
    with_program(cluster, id, |program, context| program.serve(ask, context))
}

/// Tells a process that a client has closed its connection. Only those that are run by hand care.
pub(super) fn hang_up(cluster: &mut Cluster, id: ProcessId, peer: SocketAddr) {
    if cluster.processes.foreground(id).is_none() {
        return;
    }
    with_program(cluster, id, |program, context| program.hung_up(peer, context));
    cluster.processes.wake(cluster.now, id);
    // The next client may come at this very moment.
    step(cluster, id);
}

/// Name servers write what they note of queries to their containers' logs.
pub(super) fn note_queries(cluster: &mut Cluster) {
    for (id, line) in cluster.name_servers.drain_query_log() {
        if let Some(Keeper::Kubelet(owner)) =
            cluster.processes.entries.get(&id).map(|entry| &entry.keeper)
        {
            cluster.kubelets.write(cluster.now, *owner, format!("{line}\n").as_bytes());
        }
    }
}

/// Takes the program out of the table, runs `act` with it, and puts it back. What it writes goes to
/// its container's log. `None` when there is no such process, or it is running already and has one
/// worker alone (a server that asks itself).
fn with_program<R>(
    cluster: &mut Cluster,
    id: ProcessId,
    act: impl FnOnce(&mut dyn Process, &mut Context<'_>) -> R,
) -> Option<R> {
    // Servers that ask servers that ask servers: each waits within the one before.
    if cluster.processes.running >= DEEPEST {
        return None;
    }
    let entry = cluster.processes.entries.get_mut(&id)?;
    let mut program = entry.program.take()?;
    // Another worker knows what this one knew before; what it notes for itself goes with it.
    entry.program = program.has_workers().then(|| Arc::clone(&program));
    cluster.processes.running += 1;
    let place = entry.place.clone();
    if Arc::get_mut(&mut program).is_none() {
        program = Arc::from(dyn_clone::clone_box(&*program));
    }
    let by_hand = matches!(entry.keeper, Keeper::Shell(_));
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let before = cluster.acting.replace(id);
    let mut context = Context {
        cluster: &mut *cluster,
        place,
        process: id,
        output: &mut output,
        errors: by_hand.then_some(&mut errors),
    };
    let result = Arc::get_mut(&mut program).map(|program| act(program, &mut context));
    cluster.acting = before;
    cluster.processes.running -= 1;
    cluster.processes.entries.get_mut(&id)?.program = Some(program);
    write(cluster, id, output, errors);
    result
}

/// Hands on what a process has written: to its container's log, or to whoever runs it by hand.
fn write(cluster: &mut Cluster, id: ProcessId, output: Vec<u8>, errors: Vec<u8>) {
    let Some(entry) = cluster.processes.entries.get_mut(&id) else { return };
    match &mut entry.keeper {
        _ if output.is_empty() && errors.is_empty() => {}
        Keeper::Kubelet(owner) => {
            let owner = *owner;
            cluster.kubelets.write(cluster.now, owner, &output);
        }
        Keeper::Shell(foreground) => {
            foreground.output.extend(output);
            foreground.errors.extend(errors);
        }
    }
}

/// Notes what a process waits for: what it says now, or else what it said before.
fn wait(cluster: &mut Cluster, id: ProcessId, says: Option<Option<SimTime>>) {
    let Some(entry) = cluster.processes.entries.get_mut(&id) else { return };
    if let Some(wakes) = says {
        entry.wakes = wakes;
    }
    let mut moments = Moments::default();
    if let Some(at) = entry.wakes {
        moments.add(at, at <= entry.starting_until);
    }
    if let Keeper::Shell(foreground) = &entry.keeper {
        moments.add(foreground.until, false);
    }
    if moments == Moments::default() {
        return;
    }
    cluster.processes.agenda.set(&id, moments);
}

fn exit(cluster: &mut Cluster, id: ProcessId, code: i32) {
    let Some(mut entry) = cluster.processes.entries.remove(&id) else { return };
    cluster.processes.watchers.remove(&id);
    cluster.processes.agenda.forget(&id);
    cluster.network.close(entry.netns, id);
    match &mut entry.keeper {
        Keeper::Kubelet(owner) => cluster.kubelets.exited(cluster.now, *owner, code),
        // It is kept until somebody has heard of it.
        Keeper::Shell(foreground) => {
            foreground.exit = Some(code);
            entry.program = None;
            cluster.processes.agenda.add(&id, foreground.until, false);
            let parent = foreground.parent;
            cluster.processes.entries.insert(id, entry);
            if let Some(parent) = parent {
                cluster.processes.wake(cluster.now, parent);
                step(cluster, parent);
            }
        }
    }
}
