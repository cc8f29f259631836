//! What a session makes of requests that were sent: the ways that are shown, and a win.

use std::sync::Arc;

use super::debrief::Debrief;
use super::narration::capital;
use super::play::{Asked, Play, Tone};
use super::predict::Guess;
use super::save::Solved;
use super::story::{Story, Unanswered, is_dns};
use super::{Effect, Game, Panel, Popup, terminal};
use crate::cluster::{Cluster, Ending, LookupFailure};
use crate::level::{Goal, GoalState, Phase};
use crate::network::{Outcome, Party, Trace, TraceId};

/// A way is followed through as many servers that pass a request on.
const PROXIES: u32 = 4;

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
    play.note_sent();
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
    // Every answer was right: what the last one was says nothing.
    if diagnosis.code == "not-spread" {
        return format!("Not yet: {}", diagnosis.message);
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
    let mut count = 0;
    for at in shown {
        let Some(mut story) = decisive_story(play, at) else { continue };
        let own = guess.filter(|guess| guess.goal == at);
        story.guess = own.map(|guess| guess.say.clone());
        story.goal = Some(at);
        play.show_story(story);
        count += 1;
    }
    // What was sent before is not the way of requests that sent nothing: then none is shown.
    play.story = play.stories.len().saturating_sub(count);
    play.replay();
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
pub(super) fn newest_story(play: &Play) -> Option<Story> {
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
