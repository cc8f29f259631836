//! Where the player says that the cause is, and whether it is there.

use super::{Incident, Injected};
use crate::api::Kind;
use crate::level::diagnosis::{explain, near_codes};
use crate::shell::Files;

/// What a player said about the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// As it was said: `service/prices`, `prices.yaml:12`, `service-selects-nothing`.
    pub said: String,
    /// Which of the faults it names, counted from 0; none when it is wrong.
    pub names: Vec<usize>,
}

/// How well the causes were found, apart from mending them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Causes {
    /// What is wrong, fault by fault, and whether the player named it.
    pub faults: Vec<(Injected, bool)>,
    /// Everything that the player said, in order.
    pub answers: Vec<Answer>,
}

impl Causes {
    /// How many faults were named.
    pub fn named(&self) -> usize {
        self.faults.iter().filter(|(_, named)| *named).count()
    }

    /// How many answers named none.
    pub fn wrong(&self) -> usize {
        self.answers.iter().filter(|answer| answer.names.is_empty()).count()
    }
}

/// A place that can be named as a cause.
enum Place<'a> {
    Object { kind: Kind, name: &'a str, namespace: Option<&'a str> },
    Line { file: &'a str, line: u32 },
    Code(&'a str),
}

impl Incident {
    /// Judges an answer: an object (`service/prices`, with `-n NAMESPACE` if need be), a line of a file
    /// (`prices.yaml:12`), or a diagnosis's code.
    ///
    /// # Errors
    /// Why it is none of these.
    pub fn judge(&self, said: &str, files: &Files) -> Result<Answer, String> {
        let said = said.trim();
        let place = read(said, files)?;
        let named = self.faults.iter().enumerate().filter(|(_, fault)| fault.is_at(&place));
        let names = named.map(|(index, _)| index).collect();
        Ok(Answer { said: said.to_owned(), names })
    }

    /// How well the answers name what is wrong.
    pub fn causes(&self, answers: &[Answer]) -> Causes {
        let named = |index: usize| answers.iter().any(|answer| answer.names.contains(&index));
        let faults = self.faults.iter().cloned().enumerate();
        Causes {
            faults: faults.map(|(index, fault)| (fault, named(index))).collect(),
            answers: answers.to_vec(),
        }
    }
}

impl Injected {
    fn is_at(&self, place: &Place<'_>) -> bool {
        match place {
            Place::Object { kind, name, namespace } => self.objects.iter().any(|object| {
                let there = namespace.is_none_or(|namespace| namespace == object.namespace);
                object.kind == *kind && object.name == *name && there
            }),
            Place::Line { file, line } => {
                self.lines.get(*file).is_some_and(|lines| lines.contains(line))
            }
            Place::Code(code) => self.codes.contains(code),
        }
    }
}

fn read<'a>(said: &'a str, files: &Files) -> Result<Place<'a>, String> {
    const FORMS: &str = "an object (service/web, node/node-1), a line (web.yaml:12) or a code";
    let mut words: Vec<&str> = said.split_whitespace().collect();
    let mut namespace = None;
    if let Some(at) = words.iter().position(|word| ["-n", "--namespace"].contains(word)) {
        namespace = words.get(at + 1).copied();
        words.drain(at..words.len().min(at + 2));
    }
    let (kind, name) = match words.as_slice() {
        [one] => match one.split_once('/') {
            Some(pair) => pair,
            None => return line_or_code(one, files),
        },
        [kind, name] => (*kind, *name),
        _ => return Err(format!("The cause is {FORMS}.")),
    };
    let Some(found) = Kind::from_word(kind) else {
        return Err(format!("There is no kind “{kind}”; the cause is {FORMS}."));
    };
    match name.is_empty() {
        true => Err(format!("Which {kind}? As in {kind}/web.")),
        false => Ok(Place::Object { kind: found, name, namespace }),
    }
}

fn line_or_code<'a>(word: &'a str, files: &Files) -> Result<Place<'a>, String> {
    if let Some((file, line)) = word.rsplit_once(':') {
        return match (files.contains_key(file), line.parse()) {
            (true, Ok(line)) => Ok(Place::Line { file, line }),
            (true, Err(_)) => Err(format!("“{line}” is no line of {file}.")),
            (false, _) => Err(format!("There is no file “{file}”.")),
        };
    }
    if files.contains_key(word) {
        return Err(format!("Which line of {word}? As in {word}:12."));
    }
    if explain(word).is_some() {
        return Ok(Place::Code(word));
    }
    let near = near_codes(word);
    match near.first() {
        Some(near) => Err(format!("There is no code “{word}”. Did you mean {near}?")),
        None => Err(format!(
            "“{word}” is no object, line or code; as in service/web, web.yaml:12, no-ready-endpoint."
        )),
    }
}
