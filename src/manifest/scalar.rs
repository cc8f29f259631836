//! What a plain YAML word means: YAML 1.1's habits, as the API machinery's parser has them.

use serde_json::{Number, Value};

use super::from_base64;

/// The value of an unquoted word: `yes` and `on` are booleans, `012` is ten, `1_000` a thousand,
/// `~` nothing; dates, times and versions stay text. Infinity and NaN, which JSON cannot say, are
/// an error.
pub fn resolve(word: &str) -> Result<Value, String> {
    if let Some(value) = constant(word) {
        return Ok(value);
    }
    match word.bytes().next() {
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => {
            number(word).unwrap_or_else(|| Ok(Value::String(word.to_owned())))
        }
        _ => Ok(Value::String(word.to_owned())),
    }
}

/// The value of a word with one of YAML's own tags (`!!str`). A word that its tag does not fit is an
/// error, in go-yaml's words; a tag that says nothing about words makes a text.
pub fn resolve_tagged(word: &str, tag: &str) -> Result<Value, String> {
    if tag == "binary" {
        let bytes = from_base64(word).ok_or("!!binary value contains invalid base64 data")?;
        return Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    }
    if !matches!(tag, "int" | "float" | "bool" | "null" | "timestamp") {
        return Ok(Value::String(word.to_owned()));
    }
    let value = resolve(word)?;
    let own = match &value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        _ if is_date(word) => "timestamp",
        _ => "str",
    };
    if own == tag || own == "int" && tag == "float" {
        return Ok(value);
    }
    Err(format!("cannot decode !!{own} `{word}` as a !!{tag}"))
}

/// Whether a text, written without quotes, would be read as something else than text.
pub fn reads_as_other(text: &str) -> bool {
    !matches!(resolve(text), Ok(Value::String(_))) || is_date(text) || is_sexagesimal(text)
}

fn constant(word: &str) -> Option<Value> {
    match word {
        "" | "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Value::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Value::Bool(false))
        }
        _ => None,
    }
}

/// `None` for what is no number.
fn number(word: &str) -> Option<Result<Value, String>> {
    match word {
        ".nan" | ".NaN" | ".NAN" => return Some(Err(unsupported("NaN"))),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Some(Err(unsupported("+Inf")));
        }
        "-.inf" | "-.Inf" | "-.INF" => return Some(Err(unsupported("-Inf"))),
        _ => {}
    }
    let plain = word.replace('_', "");
    if let Some(value) = integer(&plain) {
        return Some(Ok(Value::Number(value)));
    }
    if !is_decimal(&plain) {
        return None;
    }
    Some(float(plain.parse().ok()?).map(Value::Number))
}

fn unsupported(what: &str) -> String {
    format!("json: unsupported value: {what}")
}

/// Go's `strconv.ParseInt(…, 0, 64)`, then unsigned: a leading `0x`, `0o`, `0b` or `0` says the
/// base.
fn integer(plain: &str) -> Option<Number> {
    let (negative, digits) = match plain.as_bytes().first()? {
        b'-' => (true, &plain[1..]),
        b'+' => (false, &plain[1..]),
        _ => (false, plain),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let size = u64::from_str_radix(digits, base).ok()?;
    if negative {
        0i64.checked_sub_unsigned(size).map(Number::from)
    } else {
        Some(Number::from(size))
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_decimal(plain: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = plain.strip_prefix(['-', '+']).unwrap_or(plain);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let fits = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    fits && exponent.is_none_or(|text| digits(text.strip_prefix(['-', '+']).unwrap_or(text)))
}

/// A float as Go's JSON writes it: without a fraction where it has none, so that `80.0` and `8e1`
/// are as good a port as `80`.
fn float(value: f64) -> Result<Number, String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        return Ok(Number::from(value as i64));
    }
    let sign = if value < 0.0 { "-Inf" } else { "+Inf" };
    Number::from_f64(value).ok_or_else(|| unsupported(sign))
}

/// `2001-01-01`, perhaps with a time: YAML 1.1's timestamps.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let mut digits = |least: usize, most: usize| {
        let part = parts.next().unwrap_or("");
        let count = part.bytes().take_while(u8::is_ascii_digit).count();
        (least..=most).contains(&count).then(|| part[count..].chars().next())
    };
    let year = digits(4, 4) == Some(None);
    let month = digits(1, 2) == Some(None);
    let day = matches!(digits(1, 2), Some(None | Some('T' | 't' | ' ' | '\t')));
    year && month && day
}

/// `1:30:00`: a number to base 60 in YAML 1.1, which nobody means, and which is therefore quoted.
fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (body, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = body.split(':');
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let first = parts.next().unwrap_or("");
    let mut sixtieths = parts.peekable();
    !first.is_empty()
        && first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && sixtieths.peek().is_some()
        && sixtieths
            .all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_mean_what_yaml_1_1_says() {
        for (word, value) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("y", json!(true)),
            ("~", json!(null)),
            ("", json!(null)),
            ("012", json!(10)),
            ("0x1F", json!(31)),
            ("0b11", json!(3)),
            ("0o14", json!(12)),
            ("1_000", json!(1000)),
            ("+5", json!(5)),
            ("-5", json!(-5)),
            ("08", json!(8)),
            ("80.5", json!(80.5)),
            ("80.0", json!(80)),
            ("8e1", json!(80)),
            (".5", json!(0.5)),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
        ] {
            assert_eq!(resolve(word), Ok(value), "{word}");
        }
    }

    #[test]
    fn names_versions_dates_and_times_stay_text() {
        for word in [
            "web",
            "1.27.0",
            "2001-01-01",
            "1:30",
            "nginx:1.27",
            "0x",
            "1e",
            "-",
            "+",
            ".",
            "yEs",
            "5s",
        ] {
            assert_eq!(resolve(word), Ok(json!(word)), "{word}");
        }
    }

    #[test]
    fn json_has_no_infinity() {
        assert_eq!(resolve("-.inf"), Err("json: unsupported value: -Inf".to_owned()));
        assert!(resolve("1e999").is_err());
    }

    #[test]
    fn dates_and_base_sixty_are_quoted_when_printed() {
        for text in ["2001-01-01", "2026-11-20T22:16:45Z", "1:30", "-12:30:45.5"] {
            assert!(reads_as_other(text), "{text}");
        }
        for text in ["1:90", "2001-1", "web:80", "10.0.0.1", "a:30", "2001-01-01x"] {
            assert!(!reads_as_other(text), "{text}");
        }
    }
}
