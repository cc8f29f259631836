//! Shells as commands: scripts, prompts within a terminal, and what tools run by themselves.

use std::collections::BTreeMap;

use super::machine::Machine;
use super::syntax::Dialect;
use super::{Interrupted, Io, Stdin, Step, Tool, console};
use crate::cluster::{Flavour, Place};
use crate::network::ProcessId;

/// A shell as a command.
#[derive(Clone)]
struct Script {
    machine: Machine,
    /// Whether it has begun: until then it is where its caller is.
    begun: bool,
}

/// A shell as a command of another one.
pub(super) fn script(machine: Machine) -> Box<dyn Tool> {
    Box::new(Script { machine, begun: true })
}

impl Tool for Script {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if !std::mem::replace(&mut self.begun, true) {
            self.machine.set_directory(io.directory);
            self.machine.set_umask(io.umask);
        }
        self.machine.step(io)
    }

    fn inner(&mut self) -> Option<&mut dyn Tool> {
        Some(&mut self.machine)
    }

    fn signal(&mut self, io: &mut Io<'_>, name: &'static str, group: bool) -> bool {
        let heeds = self.machine.signal(name);
        if heeds && group {
            self.machine.end_started(io, name);
        }
        heeds
    }
}

impl Tool for Machine {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        Machine::step(self, io)
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        Machine::interrupt(self, io)
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        Machine::terminate(self, io);
    }
}

/// A shell without a script: at a terminal it asks for commands, and else it reads them.
#[derive(Clone)]
struct Undecided {
    reader: Box<dyn Tool>,
    console: Box<dyn Tool>,
    /// Whether it asks; nobody knows before its first step.
    asks: Option<bool>,
}

impl Undecided {
    fn chosen(&mut self, terminal: bool) -> &mut Box<dyn Tool> {
        match *self.asks.get_or_insert(terminal) {
            true => &mut self.console,
            false => &mut self.reader,
        }
    }
}

impl Tool for Undecided {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        self.chosen(io.stdin.terminal).step(io)
    }

    fn inner(&mut self) -> Option<&mut dyn Tool> {
        Some(&mut **self.chosen(false))
    }

    fn signal(&mut self, io: &mut Io<'_>, name: &'static str, group: bool) -> bool {
        self.chosen(io.stdin.terminal).signal(io, name, group)
    }
}

/// Where and with what a shell is started as a command.
pub(super) struct Start<'a> {
    /// Where.
    pub place: &'a Place,
    /// Whose tools are there.
    pub flavour: Flavour,
    /// Exported variables.
    pub environment: &'a BTreeMap<String, String>,
    /// The container's process that it is part of.
    pub process: Option<ProcessId>,
    /// Signals that whoever starts it ignores.
    pub ignored: &'a [String],
}

/// `sh`, `bash` and their kin as commands: a script, or at a terminal a prompt.
pub(super) fn shell(name: &str, arguments: &[String], start: Start<'_>) -> Option<Box<dyn Tool>> {
    let Start { place, flavour, environment, process, ignored } = start;
    let dialect = Dialect::of_program(name, flavour)?;
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let place = place.clone();
    let options = |argument: &String| argument.starts_with('-') && !argument.contains('c');
    let login = arguments.iter().any(|argument| argument == "-l" || argument == "--login");
    let mut all = vec![name.to_owned()];
    all.extend_from_slice(arguments);
    if arguments.iter().all(options) {
        let mut machine = Machine::started(place.clone(), dialect, environment.clone(), &all);
        machine.ignore(ignored);
        if let Some(process) = process {
            machine.set_process(process);
        }
        let reader = Box::new(Script { machine, begun: false });
        let console = console::nested(place, dialect, environment, login);
        let asks =
            arguments.iter().any(|argument| argument.contains('i') && !argument.starts_with("--"));
        return Some(Box::new(Undecided { reader, console, asks: asks.then_some(true) }));
    }
    let mut machine = Machine::started(place, dialect, environment, &all);
    machine.ignore(ignored);
    if let Some(process) = process {
        machine.set_process(process);
    }
    Some(Box::new(Script { machine, begun: false }))
}

/// A command line that a tool has started and waits for.
#[derive(Clone)]
pub(super) struct Child {
    shell: Machine,
    /// What it reads; standard input is the tool's own when `None`.
    input: Option<Stdin>,
    /// What it has printed, when that is the answer.
    output: Option<Vec<u8>>,
}

impl Child {
    /// Starts it; `kept`: what it prints is the answer.
    pub fn start(io: &Io<'_>, text: &str, input: Option<Vec<u8>>, kept: bool) -> Child {
        let line = ["sh".to_owned(), "-c".to_owned(), text.to_owned()];
        Child {
            shell: words(io, &line, io.environment),
            input: input.map(Stdin::of),
            output: kept.then(Vec::new),
        }
    }

    /// Goes on with it.
    pub fn step(&mut self, io: &mut Io<'_>) -> Step {
        let mut inner = io.at(io.place);
        if let Some(input) = &mut self.input {
            inner.stdin = input;
        }
        if let Some(output) = &mut self.output {
            inner.stdout = output;
            inner.terminal = false;
        }
        self.shell.step(&mut inner)
    }

    /// What it has printed, when that is the answer.
    pub fn printed(self) -> Option<String> {
        self.output.map(|output| String::from_utf8_lossy(&output).into_owned())
    }

    /// Somebody presses Ctrl-C.
    pub fn interrupt(&mut self, io: &mut Io<'_>) {
        self.shell.interrupt(io);
    }
}

/// A shell that runs these words with what `io` has, in this environment.
pub(super) fn words(
    io: &Io<'_>,
    words: &[String],
    environment: &BTreeMap<String, String>,
) -> Machine {
    let dialect = match io.place {
        Place::Laptop | Place::Node(_) => Dialect::Bash,
        Place::Container { .. } => Dialect::of_sh(io.cluster.flavour(io.place)),
    };
    let own = environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    let mut machine = Machine::new(io.place.clone(), dialect, own.collect());
    machine.pass_on(environment.get("SHLVL"));
    machine.set_directory(io.directory);
    machine.set_umask(io.umask);
    if !words.is_empty() {
        machine.run_words(words);
    }
    machine
}
