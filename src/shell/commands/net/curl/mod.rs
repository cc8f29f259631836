//! curl, in its own words: 7.88 where Debian 12 has it, 8.5 elsewhere.

mod arguments;
mod report;

use std::collections::VecDeque;
use std::time::Duration;

use arguments::Arguments;
use report::{Version, Words};

use super::families::Families;
use super::fetch::{Failure, Fetch, Happening, Limits, note, note_bad_url};
use super::talk::{KEPT_OPEN, Talk, Turn};
use super::url::{BadUrl, Url};
use crate::clock::SimTime;
use crate::cluster::{
    Connection, DialFailure, Ending, HttpRequest, HttpResponse, LookupFailure, Reply,
};
use crate::network::Family;
use crate::shell::{Io, Step, Tool};

/// Redirects that are followed unless told otherwise.
const MAX_REDIRECTS: u32 = 50;

/// What it speaks here.
const SCHEMES: &[(&str, u16)] = &[("http", 80), ("https", 443), ("ftp", 21), ("telnet", 23)];

/// A running curl.
#[derive(Clone, Debug)]
pub struct Curl {
    arguments: Result<Arguments, String>,
    state: State,
    /// URLs to come, each with the place its output goes to.
    waiting: VecDeque<(String, Option<String>)>,
    /// The connection that the last server left open, and to what it leads. The next request there
    /// goes over it, to the same pod.
    kept: Option<(Url, Connection)>,
    exit: i32,
}

#[derive(Clone, Debug)]
enum State {
    Start,
    /// Ready for the next URL.
    Next,
    Fetching(Box<Transfer>),
    /// Before another try of the same URL.
    Retrying(SimTime, Box<Transfer>),
    /// A body that was announced does not come: until a limit or the server ends it.
    Starving(SimTime, Box<Transfer>, Box<HttpResponse>),
    /// `telnet://`
    Talking(Box<Talk>, Box<Transfer>),
}

/// One URL's transfer, with its redirects and retries.
#[derive(Clone, Debug)]
struct Transfer {
    fetch: Fetch,
    first: Url,
    output: Option<String>,
    begun: SimTime,
    /// When the name was found, and the connection stood.
    resolved: Option<SimTime>,
    connected: Option<SimTime>,
    redirects: u32,
    tries: u32,
    remote: String,
    connection: Option<Connection>,
    /// Headers that are printed (`-i`, `-I`), of all responses so far.
    printed: Vec<u8>,
    meter: bool,
}

/// curl with these arguments.
pub fn start(arguments: &[String]) -> Box<dyn Tool> {
    let arguments = Arguments::parse(arguments);
    Box::new(Curl { arguments, state: State::Start, waiting: VecDeque::new(), kept: None, exit: 0 })
}

/// How long curl waits for one family until it tries the other as well.
const HAPPY_EYEBALLS: Duration = Duration::from_millis(200);

impl Tool for Curl {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let arguments = match &self.arguments {
            Ok(arguments) => arguments.clone(),
            Err(message) => {
                io.complain(format!("curl: {message}"));
                io.complain("curl: try 'curl --help' or 'curl --manual' for more information");
                return Step::Exit(2);
            }
        };
        loop {
            match std::mem::replace(&mut self.state, State::Next) {
                State::Start => {
                    if let Some(exit) = self.begin(&arguments, io) {
                        return Step::Exit(exit);
                    }
                }
                State::Next => {
                    let next = match arguments.fail_early && self.exit != 0 {
                        true => None,
                        false => self.waiting.pop_front(),
                    };
                    let Some((url, output)) = next else { return Step::Exit(self.exit) };
                    self.open(&arguments, io, &url, output);
                }
                State::Fetching(transfer) => {
                    if let Some(until) = self.go_on(&arguments, io, transfer) {
                        return Step::Until(until);
                    }
                }
                State::Retrying(until, transfer) if until > io.now() => {
                    self.state = State::Retrying(until, transfer);
                    return Step::Until(until);
                }
                State::Starving(until, transfer, response) if until > io.now() => {
                    self.state = State::Starving(until, transfer, response);
                    return Step::Until(until);
                }
                State::Starving(_, transfer, response) => {
                    self.starved(&arguments, io, transfer, &response);
                }
                State::Talking(mut talk, transfer) => {
                    let words = Words { arguments: &arguments, version: Version::of(io) };
                    match talk.step(io) {
                        Turn::Wait(step) => {
                            self.state = State::Talking(talk, transfer);
                            return step;
                        }
                        Turn::Reset => {
                            let told = "Recv failure: Connection reset by peer";
                            self.exit = words.fail(io, 56, told);
                        }
                        Turn::Closed | Turn::Left => words.closing(io),
                    }
                }
                State::Retrying(_, mut transfer) => {
                    let begun = transfer.begun;
                    transfer.fetch = self.fetch(&arguments, io, transfer.first.clone(), begun);
                    let words = Words { arguments: &arguments, version: Version::of(io) };
                    self.begin_fetch(&words, io, transfer);
                }
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

impl Curl {
    /// What is said before any URL is opened; an exit code ends it.
    fn begin(&mut self, arguments: &Arguments, io: &mut Io<'_>) -> Option<i32> {
        match arguments.about {
            Some("version") => {
                io.say(Version::of(io).banner());
                return Some(0);
            }
            Some(_) => {
                io.say(report::HELP);
                return Some(0);
            }
            None => {}
        }
        if arguments.urls.is_empty() {
            io.complain("curl: try 'curl --help' or 'curl --manual' for more information");
            return Some(2);
        }
        if arguments.method.as_deref() == Some("HEAD") && !arguments.head {
            io.complain(
                "Warning: Setting custom HTTP method to HEAD with -X/--request may not work the ",
            );
            io.complain("Warning: way you want. Consider using -I/--head instead.");
        }
        let mut outputs = arguments.outputs.iter();
        self.waiting =
            arguments.urls.iter().map(|url| (url.clone(), outputs.next().cloned())).collect();
        None
    }

    fn open(&mut self, arguments: &Arguments, io: &mut Io<'_>, text: &str, output: Option<String>) {
        let words = Words { arguments, version: Version::of(io) };
        let url = match Url::parse_among(text, SCHEMES) {
            Ok(url) => url,
            Err(BadUrl::Scheme(scheme)) => {
                note_bad_url(io, text);
                let told = format!("Protocol \"{scheme}\" not supported or disabled in libcurl");
                self.exit = words.fail(io, 1, &told);
                return;
            }
            Err(_) => {
                note_bad_url(io, text);
                self.exit = words.fail(io, 3, "URL using bad/illegal format or missing URL");
                return;
            }
        };
        let output = match output {
            None if arguments.remote_name => {
                if url.file_name().is_empty() {
                    io.complain("curl: Remote file name has no length!");
                    self.exit =
                        words.fail(io, 23, "Failed writing received data to disk/application");
                    return;
                }
                Some(url.file_name().to_owned())
            }
            other => other.filter(|file| file != "-"),
        };
        // The meter would stand in the way of a page on the terminal.
        let meter = !arguments.silent
            && !arguments.no_meter
            && !arguments.verbose
            && (output.is_some() || !io.terminal);
        if meter {
            io.stderr.extend_from_slice(report::METER_HEAD.as_bytes());
        }
        let begun = io.now();
        let fetch = self.fetch(arguments, io, url.clone(), begun);
        let transfer = Transfer {
            fetch,
            first: url,
            output,
            begun,
            resolved: None,
            connected: None,
            redirects: 0,
            tries: 0,
            remote: String::new(),
            connection: None,
            printed: Vec::new(),
            meter,
        };
        self.begin_fetch(&words, io, Box::new(transfer));
    }

    /// Sets out, over the connection that is open already if it leads there and still stands.
    fn begin_fetch(&mut self, words: &Words<'_>, io: &mut Io<'_>, mut transfer: Box<Transfer>) {
        let url = transfer.fetch.url();
        let same = |kept: &Url| {
            (&kept.scheme, &kept.host, kept.port) == (&url.scheme, &url.host, url.port)
        };
        let kept = self
            .kept
            .take()
            .filter(|(to, connection)| same(to) && !url.is_tls() && io.cluster.stands(connection));
        if let Some((_, connection)) = kept {
            words.reused(io, &url.host);
            words.sent(io, transfer.fetch.request());
            (transfer.resolved, transfer.connected) = (Some(io.now()), Some(io.now()));
            transfer.remote = connection.remote.to_string();
            transfer.connection = Some(connection.clone());
            transfer.fetch = transfer.fetch.over(connection);
        }
        self.state = State::Fetching(transfer);
    }

    fn fetch(&self, arguments: &Arguments, io: &Io<'_>, url: Url, begun: SimTime) -> Fetch {
        let mut url = url;
        let mut body = Vec::new();
        if let Some(data) = &arguments.data {
            if arguments.get {
                let joint = if url.target.contains('?') { '&' } else { '?' };
                url.target = format!("{}{joint}{data}", url.target);
            } else {
                body = data.clone().into_bytes();
            }
        }
        let method = match &arguments.method {
            Some(method) => method.clone(),
            None if arguments.head => "HEAD".to_owned(),
            None if !body.is_empty() => "POST".to_owned(),
            None => "GET".to_owned(),
        };
        let own = |name: &str| {
            arguments.headers.iter().find_map(|header| {
                let (key, value) = header.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let agent = arguments.agent.clone().unwrap_or_else(|| Version::of(io).agent());
        let mut headers = vec![
            ("Host".to_owned(), own("host").unwrap_or_else(|| url.authority())),
            ("User-Agent".to_owned(), own("user-agent").unwrap_or(agent)),
            ("Accept".to_owned(), own("accept").unwrap_or_else(|| "*/*".to_owned())),
        ];
        for header in &arguments.headers {
            let Some((key, value)) = header.split_once(':') else { continue };
            let known = ["host", "user-agent", "accept"];
            if !known.contains(&key.to_lowercase().as_str()) && !value.trim().is_empty() {
                headers.push((key.to_owned(), value.trim().to_owned()));
            }
        }
        if !body.is_empty() {
            headers.push(("Content-Length".to_owned(), body.len().to_string()));
            if own("content-type").is_none() {
                let form = "application/x-www-form-urlencoded".to_owned();
                headers.push(("Content-Type".to_owned(), form));
            }
        }
        let pinned = arguments
            .resolve
            .iter()
            .find(|(host, port, _)| *host == url.host && *port == url.port)
            .map(|(_, _, address)| *address);
        let request = HttpRequest { method, target: url.target.clone(), headers, body };
        let limits = Limits { connect: arguments.connect, total: arguments.total, each: None };
        Fetch::new(url, request, limits, begun)
            .pinned(pinned)
            .families(arguments.families)
            .impatient(HAPPY_EYEBALLS)
    }

    /// Goes on with a transfer; the moment to come back, if it has to wait.
    fn go_on(
        &mut self,
        arguments: &Arguments,
        io: &mut Io<'_>,
        mut transfer: Box<Transfer>,
    ) -> Option<SimTime> {
        let words = Words { arguments, version: Version::of(io) };
        loop {
            match transfer.fetch.step(io) {
                Happening::Wait(until) => {
                    self.state = State::Fetching(transfer);
                    return Some(until);
                }
                // To -6, the C library hands an IPv4 address in IPv6's clothes, which curl does not
                // dial (recording 30).
                Happening::Failed(Failure::Name(LookupFailure::OtherFamily))
                    if arguments.families == Families::Only(Family::V6) =>
                {
                    self.fail(&words, io, transfer, 7, "Couldn't connect to server", false);
                    return None;
                }
                Happening::Resolved => transfer.resolved = Some(io.now()),
                Happening::Trying(to) => {
                    words.note(io, &format!("  Trying {to}..."));
                }
                Happening::NotThere(to, why) => words.not_there(io, to, why),
                Happening::Connected(connection) => {
                    transfer.remote = format!("{}", connection.remote);
                    transfer.connected = Some(io.now());
                    transfer.connection = Some(connection.clone());
                    words.connected(io, transfer.fetch.url(), connection.remote);
                    if transfer.fetch.url().scheme == "telnet" {
                        let talk = Talk::new(connection, None, false);
                        self.state = State::Talking(Box::new(talk), transfer);
                        return None;
                    }
                    if !transfer.fetch.url().is_tls() {
                        words.sent(io, transfer.fetch.request());
                    }
                }
                Happening::Failed(failure) => {
                    let (code, told) = words.failure(io, transfer.fetch.url(), &failure);
                    self.fail(&words, io, transfer, code, &told, refused(&failure));
                    return None;
                }
                Happening::Replied(reply) => {
                    self.replied(&words, io, transfer, reply);
                    return None;
                }
            }
        }
    }

    fn replied(
        &mut self,
        words: &Words<'_>,
        io: &mut Io<'_>,
        transfer: Box<Transfer>,
        reply: Reply,
    ) {
        let tls = transfer.fetch.url().is_tls();
        let host = transfer.fetch.url().host.clone();
        let (code, told) = match reply {
            Reply::Http(response) if !tls => return self.response(words, io, transfer, response),
            Reply::Tls { names, issuer, response } if tls => {
                let problem = report::certificate_problem(&names, issuer, &host);
                if words.arguments.insecure || problem.is_none() {
                    words.handshake(io, &names, issuer);
                    words.sent(io, transfer.fetch.request());
                    return self.response(words, io, transfer, response);
                }
                let problem = problem.unwrap_or_default();
                let refused = Ending::Certificate { names, issuer };
                note(io, transfer.fetch.url(), refused);
                (60, format!("{problem}\n{}", report::NOT_VERIFIED))
            }
            Reply::Http(_) | Reply::Bytes(_) if tls => (35, words.version.wrong_version()),
            Reply::Closed if tls => {
                let url = transfer.fetch.url();
                let told = format!(
                    "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to {host}:{} ",
                    url.port
                );
                (35, told)
            }
            Reply::Reset if tls => (35, "Recv failure: Connection reset by peer".to_owned()),
            Reply::Bytes(bytes) if words.arguments.http09 => {
                let response = HttpResponse { body: bytes, ..HttpResponse::default() };
                return self.body(words, io, transfer, &response);
            }
            Reply::Bytes(_) | Reply::Tls { .. } => {
                (1, "Received HTTP/0.9 when not allowed".to_owned())
            }
            Reply::Reset => (56, "Recv failure: Connection reset by peer".to_owned()),
            Reply::Closed | Reply::Silence | Reply::Http(_) => {
                (52, "Empty reply from server".to_owned())
            }
        };
        words.note(io, told.lines().next().unwrap_or_default());
        words.closing(io);
        self.fail(words, io, transfer, code, &told, false);
    }

    /// An HTTP response: print, follow, try again or fail.
    fn response(
        &mut self,
        words: &Words<'_>,
        io: &mut Io<'_>,
        mut transfer: Box<Transfer>,
        response: HttpResponse,
    ) {
        let arguments = words.arguments;
        words.received(io, &response);
        let closes = response.closes();
        self.kept = match transfer.connection.clone() {
            Some(connection) if !closes => Some((transfer.fetch.url().clone(), connection)),
            _ => None,
        };
        let bodyless = response.status == 204 || response.status == 304;
        if transfer.fetch.request().method == "HEAD" && !arguments.head && !bodyless {
            let limit = arguments.total.map(|limit| transfer.begun + limit);
            let until = if closes { io.now() } else { io.now() + KEPT_OPEN };
            let until = limit.map_or(until, |limit| limit.min(until));
            self.state = State::Starving(until, transfer, Box::new(response));
            return;
        }
        if arguments.include || arguments.head {
            transfer.printed.extend_from_slice(report::head(&response).as_bytes());
        }
        let location =
            response.header("location").filter(|_| (300..400).contains(&response.status));
        if let Some(location) = location.filter(|_| arguments.follow) {
            return self.follow(words, io, transfer, location);
        }
        let transient = matches!(response.status, 408 | 429 | 500 | 502 | 503 | 504);
        if transient && transfer.tries < arguments.retries {
            if !arguments.fail {
                io.stdout.extend_from_slice(&response.body);
            }
            return self.retry(words, io, transfer, "HTTP error");
        }
        if arguments.fail && response.status >= 400 {
            let told = format!("The requested URL returned error: {}", response.status);
            words.write_out(io, &transfer.facts(Some(&response), 22, &told));
            self.exit = words.fail(io, 22, &told);
            return;
        }
        self.body(words, io, transfer, &response);
    }

    /// The body that a HEAD by hand (`-X HEAD`) waits for in vain (recording 31).
    fn starved(
        &mut self,
        arguments: &Arguments,
        io: &mut Io<'_>,
        transfer: Box<Transfer>,
        response: &HttpResponse,
    ) {
        let words = Words { arguments, version: Version::of(io) };
        let size = response.header("content-length").unwrap_or("0");
        let took = io.now().since(transfer.begun);
        let (code, told) = if arguments.total.is_some_and(|limit| limit <= took) {
            let told = format!(
                "Operation timed out after {} milliseconds with 0 out of {size} bytes received",
                took.as_millis()
            );
            (28, told)
        } else {
            (18, format!("transfer closed with {size} bytes remaining to read"))
        };
        words.note(io, &told);
        words.closing(io);
        self.fail(&words, io, transfer, code, &told, false);
    }

    fn body(
        &mut self,
        words: &Words<'_>,
        io: &mut Io<'_>,
        transfer: Box<Transfer>,
        response: &HttpResponse,
    ) {
        let mut out = transfer.printed.clone();
        if !words.arguments.head {
            out.extend_from_slice(&response.body);
        }
        match &transfer.output {
            None => io.stdout.extend_from_slice(&out),
            Some(file) => {
                if let Err(why) = io.write_file(file, &out) {
                    io.complain(format!("Warning: Failed to open the file {file}: {why}"));
                    self.exit =
                        words.fail(io, 23, "Failed writing received data to disk/application");
                    return;
                }
            }
        }
        if transfer.meter {
            let line = report::meter_line(response.body.len());
            io.stderr.extend_from_slice(line.as_bytes());
        }
        match response.closes() || response.status == 0 {
            true => words.closing(io),
            false => words.left_intact(io, &transfer.fetch.url().host),
        }
        words.write_out(io, &transfer.facts(Some(response), 0, ""));
        self.exit = 0;
    }

    fn follow(
        &mut self,
        words: &Words<'_>,
        io: &mut Io<'_>,
        mut transfer: Box<Transfer>,
        location: &str,
    ) {
        let limit = words.arguments.max_redirects.unwrap_or(MAX_REDIRECTS);
        if transfer.redirects >= limit {
            let told = format!("Maximum ({limit}) redirects followed");
            self.exit = words.fail(io, 47, &told);
            return;
        }
        let Ok(url) = transfer.fetch.url().join(location) else {
            self.exit = words.fail(io, 3, "URL using bad/illegal format or missing URL");
            return;
        };
        words.note(io, &format!("Issue another request to this URL: '{}'", url.text()));
        transfer.redirects += 1;
        transfer.fetch = self.fetch(words.arguments, io, url, transfer.begun);
        self.begin_fetch(words, io, transfer);
    }

    /// A failure: perhaps another try, otherwise the end of this URL.
    fn fail(
        &mut self,
        words: &Words<'_>,
        io: &mut Io<'_>,
        transfer: Box<Transfer>,
        code: i32,
        told: &str,
        refused: bool,
    ) {
        if transfer.meter {
            io.stderr.extend_from_slice(report::METER_NOTHING.as_bytes());
        }
        words.write_out(io, &transfer.facts(None, code, told));
        self.exit = words.fail(io, code, told);
        let again = refused && words.arguments.retry_refused
            || code == 28 && words.arguments.total.is_none();
        if again && transfer.tries < words.arguments.retries {
            self.retry(words, io, transfer, if refused { "connection refused" } else { "timeout" });
        }
    }

    /// Waits one second, then two, four … before the next try.
    fn retry(
        &mut self,
        words: &Words<'_>,
        io: &mut Io<'_>,
        mut transfer: Box<Transfer>,
        why: &str,
    ) {
        let left = words.arguments.retries - transfer.tries;
        let delay = words
            .arguments
            .retry_delay
            .filter(|delay| !delay.is_zero())
            .unwrap_or(Duration::from_secs(1 << transfer.tries.min(9)));
        words.warn(
            io,
            &format!(
                "Problem : {why}. Will retry in {} seconds. {left} retries left.\n",
                delay.as_secs()
            ),
        );
        transfer.tries += 1;
        self.state = State::Retrying(io.now() + delay, transfer);
    }
}

impl Transfer {
    fn facts<'a>(
        &'a self,
        response: Option<&'a HttpResponse>,
        exit: i32,
        told: &'a str,
    ) -> report::Facts<'a> {
        report::Facts {
            response,
            exit,
            told,
            url: self.fetch.url(),
            method: &self.fetch.request().method,
            redirects: self.redirects,
            remote: &self.remote,
            begun: self.begun,
            resolved: self.resolved,
            connected: self.connected,
        }
    }
}

fn refused(failure: &Failure) -> bool {
    matches!(failure, Failure::Dial { why: DialFailure::Refused, .. })
}
