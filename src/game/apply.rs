//! The three keys that work everywhere: apply, go, and looking for something.

use super::play::{Panel, Play, Tone};
use super::scene::Spot;
use super::{Asked, Effect, Game, Popup, Question, requests};
use crate::diagnostic::printable;
use crate::level::{Applied, Phase};

/// Applies the player's files and says what became of them.
pub(super) fn apply(game: &mut Game) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    if play.is_editing() {
        let text = match play.end_editing() {
            true => "Saved: kubectl takes it to the server.",
            false => "Nothing was changed; kubectl ends.",
        };
        play.say(Tone::Plain, text);
        return requests::settle(game);
    }
    if play.phase == Phase::Probing {
        play.say(Tone::Plain, "The goal's requests are being sent; apply after that.");
        return Vec::new();
    }
    play.remember("apply");
    let scripts = play.changed_scripts();
    let applied = play.attempt.apply();
    for file in &applied.files {
        play.console.typed("$ ", &format!("kubectl apply -f {}", file.file));
        for line in printable(&file.output).lines() {
            play.console.print_line(line, false);
        }
        for line in printable(&file.errors).lines() {
            play.console.print_line(line, !file.accepted);
        }
        for object in &file.replaced {
            play.console.note(&format!(
                "{object} could not take this change while running, so it was replaced"
            ));
        }
    }
    play.reload_files();
    play.note_applied();
    play.mark_failures();
    if applied.changed() == 0 && applied.files.iter().all(|file| file.replaced.is_empty()) {
        play.forget_what_changed_nothing();
    }
    let first_refused = applied.files.iter().flat_map(|file| &file.diagnostics).next().cloned();
    play.read_terminal();
    play.read_scene();
    play.timer.resume();
    match first_refused {
        Some(diagnostic) => {
            let (file, line) = (diagnostic.file.clone(), diagnostic.position.map(|at| at.line));
            if let (Some(file), Some(line)) = (file, line) {
                // Who types in the terminal goes on typing there.
                let keys = (play.focus, play.menu);
                play.go_to(&file, line);
                (play.focus, play.menu) = keys;
            }
            play.say(Tone::Bad, format!("Refused: {diagnostic}"));
        }
        None => {
            let next = match play.goals().is_empty() {
                true => "",
                false => " Ctrl-G sends the request.",
            };
            let (tone, text) = summary(&applied, &scripts, next);
            play.say(tone, text);
        }
    }
    remember_files(game);
    vec![Effect::Save]
}

/// What became of an apply, in one line; `scripts` are changed files that kubectl doesn't take, `next` says
/// what comes then.
fn summary(applied: &Applied, scripts: &[String], next: &str) -> (Tone, String) {
    let refused: Vec<&str> =
        applied.files.iter().filter(|file| !file.accepted).map(|file| &*file.file).collect();
    if !refused.is_empty() {
        return (Tone::Bad, format!("Refused: {}. The terminal says why.", refused.join(", ")));
    }
    let replaced: Vec<&str> =
        applied.files.iter().flat_map(|file| &file.replaced).map(String::as_str).collect();
    if !replaced.is_empty() {
        return (Tone::Good, format!("Applied; {} replaced.{next}", replaced.join(", ")));
    }
    let saved = scripts.join(", ");
    match applied.changed() {
        0 if scripts.len() == 1 => (Tone::Good, format!("{saved} is saved as it is now.{next}")),
        0 if !scripts.is_empty() => {
            (Tone::Good, format!("{saved} are saved as they are now.{next}"))
        }
        0 => (Tone::Plain, format!("Applied: nothing was different.{next}")),
        1 => (Tone::Good, format!("Applied: 1 object changed.{next}")),
        many => (Tone::Good, format!("Applied: {many} objects changed.{next}")),
    }
}

/// What is said where nothing is asked.
pub(super) const NO_GOALS: &str = "A sandbox has no goals, so nothing is sent. What you send yourself \
                                   (curl, kubectl exec) shows its way.";

/// Sends the goals' requests; asks for a prediction before the first time.
pub(super) fn go(game: &mut Game) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    if play.goals().is_empty() {
        play.say(Tone::Plain, NO_GOALS);
        return Vec::new();
    }
    match play.phase {
        Phase::Probing => {
            play.say(Tone::Plain, "The goal's requests are already on their way.");
            return Vec::new();
        }
        Phase::Solved => {
            game.popup = Some(Popup::Won);
            return Vec::new();
        }
        Phase::Untouched | Phase::Playing => {}
    }
    if !play.unapplied().is_empty() {
        game.popup = Some(Popup::Unapplied(0));
        return Vec::new();
    }
    ask_and_send(game)
}

/// Asks for a prediction before the first send, where there is something to be asked; then sends.
pub(super) fn ask_and_send(game: &mut Game) -> Vec<Effect> {
    let ask = game.save.settings.predict;
    let Some(play) = &mut game.play else { return Vec::new() };
    if ask && play.asked == Asked::No {
        let cluster = play.attempt.cluster();
        play.question = Question::of(&play.level().goals, &play.scene, cluster);
        if play.question.is_some() {
            game.popup = Some(Popup::Predict(None));
            return Vec::new();
        }
    }
    send(game)
}

/// Sends the goals' requests.
pub(super) fn send(game: &mut Game) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    play.sent_without = play.unapplied().iter().map(|name| (*name).to_owned()).collect();
    play.guessed = None;
    play.typing = false;
    play.attempt.go();
    play.phase = Phase::Probing;
    play.say(Tone::Plain, "Sending the goal's requests…");
    requests::settle(game)
}

/// Keeps the player's edits in the save.
pub(super) fn remember_files(game: &mut Game) {
    let Some(play) = &game.play else { return };
    let name = play.level().name.clone();
    let files = play.edited_files().into_iter().collect();
    let seed = Some(play.attempt().seed());
    let record = game.record_mut(&name);
    (record.files, record.seed) = (files, seed);
    game.remember_last(&name);
}

/// Looks for a text in the panel that has the keys.
pub(super) fn find(game: &mut Game, text: &str) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    if text.is_empty() {
        return Vec::new();
    }
    let found = match play.focus {
        Panel::Editor => return vec![Effect::FindText(text.to_owned())],
        Panel::Terminal => find_in_terminal(play, text),
        Panel::Map => find_on_map(play, text),
        Panel::Packet => find_step(play, text),
    };
    if !found {
        play.say(Tone::Plain, format!("Nothing here contains “{text}”."));
    }
    Vec::new()
}

fn find_in_terminal(play: &mut Play, text: &str) -> bool {
    let console = &mut play.console;
    // What is scrolled to is the last line that is seen: the search goes on above it.
    let above = console.scrolled + 1;
    let found = console.printed().rev().skip(above).position(|line| line.text.contains(text));
    if let Some(at) = found {
        console.scrolled = above + at;
    }
    found.is_some()
}

fn find_on_map(play: &mut Play, text: &str) -> bool {
    let spots = play.scene.spots(play.system);
    let at = spots.iter().position(|spot| *spot == play.picked).map_or(0, |at| at + 1);
    let matches = |spot: &&Spot| {
        let pod = play.scene.pod(spot).map(|pod| &*pod.address);
        let service = play.scene.service(spot).map(|service| &*service.address);
        spot.to_string().contains(text) || pod.or(service).is_some_and(|address| address == text)
    };
    let found = spots[at..].iter().chain(&spots[..at]).find(matches).cloned();
    let hit = found.is_some();
    play.picked = found.unwrap_or_else(|| play.picked.clone());
    hit
}

fn find_step(play: &mut Play, text: &str) -> bool {
    let Some(story) = play.current_story() else { return false };
    let at = story.steps.iter().position(|step| {
        step.text.contains(text)
            || step.place.contains(text)
            || step.notes.iter().any(|note| note.contains(text))
    });
    if let Some(at) = at {
        let by = at as i32 - play.walk.step as i32;
        play.hop(by);
    }
    at.is_some()
}
