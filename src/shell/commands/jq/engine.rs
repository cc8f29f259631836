//! Running a program with jaq.

use std::collections::BTreeMap;

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read, write};

use super::words;

/// Values that one run may print.
const MOST: usize = 100_000;

/// How deep an input may nest, as in jq.
const DEEPEST: usize = 256;

/// How long a program may be, and how deep its brackets may nest: the parser is recursive.
const LONGEST: usize = 2_000;
const DEEPEST_PROGRAM: usize = 40;

type Filter = jaq_core::Filter<data::JustLut<Val>>;

/// A program, ready to run.
pub(super) struct Program {
    filter: Filter,
    variables: Vec<Val>,
}

/// How values are printed.
pub(super) struct Output {
    pub raw: bool,
    pub newline: bool,
    pub indent: Option<String>,
    pub sort: bool,
}

/// Where values come from.
pub(super) struct Source<'a> {
    pub text: &'a [u8],
    pub null: bool,
    pub raw: bool,
    pub slurp: bool,
}

/// How a run ended.
#[derive(Default)]
pub(super) struct Ran {
    pub complaints: Vec<String>,
    pub status: i32,
}

impl Program {
    /// Reads a program. `environment` is its `$ENV`, `now` what `now` gives, in seconds.
    ///
    /// # Errors
    /// jq's complaint.
    pub fn new(
        source: &str,
        variables: &[(String, serde_json::Value)],
        environment: &BTreeMap<String, String>,
        now: f64,
    ) -> Result<Program, String> {
        words::refuse(source, LONGEST, DEEPEST_PROGRAM)?;
        // The engine's own `env` and `now` would look at the real world.
        let prelude = "def env: $ENV; def now: $__now__; ";
        let code = format!("{prelude}{source}");
        // These would reach past the simulation: to the real clock, process and standard error.
        let own = |name: &str| {
            matches!(
                name,
                "env"
                    | "now"
                    | "halt"
                    | "halt_error"
                    | "input_filename"
                    | "localtime"
                    | "strflocaltime"
                    | "debug"
                    | "debug_empty"
                    | "stderr"
                    | "stderr_empty"
            )
        };
        let funs = jaq_core::funs::<data::JustLut<Val>>()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs())
            .filter(|(name, ..)| !own(name));
        let arena = Arena::default();
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let defs = defs.filter(|def| !own(def.name));
        let modules = Loader::new(defs)
            .load(&arena, File { code: code.as_str(), path: () })
            .map_err(|errors| words::syntax(source, &code, &errors))?;
        let names: Vec<String> = variables.iter().map(|(name, _)| format!("${name}")).collect();
        let globals = ["$ENV", "$__now__"].into_iter().chain(names.iter().map(String::as_str));
        let filter = Compiler::default()
            .with_funs(funs)
            .with_global_vars(globals)
            .compile(modules)
            .map_err(|errors| words::undefined(source, &errors))?;
        let environment = serde_json::to_value(environment).unwrap_or_default();
        let mut values = vec![value(&environment), Val::from(now)];
        values.extend(variables.iter().map(|(_, json)| value(json)));
        Ok(Program { filter, variables: values })
    }

    /// Runs the program over all inputs. `seen` hears of every value whether it counts as true.
    pub fn run(
        &self,
        source: &Source<'_>,
        how: &Output,
        out: &mut Vec<u8>,
        seen: &mut dyn FnMut(bool),
    ) -> Ran {
        let mut ran = Ran::default();
        let (inputs, trouble) = inputs(source);
        let mut printed = 0;
        for input in inputs {
            let context =
                Ctx::<data::JustLut<Val>>::new(&self.filter.lut, Vars::new(self.variables.clone()));
            for result in self.filter.id.run((context, input)).map(unwrap_valr) {
                match result {
                    Ok(value) => {
                        seen(!matches!(value, Val::Null | Val::Bool(false)));
                        how.print(&value, out);
                    }
                    Err(error) => {
                        ran.complaints.push(words::runtime(&error.to_string()));
                        ran.status = 5;
                        break;
                    }
                }
                printed += 1;
                if printed > MOST || out.len() > 8 << 20 {
                    ran.complaints.push("podhop: jq's output is cut off here".to_owned());
                    ran.status = 5;
                    return ran;
                }
            }
        }
        if let Some(trouble) = trouble {
            ran.complaints.push(trouble);
            ran.status = 2;
        }
        ran
    }
}

fn value(json: &serde_json::Value) -> Val {
    read::parse_single(json.to_string().as_bytes()).unwrap_or_default()
}

/// The input values, and what is wrong after them.
fn inputs(source: &Source<'_>) -> (Vec<Val>, Option<String>) {
    let mut values = Vec::new();
    let mut trouble = None;
    let text = String::from_utf8_lossy(source.text);
    if source.raw {
        match source.slurp {
            true => return (vec![Val::from(text.into_owned())], None),
            false => values.extend(text.lines().map(|line| Val::from(line.to_owned()))),
        }
    } else if words::depth(&text) > DEEPEST {
        trouble = Some(
            "jq: parse error: Exceeds depth limit for parsing at line 1, column 257".to_owned(),
        );
    } else {
        for value in read::parse_many(text.as_bytes()) {
            match value {
                Ok(value) => values.push(value),
                Err(error) => {
                    trouble = Some(words::parse(&text, &error.to_string()));
                    break;
                }
            }
        }
    }
    match (source.null, source.slurp) {
        (true, _) => (vec![Val::Null], None),
        (false, true) => (vec![values.into_iter().collect()], trouble),
        (false, false) => (values, trouble),
    }
}

impl Output {
    fn print(&self, value: &Val, out: &mut Vec<u8>) {
        match value {
            Val::TStr(text) if self.raw => out.extend_from_slice(text),
            _ => {
                let pretty = write::Pp {
                    indent: self.indent.clone(),
                    sort_keys: self.sort,
                    sep_space: self.indent.is_some(),
                    ..write::Pp::default()
                };
                // Writing to memory does not fail.
                let _ = write::write(out, &pretty, 0, value);
            }
        }
        if self.newline {
            out.push(b'\n');
        }
    }
}
