//! `jq`: jaq's engine with jq's options, words and exit codes.
//!
//! The engine can't be stopped in the middle, so programs that may run for ever (`repeat`, `def`)
//! are refused before they start, and programs and inputs may not nest deeper than anybody writes.

mod engine;
mod words;

use super::plain;
use crate::shell::{Io, Tool};

/// The options of `jq`.
#[derive(Debug, Default, PartialEq)]
struct Options {
    raw: bool,
    join: bool,
    compact: bool,
    slurp: bool,
    sort: bool,
    null_input: bool,
    raw_input: bool,
    exit_status: bool,
    indent: Option<String>,
    /// `--arg NAME VALUE` as JSON texts.
    variables: Vec<(String, serde_json::Value)>,
    filter: Option<String>,
    files: Vec<String>,
}

/// What stops `jq` before it has printed anything.
struct Refusal {
    message: String,
    status: i32,
}

fn refuse<T>(message: impl Into<String>, status: i32) -> Result<T, Refusal> {
    Err(Refusal { message: message.into(), status })
}

const USAGE: &str = "Usage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] -n FILTER\n\n\
    -r  print strings without quotes     -c  one line a value\n\
    -s  all inputs as one array          -n  no input\n\
    -e  exit code by the last output     -S  sort keys\n\
    -j  raw, without newlines            -R  lines of text as input\n\
    --arg NAME VALUE  --argjson NAME JSON  --tab  --indent N";

fn options(arguments: &[String]) -> Result<Options, Refusal> {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    let mut plain = false;
    while let Some(argument) = rest.next() {
        let mut two = |name: &str| match (rest.next(), rest.next()) {
            (Some(first), Some(second)) => Ok((first.clone(), second.clone())),
            _ => refuse(
                format!(
                    "jq: --{name} takes two parameters (e.g. --{name} varname value)\nUse jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://jqlang.github.io/jq"
                ),
                2,
            ),
        };
        match argument.as_str() {
            _ if plain || !argument.starts_with('-') || argument == "-" => {
                options.operand(argument)
            }
            "--" => plain = true,
            "--arg" => {
                let (name, value) = two("arg")?;
                options.variables.push((name, value.into()));
            }
            "--argjson" => {
                let (name, text) = two("argjson")?;
                match serde_json::from_str(&text) {
                    Ok(value) => options.variables.push((name, value)),
                    Err(_) => {
                        return refuse(
                            format!("jq: Invalid JSON text passed to --argjson\n{USAGE}"),
                            2,
                        );
                    }
                }
            }
            "--indent" => {
                let width = rest.next().and_then(|width| width.parse::<usize>().ok());
                match width.filter(|width| *width < 8) {
                    Some(0) => options.compact = true,
                    Some(width) => options.indent = Some(" ".repeat(width)),
                    None => return refuse("jq: Cannot indent more than 7 characters", 2),
                }
            }
            "--tab" => options.indent = Some("\t".to_owned()),
            "--raw-output" => options.raw = true,
            "--join-output" => (options.raw, options.join) = (true, true),
            "--compact-output" => options.compact = true,
            "--slurp" => options.slurp = true,
            "--sort-keys" => options.sort = true,
            "--null-input" => options.null_input = true,
            "--raw-input" => options.raw_input = true,
            "--exit-status" => options.exit_status = true,
            "--color-output" | "--monochrome-output" | "--ascii-output" | "--unbuffered" => {}
            "--help" | "-h" => return refuse(USAGE, 0),
            "--version" => return refuse("jq-1.7.1", 0),
            long if long.starts_with("--") => {
                return refuse(format!("jq: Unknown arguments\n{}", words::HELP), 2);
            }
            letters => {
                for letter in letters.chars().skip(1) {
                    options.letter(letter)?;
                }
            }
        }
    }
    Ok(options)
}

impl Options {
    fn operand(&mut self, argument: &str) {
        match self.filter {
            None => self.filter = Some(argument.to_owned()),
            Some(_) => self.files.push(argument.to_owned()),
        }
    }

    fn letter(&mut self, letter: char) -> Result<(), Refusal> {
        match letter {
            'r' => self.raw = true,
            'j' => (self.raw, self.join) = (true, true),
            'c' => self.compact = true,
            's' => self.slurp = true,
            'S' => self.sort = true,
            'n' => self.null_input = true,
            'R' => self.raw_input = true,
            'e' => self.exit_status = true,
            'C' | 'M' | 'a' => {}
            _ => return refuse(format!("jq: Unknown arguments\n{}", words::HELP), 2),
        }
        Ok(())
    }
}

pub(super) fn jq(arguments: &[String]) -> Box<dyn Tool> {
    plain(run, arguments)
}

fn run(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let options = match options(arguments) {
        Ok(options) => options,
        Err(Refusal { message, status: 0 }) => {
            io.say(message);
            return Some(0);
        }
        Err(Refusal { message, status }) => {
            io.complain(message);
            return Some(status);
        }
    };
    let Some(filter) = options.filter.clone() else {
        io.complain(USAGE);
        return Some(2);
    };
    let environment = io.environment.clone();
    let now = io.now().timestamp().as_microsecond() as f64 / 1e6;
    let program = match engine::Program::new(&filter, &options.variables, &environment, now) {
        Ok(program) => program,
        Err(message) => {
            io.complain(message);
            return Some(3);
        }
    };
    let mut text = Vec::new();
    let mut status = 0;
    if !options.null_input && options.files.is_empty() {
        text = io.read_all()?;
    }
    for file in &options.files {
        match io.read_file(file) {
            Ok(bytes) => text.extend(bytes),
            Err(why) => {
                io.complain(format!("jq: error: Could not open {file}: {why}"));
                status = 2;
            }
        }
    }
    let how = engine::Output {
        raw: options.raw,
        newline: !options.join,
        indent: match options.compact {
            true => None,
            false => Some(options.indent.clone().unwrap_or_else(|| "  ".to_owned())),
        },
        sort: options.sort,
    };
    let source = engine::Source {
        text: &text,
        null: options.null_input,
        raw: options.raw_input,
        slurp: options.slurp,
    };
    let mut last = None;
    let ran = program.run(&source, &how, io.stdout, &mut |what| last = Some(what));
    for message in ran.complaints {
        io.complain(message);
    }
    let status = if ran.status != 0 { ran.status } else { status };
    Some(match (status, options.exit_status, last) {
        (0, true, None) => 4,
        (0, true, Some(false)) => 1,
        (status, ..) => status,
    })
}
