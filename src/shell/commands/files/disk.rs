//! `du`: how much files take on the disk, in blocks of 4096 bytes.

use super::change::is_gnu;
use super::space::{busybox_human, human};
use crate::shell::Io;
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;
use crate::shell::file_facts::{Facts, Kind};
use crate::shell::machine::pattern::Pattern;

/// What a block holds.
const BLOCK: usize = 4096;

/// The bytes that a file takes on the disk.
pub(super) fn taken(facts: &Facts) -> usize {
    match facts.kind {
        Kind::File | Kind::Folder => facts.size.next_multiple_of(BLOCK),
        Kind::Device | Kind::Link(_) => 0,
    }
}

struct Du<'a> {
    options: &'a Options,
    gnu: bool,
    /// How deep what is shown may lie.
    most: usize,
    excluded: Vec<Pattern>,
}

pub(in crate::shell::commands) fn du(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GNU: Grammar = Grammar {
        name: "du",
        short: "abB:cd:DhHklLmPsSxX:0t:À:Á",
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
        ],
        stops: false,
    };
    let gnu = is_gnu(io);
    let grammar = if gnu { GNU } else { Grammar::short("du", "aHLd:clsxhmk") };
    let Some(options) = grammar.read(arguments, io) else { return Some(1) };
    let idle = [('L', "-L"), ('D', "-D"), ('S', "-S"), ('X', "-X"), ('t', "-t"), ('B', "-B")];
    if let Some(flag) = options.not_simulated(&idle) {
        io.write_error(left_out("du", flag));
        return Some(1);
    }
    let most = match options.value('d').map(str::parse) {
        Some(Err(_)) => {
            let text = options.value('d').unwrap_or("");
            io.write_error(match gnu {
                true => format!(
                    "du: invalid maximum depth '{text}'\nTry 'du --help' for more information."
                ),
                false => format!("du: invalid number '{text}'"),
            });
            return Some(1);
        }
        Some(Ok(most)) => most,
        None => usize::MAX,
    };
    if options.has('s') && gnu && most != usize::MAX {
        let (what, ends) = match most {
            0 => ("is the same as using --max-depth=0".to_owned(), false),
            most => (format!("conflicts with --max-depth={most}"), true),
        };
        io.write_error(format!("du: warning: summarizing {what}"));
        if ends {
            io.write_error("Try 'du --help' for more information.");
            return Some(1);
        }
    }
    if options.has('s') && options.has('a') && gnu {
        io.write_error(
            "du: cannot both summarize and show all entries\nTry 'du --help' for more information.",
        );
        return Some(1);
    }
    let du = Du {
        options: &options,
        gnu,
        most: if options.has('s') { 0 } else { most },
        excluded: options.all('À').map(Pattern::new).collect(),
    };
    let here = [".".to_owned()];
    let paths = if options.operands.is_empty() { &here[..] } else { &options.operands };
    let (mut total, mut status) = (0, 0);
    for path in paths {
        match du.walk(io, path, 0) {
            Ok(size) => total += size,
            Err(why) => {
                status = 1;
                io.write_error(match gnu {
                    true => format!("du: cannot access '{path}': {why}"),
                    false => format!("du: {path}: {why}"),
                });
            }
        }
    }
    if options.has('c') {
        du.say(io, total, "total");
    }
    Some(status)
}

impl Du<'_> {
    /// What a path takes with all below it, which is said first.
    fn walk(&self, io: &mut Io<'_>, path: &str, depth: usize) -> Result<usize, String> {
        let facts = io.facts(path, false)?;
        let apparent = self.options.has('b') || self.options.has('Á');
        let mut size = if apparent { facts.size } else { taken(&facts) };
        if facts.is_folder() {
            for name in io.list(path).unwrap_or_default() {
                let name = name.trim_end_matches('/');
                if !self.excluded.iter().any(|pattern| pattern.matches(name)) {
                    let below = format!("{}/{name}", path.trim_end_matches('/'));
                    size += self.walk(io, &below, depth + 1).unwrap_or(0);
                }
            }
        }
        let shown = depth == 0 || facts.is_folder() || self.options.has('a');
        if shown && depth <= self.most {
            self.say(io, size, path);
        }
        Ok(size)
    }

    fn say(&self, io: &mut Io<'_>, size: usize, name: &str) {
        let unit = self.options.in_order().filter(|(letter, _)| "bkmh".contains(*letter)).last();
        let text = match unit.map(|(letter, _)| letter) {
            Some('b') => size.to_string(),
            Some('m') => size.div_ceil(1 << 20).to_string(),
            Some('h') if self.gnu => human(size, 1024.0),
            Some('h') => busybox_human(size),
            _ => size.div_ceil(1024).to_string(),
        };
        io.stdout.extend_from_slice(format!("{text}\t{name}").as_bytes());
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
