//! bind's nslookup: the search list, then an IPv4 and an IPv6 question for the name that was found.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use super::{
    Exchange, ExchangeEvent, Lookup, VERSION, candidates, class_name, record_type, servers,
};
use crate::network::{DnsAnswer, DnsCode, DnsData, DnsRecord, DnsType, Protocol};
use crate::shell::commands::net::reverse::arpa;
use crate::shell::commands::options::Misuse;
use crate::shell::{Io, Read, Step};

/// What `set` and the options change.
#[derive(Clone, Debug, PartialEq)]
struct Settings {
    kind: Option<DnsType>,
    timeout: Duration,
    tries: u32,
    tcp: bool,
    port: u16,
    recursion: bool,
    search: bool,
    domain: Option<String>,
    ndots: Option<u32>,
    /// `-debug`: the whole answer is shown.
    debug: bool,
    /// The server that was named, instead of those of `/etc/resolv.conf`.
    server: Option<String>,
}

const USAGE: &str = "Usage:
   nslookup [-opt ...]             # interactive mode using default server
   nslookup [-opt ...] - server    # interactive mode using 'server'
   nslookup [-opt ...] host        # just look up 'host' using default server
   nslookup [-opt ...] host server # just look up 'host' using 'server'";

/// A running nslookup.
#[derive(Clone, Debug)]
pub(super) struct Nslookup {
    settings: Settings,
    /// Whether it reads what to do from standard input.
    asks: bool,
    current: Option<Current>,
    failed: bool,
    exit: i32,
}

/// The name that has its turn.
#[derive(Clone, Debug)]
struct Current {
    settings: Settings,
    name: String,
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
        let mut settings = Settings::new();
        let mut operands = Vec::new();
        for word in arguments {
            match word.strip_prefix('-').filter(|option| !option.is_empty()) {
                None => operands.push(word.clone()),
                Some("version" | "v" | "V") => return Err((format!("nslookup {VERSION}"), 0)),
                Some(option) => match settings.option(option) {
                    Err(misuse) if misuse.is_left_out() => return Err((misuse.into(), 1)),
                    Err(misuse) => io.say(misuse),
                    Ok(()) => {}
                },
            }
        }
        if operands.len() > 2 {
            return Err((USAGE.to_owned(), 1));
        }
        let mut operands = operands.into_iter();
        let name = operands.next().filter(|name| name != "-");
        settings.server = operands.next();
        let asks = name.is_none();
        let current = match name {
            Some(name) => Some(
                Current::new(io, &settings, name)
                    .map_err(|told| (format!("nslookup: {told}"), 1))?,
            ),
            None => None,
        };
        Ok(Nslookup { settings, asks, current, failed: false, exit: 1 })
    }

    fn go_on(&mut self, io: &mut Io<'_>) -> Option<Step> {
        let Some(current) = &mut self.current else {
            if self.asks {
                return self.next_command(io);
            }
            io.say("");
            return Some(Step::Exit(self.exit));
        };
        match current.go_on(io)? {
            Step::Exit(code) => {
                self.current = None;
                // One failure is enough for the exit code.
                self.failed |= code != 0;
                self.exit = i32::from(self.failed);
                None
            }
            waits => Some(waits),
        }
    }
}

impl Settings {
    fn new() -> Settings {
        Settings {
            kind: None,
            timeout: Duration::from_secs(5),
            tries: 3,
            tcp: false,
            port: 53,
            recursion: true,
            search: true,
            domain: None,
            ndots: None,
            debug: false,
            server: None,
        }
    }

    /// One option (`nslookup.c`, `setoption`), or what is said of it.
    fn option(&mut self, text: &str) -> Result<(), Misuse> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name.to_lowercase(), Some(value)),
            None => (text.to_lowercase(), None),
        };
        let number = value.and_then(|value| value.parse::<u32>().ok());
        match (name.as_str(), value) {
            ("type" | "ty" | "query" | "qu" | "q" | "querytype", Some(value)) => {
                let kind = record_type(value);
                self.kind = Some(
                    kind.ok_or_else(|| Misuse::refused(format!("unknown query type: {value}")))?,
                );
            }
            ("class" | "cl", Some(value)) => match class_name(value) {
                Some("IN") => {}
                Some(_) => return Err(Misuse::left_out("nslookup", &format!("-class={value}"))),
                None => return Err(Misuse::refused(format!("unknown query class: {value}"))),
            },
            ("domain" | "do", Some(value)) => self.domain = Some(value.to_owned()),
            ("port" | "po" | "timeout" | "t" | "ti" | "retry" | "ret", Some(value))
                if number.is_none() =>
            {
                let what = match name.as_str() {
                    "port" | "po" => "port",
                    "retry" | "ret" => "tries",
                    _ => "timeout",
                };
                return Err(Misuse::refused(format!(
                    "invalid {what} '{value}': not a valid number"
                )));
            }
            ("port" | "po", Some(_)) => {
                self.port = number.and_then(|port| u16::try_from(port).ok()).unwrap_or(53);
            }
            ("timeout" | "t" | "ti", Some(_)) => {
                self.timeout = Duration::from_secs(number.unwrap_or(5).max(1).into());
            }
            ("retry" | "ret", Some(_)) => self.tries = number.unwrap_or(3).max(1),
            ("ndots", Some(_)) => self.ndots = number,
            ("vc" | "v", None) => self.tcp = true,
            ("novc" | "nov", None) => self.tcp = false,
            ("recurse" | "rec", None) => self.recursion = true,
            ("norecurse" | "norec", None) => self.recursion = false,
            ("search" | "sea" | "defname" | "def", None) => self.search = true,
            ("nosearch" | "nosea" | "nodefname" | "nodef", None) => self.search = false,
            ("debug" | "deb", None) => self.debug = true,
            ("nodebug" | "nodeb", None) => self.debug = false,
            ("nod2" | "fail" | "nofail" | "sil", None) => {}
            ("d2" | "all", None) => {
                return Err(Misuse::left_out("nslookup", &format!("-{name}")));
            }
            _ => return Err(Misuse::refused(format!("*** Invalid option: {text}"))),
        }
        Ok(())
    }
}

impl Nslookup {
    /// What is read from standard input: a name, `server`, `set`, `exit`.
    fn next_command(&mut self, io: &mut Io<'_>) -> Option<Step> {
        if io.stdin.terminal {
            "> ".clone_into(io.prompt);
        }
        let line = match io.read_line() {
            Read::Wait => return Some(Step::Input),
            Read::End => "exit".to_owned(),
            Read::Line(line) => line,
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["exit", ..] => {
                io.say("");
                return Some(Step::Exit(self.exit));
            }
            ["set", options @ ..] => {
                for option in options {
                    if let Err(told) = self.settings.option(option) {
                        io.say(told);
                    }
                }
            }
            ["server" | "lserver", name, ..] => self.name_server(io, name),
            [command @ ("help" | "?"), ..] => {
                io.say(format!("The '{command}' command is not yet implemented."));
            }
            [command @ ("finger" | "ls" | "root" | "view"), ..] => {
                io.say(format!("The '{command}' command is not implemented."));
            }
            [name, server @ ..] => {
                let mut settings = self.settings.clone();
                settings.server = server.first().map(|one| (*one).to_owned()).or(settings.server);
                match Current::new(io, &settings, (*name).to_owned()) {
                    Ok(current) => self.current = Some(current),
                    Err(told) => io.say(format!("nslookup: {told}")),
                }
            }
        }
        None
    }

    fn name_server(&mut self, io: &mut Io<'_>, name: &str) {
        match servers(io, Some(name)) {
            Err(told) => io.say(format!("nslookup: {told}")),
            Ok(found) => {
                for address in found {
                    let port = self.settings.port;
                    io.say(format!("Default server: {name}\nAddress: {address}#{port}"));
                }
                self.settings.server = Some(name.to_owned());
            }
        }
    }
}

impl Current {
    fn new(io: &mut Io<'_>, settings: &Settings, name: String) -> Result<Current, String> {
        let servers = servers(io, settings.server.as_deref())?;
        let mut conf = io.cluster.resolv_conf(io.place);
        if let Some(domain) = &settings.domain {
            conf.search = vec![domain.clone()];
        }
        if !settings.search {
            conf.search.clear();
        }
        let address = name.parse::<IpAddr>().ok();
        let mut names = match address {
            Some(address) => [format!("{}.", arpa(address))].into(),
            None => candidates(&name, &conf, settings.ndots.unwrap_or(conf.ndots)),
        };
        let kind = match address {
            Some(_) => DnsType::Ptr,
            None => settings.kind.unwrap_or(DnsType::A),
        };
        let first = names.pop_front().unwrap_or_default();
        let exchange = settings.ask(&servers, first, kind);
        let settings = settings.clone();
        // With a type of its own it is told as any other question.
        let backwards = address.is_some() && settings.kind.is_none();
        let (second, found) = (false, false);
        Ok(Current { settings, name, servers, names, backwards, exchange, second, found })
    }

    /// Goes on; [`Step::Exit`] when this name is done.
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
            ExchangeEvent::Answered { server, answer, .. } => self.answered(io, server, &answer),
        }
    }

    /// Whether it is said that the server would not ask others: of one that was named it isn't
    /// (`nslookup.c`, `check_ra`).
    fn minds_recursion(&self) -> bool {
        self.settings.recursion && self.settings.server.is_none()
    }

    fn answered(&mut self, io: &mut Io<'_>, server: IpAddr, answer: &DnsAnswer) -> Option<Step> {
        // A failed question about an address is told without it (recording 30).
        let told = !self.backwards || answer.code == DnsCode::NoError;
        if answer.code == DnsCode::ServFail {
            io.say(format!(";; Got SERVFAIL reply from {server}"));
        } else if told && !answer.recursion_available && self.minds_recursion() {
            io.say(format!(";; Got recursion not available from {server}"));
        }
        if answer.code == DnsCode::NxDomain
            && !self.second
            && let Some(name) = self.names.pop_front()
        {
            self.exchange = self.settings.ask(&self.servers, name, self.exchange.kind);
            return None;
        }
        if !self.second && !self.backwards {
            let port = self.settings.port;
            io.say(format!("Server:\t\t{server}\nAddress:\t{server}#{port}\n"));
        }
        if self.settings.debug {
            io.stdout.extend_from_slice(dump(&self.exchange, answer).as_bytes());
        }
        if answer.code != DnsCode::NoError {
            let name = self.exchange.name.trim_end_matches('.');
            io.say(format!("** server can't find {name}: {}", answer.code));
            return Some(Step::Exit(1));
        }
        self.tell(io, answer);
        if self.settings.kind.is_none() && !self.backwards && !self.second {
            // The second question is for the name that the aliases lead to.
            let name = answer.target(&self.exchange.name);
            self.exchange = self.settings.ask(&self.servers, name, DnsType::Aaaa);
            self.second = true;
            return None;
        }
        Some(Step::Exit(0))
    }

    /// The records of an answer, or that there are none.
    fn tell(&mut self, io: &mut Io<'_>, answer: &DnsAnswer) {
        let default = self.settings.kind.is_none() && !self.backwards;
        if answer.records.is_empty() {
            // The first of two questions leaves that to the second, unless it found something.
            if !default || self.second && !self.found {
                let full = self.exchange.name.trim_end_matches('.');
                let name = if default { full } else { &self.name };
                io.say(format!("*** Can't find {name}: No answer"));
            }
            return;
        }
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
}

impl Settings {
    fn ask(&self, servers: &[IpAddr], name: String, kind: DnsType) -> Exchange {
        let protocol = if self.tcp { Protocol::Tcp } else { Protocol::Udp };
        let (port, tries, timeout) = (self.port, self.tries, self.timeout);
        Exchange { port, tries, timeout, protocol, ..Exchange::new(servers.to_vec(), name, kind) }
    }
}

/// A whole answer (`nslookup.c`, `detailsection`).
fn dump(exchange: &Exchange, answer: &DnsAnswer) -> String {
    let name = exchange.name.trim_end_matches('.');
    let mut text = format!(
        "------------\n    QUESTIONS:\n\t{name}, type = {}, class = IN\n    ANSWERS:\n",
        exchange.kind
    );
    let details = |record: &DnsRecord| {
        let name = record.name.trim_end_matches('.');
        let told = match &record.data {
            DnsData::A(address) => format!("\tinternet address = {address}"),
            DnsData::Aaaa(address) => format!("\thas AAAA address {address}"),
            other => {
                let line = line("", other);
                format!("\t{}", line.trim_start_matches(['\n', '\t']))
            }
        };
        format!(
            "    ->  {}\n{told}\n\tttl = {}\n",
            if name.is_empty() { "." } else { name },
            record.ttl
        )
    };
    text.extend(answer.records.iter().map(&details));
    text += "    AUTHORITY RECORDS:\n";
    text.extend(answer.authority.iter().map(&details));
    text += "    ADDITIONAL RECORDS:\n";
    text.extend(answer.additional.iter().map(&details));
    text + "------------\n"
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
    fn an_option_is_set_or_said_to_be_none() {
        let mut settings = Settings::new();
        assert_eq!(settings.option("type=SRV"), Ok(()));
        assert_eq!(settings.kind, Some(DnsType::Srv));
        let said = |misuse: Result<(), Misuse>| misuse.map_err(String::from);
        assert_eq!(said(settings.option("type=nope")), Err("unknown query type: nope".to_owned()));
        assert_eq!(said(settings.option("nope")), Err("*** Invalid option: nope".to_owned()));
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
