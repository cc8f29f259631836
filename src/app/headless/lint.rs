//! `podhop lint [DIR]`

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};

use super::progress::Progress;
use super::workers::in_order;
use super::{Ended, FAILURE, Output, USAGE, Usage, broken, level, read_pack};
use crate::app::cli::{LintArgs, SchemaOf};
use crate::diagnostic::{Diagnostic, counted};
use crate::level::lint::{Proof, Prover, Seeds, SpareLine};
use crate::level::{FormatFile, Level, Pack};

/// Proves a pack's levels, and counts what holds.
pub fn lint(arguments: &LintArgs, levels: Option<&Path>) -> Ended {
    if let Some(file) = arguments.schema {
        let file = match file {
            SchemaOf::Pack => FormatFile::Pack,
            SchemaOf::Level => FormatFile::Level,
            SchemaOf::Expect => FormatFile::Expect,
        };
        Output::new().line(format!("{:#}", Pack::json_schema(file)));
        return Ok(ExitCode::SUCCESS);
    }
    let folder = arguments.dir.as_deref().or(levels);
    if arguments.watch {
        return super::watching::lint_at_every_change(arguments, folder);
    }
    once(arguments, folder)
}

/// Proves it once.
pub fn once(arguments: &LintArgs, folder: Option<&Path>) -> Ended {
    let mut out = Output::new();
    let pack = match folder {
        Some(folder) => Pack::from_files(&read_pack(folder)?),
        None => Pack::embedded(),
    };
    let pack = match pack {
        Ok(pack) => pack,
        Err(errors) if arguments.json => {
            errors.iter().for_each(|error| out.json(&unread(error)));
            out.json(&json!({"levels": 0, "seeds": 0, "held": 0, "failed": errors.len()}));
            return Ok(ExitCode::from(USAGE));
        }
        Err(errors) => return Err(broken(folder, &errors)),
    };
    let chosen = chosen(arguments, &pack)?;
    if arguments.spare {
        return spare(&chosen, arguments);
    }
    prove(arguments, &chosen, &mut out)
}

fn chosen(arguments: &LintArgs, pack: &Pack) -> Result<Vec<Arc<Level>>, Usage> {
    if arguments.level.is_empty() {
        return Ok(pack.levels.clone());
    }
    arguments.level.iter().map(|name| level(pack, name)).collect()
}

/// The seeds that were given; else five, and for an incident its own.
fn seeds(arguments: &LintArgs, level: &Level) -> Seeds {
    match &arguments.seeds {
        Some(seeds) => Seeds::all(&seeds.0),
        None if level.incident.is_some() => Seeds::all(&[level.first_seed()]),
        None => Seeds::default(),
    }
}

fn prove(arguments: &LintArgs, chosen: &[Arc<Level>], out: &mut Output) -> Ended {
    let mut progress = Progress::new(chosen.len(), "levels proved");
    let (mut held, mut failed) = (0, 0);
    let proved = |level: &Arc<Level>| {
        let mut prover = Prover::new(Arc::clone(level));
        prover.prove_all(&seeds(arguments, level))
    };
    in_order(chosen, proved, |done, proofs| {
        progress.clear();
        for proof in proofs {
            let holds = proof.failure.is_none();
            held += if holds { proof.seeds } else { 0 };
            failed += usize::from(!holds);
            if arguments.json {
                out.json(&to_json(&proof));
            } else if !holds || arguments.verbose {
                out.line(proof.to_string());
            }
        }
        progress.show(done);
        !out.is_closed()
    });
    progress.clear();
    let most = chosen.iter().map(|level| seeds(arguments, level).solutions.len()).max();
    let (levels, seeds) = (chosen.len(), most.unwrap_or_default());
    if arguments.json {
        out.json(&json!({"levels": levels, "seeds": seeds, "held": held, "failed": failed}));
    } else {
        let levels = counted(levels, "level");
        let seeds = counted(seeds, "seed");
        let proofs = counted(held, "proof");
        let (hold, fail) =
            (if held == 1 { "holds" } else { "hold" }, if failed == 1 { "fails" } else { "fail" });
        out.line(format!("{levels}, {seeds}: {proofs} {hold}, {failed} {fail}"));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

fn to_json(proof: &Proof) -> Value {
    json!({
        "level": proof.level,
        "statement": proof.statement,
        "seeds": proof.seeds,
        "holds": proof.failure.is_none(),
        "failure": proof.failure.as_ref().map(diagnostic_json),
    })
}

/// A pack that can't be read proves nothing.
fn unread(error: &Diagnostic) -> Value {
    json!({
        "level": null,
        "statement": "the pack can be read",
        "seeds": 0,
        "holds": false,
        "failure": diagnostic_json(error),
    })
}

fn diagnostic_json(error: &Diagnostic) -> Value {
    json!({
        "file": error.file.as_deref(),
        "line": error.position.map(|at| at.line),
        "column": error.position.map(|at| at.column),
        "message": error.message,
        "help": error.help,
    })
}

/// The lines of solutions that may go, as `level.yaml` takes them; those that it lists already keep
/// their reason.
fn spare(chosen: &[Arc<Level>], arguments: &LintArgs) -> Ended {
    let mut out = Output::new();
    let seed = arguments.seeds.as_ref().and_then(|seeds| seeds.0.first().copied()).unwrap_or(1);
    let found = |level: &Arc<Level>| Prover::new(Arc::clone(level)).spare_lines(seed);
    let mut levels = chosen.iter();
    in_order(chosen, found, |_, lines| {
        if let Some(level) = levels.next() {
            tell_spare(&mut out, level, lines);
        }
        !out.is_closed()
    });
    Ok(ExitCode::SUCCESS)
}

fn tell_spare(out: &mut Output, level: &Level, lines: Vec<SpareLine>) {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lines {
        files.entry(line.file).or_default().insert(line.text);
    }
    if files.is_empty() {
        out.line(format!("# {}: every line of its solutions matters", level.name));
        return;
    }
    out.line(format!("# {}/level.yaml\nspare:", level.name));
    for (file, lines) in files {
        out.line(format!("  {}:", Value::from(file.as_str())));
        for line in lines {
            let reason = level.spare.get(&file).and_then(|reasons| reasons.get(&line));
            let reason = reason.map_or("", String::as_str);
            out.line(format!("    {}: {}", Value::from(line), Value::from(reason)));
        }
    }
}
