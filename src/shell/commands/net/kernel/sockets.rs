//! Listening sockets, and netstat, which shows them and routes; `route` shows the latter alone.

use std::net::IpAddr;

use super::{netns, routes};
use crate::cluster::Flavour;
use crate::network::{Family, Protocol, Route, netmask};
use crate::shell::Io;
use crate::shell::commands::client_flavour;
use crate::shell::commands::options::{Grammar, Messages, Options};
use crate::shell::commands::system::processes::pid;
use crate::shell::commands::trouble::left_out;

/// A listening socket.
pub(super) struct Socket {
    pub protocol: Protocol,
    pub address: IpAddr,
    pub port: u16,
    /// Whether it hears IPv6 alone.
    v6_only: bool,
    pub process: String,
    pub pid: u32,
}

impl Socket {
    /// Its own address, and the one that a client would have, as ss writes them: a socket of both
    /// families is `*`.
    pub fn ends(&self) -> (String, &'static str) {
        match self.address {
            IpAddr::V4(address) => (address.to_string(), "0.0.0.0"),
            IpAddr::V6(address) if address.is_unspecified() && !self.v6_only => {
                ("*".to_owned(), "*")
            }
            IpAddr::V6(address) => (format!("[{address}]"), "[::]"),
        }
    }

    /// How many connections may wait: nginx asks for 511.
    pub fn backlog(&self) -> &'static str {
        match (self.protocol, self.process.as_str()) {
            (Protocol::Udp, _) => "0",
            (_, "nginx" | "redis-server" | "httpd") => "511",
            _ => "4096",
        }
    }
}

/// Who listens in the place's network namespace, by protocol, address and port.
pub(super) fn listeners(io: &Io<'_>) -> Vec<Socket> {
    let listeners = netns(io).map(|netns| &netns.listeners);
    let all = listeners.into_iter().flatten().map(|((protocol, address, port), listener)| Socket {
        protocol: *protocol,
        address: *address,
        port: *port,
        v6_only: listener.v6_only,
        process: listener.name.to_string(),
        pid: pid(io, &listener.name),
    });
    all.collect()
}

const GNU: Grammar = Grammar {
    name: "netstat",
    short: "A:MCFacdeghilnNoprsuSwUtTVvxWZ46",
    long: &[
        ("tcp", 't'),
        ("udp", 'u'),
        ("sctp", 'S'),
        ("raw", 'w'),
        ("unix", 'x'),
        ("listening", 'l'),
        ("all", 'a'),
        ("route", 'r'),
        ("interfaces", 'i'),
        ("groups", 'g'),
        ("statistics", 's'),
        ("masquerade", 'M'),
        ("verbose", 'v'),
        ("wide", 'W'),
        ("numeric", 'n'),
        ("numeric-hosts", 'n'),
        ("numeric-ports", 'n'),
        ("numeric-users", 'n'),
        ("symbolic", 'N'),
        ("extend", 'e'),
        ("programs", 'p'),
        ("timers", 'o'),
        ("continuous", 'c'),
        ("fib", 'F'),
        ("cache", 'C'),
        ("version", 'V'),
        ("help", 'h'),
    ],
    stops: false,
};

const BUSYBOX: Grammar = Grammar::short("netstat", "laentuwxrWp");

/// Letters of what is not known here.
const LEFT_OUT: &[(char, &str)] = &[
    ('i', "-i"),
    ('g', "-g"),
    ('s', "-s"),
    ('x', "-x"),
    ('M', "-M"),
    ('C', "-C"),
    ('c', "-c"),
    ('Z', "-Z"),
];

/// netstat
pub(in crate::shell::commands) fn netstat(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let flavour = client_flavour(io.cluster, io.place, "netstat");
    let options = match flavour {
        Flavour::BusyBox => match BUSYBOX.read(arguments, io) {
            Some(options) => options,
            None => return Some(1),
        },
        Flavour::Gnu => match gnu_options(arguments) {
            Ok(options) => options,
            Err((code, why)) => {
                io.write_error(why);
                return Some(code);
            }
        },
    };
    if options.has('V') {
        io.say("net-tools 2.10");
        return Some(5);
    }
    if let Some(option) = options.not_simulated(LEFT_OUT) {
        io.write_error(left_out("netstat", option));
        return Some(1);
    }
    if options.has('r') {
        let metric = options.has('e') && flavour == Flavour::Gnu;
        return route_table(io, flavour, options.has('n'), !metric);
    }
    let sockets = asked_for(&options, io);
    if options.has('e') && !sockets.is_empty() {
        io.write_error(left_out("netstat", "-e"));
        return Some(1);
    }
    let what = match (options.has('l'), options.has('a')) {
        (true, _) => "only servers",
        (_, true) => "servers and established",
        _ => "w/o servers",
    };
    io.say(format!("Active Internet connections ({what})"));
    for line in table(&options, flavour, &sockets) {
        io.say(line);
    }
    Some(0)
}

fn gnu_options(arguments: &[String]) -> Result<Options, (i32, String)> {
    let options =
        GNU.parse(arguments, Messages::Gnu).map_err(|misuse| match misuse.is_left_out() {
            true => (1, misuse.into()),
            false => (3, format!("{}\nusage: netstat [-tulnapr]", misuse.message())),
        })?;
    if let Some(family) = options.value('A') {
        return Err(match family {
            "inet" | "inet6" | "unix" | "ax25" | "netrom" | "ipx" | "ddp" | "x25" => {
                (1, left_out("netstat", "-A"))
            }
            _ => (1, format!("Unknown address family `{family}'.")),
        });
    }
    Ok(options)
}

/// The sockets that are asked for. Only listeners are known here: without `-l` or `-a` there
/// are none to be shown.
fn asked_for(options: &Options, io: &Io<'_>) -> Vec<Socket> {
    let any = ['t', 'u', 'w', 'S'].iter().any(|letter| options.has(*letter));
    let family = match (options.has('4'), options.has('6')) {
        (true, false) => Some(Family::V4),
        (false, true) => Some(Family::V6),
        _ => None,
    };
    let mut all = listeners(io);
    all.retain(|socket| {
        let asked = match socket.protocol {
            Protocol::Tcp => !any || options.has('t'),
            Protocol::Udp => !any || options.has('u'),
            Protocol::Sctp | Protocol::Icmp => false,
        };
        asked
            && (options.has('l') || options.has('a'))
            && family.is_none_or(|family| Family::of(socket.address) == family)
    });
    all
}

fn table(options: &Options, flavour: Flavour, sockets: &[Socket]) -> Vec<String> {
    let programs = options.has('p');
    let wide = flavour == Flavour::BusyBox && options.has('W');
    let width = if wide { 51 } else { 23 };
    let (own, foreign) = ("Local Address", "Foreign Address");
    let program = if programs { "PID/Program name    " } else { "" };
    let timer = if options.has('o') && flavour == Flavour::Gnu { "Timer" } else { "" };
    let extended = match options.has('e') {
        true => "User       Inode      ",
        false => "",
    };
    let mut lines = vec![format!(
        "Proto Recv-Q Send-Q {own:<width$} {foreign:<width$} State       {extended}{program}{timer}"
    )];
    for socket in sockets {
        let (protocol, state) = match socket.protocol {
            Protocol::Udp => ("udp", ""),
            _ => ("tcp", "LISTEN"),
        };
        let (family, peer) = match (socket.address, flavour) {
            (IpAddr::V4(_), _) => ("", "0.0.0.0:*"),
            (IpAddr::V6(_), Flavour::Gnu) => ("6", ":::*"),
            (IpAddr::V6(_), Flavour::BusyBox) => ("", ":::*"),
        };
        let protocol = format!("{protocol}{family}");
        let local = format!("{}:{}", socket.address, socket.port);
        let program = match (programs, flavour) {
            (false, _) => String::new(),
            (true, Flavour::Gnu) => {
                format!("{:<20}", format!("{}/{}", socket.pid, socket.process))
            }
            (true, Flavour::BusyBox) => format!("{}/{}", socket.pid, socket.process),
        };
        let timer = if timer.is_empty() { "" } else { "off (0.00/0/0)" };
        lines.push(format!(
            "{protocol:<5} {:>6} {:>6} {local:<width$} {peer:<width$} {state:<11} {program}{timer}",
            0, 0
        ));
    }
    if flavour == Flavour::Gnu && !programs && timer.is_empty() {
        // The last column's blank is left out.
        for line in &mut lines {
            line.pop();
        }
    }
    lines
}

/// route, as far as it shows the table.
pub(in crate::shell::commands) fn route(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let flavour = client_flavour(io.cluster, io.place, "route");
    let grammar = Grammar::short("route", "A:neCF");
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    match options.operands.first().map(String::as_str) {
        None => {}
        Some(verb @ ("add" | "del" | "flush")) if options.operands.len() > 1 => {
            io.write_error(left_out("route", verb));
            return Some(1);
        }
        Some(_) => {
            io.write_error(super::super::super::busybox_usage("route"));
            return Some(1);
        }
    }
    if options.has('A') || options.has('C') || options.has('F') {
        io.write_error(left_out("route", "-A"));
        return Some(1);
    }
    route_table(io, flavour, options.has('n'), options.has('e'))
}

/// The kernel's routes; `windows` shows what TCP keeps of a route instead of its metric.
fn route_table(io: &mut Io<'_>, flavour: Flavour, numeric: bool, windows: bool) -> Option<i32> {
    let all = routes::routes(io, Family::V4);
    io.say("Kernel IP routing table");
    io.say(match windows {
        true => "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface",
        false => "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface",
    });
    for route in all {
        io.say(route_line(&route, flavour, numeric, windows));
    }
    Some(0)
}

fn route_line(route: &Route, flavour: Flavour, numeric: bool, windows: bool) -> String {
    let (to, length) = match route.to {
        None if numeric => ("0.0.0.0".to_owned(), 0),
        None => ("default".to_owned(), 0),
        Some((to, length)) => (to.to_string(), length),
    };
    let direct = if numeric || flavour == Flavour::Gnu { "0.0.0.0" } else { "*" };
    let gateway = route.via.map_or_else(|| direct.to_owned(), |via| via.to_string());
    let mask = netmask(length);
    let mut flags = "U".to_owned();
    flags += if route.via.is_some() { "G" } else { "" };
    flags += if length == 32 { "H" } else { "" };
    let device = &route.device;
    let numbers = match windows {
        true => format!("{flags:<5} {:>5} {:<5} {:>6}", 0, 0, 0),
        false => format!("{flags:<5} {:<6} {:<2} {:>7}", 0, 0, 0),
    };
    format!("{to:<15} {gateway:<15} {:<15} {numbers} {device}", mask.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_a_line_of_columns() {
        let route = Route {
            to: None,
            via: Some([10, 1, 0, 1].into()),
            device: "v0".to_owned(),
            source: None,
        };
        assert_eq!(
            route_line(&route, Flavour::Gnu, true, true),
            "0.0.0.0         10.1.0.1        0.0.0.0         UG        0 0          0 v0"
        );
        let cable = Route { to: Some(([10, 9, 0, 1].into(), 32)), via: None, ..route };
        assert_eq!(
            route_line(&cable, Flavour::BusyBox, false, false),
            "10.9.0.1        *               255.255.255.255 UH    0      0        0 v0"
        );
    }
}
