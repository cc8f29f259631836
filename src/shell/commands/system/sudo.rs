//! `sudo`: a command as root or somebody else. The machine is the player's own, and asks for no password.

use std::collections::BTreeMap;

use super::run::start;
use crate::cluster::{Identity, OtherUser, Place};
use crate::shell::commands::options::{Grammar, Options};
use crate::shell::commands::trouble::left_out;
use crate::shell::commands::{Setting, failed, is_real, not_simulated};
use crate::shell::machine::Machine;
use crate::shell::{Interrupted, Io, Step, Tool};

const USAGE: &str = "usage: sudo -h | -K | -k | -V
usage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]
usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user]
            [-u user] [command [arg ...]]
usage: sudo [-ABbEHkNnPS] [-r role] [-t type] [-C num] [-D directory]
            [-g group] [-h host] [-p prompt] [-R directory] [-T timeout]
            [-u user] [VAR=value] [-i | -s] [command [arg ...]]
usage: sudo -e [-ABkNnS] [-r role] [-t type] [-C num] [-D directory]
            [-g group] [-h host] [-p prompt] [-R directory] [-T timeout]
            [-u user] file ...";

const GRAMMAR: Grammar = Grammar {
    name: "sudo",
    short: "AbBEHiKklnPSsVvC:D:g:h:p:R:T:U:u:\u{100};",
    long: &[
        ("preserve-env", '\u{100}'),
        ("set-home", 'H'),
        ("login", 'i'),
        ("shell", 's'),
        ("non-interactive", 'n'),
        ("stdin", 'S'),
        ("user", 'u'),
        ("validate", 'v'),
        ("reset-timestamp", 'k'),
        ("remove-timestamp", 'K'),
        ("list", 'l'),
    ],
    stops: true,
};

/// Options that podhop's has not.
const LEFT_OUT: [(char, &str); 13] = [
    ('A', "-A"),
    ('b', "-b"),
    ('C', "-C"),
    ('D', "-D"),
    ('g', "-g"),
    ('h', "-h"),
    ('l', "-l"),
    ('P', "-P"),
    ('p', "-p"),
    ('R', "-R"),
    ('T', "-T"),
    ('U', "-U"),
    ('V', "-V"),
];

/// Variables that a command keeps (`env_keep` and `env_check` of sudo's `env.c`); of `LC_` all.
const KEPT: [&str; 7] = ["COLORS", "HOSTNAME", "LANG", "LANGUAGE", "LS_COLORS", "TERM", "TZ"];

/// Where a command is looked for (`secure_path` of Ubuntu's `/etc/sudoers`).
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin";

/// Builtins that are no programs: sudo says what to do instead.
const BUILTINS: [&str; 8] = ["alias", "cd", "eval", "export", "set", "source", "ulimit", "umask"];

/// A command that somebody else runs.
#[derive(Clone)]
struct Sudo {
    options: Options,
    inner: Option<(OtherUser, Machine)>,
}

impl Sudo {
    /// The command, its variables and whose it is.
    ///
    /// # Errors
    /// What sudo says instead, and its exit code.
    fn begin(&self, io: &mut Io<'_>) -> Result<(OtherUser, Machine), (String, i32)> {
        let options = &self.options;
        let name = options.value('u').unwrap_or("root");
        let Some(other) = io.cluster.other_user(io.place, name.trim_start_matches('#')) else {
            let told = format!(
                "sudo: unknown user {name}\nsudo: error initializing audit plugin sudoers_audit"
            );
            return Err((told, 1));
        };
        let is_set = |word: &&String| !word.starts_with('=') && word.contains('=');
        let set = options.operands.iter().take_while(is_set).count();
        let (own, words) = options.operands.split_at(set);
        let mut words = words.to_vec();
        if options.has('s') || options.has('i') {
            let line = words.join(" ");
            words = vec!["bash".to_owned()];
            words.extend(options.has('i').then(|| "-l".to_owned()));
            words.extend((!line.is_empty()).then(|| ["-c".to_owned(), line]).into_iter().flatten());
        }
        let mut environment = self.environment(io, other.identity());
        for word in own {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            environment.insert(name.to_owned(), value.to_owned());
        }
        environment.insert("SUDO_COMMAND".to_owned(), words.join(" "));
        let name = words.first().cloned().unwrap_or_default();
        let started = {
            let mut inner = io.at(io.place);
            if options.has('i') {
                inner.directory = &other.identity().home;
            }
            start(&inner, &words, &environment)
        };
        match started {
            Ok(machine) => Ok((other, machine)),
            Err(_) if *io.place == Place::Laptop && is_real(&name) => {
                Err((not_simulated(&name), 127))
            }
            Err(_) => Err((not_found(&name), 1)),
        }
    }

    fn environment(&self, io: &Io<'_>, identity: &Identity) -> BTreeMap<String, String> {
        // `--preserve-env=A,B` keeps these alone.
        let lists = || self.options.all('\u{100}');
        let keeps_all = self.options.has('E') || lists().any(str::is_empty);
        let listed: Vec<&str> = lists().flat_map(|list| list.split(',')).collect();
        let kept = |name: &str| {
            keeps_all || KEPT.contains(&name) || name.starts_with("LC_") || listed.contains(&name)
        };
        let all = io.environment.iter().filter(|(name, _)| kept(name));
        let mut environment: BTreeMap<String, String> =
            all.map(|(name, value)| (name.clone(), value.clone())).collect();
        let (own, name) = (io.cluster.identity(io.place), identity.name());
        let mut set = |name: &str, value: String| environment.insert(name.to_owned(), value);
        if !keeps_all || self.options.has('H') {
            set("HOME", identity.home.clone());
        }
        if !keeps_all {
            set("MAIL", format!("/var/mail/{name}"));
            set("SHELL", "/bin/bash".to_owned());
        }
        set("LOGNAME", name.clone());
        set("USER", name);
        set("PATH", PATH.to_owned());
        set("SUDO_USER", own.name());
        set("SUDO_UID", own.user.0.to_string());
        set("SUDO_GID", own.group.0.to_string());
        environment
    }

    /// Does something with the command, as its user.
    fn act<T>(
        &mut self,
        io: &mut Io<'_>,
        act: impl FnOnce(&mut Machine, &mut Io<'_>) -> T,
    ) -> Option<T> {
        let (other, machine) = self.inner.as_mut()?;
        let before = io.cluster.become_user(Some(other.clone()));
        let done = act(machine, io);
        io.cluster.become_user(before);
        Some(done)
    }
}

fn not_found(name: &str) -> String {
    let mut told = format!("sudo: {name}: command not found");
    if BUILTINS.contains(&name) {
        told += &format!(
            "\nsudo: \"{name}\" is a shell built-in command, it cannot be run directly.\nsudo: the -s option may be used to run a privileged shell.\nsudo: the -D option may be used to run a command in a specific directory."
        );
    }
    told
}

impl Tool for Sudo {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            match self.begin(io) {
                Ok(inner) => self.inner = Some(inner),
                Err((told, exit)) => {
                    io.write_error(&told);
                    return Step::Exit(exit);
                }
            }
        }
        self.act(io, |machine, io| machine.step(io)).unwrap_or(Step::Exit(1))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.act(io, |machine, io| machine.interrupt(io)).unwrap_or(Interrupted::Ended)
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.act(io, |machine, io| machine.terminate(io));
    }
}

pub(in crate::shell::commands) fn sudo(
    arguments: &[String],
    setting: &Setting<'_>,
) -> Box<dyn Tool> {
    let options = match GRAMMAR.parse(arguments, setting.words) {
        Ok(options) => options,
        Err(misuse) => return failed(format!("{}\n{USAGE}", misuse.message()), 1),
    };
    if let Some(flag) = options.not_simulated(&LEFT_OUT) {
        return failed(left_out("sudo", flag), 1);
    }
    let alone = ['k', 'K', 'v'].into_iter().any(|letter| options.has(letter));
    if options.operands.is_empty() && alone {
        return super::super::said("");
    }
    if options.operands.is_empty() && !options.has('s') && !options.has('i') {
        return failed(USAGE, 1);
    }
    Box::new(Sudo { options, inner: None })
}
