//! Programs in containers: what a container's command, `kubectl exec` and scripts start.

use std::sync::Arc;
use std::time::Duration;

use super::commands;
use super::files::USUAL_UMASK;
use super::machine::Machine;
use super::syntax::Dialect;
use super::tool::NEVER;
use super::{Budget, Files, Io, Order, Stdin, Step, Tool, shells};
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
        let merged = cluster.flavour(place) == Flavour::Gnu;
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
/// one word (`/bin/sh -c "curl http://web"`) is none.
fn is_own_file(name: &str) -> bool {
    name.contains('/') && !is_system(name) && !name.contains(char::is_whitespace)
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
        let mut machine = match Dialect::of_program(plain, self.flavour) {
            Some(dialect) => Machine::started(self.place.clone(), dialect, environment, &arguments),
            None => {
                let dialect = Dialect::of_sh(self.flavour);
                let mut machine = Machine::new(self.place.clone(), dialect, environment);
                machine.pass_on(None);
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

    fn has_workers(&self) -> bool {
        self.machine.as_ref().is_some_and(|machine| machine.has_workers())
    }

    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer {
        let answer = self.machine.as_mut().and_then(|machine| machine.serve(ask, context));
        answer.unwrap_or(Answer { reply: Reply::Closed, took: Duration::ZERO })
    }
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
    let file = || cluster.read_file(place, &cluster.follow(place, name, true)).is_some();
    let own = is_own_file(name) && (!name.starts_with('/') || file());
    if !own && !commands::is_installed(cluster, place, plain) {
        return None;
    }
    let flavour = cluster.flavour(place);
    let environment = cluster.environment(place);
    let directory = cluster.image(place).map_or("/", |image| &image.directory);
    let mut machine = match Dialect::of_program(plain, flavour) {
        Some(dialect) if terminal && rest.iter().all(|argument| argument.starts_with("-l")) => {
            let login = !rest.is_empty();
            return Some(super::console::nested(place.clone(), dialect, environment, login));
        }
        Some(dialect) => Machine::started(place.clone(), dialect, environment, arguments),
        None => {
            let mut machine = Machine::new(place.clone(), Dialect::of_sh(flavour), environment);
            machine.pass_on(None);
            machine.run_words(arguments);
            machine
        }
    };
    machine.set_directory(directory);
    machine.set_pid(20);
    Some(shells::script(machine))
}

/// A fresh shell at `place`, as a goal's command gets it.
pub(super) fn fresh(cluster: &Cluster, place: &Place) -> Machine {
    if *place == Place::Laptop {
        return super::session::laptop();
    }
    let dialect = match place {
        Place::Node(_) => Dialect::Bash,
        _ => Dialect::of_sh(cluster.flavour(place)),
    };
    let mut machine = Machine::new(place.clone(), dialect, cluster.environment(place));
    machine.set_directory(cluster.image(place).map_or("/", |image| &image.directory));
    machine.set_pid(20);
    machine
}
