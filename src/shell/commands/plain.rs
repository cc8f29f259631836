//! Commands that do all their work at once.

use crate::cluster::Cluster;
use crate::shell::{Io, Step, Tool};

/// What such a command is: from its arguments (without its name) to an exit code. `None` when it
/// needs the whole of standard input and that has not come to its end; it is then called again,
/// and must not have printed anything.
pub(in crate::shell) type Work = fn(&[String], &mut Io<'_>) -> Option<i32>;

/// A command that does all its work at once.
#[derive(Clone)]
pub(in crate::shell) struct Plain {
    work: Work,
    arguments: Vec<String>,
}

/// A command that does all its work at once.
pub(in crate::shell) fn plain(work: Work, arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Plain { work, arguments: arguments.to_vec() })
}

impl Tool for Plain {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        (self.work)(&self.arguments, io).map_or(Step::Input, Step::Exit)
    }
}

/// A command that only complains.
#[derive(Clone)]
struct Failed {
    message: String,
    status: i32,
}

/// A command that only says why it can't start, and ends with this exit code.
pub(in crate::shell) fn failed(message: impl Into<String>, status: i32) -> Box<dyn Tool> {
    Box::new(Failed { message: message.into(), status })
}

/// A command that only prints something, and succeeds.
pub(in crate::shell) fn said(text: impl Into<String>) -> Box<dyn Tool> {
    Box::new(Said(text.into()))
}

/// A command that warns before it begins.
pub(in crate::shell) fn warned(warning: impl Into<String>, tool: Box<dyn Tool>) -> Box<dyn Tool> {
    Box::new(Warned { warning: Some(warning.into()), tool })
}

#[derive(Clone)]
struct Warned {
    warning: Option<String>,
    tool: Box<dyn Tool>,
}

impl Tool for Warned {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if let Some(warning) = self.warning.take() {
            io.write_error(warning);
        }
        self.tool.step(io)
    }

    fn is_ready(&self, cluster: &Cluster) -> bool {
        self.tool.is_ready(cluster)
    }

    fn inner(&mut self) -> Option<&mut dyn Tool> {
        Some(&mut *self.tool)
    }
}

#[derive(Clone)]
struct Said(String);

impl Tool for Said {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        io.stdout.extend_from_slice(self.0.as_bytes());
        Step::Exit(0)
    }
}

impl Tool for Failed {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        io.write_error(&self.message);
        Step::Exit(self.status)
    }
}
