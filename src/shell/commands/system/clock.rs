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
use crate::shell::{Interrupted, Io, Step, Tool, UiRequest, shells};

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
    words: Vec<String>,
    flavour: Flavour,
    until: Option<SimTime>,
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
        let Some(machine) = &mut self.inner else { return Step::Exit(0) };
        let step = machine.step(io);
        let Some(until) = self.until else { return step };
        match step {
            Step::Exit(_) => step,
            _ if io.now() >= until => {
                if self.tells && self.flavour == Flavour::Gnu {
                    let name = self.words.first().map_or("", String::as_str);
                    let signal = signal_name(self.signal);
                    io.write_error(format!("timeout: sending signal {signal} to command '{name}'"));
                }
                // The signal is TERM, which nobody words; Ctrl-C's words are not wanted here.
                machine.terminate(io);
                machine.unwind();
                Step::Exit(self.ended())
            }
            Step::Until(at) => Step::Until(at.min(until)),
            Step::Input => Step::Until(until),
        }
    }

    fn is_ready(&self, cluster: &Cluster) -> bool {
        self.inner.as_ref().is_some_and(|machine| machine.is_ready(cluster))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.inner.as_mut().map_or(Interrupted::Ended, |machine| machine.interrupt(io))
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        if let Some(machine) = &mut self.inner {
            machine.terminate(io);
        }
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
    if let Some(wait) = options.value('k').filter(|wait| gnu && duration(wait).is_none()) {
        let hint = "Try 'timeout --help' for more information.";
        return failed(format!("timeout: invalid time interval '{wait}'\n{hint}"), wrong);
    }
    match duration(&text) {
        // 0 means no limit.
        Some(limit) => Box::new(Timeout {
            signal,
            preserve: options.has('À'),
            tells: options.has('v'),
            limit: limit.filter(|limit| !limit.is_zero()),
            words: options.operands,
            flavour: setting.flavour,
            until: None,
            inner: None,
        }),
        None if gnu => failed(
            format!(
                "timeout: invalid time interval '{text}'\nTry 'timeout --help' for more information."
            ),
            wrong,
        ),
        None => failed(format!("timeout: invalid number '{text}'"), wrong),
    }
}

/// The number of the signal that `-s` names.
fn signal(name: Option<&str>, gnu: bool) -> Result<i32, String> {
    let Some(name) = name else { return Ok(TERM) };
    signal_number(name).ok_or_else(|| match gnu {
        true => {
            format!("timeout: '{name}': invalid signal\nTry 'timeout --help' for more information.")
        }
        false => format!("timeout: bad signal name '{name}'"),
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
