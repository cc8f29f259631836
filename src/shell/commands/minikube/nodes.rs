//! The nodes: `minikube status`, `ip`, `node list`, `profile`, `ssh`.

use k8s_openapi::api::core::v1::Node;

use super::flags::{self, NODE};
use super::table::table;
use crate::cluster::{Cluster, Flavour, Place};
use crate::shell::commands::ssh;
use crate::shell::{Io, Step, Tool, interactive};

/// Name and address of every node, the control plane's first.
pub(super) fn addresses(cluster: &Cluster) -> Vec<(String, String)> {
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

pub(super) fn status(_: &[String], io: &mut Io<'_>) -> Option<i32> {
    for (index, (name, _)) in addresses(io.cluster).into_iter().enumerate() {
        match index {
            0 => io.say("minikube\ntype: Control Plane\nhost: Running\nkubelet: Running\napiserver: Running\nkubeconfig: Configured\n"),
            _ => {
                let state = if io.cluster.is_node_up(&name) { "Running" } else { "Stopped" };
                io.say(format!("{name}\ntype: Worker\nhost: {state}\nkubelet: {state}\n"));
            }
        }
    }
    Some(0)
}

/// The node that `-n NODE` names; the first one otherwise.
///
/// # Errors
/// What is wrong with the command line, or that there is no such node; and the exit code.
fn chosen(
    cluster: &Cluster,
    command: &str,
    arguments: &[String],
) -> Result<(String, String), (String, i32)> {
    let arguments = flags::read(command, &[NODE], arguments)?;
    node(cluster, arguments.get("node"))
}

/// The node of a name; the first one without a name.
fn node(cluster: &Cluster, wanted: Option<&str>) -> Result<(String, String), (String, i32)> {
    let all = addresses(cluster);
    let found = match wanted {
        None | Some("minikube") => all.first().cloned(),
        Some(name) => all.iter().find(|(node, _)| node == name).cloned(),
    };
    let names: Vec<String> = all.into_iter().map(|(name, _)| name).collect();
    found.ok_or_else(|| {
        let message = format!(
            "❌  Exiting due to GUEST_NODE_RETRIEVE: retrieving node: Could not find node {}\n    (the nodes are {})",
            wanted.unwrap_or_default(),
            names.join(", ")
        );
        (message, 80)
    })
}

pub(super) fn ip(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    Some(match chosen(io.cluster, "ip", arguments) {
        Ok((_, address)) => {
            io.say(address);
            0
        }
        Err((message, code)) => {
            io.write_error(message);
            code
        }
    })
}

pub(super) fn nodes(_: &[String], io: &mut Io<'_>) -> Option<i32> {
    for (name, address) in addresses(io.cluster) {
        io.say(format!("{name}\t{address}"));
    }
    Some(0)
}

/// `minikube node stop NODE`: the machine is switched off, and the control plane notices its silence.
pub(super) fn stop_node(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(name) = named(arguments, "stop", io) else { return Some(64) };
    if is_first(io.cluster, &name) {
        io.write_error(
            "podhop: the control plane's own node stays on, since the API server runs there",
        );
        return Some(1);
    }
    io.say(format!("✋  Stopping node \"{name}\"  ..."));
    io.cluster.set_node_up(&name, false);
    io.say(format!("🛑  Successfully stopped node {name}"));
    Some(0)
}

/// `minikube node start NODE`.
pub(super) fn start_node(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let Some(name) = named(arguments, "start", io) else { return Some(64) };
    if io.cluster.is_node_up(&name) {
        io.say(format!("✅  {name} is already running"));
        return Some(0);
    }
    io.cluster.set_node_up(&name, true);
    io.say(format!("😄  Successfully started node {name}!"));
    Some(0)
}

/// The node that the command names; minikube's complaint is printed where it names none that is.
fn named(arguments: &[String], verb: &str, io: &mut Io<'_>) -> Option<String> {
    let Some(wanted) = arguments.iter().find(|word| !word.starts_with('-')) else {
        io.write_error(format!("❌  Exiting due to MK_USAGE: Usage: minikube node {verb} [name]"));
        return None;
    };
    match node(io.cluster, Some(wanted)) {
        Ok((name, _)) => Some(name),
        Err((message, _)) => {
            io.write_error(message);
            None
        }
    }
}

fn is_first(cluster: &Cluster, name: &str) -> bool {
    addresses(cluster).first().is_some_and(|(first, _)| first == name)
}

pub(super) fn profile(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
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

/// minikube's own options, and the command for the node: what stands behind `--`, or begins with the
/// first word that is no option.
fn split(arguments: &[String]) -> (&[String], &[String]) {
    let mut at = 0;
    while let Some(word) = arguments.get(at).filter(|word| word.starts_with('-')) {
        if word == "--" {
            return (&arguments[..at], &arguments[at + 1..]);
        }
        at += if matches!(word.as_str(), "-n" | "--node" | "-p" | "--profile") { 2 } else { 1 };
    }
    arguments.split_at(at.min(arguments.len()))
}

/// `minikube ssh`.
#[derive(Clone)]
pub(super) struct Ssh {
    pub arguments: Vec<String>,
    pub inner: Option<Box<dyn Tool>>,
}

impl Ssh {
    fn begin(&self, io: &mut Io<'_>) -> Result<Box<dyn Tool>, (String, i32)> {
        let (options, command) = split(&self.arguments);
        let (name, _) = chosen(io.cluster, "ssh", options)?;
        let place = Place::Node(name.into());
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
                Err((message, code)) => {
                    io.write_error(message);
                    return Step::Exit(code);
                }
            }
        }
        self.inner.as_mut().map_or(Step::Exit(1), |inner| inner.step(io))
    }

    fn inner(&mut self) -> Option<&mut dyn Tool> {
        Some(&mut **self.inner.as_mut()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_nodes_command_are_not_minikubes() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let all = words("-n node-2 -- iptables -t nat -L -n");
        assert_eq!(split(&all), (&all[..2], &all[3..]));
        let all = words("--node=node-2 ip addr");
        assert_eq!(split(&all), (&all[..1], &all[1..]));
        let all = words("-n");
        assert_eq!(split(&all), (&all[..], &[][..]));
    }
}
