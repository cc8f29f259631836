//! Commands without a screen: they print, and end with an exit code.

mod bug;
mod check;
mod explain;
mod files;
mod levels;
pub(in crate::app) mod lines;
mod lint;
mod new;
mod objects;
mod output;
mod progress;
mod requests;
mod shell;
mod trace;
mod watching;
mod workers;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, nearest};
use crate::level::incident::{self, Address};
use crate::level::sandbox::Sandbox;
use crate::level::{Level, Pack};

pub use bug::{bug, write_new};
pub use check::check;
pub use explain::explain;
pub use files::{read_files, read_folder_of, read_pack};
pub use levels::levels;
pub use lint::lint;
pub use new::new;
pub use objects::{met as level_object, usage as usage_object};
pub use output::{Output, was_lost};
pub use shell::shell;
pub use trace::trace;
pub use watching::watch;

/// The level was not solved, the proof failed.
pub const FAILURE: u8 = 1;

/// The command line cannot be carried out as it is.
pub const USAGE: u8 = 2;

/// Why the machine did not do something, without its number for that.
pub fn why(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error ").next().unwrap_or("");
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().to_string() + letters.as_str())
}

/// A message for standard error, and the exit code 2.
pub struct Usage(pub String);

impl Usage {
    /// What the machine did not do with a path: `read`, `write to`.
    pub fn cannot(what: &str, path: &Path, error: &io::Error) -> Usage {
        Usage(format!("cannot {what} {}: {}", path.display(), why(error)))
    }
}

/// A command's end.
pub type Ended = Result<ExitCode, Usage>;

impl Usage {
    /// Prints the message, and says which exit code follows.
    pub fn report(self) -> ExitCode {
        write_error(&format!("podhop: {}", self.0));
        ExitCode::from(USAGE)
    }
}

/// Writes a line to standard error, without characters that command a terminal. Whether anybody
/// reads it does not matter.
pub fn write_error(line: &str) {
    let _ = writeln!(io::stderr(), "{}", crate::diagnostic::printable(line));
}

/// The campaign: the built-in one, or that of a folder.
pub fn pack(folder: Option<&Path>) -> Result<Pack, Usage> {
    let pack = match folder {
        Some(folder) => Pack::from_files(&read_pack(folder)?).map(|pack| Pack {
            // Two packs may have one title; they have two folders.
            id: folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).display().to_string(),
            ..pack
        }),
        None => Pack::embedded(),
    };
    pack.map_err(|errors| broken(folder, &errors))
}

/// A pack that cannot be read.
fn broken(folder: Option<&Path>, errors: &[Diagnostic]) -> Usage {
    let place = folder.map_or_else(|| "the campaign".to_owned(), |f| f.display().to_string());
    let lines: Vec<String> = errors.iter().map(|error| format!("  {error}")).collect();
    Usage(format!("cannot read the levels of {place}:\n{}", lines.join("\n")))
}

/// The level with this name or number, or the incident or sandbox with this address.
pub fn level(pack: &Pack, name: &str) -> Result<Arc<Level>, Usage> {
    level_on(pack, name, None)
}

/// The same, where the seed is given: it draws the business of a sandbox.
pub fn level_on(pack: &Pack, name: &str, seed: Option<u64>) -> Result<Arc<Level>, Usage> {
    if let Some(address) = Address::parse(name) {
        return address.and_then(incident::incident).map_err(Usage);
    }
    if let Some(sandbox) = Sandbox::parse(name) {
        return sandbox.map(|sandbox| sandbox.level(seed.unwrap_or(1))).map_err(Usage);
    }
    pack.level(name).cloned().ok_or_else(|| {
        let names = pack.levels.iter().map(|level| level.name.as_str());
        // Half a name is near too.
        let half = |level: &&str| name.len() > 2 && level.contains(name);
        let close = nearest(name, names.clone()).or_else(|| names.clone().find(half));
        let help = match close {
            Some(close) => format!("did you mean {close}?"),
            None => format!("levels: {}", names.collect::<Vec<_>>().join(", ")),
        };
        Usage(format!("there is no level {name:?}; {help}"))
    })
}
