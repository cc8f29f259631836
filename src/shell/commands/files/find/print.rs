//! What `find` prints of a file: the lines of `-ls`, the formats of `-printf`.

use k8s_openapi::jiff::Timestamp;

use super::holds::{kind, size};
use super::walk::Found;
use crate::shell::Io;
use crate::shell::commands::conversion::{Spec, WIDEST};
use crate::shell::commands::moment::Moment;

/// `-ls`: a line as `ls -dils` has it. Numbers of inodes are nobody's here.
pub(super) fn listed(one: &Found, io: &Io<'_>) -> String {
    let Some(facts) = one.facts(io) else { return String::new() };
    let target = io.link_target(&one.path).map_or(String::new(), |target| format!(" -> {target}"));
    let (blocks, links) = (facts.size.div_ceil(4096) * 4, facts.names);
    let date = facts.changed.strftime("%b %e %H:%M");
    let (mode, owner, group, size) = (facts.mode_text(), &facts.owner, &facts.group, facts.size);
    let path = &one.path;
    format!(
        "{:>9} {blocks:>6} {mode} {links:>3} {owner:<8} {group:<8} {size:>8} {date} {path}{target}\n",
        1
    )
}

/// `-printf`: directives, each with flags and a width as in C, and the escapes that `find` itself reads.
pub(super) fn printed(format: &str, one: &Found, io: &mut Io<'_>) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '\\' => match escaped(&mut rest, io) {
                Some(text) => out += &text,
                None => break,
            },
            '%' => out += &directive(&mut rest, one, io),
            other => out.push(other),
        }
    }
    out
}

/// The letters of a format's directives.
pub(super) fn directives(format: &str) -> Vec<char> {
    let mut found = Vec::new();
    let mut letters = format.chars();
    while letters.by_ref().any(|letter| letter == '%') {
        let part = |letter: &char| letter.is_ascii_digit() || "-+ #.".contains(*letter);
        found.extend(letters.by_ref().find(|letter| !part(letter)));
    }
    found
}

/// What stands behind a backslash; `None` ends all output (`\c`).
fn escaped(rest: &mut &str, io: &mut Io<'_>) -> Option<String> {
    let digits = rest.bytes().take(3).take_while(|one| (b'0'..b'8').contains(one)).count();
    if digits > 0 {
        let code = u32::from_str_radix(&rest[..digits], 8).unwrap_or(0);
        *rest = &rest[digits..];
        return Some(char::from_u32(code & 0xff).map_or(String::new(), String::from));
    }
    let Some(letter) = rest.chars().next() else { return Some("\\".to_owned()) };
    *rest = &rest[letter.len_utf8()..];
    Some(match letter {
        'a' => "\x07".to_owned(),
        'b' => "\x08".to_owned(),
        'f' => "\x0c".to_owned(),
        'n' => "\n".to_owned(),
        'r' => "\r".to_owned(),
        't' => "\t".to_owned(),
        'v' => "\x0b".to_owned(),
        '\\' => "\\".to_owned(),
        'c' => return None,
        other => {
            io.write_error(format!("find: warning: unrecognized escape `\\{other}'"));
            format!("\\{other}")
        }
    })
}

/// A directive behind its percent sign.
fn directive(rest: &mut &str, one: &Found, io: &mut Io<'_>) -> String {
    let mut spec = Spec::default();
    let head = |text: &str| text.chars().next();
    while let Some(flag) = head(rest).filter(|letter| "-+ 0#".contains(*letter)) {
        spec.flag(flag);
        *rest = &rest[1..];
    }
    while let Some(digit) = head(rest).and_then(|letter| letter.to_digit(10)) {
        spec.width = (spec.width * 10 + digit as usize).min(WIDEST);
        *rest = &rest[1..];
    }
    if let Some(more) = rest.strip_prefix('.') {
        let digits = more.len() - more.trim_start_matches(|one: char| one.is_ascii_digit()).len();
        spec.precision = more[..digits].parse().ok();
        *rest = &more[digits..];
    }
    let Some(letter) = head(rest) else { return "%".to_owned() };
    *rest = &rest[letter.len_utf8()..];
    if matches!(letter, 'A' | 'B' | 'C' | 'T') {
        let Some(part) = head(rest) else { return format!("%{letter}") };
        *rest = &rest[part.len_utf8()..];
        let changed = one.facts(io).map(|facts| facts.changed);
        return changed.map_or(String::new(), |at| spec.pad(&dated(at, part), false));
    }
    let number = matches!(letter, 's' | 'd' | 'm' | 'n' | 'k' | 'b' | 'i');
    match named_value(letter, one, io) {
        Some(value) if letter == 'm' && spec.alternate => spec.pad(&format!("0{value}"), number),
        Some(value) => match spec.precision.filter(|_| !number) {
            Some(most) => spec.pad(&value.chars().take(most).collect::<String>(), false),
            None => spec.pad(&value, number),
        },
        // That it is none has been told before.
        None => format!("%{letter}"),
    }
}

/// `%Tk`: a part of a moment, of which seconds have ten digits behind the point.
fn dated(at: Timestamp, part: char) -> String {
    let moment = Moment::at(at.as_second(), at.subsec_nanosecond().unsigned_abs());
    let parts = format!(".{:09}0", at.subsec_nanosecond());
    match part {
        '@' => format!("{}{parts}", at.as_second()),
        'S' => moment.format("%S", true) + &parts,
        'T' | 'X' => moment.format("%H:%M:%S", true) + &parts,
        '+' => moment.format("%Y-%m-%d+%H:%M:%S", true) + &parts,
        letter => moment.format(&format!("%{letter}"), true),
    }
}

/// What a letter stands for; `None` for one that there is not.
fn named_value(letter: char, one: &Found, io: &Io<'_>) -> Option<String> {
    let facts = || one.facts(io);
    let id = |file: &str, name: &str| super::super::rights::number_of(io, file, name);
    let below = || one.path.strip_prefix(&one.root).unwrap_or("").trim_start_matches('/');
    Some(match letter {
        'p' => one.path.clone(),
        'f' => one.name().to_owned(),
        'h' => one.path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned(),
        'P' => below().to_owned(),
        'H' => one.root.clone(),
        's' => size(one, io).to_string(),
        'd' => one.depth.to_string(),
        'y' => kind(one.facts(io)).to_string(),
        'Y' => kind(one.seen(io, true)).to_string(),
        'm' => format!("{:o}", facts().map_or(0, |facts| facts.mode)),
        'M' => facts()?.mode_text(),
        'u' => facts()?.owner,
        'g' => facts()?.group,
        'U' => id("/etc/passwd", &facts()?.owner),
        'G' => id("/etc/group", &facts()?.group),
        'n' => facts()?.names.to_string(),
        'i' => facts()?.inode.to_string(),
        'k' => (super::super::disk::taken(&facts()?) / 1024).to_string(),
        'b' => (super::super::disk::taken(&facts()?) / 512).to_string(),
        'l' => io.link_target(&one.path).unwrap_or_default(),
        't' | 'a' | 'c' => {
            let changed = facts()?.changed;
            let parts = changed.subsec_nanosecond();
            let (day, year) = (changed.strftime("%a %b %e %H:%M:%S"), changed.strftime("%Y"));
            format!("{day}.{parts:09}0 {year}")
        }
        '%' => "%".to_owned(),
        _ => return None,
    })
}
