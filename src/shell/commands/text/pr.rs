//! `pr`: pages with a header, columns, files side by side.

use super::bytes::{content, or_standard, waits};
use crate::shell::Io;
use crate::shell::commands::moment::Moment;
use crate::shell::commands::options::{Grammar, Options};

/// Lines of a page, and those of them that its header and its end take.
const PAGE: usize = 66;
const AROUND: usize = 10;

const WIDTH: usize = 72;

const COLUMNS: char = '\u{100}';

const GRAMMAR: Grammar = Grammar {
    name: "pr",
    short: "admrtTFfJvch:l:w:W:o:N:D:n;s;S;e;i;\u{100}:",
    long: &[
        ("across", 'a'),
        ("columns", COLUMNS),
        ("date-format", 'D'),
        ("double-space", 'd'),
        ("first-line-number", 'N'),
        ("form-feed", 'F'),
        ("header", 'h'),
        ("indent", 'o'),
        ("join-lines", 'J'),
        ("length", 'l'),
        ("merge", 'm'),
        ("no-file-warnings", 'r'),
        ("number-lines", 'n'),
        ("omit-header", 't'),
        ("omit-pagination", 'T'),
        ("page-width", 'W'),
        ("sep-string", 'S'),
        ("separator", 's'),
        ("width", 'w'),
    ],
    stops: false,
};

/// How pages look.
struct Layout {
    /// Lines of text on a page.
    body: usize,
    /// Empty lines behind them, where there is a header.
    header: bool,
    width: usize,
    columns: usize,
    /// Columns fill row by row.
    across: bool,
    merged: bool,
    double: bool,
    indent: usize,
    /// What stands between columns that are not aligned.
    separator: Option<String>,
    /// Whether what is wider than its column is cut.
    cut: bool,
    /// Digits of a line's number and what follows them.
    numbers: Option<(usize, char)>,
    first: usize,
}

/// Columns, lines and characters beyond this are left out.
const LARGEST: usize = 10_000;

fn too_large() -> String {
    format!("podhop: not simulated here: pr with a number over {LARGEST}")
}

/// A number that an option takes.
fn number(options: &Options, letter: char, usual: usize, what: &str) -> Result<usize, String> {
    let Some(text) = options.value(letter) else { return Ok(usual) };
    match text.parse() {
        Ok(number) if number > LARGEST && letter != 'N' => Err(too_large()),
        Ok(number) if number > 0 || letter == 'o' => Ok(number),
        Ok(_) => Err(format!("pr: {what}: '{text}': Numerical result out of range")),
        Err(_) => Err(format!("pr: {what}: '{text}'")),
    }
}

impl Layout {
    fn read(options: &Options, files: usize) -> Result<Layout, String> {
        let length = number(options, 'l', PAGE, "'-l PAGE_LENGTH' invalid number of lines")?;
        let merged = options.has('m');
        let columns = number(options, COLUMNS, 1, "invalid number of columns")?;
        if merged && options.has(COLUMNS) {
            return Err("pr: cannot specify number of columns when printing in parallel".to_owned());
        }
        if merged && options.has('a') {
            return Err(
                "pr: cannot specify both printing across and printing in parallel".to_owned()
            );
        }
        let wide = number(options, 'w', WIDTH, "'-w PAGE_WIDTH' invalid number of characters")?;
        let always = number(options, 'W', wide, "'-W PAGE_WIDTH' invalid number of characters")?;
        let columns = if merged { files } else { columns };
        let glued = |letter, usual: &str| {
            let own = options.value(letter)?;
            Some(if own.is_empty() { usual.to_owned() } else { own.to_owned() })
        };
        let joined = options.has('J').then(|| "\t".to_owned());
        let separator = glued('s', "\t").or_else(|| glued('S', "")).or(joined);
        let header = !options.has('t') && !options.has('T') && length > AROUND;
        let numbers = options.value('n').map(|text| {
            let sign = text.chars().next().filter(|sign| !sign.is_ascii_digit());
            let digits = text.trim_start_matches(|letter: char| !letter.is_ascii_digit());
            (digits.parse().unwrap_or(5), sign.unwrap_or('\t'))
        });
        if numbers.is_some_and(|(digits, _)| digits > LARGEST) {
            return Err(too_large());
        }
        if numbers.is_some() && columns > 1 {
            return Err("podhop: not simulated here: pr -n with columns".to_owned());
        }
        Ok(Layout {
            body: if header { length - AROUND } else { length },
            header,
            width: always,
            columns,
            across: options.has('a'),
            merged,
            double: options.has('d'),
            indent: number(options, 'o', 0, "'-o MARGIN' invalid line offset")?,
            cut: separator.is_none() && columns > 1 || options.has('W'),
            separator,
            numbers,
            first: number(options, 'N', 1, "'-N NUMBER' invalid starting line number")?,
        })
    }

    /// The texts of a row, next to one another.
    fn row(&self, texts: &[&str]) -> String {
        let between = self.separator.as_ref().map_or(1, String::len);
        let width = (self.width + between).saturating_sub(self.columns * between) / self.columns;
        let width = width.max(1);
        let mut line = String::new();
        for (at, text) in texts.iter().enumerate() {
            match &self.separator {
                Some(separator) if at > 0 => line += separator,
                None if at > 0 => {
                    let from = line.chars().fold(0, |column, letter| match letter {
                        '\t' => column / 8 * 8 + 8,
                        _ => column + 1,
                    });
                    line += &gap(from, at * (width + 1));
                }
                _ => {}
            }
            match self.cut {
                true => line.extend(text.chars().take(width)),
                false => line += text,
            }
        }
        format!("{}{line}", " ".repeat(self.indent))
    }

    /// The rows of a page.
    fn rows(&self, page: &[String]) -> Vec<String> {
        let texts: Vec<&str> = page.iter().map(String::as_str).collect();
        if self.columns == 1 {
            return texts.iter().map(|text| self.row(&[text])).collect();
        }
        if self.across {
            return texts.chunks(self.columns).map(|row| self.row(row)).collect();
        }
        let (short, longer) = (texts.len() / self.columns, texts.len() % self.columns);
        let mut columns: Vec<&[&str]> = Vec::new();
        let mut rest = texts.as_slice();
        for at in 0..self.columns {
            let (column, behind) = rest.split_at(short + usize::from(at < longer));
            columns.push(column);
            rest = behind;
        }
        let rows = short + usize::from(longer > 0);
        let row =
            |at| columns.iter().filter_map(|column| column.get(at).copied()).collect::<Vec<_>>();
        (0..rows).map(|at| self.row(&row(at))).collect()
    }

    /// Pages of rows, under this title.
    fn print(&self, rows: &[String], date: &str, title: &str, from: usize, io: &mut Io<'_>) {
        let body = if self.double { self.body / 2 } else { self.body }.max(1);
        for (at, page) in rows.chunks(body).enumerate() {
            if at + 1 < from {
                continue;
            }
            if self.header {
                let number = format!("Page {}", at + 1);
                let free = self.width.saturating_sub(date.len() + number.len() + title.len());
                let (left, right) = ((free / 2).max(1), free.div_ceil(2).max(1));
                let indent = " ".repeat(self.indent);
                let (left, right) = (" ".repeat(left), " ".repeat(right));
                io.say(format!("\n\n{indent}{date}{left}{title}{right}{number}\n\n"));
            }
            for row in page {
                io.say(row);
                if self.double {
                    io.say("");
                }
            }
            if self.header {
                let used = page.len() * if self.double { 2 } else { 1 };
                let empty = self.body.saturating_sub(used) + AROUND / 2;
                io.stdout.extend(std::iter::repeat_n(b'\n', empty));
            }
        }
    }

    /// The lines of a file, with their numbers.
    fn lines(&self, text: &str) -> Vec<String> {
        let numbered = |(at, line): (usize, &str)| match self.numbers {
            Some((digits, sign)) => format!("{:>digits$}{sign}{line}", at + self.first),
            None => line.to_owned(),
        };
        text.lines().enumerate().map(numbered).collect()
    }
}

/// A moment as the header tells it.
fn dated(seconds: i64, format: &str) -> String {
    Moment::at(seconds, 0).format(format, true)
}

/// Tabs and blanks that lead from a column to another.
fn gap(from: usize, to: usize) -> String {
    let mut text = String::new();
    let mut column = from;
    while column / 8 * 8 + 8 <= to {
        text.push('\t');
        column = column / 8 * 8 + 8;
    }
    text + &" ".repeat(to.saturating_sub(column))
}

/// `-2` is `--columns=2`; `+3` begins with the third page.
fn plain_options(arguments: &[String]) -> (Vec<String>, usize) {
    let mut from = 1;
    let mut words = Vec::new();
    for word in arguments {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        match (word.strip_prefix('+').and_then(|page| page.parse().ok()), word.strip_prefix('-')) {
            (Some(page), _) => from = page,
            (_, Some(rest)) if digits(rest) > 0 => {
                let (count, more) = rest.split_at(digits(rest));
                words.push(format!("--columns={count}"));
                words.extend((!more.is_empty()).then(|| format!("-{more}")));
            }
            _ => words.push(word.clone()),
        }
    }
    (words, from)
}

pub(in crate::shell::commands) fn pr(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let (arguments, from) = plain_options(arguments);
    let Some(options) = GRAMMAR.read(&arguments, io) else { return Some(1) };
    if waits(io, &options.operands) {
        return None;
    }
    let files = or_standard(&options.operands);
    let layout = match Layout::read(&options, files.len()) {
        Ok(layout) => layout,
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    };
    let mut status = 0;
    let mut texts = Vec::new();
    for file in &files {
        match content(io, file) {
            Ok(bytes) => texts.push((file, String::from_utf8_lossy(&bytes).into_owned())),
            Err(why) => {
                status = 1;
                if !options.has('r') {
                    io.write_error(format!("pr: {file}: {why}"));
                }
            }
        }
    }
    let format = options.value('D').unwrap_or("%Y-%m-%d %H:%M");
    let title =
        |file: &str| options.value('h').unwrap_or(if file == "-" { "" } else { file }).to_owned();
    if layout.merged {
        let columns: Vec<Vec<String>> = texts.iter().map(|(_, text)| layout.lines(text)).collect();
        let count = columns.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |column: &Vec<String>, at| column.get(at).cloned().unwrap_or_default();
        let rows: Vec<String> = (0..count)
            .map(|at| {
                let row: Vec<String> = columns.iter().map(|column| cell(column, at)).collect();
                layout.row(&row.iter().map(String::as_str).collect::<Vec<_>>())
            })
            .collect();
        let date = dated(io.now().timestamp().as_second(), format);
        layout.print(&rows, &date, &title("-"), from, io);
        return Some(status);
    }
    for (file, text) in texts {
        let changed = io.facts(file, true).map(|facts| facts.changed);
        let date = dated(changed.unwrap_or(io.now().timestamp()).as_second(), format);
        let lines = layout.lines(&text);
        let rows: Vec<String> =
            lines.chunks(layout.body * layout.columns).flat_map(|page| layout.rows(page)).collect();
        layout.print(&rows, &date, &title(file), from, io);
    }
    Some(status)
}
