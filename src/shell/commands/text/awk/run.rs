//! Running a program: the records, and what stands in them.
//!
//! What an action asks the world for (a command's output, a file, the next record) is an effect. When
//! an answer is not there yet, the action is left, and run again from its beginning once the answer is
//! known; what it did before is remembered and not done twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::order::Tables;
use super::parse::KNOWN;
use super::tree::{Name, Pattern, Program, Sink};
use super::value::Value;
use crate::shell::commands::text::regex::Regex;
use crate::shell::{Io, Stdin};

/// Steps that one record may take.
const MOST: u32 = 1_000_000;

/// What its regular expressions may take in that time, in the shell's steps.
const MOST_SEARCHED: u64 = 2_000_000;

/// Output that one record may make.
pub(super) const LONGEST: usize = 4 << 20;

/// How deep functions may call themselves.
pub(super) const DEEPEST: usize = 60;

/// Why an action does not go on.
pub(super) enum Stop {
    /// A message after `awk: `, and the exit code.
    Failed(String, i32),
    Next,
    NextFile,
    Exit,
    Return(Value),
    Break,
    Continue,
    /// An answer is not there yet.
    Waits(Wait),
}

/// What an action waits for.
pub(super) enum Wait {
    /// More of standard input.
    Input,
    /// The end of a command; its standard input, and whether its output is the answer.
    Command { text: String, input: Option<Vec<u8>>, kept: bool },
}

pub(super) type Ran<T> = Result<T, Stop>;

/// What came of an effect.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Done,
    Text(Option<String>),
    Status(i32),
    /// A record of the input, and what ended it.
    Record(String, String),
}

/// The world, and what has been asked of it since the action began.
pub(super) struct World<'w, 'i> {
    pub io: &'w mut Io<'i>,
    pub log: &'w mut Vec<Answer>,
    pub at: usize,
}

impl World<'_, '_> {
    /// Does something, unless it has been done.
    pub fn once(&mut self, act: impl FnOnce(&mut Io<'_>) -> Ran<Answer>) -> Ran<Answer> {
        if let Some(known) = self.log.get(self.at) {
            self.at += 1;
            return Ok(known.clone());
        }
        let answer = act(self.io)?;
        self.log.push(answer.clone());
        self.at += 1;
        Ok(answer)
    }
}

/// A variable's content.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Value(Value),
    /// An array, by its number; `false` as long as nobody used it as one.
    Array(usize, bool),
}

/// An array: its elements in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Array {
    pub elements: BTreeMap<String, (u64, Value)>,
    pub next: u64,
}

impl Array {
    pub fn element(&mut self, key: &str) -> &mut Value {
        if !self.elements.contains_key(key) {
            self.elements.insert(key.to_owned(), (self.next, Value::Unset));
            self.next += 1;
        }
        &mut self.elements.entry(key.to_owned()).or_default().1
    }
}

/// What a program writes to, beside standard output.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub kind: Sink,
    pub content: Vec<u8>,
    pub changed: bool,
}

/// A text that is read line by line.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub text: String,
    pub at: usize,
    pub status: i32,
}

/// A program with its variables.
#[derive(Clone)]
pub(super) struct Machine {
    pub program: Arc<Program>,
    pub gawk: bool,
    /// `-c`, `-P`: whether gawk leaves out what is its own.
    pub strict: bool,
    /// `-S`: whether it starts no commands and opens no files but those of the command line.
    pub sandbox: bool,
    pub globals: Vec<Cell>,
    pub locals: Vec<Cell>,
    pub arrays: Vec<Array>,
    pub record: String,
    pub fields: Vec<String>,
    pub finds: Fields,
    pub ranges: Vec<bool>,
    pub depth: usize,
    pub steps: u32,
    /// What its regular expressions have taken in that time, in the shell's steps.
    pub searched: u64,
    pub output: Vec<u8>,
    pub streams: BTreeMap<String, Stream>,
    pub readings: BTreeMap<String, Reading>,
    pub status: i32,
    pub seed: f64,
    pub random: u64,
    /// `-i inplace`: whether what is printed while a file is read becomes its content, and of which one it does.
    pub inplace: bool,
    rewritten: Option<String>,
    /// What stands behind the name of a file that keeps its old content.
    pub suffix: String,
    /// Whether records are being read: gawk says so in its errors.
    pub in_record: bool,
    /// Which of `ARGV` is read next, and what is being read.
    next_file: usize,
    current: Option<Option<Stdin>>,
    /// `IGNORECASE`: whether capitals and small letters are the same.
    pub folds: bool,
    /// Bytes of standard input that were looked at, and in which no record ends.
    waited: usize,
    read_any: bool,
}

/// How the fields of a record are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    /// What stands between separators (`FS`).
    Between,
    /// What looks so (`FPAT`).
    Like,
    /// So many characters each (`FIELDWIDTHS`).
    Wide,
}

impl Machine {
    pub fn new(program: Arc<Program>, gawk: bool) -> Machine {
        let count = program.globals.len();
        let ranges = program.rules.iter().filter(|rule| matches!(rule.pattern, Pattern::Range(..)));
        let mut machine = Machine {
            ranges: vec![false; ranges.count()],
            program,
            gawk,
            strict: false,
            sandbox: false,
            globals: (0..count).map(|at| Cell::Array(at, false)).collect(),
            locals: Vec::new(),
            arrays: vec![Array::default(); count],
            record: String::new(),
            fields: Vec::new(),
            finds: Fields::Between,
            folds: false,
            depth: 0,
            steps: 0,
            searched: 0,
            output: Vec::new(),
            streams: BTreeMap::new(),
            readings: BTreeMap::new(),
            status: 0,
            seed: 1.0,
            random: 1,
            inplace: false,
            rewritten: None,
            suffix: String::new(),
            in_record: false,
            next_file: 1,
            current: None,
            waited: 0,
            read_any: false,
        };
        for (name, value) in [
            ("FS", " "),
            ("OFS", " "),
            ("ORS", "\n"),
            ("RS", "\n"),
            ("SUBSEP", "\u{1c}"),
            ("CONVFMT", "%.6g"),
            ("OFMT", "%.6g"),
            ("FILENAME", ""),
        ] {
            machine.set_known(name, Value::Text(value.to_owned()));
        }
        for name in ["NF", "NR", "FNR"] {
            machine.set_known(name, Value::Number(0.0));
        }
        if gawk {
            machine.set_known("RSTART", Value::Number(0.0));
            machine.set_known("RLENGTH", Value::Number(0.0));
        }
        machine
    }

    pub fn tables(&self) -> Tables {
        if self.gawk { Tables::Gawk } else { Tables::BusyBox }
    }

    pub fn known(name: &str) -> usize {
        KNOWN.iter().position(|known| *known == name).unwrap_or(0)
    }

    pub fn set_known(&mut self, name: &str, value: Value) {
        self.globals[Machine::known(name)] = Cell::Value(value);
    }

    pub fn known_value(&self, name: &str) -> Value {
        match &self.globals[Machine::known(name)] {
            Cell::Value(value) => value.clone(),
            Cell::Array(..) => Value::Unset,
        }
    }

    /// A known variable as text.
    pub fn setting(&self, name: &str) -> String {
        self.known_value(name).text("%.6g")
    }

    pub fn set_element(&mut self, array: &str, key: &str, value: Value) {
        let at = Machine::known(array);
        self.globals[at] = Cell::Array(at, true);
        *self.arrays[at].element(key) = value;
    }

    /// `-v name=value` and `name=value` among the files.
    pub fn assign(&mut self, name: &str, value: &str) {
        let value = Value::Input(crate::shell::syntax::unescape(value));
        if let Some(at) = self.program.globals.iter().position(|known| known == name) {
            // Too many fields are refused where they are made by the program.
            let _ = self.set(Name::Global(at), value);
        }
    }

    /// Counts what a regular expression has taken.
    pub fn pay(&mut self, regex: &Regex) {
        self.searched = self.searched.saturating_add(regex.work());
    }

    pub fn count(&mut self) -> Ran<()> {
        self.steps = self.steps.saturating_add(1);
        match self.steps > MOST || self.searched > MOST_SEARCHED {
            true => self.fail("podhop: this program runs for ever"),
            false => Ok(()),
        }
    }

    /// An error without a place in the program.
    pub fn fail<T>(&self, message: impl Into<String>) -> Ran<T> {
        Err(Stop::Failed(message.into(), if self.gawk { 2 } else { 1 }))
    }

    /// An error at a line of the program.
    pub fn fatal<T>(&self, line: usize, message: &str) -> Ran<T> {
        self.fail(match self.gawk {
            true => self.placed(line, &format!("fatal: {message}")),
            false => format!("cmd. line:{line}: {message}"),
        })
    }

    /// What gawk says at a line of the program, with the record that it is at.
    fn placed(&self, line: usize, message: &str) -> String {
        if !self.in_record {
            return format!("cmd. line:{line}: {message}");
        }
        let file = self.setting("FILENAME");
        let file = if file.is_empty() { "-".to_owned() } else { file };
        let number = self.setting("FNR");
        format!("cmd. line:{line}: (FILENAME={file} FNR={number}) {message}")
    }

    /// The same behind the program's name.
    pub fn at_line(&self, line: usize, message: &str) -> String {
        format!("awk: {}", self.placed(line, message))
    }

    /// Whether the program wants records: it has more than `BEGIN`.
    pub fn reads(&self) -> bool {
        self.program.rules.iter().any(|rule| !matches!(rule.pattern, Pattern::Begin))
    }

    /// Runs the rules that `wanted` chooses.
    fn rules(&mut self, world: &mut World<'_, '_>, wanted: impl Fn(&Pattern) -> bool) -> Ran<()> {
        let program = self.program.clone();
        for rule in &program.rules {
            if wanted(&rule.pattern) {
                self.block(&rule.action, world)?;
            }
        }
        Ok(())
    }

    pub fn begin(&mut self, world: &mut World<'_, '_>) -> Ran<()> {
        (self.steps, self.searched) = (0, 0);
        self.rules(world, |pattern| matches!(pattern, Pattern::Begin))
    }

    pub fn finish(&mut self, world: &mut World<'_, '_>) -> Ran<()> {
        self.in_record = true;
        (self.steps, self.searched) = (0, 0);
        self.rewrite(world)?;
        self.rules(world, |pattern| matches!(pattern, Pattern::End))
    }

    /// Reads a record and runs the program over it; `false` when there is none.
    pub fn one(&mut self, world: &mut World<'_, '_>) -> Ran<bool> {
        (self.steps, self.searched) = (0, 0);
        let Some(line) = self.next_record(world)? else { return Ok(false) };
        self.take_record(line);
        self.in_record = true;
        let program = self.program.clone();
        let result =
            program.rules.iter().try_for_each(|rule| match self.applies(&rule.pattern, world)? {
                true => self.block(&rule.action, world),
                false => Ok(()),
            });
        match result {
            Err(Stop::Next) => Ok(true),
            Err(Stop::NextFile) => {
                self.end_file(world)?;
                Ok(true)
            }
            Err(stop) => Err(stop),
            Ok(()) => Ok(true),
        }
    }

    /// Makes a line the record, and counts it.
    pub fn take_record(&mut self, line: String) {
        for name in ["NR", "FNR"] {
            let number = self.known_value(name).number() + 1.0;
            self.set_known(name, Value::Number(number));
        }
        self.set_record(line);
    }

    fn applies(&mut self, pattern: &Pattern, world: &mut World<'_, '_>) -> Ran<bool> {
        Ok(match pattern {
            Pattern::Begin | Pattern::End | Pattern::BeginFile | Pattern::EndFile => false,
            Pattern::Always => true,
            Pattern::When(condition) => self.value(condition, world)?.holds(),
            Pattern::Range(from, to, at) => {
                if !self.ranges[*at] && !self.value(from, world)?.holds() {
                    return Ok(false);
                }
                self.ranges[*at] = !self.value(to, world)?.holds();
                true
            }
        })
    }

    /// The next record of the input; it is read only once.
    pub fn next_record(&mut self, world: &mut World<'_, '_>) -> Ran<Option<String>> {
        loop {
            if self.current.is_none() {
                if !self.open(world)? {
                    return Ok(None);
                }
                match self.rules(world, |pattern| matches!(pattern, Pattern::BeginFile)) {
                    Err(Stop::NextFile) => {
                        self.end_file(world)?;
                        continue;
                    }
                    done => done?,
                }
            }
            let mut separator = self.setting("RS");
            if self.strict {
                // Only its first letter counts.
                separator.truncate(separator.chars().next().map_or(0, char::len_utf8));
            }
            let answer = match &mut self.current {
                Some(None) => {
                    let known = std::mem::take(&mut self.waited);
                    let waited = &mut self.waited;
                    world.once(|io| {
                        let ended = io.stdin.ended();
                        let rest = io.stdin.rest();
                        let found = match ended || may_end(rest, known, &separator) {
                            true => cut_bytes(rest, &separator, ended),
                            false => Cut::Wait,
                        };
                        match found {
                            Cut::Wait => {
                                *waited = rest.len();
                                Err(Stop::Waits(Wait::Input))
                            }
                            Cut::End => Ok(Answer::Text(None)),
                            Cut::Record(record, length) => {
                                let length = length.min(rest.len());
                                let end = terminator(&rest[..length], &record);
                                io.stdin.read += length;
                                Ok(Answer::Record(record, end))
                            }
                        }
                    })?
                }
                Some(Some(text)) => match cut_bytes(text.rest(), &separator, true) {
                    Cut::Record(record, length) => {
                        let length = length.min(text.rest().len());
                        let end = terminator(&text.rest()[..length], &record);
                        text.read += length;
                        Answer::Record(record, end)
                    }
                    _ => Answer::Text(None),
                },
                None => Answer::Text(None),
            };
            match answer {
                Answer::Record(record, end) => {
                    if self.gawk {
                        self.set_known("RT", Value::Text(end));
                    }
                    return Ok(Some(record));
                }
                _ => self.end_file(world)?,
            }
        }
    }

    /// What comes after a file.
    fn end_file(&mut self, world: &mut World<'_, '_>) -> Ran<()> {
        self.current = None;
        self.rules(world, |pattern| matches!(pattern, Pattern::EndFile))?;
        self.rewrite(world)
    }

    /// Writes what was printed while a file was read into that file (`-i inplace`), and keeps what it was
    /// under another name if there is an ending for that.
    fn rewrite(&mut self, world: &mut World<'_, '_>) -> Ran<()> {
        let Some(name) = self.rewritten.take() else { return Ok(()) };
        let content = std::mem::take(&mut self.output);
        let suffix = self.suffix.clone();
        world.once(|io| {
            if !suffix.is_empty() {
                let old = io.read_file(&name).unwrap_or_default();
                let _ = io.write_file(&format!("{name}{suffix}"), &old);
            }
            let _ = io.write_file(&name, &content);
            Ok(Answer::Done)
        })?;
        Ok(())
    }

    /// Whether what is printed has to wait for the end of the file that is read.
    pub fn rewrites(&self) -> bool {
        self.rewritten.is_some()
    }

    /// gawk's fatal error of a file that it cannot read, unless a rule for its beginning passes over it.
    fn unread(&mut self, world: &mut World<'_, '_>, name: &str, why: &str) -> Ran<()> {
        self.set_known("ERRNO", Value::Text(why.to_owned()));
        match self.rules(world, |pattern| matches!(pattern, Pattern::BeginFile)) {
            Err(Stop::NextFile) => return Ok(()),
            done => done?,
        }
        // After a record, gawk still stands at the last line of its program.
        let line = if self.in_record { "cmd. line:1: " } else { "" };
        self.fail(format!("{line}fatal: cannot open file `{name}' for reading: {why}"))
    }

    /// Opens the next file of `ARGV`, or standard input when none is named. Whether there is one.
    fn open(&mut self, world: &mut World<'_, '_>) -> Ran<bool> {
        let count = self.known_value("ARGC").number() as usize;
        while self.next_file < count {
            let key = self.next_file.to_string();
            self.next_file += 1;
            let arguments = Machine::known("ARGV");
            let Some((_, value)) = self.arrays[arguments].elements.get(&key) else { continue };
            let name = value.text("%.6g");
            if name.is_empty() {
                continue;
            }
            if let Some((variable, value)) = name.split_once('=')
                && is_name(variable)
            {
                self.assign(variable, value);
                continue;
            }
            self.read_any = true;
            self.set_known("FILENAME", Value::Input(name.clone()));
            self.set_known("FNR", Value::Number(0.0));
            if name == "-" || name == "/dev/stdin" {
                self.current = Some(None);
                return Ok(true);
            }
            if world.io.is_directory(&name) && self.gawk {
                let warning =
                    format!("awk: warning: command line argument `{name}' is a directory: skipped");
                world.once(|io| {
                    io.write_error(warning);
                    Ok(Answer::Done)
                })?;
                continue;
            }
            match world.io.read_file(&name) {
                Ok(bytes) => {
                    if self.inplace {
                        self.flush(world)?;
                        self.rewritten = Some(name);
                    }
                    if self.gawk {
                        self.set_known("ERRNO", Value::Text(String::new()));
                    }
                    self.current = Some(Some(Stdin::of(bytes)));
                    return Ok(true);
                }
                Err(why) if self.gawk => self.unread(world, &name, &why)?,
                Err(why) => return self.fail(format!("{name}: {why}")),
            }
        }
        if self.read_any {
            return Ok(false);
        }
        self.read_any = true;
        self.current = Some(None);
        Ok(true)
    }
}

fn is_name(text: &str) -> bool {
    let begins = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    text.starts_with(begins)
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// The next record of a text.
pub(super) enum Cut {
    /// A record, and how many bytes it and its end take.
    Record(String, usize),
    /// More may come.
    Wait,
    End,
}

/// Whether what came after the first `known` bytes, in which no record ends, can end one.
fn may_end(bytes: &[u8], known: usize, separator: &str) -> bool {
    /// Bytes of a letter, at most.
    const LETTER: usize = 4;
    let new = bytes.get(known.saturating_sub(LETTER)..).unwrap_or(bytes);
    let mut letters = separator.chars();
    match (letters.next(), letters.next()) {
        (None, _) => new.windows(2).any(|pair| pair == b"\n\n"),
        (Some(_), None) => new.windows(separator.len()).any(|part| part == separator.as_bytes()),
        _ => true,
    }
}

/// Cuts a record off bytes, of which no more is looked at than it takes.
fn cut_bytes(bytes: &[u8], separator: &str, ended: bool) -> Cut {
    const FIRST: usize = 4_096;
    // What a pattern finds near the end of a piece may be longer than the piece shows.
    let margin = if separator.chars().count() > 1 { FIRST / 4 } else { 0 };
    let mut size = FIRST;
    while size < bytes.len() {
        let begins = |at: &usize| bytes[*at] & 0xc0 != 0x80;
        let end = (size - 3..=size).rev().find(begins).unwrap_or(size);
        if let Cut::Record(record, length) =
            cut(&String::from_utf8_lossy(&bytes[..end]), separator, false)
            && length + margin <= end
        {
            return Cut::Record(record, length);
        }
        size *= 4;
    }
    cut(&String::from_utf8_lossy(bytes), separator, ended)
}

/// What ends a record: `RT`.
fn terminator(taken: &[u8], record: &str) -> String {
    let text = String::from_utf8_lossy(taken);
    // Empty lines in front of a paragraph are part of nothing.
    let from = text.find(record).map_or(text.len(), |at| at + record.len());
    text[from..].to_owned()
}

/// Cuts a record off; `ended` says that nothing comes after the text.
pub(super) fn cut(text: &str, separator: &str, ended: bool) -> Cut {
    let rest = |ended: bool| match (ended, text.is_empty()) {
        (false, _) => Cut::Wait,
        (true, true) => Cut::End,
        (true, false) => Cut::Record(text.to_owned(), text.len()),
    };
    let mut letters = separator.chars();
    match (letters.next(), letters.next()) {
        (None, _) => paragraph(text, ended),
        (Some(letter), None) => match text.find(letter) {
            Some(at) => Cut::Record(text[..at].to_owned(), at + letter.len_utf8()),
            None => rest(ended),
        },
        _ => {
            let found = super::patterns::ready(separator, false, true)
                .ok()
                .and_then(|regex| regex.find(text));
            match found.filter(|(start, end)| end > start && (ended || *end < text.len())) {
                Some((start, end)) => Cut::Record(text[..start].to_owned(), end),
                None => rest(ended),
            }
        }
    }
}

/// With an empty separator a record goes up to an empty line.
fn paragraph(text: &str, ended: bool) -> Cut {
    let begin = text.len() - text.trim_start_matches('\n').len();
    let body = &text[begin..];
    match body.find("\n\n") {
        Some(at) => {
            let end = begin + at;
            let gap = text[end..].len() - text[end..].trim_start_matches('\n').len();
            if !ended && end + gap == text.len() {
                return Cut::Wait;
            }
            Cut::Record(text[begin..end].to_owned(), end + gap)
        }
        None if !ended => Cut::Wait,
        None if body.is_empty() => Cut::End,
        None => Cut::Record(body.strip_suffix('\n').unwrap_or(body).to_owned(), text.len()),
    }
}
