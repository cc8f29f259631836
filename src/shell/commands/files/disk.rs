//! `du`: how much files take on the disk, in blocks of 4096 bytes.

use k8s_openapi::jiff::Timestamp;

use super::ls::unit;
use super::messages::fail;
use super::space::{busybox_human, human};
use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::moment::Moment;
use crate::shell::commands::options::{Grammar, Options, matched};
use crate::shell::commands::trouble::left_out;
use crate::shell::file_facts::{Facts, Kind};
use crate::shell::pattern::Pattern;

/// What a block holds.
const BLOCK: usize = 4096;

/// The bytes that a file takes on the disk.
pub(super) fn taken(facts: &Facts) -> usize {
    match facts.kind {
        Kind::File | Kind::Folder => facts.size.next_multiple_of(BLOCK),
        Kind::Device | Kind::Pipe | Kind::Link(_) => 0,
    }
}

struct Du<'a> {
    options: &'a Options,
    gnu: bool,
    /// How deep what is shown may lie.
    most: usize,
    excluded: Vec<Pattern>,
    /// `-B`: what is counted in, and the letter behind a count.
    unit: Option<(usize, String)>,
    /// `-t`: only what is as large; below zero, only what is not larger.
    threshold: Option<(bool, usize)>,
}

/// What a path holds: how much, and when something in it was written last.
#[derive(Clone, Copy)]
struct Held {
    size: usize,
    latest: Timestamp,
}

/// `-t SIZE`, `-t -SIZE`
///
/// # Errors
/// What is no size.
fn threshold(options: &Options) -> Result<Option<(bool, usize)>, String> {
    let Some(text) = options.value('t') else { return Ok(None) };
    let plain = text.strip_prefix('-').unwrap_or(text);
    if plain == "0" && plain != text {
        return Err(format!("du: invalid --threshold argument '{text}'"));
    }
    if plain == "0" {
        return Ok(Some((false, 0)));
    }
    let read = unit("du", "-t", plain);
    read.map(|(size, _)| Some((plain != text, size))).map_err(|why| why.replace(plain, text))
}

/// `--time`: which moment; each is that of the last change here.
///
/// # Errors
/// A word that `du` does not know.
fn timed(options: &Options) -> Result<(), String> {
    const TIMES: &[(&[&str], u8)] = &[(&["atime", "access", "use"], 0), (&["ctime", "status"], 1)];
    let word = options.value('Â').filter(|word| !word.is_empty());
    word.map_or(Ok(()), |word| matched("du", "--time", word, TIMES).map(drop))
}

const GNU: Grammar = Grammar {
    name: "du",
    short: "abB:cd:DhHklLmPsSxX:0t:À:ÁÂ;Ã",
    long: &[
        ("all", 'a'),
        ("block-size", 'B'),
        ("bytes", 'b'),
        ("total", 'c'),
        ("max-depth", 'd'),
        ("human-readable", 'h'),
        ("summarize", 's'),
        ("separate-dirs", 'S'),
        ("one-file-system", 'x'),
        ("null", '0'),
        ("exclude", 'À'),
        ("apparent-size", 'Á'),
        ("time", 'Â'),
        ("inodes", 'Ã'),
        ("threshold", 't'),
    ],
    stops: false,
};

/// How deep folders are shown: `-d`, or `-s`.
///
/// # Errors
/// What is wrong with the two, said.
fn depth(options: &Options, gnu: bool, io: &mut Io<'_>) -> Result<usize, i32> {
    const MORE: &str = "Try 'du --help' for more information.";
    let given = options.value('d').map(|text| (text, text.parse()));
    let most = match given {
        Some((text, Err(_))) if gnu => {
            return Err(fail(io, format!("du: invalid maximum depth '{text}'\n{MORE}")));
        }
        Some((text, Err(_))) => return Err(fail(io, format!("du: invalid number '{text}'"))),
        Some((_, Ok(most))) => most,
        None => usize::MAX,
    };
    if !options.has('s') {
        return Ok(most);
    }
    match most {
        usize::MAX => {}
        0 if gnu => io.write_error("du: warning: summarizing is the same as using --max-depth=0"),
        most if gnu => {
            let what = format!("du: warning: summarizing conflicts with --max-depth={most}");
            return Err(fail(io, format!("{what}\n{MORE}")));
        }
        _ => {}
    }
    if options.has('a') && gnu {
        return Err(fail(io, format!("du: cannot both summarize and show all entries\n{MORE}")));
    }
    Ok(0)
}

pub(in crate::shell::commands) fn du(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = is_gnu(io);
    let grammar = if gnu { GNU } else { Grammar::short("du", "aHLbd:clsxhmk") };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let idle = [('L', "-L"), ('D', "-D"), ('S', "-S"), ('X', "-X")];
    if let Some(flag) = options.not_simulated(&idle) {
        return Some(fail(io, left_out("du", flag)));
    }
    let unit = match options.value('B').map(|text| unit("du", "-B", text)).transpose() {
        Ok(unit) => unit,
        Err(why) => return Some(fail(io, why)),
    };
    let threshold = match timed(&options).and_then(|()| threshold(&options)) {
        Ok(threshold) => threshold,
        Err(why) => return Some(fail(io, why)),
    };
    if options.has('Ã') && (options.has('b') || options.has('Á')) {
        let what = "options --apparent-size and -b are ineffective with --inodes";
        io.write_error(format!("du: warning: {what}"));
    }
    let most = match depth(&options, gnu, io) {
        Ok(most) => most,
        Err(status) => return Some(status),
    };
    let excluded = options.all('À').map(Pattern::new).collect();
    let du = Du { options: &options, gnu, most, excluded, unit, threshold };
    let here = [".".to_owned()];
    let paths = if options.operands.is_empty() { &here[..] } else { &options.operands };
    let (mut total, mut status) = (Held { size: 0, latest: Timestamp::UNIX_EPOCH }, 0);
    for path in paths {
        match du.walk(io, path, 0) {
            Ok(held) => total = total.and(held),
            Err(why) if gnu => status = fail(io, format!("du: cannot access '{path}': {why}")),
            Err(why) => status = fail(io, format!("du: {path}: {why}")),
        }
    }
    if options.has('c') {
        du.say(io, total, "total");
    }
    Some(status)
}

impl Held {
    fn and(self, other: Held) -> Held {
        Held { size: self.size + other.size, latest: self.latest.max(other.latest) }
    }
}

impl Du<'_> {
    /// What a path takes with all below it, which is said first.
    fn walk(&self, io: &mut Io<'_>, path: &str, depth: usize) -> Result<Held, String> {
        let facts = io.facts(path, false)?;
        let apparent = self.options.has('b') || self.options.has('Á');
        let size = match (self.options.has('Ã'), apparent) {
            (true, _) => 1,
            (_, true) => facts.size,
            _ => taken(&facts),
        };
        let mut held = Held { size, latest: facts.changed };
        if depth == 0 && self.excludes(path) {
            return Ok(Held { size: 0, ..held });
        }
        if facts.is_folder() {
            for name in io.list(path).unwrap_or_default() {
                let name = name.trim_end_matches('/');
                let below = format!("{}/{name}", path.trim_end_matches('/'));
                if !self.excludes(&below)
                    && let Ok(more) = self.walk(io, &below, depth + 1)
                {
                    held = held.and(more);
                }
            }
        }
        let shown = depth == 0 || facts.is_folder() || self.options.has('a');
        if shown && depth <= self.most {
            self.say(io, held, path);
        }
        Ok(held)
    }

    /// Whether a path, or what is behind one of its slashes, is left out (`--exclude`).
    fn excludes(&self, path: &str) -> bool {
        let behind = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
        let mut tails = std::iter::once(path).chain(behind);
        tails.any(|tail| self.excluded.iter().any(|pattern| pattern.matches(tail)))
    }

    fn say(&self, io: &mut Io<'_>, held: Held, name: &str) {
        let size = held.size;
        let fits = self.threshold.is_none_or(|(less, limit)| match less {
            true => size <= limit,
            false => size >= limit,
        });
        if !fits {
            return;
        }
        let unit = self.options.in_order().filter(|(letter, _)| "bkmhB".contains(*letter)).last();
        let text = match unit.map(|(letter, _)| letter) {
            Some('b') => size.to_string(),
            Some('h') if self.options.has('Ã') => human(size, 1024.0),
            _ if self.options.has('Ã') => size.to_string(),
            Some('B') => {
                let (unit, letter) = self.unit.clone().unwrap_or((1024, String::new()));
                format!("{}{letter}", size.div_ceil(unit))
            }
            Some('m') => size.div_ceil(1 << 20).to_string(),
            Some('h') if self.gnu => human(size, 1024.0),
            Some('h') => busybox_human(size),
            _ => size.div_ceil(1024).to_string(),
        };
        let moment = match self.options.has('Â') {
            true => {
                let moment = Moment::at(held.latest.as_second(), 0);
                moment.format("%Y-%m-%d %H:%M\t", true)
            }
            false => String::new(),
        };
        io.stdout.extend_from_slice(format!("{text}\t{moment}{name}").as_bytes());
        io.stdout.push(if self.options.has('0') { 0 } else { b'\n' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As coreutils 9.1 and BusyBox 1.36 write them.
    #[test]
    fn sizes_have_units() {
        assert_eq!(human(4096, 1024.0), "4.0K");
        assert_eq!(human(45_056, 1024.0), "44K");
        assert_eq!(human(2048, 1000.0), "2.1k");
        assert_eq!(human(0, 1024.0), "0");
        assert_eq!(busybox_human(45_056), "44.0K");
    }
}
