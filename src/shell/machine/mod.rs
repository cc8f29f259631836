//! The interpreter: a shell as a value.
//!
//! A [`Machine`] is a stack of [`Frame`]s and the shell's state. It has no thread and no
//! recursion over scripts: each turn takes the topmost frame, does one thing, and leaves frames for what
//! comes next. So it can wait in the middle of a loop, be cloned there, and be interrupted.
//! Subshells, substitutions and the sides of a pipe are machines inside frames; how many can be
//! alive at once is bounded, and a loop in which no time passes rests now and then.

mod arithmetic;
mod arrays;
pub(in crate::shell) mod builtins;
mod children;
mod compound;
pub(in crate::shell) mod condition;
mod expand;
mod failures;
mod fields;
mod first;
mod frame;
mod jobs;
mod leave;
pub(in crate::shell) mod lookup;
mod parameters;
mod pipes;
mod quoted;
mod redirect;
mod scripts;
mod servers;
mod simple;
mod sockets;
mod state;
mod trace;
mod variables;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use self::compound::Waiting;
use self::frame::{Descriptors, Frame, Job, Task};
use self::state::ShellState;
use super::files::View;
use super::syntax::{Dialect, List, in_single_quotes};
use super::{Interrupted, Io, Order, Stdin, Step, Tool};
use crate::clock::SimTime;
use crate::cluster::{Connection, Place};
use crate::network::ProcessId;

/// Turns that a machine does at one moment before it rests.
const TURNS: u32 = 4_000;

/// How long it rests.
const REST: Duration = Duration::from_millis(20);

/// How many shells can be alive below one; each gives a share to those it starts.
const SHELLS: u32 = 8_192;

/// Frames of one machine; a function that calls itself ends here.
const DEEPEST: usize = 2_000;

/// A shell.
#[derive(Clone)]
pub(in crate::shell) struct Machine {
    state: ShellState,
    stack: Vec<Frame>,
    descriptors: Descriptors,
    /// Files and texts that standard input comes from.
    inputs: Vec<Stdin>,
    /// Connections that stand and that no descriptor has yet.
    connections: Vec<Connection>,
    /// When the server closes the connection that an input comes from, if nothing more is said.
    closing: BTreeMap<usize, SimTime>,
    jobs: Vec<Job>,
    /// How many shells it may have alive below it.
    shells: u32,
    /// What the files of `<( … )` hold, by their path.
    processes: BTreeMap<String, Vec<u8>>,
    /// Commands that are to read the files of `>( … )`, by their path.
    consumers: Vec<(String, Arc<List>)>,
    /// The variables as an expansion left them that waits for a substitution.
    assigned: Option<variables::Variables>,
    /// What the shell that this one is a copy of had in the background: numbers and commands.
    known_jobs: Vec<(u32, usize, String)>,
    /// What was written to descriptors of the shell above.
    above: Vec<(u8, Vec<u8>)>,
    /// Signals for the shell above, whose `$$` is this one's, too, and for what that has in the background.
    signals: Vec<(u32, &'static str)>,
    /// How background commands ended that were waited for.
    ended: BTreeMap<u32, i32>,
    /// When it goes on after a rest.
    rest: SimTime,
    /// Traps that are due.
    due_traps: Vec<String>,
    /// Whether something could not be written: the device is full, or the descriptor closed.
    unwritten: bool,
    /// The program that runs in the foreground, for what is said of its output.
    program: String,
    /// What the command that runs says of itself.
    heard: failures::Heard,
    /// The background command that `fg` has fetched.
    front: Option<u32>,
    /// Whether the `EXIT` trap has run, or there is nothing more to run.
    leaving: bool,
    /// Whether it runs one program for another (`env`, `timeout`), which knows no builtins.
    runs_words: bool,
    /// What it ends with, once its trap of `EXIT` runs.
    ends_with: Option<i32>,
}

/// What a turn came to.
enum Turn {
    /// There is more to do now.
    Go,
    /// Nothing can be done before this.
    Wait(Step),
}

/// What a shell that was started runs.
enum Script {
    /// Its first operand (`-c`).
    Command,
    /// Its standard input (`-s`).
    Input,
    /// The file that its first operand names; standard input where there is none.
    File,
}

/// `bash --version`
const VERSION: &str = "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)
Copyright (C) 2022 Free Software Foundation, Inc.
License GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>

This is free software; you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.";

impl Machine {
    /// A shell at `place`, with nothing to do yet.
    pub fn new(place: Place, dialect: Dialect, environment: Vec<(String, String)>) -> Machine {
        Machine::of(ShellState::new(place, dialect, environment))
    }

    fn of(state: ShellState) -> Machine {
        Machine {
            state,
            stack: Vec::new(),
            descriptors: Descriptors::default(),
            inputs: Vec::new(),
            connections: Vec::new(),
            closing: BTreeMap::new(),
            jobs: Vec::new(),
            shells: SHELLS,
            processes: BTreeMap::new(),
            consumers: Vec::new(),
            assigned: None,
            known_jobs: Vec::new(),
            ended: BTreeMap::new(),
            above: Vec::new(),
            signals: Vec::new(),
            unwritten: false,
            program: String::new(),
            heard: failures::Heard::default(),
            rest: SimTime::START,
            due_traps: Vec::new(),
            front: None,
            leaving: false,
            ends_with: None,
            runs_words: false,
        }
    }

    /// A shell with the arguments of `sh`, `bash` or `ash` (`-c script`, a file, options). The
    /// program's name comes first.
    pub fn started(
        place: Place,
        dialect: Dialect,
        environment: Vec<(String, String)>,
        arguments: &[String],
    ) -> Machine {
        let mut machine = Machine::new(place, dialect, environment);
        if let Some(name) = arguments.first() {
            machine.state.name = name.clone();
        }
        let Some((script, operands)) = machine.read_options(arguments) else { return machine };
        let mut operands = operands.into_iter();
        match script {
            Script::Input => {
                machine.stack.push(Frame::Lines { pending: String::new(), before: 0 });
            }
            Script::Command => match operands.next() {
                Some(text) => {
                    if let Some(name) = operands.next() {
                        machine.state.name = name;
                    }
                    machine.state.command_string = true;
                    machine.run_text(&text);
                }
                None => machine.no_command_string(),
            },
            Script::File => match operands.next() {
                Some(path) => {
                    machine.state.name.clone_from(&path);
                    machine.state.from_file = true;
                    machine.stack.push(Frame::ScriptFile { path });
                }
                None => machine.stack.push(Frame::Lines { pending: String::new(), before: 0 }),
            },
        }
        machine.state.positional = Arc::new(operands.collect());
        machine
    }

    /// Sets the options that a shell is started with: what it is to run, and the operands. `None` when
    /// one of them is wrong.
    fn read_options(&mut self, arguments: &[String]) -> Option<(Script, Vec<String>)> {
        let mut rest = arguments.iter().skip(1).cloned();
        let (mut command, mut input) = (false, false);
        let mut operands = Vec::new();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--" => break,
                long if long.starts_with("--") => {
                    let known = ["--norc", "--noprofile", "--posix", "--login", "--noediting"];
                    if self.state.dialect == Dialect::Bash && !known.contains(&long) {
                        match long {
                            "--version" => self.run_text(&format!("echo '{VERSION}'")),
                            _ => self.refuse(&format!("{long}: invalid option")),
                        }
                        return None;
                    }
                }
                flags if self.strange_letter(flags).is_some() => {
                    let letter = self.strange_letter(flags).unwrap_or_default();
                    self.refuse(&match self.state.dialect {
                        Dialect::Bash => format!("-{letter}: invalid option"),
                        Dialect::Dash => format!("0: Illegal option -{letter}"),
                        Dialect::Ash => format!("illegal option -{letter}"),
                    });
                    return None;
                }
                flags if flags.len() > 1 && flags.starts_with(['-', '+']) => {
                    let on = flags.starts_with('-');
                    command |= on && flags.contains('c');
                    input |= on && flags.contains('s');
                    self.state.options.set_letters(flags);
                    // `-euo pipefail`
                    if flags.contains('o')
                        && let Some(name) = rest.next()
                        && !self.state.options.set_name(&name, on, self.state.dialect)
                    {
                        self.refuse_name(&name);
                        return None;
                    }
                }
                _ => {
                    operands.push(argument);
                    break;
                }
            }
        }
        operands.extend(rest);
        let script = match (command, input) {
            (true, _) => Script::Command,
            (false, true) => Script::Input,
            (false, false) => Script::File,
        };
        Some((script, operands))
    }

    /// `-o NAME`, where there is no such option.
    fn refuse_name(&mut self, name: &str) {
        self.refuse(&match self.state.dialect {
            Dialect::Bash => format!("line 0: {}: {name}: invalid option name", self.state.name),
            Dialect::Dash => format!("0: Illegal option -o {name}"),
            Dialect::Ash => format!("illegal option -o {name}"),
        });
    }

    /// The letter of a word of options that the shell does not start with.
    fn strange_letter(&self, flags: &str) -> Option<char> {
        let known = match self.state.dialect {
            Dialect::Bash => "abcefhiklmnoprstuvxBCDEHOPT",
            Dialect::Dash => "abcefhilmnopqsuvxCEIV",
            Dialect::Ash => "abcefilmnosuvxCEI",
        };
        let letters = flags.strip_prefix(['-', '+']).filter(|letters| !letters.starts_with('-'))?;
        letters.chars().find(|letter| !known.contains(*letter))
    }

    /// The shell does not start, and says why.
    fn refuse(&mut self, why: &str) {
        let name = &self.state.name;
        let told = in_single_quotes(&format!("{name}: {why}"));
        self.run_text(&format!("echo {told} >&2; exit 2"));
    }

    /// `-c` without its text.
    fn no_command_string(&mut self) {
        self.refuse(match self.state.dialect {
            Dialect::Bash => "-c: option requires an argument",
            Dialect::Dash => "0: -c requires an argument",
            Dialect::Ash => "-c requires an argument",
        });
    }

    /// Makes it a shell that a person types at.
    pub fn make_interactive(&mut self, name: &str, directory: &str) {
        self.state.interactive = true;
        self.state.name = name.to_owned();
        self.state.directory = directory.to_owned();
    }

    /// Defines an alias.
    pub fn alias(&mut self, name: &str, text: &str) {
        Arc::make_mut(&mut self.state.aliases).insert(name.to_owned(), text.to_owned());
    }

    /// Says which container's process this shell is.
    pub fn set_process(&mut self, process: ProcessId) {
        self.state.process = Some(process);
    }

    /// Ignores these signals from the beginning.
    pub fn ignore(&mut self, signals: &[String]) {
        let traps = signals.iter().map(|name| (name.clone(), String::new()));
        self.state.traps.extend(traps);
        self.state.born_ignoring = signals.to_vec();
    }

    /// Sets `$$`.
    pub fn set_pid(&mut self, pid: u32) {
        (self.state.pid, self.state.own_pid) = (pid, pid);
    }

    /// Sets a variable that commands see.
    pub fn export(&mut self, name: &str, value: &str) {
        let variable = self.state.variables.or_default(name);
        variable.value = value.to_owned();
        variable.exported = true;
    }

    /// It is no shell, but what another tool becomes: the environment goes on as it came.
    pub fn pass_on(&mut self, level: Option<&String>) {
        self.state.passes_on = true;
        match level {
            Some(level) => self.export("SHLVL", level),
            None => self.state.variables.remove("SHLVL"),
        }
    }

    /// Goes to a directory without asking whether it exists.
    pub fn set_directory(&mut self, directory: &str) {
        self.state.directory = directory.to_owned();
    }

    /// The bits of a mode that new files do not get.
    pub fn umask(&self) -> u32 {
        self.state.umask
    }

    /// Sets the bits of a mode that new files do not get.
    pub fn set_umask(&mut self, umask: u32) {
        self.state.umask = umask;
    }

    pub fn place(&self) -> &Place {
        &self.state.place
    }

    pub fn dialect(&self) -> Dialect {
        self.state.dialect
    }

    pub fn directory(&self) -> &str {
        &self.state.directory
    }

    pub fn variable(&self, name: &str) -> Option<&str> {
        self.state.get(name)
    }

    /// The names of variables, functions and aliases, for completion.
    pub fn names(&self) -> (Vec<String>, Vec<String>) {
        let variables = self.state.variables.iter().map(|(name, _)| name.to_owned()).collect();
        let functions = self.state.functions.keys();
        (variables, functions.chain(self.state.aliases.keys()).cloned().collect())
    }

    /// `$?`
    pub fn status(&self) -> i32 {
        self.state.status
    }

    /// Sets `$?`.
    pub fn set_status(&mut self, status: i32) {
        self.state.status = status;
    }

    /// Goes on until it waits or ends. A shell that would be too deep inside others can't start.
    pub fn step(&mut self, io: &mut Io<'_>) -> Step {
        if !io.budget.enter() {
            self.no_more_shells(io);
            self.end_at_once(254);
            return Step::Exit(254);
        }
        let step = self.go_on(io);
        io.budget.leave();
        step
    }

    fn go_on(&mut self, io: &mut Io<'_>) -> Step {
        self.state.began.get_or_insert(io.now());
        let wake = self.step_jobs(io);
        if io.now() < self.rest {
            return Step::Until(wake.map_or(self.rest, |wake| wake.min(self.rest)));
        }
        for _ in 0..TURNS {
            if io.budget.rests() {
                break;
            }
            self.heed_signals(io);
            self.start_traps();
            if self.stack.is_empty() {
                // A terminal's shell goes on; what it starts of itself ends.
                let ends = !self.state.interactive || self.state.depth > 0;
                match ends.then(|| self.take_exit_trap()).flatten() {
                    Some(command) => self.exit_trap(&command),
                    None => {
                        // What it began in the background has begun by now.
                        if !self.state.interactive {
                            self.end_feeds(io, None);
                            self.step_jobs(io);
                        }
                        self.note_ended(io);
                        return Step::Exit(self.state.status);
                    }
                }
                continue;
            }
            let Turn::Wait(step) = self.turn(io) else { continue };
            let running = self.running_jobs();
            let wake = self.step_jobs(io);
            let heeded = self.heed_signals(io);
            let waits = matches!(self.stack.last(), Some(Frame::Wait { .. }));
            if heeded || waits && running != self.running_jobs() {
                continue;
            }
            return match (step, wake) {
                (Step::Until(at), Some(wake)) => Step::Until(at.min(wake)),
                (Step::Input, Some(wake)) => Step::Until(wake),
                (step, _) => step,
            };
        }
        self.rest = io.now() + REST;
        Step::Until(self.rest)
    }

    /// Ctrl-C.
    pub fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.rest = SimTime::START;
        self.interrupt_front(io);
        if let Some(frame) = self.stack.pop() {
            if let Some(frame) = self.interrupt_frame(frame, io) {
                self.stack.push(frame);
                return Interrupted::Handled;
            }
            if let Some(command) = self.state.traps.get("INT").cloned() {
                self.state.status = 130;
                self.due_traps.push(command);
                return Interrupted::Handled;
            }
        }
        self.unwind_to(0);
        self.state.status = 130;
        Interrupted::Ended
    }

    /// Interrupts what a frame runs; gives the frame back when it goes on.
    fn interrupt_frame(&mut self, mut frame: Frame, io: &mut Io<'_>) -> Option<Frame> {
        let handled = match &mut frame {
            Frame::Run { tool, environment, .. } => {
                let environment = environment.clone();
                let tool = &mut *tool;
                self.with(io, &environment, |io| tool.interrupt(io))
            }
            Frame::Subshell(child) => self.with_child(io, |io| child.interrupt(io)),
            Frame::Substitute { child, .. } => self.with_child(io, |io| child.interrupt(io)),
            Frame::Pipes(pipes) => pipes.interrupt(self, io),
            _ => Interrupted::Ended,
        };
        if let Frame::Run { due, .. } = &mut frame {
            *due = SimTime::START;
        }
        (handled == Interrupted::Handled).then_some(frame)
    }

    fn turn(&mut self, io: &mut Io<'_>) -> Turn {
        io.budget.take(1);
        let Some(frame) = self.stack.pop() else { return Turn::Go };
        if self.stack.len() > DEEPEST {
            let message = format!("{}maximum nesting level exceeded", self.state.prefix());
            self.write_error(io, &message);
            self.fail_hard(1);
            return Turn::Go;
        }
        match frame {
            Frame::Script { text, at, source } => self.script(io, text, at, source),
            Frame::ScriptFile { path } => self.script_file(io, &path),
            Frame::Lines { pending, before } => return self.lines(io, pending, before),
            Frame::List { list, item, pipeline, ran } => self.list(io, list, item, pipeline, ran),
            Frame::Fed { path } => self.end_feeds(io, Some(&path)),
            Frame::Negate => self.state.status = i32::from(self.state.status == 0),
            Frame::Timed { timed, since } => self.tell_time(io, timed, since),
            Frame::Expand { task, first, outputs, status } => {
                self.expand(io, Waiting { task, first, outputs, status });
            }
            Frame::Substitute { child, output } => return self.substitute(io, child, output),
            Frame::Dial { path, stage } => return self.dial(io, path, stage),
            Frame::Subshell(child) => return self.subshell(io, child),
            Frame::Pipes(mut pipes) => match pipes.step(self, io) {
                Step::Exit(status) => {
                    self.state.pipe_status = pipes.statuses();
                    self.state.status = status;
                }
                wait => {
                    self.stack.push(Frame::Pipes(pipes));
                    return Turn::Wait(wait);
                }
            },
            Frame::Run { tool, environment, due } => return self.run(io, tool, environment, due),
            Frame::Server { process, due } => return self.serve_on(io, process, due),
            Frame::If { command, arm } => self.next_arm(&command, arm),
            Frame::While { command, asking, last } => self.round(command, asking, last),
            Frame::For { command, words, next } => self.next_word(io, command, words, next),
            Frame::Select { command, words, shown } => {
                return self.select(io, command, words, shown);
            }
            Frame::Trapped { status, ends } => self.after_trap(status, ends),
            Frame::ArithmeticFor { command, first } => {
                self.push_expand(Task::Next(command, first));
            }
            Frame::Function { caller, returned } => {
                let own = self.state.traps.get("RETURN").filter(|own| !own.is_empty()).cloned();
                match own.filter(|_| !returned && !self.leaving) {
                    Some(own) => {
                        self.stack.push(Frame::Function { caller, returned: true });
                        self.run_trap(&own, false);
                    }
                    None => self.leave_function(caller),
                }
            }
            Frame::Sourced { positional } => self.leave_file(positional),
            Frame::Evaluated { before } => self.state.evaluates = before,
            Frame::Restore { descriptors, inputs } => {
                self.descriptors = descriptors;
                self.inputs.truncate(inputs);
            }
            Frame::Variables { saved } => self.put_back(saved),
            Frame::Read { arguments, until } => return self.read(io, arguments, until),
            Frame::Wait { job, any } => return self.wait(io, job, any),
        }
        Turn::Go
    }
}

/// The files of a place, to read.
fn files_view<'a>(io: &'a Io<'_>, place: &'a Place) -> View<'a> {
    View { cluster: io.cluster, place, files: io.files }
}
