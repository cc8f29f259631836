//! What makes a level of a candidate: it was seen to work, to break, to say why, and to be mended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::business::{Business, Entrance};
use super::faults::{Edit, Fault};
use super::{Address, Candidate, Incident, Injected, words};
use crate::level::attempt::{Attempt, GoalState, Verdict};
use crate::level::diagnosis::{Code, Diagnosis, mentions};
use crate::level::format::{Level, Solution};
use crate::shell::Files;

/// The level that the candidate becomes, if everything about it proves.
pub(super) fn level(candidate: &Candidate, address: Address, tried: u32) -> Option<Level> {
    let sound = working(&candidate.business, address);
    let ground = Attempt::before(Arc::new(sound.clone()), address.seed);
    if !ground.clone().passes() {
        return None;
    }
    let mut found = Vec::new();
    if candidate.faults.len() > 1 {
        for fault in &candidate.faults {
            let broken = with_faults(&sound, std::slice::from_ref(fault))?;
            let (mut alone, _) = arrived(&ground, broken)?;
            let verdict = alone.grade_until(|goal| {
                goal.diagnosis.as_ref().is_some_and(|diagnosis| names(fault, diagnosis))
            });
            found.push(codes_of(fault, &verdict)?);
        }
    }
    let broken = with_faults(&sound, &candidate.faults)?;
    let (mut attempt, untouched) = arrived(&ground, broken.clone())?;
    let verdict = attempt.grade();
    if let [fault] = candidate.faults.as_slice() {
        found.push(codes_of(fault, &verdict)?);
    }
    let named = candidate.faults.iter().any(|fault| codes_of(fault, &verdict).is_some());
    let solution = solution(&sound, &broken, &candidate.faults);
    if verdict.solved || !named || !mends(untouched, &solution) {
        return None;
    }
    let faults: Option<Vec<Injected>> = candidate
        .faults
        .iter()
        .zip(found)
        .map(|(fault, codes)| {
            Some(injected(fault, lines(&sound, &candidate.faults, fault)?, codes))
        })
        .collect();
    let incident = Incident { address, faults: faults?, thrown_away: tried };
    Some(finished(candidate, broken, &verdict.goals, incident, solution))
}

/// The business as a level in which nothing is wrong.
pub(super) fn working(business: &Business, address: Address) -> Level {
    let files = business.files();
    let mut world = business.ground();
    for (at, (name, text)) in files.iter().enumerate() {
        world.insert(format!("{}-{name}", at + 1), text.clone().into_bytes());
    }
    Level {
        title: words::title(business, address),
        difficulty: Some(address.difficulty),
        nodes: business.nodes,
        ingress: business.front == Some(Entrance::Ingress),
        cloud: business.front == Some(Entrance::LoadBalancer),
        goals: business.goals(),
        world,
        start: files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect(),
        ..Level::bare(address.to_string(), super::INCIDENTS)
    }
}

/// The level with these faults: in its files, and typed after them. `None` where an edit finds its
/// text not once.
fn with_faults(sound: &Level, faults: &[Fault]) -> Option<Level> {
    let edits: Vec<&Edit> = faults.iter().flat_map(|fault| &fault.edits).collect();
    let start = edited(&sound.start, &edits)?;
    let script: String = faults.iter().map(|fault| fault.script.as_str()).collect();
    let opening = (!script.is_empty()).then_some(script);
    Some(Level { start, opening, ..sound.clone() })
}

/// Files with edits carried out.
fn edited(files: &Files, edits: &[&Edit]) -> Option<Files> {
    let mut files = files.clone();
    for Edit { file, old, new } in edits {
        let content = files.get_mut(file)?;
        let text = String::from_utf8_lossy(content).into_owned();
        if text.matches(old.as_str()).count() != 1 {
            return None;
        }
        *content = text.replacen(old.as_str(), new, 1).into_bytes();
    }
    Some(files)
}

/// The player arrives at the faults: with the files applied as they are, and untouched. `None` where
/// something was refused.
fn arrived(ground: &Attempt, broken: Level) -> Option<(Attempt, Attempt)> {
    let mut untouched = ground.clone();
    untouched.arrive_at(Arc::new(broken));
    if untouched.acts().iter().any(|act| act.exit != 0) {
        return None;
    }
    let mut attempt = untouched.clone();
    attempt.apply();
    Some((attempt, untouched))
}

/// What the failing goals are diagnosed with where that names the fault; `None` where nothing does.
fn codes_of(fault: &Fault, verdict: &Verdict) -> Option<BTreeSet<Code>> {
    let diagnoses = verdict.goals.iter().filter_map(|goal| goal.diagnosis.as_ref());
    let naming = diagnoses.filter(|diagnosis| names(fault, diagnosis));
    let codes: BTreeSet<Code> = naming.map(|diagnosis| diagnosis.code).collect();
    (!codes.is_empty()).then_some(codes)
}

/// Whether a diagnosis leads to the fault: to a file that it is in, or to an object by its name.
fn names(fault: &Fault, diagnosis: &Diagnosis) -> bool {
    let file = diagnosis.at.as_ref().map(|at| &*at.file);
    if fault.edits.iter().any(|edit| Some(edit.file.as_str()) == file) {
        return true;
    }
    let said = [&diagnosis.message, &diagnosis.fix].into_iter();
    let said: Vec<&String> = said.chain(&diagnosis.evidence).chain(&diagnosis.nearest).collect();
    let mut objects = fault.objects.iter();
    objects.any(|object| said.iter().any(|text| mentions(text, &object.name)))
}

/// What takes all faults away: the files as they were, and commands.
fn solution(sound: &Level, broken: &Level, faults: &[Fault]) -> Solution {
    let changed = sound.start.iter().filter(|(name, text)| broken.start.get(*name) != Some(text));
    let mut script = String::new();
    for line in faults.iter().flat_map(|fault| fault.inverse.lines()) {
        // nginx reads its configuration once more at the end, whoever asks for it.
        if !script.lines().any(|known| known == line) {
            script.push_str(line);
            script.push('\n');
        }
    }
    Solution {
        name: "mended".to_owned(),
        files: changed.map(|(name, text)| (name.clone(), text.clone())).collect(),
        script: (!script.is_empty()).then_some(script),
    }
}

/// Whether the solution mends it.
fn mends(mut attempt: Attempt, solution: &Solution) -> bool {
    attempt.session_mut().files_mut().extend(solution.files.clone());
    attempt.apply();
    let script = solution.script.as_deref().unwrap_or("");
    attempt.run_strictly(script).is_ok() && attempt.passes()
}

/// The lines that a fault changed, in the files as the player finds them.
fn lines(
    sound: &Level,
    faults: &[Fault],
    fault: &Fault,
) -> Option<BTreeMap<String, BTreeSet<u32>>> {
    let all: Vec<&Edit> = faults.iter().flat_map(|fault| &fault.edits).collect();
    let found = edited(&sound.start, &all)?;
    let mut lines: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for edit in &fault.edits {
        let others: Vec<&Edit> = all.iter().copied().filter(|other| *other != edit).collect();
        let before = edited(&sound.start, &others)?;
        let text = |files: &Files| {
            String::from_utf8_lossy(files.get(&edit.file).map_or(&[], Vec::as_slice)).into_owned()
        };
        lines.entry(edit.file.clone()).or_default().extend(changed(&text(&before), &text(&found)));
    }
    Some(lines)
}

/// The lines (from 1) of `now` that `before` had not; where some were taken away, those beside them.
fn changed(before: &str, now: &str) -> BTreeSet<u32> {
    let (before, now): (Vec<&str>, Vec<&str>) = (before.lines().collect(), now.lines().collect());
    let same = before.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let rest = before[same..].iter().rev().zip(now[same..].iter().rev());
    let after = rest.take_while(|(a, b)| a == b).count();
    let (first, last) = (same + 1, now.len() - after);
    match first <= last {
        true => (first..=last).map(|line| line as u32).collect(),
        false => {
            [last, first].into_iter().filter(|line| *line > 0).map(|line| line as u32).collect()
        }
    }
}

fn injected(
    fault: &Fault,
    lines: BTreeMap<String, BTreeSet<u32>>,
    codes: BTreeSet<Code>,
) -> Injected {
    Injected {
        kind: fault.kind.name,
        objects: fault.objects.clone(),
        lines,
        codes,
        says: fault.says.clone(),
        lesson: fault.kind.lesson,
    }
}

/// The broken level with everything that is said about it.
fn finished(
    candidate: &Candidate,
    mut level: Level,
    states: &[GoalState],
    incident: Incident,
    solution: Solution,
) -> Level {
    for (goal, state) in level.goals.iter_mut().zip(states) {
        goal.holds = state.passed;
    }
    level.situation = words::situation(&candidate.business, &level.goals, states);
    level.debrief = words::debrief(&incident.faults);
    level.hints = words::hints(&incident.faults, &solution.name);
    level.real = Some(words::REAL.to_owned());
    let edits: usize = candidate.faults.iter().map(|fault| fault.edits.len()).sum();
    level.par_edits = (edits > 0).then_some(edits as u32);
    level.solutions = vec![solution];
    level.incident = Some(Arc::new(incident));
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_are_those_of_the_text_that_stands_now() {
        assert_eq!(changed("a\nb\nc\n", "a\nx\nc\n"), [2].into());
        assert_eq!(changed("a\nc\n", "a\nb\nc\n"), [2].into());
        assert_eq!(changed("a\nb\nc\n", "a\nc\n"), [1, 2].into(), "beside the line that went");
    }
}
