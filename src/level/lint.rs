//! Proves a level: it starts unsolved, every solution solves it, every mistake gets its diagnosis.

use std::fmt;
use std::sync::Arc;

use super::attempt::{Attempt, Verdict, with_answer};
use super::diagnosis;
use super::format::{Level, Mistake, Solution};
use super::place::PlaceName;

/// Seeds that `podhop lint` tries unless told otherwise.
pub const SEEDS: [u64; 5] = [1, 7, 42, 1_000, 123_456_789];

/// One thing that was proved, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The level's name.
    pub level: String,
    /// What was to be proved: `solution expose, seed 7`.
    pub claim: String,
    /// Why it does not hold.
    pub failure: Option<String>,
}

/// `ok    clusterip: solution expose, seed 7`
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Proof { level, claim, failure } = self;
        match failure {
            None => write!(f, "ok    {level}: {claim}"),
            Some(failure) => write!(f, "FAIL  {level}: {claim}\n      {failure}"),
        }
    }
}

/// Something to be proved about a level. Each runs on its own, so that tests can name it.
#[derive(Clone, Debug)]
pub enum Claim {
    /// Texts are there and short enough; places, codes and lines exist.
    Texts,
    /// Untouched, it is not solved, and says why.
    Unsolved(u64),
    /// This solution solves it.
    Solves(Solution, u64),
    /// This mistake fails at its goal with its diagnosis, on its line.
    Fails(Mistake, u64),
    /// The same seed twice gives the same transcript.
    Repeats(u64),
}

/// Everything that is to be proved about a level, on these seeds.
pub fn claims(level: &Level, seeds: &[u64]) -> Vec<Claim> {
    let mut claims = vec![Claim::Texts];
    for &seed in seeds {
        claims.push(Claim::Unsolved(seed));
        claims.extend(level.solutions.iter().map(|solution| Claim::Solves(solution.clone(), seed)));
        claims.extend(level.mistakes.iter().map(|mistake| Claim::Fails(mistake.clone(), seed)));
    }
    claims.extend(seeds.first().map(|&seed| Claim::Repeats(seed)));
    claims
}

/// `solution expose, seed 7`
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Claim::Texts => f.write_str("its texts are complete and short"),
            Claim::Unsolved(seed) => write!(f, "untouched it is unsolved, seed {seed}"),
            Claim::Solves(solution, seed) => {
                write!(f, "solution {} solves it, seed {seed}", solution.name)
            }
            Claim::Fails(mistake, seed) => {
                write!(f, "mistake {} gets its diagnosis, seed {seed}", mistake.answer.name)
            }
            Claim::Repeats(seed) => write!(f, "seed {seed} twice gives the same transcript"),
        }
    }
}

/// Tries to prove one claim.
pub fn prove(level: &Arc<Level>, claim: &Claim) -> Proof {
    let failure = match claim {
        Claim::Texts => texts(level),
        Claim::Unsolved(seed) => unsolved(level, *seed),
        Claim::Solves(solution, seed) => solves(level, solution, *seed),
        Claim::Fails(mistake, seed) => fails(level, mistake, *seed),
        Claim::Repeats(seed) => repeats(level, *seed),
    };
    Proof { level: level.name.clone(), claim: claim.to_string(), failure: failure.err() }
}

/// Plays an answer without a screen: its files in place of the start's, applied, then its script.
pub fn play(level: &Arc<Level>, answer: Option<&Solution>, seed: u64) -> Verdict {
    let mut attempt = Attempt::open(level.clone(), seed);
    if let Some(answer) = answer {
        let files = with_answer(attempt.files(), &answer.files);
        *attempt.session_mut().files_mut() = files;
    }
    attempt.apply();
    if let Some(script) = answer.and_then(|answer| answer.script.as_ref()) {
        attempt.run_script(script);
    }
    attempt.grade()
}

fn unsolved(level: &Arc<Level>, seed: u64) -> Result<(), String> {
    let verdict = play(level, None, seed);
    if verdict.solved {
        return Err("it is solved before the player has done anything".to_owned());
    }
    let silent = verdict.goals.iter().find(|goal| !goal.passed && goal.diagnosis.is_none());
    match silent {
        Some(goal) => Err(format!("goal {:?} fails without a diagnosis", goal.say)),
        None => Ok(()),
    }
}

fn solves(level: &Arc<Level>, solution: &Solution, seed: u64) -> Result<(), String> {
    let verdict = play(level, Some(solution), seed);
    match verdict.goals.iter().find(|goal| !goal.passed) {
        None => Ok(()),
        Some(goal) => Err(format!(
            "goal {:?}: {} of {} after {} tries; {}",
            goal.say,
            goal.succeeded,
            goal.of,
            goal.tried,
            goal.diagnosis.as_ref().map_or_else(String::new, shown)
        )),
    }
}

fn fails(level: &Arc<Level>, mistake: &Mistake, seed: u64) -> Result<(), String> {
    let verdict = play(level, Some(&mistake.answer), seed);
    let goal = verdict
        .goals
        .get((mistake.goal as usize).wrapping_sub(1))
        .ok_or_else(|| format!("there is no goal {}", mistake.goal))?;
    if goal.passed {
        return Err(format!("goal {:?} passes", goal.say));
    }
    let diagnosis = goal.diagnosis.as_ref().ok_or("there is no diagnosis")?;
    let at = diagnosis.at.as_ref().map(ToString::to_string);
    let line_fits = mistake.at.is_none() || mistake.at == at;
    if diagnosis.code == mistake.diagnosis && line_fits {
        return Ok(());
    }
    Err(format!(
        "expected {} at {}, received {}",
        mistake.diagnosis,
        mistake.at.as_deref().unwrap_or("no line"),
        shown(diagnosis)
    ))
}

fn shown(diagnosis: &diagnosis::Diagnosis) -> String {
    let at = diagnosis.at.as_ref().map_or_else(|| "no line".to_owned(), ToString::to_string);
    format!("{} at {at}: {} [{}]", diagnosis.code, diagnosis.message, diagnosis.evidence.join("; "))
}

fn repeats(level: &Arc<Level>, seed: u64) -> Result<(), String> {
    let answer = level.solutions.first();
    let transcript = || {
        let mut attempt = Attempt::open(level.clone(), seed);
        if let Some(script) = answer.and_then(|answer| answer.script.as_ref()) {
            attempt.run_script(script);
        }
        let look = attempt.run_script("kubectl get all -A -o wide; kubectl get endpointslices -A -o yaml; kubectl get events -A");
        let verdict = attempt.grade();
        format!("{}{verdict:?}", String::from_utf8_lossy(&look.stdout))
    };
    let (first, second) = (transcript(), transcript());
    match first.lines().zip(second.lines()).find(|(a, b)| a != b) {
        None if first == second => Ok(()),
        None => Err("one transcript is longer than the other".to_owned()),
        Some((a, b)) => Err(format!("{a:?} and then {b:?}")),
    }
}

fn texts(level: &Arc<Level>) -> Result<(), String> {
    let words = |text: &str| text.split_whitespace().count();
    let limits = [("situation", &level.situation, 80), ("debrief", &level.debrief, 120)];
    for (name, text, limit) in limits {
        if text.is_empty() || words(text) > limit {
            return Err(format!("its {name} has {} words; 1 to {limit} are allowed", words(text)));
        }
    }
    for goal in &level.goals {
        PlaceName::parse(&goal.from)?;
    }
    if level.goals.is_empty() || level.goals.iter().any(|goal| goal.say.is_empty()) {
        return Err("every level has goals, and every goal a text".to_owned());
    }
    if level.solutions.len() < 2 {
        return Err(format!("it has {} solutions; 2 at least", level.solutions.len()));
    }
    if level.mistakes.len() < 3 {
        return Err(format!("it has {} mistakes; 3 at least", level.mistakes.len()));
    }
    let codes = level.mistakes.iter().map(|mistake| &mistake.diagnosis);
    for code in codes.chain(level.hints.iter().filter_map(|hint| hint.when.as_ref())) {
        if diagnosis::explain(code).is_none() {
            return Err(format!("there is no diagnosis {code}"));
        }
    }
    for hint in &level.hints {
        let worked = hint.worked.as_ref();
        let known = worked.is_none_or(|name| level.solutions.iter().any(|s| s.name == *name));
        if (hint.say.is_empty() && worked.is_none()) || !known {
            return Err(format!("a hint has no text, or no such solution: {hint:?}"));
        }
    }
    give_aways(level)
}

/// Marks in the starting files that give the fault away.
fn give_aways(level: &Level) -> Result<(), String> {
    const MARKS: [&str; 6] = ["FIXME", "TODO", "XXX", "BUG", "wrong", "broken"];
    for (name, content) in &level.start {
        let text = String::from_utf8_lossy(content);
        if let Some(mark) = MARKS.iter().find(|mark| text.contains(**mark)) {
            return Err(format!("start/{name} gives the fault away: {mark}"));
        }
    }
    match level.locked.iter().find(|file| !level.start.contains_key(*file)) {
        Some(file) => Err(format!("locked file {file} is not in start")),
        None => Ok(()),
    }
}
