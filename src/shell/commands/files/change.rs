//! `mkdir`, `rm`, `rmdir`, `cp`, `mv`, `touch`, `mktemp`.

use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::files::{MARK, View};

/// Complains in the words of `tool`, and gives the exit code.
fn fail(io: &mut Io<'_>, message: String) -> i32 {
    io.write_error(message);
    1
}

fn need(io: &mut Io<'_>, options: &Options, tool: &str) -> bool {
    if options.operands.is_empty() {
        io.write_error(format!(
            "{tool}: missing operand\nTry '{tool} --help' for more information."
        ));
    }
    !options.operands.is_empty()
}

pub(in crate::shell::commands) fn mkdir(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar =
        Grammar { name: "mkdir", short: "pvm:", long: &[("parents", 'p')], stops: false };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if !need(io, &options, "mkdir") {
        return Some(1);
    }
    let mut status = 0;
    for path in &options.operands {
        let parent = path.trim_end_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent);
        let result = match options.has('p') {
            true if io.is_directory(path) => Ok(()),
            true => make_all(io, path),
            false if !parent.is_empty() && !io.is_directory(parent) => {
                Err("No such file or directory".to_owned())
            }
            false => io.make_directory(path),
        };
        if let Err(why) = result {
            status = fail(io, format!("mkdir: cannot create directory '{path}': {why}"));
        }
    }
    Some(status)
}

fn make_all(io: &mut Io<'_>, path: &str) -> Result<(), String> {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    for end in ends.filter(|end| *end > 0) {
        if !io.is_directory(&path[..end]) {
            io.make_directory(&path[..end])?;
        }
    }
    Ok(())
}

pub(in crate::shell::commands) fn rm(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "rm",
        short: "rRfidv",
        long: &[("recursive", 'r'), ("force", 'f')],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let force = options.has('f');
    if !force && !need(io, &options, "rm") {
        return Some(1);
    }
    let recursive = options.has('r') || options.has('R');
    let mut status = 0;
    for path in &options.operands {
        if io.is_directory(path) {
            if !recursive {
                status = fail(io, format!("rm: cannot remove '{path}': Is a directory"));
                continue;
            }
            if let Err(why) = remove_folder(io, path) {
                status = fail(io, format!("rm: cannot remove '{path}': {why}"));
            }
            continue;
        }
        match io.remove_file(path) {
            Err(why) if !force => {
                status = fail(io, format!("rm: cannot remove '{path}': {why}"));
            }
            _ => {}
        }
    }
    Some(status)
}

/// Removes a folder in which nothing is.
pub(super) fn remove_empty(io: &mut Io<'_>, path: &str) -> Result<(), String> {
    match io.list(path) {
        Ok(names) if !names.is_empty() => Err("Directory not empty".to_owned()),
        _ => remove_folder(io, path),
    }
}

fn remove_folder(io: &mut Io<'_>, path: &str) -> Result<(), String> {
    let full = io.absolute(path);
    if full == "/" || full == crate::shell::files::HOME {
        return Err("it is the root of everything here".to_owned());
    }
    for name in io.view().below(&full) {
        io.remove_file(&format!("{full}/{name}"))?;
    }
    Ok(())
}

pub(in crate::shell::commands) fn rmdir(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("rmdir", "pv").read(arguments, io) else { return Some(1) };
    let mut status = 0;
    for path in &options.operands {
        let full = io.absolute(path);
        let why = match io.list(path) {
            Err(why) => why,
            Ok(names) if !names.is_empty() => "Directory not empty".to_owned(),
            Ok(_) => match io.remove_file(&format!("{full}/{MARK}")) {
                Ok(()) => continue,
                Err(why) => why,
            },
        };
        status = fail(io, format!("rmdir: failed to remove '{path}': {why}"));
    }
    Some(status)
}

pub(in crate::shell::commands) fn cp(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    copy("cp", arguments, io)
}

pub(in crate::shell::commands) fn mv(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    copy("mv", arguments, io)
}

fn copy(tool: &'static str, arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const LONG: &[(&str, char)] = &[("recursive", 'r'), ("force", 'f'), ("archive", 'a')];
    let grammar = Grammar { name: tool, short: "rRafinvp", long: LONG, stops: false };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let Some((target, sources)) = options.operands.split_last() else {
        return Some(fail(
            io,
            format!("{tool}: missing file operand\nTry '{tool} --help' for more information."),
        ));
    };
    if sources.is_empty() {
        return Some(fail(
            io,
            format!(
                "{tool}: missing destination file operand after '{target}'\nTry '{tool} --help' for more information."
            ),
        ));
    }
    let into = io.is_directory(target);
    if sources.len() > 1 && !into {
        return Some(fail(io, format!("{tool}: target '{target}': No such file or directory")));
    }
    let recursive = tool == "mv" || ['r', 'R', 'a'].iter().any(|letter| options.has(*letter));
    let mut status = 0;
    for source in sources {
        let name = source.trim_end_matches('/').rsplit('/').next().unwrap_or(source);
        let to = match into {
            true => format!("{}/{name}", target.trim_end_matches('/')),
            false => target.clone(),
        };
        if let Err(message) = copy_one(io, tool, source, &to, recursive) {
            status = fail(io, message);
        }
    }
    Some(status)
}

fn copy_one(
    io: &mut Io<'_>,
    tool: &str,
    from: &str,
    to: &str,
    recursive: bool,
) -> Result<(), String> {
    if io.absolute(from) == io.absolute(to) {
        return Err(format!("{tool}: '{from}' and '{to}' are the same file"));
    }
    let mut pairs = Vec::new();
    if io.is_directory(from) {
        if !recursive {
            return Err(format!("{tool}: -r not specified; omitting directory '{from}'"));
        }
        let full = io.absolute(from);
        if io.absolute(to).starts_with(&format!("{full}/")) {
            return Err(format!("{tool}: cannot copy a directory, '{from}', into itself, '{to}'"));
        }
        let names = io.view().below(&full);
        if !io.is_directory(to) {
            io.make_directory(to)
                .map_err(|why| format!("{tool}: cannot create directory '{to}': {why}"))?;
        }
        for name in names {
            pairs.push((format!("{full}/{name}"), format!("{to}/{name}")));
        }
    } else {
        pairs.push((from.to_owned(), to.to_owned()));
    }
    for (from, to) in pairs {
        let bytes =
            io.read_file(&from).map_err(|why| format!("{tool}: cannot stat '{from}': {why}"))?;
        if let Some((folder, _)) = to.rsplit_once('/')
            && !folder.is_empty()
            && !io.is_directory(folder)
            && recursive
            && !View::is_mark(&to)
        {
            make_all(io, folder)
                .map_err(|why| format!("{tool}: cannot create directory '{folder}': {why}"))?;
        }
        io.write_file(&to, &bytes)
            .map_err(|why| format!("{tool}: cannot create regular file '{to}': {why}"))?;
        if tool == "mv" {
            io.remove_file(&from).map_err(|why| format!("mv: cannot remove '{from}': {why}"))?;
        }
    }
    if tool == "mv" && io.is_directory(from) {
        remove_folder(io, from).map_err(|why| format!("mv: cannot remove '{from}': {why}"))?;
    }
    Ok(())
}

pub(in crate::shell::commands) fn touch(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = Grammar::short("touch", "acmd:t:").read(arguments, io) else {
        return Some(1);
    };
    if !need(io, &options, "touch") {
        return Some(1);
    }
    let mut status = 0;
    for path in &options.operands {
        if !io.is_file(path)
            && !io.is_directory(path)
            && !options.has('c')
            && let Err(why) = io.write_file(path, b"")
        {
            status = fail(io, format!("touch: cannot touch '{path}': {why}"));
        }
    }
    Some(status)
}

pub(in crate::shell::commands) fn mktemp(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let folder = arguments.iter().any(|argument| argument == "-d");
    let free = (0..10_000).map(|number| format!("/tmp/tmp.{number:06}"));
    let path = free.into_iter().find(|path| !io.is_file(path) && !io.is_directory(path))?;
    let made = match folder {
        true => io.make_directory(&path),
        false => io.write_file(&path, b""),
    };
    Some(match made {
        Ok(()) => {
            io.say(path);
            0
        }
        Err(why) => {
            fail(io, format!("mktemp: failed to create file via template '/tmp/tmp.XXXXXX': {why}"))
        }
    })
}
