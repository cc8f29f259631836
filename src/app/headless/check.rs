//! `podhop check [LEVEL]…`

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::files::read_file;
use super::objects::{self, Help};
use super::workers::in_order;
use super::{Ended, FAILURE, Output, Usage, level, read_files};
use crate::app::cli::CheckArgs;
use crate::diagnostic::{nearest, printable};
use crate::level::incident::{Answer, Causes};
use crate::level::lint::{Played, play};
use crate::level::{Level, Pack, Solution, Verdict, half_replaced};
use crate::shell::{Files, Finished};

/// A level on a seed, and the answer that is tried on it.
struct Case {
    level: Arc<Level>,
    seed: u64,
    answer: Option<Solution>,
    /// Where the cause is said to be.
    answers: Vec<Answer>,
}

/// Plays levels without a screen, with the answer that the arguments give.
pub fn check(arguments: &CheckArgs, pack: &Pack) -> Ended {
    let cases = cases(arguments, pack)?;
    let help = if arguments.no_help { Help::None } else { Help::All };
    let mut out = Output::new();
    let mut solved = true;
    let work = |case: &Case| {
        let began = Instant::now();
        let mut played = play(&case.level, case.answer.as_ref(), case.seed);
        let incident = case.level.incident.as_ref();
        played.verdict.causes = incident.map(|incident| incident.causes(&case.answers));
        (played, began.elapsed())
    };
    let mut told = cases.iter();
    in_order(&cases, work, |_, (played, took)| {
        solved &= played.verdict.solved;
        if let Some(case) = told.next() {
            if arguments.json {
                out.json(&to_json(case, &played, took, help));
            } else {
                tell(&mut out, &case.level, &played.verdict, help);
                tell_causes(&mut out, &played.verdict, help);
                tell_script(&mut out, played.script.as_ref());
            }
        }
        !out.is_closed()
    });
    Ok(if solved { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

fn cases(arguments: &CheckArgs, pack: &Pack) -> Result<Vec<Case>, Usage> {
    let levels: Vec<Arc<Level>> = if arguments.level.is_empty() {
        pack.levels.clone()
    } else {
        let named = arguments.level.iter().map(|name| level(pack, name));
        named.collect::<Result<_, _>>()?
    };
    let given = answer(arguments)?;
    let mut cases = Vec::new();
    for level in levels {
        asks_for_something(&level)?;
        let answer = match &arguments.solution {
            Some(name) => Some(solution(&level, name)?),
            None => given.clone(),
        };
        if let Some(answer) = &answer {
            refuse_half_replaced(&level.start, &answer.files)?;
        }
        let answers = causes(&level, &arguments.cause)?;
        let seeds = match &arguments.seeds {
            Some(seeds) => seeds.0.clone(),
            None => vec![arguments.seed.unwrap_or(level.first_seed())],
        };
        for seed in seeds {
            let (level, answer) = (Arc::clone(&level), answer.clone());
            cases.push(Case { level, seed, answer, answers: answers.clone() });
        }
    }
    Ok(cases)
}

/// A sandbox can be neither solved nor unsolved.
pub fn asks_for_something(level: &Level) -> Result<(), Usage> {
    match level.goals.is_empty() {
        true => Err(Usage(format!(
            "{0} has no goals to check; podhop shell {0} is its cluster",
            level.name
        ))),
        false => Ok(()),
    }
}

/// Judges what was said about the cause.
fn causes(level: &Level, said: &[String]) -> Result<Vec<Answer>, Usage> {
    let Some(incident) = &level.incident else {
        return match said {
            [] => Ok(Vec::new()),
            _ => Err(Usage(format!("{} is no incident, so it asks for no --cause", level.name))),
        };
    };
    let judged = said.iter().map(|said| incident.judge(said, &level.start).map_err(Usage));
    judged.collect()
}

/// The level's own solution of this name; the first when it is empty.
fn solution(level: &Level, name: &str) -> Result<Solution, Usage> {
    let names = || level.solutions.iter().map(|solution| solution.name.as_str());
    let found = level.solutions.iter().find(|solution| name.is_empty() || solution.name == name);
    found.cloned().ok_or_else(|| {
        let help = match nearest(name, names()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it has {}", names().collect::<Vec<_>>().join(", ")),
        };
        Usage(format!("level {} has no solution {name:?}; {help}", level.name))
    })
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
fn to_json(case: &Case, played: &Played, took: Duration, help: Help) -> Value {
    let mut value = objects::verdict(&played.verdict, help);
    let nothing = Files::new();
    let files = case.answer.as_ref().map_or(&nothing, |answer| &answer.files);
    value["score"] = objects::score(&case.level, &played.verdict, files);
    value["applied"] = objects::applied(&played.applied);
    value["script"] = played.script.as_ref().map_or(Value::Null, objects::finished);
    value["simulatedMs"] = (played.simulated.as_millis() as u64).into();
    value["realMs"] = (took.as_millis() as u64).into();
    value
}

/// What the script printed, and that it failed, where it did.
fn tell_script(out: &mut Output, script: Option<&Finished>) {
    let Some(script) = script else { return };
    for stream in [&script.stdout, &script.stderr] {
        for line in String::from_utf8_lossy(stream).lines() {
            out.line(format!("  | {}", printable(line)));
        }
    }
    if script.interrupted {
        out.line(format!(
            "  the script did not end in the time that it has, and was stopped: exit {}",
            script.exit
        ));
    } else if script.exit != 0 {
        out.line(format!("  the script failed: exit {}", script.exit));
    }
}

/// How well the causes were found; what they are, once all is mended.
fn tell_causes(out: &mut Output, verdict: &Verdict, help: Help) {
    let Some(causes) = &verdict.causes else { return };
    out.line(format!("  {}", causes_in_words(causes)));
    for (fault, named) in causes.faults.iter().filter(|_| verdict.solved && help == Help::All) {
        let sign = if *named { '✓' } else { '·' };
        out.line(format!("  {sign} {}", fault.says));
    }
}

/// `1 of 2 causes named, 3 wrong answers`
pub fn causes_in_words(causes: &Causes) -> String {
    let (named, of) = (causes.named(), causes.faults.len());
    let noun = if of == 1 { "cause" } else { "causes" };
    match causes.wrong() {
        0 => format!("{named} of {of} {noun} named"),
        1 => format!("{named} of {of} {noun} named, 1 wrong answer"),
        wrong => format!("{named} of {of} {noun} named, {wrong} wrong answers"),
    }
}

fn tell(out: &mut Output, level: &Level, verdict: &Verdict, help: Help) {
    let word = if verdict.solved { "solved" } else { "not solved" };
    out.line(format!("{}: {word} (seed {})", level.name, verdict.seed));
    for (index, goal) in verdict.goals.iter().enumerate() {
        let sign = if goal.passed { '✓' } else { '✗' };
        out.line(format!("  {sign} {} ({} of {})", goal.say, goal.succeeded, goal.of));
        let Some(diagnosis) = goal.diagnosis.as_ref().filter(|_| help == Help::All) else {
            continue;
        };
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
