//! Proves a level: what it says is true, it starts unsolved, every solution solves it, every mistake
//! gets its diagnosis, and no built-in cheat wins.

mod asks;
mod bites;
mod cheat;
mod cheats;
mod equivalence;
mod imitator;
mod mutation;
mod objects;
mod texts;
mod words;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::Applied;
use super::answer::with_answer;
use super::attempt::{Attempt, GoalState, Verdict};
use super::diagnosis;
use super::format::{Level, Mistake, Predict, Solution};
use crate::cluster::ObjectName;
use crate::diagnostic::Diagnostic;
use crate::shell::{Files, Finished};

use cheats::Try;

pub use cheat::Cheat;
pub use mutation::SpareLine;

/// The seeds that a level is proved on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// Those that every solution has to solve.
    pub solutions: Vec<u64>,
    /// Those for everything else.
    pub others: Vec<u64>,
}

impl Default for Seeds {
    /// Five.
    fn default() -> Self {
        Seeds::all(&[1, 7, 42, 1_000, 123_456_789])
    }
}

impl Seeds {
    /// Sixty for solutions, five for the rest.
    pub fn many() -> Seeds {
        let others = Seeds::default().others;
        let more = (2..).filter(|seed| !others.contains(seed)).take(55);
        Seeds { solutions: others.iter().copied().chain(more).collect(), others }
    }

    /// These, for everything.
    pub fn all(seeds: &[u64]) -> Seeds {
        Seeds { solutions: seeds.to_vec(), others: seeds.to_vec() }
    }
}

/// One thing that was proved, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The level's name.
    pub level: String,
    /// What was to be proved: `solution expose solves it`.
    pub statement: String,
    /// On how many seeds it was tried.
    pub seeds: usize,
    /// Why it does not hold: where, what, and the next step.
    pub failure: Option<Diagnostic>,
}

/// `ok    clusterip: solution expose solves it`
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Proof { level, statement, failure, .. } = self;
        let Some(failure) = failure else { return write!(f, "ok    {level}: {statement}") };
        write!(f, "FAIL  {level}: {statement}\n      {failure}")
    }
}

/// Something to be proved about a level. Each is proved on its own, so that tests can name it.
#[derive(Clone, Debug)]
pub enum Statement {
    /// Texts are there and short enough; places, codes and lines exist.
    Texts,
    /// Its manifests are accepted, its opening succeeds, and its claims are true.
    Opens,
    /// Untouched, no goal passes that is not said to hold, and each says why.
    Unsolved,
    /// Untouched, one choice of each of its predictions fits what the first request comes to.
    Predicts,
    /// One choice of its question is right, the same on each seed.
    Asks,
    /// This solution solves it; its commands succeed, and so do the events meanwhile.
    Solves(Solution),
    /// This mistake fails at its goal with its diagnosis, on its line.
    Fails(Mistake),
    /// This built-in cheat does not win, or the level says why it may.
    Resists(Cheat),
    /// For each goal there is a mistake or a cheat that fails it alone.
    Bites,
    /// Every line of its solutions' manifests matters, or is on the list of those that don't.
    Matters,
    /// Its solutions solve it when they are written in other ways.
    Rewritten,
    /// Untouched, a goal is diagnosed with what was put into the incident.
    Named,
    /// The same seed twice gives the same transcript.
    Repeats,
}

/// Everything that is to be proved about a level.
pub fn statements(level: &Level) -> Vec<Statement> {
    if level.incident.is_some() {
        return of_incident(level);
    }
    let mut statements = vec![Statement::Texts, Statement::Opens, Statement::Unsolved];
    if level.goals.iter().any(|goal| matches!(goal.predict, Predict::Own(_))) {
        statements.push(Statement::Predicts);
    }
    if level.question.is_some() {
        statements.push(Statement::Asks);
    }
    statements.extend(level.solutions.iter().cloned().map(Statement::Solves));
    statements.extend(level.mistakes.iter().cloned().map(Statement::Fails));
    statements.extend(Cheat::ALL.map(Statement::Resists));
    statements.extend([
        Statement::Bites,
        Statement::Matters,
        Statement::Rewritten,
        Statement::Repeats,
    ]);
    statements
}

/// What is to be proved about an incident. It is mended by whatever lets the traffic through, so that of
/// the cheats those alone count that let nothing through; and it has no mistakes of its own.
fn of_incident(level: &Level) -> Vec<Statement> {
    let mut statements =
        vec![Statement::Texts, Statement::Opens, Statement::Unsolved, Statement::Named];
    statements.extend(level.solutions.iter().cloned().map(Statement::Solves));
    statements.extend([Cheat::Echo, Cheat::Imitator].map(Statement::Resists));
    statements.extend([Statement::Rewritten, Statement::Repeats]);
    statements
}

/// `solution expose solves it`
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Statement::Texts => f.write_str("its texts are complete and short"),
            Statement::Opens => f.write_str("its world, opening and claims are as it says"),
            Statement::Unsolved => f.write_str("untouched it is unsolved"),
            Statement::Predicts => f.write_str("each prediction has one right choice"),
            Statement::Asks => f.write_str("its question has one right choice"),
            Statement::Solves(solution) => write!(f, "solution {} solves it", solution.name),
            Statement::Fails(mistake) => {
                write!(f, "mistake {} gets its diagnosis", mistake.answer.name)
            }
            Statement::Resists(cheat) => write!(f, "cheat {} does not win", cheat.name()),
            Statement::Bites => f.write_str("each goal is failed alone by a mistake or a cheat"),
            Statement::Matters => f.write_str("each line of its solutions matters, or is spare"),
            Statement::Rewritten => f.write_str("its solutions, written in other ways, solve it"),
            Statement::Named => f.write_str("a diagnosis names what was put into it"),
            Statement::Repeats => f.write_str("a seed twice gives the same transcript"),
        }
    }
}

/// What an answer gives: its files, and its script.
type Given = (Files, Option<String>);

/// Proves a level. It remembers the level's opened clusters, so that each is made once.
pub struct Prover {
    level: Arc<Level>,
    opened: BTreeMap<u64, Attempt>,
    /// The level after its own files were applied, and how its goals stand.
    untouched: BTreeMap<u64, (Attempt, Verdict)>,
    /// The level at the moment after an answer was given; several proofs begin there.
    answered: BTreeMap<(u64, Option<Given>), Attempt>,
    /// The level after a solution was applied and came to rest.
    solved: BTreeMap<(String, u64), Attempt>,
    /// How the level stands after each mistake, all goals judged.
    mistaken: BTreeMap<(String, u64), Verdict>,
    /// What came of a cheat's tries, all goals judged.
    cheated: BTreeMap<(&'static str, u64), Rc<Vec<Try>>>,
    /// Whether a command of the level used up what one command may take.
    exhausted: bool,
}

impl Prover {
    /// A prover of this level.
    pub fn new(level: Arc<Level>) -> Prover {
        Prover {
            level,
            opened: BTreeMap::new(),
            untouched: BTreeMap::new(),
            answered: BTreeMap::new(),
            solved: BTreeMap::new(),
            mistaken: BTreeMap::new(),
            cheated: BTreeMap::new(),
            exhausted: false,
        }
    }

    /// Tries to prove everything about the level, one statement after the other. A command that used
    /// up what it may take is the last thing tried: every later proof would run it again and again.
    pub fn prove_all(&mut self, seeds: &Seeds) -> Vec<Proof> {
        let mut proofs = Vec::new();
        for statement in statements(&self.level) {
            let mut proof = self.prove(&statement, seeds);
            if let Some(failure) = proof.failure.as_mut().filter(|_| self.exhausted) {
                let help = failure.help.take().unwrap_or_default();
                failure.help = Some(format!("{help}; the proofs after this one were not tried"));
            }
            let is_last = self.exhausted && proof.failure.is_some();
            proofs.push(proof);
            if is_last {
                break;
            }
        }
        proofs
    }

    /// Tries to prove one statement.
    pub fn prove(&mut self, statement: &Statement, seeds: &Seeds) -> Proof {
        let one = &seeds.others[..seeds.others.len().min(1)];
        let (tried, result) = match statement {
            Statement::Texts => (1, texts::complete(&self.level)),
            Statement::Bites => (1, one.iter().try_for_each(|seed| bites::bites(self, *seed))),
            Statement::Matters => {
                (1, one.iter().try_for_each(|seed| mutation::matters(self, *seed)))
            }
            Statement::Rewritten => {
                (1, one.iter().try_for_each(|seed| equivalence::rewritten(self, *seed)))
            }
            Statement::Repeats => (1, one.iter().try_for_each(|seed| self.repeats(*seed))),
            Statement::Resists(cheat) => {
                (seeds.others.len(), cheats::resists(self, *cheat, &seeds.others))
            }
            Statement::Solves(solution) => {
                self.on(&seeds.solutions, |prover, seed| world::solves(prover, solution, seed))
            }
            Statement::Opens => self.on(&seeds.others, world::opens),
            Statement::Unsolved => self.on(&seeds.others, world::unsolved),
            Statement::Named => self.on(&seeds.others, world::named),
            Statement::Predicts => self.on(&seeds.others, asks::predicts),
            Statement::Asks => (seeds.others.len(), asks::asks(self, &seeds.others)),
            Statement::Fails(mistake) => {
                let first = one.first().copied();
                self.on(&seeds.others, |prover, seed| {
                    prover.fails(mistake, seed, first == Some(seed))
                })
            }
        };
        Proof {
            level: self.level.name.clone(),
            statement: statement.to_string(),
            seeds: tried,
            failure: result.err(),
        }
    }

    /// Proves something on each of these seeds; the first that fails is named.
    fn on(
        &mut self,
        seeds: &[u64],
        prove: impl Fn(&mut Prover, u64) -> Result<(), Diagnostic>,
    ) -> (usize, Result<(), Diagnostic>) {
        let result = seeds.iter().try_for_each(|&seed| {
            prove(self, seed).map_err(|mut failure| {
                failure.message = format!("seed {seed}: {}", failure.message);
                failure
            })
        });
        (seeds.len(), result)
    }

    /// The level, opened on a seed.
    fn open(&mut self, seed: u64) -> Attempt {
        let (level, exhausted) = (&self.level, &mut self.exhausted);
        let open = || {
            let attempt = Attempt::open(level.clone(), seed);
            *exhausted |= attempt.acts().iter().any(|act| act.exhausted);
            attempt
        };
        self.opened.entry(seed).or_insert_with(open).clone()
    }

    /// The level at the moment after an answer was given, or its own files were applied.
    fn answered(&mut self, seed: u64, answer: Option<&Solution>) -> Attempt {
        let given = answer.map(|answer| (answer.files.clone(), answer.script.clone()));
        let opened = self.open(seed);
        let answered = self.answered.entry((seed, given)).or_insert_with(|| {
            let mut attempt = opened;
            apply(&mut attempt, answer);
            attempt
        });
        answered.clone()
    }

    /// The level with its own files applied, and how its goals stand.
    fn untouched(&mut self, seed: u64) -> &(Attempt, Verdict) {
        let answered = self.answered(seed, None);
        let exhausted = &mut self.exhausted;
        self.untouched.entry(seed).or_insert_with(|| {
            let mut attempt = answered;
            let verdict = attempt.grade();
            *exhausted |= attempt.acts().iter().any(|act| act.exhausted)
                || verdict.goals.iter().any(GoalState::is_exhausted);
            (attempt, verdict)
        })
    }

    /// A solution, applied and come to rest.
    fn solved(&mut self, seed: u64, solution: &Solution) -> Attempt {
        let answered = self.answered(seed, Some(solution));
        let solved = self.solved.entry((solution.name.clone(), seed)).or_insert_with(|| {
            let mut attempt = answered;
            cheats::rest(&mut attempt);
            attempt
        });
        solved.clone()
    }

    /// How the level stands after a mistake, all goals judged.
    fn mistaken(&mut self, mistake: &Mistake, seed: u64) -> Verdict {
        let key = (mistake.answer.name.clone(), seed);
        if let Some(verdict) = self.mistaken.get(&key) {
            return verdict.clone();
        }
        let verdict = self.answered(seed, Some(&mistake.answer)).grade();
        self.mistaken.insert(key, verdict.clone());
        verdict
    }

    /// What comes of a cheat's tries, all goals judged.
    fn cheated(&mut self, cheat: Cheat, seed: u64) -> Rc<Vec<Try>> {
        let key = (cheat.name(), seed);
        if let Some(tries) = self.cheated.get(&key) {
            return Rc::clone(tries);
        }
        let tries: Vec<Try> =
            cheats::tries(self, cheat, seed).into_iter().map(|tried| tried.end(true)).collect();
        let tries = Rc::new(tries);
        self.cheated.insert(key, Rc::clone(&tries));
        tries
    }

    /// The objects of a solution's manifests that the API server takes.
    fn accepted(&mut self, seed: u64, solution: &Solution) -> BTreeSet<ObjectName> {
        let mut attempt = self.open(seed);
        *attempt.session_mut().files_mut() = with_answer(attempt.files(), &solution.files);
        taken(&attempt.apply())
    }

    /// The lines of its solutions' manifests that may go: the level is solved without them.
    pub fn spare_lines(&mut self, seed: u64) -> Vec<SpareLine> {
        mutation::spare_lines(self, seed)
    }

    /// The mistake fails at its goal, as it is said; on the first seed all goals are judged.
    fn fails(&mut self, mistake: &Mistake, seed: u64, first: bool) -> Result<(), Diagnostic> {
        let error = |key: &str, message: String, help: &str| {
            Err(mistake.source.error(key, message).help(help))
        };
        let index = (mistake.goal as usize).saturating_sub(1);
        let verdict = match first {
            true => self.mistaken(mistake, seed),
            false => self.answered(seed, Some(&mistake.answer)).grade_through(index),
        };
        let Some(goal) = verdict.goals.get(index) else {
            let help = format!("the level has goals 1 to {}", verdict.goals.len());
            return error("goal", format!("there is no goal {}", mistake.goal), &help);
        };
        if goal.passed {
            return error(
                "goal",
                format!("goal {} passes", mistake.goal),
                "name the goal that fails, or make a mistake of it",
            );
        }
        let Some(diagnosis) = &goal.diagnosis else {
            return error("goal", "there is no diagnosis".to_owned(), "a goal that fails says why");
        };
        let at = diagnosis.at.as_ref().map(ToString::to_string);
        let line_fits = mistake.at.is_none() || mistake.at == at;
        if diagnosis.code == mistake.diagnosis && line_fits {
            return Ok(());
        }
        let key = if diagnosis.code == mistake.diagnosis { "at" } else { "diagnosis" };
        let at = mistake.at.as_ref().map_or_else(String::new, |at| format!(" at {at}"));
        error(
            key,
            format!("expected {}{at}, received {}", mistake.diagnosis, shown(diagnosis)),
            "if that is the true cause, expect it; if not, the diagnosis is to be mended",
        )
    }

    fn repeats(&mut self, seed: u64) -> Result<(), Diagnostic> {
        let level = self.level.clone();
        let transcript = |mut attempt: Attempt| {
            let look = attempt.run_script(LOOK);
            let verdict = attempt.grade();
            format!("{}{verdict:?}", String::from_utf8_lossy(&look.stdout))
        };
        let solution = level.solutions.first();
        let first = transcript(self.answered(seed, solution));
        let mut again = Attempt::open(level.clone(), seed);
        apply(&mut again, solution);
        let second = transcript(again);
        let error = |what: String| {
            let help = "this is a fault of podhop's: chance or time came from outside";
            Err(level.source.error("", what).help(help))
        };
        match first.lines().zip(second.lines()).find(|(a, b)| a != b) {
            None if first == second => Ok(()),
            None => error(format!("seed {seed}: one transcript is longer than the other")),
            Some((a, b)) => error(format!("seed {seed}: {a:?} and then {b:?}")),
        }
    }
}

/// What a transcript looks at beside the goals.
const LOOK: &str =
    "kubectl get all -A -o wide; kubectl get endpointslices -A -o yaml; kubectl get events -A";

/// Plays an answer without a screen: its files in place of the start's, applied, then its script.
pub fn play(level: &Arc<Level>, answer: Option<&Solution>, seed: u64) -> Played {
    play_from(Attempt::open(level.clone(), seed), answer)
}

/// As [`play`], in a level that is open already.
pub fn play_from(mut attempt: Attempt, answer: Option<&Solution>) -> Played {
    let began = attempt.cluster().now();
    if let Some(answer) = answer {
        *attempt.session_mut().files_mut() = with_answer(attempt.files(), &answer.files);
    }
    let applied = attempt.apply();
    let script = answer.and_then(|answer| answer.script.as_ref());
    let script = script.map(|script| attempt.run_script(script));
    let verdict = attempt.grade();
    Played { verdict, applied, script, simulated: attempt.cluster().now().since(began) }
}

/// What came of an answer.
#[derive(Debug)]
pub struct Played {
    /// How the level stands.
    pub verdict: Verdict,
    /// What became of its files.
    pub applied: Applied,
    /// How long it took in the cluster, from the level's start to the last request.
    pub simulated: Duration,
    /// What the answer's script printed, and how it ended, if it has one.
    pub script: Option<Finished>,
}

fn apply(attempt: &mut Attempt, answer: Option<&Solution>) {
    if let Some(answer) = answer {
        let files = with_answer(attempt.files(), &answer.files);
        *attempt.session_mut().files_mut() = files;
    }
    attempt.apply();
    if let Some(script) = answer.and_then(|answer| answer.script.as_ref()) {
        attempt.run_script(script);
    }
}

/// The objects that the API server took.
fn taken(applied: &Applied) -> BTreeSet<ObjectName> {
    let objects = applied.files.iter().flat_map(|file| &file.objects);
    objects.map(|(object, _)| object.clone()).collect()
}

fn shown(diagnosis: &diagnosis::Diagnosis) -> String {
    let at = diagnosis.at.as_ref().map_or_else(String::new, |at| format!(" at {at}"));
    let facts = match diagnosis.evidence.as_slice() {
        [] => String::new(),
        facts => format!(" [{}]", facts.join("; ")),
    };
    format!("{}{at}: {}{facts}", diagnosis.code, diagnosis.message)
}
