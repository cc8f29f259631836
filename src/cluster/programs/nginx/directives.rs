//! Which directives nginx knows, where each may stand, how many arguments it takes, and whether it is
//! heeded here (`directives.txt`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::slot::Slot;
use super::tokens::{Fault, Spot};

/// Where a directive may stand, as bits.
pub type Places = u16;

pub const MAIN: Places = 1;
pub const EVENTS: Places = 2;
pub const HTTP: Places = 4;
pub const SERVER: Places = 8;
pub const LOCATION: Places = 16;
pub const UPSTREAM: Places = 32;
pub const IF: Places = 64;
pub const IF_IN_SERVER: Places = 128;
pub const LIMIT_EXCEPT: Places = 256;

/// The letters of the places, in the order of their bits.
const LETTERS: &str = "mehsluijx";

/// A directive's row.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    name: &'static str,
    places: Places,
    arguments: Arguments,
    block: bool,
    effect: Effect,
    /// A block has it once at most.
    once: bool,
    slot: Slot,
}

/// How many arguments a directive takes.
#[derive(Debug, PartialEq, Eq)]
enum Arguments {
    /// Any of these counts, as digits.
    Counts(&'static str),
    AtLeast(usize),
    /// One, `on` or `off`.
    Flag,
}

/// What a directive does here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// What it does in nginx.
    Acts,
    /// Nothing, and nothing of it could be seen here.
    Unseen,
    /// Nothing: it is not simulated. A flag asks for nothing new where it has this value.
    Missing { usual: &'static str },
}

/// By name: `server` is a block in `http` and a line in `upstream`.
static KNOWN: LazyLock<BTreeMap<&'static str, Vec<Known>>> = LazyLock::new(|| {
    let rows = include_str!("directives.txt").lines().filter(|row| !row.starts_with('#'));
    let mut all: BTreeMap<&str, Vec<Known>> = BTreeMap::new();
    for known in rows.filter_map(Known::read) {
        all.entry(known.name).or_default().push(known);
    }
    all
});

impl Known {
    fn read(row: &'static str) -> Option<Known> {
        let mut words = row.split(' ');
        let (name, places, arguments) = (words.next()?, words.next()?, words.next()?);
        let bit = |letter: char| LETTERS.find(letter).map(|at| 1 << at);
        let places = places.chars().filter_map(bit).fold(0, |all, bit: Places| all | bit);
        let counts = arguments.trim_end_matches('{');
        let read = match counts.strip_suffix('+') {
            Some(fewest) => Arguments::AtLeast(fewest.parse().ok()?),
            None if counts == "flag" => Arguments::Flag,
            None => Arguments::Counts(counts),
        };
        let effect = match words.next()? {
            "acts" => Effect::Acts,
            "unseen" => Effect::Unseen,
            "missing" => Effect::Missing { usual: "off" },
            "missing=on" => Effect::Missing { usual: "on" },
            _ => return None,
        };
        let mut words = words.peekable();
        let once = words.next_if_eq(&"once").is_some();
        let slot = words.next().map_or(Some(Slot::Any), Slot::read)?;
        let block = counts != arguments;
        Some(Known { name, places, arguments: read, block, effect, once, slot })
    }

    /// The directive of this name that may stand here, or else one that may stand elsewhere.
    fn find(name: &str, place: Places) -> Option<&'static Known> {
        let named = KNOWN.get(name)?;
        named.iter().find(|known| known.places & place != 0).or(named.first())
    }

    /// The name, where a block has it once at most.
    pub fn once(&self) -> Option<&'static str> {
        Some(self.name).filter(|_| self.once)
    }

    /// Are the values such as it takes?
    ///
    /// # Errors
    /// In nginx's words.
    pub fn check_values(&self, values: &[String], spot: &Spot) -> Result<(), Fault> {
        self.slot.check(self.name, values, spot)
    }

    /// Whether these words ask for something that is not simulated.
    pub fn is_missed(&self, words: &[String]) -> bool {
        let Effect::Missing { usual } = self.effect else { return false };
        self.arguments != Arguments::Flag || words.get(1).is_none_or(|word| word != usual)
    }
}

/// Is there such a directive, may it stand here, and has it enough to say (`ngx_conf_handler`)?
///
/// # Errors
/// In nginx's words.
pub fn check(
    words: &[String],
    spot: &Spot,
    place: Places,
    opens: bool,
) -> Result<&'static Known, Fault> {
    let name = &words[0];
    let Some(known) = Known::find(name, place) else {
        return Err(spot.fault(format!("unknown directive \"{name}\"")));
    };
    if known.places & place == 0 {
        return Err(spot.fault(format!("\"{name}\" directive is not allowed here")));
    }
    if known.block && !opens {
        return Err(spot.fault(format!("directive \"{name}\" has no opening \"{{\"")));
    }
    if !known.block && opens {
        return Err(spot.fault(format!("directive \"{name}\" is not terminated by \";\"")));
    }
    let count = words.len() - 1;
    let fits = match known.arguments {
        Arguments::Counts(counts) => counts.contains(&count.to_string()),
        Arguments::AtLeast(fewest) => count >= fewest,
        Arguments::Flag => count == 1,
    };
    if !fits {
        return Err(spot.fault(format!("invalid number of arguments in \"{name}\" directive")));
    }
    let value = words.last().map(|value| value.to_ascii_lowercase()).unwrap_or_default();
    if known.arguments == Arguments::Flag && !["on", "off"].contains(&value.as_str()) {
        return Err(spot.fault(format!(
            "invalid value \"{}\" in \"{name}\" directive, it must be \"on\" or \"off\"",
            words[1]
        )));
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let rows = include_str!("directives.txt").lines().filter(|row| !row.starts_with('#'));
        for row in rows {
            let known = Known::read(row);
            assert!(known.is_some_and(|known| known.places != 0), "{row}");
        }
    }

    #[test]
    fn server_is_two_directives() {
        assert!(Known::find("server", HTTP).is_some_and(|known| known.block));
        assert!(Known::find("server", UPSTREAM).is_some_and(|known| !known.block));
        assert!(Known::find("proxy-pass", LOCATION).is_none());
    }

    // Recorded from nginx 1.22.1 -t.
    #[test]
    fn arguments_are_counted_and_flags_are_on_or_off() {
        let told = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            check(&words, &Spot::default(), SERVER, false).err().map(|fault| fault.message)
        };
        assert_eq!(
            told("gzip yes").as_deref(),
            Some("invalid value \"yes\" in \"gzip\" directive, it must be \"on\" or \"off\"")
        );
        assert_eq!(told("gzip ON"), None);
        let count = Some("invalid number of arguments in \"sub_filter\" directive");
        assert_eq!(told("sub_filter a").as_deref(), count);
        assert_eq!(told("sub_filter a b"), None);
        assert_eq!(
            told("worker_processes 1").as_deref(),
            Some("\"worker_processes\" directive is not allowed here")
        );
    }

    #[test]
    fn what_is_not_simulated_is_missed_unless_it_is_as_usual() {
        let missed = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            check(&words, &Spot::default(), SERVER, false).expect(line).is_missed(&words)
        };
        assert!(missed("gzip on") && missed("etag off") && missed("sub_filter a b"));
        assert!(!missed("gzip off") && !missed("etag on") && !missed("sendfile on"));
    }
}
