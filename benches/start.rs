//! From process start to the first frame, in a pseudo-terminal.
#![cfg(unix)]

use std::io::Read;

use divan::Bencher;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

fn main() {
    divan::main();
}

/// Until the trail's first words have been written.
#[divan::bench(sample_count = 30)]
fn first_frame(bencher: Bencher<'_, '_>) {
    let home = tempfile::tempdir().expect("a temporary folder");
    bencher.bench_local(|| {
        let size = PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_podhop"));
        command.env("PODHOP_HOME", home.path());
        command.env("TERM", "xterm-256color");
        let mut child = pair.slave.spawn_command(command).expect("podhop starts");
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
        child.kill().expect("it ends");
        child.wait().expect("it ends");
    });
}
