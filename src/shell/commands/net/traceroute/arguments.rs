//! traceroute's command line: that of Dmitry Butskoy's traceroute, which Debian has, and BusyBox'.

use std::time::Duration;

use super::super::families::Families;
use crate::cluster::Flavour;
use crate::network::Protocol;
use crate::shell::commands;
use crate::shell::commands::options::{Grammar, Messages};
use crate::shell::commands::trouble::left_out;

/// How many hops it tries.
const HOPS: u32 = 30;

/// How many probes it sends to each hop.
const PROBES: u32 = 3;

/// How many BusyBox' may send to each hop here: nobody reads a longer line.
const MOST_PROBES: u32 = 100;

/// The port of the first UDP probe; each later one asks the next.
const FIRST_PORT: u16 = 33_434;

/// What a traceroute is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Args {
    pub host: String,
    /// What its probes are.
    pub protocol: Protocol,
    /// The port that they ask, or the first of the ports; 0 for pings.
    pub port: u16,
    /// Whether each probe asks the next port.
    pub counts_up: bool,
    pub first: u32,
    pub most: u32,
    pub probes: u32,
    pub patience: Duration,
    pub numeric: bool,
    pub families: Families,
    /// The length of a packet, where it was given.
    pub bytes: Option<u32>,
    /// Whether the TTL of each answer is shown (BusyBox' `-l`).
    pub shows_ttl: bool,
}

/// Why there is nothing to trace: what is said, and the exit code.
pub(super) type Refusal = (String, i32);

impl Args {
    fn usual(flavour: Flavour) -> Args {
        Args {
            host: String::new(),
            protocol: Protocol::Udp,
            port: FIRST_PORT,
            counts_up: true,
            first: 1,
            most: HOPS,
            probes: PROBES,
            patience: match flavour {
                Flavour::BusyBox => Duration::from_secs(3),
                Flavour::Gnu => Duration::from_secs(5),
            },
            numeric: false,
            families: Families::usual(flavour),
            bytes: None,
            shows_ttl: false,
        }
    }

    fn probe(&mut self, protocol: Protocol, port: u16) {
        (self.protocol, self.port, self.counts_up) = (protocol, port, false);
    }

    /// Reads a command line of the real traceroute.
    ///
    /// # Errors
    /// What it says of a wrong one; a flag that is not simulated.
    pub fn real(arguments: &[String]) -> Result<Args, Refusal> {
        if arguments.is_empty() {
            let usage = commands::usage("traceroute");
            return Err((format!("Usage:\n  {usage}"), 0));
        }
        let mut args = Args::usual(Flavour::Gnu);
        let mut port = None;
        let mut operands = Vec::new();
        let mut at = 0;
        while let Some(word) = arguments.get(at) {
            at += 1;
            if word.len() < 2 || !word.starts_with('-') {
                operands.push((at, word.as_str()));
                continue;
            }
            let Some(option) = Word::of(word) else {
                return Err((format!("Bad option `{word}' (argc {at})"), 2));
            };
            let value = option.value(arguments, &mut at)?;
            let refused = || {
                let name = option.name;
                (format!("Cannot handle `{name}' option with arg `{value}' (argc {at})"), 2)
            };
            match option.letter {
                'p' => port = Some(value.parse::<u32>().map_err(|_| refused())?),
                'V' => return Err((VERSION.to_owned(), 0)),
                letter if args.set(letter, value).ok_or_else(refused)?? => {}
                _ => return Err((left_out("traceroute", option.name), 1)),
            }
        }
        if let Some(port) = port.filter(|_| args.protocol != Protocol::Icmp) {
            args.port = port as u16;
        }
        args.take(&operands)?;
        args.within_bounds()?;
        Ok(args)
    }

    /// Takes an option; whether podhop simulates it, and `None` where its value is none.
    ///
    /// # Errors
    /// What is said of a value that no probe can have.
    fn set(&mut self, letter: char, value: &str) -> Option<Result<bool, Refusal>> {
        match letter {
            'I' => self.probe(Protocol::Icmp, 0),
            'T' => self.probe(Protocol::Tcp, 80),
            'U' => self.probe(Protocol::Udp, 53),
            '4' | '6' => self.families = Families::option(letter).unwrap_or_default(),
            'n' => self.numeric = true,
            'f' => self.first = value.parse().ok()?,
            'm' => self.most = value.parse().ok()?,
            'q' => self.probes = value.parse().ok()?,
            'w' => match longest(value)? {
                Ok(patience) => self.patience = patience,
                Err(refusal) => return Some(Err(refusal)),
            },
            // These tune what never shows here.
            'd' | 'F' | 'e' => {}
            'N' | 't' => drop(value.parse::<u32>().ok()?),
            _ => return Some(Ok(false)),
        }
        Some(Ok(true))
    }

    /// Reads the operands: a host, and perhaps a length.
    fn take(&mut self, operands: &[(usize, &str)]) -> Result<(), Refusal> {
        let mut operands = operands.iter().enumerate();
        match operands.next() {
            Some((_, (_, host))) => self.host = (*host).to_owned(),
            None => return Err(("Specify \"host\" missing argument.".to_owned(), 2)),
        }
        if let Some((_, (at, text))) = operands.next() {
            let bytes = text.parse().map_err(|_| {
                (
                    format!(
                        "Cannot handle \"packetlen\" cmdline arg `{text}' on position 2 (argc {at})"
                    ),
                    2,
                )
            })?;
            self.bytes = Some(bytes);
        }
        match operands.next() {
            Some((index, (at, extra))) => {
                Err((format!("Extra arg `{extra}' (position {}, argc {at})", index + 1), 2))
            }
            None => Ok(()),
        }
    }

    fn within_bounds(&self) -> Result<(), Refusal> {
        let wrong = |text: &str| Err((text.to_owned(), 2));
        if self.first < 1 || self.first > self.most {
            return wrong("first hop out of range");
        }
        if self.most > 255 {
            return wrong("max hops cannot be more than 255");
        }
        if !(1..=10).contains(&self.probes) {
            return wrong("no more than 10 probes per hop");
        }
        match self.bytes {
            Some(bytes) if bytes > 65_000 => wrong(&format!("too big packetlen {bytes} specified")),
            _ => Ok(()),
        }
    }

    /// Reads a command line of BusyBox' applet.
    ///
    /// # Errors
    /// What it says of a wrong one; a flag that is not simulated.
    pub fn busybox(arguments: &[String], words: Messages) -> Result<Args, Refusal> {
        const GRAMMAR: Grammar = Grammar::short("traceroute", "46IFlnvf:m:q:p:t:w:");
        let options = GRAMMAR.parse(arguments, words).map_err(|misuse| (misuse.into(), 1))?;
        let mut args = Args::usual(Flavour::BusyBox);
        let number = |letter: char, range: (u32, u32), usual: u32| match options.value(letter) {
            Some(text) => in_range(text, range),
            None => Ok(usual),
        };
        for letter in ['4', '6'].into_iter().filter(|letter| options.has(*letter)) {
            args.families = Families::option(letter).unwrap_or_default();
        }
        if options.has('v') {
            return Err((left_out("traceroute", "-v"), 1));
        }
        (args.numeric, args.shows_ttl) = (options.has('n'), options.has('l'));
        args.most = number('m', (1, 255), HOPS)?;
        args.first = number('f', (1, args.most), 1)?;
        args.probes = number('q', (1, i32::MAX as u32), PROBES)?;
        if args.probes > MOST_PROBES {
            let flag = format!("-q {}; it sends {MOST_PROBES} to a hop at most", args.probes);
            return Err((left_out("traceroute", flag), 1));
        }
        args.port = number('p', (1, 65_535), FIRST_PORT.into())? as u16;
        args.patience = Duration::from_secs(number('w', (1, 86_400), 3)?.into());
        if options.has('I') {
            args.probe(Protocol::Icmp, 0);
        }
        args.host = match options.operands.as_slice() {
            [host, ..] => host.clone(),
            [] => return Err((commands::busybox_usage("traceroute"), 1)),
        };
        if let Some(text) = options.operands.get(1) {
            args.bytes = Some(in_range(text, (46, 32_768))?);
        }
        Ok(args)
    }
}

/// A number as BusyBox' `xatou_range` takes it.
fn in_range(text: &str, (low, high): (u32, u32)) -> Result<u32, Refusal> {
    let number: u64 =
        text.parse().map_err(|_| (format!("traceroute: invalid number '{text}'"), 1))?;
    u32::try_from(number)
        .ok()
        .filter(|number| (low..=high).contains(number))
        .ok_or_else(|| (format!("traceroute: number {text} is not in {low}..{high} range"), 1))
}

/// The longest time that `-w MAX,HERE,NEAR` waits; `None` where it is no number.
fn longest(value: &str) -> Option<Result<Duration, Refusal>> {
    let mut parts = value.split(',').map(|part| part.parse::<f64>().ok());
    let most = parts.next()??;
    let (here, near) = (parts.next().unwrap_or(Some(0.0))?, parts.next().unwrap_or(Some(0.0))?);
    let wrong = || (format!("bad wait specifications `{most},{here},{near}' used"), 2);
    let is_negative = [most, here, near].iter().any(|seconds| *seconds < 0.0);
    let wait = Duration::try_from_secs_f64(most).ok().filter(|_| !is_negative);
    Some(wait.ok_or_else(wrong))
}

const VERSION: &str = "Modern traceroute for Linux, version 2.1.2\n\
    Copyright (c) 2016  Dmitry Butskoy,   License: GPL v2 or any later";

/// An option as it was written.
struct Word<'a> {
    letter: char,
    /// As it is spelt in messages: `-m`, `--max-hops`.
    name: &'a str,
    is_long: bool,
    /// What it takes, in the usage's words.
    takes: Option<&'static str>,
    /// The value that is part of the word.
    glued: Option<&'a str>,
}

impl<'a> Word<'a> {
    /// The option's value: part of its word, or the next one.
    ///
    /// # Errors
    /// There is none.
    fn value(&self, arguments: &'a [String], at: &mut usize) -> Result<&'a str, Refusal> {
        let Some(what) = self.takes else { return Ok("") };
        if let Some(glued) = self.glued {
            return Ok(glued);
        }
        let (name, number) = (self.name, *at);
        let between = if self.is_long { '=' } else { ' ' };
        let missing = || {
            let example = format!("{name}{between}{what}");
            (format!("Option `{name}' (argc {number}) requires an argument: `{example}'"), 2)
        };
        // A long option takes no other word.
        let next = arguments.get(*at).filter(|_| !self.is_long).ok_or_else(missing)?;
        *at += 1;
        Ok(next)
    }

    /// `None` for a word that is no option. Letters without values may stand together.
    fn of(word: &'a str) -> Option<Word<'a>> {
        if word.starts_with("--") {
            let (name, glued) = word.split_once('=').map_or((word, None), |(n, v)| (n, Some(v)));
            let (letter, _, takes) =
                OPTIONS.iter().find(|(_, long, _)| !long.is_empty() && *long == &name[2..])?;
            let fits = takes.is_some() || glued.is_none();
            return fits.then_some(Word {
                letter: *letter,
                name,
                is_long: true,
                takes: *takes,
                glued,
            });
        }
        // UDP-Lite alone has two letters.
        if word == "-UL" {
            return Some(Word {
                letter: 'L',
                name: word,
                is_long: false,
                takes: None,
                glued: None,
            });
        }
        let letter = word.chars().nth(1)?;
        let (_, _, takes) = OPTIONS.iter().find(|(known, ..)| *known == letter)?;
        let name = &word[..1 + letter.len_utf8()];
        let glued = Some(&word[name.len()..]).filter(|rest| !rest.is_empty());
        let fits = takes.is_some() || glued.is_none();
        fits.then_some(Word { letter, name, is_long: false, takes: *takes, glued })
    }
}

/// Its options: letter, long name, and what it takes.
const OPTIONS: [(char, &str, Option<&str>); 33] = [
    ('4', "", None),
    ('6', "", None),
    ('d', "debug", None),
    ('F', "dont-fragment", None),
    ('f', "first", Some("first_ttl")),
    ('g', "gateway", Some("gate,...")),
    ('I', "icmp", None),
    ('T', "tcp", None),
    ('i', "interface", Some("device")),
    ('m', "max-hops", Some("max_ttl")),
    ('N', "sim-queries", Some("squeries")),
    ('n', "", None),
    ('p', "port", Some("port")),
    ('t', "tos", Some("tos")),
    ('l', "flowlabel", Some("flow_label")),
    ('w', "wait", Some("MAX,HERE,NEAR")),
    ('q', "queries", Some("nqueries")),
    ('r', "", None),
    ('s', "source", Some("src_addr")),
    ('z', "sendwait", Some("sendwait")),
    ('e', "extensions", None),
    ('A', "as-path-lookups", None),
    ('M', "module", Some("name")),
    ('O', "options", Some("OPTS,...")),
    ('U', "udp", None),
    ('V', "version", None),
    ('D', "dccp", None),
    ('P', "protocol", Some("prot")),
    // These have no letter of their own.
    ('\u{1}', "sport", Some("num")),
    ('\u{2}', "fwmark", Some("num")),
    ('\u{3}', "mtu", None),
    ('\u{4}', "back", None),
    ('\u{5}', "help", None),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn real(line: &str) -> Result<Args, Refusal> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Args::real(&words)
    }

    fn said(line: &str) -> String {
        real(line).expect_err("it is wrong").0
    }

    // What Debian's traceroute 2.1.2 said to the same lines.
    #[test]
    fn wrong_lines_are_refused_in_its_own_words() {
        assert_eq!(said("-m 300 a"), "max hops cannot be more than 255");
        assert_eq!(said("-m 0 a"), "first hop out of range");
        assert_eq!(said("-q 11 a"), "no more than 10 probes per hop");
        assert_eq!(said("-X a"), "Bad option `-X' (argc 1)");
        assert_eq!(said("-m a"), "Cannot handle `-m' option with arg `a' (argc 2)");
        assert_eq!(said("-m"), "Option `-m' (argc 1) requires an argument: `-m max_ttl'");
        assert_eq!(said("--queries=x a"), "Cannot handle `--queries' option with arg `x' (argc 1)");
        assert_eq!(
            said("a x"),
            "Cannot handle \"packetlen\" cmdline arg `x' on position 2 (argc 2)"
        );
        assert_eq!(said("a 1 2"), "Extra arg `2' (position 3, argc 3)");
        assert_eq!(said("-n"), "Specify \"host\" missing argument.");
        assert_eq!(said("-w -1 a"), "bad wait specifications `-1,0,0' used");
    }

    #[test]
    fn its_methods_ask_their_own_ports() {
        let probe = |line| real(line).map(|args| (args.protocol, args.port, args.counts_up));
        assert_eq!(probe("a"), Ok((Protocol::Udp, 33_434, true)));
        assert_eq!(probe("-I a"), Ok((Protocol::Icmp, 0, false)));
        assert_eq!(probe("-T a"), Ok((Protocol::Tcp, 80, false)));
        assert_eq!(probe("-T -p 443 a"), Ok((Protocol::Tcp, 443, false)));
        assert_eq!(probe("a --udp -p 5000"), Ok((Protocol::Udp, 5_000, false)));
    }
}
