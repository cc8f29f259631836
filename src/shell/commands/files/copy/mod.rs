//! `cp` and `mv`: GNU's and BusyBox'.

mod backup;
mod kept;

use super::folders::{in_order, make_all, remove_folder};
use super::messages::{agreed, fail, is_answered, missing};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::files::View;
use kept::Kept;

pub(super) use backup::Backup;

pub(in crate::shell::commands) fn cp(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    copy("cp", arguments, io)
}

pub(in crate::shell::commands) fn mv(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    copy("mv", arguments, io)
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

/// Options of `cp`.
const COPIES: &[(&str, char)] = &[
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
/// Options of `mv`.
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
/// Where copies go.
struct Target<'a> {
    path: &'a str,
    /// Whether they go into a folder.
    into: bool,
    /// `--parents`: with the folders above them.
    with_parents: bool,
}

impl<'a> Target<'a> {
    /// The target among the operands.
    ///
    /// # Errors
    /// What is wrong with them, said; the exit code.
    fn of(
        copying: &Copying<'_>,
        options: &Options,
        operands: &'a [String],
        io: &mut Io<'_>,
    ) -> Result<(Target<'a>, &'a [String]), i32> {
        let tool = copying.tool;
        let Some((path, sources)) = operands.split_last().filter(|_| !options.operands.is_empty())
        else {
            return Err(missing(io, tool, "missing file operand"));
        };
        if sources.is_empty() {
            let what = format!("missing destination file operand after '{path}'");
            return Err(missing(io, tool, &what));
        }
        let into = io.is_directory(path) && !options.has('T');
        if let ([_, _, extra, ..], true, true) = (operands, options.has('T'), copying.gnu) {
            return Err(missing(io, tool, &format!("extra operand '{extra}'")));
        }
        if !into && (options.has('t') || sources.len() > 1 && copying.gnu) {
            let why = io.facts(path, true).map_or_else(|why| why, |_| "Not a directory".to_owned());
            let kind = if options.has('t') { "target directory" } else { "target" };
            return Err(fail(io, format!("{tool}: {kind} '{path}': {why}")));
        }
        let with_parents = options.has('Å');
        if with_parents && !into {
            return Err(missing(io, tool, "with --parents, the destination must be a directory"));
        }
        Ok((Target { path, into: into || sources.len() > 1, with_parents }, sources))
    }

    /// The path of a source's copy.
    fn path_for(&self, source: &str) -> String {
        let name = match self.with_parents {
            true => source.trim_start_matches('/'),
            false => source.trim_end_matches('/').rsplit('/').next().unwrap_or(source),
        };
        match self.into {
            true => format!("{}/{name}", self.path.trim_end_matches('/')),
            false => self.path.to_owned(),
        }
    }
}

fn copy(tool: &'static str, arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let (short, long) = match tool {
        "mv" => ("finvt:TubS:À;É", MOVES),
        _ => ("rRafinvpt:TubslLPdHxS:À;Ç;ÉÅÈ:Ê:Ë;ÌÍ", COPIES),
    };
    let grammar = Grammar { name: tool, short, long, stops: false };
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
    let (target, sources) = match Target::of(&copying, &options, &operands, io) {
        Ok(found) => found,
        Err(status) => return Some(status),
    };
    if copying.asks && !is_answered(io, sources.len()) {
        return None;
    }
    let mut status = 0;
    for source in sources {
        let to = target.path_for(source);
        let above = if target.with_parents { parents(io, source, &to) } else { Ok(()) };
        if let Err(message) = above.and_then(|()| copying.one(io, source, &to)) {
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

    /// Copies or moves one source.
    ///
    /// # Errors
    /// Why it stays as it was.
    fn one(&self, io: &mut Io<'_>, from: &str, to: &str) -> Result<(), String> {
        let tool = self.tool;
        if let Err(why) = io.facts(from, !self.links) {
            return Err(self.no_source(from, &why));
        }
        let link = io.link_target(from).is_some() && self.links;
        let folder = io.is_directory(from) && !link;
        if self.gnu && to.ends_with('/') && io.is_file(to.trim_end_matches('/')) {
            return Err(format!("{tool}: cannot stat '{to}': Not a directory"));
        }
        let above = to.trim_end_matches('/').rsplit_once('/').map_or("", |(above, _)| above);
        if !self.gnu && io.is_file(above) {
            return Err(format!("{tool}: can't stat '{to}': Not a directory"));
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
        self.check_kinds(io, from, to, folder)?;
        if self.asks && io.is_file(to) && !agreed(io, &format!("{tool}: overwrite '{to}'? ")) {
            return Ok(());
        }
        let dangles = io.link_target(to).is_some() && !io.is_file(to) && !io.is_directory(to);
        if self.gnu && tool == "cp" && dangles && !folder && !link && !self.replaces {
            return Err(format!("cp: not writing through dangling symlink '{to}'"));
        }
        if self.replaces && !folder && io.facts(to, false).is_ok() {
            io.remove_file(to)?;
        }
        let report = if self.verbose { self.report(io, from, to, folder) } else { Vec::new() };
        match folder {
            true => self.folder(io, from, to)?,
            false => self.file(io, from, to)?,
        }
        report.iter().for_each(|line| io.say(line));
        Ok(())
    }

    /// A file does not take a folder's place, nor a folder a file's.
    ///
    /// # Errors
    /// What is in the way.
    fn check_kinds(&self, io: &Io<'_>, from: &str, to: &str, folder: bool) -> Result<(), String> {
        let tool = self.tool;
        if !folder && to.ends_with('/') && !io.is_directory(to) {
            let above = to.trim_end_matches('/').rsplit_once('/').map_or(".", |(above, _)| above);
            let why = match () {
                () if !above.is_empty() && !io.is_directory(above) => "No such file or directory",
                () if self.gnu || tool == "mv" => "Not a directory",
                () => "Is a directory",
            };
            return Err(self.no_target(from, to, why));
        }
        match io.facts(to, tool == "cp" && !self.hard && !self.symbolic) {
            Ok(old) if self.gnu && old.is_folder() && !folder => {
                Err(format!("{tool}: cannot overwrite directory '{to}' with non-directory"))
            }
            Ok(old) if self.gnu && !old.is_folder() && folder && self.recursive => Err(format!(
                "{tool}: cannot overwrite non-directory '{to}' with directory '{from}'"
            )),
            _ => Ok(()),
        }
    }

    /// `-v`: what is said of a source, a line for each thing that `cp` copies of a folder.
    fn report(&self, io: &Io<'_>, from: &str, to: &str, folder: bool) -> Vec<String> {
        let renamed = if self.tool == "mv" && self.gnu { "renamed " } else { "" };
        let mut lines = vec![format!("{renamed}'{from}' -> '{to}'")];
        if folder && self.tool == "cp" {
            let (start, end) = (from.trim_end_matches('/'), to.trim_end_matches('/'));
            let below = in_order(io, from, false).into_iter().skip(1);
            lines.extend(below.map(|path| {
                format!("'{path}' -> '{end}{}'", path.strip_prefix(start).unwrap_or(""))
            }));
        }
        if let Some(kept) = self.kept_as(io, to) {
            lines[0] += &format!(" (backup: '{kept}')");
        }
        lines
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
        let whole = io.absolute(to);
        // Where it is to be copied into itself, all but that copy is copied.
        let inside = whole.strip_prefix(&format!("{}/", full.trim_end_matches('/')));
        if inside.is_some() && tool == "mv" {
            return Err(match self.gnu {
                true => format!("mv: cannot move '{from}' to a subdirectory of itself, '{to}'"),
                false => format!("mv: can't rename '{from}': Invalid argument"),
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
            let above = to.trim_end_matches('/').rsplit_once('/').map_or(".", |(above, _)| above);
            if !above.is_empty() && !io.is_directory(above) {
                return Err(cannot_make(to, "No such file or directory".to_owned()));
            }
            io.make_directory(to).map_err(|why| cannot_make(to, why))?;
        }
        let own = |name: &str| inside.is_some_and(|inside| name.starts_with(&format!("{inside}/")));
        for name in names.iter().filter(|name| !own(name)) {
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
        match (inside, self.gnu) {
            (None, _) => Ok(()),
            (_, true) => {
                Err(format!("{tool}: cannot copy a directory, '{from}', into itself, '{to}'"))
            }
            (Some(inside), false) => {
                Err(format!("{tool}: recursion detected, omitting directory '{from}/{inside}'"))
            }
        }
    }
}
