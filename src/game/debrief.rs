//! After a win: what was done, and which of the edits mattered.

use std::collections::VecDeque;
use std::sync::Arc;

use super::diff::{self, Edit};
use super::play::Play;
use super::predict::in_quotes;
use super::requests::last_request;
use super::save::{Found, Solved};
use super::story::Story;
use crate::level::incident::Causes;
use crate::level::{Attempt, Level, ask};

/// More edits than this are not tried one by one.
const TRIED: usize = 24;

/// An edit of the player's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The file.
    pub file: String,
    /// The edit.
    pub edit: Edit,
    /// Whether the level is still won without it; nothing while that is being tried.
    pub mattered: Option<bool>,
}

/// How the question after a level was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Whether the choice was right.
    pub right: bool,
    /// What was chosen.
    pub chosen: String,
    /// What it is.
    pub is: String,
    /// What the client printed.
    pub printed: String,
    /// The request's way.
    pub way: Option<Story>,
}

impl Answered {
    /// Whether it was right, in one sentence.
    pub fn sentence(&self) -> String {
        match self.right {
            true => format!("Right: {}.", self.is),
            false => {
                format!("You said {}; it is {}.", in_quotes(&self.chosen), in_quotes(&self.is))
            }
        }
    }
}

/// What a won level leaves.
#[derive(Clone, Debug)]
pub struct Debrief {
    /// The level.
    pub level: Arc<Level>,
    /// How it was solved.
    pub solved: Solved,
    /// The packet's way.
    pub way: Option<Story>,
    /// Whether the first request came as the player had guessed.
    pub guess: Option<String>,
    /// The edits, each tried without.
    pub edits: Vec<Tried>,
    /// Whether the terminal did (part of) the work, so that files alone don't win.
    pub by_terminal: bool,
    /// How the question about another failure was answered, once it was.
    pub answered: Option<Answered>,
    /// How well the causes were found, where it was an incident.
    pub causes: Option<Causes>,
    texts: Vec<(String, String)>,
    /// What was typed in the terminal.
    commands: String,
    waiting: VecDeque<usize>,
    checked: bool,
}

/// Whether a change is more than blank lines, or lines that stand elsewhere now.
fn says_something(edit: &Edit, text: &str) -> bool {
    let written = |lines: &[String]| lines.iter().any(|line| !line.trim().is_empty());
    let gone = |line: &String| !text.lines().any(|kept| kept.trim() == line.trim());
    written(&edit.new) || (written(&edit.old) && edit.old.iter().any(gone))
}

impl Debrief {
    /// The debrief of a level that was just won.
    pub fn of(play: &Play) -> Debrief {
        let level = play.level().clone();
        let mut edits = Vec::new();
        for (file, text) in play.edited_files() {
            let start = level.start.get(&file).map(|bytes| String::from_utf8_lossy(bytes));
            let all = diff::edits(start.as_deref().unwrap_or(""), &text);
            for edit in all.into_iter().filter(|edit| says_something(edit, &text)) {
                edits.push(Tried { file: file.clone(), edit, mattered: None });
            }
        }
        let causes = play.attempt().causes();
        let lines: Vec<Edit> = edits.iter().map(|tried| tried.edit.clone()).collect();
        let solved = Solved {
            seed: play.attempt().seed(),
            edits: diff::size(&lines),
            commands: play.typed.len() as u32,
            hints: play.hints.count(),
            seconds: play.clock().as_millis() / 1_000,
            rung: play.ladder.highest,
            sends: play.sends,
            found: causes.as_ref().map(|causes| Found {
                named: causes.named() as u32,
                of: causes.faults.len() as u32,
                wrong: causes.wrong() as u32,
            }),
        };
        let waiting =
            if edits.len() <= TRIED { (0..edits.len()).collect() } else { VecDeque::new() };
        let arrived = |story: &&Arc<Story>| story.arrived;
        Debrief {
            way: play.stories.iter().rev().find(arrived).map(|story| Story::clone(story)),
            guess: play.first_guess.as_ref().map(|guess| guess.say.clone()),
            edits,
            answered: None,
            causes,
            by_terminal: false,
            texts: play.edited_files(),
            commands: play.typed.values().map(|line| format!("{line}\n")).collect(),
            waiting,
            checked: false,
            solved,
            level,
        }
    }

    /// Whether there is a question that was not answered yet.
    pub fn has_a_question(&self) -> bool {
        self.level.question.is_some() && self.answered.is_none()
    }

    /// Answers the question: the engine itself shows what comes of it, on another seed than the one
    /// that was played.
    pub fn answer(&mut self, choice: usize) {
        let Some(question) = &self.level.question else { return };
        let attempt = Attempt::open(self.level.clone(), self.solved.seed + 1);
        let asked = ask(attempt, question);
        let cluster = asked.attempt.cluster();
        let traces: Vec<_> = asked.traces.iter().filter_map(|id| cluster.trace(*id)).collect();
        let right = asked.fits.first().copied();
        let words = |at: usize| question.choices.get(at).map(|choice| choice.say.clone());
        let story = Story::of(question.ask.clone(), last_request(&traces));
        self.answered = Some(Answered {
            right: right == Some(choice),
            chosen: words(choice).unwrap_or_default(),
            is: right.and_then(words).unwrap_or_default(),
            printed: asked.printed.clone(),
            way: (!story.steps.is_empty()).then_some(story),
        });
    }

    /// Whether edits are still being tried.
    pub fn is_trying(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Tries the next edit: the level is played again without it, on a cluster of its own.
    pub fn try_next(&mut self) {
        if !self.checked {
            self.checked = true;
            self.by_terminal = !self.wins(&self.texts);
            if self.by_terminal && !self.wins(&self.texts) {
                // Typed into nested shells, perhaps: that cannot be repeated line by line.
                self.waiting.clear();
            }
            return;
        }
        let Some(at) = self.waiting.pop_front() else { return };
        let Tried { file, edit, .. } = &self.edits[at];
        let mut texts = self.texts.clone();
        for (name, text) in &mut texts {
            if name == file {
                *text = diff::without(text, edit);
            }
        }
        self.edits[at].mattered = Some(!self.wins(&texts));
    }

    fn wins(&self, texts: &[(String, String)]) -> bool {
        let mut attempt = Attempt::open(self.level.clone(), self.solved.seed);
        for (file, text) in texts {
            attempt.edit(file, text);
        }
        attempt.apply();
        if self.by_terminal {
            attempt.run_script(&self.commands);
        }
        attempt.passes()
    }
}
