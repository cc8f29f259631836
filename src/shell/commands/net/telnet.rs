//! telnet, as far as it shows whether a port is open (recording 31).

use std::time::Duration;

use std::net::IpAddr;

use super::families::{Families, look_up};
use super::raw_session::{RawSession, Turn};
use crate::clock::SimTime;
use crate::cluster::{Connection, DialFailure, Flavour};
use crate::network::{Protocol, SocketAddr};
use crate::shell::commands::trouble::{dial_trouble, name_trouble};
use crate::shell::{Io, Step, Tool};

/// A running telnet.
#[derive(Clone, Debug)]
struct Telnet {
    arguments: Vec<String>,
    flavour: Flavour,
    state: TelnetState,
}

#[derive(Clone, Debug)]
enum TelnetState {
    Start,
    Resolving(SimTime, Result<IpAddr, String>),
    Dialling(SimTime, SocketAddr, Result<Connection, DialFailure>),
    Talking(Box<RawSession>),
}

/// telnet with these arguments.
pub(in crate::shell::commands) fn start(arguments: &[String], flavour: Flavour) -> Box<dyn Tool> {
    Box::new(Telnet { arguments: arguments.to_vec(), flavour, state: TelnetState::Start })
}

impl Tool for Telnet {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            match std::mem::replace(&mut self.state, TelnetState::Start) {
                TelnetState::Start => match self.resolve(io) {
                    Ok(state) => self.state = state,
                    Err(told) => {
                        io.write_error(told);
                        return Step::Exit(1);
                    }
                },
                TelnetState::Resolving(until, found) if until > io.now() => {
                    self.state = TelnetState::Resolving(until, found);
                    return Step::Until(until);
                }
                TelnetState::Resolving(_, Err(told)) => {
                    io.write_error(told);
                    return Step::Exit(1);
                }
                TelnetState::Resolving(_, Ok(address)) => {
                    let to = SocketAddr::new(address, self.port().unwrap_or(23));
                    if self.flavour == Flavour::Gnu {
                        io.say(format!("Trying {address}..."));
                    }
                    let dial = io.cluster.dial(io.place, Protocol::Tcp, to);
                    self.state = TelnetState::Dialling(io.now() + dial.took, to, dial.result);
                }
                TelnetState::Dialling(until, to, result) if until > io.now() => {
                    self.state = TelnetState::Dialling(until, to, result);
                    return Step::Until(until);
                }
                TelnetState::Dialling(_, to, Err(why)) => return self.refused(io, to, why),
                TelnetState::Dialling(_, _, Ok(connection)) => {
                    let host = self.host();
                    io.say(match self.flavour {
                        Flavour::BusyBox => format!("Connected to {host}"),
                        Flavour::Gnu => {
                            format!("Connected to {host}.\nEscape character is '^]'.")
                        }
                    });
                    // BusyBox' leaves with the end of its input.
                    let leaves = self.flavour == Flavour::BusyBox;
                    let session =
                        RawSession::new(connection, None, leaves.then_some(Duration::ZERO));
                    self.state = TelnetState::Talking(Box::new(session));
                }
                TelnetState::Talking(mut session) => match session.step(io) {
                    Turn::Wait(step) => {
                        self.state = TelnetState::Talking(session);
                        return step;
                    }
                    Turn::Closed | Turn::Reset => {
                        io.write_error(match self.flavour {
                            Flavour::BusyBox => "Connection closed by foreign host",
                            Flavour::Gnu => "Connection closed by foreign host.",
                        });
                        return Step::Exit(1);
                    }
                    Turn::Left => return Step::Exit(0),
                },
            }
        }
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

impl Telnet {
    fn operands(&self) -> impl Iterator<Item = &String> {
        self.arguments.iter().filter(|word| !word.starts_with('-'))
    }

    fn host(&self) -> String {
        self.operands().next().cloned().unwrap_or_default()
    }

    fn port(&self) -> Option<u16> {
        match self.operands().nth(1).map(String::as_str) {
            None | Some("telnet") => Some(23),
            Some("http") => Some(80),
            Some("https") => Some(443),
            Some(text) => text.parse().ok(),
        }
    }

    fn resolve(&self, io: &mut Io<'_>) -> Result<TelnetState, String> {
        let host = self.host();
        if host.is_empty() {
            return Err(match self.flavour {
                Flavour::BusyBox => {
                    "BusyBox v1.37.0 multi-call binary.\n\nUsage: telnet [-a] [-l USER] HOST [PORT]"
                        .to_owned()
                }
                Flavour::Gnu => {
                    "podhop: telnet's own prompt is not simulated here; use telnet HOST PORT"
                        .to_owned()
                }
            });
        }
        let asked = self.operands().nth(1).cloned().unwrap_or_else(|| "telnet".to_owned());
        if self.port().is_none() {
            return Err(match self.flavour {
                Flavour::BusyBox => format!("telnet: bad port '{asked}'"),
                Flavour::Gnu => format!(
                    "telnet: could not resolve {host}/{asked}: Servname not supported for ai_socktype"
                ),
            });
        }
        let families = self.arguments.iter().find_map(|word| match word.as_str() {
            "-4" => Families::option('4'),
            "-6" => Families::option('6'),
            _ => None,
        });
        let families = families.unwrap_or(Families::usual(self.flavour));
        let lookup = look_up(io, &host, families);
        let found = match lookup.result.map(|found| found.first().copied()) {
            Ok(Some(address)) => Ok(address),
            Ok(None) => Err(format!("telnet: bad address '{host}'")),
            Err(_) if self.flavour == Flavour::BusyBox => {
                Err(format!("telnet: bad address '{host}'"))
            }
            Err(why) => {
                Err(format!("telnet: could not resolve {host}/{asked}: {}", name_trouble(io, why)))
            }
        };
        Ok(TelnetState::Resolving(io.now() + lookup.took, found))
    }

    fn refused(&self, io: &mut Io<'_>, to: SocketAddr, why: DialFailure) -> Step {
        let why = dial_trouble(io, why);
        io.write_error(match self.flavour {
            Flavour::BusyBox => {
                format!("telnet: can't connect to remote host ({}): {why}", to.ip())
            }
            Flavour::Gnu => format!("telnet: Unable to connect to remote host: {why}"),
        });
        Step::Exit(1)
    }
}
