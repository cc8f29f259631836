//! `diff`: the lines that two files don't share.

use crate::cluster::Flavour;
use crate::diagnostic::{Edit, edits};
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{self, busybox_usage};

/// Beyond this many pairs of lines the middle is shown as wholly different.
const MOST: usize = 4_000_000;

/// How many lines of a unified diff are shown around a change.
const CONTEXT: usize = 3;

/// One line of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'t> {
    Same(&'t str),
    Old(&'t str),
    New(&'t str),
}

/// How a difference is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Normal,
    /// `-u`, with so many lines around a change
    Unified(usize),
    /// `-c`
    Context(usize),
    /// `-y`: side by side, so wide; whether what is common is shown, and on both sides.
    Side {
        width: usize,
        common: Common,
    },
}

/// What `-y` shows of lines that both have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Common {
    Both,
    /// `--left-column`
    Left,
    /// `--suppress-common-lines`
    None,
}

/// What makes no difference.
#[derive(Clone, Copy, Default)]
struct Blind {
    /// `-i`
    case: bool,
    /// `-w`
    space: bool,
    /// `-b`: how much space there is
    amount: bool,
    /// `--strip-trailing-cr`
    returns: bool,
}

impl Blind {
    /// What a line is compared by.
    fn key(self, line: &str) -> String {
        let mut key = line.to_owned();
        if self.returns {
            key = key.replace("\r\n", "\n");
        }
        if self.space {
            key.retain(|letter| !letter.is_whitespace());
        } else if self.amount {
            let words: Vec<&str> = key.split_whitespace().collect();
            let begins = if key.starts_with([' ', '\t']) { " " } else { "" };
            key = format!("{begins}{}", words.join(" "));
        }
        if self.case { key.to_lowercase() } else { key }
    }
}

const GRAMMAR: Grammar = Grammar {
    name: "diff",
    short: "uqraNwbiU:cC:sBL:tdETÀÁ;yW:ÄÖ",
    long: &[
        ("unified", 'u'),
        ("brief", 'q'),
        ("context", 'c'),
        ("report-identical-files", 's'),
        ("ignore-case", 'i'),
        ("ignore-all-space", 'w'),
        ("ignore-space-change", 'b'),
        ("ignore-blank-lines", 'B'),
        ("new-file", 'N'),
        ("text", 'a'),
        ("label", 'L'),
        ("strip-trailing-cr", 'À'),
        ("recursive", 'r'),
        ("minimal", 'd'),
        ("color", 'Á'),
        ("side-by-side", 'y'),
        ("width", 'W'),
        ("left-column", 'Ä'),
        ("suppress-common-lines", 'Ö'),
    ],
    stops: false,
};

pub(in crate::shell::commands) fn diff(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let options = match GRAMMAR.read(arguments, io) {
        Some(options) => options,
        None => return Some(2),
    };
    let busybox = commands::flavour(io.cluster, io.place) == Flavour::BusyBox;
    let flags = [('t', "-t"), ('E', "-E"), ('T', "-T")];
    if let Some(flag) = options.not_simulated(&flags) {
        io.write_error(left_out("diff", flag));
        return Some(2);
    }
    if options.value('Á').is_some_and(|when| matches!(when, "always" | "")) {
        io.write_error(left_out("diff", "--color=always"));
        return Some(2);
    }
    let [old_name, new_name] = options.operands.as_slice() else {
        return Some(miscounted(io, &options.operands, busybox));
    };
    if [old_name, new_name].iter().any(|name| *name == "-") && !io.stdin.ended() {
        return None;
    }
    if io.is_directory(old_name) && io.is_directory(new_name) {
        let words: Vec<&str> =
            arguments.iter().map(String::as_str).filter(|word| word.starts_with('-')).collect();
        let told = [&["diff"], words.as_slice()].concat().join(" ");
        return Some(folders(io, &options, [old_name, new_name], &told, busybox));
    }
    Some(files(io, &options, [old_name, new_name], "", busybox))
}

/// Two folders, name by name: `told` is the command up to its operands.
fn folders(
    io: &mut Io<'_>,
    options: &Options,
    [old, new]: [&str; 2],
    told: &str,
    busybox: bool,
) -> i32 {
    let list = |folder: &str| -> Vec<String> {
        let names = io.list(folder).unwrap_or_default();
        names.iter().map(|name| name.trim_end_matches('/').to_owned()).collect()
    };
    let (olds, news) = (list(old), list(new));
    let all: std::collections::BTreeSet<&String> = olds.iter().chain(&news).collect();
    let mut status = 0;
    let path = |folder: &str, name: &str| format!("{}/{name}", folder.trim_end_matches('/'));
    for name in all {
        let (here, there) = (path(old, name), path(new, name));
        let folder = (io.is_directory(&here), io.is_directory(&there));
        let found = match (olds.contains(name), news.contains(name)) {
            (true, true) if folder == (true, true) => match options.has('r') {
                true => folders(io, options, [&here, &there], told, busybox),
                false => {
                    io.say(format!("Common subdirectories: {here} and {there}"));
                    0
                }
            },
            (true, true) if folder != (false, false) => {
                let kind = |is: bool| if is { "directory" } else { "regular file" };
                let (one, other) = (kind(folder.0), kind(folder.1));
                io.say(format!("File {here} is a {one} while file {there} is a {other}"));
                1
            }
            (false, _) | (_, false) if !options.has('N') => {
                let whole = if olds.contains(name) { old } else { new };
                io.say(format!("Only in {}: {name}", whole.trim_end_matches('/')));
                1
            }
            _ => files(io, options, [&here, &there], &format!("{told} {here} {there}"), busybox),
        };
        status = status.max(found);
    }
    status
}

/// Two files; `told` is a line that stands before their differences.
fn files(
    io: &mut Io<'_>,
    options: &Options,
    [old_name, new_name]: [&str; 2],
    told: &str,
    busybox: bool,
) -> i32 {
    let mut texts = Vec::new();
    for (name, other) in [(old_name, new_name), (new_name, old_name)] {
        match text(io, name, other, busybox) {
            Ok(text) => texts.push(text),
            Err(_) if options.has('N') => texts.push(String::new()),
            Err(why) => {
                io.write_error(why);
                return 2;
            }
        }
    }
    let blind = Blind {
        case: options.has('i'),
        space: options.has('w'),
        amount: options.has('b'),
        returns: options.has('À'),
    };
    let lines = compare(&split(&texts[0]), &split(&texts[1]), blind);
    let side = options.has('y') && !options.has('q') && !busybox;
    if side && !differ(&lines, options.has('B')) {
        match form(options, busybox) {
            Ok(form) => show(io, &lines, form, Vec::new()),
            Err(told) => {
                io.write_error(told);
                return 2;
            }
        }
    }
    if !differ(&lines, options.has('B')) {
        if options.has('s') && !(busybox && old_name == new_name) {
            io.say(format!("Files {old_name} and {new_name} are identical"));
        }
        return 0;
    }
    if options.has('q') {
        io.say(format!("Files {old_name} and {new_name} differ"));
        return 1;
    }
    match form(options, busybox) {
        Ok(form) => {
            if !told.is_empty() && !busybox {
                io.say(told);
            }
            let titles = titles(io, options, [old_name, new_name], busybox);
            show(io, &lines, form, titles);
        }
        Err(told) => {
            io.write_error(told);
            return 2;
        }
    }
    1
}

/// One of the two texts, or what is said of it. A file is compared with the one of its name in a folder.
fn text(io: &mut Io<'_>, name: &str, other: &str, busybox: bool) -> Result<String, String> {
    let inside = format!("{}/{}", name.trim_end_matches('/'), base(other));
    let name = if io.is_directory(name) && io.is_file(other) { &inside } else { name };
    let content = match name {
        "-" => Ok(io.read_all().unwrap_or_default()),
        _ => io.read_file(name),
    };
    let content = content.map_err(|why| match busybox {
        true => format!("diff: can't stat '{name}': {why}"),
        false => format!("diff: {name}: {why}"),
    });
    content.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// What the two files are called in the first lines.
fn titles(io: &Io<'_>, options: &Options, names: [&str; 2], busybox: bool) -> Vec<String> {
    let mut labels = options.all('L');
    let title = |name: &str| match labels.next() {
        Some(label) => label.to_owned(),
        None if busybox => name.to_owned(),
        None => {
            let changed = io.facts(name, true).map(|facts| facts.changed);
            let at = changed.unwrap_or_else(|_| io.now().timestamp());
            let parts = at.subsec_nanosecond();
            format!("{name}\t{}.{parts:09} +0000", at.strftime("%Y-%m-%d %H:%M:%S"))
        }
    };
    names.into_iter().map(title).collect()
}

fn show(io: &mut Io<'_>, lines: &[Line<'_>], form: Form, titles: Vec<String>) {
    let shown = match form {
        Form::Normal => normal(lines),
        Form::Side { width, common } => side_by_side(lines, width, common),
        Form::Unified(around) => {
            format!("--- {}\n+++ {}\n{}", titles[0], titles[1], hunks(lines, around))
        }
        Form::Context(around) => {
            format!("*** {}\n--- {}\n{}", titles[0], titles[1], contexts(lines, around))
        }
    };
    io.stdout.extend_from_slice(shown.as_bytes());
}

/// The last part of a path.
fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What is said of another number of files than two, and the exit code.
fn miscounted(io: &mut Io<'_>, operands: &[String], busybox: bool) -> i32 {
    if busybox {
        io.write_error(busybox_usage("diff"));
        return 1;
    }
    let what = match operands {
        [] => "missing operand after 'diff'".to_owned(),
        [only] => format!("missing operand after '{only}'"),
        [_, _, extra, ..] => format!("extra operand '{extra}'"),
        _ => String::new(),
    };
    io.write_error(format!("diff: {what}\ndiff: Try 'diff --help' for more information."));
    2
}

/// The form that the options ask for. BusyBox has the unified one alone.
fn form(options: &Options, busybox: bool) -> Result<Form, String> {
    let number = |letter: char, what: &str| match options.value(letter) {
        None | Some("") => Ok(CONTEXT),
        Some(text) => text.parse().map_err(|_| format!("diff: invalid {what} length '{text}'")),
    };
    if options.has('y') && !busybox {
        let width = match options.value('W').map(|text| (text, text.parse::<usize>())) {
            None => 130,
            Some((_, Ok(width))) if width > 0 => width.min(10_000),
            Some((text, _)) => return Err(format!("diff: invalid width '{text}'")),
        };
        let common = match (options.has('Ö'), options.has('Ä')) {
            (true, _) => Common::None,
            (_, true) => Common::Left,
            _ => Common::Both,
        };
        return Ok(Form::Side { width, common });
    }
    let around = number('U', "context")?;
    if options.has('U') || options.has('u') || busybox {
        return Ok(Form::Unified(around));
    }
    let around = number('C', "context")?;
    Ok(if options.has('c') || options.has('C') { Form::Context(around) } else { Form::Normal })
}

/// A text's lines, each with its newline.
fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Whether there is a difference; with `-B`, one of more than empty lines.
fn differ(lines: &[Line<'_>], blank: bool) -> bool {
    lines.iter().any(|line| match line {
        Line::Same(_) => false,
        Line::Old(text) | Line::New(text) => !blank || !text.trim_end_matches('\n').is_empty(),
    })
}

/// The longest common subsequence, by the textbook's table, between what both share at the ends.
fn compare<'t>(old: &[&'t str], new: &[&'t str], blind: Blind) -> Vec<Line<'t>> {
    let keys = |lines: &[&str]| lines.iter().map(|line| blind.key(line)).collect::<Vec<_>>();
    let (old_keys, new_keys) = (keys(old), keys(new));
    let head = old_keys.iter().zip(&new_keys).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old_keys[head..], &new_keys[head..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut lines: Vec<Line<'t>> = old[..head].iter().map(|line| Line::Same(line)).collect();
    if a.len().saturating_mul(b.len()) > MOST {
        lines.extend(a.iter().map(|line| Line::Old(line)));
        lines.extend(b.iter().map(|line| Line::New(line)));
    } else {
        let (a_keys, b_keys) = (&old_rest[..a.len()], &new_rest[..b.len()]);
        let (mut i, mut j) = (0, 0);
        for edit in edits(a_keys, b_keys) {
            lines.push(match edit {
                Edit::Same => Line::Same(a[i]),
                Edit::Removed => Line::Old(a[i]),
                Edit::Added => Line::New(b[j]),
            });
            i += usize::from(edit != Edit::Added);
            j += usize::from(edit != Edit::Removed);
        }
    }
    lines.extend(old[old.len() - tail..].iter().map(|line| Line::Same(line)));
    lines
}

/// A line behind its mark; that its newline is missing is told.
fn put(told: &mut String, mark: &str, line: &str) {
    *told += mark;
    *told += line;
    if !line.ends_with('\n') {
        *told += "\n\\ No newline at end of file\n";
    }
}

fn normal(lines: &[Line<'_>]) -> String {
    let mut told = String::new();
    let (mut old, mut new) = (0, 0);
    let mut at = 0;
    while at < lines.len() {
        if let Line::Same(_) = lines[at] {
            (old, new, at) = (old + 1, new + 1, at + 1);
            continue;
        }
        let changed = lines[at..].iter().take_while(|line| !matches!(line, Line::Same(_))).count();
        let block = &lines[at..at + changed];
        let removed: Vec<&str> = block
            .iter()
            .filter_map(|line| if let Line::Old(text) = line { Some(*text) } else { None })
            .collect();
        let added: Vec<&str> = block
            .iter()
            .filter_map(|line| if let Line::New(text) = line { Some(*text) } else { None })
            .collect();
        let range = |start: usize, count: usize| match count {
            0 => start.to_string(),
            1 => (start + 1).to_string(),
            _ => format!("{},{}", start + 1, start + count),
        };
        let mark = match (removed.is_empty(), added.is_empty()) {
            (true, _) => 'a',
            (_, true) => 'd',
            _ => 'c',
        };
        told += &format!("{}{mark}{}\n", range(old, removed.len()), range(new, added.len()));
        removed.iter().for_each(|line| put(&mut told, "< ", line));
        if mark == 'c' {
            told += "---\n";
        }
        added.iter().for_each(|line| put(&mut told, "> ", line));
        (old, new, at) = (old + removed.len(), new + added.len(), at + changed);
    }
    told
}

/// `-y`: two columns with a mark between them (`side.c`).
fn side_by_side(lines: &[Line<'_>], width: usize, common: Common) -> String {
    // The right column begins at a stop of the tabulator; three columns are between them at least.
    let (tab, gutter) = (8, 3);
    let middle = (width >> 1) + ((tab + gutter) >> 1) + (width & (tab + gutter) & 1);
    let offset = middle - middle % tab;
    let half = offset.saturating_sub(gutter).min(width.saturating_sub(offset));
    let columns = (half, if half > 0 { offset } else { width });
    let mut told = String::new();
    let mut at = 0;
    while at < lines.len() {
        if let Line::Same(line) = lines[at] {
            match common {
                Common::Both => row(&mut told, Some(line), ' ', Some(line), columns),
                Common::Left => row(&mut told, Some(line), '(', None, columns),
                Common::None => {}
            }
            at += 1;
            continue;
        }
        let changed = lines[at..].iter().take_while(|line| !matches!(line, Line::Same(_))).count();
        let block = &lines[at..at + changed];
        let old = block
            .iter()
            .filter_map(|line| if let Line::Old(text) = line { Some(*text) } else { None });
        let new = block
            .iter()
            .filter_map(|line| if let Line::New(text) = line { Some(*text) } else { None });
        let (old, new): (Vec<&str>, Vec<&str>) = (old.collect(), new.collect());
        for pair in 0..old.len().max(new.len()) {
            match (old.get(pair), new.get(pair)) {
                (Some(old), Some(new)) => row(&mut told, Some(old), '|', Some(new), columns),
                (Some(old), None) => row(&mut told, Some(old), '<', None, columns),
                (None, new) => row(&mut told, None, '>', new.copied(), columns),
            }
        }
        at += changed;
    }
    told
}

/// A line of both columns: how wide one is, and where the right one begins.
fn row(
    told: &mut String,
    left: Option<&str>,
    mark: char,
    right: Option<&str>,
    columns: (usize, usize),
) {
    let (half, offset) = columns;
    let ended = |line: Option<&str>| line.is_some_and(|line| line.ends_with('\n'));
    let mut column = left.map_or(0, |line| put_half(told, line, 0, half));
    if mark != ' ' {
        column = blanks(told, column, (half + offset).saturating_sub(1) / 2) + 1;
        told.push(match mark {
            '|' if ended(left) && !ended(right) => '/',
            '|' if ended(right) && !ended(left) => '\\',
            mark => mark,
        });
    }
    if let Some(line) = right.filter(|line| *line != "\n") {
        column = blanks(told, column, offset);
        put_half(told, line, column, half);
    }
    if ended(left) || ended(right) {
        told.push('\n');
    }
}

/// Goes from one column to another, by tabulators where they fit.
fn blanks(told: &mut String, mut from: usize, to: usize) -> usize {
    while from / 8 * 8 + 8 <= to {
        told.push('\t');
        from = from / 8 * 8 + 8;
    }
    *told += &" ".repeat(to.saturating_sub(from));
    to.max(from)
}

/// As much of a line as a column holds; the column behind it.
fn put_half(told: &mut String, line: &str, indent: usize, most: usize) -> usize {
    let (mut seen, mut shown) = (0, 0);
    for letter in line.trim_end_matches('\n').chars() {
        match letter {
            '\t' => {
                let next = seen / 8 * 8 + 8;
                if seen == shown && next < most {
                    told.push('\t');
                    shown = next;
                }
                seen = next;
            }
            letter => {
                if seen < most {
                    *told += &" ".repeat(seen - shown);
                    told.push(letter);
                    shown = seen + 1;
                }
                seen += 1;
            }
        }
    }
    indent + shown
}

/// The hunks of `diff -u` between two texts, without the files' names; nothing when their lines are
/// the same.
pub(in crate::shell::commands) fn unified_hunks(old: &str, new: &str) -> String {
    hunks(&compare(&split(old), &split(new), Blind::default()), CONTEXT)
}

/// Where the changes are, each with so many lines around it.
fn pieces(lines: &[Line<'_>], around: usize) -> Vec<(usize, usize)> {
    let changed = (0..lines.len()).filter(|at| !matches!(lines[*at], Line::Same(_)));
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    for at in changed {
        let (from, to) = (at.saturating_sub(around), (at + around + 1).min(lines.len()));
        match pieces.last_mut() {
            Some((_, end)) if from <= *end => *end = to,
            _ => pieces.push((from, to)),
        }
    }
    pieces
}

/// How many lines of the old text, or of the new one, are among these.
fn count(part: &[Line<'_>], new: bool) -> usize {
    let counts = |line: &&Line<'_>| match line {
        Line::Same(_) => true,
        Line::Old(_) => !new,
        Line::New(_) => new,
    };
    part.iter().filter(counts).count()
}

fn hunks(lines: &[Line<'_>], around: usize) -> String {
    let mut told = String::new();
    for (from, to) in pieces(lines, around) {
        let range = |new: bool| {
            let (start, length) = (count(&lines[..from], new), count(&lines[from..to], new));
            match length {
                0 => format!("{start},0"),
                1 => format!("{}", start + 1),
                _ => format!("{},{length}", start + 1),
            }
        };
        told += &format!("@@ -{} +{} @@\n", range(false), range(true));
        for line in &lines[from..to] {
            match line {
                Line::Same(text) => put(&mut told, " ", text),
                Line::Old(text) => put(&mut told, "-", text),
                Line::New(text) => put(&mut told, "+", text),
            }
        }
    }
    told
}

/// `-c`: the old lines of each hunk, then the new ones; what stands on both sides is changed (`!`).
fn contexts(lines: &[Line<'_>], around: usize) -> String {
    let mut told = String::new();
    for (from, to) in pieces(lines, around) {
        told += "***************\n";
        let part = &lines[from..to];
        for new in [false, true] {
            let (start, length) = (count(&lines[..from], new), count(part, new));
            let range = match length {
                0 => start.to_string(),
                1 => (start + 1).to_string(),
                _ => format!("{},{}", start + 1, start + length),
            };
            told +=
                &if new { format!("--- {range} ----\n") } else { format!("*** {range} ****\n") };
            let own = |line: &Line<'_>| match line {
                Line::Old(_) => !new,
                Line::New(_) => new,
                Line::Same(_) => false,
            };
            if !part.iter().any(own) {
                continue;
            }
            for (at, line) in part.iter().enumerate() {
                match line {
                    Line::Same(text) => put(&mut told, "  ", text),
                    Line::Old(text) | Line::New(text) if own(line) => {
                        let mark =
                            if two_sided(part, at) { "! " } else { ["- ", "+ "][usize::from(new)] };
                        put(&mut told, mark, text);
                    }
                    _ => {}
                }
            }
        }
    }
    told
}

/// Whether the change that a line is part of takes lines away and adds some.
fn two_sided(part: &[Line<'_>], at: usize) -> bool {
    let same = |line: &Line<'_>| matches!(line, Line::Same(_));
    let from = part[..at].iter().rposition(same).map_or(0, |before| before + 1);
    let to = part[at..].iter().position(same).map_or(part.len(), |after| at + after);
    let block = &part[from..to];
    block.iter().any(|line| matches!(line, Line::Old(_)))
        && block.iter().any(|line| matches!(line, Line::New(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_keeps_what_both_share() {
        assert_eq!(
            compare(&["a", "b", "c", "d"], &["a", "x", "c", "d", "e"], Blind::default()),
            [
                Line::Same("a"),
                Line::Old("b"),
                Line::New("x"),
                Line::Same("c"),
                Line::Same("d"),
                Line::New("e")
            ]
        );
    }

    #[test]
    fn a_hunk_has_three_lines_around_a_change() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\nE\nf\ng\nh\n";
        assert_eq!(unified_hunks(old, new), "@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n");
        assert_eq!(unified_hunks(old, old), "");
        assert_eq!(unified_hunks("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
    }
}
