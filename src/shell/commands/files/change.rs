//! `mkdir`, `rm`, `rmdir`, `cp`, `mv`, `touch`, `mktemp`, `truncate`: GNU's and BusyBox'.

use k8s_openapi::jiff::Timestamp;

use crate::cluster::Flavour;
use crate::shell::Io;
use crate::shell::commands::moment::Moment;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::commands::system::date;
use crate::shell::commands::{busybox_usage, flavour};
use crate::shell::files::{MARK, View};

use super::rights;

/// Whether the place's tools are GNU's.
pub(super) fn is_gnu(io: &Io<'_>) -> bool {
    flavour(io.cluster, io.place) == Flavour::Gnu
}

/// Complains, and gives the exit code.
pub(super) fn fail(io: &mut Io<'_>, message: String) -> i32 {
    io.write_error(message);
    1
}

/// Says what GNU's tool misses; BusyBox' says how it is used.
pub(super) fn missing(io: &mut Io<'_>, tool: &str, what: &str) -> i32 {
    let message = match is_gnu(io) {
        true => format!("{tool}: {what}\nTry '{tool} --help' for more information."),
        false => busybox_usage(tool),
    };
    fail(io, message)
}

fn need(io: &mut Io<'_>, options: &Options, tool: &str, what: &str) -> bool {
    if options.operands.is_empty() {
        missing(io, tool, what);
    }
    !options.operands.is_empty()
}

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
            (Err((path, why)), false) => {
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

/// What `rm` was told.
struct Removal {
    recursive: bool,
    force: bool,
    empty: bool,
    verbose: bool,
    asks: bool,
    gnu: bool,
}

pub(in crate::shell::commands) fn rm(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const LONG: &[(&str, char)] = &[
        ("recursive", 'r'),
        ("force", 'f'),
        ("dir", 'd'),
        ("verbose", 'v'),
        ("one-file-system", 'x'),
        ("interactive", 'À'),
        ("preserve-root", 'Á'),
        ("no-preserve-root", 'Â'),
    ];
    const WHEN: &[(&[&str], char)] =
        &[(&["never", "no", "none"], 'f'), (&["once"], 'I'), (&["always", "yes"], 'i')];
    let gnu = is_gnu(io);
    let grammar = match gnu {
        true => Grammar { name: "rm", short: "rRfidvIÀ;Á;Â", long: LONG, stops: false },
        false => Grammar::short("rm", "rRfiv"),
    };
    let words = crate::shell::commands::words(io.cluster, io.place);
    let mut options = match grammar.parse(arguments, words) {
        Ok(options) => options,
        Err(why) => {
            let why = if gnu { with_dashes(io, arguments, &why) } else { why };
            return Some(fail(io, why));
        }
    };
    if let Some(what) = options.value('Á').filter(|what| !matches!(*what, "" | "all")) {
        return Some(fail(io, format!("rm: unrecognized --preserve-root argument: '{what}'")));
    }
    let forced = options.has('f');
    match options
        .value('À')
        .map(|when| (when.is_empty(), matched("rm", "--interactive", when, WHEN)))
    {
        Some((true, _)) => options.give('i'),
        Some((_, Ok(letter))) => options.give(letter),
        Some((_, Err(why))) => return Some(fail(io, why)),
        None => {}
    }
    // The last of -f and -i counts.
    let last = options.in_order().filter(|(letter, _)| matches!(letter, 'f' | 'i')).last();
    let removal = Removal {
        recursive: options.has('r') || options.has('R'),
        force: forced,
        empty: options.has('d'),
        verbose: options.has('v'),
        asks: last.is_some_and(|(letter, _)| letter == 'i'),
        gnu,
    };
    if !removal.force && !need(io, &options, "rm", "missing operand") {
        return Some(1);
    }
    let below = |path: &String| io.view().below(&io.absolute(path)).len();
    let questions = || options.operands.iter().map(|path| 2 * below(path) + 3).sum();
    if (removal.asks || options.has('I')) && !is_answered(io, questions()) {
        return None;
    }
    let mut status = 0;
    let many = options.operands.len() > 3 || removal.recursive;
    if options.has('I') && many && !options.operands.is_empty() {
        let count = options.operands.len();
        let things = if count == 1 { "argument" } else { "arguments" };
        let how = if removal.recursive { " recursively" } else { "" };
        if !agreed(io, &format!("rm: remove {count} {things}{how}? ")) {
            return Some(0);
        }
    }
    for path in &options.operands {
        if let Err(message) = removal.remove(io, path) {
            status = fail(io, message);
        }
    }
    Some(status)
}

/// What `rm` says of an unknown option, with advice where a file has that name
/// (`diagnose_leading_hyphen`).
fn with_dashes(io: &Io<'_>, arguments: &[String], why: &str) -> String {
    let mut words = arguments.iter().take_while(|word| *word != "--");
    let named = words.find(|word| word.len() > 1 && word.starts_with('-') && io.is_file(word));
    match (named, why.split_once('\n')) {
        (Some(name), Some((what, more))) => {
            format!("{what}\nTry 'rm ./{name}' to remove the file '{name}'.\n{more}")
        }
        _ => why.to_owned(),
    }
}

impl Removal {
    fn remove(&self, io: &mut Io<'_>, path: &str) -> Result<(), String> {
        let cannot = |why: &str| match self.gnu {
            true => format!("rm: cannot remove '{path}': {why}"),
            false => format!("rm: can't remove '{path}': {why}"),
        };
        if self.recursive && self.gnu && io.absolute(path) == "/" {
            return Err("rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe".to_owned());
        }
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        if matches!(name, "." | "..") {
            return Err(match (self.gnu, self.recursive) {
                (false, _) => "rm: can't remove '.' or '..'".to_owned(),
                (true, false) => cannot("Is a directory"),
                (true, true) => {
                    format!("rm: refusing to remove '.' or '..' directory: skipping '{path}'")
                }
            });
        }
        if !io.is_directory(path) || io.link_target(path).is_some() {
            return self.file(io, path).map(|_| ());
        }
        if self.empty && !self.recursive {
            remove_empty(io, path).map_err(|why| cannot(&why))?;
            self.tell(io, path);
        } else if !self.recursive {
            return Err(match self.gnu {
                true => cannot("Is a directory"),
                false => format!("rm: '{path}' is a directory"),
            });
        } else if self.asks {
            return self.asked(io, path).map(|_| ());
        } else {
            let below: Vec<String> = match self.verbose {
                true => in_order(io, path, true),
                false => Vec::new(),
            };
            let folders: Vec<bool> = below.iter().map(|path| is_folder(io, path)).collect();
            remove_folder(io, path).map_err(|why| cannot(&why))?;
            for (path, folder) in below.iter().zip(folders) {
                match folder {
                    true => self.tell(io, path),
                    false => io.say(format!("removed '{path}'")),
                }
            }
        }
        Ok(())
    }

    /// `-v`: a folder is gone.
    fn tell(&self, io: &mut Io<'_>, path: &str) {
        if self.verbose {
            let colon = if self.gnu { "" } else { ":" };
            io.say(format!("removed directory{colon} '{path}'"));
        }
    }

    /// Removes what is no folder; whether it is gone.
    fn file(&self, io: &mut Io<'_>, path: &str) -> Result<bool, String> {
        if self.asks && io.is_file(path) && !self.agreed(io, path) {
            return Ok(false);
        }
        match io.remove_file(path) {
            Err(why) if self.force && why == "No such file or directory" => Ok(true),
            Err(why) if self.gnu => Err(format!("rm: cannot remove '{path}': {why}")),
            Err(why) => Err(format!("rm: can't remove '{path}': {why}")),
            Ok(()) => {
                if self.verbose {
                    io.say(format!("removed '{path}'"));
                }
                Ok(true)
            }
        }
    }

    /// `-ri`: asks before it goes into a folder, before each thing in it, and before the folder itself;
    /// whether it is gone.
    fn asked(&self, io: &mut Io<'_>, path: &str) -> Result<bool, String> {
        if !is_folder(io, path) {
            return self.file(io, path);
        }
        let names = io.list(path).unwrap_or_default();
        let mut empty = true;
        if !names.is_empty() {
            if !agreed(io, &format!("rm: descend into directory '{path}'? ")) {
                return Ok(false);
            }
            for name in names {
                let below =
                    format!("{}/{}", path.trim_end_matches('/'), name.trim_end_matches('/'));
                let full = io.absolute(&below);
                keep_parent(io, &full)?;
                empty &= self.asked(io, &below)?;
            }
        }
        if !empty || !agreed(io, &format!("rm: remove directory '{path}'? ")) {
            return Ok(false);
        }
        remove_empty(io, path)?;
        self.tell(io, path);
        Ok(true)
    }

    /// `-i`: whether the next line of standard input says yes.
    fn agreed(&self, io: &mut Io<'_>, path: &str) -> bool {
        let kind = match io.read_file(path) {
            _ if !self.gnu => "",
            Ok(content) if content.is_empty() => "regular empty file ",
            _ => "regular file ",
        };
        agreed(io, &format!("rm: remove {kind}'{path}'? "))
    }
}

/// Whether there is an answer to so many questions by now: a pipe may have no end (`yes | rm -i`).
pub(super) fn is_answered(io: &Io<'_>, questions: usize) -> bool {
    let lines = io.stdin.rest().iter().filter(|byte| **byte == b'\n').count();
    io.stdin.ended() || io.stdin.piped && lines >= questions
}

/// Asks on standard error; whether the next line of standard input says yes.
pub(super) fn agreed(io: &mut Io<'_>, question: &str) -> bool {
    io.put_error(question.as_bytes());
    matches!(io.read_line(), crate::shell::Read::Line(line) if line.starts_with(['y', 'Y']))
}

fn is_folder(io: &Io<'_>, path: &str) -> bool {
    io.is_directory(path) && io.link_target(path).is_none()
}

/// A path and all below it; folders before what is in them, or (`last`) after.
fn in_order(io: &Io<'_>, path: &str, last: bool) -> Vec<String> {
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
            io.remove_file(&format!("{full}/{MARK}"))
        }
    }
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

pub(in crate::shell::commands) fn cp(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    copy("cp", arguments, io)
}

pub(in crate::shell::commands) fn mv(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    copy("mv", arguments, io)
}

/// What becomes of a file that is written over (`--backup`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backup {
    /// It is gone.
    None,
    /// It gets the suffix.
    Simple,
    /// It gets a number where one has a number by now, else the suffix.
    Existing,
    /// It gets the next number.
    Numbered,
}

impl Backup {
    /// What the options say: `--backup=HOW`, `-b`, `-S`.
    ///
    /// # Errors
    /// A word that is no way to keep it.
    pub fn of(tool: &str, how: Option<&str>, asked: bool) -> Result<Backup, String> {
        const WORDS: &[(&[&str], Backup)] = &[
            (&["none", "off"], Backup::None),
            (&["simple", "never"], Backup::Simple),
            (&["existing", "nil"], Backup::Existing),
            (&["numbered", "t"], Backup::Numbered),
        ];
        match how {
            Some(word) if !word.is_empty() => matched(tool, "backup type", word, WORDS),
            _ if asked || how.is_some() => Ok(Backup::Existing),
            _ => Ok(Backup::None),
        }
    }

    /// The other name of a file; `None` where none is kept.
    pub fn name(self, io: &Io<'_>, path: &str, suffix: &str) -> Option<String> {
        let numbered = |number: usize| format!("{path}.~{number}~");
        let next = (1..).find(|number| io.facts(&numbered(*number), false).is_err()).unwrap_or(1);
        match self {
            Backup::None => None,
            Backup::Existing if next == 1 => Some(format!("{path}{suffix}")),
            Backup::Simple => Some(format!("{path}{suffix}")),
            Backup::Existing | Backup::Numbered => Some(numbered(next)),
        }
    }
}

/// What a copy keeps of the old file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kept {
    mode: bool,
    owner: bool,
    moment: bool,
    /// `--no-preserve=mode`: a new file has the mode that any new file has.
    usual_mode: bool,
}

impl Kept {
    const ALL: Kept = Kept { mode: true, owner: true, moment: true, usual_mode: false };

    /// As `-p`, `-a`, `--preserve` and `--no-preserve` say, the later ones after the earlier.
    ///
    /// # Errors
    /// A word that is nothing of a file.
    fn told(tool: &str, options: &Options) -> Result<Kept, String> {
        const WORDS: &[(&[&str], char)] = &[
            (&["mode"], 'm'),
            (&["timestamps"], 't'),
            (&["ownership"], 'o'),
            (&["links"], 'l'),
            (&["context"], 'c'),
            (&["xattr"], 'x'),
            (&["all"], 'a'),
        ];
        if tool == "mv" {
            return Ok(Kept::ALL);
        }
        let mut kept = Kept::default();
        for (letter, value) in options.in_order() {
            let (on, name) = match letter {
                'p' | 'a' => {
                    kept = Kept::ALL;
                    continue;
                }
                'Ç' if value.is_empty() => {
                    kept = Kept::ALL;
                    continue;
                }
                'Ç' => (true, "--preserve"),
                'È' => (false, "--no-preserve"),
                _ => continue,
            };
            for word in value.split(',') {
                let what = matched(tool, name, word, WORDS)?;
                kept.mode = if matches!(what, 'm' | 'a') { on } else { kept.mode };
                kept.usual_mode = if matches!(what, 'm' | 'a') { !on } else { kept.usual_mode };
                kept.moment = if matches!(what, 't' | 'a') { on } else { kept.moment };
                kept.owner = if matches!(what, 'o' | 'a') { on } else { kept.owner };
            }
        }
        Ok(kept)
    }
}

/// `cp` or `mv`, and how it was told to do it.
struct Copying<'a> {
    tool: &'static str,
    gnu: bool,
    /// `-i`: whether it asks before it writes over what is there.
    asks: bool,
    /// `-s`: a symbolic link instead of a copy.
    symbolic: bool,
    /// What stands behind the name of what was there (`-S`).
    suffix: &'a str,
    recursive: bool,
    verbose: bool,
    keeps: bool,
    /// `-u`: only what is newer than what is there, or is not there.
    updates: bool,
    /// `-b`: what is there gets another name.
    backup: Backup,
    /// `-l`: one more name instead of a copy.
    hard: bool,
    /// What of the old file is kept (`-p`, `--preserve`).
    preserves: Kept,
    /// `--remove-destination`: what is there goes first.
    replaces: bool,
    /// `--attributes-only`: the content is not copied.
    attributes_alone: bool,
    /// Whether links are copied instead of what they lead to.
    links: bool,
}

fn copy(tool: &'static str, arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const LONG: &[(&str, char)] = &[
        ("archive", 'a'),
        ("attributes-only", 'Í'),
        ("backup", 'À'),
        ("dereference", 'L'),
        ("force", 'f'),
        ("interactive", 'i'),
        ("link", 'l'),
        ("no-clobber", 'n'),
        ("no-dereference", 'P'),
        ("no-preserve", 'È'),
        ("no-target-directory", 'T'),
        ("one-file-system", 'x'),
        ("parents", 'Å'),
        ("preserve", 'Ç'),
        ("recursive", 'r'),
        ("remove-destination", 'Ì'),
        ("sparse", 'Ê'),
        ("reflink", 'Ë'),
        ("strip-trailing-slashes", 'É'),
        ("suffix", 'S'),
        ("symbolic-link", 's'),
        ("target-directory", 't'),
        ("update", 'u'),
        ("verbose", 'v'),
    ];
    const MOVES: &[(&str, char)] = &[
        ("backup", 'À'),
        ("force", 'f'),
        ("interactive", 'i'),
        ("no-clobber", 'n'),
        ("no-target-directory", 'T'),
        ("strip-trailing-slashes", 'É'),
        ("suffix", 'S'),
        ("target-directory", 't'),
        ("update", 'u'),
        ("verbose", 'v'),
    ];
    let grammar = match tool {
        "mv" => Grammar { name: tool, short: "finvt:TubS:À;É", long: MOVES, stops: false },
        _ => Grammar {
            name: tool,
            short: "rRafinvpt:TubslLPdHxS:À;Ç;ÉÅÈ:Ê:Ë;ÌÍ",
            long: LONG,
            stops: false,
        },
    };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    if let Err(why) = storage_words(&options) {
        return Some(fail(io, why));
    }
    let copying = match Copying::told(tool, &options, io) {
        Ok(copying) => copying,
        Err(why) => return Some(fail(io, why)),
    };
    let mut operands = options.operands.clone();
    operands.extend(options.value('t').map(str::to_owned));
    let Some((target, sources)) = operands.split_last().filter(|_| !options.operands.is_empty())
    else {
        return Some(missing(io, tool, "missing file operand"));
    };
    if sources.is_empty() {
        let what = format!("missing destination file operand after '{target}'");
        return Some(missing(io, tool, &what));
    }
    let into = io.is_directory(target) && !options.has('T');
    if let ([_, _, extra, ..], true, true) = (&operands[..], options.has('T'), copying.gnu) {
        return Some(missing(io, tool, &format!("extra operand '{extra}'")));
    }
    if !into && (options.has('t') || sources.len() > 1 && copying.gnu) {
        let why = io.facts(target, true).map_or_else(|why| why, |_| "Not a directory".to_owned());
        let kind = if options.has('t') { "target directory" } else { "target" };
        return Some(fail(io, format!("{tool}: {kind} '{target}': {why}")));
    }
    if options.has('Å') && !into {
        return Some(missing(io, tool, "with --parents, the destination must be a directory"));
    }
    if copying.asks && !is_answered(io, sources.len()) {
        return None;
    }
    let mut status = 0;
    for source in sources {
        let name = match options.has('Å') {
            true => source.trim_start_matches('/'),
            false => source.trim_end_matches('/').rsplit('/').next().unwrap_or(source),
        };
        let to = match into || sources.len() > 1 {
            true => format!("{}/{name}", target.trim_end_matches('/')),
            false => target.clone(),
        };
        let with_parents = if options.has('Å') { parents(io, source, &to) } else { Ok(()) };
        if let Err(message) = with_parents.and_then(|()| copying.one(io, source, &to)) {
            status = fail(io, message);
        }
    }
    Some(status)
}

/// `--sparse` and `--reflink`: how the disk keeps a copy never shows here, but they have their words.
///
/// # Errors
/// A word that is none of theirs.
fn storage_words(options: &Options) -> Result<(), String> {
    const SPARSE: &[(&[&str], u8)] = &[(&["never"], 0), (&["auto"], 1), (&["always"], 2)];
    const REFLINK: &[(&[&str], u8)] = &[(&["auto"], 1), (&["always"], 2), (&["never"], 0)];
    for (letter, value) in options.in_order() {
        match letter {
            'Ê' => drop(matched("cp", "--sparse", value, SPARSE)?),
            'Ë' if !value.is_empty() => drop(matched("cp", "--reflink", value, REFLINK)?),
            _ => {}
        }
    }
    Ok(())
}

/// `--parents`: makes the folders above what is copied.
///
/// # Errors
/// The folder above the source that is not there.
fn parents(io: &mut Io<'_>, source: &str, to: &str) -> Result<(), String> {
    if io.facts(source, true).is_err() {
        let ends = source.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0);
        let missing = ends.map(|at| &source[..at]).find(|part| !io.is_directory(part));
        if let Some(part) = missing {
            let why = "No such file or directory";
            return Err(format!("cp: failed to get attributes of '{part}': {why}"));
        }
    }
    let is_there = io.is_file(source) || io.is_directory(source);
    if let Some((above, _)) = to.rsplit_once('/').filter(|_| is_there) {
        // A folder that cannot be made is said by the copy into it.
        let _ = make_all(io, above);
    }
    Ok(())
}

impl<'a> Copying<'a> {
    /// As the options say.
    ///
    /// # Errors
    /// A word that `--backup` does not know.
    fn told(tool: &'static str, options: &'a Options, io: &Io<'_>) -> Result<Self, String> {
        // The last of -f, -i and -n counts.
        let last =
            options.in_order().filter(|(letter, _)| matches!(letter, 'f' | 'i' | 'n')).last();
        let any = |letters: &[char]| letters.iter().any(|letter| options.has(*letter));
        let kept = any(&['b', 'S']);
        Ok(Copying {
            tool,
            gnu: is_gnu(io),
            asks: last.is_some_and(|(letter, _)| letter == 'i'),
            symbolic: tool == "cp" && options.has('s'),
            recursive: tool == "mv" || any(&['r', 'R', 'a']),
            verbose: options.has('v'),
            keeps: last.is_some_and(|(letter, _)| letter == 'n'),
            updates: options.has('u'),
            backup: Backup::of(tool, options.value('À'), kept)?,
            suffix: options.value('S').unwrap_or("~"),
            hard: tool == "cp" && options.has('l'),
            preserves: Kept::told(tool, options)?,
            replaces: options.has('Ì'),
            attributes_alone: options.has('Í'),
            links: tool == "mv" || !options.has('L') && any(&['P', 'd', 'a', 'r', 'R']),
        })
    }
}

impl Copying<'_> {
    /// A source that cannot be read.
    fn no_source(&self, from: &str, why: &str) -> String {
        match (self.gnu, self.tool) {
            (true, tool) => format!("{tool}: cannot stat '{from}': {why}"),
            (false, "mv") => format!("mv: can't rename '{from}': {why}"),
            (false, tool) => format!("{tool}: can't stat '{from}': {why}"),
        }
    }

    /// A target that cannot be written.
    fn no_target(&self, from: &str, to: &str, why: &str) -> String {
        match (self.gnu, self.tool) {
            (true, "mv") => format!("mv: cannot move '{from}' to '{to}': {why}"),
            (true, tool) => format!("{tool}: cannot create regular file '{to}': {why}"),
            (false, "mv") => format!("mv: can't rename '{from}': {why}"),
            (false, tool) => format!("{tool}: can't create '{to}': {why}"),
        }
    }

    fn one(&self, io: &mut Io<'_>, from: &str, to: &str) -> Result<(), String> {
        let tool = self.tool;
        let link = io.link_target(from).filter(|_| self.links);
        let folder = io.is_directory(from) && link.is_none();
        if let Err(why) = io.facts(from, !self.links) {
            return Err(self.no_source(from, &why));
        }
        if self.gnu && to.ends_with('/') && io.is_file(to.trim_end_matches('/')) {
            return Err(format!("{tool}: cannot stat '{to}': Not a directory"));
        }
        let kept = |path: &str| io.cluster.follow(io.place, &io.absolute(path), false).into_owned();
        if kept(from) == kept(to) {
            return match (self.gnu, tool) {
                (false, "mv") => Ok(()),
                _ => Err(format!("{tool}: '{from}' and '{to}' are the same file")),
            };
        }
        if self.keeps && (io.is_file(to) || io.is_directory(to)) || self.is_up_to_date(io, from, to)
        {
            return Ok(());
        }
        if !folder && to.ends_with('/') && !io.is_directory(to) {
            let above = to.trim_end_matches('/').rsplit_once('/').map_or(".", |(above, _)| above);
            let why = match () {
                () if !above.is_empty() && !io.is_directory(above) => "No such file or directory",
                () if self.gnu || tool == "mv" => "Not a directory",
                () => "Is a directory",
            };
            return Err(self.no_target(from, to, why));
        }
        let there = io.facts(to, tool == "cp" && !self.hard && !self.symbolic);
        match there {
            Ok(old) if self.gnu && old.is_folder() && !folder => {
                return Err(format!(
                    "{tool}: cannot overwrite directory '{to}' with non-directory"
                ));
            }
            Ok(old) if self.gnu && !old.is_folder() && folder && self.recursive => {
                return Err(format!(
                    "{tool}: cannot overwrite non-directory '{to}' with directory '{from}'"
                ));
            }
            _ => {}
        }
        if self.asks && io.is_file(to) && !agreed(io, &format!("{tool}: overwrite '{to}'? ")) {
            return Ok(());
        }
        let dangles = io.link_target(to).is_some() && !io.is_file(to) && !io.is_directory(to);
        if self.gnu && tool == "cp" && dangles && !folder && link.is_none() && !self.replaces {
            return Err(format!("cp: not writing through dangling symlink '{to}'"));
        }
        if self.replaces && !folder && io.facts(to, false).is_ok() {
            let full = io.absolute(to);
            keep_parent(io, &full)?;
            io.remove_file(to)?;
        }
        let renamed = if tool == "mv" && self.gnu { "renamed " } else { "" };
        let mut told = vec![format!("{renamed}'{from}' -> '{to}'")];
        if self.verbose && folder && tool == "cp" {
            let below = in_order(io, from, false);
            let start = from.trim_end_matches('/');
            let end = to.trim_end_matches('/');
            told = below
                .iter()
                .map(|path| {
                    format!("'{path}' -> '{end}{}'", path.strip_prefix(start).unwrap_or(""))
                })
                .collect();
            told[0] = format!("'{from}' -> '{to}'");
        }
        if let Some(kept) = self.kept_as(io, to) {
            told[0] += &format!(" (backup: '{kept}')");
        }
        match folder {
            true => self.folder(io, from, to)?,
            false => self.file(io, from, to)?,
        }
        if self.verbose {
            told.iter().for_each(|line| io.say(line));
        }
        Ok(())
    }

    /// `-u`: whether what is there is as new.
    fn is_up_to_date(&self, io: &Io<'_>, from: &str, to: &str) -> bool {
        let moments = (io.facts(from, true), io.facts(to, true));
        self.updates && matches!(moments, (Ok(new), Ok(old)) if old.changed >= new.changed)
    }

    /// The other name that a file at the target gets.
    fn kept_as(&self, io: &Io<'_>, to: &str) -> Option<String> {
        let there = io.is_file(to);
        there.then(|| self.backup.name(io, to, self.suffix)).flatten()
    }

    fn file(&self, io: &mut Io<'_>, from: &str, to: &str) -> Result<(), String> {
        if let Some(kept) = self.kept_as(io, to) {
            let plain = Copying { tool: "mv", backup: Backup::None, preserves: Kept::ALL, ..*self };
            plain.file(io, to, &kept)?;
        }
        if self.hard && io.link_target(from).is_none() {
            return io.add_name(from, to).map_err(|why| {
                format!("{}: cannot create hard link '{to}' to '{from}': {why}", self.tool)
            });
        }
        if self.symbolic {
            if !from.starts_with('/') && to.contains('/') {
                return Err(format!(
                    "cp: '{to}': can make relative symbolic links only in current directory"
                ));
            }
            return io.make_link(to, from).map_err(|why| {
                format!("cp: cannot create symbolic link '{to}' to '{from}': {why}")
            });
        }
        match io.link_target(from).filter(|_| self.links) {
            Some(target) => {
                // What is there gives way; where nothing is, nothing has to.
                let _ = io.remove_file(to);
                io.make_link(to, &target).map_err(|why| self.no_target(from, to, &why))?;
            }
            None => self.content(io, from, to)?,
        }
        if self.tool == "mv" {
            let full = io.absolute(from);
            keep_parent(io, &full).ok();
            io.remove_file(from).map_err(|why| format!("mv: cannot remove '{from}': {why}"))?;
        }
        Ok(())
    }

    /// Copies a file's content. A new file has the old one's mode, and with `-p` its owner and moment.
    fn content(&self, io: &mut Io<'_>, from: &str, to: &str) -> Result<(), String> {
        let bytes = io.read_file(from).map_err(|why| self.no_source(from, &why))?;
        let (new, old) = (!io.is_file(to), io.facts(from, true));
        let bytes = match self.attributes_alone {
            true => io.read_file(to).unwrap_or_default(),
            false => bytes,
        };
        io.write_file(to, &bytes).map_err(|why| self.no_target(from, to, &why))?;
        let Ok(old) = old else { return Ok(()) };
        io.change_attributes(to, |attributes| {
            if self.preserves.owner {
                (attributes.owner, attributes.group) = (Some(old.owner), Some(old.group));
            }
            if self.preserves.moment {
                attributes.changed = Some(old.changed);
            }
            if new && !self.preserves.usual_mode || self.preserves.mode {
                attributes.mode = Some(old.mode);
            }
        });
        Ok(())
    }

    fn folder(&self, io: &mut Io<'_>, from: &str, to: &str) -> Result<(), String> {
        let tool = self.tool;
        if !self.recursive {
            return Err(match self.gnu {
                true => format!("{tool}: -r not specified; omitting directory '{from}'"),
                false => format!("{tool}: omitting directory '{from}'"),
            });
        }
        let full = io.absolute(from);
        let last = from.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        if tool == "mv" && self.gnu && matches!(last, "." | "..") {
            return Err(self.no_target(from, to, "Device or resource busy"));
        }
        if io.absolute(to).starts_with(&format!("{}/", full.trim_end_matches('/'))) {
            return Err(match (self.gnu, tool) {
                (true, "mv") => {
                    format!("mv: cannot move '{from}' to a subdirectory of itself, '{to}'")
                }
                (true, _) => {
                    format!("{tool}: cannot copy a directory, '{from}', into itself, '{to}'")
                }
                (false, _) => {
                    format!("{tool}: recursion detected, omitting directory '{from}/{to}'")
                }
            });
        }
        let cannot_make = |path: &str, why: String| match self.gnu {
            true => format!("{tool}: cannot create directory '{path}': {why}"),
            false => format!("{tool}: can't create directory '{path}': {why}"),
        };
        let names = io.view().below(&full);
        if tool == "mv" && io.list(to).is_ok_and(|names| !names.is_empty()) {
            return Err(self.no_target(from, to, "Directory not empty"));
        }
        if !io.is_directory(to) {
            io.make_directory(to).map_err(|why| cannot_make(to, why))?;
        }
        for name in &names {
            let target = format!("{to}/{name}");
            if let Some((folder, _)) = target.rsplit_once('/') {
                make_all(io, folder).map_err(|(folder, why)| cannot_make(&folder, why))?;
            }
            // A mark stands for a folder in which nothing is.
            if View::is_mark(name) {
                continue;
            }
            self.file(io, &format!("{full}/{name}"), &target)?;
        }
        if tool == "mv" {
            remove_folder(io, from).map_err(|why| format!("mv: cannot remove '{from}': {why}"))?;
        }
        Ok(())
    }
}

pub(in crate::shell::commands) fn touch(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "touch",
        short: "acmd:t:r:fhÀ:",
        long: &[
            ("no-create", 'c'),
            ("date", 'd'),
            ("reference", 'r'),
            ("no-dereference", 'h'),
            ("time", 'À'),
        ],
        stops: false,
    };
    const TIMES: &[(&[&str], char)] =
        &[(&["atime", "access", "use"], 'a'), (&["mtime", "modify"], 'm')];
    let Some(mut options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    match options.value('À').map(|word| matched("touch", "--time", word, TIMES)) {
        Some(Ok(letter)) => options.give(letter),
        Some(Err(why)) => return Some(fail(io, why)),
        None => {}
    }
    if !need(io, &options, "touch", "missing file operand") {
        return Some(1);
    }
    let moment = match moment(io, &options) {
        Ok(moment) => moment,
        Err(message) => return Some(fail(io, message)),
    };
    let mut status = 0;
    for path in &options.operands {
        let there = io.is_file(path) || io.is_directory(path);
        let inside = io.is_file(path.trim_end_matches('/')) && path.ends_with('/');
        if is_gnu(io) && (!there && options.has('h') && !options.has('c') || inside) {
            let why = if inside { "Not a directory" } else { "No such file or directory" };
            status = fail(io, format!("touch: setting times of '{path}': {why}"));
            continue;
        }
        if !there && options.has('c') || io.is_device(path) {
            continue;
        }
        match if there { Ok(()) } else { io.write_file(path, b"") } {
            // When it was read last is nobody's here.
            Ok(()) if options.has('a') && !options.has('m') && there => {}
            Ok(()) => io.change_attributes(path, |attributes| attributes.changed = Some(moment)),
            Err(why) => {
                let message = match is_gnu(io) {
                    // What ends with a slash is not made, so that there is nothing to set times of.
                    true if why == "Is a directory" => {
                        format!("touch: setting times of '{path}': No such file or directory")
                    }
                    true => format!("touch: cannot touch '{path}': {why}"),
                    false => format!("touch: {path}: {why}"),
                };
                status = fail(io, message);
            }
        }
    }
    Some(status)
}

/// The moment that `touch` gives files: `-d`, `-t`, that of another file (`-r`), or now.
///
/// # Errors
/// What is wrong with it.
fn moment(io: &Io<'_>, options: &Options) -> Result<Timestamp, String> {
    if let Some(path) = options.value('r') {
        let facts = io.facts(path, true).map_err(|why| match is_gnu(io) {
            true => format!("touch: failed to get attributes of '{path}': {why}"),
            false => format!("touch: can't stat '{path}': {why}"),
        })?;
        return Ok(facts.changed);
    }
    let (text, read) = match (options.value('d'), options.value('t')) {
        (Some(text), _) if is_gnu(io) => (text, date::parse_date(io, text)),
        (Some(text), _) => (text, date::parse_busybox(io, text)),
        (None, Some(text)) => (text, stamped(io, text)),
        (None, None) => return Ok(io.now().timestamp()),
    };
    let wrong = || match is_gnu(io) {
        true => format!("touch: invalid date format '{text}'"),
        false => format!("touch: invalid date '{text}'"),
    };
    let found = read.and_then(|moment| {
        let parts = i32::try_from(moment.nanoseconds).unwrap_or(0);
        Timestamp::new(moment.seconds, parts).ok()
    });
    found.ok_or_else(wrong)
}

/// `[[CC]YY]MMDDhhmm[.ss]`
fn stamped(io: &Io<'_>, text: &str) -> Option<Moment> {
    let (digits, seconds) = text.split_once('.').unwrap_or((text, "0"));
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i64>().ok();
    let year = match digits.len() {
        8 => i64::from(io.now().timestamp().strftime("%Y").to_string().parse::<i32>().ok()?),
        10 => part(0, 2).map(|short| if short < 69 { 2000 + short } else { 1900 + short })?,
        12 => part(0, 4)?,
        _ => return None,
    };
    let start = digits.len() - 8;
    let [month, day, hour, minute] =
        [0, 2, 4, 6].map(|at| part(start + at, start + at + 2).unwrap_or(-1));
    let seconds: i64 = seconds.parse().ok()?;
    let sound = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute);
    sound.then(|| Moment::of(year, month, day, (hour, minute, seconds)))
}

pub(in crate::shell::commands) fn mktemp(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "mktemp",
        short: "dqup:tÀ:Á;",
        long: &[
            ("directory", 'd'),
            ("quiet", 'q'),
            ("dry-run", 'u'),
            ("tmpdir", 'Á'),
            ("suffix", 'À'),
        ],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    let gnu = is_gnu(io);
    if let [_, _, ..] = options.operands.as_slice() {
        return Some(missing(io, "mktemp", "too many templates"));
    }
    let given = options.operands.first();
    let usual = if gnu { "tmp.XXXXXXXXXX" } else { "tmp.XXXXXX" };
    let template = given.cloned().unwrap_or_else(|| usual.to_owned());
    if gnu && options.has('t') && template.contains('/') {
        let what = format!("mktemp: invalid template, '{template}', contains directory separator");
        return Some(fail(io, what));
    }
    let folder = options.value('p').or(options.value('Á'));
    let folder = folder.filter(|folder| !folder.is_empty()).map(str::to_owned);
    // With -t the environment comes before what -p says (`mktemp.c`).
    let environment = io.environment.get("TMPDIR").filter(|folder| !folder.is_empty()).cloned();
    let folder = match options.has('t') {
        true => environment.or(folder),
        false => folder.or(environment),
    };
    let below = ['t', 'p', 'Á'].iter().any(|one| options.has(*one)) || given.is_none();
    let ending = options.value('À').unwrap_or("");
    if ending.contains('/') {
        let what = format!("mktemp: invalid suffix '{ending}', contains directory separator");
        return Some(fail(io, what));
    }
    let template = match below {
        true => {
            format!("{}/{template}", folder.as_deref().unwrap_or("/tmp").trim_end_matches('/'))
        }
        false => template,
    };
    if !ending.is_empty() && !template.ends_with('X') {
        let what = format!("mktemp: with --suffix, template '{template}' must end in X");
        return Some(fail(io, what));
    }
    let template = template + ending;
    let (start, tail) = match template[..template.len() - ending.len()].rfind('X') {
        Some(last) => {
            (template[..=last].trim_end_matches('X').len(), template[last + 1..].to_owned())
        }
        None => (template.len(), String::new()),
    };
    let width = template.len() - tail.len() - start;
    if width < if gnu { 3 } else { 6 } || !gnu && !tail.is_empty() {
        return Some(fail(
            io,
            match gnu {
                true => {
                    let own = given.map_or(template.as_str(), String::as_str);
                    format!("mktemp: too few X's in template '{own}'")
                }
                false => "mktemp: Invalid argument".to_owned(),
            },
        ));
    }
    let free = (0..10_000).map(|number| format!("{}{number:0width$}{tail}", &template[..start]));
    let path = free.into_iter().find(|path| !io.is_file(path) && !io.is_directory(path))?;
    let parent = path.rsplit_once('/').map_or(".", |(parent, _)| parent);
    let parent = if parent.is_empty() { "/" } else { parent };
    let made = match (options.has('u'), options.has('d')) {
        (true, _) => Ok(()),
        _ if !io.is_directory(parent) => Err("No such file or directory".to_owned()),
        (false, true) => io.make_directory(&path),
        (false, false) => io.write_file(&path, b""),
    };
    Some(match made {
        Ok(()) => {
            // Nobody else may look into it.
            let mode = if options.has('d') { 0o700 } else { 0o600 };
            if !options.has('u') {
                io.change_attributes(&path, |attributes| attributes.mode = Some(mode));
            }
            io.say(path);
            0
        }
        Err(_) if options.has('q') => 1,
        Err(why) => {
            let kind = if options.has('d') { "directory" } else { "file" };
            if !gnu {
                return Some(fail(io, format!("mktemp: {template}: {why}")));
            }
            fail(io, format!("mktemp: failed to create {kind} via template '{template}': {why}"))
        }
    })
}

/// `-s SIZE`: what a file of this length becomes.
fn resized(size: &str, length: usize) -> Option<usize> {
    let (mark, digits) = match size.chars().next()? {
        mark @ ('+' | '-' | '<' | '>' | '/' | '%') => (Some(mark), &size[1..]),
        _ => (None, size),
    };
    let (digits, unit) = match digits.trim_end_matches('B').char_indices().next_back()? {
        (at, 'K' | 'k') => (&digits[..at], 1 << 10),
        (at, 'M' | 'm') => (&digits[..at], 1 << 20),
        (at, 'G' | 'g') => (&digits[..at], 1 << 30),
        _ => (digits, 1),
    };
    let count = digits.parse::<usize>().ok()?.checked_mul(unit)?;
    Some(match mark {
        Some('+') => length.checked_add(count)?,
        Some('-') => length.saturating_sub(count),
        Some('<') => length.min(count),
        Some('>') => length.max(count),
        Some('/') => length / count.max(1) * count,
        Some('%') => length.div_ceil(count.max(1)) * count,
        _ => count,
    })
}

pub(in crate::shell::commands) fn truncate(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "truncate",
        short: "cs:r:o",
        long: &[("no-create", 'c'), ("size", 's'), ("reference", 'r'), ("io-blocks", 'o')],
        stops: false,
    };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if !options.has('s') && !options.has('r') {
        return Some(missing(io, "truncate", "you must specify either '--size' or '--reference'"));
    }
    if !need(io, &options, "truncate", "missing file operand") {
        return Some(1);
    }
    let like = options.value('r').map(|file| io.read_file(file).map(|content| content.len()));
    let mut status = 0;
    for path in &options.operands {
        let content = io.read_file(path);
        if content.is_err() && options.has('c') {
            continue;
        }
        let mut content = content.unwrap_or_default();
        let size = match (options.value('s'), &like) {
            (Some(size), _) => match resized(size, content.len()) {
                Some(size) => size,
                None => {
                    let word = if is_gnu(io) { "Invalid" } else { "invalid" };
                    return Some(fail(io, format!("truncate: {word} number: '{size}'")));
                }
            },
            (None, Some(Ok(size))) => *size,
            (None, _) => {
                let file = options.value('r').unwrap_or("");
                let why = "No such file or directory";
                return Some(fail(io, format!("truncate: cannot stat '{file}': {why}")));
            }
        };
        // More than fits is not even tried.
        content.resize(size.min(1 << 26), 0);
        if let Err(why) = io.write_file(path, &content) {
            status = fail(io, format!("truncate: cannot open '{path}' for writing: {why}"));
        }
    }
    Some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As coreutils 9.1 does.
    #[test]
    fn sizes_are_absolute_or_relative() {
        assert_eq!(resized("5", 49), Some(5));
        assert_eq!(resized("+5", 5), Some(10));
        assert_eq!(resized("-3", 10), Some(7));
        assert_eq!(resized("1K", 0), Some(1024));
        assert_eq!(resized("x", 0), None);
    }
}
