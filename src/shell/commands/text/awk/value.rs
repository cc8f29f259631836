//! awk's values: numbers, texts, and texts from the input that may be numbers.

use crate::shell::commands::conversion::Spec;

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Value {
    /// Never set: both 0 and "".
    #[default]
    Unset,
    Number(f64),
    Text(String),
    /// From the input: a number where it looks like one.
    Input(String),
}

/// How long the number is that a text begins with.
pub(super) fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(bytes.first().is_some_and(|byte| b"+-".contains(byte)));
    let whole = digits(sign);
    let mut end = sign + whole;
    let mut any = whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        any += fraction;
        end += 1 + fraction;
    }
    if any == 0 {
        return 0;
    }
    if bytes.get(end).is_some_and(|byte| b"eE".contains(byte)) {
        let sign = usize::from(bytes.get(end + 1).is_some_and(|byte| b"+-".contains(byte)));
        let exponent = bytes.get(end + 1 + sign..).map_or(0, |_| digits(end + 1 + sign));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}

/// The number that a text begins with.
pub(super) fn leading(text: &str) -> f64 {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    text[..number_length(text)].parse().unwrap_or(0.0)
}

/// Whether a text is a number and nothing else.
pub(super) fn looks_numeric(text: &str) -> bool {
    let trimmed = text.trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    !trimmed.is_empty() && number_length(trimmed) == trimmed.len()
}

/// A number as text: whole ones as they are, others by a format.
pub(super) fn shown(value: f64, format: &str) -> String {
    if value.is_nan() {
        return if value.is_sign_negative() { "-nan" } else { "+nan" }.to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "+inf" }.to_owned();
    }
    if value.fract() == 0.0 && value.abs() < 1e30 {
        return format!("{:.0}", if value == 0.0 { 0.0 } else { value });
    }
    by_format(value, format)
}

/// A number by `OFMT` or `CONVFMT`, which hold one conversion.
fn by_format(value: f64, format: &str) -> String {
    let mut spec = Spec::default();
    let Some((before, rest)) = format.split_once('%') else { return format.to_owned() };
    let mut letters = rest.char_indices().peekable();
    while letters.next_if(|(_, letter)| spec.flag(*letter)).is_some() {}
    let number = |letters: &mut std::iter::Peekable<std::str::CharIndices<'_>>| {
        let mut value = 0_usize;
        while let Some((_, digit)) = letters.next_if(|(_, letter)| letter.is_ascii_digit()) {
            value = (value * 10 + digit.to_digit(10).unwrap_or(0) as usize).min(500);
        }
        value
    };
    spec.width = number(&mut letters);
    if letters.next_if(|(_, letter)| *letter == '.').is_some() {
        spec.precision = Some(number(&mut letters));
    }
    let Some((at, letter)) = letters.next() else { return format.to_owned() };
    let body = match letter {
        'd' | 'i' => spec.signed(value as i128),
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => spec.float(value, letter),
        _ => return format.to_owned(),
    };
    format!("{before}{body}{}", &rest[at + 1..])
}

impl Value {
    pub fn number(&self) -> f64 {
        match self {
            Value::Unset => 0.0,
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading(text),
        }
    }

    /// As text; numbers by this format.
    pub fn text(&self, format: &str) -> String {
        match self {
            Value::Unset => String::new(),
            Value::Number(number) => shown(*number, format),
            Value::Text(text) | Value::Input(text) => text.clone(),
        }
    }

    pub fn holds(&self) -> bool {
        match self {
            Value::Unset => false,
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Input(text) if looks_numeric(text) => leading(text) != 0.0,
            Value::Input(text) => !text.is_empty(),
        }
    }

    /// Whether it is compared as a number.
    pub fn is_numeric(&self) -> bool {
        match self {
            Value::Unset | Value::Number(_) => true,
            Value::Text(_) => false,
            Value::Input(text) => looks_numeric(text),
        }
    }
}
