//! What a machine is in the middle of: its stack, and where its output goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Machine;
use super::pipes::Pipes;
use super::sockets::Stage;
use super::state::{Options, Variable};
use crate::clock::SimTime;
use crate::cluster::{Connection, Process};
use crate::shell::syntax::{Command, List, Mark, Timed};
use crate::shell::{Stdin, Tool};

/// Something that is under way; the last one on the stack goes on next.
#[derive(Clone)]
pub(super) enum Frame {
    /// A text, read one complete command at a time.
    Script { text: Arc<str>, at: Mark, source: Source },
    /// A file that is to be read as a script.
    ScriptFile { path: String },
    /// Lines of standard input that are to be run: `sh < file`.
    Lines { pending: String, before: usize },
    /// Commands: which item and pipeline come next, and whether the one before has run.
    List { list: Arc<List>, item: usize, pipeline: usize, ran: bool },
    /// `!`: turns the exit code around.
    Negate,
    /// `time`: says how long it has been since then.
    Timed { timed: Timed, since: SimTime },
    /// A command whose words are being expanded, with the outputs of its substitutions so far, and the
    /// first of them, which are run before anything is expanded.
    Expand { task: Task, first: Arc<[Arc<List>]>, outputs: Vec<String>, status: Option<i32> },
    /// A substitution: its commands and what they have printed.
    Substitute { child: Box<Machine>, output: Vec<u8> },
    /// A connection that a redirection waits for.
    Dial { path: Arc<str>, stage: Stage },
    /// `( … )`
    Subshell(Box<Machine>),
    /// `a | b`
    Pipes(Box<Pipes>),
    /// A command that is not part of the shell; not before `due`.
    Run { tool: Box<dyn Tool>, environment: Arc<BTreeMap<String, String>>, due: SimTime },
    /// A server in the foreground; not before `due`.
    Server { process: Server, due: SimTime },
    /// `if`: the condition of this arm is being asked.
    If { command: Arc<Command>, arm: usize },
    /// `while`: its condition is being asked, or its body runs. `last` is its exit code so far.
    While { command: Arc<Command>, asking: bool, last: i32 },
    /// `for`, with the words that are left.
    For { command: Arc<Command>, words: Arc<[String]>, next: usize },
    /// `for ((…))`: its body runs.
    ArithmeticFor { command: Arc<Command>, first: bool },
    /// A function: what to put back when it returns, and whether its own `RETURN` trap has run.
    Function { caller: Caller, returned: bool },
    /// A file that is sourced: the positional parameters that it got others instead of.
    Sourced { positional: Option<Arc<Vec<String>>> },
    /// BusyBox' `eval`: the line of the one that it runs within.
    Evaluated { before: Option<u32> },
    /// Where output went before a redirection.
    Restore { descriptors: Descriptors, inputs: usize },
    /// The command that writes to the file of a `>( … )` has ended.
    Fed { path: String },
    /// `VAR=x builtin`: variables to put back.
    Variables { saved: BTreeMap<String, Option<Variable>> },
    /// `select`: whether its choices have been shown.
    Select { command: Arc<Command>, words: Arc<[String]>, shown: bool },
    /// A trap of `ERR` or `DEBUG` is run: `$?` as it was, and whether the shell ends then.
    Trapped { status: i32, ends: bool },
    /// `read`, until there is a line.
    Read { arguments: Vec<String>, until: Option<SimTime> },
    /// `wait`, until background commands have ended: one of them, all, or (`any`) the first that does.
    Wait { job: Option<u32>, any: bool },
}

impl Frame {
    /// Whether it is a program that runs.
    pub fn is_program(&mut self) -> bool {
        matches!(self, Frame::Run { .. })
    }

    /// Whether nothing comes after what runs above it.
    pub fn is_finished(&self) -> bool {
        match self {
            Frame::Script { text, at, .. } => {
                text.get(at.at..).is_none_or(|rest| rest.trim().is_empty())
            }
            Frame::List { list, item, pipeline, .. } => {
                let is_last = |pipelines: usize| *pipeline >= pipelines;
                item + 1 == list.items.len()
                    && list.items.last().is_none_or(|item| is_last(item.pipelines.len()))
            }
            Frame::Restore { .. } => true,
            _ => false,
        }
    }
}

/// A server of a container's image.
#[derive(Clone)]
pub(super) struct Server(pub Box<dyn Process>);

/// What a function's caller has, which is put back when the function returns.
#[derive(Clone)]
pub(super) struct Caller {
    pub positional: Arc<Vec<String>>,
    /// Variables that are the function's own meanwhile.
    pub locals: BTreeMap<String, Option<Variable>>,
    /// The `RETURN` trap.
    pub trap: Option<String>,
    /// The shell's options, if `local -` asked to keep them.
    pub options: Option<Options>,
}

/// What a script's text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// `sh -c`, a file or a typed line: a syntax error ends the shell, or the line.
    Main,
    /// `eval` or a trap: `return` goes through.
    Eval,
    /// The trap of `EXIT`: nothing is left around it.
    Exit,
    /// `. file`: `return` ends it.
    File,
}

/// What words are expanded for.
#[derive(Clone)]
pub(super) enum Task {
    /// A simple command.
    Simple(Arc<Command>),
    /// The redirections of a compound command, which then begins.
    Redirect(Arc<Command>),
    /// What a compound command asks before it begins: `for`'s words, `case`'s subject.
    Begin(Arc<Command>),
    /// The next round of `for ((…))`.
    Next(Arc<Command>, bool),
}

/// Where a file descriptor leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Target {
    /// The shell's own standard output.
    #[default]
    Output,
    /// The shell's own standard error.
    Error,
    /// Nowhere.
    Null,
    /// Nowhere, and writing fails.
    Closed,
    /// `/dev/full`: nothing can be written any more.
    Full,
    /// The end of the file at this absolute path.
    File(Arc<str>),
    /// A file or text that is read: the machine's input with this index.
    Reads(usize),
    /// What the shell above has under this descriptor.
    Above(u8),
    /// A connection; what comes back is the machine's input with this index.
    Socket(Arc<Connection>, usize),
}

/// Where standard input comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Input {
    /// The shell's own standard input.
    #[default]
    Own,
    /// Nothing.
    Null,
    /// A file or text: the machine's input with this index.
    Text(usize),
}

/// A shell's file descriptors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Descriptors {
    pub input: Input,
    pub output: Target,
    pub error: Target,
    /// Those from 3 on.
    pub others: BTreeMap<u8, Target>,
}

impl Default for Descriptors {
    fn default() -> Self {
        Descriptors {
            input: Input::Own,
            output: Target::Output,
            error: Target::Error,
            others: BTreeMap::new(),
        }
    }
}

impl Descriptors {
    /// Where a descriptor leads.
    pub fn get(&self, descriptor: u8) -> Option<&Target> {
        match descriptor {
            0 => None,
            1 => Some(&self.output),
            2 => Some(&self.error),
            other => self.others.get(&other),
        }
    }

    /// Points a descriptor somewhere else.
    pub fn set(&mut self, descriptor: u8, target: Target) {
        match descriptor {
            0 => {}
            1 => self.output = target,
            2 => self.error = target,
            other => {
                self.others.insert(other, target);
            }
        }
    }
}

/// A command that runs in the background.
#[derive(Clone)]
pub(super) struct Job {
    pub pid: u32,
    /// What `%1` names it by; a number is free again when no later job runs.
    pub number: usize,
    /// What was typed, where that is known.
    pub text: String,
    pub machine: Machine,
    pub stdin: Stdin,
    pub descriptors: Descriptors,
    /// How it ended.
    pub status: Option<i32>,
    /// Whether it was waited for: its place is free for the next one.
    pub waited: bool,
    /// Whether a subshell began it, which has ended, or `>( … )`: nobody waits for it.
    pub adopted: bool,
    /// The file that its standard input comes from while that is written.
    pub feed: Option<Feed>,
}

/// A file that a command reads while another writes it: `>( … )`.
#[derive(Clone)]
pub(super) struct Feed {
    pub path: String,
    /// How much of it was read.
    pub taken: usize,
}
