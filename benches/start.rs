//! From process start to the first frame, in a pseudo-terminal.
#![cfg(unix)]

use std::io::Read;

use divan::Bencher;
use portable_pty::{Child, CommandBuilder, MasterPty, PtyPair, PtySize, native_pty_system};

fn main() {
    divan::main();
}

/// Until the trail's first words have been written.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn first_frame(bencher: Bencher<'_, '_>) {
    let home = tempfile::tempdir().expect("a temporary folder");
    bencher.with_inputs(pseudo_terminal).bench_local_values(|pair| {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_podhop"));
        command.env("PODHOP_HOME", home.path());
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).expect("podhop starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let mut seen = Vec::new();
        let mut bytes = [0; 4096];
        while !String::from_utf8_lossy(&seen).contains("Localhost") {
            match reader.read(&mut bytes) {
                Ok(read @ 1..) => seen.extend_from_slice(&bytes[..read]),
                _ => break,
            }
        }
        Running { child, _terminal: pair.master }
    });
}

fn pseudo_terminal() -> PtyPair {
    let size = PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 };
    native_pty_system().openpty(size).expect("a pseudo-terminal")
}

/// A game on its terminal. The bench drops it after the clock has stopped: ending a process
/// politely takes longer than starting one.
struct Running {
    child: Box<dyn Child + Send + Sync>,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().expect("it ends");
        self.child.wait().expect("it ends");
    }
}
