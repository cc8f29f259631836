//! Incidents: levels that are made of chance, without end.
//!
//! A seed and a difficulty draw a small business whose cluster works, and one to three faults for it.
//! Each fault keeps what takes it away again. A candidate becomes a level only when all of this was
//! seen by traffic: every goal passes before anything is broken; each fault alone breaks a goal, and
//! the diagnosis names it; with all of them goals fail; and taking them away mends everything. Any
//! other candidate is thrown away, and the next is drawn.
//!
//! The same seed and difficulty give the same level, to the byte.

mod business;
mod cause;
mod faults;
mod manifests;
mod prove;
mod trade;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::diagnosis::Code;
use super::format::{Level, Pack};
use crate::cluster::ObjectName;
use crate::random::Stream;
use business::Business;
use faults::{Draw, Fault, Kind};

pub use cause::{Answer, Causes};

/// The [`Pack::id`](super::Pack::id) that progress with incidents is kept under.
pub const INCIDENTS: &str = "incidents";

/// The word that every incident's name begins with.
const WORD: &str = "incident";

/// The difficulty where none is given.
const USUAL: u8 = 2;

/// So many candidates are drawn at most. One in three or better becomes a level, so that fewer than
/// one seed in a million finds none.
const CANDIDATES: u32 = 40;

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

/// The pack that an incident is played in; the next ones are added as they are reached.
pub fn pack(level: Arc<Level>) -> Pack {
    Pack { id: INCIDENTS.to_owned(), ..Pack::of_one(level, "Incidents, without end") }
}

/// A business in which all is well, as a level: its world, its files, and what works in it.
pub(super) fn business(seed: u64) -> Level {
    let mut chance = Stream::new(seed, "sample");
    prove::working(&Business::draw(&mut chance, SAMPLE), Address::new(seed, Some(SAMPLE)))
}

/// The sample business is as large as those of this difficulty.
const SAMPLE: u8 = 4;

/// A business with faults, before anything is proved.
struct Candidate {
    business: Business,
    faults: Vec<Fault>,
}

/// The incident with this address.
///
/// # Errors
/// When no candidate proves, in one sentence.
pub fn incident(address: Address) -> Result<Arc<Level>, String> {
    (0..CANDIDATES)
        .find_map(|tried| {
            let purpose = format!("{WORD} {} {tried}", address.difficulty);
            let mut chance = Stream::new(address.seed, &purpose);
            let candidate = Candidate::draw(&mut chance, address.difficulty)?;
            prove::level(&candidate, address, tried).map(Arc::new)
        })
        .ok_or_else(|| format!("{address} came to nothing: take another seed"))
}

impl Candidate {
    /// Draws a business, and as many faults as the difficulty has; `None` where the business has no
    /// room for them.
    fn draw(chance: &mut Stream, difficulty: u8) -> Option<Candidate> {
        let (count, least) = match difficulty {
            0..=2 => (1, 1),
            3 => (2, 1),
            4 => (2, 2),
            _ => (3, 2),
        };
        let business = Business::draw(chance, difficulty);
        let fits = |kind: &&Kind| (least..=difficulty).contains(&kind.tier);
        let mut kinds: Vec<&'static Kind> = Kind::all().filter(fits).collect();
        chance.shuffle(&mut kinds);
        let mut faults: Vec<Fault> = Vec::new();
        for kind in kinds {
            if faults.len() == count {
                break;
            }
            let Some(fault) = kind.draw(&mut Draw { business: &business, chance }) else {
                continue;
            };
            if faults.iter().all(|other| other.part != fault.part) {
                faults.push(fault);
            }
        }
        (faults.len() == count).then_some(Candidate { business, faults })
    }
}
