//! Small programs of the system that say one thing.

use super::super::text::bytes::{extra_operand, missing_operand};
use crate::cluster::Flavour;
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::trouble::left_out;

/// `hostid`: what the C library makes of the address of Debian's own host name, 127.0.1.1.
pub(in crate::shell::commands) fn hostid(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("hostid", "").read(arguments, io) else { return Some(1) };
    if let Some(extra) = options.operands.first() {
        return Some(extra_operand(io, "hostid", extra));
    }
    io.say("007f0101");
    Some(0)
}

/// `logger` of BusyBox: nobody listens to the system's log in a container, so that what is sent there is lost.
pub(in crate::shell::commands) fn logger(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("logger", "p:st:").read(arguments, io) else {
        return Some(1);
    };
    if options.has('s') || options.has('p') {
        io.write_error(left_out("logger", if options.has('s') { "-s" } else { "-p" }));
        return Some(1);
    }
    if options.operands.is_empty() {
        io.read_all()?;
    }
    Some(0)
}

/// `w` of BusyBox: nobody is logged in.
pub(in crate::shell::commands) fn w(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    if Grammar::short("w", "").read(arguments, io).is_none() {
        return Some(1);
    }
    io.say("USER\t\tTTY\t\tIDLE\tTIME\t\t HOST");
    Some(0)
}

/// `sync [FILE]...`: there is nothing that is not yet on a disk.
pub(in crate::shell::commands) fn sync(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "sync",
        short: "df",
        long: &[("data", 'd'), ("file-system", 'f')],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let wrong = match (options.has('d'), options.has('f')) {
        (true, true) => Some("cannot specify both --data and --file-system"),
        (true, false) if options.operands.is_empty() => Some("--data needs at least one argument"),
        _ => None,
    };
    if let Some(why) = wrong.filter(|_| is_gnu(io)) {
        io.write_error(format!("sync: {why}"));
        return Some(1);
    }
    let mut status = 0;
    for file in &options.operands {
        if let Err(why) = io.facts(file, true) {
            io.write_error(match is_gnu(io) {
                true => format!("sync: error opening '{file}': {why}"),
                false => format!("sync: can't open '{file}': {why}"),
            });
            status = 1;
        }
    }
    Some(status)
}

/// `stty`, which has nothing to set where nobody types.
pub(in crate::shell::commands) fn stty(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    if io.stdin.terminal {
        let told = arguments.first().map_or("", String::as_str);
        io.write_error(left_out("stty", told));
        return Some(1);
    }
    io.write_error(match io.cluster.flavour(io.place) {
        Flavour::Gnu => "stty: 'standard input': Inappropriate ioctl for device",
        Flavour::BusyBox => "stty: standard input: Inappropriate ioctl for device",
    });
    Some(1)
}

/// A text with its pieces of `$NAME` and `${NAME}`: what stands before each, and its name.
fn references(text: &str) -> (Vec<(&str, &str, &str)>, &str) {
    let mut found = Vec::new();
    let (mut rest, mut from) = (text, 0);
    while let Some(at) = rest[from..].find('$').map(|at| from + at) {
        let behind = &rest[at + 1..];
        let inner = behind.strip_prefix('{').unwrap_or(behind);
        let length = inner.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let name = &inner[..length.count()];
        let braced = inner.len() < behind.len();
        let closed = !braced || inner[name.len()..].starts_with('}');
        if name.is_empty() || name.starts_with(|one: char| one.is_ascii_digit()) || !closed {
            from = at + 1;
            continue;
        }
        let end = at + 1 + name.len() + if braced { 2 } else { 0 };
        found.push((&rest[..at], name, &rest[at..end]));
        (rest, from) = (&rest[end..], 0);
    }
    (found, rest)
}

/// `envsubst [-v] [NAMES]`: the environment's values in a text.
pub(in crate::shell::commands) fn envsubst(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar =
        Grammar { name: "envsubst", short: "v", long: &[("variables", 'v')], stops: false };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let listed = options.operands.first();
    if options.has('v') {
        let Some(listed) = listed else {
            io.write_error("envsubst: missing arguments");
            return Some(1);
        };
        for (_, name, _) in references(listed).0 {
            io.say(name);
        }
        return Some(0);
    }
    if options.operands.len() > 1 {
        io.write_error("envsubst: too many arguments");
        return Some(1);
    }
    let bytes = io.read_all()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let names = listed.map(|listed| references(listed).0);
    let (found, rest) = references(&text);
    for (before, name, whole) in found {
        let wanted =
            names.as_ref().is_none_or(|names| names.iter().any(|(_, one, _)| *one == name));
        let value = io.environment.get(name).cloned().unwrap_or_default();
        io.stdout.extend_from_slice(before.as_bytes());
        io.stdout.extend_from_slice(if wanted { value.as_bytes() } else { whole.as_bytes() });
    }
    io.stdout.extend_from_slice(rest.as_bytes());
    Some(0)
}

/// `mountpoint [-q] PATH`
pub(in crate::shell::commands) fn mountpoint(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("mountpoint", "qnd").read(arguments, io) else {
        return Some(1);
    };
    let Some(path) = options.operands.first() else {
        missing_operand(io, "mountpoint", None);
        return Some(1);
    };
    let full = io.absolute(path);
    let why = match io.facts(path, true) {
        Err(why) => why,
        Ok(_) if !io.is_directory(path) && !is_gnu(io) => "Not a directory".to_owned(),
        Ok(_) => {
            let is = matches!(full.as_str(), "/" | "/proc" | "/sys" | "/dev");
            if !options.has('q') {
                io.say(format!("{path} is {}a mountpoint", if is { "" } else { "not " }));
            }
            return Some(if is { 0 } else { 1 });
        }
    };
    if !options.has('q') {
        io.write_error(format!("mountpoint: {path}: {why}"));
    }
    Some(1)
}
