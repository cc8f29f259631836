//! Gives the terminal back when podhop can't: it was killed, or has aborted.
//!
//! Nothing runs in a process that `kill -9`, a stack overflow or a fault in memory has ended. So a
//! small shell of its own waits at a pipe from us; when the pipe closes while the terminal was ours,
//! it restores what it found. It belongs to another process group, so what is sent to ours does not
//! reach it.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, TryLockError};

/// `TTOU` is ignored because who restores is no longer in the foreground then. The terminal is
/// opened at once: it can't be found by its name any more when its session has ended.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM TSTP TTIN TTOU PIPE
{ exec 3<>/dev/tty; } 2>/dev/null || exit
saved=$(stty -g <&3 2>/dev/null) || exit
echo ready
whose=yours
while read -r word; do whose=$word; done
[ "$whose" != ours ] || {
  stty "$saved" <&3
  printf '\033[?2026l\033[?2004l\033[?1006l\033[?1015l\033[?1003l\033[?1002l\033[?1000l\033[?1049l\033[?25h' >&3
}
"#;

/// The way to the guard, as long as there is one.
static PIPE: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// A guard, on its way or at work.
pub struct Guard(Option<Child>);

impl Guard {
    /// Sends for a guard. It takes some milliseconds to come, so this is done before anything else.
    /// Where there is no shell or no terminal, there is no guard.
    pub fn post() -> Guard {
        if !io::stdin().is_terminal() {
            return Guard(None);
        }
        let child = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        Guard(child.ok())
    }

    /// Waits until the guard has seen the terminal as it is: nothing about it may be changed before.
    pub fn stands(&mut self) {
        let Some(child) = &mut self.0 else { return };
        let mut answer = String::new();
        if let Some(output) = child.stdout.take() {
            let _ = BufReader::new(output).read_line(&mut answer);
        }
        if let (Ok(mut pipe), "ready\n") = (PIPE.lock(), &*answer) {
            *pipe = child.stdin.take();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Ok(mut pipe) = PIPE.lock() {
            *pipe = None;
        }
        if let Some(child) = &mut self.0 {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

/// Tells the guard whose the terminal is from now on.
pub fn tell(ours: bool) {
    let word: &[u8] = if ours { b"ours\n" } else { b"yours\n" };
    // Whoever panics or was signalled must not wait for somebody who does the same.
    let mut pipe = match PIPE.try_lock() {
        Ok(pipe) => pipe,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return,
    };
    if let Some(pipe) = pipe.as_mut() {
        let _ = pipe.write_all(word);
    }
}
