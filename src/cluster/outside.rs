//! Servers of the world outside: every one answers with a line that says who it is and who asked.

use std::time::Duration;

use super::programs::http::{self, Incoming};
use super::{
    Answer, Ask, Certificate, HttpRequest, HttpResponse, HttpVersion, Issuer, Payload, Reply,
};
use crate::network::Party;

/// What it answers to something that is no request.
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";

/// What a server outside answers (recording 30: `server=example.com port=80 …`).
pub(super) fn serve(server: &Party, ask: &Ask) -> Answer {
    let secure = ask.local.port() == 443;
    let reply = match (&ask.payload, secure) {
        (Payload::Http(request), false) => Reply::Http(page(server, ask, request)),
        (Payload::Http(_), true) => Reply::Http(plain_to_tls()),
        (Payload::Tls { request, .. }, true) => Reply::Tls {
            certificate: Certificate::new(
                [server.to_string(), format!("www.{server}")],
                Issuer::Public,
            ),
            response: page(server, ask, request),
        },
        (Payload::Tls { .. }, false) => Reply::Bytes(BAD_REQUEST.to_vec()),
        (Payload::Bytes(_), false) => match http::incoming(ask) {
            Incoming::Request(request) => http::reply(ask, page(server, ask, &request)).reply,
            Incoming::Nothing => Reply::Silence,
            _ => Reply::Bytes(BAD_REQUEST.to_vec()),
        },
        (Payload::Bytes(_), true) | (Payload::Nothing, _) => Reply::Closed,
    };
    Answer { reply, took: Duration::from_micros(300) }
}

fn page(server: &Party, ask: &Ask, request: &HttpRequest) -> HttpResponse {
    let host = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let host = host.map_or("", |(_, value)| value);
    let (port, client, path) = (ask.local.port(), ask.peer.ip(), &request.target);
    let body = format!("server={server} port={port} client={client} host={host} path={path}\n");
    response(200, "OK", "text/plain", body)
}

fn plain_to_tls() -> HttpResponse {
    let body = "The plain HTTP request was sent to HTTPS port\n".to_owned();
    response(400, "Bad Request", "text/plain", body)
}

/// A page of `kind`, with the headers that say what and how long it is.
pub(super) fn response(status: u16, reason: &str, kind: &str, body: String) -> HttpResponse {
    let headers = [
        ("Content-Type", kind.to_owned()),
        ("Content-Length", body.len().to_string()),
        ("Connection", "close".to_owned()),
    ];
    HttpResponse {
        version: HttpVersion::V1_1,
        status,
        reason: reason.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
        body: body.into_bytes(),
    }
}
