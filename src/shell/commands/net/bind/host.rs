//! host: one line a record.

use std::collections::VecDeque;
use std::net::IpAddr;

use super::{Exchange, ExchangeEvent, Lookup, candidates, record_type, servers};
use crate::network::{DnsAnswer, DnsCode, DnsData, DnsType};
use crate::shell::commands::net::reverse::arpa;
use crate::shell::commands::trouble::left_out;
use crate::shell::{Io, Step};

/// A running host.
#[derive(Clone, Debug)]
pub(super) struct Host {
    name: String,
    servers: Vec<IpAddr>,
    names: VecDeque<String>,
    exchange: Exchange,
}

impl Lookup for Host {
    fn begin(arguments: &[String], io: &mut Io<'_>) -> Result<Host, (String, i32)> {
        Host::new(arguments, io).map_err(|told| (told, 1))
    }

    fn go_on(&mut self, io: &mut Io<'_>) -> Option<Step> {
        match self.exchange.step(io) {
            ExchangeEvent::Wait(until) => (until > io.now()).then_some(Step::Until(until)),
            ExchangeEvent::Trouble(line) => {
                io.say(line);
                None
            }
            ExchangeEvent::GaveUp => {
                io.say(";; no servers could be reached");
                Some(Step::Exit(1))
            }
            ExchangeEvent::Answered { server, answer, .. } => {
                if answer.code == DnsCode::ServFail {
                    io.say(format!(";; Got SERVFAIL reply from {server}"));
                }
                self.answered(io, &answer)
            }
        }
    }
}

impl Host {
    fn new(arguments: &[String], io: &mut Io<'_>) -> Result<Host, String> {
        let mut kind = DnsType::A;
        let mut operands = Vec::new();
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "-t" => {
                    let text = words.next().unwrap_or("");
                    kind =
                        record_type(text).ok_or_else(|| format!("host: invalid type: {text}"))?;
                }
                "-4" | "-U" | "-r" | "-s" | "-T" => {}
                "-W" | "-R" | "-N" | "-c" | "-m" => drop(words.next()),
                "-6" | "-v" | "-d" | "-a" | "-A" | "-C" | "-i" | "-l" | "-w" | "-p" => {
                    return Err(left_out("host", word));
                }
                "-V" => return Err("host 9.18.49-1~deb12u3-Debian".to_owned()),
                option if option.starts_with('-') => {
                    return Err(format!("host: illegal option -- {}\n{USAGE}", &option[1..]));
                }
                operand => operands.push(operand.to_owned()),
            }
        }
        let Some(name) = operands.first().cloned() else { return Err(USAGE.to_owned()) };
        let named = operands.get(1).map(String::as_str);
        let servers = servers(io, named).map_err(|told| format!("host: {told}"))?;
        let conf = io.cluster.resolv_conf(io.place);
        let (mut names, kind) = match name.parse::<IpAddr>() {
            Ok(address) => ([format!("{}.", arpa(address))].into(), DnsType::Ptr),
            Err(_) => (candidates(&name, &conf, conf.ndots), kind),
        };
        let first = names.pop_front().unwrap_or_default();
        let exchange = Exchange { tries: 2, ..Exchange::new(servers.clone(), first, kind) };
        Ok(Host { name, servers, names, exchange })
    }

    fn answered(&mut self, io: &mut Io<'_>, answer: &DnsAnswer) -> Option<Step> {
        let kind = self.exchange.kind;
        if answer.code == DnsCode::NxDomain
            && let Some(name) = self.names.pop_front()
        {
            let servers = self.servers.clone();
            self.exchange = Exchange { tries: 2, ..Exchange::new(servers, name, kind) };
            return None;
        }
        let asked = self.exchange.name.trim_end_matches('.');
        if answer.code != DnsCode::NoError {
            let number = match answer.code {
                DnsCode::NxDomain => 3,
                DnsCode::Refused => 5,
                DnsCode::NoError | DnsCode::ServFail => 2,
            };
            let name = if kind == DnsType::Ptr { asked } else { &self.name };
            io.say(format!("Host {name} not found: {number}({})", answer.code));
            return Some(Step::Exit(1));
        }
        if answer.records.is_empty() {
            io.say(format!("{asked} has no {kind} record"));
        }
        for record in &answer.records {
            io.say(line(record.name.trim_end_matches('.'), &record.data));
        }
        Some(Step::Exit(0))
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

const USAGE: &str = "Usage: host [-4v] [-t type] {hostname} [server]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_a_sentence() {
        let address = DnsData::A([10, 96, 0, 10].into());
        assert_eq!(line("dns", &address), "dns has address 10.96.0.10");
    }
}
