//! Programs that say something and end.

use super::http;
use crate::cluster::{Answer, Ask, Context, Poll, Process, Reply, Signal};

/// A program that says something and ends.
#[derive(Clone)]
pub(super) struct Says {
    what: String,
    code: i32,
}

impl Says {
    /// It says this, and ends with this code.
    pub fn boxed(what: impl Into<String>, code: i32) -> Box<dyn Process> {
        Box::new(Says { what: what.into(), code })
    }
}

impl Process for Says {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        if !self.what.is_empty() {
            context.say(&self.what);
        }
        Poll::Exit(self.code)
    }

    fn signal(&mut self, _: Signal, _: &mut Context<'_>) -> bool {
        false
    }

    fn serve(&mut self, _: &Ask, _: &mut Context<'_>) -> Answer {
        http::other(Reply::Closed)
    }
}
