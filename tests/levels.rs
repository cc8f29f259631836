//! Proves every level of the campaign, one named trial for each statement.
//!
//! `cargo test --test levels -- clusterip` runs one level's.

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use podhop::level::Pack;
use podhop::level::lint::{Prover, Seeds, statements};

fn main() {
    let arguments = Arguments::from_args();
    let pack = match Pack::embedded() {
        Ok(pack) => pack,
        Err(errors) => panic!("the campaign cannot be read: {errors:?}"),
    };
    let mut trials = Vec::new();
    for level in &pack.levels {
        for statement in statements(level) {
            let level = Arc::clone(level);
            let name = format!("{}: {statement}", level.name);
            let prove = move || match Prover::new(level).prove(&statement, &Seeds::default()).failure
            {
                None => Ok(()),
                Some(failure) => Err(Failed::from(failure.to_string())),
            };
            trials.push(Trial::test(name, prove));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
