//! Arrays: bash's lists of values, by number and by name.

use super::arithmetic;
use super::expand::{Expanded, Expander, FIELD, Stop};
use super::parameters::Pieces;
use super::state::{Elements, target};
use crate::shared_map::SharedMap;
use crate::shell::syntax::{Assignment, Index, Operation, Parameter, Part, Word};

/// Subscripts that can be worked out within one another.
const SUBSCRIPTS: u32 = 4;

/// And how many, until the outermost is.
const ALL_SUBSCRIPTS: u32 = 200;

/// More than any script means: `a[1000000000]=x` is no reason to count so far.
const LAST: i64 = 1 << 40;

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
            "FUNCNAME" => self.state.calls.clone(),
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

    fn is_named(&self, name: &str) -> bool {
        let variable = self.variables.get(target(&self.variables, name));
        variable.is_some_and(|variable| matches!(variable.elements, Some(Elements::Named(_))))
    }

    /// The key that an index means: itself for a named array, a number otherwise; a negative one
    /// counts from the end.
    pub(super) fn key(&mut self, name: &str, index: &Word) -> Expanded<String> {
        let text = self.text(index)?;
        Ok(self.key_of(name, &text))
    }

    pub(super) fn key_of(&mut self, name: &str, text: &str) -> String {
        if self.is_named(name) {
            return text.trim_matches(['"', '\'']).to_owned();
        }
        // `y='y[y]'` names itself: it comes to nothing, as what is unset does.
        let (depth, all) = self.subscripts;
        if depth > SUBSCRIPTS || all > ALL_SUBSCRIPTS {
            return "0".to_owned();
        }
        self.subscripts = (depth + 1, all + 1);
        let number = arithmetic::evaluate(text, self).unwrap_or(0).min(LAST);
        self.subscripts = match depth {
            0 => (0, 0),
            _ => (depth, self.subscripts.1),
        };
        if number >= 0 {
            return number.to_string();
        }
        let last = self
            .variables
            .get(target(&self.variables, name))
            .and_then(|variable| variable.elements.as_ref());
        let next = last.map_or(1, Elements::next) as i64;
        (next + number).to_string()
    }

    /// What a parameter's operation is done to.
    pub(super) fn subject(&mut self, parameter: &Parameter) -> Expanded<Option<String>> {
        let name = &parameter.name;
        let value = match &parameter.index {
            None => self.value(name),
            Some(Index::At(index)) => {
                let key = self.key(name, index)?;
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
        let Some(target) = value else { return Ok(None) };
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
        if parameter.operation == Operation::Names {
            let values = self.names_from(&parameter.name);
            self.made += self.variables.len() * FIELD / 2;
            return Ok(Some(Many { values, joined: false }));
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
                self.sliced(values, positional, offset, length)?
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

    fn sliced(
        &mut self,
        values: Vec<String>,
        positional: bool,
        offset: &Word,
        length: &Option<Word>,
    ) -> Expanded<Vec<String>> {
        let mut all = values;
        if positional {
            all.insert(0, self.state.name.clone());
        }
        let size = all.len() as i64;
        let offset = self.arithmetic(offset)?;
        let start = if offset < 0 { size + offset } else { offset };
        let length = match length {
            Some(length) => self.arithmetic(length)?,
            None => size,
        };
        if start < 0 || length < 0 {
            return Ok(Vec::new());
        }
        let start = usize::try_from(start).unwrap_or(usize::MAX);
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
                    if let Some(last) = pieces.last_mut() {
                        last.push_str(&text);
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
        for (index, value) in &array.elements {
            let key = match index {
                Some(index) => self.key_of(&array.name, index),
                None => {
                    let elements = self.variables.get(&array.name);
                    let elements = elements.and_then(|variable| variable.elements.as_ref());
                    elements.map_or(0, Elements::next).to_string()
                }
            };
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
        if key.starts_with('-') {
            return Err(Stop::Error(format!("{name}[{key}]: bad array subscript")));
        }
        let variable = self.variables.or_default(name);
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
        let value = match append {
            true => elements.get(key).unwrap_or("").to_owned() + &value,
            false => value,
        };
        elements.set(key, value);
        Ok(())
    }
}
