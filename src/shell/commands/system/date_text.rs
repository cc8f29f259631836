//! Moments as people write them: the grammar of GNU's `date -d` (`parse-datetime.y` of gnulib).
//!
//! A text is a row of items: a time, a date, a day of the week, a zone, and what is added. Their order
//! does not matter; what is not said is today's, and a day without a time begins at midnight.

use crate::shell::commands::moment::{DAYS, MONTHS, Moment, Zone};

/// More than anybody counts.
const MOST: i64 = 100_000_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Its sign, its value and how many digits it has.
    Number(Option<char>, i64, usize),
    Word(String),
    Mark(char),
    /// What stands behind a point, in nanoseconds.
    Fraction(u32),
}

/// The tokens of a text, and whether each follows the one before without a gap.
fn tokens(text: &str) -> Option<Vec<(Token, bool)>> {
    let mut all: Vec<(Token, bool)> = Vec::new();
    let mut rest = text;
    let mut joined = false;
    while let Some(letter) = rest.chars().next() {
        let (token, length) = match letter {
            letter if letter.is_whitespace() => {
                rest = &rest[letter.len_utf8()..];
                joined = false;
                continue;
            }
            '(' => {
                rest = &rest[rest.find(')')? + 1..];
                continue;
            }
            '0'..='9' | '+' | '-' => number(rest, all.last(), joined)?,
            '.' | ',' if joined && is_fraction(rest, all.last()) => {
                let digits: String = rest[1..].chars().take_while(char::is_ascii_digit).collect();
                let nine = format!("{:0<9.9}", digits);
                (Token::Fraction(nine.parse().ok()?), 1 + digits.len())
            }
            letter if letter.is_ascii_alphabetic() => {
                let word: String = rest
                    .chars()
                    .take_while(|one| one.is_ascii_alphabetic() || *one == '.')
                    .collect();
                let length = word.len();
                (Token::Word(word.replace('.', "").to_lowercase()), length)
            }
            mark => (Token::Mark(mark), mark.len_utf8()),
        };
        all.push((token, joined));
        rest = &rest[length..];
        joined = true;
    }
    Some(all)
}

/// Whether a point or a comma stands between seconds and their parts.
fn is_fraction(rest: &str, before: Option<&(Token, bool)>) -> bool {
    let digit = rest[1..].starts_with(|letter: char| letter.is_ascii_digit());
    digit && matches!(before, Some((Token::Number(None, ..), _)))
}

/// A number with the sign that stands right before it; a dash between numbers is one of a date.
fn number(rest: &str, before: Option<&(Token, bool)>, joined: bool) -> Option<(Token, usize)> {
    let sign = rest.chars().next().filter(|letter| !letter.is_ascii_digit());
    let body = &rest[usize::from(sign.is_some())..];
    let gap = body.len() - body.trim_start().len();
    let digits: String = body.trim_start().chars().take_while(char::is_ascii_digit).collect();
    let within = joined && sign == Some('-') && matches!(before, Some((Token::Word(_), _)));
    if digits.is_empty() || within {
        return sign.map(|sign| (Token::Mark(sign), 1));
    }
    let value: i64 = digits.parse().ok().filter(|value| *value < 1_000_000_000_000_000)?;
    let length = usize::from(sign.is_some()) + gap + digits.len();
    Some((Token::Number(sign, value, digits.len()), length))
}

/// What has been read so far.
#[derive(Default)]
struct Said {
    year: Option<i64>,
    month_day: Option<(i64, i64)>,
    time: Option<(i64, i64, i64, u32)>,
    /// Which day of the week, and the how manyeth.
    day: Option<(i64, i64)>,
    /// Minutes east of UTC.
    zone: Option<i64>,
    moves: bool,
    months: i64,
    days: i64,
    seconds: i64,
}

struct Reader {
    tokens: Vec<(Token, bool)>,
    at: usize,
    said: Said,
}

fn month(word: &str) -> Option<i64> {
    let at = MONTHS
        .iter()
        .position(|name| is_short(word, name, 3) || word == "sept" && *name == "September")?;
    i64::try_from(at).ok().map(|at| at + 1)
}

fn weekday(word: &str) -> Option<i64> {
    let at = DAYS.iter().position(|name| {
        is_short(word, name, 3)
            || matches!(
                (word, *name),
                ("tues", "Tuesday") | ("wednes", "Wednesday") | ("thur" | "thurs", "Thursday")
            )
    })?;
    i64::try_from(at).ok()
}

/// Whether a word is a name or its first letters.
fn is_short(word: &str, name: &str, letters: usize) -> bool {
    let name = name.to_lowercase();
    word == name || word == &name[..letters.min(name.len())]
}

/// The hours east of UTC of a zone's name.
fn zone(word: &str) -> Option<i64> {
    Some(match word {
        "utc" | "gmt" | "ut" | "z" | "wet" => 0,
        "bst" | "west" | "cet" | "met" | "wat" => 1,
        "cest" | "mest" | "eet" | "cat" | "sast" => 2,
        "eest" | "msk" | "eat" => 3,
        "est" => -5,
        "edt" | "ast" => -4,
        "cst" => -6,
        "cdt" => -5,
        "mst" => -7,
        "mdt" => -6,
        "pst" => -8,
        "pdt" => -7,
        "jst" => 9,
        // The letters of armies; `t` stands between a date and a time.
        word if word.len() == 1 => match word.bytes().next()? {
            east @ b'a'..=b'i' => i64::from(east - b'a') + 1,
            east @ b'k'..=b'm' => i64::from(east - b'k') + 10,
            west @ (b'n'..=b's' | b'u'..=b'y') => -i64::from(west - b'n') - 1,
            _ => return None,
        },
        _ => return None,
    })
}

fn ordinal(word: &str) -> Option<i64> {
    Some(match word {
        "last" => -1,
        "this" => 0,
        "next" | "first" => 1,
        "third" => 3,
        "fourth" => 4,
        "fifth" => 5,
        "sixth" => 6,
        "seventh" => 7,
        "eighth" => 8,
        "ninth" => 9,
        "tenth" => 10,
        "eleventh" => 11,
        "twelfth" => 12,
        _ => return None,
    })
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    fn joined(&self, ahead: usize) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(|(_, joined)| *joined)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.peek(ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn plain(&self, ahead: usize) -> Option<(i64, usize)> {
        match self.peek(ahead) {
            Some(Token::Number(None, value, digits)) => Some((*value, *digits)),
            _ => None,
        }
    }

    fn mark(&self, ahead: usize, mark: char) -> bool {
        self.peek(ahead) == Some(&Token::Mark(mark))
    }

    fn all(&mut self) -> Option<()> {
        while self.at < self.tokens.len() {
            self.item()?;
        }
        Some(())
    }

    fn item(&mut self) -> Option<()> {
        match self.peek(0)?.clone() {
            Token::Word(word) => self.named(&word),
            Token::Number(None, ..) => self.numbered(),
            Token::Number(Some(sign), value, _) => {
                self.at += 1;
                let unit = self.word(0)?.to_owned();
                self.at += 1;
                self.moved(if sign == '-' { -value } else { value }, &unit)
            }
            Token::Mark(',') if self.at > 0 => {
                self.at += 1;
                Some(())
            }
            Token::Mark(_) | Token::Fraction(_) => None,
        }
    }

    /// An item that begins with a word.
    fn named(&mut self, word: &str) -> Option<()> {
        self.at += 1;
        match word {
            "now" | "today" => {
                self.said.moves = true;
                return Some(());
            }
            "tomorrow" => return self.moved(1, "day"),
            "yesterday" => return self.moved(-1, "day"),
            // It may stand between a date and a time.
            "t" if self.mark(1, ':') => return Some(()),
            _ => {}
        }
        if let Some(month) = month(word) {
            return self.month_first(month);
        }
        if let Some(day) = weekday(word) {
            return set(&mut self.said.day, (day, 0));
        }
        if let Some(hours) = zone(word) {
            let mut minutes = hours * 60;
            if let Some(Token::Number(Some(_), ..)) = self.peek(0)
                && self.word(1).is_none()
            {
                minutes += self.offset()?;
            }
            return set(&mut self.said.zone, minutes);
        }
        if let Some(count) = ordinal(word) {
            let unit = self.word(0)?.to_owned();
            self.at += 1;
            return match weekday(&unit) {
                Some(day) => set(&mut self.said.day, (day, count)),
                None => self.moved(count, &unit),
            };
        }
        self.moved(1, word)
    }

    /// `Jan 2`, `Jan 2, 2025`, `Jan-2-2025`
    fn month_first(&mut self, month: i64) -> Option<()> {
        while self.mark(0, '-') {
            self.at += 1;
        }
        let day = match self.peek(0) {
            Some(Token::Number(None | Some('-'), day, digits)) if *digits <= 2 => *day,
            _ => return None,
        };
        self.at += 1;
        set(&mut self.said.month_day, (month, day))?;
        let comma = usize::from(self.mark(0, ','));
        let clock = self.mark(comma + 1, ':');
        match self.peek(comma) {
            Some(Token::Number(None | Some('-'), year, digits)) if *digits == 4 && !clock => {
                let year = *year;
                self.at += comma + 1;
                set(&mut self.said.year, year)
            }
            _ => Some(()),
        }
    }

    /// An item that begins with a number.
    fn numbered(&mut self) -> Option<()> {
        let (value, digits) = self.plain(0)?;
        if self.mark(1, ':') {
            return self.time();
        }
        if self.mark(1, '/') {
            return self.slashes();
        }
        // 2025-10-10: a dash and digits are one token.
        if let (Some(Token::Number(Some('-'), month, 1..=2)), true) =
            (self.peek(1).cloned(), self.joined(1))
            && let (Some(Token::Number(Some('-'), day, 1..=2)), true) =
                (self.peek(2).cloned(), self.joined(2))
        {
            self.at += 3;
            set(&mut self.said.year, full(value, digits))?;
            return set(&mut self.said.month_day, (month, day));
        }
        let after = 1 + usize::from(self.mark(1, '-'));
        if let Some(word) = self.word(after).map(str::to_owned) {
            if let Some(month) = month(&word) {
                return self.day_first(value, month, after);
            }
            if let Some(afternoon) = meridian(&word) {
                self.at += 2;
                return self.clock(value, 0, 0, 0, Some(afternoon));
            }
            if after == 1 && unit(&word).is_some() {
                self.at += 2;
                return self.moved(value, &word);
            }
        }
        self.at += 1;
        match digits {
            _ if self.said.month_day.is_some()
                && self.said.year.is_none()
                && !self.said.moves
                && (self.said.time.is_some() || digits > 2) =>
            {
                set(&mut self.said.year, full(value, digits))
            }
            8 => {
                set(&mut self.said.year, value / 10_000)?;
                set(&mut self.said.month_day, (value / 100 % 100, value % 100))
            }
            6 => {
                set(&mut self.said.year, full(value / 10_000, 2))?;
                set(&mut self.said.month_day, (value / 100 % 100, value % 100))
            }
            1 | 2 => self.clock(value, 0, 0, 0, None),
            3 | 4 => self.clock(value / 100, value % 100, 0, 0, None),
            _ => None,
        }
    }

    /// `2 Jan`, `2 Jan 2025`, `2-Jan-2025`
    fn day_first(&mut self, day: i64, month: i64, after: usize) -> Option<()> {
        self.at += after + 1;
        set(&mut self.said.month_day, (month, day))?;
        while self.mark(0, '-') {
            self.at += 1;
        }
        let unit_follows =
            self.word(1).is_some_and(|word| unit(word).is_some() || meridian(word).is_some());
        match self.peek(0).cloned() {
            Some(Token::Number(None | Some('-'), year, digits))
                if !self.mark(1, ':') && !unit_follows =>
            {
                self.at += 1;
                set(&mut self.said.year, full(year, digits))
            }
            _ => Some(()),
        }
    }

    /// `10/31`, `10/31/2025`, `2025/10/31`
    fn slashes(&mut self) -> Option<()> {
        let (first, digits) = self.plain(0)?;
        let (second, _) = self.plain(2)?;
        self.at += 3;
        let third = if self.mark(0, '/') { self.plain(1) } else { None };
        self.at += if third.is_some() { 2 } else { 0 };
        match third {
            None => set(&mut self.said.month_day, (first, second)),
            Some((day, _)) if digits >= 4 => {
                set(&mut self.said.year, first)?;
                set(&mut self.said.month_day, (second, day))
            }
            Some((year, digits)) => {
                set(&mut self.said.year, full(year, digits))?;
                set(&mut self.said.month_day, (first, second))
            }
        }
    }

    /// `13:55`, `13:55:36.5`, with am or pm, or how far it is from UTC.
    fn time(&mut self) -> Option<()> {
        let (hour, _) = self.plain(0)?;
        let (minute, _) = self.plain(2)?;
        self.at += 3;
        let (mut second, mut parts) = (0, 0);
        if self.mark(0, ':') {
            second = self.plain(1)?.0;
            self.at += 2;
            if let Some(Token::Fraction(fraction)) = self.peek(0) {
                parts = *fraction;
                self.at += 1;
            }
        }
        let afternoon = self.word(0).and_then(meridian);
        if afternoon.is_some() {
            self.at += 1;
        } else if let Some(Token::Number(Some(_), ..)) = self.peek(0) {
            let offset = self.offset()?;
            set(&mut self.said.zone, offset)?;
        }
        self.clock(hour, minute, second, parts, afternoon)
    }

    /// `+02:00`, `-5`: minutes east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let Some(Token::Number(Some(sign), value, digits)) = self.peek(0).cloned() else {
            return None;
        };
        self.at += 1;
        let mut minutes = if digits <= 2 { value * 60 } else { value / 100 * 60 + value % 100 };
        if digits <= 2 && self.mark(0, ':') {
            minutes += self.plain(1)?.0;
            self.at += 2;
        }
        (minutes <= 24 * 60).then_some(if sign == '-' { -minutes } else { minutes })
    }

    fn clock(
        &mut self,
        hour: i64,
        minute: i64,
        second: i64,
        parts: u32,
        afternoon: Option<bool>,
    ) -> Option<()> {
        let hour = match afternoon {
            None => (hour < 24).then_some(hour)?,
            Some(afternoon) => {
                (1..=12).contains(&hour).then_some(hour % 12 + if afternoon { 12 } else { 0 })?
            }
        };
        (minute < 60 && second <= 60).then_some(())?;
        set(&mut self.said.time, (hour, minute, second, parts))
    }

    /// What is added, and whether that is in the past (`ago`).
    fn moved(&mut self, count: i64, word: &str) -> Option<()> {
        let (months, days, seconds) = unit(word)?;
        let ago = self.word(0) == Some("ago");
        self.at += usize::from(ago);
        let count = if ago { -count } else { count };
        (count.abs() <= MOST).then_some(())?;
        self.said.moves = true;
        self.said.months += count * months;
        self.said.days += count * days;
        self.said.seconds += count * seconds;
        Some(())
    }
}

/// What is said twice is no moment.
fn set<T>(place: &mut Option<T>, value: T) -> Option<()> {
    match place.replace(value) {
        None => Some(()),
        Some(_) => None,
    }
}

fn full(year: i64, digits: usize) -> i64 {
    match (digits, year) {
        (1 | 2, 0..69) => 2000 + year,
        (1 | 2, _) => 1900 + year,
        _ => year,
    }
}

fn meridian(word: &str) -> Option<bool> {
    match word {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    }
}

/// The months, days and seconds of a unit.
fn unit(word: &str) -> Option<(i64, i64, i64)> {
    let one = word.strip_suffix('s').filter(|one| !one.is_empty()).unwrap_or(word);
    Some(match one {
        "year" => (12, 0, 0),
        "month" => (1, 0, 0),
        "fortnight" => (0, 14, 0),
        "week" => (0, 7, 0),
        "day" => (0, 1, 0),
        "hour" => (0, 0, 3_600),
        "minute" | "min" => (0, 0, 60),
        "second" | "sec" => (0, 0, 1),
        _ => return None,
    })
}

/// A text without the zone that it begins with (`TZ="Europe/Berlin" 09:00`), and that zone.
fn zoned(text: &str) -> Option<(Zone, &str)> {
    let (name, rest) = text.trim_start().strip_prefix("TZ=\"")?.split_once('"')?;
    Some((Zone::of(Some(name), true), rest))
}

/// The moment that a text tells to somebody whose clock is in this zone, seen from `now`; `None` for what
/// tells none.
pub(super) fn read(text: &str, now: &Moment, zone: &Zone) -> Option<Moment> {
    let told = zoned(text);
    let (clock, text) = told.as_ref().map_or((zone, text), |(zone, rest)| (zone, *rest));
    if let Some(seconds) = text.trim().strip_prefix('@') {
        let (whole, parts) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
        let parts: u32 = format!("{parts:0<9.9}").parse().ok()?;
        return Some(zone.moment(whole.parse().ok()?, parts));
    }
    let now = &clock.moment(now.seconds, now.nanoseconds);
    let mut reader = Reader { tokens: tokens(text)?, at: 0, said: Said::default() };
    reader.all()?;
    let said = reader.said;
    let year = said.year.unwrap_or(now.year);
    let (month, day) = said.month_day.unwrap_or((now.month.into(), now.day.into()));
    // A day that the month does not have is no date.
    let found = Moment::of(year, month, day, (0, 0, 0));
    let real = (found.year, i64::from(found.month), i64::from(found.day)) == (year, month, day);
    (real && (1..=12).contains(&month)).then_some(())?;
    let dated = said.month_day.is_some() || said.day.is_some();
    let (hour, minute, second, parts) = match said.time {
        Some(time) => time,
        None if said.moves && !dated => {
            (now.hour.into(), now.minute.into(), now.second.into(), now.nanoseconds)
        }
        None => (0, 0, 0, 0),
    };
    let mut days = said.days;
    if let (Some((wanted, ordinal)), None) = (said.day, said.month_day) {
        let today = i64::from(found.weekday);
        let counted = ordinal - i64::from(ordinal > 0 && today != wanted);
        days += (wanted - today).rem_euclid(7) + 7 * counted;
    }
    let moved = Moment::of(year, month + said.months, day + days, (hour, minute, second));
    let seconds = match said.zone {
        Some(minutes) => moved.seconds.checked_sub(minutes * 60)?,
        None => clock.when_shown(moved.seconds),
    };
    // What no clock shows, since it was put forward, is no moment.
    let shown = clock.moment(seconds, 0);
    if said.zone.is_none() && (shown.hour, shown.minute) != (moved.hour, moved.minute) {
        return None;
    }
    Some(zone.moment(seconds.checked_add(said.seconds)?, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What GNU `date -u -d` of coreutils 9.1 gives on Monday, 5 January 2026, 09:00.
    #[test]
    fn moments_are_read_as_people_write_them() {
        let now = Moment::at(1_767_603_600, 0);
        let shown = |text: &str| read(text, &now, &Zone::Utc).map(|at| at.format("%F %T", true));
        for (text, told) in [
            ("10 Oct 2025 13:55", "2025-10-10 13:55:00"),
            ("Oct 10, 2025", "2025-10-10 00:00:00"),
            ("Fri, 10 Oct 2025 13:55:36 GMT", "2025-10-10 13:55:36"),
            ("Fri Oct 10 13:55:36 UTC 2025", "2025-10-10 13:55:36"),
            ("2025-10-10T13:55:36+02:00", "2025-10-10 11:55:36"),
            ("2025-10-10T13:55:36.5Z", "2025-10-10 13:55:36"),
            ("20251010", "2025-10-10 00:00:00"),
            ("20251010 1355", "2025-10-10 13:55:00"),
            ("10/11/2025", "2025-10-11 00:00:00"),
            ("12:30", "2026-01-05 12:30:00"),
            ("3pm tomorrow", "2026-01-06 15:00:00"),
            ("next monday", "2026-01-12 00:00:00"),
            ("friday", "2026-01-09 00:00:00"),
            ("last friday", "2026-01-02 00:00:00"),
            ("1 day ago 2025-10-10", "2025-10-09 00:00:00"),
            ("2025-10-10 +1 day", "2025-10-11 00:00:00"),
            ("2025-01-31 + 1 month", "2025-03-03 00:00:00"),
            ("2 hours ago", "2026-01-05 07:00:00"),
            ("1 week", "2026-01-12 09:00:00"),
            ("10 Oct", "2026-10-10 00:00:00"),
            ("10 Oct 25", "2025-10-10 00:00:00"),
            ("Oct 10 2025 13:55", "2025-10-10 13:55:00"),
            ("jan 5 2025 10am", "2025-01-05 10:00:00"),
            ("2025-10-10 12:00 +1 day", "2025-10-11 11:00:00"),
            ("2025-10-10 10:00:00 -0500", "2025-10-10 15:00:00"),
            ("2025", "2026-01-05 20:25:00"),
            ("monday 10:00", "2026-01-05 10:00:00"),
            ("1-Jan-2025", "2025-01-01 00:00:00"),
            ("2025-10-10 13:55 EST", "2025-10-10 18:55:00"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(told), "{text}");
        }
        for text in
            ["no day", "2025-02-30", "25:00", "2025-W10", "noon", "10 10 10 10", "2025-10-10T10"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
