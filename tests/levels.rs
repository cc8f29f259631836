//! Proves every level of the campaign, and tries answers of all kinds on them.
//!
//! `cargo test --test levels -- clusterip` runs one level's. `tests/answers/LEVEL/` holds answers as
//! players give them: files in place of the level's, and `solve.sh`, typed afterwards. Those called
//! `right-…` solve the level, those called `wrong-…` do not, and each goal that fails says why. `expect.yaml`
//! holds what one of them has to say: `diagnosis`, `at` where it is a line's, and words of the way out (`fix`).
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use podhop::level::lint::{Prover, Seeds, Statement, play_from, statements};
use podhop::level::{Attempt, Diagnosis, Level, Pack, Solution};
use podhop::shell::Files;

/// The levels that the campaign began with.
const FIRST: [&str; 6] =
    ["localhost-sidecar", "pod-ip-curl", "pod-churn", "clusterip", "nodeport", "headless"];

fn main() {
    let arguments = Arguments::from_args();
    let pack = match Pack::embedded() {
        Ok(pack) => pack,
        Err(errors) => panic!("the campaign cannot be read: {errors:?}"),
    };
    let mut trials = Vec::new();
    for level in &pack.levels {
        // Statements of one kind share the clusters that are opened for them.
        let (solves, others): (Vec<_>, Vec<_>) = statements(level)
            .into_iter()
            .partition(|statement| matches!(statement, Statement::Solves(_)));
        // The six first levels are proved on many seeds, as they were from the start.
        let seeds =
            if FIRST.contains(&level.name.as_str()) { Seeds::many() } else { Seeds::default() };
        for (name, statements) in [("its solutions", solves), ("all but its solutions", others)] {
            let level = Arc::clone(level);
            let seeds = seeds.clone();
            let name = format!("{}: {name}", level.name);
            trials.push(Trial::test(name, move || prove(level, &statements, &seeds)));
        }
        for folder in answers(&level.name) {
            let level = Arc::clone(level);
            let name = format!("{}: {}", level.name, name_of(&folder));
            trials.push(Trial::test(name, move || answer(&level, &folder)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn prove(level: Arc<Level>, statements: &[Statement], seeds: &Seeds) -> Result<(), Failed> {
    let mut prover = Prover::new(level);
    let proofs = statements.iter().map(|statement| prover.prove(statement, seeds));
    let failed: Vec<String> =
        proofs.filter(|proof| proof.failure.is_some()).map(|proof| proof.to_string()).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failed::from(failed.join("\n"))) }
}

/// The folders of a level's answers.
fn answers(level: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers").join(level);
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    folders
}

thread_local! {
    /// The level whose answers this thread tries, opened on each seed: to open it takes longer than an answer.
    static OPENED: RefCell<BTreeMap<u64, Attempt>> = const { RefCell::new(BTreeMap::new()) };
}

fn opened(level: &Arc<Level>, seed: u64) -> Attempt {
    OPENED.with_borrow_mut(|opened| {
        opened.retain(|_, attempt| attempt.level().name == level.name);
        opened.entry(seed).or_insert_with(|| Attempt::open(Arc::clone(level), seed)).clone()
    })
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A right answer solves the level on several seeds; a wrong one fails, and says why.
fn answer(level: &Arc<Level>, folder: &Path) -> Result<(), Failed> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        files.insert(name_of(&path), fs::read(&path)?);
    }
    let text = |content: Vec<u8>| String::from_utf8_lossy(&content).into_owned();
    let script = files.remove("solve.sh").map(text);
    let expected = files.remove("expect.yaml").map(text);
    let name = name_of(folder);
    let solution = Solution { name: name.clone(), files, script };
    for seed in [1, 2, 3] {
        let verdict = play_from(opened(level, seed), Some(&solution)).verdict;
        match (name.starts_with("right-"), verdict.solved) {
            (true, true) => {}
            (true, false) => return Err(Failed::from(format!("seed {seed}: {verdict:#?}"))),
            (false, true) => return Err(Failed::from(format!("seed {seed}: it solves the level"))),
            (false, false) => {
                let silent =
                    verdict.goals.iter().find(|goal| !goal.passed && goal.diagnosis.is_none());
                if let Some(goal) = silent {
                    return Err(Failed::from(format!("{} fails without a reason", goal.say)));
                }
                let says = |wanted: &String| {
                    let goals = verdict.goals.iter().filter_map(|goal| goal.diagnosis.as_ref());
                    let (wanted, fix) = wanted.split_once("fix: ").unwrap_or((wanted, ""));
                    let mut goals = goals.filter(|said| said.fix.contains(fix.trim_end()));
                    goals.any(|said| told(said) == wanted)
                };
                if expected.as_ref().is_some_and(|wanted| !says(wanted)) {
                    return Err(Failed::from(format!(
                        "seed {seed}: it does not say so: {verdict:#?}"
                    )));
                }
            }
        }
    }
    Ok(())
}

/// A diagnosis as `expect.yaml` has it.
fn told(said: &Diagnosis) -> String {
    let at = said.at.as_ref().map_or_else(String::new, |at| format!("at: {at}\n"));
    format!("diagnosis: {}\n{at}", said.code)
}
