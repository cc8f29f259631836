//! Ends: `exit`, errors that end a script, traps, and what has to be put back on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::builtins::is_special;
use super::frame::{Caller, Frame, Source};
use super::state::Variable;
use super::{Dialect, Io, Machine};
use crate::clock::SimTime;
use crate::cluster::Cluster;
use crate::shell::signals::number;
use crate::shell::syntax::Mark;

impl Machine {
    /// An error that ends a script, and at a prompt the line that was typed.
    pub(super) fn fail_hard(&mut self, status: i32) {
        self.state.status = status;
        match self.state.interactive {
            true => self.unwind_to(0),
            false => self.exit(status),
        }
    }

    /// What a builtin of dash or BusyBox fails with: one of POSIX' special builtins ends the script, any
    /// other is only a command that failed.
    pub(super) fn fail_builtin(&mut self, name: &str, status: i32) -> i32 {
        if self.state.dialect != Dialect::Bash && is_special(name) {
            self.fail_hard(status);
        }
        status
    }

    /// Ends the shell: the `EXIT` trap runs, and then nothing more.
    pub(super) fn exit(&mut self, status: i32) {
        self.unwind_to(0);
        self.state.status = status;
        self.leaving = true;
        // A trap that this one sets comes too late.
        let trapped = self.ends_with.is_some();
        if let Some(command) = self.take_exit_trap().filter(|_| !trapped) {
            self.exit_trap(&command);
        }
    }

    /// The `EXIT` trap, which runs once.
    pub fn take_exit_trap(&mut self) -> Option<String> {
        self.state.traps.remove("EXIT")
    }

    /// Runs the `EXIT` trap; the shell keeps its exit code unless the trap sets another.
    pub(super) fn exit_trap(&mut self, command: &str) {
        self.leaving = true;
        let status = self.state.status;
        self.ends_with = Some(status);
        self.state.keeps_command = true;
        let text = format!("{command}\nexit {status}").into();
        self.stack.push(Frame::Script { text, at: Mark::START, source: Source::Exit });
    }

    pub(super) fn start_traps(&mut self) {
        if matches!(
            self.stack.last(),
            Some(
                Frame::Run { .. }
                    | Frame::Server { .. }
                    | Frame::Pipes(_)
                    | Frame::Subshell(_)
                    | Frame::Substitute { .. }
            )
        ) {
            return;
        }
        for command in std::mem::take(&mut self.due_traps) {
            let status = self.state.status;
            self.stack.push(Frame::Trapped { status, ends: false });
            self.eval(&command);
        }
    }

    /// A signal's trap, to run as soon as the foreground command has ended; `wait` ends at once.
    /// Whether there is one.
    pub fn signal(&mut self, name: &str) -> bool {
        let Some(command) = self.state.traps.get(name).cloned() else {
            // `( … ) &` is one process.
            return match self.stack.as_mut_slice() {
                [before @ .., Frame::Subshell(child)] if before.iter().all(Frame::is_finished) => {
                    child.signal(name)
                }
                _ => false,
            };
        };
        if !command.is_empty() {
            self.due_traps.push(command);
            if matches!(self.stack.last(), Some(Frame::Wait { .. })) {
                self.stack.pop();
                self.state.status = 128 + number(name).unwrap_or(0) as i32;
            }
        }
        true
    }

    /// A signal to the program that runs in the foreground: whether that heeds it and goes on.
    pub fn signal_program(&mut self, io: &mut Io<'_>, name: &'static str, group: bool) -> bool {
        let Some(Frame::Run { mut tool, environment, due }) = self.stack.pop_if(Frame::is_program)
        else {
            return false;
        };
        let heeds = self.with(io, &environment, |io| tool.signal(io, name, group));
        let due = if heeds { SimTime::START } else { due };
        self.stack.push(Frame::Run { tool, environment, due });
        heeds
    }

    /// A signal that this shell heeds ends what it has started, unless it ignores it.
    pub fn end_started(&mut self, io: &mut Io<'_>, name: &'static str) {
        if self.state.traps.get(name).is_none_or(String::is_empty) {
            return;
        }
        for job in 0..self.jobs.len() {
            self.kill_job(io, job, name);
        }
        if self.stack.last_mut().is_some_and(Frame::is_program) {
            self.terminate(io);
            self.state.status = 128 + number(name).unwrap_or(0) as i32;
            if name == "TERM" {
                self.write_error(io, "Terminated");
            }
        }
    }

    /// Whether what runs in the foreground wants to go on before its time.
    pub fn is_ready(&self, cluster: &Cluster) -> bool {
        matches!(self.stack.last(), Some(Frame::Run { tool, .. }) if tool.is_ready(cluster))
    }

    /// SIGTERM for what runs in the foreground, before [`Machine::unwind`].
    pub fn terminate(&mut self, io: &mut Io<'_>) {
        match self.stack.pop() {
            Some(Frame::Run { mut tool, environment, .. }) => {
                self.with(io, &environment, |io| tool.terminate(io));
            }
            Some(Frame::Subshell(mut child)) => self.with_child(io, |io| child.terminate(io)),
            Some(Frame::Pipes(mut pipes)) => pipes.terminate(self, io),
            Some(frame) => self.stack.push(frame),
            None => {}
        }
    }

    /// Ends it at once, with everything that it has started (SIGKILL).
    pub fn end_at_once(&mut self, status: i32) {
        self.unwind_to(0);
        self.jobs.clear();
        self.due_traps.clear();
        self.state.traps.clear();
        self.state.status = status;
    }

    /// Forgets everything that is under way.
    pub fn unwind(&mut self) {
        self.unwind_to(0);
    }

    /// Takes `exit` back: the shell goes on.
    pub fn stay(&mut self) {
        self.ends_with = None;
        self.leaving = false;
    }

    /// Takes frames off down to `height`, undoing what they would have undone.
    pub(super) fn unwind_to(&mut self, height: usize) {
        while self.stack.len() > height {
            match self.stack.pop() {
                Some(Frame::Restore { descriptors, inputs }) => {
                    self.descriptors = descriptors;
                    self.inputs.truncate(inputs);
                }
                Some(Frame::Function { caller, .. }) => self.leave_function(caller),
                Some(Frame::Sourced { positional }) => self.leave_file(positional),
                Some(Frame::Evaluated { before }) => self.state.evaluates = before,
                Some(Frame::Variables { saved }) => self.put_back(saved),
                _ => {}
            }
        }
    }

    pub(super) fn put_back(&mut self, saved: BTreeMap<String, Option<Variable>>) {
        if saved.is_empty() {
            return;
        }
        let variables = &mut self.state.variables;
        for (name, variable) in saved {
            match variable {
                Some(variable) => variables.insert(&name, variable),
                None => variables.remove(&name),
            }
        }
    }

    pub(super) fn leave_function(&mut self, caller: Caller) {
        self.state.positional = caller.positional;
        self.state.leave_call();
        self.put_back(caller.locals);
        if let Some(options) = caller.options {
            self.state.options = options;
        }
        if let Some(trap) = caller.trap {
            self.state.traps.insert("RETURN".to_owned(), trap);
        }
    }

    /// A sourced file has ended.
    pub(super) fn leave_file(&mut self, positional: Option<Arc<Vec<String>>>) {
        self.state.leave_call();
        if let Some(positional) = positional {
            self.state.positional = positional;
        }
    }

    /// Takes over what a shell below wrote to this one's descriptors, and the signals that it sent.
    pub(super) fn take_over(&mut self, io: &mut Io<'_>, child: &mut Machine) {
        for (descriptor, bytes) in std::mem::take(&mut child.above) {
            self.put(io, descriptor, &bytes);
        }
        self.signals.append(&mut child.signals);
    }

    /// Heeds what subshells have sent to this shell and to its background commands, and leaves the rest for
    /// the shell above; whether there was something for itself.
    pub(super) fn heed_signals(&mut self, io: &mut Io<'_>) -> bool {
        let mut heeded = false;
        for (pid, name) in std::mem::take(&mut self.signals) {
            match self.jobs.iter().position(|job| job.pid == pid) {
                Some(job) => self.kill_job(io, job, name),
                None if self.state.depth == 0 && pid == self.state.pid => {
                    self.kill_self(io, name);
                    heeded = true;
                }
                None if self.state.depth == 0 => {}
                None => self.signals.push((pid, name)),
            }
        }
        heeded
    }

    /// Whether `exit` was called.
    pub fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Whether there is nothing to do in the foreground.
    pub fn is_idle(&self) -> bool {
        self.stack.is_empty()
    }
}
