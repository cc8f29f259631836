//! Commands that watch the clock while another one runs: `timeout`, `watch`.

use std::time::Duration;

use super::date;
use super::run::start;
use super::sleep::duration;
use crate::clock::SimTime;
use crate::cluster::{Cluster, Flavour};
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{Setting, busybox_usage, failed};
use crate::shell::machine::Machine;
use crate::shell::signals::{signal_name, signal_number};
use crate::shell::{Io, Step, Tool, UiRequest, shells};

/// Signals by their numbers.
const KILL: i32 = 9;
const TERM: i32 = 15;

/// `timeout`: a command with an end.
#[derive(Clone)]
struct Timeout {
    /// `-s`: the signal's number
    signal: i32,
    /// `--preserve-status`
    preserve: bool,
    /// `-v`: whether the signal is told of.
    tells: bool,
    limit: Option<Duration>,
    /// `-k`: how long after the signal it sends KILL.
    patience: Option<Duration>,
    words: Vec<String>,
    flavour: Flavour,
    until: Option<SimTime>,
    /// Whether the command has heeded the signal, and goes on.
    heeded: bool,
    inner: Option<Machine>,
}

impl Timeout {
    /// The exit code where the time was over. BusyBox' command is killed in timeout's own place, and
    /// so is GNU's by KILL, which spares nobody.
    fn ended(&self) -> i32 {
        match (self.flavour, self.signal) {
            (Flavour::Gnu, signal) if signal != KILL && !self.preserve => 124,
            (_, signal) => 128 + signal,
        }
    }

    /// The time is over: what comes of the signal, unless the command heeds it and goes on.
    fn over(&mut self, io: &mut Io<'_>) -> Option<Step> {
        let signal = if self.heeded { KILL } else { self.signal };
        let gnu = self.flavour == Flavour::Gnu;
        if self.tells && gnu {
            let name = self.words.first().map_or("", String::as_str);
            let signal = signal_name(signal);
            io.write_error(format!("timeout: sending signal {signal} to command '{name}'"));
        }
        let machine = self.inner.as_mut()?;
        let heeds = signal != KILL && machine.signal_program(io, signal_name(signal), gnu);
        if heeds || signal == 0 {
            self.heeded = true;
            self.until = self.patience.map(|patience| io.now() + patience);
            return None;
        }
        // The signal is TERM, which nobody words; Ctrl-C's words are not wanted here.
        machine.terminate(io);
        machine.unwind();
        self.signal = signal;
        Some(Step::Exit(self.ended()))
    }
}

impl Tool for Timeout {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            match start(io, &self.words, io.environment) {
                Ok(machine) => self.inner = Some(machine),
                Err(refused) => {
                    let (name, why) = (refused.name.as_str(), refused.why);
                    io.write_error(match self.flavour {
                        Flavour::Gnu => {
                            format!("timeout: failed to run command '{name}': {why}")
                        }
                        Flavour::BusyBox => {
                            format!("timeout: can't execute '{name}': {why}")
                        }
                    });
                    return Step::Exit(refused.exit());
                }
            }
            self.until = self.limit.map(|limit| io.now() + limit);
        }
        loop {
            // BusyBox' began to count before the command did.
            if self.flavour == Flavour::BusyBox
                && self.until.is_some_and(|until| io.now() >= until)
                && let Some(over) = self.over(io)
            {
                return over;
            }
            let Some(machine) = &mut self.inner else { return Step::Exit(0) };
            let step = machine.step(io);
            let spared = !self.preserve && self.flavour == Flavour::Gnu;
            match (step, self.until) {
                (Step::Exit(_), _) if self.heeded && spared => return Step::Exit(124),
                (Step::Exit(_), _) | (_, None) => return step,
                (_, Some(until)) if io.now() >= until => {
                    if let Some(over) = self.over(io) {
                        return over;
                    }
                }
                (Step::Until(at), Some(until)) => return Step::Until(at.min(until)),
                (Step::Input, Some(until)) => return Step::Until(until),
            }
        }
    }

    fn is_ready(&self, cluster: &Cluster) -> bool {
        self.inner.as_ref().is_some_and(|machine| machine.is_ready(cluster))
    }

    fn inner(&mut self) -> Option<&mut dyn Tool> {
        self.inner.as_mut().map(|machine| machine as &mut dyn Tool)
    }
}

pub(in crate::shell::commands) fn timeout(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    const GRAMMAR: Grammar = Grammar {
        name: "timeout",
        short: "s:k:vÀÁ",
        long: &[
            ("signal", 's'),
            ("kill-after", 'k'),
            ("verbose", 'v'),
            ("foreground", 'Á'),
            ("preserve-status", 'À'),
        ],
        stops: true,
    };
    let gnu = setting.flavour == Flavour::Gnu;
    let wrong = if gnu { 125 } else { 1 };
    let mut options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, wrong),
    };
    if options.operands.len() < 2 {
        let told = match gnu {
            true => "Try 'timeout --help' for more information.".to_owned(),
            false => busybox_usage("timeout"),
        };
        return failed(told, wrong);
    }
    let signal = match signal(options.value('s'), gnu) {
        Ok(signal) => signal,
        Err(told) => return failed(told, wrong),
    };
    let text = options.operands.remove(0);
    let interval = |text: &str| {
        // BusyBox counts whole seconds.
        let whole = |limit: Duration| match gnu {
            true => limit,
            false => Duration::from_secs(limit.as_secs()),
        };
        duration(text).map(|limit| limit.map(whole)).ok_or_else(|| match gnu {
            true => format!(
                "timeout: invalid time interval '{text}'\nTry 'timeout --help' for more information."
            ),
            false => format!("timeout: invalid number '{text}'"),
        })
    };
    let patience = options.value('k').map(interval).transpose();
    match patience.and_then(|patience| Ok((patience, interval(&text)?))) {
        Ok((patience, limit)) => Box::new(Timeout {
            signal,
            preserve: options.has('À'),
            tells: options.has('v'),
            // For GNU's, 0 means no limit; BusyBox' looks after a second at the earliest.
            limit: match gnu {
                true => limit.filter(|limit| !limit.is_zero()),
                false => limit.map(|limit| limit.max(Duration::from_secs(1))),
            },
            patience: patience.flatten().filter(|patience| !patience.is_zero()),
            words: options.operands,
            flavour: setting.flavour,
            until: None,
            heeded: false,
            inner: None,
        }),
        Err(told) => failed(told, wrong),
    }
}

/// The number of the signal that `-s` names.
fn signal(name: Option<&str>, gnu: bool) -> Result<i32, String> {
    let Some(name) = name else { return Ok(TERM) };
    if name.trim_start_matches("SIG").eq_ignore_ascii_case("EXIT") || name == "0" {
        return Ok(0);
    }
    signal_number(name).ok_or_else(|| match gnu {
        true => {
            format!("timeout: '{name}': invalid signal\nTry 'timeout --help' for more information.")
        }
        false => format!("timeout: unknown signal '{name}'"),
    })
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
                io.ui_requests.push(UiRequest::ClearScreen);
            }
            if self.title {
                let left = format!("Every {:.1}s: {}", self.every.as_secs_f64(), self.text);
                let host = io.cluster.host_name(io.place);
                let right = format!("{host}: {}", date::format(io.now(), "%a %b %e %H:%M:%S %Y"));
                let gap =
                    80_usize.saturating_sub(left.chars().count() + right.chars().count()).max(2);
                io.say(format!("{left}{:gap$}{right}\n", ""));
            }
            let mut machine = shells::words(io, &[], io.environment);
            machine.run_text(&self.text);
            self.inner = Some(machine);
            if std::mem::replace(&mut self.begun, true) && self.every.is_zero() {
                return Step::Exit(0);
            }
        }
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
    let options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(message) => return failed(message, 1),
    };
    if options.operands.is_empty() {
        return failed(
            match setting.flavour {
                Flavour::Gnu => "Usage: watch [-n SECONDS] [-t] COMMAND".to_owned(),
                Flavour::BusyBox => busybox_usage("watch"),
            },
            1,
        );
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
