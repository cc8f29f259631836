//! Decimal numbers of any length, as `bc` and `dc` count with them: digits, and how many of them stand
//! behind the point. What does not fit behind the point is cut off, never rounded (POSIX, `bc`).

use std::cmp::Ordering;

/// More digits than anybody reads; a number that would have more is refused.
const LONGEST: usize = 5_000;

/// A number with `scale` digits behind its point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::shell::commands::text) struct Decimal {
    negative: bool,
    /// All digits without the point, the last one first, without zeros at the front of the number.
    digits: Vec<u8>,
    pub scale: usize,
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shell::commands::text) enum Trouble {
    ByZero,
    TooLong,
}

fn trimmed(mut digits: Vec<u8>) -> Vec<u8> {
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}

fn compare(left: &[u8], right: &[u8]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.iter().rev().cmp(right.iter().rev()))
}

fn added(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut sum: Vec<u8> = (0..left.len().max(right.len()))
        .map(|at| {
            let digit = |of: &[u8]| of.get(at).copied().unwrap_or(0);
            let all = digit(left) + digit(right) + carry;
            carry = all / 10;
            all % 10
        })
        .collect();
    sum.push(carry);
    trimmed(sum)
}

/// The difference of a number and one that is not greater.
fn taken(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let rest = left.iter().enumerate().map(|(at, digit)| {
        let less = right.get(at).copied().unwrap_or(0) + borrow;
        borrow = u8::from(*digit < less);
        digit + 10 * borrow - less
    });
    trimmed(rest.collect())
}

fn multiplied(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut sums = vec![0_u32; left.len() + right.len()];
    for (at, one) in left.iter().enumerate() {
        for (place, other) in sums[at..].iter_mut().zip(right) {
            *place += u32::from(*one) * u32::from(*other);
        }
    }
    let mut carry = 0;
    let digits = sums.into_iter().map(|sum| {
        let all = sum + carry;
        carry = all / 10;
        (all % 10) as u8
    });
    trimmed(digits.collect())
}

/// The whole quotient, by a number that is not zero.
fn divided(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut rest: Vec<u8> = Vec::new();
    let mut quotient: Vec<u8> = Vec::with_capacity(left.len());
    for digit in left.iter().rev() {
        rest.insert(0, *digit);
        rest = trimmed(rest);
        let mut times = 0;
        while compare(&rest, right) != Ordering::Less {
            rest = taken(&rest, right);
            times += 1;
        }
        quotient.push(times);
    }
    quotient.reverse();
    trimmed(quotient)
}

impl Decimal {
    /// A whole number.
    pub fn whole(value: i64) -> Decimal {
        let text = value.unsigned_abs().to_string();
        let digits = text.bytes().rev().map(|digit| digit - b'0');
        Decimal { negative: value < 0, digits: trimmed(digits.collect()), scale: 0 }
    }

    /// What digits in a base say (`-` or `_` in front makes it negative). A single digit may be greater
    /// than the base, one of several counts as the greatest that the base has.
    pub fn read(text: &str, base: u32) -> Decimal {
        let body = text.trim_start_matches(['-', '_']);
        let (front, behind) = body.split_once('.').unwrap_or((body, ""));
        let alone = front.len() + behind.len() == 1;
        let digit = |letter: char| {
            let value = letter.to_digit(16).unwrap_or(0);
            Decimal::whole(i64::from(if alone { value } else { value.min(base - 1) }))
        };
        let by = Decimal::whole(i64::from(base));
        let whole = front.chars().fold(Decimal::default(), |sum, letter| {
            sum.times(&by, 0).unwrap_or_default().plus(&digit(letter))
        });
        let part = behind.chars().rev().fold(Decimal::default(), |sum, letter| {
            let deep = behind.len() + 4;
            digit(letter).plus(&sum).over(&by, deep).unwrap_or_default()
        });
        let mut number = whole.plus(&part.cut(behind.len()));
        number.negative = text.len() > body.len() && !number.is_zero();
        number
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// How many digits it has (`length`): those behind the point count even if they are zeros.
    pub fn length(&self) -> usize {
        self.digits.len().max(self.scale).max(1)
    }

    /// The number with so many digits behind its point: others are cut off, zeros are added.
    pub fn cut(&self, scale: usize) -> Decimal {
        let mut digits = self.digits.clone();
        match self.scale > scale {
            true => drop(digits.drain(..(self.scale - scale).min(digits.len()))),
            false if !digits.is_empty() => {
                digits.splice(0..0, std::iter::repeat_n(0, scale - self.scale));
            }
            false => {}
        }
        Decimal { negative: self.negative && !digits.is_empty(), digits, scale }
    }

    pub fn negated(&self) -> Decimal {
        Decimal { negative: !self.negative && !self.is_zero(), ..self.clone() }
    }

    pub fn plus(&self, other: &Decimal) -> Decimal {
        let scale = self.scale.max(other.scale);
        let (left, right) = (self.cut(scale), other.cut(scale));
        let (negative, digits) = match (left.negative == right.negative, left.magnitude(&right)) {
            (true, _) => (left.negative, added(&left.digits, &right.digits)),
            (false, Ordering::Less) => (right.negative, taken(&right.digits, &left.digits)),
            (false, _) => (left.negative, taken(&left.digits, &right.digits)),
        };
        Decimal { negative: negative && !digits.is_empty(), digits, scale }
    }

    pub fn minus(&self, other: &Decimal) -> Decimal {
        self.plus(&other.negated())
    }

    fn magnitude(&self, other: &Decimal) -> Ordering {
        let scale = self.scale.max(other.scale);
        compare(&self.cut(scale).digits, &other.cut(scale).digits)
    }

    pub fn compare(&self, other: &Decimal) -> Ordering {
        let rest = self.minus(other);
        match (rest.is_zero(), rest.negative) {
            (true, _) => Ordering::Equal,
            (_, true) => Ordering::Less,
            _ => Ordering::Greater,
        }
    }

    /// The product, with as many digits behind the point as POSIX says.
    pub fn times(&self, other: &Decimal, scale: usize) -> Result<Decimal, Trouble> {
        if self.digits.len() + other.digits.len() > LONGEST {
            return Err(Trouble::TooLong);
        }
        let all = self.scale + other.scale;
        let product = Decimal {
            negative: self.negative != other.negative,
            digits: multiplied(&self.digits, &other.digits),
            scale: all,
        };
        Ok(product.cut(all.min(scale.max(self.scale).max(other.scale))))
    }

    /// The quotient with `scale` digits behind its point.
    pub fn over(&self, other: &Decimal, scale: usize) -> Result<Decimal, Trouble> {
        if other.is_zero() {
            return Err(Trouble::ByZero);
        }
        if self.digits.len() + other.scale + scale > LONGEST {
            return Err(Trouble::TooLong);
        }
        // Both as whole numbers, the first with so many digits more.
        let left = self.cut(scale + other.scale);
        let left = if self.scale > left.scale { self.cut(self.scale) } else { left };
        let extra = left.scale - other.scale;
        let digits = divided(&left.digits, &other.digits);
        let negative = self.negative != other.negative && !digits.is_empty();
        Ok(Decimal { negative, digits, scale: extra }.cut(scale))
    }

    /// What is left over by a quotient with `scale` digits behind its point.
    pub fn modulo(&self, other: &Decimal, scale: usize) -> Result<Decimal, Trouble> {
        let quotient = self.over(other, scale)?;
        let deep = self.scale.max(scale + other.scale);
        Ok(self.minus(&quotient.times(other, deep)?).cut(deep))
    }

    /// The power by a whole number.
    pub fn power(&self, exponent: i64, scale: usize) -> Result<Decimal, Trouble> {
        let times = usize::try_from(exponent.unsigned_abs()).map_err(|_| Trouble::TooLong)?;
        let small = self.digits.len() <= 1 && self.scale == 0 && self.digits.first() <= Some(&1);
        if !small && self.digits.len().saturating_mul(times) > LONGEST * 2 {
            return Err(Trouble::TooLong);
        }
        let (mut power, mut square, mut left) = (Decimal::whole(1), self.clone(), times);
        while left > 0 {
            let deep = power.scale + square.scale;
            if left % 2 == 1 {
                power = power.times(&square, deep)?;
            }
            left /= 2;
            if left > 0 {
                square = square.times(&square, 2 * square.scale)?;
            }
        }
        match exponent < 0 {
            true => Decimal::whole(1).over(&power, scale),
            false => Ok(power.cut((self.scale.saturating_mul(times)).min(scale.max(self.scale)))),
        }
    }

    /// The square root of what is not negative, with `scale` digits behind its point at least.
    pub fn root(&self, scale: usize) -> Decimal {
        let scale = scale.max(self.scale);
        let radicand = self.cut(2 * scale).digits;
        // Newton's way, from above.
        let mut root = vec![0; radicand.len().div_ceil(2)];
        root.push(1);
        loop {
            let sum = added(&root, &divided(&radicand, &root));
            let next = divided(&sum, &[2]);
            if compare(&next, &root) != Ordering::Less {
                break;
            }
            root = next;
        }
        Decimal { negative: false, digits: trimmed(root), scale }
    }

    /// The whole part, as far as an `i64` holds it.
    pub fn to_whole(&self) -> Option<i64> {
        let text: String = self.cut(0).in_ten();
        if text.is_empty() { Some(0) } else { text.parse().ok() }
    }

    fn in_ten(&self) -> String {
        let digits: Vec<u8> = self.digits.iter().rev().map(|digit| digit + b'0').collect();
        let text = String::from_utf8_lossy(&digits).into_owned();
        let padded = format!("{text:0>width$}", width = self.scale);
        let (front, behind) = padded.split_at(padded.len() - self.scale);
        let point = if behind.is_empty() { "" } else { "." };
        format!("{}{front}{point}{behind}", if self.negative { "-" } else { "" })
    }

    /// The number as it is printed in a base.
    pub fn text(&self, base: u32) -> String {
        match base {
            _ if self.is_zero() => "0".to_owned(),
            10 => self.in_ten(),
            _ => self.in_base(base),
        }
    }

    fn in_base(&self, base: u32) -> String {
        let by = Decimal::whole(i64::from(base));
        let width = (base - 1).to_string().len();
        let digit = |value: &Decimal| {
            let value = u32::try_from(value.to_whole().unwrap_or(0)).unwrap_or(0);
            match base {
                ..=16 => {
                    char::from_digit(value, 16).unwrap_or('0').to_ascii_uppercase().to_string()
                }
                _ => format!(" {value:0width$}"),
            }
        };
        let mut digits = Vec::new();
        let mut front = Decimal { negative: false, ..self.cut(0) };
        let mut part = Decimal { negative: false, ..self.clone() }.minus(&front);
        while !front.is_zero() {
            digits.push(digit(&front.modulo(&by, 0).unwrap_or_default()));
            front = front.over(&by, 0).unwrap_or_default();
        }
        digits.reverse();
        let mut text = format!("{}{}", if self.negative { "-" } else { "" }, digits.concat());
        if self.scale > 0 {
            text.push('.');
            let mut reach = Decimal::whole(1);
            while reach.length() <= self.scale {
                part = part.times(&by, self.scale).unwrap_or_default();
                text += &digit(&part);
                part = part.minus(&part.cut(0));
                reach = reach.times(&by, 0).unwrap_or_default();
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::read(text, 10)
    }

    /// Answers of GNU bc 1.07.1.
    #[test]
    fn what_does_not_fit_behind_the_point_is_cut_off() {
        let quotient =
            |left, right, scale| number(left).over(&number(right), scale).unwrap().text(10);
        assert_eq!(quotient("10", "3", 2), "3.33");
        assert_eq!(quotient("-7", "2", 3), "-3.500");
        assert_eq!(quotient("1", "8", 0), "0");
        assert_eq!(number("7.5").modulo(&number("2"), 0).unwrap().text(10), "1.5");
        assert_eq!(number("2.5").power(2, 0).unwrap().text(10), "6.2");
        assert_eq!(number("2").power(-1, 4).unwrap().text(10), ".5000");
        assert_eq!(number("2").root(5).text(10), "1.41421");
        assert_eq!(number("0.5").negated().text(10), "-.5");
    }

    #[test]
    fn numbers_are_read_and_printed_in_a_base() {
        assert_eq!(Decimal::read("FF", 16).text(10), "255");
        assert_eq!(number("255").text(16), "FF");
        assert_eq!(number("0.5").text(2), ".1000");
        assert_eq!(number("12345").text(100), " 01 23 45");
    }
}
