//! A shell that a person types at: the laptop's, and those inside nodes and containers.

use super::machine::Machine;
use super::syntax::{Dialect, Fault, SyntaxError};
use super::{Interrupted, Io, Read, Step, Tool, Typed};
use crate::cluster::{Cluster, Place};

/// A machine that runs what is typed, command by command.
#[derive(Clone)]
pub(super) struct Console {
    pub machine: Machine,
    /// The beginning of a command that is not complete.
    pending: String,
    /// The line that would end the here-document in it.
    awaits: Option<String>,
    /// How often it has been read from its beginning.
    readings: u32,
}

/// How often a command is read anew, which it is with each line but those of here-documents.
const READINGS: u32 = 1_000;

impl Console {
    pub fn new(machine: Machine) -> Console {
        Console { machine, pending: String::new(), awaits: None, readings: 0 }
    }

    /// Whether the next line continues a command.
    pub fn is_unfinished(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Forgets an unfinished command.
    pub fn forget(&mut self) {
        self.pending.clear();
        self.awaits = None;
        self.readings = 0;
    }

    /// Takes a line; what the shell says to a syntax error comes beside what became of it.
    pub fn feed(&mut self, line: &str) -> (Typed, Option<String>) {
        self.pending.push_str(line);
        // An empty line counts too: a here-document keeps it.
        if !line.ends_with('\n') {
            self.pending.push('\n');
        }
        if self.continues() || self.is_in_document(line) {
            return (Typed::Incomplete, None);
        }
        self.readings += 1;
        if self.readings > READINGS {
            self.forget();
            self.machine.set_status(2);
            let told = format!("not simulated here: a command of more than {READINGS} lines");
            return (Typed::Nothing, Some(told));
        }
        let checked = self.machine.check(&self.pending);
        self.awaits = match &checked {
            Some(SyntaxError { fault: Fault::HereDocument { delimiter }, .. }) => {
                Some(delimiter.clone())
            }
            _ => None,
        };
        match checked {
            Some(error) if error.is_incomplete() => (Typed::Incomplete, None),
            Some(error) if error.span.start == 0 || self.is_first_command_wrong() => {
                let message = self.machine.syntax_message(&self.pending, &error);
                self.machine.set_status(2);
                self.forget();
                (Typed::Nothing, Some(message))
            }
            _ => {
                let text = std::mem::take(&mut self.pending);
                self.forget();
                if is_blank(&text) {
                    return (Typed::Nothing, None);
                }
                self.machine.run_text(&text);
                (Typed::Running, None)
            }
        }
    }

    /// Whether a line is only one more of a here-document.
    fn is_in_document(&self, line: &str) -> bool {
        let Some(end) = &self.awaits else { return false };
        line.lines().all(|line| line.trim_start_matches('\t') != end)
    }

    /// Whether the text ends with a backslash that joins the next line.
    fn continues(&self) -> bool {
        let text = self.pending.strip_suffix('\n').unwrap_or(&self.pending);
        let slashes = text.len() - text.trim_end_matches('\\').len();
        slashes % 2 == 1
    }

    /// With several lines at once, those before the wrong one still run.
    fn is_first_command_wrong(&self) -> bool {
        let first = self.pending.split_inclusive('\n').next().unwrap_or("");
        first.len() == self.pending.len() || self.machine.check(first).is_some()
    }

    /// The end of input at the prompt of an unfinished command.
    pub fn end_unfinished(&mut self) -> Option<String> {
        let text = std::mem::take(&mut self.pending);
        self.forget();
        let error = self.machine.check(&text)?;
        self.machine.set_status(2);
        Some(self.machine.syntax_message(&text, &error))
    }
}

fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#')
    })
}

/// A shell inside a node or container, as a command of the one outside.
#[derive(Clone)]
struct Nested {
    console: Console,
    /// Which run of the container it is in; `None` before the first step and on nodes.
    incarnation: Option<String>,
    started: bool,
    /// Printed once, at the beginning.
    greeting: Option<String>,
    /// Printed at the end, as `ssh` does.
    farewell: Option<String>,
}

/// A shell at `place` that reads lines from its terminal. With `login` it greets and says goodbye
/// as ssh does.
pub(super) fn nested(
    place: Place,
    dialect: Dialect,
    environment: Vec<(String, String)>,
    login: bool,
) -> Box<dyn Tool> {
    let mut machine = Machine::new(place, dialect, environment);
    let name = match (dialect, login) {
        (Dialect::Bash, true) => "-bash",
        (Dialect::Bash, false) => "bash",
        (_, true) => "-sh",
        (_, false) => "sh",
    };
    machine.make_interactive(name, "");
    machine.set_pid(30);
    Box::new(Nested {
        console: Console::new(machine),
        incarnation: None,
        started: false,
        greeting: None,
        farewell: None,
    })
}

impl Nested {
    /// Fills in what only the cluster knows.
    fn begin(&mut self, io: &mut Io<'_>) {
        self.started = true;
        let place = self.console.machine.place().clone();
        self.incarnation = incarnation(io.cluster, &place);
        let machine = &mut self.console.machine;
        for (name, value) in io.cluster.environment(&place) {
            if machine.variable(&name).is_none() {
                machine.export(&name, &value);
            }
        }
        let directory = match &place {
            Place::Node(_) => "/root",
            _ => io.cluster.image(&place).map_or("/", |image| &image.directory),
        };
        if machine.directory().is_empty() {
            machine.set_directory(if directory.is_empty() { "/" } else { directory });
        }
        if let Some(greeting) = self.greeting.take() {
            io.say(greeting);
        }
    }

    /// `root@web:/# `, or `/ # ` of BusyBox.
    fn prompt(&self, cluster: &Cluster) -> String {
        let machine = &self.console.machine;
        if self.console.is_unfinished() {
            return "> ".to_owned();
        }
        let directory = machine.working_directory();
        let identity = cluster.identity(machine.place());
        let user = identity.user.1.clone().unwrap_or_else(|| "I have no name!".to_owned());
        let mark = if identity.is_root() { '#' } else { '$' };
        let home = machine.variable("HOME").unwrap_or("/root");
        let short = match directory.strip_prefix(home) {
            Some("") if home != "/" => "~".to_owned(),
            Some(rest) if home != "/" && rest.starts_with('/') => format!("~{rest}"),
            _ => directory.clone(),
        };
        match machine.dialect() {
            Dialect::Bash => {
                let host = cluster.host_name(machine.place());
                format!("{user}@{host}:{short}{mark} ")
            }
            Dialect::Ash => format!("{short} {mark} "),
            Dialect::Dash => format!("{mark} "),
        }
    }

    fn leave(&mut self, io: &mut Io<'_>) -> Step {
        if let Some(farewell) = self.farewell.take() {
            io.say(farewell);
        }
        Step::Exit(self.console.machine.status())
    }
}

impl Tool for Nested {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if !self.started {
            self.begin(io);
        }
        loop {
            if incarnation(io.cluster, self.console.machine.place()) != self.incarnation {
                return Step::Exit(137);
            }
            if !self.console.machine.is_idle() {
                match self.console.machine.step(io) {
                    Step::Exit(_) => {}
                    wait => return wait,
                }
                // A Ctrl-D that ended the command is used up.
                io.stdin.closed &= !io.stdin.terminal;
            }
            if self.console.machine.is_leaving() {
                return self.leave(io);
            }
            match io.read_line() {
                Read::Line(line) => {
                    if let (_, Some(message)) = self.console.feed(&line) {
                        io.write_error(message);
                    }
                }
                Read::Wait => {
                    *io.prompt = self.prompt(io.cluster);
                    return self.console.machine.step_jobs(io).map_or(Step::Input, Step::Until);
                }
                Read::End => {
                    io.stdin.closed &= !io.stdin.terminal;
                    if let Some(message) = self.console.end_unfinished() {
                        io.write_error(message);
                    }
                    if io.stdin.terminal && self.console.machine.dialect() == Dialect::Bash {
                        io.say("exit");
                    }
                    return self.leave(io);
                }
            }
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        if self.console.machine.is_idle() {
            self.console.forget();
            self.console.machine.set_status(130);
        } else {
            self.console.machine.interrupt(io);
        }
        Interrupted::Handled
    }
}

/// Which run of which container is at a place: it changes when the container dies. `None` for
/// nodes, and for containers that are gone.
fn incarnation(cluster: &Cluster, place: &Place) -> Option<String> {
    let Place::Container { namespace, pod, container } = place else { return None };
    let pod = cluster.objects().get::<crate::api::Pod>(namespace, pod)?;
    let uid = pod.metadata.uid.as_deref().unwrap_or("");
    let status = pod.status.as_ref()?;
    let all = [
        &status.container_statuses,
        &status.init_container_statuses,
        &status.ephemeral_container_statuses,
    ];
    let mut all = all.into_iter().flatten().flatten();
    let own = all.find(|status| status.name == **container)?;
    let running = own.state.as_ref()?.running.is_some();
    running.then(|| format!("{uid} {}", own.restart_count))
}
