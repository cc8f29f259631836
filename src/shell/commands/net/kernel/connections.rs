//! conntrack: the node's records of connections (recording 31).

use std::net::IpAddr;

use super::node_name;
use crate::network::{ConntrackEntry, ConntrackLine, Family, Protocol};
use crate::shell::Io;
use crate::shell::commands::options::{Misuse, MisuseKind};

/// Which records are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter {
    protocol: Option<Protocol>,
    /// IPv4 unless `-f ipv6`, or an address, says otherwise.
    family: Option<Family>,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    source_port: Option<u16>,
    destination_port: Option<u16>,
    command: Command,
}

/// What is to be done with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Command {
    #[default]
    List,
    Count,
    Delete,
    Flush,
}

/// conntrack
pub(in crate::shell::commands) fn conntrack(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    if arguments.is_empty() || matches!(arguments[0].as_str(), "-h" | "--help") {
        io.say("Command line interface for the connection tracking system. Version 1.4.7");
        io.say("Usage: conntrack [commands] [options]");
        return Some(0);
    }
    if matches!(arguments[0].as_str(), "-V" | "--version") {
        io.say("conntrack v1.4.7 (conntrack-tools)");
        return Some(0);
    }
    let filter = match Filter::parse(arguments) {
        Ok(filter) => filter,
        Err(why) => {
            if why.is_left_out() {
                io.write_error(why);
                return Some(1);
            }
            io.write_error(format!("conntrack v1.4.7 (conntrack-tools): {}\nTry `conntrack -h' or 'conntrack --help' for more information.", why.message()));
            return Some(2);
        }
    };
    let Some(node) = node_name(io) else {
        // A container without NET_ADMIN may not ask.
        io.write_error("conntrack v1.4.7 (conntrack-tools): Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this");
        return Some(1);
    };
    let now = io.now();
    let text = |entry: &ConntrackEntry| ConntrackLine { entry: *entry, now }.to_string();
    let (entries, happened) = match filter.command {
        Command::Flush => {
            io.cluster.forget_connections(&node, |_| true);
            io.write_error(
                "conntrack v1.4.7 (conntrack-tools): connection tracking table has been emptied.",
            );
            return Some(0);
        }
        Command::Delete => {
            (io.cluster.forget_connections(&node, |entry| filter.admits(entry)), "deleted")
        }
        Command::List | Command::Count => {
            let mut entries = io.cluster.network().conntrack(&node, now);
            entries.retain(|entry| filter.admits(entry));
            (entries, "shown")
        }
    };
    let count = entries.len();
    if filter.command == Command::Count {
        io.say(count.to_string());
        return Some(0);
    }
    for entry in &entries {
        io.say(text(entry));
    }
    io.write_error(format!(
        "conntrack v1.4.7 (conntrack-tools): {count} flow entries have been {happened}."
    ));
    // There was nothing to delete.
    Some(i32::from(filter.command == Command::Delete && count == 0))
}

/// Options with a value.
const KNOWN: &[&str] = &[
    "-p",
    "--proto",
    "-s",
    "--src",
    "--orig-src",
    "-d",
    "--dst",
    "--orig-dst",
    "--sport",
    "--orig-port-src",
    "--dport",
    "--orig-port-dst",
    "-f",
    "--family",
    "-o",
    "--output",
];

/// What podhop's conntrack leaves out.
fn left_out(what: &str) -> Misuse {
    let text = format!("podhop: conntrack {what} is not simulated here; use conntrack -L");
    Misuse::new(MisuseKind::LeftOut, text)
}

fn unknown_option(option: &str) -> Misuse {
    Misuse::new(MisuseKind::Unknown, format!("unknown option `{option}'"))
}

impl Filter {
    fn parse(arguments: &[String]) -> Result<Filter, Misuse> {
        let mut filter = Filter::default();
        let mut command = None;
        let mut words = arguments.iter().peekable();
        while let Some(word) = words.next() {
            let found = match word.as_str() {
                "-L" | "--dump" => Some(Command::List),
                "-C" | "--count" => Some(Command::Count),
                "-D" | "--delete" => Some(Command::Delete),
                "-F" | "--flush" => Some(Command::Flush),
                _ => None,
            };
            if found.is_some() {
                if std::mem::replace(&mut command, found).is_some() {
                    return Err(Misuse::refused("Invalid commands combination"));
                }
                // A table may follow.
                if let Some(table) = words.next_if(|next| !next.starts_with('-')) {
                    match table.as_str() {
                        "conntrack" => {}
                        "expect" | "dying" | "unconfirmed" => {
                            return Err(left_out(&format!("{word} {table}")));
                        }
                        other => return Err(Misuse::refused(format!("unknown type `{other}'"))),
                    }
                }
                continue;
            }
            match word.as_str() {
                "-E" | "--event" | "-S" | "--stats" | "-U" | "-I" | "-G" => {
                    return Err(left_out(word));
                }
                "-n" | "--src-nat" | "-g" | "--dst-nat" => {}
                option if !option.starts_with('-') => {
                    let what = format!("Bad argument `{option}'");
                    return Err(Misuse::new(MisuseKind::Operand, what));
                }
                option if !KNOWN.contains(&option) => {
                    return Err(unknown_option(option));
                }
                option => {
                    let value = words.next().ok_or_else(|| {
                        let what = format!("option `{option}' requires an argument");
                        Misuse::new(MisuseKind::ValueMissing(None), what)
                    })?;
                    filter.option(option, value)?;
                }
            }
        }
        command
            .map(|command| Filter { command, ..filter })
            .ok_or_else(|| Misuse::refused("You need to supply the `-L' command"))
    }

    fn option(&mut self, option: &str, value: &str) -> Result<(), Misuse> {
        let address =
            || value.parse().map_err(|_| Misuse::refused(format!("Invalid IP address `{value}'")));
        let port = || value.parse().map_err(|_| Misuse::refused(format!("invalid port `{value}'")));
        match option {
            // Ports are a protocol's, which has to be named before.
            "--sport" | "--orig-port-src" | "--dport" | "--orig-port-dst"
                if self.protocol.is_none() =>
            {
                return Err(unknown_option(option));
            }
            "-p" | "--proto" => {
                self.protocol = Some(match value {
                    "tcp" | "6" => Protocol::Tcp,
                    "udp" | "17" => Protocol::Udp,
                    "icmp" | "1" | "icmpv6" | "58" => Protocol::Icmp,
                    "sctp" => Protocol::Sctp,
                    _ => return Err(Misuse::refused(format!("`{value}' unsupported protocol"))),
                });
            }
            "-s" | "--src" | "--orig-src" => self.source = Some(address()?),
            "-d" | "--dst" | "--orig-dst" => self.destination = Some(address()?),
            "--sport" | "--orig-port-src" => self.source_port = Some(port()?),
            "--dport" | "--orig-port-dst" => self.destination_port = Some(port()?),
            "-f" | "--family" => {
                self.family = Some(match value {
                    "ipv4" => Family::V4,
                    "ipv6" => Family::V6,
                    _ => return Err(Misuse::refused(format!("`{value}' unsupported protocol"))),
                });
            }
            "-o" | "--output"
                if value.split(',').all(|one| {
                    [
                        "xml",
                        "extended",
                        "timestamp",
                        "id",
                        "ktimestamp",
                        "labels",
                        "save",
                        "userspace",
                    ]
                    .contains(&one)
                }) => {}
            "-o" | "--output" => return Err(Misuse::refused(format!("Bad parameter `{value}'"))),
            _ => return Err(unknown_option(option)),
        }
        Ok(())
    }

    fn admits(&self, entry: &ConntrackEntry) -> bool {
        let flow = &entry.original;
        let named = self.source.or(self.destination).map(Family::of);
        let family = self.family.or(named).unwrap_or(Family::V4);
        Family::of(flow.source.ip()) == family
            && self.protocol.is_none_or(|wanted| wanted == flow.protocol)
            && self.source.is_none_or(|wanted| wanted == flow.source.ip())
            && self.destination.is_none_or(|wanted| wanted == flow.destination.ip())
            && self.source_port.is_none_or(|wanted| wanted == flow.source.port())
            && self.destination_port.is_none_or(|wanted| wanted == flow.destination.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_narrow_the_list() {
        let parse = |words: &[&str]| {
            Filter::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        let filter = parse(&["-L", "-p", "tcp", "-d", "10.98.110.181", "--dport", "80"]).unwrap();
        assert_eq!((filter.protocol, filter.destination_port), (Some(Protocol::Tcp), Some(80)));
        assert!(parse(&["-p", "tcp"]).unwrap_err().message().contains("-L"));
        assert!(parse(&["-E"]).unwrap_err().is_left_out());
        assert_eq!(parse(&["-D", "-p", "udp"]).unwrap().command, Command::Delete);
    }
}
