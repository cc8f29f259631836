//! The one way in which a game changes.

use std::sync::Arc;
use std::time::Duration;

use super::debrief::Debrief;
use super::narration::capital;
use super::play::{Asked, Play, Tone};
use super::predict::Guess;
use super::save::{Contrast, Motion, Solved, ThemeChoice};
use super::story::{Story, Unanswered, is_dns};
use super::{
    Effect, FieldMsg, Game, Line, Msg, Panel, Popup, Screen, apply, command, level, terminal, trail,
};
use crate::cluster::{Cluster, Ending, LookupFailure};
use crate::level::incident::{self, Address};
use crate::level::{Goal, GoalState, Level, Phase, explanations};
use crate::network::{Outcome, Party, Trace, TraceId};

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
        play.notice = None;
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

/// Looks whether a command or the goals' requests have come to their end.
pub(super) fn settle(game: &mut Game) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    let mut effects = terminal::finish(play);
    let phase = play.attempt.phase();
    let before = std::mem::replace(&mut play.phase, phase);
    if before == Phase::Probing && phase != Phase::Probing {
        effects.extend(probed(game, phase));
        if let Some(play) = &mut game.play {
            play.follow_coach();
        }
    }
    game.dirty |= !effects.is_empty();
    effects
}

/// The goals' requests were sent: show the ways of those that failed, or the way that won.
fn probed(game: &mut Game, phase: Phase) -> Vec<Effect> {
    let at_once = game.save.settings.explain_at_once;
    let Some(play) = &mut game.play else { return Vec::new() };
    play.seen_trace = play.attempt.cluster().next_trace();
    if std::mem::take(&mut play.live) {
        play.stories.pop();
    }
    play.sends += 1;
    let guess = play.judge_prediction();
    // The question was about this send alone.
    (play.question, play.asked) = (None, Asked::Skipped);
    play.guessed.clone_from(&guess);
    play.first_guess = play.first_guess.take().or_else(|| guess.clone());
    show_stories(play, guess.as_ref());
    let goals = play.attempt.goals().to_vec();
    play.held = goals.iter().map(|goal| goal.passed).collect();
    play.ladder.fell(&goals, at_once);
    play.mark_failures();
    let (name, rung) = (play.level().name.clone(), play.ladder.highest);
    game.dirty = true;
    if let Some(guess) = &guess {
        keep_guess(game, guess);
    }
    if phase == Phase::Solved {
        win(game);
    } else if let Some(play) = &mut game.play {
        let text = headline(play);
        play.say(Tone::Bad, text);
    }
    let record = game.record_mut(&name);
    record.tries += 1;
    record.rung = record.rung.max(rung);
    vec![Effect::SaveNow]
}

/// The level is won: it is kept at once, and shown when the packet has walked its way.
fn win(game: &mut Game) {
    let Some(play) = &mut game.play else { return };
    let name = play.level().name.clone();
    let debrief = Debrief::of(play);
    let solved = debrief.solved.clone();
    play.winning = true;
    if !play.typing {
        play.focus = Panel::Map;
        play.menu = false;
    }
    play.say(Tone::Good, "Won: watch it arrive.");
    game.debrief = Some(debrief);
    let today = game.today;
    let record = game.record_mut(&name);
    record.remember(&solved, today);
    record.solved = Solved::better(record.solved.take(), Some(solved));
}

/// The packet has arrived on the map. Who is typing meanwhile is not interrupted.
pub(super) fn show_victory(game: &mut Game) {
    game.dirty = true;
    let Some(play) = &mut game.play else { return };
    play.winning = false;
    if play.typing || game.popup.is_some() {
        play.say(Tone::Good, "Won. Ctrl-G shows what to keep.");
    } else {
        play.say(Tone::Good, "Won. Enter shows what to keep.");
        game.popup = Some(Popup::Won);
    }
}

fn keep_guess(game: &mut Game, guess: &Guess) {
    let save = Arc::make_mut(&mut game.save);
    let progress = save.packs.entry(game.pack.id.clone()).or_default();
    let kept = progress.guesses.entry(guess.was.clone()).or_default();
    kept.made += 1;
    kept.right += u32::from(guess.right);
}

/// What a failed send comes to in one line, the fact first. What could be done about it is not said
/// here: that is what the ladder is for.
pub fn headline(play: &Play) -> String {
    let unapplied = play.sent_without.join(", ");
    if !unapplied.is_empty() {
        return format!("Not applied: {unapplied}. Ctrl-S applies, Ctrl-G sends again.");
    }
    let help = play.help();
    let Some(fault) = help.asked() else { return "Not yet: a goal has not passed.".to_owned() };
    let diagnosis = fault.diagnosis;
    let failed = fault.goals.first().and_then(|at| play.goals().get(*at));
    if diagnosis.code == "manifest-refused" {
        return diagnosis.message.clone();
    }
    let story = play.current_story().filter(|story| !story.arrived);
    match story.and_then(|story| Some((&*story.ending, story.failure()?))) {
        // The hop, and what was decided there: why it was is the ladder's.
        Some((ending, step)) if step.place == "DNS" => {
            format!("{}: DNS {}", capital(ending), step.text)
        }
        Some((ending, step)) => format!("{}: {} ({})", capital(ending), step.text, step.place),
        None if failed.and_then(|goal| goal.heard.as_ref()).is_some_and(|heard| heard.unwanted) => {
            format!("Answered, and no answer is wanted: {}", ended(play, failed))
        }
        None => format!("Not yet: {}", ended(play, failed)),
    }
}

/// What the client was told, where nothing failed on its way.
fn ended(play: &Play, failed: Option<&GoalState>) -> String {
    let heard = failed.and_then(|goal| goal.heard.as_ref());
    let Some(heard) = heard else { return "a goal has not passed".to_owned() };
    let step = play.current_story().and_then(|story| story.steps.last());
    match step.filter(|_| heard.silent) {
        Some(step) => format!("{} ({})", step.text, step.place),
        None => heard.said.clone(),
    }
}

/// The goal whose way is shown after a win: the first that was broken at the send before and whose
/// packet arrived, or else the first whose packet arrived, or else the last that sent anything.
fn arrived(play: &Play) -> Option<usize> {
    let arrives = |at: &usize| decisive_story(play, *at).is_some_and(|story| story.arrived);
    let goals = play.goals();
    let was_broken = |at: &usize| play.held.get(*at).is_some_and(|held| !held);
    let mended = (0..goals.len()).filter(was_broken).find(arrives);
    let last = || goals.iter().rposition(|goal| !goal.traces.is_empty());
    mended.or_else(|| (0..goals.len()).find(arrives)).or_else(last)
}

/// What a goal's way is called: whose requests count, or who ran what.
fn title(asked: &Goal) -> String {
    match &asked.traffic {
        Some(container) => format!("{container} · its own requests"),
        None => format!("{} · {}", asked.from, asked.run),
    }
}

/// Shows the way of each goal's request that failed, the first of them on top; after a win, one that
/// arrived.
fn show_stories(play: &mut Play, guess: Option<&Guess>) {
    let goals = play.goals();
    let failed: Vec<usize> =
        (0..goals.len()).filter(|at| !goals[*at].passed && goals[*at].heard.is_some()).collect();
    let shown = match failed.is_empty() {
        true => arrived(play).into_iter().collect(),
        false => failed,
    };
    let before = play.stories.len();
    for at in shown {
        let Some(mut story) = decisive_story(play, at) else { continue };
        let own = guess.filter(|guess| guess.goal == at);
        story.guess = own.map(|guess| guess.say.clone());
        story.goal = Some(at);
        play.show_story(story);
    }
    if play.stories.len() > before {
        play.story = before.min(play.stories.len() - 1);
        play.replay();
    }
}

/// The way of the request of a goal that decided about it.
fn decisive_story(play: &Play, at: usize) -> Option<Story> {
    let heard = play.goals().get(at)?.heard.as_ref()?;
    let asked = play.level().goals.get(at)?;
    let cluster = play.attempt().cluster();
    let sent = |ids: &[TraceId]| ids.iter().filter_map(|id| cluster.trace(*id)).collect::<Vec<_>>();
    let own = sent(&heard.traces);
    // A request that sent nothing is told beside the one before it.
    let (traces, title) = match own.is_empty() {
        true => (sent(&play.goals()[at].traces), format!("the request before · {}", title(asked))),
        false => (own, title(asked)),
    };
    // Of several requests the last that failed decides, wherever it stands among the others: the diagnosis
    // is of that one too.
    let failed = by_request(&traces).into_iter().rev().find(|request| {
        let story = story_of(play, String::new(), request);
        !story.steps.is_empty() && !story.arrived
    });
    let decisive = match failed {
        Some(failed) if heard.missed => failed,
        _ if heard.missed => last_request(&traces),
        // What arrived is followed to whoever gave the answer in the end.
        _ => with_onward(cluster, &last_request(&traces), PROXIES),
    };
    let mut story = story_of(play, title, &decisive);
    if heard.missed {
        story.said = Some(heard.said.clone());
    }
    match &heard.ending {
        Some(Ending::Empty) if story.arrived => story.unanswered(Unanswered::Closed),
        Some(Ending::Reset) if story.arrived => story.unanswered(Unanswered::Reset),
        Some(Ending::SlowAnswer) if story.arrived => story.unanswered(Unanswered::Late),
        Some(Ending::Name(LookupFailure::OtherFamily)) => story.of_another_family(),
        // Whoever gives up earlier is told nothing.
        Some(Ending::SlowDial { .. }) if !story.arrived => {
            story.ending = Outcome::Silence.to_string();
        }
        _ => {}
    }
    (!story.steps.is_empty()).then_some(story)
}

/// While requests are being sent, the newest.
fn newest_story(play: &Play) -> Option<Story> {
    let goals = play.goals();
    let at = goals.iter().rposition(|goal| !goal.traces.is_empty())?;
    let asked = play.level().goals.get(at)?;
    let cluster = play.attempt().cluster();
    let traces: Vec<_> = goals[at].traces.iter().filter_map(|id| cluster.trace(*id)).collect();
    Some(story_of(play, title(asked), &last_request(&traces)))
}

/// The story of a request's traces, with the containers that it goes between where it stays inside a
/// pod.
pub(super) fn story_of(play: &Play, title: String, traces: &[&Trace]) -> Story {
    let mut story = Story::of(title, traces.iter().copied());
    story.at = traces.last().map(|trace| play.on_the_clock(trace.at));
    let connection = traces.iter().rev().find(|trace| trace.dns.is_none());
    story.inside = connection.and_then(|trace| inside(play, trace));
    story
}

fn inside(play: &Play, trace: &Trace) -> Option<(String, String)> {
    let Outcome::Delivered { to, .. } = &trace.outcome else { return None };
    let (Party::Pod { namespace, name }, true) = (&trace.from, to == &trace.from) else {
        return None;
    };
    let from = trace.container.clone()?;
    let place = crate::cluster::Place::Container {
        namespace: namespace.clone(),
        pod: name.clone(),
        container: from.clone(),
    };
    let cluster = play.attempt().cluster();
    let netns = cluster.network().netns(cluster.netns_of(&place)?.netns)?;
    let server =
        netns.listeners.iter().find(|(_, listener)| Some(listener.process) == trace.server)?;
    Some((from.to_string(), server.1.container.clone()?.to_string()))
}

/// A way is followed through as many servers that pass a request on.
const PROXIES: u32 = 4;

/// The packets of a request, and after each connection those that its server sent to answer it.
fn with_onward<'a>(cluster: &'a Cluster, request: &[&'a Trace], deepest: u32) -> Vec<&'a Trace> {
    let mut all = Vec::new();
    for trace in request {
        all.push(*trace);
        let answer = cluster.served(trace.id).last().filter(|_| deepest > 0);
        let onward = answer.into_iter().flat_map(|served| &served.onward);
        let onward: Vec<&Trace> = onward.filter_map(|id| cluster.trace(*id)).collect();
        all.extend(with_onward(cluster, &last_request(&onward), deepest.saturating_sub(1)));
    }
    all
}

/// The packets of several requests, a request each, oldest first.
fn by_request<'a>(traces: &[&'a Trace]) -> Vec<Vec<&'a Trace>> {
    let mut requests = Vec::new();
    let mut left = traces;
    while !left.is_empty() {
        let last = last_request(left);
        left = &left[..left.len() - last.len()];
        requests.push(last);
    }
    requests.reverse();
    requests
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{LevelMsg, Save, TerminalMsg};
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
    fn a_way_that_won_is_followed_through_the_servers_that_pass_it_on() {
        let mut game = game();
        update(&mut game, Msg::OpenLevel("ingress".to_owned()));
        update(&mut game, Msg::Begin);
        let solution = play(&game).level().solutions[0].clone();
        for (name, content) in &solution.files {
            let text = String::from_utf8_lossy(content).into_owned();
            level(&mut game, LevelMsg::Edit { file: name.clone(), text });
        }
        level(&mut game, LevelMsg::Apply);
        level(&mut game, LevelMsg::Go);
        update(&mut game, Msg::Dismiss);
        settle(&mut game);
        assert_eq!(play(&game).phase(), Phase::Solved, "{:?}", play(&game).goals());
        let story = play(&game).current_story().expect("a way");
        let places: Vec<&str> = story.steps.iter().map(|step| &*step.place).collect();
        let controller = places.iter().position(|place| place.contains("ingress-nginx"));
        let after = &places[controller.expect("the controller is passed")..];
        assert!(after.iter().any(|place| !place.contains("ingress-nginx")), "{places:?}");
    }

    #[test]
    fn a_prediction_is_asked_for_once_and_compared() {
        let mut game = game();
        level(&mut game, LevelMsg::Go);
        assert_eq!(game.popup(), Some(&Popup::Predict(None)));
        level(&mut game, LevelMsg::Predict(3));
        settle(&mut game);
        let guess = play(&game).guessed.clone().expect("it was asked about");
        assert_eq!(guess.say, "“unknown name”, as you expected.");
        level(&mut game, LevelMsg::Go);
        assert_eq!(game.popup(), None);
        settle(&mut game);
        assert_eq!(
            play(&game).guessed,
            None,
            "the verdict belongs to the send that was asked about"
        );
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
        assert!(play.files[0].traffic_marks.is_empty(), "not before the third rung");
        let text = play.notice.clone().expect("a headline").text;
        assert!(text.starts_with("Unknown name: "), "{text}");
        for _ in 0..3 {
            level(&mut game, LevelMsg::Why);
        }
        let marked = self::play(&game);
        assert!(!marked.files[0].traffic_marks.is_empty(), "{:?}", marked.goals());
        assert_eq!(marked.ladder.highest, 3);
    }

    #[test]
    fn marks_of_traffic_come_back_when_an_edit_is_taken_back() {
        let mut game = game();
        level(&mut game, LevelMsg::Go);
        update(&mut game, Msg::Dismiss);
        settle(&mut game);
        for _ in 0..3 {
            level(&mut game, LevelMsg::Why);
        }
        update(&mut game, Msg::Dismiss);
        let marks = |game: &Game| play(game).files[0].traffic_marks.clone();
        let (before, file) = (marks(&game), play(&game).files[0].clone());
        assert!(!before.is_empty());
        let edit = |game: &mut Game, text: String| {
            level(game, LevelMsg::Edit { file: file.name.clone(), text });
        };
        edit(&mut game, file.text.replace("http://nginx", "http://localhost"));
        assert!(marks(&game).is_empty());
        edit(&mut game, file.text.clone());
        assert_eq!(marks(&game), before);
        edit(&mut game, format!("# a line above\n{}", file.text));
        let line = |marks: &[crate::diagnostic::Diagnostic]| marks[0].position.map(|at| at.line);
        assert_eq!(
            line(&marks(&game)),
            line(&before).map(|line| line + 1),
            "it goes with its line"
        );
    }

    #[test]
    fn an_edited_file_is_offered_to_be_applied_before_it_is_sent() {
        let mut game = game();
        let file = play(&game).files[0].clone();
        let text = file.text.replace("http://nginx", "http://localhost");
        level(&mut game, LevelMsg::Edit { file: file.name, text });
        level(&mut game, LevelMsg::Go);
        assert_eq!(game.popup(), Some(&Popup::Unapplied(0)));
        update(&mut game, Msg::Confirm);
        update(&mut game, Msg::Dismiss);
        settle(&mut game);
        assert_eq!(play(&game).phase(), Phase::Solved, "{:?}", play(&game).goals());
    }

    #[test]
    fn sent_as_it_is_the_file_that_was_not_applied_comes_before_any_cause() {
        let mut game = game();
        let file = play(&game).files[0].clone();
        let text = file.text.replace("http://nginx", "http://localhost");
        level(&mut game, LevelMsg::Edit { file: file.name, text });
        level(&mut game, LevelMsg::GoAsItIs);
        update(&mut game, Msg::Dismiss);
        settle(&mut game);
        let text = play(&game).notice.clone().expect("a headline").text;
        assert!(text.starts_with("Not applied: multi.yaml"), "{text}");
    }

    #[test]
    fn undo_passes_over_commands_that_changed_nothing() {
        let mut game = game();
        let pods = |game: &Game| play(game).scene.pods().filter(|pod| !pod.is_system()).count();
        for command in ["kubectl delete pod multi --now\n", "kubectl get pods\n", "clear\n", "ls\n"]
        {
            update(&mut game, Msg::Terminal(TerminalMsg::Type(command.into())));
            settle(&mut game);
        }
        update(&mut game, Msg::Tick(Duration::from_secs(2)));
        assert_eq!(pods(&game), 0);
        level(&mut game, LevelMsg::Undo);
        assert_eq!(pods(&game), 1, "{:?}", play(&game).notice);
    }

    #[test]
    fn kubectl_edit_saves_when_it_is_told_to_and_gives_the_terminal_back() {
        let mut game = game();
        let edit = "kubectl edit pod multi\n";
        update(&mut game, Msg::Terminal(TerminalMsg::Type(edit.into())));
        settle(&mut game);
        let open = play(&game).file().expect("a file").clone();
        assert!(open.name.starts_with("kubectl-edit"), "{open:?}");
        let text =
            open.text.replace("  name: multi\n", "  labels:\n    half: typed\n  name: multi\n");
        assert_ne!(text, open.text);
        level(&mut game, LevelMsg::Edit { file: open.name.clone(), text });
        update(&mut game, Msg::Tick(Duration::from_secs(2)));
        let labels = |game: &Game| {
            let pod = play(game).scene.pods().find(|pod| pod.name == "multi").cloned();
            pod.map(|pod| pod.shown_labels()).unwrap_or_default()
        };
        assert!(!labels(&game).contains("half"), "nothing is saved by itself");
        assert_eq!(play(&game).file().map(|file| &*file.name), Some(&*open.name));
        level(&mut game, LevelMsg::Apply);
        for _ in 0..20 {
            update(&mut game, Msg::Tick(Duration::from_millis(200)));
        }
        assert!(
            labels(&game).contains("half=typed"),
            "{:?}",
            play(&game).console.printed().collect::<Vec<_>>()
        );
        assert_eq!(play(&game).focus, Panel::Terminal);
        assert!(play(&game).editing.is_none());
    }

    #[test]
    fn esc_leads_to_the_menu_level_and_a_reset_stays_there() {
        let mut game = game();
        level(&mut game, LevelMsg::Menu(true));
        level(&mut game, LevelMsg::Reset);
        update(&mut game, Msg::Confirm);
        assert!(play(&game).menu, "letters go on being actions");
    }

    #[test]
    fn a_win_is_kept_and_tells_which_edits_mattered() {
        let mut game = game();
        level(&mut game, LevelMsg::Go);
        update(&mut game, Msg::Dismiss);
        settle(&mut game);
        solve(&mut game);
        assert_eq!(game.popup(), None, "nothing covers the packet while it walks");
        assert!(play(&game).is_walking());
        for _ in 0..200 {
            update(&mut game, Msg::Tick(Duration::from_millis(100)));
        }
        assert_eq!(game.popup(), Some(&Popup::Won), "{:?}", play(&game).goals());
        assert!(game.record("localhost-sidecar").solved.is_some());
        update(&mut game, Msg::Confirm);
        while game.debrief().is_some_and(Debrief::is_trying) {
            update(&mut game, Msg::Tick(Duration::ZERO));
        }
        let edits = &game.debrief().expect("a debrief").edits;
        assert_eq!(edits.iter().map(|tried| tried.mattered).collect::<Vec<_>>(), [Some(true)]);
        // The debrief asks its question first.
        update(&mut game, Msg::Dismiss);
        for _ in 0..5 {
            if game.debrief().is_some() {
                update(&mut game, Msg::Confirm);
            }
        }
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
        assert_eq!(pods(&game), 0, "{:?}", play(&game).console.printed().collect::<Vec<_>>());
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
