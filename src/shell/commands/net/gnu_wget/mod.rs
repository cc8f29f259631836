//! GNU wget, in the words of its 1.21 (recording 31).

mod arguments;
mod report;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use arguments::{Arguments, Volume};
use report::Words;

use super::fetch::{Failure, Fetch, Happening, Limits, note};
use super::reverse::name_trouble;
use super::url::{BadUrl, Url};
use crate::clock::SimTime;
use crate::cluster::{Connection, DialFailure, Ending, HttpRequest, HttpResponse, Issuer, Reply};
use crate::network::SocketAddr;
use crate::shell::{Io, Step, Tool};

/// Exit codes (the manual's "Exit Status").
const GENERIC: i32 = 1;
const USAGE: i32 = 2;
const FILE: i32 = 3;
const NETWORK: i32 = 4;
const CERTIFICATE: i32 = 5;
const LOGIN: i32 = 6;
const SERVER: i32 = 8;

/// The longest pause between two tries.
const LONGEST_PAUSE: u32 = 10;

/// A running wget.
#[derive(Clone, Debug)]
struct Wget {
    arguments: Result<Arguments, String>,
    session: Option<Session>,
}

/// What it has done so far.
#[derive(Clone, Debug)]
struct Session {
    begun: SimTime,
    waiting: VecDeque<String>,
    state: State,
    /// Names that were looked up already.
    known: BTreeMap<String, IpAddr>,
    /// A connection that the server keeps open, and whose it is.
    open: Option<(String, u16, Connection)>,
    files: u32,
    bytes: usize,
    /// Whether `-O FILE` has been begun.
    written: bool,
    exit: i32,
}

#[derive(Clone, Debug)]
enum State {
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
}

/// wget with these arguments.
pub(super) fn start(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Wget { arguments: Arguments::parse(arguments), session: None })
}

impl Tool for Wget {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let arguments = match &self.arguments {
            Ok(arguments) if arguments.urls.is_empty() => {
                return usage(io, "missing URL", GENERIC);
            }
            Ok(arguments) => arguments.clone(),
            Err(message) => return usage(io, message, USAGE),
        };
        let session = self.session.get_or_insert_with(|| Session {
            begun: io.now(),
            waiting: arguments.urls.iter().cloned().collect(),
            state: State::Next,
            known: BTreeMap::new(),
            open: None,
            files: 0,
            bytes: 0,
            written: false,
            exit: 0,
        });
        let words = Words::new(arguments.volume, io);
        loop {
            if let Some(step) = session.go_on(&arguments, words, io) {
                return step;
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

impl Session {
    /// One thing after the other; what to wait for, if there is something.
    fn go_on(&mut self, arguments: &Arguments, words: Words, io: &mut Io<'_>) -> Option<Step> {
        match std::mem::replace(&mut self.state, State::Next) {
            State::Next => match self.waiting.pop_front() {
                Some(text) => self.begin(arguments, words, io, &text),
                None => return Some(self.finish(arguments, words, io)),
            },
            State::Pause(until, download) if until > io.now() => {
                self.state = State::Pause(until, download);
                return Some(Step::Until(until));
            }
            State::Pause(_, download) => self.fetch(arguments, words, io, *download),
            State::Fetching(download, mut fetch) => match fetch.step(io) {
                Happening::Wait(until) => {
                    self.state = State::Fetching(download, fetch);
                    return Some(Step::Until(until));
                }
                happening => self.happened(arguments, words, io, (download, fetch), happening),
            },
        }
        None
    }

    fn begin(&mut self, arguments: &Arguments, words: Words, io: &mut Io<'_>, text: &str) {
        match Url::parse(text) {
            Ok(url) => {
                let download = Download { url, tries: 0, redirects: 0, connection: None };
                self.fetch(arguments, words, io, download);
            }
            Err(why) => {
                let why = match why {
                    BadUrl::Port(_) => "Bad port number.".to_owned(),
                    BadUrl::Scheme(scheme) => {
                        format!("Unsupported scheme {}.", words.quoted(&scheme))
                    }
                    BadUrl::Malformed => "Invalid host name.".to_owned(),
                };
                io.complain(format!("{text}: {why}"));
                self.fail(GENERIC);
            }
        }
    }

    /// Starts a try.
    fn fetch(
        &mut self,
        arguments: &Arguments,
        words: Words,
        io: &mut Io<'_>,
        mut download: Download,
    ) {
        download.tries += 1;
        let url = download.url.clone();
        if arguments.spider {
            words.verbose(io, "Spider mode enabled. Check if remote file exists.\n");
        }
        let again = match download.tries {
            1 => String::new(),
            tries => format!("  (try:{tries:2})"),
        };
        let now = report::stamp(io.now());
        words.verbose(io, format!("--{now}--{again}  {}\n", url.text()));
        let limits =
            Limits { connect: arguments.timeout, total: None, each: Some(arguments.read_timeout) };
        let mut fetch = Fetch::new(url.clone(), request(arguments, &url), limits, io.now())
            .families(arguments.families);
        let open =
            self.open.take().filter(|(host, port, _)| *host == url.host && *port == url.port);
        if let Some((host, port, connection)) = open {
            words.verbose(io, format!("Reusing existing connection to {host}:{port}.\n"));
            if !url.is_tls() {
                words.verbose(io, "HTTP request sent, awaiting response... ");
            }
            download.connection = Some(connection.clone());
            fetch = fetch.over(connection);
        } else if let Some(address) = self.known.get(&url.host) {
            fetch = fetch.pinned(Some(*address));
        } else if url.address().is_none() {
            words.verbose(io, format!("Resolving {0} ({0})... ", url.host));
        }
        self.state = State::Fetching(Box::new(download), Box::new(fetch));
    }

    fn happened(
        &mut self,
        arguments: &Arguments,
        words: Words,
        io: &mut Io<'_>,
        (mut download, fetch): (Box<Download>, Box<Fetch>),
        happening: Happening,
    ) {
        match happening {
            Happening::Wait(_) => {}
            Happening::Resolved => {
                let addresses: Vec<String> =
                    fetch.addresses().iter().map(ToString::to_string).collect();
                let shown = addresses.get(..3).unwrap_or(&addresses).join(", ");
                let more = if addresses.len() > 3 { ", ..." } else { "" };
                words.verbose(io, format!("{shown}{more}\n"));
            }
            Happening::Trying(to) => {
                words.verbose(io, format!("Connecting to {}... ", shown(&download.url, to)));
            }
            Happening::NotThere(_, why) => {
                words.verbose(io, format!("failed: {}.\n", dial_trouble(why)));
            }
            Happening::Connected(connection) => {
                self.known.insert(download.url.host.clone(), connection.remote.ip());
                words.verbose(io, "connected.\n");
                if !download.url.is_tls() {
                    words.verbose(io, "HTTP request sent, awaiting response... ");
                }
                download.connection = Some(connection);
            }
            Happening::Replied(reply) => {
                return self.replied(arguments, words, io, *download, reply);
            }
            Happening::Failed(failure) => {
                return self.failed(arguments, words, io, *download, &failure);
            }
        }
        self.state = State::Fetching(download, fetch);
    }

    fn failed(
        &mut self,
        arguments: &Arguments,
        words: Words,
        io: &mut Io<'_>,
        download: Download,
        failure: &Failure,
    ) {
        match failure {
            Failure::Name(_) | Failure::SlowName { .. } => {
                let why = match failure {
                    Failure::Name(why) => name_trouble(*why),
                    _ => "Connection timed out",
                };
                words.verbose(io, format!("failed: {why}.\n"));
                let host = words.quoted(&download.url.host);
                words.tell(io, format!("wget: unable to resolve host address {host}\n"));
                self.fail(NETWORK);
            }
            Failure::Dial { why, .. } => {
                words.verbose(io, format!("failed: {}.\n", dial_trouble(*why)));
                match why {
                    DialFailure::Refused | DialFailure::Unreachable | DialFailure::NoNetwork
                        if !arguments.retry_refused =>
                    {
                        self.fail(NETWORK);
                    }
                    _ => self.again(arguments, words, io, download),
                }
            }
            Failure::SlowDial { .. } => {
                words.verbose(io, "failed: Connection timed out.\n");
                self.again(arguments, words, io, download);
            }
            Failure::SlowAnswer { .. } => {
                words.verbose(io, "Read error (Connection timed out) in headers.\n");
                self.again(arguments, words, io, download);
            }
        }
    }

    /// Another try, or the end of it.
    fn again(&mut self, arguments: &Arguments, words: Words, io: &mut Io<'_>, download: Download) {
        if arguments.tries.is_some_and(|tries| download.tries >= tries) {
            words.verbose(io, "Giving up.\n\n");
            return self.fail(NETWORK);
        }
        words.verbose(io, "Retrying.\n\n");
        let pause = Duration::from_secs(u64::from(download.tries.min(LONGEST_PAUSE)));
        self.state = State::Pause(io.now() + pause, Box::new(download));
    }

    fn replied(
        &mut self,
        arguments: &Arguments,
        words: Words,
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
                words.verbose(io, "Read error (Connection reset by peer) in headers.\n");
                self.again(arguments, words, io, download);
            }
            Reply::Closed | Reply::Silence | Reply::Tls { .. } => {
                words.verbose(io, "No data received.\n");
                self.again(arguments, words, io, download);
            }
        }
    }

    /// An HTTP response: save it, follow it or fail.
    fn response(
        &mut self,
        arguments: &Arguments,
        words: Words,
        io: &mut Io<'_>,
        download: Download,
        response: HttpResponse,
    ) {
        if arguments.show_headers {
            words.verbose(io, "\n");
            words.tell(
                io,
                format!("  {} {} {}\n", response.version, response.status, response.reason),
            );
            for (name, value) in &response.headers {
                words.tell(io, format!("  {name}: {value}\n"));
            }
        } else {
            words.verbose(io, format!("{} {}\n", response.status, response.reason));
        }
        self.keep(arguments, &download, &response);
        let location =
            response.header("location").filter(|_| (300..400).contains(&response.status));
        if let Some(location) = location {
            return self.follow(arguments, words, io, download, location);
        }
        if response.status == 401 {
            words.verbose(io, "\nUsername/Password Authentication Failed.\n");
            return self.fail(LOGIN);
        }
        if response.status >= 400 {
            if arguments.spider {
                words.tell(io, "Remote file does not exist -- broken link!!!\n");
            } else {
                if words.volume == Volume::Terse {
                    words.tell(io, format!("{}:\n", download.url.text()));
                }
                let now = report::stamp(io.now());
                let (status, reason) = (response.status, &response.reason);
                words.tell(io, format!("{now} ERROR {status}: {reason}.\n"));
            }
            words.verbose(io, "\n");
            return self.fail(SERVER);
        }
        if arguments.spider {
            return self.exists(words, io, &download, &response);
        }
        self.save(arguments, words, io, &download, &response);
    }

    /// Keeps the connection for the next request, if the server does.
    fn keep(&mut self, arguments: &Arguments, download: &Download, response: &HttpResponse) {
        let closes =
            response.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
                || response.header("content-length").is_none();
        self.open = download
            .connection
            .clone()
            .filter(|_| !closes && !arguments.spider)
            .map(|connection| (download.url.host.clone(), download.url.port, connection));
    }

    fn follow(
        &mut self,
        arguments: &Arguments,
        words: Words,
        io: &mut Io<'_>,
        download: Download,
        location: &str,
    ) {
        let Ok(url) = download.url.join(location) else {
            io.complain(format!("{location}: Invalid URL."));
            return self.fail(GENERIC);
        };
        words.verbose(io, format!("Location: {location} [following]\n"));
        if download.redirects >= arguments.max_redirects {
            words.tell(io, format!("{} redirections exceeded.\n", arguments.max_redirects));
            return self.fail(SERVER);
        }
        let redirects = download.redirects + 1;
        self.fetch(arguments, words, io, Download { url, tries: 0, redirects, connection: None });
    }

    fn exists(
        &mut self,
        words: Words,
        io: &mut Io<'_>,
        download: &Download,
        response: &HttpResponse,
    ) {
        words.verbose(io, report::length(response, told_length(response)));
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
        words: Words,
        io: &mut Io<'_>,
        download: &Download,
        response: &HttpResponse,
    ) {
        let bytes = response.body.len();
        let length = told_length(response);
        let file = file_name(arguments, io, &download.url);
        let stdout = file == "-";
        let named = words.quoted(if stdout { "STDOUT" } else { &file });
        words.verbose(io, report::length(response, length));
        words.verbose(io, format!("Saving to: {named}\n\n"));
        let shown = file.rsplit('/').next().unwrap_or(&file).to_owned();
        let shown = if arguments.output.as_ref().is_some_and(|path| path.contains('/')) {
            file.clone()
        } else {
            shown
        };
        if stdout {
            if io.terminal && bytes > 0 {
                words.verbose(io, report::bar_begins(&shown, length));
            }
            io.stdout.extend_from_slice(&response.body);
            if io.terminal && !response.body.is_empty() && !response.body.ends_with(b"\n") {
                words.verbose(io, "\n");
            }
        } else if let Err(why) = self.write(arguments, io, &file, &response.body) {
            words.tell(io, format!("{file}: {why}\n\nCannot write to {named} ({why}).\n"));
            return self.fail(FILE);
        }
        words.verbose(io, report::bar_ends(&shown, length, bytes));
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
        if arguments.output.is_some() && std::mem::replace(&mut self.written, true) {
            content = io.read_file(file)?;
        }
        content.extend_from_slice(body);
        io.write_file(file, &content)
    }

    fn fail(&mut self, code: i32) {
        self.exit = if self.exit == 0 { code } else { self.exit.min(code) };
    }

    fn finish(&self, arguments: &Arguments, words: Words, io: &mut Io<'_>) -> Step {
        if arguments.urls.len() > 1 && self.bytes > 0 {
            let wall = io.now().since(self.begun).as_secs_f64();
            let wall = if wall < 0.01 { "0s".to_owned() } else { format!("{wall:.2}s") };
            let (now, size) = (report::stamp(io.now()), report::size(self.bytes));
            words.tell(io, format!("FINISHED --{now}--\nTotal wall clock time: {wall}\n"));
            let (files, rate) = (self.files, report::rate(self.bytes));
            words.tell(io, format!("Downloaded: {files} files, {size} in 0s ({rate})\n"));
        }
        Step::Exit(self.exit)
    }
}

fn usage(io: &mut Io<'_>, message: &str, code: i32) -> Step {
    io.complain(format!("wget: {message}"));
    io.complain("Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.");
    Step::Exit(code)
}

fn request(arguments: &Arguments, url: &Url) -> HttpRequest {
    let method = match &arguments.method {
        Some(method) => method.clone(),
        None if arguments.spider => "HEAD".to_owned(),
        None => "GET".to_owned(),
    };
    let mut headers = vec![("Host".to_owned(), url.authority())];
    if !arguments.agent.is_empty() {
        headers.push(("User-Agent".to_owned(), arguments.agent.clone()));
    }
    for (name, value) in
        [("Accept", "*/*"), ("Accept-Encoding", "identity"), ("Connection", "Keep-Alive")]
    {
        headers.push((name.to_owned(), value.to_owned()));
    }
    for (name, value) in &arguments.headers {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    let body = arguments.body.clone().unwrap_or_default().into_bytes();
    HttpRequest { method, target: url.target.clone(), headers, body }
}

/// What is wrong with a server's certificate. Says whether to go on.
fn certificate(
    arguments: &Arguments,
    words: Words,
    io: &mut Io<'_>,
    host: &str,
    (names, issuer): (&[String], Issuer),
) -> bool {
    let level = if arguments.insecure { "WARNING" } else { "ERROR" };
    let quoted = words.quoted(host);
    let trusted = issuer == Issuer::Public;
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
fn shown(url: &Url, to: SocketAddr) -> String {
    match url.address() {
        Some(_) => to.to_string(),
        None => format!("{0} ({0})|{1}|:{2}", url.host, to.ip(), to.port()),
    }
}

fn dial_trouble(why: DialFailure) -> &'static str {
    match why {
        DialFailure::Refused => "Connection refused",
        DialFailure::Unreachable => "No route to host",
        DialFailure::NoNetwork => "Network is unreachable",
        DialFailure::Silence => "Connection timed out",
    }
}

/// Where a download goes: a name that is taken gets a number.
fn file_name(arguments: &Arguments, io: &Io<'_>, url: &Url) -> String {
    if let Some(output) = &arguments.output {
        return output.clone();
    }
    let name = match url.file_name() {
        "" => "index.html",
        name => name,
    };
    let name = match url.target.split_once('?') {
        Some((_, query)) => format!("{name}?{query}"),
        None => name.to_owned(),
    };
    let path = match &arguments.folder {
        Some(folder) => format!("{}/{name}", folder.trim_end_matches('/')),
        None => name,
    };
    let taken = |path: &str| io.read_file(path).is_ok();
    if !taken(&path) {
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
        assert_eq!(shown(&Url::parse("http://10.96.200.200").unwrap(), to), "10.96.200.200:80");
        assert_eq!(shown(&Url::parse("site").unwrap(), to), "site (site)|10.96.200.200|:80");
    }
}
