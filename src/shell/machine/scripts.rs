//! Texts that become commands: scripts, files, lines of standard input, `eval`.

use std::sync::Arc;

use super::frame::{Frame, Source, Task};
use super::{Io, Machine, Step, Turn, files_view};
use crate::cluster::Did;
use crate::diagnostic::Span;
use crate::shell::syntax::{self, Command, CommandKind, Dialect, Mark, Reading, SyntaxError, Word};
use crate::shell::{Read, files};

/// How much more it costs to read a byte of a script than to keep it.
const READ: usize = 16;

/// How many lines of standard input are counted.
const COUNTED: usize = 1_000;

impl Machine {
    /// Runs `text` next.
    pub fn run_text(&mut self, text: &str) {
        self.stack.push(Frame::Script { text: text.into(), at: Mark::START, source: Source::Main });
    }

    /// Runs a command next whose words have been told apart already.
    pub fn run_words(&mut self, words: &[String]) {
        self.runs_words = true;
        let words = words.iter().map(|word| Word::text(word.as_str())).collect();
        let kind = CommandKind::Simple { assignments: Vec::new(), words, arrays: Vec::new() };
        let command = Command { kind, redirects: Vec::new(), line: 1, text: "".into() };
        self.push_expand(Task::Simple(Arc::new(command)));
    }

    /// Checks a text that was typed: what is wrong with it, if anything.
    pub fn check(&self, text: &str) -> Option<SyntaxError> {
        self.first_fault(text).map(|(_, error)| error)
    }

    /// Where the first command of a text begins that cannot be read, and what is wrong with it.
    pub fn first_fault(&self, text: &str) -> Option<(Mark, SyntaxError)> {
        let mut at = Mark::START;
        loop {
            match syntax::parse(text, at, self.reading(true)) {
                Ok(Some(parsed)) if parsed.end.at > at.at => at = parsed.end,
                Ok(_) => return None,
                Err(error) => return Some((at, error)),
            }
        }
    }

    pub(super) fn reading(&self, interactive: bool) -> Reading<'_> {
        let (dialect, aliases) = (self.state.dialect, self.state.used_aliases());
        let groups = dialect == Dialect::Bash && self.state.shopt("extglob");
        Reading { dialect, aliases, interactive, groups }
    }

    /// What is printed for a syntax error in `text`.
    pub fn syntax_message(&self, text: &str, error: &SyntaxError) -> String {
        let span = Span::new(error.span.start.min(text.len()), error.span.end);
        let line = span.position(text).line;
        let shown =
            !self.state.interactive && (self.state.dialect != Dialect::Ash || self.state.from_file);
        let source = shown.then_some(text);
        let name = match self.state.command_string && self.state.dialect == Dialect::Bash {
            true => format!("{}: -c", self.state.name),
            false => self.state.name.clone(),
        };
        error.message(self.state.dialect, &name, line, source)
    }

    pub(super) fn script(&mut self, io: &mut Io<'_>, text: Arc<str>, at: Mark, source: Source) {
        match syntax::parse(&text, at, self.reading(false)) {
            Ok(None) => {}
            Ok(Some(parsed)) => {
                io.budget.keep(parsed.end.at.saturating_sub(at.at) * READ);
                if self.state.options.verbose {
                    let read = text.get(at.at..parsed.end.at).unwrap_or("").trim_end_matches('\n');
                    let read = read.to_owned();
                    self.write_error(io, &read);
                }
                for (line, delimiter) in &parsed.cut {
                    let last = text.lines().count();
                    let what = format!("here-document at line {line} delimited by end-of-file");
                    let name = &self.state.name;
                    let told =
                        format!("{name}: line {last}: warning: {what} (wanted `{delimiter}')");
                    self.write_error(io, &told);
                }
                if parsed.end.at > at.at {
                    self.stack.push(Frame::Script { text, at: parsed.end, source });
                }
                self.push_list(parsed.list);
            }
            Err(error) => {
                io.budget.keep(text.len().saturating_sub(at.at) * READ);
                let message = match (source, self.state.dialect) {
                    (Source::Eval, Dialect::Bash) if !self.state.interactive => {
                        let name = format!("{}: eval", self.state.name);
                        let span = Span::new(error.span.start.min(text.len()), error.span.end);
                        error.message(Dialect::Bash, &name, span.position(&text).line, Some(&text))
                    }
                    (Source::Eval, Dialect::Ash) => {
                        format!("{}{}", self.state.builtin("eval"), error.why(Dialect::Ash))
                    }
                    (Source::Eval, Dialect::Dash) => {
                        format!("{}{}", self.state.builtin("eval"), error.why(Dialect::Dash))
                    }
                    (Source::File, Dialect::Bash) if !self.state.interactive => {
                        let file = self.state.file();
                        error.message(Dialect::Bash, &file, error.line(&text), Some(&text))
                    }
                    _ => self.syntax_message(&text, &error),
                };
                if error.fault != syntax::Fault::Condition("") {
                    self.note_stopped(io, error.line(&text), error.why(self.state.dialect));
                    self.write_error(io, &message);
                }
                // bash ends with 0 where a condition is none.
                let condition = matches!(error.fault, syntax::Fault::Condition(_));
                self.state.status = match error.fault {
                    _ if condition && source == Source::Main => 0,
                    syntax::Fault::Elements(_) => 1,
                    _ => 2,
                };
                if self.goes_on_after(&text, &error, source) {
                    return;
                }
                match (source, self.state.dialect) {
                    (Source::Main, _) => {}
                    // bash goes on after an `eval` of what is no command.
                    (_, Dialect::Bash) => {}
                    _ => self.fail_hard(2),
                }
            }
        }
    }

    /// What is wrong in the list of an array ends that line alone: the script goes on with the next. Whether
    /// that is what is wrong.
    fn goes_on_after(&mut self, text: &Arc<str>, error: &SyntaxError, source: Source) -> bool {
        let listed = matches!(error.fault, syntax::Fault::Elements(_));
        if !listed || error.is_incomplete() {
            return false;
        }
        let from = error.span.start.min(text.len());
        if let Some(next) = text.get(from..).and_then(|rest| rest.find('\n')) {
            let at = from + next + 1;
            let at = Mark { at, line: Span::new(at, at).position(text).line };
            self.stack.push(Frame::Script { text: text.clone(), at, source });
        }
        true
    }

    /// Notes that the script cannot be read or expanded at one of its lines.
    pub(super) fn note_stopped(&self, io: &mut Io<'_>, line: u32, why: String) {
        if self.state.interactive {
            return;
        }
        let script = self.state.from_file.then(|| self.state.name.as_str().into());
        io.cluster.note(&self.state.place, Did::ScriptStopped { script, line, why });
    }

    /// The text of a command of the script that runs now; nothing of a function's.
    pub(super) fn source_of(&self, span: Span) -> String {
        let text = self.stack.iter().rev().find_map(|frame| match frame {
            Frame::Script { text, .. } => Some(text),
            _ => None,
        });
        let text = text.filter(|_| !self.state.in_function());
        let part = text.and_then(|text| text.get(span.start..span.end)).unwrap_or("");
        part.trim().trim_end_matches('&').trim_end().to_owned()
    }

    pub(super) fn script_file(&mut self, io: &mut Io<'_>, path: &str) {
        let full = files::absolute(&self.state.place, &self.state.directory, path);
        let view = files_view(io, &self.state.place);
        match view.read(&full) {
            Ok(bytes) => self.run_text(&String::from_utf8_lossy(&bytes)),
            Err(why) if why == "Is a directory" && self.state.dialect == Dialect::Bash => {
                self.write_error(io, &format!("{path}: {path}: {why}"));
                self.state.status = 126;
            }
            Err(why) => {
                let message = match self.state.dialect {
                    Dialect::Bash => format!("bash: {path}: {why}"),
                    Dialect::Dash => format!("sh: 0: cannot open {path}: No such file"),
                    Dialect::Ash => format!("sh: can't open '{path}': {why}"),
                };
                self.write_error(io, &message);
                self.state.status = if self.state.dialect == Dialect::Bash { 127 } else { 2 };
            }
        }
    }

    /// Runs what standard input says, a complete command at a time.
    pub(super) fn lines(&mut self, io: &mut Io<'_>, mut pending: String, before: usize) -> Turn {
        // Lines are counted from the beginning of what is read; what goes on for ever is not counted on.
        let placed = |text: &str| format!("{}{text}", "\n".repeat(before.min(COUNTED)));
        match self.read_reply(io) {
            Read::Line(line) => {
                pending += &line;
                pending.push('\n');
                if self.check(&pending).is_some_and(|error| error.is_incomplete()) {
                    self.stack.push(Frame::Lines { pending, before });
                } else {
                    let before = before + pending.lines().count();
                    self.stack.push(Frame::Lines { pending: String::new(), before });
                    self.run_text(&placed(&pending));
                }
            }
            Read::Wait => {
                self.stack.push(Frame::Lines { pending, before });
                return Turn::Wait(Step::Input);
            }
            Read::End if pending.is_empty() => {}
            Read::End => self.run_text(&placed(&pending)),
        }
        Turn::Go
    }

    pub(super) fn eval(&mut self, text: &str) {
        // Its lines go on from the command's.
        let line = if self.state.dialect == Dialect::Bash { self.state.line } else { 1 };
        let at = Mark { line, ..Mark::START };
        self.stack.push(Frame::Script { text: text.into(), at, source: Source::Eval });
    }
}
