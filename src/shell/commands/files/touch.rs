//! `touch`: GNU's and BusyBox'.

use k8s_openapi::jiff::Timestamp;

use super::messages::{fail, missing, need};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::moment::Moment;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::commands::system::date;

pub(in crate::shell::commands) fn touch(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "touch",
        short: "acmd:t:r:fhÀ:",
        long: &[
            ("no-create", 'c'),
            ("date", 'd'),
            ("reference", 'r'),
            ("no-dereference", 'h'),
            ("time", 'À'),
        ],
        stops: false,
    };
    const TIMES: &[(&[&str], char)] =
        &[(&["atime", "access", "use"], 'a'), (&["mtime", "modify"], 'm')];
    let Some(mut options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    match options.value('À').map(|word| matched("touch", "--time", word, TIMES)) {
        Some(Ok(letter)) => options.give(letter),
        Some(Err(why)) => return Some(fail(io, why)),
        None => {}
    }
    let sources = ['d', 't'].iter().filter(|letter| options.has(**letter)).count();
    if is_gnu(io) && sources + usize::from(options.has('t') && options.has('r')) > 1 {
        let what = "cannot specify times from more than one source";
        return Some(missing(io, "touch", what));
    }
    if !need(io, &options, "touch", "missing file operand") {
        return Some(1);
    }
    let moment = match moment(io, &options) {
        Ok(moment) => moment,
        Err(message) => return Some(fail(io, message)),
    };
    let mut status = 0;
    for path in &options.operands {
        let there = io.is_file(path) || io.is_directory(path);
        let inside = io.is_file(path.trim_end_matches('/')) && path.ends_with('/');
        if is_gnu(io) && (!there && options.has('h') && !options.has('c') || inside) {
            let why = if inside { "Not a directory" } else { "No such file or directory" };
            status = fail(io, format!("touch: setting times of '{path}': {why}"));
            continue;
        }
        if !there && options.has('c') || io.is_device(path) {
            continue;
        }
        match if there { Ok(()) } else { io.write_file(path, b"") } {
            // When it was read last is nobody's here.
            Ok(()) if options.has('a') && !options.has('m') && there => {}
            Ok(()) => io.change_attributes(path, |attributes| attributes.changed = Some(moment)),
            Err(why) => {
                let message = match is_gnu(io) {
                    // What ends with a slash is not made, so that there is nothing to set times of.
                    true if why == "Is a directory" => {
                        format!("touch: setting times of '{path}': No such file or directory")
                    }
                    true => format!("touch: cannot touch '{path}': {why}"),
                    false => format!("touch: {path}: {why}"),
                };
                status = fail(io, message);
            }
        }
    }
    Some(status)
}

/// The moment that `touch` gives files: `-d`, `-t`, that of another file (`-r`), or now.
///
/// # Errors
/// What is wrong with it.
fn moment(io: &Io<'_>, options: &Options) -> Result<Timestamp, String> {
    if let Some(path) = options.value('r') {
        let facts = io.facts(path, true).map_err(|why| match is_gnu(io) {
            true => format!("touch: failed to get attributes of '{path}': {why}"),
            false => format!("touch: can't stat '{path}': {why}"),
        })?;
        return Ok(facts.changed);
    }
    let (text, read) = match (options.value('d'), options.value('t')) {
        (Some(text), _) if is_gnu(io) => (text, date::parse_date(io, text)),
        (Some(text), _) => (text, date::parse_busybox(io, text)),
        (None, Some(text)) => (text, stamped(io, text)),
        (None, None) => return Ok(io.now().timestamp()),
    };
    let wrong = || match is_gnu(io) {
        true => format!("touch: invalid date format '{text}'"),
        false => format!("touch: invalid date '{text}'"),
    };
    let found = read.and_then(|moment| {
        let parts = i32::try_from(moment.nanoseconds).unwrap_or(0);
        Timestamp::new(moment.seconds, parts).ok()
    });
    found.ok_or_else(wrong)
}

/// `[[CC]YY]MMDDhhmm[.ss]`
fn stamped(io: &Io<'_>, text: &str) -> Option<Moment> {
    let (digits, seconds) = text.split_once('.').unwrap_or((text, "0"));
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i64>().ok();
    let year = match digits.len() {
        8 => i64::from(io.now().timestamp().strftime("%Y").to_string().parse::<i32>().ok()?),
        10 => part(0, 2).map(|short| if short < 69 { 2000 + short } else { 1900 + short })?,
        12 => part(0, 4)?,
        _ => return None,
    };
    let start = digits.len() - 8;
    let [month, day, hour, minute] =
        [0, 2, 4, 6].map(|at| part(start + at, start + at + 2).unwrap_or(-1));
    let seconds: i64 = seconds.parse().ok()?;
    let sound = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute);
    sound.then(|| Moment::of(year, month, day, (hour, minute, seconds)))
}
