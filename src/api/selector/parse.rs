//! A label selector's text, read as apimachinery's `labels.Parse` reads it and refused in its words.

use super::{LabelSelector, Operator, Requirement};
use crate::api::validation::names;

/// What the grammar knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A key, a value, or one of the words `in` and `notin`.
    Word(&'a str),
    /// `=`, `==`, `!=`, `>`, `<`, `(`, `)`, `,` or `!`.
    Sign(&'a str),
    End,
}

impl<'a> Token<'a> {
    /// The token as error messages quote it.
    fn text(self) -> &'a str {
        match self {
            Token::Word(text) | Token::Sign(text) => text,
            Token::End => "",
        }
    }
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
}

/// Reads a whole selector.
pub(super) fn labels(text: &str) -> Result<LabelSelector, String> {
    let mut parser = Parser { tokens: tokens(text), next: 0 };
    let mut requirements = Vec::new();
    loop {
        match parser.peek() {
            Token::Word(_) | Token::Sign("!") => {}
            Token::End => break,
            other => {
                let found = other.text();
                return Err(format!(
                    "found '{found}', expected: !, identifier, or 'end of string'"
                ));
            }
        }
        let requirement = parser.requirement();
        requirements
            .push(requirement.map_err(|error| format!("unable to parse requirement: {error}"))?);
        match parser.take() {
            Token::End => break,
            Token::Sign(",") => match parser.peek() {
                Token::Word(_) | Token::Sign("!") => {}
                other => {
                    let found = other.text();
                    return Err(format!("found '{found}', expected: identifier after ','"));
                }
            },
            other => {
                let found = other.text();
                return Err(format!("found '{found}', expected: ',' or 'end of string'"));
            }
        }
    }
    // The server sorts requirements by key.
    requirements.sort_by(|a: &Requirement, b| a.key.cmp(&b.key));
    Ok(LabelSelector { requirements })
}

/// Cuts the text. White space only separates.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let is_sign = |c: char| matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<');
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("==") || rest.starts_with("!=") {
            2
        } else if is_sign(first) {
            1
        } else {
            rest.find(|c: char| is_sign(c) || matches!(c, ' ' | '\t' | '\r' | '\n'))
                .unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(length);
        tokens.push(if is_sign(first) { Token::Sign(token) } else { Token::Word(token) });
        rest = after.trim_start_matches([' ', '\t', '\r', '\n']);
    }
    tokens
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens.get(self.next).copied().unwrap_or(Token::End)
    }

    fn take(&mut self) -> Token<'a> {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.peek() == Token::Sign("!");
        if negated {
            self.take();
        }
        let key = match self.take() {
            Token::Word(key) => key.to_owned(),
            other => return Err(format!("found '{}', expected: identifier", other.text())),
        };
        let faults = names::qualified_name(&key);
        if !faults.is_empty() {
            return Err(format!("key: Invalid value: {key:?}: {}", faults.join("; ")));
        }
        let ends = matches!(self.peek(), Token::End | Token::Sign(","));
        let operator = match (negated, ends) {
            (true, _) => Operator::DoesNotExist,
            (false, true) => Operator::Exists,
            (false, false) => self.comparison(&key)?,
        };
        Ok(Requirement { key, operator })
    }

    fn comparison(&mut self, key: &str) -> Result<Operator, String> {
        let operator = self.take();
        match operator {
            Token::Word("in") => Ok(Operator::In(checked(key, self.set()?)?)),
            Token::Word("notin") => Ok(Operator::NotIn(checked(key, self.set()?)?)),
            Token::Sign("=" | "==") => Ok(Operator::In(checked(key, vec![self.value()?])?)),
            Token::Sign("!=") => Ok(Operator::NotIn(checked(key, vec![self.value()?])?)),
            Token::Sign(">") => Ok(Operator::GreaterThan(number(&self.value()?)?)),
            Token::Sign("<") => Ok(Operator::LessThan(number(&self.value()?)?)),
            other => {
                Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", other.text()))
            }
        }
    }

    /// The one value after `=`; nothing stands for the empty string.
    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            Token::End | Token::Sign(",") => Ok(String::new()),
            Token::Word(value) => {
                self.take();
                Ok(value.to_owned())
            }
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    /// `(a, b)` after `in`, sorted and without repetitions. Empty items are empty strings.
    fn set(&mut self) -> Result<Vec<String>, String> {
        match self.take() {
            Token::Sign("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.text())),
        }
        let mut values = Vec::new();
        match self.peek() {
            Token::Word(_) | Token::Sign(",") => {}
            Token::Sign(")") => {
                self.take();
                return Ok(vec![String::new()]);
            }
            other => {
                return Err(format!("found '{}', expected: ',', ')' or identifier", other.text()));
            }
        }
        loop {
            match self.peek() {
                Token::Word(value) => {
                    self.take();
                    values.push(value.to_owned());
                }
                Token::Sign("," | ")") => values.push(String::new()),
                other => {
                    return Err(format!("found '{}', expected: ',', or identifier", other.text()));
                }
            }
            match self.take() {
                Token::Sign(",") => {}
                Token::Sign(")") => break,
                other => return Err(format!("found '{}', expected: ',' or ')'", other.text())),
            }
        }
        values.sort();
        values.dedup();
        Ok(values)
    }
}

fn checked(key: &str, values: Vec<String>) -> Result<Vec<String>, String> {
    for (index, value) in values.iter().enumerate() {
        let faults = names::label_value(value);
        if !faults.is_empty() {
            let faults = faults.join("; ");
            return Err(format!("values[{index}][{key}]: Invalid value: {value:?}: {faults}"));
        }
    }
    Ok(values)
}

fn number(value: &str) -> Result<i64, String> {
    value.parse().map_err(|_| {
        format!(
            "values[0]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an \
             integer"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        labels(text).expect_err(text)
    }

    // Recording 14.
    #[test]
    fn two_words_without_an_operator_are_refused_in_the_servers_words() {
        assert_eq!(
            error("a b"),
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"
        );
    }

    // apimachinery, `pkg/labels/selector.go`, `parseValues`.
    #[test]
    fn a_set_of_nothing_holds_the_empty_value() {
        let selector = labels("a in (), b notin ( )").expect("it is valid");
        let values = vec![String::new()];
        let operators = [Operator::In(values.clone()), Operator::NotIn(values)];
        let read: Vec<_> = selector.requirements.into_iter().map(|one| one.operator).collect();
        assert_eq!(read, operators);
    }

    #[test]
    fn each_fault_says_what_was_expected() {
        assert_eq!(error("app=web,"), "found '', expected: identifier after ','");
        assert_eq!(error("=web"), "found '=', expected: !, identifier, or 'end of string'");
        assert_eq!(error("a in b"), "unable to parse requirement: found 'b' expected: '('");
        assert_eq!(error("a=b c"), "found 'c', expected: ',' or 'end of string'");
        assert!(error("a in (b").ends_with("found '', expected: ',' or ')'"));
        assert!(error("a>x").ends_with("the value must be an integer"));
    }

    #[test]
    fn a_missing_value_is_the_empty_string() {
        let parsed = labels("app=,tier").unwrap();
        assert_eq!(parsed.requirements[0].operator, Operator::In(vec![String::new()]));
        assert_eq!(parsed.requirements[1].operator, Operator::Exists);
    }

    #[test]
    fn words_of_the_grammar_may_be_keys_and_values() {
        let parsed = labels("in in (notin)").unwrap();
        assert_eq!(parsed.requirements[0].key, "in");
    }
}
