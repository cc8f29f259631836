//! `traefik/whoami`: the server's name and addresses, and the request as it came (NETWORKING §15).

use std::time::Duration;

use serde_json::{Value, json};

use super::daemon::{Daemon, Service, Socket, go_address};
use super::http::{self, Incoming};
use super::options::{self, Refusal};
use crate::cluster::image::server::{Grammar, Options};
use crate::cluster::{Answer, Ask, Context, HttpRequest, Process, Reply};
use crate::network::BindError;

const USAGE: &str = "Usage of /whoami:
  -cacert string
    \tgive me a CA chain, enforces mutual TLS
  -cert string
    \tgive me a certificate
  -key string
    \tgive me a key
  -name string
    \tgive me a name
  -port string
    \tgive me a port number (default \"80\")
  -verbose
    \tEnable verbose logging";

#[derive(Clone)]
struct WhoAmI {
    port: String,
    socket: Option<Socket>,
    name: Option<String>,
    verbose: bool,
    /// What `/health` answers.
    health: u16,
    environment: Vec<(String, String)>,
    problem: Option<Refusal>,
}

/// The program: `--port` (or `WHOAMI_PORT_NUMBER`), `--name` (or `WHOAMI_NAME`), `--verbose`.
pub(super) fn start(arguments: &[String], environment: &[(String, String)]) -> Box<dyn Process> {
    let variable = |name: &str| {
        let found = environment.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let texts = ["cacert", "cert", "key", "name", "port"].map(str::to_owned).to_vec();
    let known = Options {
        grammar: Grammar::Go,
        texts,
        numbers: Vec::new(),
        switches: vec!["verbose".to_owned()],
        families: Vec::new(),
        usage: USAGE.to_owned(),
    };
    let read = options::parse(&known, "/whoami", arguments).and_then(|parsed| {
        let tls = ["cacert", "cert", "key"].iter().any(|flag| parsed.get(flag).is_some());
        let told =
            "podhop: whoami's -cert, -key and -cacert are not simulated here; leave them out";
        if tls {
            Err(Refusal { says: vec![told.to_owned()], exit: 1, word: None })
        } else {
            Ok(parsed)
        }
    });
    let parsed = read.clone().unwrap_or_default();
    let port = parsed.get("port").map(str::to_owned).or_else(|| variable("WHOAMI_PORT_NUMBER"));
    Daemon::boxed(WhoAmI {
        port: port.unwrap_or_else(|| "80".to_owned()),
        socket: None,
        name: parsed.get("name").map(str::to_owned).or_else(|| variable("WHOAMI_NAME")),
        verbose: parsed.get("verbose").is_some_and(|value| value.to_lowercase().starts_with('t')),
        health: 200,
        environment: environment.to_vec(),
        problem: read.err(),
    })
}

impl Service for WhoAmI {
    fn name(&self) -> &str {
        "whoami"
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        if let Some(problem) = &self.problem {
            return Err(problem.tell(context));
        }
        let stamp = stamp(context);
        context.say(format!("{stamp} Starting up on port {}", self.port));
        match go_address(&format!(":{}", self.port), |_| None) {
            Ok(socket) => self.socket = Some(socket),
            Err(why) => {
                context.say(format!("{stamp} {why}"));
                return Err(1);
            }
        }
        Ok(())
    }

    fn sockets(&self) -> Vec<Socket> {
        self.socket.into_iter().collect()
    }

    fn failed_to_bind(
        &mut self,
        socket: Socket,
        why: &BindError,
        context: &mut Context<'_>,
    ) -> i32 {
        let stamp = stamp(context);
        context.say(format!("{stamp} {}", super::daemon::go_bind_error(socket, why)));
        1
    }

    /// It has no handler: Go's runtime ends the first process of a container with this code.
    fn stop(&mut self, _: &mut Context<'_>) -> i32 {
        2
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
        if self.verbose {
            let (stamp, date) = (stamp(context), http::log_date(context.now()));
            let (peer, method) = (ask.peer, &request.method);
            context.say(format!("{stamp} {peer} - - [{date}] \"{method} {path} HTTP/1.1\" - -"));
        }
        match path {
            "/health" if request.method == "POST" => {
                let sent = String::from_utf8_lossy(&request.body).trim().parse();
                if let Ok(status) = sent {
                    context.say(format!("Update health check status code [{status}]"));
                    self.health = status;
                }
                return http::go_reply(ask, &request, 200, String::new(), context.now());
            }
            "/health" => {
                let status = self.health;
                return http::go_reply(ask, &request, status, String::new(), context.now());
            }
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
        if query.split('&').any(|pair| matches!(pair, "env=true" | "env=1" | "env=t")) {
            body.extend(self.environment.iter().map(|(name, value)| format!("{name}={value}\n")));
        }
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

fn stamp(context: &Context<'_>) -> String {
    context.now().timestamp().strftime("%Y/%m/%d %H:%M:%S").to_string()
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
        headers.iter().map(|(name, value)| (http::canonical(name), value.as_str())).collect();
    let place = |name: &str| match name {
        "Host" => 0,
        "User-Agent" => 1,
        _ => 2,
    };
    all.sort_by(|(a, _), (b, _)| (place(a), a).cmp(&(place(b), b)));
    all
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
