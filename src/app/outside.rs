//! What the game leaves to others: the player's own editor, and a file that tells of a bug.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::headless::write_new;
use super::transcript;
use crate::game::Game;

/// Opens a text in `$VISUAL` or `$EDITOR`, and returns what it was saved as.
///
/// # Errors
/// Why that was not possible, in one sentence.
pub fn edit(file: &str, text: &str) -> Result<String, String> {
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|editor| !editor.trim().is_empty())
        .ok_or("Neither VISUAL nor EDITOR names an editor.")?;
    // New, and nobody else's to read or to prepare.
    let folder = tempfile::Builder::new().prefix("podhop-").tempdir();
    let folder = folder.map_err(|error| format!("There is no folder for the editor: {error}."))?;
    let path = folder.path().join(Path::new(file).file_name().unwrap_or_default());
    let fails = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::write(&path, text).map_err(fails)?;
    run(&editor, &path)?;
    fs::read_to_string(&path).map_err(fails)
}

/// Writes what was done in the level on the table into a new file of the working folder; which, in a
/// sentence.
pub fn write_transcript(game: &Game) -> String {
    let Some(deeds) = game.deeds() else { return "Nothing was done yet.".to_owned() };
    let text = transcript::text(&deeds);
    for number in 1..1_000 {
        let name = match number {
            1 => "podhop-bug.jsonl".to_owned(),
            number => format!("podhop-bug-{number}.jsonl"),
        };
        match write_new(Path::new(&name), &text) {
            Ok(()) => {
                return format!("Written: {name}. podhop shell --json < {name} does it again.");
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return format!("{name} can't be written: {error}."),
        }
    }
    "There are too many podhop-bug files in this folder already.".to_owned()
}

/// Runs an editor that may have arguments of its own (`code --wait`).
fn run(editor: &str, path: &Path) -> Result<(), String> {
    let status = if cfg!(windows) {
        let mut words = editor.split_whitespace();
        let program = words.next().unwrap_or(editor);
        Command::new(program).args(words).arg(path).status()
    } else {
        Command::new("sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(path).status()
    };
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("“{editor}” failed; nothing was changed.")),
        Err(error) => Err(format!("“{editor}” can't be started: {error}.")),
    }
}
