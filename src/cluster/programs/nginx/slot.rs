//! What the values of directives may be, checked as nginx does when it reads them
//! (`ngx_conf_set_*_slot` of ngx_conf_file.c), and how it writes sizes and times.

use std::time::Duration;

use super::tokens::{Fault, Spot};

/// What a directive's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Whatever its own reader takes.
    Any,
    /// Times, down to milliseconds.
    Time,
    /// A time in whole seconds.
    Seconds,
    /// A number of bytes.
    Size,
    /// A number of bytes, unless it has variables.
    SizeOrVariable,
    /// A number of bytes that may be gigabytes.
    Offset,
    /// How many buffers, and of how many bytes each.
    Buffers,
    /// A number, from the one to the other.
    Number(u32, u32),
    /// One of these words, with commas between them.
    OneOf(&'static str),
    /// Any of these words.
    AnyOf(&'static str),
}

impl Slot {
    /// Reads a word of `directives.txt`.
    pub fn read(word: &'static str) -> Option<Slot> {
        Some(match word.split_once(':') {
            Some(("of", words)) => Slot::OneOf(words),
            Some(("any", words)) => Slot::AnyOf(words),
            Some(("number", bounds)) => {
                let (least, most) = bounds.split_once('-')?;
                Slot::Number(least.parse().ok()?, most.parse().ok()?)
            }
            _ => match word {
                "time" => Slot::Time,
                "seconds" => Slot::Seconds,
                "size" => Slot::Size,
                "size$" => Slot::SizeOrVariable,
                "offset" => Slot::Offset,
                "buffers" => Slot::Buffers,
                "number" => Slot::Number(0, u32::MAX),
                _ => return None,
            },
        })
    }

    /// Are the values of the directive `name` such values?
    ///
    /// # Errors
    /// In nginx's words.
    pub fn check(self, name: &str, values: &[String], spot: &Spot) -> Result<(), Fault> {
        let invalid = |what: &str| Err(spot.fault(format!("\"{name}\" directive invalid {what}")));
        let foreign = |known: &str| {
            values
                .iter()
                .find(|value| !known.split(',').any(|word| word.eq_ignore_ascii_case(value)))
        };
        let all = |fits: &dyn Fn(&str) -> bool| values.iter().all(|value| fits(value));
        let fits = match self {
            Slot::Any => true,
            Slot::Time => all(&|value| time(value).is_some()),
            Slot::Seconds => all(&|value| seconds(value).is_some()),
            Slot::Size => all(&|value| bytes(value, "km").is_some()),
            Slot::SizeOrVariable => {
                all(&|value| value.contains('$') || bytes(value, "km").is_some())
            }
            Slot::Offset => all(&|value| bytes(value, "kmg").is_some()),
            Slot::Buffers => match values {
                [count, size] => {
                    bytes(count, "").is_some_and(|count| count > 0) && bytes(size, "km").is_some()
                }
                _ => false,
            },
            Slot::Number(least, most) => {
                let number = values.first().and_then(|value| bytes(value, ""));
                let Some(number) = number else { return invalid("number") };
                if !(u64::from(least)..=u64::from(most)).contains(&number) {
                    let what = format!("value must be between {least} and {most}");
                    return Err(spot.fault(what));
                }
                true
            }
            Slot::OneOf(known) | Slot::AnyOf(known) => match foreign(known) {
                None => true,
                Some(value) => return Err(spot.fault(format!("invalid value \"{value}\""))),
            },
        };
        if fits { Ok(()) } else { invalid("value") }
    }
}

/// `512`, `8k`, `1m`, and where `units` has it, `2g`: a number of bytes.
pub fn bytes(text: &str, units: &str) -> Option<u64> {
    let unit = text.chars().last()?.to_ascii_lowercase();
    let (number, shift) = match (unit, units.contains(unit)) {
        ('k', true) => (&text[..text.len() - 1], 10),
        ('m', true) => (&text[..text.len() - 1], 20),
        ('g', true) => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| is_number)?;
    number.checked_mul(1 << shift)
}

/// The units of time, from the longest on, in milliseconds (`ngx_parse_time`).
const UNITS: [(&str, u64); 8] = [
    ("y", 365 * DAY),
    ("M", 30 * DAY),
    ("w", 7 * DAY),
    ("d", DAY),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
const DAY: u64 = 86_400_000;

/// `60s`, `500ms`, `1h 30m`, `60`
pub fn time(text: &str) -> Option<Duration> {
    // Years and months would be more milliseconds than it counts with.
    sum(text, &UNITS[2..])
}

/// As [`time`], in whole seconds.
pub fn seconds(text: &str) -> Option<Duration> {
    sum(text, &UNITS[..7])
}

/// Numbers with units, each shorter than the one before; the last may have none and is seconds.
fn sum(text: &str, mut units: &[(&str, u64)]) -> Option<Duration> {
    let mut total = 0_u64;
    let mut rest = text;
    if text.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let letters =
            after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at(letters);
        if unit.is_empty() && after.is_empty() {
            return total.checked_add(number.checked_mul(1_000)?).map(Duration::from_millis);
        }
        let at = units.iter().position(|(known, _)| *known == unit)?;
        total = total.checked_add(number.checked_mul(units[at].1)?)?;
        units = &units[at + 1..];
        rest = after.trim_start_matches(' ');
    }
    Some(Duration::from_millis(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_sums_whose_units_grow_shorter() {
        let (second, minute) = (1_000, 60_000);
        for (text, milliseconds) in [
            ("60", Some(60 * second)),
            ("1m30s", Some(90 * second)),
            ("1h 30m", Some(90 * minute)),
            ("1m 5", Some(65 * second)),
            ("1s 5", Some(6 * second)),
            ("500ms", Some(500)),
            ("1s500ms", Some(1_500)),
            ("2w", Some(14 * DAY)),
            ("1y", None),
            ("30s1m", None),
            ("1s1s", None),
            ("1.5s", None),
            ("-1", None),
            ("s", None),
            ("", None),
        ] {
            assert_eq!(time(text), milliseconds.map(Duration::from_millis), "{text}");
        }
        assert_eq!(seconds("1y"), Some(Duration::from_millis(365 * DAY)));
        assert_eq!(seconds("500ms"), None);
    }

    // Recorded from nginx 1.22.1 -t.
    #[test]
    fn a_wrong_value_is_told_in_nginxs_words() {
        let told = |kind: &'static str, values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            let value = Slot::read(kind).expect(kind);
            value.check("x", &values, &Spot::default()).err().map(|fault| fault.message)
        };
        let invalid = Some("\"x\" directive invalid value".to_owned());
        assert_eq!(told("time", &["5s", "5x"]), invalid);
        assert_eq!(told("size", &["1g"]), invalid);
        assert_eq!(told("offset", &["1g"]), None);
        assert_eq!(told("size$", &["$rate"]), None);
        assert_eq!(told("buffers", &["0", "8k"]), invalid);
        assert_eq!(told("number", &["-1"]), Some("\"x\" directive invalid number".to_owned()));
        let bounds = Some("value must be between 1 and 9".to_owned());
        assert_eq!(told("number:1-9", &["10"]), bounds);
        assert_eq!(told("of:on,off", &["build"]), Some("invalid value \"build\"".to_owned()));
        assert_eq!(told("any:error,timeout", &["timeout", "error"]), None);
    }
}
