//! Builtins: commands that change the shell itself.

mod compgen;
mod control;
mod folders;
mod kinds;
mod limits;
pub(super) mod options;
mod read;
pub(in crate::shell) mod signals;
mod usage;
mod variables;

pub(super) use kinds::{is_keyword, is_special};
pub(super) use read::is_name;
use variables::declared;
pub(super) use variables::{declaration, in_double};

use std::sync::Arc;

use super::condition::{World, Wrong, test};
use super::frame::{Frame, Source, Target};
use super::state::SOURCED;
use super::{Dialect, Io, Machine, files_view};
use crate::shell::commands;
use crate::shell::commands::print::Manner;
use crate::shell::commands::system::duration;
use crate::shell::files;
use crate::shell::syntax::Mark;
use crate::shell::tool::INPUT;

/// Whether the shell has a builtin of this name.
pub(super) fn is_builtin(name: &str, dialect: Dialect) -> bool {
    match name {
        ":" | "true" | "false" | "cd" | "pwd" | "exit" | "return" | "break" | "continue"
        | "eval" | "." | "export" | "unset" | "readonly" | "set" | "shift" | "local" | "read"
        | "echo" | "printf" | "test" | "[" | "trap" | "wait" | "type" | "command" | "alias"
        | "unalias" | "jobs" | "kill" | "umask" | "hash" | "getopts" | "ulimit" | "times"
        | "fg" | "bg" | "exec" => true,
        "chdir" => dialect != Dialect::Bash,
        "[[" | "sleep" => dialect == Dialect::Ash,
        "help" | "history" => dialect != Dialect::Dash,
        "mapfile" | "readarray" | "fc" => dialect == Dialect::Bash,
        "source" | "let" => dialect != Dialect::Dash,
        "declare" | "typeset" | "shopt" | "enable" | "builtin" | "disown" | "bind" | "complete"
        | "pushd" | "popd" | "dirs" | "compgen" | "caller" | "suspend" | "logout" => {
            dialect == Dialect::Bash
        }
        _ => false,
    }
}

/// The names of all builtins, for `type` and completion.
pub(in crate::shell) const NAMES: [&str; 34] = [
    ".", ":", "[", "alias", "break", "cd", "command", "continue", "declare", "echo", "eval",
    "exec", "exit", "export", "false", "getopts", "jobs", "let", "local", "printf", "pwd", "read",
    "readonly", "return", "set", "shift", "source", "test", "trap", "true", "type", "unalias",
    "unset", "wait",
];

/// What BusyBox' `help` prints.
const ASH_HELP: &str = "Built-in commands:
------------------
\t. : [ [[ alias bg break cd chdir command continue echo eval exec
\texit export false fg getopts hash help history jobs kill let
\tlocal printf pwd read readonly return set shift sleep source
\ttest times trap true type ulimit umask unalias unset wait";

/// How often a text that runs counts as kept: until it has run, its words take many times its bytes,
/// and it may run itself again within itself.
const HELD: usize = 64;

impl Machine {
    /// Runs a builtin; `None` when what it started decides the exit code.
    pub(super) fn builtin(
        &mut self,
        io: &mut Io<'_>,
        name: &str,
        arguments: &[String],
    ) -> Option<i32> {
        if let Some(status) = self.refused_option(io, name, arguments) {
            return Some(status);
        }
        match name {
            "bind" if !self.state.interactive => {
                let told = format!("{}warning: line editing not enabled", self.state.builtin(name));
                self.write_error(io, &told);
                Some(0)
            }
            ":" | "true" | "bind" | "complete" => Some(0),
            "compgen" => Some(self.complete_word(io, arguments)),
            "ulimit" => Some(self.limits(io, arguments)),
            "hash" => Some(self.hash(io, arguments)),
            "times" => self.print_line(io, "0m0.000s 0m0.000s\n0m0.000s 0m0.000s"),
            "umask" => Some(self.change_umask(io, arguments)),
            "shopt" => Some(self.shopt(io, arguments)),
            "enable" => Some(self.enable(io, arguments)),
            "pushd" => Some(self.push_folder(io, arguments)),
            "popd" => Some(self.pop_folder(io, arguments)),
            "dirs" => Some(self.show_folders(io, arguments)),
            "caller" => Some(self.caller(io, arguments)),
            "fg" | "bg" if self.controls_jobs() => self.resume(io, name, arguments),
            "fg" | "bg" | "disown" | "suspend" | "logout" => Some(self.no_job(io, name, arguments)),
            "false" => Some(1),
            "cd" | "chdir" => Some(self.change_directory(io, arguments)),
            "pwd" => Some(self.print_directory(io)),
            "echo" | "printf" => Some(self.print(io, name, arguments)),
            "test" | "[" | "[[" => Some(self.test(io, name, arguments)),
            "sleep" => self.sleep(io, arguments),
            "help" if self.state.dialect == Dialect::Ash => self.print_line(io, ASH_HELP),
            "help" => self.help(io, arguments),
            "history" | "fc" => Some(self.history(io, arguments)),
            "exit" => self.leave(io, arguments),
            "return" => self.return_from(io, arguments),
            "break" | "continue" => self.break_loop(io, name, arguments),
            "eval" => self.run_arguments(io, arguments),
            "." | "source" => self.source(io, name, arguments),
            "export" | "readonly" | "declare" | "typeset" => {
                Some(self.declare(io, name, arguments))
            }
            "unset" => Some(self.unset(io, arguments)),
            "local" => Some(self.local(io, arguments)),
            "set" => Some(self.set(io, arguments)),
            "shift" => Some(self.shift(io, arguments)),
            "let" => Some(self.calculate(io, arguments)),
            "getopts" => Some(self.getopts(io, arguments)),
            "alias" => Some(self.aliases(io, arguments)),
            "unalias" => Some(self.unalias(io, arguments)),
            "read" | "mapfile" | "readarray" => {
                let arguments = [&[name.to_owned()], arguments].concat();
                self.stack.push(Frame::Read { arguments, until: None });
                None
            }
            "wait" => self.wait_for(io, arguments),
            "kill" => self.kill(io, arguments),
            "jobs" => Some(self.list_jobs(io, arguments)),
            "trap" => Some(self.trap(io, arguments)),
            "type" => Some(self.kind_of(io, arguments)),
            "builtin" => self.only_builtin(io, arguments),
            _ => Some(self.command_kind(io, arguments)),
        }
    }

    fn print_line(&mut self, io: &mut Io<'_>, line: &str) -> Option<i32> {
        self.say(io, line);
        Some(0)
    }

    /// BusyBox' `sleep`, which its shell has itself, and speaks of in its own name.
    fn sleep(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        let prefix = self.state.prefix();
        let wrong = arguments.iter().find(|text| duration(text).is_none());
        let told = match wrong {
            _ if arguments.is_empty() => format!("{prefix}sleep: missing operand"),
            Some(text) => format!("{prefix}invalid number '{text}'"),
            None => {
                self.start_program(io, "sleep", arguments.to_vec());
                return None;
            }
        };
        self.write_error(io, &told);
        // The applet runs in the shell itself, and ends with it.
        self.fail_hard(1);
        None
    }

    /// `enable` and `enable -n`: which builtins programs of their name are taken for.
    fn enable(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let (options, names): (Vec<&String>, Vec<&String>) =
            arguments.iter().partition(|word| word.starts_with('-'));
        let aside = options.iter().any(|word| word.contains('n'));
        let mut status = 0;
        for name in &names {
            if !is_builtin(name, self.state.dialect) {
                status = self.no_builtin(io, "enable", name);
            } else if aside {
                self.state.disabled.insert((*name).clone());
            } else {
                self.state.disabled.remove(*name);
            }
        }
        if names.is_empty() && aside {
            for name in self.state.disabled.clone() {
                self.say(io, &format!("enable -n {name}"));
            }
        }
        status
    }

    /// `history` and `fc`: a script has no history, and at a prompt the arrows bring it back.
    fn history(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        if self.state.interactive {
            self.write_error(io, "podhop: the up arrow brings earlier commands back");
            return 0;
        }
        let count = arguments.first().filter(|word| !word.starts_with('-'));
        let Some(word) = count.filter(|word| word.parse::<u32>().is_err()) else { return 0 };
        let told = format!("{}{word}: numeric argument required", self.state.builtin("history"));
        self.write_error(io, &told);
        1
    }

    /// `eval`: the arguments are run as one text.
    fn run_arguments(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        self.state.status = 0;
        let text = arguments.join(" ");
        io.budget.keep(text.len() * HELD);
        if self.state.dialect == Dialect::Ash && !self.state.interactive {
            let line = self.state.evaluates.unwrap_or(self.state.ash_line());
            let before = self.state.evaluates.replace(line);
            self.stack.push(Frame::Evaluated { before });
        }
        self.eval(&text);
        None
    }

    /// `builtin NAME`, which neither a function nor an alias stands before.
    fn only_builtin(&mut self, io: &mut Io<'_>, arguments: &[String]) -> Option<i32> {
        // Said of itself it says no more, however often.
        let again = arguments.iter().take_while(|word| *word == "builtin").count();
        let Some((first, rest)) = arguments[again..].split_first() else { return Some(0) };
        match is_builtin(first, self.state.dialect) {
            true => self.builtin(io, first, rest),
            false => Some(self.no_builtin(io, "builtin", first)),
        }
    }

    /// `hash`: where programs were found.
    fn hash(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let names = arguments.iter().filter(|argument| !argument.starts_with('-'));
        let known = |name: &String| {
            is_builtin(name, self.state.dialect)
                || self.state.functions.contains_key(name)
                || commands::is_installed(io.cluster, &self.state.place, name)
        };
        if self.state.dialect == Dialect::Bash {
            if arguments.is_empty() {
                return self.list_hashed(io);
            }
            if let [option, path, names @ ..] = arguments
                && option == "-p"
            {
                if names.is_empty() {
                    return self.list_hashed(io);
                }
                if files_view(io, &self.state.place).is_directory(path) {
                    let message = format!("{}{path}: Is a directory", self.state.builtin("hash"));
                    self.write_error(io, &message);
                    return 1;
                }
                let hashed = Arc::make_mut(&mut self.state.hashed);
                hashed.extend(names.iter().map(|name| (name.clone(), (path.clone(), 0))));
                return 0;
            }
            if arguments.first().is_some_and(|word| word == "-t") {
                return self.tell_hashed(io, &arguments[1..]);
            }
            if arguments.iter().any(|word| word == "-r") {
                self.state.hashed = Arc::default();
            }
        }
        let missing: Vec<String> = names.filter(|name| !known(name)).cloned().collect();
        for name in &missing {
            let message = format!("{}{name}: not found", self.state.builtin("hash"));
            self.write_error(io, &message);
        }
        let status = i32::from(!missing.is_empty());
        for name in arguments.iter().filter(|name| !name.starts_with('-')) {
            let own = is_builtin(name, self.state.dialect)
                || self.state.functions.contains_key(name)
                || missing.contains(name);
            if !own {
                self.remember(io, name, 0);
            }
        }
        status
    }

    /// `hash -t`: where programs were found.
    fn tell_hashed(&mut self, io: &mut Io<'_>, names: &[String]) -> i32 {
        let mut status = 0;
        for name in names {
            match self.state.hashed.get(name).map(|(path, _)| path.clone()) {
                Some(path) if names.len() > 1 => self.say(io, &format!("{name}\t{path}")),
                Some(path) => self.say(io, &path),
                None => {
                    let message = format!("{}{name}: not found", self.state.builtin("hash"));
                    self.write_error(io, &message);
                    status = 1;
                }
            }
        }
        status
    }

    /// `hash` alone: programs in the order in which bash keeps them.
    fn list_hashed(&mut self, io: &mut Io<'_>) -> i32 {
        const BUCKETS: u32 = 256;
        if self.state.hashed.is_empty() {
            self.say(io, "hash: hash table empty");
            return 0;
        }
        let mut all: Vec<(String, (String, u32))> =
            self.state.hashed.iter().map(|(name, found)| (name.clone(), found.clone())).collect();
        all.sort_by_key(|(name, _)| crate::shell::hashed::hash(name) % BUCKETS);
        self.say(io, "hits\tcommand");
        for (_, (path, hits)) in all {
            self.say(io, &format!("{hits:>4}\t{path}"));
        }
        0
    }

    /// `fg`, `bg` and their kin where there is no job control.
    fn no_job(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> i32 {
        let builtin = self.state.builtin(name);
        if name == "disown" && self.jobs.iter().any(|job| !job.adopted) {
            return self.disown(&builtin, io, arguments);
        }
        let job = arguments.first().filter(|word| word.starts_with('%'));
        let (what, status) = match (self.state.dialect, name) {
            (Dialect::Ash, "fg" | "bg")
                if self.job_of(job.map_or("%%", String::as_str)).is_some() =>
            {
                let job = job.map_or("(null)", String::as_str);
                (format!("job {job} not created under job control"), 2)
            }
            (Dialect::Ash, "fg" | "bg") if let Some(job) = job => {
                (format!("{job}: no such job"), 2)
            }
            (Dialect::Dash, "fg" | "bg") if let Some(job) = job => {
                (format!("No such job: {job}"), 2)
            }
            (Dialect::Bash, "suspend") => ("cannot suspend: no job control".to_owned(), 1),
            (Dialect::Bash, "logout") => ("not login shell: use `exit'".to_owned(), 1),
            (Dialect::Bash, "disown") => {
                let named = arguments.iter().find(|word| !word.starts_with('-'));
                let job = named.map_or("current", String::as_str);
                (format!("{job}: no such job"), 1)
            }
            (Dialect::Bash, _) => ("no job control".to_owned(), 1),
            _ => ("No current job".to_owned(), 2),
        };
        self.write_error(io, &format!("{builtin}{what}"));
        status
    }

    /// Whether it has job control, as bash has at a prompt and with `set -m`.
    fn controls_jobs(&self) -> bool {
        let bash = self.state.dialect == Dialect::Bash;
        bash && (self.state.interactive || self.state.options.is_on("monitor"))
    }

    /// `fg` and `bg` with job control: nothing is ever stopped here, so that `bg` has nothing to do.
    fn resume(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> Option<i32> {
        let wanted = arguments.first().map(|word| match word.starts_with('%') {
            true => word.clone(),
            false => format!("%{word}"),
        });
        let found = self.job_of(wanted.as_deref().unwrap_or("%%")).map(|at| &self.jobs[at]);
        let told = match found.map(|job| (job.pid, job.number, job.status, job.text.clone())) {
            None => {
                let shown = arguments.first().map_or("current", String::as_str);
                format!("{shown}: no such job")
            }
            Some((_, _, Some(_), _)) if name == "fg" => "job has terminated".to_owned(),
            Some((_, number, None, _)) if name == "bg" => {
                format!("job {number} already in background")
            }
            Some((_, number, Some(_), _)) => format!("job {number} has terminated"),
            Some((pid, _, None, text)) => {
                self.say(io, &text);
                self.front = Some(pid);
                self.stack.push(Frame::Wait { job: Some(pid), any: false });
                return None;
            }
        };
        let message = format!("{}{told}", self.state.builtin(name));
        self.write_error(io, &message);
        Some(i32::from(!told.ends_with("background")))
    }

    /// Ctrl-C ends what `fg` has fetched.
    pub(super) fn interrupt_front(&mut self, io: &mut Io<'_>) {
        let waits = match self.stack.last() {
            Some(Frame::Wait { job, .. }) => *job,
            _ => None,
        };
        let front = self.front.take().filter(|front| waits == Some(*front));
        let at = front.and_then(|front| self.jobs.iter().position(|job| job.pid == front));
        if let Some(at) = at {
            self.kill_job(io, at, "INT");
            self.jobs.retain(|job| front != Some(job.pid) || job.status.is_none());
        }
    }

    /// `disown`: the shell knows nothing more of a background command, which goes on.
    fn disown(&mut self, builtin: &str, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        if arguments.iter().any(|word| word.starts_with('-') && word.contains('a')) {
            self.jobs.iter_mut().for_each(|job| job.adopted = true);
            return 0;
        }
        let mut names: Vec<&str> = arguments.iter().map(String::as_str).collect();
        names.retain(|name| !name.starts_with('-'));
        if names.is_empty() {
            names.push("%+");
        }
        let mut status = 0;
        for name in names {
            match self.job_of(name) {
                Some(job) => self.jobs[job].adopted = true,
                None => {
                    self.write_error(io, &format!("{builtin}{name}: no such job"));
                    status = 1;
                }
            }
        }
        status
    }

    fn print(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> i32 {
        let manner = match self.state.dialect {
            Dialect::Bash => Manner::Bash,
            Dialect::Dash => Manner::Dash,
            Dialect::Ash => Manner::Ash,
        };
        if name == "echo" {
            let bytes = commands::print::echo(arguments, manner);
            return self.write_out(io, name, &bytes);
        }
        let prefix = self.state.prefix();
        let (variable, arguments) = match arguments {
            [option, name, rest @ ..] if option == "-v" && manner == Manner::Bash => {
                (Some(name), rest)
            }
            all => (None, all),
        };
        if let Some(option) = arguments.first()
            && option.len() > 1
            && option.starts_with('-')
            && option != "--"
            && manner != Manner::Ash
        {
            let letters: String = option.chars().take(2).collect();
            let message = match manner {
                Manner::Dash => format!("{prefix}printf: Illegal option {letters}"),
                _ => format!(
                    "{prefix}printf: {letters}: invalid option\nprintf: usage: printf [-v var] format [arguments]"
                ),
            };
            self.write_error(io, &message);
            return 2;
        }
        let now = io.now().timestamp().as_second();
        let printed = commands::print::format(arguments, manner, now);
        let mut status = 0;
        match variable {
            Some(name) => {
                let text = String::from_utf8_lossy(&printed.bytes).into_owned();
                if !self.set_or_complain(io, "printf", name, text) {
                    status = if is_name(declared(name, true).name) { 1 } else { 2 };
                }
            }
            None => status = self.write_out(io, name, &printed.bytes),
        }
        for complaint in &printed.complaints {
            let message = match manner {
                Manner::Ash => format!("sh: {complaint}"),
                _ if arguments.is_empty() && manner == Manner::Bash => {
                    format!("printf: {complaint}")
                }
                _ => format!("{prefix}printf: {complaint}"),
            };
            self.write_error(io, &message);
        }
        status.max(printed.status)
    }

    /// Writes what a builtin prints; 1 when it can't be written.
    fn write_out(&mut self, io: &mut Io<'_>, name: &str, bytes: &[u8]) -> i32 {
        self.unwritten = false;
        self.put(io, 1, bytes);
        if !std::mem::take(&mut self.unwritten) {
            return 0;
        }
        let why = match self.descriptors.output {
            Target::Closed => "Bad file descriptor",
            _ => "No space left on device",
        };
        let prefix = self.state.prefix();
        let message = match self.state.dialect {
            Dialect::Ash => format!("{prefix}write error: {why}"),
            Dialect::Dash => format!("{prefix}{name}: {name}: I/O error"),
            Dialect::Bash => format!("{prefix}{name}: write error: {why}"),
        };
        self.write_error(io, &message);
        1
    }

    fn test(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> i32 {
        let mut arguments = arguments;
        let close = match name {
            "[" => "]",
            "[[" => "]]",
            _ => "",
        };
        let result = match arguments.split_last() {
            _ if close.is_empty() => Ok(()),
            Some((last, rest)) if last == close => {
                arguments = rest;
                Ok(())
            }
            _ => Err(Wrong::Unclosed(close)),
        };
        let result = result.and_then(|()| {
            let view = files_view(io, &self.state.place);
            let directory = &self.state.directory;
            let posix = self.state.dialect != Dialect::Bash;
            let dash = self.state.dialect == Dialect::Dash;
            let double = name == "[[";
            let terminal = io.terminal;
            let shell = &|operator: &str, name: &str| self.state.tells(operator, name);
            test(arguments, &World { view, directory, terminal, posix, dash, double, shell })
        });
        match result {
            Ok(holds) => i32::from(!holds),
            Err(Wrong::NoPattern) => 2,
            Err(wrong) => {
                // BusyBox' names itself only.
                let prefix = match self.state.dialect {
                    Dialect::Ash => "sh: ".to_owned(),
                    _ => self.state.builtin(name),
                };
                let message = format!("{prefix}{}", wrong.message(self.state.dialect));
                self.write_error(io, &message);
                2
            }
        }
    }

    /// A file's commands come next, with arguments of their own if there are any; dash hands on none.
    fn enter_sourced(&mut self, path: &str, rest: &[String]) {
        let own = !rest.is_empty() && self.state.dialect != Dialect::Dash;
        let own = own.then(|| Arc::new(rest.to_vec()));
        let positional = own.map(|own| std::mem::replace(&mut self.state.positional, own));
        // What is sourced speaks for itself, within `eval` too.
        if let Some(before) = self.state.evaluates.take() {
            self.stack.push(Frame::Evaluated { before: Some(before) });
        }
        self.state.enter_call(SOURCED, path.into());
        self.stack.push(Frame::Sourced { positional });
    }

    fn source(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> Option<i32> {
        let prefix = self.state.prefix();
        let Some((path, rest)) = arguments.split_first() else {
            let usage = format!("{name}: usage: {name} filename [arguments]");
            return Some(match self.state.dialect {
                Dialect::Dash => 0,
                Dialect::Ash => 2,
                Dialect::Bash => {
                    let message = format!("{prefix}{name}: filename argument required\n{usage}");
                    self.write_error(io, &message);
                    2
                }
            });
        };
        if INPUT.contains(&path.as_str()) {
            self.enter_sourced(path, rest);
            self.stack.push(Frame::Lines { pending: String::new(), before: 0 });
            return None;
        }
        let full = files::absolute(&self.state.place, &self.state.directory, path);
        // BusyBox looks for a bare name in the folders of programs alone.
        let bare = self.state.dialect == Dialect::Ash && !path.contains('/');
        let read = match bare {
            true => Err("not found".to_owned()),
            false => self.files_of(io).read(&full),
        };
        match read {
            Ok(bytes) => {
                self.enter_sourced(path, rest);
                let text = String::from_utf8_lossy(&bytes).into_owned().into();
                self.state.status = 0;
                io.budget.keep(bytes.len() * HELD);
                self.stack.push(Frame::Script { text, at: Mark::START, source: Source::File });
                None
            }
            Err(why) => {
                let builtin = self.state.builtin(name);
                let message = match self.state.dialect {
                    Dialect::Bash if why == "Is a directory" => {
                        format!("{builtin}{path}: is a directory")
                    }
                    Dialect::Bash => format!("{prefix}{path}: {why}"),
                    Dialect::Dash => format!("{builtin}cannot open {path}: No such file"),
                    Dialect::Ash if !path.contains('/') => format!("{builtin}{path}: not found"),
                    Dialect::Ash => format!("{builtin}can't open '{path}': {why}"),
                };
                self.write_error(io, &message);
                if self.state.dialect != Dialect::Bash {
                    self.state.status = 2;
                    self.note_failed(io, name);
                    // POSIX ends a shell whose special builtin fails.
                    self.fail_hard(2);
                    return None;
                }
                Some(1)
            }
        }
    }
}
