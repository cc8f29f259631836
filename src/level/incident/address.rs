//! Which incident it is, and what was put into it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::cluster::ObjectName;
use crate::level::diagnosis::Code;

/// The difficulty where none is given.
const USUAL: u8 = 2;

/// The word that every incident's name begins with.
pub(super) const WORD: &str = "incident";

/// Which incident: what it is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The seed, which its cluster is played on too.
    pub seed: u64,
    /// From 1 (one fault, in a file) to 5 (three, anywhere).
    pub difficulty: u8,
}

/// What was put into a level that is an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Which one it is.
    pub address: Address,
    /// What is wrong.
    pub faults: Vec<Injected>,
    /// How many candidates were drawn before, and did not prove.
    pub thrown_away: u32,
}

/// A fault as it stands in the level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    /// Its kind: `wrong-selector`.
    pub kind: &'static str,
    /// What is at fault.
    pub objects: Vec<ObjectName>,
    /// The lines (from 1) at fault, by file.
    pub lines: BTreeMap<String, BTreeSet<u32>>,
    /// What goals were diagnosed with when it was alone.
    pub codes: BTreeSet<Code>,
    /// What was wrong, in one sentence.
    pub says: String,
    /// How such a fault is found.
    pub lesson: &'static str,
}

impl Address {
    /// An incident of this seed; of the usual difficulty unless one from 1 to 5 is given.
    pub fn new(seed: u64, difficulty: Option<u8>) -> Address {
        Address { seed, difficulty: difficulty.unwrap_or(USUAL).clamp(1, 5) }
    }

    /// Reads `incident:7`, or `incident:7:3` with the difficulty. `None` for what is no incident's
    /// name at all.
    ///
    /// # Errors
    /// What is wrong with a name that begins like one.
    pub fn parse(name: &str) -> Option<Result<Address, String>> {
        let rest = name.strip_prefix(WORD)?.strip_prefix(':')?;
        let (seed, difficulty) = match rest.split_once(':') {
            Some((seed, difficulty)) => (seed, Some(difficulty)),
            None => (rest, None),
        };
        let wrong =
            || format!("{name:?} is no incident; as in {WORD}:7, or {WORD}:7:3 from 1 to 5");
        let seed = seed.parse::<u64>().map_err(|_| wrong());
        let difficulty = difficulty.map(|text| match text.parse::<u8>() {
            Ok(number @ 1..=5) => Ok(number),
            _ => Err(wrong()),
        });
        Some(seed.and_then(|seed| Ok(Address::new(seed, difficulty.transpose()?))))
    }

    /// The one after it, as difficult.
    pub fn next(self) -> Address {
        Address { seed: self.seed.wrapping_add(1), ..self }
    }
}

/// `incident:7:3`, which [`Address::parse`] reads.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{WORD}:{}:{}", self.seed, self.difficulty)
    }
}
