//! Standard input while the screen is ours: opened anew, so that reading it never blocks.
//!
//! crossterm reads a terminal until nothing is left, which on a blocking terminal means until the
//! next byte comes whenever an event is not complete: half a character, `ESC [`, a paste without its
//! end. The clock, the screen and saving would stand still as long. Standard input itself can't be
//! made non-blocking, because standard output mostly is the same open file, and writing to it must
//! wait; so the terminal is opened once more, and takes standard input's place while a screen is up.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::OFlags;
use rustix::{stdio, termios};

/// Standard input as the player's shell gave it to us, and the same terminal opened by us.
struct Inputs {
    given: OwnedFd,
    opened: OwnedFd,
}

/// Made once: crossterm watches the file that it finds first.
static INPUTS: OnceLock<Option<Inputs>> = OnceLock::new();

/// Puts our own open terminal in standard input's place. Where it can't be opened (a terminal
/// without a name), standard input stays as it is.
pub fn take() {
    if let Some(inputs) = INPUTS.get_or_init(|| open().ok()) {
        let _ = stdio::dup2_stdin(&inputs.opened);
    }
}

/// Gives standard input back to whoever runs next: an editor, the player's shell.
pub fn give_back() {
    if let Some(Some(inputs)) = INPUTS.get() {
        let _ = stdio::dup2_stdin(&inputs.given);
    }
}

fn open() -> io::Result<Inputs> {
    let given = stdio::stdin();
    let name = termios::ttyname(given, Vec::new())?;
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits();
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(Path::new(std::ffi::OsStr::from_bytes(name.as_bytes())))?;
    Ok(Inputs { given: rustix::io::fcntl_dupfd_cloexec(given, 3)?, opened: opened.into() })
}
