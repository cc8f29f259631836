//! `cd`, `pushd`, `popd`, `dirs`, `umask`.

use super::super::{Dialect, Io, Machine, files_view, quoted};
use crate::shell::commands::rights;
use crate::shell::commands::trouble::left_out;
use crate::shell::files;

impl Machine {
    /// The working directory as `pwd` prints it.
    pub(in crate::shell) fn working_directory(&self) -> String {
        files::absolute(&self.state.place, &self.state.directory, "")
    }

    /// `pwd`
    pub(super) fn print_directory(&mut self, io: &mut Io<'_>) -> i32 {
        let directory = self.working_directory();
        self.say(io, &directory);
        0
    }

    pub(super) fn change_directory(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let bash = self.state.dialect == Dialect::Bash;
        let is_option = |argument: &&String| matches!(argument.as_str(), "-L" | "-P" | "-e" | "--");
        let operands: Vec<String> = arguments.iter().skip_while(is_option).cloned().collect();
        if bash && operands.len() > 1 {
            let message = format!("{}too many arguments", self.state.builtin("cd"));
            self.write_error(io, &message);
            return 1;
        }
        let of = |name: &str| self.state.get(name).map(str::to_owned);
        let (to, missing) = match operands.first().map(String::as_str) {
            None => (of("HOME"), "HOME"),
            Some("-") => (of("OLDPWD"), "OLDPWD"),
            Some(path) => (Some(path.to_owned()), ""),
        };
        let Some(to) = to.or_else(|| (!bash).then(String::new)) else {
            let message = format!("{}{missing} not set", self.state.builtin("cd"));
            self.write_error(io, &message);
            return 1;
        };
        let found = operands.first().and_then(|_| self.below_path(io, &to));
        if let Err(status) = self.go_to(io, "cd", found.as_deref().unwrap_or(&to)) {
            return status;
        }
        if found.is_some_and(|found| found != to) {
            let path = self.working_directory();
            self.say(io, &path);
        }
        if operands.first().is_some_and(|first| first == "-") {
            let path = self.working_directory();
            self.say(io, &path);
        }
        0
    }

    /// The folder of this name in one of those of `CDPATH`, which only a plain name is looked for in.
    fn below_path(&self, io: &Io<'_>, to: &str) -> Option<String> {
        let first = to.split('/').next().unwrap_or("");
        let search =
            self.state.get("CDPATH").filter(|_| !matches!(first, "" | "." | ".." | "-"))?;
        let view = files_view(io, &self.state.place);
        // An empty one is the working directory, and goes without saying.
        let whole = |folder: &str| match folder {
            "" => to.to_owned(),
            folder => format!("{}/{to}", folder.trim_end_matches('/')),
        };
        search.split(':').map(whole).find(|path| {
            let path = files::absolute(&self.state.place, &self.state.directory, path);
            view.is_directory(&path)
        })
    }

    /// Goes to a directory, or says why not: the exit code.
    fn go_to(&mut self, io: &mut Io<'_>, name: &str, to: &str) -> Result<(), i32> {
        let old = self.working_directory();
        let path = files::absolute(&self.state.place, &self.state.directory, to);
        let view = files_view(io, &self.state.place);
        if !view.is_directory(&path) {
            let why = match view.is_file(&path) {
                true => "Not a directory",
                false => view.absence(&path),
            };
            let builtin = self.state.builtin(name);
            let message = match self.state.dialect {
                // bash shows a name that cannot be printed as a shell would write it.
                Dialect::Bash if to.chars().any(char::is_control) => {
                    format!("{builtin}{}: {why}", quoted::escaped(to))
                }
                Dialect::Bash => format!("{builtin}{to}: {why}"),
                Dialect::Dash => format!("{builtin}can't cd to {to}"),
                Dialect::Ash => format!("{builtin}can't cd to {to}: {why}"),
            };
            self.write_error(io, &message);
            return Err(if self.state.dialect == Dialect::Bash { 1 } else { 2 });
        }
        self.state.directory = path.clone();
        // A read-only PWD stays as it is.
        let _ = self.state.set("OLDPWD", old);
        if let Some(old) = self.state.variables.get_mut("OLDPWD") {
            old.exported = true;
        }
        if self.state.variables.contains_key("PWD") {
            let _ = self.state.set("PWD", path);
        }
        Ok(())
    }

    /// `pushd`
    pub(super) fn push_folder(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let here = self.working_directory();
        let builtin = self.state.builtin("pushd");
        match arguments.first().map(String::as_str) {
            None if self.state.folders.is_empty() => {
                self.write_error(io, &format!("{builtin}no other directory"));
                return 1;
            }
            None => {
                let other = self.state.folders.remove(0);
                if let Err(status) = self.go_to(io, "pushd", &other) {
                    return status;
                }
            }
            // Only the list becomes longer.
            Some("-n") => {
                let Some(to) = arguments.get(1) else { return 0 };
                if to.starts_with(['+', '-']) {
                    self.write_error(io, &left_out("pushd", "-n with a turn"));
                    return 1;
                }
                self.state.folders.insert(0, to.clone());
                return self.show_folders(io, &[]);
            }
            Some(turn) if turn.starts_with(['+', '-']) && turn.len() > 1 => {
                if !is_turn(turn) {
                    self.write_error(io, &format!("{builtin}{turn}: invalid number"));
                    return self.tell_usage(io, "pushd");
                }
                let mut all = vec![here];
                all.append(&mut self.state.folders);
                let Some(at) = position(turn, all.len()) else {
                    self.state.folders = all.split_off(1);
                    let message = format!("{builtin}{turn}: directory stack index out of range");
                    self.write_error(io, &message);
                    return 1;
                };
                all.rotate_left(at);
                let first = all.remove(0);
                self.state.folders = all;
                let went = self.go_to(io, "pushd", &first);
                return went.map_or_else(|status| status, |()| self.show_folders(io, &[]));
            }
            Some(to) => {
                if let Err(status) = self.go_to(io, "pushd", to) {
                    return status;
                }
            }
        }
        self.state.folders.insert(0, here);
        self.show_folders(io, &[])
    }

    /// `popd`
    pub(super) fn pop_folder(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let builtin = self.state.builtin("popd");
        let wrong = arguments.iter().find(|word| *word != "-n" && !is_turn(word));
        if let Some(wrong) = wrong {
            let what = if wrong.starts_with('-') { "number" } else { "argument" };
            self.write_error(io, &format!("{builtin}{wrong}: invalid {what}"));
            return self.tell_usage(io, "popd");
        }
        if self.state.folders.is_empty() {
            self.write_error(io, &format!("{builtin}directory stack empty"));
            return 1;
        }
        let stays = arguments.first().is_some_and(|word| word == "-n");
        let arguments = &arguments[usize::from(stays)..];
        let at = match arguments.first() {
            None => Some(usize::from(stays)),
            Some(turn) => position(turn, self.state.folders.len() + 1),
        };
        match at {
            Some(0) => {
                let next = self.state.folders.remove(0);
                if let Err(status) = self.go_to(io, "popd", &next) {
                    return status;
                }
            }
            Some(at) => drop(self.state.folders.remove(at - 1)),
            None => {
                let turn = &arguments[0];
                let message = format!("{builtin}{turn}: directory stack index out of range");
                self.write_error(io, &message);
                return 1;
            }
        }
        self.show_folders(io, &[])
    }

    /// The options of `dirs`, and the place in the list that is asked for.
    ///
    /// # Errors
    /// The exit code where one is none, which was said.
    fn folder_letters(
        &mut self,
        io: &mut Io<'_>,
        arguments: &[String],
    ) -> Result<(String, Option<usize>), i32> {
        let builtin = self.state.builtin("dirs");
        let count = self.state.folders.len() + 1;
        let (mut letters, mut place) = (String::new(), None);
        for argument in arguments {
            let known = argument.strip_prefix('-').is_some_and(|rest| {
                !rest.is_empty() && rest.chars().all(|letter| "clpv".contains(letter))
            });
            if known {
                letters += &argument[1..];
                continue;
            }
            let told = match (is_turn(argument), position(argument, count)) {
                (true, Some(at)) => {
                    place = Some(at);
                    continue;
                }
                (true, None) if count == 1 => "directory stack empty".to_owned(),
                (true, None) => {
                    format!("{}: directory stack index out of range", &argument[1..])
                }
                (false, _) => {
                    let what = if argument.starts_with('-') { "number" } else { "option" };
                    self.write_error(io, &format!("{builtin}{argument}: invalid {what}"));
                    return Err(self.tell_usage(io, "dirs"));
                }
            };
            self.write_error(io, &format!("{builtin}{told}"));
            return Err(1);
        }
        Ok((letters, place))
    }

    /// `dirs`
    pub(super) fn show_folders(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let (letters, place) = match self.folder_letters(io, arguments) {
            Ok(asked) => asked,
            Err(status) => return status,
        };
        if letters.contains('c') {
            self.state.folders.clear();
            return 0;
        }
        let home = self.state.get("HOME").unwrap_or("").to_owned();
        let short = |path: &String| match path.strip_prefix(&home) {
            Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with('/')) => {
                format!("~{rest}")
            }
            _ => path.clone(),
        };
        let here = self.working_directory();
        let verbose = letters.contains('v');
        let all: Vec<String> = std::iter::once(&here)
            .chain(&self.state.folders)
            .map(|path| if letters.contains('l') { path.clone() } else { short(path) })
            .enumerate()
            .filter(|(at, _)| place.is_none_or(|place| place == *at))
            .map(|(at, path)| if verbose { format!("{at:>2}  {path}") } else { path })
            .collect();
        let lines = match verbose || letters.contains('p') {
            true => all,
            false => vec![all.join(" ")],
        };
        for line in lines {
            self.say(io, &line);
        }
        0
    }

    /// `umask`: what it is, or what it shall be.
    pub(super) fn change_umask(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let symbols = arguments.iter().any(|argument| argument == "-S");
        let again =
            self.state.dialect == Dialect::Bash && arguments.iter().any(|word| word == "-p");
        let Some(mode) = arguments.iter().find(|argument| !argument.starts_with('-')) else {
            let mask = self.state.umask;
            let letters = |shift: u32| {
                let bits = !(mask >> shift) & 7;
                [(4, 'r'), (2, 'w'), (1, 'x')]
                    .into_iter()
                    .filter(|(bit, _)| bits & bit != 0)
                    .map(|(_, letter)| letter)
                    .collect::<String>()
            };
            let line = match symbols {
                true => format!("u={},g={},o={}", letters(6), letters(3), letters(0)),
                false => format!("{mask:04o}"),
            };
            let start = match (again, symbols) {
                (true, true) => "umask -S ",
                (true, false) => "umask ",
                (false, _) => "",
            };
            self.say(io, &format!("{start}{line}"));
            return 0;
        };
        if !mode.starts_with(|letter: char| letter.is_ascii_digit())
            && let Some(allowed) = rights::changed_alone(mode, !self.state.umask & 0o777)
        {
            self.state.umask = !allowed & 0o777;
            return 0;
        }
        match u32::from_str_radix(mode, 8) {
            Ok(mask) if mask <= 0o777 => {
                self.state.umask = mask;
                0
            }
            _ => {
                let builtin = self.state.builtin("umask");
                let message =
                    match (self.state.dialect, mode.starts_with(|c: char| c.is_ascii_digit())) {
                        (Dialect::Bash, true) => {
                            format!("{builtin}{mode}: octal number out of range")
                        }
                        (Dialect::Bash, false) => {
                            let behind = mode.trim_start_matches(['u', 'g', 'o', 'a']);
                            let (bad, what) = match behind.strip_prefix(['+', '-', '=']) {
                                Some(rights) => {
                                    let rights = rights.trim_start_matches(['r', 'w', 'x', 'X']);
                                    (rights.chars().next(), "character")
                                }
                                None => (behind.chars().next(), "operator"),
                            };
                            let bad = bad.unwrap_or('\0');
                            format!("{builtin}`{bad}': invalid symbolic mode {what}")
                        }
                        (Dialect::Ash, _) => format!("{builtin}illegal mode: {mode}"),
                        (Dialect::Dash, _) => format!("{builtin}Illegal mode: {mode}"),
                    };
                self.write_error(io, &message);
                if self.state.dialect == Dialect::Bash { 1 } else { 2 }
            }
        }
    }
}

/// Whether it is `+N` or `-N`.
fn is_turn(word: &str) -> bool {
    let digits = word.strip_prefix(['+', '-']).unwrap_or("");
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// Which place `+N` or `-N` means among so many.
fn position(turn: &str, count: usize) -> Option<usize> {
    let number: usize = turn.get(1..)?.parse().ok()?;
    let at = if turn.starts_with('-') { count.checked_sub(number + 1)? } else { number };
    (at < count).then_some(at)
}
