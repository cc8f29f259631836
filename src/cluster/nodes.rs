//! Nodes: what they report of themselves, and what becomes of one that is switched off.
//!
//! Real kubelets renew a lease every ten seconds and report their whole status every five minutes.
//! podhop keeps no leases: a node that is up reports every five minutes, and one that went down is
//! marked `Unknown` once its last lease would have run out (node-monitor-grace-period).

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, NodeAddress, NodeCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::agenda::Agenda;
use super::attributes::FileTable;
use super::files::{FULL, fits};
use super::{Cluster, Config, Place, kubelet};
use crate::clock::SimTime;
use crate::network::SecondFamily;

/// How often a node reports its whole status (kubelet's nodeStatusReportFrequency).
const REPORT: Duration = Duration::from_secs(300);

/// How long a node may be silent (node-monitor-grace-period since Kubernetes 1.32).
const GRACE: Duration = Duration::from_secs(50);

/// The nodes and when they are next heard of.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes {
    up: BTreeMap<Arc<str>, bool>,
    agenda: Agenda<Arc<str>>,
    /// What was written on machines outside containers, by place and path.
    files: BTreeMap<Place, BTreeMap<String, Arc<[u8]>>>,
    /// What the files there have beside their content.
    tables: BTreeMap<Place, FileTable>,
}

impl Nodes {
    /// The next report, or the next silence to be noticed.
    pub fn next_due(&self) -> Option<SimTime> {
        self.agenda.next_due()
    }

    /// A file that was written on a machine.
    pub fn file(&self, place: &Place, path: &str) -> Option<&[u8]> {
        self.files.get(place)?.get(path).map(Arc::as_ref)
    }

    /// What the files of a machine have beside their content.
    pub fn table(&self, place: &Place) -> Option<&FileTable> {
        self.tables.get(place)
    }

    /// The same, to change.
    pub fn table_mut(&mut self, place: &Place) -> &mut FileTable {
        self.tables.entry(place.clone()).or_default()
    }

    /// Bytes of all files that were written on machines.
    pub fn written_bytes(&self) -> usize {
        self.files.values().flat_map(BTreeMap::values).map(|content| content.len()).sum()
    }

    /// The paths of all files that were written on a machine.
    pub fn files(&self, place: &Place) -> Vec<String> {
        self.files.get(place).into_iter().flat_map(BTreeMap::keys).cloned().collect()
    }

    /// Writes or removes a file on a machine.
    ///
    /// # Errors
    /// When there is no room.
    pub fn change_file(
        &mut self,
        place: &Place,
        path: &str,
        content: Option<Arc<[u8]>>,
    ) -> Result<(), String> {
        let files = self.files.entry(place.clone()).or_default();
        let lengths = files.values().map(|content| content.len());
        match content {
            Some(content) if !fits(files.contains_key(path), lengths, content.len()) => {
                return Err(FULL.to_owned());
            }
            Some(content) => files.insert(path.to_owned(), content),
            None => files.remove(path),
        };
        Ok(())
    }

    /// Whether the node is switched on.
    pub fn is_up(&self, name: &str) -> bool {
        self.up.get(name).copied().unwrap_or(false)
    }
}

/// Switches the nodes of a new cluster on.
pub(super) fn register(cluster: &mut Cluster, config: &Config) {
    for number in 1..=config.nodes.max(1) {
        let name: Arc<str> = format!("node-{number}").into();
        let (address, subnet) = (node_address(number), pod_subnet(number));
        let netns = cluster.network.set_node(&name, address, subnet, true);
        let second = config.dual_stack.then(|| second_family(number));
        if let Some(SecondFamily { address, pod_subnet }) = second {
            cluster.network.set_second_family(&name, address, pod_subnet);
        }
        super::node_servers::listen(&mut cluster.network, netns);
        if number == 1 {
            super::api_endpoint::listen(&mut cluster.network, netns);
        }
        let mut node = describe(cluster.now, &name, address, subnet, config.seed);
        add_second_family(&mut node, second);
        // A fresh store refuses none of these.
        let _ = cluster.api.create(cluster.now, node);
        cluster.nodes.agenda.add(&name, cluster.now + REPORT, false);
        cluster.nodes.up.insert(name, true);
    }
}

/// Labels the nodes with zones, in turn.
pub(super) fn set_zones(cluster: &mut Cluster, zones: &[String]) {
    let names: Vec<Arc<str>> = cluster.nodes.up.keys().cloned().collect();
    let mut numbered: Vec<_> = names.iter().map(|name| (name.len(), name)).collect();
    // node-10 comes after node-9.
    numbered.sort();
    for ((_, name), zone) in numbered.into_iter().zip(zones.iter().cycle()) {
        let Some(stored) = cluster.api.store().get::<Node>("", name) else { continue };
        let mut node = Node::clone(stored);
        let labels = node.metadata.labels.get_or_insert_default();
        labels.insert("topology.kubernetes.io/zone".to_owned(), zone.clone());
        // A name that is no label's value leaves the node without a zone.
        let _ = cluster.api.update(cluster.now, node);
    }
}

/// Switches a node off or on.
pub(super) fn set_up(cluster: &mut Cluster, name: &str, up: bool) {
    let Some(old) = cluster.nodes.up.get_mut(name) else { return };
    if std::mem::replace(old, up) == up {
        return;
    }
    if let Some((address, subnet)) =
        cluster.network.node(name).map(|node| (node.address, node.pod_subnet))
    {
        cluster.network.set_node(name, address, subnet, up);
    }
    let name: Arc<str> = name.into();
    cluster.nodes.agenda.forget(&name);
    if up {
        kubelet::node_up(cluster, &name);
        cluster.nodes.agenda.add(&name, cluster.now, false);
    } else {
        kubelet::node_down(cluster, &name);
        cluster.nodes.agenda.add(&name, cluster.now + GRACE, false);
    }
}

/// One node reports, or is noticed to be silent.
pub(super) fn run_next(cluster: &mut Cluster) {
    let now = cluster.now;
    let Some(name) = cluster.nodes.agenda.pop(now) else { return };
    let up = cluster.nodes.is_up(&name);
    if let Some(stored) = cluster.api.store().get::<Node>("", &name) {
        let mut node = Node::clone(stored);
        if up {
            report(&mut node, now);
        } else {
            fall_silent(&mut node, now);
        }
        let _ = cluster.api.update(now, node);
    }
    if up {
        cluster.nodes.agenda.add(&name, now + REPORT, false);
    }
}

/// 192.168.49.2 for node-1, and on from there (R2.1).
fn node_address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(192, 168, 49, 1).to_bits() + number)
}

/// 10.244.N.0/24 (R2.1). Clusters of more than 255 nodes go on at 10.129.0.0/24, below the first
/// range, so that every subnet still says which node it belongs to.
fn pod_subnet(number: u32) -> Ipv4Addr {
    let [_, _, high, low] = number.to_be_bytes();
    match high {
        0 => Ipv4Addr::new(10, 244, low, 0),
        _ => Ipv4Addr::new(10, 128 + high % 116, low, 0),
    }
}

/// fd00:192:168:49::2 for node-1 with pods in fd00:10:244:1::/64, and on from there. The range that
/// kube-proxy knows, fd00:10:244::/56, has room for 255 nodes; those of more go on behind it.
fn second_family(number: u32) -> SecondFamily {
    let [high, low] = [(number >> 16) as u16, number as u16];
    SecondFamily {
        address: Ipv6Addr::new(0xfd00, 0x192, 0x168, 0x49, 0, 0, high, low.wrapping_add(1)),
        pod_subnet: Ipv6Addr::new(0xfd00, 0x10, 0x244, low, 0, 0, 0, 0),
    }
}

/// What a node of a dual-stack cluster says of itself besides.
fn add_second_family(node: &mut Node, second: Option<SecondFamily>) {
    let Some(SecondFamily { address, pod_subnet }) = second else { return };
    let ranges = node.spec.get_or_insert_default().pod_cidrs.get_or_insert_default();
    ranges.push(format!("{pod_subnet}/64"));
    let addresses = node.status.get_or_insert_default().addresses.get_or_insert_default();
    let internal = NodeAddress { address: address.to_string(), type_: "InternalIP".to_owned() };
    addresses.insert(1, internal);
}

/// The four things that a node reports: (type, reason, message), healthy.
const CONDITIONS: [(&str, &str, &str, &str); 4] = [
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
];

fn report(node: &mut Node, now: SimTime) {
    let at = Time(now.whole_seconds());
    let conditions = conditions_mut(node);
    for (kind, status, reason, message) in CONDITIONS {
        let known = conditions.iter().position(|condition| condition.type_ == kind);
        let since = known
            .map(|index| &conditions[index])
            .filter(|condition| condition.status == status)
            .and_then(|condition| condition.last_transition_time.clone());
        let condition = NodeCondition {
            type_: kind.to_owned(),
            status: status.to_owned(),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            last_heartbeat_time: Some(at.clone()),
            last_transition_time: since.or_else(|| Some(at.clone())),
        };
        match known {
            Some(index) => conditions[index] = condition,
            None => conditions.push(condition),
        }
    }
}

fn fall_silent(node: &mut Node, now: SimTime) {
    for condition in conditions_mut(node) {
        condition.status = "Unknown".to_owned();
        condition.reason = Some("NodeStatusUnknown".to_owned());
        condition.message = Some("Kubelet stopped posting node status.".to_owned());
        condition.last_transition_time = Some(Time(now.whole_seconds()));
    }
}

fn conditions_mut(node: &mut Node) -> &mut Vec<NodeCondition> {
    node.status.get_or_insert_default().conditions.get_or_insert_default()
}

/// The Node object as a kubelet registers it.
fn describe(now: SimTime, name: &str, address: Ipv4Addr, subnet: Ipv4Addr, seed: u64) -> Node {
    let cidr = format!("{subnet}/24");
    let machine = hex(&format!("{seed}/{name}/machine"));
    let boot = hex(&format!("{seed}/{name}/boot"));
    let resources = json!({
        "cpu": "2",
        "ephemeral-storage": "61202244Ki",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": "8142260Ki",
        "pods": "110",
    });
    let value = json!({
        "metadata": {
            "name": name,
            "annotations": { "node.alpha.kubernetes.io/ttl": "0" },
            "labels": {
                "beta.kubernetes.io/arch": "amd64",
                "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
            },
        },
        "spec": { "podCIDR": cidr, "podCIDRs": [cidr] },
        "status": {
            "addresses": [
                { "type": "InternalIP", "address": address.to_string() },
                { "type": "Hostname", "address": name },
            ],
            "allocatable": resources,
            "capacity": resources,
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": dashed(&boot),
                "containerRuntimeVersion": "containerd://2.1.4",
                "kernelVersion": "6.1.0-40-amd64",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.36.3",
                "machineID": machine,
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 12 (bookworm)",
                "systemUUID": dashed(&machine),
            },
        },
    });
    let mut node: Node = serde_json::from_value(value).unwrap_or_default();
    report(&mut node, now);
    node
}

/// Thirty-two hexadecimal digits that belong to `text`.
fn hex(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The same digits as a UUID is written.
fn dashed(hex: &str) -> String {
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    // R2.1
    #[test]
    fn every_node_has_a_subnet_of_its_own() {
        assert_eq!(node_address(1), Ipv4Addr::new(192, 168, 49, 2));
        assert_eq!(pod_subnet(1), Ipv4Addr::new(10, 244, 1, 0));
        let mut subnets: Vec<_> = (1..=5000).map(pod_subnet).collect();
        subnets.sort();
        subnets.dedup();
        assert_eq!(subnets.len(), 5000);
        assert_eq!(pod_subnet(256), Ipv4Addr::new(10, 129, 0, 0));
    }

    #[test]
    fn a_node_describes_itself_as_recorded() {
        let address = Ipv4Addr::new(192, 168, 49, 2);
        let node = describe(SimTime::START, "node-1", address, Ipv4Addr::new(10, 244, 1, 0), 1);
        let status = node.status.unwrap();
        let info = status.node_info.unwrap();
        assert_eq!(info.os_image, "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(info.system_uuid.len(), 36);
        assert_eq!(status.conditions.unwrap().len(), 4);
    }
}
