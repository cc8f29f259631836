//! What httpd answers: the host that is meant, what holds for the path, and a file, a redirect, another server's
//! answer or an error page.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::config::{Config, Host, Scope};
use super::proxy::{self, Workers};
use super::settings::Settings;
use super::{pages, partial};
use super::{stamp, version};
use crate::cluster::files;
use crate::cluster::programs::http;
use crate::cluster::{Ask, Context, HttpRequest, HttpResponse};
use crate::network::SocketAddr;

/// When the page that the image holds was written: Mon, 11 Jun 2007 18:53:14 GMT.
const OF_IMAGE: Timestamp = Timestamp::constant(1_181_587_994, 0);

const HTML: &str = "text/html; charset=iso-8859-1";

/// Where the image's own document root is, when nobody says another.
const ROOT: &str = "/usr/local/apache2/htdocs";

/// What may be asked of a file.
const METHODS: &str = "GET,POST,OPTIONS,HEAD,TRACE";

/// One request.
pub struct RequestHandler<'a> {
    pub config: &'a Config,
    pub ask: &'a Ask,
    pub request: &'a HttpRequest,
    pub host: &'a Host,
    /// The path, decoded, without `.` and `..`.
    pub path: String,
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub status: u16,
    pub kind: Option<String>,
    pub body: Vec<u8>,
    pub headers: Vec<(String, String)>,
    /// Whether it comes from a file.
    pub is_file: bool,
    /// The head of another server's response, which stays as it is.
    pub whole: Option<HttpResponse>,
    pub took: Duration,
}

impl Page {
    /// An error, whose text is found out later.
    pub fn error(status: u16) -> Page {
        Page { status, took: http::SERVICE_TIME, ..Page::default() }
    }

    /// An error after this time.
    pub fn failed(status: u16, took: Duration) -> Page {
        Page { took, ..Page::error(status) }
    }

    /// What another server has answered.
    pub fn passed(response: HttpResponse, took: Duration) -> Page {
        Page { status: response.status, whole: Some(response), took, ..Page::default() }
    }

    /// A header, by its name as it is written here.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn html(status: u16, body: String) -> Page {
        Page { kind: Some(HTML.to_owned()), body: body.into_bytes(), ..Page::error(status) }
    }
}

/// The host for a request to this address with this `Host`: the virtual hosts of the address that is nearest,
/// of them the one with the name, or else the first (`ap_update_vhost_from_headers`).
pub fn host<'a>(config: &'a Config, at: SocketAddr, name: &str) -> &'a Host {
    let name = name.rsplit_once(':').map_or(name, |(name, _)| name).to_lowercase();
    let hears = |host: &&Host, exactly: bool| {
        host.addresses.iter().any(|(address, port)| {
            port.is_none_or(|port| port == at.port())
                && address.map_or(!exactly, |address| exactly && address == at.ip())
        })
    };
    let others = || config.hosts[1..].iter();
    let exact: Vec<&Host> = others().filter(|host| hears(host, true)).collect();
    let here =
        if exact.is_empty() { others().filter(|host| hears(host, false)).collect() } else { exact };
    let is_called = |host: &&&Host| {
        host.name.iter().chain(&host.aliases).any(|known| {
            let known = known.rsplit("://").next().unwrap_or(known);
            let known = known.split(':').next().unwrap_or(known).to_lowercase();
            known == name || known.contains('*') && fits(&known, &name)
        })
    };
    here.iter().find(is_called).or(here.first()).copied().unwrap_or(&config.hosts[0])
}

/// Whether a name with `*` and `?` in it is for a text, dots and slashes included.
fn fits(pattern: &str, text: &str) -> bool {
    let expression = files::pattern(pattern).replace("[^/]", ".");
    regex::Regex::new(&expression).is_ok_and(|expression| expression.is_match(text))
}

/// What follows a prefix of whole names; nothing where it is none (`alias_matches` of mod_alias.c).
fn behind<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix)?;
    (prefix.ends_with('/') || rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

impl RequestHandler<'_> {
    /// What the server is called.
    pub fn name(&self) -> &str {
        let own = self.host.name.as_deref().or(self.config.hosts[0].name.as_deref());
        own.unwrap_or("localhost").split(':').next().unwrap_or("")
    }

    /// `DocumentRoot`: the host's own, or the main server's.
    fn root(&self) -> &str {
        let own = self.host.root.as_deref().or(self.config.hosts[0].root.as_deref());
        own.unwrap_or(ROOT)
    }

    /// The port that the client means.
    fn port(&self) -> u16 {
        let host = http::header(self.request, "Host").unwrap_or("");
        host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(80)
    }

    /// What holds for the path and for the file that it leads to.
    fn settings(&self, file: Option<&str>, context: &Context<'_>) -> Settings {
        let main = &self.config.hosts[0];
        let mut settings = main.settings.clone();
        let hosts = if std::ptr::eq(main, self.host) { vec![main] } else { vec![main, self.host] };
        if hosts.len() > 1 {
            settings.merge(&self.host.settings);
        }
        let all = || hosts.iter().flat_map(|host| &host.sections);
        if let Some(file) = file {
            let folder =
                match context.cluster.is_directory(&context.place, file.trim_end_matches('/')) {
                    true => file.trim_end_matches('/'),
                    false => file.rsplit_once('/').map_or("", |(folder, _)| folder),
                };
            let mut folders: Vec<_> = all()
                .filter_map(|section| match &section.scope {
                    Scope::Directory(own) => {
                        covers(own, folder).then_some((own.matches('/').count(), section))
                    }
                    _ => None,
                })
                .collect();
            folders.sort_by_key(|(depth, _)| *depth);
            folders.iter().for_each(|(_, section)| settings.merge(&section.settings));
            let name = file.rsplit('/').next().unwrap_or("");
            for section in all() {
                if matches!(&section.scope, Scope::Files(known) if known.is_match(name)) {
                    settings.merge(&section.settings);
                }
            }
        }
        for section in all() {
            if matches!(&section.scope, Scope::Location(own) if behind(&self.path, own).is_some()) {
                settings.merge(&section.settings);
            }
        }
        settings
    }

    /// The answer, and what holds for it.
    pub fn answer(&mut self, workers: &mut Workers, context: &mut Context<'_>) -> (Page, Settings) {
        let early = self.settings(None, context);
        if self.leaves_root() {
            return (Page::error(400), early);
        }
        let proxy = early.proxies.iter().find(|proxy| behind(&self.path, &proxy.path).is_some());
        if let Some((proxy, to)) = proxy.and_then(|proxy| Some((proxy, proxy.to.as_deref()?))) {
            let page = match self.denied(&early, &format!("proxy:{to}"), context) {
                Some(page) => page,
                None => proxy::pass(self, (proxy, to), &early, workers, context),
            };
            return (page, early);
        }
        let moved = early.redirects.iter().find_map(|redirect| {
            let rest = behind(&self.path, &redirect.path)?;
            let target = &self.request.target;
            let query = target.find('?').map_or("", |at| &target[at..]);
            Some((redirect.status, redirect.to.as_ref().map(|to| format!("{to}{rest}{query}"))))
        });
        match moved {
            Some((status, Some(to))) => return (self.moved(status, &to), early),
            Some((status, None)) => return (Page::error(status), early),
            None => {}
        }
        let aliased = early
            .aliases
            .iter()
            .find_map(|(path, file)| behind(&self.path, path).map(|rest| format!("{file}{rest}")));
        let file = aliased.unwrap_or_else(|| format!("{}{}", self.root(), self.path));
        let settings = self.settings(Some(&file), context);
        let page = match self.denied(&settings, &file, context) {
            Some(page) => page,
            None => self.file(&file, &settings, context),
        };
        (page, settings)
    }

    /// Whether the path has more `..` than there are folders to leave.
    fn leaves_root(&self) -> bool {
        let (path, _) = http::split_target(&self.request.target);
        let mut depth = 0_i32;
        http::decode(path).split('/').any(|part| {
            depth += match part {
                "" | "." => 0,
                ".." => -1,
                _ => 1,
            };
            depth < 0
        })
    }

    /// The refusal of a client that may not ask.
    fn denied(&self, settings: &Settings, file: &str, context: &mut Context<'_>) -> Option<Page> {
        let rules = settings.requires.as_ref().filter(|rules| !rules.is_empty())?;
        let client = self.ask.peer.ip();
        let own = context.addresses().any(|address| address == client);
        if rules.iter().any(|rule| rule.holds(client, &self.request.method, own)) {
            return None;
        }
        let what = format!("AH01630: client denied by server configuration: {file}");
        self.write_error(context, "authz_core:error", &what);
        Some(Page::error(403))
    }

    fn moved(&self, status: u16, to: &str) -> Page {
        let to = if to.starts_with('/') { self.absolute(to) } else { to.to_owned() };
        let body = pages::page(status, &pages::moved(status, &to), "");
        let mut page = Page::html(status, body);
        page.headers.push(("Location".to_owned(), to));
        page
    }

    fn absolute(&self, path: &str) -> String {
        let host = http::header(self.request, "Host").unwrap_or_else(|| self.name());
        format!("http://{host}{path}")
    }

    fn file(&self, file: &str, settings: &Settings, context: &mut Context<'_>) -> Page {
        let page = self.content(file, settings, context);
        if page.is_file && self.request.method != "OPTIONS" {
            return partial::apply(self.request, page, context.now());
        }
        if self.request.method != "OPTIONS" || page.status != 200 {
            return page;
        }
        let allow = ("Allow".to_owned(), METHODS.to_owned());
        Page { body: Vec::new(), headers: vec![allow], ..page }
    }

    fn content(&self, file: &str, settings: &Settings, context: &mut Context<'_>) -> Page {
        if !matches!(self.request.method.as_str(), "GET" | "HEAD" | "POST" | "OPTIONS") {
            return Page::error(405);
        }
        let read =
            |file: &str, context: &Context<'_>| context.cluster.read_file(&context.place, file);
        if !file.ends_with('/') {
            if let Some(body) = read(file, context) {
                return self.found(file, body, settings, context);
            }
            let is_folder = context.cluster.is_directory(&context.place, file);
            return match is_folder && settings.slash != Some(false) {
                true => self.moved(301, &format!("{}/", self.path)),
                false => Page::error(404),
            };
        }
        if !context.cluster.is_directory(&context.place, file.trim_end_matches('/')) {
            return Page::error(404);
        }
        let usual = ["index.html".to_owned()];
        let names = settings.index.as_deref().unwrap_or(&usual);
        let index = names.iter().find_map(|name| {
            let path = if name.starts_with('/') { name.clone() } else { format!("{file}{name}") };
            read(&path, context).map(|body| self.found(&path, body, settings, context))
        });
        match index {
            Some(page) => page,
            None if settings.listing == Some(true) => self.listing(file, context),
            None => {
                let what = format!(
                    "AH01276: Cannot serve directory {file}: No matching DirectoryIndex ({}) found, and \
                     server-generated directory index forbidden by Options directive",
                    names.join(",")
                );
                self.write_error(context, "autoindex:error", &what);
                Page::error(403)
            }
        }
    }

    fn found(&self, file: &str, body: Vec<u8>, settings: &Settings, context: &Context<'_>) -> Page {
        let ending = file.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
        let ending = ending.map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
        let kind = settings.types.get(&ending).or_else(|| self.config.types.get(&ending)).cloned();
        // The image's own page is older than the image.
        let changed = context.cluster.changed(&context.place, file).unwrap_or(OF_IMAGE);
        let headers = [
            ("Last-Modified", http::date(changed)),
            ("ETag", format!("\"{:x}-{:x}\"", body.len(), changed.as_microsecond())),
            ("Accept-Ranges", "bytes".to_owned()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).into();
        Page { kind, body, headers, is_file: true, ..Page::error(200) }
    }

    /// `Options Indexes`
    fn listing(&self, folder: &str, context: &Context<'_>) -> Page {
        let folder = folder.trim_end_matches('/');
        let names = context.cluster.entries(&context.place, folder);
        let path = self.path.trim_end_matches('/');
        let title = if path.is_empty() { "/" } else { path };
        let up = path
            .rsplit_once('/')
            .map(|(up, _)| format!("<li><a href=\"{up}/\"> Parent Directory</a></li>\n"));
        let rows: String =
            names.iter().map(|name| format!("<li><a href=\"{name}\"> {name}</a></li>\n")).collect();
        let body = format!(
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html>\n <head>\n  <title>Index of \
             {title}</title>\n </head>\n <body>\n<h1>Index of {title}</h1>\n<ul>{}{rows}</ul>\n</body></html>\n",
            up.unwrap_or_default()
        );
        let kind = Some("text/html;charset=ISO-8859-1".to_owned());
        Page { kind, body: body.into_bytes(), ..Page::error(200) }
    }

    /// Gives an error its page: its own, or what `ErrorDocument` says.
    pub fn with_document(&self, page: Page, settings: &Settings, context: &Context<'_>) -> Page {
        if page.status < 400 || page.whole.is_some() || page.kind.is_some() {
            return page;
        }
        let document = settings.documents.get(&page.status).map(String::as_str);
        match document.filter(|text| *text != "default") {
            Some(url) if url.contains("://") => Page { took: page.took, ..self.moved(302, url) },
            Some(path) if path.starts_with('/') => {
                let file = format!("{}{path}", self.root());
                match context.cluster.read_file(&context.place, &file) {
                    Some(body) => Page {
                        status: page.status,
                        took: page.took,
                        ..self.found(&file, body, settings, context)
                    },
                    None => self.own_document(page, settings),
                }
            }
            Some(text) => {
                let text = text.strip_prefix('"').unwrap_or(text).to_owned();
                Page { kind: Some(HTML.to_owned()), body: text.into_bytes(), ..page }
            }
            None => self.own_document(page, settings),
        }
    }

    fn own_document(&self, page: Page, settings: &Settings) -> Page {
        let signature = match settings.signature {
            Some(true) => format!(
                "<hr>\n<address>{} Server at {} Port {}</address>\n",
                version(&self.config.tokens),
                self.name(),
                self.port()
            ),
            _ => String::new(),
        };
        let admin = settings.admin.as_deref();
        let text = pages::error(page.status, &self.request.method, &self.path, admin);
        let body = pages::page(page.status, &text, &signature);
        Page { kind: Some(HTML.to_owned()), body: body.into_bytes(), ..page }
    }

    /// The response, with httpd's own headers around it.
    pub fn finish(&self, page: Page, settings: &Settings, context: &Context<'_>) -> HttpResponse {
        let status = page.status;
        // What httpd says itself has only what `always` is said (`ap_die`).
        let is_own = page.whole.is_none() && !page.is_file && status >= 300;
        let closes = status == 400
            || self.config.closes
            || http::header(self.request, "Connection")
                .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let mut response = match page.whole {
            Some(response) => response,
            None => {
                let length = page.body.len().to_string();
                let mut response = http::response(
                    self.request,
                    status,
                    &[
                        ("Date", &http::date(context.now())),
                        ("Server", &version(&self.config.tokens)),
                    ],
                    page.body,
                );
                response.reason = pages::reason(status).to_owned();
                response.headers.extend(page.headers);
                if status == 405 {
                    response.headers.push(("Allow".to_owned(), METHODS.to_owned()));
                }
                if status != 304 {
                    response.headers.push(("Content-Length".to_owned(), length));
                }
                if closes {
                    response.headers.push(("Connection".to_owned(), "close".to_owned()));
                }
                response.headers.extend(page.kind.map(|kind| ("Content-Type".to_owned(), kind)));
                response
            }
        };
        for change in &settings.headers {
            if !change.always && is_own {
                continue;
            }
            change.apply(&mut response.headers);
        }
        response
    }

    /// Tells the error log.
    pub fn write_error(&self, context: &mut Context<'_>, kind: &str, what: &str) {
        let own = self.host.error_log.as_ref().or(self.config.hosts[0].error_log.as_ref());
        let line = format!(
            "[{}] [{kind}] [pid 8:tid 9] [client {}] {what}",
            stamp(context),
            self.ask.peer
        );
        super::log::write(context, own.map_or("/proc/self/fd/2", String::as_str), &line);
    }
}

/// Whether a folder is the one of a section or below it; `*` stands for one name.
fn covers(own: &str, folder: &str) -> bool {
    let mut names = folder.split('/');
    own.split('/').all(|own| {
        names.next().is_some_and(|name| own == name || own.contains('*') && fits(own, name))
    })
}

/// What httpd says to what is no request.
pub fn bad_request(request: &HttpRequest) -> HttpResponse {
    let headers = [("Connection", "close"), ("Content-Type", HTML)];
    http::response(request, 400, &headers, pages::page(400, &pages::error(400, "", "", None), ""))
}
