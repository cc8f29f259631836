//! telnet, as far as it shows whether a port is open (recording 31).

use std::time::Duration;

use std::net::IpAddr;

use super::families::{Families, look_up};
use super::raw_session::{RawSession, Turn};
use crate::clock::SimTime;
use crate::cluster::{Connection, DialFailure, Flavour};
use crate::network::{Protocol, SocketAddr};
use crate::shell::commands;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::{dial_trouble, name_trouble};
use crate::shell::{Io, Step, Tool};

/// A running telnet.
#[derive(Clone, Debug)]
struct Telnet {
    arguments: Vec<String>,
    /// Whom it calls, and at which port, as it was typed; read from the arguments when it starts.
    options: Options,
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
    let options = Options::default();
    Box::new(Telnet { arguments: arguments.to_vec(), options, flavour, state: TelnetState::Start })
}

impl Tool for Telnet {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            match std::mem::replace(&mut self.state, TelnetState::Start) {
                TelnetState::Start => match self.begin(io) {
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
}

impl Telnet {
    fn host(&self) -> String {
        self.options.operands.first().cloned().unwrap_or_default()
    }

    fn port(&self) -> Option<u16> {
        match self.options.operands.get(1).map(String::as_str) {
            None | Some("telnet") => Some(23),
            Some("http") => Some(80),
            Some("https") => Some(443),
            Some(text) => text.parse().ok(),
        }
    }

    /// Reads its command line. What is said at login (`-a`, `-l`) nobody hears here.
    fn begin(&mut self, io: &mut Io<'_>) -> Result<TelnetState, String> {
        let grammar = match self.flavour {
            Flavour::BusyBox => Grammar::short("telnet", "al:"),
            Flavour::Gnu => Grammar {
                name: "telnet",
                short: "468acKLl:",
                long: &[
                    ("ipv4", '4'),
                    ("ipv6", '6'),
                    ("binary", '8'),
                    ("binary-output", 'L'),
                    ("login", 'a'),
                    ("no-login", 'K'),
                    ("no-rc", 'c'),
                    ("user", 'l'),
                ],
                stops: false,
            },
        };
        self.options = grammar.parse(&self.arguments, commands::words(io.cluster, io.place))?;
        self.resolve(io)
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
        let asked = self.options.operands.get(1).cloned().unwrap_or_else(|| "telnet".to_owned());
        if self.port().is_none() {
            return Err(match self.flavour {
                Flavour::BusyBox => format!("telnet: bad port '{asked}'"),
                Flavour::Gnu => format!(
                    "telnet: could not resolve {host}/{asked}: Servname not supported for ai_socktype"
                ),
            });
        }
        let family = ['4', '6'].into_iter().find(|letter| self.options.has(*letter));
        let families = family.and_then(Families::option);
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
