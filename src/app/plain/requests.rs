//! Sending the goals' requests, and what is told of their failures.

use std::io::{self, Write};
use std::time::Duration;

use super::{Plain, Source};
use crate::game::{
    Asked, Game, LevelMsg, Msg, Popup, TerminalMsg, UNAPPLIED_CHOICES, narration, no_hint,
};
use crate::level::{Hint, Level, Phase};

impl<I: Source, O: Write> Plain<I, O> {
    pub(super) fn go(&mut self) -> io::Result<()> {
        self.send(Msg::Level(LevelMsg::Go))?;
        if self.game.play().is_some_and(|play| play.goals().is_empty()) {
            return self.notice();
        }
        if matches!(self.game.popup(), Some(Popup::Unapplied(_))) && !self.send_unapplied()? {
            return Ok(());
        }
        if matches!(self.game.popup(), Some(Popup::Predict(_))) {
            self.predict()?;
        }
        self.settle()?;
        let guess = self.game.play().and_then(|play| play.guessed.clone());
        if let Some(guess) = guess {
            self.say(&guess.say)?;
        }
        self.goals()?;
        if self.game.play().is_some_and(|play| play.phase() == Phase::Solved) {
            return self.debrief();
        }
        self.notice()?;
        self.say("way tells the way of the request, why where to look.")
    }

    /// Files were edited and not applied: says whether to go on with sending.
    fn send_unapplied(&mut self) -> io::Result<bool> {
        let files = self.game.play().map(|play| play.unapplied().join(", ")).unwrap_or_default();
        let question = format!("{files} is not applied. A number, or an empty line to cancel.");
        let at = self.choose(&question, UNAPPLIED_CHOICES)?;
        self.send(Msg::Dismiss)?;
        let msg = match at {
            Some(0) => LevelMsg::ApplyAndGo,
            Some(1) => LevelMsg::GoAsItIs,
            _ => return Ok(false),
        };
        self.level(msg)?;
        let sent = self.game.play().is_some_and(|play| play.phase() == Phase::Probing);
        Ok(sent || matches!(self.game.popup(), Some(Popup::Predict(_))))
    }

    /// Asks what will come of the request, and where; an empty line skips.
    fn predict(&mut self) -> io::Result<()> {
        let Some(play) = self.game.play() else { return Ok(()) };
        let Some(question) = play.question.clone() else { return Ok(()) };
        if let Some(goal) = play.level().goals.get(question.goal).cloned() {
            self.say(&match &goal.traffic {
                Some(container) => format!("{container} goes on asking by itself."),
                None => format!("{} is about to run: {}", goal.from, goal.run.trim()),
            })?;
        }
        let choices: Vec<String> = question
            .choices
            .iter()
            .map(|choice| match choice.meaning.is_empty() {
                true => choice.say.clone(),
                false => format!("{}: {}", choice.say, choice.meaning),
            })
            .collect();
        let ask = format!("{} A number, or an empty line to skip.", question.ask);
        let msg = match self.choose(&ask, &choices)?.filter(|at| *at < choices.len()) {
            Some(at) => LevelMsg::Predict(at),
            None => LevelMsg::SkipPrediction,
        };
        self.send(Msg::Level(msg))?;
        if !self.game.play().is_some_and(|play| matches!(play.asked, Asked::Where(_))) {
            return Ok(());
        }
        let places: Vec<&String> = question.places.iter().map(|(_, words)| words).collect();
        let at = self.choose("And where is that decided?", &places)?;
        let msg = match at.filter(|at| *at < places.len()) {
            Some(at) => LevelMsg::PredictWhere(at),
            None => LevelMsg::SkipPrediction,
        };
        self.send(Msg::Level(msg))?;
        Ok(())
    }

    pub(super) fn choose(
        &mut self,
        question: &str,
        titles: impl IntoIterator<Item = impl std::fmt::Display>,
    ) -> io::Result<Option<usize>> {
        self.say(question)?;
        let mut count = 0;
        for title in titles {
            count += 1;
            self.say(&format!("  {count} {title}"))?;
        }
        let answer = self.input.line("number> ", &mut self.out)?.unwrap_or_default();
        let number = answer.trim().parse::<usize>();
        if let Ok(number @ 1..) = number
            && number <= count
        {
            return Ok(Some(number - 1));
        }
        self.say("Not answered.")?;
        // A word is no answer: it is what is to be done next.
        self.next = Some(answer).filter(|answer| !answer.trim().is_empty() && number.is_err());
        Ok(None)
    }

    pub(super) fn way(&mut self, number: &str) -> io::Result<()> {
        let back = number.parse::<usize>().unwrap_or(0);
        let Some(play) = self.game.play() else { return Ok(()) };
        let story = match back {
            0 => play.current_story(),
            back => play.stories.iter().rev().nth(back).map(|story| &**story),
        };
        match story.map(|story| narration::way(story, play.shows_facts(story))) {
            Some(lines) => self.say(&lines.join("\n")),
            None if play.sends > 0 => self.say("No packet was sent; why tells the reason."),
            None => self.say("Nothing was sent yet; go sends the goal's request."),
        }
    }

    /// One rung of the ladder more at each call, for the failure of that number, from 1, or for the same as
    /// before.
    pub(super) fn why(&mut self, number: &str) -> io::Result<()> {
        let help = |game: &Game| {
            game.play().map_or((0, 0, 0), |play| {
                let help = play.help();
                (help.faults.len(), help.chosen, help.rung())
            })
        };
        let (failures, chosen, _) = help(&self.game);
        if failures > 0 && !number.is_empty() {
            let asked = number.parse::<usize>().ok().filter(|at| (1..=failures).contains(at));
            let Some(asked) = asked else {
                return self.say(&format!("why takes a failure's number, from 1 to {failures}."));
            };
            let by = asked as i32 - 1 - chosen as i32;
            self.send(Msg::Level(LevelMsg::OtherFailure(by)))?;
        }
        let (_, _, before) = help(&self.game);
        self.send(Msg::Level(LevelMsg::Why))?;
        if self.game.popup() != Some(&Popup::Why) {
            return self.notice();
        }
        if help(&self.game).2 == before {
            self.send(Msg::Level(LevelMsg::Why))?;
        }
        self.send(Msg::Dismiss)?;
        let Some(play) = self.game.play() else { return Ok(()) };
        let unapplied = play.unapplied().join(", ");
        let help = play.help();
        let lines = narration::ladder(play, &help);
        let next = match help.next() {
            Some(next) => format!("why again: {}. look N runs a command.", next.words()),
            None => "That is all there is to say. look N runs a command.".to_owned(),
        };
        if !unapplied.is_empty() {
            self.say(&format!("{unapplied} is not applied; the cluster has what it had before."))?;
        }
        self.say(&lines.join("\n"))?;
        self.say(&next)
    }

    /// Runs a command that `why` named.
    pub(super) fn look(&mut self, number: &str) -> io::Result<()> {
        let at = number.parse::<usize>().unwrap_or(1).saturating_sub(1);
        self.send(Msg::Level(LevelMsg::Look(at)))?;
        let line = self.game.play().map(|play| play.console.input.text().to_owned());
        match line.filter(|line| !line.is_empty()) {
            Some(line) => {
                self.say(&format!("$ {line}"))?;
                self.send(Msg::Terminal(TerminalMsg::Enter))?;
                self.settle()
            }
            None => self.say("why names commands once a request has failed, as in: look 1"),
        }
    }

    /// The next hint; who plays in lines of text has read the last one when asking again.
    pub(super) fn hint(&mut self) -> io::Result<()> {
        for _ in 0..=20 {
            self.send(Msg::Tick(Duration::from_secs(1)))?;
        }
        let count = |game: &Game| game.play().map_or(0, |play| play.hints.count());
        let before = count(&self.game);
        self.send(Msg::Level(LevelMsg::Hint))?;
        if count(&self.game) == before {
            // Asked again: the box is open already.
            self.send(Msg::Level(LevelMsg::Hint))?;
        }
        let fresh = count(&self.game) > before;
        let Some(play) = self.game.play() else { return Ok(()) };
        let level = play.level().clone();
        let last = play.hints.read(&level).last().cloned();
        self.send(Msg::Dismiss)?;
        match last {
            Some(hint) if fresh => self.say(&hint_text(&level, &hint)),
            Some(hint) => {
                self.say("There is no other hint for now. The last was:")?;
                self.say(&hint_text(&level, &hint))
            }
            None => self.say(no_hint(&level)),
        }
    }
}

fn hint_text(level: &Level, hint: &Hint) -> String {
    let mut text = hint.say.trim().to_owned();
    let worked = hint.worked.as_deref().map(|name| name.trim_start_matches("solutions/"));
    let Some(solution) = level.solutions.iter().find(|one| Some(&*one.name) == worked) else {
        return text;
    };
    text.push_str("\nOne complete answer:");
    for (file, bytes) in &solution.files {
        text.push_str(&format!("\n{file}:\n{}", String::from_utf8_lossy(bytes).trim_end()));
    }
    if let Some(script) = &solution.script {
        text.push_str(&format!("\nin the terminal:\n{}", script.trim_end()));
    }
    text.trim_start().to_owned()
}
