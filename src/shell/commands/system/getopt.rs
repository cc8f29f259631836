//! `getopt`: a command line in getopt's order, quoted for the shell (util-linux and BusyBox).

use crate::shell::Io;
use crate::shell::commands::is_gnu;
use crate::shell::commands::options::Grammar;

/// A long option that is looked for: its name, and what it takes.
type Long = (String, Takes);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    Perhaps,
}

impl Takes {
    /// What the colons behind an option's name mean.
    fn of(behind: &str) -> Takes {
        match (behind.starts_with("::"), behind.starts_with(':')) {
            (true, _) => Takes::Perhaps,
            (_, true) => Takes::Value,
            _ => Takes::Nothing,
        }
    }
}

/// A command line as it is read.
struct Reader<'a> {
    short: &'a str,
    long: Vec<Long>,
    /// Whether operands keep their place, end the options, or come last.
    order: Option<char>,
    /// `-a`: long options may have one dash.
    alternative: bool,
    /// Who complains.
    name: &'a str,
    options: Vec<String>,
    operands: Vec<String>,
    errors: Vec<String>,
    quoted: bool,
}

impl Reader<'_> {
    fn quote(&self, text: &str) -> String {
        match self.quoted {
            true => format!("'{}'", text.replace('\'', "'\\''")),
            false => text.to_owned(),
        }
    }

    fn complain(&mut self, what: String) {
        self.errors.push(format!("{}: {what}", self.name));
    }

    fn give(&mut self, option: String, value: Option<&str>) {
        self.options.push(option);
        if let Some(value) = value {
            self.options.push(self.quote(value));
        }
    }

    fn read(&mut self, words: &[String]) {
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if word == "--" {
                self.operands.extend(rest.cloned());
                return;
            }
            if let Some(long) = word.strip_prefix("--") {
                self.long(long, &mut rest);
            } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                match self.alternative && self.begins(letters) {
                    true => self.long(letters, &mut rest),
                    false => self.letters(letters, &mut rest),
                }
            } else if self.order == Some('-') {
                let quoted = self.quote(word);
                self.options.push(quoted);
            } else {
                self.operands.push(word.clone());
                if self.order == Some('+') {
                    self.operands.extend(rest.cloned());
                    return;
                }
            }
        }
    }

    fn begins(&self, text: &str) -> bool {
        let name = text.split('=').next().unwrap_or(text);
        self.long.iter().any(|(long, _)| long.starts_with(name))
    }

    fn long(&mut self, text: &str, rest: &mut std::slice::Iter<'_, String>) {
        let (name, value) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v)));
        let exact = self.long.iter().filter(|(long, _)| long == name).cloned();
        let near = self.long.iter().filter(|(long, _)| long.starts_with(name)).cloned();
        let mut found: Vec<Long> = exact.collect();
        if found.is_empty() {
            found = near.collect();
        }
        match (found.as_slice(), value) {
            ([], _) => self.complain(format!("unrecognized option '--{text}'")),
            ([(long, Takes::Nothing)], Some(_)) => {
                self.complain(format!("option '--{long}' doesn't allow an argument"));
            }
            ([(long, Takes::Nothing)], None) => self.give(format!("--{long}"), None),
            ([(long, Takes::Value)], None) => match rest.next() {
                Some(value) => self.give(format!("--{long}"), Some(value)),
                None => self.complain(format!("option '--{long}' requires an argument")),
            },
            ([(long, _)], value) => self.give(format!("--{long}"), Some(value.unwrap_or(""))),
            (all, _) => {
                let names: Vec<String> =
                    all.iter().map(|(long, _)| format!("'--{long}'")).collect();
                let names = names.join(" ");
                self.complain(format!("option '--{name}' is ambiguous; possibilities: {names}"));
            }
        }
    }

    fn letters(&mut self, letters: &str, rest: &mut std::slice::Iter<'_, String>) {
        for (at, letter) in letters.char_indices() {
            let glued = &letters[at + letter.len_utf8()..];
            let place = self.short.find(letter).filter(|_| letter != ':');
            let Some(place) = place else {
                self.complain(format!("invalid option -- '{letter}'"));
                continue;
            };
            match Takes::of(&self.short[place + letter.len_utf8()..]) {
                Takes::Nothing => self.give(format!("-{letter}"), None),
                Takes::Perhaps => return self.give(format!("-{letter}"), Some(glued)),
                Takes::Value if !glued.is_empty() => {
                    return self.give(format!("-{letter}"), Some(glued));
                }
                Takes::Value => {
                    return match rest.next() {
                        Some(value) => self.give(format!("-{letter}"), Some(value)),
                        None => self.complain(format!("option requires an argument -- '{letter}'")),
                    };
                }
            }
        }
    }

    /// The command line in order.
    fn line(&self) -> String {
        let mut line = String::new();
        for word in &self.options {
            line += &format!(" {word}");
        }
        line += " --";
        for word in &self.operands {
            line += &format!(" {}", self.quote(word));
        }
        line
    }
}

const GRAMMAR: Grammar = Grammar {
    name: "getopt",
    short: "ao:l:n:qQs:Tu",
    long: &[
        ("alternative", 'a'),
        ("longoptions", 'l'),
        ("name", 'n'),
        ("options", 'o'),
        ("quiet", 'q'),
        ("quiet-output", 'Q'),
        ("shell", 's'),
        ("test", 'T'),
        ("unquoted", 'u'),
    ],
    stops: true,
};

pub(in crate::shell::commands) fn getopt(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    // Without an option of its own the first word is the list, and nothing is quoted.
    let old = arguments.first().is_some_and(|first| !first.starts_with('-'));
    let grammar = if old { Grammar { short: "", long: &[], ..GRAMMAR } } else { GRAMMAR };
    let Some(options) = grammar.read(arguments, io) else { return Some(2) };
    if options.has('T') {
        return Some(4);
    }
    let mut words = options.operands.as_slice();
    let list = match (options.value('o'), words.split_first()) {
        (Some(list), _) => list.to_owned(),
        (None, Some((first, rest))) => {
            words = rest;
            first.clone()
        }
        (None, None) => {
            let gnu = is_gnu(io);
            let hint = if gnu { "\nTry 'getopt --help' for more information." } else { "" };
            io.write_error(format!("getopt: missing optstring argument{hint}"));
            return Some(if gnu { 2 } else { 1 });
        }
    };
    let long = options.all('l').flat_map(|names| names.split([',', ' ', '\t', '\n']));
    let long = long.filter(|name| !name.is_empty()).map(|name| {
        let bare = name.trim_end_matches(':');
        (bare.to_owned(), Takes::of(&name[bare.len()..]))
    });
    let mut reader = Reader {
        short: list.trim_start_matches(['+', '-']),
        long: long.collect(),
        order: list.chars().next().filter(|first| matches!(first, '+' | '-')),
        alternative: options.has('a'),
        name: options.value('n').unwrap_or("getopt"),
        options: Vec::new(),
        operands: Vec::new(),
        errors: Vec::new(),
        quoted: !old && !options.has('u'),
    };
    reader.read(words);
    if !options.has('q') {
        reader.errors.iter().for_each(|why| io.write_error(why));
    }
    if !options.has('Q') {
        io.say(reader.line());
    }
    Some(i32::from(!reader.errors.is_empty()))
}
