//! Requests as clients make them: look a name up, dial, ask. Each says how long it takes, and each
//! leaves its [`Trace`](crate::network::Trace)s in the cluster's log.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use super::{Cluster, Place};
use crate::network::{Party, Protocol, Trace, TraceId};

/// What a lookup found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The addresses, in the server's order, or why there are none.
    pub result: Result<Vec<Ipv4Addr>, LookupFailure>,
    /// The name that answered, in full (`web.default.svc.cluster.local`).
    pub canonical: String,
    /// How long it takes.
    pub took: Duration,
    /// The questions it asked, in order.
    pub traces: Vec<TraceId>,
}

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupFailure {
    /// No such name (NXDOMAIN for every candidate).
    NotFound,
    /// The name exists, without an address (NODATA).
    NoAddress,
    /// The server says that it failed or will not (SERVFAIL, REFUSED).
    ServerFailure,
    /// No server answered.
    NoServer,
}

/// What dialling found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// The connection, or how it failed.
    pub result: Result<Connection, DialFailure>,
    /// How long it takes until the client knows. For [`DialFailure::Silence`] nothing ever comes;
    /// the kernel gives up after about 130 s.
    pub took: Duration,
    /// The packet's way.
    pub trace: TraceId,
}

/// How dialling fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialFailure {
    /// `Connection refused`
    Refused,
    /// `No route to host`
    Unreachable,
    /// No answer, ever.
    Silence,
}

/// An established connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The client's address, as the client sees it.
    pub local: SocketAddrV4,
    /// The address that was dialled.
    pub remote: SocketAddrV4,
    /// Who answers.
    pub server: Party,
    /// The server's own address.
    pub server_address: SocketAddrV4,
    /// The client's address as the server sees it.
    pub seen_from: SocketAddrV4,
    /// The transport protocol.
    pub protocol: Protocol,
    /// The packet's way.
    pub trace: TraceId,
}

/// What a client sends over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The server's address that it came in at.
    pub local: SocketAddrV4,
    /// The client's address as the server sees it.
    pub peer: SocketAddrV4,
    /// What is sent.
    pub payload: Payload,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing: the client only connects.
    Nothing,
    /// An HTTP request.
    Http(HttpRequest),
    /// A TLS handshake for this server name, and then an HTTP request.
    Tls { server_name: String, request: HttpRequest },
    /// Bytes of some other protocol.
    Bytes(Vec<u8>),
}

/// An HTTP/1.1 request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`
    pub method: String,
    /// Path and query: `/index.html?a=b`
    pub target: String,
    /// Headers in the order they are sent, `Host` first.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An HTTP/1.1 response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// `200`
    pub status: u16,
    /// `OK`
    pub reason: String,
    /// Headers in the order they are sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What comes back, and after how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What comes back.
    pub reply: Reply,
    /// After how long.
    pub took: Duration,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An HTTP response.
    Http(HttpResponse),
    /// The same, over TLS with this (self-signed) certificate's names.
    Tls { names: Vec<String>, response: HttpResponse },
    /// Bytes that are not HTTP; the server may speak first, and then closes.
    Bytes(Vec<u8>),
    /// The connection is closed without a byte.
    Closed,
    /// The connection is reset.
    Reset,
    /// Nothing, ever.
    Silence,
}

impl Cluster {
    /// Looks a name up as the C library at `place` does: `/etc/hosts`, then the servers of
    /// `/etc/resolv.conf` with search domains and ndots (R8.1, R8.2).
    pub fn lookup(&mut self, place: &Place, name: &str) -> Lookup {
        let _ = (place, name);
        todo!()
    }

    /// Dials an address.
    pub fn dial(&mut self, place: &Place, protocol: Protocol, to: SocketAddrV4) -> Dial {
        let _ = (place, protocol, to);
        todo!()
    }

    /// Sends a request over a connection and says what comes back. A server that is gone resets.
    pub fn ask(&mut self, connection: &Connection, payload: Payload) -> Answer {
        let _ = (connection, payload);
        todo!()
    }

    /// The packets of late, oldest first. Old ones are forgotten as the log grows.
    pub fn traces(&self) -> impl Iterator<Item = &Trace> {
        todo!();
        #[allow(unreachable_code)]
        std::iter::empty()
    }

    /// A packet's way, while the log still holds it.
    pub fn trace(&self, id: TraceId) -> Option<&Trace> {
        let _ = id;
        todo!()
    }

    /// The number that the next packet gets.
    pub fn next_trace(&self) -> TraceId {
        todo!()
    }
}
