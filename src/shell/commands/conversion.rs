//! C's conversions of numbers and texts: `%-8.3f`, as `printf`, `awk` and `seq` have them.

/// More than a field may be wide.
pub(in crate::shell) const WIDEST: usize = 1 << 20;

/// Digits of a number that can be other than 0.
const DIGITS: usize = 1_100;

/// What stands between `%` and the letter of a conversion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::shell) struct Spec {
    pub left: bool,
    pub zero: bool,
    pub plus: bool,
    pub space: bool,
    pub alternate: bool,
    pub width: usize,
    pub precision: Option<usize>,
}

impl Spec {
    /// Takes a flag; whether it is one.
    pub fn flag(&mut self, letter: char) -> bool {
        match letter {
            '-' => self.left = true,
            '0' => self.zero = true,
            '+' => self.plus = true,
            ' ' => self.space = true,
            '#' => self.alternate = true,
            '\'' => {}
            _ => return false,
        }
        true
    }

    /// Fills a body up to the width.
    pub fn pad(&self, body: &str, zeros: bool) -> String {
        let missing = self.width.min(WIDEST).saturating_sub(body.chars().count());
        if self.left {
            return format!("{body}{}", " ".repeat(missing));
        }
        if !(self.zero && zeros) {
            return format!("{}{body}", " ".repeat(missing));
        }
        let sign = usize::from(body.starts_with(['-', '+', ' ']));
        let base =
            if body[sign..].starts_with("0x") || body[sign..].starts_with("0X") { 2 } else { 0 };
        let (head, digits) = body.split_at(sign + base);
        format!("{head}{}{digits}", "0".repeat(missing))
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        }
    }

    fn digits(&self, digits: String) -> String {
        let least = self.precision.unwrap_or(1).min(WIDEST);
        if least == 0 && digits == "0" {
            return String::new();
        }
        format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())))
    }

    /// `%d`
    pub fn signed(&self, value: i128) -> String {
        let digits = self.digits(value.unsigned_abs().to_string());
        self.pad(&format!("{}{digits}", self.sign(value < 0)), self.precision.is_none())
    }

    /// `%o`, `%u`, `%x`, `%X`
    pub fn unsigned(&self, value: u64, letter: char) -> String {
        let digits = match letter {
            'o' => format!("{value:o}"),
            'x' => format!("{value:x}"),
            'X' => format!("{value:X}"),
            _ => value.to_string(),
        };
        let digits = self.digits(digits);
        let body = match letter {
            'o' if self.alternate && !digits.starts_with('0') => format!("0{digits}"),
            'x' if self.alternate && value != 0 => format!("0x{digits}"),
            'X' if self.alternate && value != 0 => format!("0X{digits}"),
            _ => digits,
        };
        self.pad(&body, self.precision.is_none())
    }

    /// `%s`
    pub fn text(&self, text: &str) -> String {
        let text: String = match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text.to_owned(),
        };
        self.pad(&text, false)
    }

    /// `%e`, `%f`, `%g`, `%a` and their capitals.
    pub fn float(&self, value: f64, letter: char) -> String {
        let negative = value.is_sign_negative();
        let size = value.abs();
        if !value.is_finite() {
            let name = if value.is_nan() { "nan" } else { "inf" };
            let body = format!("{}{name}", self.sign(negative));
            let body = if letter.is_uppercase() { body.to_uppercase() } else { body };
            return self.pad(&body, false);
        }
        let wanted = self.precision.unwrap_or(6).min(WIDEST);
        let precision = wanted.min(DIGITS);
        let zeros = "0".repeat(wanted - precision);
        let body = match letter.to_ascii_lowercase() {
            'f' => {
                let dot = if self.alternate && precision == 0 { "." } else { "" };
                format!("{size:.precision$}{zeros}{dot}")
            }
            'e' => scientific(size, precision),
            'a' => hexadecimal(size),
            _ => self.general(size, precision.max(1)),
        };
        let body = if letter.is_uppercase() { body.to_uppercase() } else { body };
        self.pad(&format!("{}{body}", self.sign(negative)), true)
    }

    /// `%f` of digits that are rounded already.
    pub fn fixed(&self, negative: bool, digits: &str) -> String {
        let dot = if self.alternate && !digits.contains('.') { "." } else { "" };
        self.pad(&format!("{}{digits}{dot}", self.sign(negative)), true)
    }

    fn general(&self, size: f64, precision: usize) -> String {
        let text = scientific(size, precision - 1);
        let exponent: i32 =
            text.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
        let least = i32::try_from(precision).unwrap_or(i32::MAX);
        let fixed = exponent >= -4 && exponent < least;
        let text = match fixed {
            true => format!("{size:.*}", usize::try_from(least - 1 - exponent).unwrap_or(0)),
            false => text,
        };
        if self.alternate {
            return text;
        }
        let (digits, power) = match text.split_once('e') {
            Some((digits, power)) => (digits, format!("e{power}")),
            None => (text.as_str(), String::new()),
        };
        let digits = match digits.contains('.') {
            true => digits.trim_end_matches('0').trim_end_matches('.'),
            false => digits,
        };
        format!("{digits}{power}")
    }
}

fn scientific(size: f64, precision: usize) -> String {
    let text = format!("{size:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// `%a` of glibc's long doubles: the first digit has four bits.
fn hexadecimal(size: f64) -> String {
    if size == 0.0 {
        return "0x0p+0".to_owned();
    }
    let bits = size.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let (whole, power) = match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    };
    let shift = whole.leading_zeros();
    let mantissa = whole << shift;
    let digits = format!("{mantissa:016x}");
    let rest = digits[1..].trim_end_matches('0');
    let dot = if rest.is_empty() { "" } else { "." };
    let power = power - i32::try_from(shift).unwrap_or(0) + 60;
    format!("0x{}{dot}{rest}p{power:+}", &digits[..1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What C's printf prints.
    #[test]
    fn numbers_are_written_as_in_c() {
        let plain = Spec::default();
        assert_eq!(plain.float(1_234_567.0, 'g'), "1.23457e+06");
        assert_eq!(plain.float(0.00001, 'g'), "1e-05");
        assert_eq!(plain.float(100_000.0, 'g'), "100000");
        assert_eq!(plain.float(1.0, 'a'), "0x8p-3");
        assert_eq!(
            Spec { width: 8, precision: Some(2), zero: true, ..plain }.float(-2.71659, 'f'),
            "-0002.72"
        );
        assert_eq!(Spec { alternate: true, ..plain }.unsigned(8, 'o'), "010");
        assert_eq!(
            Spec { alternate: true, width: 6, zero: true, ..plain }.unsigned(255, 'x'),
            "0x00ff"
        );
        assert_eq!(Spec { precision: Some(3), width: 6, ..plain }.signed(-7), "  -007");
    }
}
