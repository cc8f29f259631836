//! The laptop's terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use super::console::Console;
use super::files::{HOME, USUAL_UMASK};
use super::machine::Machine;
use super::syntax::{Dialect, Fault};
use super::{
    Budget, Chunk, Completions, Files, Finished, Interrupted, Io, Order, Progress, Stdin, Step,
    Typed, UiRequest,
};
use crate::clock::SimTime;
use crate::cluster::{Cluster, Place, machine_environment};

/// The exit code of what was ended by SIGKILL.
const KILLED: i32 = 137;

/// An interactive shell on the laptop, and everything that was opened from it.
#[derive(Clone)]
pub struct Session {
    files: Files,
    console: Console,
    stdin: Stdin,
    /// What the running command asks with.
    asked: String,
    /// Whether the running command waits for a line.
    waits_for_line: bool,
    output: Vec<Chunk>,
    ui_requests: Vec<UiRequest>,
    /// What the running command may still use.
    budget: Budget,
    /// Whether the last command used up what it might, and was ended.
    exhausted: bool,
}

/// How many here-documents the end of a script may end.
const MOST_DOCUMENTS: usize = 8;

/// A script as bash reads it from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsFile {
    /// What is run of it.
    pub runs: String,
    /// What bash says of the rest on standard error.
    pub says: String,
    /// Whether it stops at a command that it cannot read, with exit code 2.
    pub fails: bool,
}

/// Output of one kind or the other, in the order it was written.
struct Sink<'a> {
    files: &'a mut Files,
    stdin: &'a mut Stdin,
    prompt: &'a mut String,
    ui_requests: &'a mut Vec<UiRequest>,
    budget: &'a mut Budget,
    terminal: bool,
}

impl Sink<'_> {
    /// Runs `act` with this view, and gives what was printed.
    fn with<T>(self, cluster: &mut Cluster, act: impl FnOnce(&mut Io<'_>) -> T) -> (T, Vec<Chunk>) {
        let (mut stdout, mut stderr, mut order) = (Vec::new(), Vec::new(), Order::default());
        let environment = BTreeMap::new();
        let result = act(&mut Io {
            cluster,
            place: &Place::Laptop,
            stdin: self.stdin,
            stdout: &mut stdout,
            stderr: &mut stderr,
            terminal: self.terminal,
            environment: &environment,
            directory: "",
            umask: USUAL_UMASK,
            files: self.files,
            ui_requests: self.ui_requests,
            prompt: self.prompt,
            order: &mut order,
            budget: self.budget,
        });
        let pieces = order.merge(&stdout, &stderr);
        let chunks =
            pieces.into_iter().map(|(error, bytes)| Chunk { error, bytes: bytes.to_vec() });
        (result, chunks.collect())
    }
}

/// A shell on the laptop as a player finds it.
pub(super) fn laptop() -> Machine {
    let mut machine =
        Machine::new(Place::Laptop, Dialect::Bash, machine_environment(&Place::Laptop));
    machine.make_interactive("bash", "");
    machine.set_pid(4242);
    machine.alias("k", "kubectl");
    machine.alias("ll", "ls -l");
    machine
}

impl Session {
    /// A session on the laptop, with these files in its working folder.
    pub fn new(files: Files) -> Session {
        Session {
            files,
            console: Console::new(laptop()),
            stdin: Stdin { terminal: true, ..Stdin::default() },
            asked: String::new(),
            waits_for_line: false,
            output: Vec::new(),
            ui_requests: Vec::new(),
            budget: Budget::default(),
            exhausted: false,
        }
    }

    /// The working folder.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The working folder, to change.
    pub fn files_mut(&mut self) -> &mut Files {
        &mut self.files
    }

    /// The prompt: `$ `, `> ` inside an unfinished command, `root@node-1:~# ` after `ssh`,
    /// `/ # ` inside a container.
    pub fn prompt(&self) -> String {
        if self.is_running() {
            return match self.waits_for_line {
                true => self.asked.clone(),
                false => String::new(),
            };
        }
        if self.console.is_unfinished() {
            return "> ".to_owned();
        }
        match self.console.machine.working_directory().strip_prefix(HOME) {
            Some("") => "$ ".to_owned(),
            Some(below) => format!("~{below} $ "),
            None => format!("{} $ ", self.console.machine.working_directory()),
        }
    }

    /// Whether a command is running.
    pub fn is_running(&self) -> bool {
        !self.console.machine.is_idle()
    }

    /// Whether the running command waits for a line: a nested shell at its prompt, for example.
    pub fn waits_for_line(&self) -> bool {
        self.is_running() && self.waits_for_line
    }

    /// Takes a line (or several) as typed. Syntax errors are printed as the shell prints them, and
    /// set the exit code to 2.
    pub fn type_line(&mut self, line: &str) -> Typed {
        self.budget = Budget::default();
        self.exhausted = false;
        if self.is_running() {
            self.stdin.bytes.drain(..self.stdin.read.min(self.stdin.bytes.len()));
            self.stdin.read = 0;
            self.stdin.bytes.extend_from_slice(line.as_bytes());
            self.stdin.bytes.push(b'\n');
            return Typed::Running;
        }
        self.stdin = Stdin { terminal: true, ..Stdin::default() };
        self.asked.clear();
        let (typed, message) = self.console.feed(line);
        if let Some(message) = message {
            self.output.push(Chunk { error: true, bytes: format!("{message}\n").into_bytes() });
        }
        typed
    }

    /// What becomes of a script that bash reads from a file, command by command: whatever comes before a
    /// command that cannot be read is run, and the end of the file ends a here-document.
    pub fn as_file(&self, script: &str) -> AsFile {
        let mut read = AsFile { runs: script.to_owned(), says: String::new(), fails: false };
        for _ in 0..MOST_DOCUMENTS {
            let machine = &self.console.machine;
            let Some((begins, error)) = machine.first_fault(&read.runs) else { return read };
            if let Fault::HereDocument { delimiter } = &error.fault {
                read.says += &format!(
                    "bash: warning: here-document at line {} delimited by end-of-file (wanted `{delimiter}')\n",
                    begins.line
                );
                if !read.runs.ends_with('\n') {
                    read.runs.push('\n');
                }
                read.runs += &format!("{delimiter}\n");
                continue;
            }
            read.says += &format!("{}\n", machine.syntax_message(&read.runs, &error));
            read.fails = true;
            read.runs.truncate(begins.at);
        }
        read
    }

    /// Goes on with the running command until it waits or ends.
    pub fn step(&mut self, cluster: &mut Cluster) -> Progress {
        self.waits_for_line = false;
        self.stdin.awaited = false;
        self.budget.begin(cluster.now());
        let was_running = self.is_running();
        let (console, sink) = self.console_and_sink();
        let (step, chunks) = sink.with(cluster, |io| console.machine.step(io));
        self.budget.print(chunks.iter().map(|chunk| chunk.bytes.len()).sum());
        self.output.extend(chunks);
        if let Some(told) = self.budget.exhaustion().filter(|_| was_running) {
            return self.end(&told);
        }
        match step {
            Step::Exit(status) => {
                if was_running {
                    self.finish();
                }
                Progress::Done(status)
            }
            Step::Until(at) => {
                // Whoever waits for a line may have something else to do meanwhile.
                self.waits_for_line = self.stdin.awaited;
                Progress::Until(at)
            }
            Step::Input => {
                self.waits_for_line = true;
                Progress::Input
            }
        }
    }

    /// Goes on with what runs in the background while the prompt waits; when it is due next.
    pub fn step_background(&mut self, cluster: &mut Cluster) -> Option<SimTime> {
        if self.is_running() {
            return None;
        }
        self.budget.begin(cluster.now());
        let (console, sink) = self.console_and_sink();
        let (wake, chunks) = sink.with(cluster, |io| console.machine.step_jobs(io));
        self.budget.print(chunks.iter().map(|chunk| chunk.bytes.len()).sum());
        self.output.extend(chunks);
        if let Some(told) = self.budget.exhaustion() {
            self.end(&told);
            return None;
        }
        wake.map(|at| at.max(cluster.now() + Duration::from_micros(1)))
    }

    /// The shell, and what its commands read from and write to.
    fn console_and_sink(&mut self) -> (&mut Console, Sink<'_>) {
        let sink = Sink {
            files: &mut self.files,
            stdin: &mut self.stdin,
            prompt: &mut self.asked,
            ui_requests: &mut self.ui_requests,
            budget: &mut self.budget,
            terminal: true,
        };
        (&mut self.console, sink)
    }

    /// Ends a command that has used up what it may, and says so.
    fn end(&mut self, told: &str) -> Progress {
        self.console.machine.end_at_once(KILLED);
        self.console.machine.stay();
        self.output.push(Chunk { error: true, bytes: format!("{told}\n").into_bytes() });
        self.budget = Budget::default();
        self.exhausted = true;
        self.finish();
        Progress::Done(KILLED)
    }

    /// How much the last step has done, in steps of a cluster that take about as long.
    pub fn worked(&self) -> u32 {
        self.budget.worked()
    }

    /// After a command: lines typed too early become the next commands' affair no more.
    fn finish(&mut self) {
        self.stdin = Stdin { terminal: true, ..Stdin::default() };
        self.asked.clear();
        if self.console.machine.is_leaving() {
            self.ui_requests.push(UiRequest::Leave);
            self.console.machine.stay();
        }
    }

    /// Ctrl-D: the standard input of the running command ends. At an empty outermost prompt the
    /// session asks for [`UiRequest::Leave`].
    pub fn end_input(&mut self) {
        if self.is_running() {
            self.stdin.closed = true;
        } else if self.console.is_unfinished() {
            if let Some(message) = self.console.end_unfinished() {
                self.output.push(Chunk { error: true, bytes: format!("{message}\n").into_bytes() });
            }
        } else {
            self.ui_requests.push(UiRequest::Leave);
        }
    }

    /// Ctrl-C: ends the running command with exit code 130, or forgets an unfinished one.
    pub fn interrupt(&mut self, cluster: &mut Cluster) {
        if !self.is_running() {
            self.console.forget();
            self.console.machine.set_status(130);
            return;
        }
        let (console, sink) = self.console_and_sink();
        let (interrupted, chunks) = sink.with(cluster, |io| console.machine.interrupt(io));
        self.output.extend(chunks);
        if interrupted == Interrupted::Ended {
            self.finish();
        }
    }

    /// Takes the output since the last call.
    pub fn take_output(&mut self) -> Vec<Chunk> {
        std::mem::take(&mut self.output)
    }

    /// Takes what the shell wants from the game.
    pub fn take_ui_requests(&mut self) -> Vec<UiRequest> {
        std::mem::take(&mut self.ui_requests)
    }

    /// The exit code of the last command.
    pub fn exit_code(&self) -> i32 {
        self.console.machine.status()
    }

    /// Whether the last command used up what one command may take, and was ended.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// Takes what is to run when the shell ends (`trap … EXIT`): the end of a script that was typed is one,
    /// though the terminal goes on.
    pub fn take_exit_trap(&mut self) -> Option<String> {
        self.console.machine.take_exit_trap()
    }

    /// What could stand at `cursor` (a byte offset) in `line`.
    pub fn complete(&self, cluster: &Cluster, line: &str, cursor: usize) -> Completions {
        super::complete::complete(&self.console.machine, &self.files, cluster, line, cursor)
    }

    /// Runs a whole script to its end, advancing the cluster as it waits, for `limit` of simulated
    /// time at most; then it is interrupted.
    pub fn run(&mut self, cluster: &mut Cluster, script: &str, limit: Duration) -> Finished {
        let mut machine = self.console.machine.clone();
        machine.unwind();
        machine.run_text(script);
        let finished = drive(&mut machine, cluster, &mut self.files, &mut self.ui_requests, limit);
        machine.stay();
        if !self.is_running() {
            self.console.machine = machine;
        }
        finished
    }
}

/// Runs a machine to its end, or for `limit` of simulated time.
pub(super) fn drive(
    machine: &mut Machine,
    cluster: &mut Cluster,
    files: &mut Files,
    ui_requests: &mut Vec<UiRequest>,
    limit: Duration,
) -> Finished {
    let deadline = cluster.now() + limit;
    let (mut stdin, mut prompt) = (Stdin::default(), String::new());
    let (mut finished, mut budget) = (Finished::default(), Budget::default());
    let first = cluster.next_deed();
    let mut collect = |chunks: Vec<Chunk>| {
        for chunk in chunks {
            match chunk.error {
                true => finished.stderr.extend(chunk.bytes),
                false => finished.stdout.extend(chunk.bytes),
            }
        }
    };
    loop {
        budget.begin(cluster.now());
        let sink = Sink {
            files,
            stdin: &mut stdin,
            prompt: &mut prompt,
            ui_requests,
            budget: &mut budget,
            terminal: false,
        };
        let (mut step, mut chunks) = sink.with(cluster, |io| machine.step(io));
        budget.print(chunks.iter().map(|chunk| chunk.bytes.len()).sum());
        if let Some(told) = budget.exhaustion() {
            machine.end_at_once(KILLED);
            chunks.push(Chunk { error: true, bytes: format!("{told}\n").into_bytes() });
            finished.exhausted = true;
            step = Step::Exit(KILLED);
        }
        collect(chunks);
        let until = match step {
            Step::Exit(status) => {
                finished.exit = status;
                finished.deeds = cluster.typed_since(first);
                return finished;
            }
            // Nobody types: it waits for ever.
            Step::Input => deadline,
            Step::Until(at) => at.max(cluster.now() + Duration::from_micros(1)),
        };
        if until >= deadline {
            cluster.advance_to(deadline.max(cluster.now()));
            break;
        }
        cluster.advance_to(until);
    }
    let mut sink = (files, ui_requests, &mut budget);
    interrupt(machine, cluster, &mut sink, &mut collect);
    finished.exit = 130;
    finished.interrupted = true;
    finished.deeds = cluster.typed_since(first);
    finished
}

/// Ctrl-C, again until nothing handles it any more.
fn interrupt(
    machine: &mut Machine,
    cluster: &mut Cluster,
    (files, ui_requests, budget): &mut (&mut Files, &mut Vec<UiRequest>, &mut Budget),
    collect: &mut dyn FnMut(Vec<Chunk>),
) {
    let (mut stdin, mut prompt) = (Stdin { closed: true, ..Stdin::default() }, String::new());
    for _ in 0..10 {
        let sink = Sink {
            files,
            stdin: &mut stdin,
            prompt: &mut prompt,
            ui_requests,
            budget,
            terminal: false,
        };
        let (ended, chunks) = sink.with(cluster, |io| {
            let ended = machine.interrupt(io) == Interrupted::Ended;
            ended || machine.step(io) == Step::Exit(machine.status())
        });
        collect(chunks);
        if ended {
            break;
        }
    }
    machine.unwind();
}
