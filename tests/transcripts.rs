//! Stories of commands, each with the answers that the shell has to give: `tests/transcripts/*.txt`.
//!
//! A story is a terminal's text. `$ command` is typed on the laptop (`> ` continues it), what follows
//! is the answer, standard output and error as a terminal shows them, and `[exit N]` where the exit
//! code is not 0. Lines that begin with `# ` are headings. The same seed gives the same bytes, so
//! nothing is normalised. `UPDATE_TRANSCRIPTS=1 cargo test --test transcripts` writes the answers
//! anew; read the difference before you keep it.
// Tests look at the real world: files, clocks, processes.
#![allow(clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use podhop::cluster::{Cluster, Config};
use podhop::shell::{self, Files, Progress, Session, Typed};

const SETTLE: Duration = Duration::from_secs(60);
const LIMIT: Duration = Duration::from_secs(600);

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut stories: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("tests/transcripts is readable")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    stories.sort();
    let trials = stories
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Trial::test(name, move || tell(&path))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// Plays a story again and compares.
fn tell(path: &Path) -> Result<(), Failed> {
    let written = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let told = play(&written);
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        return fs::write(path, told).map_err(|error| Failed::from(error.to_string()));
    }
    if told == written {
        return Ok(());
    }
    let changes = similar::TextDiff::from_lines(&written, &told);
    Err(Failed::from(changes.unified_diff().context_radius(3).to_string()))
}

fn play(written: &str) -> String {
    let config = Config { nodes: 3, seed: 7, dns: true };
    let mut cluster = Cluster::new(&config, shell::programs());
    let mut session = Session::new(Files::new());
    let mut told = String::new();
    let mut lines = written.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("# ") {
            told += &format!("{line}\n\n");
        }
        let Some(command) = line.strip_prefix("$ ") else { continue };
        cluster.settle(SETTLE);
        told += &format!("{line}\n");
        let mut typed = session.type_line(command);
        while typed == Typed::Incomplete {
            let Some(more) = lines.next_if(|line| line.starts_with('>')) else { break };
            told += &format!("{more}\n");
            typed = session.type_line(more.strip_prefix("> ").unwrap_or(""));
        }
        told += &answer(&mut cluster, &mut session);
        told.push('\n');
    }
    format!("{}\n", told.trim_end())
}

fn answer(cluster: &mut Cluster, session: &mut Session) -> String {
    let limit = cluster.now() + LIMIT;
    while session.is_running() {
        match session.step(cluster) {
            Progress::Done(_) => break,
            Progress::Input => session.end_input(),
            Progress::Until(at) if at > limit => session.interrupt(cluster),
            Progress::Until(at) => cluster.advance_to(at),
        }
    }
    let chunks = session.take_output();
    let mut text: String =
        chunks.iter().map(|chunk| String::from_utf8_lossy(&chunk.bytes).into_owned()).collect();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if session.exit_code() != 0 {
        text += &format!("[exit {}]\n", session.exit_code());
    }
    text
}
