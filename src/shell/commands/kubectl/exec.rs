//! `kubectl exec`: a program in a container, with or without a terminal.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::super::super::tool::{Interrupted, Io, Stdin, Step, Tool};
use super::command::{self, Command};
use super::flags::{Flag, Takes, switch, text, typed};
use super::{Call, Failure, Next, Outcome, Task, pods, sources};
use crate::api::{Kind, Object, Pod};
use crate::cluster::{Did, Place};

pub(super) static COMMAND: Command = Command {
    name: "exec",
    short: "Execute a command in a container",
    examples: "  # Run a command in a pod\n  kubectl exec web -- date\n  \n  # A shell in one of \
               several containers\n  kubectl exec -it web -c sidecar -- sh",
    usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
    flags: &[FLAGS, &[command::FILE]],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("stdin", Some('i'), "Pass standard input on."),
    switch("tty", Some('t'), "Standard input is a terminal."),
    text("container", Some('c'), "The container."),
    switch("quiet", Some('q'), "Print only what the command prints."),
    typed("pod-running-timeout", Takes::Duration, "1m0s", "How long to wait for a running pod."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.before_dash().to_vec();
    let command = call.arguments.after_dash().to_vec();
    let from_files = !call.arguments.all("filename").is_empty();
    if words.len() + usize::from(from_files) > 1 && call.arguments.dash.is_none() {
        return Err(call.usage(
            "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
        ));
    }
    if words.is_empty() && !from_files {
        return Err(Failure::message("pod, type/name or --filename must be specified"));
    }
    if command.is_empty() {
        let text = "you must specify at least one command for the container";
        return Err(Failure::message(text));
    }
    let pod = match words.first() {
        Some(word) => pods::find(&mut call.client, io, word, pods::ATTACHING)?.0,
        None => of_files(&mut call, io)?,
    };
    let phase = pod.phase();
    if matches!(phase, "Succeeded" | "Failed") {
        return Err(Failure::message(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let wanted = call.arguments.text("container").to_owned();
    let container = pods::container(io, &pod, &wanted, call.arguments.on("quiet"))?;
    let (stdin, tty) = (call.arguments.on("stdin"), call.arguments.on("tty"));
    let terminal = tty && stdin && io.stdin.terminal;
    if tty && stdin && !io.stdin.terminal {
        io.write_error("Unable to use a TTY - input is not a terminal or the right kind of file");
    }
    let program = Program::start(io, &pod, &container, &command, terminal)?;
    Ok(Next::Wait(Box::new(Exec { program, stdin: (!stdin).then(Stdin::default) })))
}

/// The pod that `-f` means: what the file says of it is taken for true, but for a pod, which the
/// server has to know.
fn of_files(call: &mut Call, io: &mut Io<'_>) -> Result<Pod, Failure> {
    let read = sources::read(call, io)?;
    let manifests = read.items.into_iter().collect::<Result<Vec<_>, _>>()?;
    let [manifest] = manifests.as_slice() else {
        return Err(Failure::message("cannot exec into multiple objects at a time"));
    };
    if manifest.kind == Kind::Pod {
        let live = manifest.live(call, io)?;
        let pod = live.as_kind::<Pod>().map(|pod| pod.as_ref().clone());
        return pod.ok_or_else(|| Failure::message("the object is not a pod"));
    }
    let object = Object::from_value(manifest.kind, manifest.value.clone())
        .map_err(|fault| Failure::message(fault.to_string()))?;
    Ok(pods::one_of(&mut call.client, io, &object, pods::ATTACHING)?.0)
}

/// A program that runs in a container.
#[derive(Clone)]
pub(super) struct Program {
    tool: Box<dyn Tool>,
    place: Place,
    pod: Pod,
    container: String,
    /// Which run of the container it belongs to.
    run: Option<String>,
    terminal: bool,
}

impl Program {
    /// Starts a program.
    ///
    /// # Errors
    /// When the container does not run, or holds no such program.
    pub fn start(
        io: &mut Io<'_>,
        pod: &Pod,
        container: &str,
        command: &[String],
        terminal: bool,
    ) -> Result<Program, Failure> {
        if pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).is_none() {
            let text = format!("pod {} does not have a host assigned", pod.name());
            return Err(pods::bad_request(text));
        }
        let place = Place::Container {
            namespace: Arc::from(pod.namespace()),
            pod: Arc::from(pod.name()),
            container: Arc::from(container),
        };
        if !pod.runs(container) {
            io.cluster.note(&place, Did::ContainerDown);
            return Err(Failure::message(format!(
                "Internal error occurred: unable to upgrade connection: container not found \
                 (\"{container}\")"
            )));
        }
        if let Some(why) = unusable(&io.at(&place), &command[0]) {
            return Err(not_started(io, &command[0], why));
        }
        let tool = crate::shell::exec(io.cluster, &place, command, terminal);
        let Some(tool) = tool else {
            let did = Did::ProgramMissing { program: command[0].clone() };
            io.cluster.note(&place, did);
            let why = match command[0].contains('/') {
                true => &format!("stat {}: no such file or directory", command[0]),
                false => "executable file not found in $PATH",
            };
            return Err(not_started(io, &command[0], why));
        };
        let run = run_of(pod, container);
        Ok(Program {
            tool,
            place,
            pod: pod.clone(),
            container: container.to_owned(),
            run,
            terminal,
        })
    }

    /// Goes on; a container's end is the program's.
    pub fn step(&mut self, io: &mut Io<'_>, stdin: Option<&mut Stdin>) -> Step {
        let now = pods::current(io, &self.pod);
        let alive = now.is_some_and(|pod| run_of(&pod, &self.container) == self.run);
        if !alive {
            return Step::Exit(137);
        }
        let terminal = self.terminal;
        let inner = io.at(&self.place);
        let mut inner = match stdin {
            Some(stdin) => Io { stdin, terminal, ..inner },
            None => Io { terminal, ..inner },
        };
        self.tool.step(&mut inner)
    }

    /// Where it runs.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// Ctrl-C.
    pub fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.tool.interrupt(&mut io.at(&self.place))
    }
}

/// Which run of a container a pod's status tells of.
fn run_of(pod: &Pod, container: &str) -> Option<String> {
    let status = pods::status(pod, container)?;
    status.state.as_ref()?.running.as_ref()?;
    status.container_id.clone()
}

/// Why what is at a full path is no program (`findExecutable` of Go's `os/exec`).
fn unusable(io: &Io<'_>, path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        return None;
    }
    let view = io.view();
    let file = io.is_file(path) && !view.is_program(path) && !view.is_executable(path);
    match io.is_directory(path) {
        true => Some("is a directory"),
        false => file.then_some("permission denied"),
    }
}

/// What containerd says when a program cannot be started; nothing has run, so that the exit code is
/// kubectl's own.
fn not_started(io: &mut Io<'_>, program: &str, reason: &str) -> Failure {
    let number = io.cluster.new_process().0;
    let id: String =
        Sha256::digest(number.to_le_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    Failure::message(crate::diagnostic::printable(&format!(
        "Internal error occurred: error executing command in container: failed to exec in \
         container: failed to start exec \"{id}\": OCI runtime exec failed: exec failed: unable to \
         start container process: exec: \"{program}\": {reason}: unknown"
    )))
}

/// A running `exec`.
#[derive(Clone)]
struct Exec {
    program: Program,
    /// An empty standard input, without `-i`.
    stdin: Option<Stdin>,
}

impl Task for Exec {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        let step = self.program.step(io, self.stdin.as_mut());
        if let Step::Exit(code) = step
            && code != 0
        {
            io.write_error(format!("command terminated with exit code {code}"));
        }
        Ok(step)
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.program.interrupt(io)
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        self.program.tool.terminate(&mut io.at(&self.program.place));
    }
}
