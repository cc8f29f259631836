//! `which`, `basename`, `dirname`, `realpath`, `readlink`, `stat`.

use crate::shell::Io;
use crate::shell::commands;

pub(in crate::shell::commands) fn which(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let mut status = 0;
    for name in arguments.iter().filter(|argument| !argument.starts_with('-')) {
        match commands::is_installed(io.cluster, io.place, name) {
            true => io.say(commands::path(name)),
            false => status = 1,
        }
    }
    Some(status)
}

pub(in crate::shell::commands) fn basename(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(path) = arguments.first() else {
        io.write_error("basename: missing operand\nTry 'basename --help' for more information.");
        return Some(1);
    };
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let name = if name.is_empty() { "/" } else { name };
    let short = arguments.get(1).and_then(|suffix| name.strip_suffix(suffix.as_str()));
    io.say(short.filter(|short| !short.is_empty()).unwrap_or(name));
    Some(0)
}

pub(in crate::shell::commands) fn dirname(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    if arguments.is_empty() {
        io.write_error("dirname: missing operand\nTry 'dirname --help' for more information.");
        return Some(1);
    }
    for path in arguments {
        let folder = match path.trim_end_matches('/').rsplit_once('/') {
            Some(("", _)) => "/",
            Some((folder, _)) => folder,
            None if path.starts_with('/') => "/",
            None => ".",
        };
        io.say(folder);
    }
    Some(0)
}

pub(in crate::shell::commands) fn realpath(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    for path in arguments.iter().filter(|argument| !argument.starts_with('-')) {
        let full = io.absolute(path);
        io.say(full);
    }
    Some(0)
}

pub(in crate::shell::commands) fn stat(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let mut status = 0;
    for path in arguments.iter().filter(|argument| !argument.starts_with('-')) {
        let kind = match (io.is_directory(path), io.read_file(path)) {
            (true, _) => ("directory", 4096),
            (false, Ok(bytes)) if bytes.is_empty() => ("regular empty file", 0),
            (false, Ok(bytes)) => ("regular file", bytes.len()),
            (false, Err(why)) => {
                io.write_error(format!("stat: cannot statx '{path}': {why}"));
                status = 1;
                continue;
            }
        };
        io.say(format!("  File: {path}\n  Size: {:<10}\t{}", kind.1, kind.0));
    }
    Some(status)
}
