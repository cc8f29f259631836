//! BusyBox' ip: fewer options and commands than iproute2's, and words of its own (`networking/libiproute`).

use super::addresses::{self, Detail};
use super::ip::{Style, Trouble};
use super::routes;
use crate::network::{Family, Interface};
use crate::shell::Io;
use crate::shell::commands::trouble::left_out;

fn usage() -> Trouble {
    (1, super::super::super::busybox_usage("ip"))
}

fn wrong(argument: &str, of: &str) -> Trouble {
    (1, format!("ip: invalid argument '{argument}' to '{of}'"))
}

/// What `ip` shows with these words.
pub(super) fn run(arguments: &[String], io: &mut Io<'_>) -> Result<Vec<String>, Trouble> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut style = Style::default();
    let mut rest = words.as_slice();
    while let Some((word, more)) = rest.split_first().filter(|(word, _)| word.starts_with('-')) {
        rest = more;
        let word = if word.starts_with("--") { &word[1..] } else { word };
        match word {
            "-4" => style.family = Some(Family::V4),
            "-6" => style.family = Some(Family::V6),
            "-0" => return Err((1, left_out("ip", "-0"))),
            _ if word.len() > 1 && "-oneline".starts_with(word) => style.oneline = true,
            _ if word.len() > 1 && "-family".starts_with(word) => {
                let (name, more) = rest.split_first().ok_or_else(usage)?;
                rest = more;
                style.family = match *name {
                    "inet" => Some(Family::V4),
                    "inet6" => Some(Family::V6),
                    "link" => None,
                    other => return Err(wrong(other, "family")),
                };
            }
            _ => return Err(usage()),
        }
    }
    let Some((object, rest)) = rest.split_first() else { return Err(usage()) };
    let objects = ["address", "route", "link", "tunnel", "tunl", "rule", "neigh"];
    // `r` is a name of its own for route.
    let name = match *object {
        "r" => "route",
        word => objects.into_iter().find(|one| one.starts_with(word)).ok_or_else(usage)?,
    };
    match name {
        "address" => devices(io, &style, false, rest),
        // Whatever goes wrong with a link has a code of its own.
        "link" => devices(io, &style, true, rest).map_err(|(_, why)| (2, why)),
        "route" => route(io, &style, rest),
        "rule" => match rest.first() {
            None | Some(&("list" | "lst" | "show")) => {
                let rules = [(0, "local"), (32_766, "main"), (32_767, "default")];
                let line = |(at, table)| format!("{at}:\tfrom all lookup {table} ");
                Ok(rules.into_iter().map(line).collect())
            }
            Some(verb) if matches!(*verb, "add" | "delete" | "del") => {
                Err((1, left_out("ip", format!("rule {verb}"))))
            }
            Some(other) => Err(wrong(other, "ip")),
        },
        "neigh" => {
            let (device, more) = show_words(io, rest, &["flush"], name)?;
            let [] = more else {
                return Err((1, left_out("ip", format!("neigh show {}", more[0]))));
            };
            Ok(routes::neighbours(io, &style, device, None))
        }
        other => Err((1, left_out("ip", other))),
    }
}

/// What stands behind `show`: a device, and what else.
fn show_words<'a>(
    io: &Io<'_>,
    words: &'a [&'a str],
    changing: &[&str],
    object: &str,
) -> Result<(Option<&'a str>, &'a [&'a str]), Trouble> {
    let Some((verb, rest)) = words.split_first() else { return Ok((None, words)) };
    if changing.iter().any(|one| one.starts_with(verb)) && super::may_not_change(io) {
        return Err((2, "ip: RTNETLINK answers: Operation not permitted".to_owned()));
    }
    if changing.iter().any(|one| one.starts_with(verb)) {
        return Err((
            1,
            format!("podhop: ip {object} {verb} is not simulated here; ip {object} shows"),
        ));
    }
    if !["list", "lst", "show"].iter().any(|one| one.starts_with(verb)) {
        return Err(wrong(verb, "ip"));
    }
    let (device, rest) = match rest {
        ["dev", device, rest @ ..] => (Some(*device), rest),
        rest => (None, rest),
    };
    if let Some(name) = device
        && super::devices(io).iter().all(|device| device.name != name)
    {
        return Err((1, format!("ip: can't find device '{name}'")));
    }
    Ok((device, rest))
}

fn devices(
    io: &Io<'_>,
    style: &Style,
    links: bool,
    words: &[&str],
) -> Result<Vec<String>, Trouble> {
    let object = if links { "link" } else { "address" };
    let changing: &[&str] = match links {
        true => &["add", "delete", "set"],
        false => &["add", "change", "chg", "replace", "delete", "flush"],
    };
    let (mut wanted, rest) = show_words(io, words, changing, object)?;
    let mut detail = Detail { links, family: style.family.filter(|_| !links), ..Detail::default() };
    match rest {
        [] | ["up"] => {}
        ["scope", scope] => detail.scope = Some((*scope).to_owned()),
        [name] => wanted = Some(name),
        [word, ..] => return Err((1, left_out("ip", format!("{object} show {word}")))),
    }
    let mut devices = super::devices(io);
    if let Some(name) = wanted {
        devices.retain(|device| device.name == name);
        if devices.is_empty() {
            return Err((1, format!("ip: can't find device '{name}'")));
        }
    }
    let text = |device: &Interface| match style.oneline {
        true => addresses::oneline(device, &detail),
        false => addresses::full(device, &detail).into_iter().collect(),
    };
    let lines = devices.iter().flat_map(|device| {
        text(device).into_iter().map(|text| fewer_words(text, device)).collect::<Vec<_>>()
    });
    Ok(lines.collect())
}

/// A device's text without the words that BusyBox does not have.
fn fewer_words(mut text: String, device: &Interface) -> String {
    if device.peer.is_some() {
        text = text.replacen("LOWER_UP>", "LOWER_UP,M-DOWN>", 1);
    }
    for words in
        [" state UP", " state UNKNOWN", " mode DEFAULT", " group default", " link-netnsid 0"]
    {
        text = text.replacen(words, "", 1);
    }
    text
}

fn route(io: &Io<'_>, style: &Style, words: &[&str]) -> Result<Vec<String>, Trouble> {
    if words.first() == Some(&"get") {
        let Some(to) = words.get(1).and_then(|text| text.parse::<std::net::IpAddr>().ok()) else {
            return Err((1, "ip: need at least destination address".to_owned()));
        };
        let way = routes::way(io, to).map_err(|(_, why)| (2, format!("ip: {why}")))?;
        let kind = if way.local { "local " } else { "" };
        let via = way.via.map_or(String::new(), |via| format!("via {via} "));
        let source = way.source.map_or(String::new(), |source| format!(" src {source} "));
        return Ok(vec![format!("{kind}{to} {via}dev {} {source}", way.device)]);
    }
    let changing = ["add", "append", "change", "chg", "delete", "flush", "replace", "test"];
    let (device, rest) = show_words(io, words, &changing, "route")?;
    let [] = rest else { return Err((1, left_out("ip", format!("route show {}", rest[0])))) };
    let all = routes::routes(io, style.family.unwrap_or(Family::V4));
    let all = all.iter().filter(|route| device.is_none_or(|device| route.device == device));
    let line = |route: &crate::network::Route| {
        let said = device.map_or(String::new(), |device| format!("dev {device} "));
        route.to_string().replacen(&said, "", 1)
    };
    Ok(all.map(line).collect())
}
