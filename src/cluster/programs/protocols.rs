//! Protocols of which only the first words matter here: what a client says first, how a server
//! answers, and whether an answer is one.

use super::http;
use crate::cluster::image::server::Speaks;
use crate::cluster::{Ask, HttpRequest, Payload, Reply};

/// PostgreSQL's SSLRequest: a length of 8, and its code.
const SSL_REQUEST: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];

/// The settings frame with which a server of HTTP/2 begins.
const SETTINGS: &[u8] = &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0x40, 0];

/// AMQP 0-9-1's header.
const AMQP: &[u8] = b"AMQP\0\0\x09\x01";

/// How MongoDB's messages of today begin, behind length and numbers: OP_MSG.
const OP_MSG: &[u8] = &[0xdd, 7, 0, 0];

/// What a client says first; `None` for HTTP, which has requests.
pub(super) fn hello(speaks: Speaks) -> Option<Payload> {
    let bytes = match speaks {
        Speaks::Http | Speaks::Https | Speaks::Grpc => return None,
        // MySQL's server speaks first.
        Speaks::Mysql | Speaks::Tcp => return Some(Payload::Nothing),
        Speaks::Redis => b"*1\r\n$4\r\nPING\r\n".to_vec(),
        Speaks::Postgres => SSL_REQUEST.to_vec(),
        Speaks::Amqp => AMQP.to_vec(),
        Speaks::Memcached => b"version\r\n".to_vec(),
        Speaks::Mongodb => [&[21, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], OP_MSG, &[0; 5]].concat(),
    };
    Some(Payload::Bytes(bytes))
}

/// Whether an answer to [`hello`] is one of this protocol.
pub(super) fn is_answer(speaks: Speaks, reply: &Reply) -> bool {
    let Reply::Bytes(bytes) = reply else { return speaks == Speaks::Tcp };
    match speaks {
        Speaks::Redis => matches!(bytes.first(), Some(b'+' | b'-' | b':' | b'$' | b'*')),
        Speaks::Mysql => bytes.get(4) == Some(&10),
        Speaks::Postgres => matches!(bytes.first(), Some(b'N' | b'S')),
        Speaks::Amqp => bytes.first() == Some(&1),
        Speaks::Memcached => bytes.starts_with(b"VERSION"),
        Speaks::Mongodb => bytes.get(12..16) == Some(OP_MSG),
        Speaks::Tcp => true,
        Speaks::Http | Speaks::Https | Speaks::Grpc => false,
    }
}

/// What a server of this protocol, not of HTTP, answers.
pub(super) fn answer(speaks: Speaks, ask: &Ask, version: &str) -> Reply {
    let sent = match &ask.payload {
        Payload::Bytes(bytes) => bytes.as_slice(),
        _ => &[],
    };
    let talks = !matches!(ask.payload, Payload::Nothing);
    match speaks {
        Speaks::Mysql => Reply::Bytes(mysql_greeting(version)),
        _ if !talks => Reply::Silence,
        Speaks::Postgres if sent.starts_with(SSL_REQUEST) => Reply::Bytes(b"N".to_vec()),
        Speaks::Amqp if sent.starts_with(AMQP) => {
            Reply::Bytes([&[1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 10], &[0xce][..]].concat())
        }
        Speaks::Amqp => Reply::Bytes(AMQP.to_vec()),
        Speaks::Memcached if sent.starts_with(b"version") => {
            Reply::Bytes(format!("VERSION {version}\r\n").into_bytes())
        }
        Speaks::Memcached => Reply::Bytes(b"ERROR\r\n".to_vec()),
        Speaks::Mongodb if sent.get(12..16) == Some(OP_MSG) => Reply::Bytes(sent.to_vec()),
        Speaks::Mongodb if is_http(ask) => Reply::Bytes(mongodb_over_http()),
        Speaks::Grpc => Reply::Bytes(SETTINGS.to_vec()),
        _ => Reply::Closed,
    }
}

fn is_http(ask: &Ask) -> bool {
    matches!(http::incoming(ask), http::Incoming::Request(_))
}

/// What mongod says to a browser.
fn mongodb_over_http() -> Vec<u8> {
    let text =
        "It looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n";
    let length = text.len();
    format!(
        "HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\n\
         Content-Length: {length}\r\n\r\n{text}"
    )
    .into_bytes()
}

/// The handshake packet of protocol 10: length, number, protocol, version.
fn mysql_greeting(version: &str) -> Vec<u8> {
    let body = [&[10], version.as_bytes(), b"\0\x08\0\0\0"].concat();
    [&[body.len() as u8, 0, 0, 0], &body[..]].concat()
}

/// A call of gRPC, as far as it matters here: an HTTP request of its own type.
pub(super) fn grpc_call(host: &str, path: &str) -> HttpRequest {
    HttpRequest {
        version: Default::default(),
        method: "POST".to_owned(),
        target: path.to_owned(),
        headers: vec![
            ("Host".to_owned(), host.to_owned()),
            ("Content-Type".to_owned(), GRPC.to_owned()),
            ("TE".to_owned(), "trailers".to_owned()),
        ],
        body: Vec::new(),
    }
}

/// The type of gRPC's requests and responses.
pub(super) const GRPC: &str = "application/grpc";

/// Whether a request is a call of gRPC.
pub(super) fn is_grpc(request: &HttpRequest) -> bool {
    http::header(request, "Content-Type").is_some_and(|kind| kind.starts_with(GRPC))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(speaks: Speaks, payload: Payload) -> Reply {
        let local = "10.244.1.2:1".parse().unwrap();
        let peer = "10.244.1.3:40000".parse().unwrap();
        answer(speaks, &Ask { local, peer, payload, patience: None }, "8.4.7")
    }

    #[test]
    fn each_server_understands_its_own_clients_alone() {
        let all = [
            Speaks::Redis,
            Speaks::Mysql,
            Speaks::Postgres,
            Speaks::Mongodb,
            Speaks::Amqp,
            Speaks::Memcached,
        ];
        for client in all {
            for server in all {
                let reply = said(server, hello(client).unwrap());
                // Redis is a program of its own; what a client of it hears here is no answer.
                let fits = client == server && server != Speaks::Redis;
                assert_eq!(is_answer(client, &reply), fits, "{client:?} {server:?} {reply:?}");
            }
        }
    }

    #[test]
    fn a_mysql_greeting_names_the_version() {
        let Reply::Bytes(bytes) = said(Speaks::Mysql, Payload::Nothing) else { panic!("silent") };
        assert_eq!(usize::from(bytes[0]), bytes.len() - 4);
        assert!(bytes[5..].starts_with(b"8.4.7\0"));
    }
}
