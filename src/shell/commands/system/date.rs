//! `date`, in simulated time and UTC.

use k8s_openapi::jiff::Timestamp;
use k8s_openapi::jiff::tz::TimeZone;

use crate::clock::SimTime;
use crate::shell::Io;

/// A moment in `strftime`'s language.
pub(in crate::shell::commands) fn format(at: SimTime, format: &str) -> String {
    show(at.timestamp(), format)
}

fn show(at: Timestamp, format: &str) -> String {
    let zoned = at.to_zoned(TimeZone::UTC);
    // `%N`, nanoseconds, is GNU's own.
    let format = format.replace("%N", &format!("{:09}", zoned.subsec_nanosecond()));
    let text = zoned.strftime(&format);
    let mut out = String::new();
    match std::fmt::Write::write_fmt(&mut out, format_args!("{text}")) {
        Ok(()) => out,
        Err(_) => format,
    }
}

pub(in crate::shell::commands) fn date(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let mut at = io.now().timestamp();
    let mut shown = "%a %b %e %H:%M:%S %Z %Y".to_owned();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "-u" | "--utc" => {}
            "-R" | "--rfc-email" => shown = "%a, %d %b %Y %H:%M:%S +0000".to_owned(),
            "-I" | "--iso-8601" => shown = "%Y-%m-%d".to_owned(),
            "-Iseconds" | "--iso-8601=seconds" => shown = "%Y-%m-%dT%H:%M:%S+00:00".to_owned(),
            "-d" | "--date" => {
                let text = rest.next().map_or("", String::as_str);
                match moment(text, at) {
                    Some(moment) => at = moment,
                    None => {
                        io.complain(format!("date: invalid date '{text}'"));
                        return Some(1);
                    }
                }
            }
            "-s" | "--set" => {
                io.complain("date: cannot set date: Operation not permitted");
                return Some(1);
            }
            format => match format.strip_prefix('+') {
                Some(format) => format.clone_into(&mut shown),
                None => {
                    io.complain(format!("date: invalid date '{format}'"));
                    return Some(1);
                }
            },
        }
    }
    io.say(show(at, &shown));
    Some(0)
}

/// `now`, `@SECONDS`, or an RFC 3339 moment.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    if text.is_empty() || text == "now" {
        return Some(now);
    }
    match text.strip_prefix('@') {
        Some(seconds) => Timestamp::from_second(seconds.parse().ok()?).ok(),
        None => text.parse().ok(),
    }
}
