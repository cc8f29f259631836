//! Whatever is typed, the shell neither panics nor hangs.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::Story;

const WORDS: &[&str] = &[
    "echo",
    "a",
    "$x",
    "\"$x",
    "'",
    "\"",
    "`",
    "$(",
    ")",
    "(",
    "{",
    "}",
    "${",
    "${x:-",
    "$((",
    "))",
    "|",
    "||",
    "&&",
    "&",
    ";",
    ";;",
    "\n",
    "<<EOF\n",
    "EOF\n",
    "<",
    ">",
    ">>",
    "2>&1",
    "&>",
    "f",
    "if",
    "then",
    "else",
    "fi",
    "while",
    "do",
    "done",
    "for",
    "in",
    "case",
    "esac",
    "x=1",
    "x=$x$x",
    "[[",
    "]]",
    "[",
    "]",
    "=~",
    "!",
    "function",
    "f()",
    "exit",
    "break",
    "return",
    "sleep 1",
    "cat",
    "sed s/a/b/",
    "awk '{print $1}'",
    "grep",
    "jq .",
    "xargs",
    "yes",
    "head -1",
    "sort",
    "*",
    "?",
    "[a-",
    "{1..9}",
    "{a,b}",
    "\\",
    "#",
    "$?",
    "$@",
    "$'\\x",
    "~",
    "set -e",
    "trap",
    "eval",
    "exec",
    "read y",
    "printf %s",
    "%d",
    "-n",
    "--",
    "kubectl get pods",
    "local",
    "shift",
    "alias",
    "k",
    "unset x",
    "test",
    "-f",
    "wait",
    "timeout 1",
    "env",
    "bash -c",
    "sh",
    "tail -f f",
    "tee f",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,60}") {
        let mut story = Story::new();
        story.session.type_line(&text);
        story.session.interrupt(&mut story.cluster);
        prop_assert!(!story.session.is_running());
    }

    #[test]
    fn any_script_ends_in_its_time(words in vec(select(WORDS), 0..24), spaced in any::<bool>()) {
        let script = words.join(if spaced { " " } else { "" });
        let mut story = Story::new();
        let before = story.cluster.now();
        story.session.run(&mut story.cluster, &script, Duration::from_secs(2));
        prop_assert!(story.cluster.now().since(before) <= Duration::from_secs(3));
    }

    #[test]
    fn a_clone_goes_on_as_its_original(words in vec(select(WORDS), 0..16), steps in 1..5_u32) {
        let script = words.join(" ");
        let mut story = Story::new();
        story.session.type_line(&format!("for i in 1 2 3; do {script}\nsleep 1; done"));
        for _ in 0..steps {
            story.session.step(&mut story.cluster);
            let next = story.cluster.now() + Duration::from_millis(300);
            story.cluster.advance_to(next);
        }
        let mut clone = story.clone();
        for story in [&mut story, &mut clone] {
            for _ in 0..6 {
                story.session.step(&mut story.cluster);
                let next = story.cluster.now() + Duration::from_millis(700);
                story.cluster.advance_to(next);
            }
        }
        prop_assert_eq!(story.session.take_output(), clone.session.take_output());
        prop_assert_eq!(story.session.files(), clone.session.files());
        prop_assert_eq!(story.session.exit_code(), clone.session.exit_code());
    }
}
