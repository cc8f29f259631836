//! What becomes of a file that is written over.

use crate::shell::Io;
use crate::shell::commands::options::matched;

/// What becomes of a file that is written over (`--backup`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Backup {
    /// It is gone.
    None,
    /// It gets the suffix.
    Simple,
    /// It gets a number where one has a number by now, else the suffix.
    Existing,
    /// It gets the next number.
    Numbered,
}

impl Backup {
    /// What the options say: `--backup=HOW`, `-b`, `-S`.
    ///
    /// # Errors
    /// A word that is no way to keep it.
    pub(in super::super) fn of(
        tool: &str,
        how: Option<&str>,
        asked: bool,
    ) -> Result<Backup, String> {
        const WORDS: &[(&[&str], Backup)] = &[
            (&["none", "off"], Backup::None),
            (&["simple", "never"], Backup::Simple),
            (&["existing", "nil"], Backup::Existing),
            (&["numbered", "t"], Backup::Numbered),
        ];
        match how {
            Some(word) if !word.is_empty() => matched(tool, "backup type", word, WORDS),
            _ if asked || how.is_some() => Ok(Backup::Existing),
            _ => Ok(Backup::None),
        }
    }

    /// The other name of a file; `None` where none is kept.
    pub(in super::super) fn name(self, io: &Io<'_>, path: &str, suffix: &str) -> Option<String> {
        let numbered = |number: usize| format!("{path}.~{number}~");
        let next = (1..).find(|number| io.facts(&numbered(*number), false).is_err()).unwrap_or(1);
        match self {
            Backup::None => None,
            Backup::Existing if next == 1 => Some(format!("{path}{suffix}")),
            Backup::Simple => Some(format!("{path}{suffix}")),
            Backup::Existing | Backup::Numbered => Some(numbered(next)),
        }
    }
}
