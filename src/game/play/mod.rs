//! A level on the table: the attempt, and everything the player has open around it.

mod files;
mod history;
mod walk;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::console::Console;
use super::hint::Hints;
use super::ladder::{Help, Ladder};
use super::predict::{Guess, Prediction, Question};
use super::scene::{Ghost, Scene, Spot};
use super::story::Story;
use super::timer::Timer;
use crate::clock::SimTime;
use crate::level::{Attempt, GoalState, Level, Moment, Phase};
use crate::network::TraceId;
use crate::shared_map::SharedMap;
use history::Snapshot;

pub use files::{Jump, LARGEST_FILE, OpenFile};
pub use walk::{WALK, Walk};

/// The terminal's first line.
const WELCOME: &str =
    "a shell on your laptop, outside the cluster: kubectl, curl, nslookup, ssh node-1 … help";

/// How often it is looked who listens where, in simulated time.
const READ_PORTS: Duration = Duration::from_secs(1);

/// The panels of the level screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Panel {
    #[default]
    Editor,
    Terminal,
    Map,
    Packet,
}

/// How important a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Bad,
}

/// One line for the player, above the keys, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How important it is.
    pub tone: Tone,
    /// The line.
    pub text: String,
}

/// Whether the player was asked what will happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Not yet.
    No,
    /// What (which choice, from 0), but not where.
    Where(usize),
    /// The player has answered.
    Yes(Prediction),
    /// The player did not want to.
    Skipped,
}

/// A level on the table.
#[derive(Clone)]
pub struct Play {
    pub(in crate::game) attempt: Attempt,
    /// The panel that gets the keys.
    pub focus: Panel,
    /// Whether keys are actions instead of text.
    pub menu: bool,
    /// Whether the panel has the whole screen.
    pub zoom: bool,
    /// The player's files, by name.
    pub files: Vec<OpenFile>,
    /// The file that is shown.
    pub open: usize,
    /// Where the editor's cursor has to go.
    pub jump: Jump,
    /// Counts changes of the files that the editor did not make itself.
    pub reloads: u64,
    /// The terminal.
    pub console: Console,
    /// The clock.
    pub timer: Timer,
    /// The map.
    pub scene: Arc<Scene>,
    /// What has changed lately on it.
    pub fresh: BTreeSet<Spot>,
    fresh_for: Duration,
    /// Pods that went a moment ago, and for how long they have been gone.
    pub ghosts: Vec<(Ghost, Duration)>,
    /// Containers that have just sent something by themselves: pod and container.
    pub pulses: BTreeSet<(Spot, String)>,
    pulsed_for: Duration,
    /// The newest packet that a pulse was shown for.
    pulsed_trace: TraceId,
    /// When the open ports were looked at last.
    ports_read: SimTime,
    scene_revision: u64,
    /// What is selected on the map.
    pub picked: Spot,
    /// Whether the cluster's own things are shown.
    pub system: bool,
    /// The ways of the last requests, oldest first.
    pub stories: Vec<Arc<Story>>,
    /// The one that is shown.
    pub story: usize,
    /// The packet's walk through it.
    pub walk: Walk,
    /// Help that was read.
    pub hints: Hints,
    /// How far the player has climbed for help.
    pub ladder: Ladder,
    /// What is asked before the first request, while that is open or was answered.
    pub question: Option<Question>,
    /// The prediction.
    pub asked: Asked,
    /// Whether the last request came as predicted, where it was asked about.
    pub guessed: Option<Guess>,
    /// The first guess of the level, for the debrief.
    pub first_guess: Option<Guess>,
    /// Files that were edited and not applied when the requests were sent last.
    pub sent_without: Vec<String>,
    /// The files' texts when the requests that were sent last had come to their end.
    pub(in crate::game) sent_texts: BTreeMap<String, String>,
    /// How often the goals' requests were sent.
    pub sends: u32,
    /// Which goals held at the send before; before the first, which held at the level's start.
    pub(in crate::game) held: Vec<bool>,
    /// The file that `kubectl edit` has open: what is typed in it goes to kubectl when it is saved.
    pub editing: Option<String>,
    /// The file of `kubectl edit` as kubectl wrote it.
    pub(in crate::game) edited_from: String,
    /// Whether the level was won a moment ago, and the packet still walks.
    pub(in crate::game) winning: bool,
    /// Whether the player has typed, or turned to a panel to type in, since the requests were sent.
    pub(in crate::game) typing: bool,
    /// Whether the level was opened by the last key.
    pub(in crate::game) entered: bool,
    /// Whether a line typed at the outermost prompt has not been looked at since it ended.
    pub(in crate::game) in_command: bool,
    /// The pods that were there when the command began.
    pub(in crate::game) pods_before: BTreeSet<Spot>,
    /// How many of the level's coach marks are done with.
    pub coached: usize,
    /// One line for the player.
    pub notice: Option<Notice>,
    /// Whether the goals are being probed, or have been won already.
    pub(in crate::game) phase: Phase,
    /// The last seen traces' end.
    pub(in crate::game) seen_trace: TraceId,
    /// The command whose packets are watched.
    pub(in crate::game) command: Option<String>,
    /// Commands typed at the outermost prompt.
    pub(in crate::game) typed: SharedMap<usize, String>,
    /// Whether the newest story is that of requests that are still being sent.
    pub(in crate::game) live: bool,
    opened: SimTime,
    applied: Vec<(String, String)>,
    /// What is done of the cluster's work in a tick, in its steps.
    pace: u32,
    undo: VecDeque<Arc<Snapshot>>,
    /// Whether undo has forgotten its oldest states.
    forgotten: bool,
    rewinds: VecDeque<(SimTime, Arc<Snapshot>)>,
    /// Whether rewind has forgotten its oldest states.
    forgotten_rewinds: bool,
}

/// What is done of the cluster's work between two frames, in its steps: a key is answered after it.
const FRAME: u32 = 1_000;

/// The least that is done, however slow the machine.
const LEAST: u32 = 10;

impl Play {
    /// Opens a level on a seed, with the player's own `files` of last time.
    pub fn open(level: Arc<Level>, seed: u64, files: &[(String, String)]) -> Play {
        let held = level.goals.iter().map(|goal| goal.holds).collect();
        let mut attempt = Attempt::open(level, seed);
        // The cluster has what the level applied; edits of another session are still to be applied.
        let applied = files::start_texts(&attempt);
        for (name, text) in files {
            attempt.edit(name, text);
        }
        let mut play = Play {
            focus: Panel::Editor,
            menu: false,
            zoom: false,
            files: Vec::new(),
            open: 0,
            jump: Jump::default(),
            reloads: 0,
            console: Console::default(),
            timer: Timer::default(),
            scene: Arc::new(Scene::of(attempt.cluster())),
            fresh: BTreeSet::new(),
            fresh_for: Duration::ZERO,
            ghosts: Vec::new(),
            pulses: BTreeSet::new(),
            pulsed_for: Duration::ZERO,
            pulsed_trace: attempt.cluster().next_trace(),
            ports_read: attempt.cluster().now(),
            scene_revision: attempt.cluster().objects().revision(),
            picked: Spot::Laptop,
            system: false,
            stories: Vec::new(),
            story: 0,
            walk: Walk::default(),
            hints: Hints::default(),
            ladder: Ladder::default(),
            question: None,
            asked: Asked::No,
            guessed: None,
            first_guess: None,
            sent_without: Vec::new(),
            sent_texts: BTreeMap::new(),
            sends: 0,
            held,
            editing: None,
            edited_from: String::new(),
            winning: false,
            typing: false,
            entered: false,
            in_command: false,
            pods_before: BTreeSet::new(),
            coached: 0,
            notice: None,
            phase: attempt.phase(),
            seen_trace: attempt.cluster().next_trace(),
            command: None,
            typed: SharedMap::default(),
            live: false,
            opened: attempt.cluster().now(),
            applied,
            pace: FRAME,
            undo: VecDeque::new(),
            forgotten: false,
            rewinds: VecDeque::new(),
            forgotten_rewinds: false,
            attempt,
        };
        play.console.note(WELCOME);
        play.picked = play.first_pick();
        play.reload_files();
        play.open = play.files.iter().position(|file| !file.locked).unwrap_or(0);
        if play.files.is_empty() {
            play.focus = Panel::Terminal;
        }
        play
    }

    /// The attempt, to look at.
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// The level.
    pub fn level(&self) -> &Arc<Level> {
        self.attempt.level()
    }

    /// How the goals stand.
    pub fn goals(&self) -> &[GoalState] {
        self.attempt.goals()
    }

    /// What is wrong, as far as the player asked for it.
    pub fn help(&self) -> Help<'_> {
        self.ladder.help(self.goals())
    }

    /// How far it is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The cluster's clock.
    pub fn now(&self) -> SimTime {
        self.attempt.cluster().now()
    }

    /// The level's clock: simulated time since the player arrived.
    pub fn clock(&self) -> SimTime {
        self.on_the_clock(self.now())
    }

    /// A moment as the level's clock shows it.
    pub(in crate::game) fn on_the_clock(&self, at: SimTime) -> SimTime {
        SimTime::START + at.since(self.opened)
    }

    /// Whether the player waits for something that takes simulated time.
    pub fn is_busy(&self) -> bool {
        let session = self.attempt.session();
        let waits = session.waits_for_line() || self.editing.is_some();
        self.phase == Phase::Probing || (session.is_running() && !waits)
    }

    /// The codes of the diagnoses that goals fail with.
    pub fn codes(&self) -> Vec<&'static str> {
        let failed = self.goals().iter().filter(|goal| !goal.passed);
        failed.filter_map(|goal| goal.diagnosis.as_ref()).map(|diagnosis| diagnosis.code).collect()
    }

    /// The mark that leads on, in a level that has any: which, of how many, and the mark.
    pub fn coach(&self) -> Option<(usize, usize, &crate::level::Coach)> {
        let marks = &self.level().coach;
        let mark = marks.get(self.coached)?;
        // What was sent and failed has to be changed before it is sent again.
        let failed = self.goals().iter().any(|goal| goal.diagnosis.is_some());
        let edit = || marks.iter().rposition(|mark| mark.until == Moment::Edited);
        let at = match mark.until == Moment::Won && failed {
            true => edit().unwrap_or(self.coached),
            false => self.coached,
        };
        Some((at, marks.len(), &marks[at]))
    }

    /// Passes over the marks whose moment has come.
    pub(in crate::game) fn follow_coach(&mut self) {
        let won = self.phase == Phase::Solved;
        while let Some(until) = self.level().coach.get(self.coached).map(|mark| mark.until) {
            let edited = || !self.edited_files().is_empty();
            let done = match until {
                Moment::Sent => self.sends > 0,
                // Who writes already, or has won, does not wait for help.
                Moment::Asked => self.ladder.highest > 0 || won || edited(),
                Moment::Edited => edited(),
                // What was refused, or written since, has not reached the cluster.
                Moment::Applied => {
                    let waits = !self.unapplied().is_empty() || self.refusal().is_some();
                    self.attempt.has_applied() && !waits
                }
                Moment::Won => won,
            };
            if !done {
                return;
            }
            self.coached += 1;
        }
    }

    /// The goals that fail, from 0.
    pub fn failing(&self) -> Vec<usize> {
        let goals = self.goals().iter().enumerate();
        goals.filter(|(_, goal)| !goal.passed).map(|(at, _)| at).collect()
    }

    /// How long the next hint has to wait; `None` when there is none.
    pub fn hint_wait(&self) -> Option<Duration> {
        let (codes, failing) = (self.codes(), self.failing());
        let clock = self.lasted();
        self.hints.wait(self.level(), super::Situation { codes: &codes, failing: &failing, clock })
    }

    /// The cluster's time since the player arrived.
    pub fn lasted(&self) -> Duration {
        self.now().since(self.opened)
    }

    /// Says something to the player.
    pub(in crate::game) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice { tone, text: text.into() });
    }

    /// Lets time pass in the cluster and reads what became of it. Says whether anything that can be
    /// seen has changed.
    pub(in crate::game) fn advance(&mut self, simulated: Duration) -> bool {
        let before = self.now();
        let until = before + simulated;
        let events = self.attempt.advance_within(until, self.pace);
        for event in &events {
            self.console.note(event);
            self.say(Tone::Plain, event.clone());
        }
        self.read_terminal()
            | self.read_scene()
            | self.read_pulses()
            | self.keep_for_rewind()
            | !events.is_empty()
            | (before.as_millis() / 1_000 != self.now().as_millis() / 1_000)
    }

    pub(in crate::game) fn keep_pace(&mut self, slow: bool, quick: bool) {
        if slow {
            self.pace = (self.pace / 2).max(LEAST);
        } else if quick {
            self.pace = (self.pace * 2).min(FRAME);
        }
    }

    /// Prints what the terminal's command wrote. Says whether it wrote anything.
    pub(in crate::game) fn read_terminal(&mut self) -> bool {
        let chunks = self.attempt.session_mut().take_output();
        for chunk in &chunks {
            self.console.print(chunk);
        }
        !chunks.is_empty()
    }

    /// Looks at the cluster again. Says whether anything has changed.
    pub(in crate::game) fn read_scene(&mut self) -> bool {
        let revision = self.attempt.cluster().objects().revision();
        // Who listens where is no object of the API: it is looked at now and then.
        let ports_due = self.now().since(self.ports_read) >= READ_PORTS;
        if revision == self.scene_revision && !ports_due {
            return false;
        }
        self.scene_revision = revision;
        self.ports_read = self.now();
        let scene = Scene::of(self.attempt.cluster());
        if scene == *self.scene {
            return false;
        }
        self.fresh.extend(scene.changes_since(&self.scene));
        let seen: BTreeSet<Spot> = scene.spots(true).into_iter().collect();
        self.fresh.retain(|spot| seen.contains(spot));
        self.fresh_for = Duration::ZERO;
        let gone = scene.gone_since(&self.scene).into_iter();
        self.ghosts.extend(gone.map(|ghost| (ghost, Duration::ZERO)));
        self.scene = Arc::new(scene);
        if !seen.contains(&self.picked) {
            self.picked = self.first_pick();
        }
        true
    }

    /// Which containers have sent something by themselves since it was looked last. Says whether any
    /// have.
    fn read_pulses(&mut self) -> bool {
        let from = self.pulsed_trace;
        self.pulsed_trace = self.attempt.cluster().next_trace();
        let traces = self.attempt.cluster().traces().filter(|trace| trace.id >= from);
        let own = traces.filter(|trace| trace.process.is_some());
        let pulses: Vec<(Spot, String)> = own
            .filter_map(|trace| Some((Spot::from(&trace.from), trace.container.as_ref()?.to_string())))
            .filter(|(spot, _)| matches!(spot, Spot::Pod(namespace, _) if !namespace.starts_with("kube-")))
            .collect();
        if pulses.is_empty() {
            return false;
        }
        self.pulses = pulses.into_iter().collect();
        self.pulsed_for = Duration::ZERO;
        true
    }

    /// Whether the request that was asked about came as the player predicted.
    pub(in crate::game) fn judge_prediction(&self) -> Option<Guess> {
        let Asked::Yes(prediction) = self.asked else { return None };
        let question = self.question.as_ref()?;
        let goal = self.goals().get(question.goal)?;
        let mut guess = question.judge(prediction, goal, self.attempt.cluster())?;
        if goal.tried > 1 {
            let asked = self.level().goals.get(question.goal);
            let which = match asked.map_or(1, |asked| asked.predict.request()) {
                1 => "The first".to_owned(),
                request => format!("Number {request}"),
            };
            guess.say = format!("{which} of {} requests: {}", goal.tried, guess.say);
        }
        Some(guess)
    }

    /// Whether the failure at hand was sent with everything applied that is in the files now.
    pub fn is_told_of_these_files(&self) -> bool {
        self.sent_without.is_empty() && self.unapplied().is_empty()
    }

    /// The first pod, since that is what levels are about.
    fn first_pick(&self) -> Spot {
        let spots = self.scene.spots(false);
        let pod = spots.iter().find(|spot| matches!(spot, Spot::Pod(..)));
        pod.or(spots.first()).cloned().unwrap_or(Spot::Laptop)
    }
}
