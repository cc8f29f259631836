//! dig: exactly what it is told, in full.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use super::message::{Message, Sections};
use super::{Exchange, ExchangeEvent, Lookup, candidates, record_type, servers};
use crate::network::{DnsAnswer, DnsCode, DnsType, Protocol, TraceId};
use crate::shell::commands::net::reverse::arpa;
use crate::shell::commands::trouble::left_out;
use crate::shell::{Io, Step};

/// What dig was asked to do.
#[derive(Clone, Debug)]
struct Args {
    server: Option<String>,
    lookups: VecDeque<(String, DnsType)>,
    shown: Sections,
    short: bool,
    search: bool,
    show_search: bool,
    ndots: Option<u32>,
    tcp: bool,
    timeout: Duration,
    tries: u32,
}

/// A running dig.
#[derive(Clone, Debug)]
pub(super) struct Dig {
    /// What was typed, for the first line.
    typed: String,
    args: Args,
    servers: Vec<IpAddr>,
    /// Full names that the current name may mean.
    names: VecDeque<String>,
    kind: DnsType,
    exchange: Option<Exchange>,
    /// Whether the first lines are printed.
    begun: bool,
    exit: i32,
}

impl Lookup for Dig {
    fn begin(arguments: &[String], io: &mut Io<'_>) -> Result<Dig, (String, i32)> {
        let args =
            Args::parse(arguments).map_err(|told| match told.starts_with("Invalid option") {
                true => (format!("{told}\n{USAGE}"), 1),
                false => (told, 1),
            })?;
        let servers =
            servers(io, args.server.as_deref()).map_err(|told| (format!("dig: {told}"), 10))?;
        let (names, kind) = (VecDeque::new(), DnsType::A);
        Ok(Dig {
            typed: arguments.join(" "),
            args,
            servers,
            names,
            kind,
            exchange: None,
            begun: false,
            exit: 0,
        })
    }

    fn go_on(&mut self, io: &mut Io<'_>) -> Option<Step> {
        let Some(exchange) = &mut self.exchange else {
            if self.names.is_empty() {
                let Some((name, kind)) = self.args.lookups.pop_front() else {
                    return Some(Step::Exit(self.exit));
                };
                self.kind = kind;
                self.names = self.meant(io, &name);
            }
            let name = self.names.pop_front()?;
            let mut exchange = Exchange::new(self.servers.clone(), name, self.kind);
            exchange.timeout = self.args.timeout;
            exchange.tries = self.args.tries;
            exchange.protocol = if self.args.tcp { Protocol::Tcp } else { Protocol::Udp };
            self.exchange = Some(exchange);
            return None;
        };
        match exchange.step(io) {
            ExchangeEvent::Wait(until) if until > io.now() => return Some(Step::Until(until)),
            ExchangeEvent::Wait(_) => {}
            ExchangeEvent::Trouble(line) => io.say(line),
            ExchangeEvent::GaveUp => {
                self.exchange = None;
                self.names.clear();
                self.head(io);
                io.say(";; no servers could be reached");
                self.exit = 9;
            }
            ExchangeEvent::Answered { server, answer, took, trace } => {
                let name = exchange.name.clone();
                self.exchange = None;
                let again = answer.code == DnsCode::NxDomain && !self.names.is_empty();
                if !again || self.args.show_search {
                    self.head(io);
                    self.tell(io, server, &name, &answer, (took, trace));
                }
                if !again {
                    self.names.clear();
                }
            }
        }
        None
    }
}

impl Args {
    fn parse(arguments: &[String]) -> Result<Args, String> {
        let mut args = Args {
            server: None,
            lookups: VecDeque::new(),
            shown: Sections::all(true),
            short: false,
            search: false,
            show_search: false,
            ndots: None,
            tcp: false,
            timeout: Duration::from_secs(5),
            tries: 3,
        };
        let mut kind = None;
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let mut value = |name: &str| {
                let glued = word[2..].to_owned();
                let next =
                    if glued.is_empty() { words.next().map(str::to_owned) } else { Some(glued) };
                next.ok_or_else(|| format!("missing argument for option {name}"))
            };
            if let Some(server) = word.strip_prefix('@') {
                args.server = Some(server.to_owned());
            } else if let Some(switch) = word.strip_prefix('+') {
                args.switch(switch)?;
            } else if word.starts_with("-x") {
                let text = value("-x")?;
                let address = text.parse().map_err(|_| format!("Invalid IP address {text}"))?;
                args.lookups.push_back((format!("{}.", arpa(address)), DnsType::Ptr));
            } else if word.starts_with("-t") {
                let text = value("-t")?;
                let found = record_type(&text).ok_or_else(|| format!("invalid type '{text}'"))?;
                args.kind(&mut kind, found);
            } else if word.starts_with("-q") {
                let name = value("-q")?;
                args.lookups.push_back((name, kind.take().unwrap_or(DnsType::A)));
            } else if word.starts_with("-c") {
                value("-c")?;
            } else if ["-p", "-b", "-f", "-k", "-y"].iter().any(|flag| word.starts_with(flag)) {
                return Err(left_out("dig", &word[..2]));
            } else if word == "-h" {
                return Err(USAGE.to_owned());
            } else if word == "-v" {
                return Err("DiG 9.18.49-1~deb12u3-Debian".to_owned());
            } else if matches!(word, "-u" | "-6") {
                return Err(left_out("dig", word));
            } else if matches!(word, "-4" | "-r" | "-m") {
            } else if word.starts_with('-') {
                return Err(format!("Invalid option: {word}"));
            } else if let Some(found) = record_type(word) {
                args.kind(&mut kind, found);
            } else if word.eq_ignore_ascii_case("IN") {
            } else {
                args.lookups.push_back((word.to_owned(), kind.unwrap_or(DnsType::A)));
            }
        }
        if args.lookups.is_empty() {
            args.lookups.push_back((".".to_owned(), kind.unwrap_or(DnsType::Ns)));
        }
        Ok(args)
    }

    /// A type stands before or after its name.
    fn kind(&mut self, kind: &mut Option<DnsType>, found: DnsType) {
        match self.lookups.back_mut() {
            Some((_, last)) if kind.is_none() && *last == DnsType::A => *last = found,
            _ => *kind = Some(found),
        }
    }

    fn switch(&mut self, text: &str) -> Result<(), String> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let (name, on) = name.strip_prefix("no").map_or((name, true), |name| (name, false));
        let number =
            || value.parse::<u32>().map_err(|_| format!("Couldn't parse {name}: '{value}'"));
        match name {
            "all" => {
                self.shown = Sections { command: self.shown.command && on, ..Sections::all(on) }
            }
            "cmd" => self.shown.command = on,
            "comments" => self.shown.comments = on,
            "question" | "qu" => self.shown.question = on,
            "answer" | "ans" => self.shown.answer = on,
            "authority" | "auth" => self.shown.authority = on,
            "additional" | "add" => self.shown.additional = on,
            "stats" => self.shown.stats = on,
            "short" => self.short = on,
            "search" | "sea" | "defname" => self.search = on,
            "showsearch" => (self.search, self.show_search) = (on || self.search, on),
            "tcp" | "vc" => self.tcp = on,
            "ndots" => self.ndots = Some(number()?),
            "time" | "timeout" => self.timeout = Duration::from_secs(number()?.max(1).into()),
            "tries" => self.tries = number()?.max(1),
            "retry" => self.tries = number()?.saturating_add(1),
            name if UNSEEN.iter().any(|known| abbreviates(known, name)) => {}
            name if LEFT_OUT.iter().any(|known| abbreviates(known, name)) => {
                let usual = matches!(name, "recurse" | "rdflag" | "rec" | "cl" | "class" | "ttlid");
                if on != usual {
                    return Err(left_out("dig", format!("+{text}")));
                }
            }
            _ => return Err(format!("Invalid option: +{text}")),
        }
        Ok(())
    }
}

impl Dig {
    fn meant(&self, io: &Io<'_>, name: &str) -> VecDeque<String> {
        if !self.args.search {
            return [format!("{}.", name.trim_end_matches('.'))].into();
        }
        let conf = io.cluster.resolv_conf(io.place);
        candidates(name, &conf, self.args.ndots.unwrap_or(conf.ndots))
    }

    /// The lines that tell the command.
    fn head(&mut self, io: &mut Io<'_>) {
        let first = !std::mem::replace(&mut self.begun, true);
        if !first || !self.args.shown.command || self.args.short {
            return;
        }
        io.say(format!("\n; <<>> DiG 9.18.49-1~deb12u3-Debian <<>> {}", self.typed));
        if self.args.server.is_some() {
            io.say(format!("; ({} server found)", self.servers.len()));
        }
        io.say(";; global options: +cmd");
    }

    fn tell(
        &self,
        io: &mut Io<'_>,
        server: IpAddr,
        name: &str,
        answer: &DnsAnswer,
        (took, trace): (Duration, TraceId),
    ) {
        if self.args.short {
            for record in &answer.records {
                io.say(record.data.to_string());
            }
            return;
        }
        let message = Message { name, kind: self.kind, answer, trace };
        let text = message.print(self.args.shown);
        io.stdout.extend_from_slice(text.as_bytes());
        if self.args.shown.stats {
            let protocol = if self.args.tcp { "TCP" } else { "UDP" };
            let now = io.now().timestamp().strftime("%a %b %e %H:%M:%S UTC %Y").to_string();
            io.say(format!(";; Query time: {} msec", took.as_millis()));
            io.say(format!(";; SERVER: {server}#53({server}) ({protocol})"));
            io.say(format!(";; WHEN: {now}"));
            io.say(format!(";; MSG SIZE  rcvd: {}\n", message.size()));
        }
    }
}

/// Keywords that change nothing that is seen of these servers' answers.
const UNSEEN: &[&str] = &[
    "aaflag",
    "aaonly",
    "adflag",
    "badcookie",
    "besteffort",
    "bufsize",
    "cdflag",
    "coflag",
    "cookie",
    "crypto",
    "dnssec",
    "do",
    "edns",
    "ednsflags",
    "ednsnegotiation",
    "fail",
    "idnin",
    "idnout",
    "ignore",
    "keepalive",
    "keepopen",
    "onesoa",
    "padding",
    "qid",
    "raflag",
    "rrcomments",
    "showbadcookie",
    "split",
    "subnet",
    "tcflag",
    "zflag",
];

/// Keywords that would change what is asked or shown; some are on unless they are switched off.
const LEFT_OUT: &[&str] = &[
    "class",
    "cl",
    "dns64prefix",
    "domain",
    "ednsopt",
    "expandaaaa",
    "expire",
    "header-only",
    "http-plain",
    "http-plain-get",
    "https",
    "https-get",
    "identify",
    "multiline",
    "nsid",
    "nssearch",
    "opcode",
    "qr",
    "rdflag",
    "recurse",
    "tls",
    "tls-ca",
    "tls-certfile",
    "tls-hostname",
    "tls-keyfile",
    "trace",
    "ttlid",
    "ttlunits",
    "unknownformat",
    "yaml",
];

/// Whether a word is a keyword, or the beginning of one.
fn abbreviates(keyword: &str, word: &str) -> bool {
    word.len() >= 2 && keyword.starts_with(word)
}

const USAGE: &str = "Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}
            {global-d-opt} host [@local-server] {local-d-opt}
            [ host [@local-server] {local-d-opt} [...]]

Use \"dig -h\" (or \"dig -h | more\") for complete list of options";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args, String> {
        Args::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_type_stands_before_or_after_its_name() {
        for words in [["SRV", "web"], ["web", "SRV"]] {
            assert_eq!(parse(&words).unwrap().lookups, [("web".to_owned(), DnsType::Srv)]);
        }
        let args = parse(&["@10.96.0.10", "-x", "10.96.0.10", "+short"]).unwrap();
        assert_eq!(args.lookups, [("10.0.96.10.in-addr.arpa.".to_owned(), DnsType::Ptr)]);
        assert!(args.short && args.server.as_deref() == Some("10.96.0.10"));
    }

    #[test]
    fn switches_leave_sections_out() {
        let args = parse(&["+noall", "+answer", "web"]).unwrap();
        assert!(args.shown.answer && !args.shown.comments && !args.shown.command);
        assert_eq!(parse(&["+nope", "web"]).unwrap_err(), "Invalid option: +nope");
    }

    // Recording 30: `dig +time=1 +tries=1`
    #[test]
    fn patience_is_an_option() {
        let args = parse(&["+time=1", "+tries=2", "web"]).unwrap();
        assert_eq!((args.timeout, args.tries), (Duration::from_secs(1), 2));
    }
}
