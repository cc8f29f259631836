//! Servers that are started by hand: commands that run until they end by themselves or somebody ends
//! them.

use super::tool::INPUT;
use super::{Interrupted, Io, Step, Tool};
use crate::cluster::{Cluster, Process, Signal};
use crate::network::ProcessId;

/// A server as a command.
#[derive(Clone)]
struct ForegroundTool {
    state: ForegroundState,
}

#[derive(Clone)]
enum ForegroundState {
    Start(Box<dyn Process>),
    Runs(ProcessId),
    Over,
}

/// A command that runs this server.
pub(super) fn run_in_foreground(process: Box<dyn Process>) -> Box<dyn Tool> {
    Box::new(ForegroundTool { state: ForegroundState::Start(process) })
}

impl ForegroundTool {
    /// Passes on what the server wrote; its exit code, when it has ended.
    fn look(io: &mut Io<'_>, id: ProcessId) -> Option<i32> {
        // One that is gone was killed with its pod.
        let Some((written, exit)) = io.cluster.attend(id) else { return Some(137) };
        io.stdout.extend_from_slice(&written.output);
        if !written.errors.is_empty() {
            io.put_error(&written.errors);
        }
        exit
    }

    fn end(&mut self, io: &mut Io<'_>, signal: Signal) {
        if let ForegroundState::Runs(id) = self.state {
            io.cluster.signal_foreground(id, signal);
            ForegroundTool::look(io, id);
            io.cluster.dismiss(id);
            self.state = ForegroundState::Over;
        }
    }
}

/// A tool that is given its standard input as a file waits until all of it is there.
pub(super) fn with_input(tool: Box<dyn Tool>, arguments: &[String]) -> Box<dyn Tool> {
    let names = |argument: &String| INPUT.iter().any(|input| argument.ends_with(input));
    match arguments.iter().any(names) {
        true => Box::new(WithInput(tool)),
        false => tool,
    }
}

#[derive(Clone)]
struct WithInput(Box<dyn Tool>);

impl Tool for WithInput {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if io.stdin.ended() { self.0.step(io) } else { Step::Input }
    }

    fn is_ready(&self, cluster: &Cluster) -> bool {
        self.0.is_ready(cluster)
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.0.interrupt(io)
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.0.terminate(io);
    }
}

impl Tool for ForegroundTool {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let id = match std::mem::replace(&mut self.state, ForegroundState::Over) {
            ForegroundState::Start(program) => {
                match io.cluster.run_in_foreground(io.place, program) {
                    Some(id) => id,
                    None => return Step::Exit(1),
                }
            }
            ForegroundState::Runs(id) => id,
            ForegroundState::Over => return Step::Exit(0),
        };
        if let Some(code) = ForegroundTool::look(io, id) {
            return Step::Exit(code);
        }
        self.state = ForegroundState::Runs(id);
        Step::Until(io.now() + Cluster::ATTENTION)
    }

    fn is_ready(&self, cluster: &Cluster) -> bool {
        matches!(self.state, ForegroundState::Runs(id) if cluster.has_news(id))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.end(io, Signal::Int);
        Interrupted::Ended
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.end(io, Signal::Term);
    }
}
