//! `hashicorp/http-echo`: one text for everybody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::daemon::{Daemon, Service, Socket};
use super::http::{self, Incoming};
use crate::cluster::{Answer, Ask, Context, Process, Reply};
use crate::network::Protocol;

#[derive(Clone)]
struct HttpEcho {
    text: String,
    listen: String,
    status: u16,
    problem: Option<String>,
}

/// The program: `-text`, `-listen`, `-status-code`, with one dash or two.
pub(super) fn start(arguments: &[String]) -> Box<dyn Process> {
    let mut echo = HttpEcho {
        text: "hello-world".to_owned(),
        listen: ":5678".to_owned(),
        status: 200,
        problem: None,
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let name = word.trim_start_matches('-');
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, words.next().cloned()),
        };
        match (name, value) {
            ("text", Some(value)) => echo.text = value,
            ("listen", Some(value)) => echo.listen = value,
            ("status-code", Some(value)) => echo.status = value.parse().unwrap_or(200),
            (name, _) => {
                echo.problem = Some(format!("flag provided but not defined: -{name}"));
                break;
            }
        }
    }
    Daemon::boxed(echo)
}

impl Service for HttpEcho {
    fn name(&self) -> &'static str {
        "http-echo"
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        match &self.problem {
            Some(problem) => {
                context.say(problem);
                Err(2)
            }
            None => Ok(()),
        }
    }

    fn sockets(&self) -> Vec<Socket> {
        let (host, port) = self.listen.rsplit_once(':').unwrap_or(("", "5678"));
        let address: IpAddr = match host {
            "" => Ipv6Addr::UNSPECIFIED.into(),
            "localhost" => Ipv4Addr::LOCALHOST.into(),
            host => {
                let host = host.trim_matches(['[', ']']);
                host.parse().unwrap_or(Ipv6Addr::UNSPECIFIED.into())
            }
        };
        vec![Socket { protocol: Protocol::Tcp, address, port: port.parse().unwrap_or(5678) }]
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        let stamp = stamp(context);
        context.say(format!("{stamp} [INFO] server is listening on {}", self.listen));
    }

    fn taken(&mut self, _: Socket, context: &mut Context<'_>) -> i32 {
        let stamp = stamp(context);
        context.say(format!(
            "{stamp} [ERR] server exited with: listen tcp {}: bind: address already in use",
            self.listen
        ));
        127
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let body = format!("{}\n", self.text);
        let (date, length) = (http::date(context.now()), body.len().to_string());
        let headers = [
            ("X-App-Name", "http-echo"),
            ("X-App-Version", "1.0.0"),
            ("Date", date.as_str()),
            ("Content-Length", length.as_str()),
            ("Content-Type", "text/plain; charset=utf-8"),
        ];
        let agent = http::header(&request, "User-Agent").unwrap_or("").to_owned();
        let host = http::header(&request, "Host").unwrap_or("").to_owned();
        let stamp = stamp(context);
        context.say(format!(
            "{stamp} [INFO] {host} {} \"{} {} HTTP/1.1\" {} {length} \"{agent}\" 12.5µs",
            ask.peer, request.method, request.target, self.status,
        ));
        http::reply(ask, http::response(&request, self.status, &headers, body))
    }
}

fn stamp(context: &Context<'_>) -> String {
    context.now().timestamp().strftime("%Y/%m/%d %H:%M:%S").to_string()
}
