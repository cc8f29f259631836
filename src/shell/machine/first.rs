//! The substitutions that a command runs whatever its words come to.
//!
//! An expansion stops at a substitution that has not run, and begins again when its output is there. A
//! command with thousands of them would go over its words thousands of times; so those that nothing
//! before them can keep from running are run first, in their order.

use std::sync::Arc;

use super::state::ShellState;
use crate::shell::syntax::{Command, CommandKind, List, Operation, Part};

/// The substitutions of a simple command from the first one on, up to where a word could fail or decide
/// whether the next one runs.
pub(super) fn first_substitutions(command: &Command, state: &ShellState) -> Vec<Arc<List>> {
    let mut found = Vec::new();
    let CommandKind::Simple { assignments, words, arrays } = &command.kind else { return found };
    // What is unset is an error there.
    if state.options.no_unset {
        return found;
    }
    if !words.iter().all(|word| collect(&word.parts, &mut found)) || !command.redirects.is_empty() {
        return found;
    }
    // What one assignment sets the next one's substitutions know.
    if let Some(first) = assignments.first().filter(|_| arrays.is_empty())
        && first.elements.is_none()
        && first.index.is_none()
    {
        collect(&first.value.parts, &mut found);
    }
    found
}

/// Adds the substitutions of a word, and says whether those behind it are certain, too.
fn collect(parts: &[Part], found: &mut Vec<Arc<List>>) -> bool {
    parts.iter().all(|part| match part {
        Part::Bare(_) | Part::Quoted(_) | Part::Consumer(_) => true,
        Part::Double(inner) => collect(inner, found),
        Part::Parameter(parameter) => {
            parameter.index.is_none()
                && !parameter.indirect
                && match &parameter.operation {
                    Operation::Value | Operation::Length | Operation::Show(_) => true,
                    Operation::TrimStart { pattern, .. } | Operation::TrimEnd { pattern, .. } => {
                        is_text(&pattern.parts)
                    }
                    Operation::Replace { pattern, text, .. } => {
                        is_text(&pattern.parts) && is_text(&text.parts)
                    }
                    _ => false,
                }
        }
        Part::Substitution(list) | Part::Process(list) => {
            let certain = !reads_file(list);
            if certain {
                found.push(list.clone());
            }
            certain
        }
        Part::Arithmetic(_) => false,
    })
}

/// Whether parts are no more than text.
fn is_text(parts: &[Part]) -> bool {
    parts.iter().all(|part| match part {
        Part::Bare(_) | Part::Quoted(_) => true,
        Part::Double(inner) => is_text(inner),
        _ => false,
    })
}

/// Whether it may be `$(<file)`, which bash runs no commands for.
fn reads_file(list: &List) -> bool {
    list.items.iter().flat_map(|item| &item.pipelines).flat_map(|(_, one)| &one.commands).any(
        |command| match &command.kind {
            CommandKind::Simple { assignments, words, .. } => {
                assignments.is_empty() && words.is_empty()
            }
            _ => false,
        },
    )
}
