//! The words of one directive, as what they mean.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use regex::Regex;

use super::config::{ErrorPage, Listen, Pattern, Proxy, Return, Rewrite, Settings};
use super::expression;
use super::limits::Limit;
use super::names;
use super::redirect::Redirect;
use super::request::CLIENT_CLOSED;
use super::slot;
use super::template::Template;
use super::tokens::{Fault, Spot};
use super::upstream::NextUpstream;
use crate::cluster::programs::access::Access;

/// Directives that only set something.
pub(super) fn plain(
    name: &str,
    words: &[String],
    spot: &Spot,
    settings: &mut Settings,
) -> Result<(), Fault> {
    let first = words.first().cloned().unwrap_or_default();
    let says = |word: &str| first.eq_ignore_ascii_case(word);
    match name {
        "root" => settings.root = Some(first),
        "alias" => settings.alias = Some(first),
        "index" => settings.index = Some(words.to_vec()),
        "default_type" => settings.default_type = Some(first),
        "error_page" => settings.error_pages.push(error_page(words, spot)?),
        "add_header" => {
            let always = words.get(2);
            if let Some(word) = always.filter(|word| *word != "always") {
                return Err(spot.fault(format!("invalid parameter \"{word}\"")));
            }
            settings.headers.push((first, Template::new(&words[1]), always.is_some()));
        }
        "proxy_hide_header" => settings.hidden.push(first),
        "proxy_redirect" => {
            if first == "default" {
                let Some(proxy) = &settings.proxy else {
                    return Err(spot.fault("\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive"));
                };
                if proxy.has_variables() {
                    return Err(spot.fault("\"proxy_redirect default\" cannot be used with \"proxy_pass\" directive with variables"));
                }
            }
            let redirects = settings.redirects.get_or_insert_default();
            redirects.extend(Redirect::read(words, spot)?);
        }
        "set_real_ip_from" if first == "unix:" => {}
        "set_real_ip_from" => {
            let range = Access::read(true, &first);
            let invalid = || spot.fault(format!("host not found in set_real_ip_from \"{first}\""));
            settings.real_ip.from.push(range.ok_or_else(invalid)?);
        }
        "real_ip_header" => settings.real_ip.header = Some(first),
        "real_ip_recursive" => settings.real_ip.recursive = Some(says("on")),
        "proxy_set_header" => settings.proxy_headers.push((first, Template::new(&words[1]))),
        "return" => settings.answer = settings.answer.take().or(Some(answer(words, spot)?)),
        "rewrite" => settings.rewrites.push(rewrite(words, spot)?),
        "set" => {
            settings.variables.push((names::target(&first, spot)?, Template::new(&words[1])));
        }
        "try_files" => {
            let last = words.last().and_then(|word| word.strip_prefix('='));
            if let Some(code) = last.filter(|code| !code.parse::<u16>().is_ok_and(|n| n < 1000)) {
                return Err(spot.fault(format!("invalid code \"={code}\"")));
            }
            settings.try_files = Some(words.to_vec());
        }
        "autoindex" => settings.autoindex = says("on"),
        "allow" | "deny" => {
            let invalid = || spot.fault(format!("invalid parameter \"{first}\""));
            settings.access.push(Access::read(name == "allow", &first).ok_or_else(invalid)?);
        }
        "ssl_certificate" => settings.certificate = Some(first),
        "ssl_certificate_key" => settings.certificate_key = Some(first),
        "internal" => settings.internal = true,
        "auth_basic" => settings.auth_realm = (first != "off").then_some(first),
        "proxy_connect_timeout" => settings.connect_timeout = slot::time(&first),
        "proxy_read_timeout" => settings.read_timeout = slot::time(&first),
        "proxy_next_upstream_tries" => settings.tries = first.parse().ok(),
        "proxy_next_upstream" => settings.next_upstream = Some(NextUpstream::read(words)),
        "proxy_intercept_errors" => settings.intercept_errors = says("on"),
        "limit_req" => settings.limits.push(Limit::read(words, spot)?),
        "limit_req_status" => settings.limit_status = first.parse().ok(),
        "client_max_body_size" => settings.largest_body = slot::bytes(&first, "kmg"),
        "client_header_buffer_size" => settings.header_buffer = slot::bytes(&first, "km"),
        "large_client_header_buffers" => {
            let count = slot::bytes(&first, "");
            settings.large_header_buffers = count.zip(slot::bytes(&words[1], "km"));
        }
        "error_log" => check_level(words, spot)?,
        "expires" => check_expires(words, spot)?,
        "resolver" => {
            check_resolver(words, spot)?;
            settings.resolver = true;
        }
        "server_tokens" => settings.hide_version = says("off"),
        "stub_status" => settings.status_page = true,
        "access_log" => {
            let format = words.get(1).cloned().unwrap_or_else(|| "combined".to_owned());
            settings.access_log = Some((first != "off").then_some(format));
        }
        _ => {}
    }
    Ok(())
}

/// The longest time that may follow `expires @`.
const DAY: Duration = Duration::from_secs(86_400);

/// The levels of `error_log`.
const LEVELS: &[&str] = &["debug", "info", "notice", "warn", "error", "crit", "alert", "emerg"];

/// `error_log FILE [LEVEL]`
fn check_level(words: &[String], spot: &Spot) -> Result<(), Fault> {
    let known = |level: &str| level.starts_with("debug_") || LEVELS.contains(&level);
    match words.get(1).filter(|level| !known(level)) {
        Some(level) => Err(spot.fault(format!("invalid log level \"{level}\""))),
        None => Ok(()),
    }
}

/// `resolver ADDRESS … [valid=TIME]`
fn check_resolver(words: &[String], spot: &Spot) -> Result<(), Fault> {
    let lasts =
        |word: &str| word.strip_prefix("valid=").is_none_or(|time| slot::time(time).is_some());
    match words[1..].iter().find(|word| !lasts(word)) {
        Some(word) => Err(spot.fault(format!("invalid parameter: {word}"))),
        None => Ok(()),
    }
}

/// `expires [modified] TIME`: `epoch`, `max`, `off`, or a time with a sign or, for one of the day, `@`
/// (`ngx_http_parse_expires`).
fn check_expires(words: &[String], spot: &Spot) -> Result<(), Fault> {
    let fault = |what: &str| Err(spot.fault(format!("\"expires\" directive {what}")));
    let (modified, text) = match words {
        [text] => (false, text.as_str()),
        [modified, text] if modified == "modified" => (true, text.as_str()),
        _ => return fault("invalid value"),
    };
    if text.contains('$') || !modified && ["epoch", "max", "off"].contains(&text) {
        return Ok(());
    }
    let daily = text.starts_with('@');
    if daily && modified {
        return fault("daily time cannot be used with \"modified\" parameter");
    }
    match slot::seconds(text.strip_prefix(['@', '+', '-']).unwrap_or(text)) {
        None => fault("invalid value"),
        Some(time) if daily && time > DAY => fault("daily time value must be less than 24 hours"),
        Some(_) => Ok(()),
    }
}

pub(super) fn pattern(words: &[String], spot: &Spot) -> Result<Pattern, Fault> {
    let expression = |text: &str, ignore_case: bool| {
        expression::compile(text, ignore_case, spot).map(Pattern::Expression)
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
pub(super) fn listen(words: &[String], spot: &Spot) -> Result<Option<Listen>, Fault> {
    let text = &words[0];
    for word in &words[1..] {
        let known = [
            "default_server",
            "default",
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
    if host.is_empty() {
        return Err(spot.fault(format!("no host in \"{text}\" of the \"listen\" directive")));
    }
    let address = match host {
        "*" => Ipv4Addr::UNSPECIFIED.into(),
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
        let invalid = || spot.fault(format!("invalid value \"{word}\""));
        match word.strip_prefix('=') {
            Some("") => page.status = Some(None),
            Some(code) => page.status = Some(Some(code.parse().map_err(|_| invalid())?)),
            None => match word.parse() {
                Ok(CLIENT_CLOSED) | Err(_) => return Err(invalid()),
                Ok(code @ 300..=599) => page.codes.push(code),
                Ok(_) => {
                    let what = format!("value \"{word}\" must be between 300 and 599");
                    return Err(spot.fault(what));
                }
            },
        }
    }
    Ok(page)
}

fn answer(words: &[String], spot: &Spot) -> Result<Return, Fault> {
    let first = &words[0];
    match (first.parse::<u16>(), words.get(1)) {
        (Ok(1000..), _) => Err(spot.fault(format!("invalid return code \"{first}\""))),
        (Ok(status), text) => Ok(Return { status, text: text.map(|text| Template::new(text)) }),
        (Err(_), None) if first.starts_with("http") || first.starts_with('$') => {
            Ok(Return { status: 302, text: Some(Template::new(first)) })
        }
        (Err(_), _) => Err(spot.fault(format!("invalid return code \"{first}\""))),
    }
}

fn rewrite(words: &[String], spot: &Spot) -> Result<Rewrite, Fault> {
    let pattern = expression::compile(&words[0], false, spot)?;
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

pub(super) fn proxy(url: &str, spot: &Spot) -> Result<Proxy, Fault> {
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
    if let Some((host, port)) = authority.rsplit_once(':')
        && !host.ends_with(':')
        && !authority.contains('$')
        && !authority.ends_with(']')
        && !port.parse::<u16>().is_ok_and(|port| port > 0)
    {
        return Err(spot.fault(format!("invalid port in upstream \"{rest}\"")));
    }
    Ok(Proxy {
        tls,
        authority: Template::new(authority),
        uri: uri.map(Template::new),
        group: Default::default(),
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
