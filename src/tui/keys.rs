//! Which key means what: one table, that carries keys out, fills the bottom line and is the help
//! screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::game::{LevelMsg, LineEdit, Msg, Panel, Screen, TerminalMsg};

/// Where a key has its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Everywhere in a level.
    Everywhere,
    /// In a level, after Esc; and on the map and the packet, where letters are free.
    Menu,
    /// In the editor; the editor carries out its own keys.
    Editor,
    /// In the terminal.
    Terminal,
    /// On the map.
    Map,
    /// On the packet's way.
    Packet,
    /// On the trail.
    Trail,
    /// On the briefing and the debrief.
    Page,
    /// On help, glossary and settings.
    Text,
    /// Settings alone.
    Settings,
    /// In a popup with choices.
    Choice,
    /// In a popup to read.
    Reading,
    /// When asked whether to leave.
    Leaving,
}

/// A key, or several that mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// What a key does.
#[derive(Clone, Debug)]
pub enum Does {
    /// It sends this message.
    Send(Msg),
    /// The editor does it.
    Edit(EditorKey),
    /// Say what the word at the cursor means.
    Explain,
}

/// What the editor does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditorKey {
    Undo,
    Redo,
    Cut,
    Copy,
    Paste,
    SelectAll,
    DeleteLine,
    Complete,
    FindNext,
    FindPrevious,
    Outdent,
    Comment,
    Top,
    Bottom,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Where.
    pub context: Context,
    /// Which key.
    pub chord: Chord,
    /// How the key is written.
    pub key: &'static str,
    /// What it does, in few words; empty for a double that need not be shown.
    pub does: &'static str,
    /// The word on the bottom line, if it is to stand there.
    pub hint: &'static str,
    /// What it does.
    pub action: Does,
}

const fn plain(code: KeyCode) -> Chord {
    Chord { code, modifiers: KeyModifiers::NONE }
}

const fn letter(c: char) -> Chord {
    plain(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
}

const fn alt(code: KeyCode) -> Chord {
    Chord { code, modifiers: KeyModifiers::ALT }
}

const fn function(n: u8) -> Chord {
    plain(KeyCode::F(n))
}

const fn row(
    context: Context,
    chord: Chord,
    texts: (&'static str, &'static str, &'static str),
    action: Does,
) -> Binding {
    Binding { context, chord, key: texts.0, does: texts.1, hint: texts.2, action }
}

const fn level(msg: LevelMsg) -> Does {
    Does::Send(Msg::Level(msg))
}

const fn typed(msg: TerminalMsg) -> Does {
    Does::Send(Msg::Terminal(msg))
}

const fn line(edit: LineEdit) -> Does {
    typed(TerminalMsg::Edit(edit))
}

use Context::{
    Choice, Editor, Everywhere, Leaving, Map, Menu, Packet, Page, Reading, Settings, Terminal,
    Text, Trail,
};

/// Every key, in the order help shows them.
#[rustfmt::skip]
pub static BINDINGS: &[Binding] = &[
    // Everywhere in a level.
    row(Everywhere, ctrl('s'), ("^S", "apply your files", "apply"), level(LevelMsg::Apply)),
    row(Everywhere, ctrl('g'), ("^G", "go: send the goal's request", "send"), level(LevelMsg::Go)),
    row(Everywhere, ctrl('o'), ("^O", "next panel", "next panel"), level(LevelMsg::NextPanel(true))),
    row(Everywhere, plain(KeyCode::Esc), ("Esc", "leave the panel: one letter is one action", "menu"), level(LevelMsg::Menu(true))),
    row(Everywhere, function(1), ("F1", "this help", "help"), Does::Send(Msg::Show(Screen::Help))),
    row(Everywhere, function(2), ("F2", "a hint", "hint"), level(LevelMsg::Hint)),
    row(Everywhere, function(3), ("F3", "why a goal fails: one step more at each press", "why"), level(LevelMsg::Why)),
    row(Everywhere, function(4), ("F4", "open the file in $EDITOR", ""), level(LevelMsg::EditOutside)),
    row(Everywhere, function(5), ("F5", "", ""), level(LevelMsg::Apply)),
    row(Everywhere, function(6), ("F6", "", ""), level(LevelMsg::Go)),
    row(Everywhere, function(7), ("F7", "what the word at the cursor means", ""), Does::Explain),
    row(Everywhere, function(9), ("F9", "skip the marks of a guided level", ""), level(LevelMsg::SkipCoach)),
    row(Everywhere, function(8), ("F8", "", ""), level(LevelMsg::Pause)),
    row(Everywhere, ctrl('c'), ("^C", "copy what is selected, interrupt what runs; else leave podhop", ""), Does::Send(Msg::Interrupt)),
    // After Esc.
    row(Menu, letter('a'), ("a", "apply your files", "apply"), level(LevelMsg::Apply)),
    row(Menu, letter('g'), ("g", "go: send the goal's request", "go"), level(LevelMsg::Go)),
    row(Menu, letter('w'), ("w", "why a goal fails: one step more at each press", "why"), level(LevelMsg::Why)),
    row(Menu, letter('e'), ("e", "to the editor", "edit"), level(LevelMsg::Focus(Panel::Editor))),
    row(Menu, letter('t'), ("t", "to the terminal", "terminal"), level(LevelMsg::Focus(Panel::Terminal))),
    row(Menu, letter('m'), ("m", "to the map", "map"), level(LevelMsg::Focus(Panel::Map))),
    row(Menu, letter('p'), ("p", "to the packet's way", "packet"), level(LevelMsg::Focus(Panel::Packet))),
    row(Menu, letter('q'), ("q", "back to the trail; everything is saved", "back"), Does::Send(Msg::Back)),
    row(Menu, letter('?'), ("?", "this help", "help"), Does::Send(Msg::Show(Screen::Help))),
    row(Menu, letter('h'), ("h", "a hint", "hint"), level(LevelMsg::Hint)),
    row(Menu, letter(':'), (":", "a command by its name", "command"), level(LevelMsg::Palette)),
    row(Menu, letter('u'), ("u", "take back the last apply, command or reset", "undo"), level(LevelMsg::Undo)),
    row(Menu, letter('R'), ("R", "begin the level again", "reset"), level(LevelMsg::Reset)),
    row(Menu, letter(' '), ("space", "stop the clock, or let it run", "pause"), level(LevelMsg::Pause)),
    row(Menu, letter('.'), (".", "let one second pass", "step"), level(LevelMsg::Step)),
    row(Menu, letter(','), (",", "go back in time a little", "rewind"), level(LevelMsg::Rewind)),
    row(Menu, letter('+'), ("+", "let time pass faster", "faster"), level(LevelMsg::Speed(true))),
    row(Menu, letter('='), ("=", "", ""), level(LevelMsg::Speed(true))),
    row(Menu, letter('-'), ("-", "let time pass slower", ""), level(LevelMsg::Speed(false))),
    row(Menu, letter('z'), ("z", "give the panel the whole screen, or take it back", "zoom"), level(LevelMsg::Zoom)),
    row(Menu, letter(']'), ("]", "next file", ""), level(LevelMsg::NextFile(true))),
    row(Menu, letter('['), ("[", "previous file", ""), level(LevelMsg::NextFile(false))),
    row(Menu, letter('E'), ("E", "open the file in $EDITOR", ""), level(LevelMsg::EditOutside)),
    row(Menu, letter('/'), ("/", "find in the panel", "find"), level(LevelMsg::Find)),
    row(Menu, letter('K'), ("K", "what the word at the cursor means", "word"), Does::Explain),
    row(Menu, letter('b'), ("b", "the level's story again", "brief"), level(LevelMsg::Brief)),
    row(Menu, plain(KeyCode::Enter), ("Enter", "back into the panel", "back in"), level(LevelMsg::Menu(false))),
    row(Menu, plain(KeyCode::Esc), ("", "", ""), level(LevelMsg::Menu(true))),
    row(Menu, letter('i'), ("i", "", ""), level(LevelMsg::Menu(false))),
    row(Menu, plain(KeyCode::Tab), ("Tab", "", ""), level(LevelMsg::NextPanel(true))),
    row(Menu, plain(KeyCode::BackTab), ("⇧Tab", "", ""), level(LevelMsg::NextPanel(false))),
    // The editor.
    row(Editor, ctrl('z'), ("^Z", "undo typing", ""), Does::Edit(EditorKey::Undo)),
    row(Editor, ctrl('y'), ("^Y", "redo typing", ""), Does::Edit(EditorKey::Redo)),
    row(Editor, ctrl('x'), ("^X", "cut the selection, or the line", ""), Does::Edit(EditorKey::Cut)),
    row(Editor, ctrl('c'), ("^C", "copy the selection", ""), Does::Edit(EditorKey::Copy)),
    row(Editor, ctrl('v'), ("^V", "paste", ""), Does::Edit(EditorKey::Paste)),
    row(Editor, ctrl('a'), ("^A", "select everything", ""), Does::Edit(EditorKey::SelectAll)),
    row(Editor, ctrl('k'), ("^K", "delete the line", ""), Does::Edit(EditorKey::DeleteLine)),
    row(Editor, ctrl('f'), ("^F", "find; again with ^N and ^P", "find"), level(LevelMsg::Find)),
    row(Editor, ctrl('n'), ("^N", "", ""), Does::Edit(EditorKey::FindNext)),
    row(Editor, ctrl('p'), ("^P", "", ""), Does::Edit(EditorKey::FindPrevious)),
    row(Editor, ctrl('l'), ("^L", "go to a line: its number", ""), level(LevelMsg::Palette)),
    row(Editor, ctrl(' '), ("^Space", "complete a field's name, or say what the field means", "complete"), Does::Edit(EditorKey::Complete)),
    row(Editor, ctrl('/'), ("^/", "make the line a comment, or not", ""), Does::Edit(EditorKey::Comment)),
    row(Editor, ctrl('7'), ("", "", ""), Does::Edit(EditorKey::Comment)),
    row(Editor, Chord { code: KeyCode::End, modifiers: KeyModifiers::CONTROL }, ("^Home ^End", "to the file's start, or end", ""), Does::Edit(EditorKey::Bottom)),
    row(Editor, Chord { code: KeyCode::Home, modifiers: KeyModifiers::CONTROL }, ("", "", ""), Does::Edit(EditorKey::Top)),
    row(Editor, plain(KeyCode::BackTab), ("⇧Tab", "less indent", ""), Does::Edit(EditorKey::Outdent)),
    row(Editor, ctrl('t'), ("^T", "next file", "next file"), level(LevelMsg::NextFile(true))),
    row(Editor, alt(KeyCode::Right), ("Alt-→", "", ""), level(LevelMsg::NextFile(true))),
    row(Editor, alt(KeyCode::Left), ("Alt-←", "", ""), level(LevelMsg::NextFile(false))),
    // The terminal.
    row(Terminal, plain(KeyCode::Enter), ("Enter", "run the line", ""), typed(TerminalMsg::Enter)),
    row(Terminal, plain(KeyCode::Tab), ("Tab", "complete commands, resources and names", "complete"), typed(TerminalMsg::Complete)),
    row(Terminal, plain(KeyCode::Up), ("↑ ↓", "lines typed before", "history"), typed(TerminalMsg::Browse(true))),
    row(Terminal, plain(KeyCode::Down), ("", "", ""), typed(TerminalMsg::Browse(false))),
    row(Terminal, ctrl('p'), ("", "", ""), typed(TerminalMsg::Browse(true))),
    row(Terminal, ctrl('n'), ("", "", ""), typed(TerminalMsg::Browse(false))),
    row(Terminal, ctrl('r'), ("^R", "search lines typed before", ""), typed(TerminalMsg::Recall)),
    row(Terminal, ctrl('a'), ("^A ^E", "to the line's start, or end", ""), line(LineEdit::Home)),
    row(Terminal, ctrl('e'), ("", "", ""), line(LineEdit::End)),
    row(Terminal, ctrl('u'), ("^U ^K", "cut to the line's start, or end", ""), line(LineEdit::KillStart)),
    row(Terminal, ctrl('k'), ("", "", ""), line(LineEdit::KillEnd)),
    row(Terminal, ctrl('w'), ("^W", "cut the word; ^Y brings it back", ""), line(LineEdit::KillWord)),
    row(Terminal, ctrl('y'), ("", "", ""), line(LineEdit::Yank)),
    row(Terminal, ctrl('b'), ("", "", ""), line(LineEdit::Left)),
    row(Terminal, ctrl('f'), ("", "", ""), line(LineEdit::Right)),
    row(Terminal, ctrl('h'), ("", "", ""), line(LineEdit::Backspace)),
    row(Terminal, ctrl('l'), ("^L", "clear", ""), typed(TerminalMsg::Clear)),
    row(Terminal, ctrl('d'), ("^D", "end of input; leaves a nested shell", ""), typed(TerminalMsg::EndOfInput)),
    row(Terminal, alt(KeyCode::Right), ("Alt-← →", "scroll wide lines sideways", ""), typed(TerminalMsg::ScrollAside(20))),
    row(Terminal, alt(KeyCode::Left), ("", "", ""), typed(TerminalMsg::ScrollAside(-20))),
    row(Terminal, plain(KeyCode::PageUp), ("PgUp PgDn", "scroll", ""), typed(TerminalMsg::Scroll(8))),
    row(Terminal, plain(KeyCode::PageDown), ("", "", ""), typed(TerminalMsg::Scroll(-8))),
    row(Terminal, plain(KeyCode::Left), ("", "", ""), line(LineEdit::Left)),
    row(Terminal, plain(KeyCode::Right), ("", "", ""), line(LineEdit::Right)),
    row(Terminal, alt(KeyCode::Char('b')), ("", "", ""), line(LineEdit::WordLeft)),
    row(Terminal, alt(KeyCode::Char('f')), ("", "", ""), line(LineEdit::WordRight)),
    row(Terminal, Chord { code: KeyCode::Left, modifiers: KeyModifiers::CONTROL }, ("", "", ""), line(LineEdit::WordLeft)),
    row(Terminal, Chord { code: KeyCode::Right, modifiers: KeyModifiers::CONTROL }, ("", "", ""), line(LineEdit::WordRight)),
    row(Terminal, plain(KeyCode::Home), ("", "", ""), line(LineEdit::Home)),
    row(Terminal, plain(KeyCode::End), ("", "", ""), line(LineEdit::End)),
    row(Terminal, plain(KeyCode::Backspace), ("", "", ""), line(LineEdit::Backspace)),
    row(Terminal, plain(KeyCode::Delete), ("", "", ""), line(LineEdit::Delete)),
    // The map.
    row(Map, plain(KeyCode::Down), ("↑ ↓", "select", "select"), level(LevelMsg::PickNext(1))),
    row(Map, plain(KeyCode::Up), ("", "", ""), level(LevelMsg::PickNext(-1))),
    row(Map, plain(KeyCode::Right), ("", "", ""), level(LevelMsg::PickNext(1))),
    row(Map, plain(KeyCode::Left), ("", "", ""), level(LevelMsg::PickNext(-1))),
    row(Map, plain(KeyCode::PageDown), ("", "", ""), level(LevelMsg::PickNext(8))),
    row(Map, plain(KeyCode::PageUp), ("", "", ""), level(LevelMsg::PickNext(-8))),
    row(Map, plain(KeyCode::Home), ("", "", ""), level(LevelMsg::PickNext(i32::MIN))),
    row(Map, plain(KeyCode::End), ("", "", ""), level(LevelMsg::PickNext(i32::MAX))),
    row(Map, plain(KeyCode::Enter), ("Enter", "describe it", "describe"), level(LevelMsg::Describe)),
    row(Map, letter('x'), ("x", "a shell in it", "shell"), level(LevelMsg::Exec)),
    row(Map, letter('c'), ("c", "curl from it", "curl from"), level(LevelMsg::TraceFrom)),
    row(Map, letter('s'), ("s", "the cluster's own pods and services", "system"), level(LevelMsg::ToggleSystem)),
    // The packet's way.
    row(Packet, plain(KeyCode::Down), ("↑ ↓", "step back and forward", "step"), level(LevelMsg::Hop(1))),
    row(Packet, plain(KeyCode::Up), ("", "", ""), level(LevelMsg::Hop(-1))),
    row(Packet, plain(KeyCode::Right), ("", "", ""), level(LevelMsg::Hop(1))),
    row(Packet, plain(KeyCode::Left), ("", "", ""), level(LevelMsg::Hop(-1))),
    row(Packet, plain(KeyCode::Home), ("", "", ""), level(LevelMsg::Hop(i32::MIN))),
    row(Packet, plain(KeyCode::End), ("", "", ""), level(LevelMsg::Hop(i32::MAX))),
    row(Packet, plain(KeyCode::Enter), ("Enter", "let it walk again", "replay"), level(LevelMsg::Replay)),
    row(Packet, plain(KeyCode::PageUp), ("PgUp PgDn", "another request", "other request"), level(LevelMsg::Story(-1))),
    row(Packet, plain(KeyCode::PageDown), ("", "", ""), level(LevelMsg::Story(1))),
    row(Packet, letter('n'), ("n", "the next request", ""), level(LevelMsg::Story(1))),
    row(Packet, letter('l'), ("l", "to your line that it comes from", "to the line"), level(LevelMsg::GoToMark)),
    // The trail.
    row(Trail, plain(KeyCode::Enter), ("Enter", "play", "play"), Does::Send(Msg::Confirm)),
    row(Trail, plain(KeyCode::Down), ("↑ ↓", "choose a level", "choose"), Does::Send(Msg::Select(1))),
    row(Trail, plain(KeyCode::Up), ("", "", ""), Does::Send(Msg::Select(-1))),
    row(Trail, letter('j'), ("", "", ""), Does::Send(Msg::Select(1))),
    row(Trail, letter('k'), ("", "", ""), Does::Send(Msg::Select(-1))),
    row(Trail, plain(KeyCode::Home), ("", "", ""), Does::Send(Msg::SelectEnd(false))),
    row(Trail, plain(KeyCode::End), ("", "", ""), Does::Send(Msg::SelectEnd(true))),
    row(Trail, letter('?'), ("?", "help", "help"), Does::Send(Msg::Show(Screen::Help))),
    row(Trail, function(1), ("F1", "", ""), Does::Send(Msg::Show(Screen::Help))),
    row(Trail, letter('c'), ("c", "what each diagnosis means", "codes"), Does::Send(Msg::Show(Screen::Glossary))),
    row(Trail, letter('g'), ("g", "glossary: what words mean", "glossary"), Does::Send(Msg::Show(Screen::Terms))),
    row(Trail, letter('K'), ("", "", ""), Does::Send(Msg::Show(Screen::Terms))),
    row(Trail, letter('t'), ("t", "what was solved, and how", "statistics"), Does::Send(Msg::Show(Screen::Statistics))),
    row(Trail, letter('s'), ("s", "settings", "settings"), Does::Send(Msg::Show(Screen::Settings))),
    row(Trail, plain(KeyCode::PageDown), ("PgUp PgDn", "another chapter", "chapter"), Does::Send(Msg::Chapter(true))),
    row(Trail, plain(KeyCode::PageUp), ("", "", ""), Does::Send(Msg::Chapter(false))),
    row(Trail, plain(KeyCode::Right), ("", "", ""), Does::Send(Msg::Chapter(true))),
    row(Trail, plain(KeyCode::Left), ("", "", ""), Does::Send(Msg::Chapter(false))),
    row(Trail, letter('/'), ("/", "find a level by its name or subject; / Enter finds the next", "find"), Does::Send(Msg::FindLevel)),
    row(Trail, letter('q'), ("q", "leave podhop; everything is saved", "quit"), Does::Send(Msg::AskToLeave)),
    row(Leaving, plain(KeyCode::Enter), ("Enter", "leave", "leave"), Does::Send(Msg::Confirm)),
    row(Leaving, letter('q'), ("", "", ""), Does::Send(Msg::Confirm)),
    row(Leaving, letter('y'), ("", "", ""), Does::Send(Msg::Confirm)),
    row(Leaving, plain(KeyCode::Esc), ("Esc", "stay", "stay"), Does::Send(Msg::Dismiss)),
    row(Leaving, letter('n'), ("", "", ""), Does::Send(Msg::Dismiss)),
    // Pages.
    row(Page, plain(KeyCode::Enter), ("Enter", "go on", "go on"), Does::Send(Msg::Confirm)),
    row(Page, letter(' '), ("", "", ""), Does::Send(Msg::Confirm)),
    row(Page, plain(KeyCode::Down), ("↑ ↓", "scroll", "scroll"), Does::Send(Msg::Select(1))),
    row(Page, letter('K'), ("K", "what the words mean", "words"), Does::Explain),
    row(Page, plain(KeyCode::Up), ("", "", ""), Does::Send(Msg::Select(-1))),
    row(Page, letter('?'), ("?", "help", "help"), Does::Send(Msg::Show(Screen::Help))),
    row(Page, function(1), ("", "", ""), Does::Send(Msg::Show(Screen::Help))),
    row(Page, letter('q'), ("q", "back to the trail", "trail"), Does::Send(Msg::Back)),
    row(Page, plain(KeyCode::Esc), ("Esc", "", ""), Does::Send(Msg::Back)),
    // Texts.
    row(Text, plain(KeyCode::Down), ("↑ ↓", "scroll", "scroll"), Does::Send(Msg::Select(1))),
    row(Text, plain(KeyCode::Up), ("", "", ""), Does::Send(Msg::Select(-1))),
    row(Text, plain(KeyCode::Home), ("", "", ""), Does::Send(Msg::SelectEnd(false))),
    row(Text, plain(KeyCode::End), ("", "", ""), Does::Send(Msg::SelectEnd(true))),
    row(Text, plain(KeyCode::Esc), ("Esc", "back", "back"), Does::Send(Msg::Back)),
    row(Text, letter('q'), ("q", "", ""), Does::Send(Msg::Back)),
    row(Text, plain(KeyCode::Enter), ("Enter", "", ""), Does::Send(Msg::Back)),
    row(Settings, plain(KeyCode::Down), ("↑ ↓", "choose", "choose"), Does::Send(Msg::Select(1))),
    row(Settings, plain(KeyCode::Up), ("", "", ""), Does::Send(Msg::Select(-1))),
    row(Settings, plain(KeyCode::Right), ("← →", "change", "change"), Does::Send(Msg::Change(true))),
    row(Settings, plain(KeyCode::Left), ("", "", ""), Does::Send(Msg::Change(false))),
    row(Settings, plain(KeyCode::Enter), ("Enter", "", ""), Does::Send(Msg::Change(true))),
    row(Settings, letter(' '), ("", "", ""), Does::Send(Msg::Change(true))),
    row(Settings, plain(KeyCode::Esc), ("Esc", "back", "back"), Does::Send(Msg::Back)),
    row(Settings, letter('q'), ("q", "", ""), Does::Send(Msg::Back)),
    // Popups.
    row(Choice, plain(KeyCode::Down), ("↑ ↓", "choose", "choose"), Does::Send(Msg::Select(1))),
    row(Choice, plain(KeyCode::Up), ("", "", ""), Does::Send(Msg::Select(-1))),
    row(Choice, plain(KeyCode::Tab), ("", "", ""), Does::Send(Msg::Select(1))),
    row(Choice, plain(KeyCode::Enter), ("Enter", "take it", "take it"), Does::Send(Msg::Confirm)),
    row(Choice, plain(KeyCode::Esc), ("Esc", "skip", "skip"), Does::Send(Msg::Dismiss)),
    row(Choice, letter('s'), ("s", "", ""), Does::Send(Msg::Dismiss)),
    row(Reading, plain(KeyCode::Down), ("", "", ""), Does::Send(Msg::Select(1))),
    row(Reading, plain(KeyCode::Up), ("", "", ""), Does::Send(Msg::Select(-1))),
    row(Reading, plain(KeyCode::Enter), ("Enter", "", ""), Does::Send(Msg::Confirm)),
    row(Reading, letter('h'), ("h", "", ""), level(LevelMsg::Hint)),
    row(Reading, letter('w'), ("w", "", ""), level(LevelMsg::Why)),
    row(Reading, function(2), ("", "", ""), level(LevelMsg::Hint)),
    row(Reading, function(3), ("", "", ""), level(LevelMsg::Why)),
    row(Reading, letter('q'), ("q", "", ""), Does::Send(Msg::Dismiss)),
    row(Reading, letter(' '), ("", "", ""), Does::Send(Msg::Dismiss)),
    row(Reading, plain(KeyCode::Esc), ("Esc", "close", "close"), Does::Send(Msg::Dismiss)),
];

/// The first meaning of a key in these contexts, in their order.
pub fn meaning(key: &KeyEvent, contexts: &[Context]) -> Option<&'static Binding> {
    let pressed = normal(key);
    contexts.iter().find_map(|context| {
        BINDINGS.iter().find(|binding| binding.context == *context && binding.chord == pressed)
    })
}

/// The keys that stand on the bottom line for a context: (key, word).
pub fn hints(context: Context) -> impl Iterator<Item = (&'static str, &'static str)> {
    let shown = move |binding: &&Binding| binding.context == context && !binding.hint.is_empty();
    BINDINGS.iter().filter(shown).map(|binding| (binding.key, binding.hint))
}

/// The rows that help shows for a context: (key, what it does).
pub fn help(context: Context) -> impl Iterator<Item = (&'static str, &'static str)> {
    let shown = move |binding: &&Binding| binding.context == context && !binding.does.is_empty();
    BINDINGS.iter().filter(shown).map(|binding| (binding.key, binding.does))
}

/// Terminals differ in how they tell Shift: a letter carries it in itself.
fn normal(key: &KeyEvent) -> Chord {
    let mut modifiers = key.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
    let code = match key.code {
        KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
            KeyCode::Char(c.to_ascii_lowercase())
        }
        KeyCode::Null => {
            modifiers = KeyModifiers::CONTROL;
            KeyCode::Char(' ')
        }
        code => code,
    };
    Chord { code, modifiers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings_in_one_context() {
        for (at, binding) in BINDINGS.iter().enumerate() {
            let twice = BINDINGS[at + 1..]
                .iter()
                .any(|other| other.context == binding.context && other.chord == binding.chord);
            assert!(!twice, "{:?} {:?}", binding.context, binding.chord);
        }
    }

    #[test]
    fn three_keys_work_everywhere() {
        for c in ['s', 'g', 'o'] {
            let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
            for panel in [Editor, Terminal, Map, Packet] {
                let own = meaning(&key, &[panel]);
                assert!(own.is_none(), "^{c} is taken in {panel:?}");
            }
            assert!(meaning(&key, &[Everywhere]).is_some());
        }
    }

    #[test]
    fn a_capital_letter_needs_no_shift_flag() {
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            let key = KeyEvent::new(KeyCode::Char('R'), modifiers);
            assert_eq!(meaning(&key, &[Menu]).map(|binding| binding.key), Some("R"));
        }
    }
}
