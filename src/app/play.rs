//! `podhop play`: the game, on a screen or in lines of text.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::cli::PlayArgs;
use super::headless::lines::Lines;
use super::headless::{self, Ended, Usage};
use super::saves::{Found, Saves};
use super::{plain, terminal};
use crate::game::{Game, Msg, update};

/// Plays.
pub fn play(arguments: &PlayArgs, folder: Option<&Path>) -> Ended {
    let pack = headless::pack(folder)?;
    let wanted = match &arguments.level {
        Some(name) => Some(headless::level(&pack, name)?.name.clone()),
        None => None,
    };
    let Found { saves, save, notes } = Saves::open();
    let mut game = Game::new(Arc::new(pack), save).on_seed(arguments.seed);
    for note in notes {
        update(&mut game, Msg::Warn(note));
    }
    if let Some(name) = wanted {
        update(&mut game, Msg::OpenLevel(name));
    }
    if arguments.plain {
        let person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let told = match person {
            true => plain::play(game, saves, Lines::open(true), std::io::stdout()),
            false => {
                let input = plain::Piped(std::io::stdin().lock());
                plain::play(game, saves, input, std::io::stdout().lock())
            }
        };
        told.map_err(|error| Usage(format!("standard output failed: {error}")))?;
        return Ok(ExitCode::SUCCESS);
    }
    terminal::play(game, saves).map_err(Usage)?;
    Ok(ExitCode::SUCCESS)
}
