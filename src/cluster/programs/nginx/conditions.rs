//! `if (…) { … }` of nginx's rewrite module.

use regex::Regex;

use super::config::Settings;
use super::expression;
use super::template::Template;
use super::tokens::{Fault, Spot};

/// An `if`: what it asks, and what holds when the answer is yes.
#[derive(Clone, Debug)]
pub struct Condition {
    pub test: Test,
    pub settings: Settings,
}

/// What stands between the parentheses.
#[derive(Clone, Debug)]
pub struct Test {
    pub subject: Template,
    pub question: Question,
    /// `!=`, `!~`, `!-f`
    pub negated: bool,
}

/// What an `if` asks of its subject.
#[derive(Clone, Debug)]
pub enum Question {
    /// `$x`: neither empty nor `0`.
    Set,
    Equal(Template),
    Matches(Regex),
    /// `-f`
    IsFile,
    /// `-d`
    IsFolder,
    /// `-e`
    Exists,
}

impl Condition {
    /// Reads the words behind `if`.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn read(words: &[String], spot: &Spot, settings: Settings) -> Result<Condition, Fault> {
        let invalid = |word: &str| spot.fault(format!("invalid condition \"{word}\""));
        let text = words.join(" ");
        let first = words.first().map(String::as_str).unwrap_or_default();
        let last = words.last().map(String::as_str).unwrap_or_default();
        let inner = text.strip_prefix('(').ok_or_else(|| invalid(first))?;
        let inner = inner.strip_suffix(')').ok_or_else(|| invalid(last))?.trim();
        let word = inner.split(' ').next().unwrap_or(inner);
        let word = if word.is_empty() { ")" } else { word };
        Ok(Condition { test: Test::read(inner, spot).ok_or_else(|| invalid(word))??, settings })
    }
}

impl Test {
    fn read(text: &str, spot: &Spot) -> Option<Result<Test, Fault>> {
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (negated, flag) = match first.strip_prefix('!') {
            Some(flag) => (true, flag),
            None => (false, first),
        };
        let file = match flag {
            "-f" => Some(Question::IsFile),
            "-d" => Some(Question::IsFolder),
            "-e" => Some(Question::Exists),
            _ => None,
        };
        if let Some(question) = file {
            let subject = Template::new(rest.trim());
            return (!rest.is_empty()).then_some(Ok(Test { subject, question, negated }));
        }
        if !first.starts_with('$') {
            return None;
        }
        let subject = Template::new(first);
        if rest.is_empty() {
            return Some(Ok(Test { subject, question: Question::Set, negated: false }));
        }
        let (operator, value) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
        let (negated, operator) = match operator.strip_prefix('!') {
            Some(operator) => (true, operator),
            None => (false, operator),
        };
        let expression =
            |folds: bool| expression::compile(value, folds, spot).map(Question::Matches);
        let question = match operator {
            "=" => Ok(Question::Equal(Template::new(value))),
            "~" => expression(false),
            "~*" => expression(true),
            _ => return None,
        };
        Some(question.map(|question| Test { subject, question, negated }))
    }
}
