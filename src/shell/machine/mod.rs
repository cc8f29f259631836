//! The interpreter: a shell as a value.
//!
//! A [`Machine`] is a stack of [`Frame`]s and the shell's state. It has no thread and no
//! recursion over scripts: each turn takes the topmost frame, does one thing, and leaves frames for what
//! comes next. So it can wait in the middle of a loop, be cloned there, and be interrupted.
//! Subshells, substitutions and the sides of a pipe are machines inside frames; how many can be
//! alive at once is bounded, and a loop in which no time passes rests now and then.

mod arithmetic;
pub(in crate::shell) mod builtins;
pub(in crate::shell) mod condition;
mod expand;
mod frame;
pub(in crate::shell) mod lookup;
pub(in crate::shell) mod pattern;
mod pipes;
mod redirect;
mod servers;
mod simple;
mod state;

use std::sync::Arc;
use std::time::Duration;

use self::expand::{Expander, Stop};
use self::frame::{Descriptors, Frame, Input, Job, Source, Target, Task};
use self::pipes::Pipes;
use self::state::State;
use super::files::View;
use super::syntax::{
    self, Command, CommandKind, Connector, Dialect, List, Pipeline, Reading, SyntaxError, Word,
};
use super::{Interrupted, Io, Order, Stdin, Step, Tool};
use crate::clock::SimTime;
use crate::cluster::Place;
use crate::diagnostic::Span;
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
    state: State,
    stack: Vec<Frame>,
    descriptors: Descriptors,
    /// Files and texts that standard input comes from.
    inputs: Vec<Stdin>,
    jobs: Vec<Job>,
    /// How many shells it may have alive below it.
    shells: u32,
    /// When it goes on after a rest.
    rest: SimTime,
    /// Traps that are due.
    due_traps: Vec<String>,
    /// Whether the `EXIT` trap has run, or there is nothing more to run.
    leaving: bool,
}

/// What a turn came to.
enum Turn {
    /// There is more to do now.
    Go,
    /// Nothing can be done before this.
    Wait(Step),
}

impl Machine {
    /// A shell at `place`, with nothing to do yet.
    pub fn new(place: Place, dialect: Dialect, environment: Vec<(String, String)>) -> Machine {
        Machine::of(State::new(place, dialect, environment))
    }

    fn of(state: State) -> Machine {
        Machine {
            state,
            stack: Vec::new(),
            descriptors: Descriptors::default(),
            inputs: Vec::new(),
            jobs: Vec::new(),
            shells: SHELLS,
            rest: SimTime::START,
            due_traps: Vec::new(),
            leaving: false,
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
        let mut rest = arguments.iter().skip(1).cloned();
        if let Some(name) = arguments.first() {
            machine.state.name = name.clone();
        }
        let mut script = false;
        let mut operands = Vec::new();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--" => break,
                "-o" | "+o" => {
                    rest.next();
                }
                long if long.starts_with("--") => {}
                flags if flags.len() > 1 && flags.starts_with(['-', '+']) => {
                    script |= flags.starts_with('-') && flags.contains('c');
                    machine.state.options.set_letters(flags);
                }
                _ => {
                    operands.push(argument);
                    break;
                }
            }
        }
        operands.extend(rest);
        let mut operands = operands.into_iter();
        match (operands.next(), script) {
            (Some(text), true) => {
                if let Some(name) = operands.next() {
                    machine.state.name = name;
                }
                machine.run_text(&text);
            }
            (Some(path), false) => {
                machine.state.name.clone_from(&path);
                machine.stack.push(Frame::ScriptFile { path });
            }
            (None, true) => {
                let name = &machine.state.name;
                let text = format!("echo '{name}: -c: option requires an argument' >&2; exit 2");
                machine.run_text(&text);
            }
            (None, false) => machine.stack.push(Frame::Lines { pending: String::new() }),
        }
        machine.state.positional = operands.collect();
        machine
    }

    /// A shell that only runs one command.
    pub fn running(
        place: Place,
        dialect: Dialect,
        environment: Vec<(String, String)>,
        tool: Box<dyn Tool>,
    ) -> Machine {
        let mut machine = Machine::new(place, dialect, environment);
        let environment = Arc::new(machine.state.environment());
        machine.stack.push(Frame::Run { tool, environment, due: SimTime::START });
        machine
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

    /// Sets `$$`.
    pub fn set_pid(&mut self, pid: u32) {
        self.state.pid = pid;
    }

    /// Sets a variable that commands see.
    pub fn export(&mut self, name: &str, value: &str) {
        let variable = Arc::make_mut(&mut self.state.variables).entry(name.to_owned()).or_default();
        variable.value = value.to_owned();
        variable.exported = true;
    }

    /// Goes to a directory without asking whether it exists.
    pub fn set_directory(&mut self, directory: &str) {
        self.state.directory = directory.to_owned();
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
        let variables = self.state.variables.keys().cloned().collect();
        let functions = self.state.functions.keys();
        (variables, functions.chain(self.state.aliases.keys()).cloned().collect())
    }

    /// Whether there is nothing to do in the foreground.
    pub fn is_idle(&self) -> bool {
        self.stack.is_empty()
    }

    /// Whether `exit` was called.
    pub fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// `$?`
    pub fn status(&self) -> i32 {
        self.state.status
    }

    /// Sets `$?`.
    pub fn set_status(&mut self, status: i32) {
        self.state.status = status;
    }

    /// Runs `text` next.
    pub fn run_text(&mut self, text: &str) {
        self.stack.push(Frame::Script { text: text.into(), at: 0, source: Source::Main });
    }

    /// Runs a command next whose words have been told apart already.
    pub fn run_words(&mut self, words: &[String]) {
        let words = words.iter().map(|word| Word::text(word.as_str())).collect();
        let kind = CommandKind::Simple { assignments: Vec::new(), words };
        let command = Command { kind, redirects: Vec::new(), line: 1 };
        self.push_expand(Task::Simple(Arc::new(command)));
    }

    /// Forgets everything that is under way.
    pub fn unwind(&mut self) {
        self.unwind_to(0);
    }

    /// Takes `exit` back: the shell goes on.
    pub fn stay(&mut self) {
        self.leaving = false;
    }

    /// Checks a text that was typed: what is wrong with it, if anything.
    pub fn check(&self, text: &str) -> Option<SyntaxError> {
        let mut at = 0;
        loop {
            match syntax::parse(text, at, self.reading(true)) {
                Ok(Some(parsed)) if parsed.end > at => at = parsed.end,
                Ok(_) => return None,
                Err(error) => return Some(error),
            }
        }
    }

    fn reading(&self, interactive: bool) -> Reading<'_> {
        Reading { dialect: self.state.dialect, aliases: &self.state.aliases, interactive }
    }

    /// What is printed for a syntax error in `text`.
    pub fn syntax_message(&self, text: &str, error: &SyntaxError) -> String {
        let span = Span::new(error.span.start.min(text.len()), error.span.end);
        let line = span.position(text).line;
        let source = (!self.state.interactive).then_some(text);
        error.message(self.state.dialect, &self.state.name, line, source)
    }

    /// Goes on until it waits or ends.
    pub fn step(&mut self, io: &mut Io<'_>) -> Step {
        let wake = self.step_jobs(io);
        if io.now() < self.rest {
            return Step::Until(wake.map_or(self.rest, |wake| wake.min(self.rest)));
        }
        for _ in 0..TURNS {
            self.start_traps();
            if self.stack.is_empty() {
                match self.state.traps.remove("EXIT") {
                    Some(command) if !self.state.interactive => self.exit_trap(&command),
                    _ => return Step::Exit(self.state.status),
                }
                continue;
            }
            let Turn::Wait(step) = self.turn(io) else { continue };
            let running = self.running_jobs();
            let wake = self.step_jobs(io);
            if running != self.running_jobs()
                && matches!(self.stack.last(), Some(Frame::Wait { .. }))
            {
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
        (handled == Interrupted::Handled).then_some(frame)
    }

    /// A signal's trap, to run as soon as the foreground command has ended; `wait` ends at once.
    /// Whether there is one.
    pub fn signal(&mut self, name: &str) -> bool {
        let Some(command) = self.state.traps.get(name).cloned() else { return false };
        if !command.is_empty() {
            self.due_traps.push(command);
            if matches!(self.stack.last(), Some(Frame::Wait { .. })) {
                self.stack.pop();
                self.state.status = 143;
            }
        }
        true
    }

    fn start_traps(&mut self) {
        if matches!(
            self.stack.last(),
            Some(
                Frame::Run { .. }
                    | Frame::Server { .. }
                    | Frame::Pipes(_)
                    | Frame::Subshell(_)
                    | Frame::Substitute { .. }
            )
        ) {
            return;
        }
        for command in std::mem::take(&mut self.due_traps) {
            self.eval(&command);
        }
    }

    fn running_jobs(&self) -> usize {
        self.jobs.iter().filter(|job| job.status.is_none()).count()
    }

    /// Runs the `EXIT` trap; the shell keeps its exit code unless the trap sets another.
    fn exit_trap(&mut self, command: &str) {
        self.leaving = true;
        let status = self.state.status;
        self.eval(&format!("{command}\nexit {status}"));
    }

    fn eval(&mut self, text: &str) {
        self.stack.push(Frame::Script { text: text.into(), at: 0, source: Source::Eval });
    }

    fn turn(&mut self, io: &mut Io<'_>) -> Turn {
        let Some(frame) = self.stack.pop() else { return Turn::Go };
        if self.stack.len() > DEEPEST {
            let message = format!("{}maximum nesting level exceeded", self.state.prefix());
            self.complain(io, &message);
            self.fail_hard(1);
            return Turn::Go;
        }
        match frame {
            Frame::Script { text, at, source } => self.script(io, text, at, source),
            Frame::ScriptFile { path } => self.script_file(io, &path),
            Frame::Lines { pending } => return self.lines(io, pending),
            Frame::List { list, item, pipeline, ran } => self.list(io, list, item, pipeline, ran),
            Frame::Negate => self.state.status = i32::from(self.state.status == 0),
            Frame::Expand { task, outputs, status } => self.expand(io, task, outputs, status),
            Frame::Substitute { child, output } => return self.substitute(io, child, output),
            Frame::Subshell(child) => return self.subshell(io, child),
            Frame::Pipes(mut pipes) => match pipes.step(self, io) {
                Step::Exit(status) => self.state.status = status,
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
            Frame::ArithmeticFor { command, first } => {
                self.push_expand(Task::Next(command, first));
            }
            Frame::Function { positional, locals } => self.leave_function(positional, locals),
            Frame::Restore { descriptors, inputs } => {
                self.descriptors = descriptors;
                self.inputs.truncate(inputs);
            }
            Frame::Variables { saved } => self.put_back(saved),
            Frame::Read { arguments, until } => return self.read(io, arguments, until),
            Frame::Wait { job } => return self.wait(job),
        }
        Turn::Go
    }

    fn push_expand(&mut self, task: Task) {
        self.stack.push(Frame::Expand { task, outputs: Vec::new(), status: None });
    }

    fn script(&mut self, io: &mut Io<'_>, text: Arc<str>, at: usize, source: Source) {
        match syntax::parse(&text, at, self.reading(false)) {
            Ok(None) => {}
            Ok(Some(parsed)) => {
                if parsed.end > at {
                    self.stack.push(Frame::Script { text, at: parsed.end, source });
                }
                self.push_list(parsed.list);
            }
            Err(error) => {
                let message = self.syntax_message(&text, &error);
                self.complain(io, &message);
                self.state.status = 2;
                if source != Source::Main {
                    self.fail_hard(2);
                }
            }
        }
    }

    fn script_file(&mut self, io: &mut Io<'_>, path: &str) {
        let full = super::files::absolute(&self.state.place, &self.state.directory, path);
        let view = files_view(io, &self.state.place);
        match view.read(&full) {
            Ok(bytes) => self.run_text(&String::from_utf8_lossy(&bytes)),
            Err(why) => {
                let message = match self.state.dialect {
                    Dialect::Bash => format!("bash: {path}: {why}"),
                    Dialect::Dash => format!("sh: 0: cannot open {path}: No such file"),
                    Dialect::Ash => format!("sh: can't open '{path}': {why}"),
                };
                self.complain(io, &message);
                self.state.status = if self.state.dialect == Dialect::Bash { 127 } else { 2 };
            }
        }
    }

    /// Runs what standard input says, a complete command at a time.
    fn lines(&mut self, io: &mut Io<'_>, mut pending: String) -> Turn {
        match io.read_line() {
            super::Read::Line(line) => {
                pending += &line;
                pending.push('\n');
                if self.check(&pending).is_some_and(|error| error.is_incomplete()) {
                    self.stack.push(Frame::Lines { pending });
                } else {
                    self.stack.push(Frame::Lines { pending: String::new() });
                    self.run_text(&pending);
                }
            }
            super::Read::Wait => {
                self.stack.push(Frame::Lines { pending });
                return Turn::Wait(Step::Input);
            }
            super::Read::End if pending.is_empty() => {}
            super::Read::End => self.run_text(&pending),
        }
        Turn::Go
    }

    fn push_list(&mut self, list: Arc<List>) {
        self.stack.push(Frame::List { list, item: 0, pipeline: 0, ran: false });
    }

    fn list(&mut self, io: &mut Io<'_>, list: Arc<List>, at: usize, pipeline: usize, ran: bool) {
        let Some(item) = list.items.get(at) else { return };
        if item.background {
            self.stack.push(Frame::List {
                list: list.clone(),
                item: at + 1,
                pipeline: 0,
                ran: false,
            });
            let mut item = item.clone();
            item.background = false;
            self.start_job(io, List { items: vec![item] });
            return;
        }
        let Some((connector, next)) = item.pipelines.get(pipeline) else {
            let negated = item.pipelines.last().is_some_and(|(_, last)| last.negated);
            let failed = ran && self.state.status != 0 && !negated;
            if failed && self.state.options.exit_on_error && !self.is_asked() {
                self.exit(self.state.status);
                return;
            }
            self.stack.push(Frame::List { list, item: at + 1, pipeline: 0, ran: false });
            return;
        };
        let runs = match connector {
            Connector::Always => true,
            Connector::And => self.state.status == 0,
            Connector::Or => self.state.status != 0,
        };
        let next = next.clone();
        self.stack.push(Frame::List { list, item: at, pipeline: pipeline + 1, ran: runs });
        if runs {
            self.begin_pipeline(io, &next);
        }
    }

    /// Whether a failure only answers a question: then `set -e` lets it pass.
    fn is_asked(&self) -> bool {
        self.state.asked
            || self.stack.iter().any(|frame| match frame {
                Frame::Negate | Frame::If { .. } | Frame::While { asking: true, .. } => true,
                Frame::List { list, item, pipeline, .. } => {
                    list.items.get(*item).is_some_and(|item| *pipeline < item.pipelines.len())
                }
                _ => false,
            })
    }

    fn begin_pipeline(&mut self, io: &mut Io<'_>, pipeline: &Pipeline) {
        if pipeline.negated {
            self.stack.push(Frame::Negate);
        }
        match pipeline.commands.as_slice() {
            [command] => self.begin(command.clone()),
            commands => match Pipes::new(self, commands) {
                Some(pipes) => self.stack.push(Frame::Pipes(Box::new(pipes))),
                None => self.no_more_shells(io),
            },
        }
    }

    fn no_more_shells(&mut self, io: &mut Io<'_>) {
        let prefix = self.state.prefix();
        let message = match self.state.dialect {
            Dialect::Bash => format!("{prefix}fork: retry: Resource temporarily unavailable"),
            Dialect::Dash => format!("{prefix}Cannot fork"),
            Dialect::Ash => format!("{prefix}can't fork: Resource temporarily unavailable"),
        };
        self.complain(io, &message);
        self.fail_hard(254);
    }

    fn begin(&mut self, command: Arc<Command>) {
        self.state.line = command.line;
        match command.kind {
            CommandKind::Simple { .. } => self.push_expand(Task::Simple(command)),
            _ if !command.redirects.is_empty() => self.push_expand(Task::Redirect(command)),
            _ => self.push_expand(Task::Begin(command)),
        }
    }

    fn expand(&mut self, io: &mut Io<'_>, task: Task, outputs: Vec<String>, status: Option<i32>) {
        let result = match &task {
            Task::Simple(command) => self.simple(io, command, &outputs, status),
            Task::Redirect(command) => self.redirected(io, command, &outputs),
            Task::Begin(command) => self.compound(io, command, &outputs),
            Task::Next(command, first) => self.next_count(io, command, *first, &outputs),
        };
        match result {
            Ok(()) => {}
            Err(Stop::Substitute(list)) => match self.child() {
                Some(mut child) => {
                    child.push_list(list);
                    self.stack.push(Frame::Expand { task, outputs, status });
                    self.stack
                        .push(Frame::Substitute { child: Box::new(child), output: Vec::new() });
                }
                None => self.no_more_shells(io),
            },
            Err(Stop::Error(message)) => {
                let message = format!("{}{message}", self.state.prefix());
                self.complain(io, &message);
                self.fail_hard(if self.state.dialect == Dialect::Bash { 1 } else { 2 });
            }
        }
    }

    /// An error that ends a script, and at a prompt the line that was typed.
    fn fail_hard(&mut self, status: i32) {
        self.state.status = status;
        match self.state.interactive {
            true => self.unwind_to(0),
            false => self.exit(status),
        }
    }

    /// Begins what `case`, `for` and their like ask first, or the command's body.
    fn compound(
        &mut self,
        io: &mut Io<'_>,
        command: &Arc<Command>,
        outputs: &[String],
    ) -> Result<(), Stop> {
        match &command.kind {
            CommandKind::Simple { .. } => {}
            CommandKind::Subshell(list) => match self.child() {
                Some(mut child) => {
                    child.push_list(list.clone());
                    self.stack.push(Frame::Subshell(Box::new(child)));
                }
                None => self.no_more_shells(io),
            },
            CommandKind::Group(list) => self.push_list(list.clone()),
            CommandKind::If { arms, .. } => {
                self.stack.push(Frame::If { command: command.clone(), arm: 0 });
                if let Some((condition, _)) = arms.first() {
                    self.push_list(condition.clone());
                }
            }
            CommandKind::While { condition, .. } => {
                self.stack.push(Frame::While { command: command.clone(), asking: true, last: 0 });
                self.push_list(condition.clone());
            }
            CommandKind::For { words, .. } => {
                let words = match words {
                    Some(words) => {
                        self.expansion(io, outputs, |expander| expander.fields(words))?
                    }
                    None => self.state.positional.clone(),
                };
                self.state.status = 0;
                let frame = Frame::For { command: command.clone(), words: words.into(), next: 0 };
                self.stack.push(frame);
            }
            CommandKind::ArithmeticFor { first, .. } => {
                self.expansion(io, outputs, |expander| expander.arithmetic(first))?;
                self.stack.push(Frame::ArithmeticFor { command: command.clone(), first: true });
            }
            CommandKind::Case { subject, arms } => {
                let body = self.expansion(io, outputs, |expander| {
                    let subject = expander.text(subject)?;
                    for (patterns, body) in arms {
                        for pattern in patterns {
                            let pattern = expander.pattern(pattern)?;
                            if pattern::Pattern::new(&pattern).matches(&subject) {
                                return Ok(Some(body.clone()));
                            }
                        }
                    }
                    Ok(None)
                })?;
                self.state.status = 0;
                if let Some(body) = body {
                    self.push_list(body);
                }
            }
            CommandKind::Conditional(condition) => {
                let holds = self.conditional(io, condition, outputs)?;
                self.state.status = i32::from(!holds);
            }
            CommandKind::Arithmetic(expression) => {
                let value =
                    self.expansion(io, outputs, |expander| expander.arithmetic(expression))?;
                self.state.status = i32::from(value == 0);
            }
            CommandKind::Function { name, body } => {
                Arc::make_mut(&mut self.state.functions).insert(name.clone(), body.clone());
                self.state.status = 0;
            }
        }
        Ok(())
    }

    /// Expands, and keeps what the expansion assigned.
    fn expansion<T>(
        &mut self,
        io: &Io<'_>,
        outputs: &[String],
        expand: impl FnOnce(&mut Expander<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let view = files_view(io, &self.state.place);
        let mut expander = Expander::new(&self.state, view, outputs);
        let result = expand(&mut expander)?;
        let (variables, draws) = (expander.variables, expander.draws);
        self.state.variables = variables;
        self.state.draws = draws;
        Ok(result)
    }

    fn next_arm(&mut self, command: &Arc<Command>, arm: usize) {
        let CommandKind::If { arms, otherwise } = &command.kind else { return };
        if self.state.status == 0 {
            if let Some((_, body)) = arms.get(arm) {
                self.push_list(body.clone());
            }
            return;
        }
        match arms.get(arm + 1) {
            Some((condition, _)) => {
                self.stack.push(Frame::If { command: command.clone(), arm: arm + 1 });
                self.push_list(condition.clone());
            }
            None => {
                self.state.status = 0;
                if let Some(body) = otherwise {
                    self.push_list(body.clone());
                }
            }
        }
    }

    /// The next half of a `while`'s round.
    fn round(&mut self, command: Arc<Command>, asking: bool, last: i32) {
        let CommandKind::While { until, condition, body } = &command.kind else { return };
        if !asking {
            let last = self.state.status;
            let condition = condition.clone();
            self.stack.push(Frame::While { command, asking: true, last });
            self.push_list(condition);
        } else if (self.state.status == 0) != *until {
            let body = body.clone();
            self.stack.push(Frame::While { command, asking: false, last });
            self.push_list(body);
        } else {
            self.state.status = last;
        }
    }

    fn next_word(
        &mut self,
        io: &mut Io<'_>,
        command: Arc<Command>,
        words: Arc<[String]>,
        next: usize,
    ) {
        let CommandKind::For { name, body, .. } = &command.kind else { return };
        let Some(word) = words.get(next) else { return };
        if let Err(why) = self.state.set(name, word.clone()) {
            let message = format!("{}{why}", self.state.prefix());
            self.complain(io, &message);
            self.state.status = 1;
            return;
        }
        let body = body.clone();
        self.stack.push(Frame::For { command, words, next: next + 1 });
        self.push_list(body);
    }

    fn next_count(
        &mut self,
        io: &mut Io<'_>,
        command: &Arc<Command>,
        first: bool,
        outputs: &[String],
    ) -> Result<(), Stop> {
        let CommandKind::ArithmeticFor { test, next, body, .. } = &command.kind else {
            return Ok(());
        };
        let goes_on = self.expansion(io, outputs, |expander| {
            if !first {
                expander.arithmetic(next)?;
            }
            let empty = test.parts.is_empty() || expander.text(test)?.trim().is_empty();
            Ok(empty || expander.arithmetic(test)? != 0)
        })?;
        if goes_on {
            self.stack.push(Frame::ArithmeticFor { command: command.clone(), first: false });
            self.push_list(body.clone());
        }
        Ok(())
    }

    /// A copy of this shell for a subshell, if there may be one more.
    fn child(&self) -> Option<Machine> {
        self.children(1)
    }

    /// A copy of this shell that shares what it may start with `count` others.
    fn children(&self, count: u32) -> Option<Machine> {
        let shells = self.shells / (count + 1);
        if shells == 0 {
            return None;
        }
        let mut child = Machine::of(self.state.clone());
        child.state.traps.retain(|_, command| command.is_empty());
        child.state.asked = self.is_asked();
        child.shells = shells;
        Some(child)
    }

    fn substitute(
        &mut self,
        io: &mut Io<'_>,
        mut child: Box<Machine>,
        mut output: Vec<u8>,
    ) -> Turn {
        let mut errors = Vec::new();
        let mut order = Order::default();
        let step = {
            let mut nothing = Stdin::default();
            let stdin = match self.descriptors.input {
                Input::Own => &mut *io.stdin,
                Input::Null => &mut nothing,
                Input::Text(index) => self.inputs.get_mut(index).unwrap_or(&mut nothing),
            };
            let mut inner = Io {
                cluster: io.cluster,
                place: &self.state.place,
                stdin,
                stdout: &mut output,
                stderr: &mut errors,
                terminal: false,
                environment: io.environment,
                directory: &self.state.directory,
                files: io.files,
                wishes: io.wishes,
                prompt: io.prompt,
                order: &mut order,
            };
            child.step(&mut inner)
        };
        self.put(io, 2, &errors);
        match step {
            Step::Exit(code) => {
                let text = String::from_utf8_lossy(&output).replace('\0', "");
                let text = text.trim_end_matches('\n').to_owned();
                if let Some(Frame::Expand { outputs, status, .. }) = self.stack.last_mut() {
                    outputs.push(text);
                    *status = Some(code);
                }
                Turn::Go
            }
            wait => {
                self.stack.push(Frame::Substitute { child, output });
                Turn::Wait(wait)
            }
        }
    }

    fn subshell(&mut self, io: &mut Io<'_>, mut child: Box<Machine>) -> Turn {
        match self.with_child(io, |io| child.step(io)) {
            Step::Exit(status) => {
                self.state.status = status;
                Turn::Go
            }
            wait => {
                self.stack.push(Frame::Subshell(child));
                Turn::Wait(wait)
            }
        }
    }

    fn run(
        &mut self,
        io: &mut Io<'_>,
        mut tool: Box<dyn Tool>,
        environment: Arc<std::collections::BTreeMap<String, String>>,
        due: SimTime,
    ) -> Turn {
        if io.now() < due {
            self.stack.push(Frame::Run { tool, environment, due });
            return Turn::Wait(Step::Until(due));
        }
        let step = self.with(io, &environment, |io| tool.step(io));
        match step {
            Step::Exit(status) => {
                self.state.status = status;
                Turn::Go
            }
            wait => {
                let due = match wait {
                    Step::Until(at) => at,
                    _ => SimTime::START,
                };
                let again = due <= io.now() && wait != Step::Input;
                self.stack.push(Frame::Run { tool, environment, due });
                match again {
                    true => Turn::Go,
                    false => Turn::Wait(wait),
                }
            }
        }
    }

    /// Runs `act` with the view that a command of this shell has.
    fn with<T>(
        &mut self,
        io: &mut Io<'_>,
        environment: &std::collections::BTreeMap<String, String>,
        act: impl FnOnce(&mut Io<'_>) -> T,
    ) -> T {
        let (mut output, mut errors, mut order) = (Vec::new(), Vec::new(), Order::default());
        let mut nothing = Stdin::default();
        let result = {
            let stdin = match self.descriptors.input {
                Input::Own => &mut *io.stdin,
                Input::Null => &mut nothing,
                Input::Text(index) => self.inputs.get_mut(index).unwrap_or(&mut nothing),
            };
            act(&mut Io {
                cluster: io.cluster,
                place: &self.state.place,
                stdin,
                stdout: &mut output,
                stderr: &mut errors,
                terminal: io.terminal && self.descriptors.output == Target::Output,
                environment,
                directory: &self.state.directory,
                files: io.files,
                wishes: io.wishes,
                prompt: io.prompt,
                order: &mut order,
            })
        };
        self.deliver(io, &output, &errors, &order);
        result
    }

    /// Runs `act` with the view that a subshell has.
    fn with_child<T>(&mut self, io: &mut Io<'_>, act: impl FnOnce(&mut Io<'_>) -> T) -> T {
        let environment = io.environment;
        self.with(io, environment, act)
    }

    fn deliver(&mut self, io: &mut Io<'_>, output: &[u8], errors: &[u8], order: &Order) {
        for (error, bytes) in order.merge(output, errors) {
            self.put(io, if error { 2 } else { 1 }, bytes);
        }
    }

    /// Goes on with background commands; when the next of them is due.
    fn step_jobs(&mut self, io: &mut Io<'_>) -> Option<SimTime> {
        let mut wake: Option<SimTime> = None;
        for mut job in std::mem::take(&mut self.jobs) {
            if job.status.is_none() {
                match self.step_job(io, &mut job) {
                    Step::Exit(status) => job.status = Some(status),
                    Step::Until(at) => wake = Some(wake.map_or(at, |wake| wake.min(at))),
                    Step::Input => {}
                }
            }
            self.jobs.push(job);
        }
        wake
    }

    fn step_job(&mut self, io: &mut Io<'_>, job: &mut Job) -> Step {
        let (mut output, mut errors, mut order) = (Vec::new(), Vec::new(), Order::default());
        let step = job.machine.step(&mut Io {
            cluster: io.cluster,
            place: &self.state.place,
            stdin: &mut job.stdin,
            stdout: &mut output,
            stderr: &mut errors,
            terminal: io.terminal,
            environment: io.environment,
            directory: &self.state.directory,
            files: io.files,
            wishes: io.wishes,
            prompt: io.prompt,
            order: &mut order,
        });
        let own = std::mem::replace(&mut self.descriptors, job.descriptors.clone());
        self.deliver(io, &output, &errors, &order);
        self.descriptors = own;
        step
    }

    fn start_job(&mut self, io: &mut Io<'_>, list: List) {
        let Some(mut machine) = self.children(3) else { return self.no_more_shells(io) };
        machine.push_list(Arc::new(list));
        self.jobs.retain(|job| job.status.is_none());
        if self.jobs.len() >= 32 {
            return self.no_more_shells(io);
        }
        let last = self.state.last_job.unwrap_or(self.state.pid);
        let pid = last + 1;
        self.state.last_job = Some(pid);
        self.state.status = 0;
        if self.state.interactive && !self.leaving {
            let number = self.jobs.len() + 1;
            self.complain(io, &format!("[{number}] {pid}"));
        }
        let descriptors = self.descriptors.clone();
        self.jobs.push(Job { pid, machine, stdin: Stdin::default(), descriptors, status: None });
    }

    /// Ends the shell: the `EXIT` trap runs, and then nothing more.
    fn exit(&mut self, status: i32) {
        self.unwind_to(0);
        self.state.status = status;
        self.leaving = true;
        if let Some(command) = self.state.traps.remove("EXIT") {
            self.exit_trap(&command);
        }
    }

    /// Takes frames off down to `height`, undoing what they would have undone.
    fn unwind_to(&mut self, height: usize) {
        while self.stack.len() > height {
            match self.stack.pop() {
                Some(Frame::Restore { descriptors, inputs }) => {
                    self.descriptors = descriptors;
                    self.inputs.truncate(inputs);
                }
                Some(Frame::Function { positional, locals }) => {
                    self.leave_function(positional, locals);
                }
                Some(Frame::Variables { saved }) => self.put_back(saved),
                _ => {}
            }
        }
    }

    fn put_back(&mut self, saved: std::collections::BTreeMap<String, Option<state::Variable>>) {
        let variables = Arc::make_mut(&mut self.state.variables);
        for (name, variable) in saved {
            match variable {
                Some(variable) => variables.insert(name, variable),
                None => variables.remove(&name),
            };
        }
    }

    fn leave_function(
        &mut self,
        positional: Vec<String>,
        locals: std::collections::BTreeMap<String, Option<state::Variable>>,
    ) {
        self.state.positional = positional;
        self.put_back(locals);
    }

    /// The files of the shell's place.
    fn files_of<'a>(&'a self, io: &'a Io<'_>) -> View<'a> {
        files_view(io, &self.state.place)
    }
}

/// The files of a place, to read.
fn files_view<'a>(io: &'a Io<'_>, place: &'a Place) -> View<'a> {
    View { cluster: io.cluster, place, files: io.files }
}
