//! HTTP as servers speak it.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use crate::clock::SimTime;
use crate::cluster::{Answer, Ask, HttpRequest, HttpResponse, HttpVersion, Payload, Reply};

/// How long a server takes for a page.
pub const SERVICE_TIME: Duration = Duration::from_micros(500);

/// What came in, as an HTTP server sees it.
pub enum Incoming {
    /// A request.
    Request(HttpRequest),
    /// A TLS handshake at a port that does not speak TLS.
    Handshake,
    /// Something that is no request.
    Garbage,
    /// Nothing yet: the server waits.
    Nothing,
}

/// Reads what a client sent to a plain HTTP port. Bytes that spell a request (`nc` by hand) are one.
pub fn incoming(ask: &Ask) -> Incoming {
    match &ask.payload {
        Payload::Http(request) => Incoming::Request(closing(request.clone())),
        Payload::Tls { .. } => Incoming::Handshake,
        Payload::Nothing => Incoming::Nothing,
        Payload::Bytes(bytes) => match parse(bytes) {
            Some(request) => Incoming::Request(closing(request)),
            None if is_unfinished(bytes) => Incoming::Nothing,
            None => Incoming::Garbage,
        },
    }
}

/// Whether more has to come before a server answers: the end of the first line, or behind a sound one
/// the empty line that ends a head.
fn is_unfinished(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((line, rest)) = text.split_once('\n') else { return true };
    let words: Vec<&str> = line.split_whitespace().collect();
    let sound = matches!(words.as_slice(), [_, target, version]
        if target.starts_with('/') && version.starts_with("HTTP/1."));
    let ends = |line: &str| line.trim_end_matches('\r').is_empty();
    sound
        && !rest
            .split_inclusive('\n')
            .any(|line| line.ends_with('\n') && ends(line.trim_end_matches('\n')))
}

/// Answers with a response, in the client's own manner: bytes to whoever sent bytes.
pub fn reply(ask: &Ask, response: HttpResponse) -> Answer {
    let reply = match &ask.payload {
        Payload::Bytes(bytes) if old_request(bytes).is_some() => Reply::Bytes(response.body),
        Payload::Bytes(_) => Reply::Bytes(render(&response)),
        _ => Reply::Http(response),
    };
    Answer { reply, took: SERVICE_TIME }
}

/// What a Go server answers with plain text.
pub fn go_reply(
    ask: &Ask,
    request: &HttpRequest,
    status: u16,
    body: String,
    now: SimTime,
) -> Answer {
    let (date, length) = (date(now), body.len().to_string());
    let headers = [
        ("Date", date.as_str()),
        ("Content-Length", length.as_str()),
        ("Content-Type", "text/plain; charset=utf-8"),
    ];
    reply(ask, response(request, status, &headers, body))
}

/// A Go server's redirect.
pub fn go_redirect(
    ask: &Ask,
    request: &HttpRequest,
    status: u16,
    to: &str,
    now: SimTime,
) -> Answer {
    let body = format!("<a href=\"{to}\">{}</a>.\n\n", reason(status));
    let (date, length) = (date(now), body.len().to_string());
    let headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Location", to),
        ("Date", date.as_str()),
        ("Content-Length", length.as_str()),
    ];
    reply(ask, response(request, status, &headers, body))
}

/// An answer that is not HTTP.
pub fn other(reply: Reply) -> Answer {
    Answer { reply, took: SERVICE_TIME }
}

/// What a Go server says to a request that is none (a TLS handshake at a plain port, say).
pub fn bad_request() -> Answer {
    let text = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
                Connection: close\r\n\r\n400 Bad Request";
    other(Reply::Bytes(text.as_bytes().to_vec()))
}

/// A response with these headers; its body is left out for HEAD.
pub fn response(
    request: &HttpRequest,
    status: u16,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> HttpResponse {
    let body = body.into();
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    HttpResponse {
        version: HttpVersion::V1_1,
        status,
        reason: reason(status).to_owned(),
        headers: headers.collect(),
        body: if request.method == "HEAD" { Vec::new() } else { body },
    }
}

/// A request's header, whatever its case.
pub fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// A header's name in Go's spelling: `X-Request-Id`
pub fn canonical(name: &str) -> String {
    let mut starts = true;
    let letter = |c: char| {
        let spelt = if starts { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        starts = c == '-';
        spelt
    };
    name.chars().map(letter).collect()
}

/// A path as servers look for it: decoded, without `.`, `..` and double slashes.
pub fn normal(path: &str) -> String {
    let decoded = decode(path);
    let mut parts: Vec<&str> = Vec::new();
    for part in decoded.split('/').skip(1) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let folder = decoded.ends_with(['/', '.']) && !parts.is_empty();
    let folder = folder && matches!(decoded.rsplit('/').next(), Some("" | "." | ".."));
    format!("/{}{}", parts.join("/"), if folder { "/" } else { "" })
}

/// Path and query of a request.
pub fn split_target(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

/// `Mon, 05 Jan 2026 09:00:00 GMT`
pub fn date(at: impl Into<Timestamp>) -> String {
    at.into().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `05/Jan/2026:09:00:00 +0000`, as access logs have it.
pub fn log_date(at: SimTime) -> String {
    at.timestamp().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

/// The type of a file's content, by its name's ending.
pub fn content_type(path: &str) -> &'static str {
    match path.rsplit('/').next().unwrap_or(path).rsplit_once('.').map(|(_, ending)| ending) {
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("txt") => "text/plain",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

/// A status code's usual words.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        402 => "Payment Required",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Payload Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        422 => "Unprocessable Entity",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        418 => "I'm a teapot",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

/// A percent-encoded text as it was before.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parse(bytes: &[u8]) -> Option<HttpRequest> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n")?;
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    // A whole URL is told to proxies: a server hears the path, and the host before what the head says.
    let whole = target.strip_prefix("http://");
    let (host, target) = match whole.map(|rest| rest.split_at(rest.find('/').unwrap_or(rest.len())))
    {
        Some((host, "")) => (Some(host), "/"),
        Some((host, path)) => (Some(host), path),
        None => (None, target),
    };
    if !version.starts_with("HTTP/1") || !method.chars().all(|c| c.is_ascii_uppercase()) {
        return None;
    }
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    });
    let told = host.map(|host| ("Host".to_owned(), host.to_owned()));
    let headers = told
        .iter()
        .cloned()
        .chain(headers.filter(|(name, _)| told.is_none() || !name.eq_ignore_ascii_case("Host")));
    let version = if version == "HTTP/1.0" { HttpVersion::V1_0 } else { HttpVersion::V1_1 };
    Some(HttpRequest {
        version,
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.collect(),
        body: body.as_bytes().to_vec(),
    })
}

/// How long the first request in these bytes is, with its body; `None` where it has no end.
pub fn length(bytes: &[u8]) -> Option<usize> {
    let find = |mark: &[u8]| {
        bytes.windows(mark.len()).position(|part| part == mark).map(|at| at + mark.len())
    };
    let head = match (find(b"\r\n\r\n"), find(b"\n\n")) {
        (Some(one), Some(other)) => one.min(other),
        (one, other) => one.or(other)?,
    };
    let request = parse(&bytes[..head])?;
    // What comes in pieces ends at the empty one.
    if header(&request, "Transfer-Encoding").is_some() {
        return None;
    }
    let body = header(&request, "Content-Length").and_then(|text| text.parse().ok()).unwrap_or(0);
    head.checked_add(body)
}

/// A field of an answer's head, in small letters.
pub fn header_of<'b>(answer: &'b [u8], name: &str) -> Option<&'b str> {
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    head.lines().skip(1).find_map(|line| {
        let (own, value) = line.split_once(':')?;
        own.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// A connection of HTTP/1.0 ends with its answer, unless it is to be kept.
fn closing(mut request: HttpRequest) -> HttpRequest {
    if request.version == HttpVersion::V1_0 && header(&request, "Connection").is_none() {
        request.headers.push(("Connection".to_owned(), "close".to_owned()));
    }
    request
}

/// A request of HTTP/0.9, `GET /path` on a line: some servers still answer it, with the body alone.
pub fn old_request(bytes: &[u8]) -> Option<HttpRequest> {
    let text = String::from_utf8_lossy(bytes);
    let (line, _) = text.split_once('\n')?;
    let target = line.trim_end_matches('\r').strip_prefix("GET ")?;
    let sound = target.starts_with('/') && !target.contains(' ');
    sound.then(|| HttpRequest {
        version: HttpVersion::V0_9,
        method: "GET".to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    })
}

fn render(response: &HttpResponse) -> Vec<u8> {
    let mut text = format!("{} {} {}\r\n", response.version, response.status, response.reason);
    for (name, value) in &response.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += "\r\n";
    [text.into_bytes(), response.body.clone()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_typed_by_hand_is_a_request() {
        let request = parse(b"GET /x?y=1 HTTP/1.1\r\nHost: web\r\n\r\n").unwrap();
        assert_eq!(split_target(&request.target), ("/x", "y=1"));
        assert_eq!(header(&request, "host"), Some("web"));
        assert_eq!(parse(b"hello\n\n"), None);
    }

    #[test]
    fn dates_are_as_http_has_them() {
        assert_eq!(date(SimTime::START), "Mon, 05 Jan 2026 09:00:00 GMT");
        assert_eq!(log_date(SimTime::START), "05/Jan/2026:09:00:00 +0000");
    }

    #[test]
    fn percent_signs_are_decoded() {
        assert_eq!(decode("a%20b+c%2"), "a b c%2");
    }
}
