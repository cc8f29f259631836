//! `top` of BusyBox, as it writes into a pipe (`-b`).

use std::time::Duration;

use super::memory::Memory;
use super::processes::processes;
use super::sleep::duration;
use crate::clock::SimTime;
use crate::shell::commands::files::space;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{Setting, failed};
use crate::shell::{Io, Step, Tool};

#[derive(Clone)]
struct Top {
    /// How many screens are still to come; `None` for no end.
    left: Option<u32>,
    every: Duration,
    next: SimTime,
    command: String,
}

/// How much was done lately, the same for `top` and `uptime`.
pub(super) const LOAD: [&str; 3] = ["0.08", "0.03", "0.01"];

/// What a small program has of memory, in kilobytes: the simulation's own figure.
const SIZE: u64 = 4364;

pub(in crate::shell::commands) fn top(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    // Options may stand without their dash.
    let dashed = |word: &String| match word.starts_with('-') {
        true => word.clone(),
        false => format!("-{word}"),
    };
    let words: Vec<String> = arguments.iter().map(dashed).collect();
    let options = match Grammar::short("top", "d:n:bHm").parse(&words, setting.words) {
        Ok(options) => options,
        Err(misuse) => return failed(misuse, 1),
    };
    let bare = |letter| options.value(letter).map(|value| value.trim_start_matches('-'));
    let every = bare('d').map_or(Some(Some(Duration::from_secs(5))), duration);
    let count = bare('n').map(|text| text.parse::<u32>().map_err(|_| text));
    let unknown = |text: &str| failed(format!("top: invalid number '{text}'"), 1);
    match (every, count) {
        (None, _) => unknown(bare('d').unwrap_or_default()),
        (_, Some(Err(text))) => unknown(text),
        _ if options.has('m') || options.has('H') => failed(left_out("top", "-m or -H"), 1),
        _ if !options.has('b') => failed(left_out("top", "without -b"), 1),
        (Some(every), count) => Box::new(Top {
            left: count.and_then(Result::ok).filter(|count| *count > 0),
            every: every.unwrap_or(Duration::MAX),
            next: SimTime::START,
            command: format!("top {}", arguments.join(" ")),
        }),
    }
}

impl Tool for Top {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if io.now() < self.next {
            return Step::Until(self.next);
        }
        screen(io, &self.command);
        self.left = self.left.map(|left| left - 1);
        if self.left == Some(0) {
            // The screen ends with its own line end, and the program with one more.
            io.say("");
            return Step::Exit(0);
        }
        self.next = io.now() + self.every;
        Step::Until(self.next)
    }
}

/// One screen.
fn screen(io: &mut Io<'_>, own: &str) {
    let memory = Memory::of(space::memory(io));
    let used = memory.total - memory.free;
    let Memory { total, free, shared, buffers, cache, .. } = memory;
    io.say(format!(
        "Mem: {used}K used, {free}K free, {shared}K shrd, {buffers}K buff, {cache}K cached"
    ));
    io.say("CPU:  0.0% usr  0.0% sys  0.0% nic  100% idle  0.0% io  0.0% irq  0.0% sirq");
    let all = processes(io, own);
    let last = all.iter().map(|process| process.pid).max().unwrap_or_default();
    io.say(format!("Load average: {} 1/{} {last}", LOAD.join(" "), all.len()));
    io.say("  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND");
    let part = SIZE * 1000 / total.max(1);
    for process in all {
        let parent = u32::from(process.pid > 1);
        let (pid, user, command) = (process.pid, &process.user, &process.command);
        io.say(format!(
            "{pid:>5} {parent:>5} {user:<8.8} S    {SIZE:>5}{:>3}.{}   0  0.0 {command}",
            part / 10,
            part % 10
        ));
    }
}
