//! GNU wget, in the words of its 1.21 (recording 31).

mod arguments;
mod flags;
mod report;
mod request;
mod tree;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use arguments::{Arguments, Asks, Volume, Wrong};
use report::{Dots, Messages};
use tree::{Leaf, Tree, acceptable};

use super::curl::{Jar, disposed_name, unescape};
use super::fetch::{Failure, Fetch, FetchEvent, Limits, note};
use super::url::{BadUrl, Url};
use crate::clock::SimTime;
use crate::cluster::{Connection, DialFailure, Ending, HttpResponse, Issuer, Reply};
use crate::network::SocketAddr;
use crate::shell::commands::system::date::parse_date;
use crate::shell::commands::trouble::{dial_trouble, left_out, name_trouble};
use crate::shell::{Io, Step, Tool};

/// Exit codes (the manual's "Exit Status").
const GENERIC: i32 = 1;
const USAGE: i32 = 2;
const FILE: i32 = 3;
const NETWORK: i32 = 4;
const CERTIFICATE: i32 = 5;
const LOGIN: i32 = 6;
const SERVER: i32 = 8;

/// A running wget.
#[derive(Clone, Debug)]
struct Wget {
    /// The command line.
    command: Vec<String>,
    arguments: Option<Result<Arguments, Wrong>>,
    session: Option<Session>,
}

/// What it has done so far.
#[derive(Clone, Debug)]
struct Session {
    begun: SimTime,
    /// Whether there is more than one URL.
    many: bool,
    waiting: VecDeque<String>,
    /// What the present URL has led to.
    tree: Tree,
    state: WgetState,
    /// Addresses of names that were connected to, the good one first.
    known: BTreeMap<String, Vec<IpAddr>>,
    /// All addresses of names that were looked up, and were not connected to yet.
    resolved: BTreeMap<String, Vec<IpAddr>>,
    jar: Jar,
    /// A connection that the server keeps open, and whose it is.
    open: Option<(String, u16, Connection)>,
    files: u32,
    bytes: usize,
    /// `--limit-rate`: when the last download is done.
    rest: Option<SimTime>,
    /// Whether `--quota` ended it.
    over_quota: bool,
    /// Whether `-O FILE` has been begun.
    written: bool,
    exit: i32,
}

#[derive(Clone, Debug)]
enum WgetState {
    Next,
    /// The next try of a URL begins then.
    Pause(SimTime, Box<Download>),
    Fetching(Box<Download>, Box<Fetch>),
}

/// One URL, with its redirects and tries.
#[derive(Clone, Debug)]
struct Download {
    url: Url,
    tries: u32,
    redirects: u32,
    connection: Option<Connection>,
    /// Whether the kept address of the host was tried in vain, and its name is looked up again.
    fresh: bool,
    /// Whether the server has asked who is there.
    login: bool,
    /// A redirect after which the body is not sent again.
    bodiless: bool,
    /// The first URL of redirects, which names the file.
    first: Url,
    /// How many links lead there, and from where.
    depth: u32,
    referer: Option<String>,
    /// Whether it says what a robot may fetch.
    robots: bool,
    /// Whether the document itself is asked for where its head would do.
    whole: bool,
}

impl Download {
    fn new(url: Url) -> Download {
        Download {
            first: url.clone(),
            url,
            tries: 0,
            redirects: 0,
            connection: None,
            fresh: false,
            login: false,
            bodiless: false,
            depth: 0,
            referer: None,
            robots: false,
            whole: false,
        }
    }

    /// Whether a head alone is asked for.
    fn heads(&self, arguments: &Arguments) -> bool {
        arguments.spider && !self.whole
    }
}

/// wget with these arguments.
pub(in crate::shell::commands) fn start(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Wget { command: arguments.to_vec(), arguments: None, session: None })
}

impl Tool for Wget {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let command = &self.command;
        let read = self.arguments.get_or_insert_with(|| read_settings(command, io));
        let arguments = match read {
            Ok(arguments) => arguments.clone(),
            Err(wrong) => return write_error(io, wrong),
        };
        if arguments.list.as_deref() == Some("-") && !io.stdin.ended() {
            return Step::Input;
        }
        let arguments = match self.session {
            None if arguments.background => self.go_behind(arguments, io),
            _ => arguments,
        };
        let words = Messages::new(arguments.volume(), io);
        let before = io.stderr.len();
        let step = match &mut self.session {
            Some(session) => session.run(&arguments, words, io),
            none => match Session::begin_all(&arguments, words, io) {
                Ok(session) => none.insert(session).run(&arguments, words, io),
                Err(exit) => Step::Exit(exit),
            },
        };
        if let Some((file, _)) = &arguments.log {
            let said = io.stderr.split_off(before);
            if file == "/dev/stdout" {
                io.stdout.extend_from_slice(&said);
                return step;
            }
            let mut content = io.read_file(file).unwrap_or_default();
            content.extend_from_slice(&said);
            if io.write_file(file, &content).is_err() {
                io.put_error(b"wget: ");
                io.put_error(&said);
            }
        }
        match step {
            // Nobody waits for its end.
            Step::Exit(_) if arguments.background => Step::Exit(0),
            step => step,
        }
    }
}

impl Wget {
    /// `-b`: says where its words go from now on. The kernel would give the rest of its work another process;
    /// here the shell waits for it.
    fn go_behind(&mut self, mut arguments: Arguments, io: &mut Io<'_>) -> Arguments {
        const PID: u32 = 1_000;
        io.say(format!("Continuing in background, pid {PID}."));
        if arguments.log.is_none() && arguments.volume() > Volume::Quiet {
            let taken = |name: &String| io.is_file(name);
            let names = std::iter::once("wget-log".to_owned());
            let mut names = names.chain((1..100).map(|number| format!("wget-log.{number}")));
            let name = names.find(|name| !taken(name)).unwrap_or_default();
            io.say(format!("Output will be written to '{name}'."));
            arguments.log = Some((name, false));
        }
        self.arguments = Some(Ok(arguments.clone()));
        arguments
    }
}

impl Session {
    /// What is looked at before the first URL; an exit code ends it.
    fn begin_all(arguments: &Arguments, words: Messages, io: &mut Io<'_>) -> Result<Session, i32> {
        if let Some(about) = arguments.about {
            io.say(if about == "help" { report::help() } else { report::VERSION.to_owned() });
            return Err(0);
        }
        if arguments.families_named == [true, true] {
            io.write_error("Cannot specify both --inet4-only and --inet6-only.\nUsage: wget [OPTION]... [URL]...");
            return Err(GENERIC);
        }
        if arguments.quiet && arguments.verbose == Some(true) {
            io.write_error(
                "Can't be verbose and quiet at the same time.\nUsage: wget [OPTION]... [URL]...",
            );
            return Err(GENERIC);
        }
        secrets(arguments, words, io)?;
        if let Some(file) = arguments.output.as_ref().filter(|file| io.is_file(file))
            && arguments.no_clobber
        {
            let file = words.quoted(file);
            words.tell(io, format!("File {file} already there; not retrieving.\n"));
            return Err(GENERIC);
        }
        if arguments.newer && arguments.output.is_some() {
            words.tell(io, "WARNING: timestamping does nothing in combination with -O. See the manual\nfor details.\n\n");
        }
        if let Err(told) = request::check(arguments, io) {
            io.write_error(told);
            return Err(GENERIC);
        }
        if let Some((file, continued)) = &arguments.log {
            let kept = if *continued { io.read_file(file).unwrap_or_default() } else { Vec::new() };
            if let Err(why) = io.write_file(file, &kept) {
                io.write_error(format!("{file}: {why}"));
                return Err(GENERIC);
            }
        }
        let mut waiting: VecDeque<String> = arguments.urls.iter().cloned().collect();
        if let Some(list) = &arguments.list {
            let text = match list.as_str() {
                "-" => Ok(io.read_all().unwrap_or_default()),
                list => io.read_file(list),
            };
            if let Err(why) = &text {
                words.tell(io, format!("{list}: {why}\n"));
            }
            let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            waiting.extend(lines.map(str::to_owned));
            if waiting.is_empty() {
                words.tell(io, format!("No URLs found in {list}.\n"));
            }
        } else if waiting.is_empty() {
            usage(io, "missing URL");
            return Err(GENERIC);
        }
        if let Some(file) =
            arguments.output.as_ref().filter(|file| *file != "-" && *file != "/dev/null")
            && !arguments.spider
        {
            let kept =
                if arguments.resume { io.read_file(file).unwrap_or_default() } else { Vec::new() };
            if let Err(why) = io.write_file(file, &kept) {
                // Not even `-q` hides it.
                io.write_error(format!("{file}: {why}"));
                return Err(GENERIC);
            }
        }
        Ok(Session {
            begun: io.now(),
            many: waiting.len() > 1 || arguments.recursive || arguments.requisites,
            waiting,
            tree: Tree::default(),
            state: WgetState::Next,
            known: BTreeMap::new(),
            resolved: BTreeMap::new(),
            jar: kept_cookies(arguments, io),
            open: None,
            files: 0,
            bytes: 0,
            rest: None,
            over_quota: false,
            written: false,
            exit: 0,
        })
    }

    fn run(&mut self, arguments: &Arguments, words: Messages, io: &mut Io<'_>) -> Step {
        loop {
            if let Some(step) = self.go_on(arguments, words, io) {
                return step;
            }
        }
    }

    /// One thing after the other; what to wait for, if there is something.
    fn go_on(&mut self, arguments: &Arguments, words: Messages, io: &mut Io<'_>) -> Option<Step> {
        match std::mem::replace(&mut self.state, WgetState::Next) {
            WgetState::Next if self.rest.is_some_and(|until| until > io.now()) => {
                return self.rest.map(Step::Until);
            }
            WgetState::Next if let Some(leaf) = self.tree.next(arguments) => {
                self.branch(arguments, words, io, leaf);
            }
            WgetState::Next => match self.waiting.pop_front() {
                Some(_)
                    if arguments.list.is_some()
                        && arguments.quota > 0
                        && self.bytes > arguments.quota =>
                {
                    self.waiting.clear();
                    self.over_quota = true;
                }
                Some(text) => self.begin(arguments, words, io, &text),
                None => return Some(self.finish(arguments, words, io)),
            },
            WgetState::Pause(until, download) if until > io.now() => {
                self.state = WgetState::Pause(until, download);
                return Some(Step::Until(until));
            }
            WgetState::Pause(_, download) => self.fetch(arguments, words, io, *download),
            WgetState::Fetching(download, mut fetch) => match fetch.step(io) {
                FetchEvent::Wait(until) => {
                    self.state = WgetState::Fetching(download, fetch);
                    return Some(Step::Until(until));
                }
                event => self.happened(arguments, words, io, (download, fetch), event),
            },
        }
        None
    }

    fn begin(&mut self, arguments: &Arguments, words: Messages, io: &mut Io<'_>, text: &str) {
        let base = arguments.base.as_ref().filter(|_| arguments.list.is_some());
        let parsed = match base.and_then(|base| Url::parse(base).ok()) {
            Some(base) => base.join(text),
            // It stands for a space, as browsers have it; a host cannot be left out.
            None if text.starts_with("http:///") || text.starts_with("https:///") => {
                Err(BadUrl::Malformed)
            }
            None => Url::parse(&written_out(text.trim()).replace(' ', "%20")),
        };
        match parsed {
            Ok(url) if arguments.https_only && arguments.list.is_some() && !url.is_tls() => {}
            Ok(mut url) => {
                url.remove_dots();
                if arguments.recursive || arguments.requisites {
                    self.tree = Tree::begin(&url);
                }
                let download = Download::new(url);
                let pause = !arguments.wait.is_zero() && self.files > 0;
                match pause {
                    true => {
                        let until = io.now() + arguments.wait;
                        self.state = WgetState::Pause(until, Box::new(download));
                    }
                    false => self.fetch(arguments, words, io, download),
                }
            }
            Err(why) => {
                let why = match why {
                    BadUrl::Port(_) => "Bad port number.".to_owned(),
                    BadUrl::Scheme(scheme) => {
                        format!("Unsupported scheme {}.", words.quoted(&scheme))
                    }
                    BadUrl::Malformed if text.contains("://[") && !text.contains(']') => {
                        "Unterminated IPv6 numeric address.".to_owned()
                    }
                    BadUrl::Malformed => "Invalid host name.".to_owned(),
                };
                let whole = if text.contains("://") { "" } else { "http://" };
                if !arguments.quiet {
                    io.write_error(format!("{whole}{text}: {why}"));
                }
                self.fail(GENERIC);
            }
        }
    }

    /// Goes on to what a page has led to.
    fn branch(&mut self, arguments: &Arguments, words: Messages, io: &mut Io<'_>, leaf: Leaf) {
        if leaf.robots {
            words.verbose(io, "Loading robots.txt; please ignore errors.\n");
        }
        let Leaf { url, depth, referer, robots } = leaf;
        let download = Download { depth, referer, robots, ..Download::new(url) };
        self.fetch(arguments, words, io, download);
    }

    /// Starts a try.
    fn fetch(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        mut download: Download,
    ) {
        download.tries += 1;
        let url = download.url.clone();
        if spared(arguments, words, io, &download) {
            return;
        }
        if download.heads(arguments) {
            words.verbose(io, "Spider mode enabled. Check if remote file exists.\n");
        }
        let again = match download.tries {
            1 => String::new(),
            tries => format!("  (try:{tries:2})"),
        };
        let now = report::stamp(io.now());
        words.verbose(io, format!("--{now}--{again}  {}\n", request::shown_url(&url)));
        if url.scheme == "ftp" {
            let file = words.quoted(&request::path(arguments, &url, None));
            words.verbose(io, format!("           => {file}\n"));
        }
        self.dial(arguments, words, io, download);
    }

    /// Looks the host up, or goes to the address that it is known to have.
    fn dial(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        mut download: Download,
    ) {
        let url = download.url.clone();
        let proxy = request::proxy(arguments, io, &url);
        if proxy.is_some() && url.is_tls() {
            words.tell(io, "podhop: not simulated here: wget's tunnel through a proxy\n");
            return self.fail(GENERIC);
        }
        let made = request::make(arguments, io, &download, proxy.is_some(), &self.jar);
        let request = match made {
            Ok(request) => request,
            Err((file, why)) => {
                let file = words.quoted(&file);
                words.tell(io, format!("BODY data file {file} missing: {why}\n"));
                return self.fail(FILE);
            }
        };
        let (host, port) = proxy.clone().unwrap_or((url.host.clone(), url.port));
        let limits = Limits {
            lookup: arguments.dns_timeout,
            dial: arguments.connect_timeout,
            answer: arguments.read_timeout,
            ..Limits::default()
        };
        let mut fetch = Fetch::new(url.clone(), request, limits, io.now())
            .via(proxy)
            .families(arguments.families);
        let open = self.open.take().filter(|(known, number, _)| *known == host && *number == port);
        if let Some((host, port, connection)) = open {
            let host = if connection.remote.ip().is_ipv6() { format!("[{host}]") } else { host };
            words.verbose(io, format!("Reusing existing connection to {host}:{port}.\n"));
            if !url.is_tls() {
                words.verbose(io, "HTTP request sent, awaiting response... ");
            }
            download.fresh = true;
            download.connection = Some(connection.clone());
            fetch = fetch.over(connection);
        } else if let Some(addresses) = self.known.get(&host).filter(|_| !download.fresh) {
            fetch = fetch.pinned(addresses.iter().copied());
        } else if let Some(addresses) = self.resolved.get(&host) {
            download.fresh = true;
            fetch = fetch.pinned(addresses.iter().copied());
        } else {
            download.fresh = true;
            if host.parse::<IpAddr>().is_err() {
                let host = unescape(&host);
                words.verbose(io, format!("Resolving {host} ({host})... "));
            }
        }
        self.state = WgetState::Fetching(Box::new(download), Box::new(fetch));
    }

    fn happened(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        (mut download, fetch): (Box<Download>, Box<Fetch>),
        event: FetchEvent,
    ) {
        match event {
            FetchEvent::Wait(_) => {}
            FetchEvent::Resolved => {
                let addresses: Vec<String> =
                    fetch.addresses().iter().map(ToString::to_string).collect();
                let all = fetch.addresses().to_vec();
                self.resolved.insert(fetch.target().0.to_owned(), all);
                let shown = addresses.get(..3).unwrap_or(&addresses).join(", ");
                let more = if addresses.len() > 3 { ", ..." } else { "" };
                words.verbose(io, format!("{shown}{more}\n"));
            }
            FetchEvent::Trying(to) => {
                words.verbose(io, format!("Connecting to {}... ", shown(fetch.target().0, to)));
            }
            FetchEvent::NotThere(_, why) => {
                words.tell(io, format!("failed: {}.\n", dial_trouble(io, why)));
            }
            FetchEvent::Connected(connection) => {
                self.stands(fetch.target().0, connection.remote.ip());
                words.verbose(io, "connected.\n");
                let sent = match fetch.target().0 == download.url.host {
                    true => "HTTP request sent, awaiting response... ",
                    false => "Proxy request sent, awaiting response... ",
                };
                if !download.url.is_tls() {
                    words.verbose(io, sent);
                }
                download.connection = Some(connection);
            }
            FetchEvent::Replied(reply) => {
                return self.replied(arguments, words, io, *download, reply);
            }
            FetchEvent::Failed(failure) => {
                return self.failed(arguments, words, io, *download, &failure);
            }
        }
        self.state = WgetState::Fetching(download, fetch);
    }

    /// A host's address is good; those that were tried before it in vain are left out from now on.
    fn stands(&mut self, host: &str, address: IpAddr) {
        let all = self.resolved.remove(host).or_else(|| self.known.remove(host));
        let mut all = all.unwrap_or_default();
        let at = all.iter().position(|one| *one == address).unwrap_or(all.len());
        all.drain(..at);
        let known = if all.is_empty() { vec![address] } else { all };
        self.known.insert(host.to_owned(), known);
    }

    fn failed(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
        failure: &Failure,
    ) {
        match failure {
            Failure::Name(_) | Failure::SlowName { .. } => {
                let why = match failure {
                    Failure::Name(why) => name_trouble(io, *why),
                    _ => "Connection timed out",
                };
                words.verbose(io, format!("failed: {why}.\n"));
                let host = words.quoted(&unescape(&download.url.host).to_lowercase());
                words.tell(io, format!("wget: unable to resolve host address {host}\n"));
                match arguments.retry_unknown {
                    true => self.again(arguments, words, io, download),
                    false => self.fail(NETWORK),
                }
            }
            Failure::Dial { why, .. } => {
                words.tell(io, format!("failed: {}.\n", dial_trouble(io, *why)));
                match why {
                    _ if !download.fresh && download.url.address().is_none() => {
                        self.look_again(arguments, words, io, download);
                    }
                    DialFailure::Refused | DialFailure::Unreachable | DialFailure::NoNetwork
                        if !arguments.retry_refused =>
                    {
                        self.fail(NETWORK);
                    }
                    _ => self.again(arguments, words, io, download),
                }
            }
            Failure::SlowDial { .. } if !download.fresh && download.url.address().is_none() => {
                words.tell(io, "failed: Connection timed out.\n");
                self.look_again(arguments, words, io, download);
            }
            Failure::SlowDial { .. } => {
                words.tell(io, "failed: Connection timed out.\n");
                self.again(arguments, words, io, download);
            }
            Failure::SlowAnswer { .. } => {
                words.tell(io, "Read error (Connection timed out) in headers.\n");
                self.again(arguments, words, io, download);
            }
        }
    }

    /// An address that was kept from an earlier request does not answer: the name is looked up again
    /// (`connect_to_host` of `connect.c`).
    fn look_again(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
    ) {
        self.known.remove(&download.url.host);
        self.resolved.remove(&download.url.host);
        self.dial(arguments, words, io, Download { fresh: true, ..download });
    }

    /// Another try, or the end of it.
    fn again(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
    ) {
        if arguments.tries.is_some_and(|tries| download.tries >= tries) {
            words.verbose(io, "Giving up.\n\n");
            return self.fail(NETWORK);
        }
        words.verbose(io, "Retrying.\n\n");
        let pause = Duration::from_secs(u64::from(download.tries)).min(arguments.wait_retry);
        let download = Download { fresh: false, ..download };
        self.state = WgetState::Pause(io.now() + pause, Box::new(download));
    }

    fn replied(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
        reply: Reply,
    ) {
        let tls = download.url.is_tls();
        match reply {
            Reply::Tls { names, issuer, response } if tls => {
                if !certificate(arguments, words, io, &download.url.host, (&names, issuer)) {
                    note(io, &download.url, Ending::Certificate { names, issuer });
                    return self.fail(CERTIFICATE);
                }
                words.verbose(io, "HTTP request sent, awaiting response... ");
                self.response(arguments, words, io, download, response);
            }
            Reply::Closed | Reply::Reset | Reply::Silence if tls => {
                words.verbose(io, "GnuTLS: Error in the pull function.\n");
                words.verbose(io, "Unable to establish SSL connection.\n");
                self.fail(NETWORK);
            }
            Reply::Http(_) | Reply::Bytes(_) if tls => {
                words.verbose(io, "GnuTLS: An unexpected TLS packet was received.\n");
                words.verbose(io, "Unable to establish SSL connection.\n");
                self.fail(NETWORK);
            }
            Reply::Http(response) => self.response(arguments, words, io, download, response),
            Reply::Bytes(bytes) => {
                let response = plain_response(bytes);
                self.response(arguments, words, io, download, response);
            }
            Reply::Reset => {
                words.tell(io, "Read error (Connection reset by peer) in headers.\n");
                self.again(arguments, words, io, download);
            }
            Reply::Closed | Reply::Silence | Reply::Tls { .. } => {
                words.tell(io, "No data received.\n");
                self.again(arguments, words, io, download);
            }
        }
    }

    /// An HTTP response: save it, follow it or fail.
    fn response(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
        response: HttpResponse,
    ) {
        if arguments.show_headers {
            words.verbose(io, "\n");
            // Even -q shows them.
            let mut head =
                format!("  {} {} {}\n", response.version, response.status, response.reason);
            for (name, value) in &response.headers {
                head += &format!("  {name}: {value}\n");
            }
            io.put_error(head.as_bytes());
        } else {
            words.verbose(io, format!("{} {}\n", response.status, response.reason));
        }
        self.keep(arguments, &download, &response);
        // What is kept of cookies is not told.
        let _ = self.jar.keep(&response, &download.url, io.now().timestamp());
        let location =
            response.header("location").filter(|_| (300..400).contains(&response.status));
        if let Some(location) = location {
            let location = location.to_owned();
            return self.follow(arguments, words, io, download, (&location, response.status));
        }
        if response.status == 401 {
            return self.asked(arguments, words, io, download, &response);
        }
        // Every try that fails is told with its URL.
        let terse = |io: &mut Io<'_>| {
            if words.volume == Volume::Terse {
                words.tell(io, format!("{}:\n", download.url.text()));
            }
        };
        if arguments.retry_statuses.contains(&response.status) {
            terse(io);
            return self.again(arguments, words, io, download);
        }
        if response.status == 304 && arguments.newer {
            let file = words.quoted(&request::path(arguments, &download.url, None));
            let told = format!("File {file} not modified on server. Omitting download.\n\n");
            return words.verbose(io, told);
        }
        // A head that a server fails on is asked for once more, with its body.
        if download.heads(arguments) && matches!(response.status, 500 | 501) {
            terse(io);
            return self.fetch(arguments, words, io, Download { whole: true, ..download });
        }
        let kept = request::offset(arguments, io, &download.url);
        let whole = response.status == 200
            && kept > 0
            && told_length(&response).is_some_and(|length| kept >= length);
        if whole || response.status == 416 && request::offset(arguments, io, &download.url) > 0 {
            words.verbose(io, "\n    The file is already fully retrieved; nothing to do.\n\n");
            return;
        }
        if response.status >= 400 {
            if arguments.content_on_error && !arguments.spider {
                self.save(arguments, words, io, &download, &response);
            }
            terse(io);
            if arguments.spider {
                words.tell(io, "Remote file does not exist -- broken link!!!\n");
            } else {
                let now = report::stamp(io.now());
                let (status, reason) = (response.status, &response.reason);
                words.tell(io, format!("{now} ERROR {status}: {reason}.\n"));
            }
            words.verbose(io, "\n");
            // That a server says nothing to robots is no failure.
            if !download.robots {
                self.fail(SERVER);
            }
            return;
        }
        if download.robots {
            self.tree.bar(&download.url, &String::from_utf8_lossy(&response.body));
            return;
        }
        if arguments.spider {
            return self.exists(words, io, &download, &response);
        }
        self.save(arguments, words, io, &download, &response);
    }

    /// The server asks who is there.
    fn asked(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
        response: &HttpResponse,
    ) {
        let challenge = response.header("www-authenticate");
        let basic = challenge.filter(|text| text.to_ascii_lowercase().starts_with("basic"));
        let known = request::user(arguments, &download.url).is_some();
        match basic.filter(|_| known && !download.login) {
            Some(challenge) => {
                words.verbose(io, format!("Authentication selected: {challenge}\n"));
                let download = Download { login: true, fresh: false, ..download };
                self.dial(arguments, words, io, download);
            }
            None => {
                if known && basic.is_none() {
                    words.verbose(io, "Unknown authentication scheme.\n");
                }
                words.verbose(io, "\n");
                words.tell(io, "Username/Password Authentication Failed.\n");
                self.fail(LOGIN);
            }
        }
    }

    /// Keeps the connection for the next request, if the server does.
    fn keep(&mut self, arguments: &Arguments, download: &Download, response: &HttpResponse) {
        let closes =
            response.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
                || response.header("content-length").is_none()
                || !arguments.keep_alive;
        self.open = download
            .connection
            .clone()
            .filter(|_| !closes && !arguments.spider)
            .map(|connection| (download.url.host.clone(), download.url.port, connection));
        // A proxy's connection is its own.
        if self.open.as_ref().is_some_and(|(_, port, connection)| connection.remote.port() != *port)
        {
            self.open = None;
        }
    }

    fn follow(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
        (location, status): (&str, u16),
    ) {
        let Ok(url) = download.url.join(location) else {
            io.write_error(format!("{location}: Invalid URL."));
            return self.fail(GENERIC);
        };
        words.verbose(io, format!("Location: {location} [following]\n"));
        if download.redirects >= arguments.max_redirects {
            words.tell(io, format!("{} redirections exceeded.\n", arguments.max_redirects));
            return self.fail(SERVER);
        }
        let redirects = download.redirects + 1;
        let bodiless = download.bodiless || request::loses_body(arguments, status);
        let Download { first, depth, referer, robots, .. } = download;
        let next =
            Download { redirects, bodiless, first, depth, referer, robots, ..Download::new(url) };
        self.fetch(arguments, words, io, next);
    }

    fn exists(
        &mut self,
        words: Messages,
        io: &mut Io<'_>,
        download: &Download,
        response: &HttpResponse,
    ) {
        words.verbose(io, report::length(response, told_length(response), 0));
        let html =
            response.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        if words.volume == Volume::Terse {
            let now = report::stamp(io.now());
            words.tell(io, format!("{now} URL: {} 200 OK\n", download.url.text()));
        }
        words.verbose(
            io,
            if html {
                "Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n"
            } else {
                "Remote file exists.\n\n"
            },
        );
    }

    fn save(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: &Download,
        response: &HttpResponse,
    ) {
        let body = match arguments.save_headers {
            true => [report::head(response).as_bytes(), &response.body].concat(),
            false => response.body.clone(),
        };
        let bytes = response.body.len();
        let kept = match response.status {
            206 => request::offset(arguments, io, &download.url),
            _ => 0,
        };
        let length = told_length(response).map(|length| length + kept);
        let place = if arguments.trust_names { &download.url } else { &download.first };
        let mut file = file_name(arguments, io, place, response);
        let stdout = file == "-";
        let follows = arguments.recursive || arguments.requisites;
        // What is fetched for its links alone goes again.
        let goes = arguments.delete_after || follows && !acceptable(arguments, &file);
        if goes && !stdout {
            file += ".tmp";
        }
        let named = words.quoted(if stdout { "STDOUT" } else { &file });
        let fails = response.status >= 400;
        let nothing = response.status == 204;
        if !nothing && !fails {
            words.verbose(io, report::length(response, length, kept));
        }
        if !stdout && let Err(why) = self.write(arguments, io, &file, &body) {
            words.tell(io, format!("{why}\n\nCannot write to {named} ({}).\n", last_words(&why)));
            return self.fail(FILE);
        }
        stamp_file(arguments, io, &file, response);
        if !nothing {
            words.verbose(io, format!("Saving to: {named}\n"));
        }
        let shown = file.rsplit('/').next().unwrap_or(&file).to_owned();
        let shown = if arguments.output.as_ref().is_some_and(|path| path.contains('/')) {
            file.clone()
        } else {
            shown
        };
        // Without a terminal, progress is shown as in logs.
        let plain = arguments.log.is_some() || !io.terminal;
        let dots = arguments.dots.or(plain.then(|| Dots::style("default")));
        if stdout && dots.is_some() && !nothing {
            // The C library's buffer is written before the next message.
            io.stdout.extend_from_slice(&body);
        }
        if !nothing {
            words.verbose(io, "\n");
        }
        if stdout && dots.is_none() {
            if io.terminal && bytes > 0 {
                words.verbose(io, report::bar_begins(&shown, length));
            }
            io.stdout.extend_from_slice(&body);
            if io.terminal && !response.body.is_empty() && !response.body.ends_with(b"\n") {
                words.verbose(io, "\n");
            }
        }
        let progress = match dots {
            _ if nothing => String::new(),
            Some(dots) => dots.show(bytes, kept, length),
            None => report::bar_ends(&shown, length, bytes),
        };
        match arguments.show_progress && words.volume != Volume::Verbose {
            true => io.put_error(format!("\n{progress}").as_bytes()),
            false => words.verbose(io, progress),
        }
        if fails {
            return;
        }
        let bytes = bytes + kept;
        let of = length.map_or(String::new(), |length| format!("/{length}"));
        let now = report::stamp(io.now());
        let done = if stdout { "written to stdout".to_owned() } else { format!("{named} saved") };
        words.verbose(io, format!("{now} ({}) - {done} [{bytes}{of}]\n\n", report::rate(bytes)));
        if words.volume == Volume::Terse {
            let url = download.url.text();
            words.tell(
                io,
                format!("{now} URL:{url} [{bytes}{of}] -> \"{file}\" [{}]\n", download.tries),
            );
        }
        self.files += 1;
        self.bytes += bytes;
        if arguments.rate > 0 {
            let late = (response.body.len() as u64).saturating_mul(1000) / arguments.rate as u64;
            self.rest = Some(io.now() + Duration::from_millis(late));
        }
        if follows {
            self.tree.grow(arguments, &download.url, download.depth, response);
        }
        if follows && !stdout && !acceptable(arguments, &file) {
            words.verbose(io, format!("Removing {file} since it should be rejected.\n\n"));
            // It was written a moment ago.
            let _ = io.remove_file(&file);
            return;
        }
        if arguments.delete_after && !stdout {
            words.verbose(io, format!("Removing {file}.\n"));
            // It was written a moment ago.
            let _ = io.remove_file(&file);
        }
    }

    /// Writes a file; with `-O` all downloads go into one.
    fn write(
        &mut self,
        arguments: &Arguments,
        io: &mut Io<'_>,
        file: &str,
        body: &[u8],
    ) -> Result<(), String> {
        if file == "/dev/null" {
            return Ok(());
        }
        let mut content = Vec::new();
        let more = arguments.output.is_some() && std::mem::replace(&mut self.written, true);
        if more || arguments.resume && io.is_file(file) {
            content = io.read_file(file).map_err(|why| format!("{file}: {why}"))?;
        }
        content.extend_from_slice(body);
        if let Some(count) = arguments.backups.filter(|_| !more) {
            keep_backups(io, file, count);
        }
        if let Some((folder, _)) = file.rsplit_once('/')
            && arguments.output.is_none()
            && !folder.is_empty()
            && !io.is_directory(folder)
        {
            make_folders(io, folder).map_err(|why| format!("{folder}: {why}\n{file}: {why}"))?;
        }
        io.write_file(file, &content).map_err(|why| format!("{file}: {why}"))
    }

    fn fail(&mut self, code: i32) {
        self.exit = if self.exit == 0 { code } else { self.exit.min(code) };
    }

    fn finish(&self, arguments: &Arguments, words: Messages, io: &mut Io<'_>) -> Step {
        if let Some(file) = &arguments.save_cookies {
            let now = report::stamp(io.now());
            let lines = self.jar.lines(arguments.keep_session);
            let text = format!(
                "# HTTP Cookie File\n# Generated by Wget on {now}.\n# Edit at your own risk.\n\n{lines}"
            );
            if let Err(why) = io.write_file(file, text.as_bytes()) {
                let named = words.quoted(file);
                words.tell(io, format!("Cannot open cookies file {named}: {why}\n"));
            }
        }
        if self.many && self.bytes > 0 {
            let wall = io.now().since(self.begun).as_secs_f64();
            let wall = if wall < 0.01 { "0s".to_owned() } else { format!("{wall:.2}s") };
            let (now, size) = (report::stamp(io.now()), report::short_size(self.bytes));
            words.tell(io, format!("FINISHED --{now}--\nTotal wall clock time: {wall}\n"));
            let (files, rate) = (self.files, report::rate(self.bytes));
            words.tell(io, format!("Downloaded: {files} files, {size} in 0s ({rate})\n"));
        }
        if self.over_quota {
            let quota = report::short_size(arguments.quota);
            words.tell(io, format!("Download quota of {quota} EXCEEDED!\n"));
        }
        Step::Exit(self.exit)
    }
}

/// A URL without a scheme: `host:path` of old means FTP, unless a port stands there
/// (`rewrite_shorthand_url` of `url.c`).
fn written_out(text: &str) -> String {
    let Some(at) = text.find([':', '/']).filter(|at| text[*at..].starts_with(':')) else {
        return text.to_owned();
    };
    let rest = &text[at + 1..];
    let digits = rest.len() - rest.trim_start_matches(|one: char| one.is_ascii_digit()).len();
    let port = digits > 0 && (rest.len() == digits || rest[digits..].starts_with('/'));
    match port || rest.starts_with("//") || text.starts_with('[') {
        true => text.to_owned(),
        false => format!("ftp://{}/{rest}", &text[..at]),
    }
}

/// The settings of the person's file, then the command line's.
fn read_settings(command: &[String], io: &Io<'_>) -> Result<Arguments, Wrong> {
    let named =
        command.iter().take_while(|word| *word != "--").any(|word| word.starts_with("--config"));
    let file = Arguments::settings_file(command, io.environment);
    if let Some(file) = file.as_ref().filter(|file| named && !io.is_file(file)) {
        return Err(Wrong::Settings(file.clone()));
    }
    let text = file.as_ref().and_then(|file| io.read_file(file).ok()).unwrap_or_default();
    let file = file.unwrap_or_default();
    Arguments::settings(&String::from_utf8_lossy(&text), &file)?.with(command)
}

/// The cookies that are there from the beginning.
fn kept_cookies(arguments: &Arguments, io: &Io<'_>) -> Jar {
    let mut jar = Jar::default();
    jar.active = arguments.cookies;
    if let Some(file) = arguments.load_cookies.as_ref().filter(|_| arguments.cookies) {
        let text = io.read_file(file).unwrap_or_default();
        jar.read(&String::from_utf8_lossy(&text), false);
    }
    jar
}

/// Passwords that somebody is asked for, and own certificates: an exit code ends it.
fn secrets(arguments: &Arguments, words: Messages, io: &mut Io<'_>) -> Result<(), i32> {
    // What cannot be read is not shown to any server.
    let named = arguments.own_files.iter().find(|(_, file)| io.is_file(file));
    if let Some((flag, _)) = named {
        io.write_error(left_out("wget", format!("--{flag}")));
        return Err(USAGE);
    }
    match &arguments.asks {
        None => Ok(()),
        Some(Asks::Program(program)) if !io.is_file(program) => {
            io.write_error(format!("Error spawning {program}: 2"));
            Err(GENERIC)
        }
        Some(Asks::Terminal) if !io.stdin.terminal => {
            if arguments.user.is_none() {
                io.write_error("WARNING: No username set with --ask-password. This is usually not what you want.");
            }
            let user = arguments
                .user
                .as_ref()
                .map_or(String::new(), |user| format!(" for user {}", words.quoted(user)));
            io.put_error(format!("Password{user}: ").as_bytes());
            Err(GENERIC)
        }
        Some(asks) => {
            let flag = if *asks == Asks::Terminal { "--ask-password" } else { "--use-askpass" };
            io.write_error(left_out("wget", flag));
            Err(USAGE)
        }
    }
}

/// The reason in a message that ends with it.
fn last_words(message: &str) -> &str {
    message.rsplit(": ").next().unwrap_or(message)
}

/// Makes a folder, with those above it that are missing.
fn make_folders(io: &mut Io<'_>, folder: &str) -> Result<(), String> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    for end in ends.filter(|end| *end > 0) {
        if !io.is_directory(&folder[..end]) {
            io.make_directory(&folder[..end])?;
        }
    }
    Ok(())
}

/// A file is as old as the server says that it is.
fn stamp_file(arguments: &Arguments, io: &mut Io<'_>, file: &str, response: &HttpResponse) {
    let told = response.header("last-modified").and_then(|text| parse_date(io, text));
    let moment = told.and_then(|moment| Timestamp::new(moment.seconds, 0).ok());
    if let Some(moment) =
        moment.filter(|_| arguments.server_times && !matches!(file, "-" | "/dev/null"))
    {
        io.change_attributes(file, |attributes| attributes.changed = Some(moment));
    }
}

/// `-nc`: whether a file that is there spares the download.
fn spared(arguments: &Arguments, words: Messages, io: &mut Io<'_>, download: &Download) -> bool {
    if !arguments.no_clobber || arguments.output.is_some() || download.tries > 1 {
        return false;
    }
    let path = request::path(arguments, &download.url, None);
    let there = io.is_file(&path);
    if there {
        let named = words.quoted(&path);
        words.verbose(io, format!("File {named} already there; not retrieving.\n\n"));
    }
    there
}

/// `--backups`: the file that is there moves on to `FILE.1`, that to `FILE.2`, and so on.
fn keep_backups(io: &mut Io<'_>, file: &str, count: u32) {
    let name = |number: u32| match number {
        0 => file.to_owned(),
        number => format!("{file}.{number}"),
    };
    for number in (0..count.min(99)).rev() {
        if let Ok(content) = io.read_file(&name(number)) {
            // Where one cannot be written, the new file itself cannot, which is told.
            let _ = io.write_file(&name(number + 1), &content);
        }
    }
}

fn usage(io: &mut Io<'_>, message: &str) {
    io.write_error(format!("wget: {message}"));
    io.write_error("Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.");
}

fn write_error(io: &mut Io<'_>, wrong: &Wrong) -> Step {
    let words = Messages::new(Volume::Verbose, io);
    match wrong {
        Wrong::Usage(told) => usage(io, told),
        Wrong::Illegal(told) => {
            usage(io, told);
            return Step::Exit(GENERIC);
        }
        Wrong::Invalid { flag, what, value, rest } => {
            let value = words.quoted(value);
            io.write_error(format!("wget: {flag}Invalid {what} {value}{rest}"));
        }
        Wrong::Negative { flag, value } => {
            let value = words.quoted(value);
            io.write_error(format!("wget: --{flag}: Negative time period {value}"));
        }
        Wrong::Settings(file) => io.write_error(format!("Exiting due to error in {file}")),
        Wrong::Setting { command, file, line } => {
            let command = words.quoted(command);
            io.write_error(format!("wget: Unknown command {command} in {file} at line {line}."));
        }
        Wrong::NotHere(flag) => {
            io.write_error(format!("podhop: not simulated here: wget --{flag}"))
        }
    }
    Step::Exit(USAGE)
}

/// What is wrong with a server's certificate. Says whether to go on.
fn certificate(
    arguments: &Arguments,
    words: Messages,
    io: &mut Io<'_>,
    host: &str,
    (names, issuer): (&[String], Issuer),
) -> bool {
    let level = if arguments.insecure { "WARNING" } else { "ERROR" };
    let quoted = words.quoted(host);
    let listed = arguments.authorities.as_ref().and_then(|file| io.read_file(file).ok());
    let listed = listed
        .is_some_and(|text| String::from_utf8_lossy(&text).contains(io.cluster.authority().trim()));
    let trusted = issuer == Issuer::Public || issuer == Issuer::Cluster && listed;
    if !trusted {
        words.tell(io, format!("{level}: The certificate of {quoted} is not trusted.\n"));
        words.tell(
            io,
            format!("{level}: The certificate of {quoted} doesn't have a known issuer.\n"),
        );
    }
    let named = names.iter().any(|name| name.eq_ignore_ascii_case(host));
    if !named {
        words.tell(io, format!("The certificate's owner does not match hostname {quoted}\n"));
    }
    arguments.insecure || trusted && named
}

/// Bytes without any HTTP in them are HTTP/0.9.
fn plain_response(body: Vec<u8>) -> HttpResponse {
    let reason = "No headers, assuming HTTP/0.9".to_owned();
    HttpResponse { status: 200, reason, body, ..HttpResponse::default() }
}

/// The length that the server tells.
fn told_length(response: &HttpResponse) -> Option<usize> {
    response.header("content-length").and_then(|value| value.parse().ok())
}

/// `site (site)|10.98.110.181|:80`, or `10.98.110.181:80`
fn shown(host: &str, to: SocketAddr) -> String {
    match host.parse::<IpAddr>() {
        Ok(_) => to.to_string(),
        Err(_) => format!("{host} ({host})|{}|:{}", to.ip(), to.port()),
    }
}

/// Where a download goes: a name that is taken gets a number.
fn file_name(arguments: &Arguments, io: &Io<'_>, url: &Url, response: &HttpResponse) -> String {
    if let Some(output) = &arguments.output {
        return output.clone();
    }
    let mut path = request::path(arguments, url, response.header("content-type"));
    let told = response.header("content-disposition").filter(|_| arguments.told_name);
    if let Some(name) = told.and_then(disposed_name) {
        let folder =
            path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        path = format!("{folder}{name}");
    }
    let taken = |path: &str| io.read_file(path).is_ok();
    let replaced = arguments.newer || arguments.has_folders() || arguments.backups.is_some();
    if !taken(&path) || arguments.resume || replaced {
        return path;
    }
    (1..).map(|number| format!("{path}.{number}")).find(|path| !taken(path)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_a_name() {
        let to = "10.96.200.200:80".parse().unwrap();
        assert_eq!(shown("10.96.200.200", to), "10.96.200.200:80");
        assert_eq!(shown("site", to), "site (site)|10.96.200.200|:80");
    }
}
