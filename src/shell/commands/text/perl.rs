//! `perl`: of the language only what prints pi, which is the program of the best known Job.

use crate::shell::tool::Io;

/// The most digits that are computed.
const MOST: usize = 10_000;

/// `perl -Mbignum=bpi -wle 'print bpi(DIGITS)'`
pub(in crate::shell::commands) fn perl(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let script = match arguments {
        [module, e, script] if module == "-Mbignum=bpi" && matches!(e.as_str(), "-wle" | "-le") => {
            script
        }
        [flag] if matches!(flag.as_str(), "-v" | "--version") => {
            io.say("This is perl 5, version 42, subversion 0 (v5.42.0) built for x86_64-linux-gnu");
            return Some(0);
        }
        _ => "",
    };
    let digits = script.trim().trim_end_matches(';').strip_prefix("print bpi(");
    let digits = digits.and_then(|rest| rest.strip_suffix(')')?.trim().parse().ok());
    match digits.filter(|digits| (1..=MOST).contains(digits)) {
        Some(digits) => {
            io.say(pi(digits));
            Some(0)
        }
        None => {
            io.write_error("podhop: perl: not simulated here: any program but print bpi(DIGITS)");
            Some(1)
        }
    }
}

/// Pi with so many digits, the last one rounded: Machin's 16 atan(1/5) - 4 atan(1/239), in whole numbers
/// of nine digits behind the point.
fn pi(digits: usize) -> String {
    let places = digits / 9 + 4;
    let mut sum = vec![0_i64; places];
    for (factor, base) in [(16, 5_i64), (-4, 239)] {
        let mut power = vec![0_i64; places];
        power[0] = factor;
        divide(&mut power, base);
        for odd in (1_i64..).step_by(2) {
            if power.iter().all(|part| *part == 0) {
                break;
            }
            let mut term = power.clone();
            divide(&mut term, odd);
            let sign = if odd % 4 == 1 { 1 } else { -1 };
            sum.iter_mut().zip(term).for_each(|(sum, term)| *sum += sign * term);
            divide(&mut power, base * base);
        }
    }
    for place in (1..places).rev() {
        let carry = sum[place].div_euclid(PART);
        sum[place] -= carry * PART;
        sum[place - 1] += carry;
    }
    let text: String = sum.iter().skip(1).map(|part| format!("{part:09}")).collect();
    let mut shown: Vec<u8> = format!("{}{text}", sum[0]).into_bytes();
    let up = shown.get(digits).is_some_and(|digit| *digit >= b'5');
    shown.truncate(digits);
    for digit in shown.iter_mut().rev().take_while(|_| up) {
        *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
        if *digit != b'0' {
            break;
        }
    }
    let whole = String::from_utf8_lossy(&shown).into_owned();
    if digits == 1 { whole } else { format!("{}.{}", &whole[..1], &whole[1..]) }
}

/// What one number of the list holds.
const PART: i64 = 1_000_000_000;

fn divide(number: &mut [i64], by: i64) {
    let mut rest = 0;
    for part in number {
        let whole = rest * PART + *part;
        *part = whole / by;
        rest = whole % by;
    }
}

#[cfg(test)]
mod tests {
    use super::pi;

    #[test]
    fn pi_is_rounded_at_its_last_digit() {
        assert_eq!(pi(1), "3");
        assert_eq!(pi(5), "3.1416");
        assert_eq!(pi(30), "3.14159265358979323846264338328");
    }
}
