//! `jq` 1.6, as Debian 12 has it: its language, its options, its words and exit codes.
//!
//! A program is read ([`lex`], [`parse`]) into a [`tree`] and run ([`run`]) on one input after the
//! other ([`inputs`]). Steps, nesting and sizes are counted, so that every run ends.

mod arguments;
mod builtins;
mod inputs;
mod json;
mod lex;
mod names;
mod operators;
mod parse;
mod paths;
mod print;
mod regex;
mod run;
mod stop;
mod time;
mod tree;
mod value;

use std::rc::Rc;

use self::arguments::{Options, Refusal};
use self::inputs::{Feed, Text};
use self::run::{Env, Inputs, Run};
use self::stop::Stop;
use self::tree::{Exp, Function, Node};
use self::value::Value;
use super::plain;
use crate::shell::{Io, Tool};

/// Steps of jq for one of the shell's.
const STEPS: u64 = 4;

/// Bytes that one run may print.
const MOST_OUTPUT: usize = 8 << 20;

pub(super) fn jq(arguments: &[String]) -> Box<dyn Tool> {
    plain(run, arguments)
}

fn run(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let mut options = match arguments::read(arguments, io) {
        Ok(options) => options,
        Err(Refusal { message, status: 0 }) => {
            io.say(message);
            return Some(0);
        }
        Err(Refusal { message, status }) => {
            io.write_error(message);
            return Some(status);
        }
    };
    // Without `input`, a program that has no input leaves alone what is still to come.
    let asks = !options.null_input || options.program.contains("input");
    let reads = options.files.is_empty() && (asks || io.stdin.ended());
    if options.files.iter().any(|file| file == "-") && !io.stdin.ended() {
        return None;
    }
    let mut texts = Vec::new();
    if reads {
        let bytes = io.read_all()?;
        texts.push(Text::new(None, &bytes));
    }
    let mut status = 0;
    let mut unread = Vec::new();
    for file in &options.files {
        if file == "-" {
            texts.push(Text::new(None, &io.read_all().unwrap_or_default()));
            continue;
        }
        match io.read_file(file) {
            Ok(bytes) => texts.push(Text::new(Some(file), &bytes)),
            Err(why) => {
                unread.push(format!("jq: error: Could not open file {file}: {why}"));
                status = 2;
            }
        }
    }
    let names = options.names();
    let tree = match parse::parse(&std::mem::take(&mut options.program), &names, options.libraries)
    {
        Ok(tree) => tree,
        Err(message) => {
            io.write_error(message);
            return Some(3);
        }
    };
    let failed = session(io, &options, &tree, texts);
    for message in unread {
        io.write_error(message);
    }
    Some(if failed != 0 { failed } else { status })
}

/// The functions in jq's own language.
fn library() -> Vec<Rc<Function>> {
    let mut functions = Vec::new();
    let names = ["ENV".to_owned(), "__loc__".to_owned()];
    let Ok(mut tree) = parse::parse(names::DEFINED, &names, false) else { return functions };
    while let Node::Define(function, rest) = &*tree.clone() {
        functions.push(function.clone());
        tree = rest.clone();
    }
    functions
}

/// What is said of a program that stopped at a place of its input, the exit code, and whether the inputs
/// to come are left alone.
fn stopped(stop: Stop, position: &str) -> (Option<String>, i32, bool) {
    let text = match stop {
        Stop::Refused(what) => {
            return (Some(format!("podhop: jq: {what} are not simulated here")), 5, true);
        }
        Stop::Halt(code) => return (None, code, true),
        Stop::Break(_) => "break".to_owned(),
        Stop::Error(Value::String(text)) => text.to_string(),
        Stop::Error(other) => {
            let text = match other.size() > MOST_OUTPUT as u64 {
                true => print::beginning(&other),
                false => print::compact(&other),
            };
            return (Some(format!("jq: error (at {position}) (not a string): {text}")), 5, false);
        }
    };
    (Some(format!("jq: error (at {position}): {text}")), 5, false)
}

/// Writes what a program has said on standard error, if it has said anything.
fn tell(errors: Vec<u8>, io: &mut Io<'_>) {
    if !errors.is_empty() {
        io.put_error(&errors);
    }
}

/// The variables that a program finds: `$ENV`, and those of the command line.
fn globals(options: &Options, io: &Io<'_>) -> Env {
    let environment = io.environment.iter();
    let environment =
        environment.map(|(name, value)| (Rc::from(name.as_str()), Value::text(value)));
    let globals = Env::default().bind("ENV", Value::object(environment));
    options
        .variables()
        .into_iter()
        .fold(globals, |globals, (name, value)| globals.bind(&name, value))
}

/// Runs the program on every input, and gives the exit code.
fn session(io: &mut Io<'_>, options: &Options, tree: &Exp, texts: Vec<Text>) -> i32 {
    let globals = globals(options, io);
    let now = io.now().timestamp().as_microsecond() as f64 / 1e6;
    let library = Run::library(library());
    let mut feed = Feed::new(texts, options);
    let mut last = None;
    let mut status = 0;
    let mut first = true;
    loop {
        let input = match options.null_input {
            true if first => Some(Ok(Value::Null)),
            true => None,
            false => feed.next(),
        };
        first = false;
        let value = match input {
            None => break,
            Some(Ok(value)) => value,
            Some(Err(Stop::Error(Value::String(text)))) => {
                io.write_error(text);
                return 4;
            }
            Some(Err(_)) => break,
        };
        let mut run = Run::new(&mut feed, now, library.clone(), globals.clone());
        let flow = {
            let out = &mut *io;
            run.program(tree, value, &mut |run, item| {
                tell(std::mem::take(&mut run.errors), out);
                run.spend(builtins::written(&item.value))?;
                last = Some(item.value.is_true());
                options.print(&item.value, out.stdout);
                match out.stdout.len() > MOST_OUTPUT {
                    true => Err(Stop::Refused("output of this size")),
                    false => Ok(()),
                }
            })
        };
        let errors = std::mem::take(&mut run.errors);
        let steps = run.steps() / STEPS;
        tell(errors, io);
        if !io.budget.take(steps) {
            return 5;
        }
        let (message, code, ends) = match flow {
            Ok(()) | Err(Stop::Error(Value::Null)) => continue,
            Err(stop) => stopped(stop, &feed.position()),
        };
        if let Some(message) = message {
            io.write_error(message);
        }
        status = code;
        if ends {
            return status;
        }
    }
    if let Some(message) = feed.remark() {
        io.write_error(message);
    }
    match (status, options.exit_status, last) {
        (0, true, Some(false)) => 1,
        (0, true, None) if options.null_input || feed.any() => 4,
        (status, ..) => status,
    }
}
