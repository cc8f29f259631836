//! A server as its image's description has it ([`Server`]).

mod answer;
mod fill;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::client::{self, Request};
use super::daemon::{Daemon, Service, Socket};
use super::options::{self, Parsed, Refusal};
use super::{Environment, protocols};
use crate::clock::SimTime;
use crate::cluster::image::server::{Call, Language, Need, Port, Server, Speaks};
use crate::cluster::image::text::Text;
use crate::cluster::{Answer, Ask, Context, Did, Process, Signal};
use crate::network::{BindError, Protocol};
use fill::Facts;

/// A running server.
#[derive(Clone)]
struct Described {
    server: Arc<Server>,
    environment: Arc<Vec<(String, String)>>,
    options: Arc<Parsed>,
    /// Why it does not run: its command line is wrong.
    refusal: Option<Refusal>,
    /// The need that is not met, and the variable that is missing.
    unmet: Option<(usize, String)>,
    /// How many of its first calls have been made.
    called: usize,
    /// Until when it waits before the next of them.
    waits: Option<SimTime>,
    ends: Option<i32>,
    next_round: Option<SimTime>,
}

/// The program. `by_script` says that the image's entrypoint script starts it.
pub(super) fn start(
    server: &Arc<Server>,
    arguments: &[String],
    environment: Environment<'_>,
    by_script: bool,
) -> Box<dyn Process> {
    let environment = environment();
    let read = match &server.options {
        Some(known) => options::parse(known, &server.program, arguments),
        None => Ok(Parsed::default()),
    };
    let mut described = Described {
        server: server.clone(),
        environment: Arc::default(),
        options: Arc::new(read.clone().unwrap_or_default()),
        refusal: read.err(),
        unmet: None,
        called: 0,
        waits: None,
        ends: None,
        next_round: None,
    };
    let mut needs = server.needs.iter().enumerate();
    described.unmet = needs.find_map(|(index, need)| {
        let counts = by_script || !need.entrypoint;
        counts.then(|| missing(need, &environment)).flatten().map(|missing| (index, missing))
    });
    described.environment = Arc::new(environment);
    Daemon::boxed(described)
}

/// What a program insists on and does not find.
fn missing(need: &Need, environment: &[(String, String)]) -> Option<String> {
    let holds = |condition: &String| {
        let (name, wanted) = match condition.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (condition.as_str(), None),
        };
        let found = environment.iter().find(|(known, _)| known == name);
        found.is_some_and(|(_, value)| match wanted {
            Some(wanted) => value == wanted,
            None => !value.is_empty(),
        })
    };
    if let Some(first) = need.any.first().filter(|_| !need.any.iter().any(holds)) {
        return Some(first.clone());
    }
    let refused = need.none.iter().find(|condition| holds(condition));
    need.every.iter().find(|name| !holds(name)).or(refused).cloned()
}

impl Described {
    fn render(&self, text: &Text, facts: &Facts<'_>) -> String {
        text.render(&|name| facts.fill(name, &self.environment, &self.options))
    }

    fn say(&self, texts: &[Text], facts: &Facts<'_>, context: &mut Context<'_>) {
        for text in texts {
            context.say(self.render(text, facts));
        }
    }

    /// Whether a port or a call that has a condition is meant.
    fn applies(&self, when: Option<&Text>, facts: &Facts<'_>) -> bool {
        when.is_none_or(|when| !self.render(when, facts).is_empty())
    }

    /// Makes a call, if it applies: what went wrong, in the program's words, and how long it took.
    fn call(
        &self,
        call: &Call,
        facts: &Facts<'_>,
        context: &mut Context<'_>,
    ) -> (Result<(), String>, Duration) {
        if !self.applies(call.when.as_ref(), facts) {
            return (Ok(()), Duration::ZERO);
        }
        let (to, asks) = (self.render(&call.to, facts), self.render(&call.asks, facts));
        let request = Request { to: &to, speaks: call.speaks, asks: &asks };
        let (result, took) = client::request(&request, context);
        let told = |trouble| client::words(&trouble, self.server.language, call.speaks);
        (result.map(|_| ()).map_err(told), took)
    }

    /// The facts of a call that failed.
    fn failed<'a>(&self, call: &Call, problem: String, facts: &Facts<'a>) -> Facts<'a> {
        let to = self.render(&call.to, facts);
        Facts { problem: Some(problem), to: Some(to), ..facts.clone() }
    }

    /// Makes one of the first calls: when to go on, if not at once.
    fn call_first(&mut self, call: &Call, context: &mut Context<'_>) -> Option<SimTime> {
        let facts = Facts::of(context, None);
        let (result, took) = self.call(call, &facts, context);
        let problem = match result {
            Ok(()) => {
                self.called += 1;
                return (took > Duration::from_millis(1)).then(|| context.now() + took);
            }
            Err(problem) => problem,
        };
        let facts = self.failed(call, problem, &facts);
        self.say(&call.fails.says, &facts, context);
        match (call.fails.exit, call.fails.again) {
            (Some(exit), _) => self.ends = Some(exit),
            (None, Some(seconds)) => {
                return Some(context.now() + took + Duration::from_secs(seconds));
            }
            (None, None) => self.called += 1,
        }
        Some(context.now() + took)
    }

    /// The sockets that it opens, each with what it speaks.
    fn ports<'a>(&'a self, facts: &Facts<'_>) -> Vec<(u16, &'a Port)> {
        let port = |port: &'a Port| {
            let open = self.applies(port.when.as_ref(), facts);
            let number = self.render(&port.port, facts).parse().ok().filter(|_| open)?;
            Some((number, port))
        };
        self.server.listens.iter().filter_map(port).collect()
    }

    /// A port that is no number.
    fn wrong_port(&self, facts: &Facts<'_>) -> Option<String> {
        let open = |port: &&Port| self.applies(port.when.as_ref(), facts);
        let texts = self.server.listens.iter().filter(open);
        let mut texts = texts.map(|port| self.render(&port.port, facts));
        texts.find(|text| text.parse::<u16>().is_err())
    }
}

impl Service for Described {
    fn name(&self) -> &str {
        &self.server.program
    }

    fn begins(&mut self, context: &mut Context<'_>) -> Option<SimTime> {
        if self.refusal.is_some() || self.unmet.is_some() {
            return None;
        }
        if let Some(at) = self.waits.filter(|at| *at > context.now()) {
            return Some(at);
        }
        let server = self.server.clone();
        while let Some(call) = server.calls.get(self.called) {
            self.waits = self.call_first(call, context);
            if self.ends.is_some() || self.waits.is_some() {
                return self.waits;
            }
        }
        None
    }

    fn prepare(&mut self, context: &mut Context<'_>) -> Result<(), i32> {
        if let Some((index, missing)) = self.unmet.clone() {
            let facts = Facts { missing: Some(missing), ..Facts::of(context, None) };
            let need = &self.server.needs[index];
            self.say(&need.says, &facts, context);
            return Err(need.exit);
        }
        if let Some(refusal) = &self.refusal {
            return Err(refusal.tell(context));
        }
        match self.wrong_port(&Facts::of(context, None)) {
            Some(text) => {
                context.note(Did::ArgumentRefused { argument: text.clone() });
                context.say(wrong_port(&text, self.server.language));
                Err(1)
            }
            None => Ok(()),
        }
    }

    fn sockets(&self) -> Vec<Socket> {
        let facts = Facts::default();
        let socket = |(number, port): (u16, &Port)| {
            let address: Option<IpAddr> = self.render(&port.address, &facts).parse().ok();
            let address = address.unwrap_or(Ipv6Addr::UNSPECIFIED.into());
            Socket { protocol: Protocol::Tcp, address, port: number }
        };
        self.ports(&facts).into_iter().map(socket).collect()
    }

    fn announce(&mut self, context: &mut Context<'_>) {
        let facts = Facts::of(context, None);
        let server = self.server.clone();
        self.say(&server.says, &facts, context);
    }

    fn failed_to_bind(
        &mut self,
        socket: Socket,
        why: &BindError,
        context: &mut Context<'_>,
    ) -> i32 {
        context.say(failed_to_bind(socket, why, &self.server));
        1
    }

    fn heeds(&self, signal: Signal) -> bool {
        matches!(signal, Signal::Term | Signal::Int) && !self.server.stops.ignores
    }

    fn tick(&mut self, context: &mut Context<'_>) -> Option<SimTime> {
        let server = self.server.clone();
        let rounds = server.rounds.as_ref()?;
        if let Some(at) = self.next_round.filter(|at| *at > context.now()) {
            return Some(at);
        }
        let facts = Facts::of(context, None);
        let mut took = Duration::ZERO;
        let mut well = true;
        for call in &rounds.calls {
            let (result, waited) = self.call(call, &facts, context);
            took += waited;
            if let Err(problem) = result {
                well = false;
                let facts = self.failed(call, problem, &facts);
                self.say(&call.fails.says, &facts, context);
                break;
            }
        }
        if well {
            self.say(&rounds.says, &facts, context);
        }
        let every = Duration::from_millis(rounds.every.max(100));
        self.next_round = Some(context.now() + every.max(took));
        self.next_round
    }

    fn ends(&self) -> Option<i32> {
        self.ends
    }

    fn has_workers(&self) -> bool {
        self.server.routes.iter().any(|route| !route.calls.is_empty())
    }

    fn answer(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        answer::answer(self, ask, context)
    }

    fn stop(&mut self, context: &mut Context<'_>) -> i32 {
        let facts = Facts::of(context, None);
        self.say(&self.server.stops.says, &facts, context);
        self.server.stops.exit
    }
}

/// What a program says of a port that is none.
fn wrong_port(text: &str, language: Language) -> String {
    match language {
        Language::Go => {
            let read = super::daemon::go_address(&format!(":{text}"), |_| None);
            read.err().unwrap_or_else(|| format!("listen tcp: address {text}: invalid port"))
        }
        Language::Node => format!(
            "RangeError [ERR_SOCKET_BAD_PORT]: options.port should be >= 0 and < 65536. Received {text}."
        ),
        Language::Python => {
            format!("ValueError: invalid literal for int() with base 10: '{text}'")
        }
        Language::Java => {
            format!("Failed to bind properties under 'server.port': For input string: \"{text}\"")
        }
        _ => format!("invalid port: {text}"),
    }
}

/// What a program says of a port that it cannot have.
fn failed_to_bind(socket: Socket, why: &BindError, server: &Server) -> String {
    let (port, errno, words) = (socket.port, why.errno(), why.words());
    let (code, kind) = match why {
        BindError::InUse { .. } => ("EADDRINUSE", "AddrInUse"),
        BindError::NotAvailable => ("EADDRNOTAVAIL", "AddrNotAvailable"),
        BindError::Denied => ("EACCES", "PermissionDenied"),
    };
    let small = words.to_lowercase();
    match (server.language, why) {
        (Language::Go, _) => super::daemon::go_bind_error(socket, why),
        (Language::Node, BindError::InUse { .. }) => {
            format!("Error: listen {code}: {small} :::{port}")
        }
        (Language::Node, BindError::NotAvailable) => {
            let at = SocketAddr::new(socket.address, port);
            format!("Error: listen {code}: address not available {at}")
        }
        (Language::Node, BindError::Denied) => {
            format!("Error: listen {code}: {small} {}", SocketAddr::new(socket.address, port))
        }
        (Language::Python, _) => format!("OSError: [Errno {errno}] {words}"),
        (Language::Java, BindError::InUse { .. }) => {
            format!("Web server failed to start. Port {port} was already in use.")
        }
        (Language::Java, BindError::NotAvailable) => {
            "java.net.BindException: Cannot assign requested address".to_owned()
        }
        (Language::Java, BindError::Denied) => {
            "java.net.SocketException: Permission denied".to_owned()
        }
        (Language::Dotnet, _) => {
            format!("System.IO.IOException: Failed to bind to address http://[::]:{port}: {small}.")
        }
        (Language::Ruby, _) => {
            format!("{words} - bind(2) for \"0.0.0.0\" port {port} (Errno::{code})")
        }
        (Language::Rust, BindError::InUse { .. }) => {
            format!("Os {{ code: {errno}, kind: {kind}, message: \"Address in use\" }}")
        }
        (Language::Rust, BindError::Denied) => {
            format!("Os {{ code: {errno}, kind: {kind}, message: \"{words}\" }}")
        }
        (Language::Rust, BindError::NotAvailable) => {
            format!("Os {{ code: {errno}, kind: {kind}, message: \"Address not available\" }}")
        }
        (Language::Php | Language::C, _) => {
            format!("{}: could not bind to port {port}: {words}", server.program)
        }
    }
}

/// What a port speaks that a client came in at.
fn spoken<'a>(ports: &[(u16, &'a Port)], ask: &Ask) -> (Speaks, &'a str) {
    let found = ports.iter().find(|(number, _)| *number == ask.local.port());
    found.map_or((Speaks::Tcp, ""), |(_, port)| (port.speaks, port.version.as_str()))
}

/// The words of a protocol that has no requests here.
fn words(speaks: Speaks, version: &str, ask: &Ask) -> Answer {
    super::http::other(protocols::answer(speaks, ask, version))
}
