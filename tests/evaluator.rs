//! A second, deliberately simple evaluator against the simulation.
//!
//! Random clusters are built through the API and come to rest. Then everybody sends to everything,
//! and each packet has to end as the objects say: `simple` reads Pods, Services, EndpointSlices,
//! NetworkPolicies and Nodes, and knows neither tables nor chance. A case that differs is made
//! smaller before it is printed, with files that `kubectl apply` takes.

#[path = "evaluator/names.rs"]
mod names;
#[path = "evaluator/simple.rs"]
mod simple;
#[path = "evaluator/walls.rs"]
mod walls;
#[path = "evaluator/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use k8s_openapi::api::core::v1::Service;
use podhop::api::Pod;
use podhop::cluster::{Cluster, HttpRequest, HttpVersion, LookupFailure, Payload, Place, Reply};
use podhop::network::{HopVerdict, Outcome, Protocol, Stage, Trace};
use podhop::random::Stream;

use names::Known;
use simple::{
    End, Ends, From, Objects, balanced_at, is_alive, is_up, node_address, node_of, on_host,
    pod_address,
};
use world::World;

/// How many clusters each property is tried on.
const CLUSTERS: u64 = 120;

/// How many packets are sent in each.
const PACKETS: usize = 500;

/// Somebody who sends: where, and as what.
struct Sender {
    place: Place,
    pod: Option<usize>,
    node: Option<usize>,
}

/// A cluster at rest, and what its API says of it.
struct Subject {
    cluster: Cluster,
    objects: Objects,
    dice: Stream,
}

/// How often each end was seen: what the clusters are good for.
type Tally = BTreeMap<&'static str, usize>;

/// A property: says what is wrong with a cluster, if anything is.
type Property = fn(&mut Subject, &mut Tally) -> Result<(), String>;

// R2.4 to R2.6, R5.1 to R5.6, R6.1 to R6.9, R7.1 to R7.4, R11.1 to R11.4
#[test]
fn every_packet_ends_as_the_objects_say() {
    let tally = hold(0, packets_end_as_told);
    for end in ["answered", "refused", "silence", "unreachable", "asked"] {
        assert!(tally.get(end).is_some_and(|count| *count >= 20), "too few {end}: {tally:?}");
    }
}

// R6.1, R6.2, R6.8
#[test]
fn everybody_who_may_answer_does() {
    let tally = hold(1_000, everybody_answers);
    for kind in ["spread", "sticky"] {
        assert!(tally.get(kind).is_some_and(|count| *count >= 20), "too few {kind}: {tally:?}");
    }
}

// R7.5, R7.6, R8.1 to R8.6
#[test]
fn every_name_stands_for_what_the_objects_say() {
    let tally = hold(2_000, names_are_known);
    for kind in ["addresses", "nothing", "no server"] {
        assert!(tally.get(kind).is_some_and(|count| *count >= 20), "too few {kind}: {tally:?}");
    }
}

/// Tries a property on many clusters. One that it fails on is made smaller first.
fn hold(first: u64, property: Property) -> Tally {
    let mut tally = Tally::new();
    for seed in first..first + CLUSTERS {
        let world = World::random(seed);
        if let Err(report) = check(&world, property, &mut tally) {
            let (world, report) = smallest(world, report, property);
            panic!("{report}\n{world}");
        }
    }
    tally
}

fn check(world: &World, property: Property, tally: &mut Tally) -> Result<(), String> {
    let cluster = world.build().map_err(|refused| format!("a step is refused: {refused}"))?;
    let objects = Objects::of(&cluster);
    let dice = Stream::new(world.seed, "packets");
    property(&mut Subject { cluster, objects, dice }, tally)
}

/// Leaves steps out for as long as something stays wrong.
fn smallest(mut world: World, mut report: String, property: Property) -> (World, String) {
    let mut step = 0;
    while step < world.steps.len() {
        let less = world.without(step);
        match check(&less, property, &mut Tally::new()) {
            Err(still) if !still.starts_with("a step is refused") => {
                (world, report) = (less, still);
            }
            _ => step += 1,
        }
    }
    (world, report)
}

fn packets_end_as_told(subject: &mut Subject, tally: &mut Tally) -> Result<(), String> {
    let (senders, targets) = (subject.senders(), subject.targets());
    for _ in 0..PACKETS {
        let sender = subject.dice.pick(&senders).expect("the laptop, at least");
        let (protocol, to) = *subject.dice.pick(&targets).expect("the API server, at least");
        let told = subject.objects.ends(subject.from(sender), protocol, to);
        let (end, trace) = subject.send(sender, protocol, to);
        let differs = if told.contains(&end) { None } else { Some("it ends otherwise") };
        if let Some(wrong) = differs.or_else(|| unsound(&trace)) {
            return Err(report(wrong, sender, &trace, &told, &end));
        }
        *tally.entry(kind(&end)).or_default() += 1;
        subject.ask_who_is_seen(&trace, sender, tally)?;
    }
    Ok(())
}

fn everybody_answers(subject: &mut Subject, tally: &mut Tally) -> Result<(), String> {
    let (senders, targets) = (subject.senders(), subject.targets());
    let mut tried = 0;
    for _ in 0..PACKETS {
        let sender = subject.dice.pick(&senders).expect("the laptop, at least");
        let (protocol, to) = *subject.dice.pick(&targets).expect("the API server, at least");
        let told = subject.objects.ends(subject.from(sender), protocol, to);
        if told.len() < 2 || tried == 6 {
            continue;
        }
        tried += 1;
        let services = &subject.objects.services;
        let sticky = services.iter().any(|service| is_sticky(service, to));
        let balanced = services.iter().any(|service| balanced_at(service, &to.ip().to_string()));
        if sticky && balanced && sender.place == Place::Laptop {
            // A cloud's balancer chooses among nodes, and each node remembers its clients alone.
            continue;
        }
        let mut seen = Ends::new();
        // With five equal backends, one in a billion misses one in a hundred connections.
        for _ in 0..20 * told.len() + 40 {
            let (end, trace) = subject.send(sender, protocol, to);
            if !told.contains(&end) {
                return Err(report("it ends otherwise", sender, &trace, &told, &end));
            }
            seen.insert(end.clone());
            if sticky && seen.len() > 1 {
                let wrong = "a client with affinity changes its endpoint";
                return Err(report(wrong, sender, &trace, &told, &end));
            }
            if seen.len() == told.len() {
                break;
            }
        }
        if !sticky && seen != told {
            let missing: Vec<String> = told.difference(&seen).map(End::to_string).collect();
            return Err(format!("{protocol} to {to} never ended so: {}", missing.join("; ")));
        }
        *tally.entry(if sticky { "sticky" } else { "spread" }).or_default() += 1;
    }
    Ok(())
}

fn names_are_known(subject: &mut Subject, tally: &mut Tally) -> Result<(), String> {
    let (senders, names) = (subject.senders(), subject.names());
    for _ in 0..PACKETS / 8 {
        let sender = subject.dice.pick(&senders).expect("the laptop, at least");
        let name = subject.dice.pick(&names).expect("example.com, at least").clone();
        let pod = subject.pod(sender);
        let Some(told) = subject.objects.look_up(subject.from(sender), pod, &name) else {
            continue;
        };
        let lookup = subject.cluster.lookup(&sender.place, &name);
        let learned = match lookup.result {
            Ok(addresses) => Known::Addresses(addresses.into_iter().collect()),
            Err(LookupFailure::NoServer) => Known::NoServer,
            Err(_) => Known::Nothing,
        };
        if learned != told {
            return Err(format!(
                "{:?} looks up {name} and learns {learned:?}; the objects say {told:?}",
                sender.place
            ));
        }
        *tally
            .entry(match learned {
                Known::Addresses(_) => "addresses",
                Known::Nothing => "nothing",
                Known::NoServer => "no server",
            })
            .or_default() += 1;
    }
    Ok(())
}

impl Subject {
    fn from(&self, sender: &Sender) -> From<'_> {
        match (sender.pod, sender.node) {
            (Some(pod), _) if !on_host(&self.objects.pods[pod]) => {
                From::Pod(&self.objects.pods[pod])
            }
            (_, Some(node)) => From::Node(&self.objects.nodes[node]),
            _ => From::Laptop,
        }
    }

    fn pod(&self, sender: &Sender) -> Option<&Pod> {
        sender.pod.map(|pod| &*self.objects.pods[pod])
    }

    /// Everybody on a machine that is on.
    fn senders(&self) -> Vec<Sender> {
        let mut senders = vec![Sender { place: Place::Laptop, pod: None, node: None }];
        for (index, node) in self.objects.nodes.iter().enumerate().filter(|(_, node)| is_up(node)) {
            let name = node.metadata.name.as_deref().unwrap_or_default();
            let place = Place::Node(name.into());
            senders.push(Sender { place, pod: None, node: Some(index) });
        }
        for (index, pod) in self.objects.pods.iter().enumerate() {
            let name = node_of(pod);
            let at = |node: &std::sync::Arc<_>| is_named(node, name);
            let node = self.objects.nodes.iter().position(at);
            let up = node.is_some_and(|node| is_up(&self.objects.nodes[node]));
            if !up || !is_alive(pod) || pod_address(pod).is_none() {
                continue;
            }
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let containers = &pod.spec.as_ref().expect("a pod has a spec").containers;
            let place = Place::Container {
                namespace: text(&pod.metadata.namespace).into(),
                pod: text(&pod.metadata.name).into(),
                container: containers[0].name.as_str().into(),
            };
            senders.push(Sender { place, pod: Some(index), node });
        }
        senders
    }

    /// Every address that means something, and some that do not.
    fn targets(&self) -> Vec<(Protocol, SocketAddrV4)> {
        let mut targets = BTreeSet::new();
        let nodes: Vec<Ipv4Addr> =
            self.objects.nodes.iter().map(|node| node_address(node)).collect();
        for service in &self.objects.services {
            self.service_targets(service, &nodes, &mut targets);
        }
        for pod in self.objects.pods.iter().filter_map(|pod| pod_address(pod)) {
            let ports = [80, 8080, 9, 53, 9000, 9001, 9002, 9501, 9502, 9503];
            targets.extend(ports.map(|port| (Protocol::Tcp, SocketAddrV4::new(pod, port))));
            let ports = [53, 9500, 9501, 9502, 9503, 9504];
            targets.extend(ports.map(|port| (Protocol::Udp, SocketAddrV4::new(pod, port))));
            targets.insert((Protocol::Icmp, SocketAddrV4::new(pod, 0)));
        }
        for node in nodes {
            let ports = (7000..7009).chain(9000..9004).chain([80, 8080, 8443]);
            targets.extend(ports.map(|port| (Protocol::Tcp, SocketAddrV4::new(node, port))));
            targets.insert((Protocol::Icmp, SocketAddrV4::new(node, 0)));
        }
        let strays = [
            "10.96.200.200:80",
            "10.244.1.250:80",
            "10.244.77.2:80",
            "192.168.49.99:80",
            "192.168.49.1:80",
            "203.0.113.10:80",
            "203.0.113.10:81",
            "203.0.113.99:80",
            "127.0.0.1:80",
            "127.0.0.1:8080",
            "10.244.1.1:80",
            "10.244.2.1:8080",
        ];
        let strays = strays.map(|stray| stray.parse().expect("an address"));
        targets.extend(strays.map(|stray| (Protocol::Tcp, stray)));
        targets.into_iter().collect()
    }

    fn service_targets(
        &self,
        service: &Service,
        nodes: &[Ipv4Addr],
        targets: &mut BTreeSet<(Protocol, SocketAddrV4)>,
    ) {
        let Some(spec) = &service.spec else { return };
        let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let balanced = status.iter().flat_map(|balancer| balancer.ingress.iter().flatten());
        let texts = spec.cluster_ip.iter().chain(spec.external_ips.iter().flatten());
        let texts = texts.chain(balanced.filter_map(|ingress| ingress.ip.as_ref()));
        let addresses: Vec<Ipv4Addr> = texts.filter_map(|text| text.parse().ok()).collect();
        for port in spec.ports.iter().flatten() {
            let protocol = simple::protocol(port.protocol.as_deref());
            for address in &addresses {
                targets.insert((protocol, SocketAddrV4::new(*address, port.port as u16)));
                targets.insert((protocol, SocketAddrV4::new(*address, 81)));
                targets.insert((Protocol::Icmp, SocketAddrV4::new(*address, 0)));
            }
            let Some(node_port) = port.node_port else { continue };
            for address in nodes.iter().chain(&[Ipv4Addr::LOCALHOST, Ipv4Addr::new(10, 244, 1, 1)])
            {
                targets.insert((protocol, SocketAddrV4::new(*address, node_port as u16)));
            }
        }
        if let Some(port) = spec.health_check_node_port {
            targets.extend(
                nodes.iter().map(|node| (Protocol::Tcp, SocketAddrV4::new(*node, port as u16))),
            );
        }
    }

    /// Names that a client may try.
    fn names(&self) -> Vec<String> {
        let mut names =
            vec!["example.com".to_owned(), "nosuch".to_owned(), "nosuch.shop".to_owned()];
        for service in &self.objects.services {
            let name = service.metadata.name.as_deref().unwrap_or_default();
            let namespace = service.metadata.namespace.as_deref().unwrap_or_default();
            names.push(name.to_owned());
            names.push(format!("{name}.{namespace}"));
            names.push(format!("{name}.{namespace}.svc.cluster.local"));
            names.extend((0..8).map(|number| format!("host-{number}.{name}.{namespace}")));
        }
        names
    }

    fn send(&mut self, sender: &Sender, protocol: Protocol, to: SocketAddrV4) -> (End, Trace) {
        let dial = self.cluster.dial(&sender.place, protocol, SocketAddr::V4(to).into());
        let trace = self.cluster.trace(dial.trace).expect("a packet leaves a trace").clone();
        let end = match &trace.outcome {
            Outcome::Delivered { to, at, seen_from } => {
                End::Answered { by: to.to_string(), at: v4(*at), sees: *v4(*seen_from).ip() }
            }
            Outcome::Refused => End::Refused,
            Outcome::Unreachable => End::Unreachable,
            Outcome::Silence => End::Silence,
        };
        (end, trace)
    }

    /// Asks whoever has the connection for the client's address. agnhost tells; others say
    /// something else.
    fn ask_who_is_seen(
        &mut self,
        trace: &Trace,
        sender: &Sender,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let tcp = trace.flow.protocol == Protocol::Tcp;
        if !tcp || !matches!(trace.outcome, Outcome::Delivered { .. }) {
            return Ok(());
        }
        let dial = self.cluster.dial(&sender.place, Protocol::Tcp, trace.flow.destination);
        // Another backend of the Service may refuse.
        let Ok(connection) = dial.result else { return Ok(()) };
        let request = HttpRequest {
            version: HttpVersion::default(),
            method: "GET".to_owned(),
            target: "/clientip".to_owned(),
            headers: vec![("Host".to_owned(), "test".to_owned())],
            body: Vec::new(),
        };
        let Reply::Http(response) = self.cluster.ask(&connection, Payload::Http(request)).reply
        else {
            return Ok(());
        };
        let said = String::from_utf8_lossy(&response.body).into_owned();
        let Ok(seen) = said.trim().parse::<podhop::network::SocketAddr>() else { return Ok(()) };
        *tally.entry("asked").or_default() += 1;
        if seen == connection.seen_from {
            return Ok(());
        }
        Err(format!("the server says {seen}, the trace {}", connection.seen_from))
    }
}

fn is_named(node: &k8s_openapi::api::core::v1::Node, name: &str) -> bool {
    node.metadata.name.as_deref() == Some(name)
}

/// Whether a client of this address stays with its endpoint (R6.8).
/// The evaluator's clusters are single-stack.
fn v4(address: podhop::network::SocketAddr) -> SocketAddrV4 {
    address.to_string().parse().expect("no IPv6 in a single-stack cluster")
}

fn is_sticky(service: &Service, to: SocketAddrV4) -> bool {
    let Some(spec) = &service.spec else { return false };
    let (ip, number) = (to.ip().to_string(), i32::from(to.port()));
    let mut own = spec.cluster_ip.iter().chain(spec.external_ips.iter().flatten());
    let addressed = own.any(|known| *known == ip) || balanced_at(service, &ip);
    let mut ports = spec.ports.iter().flatten();
    spec.session_affinity.as_deref() == Some("ClientIP")
        && ports.any(|port| addressed && port.port == number || port.node_port == Some(number))
}

/// What does not hold for a trace: one verdict and no more, the way in one piece, and the reply to
/// the client from where it had sent to.
fn unsound(trace: &Trace) -> Option<&'static str> {
    let expected = match trace.outcome {
        Outcome::Delivered { .. } => HopVerdict::Deliver,
        Outcome::Refused => HopVerdict::Reject,
        Outcome::Unreachable => HopVerdict::Unreachable,
        Outcome::Silence => HopVerdict::Drop,
    };
    let verdicts = trace.hops.iter().map(|hop| hop.verdict);
    let last: Vec<HopVerdict> = verdicts.filter(|verdict| *verdict != HopVerdict::Pass).collect();
    if last != [expected] {
        return Some("its hops have another verdict than the packet");
    }
    let way = trace.hops.windows(2).filter(|pair| pair[1].stage != Stage::Reply);
    if way.into_iter().any(|pair| pair[0].after != pair[1].before) {
        return Some("it changes between two hops");
    }
    if let Outcome::Delivered { at, seen_from, .. } = trace.outcome {
        let reply = trace.hops.last()?;
        let starts = reply.before.source == at && reply.before.destination == seen_from;
        if reply.stage != Stage::Reply || !starts || reply.after != trace.flow.reversed() {
            return Some("its reply does not come back to the client");
        }
    }
    None
}

fn kind(end: &End) -> &'static str {
    match end {
        End::Answered { .. } => "answered",
        End::Refused => "refused",
        End::Unreachable => "unreachable",
        End::Silence => "silence",
    }
}

fn report(wrong: &str, sender: &Sender, trace: &Trace, told: &Ends, end: &End) -> String {
    let told: Vec<String> = told.iter().map(End::to_string).collect();
    format!(
        "{wrong}: {:?} sends {} to {}\nthe objects say:      {}\nthe simulation says:  {end}\n{trace}\n",
        sender.place,
        trace.flow.protocol,
        trace.flow.destination,
        told.join("\n                      or: "),
    )
}
