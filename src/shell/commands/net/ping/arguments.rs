//! ping's command line, as iputils (`ping/ping.c`) and as BusyBox (`networking/ping.c`) read it.

use std::net::IpAddr;
use std::time::Duration;

use super::super::families::Families;
use super::super::kernel::devices;
use super::{BUSYBOX_USAGE, USAGE, VERSION};
use crate::cluster::Flavour;
use crate::shell::Io;
use crate::shell::commands::options::Messages;
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::words;

/// What a ping was asked to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Args {
    /// The host, where one was named.
    pub host: Option<String>,
    pub count: Option<u32>,
    pub interval: Option<Duration>,
    pub wait: Option<Duration>,
    pub deadline: Option<Duration>,
    pub quiet: bool,
    pub numeric: bool,
    pub families: Families,
    pub size: Option<usize>,
    /// How many routers a packet may pass.
    pub ttl: Option<u8>,
    /// `-I`: a device or an address of one's own.
    pub from: Option<String>,
    /// `-D`: each answer's moment before it.
    pub moments: bool,
    /// `-p`: what packets are filled with, in hexadecimal.
    pub pattern: Option<String>,
}

/// Why ping does not begin: what it says, whether on standard output, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub told: String,
    pub code: i32,
    pub is_output: bool,
}

impl Refusal {
    pub fn new(code: i32, told: impl Into<String>) -> Refusal {
        Refusal { told: told.into(), code, is_output: false }
    }
}

/// A number in bounds, as `strtol_or_err` reads it.
fn number(value: &str, least: i64, most: i64) -> Result<i64, Refusal> {
    let wrong = || format!("ping: invalid argument: '{value}'");
    let number: i64 = value.parse().map_err(|_| Refusal::new(1, wrong()))?;
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(Refusal::new(1, format!("{}: out of range: {least} <= value <= {most}", wrong())))
}

impl Args {
    /// Reads a command line; what is only warned of is written at once.
    ///
    /// # Errors
    /// Why ping does not begin.
    pub fn parse(arguments: &[String], flavour: Flavour, io: &mut Io<'_>) -> Result<Args, Refusal> {
        let reader = match flavour {
            Flavour::Gnu => Reader { flavour, messages: Messages::Gnu },
            Flavour::BusyBox => Reader { flavour, messages: words(io.cluster, io.place) },
        };
        let mut warnings = Vec::new();
        let args = reader.read(arguments, &mut warnings);
        for warning in warnings {
            io.write_error(warning);
        }
        let args = args?;
        if let Some(from) = &args.from {
            reader.source(io, from)?;
        }
        Ok(args)
    }
}

struct Reader {
    flavour: Flavour,
    messages: Messages,
}

impl Reader {
    fn read(&self, arguments: &[String], warnings: &mut Vec<String>) -> Result<Args, Refusal> {
        let busybox = self.flavour == Flavour::BusyBox;
        let mut args = Args::default();
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let Some(group) = word.strip_prefix('-').filter(|group| !group.is_empty()) else {
                // BusyBox takes one host alone; iputils' last one is asked.
                if busybox && args.host.is_some() {
                    return Err(Refusal::new(1, BUSYBOX_USAGE));
                }
                args.host = Some(word.to_owned());
                continue;
            };
            for (at, letter) in group.char_indices() {
                if !self.takes_value(letter) {
                    self.flag(&mut args, letter)?;
                    continue;
                }
                let rest = &group[at + letter.len_utf8()..];
                let value = if rest.is_empty() { words.next() } else { Some(rest) };
                let missing = || self.wrong_option("option requires an argument", letter);
                let value = value.ok_or_else(missing)?;
                match self.flavour {
                    Flavour::Gnu => gnu_value(&mut args, letter, value, warnings)?,
                    Flavour::BusyBox => busybox_value(&mut args, letter, value)?,
                }
                break;
            }
        }
        match (&args.host, busybox) {
            (Some(_), _) => Ok(args),
            (None, true) => Err(Refusal::new(1, BUSYBOX_USAGE)),
            (None, false) => {
                Err(Refusal::new(1, "ping: usage error: Destination address required"))
            }
        }
    }

    fn takes_value(&self, letter: char) -> bool {
        match self.flavour {
            Flavour::Gnu => "TFNcieIlmMpQSstwW".contains(letter),
            Flavour::BusyBox => "ciIpstwW".contains(letter),
        }
    }

    fn flag(&self, args: &mut Args, letter: char) -> Result<(), Refusal> {
        match (letter, self.flavour) {
            ('q', _) => args.quiet = true,
            ('n', _) => args.numeric = true,
            ('4' | '6', flavour) => {
                let asked = Families::option(letter).unwrap_or_default();
                if flavour == Flavour::Gnu
                    && args.families != Families::Any
                    && args.families != asked
                {
                    let told = "ping: only one -4 or -6 option may be specified";
                    return Err(Refusal::new(2, told));
                }
                args.families = asked;
            }
            ('A', _) => return Err(Refusal::new(2, left_out("ping", "-A"))),
            ('v', _) => {}
            ('D', Flavour::Gnu) => args.moments = true,
            // These tune what never shows.
            ('a' | 'b' | 'B' | 'C' | 'd' | 'L' | 'r', Flavour::Gnu) => {}
            ('f' | 'O' | 'R' | 'U', Flavour::Gnu) => {
                return Err(Refusal::new(2, left_out("ping", format!("-{letter}"))));
            }
            ('V', Flavour::Gnu) => {
                let told = VERSION.to_owned();
                return Err(Refusal { told, code: 0, is_output: true });
            }
            ('h' | '?', Flavour::Gnu) => return Err(Refusal::new(2, format!("\n{USAGE}"))),
            _ => return Err(self.wrong_option("invalid option", letter)),
        }
        Ok(())
    }

    fn wrong_option(&self, what: &str, letter: char) -> Refusal {
        match (self.flavour, self.messages) {
            (Flavour::Gnu, _) => Refusal::new(2, format!("ping: {what} -- '{letter}'\n\n{USAGE}")),
            (Flavour::BusyBox, Messages::Musl) => {
                let what = what.replace("invalid", "unrecognized");
                Refusal::new(1, format!("ping: {what}: {letter}\n{BUSYBOX_USAGE}"))
            }
            (Flavour::BusyBox, _) => {
                Refusal::new(1, format!("ping: {what} -- '{letter}'\n{BUSYBOX_USAGE}"))
            }
        }
    }

    /// `-I`: whether there is such a device, or address.
    fn source(&self, io: &Io<'_>, from: &str) -> Result<(), Refusal> {
        let devices = devices(io);
        let address = from.parse::<IpAddr>();
        let known = match &address {
            Ok(address) => devices.iter().any(|device| device.has(*address)),
            Err(_) => devices.iter().any(|device| device.name == from),
        };
        let lo = from == "lo" || address.as_ref().is_ok_and(IpAddr::is_loopback);
        match (known, address.is_ok(), self.flavour) {
            (true, ..) if lo => Err(Refusal::new(2, left_out("ping", format!("-I {from}")))),
            (true, ..) => Ok(()),
            (false, false, Flavour::Gnu) => {
                Err(Refusal::new(2, format!("ping: SO_BINDTODEVICE {from}: No such device")))
            }
            (false, true, Flavour::Gnu) => {
                Err(Refusal::new(2, "ping: bind: Cannot assign requested address"))
            }
            (false, false, Flavour::BusyBox) => {
                Err(Refusal::new(1, format!("ping: bad address '{from}'")))
            }
            (false, true, Flavour::BusyBox) => {
                Err(Refusal::new(1, left_out("ping", format!("-I {from}"))))
            }
        }
    }
}

/// A time in seconds; what is no number is only warned of, and taken for none.
fn seconds(value: &str, warnings: &mut Vec<String>) -> f64 {
    value.parse().unwrap_or_else(|_| {
        warnings.push(format!(
            "ping: option argument contains garbage: {value}\nping: this will become fatal error in the future"
        ));
        0.0
    })
}

/// An option's value, by iputils' rules.
fn gnu_value(
    args: &mut Args,
    letter: char,
    value: &str,
    warnings: &mut Vec<String>,
) -> Result<(), Refusal> {
    const INT: i64 = i32::MAX as i64;
    match letter {
        'c' => args.count = u32::try_from(number(value, 1, i64::MAX)?).ok(),
        's' => args.size = usize::try_from(number(value, 0, INT)?).ok(),
        'w' => args.deadline = Some(Duration::from_secs(number(value, 0, INT)? as u64)),
        'W' => {
            let wait = seconds(value, warnings);
            match Duration::try_from_secs_f64(wait) {
                Ok(wait) => args.wait = Some(wait).filter(|wait| !wait.is_zero()),
                Err(_) => return Err(Refusal::new(2, format!("ping: bad linger time: {value}"))),
            }
        }
        'i' => {
            let interval = Duration::try_from_secs_f64(seconds(value, warnings))
                .map_err(|_| Refusal::new(2, format!("ping: bad timing interval: {value}")))?;
            // Less than two milliseconds is for root alone, and floods nobody here.
            args.interval = Some(interval.max(Duration::from_millis(2)));
        }
        't' => match u8::try_from(number(value, 0, 255)?) {
            Ok(ttl) if ttl > 0 => args.ttl = Some(ttl),
            _ => {
                let told = "ping: cannot set unicast time-to-live: Invalid argument";
                return Err(Refusal::new(2, told));
            }
        },
        'I' => args.from = Some(value.to_owned()),
        'l' => {
            number(value, 1, 65_536)?;
            return Err(Refusal::new(2, left_out("ping", "-l")));
        }
        'm' => drop(number(value, 0, u32::MAX.into())?),
        'e' => drop(number(value, 0, 65_535)?),
        'S' => drop(number(value, 1, INT)?),
        'M' if !matches!(value, "do" | "dont" | "want" | "probe") => {
            return Err(Refusal::new(2, format!("ping: invalid -M argument: {value}")));
        }
        'Q' => {
            let hexadecimal = value.strip_prefix("0x").map(|digits| u8::from_str_radix(digits, 16));
            if hexadecimal.unwrap_or_else(|| value.parse()).is_err() {
                return Err(Refusal::new(2, format!("ping: bad TOS value: {value}")));
            }
        }
        'T' if !matches!(value, "tsonly" | "tsandaddr" | "tsprespec") => {
            return Err(Refusal::new(2, format!("ping: invalid timestamp type: {value}")));
        }
        'p' => {
            if !value.chars().all(|digit| digit.is_ascii_hexdigit()) {
                let told = format!("ping: patterns must be specified as hex digits: {value}");
                return Err(Refusal::new(2, told));
            }
            args.pattern = Some(value.to_ascii_lowercase());
        }
        'T' | 'F' | 'N' => return Err(Refusal::new(2, left_out("ping", format!("-{letter}")))),
        _ => {}
    }
    Ok(())
}

/// An option's value, by BusyBox' rules.
fn busybox_value(args: &mut Args, letter: char, value: &str) -> Result<(), Refusal> {
    let number = |most: i64| {
        let wrong = || Refusal::new(1, format!("ping: invalid number '{value}'"));
        let number: i64 = value.parse().map_err(|_| wrong())?;
        match (0..=most).contains(&number) {
            true => Ok(number),
            false if value.starts_with('-') => Err(wrong()),
            false => {
                let told = format!("ping: number {value} is not in 0..{most} range");
                Err(Refusal::new(1, told))
            }
        }
    };
    const MOST: i64 = i32::MAX as i64;
    match letter {
        // None is as many as there may be.
        'c' => args.count = u32::try_from(number(MOST)?).ok().filter(|count| *count > 0),
        's' => args.size = usize::try_from(number(65_535)?).ok(),
        't' => args.ttl = u8::try_from(number(255)?).ok().filter(|ttl| *ttl > 0),
        'w' => args.deadline = Some(Duration::from_secs(number(MOST)? as u64)),
        'W' => args.wait = Some(Duration::from_secs(number(MOST)? as u64)),
        'i' => {
            let seconds: f64 = value
                .parse()
                .map_err(|_| Refusal::new(1, format!("ping: invalid number '{value}'")))?;
            let interval = Duration::try_from_secs_f64(seconds);
            args.interval = Some(interval.unwrap_or_default().max(Duration::from_millis(2)));
        }
        'I' => args.from = Some(value.to_owned()),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args, Refusal> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Reader { flavour: Flavour::Gnu, messages: Messages::Gnu }.read(&words, &mut Vec::new())
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        let args = parse(&["-c2", "-W", "1", "-q", "site"]).unwrap();
        assert_eq!((args.count, args.quiet, args.host.as_deref()), (Some(2), true, Some("site")));
        assert_eq!(args.wait, Some(Duration::from_secs(1)));
        assert!(parse(&["-Z", "x"]).unwrap_err().told.starts_with("ping: invalid option -- 'Z'"));
        assert_eq!(
            parse(&["-c", "0", "x"]).unwrap_err().told,
            "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807"
        );
        assert_eq!(parse(&["-W", "-1", "x"]).unwrap_err().told, "ping: bad linger time: -1");
    }
}
