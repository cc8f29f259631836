//! A level on the table: the attempt, and everything the player has open around it.

mod files;
mod history;
mod walk;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::console::Console;
use super::hint::Hints;
use super::predict::{self, Fate, Prediction, Where};
use super::scene::{Scene, Spot};
use super::story::Story;
use super::timer::Timer;
use crate::clock::SimTime;
use crate::level::{Attempt, GoalState, Level, Phase};
use crate::network::TraceId;
use history::Snapshot;

pub use files::{Jump, LARGEST_FILE, OpenFile};
pub use walk::{WALK, Walk};

/// The terminal's first line.
const WELCOME: &str =
    "a shell on your laptop, outside the cluster: kubectl, curl, nslookup, ssh node-1 … help";

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
    /// What, but not where.
    Where(Fate),
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
    scene_revision: u64,
    /// What is selected on the map.
    pub picked: Spot,
    /// Whether the cluster's own things are shown.
    pub system: bool,
    /// The ways of the last requests, oldest first.
    pub stories: Vec<Story>,
    /// The one that is shown.
    pub story: usize,
    /// The packet's walk through it.
    pub walk: Walk,
    /// Help that was read.
    pub hints: Hints,
    /// The prediction.
    pub asked: Asked,
    /// Whether the first request came as predicted, in one sentence.
    pub guessed: Option<String>,
    /// One line for the player.
    pub notice: Option<Notice>,
    /// Whether the goals are being probed, or have been won already.
    pub(in crate::game) phase: Phase,
    /// The last seen traces' end.
    pub(in crate::game) seen_trace: TraceId,
    /// The command whose packets are watched.
    pub(in crate::game) command: Option<String>,
    /// Commands typed at the outermost prompt.
    pub(in crate::game) typed: Vec<String>,
    /// Whether the newest story is that of requests that are still being sent.
    pub(in crate::game) live: bool,
    opened: SimTime,
    applied: Vec<(String, String)>,
    undo: VecDeque<Snapshot>,
    rewinds: VecDeque<(SimTime, Snapshot)>,
}

/// What is done of the cluster's work between two frames, in its steps: a key is answered after it.
const FRAME: u32 = 1_000;

impl Play {
    /// Opens a level on a seed, with the player's own `files` of last time.
    pub fn open(level: Arc<Level>, seed: u64, files: &[(String, String)]) -> Play {
        let mut attempt = Attempt::open(level, seed);
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
            scene: Arc::new(Scene::of(attempt.cluster().objects())),
            fresh: BTreeSet::new(),
            fresh_for: Duration::ZERO,
            scene_revision: attempt.cluster().objects().revision(),
            picked: Spot::Laptop,
            system: false,
            stories: Vec::new(),
            story: 0,
            walk: Walk::default(),
            hints: Hints::default(),
            asked: Asked::No,
            guessed: None,
            notice: None,
            phase: attempt.phase(),
            seen_trace: attempt.cluster().next_trace(),
            command: None,
            typed: Vec::new(),
            live: false,
            opened: attempt.cluster().now(),
            applied: files::start_texts(&attempt),
            undo: VecDeque::new(),
            rewinds: VecDeque::new(),
            attempt,
        };
        play.console.note(WELCOME);
        play.picked = play.first_pick();
        play.reload_files();
        play.open = play.files.iter().position(|file| !file.locked).unwrap_or(0);
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
        SimTime::START + self.now().since(self.opened)
    }

    /// Whether the player waits for something that takes simulated time.
    pub fn is_busy(&self) -> bool {
        let session = self.attempt.session();
        self.phase == Phase::Probing || (session.is_running() && !session.waits_for_line())
    }

    /// The codes of the diagnoses that goals fail with.
    pub fn codes(&self) -> Vec<&'static str> {
        let failed = self.goals().iter().filter(|goal| !goal.passed);
        failed.filter_map(|goal| goal.diagnosis.as_ref()).map(|diagnosis| diagnosis.code).collect()
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
        let events = self.attempt.advance_within(until, FRAME);
        for event in &events {
            self.console.note(event);
            self.say(Tone::Plain, event.clone());
        }
        self.read_terminal()
            | self.read_scene()
            | self.keep_for_rewind()
            | !events.is_empty()
            | (before.as_millis() / 1_000 != self.now().as_millis() / 1_000)
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
        if revision == self.scene_revision {
            return false;
        }
        self.scene_revision = revision;
        let scene = Scene::of(self.attempt.cluster().objects());
        if scene == *self.scene {
            return false;
        }
        self.fresh.extend(scene.changes_since(&self.scene));
        self.fresh_for = Duration::ZERO;
        self.scene = Arc::new(scene);
        if !self.scene.spots(true).contains(&self.picked) {
            self.picked = self.first_pick();
        }
        true
    }

    /// Whether the goals' last requests came as the player predicted.
    pub(in crate::game) fn prediction_verdict(&self) -> Option<String> {
        let Asked::Yes(prediction) = self.asked else { return None };
        let goal =
            self.goals().iter().find(|goal| !goal.passed).or_else(|| self.goals().first())?;
        let last = goal.traces.last().and_then(|id| self.attempt.cluster().trace(*id));
        let fate = Fate::of(goal, last);
        Some(predict::verdict(prediction, fate, Where::of(fate, last)))
    }

    /// The first pod, since that is what levels are about.
    fn first_pick(&self) -> Spot {
        let spots = self.scene.spots(false);
        let pod = spots.iter().find(|spot| matches!(spot, Spot::Pod(..)));
        pod.or(spots.first()).cloned().unwrap_or(Spot::Laptop)
    }
}
