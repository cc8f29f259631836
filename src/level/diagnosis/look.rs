//! Commands that show the evidence, as they can be typed on the laptop.

use crate::api::Pod;
use crate::cluster::{Cluster, Place};
use crate::level::source::USUAL_NAMESPACE;

use super::locate::mentions;

/// ` -n shop`, where it has to be said.
pub(super) fn in_namespace(namespace: &str) -> String {
    match namespace {
        "" | USUAL_NAMESPACE => String::new(),
        other => format!(" -n {other}"),
    }
}

/// `web`, or `shop/web` of another namespace than the usual one.
pub(super) fn shown_name(namespace: &str, name: &str) -> String {
    match namespace {
        "" | USUAL_NAMESPACE => name.to_owned(),
        other => format!("{other}/{name}"),
    }
}

/// Pods with their addresses and nodes.
pub(super) fn pods(namespace: &str) -> String {
    format!("kubectl get pods -o wide{}", in_namespace(namespace))
}

/// Pods with their labels.
pub(super) fn labels(namespace: &str) -> String {
    format!("kubectl get pods --show-labels{}", in_namespace(namespace))
}

/// Services with their addresses, ports and selectors.
pub(super) fn services(namespace: &str) -> String {
    format!("kubectl get services -o wide{}", in_namespace(namespace))
}

/// One Service with its ports, selector and endpoints.
pub(super) fn service(namespace: &str, name: &str) -> String {
    describe("service", namespace, name)
}

/// Where a Service leads.
pub(super) fn endpoints(namespace: &str, name: &str) -> String {
    let place = in_namespace(namespace);
    format!("kubectl get endpointslices -l kubernetes.io/service-name={name}{place}")
}

/// An object with its events.
pub(super) fn describe(kind: &str, namespace: &str, name: &str) -> String {
    format!("kubectl describe {kind} {name}{}", in_namespace(namespace))
}

/// The object as the server has it.
pub(super) fn yaml(kind: &str, namespace: &str, name: &str) -> String {
    format!("kubectl get {kind} {name} -o yaml{}", in_namespace(namespace))
}

/// What a container has written.
pub(super) fn log(namespace: &str, pod: &str, container: &str) -> String {
    format!("kubectl logs {pod} -c {container}{}", in_namespace(namespace))
}

/// Nodes with their addresses.
pub(super) fn nodes() -> String {
    "kubectl get nodes -o wide".to_owned()
}

/// The sockets that are open in a pod, by a container whose image has a program for it.
pub(super) fn sockets(cluster: &Cluster, pod: &Pod) -> Option<String> {
    let containers = &pod.spec.as_ref()?.containers;
    let commands = ["netstat -ltn", "ss -ltn"];
    containers.iter().find_map(|container| {
        let place = Place::Container {
            namespace: pod.metadata.namespace.as_deref().unwrap_or("").into(),
            pod: pod.metadata.name.as_deref().unwrap_or("").into(),
            container: container.name.as_str().into(),
        };
        commands.into_iter().find_map(|command| inside(cluster, &place, command))
    })
}

/// What shows at which ports the pod's programs listen: its open sockets, or else a program's own word of it
/// in its log. The pod's manifest does not tell.
pub(super) fn listening(cluster: &Cluster, pod: &Pod) -> Option<String> {
    sockets(cluster, pod).or_else(|| told_in_log(cluster, pod))
}

/// The log in which a container names a port that it has open.
fn told_in_log(cluster: &Cluster, pod: &Pod) -> Option<String> {
    let namespace = pod.metadata.namespace.as_deref()?;
    let name = pod.metadata.name.as_deref()?;
    super::listeners_in(cluster, pod).into_iter().find_map(|open| {
        let (container, port) = (open.container?, open.port.to_string());
        let lines = cluster.logs(namespace, name, &container, false).ok()?;
        let names_it = lines.iter().any(|(_, (_, line))| mentions(line, &port));
        names_it.then(|| log(namespace, name, &container))
    })
}

/// A program with its arguments in a container, where its image has the program.
pub(super) fn inside(cluster: &Cluster, place: &Place, command: &str) -> Option<String> {
    let Place::Container { namespace, pod, container } = place else { return None };
    let program = command.split(' ').next()?;
    cluster.image(place).filter(|image| image.holds(program))?;
    let flags = in_namespace(namespace);
    Some(format!("kubectl exec {pod} -c {container}{flags} -- {command}"))
}
