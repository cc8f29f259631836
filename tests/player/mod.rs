//! Somebody who plays by keys and reads what the screen shows.

mod picture;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crossterm::event::{
    Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use podhop::game::{Effect, Game, Msg, Panel, Popup, Save, Screen, update};
use podhop::level::sandbox::Sandbox;
use podhop::level::{Level, Pack};
use podhop::shell::Files;
use podhop::tui::{Colours, View};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// Every key that a random player presses.
pub const KEYS: &[&str] = &[
    "a",
    "b",
    "e",
    "g",
    "h",
    "i",
    "m",
    "p",
    "q",
    "t",
    "u",
    "w",
    "x",
    "z",
    "R",
    "E",
    ":",
    "/",
    "?",
    ".",
    ",",
    "+",
    "-",
    "[",
    "]",
    "1",
    "2",
    "3",
    "space",
    "enter",
    "esc",
    "tab",
    "backtab",
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pgup",
    "pgdn",
    "backspace",
    "delete",
    "ctrl-a",
    "ctrl-d",
    "ctrl-e",
    "ctrl-f",
    "ctrl-g",
    "ctrl-k",
    "ctrl-l",
    "ctrl-n",
    "ctrl-o",
    "ctrl-r",
    "ctrl-s",
    "ctrl-t",
    "ctrl-u",
    "ctrl-v",
    "ctrl-w",
    "ctrl-x",
    "ctrl-y",
    "ctrl-z",
    "ctrl-c",
    "ctrl-home",
    "ctrl-end",
    "alt-left",
    "alt-right",
    "shift-down",
    "shift-up",
    "K",
    "n",
    "f7",
    "f9",
    "f2",
    "f3",
    "f1",
];

/// The campaign, read once.
pub static CAMPAIGN: LazyLock<Arc<Pack>> =
    LazyLock::new(|| Arc::new(Pack::embedded().expect("the campaign is sound")));

pub struct Player {
    game: Game,
    view: View,
    terminal: Terminal<TestBackend>,
    /// Whether podhop was left.
    pub left: bool,
}

impl Player {
    /// Somebody who plays two levels that stay as they are, whatever becomes of the campaign: see
    /// `tests/player/pack`.
    pub fn new(width: u16, height: u16) -> Player {
        Player::of(Arc::new(small_pack()), (width, height))
    }

    /// Somebody who plays the campaign.
    pub fn at_the_campaign(width: u16, height: u16) -> Player {
        Player::of(Arc::clone(&CAMPAIGN), (width, height))
    }

    /// Somebody who plays in a cluster without goals.
    pub fn in_a_sandbox(width: u16, height: u16) -> Player {
        Player::of(Arc::new(Sandbox::default().pack(1)), (width, height))
    }

    /// Somebody who reads the briefing of a level of the campaign.
    pub fn at_level(name: &str, width: u16, height: u16) -> Player {
        let mut player = Player::at_the_campaign(width, height);
        update(&mut player.game, Msg::OpenLevel(name.to_owned()));
        player
    }

    /// Somebody who plays a pack of these files.
    pub fn with_levels(files: &[(&str, &str)], size: (u16, u16)) -> Player {
        let files: Files = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect();
        Player::of(Arc::new(Pack::from_files(&files).expect("a sound pack")), size)
    }

    fn of(pack: Arc<Pack>, (width, height): (u16, u16)) -> Player {
        let backend = TestBackend::new(width, height);
        Player {
            game: Game::new(pack, Save::default()),
            view: View::new(Colours::True),
            terminal: Terminal::new(backend).expect("a screen"),
            left: false,
        }
    }

    /// Opens a level from the trail, and goes on from its briefing.
    pub fn open(&mut self, level: &Level) -> &mut Player {
        self.keys("home");
        for _ in 1..level.number {
            self.keys("down");
        }
        self.keys("enter enter")
    }

    /// Lets time pass until the terminal's command has ended.
    pub fn wait_for_the_prompt(&mut self) {
        for _ in 0..600 {
            let play = self.game.play().expect("a level");
            if !play.attempt().session().is_running() {
                return;
            }
            self.wait(Duration::from_millis(200));
        }
        panic!("the command never ended:\n{}", self.screen());
    }

    /// Presses keys, named and separated by blanks: `ctrl-s`, `esc`, `a`.
    pub fn keys(&mut self, names: &str) -> &mut Player {
        for name in names.split_whitespace() {
            let event = Event::Key(key(name));
            let effects = self.view.handle(&mut self.game, &event);
            self.left |= effects.contains(&Effect::Quit);
            self.screen();
        }
        self
    }

    /// The player's files and what is typed in the terminal.
    pub fn texts(&self) -> Vec<String> {
        let Some(play) = self.game.play() else { return Vec::new() };
        let files = play.files.iter().map(|file| file.text.clone());
        files.chain([play.console.input.text().to_owned()]).collect()
    }

    /// Whether a key may change texts where the player is: it is typed, or takes something back, or puts
    /// something into the terminal; or a question is answered.
    pub fn may_change_files(&self, key: &str) -> bool {
        let Some(play) = self.game.play() else { return true };
        if self.game.screen() != Screen::Level {
            return ["enter", "space"].contains(&key);
        }
        match self.game.popup() {
            Some(Popup::Reset(_)) => key == "enter",
            Some(Popup::Why) => key == "enter" || key.len() == 1,
            Some(Popup::Palette(_)) => key == "enter",
            Some(_) => false,
            None if play.menu => ["u", ",", "x", "c"].contains(&key),
            None => match play.focus {
                Panel::Editor | Panel::Terminal => key != "esc",
                Panel::Map | Panel::Packet => ["u", ",", "x", "c"].contains(&key),
            },
        }
    }

    /// Whether podhop asks whether to leave.
    pub fn is_asked_to_leave(&self) -> bool {
        self.game.popup() == Some(&Popup::Leave)
    }

    /// Where the player is: the screen, the box over it and the panel that has the keys.
    pub fn place(&self) -> String {
        let popup = format!("{:?}", self.game.popup());
        let popup = popup.split(['(', ' ']).take(2).collect::<Vec<_>>().join("(");
        let focus = self.game.play().map(|play| (play.focus, play.menu));
        format!("{:?} {popup} {focus:?}", self.game.screen())
    }

    /// Presses one key, named, without looking at the screen.
    pub fn press(&mut self, name: &str) {
        self.happens(&Event::Key(key(name)));
    }

    /// Does something with the mouse, without looking at the screen.
    pub fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        let modifiers = KeyModifiers::NONE;
        self.happens(&Event::Mouse(MouseEvent { kind, column, row, modifiers }));
    }

    fn happens(&mut self, event: &Event) {
        let effects = self.view.handle(&mut self.game, event);
        self.left |= effects.contains(&Effect::Quit);
    }

    /// Types a text, character by character.
    pub fn type_text(&mut self, text: &str) -> &mut Player {
        for c in text.chars() {
            let event = Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            self.view.handle(&mut self.game, &event);
        }
        self
    }

    /// Clicks on the first place where the screen shows a text.
    pub fn click_on(&mut self, text: &str) -> &mut Player {
        let screen = self.screen();
        let (row, column) = screen
            .lines()
            .enumerate()
            .find_map(|(row, line)| {
                let at = line.find(text)?;
                Some((row, line[..at].chars().count()))
            })
            .unwrap_or_else(|| panic!("no {text:?} on\n{screen}"));
        let event = Event::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: column as u16,
            row: row as u16,
            modifiers: KeyModifiers::NONE,
        });
        self.view.handle(&mut self.game, &event);
        self
    }

    pub fn paste(&mut self, text: &str) -> &mut Player {
        self.view.handle(&mut self.game, &Event::Paste(text.to_owned()));
        self
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
    }

    /// Lets real time pass, as the terminal's loop does.
    pub fn wait(&mut self, time: Duration) -> &mut Player {
        let mut left = time;
        while !left.is_zero() {
            let Some(next) = self.game.next_tick() else { break };
            let step = next.max(Duration::from_millis(10)).min(left);
            update(&mut self.game, Msg::Tick(step));
            left -= step;
        }
        self
    }

    /// Waits until the screen shows a text.
    pub fn wait_until(&mut self, text: &str) -> &mut Player {
        for _ in 0..600 {
            if self.screen().contains(text) {
                return self;
            }
            self.wait(Duration::from_millis(200));
        }
        panic!("{text:?} never came:\n{}", self.screen());
    }

    /// Whether there is something new to draw.
    pub fn has_changed(&mut self) -> bool {
        self.game.take_dirty()
    }

    /// The screen as an SVG picture.
    pub fn picture(&mut self) -> String {
        self.screen();
        picture::svg(self.terminal.backend().buffer())
    }

    /// The screen as text.
    pub fn screen(&mut self) -> String {
        self.game.take_dirty();
        let (game, view) = (&self.game, &mut self.view);
        self.terminal.draw(|frame| view.draw(game, frame)).expect("drawn");
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width).max(1);
        let cells: Vec<&str> = buffer.content.iter().map(|cell| cell.symbol()).collect();
        let rows = cells.chunks(width).map(|row| row.concat().trim_end().to_owned());
        rows.collect::<Vec<_>>().join("\n")
    }
}

/// The levels of `tests/player/pack`.
#[allow(clippy::disallowed_methods)] // Tests read their own files.
fn small_pack() -> Pack {
    fn read(folder: &Path, below: &str, files: &mut Files) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            match entry.path().is_dir() {
                true => read(&entry.path(), &path, files),
                false => {
                    files.insert(path, std::fs::read(entry.path()).expect("a file"));
                }
            }
        }
    }
    let mut files = Files::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/player/pack"), "", &mut files);
    Pack::from_files(&files).expect("a sound pack")
}

fn key(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.split_once('-') {
        Some(("ctrl", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("alt", rest)) => (KeyModifiers::ALT, rest),
        Some(("shift", rest)) => (KeyModifiers::SHIFT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backtab" => KeyCode::BackTab,
        "space" => KeyCode::Char(' '),
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "backspace" => KeyCode::Backspace,
        "delete" => KeyCode::Delete,
        name if name.len() > 1 && name.starts_with('f') => {
            KeyCode::F(name[1..].parse().expect("a function key"))
        }
        name => KeyCode::Char(name.chars().next().expect("a key")),
    };
    KeyEvent::new(code, modifiers)
}
