//! One container's life: waiting, running, terminated, and how often it came back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1 as core;

use super::environment::Links;
use super::log::Log;
use super::prober::Prober;
use super::restart::{self, OwnPolicy};
use super::volume::{Volume, Volumes};
use crate::api::Mount;
use crate::clock::SimTime;
use crate::cluster::Image;
use crate::cluster::attributes::FileTable;
use crate::network::ProcessId;

/// Until a kubelet sees how a container that it has started is.
pub const SIGHT: Duration = Duration::from_millis(10);

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs to its end before the others start.
    Init,
    /// An init container that goes on beside the others (`restartPolicy: Always`).
    Sidecar,
    /// One of `spec.containers`.
    Main,
    /// Added while the pod runs, and never started again (`kubectl debug`).
    Ephemeral,
}

/// A container, as its kubelet knows it.
#[derive(Clone, Debug)]
pub struct Container {
    pub name: Arc<str>,
    pub role: Role,
    /// The specification of an ephemeral container.
    pub own: Option<Arc<core::Container>>,
    /// Its own restart policy, if it has one.
    pub own_policy: Option<Arc<OwnPolicy>>,
    pub state: State,
    /// How the one before ended.
    pub last: Option<Terminated>,
    pub restarts: i32,
    /// Whether its readiness probe has passed (without one: whether it runs).
    pub ready: bool,
    /// Whether its startup probe has passed (without one: whether it runs).
    pub started: bool,
    /// Whether it was ready at any time: waiting for the first time is work, later it is not.
    pub ever_ready: bool,
    pub process: Option<ProcessId>,
    pub image: Option<Arc<Image>>,
    /// `spec.image` when it was started, to notice a change.
    pub image_reference: String,
    /// `containerd://…`
    pub id: String,
    pub crashes: BackOff,
    pub pulls: BackOff,
    /// It is not started before this moment.
    pub not_before: SimTime,
    /// Whether the cluster is unsettled until then; back-offs are not waited for.
    pub retries_soon: bool,
    /// When it is told that the next start or pull is put off.
    pub back_off_told_at: Option<SimTime>,
    pub stopping: Option<Stopping>,
    pub log: Log,
    pub previous_log: Option<Log>,
    /// What was written since it started; `None` is a file that was removed.
    pub files: BTreeMap<String, Option<Arc<[u8]>>>,
    /// What its files have beside their content.
    pub table: FileTable,
    pub variables: Vec<(String, String)>,
    pub links: Arc<Links>,
    pub probes: Vec<Prober>,
    /// The volumes that it has mounted by a `subPath`, as they were when it was created: such a mount
    /// is one file or folder, which never changes with its volume.
    pub sub_paths: Vec<(String, Volume)>,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It does not run yet, or not again.
    Waiting { reason: &'static str, message: String },
    /// It runs.
    Running { since: SimTime },
    /// It has ended.
    Terminated(Terminated),
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminated {
    pub exit: i32,
    pub reason: &'static str,
    pub message: String,
    /// `None` when it never ran.
    pub started: Option<SimTime>,
    pub finished: SimTime,
    pub id: String,
}

/// A container on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopping {
    /// When SIGTERM is due, where a preStop hook sleeps before it.
    pub terminate_at: Option<SimTime>,
    /// When SIGKILL is due.
    pub kill_at: SimTime,
}

/// 10, 20, 40 … seconds, 300 at most (R3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackOff {
    failures: u32,
}

impl BackOff {
    /// The longest wait.
    const LONGEST: Duration = Duration::from_secs(300);

    /// Whether more than one failure in a row was counted.
    pub fn is_loop(self) -> bool {
        self.failures > 1
    }

    /// Counts a failure and says how long to wait, beginning with ten seconds.
    pub fn fail(&mut self) -> Duration {
        let factor = 1_u32 << self.failures.min(5);
        self.failures = self.failures.saturating_add(1);
        (Duration::from_secs(10) * factor).min(Self::LONGEST)
    }

    /// Counts the end of a container that ran for `ran`: it is started again at once the first
    /// time, or when it ran for ten minutes; otherwise after a wait.
    pub fn crash(&mut self, ran: Duration) -> Duration {
        if ran >= Self::LONGEST * 2 {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        match self.failures {
            1 => Duration::ZERO,
            more => (Duration::from_secs(10) * (1 << (more - 2).min(5))).min(Self::LONGEST),
        }
    }
}

impl Container {
    /// A container that has not started.
    pub fn new(spec: &core::Container, role: Role, waits_for: &'static str) -> Container {
        Container {
            name: spec.name.as_str().into(),
            role,
            own: (role == Role::Ephemeral).then(|| Arc::new(spec.clone())),
            own_policy: OwnPolicy::of(spec),
            state: State::Waiting { reason: waits_for, message: String::new() },
            last: None,
            restarts: 0,
            ready: false,
            started: false,
            ever_ready: false,
            process: None,
            image: None,
            image_reference: spec.image.clone().unwrap_or_default(),
            id: String::new(),
            crashes: BackOff::default(),
            pulls: BackOff::default(),
            not_before: SimTime::START,
            retries_soon: false,
            back_off_told_at: None,
            stopping: None,
            log: Log::default(),
            previous_log: None,
            files: BTreeMap::new(),
            table: FileTable::default(),
            variables: Vec::new(),
            links: Arc::default(),
            probes: Vec::new(),
            sub_paths: Vec::new(),
        }
    }

    /// What it sees of a volume at a mount.
    pub fn volume<'a>(&'a self, volumes: &'a Volumes, mount: &Mount<'_>) -> Option<&'a Volume> {
        let mut kept = self.sub_paths.iter().filter(|_| mount.sub_path.is_some());
        let kept = kept.find(|(name, _)| name == mount.volume).map(|(_, volume)| volume);
        kept.or_else(|| volumes.get(mount.volume))
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// Its exit code, once it has ended.
    pub fn exit(&self) -> Option<i32> {
        match &self.state {
            State::Terminated(end) => Some(end.exit),
            _ => None,
        }
    }

    /// Whether it is up, and has been for as long as the kubelet takes to see it: only then does the
    /// next container follow a sidecar.
    pub fn is_seen_well(&self, now: SimTime) -> bool {
        self.started && self.running_since().is_some_and(|since| since + SIGHT <= now)
    }

    /// When the running container started.
    pub fn running_since(&self) -> Option<SimTime> {
        match self.state {
            State::Running { since } => Some(since),
            _ => None,
        }
    }

    /// It waits for this reason.
    pub fn wait(&mut self, reason: &'static str, message: impl Into<String>) {
        self.state = State::Waiting { reason, message: message.into() };
    }

    /// Its process has ended, and left this message.
    pub fn end(&mut self, now: SimTime, exit: i32, message: String) {
        let started = self.running_since();
        let reason = if exit == 0 { "Completed" } else { "Error" };
        self.finish(Terminated {
            exit,
            reason,
            message,
            started,
            finished: now,
            id: self.id.clone(),
        });
    }

    /// It is not started again before `wait` is over; a wait that is a back-off is told after
    /// `notice`, and nobody waits for its end.
    pub fn put_off(&mut self, now: SimTime, wait: Duration, notice: Duration) {
        self.not_before = now + wait.max(notice);
        self.retries_soon = wait.is_zero();
        self.back_off_told_at = (!wait.is_zero()).then(|| now + notice);
    }

    /// It ended so.
    pub fn finish(&mut self, end: Terminated) {
        self.log.finish(end.finished);
        self.state = State::Terminated(end);
        self.process = None;
        self.stopping = None;
        self.ready = false;
        self.started = false;
        self.probes.clear();
    }

    /// Whether its restart policy, or else its pod's, asks for another go after this exit.
    pub fn restarts_after(&self, exit: i32, pod_policy: &str) -> bool {
        match self.role {
            Role::Ephemeral => false,
            Role::Sidecar => true,
            Role::Init if exit == 0 => false,
            Role::Init | Role::Main => match &self.own_policy {
                Some(own) => own.restarts_after(exit),
                None => restart::by_policy(pod_policy, exit),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(count: usize) -> Vec<u64> {
        let mut back_off = BackOff::default();
        (0..count).map(|_| back_off.crash(Duration::from_secs(1)).as_secs()).collect()
    }

    // R3.6
    #[test]
    fn the_first_restart_is_at_once_and_later_ones_wait_longer_and_longer() {
        assert_eq!(waits(8), [0, 10, 20, 40, 80, 160, 300, 300]);
    }

    // R3.6
    #[test]
    fn ten_minutes_of_running_forgive_everything() {
        let mut back_off = BackOff::default();
        for _ in 0..5 {
            back_off.crash(Duration::from_secs(1));
        }
        assert_eq!(back_off.crash(Duration::from_secs(600)), Duration::ZERO);
    }

    #[test]
    fn pulls_wait_from_the_first_failure_on() {
        let mut back_off = BackOff::default();
        assert_eq!(back_off.fail().as_secs(), 10);
        assert_eq!(back_off.fail().as_secs(), 20);
    }
}
