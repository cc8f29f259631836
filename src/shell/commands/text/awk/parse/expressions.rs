//! awk's expressions, by the precedence of their operators.

use super::super::lex::{Token, Wrong};
use super::super::patterns;
use super::super::tree::{Expression, Name, Place, Source};
use super::{Parsed, Parser, argument_count};

impl Parser<'_> {
    pub(super) fn name(&mut self, name: &str) -> Name {
        if let Some(at) = self.locals.iter().position(|local| local == name) {
            return Name::Local(at);
        }
        let next = self.globals.len();
        let number = *self.globals.entry(name.to_owned()).or_insert_with(|| {
            self.program.globals.push(name.to_owned());
            next
        });
        Name::Global(number)
    }

    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        let expression = self.choice()?;
        self.depth -= 1;
        Ok(expression)
    }

    /// `?:` and assignments, which group to the right.
    pub(super) fn choice(&mut self) -> Parsed<Expression> {
        let left = self.or()?;
        if self.is("?") {
            if self.no_greater && matches!(left, Expression::Compare(">", ..)) {
                return self.wrong();
            }
            self.step()?;
            self.newlines()?;
            let then = self.expression()?;
            self.newlines()?;
            self.expect(":")?;
            self.newlines()?;
            let otherwise = self.expression()?;
            return Ok(Expression::Choice(Box::new(left), Box::new(then), Box::new(otherwise)));
        }
        let Token::Sign(sign) = self.token else { return Ok(left) };
        if !matches!(sign, "=" | "+=" | "-=" | "*=" | "/=" | "%=" | "^=") {
            return Ok(left);
        }
        self.assignment(left, sign)
    }

    pub(super) fn assignment(
        &mut self,
        left: Expression,
        sign: &'static str,
    ) -> Parsed<Expression> {
        let change = |parser: &mut Self, place: Place| -> Parsed<Expression> {
            parser.advance(true)?;
            parser.newlines()?;
            let value = Box::new(parser.expression()?);
            Ok(match sign {
                "=" => Expression::Assign(place, value),
                sign => Expression::Change(place, sign.chars().next().unwrap_or('+'), value),
            })
        };
        match left {
            Expression::Place(place) => change(self, place),
            // `!x = y` and `a && b = c` assign on the right.
            Expression::Not(inner) => Ok(Expression::Not(Box::new(self.assignment(*inner, sign)?))),
            Expression::And(first, second) => {
                Ok(Expression::And(first, Box::new(self.assignment(*second, sign)?)))
            }
            Expression::Or(first, second) => {
                Ok(Expression::Or(first, Box::new(self.assignment(*second, sign)?)))
            }
            _ => self.wrong(),
        }
    }

    pub(super) fn or(&mut self) -> Parsed<Expression> {
        let mut left = self.and()?;
        while self.is("||") {
            self.step()?;
            self.newlines()?;
            let right = self.and()?;
            left = self.joined(Expression::Or(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    pub(super) fn and(&mut self) -> Parsed<Expression> {
        let mut left = self.membership()?;
        while self.is("&&") {
            self.step()?;
            self.newlines()?;
            let right = self.membership()?;
            left = self.joined(Expression::And(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    pub(super) fn membership(&mut self) -> Parsed<Expression> {
        let mut left = self.matching()?;
        while self.is_word("in") && !self.no_in {
            self.advance(false)?;
            let Token::Name(array) = self.token.clone() else { return self.wrong() };
            let array = self.name(&array);
            self.advance(false)?;
            left = self.joined(Expression::In(vec![left], array))?;
        }
        Ok(left)
    }

    pub(super) fn matching(&mut self) -> Parsed<Expression> {
        let mut left = self.comparison()?;
        while self.is("~") || self.is("!~") {
            let matches = self.is("~");
            self.step()?;
            let right = self.comparison()?;
            left = self.joined(Expression::Match(matches, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    pub(super) fn comparison(&mut self) -> Parsed<Expression> {
        let left = self.concatenation(false)?;
        let Token::Sign(sign) = self.token else { return Ok(left) };
        if !matches!(sign, "<" | "<=" | "==" | "!=" | ">=" | ">") || sign == ">" && self.no_greater
        {
            return Ok(left);
        }
        self.step()?;
        let right = self.concatenation(false)?;
        Ok(Expression::Compare(sign, Box::new(left), Box::new(right)))
    }

    /// Whether another operand follows right away.
    pub(super) fn joins(&self) -> bool {
        match &self.token {
            Token::Number(_)
            | Token::Text(_)
            | Token::Regex(_)
            | Token::Name(_)
            | Token::Call(_)
            | Token::Builtin(_) => true,
            Token::Sign(sign) => matches!(*sign, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
            _ => false,
        }
    }

    pub(super) fn concatenation(&mut self, target: bool) -> Parsed<Expression> {
        let mut left = self.sum()?;
        loop {
            if !target && self.is("|") && self.pipes_to_getline()? {
                left = self.getline_from(left)?;
                continue;
            }
            if !self.joins() || self.is_word("in") {
                return Ok(left);
            }
            let right = self.sum()?;
            left = self.joined(Expression::Concatenate(Box::new(left), Box::new(right)))?;
        }
    }

    /// Whether `getline` stands behind the bar.
    pub(super) fn pipes_to_getline(&mut self) -> Parsed<bool> {
        let rest = self.lexer.source[self.lexer.at..].trim_start_matches([' ', '\t']);
        Ok(rest.starts_with("getline"))
    }

    pub(super) fn getline_from(&mut self, command: Expression) -> Parsed<Expression> {
        self.advance(true)?;
        self.advance(false)?;
        self.program.commands = true;
        let place = self.getline_place()?;
        self.joined(Expression::Getline(Source::Command(Box::new(command)), place))
    }

    pub(super) fn getline_place(&mut self) -> Parsed<Option<Place>> {
        let begins = matches!(self.token, Token::Name(_)) || self.is("$");
        if !begins {
            return Ok(None);
        }
        match self.place_only()? {
            Expression::Place(place) => Ok(Some(place)),
            _ => self.wrong(),
        }
    }

    pub(super) fn sum(&mut self) -> Parsed<Expression> {
        let mut left = self.product()?;
        while self.is("+") || self.is("-") {
            let sign = if self.is("+") { '+' } else { '-' };
            let line = self.line();
            self.step()?;
            let right = self.product()?;
            left = self.joined(Expression::Binary(sign, Box::new(left), Box::new(right), line))?;
        }
        Ok(left)
    }

    pub(super) fn product(&mut self) -> Parsed<Expression> {
        let mut left = self.unary()?;
        while let Token::Sign(sign @ ("*" | "/" | "%")) = self.token {
            let line = self.line();
            let start = self.start;
            self.step()?;
            let right = self.unary()?;
            let zero = matches!(right, Expression::Number(0.0));
            if sign != "*" && zero && matches!(left, Expression::Number(_)) && self.lexer.gawk {
                let what = if sign == "/" { "" } else { " in `%'" };
                let message = format!("!error: division by zero attempted{what}");
                return Err(Wrong { at: start, message });
            }
            let sign = sign.chars().next().unwrap_or('*');
            left = self.joined(Expression::Binary(sign, Box::new(left), Box::new(right), line))?;
        }
        Ok(left)
    }

    pub(super) fn unary(&mut self) -> Parsed<Expression> {
        let Token::Sign(sign @ ("!" | "-" | "+")) = self.token else { return self.power() };
        self.deeper()?;
        self.step()?;
        let body = Box::new(self.unary()?);
        self.depth -= 1;
        Ok(match sign {
            "!" => match *body {
                // `! x ~ y` is about the whole comparison.
                body if self.is("~") || self.is("!~") => {
                    let matches = self.is("~");
                    self.step()?;
                    let right = self.comparison()?;
                    let comparison = Expression::Match(matches, Box::new(body), Box::new(right));
                    Expression::Not(Box::new(comparison))
                }
                body => Expression::Not(Box::new(body)),
            },
            "-" => Expression::Negative(body),
            _ => Expression::Positive(body),
        })
    }

    pub(super) fn power(&mut self) -> Parsed<Expression> {
        let mut left = self.increment()?;
        // BusyBox goes from left to right.
        while !self.lexer.gawk && self.is("^") {
            let line = self.line();
            self.step()?;
            let right = match self.is("-") || self.is("+") || self.is("!") {
                true => self.unary()?,
                false => self.increment()?,
            };
            left = Expression::Binary('^', Box::new(left), Box::new(right), line);
        }
        if !self.is("^") {
            return Ok(left);
        }
        let line = self.line();
        self.deeper()?;
        self.step()?;
        // To the right, and a sign may stand before it.
        let right = match self.is("-") || self.is("+") || self.is("!") {
            true => self.unary()?,
            false => self.power()?,
        };
        self.depth -= 1;
        Ok(Expression::Binary('^', Box::new(left), Box::new(right), line))
    }

    pub(super) fn increment(&mut self) -> Parsed<Expression> {
        if self.is("++") || self.is("--") {
            let by = if self.is("++") { 1.0 } else { -1.0 };
            self.advance(true)?;
            return match self.place_only()? {
                Expression::Place(place) => Ok(Expression::Step(place, true, by)),
                _ => self.wrong(),
            };
        }
        let operand = self.primary()?;
        if !self.is("++") && !self.is("--") {
            return Ok(operand);
        }
        let Expression::Place(place) = operand else { return Ok(operand) };
        let by = if self.is("++") { 1.0 } else { -1.0 };
        self.advance(false)?;
        Ok(Expression::Step(place, false, by))
    }

    /// An operand that can be set, without what follows it.
    pub(super) fn place_only(&mut self) -> Parsed<Expression> {
        self.primary()
    }

    pub(super) fn primary(&mut self) -> Parsed<Expression> {
        let line = self.line();
        let start = self.start;
        match self.token.clone() {
            Token::Number(number) => {
                self.step()?;
                Ok(Expression::Number(number))
            }
            Token::Text(text) => {
                self.step()?;
                Ok(Expression::Text(text))
            }
            Token::Regex(regex) => {
                self.step()?;
                if let Err(why) = patterns::check(&regex, self.lexer.gawk) {
                    let mark = if self.lexer.gawk { "!" } else { "!!" };
                    return Err(Wrong { at: start, message: format!("{mark}{why}") });
                }
                Ok(Expression::Regex(regex))
            }
            Token::Sign("$") => {
                self.deeper()?;
                self.advance(true)?;
                let field = match self.is("-") || self.is("!") || self.is("+") {
                    true => self.unary()?,
                    false => self.increment_of_field()?,
                };
                self.depth -= 1;
                Ok(Expression::Place(Place::Field(Box::new(field))))
            }
            Token::Sign("(") => self.group(),
            Token::Name(name) => {
                self.step()?;
                let name = self.name(&name);
                if self.is("[") {
                    self.advance(true)?;
                    let keys = self.keys("]")?;
                    if keys.is_empty() {
                        return self.wrong();
                    }
                    return Ok(Expression::Place(Place::Element(name, keys)));
                }
                Ok(Expression::Place(Place::Variable(name)))
            }
            Token::Call(name) => {
                self.advance(true)?;
                self.advance(true)?;
                let arguments = self.keys(")")?;
                self.called.push((name.clone(), start, arguments.len()));
                let number = self.function_number(&name);
                Ok(Expression::Call(number, arguments))
            }
            Token::Sign("@") if self.lexer.gawk => self.indirect(line),
            Token::Builtin(name) => self.builtin(name, line),
            Token::Word("getline") => {
                self.program.commands = true;
                self.advance(false)?;
                let place = self.getline_place()?;
                if self.is("<") {
                    self.advance(true)?;
                    let file = self.primary()?;
                    return Ok(Expression::Getline(Source::File(Box::new(file)), place));
                }
                Ok(Expression::Getline(Source::Main, place))
            }
            _ => self.wrong(),
        }
    }

    /// `@f(x)`: a function whose name is in a variable.
    fn indirect(&mut self, line: usize) -> Parsed<Expression> {
        self.advance(false)?;
        let name = match self.token.clone() {
            Token::Call(name) => name,
            Token::Name(name) if matches!(name.as_str(), "include" | "load" | "namespace") => {
                let message = format!("podhop: not simulated here: @{name}");
                return Err(Wrong { at: self.start, message });
            }
            _ => return self.wrong(),
        };
        self.advance(true)?;
        self.advance(true)?;
        let arguments = self.keys(")")?;
        Ok(Expression::Indirect(self.name(&name), arguments, line))
    }

    pub(super) fn increment_of_field(&mut self) -> Parsed<Expression> {
        match self.is("++") || self.is("--") {
            true => self.increment(),
            false => self.primary(),
        }
    }

    pub(super) fn group(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        self.advance(true)?;
        let mut all = self.keys(")")?;
        self.depth -= 1;
        if self.is_word("in") {
            self.advance(false)?;
            let Token::Name(array) = self.token.clone() else { return self.wrong() };
            let array = self.name(&array);
            self.advance(false)?;
            return Ok(Expression::In(all, array));
        }
        match (all.pop(), all.is_empty()) {
            (Some(only), true) => Ok(Expression::Group(Box::new(only))),
            _ => self.wrong(),
        }
    }

    pub(super) fn builtin(&mut self, name: &'static str, line: usize) -> Parsed<Expression> {
        self.advance(false)?;
        self.program.commands |= name == "system";
        if !self.is("(") {
            return match name {
                "length" => Ok(Expression::Builtin(name, Vec::new(), line)),
                _ => self.wrong(),
            };
        }
        self.advance(true)?;
        let arguments = self.keys(")")?;
        let takes = argument_count(name);
        if self.lexer.gawk && !takes.contains(&arguments.len()) {
            let message =
                format!("{} is invalid as number of arguments for {name}", arguments.len());
            let before = self.lexer.source.get(..self.start).unwrap_or("");
            return Err(Wrong { at: before.rfind(')').unwrap_or(0), message });
        }
        Ok(Expression::Builtin(name, arguments, line))
    }
}
