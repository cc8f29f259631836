//! `which`, `basename`, `dirname`, `realpath`, `readlink`, `stat`, `link`, `unlink`, `tree`: GNU's and BusyBox'.

use super::messages::{fail, missing};
use super::{rights, space};
use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::conversion::{Spec, WIDEST};
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::file_facts::{Facts, Kind, device_numbers};

pub(in crate::shell::commands) fn which(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("which", "as").read(arguments, io) else { return Some(1) };
    if options.operands.is_empty() {
        if !is_gnu(io) {
            return Some(missing(io, "which", ""));
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
        [] => return Some(missing(io, "basename", "missing operand")),
        all if many => (all, options.value('s')),
        [_, _, extra, ..] => {
            return Some(missing(io, "basename", &format!("extra operand '{extra}'")));
        }
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
    // BusyBox' has no options: what looks like one is a path.
    let operands = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    let busybox = || crate::shell::commands::options::Options::of(operands);
    let options = if gnu { GNU.read(arguments, io) } else { Some(busybox()) };
    let Some(options) = options else { return Some(1) };
    if options.operands.is_empty() || !gnu && options.operands.len() > 1 {
        return Some(missing(io, "dirname", "missing operand"));
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
    // What `..` leads out of has to be there too.
    let ups = path
        .match_indices("/..")
        .filter(|(at, _)| matches!(path.as_bytes().get(at + 3), None | Some(b'/')));
    for (at, _) in ups.filter(|(at, _)| *at > 0 && needed != Needed::Nothing) {
        match () {
            () if io.is_directory(&path[..at]) => {}
            () if io.is_file(&path[..at]) => return Err("Not a directory"),
            () => return Err("No such file or directory"),
        }
    }
    let full = io.cluster.follow(io.place, &io.absolute(path), true).into_owned();
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
pub(super) fn relative(path: &str, from: &str) -> String {
    let parts =
        |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let (path, from): (Vec<String>, Vec<String>) = (parts(path), parts(from));
    let same = path.iter().zip(&from).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - same);
    let all: Vec<String> = up.chain(path[same..].iter().cloned()).collect();
    if all.is_empty() { ".".to_owned() } else { all.join("/") }
}

/// `pwd` as a program: the working folder without links.
pub(in crate::shell::commands) fn pwd(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let grammar = Grammar {
        name: "pwd",
        short: "LP",
        long: &[("logical", 'L'), ("physical", 'P')],
        stops: false,
    };
    let read = if is_gnu(io) { grammar.read(arguments, io) } else { Some(Options::default()) };
    let Some(options) = read else { return Some(1) };
    if !options.operands.is_empty() {
        io.write_error("pwd: ignoring non-option arguments");
    }
    realpath(&[".".to_owned()], io)
}

/// Which of the folders that paths are shown from is not there.
fn wrong_folder(io: &Io<'_>, options: &Options, needed: Needed) -> Option<String> {
    let mut folders = ['R', 'B'].into_iter().filter_map(|letter| options.value(letter));
    folders.find_map(|folder| {
        let why = resolved(io, folder, needed).err()?;
        Some(format!("realpath: {folder}: {why}"))
    })
}

/// GNU's options of `realpath`.
const REALPATH: Grammar = Grammar {
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

pub(in crate::shell::commands) fn realpath(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    // BusyBox' has no options: what looks like one is a path.
    let busybox = || crate::shell::commands::options::Options::of(arguments);
    let options = if is_gnu(io) { REALPATH.read(arguments, io) } else { Some(busybox()) };
    let Some(options) = options else { return Some(1) };
    if options.operands.is_empty() {
        return Some(missing(io, "realpath", "missing operand"));
    }
    let needed = match (is_gnu(io), options.has('e'), options.has('m')) {
        (false, ..) | (_, true, _) => Needed::Everything,
        (_, _, true) => Needed::Nothing,
        _ => Needed::AllButTheLast,
    };
    if let Some(why) = wrong_folder(io, &options, needed) {
        return Some(fail(io, why));
    }
    let base = options.value('B').map(|base| io.absolute(base));
    let from = options.value('R').map(|from| io.absolute(from)).or_else(|| base.clone());
    let mut status = 0;
    for path in &options.operands {
        let found = match path.is_empty() && is_gnu(io) {
            true => Err("No such file or directory".to_owned()),
            false => resolved(io, path, needed).map_err(|why| why.to_string()),
        };
        match found {
            Ok(full) => {
                // -s leaves symbolic links as they are.
                let full = if options.has('s') { io.absolute(path) } else { full };
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
                    let shown = if path.is_empty() && is_gnu(io) { "''" } else { path };
                    io.write_error(format!("realpath: {shown}: {why}"));
                }
            }
        }
    }
    Some(status)
}

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
        return Some(missing(io, "readlink", "missing operand"));
    }
    if options.operands.len() > 1 && !is_gnu(io) {
        io.write_error(commands::busybox_usage("readlink"));
        return Some(1);
    }
    let needed = match () {
        () if options.has('e') || !is_gnu(io) => Needed::Everything,
        () if options.has('m') => Needed::Nothing,
        () => Needed::AllButTheLast,
    };
    let follows = ['e', 'f', 'm'].iter().any(|letter| options.has(*letter));
    let many = options.operands.len() > 1;
    if many && options.has('n') && is_gnu(io) {
        io.write_error("readlink: ignoring --no-newline with multiple arguments");
    }
    let mut status = 0;
    for path in &options.operands {
        let above = path.trim_end_matches('/');
        let found = match follows {
            _ if path.is_empty() => Err("No such file or directory"),
            true if needed != Needed::Nothing && above.len() < path.len() && io.is_file(above) => {
                Err("Not a directory")
            }
            true => resolved(io, path, needed),
            false if let Some(target) = io.link_target(path) => Ok(target),
            false if io.is_file(path) || io.is_directory(path) => Err("Invalid argument"),
            false => Err("No such file or directory"),
        };
        match found {
            Ok(full) => {
                io.stdout.extend_from_slice(full.as_bytes());
                match (options.has('z'), options.has('n')) {
                    (true, _) => io.stdout.push(0),
                    (false, true) if !many => {}
                    (false, _) => io.stdout.push(b'\n'),
                }
            }
            Err(why) => {
                status = 1;
                if options.has('v') {
                    io.write_error(format!("readlink: {path}: {}", no_link(why, is_gnu(io))));
                }
            }
        }
    }
    Some(status)
}

/// Why `readlink -v` prints nothing.
fn no_link(why: &str, gnu: bool) -> String {
    match (gnu, why) {
        (false, "Invalid argument") => "cannot read link: not a symlink".to_owned(),
        (false, why) => format!("cannot read link: {why}"),
        (true, why) => why.to_owned(),
    }
}

/// What is known of a file, under the name that it was given.
struct Named<'a> {
    name: &'a str,
    facts: Facts,
    /// The numbers of its owner and its group.
    ids: [String; 2],
    /// The numbers of the device that it is.
    device: (u32, u32),
    /// Its file system.
    mount: space::Mounted,
}

impl<'a> Named<'a> {
    /// The file under a name; of a link itself unless it is followed.
    fn of(io: &Io<'_>, name: &'a str, facts: Facts, follow: bool) -> Named<'a> {
        let ids = [("/etc/passwd", &facts.owner), ("/etc/group", &facts.group)];
        let ids = ids.map(|(file, name)| rights::number_of(io, file, name));
        let full = io.cluster.follow(io.place, &io.absolute(name), follow).into_owned();
        let device = match facts.kind {
            Kind::Device => device_numbers(&full),
            _ => (0, 0),
        };
        Named { name, facts, ids, device, mount: space::mount_of(io, &full) }
    }
}

impl Named<'_> {
    fn kind(&self) -> &'static str {
        match (&self.facts.kind, self.facts.size) {
            (Kind::Folder, _) => "directory",
            (Kind::Link(_), _) => "symbolic link",
            (Kind::Device, _) => "character special file",
            (Kind::Pipe, _) => "fifo",
            (Kind::File, 0) => "regular empty file",
            (Kind::File, _) => "regular file",
        }
    }

    /// What a `%` letter stands for; `None` when it is not known here.
    fn value(&self, letter: char) -> Option<String> {
        let facts = &self.facts;
        let moment = || {
            let (whole, parts) = (facts.changed, facts.changed.subsec_nanosecond());
            format!("{}.{parts:09} +0000", whole.strftime("%Y-%m-%d %H:%M:%S"))
        };
        Some(match letter {
            'n' => self.name.to_owned(),
            'N' => match &facts.kind {
                Kind::Link(target) => format!("'{}' -> '{target}'", self.name),
                _ => format!("'{}'", self.name),
            },
            's' => facts.size.to_string(),
            'F' => self.kind().to_owned(),
            'a' => format!("{:o}", facts.mode),
            'A' => facts.mode_text(),
            'f' => format!("{:x}", facts.whole_mode()),
            'b' => (facts.size.div_ceil(4096) * 8).to_string(),
            'B' => "512".to_owned(),
            'o' => "4096".to_owned(),
            'h' => facts.names.to_string(),
            'U' => facts.owner.clone(),
            'G' => facts.group.clone(),
            'u' => self.ids[0].clone(),
            'g' => self.ids[1].clone(),
            // When it was read and when its mode changed are kept by nobody: they are that moment too.
            'x' | 'y' | 'z' => moment(),
            'X' | 'Y' | 'Z' => facts.changed.as_second().to_string(),
            't' => format!("{:x}", self.device.0),
            'T' => format!("{:x}", self.device.1),
            'r' => (self.device.0 << 8 | self.device.1).to_string(),
            'm' => self.mount.target.clone(),
            'i' => facts.inode.to_string(),
            'd' => DEVICE.to_string(),
            'D' => format!("{DEVICE:x}"),
            'w' => "-".to_owned(),
            'W' => "0".to_owned(),
            _ => return None,
        })
    }

    /// What a `%` letter stands for with `-f`: of the file system.
    fn system_value(&self, letter: char) -> Option<String> {
        const BLOCK: u64 = 4096;
        let one = &self.mount;
        let blocks = |kilobytes: u64| (kilobytes * 1024 / BLOCK).to_string();
        // `linux/magic.h`
        let (magic, kind) = match one.kind {
            "overlay" => ("794c7630", "overlayfs"),
            "tmpfs" => ("1021994", "tmpfs"),
            _ => ("ef53", "ext2/ext3"),
        };
        Some(match letter {
            'n' => self.name.to_owned(),
            'i' => {
                format!("{:x}", crate::shell::commands::checksum::checksum(one.target.as_bytes()))
            }
            'l' => "255".to_owned(),
            't' => magic.to_owned(),
            'T' => kind.to_owned(),
            's' | 'S' => BLOCK.to_string(),
            'b' => blocks(one.size),
            'f' => blocks(one.size - one.used),
            'a' => blocks(one.free),
            'c' => one.inodes[0].to_string(),
            'd' => (one.inodes[0] - one.inodes[1]).to_string(),
            _ => return None,
        })
    }
}

pub(in crate::shell::commands) fn stat(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "stat",
        short: "Lfc:P:tÀ:",
        long: &[
            ("dereference", 'L'),
            ("file-system", 'f'),
            ("format", 'c'),
            ("printf", 'P'),
            ("terse", 't'),
            ("cached", 'À'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    const CACHED: &[(&[&str], u8)] = &[(&["default"], 0), (&["never"], 1), (&["always"], 2)];
    if let Some(Err(why)) = options.value('À').map(|one| matched("stat", "--cached", one, CACHED))
    {
        return Some(fail(io, why));
    }
    if options.operands.is_empty() {
        return Some(missing(io, "stat", "missing operand"));
    }
    if options.has('f')
        && let Some(path) = options.operands.iter().find(|path| io.facts(path, true).is_err())
    {
        let why = io.facts(path, true).err().unwrap_or_default();
        let what = format!("read file system information for '{path}': {why}");
        return Some(fail(
            io,
            format!("stat: {} {what}", if is_gnu(io) { "cannot" } else { "can't" }),
        ));
    }
    let mut status = 0;
    for path in &options.operands {
        let facts = match io.facts(path, options.has('L')) {
            Ok(facts) => facts,
            Err(why) => {
                io.write_error(match is_gnu(io) {
                    true => format!("stat: cannot statx '{path}': {why}"),
                    false => format!("stat: can't stat '{path}': {why}"),
                });
                status = 1;
                continue;
            }
        };
        let facts = Named::of(io, path, facts, options.has('L'));
        let system = options.has('f');
        let text = match (options.value('c'), options.value('P')) {
            (Some(format), _) => filled(format, &facts, system, !is_gnu(io)) + "\n",
            (None, Some(format)) => {
                filled(&crate::shell::syntax::unescape(format), &facts, system, !is_gnu(io))
            }
            (None, None) => {
                let format = usual_format(&facts, system, options.has('t'), !is_gnu(io));
                filled(&format, &facts, system, !is_gnu(io))
            }
        };
        io.stdout.extend_from_slice(text.as_bytes());
    }
    Some(status)
}

/// A format with a file's facts put in.
fn filled(format: &str, facts: &Named<'_>, system: bool, busybox: bool) -> String {
    let value = |letter| if system { facts.system_value(letter) } else { facts.value(letter) };
    let mut text = String::new();
    let mut rest = format.chars();
    while let Some(letter) = rest.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let (mut spec, mut next) = (Spec::default(), rest.next());
        while let Some(flag) = next.filter(|letter| "-+ 0#'".contains(*letter)) {
            spec.flag(flag);
            next = rest.next();
        }
        while let Some(digit) = next.and_then(|letter| letter.to_digit(10)) {
            spec.width = (spec.width * 10 + digit as usize).min(WIDEST);
            next = rest.next();
        }
        if next == Some('.') {
            let mut digits = 0;
            next = rest.next();
            while let Some(digit) = next.and_then(|letter| letter.to_digit(10)) {
                digits = (digits * 10 + digit as usize).min(WIDEST);
                next = rest.next();
            }
            spec.precision = Some(digits);
        }
        let octal = spec.alternate && next == Some('a');
        match next {
            None | Some('%') => text.push('%'),
            // Seconds of 1970 may have parts, as many as the precision says.
            Some(letter @ ('X' | 'Y' | 'Z')) if spec.precision.is_some_and(|most| most > 0) => {
                let most = spec.precision.unwrap_or(9);
                let parts = format!("{:09}", facts.facts.changed.subsec_nanosecond());
                let parts: String =
                    parts.chars().chain("0".repeat(most).chars()).take(most).collect();
                let seconds = facts.value(letter).unwrap_or_default();
                text += &spec.pad(&format!("{seconds}.{parts}"), true);
            }
            // BusyBox quotes links alone.
            Some('N') if busybox && !facts.facts.is_link() => text += &spec.text(facts.name),
            Some(letter) => match value(letter) {
                Some(value) if letter == 's' => {
                    text += &spec.signed(value.parse().unwrap_or(0));
                }
                Some(value) if octal => text += &spec.text(&format!("0{value}")),
                Some(value) if "nNFAUGxyzwm".contains(letter) => text += &spec.text(&value),
                Some(value) => text += &spec.pad(&value, value.parse::<f64>().is_ok()),
                None if busybox => text.push(letter),
                None => text.push('?'),
            },
        }
    }
    text
}

/// The number of the device that all files are on: the first of those that have no disk of their own.
const DEVICE: u32 = 48;

/// The format of what `stat` says when nobody gives one; `-f` is about the file system, `-t` on one line.
fn usual_format(facts: &Named<'_>, system: bool, terse: bool, busybox: bool) -> String {
    let name = match &facts.facts.kind {
        Kind::Link(target) => format!("{} -> {target}", facts.name),
        _ => facts.name.to_owned(),
    };
    let name = name.replace('%', "%%");
    let device = format!("0,{DEVICE}");
    match (system, terse) {
        (true, true) if busybox => "%n %i %l %t %s %b %f %a %c %d\n".to_owned(),
        (true, true) => "%n %i %l %t %s %S %b %f %a %c %d\n".to_owned(),
        (true, false) => {
            let second = if busybox { "" } else { " Fundamental block size: %S" };
            format!(
                "  File: \"%n\"\n    ID: %-8i Namelen: %-7l Type: %T\nBlock size: %-10s{second}\nBlocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d\n"
            )
        }
        (false, true) => {
            let born = if busybox { "" } else { "%W " };
            format!("%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z {born}%o\n")
        }
        (false, false) => {
            let (device, links, born) = match busybox {
                true => ("%Dh/%dd", "%-5h", ""),
                false => (device.as_str(), "%h", " Birth: %w\n"),
            };
            format!(
                "  File: {name}\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: {device}\tInode: %-10i  Links: {links}\nAccess: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n{born}"
            )
        }
    }
}

/// `link` and `unlink`: the calls of the kernel, and no more.
pub(in crate::shell::commands) fn link(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("link", "").read(arguments, io) else { return Some(1) };
    let [known, new] = match options.operands.as_slice() {
        [known, new] => [known, new],
        [] => return Some(missing(io, "link", "missing operand")),
        [only] => return Some(missing(io, "link", &format!("missing operand after '{only}'"))),
        [_, _, extra, ..] => return Some(missing(io, "link", &format!("extra operand '{extra}'"))),
    };
    let made = io.facts(known, false).and_then(|_| io.add_name(known, new));
    Some(match made {
        Ok(()) => 0,
        Err(why) if is_gnu(io) => {
            fail(io, format!("link: cannot create link '{new}' to '{known}': {why}"))
        }
        Err(why) => {
            let what = format!("link: can't create hardlink '{new}' to '{known}': {why}");
            fail(io, what)
        }
    })
}

pub(in crate::shell::commands) fn unlink(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("unlink", "").read(arguments, io) else { return Some(1) };
    let path = match options.operands.as_slice() {
        [path] => path,
        [] => return Some(missing(io, "unlink", "missing operand")),
        [_, extra, ..] => return Some(missing(io, "unlink", &format!("extra operand '{extra}'"))),
    };
    let folder = io.is_directory(path) && io.link_target(path).is_none();
    let gone = if folder { Err("Is a directory".to_owned()) } else { io.remove_file(path) };
    Some(match gone {
        Ok(()) => 0,
        Err(why) if is_gnu(io) => fail(io, format!("unlink: cannot unlink '{path}': {why}")),
        Err(why) => fail(io, format!("unlink: can't remove file '{path}': {why}")),
    })
}

/// `tree`: the folders below a path and what is in them.
pub(in crate::shell::commands) fn tree(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = is_gnu(io);
    let grammar = Grammar::short("tree", if gnu { "adL:f" } else { "" });
    // BusyBox' knows no options: every word is a folder.
    let read = if gnu { grammar.read(arguments, io) } else { Some(Options::of(arguments)) };
    let Some(options) = read else { return Some(1) };
    let here = [".".to_owned()];
    let roots = if options.operands.is_empty() { &here[..] } else { &options.operands };
    let most = options.value('L').map_or(Ok(usize::MAX), str::parse).unwrap_or(0);
    if most == 0 {
        io.write_error("tree: Invalid level, must be greater than 0.");
        return Some(1);
    }
    let mut tree = Tree {
        most,
        all: options.has('a'),
        only_folders: options.has('d'),
        whole: options.has('f'),
        folders: 0,
        files: 0,
    };
    let mut status = 0;
    for root in roots {
        match io.is_directory(root) {
            true => {
                io.say(root);
                tree.folders += usize::from(gnu);
                tree.below(io, root, "", 1);
            }
            false => {
                status = if gnu { 2 } else { 0 };
                let space = if gnu { "  " } else { " " };
                io.say(format!("{root}{space}[error opening dir]"));
            }
        }
    }
    let (folders, files) = (tree.folders, tree.files);
    let word = |count: usize, one: &str, many: &str| {
        if gnu && count == 1 { one.to_owned() } else { many.to_owned() }
    };
    let counted = format!("{folders} {}", word(folders, "directory", "directories"));
    match tree.only_folders {
        true => io.say(format!("\n{counted}")),
        false => io.say(format!("\n{counted}, {files} {}", word(files, "file", "files"))),
    }
    Some(status)
}

struct Tree {
    most: usize,
    all: bool,
    only_folders: bool,
    /// `-f`: names with the whole path.
    whole: bool,
    folders: usize,
    files: usize,
}

impl Tree {
    fn below(&mut self, io: &mut Io<'_>, folder: &str, before: &str, depth: usize) {
        let mut names = io.list(folder).unwrap_or_default();
        names.retain(|name| {
            (self.all || !name.starts_with('.')) && (!self.only_folders || name.ends_with('/'))
        });
        names.sort_by(|one, other| one.trim_end_matches('/').cmp(other.trim_end_matches('/')));
        let count = names.len();
        for (at, name) in names.iter().enumerate() {
            let plain = name.trim_end_matches('/');
            let path = format!("{}/{plain}", folder.trim_end_matches('/'));
            let last = at + 1 == count;
            let branch = if last { "└── " } else { "├── " };
            let target = io.link_target(&path);
            let shown = if self.whole { path.as_str() } else { plain };
            io.say(match &target {
                Some(target) => format!("{before}{branch}{shown} -> {target}"),
                None => format!("{before}{branch}{shown}"),
            });
            if plain != name && target.is_none() {
                self.folders += 1;
                if depth < self.most {
                    let more = if last { "    " } else { "│   " };
                    self.below(io, &path, &format!("{before}{more}"), depth + 1);
                }
            } else {
                self.files += 1;
            }
        }
    }
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
