//! What a player did in a level, and when: enough to do it again.
//!
//! A cluster is a function of its seed and of what is done to it at which moment of its time. So a
//! journal, carried out again, gives the same session to the byte.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::Attempt;
use crate::clock::SimTime;
use crate::shared_map::SharedMap;

/// More entries than this are not kept: the oldest would be needed to repeat the rest.
const MOST: usize = 10_000;

/// Nor are more bytes of what was typed and edited.
const BYTES: usize = 8 << 20;

/// A journal is carried out no further than this much of the cluster's time after it began.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Something that a player did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Did {
    /// Typed a line into the terminal.
    Typed(String),
    /// Ended a command's input (Ctrl-D).
    EndedInput,
    /// Interrupted a command (Ctrl-C).
    Interrupted,
    /// Gave a file another text.
    Edited { file: String, text: Arc<str> },
    /// Applied the files.
    Applied,
    /// Sent the goals' requests.
    Sent,
    /// Said where the cause is.
    Named(String),
}

/// Something that was done, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The cluster's time.
    pub at: SimTime,
    /// What was done.
    pub did: Did,
}

/// Everything that was done, oldest first. Undo keeps many of them: they share what they have in
/// common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// By their numbers, from 0.
    entries: SharedMap<usize, Entry>,
    /// Bytes of what was typed and edited.
    bytes: usize,
    /// Whether more was done than is kept.
    cut: bool,
}

impl Journal {
    /// Everything that was done, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.values()
    }

    /// Whether more was done than is kept.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Adds what is done now. Of several edits of a file in a row the last alone counts.
    pub(super) fn note(&mut self, at: SimTime, did: Did) {
        let number = match (self.entries.last(), &did) {
            (
                Some((number, Entry { did: Did::Edited { file: before, .. }, .. })),
                Did::Edited { file, .. },
            ) if before == file => *number,
            _ => self.entries.len(),
        };
        let replaced = self.entries.get(&number).map_or(0, |entry| entry.did.bytes());
        let bytes = self.bytes - replaced + did.bytes();
        if self.cut || number >= MOST || bytes > BYTES {
            self.cut = true;
            return;
        }
        self.bytes = bytes;
        self.entries.insert(number, Entry { at, did });
    }
}

impl Did {
    /// Bytes of its text.
    fn bytes(&self) -> usize {
        match self {
            Did::Typed(text) | Did::Named(text) => text.len(),
            Did::Edited { file, text } => file.len() + text.len(),
            Did::EndedInput | Did::Interrupted | Did::Applied | Did::Sent => 0,
        }
    }
}

impl Attempt {
    /// Does again what somebody did, at the same moment of the cluster's time. What lies in the past
    /// is done at once.
    pub fn repeat(&mut self, entry: &Entry) {
        self.repeat_until(entry.at);
        match &entry.did {
            Did::Typed(line) => {
                self.type_line(line);
            }
            Did::EndedInput => self.end_input(),
            Did::Interrupted => self.interrupt(),
            Did::Edited { file, text } => self.edit(file, text),
            Did::Applied => {
                self.apply();
            }
            Did::Sent => self.go(),
            Did::Named(said) => {
                // Whoever wrote it down saw that it is an answer.
                let _ = self.name_cause(said);
            }
        }
    }
}

impl Attempt {
    /// Lets time pass up to a moment of a journal, as far as one may reach.
    pub fn repeat_until(&mut self, at: SimTime) {
        let latest = self.cluster().now() + LONGEST;
        self.advance_to(at.min(latest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Pack;

    fn attempt() -> Attempt {
        let pack = Pack::embedded().expect("the campaign is sound");
        Attempt::open(pack.level("clusterip").expect("it is in the campaign").clone(), 7)
    }

    #[test]
    fn what_was_done_again_at_the_same_moments_gives_the_same_session() {
        let look = |attempt: &mut Attempt| {
            let said = attempt.run_script("kubectl get pods,services,events -A -o yaml");
            (said.stdout, attempt.cluster().now())
        };
        let mut first = attempt();
        let begin = first.cluster().now();
        first.type_line("kubectl delete pod -l app=backend --wait=false");
        first.advance_to(begin + Duration::from_millis(2_345));
        first.edit("backend.yaml", "half");
        first.edit("backend.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\n");
        first.apply();
        first.advance_to(begin + Duration::from_secs(9));
        first.go();
        first.advance_to(begin + Duration::from_secs(60));
        let journal = first.journal().clone();
        assert_eq!(journal.entries().count(), 4, "{journal:?}");
        let mut second = attempt();
        for entry in journal.entries() {
            second.repeat(entry);
        }
        second.advance_to(begin + Duration::from_secs(60));
        assert_eq!(second.goals(), first.goals());
        assert_eq!(look(&mut second), look(&mut first));
    }

    #[test]
    fn a_clone_s_journal_is_its_own() {
        let mut journal = Journal::default();
        journal.note(SimTime::START, Did::Applied);
        let before = journal.clone();
        journal.note(SimTime::START, Did::Sent);
        assert_eq!((before.entries().count(), journal.entries().count()), (1, 2));
    }

    #[test]
    fn a_journal_has_an_end_and_says_so() {
        let (mut long, mut large) = (Journal::default(), Journal::default());
        for _ in 0..=MOST {
            assert!(!long.is_cut());
            long.note(SimTime::START, Did::Sent);
        }
        assert!(long.is_cut() && long.entries().count() == MOST);
        for number in 0..20 {
            let text = number.to_string().repeat(1 << 20).into();
            large.note(SimTime::START, Did::Edited { file: "a.yaml".to_owned(), text });
            large.note(SimTime::START, Did::Applied);
        }
        assert!(large.is_cut() && large.bytes <= BYTES);
        assert!(large.entries().count() >= 8, "{}", large.entries().count());
    }
}
