//! `mkdir` and `rmdir`: GNU's and BusyBox', and folders as the other tools make and remove them.

use super::messages::{fail, need};
use super::rights;
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::Grammar;
use crate::shell::files::MARK;

pub(in crate::shell::commands) fn mkdir(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "mkdir",
        short: "pvm:",
        long: &[("parents", 'p'), ("verbose", 'v'), ("mode", 'm')],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if !need(io, &options, "mkdir", "missing operand") {
        return Some(1);
    }
    let mode = match options.value('m').map(|text| (text, rights::changed(text, 0o777, true))) {
        Some((text, None)) => {
            let quoted = format!("mkdir: invalid mode '{text}'");
            return Some(fail(io, quoted));
        }
        Some((_, mode)) => mode,
        None => None,
    };
    let mut status = 0;
    for path in &options.operands {
        let parent = path.trim_end_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent);
        let result = match options.has('p') {
            _ if path.is_empty() => Err((path.clone(), "No such file or directory".to_owned())),
            true if io.is_directory(path) => Ok(Vec::new()),
            true => make_all(io, path),
            false if !parent.is_empty() && !io.is_directory(parent) => {
                let file = io.is_file(parent);
                let why = if file { "Not a directory" } else { "No such file or directory" };
                Err((path.clone(), why.to_owned()))
            }
            false => match io.make_directory(path) {
                Ok(()) => Ok(vec![path.clone()]),
                Err(why) => Err((path.clone(), why)),
            },
        };
        match (result, is_gnu(io)) {
            (Ok(made), gnu) => {
                if let (Some(mode), false) = (mode, made.is_empty()) {
                    io.change_attributes(path, |attributes| attributes.mode = Some(mode));
                }
                for path in made.iter().filter(|_| options.has('v')) {
                    io.say(match gnu {
                        true => format!("mkdir: created directory '{path}'"),
                        false => format!("created directory: '{path}'"),
                    });
                }
            }
            (Err((path, why)), true) => {
                status = fail(io, format!("mkdir: cannot create directory '{path}': {why}"));
            }
            (Err((file, why)), false) => {
                // BusyBox names what is no folder with the slash behind it.
                let slash = options.has('p')
                    && why == "Not a directory"
                    && path.strip_prefix(&*file).is_some_and(|rest| rest.starts_with('/'));
                let path = if slash { file + "/" } else { file };
                status = fail(io, format!("mkdir: can't create directory '{path}': {why}"));
            }
        }
    }
    Some(status)
}

/// Makes a folder with all those above it; those that were made.
///
/// # Errors
/// The folder that cannot be made, and why.
pub(super) fn make_all(io: &mut Io<'_>, path: &str) -> Result<Vec<String>, (String, String)> {
    let mut made = Vec::new();
    let whole = path.trim_end_matches('/');
    let ends = whole.match_indices('/').map(|(at, _)| at).chain([whole.len()]);
    for end in ends.filter(|end| *end > 0) {
        let part = &whole[..end];
        if io.is_directory(part) {
            continue;
        }
        io.make_directory(part).map_err(|why| match why.as_str() {
            // What is in the way of folders below it is no folder.
            "File exists" if end < whole.len() => (part.to_owned(), "Not a directory".to_owned()),
            _ => (if end < whole.len() { part } else { path }.to_owned(), why),
        })?;
        made.push(part.to_owned());
    }
    Ok(made)
}

pub(in crate::shell::commands) fn rmdir(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "rmdir",
        short: "pvi",
        long: &[("parents", 'p'), ("verbose", 'v'), ("ignore-fail-on-non-empty", 'i')],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if !need(io, &options, "rmdir", "missing operand") {
        return Some(1);
    }
    let gnu = is_gnu(io);
    let mut status = 0;
    for operand in &options.operands {
        let mut path = operand.trim_end_matches('/');
        loop {
            if options.has('v') {
                io.say(format!("rmdir: removing directory, '{path}'"));
            }
            if let Err(why) = remove_one(io, path) {
                if !(options.has('i') && why == "Directory not empty") {
                    status = fail(
                        io,
                        match gnu {
                            true => format!("rmdir: failed to remove '{path}': {why}"),
                            false => format!("rmdir: '{path}': {why}"),
                        },
                    );
                }
                break;
            }
            match path.rsplit_once('/') {
                Some((above, _)) if options.has('p') && !above.is_empty() => path = above,
                _ => break,
            }
        }
    }
    Some(status)
}

fn remove_one(io: &mut Io<'_>, path: &str) -> Result<(), String> {
    // rmdir(2): the last part of the path may not be the folder itself.
    if path == "." || path.ends_with("/.") {
        return Err("Invalid argument".to_owned());
    }
    match io.list(path)?.is_empty() {
        false => Err("Directory not empty".to_owned()),
        true => {
            let full = io.absolute(path);
            keep_parent(io, &full)?;
            io.remove_with_folder(&format!("{full}/{MARK}"))
        }
    }
}

/// Whether a path is a folder itself, no link to one.
pub(super) fn is_folder(io: &Io<'_>, path: &str) -> bool {
    io.is_directory(path) && io.link_target(path).is_none()
}

/// A path and all below it; folders before what is in them, or (`last`) after.
pub(super) fn in_order(io: &Io<'_>, path: &str, last: bool) -> Vec<String> {
    let mut all = Vec::new();
    if is_folder(io, path) {
        for name in io.list(path).unwrap_or_default() {
            let below = format!("{}/{}", path.trim_end_matches('/'), name.trim_end_matches('/'));
            all.extend(in_order(io, &below, last));
        }
    }
    all.insert(if last { all.len() } else { 0 }, path.to_owned());
    all
}

/// Removes a folder in which nothing is.
pub(super) fn remove_empty(io: &mut Io<'_>, path: &str) -> Result<(), String> {
    match io.list(path) {
        Ok(names) if !names.is_empty() => Err("Directory not empty".to_owned()),
        _ => remove_folder(io, path),
    }
}

/// Removes a folder and all below it.
///
/// # Errors
/// Why it cannot be removed.
pub(super) fn remove_folder(io: &mut Io<'_>, path: &str) -> Result<(), String> {
    let full = io.absolute(path);
    if full == "/" || full == crate::shell::files::HOME {
        return Err("it is the root of everything here".to_owned());
    }
    for name in io.view().below(&full) {
        io.remove_with_folder(&format!("{full}/{name}"))?;
    }
    Ok(())
}

/// A folder stays when the last thing in it goes.
fn keep_parent(io: &mut Io<'_>, path: &str) -> Result<(), String> {
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let mark = format!("{parent}/{MARK}");
    match parent.is_empty() || io.is_file(&mark) || parent == crate::shell::files::HOME {
        true => Ok(()),
        false => io.write_file(&mark, b""),
    }
}
