//! Redirections, and writing to where descriptors lead.

use std::sync::Arc;

use super::expand::{Expander, Stop};
use super::frame::{Frame, Input, Target, Task};
use super::sockets::is_socket;
use super::{Io, Machine, Stdin};
use crate::cluster::Payload;
use crate::diagnostic::Span;
use crate::shell::files;
use crate::shell::syntax::{Command, CommandKind, Dialect, Redirect, RedirectTarget, Word};

/// A redirection whose words have been expanded.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    descriptor: u8,
    /// `{name}>`: the variable that gets the descriptor, or has it.
    variable: Option<String>,
    to: Destination,
}

/// What a descriptor becomes.
#[derive(Clone, Debug)]
enum Destination {
    Read(String),
    /// A file to read and to write, which is made if it is not there.
    ReadWrite(String),
    Write {
        path: String,
        append: bool,
    },
    /// A file that must not be there yet (`set -C`).
    Fresh(String),
    Both {
        path: String,
        append: bool,
    },
    Duplicate(String),
    Text(String),
    /// A word that is not one name.
    Ambiguous(Span),
    /// A connection, or what bash says of why there is none.
    Socket(Result<(), String>),
}

/// Expands the words of redirections.
pub(super) fn prepare(
    expander: &mut Expander<'_>,
    redirects: &[Redirect],
) -> Result<Vec<Ready>, Stop> {
    let mut all = Vec::new();
    for redirect in redirects {
        let to = match &redirect.target {
            RedirectTarget::Read(file) => match file_or_socket(expander, file)? {
                Ok(path) => Destination::Read(path),
                Err(socket) => socket,
            },
            RedirectTarget::ReadWrite(file) => match file_or_socket(expander, file)? {
                Ok(path) => Destination::ReadWrite(path),
                Err(socket) => socket,
            },
            RedirectTarget::Write { file, force } => match file_or_socket(expander, file)? {
                Ok(path) if expander.state.options.no_clobber && !force => Destination::Fresh(path),
                Ok(path) => Destination::Write { path, append: false },
                Err(socket) => socket,
            },
            RedirectTarget::Append(file) => match file_or_socket(expander, file)? {
                Ok(path) => Destination::Write { path, append: true },
                Err(socket) => socket,
            },
            RedirectTarget::Both { file, append } => {
                Destination::Both { path: expander.text(file)?, append: *append }
            }
            RedirectTarget::Duplicate(word) => {
                let text = expander.text(word)?;
                let bash = expander.state.dialect == Dialect::Bash;
                let number = text == "-" || text.bytes().all(|byte| byte.is_ascii_digit());
                // `>&$file` is `&>$file`.
                match number || redirect.descriptor != 1 || word.bare().is_some() {
                    true if bash && text.is_empty() => Destination::Ambiguous(word.span),
                    true => Destination::Duplicate(text),
                    false => Destination::Both { path: text, append: false },
                }
            }
            RedirectTarget::Text { text, newline } => {
                let end = if *newline { "\n" } else { "" };
                Destination::Text(expander.text(text)? + end)
            }
        };
        let (descriptor, variable) = (redirect.descriptor, redirect.variable.clone());
        all.push(Ready { descriptor, variable, to });
    }
    Ok(all)
}

/// The file that a word names, or else the connection.
fn file_or_socket(
    expander: &mut Expander<'_>,
    word: &Word,
) -> Result<Result<String, Destination>, Stop> {
    if expander.state.dialect != Dialect::Bash {
        return Ok(Ok(expander.text(word)?));
    }
    // bash splits the word and looks for files: what is then not one name says nothing.
    let mut fields = expander.fields(std::slice::from_ref(word))?;
    let (Some(path), true) = (fields.pop(), fields.is_empty()) else {
        return Ok(Err(Destination::Ambiguous(word.span)));
    };
    if !is_socket(&path) {
        return Ok(Ok(path));
    }
    let told = expander.dial(&path)?;
    let made = if told.is_empty() { Ok(()) } else { Err(told) };
    Ok(Err(Destination::Socket(made)))
}

impl Machine {
    /// Expands a compound command's redirections, carries them out, and begins the command.
    pub(super) fn redirected(
        &mut self,
        io: &mut Io<'_>,
        command: &Arc<Command>,
        outputs: &[String],
    ) -> Result<(), Stop> {
        let ready =
            self.expansion(io, outputs, |expander| prepare(expander, &command.redirects))?;
        self.write_processes(io)?;
        if self.redirect(io, &ready, true) {
            self.push_expand(match command.kind {
                CommandKind::Simple { .. } => {
                    let bare = Command { redirects: Vec::new(), ..(**command).clone() };
                    Task::Simple(Arc::new(bare))
                }
                _ => Task::Begin(command.clone()),
            });
        } else {
            self.state.status = self.state.failed_redirection();
        }
        Ok(())
    }

    /// Carries redirections out; `restore` leaves a frame that undoes them. Whether all could be.
    pub(super) fn redirect(&mut self, io: &mut Io<'_>, redirects: &[Ready], restore: bool) -> bool {
        if redirects.is_empty() {
            return true;
        }
        let before =
            Frame::Restore { descriptors: self.descriptors.clone(), inputs: self.inputs.len() };
        let saved = self.descriptors.clone();
        let mut opened: Vec<(String, usize)> = Vec::new();
        for redirect in redirects {
            if let Err(message) = self.redirect_one(io, redirect) {
                // It is said where standard error leads by now.
                self.write_error(io, &message);
                self.descriptors = saved;
                return false;
            }
            let full = |path| files::absolute(&self.state.place, &self.state.directory, path);
            match &redirect.to {
                Destination::Read(path) => {
                    opened.extend(self.inputs.len().checked_sub(1).map(|at| (full(path), at)));
                }
                // `cat < file > file` empties the file before anything is read.
                Destination::Write { path, append: false }
                | Destination::Both { path, append: false } => {
                    let path = full(path);
                    for (_, at) in opened.iter().filter(|(read, _)| *read == path) {
                        self.inputs[*at].bytes.clear();
                    }
                }
                _ => {}
            }
        }
        if restore {
            self.stack.push(before);
        }
        true
    }

    /// The descriptor that is meant: with `{name}` a new one, from 10 on, which the variable gets.
    fn descriptor(&mut self, redirect: &Ready) -> Result<u8, String> {
        let Some(name) = &redirect.variable else { return Ok(redirect.descriptor) };
        if matches!(&redirect.to, Destination::Duplicate(from) if from == "-") {
            let known = self.state.get(name).and_then(|text| text.parse().ok());
            return known
                .ok_or_else(|| format!("{}{name}: Bad file descriptor", self.state.prefix()));
        }
        let others = &self.descriptors.others;
        let taken = |number: &u8| others.get(number).is_some_and(|one| *one != Target::Closed);
        let free = (10..=u8::MAX).find(|number| !taken(number));
        let free = free.ok_or_else(|| format!("{}Too many open files", self.state.prefix()))?;
        self.state.set(name, free.to_string())?;
        Ok(free)
    }

    /// A text that is read from a descriptor.
    fn reads(&mut self, descriptor: u8, content: Stdin) {
        self.inputs.push(content);
        let index = self.inputs.len() - 1;
        match descriptor {
            0 => self.descriptors.input = Input::Text(index),
            other => self.descriptors.set(other, Target::Reads(index)),
        }
    }

    fn redirect_one(&mut self, io: &mut Io<'_>, redirect: &Ready) -> Result<(), String> {
        let descriptor = self.descriptor(redirect)?;
        match &redirect.to {
            Destination::Read(path) => self.read_from(io, descriptor, path),
            Destination::ReadWrite(path) => self.read_and_write(io, descriptor, path),
            Destination::Text(text) => {
                // A here-document comes through a pipe.
                self.reads(descriptor, Stdin::of(text.as_bytes()));
                Ok(())
            }
            Destination::Fresh(path) => {
                let full = files::absolute(&self.state.place, &self.state.directory, path);
                if self.files_of(io).is_file(&full) && !files::is_device(&full) {
                    let prefix = self.state.prefix();
                    return Err(match self.state.dialect {
                        Dialect::Bash => format!("{prefix}{path}: cannot overwrite existing file"),
                        Dialect::Dash => format!("{prefix}cannot create {path}: File exists"),
                        Dialect::Ash => format!("{prefix}can't create {path}: File exists"),
                    });
                }
                let target = self.open(io, path, false)?;
                self.descriptors.set(descriptor, target);
                Ok(())
            }
            Destination::Write { path, append } => {
                let target = self.open(io, path, *append)?;
                self.descriptors.set(descriptor, target);
                Ok(())
            }
            Destination::Both { path, append } => {
                let target = self.open(io, path, *append)?;
                self.descriptors.set(1, target.clone());
                self.descriptors.set(2, target);
                Ok(())
            }
            Destination::Duplicate(from) => self.duplicate(descriptor, from),
            Destination::Ambiguous(span) => {
                let text = self.source_of(*span);
                Err(format!("{}{text}: ambiguous redirect", self.state.prefix()))
            }
            Destination::Socket(made) => {
                made.clone()?;
                self.connect(io, descriptor);
                Ok(())
            }
        }
    }

    fn duplicate(&mut self, descriptor: u8, from: &str) -> Result<(), String> {
        if from == "-" {
            match descriptor {
                0 => self.descriptors.input = Input::Null,
                1 | 2 => self.descriptors.set(descriptor, Target::Closed),
                other => drop(self.descriptors.others.remove(&other)),
            }
            return Ok(());
        }
        let number: Option<u8> = from.parse().ok();
        let target = number.and_then(|number| self.descriptors.get(number));
        if let (0, Some(Target::Socket(_, input) | Target::Reads(input))) = (descriptor, target) {
            self.descriptors.input = Input::Text(*input);
            return Ok(());
        }
        let unknown =
            number.is_some_and(|number| number > 2 && self.descriptors.get(number).is_none());
        if (descriptor == 0 || number == Some(0)) && !unknown {
            return Ok(());
        }
        match number.and_then(|number| self.descriptors.get(number)).cloned() {
            Some(target) => {
                self.descriptors.set(descriptor, target);
                Ok(())
            }
            None if number.is_none() => {
                Err(format!("{}{from}: ambiguous redirect", self.state.prefix()))
            }
            None => Err(format!("{}{from}: Bad file descriptor", self.state.prefix())),
        }
    }

    fn read_from(&mut self, io: &Io<'_>, descriptor: u8, path: &str) -> Result<(), String> {
        match path {
            "/dev/null" if descriptor == 0 => self.descriptors.input = Input::Null,
            "/dev/stdin" => {}
            _ => {
                let full = files::absolute(&self.state.place, &self.state.directory, path);
                let content = self.files_of(io).read(&full);
                let content = content.map_err(|why| self.state.cannot_open(path, &why, false))?;
                let regular = !files::is_device(&full);
                self.reads(descriptor, Stdin { regular, ..Stdin::of(content) });
            }
        }
        Ok(())
    }

    /// `<>`: a file that holds something is read from its beginning; one that holds nothing is written.
    fn read_and_write(
        &mut self,
        io: &mut Io<'_>,
        descriptor: u8,
        path: &str,
    ) -> Result<(), String> {
        let full = files::absolute(&self.state.place, &self.state.directory, path);
        let held = self.files_of(io).read(&full).is_ok_and(|content| !content.is_empty());
        if held || descriptor == 0 && self.files_of(io).is_file(&full) {
            return self.read_from(io, descriptor, path);
        }
        let target = self.open(io, path, true)?;
        match descriptor {
            0 => self.read_from(io, descriptor, path)?,
            other => self.descriptors.set(other, target),
        }
        Ok(())
    }

    fn open(&mut self, io: &mut Io<'_>, path: &str, append: bool) -> Result<Target, String> {
        match path {
            "/dev/null" => return Ok(Target::Null),
            "/dev/full" => return Ok(Target::Full),
            "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => {
                return Ok(self.descriptors.output.clone());
            }
            "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => {
                return Ok(self.descriptors.error.clone());
            }
            "/dev/tty" => return Ok(Target::Output),
            _ => {}
        }
        let full = files::absolute(&self.state.place, &self.state.directory, path);
        let place = self.state.place.clone();
        if path.is_empty() || path.ends_with('/') {
            let why = if path.is_empty() { "No such file or directory" } else { "Is a directory" };
            return Err(self.state.cannot_open(path, why, true));
        }
        // open(2) asks for permission to write, also where something is only appended.
        let before = match append {
            true => self.files_of(io).read(&full).unwrap_or_default(),
            false => Vec::new(),
        };
        let fresh = !self.files_of(io).is_file(&full);
        if !append || !before.is_empty() || fresh {
            files::write(io.cluster, &place, io.files, &full, &before)
                .map_err(|why| self.state.cannot_open(path, &why, true))?;
            let mode = 0o666 & !self.state.umask;
            if fresh && self.state.umask != files::USUAL_UMASK {
                let full = io.cluster.follow(&place, &full, true).into_owned();
                io.cluster.change_attributes(&place, &full, |new| new.mode = Some(mode));
            }
        }
        Ok(Target::File(full.into()))
    }

    /// Writes to a descriptor.
    pub(super) fn put(&mut self, io: &mut Io<'_>, descriptor: u8, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if descriptor == 2 {
            self.hear(bytes);
        }
        match self.descriptors.get(descriptor).cloned() {
            Some(Target::Output) => io.stdout.extend_from_slice(bytes),
            Some(Target::Error) => io.put_error(bytes),
            Some(Target::File(path)) => {
                let mut content = self.files_of(io).read(&path).unwrap_or_default();
                content.extend_from_slice(bytes);
                io.budget.keep(content.len());
                let place = self.state.place.clone();
                if let Err(why) = files::write(io.cluster, &place, io.files, &path, &content) {
                    io.write_error(format!("{}write error: {why}", self.state.prefix()));
                }
            }
            Some(Target::Socket(connection, input)) => {
                self.send(io, &connection, input, Payload::Bytes(bytes.to_vec()));
            }
            Some(Target::Above(number)) => self.above.push((number, bytes.to_vec())),
            Some(Target::Full | Target::Closed) => self.unwritten = true,
            Some(Target::Null | Target::Reads(_)) | None => {}
        }
    }

    /// Prints a line on the shell's standard output.
    pub(super) fn say(&mut self, io: &mut Io<'_>, line: &str) {
        self.put(io, 1, format!("{line}\n").as_bytes());
    }

    /// Prints a line on the shell's standard error.
    pub(super) fn write_error(&mut self, io: &mut Io<'_>, line: &str) {
        self.put(io, 2, format!("{line}\n").as_bytes());
    }
}
