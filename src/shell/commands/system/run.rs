//! Commands that become another one: `env`, `nohup`, `nice`, `stdbuf`.

use std::collections::BTreeMap;

use crate::clock::SimTime;
use crate::cluster::{Flavour, Place};
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::quoting::Quoting;
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{
    Setting, busybox_usage, failed, is_installed, is_real, not_simulated, said,
};
use crate::shell::hashed::in_order;
use crate::shell::machine::Machine;
use crate::shell::signals::{SIGNALS, signal_number};
use crate::shell::{Io, Step, Tool, shells};

/// Why a program cannot be started, as execve(2) answers.
pub(in crate::shell::commands) struct NotStarted {
    pub name: String,
    pub why: &'static str,
}

impl NotStarted {
    /// What a program ends with that was to become this one: 126 where it is there, and else 127.
    pub fn exit(&self) -> i32 {
        if self.why == FORBIDDEN { 126 } else { 127 }
    }
}

const FORBIDDEN: &str = "Permission denied";

/// A shell that runs these words with what `io` has; or why there is no such program.
pub(in crate::shell::commands) fn start(
    io: &Io<'_>,
    words: &[String],
    environment: &BTreeMap<String, String>,
) -> Result<Machine, NotStarted> {
    let name = words.first().map_or("", String::as_str);
    let plain = name.rsplit('/').next().unwrap_or(name);
    let why = match name.contains('/') {
        _ if is_installed(io.cluster, io.place, plain) => None,
        false => Some("No such file or directory"),
        true if io.is_directory(name) => Some(FORBIDDEN),
        true if !io.is_file(name) => Some(io.view().absence(&io.absolute(name))),
        true => (!io.view().is_executable(&io.absolute(name))).then_some(FORBIDDEN),
    };
    match why {
        Some(why) => Err(NotStarted { name: name.to_owned(), why }),
        None => Ok(shells::words(io, words, environment)),
    }
}

/// A command that becomes another one when it starts.
#[derive(Clone)]
struct Become {
    tool: &'static str,
    words: Vec<String>,
    /// Variables that are set (or, `None`, unset).
    changes: Vec<(String, Option<String>)>,
    /// Whether it starts with no variables at all.
    empty: bool,
    /// `env -v`: each step is told.
    tells: bool,
    /// Where it is run (`env -C`).
    folder: Option<String>,
    /// What ends a variable that is printed.
    end: char,
    flavour: Flavour,
    /// What becomes of signals (`env --ignore-signal`), and whether that is told.
    handling: Handling,
    lists: bool,
    inner: Option<Machine>,
}

impl Become {
    /// One that starts these words as they are.
    fn new(tool: &'static str, words: &[String], flavour: Flavour) -> Become {
        Become {
            tool,
            words: words.to_vec(),
            changes: Vec::new(),
            empty: false,
            tells: false,
            folder: None,
            end: '\n',
            flavour,
            handling: Handling::new(),
            lists: false,
            inner: None,
        }
    }

    /// `env -i A=1`: the variables that it was given and no others, in the order of their names' first places.
    fn print_own(&self, io: &mut Io<'_>) {
        let mut kept: Vec<(&str, &str)> = Vec::new();
        for (name, value) in &self.changes {
            let Some(value) = value else { continue };
            match kept.iter_mut().find(|(known, _)| known == name) {
                Some(known) => known.1 = value,
                None => kept.push((name, value)),
            }
        }
        for (name, value) in kept {
            io.stdout.extend(format!("{name}={value}{}", self.end).bytes());
        }
    }

    /// `env A=1`: what it was given comes behind what was there, where it is new.
    fn print(&self, environment: &BTreeMap<String, String>, io: &mut Io<'_>) {
        let is_new = |name: &&String| !io.environment.contains_key(*name);
        let mut new: Vec<&String> = Vec::new();
        for (name, _) in &self.changes {
            if is_new(&name) && !new.contains(&name) {
                new.push(name);
            }
        }
        let kept = in_order(environment, io.place);
        let kept = kept.into_iter().filter(|(name, _)| !is_new(name));
        let added = new.into_iter().filter_map(|name| environment.get_key_value(name));
        let all = kept.chain(added);
        let text: String = all.map(|(name, value)| format!("{name}={value}{}", self.end)).collect();
        io.stdout.extend(text.bytes());
    }

    /// What `env` says before it begins: `-v` (`env.c`, `devmsg`), and `--list-signal-handling`.
    fn tell(&self, io: &mut Io<'_>) {
        for (at, how) in self.handling.iter().filter(|_| self.lists) {
            let name = if SIGNALS[*at] == "IO" { "POLL" } else { SIGNALS[*at] };
            io.write_error(format!("{name:<10} ({:>2}): {how}", at + 1));
        }
        if !self.tells {
            return;
        }
        let quoted = |word: &str| Quoting::Shell { always: true, escapes: true }.of(word);
        if self.empty {
            io.write_error("cleaning environ");
        }
        for (name, value) in &self.changes {
            match value {
                Some(value) => io.write_error(format!("setenv:   {name}={value}")),
                None if self.empty => {}
                None => io.write_error(format!("unset:    {name}")),
            }
        }
        if let Some(folder) = &self.folder {
            io.write_error(format!("chdir:    {}", quoted(folder)));
        }
        if let Some(program) = self.words.first() {
            io.write_error(format!("executing: {program}"));
        }
        for (at, word) in self.words.iter().enumerate() {
            io.write_error(format!("   arg[{at}]= {}", quoted(word)));
        }
    }

    /// What is said of a program that cannot be started.
    fn refusal(&self, name: &str, why: &str) -> String {
        match (self.tool, self.flavour) {
            ("busybox", _) => format!("{name}: applet not found"),
            (tool, Flavour::BusyBox) => format!("{tool}: can't execute '{name}': {why}"),
            (tool @ ("nohup" | "stdbuf"), Flavour::Gnu) => {
                format!("{tool}: failed to run command '{name}': {why}")
            }
            (tool @ ("env" | "nice"), Flavour::Gnu) => {
                let hint = match name.contains(char::is_whitespace) && tool == "env" {
                    true => "\nenv: use -[v]S to pass options in shebang lines",
                    false => "",
                };
                format!("{tool}: '{name}': {why}{hint}")
            }
            (tool, Flavour::Gnu) => format!("{tool}: {name}: {why}"),
        }
    }
}

impl Tool for Become {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            self.tell(io);
            let mut environment = if self.empty { BTreeMap::new() } else { io.environment.clone() };
            for (name, value) in &self.changes {
                match value {
                    Some(value) => environment.insert(name.clone(), value.clone()),
                    None => environment.remove(name),
                };
            }
            if self.end == '\0' && !self.words.is_empty() && self.flavour == Flavour::Gnu {
                io.write_error("env: cannot specify --null (-0) with command\nTry 'env --help' for more information.");
                return Step::Exit(125);
            }
            let folder = self.folder.as_ref().map(|folder| io.absolute(folder));
            if self.words.is_empty() && folder.is_some() {
                io.write_error("env: must specify command with --chdir (-C)\nTry 'env --help' for more information.");
                return Step::Exit(125);
            }
            if self.words.is_empty() && self.empty {
                self.print_own(io);
                return Step::Exit(0);
            }
            if self.words.is_empty() {
                self.print(&environment, io);
                return Step::Exit(0);
            }
            if let Some(folder) = folder.as_ref().filter(|folder| !io.is_directory(folder)) {
                let why = if io.is_file(folder) {
                    "Not a directory"
                } else {
                    "No such file or directory"
                };
                let told = self.folder.as_deref().unwrap_or("");
                io.write_error(format!("env: cannot change directory to '{told}': {why}"));
                return Step::Exit(125);
            }
            let started = {
                let mut inner = io.at(io.place);
                inner.directory = folder.as_deref().unwrap_or(inner.directory);
                start(&inner, &self.words, &environment)
            };
            match started {
                Ok(mut machine) => {
                    let ignored = self.handling.keys().map(|at| SIGNALS[*at].to_owned());
                    machine.ignore(&ignored.collect::<Vec<_>>());
                    self.inner = Some(machine);
                }
                Err(refused) => {
                    let (name, why) = (refused.name.as_str(), refused.why);
                    if *io.place == Place::Laptop && is_real(name) {
                        io.write_error(not_simulated(name));
                        return Step::Exit(127);
                    }
                    io.write_error(self.refusal(name, why));
                    return Step::Exit(refused.exit());
                }
            }
        }
        self.inner.as_mut().map_or(Step::Exit(0), |machine| machine.step(io))
    }

    fn inner(&mut self) -> Option<&mut dyn Tool> {
        self.inner.as_mut().map(|machine| machine as &mut dyn Tool)
    }
}

const ENV: Grammar = Grammar {
    name: "env",
    short: "iu:0C:S:vÀ;È;É;Í",
    long: &[
        ("debug", 'v'),
        ("ignore-environment", 'i'),
        ("unset", 'u'),
        ("null", '0'),
        ("chdir", 'C'),
        ("split-string", 'S'),
        ("default-signal", 'À'),
        ("ignore-signal", 'È'),
        ("block-signal", 'É'),
        ("list-signal-handling", 'Í'),
    ],
    stops: true,
};

pub(in crate::shell::commands) fn env(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| if argument == "-" { "-i".to_owned() } else { argument.clone() })
        .collect();
    let wrong = if setting.flavour == Flavour::Gnu { 125 } else { 1 };
    let options = match ENV.parse(&arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, wrong),
    };
    let mut changes: Vec<(String, Option<String>)> =
        options.all('u').map(|name| (name.to_owned(), None)).collect();
    let bad = |name: &&str| name.is_empty() || name.contains('=');
    if let Some(name) = options.all('u').find(bad).filter(|_| setting.flavour == Flavour::Gnu) {
        return failed(format!("env: cannot unset '{name}': Invalid argument"), 125);
    }
    let handling = match handling(&options) {
        Ok(handling) => handling,
        Err(why) => return failed(format!("env: {why}"), 125),
    };
    let mut words = options.operands.clone();
    // `-S 'A=1 command -x'`: one word that is split, for the first lines of scripts.
    for text in options.all('S').collect::<Vec<_>>().into_iter().rev() {
        match split_string(text, setting.environment) {
            Ok(split) => drop(words.splice(0..0, split)),
            Err(why) => return failed(format!("env: {why}"), 125),
        }
    }
    // What it was split into may begin with options of its own.
    if options.has('S') && words.first().is_some_and(|word| word.starts_with('-')) {
        let mut all: Vec<String> = changes.iter().map(|(name, _)| format!("-u{name}")).collect();
        all.extend(options.has('i').then(|| "-i".to_owned()));
        return env(&[all, words].concat(), setting);
    }
    if options.has('v') && options.has('S') {
        return failed(left_out("env", "-v with -S"), 125);
    }
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')) {
        changes.push((name.to_owned(), Some(value.to_owned())));
        words.remove(0);
    }
    Box::new(Become {
        changes,
        folder: options.value('C').map(str::to_owned),
        end: if options.has('0') { '\0' } else { '\n' },
        empty: options.has('i'),
        tells: options.has('v'),
        handling,
        lists: options.has('Í'),
        ..Become::new("env", &words, setting.flavour)
    })
}

/// Signals by their place among all, each with what becomes of it: what is blocked is never delivered here,
/// and so as good as ignored.
type Handling = BTreeMap<usize, &'static str>;

/// What `--ignore-signal` and its kin ask for, in their order (`parse_signal_action_params` of `env.c`).
///
/// # Errors
/// What is no signal, or one that nobody can handle.
fn handling(options: &Options) -> Result<Handling, String> {
    let mut all = Handling::new();
    let fixed = |at: &usize| matches!(SIGNALS[*at], "KILL" | "STOP");
    for (letter, names) in options.in_order() {
        let how = match letter {
            'À' => "",
            'È' => "IGNORE",
            'É' => "BLOCK",
            _ => continue,
        };
        let mut signals: Vec<usize> = Vec::new();
        for name in names.split(',').filter(|name| !name.is_empty()) {
            let number = signal_number(name).and_then(|number| usize::try_from(number - 1).ok());
            let hint = "Try 'env --help' for more information.";
            signals.push(number.ok_or_else(|| format!("'{name}': invalid signal\n{hint}"))?);
        }
        if let Some(at) = signals.iter().find(|at| fixed(at) && how != "BLOCK") {
            let number = at + 1;
            return Err(format!(
                "failed to set signal action for signal {number}: Invalid argument"
            ));
        }
        if names.is_empty() {
            signals = (0..SIGNALS.len()).collect();
        }
        for at in signals.into_iter().filter(|at| !fixed(at)) {
            match how {
                "" => all.remove(&at),
                how => all.insert(at, how),
            };
        }
    }
    Ok(all)
}

/// `env -S`: a word in the words that it is made of, by quotes and backslashes of its own (`env.c`).
///
/// # Errors
/// What of it is no such text.
fn split_string(text: &str, environment: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut current: Option<String> = None;
    let mut quote = None;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let behind = &rest[letter.len_utf8()..];
        rest = behind;
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                current.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}') => words.extend(current.take()),
            (None, '#') if current.is_none() => break,
            (quote, '\\') if quote != Some('\'') || behind.starts_with(['\\', '\'']) => {
                let Some(next) = behind.chars().next() else {
                    return Err("invalid backslash at end of string in -S".to_owned());
                };
                rest = &behind[next.len_utf8()..];
                let plain = match next {
                    '_' if quote.is_none() => {
                        words.extend(current.take());
                        continue;
                    }
                    'c' if quote.is_some() => {
                        return Err("'\\c' must not appear in double-quoted -S string".to_owned());
                    }
                    'c' => break,
                    '_' => ' ',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'v' => '\u{b}',
                    '"' | '#' | '$' | '\'' | '\\' => next,
                    _ => return Err(format!("invalid sequence '\\{next}' in -S")),
                };
                current.get_or_insert_default().push(plain);
            }
            (quote, '$') if quote != Some('\'') => {
                let name = behind.strip_prefix('{').and_then(|inner| inner.split_once('}'));
                let is_name = |name: &str| {
                    !name.is_empty()
                        && !name.starts_with(|first: char| first.is_ascii_digit())
                        && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
                };
                let Some((name, after)) = name.filter(|(name, _)| is_name(name)) else {
                    let what = "only ${VARNAME} expansion is supported, error at";
                    return Err(format!("{what}: ${behind}"));
                };
                let value = environment.get(name).map_or("", String::as_str);
                current.get_or_insert_default().push_str(value);
                rest = after;
            }
            (_, letter) => current.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err("no terminating quote in -S string".to_owned());
    }
    words.extend(current);
    Ok(words)
}

/// BusyBox' `time`: how long a command took, in lines of its own format (`time.c`).
#[derive(Clone)]
struct Time {
    words: Vec<String>,
    /// `-p`: in seconds alone.
    posix: bool,
    begun: Option<(SimTime, Machine)>,
}

impl Tool for Time {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.begun.is_none() {
            match start(io, &self.words, io.environment) {
                Ok(machine) => self.begun = Some((io.now(), machine)),
                Err(refused) => {
                    let (name, why) = (&refused.name, refused.why);
                    io.write_error(format!("time: can't execute '{name}': {why}"));
                    return Step::Exit(refused.exit());
                }
            }
        }
        let Some((since, machine)) = &mut self.begun else { return Step::Exit(0) };
        let step = machine.step(io);
        if let Step::Exit(status) = step {
            if status != 0 {
                io.write_error(format!("Command exited with non-zero status {status}"));
            }
            let took = io.now().since(*since);
            let (whole, hundredths) = (took.as_secs(), took.subsec_millis() / 10);
            io.write_error(match self.posix {
                true => format!("real {whole}.{hundredths:02}\nuser 0.00\nsys 0.00"),
                false => {
                    let (minutes, seconds) = (whole / 60, whole % 60);
                    let real = format!("{minutes}m {seconds}.{hundredths:02}s");
                    format!("real\t{real}\nuser\t0m 0.00s\nsys\t0m 0.00s")
                }
            });
        }
        step
    }

    fn inner(&mut self) -> Option<&mut dyn Tool> {
        self.begun.as_mut().map(|(_, machine)| machine as &mut dyn Tool)
    }
}

/// `busybox APPLET`: that applet.
pub(in crate::shell::commands) fn busybox(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    match arguments.first() {
        None => said(format!("{}\n", busybox_usage("busybox"))),
        Some(option) if option.starts_with('-') => failed(left_out("busybox", option), 1),
        Some(_) => Box::new(Become::new("busybox", arguments, setting.flavour)),
    }
}

pub(in crate::shell::commands) fn time(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar { stops: true, ..Grammar::short("time", "vpao:f:") };
    let options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let idle = [('v', "-v"), ('a', "-a"), ('o', "-o"), ('f', "-f")];
    match options.not_simulated(&idle) {
        Some(flag) => failed(left_out("time", flag), 1),
        None if options.operands.is_empty() => failed(busybox_usage("time"), 1),
        None => {
            let (words, posix) = (options.operands.clone(), options.has('p'));
            Box::new(Time { words, posix, begun: None })
        }
    }
}

/// What GNU's `nice` and `stdbuf` say of an option's value that is none.
fn misused(tool: &str, option: &str, next: Option<&String>) -> Option<String> {
    let (letter, glued) = option.strip_prefix('-').and_then(|rest| rest.split_at_checked(1))?;
    let value = if glued.is_empty() { next.map_or("", String::as_str) } else { glued };
    match (tool, letter) {
        ("nice", "n") if value.parse::<i64>().is_err() => {
            Some(format!("nice: invalid adjustment '{value}'"))
        }
        ("stdbuf", "i" | "o" | "e") => {
            let size = value.trim_end_matches(|unit: char| "KMGBkb".contains(unit));
            match value {
                "L" if letter == "i" => Some("stdbuf: line buffering stdin is meaningless\nTry 'stdbuf --help' for more information.".to_owned()),
                "L" => None,
                _ if size.parse::<usize>().is_ok() => None,
                _ => Some(format!("stdbuf: invalid mode '{value}'")),
            }
        }
        _ => None,
    }
}

/// The long options of GNU's `nice` and `stdbuf`.
fn long_names(tool: &str) -> &'static [(&'static str, char)] {
    match tool {
        "stdbuf" => &[("input", 'i'), ("output", 'o'), ("error", 'e')],
        "nice" => &[("adjustment", 'n')],
        _ => &[],
    }
}

/// `-5`, `--5`, `-+5`: what GNU's `nice` takes for a number, and not for an option.
fn is_adjustment(word: &str) -> bool {
    let behind = word.strip_prefix('-').map(|rest| rest.strip_prefix(['-', '+']).unwrap_or(rest));
    behind.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// `nohup`, `nice`, `stdbuf`: the command itself, as nothing else differs here.
pub(in crate::shell::commands) fn plain_run(
    tool: &'static str,
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    // GNU's read their options by getopt; what they take is looked at below.
    let letters = match tool {
        "nohup" => Some(""),
        // `nice -5` is of the old form.
        "nice" if !arguments.first().is_some_and(|first| is_adjustment(first)) => Some("n:"),
        "stdbuf" => Some("i:o:e:"),
        _ => None,
    };
    if let Some(short) = letters.filter(|_| setting.flavour == Flavour::Gnu) {
        let long = long_names(tool);
        let grammar = Grammar { name: tool, short, long, stops: true };
        if let Err(misuse) = grammar.parse(arguments, setting.words) {
            return failed(misuse, 125);
        }
    }
    let mut words = arguments;
    while words.first().is_some_and(|word| word.starts_with('-')) {
        let takes_value = matches!(words[0].as_str(), "-n" | "-u" | "-g" | "-o" | "-e" | "-i");
        if setting.flavour == Flavour::Gnu
            && let Some(why) = misused(tool, &words[0], words.get(1))
        {
            return failed(why, 125);
        }
        let number = |value: &String| value.parse::<i64>().is_ok();
        if let Some(wrong) = words.get(1).filter(|value| !number(value))
            && setting.flavour == Flavour::BusyBox
            && (tool, words[0].as_str()) == ("nice", "-n")
        {
            return failed(format!("nice: invalid number '{wrong}'"), 1);
        }
        words = words.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
    }
    if tool == "stdbuf" && words.len() == arguments.len() && !words.is_empty() {
        const WHAT: &str = "you must specify a buffering mode option";
        return failed(format!("stdbuf: {WHAT}\nTry 'stdbuf --help' for more information."), 125);
    }
    if words.is_empty() && tool == "nice" && words.len() == arguments.len() {
        return super::super::said("0\n");
    }
    if words.is_empty() && setting.flavour == Flavour::BusyBox {
        return failed(busybox_usage(tool), if tool == "nohup" { 127 } else { 1 });
    }
    if words.is_empty() {
        let what = match tool {
            "nice" => "a command must be given with an adjustment",
            _ => "missing operand",
        };
        return failed(format!("{tool}: {what}\nTry '{tool} --help' for more information."), 125);
    }
    if tool == "nice" {
        return nicer(arguments, words, setting);
    }
    Box::new(Become::new(tool, words, setting.flavour))
}

/// The adjustment that the options of `nice` in front of its command ask for.
fn adjustment(options: &[String]) -> i64 {
    let number = |word: &str| word.trim_start_matches('+').parse::<i64>().ok();
    let of_option = |(at, word): (usize, &String)| match word.as_str() {
        "-n" | "--adjustment" => number(options.get(at + 1)?),
        word if is_adjustment(word) => number(&word[1..]),
        word => {
            let glued = word.strip_prefix("-n").or_else(|| word.strip_prefix("--adjustment="));
            glued.and_then(number)
        }
    };
    options.iter().enumerate().filter_map(of_option).next_back().unwrap_or(10)
}

/// `nice` with a command. How nice a process is decides nothing here, and only another `nice` tells it.
fn nicer(arguments: &[String], words: &[String], setting: &Setting<'_>) -> Box<dyn Tool> {
    const BOUNDS: (i64, i64) = (-20, 19);
    let own = adjustment(&arguments[..arguments.len() - words.len()]).clamp(BOUNDS.0, BOUNDS.1);
    let why = match setting.flavour {
        // Only root with SYS_NICE may be less nice than before.
        Flavour::BusyBox if own < 0 => {
            return failed(format!("nice: setpriority({own}): Permission denied"), 1);
        }
        Flavour::Gnu if own < 0 => Some("nice: cannot set niceness: Permission denied"),
        _ => None,
    };
    let tool: Box<dyn Tool> = match words {
        [only] if only == "nice" => super::super::said(format!("{}\n", own.max(0))),
        [inner, rest @ ..] if inner == "nice" => {
            let options = rest.iter().take_while(|word| word.starts_with('-')).count();
            let sum = format!("-n{}", (own.max(0) + adjustment(rest)).min(BOUNDS.1));
            let values = rest.iter().take(options).filter(|word| *word == "-n").count();
            let command = &rest[(options + values).min(rest.len())..];
            plain_run("nice", &[&[sum], command].concat(), setting)
        }
        _ => Box::new(Become::new("nice", words, setting.flavour)),
    };
    match why {
        Some(why) => super::super::warned(why, tool),
        None => tool,
    }
}
