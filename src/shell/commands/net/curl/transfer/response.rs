//! What a transfer makes of a server's reply.

use std::time::Duration;

use super::super::output;
use super::super::report::{self, Arrival, Version};
use super::connect::own_certificate;
use super::{BUFFER, Desk, Progress, STDOUT_BLOCK, Transfer, TransferState, Trouble};
use crate::cluster::{HttpResponse, Reply};
use crate::shell::commands::net::raw_session::KEPT_OPEN;
use crate::shell::commands::system::date::parse_date;
use crate::shell::{Io, Step};
impl Transfer {
    pub(super) fn replied(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        reply: Reply,
    ) -> Result<Option<Progress>, Trouble> {
        self.answered = Some(io.now());
        let tls = self.url.is_tls();
        let tunnel = self.route.proxy.as_ref().is_some_and(|proxy| proxy.tunnel);
        let host = self.url.host.clone();
        let (code, told) = match reply {
            _ if tls && let Some(flag) = desk.operation.of_tls => {
                (1, format!("podhop: not simulated here: curl --{flag}"))
            }
            _ if tls && let Some(trouble) = own_certificate(desk, io) => trouble,
            Reply::Http(response) if tunnel => self.no_tunnel(desk, io, response),
            Reply::Http(response) if !tls || self.route.proxy.is_some() => {
                return self.response(desk, io, response);
            }
            Reply::Tls { certificate, response } if tls && !tunnel => {
                match self.verified(desk, io, &certificate) {
                    Ok(()) => return self.response(desk, io, response),
                    Err(trouble) => trouble,
                }
            }
            Reply::Http(_) | Reply::Bytes(_) if tls => (35, desk.version.wrong_version()),
            Reply::Closed if tls && !tunnel => {
                let port = self.url.port;
                (
                    35,
                    format!(
                        "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to {host}:{port} "
                    ),
                )
            }
            Reply::Reset if tls && !tunnel => {
                (35, "Recv failure: Connection reset by peer".to_owned())
            }
            Reply::Bytes(bytes) if desk.operation.http09 => {
                let response = HttpResponse { body: bytes, ..HttpResponse::default() };
                self.take(desk, io, &response)?;
                desk.words().closing(io, self.number);
                return Ok(Some(Progress::Over(0)));
            }
            Reply::Bytes(_) | Reply::Tls { .. } => {
                (1, "Received HTTP/0.9 when not allowed".to_owned())
            }
            Reply::Reset => (56, "Recv failure: Connection reset by peer".to_owned()),
            _ if tunnel => (56, "Proxy CONNECT aborted".to_owned()),
            Reply::Closed | Reply::Silence | Reply::Http(_) => {
                (52, "Empty reply from server".to_owned())
            }
        };
        desk.words().note(io, told.lines().next().unwrap_or_default());
        self.close_midway(desk, io);
        Err((code, told, false))
    }

    /// An HTTP response: print, follow or fail.
    pub(super) fn response(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        response: HttpResponse,
    ) -> Result<Option<Progress>, Trouble> {
        let operation = desk.operation;
        let fails = operation.fail
            && response.status >= 400
            && !(self.job.resume.is_some() && response.status == 416);
        if self.waits() {
            self.continued(desk, io);
        }
        // 7.88 reads the empty line behind the head of a response that it fails on.
        let cut = fails && desk.version != Version::V7_88;
        let refused = self.user.is_some() && !operation.digest && asks_basic(&response);
        let rewinds = self.rewinds(desk, &response);
        desk.words().received(io, &response, Arrival { whole: !cut, refused, rewinds });
        let head = report::head(&response);
        self.header_bytes += head.len();
        let now = io.now().timestamp();
        for note in desk.shared.jar.keep(&response, &self.url, now) {
            desk.words().note(io, &note);
        }
        let location = response.header("location").map(str::to_owned);
        let location = location.filter(|_| (300..400).contains(&response.status));
        let closes = response.closes();
        let head = if cut { head.trim_end_matches("\r\n").to_owned() + "\r\n" } else { head };
        self.last = Some(response.clone());
        self.heads(desk, io, &head, &response)?;
        if self.fetch.request().method == "HEAD" && !operation.head && wants_body(&response) {
            return Ok(Some(self.starve(desk, io, closes)));
        }
        if operation.any_auth && operation.user.is_some() && !self.asked && asks_basic(&response) {
            self.asked = true;
            self.leave(desk, io, &response);
            self.set_out_anew(desk, io, &response)?;
            return Ok(None);
        }
        if fails {
            let told = format!("The requested URL returned error: {}", response.status);
            desk.words().note(io, &told);
            self.close_midway(desk, io);
            return Err((22, told, false));
        }
        if let Some(location) = location.filter(|_| operation.follow) {
            return self.follow(desk, io, &location, &response);
        }
        self.limits(desk, io, &response)?;
        if self.unwanted(desk, io, &response) {
            return Ok(Some(Progress::Over(0)));
        }
        self.take(desk, io, &response)?;
        if self.waits() {
            desk.words().note(io, "We are completely uploaded and fine");
        }
        if desk.global.verbose && std::mem::take(&mut self.job.meter) {
            self.meter(desk, io, 0);
            self.keep(desk, io, closes || response.status == 0);
            self.release(desk, io);
        } else {
            self.keep(desk, io, closes || response.status == 0);
        }
        Ok(self.slowed(desk, io))
    }

    /// Whether a body was sent that is to be sent again, for a redirect that is followed.
    fn rewinds(&self, desk: &Desk<'_>, response: &HttpResponse) -> bool {
        desk.version == Version::V7_88
            && desk.operation.follow
            && (300..400).contains(&response.status)
            && !self.fetch.request().body.is_empty()
            && self.job.upload.is_none()
    }

    /// `--limit-rate`: the first second's bytes come at once, and a whole buffer of them at most.
    pub(super) fn slowed(&mut self, desk: &Desk<'_>, io: &Io<'_>) -> Option<Progress> {
        let late = desk.operation.rate.map_or(Duration::ZERO, |rate| {
            let size = (self.received as u64).saturating_sub(rate.min(BUFFER));
            Duration::from_millis(size.saturating_mul(1000) / rate)
        });
        if late.is_zero() {
            return Some(Progress::Over(0));
        }
        self.state = TransferState::Slow(io.now() + late);
        None
    }

    /// `-C`: whether the server sends anew what is there already to its end.
    fn is_all_there(&self, response: &HttpResponse) -> bool {
        let told = response.header("content-length").and_then(|text| text.parse::<u64>().ok());
        let offset = self.job.resume.filter(|offset| *offset > 0 && self.job.upload.is_none());
        response.status == 200 && offset.is_some() && offset == told
    }

    /// Whether the document is there already, or (`-z`) as old as it may not be; its body is not read then.
    pub(super) fn unwanted(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        response: &HttpResponse,
    ) -> bool {
        if self.is_all_there(response) {
            desk.words().note(io, "The entire document is already downloaded");
            desk.words().closing(io, self.number);
            return true;
        }
        let changed = response.header("last-modified").and_then(|text| parse_date(io, text));
        let (Some((moment, older)), Some(changed)) = (desk.operation.time, changed) else {
            return false;
        };
        let told = match older {
            false if changed.seconds <= moment.seconds => {
                "The requested document is not new enough"
            }
            true if changed.seconds >= moment.seconds => "The requested document is not old enough",
            _ => return false,
        };
        desk.words().note(io, told);
        desk.words().note(io, "Simulate an HTTP 304 response");
        desk.words().closing(io, self.number);
        if let Some(last) = &mut self.last {
            last.status = 304;
        }
        true
    }

    /// The interim answer to a request whose body waits.
    pub(super) fn continued(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) {
        let interim = "HTTP/1.1 100 Continue\r\n\r\n";
        desk.words().interim(io, "HTTP/1.1 100 Continue");
        self.header_bytes += interim.len();
        if desk.operation.include {
            self.job.sink.print(io, interim.as_bytes());
        }
    }

    /// Writes a head where heads go.
    pub(super) fn heads(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        head: &str,
        response: &HttpResponse,
    ) -> Result<(), Trouble> {
        let operation = desk.operation;
        if let Some(file) = &operation.dump_header {
            output::append(io, file, head.as_bytes())
                .map_err(|_| (23, "Failed writing header".to_owned(), false))?;
        }
        if let (Some(file), Some(tag)) = (&operation.etag_save, response.header("etag")) {
            let _ = io.write_file(file, format!("{tag}\n").as_bytes());
        }
        if operation.header_name {
            // A file of the server's name is opened as soon as it is told.
            if self.job.sink.rename(response)
                && let Err(why) = self.job.sink.touch(operation, io)
            {
                return Err(self.not_written(desk, io, &why, "Failed writing header"));
            }
        }
        if operation.include {
            self.write(desk, io, head.as_bytes())?;
        }
        Ok(())
    }

    /// Takes a part of the answer. Beside a meter, standard output is no terminal: the C library
    /// gathers it by blocks, so that the meter's last line comes first where the answer is short.
    pub(super) fn write(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        bytes: &[u8],
    ) -> Result<(), Trouble> {
        if !self.job.meter || !self.job.sink.is_stdout() {
            return self.write_now(desk, io, bytes);
        }
        self.held.extend(bytes);
        let whole = self.held.len() - self.held.len() % STDOUT_BLOCK;
        let blocks: Vec<u8> = self.held.drain(..whole).collect();
        self.write_now(desk, io, &blocks)
    }

    pub(super) fn write_now(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        bytes: &[u8],
    ) -> Result<(), Trouble> {
        let written = self.job.sink.write(desk.operation, io, bytes);
        let Err(why) = written else { return Ok(()) };
        Err(self.not_written(desk, io, &why, "Failure writing output to destination"))
    }

    /// What is said of a file that cannot be written: the meter's first line is not ended.
    fn not_written(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, why: &str, told: &str) -> Trouble {
        if self.job.meter && !desk.global.bar && !desk.global.verbose {
            desk.words().tell(io, &format!("\r{}", report::METER_NOTHING));
        }
        desk.words().warn(io, &format!("{why}\n"));
        desk.words().note(io, told);
        self.close_midway(desk, io);
        (23, told.to_owned(), false)
    }

    /// Limits on the body, before it is taken.
    pub(super) fn limits(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        response: &HttpResponse,
    ) -> Result<(), Trouble> {
        let size = response.body.len() as u64;
        let announced = response.header("content-length").and_then(|text| text.parse().ok());
        let big = desk.operation.max_filesize.is_some_and(|most| announced.unwrap_or(size) > most);
        let resumed = self.job.resume.is_some_and(|offset| offset > 0);
        let (code, told) = if big {
            (63, "Maximum file size exceeded")
        } else if resumed
            && response.status == 200
            && self.job.upload.is_none()
            && !self.is_all_there(response)
        {
            (33, "HTTP server doesn't seem to support byte ranges. Cannot resume.")
        } else {
            return Ok(());
        };
        desk.words().note(io, told);
        self.close_midway(desk, io);
        Err((code, told.to_owned(), false))
    }

    /// The body.
    pub(super) fn take(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        response: &HttpResponse,
    ) -> Result<(), Trouble> {
        if desk.operation.head || self.job.resume.is_some() && response.status == 416 {
            return Ok(());
        }
        let seen = io.terminal && self.job.sink.is_stdout();
        desk.words().bytes(io, '{', &response.body, seen);
        self.received = response.body.len();
        self.write(desk, io, &response.body)
    }

    /// The connection goes, or is kept for the next request.
    pub(super) fn keep(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, closes: bool) {
        if closes {
            desk.words().closing(io, self.number);
            return;
        }
        let host = self.shown_host(desk);
        desk.words().left_intact(io, &host, self.number);
        let key = self.key();
        if let Some(connection) = self.connection.clone() {
            desk.shared.kept.push((key, connection, self.number));
        }
    }

    /// The body that a HEAD by hand (`-X HEAD`) waits for in vain (recording 31).
    pub(super) fn starve(&mut self, desk: &Desk<'_>, io: &Io<'_>, closes: bool) -> Progress {
        let limit = desk.operation.total.map(|limit| self.begun + limit);
        let until = if closes { io.now() } else { io.now() + KEPT_OPEN };
        let until = limit.map_or(until, |limit| limit.min(until));
        self.state = TransferState::Starving(until);
        Progress::Wait(Step::Until(until))
    }

    pub(super) fn starved(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) -> Trouble {
        let size = self.last.as_ref().and_then(|response| response.header("content-length"));
        let size = size.unwrap_or("0").to_owned();
        let took = io.now().since(self.begun);
        let (code, told) = if desk.operation.total.is_some_and(|limit| limit <= took) {
            let millis = took.as_millis();
            (
                28,
                format!(
                    "Operation timed out after {millis} milliseconds with 0 out of {size} bytes received"
                ),
            )
        } else {
            (18, format!("transfer closed with {size} bytes remaining to read"))
        };
        desk.words().note(io, &told);
        self.close_midway(desk, io);
        (code, told, false)
    }
}

/// Whether a server asks who is there, and takes Basic for an answer.
pub(super) fn asks_basic(response: &HttpResponse) -> bool {
    let challenge = response.header("www-authenticate").unwrap_or("");
    response.status == 401 && challenge.to_ascii_lowercase().starts_with("basic")
}

/// Whether a response to HEAD announces a body.
pub(super) fn wants_body(response: &HttpResponse) -> bool {
    response.status != 204 && response.status != 304
}
