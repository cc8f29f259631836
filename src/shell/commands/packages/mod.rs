//! `apt`, `apt-get` and `apk`: tools that are not in an image, from the distribution's servers.
//!
//! The servers are outside the cluster: their names have to resolve, and the pod has to reach
//! them. What is installed is a file in the container's `/usr/bin`, gone with the container.

mod apk;
mod apt;
mod catalogue;
mod server;

pub(super) use catalogue::brings_applet;
#[cfg(test)]
pub(super) use catalogue::brought;

use crate::clock::SimTime;
use crate::cluster::Place;
use crate::shell::commands::options::Options;
use crate::shell::{Io, Step, Tool};

/// How far a package manager has come.
#[derive(Clone)]
enum Stage {
    Start,
    /// It has asked whether to install these, and waits for the answer.
    Asked(Vec<String>),
    /// It waits for its server until then.
    Waiting {
        until: SimTime,
        then: Then,
    },
}

/// What comes after the wait.
#[derive(Clone)]
enum Then {
    /// The lists of packages are there.
    KeepLists,
    /// These packages are there.
    Unpack(Vec<String>),
    /// Nothing more: it ends with this exit code.
    Exit(i32),
}

/// The words of a command line that are no options.
fn operands(options: &Options) -> Vec<&str> {
    options.operands.iter().map(String::as_str).collect()
}

pub(super) fn packages(tool: &'static str, arguments: &[String]) -> Box<dyn Tool> {
    match tool {
        "apk" => Box::new(Manager { kind: apk::Apk::new(arguments), stage: Stage::Start }),
        _ => Box::new(Manager { kind: apt::Apt::new(tool, arguments), stage: Stage::Start }),
    }
}

/// What apt and apk do each in their own way.
trait Kind: Clone + Send + Sync + 'static {
    /// The name it is called by.
    fn name(&self) -> &str;
    /// Its command line, read; or what is wrong with it, and the exit code.
    fn options(&self) -> &Result<Options, (String, i32)>;
    /// Begins what the operands say: what to wait for.
    fn start(&self, io: &mut Io<'_>, operands: &[&str]) -> Next;
    /// The answer to its question may be there.
    fn answer(&self, io: &mut Io<'_>, packages: &[String]) -> Next;
    /// Its server has answered.
    fn finish(&self, io: &mut Io<'_>, then: &Then) -> i32;
}

/// What a package manager does next.
enum Next {
    Exit(i32),
    /// Read the answer to a question about these packages.
    Ask(Vec<String>),
    /// There is no answer yet.
    Listen,
    Wait(SimTime, Then),
}

/// A package manager at work.
#[derive(Clone)]
struct Manager<K> {
    kind: K,
    stage: Stage,
}

impl<K: Kind> Tool for Manager<K> {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        loop {
            let next = match &self.stage {
                Stage::Start if !matches!(io.place, Place::Container { .. }) => {
                    io.write_error(super::not_simulated(self.kind.name()));
                    Next::Exit(1)
                }
                Stage::Start => match self.kind.options() {
                    Ok(options) => self.kind.start(io, &operands(options)),
                    Err((told, code)) => {
                        io.write_error(told);
                        Next::Exit(*code)
                    }
                },
                Stage::Asked(packages) => self.kind.answer(io, packages),
                Stage::Waiting { until, .. } if io.now() < *until => return Step::Until(*until),
                Stage::Waiting { then, .. } => Next::Exit(self.kind.finish(io, then)),
            };
            match next {
                Next::Exit(status) => return Step::Exit(status),
                Next::Listen => return Step::Input,
                Next::Ask(packages) => self.stage = Stage::Asked(packages),
                Next::Wait(until, then) => self.stage = Stage::Waiting { until, then },
            }
        }
    }
}
