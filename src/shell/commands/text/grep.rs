//! `grep`.

use std::collections::VecDeque;

use super::lines::{Filter, cannot_open, filter};
use super::regex::{Syntax, compile};
use crate::cluster::Flavour;
use crate::shell::commands::options::Grammar;
use crate::shell::commands::{Setting, failed};
use crate::shell::files::View;
use crate::shell::{Io, Step, Tool};

const GRAMMAR: Grammar = Grammar {
    name: "grep",
    short: "EFGPivcnoqwxrRlLhHse:f:A:B:C:m:az",
    long: &[
        ("extended-regexp", 'E'),
        ("fixed-strings", 'F'),
        ("ignore-case", 'i'),
        ("invert-match", 'v'),
        ("count", 'c'),
        ("line-number", 'n'),
        ("only-matching", 'o'),
        ("quiet", 'q'),
        ("silent", 'q'),
        ("word-regexp", 'w'),
        ("line-regexp", 'x'),
        ("recursive", 'r'),
        ("files-with-matches", 'l'),
        ("files-without-match", 'L'),
        ("no-filename", 'h'),
        ("with-filename", 'H'),
        ("no-messages", 's'),
        ("regexp", 'e'),
        ("after-context", 'A'),
        ("before-context", 'B'),
        ("context", 'C'),
        ("max-count", 'm'),
        ("color", 'a'),
        ("colour", 'a'),
        ("line-buffered", 'z'),
    ],
    stops: false,
};

#[derive(Clone)]
struct Grep {
    patterns: Vec<regex::Regex>,
    invert: bool,
    count: bool,
    numbers: bool,
    only: bool,
    quiet: bool,
    list: Option<bool>,
    silent: bool,
    names: bool,
    before: usize,
    after: usize,
    most: Option<usize>,
    // What is known of the present file.
    name: String,
    line: usize,
    found: usize,
    earlier: VecDeque<(usize, String)>,
    /// How many lines after a match are still to be shown.
    follow: usize,
    /// The number of the line that was shown last.
    shown: Option<usize>,
    any: bool,
}

impl Grep {
    fn print(&mut self, io: &mut Io<'_>, number: usize, line: &str, mark: char) {
        if let Some(shown) = self.shown
            && number > shown + 1
            && (self.before > 0 || self.after > 0)
        {
            io.say("--");
        }
        self.shown = Some(number);
        let mut text = String::new();
        if self.names {
            let name = if self.name == "-" { "(standard input)" } else { &self.name };
            text += &format!("{name}{mark}");
        }
        if self.numbers {
            text += &format!("{number}{mark}");
        }
        io.say(text + line);
    }

    fn matches(&self, line: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_match(line)) != self.invert
    }

    fn select(&mut self, line: &str, io: &mut Io<'_>) {
        if self.count || self.list.is_some() {
            return;
        }
        let number = self.line;
        if self.only {
            if !self.invert {
                let mut pieces: Vec<(usize, String)> = Vec::new();
                for pattern in &self.patterns {
                    let found = pattern.find_iter(line).filter(|found| !found.is_empty());
                    pieces.extend(found.map(|found| (found.start(), found.as_str().to_owned())));
                }
                pieces.sort();
                pieces.dedup();
                for (_, piece) in pieces {
                    self.print(io, number, &piece, ':');
                }
            }
            return;
        }
        for (number, line) in std::mem::take(&mut self.earlier) {
            self.print(io, number, &line, '-');
        }
        self.print(io, number, line, ':');
        self.follow = self.after;
    }
}

impl Filter for Grep {
    fn file(&mut self, name: &str, _: &mut Io<'_>) {
        name.clone_into(&mut self.name);
        (self.line, self.found, self.follow, self.shown) = (0, 0, 0, None);
        self.earlier.clear();
    }

    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32> {
        self.line += 1;
        let enough = self.most.is_some_and(|most| self.found >= most);
        if !enough && self.matches(line) {
            self.any = true;
            self.found += 1;
            if self.quiet {
                return Some(0);
            }
            self.select(line, io);
        } else if self.follow > 0 {
            self.follow -= 1;
            let number = self.line;
            self.print(io, number, line, '-');
        } else if self.before > 0 {
            self.earlier.push_back((self.line, line.to_owned()));
            if self.earlier.len() > self.before {
                self.earlier.pop_front();
            }
        }
        None
    }

    fn file_end(&mut self, io: &mut Io<'_>) {
        let name = if self.name == "-" { "(standard input)" } else { &self.name };
        if let Some(wanted) = self.list {
            if (self.found > 0) == wanted {
                io.say(name);
            }
        } else if self.count && !self.quiet {
            let prefix = if self.names { format!("{name}:") } else { String::new() };
            io.say(format!("{prefix}{}", self.found));
        }
    }

    fn end(&mut self, _: &mut Io<'_>, failed: bool) -> i32 {
        match failed {
            true => 2,
            false => i32::from(!self.any),
        }
    }

    fn missing(&self, io: &mut Io<'_>, file: &str, why: &str) {
        if !self.silent {
            cannot_open(io, "grep", file, why);
        }
    }
}

/// `grep -r`: finds its files when it starts.
#[derive(Clone)]
struct Recursive {
    grep: Grep,
    folders: Vec<String>,
    inner: Option<Box<dyn Tool>>,
}

impl Tool for Recursive {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            let mut files = Vec::new();
            for folder in &self.folders {
                let path = io.absolute(folder);
                if !io.is_directory(folder) {
                    files.push(folder.clone());
                    continue;
                }
                let below = io.view().below(&path);
                let names = below.into_iter().filter(|name| !View::is_mark(name));
                files.extend(names.map(|name| match folder.as_str() {
                    "." | "" => name,
                    folder => format!("{}/{name}", folder.trim_end_matches('/')),
                }));
            }
            if files.is_empty() {
                return Step::Exit(1);
            }
            self.inner = Some(filter(self.grep.clone(), files));
        }
        self.inner.as_mut().map_or(Step::Exit(1), |inner| inner.step(io))
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(in crate::shell::commands) fn grep(
    name: &str,
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let old;
    // `grep -5 x` stands for `grep -C 5 x`.
    let arguments = {
        let turn = |argument: &String| match argument.strip_prefix('-') {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                format!("-C{digits}")
            }
            _ => argument.clone(),
        };
        old = arguments.iter().map(turn).collect::<Vec<_>>();
        &old
    };
    let mut options = match GRAMMAR.parse(arguments, setting.flavour) {
        Ok(options) => options,
        Err(message) => return failed(message, 2),
    };
    let syntax = match name {
        "egrep" => Syntax::Extended,
        "fgrep" => Syntax::Fixed,
        _ if options.has('F') => Syntax::Fixed,
        _ if options.has('E') || options.has('P') => Syntax::Extended,
        _ => Syntax::Basic,
    };
    let mut sources: Vec<String> = options.all('e').map(str::to_owned).collect();
    if sources.is_empty() {
        if options.operands.is_empty() {
            return failed(usage(setting.flavour), 2);
        }
        sources.push(options.operands.remove(0));
    }
    let mut patterns = Vec::new();
    for source in sources.iter().flat_map(|source| source.split('\n')) {
        let mut text = source.to_owned();
        // `grep PATTERN` with `\d` is Perl's; -P translates to the engine's own language.
        let compiled = match options.has('P') {
            true => regex::RegexBuilder::new(&text)
                .case_insensitive(options.has('i'))
                .build()
                .map_err(|_| "unrecognized character in pattern".to_owned()),
            false => compile(&text, syntax, options.has('i')),
        };
        let compiled = compiled.and_then(|plain| {
            if !options.has('w') && !options.has('x') {
                return Ok(plain);
            }
            text = plain.as_str().to_owned();
            let whole = match options.has('x') {
                true => format!("^(?:{text})$"),
                false => format!("\\b{{start-half}}(?:{text})\\b{{end-half}}"),
            };
            regex::RegexBuilder::new(&whole)
                .case_insensitive(options.has('i'))
                .build()
                .map_err(|_| "Invalid regular expression".to_owned())
        });
        match compiled {
            Ok(pattern) => patterns.push(pattern),
            Err(why) => return failed(format!("grep: {why}"), 2),
        }
    }
    let number = |letter: char| options.value(letter).map(str::parse::<usize>);
    for letter in ['A', 'B', 'C', 'm'] {
        if let Some(Err(_)) = number(letter) {
            let value = options.value(letter).unwrap_or("");
            return failed(format!("grep: {value}: invalid context length argument"), 2);
        }
    }
    let count = |letter: char| number(letter).and_then(Result::ok);
    let around = count('C').unwrap_or(0);
    let recursive = options.has('r') || options.has('R');
    let many = options.operands.len() > 1 || recursive;
    let grep = Grep {
        patterns,
        invert: options.has('v'),
        count: options.has('c'),
        numbers: options.has('n'),
        only: options.has('o'),
        quiet: options.has('q'),
        list: match (options.has('l'), options.has('L')) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
        silent: options.has('s'),
        names: (many || options.has('H')) && !options.has('h'),
        before: count('B').unwrap_or(around),
        after: count('A').unwrap_or(around),
        most: count('m'),
        name: String::new(),
        line: 0,
        found: 0,
        earlier: VecDeque::new(),
        follow: 0,
        shown: None,
        any: false,
    };
    if recursive {
        let mut folders = options.operands;
        if folders.is_empty() {
            folders.push(".".to_owned());
        }
        return Box::new(Recursive { grep, folders, inner: None });
    }
    filter(grep, options.operands)
}

fn usage(flavour: Flavour) -> String {
    match flavour {
        Flavour::Gnu => {
            "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information.".to_owned()
        }
        Flavour::BusyBox => {
            "BusyBox v1.37.0 multi-call binary.\n\nUsage: grep [-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...".to_owned()
        }
    }
}
