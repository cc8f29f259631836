//! `bc`: GNU's (1.07) and BusyBox'.

mod library;
mod number;
mod parse;
mod run;

use crate::shell::commands::is_gnu;
use crate::shell::commands::options::Grammar;
use crate::shell::{Io, Read, Step, Tool};
use parse::Wrong;
use run::{Flow, State};

pub(super) use library::pi;
pub(super) use number::{Decimal, Trouble};

const USAGE: &str = "usage: bc [options] [file ...]
  -h  --help         print this usage and exit
  -i  --interactive  force interactive mode
  -l  --mathlib      use the predefined math routines
  -q  --quiet        don't print initial banner
  -s  --standard     non-standard bc constructs are errors
  -w  --warn         warn about non-standard bc constructs
  -v  --version      print version information and exit
";

const LONG: &[(&str, char)] = &[
    ("help", 'h'),
    ("interactive", 'i'),
    ("mathlib", 'l'),
    ("quiet", 'q'),
    ("standard", 's'),
    ("warn", 'w'),
    ("version", 'v'),
];

/// `bc`, which reads files and then its input.
pub(in crate::shell::commands) fn bc(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Bc { arguments: arguments.to_vec(), session: None })
}

#[derive(Clone)]
struct Bc {
    arguments: Vec<String>,
    session: Option<Session>,
}

/// What was read, and how far it got.
#[derive(Clone)]
struct Session {
    state: State,
    /// Lines that are no whole statement yet.
    kept: String,
    /// How many lines came before them.
    lines: usize,
    file: String,
    interactive: bool,
}

impl Tool for Bc {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.session.is_none() {
            match self.begin(io) {
                Ok(session) => self.session = Some(session),
                Err(status) => return Step::Exit(status),
            }
        }
        let Some(session) = &mut self.session else { return Step::Exit(0) };
        loop {
            match io.read_line() {
                Read::Line(line) => {
                    // The last line of a text may lack its end, which GNU misses.
                    let whole = io.stdin.bytes.get(io.stdin.read.wrapping_sub(1)) == Some(&b'\n');
                    let end = if whole { "\n" } else { "" };
                    if let Some(status) = session.line(&format!("{line}{end}"), io) {
                        return Step::Exit(status);
                    }
                }
                Read::Wait => return Step::Input,
                Read::End if session.kept.is_empty() => return Step::Exit(0),
                Read::End => return Step::Exit(session.statements(io).unwrap_or(0)),
            }
        }
    }
}

impl Bc {
    /// Reads the command line and the files; the exit code where that ends it.
    fn begin(&self, io: &mut Io<'_>) -> Result<Session, i32> {
        let gnu = is_gnu(io);
        let grammar = Grammar {
            name: "bc",
            short: "hilqswv",
            long: if gnu { LONG } else { &[] },
            stops: false,
        };
        let words = crate::shell::commands::words(io.cluster, io.place);
        let options = grammar.parse(&self.arguments, words).map_err(|why| {
            let first = why.as_ref().lines().next().unwrap_or_default();
            match gnu {
                true => {
                    io.write_error(first);
                    io.stdout.extend_from_slice(USAGE.as_bytes());
                }
                false => io.write_error(&why),
            }
            1
        })?;
        if options.has('h') || options.has('v') {
            let text = if options.has('h') { USAGE } else { "bc 1.07.1\n" };
            io.stdout.extend_from_slice(text.as_bytes());
            return Err(0);
        }
        let mut session = Session {
            state: State::new(options.has('l')),
            kept: String::new(),
            lines: 0,
            file: "(standard_in)".to_owned(),
            interactive: io.stdin.terminal,
        };
        for file in &options.operands {
            let text = io.read_file(file).map_err(|why| {
                io.write_error(match gnu {
                    true => format!("File {file} is unavailable."),
                    false => format!("bc: can't open '{file}': {why}"),
                });
                1
            })?;
            session.file.clone_from(file);
            for line in String::from_utf8_lossy(&text).split_inclusive('\n') {
                if let Some(status) = session.line(line, io) {
                    return Err(status);
                }
            }
            session.lines = 0;
        }
        session.file = "(standard_in)".to_owned();
        Ok(session)
    }
}

impl Session {
    /// Takes one more line; the exit code where it ends bc.
    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32> {
        self.kept += line;
        if parse::is_whole(&self.kept) { self.statements(io) } else { None }
    }

    /// Runs what was kept.
    fn statements(&mut self, io: &mut Io<'_>) -> Option<i32> {
        let text = std::mem::take(&mut self.kept);
        let before = self.lines;
        self.lines += text.matches('\n').count();
        let gnu = is_gnu(io);
        // To GNU a statement ends with its line.
        let unended = gnu && !text.ends_with('\n') && !text.trim().is_empty();
        let read = if unended { Err(Wrong::Syntax(text.len())) } else { parse::read(&text) };
        let read = match read {
            Ok(read) => read,
            Err(wrong) => {
                io.write_error(self.complaint(wrong, &text, before, gnu));
                return (!gnu && !self.interactive).then_some(1);
            }
        };
        if gnu && read.quits {
            return Some(0);
        }
        self.state.functions.extend(read.functions);
        let flow = self.state.run(&read.statements, io);
        let place = self.state.place().to_owned();
        self.state.calls.clear();
        match flow {
            Flow::Halt => Some(0),
            Flow::Spent => Some(130),
            Flow::Wrong { gnu: told, at, .. } if gnu => {
                io.write_error(format!("Runtime error (func={place}, adr={at}): {told}"));
                None
            }
            Flow::Wrong { busybox, .. } => {
                io.write_error(format!("bc: {busybox}"));
                (!self.interactive).then_some(1)
            }
            _ => read.quits.then_some(0),
        }
    }

    fn complaint(&self, wrong: Wrong, text: &str, before: usize, gnu: bool) -> String {
        let rest = |at: usize| text[at..].lines().next().unwrap_or_default();
        // The end of a line was read before it was found wanting.
        let line = |at: usize| {
            let ends = text[at..].starts_with('\n');
            before + 1 + text[..at].matches('\n').count() + usize::from(ends)
        };
        let file = &self.file;
        match (wrong, gnu) {
            (Wrong::Syntax(at) | Wrong::Behind(at), true) => {
                format!("{file} {}: syntax error", line(at))
            }
            (Wrong::Strange(at, letter), true) => {
                format!("{file} {}: illegal character: {letter}", line(at))
            }
            (Wrong::Behind(at), false) if rest(at).starts_with([',', ')']) => {
                format!("bc: bad statement terminator at '{}'", rest(at))
            }
            (Wrong::Syntax(at), false) if rest(at).starts_with(')') => {
                format!("bc: bad token at '{}'", rest(at))
            }
            (Wrong::Syntax(at) | Wrong::Behind(at), false) => {
                format!("bc: bad expression at '{}'", rest(at))
            }
            (Wrong::Strange(_, letter), false) => format!("bc: bad character '{letter}'"),
            (Wrong::Deep, _) => "podhop: bc: not simulated here: what nests this deep".to_owned(),
        }
    }
}
