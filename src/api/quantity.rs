//! Amounts of resources in the form in which the server stores them: whole numbers with the
//! largest suffix that keeps them whole, so that `1000m` comes back as `1` and `0.5Gi` as `512Mi`.

use crate::manifest::quantity;

const NANO: i128 = 1_000_000_000;
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// `text`, an amount, as the server writes it; unchanged when it is none.
pub fn canonical(text: &str) -> String {
    let text = text.trim();
    match quantity::parse(text) {
        Ok(nanos) if !is_kept(text) => written(nanos, text),
        _ => text.to_owned(),
    }
}

/// [`canonical`] of an amount of a resource, which the server rounds up to thousandths
/// (`SetDefaults_ResourceList`).
pub fn canonical_resource(text: &str) -> String {
    const MILLI: i128 = NANO / 1_000;
    let odd = quantity::parse(text.trim()).ok().filter(|nanos| nanos % MILLI != 0);
    // The greatest amount there is has nothing above it.
    let up = odd.and_then(|nanos| (nanos.div_euclid(MILLI) + 1).checked_mul(MILLI));
    up.map_or_else(|| canonical(text), |nanos| written(nanos, text.trim()))
}

/// Whether the server keeps an amount in the words in which it was given: up to 18 digits that look
/// canonical to it. So `1.500` and `1E3` stay, while `1.5` becomes `1500m` (apimachinery, the short way
/// of `ParseQuantity`).
fn is_kept(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let unsigned = unsigned.trim_start_matches('0');
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = if whole.is_empty() { "0" } else { whole };
    let digits = format!("{whole}{fraction}");
    if let Some(power) = BINARY.iter().skip(1).position(|known| *known == suffix) {
        let precision = 15 - whole.len() as i32 - 3 * (power as i32 + 1) - 1;
        let odd = digits.parse::<i64>().is_ok_and(|value| value & 7 != 0);
        return fraction.is_empty() && precision >= 0 && odd;
    }
    let scale = match DECIMAL.iter().position(|known| *known == suffix) {
        Some(power) => Some(3 * power as i32 - 9),
        None => suffix.get(1..).and_then(|exponent| exponent.parse().ok()),
    };
    scale.map(|scale: i32| scale.saturating_sub(fraction.len() as i32)).is_some_and(|scale| {
        let short = digits.len() <= 18 && scale >= -9;
        short && scale % 3 == 0 && !digits.ends_with("000") && !digits.starts_with('0')
    })
}

/// An amount in billionths, in the form of `text`: with binary suffixes, decimal ones or as `1e3`.
pub fn written(nanos: i128, text: &str) -> String {
    if nanos == 0 {
        return "0".to_owned();
    }
    let small = nanos.abs() < 1024 * NANO;
    if text.ends_with('i') && !small && nanos % NANO == 0 {
        let (number, power) = reduce(nanos / NANO, 1024, BINARY.len() - 1);
        return format!("{number}{}", BINARY[power]);
    }
    let (number, power) = reduce(nanos, 1000, DECIMAL.len() - 1);
    if is_exponent(text) {
        return match 3 * power as i32 - 9 {
            0 => number.to_string(),
            exponent => format!("{number}e{exponent}"),
        };
    }
    format!("{number}{}", DECIMAL[power])
}

/// Divides as long as nothing is lost, and says how often that was.
fn reduce(mut number: i128, base: i128, most: usize) -> (i128, usize) {
    let mut power = 0;
    while power < most && number % base == 0 {
        number /= base;
        power += 1;
    }
    (number, power)
}

/// Whether the amount is written as `1e3`.
fn is_exponent(text: &str) -> bool {
    text.find(['e', 'E']).is_some_and(|at| at + 1 < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_take_the_largest_suffix_that_keeps_them_whole() {
        let cases = [
            ("1000m", "1"),
            ("0.5", "500m"),
            ("64", "64"),
            ("1000", "1k"),
            ("1024Mi", "1Gi"),
            ("0.5Gi", "512Mi"),
            ("1.5Gi", "1536Mi"),
            ("512", "512"),
            ("100M", "100M"),
            ("1e3", "1e3"),
            ("1E3", "1E3"),
            ("1000e3", "1e6"),
            ("1.500", "1.500"),
            ("1.5", "1500m"),
            ("0.001", "1m"),
            ("+5", "+5"),
            ("007", "007"),
            (" 1 ", "1"),
            ("20E", "20E"),
            ("10000000000000000000", "10E"),
            ("16Ei", "9223372036854775807"),
            ("0", "0"),
            ("2E", "2E"),
            ("many", "many"),
        ];
        for (given, stored) in cases {
            assert_eq!(canonical(given), stored, "{given}");
        }
    }

    // `pkg/apis/core/v1/defaults.go`, `SetDefaults_ResourceList`.
    #[test]
    fn amounts_of_resources_are_rounded_up_to_thousandths() {
        for (given, stored) in [("1n", "1m"), ("1500u", "2m"), ("0.1", "100m"), ("1.0001", "1001m")]
        {
            assert_eq!(canonical_resource(given), stored, "{given}");
        }
        assert_eq!(canonical_resource("1.5e-2147483648"), "1e-3");
        // The greatest amount has nothing above it.
        assert_eq!(canonical_resource("1e40"), canonical("1e40"));
    }
}
