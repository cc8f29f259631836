//! The files that a kubelet writes into every container's `/etc`: hosts, hostname, resolv.conf.

use std::net::{IpAddr, Ipv4Addr};

use k8s_openapi::api::core::v1::PodSpec;

use crate::api::Pod;
use crate::network::{OUTSIDE_RESOLVER, ResolvConf};

/// The pod's hosts file.
pub const HOSTS: &str = "/etc/hosts";

/// What the pod's C libraries read before they ask for a name.
pub const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The files that every container of a pod has mounted from its node.
pub const SHARED: [&str; 3] = ["/etc/hostname", HOSTS, RESOLV_CONF];

/// The cluster's DNS (R4.4).
const CLUSTER_DNS: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 10);

const DOMAIN: &str = "cluster.local";

const LOOPBACK_HOSTS: &str = "\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
";

/// A machine's own `/etc/resolv.conf`.
pub fn machine_resolver() -> ResolvConf {
    ResolvConf { nameservers: vec![OUTSIDE_RESOLVER.into()], search: Vec::new(), ndots: 1 }
}

/// How a pod's containers look names up (R8.1; dnsPolicy and dnsConfig).
pub fn resolver(pod: &Pod) -> ResolvConf {
    let Some(spec) = &pod.spec else { return machine_resolver() };
    let mut conf = match policy(spec) {
        Policy::Cluster => {
            let namespace = pod.metadata.namespace.as_deref().unwrap_or("default");
            ResolvConf {
                nameservers: vec![CLUSTER_DNS.into()],
                search: vec![
                    format!("{namespace}.svc.{DOMAIN}"),
                    format!("svc.{DOMAIN}"),
                    DOMAIN.to_owned(),
                ],
                ndots: 5,
            }
        }
        Policy::Machine => machine_resolver(),
        Policy::None => ResolvConf { nameservers: Vec::new(), search: Vec::new(), ndots: 1 },
    };
    if let Some(config) = &spec.dns_config {
        let servers =
            config.nameservers.iter().flatten().filter_map(|server| server.parse::<IpAddr>().ok());
        conf.nameservers.extend(servers);
        conf.nameservers.truncate(3);
        for domain in config.searches.iter().flatten() {
            if !conf.search.contains(domain) {
                conf.search.push(domain.clone());
            }
        }
        if let Some(ndots) = option(spec, "ndots").and_then(|value| value.parse().ok()) {
            conf.ndots = ndots;
        }
    }
    conf
}

/// `/etc/resolv.conf` in a pod's containers.
pub fn resolv_conf(pod: &Pod) -> String {
    let conf = resolver(pod);
    let mut text = String::new();
    if !conf.search.is_empty() {
        text += &format!("search {}\n", conf.search.join(" "));
    }
    text += &nameserver_lines(&conf);
    let options = options(pod, &conf);
    if !options.is_empty() {
        text += &format!("options {}\n", options.join(" "));
    }
    text
}

/// What a C library reads in a file that somebody wrote (resolv.conf(5)): up to three servers, and
/// of several `search` or `domain` lines the last one.
pub fn parse_resolv_conf(text: &str) -> ResolvConf {
    let mut conf = ResolvConf { nameservers: Vec::new(), search: Vec::new(), ndots: 1 };
    for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") if conf.nameservers.len() < 3 => {
                let server = words.next().and_then(|server| server.parse::<IpAddr>().ok());
                conf.nameservers.extend(server);
            }
            Some("search") => conf.search = words.map(str::to_owned).collect(),
            Some("domain") => conf.search = words.next().map(str::to_owned).into_iter().collect(),
            Some("options") => {
                let ndots = words.filter_map(|option| option.strip_prefix("ndots:"));
                let ndots = ndots.filter_map(|number| number.parse::<u32>().ok()).next_back();
                conf.ndots = ndots.map_or(conf.ndots, |ndots| ndots.min(15));
            }
            _ => {}
        }
    }
    conf
}

/// `/etc/resolv.conf` of a machine.
pub fn machine_resolv_conf() -> String {
    nameserver_lines(&machine_resolver())
}

fn nameserver_lines(conf: &ResolvConf) -> String {
    conf.nameservers.iter().map(|server| format!("nameserver {server}\n")).collect()
}

fn options(pod: &Pod, conf: &ResolvConf) -> Vec<String> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let mut options = Vec::new();
    if matches!(policy(spec), Policy::Cluster) || option(spec, "ndots").is_some() {
        options.push(format!("ndots:{}", conf.ndots));
    }
    let declared = spec.dns_config.as_ref().and_then(|config| config.options.as_ref());
    for option in declared.into_iter().flatten() {
        let name = option.name.as_deref().unwrap_or("");
        match &option.value {
            _ if name == "ndots" => {}
            Some(value) => options.push(format!("{name}:{value}")),
            None => options.push(name.to_owned()),
        }
    }
    options
}

fn option<'a>(spec: &'a PodSpec, name: &str) -> Option<&'a str> {
    let options = spec.dns_config.as_ref()?.options.as_ref()?;
    let found = options.iter().find(|option| option.name.as_deref() == Some(name))?;
    found.value.as_deref()
}

enum Policy {
    Cluster,
    Machine,
    None,
}

fn policy(spec: &PodSpec) -> Policy {
    let on_host = spec.host_network == Some(true);
    match spec.dns_policy.as_deref() {
        Some("None") => Policy::None,
        Some("Default") => Policy::Machine,
        Some("ClusterFirstWithHostNet") => Policy::Cluster,
        _ if on_host => Policy::Machine,
        _ => Policy::Cluster,
    }
}

/// The host name inside the pod (R1.7).
pub fn hostname(pod: &Pod) -> String {
    let spec = pod.spec.as_ref();
    let on_host = spec.is_some_and(|spec| spec.host_network == Some(true));
    if on_host {
        return spec.and_then(|spec| spec.node_name.clone()).unwrap_or_default();
    }
    if spec.is_some_and(|spec| spec.set_hostname_as_fqdn == Some(true)) {
        return domain_name(pod).unwrap_or_else(|| short_hostname(pod));
    }
    short_hostname(pod)
}

/// The host name, cut to the 63 characters that a label may have.
fn short_hostname(pod: &Pod) -> String {
    let declared = pod.spec.as_ref().and_then(|spec| {
        spec.hostname_override.as_deref().or(spec.hostname.as_deref()).filter(|n| !n.is_empty())
    });
    let name = declared.or(pod.metadata.name.as_deref()).unwrap_or("");
    name.chars().take(63).collect::<String>().trim_end_matches(['-', '.']).to_owned()
}

/// `web-0.web.default.svc.cluster.local`, for a pod with a subdomain.
fn domain_name(pod: &Pod) -> Option<String> {
    let subdomain = pod.spec.as_ref()?.subdomain.as_deref().filter(|name| !name.is_empty())?;
    let namespace = pod.metadata.namespace.as_deref()?;
    Some(format!("{}.{subdomain}.{namespace}.svc.{DOMAIN}", short_hostname(pod)))
}

/// `/etc/hosts` in a pod's containers (R1.7).
pub fn hosts(pod: &Pod, addresses: impl Iterator<Item = IpAddr>) -> String {
    let on_host = pod.spec.as_ref().is_some_and(|spec| spec.host_network == Some(true));
    let mut text = if on_host {
        format!("# Kubernetes-managed hosts file (host network).\n{LOOPBACK_HOSTS}")
    } else {
        let name = short_hostname(pod);
        let names = match domain_name(pod) {
            Some(full) => format!("{full}\t{name}"),
            None => name,
        };
        let own: String = addresses.map(|address| format!("{address}\t{names}\n")).collect();
        format!("# Kubernetes-managed hosts file.\n{LOOPBACK_HOSTS}{own}")
    };
    let aliases = pod.spec.iter().flat_map(|spec| spec.host_aliases.iter().flatten());
    let lines: String = aliases
        .map(|alias| {
            let names = alias.hostnames.clone().unwrap_or_default();
            format!("{}\t{}\n", alias.ip, names.join("\t"))
        })
        .collect();
    if !lines.is_empty() {
        text += &format!("\n# Entries added by HostAliases.\n{lines}");
    }
    text
}

/// `/etc/hosts` of a machine.
pub fn machine_hosts(name: &str) -> String {
    format!("127.0.0.1\tlocalhost\n127.0.1.1\t{name}\n::1\tlocalhost ip6-localhost ip6-loopback\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(spec: Value) -> Pod {
        let metadata = json!({ "name": "db-0", "namespace": "default" });
        serde_json::from_value(json!({ "metadata": metadata, "spec": spec })).unwrap()
    }

    // R8.1
    #[test]
    fn a_pod_asks_the_clusters_dns_with_three_search_domains() {
        assert_eq!(
            resolv_conf(&pod(json!({ "containers": [] }))),
            "search default.svc.cluster.local svc.cluster.local cluster.local\n\
             nameserver 10.96.0.10\noptions ndots:5\n"
        );
    }

    #[test]
    fn dns_policies_are_as_recorded() {
        let default = pod(json!({ "containers": [], "dnsPolicy": "Default" }));
        assert_eq!(resolv_conf(&default), "nameserver 203.0.113.53\n");
        let none = pod(json!({ "containers": [], "dnsPolicy": "None", "dnsConfig": {
            "nameservers": ["10.96.0.10"], "searches": ["shop.svc.cluster.local"],
            "options": [{ "name": "ndots", "value": "2" }],
        }}));
        assert_eq!(
            resolv_conf(&none),
            "search shop.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:2\n"
        );
        let on_host = pod(json!({ "containers": [], "hostNetwork": true }));
        assert_eq!(resolv_conf(&on_host), "nameserver 203.0.113.53\n");
    }

    // resolv.conf(5)
    #[test]
    fn a_file_that_somebody_wrote_is_read_as_a_c_library_reads_it() {
        let text = "# mine\nsearch a b\nsearch shop.svc.cluster.local\nnameserver 10.96.0.10\n\
                    nameserver x\noptions timeout:1 ndots:99\n";
        let conf = parse_resolv_conf(text);
        assert_eq!(conf.search, ["shop.svc.cluster.local"]);
        assert_eq!(conf.nameservers, [IpAddr::from([10, 96, 0, 10])]);
        assert_eq!(conf.ndots, 15);
    }

    // R1.7
    #[test]
    fn hosts_name_the_pod_with_its_domain_first() {
        let pod = pod(json!({ "containers": [], "hostname": "db-0", "subdomain": "db" }));
        let text = hosts(&pod, [[10, 244, 1, 20].into()].into_iter());
        assert!(text.starts_with("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"));
        assert!(text.ends_with("10.244.1.20\tdb-0.db.default.svc.cluster.local\tdb-0\n"));
        assert_eq!(hostname(&pod), "db-0");
    }
}
