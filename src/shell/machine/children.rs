//! Commands and shells inside the machine: what they see, and where their output goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::frame::{Frame, Input, Target};
use super::{Io, Machine, Order, Stdin, Step, Tool, Turn, files_view};
use crate::clock::SimTime;
use crate::shell::files::View;
use crate::shell::syntax::Dialect;

/// Steps that a subshell costs before it has done anything.
const SHELL: u64 = 10;

/// What a command has written.
struct Written {
    output: Vec<u8>,
    errors: Vec<u8>,
    order: Order,
}

/// Programs whose messages begin with all of the word that they were called by: GNU's, but for those that
/// cut it down to their name.
const BY_PATH: &str = " [ arch b2sum base32 base64 basename basenc cat chgrp chmod chown cksum cmp comm cp \
    csplit cut date dd df diff dirname du env expand expr factor find fmt fold grep groups head id install \
    join link ln logname ls md5sum mkdir mkfifo mktemp mv nice nl nohup nproc numfmt od paste pr printenv \
    printf pwd readlink realpath rm rmdir sed seq sha1sum sha224sum sha256sum sha384sum sha512sum shuf \
    sleep sort split stat stdbuf sum sync tac tail tee test timeout touch tr truncate tsort tty uname \
    unexpand uniq unlink users wc who whoami xargs ";

/// What a program says of itself, under its path.
fn named_by_path(path: &str, errors: &[u8]) -> Vec<u8> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let text = String::from_utf8_lossy(errors);
    if name.is_empty() || !BY_PATH.contains(&format!(" {name} ")) {
        return errors.to_vec();
    }
    let (head, hint) = (format!("{name}: "), format!("Try '{name} --help'"));
    let lines = text.split_inclusive('\n').map(|line| match line.strip_prefix(&head) {
        Some(rest) => format!("{path}: {rest}"),
        None => line.replacen(&hint, &format!("Try '{path} --help'"), 1),
    });
    lines.collect::<String>().into_bytes()
}

impl Machine {
    /// A copy of this shell for a subshell, if there may be one more.
    pub(super) fn child(&self, io: &mut Io<'_>) -> Option<Machine> {
        self.children(io, 1)
    }

    /// A copy of this shell that shares what it may start with `count` others.
    pub(super) fn children(&self, io: &mut Io<'_>, count: u32) -> Option<Machine> {
        let shells = self.shells / (count + 1);
        if shells == 0 {
            return None;
        }
        io.budget.take(SHELL + self.state.copied());
        let mut child = Machine::of(self.state.clone());
        // A copy shows the traps that it does not have, until it sets one itself.
        if self.state.inherited.is_empty() {
            child.state.inherited = Arc::new(self.state.traps.clone());
        }
        child.state.traps.retain(|_, command| command.is_empty());
        if !self.state.options.error_trace {
            child.state.traps.remove("ERR");
        }
        child.state.depth += 1;
        child.state.own_pid = self.state.last_job.unwrap_or(0).max(self.state.own_pid) + 1;
        child.state.asked = self.is_asked();
        child.shells = shells;
        let own = self.jobs.iter().filter(|job| !job.adopted);
        child.known_jobs = own.map(|job| (job.pid, job.number, job.text.clone())).collect();
        if self.jobs.is_empty() {
            child.known_jobs.clone_from(&self.known_jobs);
        }
        // What was opened stays open; what leads to this shell's own output is the child's by itself.
        for (number, target) in &self.descriptors.others {
            let target = match target {
                Target::Output | Target::Error | Target::Above(_) => Target::Above(*number),
                other => other.clone(),
            };
            child.descriptors.others.insert(*number, target);
        }
        if !child.descriptors.others.is_empty() {
            child.inputs.clone_from(&self.inputs);
            child.closing.clone_from(&self.closing);
        }
        Some(child)
    }

    pub(super) fn no_more_shells(&mut self, io: &mut Io<'_>) {
        let prefix = self.state.prefix();
        let message = match self.state.dialect {
            Dialect::Bash => format!("{prefix}fork: retry: Resource temporarily unavailable"),
            Dialect::Dash => format!("{prefix}Cannot fork"),
            Dialect::Ash => format!("{prefix}can't fork: Resource temporarily unavailable"),
        };
        self.write_error(io, &message);
        self.fail_hard(254);
    }

    /// Goes on with a substitution; its output is kept for the expansion that waits for it.
    pub(super) fn substitute(
        &mut self,
        io: &mut Io<'_>,
        mut child: Box<Machine>,
        mut output: Vec<u8>,
    ) -> Turn {
        let environment = io.environment;
        let (step, written) = self.inside(io, environment, false, |io| child.step(io));
        self.take_over(io, &mut child);
        self.put(io, 2, &written.errors);
        io.budget.keep(written.output.len());
        output.extend(written.output);
        let Step::Exit(code) = step else {
            self.stack.push(Frame::Substitute { child, output });
            return Turn::Wait(step);
        };
        let text = String::from_utf8_lossy(&output).into_owned();
        if text.trim_end_matches('\n').is_empty() {
            self.note_nothing(io);
        }
        if let Some(Frame::Expand { outputs, status, .. }) = self.stack.last_mut() {
            outputs.push(text);
            *status = Some(code);
        }
        Turn::Go
    }

    pub(super) fn subshell(&mut self, io: &mut Io<'_>, mut child: Box<Machine>) -> Turn {
        let step = self.with_child(io, |io| child.step(io));
        self.take_over(io, &mut child);
        match step {
            Step::Exit(status) => {
                if child.state.killed == Some("TERM") && self.state.dialect == Dialect::Bash {
                    self.write_error(io, "Terminated");
                }
                self.state.status = status;
                self.adopt(&mut child);
                Turn::Go
            }
            wait => {
                self.stack.push(Frame::Subshell(child));
                Turn::Wait(wait)
            }
        }
    }

    pub(super) fn run(
        &mut self,
        io: &mut Io<'_>,
        mut tool: Box<dyn Tool>,
        environment: Arc<BTreeMap<String, String>>,
        due: SimTime,
    ) -> Turn {
        if io.now() < due && !tool.is_ready(io.cluster) {
            self.stack.push(Frame::Run { tool, environment, due });
            return Turn::Wait(Step::Until(due));
        }
        let closes = self.server_closes(io.now());
        let (step, written) = {
            let terminal = io.terminal && self.descriptors.output == Target::Output;
            self.inside(io, &environment, terminal, |io| tool.step(io))
        };
        let path = self.program.clone();
        let full = path.contains('/') && self.state.dialect != Dialect::Ash;
        self.deliver_as(io, &written, full.then_some(path.as_str()));
        let step = match (step, closes) {
            (Step::Input, Some(closes)) => Step::Until(closes),
            (step, _) => step,
        };
        match step {
            Step::Exit(status) => {
                self.state.status = self.after_writing(io, status);
                self.tell_killed(io);
                let program = self.program.clone();
                self.note_failed(io, &program);
                Turn::Go
            }
            wait => {
                let due = match wait {
                    Step::Until(at) => at,
                    _ => SimTime::START,
                };
                let again = due <= io.now() && wait != Step::Input;
                self.stack.push(Frame::Run { tool, environment, due });
                match again {
                    true => Turn::Go,
                    false => Turn::Wait(wait),
                }
            }
        }
    }

    /// BusyBox' `timeout` becomes the command that it limits, and the shell tells of a command that a signal
    /// has ended.
    fn tell_killed(&mut self, io: &mut Io<'_>) {
        let told = match self.state.status {
            129 => "Hangup",
            131 => "Quit",
            137 => "Killed",
            143 => "Terminated",
            _ => return,
        };
        if self.state.dialect == Dialect::Ash && self.program == "timeout" {
            self.write_error(io, told);
        }
    }

    /// The exit code of a program, when not all of its output could be written.
    fn after_writing(&mut self, io: &mut Io<'_>, status: i32) -> i32 {
        if !std::mem::take(&mut self.unwritten) {
            return status;
        }
        let why = match self.descriptors.output {
            Target::Closed => "Bad file descriptor",
            _ => "No space left on device",
        };
        let name = self.program.rsplit('/').next().unwrap_or("").to_owned();
        let gnu = self.state.dialect != Dialect::Ash;
        // These applets do not look whether they could write.
        if !gnu && matches!(name.as_str(), "ls" | "grep" | "sed" | "awk") {
            return status;
        }
        let (message, status) = match (gnu, name.as_str()) {
            (true, "sort") => {
                (format!("sort: fflush failed: 'standard output': {why}\nsort: write error"), 2)
            }
            (true, "sed") => (format!("sed: couldn't flush stdout: {why}"), 4),
            (_, "grep") if gnu => (format!("grep: write error: {why}"), 2),
            (_, "curl") => ("curl: (23) Failed writing body".to_owned(), 23),
            (true, "tee") => (format!("tee: 'standard output': {why}"), 1),
            (true, "ls") => (format!("ls: write error: {why}"), 2),
            _ => (format!("{name}: write error: {why}"), 1),
        };
        self.write_error(io, &message);
        status
    }

    /// Runs `act` with the view that a command of this shell has, and passes on what it writes.
    pub(super) fn with<T>(
        &mut self,
        io: &mut Io<'_>,
        environment: &BTreeMap<String, String>,
        act: impl FnOnce(&mut Io<'_>) -> T,
    ) -> T {
        let terminal = io.terminal && self.descriptors.output == Target::Output;
        let (result, written) = self.inside(io, environment, terminal, act);
        self.deliver_as(io, &written, None);
        result
    }

    /// Passes on what a command wrote that was called by its whole path, if it is one that names itself so.
    fn deliver_as(&mut self, io: &mut Io<'_>, written: &Written, path: Option<&str>) {
        io.budget.keep(written.output.len() + written.errors.len());
        for (error, bytes) in written.order.merge(&written.output, &written.errors) {
            match path.filter(|_| error) {
                Some(path) => self.put(io, 2, &named_by_path(path, bytes)),
                None => self.put(io, if error { 2 } else { 1 }, bytes),
            }
        }
    }

    /// Runs `act` with the view that a command of this shell has; what it writes comes beside.
    fn inside<T>(
        &mut self,
        io: &mut Io<'_>,
        environment: &BTreeMap<String, String>,
        terminal: bool,
        act: impl FnOnce(&mut Io<'_>) -> T,
    ) -> (T, Written) {
        let mut written =
            Written { output: Vec::new(), errors: Vec::new(), order: Order::default() };
        let mut nothing = Stdin::default();
        let stdin = match self.descriptors.input {
            Input::Own => &mut *io.stdin,
            Input::Null => &mut nothing,
            Input::Text(index) => self.inputs.get_mut(index).unwrap_or(&mut nothing),
        };
        let result = act(&mut Io {
            cluster: io.cluster,
            place: &self.state.place,
            stdin,
            stdout: &mut written.output,
            stderr: &mut written.errors,
            terminal,
            environment,
            directory: &self.state.directory,
            umask: self.state.umask,
            files: io.files,
            ui_requests: io.ui_requests,
            prompt: io.prompt,
            order: &mut written.order,
            budget: io.budget,
        });
        (result, written)
    }

    /// Runs `act` with the view that a subshell has.
    pub(super) fn with_child<T>(
        &mut self,
        io: &mut Io<'_>,
        act: impl FnOnce(&mut Io<'_>) -> T,
    ) -> T {
        let environment = io.environment;
        self.with(io, environment, act)
    }

    pub(super) fn deliver(&mut self, io: &mut Io<'_>, output: &[u8], errors: &[u8], order: &Order) {
        io.budget.keep(output.len() + errors.len());
        for (error, bytes) in order.merge(output, errors) {
            self.put(io, if error { 2 } else { 1 }, bytes);
        }
    }

    /// The files of the shell's place.
    pub(super) fn files_of<'a>(&'a self, io: &'a Io<'_>) -> View<'a> {
        files_view(io, &self.state.place)
    }
}
