//! A distribution's server: outside the cluster, over the network like anything else.

use std::time::Duration;

use crate::cluster::{DialFailure, HttpRequest, Payload, Reply};
use crate::network::{Protocol, SocketAddr};
use crate::shell::Io;

/// How long a package manager waits for a server that does not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a server can't be reached.
pub(super) enum Trouble {
    /// Its name does not resolve.
    Name,
    /// There is no connection to this address.
    Connection { address: String, why: &'static str },
}

/// Asks `https://host/target` (on port 443) or `http://host/target` for something. How long that
/// takes, and why it can't be.
pub(super) fn fetch(
    io: &mut Io<'_>,
    host: &str,
    port: u16,
    target: &str,
) -> (Duration, Option<Trouble>) {
    let lookup = io.cluster.lookup(io.place, host);
    let Some(address) = lookup.result.ok().and_then(|all| all.first().copied()) else {
        return (lookup.took, Some(Trouble::Name));
    };
    let trouble = |why| Some(Trouble::Connection { address: address.to_string(), why });
    let dial = io.cluster.dial(io.place, Protocol::Tcp, SocketAddr::new(address, port));
    let connected = lookup.took + dial.took;
    let connection = match dial.result {
        Ok(connection) => connection,
        Err(DialFailure::Refused) => return (connected, trouble("connection refused")),
        Err(DialFailure::Unreachable | DialFailure::NoNetwork) => {
            return (connected, trouble("no route to host"));
        }
        Err(DialFailure::Silence) => {
            return (lookup.took + PATIENCE, trouble("connection timed out"));
        }
    };
    let request = HttpRequest::get(target, vec![("Host".to_owned(), host.to_owned())]);
    let payload = match port {
        443 => Payload::Tls { server_name: host.to_owned(), request },
        _ => Payload::Http(request),
    };
    let answer = io.cluster.ask(&connection, payload);
    let answered = connected + answer.took;
    match answer.reply {
        Reply::Closed | Reply::Reset => (answered, trouble("connection reset by peer")),
        Reply::Silence => (answered + PATIENCE, trouble("connection timed out")),
        _ => (answered, None),
    }
}
