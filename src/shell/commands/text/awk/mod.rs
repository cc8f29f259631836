//! `awk`: patterns and actions over fields; the part of the language that people type.
//!
//! Not here: user functions, `getline`, pipes and files from within a program. Using them is a
//! syntax error that says so.

mod evaluate;
mod functions;
mod lex;
mod parse;
mod run;
mod statements;
mod tree;
mod value;

use std::sync::Arc;

use self::run::{Flow, Machine};
use super::lines::{Filter, cannot_open, filter};
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{Setting, failed};
use crate::shell::{Io, Step, Tool};

/// A program at work.
#[derive(Clone)]
struct Awk {
    machine: Machine,
    begun: bool,
}

/// Steps of awk for one of the shell's.
const STEPS: u64 = 4;

impl Awk {
    /// Passes on what was printed, and pays for what was done. Whether there may be more.
    fn flush(&mut self, io: &mut Io<'_>) -> bool {
        let steps = std::mem::take(&mut self.machine.steps);
        io.stdout.extend_from_slice(self.machine.output.as_bytes());
        self.machine.output.clear();
        io.budget.take(u64::from(steps) / STEPS)
    }

    fn begin(&mut self, io: &mut Io<'_>) -> Option<i32> {
        if std::mem::replace(&mut self.begun, true) {
            return None;
        }
        let flow = self.machine.begin();
        self.flush(io);
        match flow {
            Ok(Flow::Exit(status)) => Some(status),
            Ok(_) => None,
            Err(why) => {
                io.complain(format!("awk: {why}"));
                Some(2)
            }
        }
    }
}

impl Filter for Awk {
    fn file(&mut self, name: &str, io: &mut Io<'_>) {
        let name = if name == "-" { "" } else { name };
        self.machine.set_text("FILENAME", name);
        self.machine.set_number("FNR", 0.0);
        let _ = io;
    }

    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32> {
        let flow = self.machine.record(line);
        let more = self.flush(io);
        match flow {
            Ok(_) if !more => Some(2),
            Ok(Flow::Exit(status)) => {
                let _ = self.machine.finish();
                self.flush(io);
                Some(status)
            }
            Ok(_) => None,
            Err(why) => {
                io.complain(format!("awk: {why}"));
                Some(2)
            }
        }
    }

    fn end(&mut self, io: &mut Io<'_>, failed: bool) -> i32 {
        let flow = self.machine.finish();
        self.flush(io);
        match flow {
            Ok(Flow::Exit(status)) => status,
            Ok(_) if failed => 2,
            Ok(_) => 0,
            Err(why) => {
                io.complain(format!("awk: {why}"));
                2
            }
        }
    }

    fn missing(&self, io: &mut Io<'_>, file: &str, why: &str) {
        cannot_open(io, "awk", file, why);
    }
}

/// Runs `BEGIN` first, and reads nothing when there is nothing to read for.
#[derive(Clone)]
struct Start {
    awk: Awk,
    files: Vec<String>,
    inner: Option<Box<dyn Tool>>,
}

impl Tool for Start {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            if let Some(status) = self.awk.begin(io) {
                return Step::Exit(status);
            }
            if !self.awk.machine.reads() {
                return Step::Exit(0);
            }
            self.inner = Some(filter(self.awk.clone(), std::mem::take(&mut self.files)));
        }
        self.inner.as_mut().map_or(Step::Exit(2), |inner| inner.step(io))
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn awk(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar { name: "awk", short: "F:v:f:", long: &[], stops: true };
    let mut options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    if options.operands.is_empty() {
        return failed("Usage: awk [POSIX or GNU style options] 'program' file ...", 1);
    }
    let source = options.operands.remove(0);
    let program = match parse::program(&source) {
        Ok(program) => Arc::new(program),
        Err(why) => return failed(format!("awk: {why}"), 1),
    };
    let mut machine = Machine::new(program);
    if let Some(separator) = options.value('F') {
        machine.set_text("FS", &crate::shell::syntax::unescape(separator));
    }
    for (name, value) in setting.environment {
        machine.set_element("ENVIRON", name, value);
    }
    for assignment in options.all('v') {
        match assignment.split_once('=') {
            Some((name, value)) => {
                machine.set_input(name, &crate::shell::syntax::unescape(value));
            }
            None => {
                return failed(
                    format!("awk: fatal: `{assignment}' argument to `-v' not in `var=value' form"),
                    2,
                );
            }
        }
    }
    Box::new(Start { awk: Awk { machine, begun: false }, files: options.operands, inner: None })
}
