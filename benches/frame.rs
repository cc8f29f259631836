//! What a key costs: from the event to the drawn frame, on a screen of 200x60.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use divan::Bencher;
use podhop::game::{Game, LevelMsg, Msg, Save, update};
use podhop::level::Pack;
use podhop::tui::{Colours, View};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

fn main() {
    divan::main();
}

/// A letter typed into the editor: the text, its marks, and the frame.
#[divan::bench]
fn type_a_letter(bencher: Bencher<'_, '_>) {
    let mut screen = Screen::with_level("clusterip");
    let mut letters = ['x', 'y'].into_iter().cycle();
    bencher.bench_local(|| screen.press(KeyCode::Char(letters.next().unwrap_or('x'))));
}

/// A key that only moves the cursor.
#[divan::bench]
fn move_the_cursor(bencher: Bencher<'_, '_>) {
    let mut screen = Screen::with_level("clusterip");
    let mut keys = [KeyCode::Down, KeyCode::Up].into_iter().cycle();
    bencher.bench_local(|| screen.press(keys.next().unwrap_or(KeyCode::Down)));
}

/// One frame of a packet's walk.
#[divan::bench]
fn walk_a_packet(bencher: Bencher<'_, '_>) {
    let mut screen = Screen::with_level("clusterip");
    screen.send(Msg::Level(LevelMsg::Go));
    screen.send(Msg::Dismiss);
    while screen.game.play().is_some_and(|play| play.is_busy()) {
        screen.send(Msg::Tick(Duration::from_millis(100)));
    }
    bencher.bench_local(|| {
        screen.send(Msg::Level(LevelMsg::Replay));
        screen.send(Msg::Tick(Duration::from_millis(40)));
        screen.draw();
    });
}

struct Screen {
    game: Game,
    view: View,
    terminal: Terminal<TestBackend>,
}

impl Screen {
    fn with_level(name: &str) -> Screen {
        let pack = Pack::embedded().expect("the campaign is sound");
        let mut screen = Screen {
            game: Game::new(Arc::new(pack), Save::default()),
            view: View::new(Colours::True),
            terminal: Terminal::new(TestBackend::new(200, 60)).expect("a screen"),
        };
        screen.send(Msg::OpenLevel(name.to_owned()));
        screen.send(Msg::Begin);
        screen.draw();
        screen
    }

    fn send(&mut self, msg: Msg) {
        update(&mut self.game, msg);
    }

    fn press(&mut self, code: KeyCode) {
        let event = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
        self.view.handle(&mut self.game, &event);
        self.draw();
    }

    fn draw(&mut self) {
        let (game, view) = (&self.game, &mut self.view);
        self.terminal.draw(|frame| view.draw(game, frame)).expect("drawn");
    }
}
