//! The binary in a pseudo-terminal: a level won by keys alone, and the terminal given back after
//! every way of leaving.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]
#![cfg(unix)]

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// No screen is waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a program has to send to give the terminal back: leave the alternate screen, show the cursor.
const GIVEN_BACK: [&str; 2] = ["\u{1b}[?1049l", "\u{1b}[?25h"];

/// podhop in a terminal of its own.
struct Player {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<String>>,
    home: tempfile::TempDir,
}

impl Player {
    fn start(columns: u16, rows: u16, arguments: &[&str]) -> Player {
        let home = tempfile::tempdir().expect("a temporary folder");
        Player::at_home(columns, rows, arguments, home)
    }

    fn at_home(columns: u16, rows: u16, arguments: &[&str], home: tempfile::TempDir) -> Player {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_podhop"));
        command.args(arguments);
        command.env("PODHOP_HOME", home.path());
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).expect("podhop starts");
        drop(pair.slave);
        let size = |cells: u16| std::num::NonZero::new(cells).expect("a screen has cells");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(columns), 0)));
        let raw = Arc::new(Mutex::new(String::new()));
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let (parser, text) = (Arc::clone(&screen), Arc::clone(&raw));
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                parser.lock().unwrap().process(&bytes[..read]);
                text.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
        });
        let keys = pair.master.take_writer().expect("a writer");
        Player { master: pair.master, keys, child, screen, raw, home }
    }

    fn contents(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until `text` is on the screen.
    fn sees(&self, text: &str) {
        let begun = Instant::now();
        while !self.contents().contains(text) {
            assert!(begun.elapsed() < PATIENCE, "{text:?} never came:\n{}", self.contents());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys are taken");
        self.keys.flush().expect("keys are taken");
    }

    /// The same key several times.
    fn repeats(&mut self, key: &str, times: usize) {
        self.types(&key.repeat(times));
    }

    fn signal(&self, name: &str) {
        let id = self.child.process_id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// Waits for the end, and checks that the terminal was given back.
    fn ends(mut self) -> (ExitStatus, tempfile::TempDir) {
        let begun = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("its status is known") {
                Some(status) => break status,
                None => assert!(begun.elapsed() < PATIENCE, "it never ended:\n{}", self.contents()),
            }
            thread::sleep(Duration::from_millis(10));
        };
        // The reader may still hold the last bytes.
        let begun = Instant::now();
        while !GIVEN_BACK.iter().all(|code| self.raw.lock().unwrap().contains(code)) {
            let raw = self.raw.lock().unwrap().clone();
            assert!(begun.elapsed() < PATIENCE, "the terminal was not given back: {raw:?}");
            thread::sleep(Duration::from_millis(10));
        }
        drop(self.master);
        (status, self.home)
    }
}

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";
const DOWN: &str = "\u{1b}[B";
const LEFT: &str = "\u{1b}[D";
const END: &str = "\u{1b}[F";
const BACKSPACE: &str = "\u{7f}";
const CTRL_C: &str = "\u{3}";
const CTRL_G: &str = "\u{7}";
const CTRL_S: &str = "\u{13}";

#[test]
fn level_one_is_won_by_keys_alone_at_80_by_24() {
    let mut player = Player::start(80, 24, &["play", "localhost-sidecar"]);
    player.sees("Pod multi runs two containers");
    player.types(ENTER);
    player.sees("multi.yaml");
    player.sees("http://nginx");
    player.repeats(DOWN, 13);
    player.types(END);
    player.repeats(LEFT, "; sleep 5; done".len());
    player.repeats(BACKSPACE, "nginx".len());
    player.types("localhost");
    player.sees("http://localhost");
    player.types(CTRL_S);
    player.sees("replaced");
    player.types(CTRL_G);
    player.sees("Before you look");
    player.types(ESC);
    player.sees("The packets arrive");
    player.types(ENTER);
    player.sees("Containers of one pod share a network namespace");
    player.types(CTRL_C);
    let (_, home) = player.ends();
    let save = std::fs::read_to_string(home.path().join("save.json")).expect("progress is kept");
    assert!(save.contains("localhost-sidecar"), "{save}");
}

#[test]
fn the_quit_key_gives_the_terminal_back() {
    let mut player = Player::start(120, 36, &[]);
    player.sees("podhop");
    player.types("q");
    assert!(player.ends().0.success());
}

#[test]
fn ctrl_c_on_the_trail_gives_the_terminal_back() {
    let mut player = Player::start(120, 36, &[]);
    player.sees("podhop");
    player.types(CTRL_C);
    player.ends();
}

#[test]
fn sigterm_gives_the_terminal_back() {
    let player = Player::start(120, 36, &["play", "clusterip"]);
    player.sees("One address for many pods");
    player.signal("TERM");
    player.ends();
}

#[test]
fn sighup_gives_the_terminal_back() {
    let player = Player::start(120, 36, &["play", "clusterip"]);
    player.sees("One address for many pods");
    player.signal("HUP");
    player.ends();
}

#[test]
fn a_tiny_terminal_is_told_and_left() {
    let mut player = Player::start(10, 3, &[]);
    let begun = Instant::now();
    while player.contents().trim().is_empty() {
        assert!(begun.elapsed() < PATIENCE, "nothing was drawn");
        thread::sleep(Duration::from_millis(10));
    }
    player.types("q");
    player.ends();
}

#[test]
fn a_damaged_save_is_set_aside_and_named() {
    let home = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(home.path().join("save.json"), b"{ \xff not a save").expect("it is written");
    let mut player = Player::at_home(120, 36, &[], home);
    player.sees("damaged");
    player.types(ESC);
    player.types(CTRL_C);
    let (_, home) = player.ends();
    let kept = std::fs::read_dir(home.path()).expect("it is readable").flatten().any(|entry| {
        std::fs::read(entry.path()).is_ok_and(|bytes| bytes.starts_with(b"{ \xff not a save"))
    });
    assert!(kept, "the damaged save is gone");
}
