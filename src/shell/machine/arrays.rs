//! Arrays: bash's lists of values, by number and by name.

use super::arithmetic;
use super::builtins::{in_double, is_name};
use super::expand::{Expanded, Expander, FIELD, Stop};
use super::parameters::{Pieces, show};
use super::quoted::Assigned;
use super::state::{Elements, target};
use crate::shared_map::SharedMap;
use crate::shell::syntax::{Assignment, Dialect, Index, Operation, Parameter, Part, Word};

/// Subscripts that can be worked out within one another.
const SUBSCRIPTS: u32 = 4;

/// And how many, until the outermost is.
const ALL_SUBSCRIPTS: u32 = 200;

/// The values of `$@`, `${a[@]}` and their like.
pub(super) struct Many {
    pub values: Vec<String>,
    /// Whether they are one text in quotes: `$*`, `${a[*]}`.
    pub joined: bool,
}

/// An array whose elements have been expanded; the indexes are still text.
pub(super) struct Filled {
    name: String,
    append: bool,
    elements: Vec<(Option<String>, String)>,
}

impl Filled {
    /// What `set -x` shows of an array that is filled behind `declare`.
    pub(super) fn shown(&self) -> Assigned {
        let element = |(index, value): &(Option<String>, String)| match index {
            Some(index) => format!("['{index}']={}", show('Q', value)),
            None => show('Q', value),
        };
        let elements: Vec<String> = self.elements.iter().map(element).collect();
        let sign = if self.append { "+=" } else { "=" };
        let head = format!("{}{sign}", self.name);
        Assigned { head, value: format!("({})", elements.join(" ")), written: true }
    }
}

impl Expander<'_> {
    /// What stands between the values of `"$*"`: the first separator.
    pub(super) fn joint(&self) -> String {
        match self.variables.get("IFS") {
            None => " ".to_owned(),
            Some(variable) => variable.value.chars().take(1).collect(),
        }
    }

    /// Keys and values of an array; a plain variable is its own element 0.
    pub(super) fn pairs(&self, name: &str) -> Vec<(String, String)> {
        let name = target(&self.variables, name);
        match self.variables.get(name) {
            None => self.kept_values(name),
            Some(variable) => match &variable.elements {
                Some(elements) => elements.pairs(),
                None => vec![("0".to_owned(), variable.value.clone())],
            },
        }
    }

    /// Arrays that bash keeps by itself.
    fn kept_values(&self, name: &str) -> Vec<(String, String)> {
        let values: Vec<String> = match name {
            "PIPESTATUS" => self.state.pipe_status.iter().map(ToString::to_string).collect(),
            "FUNCNAME" if self.state.calls.is_empty() => Vec::new(),
            "FUNCNAME" => self.state.call_names(),
            "BASH_SOURCE" => self.state.sources(),
            "BASH_LINENO" => {
                let lines = self.state.call_lines.iter().map(ToString::to_string);
                lines.chain(self.state.is_script().then(|| "0".to_owned())).collect()
            }
            "BASH_VERSINFO" => {
                ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"].map(str::to_owned).to_vec()
            }
            "DIRSTACK" => self.state.folders.clone(),
            _ => Vec::new(),
        };
        values.into_iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
    }

    pub(super) fn element(&self, name: &str, key: &str) -> Option<String> {
        let name = target(&self.variables, name);
        let Some(variable) = self.variables.get(name) else {
            let kept = self.kept_values(name).into_iter().find(|(known, _)| known == key);
            return kept.map(|(_, value)| value);
        };
        match &variable.elements {
            Some(elements) => elements.get(key).map(str::to_owned),
            None => (key == "0").then(|| variable.value.clone()),
        }
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        let variable = self.variables.get(target(&self.variables, name));
        variable.is_some_and(|variable| matches!(variable.elements, Some(Elements::Named(_))))
    }

    /// The key that an index means: itself for a named array, a number otherwise; a negative one
    /// counts from the end.
    pub(super) fn key(&mut self, name: &str, index: &Word) -> Expanded<String> {
        let text = self.text(index)?;
        self.index_of(name, &text).map_err(|fault| Stop::of(&fault, self.state.dialect))
    }

    /// The same of a text; what is no number counts as 0.
    pub(super) fn key_of(&mut self, name: &str, text: &str) -> String {
        self.index_of(name, text).unwrap_or_else(|_| "0".to_owned())
    }

    fn index_of(&mut self, name: &str, text: &str) -> Result<String, arithmetic::Fault> {
        if self.is_named(name) {
            return Ok(text.trim_matches(['"', '\'']).to_owned());
        }
        // `y='y[y]'` names itself: it comes to nothing, as what is unset does.
        let (depth, all) = self.subscripts;
        if depth > SUBSCRIPTS || all > ALL_SUBSCRIPTS {
            return Ok("0".to_owned());
        }
        self.subscripts = (depth + 1, all + 1);
        let number = arithmetic::evaluate(text, self);
        self.subscripts = match depth {
            0 => (0, 0),
            _ => (depth, self.subscripts.1),
        };
        let number = number?;
        if number >= 0 {
            return Ok(number.to_string());
        }
        let variable = self.variables.get(target(&self.variables, name));
        let next = variable.map_or(0, |one| one.elements.as_ref().map_or(1, Elements::next));
        let next = i64::try_from(next).unwrap_or(i64::MAX);
        Ok(next.saturating_add(number).to_string())
    }

    /// What a parameter's operation is done to.
    pub(super) fn subject(&mut self, parameter: &Parameter) -> Expanded<Option<String>> {
        let name = &parameter.name;
        let value = match &parameter.index {
            None => self.value(name),
            Some(Index::At(index)) => {
                let key = self.key(name, index)?;
                if key.starts_with('-') && !self.is_named(name) {
                    self.complaints.push(format!("{name}: bad array subscript"));
                }
                self.element(name, &key)
            }
            Some(Index::All | Index::Joined) => {
                let values: Vec<String> =
                    self.pairs(name).into_iter().map(|(_, value)| value).collect();
                self.made += values.iter().map(|value| value.len() + FIELD / 2).sum::<usize>();
                (!values.is_empty()).then(|| values.join(" "))
            }
        };
        if !parameter.indirect {
            return Ok(value);
        }
        let variable = self.variables.get(name).filter(|_| parameter.index.is_none());
        if let Some(other) = variable.and_then(|variable| variable.refers.clone()) {
            return Ok(Some(other));
        }
        let bash = self.state.dialect == Dialect::Bash;
        let Some(target) = value else {
            let named = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            let usual = matches!(parameter.operation, Operation::Value | Operation::Length);
            return match bash && named && usual && parameter.index.is_none() {
                true => Err(Stop::Error(format!("{name}: invalid indirect expansion"))),
                false => Ok(None),
            };
        };
        let plain = target.split('[').next().unwrap_or("");
        let special = matches!(target.as_str(), "@" | "*" | "#" | "?" | "-" | "$" | "!");
        let digits = target.bytes().all(|byte| byte.is_ascii_digit());
        if bash && !target.is_empty() && !is_name(plain) && !special && !digits {
            return Err(Stop::Error(format!("{target}: invalid variable name")));
        }
        match target.split_once('[') {
            Some((array, key)) => {
                let key = self.key_of(array, key.trim_end_matches(']'));
                Ok(self.element(array, &key))
            }
            None => Ok(self.value(&target)),
        }
    }

    /// The values of a parameter that stands for many; `None` for one that stands for one value, or
    /// whose operation looks at the whole.
    pub(super) fn list(&mut self, parameter: &Parameter) -> Expanded<Option<Many>> {
        let all = parameter.index == Some(Index::All);
        let joined = parameter.index == Some(Index::Joined) || parameter.name == "*";
        if let Operation::Names { joined } = parameter.operation {
            let values = self.names_from(&parameter.name);
            self.made += self.variables.len() * FIELD / 2;
            return Ok(Some(Many { values, joined }));
        }
        let positional = parameter.index.is_none() && matches!(parameter.name.as_str(), "@" | "*");
        if !positional && !all && !joined {
            return Ok(None);
        }
        let values: Vec<String> = match (positional, parameter.indirect) {
            (true, _) => self.state.positional.to_vec(),
            (false, true) => self.pairs(&parameter.name).into_iter().map(|(key, _)| key).collect(),
            (false, false) => {
                self.pairs(&parameter.name).into_iter().map(|(_, value)| value).collect()
            }
        };
        self.made += values.iter().map(|value| value.len() + FIELD / 2).sum::<usize>();
        if let Operation::Show(letter @ ('A' | 'a' | 'K' | 'k')) = parameter.operation {
            let values = self.shown_values(&parameter.name, letter, positional, &values);
            return Ok(Some(Many { values, joined }));
        }
        let values = match &parameter.operation {
            Operation::Value => values,
            Operation::Default { colon, .. } => {
                let empty = values.is_empty() || *colon && values.iter().all(String::is_empty);
                if empty {
                    return Ok(None);
                }
                values
            }
            Operation::Slice { offset, length } => {
                let name = (!positional).then_some(parameter.name.as_str());
                self.sliced(values, name, offset, length)?
            }
            Operation::TrimStart { .. }
            | Operation::TrimEnd { .. }
            | Operation::Replace { .. }
            | Operation::Show(_)
            | Operation::Case { .. } => {
                let mut turned = Vec::new();
                for value in values {
                    turned.push(self.transform(&parameter.operation, value)?);
                }
                turned
            }
            _ => return Ok(None),
        };
        Ok(Some(Many { values, joined }))
    }

    /// `${a[@]@A}` and its like: what looks at the array and not at each value by itself.
    fn shown_values(
        &self,
        name: &str,
        letter: char,
        positional: bool,
        values: &[String],
    ) -> Vec<String> {
        if positional {
            let quoted: Vec<String> = values.iter().map(|value| show('Q', value)).collect();
            return match letter {
                'A' if quoted.is_empty() => Vec::new(),
                'A' => vec![format!("set -- {}", quoted.join(" "))],
                'a' => vec![String::new(); values.len()],
                _ => quoted,
            };
        }
        let pairs = self.pairs(name);
        match letter {
            'A' => self.attributes(name, 'D', None).into_iter().collect(),
            'a' => {
                let flags = self.attributes(name, 'a', None).unwrap_or_default();
                vec![flags; pairs.len()]
            }
            'K' if pairs.is_empty() => Vec::new(),
            'K' => {
                let shown = |(key, value): &(String, String)| format!("{key} {}", in_double(value));
                let text = pairs.iter().map(shown).collect::<Vec<_>>().join(" ");
                vec![if self.is_named(name) { text + " " } else { text }]
            }
            _ => pairs.into_iter().flat_map(|(key, value)| [key, value]).collect(),
        }
    }

    /// `${a[@]:1:2}` and `${@:1:2}`: an offset counts the places of an array, empty ones as well.
    fn sliced(
        &mut self,
        values: Vec<String>,
        name: Option<&str>,
        offset: &Word,
        length: &Option<Word>,
    ) -> Expanded<Vec<String>> {
        let mut all = values;
        let places: Vec<i64> = match name {
            None => {
                all.insert(0, self.state.name.clone());
                (0..all.len() as i64).collect()
            }
            Some(name) if self.is_named(name) => (1..=all.len() as i64).collect(),
            Some(name) => {
                self.pairs(name).iter().map(|(key, _)| key.parse().unwrap_or(0)).collect()
            }
        };
        let size = places.last().map_or(0, |last| last + 1);
        let offset = self.arithmetic(offset)?;
        let start = if offset < 0 { size + offset } else { offset };
        let length = match length {
            Some(length) => self.arithmetic(length)?,
            None => size,
        };
        if start < 0 || length < 0 {
            return Ok(Vec::new());
        }
        let start = places.iter().filter(|place| **place < start).count();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(all.into_iter().skip(start).take(length).collect())
    }

    /// The replacement of `${x/a/b}`: an `&` without quotes stands for what was found.
    pub(super) fn pieces(&mut self, word: &Word) -> Expanded<Pieces> {
        let mut pieces = vec![String::new()];
        for part in &word.parts {
            match part {
                Part::Bare(text) if text.contains('&') => {
                    for (index, text) in text.split('&').enumerate() {
                        if index > 0 {
                            pieces.push(String::new());
                        }
                        if let Some(last) = pieces.last_mut() {
                            last.push_str(text);
                        }
                    }
                }
                other => {
                    let word = Word { parts: vec![other.clone()], span: word.span };
                    let text = self.text(&word)?;
                    let quoted = matches!(other, Part::Bare(_) | Part::Quoted(_) | Part::Double(_));
                    for (at, text) in in_pieces(&text, quoted).into_iter().enumerate() {
                        match pieces.last_mut().filter(|_| at == 0) {
                            Some(last) => last.push_str(&text),
                            None => pieces.push(text),
                        }
                    }
                }
            }
        }
        Ok(pieces)
    }

    /// Expands the elements of `name=(…)`; `None` when the assignment is another one.
    pub(super) fn array(&mut self, assignment: &Assignment) -> Expanded<Option<Filled>> {
        let Some(elements) = &assignment.elements else { return Ok(None) };
        let mut filled = Filled {
            name: target(&self.variables, &assignment.name).to_owned(),
            append: assignment.append,
            elements: Vec::new(),
        };
        for element in elements {
            match &element.index {
                Some(index) => {
                    let index = self.text(index)?;
                    filled.elements.push((Some(index), self.text(&element.value)?));
                }
                None => {
                    let values = self.fields(std::slice::from_ref(&element.value))?;
                    filled.elements.extend(values.into_iter().map(|value| (None, value)));
                }
            }
        }
        Ok(Some(filled))
    }

    /// Carries `name=(…)` out.
    pub(super) fn put_array(&mut self, array: &Filled) -> Expanded<()> {
        self.writable(&array.name)?;
        let named = self.is_named(&array.name);
        let entry = self.variables.or_default(&array.name);
        entry.bare = false;
        if !array.append || entry.elements.is_none() {
            let mut elements = match named {
                true => Elements::Named(SharedMap::default()),
                false => Elements::Indexed(SharedMap::default()),
            };
            if array.append && !entry.value.is_empty() {
                elements.set("0", std::mem::take(&mut entry.value));
            }
            entry.elements = Some(elements);
        }
        let elements = self.variables.get(&array.name);
        let elements = elements.and_then(|variable| variable.elements.as_ref());
        // Words that an array by name is filled with are its keys and values by turns.
        if named && array.elements.iter().all(|(index, _)| index.is_none()) {
            for pair in array.elements.chunks(2) {
                let value = pair.get(1).map_or("", |(_, value)| value).to_owned();
                self.put_element(&array.name, &pair[0].1, value, false)?;
            }
            return Ok(());
        }
        // What has no index of its own comes behind the element before it.
        let mut next = elements.map_or(0, Elements::next);
        for (index, value) in &array.elements {
            let key = match index {
                Some(index) => self.key_of(&array.name, index),
                None => next.to_string(),
            };
            next = key.parse::<u64>().map_or(next, |at| at.saturating_add(1));
            self.put_element(&array.name, &key, value.clone(), false)?;
        }
        Ok(())
    }

    fn writable(&self, name: &str) -> Expanded<()> {
        match self.variables.get(name).is_some_and(|variable| variable.readonly) {
            true => Err(Stop::Error(format!("{name}: readonly variable"))),
            false => Ok(()),
        }
    }

    /// Sets an element; a plain variable becomes an array.
    pub(super) fn put_element(
        &mut self,
        name: &str,
        key: &str,
        value: String,
        append: bool,
    ) -> Expanded<()> {
        let name = &target(&self.variables, name).to_owned();
        self.writable(name)?;
        if key.starts_with('-') || key.is_empty() {
            return Err(Stop::Error(format!("{name}[{key}]: bad array subscript")));
        }
        let variable = self.variables.or_default(name);
        variable.bare = false;
        // The first change after a copy copies some of the others, and a list of all.
        self.made += FIELD + variable.elements.as_ref().map_or(0, Elements::len) / 8;
        let before = std::mem::take(&mut variable.value);
        let elements = variable.elements.get_or_insert_with(|| {
            let mut first = SharedMap::default();
            if !before.is_empty() {
                first.insert(0, before.clone());
            }
            Elements::Indexed(first)
        });
        let old = if append { elements.get(key).unwrap_or("").to_owned() } else { String::new() };
        let value = self.worked_out(name, &old, value)?;
        let variable = self.variables.or_default(name);
        let value = variable.in_case(value);
        if let Some(elements) = &mut variable.elements {
            elements.set(key, value);
        }
        Ok(())
    }

    /// What a variable comes to hold that held `old` when `value` is added: the sum, where it was declared
    /// to hold numbers.
    pub(super) fn worked_out(&mut self, name: &str, old: &str, value: String) -> Expanded<String> {
        let meant = self.variables.get(target(&self.variables, name));
        if !meant.is_some_and(|variable| variable.integer) {
            return Ok(if old.is_empty() { value } else { old.to_owned() + &value });
        }
        let dialect = self.state.dialect;
        let number =
            arithmetic::evaluate(&value, self).map_err(|fault| Stop::of(&fault, dialect))?;
        let before = match old {
            "" => 0,
            old => arithmetic::evaluate(old, self).map_err(|fault| Stop::of(&fault, dialect))?,
        };
        Ok(before.wrapping_add(number).to_string())
    }
}

/// A value between whose pieces an `&` stands that means what was found; none in what was quoted, or behind a
/// backslash.
fn in_pieces(text: &str, quoted: bool) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '&' if !quoted => {
                pieces.push(String::new());
                continue;
            }
            '\\' if !quoted && letters.peek() == Some(&'&') => letters.next().unwrap_or(letter),
            letter => letter,
        };
        if let Some(last) = pieces.last_mut() {
            last.push(letter);
        }
    }
    pieces
}
