//! `read`: a line of standard input into variables.

use std::time::Duration;

use super::super::frame::{Frame, Input};
use super::super::{Io, Machine, Stdin, Step, Turn};
use crate::clock::SimTime;
use crate::shell::Read;

/// The options of `read`.
#[derive(Default)]
struct Options {
    raw: bool,
    prompt: Option<String>,
    seconds: Option<f64>,
    names: Vec<String>,
}

fn options(arguments: &[String]) -> Options {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "-r" => options.raw = true,
            "-s" | "-e" => {}
            "-rp" | "-p" => {
                options.raw |= argument == "-rp";
                options.prompt = rest.next().cloned();
            }
            "-t" => options.seconds = rest.next().and_then(|text| text.parse().ok()),
            "-n" | "-N" | "-d" | "-u" => {
                rest.next();
            }
            _ => options.names.push(argument.clone()),
        }
    }
    options
}

impl Machine {
    /// Reads as soon as there is a line.
    pub(in crate::shell::machine) fn read(
        &mut self,
        io: &mut Io<'_>,
        arguments: Vec<String>,
        until: Option<SimTime>,
    ) -> Turn {
        let options = options(&arguments);
        let until = until.or_else(|| {
            let seconds = options.seconds.filter(|seconds| (0.0..1e6).contains(seconds))?;
            Some(io.now() + Duration::from_secs_f64(seconds))
        });
        match self.next_line(io) {
            Read::Line(line) => {
                let line = if options.raw { line } else { line.replace('\\', "") };
                self.state.status = 0;
                self.assign_fields(io, &options.names, &line);
            }
            Read::End => {
                self.state.status = 1;
                self.assign_fields(io, &options.names, "");
                self.state.status = 1;
            }
            Read::Wait if until.is_some_and(|until| io.now() >= until) => self.state.status = 142,
            Read::Wait => {
                if let Some(prompt) = options.prompt {
                    *io.prompt = prompt;
                }
                self.stack.push(Frame::Read { arguments, until });
                return Turn::Wait(until.map_or(Step::Input, Step::Until));
            }
        }
        Turn::Go
    }

    fn next_line(&mut self, io: &mut Io<'_>) -> Read {
        let mut nothing = Stdin::default();
        let stdin = match self.descriptors.input {
            Input::Own => return io.read_line(),
            Input::Null => &mut nothing,
            Input::Text(index) => self.inputs.get_mut(index).unwrap_or(&mut nothing),
        };
        stdin.read_line()
    }

    fn assign_fields(&mut self, io: &mut Io<'_>, names: &[String], line: &str) {
        let separators = self.state.get("IFS").unwrap_or(" \t\n").to_owned();
        let separates = |c: char| separators.contains(c);
        let blank = |c: char| separates(c) && c.is_whitespace();
        if names.is_empty() {
            self.set_or_complain(io, "REPLY", line.to_owned());
            return;
        }
        let mut rest = line.trim_matches(blank);
        for (index, name) in names.iter().enumerate() {
            if index + 1 == names.len() {
                self.set_or_complain(io, name, rest.to_owned());
                return;
            }
            let end = rest.find(separates).unwrap_or(rest.len());
            let field = rest[..end].to_owned();
            let after = rest[end..].trim_start_matches(blank);
            let mark = after.chars().next().filter(|c| separates(*c));
            rest = match mark {
                Some(mark) => after[mark.len_utf8()..].trim_start_matches(blank),
                None => after,
            };
            self.set_or_complain(io, name, field);
        }
    }

    /// Sets a variable, or says why it can't be set.
    pub(super) fn set_or_complain(&mut self, io: &mut Io<'_>, name: &str, value: String) {
        let result = match is_name(name) {
            true => self.state.set(name, value),
            false => Err(format!("`{name}': not a valid identifier")),
        };
        if let Err(why) = result {
            let message = format!("{}{why}", self.state.prefix());
            self.complain(io, &message);
            self.state.status = 1;
        }
    }
}

/// Whether a variable can be called this.
pub(super) fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|next| next.is_ascii_alphanumeric() || next == '_')
}
