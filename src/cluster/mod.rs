//! The cluster: API server, controllers, scheduler, kubelets and network on one simulated clock.
//!
//! A [`Cluster`] is a value. Cloning it is cheap (objects are shared), and a clone goes on by
//! itself: undo, what-if questions and the time scrubber are clones. Nothing in here asks for the
//! time, the disk or a thread: [`Cluster::step`] runs the earliest thing that is due, and
//! everything else is built on it. Order is total: due time, then actor, then key.
//!
//! What runs in containers is a [`Process`], an explicit state machine. Servers live in this room;
//! shells and command-line tools belong to `shell`, which hands them in as a [`Userland`].

pub mod controllers;
mod image;
mod outside;
mod process;
mod resolver;
mod traffic;

pub use image::{Flavour, Image};
pub use process::{Context, Poll, Process, Signal, StartError, Userland};
pub use traffic::{
    Answer, Ask, Connection, Dial, DialFailure, HttpRequest, HttpResponse, Lookup, LookupFailure,
    Payload, Query, Reply,
};

use std::sync::Arc;
use std::time::Duration;

use crate::api::{self, ApiServer, Request};
use crate::clock::SimTime;
use crate::network::{NetnsId, Network, ProcessId, ResolvConf, Sender};

/// Where a command runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The player's machine, outside the cluster.
    Laptop,
    /// A node's own shell, as after `minikube ssh`.
    Node(Arc<str>),
    /// A container of a pod.
    Container { namespace: Arc<str>, pod: Arc<str>, container: Arc<str> },
}

/// What a cluster is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many nodes, from 1: `node-1` is 192.168.49.2 with pods in 10.244.1.0/24 (R2.1).
    pub nodes: u32,
    /// Decides every random choice.
    pub seed: u64,
    /// Whether CoreDNS runs as pods in kube-system. Without it names do not resolve.
    pub dns: bool,
}

/// Whether everything came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing is left to do but what repeats for ever (loops, probes, back-offs).
    Settled,
    /// There was still work at the bound.
    StillBusy,
}

/// A cluster.
#[derive(Clone)]
pub struct Cluster {
    now: SimTime,
    api: ApiServer,
    network: Network,
    userland: Arc<dyn Userland>,
}

impl Cluster {
    /// Switches a cluster on. It is settled: nodes are ready, and CoreDNS runs if `config` says so.
    pub fn new(config: &Config, userland: Arc<dyn Userland>) -> Cluster {
        let _ = (config, userland);
        todo!()
    }

    /// The moment that the simulation has reached.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Sends a request to the API server.
    ///
    /// # Errors
    /// The API server's own `Status`.
    pub fn handle(&mut self, request: Request) -> api::Answer {
        let now = self.now;
        self.api.handle(now, request)
    }

    /// What the API server stores, to read.
    pub fn objects(&self) -> &api::Store {
        self.api.store()
    }

    /// The data plane, to read.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// When the next thing is due; `None` when nothing ever is.
    pub fn next_due(&self) -> Option<SimTime> {
        todo!()
    }

    /// Runs the earliest thing that is due and moves the clock to it. `None` when there is nothing.
    pub fn step(&mut self) -> Option<SimTime> {
        todo!()
    }

    /// Runs everything due up to `until`, and moves the clock there.
    pub fn advance_to(&mut self, until: SimTime) {
        let _ = until;
        todo!()
    }

    /// Runs on until nothing is left to do but what repeats for ever, for `bound` at most (R16.1).
    pub fn settle(&mut self, bound: Duration) -> Settled {
        let _ = bound;
        todo!()
    }

    /// What a container has written: (when, line), oldest first. `previous` is the one before the
    /// last restart.
    ///
    /// # Errors
    /// The kubelet's words, for example that the container is still being created.
    pub fn logs(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        previous: bool,
    ) -> Result<&[(SimTime, Arc<str>)], String> {
        let _ = (namespace, pod, container, previous);
        todo!()
    }

    /// The image that a place's tools and files come from; the laptop and nodes have one too.
    pub fn image(&self, place: &Place) -> Option<&Image> {
        let _ = place;
        todo!()
    }

    /// The environment that a new process at `place` gets (R10).
    pub fn environment(&self, place: &Place) -> Vec<(String, String)> {
        let _ = place;
        todo!()
    }

    /// A file at `place`: mounted, written before, or part of the image (`/etc/hosts`,
    /// `/etc/resolv.conf`, nginx's configuration).
    pub fn read_file(&self, place: &Place, path: &str) -> Option<Vec<u8>> {
        let _ = (place, path);
        todo!()
    }

    /// Writes a file at `place`, for as long as the container lives.
    ///
    /// # Errors
    /// In the shell's words (`Permission denied`, `Read-only file system`).
    pub fn write_file(&mut self, place: &Place, path: &str, content: &[u8]) -> Result<(), String> {
        let _ = (place, path, content);
        todo!()
    }

    /// The full paths of the files below `directory` at `place`, sorted.
    pub fn list_files(&self, place: &Place, directory: &str) -> Vec<String> {
        let _ = (place, directory);
        todo!()
    }

    /// Removes a file at `place`.
    ///
    /// # Errors
    /// In the shell's words (`No such file or directory`, `Read-only file system`).
    pub fn remove_file(&mut self, place: &Place, path: &str) -> Result<(), String> {
        let _ = (place, path);
        todo!()
    }

    /// A server of the image's (`nginx -g 'daemon off;'`), for a script that starts one; `None`
    /// when `arguments` name no server of the image.
    pub fn server(
        &self,
        arguments: &[String],
        environment: &[(String, String)],
        place: &Place,
    ) -> Option<Box<dyn Process>> {
        let _ = (arguments, environment, place);
        todo!()
    }

    /// How names are looked up at `place`: its `/etc/resolv.conf` (R8.1).
    pub fn resolv_conf(&self, place: &Place) -> ResolvConf {
        let _ = place;
        todo!()
    }

    /// Where packets from `place` start; `None` when there is no such place, or no sandbox yet.
    pub fn netns_of(&self, place: &Place) -> Option<Sender> {
        let _ = place;
        todo!()
    }

    /// Hands a client's request to the process that has the socket, and says what it answers;
    /// `None` when the process is gone.
    pub fn serve(&mut self, netns: NetnsId, process: ProcessId, ask: &Ask) -> Option<Answer> {
        let _ = (netns, process, ask);
        todo!()
    }
}
