//! `set -o` and `shopt`: what a shell may be told to do otherwise.

use super::super::state::{Options, ShellState};
use super::super::{Dialect, Io, Machine};

/// bash's options of `set -o`, with their letters.
const NAMES: [(&str, char); 27] = [
    ("allexport", 'a'),
    ("braceexpand", 'B'),
    ("emacs", '\0'),
    ("errexit", 'e'),
    ("errtrace", 'E'),
    ("functrace", 'T'),
    ("hashall", 'h'),
    ("histexpand", 'H'),
    ("history", '\0'),
    ("ignoreeof", '\0'),
    ("interactive-comments", '\0'),
    ("keyword", 'k'),
    ("monitor", 'm'),
    ("noclobber", 'C'),
    ("noexec", 'n'),
    ("noglob", 'f'),
    ("nolog", '\0'),
    ("notify", 'b'),
    ("nounset", 'u'),
    ("onecmd", 't'),
    ("physical", 'P'),
    ("pipefail", '\0'),
    ("posix", '\0'),
    ("privileged", 'p'),
    ("verbose", 'v'),
    ("vi", '\0'),
    ("xtrace", 'x'),
];

/// dash's and BusyBox' options, in the order in which they list them.
const ALMQUIST: [(&str, char); 16] = [
    ("errexit", 'e'),
    ("noglob", 'f'),
    ("ignoreeof", 'I'),
    ("interactive", 'i'),
    ("monitor", 'm'),
    ("noexec", 'n'),
    ("stdin", 's'),
    ("xtrace", 'x'),
    ("verbose", 'v'),
    ("vi", 'V'),
    ("emacs", 'E'),
    ("noclobber", 'C'),
    ("allexport", 'a'),
    ("notify", 'b'),
    ("nounset", 'u'),
    ("nolog", '\0'),
];

/// The options of BusyBox' shell, in the order in which it lists them.
const ASH: [(&str, char); 14] = [
    ("errexit", 'e'),
    ("noglob", 'f'),
    ("ignoreeof", 'I'),
    ("monitor", 'm'),
    ("noexec", 'n'),
    ("xtrace", 'x'),
    ("verbose", 'v'),
    ("noclobber", 'C'),
    ("allexport", 'a'),
    ("notify", 'b'),
    ("nounset", 'u'),
    ("errtrace", 'E'),
    ("vi", 'V'),
    ("pipefail", '\0'),
];

/// bash's options of `shopt`, and whether they are on from the beginning.
const SHOPTS: [(&str, bool); 54] = [
    ("autocd", false),
    ("assoc_expand_once", false),
    ("cdable_vars", false),
    ("cdspell", false),
    ("checkhash", false),
    ("checkjobs", false),
    ("checkwinsize", true),
    ("cmdhist", true),
    ("compat31", false),
    ("compat32", false),
    ("compat40", false),
    ("compat41", false),
    ("compat42", false),
    ("compat43", false),
    ("compat44", false),
    ("complete_fullquote", true),
    ("direxpand", false),
    ("dirspell", false),
    ("dotglob", false),
    ("execfail", false),
    ("expand_aliases", false),
    ("extdebug", false),
    ("extglob", false),
    ("extquote", true),
    ("failglob", false),
    ("force_fignore", true),
    ("globasciiranges", true),
    ("globskipdots", true),
    ("globstar", false),
    ("gnu_errfmt", false),
    ("histappend", false),
    ("histreedit", false),
    ("histverify", false),
    ("hostcomplete", true),
    ("huponexit", false),
    ("inherit_errexit", false),
    ("interactive_comments", true),
    ("lastpipe", false),
    ("lithist", false),
    ("localvar_inherit", false),
    ("localvar_unset", false),
    ("login_shell", false),
    ("mailwarn", false),
    ("no_empty_cmd_completion", false),
    ("nocaseglob", false),
    ("nocasematch", false),
    ("noexpand_translation", false),
    ("nullglob", false),
    ("patsub_replacement", true),
    ("progcomp", true),
    ("progcomp_alias", false),
    ("promptvars", true),
    ("restricted_shell", false),
    ("shift_verbose", false),
];

/// The rest of them; an array in one piece would not fit a screen.
const MORE_SHOPTS: [(&str, bool); 3] =
    [("sourcepath", true), ("varredir_close", false), ("xpg_echo", false)];

/// Options that would change what a script does, and that podhop does not have.
const NOT_SIMULATED: [&str; 8] = [
    "autocd",
    "cdable_vars",
    "cdspell",
    "execfail",
    "extdebug",
    "localvar_inherit",
    "shift_verbose",
    "xpg_echo",
];

fn shopts() -> impl Iterator<Item = (&'static str, bool)> {
    SHOPTS.iter().chain(&MORE_SHOPTS).copied()
}

impl Options {
    /// Whether an option of `set -o` is on.
    pub(in crate::shell::machine) fn is_on(self, name: &str) -> bool {
        match name {
            "errexit" => self.exit_on_error,
            "xtrace" => self.trace,
            "nounset" => self.no_unset,
            "verbose" => self.verbose,
            "noglob" => self.no_glob,
            "pipefail" => self.pipe_fail,
            "noclobber" => self.no_clobber,
            "noexec" => self.no_exec,
            "allexport" => self.all_export,
            "errtrace" => self.error_trace,
            "monitor" => self.monitor,
            "braceexpand" | "hashall" | "interactive-comments" => true,
            _ => false,
        }
    }

    /// Takes `-o pipefail`; whether the shell has such an option.
    pub(in crate::shell::machine) fn set_name(
        &mut self,
        name: &str,
        on: bool,
        dialect: Dialect,
    ) -> bool {
        let known = match dialect {
            Dialect::Bash => true,
            Dialect::Ash if name == "pipefail" => true,
            _ => ALMQUIST.iter().any(|(known, _)| *known == name),
        };
        if !known {
            return false;
        }
        match name {
            "errexit" => self.exit_on_error = on,
            "xtrace" => self.trace = on,
            "nounset" => self.no_unset = on,
            "verbose" => self.verbose = on,
            "noglob" => self.no_glob = on,
            "pipefail" => self.pipe_fail = on,
            "noclobber" => self.no_clobber = on,
            "noexec" => self.no_exec = on,
            "allexport" => self.all_export = on,
            "errtrace" => self.error_trace = on,
            // The almquist shells have none without a terminal.
            "monitor" => self.monitor = on && dialect == Dialect::Bash,
            name => return NAMES.iter().any(|(known, _)| *known == name),
        }
        true
    }

    /// Takes `-ex` or `+x`; the first letter that is none.
    pub(in crate::shell::machine) fn set_letters(&mut self, letters: &str) -> Option<char> {
        // Every shell's letters are among bash's.
        let on = letters.starts_with('-');
        for letter in letters.chars().skip(1) {
            match NAMES.iter().find(|(_, known)| *known == letter) {
                Some((name, _)) => {
                    self.set_name(name, on, Dialect::Bash);
                }
                None if matches!(letter, 'c' | 'o' | 's' | 'i' | 'l' | 'I' | 'V') => {}
                None => return Some(letter),
            }
        }
        None
    }
}

impl Machine {
    /// `set -o` and `set +o` alone: all options.
    pub(super) fn list_options(&mut self, io: &mut Io<'_>, as_commands: bool) -> i32 {
        let options = self.state.options;
        if self.state.dialect != Dialect::Bash {
            let ash = self.state.dialect == Dialect::Ash;
            if !as_commands && !ash {
                self.say(io, "Current option settings");
            }
            let all = if ash { &ASH[..] } else { &ALMQUIST[..] };
            for (name, _) in all.iter().copied() {
                let on = name == "interactive" && self.state.interactive
                    || name != "interactive" && options.is_on(name);
                let line = match as_commands {
                    true => format!("set {}o {name}", if on { '-' } else { '+' }),
                    false => format!("{name:<16}{}", if on { "on" } else { "off" }),
                };
                self.say(io, &line);
            }
            return 0;
        }
        for (name, _) in NAMES {
            let on = options.is_on(name);
            let line = match as_commands {
                true => format!("set {}o {name}", if on { '-' } else { '+' }),
                false => format!("{name:<15}\t{}", if on { "on" } else { "off" }),
            };
            self.say(io, &line);
        }
        0
    }

    /// `shopt`
    pub(super) fn shopt(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let is_option = |argument: &&String| argument.starts_with('-') && argument.len() > 1;
        let letters: String = arguments
            .iter()
            .take_while(is_option)
            .flat_map(|argument| argument.chars().skip(1))
            .collect();
        let names: Vec<String> = arguments.iter().skip_while(is_option).cloned().collect();
        if let Some(bad) = letters.chars().find(|letter| !"suqpo".contains(*letter)) {
            self.illegal_option(io, "shopt", &format!("-{bad}"));
            self.write_error(io, "shopt: usage: shopt [-pqsu] [-o] [optname ...]");
            return 2;
        }
        let (sets, unsets) = (letters.contains('s'), letters.contains('u'));
        if sets && unsets {
            let message = "cannot set and unset shell options simultaneously";
            self.write_error(io, &format!("{}{message}", self.state.builtin("shopt")));
            return 1;
        }
        if letters.contains('o') {
            return self.shopt_of_set(io, &letters, &names);
        }
        if names.is_empty() {
            for (name, _) in shopts() {
                let on = self.state.shopt(name);
                if (!sets || on) && (!unsets || !on) && !letters.contains('q') {
                    self.show_shopt(io, name, on, letters.contains('p'));
                }
            }
            return 0;
        }
        let mut status = 0;
        for name in &names {
            let Some((known, _)) = shopts().find(|(known, _)| known == name) else {
                let builtin = self.state.builtin("shopt");
                self.write_error(io, &format!("{builtin}{name}: invalid shell option name"));
                status = 1;
                continue;
            };
            if sets && NOT_SIMULATED.contains(&known) {
                let builtin = self.state.builtin("shopt");
                self.write_error(io, &format!("{builtin}not simulated here: {name}"));
                status = 1;
            } else if sets || unsets {
                self.state.shopts.insert(known, sets);
            } else {
                let on = self.state.shopt(known);
                status |= i32::from(!on);
                if !letters.contains('q') {
                    self.show_shopt(io, known, on, letters.contains('p'));
                }
            }
        }
        status
    }

    fn show_shopt(&mut self, io: &mut Io<'_>, name: &str, on: bool, as_command: bool) {
        let line = match as_command {
            true => format!("shopt -{} {name}", if on { 's' } else { 'u' }),
            false => format!("{name:<15}\t{}", if on { "on" } else { "off" }),
        };
        self.say(io, &line);
    }

    /// `shopt -o`: the options of `set -o`.
    fn shopt_of_set(&mut self, io: &mut Io<'_>, letters: &str, names: &[String]) -> i32 {
        if names.is_empty() {
            return self.list_options(io, letters.contains('p'));
        }
        let mut status = 0;
        for name in names {
            let sets = letters.contains('s');
            if sets || letters.contains('u') {
                if self.state.options.set_name(name, sets, Dialect::Bash) {
                    continue;
                }
                let builtin = self.state.builtin("shopt");
                self.write_error(io, &format!("{builtin}{name}: invalid option name"));
                status = 1;
                continue;
            }
            let on = self.state.options.is_on(name);
            status |= i32::from(!on);
            if !letters.contains('q') {
                let word = if on { "on" } else { "off" };
                self.say(io, &format!("{name:<15}\t{word}"));
            }
        }
        status
    }

    /// Whether an option of `shopt` is on from the beginning.
    pub(in crate::shell::machine) fn usual_shopt(name: &str) -> bool {
        shopts().any(|(known, on)| known == name && on)
    }
}

/// `$SHELLOPTS`: the names of the options that are on.
pub(in crate::shell::machine) fn names(options: Options) -> String {
    let on = NAMES.iter().map(|(name, _)| *name).filter(|name| options.is_on(name));
    on.collect::<Vec<_>>().join(":")
}

/// `$BASHOPTS`: the names of the options of `shopt` that are on.
pub(in crate::shell::machine) fn shopt_names(state: &ShellState) -> String {
    let on = shopts().map(|(name, _)| name).filter(|name| state.shopt(name));
    on.collect::<Vec<_>>().join(":")
}

/// The letters of `$-`, in the shell's order.
pub(in crate::shell::machine) fn letters(
    options: Options,
    dialect: Dialect,
    interactive: bool,
    command: bool,
) -> String {
    if dialect != Dialect::Bash {
        let on = |(name, letter): &(&str, char)| {
            let on = options.is_on(name) && *name != "monitor";
            (on || interactive && *name == "interactive").then_some(*letter)
        };
        let mut text: String =
            ALMQUIST.iter().filter_map(on).filter(|letter| *letter != '\0').collect();
        if command && dialect == Dialect::Ash {
            text.push('c');
        }
        return text;
    }
    let mut lower: Vec<char> = NAMES
        .iter()
        .filter(|(name, letter)| *letter != '\0' && options.is_on(name))
        .map(|(_, letter)| *letter)
        .chain(interactive.then_some('i'))
        .collect();
    // Small letters come first, then large ones, then how it was started.
    lower.sort_by_key(|letter| (letter.is_uppercase(), *letter));
    let end = if command { "c" } else { "" };
    format!("{}{end}", lower.into_iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `bash -c 'echo $-'` and its like print (bash 5.2, dash 0.5.12, BusyBox 1.35).
    #[test]
    fn each_shell_tells_its_options_in_its_order() {
        let plain = Options::default();
        assert_eq!(letters(plain, Dialect::Bash, false, true), "hBc");
        assert_eq!(letters(plain, Dialect::Dash, false, true), "");
        assert_eq!(letters(plain, Dialect::Ash, false, true), "c");
        let mut strict = plain;
        assert_eq!(strict.set_letters("-eu"), None);
        assert_eq!(letters(strict, Dialect::Bash, false, true), "ehuBc");
        assert_eq!(strict.set_letters("-q"), Some('q'));
    }
}
