//! sysctl: the kernel's settings that matter to a cluster's network, as kubelet and kube-proxy leave
//! them on a node.

use super::node_name;
use crate::shell::Io;

/// What is set on every node.
const SETTINGS: &[(&str, &str)] = &[
    ("kernel.panic", "10"),
    ("kernel.panic_on_oops", "1"),
    ("net.bridge.bridge-nf-call-iptables", "1"),
    ("net.core.somaxconn", "4096"),
    ("net.ipv4.conf.all.forwarding", "1"),
    ("net.ipv4.conf.all.route_localnet", "1"),
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.ip_forward", "1"),
    ("net.ipv4.ip_local_port_range", "32768\t60999"),
    ("net.ipv4.tcp_fin_timeout", "60"),
    ("net.ipv4.tcp_keepalive_time", "7200"),
    ("net.ipv4.tcp_syn_retries", "6"),
    ("net.netfilter.nf_conntrack_count", ""),
    // kube-proxy: 32,768 for each processor, 131,072 at least.
    ("net.netfilter.nf_conntrack_max", "131072"),
    ("net.netfilter.nf_conntrack_tcp_be_liberal", "0"),
    ("net.netfilter.nf_conntrack_tcp_timeout_close", "10"),
    // kube-proxy: an hour instead of a minute, and a day instead of five.
    ("net.netfilter.nf_conntrack_tcp_timeout_close_wait", "3600"),
    ("net.netfilter.nf_conntrack_tcp_timeout_established", "86400"),
    ("net.netfilter.nf_conntrack_tcp_timeout_syn_sent", "120"),
    ("net.netfilter.nf_conntrack_tcp_timeout_time_wait", "120"),
    ("net.netfilter.nf_conntrack_udp_timeout", "30"),
    ("net.netfilter.nf_conntrack_udp_timeout_stream", "120"),
    ("vm.overcommit_memory", "1"),
];

/// sysctl
pub(in crate::shell::commands) fn sysctl(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let (options, names): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| word.starts_with('-'));
    let has = |letters: &[&str]| options.iter().any(|option| letters.contains(&option.as_str()));
    if has(&["-w", "--write", "-p", "--load"]) || names.iter().any(|name| name.contains('=')) {
        io.write_error("podhop: changing settings is not simulated here; sysctl NAME shows them");
        return Some(1);
    }
    let bare = has(&["-n", "--values"]);
    let count = io.now();
    let count = node_name(io).map_or(0, |node| io.cluster.network().conntrack(&node, count).len());
    let say = |io: &mut Io<'_>, name: &str, value: &str| {
        let count = count.to_string();
        let value = if value.is_empty() { &count } else { value };
        io.say(if bare { value.to_owned() } else { format!("{name} = {value}") });
    };
    if has(&["-a", "-A", "--all"]) {
        SETTINGS.iter().for_each(|(name, value)| say(io, name, value));
        return Some(0);
    }
    let mut status = 0;
    for wanted in names {
        let name = wanted.replace('/', ".");
        match SETTINGS.iter().find(|(known, _)| *known == name) {
            Some((name, value)) => say(io, name, value),
            None => {
                let path = name.replace('.', "/");
                io.write_error(format!(
                    "sysctl: cannot stat /proc/sys/{path}: No such file or directory"
                ));
                status = 255;
            }
        }
    }
    Some(status)
}
