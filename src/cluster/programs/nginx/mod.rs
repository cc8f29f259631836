//! nginx.

use std::time::Duration;

use super::http::{self, Incoming};
use crate::clock::SimTime;
use crate::cluster::{Answer, Ask, Context, Poll, Process, Reply, Signal};
use crate::network::Protocol;

/// How often nginx tries to bind a taken address, and how long it waits in between.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Clone)]
struct Nginx {
    by_script: bool,
    tries: u32,
    listening: bool,
    stopping: bool,
}

/// The program; `None` for arguments that start no server.
pub(super) fn start(arguments: &[String], by_script: bool) -> Option<Box<dyn Process>> {
    let _ = arguments;
    Some(Box::new(Nginx { by_script, tries: 0, listening: false, stopping: false }))
}

impl Process for Nginx {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        if self.stopping {
            return Poll::Exit(0);
        }
        if self.listening {
            return Poll::Idle;
        }
        if self.tries == 0 && self.by_script {
            context.say("/docker-entrypoint.sh: Configuration complete; ready for start up");
        }
        if context.bind(Protocol::Tcp, std::net::Ipv4Addr::UNSPECIFIED, 80, "nginx").is_ok() {
            self.listening = true;
            return Poll::Idle;
        }
        self.tries += 1;
        let stamp = stamp(context.now());
        context.say(format!(
            "{stamp} [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address already in use)"
        ));
        context.say("nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)");
        if self.tries < TRIES {
            return Poll::Until(context.now() + PAUSE);
        }
        context.say(format!("{stamp} [emerg] 1#1: still could not bind()"));
        context.say("nginx: [emerg] still could not bind()");
        Poll::Exit(1)
    }

    fn signal(&mut self, signal: Signal, _: &mut Context<'_>) -> bool {
        self.stopping = matches!(signal, Signal::Term | Signal::Int);
        self.stopping
    }

    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::other(Reply::Closed),
        };
        let (path, _) = http::split_target(&request.target);
        let index = if path.ends_with('/') { "index.html" } else { "" };
        let file = format!("/usr/share/nginx/html{path}{index}");
        let found = context.cluster.read_file(&context.place, &file);
        let status = if found.is_some() { 200 } else { 404 };
        let body = found.unwrap_or_default();
        let date = http::log_date(context.now());
        let agent = http::header(&request, "User-Agent").unwrap_or("-").to_owned();
        context.say(format!(
            "{} - - [{date}] \"{} {} HTTP/1.1\" {status} {} \"-\" \"{agent}\" \"-\"",
            ask.peer.ip(),
            request.method,
            request.target,
            body.len(),
        ));
        let headers = [("Server", "nginx/1.27.5"), ("Content-Type", "text/html")];
        http::reply(ask, http::response(&request, status, &headers, body))
    }

    fn clone_box(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }
}

fn stamp(now: SimTime) -> String {
    now.timestamp().strftime("%Y/%m/%d %H:%M:%S").to_string()
}
