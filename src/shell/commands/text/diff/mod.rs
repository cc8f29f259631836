//! `diff`: the lines that two files don't share.

mod side_by_side;

use super::regex::{Regex, Syntax, compile};
use crate::diagnostic::{Edit, edits};
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{self, busybox_usage};
use crate::shell::pattern::Pattern;
use side_by_side::{Common, side_by_side};

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
    /// `-e`: commands for ed
    Ed,
    /// `-n`: as RCS keeps differences
    Rcs,
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
    /// `-Z`: space at the end
    trailing: bool,
    /// `-E`: how far a tabulator goes
    tabs: bool,
}

impl Blind {
    /// What a line is compared by.
    fn key(self, line: &str) -> String {
        let mut key = line.to_owned();
        if self.returns {
            key = key.replace("\r\n", "\n");
        }
        if self.tabs {
            key = expanded(&key);
        }
        if self.trailing {
            key = key.trim_end().to_owned();
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
    short: "uqraNwbiU:cC:sBL:tdETÀÁ;yW:ÄÖZI:x:X:enÜ;Ç;Å",
    long: &[
        ("unified", 'Ü'),
        ("brief", 'q'),
        ("context", 'Ç'),
        ("ed", 'e'),
        ("exclude", 'x'),
        ("exclude-from", 'X'),
        ("expand-tabs", 't'),
        ("ignore-matching-lines", 'I'),
        ("ignore-tab-expansion", 'E'),
        ("ignore-trailing-space", 'Z'),
        ("initial-tab", 'T'),
        ("normal", 'Å'),
        ("rcs", 'n'),
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

/// `-u0` of old stands for `-U 0`, and `-c2` for `-C 2`.
fn modern(arguments: &[String]) -> Vec<String> {
    let mut all = arguments.to_vec();
    for word in &mut all {
        for (old, new) in [("-u", "-U"), ("-c", "-C")] {
            let count = word.strip_prefix(old).filter(|count| !count.is_empty());
            if count.is_some_and(|count| count.bytes().all(|digit| digit.is_ascii_digit())) {
                *word = word.replacen(old, new, 1);
            }
        }
    }
    all
}

pub(in crate::shell::commands) fn diff(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let arguments = &modern(arguments);
    let options = match GRAMMAR.read(arguments, io) {
        Some(options) => options,
        None if commands::is_gnu(io) => return Some(2),
        None => return Some(1),
    };
    let busybox = !commands::is_gnu(io);
    let flags = [('t', "-t"), ('T', "-T")];
    if let Some(flag) = options.not_simulated(&flags).filter(|_| !busybox) {
        io.write_error(left_out("diff", flag));
        return Some(2);
    }
    let color = options.value('Á').unwrap_or("");
    if !matches!(color, "" | "always" | "auto" | "never") {
        io.write_error(told_wrong(&format!("invalid color '{color}'")));
        return Some(2);
    }
    if let Some(file) = options.value('X').filter(|file| !io.is_file(file)) {
        io.write_error(format!("diff: {file}: No such file or directory"));
        return Some(2);
    }
    let [old_name, new_name] = options.operands.as_slice() else {
        return Some(miscounted(io, &options.operands, arguments, busybox));
    };
    if [old_name, new_name].iter().any(|name| *name == "-") && !io.stdin.ended() {
        return None;
    }
    let absent = |name: &&String| *name != "-" && io.facts(name, true).is_err();
    let missing: Vec<&String> = [old_name, new_name].into_iter().filter(absent).collect();
    let one = [old_name, new_name].iter().any(|name| io.is_directory(name));
    if !busybox && one && !missing.is_empty() && !options.has('N') {
        for name in missing {
            io.write_error(format!("diff: {name}: No such file or directory"));
        }
        return Some(2);
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
    let excluded = excluded(io, options);
    let kept = |folder: &str| -> Vec<String> {
        let all = list(folder).into_iter();
        all.filter(|name| !excluded.iter().any(|pattern| pattern.matches(name))).collect()
    };
    let (olds, news) = (kept(old), kept(new));
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
fn files(io: &mut Io<'_>, options: &Options, names: [&str; 2], told: &str, busybox: bool) -> i32 {
    differences(io, options, names, told, busybox).unwrap_or_else(|why| {
        io.write_error(why);
        2
    })
}

/// Shows what two files don't share; the exit code.
///
/// # Errors
/// A file that cannot be read, or an option's word that is wrong.
fn differences(
    io: &mut Io<'_>,
    options: &Options,
    names: [&str; 2],
    told: &str,
    busybox: bool,
) -> Result<i32, String> {
    let [old_name, new_name] = names;
    let mut read = |name, other| match text(io, name, other, busybox) {
        Err(_) if options.has('N') => Ok(String::new()),
        read => read,
    };
    let (old, new) = (read(old_name, new_name)?, read(new_name, old_name)?);
    let blind = Blind {
        case: options.has('i'),
        space: options.has('w'),
        amount: options.has('b'),
        returns: options.has('À'),
        trailing: options.has('Z'),
        tabs: options.has('E') && !busybox,
    };
    let lines = compare(&split(&old), &split(&new), blind);
    let nothing = Nothing::read(options)?.marked(&lines);
    let lines = Compared { lines: &lines, nothing };
    if !lines.differ() {
        if options.has('y') && !options.has('q') && !busybox {
            show(io, &lines, form(options, busybox)?, Vec::new(), false);
        }
        if options.has('s') && !(busybox && old_name == new_name) {
            io.say(format!("Files {old_name} and {new_name} are identical"));
        }
        return Ok(0);
    }
    if options.has('q') {
        io.say(format!("Files {old_name} and {new_name} differ"));
        return Ok(1);
    }
    let form = form(options, busybox)?;
    if !told.is_empty() && !busybox {
        io.say(told);
    }
    let titles = titles(io, options, names, busybox);
    show(io, &lines, form, titles, options.value('Á') == Some("always"));
    Ok(1)
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

fn show(io: &mut Io<'_>, all: &Compared<'_>, form: Form, titles: Vec<String>, color: bool) {
    let lines = all.lines;
    let shown = match form {
        Form::Normal => normal(all),
        Form::Ed => ed_script(all),
        Form::Rcs => rcs_script(all),
        Form::Side { width, common } => side_by_side(lines, width, common),
        Form::Unified(around) => {
            format!("--- {}\n+++ {}\n{}", titles[0], titles[1], hunks(all, around))
        }
        Form::Context(around) => {
            format!("*** {}\n--- {}\n{}", titles[0], titles[1], contexts(all, around))
        }
    };
    let shown = if color { colored(&shown, form) } else { shown };
    io.stdout.extend_from_slice(shown.as_bytes());
}

/// The last part of a path.
fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What is said of another number of files than two, and the exit code.
fn miscounted(io: &mut Io<'_>, operands: &[String], arguments: &[String], busybox: bool) -> i32 {
    if busybox {
        io.write_error(busybox_usage("diff"));
        return 1;
    }
    let what = match operands {
        [] => {
            let last = arguments.last().map_or("diff", String::as_str);
            format!("missing operand after '{last}'")
        }
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
        Some(text) => {
            text.parse().map_err(|_| told_wrong(&format!("invalid {what} length '{text}'")))
        }
    };
    // -u and -c give way to a number.
    let around = |short: char, long: char| match options.value(short) {
        Some(_) => number(short, "context"),
        None => number(long, "context"),
    };
    if options.has('y') && !busybox {
        let width = match options.value('W').map(|text| (text, text.parse::<usize>())) {
            None => 130,
            Some((_, Ok(width))) if width > 0 => width.min(10_000),
            Some((text, _)) => return Err(told_wrong(&format!("invalid width '{text}'"))),
        };
        let common = match (options.has('Ö'), options.has('Ä')) {
            (true, _) => Common::None,
            (_, true) => Common::Left,
            _ => Common::Both,
        };
        return Ok(Form::Side { width, common });
    }
    let unified = around('U', 'Ü')?;
    if ['U', 'u', 'Ü'].iter().any(|letter| options.has(*letter)) || busybox {
        return Ok(Form::Unified(unified));
    }
    let context = around('C', 'Ç')?;
    Ok(match () {
        () if ['C', 'c', 'Ç'].iter().any(|letter| options.has(*letter)) => Form::Context(context),
        () if options.has('e') => Form::Ed,
        () if options.has('n') => Form::Rcs,
        () => Form::Normal,
    })
}

/// A text's lines, each with its newline.
fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Two texts line by line, and which of the lines make no difference although they are not the same.
struct Compared<'t> {
    lines: &'t [Line<'t>],
    nothing: Vec<bool>,
}

impl Compared<'_> {
    /// Whether a line is part of a change that counts.
    fn changes(&self, at: usize) -> bool {
        !matches!(self.lines[at], Line::Same(_)) && !self.nothing.get(at).is_some_and(|none| *none)
    }

    fn differ(&self) -> bool {
        (0..self.lines.len()).any(|at| self.changes(at))
    }

    /// The changes that count: how many old and new lines stand before each, and what it takes and adds.
    fn blocks(&self) -> Vec<Block<'_>> {
        let (mut old, mut new, mut at) = (0, 0, 0);
        let mut all = Vec::new();
        while at < self.lines.len() {
            if let Line::Same(_) = self.lines[at] {
                (old, new, at) = (old + 1, new + 1, at + 1);
                continue;
            }
            let counts = self.changes(at);
            let mut block = Block { old, new, removed: Vec::new(), added: Vec::new() };
            while let Some(line @ (Line::Old(_) | Line::New(_))) = self.lines.get(at) {
                match line {
                    Line::New(text) => block.added.push(text),
                    Line::Old(text) | Line::Same(text) => block.removed.push(text),
                }
                at += 1;
            }
            (old, new) = (old + block.removed.len(), new + block.added.len());
            if counts {
                all.push(block);
            }
        }
        all
    }
}

/// A change.
struct Block<'t> {
    old: usize,
    new: usize,
    removed: Vec<&'t str>,
    added: Vec<&'t str>,
}

/// Lines whose coming and going makes no difference: empty ones (`-B`), and those that match (`-I`).
struct Nothing {
    blank: bool,
    patterns: Vec<Regex>,
}

impl Nothing {
    fn read(options: &Options) -> Result<Nothing, String> {
        let compiled = options.all('I').map(|text| {
            compile(text, Syntax::Basic, false).map_err(|why| format!("diff: {text}: {why}"))
        });
        Ok(Nothing { blank: options.has('B'), patterns: compiled.collect::<Result<_, _>>()? })
    }

    fn is(&self, line: &str) -> bool {
        let line = line.trim_end_matches('\n');
        self.blank && line.is_empty() || self.patterns.iter().any(|one| one.is_match(line))
    }

    /// The lines of changes that are nothing as a whole.
    fn marked(&self, lines: &[Line<'_>]) -> Vec<bool> {
        let mut marked = vec![false; lines.len()];
        if !self.blank && self.patterns.is_empty() {
            return marked;
        }
        let same = |line: &Line<'_>| matches!(line, Line::Same(_));
        let mut at = 0;
        while at < lines.len() {
            let length = lines[at..].iter().take_while(|line| !same(line)).count();
            let block = &lines[at..at + length];
            let nothing = block.iter().all(|line| match line {
                Line::Same(text) | Line::Old(text) | Line::New(text) => self.is(text),
            });
            marked[at..at + length].fill(nothing);
            at += length.max(1);
        }
        marked
    }
}

/// `-x` and `-X`: the names that are left out of folders.
fn excluded(io: &Io<'_>, options: &Options) -> Vec<Pattern> {
    let listed = options.all('X').filter_map(|file| io.read_file(file).ok());
    let listed: Vec<String> =
        listed.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    let listed = listed.iter().flat_map(|text| text.lines());
    options.all('x').chain(listed).map(Pattern::new).collect()
}

/// A line with blanks in place of tabulators.
fn expanded(line: &str) -> String {
    let mut all = String::new();
    let mut column = 0;
    for letter in line.chars() {
        let width = if letter == '\t' { 8 - column % 8 } else { 1 };
        column += width;
        match letter {
            '\t' => all += &" ".repeat(width),
            letter => all.push(letter),
        }
    }
    all
}

/// What is said of a wrong value.
fn told_wrong(what: &str) -> String {
    format!("diff: {what}\ndiff: Try 'diff --help' for more information.")
}

/// The lines of a block as a range of numbers.
fn range(start: usize, count: usize) -> String {
    match count {
        0 => start.to_string(),
        1 => (start + 1).to_string(),
        _ => format!("{},{}", start + 1, start + count),
    }
}

/// `-e`: the changes from the last to the first, so that numbers stay true.
fn ed_script(all: &Compared<'_>) -> String {
    let mut told = String::new();
    for block in all.blocks().iter().rev() {
        let place = range(block.old, block.removed.len());
        match (block.removed.is_empty(), block.added.is_empty()) {
            (true, _) => told += &format!("{place}a\n"),
            (_, true) => told += &format!("{place}d\n"),
            _ => told += &format!("{place}c\n"),
        }
        for line in &block.added {
            told += line.trim_end_matches('\n');
            told.push('\n');
        }
        told += if block.added.is_empty() { "" } else { ".\n" };
    }
    told
}

/// `-n`
fn rcs_script(all: &Compared<'_>) -> String {
    let mut told = String::new();
    for block in all.blocks() {
        if !block.removed.is_empty() {
            told += &format!("d{} {}\n", block.old + 1, block.removed.len());
        }
        if !block.added.is_empty() {
            told += &format!("a{} {}\n", block.old + block.removed.len(), block.added.len());
            told.extend(block.added.iter().copied());
        }
    }
    told
}

/// `--color=always`: what is gone in red, what is new in green, where it is in cyan, names in bold.
fn colored(text: &str, form: Form) -> String {
    let mut new = false;
    let mut all = String::new();
    for (at, line) in text.lines().enumerate() {
        let titled = matches!(form, Form::Unified(_) | Form::Context(_)) && at < 2;
        let color = match (form, line.chars().next()) {
            _ if titled => "1",
            (Form::Context(_), _) if line.starts_with("*** ") || line.starts_with("--- ") => {
                new = line.starts_with('-');
                "36"
            }
            (Form::Context(_), Some('!')) => ["31", "32"][usize::from(new)],
            (Form::Unified(_), Some('@')) => "36",
            (Form::Normal, Some(digit)) if digit.is_ascii_digit() => "36",
            (Form::Normal, Some('-')) => "",
            (_, Some('<' | '-')) => "31",
            (_, Some('>' | '+')) => "32",
            _ => "",
        };
        all += &match color {
            "" => format!("{line}\n"),
            color => format!("\u{1b}[{color}m{line}\u{1b}[0m\n"),
        };
    }
    all
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

fn normal(all: &Compared<'_>) -> String {
    let mut told = String::new();
    for Block { old, new, removed, added } in all.blocks() {
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
    }
    told
}

/// The hunks of `diff -u` between two texts, without the files' names; nothing when their lines are
/// the same.
pub(in crate::shell::commands) fn unified_hunks(old: &str, new: &str) -> String {
    let lines = compare(&split(old), &split(new), Blind::default());
    hunks(&Compared { lines: &lines, nothing: Vec::new() }, CONTEXT)
}

/// Where the changes are, each with so many lines around it.
fn pieces(all: &Compared<'_>, around: usize) -> Vec<(usize, usize)> {
    let lines = all.lines;
    let changed = (0..lines.len()).filter(|at| all.changes(*at));
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

fn hunks(all: &Compared<'_>, around: usize) -> String {
    let lines = all.lines;
    let mut told = String::new();
    for (from, to) in pieces(all, around) {
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
fn contexts(all: &Compared<'_>, around: usize) -> String {
    let lines = all.lines;
    let mut told = String::new();
    for (from, to) in pieces(all, around) {
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
