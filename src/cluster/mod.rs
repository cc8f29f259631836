//! The cluster: API server, controllers, scheduler, kubelets and network on one simulated clock.
//!
//! A [`Cluster`] is a value. Cloning it is cheap (objects are shared), and a clone goes on by
//! itself: undo, what-if questions and the time scrubber are clones. Nothing in here asks for the
//! time, the disk or a thread: [`Cluster::step`] runs the earliest thing that is due, and
//! everything else is built on it. Order is total: due time, then actor, then key.
//!
//! What runs in containers is a [`Process`], an explicit state machine. Servers live in this room;
//! shells and command-line tools belong to `shell`, which hands them in as a [`Userland`].

mod address_order;
mod agenda;
mod answered;
mod api_endpoint;
mod attributes;
mod certificate;
mod compile;
pub mod controllers;
mod deeds;
mod event_loop;
mod files;
mod foreground;
mod forward;
mod image;
mod ingress_controller;
mod kubelet;
mod messages;
mod node_servers;
mod nodes;
mod outside;
mod process;
mod processes;
mod programs;
mod resolver;
#[cfg(test)]
mod scenarios;
mod system;
mod traffic;
mod users;

pub use answered::{Asked, Served};
pub use attributes::Attributes;
pub use certificate::{Certificate, Issuer};
pub use compile::policy_block;
pub use deeds::{
    Applied, ApplyOutcome, Deed, DeedId, Did, Ending, FailedCommand, Fetched, ObjectName, Refusal,
    Refused, Sought,
};
pub use files::FOLDER_MARK;
pub use foreground::Written;
pub use forward::Forwarded;
pub use image::{Flavour, Identity, Image, Libc, machine_environment};
pub use kubelet::{LogLines, declared_resource, go_duration};
pub use messages::{
    Answer, Ask, Connection, Dial, DialFailure, HttpRequest, HttpResponse, HttpVersion, Lookup,
    LookupFailure, Payload, Query, Reply,
};
pub use process::{Context, Poll, Process, Signal, StartError, Userland};
pub use programs::{decode_url, ingress_port, secret_certificate};
pub use users::OtherUser;

use std::sync::Arc;
use std::time::Duration;

use crate::api::{self, ApiServer, Request};
use crate::clock::SimTime;
use crate::network::{NetnsId, Network, ProcessId, ResolvConf, Sender};
use answered::Answers;
use compile::{CompiledPolicies, Names, ServiceProxy};
use controllers::Controllers;
pub(crate) use controllers::{same_template, tolerates};
use deeds::Deeds;
use forward::Forwards;
use kubelet::Kubelets;
use nodes::Nodes;
use processes::Processes;
use programs::coredns::NameServers;

/// The names of all images that podhop carries, as users write them.
pub fn images() -> impl Iterator<Item = &'static str> {
    image::carried()
}

/// The image that podhop carries whose name is spelt most like this one, with a tag that it has.
pub fn nearest_image(name: &str) -> Option<String> {
    image::nearest_reference(name)
}

/// An image's name without registry and tag, as a server's image is told: `nginx`, `curlimages/curl`.
pub fn repository(image: &str) -> Option<String> {
    let repository = image::Reference::parse(image)?.repository;
    Some(repository.strip_prefix("library/").unwrap_or(&repository).to_owned())
}

/// Whether a kubelet can pull an image of this name and tag.
pub fn carries(name: &str) -> bool {
    let reference = image::Reference::parse(name);
    reference.is_some_and(|reference| matches!(image::find(&reference), image::Lookup::Found(_)))
}

/// How long a new cluster may take to come to rest.
const SWITCH_ON: Duration = Duration::from_secs(60);

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
    /// Whether nodes, pods and the Services that ask for it have IPv6 addresses besides (R13).
    pub dual_stack: bool,
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
    /// The resource version up to which every actor has seen the store.
    observed: u64,
    api: ApiServer,
    controllers: Controllers,
    nodes: Nodes,
    kubelets: Kubelets,
    processes: Processes,
    proxy: ServiceProxy,
    names: Names,
    policies: CompiledPolicies,
    network: Network,
    name_servers: NameServers,
    forwards: Forwards,
    answers: Answers,
    deeds: Deeds,
    /// The container's process that runs at this moment; none while a command from outside does.
    acting: Option<ProcessId>,
    /// Whom `sudo` runs a command as at this moment.
    other_user: Option<OtherUser>,
    userland: Arc<dyn Userland>,
}

impl Cluster {
    /// Switches a cluster on. It is settled: nodes are ready, and CoreDNS runs if `config` says so.
    pub fn new(config: &Config, userland: Arc<dyn Userland>) -> Cluster {
        let mut cluster = Cluster {
            now: SimTime::START,
            observed: 0,
            api: ApiServer::new(config.seed),
            controllers: Controllers::new(config.seed),
            nodes: Nodes::default(),
            kubelets: Kubelets::new(config.seed),
            processes: Processes::default(),
            proxy: ServiceProxy::default(),
            names: Names::default(),
            policies: CompiledPolicies::default(),
            network: Network::new(config.seed),
            name_servers: NameServers::new(config.seed),
            forwards: Forwards::new(),
            answers: Answers::default(),
            deeds: Deeds::default(),
            acting: None,
            other_user: None,
            userland,
        };
        cluster.api.make_room(config.nodes);
        if config.dual_stack {
            cluster.api.become_dual_stack();
        }
        nodes::register(&mut cluster, config);
        if config.dns {
            system::install_dns(&mut cluster);
        }
        cluster.observe();
        cluster.settle(SWITCH_ON);
        cluster
    }

    /// Declares that the cluster runs in a cloud, which gives Services of type LoadBalancer an
    /// address after a while and balances what comes in there over the nodes (R7.4).
    pub fn join_cloud(&mut self) {
        self.controllers.join_cloud();
        self.network.join_cloud();
    }

    /// Whether it runs in a cloud.
    pub fn is_in_cloud(&self) -> bool {
        self.controllers.is_in_cloud()
    }

    /// Installs ingress-nginx with its class `nginx`, as `kubectl apply -f` of its manifest does
    /// (R12.2). It takes some seconds until it serves.
    pub fn install_ingress_controller(&mut self) {
        let cloud = self.controllers.is_in_cloud();
        ingress_controller::install(self, cloud);
        self.observe();
    }

    /// Puts the nodes into zones, in turn: the first node into the first, and so on. Each is what
    /// `kubectl label node NAME topology.kubernetes.io/zone=ZONE` does.
    pub fn set_zones(&mut self, zones: &[String]) {
        nodes::set_zones(self, zones);
        self.observe();
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
        let answer = self.api.handle(self.now, request);
        self.observe();
        answer
    }

    /// What the API server stores, to read.
    pub fn objects(&self) -> &api::Store {
        self.api.store()
    }

    /// The data plane, to read.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Switches a node off or on again. A node that is off loses its processes; the control plane
    /// learns of it when it stops reporting.
    pub fn set_node_up(&mut self, name: &str, up: bool) {
        nodes::set_up(self, name, up);
        self.observe();
    }

    /// Whether a node is switched on.
    pub fn is_node_up(&self, name: &str) -> bool {
        self.nodes.is_up(name)
    }

    /// What a container has written: (when, line), oldest first, by the line's number in the
    /// container's life. `previous` is the one before the last restart.
    ///
    /// # Errors
    /// The kubelet's words, for example that the container is still being created.
    pub fn logs(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        previous: bool,
    ) -> Result<&LogLines, String> {
        self.kubelets.logs(namespace, pod, container, previous)
    }

    /// The image that a place's tools and files come from; the laptop and nodes have one too.
    pub fn image(&self, place: &Place) -> Option<&Image> {
        match place {
            Place::Laptop => Some(image::laptop()),
            Place::Node(_) => Some(image::node()),
            Place::Container { .. } => self.kubelets.image(place),
        }
    }

    /// Whether a container's own file system may not be written to.
    pub(in crate::cluster) fn has_locked_root(&self, place: &Place) -> bool {
        self.kubelets.has_locked_root(place)
    }

    /// Whether root's processes at a place have one of Linux' capabilities (`CHOWN`).
    pub fn has_capability(&self, place: &Place, name: &str) -> bool {
        self.kubelets.has_capability(place, name)
    }

    /// The environment that a new process at `place` gets (R10).
    pub fn environment(&self, place: &Place) -> Vec<(String, String)> {
        match place {
            Place::Container { .. } => self.kubelets.environment(place),
            Place::Laptop | Place::Node(_) => image::machine_environment(place),
        }
    }

    /// How names are looked up at `place`: its `/etc/resolv.conf` (R8.1).
    pub fn resolv_conf(&self, place: &Place) -> ResolvConf {
        self.kubelets.resolv_conf(place)
    }

    /// Where packets from `place` start; `None` when there is no such place, or no sandbox yet.
    pub fn netns_of(&self, place: &Place) -> Option<Sender> {
        match place {
            Place::Laptop => Some(self.sender(self.network.laptop(), None)),
            Place::Node(name) => {
                let node = self.network.node(name)?;
                Some(self.sender(node.netns, None))
            }
            Place::Container { container, .. } => {
                let netns = self.kubelets.netns(place)?;
                Some(self.sender(netns, Some(container.clone())))
            }
        }
    }

    fn sender(&self, netns: NetnsId, container: Option<Arc<str>>) -> Sender {
        Sender { netns, container, process: self.acting }
    }

    /// Hands a client's request to the process that has the socket, and says what it answers;
    /// `None` when the process is gone.
    pub fn serve(&mut self, netns: NetnsId, process: ProcessId, ask: &Ask) -> Option<Answer> {
        let _ = netns;
        match self.forward(process, ask) {
            None => processes::serve(self, process, ask),
            answer => answer,
        }
    }

    /// Which family a place's tools are of. The laptop's and the nodes' are GNU.
    pub fn flavour(&self, place: &Place) -> Flavour {
        match place {
            Place::Laptop | Place::Node(_) => Flavour::Gnu,
            Place::Container { .. } => {
                self.image(place).map_or(Flavour::BusyBox, |image| image.flavour)
            }
        }
    }

    /// A place's host name, as prompts and `hostname` show it.
    pub fn host_name(&self, place: &Place) -> String {
        match place {
            Place::Laptop => "laptop".to_owned(),
            Place::Node(name) => name.to_string(),
            Place::Container { namespace, pod, .. } => {
                let object = self.objects().get::<api::Pod>(namespace, pod);
                let spec = object.and_then(|pod| pod.spec.as_ref());
                let own = spec.and_then(|spec| spec.hostname.clone());
                let node = spec
                    .filter(|spec| spec.host_network == Some(true))
                    .and_then(|spec| spec.node_name.clone());
                // The kernel's limit; the kubelet cuts longer pod names.
                let name = node.or(own).unwrap_or_else(|| pod.to_string());
                name.chars().take(63).collect()
            }
        }
    }

    /// The absolute paths at which a place's tools are found.
    pub fn tools(&self, place: &Place) -> Vec<String> {
        self.userland.tools(self, place)
    }

    /// A server of the image's (`nginx -g 'daemon off;'`), for a script that starts one; `None`
    /// when `arguments` name no server of the image.
    pub fn server(
        &self,
        arguments: &[String],
        environment: &dyn Fn() -> Vec<(String, String)>,
        place: &Place,
    ) -> Option<Box<dyn Process>> {
        programs::start(arguments, self.image(place)?, environment)
    }

    /// A process number that nobody has had, for a program that is run by hand (`nc -l` in an
    /// exec'd shell) and opens a socket.
    pub fn new_process(&mut self) -> ProcessId {
        self.processes.new_id()
    }
}
