//! `cat`, `tac`, `rev`, `nl`.

use super::lines::{Filter, cannot_open, filter, whole};
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::{Setting, failed};
use crate::shell::{Io, Tool};

/// `cat -n`, `cat -A`: lines with numbers, ends and tabs shown.
#[derive(Clone)]
struct Cat {
    number: bool,
    ends: bool,
    count: u32,
}

impl Filter for Cat {
    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32> {
        self.count += 1;
        let number = if self.number { format!("{:>6}\t", self.count) } else { String::new() };
        match self.ends {
            true => io.say(format!("{number}{}$", line.replace('\t', "^I"))),
            false => io.say(format!("{number}{line}")),
        }
        None
    }

    fn end(&mut self, _: &mut Io<'_>, failed: bool) -> i32 {
        i32::from(failed)
    }

    fn missing(&self, io: &mut Io<'_>, file: &str, why: &str) {
        cannot_open(io, "cat", file, why);
    }
}

pub(in crate::shell::commands) fn cat(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let grammar = Grammar::short("cat", "nbevtAETu");
    match grammar.parse(arguments, setting.words) {
        Ok(options) if options.in_order().next().is_none() => {
            Box::new(Copy { files: options.operands, at: 0, failed: false })
        }
        Ok(options) => {
            let number = options.has('n') || options.has('b');
            let ends = options.has('A') || options.has('e') || options.has('E');
            filter(Cat { number, ends, count: 0 }, options.operands)
        }
        Err(message) => failed(message, 1),
    }
}

/// `cat` without options: bytes as they are.
#[derive(Clone)]
struct Copy {
    files: Vec<String>,
    at: usize,
    failed: bool,
}

impl Tool for Copy {
    fn step(&mut self, io: &mut Io<'_>) -> crate::shell::Step {
        use crate::shell::Step;
        loop {
            let file = match self.files.get(self.at) {
                None if self.at == 0 => "-",
                None => return Step::Exit(i32::from(self.failed)),
                Some(file) => file.as_str(),
            };
            if file == "-" {
                let rest = io.stdin.rest().to_vec();
                io.stdin.read = io.stdin.bytes.len();
                io.stdout.extend_from_slice(&rest);
                if !io.stdin.ended() {
                    return Step::Input;
                }
            } else {
                match io.read_file(file) {
                    Ok(bytes) => io.stdout.extend_from_slice(&bytes),
                    Err(why) => {
                        self.failed = true;
                        cannot_open(io, "cat", file, &why);
                    }
                }
            }
            self.at += 1;
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn tac(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let (texts, failed) = whole(io, "tac", arguments)?;
    for (_, text) in texts {
        for line in text.lines().rev() {
            io.say(line);
        }
    }
    Some(i32::from(failed))
}

/// `rev` and `nl`.
#[derive(Clone)]
struct Each {
    numbers: bool,
    all: bool,
    count: u32,
}

impl Filter for Each {
    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32> {
        if !self.numbers {
            io.say(line.chars().rev().collect::<String>());
        } else if line.is_empty() && !self.all {
            io.say("       ");
        } else {
            self.count += 1;
            io.say(format!("{:>6}\t{line}", self.count));
        }
        None
    }

    fn end(&mut self, _: &mut Io<'_>, failed: bool) -> i32 {
        i32::from(failed)
    }

    fn missing(&self, io: &mut Io<'_>, file: &str, why: &str) {
        cannot_open(io, if self.numbers { "nl" } else { "rev" }, file, why);
    }
}

pub(in crate::shell::commands) fn rev(arguments: &[String], _: &Setting<'_>) -> Box<dyn Tool> {
    filter(Each { numbers: false, all: true, count: 0 }, arguments.to_vec())
}

pub(in crate::shell::commands) fn nl(arguments: &[String], setting: &Setting<'_>) -> Box<dyn Tool> {
    let parsed: Result<Options, String> =
        Grammar::short("nl", "b:w:s:").parse(arguments, setting.words);
    match parsed {
        Ok(options) => {
            let all = options.value('b') == Some("a");
            filter(Each { numbers: true, all, count: 0 }, options.operands)
        }
        Err(message) => failed(message, 1),
    }
}

/// `less` and `more` print: the game's terminal scrolls by itself.
pub(in crate::shell::commands) fn pager(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let files = arguments.iter().filter(|argument| !argument.starts_with(['-', '+'])).cloned();
    cat(&files.collect::<Vec<_>>(), setting)
}
