//! conntrack: the node's records of connections (recording 31).

use std::net::Ipv4Addr;

use super::node_name;
use crate::clock::SimTime;
use crate::network::{ConntrackEntry, Protocol, Tracked};
use crate::shell::Io;

/// Which records are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    protocol: Option<Protocol>,
    source: Option<Ipv4Addr>,
    destination: Option<Ipv4Addr>,
    source_port: Option<u16>,
    destination_port: Option<u16>,
    count: bool,
}

/// conntrack
pub(in crate::shell::commands::net) fn conntrack(
    arguments: &[String],
    io: &mut Io<'_>,
) -> Option<i32> {
    let filter = match Filter::parse(arguments) {
        Ok(filter) => filter,
        Err(why) => {
            io.complain(format!("conntrack v1.4.7 (conntrack-tools): {why}\nTry `conntrack -h' or 'conntrack --help' for more information."));
            return Some(2);
        }
    };
    let Some(node) = node_name(io) else {
        // A container without NET_ADMIN may not ask.
        io.complain("conntrack v1.4.7 (conntrack-tools): Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this");
        return Some(1);
    };
    let now = io.now();
    let entries = io.cluster.network().conntrack(&node, now);
    let shown: Vec<String> =
        entries.iter().filter(|entry| filter.admits(entry)).map(|entry| line(entry, now)).collect();
    if filter.count {
        io.say(shown.len().to_string());
        return Some(0);
    }
    for line in &shown {
        io.say(line);
    }
    let count = shown.len();
    io.complain(format!(
        "conntrack v1.4.7 (conntrack-tools): {count} flow entries have been shown."
    ));
    Some(0)
}

impl Filter {
    fn parse(arguments: &[String]) -> Result<Filter, String> {
        let mut filter = Filter::default();
        let mut command = None;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-L" | "--dump" | "-C" | "--count" => {
                    filter.count = matches!(word.as_str(), "-C" | "--count");
                    command = Some(());
                }
                "-E" | "--event" | "-D" | "--delete" | "-F" | "--flush" | "-U" | "-I" | "-G" => {
                    return Err(format!(
                        "podhop: conntrack {word} is not simulated here; use conntrack -L"
                    ));
                }
                "-n" | "--src-nat" | "-g" | "--dst-nat" | "conntrack" => {}
                option => {
                    let value = words
                        .next()
                        .ok_or_else(|| format!("option `{option}' requires an argument"))?;
                    filter.option(option, value)?;
                }
            }
        }
        command.map(|()| filter).ok_or_else(|| "You need to supply the `-L' command".to_owned())
    }

    fn option(&mut self, option: &str, value: &str) -> Result<(), String> {
        let address = || value.parse().map_err(|_| format!("Invalid IP address `{value}'"));
        let port = || value.parse().map_err(|_| format!("invalid port `{value}'"));
        match option {
            "-p" | "--proto" => {
                self.protocol = Some(match value {
                    "tcp" | "6" => Protocol::Tcp,
                    "udp" | "17" => Protocol::Udp,
                    "icmp" | "1" => Protocol::Icmp,
                    "sctp" => Protocol::Sctp,
                    _ => return Err(format!("`{value}' unsupported protocol")),
                });
            }
            "-s" | "--src" | "--orig-src" => self.source = Some(address()?),
            "-d" | "--dst" | "--orig-dst" => self.destination = Some(address()?),
            "--sport" | "--orig-port-src" => self.source_port = Some(port()?),
            "--dport" | "--orig-port-dst" => self.destination_port = Some(port()?),
            "-f" | "--family" | "-o" | "--output" => {}
            _ => return Err(format!("unknown option `{option}'")),
        }
        Ok(())
    }

    fn admits(&self, entry: &ConntrackEntry) -> bool {
        let flow = &entry.original;
        self.protocol.is_none_or(|wanted| wanted == flow.protocol)
            && self.source.is_none_or(|wanted| wanted == *flow.source.ip())
            && self.destination.is_none_or(|wanted| wanted == *flow.destination.ip())
            && self.source_port.is_none_or(|wanted| wanted == flow.source.port())
            && self.destination_port.is_none_or(|wanted| wanted == flow.destination.port())
    }
}

/// A record in conntrack's words.
fn line(entry: &ConntrackEntry, now: SimTime) -> String {
    let reply = entry.translated.reversed();
    let original = entry.original;
    let seconds = entry.remaining(now).as_secs();
    let (name, number, state) = match original.protocol {
        Protocol::Tcp => (
            "tcp",
            6,
            match entry.tracked {
                Tracked::Answered => "TIME_WAIT ",
                Tracked::Closed => "CLOSE ",
                Tracked::Unreplied => "SYN_SENT ",
            },
        ),
        Protocol::Udp => ("udp", 17, ""),
        Protocol::Icmp => ("icmp", 1, ""),
        Protocol::Sctp => ("sctp", 132, "CLOSED "),
    };
    let side = |flow: crate::network::Flow, kind: u8| {
        let (source, destination) = (flow.source, flow.destination);
        let ports = match flow.protocol {
            Protocol::Icmp => format!("type={kind} code=0 id=1"),
            _ => format!("sport={} dport={}", source.port(), destination.port()),
        };
        format!("src={} dst={} {ports} ", source.ip(), destination.ip())
    };
    let unreplied = if entry.tracked == Tracked::Unreplied { "[UNREPLIED] " } else { "" };
    let assured = entry.tracked == Tracked::Answered && original.protocol == Protocol::Tcp;
    let assured = if assured { "[ASSURED] " } else { "" };
    let (there, back) = (side(original, 8), side(reply, 0));
    format!("{name:<8} {number} {seconds} {state}{there}{unreplied}{back}{assured}mark=0 use=1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Flow;

    // Recording 31, "conntrack on the node"
    #[test]
    fn a_record_is_worded_as_recorded() {
        let flow = |source: &str, destination: &str| Flow {
            protocol: Protocol::Tcp,
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
        };
        let entry = ConntrackEntry {
            since: SimTime::START,
            original: flow("10.244.1.7:39350", "10.98.110.181:80"),
            translated: flow("10.244.1.7:39350", "10.244.2.8:80"),
            tracked: Tracked::Answered,
        };
        assert_eq!(
            line(&entry, SimTime::from_millis(4_000)),
            "tcp      6 116 TIME_WAIT src=10.244.1.7 dst=10.98.110.181 sport=39350 dport=80 src=10.244.2.8 dst=10.244.1.7 sport=80 dport=39350 [ASSURED] mark=0 use=1"
        );
    }
}
