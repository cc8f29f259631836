//! nginx's configuration, read as nginx reads it: word by word, each directive checked as it comes.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;

use super::access::Access;
use super::conditions::Condition;
use super::directives::{
    self, EVENTS, HTTP, IF, LIMIT_EXCEPT, LOCATION, MAIN, Places, SERVER, UPSTREAM,
};
use super::exception::Exception;
use super::limits::{Limit, Zone};
use super::template::Template;
use super::tokens::{Fault, Item, Reader, Spot};
use crate::network::SocketAddr;

/// What the configuration reader needs from outside.
pub trait ConfigEnv {
    /// A file's content.
    fn read(&self, path: &str) -> Option<String>;
    /// The files that a pattern with `*` names, sorted.
    fn glob(&self, pattern: &str) -> Vec<String>;
    /// A host's addresses.
    fn resolve(&mut self, host: &str) -> Vec<IpAddr>;
}

/// A whole configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub servers: Vec<Server>,
    pub upstreams: BTreeMap<String, Vec<SocketAddr>>,
    pub formats: BTreeMap<String, Template>,
    /// `limit_req_zone`
    pub zones: BTreeMap<String, Zone>,
    /// `daemon off;`
    pub foreground: bool,
    has_events: bool,
}

/// A `server`.
#[derive(Clone, Debug, Default)]
pub struct Server {
    pub listens: Vec<Listen>,
    pub names: Vec<String>,
    pub settings: Settings,
    pub locations: Vec<Location>,
}

/// A `listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    pub address: IpAddr,
    pub port: u16,
    pub default: bool,
    pub tls: bool,
    /// Whether a socket on `[::]` leaves IPv4 to others, as it does unless `ipv6only=off`.
    pub v6_only: bool,
}

impl Listen {
    /// A socket on every IPv4 address.
    pub fn v4(port: u16) -> Listen {
        let address = Ipv4Addr::UNSPECIFIED.into();
        Listen { address, port, default: false, tls: false, v6_only: false }
    }

    /// A socket on every IPv6 address.
    pub fn v6(port: u16) -> Listen {
        Listen { address: Ipv6Addr::UNSPECIFIED.into(), v6_only: true, ..Listen::v4(port) }
    }

    /// Whether it has what comes in at an address.
    pub fn hears(&self, at: SocketAddr) -> bool {
        let everywhere = self.address.is_unspecified()
            && (self.address.is_ipv4() == at.ip().is_ipv4()
                || self.address.is_ipv6() && !self.v6_only);
        self.port == at.port() && (everywhere || self.address == at.ip())
    }
}

/// A `location`.
#[derive(Clone, Debug)]
pub struct Location {
    pub pattern: Pattern,
    pub settings: Settings,
    pub locations: Vec<Location>,
}

/// What a location is for.
#[derive(Clone, Debug)]
pub enum Pattern {
    Exact(String),
    /// `strict`: regular expressions are not asked when this is the longest prefix (`^~`).
    Prefix {
        path: String,
        strict: bool,
    },
    Expression(Regex),
    /// `@name`
    Named(String),
}

/// What can be said at several levels; inner levels win.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub root: Option<String>,
    pub alias: Option<String>,
    pub index: Option<Vec<String>>,
    pub error_pages: Vec<ErrorPage>,
    pub headers: Vec<(String, Template)>,
    pub default_type: Option<String>,
    pub types: Arc<BTreeMap<String, String>>,
    pub answer: Option<Return>,
    pub rewrites: Vec<Rewrite>,
    /// They come before `return` and `rewrite` of their level.
    pub conditions: Vec<Condition>,
    pub try_files: Option<Vec<String>>,
    pub autoindex: bool,
    pub access: Vec<Access>,
    /// `limit_except`
    pub exception: Option<Exception>,
    pub internal: bool,
    pub auth_realm: Option<String>,
    pub proxy: Option<Proxy>,
    pub proxy_headers: Vec<(String, Template)>,
    pub connect_timeout: Option<Duration>,
    /// `proxy_next_upstream_tries`: 0 is no limit.
    pub tries: Option<u32>,
    pub read_timeout: Option<Duration>,
    pub resolver: bool,
    pub access_log: Option<Option<String>>,
    pub hide_version: bool,
    pub variables: Vec<(String, Template)>,
    pub status_page: bool,
    pub intercept_errors: bool,
    pub limits: Vec<Limit>,
    pub limit_status: Option<u16>,
}

/// An `error_page`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorPage {
    pub codes: Vec<u16>,
    /// `=200`; `=` alone takes the status of the page itself.
    pub status: Option<Option<u16>>,
    pub uri: String,
}

/// A `return`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    pub status: u16,
    pub text: Option<Template>,
}

/// A `rewrite`.
#[derive(Clone, Debug)]
pub struct Rewrite {
    pub pattern: Regex,
    pub replacement: String,
    /// `redirect` and `permanent` answer with these.
    pub redirect: Option<u16>,
    /// `break`: the location stays the same.
    pub stays: bool,
}

/// A `proxy_pass`.
#[derive(Clone, Debug)]
pub struct Proxy {
    pub tls: bool,
    /// `be.shop:8080`, as it stands.
    pub authority: Template,
    /// The path behind it, which replaces the location's.
    pub uri: Option<Template>,
    /// Where it leads, when that was known at start.
    pub targets: Vec<SocketAddr>,
    /// Whether each try is balanced anew, and so may come to the same address again.
    pub balanced: bool,
    spot: Spot,
}

impl Config {
    /// A configuration that nobody wrote: whoever makes it knows every address.
    pub fn made(servers: Vec<Server>, formats: BTreeMap<String, Template>) -> Config {
        Config { servers, formats, foreground: true, has_events: true, ..Config::default() }
    }
}

impl Proxy {
    /// A proxy to these addresses, under the name that error logs have.
    pub fn to(authority: &str, targets: Vec<SocketAddr>, tls: bool) -> Proxy {
        let (authority, spot) = (Template::new(authority), Spot::default());
        Proxy { tls, authority, uri: None, targets, balanced: true, spot }
    }
}

/// Reads the configuration that begins with `file`.
///
/// # Errors
/// The first fault, in nginx's words.
pub fn load(file: &str, globals: &str, around: &mut dyn ConfigEnv) -> Result<Config, Fault> {
    let mut builder = Builder { config: Config::default(), around, depth: 0, files: 0 };
    builder.globals(globals)?;
    let text = builder
        .around
        .read(file)
        .ok_or_else(|| Fault(format!("open() \"{file}\" failed (2: No such file or directory)")))?;
    let mut reader = Reader::new(file, &text);
    let mut settings = Settings::default();
    builder.block(&mut reader, MAIN, &mut settings, &mut Nest::default(), false)?;
    if !builder.config.has_events {
        return Err(Fault("no \"events\" section in configuration".to_owned()));
    }
    builder.resolve_proxies()?;
    builder.check_limits()?;
    Ok(builder.config)
}

/// Blocks and included files within one another.
const DEEPEST: u32 = 40;

/// Files that a configuration may include: a process has 1024 descriptors.
const FILES: u32 = 1_000;

struct Builder<'a> {
    config: Config,
    around: &'a mut dyn ConfigEnv,
    depth: u32,
    files: u32,
}

/// What a block collects beside settings.
#[derive(Default)]
struct Nest {
    listens: Vec<Listen>,
    names: Vec<String>,
    locations: Vec<Location>,
    targets: Vec<SocketAddr>,
}

impl Builder<'_> {
    /// `-g "daemon off;"`
    fn globals(&mut self, text: &str) -> Result<(), Fault> {
        if text.is_empty() {
            return Ok(());
        }
        let mut reader = Reader::new("command line", text);
        let mut nest = Nest::default();
        self.block(&mut reader, MAIN, &mut Settings::default(), &mut nest, false)
            .map_err(|fault| Fault(fault.0.replace(" in command line:1", " in command line")))
    }

    /// Everything up to the closing brace, or to the end of the file.
    fn block(
        &mut self,
        reader: &mut Reader<'_>,
        place: Places,
        settings: &mut Settings,
        nest: &mut Nest,
        inner: bool,
    ) -> Result<(), Fault> {
        if self.depth >= DEEPEST {
            return Err(reader.spot().fault(format!(
                "not simulated here: more than {DEEPEST} blocks within one another"
            )));
        }
        self.depth += 1;
        let read = self.items(reader, place, settings, nest, inner);
        self.depth -= 1;
        read
    }

    fn items(
        &mut self,
        reader: &mut Reader<'_>,
        place: Places,
        settings: &mut Settings,
        nest: &mut Nest,
        inner: bool,
    ) -> Result<(), Fault> {
        loop {
            match reader.next()? {
                Item::Simple(words, spot) => {
                    self.check(&words, &spot, place, false)?;
                    self.line(&words, &spot, place, settings, nest)?;
                }
                Item::Open(words, spot) => {
                    self.check(&words, &spot, place, true)?;
                    self.open(reader, &words, &spot, settings, nest)?;
                }
                Item::Close(_) if inner => return Ok(()),
                Item::Close(spot) => return Err(spot.fault("unexpected \"}\"")),
                Item::End(spot) if inner => {
                    return Err(spot.fault("unexpected end of file, expecting \"}\""));
                }
                Item::End(_) => return Ok(()),
            }
        }
    }

    /// Is there such a directive, may it stand here, and has it enough to say?
    fn check(
        &self,
        words: &[String],
        spot: &Spot,
        place: Places,
        opens: bool,
    ) -> Result<(), Fault> {
        let name = &words[0];
        let Some(known) = directives::find_at(name, place) else {
            return Err(spot.fault(format!("unknown directive \"{name}\"")));
        };
        if known.places & place == 0 {
            return Err(spot.fault(format!("\"{name}\" directive is not allowed here")));
        }
        if known.block && !opens {
            return Err(spot.fault(format!("directive \"{name}\" has no opening \"{{\"")));
        }
        if !known.block && opens {
            return Err(spot.fault(format!("directive \"{name}\" is not terminated by \";\"")));
        }
        let count = words.len() - 1;
        if count < known.arguments.0 || count > known.arguments.1 {
            let message = format!("invalid number of arguments in \"{name}\" directive");
            return Err(spot.fault(message));
        }
        Ok(())
    }

    fn open(
        &mut self,
        reader: &mut Reader<'_>,
        words: &[String],
        spot: &Spot,
        outer: &mut Settings,
        nest: &mut Nest,
    ) -> Result<(), Fault> {
        match words[0].as_str() {
            "events" => {
                self.config.has_events = true;
                self.block(reader, EVENTS, &mut Settings::default(), &mut Nest::default(), true)
            }
            "http" => {
                let mut settings = outer.clone();
                self.block(reader, HTTP, &mut settings, &mut Nest::default(), true)?;
                self.inherit(&settings);
                Ok(())
            }
            "server" => self.server(reader),
            "location" => {
                let location = self.location(reader, &words[1..], spot)?;
                nest.locations.push(location);
                Ok(())
            }
            "upstream" => {
                let mut inside = Nest::default();
                self.block(reader, UPSTREAM, &mut Settings::default(), &mut inside, true)?;
                if inside.targets.is_empty() {
                    return Err(spot.fault("no servers are inside upstream"));
                }
                self.config.upstreams.insert(words[1].clone(), inside.targets);
                Ok(())
            }
            "if" => {
                let mut settings = Settings::default();
                self.block(reader, IF, &mut settings, &mut Nest::default(), true)?;
                outer.conditions.push(Condition::read(&words[1..], spot, settings)?);
                Ok(())
            }
            "limit_except" => {
                let mut settings = Settings::default();
                self.block(reader, LIMIT_EXCEPT, &mut settings, &mut Nest::default(), true)?;
                outer.exception = Some(Exception::read(&words[1..], spot, settings)?);
                Ok(())
            }
            "types" => table(reader, |words| {
                for extension in &words[1..] {
                    Arc::make_mut(&mut outer.types).insert(extension.clone(), words[0].clone());
                }
            }),
            _ => table(reader, |_| {}),
        }
    }

    fn server(&mut self, reader: &mut Reader<'_>) -> Result<(), Fault> {
        let mut settings = Settings::default();
        let mut inside = Nest::default();
        self.block(reader, SERVER, &mut settings, &mut inside, true)?;
        if inside.listens.is_empty() {
            inside.listens.push(Listen::v4(80));
        }
        let Nest { listens, names, locations, .. } = inside;
        self.config.servers.push(Server { listens, names, settings, locations });
        Ok(())
    }

    fn location(
        &mut self,
        reader: &mut Reader<'_>,
        words: &[String],
        spot: &Spot,
    ) -> Result<Location, Fault> {
        let pattern = pattern(words, spot)?;
        let mut settings = Settings::default();
        let mut inside = Nest::default();
        self.block(reader, LOCATION, &mut settings, &mut inside, true)?;
        if matches!(pattern, Pattern::Expression(_))
            && settings.proxy.as_ref().is_some_and(|proxy| proxy.uri.is_some())
        {
            return Err(spot.fault(
                "\"proxy_pass\" cannot have URI part in location given by regular expression, or \
                 inside named location, or inside \"if\" statement, or inside \"limit_except\" block",
            ));
        }
        Ok(Location { pattern, settings, locations: inside.locations })
    }

    fn line(
        &mut self,
        words: &[String],
        spot: &Spot,
        place: Places,
        settings: &mut Settings,
        nest: &mut Nest,
    ) -> Result<(), Fault> {
        let first = words.get(1).map(String::as_str).unwrap_or("");
        let rest = words.get(1..).unwrap_or_default();
        match words[0].as_str() {
            "include" => return self.include(first, place, settings, nest, spot),
            "daemon" => self.config.foreground = first == "off",
            "log_format" => {
                let text: String = rest[1..].concat();
                self.config.formats.insert(first.to_owned(), Template::new(&text));
            }
            "limit_req_zone" => {
                let (name, zone) = Zone::read(rest, spot)?;
                self.config.zones.insert(name, zone);
            }
            "listen" => nest.listens.extend(listen(rest, spot)?),
            "server_name" => nest.names.extend(rest.iter().map(|name| name.to_lowercase())),
            "server" => nest.targets.extend(self.upstream_server(first, spot)?),
            "proxy_pass" => settings.proxy = Some(proxy(first, spot)?),
            name => plain(name, rest, spot, settings)?,
        }
        Ok(())
    }

    fn include(
        &mut self,
        path: &str,
        place: Places,
        settings: &mut Settings,
        nest: &mut Nest,
        spot: &Spot,
    ) -> Result<(), Fault> {
        let path =
            if path.starts_with('/') { path.to_owned() } else { format!("/etc/nginx/{path}") };
        let files = if path.contains('*') { self.around.glob(&path) } else { vec![path] };
        for file in files {
            // One that includes itself opens it again and again.
            self.files += 1;
            if self.files > FILES || self.depth >= DEEPEST {
                let problem = format!("open() \"{file}\" failed (24: Too many open files)");
                return Err(spot.fault(problem));
            }
            let Some(text) = self.around.read(&file) else {
                let problem = format!("open() \"{file}\" failed (2: No such file or directory)");
                return Err(spot.fault(problem));
            };
            let mut reader = Reader::new(&file, &text);
            self.block(&mut reader, place, settings, nest, false)?;
        }
        Ok(())
    }

    /// `server HOST[:PORT];` of an upstream: looked up at once.
    fn upstream_server(&mut self, text: &str, spot: &Spot) -> Result<Vec<SocketAddr>, Fault> {
        let (host, port) = host_and_port(text, 80)
            .ok_or_else(|| spot.fault(format!("invalid port in upstream \"{text}\"")))?;
        let found = self.addresses(&host, port);
        if found.is_empty() {
            return Err(spot.fault(format!("host not found in upstream \"{text}\"")));
        }
        Ok(found)
    }

    fn addresses(&mut self, host: &str, port: u16) -> Vec<SocketAddr> {
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.around.resolve(host),
        };
        found.into_iter().map(|address| SocketAddr::new(address, port)).collect()
    }

    /// What `http` says holds for all servers that do not say it themselves, and so on inwards.
    fn inherit(&mut self, outer: &Settings) {
        for server in &mut self.config.servers {
            server.settings.inherit(outer);
            let settings = server.settings.clone();
            for location in &mut server.locations {
                location.inherit(&settings);
            }
        }
    }

    /// After everything was read, names in `proxy_pass` are looked up, once and for all (TOPICS D43).
    fn resolve_proxies(&mut self) -> Result<(), Fault> {
        let mut servers = std::mem::take(&mut self.config.servers);
        for server in &mut servers {
            self.resolve_in(&mut server.locations)?;
        }
        self.config.servers = servers;
        Ok(())
    }

    fn resolve_in(&mut self, locations: &mut [Location]) -> Result<(), Fault> {
        for location in locations {
            self.resolve_settings(&mut location.settings)?;
            for condition in &mut location.settings.conditions {
                self.resolve_settings(&mut condition.settings)?;
            }
            if let Some(exception) = &mut location.settings.exception {
                self.resolve_settings(&mut exception.settings)?;
            }
            self.resolve_in(&mut location.locations)?;
        }
        Ok(())
    }

    /// Is every zone that is used declared?
    fn check_limits(&self) -> Result<(), Fault> {
        let servers = &self.config.servers;
        let locations = servers.iter().flat_map(|server| &server.locations);
        let used = servers.iter().map(|server| &server.settings);
        let used = used.chain(locations.map(|location| &location.settings));
        match used
            .flat_map(|settings| &settings.limits)
            .find(|limit| !self.config.zones.contains_key(&limit.zone))
        {
            Some(limit) => Err(Fault(format!("zero size shared memory zone \"{}\"", limit.zone))),
            None => Ok(()),
        }
    }

    fn resolve_settings(&mut self, settings: &mut Settings) -> Result<(), Fault> {
        if let Some(proxy) = &mut settings.proxy
            && !proxy.authority.has_variables()
        {
            let authority = proxy.authority.fill(|_, _| {});
            proxy.targets = self.resolve_proxy(&authority, proxy.tls, &proxy.spot)?;
        }
        Ok(())
    }

    fn resolve_proxy(
        &mut self,
        authority: &str,
        tls: bool,
        spot: &Spot,
    ) -> Result<Vec<SocketAddr>, Fault> {
        if let Some(targets) = self.config.upstreams.get(authority) {
            return Ok(targets.clone());
        }
        let usual = if tls { 443 } else { 80 };
        let (host, port) = host_and_port(authority, usual)
            .ok_or_else(|| spot.fault(format!("invalid port in upstream \"{authority}\"")))?;
        let found = self.addresses(&host, port);
        if found.is_empty() {
            return Err(spot.fault(format!("host not found in upstream \"{host}\"")));
        }
        Ok(found)
    }
}

impl Location {
    fn inherit(&mut self, outer: &Settings) {
        self.settings.inherit(outer);
        let settings = self.settings.clone();
        for location in &mut self.locations {
            location.inherit(&settings);
        }
    }
}

impl Settings {
    /// Takes over what is not said here.
    fn inherit(&mut self, outer: &Settings) {
        fn over<T: Clone>(mine: &mut Option<T>, outer: &Option<T>) {
            if mine.is_none() {
                mine.clone_from(outer);
            }
        }
        fn list<T: Clone>(mine: &mut Vec<T>, outer: &[T]) {
            if mine.is_empty() {
                *mine = outer.to_vec();
            }
        }
        over(&mut self.root, &outer.root);
        over(&mut self.index, &outer.index);
        over(&mut self.default_type, &outer.default_type);
        over(&mut self.connect_timeout, &outer.connect_timeout);
        over(&mut self.tries, &outer.tries);
        over(&mut self.read_timeout, &outer.read_timeout);
        over(&mut self.access_log, &outer.access_log);
        over(&mut self.auth_realm, &outer.auth_realm);
        list(&mut self.error_pages, &outer.error_pages);
        list(&mut self.headers, &outer.headers);
        list(&mut self.proxy_headers, &outer.proxy_headers);
        list(&mut self.limits, &outer.limits);
        list(&mut self.access, &outer.access);
        over(&mut self.limit_status, &outer.limit_status);
        if self.types.is_empty() {
            self.types.clone_from(&outer.types);
        }
        let variables = outer.variables.iter().chain(&self.variables).cloned().collect();
        self.variables = variables;
        self.autoindex |= outer.autoindex;
        self.resolver |= outer.resolver;
        self.hide_version |= outer.hide_version;
        self.intercept_errors |= outer.intercept_errors;
        let mut conditions = std::mem::take(&mut self.conditions);
        for condition in &mut conditions {
            condition.settings.inherit(self);
            // What the level itself does is done unless the condition says otherwise.
            over(&mut condition.settings.proxy, &self.proxy);
            over(&mut condition.settings.try_files, &self.try_files);
        }
        self.conditions = conditions;
        if let Some(mut exception) = self.exception.take() {
            exception.settings.inherit(self);
            // `return` and `rewrite` are left behind: they are the level's own.
            over(&mut exception.settings.alias, &self.alias);
            over(&mut exception.settings.proxy, &self.proxy);
            self.exception = Some(exception);
        }
    }
}

/// Directives that only set something.
fn plain(name: &str, words: &[String], spot: &Spot, settings: &mut Settings) -> Result<(), Fault> {
    let first = words.first().cloned().unwrap_or_default();
    match name {
        "root" => settings.root = Some(first),
        "alias" => settings.alias = Some(first),
        "index" => settings.index = Some(words.to_vec()),
        "default_type" => settings.default_type = Some(first),
        "error_page" => settings.error_pages.push(error_page(words, spot)?),
        "add_header" => settings.headers.push((first, Template::new(&words[1]))),
        "proxy_set_header" => settings.proxy_headers.push((first, Template::new(&words[1]))),
        "return" => settings.answer = settings.answer.take().or(Some(answer(words, spot)?)),
        "rewrite" => settings.rewrites.push(rewrite(words, spot)?),
        "set" => {
            let name = first
                .strip_prefix('$')
                .ok_or_else(|| spot.fault(format!("invalid variable name \"{first}\"")))?;
            settings.variables.push((name.to_owned(), Template::new(&words[1])));
        }
        "try_files" => settings.try_files = Some(words.to_vec()),
        "autoindex" => settings.autoindex = first == "on",
        "allow" | "deny" => {
            let invalid = || spot.fault(format!("invalid parameter \"{first}\""));
            settings.access.push(Access::read(name == "allow", &first).ok_or_else(invalid)?);
        }
        "internal" => settings.internal = true,
        "auth_basic" => settings.auth_realm = (first != "off").then_some(first),
        "proxy_connect_timeout" => settings.connect_timeout = Some(time(&first, name, spot)?),
        "proxy_read_timeout" => settings.read_timeout = Some(time(&first, name, spot)?),
        "proxy_next_upstream_tries" => {
            let invalid = |_| spot.fault("invalid number");
            settings.tries = Some(first.parse().map_err(invalid)?);
        }
        "proxy_intercept_errors" => settings.intercept_errors = first == "on",
        "limit_req" => settings.limits.push(Limit::read(words, spot)?),
        "limit_req_status" => {
            let status = first.parse().ok().filter(|status| (400..600).contains(status));
            let invalid = || spot.fault("value must be between 400 and 599");
            settings.limit_status = Some(status.ok_or_else(invalid)?);
        }
        "resolver" => settings.resolver = true,
        "server_tokens" => settings.hide_version = first == "off",
        "stub_status" => settings.status_page = true,
        "access_log" => {
            let format = words.get(1).cloned().unwrap_or_else(|| "combined".to_owned());
            settings.access_log = Some((first != "off").then_some(format));
        }
        _ => {}
    }
    Ok(())
}

/// A block whose lines are no directives (`types`, `map`).
fn table(reader: &mut Reader<'_>, mut row: impl FnMut(&[String])) -> Result<(), Fault> {
    loop {
        match reader.next()? {
            Item::Simple(words, _) => row(&words),
            Item::Close(_) => return Ok(()),
            Item::Open(_, spot) => return Err(spot.fault("unexpected \"{\"")),
            Item::End(spot) => {
                return Err(spot.fault("unexpected end of file, expecting \"}\""));
            }
        }
    }
}

fn pattern(words: &[String], spot: &Spot) -> Result<Pattern, Fault> {
    let expression = |text: &str, ignore_case: bool| {
        let prefix = if ignore_case { "(?i)" } else { "" };
        Regex::new(&format!("{prefix}{text}"))
            .map(Pattern::Expression)
            .map_err(|_| spot.fault(format!("pcre2_compile() failed in \"{text}\"")))
    };
    let prefix = |path: &str, strict: bool| Pattern::Prefix { path: path.to_owned(), strict };
    match words {
        [path] if path.starts_with('@') => Ok(Pattern::Named(path.clone())),
        [path] => match (path.strip_prefix('='), path.strip_prefix('~')) {
            (Some(exact), _) => Ok(Pattern::Exact(exact.to_owned())),
            (_, Some(text)) => expression(text, false),
            _ => Ok(prefix(path, false)),
        },
        [modifier, path] => match modifier.as_str() {
            "=" => Ok(Pattern::Exact(path.clone())),
            "^~" => Ok(prefix(path, true)),
            "~" => expression(path, false),
            "~*" => expression(path, true),
            other => Err(spot.fault(format!("invalid location modifier \"{other}\""))),
        },
        _ => Err(spot.fault("invalid number of arguments in \"location\" directive")),
    }
}

/// `listen 80`, `listen 127.0.0.1:8080 default_server`, `listen [::]:80`; nothing for sockets of the
/// file system.
fn listen(words: &[String], spot: &Spot) -> Result<Option<Listen>, Fault> {
    let text = &words[0];
    for word in &words[1..] {
        let known = [
            "default_server",
            "ssl",
            "http2",
            "proxy_protocol",
            "reuseport",
            "deferred",
            "bind",
            "quic",
        ];
        if !known.contains(&word.as_str()) && !word.contains('=') {
            return Err(spot.fault(format!("invalid parameter \"{word}\"")));
        }
    }
    if text.starts_with("unix:") {
        return Ok(None);
    }
    let invalid_port =
        || spot.fault(format!("invalid port in \"{text}\" of the \"listen\" directive"));
    let (host, port) = match text.rsplit_once(':') {
        _ if text.ends_with(']') => (text.as_str(), 80),
        Some((host, port)) => (host, port.parse::<u16>().map_err(|_| invalid_port())?),
        None => match text.parse::<u32>() {
            Ok(port) => ("*", u16::try_from(port).map_err(|_| invalid_port())?),
            Err(_) => (text.as_str(), 80),
        },
    };
    if port == 0 {
        return Err(invalid_port());
    }
    let address = match host {
        "*" | "" => Ipv4Addr::UNSPECIFIED.into(),
        "localhost" => Ipv4Addr::LOCALHOST.into(),
        host => {
            let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let found = match literal {
                Some(inner) => inner.parse().map(IpAddr::V6).map_err(|_| "invalid IPv6 address"),
                None => host.parse().map(IpAddr::V4).map_err(|_| "host not found"),
            };
            found.map_err(|why| {
                spot.fault(format!("{why} in \"{text}\" of the \"listen\" directive"))
            })?
        }
    };
    let says = |word: &str| words.iter().any(|known| known == word);
    let v6_only = address.is_ipv6() && address.is_unspecified() && !says("ipv6only=off");
    Ok(Some(Listen { address, port, default: says("default_server"), tls: says("ssl"), v6_only }))
}

fn error_page(words: &[String], spot: &Spot) -> Result<ErrorPage, Fault> {
    let Some((uri, front)) = words.split_last() else {
        return Err(spot.fault("invalid number of arguments in \"error_page\" directive"));
    };
    let mut page = ErrorPage { codes: Vec::new(), status: None, uri: uri.clone() };
    for word in front {
        match word.strip_prefix('=') {
            Some(code) => page.status = Some(code.parse().ok()),
            None => {
                let invalid = || spot.fault(format!("invalid value \"{word}\""));
                page.codes.push(word.parse().map_err(|_| invalid())?);
            }
        }
    }
    Ok(page)
}

fn answer(words: &[String], spot: &Spot) -> Result<Return, Fault> {
    let first = &words[0];
    match (first.parse::<u16>(), words.get(1)) {
        (Ok(status), text) => Ok(Return { status, text: text.map(|text| Template::new(text)) }),
        (Err(_), None) if first.starts_with("http") || first.starts_with('$') => {
            Ok(Return { status: 302, text: Some(Template::new(first)) })
        }
        (Err(_), _) => Err(spot.fault(format!("invalid return code \"{first}\""))),
    }
}

fn rewrite(words: &[String], spot: &Spot) -> Result<Rewrite, Fault> {
    let pattern = Regex::new(&words[0])
        .map_err(|_| spot.fault(format!("pcre2_compile() failed in \"{}\"", words[0])))?;
    let redirect = match words.get(2).map(String::as_str) {
        Some("redirect") => Some(302),
        Some("permanent") => Some(301),
        None | Some("last" | "break") if words[1].starts_with("http") => Some(302),
        None | Some("last" | "break") => None,
        Some(other) => return Err(spot.fault(format!("invalid parameter \"{other}\""))),
    };
    // nginx writes $1, the expression library ${1}.
    let groups =
        Regex::new(r"\$(\d)").map(|groups| groups.replace_all(&words[1], "$${$1}").into_owned());
    let replacement = groups.unwrap_or_else(|_| words[1].clone());
    let stays = words.get(2).is_some_and(|flag| flag == "break");
    Ok(Rewrite { pattern, replacement, redirect, stays })
}

fn proxy(url: &str, spot: &Spot) -> Result<Proxy, Fault> {
    let (tls, rest) = if let Some(rest) = url.strip_prefix("http://") {
        (false, rest)
    } else if let Some(rest) = url.strip_prefix("https://") {
        (true, rest)
    } else if url.starts_with('$') {
        (false, url)
    } else {
        return Err(spot.fault("invalid URL prefix"));
    };
    let (authority, uri) = match rest.find('/') {
        Some(at) => (&rest[..at], Some(&rest[at..])),
        None => (rest, None),
    };
    if authority.is_empty() {
        return Err(spot.fault(format!("no host in upstream \"{rest}\"")));
    }
    Ok(Proxy {
        tls,
        authority: Template::new(authority),
        uri: uri.map(Template::new),
        targets: Vec::new(),
        balanced: false,
        spot: spot.clone(),
    })
}

/// `web:8080` to host and port.
pub fn host_and_port(text: &str, usual: u16) -> Option<(String, u16)> {
    match text.rsplit_once(':') {
        Some((host, port)) => {
            let port = port.parse().ok().filter(|port| *port != 0)?;
            Some((host.to_owned(), port))
        }
        None => Some((text.to_owned(), usual)),
    }
}

/// `60s`, `500ms`, `2m`, `60`
fn time(text: &str, directive: &str, spot: &Spot) -> Result<Duration, Fault> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: Option<u64> = digits.parse().ok();
    let unit = &text[digits.len()..];
    match (number, unit) {
        (Some(number), "ms") => Ok(Duration::from_millis(number)),
        (Some(number), "s" | "") => Ok(Duration::from_secs(number)),
        (Some(number), "m") => Ok(Duration::from_secs(number.saturating_mul(60))),
        (Some(number), "h") => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err(spot.fault(format!("\"{directive}\" directive invalid value"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files by path, and one host that has an address.
    struct Disk(BTreeMap<String, String>);

    impl ConfigEnv for Disk {
        fn read(&self, path: &str) -> Option<String> {
            self.0.get(path).cloned()
        }

        fn glob(&self, pattern: &str) -> Vec<String> {
            let stem = pattern.split('*').next().unwrap_or("").to_owned();
            self.0.keys().filter(|path| path.starts_with(&stem)).cloned().collect()
        }

        fn resolve(&mut self, host: &str) -> Vec<IpAddr> {
            if host == "be.shop" { vec![Ipv4Addr::new(10, 96, 0, 9).into()] } else { Vec::new() }
        }
    }

    const MAIN_FILE: &str = "events {} http { include /etc/nginx/conf.d/*.conf; }";

    fn read(server: &str) -> Result<Config, String> {
        let files =
            [("/etc/nginx/nginx.conf", MAIN_FILE), ("/etc/nginx/conf.d/default.conf", server)];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let mut disk = Disk(files.into());
        load("/etc/nginx/nginx.conf", "daemon off;", &mut disk).map_err(|fault| fault.0)
    }

    // TOPICS D43: the five mistakes, in the order in which a player meets them.
    #[test]
    fn mistakes_are_told_in_the_order_in_which_nginx_meets_them() {
        let file = "in /etc/nginx/conf.d/default.conf";
        let in_server = |line: &str| {
            read(&format!("server {{\n  location /my-be/ {{\n    {line}\n  }}\n}}\n"))
                .err()
                .unwrap_or_default()
        };
        assert_eq!(
            in_server("proxy-pass https://fe-sevice.namespace1:8080"),
            format!("unexpected \"}}\" {file}:4")
        );
        assert_eq!(
            in_server("proxy-pass https://fe-sevice.namespace1:8080;"),
            format!("unknown directive \"proxy-pass\" {file}:3")
        );
        assert_eq!(
            in_server("proxy_pass https://fe-sevice.namespace1:8080;"),
            format!("host not found in upstream \"fe-sevice.namespace1\" {file}:3")
        );
        assert_eq!(in_server("proxy_pass http://be.shop:8080/;"), "");
        assert_eq!(
            read("location / { }").err().unwrap_or_default(),
            format!("\"location\" directive is not allowed here {file}:1")
        );
    }

    #[test]
    fn a_server_says_where_it_listens() {
        let config =
            read("server { listen 127.0.0.1:8080 default_server; listen [::]:80; }").unwrap();
        let listens = &config.servers[0].listens;
        assert_eq!(listens.len(), 2);
        assert_eq!(listens[0].address, Ipv4Addr::LOCALHOST);
        assert_eq!(listens[1], Listen::v6(80));
        assert!(listens[0].default && config.foreground);
        assert_eq!(read("server { }").unwrap().servers[0].listens[0].port, 80);
        assert!(
            read("server { listen 99999; }").unwrap_err().starts_with("invalid port in \"99999\"")
        );
    }

    #[test]
    fn inner_levels_take_over_what_outer_ones_say() {
        let text = "server { root /a; index x.html; location /b { root /b; location /b/c { } } }";
        let config = read(text).unwrap();
        let inner = &config.servers[0].locations[0].locations[0].settings;
        assert_eq!(inner.root.as_deref(), Some("/b"));
        assert_eq!(inner.index.as_deref(), Some(&["x.html".to_owned()][..]));
    }

    #[test]
    fn wrong_counts_and_blocks_are_told() {
        let told = |text: &str| read(text).unwrap_err();
        assert!(told("server { root; }").starts_with("invalid number of arguments in \"root\""));
        assert!(
            told("server { listen 80 { } }").starts_with("directive \"listen\" is not terminated")
        );
        assert!(told("server;").starts_with("directive \"server\" has no opening \"{\""));
        assert!(told("server {").starts_with("unexpected end of file, expecting \"}\""));
    }
}
