//! `factor`: the primes that numbers are made of.

use crate::shell::Io;
use crate::shell::commands;
use crate::shell::commands::trouble::left_out;

/// `factor`: the primes of numbers, of the arguments or of standard input.
pub(in crate::shell::commands) fn factor(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let gnu = commands::is_gnu(io);
    let Some(options) = commands::options::Grammar::short("factor", "").read(arguments, io) else {
        return Some(1);
    };
    let mut words = options.operands;
    if words.is_empty() {
        let text = String::from_utf8_lossy(&io.read_all()?).into_owned();
        words = text.split_whitespace().map(str::to_owned).collect();
    }
    let mut status = 0;
    for word in words {
        let number = word.trim().trim_start_matches('+').parse::<u128>().ok();
        // BusyBox' numbers have 64 bits.
        match number.filter(|number| gnu || u64::try_from(*number).is_ok()) {
            Some(number) => {
                let (mut primes, left) = small(number);
                let Ok(left) = u64::try_from(left) else {
                    io.write_error(left_out("factor", "numbers with this large primes"));
                    return Some(1);
                };
                // As many steps as Pollard's way takes for the largest divisor that there can be.
                if !io.budget.take(left.isqrt().isqrt()) {
                    return Some(1);
                }
                primes.extend(large(left));
                primes.sort_unstable();
                let primes: String = primes.iter().map(|prime| format!(" {prime}")).collect();
                io.say(format!("{number}:{primes}"));
            }
            None if gnu && !word.is_empty() && word.bytes().all(|one| one.is_ascii_digit()) => {
                io.write_error(left_out("factor", "numbers of more than 128 bits"));
                return Some(1);
            }
            None => {
                status = 1;
                io.write_error(match gnu {
                    true => format!("factor: '{word}' is not a valid positive integer"),
                    false => commands::busybox_usage("factor"),
                });
                if !gnu {
                    break;
                }
            }
        }
    }
    Some(status)
}

/// What small numbers are divided by before they are looked at as a whole.
const SMALL: u64 = 1_000;

fn times(one: u64, other: u64, modulus: u64) -> u64 {
    (u128::from(one) * u128::from(other) % u128::from(modulus)) as u64
}

fn power(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut value = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            value = times(value, base, modulus);
        }
        base = times(base, base, modulus);
        exponent >>= 1;
    }
    value
}

/// Miller's and Rabin's test, with the bases that are enough for 64 bits.
fn is_prime(number: u64) -> bool {
    let twos = (number - 1).trailing_zeros();
    [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37].into_iter().all(|base| {
        let mut value = power(base, (number - 1) >> twos, number);
        value == 1
            || (0..twos).any(|_| {
                let found = value == number - 1;
                value = times(value, value, number);
                found
            })
    })
}

/// A divisor of a number that is no prime and has no small ones (Pollard's rho).
fn divisor(number: u64) -> u64 {
    let root = number.isqrt();
    if root * root == number {
        return root;
    }
    let greatest = |mut one: u64, mut other: u64| {
        while other > 0 {
            (one, other) = (other, one % other);
        }
        one
    };
    for shift in 1.. {
        let modulus = u128::from(number);
        let next =
            |value: u64| ((u128::from(times(value, value, number)) + shift) % modulus) as u64;
        let (mut slow, mut fast) = (2, 2);
        let mut found = 1;
        while found == 1 {
            slow = next(slow);
            fast = next(next(fast));
            found = greatest(slow.abs_diff(fast), number);
        }
        if found != number {
            return found;
        }
    }
    number
}

/// The small primes of a number, and what they leave of it.
fn small(mut number: u128) -> (Vec<u64>, u128) {
    let mut all = Vec::new();
    for prime in (2..4).chain((5..SMALL).step_by(2)) {
        while number > 1 && number.is_multiple_of(u128::from(prime)) {
            all.push(prime);
            number /= u128::from(prime);
        }
    }
    (all, number)
}

/// The primes of a number without small ones.
fn large(number: u64) -> Vec<u64> {
    let mut all = Vec::new();
    let mut left = vec![number];
    while let Some(number) = left.pop().filter(|number| *number > 1) {
        if number < SMALL * SMALL || is_prime(number) {
            all.push(number);
        } else {
            let one = divisor(number);
            left.extend([one, number / one]);
        }
    }
    all
}
