//! Proves every level of the campaign, one named trial for each claim.
//!
//! `cargo test --test levels -- clusterip` runs one level's.

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use podhop::level::Pack;
use podhop::level::lint::{SEEDS, claims, prove};

fn main() {
    let arguments = Arguments::from_args();
    let pack = match Pack::embedded() {
        Ok(pack) => pack,
        Err(errors) => panic!("the campaign cannot be read: {errors:?}"),
    };
    let mut trials = Vec::new();
    for level in &pack.levels {
        for claim in claims(level, &SEEDS) {
            let level = Arc::clone(level);
            let name = format!("{}: {claim}", level.name);
            trials.push(Trial::test(name, move || match prove(&level, &claim).failure {
                None => Ok(()),
                Some(failure) => Err(Failed::from(failure)),
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
