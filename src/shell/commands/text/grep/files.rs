//! `grep` before its files are known: `-f` reads patterns, `-r` finds files.

use super::arguments::{Asked, matchers};
use super::{Grep, Whole};
use crate::cluster::Flavour;
use crate::shell::commands::text::lines::filter;
use crate::shell::files::View;
use crate::shell::pattern::Pattern;
use crate::shell::{Io, Step, Tool};

/// `-r`, and which files it leaves out.
#[derive(Clone, Default)]
pub(super) struct Choice {
    pub recursive: bool,
    /// `-d skip`: folders that are named are passed over.
    pub skips: bool,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub exclude_dir: Vec<String>,
}

impl Choice {
    /// Whether a file below a folder is read.
    fn takes(&self, path: &str) -> bool {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let left_out = folders.split('/').any(|folder| fits(&self.exclude_dir, folder));
        !left_out && self.takes_name(path)
    }

    /// Whether a file is read by its own name.
    fn takes_name(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        !fits(&self.exclude, name) && (self.include.is_empty() || fits(&self.include, name))
    }
}

fn fits(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| Pattern::new(pattern).matches(name))
}

/// `grep` as it was called.
#[derive(Clone)]
pub(super) struct Start {
    pub grep: Grep,
    pub asked: Asked,
    pub choice: Choice,
    pub operands: Vec<String>,
    /// Whether `-H` asks for names.
    pub named: bool,
    /// Files of patterns.
    pub sources: Vec<String>,
    pub inner: Option<Box<dyn Tool>>,
}

impl Start {
    fn begin(&mut self, io: &mut Io<'_>) -> Result<Box<dyn Tool>, i32> {
        if self.choice.skips && !self.operands.is_empty() {
            self.operands.retain(|file| !io.is_directory(file));
            if self.operands.is_empty() {
                return Err(1);
            }
        }
        let mut texts = self.asked.texts.clone();
        for source in &self.sources {
            let read = match source.as_str() {
                "-" => Ok(io.read_all().unwrap_or_default()),
                file => io.read_file(file),
            };
            match read {
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    texts.extend(text.lines().map(str::to_owned));
                }
                Err(why) => {
                    io.write_error(format!("grep: {source}: {why}"));
                    return Err(2);
                }
            }
        }
        // GNU's says nothing where nothing can match.
        let grep = &self.grep;
        let all = texts.iter().all(String::is_empty) && matches!(grep.whole, Whole::Anything);
        let nothing = grep.most == Some(0) || grep.invert && all && texts.len() == 1;
        if grep.flavour == Flavour::Gnu && nothing && grep.list != Some(false) {
            return Err(1);
        }
        match matchers(&texts, &self.asked) {
            Ok((patterns, warnings)) => {
                for warning in warnings {
                    io.write_error(format!("grep: warning: {warning}"));
                }
                self.grep.patterns = patterns;
            }
            Err(message) => {
                io.write_error(message);
                return Err(2);
            }
        }
        // One file is not named, although -r would name those below a folder.
        if self.choice.recursive
            && let [only] = self.operands.as_slice()
            && !io.is_directory(only)
        {
            self.grep.names = self.named;
        }
        let files = self.files(io);
        if self.choice.recursive && self.operands.is_empty() && files == ["-"] {
            self.grep.names = self.named;
        }
        match files.is_empty() && (self.choice.recursive || !self.operands.is_empty()) {
            true => Err(1),
            false => Ok(filter(self.grep.clone(), files)),
        }
    }

    fn files(&self, io: &Io<'_>) -> Vec<String> {
        // Named files are left out by their names, too.
        let named = |file: &&String| *file == "-" || self.choice.takes_name(file);
        if !self.choice.recursive {
            return self.operands.iter().filter(named).cloned().collect();
        }
        let here = [String::new()];
        // BusyBox reads standard input where GNU takes the working folder.
        if self.operands.is_empty() && self.asked.flavour == Flavour::BusyBox {
            return vec!["-".to_owned()];
        }
        let folders = if self.operands.is_empty() { &here[..] } else { &self.operands };
        let mut files = Vec::new();
        for folder in folders {
            if !folder.is_empty() && !io.is_directory(folder) {
                files.extend(Some(folder).filter(named).cloned());
                continue;
            }
            let below = io.view().below(&io.absolute(folder));
            let names =
                below.into_iter().filter(|name| !View::is_mark(name) && self.choice.takes(name));
            files.extend(names.map(|name| match folder.as_str() {
                "" => name,
                folder => format!("{}/{name}", folder.trim_end_matches('/')),
            }));
        }
        files
    }
}

impl Tool for Start {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            if self.sources.iter().any(|source| source == "-") && !io.stdin.ended() {
                return Step::Input;
            }
            match self.begin(io) {
                Ok(inner) => self.inner = Some(inner),
                Err(status) => return Step::Exit(status),
            }
        }
        self.inner.as_mut().map_or(Step::Exit(1), |inner| inner.step(io))
    }
}
