//! `podhop bug [FILE]`: the last session, to be done again by whoever mends the bug.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Map, Value};

use super::{Ended, FAILURE, Output, Usage, write_error};
use crate::app::saves::Saves;

/// Writes the last session to a new file.
pub fn bug(file: &Path) -> Ended {
    let Some(text) = Saves::open().saves.session() else {
        write_error("podhop: no session was kept yet; play a level first");
        return Ok(ExitCode::from(FAILURE));
    };
    if !text.lines().all(|line| serde_json::from_str::<Map<String, Value>>(line).is_ok()) {
        write_error("podhop: the session that was kept is damaged; play a level, and ask again");
        return Ok(ExitCode::from(FAILURE));
    }
    write_new(file, &text).map_err(|error| Usage::cannot("write", file, &error))?;
    let mut out = Output::new();
    let count = text.lines().count().saturating_sub(2);
    out.line(format!("{}: {count} things that were done in the last session.", file.display()));
    out.line(format!("podhop shell --json < {} does them again.", file.display()));
    Ok(ExitCode::SUCCESS)
}

/// Writes a file that was not there. Where there is no room for all of it, there is none of it.
pub fn write_new(file: &Path, text: &str) -> std::io::Result<()> {
    let mut made = OpenOptions::new().write(true).create_new(true).open(file)?;
    let written = made.write_all(text.as_bytes());
    if written.is_err() {
        let _ = std::fs::remove_file(file);
    }
    written
}
