//! What curl says: errors, `-v`, `-w`, the progress meter.

use std::time::Duration;

use super::global::Global;
use crate::cluster::{Certificate, DialFailure, HttpRequest, HttpResponse, HttpVersion, Issuer};
use crate::network::SocketAddr;
use crate::shell::Io;
use crate::shell::commands::net::fetch::Failure;
use crate::shell::commands::net::url::BadUrl;
use crate::shell::commands::trouble::dial_trouble;

/// `--help`
pub const HELP: &str = "Usage: curl [options...] <url>
 -d, --data <data>          HTTP POST data
 -f, --fail                 Fail fast with no output on HTTP errors
 -h, --help <category>      Get help for commands
 -i, --include              Include protocol response headers in the output
 -I, --head                 Show document info only
 -L, --location             Follow redirects
 -m, --max-time <seconds>   Maximum time allowed for transfer
 -o, --output <file>        Write to file instead of stdout
 -O, --remote-name          Write output to a file named as the remote file
 -s, --silent               Silent mode
 -S, --show-error           Show error even when -s is used
 -v, --verbose              Make the operation more talkative
 -V, --version              Show version number and quit
 -w, --write-out <format>   Use output FORMAT after completion
 -H, --header <header>      Pass custom header(s) to server
 -X, --request <method>     Specify request method to use
 -k, --insecure             Allow insecure server connections";

/// The progress meter's two lines of headings.
pub const METER_HEAD: &str =
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
";

/// The meter when nothing came. Its line stays open until the next meter or message.
pub const METER_NOTHING: &str =
    "  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0";

/// `-#` when all is there.
pub const BAR: &str =
    "######################################################################## 100.0%\n";

/// `--help all`: every flag, with its short form and what it takes.
pub fn help_all() -> String {
    let mut lines = vec!["Usage: curl [options...] <url>".to_owned()];
    let mut flags: Vec<&super::flags::Flag> = super::flags::FLAGS.iter().collect();
    flags.sort_by_key(|flag| flag.name);
    for flag in flags {
        let short = match flag.letter {
            '\0' => "    ".to_owned(),
            letter => format!("-{letter}, "),
        };
        let value = match flag.takes {
            super::flags::Takes::Text => " <value>",
            super::flags::Takes::File => " <file>",
            _ => "",
        };
        lines.push(format!(" {short}--{}{value}", flag.name));
    }
    lines.join("\n")
}

/// What follows on every problem with a certificate.
pub const NOT_VERIFIED: &str = "\
More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the web page mentioned above.";

/// What is wrong with a server's certificate: nobody known vouches for it, or it is another host's.
pub fn certificate_problem(shown: &Certificate, trusted: bool, host: &str) -> Option<String> {
    if !trusted && shown.issuer == Issuer::Itself {
        return Some("SSL certificate problem: self-signed certificate".to_owned());
    }
    if !trusted {
        return Some("SSL certificate problem: unable to get local issuer certificate".to_owned());
    }
    (!shown.covers(host)).then(|| match shown.common_name() {
        Some(name) => format!(
            "SSL: certificate subject name '{name}' does not match target host name '{host}'"
        ),
        None => {
            format!(
                "SSL: no alternative certificate subject name matches target host name '{host}'"
            )
        }
    })
}

/// The meter at the end of a transfer of so many bytes.
pub fn meter_line(bytes: usize) -> String {
    let speed = bytes * 850;
    format!(
        "100 {bytes:>5}  100 {bytes:>5}    0     0 {speed:>6}      0 --:--:-- --:--:-- --:--:-- {:>5}\n",
        bytes * 1000
    )
}

/// `-Z`'s meter (`tool_progress.c`): its heading.
pub const PARALLEL_HEAD: &str =
    "DL% UL%  Dled  Uled  Xfers  Live Total     Current  Left    Speed\n";

/// What all transfers of `-Z` have come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub received: usize,
    pub sent: usize,
    pub transfers: usize,
}

impl Sums {
    /// The meter's line while so many are running; `spent` at the end.
    pub fn line(self, live: usize, spent: Option<Duration>) -> String {
        let percent = |bytes| if bytes > 0 && spent.is_some() { "100" } else { "--" };
        let five = |bytes: usize| match bytes {
            0..100_000 => format!("{bytes:>5}"),
            _ => format!("{:>4}k", bytes / 1024),
        };
        let time = |seconds: u64| match seconds {
            0 => "--:--:--".to_owned(),
            _ => format!("{:>2}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
        };
        let whole = spent.map_or(0, |spent| spent.as_secs());
        let millis = spent.map_or(0, |spent| spent.as_millis().max(1) as usize);
        let speed = (self.received.max(self.sent) * 1000).checked_div(millis).unwrap_or(0);
        format!(
            "\r{:<3} {:<3} {} {} {:>5} {live:>5}  {} {} --:--:-- {} {:>5}",
            percent(self.received),
            percent(self.sent),
            five(self.received),
            five(self.sent),
            self.transfers,
            time(whole),
            time(whole),
            five(speed),
            if spent.is_some() { "\n" } else { "" },
        )
    }
}

/// Why a text is no URL, as 8.x words it.
pub fn rejected(text: &str, why: &BadUrl) -> String {
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest);
    let why = match why {
        BadUrl::Port(_) => "Port number was not a decimal number between 0 and 65535",
        _ if text.contains(char::is_whitespace) => "Malformed input to a URL function",
        _ if authority.is_empty() || authority.starts_with(['/', ':']) => "No host part in the URL",
        _ => "Bad hostname",
    };
    format!("URL rejected: {why}")
}

/// Which curl it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Debian 12's.
    V7_88,
    /// Everybody else's.
    V8_5,
}

impl Version {
    /// The version that the place has.
    pub fn of(io: &Io<'_>) -> Version {
        match io.cluster.image(io.place) {
            Some(image) if image.version("curl").is_some_and(|it| it.starts_with("7.")) => {
                Version::V7_88
            }
            _ => Version::V8_5,
        }
    }

    fn number(self) -> &'static str {
        match self {
            Version::V7_88 => "7.88.1",
            Version::V8_5 => "8.5.0",
        }
    }

    fn openssl(self) -> &'static str {
        match self {
            Version::V7_88 => "OpenSSL/3.0.19",
            Version::V8_5 => "OpenSSL/3.0.13",
        }
    }

    /// The `User-Agent` header.
    pub fn agent(self) -> String {
        format!("curl/{}", self.number())
    }

    /// The library and what it is linked with.
    pub fn library(self) -> String {
        let others = match self {
            Version::V7_88 => {
                "zlib/1.2.13 brotli/1.0.9 zstd/1.5.4 libidn2/2.3.3 libpsl/0.21.2 (+libidn2/2.3.3) libssh2/1.10.0 nghttp2/1.52.0 librtmp/2.3 OpenLDAP/2.5.13"
            }
            Version::V8_5 => {
                "zlib/1.3 brotli/1.1.0 zstd/1.5.5 libidn2/2.3.7 libpsl/0.21.2 (+libidn2/2.3.7) libssh/0.10.6/openssl/zlib nghttp2/1.59.0 librtmp/2.3 OpenLDAP/2.6.7"
            }
        };
        format!("libcurl/{} {} {others}", self.number(), self.openssl())
    }

    /// `--version`
    pub fn banner(self) -> String {
        let (released, features) = match self {
            Version::V7_88 => (
                "2023-02-20, security patched: 7.88.1-10+deb12u14",
                "alt-svc AsynchDNS brotli GSS-API HSTS HTTP2 HTTPS-proxy IDN IPv6 Kerberos Largefile libz NTLM NTLM_WB PSL SPNEGO SSL threadsafe TLS-SRP UnixSockets zstd",
            ),
            Version::V8_5 => (
                "2023-12-06, security patched: 8.5.0-2ubuntu10.6",
                "alt-svc AsynchDNS brotli GSS-API HSTS HTTP2 HTTPS-proxy IDN IPv6 Kerberos Largefile libz NTLM PSL SPNEGO SSL threadsafe TLS-SRP UnixSockets zstd",
            ),
        };
        format!(
            "curl {} (x86_64-pc-linux-gnu) {}\nRelease-Date: {released}\nProtocols: dict file ftp ftps gopher gophers http https imap imaps ldap ldaps mqtt pop3 pop3s rtmp rtmpe rtmps rtmpt rtmpte rtmpts rtsp scp sftp smb smbs smtp smtps telnet tftp\nFeatures: {features}",
            self.number(),
            self.library()
        )
    }

    /// A file of authorities that cannot be read.
    pub fn no_authorities(self, file: &str) -> String {
        match self {
            Version::V7_88 => format!("error setting certificate file: {file}"),
            Version::V8_5 => format!(
                "error setting certificate verify locations:  CAfile: {file} CApath: /etc/ssl/certs"
            ),
        }
    }

    /// A TLS handshake that a plain HTTP server answers.
    pub fn wrong_version(self) -> String {
        format!("{}: error:0A00010B:SSL routines::wrong version number", self.openssl())
    }
}

/// What came of a response beside its lines.
#[derive(Clone, Copy)]
pub struct Arrival {
    /// Whether it is all there: of one that fails the empty line behind the head is not read.
    pub whole: bool,
    /// A name and password were given, and are asked for again.
    pub refused: bool,
    /// A body was sent, and the redirect is followed.
    pub rewinds: bool,
}

impl Arrival {
    /// Nothing but the response.
    pub const WHOLE: Arrival = Arrival { whole: true, refused: false, rewinds: false };
}

/// How this curl says things.
pub struct Messages<'a> {
    pub global: &'a Global,
    pub version: Version,
}

impl Messages<'_> {
    /// Puts a text where what is said goes: `--stderr` may take it elsewhere.
    pub fn tell(&self, io: &mut Io<'_>, text: &str) {
        match self.global.errors.as_deref() {
            None => io.put_error(text.as_bytes()),
            Some("-") => io.stdout.extend_from_slice(text.as_bytes()),
            Some(file) => {
                let mut content = io.read_file(file).unwrap_or_default();
                content.extend_from_slice(text.as_bytes());
                // That it can be written was seen when it was opened.
                let _ = io.write_file(file, &content);
            }
        }
    }

    /// Says why it failed, unless it is to be silent. Returns the exit code.
    pub fn fail(&self, io: &mut Io<'_>, code: i32, told: &str) -> i32 {
        if !self.global.silent || self.global.show_error {
            self.tell(io, &format!("curl: ({code}) {told}\n"));
        }
        code
    }

    /// A line of `-v` with its mark.
    fn line(&self, io: &mut Io<'_>, line: &str) {
        if self.global.verbose {
            let time = self.time(io);
            self.tell(io, &format!("{time}{line}\n"));
        }
    }

    /// A line of `-v`.
    pub fn note(&self, io: &mut Io<'_>, line: &str) {
        match &self.global.trace {
            Some(trace) => {
                let time = self.time(io);
                trace.write(io, &format!("{time}== Info: {line}\n"));
            }
            None => self.line(io, &format!("* {line}")),
        }
    }

    /// What `--trace-time` puts in front.
    fn time(&self, io: &Io<'_>) -> String {
        match self.global.trace_time {
            true => io.now().timestamp().strftime("%H:%M:%S%.6f ").to_string(),
            false => String::new(),
        }
    }

    /// What `--trace` writes down of bytes that were sent or received. Whether it does.
    fn trace(&self, io: &mut Io<'_>, title: &str, content: &[u8]) -> bool {
        let Some(trace) = &self.global.trace else { return false };
        let (time, size) = (self.time(io), content.len());
        let head = format!("{time}{title}, {size} bytes (0x{size:x})\n");
        trace.write(io, &(head + &trace.dump(content)));
        true
    }

    /// What `-v` says of bytes that went out (`}`) or came in (`{`) and are not seen on the terminal.
    pub fn bytes(&self, io: &mut Io<'_>, mark: char, content: &[u8], seen: bool) {
        let title = if mark == '}' { "=> Send data" } else { "<= Recv data" };
        if content.is_empty() || self.trace(io, title, content) || seen {
            return;
        }
        self.line(io, &format!("{mark} [{} bytes data]", content.len()));
    }

    /// Bytes of TLS that went out, of which `-v` says only how many, and to a terminal not even that.
    fn hidden(&self, io: &mut Io<'_>, count: usize) {
        if self.global.trace.is_none() && !io.terminal {
            self.line(io, &format!("}} [{count} bytes data]"));
        }
    }

    /// A warning, folded as curl folds it: 79 columns with `Warning: ` in front of each line, the
    /// newline of some texts counted.
    pub fn warn(&self, io: &mut Io<'_>, text: &str) {
        if self.global.silent {
            return;
        }
        let width = 79 - "Warning: ".len();
        let mut rest = text;
        while rest.len() > width {
            let mut end = width;
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let cut = rest[..end].rfind(' ').map_or(end, |space| space + 1);
            self.tell(io, &format!("Warning: {}\n", &rest[..cut]));
            rest = &rest[cut..];
        }
        // 7.88 ends no line that its text does not end.
        let end = if self.version == Version::V7_88 && !rest.ends_with('\n') { "" } else { "\n" };
        self.tell(io, &format!("Warning: {}{end}", rest.trim_end_matches('\n')));
    }

    /// A connection is closed.
    pub fn closing(&self, io: &mut Io<'_>, number: usize) {
        match self.version {
            Version::V7_88 => self.note(io, &format!("Closing connection {number}")),
            Version::V8_5 => self.note(io, "Closing connection"),
        }
    }

    /// An address did not answer.
    pub fn not_there(&self, io: &mut Io<'_>, to: SocketAddr, why: DialFailure) {
        let why = dial_trouble(io, why);
        self.note(io, &format!("connect to {} port {} failed: {why}", to.ip(), to.port()));
    }

    /// The connection stands.
    pub fn connected(&self, io: &mut Io<'_>, host: &str, to: SocketAddr, number: usize) {
        let number = match self.version {
            Version::V7_88 => format!(" (#{number})"),
            Version::V8_5 => String::new(),
        };
        self.note(io, &format!("Connected to {host} ({}) port {}{number}", to.ip(), to.port()));
    }

    /// A TLS handshake begins.
    pub fn hello(&self, io: &mut Io<'_>, insecure: bool, authorities: Option<&str>) {
        self.note(io, "ALPN: offers h2,http/1.1");
        // A record's head, and the greeting, which OpenSSL pads.
        self.hidden(io, 5);
        self.note(io, "TLSv1.3 (OUT), TLS handshake, Client hello (1):");
        self.hidden(io, 512);
        if !insecure {
            let file = authorities.unwrap_or("/etc/ssl/certs/ca-certificates.crt");
            self.note(io, &format!(" CAfile: {file}"));
            self.note(io, " CApath: /etc/ssl/certs");
        }
    }

    /// A TLS handshake that is accepted, if need be because of `-k`.
    pub fn handshake(&self, io: &mut Io<'_>, shown: &Certificate, trusted: bool) {
        self.note(io, "SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384");
        self.note(io, "Server certificate:");
        self.note(io, &format!(" subject: CN={}", shown.names.first().map_or("", String::as_str)));
        let verified = match shown.issuer {
            _ if trusted => " SSL certificate verify ok.",
            Issuer::Itself => {
                " SSL certificate verify result: self-signed certificate (18), continuing anyway."
            }
            Issuer::Cluster | Issuer::Private | Issuer::Public => {
                " SSL certificate verify result: unable to get local issuer certificate (20), continuing anyway."
            }
        };
        self.note(io, verified);
    }

    /// The request, as `-v` shows it.
    pub fn sent(&self, io: &mut Io<'_>, request: &HttpRequest) {
        if self.global.trace.is_some() {
            let HttpRequest { method, target, version, .. } = request;
            let mut text = format!("{method} {target} {version}\r\n");
            for (key, value) in &request.headers {
                text += &format!("{}\r\n", format!("{key}: {value}").trim_end());
            }
            self.trace(io, "=> Send header", (text + "\r\n").as_bytes());
            return;
        }
        // Headers are shown as they are sent, with their carriage returns.
        let (method, target, version) = (&request.method, &request.target, request.version);
        self.line(io, &format!("> {method} {target} {version}\r"));
        for (key, value) in &request.headers {
            self.line(io, &format!("{}\r", format!("> {key}: {value}").trim_end()));
        }
        self.line(io, "> \r");
    }

    /// The response's head, as `-v` shows it.
    pub fn received(&self, io: &mut Io<'_>, response: &HttpResponse, arrival: Arrival) {
        let Arrival { whole, refused, rewinds } = arrival;
        if response.version == HttpVersion::V1_0 {
            self.note(io, "HTTP 1.0, assume close after body");
        }
        let head = head(response);
        let lines = if whole { head.as_str() } else { head.trim_end_matches("\r\n") };
        for line in lines.lines() {
            let asks = line.to_ascii_lowercase().starts_with("www-authenticate:");
            if refused && asks {
                self.note(io, "Authentication problem. Ignoring this.");
            }
            if rewinds && line.to_ascii_lowercase().starts_with("location:") {
                self.note(io, "Please rewind output before next send");
            }
            self.header(io, line);
        }
    }

    /// The only line that is shown of an interim answer.
    pub fn interim(&self, io: &mut Io<'_>, line: &str) {
        self.header(io, line);
    }

    fn header(&self, io: &mut Io<'_>, line: &str) {
        if !self.trace(io, "<= Recv header", format!("{line}\r\n").as_bytes()) {
            self.line(io, &format!("< {line}\r"));
        }
    }

    /// A connection that is open already is used again.
    pub fn reused(&self, io: &mut Io<'_>, host: &str, number: usize) {
        self.note(io, &format!("Found bundle for host: 0x{:x} [serially]", 0x5581_0c3e_a5f0_u64));
        self.note(io, "Can not multiplex, even if we wanted to");
        let number = match self.version {
            Version::V7_88 => format!(" #{number}"),
            Version::V8_5 => String::new(),
        };
        self.note(io, &format!("Re-using existing connection{number} with host {host}"));
    }

    /// The connection is kept for a next request.
    pub fn left_intact(&self, io: &mut Io<'_>, host: &str, number: usize) {
        self.note(io, &format!("Connection #{number} to host {host} left intact"));
    }

    /// Why a request came to nothing: the exit code and the words.
    pub fn failure(
        &self,
        io: &mut Io<'_>,
        (host, port): (&str, u16),
        proxy: bool,
        failure: &Failure,
    ) -> (i32, String) {
        let millis = |after: &std::time::Duration| after.as_millis();
        let connecting = |after, why: &str| {
            format!("Failed to connect to {host} port {port} after {} ms: {why}", millis(after))
        };
        match failure {
            Failure::Name(_) if proxy => (5, format!("Could not resolve proxy: {host}")),
            Failure::Name(_) => (6, format!("Could not resolve host: {host}")),
            Failure::Dial { to, why, after } => {
                self.not_there(io, *to, *why);
                let code = if *why == DialFailure::Silence { 28 } else { 7 };
                (code, connecting(after, "Couldn't connect to server"))
            }
            Failure::SlowName { after } => {
                (28, format!("Resolving timed out after {} milliseconds", millis(after)))
            }
            Failure::SlowDial { to, after, connect: true } => {
                let family = if to.ip().is_ipv4() { "ipv4" } else { "ipv6" };
                self.note(
                    io,
                    &format!("{family} connect timeout after {}ms, move on!", millis(after)),
                );
                (28, connecting(after, "Timeout was reached"))
            }
            Failure::SlowDial { after, .. } => {
                (28, format!("Connection timed out after {} milliseconds", millis(after)))
            }
            Failure::SlowAnswer { after } => {
                let millis = millis(after);
                (
                    28,
                    format!(
                        "Operation timed out after {millis} milliseconds with 0 bytes received"
                    ),
                )
            }
        }
    }
}

/// A response's head, as `-i` and `-I` print it.
pub fn head(response: &HttpResponse) -> String {
    let mut text = format!("{} {} {}\r\n", response.version, response.status, response.reason);
    for (key, value) in &response.headers {
        text += &format!("{key}: {value}\r\n");
    }
    text + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meter_has_curls_columns() {
        let recorded =
            "100    16  100    16    0     0  13600      0 --:--:-- --:--:-- --:--:-- 16000\n";
        assert_eq!(meter_line(16), recorded);
        assert_eq!(METER_NOTHING.len() + 1, recorded.len());
    }
}
