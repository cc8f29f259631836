//! `test` and `[` as programs.

use super::{is_gnu, plain};
use crate::shell::machine::condition::{World, Wrong, test as holds};
use crate::shell::syntax::Dialect;
use crate::shell::{Io, Tool};

pub(super) fn test(name: &str, arguments: &[String]) -> Box<dyn Tool> {
    match name {
        "[" => plain(bracket, arguments),
        _ => plain(plain_test, arguments),
    }
}

fn bracket(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    match arguments.split_last() {
        Some((last, rest)) if last == "]" => plain_test(rest, io),
        _ => {
            io.write_error("[: missing ']'");
            Some(2)
        }
    }
}

/// What coreutils' `test` says.
fn gnu_words(wrong: &Wrong) -> String {
    match wrong {
        Wrong::NoNumber(text) => format!("invalid integer '{text}'"),
        Wrong::NoOperand(Some(word)) => format!("missing argument after '{word}'"),
        Wrong::NoUnary { operator, .. } if operator.len() == 2 && operator.starts_with('-') => {
            format!("'{operator}': unary operator expected")
        }
        Wrong::NoUnary { operand, .. } => format!("missing argument after '{operand}'"),
        Wrong::NoBinary { operator, .. } => format!("'{operator}': binary operator expected"),
        Wrong::Extra { word, .. } => format!("extra argument '{word}'"),
        other => other.message(Dialect::Bash),
    }
}

fn plain_test(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let world = World {
        view: io.view(),
        directory: io.directory,
        terminal: io.terminal,
        posix: false,
        dash: false,
        double: false,
        shell: &|_, _| false,
    };
    Some(match holds(arguments, &world) {
        Ok(holds) => i32::from(!holds),
        Err(why) => {
            let told = if is_gnu(io) { gnu_words(&why) } else { why.message(Dialect::Ash) };
            io.write_error(format!("test: {told}"));
            2
        }
    })
}
