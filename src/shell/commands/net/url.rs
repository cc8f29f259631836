//! URLs, as forgiving as curl and wget read them.

use std::net::{IpAddr, Ipv6Addr};

/// A URL's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `http`
    pub scheme: String,
    /// The host: a name or an address, without the brackets of an IPv6 one.
    pub host: String,
    /// The port, given or the scheme's own.
    pub port: u16,
    /// Whether the port was given.
    pub explicit_port: bool,
    /// Whether the host's colon has no port behind it.
    pub empty_port: bool,
    /// Path and query; at least `/`.
    pub target: String,
    /// What stands before `@`: `user:password`.
    pub user: Option<String>,
}

/// Why a text is no URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadUrl {
    /// No host, a space, or something else that cannot be.
    Malformed,
    /// The port is not a number from 0 to 65535.
    Port(String),
    /// A scheme that the client does not speak.
    Scheme(String),
}

impl Url {
    /// Reads `http://host:port/path`; without a scheme it is http.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Url, BadUrl> {
        Url::parse_among(text, &[("http", 80), ("https", 443), ("ftp", 21)])
    }

    /// The same for a client that speaks these schemes, each with its usual port.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn parse_among(text: &str, schemes: &[(&str, u16)]) -> Result<Url, BadUrl> {
        if text.contains(char::is_whitespace) {
            return Err(BadUrl::Malformed);
        }
        // curl takes `http:/host` for `http://host`.
        let (scheme, rest) = match text.split_once(":/") {
            Some((scheme, rest)) if is_scheme(scheme) => {
                (scheme.to_lowercase(), rest.trim_start_matches('/'))
            }
            _ => ("http".to_owned(), text),
        };
        let known = schemes.iter().find(|(name, _)| *name == scheme);
        let Some((_, default_port)) = known else { return Err(BadUrl::Scheme(scheme)) };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user.to_owned()), authority),
            None => (None, authority),
        };
        let (host, port) = match bracketed(authority)? {
            Some((host, port)) => (host, port),
            None => authority
                .split_once(':')
                .map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let empty_port = port == Some("");
        let (host, port) = match port.map(|port| (host, port)) {
            Some((host, "")) => (host, None),
            Some((host, port)) => {
                let digits = port.bytes().all(|byte| byte.is_ascii_digit());
                let number = port.parse().ok().filter(|_| digits);
                let number = number.ok_or_else(|| BadUrl::Port(port.to_owned()))?;
                (host, Some(number))
            }
            None => (host, None),
        };
        if host.is_empty() {
            return Err(BadUrl::Malformed);
        }
        let path = path.split('#').next().unwrap_or("");
        let target = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Url {
            scheme,
            host: host.to_owned(),
            port: port.unwrap_or(*default_port),
            explicit_port: port.is_some(),
            empty_port,
            target,
            user,
        })
    }

    /// Where a `Location` header leads from here.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn join(&self, location: &str) -> Result<Url, BadUrl> {
        if location.contains("://") {
            return Url::parse(location);
        }
        let mut url = self.clone();
        let location = location.split('#').next().unwrap_or("");
        if location.starts_with("//") {
            return Url::parse(&format!("{}:{location}", self.scheme));
        }
        let path = self.target.split('?').next().unwrap_or("");
        url.target = if location.starts_with('/') {
            location.to_owned()
        } else if location.starts_with('?') || location.is_empty() {
            format!("{path}{location}")
        } else {
            let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
            format!("{folder}{location}")
        };
        url.remove_dots();
        Ok(url)
    }

    /// Takes `.` and `..` out of the path (RFC 3986, 5.2.4).
    pub fn remove_dots(&mut self) {
        let (path, query) = match self.target.find('?') {
            Some(at) => self.target.split_at(at),
            None => (self.target.as_str(), ""),
        };
        let mut out: Vec<&str> = Vec::new();
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        for (position, segment) in segments.iter().enumerate() {
            let last = position + 1 == segments.len();
            match *segment {
                "." | ".." => {
                    if *segment == ".." {
                        out.pop();
                    }
                    if last {
                        out.push("");
                    }
                }
                segment => out.push(segment),
            }
        }
        self.target = format!("/{}{query}", out.join("/"));
    }

    /// Whether it is spoken over TLS.
    pub fn is_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// The `Host` header: the port is part of it where it is not the scheme's own.
    pub fn authority(&self) -> String {
        let default_port = if self.is_tls() { 443 } else { 80 };
        if self.port == default_port {
            self.written_host()
        } else {
            format!("{}:{}", self.written_host(), self.port)
        }
    }

    /// The host as a URL has it: an IPv6 address in brackets.
    pub fn written_host(&self) -> String {
        if self.host.parse::<Ipv6Addr>().is_ok() {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        }
    }

    /// The host, where it is an address.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The last part of the path: what a download is called.
    pub fn file_name(&self) -> &str {
        let path = self.target.split('?').next().unwrap_or("");
        path.rsplit('/').next().unwrap_or("")
    }

    /// The whole URL.
    pub fn text(&self) -> String {
        self.with_port(if self.explicit_port { format!(":{}", self.port) } else { String::new() })
    }

    /// The same as it was given: with a colon that has no port behind it.
    pub fn given(&self) -> String {
        if self.empty_port { self.with_port(":".to_owned()) } else { self.text() }
    }

    fn with_port(&self, port: String) -> String {
        let user = self.user.as_ref().map_or(String::new(), |user| format!("{user}@"));
        format!("{}://{user}{}{port}{}", self.scheme, self.written_host(), self.target)
    }
}

/// The address in brackets and what follows behind a colon; `None` for what does not begin so.
fn bracketed(authority: &str) -> Result<Option<(&str, Option<&str>)>, BadUrl> {
    let Some(rest) = authority.strip_prefix('[') else { return Ok(None) };
    let (inner, behind) = rest.split_once(']').ok_or(BadUrl::Malformed)?;
    if inner.parse::<Ipv6Addr>().is_err() || !(behind.is_empty() || behind.starts_with(':')) {
        return Err(BadUrl::Malformed);
    }
    Ok(Some((inner, behind.strip_prefix(':'))))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_host_is_http() {
        let url = Url::parse("site").unwrap();
        assert_eq!((url.scheme.as_str(), url.port, url.target.as_str()), ("http", 80, "/"));
    }

    #[test]
    fn one_slash_is_enough_and_two_without_a_colon_are_a_path() {
        assert_eq!(Url::parse("http:/site").unwrap().host, "site");
        assert_eq!(Url::parse("http//site").unwrap().host, "http");
    }

    #[test]
    fn bad_ports_and_schemes_are_told_apart() {
        assert_eq!(Url::parse("http://site:abc"), Err(BadUrl::Port("abc".to_owned())));
        assert_eq!(Url::parse("http://site:99999"), Err(BadUrl::Port("99999".to_owned())));
        assert_eq!(Url::parse("htp://site"), Err(BadUrl::Scheme("htp".to_owned())));
        assert_eq!(Url::parse("http://"), Err(BadUrl::Malformed));
        for bad in ["http://[::1", "http://[web]/", "http://[::1]x/"] {
            assert_eq!(Url::parse(bad), Err(BadUrl::Malformed), "{bad}");
        }
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        let url = Url::parse("http://[fd00:10:96::7]:8080/x").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("fd00:10:96::7", 8080));
        assert_eq!(url.authority(), "[fd00:10:96::7]:8080");
        assert_eq!(url.text(), "http://[fd00:10:96::7]:8080/x");
        assert_eq!(Url::parse("http://[::1]").unwrap().authority(), "[::1]");
    }

    #[test]
    fn locations_are_relative_to_where_they_came_from() {
        let url = Url::parse("http://site/a/b").unwrap();
        assert_eq!(url.join("/new").unwrap().text(), "http://site/new");
        assert_eq!(url.join("c").unwrap().text(), "http://site/a/c");
        assert_eq!(url.join("https://other/x").unwrap().host, "other");
    }
}
