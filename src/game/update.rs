//! The one way in which a game changes.

use std::sync::Arc;
use std::time::Duration;

use super::debrief::Debrief;
use super::play::{Play, Tone};
use super::save::{Contrast, Motion, Solved, ThemeChoice};
use super::story::{Story, is_dns};
use super::{
    Effect, FieldMsg, Game, Line, Msg, Popup, Screen, apply, command, level, terminal, trail,
};
use crate::level::{GoalState, Level, Phase, explanations};
use crate::network::Trace;

/// The seed of a level that was never played.
const FIRST_SEED: u64 = 1;

/// The settings' rows: how many there are.
pub const SETTINGS: usize = 5;

/// Changes the game by one message, and says what the outside has to do.
pub fn update(game: &mut Game, msg: Msg) -> Vec<Effect> {
    if let Msg::Tick(real) = msg {
        return tick(game, real);
    }
    game.dirty = true;
    if let Some(play) = &mut game.play {
        play.timer.touched();
        play.notice = None;
    }
    match msg {
        Msg::Tick(_) => Vec::new(),
        Msg::Quit => vec![Effect::Save, Effect::Quit],
        Msg::AskToLeave => ask_to_leave(game),
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
        .then(|| play.hints.wait(play.level(), &play.codes()))
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
    let simulated = play.timer.pass(real, play.is_busy());
    let paused = running && !play.timer.is_running();
    if paused {
        play.say(
            Tone::Plain,
            "The clock stands while nobody plays; space, after Esc, lets it run.",
        );
    }
    let mut changed = play.animate(real, reduced) || hinting || paused;
    if !simulated.is_zero() {
        let asked = requests(play);
        changed |= play.advance(simulated);
        if play.phase == Phase::Probing && requests(play) != asked {
            if let Some(story) = goal_story(play, true) {
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

/// Looks whether a command or the goals' requests have come to their end.
pub(super) fn settle(game: &mut Game) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    let mut effects = terminal::finish(play);
    let phase = play.attempt.phase();
    let before = std::mem::replace(&mut play.phase, phase);
    if before == Phase::Probing && phase != Phase::Probing {
        effects.extend(probed(game, phase));
    }
    game.dirty |= !effects.is_empty();
    effects
}

/// The goals' requests were sent: show the way of the one that tells most.
fn probed(game: &mut Game, phase: Phase) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    play.seen_trace = play.attempt.cluster().next_trace();
    if std::mem::take(&mut play.live) {
        play.stories.pop();
    }
    let guess = match play.guessed {
        None => play.prediction_verdict(),
        Some(_) => None,
    };
    play.guessed = play.guessed.take().or_else(|| guess.clone());
    if let Some(mut story) = goal_story(play, false) {
        story.guess = guess;
        play.show_story(story);
    }
    play.mark_failures();
    let name = play.level().name.clone();
    game.dirty = true;
    if phase == Phase::Solved {
        let debrief = Debrief::of(play);
        let solved = debrief.solved.clone();
        game.debrief = Some(debrief);
        game.popup = Some(Popup::Won);
        let record = game.record_mut(&name);
        record.tries += 1;
        record.solved = Solved::better(record.solved.take(), Some(solved));
    } else {
        let failed = play.goals().iter().find(|goal| !goal.passed);
        let text = failed
            .and_then(|goal| goal.diagnosis.as_ref())
            .map_or_else(|| "A goal has not passed.".to_owned(), |found| found.message.clone());
        play.say(Tone::Bad, text);
        game.record_mut(&name).tries += 1;
    }
    vec![Effect::SaveNow]
}

/// The last request of the first goal that failed, or of the last one that passed; while requests
/// are being sent, the `newest`.
fn goal_story(play: &Play, newest: bool) -> Option<Story> {
    let goals = play.goals();
    let failed = |goal: &GoalState| !newest && !goal.passed && !goal.traces.is_empty();
    let at = goals.iter().position(failed);
    let at = at.or_else(|| goals.iter().rposition(|goal| !goal.traces.is_empty()))?;
    let goal = &goals[at];
    let asked = play.level().goals.get(at)?;
    let cluster = play.attempt().cluster();
    let traces: Vec<_> = goal.traces.iter().filter_map(|id| cluster.trace(*id)).collect();
    let mut story = Story::of(format!("{} · {}", asked.from, asked.run), last_request(&traces));
    if let (Some(diagnosis), Some(last)) = (&goal.diagnosis, story.steps.last_mut()) {
        last.notes.extend(diagnosis.evidence.iter().cloned());
        last.notes.extend(diagnosis.nearest.iter().cloned());
    }
    Some(story)
}

/// Of the packets of several requests those of the last: its questions to DNS, if there were any,
/// and its connection, if it came so far.
pub(super) fn last_request<'a>(traces: &[&'a Trace]) -> Vec<&'a Trace> {
    let mut request: Vec<&Trace> = Vec::new();
    for trace in traces.iter().rev() {
        let another = match request.last() {
            None => false,
            Some(_) if !is_dns(&trace.flow) => true,
            Some(_) => request.iter().any(|later| later.dns.is_some() && asks_alike(later, trace)),
        };
        if another {
            break;
        }
        request.push(trace);
    }
    request.reverse();
    request
}

/// Whether two packets ask DNS the same: then they belong to different requests.
fn asks_alike(one: &Trace, other: &Trace) -> bool {
    match (&one.dns, &other.dns) {
        (Some(one), Some(other)) => (&one.name, one.kind) == (&other.name, other.kind),
        _ => false,
    }
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

fn ask_to_leave(game: &mut Game) -> Vec<Effect> {
    dismiss(game);
    game.popup = Some(Popup::Leave);
    Vec::new()
}

fn show(game: &mut Game, screen: Screen) -> Vec<Effect> {
    if !matches!(game.screen, Screen::Help | Screen::Glossary | Screen::Settings) {
        game.came_from = game.screen;
    }
    game.popup = None;
    game.selected = if screen == Screen::Trail { trail_position(game) } else { 0 };
    game.screen = screen;
    Vec::new()
}

fn back(game: &mut Game) -> Vec<Effect> {
    if dismiss(game) {
        return Vec::new();
    }
    match game.screen {
        Screen::Trail => return ask_to_leave(game),
        Screen::Help | Screen::Glossary | Screen::Settings => {
            let screen = game.came_from;
            show(game, screen);
        }
        Screen::Level | Screen::Briefing | Screen::Debrief => {
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
            let choices = match game.play.as_ref().map(|play| play.asked) {
                Some(super::Asked::Where(_)) => super::Where::ALL.len(),
                _ => super::Fate::ALL.len(),
            };
            *selected = moved(*selected, by, choices);
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
        // Texts: the screen knows how long they are, and stops there.
        _ => 10_000,
    };
    game.selected = moved(game.selected, by, count);
    Vec::new()
}

fn moved(at: usize, by: i32, count: usize) -> usize {
    at.saturating_add_signed(by as isize).min(count.saturating_sub(1))
}

fn confirm(game: &mut Game) -> Vec<Effect> {
    match game.popup.clone() {
        Some(Popup::Leave) => return vec![Effect::Save, Effect::Quit],
        Some(Popup::Predict(at)) => return level::confirm_prediction(game, at),
        Some(Popup::Reset(at)) => return level::confirm_reset(game, at),
        Some(Popup::Won) => {
            game.popup = None;
            return show(game, Screen::Debrief);
        }
        Some(Popup::Why) => return level::update(game, super::LevelMsg::GoToMark),
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
        Screen::Help | Screen::Glossary => back(game),
        Screen::Level => Vec::new(),
    }
}

fn open_level(game: &mut Game, name: &str) -> Vec<Effect> {
    let Some(level) = game.pack.level(name).cloned() else { return Vec::new() };
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
    let changed = game.record_mut(&level.name).turn_to(&level.fingerprint());
    let record = game.record(&level.name);
    let seed = game.seed.or(record.seed).unwrap_or(FIRST_SEED);
    let files: Vec<(String, String)> = record.files.into_iter().collect();
    let mut play = Play::open(level.clone(), seed, &files);
    if changed {
        play.say(
            Tone::Plain,
            "This level's files have changed since you edited them; your edits of then are set aside.",
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
    show(game, Screen::Level);
    vec![Effect::Save]
}

fn next_level(game: &mut Game) -> Vec<Effect> {
    let current = game.play.as_ref().map(|play| play.level().name.clone());
    let at = current.and_then(|name| game.pack.levels.iter().position(|level| level.name == name));
    let next = at.and_then(|at| game.pack.levels.get(at + 1)).map(|level| level.name.clone());
    match next {
        Some(name) => open_level(game, &name),
        None => show(game, Screen::Trail),
    }
}

fn change_setting(game: &mut Game, forward: bool) -> Vec<Effect> {
    if game.screen != Screen::Settings {
        return Vec::new();
    }
    let settings = &mut game.save.settings;
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
        _ => settings.predict = !settings.predict,
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
    match msg {
        FieldMsg::Type(text) => {
            line.insert(text.lines().next().unwrap_or(""));
        }
        FieldMsg::Edit(edit) => line.edit(edit),
        FieldMsg::Complete => {
            if let Some(whole) = command::complete(line.text()) {
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
        Some(Popup::Palette(mut line)) => command::run(game, &Line::take(&mut line)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{Asked, Fate, LevelMsg, Panel, Save, TerminalMsg, Where};
    use crate::level::Pack;

    /// A game with a level of one file on the table.
    fn game() -> Game {
        let pack = Pack::embedded().expect("the campaign is sound");
        let mut game = Game::new(Arc::new(pack), Save::default());
        update(&mut game, Msg::OpenLevel("localhost-sidecar".to_owned()));
        update(&mut game, Msg::Begin);
        game
    }

    fn play(game: &Game) -> &Play {
        game.play().expect("a level on the table")
    }

    fn level(game: &mut Game, msg: LevelMsg) -> Vec<Effect> {
        update(game, Msg::Level(msg))
    }

    /// Lets time pass until nothing is waited for.
    fn settle(game: &mut Game) {
        for _ in 0..2_000 {
            if !play(game).is_busy() {
                return;
            }
            update(game, Msg::Tick(Duration::from_millis(50)));
        }
        panic!("it never came to rest");
    }

    fn solve(game: &mut Game) {
        let file = play(game).file().expect("a file");
        let text = file.text.replace("http://nginx", "http://localhost");
        let name = file.name.clone();
        level(game, LevelMsg::Edit { file: name, text });
        level(game, LevelMsg::Apply);
        level(game, LevelMsg::Go);
        settle(game);
    }

    #[test]
    fn a_prediction_is_asked_for_once_and_compared() {
        let mut game = game();
        level(&mut game, LevelMsg::Go);
        assert_eq!(game.popup(), Some(&Popup::Predict(0)));
        level(&mut game, LevelMsg::Predict(Fate::UnknownName));
        level(&mut game, LevelMsg::PredictWhere(Where::Name));
        settle(&mut game);
        assert_eq!(
            play(&game).guessed.as_deref(),
            Some("“unknown name”, and there, as you expected.")
        );
        level(&mut game, LevelMsg::Go);
        assert_eq!(game.popup(), None);
    }

    #[test]
    fn one_key_skips_the_prediction_and_sends() {
        let mut game = game();
        level(&mut game, LevelMsg::Go);
        update(&mut game, Msg::Dismiss);
        assert_eq!(play(&game).asked, Asked::Skipped);
        assert_eq!(play(&game).phase(), Phase::Probing);
    }

    #[test]
    fn a_failure_is_explained_on_the_player_s_line() {
        let mut game = game();
        level(&mut game, LevelMsg::Go);
        update(&mut game, Msg::Dismiss);
        settle(&mut game);
        let play = play(&game);
        assert!(!play.goals()[0].passed);
        assert!(play.current_story().is_some_and(|story| !story.arrived));
        assert!(!play.files[0].traffic_marks.is_empty(), "{:?}", play.goals());
    }

    #[test]
    fn a_win_is_kept_and_tells_which_edits_mattered() {
        let mut game = game();
        level(&mut game, LevelMsg::Go);
        update(&mut game, Msg::Dismiss);
        settle(&mut game);
        solve(&mut game);
        assert_eq!(game.popup(), Some(&Popup::Won), "{:?}", play(&game).goals());
        assert!(game.record("localhost-sidecar").solved.is_some());
        update(&mut game, Msg::Confirm);
        while game.debrief().is_some_and(Debrief::is_trying) {
            update(&mut game, Msg::Tick(Duration::ZERO));
        }
        let edits = &game.debrief().expect("a debrief").edits;
        assert_eq!(edits.iter().map(|tried| tried.mattered).collect::<Vec<_>>(), [Some(true)]);
        update(&mut game, Msg::Confirm);
        let won = game.pack().level("localhost-sidecar").expect("it is in the campaign").number;
        assert_eq!(play(&game).level().number, won + 1);
    }

    #[test]
    fn undo_takes_back_what_a_command_did() {
        let mut game = game();
        let pods = |game: &Game| play(game).scene.pods().filter(|pod| !pod.is_system()).count();
        assert_eq!(pods(&game), 1);
        update(
            &mut game,
            Msg::Terminal(TerminalMsg::Type("kubectl delete pod multi --now\n".into())),
        );
        settle(&mut game);
        update(&mut game, Msg::Tick(Duration::from_secs(2)));
        assert_eq!(pods(&game), 0, "{:?}", play(&game).console.printed());
        level(&mut game, LevelMsg::Undo);
        assert_eq!(pods(&game), 1);
    }

    #[test]
    fn edits_outlive_reset_and_a_new_game() {
        let mut game = game();
        let name = play(&game).files[0].name.clone();
        level(&mut game, LevelMsg::Edit { file: name, text: "# mine\n".into() });
        let mut again = Game::new(game.pack.clone(), game.save().clone());
        update(&mut again, Msg::Confirm);
        assert_eq!(play(&again).files[0].text, "# mine\n");
        level(&mut again, LevelMsg::Reset);
        update(&mut again, Msg::Confirm);
        assert_eq!(play(&again).files[0].text, "# mine\n");
        level(&mut again, LevelMsg::Reset);
        update(&mut again, Msg::Select(1));
        update(&mut again, Msg::Confirm);
        assert_ne!(play(&again).files[0].text, "# mine\n");
        level(&mut again, LevelMsg::Undo);
        assert_eq!(play(&again).files[0].text, "# mine\n");
    }

    #[test]
    fn time_runs_pauses_steps_and_goes_back() {
        let mut game = game();
        let start = play(&game).clock();
        for _ in 0..20 {
            update(&mut game, Msg::Tick(Duration::from_secs(1)));
        }
        assert_eq!(play(&game).clock() - start, Duration::from_secs(20));
        level(&mut game, LevelMsg::Pause);
        update(&mut game, Msg::Tick(Duration::from_secs(1)));
        assert_eq!(play(&game).clock() - start, Duration::from_secs(20));
        assert_eq!(game.next_tick().filter(|_| !play(&game).is_fresh()), None);
        level(&mut game, LevelMsg::Step);
        assert_eq!(play(&game).clock() - start, Duration::from_secs(21));
        level(&mut game, LevelMsg::Rewind);
        assert!(play(&game).clock() - start < Duration::from_secs(21));
    }

    #[test]
    fn the_next_hint_waits_a_while() {
        let mut game = game();
        level(&mut game, LevelMsg::Hint);
        level(&mut game, LevelMsg::Hint);
        assert_eq!(play(&game).hints.count(), 1);
        for _ in 0..20 {
            update(&mut game, Msg::Tick(Duration::from_secs(1)));
        }
        level(&mut game, LevelMsg::Hint);
        assert_eq!(play(&game).hints.count(), 2);
    }

    #[test]
    fn ctrl_c_interrupts_copies_or_asks_but_never_leaves_at_once() {
        let mut game = game();
        for panel in [Panel::Editor, Panel::Map, Panel::Packet] {
            level(&mut game, LevelMsg::Focus(panel));
            assert!(!update(&mut game, Msg::Interrupt).contains(&Effect::Quit), "{panel:?}");
            assert_eq!(game.popup(), Some(&Popup::Leave));
            update(&mut game, Msg::Dismiss);
        }
        level(&mut game, LevelMsg::Focus(Panel::Terminal));
        update(&mut game, Msg::Terminal(TerminalMsg::Type("sleep".into())));
        assert!(!update(&mut game, Msg::Interrupt).contains(&Effect::Quit), "it clears the line");
        assert_eq!(game.popup(), None);
        assert!(!update(&mut game, Msg::Interrupt).contains(&Effect::Quit), "it asks");
        assert!(update(&mut game, Msg::Interrupt).contains(&Effect::Quit));
    }

    #[test]
    fn a_command_s_packets_are_shown() {
        let mut game = game();
        let curl = "kubectl exec multi -c sidecar -- curl -s http://localhost\n";
        update(&mut game, Msg::Terminal(TerminalMsg::Type(curl.into())));
        settle(&mut game);
        let printed = &play(&game).console;
        let story = play(&game).current_story();
        assert!(story.is_some_and(|story| story.arrived), "{story:?} {printed:?}");
    }
}
