//! `map`: a variable that follows another one (`ngx_http_map_module.c`).

use std::collections::BTreeMap;

use regex::Regex;

use super::expression::{self, Captured};
use super::template::Template;
use super::tokens::{Fault, Spot};

/// A `map` block.
#[derive(Clone, Debug)]
pub struct Map {
    /// What is looked up.
    pub source: Template,
    /// By value in small letters.
    exact: BTreeMap<String, Template>,
    /// `hostnames`: `*.example.com`, `.example.com` and `mail.*` are patterns.
    hostnames: bool,
    expressions: Vec<(Regex, Template)>,
    default: Option<Template>,
}

impl Map {
    /// A map of this text's values, without any yet.
    pub fn of(source: &str) -> Map {
        Map {
            source: Template::new(source),
            exact: BTreeMap::new(),
            hostnames: false,
            expressions: Vec::new(),
            default: None,
        }
    }

    /// Takes up a row: a value and what it leads to, or one of the block's own words.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn row(&mut self, words: &[String], spot: &Spot) -> Result<(), Fault> {
        let [key, value] = words else {
            return match words {
                [word] if word == "hostnames" => {
                    self.hostnames = true;
                    Ok(())
                }
                // Each request looks it up anew in any case.
                [word] if word == "volatile" => Ok(()),
                _ => Err(spot.fault("invalid number of the map parameters")),
            };
        };
        let value = Template::new(value);
        if key == "default" {
            return match self.default.replace(value) {
                None => Ok(()),
                Some(_) => Err(spot.fault("duplicate default map parameter")),
            };
        }
        if let Some(text) = key.strip_prefix('~') {
            let (folds, text) = text.strip_prefix('*').map_or((false, text), |text| (true, text));
            let expression = expression::compile(text, folds, spot)?;
            self.expressions.push((expression, value));
            return Ok(());
        }
        // A backslash lets a value begin with what means something else.
        let key = key.strip_prefix('\\').unwrap_or(key).to_lowercase();
        if self.exact.insert(key.clone(), value).is_some() {
            return Err(spot.fault(format!("conflicting parameter \"{key}\"")));
        }
        Ok(())
    }

    /// What a value leads to: its own row, that of the longest host pattern, or of the first expression that
    /// fits, with what that has captured.
    pub fn value(&self, source: &str) -> (Option<&Template>, Captured) {
        let key = source.to_lowercase();
        let mut captured = Captured::default();
        let found = self.exact.get(&key).or_else(|| self.host(&key)).or_else(|| {
            let mut rows = self.expressions.iter();
            rows.find(|(expression, _)| captured.matches(expression, source)).map(|row| &row.1)
        });
        (found.or(self.default.as_ref()), captured)
    }

    /// Every text that may hold variables.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let rows = self.expressions.iter().map(|row| &row.1);
        [&self.source].into_iter().chain(&self.default).chain(self.exact.values()).chain(rows)
    }

    fn host(&self, host: &str) -> Option<&Template> {
        let inner = |pattern: &str| match pattern.strip_prefix('*') {
            Some(end) => host.len() > end.len() && host.ends_with(end),
            None => pattern.starts_with('.') && (host.ends_with(pattern) || host == &pattern[1..]),
        };
        let outer = |pattern: &str| pattern.strip_suffix('*').is_some_and(|s| host.starts_with(s));
        let longest = |fits: &dyn Fn(&str) -> bool| {
            let rows = self.exact.iter().filter(|(pattern, _)| fits(pattern));
            rows.max_by_key(|(pattern, _)| pattern.len()).map(|(_, value)| value)
        };
        match self.hostnames {
            true => longest(&inner).or_else(|| longest(&outer)),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(rows: &[&str]) -> Result<Map, Fault> {
        let mut map = Map::of("$host");
        for row in rows {
            let words: Vec<String> = row.split(' ').map(str::to_owned).collect();
            map.row(&words, &Spot::default())?;
        }
        Ok(map)
    }

    // As nginx 1.22.1 answers with `return 200 $x` below such a map.
    #[test]
    fn a_value_is_found_by_itself_its_host_pattern_or_an_expression() {
        let rows = ["default no", "hostnames", "*.shop.example wild", ".own.example own", "a.b ab"];
        let rows =
            [&rows[..], &["mail.* mail", "~^x[0-9]+$ number", "~*^Y y", "~^(?<n>z+)-(.)$ $n/$2"]]
                .concat();
        let map = map(&rows).expect("a map");
        let value = |source: &str| {
            let (template, captured) = map.value(source);
            let template = template.cloned().unwrap_or_default();
            template.fill(|name, out| out.push_str(captured.get(name).unwrap_or("")))
        };
        let all = [
            "A.B",
            "x.shop.example",
            "own.example",
            "q.own.example",
            "mail.z",
            "x12",
            "yes",
            "zz-1",
        ];
        let found = all.map(value);
        assert_eq!(found, ["ab", "wild", "own", "own", "mail", "number", "y", "zz/1"]);
        assert_eq!([value("shop.example"), value("X12"), value("")], ["no", "no", "no"]);
    }

    #[test]
    fn rows_that_are_none_are_told() {
        let told = |rows: &[&str]| map(rows).err().map(|fault| fault.message);
        assert_eq!(told(&["a b c"]).as_deref(), Some("invalid number of the map parameters"));
        assert_eq!(told(&["a 1", "A 2"]).as_deref(), Some("conflicting parameter \"a\""));
        assert_eq!(told(&["volatile", "default 1"]), None);
    }
}
