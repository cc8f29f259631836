//! Amounts of resources: `500m`, `1Gi`, `1e3`.

/// The API server's answer to a text that is no amount.
pub const FORMAT: &str = "quantities must match the regular expression \
                          '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const SUFFIX: &str = "unable to parse quantity's suffix";
const NUMBER: &str = "unable to parse numeric part of quantity";

/// The unit in which amounts are compared: a billionth, since that is the smallest suffix.
const NANO: i128 = 1_000_000_000;

/// The size of an amount in billionths, rounded up as the API server rounds. One with a binary suffix
/// is capped, a decimal one is not (apimachinery, `ParseQuantity`).
///
/// # Errors
/// The API server's words for a text that is no amount.
pub fn parse(text: &str) -> Result<i128, &'static str> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if text.is_empty() {
        return Err(FORMAT);
    }
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    check_suffix(suffix)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') {
        return Err(FORMAT);
    }
    if number == "." {
        return Err(NUMBER);
    }
    let scale = scale(suffix).ok_or(SUFFIX)?;
    let size = amount(whole, fraction, scale);
    Ok(if negative { -size } else { size })
}

/// The size of an amount in thousandths, rounded up; 0 for a text that is no amount.
pub fn thousandths(text: &str) -> i128 {
    to_thousandths(parse(text).unwrap_or(0))
}

/// Billionths in thousandths, rounded up.
pub fn to_thousandths(nanos: i128) -> i128 {
    nanos.div_euclid(NANO / 1_000) + i128::from(nanos.rem_euclid(NANO / 1_000) != 0)
}

/// Whether a suffix is made of the letters, sign and digits that suffixes are made of.
fn check_suffix(suffix: &str) -> Result<(), &'static str> {
    let after = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let digits = after.strip_prefix(['-', '+']).unwrap_or(after);
    if digits.bytes().all(|b| b.is_ascii_digit()) { Ok(()) } else { Err(FORMAT) }
}

/// What a suffix multiplies with: a factor and a power of ten.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    let binary = |power: u32| Some((1i128 << (10 * power), 0));
    match suffix {
        "" => Some((1, 0)),
        "n" => Some((1, -9)),
        "u" => Some((1, -6)),
        "m" => Some((1, -3)),
        "k" => Some((1, 3)),
        "M" => Some((1, 6)),
        "G" => Some((1, 9)),
        "T" => Some((1, 12)),
        "P" => Some((1, 15)),
        "E" => Some((1, 18)),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            Some((1, exponent))
        }
    }
}

/// `whole.fraction` times a factor times a power of ten, in billionths.
fn amount(whole: &str, fraction: &str, (factor, power): (i128, i32)) -> i128 {
    // Far beyond what there is, and small enough that many can be added.
    let decimal = 10_i128.pow(31);
    let cap = if factor == 1 { decimal } else { i128::from(i64::MAX) * NANO };
    let digits = format!("{whole}{fraction}");
    let mantissa = digits.bytes().fold(0i128, |size, digit| {
        size.saturating_mul(10).saturating_add(i128::from(digit.saturating_sub(b'0')))
    });
    let power = power.saturating_add(9).saturating_sub(fraction.len() as i32);
    let size = mantissa.saturating_mul(factor);
    if size == 0 {
        return 0;
    }
    let ten = |power: i32| 10i128.checked_pow(power.unsigned_abs());
    if power >= 0 {
        ten(power).map_or(cap, |by| size.saturating_mul(by)).min(cap)
    } else {
        ten(power).map_or(1, |by| size.div_euclid(by) + i128::from(size % by != 0)).min(cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_multiply() {
        for (text, size) in [
            ("1", NANO),
            ("500m", NANO / 2),
            ("0.5", NANO / 2),
            ("1Ki", 1024 * NANO),
            ("1.5Gi", 1536 * 1024 * 1024 * NANO),
            ("1k", 1000 * NANO),
            ("1e3", 1000 * NANO),
            ("1E", 1_000_000_000_000_000_000 * NANO),
            ("-2", -2 * NANO),
            ("0.1n", 1),
        ] {
            assert_eq!(parse(text), Ok(size), "{text}");
        }
    }

    // apimachinery, `pkg/api/resource/quantity.go`.
    #[test]
    fn binary_suffixes_alone_have_a_largest_amount() {
        assert_eq!(parse("16Ei"), Ok(i128::from(i64::MAX) * NANO));
        assert_eq!(parse("16E"), Ok(16_000_000_000_000_000_000 * NANO));
        assert_eq!(parse("20000000000000000000"), Ok(20_000_000_000_000_000_000 * NANO));
    }

    #[test]
    fn thousandths_are_rounded_up() {
        let cases = [("2", 2_000), ("500m", 500), ("1.5Gi", (1_536 << 20) * 1_000), ("100u", 1)];
        for (text, size) in cases {
            assert_eq!(thousandths(text), size, "{text}");
        }
        assert_eq!(thousandths("rubbish"), 0);
    }

    #[test]
    fn what_is_no_amount_is_refused_in_the_servers_words() {
        for text in ["", "1GB", "a", "1 Gi", "1.2.3", "1Gi2x"] {
            assert_eq!(parse(text), Err(FORMAT), "{text}");
        }
        assert_eq!(parse("1mi"), Err(SUFFIX));
        assert_eq!(parse("1ee3"), Err(SUFFIX));
    }
}
