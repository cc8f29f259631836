//! `agnhost netexec`: an HTTP server that answers what its paths ask for, and a UDP server that knows
//! three words.

use std::time::Duration;

use crate::cluster::image::server::{Grammar, Options};
use crate::cluster::programs::daemon::{Daemon, Service, Socket, go_bind_error};
use crate::cluster::programs::http::{self, Incoming};
use crate::cluster::programs::options;
use crate::cluster::programs::says::Says;
use crate::cluster::{Answer, Ask, Context, DialFailure, HttpRequest, Payload, Process, Reply};
use crate::network::{BindError, Protocol, SocketAddr};

/// How long it waits for an answer to a datagram.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often `/dial` asks at most.
const TRIES: u32 = 100;

#[derive(Clone)]
struct NetExec {
    http: u16,
    /// No port below 1.
    udp: Option<u16>,
    /// The target that every request is taken for (`--http-override`).
    instead: Option<String>,
    /// `/exit` was asked for.
    exit: Option<i32>,
}

const USAGE: &str = "Usage:
  app netexec [flags]

Flags:
  -h, --help                          help for netexec
      --http-override string          Override the HTTP handler to always respond as if it were a GET with this path & params
      --http-port int                 HTTP Listen Port (default 8080)
      --sctp-port int                 SCTP Listen Port (default -1)
      --tls-cert-file string          File containing an x509 certificate for HTTPS. (CA cert, if any, concatenated after server cert)
      --tls-private-key-file string   File containing an x509 private key matching --tls-cert-file
      --udp-listen-addresses string   A comma separated list of ip addresses the udp servers listen from
      --udp-port int                  UDP Listen Port (default 8081)
";

/// The subcommand.
pub(super) fn start(flags: &[String]) -> Box<dyn Process> {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    let known = Options {
        grammar: Grammar::Pflag,
        texts: names(&[
            "http-override",
            "tls-cert-file",
            "tls-private-key-file",
            "udp-listen-addresses",
        ]),
        numbers: names(&["http-port", "udp-port", "sctp-port"]),
        switches: names(&["help|h"]),
        families: Vec::new(),
        usage: USAGE.to_owned(),
    };
    let parsed = match options::parse(&known, "agnhost", flags) {
        Ok(parsed) if parsed.get("help").is_some() => return Says::boxed(USAGE.trim_end(), 0),
        Ok(parsed) => parsed,
        Err(refusal) => return Says::boxed(refusal.says.join("\n"), refusal.exit),
    };
    if let Some(first) = parsed.operands.first() {
        let told = format!("Error: unknown command \"{first}\" for \"app netexec\"\n{USAGE}");
        return Says::boxed(told.trim_end(), 1);
    }
    let others = ["tls-cert-file", "tls-private-key-file", "udp-listen-addresses", "sctp-port"];
    if let Some(flag) = others.iter().find(|flag| parsed.get(flag).is_some()) {
        let told = format!("podhop: agnhost netexec --{flag} is not simulated here; leave it out");
        return Says::boxed(told, 1);
    }
    let number = |name: &str, usual: i64| {
        parsed.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual)
    };
    Daemon::boxed(NetExec {
        http: u16::try_from(number("http-port", 8080)).unwrap_or(0),
        udp: u16::try_from(number("udp-port", 8081)).ok(),
        instead: parsed.get("http-override").map(str::to_owned),
        exit: None,
    })
}

impl Service for NetExec {
    fn name(&self) -> &'static str {
        "agnhost"
    }

    fn sockets(&self) -> Vec<Socket> {
        let udp = self.udp.map(Socket::udp);
        [Socket::tcp(self.http)].into_iter().chain(udp).collect()
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        context.say(format!("Started HTTP server on port {}", self.http));
        if let Some(udp) = self.udp {
            context.say(format!("Started UDP server on port  {udp}"));
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

    fn ends(&self) -> Option<i32> {
        self.exit
    }

    fn has_workers(&self) -> bool {
        true
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        if let Payload::Bytes(bytes) = &ask.payload
            && self.udp == Some(ask.local.port())
        {
            return http::other(Reply::Bytes(datagram(bytes, ask, &context.hostname())));
        }
        let request = match http::incoming(ask) {
            Incoming::Request(request) => request,
            Incoming::Nothing => return http::other(Reply::Silence),
            Incoming::Handshake | Incoming::Garbage => return http::bad_request(),
        };
        let request = match &self.instead {
            Some(target) => HttpRequest {
                version: Default::default(),
                method: "GET".to_owned(),
                target: target.clone(),
                ..request
            },
            None => request,
        };
        self.page(&request, ask, context)
    }
}

impl NetExec {
    fn page(&mut self, request: &HttpRequest, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let (path, query) = http::split_target(&request.target);
        let argument = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, _)| *key == name).map(|(_, value)| http::decode(value)).next()
        };
        let code = argument("code").and_then(|code| code.parse::<u16>().ok());
        let mut took = Duration::ZERO;
        let (status, body) = match path {
            "/hostname" | "/hostName" => (200, context.hostname()),
            "/clientip" => (200, ask.peer.to_string()),
            "/echo" => (code.unwrap_or(200), argument("msg").unwrap_or_default()),
            "/header" => {
                let name = argument("key").unwrap_or_default();
                (200, http::header(request, &name).unwrap_or("").to_owned())
            }
            "/healthz" => (200, String::new()),
            "/shutdown" => return self.shut_down(0, ask, context),
            "/dial" => {
                let question = Question {
                    host: argument("host").unwrap_or_default(),
                    port: argument("port").unwrap_or_default(),
                    request: argument("request").unwrap_or_default(),
                    udp: argument("protocol").is_some_and(|protocol| protocol == "udp"),
                };
                let tries = argument("tries").and_then(|text| text.parse().ok()).unwrap_or(1);
                let (status, text, waited) = dial(&question, tries, context);
                took = waited;
                (status, text)
            }
            "/redirect" => {
                let to = argument("location").unwrap_or_default();
                return http::go_redirect(ask, request, code.unwrap_or(302), &to, context.now());
            }
            "/exit" => match argument("code").unwrap_or_default().as_str() {
                "" => return self.shut_down(0, ask, context),
                text => match text.parse() {
                    Ok(code) => return self.shut_down(code, ask, context),
                    Err(_) => (
                        200,
                        format!(
                            "argument 'code' must be an integer [0-127] or empty, got \"{text}\"\n"
                        ),
                    ),
                },
            },
            "/shell" | "/upload" => (
                501,
                "podhop: this page of netexec is not simulated; use kubectl exec\n".to_owned(),
            ),
            // Go's mux hands what it does not know to the handler of `/`.
            _ => (200, format!("NOW: {}", now(context))),
        };
        let answer = http::go_reply(ask, request, status, body, context.now());
        Answer { took: answer.took + took, ..answer }
    }
}

impl NetExec {
    /// It ends at once, before it has answered.
    fn shut_down(&mut self, code: i32, _: &Ask, context: &mut Context<'_>) -> Answer {
        self.exit = Some(code);
        let now = context.now();
        context.cluster.processes.wake(now, context.process);
        http::other(Reply::Closed)
    }
}

/// What `/dial` is to ask.
struct Question {
    host: String,
    port: String,
    request: String,
    udp: bool,
}

/// Asks another netexec, several times: status, `{"responses":[…]}`, and how long that took.
fn dial(question: &Question, tries: u32, context: &mut Context<'_>) -> (u16, String, Duration) {
    let Ok(port) = question.port.parse::<u16>() else {
        return (400, format!("invalid port: \"{}\"\n", question.port), Duration::ZERO);
    };
    let (mut responses, mut errors, mut took) = (Vec::new(), Vec::new(), Duration::ZERO);
    for _ in 0..tries.min(TRIES) {
        let (answer, waited) = question.ask(port, context);
        took += waited;
        match answer {
            Ok(text) => responses.push(text),
            Err(why) => errors.push(why),
        }
    }
    let mut output = serde_json::Map::new();
    for (name, list) in [("errors", errors), ("responses", responses)] {
        if !list.is_empty() {
            output.insert(name.to_owned(), list.into());
        }
    }
    (200, serde_json::Value::Object(output).to_string(), took)
}

impl Question {
    fn ask(&self, port: u16, context: &mut Context<'_>) -> (Result<String, String>, Duration) {
        let place = context.place.clone();
        let url = format!("http://{}:{port}/{}", self.host, self.request);
        let wrap = |why: String| match self.udp {
            true => why,
            false => format!("Get \"{url}\": {why}"),
        };
        let lookup = context.cluster.lookup(&place, &self.host);
        let mut took = lookup.took;
        let Some(address) = lookup.result.ok().and_then(|found| found.first().copied()) else {
            return (Err(wrap(format!("dial tcp: lookup {}: no such host", self.host))), took);
        };
        let to = SocketAddr::new(address, port);
        let protocol = if self.udp { Protocol::Udp } else { Protocol::Tcp };
        let dial = context.cluster.dial(&place, protocol, to);
        let connection = match dial.result {
            Ok(connection) => connection,
            Err(DialFailure::Refused) if self.udp => {
                let why = format!("read udp {to}: recvfrom: connection refused");
                return (Err(why), took + dial.took);
            }
            Err(DialFailure::Refused) => {
                let why = format!("dial tcp {to}: connect: connection refused");
                return (Err(wrap(why)), took + dial.took);
            }
            Err(DialFailure::Unreachable) => {
                let why = format!("dial tcp {to}: connect: no route to host");
                return (Err(wrap(why)), took + dial.took);
            }
            Err(DialFailure::NoNetwork) => {
                let why = format!("dial tcp {to}: connect: network is unreachable");
                return (Err(wrap(why)), took + dial.took);
            }
            Err(DialFailure::Silence) => {
                return (Err(wrap(format!("dial tcp {to}: i/o timeout"))), took + PATIENCE);
            }
        };
        took += dial.took;
        let payload = match self.udp {
            true => Payload::Bytes(self.request.clone().into_bytes()),
            false => Payload::Http(HttpRequest::get(
                format!("/{}", self.request.trim_start_matches('/')),
                vec![
                    ("Host".to_owned(), format!("{}:{port}", self.host)),
                    ("User-Agent".to_owned(), "Go-http-client/1.1".to_owned()),
                ],
            )),
        };
        let answer = context.cluster.ask(&connection, payload);
        took += answer.took;
        let text = |bytes: &[u8]| Ok(String::from_utf8_lossy(bytes).into_owned());
        match answer.reply {
            Reply::Http(response) => (text(&response.body), took),
            Reply::Bytes(bytes) if self.udp => (text(&bytes), took),
            Reply::Silence => (Err(wrap("i/o timeout".to_owned())), took + PATIENCE),
            _ => (Err(wrap("EOF".to_owned())), took),
        }
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
