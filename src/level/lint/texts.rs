//! A level's texts: complete, short, and without a word too many.

use serde_json::Value;

use crate::cluster;
use crate::diagnostic::{Diagnostic, Position, nearest};
use crate::level::answer::with_answer;
use crate::level::apply::is_manifest;
use crate::level::format::{Level, Solution};
use crate::manifest;

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
        true => {
            let message = format!("the level needs {least} {what} at least; it has {count}");
            error("", message, &format!("add folders to {what}/"))
        }
        false => Ok(()),
    };
    if level.incident.is_none() {
        count("solutions", level.solutions.len(), 2)?;
        count("mistakes", level.mistakes.len(), 3)?;
    }
    twins(level)?;
    give_aways(level)?;
    images(level)
}

/// Solutions differ from one another, mistakes from one another and from what the player begins with.
fn twins(level: &Level) -> Result<(), Diagnostic> {
    let solutions = level.solutions.iter().map(|one| ("solutions", one));
    let mistakes = level.mistakes.iter().map(|mistake| ("mistakes", &mistake.answer));
    let all: Vec<(&str, &Solution)> = solutions.chain(mistakes).collect();
    for (index, (folder, one)) in all.iter().enumerate() {
        let answer = |one: &Solution| (with_answer(&level.start, &one.files), one.script.clone());
        let mut others = all[..index].iter().filter(|(other, _)| other == folder);
        let twin = others.find(|(_, other)| answer(other) == answer(one));
        let message = match twin {
            Some((_, twin)) => {
                format!("{folder} {} and {} are the same answer", twin.name, one.name)
            }
            None if *folder == "mistakes" && answer(one) == (level.start.clone(), None) => {
                format!("mistake {} is what the player begins with", one.name)
            }
            None => continue,
        };
        let file = one.files.keys().next().map_or("solve.sh", String::as_str);
        let path = format!("{}/{folder}/{}/{file}", level.name, one.name);
        let error = Diagnostic::error(message).in_file(path).at(Position::new(1, 1));
        return Err(error.help("change one of them, or take it away"));
    }
    Ok(())
}

/// The comment at a line's end, if it has one.
fn comment(line: &str) -> &str {
    let starts = line.match_indices('#').map(|(at, _)| at);
    let mut starts =
        starts.filter(|at| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    starts.next().map_or("", |at| &line[at..])
}

/// Words in comments of the starting files that give the fault away.
fn give_aways(level: &Level) -> Result<(), Diagnostic> {
    const MARKS: [&str; 6] = ["FIXME", "TODO", "XXX", "BUG", "wrong", "broken"];
    for (name, content) in &level.start {
        let text = String::from_utf8_lossy(content);
        let marked = (1..).zip(text.lines()).find_map(|(line, text)| {
            let mut words = comment(text).split(|c: char| !c.is_alphanumeric());
            words.find(|word| MARKS.contains(word)).map(|mark| (line, mark))
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

/// The world and the solutions run images that there are; the faults of levels are elsewhere.
fn images(level: &Level) -> Result<(), Diagnostic> {
    let world = level.world.iter().map(|(name, content)| (format!("world/{name}"), content));
    let solutions = level.solutions.iter().flat_map(|solution| {
        let files = solution.files.iter();
        files.map(|(name, content)| (format!("solutions/{}/{name}", solution.name), content))
    });
    for (file, content) in world.chain(solutions).filter(|(file, _)| is_manifest(file)) {
        let file = format!("{}/{file}", level.name);
        let (documents, _) = manifest::parse(&file, &String::from_utf8_lossy(content));
        for document in &documents {
            let mut found = Vec::new();
            images_in(&document.value, String::new(), &mut found);
            if let Some((path, image)) = found.iter().find(|(_, image)| !cluster::carries(image)) {
                let error = Diagnostic::error(format!("there is no image {image}")).in_file(file);
                let at = document.positions.nearest(path).map(|field| field.key);
                return Err(error
                    .at(at.unwrap_or(Position::new(1, 1)))
                    .help(nearest_images(image)));
            }
        }
    }
    Ok(())
}

/// The images of containers, each with its path.
fn images_in(value: &Value, path: String, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let at = manifest::field(&path, name);
                match value {
                    Value::String(image) if name == "image" && path.contains("ontainers[") => {
                        found.push((at, image.clone()));
                    }
                    value => images_in(value, at, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                images_in(value, manifest::item(&path, index), found);
            }
        }
        _ => {}
    }
}

/// The images that are spelt most like this one, three at most.
fn nearest_images(image: &str) -> String {
    let name = image.split_once(':').map_or(image, |(name, _)| name);
    if let Some(known) = cluster::images().find(|known| *known == name) {
        return format!("{known} has no such tag; leave the tag out");
    }
    let mut left: Vec<&str> = cluster::images().collect();
    let mut near = Vec::new();
    while near.len() < 3 {
        let Some(next) = nearest(name, left.iter().copied()) else { break };
        left.retain(|known| *known != next);
        near.push(next);
    }
    match near.as_slice() {
        [] => "docs/levels.md lists the images".to_owned(),
        near => format!("did you mean {}?", near.join(" or ")),
    }
}
