//! `export`, `unset`, `local`, `set`, `shift`, `let`, `getopts`.

use std::sync::Arc;

use super::super::expand::Stop;
use super::super::frame::Frame;
use super::super::{Dialect, Io, Machine};
use super::read::is_name;
use crate::shell::syntax::{Part, Word};

impl Machine {
    /// `export`, `readonly` and `declare`.
    pub(super) fn declare(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> i32 {
        let (options, names): (Vec<_>, Vec<_>) =
            arguments.iter().partition(|argument| argument.starts_with('-'));
        let has = |letter: char| options.iter().any(|option| option.contains(letter));
        if names.is_empty() {
            self.list_variables(io, name);
            return 0;
        }
        let mut status = 0;
        for argument in names {
            let (variable, value) = match argument.split_once('=') {
                Some((variable, value)) => (variable, Some(value)),
                None => (argument.as_str(), None),
            };
            if !is_name(variable) {
                let prefix = self.state.prefix();
                let message = match self.state.dialect {
                    Dialect::Bash => {
                        format!("{prefix}{name}: `{argument}': not a valid identifier")
                    }
                    _ => format!("{prefix}{name}: {variable}: bad variable name"),
                };
                self.complain(io, &message);
                status = 1;
                continue;
            }
            if let Some(value) = value {
                self.set_or_complain(io, variable, value.to_owned());
            }
            let variables = Arc::make_mut(&mut self.state.variables);
            let entry = variables.entry(variable.to_owned()).or_default();
            entry.exported |= name == "export" && !has('n') || name != "export" && has('x');
            entry.exported &= !(name == "export" && has('n'));
            entry.readonly |= name == "readonly" || name != "export" && has('r');
        }
        status
    }

    fn list_variables(&mut self, io: &mut Io<'_>, name: &str) {
        let variables = self.state.variables.clone();
        for (variable, state) in variables.iter() {
            let shown = match name {
                "export" => state.exported,
                "readonly" => state.readonly,
                _ => true,
            };
            if !shown {
                continue;
            }
            let value = &state.value;
            let line = match (self.state.dialect, name) {
                (Dialect::Bash, "export") => format!("declare -x {variable}=\"{value}\""),
                (Dialect::Bash, "readonly") => format!("declare -r {variable}=\"{value}\""),
                (Dialect::Bash, _) => format!("{variable}={value}"),
                _ => format!("{name} {variable}='{value}'"),
            };
            self.say(io, &line);
        }
    }

    pub(super) fn unset(&mut self, arguments: &[String]) -> i32 {
        let functions = arguments.first().is_some_and(|first| first == "-f");
        for name in arguments.iter().filter(|argument| !argument.starts_with('-')) {
            if functions {
                Arc::make_mut(&mut self.state.functions).remove(name);
                continue;
            }
            let variables = Arc::make_mut(&mut self.state.variables);
            match variables.get(name) {
                Some(variable) if variable.readonly => return 1,
                Some(_) => {
                    variables.remove(name);
                }
                None => {
                    Arc::make_mut(&mut self.state.functions).remove(name);
                }
            }
        }
        0
    }

    pub(super) fn local(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let function = self.stack.iter().rposition(|frame| matches!(frame, Frame::Function { .. }));
        let Some(function) = function else {
            let prefix = self.state.prefix();
            let message = match self.state.dialect {
                Dialect::Bash => format!("{prefix}local: can only be used in a function"),
                _ => format!("{prefix}local: not in a function"),
            };
            self.complain(io, &message);
            return 1;
        };
        for argument in arguments.iter().filter(|argument| !argument.starts_with('-')) {
            let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
            let before = self.state.variables.get(name).cloned();
            if let Some(Frame::Function { locals, .. }) = self.stack.get_mut(function) {
                locals.entry(name.to_owned()).or_insert(before);
            }
            self.set_or_complain(io, name, value.to_owned());
        }
        0
    }

    pub(super) fn set(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        if arguments.is_empty() {
            let variables = self.state.variables.clone();
            for (name, variable) in variables.iter() {
                let value = &variable.value;
                let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "/._:-".contains(c));
                let shown = if plain { value.clone() } else { format!("'{value}'") };
                self.say(io, &format!("{name}={shown}"));
            }
            return 0;
        }
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--" => {
                    self.state.positional = rest.cloned().collect();
                    return 0;
                }
                "-o" | "+o" => {
                    let Some(name) = rest.next() else { return 0 };
                    if !self.state.options.set_name(name, argument == "-o") {
                        let message =
                            format!("{}set: {name}: invalid option name", self.state.prefix());
                        self.complain(io, &message);
                        return 2;
                    }
                }
                letters if letters.len() > 1 && letters.starts_with(['-', '+']) => {
                    self.state.options.set_letters(letters);
                    // `set -eo pipefail`
                    if letters.ends_with('o')
                        && let Some(name) = rest.next()
                    {
                        self.state.options.set_name(name, letters.starts_with('-'));
                    }
                }
                _ => {
                    let first = std::iter::once(argument.clone());
                    self.state.positional = first.chain(rest.cloned()).collect();
                    return 0;
                }
            }
        }
        0
    }

    pub(super) fn shift(&mut self, arguments: &[String]) -> i32 {
        let count = arguments.first().and_then(|count| count.parse().ok()).unwrap_or(1_usize);
        if count > self.state.positional.len() {
            return 1;
        }
        self.state.positional.drain(..count);
        0
    }

    /// `let`: each argument is an expression; the last one's value decides.
    pub(super) fn calculate(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let mut last = 0;
        for argument in arguments {
            let word = Word { parts: vec![Part::Quoted(argument.clone())], ..Word::default() };
            match self.expansion(io, &[], |expander| expander.arithmetic(&word)) {
                Ok(value) => last = value,
                Err(Stop::Error(why)) => {
                    let message = format!("{}let: {why}", self.state.prefix());
                    self.complain(io, &message);
                    return 1;
                }
                Err(Stop::Substitute(_) | Stop::Dial(_)) => return 1,
            }
        }
        i32::from(last == 0)
    }

    pub(super) fn getopts(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let [letters, name, rest @ ..] = arguments else { return 2 };
        let words = if rest.is_empty() { self.state.positional.clone() } else { rest.to_vec() };
        let index: usize = self.state.get("OPTIND").and_then(|at| at.parse().ok()).unwrap_or(1);
        let next = words
            .get(index.saturating_sub(1))
            .filter(|word| word.len() > 1 && word.starts_with('-') && *word != "--");
        let Some(word) = next else {
            self.set_or_complain(io, name, "?".to_owned());
            return 1;
        };
        let letter = word.chars().nth(1).unwrap_or('?');
        let mut after = index + 1;
        let takes =
            letters.find(letter).is_some_and(|at| letters[at..].chars().nth(1) == Some(':'));
        if takes {
            let glued: String = word.chars().skip(2).collect();
            let value = match glued.is_empty() {
                false => glued,
                true => {
                    after += 1;
                    words.get(index).cloned().unwrap_or_default()
                }
            };
            self.set_or_complain(io, "OPTARG", value);
        }
        let known = letters.contains(letter);
        if !known && !letters.starts_with(':') {
            let message = format!("{}illegal option -- {letter}", self.state.prefix());
            self.complain(io, &message);
        }
        let found = if known { letter } else { '?' };
        self.set_or_complain(io, name, found.to_string());
        self.set_or_complain(io, "OPTIND", after.to_string());
        0
    }
}
