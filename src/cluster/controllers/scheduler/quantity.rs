//! Quantities (`500m`, `64Mi`, `2`) as numbers.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// The quantity in thousandths, rounded up; 0 when it is not one.
pub(super) fn millis(quantity: &Quantity) -> i128 {
    parse(&quantity.0).unwrap_or(0)
}

fn parse(text: &str) -> Option<i128> {
    let end = text.find(|letter: char| !(letter.is_ascii_digit() || "+-.".contains(letter)));
    let (number, suffix) = text.split_at(end.unwrap_or(text.len()));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = fraction.len().min(9);
    let unit = 10_i128.pow(digits as u32);
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let whole: i128 = whole.trim_start_matches(['+', '-']).parse().ok().or(Some(0))?;
    let fraction: i128 = fraction.get(..digits)?.parse().unwrap_or(0);
    let (up, down) = scale(suffix)?;
    // Numerator and denominator of the value in thousandths.
    let numerator = whole.checked_mul(unit)?.checked_add(fraction)?.checked_mul(up)?;
    let denominator = unit.checked_mul(down)?;
    Some(sign * (numerator + denominator - 1).div_euclid(denominator))
}

/// A suffix's factor to thousandths, as a fraction.
fn scale(suffix: &str) -> Option<(i128, i128)> {
    const K: i128 = 1_000;
    let factor = match suffix {
        "n" => return Some((1, 1_000_000)),
        "u" => return Some((1, 1_000)),
        "m" => 1,
        "" => K,
        "k" => K * K,
        "M" => K.pow(3),
        "G" => K.pow(4),
        "T" => K.pow(5),
        "P" => K.pow(6),
        "E" => K.pow(7),
        "Ki" => K << 10,
        "Mi" => K << 20,
        "Gi" => K << 30,
        "Ti" => K << 40,
        "Pi" => K << 50,
        "Ei" => K << 60,
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?;
            let power = 10_i128.pow(exponent.unsigned_abs().min(18));
            return Some(if exponent < 0 { (K, power) } else { (K * power, 1) });
        }
    };
    Some((factor, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_of_both_kinds_are_known() {
        let number = |text: &str| millis(&Quantity(text.to_owned()));
        assert_eq!(number("2"), 2_000);
        assert_eq!(number("500m"), 500);
        assert_eq!(number("0.1"), 100);
        assert_eq!(number("1.5Gi"), (1_536 << 20) * 1_000);
        assert_eq!(number("8142260Ki"), 8_142_260 * 1_024 * 1_000);
        assert_eq!(number("1e3"), 1_000_000);
        assert_eq!(number("100u"), 1);
        assert_eq!(number("rubbish"), 0);
    }
}
