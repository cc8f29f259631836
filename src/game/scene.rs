//! What the cluster map shows, as plain values: made of the API's objects, drawn by `tui`, and told
//! in sentences by `--plain`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{ContainerStatus, Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::api::{LabelSelector, Pod, SharedStatus, Store};
use crate::cluster::{Cluster, Place};
use crate::network::{Party, Protocol};

/// Something on the map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// The player's machine, outside the cluster.
    Laptop,
    /// A host on the internet.
    Outside(String),
    /// A node.
    Node(String),
    /// A pod, by namespace and name.
    Pod(String, String),
    /// A Service, by namespace and name.
    Service(String, String),
}

/// How something fares. Each has a sign, so that colour is never needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Running and ready.
    Good,
    /// On its way up or down.
    Busy,
    /// It has failed.
    Bad,
    /// It has ended well.
    Over,
}

/// A cluster, as the map shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// The nodes, by name.
    pub nodes: Vec<NodeView>,
    /// Pods that no node has yet.
    pub waiting: Vec<PodView>,
    /// The Services, by namespace and name; the cluster's own last.
    pub services: Vec<ServiceView>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    pub name: String,
    pub address: String,
    /// The range its pods' addresses come from.
    pub pod_range: String,
    pub ready: bool,
    /// `kubectl cordon`: no new pods.
    pub cordoned: bool,
    pub pods: Vec<PodView>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodView {
    pub namespace: String,
    pub name: String,
    /// Its address; empty until it has one.
    pub address: String,
    /// Its address of the other family, in a cluster of both.
    pub other_address: Option<String>,
    pub health: Health,
    /// As kubectl's STATUS column says it.
    pub status: String,
    pub ready: bool,
    pub labels: Vec<(String, String)>,
    /// The controller that made it, for grouping: `ReplicaSet/backend-7d4b9`.
    pub owner: Option<String>,
    /// What a player wrote to have it: `Deployment backend`, where a ReplicaSet is a Deployment's.
    pub made_by: Option<String>,
    /// The NetworkPolicies that select it: only what they allow passes.
    pub policies: Vec<String>,
    pub containers: Vec<ContainerView>,
}

/// A pod that went a moment ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ghost {
    /// The pod.
    pub pod: Spot,
    /// The node it was on; empty if it had none.
    pub node: String,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerView {
    pub name: String,
    /// The image without registry and digest.
    pub image: String,
    pub health: Health,
    /// `running`, `CrashLoopBackOff`…
    pub status: String,
    pub restarts: i32,
    /// The ports that somebody listens on in it: `:80`, `:53/UDP`, `127.0.0.1:9000`.
    pub ports: Vec<String>,
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceView {
    pub namespace: String,
    pub name: String,
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`, or `headless`.
    pub kind: String,
    /// Its virtual address; empty for a headless one.
    pub address: String,
    /// Its virtual address of the other family, where it has one of both.
    pub other_address: Option<String>,
    /// `80→8080`
    pub ports: Vec<String>,
    /// The ports that lead to it on every node: `30080`.
    pub node_ports: Vec<String>,
    /// `app=web`
    pub selector: String,
    /// What Ingresses send to it: `shop.example/cart`.
    pub routes: Vec<String>,
    pub endpoints: Vec<EndpointView>,
}

/// An endpoint of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointView {
    pub address: String,
    /// The pod behind it, by name.
    pub pod: Option<String>,
    pub ready: bool,
}

impl Health {
    /// `●` good, `◌` on its way, `✗` failed, `○` over.
    pub fn sign(self) -> char {
        match self {
            Health::Good => '●',
            Health::Busy => '◌',
            Health::Bad => '✗',
            Health::Over => '○',
        }
    }
}

/// As kubectl names it: `pod/web-0`, `svc/backend`, `node/node-1`; other namespaces with `-n`.
impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spot::Laptop => f.write_str("laptop"),
            Spot::Outside(name) => f.write_str(name),
            Spot::Node(name) => write!(f, "node/{name}"),
            Spot::Pod(namespace, name) if namespace == "default" => write!(f, "pod/{name}"),
            Spot::Pod(namespace, name) => write!(f, "pod/{name} -n {namespace}"),
            Spot::Service(namespace, name) if namespace == "default" => write!(f, "svc/{name}"),
            Spot::Service(namespace, name) => write!(f, "svc/{name} -n {namespace}"),
        }
    }
}

impl From<&Party> for Spot {
    fn from(party: &Party) -> Spot {
        match party {
            Party::Pod { namespace, name } => Spot::Pod(namespace.to_string(), name.to_string()),
            Party::Node(name) => Spot::Node(name.to_string()),
            Party::Laptop => Spot::Laptop,
            Party::Outside(name) => Spot::Outside(name.to_string()),
        }
    }
}

impl PodView {
    /// Where it is on the map.
    pub fn spot(&self) -> Spot {
        Spot::Pod(self.namespace.clone(), self.name.clone())
    }

    /// Whether it belongs to the cluster itself.
    pub fn is_system(&self) -> bool {
        is_system(&self.namespace)
    }

    /// The labels that somebody wrote: `app=web, tier=front`. Those of controllers are left out.
    pub fn shown_labels(&self) -> String {
        let written = self
            .labels
            .iter()
            .filter(|(key, _)| !key.ends_with("-hash") && !key.contains(".kubernetes.io/"));
        let words: Vec<String> = written.map(|(key, value)| format!("{key}={value}")).collect();
        words.join(", ")
    }
}

impl ServiceView {
    /// Where it is on the map.
    pub fn spot(&self) -> Spot {
        Spot::Service(self.namespace.clone(), self.name.clone())
    }

    /// Whether it belongs to the cluster itself.
    pub fn is_system(&self) -> bool {
        is_system(&self.namespace) || (self.namespace == "default" && self.name == "kubernetes")
    }

    /// How many backends take traffic, and how many there are: a pod of two families is one.
    pub fn backends(&self) -> (usize, usize) {
        let backends: BTreeMap<&str, bool> = self
            .endpoints
            .iter()
            .map(|end| (end.pod.as_deref().unwrap_or(&end.address), end.ready))
            .collect();
        (backends.values().filter(|ready| **ready).count(), backends.len())
    }
}

impl Scene {
    /// What the API server stores, and who listens where, as a picture.
    pub fn of(cluster: &Cluster) -> Scene {
        let store = cluster.objects();
        let mut pods: BTreeMap<String, Vec<PodView>> = BTreeMap::new();
        for pod in store.list::<Pod>(None) {
            let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
            pods.entry(node.unwrap_or_default()).or_default().push(pod_view(pod, cluster));
        }
        let waiting = pods.remove("").unwrap_or_default();
        let nodes = store.list::<Node>(None).map(|node| node_view(node, &mut pods)).collect();
        let mut services: Vec<ServiceView> =
            store.list::<Service>(None).map(|service| service_view(service, store)).collect();
        services.sort_by_key(ServiceView::is_system);
        Scene { nodes, waiting, services }
    }

    /// Every pod, node by node.
    pub fn pods(&self) -> impl Iterator<Item = &PodView> {
        self.nodes.iter().flat_map(|node| &node.pods).chain(&self.waiting)
    }

    /// The pod at a spot.
    pub fn pod(&self, spot: &Spot) -> Option<&PodView> {
        self.pods().find(|pod| pod.spot() == *spot)
    }

    /// The Service at a spot.
    pub fn service(&self, spot: &Spot) -> Option<&ServiceView> {
        self.services.iter().find(|service| service.spot() == *spot)
    }

    /// The node that a pod is on.
    pub fn node_of(&self, pod: &Spot) -> Option<&NodeView> {
        self.nodes.iter().find(|node| node.pods.iter().any(|on| on.spot() == *pod))
    }

    /// What can be selected, in reading order: the laptop, the nodes with their pods, what waits for
    /// a node, the Services. The cluster's own things only if `system`.
    pub fn spots(&self, system: bool) -> Vec<Spot> {
        let mut spots = vec![Spot::Laptop];
        for node in &self.nodes {
            spots.push(Spot::Node(node.name.clone()));
            spots.extend(visible_pods(&node.pods, system).map(PodView::spot));
        }
        spots.extend(visible_pods(&self.waiting, system).map(PodView::spot));
        let services = self.services.iter().filter(|service| system || !service.is_system());
        spots.extend(services.map(ServiceView::spot));
        spots
    }

    /// The pods of `before` that are gone, each with its node.
    pub fn gone_since(&self, before: &Scene) -> Vec<Ghost> {
        let ghost = |pod: &PodView| Ghost {
            pod: pod.spot(),
            node: before.node_of(&pod.spot()).map(|node| node.name.clone()).unwrap_or_default(),
        };
        let here: BTreeSet<Spot> = self.pods().map(PodView::spot).collect();
        before.pods().filter(|pod| !here.contains(&pod.spot())).map(ghost).collect()
    }

    /// What is new or different since `before`.
    pub fn changes_since(&self, before: &Scene) -> BTreeSet<Spot> {
        let mut changed = BTreeSet::new();
        let old: BTreeMap<Spot, &PodView> = before.pods().map(|pod| (pod.spot(), pod)).collect();
        for pod in self.pods() {
            if old.get(&pod.spot()).is_none_or(|old| *old != pod) {
                changed.insert(pod.spot());
            }
        }
        for service in &self.services {
            if before.service(&service.spot()) != Some(service) {
                changed.insert(service.spot());
            }
        }
        for node in &self.nodes {
            let same = |old: &NodeView| {
                (&old.name, old.ready, old.cordoned) == (&node.name, node.ready, node.cordoned)
            };
            if !before.nodes.iter().any(same) {
                changed.insert(Spot::Node(node.name.clone()));
            }
        }
        changed
    }
}

/// The pods that are shown: those of the cluster itself only if `system`.
pub fn visible_pods(pods: &[PodView], system: bool) -> impl Iterator<Item = &PodView> {
    pods.iter().filter(move |pod| system || !pod.is_system())
}

fn is_system(namespace: &str) -> bool {
    namespace.starts_with("kube-")
}

fn node_view(node: &Arc<Node>, pods: &mut BTreeMap<String, Vec<PodView>>) -> NodeView {
    let name = node.metadata.name.clone().unwrap_or_default();
    let status = node.status.as_ref();
    let addresses = status.and_then(|status| status.addresses.as_deref()).unwrap_or_default();
    let internal = addresses.iter().find(|address| address.type_ == "InternalIP");
    let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let ready = conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True");
    let spec = node.spec.as_ref();
    NodeView {
        address: internal.map(|address| address.address.clone()).unwrap_or_default(),
        pod_range: spec.and_then(|spec| spec.pod_cidr.clone()).unwrap_or_default(),
        ready,
        cordoned: spec.and_then(|spec| spec.unschedulable).unwrap_or(false),
        pods: pods.remove(&name).unwrap_or_default(),
        name,
    }
}

fn pod_view(pod: &Arc<Pod>, cluster: &Cluster) -> PodView {
    let metadata = &pod.metadata;
    let status = pod.status.as_ref().map(SharedStatus::full).unwrap_or_default();
    let statuses = status.container_statuses.unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let ready = conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True");
    let containers: Vec<ContainerView> = pod
        .spec
        .iter()
        .flat_map(|spec| &spec.containers)
        .map(|container| {
            let status = statuses.iter().find(|status| status.name == container.name);
            let image = container.image.as_deref().unwrap_or("");
            ContainerView {
                ports: open_ports(pod, &container.name, cluster),
                ..container_view(&container.name, image, status)
            }
        })
        .collect();
    let phase = status.phase.unwrap_or_else(|| "Pending".to_owned());
    let (health, text) = if metadata.deletion_timestamp.is_some() {
        (Health::Busy, "Terminating".to_owned())
    } else {
        pod_status(&phase, status.reason, ready, &containers)
    };
    let owner =
        metadata.owner_references.iter().flatten().find(|owner| owner.controller.unwrap_or(false));
    PodView {
        namespace: metadata.namespace.clone().unwrap_or_default(),
        name: metadata.name.clone().unwrap_or_default(),
        address: status.pod_ip.unwrap_or_default(),
        other_address: status.pod_ips.into_iter().flatten().nth(1).map(|other| other.ip),
        health,
        status: text,
        ready,
        labels: metadata.labels.clone().unwrap_or_default().into_iter().collect(),
        made_by: owner.map(|owner| maker(pod, &owner.kind, &owner.name, cluster.objects())),
        owner: owner.map(|owner| format!("{}/{}", owner.kind, owner.name)),
        policies: policies(pod, cluster.objects()),
        containers,
    }
}

/// The NetworkPolicies that select a pod, by name.
fn policies(pod: &Pod, store: &Store) -> Vec<String> {
    let labels = pod.metadata.labels.as_ref();
    let selects = |policy: &&Arc<NetworkPolicy>| {
        let selector = policy.spec.as_ref().and_then(|spec| spec.pod_selector.as_ref());
        selector.is_none_or(|selector| LabelSelector::of(selector).matches(labels))
    };
    let namespace = pod.metadata.namespace.as_deref();
    let policies = store.list::<NetworkPolicy>(namespace).filter(selects);
    policies.filter_map(|policy| policy.metadata.name.clone()).collect()
}

/// What a player wrote to have a pod: a ReplicaSet is mostly a Deployment's.
fn maker(pod: &Pod, kind: &str, name: &str, store: &Store) -> String {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
    let set = store.get::<ReplicaSet>(namespace, name).filter(|_| kind == "ReplicaSet");
    let mut owners = set.iter().flat_map(|set| set.metadata.owner_references.iter().flatten());
    match owners.find(|owner| owner.controller.unwrap_or(false)) {
        Some(owner) => format!("{} {}", owner.kind, owner.name),
        None => format!("{kind} {name}"),
    }
}

/// The ports that a container's programs listen on, as they can be dialled from outside the pod; a
/// server that is bound to the loopback device alone is shown with its address.
fn open_ports(pod: &Pod, container: &str, cluster: &Cluster) -> Vec<String> {
    let place = Place::Container {
        namespace: pod.metadata.namespace.as_deref().unwrap_or("").into(),
        pod: pod.metadata.name.as_deref().unwrap_or("").into(),
        container: container.into(),
    };
    let sender = cluster.netns_of(&place);
    let netns = sender.and_then(|sender| cluster.network().netns(sender.netns));
    let mut ports: Vec<String> = Vec::new();
    for ((protocol, address, port), listener) in
        netns.into_iter().flat_map(|netns| &netns.listeners)
    {
        if listener.container.as_deref() != Some(container) {
            continue;
        }
        let host = if address.is_loopback() { address.to_string() } else { String::new() };
        let suffix = match protocol {
            Protocol::Tcp => String::new(),
            other => format!("/{other}"),
        };
        let text = format!("{host}:{port}{suffix}");
        if !ports.contains(&text) {
            ports.push(text);
        }
    }
    ports
}

/// The pod's own state in a word, the worst container first.
fn pod_status(
    phase: &str,
    reason: Option<String>,
    ready: bool,
    containers: &[ContainerView],
) -> (Health, String) {
    if let Some(reason) = reason {
        return (Health::Bad, reason);
    }
    if let Some(bad) = containers.iter().find(|container| container.health == Health::Bad) {
        return (Health::Bad, bad.status.clone());
    }
    match phase {
        "Succeeded" => (Health::Over, "Completed".to_owned()),
        "Failed" => (Health::Bad, "Error".to_owned()),
        "Running" if ready => (Health::Good, "Running".to_owned()),
        "Running" => (Health::Busy, "not ready".to_owned()),
        _ => match containers.iter().find(|container| container.health == Health::Busy) {
            Some(busy) if busy.status != "waiting" => (Health::Busy, busy.status.clone()),
            _ => (Health::Busy, phase.to_owned()),
        },
    }
}

fn container_view(name: &str, image: &str, status: Option<&ContainerStatus>) -> ContainerView {
    let state = status.and_then(|status| status.state.as_ref());
    let ready = status.is_some_and(|status| status.ready);
    let (health, text) = match state {
        Some(state) if state.running.is_some() && ready => (Health::Good, "running".to_owned()),
        Some(state) if state.running.is_some() => (Health::Busy, "not ready".to_owned()),
        Some(state) => match (&state.terminated, &state.waiting) {
            (Some(ended), _) if ended.exit_code == 0 => (Health::Over, "Completed".to_owned()),
            (Some(ended), _) => {
                (Health::Bad, ended.reason.clone().unwrap_or_else(|| "Error".to_owned()))
            }
            (None, Some(waiting)) => waiting_status(waiting.reason.as_deref()),
            (None, None) => (Health::Busy, "waiting".to_owned()),
        },
        None => (Health::Busy, "waiting".to_owned()),
    };
    ContainerView {
        name: name.to_owned(),
        image: short_image(image).to_owned(),
        health,
        status: text,
        restarts: status.map_or(0, |status| status.restart_count),
        ports: Vec::new(),
    }
}

fn waiting_status(reason: Option<&str>) -> (Health, String) {
    match reason {
        Some(reason @ ("ContainerCreating" | "PodInitializing")) => {
            (Health::Busy, reason.to_owned())
        }
        Some(reason) => (Health::Bad, reason.to_owned()),
        None => (Health::Busy, "waiting".to_owned()),
    }
}

/// `registry.example/team/nginx:1.27@sha256:…` as `nginx:1.27`.
fn short_image(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    image.rsplit('/').next().unwrap_or(image)
}

fn service_view(service: &Arc<Service>, store: &Store) -> ServiceView {
    let namespace = service.metadata.namespace.clone().unwrap_or_default();
    let name = service.metadata.name.clone().unwrap_or_default();
    let spec = service.spec.clone().unwrap_or_default();
    let headless = spec.cluster_ip.as_deref() == Some("None");
    let kind = if headless {
        "headless".to_owned()
    } else {
        spec.type_.unwrap_or_else(|| "ClusterIP".to_owned())
    };
    let address = match (&*kind, spec.cluster_ip) {
        ("headless", _) => String::new(),
        ("ExternalName", _) => spec.external_name.unwrap_or_default(),
        (_, address) => address.unwrap_or_default(),
    };
    let other_address =
        spec.cluster_ips.into_iter().flatten().nth(1).filter(|_| !address.is_empty());
    let ports = spec.ports.iter().flatten().map(|port| {
        let target = match &port.target_port {
            Some(IntOrString::Int(target)) if *target == port.port => String::new(),
            Some(IntOrString::Int(target)) => format!("→{target}"),
            Some(IntOrString::String(target)) => format!("→{target}"),
            None => String::new(),
        };
        format!("{}{target}", port.port)
    });
    let node_ports = spec.ports.iter().flatten().filter_map(|port| port.node_port);
    let node_ports = node_ports.map(|port| port.to_string()).collect();
    let selector: Vec<String> =
        spec.selector.iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
    ServiceView {
        ports: ports.collect(),
        node_ports,
        endpoints: endpoints(store, &namespace, &name),
        selector: selector.join(","),
        routes: routes(store, &namespace, &name),
        namespace,
        name,
        kind,
        address,
        other_address,
    }
}

/// An address, and that of the other family where there is one.
pub fn both(address: &str, other: Option<&str>) -> String {
    [Some(address), other].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The hosts and paths that Ingresses send to a Service.
fn routes(store: &Store, namespace: &str, service: &str) -> Vec<String> {
    let mut routes = Vec::new();
    for ingress in store.list::<Ingress>(Some(namespace)) {
        for rule in ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten()) {
            let host = rule.host.as_deref().unwrap_or("*");
            for path in rule.http.iter().flat_map(|http| &http.paths) {
                if path.backend.service.as_ref().is_some_and(|backend| backend.name == service) {
                    routes.push(format!("{host}{}", path.path.as_deref().unwrap_or("/")));
                }
            }
        }
    }
    routes
}

fn endpoints(store: &Store, namespace: &str, service: &str) -> Vec<EndpointView> {
    let slices = store.list::<EndpointSlice>(Some(namespace)).filter(|slice| {
        let labels = slice.metadata.labels.as_ref();
        labels.and_then(|labels| labels.get("kubernetes.io/service-name")).map(String::as_str)
            == Some(service)
    });
    let mut found = Vec::new();
    for endpoint in slices.flat_map(|slice| slice.endpoints.iter().flatten()) {
        let ready = endpoint.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true);
        let pod =
            endpoint.target_ref.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"));
        found.extend(endpoint.addresses.iter().map(|address| EndpointView {
            address: address.clone(),
            pod: pod.and_then(|pod| pod.name.clone()),
            ready,
        }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, status: &str) -> PodView {
        PodView {
            namespace: "default".to_owned(),
            name: name.to_owned(),
            address: "10.244.1.2".to_owned(),
            other_address: None,
            health: Health::Good,
            status: status.to_owned(),
            ready: true,
            labels: Vec::new(),
            owner: None,
            made_by: None,
            policies: Vec::new(),
            containers: Vec::new(),
        }
    }

    #[test]
    fn what_changed_is_known() {
        let before =
            Scene { waiting: vec![pod("a", "Running"), pod("b", "Running")], ..Scene::default() };
        let after = Scene {
            waiting: vec![pod("a", "Running"), pod("b", "Terminating"), pod("c", "Pending")],
            ..Scene::default()
        };
        let changed: Vec<String> =
            after.changes_since(&before).iter().map(Spot::to_string).collect();
        assert_eq!(changed, ["pod/b", "pod/c"]);
    }

    #[test]
    fn registries_and_digests_are_left_out() {
        assert_eq!(short_image("docker.io/library/nginx:1.27@sha256:00"), "nginx:1.27");
    }

    #[test]
    fn the_worst_container_names_the_pod() {
        let mut containers = vec![container_view("a", "nginx", None)];
        containers[0].health = Health::Bad;
        containers[0].status = "CrashLoopBackOff".to_owned();
        let (health, status) = pod_status("Running", None, false, &containers);
        assert_eq!((health, &*status), (Health::Bad, "CrashLoopBackOff"));
    }
}
