//! `$(( … ))`: integer expressions with C's operators.

/// The variables that an expression reads and writes.
pub(super) trait Variables {
    /// A variable's text; empty when unset.
    fn read(&mut self, name: &str) -> String;
    /// Sets a variable.
    fn write(&mut self, name: &str, value: i64);
}

/// What `text` comes to.
///
/// # Errors
/// What the shell says after `bash: TEXT: `.
pub(super) fn evaluate(text: &str, variables: &mut dyn Variables) -> Result<i64, String> {
    evaluate_at(text, variables, 0)
}

fn evaluate_at(text: &str, variables: &mut dyn Variables, depth: u32) -> Result<i64, String> {
    if depth > 30 {
        return Err("expression recursion level exceeded".to_owned());
    }
    let mut reader = Reader { text, at: 0, depth, variables, idle: 0 };
    reader.skip();
    if reader.at == text.len() {
        return Ok(0);
    }
    let value = reader.comma()?;
    match reader.at == text.len() {
        true => Ok(value),
        false => Err(reader.error("syntax error in expression")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
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
            self.at += token.len();
        }
        found
    }

    fn error(&self, what: &str) -> String {
        let token = self.rest().trim_end();
        let shown = if token.is_empty() { self.text.trim_end() } else { token };
        format!("{what} (error token is \"{shown}\")")
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth > 60 {
            return Err("expression recursion level exceeded".to_owned());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn comma(&mut self) -> Result<i64, String> {
        let mut value = self.assignment()?;
        while self.take(",") {
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

    fn assignment(&mut self) -> Result<i64, String> {
        let start = self.at;
        if let Some(name) = self.name() {
            self.skip();
            for operator in ["<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "="] {
                if self.rest().starts_with(operator) && !self.rest().starts_with("==") {
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

    fn value_of(&mut self, name: &str) -> Result<i64, String> {
        let text = self.variables.read(name);
        match text.trim() {
            "" => Ok(0),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => parse(number),
            other => {
                let other = other.to_owned();
                evaluate_at(&other, self.variables, self.depth + 1)
            }
        }
    }

    fn ternary(&mut self) -> Result<i64, String> {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        let yes = self.aside(condition == 0, |reader| reader.deeper(Self::assignment))?;
        if !self.take(":") {
            return Err(self.error("`:' expected for conditional expression"));
        }
        let no = self.aside(condition != 0, |reader| reader.deeper(Self::assignment))?;
        Ok(if condition != 0 { yes } else { no })
    }

    fn aside(
        &mut self,
        idle: bool,
        read: impl FnOnce(&mut Self) -> Result<i64, String>,
    ) -> Result<i64, String> {
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

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        if level == LEVELS.len() {
            return self.power();
        }
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(level) {
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

    fn apply(&self, operator: &str, left: i64, right: i64) -> Result<i64, String> {
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
            "/" | "%" if right == 0 => return Err(self.error("division by 0")),
            "/" => left.wrapping_div(right),
            _ => left.wrapping_rem(right),
        })
    }

    fn power(&mut self) -> Result<i64, String> {
        let base = self.unary()?;
        self.skip();
        if !self.take("**") {
            return Ok(base);
        }
        let exponent = self.deeper(Self::power)?;
        match u32::try_from(exponent) {
            Ok(exponent) => Ok(base.wrapping_pow(exponent)),
            Err(_) => Err(self.error("exponent less than 0")),
        }
    }

    fn unary(&mut self) -> Result<i64, String> {
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

    fn primary(&mut self) -> Result<i64, String> {
        if self.take("(") {
            let value = self.deeper(Self::comma)?;
            return match self.take(")") {
                true => Ok(value),
                false => Err(self.error("missing `)'")),
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
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '#')).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error("syntax error: operand expected"));
        }
        let number = parse(&rest[..end]).map_err(|what| self.error(&what))?;
        self.at += end;
        Ok(number)
    }
}

/// `12`, `0x1f`, `017`, `2#101`
fn parse(text: &str) -> Result<i64, String> {
    let parsed = if let Some(hex) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        i64::from_str_radix(hex, 16)
    } else if let Some((base, digits)) = text.split_once('#') {
        let base = base.parse().ok().filter(|base| (2..=36).contains(base));
        i64::from_str_radix(digits, base.ok_or("invalid arithmetic base")?)
    } else if text.len() > 1 && text.starts_with('0') {
        i64::from_str_radix(text, 8)
    } else {
        text.parse()
    };
    parsed.map_err(|_| match text.starts_with('0') {
        true => "value too great for base".to_owned(),
        false => "syntax error in expression".to_owned(),
    })
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
        evaluate(text, &mut BTreeMap::new())
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
        assert_eq!(value("1 / 0"), Err("division by 0 (error token is \"1 / 0\")".to_owned()));
    }

    #[test]
    fn a_variable_that_names_itself_is_an_error() {
        let mut variables = BTreeMap::from([("a".to_owned(), "a".to_owned())]);
        assert!(evaluate("a", &mut variables).is_err());
    }
}
