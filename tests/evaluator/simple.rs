//! A second opinion: how a packet may end, from the API's objects alone.
//!
//! Deliberately simple. There are no tables, no state and no chance: every question goes through
//! all objects, and the answer is the *set* of all ends that the rules allow. What programs listen
//! on is read from the pods' images and arguments.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, Namespace, Node, Service, ServicePort};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use podhop::api::Pod;
use podhop::cluster::Cluster;
use podhop::network::Protocol;

/// Everything that the API server tells about the network.
pub struct Objects {
    pub pods: Vec<Arc<Pod>>,
    pub nodes: Vec<Arc<Node>>,
    pub namespaces: Vec<Arc<Namespace>>,
    pub services: Vec<Arc<Service>>,
    pub slices: Vec<Arc<EndpointSlice>>,
    pub policies: Vec<Arc<NetworkPolicy>>,
}

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub enum From<'a> {
    Laptop,
    /// A node, or a pod on its network.
    Node(&'a Node),
    Pod(&'a Pod),
}

/// How a packet ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Somebody answers, who has it at an address and sees the client at another.
    Answered {
        by: String,
        at: SocketAddrV4,
        sees: Ipv4Addr,
    },
    Refused,
    Unreachable,
    Silence,
}

/// Every way in which it may end.
pub type Ends = BTreeSet<End>;

/// A packet on a node.
#[derive(Clone, Copy, Debug)]
struct Packet<'a> {
    from: From<'a>,
    protocol: Protocol,
    source: Ipv4Addr,
    to: SocketAddrV4,
    /// It will be masqueraded.
    marked: bool,
    /// It has come to its first node, from a pod of that node.
    from_pod: bool,
    /// The node's own.
    output: bool,
}

/// One backend of a Service's port.
#[derive(Clone, Debug)]
struct Backend {
    at: SocketAddrV4,
    node: Option<String>,
    ready: bool,
    serving: bool,
    terminating: bool,
}

/// Which address of a Service was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    ClusterIp,
    NodePort,
    External,
}

impl Objects {
    pub fn of(cluster: &Cluster) -> Objects {
        let store = cluster.objects();
        Objects {
            pods: store.list(None).cloned().collect(),
            nodes: store.list(None).cloned().collect(),
            namespaces: store.list(None).cloned().collect(),
            services: store.list(None).cloned().collect(),
            slices: store.list(None).cloned().collect(),
            policies: store.list(None).cloned().collect(),
        }
    }

    /// Every way in which a packet may end.
    pub fn ends(&self, from: From<'_>, protocol: Protocol, to: SocketAddrV4) -> Ends {
        let packet = |source| Packet {
            from,
            protocol,
            source,
            to,
            marked: false,
            from_pod: matches!(from, From::Pod(_)),
            output: matches!(from, From::Node(_)),
        };
        let ip = *to.ip();
        match from {
            From::Laptop => self.out_of_laptop(packet(LAPTOP)),
            From::Pod(pod) => {
                let own = pod_address(pod).expect("a pod that sends has an address");
                if ip.is_loopback() || ip == own {
                    return one(self.at_pod(pod, &packet(ip)));
                }
                let node = self.node_named(node_of(pod)).expect("a pod that sends has a node");
                self.on_node(node, packet(own))
            }
            From::Node(node) => {
                let source = match ip {
                    ip if ip.is_loopback() => Ipv4Addr::LOCALHOST,
                    ip if in_subnet(node, ip) => gateway(node),
                    _ => node_address(node),
                };
                self.on_node(node, packet(source))
            }
        }
    }

    /// The laptop is on the nodes' network, and has no route to anything inside (R2.5).
    fn out_of_laptop(&self, packet: Packet<'_>) -> Ends {
        let ip = *packet.to.ip();
        if ip.is_loopback() || ip == LAPTOP {
            return one(End::Refused);
        }
        if let Some(node) = self.node_at(ip) {
            return self.on_node(node, packet);
        }
        if let Some(ends) = self.balanced(&packet) {
            return ends;
        }
        match ip {
            EXAMPLE_COM => one(outside(&Packet { source: LAPTOP_OUTSIDE, ..packet })),
            _ if in_range(ip, NODES.0, NODES.1) => one(End::Unreachable),
            _ => one(End::Silence),
        }
    }

    /// A cloud's load balancer has the address: it asks only nodes that say that they are healthy,
    /// at their node ports (R7.3, R7.4).
    fn balanced(&self, packet: &Packet<'_>) -> Option<Ends> {
        let (service, port) = self.ports(packet.protocol).find(|(service, port)| {
            let mut finalizers = service.metadata.finalizers.iter().flatten();
            finalizers.any(|known| known.contains("load-balancer"))
                && port.port == i32::from(packet.to.port())
                && balanced_at(service, &packet.to.ip().to_string())
        })?;
        if !admitted(service, LAPTOP_OUTSIDE) {
            return Some(one(End::Silence));
        }
        let spec = service.spec.as_ref()?;
        let local = spec.external_traffic_policy.as_deref() == Some("Local");
        let backends = self.backends(service, port);
        let healthy = self.nodes.iter().filter(|node| {
            let here = |one: &Backend| one.ready && one.node == node.metadata.name;
            is_up(node) && (!local || backends.iter().any(here))
        });
        let ends: Ends = healthy
            .flat_map(|node| {
                let at = |port: i32| SocketAddrV4::new(node_address(node), port as u16);
                let to = port.node_port.map_or(packet.to, at);
                self.on_node(node, Packet { source: LAPTOP_OUTSIDE, to, ..*packet })
            })
            .collect();
        Some(if ends.is_empty() { one(End::Silence) } else { ends })
    }

    fn on_node(&self, node: &Node, packet: Packet<'_>) -> Ends {
        if !is_up(node) {
            return one(End::Silence);
        }
        if packet.protocol != Protocol::Icmp {
            if let Some((door, service, port)) = self.door(node, &packet) {
                return self.through(node, packet, (door, service, port));
            }
            if let Some(to) = self.host_port(node, &packet) {
                // So that the reply comes back this way.
                let marked = in_subnet(node, packet.source) || packet.source.is_loopback();
                return self.route(node, Packet { to, marked, ..packet });
            }
        }
        self.route(node, packet)
    }

    /// The Service whose address this is. A node's ports come last (R6.10).
    fn door(&self, node: &Node, packet: &Packet<'_>) -> Option<(Door, &Service, &ServicePort)> {
        let (ip, number) = (packet.to.ip().to_string(), i32::from(packet.to.port()));
        let ports = || self.ports(packet.protocol);
        let addressed =
            ports().filter(|(_, port)| port.port == number).find_map(|(service, port)| {
                let spec = service.spec.as_ref()?;
                let cluster_ip =
                    spec.cluster_ip.as_deref().filter(|ip| *ip != "None" && !ip.is_empty())?;
                if cluster_ip == ip {
                    return Some((Door::ClusterIp, service, port));
                }
                let external = spec.external_ips.iter().flatten().any(|known| *known == ip);
                (external || balanced_at(service, &ip)).then_some((Door::External, service, port))
            });
        addressed.or_else(|| {
            let mut ports = ports().filter(|_| owns(node, *packet.to.ip()));
            let found = ports.find(|(_, port)| port.node_port == Some(number));
            found.map(|(service, port)| (Door::NodePort, service, port))
        })
    }

    /// Every Service's ports of a protocol.
    fn ports(&self, wanted: Protocol) -> impl Iterator<Item = (&Service, &ServicePort)> {
        self.services.iter().flat_map(move |service| {
            let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
            let ports = ports.filter(move |port| protocol(port.protocol.as_deref()) == wanted);
            ports.map(|port| (&**service, port))
        })
    }

    /// R6.2, R6.3, R6.6, R6.7, R6.9, R7.3
    fn through(
        &self,
        node: &Node,
        packet: Packet<'_>,
        (door, service, port): (Door, &Service, &ServicePort),
    ) -> Ends {
        let backends = self.backends(service, port);
        let everywhere = usable(backends.iter());
        if everywhere.is_empty() {
            // The rule that refuses for external addresses stands before INPUT and FORWARD, so
            // that a node's own packets to elsewhere miss it.
            let missed = door == Door::External && packet.output && !owns(node, *packet.to.ip());
            return if missed { self.route(node, packet) } else { one(End::Refused) };
        }
        let balanced = door == Door::External && balanced_at(service, &packet.to.ip().to_string());
        if balanced && !admitted(service, packet.source) {
            return one(End::Silence);
        }
        let name = node.metadata.name.as_deref();
        let here = usable(backends.iter().filter(|backend| backend.node.as_deref() == name));
        let spec = service.spec.as_ref().expect("a Service has a spec");
        let from_pods = in_range(packet.source, PODS.0, PODS.1);
        let (chosen, marked) = if door == Door::ClusterIp {
            let local = spec.internal_traffic_policy.as_deref() == Some("Local");
            (if local { here } else { everywhere }, !from_pods)
        } else if spec.external_traffic_policy.as_deref() != Some("Local") {
            (everywhere, true)
        } else if from_pods || owns(node, packet.source) {
            (everywhere, !from_pods)
        } else {
            (here, false)
        };
        if chosen.is_empty() {
            return one(End::Silence);
        }
        let sent = |backend: &Backend| {
            let marked = marked || *backend.at.ip() == packet.source;
            self.route(node, Packet { to: backend.at, marked, ..packet })
        };
        chosen.into_iter().flat_map(sent).collect()
    }

    /// A port of the node that one of its pods asked for.
    fn host_port(&self, node: &Node, packet: &Packet<'_>) -> Option<SocketAddrV4> {
        if !owns(node, *packet.to.ip()) {
            return None;
        }
        let here = self.pods.iter().filter(|pod| is_alive(pod) && !on_host(pod));
        let mut here = here.filter(|pod| Some(node_of(pod)) == node.metadata.name.as_deref());
        here.find_map(|pod| {
            let mut ports = containers(pod).flat_map(|one| one.ports.iter().flatten());
            let port = ports.find(|port| {
                port.host_port == Some(i32::from(packet.to.port()))
                    && protocol(port.protocol.as_deref()) == packet.protocol
            })?;
            Some(SocketAddrV4::new(pod_address(pod)?, port.container_port as u16))
        })
    }

    /// From the node's rules on: policies, route, masquerading.
    fn route(&self, node: &Node, packet: Packet<'_>) -> Ends {
        let ip = *packet.to.ip();
        if let (true, From::Pod(pod)) = (packet.from_pod, packet.from) {
            let free = pod_address(pod) == Some(ip) || owns(node, ip);
            if !free && !self.may_leave(pod, packet.protocol, packet.to) {
                return one(End::Silence);
            }
        }
        let masqueraded = |address| {
            let leaves = in_range(packet.source, PODS.0, PODS.1) && !in_range(ip, PODS.0, PODS.1);
            let source = if packet.marked || leaves { address } else { packet.source };
            Packet { source, from_pod: false, output: false, marked: false, ..packet }
        };
        let own = node_address(node);
        if owns(node, ip) {
            let packet = if packet.output { masqueraded(own) } else { packet };
            return one(self.at_node(node, &packet));
        }
        if in_subnet(node, ip) {
            let Some(pod) = self.pod_at(ip) else { return one(End::Silence) };
            let own_node =
                matches!(packet.from, From::Node(from) if from.metadata.name == node.metadata.name);
            let free = own_node || packet.source == ip;
            if !free && !self.may_enter(pod, packet.source, packet.protocol, packet.to.port()) {
                return one(End::Silence);
            }
            return one(self.at_pod(pod, &masqueraded(gateway(node))));
        }
        let next =
            self.nodes.iter().find(|other| in_subnet(other, ip) || node_address(other) == ip);
        if let Some(next) = next {
            return self.on_node(next, masqueraded(own));
        }
        if ip == EXAMPLE_COM {
            return one(outside(&masqueraded(own)));
        }
        match ip {
            LAPTOP if packet.protocol == Protocol::Icmp => {
                let sees = masqueraded(own).source;
                one(End::Answered { by: "laptop".into(), at: packet.to, sees })
            }
            LAPTOP => one(End::Refused),
            _ if in_range(ip, NODES.0, NODES.1) => one(End::Unreachable),
            _ => one(End::Silence),
        }
    }

    fn at_pod(&self, pod: &Pod, packet: &Packet<'_>) -> End {
        let listens = packet.protocol == Protocol::Icmp || has_listener(pod, packet);
        answer(&name_of(pod), listens, packet)
    }

    /// The node's own namespace, with the pods that share it: a pod answers as itself.
    fn at_node(&self, node: &Node, packet: &Packet<'_>) -> End {
        let name = node.metadata.name.as_deref().unwrap_or_default();
        let mut guests = self.pods.iter().filter(|pod| on_host(pod) && node_of(pod) == name);
        if packet.protocol != Protocol::Icmp
            && let Some(guest) = guests.find(|pod| has_listener(pod, packet))
        {
            return answer(&name_of(guest), true, packet);
        }
        let tcp = packet.protocol == Protocol::Tcp;
        let port = i32::from(packet.to.port());
        let listens = packet.protocol == Protocol::Icmp
            || tcp && self.services.iter().any(|service| checks_health_at(service, port))
            || tcp && self.is_api_server(node, port);
        answer(name, listens, packet)
    }

    /// Whether the API server listens there: the endpoint of Service `kubernetes`.
    fn is_api_server(&self, node: &Node, port: i32) -> bool {
        let own = node_address(node).to_string();
        let api = self.slices.iter().filter(|slice| {
            service_of(slice) == Some("kubernetes")
                && slice.metadata.namespace.as_deref() == Some("default")
        });
        api.into_iter().any(|slice| {
            let addresses = slice.endpoints.iter().flatten().flat_map(|one| &one.addresses);
            let mut ports = slice.ports.iter().flatten();
            addresses.into_iter().any(|address| *address == own)
                && ports.any(|known| known.port == Some(port))
        })
    }

    /// Who stands behind a port: pods by selector (R5.1 to R5.3), or what slices say (R5.6).
    fn backends(&self, service: &Service, port: &ServicePort) -> Vec<Backend> {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        if selector.is_none_or(|selector| selector.is_empty()) {
            return self.written_backends(service, port);
        }
        let chosen = self.selected(service).filter_map(|pod| {
            let at = SocketAddrV4::new(pod_address(pod)?, target(pod, port)?);
            Some(backend(service, pod, at))
        });
        chosen.collect()
    }

    /// The pods that a Service selects and that have an address.
    fn selected<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a Pod> {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        let namespace = &service.metadata.namespace;
        let pods = self.pods.iter().filter(move |pod| pod.metadata.namespace == *namespace);
        pods.map(Arc::as_ref).filter(|pod| is_alive(pod) && pod_address(pod).is_some()).filter(
            move |pod| {
                let labels = pod.metadata.labels.as_ref();
                let has = |(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value);
                selector.is_some_and(|wanted| !wanted.is_empty() && wanted.iter().all(has))
            },
        )
    }

    fn written_backends(&self, service: &Service, port: &ServicePort) -> Vec<Backend> {
        let mut backends = Vec::new();
        for slice in self.slices_of(service) {
            let fits = slice.ports.iter().flatten().find(|known| {
                known.name.as_deref().unwrap_or("") == port.name.as_deref().unwrap_or("")
                    && protocol(known.protocol.as_deref()) == protocol(port.protocol.as_deref())
            });
            let Some(number) = fits.and_then(|known| known.port) else { continue };
            for endpoint in slice.endpoints.iter().flatten() {
                let Ok(address) = endpoint.addresses[0].parse() else { continue };
                let conditions = endpoint.conditions.clone().unwrap_or_default();
                let ready = conditions.ready.unwrap_or(true);
                backends.push(Backend {
                    at: SocketAddrV4::new(address, number as u16),
                    node: endpoint.node_name.clone(),
                    ready,
                    serving: conditions.serving.unwrap_or(ready),
                    terminating: conditions.terminating.unwrap_or(false),
                });
            }
        }
        backends
    }

    fn slices_of<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a EndpointSlice> {
        let own = |slice: &&Arc<EndpointSlice>| {
            service_of(slice) == service.metadata.name.as_deref()
                && slice.metadata.namespace == service.metadata.namespace
        };
        self.slices.iter().filter(own).map(Arc::as_ref)
    }

    /// The addresses that a headless Service's name stands for, each with its host name (R8.3, R8.4).
    pub fn headless(&self, service: &Service) -> Vec<(Ipv4Addr, Option<String>)> {
        let spec = service.spec.as_ref().expect("a Service has a spec");
        if spec.selector.as_ref().is_none_or(|selector| selector.is_empty()) {
            let endpoints =
                self.slices_of(service).flat_map(|slice| slice.endpoints.iter().flatten());
            let ready = endpoints.filter(|endpoint| {
                endpoint.conditions.as_ref().and_then(|known| known.ready).unwrap_or(true)
            });
            return ready
                .filter_map(|one| Some((one.addresses[0].parse().ok()?, one.hostname.clone())))
                .collect();
        }
        let ready = self.selected(service).filter_map(|pod| {
            let address = pod_address(pod)?;
            let known = backend(service, pod, SocketAddrV4::new(address, 0));
            let spec = pod.spec.as_ref()?;
            let below = spec.subdomain == service.metadata.name;
            known.ready.then(|| (address, spec.hostname.clone().filter(|_| below)))
        });
        ready.collect()
    }

    pub fn node_named(&self, name: &str) -> Option<&Node> {
        let named = |node: &&Arc<Node>| node.metadata.name.as_deref() == Some(name);
        self.nodes.iter().find(named).map(Arc::as_ref)
    }

    fn node_at(&self, address: Ipv4Addr) -> Option<&Node> {
        self.nodes.iter().find(|node| node_address(node) == address).map(Arc::as_ref)
    }

    /// The pod that has an address of its own.
    pub fn pod_at(&self, address: Ipv4Addr) -> Option<&Pod> {
        let has =
            |pod: &&Arc<Pod>| is_alive(pod) && !on_host(pod) && pod_address(pod) == Some(address);
        self.pods.iter().find(has).map(Arc::as_ref)
    }
}

/// The network outside: one known host, and the laptop that routes to it.
pub const EXAMPLE_COM: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);
const LAPTOP: Ipv4Addr = Ipv4Addr::new(192, 168, 49, 1);
const LAPTOP_OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
const PODS: (Ipv4Addr, u32) = (Ipv4Addr::new(10, 244, 0, 0), 16);
const NODES: (Ipv4Addr, u32) = (Ipv4Addr::new(192, 168, 49, 0), 24);

fn one(end: End) -> Ends {
    Ends::from([end])
}

fn answer(by: &str, listens: bool, packet: &Packet<'_>) -> End {
    if !listens {
        return End::Refused;
    }
    End::Answered { by: by.to_owned(), at: packet.to, sees: packet.source }
}

fn outside(packet: &Packet<'_>) -> End {
    let listens = packet.protocol == Protocol::Icmp
        || packet.protocol == Protocol::Tcp && [80, 443, 8080].contains(&packet.to.port());
    answer("example.com", listens, packet)
}

/// R5.2
fn backend(service: &Service, pod: &Pod, at: SocketAddrV4) -> Backend {
    let serving = is_ready(pod);
    let terminating = pod.metadata.deletion_timestamp.is_some();
    let spec = service.spec.as_ref().expect("a Service has a spec");
    let published = spec.publish_not_ready_addresses == Some(true);
    Backend {
        at,
        node: Some(node_of(pod).to_owned()),
        ready: published || serving && !terminating,
        serving,
        terminating,
    }
}

/// Ready ones; if there are none, those that serve to their end (R6.2).
fn usable<'a>(backends: impl Iterator<Item = &'a Backend> + Clone) -> Vec<&'a Backend> {
    let ready: Vec<&Backend> = backends.clone().filter(|backend| backend.ready).collect();
    if !ready.is_empty() {
        return ready;
    }
    backends.filter(|backend| backend.serving && backend.terminating).collect()
}

/// R5.3
fn target(pod: &Pod, port: &ServicePort) -> Option<u16> {
    match port.target_port.as_ref() {
        None => u16::try_from(port.port).ok(),
        Some(IntOrString::Int(number)) => u16::try_from(*number).ok(),
        Some(IntOrString::String(name)) => {
            named_port(pod, name, protocol(port.protocol.as_deref()))
        }
    }
}

/// The number that a pod's containers give to a port's name.
pub fn named_port(pod: &Pod, name: &str, wanted: Protocol) -> Option<u16> {
    let mut ports = containers(pod).flat_map(|container| container.ports.iter().flatten());
    let found = ports.find(|port| {
        port.name.as_deref() == Some(name) && protocol(port.protocol.as_deref()) == wanted
    })?;
    u16::try_from(found.container_port).ok()
}

/// Whether a load balancer of the Service has the address.
pub fn balanced_at(service: &Service, ip: &str) -> bool {
    let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
    let mut given = status.into_iter().flat_map(|balancer| balancer.ingress.iter().flatten());
    given.any(|ingress| ingress.ip.as_deref() == Some(ip))
}

/// Whether `loadBalancerSourceRanges` let a client in by the balancer's address.
fn admitted(service: &Service, client: Ipv4Addr) -> bool {
    let ranges = service.spec.as_ref().and_then(|spec| spec.load_balancer_source_ranges.as_ref());
    ranges.is_none_or(|ranges| ranges.is_empty() || ranges.iter().any(|cidr| in_cidr(client, cidr)))
}

fn checks_health_at(service: &Service, port: i32) -> bool {
    let known = service.spec.as_ref().and_then(|spec| spec.health_check_node_port);
    known == Some(port)
}

fn service_of(slice: &EndpointSlice) -> Option<&str> {
    let labels = slice.metadata.labels.as_ref()?;
    labels.get("kubernetes.io/service-name").map(String::as_str)
}

fn containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    pod.spec.iter().flat_map(|spec| &spec.containers)
}

/// Whether a container of the pod runs that listens there.
fn has_listener(pod: &Pod, packet: &Packet<'_>) -> bool {
    let statuses = pod.status.iter().flat_map(|status| status.container_statuses.iter().flatten());
    let running: Vec<&str> = statuses
        .filter(|status| status.state.as_ref().is_some_and(|state| state.running.is_some()))
        .map(|status| status.name.as_str())
        .collect();
    containers(pod).filter(|one| running.contains(&one.name.as_str())).flat_map(sockets).any(
        |(protocol, bound, port)| {
            protocol == packet.protocol
                && port == packet.to.port()
                && (bound.is_unspecified() || bound == *packet.to.ip())
        },
    )
}

/// What the programs of these clusters listen on.
fn sockets(container: &Container) -> Vec<(Protocol, Ipv4Addr, u16)> {
    let any = Ipv4Addr::UNSPECIFIED;
    let image = container.image.as_deref().unwrap_or_default();
    let flag = |name: &str| {
        let arguments = container.args.iter().flatten();
        let values = arguments.filter_map(|argument| argument.strip_prefix(name));
        values.map(str::to_owned).next()
    };
    let number = |name: &str| flag(name).and_then(|value| value.parse().ok());
    if image.contains("http-echo") {
        let listen = flag("-listen=").expect("these clusters say where");
        let (host, port) = listen.split_once(':').expect("host:port");
        return vec![(Protocol::Tcp, host.parse().unwrap_or(any), port.parse().expect("a port"))];
    }
    if image.contains("agnhost") {
        let (http, udp) = (number("--http-port="), number("--udp-port="));
        return vec![
            (Protocol::Tcp, any, http.expect("a port")),
            (Protocol::Udp, any, udp.expect("a port")),
        ];
    }
    if image.contains("coredns") {
        let tcp = [53, 8080, 8181, 9153].map(|port| (Protocol::Tcp, any, port));
        return [(Protocol::Udp, any, 53)].into_iter().chain(tcp).collect();
    }
    Vec::new()
}

pub fn protocol(name: Option<&str>) -> Protocol {
    match name {
        Some("UDP") => Protocol::Udp,
        _ => Protocol::Tcp,
    }
}

/// `default/web`
pub fn name_of(pod: &Pod) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    format!("{}/{}", text(&pod.metadata.namespace), text(&pod.metadata.name))
}

pub fn node_of(pod: &Pod) -> &str {
    pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).unwrap_or_default()
}

pub fn on_host(pod: &Pod) -> bool {
    pod.spec.as_ref().is_some_and(|spec| spec.host_network == Some(true))
}

pub fn pod_address(pod: &Pod) -> Option<Ipv4Addr> {
    pod.status.as_ref()?.pod_ip.as_deref()?.parse().ok()
}

/// Not yet at its end (R5.1).
pub fn is_alive(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    !matches!(phase, Some("Succeeded" | "Failed"))
}

fn is_ready(pod: &Pod) -> bool {
    let mut conditions = pod.status.iter().flat_map(|status| status.conditions.iter());
    conditions.any(|known| known.type_ == "Ready" && known.status == "True")
}

pub fn is_up(node: &Node) -> bool {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|known| known.type_ == "Ready" && known.status == "True")
}

pub fn node_address(node: &Node) -> Ipv4Addr {
    let mut addresses = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
    let own = addresses.find(|address| address.type_ == "InternalIP").expect("a node's address");
    own.address.parse().expect("an address")
}

/// The node's own address among its pods.
fn gateway(node: &Node) -> Ipv4Addr {
    let [a, b, c, _] = subnet(node).octets();
    Ipv4Addr::new(a, b, c, 1)
}

fn subnet(node: &Node) -> Ipv4Addr {
    let cidr = node.spec.as_ref().and_then(|spec| spec.pod_cidr.as_deref()).expect("a podCIDR");
    cidr.split('/').next().and_then(|network| network.parse().ok()).expect("a network")
}

fn in_subnet(node: &Node, address: Ipv4Addr) -> bool {
    in_range(address, subnet(node), 24)
}

fn owns(node: &Node, address: Ipv4Addr) -> bool {
    address.is_loopback() || address == node_address(node) || address == gateway(node)
}

/// `10.244.0.0/16`
pub fn in_cidr(address: Ipv4Addr, cidr: &str) -> bool {
    let (network, length) = cidr.split_once('/').expect("a range");
    in_range(address, network.parse().expect("a network"), length.parse().expect("a length"))
}

/// Whether the first `length` bits are the network's.
fn in_range(address: Ipv4Addr, network: Ipv4Addr, length: u32) -> bool {
    (0..length).all(|bit| {
        let bit_of = |address: Ipv4Addr| address.to_bits() >> (31 - bit) & 1;
        bit_of(address) == bit_of(network)
    })
}

/// `refused`, `default/pod-1 has it at 10.244.1.4:80 and sees 10.244.2.3`
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Answered { by, at, sees } => write!(f, "{by} has it at {at} and sees {sees}"),
            End::Refused => f.write_str("refused"),
            End::Unreachable => f.write_str("no route"),
            End::Silence => f.write_str("no answer"),
        }
    }
}
