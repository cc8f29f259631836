//! From a request to a response: static files, `return`, `rewrite`, error pages, proxies.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::conditions::{Question, Test};
use super::config::{ErrorPage, Location, Pattern, Return, Settings};
use super::limits::Admission;
use super::request::{CLIENT_CLOSED, Outcome, RequestHandler};
use super::sizes::{self, HEADERS_TOO_LARGE};
use super::template::Template;
use super::{VERSION, partial, proxy, select, variables};
use crate::cluster::programs::access;
use crate::cluster::programs::http;
use crate::cluster::{Context, HttpResponse, HttpVersion};

/// The status of `return` that nginx closes the connection for.
const CLOSE: u16 = 444;

/// When the pages that the image holds were written: Wed, 16 Apr 2025 12:01:11 GMT.
const OF_IMAGE: Timestamp = Timestamp::constant(1_744_804_871, 0);

/// Errors of nginx's own after which a connection ends
/// (`ngx_http_special_response_handler` of ngx_http_special_response.c).
const ENDING: [u16; 6] = [400, 413, 414, HEADERS_TOO_LARGE, 500, 501];

/// How often a request may be sent on inside nginx.
const REDIRECTS: u32 = 10;

/// Where a request goes next.
enum Step {
    Answer(Outcome),
    /// An error of nginx's own: a page has to be found for it.
    Error {
        status: u16,
        took: Duration,
    },
    /// Another path, inside nginx.
    Redirect(String),
}

impl<'a> RequestHandler<'a> {
    /// The response and how long it took; the logs are written.
    pub fn answer(&mut self, context: &mut Context<'_>) -> (HttpResponse, Duration) {
        let original = self.request.target.clone();
        let (settings, outcome) = self.run(context);
        self.request.target = original;
        self.status = outcome.status;
        let unsent = self.request.method == "HEAD" || self.is_abandoned();
        self.sent = if unsent { 0 } else { outcome.body.len() };
        let took = outcome.took + self.held;
        self.elapsed = took;
        let response = self.finish(outcome, settings, context);
        self.log(settings, context);
        (response, took)
    }

    /// Whether the connection is closed without a word: `return 444` (an upstream's status of that
    /// number is passed on like any other).
    pub fn closes(&self) -> bool {
        self.status == CLOSE && self.tries.is_empty()
    }

    /// Whether its client closed the connection before there was an answer.
    pub fn is_abandoned(&self) -> bool {
        self.status == CLIENT_CLOSED && self.tries.last().is_some_and(|one| one.status.is_none())
    }

    /// Whether a request meets what an `if` asks.
    fn meets(&mut self, test: &Test, settings: &Settings, context: &Context<'_>) -> bool {
        let fill = |template: &Template| variables::fill(template, self, settings, context.now());
        let subject = fill(&test.subject);
        let is_file = || context.cluster.read_file(&context.place, &subject).is_some();
        let is_folder = || context.cluster.is_directory(&context.place, &subject);
        let answer = match &test.question {
            Question::Set => !subject.is_empty() && subject != "0",
            Question::Equal(value) => subject == fill(value),
            Question::Matches(pattern) => self.captured.matches(pattern, &subject),
            Question::IsFile => is_file(),
            Question::IsFolder => is_folder(),
            Question::Exists => is_file() || is_folder(),
        };
        answer != test.negated
    }

    /// From location to location until something answers.
    fn run(&mut self, context: &mut Context<'_>) -> (&'a Settings, Outcome) {
        let server = self.server;
        let mut failed: Option<(u16, Duration)> = None;
        let mut named: Option<String> = None;
        let mut settings = &server.settings;
        // TRACE is allowed nowhere (`ngx_http_process_request_header`).
        let traces = (self.request.method == "TRACE").then_some(405);
        let mut refusal = settings.header_buffers().refusal(&self.request).or(traces);
        for _ in 0..REDIRECTS {
            // What stands behind `#` is for the client alone.
            let path = http::split_target(&self.request.target).0.split('#').next().unwrap_or("");
            let path = http::normal(path);
            let location = match named.take() {
                Some(name) => select::named(&self.server.locations, &name),
                None => select::location(&self.server.locations, &path),
            };
            settings = location.map_or(&server.settings, |location| &location.settings);
            if let Some(Pattern::Expression(expression)) = location.map(|found| &found.pattern) {
                self.captured.matches(expression, &path);
            }
            let inside = failed.is_some();
            let step = match refusal.take() {
                Some(status) => error(status),
                None => self.handler(settings, location, &path, inside, context),
            };
            match step {
                Step::Answer(mut outcome) => {
                    if let Some((status, took)) = failed {
                        outcome.status =
                            if outcome.status == 200 { status } else { outcome.status };
                        outcome.took += took;
                    }
                    return (settings, outcome);
                }
                Step::Redirect(target) if target.starts_with('@') => named = Some(target),
                Step::Redirect(target) => self.request.target = target,
                Step::Error { status, took } => {
                    self.ends |= ENDING.contains(&status);
                    let page = error_page(settings, status);
                    match page.filter(|_| status != CLIENT_CLOSED) {
                        Some(page) if failed.is_none() => {
                            if let Some(outcome) = outside_page(page, took) {
                                return (settings, outcome);
                            }
                            let shown = match page.status {
                                Some(Some(code)) => code,
                                Some(None) => 200,
                                None => status,
                            };
                            failed = Some((shown, took));
                            if page.uri.starts_with('@') {
                                named = Some(page.uri.clone());
                            } else {
                                self.request.target.clone_from(&page.uri);
                            }
                        }
                        _ => {
                            let (status, took) = failed.unwrap_or((status, took));
                            return (settings, plain_error(status, took, settings));
                        }
                    }
                }
            }
        }
        self.write_error(context, "rewrite or internal redirection cycle", None);
        let outcome = plain_error(500, http::SERVICE_TIME, settings);
        (settings, outcome)
    }

    fn handler(
        &mut self,
        settings: &'a Settings,
        location: Option<&Location>,
        path: &str,
        inside: bool,
        context: &mut Context<'_>,
    ) -> Step {
        let outer = &self.server.settings;
        let (answer, _) = self.conditions(outer, context);
        let server_answer = answer.or(outer.answer.as_ref()).filter(|_| !inside);
        if server_answer.is_none() && !inside && self.is_too_large(settings, context) {
            return error(413);
        }
        let excepted = settings.exception.as_ref();
        let excepted = excepted.filter(|exception| exception.holds(&self.request.method));
        let settings = excepted.map_or(settings, |exception| &*exception.settings);
        let (answer, met) = self.conditions(settings, context);
        let answer = server_answer.or(answer).or(settings.answer.as_ref());
        let settings = met.unwrap_or(settings);
        if let Some(answer) = answer {
            return self.answer_directly(answer, settings, context);
        }
        if let Some(step) = self.rewrite(settings, path) {
            return step;
        }
        if settings.internal && !inside {
            return error(404);
        }
        if !inside && let Some(zone) = self.overflow(settings, context) {
            self.write_error(context, &zone, None);
            return error(settings.limit_status.unwrap_or(503));
        }
        self.client = settings.real_ip.client(self.ask.peer.ip(), &self.request);
        if !access::admits(&settings.access, self.client) {
            self.write_error(context, "access forbidden by rule", None);
            return error(403);
        }
        if settings.auth_realm.is_some() && http::header(&self.request, "Authorization").is_none() {
            return error(401);
        }
        if settings.status_page {
            let text = format!(
                "Active connections: 1 \nserver accepts handled requests\n {0} {0} {0} \n\
                 Reading: 0 Writing: 1 Waiting: 0 \n",
                self.number
            );
            return Step::Answer(Outcome::text(200, "text/plain", text));
        }
        if let Some(target) = &settings.proxy {
            let prefix =
                location.map(|location| &location.pattern).and_then(|pattern| match pattern {
                    Pattern::Prefix { path, .. } | Pattern::Exact(path) => Some(path.as_str()),
                    _ => None,
                });
            return match proxy::pass(self, target, settings, prefix, context) {
                Ok(outcome) if settings.intercept_errors && outcome.status >= 400 => {
                    Step::Error { status: outcome.status, took: outcome.took }
                }
                Ok(outcome) => Step::Answer(outcome),
                Err((status, took)) => Step::Error { status, took },
            };
        }
        if let Some(names) = &settings.try_files {
            return self.try_files(names, settings, location, path, context);
        }
        self.file(settings, location, path, context)
    }

    /// The first `return` of a level's conditions that hold, and the settings of the last of them,
    /// which stand in place of the level's own.
    fn conditions(
        &mut self,
        level: &'a Settings,
        context: &Context<'_>,
    ) -> (Option<&'a Return>, Option<&'a Settings>) {
        let mut met = None;
        for condition in &level.conditions {
            if !self.meets(&condition.test, level, context) {
                continue;
            }
            met = Some(&condition.settings);
            if let Some(answer) = &condition.settings.answer {
                return (Some(answer), met);
            }
        }
        (None, met)
    }

    /// Whether the body is larger than it may be here, which goes to the log.
    fn is_too_large(&self, settings: &Settings, context: &mut Context<'_>) -> bool {
        let most = settings.largest_body.unwrap_or(sizes::LARGEST_BODY);
        let length = self.request.body.len() as u64;
        let is_too_large = most > 0 && length > most;
        if is_too_large {
            let what = format!("client intended to send too large body: {length} bytes");
            self.write_error(context, &what, None);
        }
        is_too_large
    }

    /// What the log says of a request that is one too many for a `limit_req`.
    fn overflow(&mut self, settings: &Settings, context: &Context<'_>) -> Option<String> {
        for limit in &settings.limits {
            let zone = self.config.zones.get(&limit.zone)?;
            let key = variables::fill(&zone.key, self, settings, context.now());
            if key.is_empty() {
                continue;
            }
            match self.buckets.admit(zone, limit, key, context.now()) {
                Admission::After(time) => self.held = self.held.max(time),
                Admission::Busy(excess) => {
                    let (whole, parts) = (excess / 1_000, excess % 1_000);
                    return Some(format!(
                        "limiting requests, excess: {whole}.{parts:03} by zone \"{}\"",
                        limit.zone
                    ));
                }
            }
        }
        None
    }

    /// `return`
    fn answer_directly(&self, answer: &Return, settings: &Settings, context: &Context<'_>) -> Step {
        let text =
            answer.text.as_ref().map(|text| variables::fill(text, self, settings, context.now()));
        match (answer.status, text) {
            (status @ (301 | 302 | 303 | 307 | 308), Some(target)) => {
                Step::Answer(redirect(status, self.absolute(&target), settings))
            }
            (CLOSE, _) => Step::Answer(Outcome::text(CLOSE, "text/plain", String::new())),
            (status, Some(text)) => {
                let kind = settings.default_type.clone().unwrap_or_else(|| "text/plain".to_owned());
                Step::Answer(Outcome::text(status, &kind, text))
            }
            (status @ (200 | 204), None) => {
                let kind = settings.default_type.as_deref().unwrap_or("text/plain");
                let mut answer = Outcome::text(status, kind, String::new());
                // What has no body has no kind either.
                answer.headers.retain(|_| status != 204);
                Step::Answer(answer)
            }
            (status, None) => error(status),
        }
    }

    fn rewrite(&mut self, settings: &Settings, path: &str) -> Option<Step> {
        let query = http::split_target(&self.request.target).1.to_owned();
        for rewrite in &settings.rewrites {
            let Some(target) = rewrite.target(path, &query) else { continue };
            return Some(match rewrite.redirect {
                Some(status) => Step::Answer(redirect(status, self.absolute(&target), settings)),
                None if rewrite.stays => {
                    self.request.target = target;
                    return None;
                }
                None if target == self.request.target => continue,
                None => Step::Redirect(target),
            });
        }
        None
    }

    fn try_files(
        &mut self,
        names: &[String],
        settings: &Settings,
        location: Option<&Location>,
        path: &str,
        context: &mut Context<'_>,
    ) -> Step {
        let Some((last, tries)) = names.split_last() else { return error(404) };
        let fill = |handler: &Self, name: &str| {
            variables::fill(&super::template::Template::new(name), handler, settings, context.now())
        };
        for name in tries {
            let wanted = fill(self, name);
            let file = disk_path(settings, location, &wanted);
            let place = context.place.clone();
            let found = if name.ends_with('/') {
                context.cluster.is_directory(&place, &file)
            } else {
                context.cluster.read_file(&place, &file).is_some()
            };
            if found {
                return self.file(settings, location, &wanted, context);
            }
        }
        match last.strip_prefix('=').and_then(|code| code.parse().ok()) {
            Some(code) => error(code),
            None => {
                let target = fill(self, last);
                if target == path { error(404) } else { Step::Redirect(target) }
            }
        }
    }

    /// A static file.
    fn file(
        &self,
        settings: &Settings,
        location: Option<&Location>,
        path: &str,
        context: &mut Context<'_>,
    ) -> Step {
        if !matches!(self.request.method.as_str(), "GET" | "HEAD") {
            return error(405);
        }
        let place = context.place.clone();
        let file = disk_path(settings, location, path);
        if !path.ends_with('/') {
            if let Some(body) = context.cluster.read_file(&place, &file) {
                let kind = content_type(settings, &file);
                return self.parts(Outcome::file((&file, body), &kind, context), settings);
            }
            if context.cluster.is_directory(&place, &file) {
                return Step::Answer(redirect(301, self.absolute(&format!("{path}/")), settings));
            }
            let what = format!("open() \"{file}\" failed (2: No such file or directory)");
            self.write_error(context, &what, None);
            return error(404);
        }
        let usual = ["index.html".to_owned()];
        for name in settings.index.as_deref().unwrap_or(&usual) {
            let candidate = format!("{}/{name}", file.trim_end_matches('/'));
            if let Some(body) = context.cluster.read_file(&place, &candidate) {
                let kind = content_type(settings, &candidate);
                return self.parts(Outcome::file((&candidate, body), &kind, context), settings);
            }
        }
        if !context.cluster.is_directory(&place, &file) {
            let index = format!("{file}index.html");
            let what = format!("\"{index}\" is not found (2: No such file or directory)");
            self.write_error(context, &what, None);
            return error(404);
        }
        if settings.autoindex {
            return Step::Answer(Outcome::text(
                200,
                "text/html",
                self.listing(&file, path, context),
            ));
        }
        self.write_error(context, &format!("directory index of \"{file}\" is forbidden"), None);
        error(403)
    }

    /// A file, or what the request wants of it.
    fn parts(&self, outcome: Outcome, settings: &Settings) -> Step {
        match partial::apply(&self.request, outcome) {
            Ok(Outcome { status: 412, .. }) => error(412),
            Ok(outcome) => Step::Answer(outcome),
            Err(length) => {
                let mut outcome = plain_error(416, http::SERVICE_TIME, settings);
                outcome.headers.push(("Content-Range".to_owned(), format!("bytes */{length}")));
                Step::Answer(outcome)
            }
        }
    }

    /// `autoindex on`
    fn listing(&self, folder: &str, path: &str, context: &Context<'_>) -> String {
        let names = context.cluster.entries(&context.place, folder);
        let rows: String =
            names.iter().map(|name| format!("<a href=\"{name}\">{name}</a>\r\n")).collect();
        format!(
            "<html>\r\n<head><title>Index of {path}</title></head>\r\n<body>\r\n\
             <h1>Index of {path}</h1><hr><pre><a href=\"../\">../</a>\r\n{rows}</pre><hr></body>\r\n\
             </html>\r\n"
        )
    }

    /// A redirect's target with scheme and host.
    pub fn absolute(&self, target: &str) -> String {
        if !target.starts_with('/') {
            return target.to_owned();
        }
        let host = http::header(&self.request, "Host").unwrap_or_else(|| self.server_name());
        let name = host.split(':').next().unwrap_or(host);
        match self.ask.local.port() {
            80 => format!("http://{name}{target}"),
            port => format!("http://{name}:{port}{target}"),
        }
    }

    /// Puts nginx's own headers around a response.
    fn finish(&self, outcome: Outcome, settings: &Settings, context: &Context<'_>) -> HttpResponse {
        let Outcome { status, reason: told, headers: mut own, body, .. } = outcome;
        let version = if settings.hide_version { String::new() } else { format!("/{VERSION}") };
        let mut headers = vec![
            ("Server".to_owned(), format!("nginx{version}")),
            ("Date".to_owned(), http::date(self.reached(context))),
        ];
        let mut take = |name: &str| {
            let at = own.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
            Some(own.remove(at))
        };
        headers.extend(take("Content-Type"));
        let length = take("Content-Length");
        let chunked = take("Transfer-Encoding");
        match (length, chunked) {
            (Some(length), _) => headers.push(length),
            (None, Some(chunked)) => headers.push(chunked),
            (None, None) if matches!(status, 204 | 304) => {}
            (None, None) => headers.push(("Content-Length".to_owned(), body.len().to_string())),
        }
        headers.extend(take("Last-Modified"));
        headers.extend(take("Location"));
        let asked = http::header(&self.request, "Connection").unwrap_or("");
        let ends = self.ends || asked.eq_ignore_ascii_case("close");
        let kept = if ends { "close" } else { "keep-alive" };
        headers.push(("Connection".to_owned(), kept.to_owned()));
        headers.extend(own);
        let usual = matches!(status, 200 | 201 | 204 | 206 | 301 | 302 | 303 | 304 | 307 | 308);
        for (name, value, _) in settings.headers.iter().filter(|(.., always)| usual || *always) {
            let value = variables::fill(value, self, settings, context.now());
            headers.push((name.clone(), value));
        }
        let body = if self.request.method == "HEAD" { Vec::new() } else { body };
        HttpResponse {
            version: HttpVersion::V1_1,
            status,
            reason: told.unwrap_or_else(|| reason(status).to_owned()),
            headers,
            body,
        }
    }

    fn log(&self, settings: &Settings, context: &mut Context<'_>) {
        let format = match &settings.access_log {
            Some(None) => return,
            Some(Some(name)) => name.as_str(),
            None => "combined",
        };
        let now = self.reached(context);
        let line = match self.config.formats.get(format) {
            Some(template) => variables::fill_log(template, self, settings, now),
            None => format!(
                "{} - {} [{}] \"{} {} {}\" {} {} \"{}\" \"{}\"",
                self.client,
                variables::user(&self.request).as_deref().unwrap_or("-"),
                http::log_date(now),
                self.request.method,
                self.request.target,
                self.request.version,
                self.status,
                self.sent,
                http::header(&self.request, "Referer").unwrap_or("-"),
                http::header(&self.request, "User-Agent").unwrap_or("-"),
            ),
        };
        context.say_at(now, line);
    }
}

impl Outcome {
    fn text(status: u16, kind: &str, text: String) -> Outcome {
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        let body = text.into_bytes();
        Outcome { status, reason: None, headers, body, took: http::SERVICE_TIME }
    }

    fn file((path, body): (&str, Vec<u8>), kind: &str, context: &Context<'_>) -> Outcome {
        let changed = context.cluster.changed(&context.place, path).unwrap_or(OF_IMAGE);
        let headers = [
            ("Content-Type", kind.to_owned()),
            ("Last-Modified", http::date(changed)),
            ("ETag", format!("\"{:x}-{:x}\"", changed.as_second(), body.len())),
            ("Accept-Ranges", "bytes".to_owned()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Outcome { status: 200, reason: None, headers, body, took: http::SERVICE_TIME }
    }
}

/// The status line's words, where nginx has its own (recording 31).
fn reason(status: u16) -> &'static str {
    match status {
        302 => "Moved Temporarily",
        405 => "Not Allowed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        416 => "Requested Range Not Satisfiable",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        status => http::reason(status),
    }
}

/// nginx's page for an error, with a line below the heading where there is more to say.
pub fn error_body(heading: &str, more: Option<&str>, hide_version: bool) -> String {
    let title = more.map_or(heading.to_owned(), |more| {
        format!("{} {more}", heading.split(' ').next().unwrap_or(heading))
    });
    let more = more.map(|more| format!("<center>{more}</center>\r\n")).unwrap_or_default();
    let version = if hide_version { String::new() } else { format!("/{VERSION}") };
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
         <center><h1>{heading}</h1></center>\r\n{more}<hr><center>nginx{version}</center>\r\n\
         </body>\r\n</html>\r\n"
    )
}

fn error(status: u16) -> Step {
    Step::Error { status, took: http::SERVICE_TIME }
}

fn plain_error(status: u16, took: Duration, settings: &Settings) -> Outcome {
    let title = match status {
        302 => "Found",
        401 => "Authorization Required",
        status => reason(status),
    };
    let more = (status == HEADERS_TOO_LARGE).then_some("Request Header Or Cookie Too Large");
    let (status, title) = if more.is_some() { (400, reason(400)) } else { (status, title) };
    let body = error_body(&format!("{status} {title}"), more, settings.hide_version);
    let mut outcome = Outcome { took, ..Outcome::text(status, "text/html", body) };
    if let (401, Some(realm)) = (status, &settings.auth_realm) {
        let value = format!("Basic realm=\"{realm}\"");
        outcome.headers.push(("WWW-Authenticate".to_owned(), value));
    }
    outcome
}

fn redirect(status: u16, target: String, settings: &Settings) -> Outcome {
    let mut outcome = plain_error(status, http::SERVICE_TIME, settings);
    outcome.headers.push(("Location".to_owned(), target));
    outcome
}

fn error_page(settings: &Settings, status: u16) -> Option<&ErrorPage> {
    settings.error_pages.iter().find(|page| page.codes.contains(&status))
}

/// An error page elsewhere is a redirect.
fn outside_page(page: &ErrorPage, took: Duration) -> Option<Outcome> {
    let outside = page.uri.starts_with("http://") || page.uri.starts_with("https://");
    outside.then(|| Outcome { took, ..redirect(302, page.uri.clone(), &Settings::default()) })
}

/// The file that a path means: below `root`, or in place of the location's part under `alias`.
fn disk_path(settings: &Settings, location: Option<&Location>, path: &str) -> String {
    if let (Some(alias), Some(location)) = (&settings.alias, location)
        && let Pattern::Prefix { path: prefix, .. } | Pattern::Exact(prefix) = &location.pattern
    {
        return format!("{alias}{}", path.strip_prefix(prefix.as_str()).unwrap_or(""));
    }
    let root = settings.root.as_deref().unwrap_or("/etc/nginx/html");
    let root = if root.starts_with('/') { root.to_owned() } else { format!("/etc/nginx/{root}") };
    format!("{}{path}", root.trim_end_matches('/'))
}

fn content_type(settings: &Settings, path: &str) -> String {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    let known = extension.and_then(|(_, extension)| match settings.types.is_empty() {
        false => settings.types.get(extension).cloned(),
        true => match extension {
            "html" => Some("text/html".to_owned()),
            "gif" => Some("image/gif".to_owned()),
            "jpg" => Some("image/jpeg".to_owned()),
            _ => None,
        },
    });
    let usual = || settings.default_type.clone().unwrap_or_else(|| "text/plain".to_owned());
    known.unwrap_or_else(usual)
}
