//! `ulimit`: what Linux usually allows. Nothing here is ever counted against it.

use super::super::{Dialect, Io, Machine};

/// A limit: its letter, what bash, BusyBox and dash call it, and what it usually is.
struct Limit {
    letter: char,
    bash: &'static str,
    unit: &'static str,
    ash: &'static str,
    dash: &'static str,
    usual: &'static str,
}

const fn limit(
    letter: char,
    (bash, unit): (&'static str, &'static str),
    ash: &'static str,
    dash: &'static str,
    usual: &'static str,
) -> Limit {
    Limit { letter, bash, unit, ash, dash, usual }
}

const NONE: &str = "unlimited";

/// All of them, in bash's order and BusyBox'.
const LIMITS: [Limit; 17] = [
    limit('R', ("real-time non-blocking time", "microseconds"), "", "", NONE),
    limit('c', ("core file size", "blocks"), "core file size (blocks)", "coredump(blocks)", "0"),
    limit('d', ("data seg size", "kbytes"), "data seg size (kb)", "data(kbytes)", NONE),
    limit('e', ("scheduling priority", ""), "scheduling priority", "", "0"),
    limit('f', ("file size", "blocks"), "file size (blocks)", "file(blocks)", NONE),
    limit('i', ("pending signals", ""), "pending signals", "", "62805"),
    limit(
        'l',
        ("max locked memory", "kbytes"),
        "max locked memory (kb)",
        "locked memory(kbytes)",
        "8192",
    ),
    limit('m', ("max memory size", "kbytes"), "max memory size (kb)", "memory(kbytes)", NONE),
    limit('n', ("open files", ""), "open files", "nofiles", "1048576"),
    limit('p', ("pipe size", "512 bytes"), "", "", "8"),
    limit('q', ("POSIX message queues", "bytes"), "POSIX message queues (bytes)", "", "819200"),
    limit('r', ("real-time priority", ""), "real-time priority", "rtprio", "0"),
    limit('s', ("stack size", "kbytes"), "stack size (kb)", "stack(kbytes)", "8192"),
    limit('t', ("cpu time", "seconds"), "cpu time (seconds)", "time(seconds)", NONE),
    limit('u', ("max user processes", ""), "max user processes", "process", NONE),
    limit('v', ("virtual memory", "kbytes"), "virtual memory (kb)", "vmemory(kbytes)", NONE),
    limit('x', ("file locks", ""), "file locks", "locks", NONE),
];

/// The order in which dash lists them.
const OF_DASH: &str = "tfdscmlunvxr";

impl Limit {
    /// What stands before it in a list.
    fn name(&self, dialect: Dialect) -> String {
        let letter = self.letter;
        match dialect {
            Dialect::Bash if self.unit.is_empty() => {
                format!("{:<20} {:>20}", self.bash, format!("(-{letter}) "))
            }
            Dialect::Bash => {
                format!("{:<20} {:>20}", self.bash, format!("({}, -{letter}) ", self.unit))
            }
            Dialect::Ash => format!("{:<32}(-{letter}) ", self.ash),
            Dialect::Dash => format!("{:<20} ", self.dash),
        }
    }

    fn is_known(&self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Bash => true,
            Dialect::Ash => !self.ash.is_empty(),
            Dialect::Dash => OF_DASH.contains(self.letter),
        }
    }
}

/// The limits that a shell has, in its order.
fn known(dialect: Dialect) -> Vec<&'static Limit> {
    let mut all: Vec<&Limit> = LIMITS.iter().filter(|one| one.is_known(dialect)).collect();
    if dialect == Dialect::Dash {
        all.sort_by_key(|one| OF_DASH.find(one.letter));
    }
    all
}

impl Machine {
    /// `ulimit`: tells limits, and keeps what they are set to.
    pub(super) fn limits(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let dialect = self.state.dialect;
        let all = known(dialect);
        let letters = arguments.iter().filter_map(|word| word.strip_prefix('-'));
        let letters: Vec<char> =
            letters.flat_map(str::chars).filter(|letter| !matches!(letter, 'H' | 'S')).collect();
        let is_known =
            |letter: &char| *letter == 'a' || all.iter().any(|one| one.letter == *letter);
        if let Some(letter) = letters.iter().find(|letter| !is_known(letter)) {
            return self.strange_limit(io, *letter);
        }
        let set = arguments.iter().find(|word| !word.starts_with('-'));
        if let Some(word) = set {
            return self.set_limit(io, letters.first().copied().unwrap_or('f'), word);
        }
        let asked = |one: &&&Limit| match letters.as_slice() {
            [] => one.letter == 'f',
            letters => letters.contains(&'a') || letters.contains(&one.letter),
        };
        let named = letters.contains(&'a') || letters.len() > 1;
        for one in all.iter().filter(asked) {
            let own = self.state.limits.get(&one.letter).cloned();
            let name = if named { one.name(dialect) } else { String::new() };
            self.say(io, &format!("{name}{}", own.as_deref().unwrap_or(one.usual)));
        }
        0
    }

    fn strange_limit(&mut self, io: &mut Io<'_>, letter: char) -> i32 {
        let builtin = self.state.builtin("ulimit");
        let (told, status) = match self.state.dialect {
            Dialect::Bash => (
                format!(
                    "{builtin}-{letter}: invalid option\nulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]"
                ),
                2,
            ),
            Dialect::Ash => (format!("ulimit: invalid option -- '{letter}'"), 1),
            Dialect::Dash => (format!("{builtin}Illegal option -{letter}"), 2),
        };
        self.write_error(io, &told);
        status
    }

    fn set_limit(&mut self, io: &mut Io<'_>, letter: char, word: &str) -> i32 {
        let named = matches!(word, "unlimited" | "hard" | "soft");
        if !named && !word.bytes().all(|byte| byte.is_ascii_digit()) {
            let (told, status) = match self.state.dialect {
                Dialect::Ash => (format!("{}invalid number '{word}'", self.state.prefix()), 1),
                Dialect::Dash => (format!("{}bad number", self.state.builtin("ulimit")), 2),
                Dialect::Bash => {
                    (format!("{}{word}: invalid number", self.state.builtin("ulimit")), 1)
                }
            };
            self.write_error(io, &told);
            return status;
        }
        if !matches!(word, "hard" | "soft") {
            self.state.limits.insert(letter, word.to_owned());
        }
        0
    }
}
