//! What clients and servers say to each other: lookups, connections, requests and replies.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::Certificate;
use crate::network::{DnsAnswer, NetnsId, Party, ProcessId, Protocol, SocketAddr, TraceId};

/// What a lookup found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The addresses, in the server's order, or why there are none.
    pub result: Result<Vec<IpAddr>, LookupFailure>,
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
    /// The name has addresses, but none of the family that is wanted.
    OtherFamily,
    /// The server says that it failed or will not (SERVFAIL, REFUSED).
    ServerFailure,
    /// No server answered.
    NoServer,
}

/// What one question to one name server found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The server's answer, or why there is none.
    pub result: Result<DnsAnswer, DialFailure>,
    /// How long it takes until the client knows. For [`DialFailure::Silence`] nothing ever comes;
    /// this is how long resolvers usually wait, 5 s.
    pub took: Duration,
    /// The question's way.
    pub trace: TraceId,
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
    /// `Network is unreachable`: the client has no address of that family.
    NoNetwork,
    /// No answer, ever.
    Silence,
}

/// An established connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The client's address, as the client sees it.
    pub local: SocketAddr,
    /// The address that was dialled.
    pub remote: SocketAddr,
    /// Who answers.
    pub server: Party,
    /// The server's own address.
    pub server_address: SocketAddr,
    /// The client's address as the server sees it.
    pub seen_from: SocketAddr,
    /// The transport protocol.
    pub protocol: Protocol,
    /// The socket that has the connection; a ping has none.
    pub socket: Option<(NetnsId, ProcessId)>,
    /// The packet's way.
    pub trace: TraceId,
}

/// What a client sends over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The server's address that it came in at.
    pub local: SocketAddr,
    /// The client's address as the server sees it.
    pub peer: SocketAddr,
    /// What is sent.
    pub payload: Payload,
    /// How long the client waits for the answer before it closes the connection; `None` where it
    /// waits for as long as it takes.
    pub patience: Option<Duration>,
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
    /// The client's version.
    pub version: HttpVersion,
    /// `GET`
    pub method: String,
    /// Path and query: `/index.html?a=b`
    pub target: String,
    /// Headers in the order they are sent, `Host` first.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// A request for a resource, without a body.
    pub fn get(target: impl Into<String>, headers: Vec<(String, String)>) -> HttpRequest {
        HttpRequest {
            version: HttpVersion::default(),
            method: "GET".to_owned(),
            target: target.into(),
            headers,
            body: Vec::new(),
        }
    }
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// A request of one line, and a response without a head.
    V0_9,
    /// A connection ends with its response, unless that says `Connection: keep-alive`.
    V1_0,
    /// A connection stays, unless the response says `Connection: close`.
    #[default]
    V1_1,
}

impl fmt::Display for HttpVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HttpVersion::V0_9 => "HTTP/0.9",
            HttpVersion::V1_0 => "HTTP/1.0",
            HttpVersion::V1_1 => "HTTP/1.1",
        })
    }
}

/// An HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The server's version.
    pub version: HttpVersion,
    /// `200`
    pub status: u16,
    /// `OK`
    pub reason: String,
    /// Headers in the order they are sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// Reads the bytes of a response; none if they do not begin as one. Lines may end without a
    /// carriage return, as those of servers that somebody typed do.
    pub fn parse(bytes: &[u8]) -> Option<HttpResponse> {
        let (head, body) = split_head(bytes);
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let (version, status) = lines.next()?.split_once(' ')?;
        let version = match version {
            "HTTP/1.0" => HttpVersion::V1_0,
            "HTTP/1.1" => HttpVersion::V1_1,
            _ => return None,
        };
        let (status, reason) = status.split_once(' ').unwrap_or((status, ""));
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        });
        let mut response = HttpResponse {
            version,
            status: status.parse().ok().filter(|status| (100..1000).contains(status))?,
            reason: reason.to_owned(),
            headers: headers.collect(),
            body: body.to_vec(),
        };
        let length = response.header("Content-Length").and_then(|length| length.parse().ok());
        response.body.truncate(length.unwrap_or(usize::MAX));
        Some(response)
    }

    /// What a Go server that expects TLS says to a request without it.
    pub(super) fn no_tls() -> HttpResponse {
        HttpResponse {
            version: HttpVersion::V1_0,
            status: 400,
            reason: "Bad Request".to_owned(),
            headers: Vec::new(),
            body: b"Client sent an HTTP request to an HTTPS server.\n".to_vec(),
        }
    }

    /// A header's value, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the server closes the connection behind this response.
    pub fn closes(&self) -> bool {
        match self.header("Connection") {
            Some(word) => word.eq_ignore_ascii_case("close"),
            None => self.version == HttpVersion::V1_0,
        }
    }
}

/// A message's head, and what comes after its empty line.
fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let ends = (0..bytes.len()).find_map(|at| {
        let rest = &bytes[at..];
        let gap = ["\n\r\n", "\n\n"].iter().find(|gap| rest.starts_with(gap.as_bytes()))?;
        Some((at, at + gap.len()))
    });
    ends.map_or((bytes, &[]), |(head, body)| (&bytes[..head], &bytes[body..]))
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
    /// The same, over TLS, with the server's certificate.
    Tls { certificate: Certificate, response: HttpResponse },
    /// Bytes that are not HTTP; the server may speak first, and then closes.
    Bytes(Vec<u8>),
    /// The connection is closed without a byte.
    Closed,
    /// The connection is reset.
    Reset,
    /// Nothing, ever.
    Silence,
}
