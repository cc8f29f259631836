//! Where a request really goes: to its host, to another one (`--connect-to`), to addresses that are
//! given (`--resolve`), or by way of a proxy.

use std::net::IpAddr;

use super::arguments::Operation;
use super::data::unescape;
use crate::network::Family;
use crate::shell::Io;
use crate::shell::commands::net::url::Url;
use crate::shell::commands::text::base64;

/// A proxy for HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    pub host: String,
    pub port: u16,
    /// The value of `Proxy-Authorization`, after `Basic `.
    pub credentials: Option<String>,
    /// The name in them.
    pub user: Option<String>,
    /// Whether a tunnel is asked for.
    pub tunnel: bool,
    /// The protocol, if it is one of SOCKS: nobody speaks it here, so that only its first answer is seen.
    pub socks: Option<&'static str>,
}

impl Proxy {
    /// What is said of an answer that is none of SOCKS, where SOCKS is spoken.
    pub fn no_socks(&self) -> Option<&'static str> {
        Some(match self.socks?.starts_with("socks4") {
            true => "SOCKS4 reply has wrong version, version should be 0.",
            false => "Received invalid version in initial SOCKS5 response.",
        })
    }
}

/// The way of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub proxy: Option<Proxy>,
    /// `--connect-to`: whom to dial instead.
    pub instead: Option<(String, u16)>,
    /// Whether the host is another one, not only the port.
    pub other_host: bool,
    pub pinned: Vec<IpAddr>,
    /// What `-v` tells of it.
    pub notes: Vec<String>,
}

/// Why there is no way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// An entry of `--resolve` or `--connect-to` that cannot be read: the exit code is 49.
    Entry(String),
    /// A proxy that is not simulated or that there is none of: the words.
    Kind(String),
    /// A proxy that cannot be read: the exit code is 5.
    Proxy(String),
}

/// Finds the way to a URL.
///
/// # Errors
/// Why there is none.
pub fn find(operation: &Operation, io: &Io<'_>, url: &Url) -> Result<Route, NoRoute> {
    let mut route = Route::default();
    resolve_entries(operation, &mut route)?;
    connect_to(operation, url, &mut route)?;
    route.proxy = proxy(operation, io, url, &mut route.notes)?;
    let (host, port) = match (&route.proxy, &route.instead) {
        (Some(proxy), _) => (proxy.host.clone(), proxy.port),
        (None, Some((host, port))) => (host.clone(), *port),
        (None, None) => (url.host.clone(), url.port),
    };
    route.pinned = resolved(operation, &host, port).unwrap_or_default();
    if !route.pinned.is_empty() {
        route.notes.push(format!("Hostname {host} was found in DNS cache"));
    }
    Ok(route)
}

/// An entry of `--resolve`: host, port and what it says of them.
fn entry(text: &str) -> Option<(&str, u16, Option<Vec<IpAddr>>)> {
    if let Some(gone) = text.strip_prefix('-') {
        let (host, port) = gone.rsplit_once(':')?;
        return Some((host, port.parse().ok()?, None));
    }
    let (host, rest) = text.strip_prefix('+').unwrap_or(text).split_once(':')?;
    let (port, list) = rest.split_once(':')?;
    let address = |text: &str| text.trim_matches(['[', ']']).parse().ok();
    let addresses: Option<Vec<IpAddr>> =
        list.split(',').filter(|text| !text.is_empty()).map(address).collect();
    Some((host, port.parse().ok()?, Some(addresses.filter(|list| !list.is_empty())?)))
}

fn resolve_entries(operation: &Operation, route: &mut Route) -> Result<(), NoRoute> {
    for text in &operation.resolve {
        let bad = || NoRoute::Entry(format!("Couldn't parse CURLOPT_RESOLVE entry '{text}'"));
        let (host, port, addresses) = entry(text).ok_or_else(bad)?;
        if addresses.is_none() {
            continue;
        }
        let list = text.splitn(3, ':').nth(2).unwrap_or("");
        route.notes.push(format!("Added {host}:{port}:{list} to DNS cache"));
        if host == "*" {
            route.notes.push(format!("RESOLVE *:{port} is wildcard, enabling wildcard checks"));
        }
    }
    Ok(())
}

/// The addresses that `--resolve` gives a host; the last entry counts.
fn resolved(operation: &Operation, host: &str, port: u16) -> Option<Vec<IpAddr>> {
    let entries = || operation.resolve.iter().filter_map(|text| entry(text));
    let named = |(name, number, _): &(&str, u16, _)| {
        name.trim_end_matches('.').eq_ignore_ascii_case(host) && *number == port
    };
    let any = |(name, number, _): &(&str, u16, _)| *name == "*" && *number == port;
    entries().rfind(named).or_else(|| entries().rfind(any))?.2
}

/// `HOST1:PORT1:HOST2:PORT2`: the first entry that matches the URL's host and port.
fn connect_to(operation: &Operation, url: &Url, route: &mut Route) -> Result<(), NoRoute> {
    for text in &operation.connect_to {
        let mut rest = text.as_str();
        let mut part = || {
            let end = match rest.strip_prefix('[').and_then(|inner| inner.find(']')) {
                Some(end) => end + 2,
                None => rest.find(':').unwrap_or(rest.len()),
            };
            let (word, behind) = rest.split_at(end.min(rest.len()));
            rest = behind.strip_prefix(':').unwrap_or(behind);
            word.trim_matches(['[', ']']).to_owned()
        };
        let [host, port, to_host, to_port] = [part(), part(), part(), part()];
        let host_fits = host.is_empty() || host.eq_ignore_ascii_case(&url.host);
        if !host_fits || !port.is_empty() && port != url.port.to_string() {
            continue;
        }
        let number = match to_port.as_str() {
            "" => url.port,
            text => text.parse().map_err(|_| {
                NoRoute::Entry(format!("No valid port number in connect to host string ({text})"))
            })?,
        };
        if !to_host.is_empty() {
            route.other_host = !to_host.eq_ignore_ascii_case(&url.host);
            route.notes.push(format!("Connecting to hostname: {to_host}"));
        }
        if !to_port.is_empty() {
            route.notes.push(format!("Connecting to port: {number}"));
        }
        let name = if to_host.is_empty() { url.host.clone() } else { to_host };
        route.instead = Some((name, number));
        break;
    }
    Ok(())
}

/// `-x`, or what the environment says, unless the host needs none.
fn proxy(
    operation: &Operation,
    io: &Io<'_>,
    url: &Url,
    notes: &mut Vec<String>,
) -> Result<Option<Proxy>, NoRoute> {
    let variable = |name: &str| io.environment.get(name).filter(|value| !value.is_empty());
    let spared = match &operation.no_proxy {
        Some(list) => Some(list.clone()),
        None => ["no_proxy", "NO_PROXY"].iter().find_map(|name| {
            let list = variable(name)?;
            notes.push(format!("Uses proxy env variable {name} == '{list}'"));
            Some(list.clone())
        }),
    };
    let spared = spared.is_some_and(|list| spares(&list, &url.host));
    let text = match &operation.proxy {
        Some(text) => Some(text.clone()),
        None if spared => None,
        None => {
            let own = format!("{}_proxy", url.scheme);
            // The capital form of http_proxy would be set by a CGI server's client.
            let capital = own.to_ascii_uppercase();
            let names = [own.as_str(), &capital, "all_proxy", "ALL_PROXY"];
            names.into_iter().filter(|name| *name != "HTTP_PROXY").find_map(|name| {
                let text = variable(name)?;
                notes.push(format!("Uses proxy env variable {name} == '{text}'"));
                Some(text.clone())
            })
        }
    };
    let Some(text) = text.filter(|text| !text.is_empty() && !spared) else { return Ok(None) };
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", &text));
    let socks = ["socks4", "socks4a", "socks5", "socks5h"].into_iter().find(|one| *one == scheme);
    if scheme != "http" && socks.is_none() {
        let known = scheme == "https";
        return Err(NoRoute::Kind(match known {
            true => format!("not simulated here: a proxy that speaks {scheme}"),
            false => format!("Unsupported proxy scheme for '{text}'"),
        }));
    }
    let bad = || NoRoute::Proxy(format!("Unsupported proxy syntax in '{text}'"));
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    let explicit =
        authority.rsplit('@').next().unwrap_or("").trim_end_matches(|c: char| c != ']' && c != ':');
    let place = Url::parse(&format!("http://{authority}/")).map_err(|_| bad())?;
    let port = if explicit.ends_with(':') || place.explicit_port { place.port } else { 1080 };
    let user = operation.proxy_user.clone().or(place.user.as_deref().map(unescape));
    let credentials = user.as_ref().map(|user| base64::encode(user.as_bytes()));
    let user = user.map(|user| user.split(':').next().unwrap_or("").to_owned());
    let tunnel = (url.is_tls() || operation.tunnel) && socks.is_none();
    Ok(Some(Proxy { host: place.host, port, credentials, user, tunnel, socks }))
}

/// Whether a list of hosts, domains and ranges of addresses has this host.
fn spares(list: &str, host: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    list.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()).any(|word| {
        if let Some(address) = address {
            return in_range(word, address) || word.trim_matches(['[', ']']).parse() == Ok(address);
        }
        let word = word.trim_start_matches('.').trim_end_matches('.').to_ascii_lowercase();
        host == word || host.ends_with(&format!(".{word}"))
    })
}

/// Whether `10.0.0.0/8` and the like has an address.
fn in_range(text: &str, address: IpAddr) -> bool {
    let Some((network, bits)) = text.split_once('/') else { return false };
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else {
        return false;
    };
    let wide = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let all = u32::from(Family::of(network).bits());
    let shift = all.saturating_sub(bits);
    let same = Family::of(network) == Family::of(address);
    let cut = |address| wide(address).checked_shr(shift).unwrap_or(0);
    same && bits <= all && cut(network) == cut(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_spares_hosts_domains_and_ranges() {
        assert!(spares("example.com", "www.example.com") && spares(".svc", "web.default.svc"));
        assert!(!spares("ample.com", "example.com") && !spares("", "x"));
        assert!(spares("10.0.0.0/8,x", "10.96.0.1") && !spares("10.0.0.0/8", "11.0.0.1"));
        assert!(spares("*", "any") && spares("10.96.0.1", "10.96.0.1"));
    }

    #[test]
    fn entries_give_addresses_and_take_them_away() {
        let gives = entry("web:80:10.0.0.1,[::1]").unwrap();
        assert_eq!((gives.0, gives.1, gives.2.unwrap().len()), ("web", 80, 2));
        assert_eq!(entry("-web:80").unwrap().2, None);
        assert!(entry("a:b").is_none() && entry("a:80:x").is_none());
    }

    #[test]
    fn the_first_connect_to_that_fits_counts() {
        let connect = |entries: &[&str], url: &str| {
            let connect_to = entries.iter().map(|text| (*text).to_owned()).collect();
            let operation = Operation { connect_to, ..Operation::default() };
            let mut route = Route::default();
            connect_to_(&operation, url, &mut route);
            route.instead
        };
        fn connect_to_(operation: &Operation, url: &str, route: &mut Route) {
            connect_to(operation, &Url::parse(url).unwrap(), route).unwrap();
        }
        let to = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(connect(&["a:80:b:81", "::c:"], "http://a/"), to("b", 81));
        assert_eq!(connect(&["a:81:b:81", "::c:"], "http://a/"), to("c", 80));
        assert_eq!(connect(&["::[::1]:90"], "http://a/"), to("::1", 90));
        assert_eq!(connect(&["x::b:1"], "http://a/"), None);
    }
}
