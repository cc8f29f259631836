//! The terminal panel's memory: what was printed, what is being typed, what was typed before.

use std::sync::Arc;

use super::line::Line;
use crate::diagnostic::printable;
use crate::shared_map::SharedMap;
use crate::shell::Chunk;

/// How many lines can be scrolled back to.
const SCROLLBACK: usize = 5_000;
/// Bytes of them.
const SCROLLBACK_BYTES: usize = 8 << 20;
/// How many typed lines can be recalled, as in bash (`HISTSIZE` is 500 there).
const HISTORY: usize = 1_000;
/// Bytes of them.
const HISTORY_BYTES: usize = 1 << 20;
/// A longer line is folded: nobody reads it, and drawing it costs.
const LONGEST_LINE: usize = 4_096;

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Typed by the player, with its prompt.
    Typed,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
    /// The game itself: what happened in the cluster.
    Note,
}

/// A line on the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Where it comes from.
    pub origin: Origin,
    /// The prompt in front of a typed line.
    pub prompt: String,
    /// The text, safe to show.
    pub text: String,
}

impl Printed {
    /// Whether its words stand in columns: then it is cut and scrolled sideways, never broken.
    pub fn is_table(&self) -> bool {
        let cells = self.text.trim().split("  ").filter(|part| !part.trim().is_empty());
        self.origin == Origin::Output && cells.count() >= 3
    }
}

/// A search back through history (Ctrl-R).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recall {
    /// What is searched.
    pub query: String,
    /// The history entry that matches.
    pub found: Option<usize>,
}

/// A terminal's memory. A copy of it is made for every key: it shares the lines.
#[derive(Clone, Debug, Default)]
pub struct Console {
    /// By their numbers, from 1.
    printed: SharedMap<usize, Arc<Printed>>,
    /// What the printed lines take.
    bytes: usize,
    /// How many lines were ever printed.
    count: usize,
    /// Whether the last printed line still lacks its newline.
    open: bool,
    /// What is being typed.
    pub input: Line,
    history: Arc<Vec<Arc<str>>>,
    /// The history entry that is shown, and the line that was left for it.
    browsing: Option<(usize, String)>,
    /// A search through history that is going on.
    pub recall: Option<Recall>,
    /// Lines scrolled back from the end.
    pub scrolled: usize,
    /// Columns that wide lines are scrolled to the left.
    pub aside: usize,
}

impl Console {
    /// What was printed, oldest first.
    pub fn printed(&self) -> impl DoubleEndedIterator<Item = &Printed> {
        self.printed.values().map(Arc::as_ref)
    }

    /// How many of the printed lines are still there.
    pub fn kept(&self) -> usize {
        self.printed.len()
    }

    /// How many lines were ever printed.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The lines printed after the first `count`, as far as they are still there.
    pub fn printed_since(&self, count: usize) -> impl Iterator<Item = &Printed> {
        self.printed.after(&count).map(|(_, line)| &**line)
    }

    /// Text of a last line without newline, which the prompt follows.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Lines typed before, oldest first.
    pub fn history(&self) -> &[Arc<str>] {
        &self.history
    }

    /// Prints what a command wrote.
    pub fn print(&mut self, chunk: &Chunk) {
        let origin = if chunk.error { Origin::Error } else { Origin::Output };
        let text = String::from_utf8_lossy(&chunk.bytes);
        let mut rest = &*text;
        while !rest.is_empty() {
            let (line, ended, next) = match rest.split_once('\n') {
                Some((line, next)) => (line, true, next),
                None => (rest, false, ""),
            };
            self.append(origin, line.strip_suffix('\r').unwrap_or(line));
            self.open = !ended;
            rest = next;
        }
    }

    /// Prints one line of a command that the game ran for the player.
    pub fn print_line(&mut self, line: &str, error: bool) {
        self.close();
        self.push(if error { Origin::Error } else { Origin::Output }, String::new(), line);
    }

    /// Prints what could stand at the cursor, as a shell does after Tab.
    pub fn list(&mut self, prompt: &str, line: &str, candidates: &[(String, String)]) {
        const SHOWN: usize = 60;
        self.close();
        self.push(Origin::Typed, prompt.to_owned(), line);
        for (candidate, what) in candidates.iter().take(SHOWN) {
            let text = match what.is_empty() {
                true => candidate.clone(),
                false => format!("{candidate:<24} {what}"),
            };
            self.push(Origin::Note, String::new(), &text);
        }
        if let Some(more) = candidates.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            self.push(Origin::Note, String::new(), &format!("… and {more} more"));
        }
    }

    /// Prints a line of the game's own.
    pub fn note(&mut self, text: &str) {
        for line in text.lines() {
            self.close();
            self.push(Origin::Note, String::new(), line);
        }
    }

    /// Prints the line that was typed and remembers it.
    pub fn typed(&mut self, prompt: &str, line: &str) {
        self.open = false;
        for (number, part) in line.split('\n').enumerate() {
            self.push(Origin::Typed, if number == 0 { prompt } else { "> " }.to_owned(), part);
        }
        if !line.trim().is_empty() && self.history.last().is_none_or(|last| **last != *line) {
            self.remember(line);
        }
        self.browsing = None;
        (self.scrolled, self.aside) = (0, 0);
    }

    /// Columns of the widest of the last tables, to be scrolled to at most.
    pub fn widest(&self) -> usize {
        const LATELY: usize = 100;
        let last = self.printed().rev().take(LATELY).filter(|line| line.is_table());
        last.map(|line| line.text.chars().count()).max().unwrap_or(0)
    }

    /// Puts the line that is being typed into the history, so that another can take its place.
    pub fn set_aside(&mut self) {
        let line = self.input.take();
        if !line.trim().is_empty() && self.history.last().is_none_or(|last| **last != *line) {
            self.remember(&line);
        }
        self.browsing = None;
    }

    fn remember(&mut self, line: &str) {
        let history = Arc::make_mut(&mut self.history);
        history.push(line.into());
        let mut bytes: usize = history.iter().map(|line| line.len()).sum();
        while history.len() > HISTORY || (bytes > HISTORY_BYTES && history.len() > 1) {
            bytes -= history.remove(0).len();
        }
    }

    /// Forgets what was printed (`clear`, Ctrl-L).
    pub fn clear(&mut self) {
        (self.printed, self.bytes) = (SharedMap::default(), 0);
        self.open = false;
        self.scrolled = 0;
    }

    /// An earlier line (up arrow), or a later one.
    pub fn browse(&mut self, earlier: bool) {
        let shown = self.browsing.as_ref().map(|(at, _)| *at);
        let next = match (shown, earlier) {
            (None, true) => self.history.len().checked_sub(1),
            (Some(at), true) => Some(at.saturating_sub(1)),
            (Some(at), false) if at + 1 < self.history.len() => Some(at + 1),
            (Some(_), false) => {
                let (_, draft) = self.browsing.take().unwrap_or_default();
                self.input.set(draft);
                return;
            }
            (None, false) => return,
        };
        let Some(next) = next else { return };
        let draft = match self.browsing.take() {
            Some((_, draft)) => draft,
            None => self.input.text().to_owned(),
        };
        self.input.set(&*self.history[next]);
        self.browsing = Some((next, draft));
    }

    /// Searches further back for the line that contains the query (Ctrl-R).
    pub fn recall(&mut self, query: String, again: bool) {
        let before = match (&self.recall, again) {
            (Some(Recall { found: Some(at), .. }), true) => *at,
            _ => self.history.len(),
        };
        let found = self.history[..before].iter().rposition(|line| line.contains(&query));
        let kept = self.recall.as_ref().and_then(|recall| recall.found);
        self.recall = Some(Recall { query, found: found.or(if again { kept } else { None }) });
    }

    /// Ends a search; with `take` the line that was found is put into the input.
    pub fn end_recall(&mut self, take: bool) {
        if let Some(Recall { found: Some(at), .. }) = self.recall.take()
            && take
        {
            self.input.set(&*self.history[at]);
        }
    }

    fn append(&mut self, origin: Origin, text: &str) {
        match self.printed.get_mut(&self.count).map(Arc::make_mut) {
            Some(last) if self.open => {
                self.bytes -= last.text.len();
                last.text = fold(&(std::mem::take(&mut last.text) + &printable(text)));
                self.bytes += last.text.len();
            }
            _ => self.push(origin, String::new(), text),
        }
    }

    fn push(&mut self, origin: Origin, prompt: String, text: &str) {
        let text = fold(&printable(text).replace('\t', "    "));
        self.count += 1;
        self.bytes += text.len();
        let line = Printed { origin, prompt: printable(&prompt), text };
        self.printed.insert(self.count, Arc::new(line));
        while self.printed.len() > SCROLLBACK || self.bytes > SCROLLBACK_BYTES {
            let Some((_, oldest)) = self.printed.pop_first() else { break };
            self.bytes -= oldest.text.len();
        }
        if self.scrolled > 0 {
            self.scrolled += 1;
        }
    }

    fn close(&mut self) {
        self.open = false;
    }
}

fn fold(text: &str) -> String {
    match text.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(text: &str) -> Chunk {
        Chunk { error: false, bytes: text.as_bytes().to_vec() }
    }

    fn texts(console: &Console) -> Vec<&str> {
        console.printed().map(|line| &*line.text).collect()
    }

    #[test]
    fn output_without_newline_goes_on_in_the_same_line() {
        let mut console = Console::default();
        console.print(&out("a\nb"));
        console.print(&out("c\n"));
        assert_eq!(texts(&console), ["a", "bc"]);
        assert!(!console.is_open());
    }

    #[test]
    fn escape_sequences_never_reach_the_screen() {
        let mut console = Console::default();
        console.print(&out("\u{1b}[2Jx\u{7}\n"));
        assert_eq!(texts(&console), ["\u{fffd}[2Jx\u{fffd}"]);
    }

    #[test]
    fn arrows_walk_through_history_and_back_to_the_draft() {
        let mut console = Console::default();
        console.typed("$ ", "one");
        console.typed("$ ", "two");
        console.input.set("dra");
        console.browse(true);
        console.browse(true);
        assert_eq!(console.input.text(), "one");
        console.browse(false);
        console.browse(false);
        assert_eq!(console.input.text(), "dra");
    }

    #[test]
    fn ctrl_r_finds_the_newest_match_first() {
        let mut console = Console::default();
        for line in ["curl a", "ls", "curl b"] {
            console.typed("$ ", line);
        }
        console.recall("curl".to_owned(), false);
        console.recall("curl".to_owned(), true);
        console.end_recall(true);
        assert_eq!(console.input.text(), "curl a");
    }

    #[test]
    fn history_has_an_end() {
        let mut console = Console::default();
        for number in 0..HISTORY + 10 {
            console.typed("$ ", &format!("echo {number}"));
        }
        assert_eq!(console.history().len(), HISTORY);
        assert_eq!(&*console.history()[0], "echo 10");
    }

    #[test]
    fn long_lines_are_bounded_by_their_bytes() {
        let mut console = Console::default();
        for number in 0..SCROLLBACK {
            console.print(&out(&format!("{}\n", "x".repeat(LONGEST_LINE))));
            console.typed("$ ", &format!("{number}{}", "y".repeat(LONGEST_LINE)));
        }
        let printed: usize = console.printed().map(|line| line.text.len()).sum();
        assert_eq!(printed, console.bytes);
        assert!(printed <= SCROLLBACK_BYTES, "{printed}");
        let history: usize = console.history().iter().map(|line| line.len()).sum();
        assert!(history <= HISTORY_BYTES, "{history}");
    }

    #[test]
    fn scrollback_has_an_end() {
        let mut console = Console::default();
        for _ in 0..SCROLLBACK + 10 {
            console.print(&out("line\n"));
        }
        assert_eq!(console.kept(), SCROLLBACK);
        assert_eq!(console.printed_since(SCROLLBACK).count(), 10);
        console.clear();
        console.print(&out("a"));
        console.print(&out("b\n"));
        assert_eq!(texts(&console), ["ab"]);
        assert_eq!(console.printed_since(0).count(), 1);
    }
}
