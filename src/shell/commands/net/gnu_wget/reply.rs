//! What `wget` makes of a server's reply.

use super::arguments::{Arguments, Volume};
use super::connect::descriptor;
use super::report::{self, Messages};
use super::request;
use super::{CERTIFICATE, Download, GENERIC, LOGIN, NETWORK, SERVER, Session};
use crate::cluster::{Certificate, Ending, HttpResponse, Issuer, Reply};
use crate::shell::Io;
use crate::shell::commands::net::fetch::note;

impl Session {
    pub(super) fn replied(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
        reply: Reply,
    ) {
        let tls = download.url.is_tls();
        match reply {
            Reply::Tls { certificate, response } if tls => {
                if !is_accepted(arguments, words, io, &download.url.host, &certificate) {
                    note(io, &download.url, Ending::Certificate(certificate));
                    return self.fail(CERTIFICATE);
                }
                words.verbose(io, "HTTP request sent, awaiting response... ");
                self.response(arguments, words, io, download, response);
            }
            Reply::Closed | Reply::Reset | Reply::Silence if tls => {
                words.tell(io, "GnuTLS: Error in the pull function.\n");
                words.tell(io, "Unable to establish SSL connection.\n");
                self.fail(NETWORK);
            }
            Reply::Http(_) | Reply::Bytes(_) if tls => {
                words.tell(io, "GnuTLS: An unexpected TLS packet was received.\n");
                words.tell(io, "Unable to establish SSL connection.\n");
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
    pub(super) fn response(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
        response: HttpResponse,
    ) {
        self.take_head(arguments, words, io, &download, &response);
        let location =
            response.header("location").filter(|_| (300..400).contains(&response.status));
        if let Some(location) = location {
            let location = location.to_owned();
            return self.follow(arguments, words, io, download, (&location, &response));
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
            return self.refused(arguments, words, io, &download, &response);
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

    /// What the head of a response leads to: it is shown, and the connection and cookies are kept.
    fn take_head(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: &Download,
        response: &HttpResponse,
    ) {
        let head = report::head(response);
        words.debug(io, format!("\n---response begin---\n{head}---response end---\n"));
        show_head(arguments, words, io, response);
        self.keep(arguments, download, response);
        if self.open.is_some() && !download.reused {
            let number = descriptor(arguments);
            words.debug(io, format!("Registered socket {number} for persistent reuse.\n"));
        }
        // What is kept of cookies is not told.
        let _ = self.jar.keep(response, &download.url, io.now().timestamp());
    }

    /// The server has nothing to give.
    fn refused(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: &Download,
        response: &HttpResponse,
    ) {
        self.skip(words, io, response);
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
    }

    /// The server asks who is there.
    pub(super) fn asked(
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
                words.tell(io, format!("Authentication selected: {challenge}\n"));
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
    pub(super) fn keep(
        &mut self,
        arguments: &Arguments,
        download: &Download,
        response: &HttpResponse,
    ) {
        // Behind a head nothing follows; one that leads on is not waited for (`gethttp` of `http.c`).
        let heads = download.heads(arguments);
        let ends = match heads {
            true => matches!(response.status, 300..=399 | 401),
            false => arguments.spider || response.header("content-length").is_none(),
        };
        let closes =
            response.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
                || ends
                || !arguments.keep_alive;
        self.open = download
            .connection
            .clone()
            .filter(|_| !closes)
            .map(|connection| (download.url.host.clone(), download.url.port, connection));
        // A proxy's connection is its own.
        if self.open.as_ref().is_some_and(|(_, port, connection)| connection.remote.port() != *port)
        {
            self.open = None;
        }
    }

    /// What `-d` says of a body that nobody wants, and that is read for the sake of the connection.
    fn skip(&self, words: Messages, io: &mut Io<'_>, response: &HttpResponse) {
        if self.open.is_some() {
            let body = String::from_utf8_lossy(&response.body).into_owned();
            let count = response.body.len();
            words.debug(io, format!("Skipping {count} bytes of body: [{body}] done.\n"));
        }
    }

    pub(super) fn follow(
        &mut self,
        arguments: &Arguments,
        words: Messages,
        io: &mut Io<'_>,
        download: Download,
        (location, response): (&str, &HttpResponse),
    ) {
        let Ok(url) = download.url.join(location) else {
            io.write_error(format!("{location}: Invalid URL."));
            return self.fail(GENERIC);
        };
        words.verbose(io, format!("Location: {location} [following]\n"));
        self.skip(words, io, response);
        if download.redirects >= arguments.max_redirects {
            words.tell(io, format!("{} redirections exceeded.\n", arguments.max_redirects));
            return self.fail(SERVER);
        }
        words.debug(io, "URI content encoding = None\n");
        words.converted(io, location);
        let redirects = download.redirects + 1;
        let bodiless = download.bodiless || request::loses_body(arguments, response.status);
        let Download { first, depth, referer, robots, .. } = download;
        let next =
            Download { redirects, bodiless, first, depth, referer, robots, ..Download::new(url) };
        self.fetch(arguments, words, io, next);
    }

    pub(super) fn exists(
        &mut self,
        words: Messages,
        io: &mut Io<'_>,
        download: &Download,
        response: &HttpResponse,
    ) {
        words.verbose(io, report::length(response, told_length(response).ok_or("unspecified"), 0));
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
}

/// What is wrong with a server's certificate. Says whether to go on.
fn is_accepted(
    arguments: &Arguments,
    words: Messages,
    io: &mut Io<'_>,
    host: &str,
    shown: &Certificate,
) -> bool {
    let level = if arguments.insecure { "WARNING" } else { "ERROR" };
    let quoted = words.quoted(host);
    let listed = arguments.authorities.as_ref().and_then(|file| io.read_file(file).ok());
    let listed = listed.is_some_and(|text| shown.is_trusted_by(&String::from_utf8_lossy(&text)));
    let trusted = shown.issuer == Issuer::Public || listed;
    if !trusted {
        words.tell(io, format!("{level}: The certificate of {quoted} is not trusted.\n"));
        words.tell(
            io,
            format!("{level}: The certificate of {quoted} doesn't have a known issuer.\n"),
        );
    }
    let named = shown.covers(host);
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
pub(super) fn told_length(response: &HttpResponse) -> Option<usize> {
    response.header("content-length").and_then(|value| value.parse().ok())
}

/// Shows the head of a response, or its first line.
fn show_head(arguments: &Arguments, words: Messages, io: &mut Io<'_>, response: &HttpResponse) {
    if arguments.show_headers {
        words.verbose(io, "\n");
        // Even -q shows them.
        let mut head = format!("  {} {} {}\n", response.version, response.status, response.reason);
        for (name, value) in &response.headers {
            head += &format!("  {name}: {value}\n");
        }
        io.put_error(head.as_bytes());
    } else {
        words.verbose(io, format!("{} {}\n", response.status, response.reason));
    }
}
