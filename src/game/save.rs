//! What outlives a session: progress, edits and settings, as data for a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The format's version. A file of a newer version is not touched.
pub const VERSION: u32 = 1;

/// Everything that is kept between two sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Save {
    /// The format's version.
    pub version: u32,
    /// The player's settings.
    #[serde(default)]
    pub settings: Settings,
    /// Level by level.
    #[serde(default)]
    pub levels: BTreeMap<String, Record>,
    /// The level that was played last.
    #[serde(default)]
    pub last: Option<String>,
}

/// What is kept of a level.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The seed it is played on.
    #[serde(default)]
    pub seed: Option<u64>,
    /// The player's files where they differ from the level's own.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// The best way it was solved.
    #[serde(default)]
    pub solved: Option<Solved>,
    /// Whether the briefing was read.
    #[serde(default)]
    pub briefed: bool,
    /// How often the goals' requests were sent.
    #[serde(default)]
    pub tries: u32,
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
        }
    }
}

impl Default for Save {
    fn default() -> Save {
        Save {
            version: VERSION,
            settings: Settings::default(),
            levels: BTreeMap::new(),
            last: None,
        }
    }
}

impl Save {
    /// Reads a save.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(bytes: &[u8]) -> Result<Save, String> {
        let save: Save = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if save.version > VERSION {
            return Err(format!("it was written by a newer podhop (format {})", save.version));
        }
        Ok(save)
    }

    /// The bytes to write.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// A level's record; an empty one if there is none yet.
    pub fn record(&self, level: &str) -> Record {
        self.levels.get(level).cloned().unwrap_or_default()
    }

    /// Takes over from `other`, another instance's newer file, the levels that were not `touched`
    /// here, and never loses that a level was solved.
    pub fn merge(&mut self, other: Save, touched: impl Fn(&str) -> bool) {
        for (name, theirs) in other.levels {
            if !touched(&name) {
                self.levels.insert(name, theirs);
            } else {
                let ours = self.levels.entry(name).or_default();
                ours.solved = Solved::better(ours.solved.take(), theirs.solved);
            }
        }
    }
}

impl Solved {
    /// The one of two with fewer edits, then fewer hints.
    pub fn better(a: Option<Solved>, b: Option<Solved>) -> Option<Solved> {
        match (a, b) {
            (Some(a), Some(b)) => Some(if (b.edits, b.hints) < (a.edits, a.hints) { b } else { a }),
            (a, b) => a.or(b),
        }
    }

    /// In words: `2 lines changed, no hints`.
    pub fn sentence(&self) -> String {
        let lines = match self.edits {
            0 => "in the terminal".to_owned(),
            1 => "1 line changed".to_owned(),
            many => format!("{many} lines changed"),
        };
        let hints = match self.hints {
            0 => "no hints".to_owned(),
            1 => "1 hint".to_owned(),
            many => format!("{many} hints"),
        };
        format!("{lines}, {hints}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solved(edits: u32, hints: u32) -> Solved {
        Solved { seed: 1, edits, commands: 0, hints, seconds: 9 }
    }

    #[test]
    fn a_save_survives_the_round_trip() {
        let mut save = Save::default();
        save.levels.insert("clusterip".into(), Record { tries: 3, ..Record::default() });
        assert_eq!(Save::parse(&save.to_bytes()), Ok(save));
    }

    #[test]
    fn missing_fields_are_filled_in() {
        assert_eq!(Save::parse(b"{\"version\":1}"), Ok(Save::default()));
    }

    #[test]
    fn a_newer_format_is_refused() {
        assert!(Save::parse(b"{\"version\":2}").unwrap_err().contains("newer"));
    }

    #[test]
    fn another_instance_s_levels_are_kept() {
        let mut ours = Save::default();
        ours.levels.insert("a".into(), Record { solved: Some(solved(3, 0)), ..Record::default() });
        let mut theirs = Save::default();
        theirs
            .levels
            .insert("a".into(), Record { solved: Some(solved(2, 0)), ..Record::default() });
        theirs.levels.insert("b".into(), Record { tries: 7, ..Record::default() });
        ours.merge(theirs, |name| name == "a");
        assert_eq!(ours.record("b").tries, 7);
        assert_eq!(ours.record("a").solved.map(|solved| solved.edits), Some(2));
    }
}
