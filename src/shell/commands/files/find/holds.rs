//! Whether a test of `find` holds for a file.

use super::expression::Test;
use super::walk::Found;
use crate::shell::Io;
use crate::shell::file_facts::Facts;
use crate::shell::pattern::Pattern;

/// How a count is compared: `+N` is more, `-N` less.
fn compares<N: Ord>(sign: char, value: N, count: N) -> bool {
    match sign {
        '+' => value > count,
        '-' => value < count,
        _ => value == count,
    }
}

/// What a test that does nothing comes to; `None` for all others.
pub(super) fn fits(test: &Test, one: &Found, io: &mut Io<'_>) -> Option<bool> {
    let folded = |pattern: &Pattern, text: &str, fold: bool| match fold {
        true => pattern.matches(&text.to_lowercase()),
        false => pattern.matches(text),
    };
    let has = |holds: &dyn Fn(Facts) -> bool| one.facts(io).is_some_and(holds);
    Some(match test {
        Test::Name(pattern, fold) => folded(pattern, one.name(), *fold),
        Test::Path(pattern, fold) => folded(pattern, &one.path, *fold),
        Test::Target(pattern, fold) => {
            io.link_target(&one.path).is_some_and(|target| folded(pattern, &target, *fold))
        }
        Test::Regex(regex) => {
            let found = regex.is_match(&one.path);
            io.budget.take(regex.work());
            found
        }
        Test::Type(letters) => letters.contains(&kind(one.facts(io))),
        Test::OtherType(letters) => letters.contains(&kind(one.seen(io, !one.follow))),
        Test::Size(sign, count, 0) => compares(*sign, size(one, io), *count),
        Test::Size(sign, count, unit) => compares(*sign, size(one, io).div_ceil(*unit), *count),
        Test::Right(bits) => has(&|facts| facts.mode & bits != 0),
        Test::Newer(moment) => has(&|facts| facts.changed > *moment),
        Test::Age(sign, count, unit, base) => has(&|facts| {
            let now = base.unwrap_or_else(|| io.now().timestamp().as_second());
            let age = now - facts.changed.as_second();
            // Minutes are rounded up, days down (`get_comp_type` and `pred_timewindow`).
            let rounds_up = *unit == 60;
            compares(*sign, (age + if rounds_up { 59 } else { 0 }).div_euclid(*unit), *count)
        }),
        Test::NoOwner | Test::False => false,
        Test::Names(sign, count) => has(&|facts| compares(*sign, facts.names as u64, *count)),
        Test::Inode(sign, number) => has(&|facts| compares(*sign, facts.inode.into(), *number)),
        Test::Same(path) => {
            io.cluster.follow(io.place, &io.absolute(&one.path), one.follow) == path.as_str()
        }
        Test::Owner(name) => has(&|facts| facts.owner == *name),
        Test::Group(name) => has(&|facts| facts.group == *name),
        Test::Mode(sign, bits) => {
            let mode = one.facts(io).map_or(0, |facts| facts.mode);
            match sign {
                '-' => mode & bits == *bits,
                '/' => *bits == 0 || mode & bits != 0,
                _ => mode == *bits,
            }
        }
        Test::Empty if one.folder => io.list(&one.path).is_ok_and(|names| names.is_empty()),
        Test::Empty => size(one, io) == 0,
        Test::True => true,
        _ => return None,
    })
}

pub(super) fn size(one: &Found, io: &Io<'_>) -> u64 {
    one.facts(io).map_or(0, |facts| facts.size as u64)
}

/// The letter of `-type`.
pub(super) fn kind(facts: Option<Facts>) -> char {
    match facts.map(|facts| facts.letter()) {
        None | Some('-') => 'f',
        Some(letter) => letter,
    }
}
