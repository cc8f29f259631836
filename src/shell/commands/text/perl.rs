//! `perl`: of the language only what prints pi, which is the program of the best known Job.

use super::bc::pi;
use crate::shell::tool::Io;

/// The most digits that are computed.
const MOST: usize = 2_000;

/// `perl -Mbignum=bpi -wle 'print bpi(DIGITS)'`
pub(in crate::shell::commands) fn perl(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let script = match arguments {
        [module, e, script] if module == "-Mbignum=bpi" && matches!(e.as_str(), "-wle" | "-le") => {
            script
        }
        _ => "",
    };
    let digits = script.trim().trim_end_matches(';').strip_prefix("print bpi(");
    let digits = digits.and_then(|rest| rest.strip_suffix(')')?.trim().parse().ok());
    let told = digits.filter(|digits| (2..=MOST).contains(digits)).and_then(|it| pi(it).ok());
    match &told {
        Some(pi) => io.say(pi),
        None => io.write_error(format!(
            "podhop: perl: not simulated here: any program but print bpi(DIGITS), of 2 to {MOST}"
        )),
    }
    Some(i32::from(told.is_none()))
}

#[cfg(test)]
mod tests {
    use super::pi;

    #[test]
    fn pi_is_rounded_at_its_last_digit() {
        assert_eq!(pi(5).ok().as_deref(), Some("3.1416"));
        assert_eq!(pi(30).ok().as_deref(), Some("3.14159265358979323846264338328"));
    }
}
