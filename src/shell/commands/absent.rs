//! Real programs that podhop does not have, and what does the same here.

/// Names of Unix and Kubernetes that the laptop lacks, each group with a next step. What the laptop's own
/// system has and podhop has not stands in `cluster/image/bases/`.
static ABSENT: &[(&str, &str)] = &[
    (
        "docker podman crictl ctr nerdctl",
        "kubectl get pods and kubectl describe pod show what runs",
    ),
    ("helm kustomize", "write the manifest, then kubectl apply -f FILE"),
    (
        "tcpdump strace nmap",
        "the packet panel shows every hop; try curl -v, nc -zv or iptables-save on a node",
    ),
    ("iptables nft ipvsadm", "minikube ssh leads to a node, where iptables-save shows the rules"),
    (
        "systemctl journalctl service kubelet",
        "kubectl describe node and kubectl get events show what nodes do",
    ),
    ("top htop", "kubectl describe node shows what a node has"),
    ("ifconfig route arp", "try ip addr, ip route or ss -ltn"),
    ("k9s kubectx kubens stern", "kubectl does the same"),
    ("yq", "kubectl get -o json, and jq"),
    ("apt apt-get apk yum dnf brew snap", "the tools you need here are installed; help lists them"),
    (
        "kind k3s kubeadm istioctl cilium calicoctl etcdctl git python python3 node npm go cargo \
         rustc make gcc ruby php java lsof tmux screen man scp rsync ssh-keygen bzip2 xz file zip \
         unzip crontab openssl nginx emacs code redis-server mysql psql mongo minishift \
         kube-proxy gcloud aws az eksctl terraform ansible vagrant tracepath mtr iperf iperf3 ab \
         hey wrk httpie http ed dc pgrep pkill killall pstree fuser sysctl vmstat \
         pmap tc bridge rdma nstat lnstat bzcat bunzip2 unxz xzcat zstd lsattr chattr \
         hd look col ul write nsupdate mdig delv addgroup adduser systemd hostnamectl timedatectl \
         ethtool arping socat ncat websocat grpcurl fzf bat rg fd",
        "help lists what works here",
    ),
];

/// Whether a name is a real tool of Unix or Kubernetes that the laptop does not have.
pub(in crate::shell) fn is_real(name: &str) -> bool {
    instead(name).is_some()
}

fn instead(name: &str) -> Option<&'static str> {
    ABSENT
        .iter()
        .find(|(names, _)| names.split(' ').any(|one| one == name))
        .map(|(_, instead)| *instead)
}

/// The message for a real tool that podhop does not have, with a next step.
pub(in crate::shell) fn not_simulated(name: &str) -> String {
    let instead = instead(name).unwrap_or("help lists what works here");
    format!("podhop: {name} is not simulated here; {instead}")
}
