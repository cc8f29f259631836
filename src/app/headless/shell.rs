//! `podhop shell [LEVEL]`: commands in, answers out, one at a time.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use super::{Ended, Output, level, read_files};
use crate::app::cli::ShellArgs;
use crate::clock::SimTime;
use crate::cluster::{Cluster, Config};
use crate::level::{Attempt, Pack};
use crate::shell::{self, Chunk, Files, Progress, Session, Typed, Wish};

/// Time that the cluster is given to come to rest before each command.
const SETTLE: Duration = Duration::from_secs(60);

/// A command that has not ended after this long in simulated time is interrupted.
const LIMIT: Duration = Duration::from_secs(3600);

/// Reads commands from standard input until its end.
pub fn shell(arguments: &ShellArgs, pack: impl FnOnce() -> Result<Pack, super::Usage>) -> Ended {
    let files = match &arguments.dir {
        Some(folder) => Some(read_files(folder)?),
        None => None,
    };
    let desk = match &arguments.level {
        Some(name) => {
            let pack = pack()?;
            let attempt = Attempt::open(level(&pack, name)?.clone(), arguments.seed);
            Desk::at_level(attempt, files)
        }
        None => Desk::empty(arguments, files.unwrap_or_default()),
    };
    let mut conversation = Conversation {
        desk,
        json: arguments.json,
        prompt: io::stdin().is_terminal() && !arguments.json,
        out: Output::new(),
        pending: String::new(),
        left: false,
    };
    conversation.hold(io::stdin().lock());
    Ok(ExitCode::from(conversation.desk.session().exit_code().rem_euclid(256) as u8))
}

/// A terminal and the cluster it talks to.
enum Desk {
    /// A level's: its events happen too.
    Level(Box<Attempt>),
    /// An empty cluster's.
    Free(Box<(Cluster, Session)>),
}

impl Desk {
    fn at_level(mut attempt: Attempt, files: Option<Files>) -> Desk {
        if let Some(files) = files {
            attempt.session_mut().files_mut().extend(files);
        }
        Desk::Level(Box::new(attempt))
    }

    fn empty(arguments: &ShellArgs, files: Files) -> Desk {
        let config = Config {
            nodes: arguments.nodes,
            seed: arguments.seed,
            dns: true,
            dual_stack: arguments.dual_stack,
        };
        let mut cluster = Cluster::new(&config, shell::programs());
        cluster.set_zones(&arguments.zones);
        if arguments.cloud {
            cluster.join_cloud();
        }
        if arguments.ingress {
            cluster.install_ingress_controller();
        }
        Desk::Free(Box::new((cluster, Session::new(files))))
    }

    fn cluster(&mut self) -> &mut Cluster {
        match self {
            Desk::Level(attempt) => attempt.cluster_mut(),
            Desk::Free(both) => &mut both.0,
        }
    }

    fn session(&self) -> &Session {
        match self {
            Desk::Level(attempt) => attempt.session(),
            Desk::Free(both) => &both.1,
        }
    }

    fn session_mut(&mut self) -> &mut Session {
        match self {
            Desk::Level(attempt) => attempt.session_mut(),
            Desk::Free(both) => &mut both.1,
        }
    }

    /// Goes on with the running command until it has ended or reads its input.
    fn run(&mut self, limit: SimTime) -> Ran {
        match self {
            Desk::Level(attempt) => match attempt.run_session(limit) {
                Some(Progress::Input) => Ran::Reads,
                Some(_) => Ran::Ended,
                None => Ran::TooLong,
            },
            Desk::Free(both) => {
                let (cluster, session) = both.as_mut();
                loop {
                    match session.step(cluster) {
                        Progress::Done(_) => return Ran::Ended,
                        Progress::Input => return Ran::Reads,
                        Progress::Until(at) if at > limit => return Ran::TooLong,
                        Progress::Until(at) => cluster.advance_to(at),
                    }
                }
            }
        }
    }

    fn interrupt(&mut self) {
        match self {
            Desk::Level(attempt) => attempt.interrupt(),
            Desk::Free(both) => both.1.interrupt(&mut both.0),
        }
    }
}

/// How far a command came.
enum Ran {
    Ended,
    Reads,
    TooLong,
}

struct Conversation {
    desk: Desk,
    json: bool,
    prompt: bool,
    out: Output,
    /// The lines of a command that is not complete yet.
    pending: String,
    left: bool,
}

impl Conversation {
    fn hold(&mut self, mut input: impl BufRead) {
        let mut line = Vec::new();
        while !self.left && !self.out.is_closed() {
            if self.prompt {
                print!("{}", self.desk.session().prompt());
                let _ = io::stdout().flush();
            }
            line.clear();
            match input.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) => {
                    let text = String::from_utf8_lossy(&line).into_owned();
                    self.take(text.trim_end_matches(['\n', '\r']), &mut input);
                }
            }
        }
        self.end();
    }

    /// Takes one line: a command, or a part of one.
    fn take(&mut self, line: &str, input: &mut impl BufRead) {
        if self.pending.is_empty() {
            self.desk.cluster().settle(SETTLE);
        } else {
            self.pending.push('\n');
        }
        self.pending.push_str(line);
        match self.desk.session_mut().type_line(line) {
            Typed::Incomplete => return,
            Typed::Nothing => {
                // A syntax error is an answer too.
                let chunks = self.desk.session_mut().take_output();
                if !chunks.is_empty() {
                    self.answer(&chunks);
                }
                self.pending.clear();
                return;
            }
            Typed::Running => {}
        }
        self.finish(input);
    }

    /// Runs a complete command to its end and prints its answer.
    fn finish(&mut self, input: &mut impl BufRead) {
        let limit = self.desk.cluster().now() + LIMIT;
        let mut chunks = Vec::new();
        loop {
            match self.desk.run(limit) {
                Ran::Ended => break,
                Ran::Reads => {
                    chunks.extend(self.desk.session_mut().take_output());
                    let mut line = String::new();
                    if input.read_line(&mut line).is_ok_and(|read| read > 0) {
                        self.desk.session_mut().type_line(line.trim_end_matches(['\n', '\r']));
                    } else {
                        self.desk.session_mut().end_input();
                    }
                }
                Ran::TooLong => {
                    self.desk.interrupt();
                    let told = "podhop: stopped after an hour of simulated time\n";
                    chunks.extend(self.desk.session_mut().take_output());
                    chunks.push(Chunk { error: true, bytes: told.into() });
                    break;
                }
            }
        }
        chunks.extend(self.desk.session_mut().take_output());
        for wish in self.desk.session_mut().take_wishes() {
            match wish {
                Wish::Leave => self.left = true,
                Wish::ClearScreen => {}
                Wish::Edit(file) => {
                    let told = format!(
                        "podhop: there is no editor here; write {file} with cat > {file} <<'EOF'\n"
                    );
                    chunks.push(Chunk { error: true, bytes: told.into() });
                }
            }
        }
        self.answer(&chunks);
        self.pending.clear();
    }

    fn answer(&mut self, chunks: &[Chunk]) {
        if !self.json {
            for chunk in chunks {
                if chunk.error {
                    let text = String::from_utf8_lossy(&chunk.bytes);
                    eprint!("{}", crate::diagnostic::printable(&text));
                } else {
                    self.out.write(&chunk.bytes);
                }
            }
            return;
        }
        let stream = |error: bool| {
            let parts = chunks.iter().filter(|chunk| chunk.error == error);
            let bytes: Vec<u8> = parts.flat_map(|chunk| chunk.bytes.iter().copied()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let object = json!({
            "command": self.pending,
            "stdout": stream(false),
            "stderr": stream(true),
            "exit": self.desk.session().exit_code(),
            "at": self.desk.cluster().now().as_millis(),
        });
        self.out.line(object.to_string());
    }

    /// The input has ended, perhaps in the middle of a command.
    fn end(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let told = "bash: syntax error: unexpected end of file\n";
        self.desk.interrupt();
        let mut chunks = self.desk.session_mut().take_output();
        chunks.push(Chunk { error: true, bytes: told.into() });
        self.answer(&chunks);
        self.pending.clear();
    }
}
