//! `which`, `basename`, `dirname`, `realpath`, `readlink`, `stat`: GNU's and BusyBox'.

use crate::cluster::{Flavour, Place};
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::options::Grammar;

fn is_gnu(io: &Io<'_>) -> bool {
    commands::flavour(io.cluster, io.place) == Flavour::Gnu
}

/// Says what GNU's tool misses; BusyBox' says how it is used.
fn misused(io: &mut Io<'_>, tool: &str, what: &str) -> Option<i32> {
    io.write_error(match is_gnu(io) {
        true => format!("{tool}: {what}\nTry '{tool} --help' for more information."),
        false => commands::busybox_usage(tool),
    });
    Some(1)
}

pub(in crate::shell::commands) fn which(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("which", "as").read(arguments, io) else { return Some(1) };
    if options.operands.is_empty() {
        if !is_gnu(io) {
            return misused(io, "which", "");
        }
        return Some(1);
    }
    let mut status = 0;
    for name in &options.operands {
        match commands::is_installed(io.cluster, io.place, name) {
            true if options.has('s') => {}
            true => io.say(commands::path(io.cluster, io.place, name)),
            false if name.contains('/') && io.is_file(name) => io.say(name),
            false => status = 1,
        }
    }
    Some(status)
}

/// The last part of a path, without a suffix that is not all of it.
fn base<'a>(path: &'a str, suffix: Option<&str>) -> &'a str {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let name = if name.is_empty() && !path.is_empty() { "/" } else { name };
    let short = suffix.and_then(|suffix| name.strip_suffix(suffix));
    short.filter(|short| !short.is_empty()).unwrap_or(name)
}

pub(in crate::shell::commands) fn basename(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GNU: Grammar = Grammar {
        name: "basename",
        short: "as:z",
        long: &[("multiple", 'a'), ("suffix", 's'), ("zero", 'z')],
        stops: true,
    };
    let gnu = is_gnu(io);
    let grammar = if gnu { GNU } else { Grammar { short: "as:", long: &[], ..GNU } };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let many = options.has('a') || options.has('s');
    let (paths, suffix) = match options.operands.as_slice() {
        [] => return misused(io, "basename", "missing operand"),
        all if many => (all, options.value('s')),
        [_, _, extra, ..] => return misused(io, "basename", &format!("extra operand '{extra}'")),
        [path, rest @ ..] => (std::slice::from_ref(path), rest.first().map(String::as_str)),
    };
    let end = if options.has('z') { b'\0' } else { b'\n' };
    for path in paths {
        io.stdout.extend_from_slice(base(path, suffix).as_bytes());
        io.stdout.push(end);
    }
    Some(0)
}

pub(in crate::shell::commands) fn dirname(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GNU: Grammar =
        Grammar { name: "dirname", short: "z", long: &[("zero", 'z')], stops: false };
    let gnu = is_gnu(io);
    let grammar = if gnu { GNU } else { Grammar::short("dirname", "") };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    if options.operands.is_empty() || !gnu && options.operands.len() > 1 {
        return misused(io, "dirname", "missing operand");
    }
    let end = if options.has('z') { b'\0' } else { b'\n' };
    for path in &options.operands {
        let whole = path.trim_end_matches('/');
        let folder = match whole.rfind('/') {
            Some(at) if whole[..at].trim_end_matches('/').is_empty() => {
                if whole.starts_with("//") && !gnu { "//" } else { "/" }
            }
            Some(at) => whole[..at].trim_end_matches('/'),
            None if path.starts_with('/') => "/",
            None => ".",
        };
        io.stdout.extend_from_slice(folder.as_bytes());
        io.stdout.push(end);
    }
    Some(0)
}

/// What of a path has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needed {
    Everything,
    AllButTheLast,
    Nothing,
}

/// The full path, if what is needed of it is there.
fn resolved(io: &Io<'_>, path: &str, needed: Needed) -> Result<String, &'static str> {
    let full = io.absolute(path);
    let there = |path: &str| path.is_empty() || io.is_directory(path) || io.is_file(path);
    let parent = full.rsplit_once('/').map_or("", |(parent, _)| parent);
    let found = match needed {
        Needed::Everything => there(&full),
        Needed::AllButTheLast => parent.is_empty() || io.is_directory(parent),
        Needed::Nothing => true,
    };
    match found {
        true => Ok(full),
        false if io.is_file(parent) => Err("Not a directory"),
        false => Err("No such file or directory"),
    }
}

/// One path as another one sees it: `../x`.
fn relative(path: &str, from: &str) -> String {
    let parts =
        |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let (path, from): (Vec<String>, Vec<String>) = (parts(path), parts(from));
    let same = path.iter().zip(&from).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - same);
    let all: Vec<String> = up.chain(path[same..].iter().cloned()).collect();
    if all.is_empty() { ".".to_owned() } else { all.join("/") }
}

pub(in crate::shell::commands) fn realpath(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GNU: Grammar = Grammar {
        name: "realpath",
        short: "eLmPqszB:R:",
        long: &[
            ("canonicalize-existing", 'e'),
            ("canonicalize-missing", 'm'),
            ("logical", 'L'),
            ("physical", 'P'),
            ("quiet", 'q'),
            ("relative-to", 'R'),
            ("relative-base", 'B'),
            ("strip", 's'),
            ("no-symlinks", 's'),
            ("zero", 'z'),
        ],
        stops: false,
    };
    // BusyBox' has no options: what looks like one is a path.
    let busybox = || crate::shell::commands::options::Options::of(arguments);
    let options = if is_gnu(io) { GNU.read(arguments, io) } else { Some(busybox()) };
    let Some(options) = options else { return Some(1) };
    if options.operands.is_empty() {
        return misused(io, "realpath", "missing operand");
    }
    let needed = match (is_gnu(io), options.has('e'), options.has('m')) {
        (false, ..) | (_, true, _) => Needed::Everything,
        (_, _, true) => Needed::Nothing,
        _ => Needed::AllButTheLast,
    };
    let base = options.value('B').map(|base| io.absolute(base));
    let from = options.value('R').map(|from| io.absolute(from)).or_else(|| base.clone());
    let mut status = 0;
    for path in &options.operands {
        match resolved(io, path, needed) {
            Ok(full) => {
                let inside = base.as_ref().is_none_or(|base| {
                    full == *base || full.starts_with(&format!("{}/", base.trim_end_matches('/')))
                });
                let shown = match &from {
                    Some(from) if inside => relative(&full, from),
                    _ => full,
                };
                io.stdout.extend_from_slice(shown.as_bytes());
                io.stdout.push(if options.has('z') { b'\0' } else { b'\n' });
            }
            Err(why) => {
                status = 1;
                if !options.has('q') {
                    io.write_error(format!("realpath: {path}: {why}"));
                }
            }
        }
    }
    Some(status)
}

/// There are no symbolic links here: without `-f` and its like there is nothing to tell.
pub(in crate::shell::commands) fn readlink(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GNU: Grammar = Grammar {
        name: "readlink",
        short: "efmnqsvz",
        long: &[
            ("canonicalize", 'f'),
            ("canonicalize-existing", 'e'),
            ("canonicalize-missing", 'm'),
            ("no-newline", 'n'),
            ("quiet", 'q'),
            ("silent", 's'),
            ("verbose", 'v'),
            ("zero", 'z'),
        ],
        stops: false,
    };
    let grammar = if is_gnu(io) { GNU } else { Grammar::short("readlink", "fnv") };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    if options.operands.is_empty() {
        return misused(io, "readlink", "missing operand");
    }
    let needed = match () {
        () if options.has('e') => Needed::Everything,
        () if options.has('m') => Needed::Nothing,
        () => Needed::AllButTheLast,
    };
    let follows = ['e', 'f', 'm'].iter().any(|letter| options.has(*letter));
    let mut status = 0;
    for path in &options.operands {
        let found = match follows {
            true => resolved(io, path, needed),
            false if io.is_file(path) || io.is_directory(path) => Err("Invalid argument"),
            false => Err("No such file or directory"),
        };
        match found {
            Ok(full) => {
                io.stdout.extend_from_slice(full.as_bytes());
                match (options.has('z'), options.has('n')) {
                    (true, _) => io.stdout.push(0),
                    (false, true) => {}
                    (false, false) => io.stdout.push(b'\n'),
                }
            }
            Err(why) => {
                status = 1;
                if options.has('v') {
                    io.write_error(format!("readlink: {path}: {why}"));
                }
            }
        }
    }
    Some(status)
}

/// What is known of a file. Modes, owners and moments are not kept here: all are as the system's
/// defaults make them.
struct Facts {
    name: String,
    size: usize,
    folder: bool,
    user: &'static str,
}

impl Facts {
    fn kind(&self) -> &'static str {
        match (self.folder, self.size) {
            (true, _) => "directory",
            (false, 0) => "regular empty file",
            (false, _) => "regular file",
        }
    }

    /// What a `%` letter stands for; `None` when it is not known here.
    fn value(&self, letter: char) -> Option<String> {
        let (mode, text) = if self.folder { ("755", "drwxr-xr-x") } else { ("644", "-rw-r--r--") };
        let id = if self.user == "root" { "0" } else { "1000" };
        Some(match letter {
            'n' => self.name.clone(),
            'N' => format!("'{}'", self.name),
            's' => self.size.to_string(),
            'F' => self.kind().to_owned(),
            'a' => mode.to_owned(),
            'A' => text.to_owned(),
            'f' => if self.folder { "41ed" } else { "81a4" }.to_owned(),
            'b' => (self.size.div_ceil(4096) * 8).to_string(),
            'B' => "512".to_owned(),
            'o' => "4096".to_owned(),
            'h' => if self.folder { "2" } else { "1" }.to_owned(),
            'U' | 'G' => self.user.to_owned(),
            'u' | 'g' => id.to_owned(),
            _ => return None,
        })
    }
}

pub(in crate::shell::commands) fn stat(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "stat",
        short: "Lfc:P:t",
        long: &[
            ("dereference", 'L'),
            ("file-system", 'f'),
            ("format", 'c'),
            ("printf", 'P'),
            ("terse", 't'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if let Some(flag) = options.not_simulated(&[('f', "-f"), ('t', "-t")]) {
        io.write_error(format!("podhop: stat: not simulated here: {flag}"));
        return Some(1);
    }
    if options.operands.is_empty() {
        return misused(io, "stat", "missing operand");
    }
    let user = if *io.place == Place::Laptop { "player" } else { "root" };
    let mut status = 0;
    for path in &options.operands {
        let size = match (io.is_directory(path), io.read_file(path)) {
            (true, _) => 4096,
            (false, Ok(bytes)) => bytes.len(),
            (false, Err(why)) => {
                io.write_error(match is_gnu(io) {
                    true => format!("stat: cannot statx '{path}': {why}"),
                    false => format!("stat: can't stat '{path}': {why}"),
                });
                status = 1;
                continue;
            }
        };
        let facts = Facts { name: path.clone(), size, folder: io.is_directory(path), user };
        let told = match (options.value('c'), options.value('P')) {
            (Some(format), _) => filled(format, &facts).map(|text| text + "\n"),
            (None, Some(format)) => filled(&crate::shell::syntax::unescape(format), &facts),
            (None, None) => Ok(overview(&facts)),
        };
        match told {
            Ok(text) => io.stdout.extend_from_slice(text.as_bytes()),
            Err(letter) => {
                io.write_error(format!("podhop: stat: not simulated here: %{letter}"));
                status = 1;
            }
        }
    }
    Some(status)
}

/// A format with a file's facts put in.
fn filled(format: &str, facts: &Facts) -> Result<String, char> {
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(letter) = rest.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        match rest.next() {
            None | Some('%') => text.push('%'),
            // Moments, devices and numbers of inodes are nobody's here.
            Some(
                letter @ ('x' | 'y' | 'z' | 'w' | 'X' | 'Y' | 'Z' | 'W' | 'd' | 'D' | 'i' | 'm'),
            ) => {
                return Err(letter);
            }
            Some(letter) => match facts.value(letter) {
                Some(value) => text += &value,
                None => text.push('?'),
            },
        }
    }
    Ok(text)
}

/// What `stat` says without a format.
fn overview(facts: &Facts) -> String {
    let value = |letter| facts.value(letter).unwrap_or_default();
    format!(
        "  File: {}\n  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {}\nAccess: (0{}/{})  Uid: ({:>5}/{:>8})   Gid: ({:>5}/{:>8})\n",
        facts.name,
        facts.size,
        value('b'),
        facts.kind(),
        value('a'),
        value('A'),
        value('u'),
        facts.user,
        value('g'),
        facts.user,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_seen_from_another_one() {
        assert_eq!(relative("/home/player/words", "/home"), "player/words");
        assert_eq!(relative("/a", "/b/c"), "../../a");
        assert_eq!(relative("/a", "/a"), ".");
    }

    #[test]
    fn a_suffix_that_is_all_of_a_name_stays() {
        assert_eq!(base("/a/b.txt", Some(".txt")), "b");
        assert_eq!(base(".txt", Some(".txt")), ".txt");
        assert_eq!(base("/", None), "/");
    }
}
