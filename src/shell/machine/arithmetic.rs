//! `$(( … ))`: integer expressions with C's operators.

use super::Dialect;

/// The variables that an expression reads and writes.
pub(super) trait Variables {
    /// A variable's text; empty when unset.
    fn read(&mut self, name: &str) -> String;
    /// Sets a variable.
    fn write(&mut self, name: &str, value: i64);
    /// Whether a variable is unset that has to be set (`set -u`).
    fn is_missing(&self, _name: &str) -> bool {
        false
    }
    /// Whether it is dash's arithmetic: without commas, and with numbers alone in variables.
    fn is_plain(&self) -> bool {
        false
    }
}

/// What is wrong with an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    DivisionByZero,
    /// A number or a name is missing.
    Operand,
    /// Something stands behind the expression.
    Rest,
    /// Something stands behind the expression that is no operator.
    NoOperator,
    TooDeep,
    Colon,
    Parenthesis,
    Exponent,
    /// A digit that the base does not have.
    Digit,
    Base,
    /// A base without digits.
    Constant,
    /// A number with two bases, or with the base 0.
    Number,
    /// Nothing stands where `?` or `:` wants something.
    Choice,
    /// A variable that holds no number.
    NoNumber,
    /// A variable that is unset and has to be set.
    Unset,
    /// What stands before `=` is no variable.
    NoVariable,
}

/// An expression that comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    problem: Problem,
    /// The expression: a variable's value may be one of its own.
    text: String,
    /// Where in it.
    token: String,
}

impl Fault {
    /// The variable that is unset and has to be set, if that is what is wrong.
    pub fn unset(&self) -> Option<&str> {
        (self.problem == Problem::Unset).then_some(self.token.as_str())
    }

    /// What a shell says of it, after its name.
    pub fn message(&self, dialect: Dialect) -> String {
        // bash shows what stands behind, too.
        let text = match dialect {
            Dialect::Bash => self.text.trim_start(),
            _ => self.text.trim(),
        };
        match (dialect, self.problem) {
            (Dialect::Bash, problem) => {
                let what = match problem {
                    Problem::DivisionByZero => "division by 0",
                    Problem::Operand => "syntax error: operand expected",
                    Problem::Rest | Problem::NoNumber => "syntax error in expression",
                    Problem::NoOperator => "syntax error: invalid arithmetic operator",
                    Problem::TooDeep => "expression recursion level exceeded",
                    Problem::Colon => "`:' expected for conditional expression",
                    Problem::Parenthesis => "missing `)'",
                    Problem::Exponent => "exponent less than 0",
                    Problem::Digit => "value too great for base",
                    Problem::Base => "invalid arithmetic base",
                    Problem::Constant => "invalid integer constant",
                    Problem::Number => "invalid number",
                    Problem::Choice => "expression expected",
                    Problem::Unset => "unbound variable",
                    Problem::NoVariable => "attempted assignment to non-variable",
                };
                // Of a number bash shows no more than what it has read.
                let text = match (problem, text.find(&*self.token)) {
                    (
                        Problem::Digit | Problem::Base | Problem::Constant | Problem::Number,
                        Some(at),
                    ) => &text[..at + self.token.len()],
                    _ => text,
                };
                format!("{text}: {what} (error token is \"{}\")", self.token)
            }
            (Dialect::Dash, Problem::NoNumber) => format!("Illegal number: {}", self.token),
            (Dialect::Dash, problem) => {
                let what = match problem {
                    Problem::DivisionByZero => "division by zero",
                    Problem::Operand => "expecting primary",
                    Problem::Colon => "expecting ':'",
                    Problem::Parenthesis => "expecting ')'",
                    _ => "expecting EOF",
                };
                format!("arithmetic expression: {what}: \"{text}\"")
            }
            (Dialect::Ash, Problem::DivisionByZero) => "divide by zero".to_owned(),
            (Dialect::Ash, Problem::Exponent) => "exponent less than 0".to_owned(),
            (Dialect::Ash, Problem::TooDeep) => "expression recursion loop detected".to_owned(),
            (Dialect::Ash, _) => "arithmetic syntax error".to_owned(),
        }
    }
}

/// What `text` comes to.
///
/// # Errors
/// What is wrong with it.
pub(super) fn evaluate(text: &str, variables: &mut dyn Variables) -> Result<i64, Fault> {
    evaluate_at(text, variables, 0)
}

fn evaluate_at(text: &str, variables: &mut dyn Variables, depth: u32) -> Result<i64, Fault> {
    let mut reader = Reader { text, at: 0, last: 0, depth, variables, idle: 0 };
    if depth > 30 {
        return Err(reader.error(Problem::TooDeep));
    }
    reader.skip();
    if reader.at == text.len() {
        return Ok(0);
    }
    let value = reader.comma()?;
    match reader.at == text.len() {
        true => Ok(value),
        false => {
            let next = reader.rest().chars().next().unwrap_or(' ');
            let known = next.is_alphanumeric() || "_$\"'+-*/%<>=!&|^~?:(),".contains(next);
            Err(reader.error(match () {
                () if next == '=' => Problem::NoVariable,
                () if known => Problem::Rest,
                () => Problem::NoOperator,
            }))
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Where the token before began.
    last: usize,
    depth: u32,
    variables: &'a mut dyn Variables,
    /// Above 0 in the part of `&&`, `||` and `?:` that does not count: nothing is assigned there.
    idle: u32,
}

/// Binary operators by how loosely they bind.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip();
        let found = self.rest().starts_with(token);
        if found {
            self.last = self.at;
            self.at += token.len();
        }
        found
    }

    fn error(&self, problem: Problem) -> Fault {
        let rest = self.rest();
        let token = if rest.trim_end().is_empty() { &self.text[self.last..] } else { rest };
        Fault { problem, text: self.text.to_owned(), token: token.to_owned() }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth > 60 {
            return Err(self.error(Problem::TooDeep));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn comma(&mut self) -> Result<i64, Fault> {
        let mut value = self.assignment()?;
        while !self.variables.is_plain() && self.take(",") {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn name(&mut self) -> Option<String> {
        self.skip();
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let mut name = name.to_owned();
        self.last = self.at;
        self.at += end;
        // `name[index]`, where the index may hold brackets of its own.
        if self.rest().starts_with('[') {
            let mut depth = 0_u32;
            let close = self.rest().find(|letter: char| {
                match letter {
                    '[' => depth += 1,
                    ']' => depth -= 1,
                    _ => {}
                }
                depth == 0
            });
            if let Some(close) = close {
                name += &self.rest()[..=close];
                self.at += close + 1;
            }
        }
        Some(name)
    }

    fn assignment(&mut self) -> Result<i64, Fault> {
        let start = self.at;
        if let Some(name) = self.name() {
            self.skip();
            for operator in ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="] {
                if self.rest().starts_with(operator) && !self.rest().starts_with("==") {
                    self.last = self.at;
                    self.at += operator.len();
                    let right = self.deeper(Self::assignment)?;
                    let value = match operator.strip_suffix('=') {
                        Some("") | None => right,
                        Some(binary) => {
                            let left = self.value_of(&name)?;
                            self.apply(binary, left, right)?
                        }
                    };
                    self.assign(&name, value);
                    return Ok(value);
                }
            }
        }
        self.at = start;
        self.ternary()
    }

    fn assign(&mut self, name: &str, value: i64) {
        if self.idle == 0 {
            self.variables.write(name, value);
        }
    }

    fn value_of(&mut self, name: &str) -> Result<i64, Fault> {
        let text = self.variables.read(name);
        match text.trim() {
            "" if self.idle == 0 && self.variables.is_missing(name) => {
                let (text, token) = (self.text.to_owned(), name.to_owned());
                Err(Fault { problem: Problem::Unset, text, token })
            }
            "" => Ok(0),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                parse(number, self.variables.is_plain()).map_err(|problem| Fault {
                    problem,
                    text: number.to_owned(),
                    token: number.to_owned(),
                })
            }
            number if self.variables.is_plain() => {
                let signed = number.strip_prefix(['-', '+']).unwrap_or(number);
                match (parse(signed, true), number.starts_with('-')) {
                    (Ok(value), negative) => Ok(if negative { -value } else { value }),
                    (Err(_), _) => {
                        let token = number.to_owned();
                        Err(Fault { problem: Problem::NoNumber, text: token.clone(), token })
                    }
                }
            }
            other => {
                let other = other.to_owned();
                evaluate_at(&other, self.variables, self.depth + 1)
            }
        }
    }

    fn ternary(&mut self) -> Result<i64, Fault> {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.wants_choice()?;
        let yes = self.aside(condition == 0, |reader| reader.deeper(Self::comma))?;
        if !self.take(":") {
            return Err(self.error(Problem::Colon));
        }
        self.wants_choice()?;
        let no = self.aside(condition != 0, |reader| reader.deeper(Self::ternary))?;
        Ok(if condition != 0 { yes } else { no })
    }

    /// bash says so where nothing stands behind `?` or `:`.
    fn wants_choice(&mut self) -> Result<(), Fault> {
        self.skip();
        match self.rest().is_empty() || self.rest().starts_with(':') {
            true => Err(self.error(Problem::Choice)),
            false => Ok(()),
        }
    }

    fn aside(
        &mut self,
        idle: bool,
        read: impl FnOnce(&mut Self) -> Result<i64, Fault>,
    ) -> Result<i64, Fault> {
        self.idle += u32::from(idle);
        let value = read(self);
        self.idle -= u32::from(idle);
        value
    }

    fn operator(&mut self, level: usize) -> Option<&'static str> {
        self.skip();
        let rest = self.rest();
        let found = LEVELS[level].iter().find(|operator| rest.starts_with(**operator))?;
        let after = &rest[found.len()..];
        let longer = match *found {
            "|" | "&" => after.starts_with(*found) || after.starts_with('='),
            "<" | ">" => after.starts_with(*found),
            "+" | "-" | "*" | "/" | "%" | "^" | "<<" | ">>" => after.starts_with('='),
            _ => false,
        };
        (!longer).then_some(*found)
    }

    fn binary(&mut self, level: usize) -> Result<i64, Fault> {
        if level == LEVELS.len() {
            return self.power();
        }
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(level) {
            self.last = self.at;
            self.at += operator.len();
            let idle = (operator == "||" && left != 0) || (operator == "&&" && left == 0);
            let right = self.aside(idle, |reader| reader.binary(level + 1))?;
            left = match idle {
                true => i64::from(left != 0),
                false => self.apply(operator, left, right)?,
            };
        }
        Ok(left)
    }

    fn apply(&self, operator: &str, left: i64, right: i64) -> Result<i64, Fault> {
        Ok(match operator {
            "||" => i64::from(left != 0 || right != 0),
            "&&" => i64::from(left != 0 && right != 0),
            "|" => left | right,
            "^" => left ^ right,
            "&" => left & right,
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "<=" => i64::from(left <= right),
            ">=" => i64::from(left >= right),
            "<" => i64::from(left < right),
            ">" => i64::from(left > right),
            "<<" => left.wrapping_shl(right as u32),
            ">>" => left.wrapping_shr(right as u32),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            "/" | "%" if right == 0 && self.idle > 0 => 0,
            "/" | "%" if right == 0 => return Err(self.divided()),
            "/" => left.wrapping_div(right),
            _ => left.wrapping_rem(right),
        })
    }

    /// The divisor is to blame.
    fn divided(&self) -> Fault {
        let token = self.text[self.last..].to_owned();
        Fault { problem: Problem::DivisionByZero, text: self.text.to_owned(), token }
    }

    fn power(&mut self) -> Result<i64, Fault> {
        let base = self.unary()?;
        self.skip();
        if !self.take("**") {
            return Ok(base);
        }
        let exponent = self.deeper(Self::power)?;
        match u32::try_from(exponent) {
            Ok(exponent) => Ok(base.wrapping_pow(exponent)),
            Err(_) => Err(self.error(Problem::Exponent)),
        }
    }

    fn unary(&mut self) -> Result<i64, Fault> {
        self.skip();
        for step in ["++", "--"] {
            if self.rest().starts_with(step) {
                let start = self.at;
                self.at += 2;
                if let Some(name) = self.name() {
                    let value =
                        self.value_of(&name)?.wrapping_add(if step == "++" { 1 } else { -1 });
                    self.assign(&name, value);
                    return Ok(value);
                }
                self.at = start;
            }
        }
        if self.take("!") {
            return Ok(i64::from(self.deeper(Self::unary)? == 0));
        }
        if self.take("~") {
            return Ok(!self.deeper(Self::unary)?);
        }
        if self.take("-") {
            return Ok(self.deeper(Self::unary)?.wrapping_neg());
        }
        if self.take("+") {
            return self.deeper(Self::unary);
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<i64, Fault> {
        if self.take("(") {
            let value = self.deeper(Self::comma)?;
            return match self.take(")") {
                true => Ok(value),
                false => Err(self.error(Problem::Parenthesis)),
            };
        }
        if let Some(name) = self.name() {
            let value = self.value_of(&name)?;
            for (step, delta) in [("++", 1), ("--", -1)] {
                if self.take(step) {
                    self.assign(&name, value.wrapping_add(delta));
                }
            }
            return Ok(value);
        }
        let rest = self.rest();
        let based = rest.contains('#');
        let part = |c: char| c.is_ascii_alphanumeric() || c == '#' || based && "@_".contains(c);
        let end = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error(Problem::Operand));
        }
        let number = parse(&rest[..end], self.variables.is_plain()).map_err(|problem| {
            let token = self.rest()[..end].to_owned();
            Fault { token, ..self.error(problem) }
        })?;
        self.last = self.at;
        self.at += end;
        Ok(number)
    }
}

/// `12`, `0x1f`, `017`, `2#101`. What is too large wraps around; in dash (`plain`) it is the largest.
fn parse(text: &str, plain: bool) -> Result<i64, Problem> {
    let (digits, base) = match text.split_once('#') {
        Some((_, digits)) if digits.contains('#') => return Err(Problem::Number),
        Some((_, "")) => return Err(Problem::Constant),
        Some(("0", _)) => return Err(Problem::Number),
        Some((base, digits)) => {
            let base = base.parse().ok().filter(|base| (2..=64).contains(base));
            (digits, base.ok_or(Problem::Base)?)
        }
        None => match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            Some(hex) => (hex, 16),
            None if text.len() > 1 && text.starts_with('0') => (text, 8),
            None => (text, 10),
        },
    };
    match in_base(digits, base) {
        Ok(_) if plain => Ok(i64::from_str_radix(digits, base as u32).unwrap_or(i64::MAX)),
        number => number,
    }
}

/// A number's digits: 0 to 9, a to z, A to Z, @ and _; up to 36 small and large letters are the same.
fn in_base(digits: &str, base: i64) -> Result<i64, Problem> {
    let mut number = 0_i64;
    for letter in digits.bytes() {
        let digit = match letter {
            b'0'..=b'9' => letter - b'0',
            b'a'..=b'z' => letter - b'a' + 10,
            b'A'..=b'Z' if base <= 36 => letter - b'A' + 10,
            b'A'..=b'Z' => letter - b'A' + 36,
            b'@' => 62,
            b'_' => 63,
            _ => return Err(Problem::Digit),
        };
        if i64::from(digit) >= base {
            return Err(Problem::Digit);
        }
        number = number.wrapping_mul(base).wrapping_add(i64::from(digit));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    impl Variables for BTreeMap<String, String> {
        fn read(&mut self, name: &str) -> String {
            self.get(name).cloned().unwrap_or_default()
        }

        fn write(&mut self, name: &str, value: i64) {
            self.insert(name.to_owned(), value.to_string());
        }
    }

    fn value(text: &str) -> Result<i64, String> {
        let result = evaluate(text, &mut BTreeMap::new());
        result.map_err(|fault| fault.message(Dialect::Bash))
    }

    #[test]
    fn operators_bind_as_in_c() {
        assert_eq!(value("1 + 2 * 3 ** 2 - -4"), Ok(23));
        assert_eq!(value("(1 + 2) * 3 % 4 << 2"), Ok(4));
        assert_eq!(value("5 > 3 && 2 >= 2 || 0 / 0"), Ok(1));
        assert_eq!(value("0x10 + 010 + 2#11"), Ok(27));
        assert_eq!(value("1 ? 2 : 3"), Ok(2));
    }

    #[test]
    fn a_variable_counts_up() {
        let mut variables = BTreeMap::new();
        assert_eq!(evaluate("i++ + ++i", &mut variables), Ok(2));
        assert_eq!(evaluate("i += 5", &mut variables), Ok(7));
        assert_eq!(variables["i"], "7");
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        let told = "1 / 0: division by 0 (error token is \"0\")";
        assert_eq!(value("1 / 0"), Err(told.to_owned()));
    }

    /// What bash 5.2, dash 0.5.12 and BusyBox 1.35 say.
    #[test]
    fn each_shell_words_what_is_wrong() {
        let told = |text: &str, dialect| {
            evaluate(text, &mut BTreeMap::new()).expect_err("it is wrong").message(dialect)
        };
        assert_eq!(
            told("1+", Dialect::Bash),
            "1+: syntax error: operand expected (error token is \"+\")"
        );
        assert_eq!(
            told("1.5", Dialect::Bash),
            "1.5: syntax error: invalid arithmetic operator (error token is \".5\")"
        );
        assert_eq!(told("1+", Dialect::Dash), "arithmetic expression: expecting primary: \"1+\"");
        assert_eq!(told("a b", Dialect::Dash), "arithmetic expression: expecting EOF: \"a b\"");
        assert_eq!(told("1/0", Dialect::Ash), "divide by zero");
    }

    #[test]
    fn a_variable_that_names_itself_is_an_error() {
        let mut variables = BTreeMap::from([("a".to_owned(), "a".to_owned())]);
        assert!(evaluate("a", &mut variables).is_err());
    }
}
