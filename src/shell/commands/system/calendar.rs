//! `cal` of BusyBox: a month or a year, its weeks from Sunday.

use crate::shell::Io;
use crate::shell::commands::busybox_usage;
use crate::shell::commands::moment::{DAYS, MONTHS, Moment, days};
use crate::shell::commands::options::Grammar;
use crate::shell::commands::trouble::left_out;

/// Weeks that a month is given room for.
const WEEKS: usize = 6;

/// How days are shown.
#[derive(Clone, Copy)]
struct Face {
    /// `-j`: numbered from the year's first.
    of_year: bool,
    /// `-m`: weeks begin on Monday.
    monday: bool,
}

impl Face {
    /// How wide a day is, with the blank behind it.
    fn cell(self) -> usize {
        if self.of_year { 4 } else { 3 }
    }

    fn width(self) -> usize {
        self.cell() * 7
    }

    /// The names of the days.
    fn head(self) -> String {
        let day = |at: usize| {
            let name = &DAYS[(at + usize::from(self.monday)) % 7];
            format!("{:>width$}", &name[..2], width = self.cell() - 1)
        };
        (0..7).map(day).collect::<Vec<_>>().join(" ")
    }

    /// The weeks of a month, each seven days; none where the month has not begun or is over.
    fn weeks(self, year: i64, month: i64) -> Vec<[Option<i64>; 7]> {
        let first = days(year, month, 1);
        let count = days(year, month + 1, 1) - first;
        let begins = (first + 4 - i64::from(self.monday)).rem_euclid(7);
        let before = if self.of_year { first - days(year, 1, 1) } else { 0 };
        let day = |place: i64| {
            let day = place - begins + 1;
            (1..=count).contains(&day).then_some(day + before)
        };
        let week = |week: usize| std::array::from_fn(|at| day((week * 7 + at) as i64));
        (0..WEEKS).map(week).collect()
    }

    fn row(self, week: &[Option<i64>; 7]) -> String {
        let width = self.cell() - 1;
        let day = |day: &Option<i64>| day.map_or(" ".repeat(width), |day| format!("{day:>width$}"));
        week.iter().map(day).collect::<Vec<_>>().join(" ") + " "
    }

    /// A line without the blanks behind its last day; one without any day stays as wide as it is.
    fn trimmed(line: &str) -> &str {
        let end = line.trim_end();
        if end.is_empty() { line } else { end }
    }

    fn month(self, io: &mut Io<'_>, year: i64, month: i64) {
        let title = format!("{} {year}", month_name(month));
        let room = (self.width() - 1).saturating_sub(title.len()) / 2;
        io.say(format!("{}{title}", " ".repeat(room)));
        io.say(self.head());
        for week in self.weeks(year, month) {
            io.say(Face::trimmed(&self.row(&week)));
        }
    }

    fn year(self, io: &mut Io<'_>, year: i64) {
        let beside: i64 = if self.of_year { 2 } else { 3 };
        let gap = 1;
        let width = self.width() * beside as usize + gap * (beside as usize - 1);
        let middle = |text: &str, width: usize| {
            let before = width.saturating_sub(text.len()) / 2;
            let after = width.saturating_sub(text.len() + before);
            format!("{}{text}{}", " ".repeat(before), " ".repeat(after))
        };
        io.say(middle(&year.to_string(), width - 1));
        io.say("");
        for first in (1..=12).step_by(beside as usize) {
            let months: Vec<i64> = (first..first + beside).collect();
            let names = months.iter().map(|month| middle(month_name(*month), self.width() - 1));
            io.say(names.collect::<Vec<_>>().join("  "));
            io.say(vec![self.head(); beside as usize].join("  "));
            let all: Vec<_> = months.iter().map(|month| self.weeks(year, *month)).collect();
            for week in 0..WEEKS {
                let rows: Vec<String> = all.iter().map(|weeks| self.row(&weeks[week])).collect();
                let line = rows.join(" ");
                // A line without a day is BusyBox' whole buffer.
                let blank = line.trim().is_empty();
                io.say(if blank { " ".repeat(79) } else { line.trim_end().to_owned() });
            }
        }
    }
}

fn month_name(month: i64) -> &'static str {
    MONTHS[usize::try_from(month - 1).unwrap_or(0) % 12]
}

/// A number of the command line within a range, or BusyBox' complaint.
fn number(text: &str, most: i64) -> Result<i64, String> {
    match text.parse::<i64>() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        Ok(_) => Err(format!("cal: number {text} is not in 1..{most} range")),
        Err(_) => Err(format!("cal: invalid number '{text}'")),
    }
}

pub(in crate::shell::commands) fn cal(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("cal", "jmy").read(arguments, io) else { return Some(1) };
    let face = Face { of_year: options.has('j'), monday: options.has('m') };
    let now = Moment::at(io.now().timestamp().as_second(), 0);
    let asked = match options.operands.as_slice() {
        [] if options.has('y') => Ok((None, now.year)),
        [] => Ok((Some(i64::from(now.month)), now.year)),
        [year] => number(year, 9_999).map(|year| (None, year)),
        [month, year] => {
            let month = number(month, 12);
            month.and_then(|month| Ok((Some(month), number(year, 9_999)?)))
        }
        _ => Err(busybox_usage("cal")),
    };
    // The calendar was another one before it was changed.
    if let Ok((_, year @ ..1753)) = asked {
        io.write_error(left_out("cal", format!("{year}: years before 1753")));
        return Some(1);
    }
    match asked {
        Ok((Some(month), year)) => face.month(io, year, month),
        Ok((None, year)) => face.year(io, year),
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    }
    Some(0)
}
