//! `podhop shell [LEVEL]`: commands in, answers out, one at a time.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::lines::{Lines, Read};
use super::requests::{self, Sent};
use super::{Ended, Output, Usage, level_on, read_folder_of};
use crate::app::cli::ShellArgs;
use crate::clock::SimTime;
use crate::cluster::{Cluster, Config};
use crate::level::{Attempt, Level, Pack};
use crate::shell::{self, Chunk, Files, Progress, Session, Typed, UiRequest};

/// Time that the cluster is given to come to rest before each command.
const SETTLE: Duration = Duration::from_secs(60);

/// A command that has not ended after this long in simulated time is interrupted.
const LIMIT: Duration = Duration::from_secs(3600);

/// A command runs so far in simulated time before Ctrl-C is looked for again.
const SLICE: Duration = Duration::from_secs(1);

/// Reads commands from standard input until its end.
pub fn shell(arguments: &ShellArgs, pack: &dyn Fn() -> Result<Pack, Usage>) -> Ended {
    let files = match &arguments.dir {
        Some(folder) => Some(read_folder_of(folder)?),
        None => None,
    };
    let at = match &arguments.level {
        Some(name) => Ground::Level(level_on(&pack()?, name, arguments.seed)?),
        None => Ground::Empty(arguments.into()),
    };
    let seed = arguments.seed.unwrap_or_else(|| at.first_seed());
    let desk = Desk::open(at, seed, files.unwrap_or_default(), pack);
    let person = io::stdin().is_terminal() && !arguments.json;
    let mut conversation = Conversation {
        desk,
        json: arguments.json,
        lines: Lines::open(person),
        interrupted: Arc::default(),
        out: Output::new(),
        pending: String::new(),
        left: false,
        ui_requests: Vec::new(),
        answers: 0,
    };
    if person {
        conversation.heed_interrupts();
    }
    conversation.hold();
    Ok(ExitCode::from(conversation.desk.session().exit_code().rem_euclid(256) as u8))
}

/// What a terminal's cluster is made of.
enum Ground {
    /// A level.
    Level(Arc<Level>),
    /// Nothing but nodes.
    Empty(Bare),
}

impl Ground {
    /// The seed where none is given.
    fn first_seed(&self) -> u64 {
        match self {
            Ground::Level(level) => level.first_seed(),
            Ground::Empty(_) => 1,
        }
    }
}

/// A cluster without anything in it.
#[derive(Clone)]
struct Bare {
    nodes: u32,
    zones: Vec<String>,
    cloud: bool,
    dual_stack: bool,
    ingress: bool,
}

impl From<&ShellArgs> for Bare {
    fn from(arguments: &ShellArgs) -> Bare {
        Bare {
            nodes: arguments.nodes,
            zones: arguments.zones.clone(),
            cloud: arguments.cloud,
            dual_stack: arguments.dual_stack,
            ingress: arguments.ingress,
        }
    }
}

impl Bare {
    fn cluster(&self, seed: u64) -> Cluster {
        let config = Config { nodes: self.nodes, seed, dns: true, dual_stack: self.dual_stack };
        let mut cluster = Cluster::new(&config, shell::programs());
        cluster.set_zones(&self.zones);
        if self.cloud {
            cluster.join_cloud();
        }
        if self.ingress {
            cluster.install_ingress_controller();
        }
        cluster
    }
}

/// A terminal and the cluster it talks to, and how both began.
pub struct Desk<'a> {
    ground: Ground,
    seed: u64,
    /// What the working folder began with, beside a level's own files.
    files: Files,
    /// Where levels come from.
    pack: &'a dyn Fn() -> Result<Pack, Usage>,
    now: Now,
}

/// A terminal and its cluster as they are.
enum Now {
    /// A level's: its events happen too.
    Level(Box<Attempt>),
    /// An empty cluster's.
    Free(Box<(Cluster, Session)>),
}

impl<'a> Desk<'a> {
    fn open(
        ground: Ground,
        seed: u64,
        files: Files,
        pack: &'a dyn Fn() -> Result<Pack, Usage>,
    ) -> Desk<'a> {
        let now = match &ground {
            Ground::Level(level) => {
                let mut attempt = Attempt::open(Arc::clone(level), seed);
                attempt.session_mut().files_mut().extend(files.clone());
                Now::Level(Box::new(attempt))
            }
            Ground::Empty(bare) => {
                Now::Free(Box::new((bare.cluster(seed), Session::new(files.clone()))))
            }
        };
        Desk { ground, seed, files, pack, now }
    }

    /// Begins anew, on this seed where one is given.
    pub fn reset(&mut self, seed: Option<u64>) {
        let seed = seed.unwrap_or(self.seed);
        let empty = Ground::Empty(Bare {
            nodes: 1,
            zones: Vec::new(),
            cloud: false,
            dual_stack: false,
            ingress: false,
        });
        let ground = std::mem::replace(&mut self.ground, empty);
        *self = Desk::open(ground, seed, std::mem::take(&mut self.files), self.pack);
    }

    /// Opens a level in the place of whatever is there.
    ///
    /// # Errors
    /// When there is no such level.
    pub fn turn_to(&mut self, name: &str, seed: Option<u64>) -> Result<&mut Attempt, Usage> {
        let level = level_on(&(self.pack)()?, name, seed)?;
        let seed = seed.unwrap_or(level.first_seed());
        *self = Desk::open(Ground::Level(level), seed, Files::new(), self.pack);
        match &mut self.now {
            Now::Level(attempt) => Ok(attempt),
            Now::Free(_) => Err(Usage(format!("{name} is no level"))),
        }
    }

    /// The seed that it was opened on.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The level's attempt, where there is one.
    pub fn attempt_mut(&mut self) -> Option<&mut Attempt> {
        match &mut self.now {
            Now::Level(attempt) => Some(attempt),
            Now::Free(_) => None,
        }
    }

    /// Its cluster.
    pub fn cluster(&mut self) -> &mut Cluster {
        match &mut self.now {
            Now::Level(attempt) => attempt.cluster_mut(),
            Now::Free(both) => &mut both.0,
        }
    }

    /// Its terminal.
    pub fn session(&self) -> &Session {
        match &self.now {
            Now::Level(attempt) => attempt.session(),
            Now::Free(both) => &both.1,
        }
    }

    /// Its terminal, to type in.
    pub fn session_mut(&mut self) -> &mut Session {
        match &mut self.now {
            Now::Level(attempt) => attempt.session_mut(),
            Now::Free(both) => &mut both.1,
        }
    }

    /// Goes on with the running command until it has ended or reads its input.
    fn run(&mut self, limit: SimTime) -> Ran {
        match &mut self.now {
            Now::Level(attempt) => match attempt.run_session(limit) {
                Some(Progress::Input) => Ran::Reads,
                Some(_) => Ran::Ended,
                None => Ran::TooLong,
            },
            Now::Free(both) => {
                let (cluster, session) = both.as_mut();
                loop {
                    match session.step(cluster) {
                        Progress::Done(_) => return Ran::Ended,
                        Progress::Input => return Ran::Reads,
                        Progress::Until(_) if session.waits_for_line() => return Ran::Reads,
                        Progress::Until(at) if at > limit => return Ran::TooLong,
                        Progress::Until(at) => cluster.advance_to(at),
                    }
                }
            }
        }
    }

    /// Lets time pass; what the level tells meanwhile.
    pub fn advance_to(&mut self, until: SimTime) -> Vec<String> {
        match &mut self.now {
            Now::Level(attempt) => attempt.advance_to(until),
            Now::Free(both) => {
                let (cluster, session) = both.as_mut();
                while let Some(at) = session.step_background(cluster).filter(|at| *at <= until) {
                    cluster.advance_to(at);
                }
                cluster.advance_to(until);
                Vec::new()
            }
        }
    }

    fn interrupt(&mut self) {
        match &mut self.now {
            Now::Level(attempt) => attempt.interrupt(),
            Now::Free(both) => both.1.interrupt(&mut both.0),
        }
    }
}

/// How far a command came.
enum Ran {
    Ended,
    Reads,
    /// It would go on after the moment that was set.
    TooLong,
}

struct Conversation<'a> {
    desk: Desk<'a>,
    json: bool,
    lines: Lines,
    /// Ctrl-C was pressed while a command ran.
    interrupted: Arc<AtomicBool>,
    out: Output,
    /// The lines of a command that is not complete yet.
    pending: String,
    left: bool,
    /// What commands asked of whoever draws the screen, and has not been answered.
    ui_requests: Vec<UiRequest>,
    /// How many answers were given.
    answers: u64,
}

impl Conversation<'_> {
    /// Ctrl-C while a command runs stops the command, and podhop goes on.
    fn heed_interrupts(&self) {
        #[cfg(unix)]
        let _ =
            signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&self.interrupted));
    }

    fn hold(&mut self) {
        while !self.left && !self.out.is_closed() {
            let prompt = self.desk.session().prompt().clone();
            match self.lines.next(&prompt) {
                Read::Line(line) => self.take(&line),
                Read::Interrupted => {
                    self.desk.interrupt();
                    self.desk.session_mut().take_output();
                    self.pending.clear();
                }
                Read::End => break,
            }
        }
        self.end();
    }

    /// Takes one line: a command, or a part of one.
    fn take(&mut self, line: &str) {
        if self.json && self.pending.is_empty() {
            match requests::read(line) {
                Sent::Line => {}
                Sent::Request(request) => {
                    let answer = request.answer(&mut self.desk);
                    return self.out.json(&answer);
                }
                Sent::Wrong(error) => return self.out.json(&error),
                Sent::Command(command) => {
                    let before = self.answers;
                    command.lines().for_each(|line| self.take_command(line));
                    self.end();
                    if self.answers == before {
                        // Whoever asks waits for an answer, though there was nothing to do.
                        self.pending = command;
                        self.answer(&[]);
                        self.pending.clear();
                    }
                    return;
                }
            }
        }
        self.take_command(line);
    }

    fn take_command(&mut self, line: &str) {
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
        self.finish();
    }

    /// Runs a complete command to its end and prints its answer.
    fn finish(&mut self) {
        let chunks = self.run();
        self.answer_with(chunks);
    }

    /// Runs a command to its end, to Ctrl-C or to the limit. What it prints is shown as it comes,
    /// but for programs, which read one answer a command.
    fn run(&mut self) -> Vec<Chunk> {
        let limit = self.desk.cluster().now() + LIMIT;
        let mut chunks = Vec::new();
        self.interrupted.store(false, Ordering::SeqCst);
        loop {
            let slice = limit.min(self.desk.cluster().now() + SLICE);
            let ran = self.desk.run(slice);
            chunks.extend(self.desk.session_mut().take_output());
            if !self.json {
                self.answer(&std::mem::take(&mut chunks));
            }
            self.ui_requests.extend(self.desk.session_mut().take_ui_requests());
            let edits =
                self.ui_requests.iter().any(|request| matches!(request, UiRequest::Edit(_)));
            if edits && !matches!(ran, Ran::Ended) {
                // It waits for an editor that nobody opens.
                self.desk.interrupt();
                break;
            }
            if self.interrupted.swap(false, Ordering::SeqCst) && !matches!(ran, Ran::Ended) {
                self.desk.interrupt();
                break;
            }
            match ran {
                Ran::Ended => break,
                Ran::Reads => match self.lines.for_command() {
                    Read::Line(line) => {
                        self.desk.session_mut().type_line(&line);
                    }
                    Read::End => self.desk.session_mut().end_input(),
                    Read::Interrupted => {
                        self.desk.interrupt();
                        break;
                    }
                },
                Ran::TooLong if slice < limit => {
                    self.desk.advance_to(slice);
                }
                Ran::TooLong => {
                    self.desk.interrupt();
                    chunks.extend(self.desk.session_mut().take_output());
                    let told = "podhop: stopped after an hour of simulated time\n";
                    chunks.push(Chunk { error: true, bytes: told.into() });
                    break;
                }
            }
        }
        chunks
    }

    fn answer_with(&mut self, mut chunks: Vec<Chunk>) {
        chunks.extend(self.desk.session_mut().take_output());
        self.ui_requests.extend(self.desk.session_mut().take_ui_requests());
        for request in std::mem::take(&mut self.ui_requests) {
            match request {
                UiRequest::Leave => self.left = true,
                UiRequest::ClearScreen => {}
                UiRequest::Edit(file) => {
                    let told = format!(
                        "podhop: there is no editor here; set EDITOR to a program that changes \
                         {file} by itself, such as sed -i, or write a file with cat > FILE <<'EOF'\n"
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
                    // Whether anybody reads it does not matter.
                    let _ = write!(io::stderr(), "{}", crate::diagnostic::printable(&text));
                } else {
                    self.out.write(&chunk.bytes);
                }
            }
            return;
        }
        self.answers += 1;
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
        self.out.json(&object);
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
