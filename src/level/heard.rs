//! What a goal's request was told, as far as a player may know it at once: the client's own words,
//! and how it ended.

use super::probe::Run;
use crate::cluster::{Cluster, Did, Ending};
use crate::network::{DnsData, Trace, TraceId};

/// The client's words are cut to this many characters.
const WORDS: usize = 200;

/// What one request of a goal was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The client's last words, on one line: its complaint if it has one, else the end of what it
    /// printed.
    pub said: String,
    /// Its exit code; `None` where there was no place to run it.
    pub exit: Option<i32>,
    /// Whether it missed the goal.
    pub missed: bool,
    /// Its packets, oldest first.
    pub traces: Vec<TraceId>,
    /// How its last request for a URL ended, if it made one.
    pub ending: Option<Ending>,
    /// How many addresses a name server gave to its last question; `None` where none was asked, or
    /// none answered.
    pub addresses: Option<usize>,
}

impl Heard {
    pub(super) fn of(cluster: &Cluster, run: &Run) -> Heard {
        let ending = run.deeds.iter().rev().find_map(|deed| match &deed.did {
            Did::Fetched(fetched) => Some(fetched.ending.clone()),
            Did::NotResolved { why, .. } => Some(Ending::Name(*why)),
            _ => None,
        });
        let sent = run.traces.iter().filter_map(|id| cluster.trace(*id));
        Heard {
            said: last_words(run),
            exit: run.finished.as_ref().map(|finished| finished.exit),
            missed: run.miss.is_some(),
            traces: run.traces.clone(),
            ending,
            addresses: sent.filter_map(addresses).next_back(),
        }
    }
}

/// How many addresses the answer to a question of DNS holds.
fn addresses(trace: &Trace) -> Option<usize> {
    let answer = trace.dns.as_ref()?.answer.as_ref()?;
    let address = |data: &DnsData| matches!(data, DnsData::A(_) | DnsData::Aaaa(_));
    Some(answer.records.iter().filter(|record| address(&record.data)).count())
}

fn last_words(run: &Run) -> String {
    let Some(finished) = &run.finished else { return "there was nowhere to run it".to_owned() };
    let (printed, errors) = finished.texts();
    let last =
        |text: &str| text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned);
    let words = last(&errors).or_else(|| last(&printed));
    let words =
        words.unwrap_or_else(|| format!("it printed nothing (exit code {})", finished.exit));
    let words = crate::diagnostic::printable(&words);
    match words.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.to_string(),
    }
}
