//! `ls`.

use k8s_openapi::jiff::Timestamp;

use super::rights;
use crate::cluster::Flavour;
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;
use crate::shell::file_facts::{Facts, Kind};

const GRAMMAR: Grammar = Grammar {
    name: "ls",
    short: "laA1RhdrtSnFpCxmQNULÀ;wT:",
    long: &[
        ("all", 'a'),
        ("almost-all", 'A'),
        ("recursive", 'R'),
        ("directory", 'd'),
        ("human-readable", 'h'),
        ("reverse", 'r'),
        ("quote-name", 'Q'),
        ("literal", 'N'),
        ("classify", 'F'),
        ("dereference", 'L'),
        ("numeric-uid-gid", 'n'),
        ("color", 'À'),
    ],
    stops: false,
};

/// How wide a line may be.
const WIDTH: usize = 80;

/// One name to show.
struct Entry {
    name: String,
    facts: Facts,
}

impl Entry {
    /// The file at a path, under the name that is shown.
    fn of(io: &Io<'_>, path: &str, name: &str, follow: bool) -> Result<Entry, String> {
        let facts = io.facts(path, follow)?;
        Ok(Entry { name: name.to_owned(), facts })
    }
}

/// How names are laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// `-l`
    Long,
    /// `-1`
    Lines,
    /// `-C`: down, then across
    Down,
    /// `-x`: across, then down
    Across,
    /// `-m`
    Commas,
}

/// What is shown of each name.
struct Style {
    layout: Layout,
    /// `-Q`
    quoted: bool,
    /// `-F`, `-p`: a slash behind folders
    slash: bool,
    /// `-F`: marks behind links and programs too
    marks: bool,
    /// `-n`: users and groups by number
    numbers: bool,
    /// `-h`
    human: bool,
    busybox: bool,
}

impl Style {
    fn of(options: &Options, io: &Io<'_>) -> Style {
        let layouts = options.in_order().filter_map(|(letter, _)| match letter {
            'l' | 'n' => Some(Layout::Long),
            '1' => Some(Layout::Lines),
            'C' => Some(Layout::Down),
            'x' => Some(Layout::Across),
            'm' => Some(Layout::Commas),
            _ => None,
        });
        let usual = if io.terminal { Layout::Down } else { Layout::Lines };
        let last = layouts.last().unwrap_or(usual);
        // `-1` does not take the details away.
        let long = options.has('l') || options.has('n');
        Style {
            layout: if last == Layout::Lines && long { Layout::Long } else { last },
            quoted: options.has('Q'),
            slash: options.has('F') || options.has('p'),
            marks: options.has('F'),
            numbers: options.has('n'),
            human: options.has('h'),
            busybox: commands::flavour(io.cluster, io.place) == Flavour::BusyBox,
        }
    }

    fn name(&self, entry: &Entry) -> String {
        let mark = match &entry.facts.kind {
            Kind::Folder if self.slash => "/",
            Kind::Link(_) if self.marks && self.layout != Layout::Long => "@",
            Kind::File if self.marks && entry.facts.mode & 0o111 != 0 => "*",
            _ => "",
        };
        match self.quoted {
            true => format!("\"{}\"{mark}", entry.name),
            false => format!("{}{mark}", entry.name),
        }
    }

    fn show(&self, io: &mut Io<'_>, entries: &[Entry]) {
        let names: Vec<String> = entries.iter().map(|entry| self.name(entry)).collect();
        match self.layout {
            Layout::Long => details(io, self, entries),
            Layout::Lines => names.iter().for_each(|name| io.say(name)),
            Layout::Commas => with_commas(io, &names),
            Layout::Down | Layout::Across => {
                in_columns(io, &names, self.layout == Layout::Across, self.busybox);
            }
        }
    }
}

pub(in crate::shell::commands) fn ls(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let busybox = commands::flavour(io.cluster, io.place) == Flavour::BusyBox;
    let wrong = if busybox { 1 } else { 2 };
    let Some(mut options) = GRAMMAR.read(arguments, io) else { return Some(wrong) };
    if options.value('À').is_some_and(|when| matches!(when, "always" | "yes" | "force")) {
        io.write_error(left_out("ls", "--color=always"));
        return Some(wrong);
    }
    if options.operands.is_empty() {
        options.operands.push(".".to_owned());
    }
    let style = Style::of(&options, io);
    let (mut files, mut folders, mut status) = (Vec::new(), Vec::new(), 0);
    for path in &options.operands {
        let shows = style.layout == Layout::Long || options.has('F') || options.has('d');
        let itself = shows && !options.has('L') && !path.ends_with('/');
        let link = itself && io.link_target(path).is_some();
        if io.is_directory(path) && !options.has('d') && !link {
            folders.push(path.clone());
            continue;
        }
        let seen = Entry::of(io, path, path, !itself).or_else(|_| Entry::of(io, path, path, false));
        match seen {
            Ok(entry) => files.push(entry),
            Err(why) => {
                status = wrong;
                io.write_error(match busybox {
                    true => format!("ls: {path}: {why}"),
                    false => format!("ls: cannot access '{path}': {why}"),
                });
            }
        }
    }
    ordered(&mut files, &options);
    folders.sort();
    style.show(io, &files);
    let titles = folders.len() + files.len() > 1 || options.has('R');
    let mut first = files.is_empty();
    let mut queue: std::collections::VecDeque<String> = folders.into();
    while let Some(folder) = queue.pop_front() {
        let mut entries = entries(io, &folder, &options);
        ordered(&mut entries, &options);
        if titles {
            let gap = if first { "" } else { "\n" };
            io.say(format!("{gap}{folder}:"));
        }
        first = false;
        if style.layout == Layout::Long {
            let blocks = entries.iter().map(blocks).sum::<usize>();
            io.say(match style.human {
                true => format!("total {}", human(blocks * 1024)),
                false => format!("total {blocks}"),
            });
        }
        style.show(io, &entries);
        if options.has('R') {
            let below = entries
                .iter()
                .filter(|entry| entry.facts.is_folder() && !entry.name.starts_with('.'));
            let path = |entry: &Entry| format!("{}/{}", folder.trim_end_matches('/'), entry.name);
            below.rev().map(path).for_each(|path| queue.push_front(path));
        }
    }
    Some(status)
}

/// `-S`, `-t`, `-r`: names as they come are sorted.
fn ordered(entries: &mut [Entry], options: &Options) {
    if options.has('U') {
        return;
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    if options.has('S') {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.facts.size));
    }
    if options.has('t') {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.facts.changed));
    }
    if options.has('r') {
        entries.reverse();
    }
}

/// The kilobytes that a file takes on the disk.
fn blocks(entry: &Entry) -> usize {
    match entry.facts.kind {
        Kind::File | Kind::Folder => entry.facts.size.div_ceil(4096) * 4,
        Kind::Device | Kind::Link(_) => 0,
    }
}

/// `4.0K`: a size with its unit, rounded up.
fn human(size: usize) -> String {
    let (mut value, mut unit) = (size as f64, 0);
    while value >= 1024.0 {
        value /= 1024.0;
        unit += 1;
    }
    match ["", "K", "M", "G"].get(unit) {
        Some(&"") => size.to_string(),
        Some(name) if value < 10.0 => format!("{:.1}{name}", (value * 10.0).ceil() / 10.0),
        Some(name) => format!("{:.0}{name}", value.ceil()),
        None => size.to_string(),
    }
}

fn entries(io: &Io<'_>, folder: &str, options: &Options) -> Vec<Entry> {
    let (dots, hidden) = (options.has('a'), options.has('a') || options.has('A'));
    let mut names: Vec<String> = Vec::new();
    if dots {
        names.extend([".", ".."].map(str::to_owned));
    }
    let all = io.list(folder).unwrap_or_default();
    let plain = all.iter().map(|name| name.trim_end_matches('/').to_owned());
    names.extend(plain.filter(|name| hidden || !name.starts_with('.')));
    let path = |name: &str| format!("{}/{name}", folder.trim_end_matches('/'));
    let follow = options.has('L');
    names.iter().filter_map(|name| Entry::of(io, &path(name), name, follow).ok()).collect()
}

/// When a file was written, as `ls -l` tells it: with the year where it is half a year ago or to come.
fn date(io: &Io<'_>, changed: Timestamp) -> String {
    let age = io.now().timestamp().as_second() - changed.as_second();
    let recent = (0..31_556_952 / 2).contains(&age);
    changed.strftime(if recent { "%b %e %H:%M" } else { "%b %e  %Y" }).to_string()
}

fn details(io: &mut Io<'_>, style: &Style, entries: &[Entry]) {
    let size = |entry: &Entry| match entry.facts.kind {
        Kind::Device => "1, 3".to_owned(),
        _ if style.human => human(entry.facts.size),
        _ => entry.facts.size.to_string(),
    };
    let who = |file: &str, name: &str| match style.numbers {
        true => rights::number_of(io, file, name),
        false => name.to_owned(),
    };
    let rows: Vec<[String; 3]> = entries
        .iter()
        .map(|entry| {
            let owner = who("/etc/passwd", &entry.facts.owner);
            [owner, who("/etc/group", &entry.facts.group), size(entry)]
        })
        .collect();
    let widest = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(1);
    let widths = [widest(0), widest(1), widest(2)];
    for (entry, [owner, group, size]) in entries.iter().zip(&rows) {
        let links = if entry.facts.is_folder() { 2 } else { 1 };
        let (mode, date) = (entry.facts.mode_text(), date(io, entry.facts.changed));
        let name = match &entry.facts.kind {
            Kind::Link(target) => format!("{} -> {target}", style.name(entry)),
            _ => style.name(entry),
        };
        let [users, groups, sizes] = widths;
        io.say(match style.busybox {
            true => {
                let width = if style.human { 7 } else { 9 };
                format!(
                    "{mode:<10} {links:>4} {owner:<8.8} {group:<8.8} {size:>width$} {date} {name}"
                )
            }
            false => format!(
                "{mode} {links} {owner:<users$} {group:<groups$} {size:>sizes$} {date} {name}"
            ),
        });
    }
}

/// `-m` (`ls.c`, `print_with_separator`)
fn with_commas(io: &mut Io<'_>, names: &[String]) {
    let (mut text, mut column) = (String::new(), 0);
    for (at, name) in names.iter().enumerate() {
        let length = name.chars().count();
        if at > 0 {
            let fits = column + length + 2 < WIDTH;
            text += if fits { ", " } else { ",\n" };
            column = if fits { column + 2 } else { 0 };
        }
        text += name;
        column += length;
    }
    if !names.is_empty() {
        io.say(text);
    }
}

/// The widths of the columns that names take in so many of them, with the gaps between.
fn widths(lengths: &[usize], columns: usize, across: bool) -> Vec<usize> {
    let rows = lengths.len().div_ceil(columns);
    let mut widths = vec![0; columns];
    for (at, length) in lengths.iter().enumerate() {
        let column = if across { at % columns } else { at / rows };
        let gap = if column + 1 == columns { 0 } else { 2 };
        widths[column] = widths[column].max(length + gap);
    }
    widths
}

/// `-C`, `-x`: as many columns as a line holds. BusyBox' are all of one width.
fn in_columns(io: &mut Io<'_>, names: &[String], across: bool, busybox: bool) {
    let lengths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
    let longest = lengths.iter().max().copied().unwrap_or(0);
    let columns = match busybox {
        true => (WIDTH / (longest + 2)).clamp(1, names.len().max(1)),
        false => {
            let fits =
                |columns: &usize| widths(&lengths, *columns, across).iter().sum::<usize>() < WIDTH;
            (1..=names.len()).rev().find(fits).unwrap_or(1)
        }
    };
    let rows = names.len().div_ceil(columns);
    let widths = match busybox {
        true => vec![longest + 2; columns],
        false => widths(&lengths, columns, across),
    };
    for row in 0..rows {
        let (mut line, mut at, mut wanted) = (String::new(), 0, 0);
        for (column, width) in widths.iter().enumerate() {
            let index = if across { row * columns + column } else { column * rows + row };
            let Some(name) = names.get(index) else { continue };
            indent(&mut line, at, wanted, busybox || io.terminal);
            line += name;
            at = wanted + lengths[index];
            wanted += width;
        }
        io.say(line);
    }
}

/// The gap between two columns: GNU's has tabulators where they fit.
fn indent(line: &mut String, mut from: usize, to: usize, spaces: bool) {
    while from < to {
        if !spaces && to / 8 > (from + 1) / 8 {
            line.push('\t');
            from += 8 - from % 8;
        } else {
            line.push(' ');
            from += 1;
        }
    }
}
