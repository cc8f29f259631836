//! `uniq`, GNU's and BusyBox'.

use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::{Grammar, Options, matched};

const GRAMMAR: Grammar = Grammar {
    name: "uniq",
    short: "cdiuDzf:s:w:g;a;",
    long: &[
        ("count", 'c'),
        ("repeated", 'd'),
        ("all-repeated", 'a'),
        ("ignore-case", 'i'),
        ("unique", 'u'),
        ("skip-fields", 'f'),
        ("skip-chars", 's'),
        ("check-chars", 'w'),
        ("zero-terminated", 'z'),
        ("group", 'g'),
    ],
    stops: false,
};

/// The part of a line that is compared.
struct Compared {
    fields: usize,
    characters: usize,
    most: usize,
    fold: bool,
}

impl Compared {
    fn part(&self, line: &str) -> String {
        let mut rest = line;
        for _ in 0..self.fields {
            if rest.is_empty() {
                break;
            }
            rest = rest.trim_start_matches([' ', '\t']);
            rest = &rest[rest.find([' ', '\t']).unwrap_or(rest.len())..];
        }
        let part: String = rest.chars().skip(self.characters).take(self.most).collect();
        if self.fold { part.to_lowercase() } else { part }
    }
}

fn number(options: &Options, letter: char, what: &str, gnu: bool) -> Result<Option<usize>, String> {
    let Some(text) = options.value(letter) else { return Ok(None) };
    // GNU's uniq takes what does not fit for the largest number there is.
    if gnu
        && text.parse::<usize>().is_err()
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
    {
        return Ok(Some(usize::MAX));
    }
    text.parse().map(Some).map_err(|_| match gnu {
        true => format!("uniq: {text}: invalid number of {what}"),
        false => format!("uniq: invalid number '{text}'"),
    })
}

/// GNU's uniq still takes `-2` for `-f2`, and `+2` for `-s2`.
fn modern(word: &str, gnu: bool) -> String {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match (word.strip_prefix('-'), word.strip_prefix('+')) {
        (Some(count), _) if gnu && digits(count) => format!("-f{count}"),
        (_, Some(count)) if gnu && digits(count) => format!("-s{count}"),
        _ => word.to_owned(),
    }
}

pub(in crate::shell::commands) fn uniq(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = is_gnu(io);
    let grammar = if gnu { GRAMMAR } else { Grammar::short("uniq", "cduif:s:w:z") };
    // What is an option's value stays as it is.
    let value = |at: usize| at > 0 && matches!(arguments[at - 1].as_str(), "-f" | "-s" | "-w");
    let modern: Vec<String> =
        arguments.iter().enumerate().map(|(at, word)| modern(word, gnu && !value(at))).collect();
    let Some(options) = grammar.read(&modern, io) else { return Some(1) };
    match run(&options, io, gnu) {
        Ok(done) => done,
        Err(message) => {
            io.write_error(message);
            Some(1)
        }
    }
}

fn run(options: &Options, io: &mut Io<'_>, gnu: bool) -> Result<Option<i32>, String> {
    const ALL: &[(&[&str], ())] = &[(&["none"], ()), (&["prepend"], ()), (&["separate"], ())];
    if let Some(word) = options.value('a').filter(|word| !word.is_empty()) {
        matched("uniq", "--all-repeated", word, ALL)?;
    }
    const GROUPS: &[(&[&str], ())] =
        &[(&["prepend"], ()), (&["append"], ()), (&["separate"], ()), (&["both"], ())];
    if let Some(word) = options.value('g').filter(|word| !word.is_empty()) {
        matched("uniq", "--group", word, GROUPS)?;
    }
    let grouped = options.has('g');
    let told = match gnu {
        true if grouped && ['c', 'd', 'D', 'u', 'a'].iter().any(|one| options.has(*one)) => {
            Some("--group is mutually exclusive with -c/-d/-D/-u")
        }
        true if options.has('c') && (options.has('D') || options.has('a')) => {
            Some("printing all duplicated lines and repeat counts is meaningless")
        }
        _ => None,
    };
    if let Some(told) = told {
        return Err(format!("uniq: {told}\nTry 'uniq --help' for more information."));
    }
    let compared = Compared {
        fields: number(options, 'f', "fields to skip", gnu)?.unwrap_or(0),
        characters: number(options, 's', "bytes to skip", gnu)?.unwrap_or(0),
        most: number(options, 'w', "bytes to compare", gnu)?.unwrap_or(usize::MAX),
        fold: options.has('i'),
    };
    let extra = options.operands.get(2);
    if let Some(extra) = extra.filter(|_| gnu) {
        let hint = "Try 'uniq --help' for more information.";
        return Err(format!("uniq: extra operand '{extra}'\n{hint}"));
    }
    let bytes = match options.operands.first().map(String::as_str) {
        None | Some("-") => match io.read_all() {
            Some(bytes) => bytes,
            None => return Ok(None),
        },
        Some(file) => match io.read_file(file) {
            Ok(bytes) => bytes,
            Err(why) if gnu && io.is_directory(file) => {
                return Err(format!("uniq: error reading '{file}': {why}"));
            }
            Err(why) if gnu => return Err(format!("uniq: {file}: {why}")),
            Err(why) => return Err(format!("uniq: can't open '{file}': {why}")),
        },
    };
    // BusyBox counts its operands when it has opened the first.
    if extra.is_some() {
        return Err(crate::shell::commands::busybox_usage("uniq"));
    }
    let text = String::from_utf8_lossy(&bytes);
    let end = if options.has('z') { '\0' } else { '\n' };
    // BusyBox reads lines all the same.
    let lines: Vec<&str> = text.split_terminator(if gnu { end } else { '\n' }).collect();
    let out = printed(options, &compared, &lines, end)?;
    match options.operands.get(1).filter(|file| *file != "-") {
        None => io.stdout.extend_from_slice(out.as_bytes()),
        Some(file) => {
            io.write_file(file, out.as_bytes()).map_err(|why| format!("uniq: {file}: {why}"))?;
        }
    }
    Ok(Some(0))
}

fn printed(
    options: &Options,
    compared: &Compared,
    lines: &[&str],
    end: char,
) -> Result<String, String> {
    let mut groups: Vec<Vec<&str>> = Vec::new();
    let mut last = None;
    for line in lines {
        let part = compared.part(line);
        match groups.last_mut().filter(|_| last.as_ref() == Some(&part)) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
        last = Some(part);
    }
    let mut out = String::new();
    let mut put = |text: &str| {
        out.push_str(text);
        out.push(end);
    };
    let all = options.has('D') || options.has('a');
    if options.has('g') || all {
        let how = options.value('g').or(options.value('a')).unwrap_or("");
        let how = if how.is_empty() && options.has('g') { "separate" } else { how };
        let shown = groups.iter().filter(|group| !all || group.len() > 1).enumerate();
        let count = shown.clone().count();
        for (at, group) in shown {
            if matches!(how, "prepend" | "both") || how == "separate" && at > 0 {
                put("");
            }
            group.iter().for_each(|line| put(line));
            if how == "append" || how == "both" && at + 1 == count {
                put("");
            }
        }
        return Ok(out);
    }
    for group in &groups {
        let repeated = group.len() > 1;
        if options.has('d') && !repeated || options.has('u') && repeated {
            continue;
        }
        match options.has('c') {
            true => put(&format!("{:>7} {}", group.len(), group[0])),
            false => put(group[0]),
        }
    }
    Ok(out)
}
