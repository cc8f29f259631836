//! Servers that are started by hand: commands that run until they end by themselves or somebody ends
//! them.

use super::{Interrupted, Io, Step, Tool};
use crate::cluster::{Cluster, Process, Signal};
use crate::network::ProcessId;

/// A server as a command.
#[derive(Clone)]
struct ByHand {
    state: State,
}

#[derive(Clone)]
enum State {
    Start(Program),
    Runs(ProcessId),
    Over,
}

/// A program that can be cloned with the command that will start it.
struct Program(Box<dyn Process>);

impl Clone for Program {
    fn clone(&self) -> Program {
        Program(self.0.clone_box())
    }
}

/// A command that runs this server.
pub(super) fn by_hand(process: Box<dyn Process>) -> Box<dyn Tool> {
    Box::new(ByHand { state: State::Start(Program(process)) })
}

impl ByHand {
    /// Passes on what the server wrote; its exit code, when it has ended.
    fn look(io: &mut Io<'_>, id: ProcessId) -> Option<i32> {
        // One that is gone was killed with its pod.
        let Some((output, exit)) = io.cluster.attend(id) else { return Some(137) };
        io.stdout.extend_from_slice(&output);
        exit
    }

    fn end(&mut self, io: &mut Io<'_>, signal: Signal) {
        if let State::Runs(id) = self.state {
            io.cluster.signal_by_hand(id, signal);
            ByHand::look(io, id);
            io.cluster.dismiss(id);
            self.state = State::Over;
        }
    }
}

impl Tool for ByHand {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let id = match std::mem::replace(&mut self.state, State::Over) {
            State::Start(program) => match io.cluster.run_by_hand(io.place, program.0) {
                Some(id) => id,
                None => return Step::Exit(1),
            },
            State::Runs(id) => id,
            State::Over => return Step::Exit(0),
        };
        if let Some(code) = ByHand::look(io, id) {
            return Step::Exit(code);
        }
        self.state = State::Runs(id);
        Step::Until(io.now() + Cluster::ATTENTION)
    }

    fn is_ready(&self, cluster: &Cluster) -> bool {
        matches!(self.state, State::Runs(id) if cluster.has_ended(id))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.end(io, Signal::Int);
        Interrupted::Ended
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.end(io, Signal::Term);
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
