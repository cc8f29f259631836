//! What the tools of files say and ask.

use crate::shell::Io;
use crate::shell::commands::options::Options;
use crate::shell::commands::{busybox_usage, is_gnu};

/// Complains, and gives the exit code.
pub(super) fn fail(io: &mut Io<'_>, message: String) -> i32 {
    io.write_error(message);
    1
}

/// Says what GNU's tool misses; BusyBox' says how it is used.
pub(super) fn missing(io: &mut Io<'_>, tool: &str, what: &str) -> i32 {
    let message = match is_gnu(io) {
        true => format!("{tool}: {what}\nTry '{tool} --help' for more information."),
        false => busybox_usage(tool),
    };
    fail(io, message)
}

/// Whether there are operands; says that they are missing.
pub(super) fn need(io: &mut Io<'_>, options: &Options, tool: &str, what: &str) -> bool {
    if options.operands.is_empty() {
        missing(io, tool, what);
    }
    !options.operands.is_empty()
}

/// Whether there is an answer to so many questions by now: a pipe may have no end (`yes | rm -i`).
pub(super) fn is_answered(io: &Io<'_>, questions: usize) -> bool {
    let lines = io.stdin.rest().iter().filter(|byte| **byte == b'\n').count();
    io.stdin.ended() || io.stdin.piped && lines >= questions
}

/// Asks on standard error; whether the next line of standard input says yes.
pub(super) fn agreed(io: &mut Io<'_>, question: &str) -> bool {
    io.put_error(question.as_bytes());
    matches!(io.read_line(), crate::shell::Read::Line(line) if line.starts_with(['y', 'Y']))
}
