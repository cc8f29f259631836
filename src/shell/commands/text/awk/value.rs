//! Values: texts that may be numbers.

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Never set.
    Nothing,
    Number(f64),
    Text(String),
    /// Text from input: it compares as a number when it looks like one.
    Input(String),
}

impl Value {
    /// As a number: what the text begins with.
    pub fn number(&self) -> f64 {
        match self {
            Value::Nothing => 0.0,
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => prefix(text),
        }
    }

    /// As text.
    pub fn text(&self) -> String {
        match self {
            Value::Nothing => String::new(),
            Value::Number(number) => show(*number),
            Value::Text(text) | Value::Input(text) => text.clone(),
        }
    }

    /// Whether it counts as true.
    pub fn holds(&self) -> bool {
        match self {
            Value::Nothing => false,
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Input(text) => match exact(text) {
                Some(number) => number != 0.0,
                None => !text.is_empty(),
            },
        }
    }

    /// Its number, if it compares as one.
    fn comparable(&self) -> Option<f64> {
        match self {
            Value::Nothing => Some(0.0),
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
            Value::Input(text) => exact(text),
        }
    }

    /// How it compares: as numbers when both are, as texts otherwise.
    pub fn compare(&self, other: &Value) -> std::cmp::Ordering {
        match (self.comparable(), other.comparable()) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            _ => self.text().cmp(&other.text()),
        }
    }
}

fn exact(text: &str) -> Option<f64> {
    let trimmed = text.trim();
    let first = trimmed.trim_start_matches(['-', '+']).chars().next()?;
    (first.is_ascii_digit() || first == '.').then(|| trimmed.parse().ok()).flatten()
}

fn prefix(text: &str) -> f64 {
    let text = text.trim_start();
    let mut end = 0;
    let mut seen = (false, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '+' | '-' if at == 0 || text[..at].ends_with(['e', 'E']) => {}
            '0'..='9' => seen.0 = true,
            '.' if !seen.1 && !seen.2 => seen.1 = true,
            'e' | 'E' if seen.0 && !seen.2 => seen.2 = true,
            _ => break,
        }
        end = at + letter.len_utf8();
    }
    let mut piece = &text[..end];
    while !piece.is_empty() {
        if let Ok(number) = piece.parse() {
            return number;
        }
        piece = &piece[..piece.len() - 1];
    }
    0.0
}

/// A number as `print` shows it: `%.6g`, whole numbers in full.
pub(super) fn show(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if number == number.trunc() && number.abs() < 1e16 {
        return format!("{}", number as i64);
    }
    let exponent = number.abs().log10().floor() as i32;
    if (-5..6).contains(&exponent) {
        let decimals = usize::try_from(5 - exponent).unwrap_or(0);
        let text = format!("{number:.decimals$}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let text = format!("{number:.5e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let sign = if power < 0 { '-' } else { '+' };
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits}e{sign}{:02}", power.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_with_six_digits() {
        let shown: Vec<String> = [3.0, 0.1, 1.0 / 3.0, 1e20, -2.5].map(show).into();
        assert_eq!(shown, ["3", "0.1", "0.333333", "1e+20", "-2.5"]);
    }

    #[test]
    fn input_compares_as_a_number_when_it_is_one() {
        let (nine, ten) = (Value::Input("9".into()), Value::Input("10".into()));
        assert!(nine.compare(&ten).is_lt());
        let (nine, ten) = (Value::Text("9".into()), Value::Text("10".into()));
        assert!(nine.compare(&ten).is_gt());
        assert_eq!(Value::Input("12abc".into()).number(), 12.0);
    }
}
