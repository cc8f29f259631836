//! `if (…) { … }` of nginx's rewrite module.

use regex::Regex;

use super::config::Settings;
use super::handle::RequestHandler;
use super::template::Template;
use super::tokens::{Fault, Spot};
use super::variables;
use crate::cluster::Context;

/// An `if`: what it asks, and what holds when the answer is yes.
#[derive(Clone, Debug)]
pub struct Condition {
    test: Test,
    pub settings: Settings,
}

/// What stands between the parentheses.
#[derive(Clone, Debug)]
struct Test {
    subject: Template,
    question: Question,
    /// `!=`, `!~`, `!-f`
    negated: bool,
}

#[derive(Clone, Debug)]
enum Question {
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
        let text = words.join(" ");
        let invalid = || spot.fault(format!("invalid condition \"{text}\""));
        let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let inner = inner.ok_or_else(invalid)?.trim();
        Ok(Condition { test: Test::read(inner, spot).ok_or_else(invalid)??, settings })
    }

    /// Whether it holds for this request.
    pub fn holds(
        &self,
        handler: &RequestHandler<'_>,
        settings: &Settings,
        context: &Context<'_>,
    ) -> bool {
        let fill =
            |template: &Template| variables::fill(template, handler, settings, context.now());
        let subject = fill(&self.test.subject);
        let is_file = || context.cluster.read_file(&context.place, &subject).is_some();
        let is_folder = || context.cluster.is_directory(&context.place, &subject);
        let answer = match &self.test.question {
            Question::Set => !subject.is_empty() && subject != "0",
            Question::Equal(value) => subject == fill(value),
            Question::Matches(pattern) => pattern.is_match(&subject),
            Question::IsFile => is_file(),
            Question::IsFolder => is_folder(),
            Question::Exists => is_file() || is_folder(),
        };
        answer != self.test.negated
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
        let expression = |text: &str| {
            Regex::new(text)
                .map(Question::Matches)
                .map_err(|_| spot.fault(format!("pcre2_compile() failed in \"{value}\"")))
        };
        let question = match operator {
            "=" => Ok(Question::Equal(Template::new(value))),
            "~" => expression(value),
            "~*" => expression(&format!("(?i){value}")),
            _ => return None,
        };
        Some(question.map(|question| Test { subject, question, negated }))
    }
}
