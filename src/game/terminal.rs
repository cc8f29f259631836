//! What a player does in the terminal.

use super::play::{LARGEST_FILE, Panel, Play, Tone};
use super::requests::{last_request, settle, story_of};
use super::scene::Spot;
use super::{Effect, Game, TerminalMsg};
use crate::level::Phase;
use crate::network::Trace;
use crate::shell::{Typed, UiRequest};

/// Larger pastes are refused: nobody means to run them.
const LARGEST_PASTE: usize = 64 * 1024;

pub(super) fn update(game: &mut Game, msg: TerminalMsg) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    if let (Some(_), false) = (&play.console.recall, matches!(msg, TerminalMsg::Recall)) {
        return recalling(game, msg);
    }
    match msg {
        TerminalMsg::Type(text) => return type_text(game, &text),
        TerminalMsg::Edit(edit) => play.console.input.edit(edit),
        TerminalMsg::Enter => {
            enter(play);
            return settle(game);
        }
        TerminalMsg::Complete => complete(play),
        TerminalMsg::Browse(earlier) => play.console.browse(earlier),
        TerminalMsg::Recall => {
            let again = play.console.recall.clone();
            let query = again.as_ref().map(|recall| recall.query.clone()).unwrap_or_default();
            play.console.recall(query, again.is_some());
        }
        TerminalMsg::Scroll(by) => {
            let most = play.console.kept();
            play.console.scrolled =
                play.console.scrolled.saturating_add_signed(by as isize).min(most);
        }
        TerminalMsg::ScrollAside(by) => {
            let most = play.console.widest();
            play.console.aside = play.console.aside.saturating_add_signed(by as isize).min(most);
        }
        TerminalMsg::EndOfInput => return end_of_input(game),
        TerminalMsg::Clear => play.console.clear(),
    }
    Vec::new()
}

/// Runs the line that was typed, or hands it to the command that reads.
pub(super) fn enter(play: &mut Play) {
    let prompt = play.attempt.session().prompt();
    let line = play.console.input.take();
    play.console.typed(&prompt, &line);
    if play.attempt.session().is_running() {
        play.seen_trace = play.attempt.cluster().next_trace();
        play.command = Some(line.trim().to_owned());
        play.attempt.type_line(&line);
        play.read_terminal();
        return;
    }
    if play.phase == Phase::Probing {
        play.say(Tone::Plain, "The goal's requests are being sent; the command follows.");
    }
    if !line.trim().is_empty() {
        play.remember(line.trim());
        play.typed.insert(play.typed.len(), line.clone());
        play.in_command = true;
    }
    play.pods_before = play.scene.pods().map(|pod| pod.spot()).collect();
    play.seen_trace = play.attempt.cluster().next_trace();
    if play.attempt.type_line(&line) == Typed::Running {
        play.command = Some(line.trim().to_owned());
    }
    play.read_terminal();
    play.read_scene();
}

/// Ends the command that runs, whatever has the keys.
pub(super) fn end_command(play: &mut Play) {
    play.console.typed("", "^C");
    play.attempt.interrupt();
    play.read_terminal();
}

/// Ctrl-C: says whether there was anything to interrupt.
pub(super) fn interrupt(game: &mut Game) -> bool {
    let Some(play) = &mut game.play else { return false };
    if play.focus != Panel::Terminal || play.menu {
        return false;
    }
    if play.console.recall.is_some() {
        play.console.end_recall(false);
        return true;
    }
    let prompt = play.attempt.session().prompt();
    let line = play.console.input.take();
    let nested = play.attempt.session().waits_for_line();
    let running = play.attempt.session().is_running() && !nested && play.editing.is_none();
    if !running && !nested && line.is_empty() && prompt != "> " {
        return false;
    }
    play.console.typed(if running { "" } else { &prompt }, &format!("{line}^C"));
    // At a nested shell's prompt Ctrl-C forgets the line, and the shell lives on.
    if running || prompt == "> " || (nested && line.is_empty()) {
        play.attempt.interrupt();
        play.read_terminal();
    }
    settle(game);
    true
}

/// Looks whether the command has ended, and shows the way of its packets.
pub(super) fn finish(play: &mut Play) -> Vec<Effect> {
    let mut effects = Vec::new();
    for request in play.attempt.session_mut().take_ui_requests() {
        match request {
            UiRequest::ClearScreen => play.console.clear(),
            UiRequest::Edit(file) => {
                if !play.attempt.files().contains_key(&file) {
                    play.attempt.edit(&file, "");
                }
                play.reload_files();
                if play.attempt.session().is_running() {
                    play.begin_editing(&file);
                    play.say(
                        Tone::Plain,
                        "kubectl edit: Ctrl-S saves and closes; Ctrl-C in the terminal cancels.",
                    );
                }
                if !play.go_to(&file, 1) {
                    play.say(Tone::Plain, format!("{file} is not a text that can be edited here."));
                }
            }
            UiRequest::Leave => {
                play.say(Tone::Plain, "This is the outermost shell. Esc, then q, leaves.")
            }
        }
    }
    if play.attempt.session().is_running() && !play.attempt.session().waits_for_line() {
        return effects;
    }
    if play.editing.take().is_some() {
        // kubectl has ended without what was typed: the terminal has the keys again.
        play.focus = Panel::Terminal;
        play.reload_files();
    }
    if play.in_command && !play.attempt.session().is_running() {
        play.in_command = false;
        play.read_scene();
        play.forget_what_changed_nothing();
    }
    let Some(command) = play.command.take() else { return effects };
    let traces = play.new_traces();
    let traces = watched(play, &traces);
    if !traces.is_empty() {
        let story = story_of(play, command, &last_request(&traces));
        play.show_story(story);
    }
    play.reload_files();
    effects.push(Effect::Save);
    effects
}

/// The packets of a command: what it sent itself, from wherever it ran (`kubectl exec`). Containers'
/// own loops go on meanwhile and are left out; but a pod that the command has made (`kubectl run`)
/// sends for it.
fn watched<'a>(play: &Play, traces: &'a [Trace]) -> Vec<&'a Trace> {
    let typed: Vec<&Trace> = traces.iter().filter(|trace| trace.process.is_none()).collect();
    if !typed.is_empty() {
        return typed;
    }
    let is_new = |trace: &&Trace| {
        let spot = Spot::from(&trace.from);
        let new = matches!(&spot, Spot::Pod(namespace, _) if !namespace.starts_with("kube-"));
        new && !play.pods_before.contains(&spot)
    };
    traces.iter().filter(is_new).collect()
}

fn type_text(game: &mut Game, text: &str) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    if text.len() > LARGEST_PASTE {
        let size = text.len() / 1024;
        play.say(
            Tone::Bad,
            format!(
                "That paste is {size} KiB; the terminal takes 64. A file takes {}.",
                LARGEST_FILE / 1024
            ),
        );
        return Vec::new();
    }
    play.console.scrolled = 0;
    play.typing = true;
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
    let mut effects = Vec::new();
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        let Some(play) = &mut game.play else { break };
        if !play.console.input.insert(line) {
            play.say(Tone::Bad, "The line is too long.");
        }
        if lines.peek().is_some() {
            enter(play);
            effects.extend(settle(game));
        }
    }
    effects
}

/// Keys while history is searched.
fn recalling(game: &mut Game, msg: TerminalMsg) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    let query = play.console.recall.as_ref().map(|recall| recall.query.clone()).unwrap_or_default();
    match msg {
        TerminalMsg::Type(text) => play.console.recall(query + &text, false),
        TerminalMsg::Edit(super::LineEdit::Backspace) => {
            let mut query = query;
            query.pop();
            play.console.recall(query, false);
        }
        TerminalMsg::Enter => {
            play.console.end_recall(true);
            enter(play);
            return settle(game);
        }
        other => {
            play.console.end_recall(true);
            return update(game, other);
        }
    }
    Vec::new()
}

fn end_of_input(game: &mut Game) -> Vec<Effect> {
    let Some(play) = &mut game.play else { return Vec::new() };
    if !play.console.input.text().is_empty() {
        play.console.input.edit(super::LineEdit::Delete);
        return Vec::new();
    }
    play.attempt.end_input();
    play.read_terminal();
    settle(game)
}

/// Tab: completes as far as there is one way only, and lists the ways.
fn complete(play: &mut Play) {
    let line = play.console.input.text().to_owned();
    let cursor = play.console.input.cursor();
    let found = play.attempt.session().complete(play.attempt.cluster(), &line, cursor);
    let typed = line.get(found.start..cursor).unwrap_or("");
    let Some((first, _)) = found.candidates.first() else { return };
    let mut common = first.as_str();
    for (candidate, _) in &found.candidates {
        common = shared_start(common, candidate);
    }
    if found.candidates.len() == 1 {
        let space = if first.ends_with(['/', '=', ' ']) { "" } else { " " };
        play.console.input.replace_before_cursor(found.start, &format!("{first}{space}"));
    } else if common.len() > typed.len() {
        play.console.input.replace_before_cursor(found.start, common);
    } else {
        let prompt = play.attempt.session().prompt();
        play.console.list(&prompt, &line, &found.candidates);
    }
}

fn shared_start<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b);
    &a[..same.map(|(c, _)| c.len_utf8()).sum()]
}
