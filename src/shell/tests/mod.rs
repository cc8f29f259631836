//! Stories: what is typed, and what comes out.

mod attributes;
mod containers;
mod properties;
mod scripts;
mod tools;

use std::time::Duration;

use super::{Files, Finished, Session};
use crate::cluster::{Cluster, Config};

/// A cluster of one node without DNS, a session, and what a script does there.
#[derive(Clone)]
struct Story {
    cluster: Cluster,
    session: Session,
}

impl Story {
    fn new() -> Story {
        let config = Config { nodes: 1, seed: 1, dns: false, dual_stack: false };
        Story {
            cluster: Cluster::new(&config, super::programs()),
            session: Session::new(Files::new()),
        }
    }

    /// Runs a script for two minutes of simulated time at most.
    fn run(&mut self, script: &str) -> Finished {
        self.session.run(&mut self.cluster, script, Duration::from_secs(120))
    }
}

/// Standard output of a script on a fresh laptop.
pub(crate) fn output(script: &str) -> String {
    let finished = Story::new().run(script);
    assert_eq!(String::from_utf8_lossy(&finished.stderr), "", "{script}");
    String::from_utf8_lossy(&finished.stdout).into_owned()
}

/// Standard error and the exit code of a script on a fresh laptop.
pub(crate) fn complaint(script: &str) -> (String, i32) {
    let finished = Story::new().run(script);
    (String::from_utf8_lossy(&finished.stderr).into_owned(), finished.exit)
}

/// What a script printed, standard output before standard error.
fn said(finished: &Finished) -> String {
    let all = [finished.stdout.as_slice(), finished.stderr.as_slice()].concat();
    String::from_utf8_lossy(&all).into_owned()
}
