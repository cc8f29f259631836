//! `traefik/whoami`: the server's name and addresses, and the request as it came (NETWORKING §15).

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use crate::cluster::{Answer, Ask, Context, Process, Reply};

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
        let mut body = String::new();
        if let Some(name) = &self.name {
            body += &format!("Name: {name}\n");
        }
        body += &format!("Hostname: {}\n", context.hostname());
        body += &format!("IP: 127.0.0.1\nIP: {}\n", context.address());
        body += &format!("RemoteAddr: {}\n", ask.peer);
        body += &format!("{} {} HTTP/1.1\n", request.method, request.target);
        for (name, value) in &request.headers {
            body += &format!("{name}: {value}\n");
        }
        body += "\n";
        let (date, length) = (http::date(context.now()), body.len().to_string());
        let headers = [
            ("Date", date.as_str()),
            ("Content-Length", length.as_str()),
            ("Content-Type", "text/plain; charset=utf-8"),
        ];
        http::reply(ask, http::response(&request, 200, &headers, body))
    }
}
