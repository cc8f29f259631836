//! ip's command line: iproute2's options, objects and commands (`ip/ip.c`), and what they show.

use std::net::IpAddr;

use super::addresses::{self, Detail};
use super::busybox_ip;
use super::routes::{self, RouteFilter};
use crate::cluster::Flavour;
use crate::network::{Family, Range};
use crate::shell::Io;
use crate::shell::commands::client_flavour;
use crate::shell::commands::trouble::left_out;

/// Why nothing is shown: the exit code and the words.
pub(super) type Trouble = (i32, String);

/// Options in the order in which iproute2 compares them: a beginning is enough.
const OPTIONS: &[&str] = &[
    "-loops",
    "-family",
    "-4",
    "-6",
    "-0",
    "-M",
    "-B",
    "-human",
    "-human-readable",
    "-iec",
    "-stats",
    "-statistics",
    "-details",
    "-resolve",
    "-oneline",
    "-timestamp",
    "-tshort",
    "-Version",
    "-force",
    "-batch",
    "-brief",
    "-json",
    "-pretty",
    "-rcvbuf",
    "-color",
    "-help",
    "-netns",
    "-Numeric",
    "-all",
    "-echo",
];

/// Objects in the order in which iproute2 compares them.
const OBJECTS: &[&str] = &[
    "address",
    "addrlabel",
    "maddress",
    "route",
    "rule",
    "neighbor",
    "neighbour",
    "ntable",
    "ntbl",
    "link",
    "l2tp",
    "fou",
    "ila",
    "macsec",
    "tunnel",
    "tunl",
    "tuntap",
    "tap",
    "token",
    "tcpmetrics",
    "tcp_metrics",
    "monitor",
    "xfrm",
    "mroute",
    "mrule",
    "netns",
    "netconf",
    "vrf",
    "sr",
    "nexthop",
    "mptcp",
    "ioam",
    "help",
    "stats",
];

/// How it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub family: Option<Family>,
    pub brief: bool,
    pub oneline: bool,
    pub json: bool,
    pub pretty: bool,
    /// Whether counters are asked for.
    pub statistics: bool,
    pub details: bool,
}

/// `ipaddr` and its like, which are one object of BusyBox' ip.
pub(in crate::shell::commands) fn ip_object(
    object: &str,
    arguments: &[String],
    io: &mut Io<'_>,
) -> Option<i32> {
    ip(&[&[object.to_owned()], arguments].concat(), io)
}

/// ip
pub(in crate::shell::commands) fn ip(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let done = match client_flavour(io.cluster, io.place, "ip") {
        Flavour::BusyBox => busybox_ip::run(arguments, io),
        Flavour::Gnu => run(arguments, io),
    };
    match done {
        Ok(lines) => {
            for line in lines {
                io.say(line);
            }
            Some(0)
        }
        Err((code, why)) => {
            io.write_error(why);
            Some(code)
        }
    }
}

fn usage() -> Trouble {
    let how = "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\nwhere  OBJECT := { address | link | neighbour | netns | route | rule }\n       OPTIONS := { -V[ersion] | -j[son] | -p[retty] | -f[amily] { inet | inet6 } | -4 | -6 | -br[ief] | -o[neline] }";
    (255, how.to_owned())
}

/// `x` is wrong: why.
pub(super) fn invalid(what: &str, why: &str) -> Trouble {
    (255, format!("Error: argument \"{what}\" is wrong: {why}\n"))
}

/// A value is missing.
pub(super) fn incomplete() -> Trouble {
    (255, "Command line is not complete. Try option \"help\"".to_owned())
}

fn no_namespace(name: &str) -> Trouble {
    (255, format!("Cannot open network namespace \"{name}\": No such file or directory"))
}

fn run(arguments: &[String], io: &mut Io<'_>) -> Result<Vec<String>, Trouble> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if words.first().is_some_and(|word| is_option(word, "-Version")) {
        return Ok(vec!["ip utility, iproute2-6.1.0, libbpf 1.1.2".to_owned()]);
    }
    let (style, rest) = options(&words)?;
    let Some((object, rest)) = rest.split_first() else { return Err(usage()) };
    let Some(name) = OBJECTS.iter().find(|name| name.starts_with(object)) else {
        return Err((1, format!("Object \"{object}\" is unknown, try \"ip help\".")));
    };
    match *name {
        "address" => address(io, &style, rest),
        "link" => link(io, &style, rest),
        "route" => route(io, &style, rest),
        "rule" => rule(&style, rest),
        "neighbor" | "neighbour" => neighbours(io, &style, rest),
        "netns" => netns(io, rest),
        "help" => Err(usage()),
        other => Err((1, left_out("ip", other))),
    }
}

/// Whether a word is a beginning of an option, and of none that is compared before.
fn is_option(word: &str, option: &str) -> bool {
    let word = if word.starts_with("--") { &word[1..] } else { word };
    word.len() > 1 && OPTIONS.iter().find(|one| one.starts_with(word)) == Some(&option)
}

/// The options before the object, and what follows them.
fn options<'a>(words: &'a [&'a str]) -> Result<(Style, &'a [&'a str]), Trouble> {
    let mut style = Style::default();
    let mut rest = words;
    while let Some((word, more)) = rest.split_first().filter(|(word, _)| word.starts_with('-')) {
        rest = more;
        if *word == "--" {
            break;
        }
        let short = if word.starts_with("--") { &word[1..] } else { word };
        let color = short.starts_with("-c")
            && short.split('=').next().is_some_and(|one| "-color".starts_with(one));
        let found = OPTIONS.iter().find(|one| one.starts_with(short) && short.len() > 1);
        let Some(option) = found.copied().or(color.then_some("-color")) else {
            return Err((255, format!("Option \"{word}\" is unknown, try \"ip -help\".")));
        };
        let mut value = || {
            let (value, more) = rest.split_first().ok_or_else(incomplete)?;
            rest = more;
            Ok::<&str, Trouble>(value)
        };
        match option {
            "-family" => style.family = family(value()?)?,
            "-netns" => return Err(no_namespace(value()?)),
            "-batch" => {
                let file = value()?;
                let why = "No such file or directory";
                return Err((1, format!("Cannot open file \"{file}\" for reading: {why}")));
            }
            "-loops" | "-rcvbuf" => drop(value()?),
            "-4" => style.family = Some(Family::V4),
            "-6" => style.family = Some(Family::V6),
            "-brief" => style.brief = true,
            "-oneline" => style.oneline = true,
            "-json" => style.json = true,
            "-pretty" => style.pretty = true,
            "-stats" | "-statistics" => style.statistics = true,
            "-details" => style.details = true,
            "-help" => return Err(usage()),
            "-0" | "-M" | "-B" | "-Numeric" | "-all" => return Err((1, left_out("ip", option))),
            _ => {}
        }
    }
    Ok((style, rest))
}

fn family(name: &str) -> Result<Option<Family>, Trouble> {
    match name {
        "inet" => Ok(Some(Family::V4)),
        "inet6" => Ok(Some(Family::V6)),
        "help" => Err(usage()),
        "link" | "mpls" | "bridge" => Err((1, left_out("ip", format!("-family {name}")))),
        _ => {
            let (code, why) = invalid(name, "invalid protocol family");
            Err((code, why.trim_end().to_owned()))
        }
    }
}

/// The first of a table's commands that begins with a word, or that there is none.
fn command<'a>(
    object: &str,
    commands: &[&'static str],
    words: &'a [&'a str],
) -> Result<(&'static str, &'a [&'a str]), Trouble> {
    let Some((word, rest)) = words.split_first() else { return Ok(("show", words)) };
    let found = commands.iter().find(|one| one.starts_with(word));
    let unknown = format!("Command \"{word}\" is unknown, try \"ip {object} help\".");
    let name = found.copied().ok_or((255, unknown))?;
    Ok((if matches!(name, "list" | "lst") { "show" } else { name }, rest))
}

/// What would be changed, which only a container with NET_ADMIN may do; none of it is done here.
fn changes(io: &Io<'_>, object: &str, verb: &str) -> Trouble {
    if super::may_not_change(io) {
        return (2, "RTNETLINK answers: Operation not permitted".to_owned());
    }
    (1, format!("podhop: ip {object} {verb} is not simulated here; ip {object} shows"))
}

/// That there is such a device.
fn device_exists(io: &Io<'_>, name: &str) -> Result<(), Trouble> {
    match super::devices(io).iter().any(|device| device.name == name) {
        true => Ok(()),
        false => Err((1, format!("Cannot find device \"{name}\""))),
    }
}

/// `10.0.0.0/8`, an address, or `default`, which is none.
pub(super) fn prefix(text: &str) -> Result<Option<Range>, Trouble> {
    if matches!(text, "default" | "any" | "all") {
        return Ok(None);
    }
    let wrong = || (1, format!("Error: any valid prefix is expected rather than \"{text}\"."));
    let (base, length) = match text.split_once('/') {
        Some((base, length)) => (base, Some(length.parse::<u8>().map_err(|_| wrong())?)),
        None => (text, None),
    };
    let base: IpAddr = base.parse().map_err(|_| wrong())?;
    let most = Family::of(base).bits();
    let length = length.unwrap_or(most);
    if length > most { Err(wrong()) } else { Ok(Some((base, length))) }
}

/// What `ip address` and `ip link` choose devices by.
#[derive(Debug, Default)]
struct Choice {
    device: Option<String>,
    to: Option<Range>,
    /// `global`, `link` or `host`.
    scope: Option<String>,
    nothing: bool,
}

fn choice(words: &[&str], object: &str) -> Result<Choice, Trouble> {
    let mut choice = Choice::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let mut value = || rest.next().copied().ok_or_else(incomplete);
        let name = match *word {
            "up" | "permanent" => continue,
            "to" if object == "address" => {
                choice.to = prefix(value()?)?;
                continue;
            }
            "scope" if object == "address" => {
                let scope = value()?;
                if !["global", "link", "host", "site", "all", "nowhere"].contains(&scope) {
                    return Err(invalid(scope, "invalid \"scope\""));
                }
                choice.scope = Some(scope.to_owned()).filter(|scope| scope != "all");
                continue;
            }
            // The devices here are of no type that has a name, but for a pod's end of its cable.
            "type" => {
                choice.nothing |= value()? != "veth";
                continue;
            }
            "dynamic" | "tentative" | "deprecated" | "dadfailed" | "temporary" => {
                choice.nothing = true;
                continue;
            }
            "label" | "group" | "master" | "vrf" => {
                return Err((1, left_out("ip", format!("{object} show {word}"))));
            }
            "dev" => value()?,
            name => name,
        };
        if choice.device.is_some() {
            let told = format!("Error: either \"dev\" is duplicate, or \"{name}\" is a garbage.");
            return Err((255, told));
        }
        choice.device = Some(name.to_owned());
    }
    Ok(choice)
}

fn shown(io: &Io<'_>, style: &Style, links: bool, choice: &Choice) -> Result<Vec<String>, Trouble> {
    let mut devices = super::devices(io);
    if let Some(name) = &choice.device {
        devices.retain(|device| device.name == *name);
        if devices.is_empty() {
            return Err((1, format!("Device \"{name}\" does not exist.")));
        }
    }
    for (asked, flag) in [(style.statistics, "-s"), (style.details, "-d")] {
        if asked && !choice.nothing {
            return Err((1, left_out("ip", flag)));
        }
    }
    if choice.nothing {
        devices.clear();
    }
    let detail = Detail {
        links,
        family: style.family.filter(|_| !links),
        scope: choice.scope.clone(),
        to: choice.to,
    };
    if style.json {
        return Ok(vec![addresses::json(&devices, &detail).text(style.pretty)]);
    }
    let lines = devices.iter().flat_map(|device| match (style.brief, style.oneline) {
        (true, _) => addresses::brief(device, &detail).into_iter().collect(),
        (_, true) => addresses::oneline(device, &detail),
        _ => addresses::full(device, &detail).into_iter().collect::<Vec<_>>(),
    });
    Ok(lines.collect())
}

fn address(io: &Io<'_>, style: &Style, words: &[&str]) -> Result<Vec<String>, Trouble> {
    let commands = [
        "add", "change", "chg", "replace", "delete", "show", "lst", "list", "flush", "save",
        "showdump", "restore", "help",
    ];
    let (verb, rest) = command("address", &commands, words)?;
    match verb {
        "show" => shown(io, style, false, &choice(rest, "address")?),
        "help" => Err(usage()),
        "add" | "change" | "chg" | "replace" | "delete" => {
            let mut device = None;
            let mut rest = rest.iter();
            while let Some(word) = rest.next() {
                match *word {
                    "dev" => device = Some(rest.next().ok_or_else(incomplete)?),
                    "brd" | "broadcast" | "label" | "scope" | "peer" | "metric" => {
                        rest.next().ok_or_else(incomplete)?;
                    }
                    "local" => {}
                    address => drop(prefix(address)?),
                }
            }
            let Some(device) = device else {
                let told = "Not enough information: \"dev\" argument is required.";
                return Err((1, told.to_owned()));
            };
            device_exists(io, device)?;
            Err(changes(io, "address", verb))
        }
        verb => Err(changes(io, "address", verb)),
    }
}

fn link(io: &Io<'_>, style: &Style, words: &[&str]) -> Result<Vec<String>, Trouble> {
    let commands = [
        "add", "set", "change", "replace", "delete", "show", "lst", "list", "xstats", "afstats",
        "property", "help",
    ];
    let (verb, rest) = command("link", &commands, words)?;
    match verb {
        "show" => shown(io, style, true, &choice(rest, "link")?),
        "help" => Err(usage()),
        "add" if !rest.contains(&"type") => {
            Err((1, "Not enough information: \"type\" argument is required".to_owned()))
        }
        "set" | "change" | "delete" => {
            let named = rest.iter().find(|word| !matches!(**word, "dev" | "up" | "down"));
            let Some(name) = named else {
                let told = "Not enough information: \"dev\" argument is required.";
                return Err((255, told.to_owned()));
            };
            device_exists(io, name)?;
            Err(changes(io, "link", verb))
        }
        verb => Err(changes(io, "link", verb)),
    }
}

fn route(io: &Io<'_>, style: &Style, words: &[&str]) -> Result<Vec<String>, Trouble> {
    let commands = [
        "list", "show", "lst", "get", "add", "change", "chg", "replace", "prepend", "append",
        "test", "delete", "flush", "save", "restore", "showdump", "help",
    ];
    let (verb, rest) = command("route", &commands, words)?;
    match verb {
        "show" => {
            let filter = RouteFilter::parse(rest)?;
            if let Some(device) = &filter.device {
                device_exists(io, device)?;
            }
            Ok(routes::show(io, style, &filter))
        }
        "get" => routes::get(io, style, rest),
        "help" => Err(usage()),
        "add" | "delete" | "replace" | "change" | "append" => {
            if rest.is_empty() {
                return Err(usage());
            }
            let target = rest.iter().find(|word| !matches!(**word, "to" | "unicast" | "blackhole"));
            prefix(target.copied().unwrap_or("default"))?;
            if let Some(device) = rest.iter().skip_while(|word| **word != "dev").nth(1) {
                device_exists(io, device)?;
            }
            Err(changes(io, "route", verb))
        }
        verb => Err(changes(io, "route", verb)),
    }
}

fn rule(style: &Style, words: &[&str]) -> Result<Vec<String>, Trouble> {
    let commands = ["list", "lst", "show", "save", "restore", "add", "delete", "flush", "help"];
    let (verb, _) = command("rule", &commands, words)?;
    match verb {
        "help" => return Err(usage()),
        "show" => {}
        verb => return Err((1, left_out("ip", format!("rule {verb}")))),
    }
    let rules = [(0, "local"), (32_766, "main"), (32_767, "default")];
    // IPv6 has no default table.
    let rules = &rules[..if style.family == Some(Family::V6) { 2 } else { 3 }];
    if style.json {
        return Ok(vec![addresses::rules_json(rules).text(style.pretty)]);
    }
    Ok(rules.iter().map(|(at, table)| format!("{at}:\tfrom all lookup {table}")).collect())
}

fn neighbours(io: &Io<'_>, style: &Style, words: &[&str]) -> Result<Vec<String>, Trouble> {
    let commands = [
        "add", "change", "chg", "replace", "delete", "get", "show", "lst", "list", "flush", "help",
    ];
    let (verb, rest) = command("neigh", &commands, words)?;
    match verb {
        "help" => return Err(usage()),
        "show" => {}
        verb => return Err(changes(io, "neigh", verb)),
    }
    let (mut device, mut to) = (None, None);
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        match *word {
            "dev" => device = Some(*rest.next().ok_or_else(incomplete)?),
            "nud" | "proxy" | "unused" | "router" => {
                return Err((1, left_out("ip", format!("neigh show {word}"))));
            }
            "to" => to = prefix(rest.next().ok_or_else(incomplete)?)?,
            text => to = prefix(text)?,
        }
    }
    if let Some(device) = device {
        device_exists(io, device)?;
    }
    Ok(routes::neighbours(io, style, device, to))
}

fn netns(io: &Io<'_>, words: &[&str]) -> Result<Vec<String>, Trouble> {
    let commands = [
        "list", "show", "lst", "list-id", "help", "add", "set", "delete", "identify", "pids",
        "exec", "monitor", "attach",
    ];
    let (verb, rest) = command("netns", &commands, words)?;
    match (verb, rest) {
        ("help", _) => Err(usage()),
        // The container runtime's namespaces are named on a node.
        ("show", _) if super::node_name(io).is_none() => Ok(Vec::new()),
        ("exec", []) => Err((1, "No netns name specified".to_owned())),
        ("exec", [_]) => Err((255, "No command specified".to_owned())),
        ("exec", [name, ..]) => Err(no_namespace(name)),
        _ => Err((1, left_out("ip", format!("netns {verb}")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_beginnings() {
        let (style, rest) = options(&["-br", "-4", "-j", "a"]).unwrap();
        assert!(style.brief && style.json && style.family == Some(Family::V4));
        assert_eq!(rest, ["a"]);
        assert_eq!(options(&["-x"]).unwrap_err().1, "Option \"-x\" is unknown, try \"ip -help\".");
        assert_eq!(options(&["-f"]).unwrap_err(), incomplete());
    }

    #[test]
    fn commands_are_beginnings() {
        assert_eq!(command("address", &["show", "save"], &["s", "lo"]).unwrap().0, "show");
        assert_eq!(
            command("route", &["show"], &["x"]).unwrap_err(),
            (255, "Command \"x\" is unknown, try \"ip route help\".".to_owned())
        );
    }
}
