//! `ls`.

use k8s_openapi::jiff::Timestamp;

use super::disk;
use super::space::human;
use super::{messages, rights};
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::moment::Moment;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::commands::quoting::Quoting;
use crate::shell::commands::text::sort;
use crate::shell::commands::trouble::left_out;
use crate::shell::file_facts::{Facts, Kind};
use crate::shell::pattern::Pattern;

const GRAMMAR: Grammar = Grammar {
    name: "ls",
    short: "ilaA1RhdrtSnFpCxmQNbULsgoGqXvfkucBHI:À;w:T:Á:ÂÃÄ:Å:Æ:Ç:È:É:Ê;Ë:ÌÍÎZDÏÐ;",
    long: &[
        ("inode", 'i'),
        ("all", 'a'),
        ("almost-all", 'A'),
        ("recursive", 'R'),
        ("directory", 'd'),
        ("human-readable", 'h'),
        ("reverse", 'r'),
        ("quote-name", 'Q'),
        ("literal", 'N'),
        ("escape", 'b'),
        ("quoting-style", 'É'),
        ("classify", 'Ê'),
        ("block-size", 'Ë'),
        ("dereference", 'L'),
        ("numeric-uid-gid", 'n'),
        ("size", 's'),
        ("no-group", 'G'),
        ("color", 'À'),
        ("time-style", 'Á'),
        ("full-time", 'Â'),
        ("group-directories-first", 'Ã'),
        ("format", 'Ä'),
        ("sort", 'Å'),
        ("hide", 'Æ'),
        ("indicator-style", 'Ç'),
        ("time", 'È'),
        ("hide-control-chars", 'q'),
        ("ignore", 'I'),
        ("ignore-backups", 'B'),
        ("kibibytes", 'k'),
        ("dereference-command-line", 'H'),
        ("width", 'w'),
        ("tabsize", 'T'),
        ("file-type", 'Ì'),
        ("si", 'Í'),
        ("zero", 'Î'),
        ("context", 'Z'),
        ("dired", 'D'),
        ("author", 'Ï'),
        ("hyperlink", 'Ð'),
    ],
    stops: false,
};

/// The long options that BusyBox' ls has.
const BUSYBOX_LONG: [(&str, char); 3] =
    [("color", 'À'), ("full-time", 'Â'), ("group-directories-first", 'Ã')];

/// How wide a line usually may be.
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

/// How moments are written (`--time-style`).
enum Moments {
    /// The year takes the time's place where it is half a year ago or to come.
    Usual,
    /// Formats of `date`'s for old files and for others.
    Formats(String, String),
}

impl Moments {
    /// As `ls.c` reads it: a name, or a format, of which a second line is that of recent files.
    ///
    /// # Errors
    /// What `ls` says of a style that there is not.
    fn read(style: &str) -> Result<Moments, String> {
        let same = |format: &str| Moments::Formats(format.to_owned(), format.to_owned());
        Ok(match style.strip_prefix("posix-").unwrap_or(style) {
            "full-iso" => same("%Y-%m-%d %H:%M:%S.%N %z"),
            "long-iso" => same("%Y-%m-%d %H:%M"),
            "iso" => Moments::Formats("%Y-%m-%d ".to_owned(), "%m-%d %H:%M".to_owned()),
            "locale" => Moments::Usual,
            text => match text.strip_prefix('+').map(|format| format.split_once('\n')) {
                Some(Some((old, recent))) => Moments::Formats(old.to_owned(), recent.to_owned()),
                Some(None) => same(&text[1..]),
                None => {
                    return Err(format!(
                        "ls: invalid argument '{style}' for 'time style'\nValid arguments are:\n  - [posix-]full-iso\n  - [posix-]long-iso\n  - [posix-]iso\n  - [posix-]locale\n  - +FORMAT (e.g., +%H:%M) for a 'date'-style format\nTry 'ls --help' for more information."
                    ));
                }
            },
        })
    }

    /// A moment, as `ls -l` tells it.
    fn show(&self, io: &Io<'_>, changed: Timestamp) -> String {
        let age = io.now().timestamp().as_second() - changed.as_second();
        let recent = (0..31_556_952 / 2).contains(&age);
        let moment = Moment::at(changed.as_second(), changed.subsec_nanosecond().unsigned_abs());
        match self {
            Moments::Usual => moment.format(if recent { "%b %e %H:%M" } else { "%b %e  %Y" }, true),
            Moments::Formats(old, new) => moment.format(if recent { new } else { old }, true),
        }
    }
}

/// What is shown of each name.
struct Style {
    layout: Layout,
    quoting: Quoting,
    /// Whether names without quotes stand under those with them.
    aligns: bool,
    /// `--block-size`: what sizes are counted in, and the letter behind them.
    unit: Option<(usize, String)>,
    /// `-F`, `-p`: a slash behind folders
    slash: bool,
    /// `-F`, `--file-type`: a mark behind links
    links: bool,
    /// `-F`: a mark behind programs too
    marks: bool,
    /// `-n`: users and groups by number
    numbers: bool,
    /// `-h` (1024), `--si` (1000): sizes in the letters of this base
    human: Option<f64>,
    /// Where tabulators stand (`-T`); 0 for none.
    tabs: usize,
    /// What ends a line; `--zero` takes no line feed.
    end: u8,
    /// `-s`: how much each takes on the disk
    blocks: bool,
    /// `-i`: the number of each in its file system stands before its name.
    inodes: bool,
    /// Whose names are shown beside details: owner (not with `-g`) and group (not with `-o`, `-G`).
    whose: (bool, bool),
    /// `--author`: whose it is a second time, as nobody keeps who made a file.
    author: bool,
    /// `-Z`: a security context, which nothing has here.
    context: bool,
    moments: Moments,
    /// How wide a line may be (`-w`).
    width: usize,
    busybox: bool,
}

impl Style {
    fn of(options: &Options, io: &Io<'_>) -> Result<Style, String> {
        let layouts = options.in_order().filter_map(|(letter, _)| match letter {
            'l' | 'n' | 'g' | 'o' | 'Â' => Some(Layout::Long),
            '1' => Some(Layout::Lines),
            'C' => Some(Layout::Down),
            'x' => Some(Layout::Across),
            'm' => Some(Layout::Commas),
            _ => None,
        });
        let usual = if io.terminal { Layout::Down } else { Layout::Lines };
        let last = layouts.last().unwrap_or(usual);
        // `-1` does not take the details away.
        let long = ['l', 'n', 'g', 'o', 'Â'].iter().any(|letter| options.has(*letter));
        let width = match options.value('w').map(str::parse::<usize>) {
            None => WIDTH,
            Some(Ok(0)) => usize::MAX,
            Some(Ok(width)) => width,
            Some(Err(_)) => {
                let text = options.value('w').unwrap_or("");
                return Err(format!("ls: invalid line width: '{text}'"));
            }
        };
        let busybox = !commands::is_gnu(io);
        let full = if busybox { "+%Y-%m-%d %H:%M:%S %z" } else { "full-iso" };
        let style = options.value('Á').or(options.has('Â').then_some(full));
        let quoting = Style::quoting(options, io, busybox)?;
        let layout = if last == Layout::Lines && long { Layout::Long } else { last };
        if layout == Layout::Long && options.has('D') {
            return Err(left_out("ls", "--dired"));
        }
        let tall = matches!(layout, Layout::Long | Layout::Down | Layout::Across);
        Ok(Style {
            layout,
            aligns: io.terminal && !busybox && quoting.is_shell() && tall,
            quoting,
            unit: options.value('Ë').map(|text| unit("ls", "--block-size", text)).transpose()?,
            slash: ['F', 'p', 'Ì'].iter().any(|letter| options.has(*letter)),
            links: options.has('F') || options.has('Ì'),
            marks: options.has('F'),
            numbers: options.has('n'),
            human: human_base(options),
            tabs: tab_size(options)?,
            end: if options.has('Î') { b'\0' } else { b'\n' },
            blocks: options.has('s'),
            inodes: options.has('i'),
            whose: (!options.has('g'), !options.has('o') && !options.has('G')),
            author: options.has('Ï'),
            context: options.has('Z'),
            width,
            moments: style.map_or(Ok(Moments::Usual), Moments::read)?,
            busybox,
        })
    }

    /// How names are quoted: the last option that says so, or on a terminal what a shell would need.
    fn quoting(options: &Options, io: &Io<'_>, busybox: bool) -> Result<Quoting, String> {
        let mut found = match io.terminal && !busybox {
            true => Quoting::Shell { always: false, escapes: true },
            false => Quoting::Literal,
        };
        for (letter, value) in options.in_order() {
            found = match letter {
                'Q' => Quoting::C { always: true },
                'N' => Quoting::Literal,
                'b' => Quoting::Escape,
                'É' => matched("ls", "--quoting-style", value, Quoting::NAMES)?,
                _ => continue,
            };
        }
        Ok(found)
    }

    /// A name, with its quotes and its mark; `apart` when others have quotes.
    fn name(&self, entry: &Entry, apart: bool) -> String {
        let mark = match &entry.facts.kind {
            Kind::Folder if self.slash => "/",
            Kind::Pipe if self.marks || self.links && self.layout != Layout::Long => "|",
            Kind::Link(_) if self.links && self.layout != Layout::Long => "@",
            Kind::File if self.marks && entry.facts.mode & 0o111 != 0 => "*",
            _ => "",
        };
        let text = self.quoting.of(&entry.name);
        let gap = if apart && text == entry.name { " " } else { "" };
        format!("{gap}{text}{mark}")
    }

    /// Whether some names have quotes, so that the others are set apart.
    fn is_mixed(&self, entries: &[Entry]) -> bool {
        self.aligns && entries.iter().any(|entry| self.quoting.of(&entry.name) != entry.name)
    }

    /// So many kilobytes in what sizes are counted in.
    fn counted(&self, kilobytes: usize) -> String {
        match &self.unit {
            Some((unit, letter)) => format!("{}{letter}", (kilobytes * 1024).div_ceil(*unit)),
            None => kilobytes.to_string(),
        }
    }

    /// `-i` and `-s`: what stands before each name, all of one width.
    fn before(&self, entries: &[Entry]) -> Vec<String> {
        let numbers = entries.iter().map(|entry| entry.facts.inode.to_string());
        let widest = numbers.clone().map(|number| number.len()).max().unwrap_or(0);
        let numbers = numbers.map(|number| match self.inodes {
            true => format!("{number:>widest$} "),
            false => String::new(),
        });
        numbers.zip(self.sizes(entries)).map(|(number, size)| number + &size).collect()
    }

    fn sizes(&self, entries: &[Entry]) -> Vec<String> {
        let text = |entry: &Entry| match (self.blocks, self.human) {
            (false, _) => String::new(),
            (true, Some(base)) => human(blocks(entry) * 1024, base),
            (true, None) => self.counted(blocks(entry)),
        };
        let all: Vec<String> = entries.iter().map(text).collect();
        let least = if self.busybox { 6 } else { 1 };
        let width = all.iter().map(String::len).max().unwrap_or(0).max(least);
        let padded = |text: &String| match self.blocks {
            true => format!("{text:>width$} "),
            false => String::new(),
        };
        all.iter().map(padded).collect()
    }

    fn show(&self, io: &mut Io<'_>, entries: &[Entry]) {
        let sizes = self.before(entries);
        let named = entries.iter().zip(&sizes);
        let mixed = self.is_mixed(entries);
        let context = if self.context { "? " } else { "" };
        let name = |entry| format!("{context}{}", self.name(entry, mixed));
        let names: Vec<String> =
            named.map(|(entry, size)| format!("{size}{}", name(entry))).collect();
        match self.layout {
            Layout::Long => details(io, self, entries, &sizes),
            Layout::Lines => names.iter().for_each(|name| {
                io.stdout.extend_from_slice(name.as_bytes());
                io.stdout.push(self.end);
            }),
            Layout::Commas => with_commas(io, &names, self.width),
            Layout::Down | Layout::Across => {
                in_columns(io, &names, self.layout == Layout::Across, self);
            }
        }
    }
}

/// What sizes are told in the letters of: the last of `-h` and `--si` counts.
fn human_base(options: &Options) -> Option<f64> {
    let last = options.in_order().filter(|(letter, _)| matches!(letter, 'h' | 'Í')).last();
    last.map(|(letter, _)| if letter == 'h' { 1024.0 } else { 1000.0 })
}

/// `-T`: how far tabulators are apart.
///
/// # Errors
/// What is no number.
fn tab_size(options: &Options) -> Result<usize, String> {
    let Some(text) = options.value('T') else { return Ok(8) };
    text.parse().map_err(|_| format!("ls: invalid tab size: '{text}'"))
}

/// `--block-size`: bytes of a unit, and the letter that is shown behind a count.
///
/// # Errors
/// What is no size.
pub(super) fn unit(tool: &str, option: &str, text: &str) -> Result<(usize, String), String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let letters = &text[digits.len()..];
    let bytes = match letters {
        "" => Some(1),
        "K" | "k" | "KiB" => Some(1 << 10),
        "M" | "MiB" => Some(1 << 20),
        "G" | "GiB" => Some(1 << 30),
        "kB" | "KB" => Some(1_000),
        "MB" => Some(1_000_000),
        "GB" => Some(1_000_000_000),
        _ => None,
    };
    let count = if digits.is_empty() { Some(1) } else { digits.parse().ok() };
    let shown = if digits.is_empty() { letters } else { "" };
    match (bytes, count) {
        (Some(bytes), Some(count)) if count > 0 => Ok((bytes * count, shown.to_owned())),
        (None, Some(_)) if !digits.is_empty() => {
            Err(format!("{tool}: invalid suffix in {option} argument '{text}'"))
        }
        _ => Err(format!("{tool}: invalid {option} argument '{text}'")),
    }
}

/// Words of an option, and the letters that they stand for.
type Words = &'static [(&'static [&'static str], &'static str)];

/// `--sort=size` and its like as the letters that they stand for.
///
/// # Errors
/// A word that is none of theirs.
fn spelled(options: &Options, has_colors: bool) -> Result<Options, String> {
    const WHEN: Words = &[
        (&["always", "yes", "force"], "always"),
        (&["never", "no", "none"], ""),
        (&["auto", "tty", "if-tty"], "auto"),
    ];
    const FORMATS: Words = &[
        (&["verbose", "long"], "l"),
        (&["commas"], "m"),
        (&["horizontal", "across"], "x"),
        (&["vertical"], "C"),
        (&["single-column"], "1"),
    ];
    const SORTS: Words = &[
        (&["none"], "U"),
        (&["time"], "t"),
        (&["size"], "S"),
        (&["extension"], "X"),
        (&["version"], "v"),
        (&["width"], "Å"),
    ];
    const MARKS: Words =
        &[(&["none"], ""), (&["slash"], "p"), (&["file-type"], "Ì"), (&["classify"], "F")];
    // When it was read and when its mode changed are kept by nobody: they are that moment too.
    const TIMES: Words = &[
        (&["atime", "access", "use"], ""),
        (&["ctime", "status"], ""),
        (&["birth", "creation"], ""),
    ];
    let lists = [
        ("--format", 'Ä', FORMATS),
        ("--sort", 'Å', SORTS),
        ("--indicator-style", 'Ç', MARKS),
        ("--time", 'È', TIMES),
    ];
    let mut all = options.clone();
    for (letter, value) in options.in_order() {
        if let Some((name, _, words)) = lists.iter().find(|(_, known, _)| *known == letter) {
            let letters = matched("ls", name, value, words)?;
            letters.chars().filter(|one| *one != letter).for_each(|one| all.give(one));
        }
        let when = |name| match value {
            "" => Ok("always"),
            word => matched("ls", name, word, WHEN),
        };
        match letter {
            // Without a list of colours and without a terminal's name there are none.
            'À' if when("--color")? == "always" && has_colors => {
                return Err(left_out("ls", "--color=always"));
            }
            'Ê' if when("--classify")? == "always" => all.give('F'),
            'Ð' if when("--hyperlink")? == "always" => {
                return Err(left_out("ls", "--hyperlink"));
            }
            _ => {}
        }
    }
    if options.has('f') {
        ['a', 'U'].into_iter().for_each(|letter| all.give(letter));
    }
    Ok(all)
}

/// `dir`: `ls -C -b` by another name.
pub(in crate::shell::commands) fn dir(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    called("dir", &["-C", "-b"], arguments, io)
}

/// `vdir`: `ls -l -b` by another name.
pub(in crate::shell::commands) fn vdir(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    called("vdir", &["-l", "-b"], arguments, io)
}

/// `ls` by a name of its own, with options of its own.
fn called(name: &str, own: &[&str], arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let own = own.iter().map(|&word| word.to_owned());
    let all: Vec<String> = own.chain(arguments.iter().cloned()).collect();
    let before = io.stderr.len();
    let status = ls(&all, io);
    let said = io.stderr.split_off(before);
    let said = String::from_utf8_lossy(&said).replace("Try 'ls ", &format!("Try '{name} "));
    for line in said.split_inclusive('\n') {
        let named = line.strip_prefix("ls: ").map(|rest| format!("{name}: {rest}"));
        io.put_error(named.as_deref().unwrap_or(line).as_bytes());
    }
    status
}

pub(in crate::shell::commands) fn ls(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let busybox = !commands::is_gnu(io);
    let wrong = if busybox { 1 } else { 2 };
    let long = if busybox { &BUSYBOX_LONG[..] } else { GRAMMAR.long };
    let read = Grammar { long, ..GRAMMAR }.parse(arguments, commands::words(io.cluster, io.place));
    let options = match read {
        Ok(options) => options,
        Err(why) => {
            io.write_error(why);
            return Some(wrong);
        }
    };
    // A word that an option does not know ends with another code than what else is wrong (`argmatch_die`).
    let has_colors = ["LS_COLORS", "TERM"].iter().any(|name| io.environment.contains_key(*name));
    let words = Style::quoting(&options, io, busybox).and_then(|_| spelled(&options, has_colors));
    let mut options = match words {
        Ok(options) => options,
        Err(why) => return Some(messages::fail(io, why)),
    };
    if options.operands.is_empty() {
        options.operands.push(".".to_owned());
    }
    let style = match Style::of(&options, io) {
        Ok(style) => style,
        Err(why) => {
            io.write_error(why);
            return Some(wrong);
        }
    };
    let (mut files, mut folders, mut status) = (Vec::new(), Vec::new(), 0);
    for path in &options.operands {
        match style.operand(io, path, &options) {
            Ok(None) => folders.push(path.clone()),
            Ok(Some(entry)) => files.push(entry),
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
    let titles = options.operands.len() > 1 || options.has('R');
    let mut first = files.is_empty();
    let mut queue: std::collections::VecDeque<String> = folders.into();
    while let Some(folder) = queue.pop_front() {
        if titles {
            let gap = if first { "" } else { "\n" };
            io.say(format!("{gap}{folder}:"));
        }
        first = false;
        let below = style.folder(io, &folder, &options);
        below.into_iter().rev().for_each(|path| queue.push_front(path));
    }
    Some(status)
}

impl Style {
    /// A file that was named, or a folder that is shown itself; `None` for a folder whose content is shown.
    ///
    /// # Errors
    /// Why it cannot be seen.
    fn operand(&self, io: &Io<'_>, path: &str, options: &Options) -> Result<Option<Entry>, String> {
        let shows = self.layout == Layout::Long || options.has('F') || options.has('d');
        let follows = options.has('L') || options.has('H');
        let itself = shows && !follows && !path.ends_with('/');
        let link = itself && io.link_target(path).is_some();
        if io.is_directory(path) && !options.has('d') && !link {
            return Ok(None);
        }
        let seen = Entry::of(io, path, path, !itself).or_else(|why| match why.as_str() {
            // A link that leads nowhere is shown itself.
            "No such file or directory" if !options.has('L') => Entry::of(io, path, path, false),
            _ => Err(why),
        });
        seen.map(Some)
    }

    /// Shows what is in a folder; the folders in it that are shown next (`-R`).
    fn folder(&self, io: &mut Io<'_>, folder: &str, options: &Options) -> Vec<String> {
        let mut entries = entries(io, folder, options);
        ordered(&mut entries, options);
        if self.layout == Layout::Long || self.blocks {
            let blocks = entries.iter().map(blocks).sum::<usize>();
            io.say(match self.human {
                Some(base) => format!("total {}", human(blocks * 1024, base)),
                None => format!("total {}", self.counted(blocks)),
            });
        }
        self.show(io, &entries);
        let goes_on = |entry: &&Entry| entry.facts.is_folder() && !entry.name.starts_with('.');
        let path = |entry: &Entry| format!("{}/{}", folder.trim_end_matches('/'), entry.name);
        let below = entries.iter().filter(|_| options.has('R')).filter(goes_on);
        below.map(path).collect()
    }
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
    if options.has('X') {
        let ending = |name: &str| name.rfind('.').map_or(String::new(), |at| name[at..].to_owned());
        entries.sort_by_key(|entry| ending(&entry.name));
    }
    if options.has('v') {
        entries.sort_by(|one, other| sort::versions(&one.name, &other.name));
    }
    // The letter itself stands for `--sort=width`.
    if options.value('Å') == Some("width") {
        entries.sort_by_key(|entry| entry.name.chars().count());
    }
    if options.has('r') {
        entries.reverse();
    }
    if options.has('Ã') {
        entries.sort_by_key(|entry| !entry.facts.is_folder());
    }
}

/// The kilobytes that a file takes on the disk.
fn blocks(entry: &Entry) -> usize {
    disk::taken(&entry.facts) / 1024
}

fn entries(io: &Io<'_>, folder: &str, options: &Options) -> Vec<Entry> {
    let (dots, hidden) = (options.has('a'), options.has('a') || options.has('A'));
    let mut names: Vec<String> = Vec::new();
    if dots {
        names.extend([".", ".."].map(str::to_owned));
    }
    let all = io.list(folder).unwrap_or_default();
    let plain = all.iter().map(|name| name.trim_end_matches('/').to_owned());
    let ignored: Vec<Pattern> = options.all('I').map(Pattern::new).collect();
    let unshown: Vec<Pattern> = options.all('Æ').filter(|_| !hidden).map(Pattern::new).collect();
    names.extend(plain.filter(|name| {
        let mut patterns = ignored.iter().chain(&unshown);
        let left_out = name.starts_with('.') && !hidden || options.has('B') && name.ends_with('~');
        !left_out && !patterns.any(|pattern| pattern.matches(name))
    }));
    let path = |name: &str| format!("{}/{name}", folder.trim_end_matches('/'));
    let follow = options.has('L');
    names.iter().filter_map(|name| Entry::of(io, &path(name), name, follow).ok()).collect()
}

fn details(io: &mut Io<'_>, style: &Style, entries: &[Entry], blocks: &[String]) {
    let size = |entry: &Entry| match entry.facts.kind {
        Kind::Device => "1, 3".to_owned(),
        _ => match (style.human, &style.unit) {
            (Some(base), _) => human(entry.facts.size, base),
            (None, Some((unit, letter))) => {
                format!("{}{letter}", entry.facts.size.div_ceil(*unit))
            }
            (None, None) => entry.facts.size.to_string(),
        },
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
    let mixed = style.is_mixed(entries);
    for ((entry, [owner, group, size]), blocks) in entries.iter().zip(&rows).zip(blocks) {
        let links = entry.facts.names;
        let date = style.moments.show(io, entry.facts.changed);
        let mode = format!("{blocks}{}", entry.facts.mode_text());
        let name = match &entry.facts.kind {
            Kind::Link(target) => {
                format!("{} -> {}", style.name(entry, mixed), style.quoting.of(target))
            }
            _ => style.name(entry, mixed),
        };
        let ([users, groups, sizes], author) = (widths, owner);
        io.say(match style.busybox {
            true => {
                let width = if style.human.is_some() { 7 } else { 9 };
                format!(
                    "{mode:<10} {links:>4} {owner:<8.8} {group:<8.8} {size:>width$} {date} {name}"
                )
            }
            false => {
                let owner = if style.whose.0 { format!("{owner:<users$} ") } else { String::new() };
                let group =
                    if style.whose.1 { format!("{group:<groups$} ") } else { String::new() };
                let author =
                    if style.author { format!("{author:<users$} ") } else { String::new() };
                let context = if style.context { "? " } else { "" };
                format!(
                    "{mode} {links} {owner}{group}{author}{context}{size:>sizes$} {date} {name}"
                )
            }
        });
    }
}

/// `-m` (`ls.c`, `print_with_separator`)
fn with_commas(io: &mut Io<'_>, names: &[String], limit: usize) {
    let (mut text, mut column) = (String::new(), 0);
    for (at, name) in names.iter().enumerate() {
        let length = name.chars().count();
        if at > 0 {
            let fits = column + length + 2 < limit;
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
fn in_columns(io: &mut Io<'_>, names: &[String], across: bool, style: &Style) {
    let (busybox, limit) = (style.busybox, style.width);
    let lengths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
    let longest = lengths.iter().max().copied().unwrap_or(0);
    let columns = match busybox {
        true => (limit / (longest + 2)).clamp(1, names.len().max(1)),
        false => {
            let fits =
                |columns: &usize| widths(&lengths, *columns, across).iter().sum::<usize>() < limit;
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
            indent(&mut line, at, wanted, if busybox || io.terminal { 0 } else { style.tabs });
            line += name;
            at = wanted + lengths[index];
            wanted += width;
        }
        io.say(line);
    }
}

/// The gap between two columns: GNU's has tabulators where they fit (`tabs` apart).
fn indent(line: &mut String, mut from: usize, to: usize, tabs: usize) {
    while from < to {
        if tabs > 0 && to / tabs > (from + 1) / tabs {
            line.push('\t');
            from += tabs - from % tabs;
        } else {
            line.push(' ');
            from += 1;
        }
    }
}
