//! `tar`: GNU's and BusyBox'.

use k8s_openapi::jiff::Timestamp;

use super::gzip::{LEVEL, Unpackable, is_packed, pack, unpack};
use super::ustar::{Kind, Member, Unreadable, read, write};
use crate::shell::Io;
use crate::shell::commands::busybox_usage;
use crate::shell::commands::files::folders::make_all;
use crate::shell::commands::files::rights::{changed, number_of};
use crate::shell::commands::is_gnu;
use crate::shell::commands::moment::Moment;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::system::date::parse_date;
use crate::shell::commands::text::regex::{Regex, Syntax, compile};
use crate::shell::commands::text::sed;
use crate::shell::commands::trouble::left_out;
use crate::shell::file_facts::{Facts, Kind as FileKind, rights};
use crate::shell::pattern::Pattern;

const LONG: &[(&str, char)] = &[
    ("create", 'c'),
    ("extract", 'x'),
    ("get", 'x'),
    ("list", 't'),
    ("append", 'r'),
    ("update", 'u'),
    ("file", 'f'),
    ("gzip", 'z'),
    ("gunzip", 'z'),
    ("ungzip", 'z'),
    ("verbose", 'v'),
    ("directory", 'C'),
    ("to-stdout", 'O'),
    ("keep-old-files", 'k'),
    ("preserve-permissions", 'p'),
    ("touch", 'm'),
    ("overwrite", 'Ò'),
    ("remove-files", 'Ó'),
    ("owner", 'Ô'),
    ("group", 'Õ'),
    ("mode", 'Ö'),
    ("mtime", 'Ù'),
    ("auto-compress", 'a'),
    ("absolute-names", 'P'),
    ("files-from", 'T'),
    ("exclude", 'À'),
    ("exclude-from", 'X'),
    ("transform", 'Æ'),
    ("xform", 'Æ'),
    ("delete", 'Ð'),
    ("diff", 'd'),
    ("compare", 'd'),
    ("strip-components", 'Á'),
    ("wildcards", 'Â'),
    ("no-same-owner", 'o'),
    ("numeric-owner", 'Ã'),
    ("bzip2", 'j'),
    ("xz", 'J'),
];

const SHORT: &str = "cxtruf:zvC:OkpmaPT:ojJhÀ:Á:ÂÃX:Æ:ÐdÒÓÔ:Õ:Ö:Ù:";

/// Options whose value follows the first word when that has no dash.
const VALUED: &str = "fCTbLVXNgHFI";

/// What is left undone, and where the first word's letters have their values.
struct Tar<'a> {
    options: &'a Options,
    gnu: bool,
    /// The folder that names are seen from.
    folder: String,
    excluded: Vec<String>,
    /// `--transform`
    renames: Vec<Rename>,
    /// What is asked for: the operands, and what `-T` lists.
    wanted: Vec<String>,
    /// Whether something failed that did not end it.
    failed: bool,
    /// Whether it was told that names lose their first slash.
    stripped: bool,
    /// Whether what was asked for is not there, of which BusyBox says no more.
    lacks: bool,
}

/// The message and the exit code with which all is over.
type Ended<T> = Result<T, String>;

/// `czf a.tgz b` as `-c -z -f a.tgz b`.
///
/// # Errors
/// The letter whose value is missing.
fn dashed(arguments: &[String]) -> Result<Vec<String>, char> {
    let Some((first, rest)) =
        arguments.split_first().filter(|(first, _)| !first.starts_with('-') && !first.is_empty())
    else {
        return Ok(arguments.to_vec());
    };
    let mut rest = rest.iter();
    let mut all = Vec::new();
    for letter in first.chars() {
        all.push(format!("-{letter}"));
        if VALUED.contains(letter) {
            all.push(rest.next().cloned().ok_or(letter)?);
        }
    }
    all.extend(rest.cloned());
    Ok(all)
}

pub(in crate::shell::commands) fn tar(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar { name: "tar", short: SHORT, long: LONG, stops: false };
    let gnu = is_gnu(io);
    let wrong = if gnu { 2 } else { 1 };
    let words = crate::shell::commands::words(io.cluster, io.place);
    let read = match dashed(arguments) {
        Err(letter) if gnu => {
            io.write_error(format!("tar: Old option '{letter}' requires an argument.\n{TRY}"));
            return Some(2);
        }
        // BusyBox' getopt meets the letter without its value.
        Err(letter) => GRAMMAR.parse(&[format!("-{letter}")], words),
        Ok(arguments) => GRAMMAR.parse(&arguments, words),
    };
    let options = match read {
        Ok(options) => options,
        Err(misuse) if gnu && !misuse.is_left_out() => {
            // argp ends with another code than tar does itself.
            io.write_error(format!("{}\n{TRY}", misuse.message()));
            return Some(64);
        }
        Err(misuse) => {
            io.write_error(misuse);
            return Some(if gnu { 2 } else { 1 });
        }
    };
    let idle = [('j', "-j"), ('J', "-J"), ('h', "-h")];
    let many = options.all('C').count() > 1;
    if let Some(flag) = options.not_simulated(&idle).or(many.then_some("several -C")) {
        io.write_error(left_out("tar", flag));
        return Some(wrong);
    }
    let mut tar = Tar {
        options: &options,
        gnu,
        folder: String::new(),
        excluded: options.all('À').map(str::to_owned).collect(),
        renames: Vec::new(),
        wanted: options.operands.clone(),
        failed: false,
        stripped: false,
        lacks: false,
    };
    match tar.lists(io).and_then(|()| tar.run(io)) {
        Ok(true) => {}
        Ok(false) => return None,
        Err(why) => {
            io.write_error(why);
            return Some(wrong);
        }
    }
    if tar.failed {
        let differs = gnu && options.has('d');
        io.write_error(match gnu {
            _ if differs || tar.lacks => return Some(1),
            true => "tar: Exiting with failure status due to previous errors",
            false => "tar: error exit delayed from previous errors",
        });
    }
    Some(if tar.failed { wrong } else { 0 })
}

const TRY: &str = "Try 'tar --help' or 'tar --usage' for more information.";

impl Tar<'_> {
    fn has(&self, letter: char) -> bool {
        self.options.has(letter)
    }

    /// GNU's says of what it cannot go on from that it ends.
    fn fatal(&self, gnu: &str, busybox: &str) -> String {
        match self.gnu {
            true => format!("tar: {gnu}\ntar: Error is not recoverable: exiting now"),
            false => format!("tar: {busybox}"),
        }
    }

    /// Whether it is done; `false` while standard input is not at its end.
    fn run(&mut self, io: &mut Io<'_>) -> Ended<bool> {
        let modes: Vec<char> = "cxtrudÐ".chars().filter(|mode| self.has(*mode)).collect();
        match (modes.as_slice(), self.gnu) {
            ([], true) => Err(format!(
                "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\n{TRY}"
            )),
            ([_, _, ..], true) => Err(format!(
                "tar: You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option\n{TRY}"
            )),
            ([mode], _) => self.work(io, *mode),
            (_, false) => Err(busybox_usage("tar")),
        }
    }

    fn work(&mut self, io: &mut Io<'_>, mode: char) -> Ended<bool> {
        if mode != 'c' && self.archive() == "-" && !io.stdin.ended() {
            return Ok(false);
        }
        if mode == 'c' && self.wanted.is_empty() {
            return Err(match self.gnu {
                true => format!("tar: Cowardly refusing to create an empty archive\n{TRY}"),
                false => "tar: empty archive".to_owned(),
            });
        }
        // The archive is named from where `tar` was called.
        let old = if mode == 'c' { Vec::new() } else { self.members(io)? };
        if let Some(folder) = self.options.value('C') {
            if !io.is_directory(folder) {
                let why = "No such file or directory";
                let gnu = format!("{folder}: Cannot open: {why}");
                return Err(
                    self.fatal(&gnu, &format!("can't change directory to '{folder}': {why}"))
                );
            }
            self.folder = format!("{}/", folder.trim_end_matches('/'));
        }
        match mode {
            'x' | 't' => {
                self.take(io, old, mode == 'x');
                Ok(true)
            }
            'd' => {
                self.differ(io, old);
                Ok(true)
            }
            'Ð' => self.delete(io, old).map(|()| true),
            _ => self.create(io, old).map(|()| true),
        }
    }

    fn archive(&self) -> &str {
        self.options.value('f').unwrap_or("-")
    }

    /// The members of the archive that is there.
    fn members(&mut self, io: &mut Io<'_>) -> Ended<Vec<Member>> {
        let file = self.archive().to_owned();
        let bytes = match file.as_str() {
            "-" => io.read_all().unwrap_or_default(),
            path => io.read_file(path).map_err(|why| {
                let child = format!("tar (child): {file}: Cannot open: {why}\ntar (child): Error is not recoverable: exiting now\ntar: Child returned status 2\ntar: Error is not recoverable: exiting now");
                match self.gnu && self.has('z') {
                    true => child,
                    false => self.fatal(
                        &format!("{file}: Cannot open: {why}"),
                        &format!("can't open '{file}': {why}"),
                    ),
                }
            })?,
        };
        let packed = is_packed(&bytes);
        if packed && file == "-" && !self.has('z') && self.gnu {
            return Err(self.fatal("Archive is compressed. Use -z option", ""));
        }
        let bytes = match packed || self.has('z') {
            true => unpack(&bytes).map_err(|why| self.unpackable(why))?,
            false => bytes,
        };
        if bytes.is_empty() && !self.gnu {
            return Err("tar: short read".to_owned());
        }
        match read(&bytes) {
            Ok(members) => Ok(members),
            Err(why) => Err(match (why, self.gnu) {
                (Unreadable::Foreign, true) => "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors".to_owned(),
                (Unreadable::Foreign, false) => match bytes.len() < 512 && file == "-" {
                    true => "tar: short read".to_owned(),
                    false => "tar: invalid tar magic".to_owned(),
                },
                (Unreadable::Short, _) => self.fatal("Unexpected EOF in archive", "short read"),
            }),
        }
    }

    fn unpackable(&self, why: Unpackable) -> String {
        let gnu = match why {
            Unpackable::Foreign => "not in gzip format",
            Unpackable::Short => "unexpected end of file",
            Unpackable::Broken => "invalid compressed data--format violated",
        };
        let busybox = match why {
            Unpackable::Foreign => "invalid magic",
            Unpackable::Short => "short read",
            Unpackable::Broken => "corrupted data",
        };
        match self.gnu {
            true => format!(
                "\ngzip: stdin: {gnu}\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now"
            ),
            false => format!("tar: {busybox}"),
        }
    }

    /// Whether `--exclude` names a path, or a folder that it is in.
    fn is_excluded(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.excluded.iter().any(|text| {
            let pattern = Pattern::new(text.trim_end_matches('/'));
            let starts = path.match_indices('/').map(|(at, _)| at + 1);
            starts.chain([0]).any(|start| {
                let part = &path[start..];
                let ends = part.match_indices('/').map(|(at, _)| at);
                ends.chain([part.len()]).any(|end| pattern.matches(&part[..end]))
            })
        })
    }

    /// A member's name without what would lead out of the folder.
    fn inner(&mut self, io: &mut Io<'_>, name: &str) -> String {
        if self.has('P') {
            return name.to_owned();
        }
        let mut rest = name;
        while let Some(shorter) = rest.strip_prefix('/').or_else(|| rest.strip_prefix("../")) {
            rest = shorter;
        }
        let gone = &name[..name.len() - rest.len()];
        if !gone.is_empty() && !std::mem::replace(&mut self.stripped, true) {
            io.write_error(match self.gnu {
                true => format!("tar: Removing leading `{gone}' from member names"),
                false => format!("tar: removing leading '{gone}' from member names"),
            });
        }
        rest.to_owned()
    }

    fn create(&mut self, io: &mut Io<'_>, old: Vec<Member>) -> Ended<()> {
        let file = self.archive().to_owned();
        if file == "-" && io.terminal {
            return Err(self.fatal(
                "Refusing to write archive contents to terminal (missing -f option?)",
                "can't write archive to a terminal",
            ));
        }
        let mut members = old;
        let standard = file == "-";
        let before = members.len();
        for path in self.wanted.clone() {
            self.add(io, &path, &mut members, standard);
        }
        self.keep(io, &file, &members, before)
    }

    /// Writes the archive.
    fn keep(
        &mut self,
        io: &mut Io<'_>,
        file: &str,
        members: &[Member],
        before: usize,
    ) -> Ended<()> {
        // Where nothing was added, nothing is written.
        if self.has('u') && members.len() == before {
            return Ok(());
        }
        let standard = file == "-";
        let mut bytes = write(members);
        let ending = file.ends_with(".gz") || file.ends_with(".tgz");
        if self.has('z') || self.has('a') && ending {
            bytes = pack(&bytes, None, 0, LEVEL);
        }
        match standard {
            true => io.stdout.extend(bytes),
            false => io.write_file(file, &bytes).map_err(|why| {
                self.fatal(
                    &format!("{file}: Cannot open: {why}"),
                    &format!("can't open '{file}': {why}"),
                )
            })?,
        }
        Ok(())
    }

    /// Adds a file, or a folder with all that is in it.
    fn add(&mut self, io: &mut Io<'_>, path: &str, members: &mut Vec<Member>, standard: bool) {
        if self.is_excluded(path) {
            return;
        }
        let from =
            if path.starts_with('/') { path.to_owned() } else { format!("{}{path}", self.folder) };
        let full = io.absolute(&from);
        let facts = io.facts(&from, false).map_err(|why| match self.gnu {
            true => format!("tar: {path}: Cannot stat: {why}"),
            false => format!("tar: {path}: {why}"),
        });
        if facts.is_ok() && full == io.absolute(self.archive()) && self.archive() != "-" {
            io.write_error(match self.gnu {
                true => format!("tar: {path}: file is the archive; not dumped"),
                false => format!("tar: {path}: file is the archive; skipping"),
            });
            return;
        }
        let member = match facts.and_then(|facts| self.member(io, path, &from, facts, members)) {
            Ok(Some(member)) => member,
            Ok(None) => return,
            Err(why) => {
                self.failed = true;
                io.write_error(why);
                return;
            }
        };
        let folder = member.kind == Kind::Folder;
        if self.has('v') {
            let line = match self.options.in_order().filter(|(letter, _)| *letter == 'v').count() {
                1 if self.renames.is_empty() => member.name.clone(),
                1 => stored_name(path, folder),
                _ => self.line(&member),
            };
            if standard { io.write_error(line) } else { io.say(line) }
        }
        members.push(member);
        if self.has('Ó') && !folder {
            self.failed |= io.remove_file(&from).is_err();
        }
        if folder {
            for name in io.list(&from).unwrap_or_default() {
                let below =
                    format!("{}/{}", path.trim_end_matches('/'), name.trim_end_matches('/'));
                self.add(io, &below, members, standard);
            }
        }
    }

    /// A file as the archive keeps it; `None` where the archive has it as new (`-u`).
    ///
    /// # Errors
    /// An option that gives it what there is not.
    fn member(
        &mut self,
        io: &mut Io<'_>,
        path: &str,
        from: &str,
        facts: Facts,
        members: &[Member],
    ) -> Result<Option<Member>, String> {
        let (kind, content) = match &facts.kind {
            FileKind::Folder => (Kind::Folder, Vec::new()),
            FileKind::Link(target) => (Kind::Link(target.clone()), Vec::new()),
            FileKind::File | FileKind::Device | FileKind::Pipe => {
                (Kind::File, io.read_file(from).unwrap_or_default())
            }
        };
        let name = self.renamed(&stored_name(path, kind == Kind::Folder));
        let name = self.inner(io, &name);
        let newer = |old: &Member| old.name == name && old.changed >= facts.changed;
        if self.has('u') && kind != Kind::Folder && members.iter().any(newer) {
            return Ok(None);
        }
        let facts = self.told(io, facts)?;
        let id = |file: &str, name: &str| number_of(io, file, name).parse().unwrap_or(0);
        Ok(Some(Member {
            kind,
            mode: facts.mode,
            ids: [id("/etc/passwd", &facts.owner), id("/etc/group", &facts.group)],
            owner: facts.owner,
            group: facts.group,
            changed: facts.changed,
            content,
            name,
        }))
    }

    /// `-tv`: a line as `ls -l` has it.
    fn line(&self, member: &Member) -> String {
        let letter = match member.kind {
            Kind::File => '-',
            Kind::Folder => 'd',
            Kind::Link(_) => 'l',
        };
        let (owner, group) = match self.has('Ã') {
            true => (member.ids[0].to_string(), member.ids[1].to_string()),
            false => (member.owner.clone(), member.group.clone()),
        };
        let (who, size) = (format!("{owner}/{group}"), member.content.len().to_string());
        let target = match &member.kind {
            Kind::Link(target) => format!(" -> {target}"),
            _ => String::new(),
        };
        let moment = Moment::at(member.changed.as_second(), 0);
        let (mode, name) = (rights(member.mode), &member.name);
        match self.gnu {
            true => {
                let width = 19_usize.saturating_sub(who.len() + 1).max(size.len());
                let date = moment.format("%Y-%m-%d %H:%M", false);
                format!("{letter}{mode} {who} {size:>width$} {date} {name}{target}")
            }
            false => {
                let date = moment.format("%Y-%m-%d %H:%M:%S", false);
                format!("{letter}{mode} {who} {size:>9} {date} {name}{target}")
            }
        }
    }

    /// Lists or extracts the members that are wanted.
    fn take(&mut self, io: &mut Io<'_>, members: Vec<Member>, extracts: bool) {
        let wanted = self.wanted.clone();
        let mut found = vec![false; wanted.len()];
        let verbose = self.options.in_order().filter(|(letter, _)| *letter == 'v').count();
        for member in members {
            let plain = member.name.trim_end_matches('/');
            let names = |text: &String| {
                let text = text.trim_end_matches('/');
                plain == text
                    || plain.starts_with(&format!("{text}/"))
                    || self.has('Â') && Pattern::new(text).matches(plain)
            };
            let at = wanted.iter().position(names);
            if let Some(at) = at {
                found[at] = true;
            }
            if at.is_none() && !wanted.is_empty() || self.is_excluded(&member.name) {
                continue;
            }
            if extracts {
                self.extract(io, member, verbose);
                continue;
            }
            if self.gnu {
                // It is said here as well.
                self.inner(io, &member.name);
            }
            if verbose > 0 {
                io.say(self.line(&member));
            } else {
                io.say(&member.name);
            }
        }
        let lost: Vec<&String> =
            wanted.iter().zip(found).filter(|(_, found)| !found).map(|(name, _)| name).collect();
        if self.gnu && !self.has('Â') && lost.iter().any(|name| name.contains(['*', '?', '['])) {
            io.write_error("tar: Pattern matching characters used in file names\ntar: Use --wildcards to enable pattern matching, or --no-wildcards to suppress this warning");
        }
        lost.into_iter().for_each(|name| self.not_found(io, name));
    }

    /// What is kept of a file: `--owner`, `--group`, `--mode` and `--mtime` come before what it has.
    fn told(&self, io: &Io<'_>, mut facts: Facts) -> Ended<Facts> {
        let name = |text: &str| text.split(':').next().unwrap_or(text).to_owned();
        if let Some(owner) = self.options.value('Ô') {
            facts.owner = name(owner);
        }
        if let Some(group) = self.options.value('Õ') {
            facts.group = name(group);
        }
        if let Some(mode) = self.options.value('Ö') {
            let folder = facts.kind == FileKind::Folder;
            facts.mode = changed(mode, facts.mode, folder)
                .ok_or_else(|| self.fatal("Invalid mode given on option", ""))?;
        }
        if let Some(moment) = self.options.value('Ù') {
            let at = parse_date(io, moment);
            let at = at.and_then(|at| Timestamp::from_second(at.seconds).ok());
            facts.changed = at.ok_or_else(|| {
                self.fatal(&format!("Invalid date format in \u{2018}{moment}\u{2019}"), "")
            })?;
        }
        Ok(facts)
    }

    fn not_found(&mut self, io: &mut Io<'_>, name: &str) {
        self.failed = true;
        self.lacks |= !self.gnu;
        io.write_error(match self.gnu {
            true => format!("tar: {name}: Not found in archive"),
            false => format!("tar: {name}: not found in archive"),
        });
    }

    /// Reads what `-T`, `-X` and `--transform` say.
    fn lists(&mut self, io: &mut Io<'_>) -> Ended<()> {
        let options = self.options;
        for (letter, file) in options.in_order().filter(|(letter, _)| matches!(letter, 'T' | 'X')) {
            let content = match file {
                "-" => Ok(io.read_all().unwrap_or_default()),
                file => io.read_file(file),
            };
            let bytes = content.map_err(|why| {
                let gnu = format!("{file}: Cannot open: {why}");
                self.fatal(&gnu, &format!("can't open '{file}': {why}"))
            })?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let lines = text.lines().filter(|line| !line.is_empty()).map(str::to_owned);
            match letter {
                'T' => self.wanted.extend(lines),
                _ => self.excluded.extend(lines),
            }
        }
        for text in options.all('Æ') {
            let read = Rename::read(text);
            self.renames.push(read.ok_or_else(|| self.fatal("Invalid transform expression", ""))?);
        }
        Ok(())
    }

    /// A name as `--transform` has it.
    fn renamed(&self, name: &str) -> String {
        self.renames.iter().fold(name.to_owned(), |name, rename| rename.of(&name))
    }

    /// `--delete`: the archive without what is named.
    fn delete(&mut self, io: &mut Io<'_>, old: Vec<Member>) -> Ended<()> {
        let names = |member: &Member, text: &str| {
            let (plain, text) = (member.name.trim_end_matches('/'), text.trim_end_matches('/'));
            plain == text || plain.starts_with(&format!("{text}/"))
        };
        for name in self.wanted.clone() {
            if !old.iter().any(|member| names(member, &name)) {
                self.not_found(io, &name);
            }
        }
        let gone = |member: &Member| self.wanted.iter().any(|name| names(member, name));
        let kept: Vec<Member> = old.into_iter().filter(|member| !gone(member)).collect();
        let file = self.archive().to_owned();
        self.keep(io, &file, &kept, 0)
    }

    /// `-d`: how files differ from the members of their names.
    fn differ(&mut self, io: &mut Io<'_>, members: Vec<Member>) {
        let wanted = self.wanted.clone();
        for member in members {
            let plain = member.name.trim_end_matches('/');
            let names = |text: &String| plain == text.trim_end_matches('/');
            if !wanted.is_empty() && !wanted.iter().any(names) {
                continue;
            }
            if self.has('v') {
                io.say(&member.name);
            }
            let path = format!("{}{plain}", self.folder);
            let Ok(facts) = io.facts(&path, false) else {
                self.failed = true;
                let name = &member.name;
                io.write_error(format!(
                    "tar: {name}: Warning: Cannot stat: No such file or directory"
                ));
                continue;
            };
            let content = io.read_file(&path).unwrap_or_default();
            let file = member.kind == Kind::File;
            let moments = (facts.changed.as_second(), member.changed.as_second());
            let checks = [
                (facts.mode != member.mode, "Mode differs"),
                (moments.0 != moments.1, "Mod time differs"),
                (file && content.len() != member.content.len(), "Size differs"),
                (
                    file && content.len() == member.content.len() && content != member.content,
                    "Contents differ",
                ),
            ];
            for (_, what) in checks.iter().filter(|(differs, _)| *differs) {
                self.failed = true;
                io.say(format!("{}: {what}", member.name));
            }
        }
    }

    fn extract(&mut self, io: &mut Io<'_>, member: Member, verbose: usize) {
        let strip = self.options.value('Á').and_then(|count| count.parse().ok()).unwrap_or(0_usize);
        let parts: Vec<&str> = member.name.split('/').filter(|part| !part.is_empty()).collect();
        if strip > 0 && parts.len() <= strip {
            return;
        }
        let told = member.name.clone();
        let name = if strip > 0 { parts[strip..].join("/") } else { member.name.clone() };
        let name = self.renamed(&name);
        let name = if strip > 0 { name } else { self.inner(io, &name) };
        if verbose > 0 {
            let line = if verbose > 1 { self.line(&member) } else { told };
            if self.has('O') { io.write_error(line) } else { io.say(line) }
        }
        if self.has('O') {
            io.stdout.extend_from_slice(&member.content);
            return;
        }
        if name.is_empty() {
            return;
        }
        let path = match name.starts_with('/') {
            true => name.clone(),
            false => format!("{}{name}", self.folder),
        };
        if let Err(why) = self.put(io, &member, path.trim_end_matches('/')) {
            self.failed = true;
            io.write_error(match self.gnu {
                true => format!("tar: {name}: Cannot open: {why}"),
                false => format!("tar: can't open '{name}': {why}"),
            });
        }
    }

    /// Makes a member's file, folder or link at a path.
    fn put(&self, io: &mut Io<'_>, member: &Member, path: &str) -> Result<(), String> {
        if let Some((above, _)) = path.rsplit_once('/').filter(|(above, _)| !above.is_empty()) {
            make_all(io, above).map_err(|(_, why)| why)?;
        }
        if member.kind != Kind::Folder && (io.is_file(path) || io.link_target(path).is_some()) {
            if self.has('k') {
                return Err("File exists".to_owned());
            }
            io.remove_file(path)?;
        }
        match &member.kind {
            Kind::Folder if io.is_directory(path) => {}
            Kind::Folder => io.make_directory(path)?,
            Kind::Link(target) => return io.make_link(path, target),
            Kind::File => io.write_file(path, &member.content)?,
        }
        let root = io.cluster.identity(io.place).is_root();
        let umask = if root || self.has('p') { 0 } else { io.umask };
        let keeps_moment = !self.has('m');
        io.change_attributes(path, |new| {
            new.mode = Some(member.mode & !umask);
            if keeps_moment {
                new.changed = Some(member.changed);
            }
            if root {
                (new.owner, new.group) = (Some(member.owner.clone()), Some(member.group.clone()));
            }
        });
        Ok(())
    }
}

/// `s/OLD/NEW/`: how members get other names.
struct Rename {
    pattern: Regex,
    new: String,
    every: bool,
}

impl Rename {
    fn read(text: &str) -> Option<Rename> {
        let rest = text.strip_prefix('s')?;
        let mark = rest.chars().next()?;
        let mut parts = rest[mark.len_utf8()..].split(mark);
        let (old, new, flags) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !flags.chars().all(|flag| "gix".contains(flag)) {
            return None;
        }
        let syntax = if flags.contains('x') { Syntax::Extended } else { Syntax::Basic };
        let pattern = compile(old, syntax, flags.contains('i')).ok()?;
        Some(Rename { pattern, new: new.to_owned(), every: flags.contains('g') })
    }

    /// A name with what was found replaced.
    fn of(&self, name: &str) -> String {
        let other = sed::replaced(name, &self.pattern, &self.new, self.every);
        other.unwrap_or_else(|| name.to_owned())
    }
}

/// The name of a file before options change it: a folder's ends with a slash.
fn stored_name(path: &str, folder: bool) -> String {
    format!("{}{}", path.trim_end_matches('/'), if folder { "/" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_gets_another_name() {
        let renamed = |text: &str, name: &str| Rename::read(text).map(|rename| rename.of(name));
        assert_eq!(renamed("s/o/0/g", "foo/boo").as_deref(), Some("f00/b00"));
        assert_eq!(renamed("s,^\\(.*\\)/,new/&,", "a/b").as_deref(), Some("new/a/b"));
        assert_eq!(renamed("s/a", "a"), None);
    }

    #[test]
    fn the_first_word_needs_no_dash() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(dashed(&words("czf a.tgz b")), Ok(words("-c -z -f a.tgz b")));
        assert_eq!(dashed(&words("-xf a.tar")), Ok(words("-xf a.tar")));
        assert_eq!(dashed(&words("cf")), Err('f'));
    }
}
