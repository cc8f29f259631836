//! `agnhost connect HOST:PORT`: whether a connection comes about, and if not, why, in a word. Tests of
//! network policies use it.

use std::net::IpAddr;
use std::time::Duration;

use super::flag;
use crate::clock::SimTime;
use crate::cluster::programs::http;
use crate::cluster::programs::says::Says;
use crate::cluster::{
    Answer, Ask, Context, DialFailure, LookupFailure, Payload, Poll, Process, Reply, Signal,
};
use crate::network::{Protocol, SocketAddr};

#[derive(Clone)]
struct Connect {
    host: String,
    port: u16,
    protocol: Protocol,
    timeout: Option<Duration>,
    /// When it ends, and with which word; `None` is success.
    ends: Option<(SimTime, Option<String>)>,
}

/// The subcommand.
pub(super) fn start(flags: &[String]) -> Box<dyn Process> {
    let Some(target) = flags.iter().find(|word| !word.starts_with("--")) else {
        return Says::boxed("Error: accepts 1 arg(s), received 0", 1);
    };
    let Some((host, port)) = target.rsplit_once(':') else {
        return Says::boxed(format!("DNS: address {target}: missing port in address"), 1);
    };
    let Ok(port) = port.parse() else {
        return Says::boxed(format!("DNS: lookup tcp/{port}: unknown port"), 1);
    };
    let protocol = match flag(flags, "protocol") {
        None | Some("tcp" | "") => Protocol::Tcp,
        Some("udp") => Protocol::Udp,
        Some("sctp") => Protocol::Sctp,
        Some(_) => {
            return Says::boxed(
                "Unsupported protocol\n\nSupported protocols are: \"tcp\", \"udp\", and \"sctp\"",
                1,
            );
        }
    };
    Box::new(Connect {
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
        protocol,
        timeout: flag(flags, "timeout").and_then(duration),
        ends: None,
    })
}

/// `3s`, `500ms`, `1m`; no limit for 0.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.saturating_mul(unit))).filter(|limit| !limit.is_zero())
}

impl Connect {
    fn try_it(&self, context: &mut Context<'_>) -> (Duration, Option<String>) {
        let place = context.place.clone();
        let (address, looked) = match self.host.parse::<IpAddr>() {
            Ok(address) => (address, Duration::ZERO),
            Err(_) => {
                let lookup = context.cluster.lookup(&place, &self.host);
                let first = lookup.result.map(|found| found.first().copied());
                match first {
                    Ok(Some(address)) => (address, lookup.took),
                    Err(LookupFailure::NoServer) => {
                        let told = format!("DNS: lookup {}: i/o timeout", self.host);
                        return (lookup.took, Some(told));
                    }
                    _ => {
                        let told = format!("DNS: lookup {}: no such host", self.host);
                        return (lookup.took, Some(told));
                    }
                }
            }
        };
        let dial = context.cluster.dial(&place, self.protocol, SocketAddr::new(address, self.port));
        let took = looked + dial.took;
        let slow = self.timeout.filter(|limit| *limit < dial.took);
        if let Some(limit) = slow {
            return (looked + limit, Some("TIMEOUT".to_owned()));
        }
        match dial.result {
            // A datagram's sender waits for an answer.
            Ok(connection) if self.protocol == Protocol::Udp => {
                let payload = Payload::Bytes(b"hostname".to_vec());
                match context.cluster.ask(&connection, payload).reply {
                    Reply::Bytes(_) => (took, None),
                    _ => {
                        let limit = self.timeout.unwrap_or(Duration::from_secs(10));
                        (took + limit, Some("TIMEOUT".to_owned()))
                    }
                }
            }
            Ok(connection) => {
                context.cluster.hang_up(&connection);
                (took, None)
            }
            Err(DialFailure::Refused) => (took, Some("REFUSED".to_owned())),
            Err(DialFailure::Silence) => (took, Some("TIMEOUT".to_owned())),
            Err(why @ (DialFailure::Unreachable | DialFailure::NoNetwork)) => {
                let to = SocketAddr::new(address, self.port);
                let why = match why {
                    DialFailure::NoNetwork => "network is unreachable",
                    _ => "no route to host",
                };
                (took, Some(format!("OTHER: dial tcp {to}: connect: {why}")))
            }
        }
    }
}

impl Process for Connect {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        let (at, told) = match self.ends.take() {
            Some(ends) => ends,
            None => {
                let (took, told) = self.try_it(context);
                (context.now() + took, told)
            }
        };
        if at > context.now() {
            self.ends = Some((at, told));
            return Poll::Until(at);
        }
        match told {
            Some(word) => {
                context.say(word);
                Poll::Exit(1)
            }
            None => Poll::Exit(0),
        }
    }

    fn signal(&mut self, _: Signal, context: &mut Context<'_>) -> bool {
        self.ends = Some((context.now(), Some("signal: terminated".to_owned())));
        true
    }

    fn serve(&mut self, _: &Ask, _: &mut Context<'_>) -> Answer {
        http::other(Reply::Closed)
    }
}
