//! What programs read: verdicts, levels, files and errors as JSON objects. `docs/programs.md` describes
//! them, with the schemas of `docs/schemas/`, and tests hold both true.
//!
//! Names of keys are in camelCase; words of a list (`stage`, `verdict`, `kind`, codes) in kebab-case.

use serde_json::{Map, Value, json};

use super::Usage;
use crate::game::diff;
use crate::level::incident::{Causes, Injected};
use crate::level::{Applied, Diagnosis, GoalState, Hint, Level, Repeat, Verdict, with_answer};
use crate::shell::{Files, Finished};

/// How much a verdict tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// Why goals fail, and what to do.
    All,
    /// That they fail, and what their requests printed.
    None,
}

/// An error: `{"error": {"code": …, "message": …}}`.
pub fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

/// A command line that can't be carried out.
pub fn usage(usage: &Usage) -> Value {
    error("usage", &usage.0)
}

/// How the goals stand.
pub fn verdict(verdict: &Verdict, help: Help) -> Value {
    let goals = verdict.goals.iter().enumerate();
    let goals: Vec<Value> =
        goals.map(|(index, state)| goal(state, verdict.told_before(index), help)).collect();
    let causes = verdict.causes.as_ref();
    let told = verdict.solved && help == Help::All;
    json!({
        "level": verdict.level,
        "seed": verdict.seed,
        "solved": verdict.solved,
        "goals": goals,
        "causes": causes.map(|causes| self::causes(causes, told)),
    })
}

/// How well an incident's causes were found; what they are, where that is `told`.
fn causes(causes: &Causes, told: bool) -> Value {
    let answers = causes.answers.iter();
    let answers = answers.map(|one| json!({"said": one.said, "right": !one.names.is_empty()}));
    let mut value = json!({
        "of": causes.faults.len(),
        "named": causes.named(),
        "answers": answers.collect::<Vec<_>>(),
    });
    if told {
        value["faults"] =
            causes.faults.iter().map(|(injected, named)| fault(injected, *named)).collect();
    }
    value
}

/// What was wrong.
fn fault(fault: &Injected, named: bool) -> Value {
    let objects = fault.objects.iter().map(|object| {
        let kind = object.kind.info().singular;
        match object.namespace.as_str() {
            "" => format!("{kind}/{}", object.name),
            namespace => format!("{kind}/{} -n {namespace}", object.name),
        }
    });
    let lines = fault
        .lines
        .iter()
        .flat_map(|(file, lines)| lines.iter().map(move |line| format!("{file}:{line}")));
    json!({
        "kind": fault.kind,
        "says": fault.says,
        "objects": objects.collect::<Vec<_>>(),
        "lines": lines.collect::<Vec<_>>(),
        "codes": fault.codes,
        "named": named,
    })
}

/// A goal; where it fails for the same reason as an earlier one, `sameCauseAs` is that one's number.
fn goal(goal: &GoalState, told_before: Option<usize>, help: Help) -> Value {
    let mut value = json!({
        "say": goal.say,
        "passed": goal.passed,
        "succeeded": goal.succeeded,
        "of": goal.of,
        "printed": goal.printed,
    });
    if help == Help::All {
        value["diagnosis"] = goal.diagnosis.as_ref().map_or(Value::Null, diagnosis);
        value["sameCauseAs"] = told_before.into();
    }
    value
}

fn diagnosis(diagnosis: &Diagnosis) -> Value {
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

/// What an answer is worth: goals that pass, and lines that differ from the level's own files against
/// those of the best known solution.
pub fn score(level: &Level, verdict: &Verdict, answer: &Files) -> Value {
    let passed = verdict.goals.iter().filter(|goal| goal.passed).count();
    json!({
        "goals": passed,
        "of": verdict.goals.len(),
        "sends": 1,
        "edits": edits(level, answer),
        "par": level.par_edits,
    })
}

/// Lines of an answer that differ from the level's own files.
fn edits(level: &Level, answer: &Files) -> u32 {
    let text = |content: Option<&Vec<u8>>| {
        content.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
    };
    let after = with_answer(&level.start, answer);
    let changed = answer.iter().map(|(name, content)| {
        let own = text(level.start.get(name));
        diff::size(&diff::edits(&own, &text(Some(content))))
    });
    let gone = level.start.iter().filter(|(name, _)| !after.contains_key(*name));
    let gone = gone.map(|(_, content)| text(Some(content)).lines().count() as u32);
    changed.sum::<u32>() + gone.sum::<u32>()
}

/// What a command printed.
pub fn finished(finished: &Finished) -> Value {
    let (stdout, stderr) = finished.texts();
    json!({"stdout": stdout, "stderr": stderr, "exit": finished.exit})
}

/// What became of an apply.
pub fn applied(applied: &Applied) -> Value {
    let files = applied.files.iter().map(|file| {
        json!({
            "file": file.file,
            "accepted": file.accepted,
            "stdout": file.output,
            "stderr": file.errors,
            "replaced": file.replaced,
        })
    });
    files.collect()
}

/// A level, as a player meets it who has not solved it, without hints.
pub fn met(level: &Level) -> Value {
    self::level(level, false, false)
}

/// A level, as its player meets it.
pub fn level(level: &Level, solved: bool, with_hints: bool) -> Value {
    let goals = level.goals.iter().map(|goal| {
        json!({
            "say": goal.say,
            "from": goal.from,
            "run": goal.run,
            "repeat": repeat(&goal.repeat),
            "afterMs": goal.after.as_millis() as u64,
            "holds": goal.holds,
        })
    });
    let files = level.start.iter().map(|(name, content)| {
        json!({
            "name": name,
            "content": String::from_utf8_lossy(content),
            "locked": level.locked.contains(name),
        })
    });
    let mut codes: Vec<&str> = level.mistakes.iter().map(|one| one.diagnosis.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut value = json!({
        "number": level.number,
        "level": level.name,
        "title": level.title,
        "chapter": level.chapter,
        "teaches": level.teaches,
        "difficulty": level.difficulty,
        "myth": level.myth,
        "solved": solved,
        "situation": level.situation,
        "nodes": level.nodes,
        "goals": goals.collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
        "codes": codes,
        "par": level.par_edits,
    });
    if with_hints {
        value["hints"] = level.hints.iter().map(hint).collect();
    }
    value
}

fn repeat(repeat: &Repeat) -> Value {
    json!({
        "times": repeat.times,
        "everyMs": repeat.every.as_millis() as u64,
        "succeed": repeat.succeed,
        "spread": repeat.spread,
        "atMost": repeat.at_most,
    })
}

fn hint(hint: &Hint) -> Value {
    json!({
        "when": hint.when,
        "goal": hint.goal.map(|goal| goal + 1),
        "afterMs": hint.after.map(|after| after.as_millis() as u64),
        "say": hint.say,
        "worked": hint.worked,
    })
}

/// Files by name, as texts.
pub fn files(files: &Files) -> Value {
    let texts = files.iter().map(|(name, content)| {
        (name.clone(), Value::from(String::from_utf8_lossy(content).into_owned()))
    });
    Value::Object(texts.collect::<Map<_, _>>())
}

/// A word of a list, as programs read it: `service-proxy` for `ServiceProxy`.
pub fn word(name: &impl std::fmt::Debug) -> String {
    let mut word = String::new();
    for c in format!("{name:?}").chars() {
        if c.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(c.to_ascii_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_lists_are_in_kebab_case() {
        use crate::network::{HopVerdict, Stage};
        assert_eq!(word(&Stage::ServiceProxy), "service-proxy");
        assert_eq!(word(&HopVerdict::Pass), "pass");
    }
}
