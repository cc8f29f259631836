//! dig: exactly what it is told, in full.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use super::arguments::{self, Args, Asked};
use super::message::Message;
use super::{Exchange, ExchangeEvent, Lookup, VERSION, candidates, illegal, servers};
use crate::network::{DnsAnswer, DnsCode, DnsType, Protocol, ResolvConf, TraceId};
use crate::shell::{Io, Step};

/// A running dig.
#[derive(Clone, Debug)]
pub(super) struct Dig {
    args: Args,
    current: Option<Current>,
    exit: i32,
}

/// The name that has its turn.
#[derive(Clone, Debug)]
struct Current {
    asked: Asked,
    servers: Vec<IpAddr>,
    /// Full names that it may mean.
    names: VecDeque<String>,
    exchange: Option<Exchange>,
}

impl Lookup for Dig {
    fn begin(arguments: &[String], io: &mut Io<'_>) -> Result<Dig, (String, i32)> {
        let args = arguments::read(io, arguments)?;
        for asked in &args.asked {
            if let Some(why) = illegal(&asked.name) {
                let name = &asked.name;
                return Err((format!("dig: '{name}' is not a legal name ({why})"), 10));
            }
        }
        Ok(Dig { args, current: None, exit: 0 })
    }

    fn go_on(&mut self, io: &mut Io<'_>) -> Option<Step> {
        let Some(current) = &mut self.current else {
            let Some(asked) = self.args.asked.pop_front() else {
                return Some(Step::Exit(self.exit));
            };
            match Current::new(io, &self.args, asked) {
                Ok(current) => self.current = Some(current),
                Err(told) => {
                    io.write_error(format!("dig: {told}"));
                    return Some(Step::Exit(1));
                }
            }
            return None;
        };
        let Some(exchange) = &mut current.exchange else {
            match current.names.pop_front() {
                None => self.current = None,
                Some(name) => current.exchange = Some(current.ask(&self.args, name)),
            }
            return None;
        };
        match exchange.step(io) {
            ExchangeEvent::Wait(until) if until > io.now() => return Some(Step::Until(until)),
            ExchangeEvent::Wait(_) => {}
            ExchangeEvent::Trouble(line) => io.say(line),
            ExchangeEvent::GaveUp => {
                if exchange.protocol == Protocol::Udp {
                    current.head(io);
                    io.say(";; no servers could be reached");
                }
                (self.current, self.exit) = (None, 9);
            }
            ExchangeEvent::Answered { server, answer, took, trace } => {
                let name = exchange.name.clone();
                current.exchange = None;
                let again = answer.code == DnsCode::NxDomain && !current.names.is_empty();
                if !again || current.asked.options.show_search {
                    if !self.args.short && self.args.command {
                        current.head(io);
                    }
                    current.tell(io, &self.args, (server, &name), &answer, (took, trace));
                }
                if !again {
                    current.names.clear();
                }
            }
        }
        None
    }
}

impl Current {
    fn new(io: &mut Io<'_>, args: &Args, asked: Asked) -> Result<Current, String> {
        let options = &asked.options;
        let mut servers = servers(io, options.server.as_deref())?;
        if let Some(family) = args.family {
            servers.retain(|server| server.is_ipv6() == (family == '6'));
            if servers.is_empty() {
                // Where resolv.conf names none of the family, it asks this machine.
                servers.push(match family {
                    '6' => std::net::Ipv6Addr::LOCALHOST.into(),
                    _ => std::net::Ipv4Addr::LOCALHOST.into(),
                });
            }
        }
        let mut conf = io.cluster.resolv_conf(io.place);
        if let Some(domain) = &options.domain {
            conf = ResolvConf { search: vec![domain.clone()], ..conf };
        }
        let names = match options.search && !options.trace {
            true => candidates(&asked.name, &conf, options.ndots.unwrap_or(conf.ndots)),
            // A trace begins at the root.
            false if options.trace => [".".to_owned()].into(),
            false => [format!("{}.", asked.name.trim_end_matches('.'))].into(),
        };
        Ok(Current { asked, servers, names, exchange: None })
    }

    fn kind(&self) -> DnsType {
        if self.asked.options.trace { DnsType::Ns } else { self.asked.kind() }
    }

    fn ask(&self, args: &Args, name: String) -> Exchange {
        let options = &self.asked.options;
        let protocol = if options.tcp { Protocol::Tcp } else { Protocol::Udp };
        let exchange = Exchange::new(self.servers.clone(), name, self.kind());
        let (timeout, tries, source) = (options.timeout, options.tries, options.source);
        let shown = self.asked.name.clone();
        let port = options.secure.filter(|_| args.port == 53).unwrap_or(args.port);
        let tls = options.secure.is_some();
        Exchange { timeout, tries, protocol, port, shown, tls, source, ..exchange }
    }

    /// The lines that tell the command.
    fn head(&self, io: &mut Io<'_>) {
        let Some(typed) = &self.asked.typed else { return };
        io.say(format!("\n; <<>> DiG {VERSION} <<>>{typed}"));
        if self.asked.options.server.is_some() {
            let many = if self.servers.len() > 1 { "s" } else { "" };
            io.say(format!("; ({} server{many} found)", self.servers.len()));
        }
        io.say(";; global options: +cmd");
    }

    fn tell(
        &self,
        io: &mut Io<'_>,
        args: &Args,
        (server, name): (IpAddr, &str),
        answer: &DnsAnswer,
        (took, trace): (Duration, TraceId),
    ) {
        let options = &self.asked.options;
        let time = match args.microseconds {
            true => format!("{} usec", took.as_micros()),
            false => format!("{} msec", took.as_millis()),
        };
        let from = match args.microseconds {
            true => format!(" from server {server} in {} us.", took.as_micros()),
            false => format!(" from server {server} in {} ms.", took.as_millis()),
        };
        if args.short {
            for record in &answer.records {
                let from = if options.identify { &from } else { "" };
                io.say(format!("{}{from}", record.data));
            }
            return;
        }
        let (look, wishes) = (&options.look, &options.wishes);
        let message = Message { name, kind: self.kind(), answer, trace, look, wishes };
        if options.shows_query {
            io.stdout.extend_from_slice(message.query().as_bytes());
        }
        io.stdout.extend_from_slice(message.print().as_bytes());
        let port = args.port;
        if look.stats {
            let protocol = if options.tcp { "TCP" } else { "UDP" };
            let now = io.now().timestamp().strftime("%a %b %e %H:%M:%S UTC %Y").to_string();
            io.say(format!(";; Query time: {time}"));
            io.say(format!(";; SERVER: {server}#{port}({server}) ({protocol})"));
            io.say(format!(";; WHEN: {now}"));
            io.say(format!(";; MSG SIZE  rcvd: {}\n", message.size()));
        } else if options.identify {
            io.say(format!(
                ";; Received {} bytes from {server}#{port}({server}) in {}\n",
                message.size(),
                time.replace("msec", "ms").replace("usec", "us")
            ));
        }
    }
}
