//! `awk`: gawk's words on Debian, BusyBox' own elsewhere.

mod evaluate;
mod fields;
mod functions;
mod lex;
mod order;
mod parse;
mod patterns;
mod run;
mod statements;
mod tree;
mod value;

use std::sync::Arc;

use self::lex::Strict;
use self::run::{Answer, Machine, Stop, Wait, World};
use self::value::Value;
use crate::cluster::Flavour;
use crate::shell::commands::options::{Grammar, Misuse, MisuseKind, Options};
use crate::shell::commands::{Setting, failed};
use crate::shell::shells::Child;
use crate::shell::{Interrupted, Io, Step, Tool};

/// Steps of awk for one of the shell's.
const STEPS: u64 = 4;

/// What a program is at.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Start,
    Begin,
    Records,
    End,
    Closing,
    Over,
}

/// A program at work.
#[derive(Clone)]
struct Awk {
    machine: Machine,
    phase: Phase,
    /// What the action has asked for so far.
    log: Vec<Answer>,
    child: Option<Child>,
    /// Files with programs, which are read first.
    sources: Vec<String>,
    source: Option<String>,
    options: Options,
    gawk: bool,
}

impl Awk {
    /// Reads the program and sets the variables.
    fn prepare(&mut self, io: &mut Io<'_>) -> Option<i32> {
        let posix = self.options.has('P').then_some(Strict::Posix);
        let strict = posix.or(self.options.has('c').then_some(Strict::Traditional));
        let mut text = self.source.clone().unwrap_or_default();
        let mut name = "cmd. line".to_owned();
        match self.included(io) {
            Ok(before) => text.insert_str(0, &before),
            Err(told) => {
                io.write_error(told);
                return Some(2);
            }
        }
        for file in &self.sources {
            let read = match file.as_str() {
                "-" | "/dev/stdin" => io.read_all().ok_or_else(|| STANDARD_INPUT.to_owned()),
                file => io.read_file(file),
            };
            match read {
                Ok(bytes) => text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(why) if self.gawk => {
                    io.write_error(no_source(file, &why));
                    return Some(2);
                }
                Err(why) => {
                    io.write_error(format!("awk: can't open '{file}': {why}"));
                    return Some(1);
                }
            }
            name.clone_from(file);
            text.push('\n');
        }
        let program = match parse::parse(&text, &name, self.gawk, strict) {
            Ok(program) => program,
            Err(message) => {
                io.write_error(message);
                return Some(1);
            }
        };
        for warning in &program.warnings {
            io.write_error(warning);
        }
        self.machine = Machine::new(Arc::new(program), self.gawk);
        self.machine.strict = strict.is_some();
        self.machine.inplace = self.options.all('i').any(is_inplace);
        self.machine.sandbox = self.gawk && self.options.has('S');
        if let Some(separator) = self.options.value('F') {
            let separator = crate::shell::syntax::unescape(separator);
            self.machine.set_known("FS", Value::Text(separator));
        }
        for (name, value) in io.environment {
            self.machine.set_element("ENVIRON", name, Value::Input(value.clone()));
        }
        let files = &self.options.operands;
        self.machine.set_known("ARGC", Value::Number(files.len() as f64 + 1.0));
        self.machine.set_element("ARGV", "0", Value::Text("awk".to_owned()));
        for (at, file) in files.iter().enumerate() {
            self.machine.set_element("ARGV", &(at + 1).to_string(), Value::Input(file.clone()));
        }
        let assignments: Vec<String> = self.options.all('v').map(str::to_owned).collect();
        for assignment in assignments {
            match assignment.split_once('=') {
                Some((SUFFIX, value)) => self.machine.suffix = value.to_owned(),
                Some((name, value)) => self.machine.assign(name, value),
                None => {}
            }
        }
        None
    }

    /// What `-i` puts before the program.
    ///
    /// # Errors
    /// What is said of a file that is not there.
    fn included(&self, io: &Io<'_>) -> Result<String, String> {
        let mut text = String::new();
        for file in self.options.all('i') {
            let names = [file.to_owned(), format!("{file}.awk")];
            let Some(bytes) = names.iter().find_map(|name| io.read_file(name).ok()) else {
                if is_inplace(file) {
                    continue;
                }
                return Err(no_source(file, "No such file or directory"));
            };
            text += &String::from_utf8_lossy(&bytes);
            text.push('\n');
        }
        Ok(text)
    }

    /// Goes on until it waits or ends.
    fn go(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            if let Some(step) = self.step_child(io) {
                return step;
            }
            if self.phase == Phase::Over {
                return Step::Exit(self.machine.status);
            }
            let before = self.machine.program.commands.then(|| self.machine.clone());
            let stop = self.unit(io);
            let steps = u64::from(self.machine.steps) / STEPS + self.machine.searched;
            if !io.budget.take(steps) {
                io.stdout.extend_from_slice(&std::mem::take(&mut self.machine.output));
                return Step::Exit(2);
            }
            if let Err(Stop::Waits(wait)) = stop {
                // The action begins anew when the answer is there; a closing program has no action.
                if let Some(before) = before {
                    self.machine = before;
                }
                match wait {
                    Wait::Input => return Step::Input,
                    Wait::Command { text, input, kept } => {
                        self.child = Some(Child::start(io, &text, input, kept));
                    }
                }
                continue;
            }
            self.log.clear();
            if let Some(step) = self.after(stop, io) {
                return step;
            }
        }
    }

    /// One action: `BEGIN`, a record, `END`, or closing what is open.
    fn unit(&mut self, io: &mut Io<'_>) -> Result<bool, Stop> {
        let mut world = World { io, log: &mut self.log, at: 0 };
        match self.phase {
            Phase::Begin => self.machine.begin(&mut world).map(|()| false),
            Phase::Records => {
                let more = self.machine.one(&mut world)?;
                // What a pipe waits for comes at the end, and standard output after it.
                if self.machine.streams.is_empty() {
                    self.machine.flush(&mut world)?;
                }
                Ok(more)
            }
            Phase::End => self.machine.finish(&mut world).map(|()| false),
            _ => self.machine.close_all(&mut world).map(|()| false),
        }
    }

    /// What comes after an action.
    fn after(&mut self, result: Result<bool, Stop>, io: &mut Io<'_>) -> Option<Step> {
        self.phase = match (result, self.phase) {
            (Err(Stop::Failed(message, status)), _) => {
                io.stdout.extend_from_slice(&std::mem::take(&mut self.machine.output));
                io.write_error(format!("awk: {message}"));
                return Some(Step::Exit(status));
            }
            (Err(Stop::Exit), Phase::Begin | Phase::Records) => Phase::End,
            (Err(Stop::Exit), _) => Phase::Closing,
            (_, Phase::Begin) if self.machine.reads() => Phase::Records,
            (_, Phase::Begin) => Phase::Closing,
            (Ok(true), Phase::Records) => Phase::Records,
            (_, Phase::Records) => Phase::End,
            (_, Phase::End) => Phase::Closing,
            _ => Phase::Over,
        };
        None
    }

    /// Goes on with the command that runs; `Some` when there is nothing else to do.
    fn step_child(&mut self, io: &mut Io<'_>) -> Option<Step> {
        let child = self.child.as_mut()?;
        let step = child.step(io);
        let Step::Exit(status) = step else { return Some(step) };
        let answer = match self.child.take().and_then(Child::printed) {
            Some(output) => Answer::Text(Some(output)),
            None => Answer::Status(status),
        };
        self.log.push(answer);
        None
    }
}

impl Tool for Awk {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.phase == Phase::Start {
            if let Some(status) = self.prepare(io) {
                return Step::Exit(status);
            }
            self.phase = Phase::Begin;
        }
        self.go(io)
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        if let Some(child) = &mut self.child {
            child.interrupt(io);
        }
        Interrupted::Ended
    }
}

/// The variable of gawk's own library `inplace` that says what an old file's name ends in.
const SUFFIX: &str = "inplace::suffix";

/// Whether `-i` asks for gawk's own library that changes files.
fn is_inplace(file: &str) -> bool {
    matches!(file, "inplace" | "inplace.awk")
}

fn no_source(file: &str, why: &str) -> String {
    format!("awk: fatal: cannot open source file `{file}' for reading: {why}")
}

/// A program that somebody would still have to type.
const STANDARD_INPUT: &str = "not simulated here: a program from standard input that has not ended";

const GAWK: Grammar = Grammar {
    name: "awk",
    short: "F:v:f:e:E:bcCd;ghi:ILl:MnNo;Op;PrsStVW:À",
    long: &[
        ("lint", 'À'),
        ("sandbox", 'S'),
        ("non-decimal-data", 'n'),
        ("dump-variables", 'd'),
        ("pretty-print", 'o'),
        ("profile", 'p'),
        ("include", 'i'),
        ("field-separator", 'F'),
        ("assign", 'v'),
        ("file", 'f'),
        ("source", 'e'),
        ("version", 'V'),
        ("help", 'h'),
        ("posix", 'P'),
        ("bignum", 'M'),
        ("re-interval", 'r'),
        ("traditional", 'c'),
        ("characters-as-bytes", 'b'),
    ],
    stops: true,
};

const BUSYBOX: Grammar = Grammar { name: "awk", short: "F:v:f:e:", long: &[], stops: true };

/// The libraries that gawk brings along; `-l` of another finds none.
const LIBRARIES: &str = "filefuncs fnmatch fork inplace intdiv ordchr readdir readfile revoutput revtwoway rwarray time";

const USAGE: &str = "Usage: awk [POSIX or GNU style options] -f progfile [--] file ...\nUsage: awk [POSIX or GNU style options] [--] 'program' file ...";

/// Options that podhop leaves out, and assignments (`-v`) that are none.
///
/// # Errors
/// What is said of it, and the exit code.
fn check(options: &Options, gawk: bool) -> Result<(), (String, i32)> {
    const IDLE: [(char, &str); 10] = [
        ('b', "--characters-as-bytes"),
        ('d', "--dump-variables"),
        ('g', "--gen-pot"),
        ('o', "--pretty-print"),
        ('p', "--profile"),
        ('l', "--load"),
        ('n', "--non-decimal-data"),
        ('M', "--bignum"),
        ('À', "--lint"),
        ('W', "-W"),
    ];
    let missing = options.value('l').filter(|name| !LIBRARIES.split(' ').any(|one| one == *name));
    if let Some(name) = missing.filter(|_| gawk) {
        let why = "No such file or directory";
        let told = format!("awk: fatal: cannot open shared library `{name}' for reading: {why}");
        return Err((told, 2));
    }
    if let Some(flag) = options.not_simulated(&IDLE) {
        return Err((format!("podhop: awk: not simulated here: {flag}"), 2));
    }
    let no_value = options.all('v').find(|assignment| !assignment.contains('='));
    if let Some(assignment) = no_value.filter(|_| gawk) {
        let what = format!("awk: `{assignment}' argument to `-v' not in `var=value' form");
        return Err((format!("{what}\n\n{USAGE}"), 1));
    }
    let mut names = options.all('v').map(|text| text.split('=').next().unwrap_or_default());
    let is_name = |name: &str| {
        let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        letters && !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit())
    };
    match names.find(|name| !is_name(name) && *name != SUFFIX) {
        Some(name) if gawk => {
            Err((format!("awk: fatal: `{name}' is not a legal variable name"), 2))
        }
        None if no_value.is_none() => Ok(()),
        _ => Err((super::super::busybox_usage("awk"), 1)),
    }
}

pub(in crate::shell::commands) fn awk(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let gawk = setting.flavour == Flavour::Gnu;
    let parsed = match gawk {
        true => GAWK.parse(arguments, setting.words),
        false => BUSYBOX.parse(arguments, setting.words),
    };
    let mut options = match parsed {
        Ok(options) => options,
        // gawk's getopt names letters without quotes, and only what lacks its value.
        Err(Misuse { kind: MisuseKind::ValueMissing(Some(letter)), .. }) if gawk => {
            let what = format!("awk: option requires an argument -- {letter}");
            return failed(format!("{what}\n{USAGE}"), 1);
        }
        Err(misuse) if misuse.is_left_out() => return failed(misuse, 2),
        Err(_) if gawk => return failed(USAGE, 1),
        Err(misuse) => return failed(misuse, 1),
    };
    if (options.has('V') || options.value('W') == Some("version")) && gawk {
        let version = "GNU Awk 5.2.1, API 3.2, PMA Avon 8-g1, (GNU MPFR 4.2.0, GNU MP 6.2.1)";
        return super::super::said(format!("{version}\n"));
    }
    if options.has('h') && gawk {
        return super::super::said(format!("{USAGE}\n"));
    }
    if let Err((why, code)) = check(&options, gawk) {
        return failed(why, code);
    }
    let exec = options.value('E').map(str::to_owned);
    let sources: Vec<String> = options.all('f').map(str::to_owned).chain(exec).collect();
    let texts: Vec<String> = options.all('e').map(|text| format!("{text}\n")).collect();
    let source = match (sources.is_empty() && texts.is_empty(), options.operands.is_empty()) {
        (true, true) if gawk => return failed(USAGE, 1),
        (true, true) => return failed(super::super::busybox_usage("awk"), 1),
        (true, false) => Some(options.operands.remove(0)),
        (false, _) => Some(texts.concat()),
    };
    Box::new(Awk {
        machine: Machine::new(Arc::new(parse::parse("", "", gawk, None).unwrap_or_default()), gawk),
        phase: Phase::Start,
        log: Vec::new(),
        child: None,
        sources,
        source,
        options,
        gawk,
    })
}
