//! `a | b | c`: each command a shell of its own, bytes between them in memory.
//!
//! They take turns from left to right. What the left one has written so far is there for the
//! right one even while the left one waits, so that `kubectl logs -f web | grep error` streams; a
//! left one whose reader is gone ends, so that `yes | head -1` does too.

use std::sync::Arc;

use super::frame::{Input, Target};
use super::{Machine, Order, Stdin, Step};
use crate::shell::syntax::Command;
use crate::shell::{Interrupted, Io};

/// Unread bytes from which on a writer waits for its reader.
const FULL: usize = 64 << 10;

/// Unread bytes at which a writer is ended: its reader only reads at the end, and never gets there.
const OVERFLOW: usize = 4 << 20;

/// One side of a pipe.
#[derive(Clone)]
struct Stage {
    machine: Machine,
    /// What comes in from the left; the first one's is not used.
    stdin: Stdin,
    status: Option<i32>,
    /// What it waits for.
    wait: Step,
}

/// A pipeline under way.
#[derive(Clone)]
pub(super) struct Pipes {
    stages: Vec<Stage>,
}

impl Pipes {
    /// Shells for `commands`; `None` when there can't be so many.
    pub fn new(parent: &Machine, io: &mut Io<'_>, commands: &[Arc<Command>]) -> Option<Pipes> {
        let count = u32::try_from(commands.len()).ok()?;
        let mut stages = Vec::new();
        for command in commands {
            let mut machine = parent.children(io, count)?;
            machine.begin(command.clone());
            let stdin = Stdin { piped: true, ..Stdin::default() };
            stages.push(Stage { machine, stdin, status: None, wait: Step::Input });
        }
        Some(Pipes { stages })
    }

    /// Lets every side go on as far as it can.
    pub fn step(&mut self, parent: &mut Machine, io: &mut Io<'_>) -> Step {
        for _ in 0..1_000 {
            let before = self.progress();
            for index in 0..self.stages.len() {
                self.step_stage(index, parent, io);
            }
            if self.stages.iter().all(|stage| stage.status.is_some()) {
                self.keep_last(parent);
                return Step::Exit(self.status(parent));
            }
            if self.progress() == before {
                return self.waits();
            }
        }
        Step::Until(io.now() + super::REST)
    }

    /// `shopt -s lastpipe`: without job control the right side was the shell itself.
    fn keep_last(&self, parent: &mut Machine) {
        if let Some(last) = self.stages.last()
            && parent.state.shopt("lastpipe")
            && !parent.state.interactive
        {
            let own = &last.machine.state;
            parent.state.variables = own.variables.clone();
            parent.state.functions = own.functions.clone();
            parent.state.directory.clone_from(&own.directory);
        }
    }

    /// The shells of its sides.
    pub fn machines(&mut self) -> impl Iterator<Item = &mut Machine> {
        self.stages.iter_mut().map(|stage| &mut stage.machine)
    }

    /// How each side ended, left to right.
    pub fn statuses(&self) -> Vec<i32> {
        self.stages.iter().map(|stage| stage.status.unwrap_or(0)).collect()
    }

    fn status(&self, parent: &Machine) -> i32 {
        let statuses = || self.stages.iter().filter_map(|stage| stage.status);
        let failed = statuses().rfind(|status| *status != 0);
        match parent.state.options.pipe_fail {
            true => failed.unwrap_or(0),
            false => statuses().next_back().unwrap_or(0),
        }
    }

    /// Grows whenever anything has happened.
    fn progress(&self) -> usize {
        let stage = |stage: &Stage| {
            stage.stdin.bytes.len() + stage.stdin.read + usize::from(stage.status.is_some())
        };
        self.stages.iter().map(stage).sum()
    }

    fn waits(&self) -> Step {
        let open = self.stages.iter().filter(|stage| stage.status.is_none());
        let times = open.filter_map(|stage| match stage.wait {
            Step::Until(at) => Some(at),
            _ => None,
        });
        times.min().map_or(Step::Input, Step::Until)
    }

    fn step_stage(&mut self, index: usize, parent: &mut Machine, io: &mut Io<'_>) {
        if self.stages[index].status.is_some() {
            return;
        }
        if let Some(reader) = self.stages.get(index + 1) {
            let backlog = reader.stdin.rest().len();
            if backlog > OVERFLOW && reader.status.is_none() {
                let told = format!(
                    "podhop: a pipe holds {OVERFLOW} bytes here, and its reader waits for more; the \
                     writer was ended"
                );
                parent.write_error(io, &told);
            }
            if reader.status.is_some() || backlog > OVERFLOW {
                // SIGPIPE
                self.end(index, 141);
                return;
            }
            if backlog > FULL && matches!(reader.wait, Step::Until(_)) {
                return;
            }
        }
        let (mut output, mut errors, mut order) = (Vec::new(), Vec::new(), Order::default());
        let last = index + 1 == self.stages.len();
        let stage = &mut self.stages[index];
        let (machine, own) = (&mut stage.machine, &mut stage.stdin);
        let terminal = io.terminal && last && parent.descriptors.output == Target::Output;
        let step = {
            let mut nothing = Stdin::default();
            let stdin = match parent.descriptors.input {
                _ if index > 0 => own,
                Input::Own => &mut *io.stdin,
                Input::Null => &mut nothing,
                Input::Text(text) => parent.inputs.get_mut(text).unwrap_or(&mut nothing),
            };
            machine.step(&mut Io {
                cluster: io.cluster,
                place: &parent.state.place,
                stdin,
                stdout: &mut output,
                stderr: &mut errors,
                terminal,
                environment: io.environment,
                directory: &parent.state.directory,
                umask: parent.state.umask,
                files: io.files,
                ui_requests: io.ui_requests,
                prompt: io.prompt,
                order: &mut order,
                budget: io.budget,
            })
        };
        stage.wait = step;
        parent.take_over(io, &mut stage.machine);
        if last {
            parent.deliver(io, &output, &errors, &order);
        } else {
            parent.put(io, 2, &errors);
            io.budget.keep(output.len());
            self.pass_on(index + 1, &output);
        }
        if let Step::Exit(status) = step {
            self.end(index, status);
        }
    }

    fn pass_on(&mut self, to: usize, bytes: &[u8]) {
        let Some(reader) = self.stages.get_mut(to) else { return };
        // What has been read is of no use to anybody; without this a long stream would grow.
        if reader.stdin.read > FULL {
            reader.stdin.bytes.drain(..reader.stdin.read);
            reader.stdin.read = 0;
        }
        reader.stdin.bytes.extend_from_slice(bytes);
    }

    fn end(&mut self, index: usize, status: i32) {
        self.stages[index].status = Some(status);
        self.stages[index].machine.unwind_to(0);
        if let Some(reader) = self.stages.get_mut(index + 1) {
            reader.stdin.piped = false;
        }
    }

    /// SIGTERM reaches every side; what those that are read from say is lost.
    pub fn terminate(&mut self, parent: &mut Machine, io: &mut Io<'_>) {
        let last = self.stages.len().saturating_sub(1);
        for (index, stage) in self.stages.iter_mut().enumerate() {
            parent.with_child(io, |io| {
                stage.machine.terminate(io);
                if index != last {
                    io.stdout.clear();
                }
            });
        }
    }

    /// Ctrl-C reaches every side.
    pub fn interrupt(&mut self, parent: &mut Machine, io: &mut Io<'_>) -> Interrupted {
        for index in 0..self.stages.len() {
            if self.stages[index].status.is_some() {
                continue;
            }
            let last = index + 1 == self.stages.len();
            let machine = &mut self.stages[index].machine;
            let mut passed = Vec::new();
            let handled = parent.with_child(io, |io| {
                let handled = machine.interrupt(io);
                if !last {
                    passed = std::mem::take(io.stdout);
                }
                handled
            });
            self.pass_on(index + 1, &passed);
            if handled == Interrupted::Ended {
                self.end(index, 130);
            }
        }
        // The readers see the end of what they were sent, and finish.
        self.step(parent, io);
        match self.stages.iter().all(|stage| stage.status.is_some()) {
            true => Interrupted::Ended,
            false => Interrupted::Handled,
        }
    }
}
