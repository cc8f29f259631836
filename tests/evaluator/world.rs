//! Random clusters: nodes, pods, Services and policies, as a user would write them down.
//!
//! A world is a list of steps, so that one that goes wrong can be printed, applied by hand, and
//! made smaller by leaving steps out. Everything comes from the seed.

use std::fmt;
use std::time::Duration;

use podhop::api::{DeleteOptions, Kind, Patch, Request, Subresource, WriteOptions};
use podhop::cluster::{Cluster, Config};
use podhop::manifest;
use podhop::random::Stream;
use podhop::shell;
use serde_json::{Value, json};

const NAMESPACES: [&str; 2] = ["default", "shop"];
const APPS: [&str; 2] = ["web", "api"];
const TIERS: [&str; 2] = ["front", "back"];

/// Time for probes to fail and for crashes to be noticed.
const SETTLE: Duration = Duration::from_secs(60);

/// A cluster to be.
#[derive(Clone, Debug)]
pub struct World {
    pub seed: u64,
    pub nodes: u64,
    /// Whether it runs in a cloud, which gives load balancers their addresses.
    pub cloud: bool,
    pub steps: Vec<Step>,
}

/// Something that is done to the cluster. What is created comes first; the rest happens when the
/// cluster has come to rest.
#[derive(Clone, Debug)]
pub enum Step {
    Create(Value),
    /// A pod's end begins. Its preStop hook holds it up, so that it serves on.
    Delete {
        namespace: String,
        pod: String,
    },
    /// Somebody gives a Service of type LoadBalancer its address.
    Balance {
        namespace: String,
        service: String,
        address: String,
    },
    /// A node loses its power, and the control plane has noticed.
    SwitchOff(String),
}

impl World {
    /// The world of a seed.
    pub fn random(seed: u64) -> World {
        let mut dice = Stream::new(seed, "world");
        let nodes = 1 + dice.below(4);
        let cloud = dice.chance(1, 4);
        let mut maker = Maker { dice, nodes, created: Vec::new(), later: Vec::new() };
        maker.fill();
        let Maker { mut dice, mut created, later, .. } = maker;
        // The order in which things are applied makes no difference, but namespaces come first.
        dice.shuffle(&mut created[1..]);
        let steps = created.into_iter().map(Step::Create).chain(later).collect();
        World { seed, nodes, cloud, steps }
    }

    /// The same world without one step.
    pub fn without(&self, step: usize) -> World {
        let mut less = self.clone();
        less.steps.remove(step);
        less
    }

    /// The cluster, at rest; or what the API server did not take.
    pub fn build(&self) -> Result<Cluster, String> {
        let config =
            Config { nodes: self.nodes as u32, seed: self.seed, dns: true, dual_stack: false };
        let mut cluster = Cluster::new(&config, shell::programs());
        if self.cloud {
            cluster.join_cloud();
        }
        for step in &self.steps {
            if let Step::Create(object) = step {
                create(&mut cluster, object)?;
            }
        }
        cluster.settle(SETTLE);
        for step in &self.steps {
            // A cloud would take an address back that somebody else has given.
            if !(self.cloud && matches!(step, Step::Balance { .. })) {
                step.carry_out(&mut cluster)?;
            }
        }
        // Long enough for a node that is off to be noticed, too short for its pods to be evicted.
        cluster.advance_to(cluster.now() + Duration::from_secs(90));
        Ok(cluster)
    }
}

impl Step {
    fn carry_out(&self, cluster: &mut Cluster) -> Result<(), String> {
        let request = match self {
            Step::Create(_) => return Ok(()),
            Step::SwitchOff(node) => {
                cluster.set_node_up(node, false);
                return Ok(());
            }
            Step::Delete { namespace, pod } => Request::Delete {
                kind: Kind::Pod,
                namespace: namespace.clone(),
                name: pod.clone(),
                options: DeleteOptions::default(),
            },
            Step::Balance { namespace, service, address } => Request::Patch {
                kind: Kind::Service,
                namespace: namespace.clone(),
                name: service.clone(),
                patch: Patch::Merge(
                    json!({ "status": { "loadBalancer": { "ingress": [{ "ip": address }] } } }),
                ),
                options: WriteOptions {
                    subresource: Subresource::Status,
                    ..WriteOptions::default()
                },
            },
        };
        match cluster.handle(request) {
            Err(status) if status.to_string().contains("not found") => Ok(()),
            Err(status) => Err(status.to_string()),
            Ok(_) => Ok(()),
        }
    }
}

fn create(cluster: &mut Cluster, object: &Value) -> Result<(), String> {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let kind = Kind::from_manifest(text("/apiVersion"), text("/kind")).expect("a kind");
    let request = Request::Create {
        kind,
        namespace: text("/metadata/namespace").to_owned(),
        object: object.clone(),
        options: WriteOptions::default(),
    };
    match cluster.handle(request) {
        Ok(_) => Ok(()),
        Err(status) => Err(format!("{status}\n{}", manifest::to_yaml(object))),
    }
}

/// Files for `kubectl apply`, and what happens afterwards.
impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.cloud { ", in a cloud" } else { "" };
        writeln!(f, "# seed {}, {} nodes{place}", self.seed, self.nodes)?;
        for step in &self.steps {
            match step {
                Step::Create(object) => write!(f, "---\n{}", manifest::to_yaml(object))?,
                Step::Delete { namespace, pod } => {
                    writeln!(f, "# then: kubectl delete pod -n {namespace} {pod} --wait=false")?;
                }
                Step::Balance { namespace, service, address } => {
                    writeln!(f, "# then: Service {namespace}/{service} gets {address}")?;
                }
                Step::SwitchOff(node) => writeln!(f, "# then: {node} goes down")?,
            }
        }
        Ok(())
    }
}

/// Whoever makes things up.
struct Maker {
    dice: Stream,
    nodes: u64,
    created: Vec<Value>,
    later: Vec<Step>,
}

impl Maker {
    fn fill(&mut self) {
        self.created.push(json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": "shop", "labels": { "team": "shop" } },
        }));
        for number in 0..4 + self.dice.below(5) {
            self.pod(number as u16);
        }
        for number in 0..3 + self.dice.below(5) {
            self.service(number as u16);
        }
        for number in 0..self.dice.below(4) {
            self.policy(number);
        }
        if self.nodes > 1 && self.one_in(8) {
            let node = self.node();
            self.later.push(Step::SwitchOff(node));
        }
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.dice.chance(1, chances)
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        *self.dice.pick(items).expect("there are some")
    }

    fn node(&mut self) -> String {
        format!("node-{}", 1 + self.dice.below(self.nodes))
    }

    fn pod(&mut self, number: u16) {
        let on_host = self.one_in(8);
        // Pods on the host's network share its ports, so each has one of its own.
        let port = if on_host { 9000 + number } else { self.one_of(&[80, 8080]) };
        // The same number is another port where the protocol is another.
        let same = !on_host && self.one_in(4);
        let mut container = self.container(port, if same { port } else { 9500 + number });
        container["name"] = json!("c");
        if !on_host && self.one_in(8) {
            let mapped =
                json!({ "name": "mapped", "containerPort": port, "hostPort": 7000 + number });
            container["ports"] = json!([mapped]);
        }
        if self.one_in(6) {
            container["readinessProbe"] = json!({ "tcpSocket": { "port": 9 }, "periodSeconds": 2 });
        }
        let namespace = self.one_of(&NAMESPACES);
        let name = format!("pod-{number}");
        let mut spec = json!({ "nodeName": self.node(), "containers": [] });
        if container["args"] == json!(["true"]) {
            spec["restartPolicy"] = json!("Never");
        }
        if on_host {
            spec["hostNetwork"] = json!(true);
            if self.one_in(2) {
                spec["dnsPolicy"] = json!("ClusterFirstWithHostNet");
            }
        }
        if self.one_in(3) {
            spec["hostname"] = json!(format!("host-{number}"));
            spec["subdomain"] = json!(format!("svc-{}", self.dice.below(5)));
        }
        if self.one_in(6) {
            container["lifecycle"] = json!({ "preStop": { "sleep": { "seconds": 3000 } } });
            spec["terminationGracePeriodSeconds"] = json!(3600);
            self.later.push(Step::Delete { namespace: namespace.to_owned(), pod: name.clone() });
        }
        spec["containers"] = json!([container]);
        let labels = self.labels();
        self.created.push(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "namespace": namespace, "labels": labels }, "spec": spec,
        }));
    }

    /// A program that listens, or one that does not, and ports that it says it has.
    fn container(&mut self, port: u16, datagrams: u16) -> Value {
        let mut container = match self.dice.below(10) {
            0 => json!({ "image": "busybox", "command": ["sleep", "infinity"] }),
            1 => json!({ "image": "busybox", "args": ["false"] }),
            2 => json!({ "image": "busybox", "args": ["true"] }),
            3 => json!({ "image": "nosuch/image" }),
            4 => {
                json!({ "image": "hashicorp/http-echo", "args": [format!("-listen=127.0.0.1:{port}")] })
            }
            5 | 6 => json!({
                "image": "registry.k8s.io/e2e-test-images/agnhost:2.53",
                "args": ["netexec", format!("--http-port={port}"), format!("--udp-port={datagrams}")],
            }),
            _ => json!({ "image": "hashicorp/http-echo", "args": [format!("-listen=:{port}")] }),
        };
        let named = self.one_of(&["http", "main"]);
        match self.dice.below(4) {
            0 => {}
            // What is declared need not be what is open.
            1 if port < 9000 => {
                container["ports"] = json!([{ "name": named, "containerPort": 81 }])
            }
            _ => {
                container["ports"] = json!([
                    { "name": named, "containerPort": port },
                    { "name": "dgram", "containerPort": datagrams, "protocol": "UDP" },
                ]);
            }
        }
        container
    }

    fn labels(&mut self) -> Value {
        let mut labels = json!({});
        if !self.one_in(6) {
            labels["app"] = json!(self.one_of(&APPS));
        }
        if self.one_in(2) {
            labels["tier"] = json!(self.one_of(&TIERS));
        }
        labels
    }

    fn service(&mut self, number: u16) {
        let name = format!("svc-{number}");
        let namespace = self.one_of(&NAMESPACES);
        let kind = self.one_of(&[
            "ClusterIP",
            "ClusterIP",
            "NodePort",
            "NodePort",
            "LoadBalancer",
            "Headless",
            "ExternalName",
        ]);
        let mut spec = match kind {
            "ExternalName" => self.alias(),
            "Headless" => json!({ "clusterIP": "None" }),
            kind => json!({ "type": kind }),
        };
        if kind != "ExternalName" {
            spec["ports"] = self.service_ports();
            self.choices(&mut spec, kind, number);
            match self.dice.below(6) {
                0 => self.slice(namespace, &name, &spec["ports"].clone()),
                1 => spec["selector"] = json!({ "app": "nobody" }),
                2 => spec["selector"] = json!({ "app": "web", "tier": "front" }),
                _ => spec["selector"] = json!({ "app": self.one_of(&APPS) }),
            }
        }
        if kind == "LoadBalancer" && self.one_in(2) {
            self.later.push(Step::Balance {
                namespace: namespace.to_owned(),
                service: name.clone(),
                address: format!("203.0.113.{}", 200 + number),
            });
        }
        self.created.push(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": name, "namespace": namespace }, "spec": spec,
        }));
    }

    fn alias(&mut self) -> Value {
        let to = self.one_of(&[
            "example.com",
            "nosuch.example",
            "svc-0.default.svc.cluster.local",
            "svc-1.shop.svc.cluster.local",
        ]);
        json!({ "type": "ExternalName", "externalName": to })
    }

    fn service_ports(&mut self) -> Value {
        let mut ports = vec![json!({ "name": "first", "port": 80 })];
        match self.dice.below(6) {
            0 => {}
            1 => ports[0]["targetPort"] = json!("http"),
            2 => ports[0]["targetPort"] = json!("main"),
            _ => ports[0]["targetPort"] = json!(self.one_of(&[80, 8080])),
        }
        if self.one_in(4) {
            ports.push(json!({ "name": "second", "port": 8080, "targetPort": 8080 }));
        }
        if self.one_in(4) {
            ports.push(json!({
                "name": "third", "port": 80, "protocol": "UDP", "targetPort": "dgram",
            }));
        }
        json!(ports)
    }

    fn choices(&mut self, spec: &mut Value, kind: &str, number: u16) {
        if self.one_in(3) {
            spec["sessionAffinity"] = json!("ClientIP");
        }
        if self.one_in(4) {
            spec["internalTrafficPolicy"] = json!("Local");
        }
        if self.one_in(5) {
            spec["publishNotReadyAddresses"] = json!(true);
        }
        if matches!(kind, "NodePort" | "LoadBalancer") && self.one_in(2) {
            spec["externalTrafficPolicy"] = json!("Local");
        }
        if kind == "LoadBalancer" && self.one_in(4) {
            spec["allocateLoadBalancerNodePorts"] = json!(false);
        }
        if kind == "LoadBalancer" && self.one_in(3) {
            let ranges = ["10.244.0.0/16", "192.168.49.0/24", "203.0.113.0/24"];
            spec["loadBalancerSourceRanges"] = json!([self.one_of(&ranges)]);
        }
        if kind != "Headless" && self.one_in(5) {
            // An address that leads nowhere, or a node's own.
            let own = format!("192.168.49.{}", 2 + self.dice.below(self.nodes));
            let address = if number == 1 { own } else { format!("203.0.113.{}", 220 + number) };
            spec["externalIPs"] = json!([address]);
        }
    }

    /// Endpoints that somebody wrote by hand: pods by their addresses, a node, or the world outside.
    fn slice(&mut self, namespace: &str, service: &str, ports: &Value) {
        let mut endpoints = Vec::new();
        for octet in 0..self.dice.below(4) {
            let node = 1 + self.dice.below(self.nodes);
            let address = match self.dice.below(6) {
                0 => "203.0.113.10".to_owned(),
                1 => format!("192.168.49.{}", 1 + node),
                _ => format!("10.244.{node}.{}", 2 + 2 * octet + self.dice.below(2)),
            };
            let known = |endpoint: &Value| endpoint["addresses"][0] == json!(address);
            if endpoints.iter().any(known) {
                continue;
            }
            let mut endpoint = json!({ "addresses": [address] });
            if self.one_in(3) {
                endpoint["conditions"] = json!({ "ready": self.one_in(2) });
            }
            if self.one_in(2) {
                endpoint["nodeName"] = json!(format!("node-{node}"));
            }
            endpoints.push(endpoint);
        }
        let ports = ports.as_array().into_iter().flatten().map(|port| {
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            json!({ "name": port["name"], "port": self.one_of(&[80, 8080]), "protocol": protocol })
        });
        let ports: Vec<Value> = ports.collect();
        self.created.push(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": format!("{service}-by-hand"), "namespace": namespace,
                "labels": { "kubernetes.io/service-name": service },
            },
            "addressType": "IPv4", "ports": ports, "endpoints": endpoints,
        }));
    }

    fn policy(&mut self, number: u64) {
        let namespace = if self.one_in(8) { "kube-system" } else { self.one_of(&NAMESPACES) };
        let types = match namespace {
            // Where CoreDNS may not ask outside, names are another matter.
            "kube-system" => vec!["Ingress"],
            _ => self.one_of(&[&["Ingress"][..], &["Egress"], &["Ingress", "Egress"]]).to_vec(),
        };
        let mut spec = json!({ "podSelector": self.selector(), "policyTypes": types });
        for (kind, list, peers) in [("Ingress", "ingress", "from"), ("Egress", "egress", "to")] {
            if types.contains(&kind) {
                let rules = self.dice.below(3);
                spec[list] = (0..rules).map(|_| self.rule(peers)).collect();
            }
        }
        self.created.push(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": { "name": format!("wall-{number}"), "namespace": namespace }, "spec": spec,
        }));
    }

    fn rule(&mut self, peers: &str) -> Value {
        let mut rule = json!({});
        if !self.one_in(5) {
            let count = 1 + self.dice.below(2);
            rule[peers] = (0..count).map(|_| self.peer()).collect();
        }
        if self.one_in(2) {
            let count = 1 + self.dice.below(2);
            rule["ports"] = (0..count).map(|_| self.policy_port()).collect();
        }
        rule
    }

    fn peer(&mut self) -> Value {
        match self.dice.below(5) {
            0 => json!({ "namespaceSelector": self.namespaces() }),
            1 => json!({ "namespaceSelector": self.namespaces(), "podSelector": self.selector() }),
            2 => json!({ "ipBlock": self.block() }),
            _ => json!({ "podSelector": self.selector() }),
        }
    }

    fn namespaces(&mut self) -> Value {
        match self.dice.below(3) {
            0 => json!({}),
            1 => json!({ "matchLabels": { "team": "shop" } }),
            _ => json!({ "matchExpressions": [{
                "key": "kubernetes.io/metadata.name", "operator": "In",
                "values": ["default", "kube-system"],
            }]}),
        }
    }

    fn selector(&mut self) -> Value {
        match self.dice.below(5) {
            0 => json!({}),
            1 => json!({ "matchExpressions": [{ "key": "tier", "operator": "Exists" }] }),
            2 => json!({ "matchExpressions": [
                { "key": "app", "operator": "NotIn", "values": ["web"] },
            ]}),
            _ => json!({ "matchLabels": { "app": self.one_of(&APPS) } }),
        }
    }

    fn block(&mut self) -> Value {
        match self.dice.below(4) {
            0 => json!({ "cidr": "0.0.0.0/0", "except": ["10.244.0.0/16"] }),
            1 => json!({ "cidr": "10.244.0.0/16", "except": ["10.244.1.0/24", "10.244.3.2/32"] }),
            2 => json!({ "cidr": "192.168.49.0/30" }),
            _ => json!({ "cidr": "10.96.0.0/12" }),
        }
    }

    fn policy_port(&mut self) -> Value {
        match self.dice.below(6) {
            0 => json!({ "protocol": "UDP" }),
            1 => json!({ "port": 53, "protocol": "UDP" }),
            2 => json!({ "port": "http" }),
            3 => json!({ "port": 79, "endPort": 81 }),
            4 => json!({ "port": "dgram", "protocol": "UDP" }),
            _ => json!({ "port": self.one_of(&[80, 8080]), "protocol": "TCP" }),
        }
    }
}
