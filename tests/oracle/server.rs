//! A cluster behind HTTP, so that a real client can be asked about it: requests become podhop's own,
//! and what podhop's API server answers goes back as JSON.
//!
//! [`Server::serve`] answers one request of whoever waits; each answer closes its connection. Moments are moved so that the simulation's now is the real one.

mod discovery;
mod rest;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use podhop::api::{Action, Body, Change, FieldSelector, Request, Status};
use podhop::clock::SimTime;
use podhop::cluster::Cluster;
use regex::{Captures, Regex};
use serde_json::{Value, json};

/// How long a client may take to send its request.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a watch is held for a client that does not go away.
const WATCHED: Duration = Duration::from_secs(20);
/// How far the simulation runs during a watch.
const AHEAD: Duration = Duration::from_secs(300);
/// The simulated time between two looks at what has changed.
const TICK: Duration = Duration::from_millis(100);

/// A cluster that answers on a port of its own.
pub struct Server {
    listener: TcpListener,
    cluster: Cluster,
    /// When it began, and the simulation's now then: both clocks run on together.
    began: (Instant, SimTime),
    /// From the simulation's now to the real one.
    ahead: SignedDuration,
}

/// A request as it came.
pub struct Asked {
    /// `GET`
    pub method: String,
    /// `["api", "v1", "pods"]`
    pub path: Vec<String>,
    /// What stands behind `?`.
    pub query: Vec<(String, String)>,
    /// The headers, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body, read as JSON or YAML; null if there is none.
    pub body: Value,
}

/// What goes back.
pub enum Reply {
    /// A document.
    Json { code: u16, value: Value, warnings: Vec<String> },
    /// Bytes as they are.
    Text(String),
    /// Changes as they happen, of the objects whose fields fit; first, where the client asks for it,
    /// what is there.
    Watch { request: Request, fields: FieldSelector, initial: bool },
}

impl Asked {
    /// A parameter of the query; empty if it isn't given.
    pub fn parameter(&self, name: &str) -> &str {
        self.query.iter().find(|(is, _)| is == name).map_or("", |(_, value)| value)
    }

    /// A header; empty if it isn't sent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(is, _)| is == name).map_or("", |(_, value)| value)
    }
}

impl Reply {
    /// What went well.
    pub fn good(value: Value) -> Reply {
        Reply::Json { code: 200, value, warnings: Vec::new() }
    }
}

/// What failed, as the API server says it.
impl From<Status> for Reply {
    fn from(status: Status) -> Reply {
        let warnings = status.warnings.to_vec();
        Reply::Json { code: status.code(), value: rest::failure(&status), warnings }
    }
}

impl Server {
    /// A cluster that listens on this machine.
    pub fn new(cluster: Cluster) -> Server {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        listener.set_nonblocking(true).expect("a listener that doesn't wait");
        let real = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let simulated = cluster.now().whole_seconds().as_second() + 1;
        let seconds = i64::try_from(real.as_secs()).unwrap_or(i64::MAX) - simulated;
        let began = (Instant::now(), cluster.now());
        Server { listener, cluster, began, ahead: SignedDuration::from_secs(seconds) }
    }

    /// Where it listens: `127.0.0.1:40000`.
    pub fn address(&self) -> String {
        self.listener.local_addr().expect("an address").to_string()
    }

    /// Answers one who waits; whether there was somebody.
    pub fn serve(&mut self) -> bool {
        let Ok((mut stream, _)) = self.listener.accept() else { return false };
        // A client that goes away before it has its answer doesn't want it.
        let _ = self.converse(&mut stream);
        true
    }

    fn converse(&mut self, stream: &mut TcpStream) -> std::io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let Some(asked) = read(stream, self.ahead)? else { return Ok(()) };
        self.cluster.advance_to(self.began.1 + self.began.0.elapsed());
        match rest::answer(&mut self.cluster, &asked) {
            Reply::Json { code, value, warnings } => {
                let text = moved(&value.to_string(), self.ahead) + "\n";
                send(stream, (code, "application/json"), &warnings, &text)
            }
            Reply::Text(text) => send(stream, (200, "text/plain"), &[], &text),
            Reply::Watch { mut request, fields, initial } => {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                            Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
                stream.write_all(head.as_bytes())?;
                if initial {
                    self.begin(stream, &mut request, &fields)?;
                }
                self.watch(stream, request, &fields)
            }
        }
    }

    /// Sends what is there, and a mark behind it; the watch goes on from there.
    fn begin(
        &mut self,
        stream: &mut TcpStream,
        request: &mut Request,
        fields: &FieldSelector,
    ) -> std::io::Result<()> {
        let Request::Watch { kind, namespace, labels, since } = request else { return Ok(()) };
        let (kind, namespace, labels) = (*kind, namespace.clone(), labels.clone());
        let list = Request::List { kind, namespace, labels, fields: fields.clone() };
        let Ok(response) = self.cluster.handle(list) else { return Ok(()) };
        let Body::List { items, resource_version } = response.body else { return Ok(()) };
        for object in items {
            let event = json!({"type": "ADDED", "object": object.to_value()});
            chunk(stream, &moved(&format!("{event}\n"), self.ahead))?;
        }
        *since = resource_version;
        let mark = json!({"type": "BOOKMARK", "object": {
            "kind": kind.info().name, "apiVersion": kind.info().api_version(),
            "metadata": {
                "resourceVersion": resource_version.to_string(),
                "annotations": {"k8s.io/initial-events-end": "true"},
            },
        }});
        chunk(stream, &format!("{mark}\n"))
    }

    /// Sends what changes, and lets the simulation run on meanwhile.
    fn watch(
        &mut self,
        stream: &mut TcpStream,
        mut request: Request,
        fields: &FieldSelector,
    ) -> std::io::Result<()> {
        let (started, end) = (Instant::now(), self.cluster.now() + AHEAD);
        while started.elapsed() < WATCHED && !is_gone(stream) {
            let body = match self.cluster.handle(request.clone()) {
                Ok(response) => response.body,
                Err(status) => {
                    let event = json!({"type": "ERROR", "object": rest::failure(&status)});
                    chunk(stream, &format!("{event}\n"))?;
                    break;
                }
            };
            let Body::Changes { changes, resource_version } = body else { break };
            for change in changes.iter().filter(|change| fields.matches(&change.object)) {
                chunk(stream, &moved(&event(change), self.ahead))?;
            }
            if let Request::Watch { since, .. } = &mut request {
                *since = resource_version;
            }
            if self.cluster.now() < end {
                self.cluster.advance_to(self.cluster.now() + TICK);
            } else {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        stream.write_all(b"0\r\n\r\n")
    }
}

/// A change as a watch tells it.
fn event(change: &Change) -> String {
    let action = match change.action {
        Action::Added => "ADDED",
        Action::Modified => "MODIFIED",
        Action::Deleted => "DELETED",
    };
    format!("{}\n", json!({"type": action, "object": change.object.to_value()}))
}

fn chunk(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())
}

/// Whether the client has hung up.
fn is_gone(stream: &TcpStream) -> bool {
    let looked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
    let _ = stream.set_nonblocking(false);
    match looked {
        Ok(count) => count == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

fn send(
    stream: &mut TcpStream,
    (code, kind): (u16, &str),
    warnings: &[String],
    text: &str,
) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {code} Answer\r\nContent-Type: {kind}\r\n");
    for warning in warnings {
        head += &format!("Warning: 299 - {}\r\n", json!(warning));
    }
    head += &format!("Content-Length: {}\r\nConnection: close\r\n\r\n", text.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(text.as_bytes())
}

/// Reads a request; `None` for a connection on which nothing is asked.
fn read(stream: &mut TcpStream, ahead: SignedDuration) -> std::io::Result<Option<Asked>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if more(stream, &mut bytes)? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or("").split(' ');
    let (method, target) = (first.next().unwrap_or(""), first.next().unwrap_or(""));
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    };
    let headers: Vec<(String, String)> = lines.filter_map(header).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while bytes.len() < head + 4 + length {
        if more(stream, &mut bytes)? == 0 {
            return Ok(None);
        }
    }
    let body = String::from_utf8_lossy(&bytes[head + 4..]).into_owned();
    // A whole object that comes back has the moments that it went out with.
    let body = if method == "PUT" { moved(&body, -ahead) } else { body };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    Ok(Some(Asked {
        method: method.to_owned(),
        path: path.split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
        query: query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect(),
        headers,
        body: serde_json::from_str(&body).unwrap_or(Value::Null),
    }))
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut buffer = [0; 8192];
    let count = stream.read(&mut buffer)?;
    bytes.extend_from_slice(&buffer[..count]);
    Ok(count)
}

/// A part of a URL without its `%`s.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, more @ ..] = rest {
        let code = more.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text whose moments are later.
fn moved(text: &str, by: SignedDuration) -> String {
    static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#""(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)""#).expect("a regex")
    });
    let later = |found: &Captures<'_>| match found[1].parse::<Timestamp>() {
        Ok(at) if found[1].contains('.') => format!("\"{:.6}\"", at + by),
        Ok(at) => format!("\"{}\"", at + by),
        Err(_) => found[0].to_owned(),
    };
    MOMENT.replace_all(text, later).into_owned()
}
