//! awk's own functions.

use super::patterns::ready;
use super::run::{Answer, LONGEST, Machine, Ran, Stop, Wait, World};
use super::tree::{Expression, Place};
use super::value::{Value, leading, shown};
use crate::shell::commands::conversion::Spec;
use crate::shell::commands::moment::Moment;
use crate::shell::commands::text::regex::Regex;

impl Machine {
    pub fn builtin(
        &mut self,
        name: &str,
        arguments: &[Expression],
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        if let Some(value) = self.of_places(name, arguments, line, world)? {
            return Ok(value);
        }
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument, world)?);
        }
        let texts: Vec<String> = values.iter().map(|value| self.index_text(value)).collect();
        if let Some(value) = self.of_texts(name, &values, &texts) {
            return Ok(value);
        }
        match (name, texts.as_slice()) {
            ("system", _) if self.sandbox => {
                self.fatal(line, "'system' function not allowed in sandbox mode")
            }
            ("system", [command]) => self.system(command, world),
            ("close", [name, ..]) => {
                Ok(Value::Number(f64::from(self.close(&name.clone(), world)?)))
            }
            ("fflush", _) => {
                self.flush(world)?;
                Ok(Value::Number(0.0))
            }
            ("srand", _) => {
                let old = self.seed;
                let now = world.io.now().timestamp().as_second() as f64;
                self.seed = values.first().map_or(now, Value::number);
                self.random = self.seed.to_bits() | 1;
                Ok(Value::Number(old))
            }
            ("rand", []) => Ok(Value::Number(self.rand())),
            ("systime", []) => Ok(Value::Number(world.io.now().timestamp().as_second() as f64)),
            ("strftime" | "mktime", _) => Ok(self.time(name, &values, &texts, world)),
            _ => {
                self.remark(name, &values, line, world);
                self.math(name, &values, line)
            }
        }
    }

    /// The functions that take more of their arguments than values: expressions, arrays, places that they
    /// set; `None` for all others.
    fn of_places(
        &mut self,
        name: &str,
        arguments: &[Expression],
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<Option<Value>> {
        let length = match arguments {
            [Expression::Place(Place::Variable(array))] => self.array_length(*array),
            _ => None,
        };
        Ok(Some(match name {
            "sub" | "gsub" => self.substitute(name == "gsub", arguments, line, world)?,
            "gensub" => self.general_substitute(arguments, line, world)?,
            "match" => self.match_text(arguments, line, world)?,
            "split" | "patsplit" => self.split_text(arguments, line, world)?,
            "sprintf" => Value::Text(self.format(arguments, line, world)?),
            "asort" | "asorti" => self.sorted(name == "asort", arguments, line, world)?,
            "index" if matches!(arguments.get(1), Some(Expression::Regex(_))) && self.gawk => {
                return self
                    .fatal(line, "index: regexp constant as second argument is not allowed");
            }
            "typeof" if length.is_some() => Value::Text("array".to_owned()),
            "isarray" if length.is_some() => Value::Number(1.0),
            "length" => return Ok(length.map(|count| Value::Number(count as f64))),
            _ => return Ok(None),
        }))
    }

    /// The functions that make a value of texts and change nothing; `None` for all others.
    fn of_texts(&self, name: &str, values: &[Value], texts: &[String]) -> Option<Value> {
        Some(match (name, texts) {
            ("length", []) => Value::Number(self.record.chars().count() as f64),
            ("length", [text]) => Value::Number(text.chars().count() as f64),
            ("tolower", [text]) => Value::Text(text.to_lowercase()),
            ("toupper", [text]) => Value::Text(text.to_uppercase()),
            ("index", [text, part]) => {
                let at = match part.is_empty() {
                    true => self.gawk.then_some(0),
                    false if self.folds => text.to_lowercase().find(&part.to_lowercase()),
                    false => text.find(part.as_str()),
                };
                let place = at.map_or(0, |at| text[..at].chars().count() + 1);
                Value::Number(place as f64)
            }
            ("substr", [text, _] | [text, _, _]) => {
                let from = (values[1].number() as i64).max(1) - 1;
                let most = values.get(2).map_or(i64::MAX, |count| count.number() as i64);
                let from = usize::try_from(from).unwrap_or(0);
                let most = usize::try_from(most).unwrap_or(0);
                Value::Text(text.chars().skip(from).take(most).collect())
            }
            ("isarray", [_]) => Value::Number(0.0),
            ("typeof", [_]) => Value::Text(kind(&values[0]).to_owned()),
            ("strtonum", [text]) => Value::Number(strtonum(text)),
            _ => return None,
        })
    }

    /// gawk's warnings about numbers that a function has no answer for.
    fn remark(&self, name: &str, values: &[Value], line: usize, world: &mut World<'_, '_>) {
        let [number] = values else { return };
        let number = number.number();
        let what = match name {
            "sqrt" | "log" if number < 0.0 => {
                format!("{name}: received negative argument {}", shown(number, "%.6g"))
            }
            "exp" if number.exp().is_infinite() && number.is_finite() => {
                format!("exp: argument {} is out of range", shown(number, "%.6g"))
            }
            _ => return,
        };
        if self.gawk {
            world.io.write_error(self.at_line(line, &format!("warning: {what}")));
        }
    }

    fn wrong_call<T>(&self, name: &str, count: usize, line: usize) -> Ran<T> {
        match self.gawk {
            true => {
                let message = format!("{count} is invalid as number of arguments for {name}");
                Err(Stop::Failed(format!("cmd. line:{line}: error: {message}"), 1))
            }
            false => self.fatal(line, "Too few arguments"),
        }
    }

    fn math(&mut self, name: &str, values: &[Value], line: usize) -> Ran<Value> {
        let numbers: Vec<f64> = values.iter().map(Value::number).collect();
        let bits = |value: f64| value as i64 as u64;
        let result = match (name, numbers.as_slice()) {
            ("int", [number]) => number.trunc(),
            ("sqrt", [number]) => number.sqrt(),
            ("exp", [number]) => number.exp(),
            ("log", [number]) => number.ln(),
            ("sin", [number]) => number.sin(),
            ("cos", [number]) => number.cos(),
            ("atan2", [left, right]) => left.atan2(*right),
            ("and", [first, rest @ ..]) => {
                rest.iter().fold(bits(*first), |all, one| all & bits(*one)) as f64
            }
            ("or", [first, rest @ ..]) => {
                rest.iter().fold(bits(*first), |all, one| all | bits(*one)) as f64
            }
            ("xor", [first, rest @ ..]) => {
                rest.iter().fold(bits(*first), |all, one| all ^ bits(*one)) as f64
            }
            ("lshift", [value, by]) => (bits(*value).checked_shl(*by as u32).unwrap_or(0)) as f64,
            ("rshift", [value, by]) => (bits(*value).checked_shr(*by as u32).unwrap_or(0)) as f64,
            ("compl", [value]) if self.gawk => (!bits(*value) & ((1 << 53) - 1)) as f64,
            ("compl", [value]) => !bits(*value) as f64,
            (_, numbers) => return self.wrong_call(name, numbers.len(), line),
        };
        // glibc gives a NaN with a sign here.
        let result = if result.is_nan() { -f64::NAN } else { result };
        Ok(Value::Number(result))
    }

    fn rand(&mut self) -> f64 {
        // A linear congruential generator; awk's own differs from system to system.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn time(&self, name: &str, values: &[Value], texts: &[String], world: &World<'_, '_>) -> Value {
        let now = world.io.now().timestamp().as_second();
        if name == "strftime" {
            let format = texts.first().map_or("%a %b %e %H:%M:%S %Z %Y", String::as_str);
            let at = values.get(1).map_or(now, |value| value.number() as i64);
            return Value::Text(Moment::at(at, 0).format(format, false));
        }
        let text = texts.first().map_or("", String::as_str);
        let parts: Vec<i64> =
            text.split_whitespace().filter_map(|part| part.parse().ok()).collect();
        Value::Number(match parts[..] {
            [year, month, day, hour, minute, second, ..] if (-9999..=9999).contains(&year) => {
                Moment::of(year, month, day, (hour, minute, second)).seconds as f64
            }
            _ => -1.0,
        })
    }

    fn system(&mut self, command: &str, world: &mut World<'_, '_>) -> Ran<Value> {
        self.flush(world)?;
        let wait = Wait::Command { text: command.to_owned(), input: None, kept: false };
        match world.once(|_| Err(Stop::Waits(wait)))? {
            Answer::Status(status) => Ok(Value::Number(f64::from(status))),
            _ => Ok(Value::Number(0.0)),
        }
    }

    fn array_length(&self, name: super::tree::Name) -> Option<usize> {
        let cell = match name {
            super::tree::Name::Global(at) => &self.globals[at],
            super::tree::Name::Local(at) => &self.locals[at],
        };
        match cell {
            super::run::Cell::Array(at, true) => Some(self.arrays[*at].elements.len()),
            _ => None,
        }
    }

    fn compiled(&mut self, expression: &Expression, world: &mut World<'_, '_>) -> Ran<Regex> {
        let pattern = self.pattern(expression, world)?;
        match ready(&pattern, self.folds, self.gawk) {
            Ok(regex) => Ok(regex),
            Err(why) => self.bad_pattern(&pattern, &why),
        }
    }

    fn match_text(
        &mut self,
        arguments: &[Expression],
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let [text, pattern, rest @ ..] = arguments else {
            return self.wrong_call("match", arguments.len(), line);
        };
        let text = self.value(text, world)?;
        let text = self.index_text(&text);
        let regex = self.compiled(pattern, world)?;
        let groups = regex.captures_at(&text, 0);
        self.pay(&regex);
        let whole = groups.as_ref().and_then(|groups| groups.first().copied().flatten());
        let (start, length) = match whole {
            Some((start, end)) => (
                text[..start].chars().count() as f64 + 1.0,
                text[start..end].chars().count() as f64,
            ),
            None => (0.0, -1.0),
        };
        self.set_known("RSTART", Value::Number(start));
        self.set_known("RLENGTH", Value::Number(length));
        // BusyBox' match keeps no groups.
        if let ([Expression::Place(Place::Variable(array))], true) = (rest, self.gawk) {
            let at = self.array(*array)?;
            let joint = self.setting("SUBSEP");
            self.arrays[at].elements.clear();
            for (number, group) in groups.unwrap_or_default().into_iter().enumerate() {
                if let Some((start, end)) = group {
                    let (begins, long) =
                        (text[..start].chars().count(), text[start..end].chars().count());
                    let elements = &mut self.arrays[at];
                    *elements.element(&number.to_string()) =
                        Value::Input(text[start..end].to_owned());
                    *elements.element(&format!("{number}{joint}start")) =
                        Value::Number(begins as f64 + 1.0);
                    *elements.element(&format!("{number}{joint}length")) =
                        Value::Number(long as f64);
                }
            }
        }
        Ok(Value::Number(start))
    }

    fn split_text(
        &mut self,
        arguments: &[Expression],
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let [text, Expression::Place(Place::Variable(array)), rest @ ..] = arguments else {
            return self.wrong_call("split", arguments.len(), line);
        };
        let text = self.value(text, world)?;
        let text = self.index_text(&text);
        let parts = match rest.first() {
            None => {
                let separator = self.setting("FS");
                self.split(&text, &separator)
            }
            Some(Expression::Regex(pattern)) if pattern == " " => {
                text.split(' ').map(str::to_owned).collect()
            }
            Some(Expression::Regex(pattern)) if pattern.chars().count() == 1 => {
                self.split(&text, &format!("({pattern})"))
            }
            Some(separator) => {
                let separator = self.pattern(separator, world)?;
                self.split(&text, &separator)
            }
        };
        let at = self.array(*array)?;
        self.arrays[at].elements.clear();
        for (number, part) in parts.iter().enumerate() {
            *self.arrays[at].element(&(number + 1).to_string()) = Value::Input(part.clone());
        }
        if let Some(Expression::Place(Place::Variable(separators))) = rest.get(1) {
            let at = self.array(*separators)?;
            self.arrays[at].elements.clear();
            for (number, separator) in between(&text, &parts).into_iter().enumerate() {
                *self.arrays[at].element(&(number + 1).to_string()) = Value::Text(separator);
            }
        }
        Ok(Value::Number(parts.len() as f64))
    }

    fn substitute(
        &mut self,
        all: bool,
        arguments: &[Expression],
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let record = Expression::Place(Place::Field(Box::new(Expression::Number(0.0))));
        let (pattern, replacement, target) = match arguments {
            [pattern, replacement] => (pattern, replacement, &record),
            [pattern, replacement, target] => (pattern, replacement, target),
            _ => return self.wrong_call(if all { "gsub" } else { "sub" }, arguments.len(), line),
        };
        let regex = self.compiled(pattern, world)?;
        let replacement = self.value(replacement, world)?;
        let replacement = self.index_text(&replacement);
        let old = self.value(target, world)?;
        let old = self.index_text(&old);
        let (new, count) =
            replaced(&regex, &old, |found, _, out| insert(&replacement, found, out), all);
        self.pay(&regex);
        if new.len() > LONGEST {
            return self.fail("podhop: this text is too long");
        }
        if count > 0
            && let Expression::Place(place) = target
        {
            self.store(place, Value::Text(new), world)?;
        }
        Ok(Value::Number(count as f64))
    }

    fn general_substitute(
        &mut self,
        arguments: &[Expression],
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let [pattern, replacement, how, rest @ ..] = arguments else {
            return self.wrong_call("gensub", arguments.len(), line);
        };
        let regex = self.compiled(pattern, world)?;
        let replacement = self.value(replacement, world)?;
        let replacement = self.index_text(&replacement);
        let how = self.value(how, world)?;
        let how = self.index_text(&how);
        let text = match rest.first() {
            Some(text) => {
                let text = self.value(text, world)?;
                self.index_text(&text)
            }
            None => self.record.clone(),
        };
        let all = how.starts_with(['g', 'G']);
        let wanted = (leading(&how) as usize).max(1);
        let mut seen = 0;
        let (new, _) = replaced(
            &regex,
            &text,
            |found, groups, out| {
                seen += 1;
                match all || seen == wanted {
                    true => insert_groups(&replacement, &text, groups, out),
                    false => out.push_str(found),
                }
            },
            true,
        );
        self.pay(&regex);
        match new.len() > LONGEST {
            true => self.fail("podhop: this text is too long"),
            false => Ok(Value::Text(new)),
        }
    }

    fn sorted(
        &mut self,
        by_value: bool,
        arguments: &[Expression],
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<Value> {
        let [Expression::Place(Place::Variable(source)), rest @ ..] = arguments else {
            return self.wrong_call("asort", arguments.len(), line);
        };
        let _ = world;
        let from = self.array(*source)?;
        let into = match rest.first() {
            Some(Expression::Place(Place::Variable(name))) => self.array(*name)?,
            _ => from,
        };
        let elements = self.arrays[from].elements.clone();
        let mut values: Vec<Value> = match by_value {
            true => elements.into_values().map(|(_, value)| value).collect(),
            false => elements.into_keys().map(Value::Text).collect(),
        };
        values.sort_by(|left, right| match (left.is_numeric(), right.is_numeric()) {
            (true, true) => left.number().total_cmp(&right.number()),
            (false, false) => self.index_text(left).cmp(&self.index_text(right)),
            (left, right) => right.cmp(&left),
        });
        self.arrays[into].elements.clear();
        let count = values.len();
        for (number, value) in values.into_iter().enumerate() {
            *self.arrays[into].element(&(number + 1).to_string()) = value;
        }
        Ok(Value::Number(count as f64))
    }

    /// What `printf` and `sprintf` make.
    pub fn format(
        &mut self,
        arguments: &[Expression],
        line: usize,
        world: &mut World<'_, '_>,
    ) -> Ran<String> {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument, world)?);
        }
        let Some((format, values)) = values.split_first() else {
            return match self.gawk {
                true => self.fatal(line, "printf: no arguments"),
                false => Ok(String::new()),
            };
        };
        let format = self.index_text(format);
        let mut printer = Printer { format: &format, values, taken: 0, out: String::new() };
        let mut at = 0;
        while let Some(next) = format[at..].find('%') {
            printer.out.push_str(&format[at..at + next]);
            at = self.directive(&mut printer, at + next, line)?;
            if printer.out.len() > LONGEST {
                return self.fail("podhop: this text is too long");
            }
        }
        printer.out.push_str(&format[at..]);
        Ok(printer.out)
    }

    /// `2$` at the start of a directive: the value that it shows; how many letters that takes.
    fn chosen(&self, printer: &mut Printer<'_>, text: &str, line: usize) -> Ran<usize> {
        let digits = text.len() - text.trim_start_matches(|one: char| one.is_ascii_digit()).len();
        if digits == 0 || !text[digits..].starts_with('$') || !self.gawk {
            return Ok(0);
        }
        let number = text[..digits].parse().unwrap_or(usize::MAX);
        if number > printer.values.len() {
            let why = "greater than total number of supplied arguments";
            return self.fatal(line, &format!("argument index {} {why}", &text[..digits]));
        }
        printer.taken = number.saturating_sub(1);
        Ok(digits + 1)
    }

    /// One directive, which begins at `start`; where the next text begins.
    fn directive(&self, printer: &mut Printer<'_>, start: usize, line: usize) -> Ran<usize> {
        let text = &printer.format[start + 1..];
        let mut letters = text.char_indices().peekable();
        let mut spec = Spec::default();
        let passed = self.chosen(printer, text, line)?;
        letters.by_ref().take(passed).for_each(drop);
        while letters.next_if(|(_, letter)| spec.flag(*letter)).is_some() {}
        for precision in [false, true] {
            if precision {
                if letters.next_if(|(_, letter)| *letter == '.').is_none() {
                    break;
                }
                spec.precision = Some(0);
            }
            let mut number = 0_i64;
            if letters.next_if(|(_, letter)| *letter == '*').is_some() {
                if !self.gawk {
                    return self.fatal(line, "%*x formats are not supported");
                }
                number = printer.next().map_or(0, |value| value.number() as i64);
            }
            while let Some((_, digit)) = letters.next_if(|(_, letter)| letter.is_ascii_digit()) {
                number = (number * 10 + i64::from(digit.to_digit(10).unwrap_or(0))).min(10_000);
            }
            spec.left |= number < 0 && !precision;
            let size = usize::try_from(number.unsigned_abs()).unwrap_or(0);
            if precision { spec.precision = Some(size) } else { spec.width = size }
        }
        while letters
            .next_if(|(_, letter)| "hlLqjzt".contains(*letter) && self.gawk && *letter != 'z')
            .is_some()
        {}
        let Some((at, letter)) = letters.next() else {
            printer.out.push_str(&printer.format[start..]);
            return Ok(printer.format.len());
        };
        let end = start + 1 + at + letter.len_utf8();
        if letter == '%' {
            printer.out.push('%');
            return Ok(end);
        }
        if !"cdiouxXeEfFgGas".contains(letter) {
            if !self.gawk {
                return self.fatal(line, "Invalid format specifier");
            }
            printer.out.push_str(&printer.format[start..end]);
            return Ok(end);
        }
        let value = match printer.next() {
            Some(value) => value,
            None if self.gawk => {
                let format = printer.format;
                let before = " ".repeat(end - 1);
                let message = format!(
                    "not enough arguments to satisfy format string\n\t`{format}'\n\t{before}^ ran out for this one"
                );
                return self.fatal(line, &message);
            }
            None => Value::Unset,
        };
        let text = self.converted(&spec, letter, &value);
        printer.out.push_str(&text);
        Ok(end)
    }

    fn converted(&self, spec: &Spec, letter: char, value: &Value) -> String {
        let number = value.number();
        match letter {
            's' => spec.text(&self.index_text(value)),
            'c' => match value {
                Value::Number(number) => {
                    spec.text(&char::from_u32(*number as u32).map(String::from).unwrap_or_default())
                }
                other => spec.text(&self.index_text(other).chars().take(1).collect::<String>()),
            },
            'd' | 'i' if self.gawk => spec.signed(number.trunc() as i128),
            'd' | 'i' => spec.signed(i128::from(number as i64 as i32)),
            'o' | 'x' | 'X' | 'u' if self.gawk => spec.unsigned(number as i64 as u64, letter),
            'o' | 'x' | 'X' | 'u' => spec.unsigned(u64::from(number as i64 as u32), letter),
            _ => spec.float(number, letter),
        }
    }
}

/// A format that is being filled in.
struct Printer<'p> {
    format: &'p str,
    values: &'p [Value],
    taken: usize,
    out: String,
}

impl Printer<'_> {
    fn next(&mut self) -> Option<Value> {
        let value = self.values.get(self.taken).cloned();
        self.taken += 1;
        value
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Unset => "untyped",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::Input(_) if value.is_numeric() => "strnum",
        Value::Input(_) => "string",
    }
}

fn strtonum(text: &str) -> f64 {
    let text = text.trim_start();
    if let Some(hex) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        let digits = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
        return u64::from_str_radix(&hex[..digits], 16).unwrap_or(0) as f64;
    }
    let digits = text.bytes().take_while(|byte| (b'0'..b'8').contains(byte)).count();
    match text.starts_with('0') && digits == text.len() {
        true => u64::from_str_radix(text, 8).unwrap_or(0) as f64,
        false => leading(text),
    }
}

/// A piece of a text with its groups.
type Groups = [Option<(usize, usize)>];

/// A text with its pieces replaced, and how many were.
fn replaced(
    regex: &Regex,
    text: &str,
    mut replacement: impl FnMut(&str, &Groups, &mut String),
    all: bool,
) -> (String, usize) {
    let mut out = String::new();
    let (mut at, mut copied, mut count) = (0, 0, 0);
    let mut last = None;
    // What becomes too long is refused.
    while at <= text.len() && out.len() <= LONGEST {
        let Some(groups) = regex.captures_at(text, at) else { break };
        let Some((start, end)) = groups.first().copied().flatten() else { break };
        if start < end || last != Some(start) {
            out.push_str(&text[copied..start]);
            replacement(&text[start..end], &groups, &mut out);
            copied = end;
            count += 1;
            last = Some(end);
            if !all {
                break;
            }
        }
        at = match end > start {
            true => end,
            false => end + text[end..].chars().next().map_or(1, char::len_utf8),
        };
    }
    out.push_str(&text[copied.min(text.len())..]);
    (out, count)
}

/// `&` stands for what was found.
fn insert(replacement: &str, found: &str, out: &mut String) {
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.next_if_eq(&'&').is_some() => out.push('&'),
            '\\' if letters.next_if_eq(&'\\').is_some() => match letters.peek() {
                Some('&') => {
                    letters.next();
                    out.push('\\');
                    out.push_str(found);
                }
                _ => out.push_str("\\\\"),
            },
            '&' => out.push_str(found),
            letter => out.push(letter),
        }
    }
}

/// `\1` stands for a group, as in `gensub`.
fn insert_groups(replacement: &str, text: &str, groups: &Groups, out: &mut String) {
    let group = |number: usize| {
        groups.get(number).copied().flatten().map_or("", |(start, end)| &text[start..end])
    };
    let mut letters = replacement.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => out.push_str(group(0)),
            '\\' => match letters.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    out.push_str(group(digit.to_digit(10).unwrap_or(0) as usize));
                }
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            letter => out.push(letter),
        }
    }
}

/// What stands between parts of a text that follow one another.
fn between(text: &str, parts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let Some((first, rest)) = parts.split_first() else { return found };
    let mut at = text.find(first.as_str()).unwrap_or(0) + first.len();
    for part in rest {
        // A separator has at least one letter, unless every letter is a part.
        let least = text[at..].chars().next().map_or(0, char::len_utf8);
        let least = if parts.iter().all(|part| part.chars().count() == 1) { 0 } else { least };
        let from = at + least;
        let start = text.get(from..).and_then(|rest| rest.find(part.as_str())).unwrap_or(0) + from;
        found.push(text.get(at..start).unwrap_or("").to_owned());
        at = (start + part.len()).min(text.len());
    }
    found
}
