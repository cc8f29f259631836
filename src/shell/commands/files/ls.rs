//! `ls`.

use crate::cluster::{Flavour, Place};
use crate::shell::Io;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{self, system};

const GRAMMAR: Grammar = Grammar {
    name: "ls",
    short: "laA1RhdrtSnFpiC",
    long: &[
        ("all", 'a'),
        ("almost-all", 'A'),
        ("recursive", 'R'),
        ("directory", 'd'),
        ("color", 'C'),
    ],
    stops: false,
};

/// One name to show.
struct Entry {
    name: String,
    folder: bool,
    size: usize,
}

pub(in crate::shell::commands) fn ls(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(mut options) = GRAMMAR.read(arguments, io) else { return Some(2) };
    if options.operands.is_empty() {
        options.operands.push(".".to_owned());
    }
    let busybox = commands::flavour(io.cluster, io.place) == Flavour::BusyBox;
    let (mut files, mut folders, mut status) = (Vec::new(), Vec::new(), 0);
    for path in &options.operands {
        if io.is_directory(path) && !options.has('d') {
            folders.push(path.clone());
        } else if io.is_file(path) || io.is_directory(path) {
            let size = io.read_file(path).map_or(4096, |bytes| bytes.len());
            files.push(Entry { name: path.clone(), folder: io.is_directory(path), size });
        } else {
            status = if busybox { 1 } else { 2 };
            io.write_error(match busybox {
                true => format!("ls: {path}: No such file or directory"),
                false => format!("ls: cannot access '{path}': No such file or directory"),
            });
        }
    }
    let long = options.has('l') || options.has('n');
    let one_a_line = options.has('1') || !io.terminal;
    let show = |io: &mut Io<'_>, entries: &[Entry]| match (long, one_a_line) {
        (true, _) => details(io, entries),
        (false, true) => entries.iter().for_each(|entry| io.say(&entry.name)),
        (false, false) => in_columns(io, entries),
    };
    show(io, &files);
    let titles = folders.len() + files.len() > 1 || options.has('R');
    let mut first = files.is_empty();
    let mut queue: std::collections::VecDeque<String> = folders.into();
    while let Some(folder) = queue.pop_front() {
        let mut entries =
            entries(io, &folder, options.has('a'), options.has('a') || options.has('A'));
        if options.has('r') {
            entries.reverse();
        }
        if options.has('S') {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.size));
        }
        if titles {
            let gap = if first { "" } else { "\n" };
            io.say(format!("{gap}{folder}:"));
        }
        first = false;
        if long {
            io.say(format!(
                "total {}",
                entries.iter().map(|entry| entry.size.div_ceil(4096) * 4).sum::<usize>()
            ));
        }
        show(io, &entries);
        if options.has('R') {
            let below = entries.iter().filter(|entry| entry.folder && !entry.name.starts_with('.'));
            let paths =
                below.map(|entry| format!("{}/{}", folder.trim_end_matches('/'), entry.name));
            for path in paths.collect::<Vec<_>>().into_iter().rev() {
                queue.push_front(path);
            }
        }
    }
    Some(status)
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

fn details(io: &mut Io<'_>, entries: &[Entry]) {
    let user = match io.place {
        Place::Laptop => "player".to_owned(),
        _ => "root".to_owned(),
    };
    let date = system::date::format(io.now(), "%b %e %H:%M");
    let width = entries.iter().map(|entry| entry.size.to_string().len()).max().unwrap_or(1);
    for Entry { name, folder, size } in entries {
        let (mode, links) = if *folder { ("drwxr-xr-x", 2) } else { ("-rw-r--r--", 1) };
        io.say(format!("{mode} {links} {user} {user} {size:>width$} {date} {name}"));
    }
}

/// As a terminal 80 columns wide shows them: down, then across.
fn in_columns(io: &mut Io<'_>, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    let lengths: Vec<usize> = entries.iter().map(|entry| entry.name.chars().count()).collect();
    let count = entries.len();
    for rows in 1..=count {
        let columns = count.div_ceil(rows);
        let width = |column: usize| {
            let column = lengths.iter().skip(column * rows).take(rows);
            column.max().copied().unwrap_or(0)
        };
        let total: usize = (0..columns).map(|column| width(column) + 2).sum();
        if total > 82 && rows < count {
            continue;
        }
        for row in 0..rows {
            let mut line = String::new();
            for column in 0..columns {
                let Some(entry) = entries.get(column * rows + row) else { continue };
                let last = (column + 1) * rows + row >= count;
                let gap = if last { 0 } else { width(column) + 2 - lengths[column * rows + row] };
                line += &entry.name;
                line.extend(std::iter::repeat_n(' ', gap));
            }
            io.say(line);
        }
        return;
    }
}
