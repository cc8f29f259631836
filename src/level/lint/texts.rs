//! A level's texts: complete, short, and without a word too many.

use crate::diagnostic::{Diagnostic, Position};
use crate::level::format::Level;

/// Texts are there and short enough; codes, files and solutions that they name exist.
pub(super) fn complete(level: &Level) -> Result<(), Diagnostic> {
    let error =
        |path: &str, message: String, help: &str| Err(level.source.error(path, message).help(help));
    let limits = [("situation", &level.situation, 80), ("debrief", &level.debrief, 120)];
    for (name, text, limit) in limits {
        let words = text.split_whitespace().count();
        if words == 0 || words > limit {
            let message = format!("its {name} has {words} words; 1 to {limit} are allowed");
            return error(name, message, "say less: one idea a level");
        }
    }
    let count = |what: &str, count: usize, least: usize| match count < least {
        true => error("", format!("it has {count} {what}; {least} at least"), "add folders to it"),
        false => Ok(()),
    };
    count("solutions", level.solutions.len(), 2)?;
    count("mistakes", level.mistakes.len(), 3)?;
    give_aways(level)
}

/// Marks in the starting files that give the fault away.
fn give_aways(level: &Level) -> Result<(), Diagnostic> {
    const MARKS: [&str; 6] = ["FIXME", "TODO", "XXX", "BUG", "wrong", "broken"];
    for (name, content) in &level.start {
        let text = String::from_utf8_lossy(content);
        let marked = (1..).zip(text.lines()).find_map(|(line, text)| {
            MARKS.iter().find(|mark| text.contains(**mark)).map(|mark| (line, mark))
        });
        if let Some((line, mark)) = marked {
            let file = format!("{}/start/{name}", level.name);
            let error = Diagnostic::error(format!("{mark} gives the fault away"));
            let error = error.in_file(file).at(Position::new(line, 1));
            return Err(error.help("let the player find it"));
        }
    }
    Ok(())
}
