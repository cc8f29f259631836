//! Pods that no node takes: what they ask of their node, and what the nodes have.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Node, NodeSelector, PodSpec, Taint};

use super::client::PodSource;
use super::{Diagnosis, Facts, locate, look, owners};
use crate::api::{Kind, LabelSelector, Pod};
use crate::cluster;
use crate::diagnostic::{Location, nearest};
use crate::manifest::{self, quantity};

/// The scheduler that each cluster has.
const DEFAULT_SCHEDULER: &str = "default-scheduler";

/// The label that tells nodes apart.
const HOST: &str = "kubernetes.io/hostname";

/// No node takes the pod.
pub(super) fn unscheduled(
    facts: &Facts<'_>,
    pod: &Pod,
    source: Option<&PodSource<'_>>,
) -> Option<Diagnosis> {
    let pending = pod.condition("PodScheduled").filter(|one| one.status == "False")?;
    let (namespace, name) = (
        pod.metadata.namespace.as_deref().unwrap_or(""),
        pod.metadata.name.as_deref().unwrap_or(""),
    );
    let said = Diagnosis::new("pod-not-scheduled", format!("no node takes pod {name}"))
        .look([look::describe("pod", namespace, name), look::nodes()])
        .facts(pending.message.clone());
    let waiting = Waiting { facts, pod, source, said: &said };
    let known = waiting
        .no_such_node()
        .or_else(|| waiting.no_such_key())
        .or_else(|| waiting.closed_nodes())
        .or_else(|| waiting.held_back())
        .or_else(|| waiting.no_such_claim())
        .or_else(|| waiting.asks_too_much())
        .or_else(|| waiting.held_port())
        .or_else(|| waiting.kept_away());
    if known.is_some() {
        return known;
    }
    Some(said.at(source.and_then(asked_of_nodes)).fix(
        "change what the pod asks for (nodeSelector, affinity, hostPort, resources), or the nodes",
    ))
}

/// Why no node takes a pod, if none does.
pub(super) fn no_node(facts: &Facts<'_>, pod: &Pod) -> Option<Diagnosis> {
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    unscheduled(facts, pod, facts.pod_source(namespace, name).as_ref())
}

/// A pod that no node takes.
#[derive(Clone, Copy)]
struct Waiting<'a, 'f> {
    facts: &'a Facts<'f>,
    pod: &'a Pod,
    /// The player's manifest of it, where there is one.
    source: Option<&'a PodSource<'a>>,
    /// What is said of each: that no node takes it, and the scheduler's own words.
    said: &'a Diagnosis,
}

impl Waiting<'_, '_> {
    /// The pod asks for a label that no node has.
    fn no_such_node(&self) -> Option<Diagnosis> {
        let Waiting { facts, pod, source, said } = *self;
        let nodes: Vec<&Arc<Node>> = facts.case.cluster.objects().list::<Node>(None).collect();
        let (key, value) =
            asked_labels(pod).find(|label| !nodes.iter().any(|node| has_label(node, *label)))?;
        let labels = nodes.iter().flat_map(|node| node.metadata.labels.iter().flatten());
        let mut values: Vec<&str> =
            labels.filter(|(own, _)| *own == key).map(|(_, value)| value.as_str()).collect();
        values.sort_unstable();
        values.dedup();
        // A label that one node alone has is the one that is meant.
        let near = nearest(value, values.iter().copied());
        let near = near.or_else(|| values.first().copied().filter(|_| values.len() == 1));
        let near = near.or_else(|| named_by_address(&nodes, key, value));
        // The value may stand under another key: `hostname`, without what comes before the slash.
        let other = match values.is_empty() {
            true => nodes.iter().find_map(|node| {
                let mut labels = node.metadata.labels.iter().flatten();
                labels.find(|(own, has)| *has == value && own.ends_with(&format!("/{key}")))
            }),
            false => None,
        };
        let line = source.and_then(|source| {
            let path = manifest::field("spec.nodeSelector", key);
            source.line(&path)
        });
        let said = said
            .clone()
            .fact(format!("no node has the label {key}={value}"))
            .look(["kubectl get nodes --show-labels".to_owned()])
            .at(line)
            .nearest(near.map(|near| format!("{key}: {near}")));
        if let Some((own, value)) = other {
            let label = format!("{own}: {value}");
            return Some(
                said.nearest(Some(label.clone()))
                    .fix(format!("write {label}, apply, and send again")),
            );
        }
        Some(match near {
            Some(near) => said.fix(format!("write {key}: {near}, apply, and send again")),
            None if values.is_empty() => {
                said.fix("ask for a label that a node has: kubectl get nodes --show-labels")
            }
            None => {
                said.fix(format!("ask for a node that there is: {key} is {}", values.join(", ")))
            }
        })
    }

    /// The pod is to be spread over a label, or to be beside others by a label, that no node has: no node can
    /// be right then (kubernetes pkg/scheduler/framework/plugins/podtopologyspread, interpodaffinity). To be
    /// apart by such a label keeps it from nowhere.
    fn no_such_key(&self) -> Option<Diagnosis> {
        let Waiting { facts, pod, source, said } = *self;
        let spec = pod.spec.as_ref()?;
        let nodes = facts.case.cluster.objects().list::<Node>(None);
        let keys: BTreeSet<&str> = nodes
            .flat_map(|node| node.metadata.labels.iter().flatten())
            .map(|(key, _)| key.as_str())
            .collect();
        let nodes_own = spec.affinity.as_ref().and_then(|all| all.node_affinity.as_ref());
        let nodes_own = nodes_own
            .and_then(|one| one.required_during_scheduling_ignored_during_execution.as_ref());
        if let Some(said) = nodes_own.and_then(|one| self.unknown_term(&keys, one)) {
            return Some(said);
        }
        let spread = spec.topology_spread_constraints.iter().flatten().enumerate();
        let spread = spread
            .filter(|(_, one)| one.when_unsatisfiable == "DoNotSchedule")
            .map(|(at, one)| (format!("spec.topologySpreadConstraints[{at}]"), &one.topology_key));
        let affinity = spec.affinity.as_ref().and_then(|all| all.pod_affinity.as_ref());
        let beside = affinity
            .into_iter()
            .flat_map(|one| {
                one.required_during_scheduling_ignored_during_execution.iter().flatten()
            })
            .enumerate()
            .map(|(at, one)| {
                let field =
                    "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution";
                (format!("{field}[{at}]"), &one.topology_key)
            });
        let (path, key) = spread.chain(beside).find(|(_, key)| !keys.contains(key.as_str()))?;
        let near = nearest(key, keys.iter().copied()).unwrap_or(HOST);
        let line = source.and_then(|source| source.line(&format!("{path}.topologyKey")));
        let mut said = said.clone().look(["kubectl get nodes --show-labels".to_owned()]);
        // What stands for the line comes before the scheduler's own words.
        said.evidence.insert(0, format!("no node has a label {key}, which topologyKey asks for"));
        Some(
            said.at(line)
                .nearest(Some(format!("topologyKey: {near}")))
                .fix(format!("write topologyKey: {near}, apply, and send again")),
        )
    }

    /// The pod's one node affinity term asks for a label that no node has.
    fn unknown_term(&self, keys: &BTreeSet<&str>, selector: &NodeSelector) -> Option<Diagnosis> {
        let Waiting { source, said, .. } = *self;
        // Of several terms one is enough.
        let [term] = selector.node_selector_terms.as_slice() else { return None };
        let mut asked = term.match_expressions.iter().flatten().enumerate();
        let (index, one) = asked.find(|(_, one)| {
            matches!(&*one.operator, "In" | "Exists" | "Gt" | "Lt") && !keys.contains(&*one.key)
        })?;
        let near = nearest(&one.key, keys.iter().copied());
        let path = format!(
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[{index}].key"
        );
        Some(
            said.clone()
                .look(["kubectl get nodes --show-labels".to_owned()])
                .fact(format!("no node has a label {}", one.key))
                .nearest(near.map(|near| format!("key: {near}")))
                .at(source.and_then(|source| source.line(&path)))
                .fix(match near {
                    Some(near) => format!("write key: {near}, apply, and send again"),
                    None => "ask for a label that a node has: kubectl get nodes --show-labels"
                        .to_owned(),
                }),
        )
    }

    /// Every node that the pod asks for is closed to it: cordoned, or with a taint that it does not tolerate.
    fn closed_nodes(&self) -> Option<Diagnosis> {
        let Waiting { facts, pod, source, said } = *self;
        let name = pod.metadata.name.as_deref()?;
        let spec = pod.spec.as_ref()?;
        let nodes = facts.case.cluster.objects().list::<Node>(None);
        let asked = nodes.filter(|node| asked_labels(pod).all(|label| has_label(node, label)));
        let closed: Option<Vec<(&Node, Option<&Taint>)>> =
            asked.map(|node| Some((&**node, closed_by(spec, node)?))).collect();
        let closed = closed?;
        let (node, taint) = closed.first()?;
        let node_name = node.metadata.name.as_deref()?;
        let which = match asked_labels(pod).next() {
            Some(_) => format!("{node_name}, which the pod asks for,"),
            None if closed.len() == 1 => node_name.to_owned(),
            None => format!("{node_name}, as every other node,"),
        };
        let said = said.clone();
        let Some(taint) = taint else {
            let fact = format!("{which} is cordoned: it takes no new pods");
            return Some(
                said.fact(fact).fix(format!("kubectl uncordon {node_name}, and send again")),
            );
        };
        let value = taint.value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
        let shown = format!("{}{value}:{}", taint.key, taint.effect);
        Some(
            said.look([look::describe("node", "", node_name)])
                .fact(format!("{which} has the taint {shown}: pod {name} does not tolerate it"))
                .at(source.and_then(|source| source.line("spec.tolerations")))
                .fix(format!(
                    "kubectl taint node {node_name} {}:{}-, or let the pod tolerate it (tolerations)",
                    taint.key, taint.effect
                )),
        )
    }

    /// The pod's own gates hold it back: nothing is scheduled that has one (kubernetes
    /// pkg/scheduler/framework/plugins/schedulinggates).
    fn held_back(&self) -> Option<Diagnosis> {
        let Waiting { pod, source, said, .. } = *self;
        let gates =
            pod.spec.as_ref()?.scheduling_gates.as_ref().filter(|gates| !gates.is_empty())?;
        let names: Vec<&str> = gates.iter().map(|gate| gate.name.as_str()).collect();
        Some(
            said.clone()
                .fact(format!("who has set a gate takes it away: {}", names.join(", ")))
                .at(source.and_then(|source| source.line("spec.schedulingGates")))
                .fix("take schedulingGates out, apply, and send again"),
        )
    }

    /// A volume of the pod's names a claim that is not there.
    fn no_such_claim(&self) -> Option<Diagnosis> {
        let Waiting { facts, pod, source, said } = *self;
        let namespace = pod.metadata.namespace.as_deref()?;
        let objects = facts.case.cluster.objects();
        let mut volumes = pod.spec.as_ref()?.volumes.iter().flatten().enumerate();
        let (index, claim) = volumes.find_map(|(index, volume)| {
            let claim = volume.persistent_volume_claim.as_ref()?.claim_name.as_str();
            let kind = Kind::PersistentVolumeClaim;
            objects.object(kind, namespace, claim).is_none().then_some((index, claim))
        })?;
        let path = format!("spec.volumes[{index}].persistentVolumeClaim.claimName");
        Some(
            said.clone()
                .look([format!("kubectl get persistentvolumeclaims{}", look::in_namespace(namespace))])
                .fact(format!("there is no PersistentVolumeClaim {claim}"))
                .at(source.and_then(|source| source.line(&path)))
                .fix(format!(
                    "make PersistentVolumeClaim {claim}, or let the volume be an emptyDir; apply, and send again"
                )),
        )
    }

    /// The pod asks for more of something than any node has, were it empty.
    fn asks_too_much(&self) -> Option<Diagnosis> {
        let Waiting { facts, pod, source, said } = *self;
        let name = pod.metadata.name.as_deref()?;
        let containers = &pod.spec.as_ref()?.containers;
        let most = |resource: &str| {
            let nodes = facts.case.cluster.objects().list::<Node>(None);
            let amounts = nodes.filter_map(|node| {
                let there = node.status.as_ref()?.allocatable.as_ref()?;
                Some(there.get(resource).map_or("0", |amount| amount.0.as_str()))
            });
            amounts.max_by_key(|amount| quantity::thousandths(amount))
        };
        let asked = containers.iter().enumerate().find_map(|(index, container)| {
            let requests = container.resources.as_ref()?.requests.as_ref()?;
            requests.iter().find_map(|(resource, amount)| {
                let most = most(resource)?;
                let much = quantity::thousandths(&amount.0) > quantity::thousandths(most);
                much.then_some((index, resource, &amount.0, most))
            })
        });
        let (index, resource, amount, most) = asked?;
        let resources = format!("spec.containers[{index}].resources");
        let line = |field: &str| {
            let path = manifest::field(&format!("{resources}.{field}"), resource);
            source.and_then(|source| source.line(&path))
        };
        let mut said = said.clone();
        said.evidence.insert(
            0,
            match most {
                "0" => format!("pod {name} asks for {resource}, and no node has any"),
                most => {
                    format!(
                        "pod {name} asks for {amount} of {resource}, and a node has {most} at most"
                    )
                }
            },
        );
        // A limit without a request counts as both.
        Some(said.at(line("requests").or_else(|| line("limits"))).fix(match most {
            "0" => format!("take {resource} out, apply, and send again"),
            most => format!("ask for less {resource} than {most}, apply, and send again"),
        }))
    }

    /// The one node that the pod asks for has its port given to another pod already.
    fn held_port(&self) -> Option<Diagnosis> {
        let Waiting { facts, pod, source, said } = *self;
        let objects = facts.case.cluster.objects();
        let (label, _) = asked_labels(pod).next()?;
        let nodes: Vec<&Arc<Node>> = objects.list::<Node>(None).collect();
        let fits = |node: &&&Arc<Node>| asked_labels(pod).all(|one| has_label(node, one));
        let asked = nodes.iter().find(fits)?.metadata.name.as_deref()?;
        let holder = |node: &str, port: i32| {
            objects.list::<Pod>(None).find(|other| {
                let on = other.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
                on == Some(node) && host_ports(other).any(|(_, held)| held == port)
            })
        };
        let (path, port) = host_ports(pod).find(|(_, port)| holder(asked, *port).is_some())?;
        let held_by = holder(asked, port)?.metadata.name.as_deref()?;
        let name = pod.metadata.name.as_deref()?;
        // The node that the goal calls is the one that is meant, if its port is free.
        let called = facts.connection.map(|trace| trace.flow.destination.ip().to_string());
        let free = |node: &&&Arc<Node>| {
            node.metadata.name.as_deref().is_some_and(|name| holder(name, port).is_none())
        };
        let is_called = |node: &&&Arc<Node>| {
            let addresses = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
            addresses.into_iter().any(|one| Some(&one.address) == called.as_ref())
        };
        let meant = nodes.iter().filter(free).find(is_called);
        let near = meant.and_then(|node| {
            let value = node.metadata.labels.as_ref()?.get(label)?;
            Some(format!("{label}: {value}"))
        });
        let line = |path: &str| source.and_then(|source| source.line(path));
        let at = match near.is_some() {
            true => line(&manifest::field("spec.nodeSelector", label)),
            false => line(&path),
        };
        // The fact that tells comes before the scheduler's own words.
        let mut said = said.clone();
        said.evidence.insert(
            0,
            format!("pod {held_by} has port {port} of {asked}, and a port of a node is given once"),
        );
        Some(said.nearest(near.clone()).at(at).fix(match near {
            Some(near) => format!("write {near}, apply, and send again"),
            None => format!(
                "let pod {name} ask for another hostPort than {port}, or for a node where that is free"
            ),
        }))
    }

    /// Pods that run keep pods with a label of this one's away from their nodes (`podAntiAffinity` counts in both
    /// directions: kubernetes pkg/scheduler/framework/plugins/interpodaffinity).
    fn kept_away(&self) -> Option<Diagnosis> {
        let Waiting { facts, pod, source, said } = *self;
        let namespace = pod.metadata.namespace.as_deref()?;
        let labels = pod.metadata.labels.as_ref();
        let maker = owners::maker(facts, pod);
        let mut others = facts.case.cluster.objects().list::<Pod>(Some(namespace));
        let (other, key, words) = others.find_map(|other| {
            let spec = other.spec.as_ref().filter(|spec| spec.node_name.is_some())?;
            let apart = spec.affinity.as_ref()?.pod_anti_affinity.as_ref()?;
            let mut terms =
                apart.required_during_scheduling_ignored_during_execution.iter().flatten();
            let (key, words) = terms.find_map(|term| {
                let selector = term.label_selector.as_ref()?;
                let keeps = LabelSelector::of(selector);
                let key = selector.match_labels.iter().flatten().next().map(|(key, _)| key.clone());
                keeps.matches(labels).then(|| (key, keeps.to_string()))
            })?;
            (owners::maker(facts, other) != maker).then_some((other, key, words))
        })?;
        let other = other.metadata.name.as_deref()?;
        let name = pod.metadata.name.as_deref()?;
        let path = key.map_or_else(
            || "metadata.labels".to_owned(),
            |key| manifest::field("metadata.labels", &key),
        );
        let mut said = said.clone();
        said.evidence.insert(
            0,
            format!("pod {other} has a podAntiAffinity that keeps pods with {words} away, and pod {name} is one"),
        );
        Some(said.at(source.and_then(|source| source.line(&path))).fix(format!(
            "give these pods other labels than {words}, and let their Service select those too; apply, and send again"
        )))
    }
}

/// The ports of its node that a pod asks for (R1.5), each with its place in the pod.
pub(super) fn host_ports(pod: &Pod) -> impl Iterator<Item = (String, i32)> {
    let containers = pod.spec.iter().flat_map(|spec| spec.containers.iter().enumerate());
    containers.flat_map(|(index, container)| {
        let ports = container.ports.iter().flatten().enumerate();
        ports.filter_map(move |(at, port)| {
            let host = port.host_port.filter(|host| *host > 0)?;
            Some((format!("spec.containers[{index}].ports[{at}].hostPort"), host))
        })
    })
}

/// The labels by which a pod's nodeSelector asks for its node.
fn asked_labels(pod: &Pod) -> impl Iterator<Item = (&String, &String)> {
    pod.spec.iter().filter_map(|spec| spec.node_selector.as_ref()).flatten()
}

fn has_label(node: &Node, (key, value): (&String, &String)) -> bool {
    node.metadata.labels.as_ref().and_then(|labels| labels.get(key)) == Some(value)
}

/// The value of a label of the node that has this address.
fn named_by_address<'n>(nodes: &[&'n Arc<Node>], key: &str, address: &str) -> Option<&'n str> {
    let node = nodes.iter().find(|node| {
        let addresses = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
        addresses.into_iter().any(|one| one.address == address)
    })?;
    Some(node.metadata.labels.as_ref()?.get(key)?.as_str())
}

/// By what a node is closed to pods: a taint that these do not tolerate, or none where it is cordoned. `None`
/// where it is open.
fn closed_by<'n>(spec: &PodSpec, node: &'n Node) -> Option<Option<&'n Taint>> {
    let own = node.spec.as_ref()?;
    if own.unschedulable == Some(true) {
        return Some(None);
    }
    // The kubelet's own taints go when the node is well again.
    let hard = |taint: &&Taint| {
        taint.effect != "PreferNoSchedule" && !taint.key.starts_with("node.kubernetes.io/")
    };
    let mut taints = own.taints.iter().flatten().filter(hard);
    taints.find(|taint| !cluster::tolerates(spec, taint)).map(Some)
}

/// The pod waits for a scheduler of another name than the cluster's, and nobody is called so.
pub(super) fn by_nobody(pod: &Pod, source: Option<&PodSource<'_>>) -> Option<Diagnosis> {
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let spec = pod.spec.as_ref().filter(|spec| spec.node_name.is_none())?;
    let scheduler = spec.scheduler_name.as_deref().filter(|own| *own != DEFAULT_SCHEDULER)?;
    Some(
        Diagnosis::new(
            "pod-not-scheduled",
            format!("pod {name} waits for scheduler {scheduler}, and there is none"),
        )
        .look([look::yaml("pod", namespace, name), look::pods(namespace)])
        .fact(format!(
            "the cluster's own scheduler is {DEFAULT_SCHEDULER}, and leaves such pods alone"
        ))
        .nearest(Some(format!("schedulerName: {DEFAULT_SCHEDULER}")))
        .at(source.and_then(|source| source.line("spec.schedulerName")))
        .fix("take schedulerName out, apply, and send again"),
    )
}

/// The pod is bound to a node by its `nodeName`, which passes the scheduler by, and there is no such node.
pub(super) fn on_no_node(
    facts: &Facts<'_>,
    pod: &Pod,
    source: Option<&PodSource<'_>>,
) -> Option<Diagnosis> {
    let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
    let bound = pod.spec.as_ref()?.node_name.as_deref()?;
    let nodes = facts.case.cluster.objects().list::<Node>(None);
    let nodes: Vec<&str> = nodes.filter_map(|node| node.metadata.name.as_deref()).collect();
    if nodes.contains(&bound) {
        return None;
    }
    let near = nearest(bound, nodes.iter().copied());
    Some(
        Diagnosis::new(
            "pod-not-scheduled",
            format!("pod {name} is bound to {bound}, and there is no such node"),
        )
        .look([look::describe("pod", namespace, name), look::nodes()])
        .fact("nodeName passes the scheduler by: nobody looks whether the node is there")
        .nearest(near.map(|near| format!("nodeName: {near}")))
        .at(source.and_then(|source| source.line("spec.nodeName")))
        .fix(match near {
            Some(near) => format!("write nodeName: {near}, or take it out; apply, and send again"),
            None => "take nodeName out, apply, and send again".to_owned(),
        }),
    )
}

/// The kubelet did not take the pod: it looks for itself, where `nodeName` passes the scheduler by (kubernetes
/// pkg/kubelet/lifecycle/predicate.go).
pub(super) fn rejected(pod: &Pod, source: Option<&PodSource<'_>>) -> Option<Diagnosis> {
    let status = pod.status.as_ref()?;
    let reason = status.reason.as_deref().filter(|_| status.phase.as_deref() == Some("Failed"))?;
    let began = status.container_statuses.iter().flatten().any(|one| one.container_id.is_some());
    if began || matches!(reason, "Evicted" | "DeadlineExceeded" | "NodeLost") {
        return None;
    }
    let name = pod.metadata.name.as_deref().unwrap_or("");
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
    let node = pod.spec.as_ref()?.node_name.as_deref().unwrap_or("its node");
    let why = status.message.clone();
    Some(
        Diagnosis::new("pod-not-scheduled", format!("{node} did not take pod {name}: {reason}"))
            .look([look::describe("pod", namespace, name), look::pods(namespace)])
            .facts(why)
            .fact("the pod has failed for good: what it asks for has to fit the node before it is made anew")
            .at(source.and_then(asked_of_nodes))
            .fix(format!(
                "let pod {name} ask for what {node} can give, or for another node, and make it anew"
            )),
    )
}

/// Where a pod says on which node it may run, or else where it begins.
fn asked_of_nodes(source: &PodSource<'_>) -> Option<Location> {
    let spec = source.pod().and_then(|pod| pod.get("spec"));
    let fields = ["nodeName", "nodeSelector", "affinity", "topologySpreadConstraints"];
    let field = fields.into_iter().find(|field| spec.is_some_and(|spec| !spec[*field].is_null()));
    let containers = spec.and_then(|spec| spec["containers"].as_array());
    let greedy = containers.and_then(|all| all.iter().position(|one| !one["resources"].is_null()));
    let path = match (field, greedy) {
        (Some(field), _) => source.within(&format!("spec.{field}")),
        (None, Some(index)) => source.within(&format!("spec.containers[{index}].resources")),
        (None, None) => "kind".to_owned(),
    };
    locate::at(&source.source, &path)
}
