//! Incidents: levels that are made of chance, without end.
//!
//! A seed and a difficulty draw a small business whose cluster works, and one to three faults for it.
//! Each fault keeps what takes it away again. A candidate becomes a level only when all of this was
//! seen by traffic: every goal passes before anything is broken; each fault alone breaks a goal, and
//! the diagnosis names it; with all of them goals fail; and taking them away mends everything. Any
//! other candidate is thrown away, and the next is drawn.
//!
//! The same seed and difficulty give the same level, to the byte.

mod address;
mod business;
mod cause;
mod faults;
mod manifests;
mod prove;
mod trade;
mod words;

use std::sync::Arc;

use super::format::{Level, Pack};
use crate::random::Stream;
use address::WORD;
use business::Business;
use faults::{Draw, Fault, Kind};

pub use address::{Address, Incident, Injected};
pub use cause::{Answer, Causes};

/// The [`Pack::id`](super::Pack::id) that progress with incidents is kept under.
pub const INCIDENTS: &str = "incidents";

/// So many candidates are drawn at most. One in three or better becomes a level, so that fewer than
/// one seed in a million finds none.
const CANDIDATES: u32 = 40;

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
