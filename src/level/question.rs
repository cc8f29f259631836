//! The question after a level: the engine itself answers it.

use std::time::Duration;

use super::answer::with_answer;
use super::attempt::Attempt;
use super::format::{Expect, Question};
use super::probe::{self, Request, Run};
use crate::network::TraceId;

/// The cluster is given this long to come to rest before the request.
const SETTLE: Duration = Duration::from_secs(60);

/// What came of a question's request.
#[derive(Clone)]
pub struct Asked {
    /// Which of its choices fit, counted from 0: lint proves that it is one, the same on each seed.
    pub fits: Vec<usize>,
    /// What the client printed, shortened.
    pub printed: String,
    /// The cluster afterwards, with the packets of the request.
    pub attempt: Attempt,
    /// The request's packets, oldest first.
    pub traces: Vec<TraceId>,
}

/// Answers a question on a level that was just opened: applies what it is about, types its command,
/// and sends its request.
pub fn ask(mut attempt: Attempt, question: &Question) -> Asked {
    if let Some(answer) = &question.answer {
        let files = with_answer(attempt.files(), &answer.files);
        *attempt.session_mut().files_mut() = files;
    }
    attempt.apply();
    let script = question.answer.as_ref().and_then(|answer| answer.script.as_deref());
    for script in [script, question.run.as_deref()].into_iter().flatten() {
        attempt.run_script(script);
    }
    attempt.cluster_mut().settle(SETTLE);
    let run = send(&mut attempt, question);
    Asked { fits: run.fits.clone(), printed: run.excerpt(), traces: run.traces, attempt }
}

fn send(attempt: &mut Attempt, question: &Question) -> Run {
    let level = attempt.level().clone();
    let files = attempt.files().clone();
    let nothing = Expect::default();
    let goal = level.goals.get(question.goal);
    let (from, run, traffic) = match (&question.send, goal) {
        (Some(send), _) => (send.from.as_str(), send.run.as_str(), None),
        (None, Some(goal)) => (goal.from.as_str(), goal.run.as_str(), goal.traffic.as_deref()),
        (None, None) => ("laptop", "", None),
    };
    let choices = question.choices.as_slice();
    let request = Request { from, run, expect: &nothing, traffic, choices };
    probe::run(attempt.cluster_mut(), request, &files)
}
