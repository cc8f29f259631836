//! The request that a curl sends: its method, its headers in their order, its body
//! (`lib/http.c`).

use super::arguments::{Netrc, Operation};
use super::cookies::Jar;
use super::data::unescape;
use super::form;
use super::report::Version;
use super::route::Route;
use crate::cluster::{HttpRequest, HttpVersion};
use crate::shell::Io;
use crate::shell::commands::net::url::Url;
use crate::shell::commands::text::base64;

/// What a request is made for.
pub struct Occasion<'a> {
    pub operation: &'a Operation,
    pub route: &'a Route,
    pub url: &'a Url,
    /// Where the first request of these redirects went: that server may have the credentials.
    pub first: &'a Url,
    /// A redirect after which the body is not sent again.
    pub bodiless: bool,
    /// Whether the server has asked who is there.
    pub asked: bool,
    /// What `-T` sends.
    pub upload: Option<&'a [u8]>,
    /// Whether that has no length that is known before.
    pub chunked: bool,
    pub resume: Option<u64>,
    pub referer: Option<&'a str>,
    pub jar: &'a Jar,
    /// Makes the boundary of a form.
    pub seed: u64,
}

/// A request, and who `-v` says is logged in.
pub struct Made {
    pub request: HttpRequest,
    pub user: Option<String>,
}

impl Occasion<'_> {
    /// The request for the URL itself.
    pub fn request(&self, io: &Io<'_>) -> Made {
        let operation = self.operation;
        let (body, kind) = self.body();
        let mut target = self.target();
        if self.route.proxy.as_ref().is_some_and(|proxy| !proxy.tunnel) {
            let url = self.url;
            let host = match url.explicit_port {
                true => format!("{}:{}", url.written_host(), url.port),
                false => url.written_host(),
            };
            target = format!("{}://{host}{target}", url.scheme);
        }
        let target = operation.request_target.clone().unwrap_or(target);
        let user = self.user(io).filter(|_| self.own("authorization").is_none());
        let user = user.filter(|_| self.asked || !operation.any_auth);
        let mut headers = vec![("Host".to_owned(), self.host())];
        // Without it HTTP/1.0 is whole.
        headers.retain(|(_, host)| !operation.http10 || !host.is_empty());
        let mut put = |name: &str, value: String| {
            if self.own(name).is_none() {
                headers.push((name.to_owned(), value));
            }
        };
        if let Some(proxy) = self.route.proxy.as_ref().filter(|proxy| !proxy.tunnel)
            && let Some(credentials) = &proxy.credentials
        {
            put("Proxy-Authorization", format!("Basic {credentials}"));
        }
        if let (Some(_), true) = (&user, operation.digest) {
        } else if let Some(user) = &user {
            put("Authorization", format!("Basic {}", base64::encode(user.as_bytes())));
        } else if let Some(token) = operation.bearer.as_ref().filter(|_| self.trusted()) {
            put("Authorization", format!("Bearer {token}"));
        }
        if let Some(file) = &operation.etag_compare {
            let saved = io.read_file(file).unwrap_or_default();
            let tag = String::from_utf8_lossy(&saved);
            let tag = tag.lines().next().filter(|tag| !tag.is_empty()).unwrap_or("\"\"");
            put("If-None-Match", tag.to_owned());
        }
        if let Some(range) = self.range() {
            put("Range", range);
        }
        let agent = operation.agent.clone().unwrap_or_else(|| Version::of(io).agent());
        if !agent.is_empty() {
            put("User-Agent", agent);
        }
        if !operation.json {
            put("Accept", "*/*".to_owned());
        }
        self.middle(&mut put);
        headers.extend(self.condition().map(|(name, value)| (name.to_owned(), value)));
        headers.extend(self.customs());
        // `--json` stands for headers of one's own.
        for name in ["Content-Type", "Accept"] {
            if operation.json && self.own(name).is_none() {
                headers.push((name.to_owned(), "application/json".to_owned()));
            }
        }
        self.about_body(&mut headers, &body, kind);
        let method = self.method(body.is_some());
        let version = if operation.http10 { HttpVersion::V1_0 } else { HttpVersion::V1_1 };
        let request =
            HttpRequest { version, method, target, headers, body: body.unwrap_or_default() };
        let user = user.map(|user| user.split(':').next().unwrap_or("").to_owned());
        Made { request, user }
    }

    /// The request for a tunnel.
    pub fn connect(&self, io: &Io<'_>) -> HttpRequest {
        let place = format!("{}:{}", self.url.written_host(), self.url.port);
        let agent = self.operation.agent.clone().unwrap_or_else(|| Version::of(io).agent());
        let mut headers = vec![("Host".to_owned(), place.clone())];
        let credentials = self.route.proxy.as_ref().and_then(|proxy| proxy.credentials.as_ref());
        if let Some(credentials) = credentials {
            headers.push(("Proxy-Authorization".to_owned(), format!("Basic {credentials}")));
        }
        if !agent.is_empty() {
            headers.push(("User-Agent".to_owned(), agent));
        }
        headers.push(("Proxy-Connection".to_owned(), "Keep-Alive".to_owned()));
        headers.extend(self.operation.proxy_headers.iter().filter_map(|header| split(header)));
        HttpRequest {
            version: Default::default(),
            method: "CONNECT".to_owned(),
            target: place,
            headers,
            body: Vec::new(),
        }
    }

    /// The headers between `Accept` and those of the command line.
    fn middle(&self, put: &mut impl FnMut(&str, String)) {
        let operation = self.operation;
        if operation.transfer_encoding {
            put("Connection", "TE".to_owned());
            put("TE", "gzip".to_owned());
        }
        if operation.compressed {
            put("Accept-Encoding", "deflate, gzip, br, zstd".to_owned());
        }
        if let Some(referer) = self.referer {
            put("Referer", referer.to_owned());
        }
        if self.route.proxy.as_ref().is_some_and(|proxy| !proxy.tunnel) {
            put("Proxy-Connection", "Keep-Alive".to_owned());
        }
        let mut cookies = self.jar.header(self.url);
        if !operation.cookies.is_empty() && self.trusted() {
            cookies.push(operation.cookies.join(";"));
        }
        if !cookies.is_empty() {
            put("Cookie", cookies.join("; "));
        }
        if operation.upgrade && !self.url.is_tls() {
            put("Connection", "Upgrade, HTTP2-Settings".to_owned());
            put("Upgrade", "h2c".to_owned());
            put("HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA".to_owned());
        }
    }

    /// `-z`: what the server is told of the moment.
    fn condition(&self) -> Option<(&'static str, String)> {
        let (moment, older) = self.operation.time?;
        let name = if older { "If-Unmodified-Since" } else { "If-Modified-Since" };
        Some((name, moment.format("%a, %d %b %Y %H:%M:%S GMT", false)))
    }

    fn method(&self, body: bool) -> String {
        let operation = self.operation;
        match &operation.method {
            Some(method) => method.clone(),
            None if operation.head => "HEAD".to_owned(),
            None if self.upload.is_some() && !self.bodiless => "PUT".to_owned(),
            None if body => "POST".to_owned(),
            None => "GET".to_owned(),
        }
    }

    /// The body, and its type.
    fn body(&self) -> (Option<Vec<u8>>, Option<String>) {
        let operation = self.operation;
        if self.bodiless {
            return (None, None);
        }
        if let Some(upload) = self.upload {
            return (Some(upload.to_vec()), None);
        }
        if !operation.form.is_empty() {
            let boundary = format!("------------------------{:016x}", self.seed);
            let body = form::body(&operation.form, &boundary, operation.form_escape);
            return (Some(body), Some(format!("multipart/form-data; boundary={boundary}")));
        }
        match &operation.data {
            Some(data) if !operation.get => {
                let kind = "application/x-www-form-urlencoded".to_owned();
                (Some(data.clone()), Some(kind).filter(|_| !operation.json))
            }
            _ => (None, None),
        }
    }

    fn about_body(
        &self,
        headers: &mut Vec<(String, String)>,
        body: &Option<Vec<u8>>,
        kind: Option<String>,
    ) {
        let Some(body) = body else { return };
        let sized = self.own("content-length").is_some() || self.own("transfer-encoding").is_some();
        if self.chunked && self.upload.is_some() && !sized {
            headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned()));
        } else if !sized {
            headers.push(("Content-Length".to_owned(), body.len().to_string()));
        }
        if let Some(kind) = kind.filter(|_| self.own("content-type").is_none()) {
            headers.push(("Content-Type".to_owned(), kind));
        }
        if self.waits(body.len()) && !self.operation.http10 && self.own("expect").is_none() {
            headers.push(("Expect".to_owned(), "100-continue".to_owned()));
        }
    }

    /// Whether the server is asked first: every PUT, and long bodies.
    fn waits(&self, length: usize) -> bool {
        self.upload.is_some() && length > 0 || length > 1024 * 1024
    }

    fn target(&self) -> String {
        let target = self.url.target.replace(' ', "%20");
        let data = self.operation.data.as_ref().filter(|_| self.operation.get);
        let data = data.map(|data| String::from_utf8_lossy(data).into_owned());
        // What `-G` makes of `-d` stands in the place of `--url-query`.
        match data.or_else(|| self.operation.query.clone()) {
            Some(more) => {
                let joint = if target.contains('?') { '&' } else { '?' };
                format!("{target}{joint}{more}")
            }
            None => target,
        }
    }

    fn range(&self) -> Option<String> {
        match (self.resume, &self.operation.range) {
            (Some(offset), _) if self.upload.is_none() => Some(format!("bytes={offset}-")),
            (_, Some(range)) => Some(format!("bytes={range}")),
            _ => None,
        }
    }

    fn host(&self) -> String {
        let own = self.own("host").filter(|_| self.url.host == self.first.host);
        own.unwrap_or_else(|| self.url.authority())
    }

    /// Whether this host may have what is secret.
    fn trusted(&self) -> bool {
        let same = self.url.host == self.first.host
            && self.url.port == self.first.port
            && self.url.scheme == self.first.scheme;
        same || self.operation.trusted
    }

    /// `user:password`, from the URL, `-u` or a `.netrc`.
    fn user(&self, io: &Io<'_>) -> Option<String> {
        let in_url = self.url.user.as_deref().map(unescape);
        let given = self.operation.user.clone().filter(|_| self.trusted());
        let whole = |user: String| if user.contains(':') { user } else { format!("{user}:") };
        let required = self.operation.netrc == Some(Netrc::Required);
        let listed = || {
            let wanted = self.operation.netrc.is_some() || self.operation.netrc_file.is_some();
            wanted.then(|| netrc(self.operation, io, &self.url.host)).flatten()
        };
        match required {
            true => listed().or(given).or(in_url).map(whole),
            false => given.or(in_url).or_else(listed).map(whole),
        }
    }

    /// A header of the command line, if it is there; one without a value takes the usual one away.
    fn own(&self, name: &str) -> Option<String> {
        self.operation.headers.iter().find_map(|header| {
            let (key, value) = header.split_once([':', ';'])?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    fn customs(&self) -> Vec<(String, String)> {
        let secret = |name: &str| matches!(name, "authorization" | "cookie");
        let all = self.operation.headers.iter().filter_map(|header| split(header));
        all.filter(|(name, _)| {
            let name = name.to_ascii_lowercase();
            name != "host" && (self.trusted() || !secret(&name))
        })
        .collect()
    }
}

/// `Name: value`; `Name;` is one without a value, and `Name:` is none.
fn split(header: &str) -> Option<(String, String)> {
    match header.split_once(':') {
        Some((name, value)) if !value.trim().is_empty() => {
            Some((name.to_owned(), value.trim().to_owned()))
        }
        Some(_) => None,
        None => {
            let (name, rest) = header.split_once(';')?;
            rest.trim().is_empty().then(|| (name.to_owned(), String::new()))
        }
    }
}

/// What a `.netrc` says of a host.
fn netrc(operation: &Operation, io: &Io<'_>, host: &str) -> Option<String> {
    let home = io.environment.get("HOME").map_or("", String::as_str);
    let file = operation.netrc_file.clone().unwrap_or_else(|| format!("{home}/.netrc"));
    let text = String::from_utf8_lossy(&io.read_file(&file).ok()?).into_owned();
    let mut words = text.split_whitespace();
    let (mut ours, mut login, mut password) = (false, None, String::new());
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" if login.is_some() => break,
            "machine" => ours = words.next().is_some_and(|name| name.eq_ignore_ascii_case(host)),
            "default" => ours = true,
            "login" if ours => login = words.next().map(str::to_owned),
            "password" if ours => password = words.next().unwrap_or("").to_owned(),
            _ => {}
        }
    }
    login.map(|login| format!("{login}:{password}"))
}
