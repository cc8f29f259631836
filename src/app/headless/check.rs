//! `podhop check [LEVEL]…`

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};

use super::files::read_file;
use super::{Ended, FAILURE, Output, Usage, level, read_files};
use crate::app::cli::CheckArgs;
use crate::diagnostic::printable;
use crate::level::lint::{Played, play};
use crate::level::{Diagnosis, GoalState, Level, Pack, Solution, Verdict, half_replaced};
use crate::shell::{Files, Finished};

/// Plays levels without a screen, with the answer that the arguments give.
pub fn check(arguments: &CheckArgs, pack: &Pack) -> Ended {
    let levels: Vec<Arc<Level>> = if arguments.level.is_empty() {
        pack.levels.clone()
    } else {
        let named = arguments.level.iter().map(|name| level(pack, name).cloned());
        named.collect::<Result<_, _>>()?
    };
    let answer = answer(arguments)?;
    let mut out = Output::new();
    let mut solved = true;
    for level in &levels {
        if let Some(answer) = &answer {
            refuse_half_replaced(&level.start, &answer.files)?;
        }
        let Played { verdict, script } = play(level, answer.as_ref(), arguments.seed);
        solved &= verdict.solved;
        if arguments.json {
            out.json(&to_json(&verdict, script.as_ref()));
        } else {
            tell(&mut out, level, &verdict);
            tell_script(&mut out, script.as_ref());
        }
    }
    Ok(if solved { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

/// An answer that describes a part of what one of the level's files describes can neither replace
/// that file nor stand beside it.
pub fn refuse_half_replaced(own: &Files, answer: &Files) -> Result<(), Usage> {
    match half_replaced(own, answer) {
        Some((file, besides)) => Err(Usage(format!(
            "the level's own {file} describes {besides} too; give the whole file, as {file}"
        ))),
        None => Ok(()),
    }
}

fn answer(arguments: &CheckArgs) -> Result<Option<Solution>, Usage> {
    let mut files = Files::new();
    for path in &arguments.manifests {
        let read = read_files(path)?;
        if read.is_empty() {
            return Err(Usage(format!("{} holds no manifest: it is empty", path.display())));
        }
        files.extend(read);
    }
    let script = match &arguments.script {
        Some(path) => Some(String::from_utf8_lossy(&read_file(path)?).into_owned()),
        None => None,
    };
    if files.is_empty() && script.is_none() {
        return Ok(None);
    }
    Ok(Some(Solution { name: "answer".to_owned(), files, script }))
}

/// The stable form that other programs read.
fn to_json(verdict: &Verdict, script: Option<&Finished>) -> Value {
    let goals = verdict.goals.iter().enumerate();
    let goals: Vec<Value> =
        goals.map(|(index, goal)| goal_json(goal, verdict.told_before(index))).collect();
    json!({
        "level": verdict.level,
        "seed": verdict.seed,
        "solved": verdict.solved,
        "goals": goals,
        "script": script.map(|script| json!({
            "stdout": String::from_utf8_lossy(&script.stdout),
            "stderr": String::from_utf8_lossy(&script.stderr),
            "exit": script.exit,
        })),
    })
}

/// What the script printed, and that it failed, where it did.
fn tell_script(out: &mut Output, script: Option<&Finished>) {
    let Some(script) = script else { return };
    for stream in [&script.stdout, &script.stderr] {
        for line in String::from_utf8_lossy(stream).lines() {
            out.line(format!("  | {}", printable(line)));
        }
    }
    if script.exit != 0 {
        out.line(format!("  the script failed: exit {}", script.exit));
    }
}

/// A goal; where it fails for the same reason as an earlier one, `sameCauseAs` is that one's number.
fn goal_json(goal: &GoalState, told_before: Option<usize>) -> Value {
    json!({
        "say": goal.say,
        "passed": goal.passed,
        "succeeded": goal.succeeded,
        "of": goal.of,
        "diagnosis": goal.diagnosis.as_ref().map(diagnosis_json),
        "sameCauseAs": told_before,
    })
}

fn diagnosis_json(diagnosis: &Diagnosis) -> Value {
    json!({
        "code": diagnosis.code,
        "message": diagnosis.message,
        "look": diagnosis.look,
        "evidence": diagnosis.evidence,
        "at": diagnosis.at.as_ref().map(ToString::to_string),
        "nearest": diagnosis.nearest,
        "fix": diagnosis.fix,
    })
}

fn tell(out: &mut Output, level: &Level, verdict: &Verdict) {
    let word = if verdict.solved { "solved" } else { "not solved" };
    out.line(format!("{}: {word} (seed {})", level.name, verdict.seed));
    for (index, goal) in verdict.goals.iter().enumerate() {
        let sign = if goal.passed { '✓' } else { '✗' };
        out.line(format!("  {sign} {} ({} of {})", goal.say, goal.succeeded, goal.of));
        let Some(diagnosis) = &goal.diagnosis else { continue };
        if let Some(number) = verdict.told_before(index) {
            out.line(format!("      for the same reason as goal {number}"));
            continue;
        }
        let at = diagnosis.at.as_ref().map_or_else(String::new, |at| format!("{at}: "));
        out.line(format!("      {at}{}", diagnosis.message));
        for fact in diagnosis.evidence.iter().chain(&diagnosis.nearest) {
            out.line(format!("      - {fact}"));
        }
        for command in &diagnosis.look {
            out.line(format!("      look: {command}"));
        }
        out.line(format!("      way out: {}", diagnosis.fix));
        out.line(format!("      podhop explain {}", diagnosis.code));
    }
}
