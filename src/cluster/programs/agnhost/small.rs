//! agnhost's small servers: serve-hostname, porter and liveness, and what tells of a pod's names.

use std::time::Duration;

use super::port;
use crate::clock::SimTime;
use crate::cluster::programs::daemon::{Daemon, Service, Socket, go_bind_error};
use crate::cluster::programs::http::{self, Incoming};
use crate::cluster::{Answer, Ask, Context, Poll, Process, Reply, Signal};
use crate::network::BindError;

/// How long `liveness` is well.
const WELL: Duration = Duration::from_secs(10);

#[derive(Clone)]
enum Small {
    /// Answers with its host name, over TCP and UDP alike.
    ServeHostname { port: u16 },
    /// Answers each of its ports with that port's text.
    Porter { ports: Vec<(u16, String)> },
    /// `/healthz` fails after ten seconds.
    Liveness { since: SimTime },
}

/// `serve-hostname --port 9376`
pub(super) fn serve_hostname(flags: &[String]) -> Box<dyn Process> {
    Daemon::boxed(Small::ServeHostname { port: port(flags, "port", 9376) })
}

/// `porter`, with variables like `SERVE_PORT_80=text`.
pub(super) fn porter(environment: &[(String, String)]) -> Box<dyn Process> {
    let ports = environment.iter().filter_map(|(name, value)| {
        let port = name.strip_prefix("SERVE_PORT_")?.parse().ok()?;
        Some((port, value.clone()))
    });
    Daemon::boxed(Small::Porter { ports: ports.collect() })
}

/// `liveness`
pub(super) fn liveness() -> Box<dyn Process> {
    Daemon::boxed(Small::Liveness { since: SimTime::START })
}

impl Service for Small {
    fn name(&self) -> &'static str {
        "agnhost"
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        match self {
            Small::Liveness { since } => *since = context.now(),
            Small::Porter { ports } if ports.is_empty() => {
                context.say("No port specified: set SERVE_PORT_<port>=<text>");
                return Err(1);
            }
            _ => {}
        }
        Ok(())
    }

    fn sockets(&self) -> Vec<Socket> {
        match self {
            Small::ServeHostname { port } => vec![Socket::tcp(*port)],
            Small::Porter { ports } => ports.iter().map(|(port, _)| Socket::tcp(*port)).collect(),
            Small::Liveness { .. } => vec![Socket::tcp(8080)],
        }
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        if let Small::ServeHostname { port } = self {
            context.say(format!("Serving on port {port}."));
        }
    }

    fn failed_to_bind(
        &mut self,
        socket: Socket,
        why: &BindError,
        context: &mut Context<'_>,
    ) -> i32 {
        context.say(go_bind_error(socket, why));
        1
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let (status, body) = match self {
            Small::ServeHostname { .. } => (200, context.hostname()),
            Small::Porter { ports } => {
                let ours = ports.iter().find(|(port, _)| *port == ask.local.port());
                (200, ours.map(|(_, text)| text.clone()).unwrap_or_default())
            }
            Small::Liveness { since } => {
                let up = context.now().since(*since);
                match http::split_target(&request.target).0 {
                    "/started" => (200, format!("{:.9}s", up.as_secs_f64())),
                    "/healthz" if up > WELL => (500, format!("error: {:.9}", up.as_secs_f64())),
                    "/healthz" => (200, "ok".to_owned()),
                    _ => (404, "404 page not found\n".to_owned()),
                }
            }
        };
        http::go_reply(ask, &request, status, body, context.now())
    }
}

/// `dns-suffix`, `dns-server-list`, `etc-hosts`
pub(super) fn tell(what: &str) -> Box<dyn Process> {
    Box::new(Tell(what.to_owned()))
}

#[derive(Clone)]
struct Tell(String);

impl Process for Tell {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        let told = match self.0.as_str() {
            "etc-hosts" => {
                let file = context.cluster.read_file(&context.place, "/etc/hosts");
                String::from_utf8_lossy(&file.unwrap_or_default()).trim_end().to_owned()
            }
            what => {
                let names = context.cluster.resolv_conf(&context.place);
                match what {
                    "dns-suffix" => names.search.iter().map(ToString::to_string).collect(),
                    _ => names.nameservers.iter().map(ToString::to_string).collect::<Vec<_>>(),
                }
                .join(",")
            }
        };
        context.say(told);
        Poll::Exit(0)
    }

    fn signal(&mut self, _: Signal, _: &mut Context<'_>) -> bool {
        false
    }

    fn serve(&mut self, _: &Ask, _: &mut Context<'_>) -> Answer {
        http::other(Reply::Closed)
    }
}
