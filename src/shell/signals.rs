//! Signals by name and number, as shells and tools read them.

use super::syntax::Dialect;

/// Linux' signals, from 1 on; bash lists the real-time ones behind them.
pub(super) const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// What bash's `trap` has beside signals.
pub(super) const EVENTS: [&str; 4] = ["EXIT", "ERR", "DEBUG", "RETURN"];

/// The name of a signal, or of what else may be trapped: `SIGTERM`, `term` and `15` are `TERM`.
pub(super) fn signal(name: &str, dialect: Dialect) -> Option<&'static str> {
    if let Ok(number) = name.parse::<usize>() {
        return match number {
            0 => Some("EXIT"),
            number => SIGNALS.get(number - 1).copied(),
        };
    }
    let upper = name.to_uppercase();
    let bare = match dialect {
        // dash knows no `SIG` in front.
        Dialect::Dash => upper.as_str(),
        _ => upper.strip_prefix("SIG").unwrap_or(&upper),
    };
    let events = match dialect {
        Dialect::Bash => &EVENTS[..],
        Dialect::Ash => &EVENTS[..2],
        Dialect::Dash => &EVENTS[..1],
    };
    SIGNALS.iter().chain(events).copied().find(|known| *known == bare)
}

/// A signal's number.
pub(super) fn number(name: &str) -> Option<usize> {
    SIGNALS.iter().position(|known| *known == name).map(|at| at + 1)
}

/// The number of a signal by its name or number, as programs read it: `KILL`, `SIGKILL`, `9`.
pub(super) fn signal_number(name: &str) -> Option<i32> {
    let named = signal(name, Dialect::Bash)?;
    number(named).and_then(|number| i32::try_from(number).ok())
}

/// A signal's name by its number.
pub(super) fn signal_name(number: i32) -> &'static str {
    let at = usize::try_from(number - 1).unwrap_or(usize::MAX);
    SIGNALS.get(at).copied().unwrap_or_default()
}
