//! `install`: copies with a mode and an owner, and makes folders: GNU's and BusyBox'.

use super::copy::cp;
use super::folders::mkdir;
use super::messages::{fail, missing};
use super::rights::{changed, chown, known};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;

/// What is installed can be run.
const USUAL: u32 = 0o755;

pub(in crate::shell::commands) fn install(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "install",
        short: "bcCdDg:m:o:pst:Tv",
        long: &[
            ("directory", 'd'),
            ("group", 'g'),
            ("mode", 'm'),
            ("owner", 'o'),
            ("preserve-timestamps", 'p'),
            ("strip", 's'),
            ("target-directory", 't'),
            ("no-target-directory", 'T'),
            ("verbose", 'v'),
            ("compare", 'C'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let idle = [('s', "-s")];
    if let Some(flag) = options.not_simulated(&idle) {
        return Some(fail(io, left_out("install", flag)));
    }
    let mode = match options.value('m').map(|text| (text, changed(text, 0, false))) {
        Some((text, None)) => return Some(fail(io, format!("install: invalid mode '{text}'"))),
        Some((_, Some(mode))) => mode,
        None => USUAL,
    };
    if options.operands.is_empty() {
        return Some(missing(io, "install", "missing file operand"));
    }
    for (letter, file, kind) in [('o', "/etc/passwd", "user"), ('g', "/etc/group", "group")] {
        if let Some(who) = options.value(letter).filter(|who| known(io, file, who).is_none()) {
            return Some(fail(io, format!("install: invalid {kind} '{who}'")));
        }
    }
    let made = match options.has('d') {
        true => folders(io, &options),
        false => copies(io, &options, mode),
    };
    let (paths, mut status) = match made {
        Ok(made) => made,
        Err(status) => return Some(status),
    };
    for path in paths {
        io.change_attributes(&path, |attributes| attributes.mode = Some(mode));
        let owner = match (options.value('o'), options.value('g')) {
            (None, None) => continue,
            (owner, group) => {
                format!(
                    "{}{}",
                    owner.unwrap_or(""),
                    group.map_or(String::new(), |g| format!(":{g}"))
                )
            }
        };
        status = status.max(chown(&[owner, path], io).unwrap_or(0));
    }
    Some(status)
}

/// `-d`: every operand is a folder, which is made with those above it.
fn folders(io: &mut Io<'_>, options: &Options) -> Result<(Vec<String>, i32), i32> {
    let paths = options.operands.clone();
    if options.has('v') && is_gnu(io) {
        let new: Vec<&String> = paths.iter().filter(|path| !io.is_directory(path)).collect();
        new.into_iter().for_each(|path| io.say(format!("install: creating directory '{path}'")));
    }
    let words = [&["-p".to_owned(), "--".to_owned()], paths.as_slice()].concat();
    let status = mkdir(&words, io).unwrap_or(1);
    Ok((paths, status))
}

/// Why a file is not copied, whatever stands there.
fn refused(io: &Io<'_>, source: &str, path: &str, options: &Options) -> Option<String> {
    if io.is_directory(source) {
        return Some(format!("omitting directory '{source}'"));
    }
    if !is_gnu(io) || !io.is_file(source) {
        return None;
    }
    if options.has('T') && io.is_directory(path) {
        return Some(format!("cannot overwrite directory '{path}' with non-directory"));
    }
    if path.ends_with('/') && !io.is_directory(path) {
        return Some(format!("cannot create regular file '{path}': Not a directory"));
    }
    let same = io.absolute(path) == io.absolute(source);
    same.then(|| format!("'{source}' and '{path}' are the same file"))
}

/// `-D`: the folders above a target are made, and with `-t` the target itself.
fn make_above(io: &mut Io<'_>, target: &str, whole: bool) {
    let above = match whole {
        true => Some(target),
        false => target.rsplit_once('/').map(|(above, _)| above),
    };
    if let Some(above) = above.filter(|above| !above.is_empty()) {
        mkdir(&["-p".to_owned(), above.to_owned()], io);
    }
}

/// Whether what is there has the content and the mode already.
fn is_same(io: &Io<'_>, source: &str, path: &str, mode: u32) -> bool {
    io.is_file(path)
        && io.read_file(path) == io.read_file(source)
        && io.facts(path, true).is_ok_and(|facts| facts.mode == mode)
}

/// Copies, and the paths of what they made.
fn copies(io: &mut Io<'_>, options: &Options, mode: u32) -> Result<(Vec<String>, i32), i32> {
    let mut sources = options.operands.clone();
    let target = match options.value('t') {
        Some(folder) => folder.to_owned(),
        None => sources.pop().unwrap_or_default(),
    };
    if sources.is_empty() {
        let what = format!("missing destination file operand after '{target}'");
        return Err(missing(io, "install", &what));
    }
    if options.has('D') {
        make_above(io, &target, options.has('t'));
    }
    let into = io.is_directory(&target) && !options.has('T');
    if is_gnu(io) && !into && (sources.len() > 1 || options.has('t')) {
        let why = if io.is_file(&target) { "Not a directory" } else { "No such file or directory" };
        return Err(fail(io, format!("install: target '{target}': {why}")));
    }
    let name = |path: &String| path.rsplit('/').next().unwrap_or(path).to_owned();
    let mut made = Vec::new();
    let mut status = 0;
    for source in &sources {
        let path = match into {
            true => format!("{}/{}", target.trim_end_matches('/'), name(source)),
            false => target.clone(),
        };
        if let Some(why) = refused(io, source, &path, options) {
            status = fail(io, format!("install: {why}"));
            continue;
        }
        if !io.is_file(source) {
            let why = "No such file or directory";
            let cannot = if is_gnu(io) { "cannot stat" } else { "can't stat" };
            status = fail(io, format!("install: {cannot} '{source}': {why}"));
            continue;
        }
        let above = path.trim_end_matches('/').rsplit_once('/').map_or("", |(above, _)| above);
        if !above.is_empty() && !io.is_directory(above) {
            let why = "No such file or directory";
            let cannot = if is_gnu(io) { "cannot create regular file" } else { "can't create" };
            status = fail(io, format!("install: {cannot} '{path}': {why}"));
            continue;
        }
        // `-C` leaves alone what is the same already.
        if options.has('C') && is_same(io, source, &path, mode) {
            continue;
        }
        // What is there gives way: a new file comes in its place.
        let backs_up = options.has('b');
        if io.is_file(&path) && io.absolute(&path) != io.absolute(source) && !backs_up {
            let _ = io.remove_file(&path);
            if options.has('v') && is_gnu(io) {
                io.say(format!("removed '{path}'"));
            }
        }
        let letters = ['b', 'v', 'p'].into_iter().filter(|letter| options.has(*letter));
        let mut words: Vec<String> = letters.map(|letter| format!("-{letter}")).collect();
        words.extend(["--".to_owned(), source.clone(), path.clone()]);
        match cp(&words, io).unwrap_or(1) {
            0 => made.push(path),
            code => status = code,
        }
    }
    Ok((made, status))
}
