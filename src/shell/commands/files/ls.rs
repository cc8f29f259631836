//! `ls`.

use crate::cluster::{Flavour, Place};
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{self, system};

const GRAMMAR: Grammar = Grammar {
    name: "ls",
    short: "laA1RhdrtSnFpCxmQNUÀ;wT:",
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
        ("color", 'À'),
    ],
    stops: false,
};

/// How wide a line may be.
const WIDTH: usize = 80;

/// One name to show.
struct Entry {
    name: String,
    folder: bool,
    size: usize,
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
            human: options.has('h'),
            busybox: commands::flavour(io.cluster, io.place) == Flavour::BusyBox,
        }
    }

    fn name(&self, entry: &Entry) -> String {
        let slash = if self.slash && entry.folder { "/" } else { "" };
        match self.quoted {
            true => format!("\"{}\"{slash}", entry.name),
            false => format!("{}{slash}", entry.name),
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
        if io.is_directory(path) && !options.has('d') {
            folders.push(path.clone());
        } else if io.is_file(path) || io.is_directory(path) || io.is_device(path) {
            let size = io.read_file(path).map_or(4096, |bytes| bytes.len());
            files.push(Entry { name: path.clone(), folder: io.is_directory(path), size });
        } else {
            status = wrong;
            io.write_error(match busybox {
                true => format!("ls: {path}: No such file or directory"),
                false => format!("ls: cannot access '{path}': No such file or directory"),
            });
        }
    }
    ordered(&mut files, &options);
    folders.sort();
    style.show(io, &files);
    let titles = folders.len() + files.len() > 1 || options.has('R');
    let mut first = files.is_empty();
    let mut queue: std::collections::VecDeque<String> = folders.into();
    while let Some(folder) = queue.pop_front() {
        let mut entries =
            entries(io, &folder, options.has('a'), options.has('a') || options.has('A'));
        ordered(&mut entries, &options);
        if titles {
            let gap = if first { "" } else { "\n" };
            io.say(format!("{gap}{folder}:"));
        }
        first = false;
        if style.layout == Layout::Long {
            let blocks = entries.iter().map(|entry| entry.size.div_ceil(4096) * 4).sum::<usize>();
            io.say(match style.human {
                true => format!("total {}", human(blocks * 1024)),
                false => format!("total {blocks}"),
            });
        }
        style.show(io, &entries);
        if options.has('R') {
            let below = entries.iter().filter(|entry| entry.folder && !entry.name.starts_with('.'));
            let path = |entry: &Entry| format!("{}/{}", folder.trim_end_matches('/'), entry.name);
            below.rev().map(path).for_each(|path| queue.push_front(path));
        }
    }
    Some(status)
}

/// `-S`, `-r`: names as they come are sorted.
fn ordered(entries: &mut [Entry], options: &Options) {
    if options.has('U') {
        return;
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    if options.has('S') {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.size));
    }
    if options.has('r') {
        entries.reverse();
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

fn entries(io: &Io<'_>, folder: &str, dots: bool, hidden: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    if dots {
        for name in [".", ".."] {
            entries.push(Entry { name: name.to_owned(), folder: true, size: 4096 });
        }
    }
    for name in io.list(folder).unwrap_or_default() {
        if name.starts_with('.') && !hidden {
            continue;
        }
        let plain = name.trim_end_matches('/').to_owned();
        let is_folder = plain.len() < name.len();
        let path = format!("{}/{plain}", folder.trim_end_matches('/'));
        let path = if folder == "/" { format!("/{plain}") } else { path };
        let size = match is_folder {
            true => 4096,
            false => io.read_file(&path).map_or(0, |bytes| bytes.len()),
        };
        entries.push(Entry { name: plain, folder: is_folder, size });
    }
    entries
}

fn details(io: &mut Io<'_>, style: &Style, entries: &[Entry]) {
    let user = match io.place {
        Place::Laptop => "player".to_owned(),
        _ => "root".to_owned(),
    };
    let date = system::date::format(io.now(), "%b %e %H:%M");
    let sizes: Vec<String> = entries
        .iter()
        .map(|entry| if style.human { human(entry.size) } else { entry.size.to_string() })
        .collect();
    let width = sizes.iter().map(String::len).max().unwrap_or(1);
    for (entry, size) in entries.iter().zip(sizes) {
        let name = style.name(entry);
        if io.is_device(&entry.name) {
            io.say(format!("crw-rw-rw- 1 root root 1, 3 {date} {name}"));
            continue;
        }
        let (mode, links) = if entry.folder { ("drwxr-xr-x", 2) } else { ("-rw-r--r--", 1) };
        io.say(format!("{mode} {links} {user} {user} {size:>width$} {date} {name}"));
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
