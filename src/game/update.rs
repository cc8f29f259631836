//! The one way in which a game changes.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use super::debrief::Debrief;
use super::play::{Asked, Play, Tone};
use super::requests::{newest_story, settle, show_victory};
use super::save::{Contrast, Motion, ThemeChoice};
use super::{
    Effect, FieldMsg, Game, Line, Msg, Popup, Screen, apply, command, level, terminal, trail,
};
use crate::level::incident::{self, Address};
use crate::level::{Level, Phase, explanations};

/// A text that is longer is not scrolled to its end.
const MOST_ROWS: usize = 10_000;

/// The settings' rows: how many there are.
pub const SETTINGS: usize = 6;

/// Changes the game by one message, and says what the outside has to do.
pub fn update(game: &mut Game, msg: Msg) -> Vec<Effect> {
    if let Msg::Tick(real) = msg {
        return tick(game, real);
    }
    game.dirty = true;
    let before = game.popup.as_ref().map(std::mem::discriminant);
    let effects = changed(game, msg);
    if let Some(play) = &mut game.play {
        play.follow_coach();
    }
    // A box that has just been opened, or opened anew, is shown from its beginning.
    if game.popup.as_ref().map(std::mem::discriminant) != before {
        (game.scroll, game.command) = (None, 0);
    }
    effects
}

fn changed(game: &mut Game, msg: Msg) -> Vec<Effect> {
    if let Some(play) = &mut game.play {
        play.timer.touched();
        // What was said when the level was opened is read before it begins.
        if game.screen != Screen::Briefing {
            play.notice = None;
        }
        play.entered = false;
    }
    match msg {
        Msg::Tick(_) => Vec::new(),
        Msg::Quit => vec![Effect::Save, Effect::Quit],
        Msg::AskToLeave => ask_to_leave(game),
        Msg::GiveUp => give_up(game),
        Msg::Interrupt => interrupt(game),
        Msg::Show(screen) => show(game, screen),
        Msg::Back => back(game),
        Msg::Select(by) => select(game, by),
        Msg::SelectEnd(last) => select(game, if last { i32::MAX } else { i32::MIN }),
        Msg::Chapter(forward) => {
            trail::turn_chapter(game, forward);
            Vec::new()
        }
        Msg::FindLevel => trail::open_search(game),
        Msg::Confirm => confirm(game),
        Msg::Change(forward) => change_setting(game, forward),
        Msg::OpenLevel(name) => open_level(game, &name),
        Msg::Begin => begin(game),
        Msg::NextLevel => next_level(game),
        Msg::Dismiss => {
            dismiss(game);
            Vec::new()
        }
        Msg::Redraw => Vec::new(),
        Msg::Say(text) => {
            if let Some(play) = &mut game.play {
                play.say(Tone::Plain, text);
            }
            Vec::new()
        }
        Msg::Warn(text) => {
            if !game.warnings.contains(&text) {
                game.warnings.push(text.clone());
                if let Some(play) = &mut game.play {
                    play.say(Tone::Bad, text);
                }
            }
            Vec::new()
        }
        Msg::Level(msg) => level::update(game, msg),
        Msg::Terminal(msg) => terminal::update(game, msg),
        Msg::Field(msg) => field(game, msg),
    }
}

/// When the next tick is worth sending.
pub(super) fn next_tick(game: &Game) -> Option<Duration> {
    if game.debrief.as_ref().is_some_and(Debrief::is_trying) && game.screen == Screen::Debrief {
        return Some(Duration::ZERO);
    }
    let play = game.play.as_ref().filter(|_| game.screen == Screen::Level)?;
    let reduced = game.save.settings.motion == Motion::Reduced;
    let busy = play.is_busy();
    let now = play.now();
    let to_second = Duration::from_micros(1_000_000 - now.as_micros() % 1_000_000);
    let clock =
        if busy { Some(Duration::from_millis(40)) } else { play.timer.until(to_second, false) };
    let hints = (game.popup == Some(Popup::Hints))
        .then(|| play.hint_wait())
        .flatten()
        .filter(|wait| !wait.is_zero())
        .map(|_| Duration::from_secs(1));
    [clock, play.next_motion(reduced), hints].into_iter().flatten().min()
}

fn tick(game: &mut Game, real: Duration) -> Vec<Effect> {
    if game.screen == Screen::Debrief {
        if let Some(debrief) = game.debrief.as_mut().filter(|debrief| debrief.is_trying()) {
            debrief.try_next();
            game.dirty = true;
        }
        return Vec::new();
    }
    let reduced = game.save.settings.motion == Motion::Reduced;
    let hinting = game.popup == Some(Popup::Hints);
    let Some(play) = game.play.as_mut().filter(|_| game.screen == Screen::Level) else {
        return Vec::new();
    };
    // A laptop that slept must not fast-forward the cluster.
    let real = real.min(Duration::from_secs(2));
    play.hints.pass(real);
    let running = play.timer.is_running();
    // What is asked about is what will be sent, and what was won is over: nothing happens behind.
    let simulated = match game.popup {
        Some(Popup::Predict(_) | Popup::Won) => Duration::ZERO,
        _ => play.timer.pass(real, play.is_busy()),
    };
    let paused = running && !play.timer.is_running();
    if paused {
        play.say(
            Tone::Plain,
            "The clock stands while nobody plays; space, after Esc, lets it run.",
        );
    }
    let mut changed = play.animate(real, reduced) || hinting || paused;
    if play.winning && !play.is_walking() {
        show_victory(game);
        return Vec::new();
    }
    let Some(play) = game.play.as_mut() else { return Vec::new() };
    if !simulated.is_zero() {
        let asked = requests(play);
        changed |= play.advance(simulated);
        if play.phase == Phase::Probing && requests(play) != asked {
            if let Some(story) = newest_story(play) {
                play.show_live(story);
            }
            changed = true;
        }
    }
    game.dirty |= changed;
    settle(game)
}

/// How many requests the goals have made.
fn requests(play: &Play) -> u32 {
    play.goals().iter().map(|goal| goal.tried).sum()
}

/// Ctrl-C. Where there is nothing to interrupt it leaves podhop, as anywhere else, but not without a
/// question.
fn interrupt(game: &mut Game) -> Vec<Effect> {
    if game.popup == Some(Popup::Leave) {
        return vec![Effect::Save, Effect::Quit];
    }
    if game.screen == Screen::Level && game.popup.is_none() && terminal::interrupt(game) {
        return Vec::new();
    }
    ask_to_leave(game)
}

/// Something was given up because it took too long, and is undone: what it was done for ends too, or
/// it would begin anew.
fn give_up(game: &mut Game) -> Vec<Effect> {
    let in_level = game.screen == Screen::Level && game.popup != Some(Popup::Leave);
    let Some(play) = game.play.as_mut().filter(|_| in_level) else { return interrupt(game) };
    if play.attempt.session().is_running() && !play.attempt.session().waits_for_line() {
        terminal::end_command(play);
        return settle(game);
    }
    if play.phase == Phase::Probing {
        play.attempt.stop_probing();
        play.phase = play.attempt.phase();
        play.say(Tone::Plain, "The goal's requests were stopped. Ctrl-G sends them again.");
        return Vec::new();
    }
    if terminal::interrupt(game) {
        return Vec::new();
    }
    if let Some(play) = &mut game.play {
        play.say(Tone::Plain, "Stopped: it took too long, and nothing of it was done.");
    }
    Vec::new()
}

fn ask_to_leave(game: &mut Game) -> Vec<Effect> {
    dismiss(game);
    game.popup = Some(Popup::Leave);
    Vec::new()
}

fn show(game: &mut Game, screen: Screen) -> Vec<Effect> {
    if !is_aside(game.screen) {
        game.came_from = game.screen;
    }
    game.popup = None;
    game.selected = if screen == Screen::Trail { trail_position(game) } else { 0 };
    game.screen = screen;
    Vec::new()
}

/// Whether a screen leads back to the one before.
fn is_aside(screen: Screen) -> bool {
    matches!(
        screen,
        Screen::Help | Screen::Glossary | Screen::Settings | Screen::Terms | Screen::Statistics
    )
}

fn back(game: &mut Game) -> Vec<Effect> {
    if dismiss(game) {
        return Vec::new();
    }
    match game.screen {
        Screen::Trail => return ask_to_leave(game),
        screen if is_aside(screen) => {
            let screen = game.came_from;
            show(game, screen);
        }
        _ => {
            show(game, Screen::Trail);
        }
    }
    vec![Effect::Save]
}

fn dismiss(game: &mut Game) -> bool {
    game.search.in_vain = false;
    match game.popup.take() {
        Some(Popup::Predict(_)) => {
            level::update(game, super::LevelMsg::SkipPrediction);
            true
        }
        other => other.is_some(),
    }
}

fn trail_position(game: &Game) -> usize {
    let current = game.play.as_ref().map(|play| play.level().name.clone());
    let at = current.and_then(|name| game.pack.levels.iter().position(|level| level.name == name));
    at.unwrap_or(0)
}

fn select(game: &mut Game, by: i32) -> Vec<Effect> {
    match &mut game.popup {
        Some(Popup::Predict(selected)) => {
            let play = game.play.as_ref();
            let question = play.and_then(|play| play.question.as_ref());
            let choices = match play.map(|play| play.asked) {
                Some(Asked::Where(_)) => question.map_or(0, |question| question.places.len()),
                _ => question.map_or(0, |question| question.choices.len()),
            };
            *selected = choose(*selected, by, choices);
            return Vec::new();
        }
        Some(Popup::Question(selected)) => {
            let question =
                game.debrief.as_ref().and_then(|debrief| debrief.level.question.as_ref());
            let choices = question.map_or(0, |question| question.choices.len());
            *selected = choose(*selected, by, choices);
            return Vec::new();
        }
        Some(Popup::Unapplied(selected)) => {
            *selected = moved(*selected, by, level::UNAPPLIED_CHOICES.len());
            return Vec::new();
        }
        Some(Popup::Palette(line)) => {
            let count = command::matching(line.text()).count();
            game.command = moved(game.command, by, count);
            return Vec::new();
        }
        Some(Popup::Hints | Popup::Why | Popup::Won) => {
            game.scroll = Some(moved(game.scroll.unwrap_or(0), by, MOST_ROWS));
            return Vec::new();
        }
        Some(Popup::Reset(selected)) => {
            *selected = moved(*selected, by, level::RESET_CHOICES.len());
            return Vec::new();
        }
        Some(Popup::Describe { scroll, lines, .. }) => {
            *scroll = moved(*scroll, by, lines.len());
            return Vec::new();
        }
        _ => {}
    }
    let count = match game.screen {
        Screen::Trail => game.pack.levels.len(),
        Screen::Settings => SETTINGS,
        Screen::Glossary => explanations().len(),
        Screen::Terms => super::glossary::glossary().len(),
        // Texts: the screen knows how long they are, and stops there.
        _ => MOST_ROWS,
    };
    game.selected = moved(game.selected, by, count);
    Vec::new()
}

/// The same where nothing was chosen yet.
fn choose(at: Option<usize>, by: i32, count: usize) -> Option<usize> {
    Some(match at {
        Some(at) => moved(at, by, count),
        None => moved(0, by.saturating_sub(1).max(0), count),
    })
}

fn moved(at: usize, by: i32, count: usize) -> usize {
    at.saturating_add_signed(by as isize).min(count.saturating_sub(1))
}

fn confirm(game: &mut Game) -> Vec<Effect> {
    match game.popup.clone() {
        Some(Popup::Leave) => return vec![Effect::Save, Effect::Quit],
        // Nothing is answered by a key that was pressed out of habit.
        Some(Popup::Predict(None)) => return level::skip_prediction(game),
        Some(Popup::Predict(Some(at))) => return level::confirm_prediction(game, at),
        Some(Popup::Reset(at)) => return level::confirm_reset(game, at),
        Some(Popup::Unapplied(at)) => return level::confirm_unapplied(game, at),
        Some(Popup::Won) => {
            game.popup = None;
            show(game, Screen::Debrief);
            if game.debrief.as_ref().is_some_and(Debrief::has_a_question) {
                game.popup = Some(Popup::Question(None));
            }
            return Vec::new();
        }
        Some(Popup::Question(None)) => return Vec::new(),
        Some(Popup::Question(Some(at))) => {
            game.popup = None;
            if let Some(debrief) = &mut game.debrief {
                debrief.answer(at);
            }
            return Vec::new();
        }
        Some(Popup::Why) => return level::follow_ladder(game),
        Some(Popup::Hints) => return level::update(game, super::LevelMsg::Hint),
        Some(_) => {
            dismiss(game);
            return Vec::new();
        }
        None => {}
    }
    match game.screen {
        Screen::Trail => match game.selected_level().map(|level| level.name.clone()) {
            Some(name) => open_level(game, &name),
            None => Vec::new(),
        },
        Screen::Briefing => begin(game),
        Screen::Debrief => next_level(game),
        Screen::Settings => change_setting(game, true),
        Screen::Help | Screen::Glossary | Screen::Terms | Screen::Statistics => back(game),
        Screen::Level => Vec::new(),
    }
}

fn open_level(game: &mut Game, name: &str) -> Vec<Effect> {
    let Some(level) = game.pack.level(name).cloned().or_else(|| draw_incident(game, name)) else {
        return Vec::new();
    };
    let on_table = game.play.as_ref().is_some_and(|play| play.level().name == level.name);
    let solved = game.play.as_ref().is_some_and(|play| play.phase() == Phase::Solved);
    if on_table && !solved {
        return show(game, Screen::Level);
    }
    lay_out(game, &level);
    game.remember_last(&level.name);
    let record = game.record(&level.name);
    show(game, if record.briefed { Screen::Level } else { Screen::Briefing });
    vec![Effect::Save]
}

/// Puts a level on the table, with the player's edits of last time.
fn lay_out(game: &mut Game, level: &Arc<Level>) {
    let comes_back = game.comes_back(level);
    let changed = game.record_mut(&level.name).turn_to(&level.fingerprint());
    if comes_back.is_some() {
        game.record_mut(&level.name).begin_again();
    }
    let record = game.record(&level.name);
    let seed = game.seed.or(record.seed).unwrap_or(level.first_seed());
    let files: Vec<(String, String)> = record.files.into_iter().collect();
    let mut play = Play::open(level.clone(), seed, &files);
    if changed {
        play.say(
            Tone::Plain,
            "This level's files have changed since you edited them; your edits of then are set aside.",
        );
    }
    if let Some(days) = comes_back {
        play.say(
            Tone::Plain,
            format!(
                "You solved this {days} days ago. Here it is again, with other names and addresses."
            ),
        );
    }
    game.play = Some(play);
    game.debrief = None;
    game.popup = None;
}

fn begin(game: &mut Game) -> Vec<Effect> {
    let Some(name) = game.play.as_ref().map(|play| play.level().name.clone()) else {
        return show(game, Screen::Trail);
    };
    game.record_mut(&name).briefed = true;
    if let Some(play) = &mut game.play {
        play.entered = true;
    }
    show(game, Screen::Level);
    vec![Effect::Save]
}

fn next_level(game: &mut Game) -> Vec<Effect> {
    let current = game.play.as_ref().map(|play| play.level().name.clone());
    let at = current.and_then(|name| game.pack.levels.iter().position(|level| level.name == name));
    let next = at.and_then(|at| game.pack.levels.get(at + 1)).map(|level| level.name.clone());
    let incident = game.play.as_ref().and_then(|play| play.level().incident.clone());
    let after = incident.map(|incident| incident.address.next().to_string());
    match next.or(after) {
        Some(name) => open_level(game, &name),
        None => show(game, Screen::Trail),
    }
}

/// An incident that is not in the pack yet: it is drawn, and added.
fn draw_incident(game: &mut Game, name: &str) -> Option<Arc<Level>> {
    let drawn = Address::parse(name)?.and_then(incident::incident);
    match drawn {
        Ok(level) => {
            Arc::make_mut(&mut game.pack).add(level.clone());
            Some(level)
        }
        Err(why) => {
            game.warnings.push(why);
            None
        }
    }
}

fn change_setting(game: &mut Game, forward: bool) -> Vec<Effect> {
    if game.screen != Screen::Settings {
        return Vec::new();
    }
    let settings = &mut Arc::make_mut(&mut game.save).settings;
    match game.selected {
        0 => settings.motion = turn(&[Motion::Full, Motion::Reduced], settings.motion, forward),
        1 => {
            use ThemeChoice::{Auto, Dark, Light, Plain, Sixteen};
            settings.theme = turn(&[Auto, Dark, Light, Sixteen, Plain], settings.theme, forward);
        }
        2 => {
            let all = [Contrast::Normal, Contrast::High];
            settings.contrast = turn(&all, settings.contrast, forward);
        }
        3 => settings.key_hints = !settings.key_hints,
        4 => settings.predict = !settings.predict,
        _ => settings.explain_at_once = !settings.explain_at_once,
    }
    vec![Effect::Save]
}

fn turn<T: Copy + PartialEq>(all: &[T], current: T, forward: bool) -> T {
    let at = all.iter().position(|one| *one == current).unwrap_or(0);
    let by = if forward { 1 } else { all.len() - 1 };
    all[(at + by) % all.len()]
}

fn field(game: &mut Game, msg: FieldMsg) -> Vec<Effect> {
    let Some(Popup::Palette(line) | Popup::Find(line)) = &mut game.popup else {
        return Vec::new();
    };
    let row = if matches!(msg, FieldMsg::Complete | FieldMsg::Enter) { game.command } else { 0 };
    game.command = row;
    match msg {
        FieldMsg::Type(text) => {
            line.insert(text.lines().next().unwrap_or(""));
        }
        FieldMsg::Edit(edit) => line.edit(edit),
        FieldMsg::Complete => {
            if let Some(whole) = command::complete(line.text(), game.command) {
                line.set(whole);
            }
        }
        FieldMsg::Enter => return enter(game),
    }
    let sought = match (game.screen, &game.popup) {
        (Screen::Trail, Some(Popup::Find(line))) => Some(line.text().to_owned()),
        _ => None,
    };
    if let Some(text) = sought {
        trail::seek(game, &text);
    }
    Vec::new()
}

fn enter(game: &mut Game) -> Vec<Effect> {
    match game.popup.take() {
        Some(Popup::Palette(mut line)) => {
            let row = game.command;
            command::run(game, &Line::take(&mut line), row)
        }
        Some(Popup::Find(line)) if game.screen == Screen::Trail => {
            trail::end_search(game, line.text());
            Vec::new()
        }
        Some(Popup::Find(line)) => apply::find(game, line.text()),
        other => {
            game.popup = other;
            Vec::new()
        }
    }
}
