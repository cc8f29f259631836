//! How long a level takes: opening it, from apply to verdict, and the whole campaign's check.

use divan::Bencher;
use podhop::level::lint::play;
use podhop::level::{Attempt, Pack};

/// The levels, in the campaign's order.
const LEVELS: [&str; 6] =
    ["localhost-sidecar", "pod-ip-curl", "pod-churn", "clusterip", "nodeport", "headless"];

fn main() {
    divan::main();
}

fn pack() -> Pack {
    Pack::embedded().expect("the campaign is well-formed")
}

/// A new cluster with the level's world, settled.
#[divan::bench(args = LEVELS)]
fn open(bencher: Bencher<'_, '_>, name: &str) {
    let pack = pack();
    let level = pack.level(name).expect("it is in the campaign");
    bencher.bench(|| Attempt::open(level.clone(), 1));
}

/// The first solution's files applied, and every goal judged.
#[divan::bench(args = LEVELS)]
fn apply_to_verdict(bencher: Bencher<'_, '_>, name: &str) {
    let pack = pack();
    let level = pack.level(name).expect("it is in the campaign");
    let solution = level.solutions.first().expect("every level has solutions");
    let opened = || {
        let mut attempt = Attempt::open(level.clone(), 1);
        attempt.session_mut().files_mut().extend(solution.files.clone());
        attempt
    };
    bencher.with_inputs(opened).bench_values(|mut attempt| {
        attempt.apply();
        if let Some(script) = &solution.script {
            attempt.run_script(script);
        }
        attempt.grade()
    });
}

/// The marks that stand in the editor after a key: the price of one keystroke.
#[divan::bench]
fn marks(bencher: Bencher<'_, '_>) {
    let pack = pack();
    let level = pack.level("headless").expect("it is in the campaign");
    let attempt = Attempt::open(level.clone(), 1);
    bencher.bench(|| attempt.marks("db.yaml"));
}

/// `podhop check` without its process.
#[divan::bench]
fn check_campaign(bencher: Bencher<'_, '_>) {
    let pack = pack();
    bencher.bench(|| pack.levels.iter().map(|level| play(level, None, 1)).collect::<Vec<_>>());
}
