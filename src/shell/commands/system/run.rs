//! Commands that run another one: `env`, `xargs`, `timeout`, `watch`, `nohup`, `time`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::sleep::duration;
use crate::clock::SimTime;
use crate::cluster::Flavour;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{Setting, failed, host_name, is_installed};
use crate::shell::machine::Machine;
use crate::shell::syntax::unescape;
use crate::shell::{Interrupted, Io, Stdin, Step, Tool, Wish, programs};

/// A shell that runs these words with what `io` has; or why there is no such program.
fn start(
    io: &Io<'_>,
    words: &[String],
    environment: &BTreeMap<String, String>,
) -> Result<Machine, String> {
    let name = words.first().map_or("", String::as_str);
    let plain = name.rsplit('/').next().unwrap_or(name);
    if !name.contains('/') && !is_installed(io.cluster, io.place, plain) {
        return Err(format!("{name}: No such file or directory"));
    }
    Ok(programs::words(io, words, environment))
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
    flavour: Flavour,
    inner: Option<Machine>,
}

impl Tool for Become {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            let mut environment = if self.empty { BTreeMap::new() } else { io.environment.clone() };
            for (name, value) in &self.changes {
                match value {
                    Some(value) => environment.insert(name.clone(), value.clone()),
                    None => environment.remove(name),
                };
            }
            if self.words.is_empty() {
                for (name, value) in &environment {
                    io.say(format!("{name}={value}"));
                }
                return Step::Exit(0);
            }
            match start(io, &self.words, &environment) {
                Ok(machine) => self.inner = Some(machine),
                Err(why) => {
                    let name = self.words.first().map_or("", String::as_str);
                    io.complain(match (self.tool, self.flavour) {
                        (tool, Flavour::BusyBox) => {
                            format!("{tool}: can't execute '{name}': No such file or directory")
                        }
                        ("env", Flavour::Gnu) => {
                            format!("env: '{name}': No such file or directory")
                        }
                        (tool, Flavour::Gnu) => format!("{tool}: {why}"),
                    });
                    return Step::Exit(127);
                }
            }
        }
        self.inner.as_mut().map_or(Step::Exit(0), |machine| machine.step(io))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.inner.as_mut().map_or(Interrupted::Ended, |machine| machine.interrupt(io))
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn env(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "env",
        short: "iu:0",
        long: &[("ignore-environment", 'i'), ("unset", 'u')],
        stops: true,
    };
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| if argument == "-" { "-i".to_owned() } else { argument.clone() })
        .collect();
    let options = match GRAMMAR.parse(&arguments, setting.flavour) {
        Ok(options) => options,
        Err(message) => return failed(message, 125),
    };
    let mut changes: Vec<(String, Option<String>)> =
        options.all('u').map(|name| (name.to_owned(), None)).collect();
    let mut words = options.operands.clone();
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')) {
        changes.push((name.to_owned(), Some(value.to_owned())));
        words.remove(0);
    }
    Box::new(Become {
        tool: "env",
        words,
        changes,
        empty: options.has('i'),
        flavour: setting.flavour,
        inner: None,
    })
}

/// `nohup`, `nice`, `sudo`, `stdbuf`: the command itself, as nothing else differs here.
pub(in crate::shell::commands) fn plain_run(
    tool: &'static str,
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let mut words = arguments;
    while words.first().is_some_and(|word| word.starts_with('-')) {
        let takes_value = matches!(words[0].as_str(), "-n" | "-u" | "-g");
        words = words.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
    }
    if words.is_empty() {
        return failed(
            format!("{tool}: missing operand\nTry '{tool} --help' for more information."),
            125,
        );
    }
    Box::new(Become {
        tool,
        words: words.to_vec(),
        changes: Vec::new(),
        empty: false,
        flavour: setting.flavour,
        inner: None,
    })
}

/// `xargs`: words of standard input become arguments.
#[derive(Clone)]
struct Xargs {
    command: Vec<String>,
    /// `-n`: how many words a command gets.
    most: Option<usize>,
    /// `-I`: what a whole line is put in place of.
    place: Option<String>,
    separator: Option<char>,
    trace: bool,
    no_empty: bool,
    /// Commands that are still to be run; `None` before standard input has ended.
    queue: Option<std::collections::VecDeque<Vec<String>>>,
    running: Option<Machine>,
    status: i32,
}

impl Xargs {
    fn plan(&self, text: &str) -> std::collections::VecDeque<Vec<String>> {
        let words = match (self.separator, &self.place) {
            (Some(separator), _) => {
                let text = text.strip_suffix(separator).unwrap_or(text);
                text.split(separator).map(str::to_owned).collect()
            }
            (None, Some(_)) => {
                let lines = text.lines().map(|line| line.trim_start().to_owned());
                lines.filter(|line| !line.is_empty()).collect()
            }
            (None, None) => words(text),
        };
        if let Some(place) = &self.place {
            let filled = words.iter().map(|word| {
                self.command.iter().map(|part| part.replace(place.as_str(), word)).collect()
            });
            return filled.collect();
        }
        if words.is_empty() {
            let once = (!self.no_empty).then(|| self.command.clone());
            return once.into_iter().collect();
        }
        let groups = words.chunks(self.most.unwrap_or(usize::MAX).max(1));
        groups.map(|group| [self.command.as_slice(), group].concat()).collect()
    }
}

/// Words between blanks; quotes keep blanks, a backslash any character.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut current: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), letter) => current.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                current.get_or_insert_default();
            }
            (None, '\\') => current.get_or_insert_default().extend(letters.next()),
            (None, letter) if letter.is_whitespace() => words.extend(current.take()),
            (None, letter) => current.get_or_insert_default().push(letter),
        }
    }
    words.extend(current);
    words
}

impl Tool for Xargs {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.queue.is_none() {
            let Some(bytes) = io.read_all() else { return Step::Input };
            self.queue = Some(self.plan(&String::from_utf8_lossy(&bytes)));
        }
        loop {
            if let Some(machine) = &mut self.running {
                let mut nothing = Stdin::default();
                let step = {
                    let mut inner = io.at(io_place(io));
                    inner.stdin = &mut nothing;
                    machine.step(&mut inner)
                };
                match step {
                    Step::Exit(status) => {
                        self.running = None;
                        match status {
                            0 => {}
                            255 => return Step::Exit(124),
                            126 | 127 => return Step::Exit(status),
                            _ => self.status = 123,
                        }
                    }
                    wait => return wait,
                }
            }
            let next = self.queue.as_mut().and_then(std::collections::VecDeque::pop_front);
            let Some(command) = next else { return Step::Exit(self.status) };
            if self.trace {
                io.complain(command.join(" "));
            }
            match start(io, &command, io.environment) {
                Ok(machine) => self.running = Some(machine),
                Err(why) => {
                    io.complain(format!("xargs: {why}"));
                    return Step::Exit(127);
                }
            }
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        if let Some(machine) = &mut self.running {
            machine.interrupt(io);
        }
        Interrupted::Ended
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

fn io_place<'a>(io: &Io<'a>) -> &'a crate::cluster::Place {
    io.place
}

pub(in crate::shell::commands) fn xargs(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "xargs",
        short: "n:L:I:i0rtd:P:s:p",
        long: &[("no-run-if-empty", 'r'), ("null", '0'), ("max-args", 'n'), ("verbose", 't')],
        stops: true,
    };
    let options = match GRAMMAR.parse(arguments, setting.flavour) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    let count = options.value('n').or(options.value('L'));
    let most = match count.map(str::parse::<usize>) {
        None => None,
        Some(Ok(most)) if most > 0 => Some(most),
        Some(_) => {
            return failed(
                format!("xargs: invalid number \"{}\" for -n option", count.unwrap_or("")),
                1,
            );
        }
    };
    let command = match options.operands.is_empty() {
        true => vec!["echo".to_owned()],
        false => options.operands.clone(),
    };
    let separator = match (options.has('0'), options.value('d')) {
        (true, _) => Some('\0'),
        (false, Some(text)) => unescape(text).chars().next(),
        (false, None) => None,
    };
    Box::new(Xargs {
        command,
        most,
        place: options.value('I').map(str::to_owned).or(options.has('i').then(|| "{}".to_owned())),
        separator,
        trace: options.has('t'),
        // BusyBox and GNU both run once without words; -r says not to.
        no_empty: options.has('r'),
        queue: None,
        running: None,
        status: 0,
    })
}

/// `timeout`: a command with an end.
#[derive(Clone)]
struct Timeout {
    limit: Option<Duration>,
    words: Vec<String>,
    flavour: Flavour,
    until: Option<SimTime>,
    inner: Option<Machine>,
}

impl Tool for Timeout {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            match start(io, &self.words, io.environment) {
                Ok(machine) => self.inner = Some(machine),
                Err(_) => {
                    let name = self.words.first().map_or("", String::as_str);
                    io.complain(match self.flavour {
                        Flavour::Gnu => {
                            format!(
                                "timeout: failed to run command '{name}': No such file or directory"
                            )
                        }
                        Flavour::BusyBox => {
                            format!("timeout: can't execute '{name}': No such file or directory")
                        }
                    });
                    return Step::Exit(127);
                }
            }
            self.until = self.limit.map(|limit| io.now() + limit);
        }
        let Some(machine) = &mut self.inner else { return Step::Exit(0) };
        let step = machine.step(io);
        let Some(until) = self.until else { return step };
        match step {
            Step::Exit(_) => step,
            _ if io.now() >= until => {
                // The signal is TERM, which nobody words; Ctrl-C's words are not wanted here.
                machine.unwind();
                Step::Exit(if self.flavour == Flavour::Gnu { 124 } else { 143 })
            }
            Step::Until(at) => Step::Until(at.min(until)),
            Step::Input => Step::Until(until),
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.inner.as_mut().map_or(Interrupted::Ended, |machine| machine.interrupt(io))
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn timeout(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "timeout",
        short: "s:k:vt:",
        long: &[("signal", 's'), ("kill-after", 'k')],
        stops: true,
    };
    let mut options = match GRAMMAR.parse(arguments, setting.flavour) {
        Ok(options) => options,
        Err(message) => return failed(message, 125),
    };
    if options.operands.len() < 2 {
        return failed("timeout: missing operand\nTry 'timeout --help' for more information.", 125);
    }
    let text = options.operands.remove(0);
    match duration(&text) {
        // 0 means no limit.
        Some(limit) => Box::new(Timeout {
            limit: limit.filter(|limit| !limit.is_zero()),
            words: options.operands,
            flavour: setting.flavour,
            until: None,
            inner: None,
        }),
        None => failed(
            format!(
                "timeout: invalid time interval '{text}'\nTry 'timeout --help' for more information."
            ),
            125,
        ),
    }
}

/// `watch`: a command again and again.
#[derive(Clone)]
struct Watch {
    text: String,
    every: Duration,
    title: bool,
    next: SimTime,
    inner: Option<Machine>,
    begun: bool,
}

impl Tool for Watch {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            if let Some(machine) = &mut self.inner {
                match machine.step(io) {
                    Step::Exit(_) => self.inner = None,
                    wait => return wait,
                }
            }
            if io.now() < self.next {
                return Step::Until(self.next);
            }
            self.next = io.now() + self.every;
            if io.terminal {
                io.wishes.push(Wish::ClearScreen);
            }
            if self.title {
                let left = format!("Every {:.1}s: {}", self.every.as_secs_f64(), self.text);
                let host = host_name(io.cluster, io.place);
                let right =
                    format!("{host}: {}", super::date::format(io.now(), "%a %b %e %H:%M:%S %Y"));
                let gap =
                    80_usize.saturating_sub(left.chars().count() + right.chars().count()).max(2);
                io.say(format!("{left}{:gap$}{right}\n", ""));
            }
            let mut machine = programs::words(io, &[], io.environment);
            machine.run_text(&self.text);
            self.inner = Some(machine);
            if std::mem::replace(&mut self.begun, true) && self.every.is_zero() {
                return Step::Exit(0);
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn watch(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "watch",
        short: "n:tdbexgc",
        long: &[("interval", 'n'), ("no-title", 't'), ("differences", 'd')],
        stops: true,
    };
    let options = match GRAMMAR.parse(arguments, setting.flavour) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    if options.operands.is_empty() {
        return failed("Usage: watch [-n SECONDS] [-t] COMMAND", 1);
    }
    let seconds = options.value('n').unwrap_or("2");
    let Some(Some(every)) = duration(seconds) else {
        return failed(format!("watch: failed to parse argument: '{seconds}'"), 1);
    };
    Box::new(Watch {
        text: options.operands.join(" "),
        every: every.max(Duration::from_millis(100)),
        title: !options.has('t'),
        next: SimTime::START,
        inner: None,
        begun: false,
    })
}

/// `time`: how long a command takes, in simulated time.
#[derive(Clone)]
struct Time {
    words: Vec<String>,
    since: Option<SimTime>,
    inner: Option<Machine>,
}

impl Tool for Time {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let since = *self.since.get_or_insert(io.now());
        if self.inner.is_none() {
            match start(io, &self.words, io.environment) {
                Ok(machine) => self.inner = Some(machine),
                Err(_) => {
                    let name = self.words.first().map_or("", String::as_str);
                    io.complain(format!("bash: {name}: command not found"));
                    return Step::Exit(127);
                }
            }
        }
        let step = self.inner.as_mut().map_or(Step::Exit(0), |machine| machine.step(io));
        if let Step::Exit(_) = step {
            let took = io.now().since(since);
            let (minutes, seconds) = (took.as_secs() / 60, took.as_secs_f64() % 60.0);
            io.complain(format!("\nreal\t{minutes}m{seconds:.3}s\nuser\t0m0.000s\nsys\t0m0.000s"));
        }
        step
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.inner.as_mut().map_or(Interrupted::Ended, |machine| machine.interrupt(io))
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn time(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Time { words: arguments.to_vec(), since: None, inner: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xargs_reads_quoted_words() {
        assert_eq!(words("a 'b c'\n\"d\"e f\\ g"), ["a", "b c", "de", "f g"]);
    }
}
