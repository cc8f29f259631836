//! `exit`, `return`, `break`, `continue`, `trap`, `wait`, `jobs`.

use super::super::frame::{Frame, Job, Source};
use super::super::{Dialect, Io, Machine, Step, Turn};

impl Machine {
    fn code(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> Result<i32, i32> {
        let Some(argument) = arguments.first() else { return Ok(self.state.status) };
        let bash = self.state.dialect == Dialect::Bash;
        match argument.parse::<i64>() {
            Ok(code) if bash || code >= 0 => Ok((code & 0xff) as i32),
            _ => {
                let builtin = self.state.builtin(name);
                let message = match bash {
                    true => format!("{builtin}{argument}: numeric argument required"),
                    false => format!("{builtin}Illegal number: {argument}"),
                };
                self.write_error(io, &message);
                Err(2)
            }
        }
    }

    pub(super) fn leave(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let numeric = arguments.first().is_some_and(|first| first.parse::<i64>().is_ok());
        if arguments.len() > 1 && numeric && self.state.dialect == Dialect::Bash {
            let message = format!("{}too many arguments", self.state.builtin("exit"));
            self.write_error(io, &message);
            // What was typed is over: a script with it.
            if !self.state.interactive {
                self.exit(1);
                return None;
            }
            return Some(1);
        }
        // In the trap of EXIT it is what the shell ended with.
        let code = match self.ends_with.filter(|_| arguments.is_empty()) {
            Some(code) => code,
            None => self.code(io, "exit", arguments).unwrap_or_else(|code| code),
        };
        self.exit(code);
        None
    }

    pub(super) fn return_from(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let code = match self.code(io, "return", arguments) {
            Ok(code) => code,
            Err(code) => self.fail_builtin("return", code),
        };
        if self.leaving {
            return None;
        }
        let caller = self.stack.iter().rposition(|frame| {
            matches!(
                frame,
                Frame::Function { .. }
                    | Frame::Sourced { .. }
                    | Frame::Script { source: Source::File, .. }
            )
        });
        let sourced = self.stack.iter().any(|frame| matches!(frame, Frame::List { .. }));
        let bash = self.state.dialect == Dialect::Bash;
        let typed = self.state.interactive;
        if bash && caller.is_none() && sourced && !typed && self.state.depth == 0 {
            let what = "can only `return' from a function or sourced script";
            let message = format!("{}{what}", self.state.builtin("return"));
            self.write_error(io, &message);
            return Some(2);
        }
        match caller {
            // The function's own trap is still to run.
            Some(height) if matches!(self.stack.get(height), Some(Frame::Function { .. })) => {
                self.unwind_to(height + 1);
            }
            Some(height) => self.unwind_to(height),
            // A sourced file that has been read to its end has no frame of its own any more.
            None if self.stack.iter().any(|frame| matches!(frame, Frame::List { .. })) => {
                self.unwind_to(0);
            }
            None => {}
        }
        Some(code)
    }

    pub(super) fn break_loop(
        &mut self,
        io: &mut Io<'_>,
        name: &str,
        arguments: &[String],
    ) -> Option<i32> {
        let given = arguments.first().map(|count| count.parse::<i64>().ok());
        let mut loops: Vec<usize> = Vec::new();
        for (height, frame) in self.stack.iter().enumerate().rev() {
            match frame {
                Frame::Function { .. } => break,
                frame if is_loop(frame) => loops.push(height),
                _ => {}
            }
        }
        if loops.is_empty() {
            if self.state.dialect == Dialect::Bash {
                let prefix = self.state.prefix();
                let message =
                    format!("{prefix}{name}: only meaningful in a `for', `while', or `until' loop");
                self.write_error(io, &message);
            }
            return Some(0);
        }
        let wrong = !matches!(given, None | Some(Some(1..)));
        if wrong {
            let (text, builtin) = (&arguments[0], self.state.builtin(name));
            let message = match (self.state.dialect, given) {
                (Dialect::Bash, Some(Some(_))) => {
                    format!("{builtin}{text}: loop count out of range")
                }
                (Dialect::Bash, _) => format!("{builtin}{text}: numeric argument required"),
                _ => format!("{builtin}Illegal number: {text}"),
            };
            self.write_error(io, &message);
            match (self.state.dialect, given) {
                (Dialect::Bash, Some(Some(_))) => {}
                (Dialect::Bash, _) => self.fail_hard(128),
                _ => self.fail_hard(2),
            }
            if self.leaving {
                return None;
            }
        }
        let levels = match given {
            _ if wrong => loops.len(),
            Some(Some(levels)) => levels as usize,
            _ => 1,
        };
        let height = loops[levels.clamp(1, loops.len()) - 1];
        if name == "break" || wrong {
            self.unwind_to(height);
        } else {
            self.unwind_to(height + 1);
            // `continue` in a `while`'s condition asks again.
            if let Some(Frame::While { asking, .. }) = self.stack.last_mut() {
                *asking = false;
            }
        }
        Some(i32::from(wrong))
    }

    /// Waits for background commands; they go on whenever the machine does.
    pub(in crate::shell::machine) fn wait(
        &mut self,
        io: &mut Io<'_>,
        job: Option<u32>,
        any: bool,
    ) -> Turn {
        let wanted = |running: &&Job| job.is_none_or(|pid| pid == running.pid);
        let ended = |running: &&Job| running.status.is_some();
        let running = self.jobs.iter().filter(wanted).any(|running| running.status.is_none());
        let first = self.jobs.iter().filter(wanted).find(ended).map(|one| (one.pid, one.status));
        if running && (!any || first.is_none()) {
            self.stack.push(Frame::Wait { job, any });
            return Turn::Wait(Step::Input);
        }
        let bash = self.state.dialect == Dialect::Bash;
        if !any && job.is_none() {
            // The almquist shells keep what has ended until `jobs` tells of it, or another begins.
            self.jobs.retain(|_| !bash);
            self.jobs.iter_mut().for_each(|job| job.waited = true);
            self.ended.clear();
            self.state.status = 0;
            return Turn::Go;
        }
        let text = first.and_then(|(pid, _)| self.jobs.iter().find(|one| one.pid == pid));
        let text = text.map(|one| one.text.clone()).unwrap_or_default();
        let mut known = false;
        let status = match first {
            Some((pid, status)) => {
                self.jobs.retain(|one| !bash || one.pid != pid);
                self.jobs.iter_mut().filter(|one| one.pid == pid).for_each(|one| one.waited = true);
                let status = status.unwrap_or(0);
                // bash can tell of it once more.
                known = self.ended.insert(pid, status).is_some();
                status
            }
            None => 127,
        };
        // The almquist shells tell of what they waited for that a signal ended.
        let told = match status {
            129 => "Hangup",
            137 => "Killed",
            143 => "Terminated",
            _ => "",
        };
        let waited = first.filter(|_| job.is_some() && !told.is_empty() && !known);
        let waited = waited.map(|(pid, _)| (pid, text));
        match waited {
            // bash says whom a signal ended that nobody sends in the ordinary way.
            Some((pid, text)) if bash && !self.state.interactive && told != "Terminated" => {
                let prefix = self.state.prefix();
                self.write_error(io, &format!("{prefix}{pid:>5} {told:<24}{text}"));
            }
            Some(_) if !bash => self.write_error(io, told),
            _ => {}
        }
        self.state.status = status;
        Turn::Go
    }

    /// `jobs %3`: the exit code where there is no such job.
    fn no_such_job(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let named = arguments.iter().find(|word| !word.starts_with('-'))?;
        if self.job_of(named).is_some() {
            return None;
        }
        let builtin = self.state.builtin("jobs");
        let (message, status) = match self.state.dialect {
            Dialect::Bash => (format!("{builtin}{named}: no such job"), 1),
            Dialect::Ash => (format!("{builtin}{named}: no such job"), 2),
            Dialect::Dash => (format!("{builtin}No such job: {named}"), 2),
        };
        self.write_error(io, &message);
        Some(status)
    }

    /// `jobs` in a copy of the shell that began them.
    fn list_known(&mut self, io: &mut Io<'_>, letters: &str) {
        let known = std::mem::take(&mut self.known_jobs);
        for (at, (pid, number, text)) in known.iter().enumerate() {
            let mark = mark(known.len() - at);
            let shown = if letters.contains('l') { format!("{pid:>5} ") } else { " ".into() };
            let line = match self.state.dialect {
                _ if letters.contains('p') => pid.to_string(),
                Dialect::Ash => format!("[{number}]{mark} {shown}{:<27}", "Running"),
                _ => format!("[{number}]{mark} {shown}{:<24}{text} &", "Running"),
            };
            self.say(io, &line);
        }
    }

    /// A line of `jobs`.
    fn job_line(&self, job: &Job, mark: char, with_pid: bool) -> String {
        let bash = self.state.dialect == Dialect::Bash;
        let state = match job.status {
            None => "Running".to_owned(),
            Some(0) => "Done".to_owned(),
            Some(143) => "Terminated".to_owned(),
            Some(137) => "Killed".to_owned(),
            Some(status) if bash => format!("Exit {status}"),
            Some(status) => format!("Done({status})"),
        };
        let pid = if with_pid { format!("{:>5} ", job.pid) } else { " ".to_owned() };
        let (number, text) = (job.number, &job.text);
        match self.state.dialect {
            Dialect::Bash => {
                let end = if job.status.is_none() { " &" } else { "" };
                format!("[{number}]{mark} {pid}{state:<24}{text}{end}")
            }
            // Without job control BusyBox keeps no text.
            Dialect::Ash if !self.state.interactive => {
                format!("[{number}]{mark} {pid}{state:<27}")
            }
            _ => format!("[{number}] {mark} {}{state:<27}{text}", pid.trim_start()),
        }
    }

    /// `jobs`: what runs in the background, and what has ended since it was asked last.
    pub(super) fn list_jobs(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let letters: String = arguments.iter().filter_map(|word| word.strip_prefix('-')).collect();
        if let Some(letter) = letters.chars().find(|letter| !"lprsn".contains(*letter)) {
            let prefix = self.state.prefix();
            self.write_error(io, &format!("{prefix}jobs: -{letter}: invalid option\njobs: usage: jobs [-lnprs] [jobspec ...] or jobs -x command [args]"));
            return 2;
        }
        if let Some(status) = self.no_such_job(io, arguments) {
            return status;
        }
        // A copy of the shell knows what that had begun, while it has begun nothing itself.
        if self.jobs.is_empty() && !self.known_jobs.is_empty() {
            self.list_known(io, &letters);
            return 0;
        }
        let count = self.jobs.iter().filter(|job| !job.adopted).count();
        let bash = self.state.dialect == Dialect::Bash;
        let mut lines = Vec::new();
        let named = arguments.iter().filter(|word| !word.starts_with('-'));
        let named: Vec<usize> = named.filter_map(|word| self.job_of(word)).collect();
        let named: Vec<u32> = named.into_iter().map(|at| self.jobs[at].pid).collect();
        for (at, job) in self.jobs.iter().filter(|job| !job.adopted).enumerate() {
            let runs = job.status.is_none();
            let asked = named.is_empty() || named.contains(&job.pid);
            if letters.contains('r') && !runs || letters.contains('s') || !asked {
                continue;
            }
            if letters.contains('p') {
                lines.push(job.pid.to_string());
                continue;
            }
            // What the almquist shells have told of is gone when the next one is told of.
            let left = match bash {
                true => count - at,
                false => {
                    let newer = self.jobs.iter().skip_while(|one| one.pid != job.pid).skip(1);
                    newer.filter(|one| !one.adopted && one.status.is_none()).count() + 1
                }
            };
            lines.push(self.job_line(job, mark(left), letters.contains('l')));
        }
        // The almquist shells name the last first.
        if !bash {
            lines.reverse();
        }
        lines.iter().for_each(|line| self.say(io, line));
        self.jobs
            .retain(|job| job.status.is_none() || !named.is_empty() && !named.contains(&job.pid));
        0
    }
}

/// What marks a job, by how many are begun after it and itself.
fn mark(left: usize) -> char {
    match left {
        1 => '+',
        2 => '-',
        _ => ' ',
    }
}

/// Whether a frame is a loop, which `break` leaves.
fn is_loop(frame: &Frame) -> bool {
    matches!(
        frame,
        Frame::While { .. }
            | Frame::For { .. }
            | Frame::ArithmeticFor { .. }
            | Frame::Select { .. }
    )
}
