//! What of the old file a copy keeps: `-p`, `--preserve`, `--no-preserve`.

use crate::shell::commands::options::{Options, matched};

/// What a copy keeps of the old file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) mode: bool,
    pub(super) owner: bool,
    pub(super) moment: bool,
    /// `--no-preserve=mode`: a new file has the mode that any new file has.
    pub(super) usual_mode: bool,
}

impl Kept {
    pub(super) const ALL: Kept = Kept { mode: true, owner: true, moment: true, usual_mode: false };

    /// As `-p`, `-a`, `--preserve` and `--no-preserve` say, the later ones after the earlier.
    ///
    /// # Errors
    /// A word that is nothing of a file.
    pub(super) fn told(tool: &str, options: &Options) -> Result<Kept, String> {
        const WORDS: &[(&[&str], char)] = &[
            (&["mode"], 'm'),
            (&["timestamps"], 't'),
            (&["ownership"], 'o'),
            (&["links"], 'l'),
            (&["context"], 'c'),
            (&["xattr"], 'x'),
            (&["all"], 'a'),
        ];
        if tool == "mv" {
            return Ok(Kept::ALL);
        }
        let mut kept = Kept::default();
        for (letter, value) in options.in_order() {
            let (on, name) = match letter {
                'p' | 'a' => {
                    kept = Kept::ALL;
                    continue;
                }
                'Ç' if value.is_empty() => {
                    kept = Kept::ALL;
                    continue;
                }
                'Ç' => (true, "--preserve"),
                'È' => (false, "--no-preserve"),
                _ => continue,
            };
            for word in value.split(',') {
                let what = matched(tool, name, word, WORDS)?;
                kept.mode = if matches!(what, 'm' | 'a') { on } else { kept.mode };
                kept.usual_mode = if matches!(what, 'm' | 'a') { !on } else { kept.usual_mode };
                kept.moment = if matches!(what, 't' | 'a') { on } else { kept.moment };
                kept.owner = if matches!(what, 'o' | 'a') { on } else { kept.owner };
            }
        }
        Ok(kept)
    }
}
