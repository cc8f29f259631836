//! sysctl: the kernel's settings that matter to a cluster's network, as kubelet and kube-proxy leave
//! them on a node.

use super::node_name;
use crate::shell::Io;

/// What is set on every node.
const SETTINGS: &[(&str, &str)] = &[
    ("fs.file-max", "9223372036854775807"),
    ("fs.inotify.max_user_instances", "128"),
    ("fs.inotify.max_user_watches", "65536"),
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
    ("vm.max_map_count", "65530"),
    ("vm.overcommit_memory", "1"),
    ("vm.swappiness", "60"),
];

/// The settings that can be changed: nothing here goes by them.
const FREE: [&str; 4] = ["fs.", "kernel.", "net.core.", "vm."];

/// Carries out `NAME=VALUE`.
fn set(io: &mut Io<'_>, name: &str, value: &str, quiet: bool) -> i32 {
    if !FREE.iter().any(|group| name.starts_with(group)) {
        io.write_error("podhop: changing settings of the network is not simulated here; sysctl NAME shows them");
        return 1;
    }
    let place = io.place.clone();
    match io.cluster.set_kernel(&place, name, value) {
        Ok(()) => {
            if !quiet {
                io.say(format!("{name} = {value}"));
            }
            0
        }
        Err(why) => {
            io.write_error(format!("sysctl: error setting key '{name}': {why}"));
            255
        }
    }
}

/// sysctl
pub(in crate::shell::commands) fn sysctl(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let (options, names): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|word| word.starts_with('-'));
    let has = |letters: &[&str]| options.iter().any(|option| letters.contains(&option.as_str()));
    if has(&["-p", "--load"]) {
        io.write_error("podhop: not simulated here: sysctl -p; sysctl NAME=VALUE sets one");
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
        if let Some((name, value)) = name.split_once('=') {
            match SETTINGS.iter().any(|(known, _)| *known == name) {
                true => status = set(io, name, value, has(&["-q"])).max(status),
                false => status = unknown(io, name),
            }
            continue;
        }
        if let Some(value) = io.cluster.kernel_setting(io.place, &name) {
            say(io, &name, &value);
            continue;
        }
        match SETTINGS.iter().find(|(known, _)| *known == name) {
            Some((name, value)) => say(io, name, value),
            None => status = unknown(io, &name),
        }
    }
    Some(status)
}

fn unknown(io: &mut Io<'_>, name: &str) -> i32 {
    let path = name.replace('.', "/");
    io.write_error(format!("sysctl: cannot stat /proc/sys/{path}: No such file or directory"));
    255
}
