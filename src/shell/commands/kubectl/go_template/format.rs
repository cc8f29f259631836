//! Values as Go's `fmt` prints them.

use serde_json::Value;

/// How much a template may print, and how long a text may be that it makes, in bytes.
pub(super) const MOST_TEXT: usize = 4 << 20;

/// What is said of a text that would be longer.
pub(super) fn too_long() -> String {
    format!("not simulated here: a text of more than {MOST_TEXT} bytes")
}

/// `%v` of a value that a template prints: `<no value>` for what is not there.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => "<no value>".to_owned(),
        other => plus(other),
    }
}

/// `%v` of a value inside another one.
pub(super) fn plus(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) if number.is_f64() => float(number.as_f64().unwrap_or(0.0)),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plus).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            let fields: Vec<String> =
                fields.into_iter().map(|(key, value)| format!("{key}:{}", plus(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
    }
}

/// `%v` of a float: the shortest digits, with an exponent when it is below -4 or above 20.
fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number == 0.0 || (-4..21).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// The Go type of a value: whole numbers of the object are int64.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// `printf`. `literal` says which arguments the template itself spells out: those are of type int.
///
/// # Errors
/// When it would become longer than a template may print.
pub(super) fn printf(format: &str, arguments: &[(Value, bool)]) -> Result<String, String> {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        if out.len() > MOST_TEXT {
            return Err(too_long());
        }
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut directive = Directive::default();
        while let Some(flag) = rest.next_if(|c| "-+# 0".contains(*c)) {
            directive.left |= flag == '-';
            directive.zero |= flag == '0';
            directive.plus |= flag == '+';
        }
        let width = number(&mut rest);
        let precision = rest.next_if_eq(&'.').map(|_| number(&mut rest));
        let (Some(width), None | Some(Some(_))) = (width, precision) else {
            // Go gives up on the rest of the format.
            out += "%!(NOVERB)";
            break;
        };
        (directive.width, directive.precision) = (width, precision.flatten());
        match rest.next() {
            None => out += "%!(NOVERB)",
            Some('%') => out.push('%'),
            Some(verb) => match arguments.next() {
                Some((value, literal)) => out += &directive.apply(verb, value, *literal),
                None => out += &format!("%!{verb}(MISSING)"),
            },
        }
    }
    let extra: Vec<String> = arguments.map(|(value, literal)| with_type(value, *literal)).collect();
    if !extra.is_empty() {
        out += &format!("%!(EXTRA {})", extra.join(", "));
    }
    Ok(out)
}

/// A number of a directive; `None` if it is one that Go takes for too large (`fmt`, `tooLarge`).
fn number(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    const LARGEST: usize = 1_000_000;
    let mut number = 0_usize;
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        number = number.saturating_mul(10).saturating_add(digit as usize - '0' as usize);
    }
    (number <= LARGEST).then_some(number)
}

/// The type of an argument: whole numbers that the template spells out are of type int.
pub(super) fn type_of(value: &Value, literal: bool) -> &'static str {
    match type_name(value) {
        "int64" if literal => "int",
        name => name,
    }
}

/// A value that does not fit, with its type; nothing has none.
fn with_type(value: &Value, literal: bool) -> String {
    match value {
        Value::Null => plus(value),
        value => format!("{}={}", type_of(value, literal), plus(value)),
    }
}

/// `%e`: one digit before the dot, and an exponent of two digits.
fn scientific(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// A whole number under a verb of `fmt`; nothing for one that is not for whole numbers.
fn whole(verb: char, number: i64) -> Option<String> {
    let sign = if number < 0 { "-" } else { "" };
    let size = number.unsigned_abs();
    let c = || u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    Some(match verb {
        'd' => number.to_string(),
        'x' => format!("{sign}{size:x}"),
        'X' => format!("{sign}{size:X}"),
        'o' => format!("{sign}{size:o}"),
        'O' => format!("{sign}0o{size:o}"),
        'b' => format!("{sign}{size:b}"),
        'c' => c().to_string(),
        'q' => format!("{:?}", c()),
        'U' => format!("U+{size:04X}"),
        _ => return None,
    })
}

/// What stands between `%` and its letter.
#[derive(Default)]
struct Directive {
    left: bool,
    zero: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

impl Directive {
    fn apply(&self, verb: char, value: &Value, literal: bool) -> String {
        let text = self
            .body(verb, value)
            .unwrap_or_else(|| format!("%!{verb}({})", with_type(value, literal)));
        let missing = self.width.saturating_sub(text.chars().count());
        let fill = " ".repeat(missing);
        match (self.left, self.zero && value.is_number()) {
            (true, _) => text + &fill,
            (false, true) => match text.strip_prefix('-') {
                Some(digits) => format!("-{}{digits}", "0".repeat(missing)),
                None => "0".repeat(missing) + &text,
            },
            (false, false) => fill + &text,
        }
    }

    fn body(&self, verb: char, value: &Value) -> Option<String> {
        let cut = |text: &str| match self.precision {
            Some(length) => text.chars().take(length).collect(),
            None => text.to_owned(),
        };
        let sign = if self.plus { "+" } else { "" };
        Some(match (verb, value) {
            ('T', value) => type_name(value).to_owned(),
            ('v', value) => plus(value),
            ('s', Value::String(text)) => cut(text),
            ('s', Value::Array(_) | Value::Object(_)) => plus(value),
            ('q', Value::String(text)) => format!("{text:?}"),
            ('x', Value::String(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            ('t', Value::Bool(truth)) => truth.to_string(),
            ('X', Value::String(text)) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
            (verb, Value::Number(number)) if !number.is_f64() => {
                let text = whole(verb, number.as_i64()?)?;
                if verb == 'd' && !text.starts_with('-') { format!("{sign}{text}") } else { text }
            }
            ('e' | 'E', Value::Number(number)) => {
                let text = scientific(number.as_f64()?, self.precision.unwrap_or(6));
                if verb == 'E' { text.to_uppercase() } else { text }
            }
            ('f' | 'F', Value::Number(number)) if number.is_f64() => {
                let number = number.as_f64()?;
                format!("{number:.*}", self.precision.unwrap_or(6))
            }
            ('g', Value::Number(number)) if number.is_f64() => float(number.as_f64()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // By Go's fmt.Println.
    #[test]
    fn floats_take_their_shortest_form() {
        for (number, text) in [(1.5, "1.5"), (1e21, "1e+21"), (0.00001, "1e-05"), (0.25, "0.25")] {
            assert_eq!(float(number), text);
        }
    }
}
