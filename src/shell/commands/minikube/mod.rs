//! `minikube`: the local cluster's own tool.

mod flags;
mod nodes;
mod service;
mod table;
mod tunnel;

use self::nodes::{Ssh, ip, nodes, profile, start_node, status, stop_node};
use self::service::service;
use self::tunnel::Tunnel;
use super::{failed, plain};
use crate::shell::{Io, Tool};

pub(super) fn minikube(arguments: &[String]) -> Box<dyn Tool> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // What stands behind `ssh` or `kubectl` is for others.
    if !matches!(words.first(), Some(&("ssh" | "kubectl")))
        && words.iter().any(|word| matches!(*word, "--help" | "-h"))
    {
        return plain(help, arguments);
    }
    // Commands that heed no flag but the profile.
    let named = &words[..words.len().min(if words.first() == Some(&"node") { 2 } else { 1 })];
    if let ["start" | "status" | "tunnel" | "version" | "profile"] | ["node", _] = named
        && let Err((told, code)) = flags::read(&named.join(" "), &[], &arguments[named.len()..])
    {
        return failed(told, code);
    }
    match words.as_slice() {
        ["start", ..] => plain(start, arguments),
        ["status", ..] => plain(status, arguments),
        ["ip", ..] => plain(ip, &arguments[1..]),
        ["ssh", ..] => Box::new(Ssh { arguments: arguments[1..].to_vec(), inner: None }),
        ["service", ..] => plain(service, &arguments[1..]),
        ["tunnel", ..] => Box::<Tunnel>::default(),
        ["profile", ..] => plain(profile, &arguments[1..]),
        ["node", "list", ..] => plain(nodes, arguments),
        ["node", "stop", ..] => plain(stop_node, &arguments[2..]),
        ["node", "start", ..] => plain(start_node, &arguments[2..]),
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
        [] | ["help", ..] => plain(help, arguments),
        ["stop" | "delete" | "pause", ..] => {
            failed("podhop: the cluster stays on; the menu's reset begins the level again", 1)
        }
        ["addons", "enable", "ingress", ..] => plain(enable_ingress, arguments),
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
    io.say("  node stop NODE   Stops a node");
    io.say("  node start NODE  Starts a node that was stopped");
    io.say("  addons enable ingress  Installs the Ingress controller ingress-nginx");
    io.say("  profile list   Lists the profiles");
    Some(0)
}

fn enable_ingress(_: &[String], io: &mut Io<'_>) -> Option<i32> {
    io.say("💡  ingress is an addon maintained by Kubernetes. For any concerns contact minikube on GitHub.");
    io.say("You can view the list of minikube maintainers at: https://github.com/kubernetes/minikube/blob/master/OWNERS");
    io.say("    ▪ Using image registry.k8s.io/ingress-nginx/controller:v1.13.3");
    io.cluster.install_ingress_controller();
    io.say("🔎  Verifying ingress addon...");
    io.say("🌟  The 'ingress' addon is enabled");
    Some(0)
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
