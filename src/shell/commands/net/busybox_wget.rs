//! BusyBox's wget.

use std::time::Duration;

use super::families::Families;
use super::fetch::{Failure, Fetch, Happening, Limits, note, note_bad_url};
use super::url::{BadUrl, Url};
use crate::cluster::{DialFailure, Ending, HttpRequest, HttpResponse, Reply};
use crate::shell::{Io, Step, Tool};

/// Redirects that are followed.
const MAX_REDIRECTS: u32 = 15;

/// What a wget was asked to do.
#[derive(Clone, Debug, Default)]
struct Arguments {
    url: Option<String>,
    quiet: bool,
    show_headers: bool,
    spider: bool,
    insecure: bool,
    output: Option<String>,
    folder: Option<String>,
    timeout: Option<Duration>,
    headers: Vec<(String, String)>,
    agent: Option<String>,
    post: Option<String>,
}

/// A running wget.
#[derive(Clone, Debug)]
struct Wget {
    arguments: Result<Arguments, String>,
    fetch: Option<Fetch>,
    redirects: u32,
}

/// wget with these arguments.
pub fn start(arguments: &[String]) -> Box<dyn Tool> {
    let arguments = Arguments::parse(arguments);
    Box::new(Wget { arguments, fetch: None, redirects: 0 })
}

impl Arguments {
    fn parse(words: &[String]) -> Result<Arguments, String> {
        let mut arguments = Arguments::default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (name, inline) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (long, None),
                };
                match name {
                    "spider" => arguments.spider = true,
                    "quiet" => arguments.quiet = true,
                    "server-response" => arguments.show_headers = true,
                    "no-check-certificate" => arguments.insecure = true,
                    "timeout" | "header" | "post-data" | "output-document" | "user-agent" => {
                        let value = inline.or_else(|| words.next());
                        let value = value
                            .ok_or_else(|| format!("option '--{name}' requires an argument"))?;
                        arguments.option(name, value)?;
                    }
                    _ => return Err(format!("unrecognized option '--{name}'")),
                }
            } else if word.len() > 1 && word.starts_with('-') {
                arguments.shorts(&word[1..], &mut words)?;
            } else {
                arguments.url = Some(word.to_owned());
            }
        }
        Ok(arguments)
    }

    fn shorts<'w>(
        &mut self,
        group: &str,
        words: &mut impl Iterator<Item = &'w str>,
    ) -> Result<(), String> {
        for (at, letter) in group.char_indices() {
            let name = match letter {
                'q' => {
                    self.quiet = true;
                    continue;
                }
                'S' => {
                    self.show_headers = true;
                    continue;
                }
                'c' => continue,
                'O' => "output-document",
                'T' => "timeout",
                'P' => "folder",
                'U' => "user-agent",
                'o' | 'Y' | 't' => "ignored",
                other => return Err(format!("unrecognized option: {other}")),
            };
            let rest = &group[at + letter.len_utf8()..];
            let value = match rest {
                "" => {
                    words.next().ok_or_else(|| format!("option requires an argument: {letter}"))?
                }
                rest => rest,
            };
            return self.option(name, value);
        }
        Ok(())
    }

    fn option(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "output-document" => self.output = Some(value.to_owned()),
            "folder" => self.folder = Some(value.to_owned()),
            "timeout" => {
                let seconds = value.parse().map_err(|_| format!("invalid number '{value}'"))?;
                self.timeout = Some(Duration::from_secs(seconds));
            }
            "header" => {
                let (key, value) = value.split_once(':').unwrap_or((value, ""));
                self.headers.push((key.to_owned(), value.trim().to_owned()));
            }
            "user-agent" => self.agent = Some(value.to_owned()),
            "post-data" => self.post = Some(value.to_owned()),
            _ => {}
        }
        Ok(())
    }
}

impl Tool for Wget {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let arguments = match &self.arguments {
            Ok(arguments) => arguments.clone(),
            Err(message) => {
                io.complain(format!("wget: {message}"));
                io.complain(USAGE);
                return Step::Exit(1);
            }
        };
        if self.fetch.is_none() {
            let Some(text) = &arguments.url else {
                io.complain(USAGE);
                return Step::Exit(1);
            };
            match Url::parse(text) {
                Ok(url) => self.fetch = Some(fetch(&arguments, io, url)),
                Err(why) => {
                    note_bad_url(io, text);
                    return match why {
                        BadUrl::Port(port) => fail(io, &format!("bad port '{port}'")),
                        _ => fail(io, &format!("not an http or ftp url: {text}")),
                    };
                }
            }
        }
        loop {
            let Some(fetch) = &mut self.fetch else { return Step::Exit(1) };
            match fetch.step(io) {
                Happening::Wait(until) => return Step::Until(until),
                Happening::Resolved | Happening::Connected(_) => {}
                // It tries the first address alone (recording 30).
                Happening::NotThere(to, why) => {
                    let failure = Failure::Dial { to, why, after: Duration::ZERO };
                    note(io, fetch.url(), Ending::Dial { to, why });
                    return failed(io, fetch.url(), &failure);
                }
                Happening::Trying(to) => {
                    if !arguments.quiet {
                        let shown = shown_host(fetch.url());
                        io.complain(format!("Connecting to {shown} ({to})"));
                    }
                }
                Happening::Failed(failure) => return failed(io, fetch.url(), &failure),
                Happening::Replied(reply) => {
                    if let Some(step) = self.replied(&arguments, io, reply) {
                        return step;
                    }
                }
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

impl Wget {
    /// What came back; `None` when a redirect is followed.
    fn replied(&mut self, arguments: &Arguments, io: &mut Io<'_>, reply: Reply) -> Option<Step> {
        let url = self.fetch.as_ref()?.url().clone();
        let response = match reply {
            Reply::Http(response) if !url.is_tls() => response,
            Reply::Tls { response, .. } if url.is_tls() => {
                io.complain("wget: note: TLS certificate validation not implemented");
                response
            }
            Reply::Http(_) | Reply::Bytes(_) if url.is_tls() => {
                io.complain("wget: note: TLS certificate validation not implemented");
                io.complain("wget: TLS error from peer (alert code 70): 70");
                return Some(fail(io, "error getting response"));
            }
            Reply::Reset => {
                return Some(fail(io, "error getting response: Connection reset by peer"));
            }
            _ => return Some(fail(io, "error getting response")),
        };
        if arguments.show_headers {
            io.complain(format!("  {} {} {}", response.version, response.status, response.reason));
            for (key, value) in &response.headers {
                io.complain(format!("  {key}: {value}"));
            }
            io.complain("  ");
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
            Ok(next) => {
                self.fetch = Some(fetch(arguments, io, next));
                None
            }
            Err(_) => Some(fail(io, &format!("not an http or ftp url: {location}"))),
        }
    }
}

fn fetch(arguments: &Arguments, io: &Io<'_>, url: Url) -> Fetch {
    let mut headers = vec![
        ("Host".to_owned(), url.authority()),
        ("User-Agent".to_owned(), arguments.agent.clone().unwrap_or_else(|| "Wget".to_owned())),
        ("Connection".to_owned(), "close".to_owned()),
    ];
    headers.extend(arguments.headers.clone());
    let body = arguments.post.clone().unwrap_or_default().into_bytes();
    let method = if arguments.post.is_some() { "POST" } else { "GET" };
    let request =
        HttpRequest { method: method.to_owned(), target: url.target.clone(), headers, body };
    let limits = Limits { connect: None, total: None, each: arguments.timeout };
    Fetch::new(url, request, limits, io.now()).families(Families::OneV4First)
}

/// The host as it was typed: with its port where one was given.
fn shown_host(url: &Url) -> String {
    let host = url.written_host();
    if url.explicit_port { format!("{host}:{}", url.port) } else { host }
}

fn save(arguments: &Arguments, io: &mut Io<'_>, url: &Url, response: &HttpResponse) -> Step {
    if arguments.spider {
        if !arguments.quiet {
            io.complain("remote file exists");
        }
        return Step::Exit(0);
    }
    let named = match url.file_name() {
        "" => "index.html",
        name => name,
    };
    let file = arguments.output.clone().unwrap_or_else(|| match &arguments.folder {
        Some(folder) => format!("{folder}/{named}"),
        None => named.to_owned(),
    });
    if file == "-" {
        if !arguments.quiet {
            io.complain("writing to stdout");
        }
        io.stdout.extend_from_slice(&response.body);
        progress(arguments, io, "-", response.body.len());
        if !arguments.quiet {
            io.complain("written to stdout");
        }
        return Step::Exit(0);
    }
    if arguments.output.is_none() && io.read_file(&file).is_ok() {
        return fail(io, &format!("can't open '{file}': File exists"));
    }
    if !arguments.quiet {
        io.complain(format!("saving to '{file}'"));
    }
    if file != "/dev/null"
        && let Err(why) = io.write_file(&file, &response.body)
    {
        return fail(io, &format!("can't open '{file}': {why}"));
    }
    let shown = file.rsplit('/').next().unwrap_or(&file).to_owned();
    progress(arguments, io, &shown, response.body.len());
    if !arguments.quiet {
        io.complain(format!("'{file}' saved"));
    }
    Step::Exit(0)
}

fn progress(arguments: &Arguments, io: &mut Io<'_>, name: &str, bytes: usize) {
    if !arguments.quiet {
        io.complain(format!("{name:<20} 100% |{}| {bytes:>5}  0:00:00 ETA", "*".repeat(32)));
    }
}

fn failed(io: &mut Io<'_>, url: &Url, failure: &Failure) -> Step {
    let told = match failure {
        Failure::Name(_) | Failure::SlowName { .. } => format!("bad address '{}'", shown_host(url)),
        Failure::Dial { to, why, .. } => {
            let why = match why {
                DialFailure::Refused => "Connection refused",
                DialFailure::Unreachable => "No route to host",
                DialFailure::NoNetwork => "Network is unreachable",
                DialFailure::Silence => "Connection timed out",
            };
            format!("can't connect to remote host ({}): {why}", to.ip())
        }
        Failure::SlowDial { .. } | Failure::SlowAnswer { .. } => "download timed out".to_owned(),
    };
    fail(io, &told)
}

fn fail(io: &mut Io<'_>, told: &str) -> Step {
    io.complain(format!("wget: {told}"));
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
