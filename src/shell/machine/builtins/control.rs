//! `exit`, `return`, `break`, `continue`, `trap`, `wait`, `jobs`.

use super::super::frame::{Frame, Source};
use super::super::{Dialect, Io, Machine, Step, Turn};

impl Machine {
    fn code(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> Result<i32, i32> {
        let Some(argument) = arguments.first() else { return Ok(self.state.status) };
        match argument.parse::<i64>() {
            Ok(code) => Ok((code & 0xff) as i32),
            Err(_) => {
                let prefix = self.state.prefix();
                let message = match self.state.dialect {
                    Dialect::Bash => {
                        format!("{prefix}{name}: {argument}: numeric argument required")
                    }
                    _ => format!("{prefix}{name}: Illegal number: {argument}"),
                };
                self.write_error(io, &message);
                Err(2)
            }
        }
    }

    pub(super) fn leave(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let code = self.code(io, "exit", arguments).unwrap_or_else(|code| code);
        self.exit(code);
        None
    }

    pub(super) fn return_from(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let code = self.code(io, "return", arguments).unwrap_or_else(|code| code);
        let caller = self.stack.iter().rposition(|frame| {
            matches!(frame, Frame::Function { .. } | Frame::Script { source: Source::File, .. })
        });
        match caller {
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
        let levels = arguments.first().and_then(|count| count.parse::<usize>().ok()).unwrap_or(1);
        let is_loop = |frame: &Frame| {
            matches!(frame, Frame::While { .. } | Frame::For { .. } | Frame::ArithmeticFor { .. })
        };
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
        let height = loops[levels.clamp(1, loops.len()) - 1];
        if name == "break" {
            self.unwind_to(height);
        } else {
            self.unwind_to(height + 1);
            // `continue` in a `while`'s condition asks again.
            if let Some(Frame::While { asking, .. }) = self.stack.last_mut() {
                *asking = false;
            }
        }
        Some(0)
    }

    pub(super) fn trap(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let arguments = match arguments.first().map(String::as_str) {
            Some("--") => &arguments[1..],
            _ => arguments,
        };
        match arguments {
            [] => {
                for (name, command) in self.state.traps.clone() {
                    let signal = match name.as_str() {
                        "EXIT" => name,
                        _ if self.state.dialect == Dialect::Bash => format!("SIG{name}"),
                        _ => name,
                    };
                    self.say(io, &format!("trap -- '{command}' {signal}"));
                }
                0
            }
            [option] if option == "-l" => {
                self.say(io, "HUP INT QUIT KILL TERM");
                0
            }
            [name] => i32::from(self.state.traps.remove(&signal(name)).is_none()),
            [command, names @ ..] => {
                for name in names {
                    match command.as_str() {
                        "-" => self.state.traps.remove(&signal(name)),
                        _ => self.state.traps.insert(signal(name), command.clone()),
                    };
                }
                0
            }
        }
    }

    pub(super) fn wait_for(&mut self, arguments: &[String]) -> Option<i32> {
        let job = match arguments.first() {
            None => None,
            Some(name) => Some(name.trim_start_matches('%').parse::<u32>().ok()?),
        };
        self.stack.push(Frame::Wait { job });
        None
    }

    /// Waits for background commands; they go on whenever the machine does.
    pub(in crate::shell::machine) fn wait(&mut self, job: Option<u32>) -> Turn {
        let mut status = if job.is_none() { 0 } else { 127 };
        for running in &self.jobs {
            if job.is_some_and(|pid| pid != running.pid) {
                continue;
            }
            match running.status {
                None => {
                    self.stack.push(Frame::Wait { job });
                    return Turn::Wait(Step::Input);
                }
                Some(ended) if job.is_some() => status = ended,
                Some(_) => {}
            }
        }
        self.jobs.retain(|running| running.status.is_none());
        self.state.status = status;
        Turn::Go
    }

    pub(super) fn list_jobs(&mut self, io: &mut Io<'_>) -> i32 {
        let states: Vec<String> = self
            .jobs
            .iter()
            .enumerate()
            .map(|(index, job)| {
                let state = if job.status.is_some() { "Done" } else { "Running" };
                format!("[{}]   {state:<24}{}", index + 1, job.pid)
            })
            .collect();
        for state in states {
            self.say(io, &state);
        }
        0
    }

    /// `kill` of background commands; anything else is the program's affair.
    pub(super) fn kill(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let targets: Vec<&String> =
            arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
        let of = |target: &String| match target.strip_prefix('%') {
            Some(number) => number.parse::<usize>().ok()?.checked_sub(1),
            None => {
                let pid: u32 = target.parse().ok()?;
                self.jobs.iter().position(|job| job.pid == pid)
            }
        };
        let jobs: Vec<Option<usize>> = targets.iter().map(|target| of(target)).collect();
        if jobs.is_empty() || jobs.contains(&None) {
            self.start_program(io, "kill", arguments.to_vec());
            return None;
        }
        for job in jobs.into_iter().flatten() {
            if let Some(job) = self.jobs.get_mut(job) {
                // Its programs tidy up, as at Ctrl-C, and then it is over whatever they say.
                let _ = job.machine.interrupt(io);
                job.machine.unwind();
                job.status.get_or_insert(143);
            }
        }
        Some(0)
    }
}

/// `SIGTERM`, `TERM`, `15`: `TERM`.
fn signal(name: &str) -> String {
    let upper = name.to_uppercase();
    match upper.trim_start_matches("SIG") {
        "0" => "EXIT",
        "1" => "HUP",
        "2" => "INT",
        "3" => "QUIT",
        "15" => "TERM",
        other => other,
    }
    .to_owned()
}
