//! Incidents: whatever the seed, each is broken at the start, says why, and is mended by what takes its
//! faults away.
//!
//! `cargo test --test incidents` plays a sample; `-- --ignored --nocapture` plays a thousand and counts.
// Tests look at the real world: threads, clocks.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use podhop::level::incident::{Address, Incident, incident};
use podhop::level::lint::play;
use podhop::level::{Diagnosis, Level};

/// Seeds of each difficulty, from 1 to 5, in the sample: a debug build needs half a second for one of
/// difficulty 1, and four for one of difficulty 5.
const SAMPLE: [u64; 5] = [12, 10, 5, 4, 3];

/// What was seen of an incident.
struct Seen {
    address: Address,
    kinds: Vec<&'static str>,
    thrown_away: u32,
    trouble: Option<String>,
}

fn incident_of(level: &Level) -> &Incident {
    level.incident.as_ref().expect("it is an incident")
}

/// Whether a diagnosis leads to one of the faults: to a file it is in, or by an object's name.
fn names_a_fault(incident: &Incident, diagnosis: &Diagnosis) -> bool {
    incident.faults.iter().any(|fault| {
        let file = diagnosis.at.as_ref().map(|at| at.file.to_string());
        let said = format!(
            "{} {} {} {}",
            diagnosis.message,
            diagnosis.fix,
            diagnosis.evidence.join(" "),
            diagnosis.nearest.as_deref().unwrap_or("")
        );
        file.is_some_and(|file| fault.lines.contains_key(&file))
            || fault.objects.iter().any(|object| said.contains(&object.name))
    })
}

/// Plays an incident as a player would: untouched, and then with its way out.
fn look_at(address: Address) -> Seen {
    let mut seen = Seen { address, kinds: Vec::new(), thrown_away: 0, trouble: None };
    let level: Arc<Level> = match incident(address) {
        Ok(level) => level,
        Err(why) => return Seen { trouble: Some(why), ..seen },
    };
    let incident = incident_of(&level);
    seen.kinds = incident.faults.iter().map(|fault| fault.kind).collect();
    seen.thrown_away = incident.thrown_away;
    let untouched = play(&level, None, level.first_seed()).verdict;
    let failing: Vec<_> = untouched.goals.iter().filter(|goal| !goal.passed).collect();
    let diagnoses = failing.iter().filter_map(|goal| goal.diagnosis.as_ref());
    let named = diagnoses.clone().any(|diagnosis| names_a_fault(incident, diagnosis));
    let words = level.situation.split_whitespace().count();
    seen.trouble = if untouched.solved {
        Some("nothing is broken".to_owned())
    } else if diagnoses.count() < failing.len() {
        Some("a goal fails without a diagnosis".to_owned())
    } else if !named {
        Some("no diagnosis names a fault".to_owned())
    } else if words > 80 {
        Some(format!("its situation has {words} words"))
    } else if !play(&level, level.solutions.first(), level.first_seed()).verdict.solved {
        Some("its way out does not mend it".to_owned())
    } else {
        None
    };
    seen
}

/// Looks at many, on all processors.
fn look_at_all(addresses: &[Address]) -> Vec<Seen> {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get());
    let mut all: Vec<Seen> = std::thread::scope(|scope| {
        let work = || {
            let mut seen = Vec::new();
            while let Some(address) = addresses.get(next.fetch_add(1, Ordering::Relaxed)) {
                seen.push(look_at(*address));
            }
            seen
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    all.sort_by_key(|seen| (seen.address.difficulty, seen.address.seed));
    all
}

fn troubles(all: &[Seen]) -> Vec<String> {
    let troubled = all.iter().filter_map(|seen| Some((seen, seen.trouble.as_ref()?)));
    troubled.map(|(seen, why)| format!("{}: {why} {:?}", seen.address, seen.kinds)).collect()
}

#[test]
fn each_is_broken_says_why_and_is_mended_by_what_takes_its_faults_away() {
    let of = |difficulty: u8, count: u64| {
        (1..=count).map(move |seed| Address::new(seed, Some(difficulty)))
    };
    let addresses: Vec<Address> = (1..).zip(SAMPLE).flat_map(|(d, count)| of(d, count)).collect();
    let all = look_at_all(&addresses);
    assert_eq!(troubles(&all), Vec::<String>::new());
    let faults = |difficulty: u8| {
        let those = all.iter().filter(|seen| seen.address.difficulty == difficulty);
        those.map(|seen| seen.kinds.len()).max()
    };
    assert_eq!((1..=5).map(faults).collect::<Vec<_>>(), [1, 1, 2, 2, 3].map(Some));
}

#[test]
#[ignore = "minutes: a thousand incidents, counted"]
fn a_thousand_are_broken_say_why_and_are_mended() {
    let began = Instant::now();
    let of = |difficulty: u8| (1..=200).map(move |seed| Address::new(seed, Some(difficulty)));
    let addresses: Vec<Address> = (1..=5).flat_map(of).collect();
    let all = look_at_all(&addresses);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in all.iter().flat_map(|seen| &seen.kinds) {
        *kinds.entry(kind).or_default() += 1;
    }
    let thrown: u32 = all.iter().map(|seen| seen.thrown_away).sum();
    let most = all.iter().map(|seen| seen.thrown_away).max().unwrap_or_default();
    println!("{} incidents in {:.0?}", all.len(), began.elapsed());
    println!("{thrown} candidates thrown away, {most} at most for one");
    println!("{} kinds of fault: {kinds:?}", kinds.len());
    assert_eq!(troubles(&all), Vec::<String>::new());
    assert!(kinds.len() >= 20, "{kinds:?}");
}

#[test]
fn a_seed_gives_the_same_incident_to_the_byte() {
    let address = Address::new(11, Some(3));
    let (one, other) = (incident(address), incident(address));
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

#[test]
fn an_address_is_read_as_it_is_shown() {
    for name in ["incident:7:2", "incident:18446744073709551615:5"] {
        let address = Address::parse(name).expect("an incident").expect("sound");
        assert_eq!(address.to_string(), name);
    }
    assert_eq!(Address::parse("incident:7"), Some(Ok(Address::new(7, None))));
    for wrong in
        ["incident:", "incident:x", "incident:7:6", "incident:7:0", "incident:7:2:1", "incident:-1"]
    {
        assert!(Address::parse(wrong).is_some_and(|read| read.is_err()), "{wrong}");
    }
    assert_eq!(Address::parse("clusterip"), None);
}

#[test]
fn a_cause_is_named_by_object_line_or_code_and_by_nothing_else() {
    let level = incident(Address::new(1, Some(1))).expect("it proves");
    let incident = incident_of(&level);
    let fault = &incident.faults[0];
    let right =
        |said: &str| incident.judge(said, &level.start).map(|answer| !answer.names.is_empty());
    let object = &fault.objects[0];
    assert_eq!(right(&format!("{}/{}", object.kind.info().singular, object.name)), Ok(true));
    for (file, lines) in &fault.lines {
        assert!(lines.iter().all(|line| right(&format!("{file}:{line}")) == Ok(true)));
        assert_eq!(right(&format!("{file}:1")), Ok(lines.contains(&1)));
        assert!(right(file).is_err(), "a file alone is no place");
    }
    for code in &fault.codes {
        assert_eq!(right(code), Ok(true));
    }
    assert_eq!(right("service/nobody"), Ok(false));
    for wrong in ["", "something", "moon/web", "service/", "web.yaml:1", "no-such-code"] {
        assert!(right(wrong).is_err(), "{wrong}");
    }
}
