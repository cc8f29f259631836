//! The commands: one a file, grouped by subject.
//!
//! [`find`] turns a name and arguments into a [`Tool`]. What a place has is its image's affair
//! ([`is_installed`]): a container without curl has no curl, whatever podhop can simulate.

mod conversion;
mod files;
mod jq;
pub mod kubectl;
mod minikube;
mod moment;
pub mod net;
mod options;
mod packages;
mod plain;
pub(in crate::shell) mod print;
pub(in crate::shell) mod real_options;
mod registry;
mod ssh;
pub(in crate::shell) mod system;
mod testing;
pub(in crate::shell) mod text;
pub(in crate::shell) mod trouble;

pub(super) use options::Messages;
use plain::{failed, plain, said};
pub(super) use registry::{LAPTOP, find, installed};

use std::collections::BTreeMap;

use crate::cluster::{Cluster, Flavour, Place};
use crate::network::ProcessId;

/// What decides how a command behaves.
pub(super) struct Setting<'a> {
    pub place: &'a Place,
    pub flavour: Flavour,
    /// Whose words errors in its arguments have.
    pub words: options::Messages,
    /// Exported variables.
    pub environment: &'a BTreeMap<String, String>,
    /// The container's process that it is part of.
    pub process: Option<ProcessId>,
}

/// Which family a place's tools are of. The laptop's and the nodes' are GNU.
pub(super) fn flavour(cluster: &Cluster, place: &Place) -> Flavour {
    match place {
        Place::Laptop | Place::Node(_) => Flavour::Gnu,
        Place::Container { .. } => {
            cluster.image(place).map_or(Flavour::BusyBox, |image| image.flavour)
        }
    }
}

/// Whose words a place's tools have.
pub(super) fn words(cluster: &Cluster, place: &Place) -> options::Messages {
    match flavour(cluster, place) {
        Flavour::Gnu => options::Messages::Gnu,
        // The image of BusyBox itself is built with glibc; everything else of this family is Alpine.
        Flavour::BusyBox if cluster.image(place).is_some_and(|image| image.name == "busybox") => {
            options::Messages::BusyBox
        }
        Flavour::BusyBox => options::Messages::Musl,
    }
}

/// How a BusyBox applet is used, as it says it when it is used wrongly.
pub(super) fn busybox_usage(name: &str) -> String {
    let usage = registry::usage(name).unwrap_or(name);
    format!("BusyBox v1.37.0 () multi-call binary.\n\nUsage: {usage}")
}

/// Whether a place has a program of this name: the image's own, or installed later, which leaves
/// a file in `/usr/bin`.
pub(super) fn is_installed(cluster: &Cluster, place: &Place, name: &str) -> bool {
    match place {
        Place::Laptop => LAPTOP.contains(&name),
        Place::Node(_) | Place::Container { .. } => {
            cluster.image(place).is_some_and(|image| image.holds(name))
                || is_added(cluster, place, name)
        }
    }
}

fn is_added(cluster: &Cluster, place: &Place, name: &str) -> bool {
    let file = || cluster.read_file(place, &format!("/usr/bin/{name}"));
    !name.is_empty() && file().is_some_and(|content| content == PROGRAM)
}

/// What stands in the file of a program that was installed: a file that somebody wrote is no program,
/// whatever its name.
pub(super) const PROGRAM: &[u8] = b"\x7fELF";

/// The file in the folders of programs that somebody wrote under a name; it runs once it has the right to.
pub(super) fn written(cluster: &Cluster, place: &Place, name: &str) -> Option<String> {
    let container = matches!(place, Place::Container { .. });
    let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let mut paths = folders.into_iter().map(|folder| format!("{folder}/{name}"));
    paths.find(|path| container && !name.is_empty() && cluster.read_file(place, path).is_some())
}

/// Which family a place's program is of. Those that were installed later are the full ones, and some
/// images bring full network clients along on Alpine.
pub(super) fn client_flavour(cluster: &Cluster, place: &Place, name: &str) -> Flavour {
    let brought = cluster.image(place).is_some_and(|image| image.has_full(name));
    if brought || name != "telnet" && is_added(cluster, place, name) {
        return Flavour::Gnu;
    }
    flavour(cluster, place)
}

/// Where `which` finds a program. Debian has all of them in `/usr`; `/bin` leads there.
pub(super) fn path(cluster: &Cluster, place: &Place, name: &str) -> String {
    let gnu = flavour(cluster, place) == Flavour::Gnu;
    match name {
        "ip" | "iptables-save" | "iptables" | "ip6tables" | "ip6tables-save" if gnu => {
            format!("/usr/sbin/{name}")
        }
        "kubectl" | "minikube" => format!("/usr/local/bin/{name}"),
        _ if gnu => format!("/usr/bin/{name}"),
        "sh" | "ash" | "dash" | "bash" | "cat" | "ls" | "echo" | "ping" | "ps" | "grep" | "sed" => {
            format!("/bin/{name}")
        }
        "ip" | "iptables-save" | "iptables" | "ip6tables-save" | "ip6tables" => {
            format!("/sbin/{name}")
        }
        _ => format!("/usr/bin/{name}"),
    }
}

/// Whether a name is a real tool of Unix or Kubernetes that podhop does not have.
pub(super) fn is_real(name: &str) -> bool {
    matches!(
        name,
        "docker"
            | "podman"
            | "crictl"
            | "ctr"
            | "nerdctl"
            | "helm"
            | "kind"
            | "k3s"
            | "kubeadm"
            | "kustomize"
            | "k9s"
            | "kubectx"
            | "kubens"
            | "stern"
            | "istioctl"
            | "cilium"
            | "calicoctl"
            | "etcdctl"
            | "git"
            | "python"
            | "python3"
            | "perl"
            | "node"
            | "npm"
            | "go"
            | "cargo"
            | "rustc"
            | "make"
            | "gcc"
            | "ruby"
            | "php"
            | "java"
            | "systemctl"
            | "journalctl"
            | "service"
            | "top"
            | "htop"
            | "free"
            | "df"
            | "mount"
            | "lsof"
            | "strace"
            | "tcpdump"
            | "nmap"
            | "nft"
            | "iptables"
            | "ipvsadm"
            | "yq"
            | "tmux"
            | "screen"
            | "man"
            | "scp"
            | "rsync"
            | "ssh-keygen"
            | "bzip2"
            | "xz"
            | "file"
            | "b2sum"
            | "csplit"
            | "fallocate"
            | "flock"
            | "fmt"
            | "mkfifo"
            | "pr"
            | "ptx"
            | "shred"
            | "stty"
            | "zip"
            | "unzip"
            | "crontab"
            | "brew"
            | "yum"
            | "dnf"
            | "snap"
            | "apt"
            | "apt-get"
            | "apk"
            | "dpkg"
            | "useradd"
            | "passwd"
            | "su"
            | "openssl"
            | "nginx"
            | "emacs"
            | "code"
            | "redis-server"
            | "mysql"
            | "psql"
            | "mongo"
            | "minishift"
            | "kubelet"
            | "kube-proxy"
            | "gcloud"
            | "aws"
            | "az"
            | "eksctl"
            | "terraform"
            | "ansible"
            | "vagrant"
            | "tracepath"
            | "mtr"
            | "arp"
            | "route"
            | "ifconfig"
            | "iperf"
            | "iperf3"
            | "ab"
            | "hey"
            | "wrk"
            | "httpie"
            | "http"
    )
}

/// The message for a real tool that podhop does not have, with a next step.
pub(super) fn not_simulated(name: &str) -> String {
    let next = match name {
        "docker" | "podman" | "crictl" | "ctr" | "nerdctl" => {
            "kubectl get pods and kubectl describe pod show what runs"
        }
        "helm" | "kustomize" => "write the manifest, then kubectl apply -f FILE",
        "tcpdump" | "strace" | "nmap" => {
            "the packet panel shows every hop; try curl -v, nc -zv or iptables-save on a node"
        }
        "iptables" | "nft" | "ipvsadm" => {
            "minikube ssh leads to a node, where iptables-save shows the rules"
        }
        "systemctl" | "journalctl" | "service" | "kubelet" => {
            "kubectl describe node and kubectl get events show what nodes do"
        }
        "top" | "htop" | "free" | "df" => "kubectl describe node shows what a node has",
        "ifconfig" | "route" | "arp" => "try ip addr, ip route or ss -ltn",
        "k9s" | "kubectx" | "kubens" | "stern" => "kubectl does the same",
        "yq" => "kubectl get -o json, and jq",
        "apt" | "apt-get" | "apk" | "yum" | "dnf" | "brew" | "snap" => {
            "the tools you need here are installed; help lists them"
        }
        _ => "help lists what works here",
    };
    format!("podhop: {name} is not simulated here; {next}")
}

/// A place's host name, as prompts and `hostname` show it.
pub(super) fn host_name(cluster: &Cluster, place: &Place) -> String {
    match place {
        Place::Laptop => "laptop".to_owned(),
        Place::Node(name) => name.to_string(),
        Place::Container { namespace, pod, .. } => {
            let object = cluster.objects().get::<crate::api::Pod>(namespace, pod);
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
