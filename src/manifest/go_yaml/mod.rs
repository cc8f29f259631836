//! YAML as go-yaml reads it, which is how kubectl reads it: text to tokens, tokens to events.
//!
//! What learners of Kubernetes get to see of broken YAML are go-yaml's messages, and which one is said,
//! and of which line, follows from how its scanner and its parser (libyaml's, in
//! `go.yaml.in/yaml/v2`: scannerc.go, parserc.go) go about it. So this one goes about it in the same
//! way: it remembers where a key might have begun, opens and closes blocks by their columns, and
//! looks as far ahead.

mod cursor;
mod parser;
mod scalars;
mod scanner;
mod tags;
mod token;

use crate::diagnostic::Position;

pub(super) use parser::{CORE, Event, events};
pub(super) use token::{Mark, Rules, Style};

/// Why a document could not be read.
#[derive(Debug)]
pub(super) struct Fault {
    /// go-yaml's message, without the `yaml: ` before it.
    pub message: String,
    /// Where it really is, in the document's text.
    pub position: Position,
}

impl Fault {
    /// A fault whose message names no line.
    pub fn plain(message: impl Into<String>, position: Position) -> Fault {
        Fault { message: message.into(), position }
    }

    /// A fault that the scanner noticed: it names the line where it was, and the first one not.
    fn scanned(message: &str, mark: Mark) -> Fault {
        Fault::on_line(message, if mark.line == 0 { 0 } else { mark.line + 1 }, mark)
    }

    /// A fault that the parser noticed: it names the line before the token that does not fit.
    fn parsed(message: &str, mark: Mark) -> Fault {
        Fault::on_line(message, mark.line, mark)
    }

    fn on_line(message: &str, line: u32, mark: Mark) -> Fault {
        let place = if line == 0 { String::new() } else { format!("line {line}: ") };
        Fault { message: format!("{place}{message}"), position: mark.position() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Rules, events};

    /// What the real kubectl 1.36 says about a text; nothing where it reads one.
    const TOLD: &[(&str, &str)] = &[
        ("a: [b\nc: d\n", "line 1: did not find expected ',' or ']'"),
        ("a: {b\nc: d\n", "line 1: did not find expected ',' or '}'"),
        ("a: {{ .x }}\n  b: c\n", "line 1: did not find expected key"),
        ("a: {{ .x }}b\nc: d\n", "did not find expected key"),
        ("a: |\n\tb\n", "line 2: found a tab character where an indentation space is expected"),
        (
            "a: |\n  b\n\tc: d\n",
            "line 3: found a tab character where an indentation space is expected",
        ),
        (" a: b\nc: d\n", ""),
        ("a: b\n...\nc: d\n", ""),
        ("...\na: b\n", "did not find expected node content"),
        ("a: !!bool b\nc: \"\n", "line 3: found unexpected end of stream"),
        ("a: *b\n", "unknown anchor 'b' referenced"),
        ("a:\n- b\n c: d\n", "line 3: mapping values are not allowed in this context"),
        ("a: b\n  c: d\n", "line 2: mapping values are not allowed in this context"),
        ("a: b: c\n", "mapping values are not allowed in this context"),
        ("a: 'b\nc: d\n", "line 3: found unexpected end of stream"),
        ("a: @b\n", "found character that cannot start any token"),
        ("a:\n\tb: c\n", "line 2: found character that cannot start any token"),
        ("a\nb: c\n", "line 2: mapping values are not allowed in this context"),
        ("a:\n  b: c\n d: e\n", "line 2: did not find expected key"),
        ("a: \"b\" c\n", "did not find expected key"),
        ("a: \"\\q\"\n", "found unknown escape character"),
        ("a: [b, c\n", "line 1: did not find expected ',' or ']'"),
        ("a: }\n", "did not find expected node content"),
        ("- a\nb: c\n", "line 1: did not find expected '-' indicator"),
        ("a: b\n- c\n", "line 1: did not find expected key"),
        ("a: - b\n", "block sequence entries are not allowed in this context"),
        ("a: |x\n  b\n", "did not find expected comment or line break"),
        ("a: >0\n  b\n", "found an indentation indicator equal to 0"),
        ("%FOO\n", "found unknown directive name"),
        ("%YAML 1.2\n---\na: b\n", "found incompatible YAML document"),
        ("a: &\n", "did not find expected alphabetic or numeric character"),
        ("a: !!\n", "did not find expected tag URI"),
        ("a: !x!y z\n", "found undefined tag handle"),
        ("a: [b]c\n", "did not find expected key"),
        ("a: [b ? c]\n", "did not find expected ',' or ']'"),
        ("a: !b,c d\n", ""),
        ("? a\n", ""),
    ];

    #[test]
    fn a_question_mark_is_a_part_of_a_word_by_the_standard() {
        for text in ["a: {ask: And now?, b: c}\n", "a: [b?c, ?d]\n", "a: {u: http://x/?q=1}\n"] {
            assert!(events(text, Rules::Standard).is_ok(), "{text}");
            assert!(events(text, Rules::Kubectl).is_err(), "{text}");
        }
    }

    #[test]
    fn faults_are_told_in_kubectls_words_and_on_its_lines() {
        for (text, told) in TOLD {
            let fault =
                events(text, Rules::Kubectl).err().map(|fault| fault.message).unwrap_or_default();
            assert_eq!(fault, *told, "{text:?}");
        }
    }
}
