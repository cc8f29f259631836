//! `sed`: `s`, `d`, `p`, `q`, `a`, `i`, `c`, `y`, `n`, `=` with addresses, `!` and blocks.

mod parse;
mod run;

use self::parse::{Address, parse};
use self::run::{Fate, Sed, line_to};
use super::lines::cannot_open;
use crate::cluster::Flavour;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{Setting, failed};
use crate::shell::{Io, Read, Stdin, Step, Tool};

/// `sed` over standard input, line by line: it knows a line to be the last only when the next is
/// there, so it stays one line behind.
#[derive(Clone)]
struct Stream {
    sed: Sed,
    files: Vec<String>,
    at: usize,
    text: Option<Stdin>,
    held: Option<String>,
    failed: i32,
    /// Whether any address asks for the last line.
    looks_ahead: bool,
}

impl Stream {
    fn next(&mut self, io: &mut Io<'_>) -> Read {
        loop {
            if let Some(text) = &mut self.text {
                match text.read_line() {
                    Read::Line(line) => return Read::Line(line),
                    _ => {
                        self.text = None;
                        self.at += 1;
                        continue;
                    }
                }
            }
            let Some(file) = self.files.get(self.at).cloned() else { return Read::End };
            if file == "-" {
                match io.read_line() {
                    Read::End => self.at += 1,
                    read => return read,
                }
                continue;
            }
            match io.read_file(&file) {
                Ok(bytes) => self.text = Some(Stdin::of(bytes)),
                Err(why) => {
                    cannot_open(io, "sed", &file, &why);
                    self.failed = 2;
                    self.at += 1;
                }
            }
        }
    }

    fn run(&mut self, line: &str, last: bool, io: &mut Io<'_>) -> Option<i32> {
        let mut out = String::new();
        let fate = self.sed.run(line, last, &mut out);
        io.stdout.extend_from_slice(out.as_bytes());
        match fate {
            Fate::Quit(status) => Some(status),
            Fate::Keep | Fate::Drop => None,
        }
    }
}

impl Tool for Stream {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            match self.next(io) {
                Read::Wait => return Step::Input,
                Read::Line(line) => {
                    let ready = match self.looks_ahead {
                        true => self.held.replace(line),
                        false => Some(line),
                    };
                    if let Some(line) = ready
                        && let Some(status) = self.run(&line, false, io)
                    {
                        return Step::Exit(status);
                    }
                }
                Read::End => {
                    let status = match self.held.take() {
                        Some(line) => self.run(&line, true, io),
                        None => None,
                    };
                    return Step::Exit(status.unwrap_or(self.failed));
                }
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

/// `sed -i`: every file by itself, in place.
#[derive(Clone)]
struct InPlace {
    sed: Sed,
    files: Vec<String>,
}

impl Tool for InPlace {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let mut status = 0;
        for file in &self.files {
            let text = match io.read_file(file) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(why) => {
                    cannot_open(io, "sed", file, &why);
                    status = 2;
                    continue;
                }
            };
            let mut sed = self.sed.clone();
            let (mut out, count) = (String::new(), text.lines().count());
            let mut lines = text.lines().enumerate();
            while let Some((index, line)) = lines.next() {
                if let Fate::Quit(code) = sed.run(line, index + 1 == count, &mut out) {
                    status = code;
                    for (_, line) in lines.by_ref() {
                        line_to(&mut out, line);
                    }
                }
            }
            if !text.ends_with('\n') {
                out.pop();
            }
            if let Err(why) = io.write_file(file, out.as_bytes()) {
                io.complain(format!("sed: couldn't open file {file}: {why}"));
                status = 4;
            }
        }
        Step::Exit(status)
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn sed(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "sed",
        short: "ne:iErsuz",
        long: &[
            ("quiet", 'n'),
            ("silent", 'n'),
            ("expression", 'e'),
            ("in-place", 'i'),
            ("regexp-extended", 'E'),
            ("unbuffered", 'u'),
        ],
        stops: false,
    };
    let mut options = match GRAMMAR.parse(arguments, setting.flavour) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let mut scripts: Vec<String> = options.all('e').map(str::to_owned).collect();
    if scripts.is_empty() {
        if options.operands.is_empty() {
            return failed(
                "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...",
                1,
            );
        }
        scripts.push(options.operands.remove(0));
    }
    let script = scripts.join("\n");
    let extended = options.has('E') || options.has('r');
    let commands = match parse(&script, extended) {
        Ok(commands) => commands,
        Err(message) => {
            let message = match setting.flavour {
                Flavour::Gnu => message,
                Flavour::BusyBox => match message.split_once(": -e expression #1, char ") {
                    Some((_, rest)) => {
                        let what = rest.split_once(": ").map_or(rest, |(_, what)| what);
                        format!("sed: {}", what.replace("command: `", "command ").replace('\'', ""))
                    }
                    None => message,
                },
            };
            return failed(message, 1);
        }
    };
    let last = |address: &Option<Address>| matches!(address, Some(Address::Last));
    let looks_ahead = commands.iter().any(|command| last(&command.from) || last(&command.to));
    let sed = Sed {
        ranges: vec![None; commands.len()],
        commands: commands.into(),
        quiet: options.has('n'),
        number: 0,
    };
    let mut files = options.operands.clone();
    if options.has('i') {
        return match files.is_empty() {
            true => failed("sed: no input files", 1),
            false => Box::new(InPlace { sed, files }),
        };
    }
    if files.is_empty() {
        files.push("-".to_owned());
    }
    Box::new(Stream { sed, files, at: 0, text: None, held: None, failed: 0, looks_ahead })
}
