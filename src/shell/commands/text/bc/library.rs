//! The functions of `bc -l`: worked out with more digits than are asked for, and cut off.

use super::number::{Decimal, Trouble};

type Done = Result<Decimal, Trouble>;

/// Digits that are worked out beyond those that are kept.
const MORE: usize = 12;

fn whole(value: i64) -> Decimal {
    Decimal::whole(value)
}

/// The function's value with `scale` digits; `None` if the library has no function of this name and one argument.
pub(super) fn call(name: &str, of: &Decimal, scale: usize) -> Option<Done> {
    let deep = scale + MORE + of.cut(0).length();
    let value = match name {
        "e" => power(of, deep),
        "l" => logarithm(of, deep),
        "s" => sine(of, deep),
        "c" => {
            quarter(deep).and_then(|quarter| sine(&of.plus(&quarter.times(&whole(2), deep)?), deep))
        }
        "a" => arc(of, deep),
        _ => return None,
    };
    Some(value.map(|value| value.cut(scale)))
}

/// A sum whose terms get smaller, until one is nothing: `next` makes a term of the one before.
fn series(
    first: Decimal,
    mut next: impl FnMut(&Decimal, i64) -> Done,
    add: impl Fn(&Decimal, i64) -> Done,
) -> Done {
    let (mut term, mut sum) = (first.clone(), first);
    for step in 1.. {
        term = next(&term, step)?;
        let part = add(&term, step)?;
        if part.is_zero() {
            break;
        }
        sum = sum.plus(&part);
    }
    Ok(sum)
}

fn power(of: &Decimal, deep: usize) -> Done {
    if of.is_negative() {
        return whole(1).over(&power(&of.negated(), deep)?, deep);
    }
    if of.compare(&whole(1)).is_gt() {
        let half = power(&of.over(&whole(2), deep + MORE)?, deep + MORE)?;
        return half.times(&half, deep);
    }
    let next = |term: &Decimal, step| term.times(of, deep)?.cut(deep).over(&whole(step), deep);
    series(whole(1).cut(deep), next, |term, _| Ok(term.clone()))
}

fn logarithm(of: &Decimal, deep: usize) -> Done {
    if of.is_zero() || of.is_negative() {
        // As the library of GNU has it: the smallest number that it can tell.
        let least =
            whole(10).power(i64::try_from(deep.saturating_sub(MORE + 1)).unwrap_or(0), 0)?;
        return Ok(whole(1).minus(&least));
    }
    if of.compare(&whole(2)).is_gt() || of.compare(&Decimal::read(".5", 10)).is_lt() {
        return logarithm(&of.root(deep + MORE), deep + MORE)?.times(&whole(2), deep);
    }
    // ln x = 2 artanh((x - 1) / (x + 1))
    let small = of.minus(&whole(1)).over(&of.plus(&whole(1)), deep)?;
    let square = small.times(&small, deep)?.cut(deep);
    let next = |term: &Decimal, _| Ok(term.times(&square, deep)?.cut(deep));
    let sum = series(small, next, |term, step| term.over(&whole(2 * step + 1), deep))?;
    sum.times(&whole(2), deep)
}

/// Pi with so many digits, the last one rounded: Machin's 16 atan(1/5) - 4 atan(1/239).
pub(in crate::shell::commands::text) fn pi(digits: usize) -> Result<String, Trouble> {
    let deep = digits + MORE;
    let arc = |base: i64| {
        let first = whole(1).over(&whole(base), deep)?;
        let next = |term: &Decimal, _| term.over(&whole(-base * base), deep);
        series(first, next, |term, step| term.over(&whole(2 * step + 1), deep))
    };
    let [near, far] = [arc(5)?.times(&whole(16), deep)?, arc(239)?.times(&whole(-4), deep)?];
    let half = whole(5).over(&whole(10).power(i64::try_from(digits).unwrap_or(0), 0)?, digits);
    Ok(near.plus(&far).plus(&half?).cut(digits - 1).text(10))
}

/// A quarter of pi.
fn quarter(deep: usize) -> Done {
    arc(&whole(1), deep)
}

fn sine(of: &Decimal, deep: usize) -> Done {
    let turn = quarter(deep)?.times(&whole(8), deep)?;
    let of = of.modulo(&turn, 0)?.cut(deep);
    let square = of.times(&of, deep)?.cut(deep).negated();
    let next = |term: &Decimal, step: i64| {
        term.times(&square, deep)?.cut(deep).over(&whole(2 * step * (2 * step + 1)), deep)
    };
    series(of, next, |term, _| Ok(term.clone()))
}

fn arc(of: &Decimal, deep: usize) -> Done {
    if of.is_negative() {
        return Ok(arc(&of.negated(), deep)?.negated());
    }
    if of.compare(&Decimal::read(".2", 10)).is_gt() {
        // arctan x = 2 arctan(x / (1 + sqrt(1 + x^2)))
        let root = of.times(of, deep + MORE)?.plus(&whole(1)).root(deep + MORE);
        let half = of.over(&root.plus(&whole(1)), deep + MORE)?;
        return arc(&half, deep + MORE)?.times(&whole(2), deep);
    }
    let of = of.cut(deep);
    let square = of.times(&of, deep)?.cut(deep).negated();
    let next = |term: &Decimal, _| Ok(term.times(&square, deep)?.cut(deep));
    series(of, next, |term, step| term.over(&whole(2 * step + 1), deep))
}
