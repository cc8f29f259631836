//! The only room with real input and output: terminal, files, saves, clock, command line.

// This room is where the real world comes in (see clippy.toml).
#![allow(clippy::disallowed_methods)]

mod cli;
#[cfg_attr(not(unix), path = "no_guard.rs")]
mod guard;
mod headless;
#[cfg(unix)]
mod input;
mod outside;
mod plain;
mod play;
mod saves;
mod terminal;
mod today;
mod transcript;
mod worker;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use cli::{Cli, Command, PlayArgs};
use headless::{Ended, Usage};
use play::{incident, play, sandbox};

/// Does what the command line says, and returns the exit code.
pub fn main() -> ExitCode {
    // A program reads the output, so that errors are objects too.
    let json =
        std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json");
    let tell = |usage: &Usage| {
        if json {
            headless::Output::new().json(&headless::usage_object(usage));
        }
    };
    let ended = match Cli::try_parse() {
        Ok(cli) => run(cli).unwrap_or_else(|usage| {
            tell(&usage);
            usage.report()
        }),
        Err(error) if error.use_stderr() => {
            tell(&Usage(said(&error)));
            // It quotes the words that it does not know.
            headless::write_error(error.to_string().trim_end());
            ExitCode::from(headless::USAGE)
        }
        Err(help) => {
            headless::Output::new().write(help.to_string().as_bytes());
            ExitCode::SUCCESS
        }
    };
    if headless::was_lost() { ExitCode::from(headless::USAGE) } else { ended }
}

/// What is wrong with a command line, in a sentence, without how it is used.
fn said(error: &clap::Error) -> String {
    let text = error.to_string();
    let ends = ["\n\nUsage:", "\n\nFor more information"];
    let end = ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    let text = text[..end].trim_start_matches("error: ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn run(cli: Cli) -> Ended {
    let folder = cli.levels.as_deref();
    let command = cli.command.unwrap_or_else(|| Command::Play(PlayArgs::default()));
    if let (Some(_), Some(why)) = (folder, plays_no_pack(&command)) {
        return Err(headless::Usage(format!("--levels has nothing to do here: {why}")));
    }
    match command {
        Command::Play(arguments) => play(&arguments, folder),
        Command::Incident(arguments) => incident(&arguments),
        Command::Sandbox(arguments) => sandbox(&arguments),
        Command::Bug { file } => headless::bug(&file),
        Command::Levels(arguments) => {
            let pack = headless::pack(folder)?;
            let saves::Found { save, notes, .. } = saves::Saves::open();
            for note in notes {
                headless::write_error(&format!("podhop: {note}"));
            }
            let solved = |level: &str| save.record(&pack.id, level).solved.is_some();
            headless::levels(&pack, &arguments, solved)
        }
        Command::Check(arguments) => headless::check(&arguments, &headless::pack(folder)?),
        Command::Shell(arguments) => headless::shell(&arguments, &|| headless::pack(folder)),
        Command::Trace(arguments) => headless::trace(&arguments, &headless::pack(folder)?),
        Command::Explain { code } => headless::explain(code.as_deref()),
        Command::Lint(arguments) => headless::lint(&arguments, folder),
        Command::New { dir } => headless::new(&dir),
        Command::Watch(arguments) => headless::watch(&arguments, &headless::pack(folder)?),
        Command::Man => {
            let mut page = Vec::new();
            let manual = clap_mangen::Man::new(Cli::command());
            manual.render(&mut page).expect("a vector takes everything");
            headless::Output::new().write(&page);
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "podhop", &mut script);
            headless::Output::new().write(&script);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Why a command has no use for `--levels`, if it has none.
fn plays_no_pack(command: &Command) -> Option<&'static str> {
    match command {
        Command::Explain { .. } => Some("diagnoses are the same in every pack"),
        Command::Man => Some("the manual page is the same for every pack"),
        Command::Completions { .. } => Some("completions are the same for every pack"),
        Command::New { .. } => Some("the new pack's folder is named already"),
        Command::Incident(_) => Some("incidents are made of a seed"),
        Command::Sandbox(_) => Some("a sandbox is no level of a pack"),
        Command::Bug { .. } => Some("the last session is the same for all packs"),
        Command::Shell(arguments) if arguments.level.is_none() && !arguments.json => {
            Some("without a level, the shell's cluster is an empty one")
        }
        Command::Lint(arguments) if arguments.schema.is_some() => {
            Some("the schema is the same for all packs")
        }
        Command::Lint(arguments) if arguments.dir.is_some() => {
            Some("the pack's folder is named already")
        }
        _ => None,
    }
}
