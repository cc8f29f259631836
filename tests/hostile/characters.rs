//! Characters that command a terminal or deceive its reader, from the command line itself.

use std::process::Command;

/// An escape sequence, C1 characters, and letters that turn the direction or look like nothing.
const HOSTILE: &str =
    "a\u{1b}[31mb\u{202e}c\u{9b}d\u{7}e\u{2066}f\u{200b}g\u{ad}h\u{3164}i\u{e0041}\u{2028}";

#[test]
fn words_of_the_command_line_are_quoted_without_what_they_hide() {
    let home = tempfile::tempdir().expect("a temporary folder");
    for words in [
        vec![HOSTILE],
        vec!["play", "--plain", HOSTILE],
        vec!["incident", "--seed", HOSTILE],
        vec!["check", "--seeds", HOSTILE],
        vec!["shell", "--nodes", HOSTILE],
        vec!["lint", "--schema", HOSTILE],
        vec!["levels", "--levels", HOSTILE],
        vec!["completions", HOSTILE],
        vec!["levels", HOSTILE, "--json"],
        vec!["trace", "1", "--from", HOSTILE, "--", "true"],
    ] {
        let told = Command::new(env!("CARGO_BIN_EXE_podhop"))
            .args(&words)
            .env("PODHOP_HOME", home.path())
            .output()
            .expect("podhop starts");
        assert_eq!(told.status.code(), Some(2), "{words:?}");
        let text = String::from_utf8([told.stdout, told.stderr].concat()).expect("UTF-8");
        let hidden = |letter: char| {
            (letter.is_control() && letter != '\n')
                || "\u{202e}\u{2066}\u{200b}\u{ad}\u{3164}\u{e0041}\u{2028}".contains(letter)
        };
        assert!(!text.contains(hidden), "{words:?}: {text:?}");
    }
}
