//! bash's `/dev/tcp/HOST/PORT` and `/dev/udp/HOST/PORT`: redirections that are connections
//! (recording 31).
//!
//! Connecting takes simulated time. So an expansion that meets such a path stops, as it does at a
//! substitution, and goes on when the connection stands or has failed. What is written to the
//! connection is asked of the server at once, and its answer can be read from then on.

use std::net::IpAddr;
use std::sync::Arc;

use super::frame::{Frame, Input, Target};
use super::{Io, Machine, Stdin, Step, Turn};
use crate::clock::SimTime;
use crate::cluster::{Connection, DialFailure, Payload, Reply};
use crate::network::{Protocol, SocketAddr};
use crate::shell::commands::net::raw_session::{KEPT_OPEN, keeps_open};
use crate::shell::commands::net::services::port_of;
use crate::shell::commands::trouble::dial_trouble;

/// How far a connection has come.
#[derive(Clone)]
pub(super) enum Stage {
    Start,
    Resolving(SimTime, Option<IpAddr>),
    Dialling(SimTime, Result<Connection, DialFailure>),
}

/// What a path asks for.
struct Wanted<'a> {
    protocol: Protocol,
    host: &'a str,
    /// A number or a name, as it was written.
    port: &'a str,
}

/// Whether a path is a connection.
pub(super) fn is_socket(path: &str) -> bool {
    path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/")
}

fn wanted(path: &str) -> Option<Wanted<'_>> {
    let (protocol, rest) = match path.strip_prefix("/dev/tcp/") {
        Some(rest) => (Protocol::Tcp, rest),
        None => (Protocol::Udp, path.strip_prefix("/dev/udp/")?),
    };
    let (host, port) = rest.split_once('/')?;
    Some(Wanted { protocol, host, port })
}

/// The port that a word stands for, as getaddrinfo of the GNU C library reads it: of a number that is too
/// large the lower 16 bits, and 0 for no word at all.
fn port(protocol: Protocol, text: &str) -> Option<u16> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse::<i64>().unwrap_or(i64::MAX));
    number.map(|number| number as u16).or_else(|| port_of(protocol, text))
}

impl Machine {
    /// Goes on connecting. The expansion that waits gets what bash has to say of a failure, or
    /// nothing.
    pub(super) fn dial(&mut self, io: &mut Io<'_>, path: Arc<str>, stage: Stage) -> Turn {
        let name = self.state.name.clone();
        let prefix = self.state.prefix();
        let Some(wanted) = wanted(&path) else {
            return self.dialled(format!("{prefix}{path}: No such file or directory"));
        };
        let Some(port) = port(wanted.protocol, wanted.port) else {
            return self.dialled(format!(
                "{prefix}{}: Servname not supported for ai_socktype\n{prefix}{path}: Invalid argument",
                wanted.port
            ));
        };
        let now = io.now();
        let (until, stage) = match stage {
            Stage::Start => {
                let lookup = io.cluster.lookup(&self.state.place, wanted.host);
                let address = lookup.result.ok().and_then(|found| found.first().copied());
                (now + lookup.took, Stage::Resolving(now + lookup.took, address))
            }
            Stage::Resolving(until, _) | Stage::Dialling(until, _) if until > now => (until, stage),
            Stage::Resolving(_, None) => {
                return self.dialled(format!(
                    "{prefix}{}: Name or service not known\n{prefix}{path}: Invalid argument",
                    wanted.host
                ));
            }
            Stage::Resolving(_, Some(address)) => {
                let to = SocketAddr::new(address, port);
                let dial = io.cluster.dial(&self.state.place, wanted.protocol, to);
                // A datagram's sender hears of nothing.
                let took =
                    if wanted.protocol == Protocol::Udp { Default::default() } else { dial.took };
                (now + took, Stage::Dialling(now + took, dial.result))
            }
            Stage::Dialling(_, Ok(connection)) => {
                self.connections.push(connection);
                return self.dialled(String::new());
            }
            Stage::Dialling(_, Err(why)) => {
                let why = dial_trouble(io, why);
                return self.dialled(format!("{name}: connect: {why}\n{prefix}{path}: {why}"));
            }
        };
        self.stack.push(Frame::Dial { path, stage });
        if until > now { Turn::Wait(Step::Until(until)) } else { Turn::Go }
    }

    fn dialled(&mut self, told: String) -> Turn {
        if let Some(Frame::Expand { outputs, .. }) = self.stack.last_mut() {
            outputs.push(told);
        }
        Turn::Go
    }

    /// Points a descriptor to the connection that was made for it.
    pub(super) fn connect(&mut self, io: &mut Io<'_>, descriptor: u8) {
        let Some(connection) = (!self.connections.is_empty()).then(|| self.connections.remove(0))
        else {
            return;
        };
        self.inputs.push(Stdin { piped: true, ..Stdin::default() });
        let input = self.inputs.len() - 1;
        if connection.protocol == Protocol::Tcp {
            self.send(io, &connection, input, Payload::Nothing);
        }
        match descriptor {
            0 => self.descriptors.input = Input::Text(input),
            other => {
                self.descriptors.set(other, Target::Socket(Arc::new(connection), input));
            }
        }
    }

    /// Sends to a connection; what comes back can be read from the machine's input `input`.
    pub(super) fn send(
        &mut self,
        io: &mut Io<'_>,
        connection: &Connection,
        input: usize,
        payload: Payload,
    ) {
        let reply = io.cluster.ask(connection, payload).reply;
        self.closing.insert(input, io.now() + KEPT_OPEN);
        let Some(stdin) = self.inputs.get_mut(input) else { return };
        match reply {
            Reply::Bytes(bytes) => {
                stdin.bytes.extend_from_slice(&bytes);
                stdin.piped = connection.protocol == Protocol::Udp || keeps_open(&bytes);
            }
            Reply::Closed | Reply::Reset => stdin.piped = false,
            Reply::Http(_) | Reply::Tls { .. } | Reply::Silence => {}
        }
    }

    /// When the server closes the connection that standard input comes from; if that has come, it
    /// is closed.
    pub(super) fn server_closes(&mut self, now: SimTime) -> Option<SimTime> {
        let Input::Text(input) = self.descriptors.input else { return None };
        let closes = *self.closing.get(&input)?;
        if closes <= now
            && let Some(stdin) = self.inputs.get_mut(input)
        {
            stdin.piped = false;
        }
        Some(closes)
    }
}
