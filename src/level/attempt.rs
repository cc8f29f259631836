//! A level being played.

use std::sync::Arc;
use std::time::Duration;

use super::acts::{self, Act, Actor, LENIENT, SCRIPT_LIMIT, STRICT};
use super::apply::{self, Applied};
use super::diagnosis::{self, Case};
use super::format::{Goal, When};
use super::heard::Heard;
use super::incident::{Answer, Causes};
use super::journal::{Did, Journal};
use super::probe::{self, Run};
use super::{Diagnosis, Level};
use crate::clock::SimTime;
use crate::cluster::{Cluster, Config, Settled};
use crate::diagnostic::Diagnostic;
use crate::network::TraceId;
use crate::shell::{self, Files, Progress, Session, Typed};

/// Time that the cluster is given to come to rest.
const SETTLE: Duration = Duration::from_secs(60);

/// A level being played: its cluster, the player's terminal and files, what has happened so far and
/// how the goals stand. A value: undo, rewind and "which of my edits mattered?" are clones.
#[derive(Clone)]
pub struct Attempt {
    level: Arc<Level>,
    seed: u64,
    cluster: Cluster,
    session: Session,
    /// When the terminal's running command wants to go on.
    wake: Option<SimTime>,
    started: Option<SimTime>,
    /// Events to come: (when, which of the level's).
    events: Vec<(SimTime, usize)>,
    applied: bool,
    goals: Vec<GoalState>,
    probing: Option<Probing>,
    happened: Vec<String>,
    /// What the level itself did, oldest first.
    acts: Vec<Act>,
    /// Where the player said that the cause is.
    answers: Vec<Answer>,
    /// What the player did, oldest first.
    journal: Journal,
}

/// The goals' requests being sent, one goal after the other.
#[derive(Clone, Debug)]
struct Probing {
    goal: usize,
    /// Whether what the level does before its first request is done.
    prepared: bool,
    next: SimTime,
    /// When the goals' requests began to be sent.
    began: SimTime,
    runs: Vec<Run>,
    /// Whether a goal that fails is to say why.
    diagnose: bool,
    /// What should have happened between its requests, and did not.
    obstacle: Option<Obstacle>,
}

/// An event that did not do what the level says.
#[derive(Clone, Debug)]
struct Obstacle {
    /// Which, counted from 0.
    event: usize,
    act: Act,
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was applied or sent yet.
    Untouched,
    /// The player works.
    Playing,
    /// The goals' requests are being sent.
    Probing,
    /// Every goal has passed.
    Solved,
}

/// How a goal stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalState {
    /// The goal, in the player's words.
    pub say: String,
    /// Whether it has passed.
    pub passed: bool,
    /// How many requests were made in this probing.
    pub tried: u32,
    /// How many of them succeeded.
    pub succeeded: u32,
    /// How many have to be made.
    pub of: u32,
    /// Why it failed, once it has.
    pub diagnosis: Option<Diagnosis>,
    /// The traces of its requests, oldest first.
    pub traces: Vec<TraceId>,
    /// What the request was told that the player predicts: mostly the first.
    pub predicted: Option<Heard>,
    /// What the request was told that decided: the last that missed, or else the last.
    pub heard: Option<Heard>,
    /// What its last request printed, shortened, on one line; empty before there was one.
    pub printed: String,
    /// Which of the level's own predictions fit what that request came to, counted from 0: the first
    /// of them is the right one. `None` before it was made.
    pub fits: Option<Vec<usize>>,
}

/// How a level stands after a whole probing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The level's name.
    pub level: String,
    /// The seed.
    pub seed: u64,
    /// Whether every goal has passed.
    pub solved: bool,
    /// Goal by goal.
    pub goals: Vec<GoalState>,
    /// How well the causes were found, where the level is an incident.
    pub causes: Option<Causes>,
}

impl Attempt {
    /// Opens a level on a seed: a new cluster, the world's files, then the start files applied and
    /// the opening script run, all settled. None of this counts as the player's first apply.
    pub fn open(level: Arc<Level>, seed: u64) -> Attempt {
        let mut attempt = Attempt::before(level.clone(), seed);
        attempt.arrive_at(level);
        attempt
    }

    /// The level's world on a seed, settled, before the player's files and the opening.
    pub(super) fn before(level: Arc<Level>, seed: u64) -> Attempt {
        let config = Config { nodes: level.nodes, seed, dns: true, dual_stack: level.dual_stack };
        let mut cluster = Cluster::new(&config, shell::programs());
        cluster.set_zones(&level.zones);
        if level.cloud {
            cluster.join_cloud();
        }
        if level.ingress {
            cluster.install_ingress_controller();
            cluster.settle(SETTLE);
        }
        let mut acts = acts::manifests(&mut cluster, "world", &level.world);
        acts.extend(acts::scripts(&mut cluster, &level.world));
        cluster.settle(SETTLE);
        let goals = level.goals.iter().map(GoalState::fresh).collect();
        Attempt {
            level,
            seed,
            cluster,
            session: Session::new(Files::new()),
            wake: None,
            started: None,
            events: Vec::new(),
            applied: false,
            goals,
            probing: None,
            happened: Vec::new(),
            acts,
            answers: Vec::new(),
            journal: Journal::default(),
        }
    }

    /// The start files are applied and the opening is run, those of `level`, which has the same world:
    /// here the player arrives.
    pub(super) fn arrive_at(&mut self, level: Arc<Level>) {
        let cluster = &mut self.cluster;
        self.acts.extend(acts::manifests(cluster, "start", &level.start));
        cluster.settle(SETTLE);
        self.session = Session::new(level.start.clone());
        if let Some(script) = &level.opening {
            self.acts.extend(acts::script(cluster, &mut self.session, &Actor::Opening, script));
            cluster.settle(SETTLE);
        }
        self.goals = level.goals.iter().map(GoalState::fresh).collect();
        self.level = level;
    }

    /// The level.
    pub fn level(&self) -> &Arc<Level> {
        &self.level
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The cluster, to look at.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The cluster, to ask and to change from outside the terminal.
    pub fn cluster_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// The player's terminal.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The player's terminal, to type in.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// The player's own files as they stand.
    pub fn files(&self) -> &Files {
        self.session.files()
    }

    /// How far it is.
    pub fn phase(&self) -> Phase {
        if self.probing.is_some() {
            Phase::Probing
        } else if self.is_solved() {
            Phase::Solved
        } else if self.started.is_none() {
            Phase::Untouched
        } else {
            Phase::Playing
        }
    }

    /// Whether the player has applied anything yet.
    pub fn has_applied(&self) -> bool {
        self.applied
    }

    /// How the goals stand.
    pub fn goals(&self) -> &[GoalState] {
        &self.goals
    }

    /// What the level itself did: its manifests, scripts, opening and events, oldest first.
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// When the next event of the level happens on the clock.
    pub fn next_event(&self) -> Option<SimTime> {
        self.events.first().map(|(at, _)| *at)
    }

    /// Replaces the text of one of the player's files, or adds a file. Locked files stay as they
    /// are.
    pub fn edit(&mut self, file: &str, text: &str) {
        if !self.is_locked(file) {
            self.note(Did::Edited { file: file.to_owned(), text: text.into() });
            self.session.files_mut().insert(file.to_owned(), text.as_bytes().to_vec());
        }
    }

    /// Whether a file can be read but not edited.
    pub fn is_locked(&self, file: &str) -> bool {
        self.level.locked.iter().any(|locked| locked == file)
    }

    /// Whether kubectl last sent every object of a file as it stands now.
    pub fn is_sent(&self, file: &str) -> bool {
        let content = self.files().get(file).map_or(&[][..], Vec::as_slice);
        apply::is_manifest(file) && diagnosis::are_sent(&self.cluster, file, content)
    }

    /// What is wrong with a file as it stands, before it is applied: syntax, unknown and mistyped
    /// fields, validation; from the same code that apply uses.
    pub fn marks(&self, file: &str) -> Vec<Diagnostic> {
        apply::marks(&self.cluster, file, self.files().get(file).map_or(&[], Vec::as_slice))
    }

    /// Applies the player's manifests (`kubectl apply -f FILE`, one after the other, as they
    /// stand). Pods that can't be changed in place are replaced, and the answer says so. As in a
    /// real cluster, an object that has left its file stays until it is deleted. The first apply
    /// starts the events' clock.
    pub fn apply(&mut self) -> Applied {
        self.note(Did::Applied);
        self.start();
        self.applied = true;
        let applied = apply::player(&mut self.cluster, self.session.files());
        for goal in &mut self.goals {
            goal.diagnosis = None;
        }
        applied
    }

    /// Starts sending the goals' requests; [`Attempt::advance_to`] carries them out. The first is
    /// sent once what was just applied has come to rest. Without an apply before, this starts the
    /// events' clock.
    pub fn go(&mut self) {
        let mut ahead = self.cluster.clone();
        ahead.settle(SETTLE);
        self.begin_probing(ahead.now(), true);
    }

    /// The goals' requests are sent from this moment on.
    fn begin_probing(&mut self, first: SimTime, diagnose: bool) {
        self.note(Did::Sent);
        self.start();
        self.goals = self.level.goals.iter().map(GoalState::fresh).collect();
        self.probing = Some(Probing {
            goal: 0,
            prepared: false,
            next: first,
            began: self.cluster.now(),
            runs: Vec::new(),
            diagnose,
            obstacle: None,
        });
        self.schedule_goal();
    }

    /// Whether the goals' requests were asked for, and the first waits until the cluster has come to rest.
    pub fn waits_for_rest(&self) -> bool {
        let waits =
            |probing: &Probing| probing.goal == 0 && !probing.prepared && probing.runs.is_empty();
        let soon = self.cluster.now() + Duration::from_secs(1);
        let at_once = self.goals.first().is_some_and(|goal| goal.tried == 0)
            && self.level.goals.first().is_some_and(|goal| goal.after.is_zero());
        at_once
            && self.probing.as_ref().is_some_and(|probing| waits(probing) && probing.next > soon)
    }

    /// Gives up the goals' requests that are being sent: nothing is judged.
    pub fn stop_probing(&mut self) {
        self.probing = None;
    }

    /// Bytes of the files that were written: the player's own, and those of nodes and containers.
    pub fn written_bytes(&self) -> usize {
        self.files().values().map(Vec::len).sum::<usize>() + self.cluster.written_bytes()
    }

    /// Types a line into the terminal; what it starts goes on with [`Attempt::advance_to`].
    pub fn type_line(&mut self, line: &str) -> Typed {
        self.note(Did::Typed(line.to_owned()));
        let typed = self.session.type_line(line);
        self.wake = Some(self.cluster.now());
        self.step_session();
        typed
    }

    /// Ctrl-D in the terminal: the running command's input ends.
    pub fn end_input(&mut self) {
        self.note(Did::EndedInput);
        self.session.end_input();
        self.wake = Some(self.cluster.now());
        self.step_session();
    }

    /// Ctrl-C in the terminal: ends the running command, or forgets an unfinished one.
    pub fn interrupt(&mut self) {
        self.note(Did::Interrupted);
        self.session.interrupt(&mut self.cluster);
        self.wake = Some(self.cluster.now());
    }

    /// Lets simulated time pass: the cluster works, events happen, the terminal's command and the
    /// goals' requests go on. What happened is told in order.
    pub fn advance_to(&mut self, until: SimTime) -> Vec<String> {
        while let Some(at) = self.next_due().filter(|at| *at <= until) {
            self.cluster.advance_to(at);
            self.run_due();
        }
        self.cluster.advance_to(until);
        std::mem::take(&mut self.happened)
    }

    /// As [`Attempt::advance_to`], but it does no more than `work` (about a step of the cluster's
    /// each): what is left is done by later calls. So whoever draws between the calls never waits
    /// long, however much there is to do; simulated time is late then.
    pub fn advance_within(&mut self, until: SimTime, work: u32) -> Vec<String> {
        let mut left = work;
        loop {
            let at = self.next_due().filter(|at| *at <= until);
            if !self.cluster.advance_within(at.unwrap_or(until), &mut left) || at.is_none() {
                return std::mem::take(&mut self.happened);
            }
            if self.run_due().is_some() {
                left = left.saturating_sub(self.session.worked());
            }
        }
    }

    /// Goes on with the terminal's command, events and all, until it has ended, reads its input, or
    /// would go on after `limit` (`None`).
    pub fn run_session(&mut self, limit: SimTime) -> Option<Progress> {
        self.start();
        self.wake = Some(self.cluster.now());
        loop {
            let at = self.next_due()?;
            if at > limit {
                return None;
            }
            self.cluster.advance_to(at);
            match self.run_due() {
                Some(Progress::Until(_)) if self.session.waits_for_line() => {
                    return Some(Progress::Input);
                }
                Some(Progress::Until(_)) | None if self.wake.is_some() => {}
                Some(progress) => return Some(progress),
                None => return Some(Progress::Done(self.session.exit_code())),
            }
        }
    }

    /// Runs a whole script in the player's terminal, waiting for what it waits for.
    pub fn run_script(&mut self, script: &str) -> shell::Finished {
        let limit = self.cluster.now() + SCRIPT_LIMIT;
        let read = self.session.as_file(script);
        let mut finished = self.run_until(&read.runs, limit);
        finished.stderr.extend(read.says.into_bytes());
        if read.fails && !finished.interrupted {
            finished.exit = 2;
        }
        if let Some(after) = self.leave_script(limit) {
            finished.stdout.extend(after.stdout);
            finished.stderr.extend(after.stderr);
            finished.deeds.extend(after.deeds);
            finished.exhausted |= after.exhausted;
        }
        finished
    }

    /// Runs a script command by command, up to the first that fails, and says which that was.
    ///
    /// # Errors
    /// The command that failed.
    pub fn run_strictly(&mut self, script: &str) -> Result<(), Act> {
        let limit = self.cluster.now() + SCRIPT_LIMIT;
        self.run_until(STRICT, limit);
        let mut result = Ok(());
        for (line, command) in acts::commands(script) {
            let finished = self.run_until(&command, limit);
            if finished.exit != 0 {
                result = Err(Act::of(Actor::Answer, line, &finished));
                break;
            }
        }
        self.run_until(LENIENT, limit);
        self.leave_script(limit);
        result
    }

    /// A script is over: what it wants to be run then (`trap … EXIT`) is run.
    fn leave_script(&mut self, limit: SimTime) -> Option<shell::Finished> {
        let last = self.session.take_exit_trap()?;
        Some(self.run_until(&last, limit))
    }

    fn run_until(&mut self, script: &str, limit: SimTime) -> shell::Finished {
        self.start();
        self.session.take_output();
        let first = self.cluster.next_deed();
        let comment = |line: &str| line.is_empty() || line.starts_with('#');
        // Nothing but comments is no command that braces could hold.
        let script = if script.lines().all(|line| comment(line.trim())) { ":" } else { script };
        self.session.type_line(&format!("{{\n{script}\n}}"));
        let mut finished = shell::Finished::default();
        if !matches!(self.run_session(limit), Some(Progress::Done(_))) {
            finished.interrupted = true;
            self.interrupt();
        }
        for chunk in self.session.take_output() {
            let stream = if chunk.error { &mut finished.stderr } else { &mut finished.stdout };
            stream.extend(chunk.bytes);
        }
        finished.exit = self.session.exit_code();
        finished.exhausted = self.session.is_exhausted();
        finished.deeds = self.cluster.typed_since(first);
        finished
    }

    /// Lets everything settle, runs the goals to their end as fast as possible, and says how they
    /// stand.
    pub fn grade(&mut self) -> Verdict {
        self.probe(true, |_| true);
        self.verdict()
    }

    /// As [`Attempt::grade`], up to the end of one goal, counted from 0.
    pub fn grade_through(&mut self, goal: usize) -> Verdict {
        self.probe(true, |judged| judged.len() <= goal);
        self.verdict()
    }

    /// As [`Attempt::grade`], up to the first goal that was judged and is enough.
    pub(super) fn grade_until(&mut self, enough: impl Fn(&GoalState) -> bool) -> Verdict {
        self.probe(true, |judged| !judged.last().is_some_and(&enough));
        self.verdict()
    }

    /// As [`Attempt::grade`], but nobody asks why a goal fails.
    pub(super) fn judge_all(&mut self) {
        self.probe(false, |_| true);
    }

    /// Whether every goal passes. The first that fails ends it, and nobody asks why.
    pub fn passes(&mut self) -> bool {
        self.probe(false, |judged| judged.last().is_none_or(|goal| goal.passed));
        self.is_solved()
    }

    /// Runs the goals, as long as those that were judged are reason to go on.
    fn probe(&mut self, diagnose: bool, goes_on: impl Fn(&[GoalState]) -> bool) {
        self.start();
        self.rest();
        self.begin_probing(self.cluster.now(), diagnose);
        while let Some(at) = self.next_due().filter(|_| self.probing.is_some()) {
            self.cluster.advance_to(at);
            self.run_due();
            let judged = self.probing.as_ref().map_or(0, |probing| probing.goal);
            if !goes_on(&self.goals[..judged]) {
                self.probing = None;
            }
        }
    }

    /// Lets what was done come to rest; events happen meanwhile.
    fn rest(&mut self) {
        let limit = self.cluster.now() + SETTLE;
        loop {
            let event = self.next_event().filter(|at| *at <= limit);
            let left = event.unwrap_or(limit).since(self.cluster.now());
            if self.cluster.settle(left) == Settled::Settled || event.is_none() {
                return;
            }
            self.run_due();
        }
    }

    /// How the level stands.
    pub fn verdict(&self) -> Verdict {
        Verdict {
            level: self.level.name.clone(),
            seed: self.seed,
            solved: self.is_solved(),
            goals: self.goals.clone(),
            causes: self.causes(),
        }
    }

    /// Whether every goal has passed. Where there is none, nothing can be won.
    fn is_solved(&self) -> bool {
        !self.goals.is_empty() && self.goals.iter().all(|goal| goal.passed)
    }

    /// The player says where the cause is. Whether that is so is not told before the debrief.
    ///
    /// # Errors
    /// Why it is no answer, or why none is asked for.
    pub fn name_cause(&mut self, said: &str) -> Result<(), String> {
        let Some(incident) = &self.level.incident else {
            return Err("Only incidents ask for a cause.".to_owned());
        };
        if self.is_solved() {
            return Err("It is mended; the debrief tells the cause.".to_owned());
        }
        let answer = incident.judge(said, &self.level.start)?;
        self.answers.push(answer);
        self.note(Did::Named(said.to_owned()));
        Ok(())
    }

    /// How well the causes were found, where the level is an incident.
    pub fn causes(&self) -> Option<Causes> {
        self.level.incident.as_ref().map(|incident| incident.causes(&self.answers))
    }

    /// What the player did, oldest first.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Writes down what the player does now.
    fn note(&mut self, did: Did) {
        self.journal.note(self.cluster.now(), did);
    }

    /// The clock of events starts.
    fn start(&mut self) {
        if self.started.is_some() {
            return;
        }
        let now = self.cluster.now();
        self.started = Some(now);
        self.events = acts::moments(&self.level.events, now);
    }

    /// The earliest thing of the attempt itself: an event, the terminal, a request.
    fn next_due(&self) -> Option<SimTime> {
        let request = self.probing.as_ref().map(|probing| probing.next);
        [self.next_event(), self.wake, request].into_iter().flatten().min()
    }

    /// Does what is due now: events first, then the terminal (and says how far it came), then a
    /// goal's request.
    fn run_due(&mut self) -> Option<Progress> {
        let now = self.cluster.now();
        if self.next_event().is_some_and(|at| at <= now) {
            let (_, index) = self.events.remove(0);
            self.run_event(index);
        } else if self.wake.is_some_and(|at| at <= now) {
            return self.step_session();
        } else if self.probing.as_ref().is_some_and(|probing| probing.next <= now) {
            self.run_request();
        }
        None
    }

    /// Lets an event of the level happen.
    fn run_event(&mut self, index: usize) -> Option<Obstacle> {
        let level = self.level.clone();
        let event = &level.events[index];
        let act = acts::event(&mut self.cluster, index, event);
        self.acts.push(act.clone());
        if !event.is_done(&act) {
            return Some(Obstacle { event: index, act });
        }
        self.happened.extend(event.say.clone());
        None
    }

    /// Lets the events happen that are tied to this request of a goal, counted from 1; 0 stands for
    /// those before the first.
    fn run_events_after(&mut self, goal: usize, request: u32) -> Option<Obstacle> {
        let level = self.level.clone();
        let mut obstacle = None;
        for (index, event) in level.events.iter().enumerate() {
            let due = matches!(&event.when, When::During { goal: during, requests }
                if *during == goal && requests.contains(&request));
            if due {
                obstacle = self.run_event(index).or(obstacle);
            }
        }
        obstacle
    }

    fn step_session(&mut self) -> Option<Progress> {
        let progress = match self.session.is_running() {
            true => self.session.step(&mut self.cluster),
            false => Progress::Done(self.session.exit_code()),
        };
        self.wake = match progress {
            Progress::Until(at) => Some(at),
            // What runs in the background goes on while nobody types.
            Progress::Done(_) => self.session.step_background(&mut self.cluster),
            Progress::Input => None,
        };
        Some(progress)
    }

    /// The moment of a goal's first request: now, but not before the level says.
    fn schedule_goal(&mut self) {
        let Some(probing) = &mut self.probing else { return };
        let Some(goal) = self.level.goals.get(probing.goal) else {
            self.probing = None;
            return;
        };
        let now = self.cluster.now();
        probing.next = probing.next.max(now).max(probing.began + goal.after);
    }

    fn run_request(&mut self) {
        if let Some(at) = self.still_busy() {
            if let Some(probing) = &mut self.probing {
                probing.next = at;
            }
            return;
        }
        let level = self.level.clone();
        let Some(mut probing) = self.probing.take() else { return };
        let goal = &level.goals[probing.goal];
        if !std::mem::replace(&mut probing.prepared, true) && level.has_events_before(probing.goal)
        {
            probing.obstacle = self.run_events_after(probing.goal, 0);
            probing.next = self.cluster.now() + goal.repeat.every;
            self.probing = Some(probing);
            return;
        }
        let run = probe::run(&mut self.cluster, goal.into(), self.session.files());
        let state = &mut self.goals[probing.goal];
        state.tried += 1;
        state.of = state.of.max(state.tried);
        state.succeeded += u32::from(run.miss.is_none());
        state.traces.extend(&run.traces);
        if state.tried == goal.predict.request() {
            state.predicted = Some(Heard::of(&self.cluster, &run));
            state.fits = Some(run.fits.clone());
        }
        state.printed = run.excerpt();
        probing.runs.push(run);
        let tried = state.tried;
        let served = probe::served(&self.cluster, &probing.runs);
        let more = state.goes_on(goal, served.len());
        probing.next = self.cluster.now() + goal.repeat.every;
        if more {
            let obstacle = self.run_events_after(probing.goal, tried);
            probing.obstacle = obstacle.or(probing.obstacle);
            self.probing = Some(probing);
            return;
        }
        self.judge(goal, &probing);
        probing.goal += 1;
        probing.prepared = false;
        probing.runs.clear();
        probing.obstacle = None;
        self.probing = Some(probing);
        self.schedule_goal();
    }

    /// When the very first request is to be sent after all, where a command of the player's that still runs
    /// (`kubectl replace --force`) has changed the cluster since the requests were asked for.
    fn still_busy(&self) -> Option<SimTime> {
        let probing = self.probing.as_ref()?;
        let first = probing.goal == 0 && !probing.prepared && self.goals.first()?.tried == 0;
        let now = self.cluster.now();
        if !first || !self.session.is_running() || now.since(probing.began) >= SETTLE {
            return None;
        }
        let mut ahead = self.cluster.clone();
        ahead.settle(SETTLE);
        Some(ahead.now()).filter(|rest| *rest > now)
    }

    fn judge(&mut self, goal: &Goal, probing: &Probing) {
        let served = probe::served(&self.cluster, &probing.runs);
        let state = &mut self.goals[probing.goal];
        let reached = state.can_still_pass(goal) && served.len() >= goal.repeat.spread as usize;
        let obstacle = probing.obstacle.as_ref().filter(|_| reached);
        state.passed = reached && obstacle.is_none();
        let missed = |run: &&Run| run.miss.is_some() && !state.passed;
        let run = probing.runs.iter().rev().find(missed);
        state.heard = run.or(probing.runs.last()).map(|run| Heard::of(&self.cluster, run));
        if state.passed || !probing.diagnose {
            return;
        }
        let case = Case {
            goal,
            run: run.or(probing.runs.last()),
            served,
            cluster: &self.cluster,
            files: self.session.files(),
            start: &self.level.start,
            goals: &self.level.goals,
        };
        state.diagnosis = Some(match obstacle {
            Some(Obstacle { event, act }) => {
                diagnosis::event_failed(&case, &self.level.events[*event], act)
            }
            None => diagnosis::diagnose(&case),
        });
    }
}

impl Verdict {
    /// The number, from 1, of the first goal before this one (counted from 0) that failed for the
    /// same reason, told in the same words.
    pub fn told_before(&self, index: usize) -> Option<usize> {
        let told = self.goals.get(index)?.diagnosis.as_ref()?;
        let before = self.goals[..index].iter();
        let same = |goal: &GoalState| {
            let other = goal.diagnosis.as_ref();
            other
                .is_some_and(|other| other.cause() == told.cause() && other.message == told.message)
        };
        before.enumerate().find(|(_, goal)| same(goal)).map(|(number, _)| number + 1)
    }
}

impl GoalState {
    /// Whether a request of its used up what one command may take, and was ended.
    pub fn is_exhausted(&self) -> bool {
        self.heard.as_ref().is_some_and(|heard| heard.exhausted)
    }

    fn fresh(goal: &Goal) -> GoalState {
        GoalState {
            say: goal.say.clone(),
            passed: false,
            tried: 0,
            succeeded: 0,
            of: goal.repeat.times,
            diagnosis: None,
            traces: Vec::new(),
            predicted: None,
            heard: None,
            printed: String::new(),
            fits: None,
        }
    }

    /// Whether no more requests have failed than may.
    fn can_still_pass(&self, goal: &Goal) -> bool {
        self.tried - self.succeeded <= goal.repeat.times - goal.repeat.succeed
    }

    /// Whether another request is to be made: as many as the level says, and more while pods are
    /// missing that have to serve.
    fn goes_on(&self, goal: &Goal, spread: usize) -> bool {
        let wanting = spread < goal.repeat.spread as usize && self.tried < goal.repeat.at_most;
        self.can_still_pass(goal) && (self.tried < goal.repeat.times || wanting)
    }
}
