//! What regular expressions capture, for the variables `$1` and `$name`.

use std::collections::BTreeMap;

use regex::Regex;

/// What the last regular expression that fitted has captured: `$1`, `$name`. Names are kept.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    groups: Vec<String>,
    named: BTreeMap<String, String>,
}

impl Captured {
    /// Whether the expression fits; if so, what it captures takes the place of what was captured before.
    pub fn matches(&mut self, expression: &Regex, text: &str) -> bool {
        let Some(found) = expression.captures(text) else { return false };
        let group = |index: usize| found.get(index).map_or("", |group| group.as_str()).to_owned();
        self.groups = (0..found.len()).map(group).collect();
        for name in expression.capture_names().flatten() {
            let value = found.name(name).map_or("", |group| group.as_str());
            self.named.insert(name.to_owned(), value.to_owned());
        }
        true
    }

    /// The group of this number or name.
    pub fn get(&self, name: &str) -> Option<&str> {
        match name.parse::<usize>() {
            Ok(index) => Some(self.groups.get(index).map_or("", String::as_str)),
            Err(_) => self.named.get(name).map(String::as_str),
        }
    }
}
