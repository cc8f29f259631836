//! What a command that fails leaves to whoever asks why afterwards: its line, its exit code, its own words.

use std::sync::Arc;

use super::{Io, Machine};
use crate::cluster::{DeedId, Did, FailedCommand};

/// How much is kept of what a command says, in bytes.
const KEPT: usize = 400;

/// What the present command has said on standard error, the number of its first deed, and the line of its
/// pipeline.
#[derive(Clone, Default)]
pub(super) struct Heard {
    text: Vec<u8>,
    since: DeedId,
    line: u32,
}

impl Machine {
    /// A command begins.
    pub(super) fn begin_to_hear(&mut self, io: &Io<'_>) {
        self.heard.text.clear();
        self.heard.since = io.cluster.next_deed();
    }

    /// A pipeline begins at this line.
    pub(super) fn begin_pipeline_at(&mut self, line: u32) {
        self.heard.line = line;
    }

    /// The present command says something on standard error, wherever that leads.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.heard.text.len());
        self.heard.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Notes that the present command has ended with an error. One that has told in another way why (a request
    /// that failed, an object that is not there) need not be told of twice, and one that said nothing has
    /// perhaps only been asked.
    pub(super) fn note_failed(&self, io: &mut Io<'_>, program: &str) {
        let exit = self.state.status;
        if exit == 0 || self.state.interactive || io.cluster.has_noted_since(self.heard.since) {
            return;
        }
        let text = String::from_utf8_lossy(&self.heard.text);
        let Some(said) = text.lines().map(str::trim).find(|line| !line.is_empty()) else { return };
        let failed = FailedCommand {
            program: program.to_owned(),
            script: self.script_name(),
            line: self.state.line,
            exit,
            said: said.to_owned(),
        };
        io.cluster.note(&self.state.place, Did::CommandFailed(failed));
    }

    /// Notes that a `$( … )` of the present command has printed nothing.
    pub(super) fn note_nothing(&self, io: &mut Io<'_>) {
        if !self.state.interactive {
            let did = Did::NothingSubstituted { script: self.script_name(), line: self.state.line };
            io.cluster.note(&self.state.place, did);
        }
    }

    /// Notes with which line a script that is a file has ended, where that was an error.
    pub(super) fn note_ended(&self, io: &mut Io<'_>) {
        let (line, exit) = (self.heard.line, self.state.status);
        if exit != 0
            && self.state.depth == 0
            && let Some(script) = self.script_name()
        {
            io.cluster.note(&self.state.place, Did::ScriptEnded { script, line, exit });
        }
    }

    /// The file that the present command stands in; none for the text behind `-c`.
    fn script_name(&self) -> Option<Arc<str>> {
        self.state.from_file.then(|| self.state.file())
    }
}
