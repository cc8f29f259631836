//! `test`, `[` and `[[`.

use super::expand::Stop;
use super::pattern::Pattern;
use super::state::Elements;
use super::{Dialect, Io, Machine, files_view};
use crate::shell::commands::text::regex::{Syntax, compile};
use crate::shell::files::{self, View};
use crate::shell::syntax::{Conditional, Word};

/// What `test` asks of the world.
pub(in crate::shell) struct World<'a> {
    pub view: View<'a>,
    pub directory: &'a str,
    /// Whether standard input and output are a terminal.
    pub terminal: bool,
}

/// What `test` says to these arguments.
///
/// # Errors
/// The message after `bash: test: `.
pub(in crate::shell) fn test(arguments: &[String], world: &World<'_>) -> Result<bool, String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => Ok(false),
        [one] => Ok(!one.is_empty()),
        ["!", rest] => Ok(rest.is_empty()),
        [operator, operand] if !matches!(*operator, "(") => unary(operator, operand, world),
        [left, operator, right] if is_binary(operator) => binary(left, operator, right, world),
        all => {
            let mut reader = Reader { arguments: all, at: 0, world, depth: 0 };
            let value = reader.either()?;
            match reader.arguments.get(reader.at) {
                None => Ok(value),
                Some(_) if all.len() > 3 => Err("too many arguments".to_owned()),
                Some(extra) => Err(format!("{extra}: binary operator expected")),
            }
        }
    }
}

struct Reader<'a> {
    arguments: &'a [&'a str],
    at: usize,
    world: &'a World<'a>,
    depth: u32,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.arguments.get(self.at).copied()
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<bool, String> {
        let mut value = self.both()?;
        while self.take("-o") {
            value |= self.both()?;
        }
        Ok(value)
    }

    fn both(&mut self) -> Result<bool, String> {
        let mut value = self.primary()?;
        while self.take("-a") {
            value &= self.primary()?;
        }
        Ok(value)
    }

    fn primary(&mut self) -> Result<bool, String> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("too many arguments".to_owned());
        }
        let rest = &self.arguments[self.at..];
        if let [left, operator, right, ..] = rest
            && is_binary(operator)
        {
            self.at += 3;
            return binary(left, operator, right, self.world);
        }
        match rest {
            [] => Err("argument expected".to_owned()),
            ["!", ..] => {
                self.at += 1;
                Ok(!self.primary()?)
            }
            ["(", ..] => {
                self.at += 1;
                let value = self.either()?;
                match self.take(")") {
                    true => Ok(value),
                    false => Err("`)' expected".to_owned()),
                }
            }
            [operator, operand, ..] if is_unary(operator) => {
                self.at += 2;
                unary(operator, operand, self.world)
            }
            [word, ..] => {
                self.at += 1;
                Ok(!word.is_empty())
            }
        }
    }
}

fn is_unary(operator: &str) -> bool {
    let mut letters = operator.chars();
    letters.next() == Some('-')
        && letters.next().is_some_and(|letter| "bcdefghknprstuvwxzLS".contains(letter))
        && letters.next().is_none()
}

fn is_binary(operator: &str) -> bool {
    matches!(
        operator,
        "=" | "=="
            | "!="
            | "<"
            | ">"
            | "-eq"
            | "-ne"
            | "-lt"
            | "-le"
            | "-gt"
            | "-ge"
            | "-nt"
            | "-ot"
            | "-ef"
    )
}

fn unary(operator: &str, operand: &str, world: &World<'_>) -> Result<bool, String> {
    let path = files::absolute(world.view.place, world.directory, operand);
    let exists = || world.view.is_file(&path) || world.view.is_directory(&path);
    Ok(match operator {
        "-n" => !operand.is_empty(),
        "-z" => operand.is_empty(),
        "-e" | "-r" | "-w" | "-a" => exists(),
        "-f" => world.view.is_file(&path),
        "-d" => world.view.is_directory(&path),
        "-x" => exists(),
        "-s" => world.view.read(&path).is_ok_and(|content| !content.is_empty()),
        "-t" => world.terminal,
        "-v" => !operand.is_empty(),
        _ if is_unary(operator) => false,
        _ => return Err(format!("{operator}: unary operator expected")),
    })
}

fn number(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{text}: integer expression expected"))
}

fn binary(left: &str, operator: &str, right: &str, world: &World<'_>) -> Result<bool, String> {
    let numbers = || Ok::<_, String>((number(left)?, number(right)?));
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-eq" => numbers().map(|(left, right)| left == right)?,
        "-ne" => numbers().map(|(left, right)| left != right)?,
        "-lt" => numbers().map(|(left, right)| left < right)?,
        "-le" => numbers().map(|(left, right)| left <= right)?,
        "-gt" => numbers().map(|(left, right)| left > right)?,
        "-ge" => numbers().map(|(left, right)| left >= right)?,
        "-ef" => {
            let path = |name| files::absolute(world.view.place, world.directory, name);
            path(left) == path(right)
        }
        // Files have no times here: none is newer than another.
        _ => false,
    })
}

impl Machine {
    /// Whether the condition in `[[ … ]]` holds.
    pub(super) fn conditional(
        &mut self,
        io: &mut Io<'_>,
        condition: &Conditional,
        outputs: &[String],
    ) -> Result<bool, Stop> {
        let texts = self.expansion(io, outputs, |expander| {
            let mut texts = Vec::new();
            collect(condition, &mut |word, pattern| {
                texts.push(match pattern {
                    Meaning::Pattern => expander.pattern(word)?,
                    Meaning::Regex => expander.regex(word)?,
                    Meaning::Number => expander.arithmetic(word)?.to_string(),
                    Meaning::Text => expander.text(word)?,
                });
                Ok(())
            })?;
            Ok(texts)
        })?;
        let view = files_view(io, &self.state.place);
        let world = World { view, directory: &self.state.directory, terminal: io.terminal };
        let set = |name: &str| self.state.get(name).is_some();
        let mut texts = texts.into_iter();
        let mut found = None;
        let result = holds(condition, &mut texts, &world, &set, &mut found);
        if let Some(found) = found {
            let all = found.into_iter().enumerate().map(|(at, text)| (at as u64, text)).collect();
            let variables = std::sync::Arc::make_mut(&mut self.state.variables);
            let variable = variables.entry("BASH_REMATCH".to_owned()).or_default();
            variable.elements = Some(Elements::Indexed(all));
        }
        result.map_err(|why| {
            Stop::Error(match self.state.dialect {
                Dialect::Bash => format!("[[: {why}"),
                _ => why,
            })
        })
    }
}

/// How a word of a condition is meant.
#[derive(Clone, Copy)]
enum Meaning {
    Text,
    Pattern,
    Regex,
    Number,
}

/// Every word of a condition in order, with how it is meant. Bash leaves out what `&&`
/// and `||` skip; expanding it does no harm but for assignments, which nobody writes there.
fn collect(
    condition: &Conditional,
    add: &mut dyn FnMut(&Word, Meaning) -> Result<(), Stop>,
) -> Result<(), Stop> {
    match condition {
        Conditional::Word(word) | Conditional::Unary(_, word) => add(word, Meaning::Text),
        Conditional::Binary(left, operator, right) => {
            let (first, second) = match operator.as_str() {
                "=" | "==" | "!=" => (Meaning::Text, Meaning::Pattern),
                "=~" => (Meaning::Text, Meaning::Regex),
                "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => (Meaning::Number, Meaning::Number),
                _ => (Meaning::Text, Meaning::Text),
            };
            add(left, first)?;
            add(right, second)
        }
        Conditional::Not(inner) => collect(inner, add),
        Conditional::And(all) | Conditional::Or(all) => {
            all.iter().try_for_each(|condition| collect(condition, add))
        }
    }
}

fn holds(
    condition: &Conditional,
    texts: &mut dyn Iterator<Item = String>,
    world: &World<'_>,
    set: &dyn Fn(&str) -> bool,
    found: &mut Option<Vec<String>>,
) -> Result<bool, String> {
    let mut next = || texts.next().unwrap_or_default();
    Ok(match condition {
        Conditional::Word(_) => !next().is_empty(),
        Conditional::Unary(operator, _) if operator == "-v" => set(&next()),
        Conditional::Unary(operator, _) => unary(operator, &next(), world)?,
        Conditional::Binary(_, operator, _) => {
            let (left, right) = (next(), next());
            match operator.as_str() {
                "=" | "==" => Pattern::new(&right).matches(&left),
                "!=" => !Pattern::new(&right).matches(&left),
                "=~" => {
                    let regex = compile(&right, Syntax::Awk, false)
                        .map_err(|_| "invalid regular expression".to_owned())?;
                    let groups = regex.captures_at(&left, 0);
                    let text = |(start, end): (usize, usize)| left[start..end].to_owned();
                    let texts = |groups: &Vec<Option<(usize, usize)>>| {
                        groups.iter().map(|group| group.map(text).unwrap_or_default()).collect()
                    };
                    *found = Some(groups.as_ref().map(texts).unwrap_or_default());
                    groups.is_some()
                }
                operator => binary(&left, operator, &right, world)?,
            }
        }
        Conditional::Not(inner) => !holds(inner, texts, world, set, found)?,
        Conditional::And(all) | Conditional::Or(all) => {
            let ends = matches!(condition, Conditional::Or(_));
            let mut value = !ends;
            for condition in all {
                // What does not count any more still takes its texts.
                let holds = holds(condition, texts, world, set, found);
                if value != ends {
                    value = holds?;
                }
            }
            value
        }
    })
}
