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
    /// Whether it printed nothing at all.
    pub silent: bool,
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
            silent: run.finished.as_ref().is_some_and(|finished| finished.is_silent()),
            exit: run.finished.as_ref().map(|finished| finished.exit),
            missed: run.miss.is_some(),
            traces: run.traces.clone(),
            ending,
            addresses: answered(&sent.collect::<Vec<_>>()),
        }
    }
}

/// How many addresses name servers gave to the last host that was asked for: a lookup asks for both
/// families, of which a host has mostly one, and tries the search path's domains.
fn answered(sent: &[&Trace]) -> Option<usize> {
    let last = sent.iter().rev().find_map(|trace| addresses(trace).and_then(|_| host(trace)))?;
    let same = sent.iter().filter(|trace| host(trace) == Some(last));
    same.filter_map(|trace| addresses(trace)).max()
}

/// The first label of the name that a question of DNS is about.
fn host(trace: &Trace) -> Option<&str> {
    trace.dns.as_ref()?.name.split('.').next()
}

/// How many addresses the answer to a question of DNS holds.
fn addresses(trace: &Trace) -> Option<usize> {
    let answer = trace.dns.as_ref()?.answer.as_ref()?;
    let address = |data: &DnsData| matches!(data, DnsData::A(_) | DnsData::Aaaa(_));
    Some(answer.records.iter().filter(|record| address(&record.data)).count())
}

/// The last line that a program wrote in its own name: `curl: (6) Could not resolve host: db`,
/// `error: …`.
fn complaint(errors: &str) -> Option<String> {
    let is_named = |line: &&str| {
        let name = line.split_once(": ").map_or("", |(name, _)| name);
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    errors.lines().map(str::trim).rfind(is_named).map(str::to_owned)
}

/// The title of a page, which says more than its last line.
fn title(printed: &str) -> Option<String> {
    let (_, rest) = printed.split_once("<title>")?;
    let (title, _) = rest.split_once("</title>")?;
    Some(format!("a page: {}", title.trim()))
}

fn last_words(run: &Run) -> String {
    let Some(finished) = &run.finished else { return "there was nowhere to run it".to_owned() };
    let (printed, errors) = finished.texts();
    let last =
        |text: &str| text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned);
    let words = complaint(&errors)
        .or_else(|| last(&errors))
        .or_else(|| title(&printed))
        .or_else(|| last(&printed));
    let words =
        words.unwrap_or_else(|| format!("it printed nothing (exit code {})", finished.exit));
    let words = crate::diagnostic::printable(&words);
    match words.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.to_string(),
    }
}
