//! A conversation by hand over one connection: what nc and telnet do once they are connected.

use std::time::Duration;

use crate::clock::SimTime;
use crate::cluster::{Cluster, Connection, Payload, Reply};
use crate::network::Protocol;
use crate::shell::{Io, NEVER, Read, Step};

/// How long servers keep an idle connection open (nginx' `keepalive_timeout`).
pub(in crate::shell) const KEPT_OPEN: Duration = Duration::from_secs(65);

/// A connection and what was said over it.
#[derive(Clone, Debug)]
pub(super) struct RawSession {
    connection: Connection,
    /// How long silence is endured (`-w`).
    patience: Option<Duration>,
    /// How long after the end of input it leaves (`-N`, `-q`).
    leaves: Option<Duration>,
    /// Whether lines are sent with a carriage return (`-C`).
    pub crlf: bool,
    /// How many answers it still waits for (`-W`).
    pub hears: Option<u32>,
    /// Whether the end of input is told to the server.
    half_closes: bool,
    /// What was typed and not sent yet.
    typed: Vec<u8>,
    ended: bool,
    state: SessionState,
}

#[derive(Clone, Debug)]
enum SessionState {
    Begun,
    Listening,
    Waiting(SimTime, Reply),
    /// Nothing is said any more; it is over then.
    Idle(SimTime),
}

/// What a conversation does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Wait(Step),
    /// The other side closed the connection.
    Closed,
    /// The other side reset it.
    Reset,
    /// This side has nothing more to say or hear.
    Left,
}

impl RawSession {
    /// A conversation over a connection that stands.
    pub fn new(
        connection: Connection,
        patience: Option<Duration>,
        leaves: Option<Duration>,
    ) -> RawSession {
        let state = SessionState::Begun;
        let (typed, ended, half_closes, crlf) = (Vec::new(), false, false, false);
        let hears = None;
        RawSession { connection, patience, leaves, crlf, hears, half_closes, typed, ended, state }
    }

    /// One that reads nothing (`-d`), and stays for what the other side says.
    pub fn deaf(self) -> RawSession {
        RawSession { ended: true, leaves: None, ..self }
    }

    /// As BusyBox talks: it closes its side at the end of its input, and goes when the server does.
    pub fn half_closing(self) -> RawSession {
        RawSession { half_closes: true, ..self }
    }

    /// Closes the connection.
    pub fn hang_up(&self, io: &mut Io<'_>) {
        io.cluster.hang_up(&self.connection);
    }

    /// Goes on until there is something to wait for, or it is over.
    pub fn step(&mut self, io: &mut Io<'_>) -> Turn {
        loop {
            match self.state.clone() {
                SessionState::Begun if self.connection.protocol == Protocol::Udp => {
                    self.state = SessionState::Listening;
                }
                // Some servers speak first.
                SessionState::Begun => self.say(io, Payload::Nothing),
                SessionState::Listening => {
                    if let Some(turn) = self.listen(io) {
                        return turn;
                    }
                }
                SessionState::Waiting(until, _)
                    if until > io.now() && !io.cluster.was_closed(&self.connection) =>
                {
                    return Turn::Wait(Step::Until(until));
                }
                SessionState::Waiting(_, reply) => {
                    let reply = io.cluster.arrives(&self.connection, reply);
                    if let Some(turn) = self.hear(io, reply) {
                        return turn;
                    }
                }
                SessionState::Idle(until) if until > io.now() => {
                    if !io.cluster.stands(&self.connection) {
                        return Turn::Closed;
                    }
                    // Servers that are run by hand close when they like.
                    let glance = io.now() + Cluster::ATTENTION;
                    let until = if self.half_closes { until.min(glance) } else { until };
                    return Turn::Wait(Step::Until(until));
                }
                SessionState::Idle(_) => return Turn::Left,
            }
        }
    }

    fn say(&mut self, io: &mut Io<'_>, payload: Payload) {
        let answer = io.cluster.ask(&self.connection, payload);
        self.state = SessionState::Waiting(io.now() + answer.took, answer.reply);
    }

    /// Reads standard input until there is something that a server would answer.
    fn listen(&mut self, io: &mut Io<'_>) -> Option<Turn> {
        while !self.ended {
            match io.read_line() {
                Read::Wait => return Some(Turn::Wait(Step::Input)),
                Read::End => self.ended = true,
                Read::Line(line) => {
                    let ends = line.ends_with('\r');
                    self.typed.extend_from_slice(line.as_bytes());
                    // The last line may have no end.
                    let whole = io.stdin.bytes[..io.stdin.read].ends_with(b"\n");
                    self.typed.extend_from_slice(match self.crlf && !ends {
                        _ if !whole => b"",
                        true => b"\r\n",
                        false => b"\n",
                    });
                    // What comes through a pipe is there all at once.
                    if io.stdin.terminal && is_whole(&self.typed) {
                        break;
                    }
                }
            }
        }
        if !self.typed.is_empty() {
            let bytes = std::mem::take(&mut self.typed);
            self.say(io, Payload::Bytes(bytes));
            return None;
        }
        if self.half_closes {
            self.hang_up(io);
            let tcp = self.connection.protocol == Protocol::Tcp;
            if tcp && io.cluster.closes_after_client(&self.connection) {
                return Some(Turn::Closed);
            }
        }
        self.state = SessionState::Idle(self.end_of_silence(io.now()));
        None
    }

    fn end_of_silence(&self, now: SimTime) -> SimTime {
        self.leaves.or(self.patience).map_or(NEVER, |limit| now + limit)
    }

    fn hear(&mut self, io: &mut Io<'_>, reply: Reply) -> Option<Turn> {
        let now = io.now();
        let more = !self.ended;
        match reply {
            Reply::Bytes(bytes) => {
                io.stdout.extend_from_slice(&bytes);
                self.hears = self.hears.map(|left| left.saturating_sub(1));
                if self.hears == Some(0) {
                    return Some(Turn::Left);
                }
                if self.connection.protocol == Protocol::Udp {
                    self.state = SessionState::Listening;
                } else if !keeps_open(&bytes) {
                    return Some(Turn::Closed);
                } else if more {
                    self.state = SessionState::Listening;
                } else if self.leaves == Some(Duration::ZERO) {
                    return Some(Turn::Left);
                } else {
                    let limit = self.leaves.or(self.patience).unwrap_or(KEPT_OPEN).min(KEPT_OPEN);
                    self.state = SessionState::Idle(now + limit);
                }
                None
            }
            Reply::Http(_) | Reply::Tls { .. } | Reply::Silence => {
                self.state = SessionState::Listening;
                None
            }
            Reply::Closed => Some(Turn::Closed),
            Reply::Reset => Some(Turn::Reset),
        }
    }
}

/// Whether a server would answer what was typed so far: HTTP waits for the empty line.
fn is_whole(typed: &[u8]) -> bool {
    let text = String::from_utf8_lossy(typed);
    let http = text.lines().next().is_some_and(|line| line.contains(" HTTP/"));
    !http || text.ends_with("\n\n") || text.ends_with("\n\r\n")
}

/// Whether the server leaves the connection open after this answer.
pub(in crate::shell) fn keeps_open(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let head = text.split("\r\n\r\n").next().unwrap_or("");
    let redis = text.starts_with(['+', ':', '$', '-']) && text.ends_with("\r\n");
    redis || head.starts_with("http/1.1") && !head.contains("connection: close")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_whole_at_its_empty_line() {
        assert!(!is_whole(b"GET / HTTP/1.1\n") && !is_whole(b"GET / HTTP/1.1\nHost: site\n"));
        assert!(is_whole(b"GET / HTTP/1.1\nHost: site\n\n") && is_whole(b"PING\n"));
    }

    // Recording 31: with "Connection: close" nc ends by itself.
    #[test]
    fn the_head_says_whether_the_connection_stays() {
        assert!(!keeps_open(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nx"));
        assert!(keeps_open(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nx"));
        assert!(!keeps_open(b"hello, this is not HTTP\r\n") && keeps_open(b"+PONG\r\n"));
    }
}
