//! What a configuration of nginx says, and how inner levels take over what outer ones say.
//! `reader` makes it of the files, `values` of the words of one directive.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;

use super::conditions::Condition;
use super::exception::Exception;
use super::limits::{Limit, Zone};
use super::map::Map;
use super::real_ip::RealIp;
use super::redirect::Redirect;
use super::sizes::HeaderBuffers;
use super::template::Template;
use super::tokens::Spot;
use super::upstream::{Group, NextUpstream};
use crate::cluster::Certificate;
use crate::cluster::programs::access::Access;
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
    pub upstreams: BTreeMap<String, Arc<Group>>,
    pub formats: BTreeMap<String, Template>,
    /// `limit_req_zone`
    pub zones: BTreeMap<String, Zone>,
    /// `map`, by the variable that follows.
    pub maps: BTreeMap<String, Map>,
    /// What it asks for and what is not simulated here, in sentences.
    pub missed: Vec<String>,
    /// Whether there is a `proxy_pass`.
    pub passes_on: bool,
    /// `daemon off;`
    pub foreground: bool,
    /// Whether there is an `events` block, without which nginx does not start.
    pub(super) has_events: bool,
}

/// A `server`.
#[derive(Clone, Debug, Default)]
pub struct Server {
    pub listens: Vec<Listen>,
    pub names: Vec<ServerName>,
    pub settings: Settings,
    pub locations: Vec<Location>,
    /// Where it asks for TLS, for which it needs a certificate.
    pub(super) tls: Option<Spot>,
    /// What its clients are shown.
    pub certificate: Option<Certificate>,
}

/// A word of `server_name`.
#[derive(Clone, Debug, Default)]
pub struct ServerName {
    /// `shop.example.com`, `*.example.com`, `mail.*`; of an expression, how it is written.
    pub text: String,
    /// `~^www\d+\.`
    pub expression: Option<Regex>,
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

    /// Whether both are one socket.
    pub fn is_same(&self, other: &Listen) -> bool {
        (self.address, self.port) == (other.address, other.port)
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

impl Pattern {
    /// What errors call the location.
    pub(super) fn name(&self) -> &str {
        match self {
            Pattern::Exact(path) | Pattern::Prefix { path, .. } | Pattern::Named(path) => path,
            Pattern::Expression(expression) => expression.as_str(),
        }
    }

    /// Whether both are for the same paths in the same way, so that one of them is in vain.
    pub(super) fn is_same(&self, other: &Pattern) -> bool {
        match (self, other) {
            (Pattern::Exact(one), Pattern::Exact(other))
            | (Pattern::Prefix { path: one, .. }, Pattern::Prefix { path: other, .. }) => {
                one == other
            }
            _ => false,
        }
    }
}

/// What can be said at several levels; inner levels win.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub root: Option<String>,
    pub alias: Option<String>,
    pub index: Option<Vec<String>>,
    pub error_pages: Vec<ErrorPage>,
    /// `add_header`: the name, the value, and whether errors have it too.
    pub headers: Vec<(String, Template, bool)>,
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
    /// `proxy_hide_header`
    pub hidden: Vec<String>,
    /// `proxy_redirect`: without one the default holds.
    pub redirects: Option<Vec<Redirect>>,
    pub real_ip: RealIp,
    /// `ssl_certificate` and `ssl_certificate_key`: files.
    pub certificate: Option<String>,
    pub certificate_key: Option<String>,
    pub connect_timeout: Option<Duration>,
    /// `proxy_next_upstream_tries`: 0 is no limit.
    pub tries: Option<u32>,
    pub next_upstream: Option<NextUpstream>,
    pub read_timeout: Option<Duration>,
    pub resolver: bool,
    pub access_log: Option<Option<String>>,
    pub hide_version: bool,
    pub variables: Vec<(String, Template)>,
    pub status_page: bool,
    pub intercept_errors: bool,
    pub limits: Vec<Limit>,
    pub limit_status: Option<u16>,
    /// `client_max_body_size`, in bytes: 0 is no limit.
    pub largest_body: Option<u64>,
    /// `client_header_buffer_size`, in bytes.
    pub header_buffer: Option<u64>,
    /// `large_client_header_buffers`: how many, of how many bytes each.
    pub large_header_buffers: Option<(u64, u64)>,
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

impl Rewrite {
    /// What a path and its arguments become, if the pattern matches. The replacement takes the place of the whole
    /// URI; the arguments go behind its own, unless it ends with a question mark.
    pub fn target(&self, path: &str, arguments: &str) -> Option<String> {
        let found = self.pattern.captures(path)?;
        let mut target = String::new();
        found.expand(&self.replacement, &mut target);
        if target.ends_with('?') {
            target.pop();
        } else if !arguments.is_empty() {
            target += if target.contains('?') { "&" } else { "?" };
            target += arguments;
        }
        Some(target)
    }
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
    pub group: Arc<Group>,
    /// Where it is written, for a host that is not found.
    pub(super) spot: Spot,
}

impl Config {
    /// A configuration that nobody wrote: whoever makes it knows every address.
    pub fn made(servers: Vec<Server>, formats: BTreeMap<String, Template>) -> Config {
        Config { servers, formats, foreground: true, has_events: true, ..Config::default() }
    }
}

impl Proxy {
    /// Whether its URL has variables.
    pub(super) fn has_variables(&self) -> bool {
        self.authority.has_variables() || self.uri.as_ref().is_some_and(Template::has_variables)
    }

    /// Whether its path takes the place of the location's. What has variables is taken as it is.
    pub(super) fn replaces_part(&self) -> bool {
        self.uri.is_some() && !self.has_variables()
    }

    /// A proxy to these addresses, under the name that error logs have.
    pub fn to(authority: &str, targets: Vec<SocketAddr>, tls: bool) -> Proxy {
        let group = Arc::new(Group { repeats: true, ..Group::of(authority, targets) });
        Proxy { tls, authority: Template::new(authority), uri: None, group, spot: Spot::default() }
    }
}

impl Location {
    pub(super) fn inherit(&mut self, outer: &Settings) {
        self.settings.inherit(outer);
        let settings = self.settings.clone();
        for location in &mut self.locations {
            location.inherit(&settings);
        }
    }
}

impl Settings {
    /// What a request's line and headers are read into.
    pub(super) fn header_buffers(&self) -> HeaderBuffers {
        let usual = HeaderBuffers::default();
        let (count, size) = self.large_header_buffers.unwrap_or((usual.count, usual.size));
        HeaderBuffers { first: self.header_buffer.unwrap_or(usual.first), count, size }
    }

    /// Takes over what is not said here.
    pub(super) fn inherit(&mut self, outer: &Settings) {
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
        over(&mut self.next_upstream, &outer.next_upstream);
        over(&mut self.read_timeout, &outer.read_timeout);
        over(&mut self.access_log, &outer.access_log);
        over(&mut self.auth_realm, &outer.auth_realm);
        list(&mut self.error_pages, &outer.error_pages);
        list(&mut self.headers, &outer.headers);
        list(&mut self.proxy_headers, &outer.proxy_headers);
        list(&mut self.hidden, &outer.hidden);
        over(&mut self.redirects, &outer.redirects);
        self.real_ip.inherit(&outer.real_ip);
        over(&mut self.certificate, &outer.certificate);
        over(&mut self.certificate_key, &outer.certificate_key);
        list(&mut self.limits, &outer.limits);
        list(&mut self.access, &outer.access);
        over(&mut self.limit_status, &outer.limit_status);
        over(&mut self.largest_body, &outer.largest_body);
        over(&mut self.header_buffer, &outer.header_buffer);
        over(&mut self.large_header_buffers, &outer.large_header_buffers);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As nginx 1.22 answers.
    #[test]
    fn a_rewrite_replaces_the_whole_uri_and_keeps_the_arguments() {
        let target = |pattern: &str, replacement: &str, path: &str| {
            let pattern = Regex::new(pattern).expect("a pattern");
            let replacement = replacement.to_owned();
            let rewrite = Rewrite { pattern, replacement, redirect: None, stays: true };
            rewrite.target(path, "y=2")
        };
        assert_eq!(target("(?i)/whole", "/show", "/whole/today").as_deref(), Some("/show?y=2"));
        assert_eq!(
            target("/group/(.*)", "/show/${1}", "/group/today").as_deref(),
            Some("/show/today?y=2")
        );
        assert_eq!(target("/more", "/show?x=1", "/more/today").as_deref(), Some("/show?x=1&y=2"));
        assert_eq!(target("/none", "/show?", "/none/today").as_deref(), Some("/show"));
        assert_eq!(target("/other", "/show", "/none"), None);
    }
}
