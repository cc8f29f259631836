//! `pause`: waits for SIGTERM.

use crate::cluster::{Answer, Ask, Context, Poll, Process, Reply, Signal};

/// A process that only waits.
#[derive(Clone)]
struct Pause {
    stopping: bool,
}

/// The program.
pub(super) fn start() -> Box<dyn Process> {
    Box::new(Pause { stopping: false })
}

impl Process for Pause {
    fn step(&mut self, _: &mut Context<'_>) -> Poll {
        if self.stopping { Poll::Exit(0) } else { Poll::Idle }
    }

    fn signal(&mut self, signal: Signal, context: &mut Context<'_>) -> bool {
        self.stopping = matches!(signal, Signal::Term | Signal::Int);
        if self.stopping {
            context.say("Shutting down, got signal: Terminated");
        }
        self.stopping
    }

    fn serve(&mut self, _: &Ask, _: &mut Context<'_>) -> Answer {
        super::http::other(Reply::Reset)
    }
}
