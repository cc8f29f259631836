//! From a template's text to its nodes.

use super::{Node, Part, Slice};

/// How deep filters, unions and ranges may nest.
const DEEPEST: usize = 50;

/// Parses a whole template: text, actions, ranges.
pub(super) fn template(text: &str) -> Result<Vec<Node>, String> {
    let mut flat = Vec::new();
    let mut rest = text;
    let mut ranges = 0_usize;
    while !rest.is_empty() {
        let Some(open) = rest.find('{') else {
            flat.push(Node::Text(rest.to_owned()));
            break;
        };
        if open > 0 {
            flat.push(Node::Text(rest[..open].to_owned()));
        }
        let mut parser = Parser { text: &rest[open + 1..], at: 0, depth: 0 };
        let parts = parser.action()?;
        rest = &rest[open + 1 + parser.at..];
        ranges = match parts.first() {
            Some(Part::Identifier(word)) if word == "range" => ranges + 1,
            Some(Part::Identifier(word)) if word == "end" => ranges.saturating_sub(1),
            _ => ranges,
        };
        if ranges > DEEPEST {
            return Err(format!("not simulated here: ranges nested more than {DEEPEST} deep"));
        }
        flat.push(Node::Action(parts));
    }
    Ok(nest(&mut flat.into_iter(), false))
}

/// Puts what stands between `{range}` and `{end}` into the range. A range without an end goes to
/// the end of the template.
fn nest(nodes: &mut std::vec::IntoIter<Node>, inside: bool) -> Vec<Node> {
    let mut nested = Vec::new();
    while let Some(node) = nodes.next() {
        let Node::Action(parts) = node else {
            nested.push(node);
            continue;
        };
        match parts.first() {
            Some(Part::Identifier(word)) if word == "range" => {
                let over = parts[1..].to_vec();
                nested.push(Node::Range { over, body: nest(nodes, true) });
            }
            Some(Part::Identifier(word)) if word == "end" => {
                if inside {
                    return nested;
                }
                nested.push(Node::StrayEnd);
            }
            _ => nested.push(Node::Action(parts)),
        }
    }
    nested
}

/// The inside of one pair of braces.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// The parts of an expression that stands alone (in a union or filter).
fn expression(text: &str, depth: usize) -> Result<Vec<Part>, String> {
    if depth > DEEPEST {
        return Err("too many nested filters".to_owned());
    }
    let closed = format!("{text}}}");
    Parser { text: &closed, at: 0, depth }.action()
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Everything up to and with the closing brace.
    fn action(&mut self) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        loop {
            if self.rest().starts_with("[?(") {
                self.at += 3;
                parts.push(self.filter()?);
                continue;
            }
            if self.rest().starts_with("..") {
                self.at += 2;
                parts.push(Part::Recursive);
                let field = self.field();
                if !field.is_empty() {
                    parts.push(field_part(&field));
                }
                continue;
            }
            match self.next() {
                None | Some('\n' | '\r') => return Err("unclosed action".to_owned()),
                Some('}') => return Ok(parts),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut parts)?,
                Some(quote @ ('"' | '\'')) => parts.push(self.quoted(quote)?),
                Some('.') => {
                    let field = self.field();
                    parts.push(field_part(&field));
                }
                Some(c) if c == '+' || c == '-' || c.is_ascii_digit() => {
                    self.at -= 1;
                    parts.push(self.number()?);
                }
                Some(c) if c == '_' || c.is_alphanumeric() => {
                    self.at -= c.len_utf8();
                    parts.push(self.identifier());
                }
                Some(c) => {
                    let code = u32::from(c);
                    return Err(format!("unrecognized character in action: U+{code:04X} '{c}'"));
                }
            }
        }
    }

    /// A field's name, up to what ends one; backslashes keep the next character.
    fn field(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.rest().chars().next() {
            if c == '\\' {
                self.at += 1;
                name.extend(self.next());
                continue;
            }
            if c.is_whitespace() || ".,[]$@{}".contains(c) {
                break;
            }
            self.at += c.len_utf8();
            name.push(c);
        }
        name
    }

    fn identifier(&mut self) -> Part {
        match self.field().as_str() {
            "true" => Part::Bool(true),
            "false" => Part::Bool(false),
            word => Part::Identifier(word.to_owned()),
        }
    }

    fn number(&mut self) -> Result<Part, String> {
        let rest = self.rest();
        let end = rest
            .char_indices()
            .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && "+-".contains(*c))))
            .map_or(rest.len(), |(at, _)| at);
        let text = rest[..end].to_owned();
        self.at += end;
        let integer = text.parse().map(Part::Integer).ok();
        integer
            .or_else(|| text.parse().map(Part::Float).ok())
            .ok_or_else(|| format!("cannot parse number {text}"))
    }

    /// A text in quotes, after its opening one. A quote behind a backslash ends nothing, not even where the
    /// backslash is one that is escaped itself (`parseQuote` in `client-go/util/jsonpath`).
    fn quoted(&mut self, quote: char) -> Result<Part, String> {
        let start = self.at;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote && !self.text[start..self.at - 1].ends_with('\\') => break,
                Some(_) => {}
            }
        }
        let inner = &self.text[start..self.at - 1];
        unquote(inner, quote)
            .map(Part::Text)
            .ok_or_else(|| format!("unquote string {quote}{inner}{quote} error invalid syntax"))
    }

    /// `[…]` after its opening bracket.
    fn array(&mut self, parts: &mut Vec<Part>) -> Result<(), String> {
        let unterminated = || "unterminated array".to_owned();
        let end = self.rest().find([']', '\n']).ok_or_else(unterminated)?;
        if self.rest()[end..].starts_with('\n') {
            return Err(unterminated());
        }
        let text = self.rest()[..end].to_owned();
        self.at += end + 1;
        let items: Vec<&str> = text.split(',').map(|item| item.trim_matches(' ')).collect();
        if items.len() > 1 {
            let union = items.iter().map(|item| expression(&format!("[{item}]"), self.depth + 1));
            parts.push(Part::Union(union.collect::<Result<_, _>>()?));
        } else if let Some(key) = quoted_key(&text) {
            parts.extend(expression(&format!(".{key}"), self.depth + 1)?);
        } else {
            parts.push(Part::Slice(slice(&text)?));
        }
        Ok(())
    }

    /// `[?(…)]` after its opening.
    fn filter(&mut self) -> Result<Part, String> {
        let start = self.at;
        let mut quote = None;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some('\\') if quote.is_some() => {
                    self.next();
                }
                Some(c @ ('"' | '\'')) => match quote {
                    None => quote = Some(c),
                    Some(open) if open == c => quote = None,
                    Some(_) => {}
                },
                Some(')') if quote.is_none() => break,
                Some(_) => {}
            }
        }
        let text = self.text[start..self.at - 1].to_owned();
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let depth = self.depth + 1;
        let Some((left, operator, right)) = comparison(&text) else {
            let left = expression(&text, depth)?;
            return Ok(Part::Filter { left, operator: "exists".to_owned(), right: Vec::new() });
        };
        Ok(Part::Filter {
            left: expression(left, depth)?,
            operator: operator.to_owned(),
            right: expression(right, depth)?,
        })
    }
}

fn field_part(name: &str) -> Part {
    if name == "*" { Part::Wildcard } else { Part::Field(name.to_owned()) }
}

/// `'key'`, without its quotes.
/// A text as Go writes one, without its quotes: both kinds can be escaped in either (`UnquoteExtend`).
fn unquote(text: &str, quote: char) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            if c == quote {
                return None;
            }
            out.push(c);
            continue;
        }
        let code = |digits: &str, radix: u32| u32::from_str_radix(digits, radix).ok();
        let mut digits = |count: usize| -> String { rest.by_ref().take(count).collect() };
        let escaped = digits(1);
        out.push(match escaped.as_str() {
            "a" => '\u{7}',
            "b" => '\u{8}',
            "f" => '\u{c}',
            "n" => '\n',
            "r" => '\r',
            "t" => '\t',
            "v" => '\u{b}',
            "\\" | "'" | "\"" => escaped.chars().next()?,
            "x" | "u" | "U" => {
                let count = [("x", 2), ("u", 4), ("U", 8)].iter().find(|(c, _)| *c == escaped)?.1;
                let hex = digits(count);
                char::from_u32(code(&hex, 16).filter(|_| hex.len() == count)?)?
            }
            first if first.chars().all(|c| c.is_digit(8)) && !first.is_empty() => {
                let octal = escaped + &digits(2);
                char::from_u32(code(&octal, 8).filter(|code| octal.len() == 3 && *code < 256)?)?
            }
            _ => return None,
        });
    }
    Some(out)
}

fn quoted_key(text: &str) -> Option<&str> {
    let key = text.strip_prefix('\'')?.strip_suffix('\'')?;
    (!key.contains('\'')).then_some(key)
}

/// `left`, `==`, `right`
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_sign = |c: char| "!<>=".contains(c);
    let start = text.find(is_sign)?;
    // Something has to stand behind the signs, if only the last of them.
    let signs = text[start..].find(|c| !is_sign(c)).unwrap_or(text.len() - start - 1);
    if signs == 0 {
        return None;
    }
    let (left, rest) = text.split_at(start);
    let (operator, right) = rest.split_at(signs);
    (!left.is_empty()).then_some((left, operator, right))
}

fn slice(text: &str) -> Result<Slice, String> {
    let wrong = || format!("invalid array index {text}");
    let text = if text == "*" { ":" } else { text };
    let numbers: Vec<&str> = text.split(':').collect();
    if numbers.len() > 3 {
        return Err(wrong());
    }
    let mut parsed = [None; 3];
    for (slot, number) in parsed.iter_mut().zip(&numbers) {
        if !number.is_empty() {
            let digits = number.strip_prefix('-').unwrap_or(number);
            if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
                return Err(wrong());
            }
            *slot = Some(number.parse::<i64>().map_err(|_| wrong())?);
        }
    }
    let [start, end, step] = parsed;
    match numbers.len() {
        1 => {
            let start = start.unwrap_or(0);
            Ok(Slice {
                start: Some(start),
                end: Some(start.saturating_add(1)),
                step,
                derived: true,
            })
        }
        _ => Ok(Slice { start, end, step, derived: false }),
    }
}
