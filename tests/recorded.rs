//! Replays what real tools answered: `tests/oracle/recorded/*.txt`, written by the oracle
//! (`tests/oracle/main.rs`) from the real programs, and compared byte by byte.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

#[path = "oracle/play.rs"]
#[allow(dead_code, reason = "the oracle needs the rest of it")]
mod play;

use std::fs;

use libtest_mimic::{Arguments, Failed, Trial};
use play::{Podhop, Tool};

fn main() {
    let trial = |name: String| Trial::test(name.clone(), move || replay(&name));
    let recorded = |name: &String| recording(name).is_file();
    let trials = play::tools().into_iter().filter(recorded).map(trial).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

fn recording(tool: &str) -> std::path::PathBuf {
    play::folder().join("recorded").join(format!("{tool}.txt"))
}

fn replay(name: &str) -> Result<(), Failed> {
    let tool = Tool::read(name);
    let podhop = Podhop::new(tool.files());
    let written = fs::read_to_string(recording(name)).map_err(|error| error.to_string())?;
    let mut told = String::new();
    let mut lines = written.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let mut command = command.to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
            command = format!("{command}\n{}", &more[2..]);
        }
        let answer = tool.settled(podhop.answer(&command));
        told += &play::written(&command, &answer);
        told.push('\n');
    }
    if told == written {
        return Ok(());
    }
    let changes = similar::TextDiff::from_lines(&written, &told);
    Err(Failed::from(changes.unified_diff().context_radius(3).to_string()))
}
