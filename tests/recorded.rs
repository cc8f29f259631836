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
    let mut trials: Vec<Trial> = play::tools().into_iter().filter(recorded).map(trial).collect();
    trials.push(Trial::test("every flag of kubectl is known by its name and letter", flags));
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

fn recording(tool: &str) -> std::path::PathBuf {
    play::folder().join("recorded").join(format!("{tool}.txt"))
}

fn replay(name: &str) -> Result<(), Failed> {
    let tool = Tool::read(name);
    let files = tool.files();
    let mut podhop = Podhop::new(files.clone());
    let written = fs::read_to_string(recording(name)).map_err(|error| error.to_string())?;
    let mut told = String::new();
    let mut lines = written.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(world) = line.strip_prefix(play::WORLD) {
            podhop = podhop.enter(world, &files);
            told += &format!("{line}\n\n");
            continue;
        }
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

/// Whether podhop's kubectl knows every flag that the real one lists in its help, command by
/// command (`tests/oracle/kubectl-flags.list`), with the same letter.
fn flags() -> Result<(), Failed> {
    let path = play::folder().join("kubectl-flags.list");
    let list = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let podhop = Podhop::new(podhop::shell::Files::new());
    let common = podhop.answer("kubectl options").stdout;
    let (mut missing, mut help) = (Vec::new(), String::new());
    let mut command = "";
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        if let Some(flag) = line.strip_prefix("  ") {
            let (flag, _default) = flag.split_once('=').unwrap_or((flag, ""));
            let shown = match flag.split_once(' ') {
                Some((letter, name)) => format!("    {letter}, {name}="),
                None => format!("    {flag}="),
            };
            // Some commands list flags of their own that every command takes.
            let known = help.lines().chain(common.lines()).any(|line| line.starts_with(&shown));
            if !known {
                missing.push(format!("{command} {flag}"));
            }
        } else if line.starts_with("kubectl") {
            command = line;
            let asked = match line {
                "kubectl" => "kubectl options".to_owned(),
                command => format!("{command} --help"),
            };
            help = podhop.answer(&asked).stdout;
            if help.is_empty() {
                missing.push(command.to_owned());
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Failed::from(missing.join("\n"))) }
}
