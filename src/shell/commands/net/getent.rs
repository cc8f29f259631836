//! getent: what the C library knows (recording 30).

use std::net::IpAddr;

use super::families::as_v4;
use super::reverse;
use crate::clock::SimTime;
use crate::network::Family;
use crate::shell::commands::options::{Grammar, Messages};
use crate::shell::{Io, Step, Tool};

/// What follows on a mistake, on standard output.
const TRY: &str = "Try `getent --help' or `getent --usage' for more information.";

/// A running getent: what it will say, and when.
#[derive(Clone, Debug)]
struct Getent {
    arguments: Vec<String>,
    found: Option<(SimTime, Vec<String>, i32)>,
}

/// getent with these arguments.
pub(in crate::shell::commands) fn start(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Getent { arguments: arguments.to_vec(), found: None })
}

impl Tool for Getent {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.found.is_none() {
            let begun = io.now();
            let (until, lines, code) = self.find(io, begun);
            self.found = Some((until, lines, code));
        }
        match &self.found {
            Some((until, ..)) if *until > io.now() => Step::Until(*until),
            Some((_, lines, code)) => {
                for line in lines {
                    io.say(line);
                }
                Step::Exit(*code)
            }
            None => Step::Exit(2),
        }
    }
}

impl Getent {
    fn find(&self, io: &mut Io<'_>, now: SimTime) -> (SimTime, Vec<String>, i32) {
        let Asked { database, keys, service } = match Asked::parse(&self.arguments) {
            Ok(asked) => asked,
            Err(told) => {
                io.write_error(format!("{told}\n{TRY}"));
                return (now, Vec::new(), 64);
            }
        };
        let Some(database) = database else {
            io.write_error("getent: wrong number of arguments");
            return (now, vec![TRY.to_owned()], 1);
        };
        let (mut until, mut lines, mut code) = (now, Vec::new(), 0);
        if let Some(service) = &service
            && let Some(found) = by_service(io, service, &database, &keys)
        {
            let code = if found.is_empty() && !keys.is_empty() { 2 } else { 0 };
            return (now, found, code);
        }
        match database.as_str() {
            "hosts" | "ahosts" | "ahostsv4" | "ahostsv6" if !keys.is_empty() => {
                for key in &keys {
                    let found = match (key.parse::<IpAddr>(), database.as_str()) {
                        (Ok(address), "hosts") => backwards(io, address, &mut until),
                        (_, "hosts") => hosts(io, key, &mut until),
                        (_, database) => sockets(io, key, database, &mut until),
                    };
                    if found.is_empty() {
                        code = 2;
                    }
                    lines.extend(found);
                }
            }
            "hosts" | "ahosts" | "ahostsv4" | "ahostsv6" => lines = hosts_file(io),
            database if FILES.contains(&database) => {
                (lines, code) = from_file(io, database, &keys);
            }
            unknown => {
                io.write_error(format!("Unknown database: {unknown}"));
                lines.push(TRY.to_owned());
                code = 1;
            }
        }
        (until, lines, code)
    }
}

/// Databases that are files here, in their lines' own words.
const FILES: &[&str] = &[
    "passwd",
    "group",
    "services",
    "protocols",
    "shadow",
    "gshadow",
    "networks",
    "ethers",
    "rpc",
    "aliases",
    "netgroup",
    "initgroups",
];

/// What getent was asked.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    database: Option<String>,
    keys: Vec<String>,
    /// `-s`: who is asked.
    service: Option<String>,
}

impl Asked {
    /// Reads a command line as argp does.
    ///
    /// # Errors
    /// What is wrong with an option.
    fn parse(arguments: &[String]) -> Result<Asked, String> {
        const GRAMMAR: Grammar = Grammar {
            name: "getent",
            short: "Aais:?",
            long: &[("no-addrconfig", 'A'), ("no-idn", 'i'), ("service", 's')],
            stops: false,
        };
        let options = GRAMMAR
            .parse(arguments, Messages::Gnu)
            .map_err(|misuse| misuse.message().to_owned())?;
        let mut words = options.operands.iter().cloned();
        let database = words.next();
        // `-s DATABASE:SERVICE` is for that database alone.
        let service = options.all('s').filter_map(|value| match value.split_once(':') {
            Some((of, service)) => (database.as_deref() == Some(of)).then_some(service),
            None => Some(value),
        });
        let service = service.last().map(str::to_owned);
        Ok(Asked { keys: words.collect(), service, database })
    }
}

/// What one service knows, where that is not what all of them know: the hosts file, or none.
fn by_service(io: &Io<'_>, service: &str, database: &str, keys: &[String]) -> Option<Vec<String>> {
    match (service, database) {
        ("files", "hosts") => Some(
            hosts_file(io)
                .into_iter()
                .filter(|line| {
                    let has = |key: &String| line.split_whitespace().any(|word| word == key);
                    keys.is_empty() || keys.iter().any(has)
                })
                .collect(),
        ),
        ("files" | "compat", _) | ("dns", "hosts" | "ahosts" | "ahostsv4" | "ahostsv6") => None,
        _ => Some(Vec::new()),
    }
}

/// The entries of a file that have these keys: a name, another one of its names, or a number.
fn from_file(io: &Io<'_>, database: &str, keys: &[String]) -> (Vec<String>, i32) {
    let file = io.cluster.read_file(io.place, &format!("/etc/{database}"));
    let text = String::from_utf8_lossy(&file.unwrap_or_default()).into_owned();
    let all: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    if keys.is_empty() {
        return (all.into_iter().map(str::to_owned).collect(), 0);
    }
    let (mut lines, mut code) = (Vec::new(), 0);
    for key in keys {
        let has = |line: &&str| {
            let fields: Vec<&str> = line.split([':', ' ', '\t']).collect();
            let number = matches!(database, "passwd" | "group").then(|| fields.get(2)).flatten();
            fields.first() == Some(&key.as_str()) || number == Some(&key.as_str())
        };
        match all.iter().copied().find(has) {
            Some(line) => lines.push(line.to_owned()),
            None => code = 2,
        }
    }
    (lines, code)
}

/// The lines of the hosts file, as getent lists them.
fn hosts_file(io: &Io<'_>) -> Vec<String> {
    let file = io.cluster.read_file(io.place, "/etc/hosts").unwrap_or_default();
    let text = String::from_utf8_lossy(&file).into_owned();
    let entries = text.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        Some(entry(&address.to_string(), &words.collect::<Vec<_>>().join(" ")))
    });
    entries.collect()
}

/// `getent hosts NAME`: every address, with the name that has it and the alias that led there.
fn hosts(io: &mut Io<'_>, name: &str, until: &mut SimTime) -> Vec<String> {
    // It asks for IPv6 addresses, and for those of IPv4 only where there is none.
    let mut lookup = io.cluster.lookup_family(io.place, name, Family::V6);
    *until += lookup.took;
    if lookup.result.is_err() {
        lookup = io.cluster.lookup_family(io.place, name, Family::V4);
        *until += lookup.took;
    }
    let Ok(addresses) = lookup.result else { return Vec::new() };
    let asked = lookup.traces.last().and_then(|id| {
        let dns = io.cluster.trace(*id)?.dns.as_ref()?;
        Some(dns.name.trim_end_matches('.').to_owned())
    });
    if let Some(lines) = known_hosts(io, name, &addresses) {
        return lines;
    }
    let alias = asked.filter(|asked| !asked.eq_ignore_ascii_case(&lookup.canonical));
    let names = match alias {
        Some(alias) => format!("{} {alias}", lookup.canonical),
        None => lookup.canonical,
    };
    addresses.iter().map(|address| entry(&address.to_string(), &names)).collect()
}

/// The lines of the hosts file that a name's addresses come from, with all their names.
fn known_hosts(io: &Io<'_>, name: &str, addresses: &[IpAddr]) -> Option<Vec<String>> {
    let lines: Vec<String> = hosts_file(io)
        .into_iter()
        .filter(|line| {
            let mut words = line.split_whitespace();
            let address = words.next().and_then(|word| word.parse().ok());
            address.is_some_and(|address| addresses.contains(&address))
                && words.any(|word| word.eq_ignore_ascii_case(name))
        })
        .collect();
    Some(lines).filter(|lines| !lines.is_empty())
}

/// `getent ahosts NAME`: every address for every type of socket.
fn sockets(io: &mut Io<'_>, name: &str, database: &str, until: &mut SimTime) -> Vec<String> {
    let lookup = io.cluster.lookup(io.place, name);
    *until += lookup.took;
    let mut addresses = lookup.result.unwrap_or_default();
    let mut mapped = "";
    match database {
        "ahostsv4" => {
            as_v4(&mut addresses);
            addresses.retain(IpAddr::is_ipv4);
        }
        // Without an IPv6 address, those of IPv4 are told as IPv6 addresses that stand for them, unless
        // they are of the hosts file.
        "ahostsv6" if addresses.iter().all(IpAddr::is_ipv4) && !lookup.traces.is_empty() => {
            mapped = "::ffff:";
        }
        "ahostsv6" => addresses.retain(IpAddr::is_ipv6),
        _ => {}
    }
    let mut canonical = lookup.canonical;
    let mut lines = Vec::new();
    for address in addresses {
        for kind in ["STREAM", "DGRAM", "RAW"] {
            let address = format!("{mapped}{address}");
            lines.push(format!("{address:<15} {kind:<6} {}", std::mem::take(&mut canonical)));
        }
    }
    lines
}

fn backwards(io: &mut Io<'_>, address: IpAddr, until: &mut SimTime) -> Vec<String> {
    let (name, took) = reverse::name_of(io.cluster, io.place, address);
    *until += took;
    name.map(|name| entry(&address.to_string(), &name)).into_iter().collect()
}

fn entry(address: &str, names: &str) -> String {
    format!("{address:<15} {names}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recording 30: `getent hosts web`
    #[test]
    fn addresses_fill_fifteen_columns() {
        assert_eq!(
            entry("10.97.168.127", "web.default.svc.cluster.local"),
            "10.97.168.127   web.default.svc.cluster.local"
        );
    }
}
