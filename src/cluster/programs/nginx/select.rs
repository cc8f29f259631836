//! Which server and which location a request belongs to.

use regex::Regex;

use super::config::{Config, Listen, Location, Pattern, Server, ServerName};
use super::expression::Captured;
use crate::network::SocketAddr;

/// The sockets of all servers, each once.
pub fn sockets(config: &Config) -> Vec<Listen> {
    let mut sockets: Vec<Listen> = Vec::new();
    for listen in config.servers.iter().flat_map(|server| &server.listens) {
        if !sockets.iter().any(|known| (known.address, known.port) == (listen.address, listen.port))
        {
            sockets.push(listen.clone());
        }
    }
    // A socket on every address has the port for all of them.
    let wild: Vec<Listen> =
        sockets.iter().filter(|socket| socket.address.is_unspecified()).cloned().collect();
    sockets.retain(|socket| {
        let at = SocketAddr::new(socket.address, socket.port);
        socket.address.is_unspecified() || !wild.iter().any(|wild| wild.hears(at))
    });
    sockets
}

/// Whether TLS is spoken at this address.
pub fn is_tls(config: &Config, at: SocketAddr) -> bool {
    config.servers.iter().flat_map(|server| &server.listens).any(|l| l.tls && l.hears(at))
}

/// The server for a request to this address with this `Host`: by name, or else the default one, or
/// else the first.
pub fn server<'a>(config: &'a Config, at: SocketAddr, host: &str) -> Option<&'a Server> {
    let host = without_port(host).to_lowercase();
    let here = || config.servers.iter().filter(move |s| s.listens.iter().any(|l| l.hears(at)));
    let ranks = here().filter_map(|server| {
        server.names.iter().filter_map(|name| rank(name, &host)).max().map(|rank| (rank, server))
    });
    // The first of those that fit as well.
    let named = ranks.reduce(|best, next| if next.0 > best.0 { next } else { best });
    let default = || here().find(|server| server.listens.iter().any(|l| l.default && l.hears(at)));
    named.map(|(_, server)| server).or_else(default).or_else(|| here().next())
}

/// How well a name fits a host: itself best, then the longest with a wildcard in front, then the longest
/// with one behind, then a regular expression (nginx's documented order).
fn rank(name: &ServerName, host: &str) -> Option<(u8, usize)> {
    if let Some(expression) = &name.expression {
        return expression.is_match(host).then_some((0, 0));
    }
    let text = name.text.as_str();
    // `.example.com` is both example.com and *.example.com.
    if text == host || text.strip_prefix('.') == Some(host) {
        return Some((3, 0));
    }
    let domain = text.strip_prefix('*').unwrap_or(text);
    if domain.starts_with('.') && host.ends_with(domain) {
        return Some((2, domain.len()));
    }
    let start = text.strip_suffix('*').filter(|start| host.starts_with(start))?;
    Some((1, start.len()))
}

/// The location for a path: an exact one, or else the longest prefix, unless a regular expression
/// fits (nginx's documented order).
pub fn location<'a>(locations: &'a [Location], path: &str) -> Option<&'a Location> {
    let exact = locations.iter().find(|location| match &location.pattern {
        Pattern::Exact(exact) => exact == path,
        _ => false,
    });
    if exact.is_some() {
        return exact;
    }
    let prefix = |location: &&Location| match &location.pattern {
        Pattern::Prefix { path: prefix, .. } if path.starts_with(prefix) => Some(prefix.len()),
        _ => None,
    };
    let longest = locations.iter().filter(|l| prefix(l).is_some()).max_by_key(|l| prefix(l));
    let strict = longest
        .is_some_and(|location| matches!(location.pattern, Pattern::Prefix { strict: true, .. }));
    let inner = longest.and_then(|location| self::location(&location.locations, path));
    let expression = locations.iter().find(|location| match &location.pattern {
        Pattern::Expression(expression) => expression.is_match(path),
        _ => false,
    });
    match (inner, expression) {
        (Some(inner), _) => Some(inner),
        (None, Some(expression)) if !strict => Some(expression),
        _ => longest,
    }
}

/// The location called `@name`.
pub fn named<'a>(locations: &'a [Location], name: &str) -> Option<&'a Location> {
    locations.iter().find(|location| match &location.pattern {
        Pattern::Named(known) => known == name,
        _ => false,
    })
}

/// Those names of a server that are regular expressions.
fn expressions(server: &Server) -> impl Iterator<Item = &Regex> {
    server.names.iter().filter_map(|name| name.expression.as_ref())
}

/// What the name of the server, where it is a regular expression, has captured of the host.
pub fn captured(server: &Server, host: &str, captured: &mut Captured) {
    let name = without_port(host);
    let _ = expressions(server).any(|expression| captured.matches(expression, name));
}

/// A `Host` header without its port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, _)) if !host.ends_with(']') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::cluster::programs::nginx::config::Settings;

    fn at(pattern: Pattern) -> Location {
        Location { pattern, settings: Settings::default(), locations: Vec::new() }
    }

    fn prefix(path: &str, strict: bool) -> Location {
        at(Pattern::Prefix { path: path.to_owned(), strict })
    }

    // nginx.org/en/docs/http/server_names.html
    #[test]
    fn names_fit_in_nginxs_order() {
        let rank = |text: &str, host: &str| {
            let expression = text.strip_prefix('~').map(|text| Regex::new(text).unwrap());
            super::rank(&ServerName { text: text.to_owned(), expression }, host)
        };
        let order =
            ["~^www", "www.*", "www.example.*", "*.org", "*.example.org", "www.example.org"];
        let ranks = order.map(|text| rank(text, "www.example.org"));
        assert!(ranks.is_sorted() && ranks.iter().all(Option::is_some), "{ranks:?}");
        assert_eq!(rank(".example.org", "example.org"), Some((3, 0)));
        assert!(rank(".example.org", "a.b.example.org").is_some());
        assert_eq!(rank("www.*", "wwwx.org"), None);
        assert_eq!(rank("*.example.org", "example.org"), None);
    }

    #[test]
    fn locations_are_chosen_in_nginxs_order() {
        let locations = [
            prefix("/", false),
            prefix("/images/", true),
            prefix("/docs/", false),
            at(Pattern::Exact("/".to_owned())),
            at(Pattern::Expression(Regex::new(r"\.gif$").unwrap())),
        ];
        let chosen = |path: &str| {
            let found = location(&locations, path).unwrap();
            locations.iter().position(|known| std::ptr::eq(known, found)).unwrap()
        };
        assert_eq!(chosen("/"), 3);
        assert_eq!(chosen("/index.html"), 0);
        assert_eq!(chosen("/docs/x"), 2);
        assert_eq!(chosen("/docs/x.gif"), 4);
        assert_eq!(chosen("/images/x.gif"), 1);
    }
}
