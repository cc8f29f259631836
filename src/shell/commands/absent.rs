//! Real programs that podhop does not have, and what does the same here.

use super::options::{Grammar, Messages};
use super::plain::failed;
use crate::shell::Tool;

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

/// Applets of BusyBox 1.36 that podhop does not have, and GNU's tools (`@`): names, the letters that getopt is
/// given (`.` for none, `+` in front where options end at the first operand), the fewest operands, the most.
static APPLETS: &str = include_str!("absent.txt");

/// What a program that podhop does not have says of a command line that it would refuse itself.
pub(in crate::shell) fn misused(
    name: &str,
    arguments: &[String],
    words: Messages,
) -> Option<Box<dyn Tool>> {
    let row = |line: &'static str| line.split(' ').collect::<Vec<_>>();
    let (name, letters, fewest, most) = APPLETS.lines().find_map(|line| match row(line)[..] {
        [names, letters, fewest, most] => {
            let names = match (names.strip_prefix('@'), words == Messages::Gnu) {
                (Some(tool), true) => tool,
                (None, false) => names,
                _ => return None,
            };
            let name = names.split(',').find(|one| *one == name)?;
            Some((name, letters, fewest.parse().unwrap_or(0), most.parse().unwrap_or(usize::MAX)))
        }
        _ => None,
    })?;
    let short = letters.trim_start_matches('+').trim_start_matches('.');
    let grammar = Grammar { stops: letters.starts_with('+'), ..Grammar::short(name, short) };
    let told = match grammar.parse(arguments, words) {
        // Of long options nothing is known here.
        Err(misuse) if words == Messages::Gnu && misuse.message().contains("'--") => return None,
        Err(misuse) => misuse.into(),
        Ok(options) if (fewest..=most).contains(&options.operands.len()) => return None,
        Ok(options) if words == Messages::Gnu => {
            let what = match options.operands.last() {
                None => "missing operand".to_owned(),
                Some(last) if options.operands.len() < fewest => {
                    format!("missing operand after '{last}'")
                }
                Some(last) => format!("extra operand '{last}'"),
            };
            format!("{name}: {what}\nTry '{name} --help' for more information.")
        }
        Ok(_) => super::busybox_usage(name),
    };
    Some(failed(told, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::commands::registry::program_called;

    #[test]
    fn the_applets_that_are_listed_as_absent_are_absent() {
        for line in APPLETS.lines() {
            assert_eq!(line.split(' ').count(), 4, "{line}");
            let names = line.split(' ').next().unwrap_or_default().trim_start_matches('@');
            for name in names.split(',') {
                assert!(program_called(name).is_none(), "{name}");
            }
        }
    }
}
