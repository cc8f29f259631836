//! Programs in containers: what a container's command, `kubectl exec` and scripts start.

use std::sync::Arc;
use std::time::Duration;

use super::commands::{self, Setting};
use super::files::USUAL_UMASK;
use super::machine::Machine;
use super::machine::lookup::dialect;
use super::tool::NEVER;
use super::{Budget, Files, Interrupted, Io, Order, Stdin, Step, Tool};
use crate::cluster::{
    Answer, Ask, Cluster, Context, Flavour, Image, Place, Poll, Process, Reply, Signal, StartError,
    Userland,
};

/// How long a program waits that has used up what it may do.
const PAUSE: Duration = Duration::from_secs(1);

/// The programs that containers run beside servers.
pub(super) struct Programs;

impl Userland for Programs {
    fn tools(&self, cluster: &Cluster, place: &Place) -> Vec<String> {
        let merged = commands::flavour(cluster, place) == Flavour::Gnu;
        let paths = commands::installed(cluster, place).into_iter().flat_map(|name| {
            let path = commands::path(cluster, place, name);
            let short = path.strip_prefix("/usr").filter(|short| {
                merged && (short.starts_with("/bin/") || short.starts_with("/sbin/"))
            });
            [short.map(str::to_owned), Some(path.clone())]
        });
        paths.flatten().collect()
    }

    fn start(
        &self,
        arguments: &[String],
        environment: Vec<(String, String)>,
        place: &Place,
        image: &Arc<Image>,
    ) -> Result<Box<dyn Process>, StartError> {
        let name = arguments.first().map_or("", String::as_str);
        let plain = name.rsplit('/').next().unwrap_or(name);
        if !is_own_file(name) && !image.holds(plain) {
            return Err(StartError::NotFound(name.to_owned()));
        }
        let start = Start { arguments: arguments.to_vec(), environment };
        Ok(Box::new(Program {
            place: place.clone(),
            flavour: image.flavour,
            directory: image.directory.as_str().into(),
            start: Some(start),
            machine: None,
            stdin: Stdin::default(),
            budget: Budget::of_process(),
        }))
    }
}

/// A path outside the system's folders is a script, which is looked for when it runs. A whole command line in
/// one word (`curl http://web; sleep 5`) is none.
fn is_own_file(name: &str) -> bool {
    let line = name.contains(' ') && !name.starts_with(['/', '.']);
    name.contains('/') && !is_system(name) && !line
}

fn is_system(path: &str) -> bool {
    ["/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/"]
        .iter()
        .any(|folder| path.strip_prefix(folder).is_some_and(|name| !name.contains('/')))
}

/// What a program is started with.
#[derive(Clone)]
struct Start {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

/// A container's first process.
#[derive(Clone)]
struct Program {
    place: Place,
    flavour: Flavour,
    directory: Arc<str>,
    /// Until the first step.
    start: Option<Start>,
    machine: Option<Machine>,
    stdin: Stdin,
    budget: Budget,
}

impl Program {
    fn machine(&mut self, context: &mut Context<'_>) -> Machine {
        if let Some(machine) = self.machine.take() {
            return machine;
        }
        let start = self.start.take();
        let (arguments, environment) =
            start.map(|start| (start.arguments, start.environment)).unwrap_or_default();
        self.stdin = container_stdin(context.cluster, &self.place);
        let name = arguments.first().map_or("", String::as_str);
        let plain = name.rsplit('/').next().unwrap_or(name);
        let mut machine = match dialect(plain, self.flavour) {
            Some(dialect) => Machine::started(self.place.clone(), dialect, environment, &arguments),
            None => {
                let dialect = own_dialect(self.flavour);
                let mut machine = Machine::new(self.place.clone(), dialect, environment);
                machine.run_words(&arguments);
                machine
            }
        };
        machine.set_directory(&self.directory);
        machine.set_process(context.process);
        machine
    }

    /// Runs `act` with the view of the world that the container's process has.
    fn with<T>(
        &mut self,
        context: &mut Context<'_>,
        act: impl FnOnce(&mut Machine, &mut Io<'_>) -> T,
    ) -> T {
        let mut machine = self.machine(context);
        let mut budget = self.budget.clone();
        let (mut output, mut errors, mut order) = (Vec::new(), Vec::new(), Order::default());
        let (mut files, mut ui_requests, mut prompt) = (Files::new(), Vec::new(), String::new());
        let result = act(
            &mut machine,
            &mut Io {
                cluster: context.cluster,
                place: &self.place,
                stdin: &mut self.stdin,
                stdout: &mut output,
                stderr: &mut errors,
                terminal: false,
                environment: &Default::default(),
                directory: &self.directory,
                umask: USUAL_UMASK,
                files: &mut files,
                ui_requests: &mut ui_requests,
                prompt: &mut prompt,
                order: &mut order,
                budget: &mut budget,
            },
        );
        for (_, bytes) in order.merge(&output, &errors) {
            context.output.extend_from_slice(bytes);
        }
        self.machine = Some(machine);
        budget.print(output.len() + errors.len());
        self.budget = budget;
        result
    }
}

/// `stdin: true` keeps a container's standard input open: a shell waits there instead of ending.
fn container_stdin(cluster: &Cluster, place: &Place) -> Stdin {
    let Place::Container { namespace, pod, container } = place else { return Stdin::default() };
    let pod = cluster.objects().get::<crate::api::Pod>(namespace, pod);
    let spec = pod.and_then(|pod| pod.spec.as_ref());
    let plain = spec.into_iter().flat_map(|spec| &spec.containers);
    let plain = plain.map(|candidate| (&candidate.name, candidate.stdin));
    let added = spec.into_iter().flat_map(|spec| spec.ephemeral_containers.iter().flatten());
    let added = added.map(|candidate| (&candidate.name, candidate.stdin));
    let open = plain.chain(added).any(|(name, open)| **name == **container && open == Some(true));
    Stdin { piped: open, ..Stdin::default() }
}

impl Process for Program {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        self.budget.begin(context.now());
        if self.budget.is_tired() {
            return Poll::Until(context.now() + PAUSE);
        }
        match self.with(context, |machine, io| machine.step(io)) {
            Step::Exit(status) => Poll::Exit(status),
            Step::Until(NEVER) | Step::Input => Poll::Idle,
            Step::Until(at) => Poll::Until(at),
        }
    }

    fn signal(&mut self, signal: Signal, context: &mut Context<'_>) -> bool {
        let mut machine = self.machine(context);
        let name = match signal {
            Signal::Term => "TERM",
            Signal::Int => "INT",
            Signal::Hup => "HUP",
        };
        let handled = machine.signal(name) || machine.signal_server(signal, context);
        self.machine = Some(machine);
        handled
    }

    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let answer = self.machine.as_mut().and_then(|machine| machine.serve(ask, context));
        answer.unwrap_or(Answer { reply: Reply::Closed, took: Duration::ZERO })
    }
}

/// The language of a place's `sh`.
pub(super) fn own_dialect(flavour: Flavour) -> super::syntax::Dialect {
    match flavour {
        Flavour::BusyBox => super::syntax::Dialect::Ash,
        Flavour::Gnu => super::syntax::Dialect::Dash,
    }
}

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

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.machine.interrupt(io)
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.machine.terminate(io);
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

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.chosen(io.stdin.terminal).interrupt(io)
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.chosen(io.stdin.terminal).terminate(io);
    }
}

/// `sh`, `bash` and their kin as commands: a script, or at a terminal a prompt.
pub(super) fn shell(
    name: &str,
    arguments: &[String],
    setting: &Setting<'_>,
) -> Option<Box<dyn Tool>> {
    let dialect = dialect(name, setting.flavour)?;
    let environment: Vec<(String, String)> =
        setting.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let place = setting.place.clone();
    let options = |argument: &String| argument.starts_with('-') && !argument.contains('c');
    let login = arguments.iter().any(|argument| argument == "-l" || argument == "--login");
    let mut all = vec![name.to_owned()];
    all.extend_from_slice(arguments);
    if arguments.iter().all(options) {
        let mut machine = Machine::started(place.clone(), dialect, environment.clone(), &all);
        if let Some(process) = setting.process {
            machine.set_process(process);
        }
        let reader = Box::new(Script { machine, begun: false });
        let console = super::console::nested(place, dialect, environment, login);
        let asks =
            arguments.iter().any(|argument| argument.contains('i') && !argument.starts_with("--"));
        return Some(Box::new(Undecided { reader, console, asks: asks.then_some(true) }));
    }
    let mut machine = Machine::started(place, dialect, environment, &all);
    if let Some(process) = setting.process {
        machine.set_process(process);
    }
    Some(Box::new(Script { machine, begun: false }))
}

/// A program at `place` with the place's own environment; `None` when there is none.
pub(super) fn exec(
    cluster: &Cluster,
    place: &Place,
    arguments: &[String],
    terminal: bool,
) -> Option<Box<dyn Tool>> {
    let (name, rest) = arguments.split_first()?;
    let plain = name.rsplit('/').next().unwrap_or(name);
    if !is_own_file(name) && !commands::is_installed(cluster, place, plain) {
        return None;
    }
    let flavour = commands::flavour(cluster, place);
    let environment = cluster.environment(place);
    let directory = cluster.image(place).map_or("/", |image| &image.directory);
    let mut machine = match dialect(plain, flavour) {
        Some(dialect) if terminal && rest.iter().all(|argument| argument.starts_with("-l")) => {
            let login = !rest.is_empty();
            return Some(super::console::nested(place.clone(), dialect, environment, login));
        }
        Some(dialect) => Machine::started(place.clone(), dialect, environment, arguments),
        None => {
            let mut machine = Machine::new(place.clone(), own_dialect(flavour), environment);
            machine.run_words(arguments);
            machine
        }
    };
    machine.set_directory(directory);
    machine.set_pid(20);
    Some(script(machine))
}

/// A fresh shell at `place`, as a goal's command gets it.
pub(super) fn fresh(cluster: &Cluster, place: &Place) -> Machine {
    if *place == Place::Laptop {
        return super::session::laptop();
    }
    let dialect = match place {
        Place::Node(_) => super::syntax::Dialect::Bash,
        _ => own_dialect(commands::flavour(cluster, place)),
    };
    let mut machine = Machine::new(place.clone(), dialect, cluster.environment(place));
    machine.set_directory(cluster.image(place).map_or("/", |image| &image.directory));
    machine.set_pid(20);
    machine
}

/// A shell that runs these words with what `io` has, in this environment.
pub(super) fn words(
    io: &Io<'_>,
    words: &[String],
    environment: &std::collections::BTreeMap<String, String>,
) -> Machine {
    let dialect = match io.place {
        Place::Laptop | Place::Node(_) => super::syntax::Dialect::Bash,
        Place::Container { .. } => own_dialect(commands::flavour(io.cluster, io.place)),
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
