//! `column`: entries in columns, tables, and tables as JSON (util-linux 2.38).

use super::lines::whole;
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;

/// How wide the output is unless it is said.
const WIDTH: usize = 80;

const GRAMMAR: Grammar = Grammar {
    name: "column",
    short: "ts:o:c:xN:R:H:O:l:dJn:LeE:T:W:ri:p:",
    long: &[
        ("table", 't'),
        ("separator", 's'),
        ("output-separator", 'o'),
        ("output-width", 'c'),
        ("fillrows", 'x'),
        ("table-columns", 'N'),
        ("table-right", 'R'),
        ("table-hide", 'H'),
        ("table-order", 'O'),
        ("table-columns-limit", 'l'),
        ("table-noheadings", 'd'),
        ("json", 'J'),
        ("table-name", 'n'),
        ("keep-empty-lines", 'L'),
        ("table-header-repeat", 'e'),
        ("table-noextreme", 'E'),
        ("table-truncate", 'T'),
        ("table-wrap", 'W'),
        ("tree", 'r'),
        ("tree-id", 'i'),
        ("tree-parent", 'p'),
    ],
    stops: false,
};

/// A table: its columns' names, and its rows, of which some have fewer cells.
struct Table<'t> {
    names: Vec<&'t str>,
    rows: Vec<Vec<&'t str>>,
    /// How many columns there are.
    columns: usize,
}

/// Entries in columns of one width, with tabulators between: down, or (`across`) along the rows.
fn in_columns(io: &mut Io<'_>, entries: &[&str], width: usize, across: bool) {
    let longest = entries.iter().map(|entry| entry.chars().count()).max().unwrap_or(0);
    let wide = (longest / 8 + 1) * 8;
    let columns = (width / wide).max(1);
    let rows = entries.len().div_ceil(columns);
    for row in 0..rows {
        let index = |column: usize| match across {
            true => row * columns + column,
            false => column * rows + row,
        };
        let line: Vec<&str> =
            (0..columns).filter_map(|column| entries.get(index(column)).copied()).collect();
        let mut text = String::new();
        for (at, entry) in line.iter().enumerate() {
            text += entry;
            if at + 1 < line.len() {
                let tabs = (wide - entry.chars().count()).div_ceil(8);
                text.extend(std::iter::repeat_n('\t', tabs));
            }
        }
        io.say(text);
    }
}

/// The cells of a line. Without `-s` any number of blanks parts two; the last of a limited number keeps
/// what is behind the blank as it is.
fn cells<'t>(line: &'t str, separators: Option<&str>, limit: Option<usize>) -> Vec<&'t str> {
    let parts =
        |letter: char| separators.map_or(letter.is_whitespace(), |all| all.contains(letter));
    let mut all = Vec::new();
    let mut rest = line;
    loop {
        if separators.is_none() && all.len() + 1 != limit.unwrap_or(0) {
            rest = rest.trim_start();
            if rest.is_empty() {
                break;
            }
        }
        let end = rest.find(parts).filter(|_| limit != Some(all.len() + 1));
        let Some(end) = end else {
            all.push(rest);
            break;
        };
        all.push(&rest[..end]);
        rest = rest[end..].char_indices().nth(1).map_or("", |(at, _)| &rest[end + at..]);
    }
    all
}

impl<'t> Table<'t> {
    fn read(options: &'t Options, lines: &[&'t str]) -> Result<Table<'t>, String> {
        let limit = match options.value('l').map(|text| (text, text.parse::<usize>())) {
            None => None,
            Some((_, Ok(0))) => {
                return Err("column: columns limit must be greater than zero".to_owned());
            }
            Some((_, Ok(limit))) => Some(limit),
            Some((text, Err(_))) => {
                return Err(format!("column: invalid columns limit argument: '{text}'"));
            }
        };
        let names: Vec<&str> =
            options.value('N').map_or(Vec::new(), |list| list.split(',').collect());
        let rows: Vec<Vec<&str>> =
            lines.iter().map(|line| cells(line, options.value('s'), limit)).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0).max(names.len());
        Ok(Table { names, rows, columns })
    }

    /// The columns that a list names, by their names or by their numbers: `0` means all, `-` those without a name.
    fn chosen(&self, list: Option<&str>) -> Result<Vec<usize>, String> {
        let mut all = Vec::new();
        for word in list.unwrap_or("").split(',').filter(|word| !word.is_empty()) {
            match (word, word.parse::<usize>()) {
                ("-", _) => all.extend(self.names.len()..self.columns),
                (_, Ok(0)) => all.extend(0..self.columns),
                (_, Ok(number)) => all.extend((number <= self.columns).then(|| number - 1)),
                _ => match self.names.iter().position(|name| *name == word) {
                    Some(at) => all.push(at),
                    None => return Err(format!("column: undefined column name '{word}'")),
                },
            }
        }
        Ok(all)
    }

    /// The columns that are shown, in their order.
    fn shown(&self, options: &Options) -> Result<Vec<usize>, String> {
        let hidden = self.chosen(options.value('H'))?;
        let mut order: Vec<usize> = Vec::new();
        for at in self.chosen(options.value('O'))?.into_iter().chain(0..self.columns) {
            if !order.contains(&at) {
                order.push(at);
            }
        }
        order.retain(|at| !hidden.contains(at));
        Ok(order)
    }

    fn text(&self, options: &Options) -> Result<Vec<String>, String> {
        let right = self.chosen(options.value('R'))?;
        let shown = self.shown(options)?;
        let head = (!self.names.is_empty() && !options.has('d')).then_some(&self.names);
        let rows: Vec<&Vec<&str>> = head.into_iter().chain(&self.rows).collect();
        let width = |at: &usize| {
            let lengths =
                rows.iter().filter_map(|row| row.get(*at)).map(|cell| cell.chars().count());
            lengths.max().unwrap_or(0)
        };
        let widths: Vec<usize> = shown.iter().map(width).collect();
        let gap = options.value('o').unwrap_or("  ");
        let whole: usize = widths.iter().sum::<usize>() + gap.chars().count() * widths.len();
        let most = options.value('c').and_then(|text| text.parse().ok()).unwrap_or(WIDTH);
        let fits = [('T', "-T"), ('W', "-W"), ('E', "-E")];
        if let Some(flag) = options.not_simulated(&fits).filter(|_| whole > most) {
            return Err(left_out("column", format!("{flag} of lines that are too long")));
        }
        let line = |row: &&Vec<&str>| {
            let mut line = String::new();
            // Every row has all columns; the last one is not filled up.
            for (index, at) in shown.iter().enumerate() {
                let cell = row.get(*at).copied().unwrap_or("");
                let blanks = " ".repeat(widths[index].saturating_sub(cell.chars().count()));
                let last = index + 1 == shown.len();
                match (right.contains(at), last) {
                    (true, _) => line += &format!("{blanks}{cell}"),
                    (false, true) => line += cell,
                    (false, false) => line += &format!("{cell}{blanks}"),
                }
                line += if last { "" } else { gap };
            }
            line
        };
        Ok(rows.iter().map(line).collect())
    }

    /// `-J`
    fn json(&self, options: &Options) -> Result<Vec<String>, String> {
        for (at, row) in self.rows.iter().enumerate() {
            if row.len() > self.names.len() {
                let (line, column) = (at + 2, self.names.len() + 1);
                return Err(format!(
                    "column: line {line}: for JSON the name of the column {column} is required"
                ));
            }
        }
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let shown = self.shown(options)?;
        let title = options.value('n').unwrap_or("table");
        let mut all = vec!["{".to_owned(), format!("   {}: [", quoted(title))];
        for (index, row) in self.rows.iter().enumerate() {
            if index == 0 {
                all.push("      {".to_owned());
            }
            for (number, at) in shown.iter().enumerate() {
                let name = quoted(&self.names[*at].to_lowercase());
                let value = row.get(*at).map_or("null".to_owned(), |cell| quoted(cell));
                let comma = if number + 1 < shown.len() { "," } else { "" };
                all.push(format!("         {name}: {value}{comma}"));
            }
            let last = index + 1 == self.rows.len();
            all.push(if last { "      }" } else { "      },{" }.to_owned());
        }
        all.extend(["   ]", "}"].map(str::to_owned));
        Ok(all)
    }
}

/// What is wrong with options that do not go together.
fn conflict(options: &Options) -> Option<&'static str> {
    let of_tables = "NROHnTW".chars().any(|letter| options.has(letter));
    if options.has('r') && !(options.has('i') && options.has('p')) {
        Some("column: options --tree-id and --tree-parent are required for tree formatting")
    } else if of_tables && !options.has('t') && !options.has('J') && !options.has('r') {
        Some("column: option --table required for all --table-*")
    } else if options.has('J') && !options.has('N') {
        Some("column: option --table-columns required for --json")
    } else {
        None
    }
}

pub(in crate::shell::commands) fn column(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let width = match options.value('c').map(|text| (text, text.parse::<usize>())) {
        None => WIDTH,
        Some((_, Ok(width))) => width,
        Some((text, Err(_))) => {
            io.write_error(format!("column: invalid columns argument: '{text}'"));
            return Some(1);
        }
    };
    let conflict = conflict(&options).map(str::to_owned);
    if let Some(told) = conflict.or(options.has('r').then(|| left_out("column", "--tree"))) {
        io.write_error(told);
        return Some(1);
    }
    let (texts, failed) = whole(io, "column", &options.operands)?;
    let keeps = options.has('L');
    let lines = texts.iter().flat_map(|(_, text)| text.lines());
    let lines: Vec<&str> = lines.filter(|line| keeps || !line.trim().is_empty()).collect();
    if !options.has('t') && !options.has('J') {
        in_columns(io, &lines, width, options.has('x'));
        return Some(i32::from(failed));
    }
    let table = Table::read(&options, &lines);
    let shown = table.and_then(|table| match options.has('J') {
        true => table.json(&options),
        false => table.text(&options),
    });
    match shown {
        Ok(lines) => lines.iter().for_each(|line| io.say(line)),
        Err(why) => {
            io.write_error(why);
            return Some(1);
        }
    }
    Some(i32::from(failed))
}
