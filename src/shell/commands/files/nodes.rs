//! `mkfifo`, `mknod` and `shred`: what is no usual file, and what takes a file's content away for good.

use super::messages::{fail, missing, need};
use super::rights;
use crate::random::Stream;
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;

/// Makes a named pipe, with the mode that `-m` gives.
///
/// # Errors
/// Why it cannot be made.
fn make_pipe(io: &mut Io<'_>, path: &str, mode: Option<u32>) -> Result<(), String> {
    if io.facts(path, false).is_ok() {
        return Err("File exists".to_owned());
    }
    io.write_file(path, b"")?;
    let mode = mode.unwrap_or(0o666 & !io.umask);
    io.change_attributes(path, |new| (new.pipe, new.mode) = (true, Some(mode)));
    Ok(())
}

/// The mode that `-m` gives.
///
/// # Errors
/// What is said of one that there is not.
fn mode(options: &Options, tool: &str) -> Result<Option<u32>, String> {
    let Some(text) = options.value('m') else { return Ok(None) };
    match rights::changed(text, 0o666, false) {
        None => Err(format!("{tool}: invalid mode")),
        Some(mode) if mode > 0o777 => {
            Err(format!("{tool}: mode must specify only file permission bits"))
        }
        mode => Ok(mode),
    }
}

const fn grammar(name: &'static str) -> Grammar {
    let long = &[("mode", 'm'), ("context", 'À')];
    Grammar { name, short: "m:ZÀ;", long, stops: false }
}

/// `mkfifo [-m MODE] PATH...`
pub(in crate::shell::commands) fn mkfifo(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(options) = grammar("mkfifo").read(arguments, io) else { return Some(1) };
    if !need(io, &options, "mkfifo", "missing operand") {
        return Some(1);
    }
    let mode = match mode(&options, "mkfifo") {
        Ok(mode) => mode,
        Err(why) => return Some(fail(io, why)),
    };
    let mut status = 0;
    for path in &options.operands {
        if let Err(why) = make_pipe(io, path, mode) {
            let what = match (is_gnu(io), why.as_str()) {
                (true, _) => format!("cannot create fifo '{path}'"),
                (false, _) => path.clone(),
            };
            status = fail(io, format!("mkfifo: {what}: {why}"));
        }
    }
    Some(status)
}

/// `mknod [-m MODE] PATH p`; devices cannot be made here.
pub(in crate::shell::commands) fn mknod(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const TOOL: &str = "mknod";
    let Some(options) = grammar(TOOL).read(arguments, io) else { return Some(1) };
    let mode = match mode(&options, TOOL) {
        Ok(mode) => mode,
        Err(why) => return Some(fail(io, why)),
    };
    let behind = |last: &str| format!("missing operand after '{last}'");
    let path = match options.operands.as_slice() {
        [] => return Some(missing(io, TOOL, "missing operand")),
        [path, kind] if kind.starts_with('p') => path,
        [_, kind, extra, ..] if kind.starts_with('p') => {
            return Some(missing(io, TOOL, &format!("extra operand '{extra}'")));
        }
        [only] => return Some(missing(io, TOOL, &behind(only))),
        [_, kind] => {
            let numbers = "\nSpecial files require major and minor device numbers.";
            return Some(missing(io, TOOL, &format!("{}{numbers}", behind(kind))));
        }
        [_, _, last] => return Some(missing(io, TOOL, &behind(last))),
        [_, kind, ..] if !kind.starts_with(['b', 'c', 'u']) => {
            return Some(missing(io, TOOL, &format!("invalid device type '{kind}'")));
        }
        _ => return Some(fail(io, left_out(TOOL, "of a device"))),
    };
    match make_pipe(io, path, mode) {
        Ok(()) => Some(0),
        Err(why) => Some(fail(io, format!("{TOOL}: {path}: {why}"))),
    }
}

/// `shred [-uvxz] [-n PASSES] FILE...`: what stands in a file afterwards is chance's.
pub(in crate::shell::commands) fn shred(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const LONG: &[(&str, char)] = &[
        ("exact", 'x'),
        ("force", 'f'),
        ("iterations", 'n'),
        ("random-source", 'À'),
        ("remove", 'Á'),
        ("size", 's'),
        ("verbose", 'v'),
        ("zero", 'z'),
    ];
    let grammar = Grammar { name: "shred", short: "fn:s:uvxzÀ:Á;", long: LONG, stops: false };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let gnu = is_gnu(io);
    let passes = options.value('n').map_or(Ok(3), |text| text.parse::<usize>().map_err(|_| text));
    let passes = match passes {
        Ok(passes) => passes,
        Err(text) if gnu => {
            return Some(fail(io, format!("shred: invalid number of passes: '{text}'")));
        }
        Err(text) => return Some(fail(io, format!("shred: invalid number '{text}'"))),
    };
    if !need(io, &options, "shred", "missing file operand") {
        return Some(1);
    }
    if let Some(flag) = options.not_simulated(&[('s', "-s"), ('À', "--random-source")]) {
        return Some(fail(io, left_out("shred", flag)));
    }
    if options.has('v') && (passes > 3 || options.has('u') || options.has('Á')) {
        return Some(fail(io, left_out("shred", "-v with -u, or of more than three passes")));
    }
    let mut status = 0;
    for path in &options.operands {
        if let Err(why) = shredded(io, path, passes, &options) {
            status = fail(
                io,
                match gnu {
                    true => format!("shred: {path}: failed to open for writing: {why}"),
                    false => format!("shred: can't open '{path}': {why}"),
                },
            );
        }
    }
    Some(status)
}

fn shredded(io: &mut Io<'_>, path: &str, passes: usize, options: &Options) -> Result<(), String> {
    let known = io.facts(path, true)?;
    if known.is_folder() {
        return Err("Is a directory".to_owned());
    }
    let size = if options.has('x') { known.size } else { known.size.next_multiple_of(4096) };
    let all = passes + usize::from(options.has('z'));
    for pass in (1..=all).filter(|_| options.has('v') && is_gnu(io)).collect::<Vec<_>>() {
        let what = if pass > passes { "000000" } else { "random" };
        io.write_error(format!("shred: {path}: pass {pass}/{all} ({what})..."));
    }
    let mut chance = Stream::new(io.now().as_micros(), "shred");
    let content: Vec<u8> = match (options.has('z'), passes) {
        (true, _) => vec![0; size],
        (false, 0) => io.read_file(path)?,
        _ => (0..size).map(|_| chance.below(256) as u8).collect(),
    };
    io.write_file(path, &content)?;
    if options.has('u') || options.has('Á') { io.remove_file(path) } else { Ok(()) }
}
