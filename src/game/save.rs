//! What outlives a session: progress, edits and settings, as data for a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ladder::rung_name;
use crate::diagnostic::counted;
use crate::level::CAMPAIGN;

/// The format's version. A file of a newer version is not touched.
pub const VERSION: u32 = 2;

/// Where the edits of another podhop are set aside that edited the same file.
const ELSEWHERE: &str = "another podhop";

/// The texts of edited files, by name.
pub type Edits = BTreeMap<String, String>;

/// Everything that is kept between two sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Save {
    /// The format's version.
    pub version: u32,
    /// The player's settings.
    #[serde(default)]
    pub settings: Settings,
    /// Pack by pack, by [`Pack::id`](crate::level::Pack::id): levels of the same name in two packs
    /// are two levels.
    #[serde(default)]
    pub packs: BTreeMap<String, Progress>,
}

/// What is kept of a pack of levels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Level by level.
    #[serde(default)]
    pub levels: BTreeMap<String, Record>,
    /// The level that was played last.
    #[serde(default)]
    pub last: Option<String>,
    /// How predictions came out, by what it came to: `refused`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub guesses: BTreeMap<String, Guesses>,
}

/// How predictions came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guesses {
    /// How many were made.
    pub made: u32,
    /// How many of them were right.
    pub right: u32,
}

/// What is kept of a level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The seed it is played on.
    #[serde(default)]
    pub seed: Option<u64>,
    /// The player's files where they differ from the level's own.
    #[serde(default)]
    pub files: Edits,
    /// Which starting files the player edited: [`Level::fingerprint`](crate::level::Level::fingerprint).
    #[serde(default)]
    pub start: Option<String>,
    /// Edits that are not on the table: of starting files that the level's author has changed since,
    /// by their fingerprint, or of another podhop that ran at the same time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set_aside: BTreeMap<String, Edits>,
    /// The best way it was solved.
    #[serde(default)]
    pub solved: Option<Solved>,
    /// Whether the briefing was read.
    #[serde(default)]
    pub briefed: bool,
    /// How often the goals' requests were sent.
    #[serde(default)]
    pub tries: u32,
    /// The highest rung of the ladder that was reached, from 0.
    #[serde(default)]
    pub rung: u8,
    /// The day, counted from 1970, on which it was solved when it was to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<u32>,
    /// How often it was solved again, days later.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub returns: u8,
    /// The [`day`](Record::day) since which it came back and was begun again: once for each return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<u32>,
}

fn is_zero(count: &u8) -> bool {
    *count == 0
}

/// After so many days a level that was solved comes back: the more often it was solved again, the
/// later. Practice that is spread over days is kept longest (Cepeda et al. 2006,
/// doi 10.1037/0033-2909.132.3.354).
const GAPS: [u32; 4] = [2, 7, 21, 60];

/// Where the edits of a level go that comes back.
const SOLVED: &str = "solved before";

/// How well an incident's causes were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// How many were named before it was mended.
    pub named: u32,
    /// How many there were.
    pub of: u32,
    /// How many answers named none.
    pub wrong: u32,
}

/// How a level was solved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solved {
    /// On which seed.
    pub seed: u64,
    /// How many lines were edited.
    pub edits: u32,
    /// How many commands were typed.
    pub commands: u32,
    /// How many hints were read.
    pub hints: u32,
    /// Simulated seconds it took.
    pub seconds: u64,
    /// The highest rung of the ladder that was reached, from 0.
    #[serde(default)]
    pub rung: u8,
    /// How often the goals' requests were sent.
    #[serde(default)]
    pub sends: u32,
    /// How well the causes were found, where it was an incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
}

/// The player's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Whether packets walk or jump.
    pub motion: Motion,
    /// The colours.
    pub theme: ThemeChoice,
    /// Whether faint text is drawn as strong as the rest.
    pub contrast: Contrast,
    /// Whether the bottom line shows keys.
    pub key_hints: bool,
    /// Whether to ask for a prediction before the first request of a level.
    pub predict: bool,
    /// Whether a failure is explained at once, instead of rung by rung.
    pub explain_at_once: bool,
}

/// How much moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Motion {
    #[default]
    Full,
    Reduced,
}

/// Which colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// What the terminal can show: `NO_COLOR` and the number of colours are honoured.
    #[default]
    Auto,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// The terminal's own 16 colours.
    Sixteen,
    /// None at all.
    Plain,
}

/// How strong faint text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contrast {
    #[default]
    Normal,
    High,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            motion: Motion::Full,
            theme: ThemeChoice::Auto,
            contrast: Contrast::Normal,
            key_hints: true,
            predict: true,
            explain_at_once: false,
        }
    }
}

impl Default for Save {
    fn default() -> Save {
        Save { version: VERSION, settings: Settings::default(), packs: BTreeMap::new() }
    }
}

/// Why a file is no save of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A newer podhop wrote it, in this format. It is left alone.
    Newer(u32),
    /// It is damaged: what is wrong with it, in one line.
    Damaged(String),
}

/// What every format has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Format 1, which knew one pack.
#[derive(Deserialize)]
struct First {
    #[serde(default)]
    settings: Settings,
    #[serde(default)]
    levels: BTreeMap<String, Record>,
    #[serde(default)]
    last: Option<String>,
}

impl Save {
    /// Reads a save. The version is looked at before anything else, since a newer format may have
    /// another shape.
    ///
    /// # Errors
    /// Why it can't be read.
    pub fn parse(bytes: &[u8]) -> Result<Save, Unreadable> {
        let damaged = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
        let Versioned { version } = serde_json::from_slice(bytes).map_err(damaged)?;
        match version {
            VERSION => serde_json::from_slice(bytes).map_err(damaged),
            0 | 1 => {
                let First { settings, levels, last } =
                    serde_json::from_slice(bytes).map_err(damaged)?;
                let progress = Progress { levels, last, ..Progress::default() };
                let campaign = (CAMPAIGN.to_owned(), progress);
                Ok(Save { settings, packs: BTreeMap::from([campaign]), ..Save::default() })
            }
            newer => Err(Unreadable::Newer(newer)),
        }
    }

    /// The bytes to write.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// A level's record; an empty one if there is none yet.
    pub fn record(&self, pack: &str, level: &str) -> Record {
        let progress = self.packs.get(pack);
        progress.and_then(|progress| progress.levels.get(level)).cloned().unwrap_or_default()
    }

    /// A level's record, to change.
    pub fn record_mut(&mut self, pack: &str, level: &str) -> &mut Record {
        let levels = &mut self.packs.entry(pack.to_owned()).or_default().levels;
        levels.entry(level.to_owned()).or_default()
    }

    /// Leaves the longest edited file out, so that the rest can be kept. Returns its name, or
    /// nothing when no edits are left.
    pub fn drop_longest_edit(&mut self) -> Option<String> {
        let records = self.packs.values_mut().flat_map(|progress| progress.levels.values_mut());
        let edits = records.flat_map(|record| {
            let aside = record.set_aside.values_mut();
            std::iter::once(&mut record.files).chain(aside)
        });
        let longest = |edits: &&mut Edits| edits.values().map(String::len).max();
        let edits = edits.max_by_key(longest)?;
        let name = edits.iter().max_by_key(|(_, text)| text.len()).map(|(name, _)| name.clone())?;
        edits.remove(&name);
        Some(name)
    }

    /// What the disk has to hold, when this session's save changed from `before` to `self` while
    /// another podhop changed the disk from `known` to `disk`. Whoever changed something wins; where
    /// both edited one file, theirs is set aside, and a victory is never lost.
    pub fn merged(&self, before: &Save, known: &Save, disk: &Save) -> Save {
        let mut merged = disk.clone();
        if self.settings != before.settings {
            merged.settings = self.settings;
        }
        for (id, ours) in &self.packs {
            let none = Progress::default();
            let old = before.packs.get(id).unwrap_or(&none);
            let theirs = merged.packs.entry(id.clone()).or_default();
            if ours.last != old.last {
                theirs.last = ours.last.clone();
            }
            for (fate, made) in &ours.guesses {
                let before = old.guesses.get(fate).copied().unwrap_or_default();
                let theirs = theirs.guesses.entry(fate.clone()).or_default();
                theirs.made += made.made.saturating_sub(before.made);
                theirs.right += made.right.saturating_sub(before.right);
            }
            for (name, record) in &ours.levels {
                let before = old.levels.get(name).cloned().unwrap_or_default();
                let known = known.record(id, name);
                theirs.levels.entry(name.clone()).or_default().take_over(record, &before, &known);
            }
        }
        merged
    }
}

impl Record {
    /// Takes over into a record of the disk what this session changed since `before`; `known` is
    /// what the disk held then.
    fn take_over(&mut self, ours: &Record, before: &Record, known: &Record) {
        let changed = |files: &Edits, before: &Edits| -> Vec<String> {
            let names = files.keys().chain(before.keys());
            names.filter(|name| files.get(*name) != before.get(*name)).cloned().collect()
        };
        let mut contested = Edits::new();
        for name in changed(&ours.files, &before.files) {
            let theirs = self.files.get(&name).cloned();
            let mine = ours.files.get(&name);
            if theirs.as_ref() != known.files.get(&name) && theirs.as_ref() != mine {
                contested.extend(theirs.map(|text| (name.clone(), text)));
            }
            match mine {
                Some(text) => self.files.insert(name, text.clone()),
                None => self.files.remove(&name),
            };
        }
        if !contested.is_empty() {
            self.set_aside.insert(ELSEWHERE.to_owned(), contested);
        }
        if ours.seed != before.seed {
            self.seed = ours.seed;
        }
        if ours.start != before.start {
            self.start = ours.start.clone();
        }
        for (start, edits) in &ours.set_aside {
            if before.set_aside.get(start) != Some(edits) {
                self.set_aside.insert(start.clone(), edits.clone());
            }
        }
        self.solved = Solved::better(self.solved.take(), ours.solved.clone());
        self.briefed |= ours.briefed;
        self.tries += ours.tries.saturating_sub(before.tries);
        self.rung = self.rung.max(ours.rung);
        if ours.begun != before.begun {
            self.begun = ours.begun;
        }
        if (ours.day, ours.returns) != (before.day, before.returns) {
            self.day = self.day.max(ours.day);
            self.returns = self.returns.max(ours.returns);
        }
    }

    /// How many days ago it was solved, if it comes back on this day.
    pub fn comes_back(&self, today: u32) -> Option<u32> {
        self.solved.as_ref()?;
        let days = today.checked_sub(self.day?)?;
        let gap = GAPS[usize::from(self.returns).min(GAPS.len() - 1)];
        (days >= gap).then_some(days)
    }

    /// It comes back: the level's own files, on another seed. What solved it is set aside. Where it was
    /// begun again already, and left, it goes on as it was left.
    pub(super) fn begin_again(&mut self) {
        if self.day.is_some() && self.begun == self.day {
            return;
        }
        self.begun = self.day;
        let seed = self.seed.or(self.solved.as_ref().map(|solved| solved.seed)).unwrap_or(0);
        self.seed = Some(seed.wrapping_add(1));
        let edits = std::mem::take(&mut self.files);
        if !edits.is_empty() {
            self.set_aside.insert(SOLVED.to_owned(), edits);
        }
        self.briefed = false;
    }

    /// It was solved today. Who was shown the line, or the way out, meets it again as soon as before.
    pub(super) fn remember(&mut self, solved: &Solved, today: Option<u32>) {
        let Some(today) = today else { return };
        let returns = self.comes_back(today).is_some();
        if self.day.is_none() || returns {
            self.day = Some(today);
        }
        if returns && solved.rung < 3 {
            self.returns = self.returns.saturating_add(1);
        }
    }

    /// Puts the edits on the table that were made of these starting files. Says whether edits of
    /// other starting files had to be set aside: the level's author has changed them.
    pub fn turn_to(&mut self, start: &str) -> bool {
        let before = self.start.replace(start.to_owned());
        let Some(before) = before.filter(|before| before != start) else { return false };
        let edits = std::mem::take(&mut self.files);
        self.files = self.set_aside.remove(start).unwrap_or_default();
        let any = !edits.is_empty();
        if any {
            self.set_aside.insert(before, edits);
        }
        any
    }
}

impl Solved {
    /// The one of two with less help, then with fewer edits.
    pub fn better(a: Option<Solved>, b: Option<Solved>) -> Option<Solved> {
        let order = |solved: &Solved| (solved.rung, solved.hints, solved.edits);
        match (a, b) {
            (Some(a), Some(b)) => Some(if order(&b) < order(&a) { b } else { a }),
            (a, b) => a.or(b),
        }
    }

    /// A star for each rung of the ladder that was not needed, of four.
    pub fn stars(&self) -> u8 {
        super::ladder::TOP.saturating_sub(self.rung)
    }

    /// How well the causes were found, in words: `1 of 2 causes named, 3 wrong answers`.
    pub fn causes(&self) -> Option<String> {
        let Found { named, of, wrong } = self.found?;
        let noun = if of == 1 { "cause" } else { "causes" };
        let wrong = match wrong {
            0 => String::new(),
            1 => ", 1 wrong answer".to_owned(),
            many => format!(", {many} wrong answers"),
        };
        Some(format!("{named} of {of} {noun} named{wrong}"))
    }

    /// How much was changed, in words: `2 lines changed`.
    pub fn edits_made(&self) -> String {
        match self.edits {
            0 => "in the terminal".to_owned(),
            many => format!("{} changed", counted(many as usize, "line")),
        }
    }

    /// In words: `2 lines changed, help as far as the facts`.
    pub fn sentence(&self) -> String {
        self.edits_made() + &self.help_taken()
    }

    /// The help that was read, as the end of such a sentence: `, help as far as the facts`.
    pub fn help_taken(&self) -> String {
        let hints = match self.hints {
            0 => String::new(),
            1 => ", 1 hint".to_owned(),
            many => format!(", {many} hints"),
        };
        let help = match (self.rung, self.hints) {
            (0, 0) => ", no help".to_owned(),
            (0, _) => String::new(),
            (rung, _) => format!(", help as far as {}", rung_name(rung)),
        };
        help + &hints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solved(edits: u32, hints: u32) -> Solved {
        Solved { seed: 1, edits, commands: 0, hints, seconds: 9, rung: 0, sends: 1, found: None }
    }

    #[test]
    fn a_save_survives_the_round_trip() {
        let mut save = Save::default();
        save.record_mut("shop", "clusterip").tries = 3;
        assert_eq!(Save::parse(&save.to_bytes()), Ok(save));
    }

    #[test]
    fn what_was_solved_comes_back_later_each_time_and_sooner_after_much_help() {
        let mut record = Record { solved: Some(solved(1, 0)), ..Record::default() };
        record.remember(&solved(1, 0), Some(100));
        assert_eq!((record.comes_back(101), record.comes_back(102)), (None, Some(2)));
        record.remember(&solved(1, 0), Some(101));
        assert_eq!(record.comes_back(102), Some(2), "solving it at once again changes nothing");
        record.remember(&solved(1, 0), Some(102));
        assert_eq!((record.comes_back(108), record.comes_back(109)), (None, Some(7)));
        record.remember(&Solved { rung: 4, ..solved(1, 0) }, Some(109));
        assert_eq!(record.comes_back(116), Some(7), "who was shown the way out is not further");
    }

    #[test]
    fn what_comes_back_begins_with_the_level_s_own_files_on_another_seed() {
        let mut record =
            Record { seed: Some(7), briefed: true, day: Some(100), ..Record::default() };
        record.files.insert("web.yaml".into(), "mine".into());
        record.begin_again();
        assert_eq!((record.seed, record.files.is_empty(), record.briefed), (Some(8), true, false));
        assert_eq!(record.set_aside[SOLVED]["web.yaml"], "mine");
    }

    #[test]
    fn what_comes_back_and_was_left_half_way_goes_on_where_it_was_left() {
        let mut record = Record { seed: Some(7), day: Some(100), ..Record::default() };
        record.begin_again();
        record.files.insert("web.yaml".into(), "half of it".into());
        record.begin_again();
        assert_eq!((record.seed, &*record.files["web.yaml"]), (Some(8), "half of it"));
        assert!(record.set_aside.is_empty());
        record.solved = Some(solved(8, 0));
        record.remember(&solved(8, 0), Some(102));
        record.begin_again();
        assert_eq!((record.seed, record.files.is_empty()), (Some(9), true), "the next return");
    }

    #[test]
    fn missing_fields_are_filled_in() {
        assert_eq!(Save::parse(b"{\"version\":2}"), Ok(Save::default()));
    }

    #[test]
    fn a_newer_format_is_known_by_its_version_whatever_its_shape() {
        let newer = Save::parse(b"{\"version\":3,\"packs\":[1],\"settings\":\"none\"}");
        assert_eq!(newer, Err(Unreadable::Newer(3)));
    }

    #[test]
    fn the_first_format_s_levels_are_the_campaign_s() {
        let save = Save::parse(b"{\"version\":1,\"levels\":{\"headless\":{\"tries\":2}}}");
        assert_eq!(save.map(|save| save.record(CAMPAIGN, "headless").tries), Ok(2));
    }

    #[test]
    fn edits_come_back_with_the_starting_files_that_they_were_made_of() {
        let mut record = Record::default();
        assert!(!record.turn_to("one"));
        record.files.insert("web.yaml".into(), "mine".into());
        assert!(record.turn_to("two"));
        assert!(record.files.is_empty());
        assert!(!record.turn_to("one"));
        assert_eq!(record.files["web.yaml"], "mine");
    }

    #[test]
    fn what_only_the_other_instance_changed_is_kept() {
        let start = Save::default();
        let mut ours = start.clone();
        ours.record_mut("p", "a").briefed = true;
        let mut theirs = start.clone();
        theirs.record_mut("p", "a").files.insert("web.yaml".into(), "theirs".into());
        theirs.record_mut("p", "b").tries = 7;
        let merged = ours.merged(&start, &start, &theirs);
        assert_eq!(merged.record("p", "b").tries, 7);
        assert_eq!(merged.record("p", "a").files["web.yaml"], "theirs");
        assert!(merged.record("p", "a").briefed);
    }

    #[test]
    fn where_both_edited_a_file_neither_text_is_lost() {
        let start = Save::default();
        let edited = |text: &str| {
            let mut save = start.clone();
            save.record_mut("p", "a").files.insert("web.yaml".into(), text.into());
            save
        };
        let merged = edited("ours").merged(&start, &start, &edited("theirs")).record("p", "a");
        assert_eq!(merged.files["web.yaml"], "ours");
        assert_eq!(merged.set_aside[ELSEWHERE]["web.yaml"], "theirs");
    }

    #[test]
    fn the_better_victory_of_two_instances_stays() {
        let start = Save::default();
        let with = |edits: u32| {
            let mut save = start.clone();
            save.record_mut("p", "a").solved = Some(solved(edits, 0));
            save
        };
        let merged = with(3).merged(&start, &start, &with(2)).record("p", "a");
        assert_eq!(merged.solved.map(|solved| solved.edits), Some(2));
    }

    #[test]
    fn the_longest_edit_is_the_first_to_be_left_out() {
        let mut save = Save::default();
        save.record_mut("p", "a").files.insert("short".into(), "1".into());
        save.record_mut("p", "b").files.insert("long".into(), "12345".into());
        assert_eq!(save.drop_longest_edit().as_deref(), Some("long"));
        assert_eq!(save.drop_longest_edit().as_deref(), Some("short"));
        assert_eq!(save.drop_longest_edit(), None);
    }
}
