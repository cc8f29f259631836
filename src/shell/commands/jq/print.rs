//! How values are written.

use super::value::Value;

/// How values are printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    /// What a level is indented by; `None` prints on one line.
    pub indent: Option<String>,
    pub sort: bool,
    pub color: bool,
    pub ascii: bool,
    /// Nobody reads on after so many bytes.
    pub enough: Option<usize>,
}

/// Colours of null, false, true, numbers, strings, arrays, objects, and of keys.
const COLORS: [&str; 7] = ["1;30", "0;39", "0;39", "0;39", "0;32", "1;39", "1;39"];
const KEY: &str = "34;1";

/// A value on one line, as `tojson` writes it.
pub(super) fn compact(value: &Value) -> String {
    print(value, &Style::default())
}

/// The beginning of that, for errors, which quote no more than some letters.
pub(super) fn beginning(value: &Value) -> String {
    print(value, &Style { enough: Some(200), ..Style::default() })
}

/// A value as text.
pub(super) fn print(value: &Value, style: &Style) -> String {
    let mut out = String::new();
    match style.color {
        true => colored(value, style, 0, &mut out),
        false => plain(value, style, 0, &mut out),
    }
    out
}

fn line(style: &Style, level: usize, out: &mut String) {
    if let Some(indent) = &style.indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(indent.as_str(), level));
    }
}

fn scalar(value: &Value, style: &Style, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(value) => out.push_str(&number(*value)),
        Value::String(text) => {
            let end = style.enough.map_or(text.len(), |most| text.floor_char_boundary(most));
            quote(&text[..end], style.ascii, out);
        }
        Value::Array(_) | Value::Object(_) => {}
    }
}

fn entries<'v>(value: &'v Value, style: &Style) -> Vec<(Option<&'v str>, &'v Value)> {
    match value {
        Value::Array(array) => array.items.iter().map(|item| (None, item)).collect(),
        Value::Object(object) if style.sort => {
            object.sorted().map(|(key, value)| (Some(&**key), value)).collect()
        }
        Value::Object(object) => {
            object.in_order().into_iter().map(|(key, value)| (Some(&**key), value)).collect()
        }
        _ => Vec::new(),
    }
}

fn brackets(value: &Value) -> Option<(char, char)> {
    match value {
        Value::Array(_) => Some(('[', ']')),
        Value::Object(_) => Some(('{', '}')),
        _ => None,
    }
}

fn plain(value: &Value, style: &Style, level: usize, out: &mut String) {
    let Some((open, close)) = brackets(value) else { return scalar(value, style, out) };
    out.push(open);
    let entries = entries(value, style);
    for (at, (key, value)) in entries.iter().enumerate() {
        if style.enough.is_some_and(|most| out.len() > most) {
            return;
        }
        if at > 0 {
            out.push(',');
        }
        line(style, level + 1, out);
        if let Some(key) = key {
            quote(key, style.ascii, out);
            out.push_str(if style.indent.is_some() { ": " } else { ":" });
        }
        plain(value, style, level + 1, out);
    }
    if !entries.is_empty() {
        line(style, level, out);
    }
    out.push(close);
}

fn color_of(value: &Value) -> &'static str {
    COLORS[usize::from(value.rank())]
}

/// As jq 1.6 colours: where the escapes stand is its own choice.
fn colored(value: &Value, style: &Style, level: usize, out: &mut String) {
    let color = format!("\u{1b}[{}m", color_of(value));
    let end = "\u{1b}[0m";
    out.push_str(&color);
    let Some((open, close)) = brackets(value) else {
        scalar(value, style, out);
        out.push_str(end);
        return;
    };
    out.push(open);
    let entries = entries(value, style);
    if entries.is_empty() {
        out.push(close);
        out.push_str(end);
        return;
    }
    let object = matches!(value, Value::Object(_));
    for (at, (key, value)) in entries.iter().enumerate() {
        if at > 0 {
            match object {
                true => {
                    out.push_str(&color);
                    out.push(',');
                    line(style, level + 1, out);
                    out.push_str(end);
                }
                false => {
                    out.push_str(&color);
                    out.push(',');
                    line(style, level + 1, out);
                }
            }
        } else {
            line(style, level + 1, out);
            if object {
                out.push_str(end);
            }
        }
        if let Some(key) = key {
            out.push_str(&format!("\u{1b}[{KEY}m"));
            quote(key, style.ascii, out);
            out.push_str(&format!(
                "{end}{color}{}{end}",
                if style.indent.is_some() { ": " } else { ":" }
            ));
        }
        colored(value, style, level + 1, out);
    }
    out.push_str(&color);
    line(style, level, out);
    out.push_str(&color);
    out.push(close);
    out.push_str(end);
}

/// A string between quotes. jq escapes DEL, and with `-a` everything beyond ASCII.
pub(super) fn quote(text: &str, ascii: bool, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            letter if letter < ' ' || letter == '\u{7f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            letter if ascii && !letter.is_ascii() => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

/// A number: the shortest digits that say it; an exponent where those would be far from the point.
pub(super) fn number(value: f64) -> String {
    if value.is_nan() {
        return "null".to_owned();
    }
    let value = value.clamp(-f64::MAX, f64::MAX);
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let text = format!("{:e}", value.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.replace('.', "");
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let count = i32::try_from(digits.len()).unwrap_or(17);
    let body = if point <= -4 || point > count + 15 {
        let (first, rest) = digits.split_at(1);
        let fraction = if rest.is_empty() { String::new() } else { format!(".{rest}") };
        let exponent = point - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{first}{fraction}e{sign}{:02}", exponent.abs())
    } else if point <= 0 {
        format!("0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or(0)))
    } else if point >= count {
        format!("{digits}{}", "0".repeat(usize::try_from(point - count).unwrap_or(0)))
    } else {
        let (whole, rest) = digits.split_at(usize::try_from(point).unwrap_or(0));
        format!("{whole}.{rest}")
    };
    if value < 0.0 { format!("-{body}") } else { body }
}
