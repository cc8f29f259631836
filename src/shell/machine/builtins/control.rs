//! `exit`, `return`, `break`, `continue`, `trap`, `wait`, `jobs`.

use super::super::frame::{Frame, Source};
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
            return Some(1);
        }
        let code = self.code(io, "exit", arguments).unwrap_or_else(|code| code);
        self.exit(code);
        None
    }

    pub(super) fn return_from(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let code = self.code(io, "return", arguments).unwrap_or_else(|code| code);
        let caller = self.stack.iter().rposition(|frame| {
            matches!(frame, Frame::Function { .. } | Frame::Script { source: Source::File, .. })
        });
        let sourced = self.stack.iter().any(|frame| matches!(frame, Frame::List { .. }));
        let bash = self.state.dialect == Dialect::Bash;
        if bash && caller.is_none() && sourced && self.state.command_string && self.state.depth == 0
        {
            let what = "can only `return' from a function or sourced script";
            let message = format!("{}{what}", self.state.builtin("return"));
            self.write_error(io, &message);
            return Some(2);
        }
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
            matches!(
                frame,
                Frame::While { .. }
                    | Frame::For { .. }
                    | Frame::ArithmeticFor { .. }
                    | Frame::Select { .. }
            )
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
}
