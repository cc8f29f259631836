//! The inputs of a program: values from texts, one after the other, and where each ended.

use std::collections::VecDeque;

use super::arguments::Options;
use super::json::{Place, Reader};
use super::run::Inputs;
use super::stop::Stop;
use super::value::Value;

/// A file, or standard input.
pub(super) struct Text {
    name: Option<String>,
    letters: Vec<char>,
    at: usize,
    /// Lines that jq had read when the last value was complete: it reads whole lines.
    lines: usize,
    /// Up to where newlines were counted, and how many there were.
    counted: (usize, usize),
    /// Where the last newline stands.
    last_newline: Option<usize>,
}

impl Text {
    pub fn new(name: Option<&str>, bytes: &[u8]) -> Text {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let letters: Vec<char> = text.chars().collect();
        let last_newline = letters.iter().rposition(|letter| *letter == '\n');
        let name = name.map(str::to_owned);
        Text { name, letters, at: 0, lines: 0, counted: (0, 0), last_newline }
    }
}

/// Which form the inputs take.
#[derive(Clone, Copy, Default, PartialEq)]
struct Form {
    raw: bool,
    slurp: bool,
    stream: bool,
    sequence: bool,
}

/// All inputs.
pub(super) struct Feed {
    texts: Vec<Text>,
    current: usize,
    started: bool,
    form: Form,
    reader: Reader,
    place: Place,
    ready: VecDeque<Value>,
    /// Nothing comes any more.
    over: bool,
    any: bool,
    abandoned: bool,
}

impl Feed {
    pub fn new(texts: Vec<Text>, options: &Options) -> Feed {
        let form = Form {
            raw: options.raw_input,
            slurp: options.slurp,
            stream: options.stream,
            sequence: options.sequence,
        };
        Feed {
            texts,
            current: 0,
            started: false,
            form,
            reader: Reader::default(),
            place: Place::default(),
            ready: VecDeque::new(),
            over: false,
            any: false,
            abandoned: false,
        }
    }

    /// Whether there was any input.
    pub fn any(&self) -> bool {
        self.any
    }

    /// What is said at the end about a text without record separators.
    pub fn remark(&self) -> Option<String> {
        let Place { line, column } = self.place;
        self.abandoned.then(|| {
            format!("ignoring parse error: Unfinished abandoned text at EOF at line {line}, column {column}")
        })
    }

    /// Where the last value was read, as errors tell it.
    pub fn position(&self) -> String {
        if !self.started {
            return "<unknown>".to_owned();
        }
        let text = self.texts.get(self.current.min(self.texts.len().saturating_sub(1)));
        match text {
            Some(text) => format!("{}:{}", text.name.as_deref().unwrap_or("<stdin>"), text.lines),
            None => "<stdin>:0".to_owned(),
        }
    }

    /// The next letter, with whether it is the last of a file.
    fn letter(&mut self) -> Option<char> {
        loop {
            let more = self.current + 1 < self.texts.len();
            let text = self.texts.get_mut(self.current)?;
            self.started = true;
            match text.letters.get(text.at).copied() {
                None if more => self.current += 1,
                found => {
                    text.at += usize::from(found.is_some());
                    return found;
                }
            }
        }
    }

    /// Remembers how many lines had been read.
    fn mark(&mut self) {
        if let Some(text) = self.texts.get_mut(self.current) {
            let end = text.at.saturating_sub(1);
            let (from, before) = text.counted;
            let new = text.letters.get(from..end).unwrap_or_default();
            let before = before + new.iter().filter(|letter| **letter == '\n').count();
            text.counted = (end.max(from), before);
            text.lines = before + usize::from(text.last_newline.is_some_and(|last| last >= end));
        }
    }

    fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        let mut any = false;
        while let Some(letter) = self.letter() {
            any = true;
            if letter == '\n' {
                break;
            }
            line.push(letter);
        }
        self.mark();
        any.then(|| Value::text(line))
    }

    fn parsed(&mut self) -> Option<Result<Value, Stop>> {
        let found = loop {
            let Some(letter) = self.letter() else {
                self.over = true;
                self.started = true;
                break (self.reader.end(), " at EOF");
            };
            self.place.pass(letter);
            match self.reader.take(letter) {
                Ok(None) => {}
                found => break (found, ""),
            }
        };
        self.mark();
        match found {
            (Ok(Some(value)), _) => Some(Ok(value)),
            (Ok(None), _) => None,
            (Err(what), end) => {
                self.over = true;
                let Place { line, column } = self.place;
                let text = format!("parse error: {what}{end} at line {line}, column {column}");
                Some(Err(Stop::Error(Value::text(text))))
            }
        }
    }

    fn single(&mut self) -> Option<Result<Value, Stop>> {
        if self.over {
            return None;
        }
        if self.form.sequence {
            self.skip_to_record();
        }
        match self.form.raw {
            true => self.line().map(Ok),
            false => self.parsed(),
        }
    }

    /// With `--seq` a text counts from its first record separator.
    fn skip_to_record(&mut self) {
        let Some(text) = self.texts.get(self.current) else { return };
        if text.at > 0 || text.letters.first() == Some(&'\u{1e}') {
            return;
        }
        self.abandoned = true;
        while let Some(letter) = self.letter() {
            self.place.pass(letter);
        }
        self.over = true;
    }

    /// All inputs as one.
    fn whole(&mut self) -> Option<Result<Value, Stop>> {
        if self.over {
            return None;
        }
        if self.form.raw {
            let mut text = String::new();
            while let Some(letter) = self.letter() {
                text.push(letter);
            }
            self.over = true;
            self.mark();
            return Some(Ok(Value::text(text)));
        }
        let mut items = Vec::new();
        while let Some(value) = self.single() {
            match value {
                Ok(value) => items.push(value),
                Err(stop) => return Some(Err(stop)),
            }
        }
        Some(Ok(Value::array(items)))
    }
}

/// The events of a value, as `--stream` tells them.
fn events(value: &Value, path: &mut Vec<Value>, out: &mut VecDeque<Value>) {
    let children: Vec<(Value, Value)> = match value {
        Value::Array(array) => {
            let numbered = array.items.iter().enumerate();
            numbered.map(|(at, item)| (Value::Number(at as f64), item.clone())).collect()
        }
        Value::Object(object) => {
            let all = object.in_order().into_iter();
            all.map(|(key, item)| (Value::String(key.clone()), item.clone())).collect()
        }
        _ => Vec::new(),
    };
    let Some((last, _)) = children.last().cloned() else {
        out.push_back(Value::array(vec![Value::array(path.clone()), value.clone()]));
        return;
    };
    for (key, child) in children {
        path.push(key);
        events(&child, path, out);
        path.pop();
    }
    let mut closing = path.clone();
    closing.push(last);
    out.push_back(Value::array(vec![Value::array(closing)]));
}

impl Inputs for Feed {
    fn next(&mut self) -> Option<Result<Value, Stop>> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(Ok(ready));
        }
        let next = match self.form.slurp && !self.form.stream {
            true => self.whole(),
            false => self.single(),
        };
        self.any |= next.is_some();
        match next {
            Some(Ok(value)) if self.form.stream && !self.form.raw => {
                events(&value, &mut Vec::new(), &mut self.ready);
                self.ready.pop_front().map(Ok)
            }
            next => next,
        }
    }

    fn file_name(&self) -> Value {
        match self.texts.get(self.current) {
            Some(text) if self.started => Value::text(text.name.as_deref().unwrap_or("<stdin>")),
            _ => Value::Null,
        }
    }

    fn line_number(&self) -> Value {
        let lines = self.texts.get(self.current).map_or(0, |text| text.lines);
        Value::Number(lines as f64)
    }
}
