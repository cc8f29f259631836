//! A level on the table: the attempt, and everything the player has open around it.

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
use crate::diagnostic::{Diagnostic, Severity};
use crate::level::{Attempt, GoalState, Level, Phase};
use crate::network::{Trace, TraceId};

/// How many states undo remembers.
const UNDO: usize = 50;
/// What undo calls a new beginning.
const RESET: &str = "reset";
/// How far apart the states are that rewind goes back to.
const REWIND_EVERY: Duration = Duration::from_secs(5);
/// How many of them are kept.
const REWINDS: usize = 60;
/// How long a change stays marked on the map.
const FRESH: Duration = Duration::from_secs(3);
/// How long the packet walks from one step to the next.
pub const WALK: Duration = Duration::from_millis(550);
/// A file that is larger is not opened in the editor.
pub const LARGEST_FILE: usize = 256 * 1024;

/// The panels of the level screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Panel {
    #[default]
    Editor,
    Terminal,
    Map,
    Packet,
}

/// A file of the player's, open in the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFile {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Whether it can only be read.
    pub locked: bool,
    /// Whether it differs from what was applied last.
    pub changed: bool,
    /// What is wrong with it, from the code that apply uses.
    pub marks: Vec<Diagnostic>,
    /// What only traffic could tell: set after a request failed on a line, gone with the next edit.
    pub traffic_marks: Vec<Diagnostic>,
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

/// Where the editor's cursor has to go. A new number is a new order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jump {
    /// Counts the orders.
    pub number: u64,
    /// The line, from 1.
    pub line: u32,
}

/// The packet's walk through a story.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// The step that is shown.
    pub step: usize,
    /// How long the packet has been on its way to it; [`WALK`] when it is there.
    pub under_way: Duration,
    /// Whether it goes on by itself.
    pub playing: bool,
}

/// A state to go back to.
#[derive(Clone)]
struct Snapshot {
    /// What came after it: `apply`.
    before: String,
    attempt: Attempt,
    applied: Vec<(String, String)>,
}

/// A level on the table.
#[derive(Clone)]
pub struct Play {
    pub(super) attempt: Attempt,
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
    /// One line for the player.
    pub notice: Option<Notice>,
    /// Whether the goals are being probed, or have been won already.
    pub(super) phase: Phase,
    /// The last seen traces' end.
    pub(super) seen_trace: TraceId,
    /// The command whose packets are watched.
    pub(super) command: Option<String>,
    /// How many commands were typed.
    pub(super) commands: u32,
    applied: Vec<(String, String)>,
    undo: VecDeque<Snapshot>,
    rewinds: VecDeque<(SimTime, Snapshot)>,
}

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
            notice: None,
            phase: attempt.phase(),
            seen_trace: attempt.cluster().next_trace(),
            command: None,
            commands: 0,
            applied: start_texts(&attempt),
            undo: VecDeque::new(),
            rewinds: VecDeque::new(),
            attempt,
        };
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

    /// Whether the player waits for something that takes simulated time.
    pub fn is_busy(&self) -> bool {
        self.phase == Phase::Probing || self.attempt.session().is_running()
    }

    /// The file that is shown.
    pub fn file(&self) -> Option<&OpenFile> {
        self.files.get(self.open)
    }

    /// The story that is shown.
    pub fn current_story(&self) -> Option<&Story> {
        self.stories.get(self.story)
    }

    /// Whether the packet is walking.
    pub fn is_walking(&self) -> bool {
        self.current_story().is_some() && (self.walk.playing || self.walk.under_way < WALK)
    }

    /// Whether something on the map is still marked as changed.
    pub fn is_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// The codes of the diagnoses that goals fail with.
    pub fn codes(&self) -> Vec<&'static str> {
        let failed = self.goals().iter().filter(|goal| !goal.passed);
        failed.filter_map(|goal| goal.diagnosis.as_ref()).map(|diagnosis| diagnosis.code).collect()
    }

    /// What was done last and can be taken back.
    pub fn undoable(&self) -> Option<&str> {
        self.undo.back().map(|snapshot| &*snapshot.before)
    }

    /// The names of files that were edited and not applied since.
    pub fn unapplied(&self) -> Vec<&str> {
        let changed = self.files.iter().filter(|file| file.changed && !file.locked);
        changed.map(|file| &*file.name).collect()
    }

    /// Says something to the player.
    pub(super) fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.notice = Some(Notice { tone, text: text.into() });
    }

    /// Remembers the state before something is done.
    pub(super) fn remember(&mut self, before: &str) {
        let snapshot = self.snapshot(before);
        self.undo.push_back(snapshot);
        if self.undo.len() > UNDO {
            self.undo.pop_front();
        }
    }

    /// Goes back to before the last thing that was done; says what that was.
    pub(super) fn undo(&mut self) -> Option<String> {
        let mut snapshot = self.undo.pop_back()?;
        let what = snapshot.before.clone();
        if what != RESET {
            self.keep_texts(&mut snapshot);
        }
        self.restore(snapshot);
        Some(what)
    }

    /// Goes back in time by some seconds; says to when.
    pub(super) fn rewind(&mut self) -> Option<SimTime> {
        let now = self.now();
        while self.rewinds.back().is_some_and(|(at, _)| now.since(*at) < Duration::from_secs(1)) {
            self.rewinds.pop_back();
        }
        let (at, mut snapshot) = self.rewinds.pop_back()?;
        self.keep_texts(&mut snapshot);
        self.restore(snapshot);
        self.timer.pause();
        Some(at)
    }

    /// Begins again, with other names and addresses if the seed is another one. Files keep the
    /// player's edits unless `fresh`.
    pub(super) fn reset(&mut self, seed: u64, fresh: bool) {
        self.remember(RESET);
        let undo = std::mem::take(&mut self.undo);
        let files: Vec<(String, String)> = match fresh {
            true => Vec::new(),
            false => self.edited_files(),
        };
        let mut play = Play::open(self.level().clone(), seed, &files);
        play.undo = undo;
        play.hints = self.hints.clone();
        play.asked = self.asked;
        play.commands = self.commands;
        play.reloads = self.reloads + 1;
        play.focus = self.focus;
        std::mem::swap(&mut play.console, &mut self.console);
        *self = play;
    }

    /// The player's files that differ from the level's own.
    pub fn edited_files(&self) -> Vec<(String, String)> {
        let start = &self.level().start;
        let differs = |file: &&OpenFile| {
            !file.locked
                && start
                    .get(&file.name)
                    .is_some_and(|bytes| bytes.as_slice() != file.text.as_bytes())
        };
        let changed = self.files.iter().filter(differs);
        changed.map(|file| (file.name.clone(), file.text.clone())).collect()
    }

    /// A file has a new text.
    pub(super) fn edit(&mut self, name: &str, text: &str) -> bool {
        let Some(at) = self.files.iter().position(|file| file.name == name && !file.locked) else {
            return false;
        };
        self.attempt.edit(name, text);
        let changed = self.applied.iter().all(|(file, applied)| file != name || applied != text);
        let marks = self.attempt.marks(name);
        let file = &mut self.files[at];
        file.text = text.to_owned();
        file.changed = changed;
        file.marks = marks;
        file.traffic_marks.clear();
        true
    }

    /// Reads the files of the working folder again: the shell may have written some.
    pub(super) fn reload_files(&mut self) {
        let open = self.file().map(|file| file.name.clone());
        let locked = &self.attempt.level().locked;
        let mut files = Vec::new();
        for (name, bytes) in self.attempt.files() {
            let Ok(text) = std::str::from_utf8(bytes) else { continue };
            if text.len() > LARGEST_FILE {
                continue;
            }
            let old = self.files.iter().find(|file| file.name == *name && file.text == text);
            let applied = self.applied.iter().find(|(file, _)| file == name);
            files.push(match old {
                Some(old) => OpenFile {
                    changed: applied.is_none_or(|(_, applied)| applied != text),
                    ..old.clone()
                },
                None => OpenFile {
                    name: name.clone(),
                    text: text.to_owned(),
                    locked: locked.contains(name),
                    changed: applied.is_none_or(|(_, applied)| applied != text),
                    marks: self.attempt.marks(name),
                    traffic_marks: Vec::new(),
                },
            });
        }
        if files != self.files {
            self.reloads += 1;
        }
        self.files = files;
        let kept = open.and_then(|open| self.files.iter().position(|file| file.name == open));
        self.open = kept.unwrap_or(0);
    }

    /// The files as they stand count as applied.
    pub(super) fn note_applied(&mut self) {
        self.applied =
            self.files.iter().map(|file| (file.name.clone(), file.text.clone())).collect();
        for file in &mut self.files {
            file.changed = false;
        }
    }

    /// Lets time pass in the cluster and reads what became of it. Says whether anything that can be
    /// seen has changed.
    pub(super) fn advance(&mut self, simulated: Duration) -> bool {
        let before = self.now();
        let until = before + simulated;
        let events = self.attempt.advance_to(until);
        for event in &events {
            self.console.note(event);
        }
        self.read_terminal()
            | self.read_scene()
            | self.keep_for_rewind()
            | !events.is_empty()
            | (before.as_millis() / 1_000 != self.now().as_millis() / 1_000)
    }

    /// Prints what the terminal's command wrote. Says whether it wrote anything.
    pub(super) fn read_terminal(&mut self) -> bool {
        let chunks = self.attempt.session_mut().take_output();
        for chunk in &chunks {
            self.console.print(chunk);
        }
        !chunks.is_empty()
    }

    /// Looks at the cluster again. Says whether anything has changed.
    pub(super) fn read_scene(&mut self) -> bool {
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

    /// Real time passes for what moves on the screen. Says whether anything has changed.
    pub(super) fn animate(&mut self, real: Duration, reduced: bool) -> bool {
        let mut moved = false;
        if self.is_fresh() {
            self.fresh_for += real;
            if self.fresh_for >= FRESH {
                self.fresh.clear();
                moved = true;
            }
        }
        if !self.is_walking() {
            return moved;
        }
        if reduced {
            self.walk = Walk { step: self.last_step(), under_way: WALK, playing: false };
            return true;
        }
        self.walk.under_way += real;
        if self.walk.under_way >= WALK {
            let last = self.last_step();
            if self.walk.playing && self.walk.step < last {
                self.walk.step += 1;
                self.walk.under_way = Duration::ZERO;
            } else {
                self.walk.playing = false;
                self.walk.under_way = WALK;
            }
        }
        true
    }

    /// How long nothing on the screen moves, if something does at all.
    pub(super) fn next_motion(&self, reduced: bool) -> Option<Duration> {
        if self.is_walking() && !reduced {
            return Some(Duration::from_millis(40));
        }
        if self.is_walking() {
            return Some(Duration::ZERO);
        }
        self.is_fresh().then(|| FRESH.saturating_sub(self.fresh_for))
    }

    /// Shows the way of some packets, from the beginning.
    pub(super) fn show_story(&mut self, story: Story) {
        const STORIES: usize = 40;
        if story.steps.is_empty() {
            return;
        }
        self.stories.push(story);
        if self.stories.len() > STORIES {
            self.stories.remove(0);
        }
        self.story = self.stories.len() - 1;
        self.replay();
    }

    /// Starts the packet's walk again.
    pub(super) fn replay(&mut self) {
        self.walk = Walk { step: 0, under_way: Duration::ZERO, playing: true };
    }

    /// To another step of the way.
    pub(super) fn hop(&mut self, by: i32) {
        let last = self.last_step();
        let step = self.walk.step.saturating_add_signed(by as isize).min(last);
        let under_way = if by == 1 && step != self.walk.step { Duration::ZERO } else { WALK };
        self.walk = Walk { step, under_way, playing: false };
    }

    /// To another request's way.
    pub(super) fn turn_story(&mut self, by: i32) {
        let last = self.stories.len().saturating_sub(1);
        self.story = self.story.saturating_add_signed(by as isize).min(last);
        self.walk = Walk { step: self.last_step(), under_way: WALK, playing: false };
    }

    /// The traces that are newer than those seen before, and from now on seen.
    pub(super) fn new_traces(&mut self) -> Vec<Trace> {
        let from = self.seen_trace;
        self.seen_trace = self.attempt.cluster().next_trace();
        self.attempt.cluster().traces().filter(|trace| trace.id >= from).cloned().collect()
    }

    /// Whether the goals' last requests came as the player predicted.
    pub fn prediction_verdict(&self) -> Option<String> {
        let Asked::Yes(prediction) = self.asked else { return None };
        let goal =
            self.goals().iter().find(|goal| !goal.passed).or_else(|| self.goals().first())?;
        let last = goal.traces.last().and_then(|id| self.attempt.cluster().trace(*id));
        let fate = Fate::of(goal, last);
        Some(predict::verdict(prediction, fate, Where::of(fate, last)))
    }

    /// Puts diagnoses on the lines that they point at.
    pub(super) fn mark_failures(&mut self) {
        let diagnoses: Vec<_> =
            self.goals().iter().filter_map(|goal| goal.diagnosis.clone()).collect();
        for file in &mut self.files {
            file.traffic_marks.clear();
        }
        for diagnosis in diagnoses {
            let Some(at) = diagnosis.at else { continue };
            let Some(file) = self.files.iter_mut().find(|file| *file.name == *at.file) else {
                continue;
            };
            let text = diagnosis.evidence.first().unwrap_or(&diagnosis.message).clone();
            let mark = Diagnostic {
                severity: Severity::Warning,
                message: text,
                file: Some(at.file),
                position: Some(at.position),
                help: diagnosis.nearest,
            };
            if !file.traffic_marks.contains(&mark) {
                file.traffic_marks.push(mark);
            }
        }
    }

    /// Opens a file and puts the cursor on a line (from 1).
    pub(super) fn go_to(&mut self, file: &str, line: u32) -> bool {
        let Some(at) = self.files.iter().position(|open| open.name == file) else { return false };
        self.open = at;
        self.focus = Panel::Editor;
        self.menu = false;
        self.jump = Jump { number: self.jump.number + 1, line };
        true
    }

    fn last_step(&self) -> usize {
        self.current_story().map_or(0, |story| story.steps.len().saturating_sub(1))
    }

    /// The first pod, since that is what levels are about.
    fn first_pick(&self) -> Spot {
        let spots = self.scene.spots(false);
        let pod = spots.iter().find(|spot| matches!(spot, Spot::Pod(..)));
        pod.or(spots.first()).cloned().unwrap_or(Spot::Laptop)
    }

    fn snapshot(&self, before: &str) -> Snapshot {
        Snapshot {
            before: before.to_owned(),
            attempt: self.attempt.clone(),
            applied: self.applied.clone(),
        }
    }

    /// What was typed in the editor stays: the editor has an undo of its own.
    fn keep_texts(&self, snapshot: &mut Snapshot) {
        for file in self.files.iter().filter(|file| !file.locked) {
            if snapshot.attempt.files().contains_key(&file.name) {
                snapshot.attempt.edit(&file.name, &file.text);
            }
        }
    }

    fn restore(&mut self, snapshot: Snapshot) {
        let now = snapshot.attempt.cluster().now();
        self.rewinds.retain(|(at, _)| *at < now);
        self.attempt = snapshot.attempt;
        self.applied = snapshot.applied;
        self.phase = self.attempt.phase();
        self.command = None;
        self.seen_trace = self.attempt.cluster().next_trace();
        self.scene_revision = u64::MAX;
        self.reload_files();
        self.read_scene();
        self.stories.clear();
        self.walk = Walk::default();
    }

    fn keep_for_rewind(&mut self) -> bool {
        let now = self.now();
        let due = self.rewinds.back().is_none_or(|(at, _)| now.since(*at) >= REWIND_EVERY);
        if due {
            let snapshot = self.snapshot("rewind");
            self.rewinds.push_back((now, snapshot));
            if self.rewinds.len() > REWINDS {
                self.rewinds.pop_front();
            }
        }
        false
    }
}

fn start_texts(attempt: &Attempt) -> Vec<(String, String)> {
    let texts = attempt.level().start.iter();
    texts.map(|(name, bytes)| (name.clone(), String::from_utf8_lossy(bytes).into_owned())).collect()
}
