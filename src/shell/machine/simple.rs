//! Simple commands: assignments, words and redirections become something that runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arrays::Filled;
use super::expand::Stop;
use super::frame::{Caller, Frame, Server};
use super::lookup::{Found, find};
use super::redirect::{self, Ready};
use super::state::{ShellState, Variable, assign};
use super::{Dialect, Io, Machine};
use crate::clock::SimTime;
use crate::cluster::Did;
use crate::shell::commands;
use crate::shell::foreground::with_input;
use crate::shell::syntax::{Assignment, Command, CommandKind, Word};

/// Steps that a program costs before it has done anything.
const PROGRAM: u64 = 60;

/// A simple command after expansion.
struct Prepared {
    assignments: Vec<(String, String)>,
    fields: Vec<String>,
    redirects: Vec<Ready>,
}

impl Machine {
    /// Expands a simple command and starts it.
    pub(super) fn simple(
        &mut self,
        io: &mut Io<'_>,
        command: &Arc<Command>,
        outputs: &[String],
        status: Option<i32>,
    ) -> Result<(), Stop> {
        let CommandKind::Simple { assignments, words, arrays } = &command.kind else {
            return Ok(());
        };
        let before = self.state.variables.clone();
        let mut assigned = Vec::new();
        let settable = self.settable(io, assignments, words);
        let assignments = settable.as_ref().unwrap_or(assignments);
        let prepared = self.expansion(io, outputs, |expander| {
            let prepared = Prepared {
                fields: expander.fields(words)?,
                redirects: redirect::prepare(expander, &command.redirects)?,
                assignments: {
                    let (all, shown) = expander.assign(assignments)?;
                    assigned = shown;
                    all
                },
            };
            let mut filled = Vec::new();
            for array in arrays {
                filled.extend(expander.array(array)?);
            }
            Ok((prepared, filled))
        })?;
        let (mut prepared, filled) = prepared;
        assigned.extend(filled.iter().map(Filled::shown));
        self.trace_simple(io, &assigned, &prepared.fields);
        if self.state.dialect == Dialect::Bash {
            self.state.last_word = prepared.fields.last().map_or("", String::as_str).into();
        }
        if prepared.fields.is_empty() {
            self.state.status = match self.redirect(io, &prepared.redirects, true) {
                true => status.unwrap_or(0),
                false => self.state.failed_redirection(),
            };
            return Ok(());
        }
        // Assignments before a command are the command's alone.
        let names = prepared.assignments.iter().map(|(name, _)| name.clone());
        let saved = names.map(|name| (name.clone(), before.get(&name).cloned())).collect();
        self.put_back(saved);
        let name = prepared.fields.remove(0);
        self.write_processes(io)?;
        self.start(io, &name, prepared);
        self.expansion(io, &[], |expander| {
            filled.iter().try_for_each(|array| expander.put_array(array))
        })
    }

    /// The assignments before a command without those of variables that are read-only, of which bash only
    /// tells; none where all of them may be made.
    fn settable(
        &mut self,
        io: &mut Io<'_>,
        assignments: &[Assignment],
        words: &[Word],
    ) -> Option<Vec<Assignment>> {
        let fixed = |state: &ShellState, one: &Assignment| {
            state.variables.get(&one.name).is_some_and(|known| known.readonly)
        };
        let bash = self.state.dialect == Dialect::Bash;
        if !bash || words.is_empty() || !assignments.iter().any(|one| fixed(&self.state, one)) {
            return None;
        }
        let (told, left): (Vec<Assignment>, Vec<Assignment>) =
            assignments.iter().cloned().partition(|one| fixed(&self.state, one));
        for one in told {
            let told = format!("{}{}: readonly variable", self.state.prefix(), one.name);
            self.write_error(io, &told);
        }
        Some(left)
    }

    /// Puts the files of `<( … )` where the command will look for them.
    pub(super) fn write_processes(&mut self, io: &mut Io<'_>) -> Result<(), Stop> {
        let place = self.state.place.clone();
        for (path, content) in std::mem::take(&mut self.processes) {
            io.cluster
                .write_file(&place, &path, &content)
                .map_err(|why| Stop::Error(format!("{path}: {why}")))?;
        }
        for (path, list) in std::mem::take(&mut self.consumers) {
            io.cluster
                .write_file(&place, &path, b"")
                .map_err(|why| Stop::Error(format!("{path}: {why}")))?;
            self.start_consumer(io, &path, list);
            self.stack.push(Frame::Fed { path });
        }
        Ok(())
    }

    fn start(&mut self, io: &mut Io<'_>, name: &str, prepared: Prepared) {
        let Prepared { assignments, mut fields, redirects } = prepared;
        self.begin_to_hear(io);
        if name == "exec" {
            return self.exec(io, fields, &redirects);
        }
        // `-p` looks along the usual path, which is the one that a player has.
        let plain = |word: &&String| matches!(word.as_str(), "-p" | "--");
        let skipped = fields.iter().take_while(plain).count();
        if name == "command" && fields.get(skipped).is_some_and(|word| !word.starts_with('-')) {
            let name = fields.drain(..=skipped).next_back().unwrap_or_default();
            return self.start_found(io, &name, Prepared { assignments, fields, redirects }, false);
        }
        self.start_found(io, name, Prepared { assignments, fields, redirects }, true);
    }

    /// `FUNCNEST`: how deep functions may call each other, if they are so deep already.
    fn deepest_call(&self) -> Option<usize> {
        let told = self.state.get("FUNCNEST").filter(|_| self.state.dialect == Dialect::Bash);
        let most = told.and_then(|most| most.parse().ok()).filter(|most| *most > 0);
        most.filter(|most| self.state.calls.len() >= *most)
    }

    fn start_found(&mut self, io: &mut Io<'_>, name: &str, prepared: Prepared, functions: bool) {
        let Prepared { assignments, fields, redirects } = prepared;
        if !self.redirect(io, &redirects, true) {
            self.state.status = self.state.failed_redirection();
            return self.note_failed(io, name);
        }
        if functions && let Some(function) = self.state.functions.get(name) {
            let (body, file) = (function.body.clone(), function.file.clone());
            if let Some(most) = self.deepest_call() {
                let prefix = self.state.prefix();
                let told =
                    format!("{prefix}{name}: maximum function nesting level exceeded ({most})");
                self.write_error(io, &told);
                return self.fail_hard(1);
            }
            self.save_variables(&assignments);
            let positional = std::mem::replace(&mut self.state.positional, Arc::new(fields));
            let trap = self.state.traps.remove("RETURN");
            self.state.enter_call(name, file);
            let caller = Caller { positional, locals: BTreeMap::new(), trap, options: None };
            self.stack.push(Frame::Function { caller, returned: false });
            self.begin(body);
            return;
        }
        let program = self.state.passes_on && self.stack.is_empty() && self.runs_words;
        if super::builtins::is_builtin(name, self.state.dialect)
            && !self.state.disabled.contains(name)
            && !program
        {
            match self.state.dialect != Dialect::Bash && super::builtins::is_special(name) {
                true => self.keep_variables(&assignments),
                false => self.save_variables(&assignments),
            }
            let status = self.builtin(io, name, &fields);
            if let Some(status) = status {
                self.state.status = status;
                self.note_failed(io, name);
            }
            return;
        }
        let mut environment = self.environment();
        environment.extend(assignments);
        self.start_external(io, name, fields, environment);
    }

    /// What is set for one of POSIX' special builtins stays.
    fn keep_variables(&mut self, assignments: &[(String, String)]) {
        for (name, value) in assignments {
            let _ = assign(&mut self.state.variables, name, value.clone());
        }
    }

    /// Sets variables for one command, and leaves a frame that puts them back.
    fn save_variables(&mut self, assignments: &[(String, String)]) {
        if assignments.is_empty() {
            return;
        }
        let mut saved: BTreeMap<String, Option<Variable>> = BTreeMap::new();
        for (name, value) in assignments {
            saved.entry(name.clone()).or_insert_with(|| self.state.variables.get(name).cloned());
            // A read-only variable stays as it is.
            let _ = assign(&mut self.state.variables, name, value.clone());
            if let Some(variable) = self.state.variables.get_mut(name) {
                variable.exported = true;
            }
        }
        self.stack.push(Frame::Variables { saved });
    }

    /// Starts a program, whatever functions and builtins there are.
    pub(super) fn start_program(&mut self, io: &mut Io<'_>, name: &str, fields: Vec<String>) {
        let environment = self.environment();
        self.start_external(io, name, fields, environment);
    }

    fn start_external(
        &mut self,
        io: &mut Io<'_>,
        name: &str,
        fields: Vec<String>,
        mut environment: BTreeMap<String, String>,
    ) {
        io.budget.take(PROGRAM + environment.len() as u64);
        if self.state.dialect == Dialect::Bash && !self.state.passes_on {
            self.add_bash_environment(io, name, &mut environment);
        }
        const HANDLER: &str = "command_not_found_handle";
        let found = find(self, io, name, &fields, &environment);
        if matches!(found, Found::Tool(_) | Found::Server(_)) {
            self.remember(io, name, 1);
        }
        match found {
            Found::Tool(tool) => {
                let tool = with_input(tool, &fields);
                name.clone_into(&mut self.program);
                self.unwritten = false;
                let environment = Arc::new(environment);
                self.stack.push(Frame::Run { tool, environment, due: SimTime::START });
            }
            Found::Server(process) => {
                self.stack.push(Frame::Server { process: Server(process), due: SimTime::START });
            }
            Found::Failed { status: 127, .. }
                if self.state.dialect == Dialect::Bash
                    && !name.contains('/')
                    && self.state.functions.contains_key(HANDLER)
                    && !self.state.calls.iter().any(|call| call == HANDLER) =>
            {
                io.cluster.note(&self.state.place, missing(name));
                let fields = [vec![name.to_owned()], fields].concat();
                let (assignments, redirects) = (Vec::new(), Vec::new());
                let handler = Prepared { assignments, fields, redirects };
                self.start_found(io, HANDLER, handler, true);
            }
            Found::Failed { message, status } => {
                io.cluster.note(&self.state.place, missing(name));
                self.write_error(io, &message);
                self.state.status = status;
            }
        }
    }

    /// The exported variables, and where the shell is.
    fn environment(&self) -> BTreeMap<String, String> {
        let mut environment = self.state.environment();
        if !self.state.passes_on {
            environment.insert("PWD".to_owned(), self.working_directory());
        }
        environment
    }

    /// What bash gives a program beside its exported variables: the program's own path, and one shell less
    /// where the program takes bash's place, as the last one of `bash -c` does.
    fn add_bash_environment(
        &self,
        io: &Io<'_>,
        name: &str,
        environment: &mut BTreeMap<String, String>,
    ) {
        let path = match name.contains('/') {
            true => name.to_owned(),
            false => commands::path(io.cluster, &self.state.place, name),
        };
        environment.insert("_".to_owned(), path);
        let takes_place = self.state.command_string && self.stack.is_empty();
        if let Some(level) = environment.get_mut("SHLVL").filter(|_| takes_place) {
            *level = level.parse::<u32>().unwrap_or(1).saturating_sub(1).to_string();
        }
    }

    /// `exec`: with a command, the shell ends when the command does; without, redirections stay.
    fn exec(&mut self, io: &mut Io<'_>, mut fields: Vec<String>, redirects: &[Ready]) {
        if !self.redirect(io, redirects, false) {
            // Only a shell by POSIX' rules ends there.
            match self.state.dialect {
                Dialect::Bash => self.state.status = 1,
                _ => self.fail_hard(1),
            }
            return;
        }
        if let Some(status) = self.refused_option(io, "exec", &fields) {
            return self.fail_hard(status);
        }
        if self.state.dialect == Dialect::Bash
            && let Some(option) = fields.first().filter(|word| word.starts_with('-'))
            && option != "--"
        {
            let told = format!("podhop: not simulated here: exec {option}");
            self.write_error(io, &told);
            self.state.status = 1;
            return;
        }
        if fields.first().is_some_and(|word| word == "--") {
            fields.remove(0);
        }
        if fields.is_empty() {
            self.state.status = 0;
            return;
        }
        let name = fields.remove(0);
        let environment = self.environment();
        let frame = match find(self, io, &name, &fields, &environment) {
            Found::Tool(tool) => {
                Frame::Run { tool, environment: Arc::new(environment), due: SimTime::START }
            }
            Found::Server(process) => {
                Frame::Server { process: Server(process), due: SimTime::START }
            }
            Found::Failed { message, status } => {
                io.cluster.note(&self.state.place, missing(&name));
                let message = match message.strip_prefix(&self.state.prefix()) {
                    Some(why) => {
                        let why = why.replace("command not found", "not found");
                        format!("{}{why}", self.state.builtin("exec"))
                    }
                    None => message,
                };
                self.write_error(io, &message);
                return self.fail_hard(status);
            }
        };
        let descriptors = self.descriptors.clone();
        let inputs = std::mem::take(&mut self.inputs);
        self.unwind_to(0);
        (self.descriptors, self.inputs) = (descriptors, inputs);
        self.state.traps.clear();
        self.leaving = true;
        self.stack.push(frame);
    }
}

fn missing(program: &str) -> Did {
    Did::ProgramMissing { program: program.to_owned() }
}
