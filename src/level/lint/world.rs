//! The world obeys: what a level does succeeds and has its effect, what it claims is true, and what
//! it asks for is not there already.

use std::sync::Arc;

use super::{Prover, shown};
use crate::diagnostic::{Diagnostic, Position};
use crate::level::acts::{Act, Actor};
use crate::level::answer::with_answer;
use crate::level::attempt::{Attempt, GoalState};
use crate::level::format::{Level, Solution};
use crate::level::probe::{self, Miss, Run};

/// The world's and the start's manifests are accepted, scripts and opening succeed, claims are true.
pub(super) fn opens(prover: &mut Prover, seed: u64) -> Result<(), Diagnostic> {
    let attempt = prover.open(seed);
    let level = attempt.level().clone();
    for act in attempt.acts() {
        obeys(&level, act, Some(&attempt))?;
    }
    for (index, claim) in level.claims.iter().enumerate() {
        let mut cluster = attempt.cluster().clone();
        let run = probe::run(&mut cluster, claim.into(), attempt.files());
        prover.exhausted |= run.finished.as_ref().is_some_and(|finished| finished.exhausted);
        is_true(&level, index, &run)?;
    }
    Ok(())
}

/// What the level did itself came to what it says.
fn obeys(level: &Level, act: &Act, attempt: Option<&Attempt>) -> Result<(), Diagnostic> {
    match &act.by {
        Actor::Manifest(file) => {
            let is_fault = level.refused.contains(file);
            match (act.exit == 0, is_fault) {
                (true, false) | (false, true) => Ok(()),
                (false, false) => Err(refused(level, file, act, attempt)),
                (true, true) => {
                    let index = level.refused.iter().position(|name| name == file).unwrap_or(0);
                    let error = level.source.error(
                        &format!("refused[{index}]"),
                        format!("{file} is said to be refused, and is accepted"),
                    );
                    Err(error.help("take it from the list, or let it have the fault"))
                }
            }
        }
        Actor::Script(_) | Actor::Opening | Actor::Answer if act.exit == 0 => Ok(()),
        Actor::Script(file) => {
            let error = Diagnostic::error(failed(act)).in_file(format!("{}/{file}", level.name));
            Err(error.at(Position::new(act.line, 1)).help(EXPECTS))
        }
        Actor::Opening => {
            let script = level.opening.as_deref().unwrap_or("");
            let mut error = level.source.error("opening", failed(act));
            error.position = level.source.line_of("opening", script, act.line).or(error.position);
            Err(error.help(EXPECTS))
        }
        Actor::Answer => Ok(()),
        Actor::Event(index) => event_obeys(level, *index, act),
    }
}

/// What to do about a command that fails.
const EXPECTS: &str =
    "mend the command, or say that it may fail: command || true, or test the exit code";

fn failed(act: &Act) -> String {
    match act.said.as_str() {
        "" => format!("the command ends with exit code {}", act.exit),
        said => format!("the command ends with exit code {}: {said}", act.exit),
    }
}

fn refused(level: &Level, file: &str, act: &Act, attempt: Option<&Attempt>) -> Diagnostic {
    let path = format!("{}/{file}", level.name);
    let help = format!("mend it, or list {file} under refused if that is the level's fault");
    let name = file.split_once('/').map_or(file, |(_, name)| name);
    let files = if file.starts_with("start/") { &level.start } else { &level.world };
    let marks = attempt
        .zip(files.get(name))
        .map(|(attempt, content)| crate::level::apply::marks(attempt.cluster(), name, content));
    let at = marks.and_then(|marks| marks.first().and_then(|mark| mark.position));
    let at = at.unwrap_or(Position::new(1, 1));
    Diagnostic::error(format!("it is refused: {}", act.said)).in_file(path).at(at).help(help)
}

fn event_obeys(level: &Level, index: usize, act: &Act) -> Result<(), Diagnostic> {
    let event = &level.events[index];
    let error = |key: &str, message: String, help: &str| {
        Err(level.source.error(&format!("events[{index}].{key}"), message).help(help))
    };
    if act.exit == 130 && event.exit != 130 {
        let message = "the event's command still waits after a moment".to_owned();
        return error("run", message, "let it not wait: kubectl delete --wait=false");
    }
    if act.exit != event.exit {
        let message = format!("the event fails: {}", failed(act));
        return error("run", message, "mend the command, or say with exit which code it ends with");
    }
    if act.changed == Some(false) && event.changes.is_some() {
        let message = "the event changes nothing of what it names".to_owned();
        return error("changes", message, "mend the command, or name what it does change");
    }
    Ok(())
}

/// What the situation says holds before the player has done anything.
fn is_true(level: &Level, index: usize, run: &Run) -> Result<(), Diagnostic> {
    let Some(miss) = &run.miss else { return Ok(()) };
    let message = format!("the claim is false at the start: {}", missed(miss, run));
    let error = level.source.error(&format!("claims[{index}]"), message);
    Err(error.help("change the world until it is true, or say what is true"))
}

fn missed(miss: &Miss, run: &Run) -> String {
    let printed = run.finished.as_ref().map_or_else(String::new, |finished| {
        let said = [finished.stdout.as_slice(), &finished.stderr].concat();
        let said = String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" ");
        said.chars().take(100).collect()
    });
    if matches!(miss, Miss::NoPlace | Miss::Field { .. }) {
        return miss.words();
    }
    let what = miss.words();
    format!("{what}; it prints: {printed}")
}

/// Untouched, no goal passes that is not said to hold, and each that fails says why.
pub(super) fn unsolved(prover: &mut Prover, seed: u64) -> Result<(), Diagnostic> {
    let level = prover.level.clone();
    let (attempt, verdict) = prover.untouched(seed);
    for (index, (goal, state)) in level.goals.iter().zip(&verdict.goals).enumerate() {
        let error = |key: &str, message: &str, help: &str| {
            Err(level.source.error(&format!("goals[{index}].{key}"), message).help(help))
        };
        if state.is_exhausted() {
            return error(
                "run",
                "the goal's request takes all that one command may take, and is ended",
                "let it end by itself: a loop that waits sleeps, and counts its tries",
            );
        }
        if state.passed && !goal.holds {
            return error(
                "say",
                "the goal passes untouched: nothing has to be done for it",
                "break it at the start, or say holds: true if it has to go on working",
            );
        }
        if !state.passed && goal.holds {
            let help = "let it work at the start, or leave holds out";
            return error("holds", "the goal is said to hold, and fails untouched", help);
        }
        if !state.passed && state.diagnosis.is_none() {
            return error("say", "the goal fails without a diagnosis", "a goal says why it fails");
        }
    }
    let events = attempt.acts().iter().filter(|act| matches!(act.by, Actor::Event(_)));
    for act in events {
        obeys(&level, act, None)?;
    }
    Ok(())
}

/// Untouched, a goal of the incident fails with a code that one of its faults has.
pub(super) fn named(prover: &mut Prover, seed: u64) -> Result<(), Diagnostic> {
    let level = prover.level.clone();
    let faults = level.incident.iter().flat_map(|incident| &incident.faults);
    let codes: Vec<_> = faults.flat_map(|fault| &fault.codes).collect();
    let (_, verdict) = prover.untouched(seed);
    let diagnoses = verdict.goals.iter().filter_map(|goal| goal.diagnosis.as_ref());
    match diagnoses.map(|diagnosis| diagnosis.code).any(|code| codes.contains(&&code)) {
        true => Ok(()),
        false => {
            let message = format!("no goal fails with any of {codes:?}");
            let error = level.source.error("goals", message);
            Err(error.help("this is a fault of podhop's: the incident was proved on its own seed"))
        }
    }
}

/// A solution's files are accepted, its commands succeed, every goal passes, and the events happen
/// meanwhile, with success and effect.
pub(super) fn solves(
    prover: &mut Prover,
    solution: &Solution,
    seed: u64,
) -> Result<(), Diagnostic> {
    let mut attempt = prover.open(seed);
    let level = attempt.level().clone();
    let file = |name: &str| format!("{}/solutions/{}/{name}", level.name, solution.name);
    *attempt.session_mut().files_mut() = with_answer(attempt.files(), &solution.files);
    let applied = attempt.apply();
    let mut own = applied.files.iter().filter(|one| solution.files.contains_key(&one.file));
    // Where a script follows, it may make room first for what is refused at once.
    let last = solution.script.is_none();
    if let Some(one) = own.find(|one| last && !one.accepted) {
        let at = one.diagnostics.first().and_then(|mark| mark.position);
        let said = one.errors.split_whitespace().collect::<Vec<_>>().join(" ");
        let error = Diagnostic::error(format!("it is refused: {said}")).in_file(file(&one.file));
        let help = "mend it, or take it away: a solution's manifests are accepted";
        return Err(error.at(at.unwrap_or(Position::new(1, 1))).help(help));
    }
    let script = solution.script.as_deref().unwrap_or("");
    if let Err(act) = attempt.run_strictly(script) {
        prover.exhausted |= act.exhausted;
        let error = Diagnostic::error(failed(&act)).in_file(file("solve.sh"));
        return Err(error.at(Position::new(act.line, 1)).help(EXPECTS));
    }
    let verdict = attempt.grade();
    // An event that fails fails its goal: it is the event that is to be mended.
    let mut events = attempt.acts().iter().filter(|act| matches!(act.by, Actor::Event(_)));
    events.try_for_each(|act| obeys(&level, act, None))?;
    if let Some(goal) = verdict.goals.iter().find(|goal| !goal.passed) {
        let name = solution.files.keys().next().map_or("solve.sh", String::as_str);
        let error = Diagnostic::error(unmet(goal)).in_file(file(name)).at(Position::new(1, 1));
        return Err(error.help("mend the solution, or ask no more of the goal than it says"));
    }
    events_happened(&level, &attempt)
}

fn unmet(goal: &GoalState) -> String {
    let why = goal.diagnosis.as_ref().map_or_else(String::new, shown);
    format!(
        "goal {:?}: {} of {} after {} {}; {why}",
        goal.say,
        goal.succeeded,
        goal.of,
        goal.tried,
        if goal.tried == 1 { "try" } else { "tries" }
    )
}

/// Whether an event has an effect where nobody has done anything: a solution may leave it nothing to do.
fn changes_untouched(level: &Arc<Level>, seed: u64, index: usize) -> bool {
    let mut attempt = Attempt::open(Arc::clone(level), seed);
    attempt.judge_all();
    let own = |act: &Act| matches!(act.by, Actor::Event(at) if at == index);
    attempt.acts().iter().any(|act| own(act) && act.changed == Some(true))
}

fn events_happened(level: &Arc<Level>, attempt: &Attempt) -> Result<(), Diagnostic> {
    let mut happened = vec![(0, false); level.events.len()];
    for act in attempt.acts() {
        if let Actor::Event(index) = act.by {
            happened[index].0 += 1;
            happened[index].1 |= act.changed == Some(true);
        }
    }
    for (index, (event, (count, changed))) in level.events.iter().zip(happened).enumerate() {
        // What is not told may only take back what an earlier send has left.
        let idle = event.say.is_some() && count > 0 && !changed;
        if idle && !changes_untouched(level, attempt.seed(), index) {
            let error =
                level.source.error(&format!("events[{index}].run"), "the event changes nothing");
            return Err(error.help("mend the command, and name with changes what it changes"));
        }
        if count < event.when.times() {
            let message = format!(
                "the event happens {count} of {} times before the last goal is judged",
                event.when.times()
            );
            let error = level.source.error(&format!("events[{index}]"), message);
            return Err(error.help("let a goal wait for it, with after or with during"));
        }
    }
    Ok(())
}
