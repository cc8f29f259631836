//! `kubectl attach`: what a running container writes from here on; with a terminal, its shell.

use std::time::Duration;

use super::super::super::tool::{Interrupted, Io, Step};
use super::command::{self, Command};
use super::exec::Program;
use super::flags::{Flag, Takes, switch, text, typed};
use super::logs::Output;
use super::{Call, Failure, Next, Outcome, Task, pods};
use crate::api::Pod;

pub(super) static COMMAND: Command = Command {
    name: "attach",
    short: "Attach to a running container",
    usage: "(POD | TYPE/NAME) -c CONTAINER",
    flags: &[FLAGS],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("stdin", Some('i'), "Pass standard input on."),
    switch("tty", Some('t'), "Standard input is a terminal."),
    switch("quiet", Some('q'), "Print only what the container prints."),
    text("container", Some('c'), "The container."),
    typed("detach-keys", Takes::Text, "'ctrl-p,ctrl-q'", "Not simulated here."),
    typed("pod-running-timeout", Takes::Duration, "1m0s", "How long to wait for a running pod."),
];

/// How often the container's output is looked at.
const PERIOD: Duration = Duration::from_millis(100);

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    let word = &match words.as_slice() {
        [] => return Err(Failure::message("at least 1 argument is required for attach")),
        [word] => word.clone(),
        [kind, name] => format!("{kind}/{name}"),
        many => {
            return Err(Failure::message(format!(
                "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
                many.len(),
                many.join(" ")
            )));
        }
    };
    if call.arguments.given("detach-keys") {
        return Err(Failure::not_simulated("attach --detach-keys", "Ctrl-C leaves the container"));
    }
    let (pod, _) = pods::find(&mut call.client, io, word, pods::ATTACHING)?;
    let phase = pod.phase();
    if matches!(phase, "Succeeded" | "Failed") {
        let text =
            format!("cannot attach a container in a completed pod; current phase is {phase}");
        return Err(Failure::message(text));
    }
    let wanted = call.arguments.text("container").to_owned();
    let container = pods::container(io, &pod, &wanted, call.arguments.on("quiet"));
    let container =
        container.map_err(|failure| failure.within("cannot attach to the container"))?;
    if !pod.runs(&container) {
        let text = format!(
            "Internal error occurred: unable to upgrade connection: container not found \
             (\"{container}\")"
        );
        return Err(Failure::message(text));
    }
    let typing = call.arguments.on("stdin") && io.stdin.terminal;
    if !call.arguments.on("quiet") {
        pods::greet(io);
    }
    if let Some(shell) = pods::shell(io, &pod, &container).filter(|_| typing) {
        let program = Program::start(io, &pod, &container, &[shell], true)?;
        return Ok(Next::Wait(Box::new(Typing { program })));
    }
    let output = Output::from_now(io, &pod, &container);
    Ok(Next::Wait(Box::new(Watching { pod, container, output })))
}

/// Somebody types into the container's shell.
#[derive(Clone)]
struct Typing {
    program: Program,
}

impl Task for Typing {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        Ok(self.program.step(io, None))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.program.interrupt(io)
    }
}

/// The container's output is shown.
#[derive(Clone)]
struct Watching {
    pod: Pod,
    container: String,
    output: Output,
}

impl Task for Watching {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        self.output.print(io);
        let pod = pods::current(io, &self.pod);
        if pod.is_some_and(|pod| pod.runs(&self.container)) {
            return Ok(Step::Until(io.now() + PERIOD));
        }
        Ok(Step::Exit(0))
    }
}
