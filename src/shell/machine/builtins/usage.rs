//! The options that bash's builtins have, and how each says what it takes.

use super::super::{Dialect, Io, Machine};

/// A builtin whose options are read by the common rule: its letters (`:` behind one that takes a value),
/// and what stands behind `usage:`.
struct Usage {
    name: &'static str,
    letters: &'static str,
    text: &'static str,
}

/// By bash 5.2's own tables (`builtins/*.def`).
const USAGES: &[Usage] = &[
    usage("alias", "p", "alias [-p] [name[=value] ... ]"),
    usage("unalias", "a", "unalias [-a] name [name ...]"),
    usage("cd", "eLP@", "cd [-L|[-P [-e]] [-@]] [dir]"),
    usage("pwd", "LP", "pwd [-LP]"),
    usage("command", "pvV", "command [-pVv] command [arg ...]"),
    usage(
        "declare",
        "acfgilnprtuxAFGI",
        "declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]",
    ),
    usage(
        "typeset",
        "acfgilnprtuxAFGI",
        "typeset [-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]",
    ),
    usage("local", "acfgilnprtuxAFGI", "local [option] name[=value] ..."),
    usage("export", "fnp", "export [-fn] [name[=value] ...] or export -p"),
    usage("readonly", "aAfnp", "readonly [-aAf] [name[=value] ...] or readonly -p"),
    usage("unset", "fnv", "unset [-f] [-v] [-n] [name ...]"),
    usage("hash", "dlp:rt", "hash [-lr] [-p pathname] [-dt] [name ...]"),
    usage("type", "afptP", "type [-afptP] name [name ...]"),
    usage(
        "read",
        "ersa:d:i:n:p:t:u:N:",
        "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]",
    ),
    usage("wait", "fnp:", "wait [-fn] [-p var] [id ...]"),
    usage("jobs", "lpnxrs", "jobs [-lnprs] [jobspec ...] or jobs -x command [args]"),
    usage("disown", "ahr", "disown [-h] [-ar] [jobspec ... | pid ...]"),
    usage("fg", "", "fg [job_spec]"),
    usage("bg", "", "bg [job_spec ...]"),
    usage("umask", "Sp", "umask [-p] [-S] [mode]"),
    usage("times", "", "times"),
    usage("trap", "lp", "trap [-lp] [[arg] signal_spec ...]"),
    usage("eval", "", "eval [arg ...]"),
    usage("source", "", "source filename [arguments]"),
    usage(".", "", ". filename [arguments]"),
    usage("exec", "cla:", "exec [-cl] [-a name] [command [argument ...]] [redirection ...]"),
    usage("enable", "adnpsf:", "enable [-a] [-dnps] [-f filename] [name ...]"),
    usage("builtin", "", "builtin [shell-builtin [arg ...]]"),
    usage(
        "bind",
        "lpsvPSVXm:f:q:u:r:x:",
        "bind [-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] [-x keyseq:shell-command] [keyseq:readline-function or readline-command]",
    ),
    usage(
        "complete",
        "abcdefgjksuvprDEIo:A:G:W:F:C:X:P:S:",
        "complete [-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]",
    ),
    usage(
        "compgen",
        "abcdefgjksuvo:A:G:W:F:C:X:P:S:",
        "compgen [-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [word]",
    ),
    usage("suspend", "f", "suspend [-f]"),
    usage(
        "history",
        "acd:nrwps",
        "history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]",
    ),
    usage("fc", "e:lnrs", "fc [-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]"),
    usage("help", "dms", "help [-dms] [pattern ...]"),
    usage(
        "mapfile",
        "C:O:c:d:n:s:tu:",
        "mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
    ),
    usage(
        "readarray",
        "C:O:c:d:n:s:tu:",
        "readarray [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
    ),
];

/// How those builtins are used that read their options themselves.
fn synopsis(name: &str) -> Option<&'static str> {
    Some(match name {
        ":" => ":",
        "[" => "[ arg... ]",
        "break" => "break [n]",
        "caller" => "caller [expr]",
        "continue" => "continue [n]",
        "dirs" => "dirs [-clpv] [+N] [-N]",
        "echo" => "echo [-neE] [arg ...]",
        "exit" => "exit [n]",
        "false" => "false",
        "getopts" => "getopts optstring name [arg ...]",
        "kill" => "kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]",
        "let" => "let arg [arg ...]",
        "logout" => "logout [n]",
        "popd" => "popd [-n] [+N | -N]",
        "printf" => "printf [-v var] format [arguments]",
        "pushd" => "pushd [-n] [+N | -N | dir]",
        "return" => "return [n]",
        "set" => "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]",
        "shift" => "shift [n]",
        "shopt" => "shopt [-pqsu] [-o] [optname ...]",
        "test" => "test [expr]",
        "true" => "true",
        "ulimit" => "ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]",
        _ => return None,
    })
}

const fn usage(name: &'static str, letters: &'static str, text: &'static str) -> Usage {
    Usage { name, letters, text }
}

fn usage_of(name: &str) -> Option<&'static Usage> {
    USAGES.iter().find(|usage| usage.name == name)
}

impl Machine {
    /// Looks through the options of one of bash's builtins; the exit code when one of them is wrong.
    pub(in crate::shell::machine) fn refused_option(
        &mut self,
        io: &mut Io<'_>,
        name: &str,
        arguments: &[String],
    ) -> Option<i32> {
        if self.state.dialect != Dialect::Bash {
            return self.refused_letter(io, name, arguments);
        }
        // Most commands are given none.
        arguments.first().filter(|word| word.starts_with(['-', '+']))?;
        let usage = usage_of(name)?;
        let (bad, wants) = first_wrong(usage, arguments)?;
        let builtin = self.state.builtin(name);
        let told = if wants { "option requires an argument" } else { "invalid option" };
        self.write_error(io, &format!("{builtin}{bad}: {told}"));
        self.write_error(io, &format!("{name}: usage: {}", usage.text));
        Some(2)
    }

    /// The same in dash and BusyBox, whose builtins know few letters.
    fn refused_letter(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> Option<i32> {
        let known = match name {
            "cd" | "pwd" => "LP",
            "umask" => "S",
            "export" if self.state.dialect == Dialect::Ash => "np",
            "wait" if self.state.dialect == Dialect::Ash => "n",
            "export" | "readonly" => "p",
            "unset" => "fv",
            "unalias" => "a",
            "hash" => "rv",
            "jobs" => "lp",
            "command" => "pvV",
            "wait" | "fg" | "bg" => "",
            _ => return None,
        };
        let letters = arguments.first()?.strip_prefix('-').filter(|letters| *letters != "-")?;
        let bad = letters.chars().find(|letter| !known.contains(*letter))?;
        let illegal = if self.state.dialect == Dialect::Ash { "illegal" } else { "Illegal" };
        let builtin = self.state.builtin(name);
        self.write_error(io, &format!("{builtin}{illegal} option -{bad}"));
        Some(self.fail_builtin(name, 2))
    }

    /// `help NAME`: how a builtin is used; of anything else the game's own help tells.
    pub(super) fn help(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let names: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
        let known = |name: &&&String| usage_of(name).is_some() || synopsis(name).is_some();
        if names.is_empty() || names.iter().filter(known).count() == 0 {
            self.start_program(io, "help", arguments.to_vec());
            return None;
        }
        for name in names {
            if let Some(text) = usage_of(name).map(|usage| usage.text).or_else(|| synopsis(name)) {
                self.say(io, &format!("{name}: {text}"));
            }
        }
        Some(0)
    }

    /// What a builtin says of how it is used, where it was given too little.
    pub(super) fn tell_usage(&mut self, io: &mut Io<'_>, name: &str) -> i32 {
        if let Some(text) = usage_of(name).map(|usage| usage.text).or_else(|| synopsis(name)) {
            self.write_error(io, &format!("{name}: usage: {text}"));
        }
        2
    }
}

/// The first option that is wrong, and whether it is only its value that is missing.
fn first_wrong(usage: &Usage, arguments: &[String]) -> Option<(String, bool)> {
    let takes = |letter: char| {
        let at = usage.letters.find(letter).filter(|_| letter != ':')?;
        Some(usage.letters[at + letter.len_utf8()..].starts_with(':'))
    };
    let plus = matches!(usage.name, "declare" | "typeset" | "local");
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let sign = if plus { ['-', '+'] } else { ['-', '-'] };
        if word == "--" || word.len() < 2 || !word.starts_with(sign) {
            return None;
        }
        if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
            // `--help` is another affair.
            return (long != "help").then(|| ("--".to_owned(), false));
        }
        for (at, letter) in word.char_indices().skip(1) {
            match takes(letter) {
                None => return Some((format!("{}{letter}", &word[..1]), false)),
                Some(false) => {}
                Some(true) if at + letter.len_utf8() < word.len() => break,
                Some(true) => match words.next() {
                    Some(_) => break,
                    None => return Some((format!("-{letter}"), true)),
                },
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_up_to_the_first_operand() {
        let wrong = |name: &str, words: &[&str]| {
            let usage = usage_of(name)?;
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            first_wrong(usage, &words)
        };
        assert_eq!(wrong("read", &["-rp", "? ", "-t1", "x", "-q"]), None);
        assert_eq!(wrong("read", &["-q"]), Some(("-q".to_owned(), false)));
        assert_eq!(wrong("read", &["-rt"]), Some(("-t".to_owned(), true)));
        assert_eq!(wrong("declare", &["+i", "-Q"]), Some(("-Q".to_owned(), false)));
        assert_eq!(wrong("wait", &["--", "-z"]), None);
    }
}
