//! What runs in containers: explicit state machines on simulated time.

use std::fmt::Display;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use dyn_clone::{DynClone, clone_trait_object};

use super::{Answer, Ask, Cluster, Did, Image, Place};
use crate::api::Kind;
use crate::clock::SimTime;
use crate::network::{BindError, Bound, Family, Listener, ProcessId, Protocol, SocketAddr};

/// A program that runs in a container. Its whole state is in the value, so that a cluster in the
/// middle of `while true; do curl localhost; sleep 5; done` can be cloned.
pub trait Process: DynClone + Send + Sync {
    /// Goes on until the program waits or ends. Called when it starts, when the time it asked for
    /// has come, and after a signal.
    fn step(&mut self, context: &mut Context<'_>) -> Poll;

    /// A signal arrives. Returns whether the program handles it; `step` is called next in that
    /// case. A first process that does not handle SIGTERM ignores it, as in a real container.
    fn signal(&mut self, signal: Signal, context: &mut Context<'_>) -> bool;

    /// A client's request reaches one of this program's listening sockets.
    fn serve(&mut self, ask: &Ask, context: &mut Context<'_>) -> Answer;

    /// A client that connected or asked has closed its connection. Servers that answer one request
    /// at a time need not care.
    fn hung_up(&mut self, peer: SocketAddr, context: &mut Context<'_>) {
        let _ = (peer, context);
    }

    /// Whether it asks servers itself, and others of its workers answer while one waits: it can be asked by
    /// itself.
    fn has_workers(&self) -> bool {
        false
    }
}

clone_trait_object!(Process);

/// What a program sees of the world while it runs.
pub struct Context<'a> {
    /// The cluster. The program itself is not in it while it runs.
    pub cluster: &'a mut Cluster,
    /// Where it runs.
    pub place: Place,
    /// Which process it is: what it binds sockets with.
    pub process: ProcessId,
    /// What it writes to standard output and standard error: the container's log.
    pub output: &'a mut Vec<u8>,
    /// Its standard error, where it does not go the same way: a process that was started by hand.
    pub errors: Option<&'a mut Vec<u8>>,
}

impl Context<'_> {
    /// The moment that the simulation has reached.
    pub fn now(&self) -> SimTime {
        self.cluster.now()
    }

    /// Notes what the process has done, for whoever asks later why it ended.
    pub fn note(&mut self, did: Did) {
        self.cluster.note(&self.place, did);
    }

    /// Writes a line to the container's log.
    pub fn say(&mut self, line: impl Display) {
        // A vector takes everything.
        let _ = writeln!(self.output, "{line}");
    }

    /// Writes a line to the container's log when its moment has come, unless the process has ended by
    /// then. What is due within a second is written at once: logs count in seconds.
    pub fn say_at(&mut self, at: SimTime, line: impl Display) {
        if at.since(self.now()) < Duration::from_secs(1) {
            return self.say(line);
        }
        self.cluster.processes.write_later(at, self.process, format!("{line}\n"));
    }

    /// Writes a line to standard error.
    pub fn write_error(&mut self, line: impl Display) {
        let errors = self.errors.as_deref_mut().unwrap_or(self.output);
        // A vector takes everything.
        let _ = writeln!(errors, "{line}");
    }

    /// Opens a listening socket in the pod's network namespace (R1.2).
    ///
    /// # Errors
    /// When the port is taken, by another container of the pod, the address is nobody's here, or the port
    /// is root's.
    pub fn bind(
        &mut self,
        protocol: Protocol,
        address: impl Into<IpAddr>,
        port: u16,
        name: &str,
    ) -> Result<(), BindError> {
        self.listen((protocol, address.into(), port), name, false)
    }

    /// As [`Context::bind`], to `::` for IPv6 alone.
    ///
    /// # Errors
    /// As there.
    pub fn bind_v6_only(
        &mut self,
        protocol: Protocol,
        port: u16,
        name: &str,
    ) -> Result<(), BindError> {
        self.listen((protocol, Ipv6Addr::UNSPECIFIED.into(), port), name, true)
    }

    fn listen(
        &mut self,
        (protocol, address, port): Bound,
        name: &str,
        v6_only: bool,
    ) -> Result<(), BindError> {
        let Some(sender) = self.cluster.netns_of(&self.place) else { return Ok(()) };
        let owner = self.cluster.guest(&self.place, sender.netns);
        if !self.cluster.may_bind(&self.place, port) {
            return Err(BindError::Denied);
        }
        let container = sender.container;
        let process = self.process;
        let listener = Listener { process, name: name.into(), container, owner, v6_only };
        let bound = self.cluster.network.bind(sender.netns, protocol, address, port, listener);
        let at = SocketAddr::new(address, port);
        match bound {
            Err(BindError::InUse { .. }) => self.note(Did::PortTaken { protocol, at }),
            Err(BindError::NotAvailable) => self.note(Did::AddressNotOwn { at }),
            Err(BindError::Denied) | Ok(()) => {}
        }
        bound
    }

    /// Writes the process's number into a file, as daemons do for whoever wants to send them a signal.
    /// A container's first process is number 1.
    pub fn write_number(&mut self, path: &str) {
        // Who may not write there has been refused before, or goes on without.
        let _ = self.cluster.write_file(&self.place, path, b"1\n");
    }

    /// The address of a host, as the C library or Go's resolver finds it: in `/etc/hosts`, then by
    /// DNS; one of IPv4 if there is one.
    pub fn address_of(&mut self, host: &str) -> Option<IpAddr> {
        let found = self.cluster.lookup(&self.place, host).result.unwrap_or_default();
        found.iter().find(|address| address.is_ipv4()).or(found.first()).copied()
    }

    /// Asks to be stepped a moment after an object of one of these kinds has changed, as a client
    /// that watches the API server is.
    pub fn watch(&mut self, kinds: &'static [Kind]) {
        self.cluster.processes.watch(self.process, kinds);
    }

    /// The host name at the place.
    pub fn hostname(&self) -> String {
        let file = self.cluster.read_file(&self.place, "/etc/hostname").unwrap_or_default();
        String::from_utf8_lossy(&file).trim_end().to_owned()
    }

    /// The addresses of the network namespace, one of each family.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let netns = self.cluster.netns_of(&self.place);
        let record = netns.and_then(|sender| self.cluster.network.netns(sender.netns));
        let families = [Family::V4, Family::V6].into_iter();
        families.filter_map(move |family| record?.address_of(family))
    }

    /// The IPv4 address of the network namespace.
    pub fn address(&self) -> Ipv4Addr {
        let netns = self.cluster.netns_of(&self.place);
        let record = netns.and_then(|sender| self.cluster.network.netns(sender.netns));
        record.map_or(Ipv4Addr::LOCALHOST, |netns| netns.address)
    }
}

/// What a program waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Call again at this moment.
    Until(SimTime),
    /// It only answers requests and signals.
    Idle,
    /// It has ended with this exit code.
    Exit(i32),
}

/// The signals that a kubelet sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Term,
    Int,
    Hup,
}

/// Why a container's command could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The executable is not in the image.
    NotFound(String),
}

/// The programs that this room does not have: shells and command-line tools.
pub trait Userland: Send + Sync {
    /// The absolute paths at which a place's tools are found, twice where two folders are one (as
    /// Debian's `/bin` and `/usr/bin`).
    fn tools(&self, cluster: &Cluster, place: &Place) -> Vec<String>;

    /// Makes a program of an argument list, with the tools that `image` holds.
    ///
    /// # Errors
    /// When the image has no such program.
    fn start(
        &self,
        arguments: &[String],
        environment: Vec<(String, String)>,
        place: &Place,
        image: &Arc<Image>,
    ) -> Result<Box<dyn Process>, StartError>;
}
