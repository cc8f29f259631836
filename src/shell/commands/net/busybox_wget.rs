//! BusyBox's wget.

use std::collections::VecDeque;
use std::time::Duration;

use super::curl::unescape;
use super::families::Families;
use super::fetch::{Failure, Fetch, FetchEvent, Limits, note, note_bad_url};
use super::url::Url;
use crate::cluster::{Ending, HttpRequest, HttpResponse, Reply};
use crate::shell::commands::options::{Grammar, Messages};
use crate::shell::commands::text::base64;
use crate::shell::commands::trouble::dial_trouble;
use crate::shell::{Io, Step, Tool, commands};

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

/// A running wget.
#[derive(Clone, Debug)]
struct Wget {
    words: Vec<String>,
    arguments: Option<Arguments>,
    /// URLs to come.
    waiting: VecDeque<String>,
    fetch: Option<Fetch>,
    /// Where its answer is saved: a redirect changes nothing of it.
    file: String,
    redirects: u32,
    begun: bool,
}

/// wget with these arguments.
pub(in crate::shell::commands) fn start(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Wget {
        words: arguments.to_vec(),
        arguments: None,
        waiting: VecDeque::new(),
        fetch: None,
        file: String::new(),
        redirects: 0,
        begun: false,
    })
}

/// What `getopt32long` reads (`wget.c`); `-n` and the names that stand for it are taken for GNU wget's
/// sake, and change nothing, as `-t` does.
const GRAMMAR: Grammar = Grammar {
    name: "wget",
    short: "cqSO:o:P:Y:U:T:t:n;\u{100}:\u{101}:\u{102}:\u{103}\u{104}\u{105}",
    long: &[
        ("continue", 'c'),
        ("quiet", 'q'),
        ("server-response", 'S'),
        ("output-document", 'O'),
        ("output-file", 'o'),
        ("directory-prefix", 'P'),
        ("proxy", 'Y'),
        ("user-agent", 'U'),
        ("timeout", 'T'),
        ("tries", 't'),
        ("header", HEADER),
        ("post-data", POST_DATA),
        ("post-file", POST_FILE),
        ("spider", SPIDER),
        ("no-check-certificate", '\u{104}'),
        ("passive-ftp", '\u{105}'),
        ("no-cache", '\u{105}'),
        ("no-verbose", '\u{105}'),
        ("no-clobber", '\u{105}'),
        ("no-host-directories", '\u{105}'),
        ("no-parent", '\u{105}'),
    ],
    stops: false,
};

/// Options with long names alone.
const HEADER: char = '\u{100}';
const POST_DATA: char = '\u{101}';
const POST_FILE: char = '\u{102}';
const SPIDER: char = '\u{103}';

impl Arguments {
    /// Reads a command line.
    ///
    /// # Errors
    /// What is wrong with it.
    fn parse(arguments: &[String], words: Messages) -> Result<Arguments, String> {
        let options = match GRAMMAR.parse(arguments, words) {
            Ok(options) => options,
            Err(misuse) => return Err(format!("{}\n{USAGE}", misuse.message())),
        };
        let text = |letter| options.value(letter).map(str::to_owned);
        let timeout = options
            .value('T')
            .map(|value| value.parse().map_err(|_| format!("wget: invalid number '{value}'")));
        let header = |text: &str| {
            let (key, value) = text.split_once(':').unwrap_or((text, ""));
            (key.to_owned(), value.trim().to_owned())
        };
        Ok(Arguments {
            quiet: options.has('q'),
            show_headers: options.has('S'),
            spider: options.has(SPIDER),
            resume: options.has('c'),
            no_proxy: options.value('Y') == Some("off"),
            output: text('O'),
            log: text('o'),
            folder: text('P'),
            timeout: timeout.transpose()?.filter(|time| *time > 0).map(Duration::from_secs),
            headers: options.all(HEADER).map(header).collect(),
            agent: text('U'),
            post: text(POST_DATA),
            post_file: text(POST_FILE),
            urls: options.operands,
        })
    }

    /// A header of the command line, if it is there.
    fn own(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

impl Tool for Wget {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let Some(arguments) = self.arguments.clone() else {
            if self.words.iter().any(|word| word == "--help") {
                io.write_error(USAGE);
                return Step::Exit(0);
            }
            match Arguments::parse(&self.words, commands::words(io.cluster, io.place)) {
                Ok(arguments) => {
                    self.waiting = arguments.urls.clone().into();
                    self.arguments = Some(arguments);
                    return self.step(io);
                }
                Err(told) => {
                    io.write_error(told);
                    return Step::Exit(1);
                }
            }
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
                    Ok(url) => {
                        self.file = file_for(arguments, &url);
                        self.fetch = Some(fetch(arguments, io, url, &self.file));
                    }
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
                FetchEvent::Resolved => {}
                FetchEvent::Connected(_) => {
                    // What cannot be sent is noticed when somebody is there to take it.
                    let file = arguments.post_file.as_ref();
                    if let Some((file, Err(why))) = file.map(|file| (file, io.read_file(file))) {
                        return Some(fail(io, &format!("can't open '{file}': {why}")));
                    }
                }
                // It tries the first address alone (recording 30).
                FetchEvent::NotThere(to, why) => {
                    let failure = Failure::Dial { to, why, after: Duration::ZERO };
                    note(io, fetch.url(), Ending::Dial { to, why });
                    return Some(failed(arguments, io, fetch.url(), &failure));
                }
                FetchEvent::Trying(to) => {
                    if !arguments.quiet {
                        let shown = shown_host(arguments, io, fetch.url());
                        io.write_error(format!("Connecting to {shown} ({to})"));
                    }
                }
                FetchEvent::Failed(failure) => {
                    return Some(failed(arguments, io, fetch.url(), &failure));
                }
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
        // A part is taken if it is that of a file which is resumed.
        let kept = response.status == 206
            && arguments.resume
            && io.read_file(&self.file).is_ok_and(|kept| !kept.is_empty());
        if !kept && !matches!(response.status, 200..=205) {
            let told = format!(
                "server returned error: {} {} {}",
                response.version, response.status, response.reason
            );
            return Some(fail(io, &told));
        }
        Some(save(arguments, io, &self.file, &response))
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
            Ok(next) => {
                self.fetch = Some(fetch(arguments, io, next, &self.file));
                None
            }
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

/// A request on its way to a URL; of a redirect, too, with its body. Its answer is saved to `file`.
fn fetch(arguments: &Arguments, io: &Io<'_>, url: Url, file: &str) -> Fetch {
    let body = match (&arguments.post, &arguments.post_file) {
        (_, Some(file)) => Some(io.read_file(file).unwrap_or_default()),
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
    let kept = io.read_file(file).ok().filter(|_| arguments.resume);
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
    Fetch::new(url, request, limits, io.now()).via(via).families(Families::OneV4First)
}

/// The proxy: of `https://`, too, it asks `http_proxy`.
fn proxy(arguments: &Arguments, io: &Io<'_>, url: &Url) -> Option<Url> {
    let name = if url.scheme == "ftp" { "ftp_proxy" } else { "http_proxy" };
    let text = io.environment.get(name).filter(|text| !text.is_empty() && !arguments.no_proxy)?;
    parsed(text).ok()
}

/// The host that is asked, a proxy's too, as it was typed: with its port where one was given.
fn shown_host(arguments: &Arguments, io: &Io<'_>, url: &Url) -> String {
    let through = proxy(arguments, io, url);
    let url = through.as_ref().unwrap_or(url);
    let host = url.written_host();
    if url.explicit_port { format!("{host}:{}", url.port) } else { host }
}

fn save(arguments: &Arguments, io: &mut Io<'_>, file: &str, response: &HttpResponse) -> Step {
    if arguments.spider {
        if !arguments.quiet {
            io.write_error("remote file exists");
        }
        return Step::Exit(0);
    }
    if file == "-" {
        if !arguments.quiet {
            io.write_error("writing to stdout");
        }
        io.stdout.extend_from_slice(&response.body);
        progress(arguments, io, "-", response.status, response.body.len());
        if !arguments.quiet {
            io.write_error("written to stdout");
        }
        return Step::Exit(0);
    }
    // The server sends all of it, whatever it was asked for.
    let anew = matches!(response.status, 200 | 201);
    if arguments.resume && anew && io.read_file(file).is_ok_and(|kept| !kept.is_empty()) {
        io.write_error("wget: restart failed");
    }
    if arguments.output.is_none() && !arguments.resume && io.read_file(file).is_ok() {
        return fail(io, &format!("can't open '{file}': File exists"));
    }
    let more = arguments.output.is_some() && arguments.urls.len() > 1
        || arguments.resume && response.status == 206;
    let mut content = if more { io.read_file(file).unwrap_or_default() } else { Vec::new() };
    content.extend_from_slice(&response.body);
    if file != "/dev/null"
        && let Err(why) = io.write_file(file, &content)
    {
        return fail(io, &format!("can't open '{file}': {why}"));
    }
    if !arguments.quiet {
        io.write_error(format!("saving to '{file}'"));
    }
    let shown = file.rsplit('/').next().unwrap_or(file).to_owned();
    let bytes = if arguments.resume { content.len() } else { response.body.len() };
    progress(arguments, io, &shown, response.status, bytes);
    if !arguments.quiet {
        io.write_error(format!("'{file}' saved"));
    }
    Step::Exit(0)
}

/// The bar; an answer that has no body has none either.
fn progress(arguments: &Arguments, io: &mut Io<'_>, name: &str, status: u16, bytes: usize) {
    if !arguments.quiet && arguments.log.is_none() && status != 204 {
        io.write_error(format!("{name:<20} 100% |{}| {bytes:>5}  0:00:00 ETA", "*".repeat(32)));
    }
}

fn failed(arguments: &Arguments, io: &mut Io<'_>, url: &Url, failure: &Failure) -> Step {
    let told = match failure {
        Failure::Name(_) | Failure::SlowName { .. } => {
            format!("bad address '{}'", shown_host(arguments, io, url))
        }
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
        let arguments = Arguments::parse(&words, Messages::BusyBox).unwrap();
        assert!(arguments.quiet);
        assert_eq!(arguments.output.as_deref(), Some("-"));
        assert_eq!(arguments.timeout, Some(Duration::from_secs(2)));
    }

    #[test]
    fn an_unknown_flag_is_told() {
        let told = Arguments::parse(&["-Z".to_owned()], Messages::Musl).unwrap_err();
        assert!(told.starts_with("wget: unrecognized option: Z\nBusyBox"));
    }
}
