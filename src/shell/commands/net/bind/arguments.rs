//! dig's command line (`dig.c`): what stands before the first name holds for every name, what stands
//! after a name for that name alone.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use super::message::{Look, Wishes};
use super::{VERSION, class_name, record_type};
use crate::network::DnsType;
use crate::shell::Io;
use crate::shell::commands::net::reverse::arpa;
use crate::shell::commands::trouble::left_out;

/// Where servers listen for questions over TLS, and over HTTPS.
const TLS_PORT: u16 = 853;
const HTTPS_PORT: u16 = 443;

/// How a name is asked for, and what is shown of the answer.
#[derive(Clone, Debug)]
pub(super) struct Options {
    /// `@SERVER`
    pub server: Option<String>,
    pub look: Look,
    pub wishes: Wishes,
    /// `+qr`: the question is shown too.
    pub shows_query: bool,
    /// `+identify`
    pub identify: bool,
    pub search: bool,
    pub show_search: bool,
    /// `+domain=`
    pub domain: Option<String>,
    /// `+trace`
    pub trace: bool,
    pub ndots: Option<u32>,
    pub tcp: bool,
    /// `+tls`, `+https`: over TLS, and the usual port of it.
    pub secure: Option<u16>,
    /// `-b`
    pub source: Option<IpAddr>,
    pub timeout: Duration,
    pub tries: u32,
    kind: Option<DnsType>,
}

/// A name to be asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub name: String,
    pub options: Options,
    /// What was typed, where this name is the first and the command is to be shown.
    pub typed: Option<String>,
}

impl Asked {
    /// The type asked for: without a name the root's servers are.
    pub fn kind(&self) -> DnsType {
        self.options.kind.unwrap_or(DnsType::A)
    }
}

/// What dig was asked to do.
#[derive(Clone, Debug)]
pub(super) struct Args {
    pub asked: VecDeque<Asked>,
    pub port: u16,
    /// `-4`, `-6`: servers of one family alone.
    pub family: Option<char>,
    /// `-u`: times are in microseconds.
    pub microseconds: bool,
    /// `+short`
    pub short: bool,
    /// `+cmd`
    pub command: bool,
}

/// What ends dig before it asks, on standard error, and its exit code.
pub(super) type Refused = (String, i32);

/// A command line while it is read.
pub(super) struct Reader<'a, 'b> {
    io: &'a mut Io<'b>,
    args: Args,
    general: Options,
    batch: Option<String>,
    /// Whether a bare word may still be a type or a class.
    open: bool,
}

impl Options {
    fn new() -> Options {
        Options {
            server: None,
            look: Look::default(),
            wishes: Wishes::default(),
            shows_query: false,
            identify: false,
            search: false,
            show_search: false,
            domain: None,
            trace: false,
            ndots: None,
            tcp: false,
            secure: None,
            source: None,
            timeout: Duration::from_secs(5),
            tries: 3,
            kind: None,
        }
    }
}

/// Reads a command line, and the file of further ones that it names.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(io: &mut Io<'_>, arguments: &[String]) -> Result<Args, Refused> {
    let args = Args {
        asked: VecDeque::new(),
        port: 53,
        family: None,
        microseconds: false,
        short: false,
        command: true,
    };
    let mut reader = Reader { io, args, general: Options::new(), batch: None, open: true };
    if !arguments.iter().any(|word| word == "-r")
        && let Some(home) = reader.io.environment.get("HOME").cloned()
        && let Ok(text) = reader.io.read_file(&format!("{home}/.digrc"))
    {
        for line in String::from_utf8_lossy(&text).lines() {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            reader.line(&words)?;
        }
    }
    reader.line(arguments)?;
    if let Some(path) = reader.batch.take() {
        let text = match path.as_str() {
            "-" => {
                let stdin = &mut reader.io.stdin;
                let text = stdin.rest().to_vec();
                stdin.read = stdin.bytes.len();
                text
            }
            _ => reader.io.read_file(&path).map_err(|why| {
                let why = why.rsplit(": ").next().unwrap_or(&why).to_owned();
                (format!("{path}: {why}\ndig: couldn't open specified batch file"), 8)
            })?,
        };
        for line in String::from_utf8_lossy(&text).lines().filter(|line| !line.is_empty()) {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            reader.line(&words)?;
        }
    } else if reader.args.asked.is_empty() {
        reader.general.kind.get_or_insert(DnsType::Ns);
        reader.name(".", arguments);
    }
    match reader.args.asked.iter().find(|asked| asked.options.wishes.class != "IN") {
        Some(asked) => Err((left_out("dig", format!("-c {}", asked.options.wishes.class)), 1)),
        None => Ok(reader.args),
    }
}

impl Reader<'_, '_> {
    fn line(&mut self, arguments: &[String]) -> Result<(), Refused> {
        let before = self.args.asked.len();
        self.open = true;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if let Some(server) = word.strip_prefix('@') {
                self.options(before).server = Some(server.to_owned());
            } else if let Some(switch) = word.strip_prefix('+') {
                self.switch(switch, before)?;
            } else if let Some(option) = word.strip_prefix('-') {
                self.dash(option, &mut words, before, arguments)?;
            } else if matches!(word.to_uppercase().as_str(), "AXFR" | "IXFR") && self.open {
                return Err((left_out("dig", word), 1));
            } else if !self.is_kind(word, before) {
                self.name(word, arguments);
            }
        }
        Ok(())
    }

    /// The options that a word changes: the last name's of this line, or everybody's.
    fn options(&mut self, before: usize) -> &mut Options {
        match self.args.asked.len() > before {
            true => &mut self.args.asked.back_mut().expect("there is one").options,
            false => &mut self.general,
        }
    }

    fn name(&mut self, name: &str, typed: &[String]) {
        let first = self.args.asked.is_empty() && self.args.command && !self.args.short;
        let typed = first.then(|| typed.iter().map(|word| format!(" {word}")).collect());
        let options = self.general.clone();
        self.args.asked.push_back(Asked { name: name.to_owned(), options, typed });
    }

    /// Whether a bare word is a type or a class.
    fn is_kind(&mut self, word: &str, before: usize) -> bool {
        if !self.open {
            return false;
        }
        if let Some(kind) = record_type(word) {
            self.options(before).tcp |= kind == DnsType::Any;
            if self.options(before).kind.replace(kind).is_some() {
                self.io.write_error(";; Warning, extra type option");
            }
            return true;
        }
        match class_name(word) {
            Some(class) => self.options(before).wishes.class = class,
            None => return false,
        }
        true
    }

    fn dash(
        &mut self,
        option: &str,
        words: &mut std::slice::Iter<'_, String>,
        before: usize,
        typed: &[String],
    ) -> Result<(), Refused> {
        let (mut option, single) = (option, !option.is_empty());
        while let Some(letter) = option.chars().next().filter(|one| "46dhimnruv".contains(*one)) {
            match letter {
                '4' | '6' => {
                    if self.args.family.is_some_and(|family| family != letter) {
                        return Err(("dig: only one of -4 and -6 allowed".to_owned(), 1));
                    }
                    self.args.family = Some(letter);
                }
                'u' => self.args.microseconds = true,
                'h' => {
                    self.io.say(USAGE);
                    return Err((String::new(), 0));
                }
                'v' => return Err((format!("DiG {VERSION}"), 0)),
                _ => {}
            }
            option = &option[1..];
        }
        let Some(letter) = option.chars().next() else {
            return if single { Ok(()) } else { Err(invalid("-")) };
        };
        let glued = &option[letter.len_utf8()..];
        let value = if glued.is_empty() { words.next().map(String::as_str) } else { Some(glued) };
        match (letter, value) {
            ('b' | 'c' | 'f' | 'k' | 'p' | 'q' | 't' | 'x' | 'y', Some(value)) => {
                let value = value.to_owned();
                self.valued(letter, &value, before, typed)
            }
            _ => Err(invalid(&format!("-{option}"))),
        }
    }

    fn valued(
        &mut self,
        letter: char,
        value: &str,
        before: usize,
        typed: &[String],
    ) -> Result<(), Refused> {
        match letter {
            'c' => {
                self.open = false;
                match class_name(value) {
                    Some(class) => self.options(before).wishes.class = class,
                    None => {
                        self.io.write_error(format!(";; Warning, ignoring invalid class {value}"))
                    }
                }
            }
            't' => {
                self.open = false;
                match record_type(value) {
                    None if value.to_uppercase().starts_with("AXFR") => {
                        return Err((left_out("dig", format!("-t {value}")), 1));
                    }
                    Some(kind) => {
                        let options = self.options(before);
                        options.kind = Some(kind);
                        // What may be long is asked for over TCP.
                        options.tcp |= kind == DnsType::Any;
                    }
                    None => {
                        self.io.write_error(format!(";; Warning, ignoring invalid type {value}"));
                    }
                }
            }
            'q' => self.name(value, typed),
            'x' => {
                self.name(&backwards(value), typed);
                self.options(before).kind.get_or_insert(DnsType::Ptr);
            }
            'p' => {
                let port = self.number(value, "port number", 65_535, 1)?;
                self.args.port = u16::try_from(port).unwrap_or(53);
            }
            'b' => {
                let address = value.split('#').next().unwrap_or_default();
                match address.parse::<IpAddr>() {
                    Ok(address) => self.options(before).source = Some(address),
                    Err(_) => return Err((format!("dig: invalid address {value}"), 1)),
                }
            }
            'f' => self.batch = Some(value.to_owned()),
            // A key that is not there is told of, and the question goes without.
            'k' if self.io.read_file(value).is_err() => {
                self.io.write_error(format!("Couldn't read key from {value}: file not found"));
            }
            // A key is `[ALGORITHM:]NAME:SECRET`.
            'y' if !value.contains(':') => return Err((USAGE.to_owned(), 1)),
            other => return Err((left_out("dig", format!("-{other}")), 1)),
        }
        Ok(())
    }

    /// A number, or what dig says of it on standard output and standard error.
    fn number(&mut self, text: &str, what: &str, limit: u32, exit: i32) -> Result<u32, Refused> {
        let why = match text.parse::<u64>() {
            Ok(number) if number <= limit.into() => return Ok(number as u32),
            Ok(_) => "out of range",
            Err(_) => "not a valid number",
        };
        self.io.say(format!("invalid {what} '{text}': {why}"));
        Err((format!("dig: Couldn't parse {what}"), exit))
    }

    fn switch(&mut self, text: &str, before: usize) -> Result<(), Refused> {
        let (word, value) = match text.split_once('=') {
            Some((word, value)) => (word, Some(value).filter(|value| !value.is_empty())),
            None => (text, None),
        };
        let (word, on) = word.strip_prefix("no").map_or((word, true), |word| (word, false));
        let name = keyword(word).ok_or_else(|| invalid(&format!("+{text}")))?;
        if self.shown(name, on, before) || self.asked(name, on, before) {
            return Ok(());
        }
        if UNSEEN.contains(&name) {
            return Ok(());
        }
        if LEFT_OUT.contains(&name) {
            return if on { Err((left_out("dig", format!("+{text}")), 1)) } else { Ok(()) };
        }
        self.valued_switch(name, on, value, before).ok_or_else(|| invalid(&format!("+{text}")))?
    }

    /// Switches of what is shown.
    fn shown(&mut self, name: &str, on: bool, before: usize) -> bool {
        match name {
            "cmd" | "all" => self.args.command = on,
            "short" => self.args.short = on,
            _ => {}
        }
        let look = &mut self.options(before).look;
        match name {
            "all" => look.all(on),
            "comments" => look.comments = on,
            "question" => look.question = on,
            "answer" => look.answer = on,
            "authority" => look.authority = on,
            "additional" => look.additional = on,
            "stats" => look.stats = on,
            "class" => look.class = on,
            "ttlid" => look.ttl = on,
            "ttlunits" => (look.ttl, look.units) = (look.ttl || on, on),
            "multiline" => look.multiline = on,
            "cmd" | "short" => {}
            _ => return false,
        }
        true
    }

    /// Switches of what is asked.
    fn asked(&mut self, name: &str, on: bool, before: usize) -> bool {
        let options = self.options(before);
        match name {
            "qr" => options.shows_query = on,
            "identify" => options.identify = on,
            "search" | "defname" => options.search = on,
            "showsearch" => {
                (options.search, options.show_search) = (on || options.search, on);
            }
            "tcp" | "vc" => options.tcp = on,
            "tls" | "https" | "https-get" | "https-post" => {
                let port = if name == "tls" { TLS_PORT } else { HTTPS_PORT };
                options.secure = on.then_some(port);
                options.tcp = on || options.tcp;
            }
            "recurse" | "rdflag" => options.wishes.recursion = on,
            "cdflag" => options.wishes.unchecked = on,
            "dnssec" | "do" => options.wishes.signatures = on,
            "cookie" => options.wishes.cookie = on,
            "trace" => {
                options.trace = on;
                options.identify = on;
                if on {
                    options.look.all(false);
                    (options.look.answer, options.look.authority) = (true, true);
                    options.wishes.signatures = true;
                }
            }
            _ => return false,
        }
        true
    }

    /// Switches with a value; `None` where it is missing.
    fn valued_switch(
        &mut self,
        name: &str,
        on: bool,
        value: Option<&str>,
        before: usize,
    ) -> Option<Result<(), Refused>> {
        match (name, on, value) {
            ("edns", on, _) => self.options(before).wishes.edns = on,
            ("bufsize", false, _) => self.options(before).wishes.buffer = 1232,
            ("domain", true, Some(domain)) => {
                let options = self.options(before);
                (options.domain, options.search) = (Some(domain.to_owned()), true);
            }
            ("domain", false, _) => self.options(before).domain = None,
            (_, false, _) | (_, _, None) => return None,
            (name, true, Some(value)) => return Some(self.numbered(name, value, before)),
        }
        Some(Ok(()))
    }

    fn numbered(&mut self, name: &str, value: &str, before: usize) -> Result<(), Refused> {
        let (what, limit) = match name {
            "bufsize" => ("buffer size", 65_535),
            "time" | "timeout" => ("timeout", 65_535),
            "ndots" => ("ndots", 65_535),
            "retry" => ("retries", u32::MAX - 1),
            _ => ("tries", u32::MAX),
        };
        let number = self.number(value, what, limit, 10)?;
        let options = self.options(before);
        match name {
            "bufsize" => options.wishes.buffer = u16::try_from(number).unwrap_or(u16::MAX).max(512),
            "time" | "timeout" => options.timeout = Duration::from_secs(number.max(1).into()),
            "ndots" => options.ndots = Some(number),
            "retry" => options.tries = number.saturating_add(1),
            _ => options.tries = number.max(1),
        }
        Ok(())
    }
}

/// The name under which an address is found; a piece of one is turned round as it is.
fn backwards(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(address) => format!("{}.", arpa(address)),
        Err(_) => {
            let turned: Vec<&str> = text.rsplit('.').collect();
            format!("{}.in-addr.arpa.", turned.join("."))
        }
    }
}

fn invalid(option: &str) -> Refused {
    (format!("Invalid option: {option}\n{USAGE}"), 1)
}

/// The keyword that a word is, or the only one that it begins.
fn keyword(word: &str) -> Option<&'static str> {
    // Two words of old.
    if let Some((_, meant)) =
        [("cl", "class"), ("ttl", "ttlid")].iter().find(|(old, _)| *old == word)
    {
        return Some(meant);
    }
    let all = || SHOWN.iter().chain(UNSEEN).chain(LEFT_OUT).copied();
    if let Some(exact) = all().find(|one| *one == word) {
        return Some(exact);
    }
    let mut near = all().filter(|one| one.starts_with(word));
    let first = near.next().filter(|_| !word.is_empty())?;
    near.all(|other| (first, other) == ("time", "timeout")).then_some(first)
}

/// Keywords that change what is asked, or what is shown.
const SHOWN: &[&str] = &[
    "additional",
    "all",
    "answer",
    "authority",
    "bufsize",
    "cdflag",
    "class",
    "cmd",
    "comments",
    "cookie",
    "defname",
    "dnssec",
    "do",
    "domain",
    "edns",
    "https",
    "https-get",
    "https-post",
    "identify",
    "multiline",
    "ndots",
    "qr",
    "question",
    "rdflag",
    "recurse",
    "retry",
    "search",
    "short",
    "showsearch",
    "stats",
    "tcp",
    "tls",
    "time",
    "timeout",
    "trace",
    "tries",
    "ttlid",
    "ttlunits",
    "vc",
];

/// Keywords that change nothing that is seen of these servers' answers.
const UNSEEN: &[&str] = &[
    "aaflag",
    "aaonly",
    "adflag",
    "badcookie",
    "besteffort",
    "coflag",
    "crypto",
    "ednsflags",
    "ednsnegotiation",
    "fail",
    "idnin",
    "idnout",
    "ignore",
    "keepalive",
    "keepopen",
    "nsid",
    "onesoa",
    "padding",
    "raflag",
    "rrcomments",
    "showallmessages",
    "showbadcookie",
    "showbadvers",
    "split",
    "tcflag",
    "zflag",
];

/// Keywords that would change what is asked or shown, and are not simulated.
const LEFT_OUT: &[&str] = &[
    "dns64prefix",
    "ednsopt",
    "expandaaaa",
    "expire",
    "header-only",
    "http-plain",
    "http-plain-get",
    "http-plain-post",
    "mapped",
    "nssearch",
    "opcode",
    "qid",
    "subnet",
    "tls-ca",
    "tls-certfile",
    "tls-hostname",
    "tls-keyfile",
    "unexpected",
    "unknownformat",
    "yaml",
];

const USAGE: &str = "Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}
            {global-d-opt} host [@local-server] {local-d-opt}
            [ host [@local-server] {local-d-opt} [...]]

Use \"dig -h\" (or \"dig -h | more\") for complete list of options";

#[cfg(test)]
mod tests {
    use super::*;

    // dig.c, `plus_option`: a word may be cut as long as it is no other keyword's beginning.
    #[test]
    fn a_keyword_may_be_cut_while_it_is_the_only_one() {
        let cut = ["multi", "rec", "ti", "cl", "ans", "q", "sho", "nope", ""];
        let meant = [
            Some("multiline"),
            Some("recurse"),
            Some("time"),
            Some("class"),
            Some("answer"),
            None,
            None,
            None,
            None,
        ];
        assert_eq!(cut.map(keyword), meant);
    }

    #[test]
    fn a_piece_of_an_address_is_turned_round() {
        assert_eq!(backwards("10.96.0.10"), "10.0.96.10.in-addr.arpa.");
        assert_eq!(backwards("1.2"), "2.1.in-addr.arpa.");
    }
}
