//! `minikube`: the local cluster's own tool.

use std::fmt::Write as _;

use k8s_openapi::api::core::v1::{Node, Service};

use super::{failed, plain, ssh};
use crate::api::Object;
use crate::cluster::{Cluster, Flavour, Place};
use crate::shell::{Interrupted, Io, Step, Tool, interactive};

pub(super) fn minikube(arguments: &[String]) -> Box<dyn Tool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["start", ..] => plain(start, arguments),
        ["status", ..] => plain(status, arguments),
        ["ip", ..] => plain(ip, arguments),
        ["ssh", ..] => Box::new(Ssh { arguments: arguments[1..].to_vec(), inner: None }),
        ["service", ..] => plain(service, &arguments[1..]),
        ["tunnel", ..] => Box::new(Tunnel { given: Vec::new() }),
        ["profile", ..] => plain(profile, &arguments[1..]),
        ["node", "list", ..] => plain(nodes, arguments),
        ["version", ..] => plain(
            |_, io| {
                io.say("minikube version: v1.38.0");
                Some(0)
            },
            arguments,
        ),
        ["kubectl", rest @ ..] => {
            let skip = usize::from(rest.first() == Some(&"--")) + 1;
            super::kubectl::start(&arguments[skip..])
        }
        [] | ["--help" | "-h" | "help", ..] => plain(help, arguments),
        ["stop" | "delete" | "pause", ..] => {
            failed("podhop: the cluster stays on; the menu's reset begins the level again", 1)
        }
        ["addons" | "dashboard" | "config" | "image" | "mount" | "cp" | "logs", ..] => failed(
            format!(
                "podhop: minikube {} is not simulated here; kubectl shows and changes what runs",
                words[0]
            ),
            1,
        ),
        [other, ..] => failed(
            format!(
                "Error: unknown command \"{other}\" for \"minikube\"\nRun 'minikube --help' for usage."
            ),
            64,
        ),
    }
}

fn help(_: &[String], io: &mut Io<'_>) -> Option<i32> {
    io.say("minikube provisions and manages local Kubernetes clusters.\n");
    io.say("  start          Starts the cluster (it runs already)");
    io.say("  status         Gets the status of the cluster");
    io.say("  ip [-n NODE]   Retrieves a node's IP address");
    io.say("  ssh [-n NODE]  Logs into a node");
    io.say("  service NAME   Returns a URL to connect to a service");
    io.say("  tunnel         Connects to LoadBalancer services");
    io.say("  node list      Lists the nodes");
    io.say("  profile list   Lists the profiles");
    Some(0)
}

/// Name and address of every node, the control plane's first.
fn addresses(cluster: &Cluster) -> Vec<(String, String)> {
    let nodes = cluster.objects().list::<Node>(None);
    let address = |node: &Node| {
        let addresses = node.status.as_ref()?.addresses.as_ref()?;
        addresses
            .iter()
            .find(|address| address.type_ == "InternalIP")
            .map(|found| found.address.clone())
    };
    nodes
        .map(|node| {
            (node.metadata.name.clone().unwrap_or_default(), address(node).unwrap_or_default())
        })
        .collect()
}

fn start(_: &[String], io: &mut Io<'_>) -> Option<i32> {
    io.say("😄  minikube v1.38.0 on Ubuntu 24.04");
    io.say("✨  Using the docker driver based on existing profile");
    io.say("👍  Starting \"minikube\" primary control-plane node in \"minikube\" cluster");
    io.say("🏃  Updating the running docker \"minikube\" container ...");
    io.say("🐳  Preparing Kubernetes v1.36.3 on containerd 2.1.4 ...");
    io.say("🔎  Verifying Kubernetes components...");
    io.say("🌟  Enabled addons: storage-provisioner, default-storageclass");
    io.say("🏄  Done! kubectl is now configured to use \"minikube\" cluster and \"default\" namespace by default");
    Some(0)
}

fn status(_: &[String], io: &mut Io<'_>) -> Option<i32> {
    for (index, (name, _)) in addresses(io.cluster).into_iter().enumerate() {
        match index {
            0 => io.say("minikube\ntype: Control Plane\nhost: Running\nkubelet: Running\napiserver: Running\nkubeconfig: Configured\n"),
            _ => io.say(format!("{name}\ntype: Worker\nhost: Running\nkubelet: Running\n")),
        }
    }
    Some(0)
}

/// The node that `-n NODE` names; the first one otherwise.
fn chosen(cluster: &Cluster, arguments: &[String]) -> Result<(String, String), String> {
    let all = addresses(cluster);
    let mut rest = arguments.iter();
    let mut wanted = None;
    while let Some(argument) = rest.next() {
        match argument.split_once('=') {
            Some(("-n" | "--node", name)) => wanted = Some(name.to_owned()),
            None if argument == "-n" || argument == "--node" => wanted = rest.next().cloned(),
            _ => {}
        }
    }
    let found = match &wanted {
        None => all.first().cloned(),
        Some(name) if name == "minikube" => all.first().cloned(),
        Some(name) => all.iter().find(|(node, _)| node == name).cloned(),
    };
    let names: Vec<String> = all.into_iter().map(|(name, _)| name).collect();
    found.ok_or_else(|| {
        format!(
            "❌  Exiting due to GUEST_NODE_RETRIEVE: retrieving node: Could not find node {}\n    (the nodes are {})",
            wanted.unwrap_or_default(),
            names.join(", ")
        )
    })
}

fn ip(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    Some(match chosen(io.cluster, arguments) {
        Ok((_, address)) => {
            io.say(address);
            0
        }
        Err(message) => {
            io.complain(message);
            80
        }
    })
}

fn nodes(_: &[String], io: &mut Io<'_>) -> Option<i32> {
    for (name, address) in addresses(io.cluster) {
        io.say(format!("{name}\t{address}"));
    }
    Some(0)
}

fn profile(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    if arguments.first().is_none_or(|first| first != "list") {
        io.say("minikube");
        return Some(0);
    }
    let nodes = addresses(io.cluster);
    let address = nodes.first().map_or("", |(_, address)| address.as_str());
    let rows = [
        [
            "Profile",
            "Driver",
            "Runtime",
            "IP",
            "Version",
            "Status",
            "Nodes",
            "Active Profile",
            "Active Kubecontext",
        ],
        ["minikube", "docker", "containerd", address, "v1.36.3", "OK", "", "*", "*"],
    ];
    let count = nodes.len().to_string();
    let mut rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
    rows[1][6] = count;
    table(io, &rows);
    Some(0)
}

/// A table as minikube draws it.
fn table(io: &mut Io<'_>, rows: &[Vec<String>]) {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let rule = |left: char, middle: char, right: char| {
        let parts: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
        format!("{left}{}{right}", parts.join(&middle.to_string()))
    };
    io.say(rule('┌', '┬', '┐'));
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| match index {
                0 => format!(" {:^width$} ", cell.to_uppercase()),
                _ => format!(" {cell:<width$} "),
            })
            .collect();
        io.say(format!("│{}│", cells.join("│")));
        if index == 0 {
            io.say(rule('├', '┼', '┤'));
        }
    }
    io.say(rule('└', '┴', '┘'));
}

/// `minikube service NAME`: where its node port answers.
fn service(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let mut namespace = "default".to_owned();
    let (mut url_only, mut name) = (false, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--url" => url_only = true,
            "-n" | "--namespace" => namespace = rest.next().cloned().unwrap_or_default(),
            flag if flag.starts_with("--namespace=") => {
                flag["--namespace=".len()..].clone_into(&mut namespace);
            }
            "list" | "--all" => return Some(list(io)),
            flag if flag.starts_with('-') => {}
            other => name = Some(other.to_owned()),
        }
    }
    let Some(name) = name else {
        io.complain("❌  Exiting due to MK_USAGE: You must specify a service name");
        return Some(14);
    };
    let Some(found) = io.cluster.objects().get::<Service>(&namespace, &name).cloned() else {
        io.complain(format!(
            "\n❌  Exiting due to SVC_NOT_FOUND: Service '{name}' was not found in '{namespace}' namespace.\nYou may select another namespace by using 'minikube service {name} -n <namespace>'. Or list out all the services using 'minikube service list'"
        ));
        return Some(115);
    };
    let ports = ports(&found);
    let address =
        addresses(io.cluster).into_iter().next().map_or(String::new(), |(_, address)| address);
    let exposed: Vec<_> = ports.iter().filter(|(_, node_port)| node_port.is_some()).collect();
    let kind = found.spec.as_ref().and_then(|spec| spec.type_.clone()).unwrap_or_default();
    if exposed.is_empty() {
        io.complain(format!(
            "😿  service {namespace}/{name} has no node port\n❗  Services [{namespace}/{name}] have type \"{kind}\" not meant to be exposed, however for local development minikube allows you to access this !"
        ));
        io.complain(format!(
            "podhop: that forwarding is not simulated here; try kubectl port-forward svc/{name} 8080:PORT, or give it a node port"
        ));
        return Some(1);
    }
    let urls: Vec<String> = exposed
        .iter()
        .map(|(_, node_port)| format!("http://{address}:{}", node_port.unwrap_or(0)))
        .collect();
    if url_only {
        for url in urls {
            io.say(url);
        }
        return Some(0);
    }
    let targets: Vec<String> = exposed.iter().map(|(target, _)| target.clone()).collect();
    let mut rows = vec![["Namespace", "Name", "Target Port", "URL"].map(str::to_owned).to_vec()];
    for (index, (target, url)) in targets.iter().zip(&urls).enumerate() {
        let (namespace, name) =
            if index == 0 { (namespace.as_str(), name.as_str()) } else { ("", "") };
        rows.push(vec![namespace.to_owned(), name.to_owned(), target.clone(), url.clone()]);
    }
    table(io, &rows);
    for _ in &urls {
        io.say(format!("🎉  Opening service {namespace}/{name} in default browser..."));
    }
    Some(0)
}

/// Each port as `name/port`, and its node port.
fn ports(service: &Service) -> Vec<(String, Option<i32>)> {
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.clone()).unwrap_or_default();
    ports
        .into_iter()
        .map(|port| {
            let mut target = String::new();
            if let Some(name) = &port.name {
                let _ = write!(target, "{name}/");
            }
            let _ = write!(target, "{}", port.port);
            (target, port.node_port)
        })
        .collect()
}

fn list(io: &mut Io<'_>) -> i32 {
    let address =
        addresses(io.cluster).into_iter().next().map_or(String::new(), |(_, address)| address);
    let mut rows = vec![["Namespace", "Name", "Target Port", "URL"].map(str::to_owned).to_vec()];
    let services: Vec<_> = io.cluster.objects().list::<Service>(None).cloned().collect();
    for service in services {
        let namespace = service.metadata.namespace.clone().unwrap_or_default();
        let name = service.metadata.name.clone().unwrap_or_default();
        let ports = ports(&service);
        let exposed: Vec<_> = ports.iter().filter(|(_, node_port)| node_port.is_some()).collect();
        if exposed.is_empty() {
            rows.push(vec![namespace, name, "No node port".to_owned(), String::new()]);
            continue;
        }
        for (target, node_port) in exposed {
            let url = format!("http://{address}:{}", node_port.unwrap_or(0));
            rows.push(vec![namespace.clone(), name.clone(), target.clone(), url]);
        }
    }
    table(io, &rows);
    0
}

/// `minikube ssh`.
#[derive(Clone)]
struct Ssh {
    arguments: Vec<String>,
    inner: Option<Box<dyn Tool>>,
}

impl Ssh {
    fn begin(&self, io: &mut Io<'_>) -> Result<Box<dyn Tool>, String> {
        let (name, _) = chosen(io.cluster, &self.arguments)?;
        let place = Place::Node(name.into());
        let mut command: &[String] = &self.arguments;
        while let Some(first) = command.first().filter(|first| first.starts_with('-')) {
            let skip = match first.as_str() {
                "-n" | "--node" => 2,
                _ => 1,
            };
            let end = first == "--";
            command = command.get(skip..).unwrap_or_default();
            if end {
                break;
            }
        }
        Ok(match command.is_empty() {
            true => interactive(place, Flavour::Gnu, true),
            false => ssh::on_node(io, &place, command),
        })
    }
}

impl Tool for Ssh {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        if self.inner.is_none() {
            match self.begin(io) {
                Ok(inner) => self.inner = Some(inner),
                Err(message) => {
                    io.complain(message);
                    return Step::Exit(80);
                }
            }
        }
        self.inner.as_mut().map_or(Step::Exit(1), |inner| inner.step(io))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        self.inner.as_mut().map_or(Interrupted::Ended, |inner| inner.interrupt(io))
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

/// `minikube tunnel`: as long as it runs, LoadBalancer Services get their cluster IP as external
/// address (R7.4).
#[derive(Clone)]
struct Tunnel {
    /// The Services that it has given an address: (namespace, name).
    given: Vec<(String, String)>,
}

impl Tunnel {
    fn patch(io: &mut Io<'_>, namespace: &str, name: &str, ingress: serde_json::Value) {
        use crate::api::{Kind, Patch, Request, WriteOptions};
        let patch = serde_json::json!({"status": {"loadBalancer": ingress}});
        // A Service that is gone by now needs no address.
        let _ = io.cluster.handle(Request::Patch {
            kind: Kind::Service,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            patch: Patch::Merge(patch),
            options: WriteOptions::default(),
        });
    }
}

impl Tool for Tunnel {
    fn step(&mut self, io: &mut Io<'_>) -> Step {
        io.cluster.set_tunnel(true);
        {
            let waiting = io.cluster.objects().list::<Service>(None).cloned().collect::<Vec<_>>();
            for service in waiting {
                let object = Object::Service(service.clone());
                let Some(spec) = &service.spec else { continue };
                let status =
                    service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
                let has = status.is_some_and(|balancer| {
                    balancer.ingress.as_ref().is_some_and(|all| !all.is_empty())
                });
                let key = (object.namespace().to_owned(), object.name().to_owned());
                if spec.type_.as_deref() != Some("LoadBalancer") || has || self.given.contains(&key)
                {
                    continue;
                }
                let Some(address) = spec.cluster_ip.clone() else { continue };
                let ingress = serde_json::json!({"ingress": [{"ip": address}]});
                Tunnel::patch(io, &key.0, &key.1, ingress);
                io.say(format!("🏃  Starting tunnel for service {}.", key.1));
                self.given.push(key);
            }
        }
        Step::Until(io.now() + std::time::Duration::from_secs(1))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        io.cluster.set_tunnel(false);
        for (namespace, name) in std::mem::take(&mut self.given) {
            Tunnel::patch(io, &namespace, &name, serde_json::json!({"ingress": null}));
            io.say(format!("✋  Stopped tunnel for service {name}."));
        }
        Interrupted::Ended
    }

    fn clone_box(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
