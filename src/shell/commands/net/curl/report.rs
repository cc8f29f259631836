//! What curl says: errors, `-v`, `-w`, the progress meter.

use super::arguments::Arguments;
use crate::clock::SimTime;
use crate::cluster::{DialFailure, HttpRequest, HttpResponse, HttpVersion, Issuer, LookupFailure};
use crate::network::SocketAddr;
use crate::shell::Io;
use crate::shell::commands::net::fetch::Failure;
use crate::shell::commands::net::url::Url;

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

/// The meter when nothing came.
pub const METER_NOTHING: &str =
    "  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\n";

/// What follows on every problem with a certificate.
pub const NOT_VERIFIED: &str = "\
More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the web page mentioned above.";

/// What is wrong with a server's certificate: nobody known vouches for it, or it is another host's.
pub fn certificate_problem(names: &[String], issuer: Issuer, host: &str) -> Option<String> {
    let problem = match issuer {
        Issuer::Itself => "SSL certificate problem: self-signed certificate".to_owned(),
        Issuer::Cluster => {
            "SSL certificate problem: unable to get local issuer certificate".to_owned()
        }
        Issuer::Public if names.iter().any(|name| name.eq_ignore_ascii_case(host)) => return None,
        Issuer::Public => format!(
            "SSL: no alternative certificate subject name matches target host name '{host}'"
        ),
    };
    Some(problem)
}

/// The meter at the end of a transfer of so many bytes.
pub fn meter_line(bytes: usize) -> String {
    let speed = bytes * 850;
    format!(
        "100 {bytes:>5}  100 {bytes:>5}    0     0 {speed:>6}      0 --:--:-- --:--:-- --:--:-- {:>5}\n",
        bytes * 1000
    )
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

    /// `--version`
    pub fn banner(self) -> String {
        format!(
            "curl {0} (x86_64-pc-linux-gnu) libcurl/{0} {1}\nProtocols: http https",
            self.number(),
            self.openssl()
        )
    }

    /// A TLS handshake that a plain HTTP server answers.
    pub fn wrong_version(self) -> String {
        format!("{}: error:0A00010B:SSL routines::wrong version number", self.openssl())
    }
}

/// How this curl says things.
pub struct Words<'a> {
    pub arguments: &'a Arguments,
    pub version: Version,
}

/// What `-w` can tell.
pub struct Facts<'a> {
    pub response: Option<&'a HttpResponse>,
    pub exit: i32,
    pub told: &'a str,
    pub url: &'a Url,
    pub method: &'a str,
    pub redirects: u32,
    pub remote: &'a str,
    pub begun: SimTime,
    /// When the name was found, and when the connection stood, if they were.
    pub resolved: Option<SimTime>,
    pub connected: Option<SimTime>,
}

impl Words<'_> {
    /// Says why it failed, unless it is to be silent. Returns the exit code.
    pub fn fail(&self, io: &mut Io<'_>, code: i32, told: &str) -> i32 {
        if !self.arguments.silent || self.arguments.show_error {
            io.complain(format!("curl: ({code}) {told}"));
        }
        code
    }

    /// A line of `-v`.
    pub fn note(&self, io: &mut Io<'_>, line: &str) {
        if self.arguments.verbose {
            io.complain(format!("* {line}"));
        }
    }

    /// A warning, folded as curl folds it: 79 columns with `Warning: ` in front of each line, the
    /// newline of some texts counted.
    pub fn warn(&self, io: &mut Io<'_>, text: &str) {
        if self.arguments.silent {
            return;
        }
        let width = 79 - "Warning: ".len();
        let mut rest = text;
        while rest.len() > width {
            let cut = rest[..width].rfind(' ').map_or(width, |space| space + 1);
            io.complain(format!("Warning: {}", &rest[..cut]));
            rest = &rest[cut..];
        }
        io.complain(format!("Warning: {}", rest.trim_end_matches('\n')));
    }

    /// The connection is closed.
    pub fn closing(&self, io: &mut Io<'_>) {
        match self.version {
            Version::V7_88 => self.note(io, "Closing connection 0"),
            Version::V8_5 => self.note(io, "Closing connection"),
        }
    }

    /// An address did not answer.
    pub fn not_there(&self, io: &mut Io<'_>, to: SocketAddr, why: DialFailure) {
        let why = match why {
            DialFailure::Refused => "Connection refused",
            DialFailure::Unreachable => "No route to host",
            DialFailure::NoNetwork => "Network is unreachable",
            DialFailure::Silence => "Connection timed out",
        };
        self.note(io, &format!("connect to {} port {} failed: {why}", to.ip(), to.port()));
    }

    /// The connection stands.
    pub fn connected(&self, io: &mut Io<'_>, url: &Url, to: SocketAddr) {
        let number = if self.version == Version::V7_88 { " (#0)" } else { "" };
        let host = &url.host;
        self.note(io, &format!("Connected to {host} ({}) port {}{number}", to.ip(), to.port()));
        if url.is_tls() {
            self.note(io, "ALPN: offers h2,http/1.1");
            self.note(io, "TLSv1.3 (OUT), TLS handshake, Client hello (1):");
            if !self.arguments.insecure {
                self.note(io, " CAfile: /etc/ssl/certs/ca-certificates.crt");
                self.note(io, " CApath: /etc/ssl/certs");
            }
        }
    }

    /// A TLS handshake that is accepted, if need be because of `-k`.
    pub fn handshake(&self, io: &mut Io<'_>, names: &[String], issuer: Issuer) {
        self.note(io, "SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384");
        self.note(io, "Server certificate:");
        self.note(io, &format!(" subject: CN={}", names.first().map_or("", String::as_str)));
        let verified = match issuer {
            Issuer::Itself => {
                " SSL certificate verify result: self-signed certificate (18), continuing anyway."
            }
            Issuer::Cluster => {
                " SSL certificate verify result: unable to get local issuer certificate (20), continuing anyway."
            }
            Issuer::Public => " SSL certificate verify ok.",
        };
        self.note(io, verified);
    }

    /// The request, as `-v` shows it.
    pub fn sent(&self, io: &mut Io<'_>, request: &HttpRequest) {
        if !self.arguments.verbose {
            return;
        }
        io.complain(format!("> {} {} HTTP/1.1", request.method, request.target));
        for (key, value) in &request.headers {
            io.complain(format!("> {key}: {value}"));
        }
        io.complain("> ");
    }

    /// The response's head, as `-v` shows it.
    pub fn received(&self, io: &mut Io<'_>, response: &HttpResponse) {
        if !self.arguments.verbose {
            return;
        }
        if response.version == HttpVersion::V1_0 {
            self.note(io, "HTTP 1.0, assume close after body");
        }
        for line in head(response).lines() {
            io.complain(format!("< {line}"));
        }
    }

    /// A connection that is open already is used again.
    pub fn reused(&self, io: &mut Io<'_>, host: &str) {
        match self.version {
            Version::V7_88 => {
                self.note(io, &format!("Re-using existing connection #0 with host {host}"));
            }
            Version::V8_5 => {
                self.note(io, &format!("Re-using existing connection with host {host}"));
            }
        }
    }

    /// The connection is kept for a next request.
    pub fn left_intact(&self, io: &mut Io<'_>, host: &str) {
        self.note(io, &format!("Connection #0 to host {host} left intact"));
    }

    /// Why a request came to nothing: the exit code and the words.
    pub fn failure(&self, io: &mut Io<'_>, url: &Url, failure: &Failure) -> (i32, String) {
        let (host, port) = (&url.host, url.port);
        let millis = |after: &std::time::Duration| after.as_millis();
        let (code, told) = match failure {
            Failure::Name(LookupFailure::NoServer | LookupFailure::ServerFailure)
            | Failure::Name(_) => (6, format!("Could not resolve host: {host}")),
            Failure::Dial { to, why, after } => {
                self.not_there(io, *to, *why);
                let code = if *why == DialFailure::Silence { 28 } else { 7 };
                let told = format!(
                    "Failed to connect to {host} port {port} after {} ms: Couldn't connect to server",
                    millis(after)
                );
                (code, told)
            }
            Failure::SlowName { after } => {
                (28, format!("Resolving timed out after {} milliseconds", millis(after)))
            }
            Failure::SlowDial { after, connect: true, .. } => {
                let told = format!(
                    "Failed to connect to {host} port {port} after {} ms: Timeout was reached",
                    millis(after)
                );
                (28, told)
            }
            Failure::SlowDial { after, .. } => {
                (28, format!("Connection timed out after {} milliseconds", millis(after)))
            }
            Failure::SlowAnswer { after } => {
                let told = format!(
                    "Operation timed out after {} milliseconds with 0 bytes received",
                    millis(after)
                );
                (28, told)
            }
        };
        self.note(io, &told);
        self.closing(io);
        (code, told)
    }

    /// `-w`
    pub fn write_out(&self, io: &mut Io<'_>, facts: &Facts<'_>) {
        let Some(format) = &self.arguments.write_out else { return };
        let text = expand(format, facts, io.now());
        io.stdout.extend_from_slice(text.as_bytes());
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

fn expand(format: &str, facts: &Facts<'_>, now: SimTime) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['%', '\\']) {
        out += &rest[..at];
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("%{")
            && let Some(end) = inner.find('}')
        {
            out += &variable(&inner[..end], facts, now);
            rest = &inner[end + 1..];
            continue;
        }
        let (said, length) = match rest.as_bytes().get(1) {
            Some(b'n') if rest.starts_with('\\') => ("\n", 2),
            Some(b't') if rest.starts_with('\\') => ("\t", 2),
            Some(b'r') if rest.starts_with('\\') => ("\r", 2),
            Some(b'%') if rest.starts_with('%') => ("%", 2),
            _ => (&rest[..1], 1),
        };
        out += said;
        rest = &rest[length..];
    }
    out + rest
}

fn variable(name: &str, facts: &Facts<'_>, now: SimTime) -> String {
    let (ip, port) = facts.remote.split_once(':').unwrap_or(("", ""));
    let status = facts.response.map_or(0, |response| response.status);
    let since = |at: SimTime| format!("{:.6}", at.since(facts.begun).as_secs_f64());
    let moment = |at: Option<SimTime>| since(at.unwrap_or(facts.begun));
    let of_response = |name: &str| {
        facts.response.and_then(|response| response.header(name)).unwrap_or_default().to_owned()
    };
    match name {
        "http_code" | "response_code" => format!("{status:03}"),
        "remote_ip" => ip.to_owned(),
        "remote_port" => {
            if port.is_empty() {
                "0".to_owned()
            } else {
                port.to_owned()
            }
        }
        "size_download" => facts.response.map_or(0, |response| response.body.len()).to_string(),
        "content_type" => of_response("content-type"),
        "exitcode" => facts.exit.to_string(),
        "errormsg" => facts.told.lines().next().unwrap_or("").to_owned(),
        "num_redirects" => facts.redirects.to_string(),
        "redirect_url" => {
            let location = of_response("location");
            let url = (!location.is_empty()).then(|| facts.url.join(&location).ok()).flatten();
            url.map_or_else(String::new, |url| url.text())
        }
        "url_effective" | "url" => facts.url.text(),
        "method" => facts.method.to_owned(),
        "scheme" => facts.url.scheme.clone(),
        "http_version" => "1.1".to_owned(),
        "time_namelookup" => moment(facts.resolved),
        "time_connect" | "time_pretransfer" => moment(facts.connected),
        "time_appconnect" if !facts.url.is_tls() => moment(None),
        "time_redirect" if facts.redirects == 0 => moment(None),
        name if name.starts_with("time_") => since(now),
        "local_ip" | "local_port" | "num_connects" | "size_upload" | "speed_download" => {
            "0".to_owned()
        }
        other => format!("%{{{other}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_know_variables_and_escapes() {
        let url = Url::parse("http://site/old").unwrap();
        let response = HttpResponse {
            status: 301,
            reason: "Moved Permanently".to_owned(),
            headers: vec![("Location".to_owned(), "/new".to_owned())],
            body: b"abc".to_vec(),
            ..HttpResponse::default()
        };
        let facts = Facts {
            response: Some(&response),
            exit: 0,
            told: "",
            url: &url,
            method: "GET",
            redirects: 0,
            remote: "10.96.0.5:80",
            begun: SimTime::START,
            resolved: None,
            connected: None,
        };
        let format =
            "%{http_code} %{remote_ip}:%{remote_port} %{size_download} %{redirect_url}\\n100%%";
        let expected = "301 10.96.0.5:80 3 http://site/new\n100%";
        assert_eq!(expand(format, &facts, SimTime::START), expected);
    }

    #[test]
    fn the_meter_has_curls_columns() {
        let recorded =
            "100    16  100    16    0     0  13600      0 --:--:-- --:--:-- --:--:-- 16000\n";
        assert_eq!(meter_line(16), recorded);
        assert_eq!(METER_NOTHING.len(), recorded.len());
    }
}
