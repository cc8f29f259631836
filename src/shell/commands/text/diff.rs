//! `diff`: the lines that two files don't share.

use super::lines::cannot_open;
use crate::diagnostic::{Edit, edits};
use crate::shell::Io;
use crate::shell::commands::options::Grammar;

/// Beyond this many pairs of lines the middle is shown as wholly different.
const MOST: usize = 4_000_000;

/// How many lines of a unified diff are shown around a change.
const CONTEXT: usize = 3;

/// One line of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'t> {
    Same(&'t str),
    Old(&'t str),
    New(&'t str),
}

pub(in crate::shell::commands) fn diff(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar = Grammar {
        name: "diff",
        short: "uqrNwbiU:",
        long: &[("unified", 'u'), ("brief", 'q')],
        stops: false,
    };
    let options = match GRAMMAR.read(arguments, io) {
        Some(options) => options,
        None => return Some(2),
    };
    let [old_name, new_name] = options.operands.as_slice() else {
        io.write_error("diff: missing operand\ndiff: Try 'diff --help' for more information.");
        return Some(2);
    };
    if [old_name, new_name].iter().any(|name| *name == "-") && !io.stdin.ended() {
        return None;
    }
    let mut texts = Vec::new();
    for name in [old_name, new_name] {
        let content = match name.as_str() {
            "-" => Ok(io.read_all().unwrap_or_default()),
            _ => io.read_file(name),
        };
        match content {
            Ok(bytes) => texts.push(String::from_utf8_lossy(&bytes).into_owned()),
            Err(why) => {
                cannot_open(io, "diff", name, &why);
                return Some(2);
            }
        }
    }
    let (old, new): (Vec<&str>, Vec<&str>) =
        (texts[0].lines().collect(), texts[1].lines().collect());
    if old == new {
        return Some(0);
    }
    if options.has('q') {
        io.say(format!("Files {old_name} and {new_name} differ"));
        return Some(1);
    }
    let lines = compare(&old, &new);
    match options.has('u') || options.has('U') {
        true => unified(io, old_name, new_name, &lines),
        false => normal(io, &lines),
    }
    Some(1)
}

/// The longest common subsequence, by the textbook's table, between what both share at the ends.
fn compare<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count();
    let (a, b) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let mut lines: Vec<Line<'t>> = old[..head].iter().map(|line| Line::Same(line)).collect();
    if a.len().saturating_mul(b.len()) > MOST {
        lines.extend(a.iter().map(|line| Line::Old(line)));
        lines.extend(b.iter().map(|line| Line::New(line)));
    } else {
        middle(a, b, &mut lines);
    }
    lines.extend(old[old.len() - tail..].iter().map(|line| Line::Same(line)));
    lines
}

fn middle<'t>(a: &[&'t str], b: &[&'t str], lines: &mut Vec<Line<'t>>) {
    let (mut i, mut j) = (0, 0);
    for edit in edits(a, b) {
        lines.push(match edit {
            Edit::Same => Line::Same(a[i]),
            Edit::Removed => Line::Old(a[i]),
            Edit::Added => Line::New(b[j]),
        });
        i += usize::from(edit != Edit::Added);
        j += usize::from(edit != Edit::Removed);
    }
}

fn normal(io: &mut Io<'_>, lines: &[Line<'_>]) {
    let (mut old, mut new) = (0, 0);
    let mut at = 0;
    while at < lines.len() {
        if let Line::Same(_) = lines[at] {
            (old, new, at) = (old + 1, new + 1, at + 1);
            continue;
        }
        let changed = lines[at..].iter().take_while(|line| !matches!(line, Line::Same(_))).count();
        let block = &lines[at..at + changed];
        let removed: Vec<&str> = block
            .iter()
            .filter_map(|line| if let Line::Old(text) = line { Some(*text) } else { None })
            .collect();
        let added: Vec<&str> = block
            .iter()
            .filter_map(|line| if let Line::New(text) = line { Some(*text) } else { None })
            .collect();
        let range = |start: usize, count: usize| match count {
            0 => start.to_string(),
            1 => (start + 1).to_string(),
            _ => format!("{},{}", start + 1, start + count),
        };
        let mark = match (removed.is_empty(), added.is_empty()) {
            (true, _) => 'a',
            (_, true) => 'd',
            _ => 'c',
        };
        io.say(format!("{}{mark}{}", range(old, removed.len()), range(new, added.len())));
        for line in &removed {
            io.say(format!("< {line}"));
        }
        if mark == 'c' {
            io.say("---");
        }
        for line in &added {
            io.say(format!("> {line}"));
        }
        (old, new, at) = (old + removed.len(), new + added.len(), at + changed);
    }
}

fn unified(io: &mut Io<'_>, old_name: &str, new_name: &str, lines: &[Line<'_>]) {
    let stamp = io.now().whole_seconds().to_string().replace('T', " ").replace('Z', "");
    io.say(format!("--- {old_name}\t{stamp}.000000000 +0000"));
    io.say(format!("+++ {new_name}\t{stamp}.000000000 +0000"));
    io.stdout.extend_from_slice(hunks(lines).as_bytes());
}

/// The hunks of `diff -u` between two texts, without the files' names; nothing when their lines are
/// the same.
pub(in crate::shell::commands) fn unified_hunks(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    hunks(&compare(&old, &new))
}

fn hunks(lines: &[Line<'_>]) -> String {
    let mut told = String::new();

    let changed: Vec<usize> =
        (0..lines.len()).filter(|at| !matches!(lines[*at], Line::Same(_))).collect();
    let mut hunks: Vec<(usize, usize)> = Vec::new();
    for at in changed {
        let (from, to) = (at.saturating_sub(CONTEXT), (at + CONTEXT + 1).min(lines.len()));
        match hunks.last_mut() {
            Some((_, end)) if from <= *end => *end = to,
            _ => hunks.push((from, to)),
        }
    }
    for (from, to) in hunks {
        let count = |part: &[Line<'_>], new: bool| {
            part.iter()
                .filter(|line| match line {
                    Line::Same(_) => true,
                    Line::Old(_) => !new,
                    Line::New(_) => new,
                })
                .count()
        };
        let range = |new: bool| {
            let (start, length) = (count(&lines[..from], new), count(&lines[from..to], new));
            match length {
                0 => format!("{start},0"),
                1 => format!("{}", start + 1),
                _ => format!("{},{length}", start + 1),
            }
        };
        told += &format!("@@ -{} +{} @@\n", range(false), range(true));
        for line in &lines[from..to] {
            told += &match line {
                Line::Same(text) => format!(" {text}\n"),
                Line::Old(text) => format!("-{text}\n"),
                Line::New(text) => format!("+{text}\n"),
            };
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_keeps_what_both_share() {
        assert_eq!(
            compare(&["a", "b", "c", "d"], &["a", "x", "c", "d", "e"]),
            [
                Line::Same("a"),
                Line::Old("b"),
                Line::New("x"),
                Line::Same("c"),
                Line::Same("d"),
                Line::New("e")
            ]
        );
    }

    #[test]
    fn a_hunk_has_three_lines_around_a_change() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\nE\nf\ng\nh\n";
        assert_eq!(unified_hunks(old, new), "@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n");
        assert_eq!(unified_hunks(old, old), "");
        assert_eq!(unified_hunks("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
    }
}
