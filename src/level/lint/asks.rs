//! Predictions and questions have one right choice: the engine itself gives the answer.

use super::Prover;
use crate::diagnostic::Diagnostic;
use crate::level::format::{Choice, Level, Predict};
use crate::level::question::ask;

/// What to do when not one choice is right.
const ONE: &str = "let the choices' expect part them: by exit code, or by what is printed";

/// Untouched, exactly one choice of each prediction fits what the goal's first request comes to.
pub(super) fn predicts(prover: &mut Prover, seed: u64) -> Result<(), Diagnostic> {
    let level = prover.level.clone();
    let (_, verdict) = prover.untouched(seed);
    for (index, (goal, state)) in level.goals.iter().zip(&verdict.goals).enumerate() {
        let Predict::Own(prediction) = &goal.predict else { continue };
        let fits = state.fits.as_deref().unwrap_or_default();
        let path = format!("goals[{index}].predict.choices");
        one(&level, &path, &prediction.choices, fits, "")?;
    }
    Ok(())
}

/// On each seed exactly one choice of the question is right, and it is the same one.
pub(super) fn asks(prover: &mut Prover, seeds: &[u64]) -> Result<(), Diagnostic> {
    let level = prover.level.clone();
    let Some(question) = &level.question else { return Ok(()) };
    let path = "question.choices";
    let mut first: Option<(u64, usize)> = None;
    for &seed in seeds {
        let asked = ask(prover.open(seed), question);
        let says = format!("; it prints: {}", asked.printed);
        let right =
            one(&level, path, &question.choices, &asked.fits, &says).map_err(|mut error| {
                error.message = format!("seed {seed}: {}", error.message);
                error
            })?;
        match first {
            Some((other, choice)) if choice != right => {
                let say = |index: usize| &question.choices[index].say;
                let message = format!(
                    "seed {other} answers {:?}, seed {seed} answers {:?}",
                    say(choice),
                    say(right)
                );
                let help = "ask for what does not depend on chance, addresses or placement";
                return Err(level.source.error(path, message).help(help));
            }
            Some(_) => {}
            None => first = Some((seed, right)),
        }
    }
    Ok(())
}

/// The one choice that fits.
fn one(
    level: &Level,
    path: &str,
    choices: &[Choice],
    fits: &[usize],
    says: &str,
) -> Result<usize, Diagnostic> {
    let message = match fits {
        [right] => return Ok(*right),
        [] => format!("no choice fits what comes back{says}"),
        several => {
            let says: Vec<String> =
                several.iter().map(|index| format!("{:?}", choices[*index].say)).collect();
            format!("{} choices fit what comes back: {}", several.len(), says.join(" and "))
        }
    };
    Err(level.source.error(path, message).help(ONE))
}
