//! Lists, pipelines and compound commands: which frame comes next.

use std::sync::Arc;

use super::builtins::is_name;
use super::expand::{Expander, Stop};
use super::first::first_substitutions;
use super::frame::{Frame, Task};
use super::pipes::Pipes;
use super::sockets::Stage;
use super::state::Function;
use super::variables::Variables;
use super::{Io, Machine, Step, Turn, files_view};
use crate::clock::SimTime;
use crate::cluster::Did;
use crate::shell::Read;
use crate::shell::pattern::Pattern;
use crate::shell::syntax::{
    Arm, ArmEnd, Command, CommandKind, Connector, Dialect, List, Pipeline, Timed, Word,
    command_text,
};

/// Outputs of substitutions that an expansion takes in, for a step.
const OUTPUTS_PER_STEP: u64 = 4;

/// A command whose words are being expanded: what [`Frame::Expand`] holds.
pub(super) struct Waiting {
    pub task: Task,
    pub first: Arc<[Arc<List>]>,
    pub outputs: Vec<String>,
    pub status: Option<i32>,
}

impl From<Waiting> for Frame {
    fn from(Waiting { task, first, outputs, status }: Waiting) -> Frame {
        Frame::Expand { task, first, outputs, status }
    }
}

impl Machine {
    pub(super) fn push_expand(&mut self, task: Task) {
        let first = match &task {
            Task::Simple(command) => first_substitutions(command, &self.state),
            _ => Vec::new(),
        };
        self.stack.push(Frame::Expand {
            task,
            first: first.into(),
            outputs: Vec::new(),
            status: None,
        });
    }

    pub(super) fn push_list(&mut self, list: Arc<List>) {
        self.stack.push(Frame::List { list, item: 0, pipeline: 0, ran: false });
    }

    pub(super) fn list(
        &mut self,
        io: &mut Io<'_>,
        list: Arc<List>,
        at: usize,
        pipeline: usize,
        ran: bool,
    ) {
        let Some(item) = list.items.get(at) else { return };
        if self.state.options.no_exec && !self.state.interactive {
            return;
        }
        if item.background {
            self.stack.push(Frame::List {
                list: list.clone(),
                item: at + 1,
                pipeline: 0,
                ran: false,
            });
            let mut item = item.clone();
            item.background = false;
            let bash = self.state.dialect == Dialect::Bash;
            let alone = matches!(&item.pipelines[..], [(_, only)] if only.commands.len() == 1);
            let text = match self.source_of(item.span) {
                text if text.is_empty() => item.text(),
                // bash writes it anew.
                text if bash && alone => command_text(&text),
                text => text,
            };
            self.start_job(io, Arc::new(List { items: vec![item] }), text);
            return;
        }
        let Some((connector, next)) = item.pipelines.get(pipeline) else {
            if let Some((_, last)) = item.pipelines.last().filter(|_| ran) {
                self.keep_status(last);
            }
            let negated = item.pipelines.last().is_some_and(|(_, last)| last.negated);
            let failed = ran && self.state.status != 0 && !negated && !self.is_asked();
            let ends = failed && self.state.options.exit_on_error;
            let trap = self.error_trap().filter(|_| failed);
            if ends && trap.is_none() {
                self.exit(self.state.status);
                return;
            }
            self.stack.push(Frame::List { list, item: at + 1, pipeline: 0, ran: false });
            if let Some(command) = trap {
                self.run_trap(&command, ends);
            }
            return;
        };
        // A pipeline of several commands has told of each of them.
        if ran
            && let Some((_, last)) = pipeline.checked_sub(1).and_then(|at| item.pipelines.get(at))
        {
            self.keep_status(last);
        }
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

    /// `${PIPESTATUS[@]}` of a pipeline of one command.
    fn keep_status(&mut self, pipeline: &Pipeline) {
        let [command] = pipeline.commands.as_slice() else { return };
        let plain = matches!(
            command.kind,
            CommandKind::Simple { .. }
                | CommandKind::Subshell(_)
                | CommandKind::Conditional(_)
                | CommandKind::Arithmetic(_)
        );
        if plain && !pipeline.negated {
            self.state.pipe_status.clear();
            self.state.pipe_status.push(self.state.status);
        }
    }

    /// The `ERR` trap, where it counts.
    fn error_trap(&self) -> Option<String> {
        let inside = self.state.depth > 0 || self.state.in_function();
        let command = self.state.traps.get("ERR").filter(|command| !command.is_empty())?;
        let counts = !self.state.trapped && (!inside || self.state.options.error_trace);
        counts.then(|| command.clone())
    }

    /// Runs the trap of `ERR` or `DEBUG`, which leaves `$?` as it is.
    pub(super) fn run_trap(&mut self, command: &str, ends: bool) {
        self.stack.push(Frame::Trapped { status: self.state.status, ends });
        self.state.trapped = true;
        self.eval(command);
    }

    /// The trap has run.
    pub(super) fn after_trap(&mut self, status: i32, ends: bool) {
        self.state.trapped = false;
        self.state.status = status;
        if ends {
            self.exit(status);
        }
    }

    /// Whether a failure only answers a question: then `set -e` lets it pass.
    pub(super) fn is_asked(&self) -> bool {
        self.state.asked
            || self.stack.iter().any(|frame| match frame {
                Frame::Negate | Frame::If { .. } | Frame::While { asking: true, .. } => true,
                Frame::List { list, item, pipeline, .. } => {
                    list.items.get(*item).is_some_and(|item| *pipeline < item.pipelines.len())
                }
                _ => false,
            })
    }

    pub(super) fn begin_pipeline(&mut self, io: &mut Io<'_>, pipeline: &Pipeline) {
        if let Some(timed) = pipeline.timed {
            self.stack.push(Frame::Timed { timed, since: io.now() });
        }
        if pipeline.negated {
            self.stack.push(Frame::Negate);
        }
        if let Some(first) = pipeline.commands.first() {
            self.begin_pipeline_at(first.line);
        }
        match pipeline.commands.as_slice() {
            [command] => self.begin(command.clone()),
            commands => match Pipes::new(self, io, commands) {
                Some(pipes) => self.stack.push(Frame::Pipes(Box::new(pipes))),
                None => self.no_more_shells(io),
            },
        }
    }

    /// Says how long a pipeline took. Programs wait, but do not compute in simulated time.
    pub(super) fn tell_time(&mut self, io: &mut Io<'_>, timed: Timed, since: SimTime) {
        let took = io.now().since(since);
        if let Some(form) = self.state.get("TIMEFORMAT").map(str::to_owned)
            && timed == Timed::Minutes
            && self.state.dialect == Dialect::Bash
        {
            if !form.is_empty() {
                self.write_error(io, &time_text(&form, took));
            }
            return;
        }
        self.write_error(
            io,
            &match timed {
                Timed::Minutes => {
                    let (minutes, seconds) = (took.as_secs() / 60, took.as_secs() % 60);
                    let millis = took.subsec_millis();
                    format!(
                        "\nreal\t{minutes}m{seconds}.{millis:03}s\nuser\t0m0.000s\nsys\t0m0.000s"
                    )
                }
                Timed::Posix => format!("real {:.2}\nuser 0.00\nsys 0.00", took.as_secs_f64()),
            },
        );
    }

    pub(super) fn begin(&mut self, command: Arc<Command>) {
        self.state.line = command.line;
        if !command.text.is_empty() && !self.state.trapped && !self.state.keeps_command {
            self.state.command = command.text.clone();
        }
        match &command.kind {
            // dash and BusyBox redirect before they assign.
            CommandKind::Simple { words, assignments, .. }
                if words.is_empty()
                    && !assignments.is_empty()
                    && !command.redirects.is_empty()
                    && self.state.dialect != Dialect::Bash =>
            {
                self.push_expand(Task::Redirect(command));
            }
            CommandKind::Simple { .. } => {
                self.push_expand(Task::Simple(command));
                self.debug_trap();
            }
            CommandKind::Arithmetic(_) | CommandKind::Conditional(_) | CommandKind::Case { .. }
                if command.redirects.is_empty() =>
            {
                self.push_expand(Task::Begin(command));
                self.debug_trap();
            }
            _ if !command.redirects.is_empty() => self.push_expand(Task::Redirect(command)),
            _ => self.push_expand(Task::Begin(command)),
        }
    }

    /// Runs the trap of `DEBUG`, if there is one, before what comes next.
    fn debug_trap(&mut self) {
        let debug = self.state.traps.get("DEBUG").filter(|command| !command.is_empty());
        if let Some(debug) = debug.cloned()
            && !self.state.trapped
            && !self.state.in_function()
        {
            self.run_trap(&debug, false);
        }
    }

    /// Expands a command and begins it, or runs the substitution whose output it needs next.
    pub(super) fn expand(&mut self, io: &mut Io<'_>, waiting: Waiting) {
        if let Some(list) = waiting.first.get(waiting.outputs.len()).cloned() {
            // Nothing is assigned before them.
            self.assigned = None;
            return self.begin_substitution(io, list, waiting);
        }
        let Waiting { task, outputs, status, .. } = &waiting;
        let result = match task {
            Task::Simple(command) => self.simple(io, command, outputs, *status),
            Task::Redirect(command) => self.redirected(io, command, outputs),
            Task::Begin(command) => self.compound(io, command, outputs),
            Task::Next(command, first) => self.next_count(io, command, *first, outputs),
        };
        match result {
            Ok(()) => {}
            Err(Stop::Substitute(list)) => {
                // The expansion begins again, and goes through all that it was given so far.
                io.budget.take(outputs.len() as u64 / OUTPUTS_PER_STEP);
                self.begin_substitution(io, list, waiting);
            }
            Err(Stop::Dial(path)) => {
                self.stack.push(waiting.into());
                self.stack.push(Frame::Dial { path, stage: Stage::Start });
            }
            Err(Stop::Error(message)) => {
                let told = format!("{}{message}", self.state.prefix());
                self.write_error(io, &told);
                self.give_up(io, message);
            }
            Err(Stop::Silent) => self.state.status = 2,
            Err(Stop::Unset(message)) => {
                let message = format!("{}{message}", self.state.prefix());
                self.write_error(io, &message);
                self.fail_hard(match self.state.dialect {
                    Dialect::Bash if self.state.options.exit_on_error || self.state.depth > 0 => 1,
                    Dialect::Bash if !self.state.command_string => 1,
                    Dialect::Bash => 127,
                    _ => 2,
                });
            }
        }
    }

    /// A command cannot be expanded. A script of bash goes on behind what was read with it; any other shell,
    /// and a copy of one, ends.
    fn give_up(&mut self, io: &mut Io<'_>, why: String) {
        let bash = self.state.dialect == Dialect::Bash;
        let script = self.stack.iter().rposition(|frame| matches!(frame, Frame::Script { .. }));
        // `set -e` ends with it, but for what cannot be counted.
        let fatal = self.state.options.exit_on_error && !why.contains("(error token is");
        let goes_on = bash && !self.state.interactive && self.state.depth == 0 && !fatal;
        let script = script.filter(|_| goes_on);
        if let Some(script) = script {
            self.unwind_to(script + 1);
            self.state.status = 1;
            return self.note_failed(io, "bash");
        }
        self.note_stopped(io, self.state.line, why);
        self.fail_hard(if bash { 1 } else { 2 });
    }

    /// Runs a substitution for a command that waits for its output.
    fn begin_substitution(&mut self, io: &mut Io<'_>, list: Arc<List>, waiting: Waiting) {
        let Some(mut child) = self.child(io) else { return self.no_more_shells(io) };
        child.state.substitutions += 1;
        if list.items.is_empty() {
            child.state.status = 0;
        }
        if let Some(variables) = self.assigned.take() {
            child.state.variables = variables;
        }
        child.push_list(list);
        self.stack.push(waiting.into());
        // bash and BusyBox go on after a failure in there.
        if self.state.dialect != Dialect::Dash && !self.state.shopt("inherit_errexit") {
            child.state.options.exit_on_error = false;
        }
        self.stack.push(Frame::Substitute { child: Box::new(child), output: Vec::new() });
    }

    /// Begins what `case`, `for` and their like ask first, or the command's body.
    pub(super) fn compound(
        &mut self,
        io: &mut Io<'_>,
        command: &Arc<Command>,
        outputs: &[String],
    ) -> Result<(), Stop> {
        match &command.kind {
            CommandKind::Simple { .. } => {}
            CommandKind::Subshell(list) => match self.child(io) {
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
            CommandKind::For { .. } => self.begin_for(io, command, outputs)?,
            CommandKind::ArithmeticFor { first, .. } => {
                self.trace_step(io, &command.text, 0);
                self.expansion(io, outputs, |expander| expander.arithmetic(first))?;
                self.stack.push(Frame::ArithmeticFor { command: command.clone(), first: true });
            }
            CommandKind::Case { subject, arms } => {
                if outputs.is_empty() {
                    self.trace_head(io, &command.kind, &command.text);
                }
                self.begin_case(io, subject, arms, outputs)?;
            }
            CommandKind::Conditional(condition) => {
                let holds = self.conditional(io, condition, outputs)?;
                self.state.status = i32::from(!holds);
            }
            CommandKind::Arithmetic(expression) => {
                let traced = self.state.options.trace;
                let text = traced.then(|| self.expansion(io, outputs, |e| e.text(expression)));
                if let Some(Ok(text)) = text {
                    self.trace_line(io, &format!("(( {text} ))"));
                }
                let value = self.expansion(io, outputs, |expander| expander.arithmetic(expression));
                self.state.status = self.truth(io, value)?;
            }
            CommandKind::Function { name, body, source } => {
                self.define(name, body.clone(), source.clone());
            }
        }
        Ok(())
    }

    /// Begins with what a `case` runs.
    fn begin_case(
        &mut self,
        io: &mut Io<'_>,
        subject: &Word,
        arms: &[Arm],
        outputs: &[String],
    ) -> Result<(), Stop> {
        let bodies = self.expansion(io, outputs, |expander| chosen(expander, subject, arms))?;
        // A body sees how the command before it ended.
        if bodies.iter().all(|body| body.items.is_empty()) {
            self.state.status = 0;
        }
        for body in bodies.into_iter().rev() {
            self.push_list(body);
        }
        Ok(())
    }

    /// Keeps a function, which stays exported where it was.
    fn define(&mut self, name: &str, body: Arc<Command>, source: Arc<str>) {
        let known = self.state.functions.get(name);
        let exported = known.is_some_and(|function| function.exported);
        let function = Function { body, source, exported, file: self.state.file() };
        Arc::make_mut(&mut self.state.functions).insert(name.to_owned(), function);
        self.state.status = 0;
    }

    /// Expands the words that a `for` or a `select` goes through, and begins with the first.
    fn begin_for(
        &mut self,
        io: &mut Io<'_>,
        command: &Arc<Command>,
        outputs: &[String],
    ) -> Result<(), Stop> {
        let CommandKind::For { name, words, selects, .. } = &command.kind else { return Ok(()) };
        if !is_name(name) {
            let message = format!("{}`{name}': not a valid identifier", self.state.prefix());
            self.write_error(io, &message);
            self.state.status = 1;
            return Ok(());
        }
        let words = match words {
            Some(words) => self.expansion(io, outputs, |expander| expander.fields(words))?,
            None => {
                io.budget.take(self.state.positional.len() as u64);
                self.state.positional.to_vec()
            }
        };
        self.state.status = 0;
        if *selects {
            self.trace_head(io, &command.kind, &command.text);
        }
        let (command, words) = (command.clone(), words.into());
        self.stack.push(match selects {
            true => Frame::Select { command, words, shown: false },
            false => Frame::For { command, words, next: 0 },
        });
        Ok(())
    }

    /// The exit code of `((expression))`.
    fn truth(&mut self, io: &mut Io<'_>, value: Result<i64, Stop>) -> Result<i32, Stop> {
        match value {
            Ok(value) => Ok(i32::from(value == 0)),
            Err(Stop::Error(why)) => {
                let message = format!("{}((: {why}", self.state.prefix());
                self.write_error(io, &message);
                Ok(1)
            }
            Err(other) => Err(other),
        }
    }

    /// Expands, and keeps what the expansion assigned.
    pub(super) fn expansion<T>(
        &mut self,
        io: &mut Io<'_>,
        outputs: &[String],
        expand: impl FnOnce(&mut Expander<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let view = files_view(io, &self.state.place);
        let mut expander = Expander::new(&self.state, view, outputs);
        let result = expand(&mut expander);
        let cost = expander.cost();
        let Expander { variables, draws, unset, complaints, processes, consumers, .. } = expander;
        io.budget.keep(cost);
        if !variables.is_shared_with(&self.state.variables) {
            io.budget.take(copied(&variables));
        }
        // A substitution sees what was assigned before it.
        if matches!(result, Err(Stop::Substitute(_))) {
            self.assigned = Some(variables);
            return result;
        }
        for told in complaints {
            let told = format!("{}{told}", self.state.prefix());
            self.write_error(io, &told);
        }
        let result = result?;
        self.state.variables = variables;
        self.state.draws = draws;
        for name in unset {
            io.cluster.note(&self.state.place, Did::VariableUnset { name });
        }
        for (path, text) in processes {
            self.processes.insert(path, text.into_bytes());
        }
        self.consumers.extend(consumers);
        Ok(result)
    }

    pub(super) fn next_arm(&mut self, command: &Arc<Command>, arm: usize) {
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
            // The branch sees how the condition ended; without one, all is well.
            None => match otherwise {
                Some(body) => self.push_list(body.clone()),
                None => self.state.status = 0,
            },
        }
    }

    /// The next half of a `while`'s round.
    pub(super) fn round(&mut self, command: Arc<Command>, asking: bool, last: i32) {
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

    pub(super) fn next_word(
        &mut self,
        io: &mut Io<'_>,
        command: Arc<Command>,
        words: Arc<[String]>,
        next: usize,
    ) {
        let CommandKind::For { name, body, .. } = &command.kind else { return };
        let Some(word) = words.get(next) else { return };
        self.trace_head(io, &command.kind, &command.text);
        if !self.state.trapped && !self.state.keeps_command {
            self.state.command = command.text.clone();
        }
        if let Err(why) = self.state.set(name, word.clone()) {
            let message = format!("{}{why}", self.state.prefix());
            self.write_error(io, &message);
            self.state.status = 1;
            return;
        }
        let body = body.clone();
        self.stack.push(Frame::For { command, words, next: next + 1 });
        self.push_list(body);
    }

    /// `select`: shows the choices, asks, and runs its body with what was chosen.
    pub(super) fn select(
        &mut self,
        io: &mut Io<'_>,
        command: Arc<Command>,
        words: Arc<[String]>,
        shown: bool,
    ) -> Turn {
        let CommandKind::For { name, body, .. } = &command.kind else { return Turn::Go };
        if words.is_empty() {
            return Turn::Go;
        }
        let width = words.len().to_string().len();
        let menu: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(at, word)| format!("{:>width$}) {word}\n", at + 1))
            .collect();
        let (name, body) = (name.clone(), body.clone());
        let read = self.read_reply(io);
        let prompt = self.state.get("PS3").unwrap_or("#? ").to_owned();
        if !shown {
            self.put(io, 2, menu.concat().as_bytes());
        }
        let reply = match read {
            Read::Line(line) => line,
            Read::Wait => {
                self.stack.push(Frame::Select { command, words, shown: true });
                return Turn::Wait(Step::Input);
            }
            Read::End => {
                self.put(io, 2, prompt.as_bytes());
                self.put(io, 1, b"\n");
                self.state.status = 1;
                return Turn::Go;
            }
        };
        self.put(io, 2, prompt.as_bytes());
        let reply = reply.trim().to_owned();
        let shows_again = reply.is_empty();
        self.stack.push(Frame::Select { command, words: words.clone(), shown: !shows_again });
        if shows_again {
            return Turn::Go;
        }
        let at = reply.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let word = at.and_then(|at| words.get(at)).cloned().unwrap_or_default();
        // What may not change stays as it is.
        let _ = self.state.set("REPLY", reply);
        let _ = self.state.set(&name, word);
        self.push_list(body);
        Turn::Go
    }

    pub(super) fn next_count(
        &mut self,
        io: &mut Io<'_>,
        command: &Arc<Command>,
        first: bool,
        outputs: &[String],
    ) -> Result<(), Stop> {
        let CommandKind::ArithmeticFor { test, next, body, .. } = &command.kind else {
            return Ok(());
        };
        if outputs.is_empty() {
            if !first {
                self.trace_step(io, &command.text, 2);
            }
            self.trace_step(io, &command.text, 1);
        }
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
}

/// The bodies of a `case` that are run: the first whose pattern fits, and those that `;&` and `;;&` lead to.
fn chosen(
    expander: &mut Expander<'_>,
    subject: &Word,
    arms: &[Arm],
) -> Result<Vec<Arc<List>>, Stop> {
    let subject = expander.text(subject)?;
    let subject = match expander.state.shopt("nocasematch") {
        true => subject.to_lowercase(),
        false => subject,
    };
    let mut bodies = Vec::new();
    let mut falls = false;
    for arm in arms {
        let mut fits = falls;
        for pattern in arm.patterns.iter().filter(|_| !falls) {
            let pattern = expander.pattern(pattern)?;
            let pattern = match expander.state.shopt("nocasematch") {
                true => pattern.to_lowercase(),
                false => pattern,
            };
            let pattern = Pattern::by(&pattern, expander.groups());
            let fit = pattern.matches_within(&subject, &mut expander.left);
            if expander.looked(fit)? {
                fits = true;
                break;
            }
        }
        if !fits {
            continue;
        }
        bodies.push(arm.body.clone());
        falls = arm.end == ArmEnd::Falls;
        if arm.end == ArmEnd::Stops {
            break;
        }
    }
    Ok(bodies)
}

/// What `TIMEFORMAT` makes of how long something took; of what cannot be told it shows nothing.
fn time_text(form: &str, took: std::time::Duration) -> String {
    let mut out = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('%') {
        out += before;
        let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
        let places = after[..digits].parse::<usize>().unwrap_or(3).min(3);
        let (long, after) = match after[digits..].strip_prefix('l') {
            Some(after) => (true, after),
            None => (false, &after[digits..]),
        };
        let Some(letter) = after.chars().next() else {
            out.push('%');
            return out;
        };
        rest = &after[letter.len_utf8()..];
        let seconds = match letter {
            'R' => took.as_secs_f64(),
            'U' | 'S' => 0.0,
            'P' => {
                out += "0.00";
                continue;
            }
            other => {
                out.push(other);
                continue;
            }
        };
        let cut = 10_f64.powi(places as i32);
        let seconds = (seconds * cut).floor() / cut;
        out += &match long {
            true => format!("{}m{:.places$}s", (seconds / 60.0) as u64, seconds % 60.0),
            false => format!("{seconds:.places$}"),
        };
    }
    out + rest
}

/// Steps that it costs to change variables: a piece of their list was copied first, and the list of
/// pieces.
fn copied(variables: &Variables) -> u64 {
    let all = variables.len() as u64;
    all.min(64) / 2 + all / 1_024
}
