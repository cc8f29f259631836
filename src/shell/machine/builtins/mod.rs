//! Builtins: commands that change the shell itself.

mod control;
mod read;
mod variables;

use super::condition::{World, test};
use super::frame::{Frame, Source, Target};
use super::state::Options;
use super::{Dialect, Io, Machine, files_view};
use crate::shell::commands;
use crate::shell::commands::print::Manner;
use crate::shell::files;

/// Whether the shell has a builtin of this name.
pub(super) fn is_builtin(name: &str, dialect: Dialect) -> bool {
    match name {
        ":" | "true" | "false" | "cd" | "pwd" | "exit" | "return" | "break" | "continue"
        | "eval" | "." | "export" | "unset" | "readonly" | "set" | "shift" | "local" | "read"
        | "echo" | "printf" | "test" | "[" | "trap" | "wait" | "type" | "command" | "alias"
        | "unalias" | "jobs" | "kill" | "umask" | "hash" | "getopts" | "ulimit" | "times"
        | "fg" | "bg" | "exec" => true,
        "mapfile" | "readarray" => dialect == Dialect::Bash,
        "source" | "let" => dialect != Dialect::Dash,
        "declare" | "typeset" | "shopt" | "enable" | "builtin" | "disown" | "bind" | "complete" => {
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

impl Machine {
    /// Runs a builtin; `None` when what it started decides the exit code.
    pub(super) fn builtin(
        &mut self,
        io: &mut Io<'_>,
        name: &str,
        arguments: &[String],
    ) -> Option<i32> {
        match name {
            ":" | "true" | "umask" | "hash" | "ulimit" | "times" | "shopt" | "enable"
            | "disown" | "bind" | "complete" | "fg" | "bg" => Some(0),
            "false" => Some(1),
            "cd" => Some(self.change_directory(io, arguments)),
            "pwd" => {
                let directory = self.working_directory();
                self.say(io, &directory);
                Some(0)
            }
            "echo" | "printf" => Some(self.print(io, name, arguments)),
            "test" | "[" => Some(self.test(io, name, arguments)),
            "exit" => self.leave(io, arguments),
            "return" => self.return_from(io, arguments),
            "break" | "continue" => self.break_loop(io, name, arguments),
            "eval" => {
                self.state.status = 0;
                self.eval(&arguments.join(" "));
                None
            }
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
            "unalias" => Some(self.unalias(arguments)),
            "read" | "mapfile" | "readarray" => {
                let mut arguments = arguments.to_vec();
                arguments.insert(0, name.to_owned());
                self.stack.push(Frame::Read { arguments, until: None });
                None
            }
            "wait" => self.wait_for(arguments),
            "kill" => self.kill(io, arguments),
            "jobs" => Some(self.list_jobs(io)),
            "trap" => Some(self.trap(io, arguments)),
            "type" => Some(self.kind_of(io, arguments, true)),
            "builtin" => {
                let (first, rest) = arguments.split_first()?;
                self.builtin(io, &first.clone(), rest)
            }
            _ => Some(self.kind_of(io, arguments, false)),
        }
    }

    /// The working directory as `pwd` prints it.
    pub(in crate::shell) fn working_directory(&self) -> String {
        files::absolute(&self.state.place, &self.state.directory, "")
    }

    fn change_directory(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let old = self.working_directory();
        let to = match arguments.first().map(String::as_str) {
            None | Some("--") => self.state.get("HOME").unwrap_or("/").to_owned(),
            Some("-") => self.state.get("OLDPWD").unwrap_or("").to_owned(),
            Some(path) => path.to_owned(),
        };
        let path = files::absolute(&self.state.place, &self.state.directory, &to);
        let view = files_view(io, &self.state.place);
        if !view.is_directory(&path) {
            let why = match view.is_file(&path) {
                true => "Not a directory",
                false => "No such file or directory",
            };
            let prefix = self.state.prefix();
            let message = match self.state.dialect {
                Dialect::Bash => format!("{prefix}cd: {to}: {why}"),
                _ => format!("{prefix}cd: can't cd to {to}: {why}"),
            };
            self.write_error(io, &message);
            return if self.state.dialect == Dialect::Bash { 1 } else { 2 };
        }
        if arguments.first().is_some_and(|first| first == "-") {
            self.say(io, &path);
        }
        self.state.directory = path.clone();
        // A read-only PWD stays as it is.
        let _ = self.state.set("OLDPWD", old);
        if self.state.variables.contains_key("PWD") {
            let _ = self.state.set("PWD", path);
        }
        0
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
                // A read-only variable stays as it is.
                let _ = self.state.set(name, text);
            }
            None => status = self.write_out(io, name, &printed.bytes),
        }
        for complaint in &printed.complaints {
            let message = match manner {
                Manner::Ash => format!("{prefix}{complaint}"),
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
        let result = if name == "[" {
            match arguments.split_last() {
                Some((last, rest)) if last == "]" => {
                    arguments = rest;
                    Ok(())
                }
                _ => Err("missing `]'".to_owned()),
            }
        } else {
            Ok(())
        };
        let result = result.and_then(|()| {
            let view = files_view(io, &self.state.place);
            let directory = &self.state.directory;
            test(arguments, &World { view, directory, terminal: io.terminal })
        });
        match result {
            Ok(holds) => i32::from(!holds),
            Err(why) => {
                let message = format!("{}{name}: {why}", self.state.prefix());
                self.write_error(io, &message);
                2
            }
        }
    }

    fn source(&mut self, io: &mut Io<'_>, name: &str, arguments: &[String]) -> Option<i32> {
        let prefix = self.state.prefix();
        let Some((path, rest)) = arguments.split_first() else {
            let message = format!("{prefix}{name}: filename argument required");
            self.write_error(io, &message);
            return Some(2);
        };
        let full = files::absolute(&self.state.place, &self.state.directory, path);
        match self.files_of(io).read(&full) {
            Ok(bytes) => {
                if !rest.is_empty() {
                    self.state.positional = rest.to_vec();
                }
                let text = String::from_utf8_lossy(&bytes).into_owned().into();
                self.state.status = 0;
                self.stack.push(Frame::Script { text, at: 0, source: Source::File });
                None
            }
            Err(why) => {
                let message = match self.state.dialect {
                    Dialect::Bash => format!("{prefix}{path}: {why}"),
                    _ => format!("{prefix}{name}: can't open '{path}': {why}"),
                };
                self.write_error(io, &message);
                Some(1)
            }
        }
    }

    fn aliases(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let mut status = 0;
        let shown = |name: &str, text: &str| format!("alias {name}='{text}'");
        if arguments.is_empty() {
            let all = self.state.aliases.clone();
            for (name, text) in all.iter() {
                self.say(io, &shown(name, text));
            }
        }
        for argument in arguments {
            match argument.split_once('=') {
                Some((name, text)) => self.alias(name, text),
                None => match self.state.aliases.get(argument).cloned() {
                    Some(text) => self.say(io, &shown(argument, &text)),
                    None => {
                        let message =
                            format!("{}alias: {argument}: not found", self.state.prefix());
                        self.write_error(io, &message);
                        status = 1;
                    }
                },
            }
        }
        status
    }

    fn unalias(&mut self, arguments: &[String]) -> i32 {
        let aliases = std::sync::Arc::make_mut(&mut self.state.aliases);
        match arguments.first().map(String::as_str) {
            Some("-a") => {
                aliases.clear();
                0
            }
            _ => i32::from(!arguments.iter().all(|name| aliases.remove(name).is_some())),
        }
    }

    /// `type` and `command -v`.
    fn kind_of(&mut self, io: &mut Io<'_>, arguments: &[String], long: bool) -> i32 {
        let mut status = 0;
        let names = arguments.iter().filter(|argument| !argument.starts_with('-'));
        for name in names {
            let found = self.describe(io, name);
            match found {
                Some((text, path)) => self.say(io, if long { &text } else { &path }),
                None => {
                    status = if self.state.dialect == Dialect::Bash { 1 } else { 127 };
                    if long {
                        let message = format!("{}type: {name}: not found", self.state.prefix());
                        self.write_error(io, &message);
                    }
                }
            }
        }
        status
    }

    /// What a name is: as `type` says it, and as `command -v` does.
    fn describe(&self, io: &Io<'_>, name: &str) -> Option<(String, String)> {
        if let Some(text) = self.state.aliases.get(name) {
            let short = format!("alias {name}='{text}'");
            return Some((format!("{name} is aliased to `{text}'"), short));
        }
        if self.state.functions.contains_key(name) {
            return Some((format!("{name} is a function"), name.to_owned()));
        }
        if is_builtin(name, self.state.dialect) {
            return Some((format!("{name} is a shell builtin"), name.to_owned()));
        }
        let known = commands::is_installed(io.cluster, &self.state.place, name);
        let path = commands::path(name);
        known.then(|| (format!("{name} is {path}"), path))
    }
}

impl Options {
    /// Takes `-ex` or `+x`.
    pub(in crate::shell::machine) fn set_letters(&mut self, letters: &str) {
        let on = letters.starts_with('-');
        for letter in letters.chars().skip(1) {
            match letter {
                'e' => self.exit_on_error = on,
                'x' => self.trace = on,
                'u' => self.no_unset = on,
                'f' => self.no_glob = on,
                _ => {}
            }
        }
    }

    /// Takes `-o pipefail`.
    pub(super) fn set_name(&mut self, name: &str, on: bool) -> bool {
        match name {
            "errexit" => self.exit_on_error = on,
            "xtrace" => self.trace = on,
            "nounset" => self.no_unset = on,
            "noglob" => self.no_glob = on,
            "pipefail" => self.pipe_fail = on,
            "vi" | "emacs" | "monitor" | "noclobber" | "allexport" | "posix" => {}
            _ => return false,
        }
        true
    }
}
