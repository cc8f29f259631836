//! `podhop lint [DIR]`

use std::process::ExitCode;

use super::{Ended, FAILURE, Output, level, pack};
use crate::app::cli::LintArgs;
use crate::level::Pack;
use crate::level::lint::{Prover, Seeds, statements};

/// Proves a pack's levels, and counts what holds.
pub fn lint(arguments: &LintArgs, levels: Option<&std::path::Path>) -> Ended {
    let mut out = Output::new();
    if arguments.schema {
        out.line(format!("{:#}", Pack::json_schema()));
        return Ok(ExitCode::SUCCESS);
    }
    let pack = pack(arguments.dir.as_deref().or(levels))?;
    let chosen = if arguments.level.is_empty() {
        pack.levels.clone()
    } else {
        let named = arguments.level.iter().map(|name| level(&pack, name).cloned());
        named.collect::<Result<_, _>>()?
    };
    let seeds = match arguments.seeds.as_slice() {
        [] => Seeds::default(),
        seeds => Seeds::all(seeds),
    };
    let (mut held, mut failed) = (0, 0);
    for level in &chosen {
        let mut prover = Prover::new(level.clone());
        for statement in statements(level) {
            let proof = prover.prove(&statement, &seeds);
            let holds = proof.failure.is_none();
            held += if holds { proof.seeds } else { 0 };
            failed += usize::from(!holds);
            if !holds || arguments.verbose {
                out.line(proof.to_string());
            }
        }
    }
    out.line(format!(
        "{} levels, {} seeds: {held} proofs hold, {failed} fail",
        chosen.len(),
        seeds.solutions.len()
    ));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}
