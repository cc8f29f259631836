//! kubectl: a client of the API server, in its own words.
//!
//! A command line is read by tables of ours ([`catalog`], [`command`], [`flags`]); each subcommand is a file. A
//! command that waits (`wait`, `delete`, `logs -f`) hands a [`Task`] back, which goes on step by
//! step. Nothing here knows more of the cluster than [`Request`](crate::api::Request) can ask.

mod about;
mod apply;
mod attach;
mod autoscale;
mod catalog;
mod client;
mod command;
mod complete;
mod config;
mod contexts;
mod cp;
mod create;
mod debug;
mod delete;
mod describe;
mod diff;
mod drain;
mod dry_run;
mod edit;
mod events;
mod exec;
mod explain;
mod expose;
mod failure;
pub(super) mod flags;
mod get;
mod go_sort;
mod go_template;
mod go_types;
mod help;
mod jsonpath;
mod kustomize;
mod kyaml;
mod label;
mod local;
mod logs;
mod nodes;
mod output;
mod pages;
mod patch;
mod pods;
mod port_forward;
mod raw;
mod refused;
mod replace;
mod resources;
mod rollout;
mod run;
mod scale;
mod server;
mod set;
mod sort_by;
mod sources;
mod tabs;
mod target;
mod wait;
mod words;

pub use config::current_namespace;

/// How long a call takes: the process, and its questions to the API server. Controllers act
/// meanwhile, so that of two calls in a row the second finds what the first has led to.
const RUN: Duration = Duration::from_millis(40);

use std::time::Duration;

use client::Client;
use failure::Failure;
use flags::Arguments;

use super::super::tool::{Interrupted, Io, Step, Tool};
use crate::clock::SimTime;
use command::Command;

pub(in crate::shell) use complete::complete;

/// kubectl with these arguments (without `kubectl` itself).
pub fn start(arguments: &[String]) -> Box<dyn Tool> {
    Box::new(Kubectl { state: KubectlState::Fresh(arguments.to_vec()) })
}

/// A running kubectl.
#[derive(Clone)]
struct Kubectl {
    state: KubectlState,
}

/// Whether `-f -` asks for manifests from standard input, which has to come to its end first.
fn reads_input(arguments: &[String]) -> bool {
    let own = || arguments.iter().take_while(|word| *word != "--").map(String::as_str);
    own().zip(own().skip(1)).any(|pair| matches!(pair, ("-f" | "--filename", "-")))
        || own().any(|word| matches!(word, "-f-" | "-f=-" | "--filename=-"))
}

/// How far it has come.
#[derive(Clone)]
enum KubectlState {
    /// Nothing is read yet.
    Fresh(Vec<String>),
    /// Something is waited for.
    Waiting(Box<dyn Task>),
    /// Everything is done, and the process is about to end.
    Leaving(SimTime, i32),
    /// It has ended.
    Over(i32),
}

/// The part of a command that takes time.
trait Task: TaskClone + Send + Sync {
    /// Goes on until it waits or ends.
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure>;

    /// Ctrl-C arrives. The default ends the command.
    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        let _ = io;
        Interrupted::Ended
    }

    /// SIGTERM ends the command: what it has to close.
    fn terminate(&mut self, io: &mut Io<'_>) {
        let _ = io;
    }
}

/// Cloning for boxed tasks.
trait TaskClone {
    fn clone_task(&self) -> Box<dyn Task>;
}

impl<T: Task + Clone + 'static> TaskClone for T {
    fn clone_task(&self) -> Box<dyn Task> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Task> {
    fn clone(&self) -> Self {
        self.clone_task()
    }
}

/// What a subcommand comes to.
enum Next {
    /// It is done, with this exit code.
    Exit(i32),
    /// It goes on.
    Wait(Box<dyn Task>),
}

/// What a subcommand says when it has run.
type Outcome = Result<Next, Failure>;

/// A command that has done everything.
const DONE: Outcome = Ok(Next::Exit(0));

/// A subcommand's call.
#[derive(Clone)]
struct Call {
    /// The subcommand.
    command: &'static Command,
    /// As it was called: `kubectl create service`.
    path: String,
    /// Its flags and arguments.
    arguments: Arguments,
    /// Its line to the API server.
    client: Client,
}

impl Call {
    /// A complaint about how the command was called.
    fn usage(&self, text: impl AsRef<str>) -> Failure {
        Failure::usage(&self.path, text)
    }
}

impl Tool for Kubectl {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            let result = match &mut self.state {
                KubectlState::Over(code) => return Step::Exit(*code),
                KubectlState::Leaving(until, _) if *until > io.now() => return Step::Until(*until),
                KubectlState::Leaving(_, code) => Ok(KubectlState::Over(*code)),
                KubectlState::Fresh(arguments) if reads_input(arguments) && !io.stdin.ended() => {
                    return Step::Input;
                }
                KubectlState::Fresh(arguments) => {
                    let arguments = std::mem::take(arguments);
                    catalog::run(&arguments, io).map(|next| match next {
                        Next::Exit(code) => KubectlState::Leaving(io.now() + RUN, code),
                        Next::Wait(task) => KubectlState::Waiting(task),
                    })
                }
                KubectlState::Waiting(task) => match task.step(io) {
                    Ok(Step::Exit(code)) => Ok(KubectlState::Over(code)),
                    Ok(wait) => return wait,
                    Err(failure) => Err(failure),
                },
            };
            self.state = result.unwrap_or_else(|failure| {
                io.stdout.extend_from_slice(failure.output().as_bytes());
                let text = failure.text();
                if !text.is_empty() {
                    io.write_error(crate::diagnostic::printable(&text));
                }
                KubectlState::Over(failure.exit())
            });
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        match &mut self.state {
            KubectlState::Waiting(task) => task.interrupt(io),
            _ => Interrupted::Ended,
        }
    }

    fn terminate(&mut self, io: &mut Io<'_>) {
        if let KubectlState::Waiting(task) = &mut self.state {
            task.terminate(io);
        }
    }
}
