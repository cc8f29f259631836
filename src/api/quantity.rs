//! Amounts of resources in the form in which the server stores them: whole numbers with the
//! largest suffix that keeps them whole, so that `1000m` comes back as `1` and `0.5Gi` as `512Mi`.

use crate::manifest::quantity;

const NANO: i128 = 1_000_000_000;
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// `text`, an amount, as the server writes it; unchanged when it is none.
pub fn canonical(text: &str) -> String {
    match quantity::parse(text) {
        Ok(nanos) => written(nanos, text),
        Err(_) => text.to_owned(),
    }
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
            ("0", "0"),
            ("2E", "2E"),
            ("many", "many"),
        ];
        for (given, stored) in cases {
            assert_eq!(canonical(given), stored, "{given}");
        }
    }
}
