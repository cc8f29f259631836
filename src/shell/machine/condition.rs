//! `test`, `[` and `[[`.

use super::expand::Stop;
use super::state::Elements;
use super::{Dialect, Io, Machine, files_view};
use crate::shared_map::SharedMap;
use crate::shell::commands::text::regex::{Syntax, compile};
use crate::shell::files::{self, View};
use crate::shell::pattern::Pattern;
use crate::shell::syntax::{Conditional, Word, asks_one, asks_two};

/// What `test` asks of the world.
pub(in crate::shell) struct World<'a> {
    pub view: View<'a>,
    pub directory: &'a str,
    /// Whether standard input and output are a terminal.
    pub terminal: bool,
    /// Whether dash or BusyBox asks.
    pub posix: bool,
    /// Whether it is dash's, which has no `==`.
    pub dash: bool,
    /// Whether it is BusyBox' `[[`, which compares with patterns.
    pub double: bool,
    /// What bash's asks of its own shell: `-v` for a variable, `-o` for an option.
    pub shell: &'a dyn Fn(&str, &str) -> bool,
}

/// Why `test` cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Wrong {
    /// `[` without `]`, or `[[` without `]]`.
    Unclosed(&'static str),
    NoNumber(String),
    /// An operator whose operand is missing; none when there is nothing at all.
    NoOperand(Option<String>),
    /// Two words of which the first is no operator.
    NoUnary {
        operator: String,
        operand: String,
    },
    /// Three words of which the second is no operator.
    NoBinary {
        first: String,
        operator: String,
    },
    /// A word behind the expression, and the one before it.
    Extra {
        word: String,
        before: String,
    },
    NoParenthesis,
    /// What stands behind `=~` is no pattern: bash says nothing, and gives 2.
    NoPattern,
    TooMany,
    /// What podhop's shell does not do.
    NotSimulated(&'static str),
}

impl Wrong {
    /// What a shell says of it, after its name.
    pub fn message(&self, dialect: Dialect) -> String {
        match (self, dialect) {
            (Wrong::Unclosed(close), Dialect::Bash) => format!("missing `{close}'"),
            (Wrong::Unclosed(close), _) => format!("missing {close}"),
            (Wrong::NoNumber(text), Dialect::Bash) => {
                format!("{text}: integer expression expected")
            }
            (Wrong::NoNumber(text), Dialect::Dash) => format!("Illegal number: {text}"),
            (Wrong::NoNumber(text), Dialect::Ash) if text.is_empty() => "bad number".to_owned(),
            (Wrong::NoNumber(text), Dialect::Ash) => {
                let digits = text.trim().trim_start_matches(['-', '+']);
                match !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    true => format!("{text}: out of range"),
                    false => format!("{text}: bad number"),
                }
            }
            (Wrong::NoOperand(None), _) => "argument expected".to_owned(),
            (Wrong::NoOperand(Some(operator)), _) => format!("{operator}: argument expected"),
            (Wrong::NoUnary { operator, .. }, Dialect::Bash) => {
                format!("{operator}: unary operator expected")
            }
            (Wrong::NoUnary { operator, .. }, Dialect::Dash) => {
                format!("{operator}: unexpected operator")
            }
            (Wrong::NoUnary { operand, .. }, Dialect::Ash) => format!("{operand}: unknown operand"),
            (Wrong::NoBinary { operator, .. }, Dialect::Bash) => {
                format!("{operator}: binary operator expected")
            }
            (Wrong::NoBinary { first, .. }, Dialect::Dash) => {
                format!("{first}: unexpected operator")
            }
            (Wrong::NoBinary { operator, .. }, Dialect::Ash) => {
                format!("{operator}: unknown operand")
            }
            (Wrong::Extra { .. }, Dialect::Bash) => "too many arguments".to_owned(),
            (Wrong::Extra { before, .. }, Dialect::Dash) => {
                format!("{before}: unexpected operator")
            }
            (Wrong::Extra { word, .. }, Dialect::Ash) => format!("{word}: unknown operand"),
            (Wrong::NoParenthesis, Dialect::Bash) => "`)' expected".to_owned(),
            (Wrong::NoParenthesis, _) => "closing paren expected".to_owned(),
            (Wrong::TooMany, _) => "too many arguments".to_owned(),
            (Wrong::NoPattern, _) => String::new(),
            (Wrong::NotSimulated(what), _) => format!("not simulated here: {what}"),
        }
    }
}

/// What `test` says to these arguments.
///
/// # Errors
/// Why it cannot say.
pub(in crate::shell) fn test(arguments: &[String], world: &World<'_>) -> Result<bool, Wrong> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => Ok(false),
        [one] => Ok(!one.is_empty()),
        ["!", rest] => Ok(rest.is_empty()),
        [_, "-a" | "-o"] if world.posix => Err(Wrong::NoOperand(None)),
        [operand, operator] if is_binary(operator, world) && !asks_one(operand) && world.posix => {
            Err(Wrong::NoOperand(Some((*operator).to_owned())))
        }
        [operator, operand] if !matches!(*operator, "(") => unary(operator, operand, world),
        [left, operator, right] if is_binary(operator, world) => {
            binary(left, operator, right, world)
        }
        all => {
            if let ([first, operator, _], false) = (all, world.posix)
                && !matches!(*first, "!" | "(")
                && !matches!(*operator, "-a" | "-o")
            {
                let (first, operator) = ((*first).to_owned(), (*operator).to_owned());
                return Err(Wrong::NoBinary { first, operator });
            }
            let mut reader = Reader { arguments: all, at: 0, world, depth: 0 };
            let value = reader.either()?;
            match reader.arguments.get(reader.at) {
                None => Ok(value),
                Some(extra) if all.len() > 3 => Err(Wrong::Extra {
                    word: (*extra).to_owned(),
                    before: all[reader.at.saturating_sub(1)].to_owned(),
                }),
                Some(extra) => {
                    Err(Wrong::NoBinary { first: all[0].to_owned(), operator: (*extra).to_owned() })
                }
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

    fn either(&mut self) -> Result<bool, Wrong> {
        let mut value = self.both()?;
        while self.take("-o") {
            value |= self.both()?;
        }
        Ok(value)
    }

    fn both(&mut self) -> Result<bool, Wrong> {
        let mut value = self.primary()?;
        while self.take("-a") {
            value &= self.primary()?;
        }
        Ok(value)
    }

    fn primary(&mut self) -> Result<bool, Wrong> {
        self.depth += 1;
        if self.depth > 200 {
            return Err(Wrong::TooMany);
        }
        let rest = &self.arguments[self.at..];
        if let [left, operator, right, ..] = rest
            && is_binary(operator, self.world)
        {
            self.at += 3;
            return binary(left, operator, right, self.world);
        }
        match rest {
            [] => Err(Wrong::NoOperand(None)),
            ["!", ..] => {
                self.at += 1;
                Ok(!self.primary()?)
            }
            ["(", ..] => {
                self.at += 1;
                let value = self.either()?;
                match self.take(")") {
                    true => Ok(value),
                    false => Err(Wrong::NoParenthesis),
                }
            }
            [operator, operand, ..] if asks_one(operator) => {
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

fn is_binary(operator: &str, world: &World<'_>) -> bool {
    matches!(operator, "<" | ">") || asks_two(operator) || world.double && operator == "=~"
}

fn unary(operator: &str, operand: &str, world: &World<'_>) -> Result<bool, Wrong> {
    // Nothing is at no path.
    if operand.is_empty() && asks_one(operator) && !matches!(operator, "-n" | "-z" | "-t") {
        return Ok(false);
    }
    let path = files::absolute(world.view.place, world.directory, operand);
    let exists = || world.view.is_file(&path) || world.view.is_directory(&path);
    let facts = |follow| world.view.facts(&path, follow).ok();
    Ok(match operator {
        "-n" => !operand.is_empty(),
        "-z" => operand.is_empty(),
        "-e" | "-r" | "-w" | "-a" => exists() || files::is_device(&path),
        "-c" => files::is_device(&path),
        "-N" if world.posix => {
            return Err(Wrong::NoUnary {
                operator: operator.to_owned(),
                operand: operand.to_owned(),
            });
        }
        "-f" => world.view.is_file(&path),
        "-d" => world.view.is_directory(&path),
        "-x" => world.view.is_executable(&path),
        "-h" | "-L" => facts(false).is_some_and(|facts| facts.is_link()),
        "-u" => facts(true).is_some_and(|facts| facts.mode & 0o4000 != 0),
        "-g" => facts(true).is_some_and(|facts| facts.mode & 0o2000 != 0),
        "-k" => facts(true).is_some_and(|facts| facts.mode & 0o1000 != 0),
        "-O" | "-G" => {
            let own = world.view.cluster.identity(world.view.place);
            let name = |(number, name): (u32, Option<String>)| name.unwrap_or(number.to_string());
            let (user, group) = (name(own.user), name(own.group));
            facts(true).is_some_and(|facts| match operator {
                "-O" => facts.owner == user,
                _ => facts.group == group,
            })
        }
        // When a file was read is kept by nobody: it has not been since it was written.
        "-N" => exists(),
        "-s" => world.view.read(&path).is_ok_and(|content| !content.is_empty()),
        "-t" => world.terminal,
        "-v" | "-o" | "-R" if !world.posix => (world.shell)(operator, operand),
        _ if asks_one(operator) && !matches!(operator, "-v" | "-o" | "-R") => false,
        _ => {
            return Err(Wrong::NoUnary {
                operator: operator.to_owned(),
                operand: operand.to_owned(),
            });
        }
    })
}

fn number(text: &str) -> Result<i64, Wrong> {
    text.trim().parse().map_err(|_| Wrong::NoNumber(text.to_owned()))
}

fn binary(left: &str, operator: &str, right: &str, world: &World<'_>) -> Result<bool, Wrong> {
    let numbers = || Ok::<_, Wrong>((number(left)?, number(right)?));
    Ok(match operator {
        "==" if world.dash => {
            let (first, operator) = (left.to_owned(), operator.to_owned());
            return Err(Wrong::NoBinary { first, operator });
        }
        "=" | "==" if world.double => fits(left, right, &mut { STEPS })?,
        "!=" if world.double => !fits(left, right, &mut { STEPS })?,
        "=~" => {
            let mut tried = Tried { found: None, traced: Vec::new(), left: STEPS, folds: false };
            tried.matches(left, right)?
        }
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
            let path = |name| {
                let path = files::absolute(world.view.place, world.directory, name);
                world.view.cluster.follow(world.view.place, &path, true).into_owned()
            };
            path(left) == path(right)
        }
        "-nt" | "-ot" => {
            let changed = |name: &str| {
                let path = files::absolute(world.view.place, world.directory, name);
                world.view.facts(&path, true).ok().map(|facts| facts.changed)
            };
            let (left, right) = (changed(left), changed(right));
            // The almquist shells compare only what is there.
            let counts = !world.posix || left.is_some() && right.is_some();
            counts && if operator == "-nt" { left > right } else { left < right }
        }
        _ => false,
    })
}

impl Machine {
    /// What `=~` has found, as an array.
    fn remember_match(&mut self, found: Vec<String>) {
        let mut array = SharedMap::default();
        for (at, text) in found.into_iter().enumerate() {
            array.insert(at as u64, text);
        }
        let variable = self.state.variables.or_default("BASH_REMATCH");
        variable.elements = Some(Elements::Indexed(array));
    }

    /// Whether the condition in `[[ … ]]` holds.
    pub(super) fn conditional(
        &mut self,
        io: &mut Io<'_>,
        condition: &Conditional,
        outputs: &[String],
    ) -> Result<bool, Stop> {
        // Whether it is a number that is wrong: that is only a condition that does not hold.
        let mut counting = false;
        let texts = self.expansion(io, outputs, |expander| {
            let mut texts = Vec::new();
            collect(condition, &mut |word, pattern| {
                texts.push(match pattern {
                    Meaning::Pattern => expander.pattern(word)?,
                    Meaning::Regex => expander.regex(word)?,
                    Meaning::Number => {
                        counting = true;
                        let number = expander.arithmetic(word)?.to_string();
                        counting = false;
                        number
                    }
                    Meaning::Text => expander.text(word)?,
                });
                Ok(())
            })?;
            Ok(texts)
        });
        let texts = match texts {
            Err(Stop::Error(why)) if counting => {
                let message = format!("{}[[: {why}", self.state.prefix());
                self.write_error(io, &message);
                return Ok(false);
            }
            texts => texts?,
        };
        let view = files_view(io, &self.state.place);
        let world = World {
            view,
            directory: &self.state.directory,
            terminal: io.terminal,
            posix: false,
            dash: false,
            double: false,
            shell: &|operator, name| self.state.tells(operator, name),
        };
        let mut texts = texts.into_iter();
        let folds = self.state.shopt("nocasematch");
        let mut tried = Tried { found: None, traced: Vec::new(), left: STEPS, folds };
        let result = holds(condition, &mut texts, &world, &mut tried);
        let Tried { found, traced, left, .. } = tried;
        io.budget.keep((STEPS - left) as usize);
        for line in traced {
            self.trace_line(io, &format!("[[ {line} ]]"));
        }
        if let Some(found) = found {
            self.remember_match(found);
        }
        result.map_err(|why| {
            if why == Wrong::NoPattern {
                return Stop::Silent;
            }
            Stop::Error(format!("[[: {}", why.message(Dialect::Bash)))
        })
    }
}

/// Steps that all patterns of one condition may take, each of them the byte's that a shell keeps.
const STEPS: u64 = 64_000_000;

/// The same for one of the shell's steps.
const PER_STEP: u64 = 64;

/// What is said of a pattern that takes more.
const TOO_MANY: Wrong = Wrong::NotSimulated("a pattern that takes this many steps");

/// Whether a text fits a pattern that may have groups.
fn fits(text: &str, pattern: &str, left: &mut u64) -> Result<bool, Wrong> {
    let pattern =
        Pattern::extended(pattern).ok_or(Wrong::NotSimulated("groups that nest this deep"))?;
    pattern.matches_within(text, left).ok_or(TOO_MANY)
}

/// Takes the steps that a regular expression took.
fn spend(left: &mut u64, steps: u64) -> Result<(), Wrong> {
    *left = left.checked_sub(steps.saturating_mul(PER_STEP)).ok_or(TOO_MANY)?;
    Ok(())
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

/// What trying a condition comes to beside its truth.
struct Tried {
    /// What the groups of `=~` took.
    found: Option<Vec<String>>,
    /// The tests that were made, for `set -x`.
    traced: Vec<String>,
    /// The steps that patterns may still take.
    left: u64,
    /// `nocasematch`: whether capitals and small letters are the same.
    folds: bool,
}

impl Tried {
    /// `=~`: whether a pattern is found, and what its groups hold.
    fn matches(&mut self, text: &str, pattern: &str) -> Result<bool, Wrong> {
        let regex = compile(pattern, Syntax::Awk, self.folds).map_err(|_| Wrong::NoPattern)?;
        let groups = regex.captures_at(text, 0);
        spend(&mut self.left, regex.work())?;
        let part = |(start, end): (usize, usize)| text[start..end].to_owned();
        let texts = |groups: &Vec<Option<(usize, usize)>>| {
            groups.iter().map(|group| group.map(part).unwrap_or_default()).collect()
        };
        self.found = Some(groups.as_ref().map(texts).unwrap_or_default());
        Ok(groups.is_some())
    }

    /// What was tried from there on is turned around: `set -x` shows it so.
    fn negated(&mut self, from: usize) {
        if let Some(line) = self.traced.get_mut(from) {
            line.insert_str(0, "! ");
        }
    }
}

fn holds(
    condition: &Conditional,
    texts: &mut dyn Iterator<Item = String>,
    world: &World<'_>,
    tried: &mut Tried,
) -> Result<bool, Wrong> {
    let mut next = || texts.next().unwrap_or_default();
    let shown = |text: &str| if text.is_empty() { "''".to_owned() } else { text.to_owned() };
    Ok(match condition {
        Conditional::Word(_) => {
            let text = next();
            tried.traced.push(format!("-n {}", shown(&text)));
            !text.is_empty()
        }
        Conditional::Unary(operator, _) => {
            let text = next();
            tried.traced.push(format!("{operator} {}", shown(&text)));
            unary(operator, &text, world)?
        }
        Conditional::Binary(_, operator, _) => {
            let (first, second) = (next(), next());
            tried.traced.push(format!("{} {operator} {}", shown(&first), shown(&second)));
            let (left, folds) = (&mut tried.left, tried.folds);
            let folded = |text: &str| if folds { text.to_lowercase() } else { text.to_owned() };
            match operator.as_str() {
                "=" | "==" => fits(&folded(&first), &folded(&second), left)?,
                "!=" => !fits(&folded(&first), &folded(&second), left)?,
                "=~" => tried.matches(&first, &second)?,
                operator => binary(&first, operator, &second, world)?,
            }
        }
        Conditional::Not(inner) => {
            let said = tried.traced.len();
            let holds = holds(inner, texts, world, tried)?;
            tried.negated(said);
            !holds
        }
        Conditional::And(all) | Conditional::Or(all) => {
            let ends = matches!(condition, Conditional::Or(_));
            let mut value = !ends;
            for condition in all {
                // What does not count any more still takes its texts.
                let said = tried.traced.len();
                let holds = holds(condition, texts, world, tried);
                if value == ends {
                    tried.traced.truncate(said);
                }
                if value != ends {
                    value = holds?;
                }
            }
            value
        }
    })
}
