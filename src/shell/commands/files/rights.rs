//! `chmod`, `chown`, `chgrp`, `ln`: GNU's and BusyBox'.

use super::copy::{Backup, mv};
use super::messages::{agreed, fail, missing};
use super::names::relative;
use crate::cluster::Place;
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::file_facts::{Facts, rights};
use crate::shell::files::{USUAL_UMASK, View};

/// A mode changed as `chmod` is told: `755`, `u+x`, `a=rX,go-w`. `None` is no mode.
pub(super) fn changed(text: &str, mut mode: u32, folder: bool) -> Option<u32> {
    if text.starts_with(|letter: char| letter.is_ascii_digit()) {
        let new = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777)?;
        // A folder keeps what its files and programs inherit, unless all five digits are there (`mode_adjust`).
        let kept = if folder && text.len() < 5 { mode & 0o6000 } else { 0 };
        return Some(new | kept);
    }
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, mut rest) = clause.split_at(at);
        let mut whose = 0;
        for letter in who.chars() {
            whose |= match letter {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        while let Some(operator) = rest.chars().next() {
            let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |end| end + 1);
            let bits = bits(&rest[1..end], mode, folder)?;
            // Whoever names nobody means everybody, as far as new files would allow it.
            let bits = if whose == 0 { bits & !USUAL_UMASK } else { bits & whose };
            mode = match operator {
                '+' => mode | bits,
                '-' => mode & !bits,
                _ => {
                    let whose = if whose == 0 { 0o7777 } else { whose };
                    mode & !(whose & if folder { 0o1777 } else { 0o7777 }) | bits
                }
            };
            rest = &rest[end..];
        }
    }
    Some(mode)
}

/// A mode changed by letters alone, where whoever names nobody means everybody: `umask u=rwx,g=rx`.
pub(in crate::shell) fn changed_alone(text: &str, mode: u32) -> Option<u32> {
    let named = |clause: &str| match clause.starts_with(['+', '-', '=']) {
        true => format!("a{clause}"),
        false => clause.to_owned(),
    };
    let text: Vec<String> = text.split(',').map(named).collect();
    changed(&text.join(","), mode, true).map(|mode| mode & 0o777)
}

/// The bits that letters stand for, for everybody.
fn bits(letters: &str, mode: u32, folder: bool) -> Option<u32> {
    letters.chars().try_fold(0, |bits, letter| {
        Some(
            bits | match letter {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                'X' if folder || mode & 0o111 != 0 => 0o111,
                'X' => 0,
                's' => 0o6000,
                't' => 0o1000,
                'u' => (mode >> 6 & 7) * 0o111,
                'g' => (mode >> 3 & 7) * 0o111,
                'o' => (mode & 7) * 0o111,
                _ => return None,
            },
        )
    })
}

/// What a tool changes of each file that is named: `-R` leads it down.
struct Change<'a> {
    tool: &'a str,
    options: &'a Options,
    gnu: bool,
    status: i32,
}

impl Change<'_> {
    /// Does `work` to the files, and with `-R` to all below them.
    fn each(
        &mut self,
        io: &mut Io<'_>,
        paths: &[String],
        work: &dyn Fn(&mut Io<'_>, &str, &Facts) -> Result<Option<String>, String>,
    ) {
        for path in paths {
            let mut all = vec![path.clone()];
            if self.options.has('R') && io.is_directory(path) {
                let below = io.view().below(&io.absolute(path));
                let below = below.iter().filter(|name| !View::is_mark(name));
                all.extend(below.map(|name| format!("{}/{name}", path.trim_end_matches('/'))));
            }
            for path in all {
                let done = match io.facts(&path, true) {
                    Ok(facts) => work(io, &path, &facts),
                    Err(_) if self.gnu && io.link_target(&path).is_some() => {
                        let tool = self.tool;
                        Err(format!("{tool}: cannot operate on dangling symlink '{path}'"))
                    }
                    Err(why) => Err(match self.gnu {
                        true => format!("{}: cannot access '{path}': {why}", self.tool),
                        false => format!("{}: {path}: {why}", self.tool),
                    }),
                };
                match done {
                    Ok(Some(told)) => io.say(told),
                    Ok(None) => {}
                    Err(_) if self.options.has('f') => self.status = 1,
                    Err(why) => {
                        self.status = fail(io, why);
                        // A mode that could not be seen is told of twice (`describe_change`).
                        let unseen = io.facts(&path, true).is_err();
                        if self.tool == "chmod" && self.options.has('v') && unseen {
                            io.say(format!("'{path}' could not be accessed"));
                        }
                    }
                }
            }
        }
    }
}

/// A mode's letters may look like an option (`-x`): it is taken out of the arguments.
fn split_mode(arguments: &[String]) -> (Vec<String>, Option<String>) {
    let is_mode = |word: &&String| {
        word.starts_with('-')
            && word.len() > 1
            && word[1..].chars().all(|one| "rwxXstugoa,+-=".contains(one))
    };
    let mode = arguments.iter().take_while(|word| *word != "--").find(is_mode).cloned();
    let rest = arguments.iter().filter(|word| Some(*word) != mode.as_ref());
    (rest.cloned().collect(), mode)
}

pub(in crate::shell::commands) fn chmod(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GNU: Grammar = Grammar {
        name: "chmod",
        short: "cfvRe:",
        long: &[
            ("changes", 'c'),
            ("silent", 'f'),
            ("quiet", 'f'),
            ("verbose", 'v'),
            ("recursive", 'R'),
            ("reference", 'e'),
        ],
        stops: false,
    };
    let gnu = is_gnu(io);
    let (arguments, dashed) = split_mode(arguments);
    let grammar = if gnu { GNU } else { Grammar::short("chmod", "cfvR") };
    let Some(options) = grammar.read(&arguments, io) else { return Some(1) };
    let mut paths = options.operands.clone();
    let like = match options.value('e').map(|path| (path, io.facts(path, true))) {
        Some((path, Err(why))) => {
            return Some(fail(io, format!("chmod: failed to get attributes of '{path}': {why}")));
        }
        Some((_, Ok(facts))) => Some(format!("{:o}", facts.mode)),
        None => None,
    };
    if options.has('e') && paths.is_empty() {
        return Some(missing(io, "chmod", "missing operand"));
    }
    let mode = match like.or(dashed) {
        Some(mode) => mode,
        None if paths.is_empty() => return Some(missing(io, "chmod", "missing operand")),
        None => paths.remove(0),
    };
    if paths.is_empty() {
        // `chmod -x` names no file, and its mode is an option.
        let named = !options.operands.is_empty() || !gnu;
        return Some(match named {
            true => missing(io, "chmod", &format!("missing operand after '{mode}'")),
            false => missing(io, "chmod", "missing operand"),
        });
    }
    if changed(&mode, 0, false).is_none() {
        let what = format!("invalid mode: '{mode}'");
        return Some(match gnu {
            true => missing(io, "chmod", &what),
            false => fail(io, format!("chmod: invalid mode '{mode}'")),
        });
    }
    let mut change = Change { tool: "chmod", options: &options, gnu, status: 0 };
    change.each(io, &paths, &|io, path, facts| {
        let new = changed(&mode, facts.mode, facts.is_folder()).unwrap_or(facts.mode);
        io.change_attributes(path, |attributes| attributes.mode = Some(new));
        let same = new == facts.mode;
        let tells = options.has('v') || options.has('c') && !same;
        let text = |mode: u32| format!("{mode:04o} ({})", rights(mode));
        let (old, new) = (text(facts.mode), text(new));
        Ok(tells.then(|| match (gnu, same) {
            (true, true) => format!("mode of '{path}' retained as {new}"),
            (true, false) => format!("mode of '{path}' changed from {old} to {new}"),
            (false, _) => format!("mode of '{path}' changed to {new}"),
        }))
    });
    Some(change.status)
}

/// The name that a user or group has who is told by name or number; `None` for who is none.
pub(super) fn known(io: &Io<'_>, file: &str, who: &str) -> Option<String> {
    let text = io.read_file(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let entry = text.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, id) = (parts.next()?, parts.nth(1)?);
        (name == who || id == who).then(|| name.to_owned())
    });
    let number = who.parse::<u32>().is_ok();
    entry.or_else(|| number.then(|| who.to_owned()))
}

pub(in crate::shell::commands) fn chown(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    own("chown", arguments, io)
}

pub(in crate::shell::commands) fn chgrp(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    own("chgrp", arguments, io)
}

/// Whom files are given to.
struct NewOwner {
    user: Option<String>,
    group: Option<String>,
}

impl NewOwner {
    /// `USER`, `USER:GROUP`, `:GROUP`; for `chgrp` a group.
    ///
    /// # Errors
    /// The user or the group that there is not.
    fn of(tool: &str, text: &str, io: &mut Io<'_>) -> Result<NewOwner, String> {
        let gnu = is_gnu(io);
        let (user, group) = match (text.split_once(':'), text.split_once('.')) {
            _ if tool == "chgrp" => ("", text),
            (Some((user, group)), _) => (user, group),
            // The dot is of old; GNU's takes it where no user has that name.
            (None, Some((user, group))) => {
                if gnu && known(io, "/etc/passwd", user).is_some() {
                    io.write_error(format!("chown: warning: '.' should be ':': '{text}'"));
                }
                (user, group)
            }
            (None, None) => (text, ""),
        };
        // A user whose login group is meant has to have one.
        if gnu && text.ends_with(':') && !user.is_empty() {
            let accounts = io.read_file("/etc/passwd").unwrap_or_default();
            let accounts = String::from_utf8_lossy(&accounts).into_owned();
            if !accounts.lines().any(|line| line.split(':').next() == Some(user)) {
                return Err(format!("chown: invalid spec: '{text}'"));
            }
        }
        let find = |file: &str, kind: &str, name: &str| match known(io, file, name) {
            _ if name.is_empty() => Ok(None),
            Some(known) => Ok(Some(known)),
            None if gnu => Err(format!("{tool}: invalid {kind}: '{text}'")),
            None if !user.is_empty() && !group.is_empty() => {
                Err(format!("{tool}: unknown user/group {text}"))
            }
            None => Err(format!("{tool}: unknown {kind} {name}")),
        };
        Ok(NewOwner {
            user: find("/etc/passwd", "user", user)?,
            group: find("/etc/group", "group", group)?,
        })
    }

    /// Whether a file would be somebody else's.
    fn differs(&self, facts: &Facts) -> bool {
        let other = |new: &Option<String>, old: &str| new.as_ref().is_some_and(|new| new != old);
        other(&self.user, &facts.owner) || other(&self.group, &facts.group)
    }

    /// What `-v` and `-c` say of a file that was this one's.
    fn report(&self, path: &str, facts: &Facts, change: &Options, tool: &str) -> Option<String> {
        let whole = |user: &str, group: &str| match tool {
            "chgrp" => group.to_owned(),
            _ if group.is_empty() => user.to_owned(),
            _ => format!("{user}:{group}"),
        };
        let new = whole(self.user.as_deref().unwrap_or(""), self.group.as_deref().unwrap_or(""));
        let old = match self.group {
            None => facts.owner.clone(),
            Some(_) => whole(&facts.owner, &facts.group),
        };
        let what = if tool == "chgrp" { "group" } else { "ownership" };
        let same = new == old;
        let tells = change.has('v') || change.has('c') && !same;
        tells.then(|| match same {
            true => format!("{what} of '{path}' retained as {new}"),
            false => format!("changed {what} of '{path}' from {old} to {new}"),
        })
    }
}

fn own(tool: &'static str, arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let long = &[
        ("changes", 'c'),
        ("silent", 'f'),
        ("quiet", 'f'),
        ("verbose", 'v'),
        ("recursive", 'R'),
        ("no-dereference", 'h'),
        ("reference", 'À'),
    ];
    let gnu = is_gnu(io);
    let long: &[_] = if gnu { long } else { &[] };
    let grammar = Grammar { name: tool, short: "cfvRhHLPÀ:", long, stops: false };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let mut operands = options.operands.clone();
    match options.value('À').map(|path| (path, io.facts(path, true))) {
        Some((path, Err(why))) => {
            return Some(fail(io, format!("{tool}: failed to get attributes of '{path}': {why}")));
        }
        Some((_, Ok(like))) if tool == "chgrp" => operands.insert(0, like.group),
        Some((_, Ok(like))) => operands.insert(0, format!("{}:{}", like.owner, like.group)),
        None => {}
    }
    let Some((who, paths)) = operands.split_first() else {
        return Some(missing(io, tool, "missing operand"));
    };
    if paths.is_empty() {
        return Some(missing(io, tool, &format!("missing operand after '{who}'")));
    }
    let owner = match NewOwner::of(tool, who, io) {
        Ok(owner) => owner,
        Err(why) => return Some(fail(io, why)),
    };
    let root = io.cluster.identity(io.place).is_root();
    let mut change = Change { tool, options: &options, gnu, status: 0 };
    change.each(io, paths, &|io, path, facts| {
        if !root && owner.differs(facts) {
            let why = "Operation not permitted";
            return Err(match (gnu, tool) {
                (true, "chgrp") => format!("chgrp: changing group of '{path}': {why}"),
                (true, _) => format!("{tool}: changing ownership of '{path}': {why}"),
                (false, _) => format!("{tool}: {path}: {why}"),
            });
        }
        io.change_attributes(path, |attributes| {
            attributes.owner = owner.user.clone().or(attributes.owner.take());
            attributes.group = owner.group.clone().or(attributes.group.take());
        });
        Ok(owner.report(path, facts, &options, tool))
    });
    Some(change.status)
}

pub(in crate::shell::commands) fn ln(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const LONG: &[(&str, char)] = &[
        ("symbolic", 's'),
        ("force", 'f'),
        ("no-dereference", 'n'),
        ("verbose", 'v'),
        ("relative", 'r'),
        ("no-target-directory", 'T'),
        ("target-directory", 't'),
        ("interactive", 'i'),
        ("backup", 'À'),
        ("suffix", 'S'),
        ("logical", 'L'),
        ("physical", 'P'),
    ];
    let gnu = is_gnu(io);
    let grammar = match gnu {
        true => Grammar { name: "ln", short: "sfnvrTt:ibLPS:À;", long: LONG, stops: false },
        false => Grammar::short("ln", "sfnbvTS:"),
    };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    if options.has('r') && !options.has('s') {
        io.write_error("ln: cannot do --relative without --symbolic");
        return Some(1);
    }
    if options.has('i') && !io.stdin.ended() {
        return None;
    }
    let mut operands = options.operands.clone();
    operands.extend(options.value('t').map(str::to_owned));
    let (targets, place) = match operands.as_slice() {
        [] => return Some(missing(io, "ln", "missing file operand")),
        [only] => (vec![only.clone()], ".".to_owned()),
        [targets @ .., place] => (targets.to_vec(), place.clone()),
    };
    let itself = options.has('T') || options.has('n') && io.link_target(&place).is_some();
    let into = io.is_directory(&place) && !itself;
    if targets.len() > 1 && !into {
        let why = if io.is_file(&place) { "Not a directory" } else { "No such file or directory" };
        return Some(fail(io, format!("ln: target '{place}': {why}")));
    }
    let mut status = 0;
    for target in &targets {
        let name = target.trim_end_matches('/').rsplit('/').next().unwrap_or(target);
        let path =
            if into { format!("{}/{name}", place.trim_end_matches('/')) } else { place.clone() };
        // GNU's names the folder that it is in.
        let path = if gnu { path } else { path.trim_start_matches("./").to_owned() };
        let target = match options.has('r') {
            true => {
                let above = io.absolute(path.rsplit_once('/').map_or(".", |(above, _)| above));
                &relative(&io.cluster.follow(io.place, &io.absolute(target), true), &above)
            }
            false => target,
        };
        match linked(io, &options, target, &path) {
            Ok(()) if options.has('v') => {
                let arrow = if gnu && !options.has('s') { "=>" } else { "->" };
                io.say(format!("'{path}' {arrow} '{target}'"));
            }
            Ok(()) => {}
            Err(why) => status = fail(io, why),
        }
    }
    Some(status)
}

/// Makes one link, or says why not.
fn linked(io: &mut Io<'_>, options: &Options, target: &str, path: &str) -> Result<(), String> {
    let gnu = is_gnu(io);
    if !options.has('s') {
        if let Err(why) = io.facts(target, false) {
            return Err(match gnu {
                true => format!("ln: failed to access '{target}': {why}"),
                false => format!("ln: {target}: {why}"),
            });
        }
        if io.is_directory(target) {
            return Err(match gnu {
                true => format!("ln: {target}: hard link not allowed for directory"),
                false => format!("ln: {path}: Operation not permitted"),
            });
        }
    }
    if gnu && options.has('s') && target.is_empty() {
        let why = "No such file or directory";
        return Err(format!("ln: failed to create symbolic link '{path}' -> '': {why}"));
    }
    let there = io.facts(path, false).is_ok();
    if gnu && there && !options.has('s') && io.absolute(path) == io.absolute(target) {
        return Err(match options.has('f') {
            true => format!("ln: '{target}' and '{path}' are the same file"),
            false => format!("ln: failed to create hard link '{path}': File exists"),
        });
    }
    let folder = io.is_directory(path) && io.link_target(path).is_none();
    let kept = options.has('b') || options.has('S');
    let backup = Backup::of("ln", options.value('À'), kept)?;
    if let Some(backup) = backup.name(io, path, options.value('S').unwrap_or("~"))
        && there
        && !folder
    {
        mv(&["--".to_owned(), path.to_owned(), backup], io);
    }
    if there && !folder && options.has('i') && !agreed(io, &format!("ln: replace '{path}'? ")) {
        return Ok(());
    }
    if (options.has('f') || options.has('i')) && !folder {
        // Where nothing is, nothing has to give way.
        let _ = io.remove_file(path);
    }
    let hard = !options.has('s');
    let made = if hard { io.add_name(target, path) } else { io.make_link(path, target) };
    made.map_err(|why| match (gnu, hard) {
        (true, true) if why == "File exists" => {
            format!("ln: failed to create hard link '{path}': {why}")
        }
        (true, true) => format!("ln: failed to create hard link '{path}' => '{target}': {why}"),
        (true, false) => format!("ln: failed to create symbolic link '{path}': {why}"),
        (false, _) => format!("ln: {path}: {why}"),
    })
}

/// Who a place's new files belong to.
pub(in crate::shell::commands) fn number_of(io: &Io<'_>, file: &str, name: &str) -> String {
    if *io.place == Place::Laptop && name == "player" {
        return "1000".to_owned();
    }
    let text = io.read_file(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut lines = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = lines.find(|parts| parts.first() == Some(&name));
    found.and_then(|parts| parts.get(2).map(|id| (*id).to_owned())).unwrap_or_else(|| match name {
        "root" => "0".to_owned(),
        other => other.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As chmod of coreutils 9.1 does.
    #[test]
    fn modes_are_octal_or_letters() {
        let file = |text| changed(text, 0o644, false);
        assert_eq!(file("755"), Some(0o755));
        assert_eq!(file("+x"), Some(0o755));
        assert_eq!(file("u+x,go-r"), Some(0o700));
        assert_eq!(file("a=rX"), Some(0o444));
        assert_eq!(file("g=u"), Some(0o664));
        assert_eq!(file("u+s"), Some(0o4644));
        assert_eq!(changed("a=rX", 0o644, true), Some(0o555));
        for wrong in ["nosuch", "u+q", "888", "77777", ""] {
            assert_eq!(file(wrong), None, "{wrong}");
        }
    }
}
