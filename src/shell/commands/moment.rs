//! Moments as C's library writes and reads them, in the C locale: `strftime`, `strptime`, and the zone that
//! `TZ` names. What nobody gave a zone is in UTC.

use k8s_openapi::jiff::Timestamp;
use k8s_openapi::jiff::tz::TimeZone;

use crate::api::cron::time_zone;

pub(in crate::shell) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
pub(in crate::shell) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// More than a field of a format may be wide.
const WIDEST: usize = 1_000;

/// What a zone is called at a moment: a few letters (`CEST`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Letters([u8; 8]);

impl Letters {
    const UTC: Letters = Letters(*b"UTC\0\0\0\0\0");

    fn of(text: &str) -> Letters {
        let mut letters = [0; 8];
        for (place, byte) in letters.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        Letters(letters)
    }

    fn text(self) -> String {
        self.0.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect()
    }
}

/// Where a clock stands, as the variable `TZ` says it.
#[derive(Clone, Debug)]
pub(in crate::shell) enum Zone {
    Utc,
    /// By the rules of a zone of the IANA database, or those that are written out (`EST5EDT`).
    Rules(TimeZone),
    /// What glibc makes of a name that nobody knows: UTC under that name.
    Unknown(String),
}

impl Zone {
    /// The zone that `TZ` names; `database` says whether the place has the zones' files.
    pub fn of(text: Option<&str>, database: bool) -> Zone {
        let text = text.unwrap_or_default();
        let name = text.strip_prefix(':').unwrap_or(text);
        if matches!(name, "" | "UTC" | "UTC0") {
            return Zone::Utc;
        }
        let listed = time_zone(name).ok().filter(|_| database);
        match listed.or_else(|| TimeZone::posix(name).ok()) {
            Some(zone) => Zone::Rules(zone),
            None => {
                let letters = name.chars().take_while(char::is_ascii_alphabetic);
                Zone::Unknown(letters.collect())
            }
        }
    }

    /// How far it is east of UTC at a moment, in seconds, and what it is called.
    fn offset(&self, seconds: i64) -> (i64, Letters) {
        match self {
            Zone::Rules(zone) => {
                let at = Timestamp::from_second(seconds).unwrap_or_default();
                let told = zone.to_offset_info(at);
                (i64::from(told.offset().seconds()), Letters::of(told.abbreviation()))
            }
            Zone::Unknown(name) if name.len() >= 3 => (0, Letters::of(name)),
            Zone::Utc | Zone::Unknown(_) => (0, Letters::UTC),
        }
    }

    /// A moment as this zone's clocks show it.
    pub fn moment(&self, seconds: i64, nanoseconds: u32) -> Moment {
        let (offset, zone) = self.offset(seconds);
        let shown = Moment::at(seconds.saturating_add(offset), nanoseconds);
        Moment { seconds, offset, zone, ..shown }
    }

    /// The moment at which its clocks show what UTC's show after so many seconds.
    pub fn when_shown(&self, shown: i64) -> i64 {
        let (near, _) = self.offset(shown);
        let (offset, _) = self.offset(shown.saturating_sub(near));
        shown.saturating_sub(offset)
    }
}

/// A moment of the Gregorian calendar, as a clock shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell) struct Moment {
    /// Seconds since 1970.
    pub seconds: i64,
    /// How far the clock is east of UTC, in seconds.
    offset: i64,
    zone: Letters,
    pub nanoseconds: u32,
    pub year: i64,
    /// From 1.
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    /// From 1.
    pub day_of_year: u32,
}

/// Days from 1970-01-01 to a day; months beyond the year count on.
pub(in crate::shell) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - 719_468
}

fn number(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

impl Moment {
    /// The moment that many seconds after 1970.
    pub fn at(seconds: i64, nanoseconds: u32) -> Moment {
        // What lies beyond would leave the calendar's arithmetic.
        let seconds = seconds.clamp(-67_768_040_609_740_800, 67_768_036_191_676_799);
        let all = seconds.div_euclid(86_400);
        let rest = seconds.rem_euclid(86_400);
        let shifted = all + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let years = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * years + years / 4 - years / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + years + i64::from(month <= 2);
        Moment {
            seconds,
            offset: 0,
            zone: Letters::UTC,
            nanoseconds,
            year,
            month: number(month),
            day: number(day),
            hour: number(rest / 3_600),
            minute: number(rest / 60 % 60),
            second: number(rest % 60),
            weekday: number((all + 4).rem_euclid(7)),
            day_of_year: number(all - days(year, 1, 1) + 1),
        }
    }

    /// The moment of a date and a time, which may be beyond their ranges.
    pub fn of(year: i64, month: i64, day: i64, time: (i64, i64, i64)) -> Moment {
        let seconds = time.0 * 3_600 + time.1 * 60 + time.2;
        Moment::at(days(year, month, day) * 86_400 + seconds, 0)
    }

    /// The year and the week of ISO 8601.
    fn week(&self) -> (i64, i64) {
        let weekday = i64::from((self.weekday + 6) % 7);
        let day = i64::from(self.day_of_year) - 1;
        let week = (day - weekday + 10) / 7;
        let weeks = |year: i64| {
            let first = Moment::at(days(year, 1, 1) * 86_400, 0).weekday;
            let leap = days(year + 1, 1, 1) - days(year, 1, 1) == 366;
            if first == 4 || leap && first == 3 { 53 } else { 52 }
        };
        match week {
            0 => (self.year - 1, weeks(self.year - 1)),
            53 if weeks(self.year) == 52 => (self.year + 1, 1),
            week => (self.year, week),
        }
    }

    /// The moment in `strftime`'s language. `nanoseconds` says whether there is `%N`, as in GNU's `date`.
    pub fn format(&self, format: &str, nanoseconds: bool) -> String {
        let mut out = String::new();
        let mut rest = format;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            let (field, length) = Field::read(&rest[at..]);
            match field.and_then(|field| field.show(self, nanoseconds)) {
                Some(text) => out.push_str(&text),
                None => out.push_str(&rest[at..at + length]),
            }
            rest = &rest[at + length..];
        }
        out.push_str(rest);
        out
    }
}

/// `%-5d`
struct Field {
    /// `-`, `_`, `0`: how it is filled up.
    fill: Option<char>,
    upper: bool,
    swap: bool,
    width: Option<usize>,
    colons: usize,
    letter: char,
}

impl Field {
    /// Reads a field; its length comes with it, also when it is none.
    fn read(text: &str) -> (Option<Field>, usize) {
        let mut field =
            Field { fill: None, upper: false, swap: false, width: None, colons: 0, letter: '%' };
        for (at, letter) in text.char_indices().skip(1) {
            match letter {
                '0' if field.width.is_none() => field.fill = Some('0'),
                '-' | '_' | '+' => field.fill = Some(letter),
                '^' => field.upper = true,
                '#' => field.swap = true,
                ':' => field.colons += 1,
                'E' | 'O' => {}
                digit if digit.is_ascii_digit() => {
                    let value =
                        field.width.unwrap_or(0) * 10 + digit.to_digit(10).unwrap_or(0) as usize;
                    field.width = Some(value.min(WIDEST));
                }
                letter => {
                    field.letter = letter;
                    return (Some(field), at + letter.len_utf8());
                }
            }
        }
        (None, text.len())
    }

    fn number(&self, value: i64, width: usize, fill: char) -> String {
        let fill = match self.fill {
            Some('-') => return value.to_string(),
            Some('_') => ' ',
            Some('0' | '+') => '0',
            _ => fill,
        };
        let width = self.width.unwrap_or(width);
        let digits = value.unsigned_abs().to_string();
        let sign = if value < 0 { "-" } else { "" };
        let missing = width.saturating_sub(digits.len() + sign.len());
        let filling: String = std::iter::repeat_n(fill, missing).collect();
        match fill {
            '0' => format!("{sign}{filling}{digits}"),
            _ => format!("{filling}{sign}{digits}"),
        }
    }

    /// `%z`, with as many colons as there are in the field.
    fn offset(&self, east: i64) -> String {
        let sign = if east < 0 { '-' } else { '+' };
        let (hours, minutes, seconds) = (east.abs() / 3_600, east.abs() / 60 % 60, east.abs() % 60);
        match self.colons {
            0 => format!("{sign}{hours:02}{minutes:02}"),
            1 => format!("{sign}{hours:02}:{minutes:02}"),
            2 => format!("{sign}{hours:02}:{minutes:02}:{seconds:02}"),
            _ if seconds != 0 => format!("{sign}{hours:02}:{minutes:02}:{seconds:02}"),
            _ if minutes != 0 => format!("{sign}{hours:02}:{minutes:02}"),
            _ => format!("{sign}{hours:02}"),
        }
    }

    fn text(&self, text: &str) -> String {
        let text = match (self.upper, self.swap) {
            (true, _) => text.to_uppercase(),
            (_, true) if self.letter == 'Z' || self.letter == 'p' => text.to_lowercase(),
            (_, true) => text.to_uppercase(),
            _ => text.to_owned(),
        };
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        let fill = if self.fill == Some('0') { '0' } else { ' ' };
        std::iter::repeat_n(fill, missing).chain(text.chars()).collect()
    }

    fn show(&self, at: &Moment, nanoseconds: bool) -> Option<String> {
        let (hour, twelve) = (i64::from(at.hour), i64::from((at.hour + 11) % 12 + 1));
        let weekday = i64::from(at.weekday);
        let whole = |format: &str| self.text(&at.format(format, nanoseconds));
        let yday = i64::from(at.day_of_year) - 1;
        Some(match self.letter {
            '%' => "%".to_owned(),
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            'a' => self.text(&DAYS[at.weekday as usize % 7][..3]),
            'A' => self.text(DAYS[at.weekday as usize % 7]),
            'b' | 'h' => self.text(&MONTHS[(at.month as usize + 11) % 12][..3]),
            'B' => self.text(MONTHS[(at.month as usize + 11) % 12]),
            'c' => whole("%a %b %e %H:%M:%S %Y"),
            'C' => self.number(at.year.div_euclid(100), 2, '0'),
            'd' => self.number(i64::from(at.day), 2, '0'),
            'D' | 'x' => whole("%m/%d/%y"),
            'e' => self.number(i64::from(at.day), 2, ' '),
            'F' => whole("%Y-%m-%d"),
            'g' => self.number(at.week().0.rem_euclid(100), 2, '0'),
            'G' => self.number(at.week().0, 4, '0'),
            'H' => self.number(hour, 2, '0'),
            'I' => self.number(twelve, 2, '0'),
            'j' => self.number(i64::from(at.day_of_year), 3, '0'),
            'k' => self.number(hour, 2, ' '),
            'l' => self.number(twelve, 2, ' '),
            'm' => self.number(i64::from(at.month), 2, '0'),
            'M' => self.number(i64::from(at.minute), 2, '0'),
            'p' => self.text(if at.hour < 12 { "AM" } else { "PM" }),
            'P' => self.text(if at.hour < 12 { "am" } else { "pm" }),
            'q' => at.month.div_ceil(3).to_string(),
            'r' => whole("%I:%M:%S %p"),
            'R' => whole("%H:%M"),
            's' => self.number(at.seconds, 1, '0'),
            'S' => self.number(i64::from(at.second), 2, '0'),
            'T' | 'X' => whole("%H:%M:%S"),
            'u' => self.number((weekday + 6) % 7 + 1, 1, '0'),
            'U' => self.number((yday + 7 - weekday) / 7, 2, '0'),
            'V' => self.number(at.week().1, 2, '0'),
            'w' => self.number(weekday, 1, '0'),
            'W' => self.number((yday + 7 - (weekday + 6) % 7) / 7, 2, '0'),
            'y' => self.number(at.year.rem_euclid(100), 2, '0'),
            'Y' => self.number(at.year, if nanoseconds { 4 } else { 1 }, '0'),
            'z' => self.offset(at.offset),
            'Z' => self.text(&at.zone.text()),
            'N' if nanoseconds => {
                let digits = format!("{:09}", at.nanoseconds);
                let width = self.width.unwrap_or(9);
                match self.fill {
                    Some('-') => digits.trim_end_matches('0').to_owned(),
                    _ => format!("{digits:0<width$}")[..width.max(1)].to_owned(),
                }
            }
            _ => return None,
        })
    }
}

/// Reads a moment in `strptime`'s language: the moment, and what is left of the text.
pub(in crate::shell) fn read<'t>(text: &'t str, format: &str) -> Option<(Moment, &'t str)> {
    let mut reader =
        Reader { rest: text, year: 1900, month: 1, day: 1, time: (0, 0, 0), afternoon: None };
    let mut seconds = None;
    reader.all(format, &mut seconds, 0)?;
    if let Some(seconds) = seconds {
        return Some((Moment::at(seconds, 0), reader.rest));
    }
    let mut time = reader.time;
    if let Some(afternoon) = reader.afternoon {
        time.0 = time.0 % 12 + if afternoon { 12 } else { 0 };
    }
    Some((Moment::of(reader.year, reader.month, reader.day, time), reader.rest))
}

struct Reader<'t> {
    rest: &'t str,
    year: i64,
    month: i64,
    day: i64,
    time: (i64, i64, i64),
    afternoon: Option<bool>,
}

impl Reader<'_> {
    fn number(&mut self, digits: usize, most: i64) -> Option<i64> {
        self.rest = self.rest.trim_start_matches(' ');
        let length = self.rest.bytes().take(digits).take_while(u8::is_ascii_digit).count();
        let value: i64 = self.rest[..length].parse().ok()?;
        self.rest = &self.rest[length..];
        (value <= most).then_some(value)
    }

    fn name(&mut self, names: &[&str]) -> Option<usize> {
        let lower = self.rest.to_lowercase();
        let at = names.iter().position(|name| lower.starts_with(&name[..3].to_lowercase()))?;
        let whole = lower.starts_with(&names[at].to_lowercase());
        let length = if whole { names[at].len() } else { 3 };
        self.rest = self.rest.get(length..)?;
        Some(at)
    }

    /// `am` or `pm`
    fn half_of_day(&mut self) -> Option<()> {
        let lower = self.rest.to_lowercase();
        self.afternoon = Some(lower.starts_with("pm"));
        if !lower.starts_with("am") && !lower.starts_with("pm") {
            return None;
        }
        self.rest = &self.rest[2..];
        Some(())
    }

    /// `+00:00`, which changes nothing: every clock here is UTC's.
    fn zone(&mut self) -> Option<()> {
        self.rest = match self.rest.chars().next()? {
            'Z' => &self.rest[1..],
            '+' | '-' => {
                let end = self.rest[1..].find(|c: char| !c.is_ascii_digit() && c != ':');
                &self.rest[end.map_or(self.rest.len(), |end| end + 1)..]
            }
            _ => return None,
        };
        Some(())
    }

    fn all(&mut self, format: &str, seconds: &mut Option<i64>, depth: u8) -> Option<()> {
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            if letter.is_whitespace() {
                self.rest = self.rest.trim_start();
                continue;
            }
            if letter != '%' {
                self.rest = self.rest.strip_prefix(letter)?;
                continue;
            }
            let mut field = letters.next()?;
            while matches!(field, 'E' | 'O' | '-' | '_' | '0') {
                field = letters.next()?;
            }
            match field {
                '%' => self.rest = self.rest.strip_prefix('%')?,
                'n' | 't' => self.rest = self.rest.trim_start(),
                'a' | 'A' => drop(self.name(&DAYS)?),
                'b' | 'B' | 'h' => self.month = i64::try_from(self.name(&MONTHS)?).ok()? + 1,
                'd' | 'e' => self.day = self.number(2, 31)?,
                'H' | 'k' => self.time.0 = self.number(2, 23)?,
                'I' | 'l' => self.time.0 = self.number(2, 12)?,
                'j' => (self.month, self.day) = (1, self.number(3, 366)?),
                'm' => self.month = self.number(2, 12)?,
                'M' => self.time.1 = self.number(2, 59)?,
                'p' | 'P' => self.half_of_day()?,
                's' => *seconds = Some(self.number(18, i64::MAX)?),
                'S' => self.time.2 = self.number(2, 61)?,
                'y' => {
                    let year = self.number(2, 99)?;
                    self.year = if year < 69 { 2000 + year } else { 1900 + year };
                }
                'Y' => self.year = self.number(4, 9999)?,
                'z' => self.zone()?,
                'Z' => {
                    let end = self.rest.find(|c: char| !c.is_ascii_alphabetic());
                    self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
                }
                composed if depth == 0 => {
                    let format = match composed {
                        'T' | 'X' => "%H:%M:%S",
                        'R' => "%H:%M",
                        'D' | 'x' => "%m/%d/%y",
                        'F' => "%Y-%m-%d",
                        'c' => "%a %b %e %H:%M:%S %Y",
                        'r' => "%I:%M:%S %p",
                        _ => return None,
                    };
                    self.all(format, seconds, 1)?;
                }
                _ => return None,
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What GNU `date -u -d @1700000000` prints with these formats.
    #[test]
    fn a_moment_is_written_as_date_writes_it() {
        let at = Moment::at(1_700_000_000, 5_000_000);
        assert_eq!(
            at.format("%c|%F %T|%j %U %V %G", true),
            "Tue Nov 14 22:13:20 2023|2023-11-14 22:13:20|318 46 46 2023"
        );
        assert_eq!(
            at.format("%-d %_m %^a %3N %:z %q %5d %z%%", true),
            "14 11 TUE 005 +00:00 4 00014 +0000%"
        );
    }

    /// What GNU `TZ=ZONE date -d @1700000000` prints.
    #[test]
    fn a_zone_moves_the_clock_and_has_a_name() {
        let shown = |zone: &str| {
            let zone = Zone::of(Some(zone), true);
            zone.moment(1_700_000_000, 0).format("%T %Z %z %:z", true)
        };
        assert_eq!(shown("America/New_York"), "17:13:20 EST -0500 -05:00");
        assert_eq!(shown("Asia/Kolkata"), "03:43:20 IST +0530 +05:30");
        assert_eq!(shown("UTC-3"), "01:13:20 UTC +0300 +03:00");
        assert_eq!(shown("Nowhere/City"), "22:13:20 Nowhere +0000 +00:00");
        let berlin = Zone::of(Some("Europe/Berlin"), true);
        assert_eq!(berlin.when_shown(1_782_907_200), 1_782_900_000);
    }

    #[test]
    fn what_was_written_can_be_read() {
        for seconds in [0, 1_425_599_507, 951_782_400, 4_102_444_799] {
            let text = Moment::at(seconds, 0).format("%a, %d %b %Y %H:%M:%S", false);
            let (read, rest) = read(&text, "%a, %d %b %Y %T").expect("it is a moment");
            assert_eq!((read.seconds, rest), (seconds, ""));
        }
        assert_eq!(read("2015", "%Y-%m"), None);
    }
}
