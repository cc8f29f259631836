//! One HTTP request, step by step: look the name up, dial, send, wait. What curl and wget have in
//! common; the words are theirs.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::families::{Families, look_up};
use super::url::Url;
use crate::clock::SimTime;
use crate::cluster::{
    Connection, DialFailure, Did, Ending, Fetched, HttpRequest, LookupFailure, Payload, Reply,
};
use crate::network::{Protocol, SocketAddr, TraceId};
use crate::shell::Io;

/// Steps of a command that a request takes, beside those for its bytes.
const REQUEST: u64 = 10;

/// A request on its way.
#[derive(Clone, Debug)]
pub struct Fetch {
    url: Url,
    request: HttpRequest,
    limits: Limits,
    /// Addresses to use instead of looking the name up.
    pinned: Vec<IpAddr>,
    /// The host and port that are dialled instead of the URL's: a proxy's, or what `--connect-to`
    /// says.
    via: Option<(String, u16)>,
    /// Whether it is asked without TLS, whatever the URL says: a proxy for a tunnel.
    plain: bool,
    families: Families,
    /// After how long the other family is tried beside an address that does not answer.
    impatience: Option<Duration>,
    /// What will become of the address that did not answer in time.
    pending: Option<(SimTime, SocketAddr, Result<Connection, DialFailure>)>,
    begun: SimTime,
    /// The address that is dialled.
    dialled: Option<SocketAddr>,
    /// The packet that it is dialled with.
    trace: Option<TraceId>,
    /// When the request was sent.
    answer_since: SimTime,
    phase: Phase,
}

/// How long things may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands, counted from the beginning.
    pub connect: Option<Duration>,
    /// Until all is over, counted from `begun`.
    pub total: Option<Duration>,
    /// For the lookup by itself.
    pub lookup: Option<Duration>,
    /// For each address that is dialled.
    pub dial: Option<Duration>,
    /// For the answer, counted from the request.
    pub answer: Option<Duration>,
}

/// What a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Lookup,
    Dial,
    Answer,
}

#[derive(Clone, Debug)]
enum Phase {
    Start,
    /// The answer of a lookup is on its way.
    Resolving {
        until: SimTime,
        found: Result<Vec<IpAddr>, LookupFailure>,
    },
    /// These are to be tried, one after the other.
    Resolved {
        left: Vec<IpAddr>,
    },
    Dialling {
        until: SimTime,
        since: SimTime,
        result: Result<Connection, DialFailure>,
        left: Vec<IpAddr>,
    },
    Connected(Connection),
    Waiting {
        until: SimTime,
        reply: Reply,
        connection: Connection,
    },
    Over,
}

/// What happens next.
#[derive(Clone, Debug)]
pub enum FetchEvent {
    /// Nothing before this moment.
    Wait(SimTime),
    /// The name has addresses. Not told for a host that is an address.
    Resolved,
    /// This address is dialled now.
    Trying(SocketAddr),
    /// The connection stands, and the request is sent next.
    Connected(Connection),
    /// An address did not answer as hoped; another one is tried.
    NotThere(SocketAddr, DialFailure),
    /// What came back.
    Replied(Reply),
    /// It is over.
    Failed(Failure),
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The name has no address.
    Name(LookupFailure),
    /// Nobody answers at the address, after so long.
    Dial { to: SocketAddr, why: DialFailure, after: Duration },
    /// A limit was over while the name was looked up.
    SlowName { after: Duration },
    /// A limit was over while dialling; `connect` tells which limit it was.
    SlowDial { to: SocketAddr, after: Duration, connect: bool },
    /// A limit was over while waiting for the answer.
    SlowAnswer { after: Duration },
}

impl Failure {
    /// The same, for whoever asks why.
    fn ending(&self) -> Ending {
        match self {
            Failure::Name(why) => Ending::Name(*why),
            Failure::Dial { to, why, .. } => Ending::Dial { to: *to, why: *why },
            Failure::SlowName { .. } => Ending::SlowName,
            Failure::SlowDial { to, .. } => Ending::SlowDial { to: *to },
            Failure::SlowAnswer { .. } => Ending::SlowAnswer,
        }
    }
}

/// What a reply comes to for a client that speaks TLS or not.
fn reply_ending(reply: &Reply, tls: bool) -> Ending {
    match reply {
        Reply::Tls { response, .. } if tls => Ending::Response { status: response.status },
        Reply::Http(response) if !tls => Ending::Response { status: response.status },
        Reply::Http(_) | Reply::Bytes(_) if tls => Ending::NoTls,
        Reply::Http(_) | Reply::Bytes(_) | Reply::Tls { .. } => Ending::NotHttp,
        Reply::Reset => Ending::Reset,
        Reply::Closed => Ending::Empty,
        Reply::Silence => Ending::SlowAnswer,
    }
}

/// Notes how a request ended.
pub(super) fn note(io: &mut Io<'_>, url: &Url, ending: Ending) {
    io.cluster.note(io.place, Did::Fetched(fetched(url, ending)));
}

fn fetched(url: &Url, ending: Ending) -> Fetched {
    Fetched {
        url: url.given(),
        host: url.host.clone(),
        name: url.host.clone(),
        target: url.target.clone(),
        port: url.port,
        tls: url.is_tls(),
        trace: None,
        ending,
    }
}

/// Notes that a text is no URL.
pub(super) fn note_bad_url(io: &mut Io<'_>, text: &str) {
    let fetched = Fetched {
        url: text.to_owned(),
        host: String::new(),
        name: String::new(),
        target: String::new(),
        port: 0,
        tls: false,
        trace: None,
        ending: Ending::BadUrl,
    };
    io.cluster.note(io.place, Did::Fetched(fetched));
}

/// How soon a client that waits for an answer notices that the connection was closed.
const GLANCE: Duration = Duration::from_millis(100);

impl Fetch {
    /// A request to `url`, begun at `begun` (which counts for [`Limits::total`]).
    pub fn new(url: Url, request: HttpRequest, limits: Limits, begun: SimTime) -> Fetch {
        Fetch {
            url,
            request,
            limits,
            pinned: Vec::new(),
            via: None,
            plain: false,
            families: Families::Any,
            impatience: None,
            pending: None,
            begun,
            dialled: None,
            trace: None,
            answer_since: begun,
            phase: Phase::Start,
        }
    }

    /// The same, without a lookup.
    pub fn pinned(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Fetch {
        self.pinned = addresses.into_iter().collect();
        self
    }

    /// The same, by way of another host and port.
    pub fn via(mut self, other: Option<(String, u16)>) -> Fetch {
        self.via = other;
        self
    }

    /// The same, without TLS.
    pub fn plain(mut self, plain: bool) -> Fetch {
        self.plain = plain;
        self
    }

    /// The host and port that are dialled.
    pub fn target(&self) -> (&str, u16) {
        match &self.via {
            Some((host, port)) => (host, *port),
            None => (&self.url.host, self.url.port),
        }
    }

    /// The address that was dialled last.
    pub fn dialled(&self) -> Option<SocketAddr> {
        self.dialled
    }

    /// The same, to some of the name's addresses.
    pub fn families(mut self, families: Families) -> Fetch {
        self.families = families;
        self
    }

    /// The same, with patience for so long until the other family is tried as well (RFC 8305,
    /// "happy eyeballs").
    pub fn impatient(mut self, patience: Duration) -> Fetch {
        self.impatience = Some(patience);
        self
    }

    /// The same, over a connection that stands already.
    pub fn over(mut self, connection: Connection) -> Fetch {
        self.trace = Some(connection.trace);
        self.phase = Phase::Connected(connection);
        self
    }

    /// The addresses that are left to be tried, after [`FetchEvent::Resolved`].
    pub fn addresses(&self) -> &[IpAddr] {
        match &self.phase {
            Phase::Resolved { left } => left,
            _ => &[],
        }
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What is asked.
    pub fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// Goes on to the next event. How it ends is noted for whoever asks why.
    pub fn step(&mut self, io: &mut Io<'_>) -> FetchEvent {
        let event = self.go_on(io);
        let ending = match &event {
            FetchEvent::Failed(failure) => failure.ending(),
            FetchEvent::Replied(reply) => reply_ending(reply, self.url.is_tls() && !self.plain),
            _ => return event,
        };
        let mut fetched = fetched(&self.url, ending);
        let mut headers = self.request.headers.iter();
        if let Some((_, host)) = headers.find(|(name, _)| name.eq_ignore_ascii_case("host")) {
            let (name, _) = host.rsplit_once(':').unwrap_or((host, ""));
            name.clone_into(&mut fetched.name);
        }
        fetched.target.clone_from(&self.request.target);
        fetched.trace = self.trace;
        io.cluster.note(io.place, Did::Fetched(fetched));
        event
    }

    fn go_on(&mut self, io: &mut Io<'_>) -> FetchEvent {
        let now = io.now();
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Start => self.start(io),
            Phase::Resolving { until, found } => self.resolving(now, until, found),
            Phase::Resolved { left } => self.dial(io, left),
            Phase::Dialling { until, since, result, left } => {
                self.dialling(now, until, since, result, left)
            }
            Phase::Connected(connection) => self.send(io, &connection),
            Phase::Waiting { until, reply, connection } => {
                let until = if io.cluster.was_closed(&connection) { now } else { until };
                let reply = io.cluster.arrives(&connection, reply);
                let event = self.waiting(now, until, reply, connection.clone());
                if !matches!(event, FetchEvent::Wait(_)) {
                    io.cluster.hang_up(&connection);
                }
                event
            }
            Phase::Over => FetchEvent::Failed(Failure::SlowAnswer { after: Duration::ZERO }),
        }
    }

    fn start(&mut self, io: &mut Io<'_>) -> FetchEvent {
        if !self.pinned.is_empty() {
            let pinned = self.pinned.clone();
            return self.dial(io, pinned);
        }
        let host = self.target().0.to_owned();
        let lookup = look_up(io, &host, self.families);
        if let (Ok(address), Ok(_)) = (host.parse::<IpAddr>(), &lookup.result) {
            return self.dial(io, vec![address]);
        }
        let until = io.now() + lookup.took;
        self.resolving(io.now(), until, lookup.result)
    }

    fn resolving(
        &mut self,
        now: SimTime,
        until: SimTime,
        found: Result<Vec<IpAddr>, LookupFailure>,
    ) -> FetchEvent {
        let (limit, _) = self.limit(self.begun, Wait::Lookup);
        if until > now {
            if limit.is_some_and(|limit| limit <= now) {
                return FetchEvent::Failed(Failure::SlowName { after: now.since(self.begun) });
            }
            self.phase = Phase::Resolving { until, found };
            return FetchEvent::Wait(limit.map_or(until, |limit| limit.min(until)));
        }
        match found {
            Ok(addresses) => {
                self.phase = Phase::Resolved { left: addresses };
                FetchEvent::Resolved
            }
            Err(why) => FetchEvent::Failed(Failure::Name(why)),
        }
    }

    fn dial(&mut self, io: &mut Io<'_>, mut left: Vec<IpAddr>) -> FetchEvent {
        if left.is_empty() {
            return FetchEvent::Failed(Failure::Name(LookupFailure::NoAddress));
        }
        let to = SocketAddr::new(left.remove(0), self.target().1);
        let dial = io.cluster.dial(io.place, Protocol::Tcp, to);
        let since = io.now();
        let mut until = since + dial.took;
        let other = left.iter().position(|other| other.is_ipv4() != to.ip().is_ipv4());
        if let (Some(patience), Some(other)) = (self.impatience, other)
            && dial.took > patience
            && self.pending.is_none()
        {
            self.pending = Some((until, to, dial.result.clone()));
            left[..=other].rotate_right(1);
            until = since + patience;
        }
        self.phase = Phase::Dialling { until, since, result: dial.result, left };
        self.dialled = Some(to);
        self.trace = Some(dial.trace);
        FetchEvent::Trying(to)
    }

    fn dialling(
        &mut self,
        now: SimTime,
        until: SimTime,
        since: SimTime,
        result: Result<Connection, DialFailure>,
        left: Vec<IpAddr>,
    ) -> FetchEvent {
        let to = self.dialled.unwrap_or(SocketAddr::new(Ipv4Addr::UNSPECIFIED, self.target().1));
        let (limit, connect) = self.limit(since, Wait::Dial);
        if until > now {
            if limit.is_some_and(|limit| limit <= now) {
                let after = now.since(self.begun);
                return FetchEvent::Failed(Failure::SlowDial { to, after, connect });
            }
            self.phase = Phase::Dialling { until, since, result, left };
            return FetchEvent::Wait(limit.map_or(until, |limit| limit.min(until)));
        }
        match result {
            Ok(connection) => {
                self.phase = Phase::Connected(connection.clone());
                FetchEvent::Connected(connection)
            }
            // Nothing has come yet, and nothing is said of it: the other family has its turn.
            Err(_) if self.pending.as_ref().is_some_and(|(due, at, _)| *at == to && *due > now) => {
                self.phase = Phase::Resolved { left };
                FetchEvent::Wait(now)
            }
            Err(why) if !left.is_empty() => {
                self.phase = Phase::Resolved { left };
                FetchEvent::NotThere(to, why)
            }
            Err(why) if self.pending.as_ref().is_some_and(|(_, at, _)| *at != to) => {
                if let Some((until, at, result)) = self.pending.take() {
                    self.dialled = Some(at);
                    self.phase = Phase::Dialling { until, since, result, left };
                }
                FetchEvent::NotThere(to, why)
            }
            Err(why) => FetchEvent::Failed(Failure::Dial { to, why, after: now.since(since) }),
        }
    }

    fn send(&mut self, io: &mut Io<'_>, connection: &Connection) -> FetchEvent {
        let request = self.request.clone();
        io.budget.take(REQUEST);
        io.budget.keep(request.target.len() + request.body.len());
        let payload = if self.url.is_tls() && !self.plain {
            Payload::Tls { server_name: self.url.host.clone(), request }
        } else {
            Payload::Http(request)
        };
        self.answer_since = io.now();
        let (limit, _) = self.limit(self.answer_since, Wait::Answer);
        let patience = limit.map(|limit| limit.since(self.answer_since));
        let answer = io.cluster.ask_within(connection, payload, patience);
        self.waiting(io.now(), io.now() + answer.took, answer.reply, connection.clone())
    }

    /// Waits for the answer, with a glance now and then at whether the server still stands.
    fn waiting(
        &mut self,
        now: SimTime,
        until: SimTime,
        reply: Reply,
        connection: Connection,
    ) -> FetchEvent {
        let (limit, _) = self.limit(self.answer_since, Wait::Answer);
        let silent = reply == Reply::Silence;
        if until > now || silent {
            if limit.is_some_and(|limit| limit <= now) {
                return FetchEvent::Failed(Failure::SlowAnswer { after: now.since(self.begun) });
            }
            // Nobody waits for ever for a silent server: two hours is when TCP keep-alive begins.
            let until = if silent { self.answer_since + Duration::from_secs(7200) } else { until };
            if until <= now {
                return FetchEvent::Failed(Failure::SlowAnswer { after: now.since(self.begun) });
            }
            self.phase = Phase::Waiting { until, reply, connection };
            let next = if silent { until } else { until.min(now + GLANCE) };
            return FetchEvent::Wait(limit.map_or(next, |limit| limit.min(next)));
        }
        FetchEvent::Replied(reply)
    }

    /// The moment by which a wait that began at `since` has to end, and whether that is the limit
    /// on connecting.
    fn limit(&self, since: SimTime, wait: Wait) -> (Option<SimTime>, bool) {
        let total = self.limits.total.map(|limit| self.begun + limit);
        let own = match wait {
            Wait::Lookup => self.limits.lookup,
            Wait::Dial => self.limits.dial,
            Wait::Answer => self.limits.answer,
        };
        let own = own.map(|limit| since + limit);
        let connecting = wait != Wait::Answer;
        let connect = self.limits.connect.filter(|_| connecting).map(|limit| self.begun + limit);
        let others = [total, own].into_iter().flatten().min();
        match (connect, others) {
            (Some(connect), Some(other)) if connect < other => (Some(connect), true),
            (Some(connect), None) => (Some(connect), true),
            (_, other) => (other, false),
        }
    }
}
