//! GNU wget, in the words of its 1.21 (recording 31).

mod arguments;
mod begin;
mod connect;
mod flags;
mod reply;
mod report;
mod request;
mod save;
mod tree;

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use arguments::{Arguments, Volume, Wrong};
use report::Messages;
use tree::{Leaf, Tree};

use super::curl::Jar;
use super::fetch::{Fetch, FetchEvent};
use super::url::{BadUrl, Url};
use crate::clock::SimTime;
use crate::cluster::Connection;
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
    /// Whether that connection is one of an earlier request.
    reused: bool,
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
        // A port that its scheme has anyway is not told.
        let usual = match url.scheme.as_str() {
            "https" => 443,
            "ftp" => 21,
            _ => 80,
        };
        let url = Url { explicit_port: url.explicit_port && url.port != usual, ..url };
        Download {
            first: url.clone(),
            url,
            tries: 0,
            redirects: 0,
            connection: None,
            reused: false,
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
        let words = Messages { debug: arguments.debug, ..Messages::new(arguments.volume(), io) };
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
            if matches!(file.as_str(), "/dev/stdout" | "-") {
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
        match read_url(arguments, words, text) {
            Ok(url) if arguments.https_only && arguments.list.is_some() && !url.is_tls() => {}
            Ok(url) if let Err((text, scheme)) = request::proxy(arguments, io, &url) => {
                let scheme = words.quoted(&scheme);
                let told =
                    format!("Error parsing proxy URL {text}: Unsupported scheme {scheme}.\n");
                words.tell(io, told);
                self.fail(SERVER);
            }
            Ok(mut url) => {
                url.remove_dots();
                let whole = if text.contains("://") { "" } else { "http://" };
                let encoding = if words.quotes.0 == '\'' { report::ASCII } else { "UTF-8" };
                words.debug(io, format!("URI encoding = {}\n", words.quoted(encoding)));
                words.converted(io, &format!("{whole}{text}"));
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
            Err(told) => {
                words.tell(io, format!("{told}.\n"));
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

    /// The lowest code is what it ends with, but for the general one, which is told last.
    fn fail(&mut self, code: i32) {
        let weight = |code: &i32| (*code == GENERIC, *code);
        let known = [self.exit, code].into_iter().filter(|code| *code != 0);
        self.exit = known.min_by_key(weight).unwrap_or(0);
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
        if self.many && arguments.quota > 0 && self.bytes > arguments.quota {
            let quota = report::short_size(arguments.quota);
            words.tell(io, format!("Download quota of {quota} EXCEEDED!\n"));
        }
        Step::Exit(self.exit)
    }
}

/// A URL of the command line or of a list, the latter beside `--base`.
///
/// # Errors
/// The text as it was read, and what is wrong with it.
fn read_url(arguments: &Arguments, words: Messages, text: &str) -> Result<Url, String> {
    let base = arguments.base.as_ref().filter(|_| arguments.list.is_some());
    let parsed = match base.and_then(|base| Url::parse(base).ok()) {
        Some(base) => base.join(text),
        None if !has_scheme(text) => return Err(format!("{text}: Scheme missing")),
        // A host cannot be left out.
        None if text.starts_with("http:///") || text.starts_with("https:///") => {
            Err(BadUrl::Malformed)
        }
        None => Url::parse(&safe(&written_out(text.trim()))),
    };
    parsed.map_err(|why| {
        let why = match why {
            BadUrl::Port(_) => "Bad port number".to_owned(),
            BadUrl::Scheme(scheme) => format!("Unsupported scheme {}", words.quoted(&scheme)),
            BadUrl::Malformed if text.contains("://[") && !text.contains(']') => {
                "Unterminated IPv6 numeric address".to_owned()
            }
            BadUrl::Malformed => "Invalid host name".to_owned(),
        };
        let whole = if text.contains("://") { "" } else { "http://" };
        format!("{whole}{text}: {why}")
    })
}

/// Whether what stands before `://` may be a scheme; true where none has to be.
fn has_scheme(text: &str) -> bool {
    // Without a host before it, nothing is made of a port or a path.
    if text.starts_with([':', '/']) {
        return false;
    }
    let Some((scheme, _)) =
        text.split_once("://").filter(|(scheme, _)| !scheme.contains(['/', ':']))
    else {
        return true;
    };
    let letter = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '+');
    !scheme.is_empty() && scheme.chars().all(letter)
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

/// A URL whose unsafe letters are written in hexadecimal (`reencode_escapes`).
fn safe(url: &str) -> String {
    let one = |byte: u8| match byte {
        b'!'..=b'~' if !b"\"<>\\^`{|}".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    url.bytes().map(one).collect()
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
