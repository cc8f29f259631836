//! jq's command line.

use std::rc::Rc;

use super::json;
use super::print::{self, Style};
use super::value::Value;
use crate::shell::Io;

/// The options of `jq`.
#[derive(Debug, Default)]
pub(super) struct Options {
    raw: bool,
    join: bool,
    compact: bool,
    style: Style,
    pub slurp: bool,
    /// `-L`
    pub libraries: bool,
    pub null_input: bool,
    pub raw_input: bool,
    pub exit_status: bool,
    pub stream: bool,
    pub sequence: bool,
    named: Vec<(String, Value)>,
    positional: Vec<Value>,
    pub program: String,
    pub files: Vec<String>,
}

/// What stops `jq` before it has printed anything.
pub(super) struct Refusal {
    pub message: String,
    pub status: i32,
}

const HELP: &str = "Use jq --help for help with command-line options,\nor see the jq manpage, or online docs  at https://stedolan.github.io/jq";

const USAGE: &str = "Usage:\tjq [OPTIONS] FILTER [FILES...]\n\tjq [OPTIONS] -n FILTER\n\n\
    -r  print strings without quotes     -c  one line a value\n\
    -s  all inputs as one array          -n  no input\n\
    -e  exit code by the last output     -S  sort keys\n\
    -j  raw, without newlines            -R  lines of text as input\n\
    -C  with colours                     -f  program from a file\n\
    --arg NAME VALUE  --argjson NAME JSON  --slurpfile NAME FILE\n\
    --rawfile NAME FILE  --args  --jsonargs  --tab  --indent N  --stream  --seq";

fn refuse<T>(message: impl Into<String>, status: i32) -> Result<T, Refusal> {
    Err(Refusal { message: message.into(), status })
}

fn wrong<T>(message: &str) -> Result<T, Refusal> {
    refuse(format!("jq: {message}\n{HELP}"), 2)
}

/// What operands are.
#[derive(Clone, Copy, Default, PartialEq)]
enum Operands {
    #[default]
    Files,
    Texts,
    Json,
}

#[derive(Default)]
struct Reader {
    options: Options,
    program: Option<String>,
    from_file: bool,
    operands: Operands,
    over: bool,
}

/// Reads a command line.
///
/// # Errors
/// jq's complaint and exit code; 0 for what was asked for.
pub(super) fn read(arguments: &[String], io: &Io<'_>) -> Result<Options, Refusal> {
    let mut reader = Reader::default();
    reader.options.style.indent = Some("  ".to_owned());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let letter = argument.as_bytes().get(1).copied().unwrap_or(b' ');
        if reader.over
            || !argument.starts_with('-')
            || !(letter == b'-' || letter.is_ascii_alphabetic())
        {
            reader.operand(argument)?;
        } else if argument == "--" {
            reader.over = true;
        } else if let Some(long) = argument.strip_prefix("--") {
            reader.long(long, &mut rest, io)?;
        } else {
            for letter in argument.chars().skip(1) {
                reader.letter(letter, argument, &mut rest)?;
            }
        }
    }
    reader.finish(io)
}

type Rest<'r> = std::slice::Iter<'r, String>;

impl Reader {
    fn operand(&mut self, argument: &str) -> Result<(), Refusal> {
        match (&self.program, self.operands) {
            (None, _) => self.program = Some(argument.to_owned()),
            (Some(_), Operands::Files) => self.options.files.push(argument.to_owned()),
            (Some(_), Operands::Texts) => self.options.positional.push(Value::text(argument)),
            (Some(_), Operands::Json) => match json::single(argument) {
                Ok(value) => self.options.positional.push(value),
                Err(_) => return wrong("invalid JSON text passed to --jsonargs"),
            },
        }
        Ok(())
    }

    fn letter(&mut self, letter: char, argument: &str, rest: &mut Rest<'_>) -> Result<(), Refusal> {
        let options = &mut self.options;
        match letter {
            'r' => options.raw = true,
            'j' => (options.raw, options.join) = (true, true),
            'c' => options.compact = true,
            's' => options.slurp = true,
            'S' => options.style.sort = true,
            'n' => options.null_input = true,
            'R' => options.raw_input = true,
            'e' => options.exit_status = true,
            'C' => options.style.color = true,
            'M' => options.style.color = false,
            'a' => options.style.ascii = true,
            'f' => self.from_file = true,
            'L' => options.libraries = rest.next().is_some(),
            'h' => return refuse(USAGE, 0),
            'V' => return refuse("jq-1.6", 0),
            _ => return wrong(&format!("Unknown option {argument}")),
        }
        Ok(())
    }

    fn long(&mut self, name: &str, rest: &mut Rest<'_>, io: &Io<'_>) -> Result<(), Refusal> {
        let options = &mut self.options;
        match name {
            "raw-output" => options.raw = true,
            "join-output" => (options.raw, options.join) = (true, true),
            "compact-output" => options.compact = true,
            "slurp" => options.slurp = true,
            "sort-keys" => options.style.sort = true,
            "null-input" => options.null_input = true,
            "raw-input" => options.raw_input = true,
            "exit-status" => options.exit_status = true,
            "color-output" => options.style.color = true,
            "monochrome-output" => options.style.color = false,
            "ascii-output" => options.style.ascii = true,
            "tab" => options.style.indent = Some("\t".to_owned()),
            "stream" => options.stream = true,
            "seq" => options.sequence = true,
            "args" => self.operands = Operands::Texts,
            "jsonargs" => self.operands = Operands::Json,
            "from-file" => self.from_file = true,
            // Output is never kept back, and there is no machine code to show.
            "unbuffered" => {}
            "debug-dump-disasm" | "debug-trace" => {
                return refuse(format!("podhop: jq: not simulated here: --{name}"), 2);
            }
            "indent" => return self.indent(rest),
            "arg" | "argjson" | "slurpfile" | "rawfile" | "argfile" => {
                let (Some(variable), Some(value)) = (rest.next(), rest.next()) else {
                    let what = if name.ends_with("file") {
                        "filename"
                    } else if name == "arg" {
                        "value"
                    } else {
                        "text"
                    };
                    return wrong(&format!(
                        "--{name} takes two parameters (e.g. --{name} varname {what})"
                    ));
                };
                let value = named(name, variable, value, io)?;
                if !options.named.iter().any(|(known, _)| known == variable) {
                    options.named.push((variable.clone(), value));
                }
            }
            "help" => return refuse(USAGE, 0),
            "version" => return refuse("jq-1.6", 0),
            _ => return wrong(&format!("Unknown option --{name}")),
        }
        Ok(())
    }

    fn indent(&mut self, rest: &mut Rest<'_>) -> Result<(), Refusal> {
        let Some(width) = rest.next() else { return wrong("--indent takes one parameter") };
        let width = width.trim().parse::<i64>().unwrap_or(0);
        match width {
            ..-1 | 8.. => return wrong("--indent takes a number between -1 and 7"),
            -1 => self.options.style.indent = Some("\t".to_owned()),
            0 => self.options.compact = true,
            _ => self.options.style.indent = Some(" ".repeat(usize::try_from(width).unwrap_or(0))),
        }
        Ok(())
    }

    fn finish(mut self, io: &Io<'_>) -> Result<Options, Refusal> {
        if self.options.compact {
            self.options.style.indent = None;
        }
        let program = match self.program {
            Some(program) => program,
            None if io.terminal && io.stdin.terminal => return refuse(USAGE, 2),
            None => ".".to_owned(),
        };
        self.options.program = match self.from_file {
            false => program,
            true => match io.read_file(&program) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(why) => {
                    return refuse(format!("jq: Could not open {program}: {why}"), 2);
                }
            },
        };
        Ok(self.options)
    }
}

/// The value of `--arg` and its kin.
fn named(option: &str, name: &str, value: &str, io: &Io<'_>) -> Result<Value, Refusal> {
    if option == "arg" {
        return Ok(Value::text(value));
    }
    if option == "argjson" {
        return json::single(value).or_else(|_| wrong("invalid JSON text passed to --argjson"));
    }
    let bad = |why: &str| refuse(format!("jq: Bad JSON in --{option} {name} {value}: {why}"), 2);
    let bytes = match io.read_file(value) {
        Ok(bytes) => bytes,
        Err(why) => return bad(&format!("Could not open {value}: {why}")),
    };
    let text = String::from_utf8_lossy(&bytes);
    if option == "rawfile" {
        return Ok(Value::text(text));
    }
    let mut reader = json::Reader::default();
    let mut items = Vec::new();
    let mut place = json::Place::default();
    let at = |what: &str, json::Place { line, column }: json::Place| {
        bad(&format!("{what} at line {line}, column {column}"))
    };
    for letter in text.chars() {
        place.pass(letter);
        match reader.take(letter) {
            Ok(value) => items.extend(value),
            Err(what) => return at(what, place),
        }
    }
    match reader.end() {
        Ok(value) => items.extend(value),
        Err(what) => return at(&format!("{what} at EOF"), place),
    }
    Ok(match (option, items.len()) {
        ("argfile", 1) => items.remove(0),
        _ => Value::array(items),
    })
}

impl Options {
    /// The variables that the program can use, with their values.
    pub fn variables(&self) -> Vec<(String, Value)> {
        let keyed = self.named.iter().map(|(name, value)| (Rc::from(name.as_str()), value.clone()));
        let all = Value::object([
            (Rc::from("positional"), Value::array(self.positional.clone())),
            (Rc::from("named"), Value::object(keyed)),
        ]);
        let mut variables = vec![("ARGS".to_owned(), all)];
        variables.extend(self.named.iter().cloned());
        variables
    }

    /// The names of all variables that are there without the program's doing.
    pub fn names(&self) -> Vec<String> {
        let own = ["ENV".to_owned(), "ARGS".to_owned()].into_iter();
        own.chain(self.named.iter().map(|(name, _)| name.clone())).collect()
    }

    /// Prints a value.
    pub fn print(&self, value: &Value, out: &mut Vec<u8>) {
        if self.sequence {
            out.push(0x1e);
        }
        match value {
            Value::String(text) if self.raw && !self.style.ascii => {
                out.extend_from_slice(text.as_bytes())
            }
            value => {
                let text = print::print(value, &self.style);
                let text = match value {
                    Value::String(_) if self.raw => text.trim_matches('"').to_owned(),
                    _ => text,
                };
                out.extend_from_slice(text.as_bytes());
            }
        }
        if !self.join {
            out.push(b'\n');
        }
    }
}
