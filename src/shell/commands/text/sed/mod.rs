//! `sed`: GNU's, and BusyBox' where it differs.

mod input;
mod parse;
mod run;

use self::input::Input;
use self::parse::{Part, Reading, Wrong, parse};
pub(in crate::shell::commands) use self::run::replaced;
use self::run::{Came, Sed, SedState};
use crate::cluster::Flavour;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{Setting, failed};
use crate::shell::shells::Child;
use crate::shell::{Interrupted, Io, Step, Tool};

/// `sed` over its files or standard input, line by line.
#[derive(Clone)]
struct Stream {
    sed: Sed,
    input: Input,
    child: Option<Child>,
}

impl Tool for Stream {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            let mut out = String::new();
            if let Some(child) = &mut self.child {
                let step = child.step(io);
                let Step::Exit(_) = step else { return step };
                let printed = self.child.take().and_then(Child::printed).unwrap_or_default();
                self.sed.answered(&printed, &mut out);
            }
            let came = self.sed.go(&mut self.input, io, &mut out);
            io.stdout.extend_from_slice(out.as_bytes());
            write_files(&self.sed, io);
            match came {
                Came::Waits => return Step::Input,
                Came::Runs(command) => {
                    self.child = Some(Child::start(io, &command, None, true));
                }
                Came::Ended(status) => return Step::Exit(status),
            }
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        if let Some(child) = &mut self.child {
            child.interrupt(io);
        }
        Interrupted::Ended
    }
}

/// A script's text; `-` is standard input.
fn read_script(io: &mut Io<'_>, file: &str) -> Result<Vec<u8>, String> {
    const OPEN: &str = "not simulated here: a script from standard input that has not ended";
    match file {
        "-" | "/dev/stdin" => io.read_all().ok_or_else(|| OPEN.to_owned()),
        file => io.read_file(file),
    }
}

/// Writes what `w` has collected.
fn write_files(sed: &Sed, io: &mut Io<'_>) {
    for (file, text) in &sed.state.written {
        if let Err(why) = io.write_file(file, text.as_bytes()) {
            io.write_error(format!("sed: couldn't open file {file}: {why}"));
        }
    }
}

/// `sed -i`: every file by itself, in place.
#[derive(Clone)]
struct InPlace {
    sed: Sed,
    files: Vec<String>,
    /// What the old file is kept as: `.bak`, or with a `*` for its name.
    suffix: String,
    end: u8,
}

impl InPlace {
    fn backup(&self, file: &str) -> Option<String> {
        if self.suffix.is_empty() {
            return None;
        }
        let (folder, name) =
            file.rsplit_once('/').map_or(("", file), |(folder, name)| (folder, name));
        let kept = match self.suffix.contains('*') {
            true => self.suffix.replace('*', name),
            false => format!("{name}{}", self.suffix),
        };
        Some(if folder.is_empty() { kept } else { format!("{folder}/{kept}") })
    }
}

impl Tool for InPlace {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let mut status = 0;
        for file in &self.files {
            let before = io.read_file(file);
            if io.is_directory(file) {
                io.write_error(format!("sed: couldn't edit {file}: not a regular file"));
                status = 4;
                continue;
            }
            let mut input = Input::new(vec![file.clone()], true, self.end);
            let mut sed = self.sed.clone();
            let mut out = String::new();
            let code = match sed.go(&mut input, io, &mut out) {
                Came::Ended(code) => code,
                Came::Runs(_) => {
                    io.write_error(left_out("sed", "-i with the command e"));
                    return Step::Exit(1);
                }
                Came::Waits => continue,
            };
            let Ok(before) = before else {
                status = code;
                continue;
            };
            // What was not read stays as it was.
            if input.failed == 0 {
                out.push_str(&input.rest());
            }
            if let Some(kept) = self.backup(file) {
                let _ = io.write_file(&kept, &before);
            }
            if let Err(why) = io.write_file(file, out.as_bytes()) {
                io.write_error(format!("sed: couldn't open file {file}: {why}"));
                status = 4;
            }
            write_files(&sed, io);
            if code != 0 {
                return Step::Exit(code);
            }
        }
        Step::Exit(status)
    }
}

const GNU: Grammar = Grammar {
    name: "sed",
    short: "ne:f:i;Erl:suzDPbS",
    long: &[
        ("quiet", 'n'),
        ("silent", 'n'),
        ("expression", 'e'),
        ("file", 'f'),
        ("in-place", 'i'),
        ("regexp-extended", 'E'),
        ("line-length", 'l'),
        ("separate", 's'),
        ("unbuffered", 'u'),
        ("null-data", 'z'),
        ("zero-terminated", 'z'),
        ("debug", 'D'),
        ("posix", 'P'),
        ("sandbox", 'S'),
        ("binary", 'b'),
        ("follow-symlinks", 'b'),
    ],
    stops: false,
};

const BUSYBOX: Grammar = Grammar {
    name: "sed",
    short: "ne:f:i;Er",
    long: &[
        ("quiet", 'n'),
        ("silent", 'n'),
        ("expression", 'e'),
        ("file", 'f'),
        ("in-place", 'i'),
        ("regexp-extended", 'E'),
    ],
    stops: false,
};

pub(in crate::shell::commands) fn sed(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let grammar = if setting.flavour == Flavour::Gnu { GNU } else { BUSYBOX };
    let options = match grammar.parse(arguments, setting.words) {
        Ok(options) => options,
        // GNU sed says how it is used where other tools name `--help`.
        Err(misuse) if setting.flavour == Flavour::Gnu && !misuse.is_left_out() => {
            return failed(format!("{}\n{USAGE}", misuse.message()), 1);
        }
        Err(misuse) => return failed(misuse, 1),
    };
    if options.has('D') {
        return failed("sed: not simulated here: --debug", 1);
    }
    Box::new(Start { options, flavour: setting.flavour, started: None })
}

const USAGE: &str = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...";

/// `sed` before its script files are read.
#[derive(Clone)]
struct Start {
    options: Options,
    flavour: Flavour,
    started: Option<Box<dyn Tool>>,
}

impl Start {
    fn script(&mut self, io: &mut Io<'_>) -> Result<Vec<Part>, Wrong> {
        let mut scripts = Vec::new();
        for (letter, value) in self.options.in_order() {
            match letter {
                'e' => scripts.push(Part { file: None, text: value.to_owned() }),
                'f' => match read_script(io, value) {
                    Ok(bytes) => {
                        let text = String::from_utf8_lossy(&bytes);
                        let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                        scripts.push(Part { file: Some(value.to_owned()), text });
                    }
                    Err(why) => {
                        let (message, status) = match self.flavour {
                            Flavour::Gnu => (format!("sed: couldn't open file {value}: {why}"), 4),
                            Flavour::BusyBox => (format!("sed: {value}: {why}"), 1),
                        };
                        return Err(Wrong { message, status });
                    }
                },
                _ => {}
            }
        }
        if scripts.is_empty() {
            if self.options.operands.is_empty() {
                let message = match self.flavour {
                    Flavour::Gnu => USAGE.to_owned(),
                    Flavour::BusyBox => crate::shell::commands::busybox_usage("sed"),
                };
                return Err(Wrong { message, status: 1 });
            }
            scripts.push(Part { file: None, text: self.options.operands.remove(0) });
        }
        Ok(scripts)
    }

    fn start(&mut self, io: &mut Io<'_>) -> Result<Box<dyn Tool>, Wrong> {
        let script = self.script(io)?;
        let extended = self.options.has('E') || self.options.has('r');
        let commands = parse(
            &script,
            Reading {
                extended,
                posix: self.options.has('P'),
                sandbox: self.options.has('S'),
                flavour: self.flavour,
            },
        )?;
        let first = script.first().map_or("", |part| part.text.as_str());
        let zero = self.options.has('z');
        let width = self.options.value('l').and_then(|width| width.parse().ok());
        let sed = Sed {
            ranges: vec![None; commands.len()],
            begun: vec![false; commands.len()],
            commands: commands.into(),
            // GNU's looks at no more than the first two letters.
            quiet: self.options.has('n')
                || first.starts_with("#n")
                    && (self.flavour == Flavour::Gnu
                        || matches!(first.get(2..3), None | Some("\n"))),
            flavour: self.flavour,
            posix: self.options.has('P'),
            end: if zero { '\0' } else { '\n' },
            width: width.unwrap_or(70),
            state: SedState::default(),
        };
        let mut files = self.options.operands.clone();
        let end = if zero { 0 } else { b'\n' };
        if self.options.has('i') {
            if files.is_empty() {
                return Err(match self.flavour {
                    Flavour::Gnu => Wrong { message: "sed: no input files".into(), status: 4 },
                    Flavour::BusyBox => {
                        Wrong { message: "sed: -i requires an argument".into(), status: 1 }
                    }
                });
            }
            let suffix = self.options.value('i').unwrap_or("").to_owned();
            return Ok(Box::new(InPlace { sed, files, suffix, end }));
        }
        if files.is_empty() {
            files.push("-".to_owned());
        }
        Ok(Box::new(Stream {
            sed,
            input: Input::new(files, self.options.has('s'), end),
            child: None,
        }))
    }
}

impl Tool for Start {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.started.is_none() {
            match self.start(io) {
                Ok(tool) => self.started = Some(tool),
                Err(wrong) => {
                    io.write_error(wrong.message);
                    return Step::Exit(wrong.status);
                }
            }
        }
        self.started.as_mut().map_or(Step::Exit(0), |tool| tool.step(io))
    }
}
