//! What a level may ask for: bounds of nodes, events, requests, simulated time and bytes, so that
//! reading, proving and playing any level ends.

use std::time::Duration;

use super::Source;
use crate::diagnostic::Diagnostic;
use crate::shell::Files;

/// A number that a level gives, and what it may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// What is counted: `nodes of the cluster`.
    pub what: &'static str,
    /// The least.
    pub least: u64,
    /// The most.
    pub most: u64,
}

const fn bound(what: &'static str, least: u64, most: u64) -> Bound {
    Bound { what, least, most }
}

/// `cluster.nodes`
pub(super) const NODES: Bound = bound("nodes of the cluster", 1, 100);
/// `cluster.zones`
pub(super) const ZONES: Bound = bound("zones of the cluster", 0, 100);
/// `events[].times`, and how often all of a level's events happen.
pub(super) const OCCURRENCES: Bound = bound("occurrences of events", 1, 1_000);
/// `goals[].repeat`, and how many requests all of a level's goals make.
pub(super) const REQUESTS: Bound = bound("requests of goals", 1, 1_000);
/// `goals[].repeat.spread`
pub(super) const SPREAD: Bound = bound("pods that serve a goal", 0, 100);
/// `difficulty`
pub(super) const DIFFICULTY: Bound = bound("the level's difficulty", 1, 5);
/// Choices of a prediction or a question.
pub(super) const CHOICES: Bound = bound("choices", 2, 5);
/// Goals, events, claims, hints: how many of each.
pub(super) const ENTRIES: Bound = bound("entries", 0, 100);
/// Levels of a pack.
pub(super) const LEVELS: Bound = bound("levels of the pack", 0, 500);
/// Bytes of one file.
const FILE: Bound = bound("bytes of a file", 0, 1 << 20);
/// Bytes of all files.
const PACK: Bound = bound("bytes of the pack", 0, 64 << 20);

/// The longest delay that a level may give, and the longest time that an event or a goal may span.
const SPAN: Duration = Duration::from_secs(3_600);

/// Checks what one file gives against bounds; what is beyond goes to `errors` with its line.
pub(super) struct Bounds<'a> {
    pub source: &'a Source,
    pub errors: &'a mut Vec<Diagnostic>,
}

impl Bounds<'_> {
    /// The number at `path`, within its bound.
    pub fn number(&mut self, path: &str, value: u64, bound: Bound) -> u32 {
        if value < bound.least || value > bound.most {
            let Bound { what, least, most } = bound;
            self.error(
                path,
                format!("{value} is out of the bound of {what}: {least} to {most}"),
                format!("give a number from {least} to {most}"),
            );
        }
        u32::try_from(value.clamp(bound.least, bound.most)).unwrap_or(u32::MAX)
    }

    /// The length of the list at `path`, within its bound.
    pub fn length(&mut self, path: &str, length: usize, bound: Bound) {
        if length as u64 > bound.most {
            let Bound { what, most, .. } = bound;
            self.error(
                path,
                format!("{length} is out of the bound of {what}: {most} at most"),
                format!("leave {most} at most"),
            );
        }
    }

    /// A time that begins with `path`: a delay, and `times` intervals after it.
    pub fn time(&mut self, path: &str, delay: Duration, every: Duration, times: u32) -> Duration {
        let spanned = every.checked_mul(times.saturating_sub(1)).and_then(|t| t.checked_add(delay));
        if spanned.is_none_or(|spanned| spanned > SPAN) {
            let most = SPAN.as_secs();
            self.error(
                path,
                format!("it spans {} s, out of the bound of simulated time: {most} s", {
                    spanned.map_or_else(|| "too many".to_owned(), |time| time.as_secs().to_string())
                }),
                format!("let it end within {most} s of the first apply"),
            );
            return SPAN;
        }
        delay
    }

    /// One more error, at `path`.
    pub fn error(&mut self, path: &str, message: String, help: impl Into<String>) {
        self.errors.push(self.source.error(path, message).help(help));
    }
}

/// Files that are longer than what is read.
pub(super) fn bytes(files: &Files, errors: &mut Vec<Diagnostic>) {
    for (path, content) in files {
        if content.len() as u64 > FILE.most {
            let message =
                format!("{} is out of the bound of {}: {}", content.len(), FILE.what, FILE.most);
            let error = Diagnostic::error(message).in_file(path.as_str());
            errors.push(error.help("levels are made of small files; cut it down"));
        }
    }
    let all: usize = files.values().map(Vec::len).sum();
    if all as u64 > PACK.most {
        let message = format!("{all} is out of the bound of {}: {}", PACK.what, PACK.most);
        let error = Diagnostic::error(message).in_file("pack.yaml");
        errors.push(error.help("remove files that no level needs"));
    }
}
