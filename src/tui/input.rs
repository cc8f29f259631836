//! Keys and mouse: what they mean where.

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use super::View;
use super::editor::Outcome;
use super::keys::{self, Context, Does, EditorKey};
use super::screens::level;
use crate::game::scene::Spot;
use crate::game::{
    Effect, FieldMsg, Game, LevelMsg, LineEdit, Msg, Panel, Popup, Screen, TerminalMsg, find_term,
    first_term_in, update,
};

impl View {
    /// Carries out what the player did; says what the outside has to do.
    pub fn handle(&mut self, game: &mut Game, event: &Event) -> Vec<Effect> {
        if self.too_small {
            return small_key(game, event);
        }
        let effects = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(game, key),
            Event::Paste(text) => self.paste(game, text),
            Event::Mouse(mouse) => self.mouse(game, mouse),
            _ => Vec::new(),
        };
        self.find_texts(game, effects)
    }

    /// The editor is the screen's own: searches in it are carried out here.
    fn find_texts(&mut self, game: &mut Game, effects: Vec<Effect>) -> Vec<Effect> {
        let mut rest = Vec::new();
        for effect in effects {
            match effect {
                Effect::InsertText(text) => {
                    let outcome = match game.play() {
                        Some(play) => {
                            self.editor.sync(play);
                            self.editor.append(play, &text)
                        }
                        None => Outcome::Ignored,
                    };
                    let inserted = !matches!(outcome, Outcome::Ignored);
                    rest.extend(self.outcome(game, outcome));
                    if inserted {
                        let text = "A skeleton stands at the end of the file: write your own names, labels and image.";
                        update(game, Msg::Say(text.to_owned()));
                    }
                }
                Effect::FindText(text) => {
                    let outcome = match game.play() {
                        Some(play) => self.editor.find(play, &text),
                        None => Outcome::Ignored,
                    };
                    rest.extend(self.outcome(game, outcome));
                }
                other => rest.push(other),
            }
        }
        rest
    }

    fn key(&mut self, game: &mut Game, key: &KeyEvent) -> Vec<Effect> {
        if let Some(play) = game.play() {
            self.editor.sync(play);
        }
        if game.popup().is_some() {
            self.scroll_on_from_what_is_seen(game);
            let reads = matches!(game.popup(), Some(Popup::Why | Popup::Hints | Popup::Won));
            let effects = match turned(key, self.popup_page).filter(|_| reads) {
                Some(by) => update(game, Msg::Select(by)),
                None => popup_key(game, key),
            };
            self.stop_at_the_end_of_the_popup(game);
            return effects;
        }
        let screen = game.screen();
        match screen {
            Screen::Level => self.level_key(game, key),
            Screen::Trail => plain_key(game, key, &[Context::Trail]),
            Screen::Briefing | Screen::Debrief => {
                let effects = match (self.is_unread(game, key), turned(key, self.page)) {
                    (true, _) => update(game, Msg::Select(page(self.page))),
                    (false, Some(by)) => update(game, Msg::Select(by)),
                    (false, None) => plain_key(game, key, &[Context::Page]),
                };
                self.stop_at_the_end(game, screen);
                effects
            }
            Screen::Settings => plain_key(game, key, &[Context::Settings]),
            Screen::Help | Screen::Glossary | Screen::Terms | Screen::Statistics => {
                let effects = match turned(key, self.page) {
                    Some(by) => update(game, Msg::Select(by)),
                    None if key.code == KeyCode::Char(' ') => {
                        update(game, Msg::Select(page(self.page)))
                    }
                    None => plain_key(game, key, &[Context::Text]),
                };
                self.stop_at_the_end(game, screen);
                effects
            }
        }
    }

    /// A text cannot be scrolled beyond its end. The key may have led to another screen than the one that
    /// was drawn, whose selection is no scroll position.
    fn stop_at_the_end(&self, game: &mut Game, drawn: Screen) {
        if let Some(most) = self.most
            && game.screen() == drawn
            && let Some(over) = game.selected().checked_sub(most).filter(|over| *over > 0)
        {
            update(game, Msg::Select(-i32::try_from(over).unwrap_or(i32::MAX)));
        }
    }

    /// Whether this key would leave a page whose end was not seen yet: it turns the page first.
    fn is_unread(&self, game: &Game, key: &KeyEvent) -> bool {
        game.selected() < self.read && matches!(key.code, KeyCode::Enter | KeyCode::Char(' '))
    }

    /// A popup that was opened further down is scrolled on from there.
    fn scroll_on_from_what_is_seen(&self, game: &mut Game) {
        let scrolls = matches!(game.popup(), Some(Popup::Why | Popup::Hints | Popup::Won));
        if scrolls && game.scroll().is_none() && self.popup_top > 0 {
            update(game, Msg::Select(i32::try_from(self.popup_top).unwrap_or(0)));
        }
    }

    /// Nor can a popup.
    fn stop_at_the_end_of_the_popup(&self, game: &mut Game) {
        if let (Some(most), Some(scroll)) = (self.popup_most, game.scroll())
            && let Some(over) = scroll.checked_sub(most).filter(|over| *over > 0)
        {
            update(game, Msg::Select(-i32::try_from(over).unwrap_or(i32::MAX)));
        }
    }

    /// The word that the cursor is on, or what is selected.
    fn word_at_the_cursor(&self, game: &Game) -> String {
        let Some(play) = game.play() else { return String::new() };
        match play.focus {
            Panel::Editor => {
                let words = self.editor.words(play);
                let known = words.iter().find(|word| find_term(word).is_some());
                known.or(words.first()).cloned().unwrap_or_default()
            }
            Panel::Terminal => {
                let line = &play.console.input;
                let before = &line.text()[..line.cursor()];
                before.split_whitespace().last().unwrap_or("").to_owned()
            }
            Panel::Map => match &play.picked {
                Spot::Pod(..) => "pod".to_owned(),
                Spot::Node(_) => "node".to_owned(),
                Spot::Laptop | Spot::Outside(_) => "laptop".to_owned(),
                Spot::Service(..) => {
                    let kind = play.scene.service(&play.picked).map(|service| service.kind.clone());
                    kind.unwrap_or_else(|| "Service".to_owned())
                }
            },
            Panel::Packet => {
                let story = play.current_story();
                story.map_or_else(|| "packet".to_owned(), |story| story.ending.clone())
            }
        }
    }

    fn level_key(&mut self, game: &mut Game, key: &KeyEvent) -> Vec<Effect> {
        let Some(play) = game.play() else { return update(game, Msg::Back) };
        let editing = play.focus == Panel::Editor && !play.menu;
        if editing && key.code == KeyCode::Esc && self.editor.wants_escape(play) {
            self.editor.escape(play);
            return self.outcome(game, Outcome::Moved);
        }
        // Whoever expects a question confirms it by habit: no line break lands in the file.
        if editing && key.code == KeyCode::Enter && play.awaits_packet() {
            return update(game, Msg::Level(LevelMsg::Hop(i32::MAX)));
        }
        if is_ctrl_c(key) && editing {
            // In the editor it copies, as help says, or does nothing.
            return match self.editor.has_selection(play) {
                true => self.edit(game, EditorKey::Copy),
                false => {
                    update(game, Msg::Say("Ctrl-C copies what is selected; nothing is.".into()))
                }
            };
        }
        if is_ctrl_c(key) {
            return update(game, Msg::Interrupt);
        }
        let order: Vec<Context> = match (play.menu, play.focus) {
            (false, Panel::Editor) => vec![Context::Editor, Context::Everywhere],
            (false, Panel::Terminal) => vec![Context::Terminal, Context::Everywhere],
            _ => level::contexts(play),
        };
        if let Some(binding) = keys::meaning(key, &order) {
            return match &binding.action {
                Does::Send(msg) => self.send(game, msg.clone()),
                Does::Edit(action) => self.edit(game, *action),
                Does::Explain => {
                    let word = self.word_at_the_cursor(game);
                    update(game, Msg::Level(LevelMsg::Explain(word)))
                }
            };
        }
        match (play.menu, play.focus) {
            (false, Panel::Editor) => {
                let outcome = self.editor.key(play, key);
                self.outcome(game, outcome)
            }
            (false, Panel::Terminal) => match typed(key) {
                Some(text) => update(game, Msg::Terminal(TerminalMsg::Type(text))),
                None => Vec::new(),
            },
            _ => match key.code {
                KeyCode::Char(c @ '1'..='9') => {
                    let at = c as usize - '1' as usize;
                    update(game, Msg::Level(LevelMsg::OpenFile(at)))
                }
                KeyCode::Char(_) | KeyCode::Backspace if play.menu => {
                    let text = "Letters are actions here: Enter leads back in, ? tells them all.";
                    update(game, Msg::Say(text.to_owned()))
                }
                _ => Vec::new(),
            },
        }
    }

    fn send(&mut self, game: &mut Game, msg: Msg) -> Vec<Effect> {
        let editor_scroll = matches!(&msg, Msg::Level(LevelMsg::Find | LevelMsg::Palette));
        if editor_scroll && let Some(play) = game.play() {
            self.editor.escape(play);
        }
        update(game, msg)
    }

    fn edit(&mut self, game: &mut Game, action: EditorKey) -> Vec<Effect> {
        let Some(play) = game.play() else { return Vec::new() };
        let outcome = self.editor.act(play, action);
        self.outcome(game, outcome)
    }

    fn outcome(&mut self, game: &mut Game, outcome: Outcome) -> Vec<Effect> {
        match outcome {
            Outcome::Edited(msg) => update(game, msg),
            // Who moves in the editor is at work there.
            Outcome::Moved => update(game, Msg::Level(LevelMsg::Focus(Panel::Editor))),
            Outcome::Ignored => Vec::new(),
            Outcome::Say(text) => update(game, Msg::Say(text)),
        }
    }

    fn paste(&mut self, game: &mut Game, text: &str) -> Vec<Effect> {
        if matches!(game.popup(), Some(Popup::Palette(_) | Popup::Find(_))) {
            let first: String = text.lines().next().unwrap_or("").chars().take(1_000).collect();
            return update(game, Msg::Field(FieldMsg::Type(first)));
        }
        let Some(play) = game.play() else { return Vec::new() };
        if game.screen() != Screen::Level || game.popup().is_some() || play.menu {
            return Vec::new();
        }
        match play.focus {
            Panel::Editor => {
                self.editor.sync(play);
                let outcome = self.editor.paste(play, text);
                self.outcome(game, outcome)
            }
            Panel::Terminal => update(game, Msg::Terminal(TerminalMsg::Type(text.to_owned()))),
            Panel::Map | Panel::Packet => Vec::new(),
        }
    }

    fn mouse(&mut self, game: &mut Game, mouse: &MouseEvent) -> Vec<Effect> {
        let (x, y) = (mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(game, x, y),
            MouseEventKind::Drag(MouseButton::Left) => self.drag(game, x, y),
            MouseEventKind::ScrollUp => self.wheel(game, x, y, -3),
            MouseEventKind::ScrollDown => self.wheel(game, x, y, 3),
            _ => Vec::new(),
        }
    }

    fn click(&mut self, game: &mut Game, x: u16, y: u16) -> Vec<Effect> {
        let twice = self.clicked.replace((x, y)) == Some((x, y));
        if game.popup().is_some() {
            return Vec::new();
        }
        if game.screen() != Screen::Level {
            return self.click_row(game, x, y, twice);
        }
        let at = |area: ratatui::layout::Rect| area.contains((x, y).into());
        if let Some(tab) = self.drawn.files.iter().find(|tab| at(tab.area)) {
            let effects = update(game, Msg::Level(LevelMsg::OpenFile(tab.index)));
            update(game, Msg::Level(LevelMsg::Focus(Panel::Editor)));
            return effects;
        }
        if let Some((panel, _)) = self.drawn.panels.iter().find(|(_, area)| at(*area)) {
            return update(game, Msg::Level(LevelMsg::Focus(*panel)));
        }
        let Some((panel, area)) = self.areas.at(x, y) else { return Vec::new() };
        let effects = update(game, Msg::Level(LevelMsg::Focus(panel)));
        match panel {
            Panel::Editor => self.click_text(game, x, y, false),
            Panel::Map => self.click_map(game, x, y, twice),
            Panel::Packet => {
                let step = usize::from(y - area.y);
                click_step(game, step);
            }
            Panel::Terminal => {}
        }
        effects
    }

    /// A click on a list chooses; a second one on the same place acts.
    fn click_row(&mut self, game: &mut Game, x: u16, y: u16, twice: bool) -> Vec<Effect> {
        let hit = self.rows.iter().find(|(area, _)| area.contains((x, y).into()));
        let Some((_, at)) = hit.copied() else { return Vec::new() };
        if twice && at == game.selected() {
            return update(game, Msg::Confirm);
        }
        let by = at as i32 - game.selected() as i32;
        update(game, Msg::Select(by))
    }

    fn click_text(&mut self, game: &mut Game, x: u16, y: u16, extend: bool) {
        let Some(area) = self.drawn.editor else { return };
        let (Some(row), Some(column)) = (y.checked_sub(area.y), x.checked_sub(area.x)) else {
            return;
        };
        if let Some(play) = game.play() {
            self.editor.click(play, row, column, extend);
        }
        update(game, Msg::Redraw);
    }

    fn click_map(&mut self, game: &mut Game, x: u16, y: u16, twice: bool) {
        let Some(play) = game.play() else { return };
        let layout = self.drawn.map.as_ref();
        let Some(spot) = layout.and_then(|layout| layout.at(&play.scene, x, y)) else { return };
        update(game, Msg::Level(LevelMsg::Pick(spot)));
        if twice {
            update(game, Msg::Level(LevelMsg::Describe));
        }
    }

    fn drag(&mut self, game: &mut Game, x: u16, y: u16) -> Vec<Effect> {
        let in_editor = self.drawn.editor.is_some_and(|area| area.contains((x, y).into()));
        if game.screen() == Screen::Level && game.popup().is_none() && in_editor {
            self.click_text(game, x, y, true);
        }
        Vec::new()
    }

    fn wheel(&mut self, game: &mut Game, x: u16, y: u16, by: i32) -> Vec<Effect> {
        if game.screen() != Screen::Level || game.popup().is_some() {
            let effects = update(game, Msg::Select(by.signum()));
            self.stop_at_the_end(game, game.screen());
            return effects;
        }
        match self.areas.at(x, y).map(|(panel, _)| panel) {
            Some(Panel::Editor) => {
                if let Some(play) = game.play() {
                    self.editor.scroll(play, by as i16);
                }
                update(game, Msg::Redraw)
            }
            Some(Panel::Terminal) => update(game, Msg::Terminal(TerminalMsg::Scroll(-by))),
            Some(Panel::Map) => update(game, Msg::Level(LevelMsg::PickNext(by.signum()))),
            Some(Panel::Packet) => update(game, Msg::Level(LevelMsg::Hop(by.signum()))),
            None => Vec::new(),
        }
    }
}

/// A key on a screen that is no level.
/// How far a page is turned where so many rows are seen: the last row of the old page is the first of the new.
fn page(rows: usize) -> i32 {
    i32::try_from(rows.saturating_sub(1)).unwrap_or(i32::MAX).max(1)
}

/// How far PgUp and PgDn scroll a text of which so many rows are seen.
fn turned(key: &KeyEvent, rows: usize) -> Option<i32> {
    match key.code {
        KeyCode::PageDown => Some(page(rows)),
        KeyCode::PageUp => Some(-page(rows)),
        _ => None,
    }
}

fn plain_key(game: &mut Game, key: &KeyEvent, contexts: &[Context]) -> Vec<Effect> {
    if is_ctrl_c(key) {
        return update(game, Msg::Interrupt);
    }
    match keys::meaning(key, contexts).map(|binding| &binding.action) {
        Some(Does::Send(msg)) => update(game, msg.clone()),
        Some(Does::Explain) => explain_page(game),
        _ => Vec::new(),
    }
}

/// In a terminal that shows nothing but that it is too small, no key means anything but Ctrl-C,
/// pressed twice.
fn small_key(game: &mut Game, event: &Event) -> Vec<Effect> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release && is_ctrl_c(key) => {
            update(game, Msg::Interrupt)
        }
        _ => Vec::new(),
    }
}

/// The glossary, at the first word of the level's story that it has.
fn explain_page(game: &mut Game) -> Vec<Effect> {
    let story = game.play().map(|play| play.level().situation.clone()).unwrap_or_default();
    let effects = update(game, Msg::Show(Screen::Terms));
    if let Some(at) = first_term_in(&story) {
        update(game, Msg::Select(i32::try_from(at).unwrap_or(0)));
    }
    effects
}

fn is_ctrl_c(key: &KeyEvent) -> bool {
    is_ctrl(key, 'c')
}

fn is_ctrl(key: &KeyEvent, letter: char) -> bool {
    key.code == KeyCode::Char(letter) && key.modifiers.contains(KeyModifiers::CONTROL)
}

fn popup_key(game: &mut Game, key: &KeyEvent) -> Vec<Effect> {
    if is_ctrl_c(key) {
        let msg = match game.popup() {
            Some(Popup::Leave) => Msg::Interrupt,
            _ => Msg::Dismiss,
        };
        return update(game, msg);
    }
    match game.popup() {
        Some(Popup::Leave) => return plain_key(game, key, &[Context::Leaving]),
        Some(Popup::Palette(_) | Popup::Find(_)) => return field_key(game, key),
        Some(Popup::Unapplied(_)) if is_ctrl(key, 's') => {
            update(game, Msg::Dismiss);
            return update(game, Msg::Level(LevelMsg::Apply));
        }
        Some(Popup::Unapplied(_)) if is_ctrl(key, 'g') => return update(game, Msg::Confirm),
        Some(Popup::Predict(_) | Popup::Reset(_) | Popup::Unapplied(_) | Popup::Question(_)) => {
            if let KeyCode::Char(c @ '1'..='9') = key.code {
                update(game, Msg::SelectEnd(false));
                return update(game, Msg::Select(c as i32 - '1' as i32));
            }
            return plain_key(game, key, &[Context::Choice]);
        }
        Some(Popup::Why) => {
            if let KeyCode::Char(c @ '1'..='9') = key.code {
                return update(game, Msg::Level(LevelMsg::Look(c as usize - '1' as usize)));
            }
            if let KeyCode::Tab | KeyCode::BackTab = key.code {
                let by = if key.code == KeyCode::Tab { 1 } else { -1 };
                return update(game, Msg::Level(LevelMsg::OtherFailure(by)));
            }
            if let KeyCode::Char('K') = key.code {
                let help = game.play().map(|play| play.help());
                let fault = help.as_ref().and_then(|help| help.asked());
                let word = fault.map_or("", |fault| fault.diagnosis.code).to_owned();
                return update(game, Msg::Level(LevelMsg::Explain(word)));
            }
        }
        _ => {}
    }
    plain_key(game, key, &[Context::Reading])
}

fn field_key(game: &mut Game, key: &KeyEvent) -> Vec<Effect> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let msg = match key.code {
        KeyCode::Esc => return update(game, Msg::Dismiss),
        KeyCode::Enter => FieldMsg::Enter,
        KeyCode::Tab => FieldMsg::Complete,
        KeyCode::Up => return update(game, Msg::Select(-1)),
        KeyCode::Down => return update(game, Msg::Select(1)),
        KeyCode::Backspace => FieldMsg::Edit(LineEdit::Backspace),
        KeyCode::Delete => FieldMsg::Edit(LineEdit::Delete),
        KeyCode::Left => FieldMsg::Edit(LineEdit::Left),
        KeyCode::Right => FieldMsg::Edit(LineEdit::Right),
        KeyCode::Home => FieldMsg::Edit(LineEdit::Home),
        KeyCode::End => FieldMsg::Edit(LineEdit::End),
        KeyCode::Char('a') if control => FieldMsg::Edit(LineEdit::Home),
        KeyCode::Char('e') if control => FieldMsg::Edit(LineEdit::End),
        KeyCode::Char('u') if control => FieldMsg::Edit(LineEdit::KillStart),
        KeyCode::Char('w') if control => FieldMsg::Edit(LineEdit::KillWord),
        _ => match typed(key) {
            Some(text) => FieldMsg::Type(text),
            None => return Vec::new(),
        },
    };
    update(game, Msg::Field(msg))
}

/// The text that a key types.
fn typed(key: &KeyEvent) -> Option<String> {
    let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    match key.code {
        KeyCode::Char(c) if plain => Some(c.to_string()),
        _ => None,
    }
}

/// A click on the packet's list goes to the step that is about there.
fn click_step(game: &mut Game, row: usize) {
    let Some(play) = game.play() else { return };
    let Some(story) = play.current_story() else { return };
    let step = row.saturating_sub(1).min(story.steps.len().saturating_sub(1));
    let by = step as i32 - play.walk.step as i32;
    update(game, Msg::Level(LevelMsg::Hop(by)));
}
