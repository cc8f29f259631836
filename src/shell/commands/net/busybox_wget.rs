//! BusyBox's wget.

use std::collections::VecDeque;
use std::time::Duration;

use super::curl::unescape;
use super::families::Families;
use super::fetch::{Failure, Fetch, FetchEvent, Limits, note, note_bad_url};
use super::url::Url;
use crate::cluster::{Ending, HttpRequest, HttpResponse, Libc, Reply};
use crate::shell::commands::text::base64;
use crate::shell::commands::trouble::dial_trouble;
use crate::shell::{Io, Step, Tool};

/// Redirects that are followed.
const MAX_REDIRECTS: u32 = 15;

/// What a wget was asked to do.
#[derive(Clone, Debug, Default)]
struct Arguments {
    urls: Vec<String>,
    quiet: bool,
    show_headers: bool,
    spider: bool,
    resume: bool,
    insecure: bool,
    no_proxy: bool,
    output: Option<String>,
    log: Option<String>,
    folder: Option<String>,
    timeout: Option<Duration>,
    headers: Vec<(String, String)>,
    agent: Option<String>,
    post: Option<String>,
    post_file: Option<String>,
}

/// Why a command line is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wrong {
    /// The C library's getopt says it; usage follows.
    Unknown(String),
    Missing(String),
    Ambiguous(String),
    /// BusyBox itself says it.
    Invalid(String),
}

/// A running wget.
#[derive(Clone, Debug)]
struct Wget {
    arguments: Result<Arguments, Wrong>,
    /// URLs to come.
    waiting: VecDeque<String>,
    fetch: Option<Fetch>,
    redirects: u32,
    begun: bool,
}

/// wget with these arguments.
pub(in crate::shell::commands) fn start(arguments: &[String]) -> Box<dyn Tool> {
    let arguments = Arguments::parse(arguments);
    let urls = arguments.as_ref().map(|arguments| arguments.urls.clone()).unwrap_or_default();
    let waiting = urls.into();
    Box::new(Wget { arguments, waiting, fetch: None, redirects: 0, begun: false })
}

/// Long options, the letter that each stands for, and whether it takes a value.
const LONG: &[(&str, char, bool)] = &[
    ("continue", 'c', false),
    ("quiet", 'q', false),
    ("server-response", 'S', false),
    ("output-document", 'O', true),
    ("output-file", 'o', true),
    ("directory-prefix", 'P', true),
    ("proxy", 'Y', true),
    ("user-agent", 'U', true),
    ("timeout", 'T', true),
    ("tries", 't', true),
    ("header", 'h', true),
    ("post-data", 'd', true),
    ("post-file", 'f', true),
    ("spider", 's', false),
    ("no-check-certificate", 'k', false),
    // These are taken for GNU wget's sake, and change nothing.
    ("no-verbose", '-', false),
    ("no-clobber", '-', false),
    ("no-host-directories", '-', false),
    ("no-parent", '-', false),
];

impl Arguments {
    fn parse(words: &[String]) -> Result<Arguments, Wrong> {
        let mut arguments = Arguments::default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if word == "--" {
                arguments.urls.extend(words.by_ref().map(str::to_owned));
            } else if let Some(long) = word.strip_prefix("--") {
                arguments.long(long, &mut words)?;
            } else if word.len() > 1 && word.starts_with('-') {
                arguments.shorts(&word[1..], &mut words)?;
            } else {
                arguments.urls.push(word.to_owned());
            }
        }
        Ok(arguments)
    }

    fn long<'w>(
        &mut self,
        text: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), Wrong> {
        let (name, inline) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let mut fitting = LONG.iter().filter(|(known, ..)| known.starts_with(name));
        let exact = LONG.iter().find(|(known, ..)| *known == name);
        let found = match (exact, fitting.next(), fitting.next()) {
            (Some(exact), ..) => exact,
            (None, Some(only), None) => only,
            (None, None, _) => return Err(Wrong::Unknown(format!("--{text}"))),
            (None, Some(_), Some(_)) => return Err(Wrong::Ambiguous(name.to_owned())),
        };
        let (known, letter, takes) = *found;
        let value = match takes {
            true => inline.or_else(|| words.next()),
            false => Some(""),
        };
        self.option(letter, value.ok_or_else(|| Wrong::Missing(format!("--{known}")))?)
    }

    fn shorts<'w>(
        &mut self,
        group: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), Wrong> {
        for (at, letter) in group.char_indices() {
            let rest = &group[at + letter.len_utf8()..];
            match letter {
                'c' | 'q' | 'S' => self.option(letter, "")?,
                // `-nv` and the like are taken for GNU wget's sake.
                'n' => return Ok(()),
                'O' | 'o' | 'P' | 'Y' | 'U' | 'T' | 't' => {
                    let value = if rest.is_empty() { words.next() } else { Some(rest) };
                    let value = value.ok_or_else(|| Wrong::Missing(letter.to_string()))?;
                    return self.option(letter, value);
                }
                other => return Err(Wrong::Unknown(other.to_string())),
            }
        }
        Ok(())
    }

    fn option(&mut self, letter: char, value: &str) -> Result<(), Wrong> {
        let text = Some(value.to_owned());
        match letter {
            'c' => self.resume = true,
            'q' => self.quiet = true,
            'S' => self.show_headers = true,
            's' => self.spider = true,
            'k' => self.insecure = true,
            'O' => self.output = text,
            'o' => self.log = text,
            'P' => self.folder = text,
            'U' => self.agent = text,
            'd' => self.post = text,
            'f' => self.post_file = text,
            'Y' => self.no_proxy = value == "off",
            'T' => {
                let seconds = value.parse();
                let seconds =
                    seconds.map_err(|_| Wrong::Invalid(format!("invalid number '{value}'")))?;
                self.timeout = Some(Duration::from_secs(seconds)).filter(|time| !time.is_zero());
            }
            'h' => {
                let (key, value) = value.split_once(':').unwrap_or((value, ""));
                self.headers.push((key.to_owned(), value.trim().to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    /// A header of the command line, if it is there.
    fn own(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

/// What is wrong with a command line, as the place's C library words it.
fn write_error(io: &mut Io<'_>, wrong: &Wrong) -> Step {
    let musl = io.cluster.library(io.place) == Libc::Musl;
    let bare = |option: &str| option.trim_start_matches('-').to_owned();
    let told = match wrong {
        Wrong::Unknown(option) if option == "--help" => {
            io.write_error(USAGE);
            return Step::Exit(0);
        }
        Wrong::Invalid(told) => {
            io.write_error(format!("wget: {told}"));
            return Step::Exit(1);
        }
        Wrong::Ambiguous(option) if musl => format!("option is ambiguous: {option}"),
        Wrong::Ambiguous(option) => {
            let fitting = LONG.iter().filter(|(known, ..)| known.starts_with(option.as_str()));
            let all: Vec<String> = fitting.map(|(known, ..)| format!("'--{known}'")).collect();
            format!("option '--{option}' is ambiguous; possibilities: {}", all.join(" "))
        }
        Wrong::Unknown(option) if musl => {
            let name = bare(option);
            format!("unrecognized option: {}", name.split('=').next().unwrap_or(""))
        }
        Wrong::Unknown(option) if option.starts_with("--") => {
            format!("unrecognized option '{option}'")
        }
        Wrong::Unknown(letter) => format!("invalid option -- '{letter}'"),
        Wrong::Missing(option) if musl => format!("option requires an argument: {}", bare(option)),
        Wrong::Missing(option) if option.starts_with("--") => {
            format!("option '{option}' requires an argument")
        }
        Wrong::Missing(letter) => format!("option requires an argument -- '{letter}'"),
    };
    io.write_error(format!("wget: {told}"));
    io.write_error(USAGE);
    Step::Exit(1)
}

impl Tool for Wget {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let arguments = match &self.arguments {
            Ok(arguments) => arguments.clone(),
            Err(wrong) => return write_error(io, wrong),
        };
        let Some(log) = &arguments.log else { return self.run(&arguments, io) };
        if !self.begun
            && let Err(why) = io.write_file(log, b"")
        {
            return fail(io, &format!("can't open '{log}': {why}"));
        }
        let before = io.stderr.len();
        let step = self.run(&arguments, io);
        let said = io.stderr.split_off(before);
        let mut content = io.read_file(log).unwrap_or_default();
        content.extend_from_slice(&said);
        // That it can be written was seen when it was opened.
        let _ = io.write_file(log, &content);
        step
    }
}

impl Wget {
    fn run(&mut self, arguments: &Arguments, io: &mut Io<'_>) -> Step {
        if arguments.urls.is_empty() {
            io.write_error(USAGE);
            return Step::Exit(1);
        }
        if !self.begun
            && let Some(file) =
                arguments.output.as_ref().filter(|file| *file != "-" && *file != "/dev/null")
            && arguments.urls.len() > 1
        {
            // All URLs go into one file.
            let _ = io.write_file(file, b"");
        }
        self.begun = true;
        loop {
            if self.fetch.is_none() {
                let Some(text) = self.waiting.pop_front() else { return Step::Exit(0) };
                match parsed(&text) {
                    Ok(url) => match fetch(arguments, io, url, false) {
                        Ok(fetch) => self.fetch = Some(fetch),
                        Err(told) => return fail(io, &told),
                    },
                    Err(told) => {
                        note_bad_url(io, &text);
                        return fail(io, &told);
                    }
                }
                self.redirects = 0;
            }
            match self.go_on(arguments, io) {
                Some(Step::Exit(0)) => self.fetch = None,
                Some(step) => return step,
                None => {}
            }
        }
    }

    /// Goes on with one URL until it waits or ends.
    fn go_on(&mut self, arguments: &Arguments, io: &mut Io<'_>) -> Option<Step> {
        loop {
            let Some(fetch) = &mut self.fetch else { return Some(Step::Exit(1)) };
            match fetch.step(io) {
                FetchEvent::Wait(until) => return Some(Step::Until(until)),
                FetchEvent::Resolved | FetchEvent::Connected(_) => {}
                // It tries the first address alone (recording 30).
                FetchEvent::NotThere(to, why) => {
                    let failure = Failure::Dial { to, why, after: Duration::ZERO };
                    note(io, fetch.url(), Ending::Dial { to, why });
                    return Some(failed(io, fetch.url(), &failure));
                }
                FetchEvent::Trying(to) => {
                    if !arguments.quiet {
                        let through = proxy(arguments, io, fetch.url());
                        let shown = shown_host(through.as_ref().unwrap_or(fetch.url()));
                        io.write_error(format!("Connecting to {shown} ({to})"));
                    }
                }
                FetchEvent::Failed(failure) => return Some(failed(io, fetch.url(), &failure)),
                FetchEvent::Replied(reply) => {
                    if let Some(step) = self.replied(arguments, io, reply) {
                        return Some(step);
                    }
                }
            }
        }
    }

    /// What came back; `None` when a redirect is followed.
    fn replied(&mut self, arguments: &Arguments, io: &mut Io<'_>, reply: Reply) -> Option<Step> {
        let url = self.fetch.as_ref()?.url().clone();
        let response = match reply {
            Reply::Http(response) if !url.is_tls() => response,
            Reply::Tls { response, .. } if url.is_tls() => {
                io.write_error("wget: note: TLS certificate validation not implemented");
                response
            }
            Reply::Http(_) | Reply::Bytes(_) if url.is_tls() => {
                io.write_error("wget: note: TLS certificate validation not implemented");
                io.write_error("wget: TLS error from peer (alert code 70): 70");
                return Some(fail(io, "error getting response"));
            }
            Reply::Reset => {
                return Some(fail(io, "error getting response: Connection reset by peer"));
            }
            _ => return Some(fail(io, "error getting response")),
        };
        if arguments.show_headers {
            io.write_error(format!(
                "  {} {} {}",
                response.version, response.status, response.reason
            ));
            // It reads no further than it needs to: of an error the first line, of a redirect as far
            // as the header that says where to.
            let redirect = (300..400).contains(&response.status);
            let failed = response.status >= 400;
            for (key, value) in response.headers.iter().take_while(|_| !failed) {
                io.write_error(format!("  {key}: {value}"));
                if redirect && key.eq_ignore_ascii_case("location") {
                    break;
                }
            }
            if !(failed || redirect && response.header("location").is_some()) {
                io.write_error("  ");
            }
        }
        if let Some(location) =
            response.header("location").filter(|_| (300..400).contains(&response.status))
        {
            return self.follow(arguments, io, &url, location);
        }
        if response.status >= 400 {
            let told = format!(
                "server returned error: {} {} {}",
                response.version, response.status, response.reason
            );
            return Some(fail(io, &told));
        }
        Some(save(arguments, io, &url, &response))
    }

    fn follow(
        &mut self,
        arguments: &Arguments,
        io: &mut Io<'_>,
        url: &Url,
        location: &str,
    ) -> Option<Step> {
        self.redirects += 1;
        if self.redirects > MAX_REDIRECTS {
            return Some(fail(io, "too many redirections"));
        }
        match url.join(location) {
            Ok(next) => match fetch(arguments, io, next, true) {
                Ok(fetch) => {
                    self.fetch = Some(fetch);
                    None
                }
                Err(told) => Some(fail(io, &told)),
            },
            Err(_) => Some(fail(io, &format!("not an http or ftp url: {location}"))),
        }
    }
}

/// A URL as this wget reads it (`parse_url`): the path begins behind the first `/`, `?` or `#`, and is sent
/// as it is.
///
/// # Errors
/// What is said of a text that is none.
fn parsed(text: &str) -> Result<Url, String> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https" | "ftp"), rest)) => (scheme, rest),
        Some(_) => return Err(format!("not an http or ftp url: {text}")),
        None => ("http", text),
    };
    let end = rest.find(['/', '?', '#']);
    let (place, path) = end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 1..]));
    let (user, place) = match place.rsplit_once('@') {
        Some((user, place)) => (Some(user.to_owned()), place),
        None => (None, place),
    };
    let bracketed = place.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, port)) => (host, port.strip_prefix(':')),
        // A second colon makes it a name.
        None => match place.split_once(':').filter(|(_, port)| !port.contains(':')) {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let number = |port: &str| port.parse::<u16>().ok().filter(|_| !port.starts_with('+'));
    let given = match port {
        Some(port) => Some(number(port).ok_or_else(|| format!("bad port '{port}'"))?),
        None => None,
    };
    if host.is_empty() {
        return Err("bad address ''".to_owned());
    }
    let usual = match scheme {
        "https" => 443,
        "ftp" => 21,
        _ => 80,
    };
    Ok(Url {
        scheme: scheme.to_owned(),
        host: host.to_owned(),
        port: given.unwrap_or(usual),
        explicit_port: given.is_some(),
        empty_port: false,
        target: format!("/{path}"),
        user,
    })
}

/// The file that a URL is saved to: what stands behind its last slash, the query too.
fn file_for(arguments: &Arguments, url: &Url) -> String {
    let named = match url.target.rsplit('/').next().unwrap_or_default() {
        "" => "index.html",
        name => name,
    };
    arguments.output.clone().unwrap_or_else(|| match &arguments.folder {
        Some(folder) => format!("{folder}/{named}"),
        None => named.to_owned(),
    })
}

/// A request on its way to a URL; a redirect is asked for without a body.
///
/// # Errors
/// The body's file that cannot be read.
fn fetch(arguments: &Arguments, io: &Io<'_>, url: Url, redirected: bool) -> Result<Fetch, String> {
    let body = match (&arguments.post, &arguments.post_file) {
        _ if redirected => None,
        (_, Some(file)) => {
            Some(io.read_file(file).map_err(|why| format!("can't open '{file}': {why}"))?)
        }
        (post, None) => post.as_ref().map(|text| text.clone().into_bytes()),
    };
    let mut headers = Vec::new();
    let mut put = |name: &str, value: String| {
        if !arguments.own(name) {
            headers.push((name.to_owned(), value));
        }
    };
    put("Host", url.authority());
    put("User-Agent", arguments.agent.clone().unwrap_or_else(|| "Wget".to_owned()));
    put("Connection", "close".to_owned());
    if let Some(user) = url.user.as_deref() {
        put("Authorization", format!("Basic {}", base64::encode(unescape(user).as_bytes())));
    }
    let file = file_for(arguments, &url);
    let kept = io.read_file(&file).ok().filter(|_| arguments.resume);
    let kept = kept.map_or(0, |content| content.len());
    if kept > 0 {
        put("Range", format!("bytes={kept}-"));
    }
    headers.extend(arguments.headers.clone());
    if let Some(body) = &body {
        if !arguments.own("content-type") {
            let form = "application/x-www-form-urlencoded".to_owned();
            headers.push(("Content-Type".to_owned(), form));
        }
        headers.push(("Content-Length".to_owned(), body.len().to_string()));
    }
    let via = proxy(arguments, io, &url).map(|place| (place.host, place.port));
    let target = match via {
        Some(_) => format!("{}://{}{}", url.scheme, url.authority(), url.target),
        None => url.target.clone(),
    };
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.unwrap_or_default();
    let request = HttpRequest {
        version: Default::default(),
        method: method.to_owned(),
        target,
        headers,
        body,
    };
    // -T bounds no lookup (recording 30: a dead name server is waited for).
    let limits = Limits { dial: arguments.timeout, answer: arguments.timeout, ..Limits::default() };
    Ok(Fetch::new(url, request, limits, io.now()).via(via).families(Families::OneV4First))
}

/// The proxy: of `https://`, too, it asks `http_proxy`.
fn proxy(arguments: &Arguments, io: &Io<'_>, url: &Url) -> Option<Url> {
    let name = if url.scheme == "ftp" { "ftp_proxy" } else { "http_proxy" };
    let text = io.environment.get(name).filter(|text| !text.is_empty() && !arguments.no_proxy)?;
    parsed(text).ok()
}

/// The host as it was typed: with its port where one was given.
fn shown_host(url: &Url) -> String {
    let host = url.written_host();
    if url.explicit_port { format!("{host}:{}", url.port) } else { host }
}

fn save(arguments: &Arguments, io: &mut Io<'_>, url: &Url, response: &HttpResponse) -> Step {
    if arguments.spider {
        if !arguments.quiet {
            io.write_error("remote file exists");
        }
        return Step::Exit(0);
    }
    let file = file_for(arguments, url);
    if file == "-" {
        if !arguments.quiet {
            io.write_error("writing to stdout");
        }
        io.stdout.extend_from_slice(&response.body);
        if response.status != 204 {
            progress(arguments, io, "-", response.body.len());
        }
        if !arguments.quiet {
            io.write_error("written to stdout");
        }
        return Step::Exit(0);
    }
    if arguments.output.is_none() && !arguments.resume && io.read_file(&file).is_ok() {
        return fail(io, &format!("can't open '{file}': File exists"));
    }
    let more = arguments.output.is_some() && arguments.urls.len() > 1
        || arguments.resume && response.status == 206;
    let mut content = if more { io.read_file(&file).unwrap_or_default() } else { Vec::new() };
    content.extend_from_slice(&response.body);
    if file != "/dev/null"
        && let Err(why) = io.write_file(&file, &content)
    {
        return fail(io, &format!("can't open '{file}': {why}"));
    }
    if !arguments.quiet {
        io.write_error(format!("saving to '{file}'"));
    }
    let shown = file.rsplit('/').next().unwrap_or(&file).to_owned();
    let bytes = if arguments.resume { content.len() } else { response.body.len() };
    progress(arguments, io, &shown, bytes);
    if !arguments.quiet {
        io.write_error(format!("'{file}' saved"));
    }
    Step::Exit(0)
}

fn progress(arguments: &Arguments, io: &mut Io<'_>, name: &str, bytes: usize) {
    if !arguments.quiet && arguments.log.is_none() {
        io.write_error(format!("{name:<20} 100% |{}| {bytes:>5}  0:00:00 ETA", "*".repeat(32)));
    }
}

fn failed(io: &mut Io<'_>, url: &Url, failure: &Failure) -> Step {
    let told = match failure {
        Failure::Name(_) | Failure::SlowName { .. } => format!("bad address '{}'", shown_host(url)),
        Failure::Dial { to, why, .. } => {
            let why = dial_trouble(io, *why);
            match to.ip().is_ipv4() {
                true => format!("can't connect to remote host ({}): {why}", to.ip()),
                false => format!("can't connect to remote host: {why}"),
            }
        }
        Failure::SlowDial { .. } | Failure::SlowAnswer { .. } => "download timed out".to_owned(),
    };
    fail(io, &told)
}

fn fail(io: &mut Io<'_>, told: &str) -> Step {
    io.write_error(format!("wget: {told}"));
    Step::Exit(1)
}

const USAGE: &str = "BusyBox v1.37.0 multi-call binary.

Usage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]
\t[--post-data STR | --post-file FILE] [-Y on/off]
\t[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...

Retrieve files via HTTP or FTP

\t--spider\tOnly check URL existence: $? is 0 if exists
\t--header STR\tAdd STR (of form 'header: value') to headers
\t--post-data STR\tSend STR using POST method
\t--post-file FILE\tSend FILE using POST method
\t--no-check-certificate\tDon't validate the server's certificate
\t-c\t\tContinue retrieval of aborted transfer
\t-q\t\tQuiet
\t-P DIR\t\tSave to DIR (default .)
\t-S    \t\tShow server response
\t-T SEC\t\tNetwork read timeout is SEC seconds
\t-O FILE\t\tSave to FILE ('-' for stdout)
\t-o LOGFILE\tLog messages to FILE
\t-U STR\t\tUse STR for User-Agent header
\t-Y on/off\tUse proxy";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_flags_take_values_in_both_forms() {
        let words = ["-qO-", "-T", "2", "http://db:80"].map(str::to_owned);
        let arguments = Arguments::parse(&words).unwrap();
        assert!(arguments.quiet);
        assert_eq!(arguments.output.as_deref(), Some("-"));
        assert_eq!(arguments.timeout, Some(Duration::from_secs(2)));
    }

    #[test]
    fn an_unknown_flag_is_told() {
        assert!(Arguments::parse(&["-Z".to_owned()]).is_err());
    }
}
