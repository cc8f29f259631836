//! What a player does on the level screen, terminal apart.

use super::play::{Panel, Play, Tone};
use super::scene::Spot;
use super::{
    Asked, Effect, Game, LevelMsg, Line, Popup, Prediction, Screen, apply, narration, terminal,
};
use crate::cluster::Place;
use crate::diagnostic::printable;
use crate::level::Phase;
use crate::shell;
use std::time::Duration;

/// What can be done about a level that went wrong.
pub const RESET_CHOICES: [&str; 3] =
    ["keep my edits, new cluster", "take back my edits too", "cancel"];

/// What can be done about files that were edited and not applied, before a send.
pub const UNAPPLIED_CHOICES: [&str; 3] =
    ["apply, then send", "send what is applied already", "cancel"];

pub(super) fn update(game: &mut Game, msg: LevelMsg) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    match msg {
        LevelMsg::Edit { file, text } => edit(game, &file, &text),
        LevelMsg::EditOutside => edit_outside(play),
        LevelMsg::Apply => apply::apply(game),
        LevelMsg::Go => apply::go(game),
        LevelMsg::Predict(choice) => predict(game, choice),
        LevelMsg::PredictWhere(place) => predict_where(game, Some(place)),
        LevelMsg::SkipPrediction => skip_prediction(game),
        LevelMsg::Why => why(game),
        LevelMsg::ApplyAndGo => apply_and_go(game),
        LevelMsg::GoAsItIs => {
            game.popup = None;
            apply::ask_and_send(game)
        }
        LevelMsg::Skeleton(kind) => skeleton(play, &kind),
        LevelMsg::WriteTranscript => vec![Effect::WriteTranscript],
        LevelMsg::NewSeed(seed) => {
            play.reset(seed, false);
            let said = format!("The same level on seed {seed}: other names and addresses.");
            play.say(Tone::Plain, said);
            apply::remember_files(game);
            vec![Effect::Save]
        }
        LevelMsg::Step => {
            play.timer.pause();
            play.advance(Duration::from_secs(1));
            super::requests::settle(game)
        }
        LevelMsg::Hint => {
            hint(game);
            Vec::new()
        }
        other => {
            turn(game, other);
            Vec::new()
        }
    }
}

/// The messages that the outside has nothing to do for.
fn turn(game: &mut Game, msg: LevelMsg) {
    let Some(play) = &mut game.play else { return };
    match msg {
        LevelMsg::OtherFailure(by) => turn_help(game, by),
        LevelMsg::Look(at) => look(game, at),
        LevelMsg::Brief => {
            game.selected = 0;
            game.screen = Screen::Briefing;
        }
        LevelMsg::Debrief => show_debrief(game),
        LevelMsg::Answer(choice) => {
            if let Some(debrief) = &mut game.debrief {
                debrief.answer(choice);
            }
        }
        LevelMsg::Explain(word) => explain(game, &word),
        LevelMsg::GoToMark => go_to_mark(game),
        LevelMsg::Reset => game.popup = Some(Popup::Reset(0)),
        LevelMsg::PickNext(by) => pick_next(play, by),
        // Who can't wait for the packet to arrive has won all the same.
        LevelMsg::Describe if play.winning => super::requests::show_victory(game),
        LevelMsg::Describe => describe(game),
        LevelMsg::Palette => game.popup = Some(Popup::Palette(Line::default())),
        LevelMsg::Find => game.popup = Some(Popup::Find(Line::default())),
        other => turn_play(play, other),
    }
}

/// The messages that change nothing but the level that is played.
fn turn_play(play: &mut Play, msg: LevelMsg) {
    match msg {
        LevelMsg::Focus(panel) => turn_to(play, panel),
        LevelMsg::NextPanel(forward) => turn_to(play, neighbour(play.focus, forward)),
        LevelMsg::Menu(menu) => play.menu = menu,
        LevelMsg::OpenFile(at) => open_file(play, at),
        LevelMsg::NextFile(forward) => next_file(play, forward),
        LevelMsg::GoToLine(line) => go_to_line(play, line),
        LevelMsg::SkipCoach => play.coached = usize::MAX,
        LevelMsg::NameCause(said) => name_cause(play, &said),
        LevelMsg::Undo => undo(play),
        LevelMsg::Pause => play.timer.toggle(),
        LevelMsg::Rewind => rewind(play),
        LevelMsg::Speed(faster) => play.timer.shift(faster),
        LevelMsg::Pick(spot) => pick(play, spot),
        LevelMsg::Exec => exec(play),
        LevelMsg::TraceFrom => trace_from(play),
        LevelMsg::ToggleSystem => play.system = !play.system,
        LevelMsg::Hop(by) => play.hop(by),
        LevelMsg::Replay => play.replay(),
        LevelMsg::Story(by) => play.turn_story(by),
        LevelMsg::Zoom => play.zoom = !play.zoom,
        // `update` and `turn` have dealt with these.
        LevelMsg::Edit { .. }
        | LevelMsg::EditOutside
        | LevelMsg::Apply
        | LevelMsg::Go
        | LevelMsg::Predict(_)
        | LevelMsg::PredictWhere(_)
        | LevelMsg::SkipPrediction
        | LevelMsg::Hint
        | LevelMsg::Why
        | LevelMsg::OtherFailure(_)
        | LevelMsg::Look(_)
        | LevelMsg::ApplyAndGo
        | LevelMsg::GoAsItIs
        | LevelMsg::Skeleton(_)
        | LevelMsg::Brief
        | LevelMsg::Debrief
        | LevelMsg::Answer(_)
        | LevelMsg::GoToMark
        | LevelMsg::Reset
        | LevelMsg::NewSeed(_)
        | LevelMsg::Step
        | LevelMsg::PickNext(_)
        | LevelMsg::Describe
        | LevelMsg::Palette
        | LevelMsg::Find
        | LevelMsg::WriteTranscript
        | LevelMsg::Explain(_) => {}
    }
}

fn open_file(play: &mut Play, at: usize) {
    play.open = at.min(play.files.len().saturating_sub(1));
    play.focus = Panel::Editor;
}

fn next_file(play: &mut Play, forward: bool) {
    let count = play.files.len().max(1);
    play.open = (play.open + if forward { 1 } else { count - 1 }) % count;
}

fn go_to_line(play: &mut Play, line: usize) {
    let file = play.file().map(|file| file.name.clone()).unwrap_or_default();
    play.go_to(&file, u32::try_from(line).unwrap_or(u32::MAX).max(1));
}

fn pick(play: &mut Play, spot: Spot) {
    play.picked = spot;
    play.focus = Panel::Map;
    play.menu = false;
}

fn edit_outside(play: &mut Play) -> Vec<Effect> {
    match play.file().filter(|file| !file.locked) {
        Some(file) => {
            vec![Effect::EditOutside { file: file.name.clone(), text: file.text.clone() }]
        }
        None => {
            play.say(Tone::Plain, "This file can only be read.");
            Vec::new()
        }
    }
}

fn show_debrief(game: &mut Game) {
    if game.debrief.is_some() {
        game.selected = 0;
        game.popup = None;
        game.screen = Screen::Debrief;
    } else if let Some(play) = &mut game.play {
        play.say(Tone::Plain, "The debrief comes when the level is won.");
    }
}

fn rewind(play: &mut Play) {
    let text = match play.rewind() {
        Some(_) => format!("Back at {}; the clock stands.", play.clock()),
        None if play.has_forgotten_rewinds() => {
            "What was before that is not remembered.".to_owned()
        }
        None => "There is nothing earlier to go back to.".to_owned(),
    };
    play.say(Tone::Plain, text);
}

/// Where the player thinks the cause is. Whether it is there is not told before the debrief.
fn name_cause(play: &mut Play, said: &str) {
    match play.attempt.name_cause(said) {
        Ok(()) => {
            let said = printable(said.trim());
            play.say(Tone::Plain, format!("Noted: {said}. The debrief tells whether it is so."));
        }
        Err(why) => play.say(Tone::Bad, why),
    }
}

/// The choice of the prediction popup.
pub(super) fn confirm_prediction(game: &mut Game, at: usize) -> Vec<Effect> {
    match game.play.as_ref().map(|play| play.asked) {
        Some(Asked::Where(_)) => predict_where(game, Some(at)),
        _ => predict(game, at),
    }
}

/// What the player expects; where that is decided is asked only of what can be seen failing.
fn predict(game: &mut Game, choice: usize) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    let question = play.question.as_ref();
    if question.is_some_and(|question| question.asks_where(choice)) {
        play.asked = Asked::Where(choice);
        game.popup = Some(Popup::Predict(None));
        return Vec::new();
    }
    play.asked = Asked::Yes(Prediction { choice, place: None });
    game.popup = None;
    apply::send(game)
}

/// The choice of the popup about files that are not applied.
pub(super) fn confirm_unapplied(game: &mut Game, at: usize) -> Vec<Effect> {
    game.popup = None;
    match at {
        0 => apply_and_go(game),
        1 => apply::ask_and_send(game),
        _ => Vec::new(),
    }
}

/// Applies, and sends unless something was refused.
fn apply_and_go(game: &mut Game) -> Vec<Effect> {
    game.popup = None;
    let mut effects = apply::apply(game);
    let refused = game
        .play
        .as_ref()
        .is_some_and(|play| play.notice.as_ref().is_some_and(|notice| notice.tone == Tone::Bad));
    if !refused {
        effects.extend(apply::ask_and_send(game));
    }
    effects
}

/// The choice of the reset popup.
pub(super) fn confirm_reset(game: &mut Game, at: usize) -> Vec<Effect> {
    game.popup = None;
    let Some(play) = &mut game.play else { return Vec::new() };
    if at < 2 {
        let seed = play.attempt().seed();
        play.reset(seed, at == 1);
        play.say(Tone::Plain, "A new beginning. Undo brings the old state back.");
        apply::remember_files(game);
        return vec![Effect::Save];
    }
    Vec::new()
}

/// The player chooses a panel. Who chooses one to type in is done with watching the packet.
fn turn_to(play: &mut Play, panel: Panel) {
    play.focus = panel;
    play.menu = false;
    play.typing |= matches!(panel, Panel::Editor | Panel::Terminal);
}

fn neighbour(panel: Panel, forward: bool) -> Panel {
    const ORDER: [Panel; 4] = [Panel::Editor, Panel::Terminal, Panel::Map, Panel::Packet];
    let at = ORDER.iter().position(|one| *one == panel).unwrap_or(0);
    ORDER[(at + if forward { 1 } else { 3 }) % 4]
}

fn edit(game: &mut Game, file: &str, text: &str) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    if !play.edit(file, text) {
        play.say(Tone::Plain, format!("{file} can only be read."));
        return Vec::new();
    }
    apply::remember_files(game);
    vec![Effect::Save]
}

fn predict_where(game: &mut Game, place: Option<usize>) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    if let Asked::Where(choice) = play.asked {
        play.asked = Asked::Yes(Prediction { choice, place });
    }
    game.popup = None;
    apply::send(game)
}

pub(super) fn skip_prediction(game: &mut Game) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    game.popup = None;
    play.asked = match play.asked {
        Asked::Where(choice) => Asked::Yes(Prediction { choice, place: None }),
        Asked::Yes(prediction) => Asked::Yes(prediction),
        Asked::No | Asked::Skipped => Asked::Skipped,
    };
    apply::send(game)
}

fn hint(game: &mut Game) {
    let Some(play) = &mut game.play else { return };
    let level = play.level().clone();
    let codes = play.codes();
    let failing = play.failing();
    let situation =
        super::hint::Situation { codes: &codes, failing: &failing, clock: play.lasted() };
    let first = play.hints.count() == 0;
    if first || game.popup == Some(Popup::Hints) {
        play.hints.advance(&level, situation);
        game.scroll = None;
    }
    game.popup = Some(Popup::Hints);
}

/// The ladder: what was shown so far, and one rung more if that is open already.
fn why(game: &mut Game) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    if play.help().faults.is_empty() {
        let unapplied = play.unapplied().join(", ");
        let solved = play.phase == Phase::Solved;
        let text = match (solved, unapplied.is_empty()) {
            _ if play.goals().is_empty() => apply::NO_GOALS.to_owned(),
            (true, _) => "Every goal has passed. Ctrl-G shows what to keep.".to_owned(),
            _ if play.phase == Phase::Probing => {
                "The goal's requests are on their way; none has failed yet.".to_owned()
            }
            (false, false) => format!("{unapplied} is not applied: Ctrl-S, then Ctrl-G sends."),
            (false, true)
                if play.attempt.has_applied()
                    && let Some((file, line, mark)) = play.refusal() =>
            {
                let mut wrong = mark.clone();
                (wrong.file, wrong.position) = (None, None);
                format!(
                    "{file} is refused at line {line}. Mend it, then Ctrl-S and Ctrl-G: {wrong}"
                )
            }
            (false, true) if play.sends == 0 => {
                "Nothing was sent yet. Ctrl-G sends the goal's request.".to_owned()
            }
            (false, true) => {
                "Something was changed since the last send. Ctrl-G sends the request again."
                    .to_owned()
            }
        };
        play.say(if solved { Tone::Good } else { Tone::Plain }, text);
        game.popup = None;
        return Vec::new();
    }
    if game.popup == Some(Popup::Why) || play.help().rung() == 0 {
        play.ladder.climb(play.attempt.goals());
        play.mark_failures();
        let (name, rung) = (play.level().name.clone(), play.ladder.highest);
        let record = game.record_mut(&name);
        record.rung = record.rung.max(rung);
        // What is new is shown.
        game.scroll = None;
    }
    game.popup = Some(Popup::Why);
    vec![Effect::Save]
}

/// Help with another of the faults: the box tells of it, and its request's way is shown.
fn turn_help(game: &mut Game, by: i32) {
    let Some(play) = &mut game.play else { return };
    play.ladder.turn(play.attempt.goals(), by);
    let of = play.help().asked().map(|fault| fault.goals.clone()).unwrap_or_default();
    play.show_way_of(&of);
    game.scroll = None;
}

/// Enter in the ladder's box: to the line once that is shown, until then the first command to look.
pub(super) fn follow_ladder(game: &mut Game) -> Vec<Effect> {
    let shows_line = game.play.as_ref().is_some_and(|play| {
        let help = play.help();
        help.asked().is_some_and(|fault| fault.shows_line() && fault.diagnosis.at.is_some())
    });
    match shows_line {
        true => go_to_mark(game),
        false => look(game, 0),
    }
    Vec::new()
}

/// Puts a command that shows the evidence into the terminal, to be run by the player.
fn look(game: &mut Game, at: usize) {
    let Some(play) = &mut game.play else { return };
    let command = play.help().asked().and_then(|fault| fault.diagnosis.look.get(at).cloned());
    let Some(command) = command else { return };
    game.popup = None;
    into_terminal(play, command);
    play.say(Tone::Plain, "Enter runs it.");
}

/// Puts a command into the terminal; what was being typed there is found again with ↑.
fn into_terminal(play: &mut Play, command: String) {
    play.console.set_aside();
    play.console.input.set(command);
    play.console.scrolled = 0;
    play.focus = Panel::Terminal;
    play.menu = false;
}

/// The skeleton of a kind, at the end of the open file.
fn skeleton(play: &mut Play, kind: &str) -> Vec<Effect> {
    let Some(text) = super::skeleton::of(kind) else {
        let kinds = super::skeleton::KINDS.join(", ");
        play.say(Tone::Bad, format!("There is no skeleton of “{kind}”; there are {kinds}."));
        return Vec::new();
    };
    if play.file().is_none_or(|file| file.locked) {
        play.say(Tone::Plain, "This file can only be read.");
        return Vec::new();
    }
    play.focus = Panel::Editor;
    play.menu = false;
    vec![Effect::InsertText(text)]
}

/// What a word means, in a box; without one, the glossary.
fn explain(game: &mut Game, word: &str) {
    let found = super::glossary::find(word);
    match found {
        Some(term) => {
            let mut lines = vec![term.means.clone()];
            if !term.see.is_empty() {
                lines.push(String::new());
                lines.push(format!("See also: {}", term.see.join(", ")));
            }
            game.popup = Some(Popup::Describe { title: term.name, lines, scroll: 0 });
        }
        None if word.trim().is_empty() => {
            super::update(game, super::Msg::Show(Screen::Terms));
        }
        None => {
            if let Some(play) = &mut game.play {
                play.say(Tone::Plain, format!("The glossary has no “{}”.", word.trim()));
            }
        }
    }
}

fn go_to_mark(game: &mut Game) {
    game.popup = None;
    let Some(play) = &mut game.play else { return };
    let help = play.help();
    let told = help.asked().into_iter().chain(&help.faults).filter(|fault| fault.shows_line());
    let pointed = told
        .filter_map(|fault| fault.diagnosis.at.as_ref())
        .map(|at| (at.file.to_string(), play.line_of(at)))
        .next();
    let marked = play.file().and_then(|file| {
        let mark = file.marks.iter().chain(&file.traffic_marks).find_map(|mark| mark.position)?;
        Some((file.name.clone(), mark.line))
    });
    match pointed.or(marked) {
        Some((file, line)) => {
            play.go_to(&file, line);
        }
        None if !play.goals().iter().all(|goal| goal.diagnosis.is_none()) => {
            play.say(Tone::Plain, "F3 shows the line on its third press.");
        }
        None => play.say(Tone::Plain, "No line of yours is marked."),
    }
}

fn undo(play: &mut Play) {
    let text = match play.undo() {
        Some(what) => {
            play.console.note(&format!("taken back: {what}"));
            format!("Taken back: {what}.")
        }
        None if play.has_forgotten() => "What was done before is not remembered.".to_owned(),
        None => "There is nothing to take back.".to_owned(),
    };
    play.say(Tone::Plain, text);
}

fn pick_next(play: &mut Play, by: i32) {
    let spots = play.scene.spots(play.system);
    let at = spots.iter().position(|spot| *spot == play.picked).unwrap_or(0);
    let next = at.saturating_add_signed(by as isize).min(spots.len().saturating_sub(1));
    if let Some(spot) = spots.get(next) {
        play.picked = spot.clone();
    }
}

fn describe(game: &mut Game) {
    let Some(play) = &game.play else { return };
    let mut lines = narration::describe(&play.scene, &play.picked);
    lines.extend(kubectl_describe(play));
    game.popup = Some(Popup::Describe { title: play.picked.to_string(), lines, scroll: 0 });
}

/// What `kubectl describe` says of what is selected. It runs in a clone: looking changes nothing.
fn kubectl_describe(play: &Play) -> Vec<String> {
    let what = match &play.picked {
        Spot::Node(name) => format!("node {name}"),
        Spot::Pod(namespace, name) => format!("pod {name} -n {namespace}"),
        Spot::Service(namespace, name) => format!("service {name} -n {namespace}"),
        Spot::Laptop | Spot::Outside(_) => return Vec::new(),
    };
    let command = format!("kubectl describe {what}");
    let mut cluster = play.attempt.cluster().clone();
    let said = shell::run_at(
        &mut cluster,
        &Place::Laptop,
        play.attempt.files(),
        &command,
        Duration::from_secs(5),
    );
    let text = printable(&String::from_utf8_lossy(&said.stdout)).replace('\t', "    ");
    let mut lines = vec![String::new(), format!("$ {command}")];
    lines.extend(text.lines().map(str::to_owned));
    lines
}

/// Types the command that opens a shell there, and runs it.
fn exec(play: &mut Play) {
    let command = match &play.picked {
        Spot::Pod(namespace, name) => {
            let pod = play.scene.pod(&play.picked);
            let container = pod
                .and_then(|pod| pod.containers.first())
                .filter(|_| pod.is_some_and(|pod| pod.containers.len() > 1));
            let namespace = match &**namespace {
                "default" => String::new(),
                other => format!(" -n {other}"),
            };
            let container =
                container.map_or_else(String::new, |container| format!(" -c {}", container.name));
            format!("kubectl exec -it {name}{namespace}{container} -- sh")
        }
        Spot::Node(name) => format!("ssh {name}"),
        _ => {
            play.say(Tone::Plain, "A shell can be opened in a pod or on a node.");
            return;
        }
    };
    play.focus = Panel::Terminal;
    play.menu = false;
    if play.is_busy() {
        play.say(Tone::Plain, "The terminal is busy; Ctrl-C interrupts it.");
        return;
    }
    play.console.set_aside();
    play.console.input.set(command);
    terminal::enter(play);
}

/// Types the beginning of a request from there.
fn trace_from(play: &mut Play) {
    let Spot::Pod(namespace, name) = &play.picked else {
        into_terminal(play, "curl -sv -m 2 http://".to_owned());
        return;
    };
    let namespace = if namespace == "default" { String::new() } else { format!(" -n {namespace}") };
    let command = format!("kubectl exec {name}{namespace} -- curl -s -m 2 http://");
    into_terminal(play, command);
}
