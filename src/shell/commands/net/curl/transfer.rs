//! One URL's transfer, with its redirects and tries (`post_per_transfer` of `tool_operate.c`).

use std::net::IpAddr;
use std::time::Duration;

use super::arguments::{Global, Operation};
use super::cookies::Jar;
use super::output::{self, Sink};
use super::report::{self, Messages, Version};
use super::request::{Made, Occasion};
use super::route::{self, NoRoute, Route};
use super::write_out::{self, Facts};
use crate::clock::SimTime;
use crate::cluster::{
    Connection, DialFailure, Ending, HttpRequest, HttpResponse, Issuer, LookupFailure, Reply,
};
use crate::network::{Family, SocketAddr};
use crate::shell::commands::net::families::Families;
use crate::shell::commands::net::fetch::{Failure, Fetch, FetchEvent, Limits, note};
use crate::shell::commands::net::kernel::devices;
use crate::shell::commands::net::raw_session::{KEPT_OPEN, RawSession, Turn};
use crate::shell::commands::net::url::Url;
use crate::shell::commands::system::date::parse_date;
use crate::shell::{Io, Step};

/// How much the C library gathers before it writes to a pipe.
const STDOUT_BLOCK: usize = 4096;

/// How much curl reads at once.
const BUFFER: u64 = 100 * 1024;

/// Redirects that are followed unless told otherwise.
const MAX_REDIRECTS: i64 = 50;

/// How long curl waits for one family until it tries the other as well.
const HAPPY_EYEBALLS: Duration = Duration::from_millis(200);

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// What all transfers of a command have in common.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Connections that servers left open, by where they lead, with their numbers.
    pub kept: Vec<(Key, Connection, usize)>,
    /// The number of the next connection.
    pub next: usize,
    pub jar: Jar,
}

/// What a connection leads to: the URL's scheme, host and port, and who was dialled.
pub type Key = (String, String, u16, String, u16);

/// What is known of a transfer from the beginning.
#[derive(Clone, Debug)]
pub struct Job {
    pub operation: usize,
    /// The URL as it was given.
    pub input: String,
    pub url: Url,
    /// The how many-th it is.
    pub number: usize,
    pub sink: Sink,
    pub upload: Option<Vec<u8>>,
    /// Whether the length of that is not known: it is standard input.
    pub chunked: bool,
    /// `-C`: the offset to begin at.
    pub resume: Option<u64>,
    pub meter: bool,
}

/// A running transfer.
#[derive(Clone, Debug)]
pub struct Transfer {
    pub job: Job,
    url: Url,
    route: Route,
    fetch: Fetch,
    state: TransferState,
    begun: SimTime,
    first_try: SimTime,
    /// When the name was found, the connection stood, TLS was agreed, an answer came.
    resolved: Option<SimTime>,
    connected: Option<SimTime>,
    secured: Option<SimTime>,
    answered: Option<SimTime>,
    redirected: Option<SimTime>,
    redirects: u32,
    tries: u64,
    pause: Duration,
    bodiless: bool,
    /// Whether the server has asked who is there (`--anyauth`).
    asked: bool,
    referer: Option<String>,
    connection: Option<Connection>,
    number: usize,
    connects: u32,
    tunnel: u16,
    last: Option<HttpResponse>,
    header_bytes: usize,
    request_bytes: usize,
    received: usize,
    /// What was written to a standard output that is no terminal, and waits in its buffer.
    held: Vec<u8>,
    user: Option<String>,
    /// Whether the name could not be found.
    unnamed: bool,
    /// Whether the meter's heading was printed: another try has none.
    headed: bool,
}

#[derive(Clone, Debug)]
enum TransferState {
    Fetching,
    /// Before another try.
    Pause(SimTime),
    /// A body that was announced does not come: until a limit or the server ends it.
    Starving(SimTime),
    /// `--limit-rate`: the last bytes come then.
    Slow(SimTime),
    /// `telnet://`
    Talking(Box<RawSession>),
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Wait(Step),
    Over(i32),
}

/// What a transfer works with.
pub struct Desk<'a> {
    pub global: &'a Global,
    pub operation: &'a Operation,
    pub version: Version,
    pub shared: &'a mut Shared,
}

impl Desk<'_> {
    fn words(&self) -> Messages<'_> {
        Messages { global: self.global, version: self.version }
    }
}

/// Why a try came to nothing: the exit code, the words, and whether it was refused.
type Trouble = (i32, String, bool);

/// Whether a server asks who is there, and takes Basic for an answer.
fn asks_basic(response: &HttpResponse) -> bool {
    let challenge = response.header("www-authenticate").unwrap_or("");
    response.status == 401 && challenge.to_ascii_lowercase().starts_with("basic")
}

/// Why the certificate that `-E` names cannot be shown to a server, and the exit code: it is read
/// before anything is said over TLS (`cert_stuff` of `vtls/openssl.c`).
fn own_certificate(desk: &Desk<'_>, io: &Io<'_>) -> Option<(i32, String)> {
    let named = desk.operation.cert.as_deref()?;
    let file = named.split(':').next().unwrap_or(named);
    let why = match io.read_file(file) {
        Err(_) => "error:80000002:system library::No such file or directory",
        Ok(text) if !String::from_utf8_lossy(&text).contains("-----BEGIN CERTIFICATE-----") => {
            "error:0480006C:PEM routines::no start line"
        }
        Ok(_) => return Some((2, "not simulated here: curl --cert".to_owned())),
    };
    Some((
        58,
        format!(
            "could not load PEM client certificate from {file}, OpenSSL error {why}, (no key found, wrong pass phrase, or wrong file format?)"
        ),
    ))
}

impl Transfer {
    /// A transfer that begins now.
    ///
    /// # Errors
    /// The exit code, when there is no way to begin; it is told.
    pub fn begin(job: Job, desk: &mut Desk<'_>, io: &mut Io<'_>) -> Result<Transfer, i32> {
        let now = io.now();
        let url = job.url.clone();
        let empty = HttpRequest {
            version: Default::default(),
            method: String::new(),
            target: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let fetch = Fetch::new(url.clone(), empty, Limits::default(), now);
        let pause = desk.operation.retry_delay.unwrap_or(Duration::from_secs(1));
        let mut transfer = Transfer {
            referer: desk.operation.referer.clone(),
            job,
            url,
            route: Route::default(),
            fetch,
            state: TransferState::Fetching,
            begun: now,
            first_try: now,
            resolved: None,
            connected: None,
            secured: None,
            answered: None,
            redirected: None,
            redirects: 0,
            tries: 0,
            pause,
            bodiless: false,
            asked: false,
            connection: None,
            number: 0,
            connects: 0,
            tunnel: 0,
            last: None,
            header_bytes: 0,
            request_bytes: 0,
            received: 0,
            held: Vec::new(),
            user: None,
            unnamed: false,
            headed: false,
        };
        match transfer.set_out(desk, io) {
            Ok(()) => Ok(transfer),
            Err((code, told, _)) => {
                transfer.end(desk, io, code, &told);
                Err(code)
            }
        }
    }

    /// Finds the way to the URL and makes the request.
    fn set_out(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>) -> Result<(), Trouble> {
        let operation = desk.operation;
        self.route = route::find(operation, io, &self.url).map_err(|why| match why {
            NoRoute::Entry(told) => (49, told, false),
            NoRoute::Proxy(told) => (5, told, false),
            NoRoute::Kind(told) => (7, told, false),
        })?;
        for note in &self.route.notes {
            desk.words().note(io, note);
        }
        if self.job.meter && !desk.global.bar {
            if !std::mem::replace(&mut self.headed, true) {
                desk.words().tell(io, report::METER_HEAD);
            }
            if desk.global.verbose {
                // The meter's first line is seen here: what is told comes right behind it.
                desk.words().tell(io, report::METER_NOTHING);
            }
        }
        if let Some(path) = &operation.unix_socket {
            return Err(self.no_socket(desk, io, path));
        }
        let made = self.make(desk, io);
        let tunnel = self.route.proxy.as_ref().is_some_and(|proxy| proxy.tunnel);
        let limits = Limits {
            connect: operation.connect,
            total: operation.total,
            answer: Some(operation.slowest)
                .filter(|(slowest, _)| *slowest > 0)
                .map(|(_, time)| Duration::from_secs(time)),
            ..Limits::default()
        };
        let via = match (&self.route.proxy, &self.route.instead) {
            (Some(proxy), _) => Some((proxy.host.clone(), proxy.port)),
            (None, instead) => instead.clone(),
        };
        let plain = self.route.proxy.is_some();
        self.user = made.user;
        let request = if tunnel { self.occasion(desk, None).connect(io) } else { made.request };
        self.fetch = Fetch::new(self.url.clone(), request, limits, self.begun)
            .via(via)
            .plain(plain)
            .pinned(self.route.pinned.clone())
            .families(match (operation.families, desk.version) {
                // 7.88 dials IPv4 first where it may choose.
                (Families::Any, Version::V7_88) => Families::First(Family::V4),
                (families, _) => families,
            })
            .impatient(operation.impatience.unwrap_or(HAPPY_EYEBALLS));
        self.state = TransferState::Fetching;
        self.reuse(desk, io);
        Ok(())
    }

    fn no_socket(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, path: &str) -> Trouble {
        let words = desk.words();
        words.note(io, &format!("  Trying {path}:0..."));
        let why = if io.is_file(path) { "Connection refused" } else { "No such file or directory" };
        words.note(io, &format!("Immediate connect fail for {path}: {why}"));
        let told = format!(
            "Failed to connect to {} port {} after 0 ms: Couldn't connect to server",
            self.url.host, self.url.port
        );
        words.note(io, &told);
        self.number = desk.shared.next;
        desk.shared.next += 1;
        self.close_midway(desk, io);
        (7, told, false)
    }

    fn occasion<'a>(&'a self, desk: &'a Desk<'_>, seed: Option<u64>) -> Occasion<'a> {
        Occasion {
            operation: desk.operation,
            route: &self.route,
            url: &self.url,
            first: &self.job.url,
            bodiless: self.bodiless,
            asked: self.asked,
            upload: self.job.upload.as_deref(),
            chunked: self.job.chunked,
            resume: self.job.resume,
            referer: self.referer.as_deref(),
            jar: &desk.shared.jar,
            seed: seed.unwrap_or_default(),
        }
    }

    fn make(&self, desk: &Desk<'_>, io: &Io<'_>) -> Made {
        let seed = (io.now().as_micros() + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.occasion(desk, Some(seed)).request(io)
    }

    fn key(&self) -> Key {
        let (host, port) = self.fetch.target();
        let url = &self.url;
        (url.scheme.clone(), url.host.clone(), url.port, host.to_owned(), port)
    }

    /// The host as `-v` names it behind an address.
    fn shown_host(&self, desk: &Desk<'_>) -> String {
        match &self.route {
            // 7.88 prints a name that it has not set.
            Route { other_host: true, proxy: None, .. } if desk.version == Version::V7_88 => {
                "(nil)".to_owned()
            }
            _ => self.fetch.target().0.to_owned(),
        }
    }

    /// Goes over a connection that is open already, if it leads there and still stands.
    fn reuse(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>) {
        let key = self.key();
        let tunnel = self.route.proxy.as_ref().is_some_and(|proxy| proxy.tunnel);
        let found = desk.shared.kept.iter().position(|(known, ..)| *known == key && !tunnel);
        let Some(found) = found else { return };
        let (_, connection, number) = desk.shared.kept.remove(found);
        if !io.cluster.stands(&connection) {
            desk.words().note(io, &format!("Connection {number} seems to be dead"));
            desk.words().closing(io, number);
            return;
        }
        let host = self.shown_host(desk);
        desk.words().reused(io, &host, number);
        self.number = number;
        (self.resolved, self.connected) = (Some(io.now()), Some(io.now()));
        self.connection = Some(connection.clone());
        if !self.url.is_tls() {
            self.send(desk, io);
        }
        self.fetch = self.fetch.clone().over(connection);
    }

    fn digest(&self, desk: &Desk<'_>) -> bool {
        desk.operation.digest
    }

    /// Tells what is sent.
    fn send(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) {
        let request = self.fetch.request();
        let words = desk.words();
        let proxied = self.route.proxy.as_ref().and_then(|proxy| proxy.user.clone());
        if let Some(user) = proxied {
            words.note(io, &format!("Proxy auth using Basic with user '{user}'"));
        }
        if let Some(user) = self.user.as_ref().filter(|_| request.method != "CONNECT") {
            let how = if self.digest(desk) { "Digest" } else { "Basic" };
            words.note(io, &format!("Server auth using {how} with user '{user}'"));
        }
        words.sent(io, request);
        let head: usize =
            request.headers.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
        let bytes = request.method.len() + request.target.len() + 12 + head + 2;
        let body = request.body.len();
        self.request_bytes += bytes + body;
        // Who waits for the server's leave has its last word before the body would go.
        if self.waits() {
            return;
        }
        words.bytes(io, '}', &request.body, io.terminal);
        let long = self.job.upload.is_some() || !desk.operation.form.is_empty();
        if body > 0 && long {
            words.note(io, "We are completely uploaded and fine");
        }
    }

    /// Whether the body waits for the server's leave.
    fn waits(&self) -> bool {
        let headers = &self.fetch.request().headers;
        headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("expect"))
    }

    /// Goes on until it waits or ends.
    pub fn step(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>) -> Progress {
        loop {
            let state = std::mem::replace(&mut self.state, TransferState::Fetching);
            let result = match state {
                TransferState::Fetching => self.fetch(desk, io),
                TransferState::Pause(until)
                | TransferState::Starving(until)
                | TransferState::Slow(until)
                    if until > io.now() =>
                {
                    self.state = state;
                    return Progress::Wait(Step::Until(until));
                }
                TransferState::Pause(_) => self.again(desk, io),
                TransferState::Starving(_) => Err(self.starved(desk, io)),
                TransferState::Slow(_) => Ok(Some(Progress::Over(0))),
                TransferState::Talking(mut session) => match session.step(io) {
                    Turn::Wait(wait) => {
                        self.state = TransferState::Talking(session);
                        return Progress::Wait(wait);
                    }
                    Turn::Reset => {
                        Err((56, "Recv failure: Connection reset by peer".into(), false))
                    }
                    Turn::Closed | Turn::Left => {
                        desk.words().closing(io, self.number);
                        return Progress::Over(0);
                    }
                },
            };
            let over = match result {
                Ok(None) => continue,
                Ok(Some(Progress::Over(_))) => (0, String::new(), false),
                Ok(Some(wait)) => return wait,
                Err(trouble) => trouble,
            };
            if let Some(code) = self.conclude(desk, io, over) {
                return Progress::Over(code);
            }
        }
    }

    fn again(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>) -> Result<Option<Progress>, Trouble> {
        self.url = self.job.url.clone();
        self.begun = io.now();
        self.bodiless = false;
        (self.resolved, self.connected, self.answered) = (None, None, None);
        (self.redirects, self.received, self.last) = (0, 0, None);
        self.set_out(desk, io)?;
        Ok(None)
    }

    /// The next thing that happens on the way to an answer.
    fn fetch(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>) -> Result<Option<Progress>, Trouble> {
        match self.fetch.step(io) {
            FetchEvent::Wait(until) => return Ok(Some(Progress::Wait(Step::Until(until)))),
            // An address of the other family is no name, and nothing to dial.
            FetchEvent::Failed(Failure::Name(_))
                if desk.version == Version::V7_88 && self.other_family(desk) =>
            {
                let failure = Failure::Name(LookupFailure::OtherFamily);
                self.meter_midway(desk, io, &failure);
                return Err((7, "Couldn't connect to server".to_owned(), false));
            }
            // To -6, the C library hands an IPv4 address in IPv6's clothes, which curl does not
            // dial (recording 30).
            FetchEvent::Failed(Failure::Name(LookupFailure::OtherFamily))
                if desk.operation.families == Families::Only(Family::V6) =>
            {
                return Err((7, "Couldn't connect to server".to_owned(), false));
            }
            FetchEvent::Resolved => self.resolved = Some(io.now()),
            FetchEvent::Trying(to) => {
                desk.words().note(io, &format!("  Trying {to}..."));
                return self.bind(desk, io, to).map(|()| None);
            }
            FetchEvent::NotThere(to, why) => desk.words().not_there(io, to, why),
            FetchEvent::Connected(connection) => return self.stands(desk, io, connection),
            FetchEvent::Failed(failure) => {
                self.unnamed = matches!(failure, Failure::Name(_) | Failure::SlowName { .. });
                return Err(self.failed(desk, io, &failure));
            }
            FetchEvent::Replied(reply) => return self.replied(desk, io, reply),
        }
        Ok(None)
    }

    /// Whether the URL's host is an address of the family that is not wanted.
    fn other_family(&self, desk: &Desk<'_>) -> bool {
        let address = self.url.host.trim_matches(['[', ']']).parse::<IpAddr>();
        match (address, desk.operation.families) {
            (Ok(address), Families::Only(family)) => Family::of(address) != family,
            _ => false,
        }
    }

    /// `--interface`, `--local-port`: where the connection comes from (`connect.c`, `bindlocal`).
    fn bind(&self, desk: &Desk<'_>, io: &mut Io<'_>, to: SocketAddr) -> Result<(), Trouble> {
        let operation = desk.operation;
        if let Some(name) = &operation.interface {
            let name = name.trim_start_matches("if!").trim_start_matches("host!");
            let devices = devices(io);
            let told = match (name.parse::<IpAddr>(), devices.iter().any(|one| one.name == name)) {
                (_, true) => String::new(),
                (Ok(own), _) if devices.iter().any(|one| one.has(own)) => {
                    let family = if own.is_ipv4() { 2 } else { 10 };
                    let named = format!(
                        "Name '{name}' family {family} resolved to '{own}' family {family}"
                    );
                    desk.words().note(io, &named);
                    String::new()
                }
                (Ok(_), _) => {
                    "bind failed with errno 99: Cannot assign requested address".to_owned()
                }
                (Err(_), _) => format!("Couldn't bind to '{name}'"),
            };
            if !told.is_empty() {
                desk.words().note(io, &told);
                return Err((45, told, false));
            }
            let loopback =
                name == "lo" || name.parse::<IpAddr>().is_ok_and(|own| own.is_loopback());
            if loopback && !to.ip().is_loopback() {
                let told = format!(
                    "podhop: not simulated here: curl --interface {name} to another machine"
                );
                return Err((45, told, false));
            }
        }
        let named = operation.interface.as_ref().is_some_and(|name| name.parse::<IpAddr>().is_ok());
        if named || operation.local_port.is_some() {
            let port = operation.local_port.unwrap_or(0);
            desk.words().note(io, &format!("Local port: {port}"));
        }
        Ok(())
    }

    fn failed(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, failure: &Failure) -> Trouble {
        let target = self.fetch.target();
        let target = (target.0.to_owned(), target.1);
        let proxy = self.route.proxy.is_some();
        let words = desk.words();
        let (mut code, mut told) = words.failure(io, (&target.0, target.1), proxy, failure);
        let (slowest, time) = desk.operation.slowest;
        let slow = matches!(failure, Failure::SlowAnswer { .. }) && slowest > 0;
        let total = desk.operation.total.is_some_and(|limit| self.begun + limit <= io.now());
        if slow && !total {
            code = 28;
            told = format!(
                "Operation too slow. Less than {slowest} bytes/sec transferred the last {time} seconds"
            );
        }
        words.note(io, &told);
        self.meter_midway(desk, io, failure);
        if self.connection.is_none() {
            self.number = desk.shared.next;
            desk.shared.next += 1;
        }
        desk.words().closing(io, self.number);
        let refused = matches!(failure, Failure::Dial { why: DialFailure::Refused, .. });
        (code, told, refused)
    }

    fn stands(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        connection: Connection,
    ) -> Result<Option<Progress>, Trouble> {
        self.connected = Some(io.now());
        self.connects += 1;
        self.number = desk.shared.next;
        desk.shared.next += 1;
        let host = self.shown_host(desk);
        desk.words().connected(io, &host, connection.remote, self.number);
        self.connection = Some(connection.clone());
        match self.url.scheme.as_str() {
            "telnet" => {
                self.state =
                    TransferState::Talking(Box::new(RawSession::new(connection, None, None)))
            }
            _ if self.route.proxy.as_ref().is_some_and(|proxy| proxy.tunnel) => {
                let place = format!("{}:{}", self.url.host, self.url.port);
                if desk.version == Version::V7_88 {
                    desk.words().note(io, "allocate connect buffer");
                    desk.words().note(io, &format!("Establish HTTP proxy tunnel to {place}"));
                } else {
                    desk.words().note(io, "CONNECT tunnel: HTTP/1.1 negotiated");
                    desk.words().note(io, "allocate connect buffer");
                    desk.words().note(io, &format!("Establish HTTP proxy tunnel to {place}"));
                }
                self.send(desk, io);
            }
            "http" => self.send(desk, io),
            "https" if self.route.proxy.is_none() => {
                let operation = desk.operation;
                if let Some(file) = operation.cacert.as_ref().filter(|file| !io.is_file(file)) {
                    return Err((77, desk.version.no_authorities(file), false));
                }
                desk.words().hello(io, operation.insecure, operation.cacert.as_deref());
            }
            "https" => {}
            scheme => return Err((1, format!("not simulated here: {scheme}://"), false)),
        }
        Ok(None)
    }

    fn replied(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        reply: Reply,
    ) -> Result<Option<Progress>, Trouble> {
        self.answered = Some(io.now());
        let tls = self.url.is_tls();
        let tunnel = self.route.proxy.as_ref().is_some_and(|proxy| proxy.tunnel);
        let host = self.url.host.clone();
        let (code, told) = match reply {
            _ if tls && let Some(trouble) = own_certificate(desk, io) => trouble,
            Reply::Http(response) if tunnel => self.no_tunnel(desk, io, response),
            Reply::Http(response) if !tls || self.route.proxy.is_some() => {
                return self.response(desk, io, response);
            }
            Reply::Tls { names, issuer, response } if tls && !tunnel => {
                match self.verified(desk, io, &names, issuer) {
                    Ok(()) => return self.response(desk, io, response),
                    Err(trouble) => trouble,
                }
            }
            Reply::Http(_) | Reply::Bytes(_) if tls => (35, desk.version.wrong_version()),
            Reply::Closed if tls && !tunnel => {
                let port = self.url.port;
                (
                    35,
                    format!(
                        "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to {host}:{port} "
                    ),
                )
            }
            Reply::Reset if tls && !tunnel => {
                (35, "Recv failure: Connection reset by peer".to_owned())
            }
            Reply::Bytes(bytes) if desk.operation.http09 => {
                let response = HttpResponse { body: bytes, ..HttpResponse::default() };
                self.take(desk, io, &response)?;
                desk.words().closing(io, self.number);
                return Ok(Some(Progress::Over(0)));
            }
            Reply::Bytes(_) | Reply::Tls { .. } => {
                (1, "Received HTTP/0.9 when not allowed".to_owned())
            }
            Reply::Reset => (56, "Recv failure: Connection reset by peer".to_owned()),
            _ if tunnel => (56, "Proxy CONNECT aborted".to_owned()),
            Reply::Closed | Reply::Silence | Reply::Http(_) => {
                (52, "Empty reply from server".to_owned())
            }
        };
        desk.words().note(io, told.lines().next().unwrap_or_default());
        self.close_midway(desk, io);
        Err((code, told, false))
    }

    /// What a server that is no proxy says to CONNECT.
    fn no_tunnel(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        response: HttpResponse,
    ) -> (i32, String) {
        desk.words().received(io, &response, true, false);
        self.tunnel = response.status;
        if (200..300).contains(&response.status) {
            return (35, desk.version.wrong_version());
        }
        if desk.operation.include && !desk.operation.hide_connect {
            self.job.sink.print(io, report::head(&response).as_bytes());
        }
        (56, format!("CONNECT tunnel failed, response {}", response.status))
    }

    /// Whether the server's certificate is good enough.
    fn verified(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        names: &[String],
        issuer: Issuer,
    ) -> Result<(), (i32, String)> {
        let operation = desk.operation;
        let mut known = false;
        if let Some(file) = &operation.cacert {
            let Ok(text) = io.read_file(file) else {
                return Err((77, desk.version.no_authorities(file)));
            };
            known = issuer == Issuer::Cluster && output::is_cluster_authority(io, &text);
        }
        let host = &self.url.host;
        let issuer_seen = if known { Issuer::Public } else { issuer };
        let problem = report::certificate_problem(names, issuer_seen, host);
        if let Some(problem) = problem.filter(|_| !operation.insecure) {
            note(io, &self.url, Ending::Certificate { names: names.to_vec(), issuer });
            return Err((60, format!("{problem}\n{}", report::NOT_VERIFIED)));
        }
        self.secured = Some(io.now());
        desk.words().handshake(io, names, issuer, known);
        self.send(desk, io);
        Ok(())
    }

    /// An HTTP response: print, follow or fail.
    fn response(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        response: HttpResponse,
    ) -> Result<Option<Progress>, Trouble> {
        let operation = desk.operation;
        let fails = operation.fail
            && response.status >= 400
            && !(self.job.resume.is_some() && response.status == 416);
        if self.waits() {
            self.continued(desk, io);
        }
        // 7.88 reads the empty line behind the head of a response that it fails on.
        let cut = fails && desk.version != Version::V7_88;
        let refused = self.user.is_some() && !operation.digest && asks_basic(&response);
        desk.words().received(io, &response, !cut, refused);
        let head = report::head(&response);
        self.header_bytes += head.len();
        let now = io.now().timestamp();
        for note in desk.shared.jar.keep(&response, &self.url, now) {
            desk.words().note(io, &note);
        }
        let location = response.header("location").map(str::to_owned);
        let location = location.filter(|_| (300..400).contains(&response.status));
        let closes = response.closes();
        let head = if cut { head.trim_end_matches("\r\n").to_owned() + "\r\n" } else { head };
        self.last = Some(response.clone());
        if self.fetch.request().method == "HEAD" && !operation.head && wants_body(&response) {
            return Ok(Some(self.starve(desk, io, closes)));
        }
        self.heads(desk, io, &head, &response)?;
        if operation.any_auth && operation.user.is_some() && !self.asked && asks_basic(&response) {
            self.asked = true;
            self.leave(desk, io, &response);
            self.set_out_anew(desk, io, &response)?;
            return Ok(None);
        }
        if fails {
            let told = format!("The requested URL returned error: {}", response.status);
            desk.words().note(io, &told);
            self.close_midway(desk, io);
            return Err((22, told, false));
        }
        if let Some(location) = location.filter(|_| operation.follow) {
            return self.follow(desk, io, &location, &response);
        }
        self.limits(desk, io, &response)?;
        if self.unwanted(desk, io, &response) {
            return Ok(Some(Progress::Over(0)));
        }
        self.take(desk, io, &response)?;
        if self.waits() {
            desk.words().note(io, "We are completely uploaded and fine");
        }
        if desk.global.verbose && std::mem::take(&mut self.job.meter) {
            self.meter(desk, io, 0);
            self.keep(desk, io, closes || response.status == 0);
            self.release(desk, io);
        } else {
            self.keep(desk, io, closes || response.status == 0);
        }
        Ok(self.slowed(desk, io))
    }

    /// `--limit-rate`: the first second's bytes come at once, and a whole buffer of them at most.
    fn slowed(&mut self, desk: &Desk<'_>, io: &Io<'_>) -> Option<Progress> {
        let late = desk.operation.rate.map_or(Duration::ZERO, |rate| {
            let size = (self.received as u64).saturating_sub(rate.min(BUFFER));
            Duration::from_millis(size.saturating_mul(1000) / rate)
        });
        if late.is_zero() {
            return Some(Progress::Over(0));
        }
        self.state = TransferState::Slow(io.now() + late);
        None
    }

    /// `-z`: whether the document is as old as it may not be; its body is not read then.
    fn unwanted(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, response: &HttpResponse) -> bool {
        let changed = response.header("last-modified").and_then(|text| parse_date(io, text));
        let (Some((moment, older)), Some(changed)) = (desk.operation.time, changed) else {
            return false;
        };
        let told = match older {
            false if changed.seconds <= moment.seconds => {
                "The requested document is not new enough"
            }
            true if changed.seconds >= moment.seconds => "The requested document is not old enough",
            _ => return false,
        };
        desk.words().note(io, told);
        desk.words().note(io, "Simulate an HTTP 304 response");
        desk.words().closing(io, self.number);
        if let Some(last) = &mut self.last {
            last.status = 304;
        }
        true
    }

    /// The interim answer to a request whose body waits.
    fn continued(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) {
        let interim = "HTTP/1.1 100 Continue\r\n\r\n";
        desk.words().interim(io, "HTTP/1.1 100 Continue");
        self.header_bytes += interim.len();
        if desk.operation.include {
            self.job.sink.print(io, interim.as_bytes());
        }
    }

    /// Writes a head where heads go.
    fn heads(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        head: &str,
        response: &HttpResponse,
    ) -> Result<(), Trouble> {
        let operation = desk.operation;
        if let Some(file) = &operation.dump_header {
            output::append(io, file, head.as_bytes())
                .map_err(|_| (23, "Failed writing header".to_owned(), false))?;
        }
        if let (Some(file), Some(tag)) = (&operation.etag_save, response.header("etag")) {
            let _ = io.write_file(file, format!("{tag}\n").as_bytes());
        }
        if operation.header_name {
            self.job.sink.rename(response);
        }
        if operation.include {
            self.write(desk, io, head.as_bytes())?;
        }
        Ok(())
    }

    /// Takes a part of the answer. Beside a meter, standard output is no terminal: the C library
    /// gathers it by blocks, so that the meter's last line comes first where the answer is short.
    fn write(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, bytes: &[u8]) -> Result<(), Trouble> {
        if !self.job.meter || !self.job.sink.is_stdout() {
            return self.write_now(desk, io, bytes);
        }
        self.held.extend(bytes);
        let whole = self.held.len() - self.held.len() % STDOUT_BLOCK;
        let blocks: Vec<u8> = self.held.drain(..whole).collect();
        self.write_now(desk, io, &blocks)
    }

    fn write_now(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, bytes: &[u8]) -> Result<(), Trouble> {
        let written = self.job.sink.write(desk.operation, io, bytes);
        let Err(why) = written else { return Ok(()) };
        desk.words().warn(io, &format!("{why}\n"));
        let told = "Failure writing output to destination".to_owned();
        desk.words().note(io, &told);
        self.close_midway(desk, io);
        Err((23, told, false))
    }

    /// Limits on the body, before it is taken.
    fn limits(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        response: &HttpResponse,
    ) -> Result<(), Trouble> {
        let size = response.body.len() as u64;
        let announced = response.header("content-length").and_then(|text| text.parse().ok());
        let big = desk.operation.max_filesize.is_some_and(|most| announced.unwrap_or(size) > most);
        let resumed = self.job.resume.is_some_and(|offset| offset > 0);
        let (code, told) = if big {
            (63, "Maximum file size exceeded")
        } else if resumed && response.status == 200 && self.job.upload.is_none() {
            (33, "HTTP server doesn't seem to support byte ranges. Cannot resume.")
        } else {
            return Ok(());
        };
        desk.words().note(io, told);
        self.close_midway(desk, io);
        Err((code, told.to_owned(), false))
    }

    /// The body.
    fn take(
        &mut self,
        desk: &Desk<'_>,
        io: &mut Io<'_>,
        response: &HttpResponse,
    ) -> Result<(), Trouble> {
        if desk.operation.head || self.job.resume.is_some() && response.status == 416 {
            return Ok(());
        }
        let seen = io.terminal && self.job.sink.is_stdout();
        desk.words().bytes(io, '{', &response.body, seen);
        self.received = response.body.len();
        self.write(desk, io, &response.body)
    }

    /// The connection goes, or is kept for the next request.
    fn keep(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, closes: bool) {
        if closes {
            desk.words().closing(io, self.number);
            return;
        }
        let host = self.shown_host(desk);
        desk.words().left_intact(io, &host, self.number);
        let key = self.key();
        if let Some(connection) = self.connection.clone() {
            desk.shared.kept.push((key, connection, self.number));
        }
    }

    fn follow(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        location: &str,
        response: &HttpResponse,
    ) -> Result<Option<Progress>, Trouble> {
        let operation = desk.operation;
        self.leave(desk, io, response);
        let limit = operation.max_redirects.unwrap_or(MAX_REDIRECTS);
        if limit >= 0 && i64::from(self.redirects) >= limit {
            // The meter's line of the last answer is the last one.
            self.job.meter = false;
            return Err((47, format!("Maximum ({limit}) redirects followed"), false));
        }
        let target = location.replace(' ', "%20");
        let Ok(url) = self.url.join(&target) else {
            let told = "URL using bad/illegal format or missing URL".to_owned();
            return Err((3, told, false));
        };
        let allowed = match &operation.redirect_protocols {
            Some(list) => list.contains(&url.scheme),
            None => matches!(url.scheme.as_str(), "http" | "https" | "ftp" | "ftps"),
        };
        if !allowed {
            let told = format!("Protocol \"{}\" not supported or disabled in libcurl", url.scheme);
            return Err((1, told, false));
        }
        let before = std::mem::replace(&mut self.url, url);
        self.clear_auth(desk, io, &before);
        if operation.auto_referer {
            self.referer = Some(Url { user: None, ..before }.text());
        }
        self.redirects += 1;
        self.redirected = Some(io.now());
        self.set_out_anew(desk, io, response)?;
        Ok(None)
    }

    /// The body of a response that another request follows is not looked at.
    fn leave(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, response: &HttpResponse) {
        let closes = response.closes();
        if !closes && !response.body.is_empty() && !desk.operation.head {
            desk.words().note(io, "Ignoring the response-body");
            desk.words().bytes(io, '{', &response.body, io.terminal);
        }
        if self.job.meter && !desk.global.bar {
            desk.words().tell(io, &report::meter_line(response.body.len()));
        }
        self.keep(desk, io, closes);
    }

    /// The next request after a response: a redirect's, or one that says who is there.
    fn set_out_anew(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        response: &HttpResponse,
    ) -> Result<(), Trouble> {
        desk.words().note(io, &format!("Issue another request to this URL: '{}'", self.url.text()));
        if (300..400).contains(&response.status) {
            self.switch(desk, io, response.status);
        }
        self.connection = None;
        self.set_out_again(desk, io)
    }

    fn set_out_again(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>) -> Result<(), Trouble> {
        let meter = std::mem::take(&mut self.job.meter);
        let result = self.set_out(desk, io);
        self.job.meter = meter;
        result
    }

    /// What is secret does not go to another port or over another scheme.
    fn clear_auth(&self, desk: &Desk<'_>, io: &mut Io<'_>, before: &Url) {
        if desk.operation.trusted {
            return;
        }
        let dialled = self.fetch.dialled().map_or(before.port, |to| to.port());
        if self.url.port != dialled {
            let told = format!("Clear auth, redirects to port from {dialled} to {}", self.url.port);
            desk.words().note(io, &told);
        } else if self.url.scheme != before.scheme {
            let (from, to) = (&before.scheme, &self.url.scheme);
            desk.words().note(io, &format!("Clear auth, redirects scheme from {from} to {to}"));
        }
    }

    /// After some redirects a POST becomes a GET.
    fn switch(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, status: u16) {
        let operation = desk.operation;
        let put = self.job.upload.is_some();
        let posts =
            !put && (operation.data.is_some() && !operation.get || !operation.form.is_empty());
        if self.bodiless || operation.head && status != 303 {
            return;
        }
        let keeps = |at: usize| operation.keep_post[at];
        match status {
            301 if posts && !keeps(0) => desk.words().note(io, "Switch from POST to GET"),
            302 if posts && !keeps(1) => desk.words().note(io, "Switch from POST to GET"),
            303 if posts && !keeps(2) || put || operation.head => {
                let to = if operation.head { "HEAD" } else { "GET" };
                desk.words().note(io, &format!("Switch to {to}"));
            }
            _ => return,
        }
        self.bodiless = true;
    }

    /// The body that a HEAD by hand (`-X HEAD`) waits for in vain (recording 31).
    fn starve(&mut self, desk: &Desk<'_>, io: &Io<'_>, closes: bool) -> Progress {
        let limit = desk.operation.total.map(|limit| self.begun + limit);
        let until = if closes { io.now() } else { io.now() + KEPT_OPEN };
        let until = limit.map_or(until, |limit| limit.min(until));
        self.state = TransferState::Starving(until);
        Progress::Wait(Step::Until(until))
    }

    fn starved(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) -> Trouble {
        let size = self.last.as_ref().and_then(|response| response.header("content-length"));
        let size = size.unwrap_or("0").to_owned();
        let took = io.now().since(self.begun);
        let (code, told) = if desk.operation.total.is_some_and(|limit| limit <= took) {
            let millis = took.as_millis();
            (
                28,
                format!(
                    "Operation timed out after {millis} milliseconds with 0 out of {size} bytes received"
                ),
            )
        } else {
            (18, format!("transfer closed with {size} bytes remaining to read"))
        };
        desk.words().note(io, &told);
        self.close_midway(desk, io);
        (code, told, false)
    }

    /// The end of a try: another one, or the exit code.
    fn conclude(
        &mut self,
        desk: &mut Desk<'_>,
        io: &mut Io<'_>,
        (code, told, refused): Trouble,
    ) -> Option<i32> {
        let operation = desk.operation;
        let status = self.last.as_ref().map_or(0, |response| response.status);
        self.progress(desk, io, code);
        let mut code = code;
        if code != 0 {
            desk.words().fail(io, code, &told);
        } else if operation.fail_with_body && status >= 400 {
            code =
                desk.words().fail(io, 22, &format!("The requested URL returned error: {status}"));
        }
        let transient = matches!(status, 408 | 429 | 500 | 502 | 503 | 504);
        let why = match code {
            28 | 6 | 5 => Some(": timeout"),
            7 if refused && operation.retry_refused => Some(": connection refused"),
            0 | 22 if transient => Some(": HTTP error"),
            0 => None,
            _ if operation.retry_all => Some("(retrying all errors)"),
            _ => None,
        };
        let late = operation.retry_max.is_some_and(|most| self.first_try + most <= io.now());
        let stuck = self.job.sink.is_stuck();
        if let Some(why) = why.filter(|_| self.tries < operation.retries && !late)
            && self.retry(desk, io, why)
        {
            if stuck {
                desk.words().fail(io, 23, "Failed to truncate file");
                return Some(self.close(desk, io, 23));
            }
            return None;
        }
        let code = self.close(desk, io, code);
        self.tell_end(desk, io, code, &told);
        Some(code)
    }

    /// Waits before the next try; false when the server asks for too long a pause.
    fn retry(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, why: &str) -> bool {
        let operation = desk.operation;
        let mut pause = self.pause;
        let after = self.last.as_ref().and_then(|response| response.header("retry-after"));
        let after = after.and_then(|text| text.parse().ok()).filter(|after: &u64| *after > 0);
        if let Some(after) = after.filter(|_| why == ": HTTP error") {
            pause = Duration::from_secs(after.min(1 << 32));
            if operation.retry_max.is_some_and(|most| self.first_try + most < io.now() + pause) {
                desk.words().warn(io, "The Retry-After: time would make this command line exceed the maximum allowed time for retries.");
                return false;
            }
        }
        let left = operation.retries - self.tries;
        desk.words().warn(
            io,
            &format!(
                "Problem {why}. Will retry in {} seconds. {left} retries left.\n",
                pause.as_secs()
            ),
        );
        if let Some(bytes) = self.job.sink.throw_away(io).filter(|_| !desk.global.silent) {
            desk.words().tell(io, &format!("Throwing away {bytes} bytes\n"));
        }
        self.tries += 1;
        if operation.retry_delay.is_none() {
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
        self.state = TransferState::Pause(io.now() + pause);
        true
    }

    /// The meter's last line, and what the end of the transfer lets out of standard output's buffer.
    fn progress(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, code: i32) {
        if self.job.meter {
            self.meter(desk, io, code);
        }
        self.release(desk, io);
    }

    /// Lets out what waits in standard output's buffer.
    fn release(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            // A closed standard output was told of when the block before was written.
            let _ = self.write_now(desk, io, &held);
        }
    }

    /// Beside what `-v` tells, the meter's last line comes before the connection is closed.
    fn meter_midway(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, failure: &Failure) {
        if !desk.global.verbose || !std::mem::take(&mut self.job.meter) || desk.global.bar {
            return;
        }
        if !matches!(failure, Failure::Name(_) | Failure::SlowName { .. }) {
            desk.words().tell(io, &format!("{}\n", report::METER_NOTHING));
        }
    }

    /// The end of a connection on which something went wrong.
    fn close_midway(&mut self, desk: &Desk<'_>, io: &mut Io<'_>) {
        if desk.global.verbose && std::mem::take(&mut self.job.meter) && !desk.global.bar {
            desk.words().tell(io, &format!("{}\n", report::METER_NOTHING));
        }
        desk.words().closing(io, self.number);
    }

    fn meter(&self, desk: &Desk<'_>, io: &mut Io<'_>, code: i32) {
        let line = match (code, desk.global.bar) {
            (0, true) => report::BAR.to_owned(),
            (_, true) => String::new(),
            (0, false) => report::meter_line(self.received),
            // The line is ended where there was a connection, or a try to have one.
            (_, false) if self.unnamed => report::METER_NOTHING.to_owned(),
            (_, false) => format!("{}\n", report::METER_NOTHING),
        };
        desk.words().tell(io, &line);
    }

    /// Closes the file, which is there even if nothing came.
    fn close(&mut self, desk: &Desk<'_>, io: &mut Io<'_>, code: i32) -> i32 {
        if code == 0
            && let Err(why) = self.job.sink.touch(desk.operation, io)
        {
            desk.words().warn(io, &format!("{why}\n"));
            return 23;
        }
        if code != 0
            && desk.operation.remove_on_error
            && let Some(file) = self.job.sink.remove(io)
            && !desk.global.silent
        {
            desk.words().tell(io, &format!("Note: Removing output file: {file}\n"));
        }
        code
    }

    fn end(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, code: i32, told: &str) {
        self.progress(desk, io, code);
        desk.words().fail(io, code, told);
        self.tell_end(desk, io, code, told);
    }

    /// `-w`, and the jar.
    fn tell_end(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>, code: i32, told: &str) {
        let Some(format) = &desk.operation.write_out else { return };
        let remote: Option<SocketAddr> = self.connection.as_ref().map(|it| it.remote);
        let facts = Facts {
            response: self.last.as_ref(),
            received: self.received,
            sent: self.fetch.request().body.len(),
            exit: code,
            told,
            input: &self.job.input,
            url: &self.url,
            fragment: Some(&self.job.input).filter(|_| self.redirects == 0),
            number: self.job.number,
            file: self.job.sink.file(),
            method: &self.fetch.request().method,
            referer: self.referer.as_deref(),
            redirects: self.redirects,
            connects: self.connects,
            header_bytes: self.header_bytes,
            request_bytes: self.request_bytes,
            tunnel: self.tunnel,
            local: self.connection.as_ref().map(|it| it.local),
            remote,
            begun: self.begun,
            redirected: self.redirected,
            resolved: self.resolved,
            connected: self.connected,
            secured: self.secured,
            answered: self.answered,
            library: desk.version.library(),
        };
        write_out::write(io, format, &facts);
    }
}

/// Whether a response to HEAD announces a body.
fn wants_body(response: &HttpResponse) -> bool {
    response.status != 204 && response.status != 304
}
