//! Filters: commands that read files, or standard input, line by line.
//!
//! A filter prints what it has as soon as it has it, so that `kubectl logs -f web | grep error`
//! shows each line when it comes.

use crate::cluster::Flavour;
use crate::shell::commands;
use crate::shell::commands::quoting::Quoting;
use crate::shell::{Io, Read, Stdin, Step, Tool};

/// What a filter does with its lines.
pub(in crate::shell::commands) trait Filter:
    Clone + Send + Sync + 'static
{
    /// The tool that it is.
    fn tool(&self) -> &'static str;

    /// A file begins, or (`-`) standard input.
    fn file(&mut self, name: &str, io: &mut Io<'_>) {
        let _ = (name, io);
    }

    /// What ends a line.
    fn end_of_line(&self) -> u8 {
        b'\n'
    }

    /// A line, without its newline. `Some` ends the command with this exit code.
    fn line(&mut self, line: &str, io: &mut Io<'_>) -> Option<i32>;

    /// A file has come to its end.
    fn file_end(&mut self, io: &mut Io<'_>) {
        let _ = io;
    }

    /// There are no more lines; `failed` when a file could not be read. The exit code.
    fn end(&mut self, io: &mut Io<'_>, failed: bool) -> i32;

    /// The exit code when a file is missing; what has been read before stays.
    fn missing(&self, io: &mut Io<'_>, file: &str, why: &str);
}

/// A filter at work.
#[derive(Clone)]
pub(in crate::shell::commands) struct Filtering<F> {
    filter: F,
    files: std::collections::VecDeque<String>,
    /// The file that is being read; standard input when `None`.
    current: Option<Current>,
    failed: bool,
}

#[derive(Clone)]
enum Current {
    Standard,
    Text(Stdin),
}

/// A filter over `files`, or over standard input when there are none.
pub(in crate::shell::commands) fn filter<F: Filter>(
    filter: F,
    files: Vec<String>,
) -> Box<dyn Tool> {
    let files = if files.is_empty() { vec!["-".to_owned()] } else { files };
    Box::new(Filtering { filter, files: files.into(), current: None, failed: false })
}

impl<F: Filter> Filtering<F> {
    /// Opens the next file. Whether there is one.
    fn open(&mut self, io: &mut Io<'_>) -> bool {
        while let Some(name) = self.files.pop_front() {
            if name == "-" || name == "/dev/stdin" {
                self.filter.file("-", io);
                self.current = Some(Current::Standard);
                return true;
            }
            let content = match is_empty_to(io, self.filter.tool(), &name) {
                true => Ok(Vec::new()),
                false => io.read_file(&name),
            };
            match content {
                Ok(bytes) => {
                    self.filter.file(&name, io);
                    self.current = Some(Current::Text(Stdin::of(bytes)));
                    return true;
                }
                Err(why) => {
                    self.failed = true;
                    self.filter.missing(io, &name, &why);
                }
            }
        }
        false
    }
}

impl<F: Filter> Tool for Filtering<F> {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            if self.current.is_none() && !self.open(io) {
                return Step::Exit(self.filter.end(io, self.failed));
            }
            let read = match &mut self.current {
                None => continue,
                Some(Current::Standard) => io.stdin.read_to(self.filter.end_of_line()),
                Some(Current::Text(text)) => text.read_to(self.filter.end_of_line()),
            };
            match read {
                Read::Line(line) => {
                    if let Some(status) = self.filter.line(&line, io) {
                        return Step::Exit(status);
                    }
                }
                Read::Wait => return Step::Input,
                Read::End => {
                    self.filter.file_end(io);
                    self.current = None;
                }
            }
        }
    }
}

/// BusyBox' filters read lines by `fgets`, to which a folder is a file without any.
pub(in crate::shell::commands) fn is_empty_to(io: &Io<'_>, tool: &str, file: &str) -> bool {
    let asks = matches!(tool, "cat" | "head" | "tail" | "wc");
    !asks && !commands::is_gnu(io) && io.is_directory(file)
}

/// `cat: x: No such file or directory`, or BusyBox' wording of it.
pub(in crate::shell::commands) fn cannot_open(io: &mut Io<'_>, tool: &str, file: &str, why: &str) {
    let flavour = io.cluster.flavour(io.place);
    // gnulib's `quotef` and `quoteaf`: a name that a shell would read otherwise is written as it would read it.
    let plain = Quoting::Shell { always: file.is_empty(), escapes: true }.of(file);
    let quoted = Quoting::Shell { always: true, escapes: true }.of(file);
    let message = match (flavour, tool) {
        (_, "grep") => format!("grep: {file}: {why}"),
        (Flavour::BusyBox, "sed" | "awk") => format!("{tool}: {file}: {why}"),
        (Flavour::BusyBox, "head") if why == "Is a directory" => {
            format!("head: {file}: Input/output error")
        }
        (Flavour::BusyBox, "tail") if why == "Is a directory" => format!("tail: read error: {why}"),
        (Flavour::BusyBox, "head" | "wc" | "sort" | "uniq" | "cut" | "nl" | "rev" | "shuf") => {
            format!("{tool}: {file}: {why}")
        }
        (Flavour::BusyBox, "fold" | "expand" | "unexpand") => format!("{tool}: {file}: {why}"),
        (Flavour::BusyBox, "cat") if why == "Is a directory" => format!("cat: read error: {why}"),
        (Flavour::BusyBox, "tac" | "paste") => format!("{tool}: {file}: {why}"),
        (Flavour::BusyBox, _) => format!("{tool}: can't open '{file}': {why}"),
        (Flavour::Gnu, "head" | "tail") if why == "Is a directory" => {
            format!("{tool}: error reading {quoted}: {why}")
        }
        (Flavour::Gnu, "tac") => format!("tac: failed to open {quoted} for reading: {why}"),
        (Flavour::Gnu, "rev") => format!("rev: cannot open {file}: {why}"),
        (Flavour::Gnu, "head" | "tail" | "fmt") => {
            format!("{tool}: cannot open {quoted} for reading: {why}")
        }
        (Flavour::Gnu, "sort") => format!("sort: cannot read: {plain}: {why}"),
        (Flavour::Gnu, "sed") => format!("sed: can't read {file}: {why}"),
        (Flavour::Gnu, "awk") => {
            format!("awk: warning: command line argument `{file}': {why}")
        }
        (Flavour::Gnu, _) => format!("{tool}: {plain}: {why}"),
    };
    io.write_error(message);
}

/// All of `files` (or of standard input) as text. `None` while standard input is not at its end;
/// files that can't be read are complained about, and counted in the second value.
pub(in crate::shell::commands) fn whole(
    io: &mut Io<'_>,
    tool: &str,
    files: &[String],
) -> Option<(Vec<(String, String)>, bool)> {
    let standard = ["-".to_owned()];
    let files = if files.is_empty() { &standard } else { files };
    let reads_standard = files.iter().any(|file| file == "-");
    if reads_standard && !io.stdin.ended() {
        return None;
    }
    let (mut all, mut failed) = (Vec::new(), false);
    for file in files {
        let content = match file.as_str() {
            "-" => Ok(io.read_all().unwrap_or_default()),
            _ if is_empty_to(io, tool, file) => Ok(Vec::new()),
            _ => io.read_file(file),
        };
        match content {
            Ok(bytes) => all.push((file.clone(), String::from_utf8_lossy(&bytes).into_owned())),
            Err(why) => {
                failed = true;
                cannot_open(io, tool, file, &why);
            }
        }
    }
    Some((all, failed))
}
