//! Decimal numbers rounded as C's `long double` has them, which is what bash and GNU's `printf` print.

/// Digits that are read and written exactly: behind them a `f64` has to do.
const DIGITS: usize = 18;

/// The digits of a number without a sign, with so many behind the point; `None` for what is written in
/// another way or with more digits.
pub(in crate::shell) fn fixed(text: &str, precision: usize) -> Option<String> {
    let (whole, parts) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{parts}");
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.len() > DIGITS || precision > DIGITS {
        return None;
    }
    let number: u128 = digits.parse().ok()?;
    let power = |digits: usize| 10_u128.pow(u32::try_from(digits).unwrap_or(0));
    let (mantissa, shift) = nearest(number, power(parts.len()));
    let scaled = mantissa * power(precision);
    let (mut quotient, rest, half) =
        (scaled >> shift, scaled & ((1 << shift) - 1), 1 << (shift - 1));
    if rest > half || rest == half && quotient % 2 == 1 {
        quotient += 1;
    }
    let text = format!("{quotient:0width$}", width = precision + 1);
    let (whole, parts) = text.split_at(text.len() - precision);
    Some(if precision == 0 { whole.to_owned() } else { format!("{whole}.{parts}") })
}

/// The nearest number with a mantissa of 64 bits: that, and by how many bits it is shifted to the left.
fn nearest(number: u128, scale: u128) -> (u128, u32) {
    if number == 0 {
        return (0, 1);
    }
    let (mut mantissa, mut rest, mut shift) = (number / scale, number % scale, 0);
    while mantissa < 1 << 63 {
        rest *= 2;
        let bit = u128::from(rest >= scale);
        rest -= bit * scale;
        mantissa = mantissa * 2 + bit;
        shift += 1;
    }
    let up = 2 * rest > scale || 2 * rest == scale && mantissa % 2 == 1;
    (mantissa + u128::from(up), shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As bash 5.2 prints them.
    #[test]
    fn a_half_falls_to_the_side_of_the_nearest_long_double() {
        let cases = [
            ("99.95", 1, "99.9"),
            ("2.675", 2, "2.67"),
            ("2.25", 1, "2.2"),
            ("0.125", 2, "0.12"),
            ("1.005", 2, "1.00"),
            ("0", 2, "0.00"),
            ("12", 0, "12"),
            ("0.5", 0, "0"),
            ("1.5", 0, "2"),
        ];
        for (text, precision, expected) in cases {
            assert_eq!(fixed(text, precision).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(fixed("1e5", 1), None);
    }
}
