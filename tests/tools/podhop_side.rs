//! podhop: the same shells at a laptop, in a Debian container and in a BusyBox container.

use std::fs;
use std::time::Duration;

use podhop::cluster::{Cluster, Config, Place};
use podhop::shell::{self, Files};

use super::{Played, Shell};

const HOME: &str = "/home/player";
/// How long a command may take: as long as the real one (`real_side.rs`).
const LIMIT: Duration = Duration::from_secs(5);
/// How long it takes to install programs.
const INSTALL: Duration = Duration::from_secs(600);
const SETTLE: Duration = Duration::from_secs(60);

/// A cluster with a container for every kind of shell.
pub struct Player {
    cluster: Cluster,
    /// A cluster with a web server and names, made when the first network tool is played.
    network: Option<Cluster>,
    files: Files,
}

impl Player {
    pub fn new() -> Player {
        let config = Config { nodes: 1, seed: 7, dns: false, dual_stack: false };
        let mut cluster = Cluster::new(&config, shell::programs());
        let mut files = Files::new();
        for entry in fs::read_dir(super::folder().join("files")).expect("readable").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            files.insert(name, fs::read(entry.path()).expect("readable"));
        }
        let pods = "kubectl run debian --image=debian:12 -- sleep 100000; kubectl run busybox --image=busybox:1.36 -- sleep 100000";
        cluster.settle(SETTLE);
        shell::run_at(&mut cluster, &Place::Laptop, &files, pods, INSTALL);
        cluster.settle(SETTLE);
        for pod in ["debian", "busybox"] {
            for (name, content) in &files {
                let path = format!("{HOME}/{name}");
                cluster.write_file(&container(pod), &path, content).expect("the pod runs");
            }
        }
        Player { cluster, network: None, files }
    }

    /// The web server, its Service and a BusyBox, as `net/around.sh` has them.
    fn network(&self) -> Cluster {
        let config = Config { nodes: 1, seed: 7, dns: true, dual_stack: false };
        let mut cluster = Cluster::new(&config, shell::programs());
        let net = super::folder().join("net");
        let mut files = Files::new();
        let mut pages = String::new();
        for path in ["cluster.yaml", "default.conf"] {
            files.insert(path.to_owned(), fs::read(net.join(path)).expect("readable"));
        }
        for entry in fs::read_dir(net.join("html")).expect("readable").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            pages += &format!(" --from-file={name}");
            files.insert(name, fs::read(entry.path()).expect("readable"));
        }
        let install = "kubectl exec web -- sh -c 'apt-get update; apt-get install -y curl wget dnsutils netcat-openbsd jq iproute2 iputils-ping net-tools redis-tools iptables conntrack'";
        let script = format!(
            "kubectl create configmap conf --from-file=default.conf; kubectl create configmap html{pages}
             kubectl apply -f cluster.yaml; kubectl wait --for=condition=Ready pod/web pod/busybox; {install}"
        );
        cluster.settle(SETTLE);
        shell::run_at(&mut cluster, &Place::Laptop, &files, &script, INSTALL);
        cluster.settle(SETTLE);
        for pod in ["web", "busybox"] {
            for (name, content) in &self.files {
                let path = format!("{HOME}/{name}");
                cluster.write_file(&container(pod), &path, content).expect("the pod runs");
            }
        }
        cluster
    }

    /// Plays one command; nothing of it is left afterwards.
    pub fn play(&mut self, shell: Shell, command: &str) -> Played {
        let mut cluster = if shell.asks() {
            if self.network.is_none() {
                self.network = Some(self.network());
            }
            self.network.clone().expect("it was made")
        } else {
            self.cluster.clone()
        };
        let quoted = format!("'{}'", command.replace('\'', "'\\''"));
        let (place, script) = match shell {
            Shell::Bash => {
                let environment =
                    "env -i PATH=$PATH HOME=$HOME LC_ALL=C TZ=UTC USER=player LOGNAME=player";
                (Place::Laptop, format!("{environment} bash -c {quoted} </dev/null"))
            }
            Shell::Dash => inside("debian", &quoted),
            Shell::Net => inside("web", &quoted),
            Shell::BusyBox | Shell::NetBusyBox => inside("busybox", &quoted),
        };
        let until = cluster.now() + LIMIT;
        let done = shell::run_at(&mut cluster, &place, &self.files, &script, LIMIT);
        // What is killed at the limit has no exit code.
        let exit = if cluster.now() >= until { -1 } else { done.exit };
        Played {
            command: command.to_owned(),
            stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
            exit,
        }
    }
}

fn inside(pod: &str, quoted: &str) -> (Place, String) {
    let environment = format!("HOME={HOME} LC_ALL=C TZ=UTC USER=player LOGNAME=player");
    (
        container(pod),
        format!("cd {HOME}; export {environment}; unset OLDPWD SHLVL; sh -c {quoted} </dev/null"),
    )
}

fn container(pod: &str) -> Place {
    Place::Container { namespace: "default".into(), pod: pod.into(), container: pod.into() }
}
