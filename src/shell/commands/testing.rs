//! `test` and `[` as programs.

use super::plain;
use crate::shell::machine::condition::{World, test as holds};
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

fn plain_test(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let world = World {
        view: io.view(),
        directory: io.directory,
        terminal: io.terminal,
        posix: false,
        dash: false,
        double: false,
    };
    Some(match holds(arguments, &world) {
        Ok(holds) => i32::from(!holds),
        Err(why) => {
            io.write_error(format!("test: {}", why.message(Dialect::Bash)));
            2
        }
    })
}
