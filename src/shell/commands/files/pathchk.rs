//! `pathchk`: whether names of files are sound, here or on any system (`pathchk.c`).

use super::messages::need;
use crate::shell::Io;
use crate::shell::commands::options::Grammar;

/// How long a path and a part of it may be: of every system of POSIX, and here.
const PORTABLE: (usize, usize) = (255, 14);
const HERE: (usize, usize) = (4095, 255);

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/";

pub(in crate::shell::commands) fn pathchk(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    const GRAMMAR: Grammar =
        Grammar { name: "pathchk", short: "pPÀ", long: &[("portability", 'À')], stops: false };
    let Some(options) = GRAMMAR.read(arguments, io) else { return Some(1) };
    if !need(io, &options, "pathchk", "missing operand") {
        return Some(1);
    }
    let strict = options.has('À');
    let (basic, extra) = (options.has('p') || strict, options.has('P') || strict);
    let mut status = 0;
    for name in &options.operands {
        if let Some(why) = unsound(io, name, basic, extra) {
            io.write_error(format!("pathchk: {why}"));
            status = 1;
        }
    }
    Some(status)
}

/// What is wrong with a name.
fn unsound(io: &Io<'_>, name: &str, basic: bool, extra: bool) -> Option<String> {
    if extra && name.split('/').any(|part| part.starts_with('-')) {
        return Some(format!("leading '-' in a component of file name '{name}'"));
    }
    if (basic || extra) && name.is_empty() {
        return Some("empty file name".to_owned());
    }
    let (path, part) = if basic { PORTABLE } else { HERE };
    let longest = name.split('/').find(|one| one.len() > part);
    if basic {
        if let Some(letter) = name.chars().find(|letter| !LETTERS.contains(*letter)) {
            return Some(format!("nonportable character '{letter}' in file name '{name}'"));
        }
    } else if longest.is_some() || name.len() > path {
        return Some(format!("{name}: File name too long"));
    } else {
        let why = io.facts(name, false).err();
        let why = why.filter(|why| why != "No such file or directory" || name.is_empty());
        return why.map(|why| format!("{}: {why}", if name.is_empty() { "''" } else { name }));
    }
    let told = |most: usize, length: usize, what: &str, text: &str| {
        format!("limit {most} exceeded by length {length} of file name {what}'{text}'")
    };
    match longest {
        _ if name.len() > path => Some(told(path, name.len(), "", name)),
        Some(one) => Some(told(part, one.len(), "component ", one)),
        None => None,
    }
}
