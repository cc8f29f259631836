//! What a goal's request was told, as far as a player may know it at once: the client's own words,
//! and how it ended.

use super::probe::{Miss, Run};
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
    /// Whether it used up what one command may take, and was ended.
    pub exhausted: bool,
    /// Whether it missed the goal.
    pub missed: bool,
    /// Whether an answer that missed came from somebody else than the goal means, and not the right
    /// server's other words.
    pub other_server: bool,
    /// Whether it was answered where no answer is wanted.
    pub unwanted: bool,
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
        let unwanted =
            matches!(run.miss, Some(Miss::Exit { expected, received: 0 }) if expected != 0);
        let sent = run.traces.iter().filter_map(|id| cluster.trace(*id));
        Heard {
            said: last_words(run),
            silent: run.finished.as_ref().is_some_and(|finished| finished.is_silent()),
            exit: run.finished.as_ref().map(|finished| finished.exit),
            exhausted: run.finished.as_ref().is_some_and(|finished| finished.exhausted),
            missed: run.miss.is_some(),
            other_server: run.miss.is_some() && !run.right_server && !unwanted,
            unwanted,
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

/// The last line that a program wrote in its own name (`curl: (6) Could not resolve host: db`,
/// `error: …`), or in which wget says what failed.
fn complaint(errors: &str) -> Option<String> {
    let is_named = |line: &&str| {
        let name = line.split_once(": ").map_or("", |(name, _)| name);
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let mut lines = errors.lines().map(str::trim);
    let named = lines.clone().rfind(is_named);
    named.or_else(|| lines.rfind(|line| line.contains(" failed: "))).map(str::to_owned)
}

/// The title of a page, which says more than its last line.
fn title(printed: &str) -> Option<String> {
    let (_, rest) = printed.split_once("<title>")?;
    let (title, _) = rest.split_once("</title>")?;
    Some(format!("a page: {}", title.trim()))
}

/// The part of a longer output that tells how it missed its goal: the title of a page, or the line that
/// begins as the wanted text does (`RemoteAddr: 192.168.49.2:10857` for `RemoteAddr: 192.168.49.1:`).
pub(super) fn telling_line(run: &Run, printed: &str) -> Option<String> {
    /// As many letters have to be the same.
    const ALIKE: usize = 4;
    let wanted = match &run.miss {
        Some(
            Miss::Output { expected } | Miss::Answer { expected } | Miss::Pattern { expected },
        ) => expected.as_str(),
        _ => "",
    };
    let alike = |line: &str| {
        let shared =
            |wanted: &str| line.chars().zip(wanted.chars()).take_while(|(a, b)| a == b).count();
        wanted.lines().map(|wanted| shared(wanted.trim())).max().unwrap_or(0)
    };
    let lines = printed.lines().map(str::trim).filter(|line| alike(line) >= ALIKE);
    // Of lines that are equally alike, the last.
    title(printed).or_else(|| lines.max_by_key(|line| alike(line)).map(str::to_owned))
}

/// The first line of a page that says something: of JSON, not its brace.
fn first_of_a_page(run: &Run, printed: &str) -> Option<String> {
    let mut ends = run.deeds.iter().rev().filter_map(|deed| match &deed.did {
        Did::Fetched(fetched) => Some(&fetched.ending),
        _ => None,
    });
    matches!(ends.next()?, Ending::Response { .. }).then_some(())?;
    let says = |line: &&str| line.chars().filter(|c| c.is_alphabetic()).count() > 2;
    printed.lines().map(str::trim).find(says).map(str::to_owned)
}

fn last_words(run: &Run) -> String {
    let Some(finished) = &run.finished else { return "there was nowhere to run it".to_owned() };
    let (printed, errors) = finished.texts();
    let last =
        |text: &str| text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned);
    let words = complaint(&errors)
        .or_else(|| last(&errors))
        .or_else(|| telling_line(run, &printed))
        .or_else(|| first_of_a_page(run, &printed))
        .or_else(|| last(&printed));
    let words =
        words.unwrap_or_else(|| format!("it printed nothing (exit code {})", finished.exit));
    let words = crate::diagnostic::printable(&words);
    shortened(&words, WORDS)
}

/// A line of at most so many characters. A chain of errors says at its end what it is about.
pub(super) fn shortened(line: &str, most: usize) -> String {
    let count = line.chars().count();
    if count <= most {
        return line.to_owned();
    }
    let first: String = line.chars().take(most / 3).collect();
    let last: String = line.chars().skip(count - (most - most / 3)).collect();
    format!("{first}…{last}")
}
