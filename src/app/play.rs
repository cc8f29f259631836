//! `podhop play`, `incident` and `sandbox`: the game, on a screen or in lines of text.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::cli::{IncidentArgs, PlayArgs, SandboxArgs};
use super::guard::Guard;
use super::headless::lines::Lines;
use super::headless::{self, Ended, Output, Usage};
use super::saves::{Found, Saves};
use super::{plain, terminal, today};
use crate::game::{Game, Msg, update};
use crate::level::Pack;
use crate::level::incident::{self, Address};
use crate::level::sandbox::Sandbox;

/// Plays.
pub fn play(arguments: &PlayArgs, folder: Option<&Path>) -> Ended {
    let screen = screen(arguments.plain);
    if let Some(name) = &arguments.level
        && let Some(address) = Address::parse(name)
    {
        let pack = incident::pack(address.and_then(incident::incident).map_err(Usage)?);
        let name = pack.levels.first().map(|level| level.name.clone());
        return begin(pack, name, arguments.seed, screen);
    }
    if let Some(name) = &arguments.level
        && let Some(sandbox) = Sandbox::parse(name)
    {
        return in_sandbox(sandbox.map_err(Usage)?, arguments.seed.unwrap_or(1), screen);
    }
    let pack = headless::pack(folder)?;
    let wanted = match &arguments.level {
        Some(name) => Some(headless::level(&pack, name)?.name.clone()),
        None => None,
    };
    begin(pack, wanted, arguments.seed, screen)
}

/// Plays an incident, or prints it.
pub fn incident(arguments: &IncidentArgs) -> Ended {
    let address = match (arguments.daily, arguments.seed) {
        (true, _) => today::daily(today::today(), arguments.difficulty),
        (false, Some(seed)) => Address::new(seed, arguments.difficulty),
        (false, None) => Address::new(today::any_seed(), arguments.difficulty),
    };
    let level = incident::incident(address).map_err(Usage)?;
    if arguments.json {
        Output::new().json(&headless::level_object(&level));
        return Ok(ExitCode::SUCCESS);
    }
    let name = level.name.clone();
    begin(incident::pack(level), Some(name), None, screen(arguments.plain))
}

/// Plays in a cluster without goals.
pub fn sandbox(arguments: &SandboxArgs) -> Ended {
    let SandboxArgs { sample, nodes, cloud, ingress, dual_stack, seed, plain } = *arguments;
    let sandbox = Sandbox { sample, nodes, cloud, ingress, dual_stack };
    if sandbox.sample && nodes < Sandbox::default().nodes {
        return Err(Usage("--sample needs two nodes or more: --nodes 2".to_owned()));
    }
    in_sandbox(sandbox, seed, screen(plain))
}

fn in_sandbox(sandbox: Sandbox, seed: u64, screen: Option<Guard>) -> Ended {
    let pack = sandbox.pack(seed);
    let name = pack.levels.first().map(|level| level.name.clone());
    begin(pack, name, Some(seed), screen)
}

/// A screen to play on, with the guard that gives it back; none in plain mode.
fn screen(plain: bool) -> Option<Guard> {
    (!plain).then(Guard::post)
}

/// Plays a pack, from this level or where the player left off, on the screen or in lines of text.
fn begin(pack: Pack, wanted: Option<String>, seed: Option<u64>, screen: Option<Guard>) -> Ended {
    let Found { saves, save, notes } = Saves::open();
    let mut game = Game::new(Arc::new(pack), save).on_seed(seed).on_day(today::today());
    for note in notes {
        update(&mut game, Msg::Warn(note));
    }
    if let Some(name) = wanted {
        update(&mut game, Msg::OpenLevel(name));
    }
    let Some(guard) = screen else {
        let person = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let told = match person {
            true => plain::play(game, saves, Lines::open(true), std::io::stdout()),
            false => {
                let input = plain::Piped(std::io::stdin().lock());
                plain::play(game, saves, input, std::io::stdout().lock())
            }
        };
        told.map_err(|error| Usage(format!("standard output failed: {}", headless::why(&error))))?;
        return Ok(ExitCode::SUCCESS);
    };
    terminal::play(game, saves, guard).map_err(Usage)?;
    Ok(ExitCode::SUCCESS)
}
