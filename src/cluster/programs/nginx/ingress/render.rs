//! nginx's configuration, made of sites: a server for `http` and one for `https` each.

use std::time::Duration;

use regex::Regex;

use super::Complaint;
use super::annotations::Annotations;
use super::backends::Backend;
use super::routes::{PathKind, Route, Service, Site};
use crate::cluster::Certificate;
use crate::cluster::programs::nginx::config::{
    Config, Listen, Location, Pattern, Proxy, Return, Rewrite, Server, ServerName, Settings,
};
use crate::cluster::programs::nginx::template::Template;

/// The access log's format.
const LOG: &str = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\" $request_length $request_time [$proxy_upstream_name] [] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $request_id";
const LOG_NAME: &str = "upstreaminfo";

/// `proxy_next_upstream_tries`; the balancer may choose a lonely pod each time.
const TRIES: u32 = 3;
/// `proxy_connect_timeout`, unless an annotation says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Finds the addresses behind a Service, or its own where it is asked itself.
pub type Find<'a> = dyn FnMut(&Service, bool) -> Backend + 'a;

/// What all sites have in common.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The ports of `http` and `https`.
    pub ports: [u16; 2],
    /// Who answers what no path is for.
    pub fallback: Option<Service>,
}

/// Renders all sites. What cannot be rendered is told in `complaints`, and left out.
pub fn config(
    sites: &[Site],
    shared: &Shared,
    find: &mut Find<'_>,
    complaints: &mut Vec<Complaint>,
) -> Config {
    let mut servers = Vec::new();
    for site in sites {
        for secure in [false, true] {
            let mut renderer = Renderer { site, shared, secure, find, complaints };
            servers.push(renderer.server());
        }
    }
    Config::made(servers, [(LOG_NAME.to_owned(), Template::new(LOG))].into())
}

/// One server in the making.
struct Renderer<'a, 'f> {
    site: &'a Site,
    shared: &'a Shared,
    secure: bool,
    find: &'a mut Find<'f>,
    complaints: &'a mut Vec<Complaint>,
}

impl Renderer<'_, '_> {
    fn server(&mut self) -> Server {
        let is_default = self.site.host.is_empty();
        let port = self.shared.ports[usize::from(self.secure)];
        let listens = [Listen::v4(port), Listen::v6(port)].map(|listen| Listen {
            default: is_default,
            tls: self.secure,
            ..listen
        });
        let names = vec![server_name(if is_default { "_" } else { &self.site.host })];
        let locations = self.locations();
        Server {
            listens: listens.into(),
            names,
            settings: base("-"),
            locations,
            // The controller shows the one for the name that a client asks for in its place.
            certificate: Some(Certificate::fake()),
            ..Server::default()
        }
    }

    fn locations(&mut self) -> Vec<Location> {
        let site = self.site;
        // One path that is an expression makes expressions of all paths of its host.
        let expressions = site.routes.iter().any(|r| r.annotations.use_regex || rewrites(r));
        let mut locations = self.fixed_locations();
        for route in &site.routes {
            let settings = self.settings(Some(&route.service), &route.annotations, &route.path);
            for (exact, path) in self.paths(route) {
                locations.extend(self.location(&path, exact, expressions, &settings));
            }
        }
        if !site.routes.iter().any(Route::is_root) {
            let settings = self.settings(site.root.as_ref(), &site.annotations, "/");
            locations.extend(self.location("/", false, expressions, &settings));
        }
        locations
    }

    /// What is asked before any path: where `/` is sent, and on everybody's site what health checks
    /// of clouds look at.
    fn fixed_locations(&self) -> Vec<Location> {
        let site = self.site;
        let fixed = |pattern, settings| Location { pattern, settings, locations: Vec::new() };
        let mut locations = Vec::new();
        let annotations = site.routes.iter().map(|route| &route.annotations);
        let mut annotations = annotations.chain([&site.annotations]);
        if let Some(root) = annotations.find_map(|annotations| annotations.app_root.as_ref()) {
            let scheme = if self.secure { "https" } else { "http" };
            let settings = answer(302, &format!("{scheme}://$http_host{root}"), "-");
            locations.push(fixed(Pattern::Exact("/".to_owned()), settings));
        }
        if site.host.is_empty() {
            let pattern = Pattern::Prefix { path: "/healthz".to_owned(), strict: false };
            let answer = Some(Return { status: 200, text: None });
            let settings = Settings { answer, access_log: Some(None), ..base("-") };
            locations.push(fixed(pattern, settings));
        }
        locations
    }

    /// The paths that a route is compared with, and whether to the letter: a prefix `/shop` is
    /// `/shop` itself and everything below `/shop/`.
    fn paths(&self, route: &Route) -> Vec<(bool, String)> {
        let path = route.path.clone();
        let plain = route.path == "/" || route.annotations.use_regex || rewrites(route);
        match route.kind {
            PathKind::Exact => vec![(true, path)],
            PathKind::Prefix if !plain => {
                let below = format!("{}/", path.trim_end_matches('/'));
                let is_taken = self
                    .site
                    .routes
                    .iter()
                    .any(|other| other.kind == PathKind::Exact && other.path == path);
                let mut paths = vec![(false, below)];
                paths.extend((!is_taken).then_some((true, path)));
                paths
            }
            _ => vec![(false, path)],
        }
    }

    fn location(
        &mut self,
        path: &str,
        exact: bool,
        expressions: bool,
        settings: &Settings,
    ) -> Option<Location> {
        let pattern = match (expressions, exact) {
            (true, _) => Pattern::Expression(self.expression(&format!("(?i)^{path}"))?),
            (false, true) => Pattern::Exact(path.to_owned()),
            (false, false) => Pattern::Prefix { path: path.to_owned(), strict: false },
        };
        Some(Location { pattern, settings: settings.clone(), locations: Vec::new() })
    }

    fn expression(&mut self, text: &str) -> Option<Regex> {
        let regex = Regex::new(text);
        if regex.is_err() {
            let what = format!("pcre2_compile() failed in \"{text}\"");
            self.complaints.push(Complaint(223, what));
        }
        regex.ok()
    }

    /// What happens to a request for a path, in nginx's order: `return`, then what the controller's
    /// code does, then who may ask, then the Service, if there is one.
    fn settings(
        &mut self,
        service: Option<&Service>,
        annotations: &Annotations,
        path: &str,
    ) -> Settings {
        let upstream = service.map(Service::upstream);
        let upstream = upstream.as_deref().unwrap_or("upstream-default-backend");
        if annotations.denied.is_some() {
            let answer = Some(Return { status: 503, text: None });
            return Settings { answer, ..base(upstream) };
        }
        if let Some((status, target)) = &annotations.redirect {
            return answer(*status, target, upstream);
        }
        let redirects =
            annotations.force_ssl_redirect || (annotations.ssl_redirect && self.site.tls.is_some());
        if redirects && !self.secure {
            return answer(308, "https://$host$request_uri_without_slash", upstream);
        }
        let mut settings = match service {
            Some(service) => self.pass(service, annotations),
            None => self.nobody(),
        };
        if service.is_none() && self.site.host.is_empty() {
            // `enable-access-log-for-default-backend: false`
            settings.access_log = Some(None);
        }
        settings.access.clone_from(&annotations.access);
        if let Some(target) = annotations.rewrite_target.as_deref().filter(|target| *target != path)
            && service.is_some()
            && let Some(pattern) = self.expression(&format!("(?i){path}"))
        {
            let replacement = numbered(target);
            settings.rewrites.push(Rewrite { pattern, replacement, redirect: None, stays: true });
        }
        settings
    }

    /// A request goes to a Service's pods; without any, nobody can serve it.
    fn pass(&mut self, service: &Service, annotations: &Annotations) -> Settings {
        let Backend { targets, complaint } = (self.find)(service, annotations.service_upstream);
        self.complaints.extend(complaint);
        let upstream = service.upstream();
        let mut settings = base(&upstream);
        if targets.is_empty() {
            settings.answer = Some(Return { status: 503, text: None });
            return settings;
        }
        settings.proxy =
            Some(Proxy::to(&upstream, targets, annotations.backend.is_tls(self.secure)));
        settings.proxy_headers = self.headers(annotations);
        settings.tries = Some(TRIES);
        settings.connect_timeout = annotations.connect_timeout.or(Some(CONNECT_TIMEOUT));
        settings.read_timeout = annotations.read_timeout;
        settings.largest_body = annotations.largest_body;
        settings
    }

    /// Nobody's path: the default backend, or a page that says so.
    fn nobody(&mut self) -> Settings {
        let shared = self.shared;
        if let Some(service) = &shared.fallback {
            return self.pass(service, &Annotations::default());
        }
        let answer = Some(Return { status: 404, text: None });
        Settings { answer, ..base("upstream-default-backend") }
    }

    /// What the backend is told of the client.
    fn headers(&self, annotations: &Annotations) -> Vec<(String, Template)> {
        let (scheme, port) = if self.secure { ("https", "443") } else { ("http", "80") };
        let host = annotations.upstream_vhost.as_deref().unwrap_or("$http_host");
        [
            ("Host", host),
            ("X-Request-ID", "$request_id"),
            ("X-Real-IP", "$remote_addr"),
            ("X-Forwarded-For", "$remote_addr"),
            ("X-Forwarded-Host", "$http_host"),
            ("X-Forwarded-Port", port),
            ("X-Forwarded-Proto", scheme),
            ("X-Forwarded-Scheme", scheme),
            ("X-Scheme", scheme),
            // Connections to pods are kept, and `Proxy` is nobody's business.
            ("Connection", ""),
            ("Proxy", ""),
        ]
        .map(|(name, value)| (name.to_owned(), Template::new(value)))
        .into()
    }
}

/// What holds everywhere: no version in pages, and the controller's own log, which tells the upstream.
fn base(upstream: &str) -> Settings {
    Settings {
        hide_version: true,
        default_type: Some("text/html".to_owned()),
        access_log: Some(Some(LOG_NAME.to_owned())),
        variables: vec![("proxy_upstream_name".to_owned(), Template::new(upstream))],
        ..Settings::default()
    }
}

fn answer(status: u16, target: &str, upstream: &str) -> Settings {
    let answer = Some(Return { status, text: Some(Template::new(target)) });
    Settings { answer, ..base(upstream) }
}

/// Whether a route's paths are written anew.
fn rewrites(route: &Route) -> bool {
    route.annotations.rewrite_target.as_ref().is_some_and(|target| *target != route.path)
}

/// A host as nginx's `server_name`: a wildcard stands for one label (R12.1).
fn server_name(host: &str) -> ServerName {
    match host.strip_prefix("*.") {
        Some(rest) => {
            let text = format!("^[\\w-]+\\.{}$", regex::escape(rest));
            ServerName { expression: Regex::new(&text).ok(), text: format!("~{text}") }
        }
        None => ServerName { text: host.to_owned(), expression: None },
    }
}

/// nginx writes $1, the expression library ${1}.
fn numbered(target: &str) -> String {
    let mut text = String::new();
    let mut letters = target.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek().filter(|_| letter == '$').copied() {
            Some(digit) if digit.is_ascii_digit() => {
                letters.next();
                text += &format!("${{{digit}}}");
            }
            _ => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_numbered_as_the_library_wants() {
        assert_eq!(numbered("/$2x$"), "/${2}x$");
    }

    // R12.1
    #[test]
    fn a_wildcard_is_one_label() {
        let name = server_name("*.shop.test");
        let fits = |host: &str| name.expression.as_ref().unwrap().is_match(host);
        assert!(fits("a.shop.test") && !fits("a.b.shop.test") && !fits("shop.test"));
        assert!(!fits("a.shopxtest"));
    }
}
