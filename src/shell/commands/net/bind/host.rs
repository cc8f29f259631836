//! host: one line a record, or whole messages with `-v`.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use super::message::{Look, Message, Wishes};
use super::{
    Exchange, ExchangeEvent, Lookup, VERSION, candidates, class_name, illegal, record_type, servers,
};
use crate::network::{DnsAnswer, DnsCode, DnsData, DnsType, Protocol, TraceId};
use crate::shell::commands::net::reverse::arpa;
use crate::shell::commands::trouble::left_out;
use crate::shell::{Io, Step};

/// What host was asked to do.
#[derive(Clone, Debug)]
struct Args {
    name: String,
    server: Option<String>,
    kind: Option<DnsType>,
    verbose: bool,
    recursion: bool,
    tcp: bool,
    family: Option<char>,
    ndots: Option<u32>,
    port: u16,
    tries: u32,
    timeout: Duration,
}

/// A running host.
#[derive(Clone, Debug)]
pub(super) struct Host {
    args: Args,
    servers: Vec<IpAddr>,
    names: VecDeque<String>,
    /// Types that are asked for after the first one: without `-t` IPv6 addresses and mail servers.
    further: VecDeque<DnsType>,
    exchange: Exchange,
    /// Whether the server and the name are told already.
    told: bool,
    trying: bool,
}

impl Lookup for Host {
    fn begin(arguments: &[String], io: &mut Io<'_>) -> Result<Host, (String, i32)> {
        Host::new(Args::parse(arguments)?, io)
    }

    fn go_on(&mut self, io: &mut Io<'_>) -> Option<Step> {
        if self.args.verbose && !std::mem::replace(&mut self.trying, true) {
            io.say(format!("Trying \"{}\"", self.exchange.name.trim_end_matches('.')));
        }
        match self.exchange.step(io) {
            ExchangeEvent::Wait(until) => (until > io.now()).then_some(Step::Until(until)),
            ExchangeEvent::Trouble(line) => {
                io.say(line);
                None
            }
            ExchangeEvent::GaveUp => {
                if !self.args.tcp {
                    io.say(";; no servers could be reached");
                }
                Some(Step::Exit(1))
            }
            ExchangeEvent::Answered { server, answer, took, trace } => {
                if answer.code == DnsCode::ServFail {
                    io.say(format!(";; Got SERVFAIL reply from {server}"));
                }
                self.answered(io, server, &answer, (took, trace))
            }
        }
    }
}

impl Args {
    fn parse(arguments: &[String]) -> Result<Args, (String, i32)> {
        let mut args = Args {
            name: String::new(),
            server: None,
            kind: None,
            verbose: false,
            recursion: true,
            tcp: false,
            family: None,
            ndots: None,
            port: 53,
            tries: 2,
            timeout: Duration::from_secs(5),
        };
        let mut operands = Vec::new();
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                operands.push(word.to_owned());
                continue;
            };
            for (at, letter) in letters.char_indices() {
                if "ctNWRmp".contains(letter) {
                    let glued = &letters[at + 1..];
                    let value = if glued.is_empty() { words.next() } else { Some(glued) };
                    let missing =
                        || (format!("host: option requires an argument -- {letter}\n{USAGE}"), 1);
                    args.value(letter, value.ok_or_else(missing)?)?;
                    break;
                }
                args.flag(letter)?;
            }
        }
        let mut operands = operands.into_iter();
        args.name = operands.next().ok_or_else(|| (USAGE.to_owned(), 1))?;
        args.server = operands.next();
        Ok(args)
    }

    fn flag(&mut self, letter: char) -> Result<(), (String, i32)> {
        match letter {
            'a' | 'A' => (self.verbose, self.kind) = (true, Some(DnsType::Any)),
            'v' | 'd' => self.verbose = true,
            'r' => self.recursion = false,
            'T' => self.tcp = true,
            'U' => self.tcp = false,
            'w' => self.timeout = Duration::from_secs(u64::from(u32::MAX)),
            '4' | '6' => self.family = Some(letter),
            // Of servers that fail, and of addresses, there is one kind here.
            'i' | 'n' | 's' => {}
            'C' | 'l' | 'D' => return Err((left_out("host", format!("-{letter}")), 1)),
            'V' => return Err((format!("host {VERSION}"), 0)),
            other => return Err((format!("host: illegal option -- {other}\n{USAGE}"), 1)),
        }
        Ok(())
    }

    fn value(&mut self, letter: char, value: &str) -> Result<(), (String, i32)> {
        let number = value.parse::<u32>().unwrap_or(0);
        match letter {
            't' => match record_type(value) {
                Some(kind) => self.kind = Some(kind),
                None => return Err((format!("host: invalid type: {value}\n"), 2)),
            },
            'c' => match class_name(value) {
                Some("IN") => {}
                Some(class) => return Err((left_out("host", format!("-c {class}")), 1)),
                None => return Err((format!("host: invalid class: {value}\n"), 2)),
            },
            'N' => self.ndots = Some(number),
            'W' => self.timeout = Duration::from_secs(number.max(1).into()),
            'R' => self.tries = number.saturating_add(1).max(2),
            'p' => self.port = u16::try_from(number).unwrap_or(53),
            _ => {}
        }
        Ok(())
    }
}

impl Host {
    fn new(args: Args, io: &mut Io<'_>) -> Result<Host, (String, i32)> {
        if let Some(why) = illegal(&args.name) {
            return Err((format!("host: '{}' is not in legal name syntax ({why})", args.name), 1));
        }
        let mut servers =
            servers(io, args.server.as_deref()).map_err(|told| (format!("host: {told}"), 1))?;
        if let Some(family) = args.family {
            servers.retain(|server| server.is_ipv6() == (family == '6'));
        }
        let conf = io.cluster.resolv_conf(io.place);
        let (mut names, kind) = match args.name.parse::<IpAddr>() {
            // The name of an address of IPv6 is written without the last dot.
            Ok(address) => {
                let end = if address.is_ipv4() { "." } else { "" };
                ([format!("{}{end}", arpa(address))].into(), DnsType::Ptr)
            }
            Err(_) => (
                candidates(&args.name, &conf, args.ndots.unwrap_or(conf.ndots)),
                args.kind.unwrap_or(DnsType::A),
            ),
        };
        let first = names.pop_front().unwrap_or_default();
        let further = match (args.kind, kind) {
            (None, DnsType::A) => [DnsType::Aaaa, DnsType::Mx].into(),
            _ => VecDeque::new(),
        };
        let exchange = args.ask(&servers, first, kind);
        Ok(Host { args, servers, names, further, exchange, told: false, trying: false })
    }

    fn answered(
        &mut self,
        io: &mut Io<'_>,
        server: IpAddr,
        answer: &DnsAnswer,
        (took, trace): (Duration, TraceId),
    ) -> Option<Step> {
        let kind = self.exchange.kind;
        if answer.code == DnsCode::NxDomain
            && let Some(name) = self.names.pop_front()
        {
            self.exchange = self.args.ask(&self.servers, name, kind);
            self.trying = false;
            return None;
        }
        let first = !std::mem::replace(&mut self.told, true);
        if let Some(name) = self.args.server.as_deref().filter(|_| first) {
            let port = self.args.port;
            io.say(format!(
                "Using domain server:\nName: {name}\nAddress: {server}#{port}\nAliases: \n"
            ));
        }
        let full = self.exchange.name.clone();
        let wishes = Wishes { edns: false, recursion: self.args.recursion, ..Wishes::default() };
        let look = &Look::default();
        let message = Message { name: &full, kind, answer, trace, look, wishes: &wishes };
        let found = answer.code == DnsCode::NoError;
        match () {
            () if !found => self.not_found(io, answer),
            () if self.args.verbose => {
                let mut text = String::new();
                message.flags(&mut text, false);
                text.push('\n');
                message.sections(&mut text);
                io.stdout.extend_from_slice(text.as_bytes());
            }
            () => {
                let asked = full.trim_end_matches('.');
                if answer.records.is_empty() && first {
                    io.say(format!("{asked} has no {kind} record"));
                }
                for record in &answer.records {
                    io.say(line(record.name.trim_end_matches('.'), &record.data));
                }
            }
        }
        if self.args.verbose {
            let (size, port) = (message.size(), self.args.port);
            let took = took.as_millis();
            io.say(format!("Received {size} bytes from {server}#{port} in {took} ms"));
        }
        match self.further.pop_front().filter(|_| found) {
            None => Some(Step::Exit(i32::from(!found))),
            Some(next) => {
                // The further questions are for the name that the aliases lead to.
                self.exchange = self.args.ask(&self.servers, answer.target(&full), next);
                (self.names, self.trying) = (VecDeque::new(), false);
                None
            }
        }
    }

    fn not_found(&self, io: &mut Io<'_>, answer: &DnsAnswer) {
        let number = match answer.code {
            DnsCode::NxDomain => 3,
            DnsCode::Refused => 5,
            DnsCode::NoError | DnsCode::ServFail => 2,
        };
        let ptr = self.exchange.kind == DnsType::Ptr;
        let name = if ptr { &self.exchange.name } else { &self.args.name };
        io.say(format!("Host {name} not found: {number}({})", answer.code));
    }
}

impl Args {
    fn ask(&self, servers: &[IpAddr], name: String, kind: DnsType) -> Exchange {
        let protocol = if self.tcp { Protocol::Tcp } else { Protocol::Udp };
        let (port, tries, timeout) = (self.port, self.tries, self.timeout);
        Exchange { port, tries, timeout, protocol, ..Exchange::new(servers.to_vec(), name, kind) }
    }
}

/// A record in host's words.
fn line(name: &str, data: &DnsData) -> String {
    match data {
        DnsData::A(address) => format!("{name} has address {address}"),
        DnsData::Aaaa(address) => format!("{name} has IPv6 address {address}"),
        DnsData::Cname(target) => format!("{name} is an alias for {target}"),
        DnsData::Ptr(target) => format!("{name} domain name pointer {target}"),
        DnsData::Ns(target) => format!("{name} name server {target}"),
        DnsData::Txt(text) => format!("{name} descriptive text \"{text}\""),
        DnsData::Srv { .. } => format!("{name} has SRV record {data}"),
        DnsData::Soa { .. } => format!("{name} has SOA record {data}"),
    }
}

const USAGE: &str = "Usage: host [-aAdrTUvVw46] [-t type] [-N ndots] [-p port] [-R tries] [-W seconds] hostname [server]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_a_sentence() {
        let address = DnsData::A([10, 96, 0, 10].into());
        assert_eq!(line("dns", &address), "dns has address 10.96.0.10");
    }

    // host.c, `parse_args`: letters in groups, and values glued or apart.
    #[test]
    fn letters_come_in_groups() {
        let words = ["-vt", "srv", "-W2", "web", "10.96.0.10"].map(str::to_owned);
        let args = Args::parse(&words).unwrap();
        assert!(args.verbose && args.kind == Some(DnsType::Srv));
        assert_eq!(args.timeout, Duration::from_secs(2));
        assert_eq!(args.server.as_deref(), Some("10.96.0.10"));
    }
}
