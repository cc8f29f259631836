//! `trap` and `kill`: signals, by name and number.

use super::super::frame::{Frame, Job};
use super::super::{Dialect, Io, Machine};
use crate::shell::commands::system::processes::is_running;
use crate::shell::signals::{EVENTS, SIGNALS, number, signal};
use crate::shell::syntax::in_single_quotes;

/// What a signal does that nobody traps.
enum Usual {
    Nothing,
    Ends(i32),
}

fn usual(name: &str) -> Usual {
    match name {
        "CHLD" | "CONT" | "URG" | "WINCH" | "STOP" | "TSTP" | "TTIN" | "TTOU" => Usual::Nothing,
        name => Usual::Ends(128 + number(name).unwrap_or(0) as i32),
    }
}

/// bash's table of signals, five in a line.
fn table() -> String {
    let mut names: Vec<(usize, String)> =
        SIGNALS.iter().enumerate().map(|(at, name)| (at + 1, format!("SIG{name}"))).collect();
    for number in 34..=64 {
        names.push((
            number,
            match number {
                34 => "SIGRTMIN".to_owned(),
                64 => "SIGRTMAX".to_owned(),
                35..=49 => format!("SIGRTMIN+{}", number - 34),
                _ => format!("SIGRTMAX-{}", 64 - number),
            },
        ));
    }
    let mut text = String::new();
    for line in names.chunks(5) {
        let cells: Vec<String> =
            line.iter().map(|(number, name)| format!("{number:>2}) {name}")).collect();
        text += &cells.join("\t");
        text += if line.len() == 5 && line[4].0 != 64 { "\n" } else { "\t\n" };
    }
    text.trim_end_matches('\n').to_owned()
}

impl Machine {
    pub(super) fn trap(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let bash = self.state.dialect == Dialect::Bash;
        match arguments {
            [] => {
                self.show_traps(io, None);
                0
            }
            [option, names @ ..] if option == "-p" && bash => {
                self.show_traps(io, Some(names).filter(|names| !names.is_empty()));
                0
            }
            [option, ..] if option == "-l" && bash => {
                self.say(io, &table());
                0
            }
            [mark, rest @ ..] if mark == "--" => self.trap(io, rest),
            [option, ..] if option.len() > 1 && option.starts_with('-') => {
                self.illegal_option(io, "trap", option)
            }
            [name] if bash && signal(name, Dialect::Bash).is_none() => self.tell_usage(io, "trap"),
            [name] => self.set_traps(io, None, std::slice::from_ref(name)),
            [command, names @ ..] if command == "-" => self.set_traps(io, None, names),
            // A number first means that these are to be as they were.
            [first, ..] if first.parse::<u8>().is_ok() => self.set_traps(io, None, arguments),
            [command, names @ ..] => self.set_traps(io, Some(command), names),
        }
    }

    fn set_traps(&mut self, io: &mut Io<'_>, command: Option<&String>, names: &[String]) -> i32 {
        let mut status = 0;
        self.state.inherited = Default::default();
        for name in names {
            let Some(known) = signal(name, self.state.dialect) else {
                status = 1;
                let message = match self.state.dialect {
                    Dialect::Dash => format!("trap: {name}: bad trap"),
                    _ => format!(
                        "{}{name}: invalid signal specification",
                        self.state.builtin("trap")
                    ),
                };
                self.write_error(io, &message);
                continue;
            };
            match command {
                _ if self.state.born_ignoring.iter().any(|born| born == known) => {}
                Some(command) => {
                    self.state.traps.insert(known.to_owned(), command.clone());
                }
                None => {
                    self.state.traps.remove(known);
                }
            }
        }
        status
    }

    fn show_traps(&mut self, io: &mut Io<'_>, wanted: Option<&[String]>) {
        let bash = self.state.dialect == Dialect::Bash;
        let shown = match self.state.inherited.is_empty() {
            true => self.state.traps.clone(),
            false => (*self.state.inherited).clone(),
        };
        // Only bash shows what it ignores from birth.
        let born = &self.state.born_ignoring;
        let own = shown.into_iter().filter(|(name, _)| bash || !born.contains(name));
        let mut traps: Vec<(String, String)> = own.collect();
        let order = |name: &str| match name {
            "EXIT" => 0,
            name => number(name).unwrap_or(100),
        };
        traps.sort_by_key(|(name, _)| order(name));
        for (name, command) in traps {
            let asked = wanted.is_none_or(|wanted| {
                wanted.iter().any(|one| signal(one, Dialect::Bash) == Some(name.as_str()))
            });
            if !asked {
                continue;
            }
            let shown = if bash && number(&name).is_some() { format!("SIG{name}") } else { name };
            self.say(io, &format!("trap -- {} {shown}", in_single_quotes(&command)));
        }
    }

    /// `kill` of background commands and of the shell itself; anything else is the program's affair.
    pub(super) fn kill(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let (name, targets) = match self.kill_signal(io, arguments) {
            Ok(asked) => asked,
            Err(status) => return Some(status),
        };
        if targets.is_empty() {
            return Some(self.kill_usage(io));
        }
        let own = self.state.pid.to_string();
        let copy = self.state.own_pid.to_string();
        let mut others = Vec::new();
        let mut status = 0;
        for target in targets {
            match self.job_of(target) {
                // What has ended is no process any more; by its number as a job it is known still.
                Some(job) if self.jobs[job].status.is_some() && !target.starts_with('%') => {
                    let message = self.no_process(target);
                    self.write_error(io, &message);
                    status = 1;
                }
                Some(job) => self.kill_job(io, job, name),
                None if *target == own && self.state.process.is_none() => match self.state.depth {
                    0 => self.kill_self(io, name),
                    _ => self.signals.push((self.state.pid, name)),
                },
                None if *target == copy && self.state.process.is_none() => {
                    self.kill_self(io, name);
                }
                None if let Some(pid) = self.known_above(target) => self.signals.push((pid, name)),
                None => match self.bad_target(target) {
                    Some(message) => {
                        self.write_error(io, &message);
                        let ash = self.state.dialect == Dialect::Ash && !target.starts_with('%');
                        status = if ash || self.state.dialect == Dialect::Bash { 1 } else { 2 };
                    }
                    None if !is_running(io, target) => {
                        let message = self.no_process(target);
                        self.write_error(io, &message);
                        status = 1;
                    }
                    None => others.push(target.clone()),
                },
            }
        }
        if others.is_empty() {
            return (!self.leaving).then_some(status);
        }
        let mut words = vec![format!("-{name}")];
        words.extend(others);
        self.start_program(io, "kill", words);
        None
    }

    /// The process of a background command of the shell that this one is a copy of.
    fn known_above(&self, target: &str) -> Option<u32> {
        let pid: u32 = target.parse().ok()?;
        self.known_jobs.iter().any(|(known, ..)| *known == pid).then_some(pid)
    }

    /// What is said of a process that is not there.
    fn no_process(&self, target: &str) -> String {
        let why = "No such process";
        match self.state.dialect {
            Dialect::Bash => format!("{}({target}) - {why}", self.state.builtin("kill")),
            Dialect::Dash => format!("{}{why}\n", self.state.builtin("kill")),
            Dialect::Ash => format!("sh: can't kill pid {target}: {why}"),
        }
    }

    /// The signal that is sent, and to whom.
    fn kill_signal<'w>(
        &mut self,
        io: &mut Io<'_>,
        arguments: &'w [String],
    ) -> Result<(&'static str, &'w [String]), i32> {
        let bad = |machine: &mut Machine, io: &mut Io<'_>, name: &str| {
            let message = match machine.state.dialect {
                Dialect::Bash => {
                    format!("{}{name}: invalid signal specification", machine.state.builtin("kill"))
                }
                Dialect::Dash => {
                    let letter = name.chars().next().unwrap_or('-');
                    format!("{}Illegal option -{letter}", machine.state.builtin("kill"))
                }
                Dialect::Ash => format!("sh: bad signal name '{name}'"),
            };
            machine.write_error(io, &message);
            Err(if machine.state.dialect == Dialect::Dash { 2 } else { 1 })
        };
        match arguments {
            [option, rest @ ..] if option == "-l" || option == "-L" => {
                Err(self.list_signals(io, rest))
            }
            [option]
                if self.state.dialect == Dialect::Bash
                    && matches!(option.as_str(), "-s" | "-n") =>
            {
                let told =
                    format!("{}{option}: option requires an argument", self.state.builtin("kill"));
                self.write_error(io, &told);
                Err(1)
            }
            [option, name, rest @ ..] if option == "-s" || option == "-n" => {
                match signal(name, Dialect::Bash).filter(|known| !EVENTS[1..].contains(known)) {
                    Some(known) => Ok((known, rest)),
                    None => bad(self, io, name),
                }
            }
            [mark, rest @ ..] if mark == "--" => Ok(("TERM", rest)),
            [option, rest @ ..] if option.len() > 1 && option.starts_with('-') => {
                match signal(&option[1..], Dialect::Bash).filter(|it| !EVENTS[1..].contains(it)) {
                    Some(known) => {
                        Ok((known, rest.strip_prefix(&["--".to_owned()]).unwrap_or(rest)))
                    }
                    None => bad(self, io, &option[1..]),
                }
            }
            rest => Ok(("TERM", rest)),
        }
    }

    fn kill_usage(&mut self, io: &mut Io<'_>) -> i32 {
        let (message, status) = match self.state.dialect {
            Dialect::Bash => (
                "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]".to_owned(),
                2,
            ),
            Dialect::Dash => (
                format!(
                    "{}Usage: kill [-s sigspec | -signum | -sigspec] [pid | job]... or\nkill -l [exitstatus]",
                    self.state.builtin("kill")
                ),
                2,
            ),
            Dialect::Ash => {
                ("sh: you need to specify whom to kill".to_owned(), 1)
            }
        };
        self.write_error(io, &message);
        status
    }

    /// `kill -l`
    fn list_signals(&mut self, io: &mut Io<'_>, names: &[String]) -> i32 {
        if names.is_empty() {
            let text = match self.state.dialect {
                Dialect::Bash => table(),
                Dialect::Dash => {
                    ["0"].iter().chain(&SIGNALS).copied().collect::<Vec<_>>().join("\n")
                }
                Dialect::Ash => {
                    let line = |(at, name): (usize, &&str)| match *name {
                        "IO" => format!("{:>2}) POLL", at + 1),
                        name => format!("{:>2}) {name}", at + 1),
                    };
                    let all = SIGNALS.iter().enumerate().map(line).collect::<Vec<_>>().join("\n");
                    format!("{all}\n34) RTMIN\n64) RTMAX")
                }
            };
            self.say(io, &text);
            return 0;
        }
        let mut status = 0;
        let ash = self.state.dialect == Dialect::Ash;
        for name in names {
            let by_number = name.parse::<usize>().ok().map(|number| match number {
                number if ash => number & 127,
                number if number > 128 => number - 128,
                number => number,
            });
            let answer = match by_number {
                Some(number) => signal(&number.to_string(), Dialect::Bash)
                    .map(str::to_owned)
                    .or_else(|| ash.then(|| number.to_string())),
                None => signal(name, Dialect::Bash).and_then(number).map(|it| it.to_string()),
            };
            match answer {
                Some(answer) => self.say(io, &answer),
                None => {
                    let message = match ash {
                        true => format!("sh: unknown signal '{name}'"),
                        false => format!(
                            "{}{name}: invalid signal specification",
                            self.state.builtin("kill")
                        ),
                    };
                    self.write_error(io, &message);
                    status = 1;
                }
            }
        }
        status
    }

    /// The background command that `%1` or a process id means.
    pub(super) fn job_of(&self, target: &str) -> Option<usize> {
        let own = |job: &&Job| !job.adopted;
        let by =
            |fits: &dyn Fn(&Job) -> bool| self.jobs.iter().rposition(|job| own(&job) && fits(job));
        match target.strip_prefix('%') {
            Some("" | "%" | "+") => by(&|_| true),
            Some("-") => {
                let last = by(&|_| true)?;
                let before = self.jobs[..last].iter().rposition(|job| own(&job));
                Some(before.unwrap_or(last))
            }
            Some(name) => match (name.parse::<usize>(), name.strip_prefix('?')) {
                (Ok(number), _) => by(&|job| job.number == number),
                (_, Some(part)) => by(&|job| job.text.contains(part)),
                _ => by(&|job| job.text.starts_with(name)),
            },
            None => {
                let pid: u32 = target.parse().ok()?;
                self.jobs.iter().position(|job| job.pid == pid)
            }
        }
    }

    /// What is said of a target that is no process.
    fn bad_target(&self, target: &str) -> Option<String> {
        let builtin = self.state.builtin("kill");
        if target.starts_with('%') {
            return Some(match self.state.dialect {
                Dialect::Bash | Dialect::Ash => format!("{builtin}{target}: no such job"),
                Dialect::Dash => format!("{builtin}No such job: {target}"),
            });
        }
        let digits = target.strip_prefix('-').unwrap_or(target);
        let numeric = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if numeric {
            return None;
        }
        Some(match self.state.dialect {
            Dialect::Bash => format!("{builtin}{target}: arguments must be process or job IDs"),
            Dialect::Dash => format!("{builtin}Illegal number: {target}"),
            Dialect::Ash => format!("sh: invalid number '{target}'"),
        })
    }

    /// A signal to a background command.
    pub(in crate::shell::machine) fn kill_job(
        &mut self,
        io: &mut Io<'_>,
        job: usize,
        name: &'static str,
    ) {
        let Some(job) = self.jobs.get_mut(job) else { return };
        if name == "EXIT" {
            return;
        }
        let heeds = |machine: &mut Machine, io| {
            machine.signal(name) || machine.signal_program(io, name, false)
        };
        if !matches!(name, "KILL" | "STOP") && heeds(&mut job.machine, io) {
            return;
        }
        if let Usual::Ends(status) = usual(name) {
            // Its programs tidy up, as at Ctrl-C, and then it is over whatever they say.
            let _ = job.machine.interrupt(io);
            job.machine.unwind();
            job.status.get_or_insert(status);
        }
    }

    /// A signal to the shell itself: its trap, or what the signal usually does.
    pub(in crate::shell::machine) fn kill_self(&mut self, io: &mut Io<'_>, name: &'static str) {
        if name == "EXIT" {
            return;
        }
        if name != "KILL" && name != "STOP" && self.signal(name) {
            return;
        }
        let Usual::Ends(status) = usual(name) else { return };
        // An interactive shell heeds neither TERM nor INT.
        if self.state.interactive && matches!(name, "TERM" | "INT" | "QUIT") {
            return;
        }
        self.state.killed = Some(name);
        let _ = io;
        match (self.state.dialect, name) {
            (Dialect::Bash, name) if name != "KILL" => self.exit(status),
            _ => {
                self.end_at_once(status);
                self.leaving = true;
            }
        }
    }

    /// `wait`: for all, for the first that ends (`-n`), or for those that are named.
    pub(super) fn wait_for(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let is_option = |word: &&String| word.starts_with('-') && word.len() > 1;
        let options: Vec<&String> = arguments.iter().take_while(is_option).collect();
        let any = options.iter().any(|word| word.contains('n'));
        if options.iter().any(|word| word.contains('p')) {
            let told = "podhop: not simulated here: wait -p";
            self.write_error(io, told);
            return Some(1);
        }
        let names = &arguments[options.len()..];
        if names.is_empty() {
            self.stack.push(Frame::Wait { job: None, any });
            return None;
        }
        let mut frames = Vec::new();
        let mut status = None;
        for name in names {
            let job = self.job_of(name).map(|job| self.jobs[job].pid);
            status = None;
            match (job, name.parse().ok().and_then(|pid: u32| self.ended.get(&pid).copied())) {
                (Some(pid), _) => frames.push(Frame::Wait { job: Some(pid), any }),
                (None, Some(ended)) if self.state.dialect == Dialect::Bash => status = Some(ended),
                (None, _) => {
                    status = Some(self.no_child(io, name, any));
                }
            }
        }
        let waits = !frames.is_empty();
        // The first one is waited for first.
        self.stack.extend(frames.into_iter().rev());
        match status {
            Some(status) if waits => {
                // The last one's exit code counts, and that is known.
                let below = self.waits_from();
                self.stack.insert(below, Frame::Trapped { status, ends: false });
                None
            }
            status => status,
        }
    }

    /// Where on the stack the frames begin that only wait.
    fn waits_from(&self) -> usize {
        let other = |frame: &Frame| !matches!(frame, Frame::Wait { .. });
        self.stack.iter().rposition(other).map_or(0, |at| at + 1)
    }

    /// Says that there is no such background command.
    fn no_child(&mut self, io: &mut Io<'_>, name: &str, any: bool) -> i32 {
        let builtin = self.state.builtin("wait");
        let is_pid = name.bytes().all(|byte| byte.is_ascii_digit());
        let (message, status) = match (self.state.dialect, is_pid) {
            (Dialect::Bash, _) if name.starts_with('%') || any => {
                (format!("{builtin}{name}: no such job"), 127)
            }
            (Dialect::Ash, _) if name.starts_with('%') => {
                (format!("{builtin}{name}: no such job"), 2)
            }
            (_, _) if name.starts_with('%') => (format!("{builtin}No such job: {name}"), 2),
            (Dialect::Bash, true) => {
                (format!("{builtin}pid {name} is not a child of this shell"), 127)
            }
            (Dialect::Bash, false) => {
                (format!("{builtin}`{name}': not a pid or valid job spec"), 1)
            }
            (_, true) => return 127,
            (_, false) => (format!("{builtin}Illegal number: {name}"), 2),
        };
        self.write_error(io, &message);
        status
    }

    /// An option that a builtin does not have.
    pub(super) fn illegal_option(&mut self, io: &mut Io<'_>, name: &str, option: &str) -> i32 {
        let letters: String = option.chars().take(2).collect();
        let builtin = self.state.builtin(name);
        let message = match self.state.dialect {
            Dialect::Bash => format!("{builtin}{letters}: invalid option"),
            Dialect::Dash => format!("{builtin}Illegal option {letters}"),
            Dialect::Ash => format!("{builtin}illegal option {letters}"),
        };
        self.write_error(io, &message);
        self.fail_builtin(name, 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_many_spellings() {
        for spelling in ["TERM", "SIGTERM", "term", "15"] {
            assert_eq!(signal(spelling, Dialect::Bash), Some("TERM"));
        }
        assert_eq!(signal("SIGTERM", Dialect::Dash), None);
        assert_eq!(signal("ERR", Dialect::Ash), Some("ERR"));
        assert_eq!(signal("ERR", Dialect::Dash), None);
        assert_eq!(signal("0", Dialect::Ash), Some("EXIT"));
    }

    /// The first line that bash 5.2 prints.
    #[test]
    fn signals_are_listed_five_in_a_line() {
        let first = " 1) SIGHUP\t 2) SIGINT\t 3) SIGQUIT\t 4) SIGILL\t 5) SIGTRAP";
        assert_eq!(table().lines().next(), Some(first));
    }
}
