//! `set -x`, and the commands that a shell is in: `$BASH_COMMAND`, `caller`.
//!
//! The rules are those of bash's `print_cmd.c`: what stands before a line (`PS4`, its first letter once
//! more for every substitution, `eval` and file that it is in), and which words are quoted.

use super::builtins::is_keyword;
use super::frame::{Frame, Source};
use super::quoted::{Assigned, traced};
use super::{Dialect, Io, Machine};
use crate::shell::syntax::{CommandKind, Word, in_single_quotes, read_quoted};

impl Machine {
    /// Shows a line of `set -x`, if that is on.
    pub(super) fn trace_line(&mut self, io: &mut Io<'_>, line: &str) {
        if !self.state.options.trace {
            return;
        }
        let mark = self.trace_mark(io);
        self.write_error(io, &format!("{mark}{line}"));
    }

    /// What stands before a line of `set -x`.
    fn trace_mark(&mut self, io: &mut Io<'_>) -> String {
        let Some(own) = self.state.get("PS4").map(str::to_owned) else {
            let bash = self.state.dialect == Dialect::Bash;
            return format!("{} ", "+".repeat(if bash { self.trace_depth() } else { 1 }));
        };
        let word =
            read_quoted(&own, self.reading(false)).unwrap_or_else(|| Word::text(own.clone()));
        // What would have to run commands first is shown as it stands.
        let text = self.expansion(io, &[], |expander| expander.text(&word)).unwrap_or(own);
        let Some(first) = text.chars().next() else { return text };
        if self.state.dialect != Dialect::Bash {
            return text;
        }
        let mut mark: String = std::iter::repeat_n(first, self.trace_depth() - 1).collect();
        mark += &text;
        mark
    }

    /// In how many texts within texts it is.
    fn trace_depth(&self) -> usize {
        let within = |frame: &&Frame| {
            matches!(frame, Frame::Script { source: Source::Eval | Source::File, .. })
        };
        self.state.substitutions as usize + self.stack.iter().filter(within).count() + 1
    }

    /// Shows a simple command: its assignments, each in a line of its own, and its words.
    pub(super) fn trace_simple(
        &mut self,
        io: &mut Io<'_>,
        assigned: &[Assigned],
        fields: &[String],
    ) {
        if !self.state.options.trace {
            return;
        }
        let dialect = self.state.dialect;
        let shown = |one: &Assigned| match one.written {
            true => format!("{}{}", one.head, one.value),
            false if one.value.is_empty() => one.head.clone(),
            false => format!("{}{}", one.head, traced(&one.value, dialect)),
        };
        let words = fields.iter().map(|field| {
            match dialect == Dialect::Ash && is_keyword(field, dialect) {
                true => in_single_quotes(field),
                false => traced(field, dialect),
            }
        });
        let words: Vec<String> = words.collect();
        if dialect != Dialect::Bash {
            let all: Vec<String> = assigned.iter().map(shown).chain(words).collect();
            return self.trace_line(io, &all.join(" "));
        }
        for one in assigned {
            self.trace_line(io, &shown(one));
        }
        if words.is_empty() {
            return;
        }
        self.trace_line(io, &words.join(" "));
        // These two assign by a way of their own, which is shown once more.
        if matches!(fields[0].as_str(), "export" | "readonly") {
            for (name, value) in fields[1..].iter().filter_map(|word| word.split_once('=')) {
                let value = if value.is_empty() { String::new() } else { traced(value, dialect) };
                self.trace_line(io, &format!("{name}={value}"));
            }
        }
    }

    /// Shows the head of a compound command.
    pub(super) fn trace_head(&mut self, io: &mut Io<'_>, kind: &CommandKind, text: &str) {
        if !self.state.options.trace || self.state.dialect != Dialect::Bash {
            return;
        }
        match kind {
            CommandKind::Case { .. } | CommandKind::For { .. } => self.trace_line(io, text),
            _ => {}
        }
    }

    /// Shows one of the three expressions of `for ((…))`.
    pub(super) fn trace_step(&mut self, io: &mut Io<'_>, text: &str, which: usize) {
        let step = text.splitn(3, ';').nth(which).unwrap_or("").trim();
        if self.state.options.trace {
            let step = if step.is_empty() { "1" } else { step };
            self.trace_line(io, &format!("(( {step} ))"));
        }
    }

    /// `caller`: who called the function.
    pub(super) fn caller(&mut self, io: &mut Io<'_>, arguments: &[String]) -> i32 {
        let (lines, names, files) =
            (self.state.call_lines.clone(), self.state.call_names(), self.state.sources());
        let Some(level) = arguments.first() else {
            let Some(line) = lines.first() else { return 1 };
            let file = files.get(1).map_or("NULL", String::as_str);
            self.say(io, &format!("{line} {file}"));
            return 0;
        };
        let Ok(level) = level.parse::<usize>() else {
            let told = format!("{}{level}: invalid number", self.state.builtin("caller"));
            self.write_error(io, &told);
            self.write_error(io, "caller: usage: caller [expr]");
            return 2;
        };
        match (lines.get(level), names.get(level + 1), files.get(level + 1)) {
            (Some(line), Some(name), Some(file)) => {
                self.say(io, &format!("{line} {name} {file}"));
                0
            }
            _ => 1,
        }
    }
}
