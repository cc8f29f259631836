//! The game: everything a player can do, as values in and values out.
//!
//! A [`Game`] changes in one way only: [`update`] takes a [`Msg`] and says which [`Effect`]s the
//! outside has to carry out. `tui` turns keys into messages and draws; `app` passes time and keeps
//! what is to be saved. Nothing in here knows a screen, a clock or a disk, so that a whole game can
//! be played in a test.

mod apply;
mod command;
mod console;
mod debrief;
pub mod diff;
mod glossary;
mod hint;
mod ladder;
mod level;
mod line;
mod message;
pub mod narration;
mod play;
mod predict;
mod requests;
mod save;
pub mod scene;
mod setting;
mod skeleton;
pub mod story;
mod terminal;
mod timer;
mod trail;
mod update;

pub use command::{COMMANDS, CommandInfo, matching as matching_commands};
pub use console::{Console, Origin, Printed, Recall};
pub use debrief::{Answered, Debrief, Tried};
pub use glossary::{Term, find as find_term, first_in as first_term_in, glossary};
pub use hint::{Hints, PAUSE as HINT_PAUSE, Situation, no_hint};
pub use ladder::{Fault, Help, Ladder, Next, rung_name};
pub use level::{RESET_CHOICES, UNAPPLIED_CHOICES};
pub use line::{Line, LineEdit};
pub use message::{Effect, FieldMsg, LevelMsg, Msg, TerminalMsg};
pub use play::{Asked, Jump, LARGEST_FILE, Notice, OpenFile, Panel, Play, Tone, WALK, Walk};
pub use predict::{Choice, Guess, Prediction, Question, symptom};
pub use requests::headline;
pub use save::{
    Contrast, Edits, Found, Guesses, Motion, Progress, Record, Save, Settings, Solved, ThemeChoice,
    Unreadable, VERSION,
};
pub use setting::set_field;
pub use timer::{SPEEDS, Timer};
pub use trail::Search;
pub use update::{SETTINGS, update};

use std::sync::Arc;
use std::time::Duration;

use crate::clock::SimTime;
use crate::level::{Journal, Level, Pack};

/// The screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// The chapters and levels.
    #[default]
    Trail,
    /// What is broken.
    Briefing,
    /// The level itself.
    Level,
    /// What to keep, after a win.
    Debrief,
    /// Keys.
    Help,
    /// What each diagnosis means.
    Glossary,
    /// Motion, colours, contrast, key hints.
    Settings,
    /// What words mean.
    Terms,
    /// What was solved and guessed so far.
    Statistics,
}

/// What lies on top of the level screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Popup {
    /// What will happen? The selected choice, if one is.
    Predict(Option<usize>),
    /// The hints that were read, and when the next may come.
    Hints,
    /// Why goals fail.
    Why,
    /// The selected thing in full: title and lines, scrolled by some.
    Describe { title: String, lines: Vec<String>, scroll: usize },
    /// Begin again? The selected choice.
    Reset(usize),
    /// Files were edited and not applied: apply them before sending? The selected choice.
    Unapplied(usize),
    /// `:` and the command.
    Palette(Line),
    /// `/` and the text.
    Find(Line),
    /// Leave podhop? Everything is saved.
    Leave,
    /// The level is won.
    Won,
    /// A question before the debrief is read: the selected choice, if one is.
    Question(Option<usize>),
}

/// A session in a level, to be done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deeds {
    /// The level's name.
    pub level: String,
    /// The seed.
    pub seed: u64,
    /// What was done.
    pub journal: Journal,
    /// The cluster's time at the end.
    pub until: SimTime,
}

/// A game.
#[derive(Clone)]
pub struct Game {
    pack: Arc<Pack>,
    save: Arc<Save>,
    screen: Screen,
    /// Where `Back` leads from help, glossary and settings.
    came_from: Screen,
    /// What is selected on a screen that is a list, or how far it is scrolled.
    selected: usize,
    play: Option<Play>,
    debrief: Option<Debrief>,
    popup: Option<Popup>,
    /// How far the popup is scrolled, if it was.
    scroll: Option<usize>,
    /// The selected command of the palette.
    command: usize,
    /// The seed that was asked for on the command line.
    seed: Option<u64>,
    /// The day, counted from 1970, if whoever plays it has said.
    today: Option<u32>,
    /// What is looked for on the trail.
    search: Search,
    /// What the player has to know about the game itself.
    warnings: Vec<String>,
    dirty: bool,
}

impl Game {
    /// A game of a pack, with what was kept of the last one.
    pub fn new(pack: Arc<Pack>, save: Save) -> Game {
        let last = save.packs.get(&pack.id).and_then(|progress| progress.last.as_deref());
        let selected =
            pack.levels.iter().position(|level| Some(&*level.name) == last).or_else(|| {
                let open = |level: &Arc<Level>| save.record(&pack.id, &level.name).solved.is_none();
                pack.levels.iter().position(open)
            });
        Game {
            selected: selected.unwrap_or(0),
            pack,
            save: Arc::new(save),
            screen: Screen::Trail,
            came_from: Screen::Trail,
            play: None,
            debrief: None,
            popup: None,
            scroll: None,
            command: 0,
            seed: None,
            today: None,
            search: Search::default(),
            warnings: Vec::new(),
            dirty: true,
        }
    }

    /// The same, with levels opened on this seed.
    pub fn on_seed(mut self, seed: Option<u64>) -> Game {
        self.seed = seed;
        self
    }

    /// The same, on this day, counted from 1970: levels that were solved come back after some days.
    pub fn on_day(mut self, today: u32) -> Game {
        self.today = Some(today);
        self
    }

    /// How many days ago a level was solved, if it comes back today.
    pub fn comes_back(&self, level: &Level) -> Option<u32> {
        let record = self.record(&level.name);
        // An incident is proved on its own seed alone.
        record.comes_back(self.today?).filter(|_| level.incident.is_none())
    }

    /// What was done in the level on the table, and where: enough to do it again.
    pub fn deeds(&self) -> Option<Deeds> {
        let attempt = self.play.as_ref()?.attempt();
        Some(Deeds {
            level: attempt.level().name.clone(),
            seed: attempt.seed(),
            journal: attempt.journal().clone(),
            until: attempt.cluster().now(),
        })
    }

    /// The campaign.
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// What has to be kept.
    pub fn save(&self) -> &Save {
        &self.save
    }

    /// What is kept of one of the campaign's levels.
    pub fn record(&self, level: &str) -> Record {
        self.save.record(&self.pack.id, level)
    }

    /// The same, to change.
    fn record_mut(&mut self, level: &str) -> &mut Record {
        Arc::make_mut(&mut self.save).record_mut(&self.pack.id, level)
    }

    /// The player is at this level now: the next session goes on here.
    fn remember_last(&mut self, level: &str) {
        let save = Arc::make_mut(&mut self.save);
        let progress = save.packs.entry(self.pack.id.clone()).or_default();
        progress.last = Some(level.to_owned());
    }

    /// The screen that is shown.
    pub fn screen(&self) -> Screen {
        self.screen
    }

    /// What lies on top of it.
    pub fn popup(&self) -> Option<&Popup> {
        self.popup.as_ref()
    }

    /// How far the popup is scrolled, if it was.
    pub fn scroll(&self) -> Option<usize> {
        self.scroll
    }

    /// The selected command of the palette, of those that match.
    pub fn palette_row(&self) -> usize {
        self.command
    }

    /// What is selected in a list, or how far a text is scrolled.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// What is looked for on the trail.
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// The level on the table.
    pub fn play(&self) -> Option<&Play> {
        self.play.as_ref()
    }

    /// What the won level left.
    pub fn debrief(&self) -> Option<&Debrief> {
        self.debrief.as_ref()
    }

    /// What the player has to know about the game itself: saves that failed, for example.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.save.settings
    }

    /// The level that is selected on the trail.
    pub fn selected_level(&self) -> Option<&Arc<Level>> {
        self.pack.levels.get(self.selected)
    }

    /// Whether anything that can be seen has changed since the last call.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// Fits what is done in a tick to how long the last one took: less after a slow one, and more
    /// again after quick ones.
    pub fn keep_pace(&mut self, slow: bool, quick: bool) {
        if let Some(play) = &mut self.play {
            play.keep_pace(slow, quick);
        }
    }

    /// How long nothing will change by itself, if anything ever will: when the next
    /// [`Msg::Tick`] is worth sending.
    pub fn next_tick(&self) -> Option<Duration> {
        update::next_tick(self)
    }
}
