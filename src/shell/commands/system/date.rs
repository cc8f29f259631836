//! `date`, in simulated time and UTC: GNU's and BusyBox'.

use crate::clock::SimTime;
use crate::cluster::Flavour;
use crate::shell::Io;
use crate::shell::commands::flavour;
use crate::shell::commands::moment::{self, Moment};
use crate::shell::commands::options::{Grammar, Options};

/// A moment in `strftime`'s language.
pub(in crate::shell::commands) fn format(at: SimTime, format: &str) -> String {
    of(at).format(format, true)
}

fn of(at: SimTime) -> Moment {
    let timestamp = at.timestamp();
    let micros = timestamp.as_microsecond().rem_euclid(1_000_000);
    Moment::at(timestamp.as_second(), u32::try_from(micros * 1_000).unwrap_or(0))
}

const GNU: Grammar = Grammar {
    name: "date",
    short: "ud:f:r:s:I;Rt:",
    long: &[
        ("utc", 'u'),
        ("universal", 'u'),
        ("date", 'd'),
        ("file", 'f'),
        ("reference", 'r'),
        ("set", 's'),
        ("iso-8601", 'I'),
        ("rfc-email", 'R'),
        ("rfc-2822", 'R'),
        ("rfc-3339", 't'),
    ],
    stops: false,
};

const BUSYBOX: Grammar = Grammar { name: "date", short: "ud:D:r:s:I;R", long: &[], stops: false };

pub(in crate::shell::commands) fn date(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = flavour(io.cluster, io.place) == Flavour::Gnu;
    let options = if gnu { GNU.read(arguments, io) } else { BUSYBOX.read(arguments, io) };
    let Some(options) = options else { return Some(1) };
    match shown(&options, of(io.now()), gnu) {
        Ok(text) => {
            io.say(text);
            Some(0)
        }
        Err(message) => {
            io.write_error(message);
            Some(1)
        }
    }
}

fn shown(options: &Options, now: Moment, gnu: bool) -> Result<String, String> {
    let idle = [('f', "--file"), ('r', "--reference"), ('D', "-D")];
    if let Some(flag) = options.not_simulated(&idle) {
        return Err(format!("podhop: date: not simulated here: {flag}"));
    }
    if options.has('s') {
        return Err("date: cannot set date: Operation not permitted".to_owned());
    }
    let at = match options.value('d') {
        None => now,
        Some(text) => read(text, now, gnu).ok_or_else(|| format!("date: invalid date '{text}'"))?,
    };
    let wrong = |text: &str, option: &str| {
        format!(
            "date: invalid argument '{text}' for '{option}'\nTry 'date --help' for more information."
        )
    };
    let own = match (options.value('I'), options.value('t')) {
        (Some(text), _) => match text {
            "" | "date" | "d" => "%Y-%m-%d",
            "hours" | "h" => "%Y-%m-%dT%H+00:00",
            "minutes" | "m" => "%Y-%m-%dT%H:%M+00:00",
            "seconds" | "s" => "%Y-%m-%dT%H:%M:%S+00:00",
            "ns" => "%Y-%m-%dT%H:%M:%S,%N+00:00",
            _ => return Err(wrong(text, "--iso-8601")),
        },
        (_, Some(text)) => match text {
            "date" => "%Y-%m-%d",
            "seconds" => "%Y-%m-%d %H:%M:%S+00:00",
            "ns" => "%Y-%m-%d %H:%M:%S.%N+00:00",
            _ => return Err(wrong(text, "--rfc-3339")),
        },
        _ if options.has('R') => "%a, %d %b %Y %H:%M:%S +0000",
        _ => "%a %b %e %H:%M:%S %Z %Y",
    };
    match options.operands.as_slice() {
        [] => Ok(at.format(own, gnu)),
        [format] if format.starts_with('+') => Ok(at.format(&format[1..], gnu)),
        [_, extra, ..] if gnu => {
            Err(format!("date: extra operand '{extra}'\nTry 'date --help' for more information."))
        }
        [.., text] => Err(format!("date: invalid date '{text}'")),
    }
}

/// The moment that a text tells, as GNU's `date -d` reads it.
pub(in crate::shell::commands) fn parse_date(io: &Io<'_>, text: &str) -> Option<Moment> {
    read(text, of(io.now()), true).filter(|_| !text.trim().is_empty())
}

/// The same, as BusyBox reads it.
pub(in crate::shell::commands) fn parse_busybox(io: &Io<'_>, text: &str) -> Option<Moment> {
    read(text, of(io.now()), false)
}

/// A moment as people write it: `now`, `@SECONDS`, a date, a time, and what is added to it.
fn read(text: &str, now: Moment, gnu: bool) -> Option<Moment> {
    let text = text.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        let (whole, _) = seconds.split_once('.').unwrap_or((seconds, ""));
        return Some(Moment::at(whole.parse().ok()?, 0));
    }
    if !gnu {
        return busybox(text, now);
    }
    let mut at = if text.is_empty() {
        Moment::of(now.year, now.month.into(), now.day.into(), (0, 0, 0))
    } else {
        now
    };
    let mut rest = text;
    if let Some((date, after)) = first_date(rest) {
        at = date;
        rest = after;
    }
    let mut seconds = at.seconds;
    let mut months = 0;
    let words: Vec<String> = rest.split_whitespace().map(str::to_lowercase).collect();
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        match word {
            "now" | "today" | "utc" | "gmt" | "z" | "ago" => continue,
            "tomorrow" => seconds += 86_400,
            "yesterday" => seconds -= 86_400,
            _ => {
                let (count, unit) = amount(word, &mut words)?;
                let ago = words.peek() == Some(&"ago");
                let count = if ago { -count } else { count };
                match unit.trim_end_matches('s') {
                    "sec" | "second" => seconds += count,
                    "min" | "minute" => seconds += count * 60,
                    "hour" => seconds += count * 3_600,
                    "day" => seconds += count * 86_400,
                    "week" => seconds += count * 604_800,
                    "fortnight" => seconds += count * 1_209_600,
                    "month" => months += count,
                    "year" => months += count * 12,
                    _ => return None,
                }
            }
        }
    }
    let moved = seconds - at.seconds;
    let (hour, minute, second) = (at.hour.into(), at.minute.into(), at.second.into());
    let at =
        Moment::of(at.year, i64::from(at.month) + months, at.day.into(), (hour, minute, second));
    Some(Moment::at(at.seconds.checked_add(moved)?, 0))
}

/// `2 days`, `+1 day`, `next week`: how many, and of what.
fn amount<'w>(
    word: &'w str,
    words: &mut std::iter::Peekable<impl Iterator<Item = &'w str>>,
) -> Option<(i64, &'w str)> {
    let small = |count: i64| (-1_000_000..=1_000_000).contains(&count).then_some(count);
    match word {
        "next" => return Some((1, words.next()?)),
        "last" => return Some((-1, words.next()?)),
        "+" | "-" => {
            let count: i64 = words.next()?.parse().ok()?;
            return Some((small(if word == "-" { -count } else { count })?, words.next()?));
        }
        _ => {}
    }
    let split = word.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(word.len());
    let (digits, unit) = word.split_at(split);
    let count = match digits {
        "" => 1,
        digits => small(digits.trim_start_matches('+').parse().ok()?)?,
    };
    Some((count, if unit.is_empty() { words.next()? } else { unit }))
}

/// The date that a text begins with, and what follows.
fn first_date(text: &str) -> Option<(Moment, &str)> {
    let formats = [
        "%Y-%m-%dT%H:%M:%S%z",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d",
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d",
        "%a, %d %b %Y %H:%M:%S",
        "%a %b %d %H:%M:%S UTC %Y",
        "%a %b %d %H:%M:%S %Y",
        "%d %b %Y %H:%M:%S",
        "%d %b %Y",
        "%b %d, %Y",
        "%b %d %Y",
    ];
    formats.iter().find_map(|format| {
        let (at, rest) = moment::read(text, format)?;
        let clean = rest.is_empty() || rest.starts_with([' ', 'Z', '+', '.']);
        let rest = rest.strip_prefix('Z').unwrap_or(rest);
        // Fractions and the offset of UTC itself change nothing.
        let rest = rest.strip_prefix("+00:00").or(rest.strip_prefix(" +0000")).unwrap_or(rest);
        let rest = match rest.strip_prefix('.') {
            Some(rest) => rest
                .trim_start_matches(|letter: char| letter.is_ascii_digit())
                .trim_start_matches('Z'),
            None => rest,
        };
        clean.then_some((at, rest))
    })
}

/// BusyBox: the date as it is, and the time that is not said as it is now.
fn busybox(text: &str, now: Moment) -> Option<Moment> {
    let whole = |format: &str| moment::read(text, format).filter(|(_, rest)| rest.is_empty());
    let formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y.%m.%d-%H:%M:%S"];
    if let Some((at, _)) = formats.iter().find_map(|format| whole(format)) {
        return Some(at);
    }
    let clock = (now.hour.into(), now.minute.into(), now.second.into());
    if let Some((at, _)) = whole("%Y-%m-%d") {
        return Some(Moment::of(at.year, at.month.into(), at.day.into(), clock));
    }
    let (at, _) = whole("%H:%M:%S").or_else(|| whole("%H:%M"))?;
    let time = (at.hour.into(), at.minute.into(), at.second.into());
    Some(Moment::of(now.year, now.month.into(), now.day.into(), time))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What GNU `date -u` gives.
    #[test]
    fn dates_are_read_as_people_write_them() {
        let now = Moment::at(1_767_603_600, 0);
        let shown = |text: &str| read(text, now, true).map(|at| at.format("%F %T", true));
        assert_eq!(shown("2025-01-31 + 1 day").as_deref(), Some("2025-02-01 00:00:00"));
        assert_eq!(shown("2025-03-01 -1 day").as_deref(), Some("2025-02-28 00:00:00"));
        assert_eq!(shown("2 hours ago").as_deref(), Some("2026-01-05 07:00:00"));
        assert_eq!(shown("2025-01-02T03:04:05Z").as_deref(), Some("2025-01-02 03:04:05"));
        assert_eq!(shown("@0").as_deref(), Some("1970-01-01 00:00:00"));
        assert_eq!(shown("1970-01-01 UTC").as_deref(), Some("1970-01-01 00:00:00"));
        assert_eq!(shown("no day"), None);
    }
}
