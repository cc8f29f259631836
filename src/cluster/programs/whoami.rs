//! `traefik/whoami`: the server's name and addresses, and the request as it came (NETWORKING §15).

use std::time::Duration;

use serde_json::{Value, json};

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use crate::cluster::{Answer, Ask, Context, HttpRequest, Process, Reply};

#[derive(Clone)]
struct WhoAmI {
    port: u16,
    name: Option<String>,
}

/// The program: `--port`, `--name`.
pub(super) fn start(arguments: &[String]) -> Box<dyn Process> {
    let mut program = WhoAmI { port: 80, name: None };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let word = word.trim_start_matches('-');
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (word, words.next().cloned()),
        };
        match (flag, value) {
            ("port", Some(value)) => program.port = value.parse().unwrap_or(80),
            ("name", Some(value)) => program.name = Some(value),
            _ => {}
        }
    }
    Daemon::boxed(program)
}

impl Service for WhoAmI {
    fn name(&self) -> &'static str {
        "whoami"
    }

    fn sockets(&self) -> Vec<Socket> {
        vec![Socket::tcp(self.port)]
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        let stamp = context.now().timestamp().strftime("%Y/%m/%d %H:%M:%S").to_string();
        context.say(format!("{stamp} Starting up on port {}", self.port));
    }

    fn taken(&mut self, socket: Socket, context: &mut Context<'_>) -> i32 {
        let stamp = context.now().timestamp().strftime("%Y/%m/%d %H:%M:%S").to_string();
        context.say(format!("{stamp} {}", super::daemon::go_bind_error(socket)));
        1
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let (path, query) = http::split_target(&request.target);
        let wait = query.split('&').find_map(|pair| pair.strip_prefix("wait="));
        let wait = wait.and_then(seconds).unwrap_or_default();
        match path {
            "/health" => return http::go_reply(ask, &request, 200, String::new(), context.now()),
            "/bench" => return http::go_reply(ask, &request, 200, "1".to_owned(), context.now()),
            "/api" => return self.api(&request, ask, context),
            _ => {}
        }
        let mut body = String::new();
        if let Some(name) = &self.name {
            body += &format!("Name: {name}\n");
        }
        body += &format!("Hostname: {}\n", context.hostname());
        body += "IP: 127.0.0.1\n";
        body.extend(context.addresses().map(|address| format!("IP: {address}\n")));
        body += &format!("RemoteAddr: {}\n", ask.peer);
        body += &format!("{} {} HTTP/1.1\n", request.method, request.target);
        for (name, value) in as_go_writes(&request.headers) {
            body += &format!("{name}: {value}\n");
        }
        body += "\n";
        let (date, length) = (http::date(context.now()), body.len().to_string());
        let headers = [
            ("Date", date.as_str()),
            ("Content-Length", length.as_str()),
            ("Content-Type", "text/plain; charset=utf-8"),
        ];
        let answer = http::reply(ask, http::response(&request, 200, &headers, body));
        Answer { took: answer.took + wait, ..answer }
    }
}

impl WhoAmI {
    /// The same as JSON.
    fn api(&self, request: &HttpRequest, ask: &Ask, context: &Context<'_>) -> Answer {
        let headers = as_go_writes(&request.headers).into_iter().filter(|(name, _)| name != "Host");
        let headers: serde_json::Map<String, Value> =
            headers.map(|(name, value)| (name, json!([value]))).collect();
        let mut told = json!({
            "hostname": context.hostname(),
            "ip": ["127.0.0.1", context.address().to_string()],
            "headers": headers,
            "url": request.target,
            "host": http::header(request, "Host").unwrap_or(""),
            "method": request.method,
            "remoteAddr": ask.peer.to_string(),
        });
        if let Some(name) = &self.name {
            told["name"] = json!(name);
        }
        let (date, body) = (http::date(context.now()), format!("{told}\n"));
        let length = body.len().to_string();
        let headers = [
            ("Content-Type", "application/json"),
            ("Date", date.as_str()),
            ("Content-Length", length.as_str()),
        ];
        http::reply(ask, http::response(request, 200, &headers, body))
    }
}

/// `2s`, `500ms`: how long a request asks to be kept waiting.
fn seconds(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s')?, 1_000),
    };
    number.parse::<u64>().ok().map(|number| Duration::from_millis(number.saturating_mul(unit)))
}

/// Headers as Go writes a request that it has read: host and client first, the others by name, and
/// every name in Go's spelling.
fn as_go_writes(headers: &[(String, String)]) -> Vec<(String, &str)> {
    let mut all: Vec<(String, &str)> =
        headers.iter().map(|(name, value)| (canonical(name), value.as_str())).collect();
    let place = |name: &str| match name {
        "Host" => 0,
        "User-Agent" => 1,
        _ => 2,
    };
    all.sort_by(|(a, _), (b, _)| (place(a), a).cmp(&(place(b), b)));
    all
}

/// `X-Request-Id`
fn canonical(name: &str) -> String {
    let mut starts = true;
    let letter = |c: char| {
        let spelt = if starts { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        starts = c == '-';
        spelt
    };
    name.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_in_gos_order_and_spelling() {
        let sent = [("X-Request-ID", "1"), ("Host", "web"), ("accept", "*/*"), ("User-Agent", "c")];
        let sent = sent.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let written = as_go_writes(&sent);
        let names: Vec<&str> = written.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Host", "User-Agent", "Accept", "X-Request-Id"]);
    }
}
