//! A level's texts: complete, short, and without a word too many.

use crate::diagnostic::{Diagnostic, Position};
use crate::level::diagnosis;
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
    if level.goals.is_empty() {
        return error("goals", "it has no goal".to_owned(), "say what has to work");
    }
    for (index, goal) in level.goals.iter().enumerate() {
        if goal.say.is_empty() {
            let path = format!("goals[{index}].say");
            return error(&path, "the goal has no text".to_owned(), "say what the player sees");
        }
    }
    let count = |what: &str, count: usize, least: usize| match count < least {
        true => error("", format!("it has {count} {what}; {least} at least"), "add folders to it"),
        false => Ok(()),
    };
    count("solutions", level.solutions.len(), 2)?;
    count("mistakes", level.mistakes.len(), 3)?;
    codes(level)?;
    hints(level)?;
    give_aways(level)
}

fn codes(level: &Level) -> Result<(), Diagnostic> {
    for mistake in &level.mistakes {
        if diagnosis::explain(&mistake.diagnosis).is_none() {
            let file = format!("{}/mistakes/{}/expect.yaml", level.name, mistake.answer.name);
            let message = format!("there is no diagnosis {}", mistake.diagnosis);
            let error = Diagnostic::error(message).in_file(file).at(Position::new(1, 1));
            return Err(error.help("podhop explain lists them all"));
        }
    }
    Ok(())
}

fn hints(level: &Level) -> Result<(), Diagnostic> {
    for (index, hint) in level.hints.iter().enumerate() {
        let path = format!("hints[{index}]");
        let error =
            |message: String, help: &str| Err(level.source.error(&path, message).help(help));
        if let Some(code) = hint.when.as_ref().filter(|code| diagnosis::explain(code).is_none()) {
            return error(format!("there is no diagnosis {code}"), "podhop explain lists them all");
        }
        let worked = hint.worked.as_ref();
        if hint.say.is_empty() && worked.is_none() {
            return error(
                "the hint has no text".to_owned(),
                "give it a text, or a worked solution",
            );
        }
        let solved = |name: &&String| !level.solutions.iter().any(|s| s.name == **name);
        if let Some(name) = worked.filter(solved) {
            return error(format!("there is no solution {name}"), "name one of solutions/");
        }
    }
    Ok(())
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
    match level.locked.iter().find(|file| !level.start.contains_key(*file)) {
        Some(file) => {
            let message = format!("locked file {file} is not in start");
            Err(level.source.error("locked", message).help("name a file of start/"))
        }
        None => Ok(()),
    }
}
