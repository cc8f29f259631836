//! `agnhost`, Kubernetes' own test image: serve-hostname, netexec and pause.

use super::daemon::{Daemon, Service, Socket, go_bind_error};
use super::http::{self, Incoming};
use super::pause;
use crate::cluster::{Answer, Ask, Context, HttpRequest, Payload, Process, Reply};

#[derive(Clone)]
enum Agnhost {
    /// Answers with its host name.
    ServeHostname { port: u16 },
    /// Answers what its path asks for.
    NetExec { http: u16, udp: u16, ready: bool },
}

/// The program: the first argument is the subcommand.
pub(super) fn start(arguments: &[String]) -> Option<Box<dyn Process>> {
    let (command, flags) = match arguments.split_first() {
        Some((command, flags)) => (command.as_str(), flags),
        None => ("pause", arguments),
    };
    match command {
        "pause" => Some(pause::start()),
        "serve-hostname" => {
            let port = flag(flags, "port").unwrap_or(9376);
            Some(Daemon::boxed(Agnhost::ServeHostname { port }))
        }
        "netexec" => {
            let http = flag(flags, "http-port").unwrap_or(8080);
            let udp = flag(flags, "udp-port").unwrap_or(8081);
            Some(Daemon::boxed(Agnhost::NetExec { http, udp, ready: true }))
        }
        _ => None,
    }
}

/// `--port=80`, `--port 80`
fn flag(flags: &[String], name: &str) -> Option<u16> {
    let long = format!("--{name}");
    let mut words = flags.iter();
    while let Some(word) = words.next() {
        match word.split_once('=') {
            Some((key, value)) if key == long => return value.parse().ok(),
            None if *word == long => return words.next()?.parse().ok(),
            _ => {}
        }
    }
    None
}

impl Service for Agnhost {
    fn name(&self) -> &'static str {
        "agnhost"
    }

    fn sockets(&self) -> Vec<Socket> {
        match self {
            Agnhost::ServeHostname { port } => vec![Socket::tcp(*port)],
            Agnhost::NetExec { http, udp, .. } => vec![Socket::tcp(*http), Socket::udp(*udp)],
        }
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        match self {
            Agnhost::ServeHostname { .. } => context.say("Serving on port 9376."),
            Agnhost::NetExec { http, udp, .. } => {
                context.say(format!("Started HTTP server on port {http}"));
                context.say(format!("Started UDP server on port  {udp}"));
            }
        }
    }

    fn taken(&mut self, socket: Socket, context: &mut Context<'_>) -> i32 {
        context.say(go_bind_error(socket));
        1
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let hostname = context.hostname();
        if let (Payload::Bytes(bytes), Agnhost::NetExec { udp, .. }) = (&ask.payload, &*self)
            && ask.local.port() == *udp
        {
            return http::other(Reply::Bytes(datagram(bytes, ask, &hostname)));
        }
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let (status, body) = match self {
            Agnhost::ServeHostname { .. } => (200, hostname),
            Agnhost::NetExec { ready, .. } => netexec(&request, ask, context, ready, hostname),
        };
        let date = http::date(context.now());
        let length = body.len().to_string();
        let headers = [
            ("Date", date.as_str()),
            ("Content-Length", length.as_str()),
            ("Content-Type", "text/plain; charset=utf-8"),
        ];
        http::reply(ask, http::response(&request, status, &headers, body))
    }
}

/// Status and body of netexec's pages.
fn netexec(
    request: &HttpRequest,
    ask: &Ask,
    context: &Context<'_>,
    ready: &mut bool,
    hostname: String,
) -> (u16, String) {
    let (path, query) = http::split_target(&request.target);
    let argument = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| http::decode(value)).next()
    };
    match path {
        "/" => (200, format!("NOW: {}", now(context))),
        "/hostname" | "/hostName" => (200, hostname),
        "/clientip" => (200, ask.peer.to_string()),
        "/echo" => {
            let code = argument("code").and_then(|code| code.parse().ok()).unwrap_or(200);
            (code, argument("msg").unwrap_or_default())
        }
        "/header" => {
            let name = argument("key").unwrap_or_default();
            (200, http::header(request, &name).unwrap_or("").to_owned())
        }
        "/healthz" if *ready => (200, String::new()),
        "/healthz" => (412, String::new()),
        "/readyz" => (200, String::new()),
        "/exit" => (200, String::new()),
        _ => (404, "404 page not found\n".to_owned()),
    }
}

/// `2026-01-05 09:00:00.123456 +0000 UTC`, as Go prints a time.
fn now(context: &Context<'_>) -> String {
    let stamp = context.now().timestamp().strftime("%Y-%m-%d %H:%M:%S%.6f");
    format!("{stamp} +0000 UTC")
}

/// netexec's UDP server knows three words.
fn datagram(bytes: &[u8], ask: &Ask, hostname: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    match text.split_once(' ') {
        Some(("echo", message)) => message.as_bytes().to_vec(),
        _ if text.eq_ignore_ascii_case("hostname") => hostname.as_bytes().to_vec(),
        _ if text == "clientip" => ask.peer.to_string().into_bytes(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_come_in_both_manners() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(flag(&words("--http-port=80 --x"), "http-port"), Some(80));
        assert_eq!(flag(&words("--http-port 81"), "http-port"), Some(81));
        assert_eq!(flag(&words("--udp-port=80"), "http-port"), None);
    }
}
