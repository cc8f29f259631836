//! `date`, in simulated time: GNU's and BusyBox'.

use super::date_text;
use crate::clock::SimTime;
use crate::shell::Io;
use crate::shell::commands::moment::{self, Moment, Zone};
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::commands::{busybox_usage, is_gnu};

/// A moment in `strftime`'s language.
pub(in crate::shell::commands) fn format(at: SimTime, format: &str) -> String {
    of(at).format(format, true)
}

fn of(at: SimTime) -> Moment {
    let timestamp = at.timestamp();
    let micros = timestamp.as_microsecond().rem_euclid(1_000_000);
    Moment::at(timestamp.as_second(), u32::try_from(micros * 1_000).unwrap_or(0))
}

/// The zone of whoever asks. BusyBox' images have no files of zones.
fn zone(options: &Options, io: &Io<'_>, gnu: bool) -> Zone {
    match options.has('u') {
        true => Zone::Utc,
        false => Zone::of(io.environment.get("TZ").map(String::as_str), gnu),
    }
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

const BUSYBOX: Grammar = Grammar {
    name: "date",
    short: "ud:D:r:s:I;R",
    long: &[
        ("utc", 'u'),
        ("date", 'd'),
        ("reference", 'r'),
        ("set", 's'),
        ("rfc-822", 'R'),
        ("rfc-2822", 'R'),
    ],
    stops: false,
};

pub(in crate::shell::commands) fn date(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = is_gnu(io);
    let options = if gnu { GNU.read(arguments, io) } else { BUSYBOX.read(arguments, io) };
    let Some(options) = options else { return Some(1) };
    if let Some(file) = options.value('f').filter(|_| gnu) {
        return listed(&options, file, io);
    }
    let zone = zone(&options, io, gnu);
    match moment_of(&options, io, gnu, &zone).and_then(|at| shown(&options, at, gnu)) {
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

/// `-f`: the moment that each line of a file tells; `None` before the end of standard input.
fn listed(options: &Options, file: &str, io: &mut Io<'_>) -> Option<i32> {
    let content = match file {
        "-" => Ok(io.read_all()?),
        _ => io.read_file(file),
    };
    let text = match content {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(why) => {
            io.write_error(format!("date: {file}: {why}"));
            return Some(1);
        }
    };
    let mut status = 0;
    let zone = zone(options, io, true);
    for line in text.lines() {
        let wrong = || format!("date: invalid date '{line}'");
        let moment = date_text::read(line, &of(io.now()), &zone);
        let moment = moment.filter(|_| !line.trim().is_empty()).ok_or_else(wrong);
        match moment.and_then(|at| shown(options, at, true)) {
            Ok(text) => io.say(text),
            Err(why) => {
                io.write_error(why);
                status = 1;
            }
        }
    }
    Some(status)
}

/// The moment that is shown: now, the one that is told (`-d`), or when a file was written (`-r`).
fn moment_of(options: &Options, io: &Io<'_>, gnu: bool, zone: &Zone) -> Result<Moment, String> {
    if options.has('s') {
        return Err("date: cannot set date: Operation not permitted".to_owned());
    }
    if let Some(file) = options.value('r') {
        let facts = io.facts(file, true).map_err(|why| match gnu {
            true => format!("date: {file}: {why}"),
            false => format!("date: can't stat '{file}': {why}"),
        })?;
        let parts = facts.changed.subsec_nanosecond().unsigned_abs();
        return Ok(zone.moment(facts.changed.as_second(), parts));
    }
    let now = zone.moment(of(io.now()).seconds, of(io.now()).nanoseconds);
    let Some(text) = options.value('d') else { return Ok(now) };
    let local = |at: Moment| zone.moment(zone.when_shown(at.seconds), at.nanoseconds);
    let read = match options.value('D') {
        Some(format) => moment::read(text, format).map(|(at, _)| local(at)),
        None if gnu => date_text::read(text, &now, zone),
        // A number of seconds is the same everywhere.
        None if text.trim().starts_with('@') => {
            busybox(text.trim(), now).map(|at| zone.moment(at.seconds, 0))
        }
        None => {
            // What is not told of the day is midnight's.
            let gone = 3_600 * now.hour + 60 * now.minute + now.second;
            let today = zone.moment(now.seconds - i64::from(gone), 0);
            busybox(text.trim(), today).map(local)
        }
    };
    read.ok_or_else(|| format!("date: invalid date '{text}'"))
}

fn shown(options: &Options, at: Moment, gnu: bool) -> Result<String, String> {
    let own = match (options.value('I'), options.value('t')) {
        (Some(text), _) if gnu && !text.is_empty() => {
            const PARTS: &[(&[&str], &str)] = &[
                (&["hours"], "%Y-%m-%dT%H%:z"),
                (&["minutes"], "%Y-%m-%dT%H:%M%:z"),
                (&["date"], "%Y-%m-%d"),
                (&["seconds"], "%Y-%m-%dT%H:%M:%S%:z"),
                (&["ns"], "%Y-%m-%dT%H:%M:%S,%N%:z"),
            ];
            matched("date", "--iso-8601", text, PARTS)?
        }
        (Some(text), _) => match text {
            "" | "date" | "d" => "%Y-%m-%d",
            "hours" | "h" => "%Y-%m-%dT%H%:z",
            "minutes" | "m" => "%Y-%m-%dT%H:%M%:z",
            "seconds" | "s" => "%Y-%m-%dT%H:%M:%S%:z",
            "ns" => "%Y-%m-%dT%H:%M:%S,%N%:z",
            _ => {
                return Err(busybox_usage("date"));
            }
        },
        (_, Some(text)) => {
            const PARTS: &[(&[&str], &str)] = &[
                (&["date"], "%Y-%m-%d"),
                (&["seconds"], "%Y-%m-%d %H:%M:%S%:z"),
                (&["ns"], "%Y-%m-%d %H:%M:%S.%N%:z"),
            ];
            matched("date", "--rfc-3339", text, PARTS)?
        }
        _ if options.has('R') => "%a, %d %b %Y %H:%M:%S %z",
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
    let read = date_text::read(text, &of(io.now()), &Zone::Utc);
    read.filter(|_| !text.trim().is_empty())
}

/// The same, as BusyBox reads it.
pub(in crate::shell::commands) fn parse_busybox(io: &Io<'_>, text: &str) -> Option<Moment> {
    busybox(text.trim(), of(io.now()))
}

/// BusyBox: the date as it is, and the time that is not said as it is now.
fn busybox(text: &str, now: Moment) -> Option<Moment> {
    if let Some(seconds) = text.strip_prefix('@') {
        return Some(Moment::at(seconds.parse().ok()?, 0));
    }
    let whole = |format: &str| moment::read(text, format).filter(|(_, rest)| rest.is_empty());
    let text = text.strip_suffix('Z').unwrap_or(text);
    if let Some(at) = digits(text, now) {
        return Some(at);
    }
    let formats = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H",
        "%Y.%m.%d-%H:%M:%S",
        "%Y.%m.%d-%H:%M",
    ];
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

/// `[[[[[YY]YY]MM]DD]hh]mm[.ss]`: what is left out is as it is now.
fn digits(text: &str, now: Moment) -> Option<Moment> {
    let (text, seconds) = text.split_once('.').unwrap_or((text, "0"));
    let right = text.len() % 2 == 0 && (4..=12).contains(&text.len());
    if !right || !text.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let pair = |back: usize| -> Option<i64> {
        let end = text.len().checked_sub(2 * back)?;
        text.get(end.checked_sub(2)?..end)?.parse().ok()
    };
    let year = match (pair(5), pair(4)) {
        (Some(century), Some(year)) => century * 100 + year,
        (None, Some(year)) if year < 69 => 2_000 + year,
        (None, Some(year)) => 1_900 + year,
        _ => now.year,
    };
    let (month, day) = (pair(3).unwrap_or(now.month.into()), pair(2).unwrap_or(now.day.into()));
    Some(Moment::of(year, month, day, (pair(1)?, pair(0)?, seconds.parse().ok()?)))
}
