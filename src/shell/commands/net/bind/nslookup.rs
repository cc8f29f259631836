//! bind's nslookup: the search list, then an IPv4 and an IPv6 question for the name that was found.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use super::{Exchange, ExchangeEvent, Lookup, candidates, record_type, servers};
use crate::network::{DnsAnswer, DnsCode, DnsData, DnsType, Protocol};
use crate::shell::commands::net::reverse::arpa;
use crate::shell::{Io, Step};

/// What nslookup was asked to do.
#[derive(Clone, Debug, PartialEq)]
struct Args {
    name: String,
    server: Option<String>,
    kind: Option<DnsType>,
    timeout: Duration,
    tries: u32,
    tcp: bool,
}

/// A running nslookup.
#[derive(Clone, Debug)]
pub(super) struct Nslookup {
    args: Args,
    servers: Vec<IpAddr>,
    names: VecDeque<String>,
    /// An address is looked up backwards, without telling the server.
    backwards: bool,
    exchange: Exchange,
    /// Whether this is the second question, for IPv6.
    second: bool,
    /// Whether there was a record.
    found: bool,
}

impl Lookup for Nslookup {
    fn begin(arguments: &[String], io: &mut Io<'_>) -> Result<Nslookup, (String, i32)> {
        Nslookup::new(arguments, io).map_err(|told| (told, 1))
    }

    fn go_on(&mut self, io: &mut Io<'_>) -> Option<Step> {
        match self.exchange.step(io) {
            ExchangeEvent::Wait(until) => (until > io.now()).then_some(Step::Until(until)),
            ExchangeEvent::Trouble(line) => {
                io.say(line);
                None
            }
            ExchangeEvent::GaveUp => {
                io.say(";; no servers could be reached\n");
                Some(Step::Exit(1))
            }
            ExchangeEvent::Answered { server, answer, .. } => self.answered(io, server, &answer),
        }
    }
}

impl Args {
    fn parse(arguments: &[String]) -> Result<Args, String> {
        let mut args = Args {
            name: String::new(),
            server: None,
            kind: None,
            timeout: Duration::from_secs(5),
            tries: 3,
            tcp: false,
        };
        let mut operands = Vec::new();
        for word in arguments {
            let Some(option) = word.strip_prefix('-').filter(|option| !option.is_empty()) else {
                operands.push(word.clone());
                continue;
            };
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            match name {
                "type" | "ty" | "query" | "q" | "querytype" => match record_type(value) {
                    Some(kind) => args.kind = Some(kind),
                    None => return Err(format!("unknown query type: {value}")),
                },
                "timeout" | "ti" => {
                    args.timeout = Duration::from_secs(value.parse().unwrap_or(5).max(1));
                }
                "retry" => args.tries = value.parse::<u32>().unwrap_or(2).saturating_add(1),
                "vc" => args.tcp = true,
                "debug" | "nodebug" | "recurse" | "norecurse" | "port" | "class" | "search"
                | "nosearch" | "d2" | "nofail" | "novc" | "4" => {}
                _ => return Err(format!("*** Invalid option: {option}")),
            }
        }
        let mut operands = operands.into_iter();
        match operands.next() {
            Some(name) => args.name = name,
            None => {
                return Err(
                    "podhop: nslookup's own prompt is not simulated here; use nslookup NAME [SERVER]"
                        .to_owned(),
                );
            }
        }
        args.server = operands.next();
        Ok(args)
    }
}

impl Nslookup {
    fn new(arguments: &[String], io: &mut Io<'_>) -> Result<Nslookup, String> {
        let args = Args::parse(arguments)?;
        let servers =
            servers(io, args.server.as_deref()).map_err(|told| format!("nslookup: {told}"))?;
        let conf = io.cluster.resolv_conf(io.place);
        let address = args.name.parse::<IpAddr>().ok().filter(|_| args.kind.is_none());
        let mut names = match address {
            Some(address) => [format!("{}.", arpa(address))].into(),
            None => candidates(&args.name, &conf, conf.ndots),
        };
        let kind = match address {
            Some(_) => DnsType::Ptr,
            None => args.kind.unwrap_or(DnsType::A),
        };
        let name = names.pop_front().unwrap_or_default();
        let exchange = exchange(&args, &servers, name, kind);
        Ok(Nslookup {
            args,
            servers,
            names,
            backwards: address.is_some(),
            exchange,
            second: false,
            found: false,
        })
    }

    fn answered(&mut self, io: &mut Io<'_>, server: IpAddr, answer: &DnsAnswer) -> Option<Step> {
        // A failed question about an address is told without it (recording 30).
        let told = !self.backwards || answer.code == DnsCode::NoError;
        if answer.code == DnsCode::ServFail {
            io.say(format!(";; Got SERVFAIL reply from {server}"));
        } else if told && !answer.recursion_available {
            io.say(format!(";; Got recursion not available from {server}"));
        }
        if answer.code == DnsCode::NxDomain
            && !self.second
            && let Some(name) = self.names.pop_front()
        {
            self.exchange = exchange(&self.args, &self.servers, name, self.exchange.kind);
            return None;
        }
        if !self.second && !self.backwards {
            io.say(format!("Server:\t\t{server}\nAddress:\t{server}#53\n"));
        }
        if answer.code != DnsCode::NoError {
            let name = self.exchange.name.trim_end_matches('.');
            io.say(format!("** server can't find {name}: {}\n", answer.code));
            return Some(Step::Exit(1));
        }
        let default = self.args.kind.is_none() && !self.backwards;
        if answer.records.is_empty() {
            // The first of two questions leaves that to the second, unless it found something.
            if !default || self.second && !self.found {
                let full = self.exchange.name.trim_end_matches('.');
                let name = if default { full } else { &self.args.name };
                io.say(format!("*** Can't find {name}: No answer"));
            }
        } else {
            self.found = true;
            if !answer.authoritative && !self.second {
                io.say("Non-authoritative answer:");
            }
            for record in &answer.records {
                io.say(line(record.name.trim_end_matches('.'), &record.data));
            }
            if !answer.authoritative && !default {
                io.say("\nAuthoritative answers can be found from:");
            }
        }
        if default && !self.second {
            // The second question is for the name that the aliases lead to.
            let target = answer.records.iter().rev().find_map(|record| match &record.data {
                DnsData::Cname(target) => Some(target.clone()),
                _ => None,
            });
            let name = target.unwrap_or_else(|| self.exchange.name.clone());
            self.exchange = exchange(&self.args, &self.servers, name, DnsType::Aaaa);
            self.second = true;
            return None;
        }
        io.say("");
        Some(Step::Exit(0))
    }
}

fn exchange(args: &Args, servers: &[IpAddr], name: String, kind: DnsType) -> Exchange {
    let mut exchange = Exchange::new(servers.to_vec(), name, kind);
    exchange.timeout = args.timeout;
    exchange.tries = args.tries;
    exchange.protocol = if args.tcp { Protocol::Tcp } else { Protocol::Udp };
    exchange
}

/// A record in nslookup's words.
fn line(name: &str, data: &DnsData) -> String {
    match data {
        DnsData::A(_) | DnsData::Aaaa(_) => format!("Name:\t{name}\nAddress: {data}"),
        DnsData::Cname(target) => format!("{name}\tcanonical name = {target}"),
        DnsData::Ptr(target) => format!("{name}\tname = {target}"),
        DnsData::Ns(target) => format!("{name}\tnameserver = {target}"),
        DnsData::Txt(text) => format!("{name}\ttext = \"{text}\""),
        DnsData::Srv { .. } => format!("{name}\tservice = {data}"),
        DnsData::Soa { server, mailbox, serial, refresh, retry, expire, minimum } => {
            let (server, mailbox) = (server.trim_end_matches('.'), mailbox.trim_end_matches('.'));
            format!(
                "{name}\n\torigin = {server}\n\tmail addr = {mailbox}\n\tserial = {serial}\n\trefresh = {refresh}\n\tretry = {retry}\n\texpire = {expire}\n\tminimum = {minimum}"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_before_the_name() {
        let words = ["-type=SRV", "_http._tcp.web", "10.96.0.10"].map(str::to_owned);
        let args = Args::parse(&words).unwrap();
        assert_eq!((args.kind, args.name.as_str()), (Some(DnsType::Srv), "_http._tcp.web"));
        assert_eq!(args.server.as_deref(), Some("10.96.0.10"));
        let wrong = ["-type=nope".to_owned(), "web".to_owned()];
        assert_eq!(Args::parse(&wrong).unwrap_err(), "unknown query type: nope");
    }

    // Recording 30
    #[test]
    fn records_are_worded_as_recorded() {
        let ext = DnsData::Cname("example.com.".to_owned());
        assert_eq!(
            line("ext.default.svc.cluster.local", &ext),
            "ext.default.svc.cluster.local\tcanonical name = example.com."
        );
    }
}
