//! `rm`: GNU's and BusyBox'.

use super::folders::{in_order, is_folder, remove_empty, remove_folder};
use super::messages::{agreed, fail, is_answered, need};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Misuse, Options, matched};

/// What `rm` was told.
struct Removal {
    recursive: bool,
    force: bool,
    empty: bool,
    verbose: bool,
    asks: bool,
    gnu: bool,
}

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

/// The command line's options.
///
/// # Errors
/// What is wrong with them.
fn options(arguments: &[String], io: &Io<'_>) -> Result<Options, String> {
    const WHEN: &[(&[&str], char)] =
        &[(&["never", "no", "none"], 'n'), (&["once"], 'I'), (&["always", "yes"], 'i')];
    let gnu = is_gnu(io);
    let grammar = match gnu {
        true => Grammar { name: "rm", short: "rRfidvIÀ;Á;Â", long: LONG, stops: false },
        false => Grammar::short("rm", "rRfiv"),
    };
    let words = crate::shell::commands::words(io.cluster, io.place);
    let mut options = grammar
        .parse(arguments, words)
        .map_err(|misuse| if gnu { with_dashes(io, arguments, misuse) } else { misuse.into() })?;
    if let Some(what) = options.value('Á').filter(|what| !matches!(*what, "" | "all")) {
        return Err(format!("rm: unrecognized --preserve-root argument: '{what}'"));
    }
    match options.value('À') {
        Some("") => options.give('i'),
        Some(when) => {
            let letter = matched("rm", "--interactive", when, WHEN)?;
            options.give(letter);
        }
        None => {}
    }
    Ok(options)
}

pub(in crate::shell::commands) fn rm(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let options = match options(arguments, io) {
        Ok(options) => options,
        Err(why) => return Some(fail(io, why)),
    };
    // The last of -f, -i and --interactive counts.
    let last = options.in_order().filter(|(letter, _)| matches!(letter, 'f' | 'i' | 'n')).last();
    let removal = Removal {
        recursive: options.has('r') || options.has('R'),
        force: options.has('f'),
        empty: options.has('d'),
        verbose: options.has('v'),
        asks: last.is_some_and(|(letter, _)| letter == 'i'),
        gnu: is_gnu(io),
    };
    if !removal.force && !need(io, &options, "rm", "missing operand") {
        return Some(1);
    }
    let below = |path: &String| io.view().below(&io.absolute(path)).len();
    let questions = || options.operands.iter().map(|path| 2 * below(path) + 3).sum();
    if (removal.asks || options.has('I')) && !is_answered(io, questions()) {
        return None;
    }
    let count = options.operands.len();
    if options.has('I') && count > 0 && (count > 3 || removal.recursive) {
        let things = if count == 1 { "argument" } else { "arguments" };
        let how = if removal.recursive { " recursively" } else { "" };
        if !agreed(io, &format!("rm: remove {count} {things}{how}? ")) {
            return Some(0);
        }
    }
    let mut status = 0;
    for path in &options.operands {
        if let Err(message) = removal.remove(io, path) {
            status = fail(io, message);
        }
    }
    Some(status)
}

/// What `rm` says of an unknown option, with advice where a file has that name
/// (`diagnose_leading_hyphen`).
fn with_dashes(io: &Io<'_>, arguments: &[String], misuse: Misuse) -> String {
    let why = String::from(misuse);
    let mut words = arguments.iter().take_while(|word| *word != "--");
    let named = words.find(|word| word.len() > 1 && word.starts_with('-') && io.is_file(word));
    match (named, why.split_once('\n')) {
        (Some(name), Some((what, more))) => {
            format!("{what}\nTry 'rm ./{name}' to remove the file '{name}'.\n{more}")
        }
        _ => why,
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
