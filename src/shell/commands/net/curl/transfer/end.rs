//! How a transfer ends: tries, the meter, the last words.

use std::time::Duration;

use super::super::report;
use super::super::write_out::{self, Facts};
use super::{Desk, LONGEST_PAUSE, Transfer, TransferState, Trouble};
use crate::network::SocketAddr;
use crate::shell::Io;
use crate::shell::commands::net::fetch::Failure;
impl Transfer {
    /// The end of a try: another one, or the exit code.
    pub(super) fn conclude(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        (code, told, refused): Trouble,
    ) -> Option<i32> {
        let operation = desk.operation;
        let status = self.last.as_ref().map_or(0, |response| response.status);
        self.progress(desk, io, code);
        let mut code = code;
        if code != 0 {
            desk.words().fail(io, code, &told);
        } else if operation.fail_with_body && status >= 400 {
            code =
                desk.words().fail(io, 22, &format!("The requested URL returned error: {status}"));
        }
        let transient = matches!(status, 408 | 429 | 500 | 502 | 503 | 504);
        let why = match code {
            28 | 6 | 5 => Some(": timeout"),
            7 if refused && operation.retry_refused => Some(": connection refused"),
            0 | 22 if transient => Some(": HTTP error"),
            0 => None,
            _ if operation.retry_all => Some("(retrying all errors)"),
            _ => None,
        };
        let late = operation.retry_max.is_some_and(|most| self.first_try + most <= io.now());
        let stuck = self.job.sink.is_stuck();
        if let Some(why) = why.filter(|_| self.tries < operation.retries && !late)
            && self.retry(desk, io, why)
        {
            if stuck {
                desk.words().fail(io, 23, "Failed to truncate file");
                return Some(self.close(desk, io, 23));
            }
            return None;
        }
        let code = self.close(desk, io, code);
        self.tell_end(desk, io, code, &told);
        Some(code)
    }

    /// Waits before the next try; false when the server asks for too long a pause.
    pub(super) fn retry(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, why: &str) -> bool {
        let operation = desk.operation;
        let mut pause = self.pause;
        let after = self.last.as_ref().and_then(|response| response.header("retry-after"));
        let after = after.and_then(|text| text.parse().ok()).filter(|after: &u64| *after > 0);
        if let Some(after) = after.filter(|_| why == ": HTTP error") {
            pause = Duration::from_secs(after.min(1 << 32));
            if operation.retry_max.is_some_and(|most| self.first_try + most < io.now() + pause) {
                desk.words().warn(io, "The Retry-After: time would make this command line exceed the maximum allowed time for retries.");
                return false;
            }
        }
        let left = operation.retries - self.tries;
        desk.words().warn(
            io,
            &format!(
                "Problem {why}. Will retry in {} seconds. {left} retries left.\n",
                pause.as_secs()
            ),
        );
        if let Some(bytes) = self.job.sink.throw_away(io).filter(|_| !desk.global.silent) {
            desk.words().tell(io, &format!("Throwing away {bytes} bytes\n"));
        }
        self.tries += 1;
        if operation.retry_delay.is_none() {
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
        self.state = TransferState::Pause(io.now() + pause);
        true
    }

    /// The meter's last line, and what the end of the transfer lets out of standard output's buffer.
    pub(super) fn progress(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, code: i32) {
        if self.job.meter {
            self.meter(desk, io, code);
        }
        self.release(desk, io);
    }

    /// Lets out what waits in standard output's buffer.
    pub(super) fn release(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            // A closed standard output was told of when the block before was written.
            let _ = self.write_now(desk, io, &held);
        }
    }

    /// Beside what `-v` tells, the meter's last line comes before the connection is closed.
    pub(super) fn meter_midway(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, failure: &Failure) {
        if !desk.global.verbose || !std::mem::take(&mut self.job.meter) || desk.global.bar {
            return;
        }
        if !matches!(failure, Failure::Name(_) | Failure::SlowName { .. }) {
            desk.words().tell(io, &format!("{}\n", report::METER_NOTHING));
        }
    }

    /// The end of a connection on which something went wrong.
    pub(super) fn close_midway(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) {
        if desk.global.verbose && std::mem::take(&mut self.job.meter) && !desk.global.bar {
            desk.words().tell(io, &format!("{}\n", report::METER_NOTHING));
        }
        desk.words().closing(io, self.number);
    }

    pub(super) fn meter(&self, desk: &Desk<'_>, io: &mut Io<'_>, code: i32) {
        let line = match (code, desk.global.bar) {
            (0, true) => report::BAR.to_owned(),
            (_, true) => String::new(),
            (0, false) => report::meter_line(self.received),
            // The line is ended where there was a connection, or a try to have one.
            (_, false) if self.unnamed => report::METER_NOTHING.to_owned(),
            (_, false) => format!("{}\n", report::METER_NOTHING),
        };
        desk.words().tell(io, &line);
    }

    /// Closes the file, which is there even if nothing came.
    pub(super) fn close(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, code: i32) -> i32 {
        if code == 0
            && let Err(why) = self.job.sink.touch(desk.operation, io)
        {
            desk.words().warn(io, &format!("{why}\n"));
            return 23;
        }
        if code != 0
            && desk.operation.remove_on_error
            && let Some(file) = self.job.sink.remove(io)
            && !desk.global.silent
        {
            desk.words().tell(io, &format!("Note: Removing output file: {file}\n"));
        }
        code
    }

    pub(super) fn end(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, code: i32, told: &str) {
        self.progress(desk, io, code);
        desk.words().fail(io, code, told);
        self.tell_end(desk, io, code, told);
    }

    /// `-w`, and the jar.
    pub(super) fn tell_end(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, code: i32, told: &str) {
        let Some(format) = &desk.operation.write_out else { return };
        let remote: Option<SocketAddr> = self.connection.as_ref().map(|it| it.remote);
        let facts = Facts {
            response: self.last.as_ref(),
            received: self.received,
            sent: self.fetch.request().body.len(),
            exit: code,
            told,
            input: &self.job.input,
            url: &self.url,
            fragment: Some(&self.job.input).filter(|_| self.redirects == 0),
            number: self.job.number,
            file: self.job.sink.file(),
            method: &self.fetch.request().method,
            referer: self.referer.as_deref(),
            redirects: self.redirects,
            connects: self.connects,
            header_bytes: self.header_bytes,
            request_bytes: self.request_bytes,
            tunnel: self.tunnel,
            local: self.connection.as_ref().map(|it| it.local),
            remote,
            begun: self.begun,
            redirected: self.redirected,
            resolved: self.resolved,
            connected: self.connected,
            secured: self.secured,
            answered: self.answered,
            library: desk.version.library(),
        };
        write_out::write(io, format, &facts);
    }
}
