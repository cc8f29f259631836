//! What a shell knows: variables, functions, options; all that a subshell gets a copy of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::variables::Variables;
use crate::clock::SimTime;
use crate::cluster::Place;
use crate::network::ProcessId;
use crate::shared_map::SharedMap;
use crate::shell::files::USUAL_UMASK;
use crate::shell::hashed::bucket;
use crate::shell::signals::SIGNALS;
use crate::shell::syntax::{Command, Dialect, exported_function, read_function};

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Variable {
    pub value: String,
    pub exported: bool,
    pub readonly: bool,
    /// The elements of an array; then `value` does not count.
    pub elements: Option<Elements>,
    /// `declare -i`: what is assigned is worked out.
    pub integer: bool,
    /// `declare -u` and `declare -l`: how what is assigned is written.
    pub upper: Option<bool>,
    /// `declare -n`: the variable that this name stands for.
    pub refers: Option<String>,
    /// Whether it was only declared: it has attributes and no value.
    pub bare: bool,
}

impl Variable {
    /// A value in the letters that the variable was declared with.
    pub fn in_case(&self, value: String) -> String {
        match self.upper {
            Some(true) => value.to_uppercase(),
            Some(false) => value.to_lowercase(),
            None => value,
        }
    }
}

/// What an array holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Elements {
    /// By number.
    Indexed(SharedMap<u64, String>),
    /// By name: `declare -A`.
    Named(SharedMap<String, String>),
}

impl Elements {
    /// The keys and values, in order.
    pub fn pairs(&self) -> Vec<(String, String)> {
        match self {
            Elements::Indexed(all) => {
                all.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
            }
            Elements::Named(all) => {
                let mut pairs: Vec<(String, String)> =
                    all.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                pairs.sort_by_key(|(key, _)| bucket(key));
                pairs
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Elements::Indexed(all) => all.len(),
            Elements::Named(all) => all.len(),
        }
    }

    /// The element with this key.
    pub fn get(&self, key: &str) -> Option<&str> {
        match self {
            Elements::Indexed(all) => all.get(&key.parse().ok()?).map(String::as_str),
            Elements::Named(all) => all.get(key).map(String::as_str),
        }
    }

    /// Sets an element.
    pub fn set(&mut self, key: &str, value: String) {
        match self {
            Elements::Indexed(all) => {
                all.insert(key.parse().unwrap_or(0), value);
            }
            Elements::Named(all) => {
                all.insert(key.to_owned(), value);
            }
        }
    }

    /// Takes an element away.
    pub fn remove(&mut self, key: &str) {
        match self {
            Elements::Indexed(all) => {
                all.remove(&key.parse().unwrap_or(u64::MAX));
            }
            Elements::Named(all) => {
                all.remove(key);
            }
        }
    }

    /// The number behind the last one.
    pub fn next(&self) -> u64 {
        match self {
            Elements::Indexed(all) => all.last().map_or(0, |(last, _)| last + 1),
            Elements::Named(_) => 0,
        }
    }
}

impl Variable {
    /// Its value; that of an array is its element 0.
    pub fn text(&self) -> Option<&str> {
        match &self.elements {
            None if self.bare => None,
            None => Some(&self.value),
            Some(elements) => elements.get("0"),
        }
    }
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub body: Arc<Command>,
    /// Its body as it was written.
    pub source: Arc<str>,
    /// `export -f`: whether shells that are started know it.
    pub exported: bool,
    /// The file that defined it.
    pub file: Arc<str>,
}

/// Where Debian's bash looks for programs when nobody says.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a file that is sourced is called among the functions.
pub(super) const SOURCED: &str = "source";

/// What stands before and behind a function's name in the environment (bash's `variables.c`).
const EXPORTED_FUNCTION: (&str, &str) = ("BASH_FUNC_", "%%");

/// `set -e` and its kin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// `-e`: a command that fails ends the shell.
    pub exit_on_error: bool,
    /// `-x`: every command is shown before it runs.
    pub trace: bool,
    /// `-v`: what is read is shown.
    pub verbose: bool,
    /// `-u`: an unset variable is an error.
    pub no_unset: bool,
    /// `-f`: no globs.
    pub no_glob: bool,
    /// `-o pipefail`: a pipeline fails when any of its commands does.
    pub pipe_fail: bool,
    /// `-C`: `>` overwrites no file.
    pub no_clobber: bool,
    /// `-n`: nothing is run.
    pub no_exec: bool,
    /// `-a`: what is assigned is exported.
    pub all_export: bool,
    /// `-E`: functions and subshells have the `ERR` trap too.
    pub error_trace: bool,
    /// bash's `-m`: background commands can be fetched (`fg`).
    pub monitor: bool,
}

/// A shell's state.
#[derive(Clone, Debug)]
pub(super) struct ShellState {
    /// Where it runs.
    pub place: Place,
    /// Whose language it speaks.
    pub dialect: Dialect,
    /// `$0`, the name in its messages.
    pub name: String,
    /// Whether a person types its commands: then messages have no line numbers, and errors in
    /// expansions don't end it.
    pub interactive: bool,
    pub variables: Variables,
    pub functions: Arc<BTreeMap<String, Function>>,
    pub aliases: Arc<BTreeMap<String, String>>,
    /// `$1`, `$2` …
    /// `$@`; subshells share it.
    pub positional: Arc<Vec<String>>,
    /// The working directory: absolute, or below the laptop's working folder (`""`).
    pub directory: String,
    /// `$?`
    pub status: i32,
    pub options: Options,
    /// Options of `shopt` that are not as they were from the beginning.
    pub shopts: BTreeMap<&'static str, bool>,
    /// `${PIPESTATUS[@]}`
    pub pipe_status: Vec<i32>,
    /// `${FUNCNAME[@]}`, the innermost first.
    pub calls: Vec<String>,
    /// The lines from which they were called.
    pub call_lines: Vec<u32>,
    /// The files that they stand in.
    pub call_files: Vec<Arc<str>>,
    /// The command that runs or is about to, as it was written: `$BASH_COMMAND`.
    pub command: Arc<str>,
    /// Where bash has found programs, and how often.
    pub hashed: Arc<BTreeMap<String, (String, u32)>>,
    /// The last word of the command before: `$_`.
    pub last_word: Arc<str>,
    /// What `ulimit` set, by its letter.
    pub limits: BTreeMap<char, String>,
    /// Whether it adds nothing of a shell's own to the environment.
    pub passes_on: bool,
    /// Whether it stays that while a trap runs.
    pub keeps_command: bool,
    /// The directories below the present one, for `pushd` and `popd`.
    pub folders: Vec<String>,
    pub umask: u32,
    /// How many subshells it is in.
    pub depth: u32,
    /// How many substitutions it is in.
    pub substitutions: u32,
    /// Whether a trap is being run that nothing may set off again.
    pub trapped: bool,
    /// The signal that it ended of.
    pub killed: Option<&'static str>,
    /// Signal names (and `EXIT`) to commands; an empty command ignores the signal.
    pub traps: BTreeMap<String, String>,
    /// Signals that it ignores as whoever started it did: no trap changes that.
    pub born_ignoring: Vec<String>,
    /// The traps of the shell that this is a copy of: `trap` shows them until one is set.
    pub inherited: Arc<BTreeMap<String, String>>,
    /// Builtins that `enable -n` has put aside.
    pub disabled: BTreeSet<String>,
    /// `$$`
    pub pid: u32,
    /// `$BASHPID`
    pub own_pid: u32,
    /// `$!`
    pub last_job: Option<u32>,
    /// When it began, once it has.
    pub began: Option<SimTime>,
    /// How often `$RANDOM` was read.
    pub draws: u64,
    /// Whether its text is the argument of `-c`, which bash names in syntax errors.
    pub command_string: bool,
    /// The line of BusyBox' `eval` that runs, in whose name its shell speaks then.
    pub evaluates: Option<u32>,
    /// Whether its text comes from a file: BusyBox names lines only then, from 1 on.
    pub from_file: bool,
    /// Where `getopts` goes on: in which word, and at which of its letters.
    pub option_at: (usize, usize),
    /// The line of the command that runs.
    pub line: u32,
    /// The container's process that this shell is part of: servers it starts listen in its name.
    pub process: Option<ProcessId>,
    /// Whether a failing command is only asked about (`if`, `&&`), so that `-e` does not count.
    pub asked: bool,
}

/// The variables that a shell begins with, and the `$_` that it was given.
fn first_variables(
    dialect: Dialect,
    environment: Vec<(String, String)>,
) -> (Variables, Option<String>) {
    let mut variables: Variables = environment
        .into_iter()
        .map(|(name, value)| (name, Variable { value, exported: true, ..Variable::default() }))
        .collect();
    if dialect == Dialect::Bash && !variables.contains_key("PATH") {
        variables.or_default("PATH").value = USUAL_PATH.to_owned();
    }
    // bash keeps `$_` itself.
    let word = variables.get("_").map(|word| word.value.clone());
    if dialect == Dialect::Bash {
        variables.or_default("OPTERR").value = "1".to_owned();
        variables.remove("_");
        *variables.or_default("BASH_VERSINFO") = bash_version();
    }
    // What the environment says of it does not count.
    *variables.or_default("IFS") = Variable { value: " \t\n".to_owned(), ..Variable::default() };
    // dash does not count.
    if dialect != Dialect::Dash {
        let above = variables.get("SHLVL").and_then(|level| level.value.parse::<u32>().ok());
        let level = variables.or_default("SHLVL");
        level.value = above.unwrap_or(0).saturating_add(1).to_string();
        level.exported = true;
    }
    (variables, word)
}

impl ShellState {
    /// The signals that it ignores, which what it starts ignores as well.
    pub fn ignored_signals(&self) -> Vec<String> {
        let ignored = self
            .traps
            .iter()
            .filter(|(name, command)| command.is_empty() && SIGNALS.contains(&name.as_str()));
        ignored.map(|(name, _)| name.clone()).collect()
    }

    /// The aliases that count: bash expands none in scripts, unless it is told to.
    pub fn used_aliases(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        let counts = self.dialect != Dialect::Bash || self.interactive;
        if counts || self.shopt("expand_aliases") { &self.aliases } else { &NONE }
    }

    /// A new shell at `place` with these exported variables.
    pub fn new(place: Place, dialect: Dialect, environment: Vec<(String, String)>) -> ShellState {
        let (functions, environment) = split_functions(dialect, environment);
        let (variables, word) = first_variables(dialect, environment);
        ShellState {
            place,
            dialect,
            name: match dialect {
                Dialect::Bash => "bash".to_owned(),
                Dialect::Dash | Dialect::Ash => "sh".to_owned(),
            },
            interactive: false,
            variables,
            functions: Arc::new(functions),
            aliases: Arc::default(),
            positional: Arc::default(),
            directory: String::new(),
            status: 0,
            options: Options::default(),
            shopts: BTreeMap::new(),
            pipe_status: Vec::new(),
            calls: Vec::new(),
            call_lines: Vec::new(),
            call_files: Vec::new(),
            command: "".into(),
            hashed: Arc::default(),
            last_word: word.as_deref().unwrap_or("bash").into(),
            limits: BTreeMap::new(),
            passes_on: false,
            keeps_command: false,
            folders: Vec::new(),
            umask: USUAL_UMASK,
            depth: 0,
            trapped: false,
            substitutions: 0,
            killed: None,
            traps: BTreeMap::new(),
            born_ignoring: Vec::new(),
            inherited: Arc::default(),
            disabled: BTreeSet::new(),
            pid: 1,
            own_pid: 1,
            last_job: None,
            began: None,
            draws: 0,
            command_string: false,
            evaluates: None,
            from_file: false,
            option_at: (1, 1),
            line: 1,
            process: None,
            asked: false,
        }
    }

    /// Steps that it takes to copy what a subshell does not share.
    pub fn copied(&self) -> u64 {
        let all = self.calls.len() + self.folders.len() + self.pipe_status.len() / 8;
        (all + self.traps.len() + self.shopts.len()) as u64
    }

    /// Whether its text comes from a file or from its input, and nobody types.
    pub fn is_script(&self) -> bool {
        !self.command_string && !self.interactive
    }

    /// `${FUNCNAME[@]}`: a script is `main` to its functions.
    pub fn call_names(&self) -> Vec<String> {
        let mut names = self.calls.clone();
        names.extend(self.is_script().then(|| "main".to_owned()));
        names
    }

    /// `${BASH_SOURCE[@]}`: the files of the functions that it is in, and of the script.
    pub fn sources(&self) -> Vec<String> {
        let mut all: Vec<String> = self.call_files.iter().map(|file| file.to_string()).collect();
        all.extend(self.is_script().then(|| self.name.clone()));
        all
    }

    /// The file that the present command stands in.
    pub fn file(&self) -> Arc<str> {
        match self.call_files.first() {
            Some(file) => file.clone(),
            None if self.command_string => "environment".into(),
            None if self.interactive => "main".into(),
            None => self.name.as_str().into(),
        }
    }

    /// Goes into a function, or into a file that is sourced.
    pub fn enter_call(&mut self, name: &str, file: Arc<str>) {
        self.calls.insert(0, name.to_owned());
        self.call_lines.insert(0, self.line);
        self.call_files.insert(0, file);
    }

    /// Comes back from there.
    pub fn leave_call(&mut self) {
        if !self.calls.is_empty() {
            self.calls.remove(0);
            self.line = self.call_lines.remove(0);
            self.call_files.remove(0);
        }
    }

    /// Whether a function runs.
    pub fn in_function(&self) -> bool {
        self.calls.iter().any(|name| name != SOURCED)
    }

    /// A variable's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (name, key) = name.split_once('[').unwrap_or((name, ""));
        let variable = self.variables.get(target(&self.variables, name))?;
        match (key.strip_suffix(']'), &variable.elements) {
            (Some("@" | "*"), Some(elements)) => (!elements.pairs().is_empty()).then_some("set"),
            (Some(key), Some(elements)) => elements.get(key),
            _ => variable.text(),
        }
    }

    /// What `[ -v NAME ]`, `[ -R NAME ]` and `[ -o OPTION ]` ask: whether the variable is set, is a
    /// reference, or the option is on.
    pub fn tells(&self, operator: &str, name: &str) -> bool {
        match operator {
            "-o" => self.options.is_on(name),
            "-R" => target(&self.variables, name) != name,
            _ => self.get(name).is_some(),
        }
    }

    /// Sets a variable; it stays exported if it was.
    ///
    /// # Errors
    /// `NAME: readonly variable`
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> Result<(), String> {
        if self.dialect == Dialect::Bash && is_bash_own(name) {
            return Err(format!("{name}: readonly variable"));
        }
        assign(&mut self.variables, name, value.into())
    }

    /// What a command that is started gets as its environment.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let exported = self
            .variables
            .iter()
            .filter(|(_, known)| known.exported && known.elements.is_none() && !known.bare);
        let (before, behind) = EXPORTED_FUNCTION;
        let functions = self.functions.iter().filter(|(_, function)| function.exported);
        let functions = functions.filter_map(|(name, function)| {
            Some((format!("{before}{name}{behind}"), exported_function(&function.source)?))
        });
        exported
            .map(|(name, variable)| (name.to_owned(), variable.value.clone()))
            .chain(functions)
            .collect()
    }

    /// What stands before a message of the shell's own.
    pub fn prefix(&self) -> String {
        match self.dialect {
            Dialect::Bash if self.interactive => format!("{}: ", self.name),
            Dialect::Bash => {
                let file = self.call_files.first().map_or(self.name.as_str(), |file| file);
                format!("{file}: line {}: ", self.line)
            }
            Dialect::Dash => format!("{}: {}: ", self.name, self.line),
            Dialect::Ash if let Some(line) = self.evaluates => {
                format!("{}: eval: line {line}: ", self.name)
            }
            Dialect::Ash if self.calls.first().is_some_and(|call| call == SOURCED) => {
                let file = self.call_files.first().map_or("", |file| file);
                format!("{}: {file}: line {}: ", self.name, self.line)
            }
            Dialect::Ash if self.from_file => format!("{}: line {}: ", self.name, self.line),
            Dialect::Ash => format!("{}: ", self.name),
        }
    }

    /// What stands before a message of a builtin's.
    pub fn builtin(&self, name: &str) -> String {
        match self.dialect {
            Dialect::Ash if !self.interactive => {
                format!("{}: {name}: line {}: ", self.name, self.ash_line())
            }
            _ => format!("{}{name}: ", self.prefix()),
        }
    }

    /// The present line to BusyBox, which counts the lines of what is no file from 0.
    pub fn ash_line(&self) -> u32 {
        let in_text = self.command_string && !self.calls.iter().any(|call| call == SOURCED);
        self.line.saturating_sub(u32::from(in_text))
    }

    /// Whether an option of `shopt` is on.
    pub fn shopt(&self, name: &str) -> bool {
        let usual = || super::Machine::usual_shopt(name);
        self.shopts.get(name).copied().unwrap_or_else(usual)
    }

    /// What is said of a variable that may not change.
    pub fn read_only(&self, name: &str) -> String {
        match self.dialect {
            Dialect::Bash => format!("{name}: readonly variable"),
            _ => format!("{name}: is read only"),
        }
    }

    /// The exit code of a redirection that fails.
    pub fn failed_redirection(&self) -> i32 {
        if self.dialect == Dialect::Dash { 2 } else { 1 }
    }

    /// The message for a command that does not exist.
    pub fn not_found(&self, name: &str) -> String {
        match self.dialect {
            Dialect::Bash if name.contains('/') => {
                format!("{}{name}: No such file or directory", self.prefix())
            }
            Dialect::Bash => format!("{}{name}: command not found", self.prefix()),
            // What has no name is the folder that programs lie in, to BusyBox.
            Dialect::Ash if name.is_empty() => format!("{}: Permission denied", self.prefix()),
            Dialect::Dash | Dialect::Ash => format!("{}{name}: not found", self.prefix()),
        }
    }

    /// The message for a file that can't be opened.
    pub fn cannot_open(&self, path: &str, why: &str, create: bool) -> String {
        let almquist = match why {
            "No such file or directory" | "Not a directory" if create => "nonexistent directory",
            "No such file or directory" => "no such file",
            other => other,
        };
        let prefix = self.prefix();
        match self.dialect {
            Dialect::Bash => format!("{prefix}{path}: {why}"),
            Dialect::Ash if create => format!("{prefix}can't create {path}: {almquist}"),
            Dialect::Ash => format!("{prefix}can't open {path}: {almquist}"),
            Dialect::Dash if create && why == "No such file or directory" => {
                format!("{prefix}cannot create {path}: Directory nonexistent")
            }
            Dialect::Dash if create => format!("{prefix}cannot create {path}: {why}"),
            Dialect::Dash => format!("{prefix}cannot open {path}: {}", dash_reason(why)),
        }
    }
}

/// Functions that the environment brings to bash, and the variables beside them.
fn split_functions(
    dialect: Dialect,
    environment: Vec<(String, String)>,
) -> (BTreeMap<String, Function>, Vec<(String, String)>) {
    let mut functions = BTreeMap::new();
    let mut variables = Vec::new();
    for (name, value) in environment {
        let (before, behind) = EXPORTED_FUNCTION;
        let function = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
        let function = function.filter(|_| dialect == Dialect::Bash);
        match function.zip(value.strip_prefix("() ").and_then(read_function)) {
            Some((name, (body, source))) => {
                functions.insert(
                    name.to_owned(),
                    Function { body, source, exported: true, file: "environment".into() },
                );
            }
            None => variables.push((name, value)),
        }
    }
    (functions, variables)
}

fn dash_reason(why: &str) -> &str {
    match why {
        "No such file or directory" => "No such file",
        other => other,
    }
}

/// The variable that a name stands for: itself, or what `declare -n` says, over a few steps.
pub(super) fn target<'n>(variables: &'n Variables, name: &'n str) -> &'n str {
    let mut name = name;
    for _ in 0..8 {
        match variables.get(name).and_then(|variable| variable.refers.as_deref()) {
            Some(next) => name = next,
            None => break,
        }
    }
    name
}

/// Sets a variable among `variables`.
pub(super) fn assign(variables: &mut Variables, name: &str, value: String) -> Result<(), String> {
    let name = target(variables, name).to_owned();
    if let Some((array, key)) = name.split_once('[') {
        let variable = variables.or_default(array);
        let elements = || Elements::Indexed(SharedMap::default());
        let key = key.trim_end_matches(']');
        variable.bare = false;
        variable.elements.get_or_insert_with(elements).set(key, value);
        return Ok(());
    }
    let variable = variables.or_default(&name);
    if variable.readonly {
        return Err(format!("{name}: readonly variable"));
    }
    let value = variable.in_case(value);
    variable.bare = false;
    match &mut variable.elements {
        Some(elements) => elements.set("0", value),
        None => variable.value = value,
    }
    Ok(())
}

/// Whether bash itself keeps what this variable holds, so that nobody may set it.
pub(super) fn is_bash_own(name: &str) -> bool {
    matches!(name, "UID" | "EUID" | "PPID" | "BASHOPTS" | "SHELLOPTS")
}

/// `$BASH_VERSINFO`, of bash 5.2.15.
fn bash_version() -> Variable {
    let parts = ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"];
    let mut all = SharedMap::default();
    for (at, part) in (0..).zip(parts) {
        all.insert(at, part.to_owned());
    }
    Variable { elements: Some(Elements::Indexed(all)), readonly: true, ..Variable::default() }
}
