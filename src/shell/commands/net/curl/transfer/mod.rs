//! One URL's transfer, with its redirects and tries (`post_per_transfer` of `tool_operate.c`).

mod connect;
mod end;
mod follow;
mod response;

use std::time::Duration;

use super::arguments::Operation;
use super::cookies::Jar;
use super::global::Global;
use super::output::Sink;
use super::report::{self, Messages, Version};
use super::request::{Made, Occasion};
use super::route::{self, NoRoute, Route};
use crate::clock::SimTime;
use crate::cluster::{Connection, HttpRequest, HttpResponse, LookupFailure};
use crate::network::Family;
use crate::shell::commands::net::families::Families;
use crate::shell::commands::net::fetch::{Failure, Fetch, FetchEvent, Limits};
use crate::shell::commands::net::raw_session::{RawSession, Turn};
use crate::shell::commands::net::url::Url;
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

    /// How many bytes came, and how many went.
    pub fn moved(&self) -> (usize, usize) {
        (self.received, self.fetch.request().body.len())
    }

    /// Finds the way to the URL and makes the request.
    fn set_out(&mut self, desk: &mut Desk<'_>, io: &mut Io<'_>) -> Result<(), Trouble> {
        let operation = desk.operation;
        self.route = route::find(operation, io, &self.url).map_err(|why| match why {
            NoRoute::Entry(told) => {
                self.job.meter = false;
                (49, told, false)
            }
            NoRoute::Proxy(told) => (5, told, false),
            NoRoute::Kind(told) => (7, told, false),
        })?;
        for note in &self.route.notes {
            desk.words().note(io, note);
        }
        if self.job.meter && !desk.global.bar {
            if !std::mem::replace(&mut self.headed, true) {
                if let Some(offset) = self.job.resume {
                    let told = format!("** Resuming transfer from byte position {offset}\n");
                    desk.words().tell(io, &told);
                }
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
                self.job.meter &= !(self.unnamed && self.redirects > 0);
                return Err(self.failed(desk, io, &failure));
            }
            FetchEvent::Replied(reply) => return self.replied(desk, io, reply),
        }
        Ok(None)
    }
}
