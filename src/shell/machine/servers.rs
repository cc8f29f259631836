//! Servers that a container's script starts: `nginx -g 'daemon off;'` at the end of a `sh -c`.

use super::frame::{Frame, Server};
use super::{Io, Machine, Step, Turn};
use crate::clock::SimTime;
use crate::cluster::{Answer, Ask, Context, Poll, Process, Signal};
use crate::shell::tool::NEVER;

impl Machine {
    /// Lets the server in the foreground go on.
    pub(super) fn serve_on(&mut self, io: &mut Io<'_>, mut process: Server, due: SimTime) -> Turn {
        if io.now() < due {
            self.stack.push(Frame::Server { process, due });
            return Turn::Wait(Step::Until(due));
        }
        let poll = self.in_context(io, |context| process.0.step(context));
        let due = match poll {
            Some(Poll::Until(at)) => at,
            Some(Poll::Idle) => NEVER,
            Some(Poll::Exit(status)) => {
                self.state.status = status;
                return Turn::Go;
            }
            None => return Turn::Go,
        };
        self.stack.push(Frame::Server { process, due });
        Turn::Wait(Step::Until(due))
    }

    fn in_context<T>(
        &mut self,
        io: &mut Io<'_>,
        act: impl FnOnce(&mut Context<'_>) -> T,
    ) -> Option<T> {
        let process = self.state.process?;
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let place = self.state.place.clone();
        let result = act(&mut Context {
            cluster: io.cluster,
            place,
            process,
            output: &mut output,
            errors: Some(&mut errors),
        });
        self.put(io, 1, &output);
        self.put(io, 2, &errors);
        Some(result)
    }

    /// The first server that runs anywhere below this shell answers a client.
    pub fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Option<Answer> {
        self.server(&mut |process| Some(process.serve(ask, context)))
    }

    /// Whether the server in the foreground has several workers.
    pub fn has_workers(&self) -> bool {
        matches!(self.stack.last(), Some(Frame::Server { process, .. }) if process.0.has_workers())
    }

    /// A signal for the server that has taken the shell's place. Whether it handles it.
    pub fn signal_server(&mut self, signal: Signal, context: &mut Context<'_>) -> bool {
        let Some((Frame::Server { process, due }, below)) = self.stack.split_last_mut() else {
            return false;
        };
        // A shell whose last command it is has made way for it (`sh -c 'exec nginx'`).
        let only = self.state.traps.is_empty() && below.iter().all(Frame::is_finished);
        if !only {
            return false;
        }
        *due = SimTime::START;
        process.0.signal(signal, context)
    }

    fn server<T>(&mut self, act: &mut dyn FnMut(&mut dyn Process) -> Option<T>) -> Option<T> {
        for frame in self.stack.iter_mut().rev() {
            let found = match frame {
                Frame::Server { process, .. } => act(process.0.as_mut()),
                Frame::Subshell(child) => child.server(act),
                Frame::Substitute { child, .. } => child.server(act),
                Frame::Pipes(pipes) => pipes.machines().find_map(|machine| machine.server(act)),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        self.jobs.iter_mut().find_map(|job| job.machine.server(act))
    }
}
