//! `type`, `command`, `builtin`, `alias`: what a name stands for.

use super::super::lookup::{OnPath, on_path};
use super::super::{Dialect, Io, Machine};
use super::is_builtin;
use crate::shell::commands;
use crate::shell::syntax::in_single_quotes;
use std::sync::Arc;

/// What a name is.
enum Kind {
    Alias(String),
    Keyword,
    Function,
    Builtin,
    File(String),
}

/// Whether the shell's grammar has this word.
pub(in crate::shell::machine) fn is_keyword(name: &str, dialect: Dialect) -> bool {
    match name {
        "if" | "then" | "else" | "elif" | "fi" | "case" | "esac" | "for" | "while" | "until"
        | "do" | "done" | "in" | "{" | "}" | "!" => true,
        "function" => dialect != Dialect::Dash,
        "[[" | "]]" | "select" | "time" | "coproc" => dialect == Dialect::Bash,
        _ => false,
    }
}

impl Machine {
    /// Everything that a name is, what is taken first in front.
    fn kinds(&self, io: &Io<'_>, name: &str) -> Vec<Kind> {
        let dialect = self.state.dialect;
        let mut all = Vec::new();
        let alias = self.state.used_aliases().get(name);
        let keyword = is_keyword(name, dialect).then_some(Kind::Keyword);
        match dialect {
            Dialect::Bash => {
                all.extend(alias.cloned().map(Kind::Alias));
                all.extend(keyword);
            }
            _ => {
                all.extend(keyword);
                all.extend(alias.cloned().map(Kind::Alias));
            }
        }
        if self.state.functions.contains_key(name) {
            all.push(Kind::Function);
        }
        if is_builtin(name, dialect) && !self.state.disabled.contains(name) {
            all.push(Kind::Builtin);
        }
        let path = self.state.get("PATH").map(str::to_owned);
        let on_path = match name.contains('/') {
            true => OnPath::System,
            false => on_path(self, io, name, path.as_ref()),
        };
        if let OnPath::File(path) = on_path {
            all.push(Kind::File(path));
        } else if matches!(on_path, OnPath::System)
            && commands::is_installed(io.cluster, &self.state.place, name)
        {
            let path = commands::path(io.cluster, &self.state.place, name);
            // Debian's /bin is /usr/bin, and both are looked through.
            let again = path.strip_prefix("/usr/bin/").map(|name| format!("/bin/{name}"));
            all.push(Kind::File(path));
            all.extend(again.filter(|_| self.looks_in("/bin")).map(Kind::File));
        } else if name.contains('/') {
            let path =
                crate::shell::files::absolute(&self.state.place, &self.state.directory, name);
            if self.files_of(io).is_file(&path) {
                all.push(Kind::File(name.to_owned()));
            }
        }
        all
    }

    /// Remembers where a program was found, as bash does.
    pub(in crate::shell::machine) fn remember(&mut self, io: &Io<'_>, name: &str, hits: u32) {
        if self.state.dialect != Dialect::Bash || name.contains('/') {
            return;
        }
        if let Some((_, before)) = Arc::make_mut(&mut self.state.hashed).get_mut(name) {
            *before += hits;
            return;
        }
        let path = self.state.get("PATH").map(str::to_owned);
        let path = match on_path(self, io, name, path.as_ref()) {
            OnPath::File(path) => path,
            _ => commands::path(io.cluster, &self.state.place, name),
        };
        Arc::make_mut(&mut self.state.hashed).insert(name.to_owned(), (path, hits));
    }

    /// Whether programs are looked for in this folder.
    fn looks_in(&self, folder: &str) -> bool {
        let bash = self.state.dialect == Dialect::Bash;
        bash && self.state.get("PATH").is_some_and(|path| path.split(':').any(|one| one == folder))
    }

    /// As `type` says it.
    fn told(&self, name: &str, kind: &Kind) -> String {
        let bash = self.state.dialect == Dialect::Bash;
        match kind {
            Kind::Alias(text) if bash => format!("{name} is aliased to `{text}'"),
            Kind::Alias(text) => format!("{name} is an alias for {text}"),
            Kind::Keyword => format!("{name} is a shell keyword"),
            Kind::Function if self.state.dialect == Dialect::Dash => {
                format!("{name} is a shell function")
            }
            Kind::Function => format!("{name} is a function"),
            Kind::Builtin if !bash && is_special(name) => {
                format!("{name} is a special shell builtin")
            }
            Kind::Builtin => format!("{name} is a shell builtin"),
            Kind::File(path) if self.state.hashed.contains_key(name) => {
                format!("{name} is hashed ({path})")
            }
            Kind::File(path) => format!("{name} is {path}"),
        }
    }

    /// `type`
    pub(super) fn kind_of(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        // BusyBox takes any option of bash's for this one.
        if self.state.dialect == Dialect::Ash
            && arguments.first().is_some_and(|word| word.starts_with('-'))
        {
            let asked = [&["-v".to_owned()], &arguments[1..]].concat();
            return self.command_kind(io, &asked);
        }
        let bash = self.state.dialect == Dialect::Bash;
        let is_option =
            |argument: &&String| bash && argument.starts_with('-') && argument.len() > 1;
        let letters: String = arguments
            .iter()
            .take_while(is_option)
            .flat_map(|argument| argument.chars().skip(1))
            .collect();
        let mut status = 0;
        let names: Vec<String> = arguments.iter().skip_while(is_option).cloned().collect();
        for name in &names {
            let mut kinds = self.kinds(io, name);
            if letters.contains('f') {
                kinds.retain(|kind| !matches!(kind, Kind::Function));
            }
            if letters.contains('P') {
                kinds.retain(|kind| matches!(kind, Kind::File(_)));
            }
            if !letters.contains('a') {
                kinds.truncate(1);
            }
            if kinds.is_empty() {
                status = if bash { 1 } else { 127 };
                if bash && letters.contains(['t', 'p', 'P']) {
                    continue;
                }
                match bash {
                    true => {
                        let message = format!("{}{name}: not found", self.state.builtin("type"));
                        self.write_error(io, &message);
                    }
                    false => self.say(io, &format!("{name}: not found")),
                }
                continue;
            }
            for kind in &kinds {
                self.show_kind(io, name, kind, &letters);
            }
        }
        status
    }

    fn show_kind(&mut self, io: &mut Io<'_>, name: &str, kind: &Kind, letters: &str) {
        if letters.contains('t') {
            let word = match kind {
                Kind::Alias(_) => "alias",
                Kind::Keyword => "keyword",
                Kind::Function => "function",
                Kind::Builtin => "builtin",
                Kind::File(_) => "file",
            };
            return self.say(io, word);
        }
        if letters.contains(['p', 'P']) {
            if let Kind::File(path) = kind {
                self.say(io, path);
            }
            return;
        }
        let told = match kind {
            Kind::File(path) if letters.contains('a') => format!("{name} is {path}"),
            _ => self.told(name, kind),
        };
        self.say(io, &told);
        if self.state.dialect == Dialect::Bash && matches!(kind, Kind::Function) {
            self.show_function(io, name);
        }
    }

    /// `command -v` and `command -V`
    pub(super) fn command_kind(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let bash = self.state.dialect == Dialect::Bash;
        let long = arguments.first().is_some_and(|option| option.contains('V'));
        let names: Vec<&String> =
            arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
        // BusyBox looks at the first one alone.
        let most = if self.state.dialect == Dialect::Ash { 1 } else { names.len() };
        let names = &names[..most.min(names.len())];
        let mut status = 0;
        // bash is content with one that it knows.
        let some = bash && names.iter().any(|name| !self.kinds(io, name).is_empty());
        for name in names.iter().copied() {
            let kinds = self.kinds(io, name);
            let Some(kind) = kinds.first() else {
                status = if bash { i32::from(!some) } else { 127 };
                match (long, bash) {
                    (true, true) => {
                        let message = format!("{}{name}: not found", self.state.builtin("command"));
                        self.write_error(io, &message);
                    }
                    (true, false) => self.say(io, &format!("{name}: not found")),
                    (false, _) => {}
                }
                continue;
            };
            let line = match kind {
                _ if long => self.told(name, kind),
                Kind::Alias(text) => format!("alias {name}={}", in_single_quotes(text)),
                Kind::File(path) => path.clone(),
                _ => name.clone(),
            };
            self.say(io, &line);
        }
        status
    }

    pub(super) fn aliases(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let bash = self.state.dialect == Dialect::Bash;
        let shown = |name: &str, text: &str| {
            format!("{}{name}={}", if bash { "alias " } else { "" }, in_single_quotes(text))
        };
        let arguments = arguments.strip_prefix(&["-p".to_owned()]).unwrap_or(arguments);
        if arguments.is_empty() {
            let all = self.state.aliases.clone();
            for (name, text) in all.iter() {
                self.say(io, &shown(name, text));
            }
        }
        let mut status = 0;
        for argument in arguments {
            match argument.split_once('=') {
                Some((name, text)) => self.alias(name, text),
                None => match self.state.aliases.get(argument).cloned() {
                    Some(text) => self.say(io, &shown(argument, &text)),
                    None => {
                        let message = match bash {
                            true => format!("{}{argument}: not found", self.state.builtin("alias")),
                            false => format!("alias: {argument} not found"),
                        };
                        self.write_error(io, &message);
                        status = 1;
                    }
                },
            }
        }
        status
    }

    pub(super) fn unalias(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        if arguments.first().is_some_and(|first| first == "-a") {
            std::sync::Arc::make_mut(&mut self.state.aliases).clear();
            return 0;
        }
        if arguments.is_empty() && self.state.dialect == Dialect::Bash {
            return self.tell_usage(io, "unalias");
        }
        let mut status = 0;
        for name in arguments {
            if std::sync::Arc::make_mut(&mut self.state.aliases).remove(name).is_some() {
                continue;
            }
            let message = match self.state.dialect {
                Dialect::Bash => format!("{}{name}: not found", self.state.builtin("unalias")),
                _ => format!("unalias: {name} not found"),
            };
            self.write_error(io, &message);
            status = 1;
        }
        status
    }

    /// `builtin NAME` and `enable NAME` of a name that is no builtin.
    pub(super) fn no_builtin(&mut self, io: &mut Io<'_>, command: &str, name: &str) -> i32 {
        let message = format!("{}{name}: not a shell builtin", self.state.builtin(command));
        self.write_error(io, &message);
        1
    }
}

/// POSIX' special builtins, which dash and BusyBox name so.
pub(in crate::shell::machine) fn is_special(name: &str) -> bool {
    matches!(
        name,
        "break"
            | ":"
            | "continue"
            | "."
            | "eval"
            | "exec"
            | "exit"
            | "export"
            | "readonly"
            | "return"
            | "set"
            | "shift"
            | "times"
            | "trap"
            | "unset"
            | "source"
    )
}
