//! BusyBox's nslookup: all questions at once, every answer told, and no search list for a name with
//! a dot in it (R8.7).

use std::net::IpAddr;
use std::time::Duration;

use super::old_nslookup;
use super::reverse::arpa;
use crate::clock::SimTime;
use crate::cluster::DialFailure;
use crate::network::{DnsAnswer, DnsCode, DnsData, DnsType, Protocol, Question};
use crate::shell::commands::trouble::left_out;
use crate::shell::{Io, Step, Tool};

/// How long it waits for answers.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that says that it failed is asked again at once, twice for each question.
const SERVFAIL_TRIES: u32 = 3;

/// A running nslookup.
#[derive(Clone, Debug)]
struct Nslookup {
    arguments: Vec<String>,
    /// `-debug`
    debug: bool,
    /// The server, where one is named.
    server: Option<String>,
    state: NslookupState,
}

#[derive(Clone, Debug)]
enum NslookupState {
    Start,
    /// The answers are there at this moment.
    Asked {
        until: SimTime,
        server: IpAddr,
        answers: Vec<(String, DnsAnswer, Duration)>,
    },
    /// Nobody answers; it gives up at this moment.
    Unanswered {
        until: SimTime,
    },
}

/// nslookup since BusyBox 1.29.
fn new(arguments: &[String]) -> Box<dyn Tool> {
    let arguments = arguments.to_vec();
    Box::new(Nslookup { arguments, debug: false, server: None, state: NslookupState::Start })
}

/// Which of the two BusyBox' nslookups it is, is seen at the place.
#[derive(Clone)]
struct EitherNslookup {
    arguments: Vec<String>,
    started: Option<Box<dyn Tool>>,
}

impl Tool for EitherNslookup {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        let arguments = &self.arguments;
        let started = self.started.get_or_insert_with(|| match old_nslookup::is_old(io) {
            true => old_nslookup::start(arguments),
            false => new(arguments),
        });
        started.step(io)
    }
}

/// nslookup with these arguments, of the place's BusyBox.
pub(in crate::shell::commands) fn start(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(EitherNslookup { arguments: arguments.to_vec(), started: None })
}

impl Tool for Nslookup {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            match self.state.clone() {
                NslookupState::Start => match self.ask(io) {
                    Ok(state) => self.state = state,
                    Err(exit) => return Step::Exit(exit),
                },
                NslookupState::Asked { until, .. } | NslookupState::Unanswered { until }
                    if until > io.now() =>
                {
                    return Step::Until(until);
                }
                NslookupState::Asked { server, answers, .. } => {
                    let named = self.server.clone().unwrap_or_else(|| server.to_string());
                    return tell(io, (server, &named), &answers, self.debug);
                }
                NslookupState::Unanswered { .. } => {
                    io.say(";; connection timed out; no servers could be reached\n");
                    return Step::Exit(1);
                }
            }
        }
    }
}

impl Nslookup {
    /// Sends every question; an exit code ends it.
    fn ask(&mut self, io: &mut Io<'_>) -> Result<NslookupState, i32> {
        let wanted = Wanted::read(&self.arguments).map_err(|told| {
            io.write_error(told);
            1
        })?;
        let Wanted { kind, patience, debug, words } = wanted;
        self.debug = debug;
        let (Some(name), None) = (words.first(), words.get(2)) else {
            io.write_error(USAGE);
            return Err(1);
        };
        let conf = io.cluster.resolv_conf(io.place);
        // Who names a server has no search list: it stands in the file that names the others.
        let (server, search) = match words.get(1) {
            None => (conf.nameservers.first().copied(), conf.search.as_slice()),
            Some(server) => {
                let bare = server.strip_suffix(":53").unwrap_or(server);
                let found = || io.cluster.lookup(io.place, bare).result.ok()?.first().copied();
                (bare.parse().ok().or_else(found), &[][..])
            }
        };
        self.server = words.get(1).map(|server| (*server).to_owned());
        let Some(server) = server else {
            let shown = words.get(1).copied().unwrap_or("");
            io.write_error(format!("nslookup: bad address '{shown}'"));
            return Err(1);
        };
        let (names, kinds) = questions(name, kind, search);
        let mut answers = Vec::new();
        let (mut took, mut refused, mut late) = (Duration::ZERO, false, false);
        // All names for the one type, then for the other (`add_query_with_search`).
        for &kind in &kinds {
            for name in &names {
                let question = Question { name, kind };
                let query = io.cluster.query(io.place, Protocol::Udp, server, question);
                match query.result {
                    Ok(answer) => {
                        let tries =
                            if answer.code == DnsCode::ServFail { SERVFAIL_TRIES } else { 1 };
                        let came = query.took * tries;
                        if came <= patience {
                            took = took.max(came);
                            answers.push((name.clone(), answer, came));
                        } else {
                            late = true;
                        }
                    }
                    Err(why) => refused |= why == DialFailure::Refused,
                }
            }
        }
        if late {
            took = patience;
        }
        if !answers.is_empty() {
            return Ok(NslookupState::Asked { until: io.now() + took, server, answers });
        }
        if refused {
            io.write_error(format!("nslookup: write to '{server}': Connection refused"));
            return Ok(NslookupState::Unanswered { until: io.now() });
        }
        Ok(NslookupState::Unanswered { until: io.now() + patience })
    }
}

/// What was asked for.
struct Wanted<'a> {
    kind: Option<DnsType>,
    /// How long it waits.
    patience: Duration,
    debug: bool,
    words: Vec<&'a str>,
}

/// The options; a word may be cut anywhere, and the first that it begins is meant.
const OPTIONS: &[&str] = &["type", "querytype", "port", "retry", "debug", "t", "timeout"];

impl Wanted<'_> {
    /// Options stand before the name (`nslookup.c`, `nslookup_main`).
    fn read(arguments: &[String]) -> Result<Wanted<'_>, String> {
        let mut wanted = Wanted { kind: None, patience: PATIENCE, debug: false, words: Vec::new() };
        let mut rest = arguments.iter().map(String::as_str).peekable();
        while let Some(option) = rest.peek().and_then(|word| word.strip_prefix('-')) {
            rest.next();
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let number = || {
                let number = value.parse::<u64>().ok().filter(|number| *number > 0);
                number.ok_or_else(|| format!("nslookup: invalid number '{value}'"))
            };
            match OPTIONS.iter().find(|known| known.starts_with(name)) {
                Some(&"type" | &"querytype") => {
                    let kind = record_type(value);
                    let unknown = || format!("nslookup: invalid query type \"{value}\"");
                    wanted.kind = Some(kind.ok_or_else(unknown)?);
                }
                // How often it asks within that time is not seen.
                Some(&"retry") => drop(number()?),
                Some(&"t" | &"timeout") => wanted.patience = Duration::from_secs(number()?),
                Some(&"debug") => wanted.debug = true,
                Some(&"port") if number()? == 53 => {}
                Some(name) => return Err(left_out("nslookup", format!("-{name}"))),
                None => return Err(USAGE.to_owned()),
            }
        }
        wanted.words = rest.collect();
        Ok(wanted)
    }
}

/// The names to be asked for, and the types.
fn questions(name: &str, kind: Option<DnsType>, search: &[String]) -> (Vec<String>, Vec<DnsType>) {
    if let Ok(address) = name.parse::<IpAddr>() {
        return (vec![arpa(address)], vec![DnsType::Ptr]);
    }
    let kinds = kind.map_or_else(|| vec![DnsType::A, DnsType::Aaaa], |kind| vec![kind]);
    if name.contains('.') || search.is_empty() {
        return (vec![name.trim_end_matches('.').to_owned()], kinds);
    }
    (search.iter().map(|suffix| format!("{name}.{suffix}")).collect(), kinds)
}

fn record_type(name: &str) -> Option<DnsType> {
    Some(match name.to_lowercase().as_str() {
        "a" => DnsType::A,
        "aaaa" => DnsType::Aaaa,
        "cname" => DnsType::Cname,
        "srv" => DnsType::Srv,
        "ptr" => DnsType::Ptr,
        "txt" => DnsType::Txt,
        "ns" => DnsType::Ns,
        "soa" => DnsType::Soa,
        "mx" => DnsType::Mx,
        "any" => DnsType::Any,
        _ => return None,
    })
}

fn tell(
    io: &mut Io<'_>,
    (server, named): (IpAddr, &str),
    answers: &[(String, DnsAnswer, Duration)],
    debug: bool,
) -> Step {
    io.say(format!("Server:\t\t{named}"));
    io.say(format!("Address:\t{server}:53\n"));
    let mut failed = false;
    for (number, (name, answer, took)) in answers.iter().enumerate() {
        if debug {
            io.say(format!("Query #{number} completed in {}ms:", took.as_millis()));
        }
        match answer.code {
            DnsCode::NoError => {
                if !answer.authoritative {
                    io.say("Non-authoritative answer:");
                } else if debug {
                    io.say("authoritative answer:");
                }
                records(io, answer);
            }
            code => {
                failed = true;
                let code = match code {
                    DnsCode::NxDomain => "NXDOMAIN",
                    DnsCode::ServFail => "SERVFAIL",
                    _ => "REFUSED",
                };
                io.say(format!("** server can't find {name}: {code}"));
            }
        }
        io.say("");
    }
    Step::Exit(i32::from(failed))
}

fn records(io: &mut Io<'_>, answer: &DnsAnswer) {
    for record in &answer.records {
        let name = record.name.trim_end_matches('.');
        match &record.data {
            DnsData::A(_) | DnsData::Aaaa(_) => {
                io.say(format!("Name:\t{name}"));
                io.say(format!("Address: {}", record.data));
            }
            DnsData::Cname(target) => {
                io.say(format!("{name}\tcanonical name = {}", target.trim_end_matches('.')));
            }
            DnsData::Srv { priority, weight, port, target } => {
                let target = target.trim_end_matches('.');
                io.say(format!("{name}\tservice = {priority} {weight} {port} {target}"));
            }
            DnsData::Ptr(target) => {
                io.say(format!("{name}\tname = {}", target.trim_end_matches('.')));
            }
            DnsData::Ns(target) => {
                io.say(format!("{name}\tnameserver = {}", target.trim_end_matches('.')));
            }
            DnsData::Txt(text) => io.say(format!("{name}\ttext = \"{text}\"")),
            DnsData::Soa { server, mailbox, serial, refresh, retry, expire, minimum } => {
                let (server, mailbox) =
                    (server.trim_end_matches('.'), mailbox.trim_end_matches('.'));
                io.say(format!("{name}\n\torigin = {server}\n\tmail addr = {mailbox}"));
                io.say(format!("\tserial = {serial}\n\trefresh = {refresh}\n\tretry = {retry}"));
                io.say(format!("\texpire = {expire}\n\tminimum = {minimum}"));
            }
        }
    }
}

const USAGE: &str = "BusyBox v1.37.0 multi-call binary.

Usage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]

Query DNS about HOST

QUERY_TYPE: soa,ns,a,aaaa,cname,mx,txt,ptr,srv,any";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_dot_gets_no_search_suffix() {
        // R8.7
        let search = ["default.svc.cluster.local".to_owned(), "cluster.local".to_owned()];
        assert_eq!(questions("web.default", None, &search).0, ["web.default"]);
        assert_eq!(
            questions("web", None, &search).0,
            ["web.default.svc.cluster.local", "web.cluster.local"]
        );
    }

    #[test]
    fn an_address_is_asked_for_backwards() {
        let (names, kinds) = questions("10.96.0.10", None, &[]);
        assert_eq!(names, ["10.0.96.10.in-addr.arpa"]);
        assert_eq!(kinds, [DnsType::Ptr]);
    }
}
