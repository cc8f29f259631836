//! Ports of nodes that nobody listens on.

use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ContainerPort, Node, Service};

use super::look::{self, shown_name};
use super::packets::Failed;
use super::services::protocol_name;
use super::targets::{MOST_TRIED, asks_for, port_path};
use super::{Diagnosis, gone, locate, placing, services, trial, workloads};
use crate::api::{NODE_PORTS, Pod};
use crate::diagnostic::Location;
use crate::manifest;

/// The port of FTP.
const FTP: u16 = 21;

impl Failed<'_> {
    pub(super) fn closed_node_port(&self, node: &str) -> Diagnosis {
        let port = self.to.port();
        if let Some(said) = self.host_port(port) {
            return said;
        }
        if let Some(said) = self.wanted_host_port(node, port) {
            return said;
        }
        let open = self.open_node_ports();
        if let Some(said) = self.node_port_of_another_protocol(node) {
            return said;
        }
        let message =
            format!("nobody listens on port {port} of {node}, so the connection is refused");
        let said = Diagnosis::new("closed-node-port", message)
            .look([look::services(&self.facts.namespace()), look::nodes()]);
        let gone = gone::node_port(self.facts, port).filter(|_| {
            !open.iter().any(|(.., own)| *own == i32::from(port)) && NODE_PORTS.contains(&port)
        });
        if let Some(gone) = gone {
            return gone.explain(said);
        }
        if let Some(said) = self.looked_up_the_node(node) {
            return said;
        }
        if let Some((service, ..)) = open.iter().find(|(.., own)| *own == i32::from(port)) {
            return said
                .fact(format!("Service {service} has node port {port}, and the nodes did not know it yet: they follow within a second"))
                .at(self.mention())
                .fix(format!("wait a second between making Service {service} and calling it, and send again"));
        }
        let first = open.iter().find(|(_, wanted, _)| *wanted == i32::from(port)).or(open.first());
        let lines = open.iter().map(|(service, port, node_port)| {
            format!("Service {service}: node port {node_port} leads to its port {port}")
        });
        if let Some(said) = self.looked_up_another_port(&said) {
            return said;
        }
        let at = self.port_in_script().or_else(|| self.mention());
        let said = said.facts(lines).facts(self.by_ftp()).at(at.clone());
        if let Some(said) = self.other_node_port(&said).filter(|_| at.is_none()) {
            return said;
        }
        if let Some((service, _, node_port)) = first {
            return said
                .nearest(Some(format!("port {node_port}, the node port of Service {service}")))
                .fix(format!("dial {node} at port {node_port}, and send again"));
        }
        let said =
            said.fact(format!("{} is the address of {node} itself, not of a pod", self.to.ip()));
        // The pod that is meant tells more than another one that has the port elsewhere.
        if let Some(said) = self.no_host_port(node, port, &said, true) {
            return said;
        }
        if let Some(said) = self.port_of_another_node(node, &said) {
            return said;
        }
        if let Some(said) = self.no_host_port(node, port, &said, false) {
            return said;
        }
        self.beside_the_node(said)
    }

    /// Where the request is to be sent that was sent to a node which has no port for it.
    fn beside_the_node(&self, said: Diagnosis) -> Diagnosis {
        if self.facts.client_pod().is_some()
            && let Some(said) = self.facts.call_the_wanted(&said)
        {
            return said;
        }
        match self.facts.wanted_service() {
            Some(service) => {
                let (namespace, name) = services::full_name(service);
                let line = self.facts.locator.field("Service", namespace, name, "spec.type");
                let said = said.fact(format!("Service {name} has no node port"));
                match services::is_headless(service) {
                    true => said.fix(format!(
                        "make a second Service of type NodePort beside {name}, which is headless and has no node port"
                    )),
                    false => {
                        let fix = services::to_node_port(service, line.is_some());
                        said.at(line.or_else(|| self.mention()))
                            .fix(format!("{fix}, and dial the node at the node port"))
                    }
                }
            }
            None => said.fix(
                "give the pods a Service of type NodePort, and dial the node at its node port",
            ),
        }
    }

    /// wget reads an address with a colon and no number behind it as one of FTP.
    fn by_ftp(&self) -> Option<String> {
        let url = &self.facts.fetched?.url;
        (self.to.port() == FTP && url.starts_with("ftp://")).then(|| {
            format!("wget asked by FTP, whose port is {FTP}: so it reads an address with a colon and no number behind it")
        })
    }

    /// The line of the player's script that says the port that was dialled.
    fn port_in_script(&self) -> Option<Location> {
        let run = &self.facts.case.goal.run;
        let port = format!(":{}", self.to.port());
        self.facts.locator.mention_in_scripts([port], |file| locate::mentions(run, file))
    }

    /// The player's script looks up a Service's `.port` or `.targetPort`, and says no port itself.
    fn looked_up_another_port(&self, said: &Diagnosis) -> Option<Diagnosis> {
        let dialled = self.to.port();
        let run = &self.facts.case.goal.run;
        let is_run = |file: &str| locate::mentions(run, file);
        if self.port_in_script().is_some() {
            return None;
        }
        let looked_up = |field: &str| {
            let words = [format!("].{field}}}"), format!("].{field}\"")];
            self.facts.locator.mention_in_scripts(words, is_run)
        };
        let services = self.facts.case.cluster.objects().list::<Service>(None);
        services.into_iter().find_map(|service| {
            let spec = service.spec.as_ref()?;
            let ports = spec.ports.iter().flatten().filter(|port| port.node_port.is_some());
            let (field, at) = ports.into_iter().find_map(|port| {
                if port.port == i32::from(dialled) {
                    return Some(("port", looked_up("port")?));
                }
                let target = services::target(port) == dialled.to_string();
                target.then(|| looked_up("targetPort")).flatten().map(|at| ("targetPort", at))
            })?;
            let (namespace, name) = services::full_name(service);
            let name = shown_name(namespace, name);
            Some(
                said.clone()
                    .fact(format!("the script looks up .{field} of Service {name}, which is {dialled}: .nodePort is the nodes'"))
                    .nearest(Some(".nodePort".to_owned()))
                    .at(Some(at))
                    .fix(format!("write .nodePort instead of .{field}, and send again")),
            )
        })
    }

    /// The player's script looks up a pod's `.status.hostIP`, which is its node's address.
    fn looked_up_the_node(&self, node: &str) -> Option<Diagnosis> {
        let run = &self.facts.case.goal.run;
        let is_run = |file: &str| locate::mentions(run, file);
        let at = self.facts.locator.mention_in_scripts([".status.hostIP"], is_run)?;
        let port = self.to.port();
        let pods = self.facts.case.cluster.objects().list::<Pod>(None);
        let mut open = pods.filter(|pod| self.facts.listens_on(pod, port));
        open.next()?;
        Some(
            Diagnosis::new(
                "closed-node-port",
                format!("nobody listens on port {port} of {node}, so the connection is refused"),
            )
            .look([look::pods(&self.facts.namespace()), look::nodes()])
            .fact(format!("{} is the address of {node} itself, not of a pod", self.to.ip()))
            .fact(".status.hostIP of a pod is the address of its node; its own is .status.podIP")
            .nearest(Some(".status.podIP".to_owned()))
            .at(Some(at))
            .fix("look up .status.podIP instead of .status.hostIP, and send again"),
        )
    }

    /// Nothing of the player's says which port of the node is dialled: the Service's own is another one.
    /// Which of them makes the goal pass is tried; with another fault behind it none does, and then the only one
    /// is meant.
    fn other_node_port(&self, said: &Diagnosis) -> Option<Diagnosis> {
        let port = self.to.port();
        if !NODE_PORTS.contains(&port) {
            return None;
        }
        let services = self.facts.case.cluster.objects().list::<Service>(None);
        let with = services.flat_map(|service| {
            let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
            let open = ports.into_iter().flatten().enumerate();
            let open = open.filter(|(_, port)| port.node_port.is_some_and(|own| own != 0));
            open.map(move |(index, _)| (service, index))
        });
        let with: Vec<_> = with.take(MOST_TRIED).collect();
        let passes = |(service, index): &&(&Arc<Service>, usize)| {
            let (namespace, name) = services::full_name(service);
            let command = trial::node_port(namespace, name, *index, port);
            trial::after(self.facts, &command) == trial::Tried::Passes
        };
        let only = with.first().filter(|_| with.len() == 1);
        let (service, index) = *with.iter().find(passes).or(only)?;
        let (namespace, name) = services::full_name(service);
        let path = format!("spec.ports[{index}].nodePort");
        Some(
            said.clone()
                .look([look::service(namespace, name)])
                .nearest(Some(format!("nodePort: {port}")))
                .at(self.facts.locator.field("Service", namespace, name, &path))
                .fix(format!("write nodePort: {port} in Service {name}, apply, and send again")),
        )
    }

    /// A pod that is meant asks for another port of its node, or for the same one of another protocol,
    /// or runs elsewhere, or not at all.
    fn wanted_host_port(&self, node: &str, port: u16) -> Option<Diagnosis> {
        if NODE_PORTS.contains(&port) {
            return None;
        }
        let pods = self.facts.case.cluster.objects().list::<Pod>(None);
        let wanted: Vec<&Arc<Pod>> = pods.filter(|pod| self.facts.is_wanted(pod)).collect();
        if wanted.is_empty() {
            let named = !self.facts.case.goal.expect.served_by_pod.is_empty();
            return workloads::diagnose(self.facts).filter(|_| named);
        }
        if let Some(said) = workloads::trouble(self.facts, &wanted) {
            return Some(said);
        }
        let here = |pod: &&&Arc<Pod>| {
            pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) == Some(node)
        };
        let pod = wanted.iter().find(here)?;
        let has = |one: &ContainerPort| one.host_port.is_some();
        let path = port_path(pod, has)?;
        let spec = pod.spec.as_ref()?;
        let all = spec.containers.iter().flat_map(|one| one.ports.iter().flatten());
        let own = all.into_iter().find(|one| has(one))?;
        let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let asked = protocol_name(self.trace.flow.protocol);
        let protocol = own.protocol.as_deref().unwrap_or("TCP");
        let same = own.host_port == Some(i32::from(port));
        if same && protocol == asked {
            return None;
        }
        let (code, field, instead) = match same {
            true => ("other-protocol", "protocol", format!("protocol: {asked}")),
            false => ("closed-node-port", "hostPort", format!("hostPort: {port}")),
        };
        let source = self.facts.pod_source(namespace, name);
        let at = source.and_then(|one| one.line(&format!("{path}.{field}")));
        let number = own.host_port.unwrap_or_default();
        Some(
            Diagnosis::new(
                code,
                format!("nobody listens on {asked} port {port} of {node}, so the connection is refused"),
            )
            .look([look::describe("pod", namespace, name), look::pods(namespace)])
            .fact(format!("pod {name} runs there, and asks for {protocol} port {number} of its node by hostPort"))
            .nearest(Some(instead.clone()))
            .at(at.or_else(|| self.mention()))
            .fix(format!("write {instead}, apply, and send again")),
        )
    }

    /// A pod asks for this port of its node, and runs on another one.
    fn port_of_another_node(&self, dialled: &str, said: &Diagnosis) -> Option<Diagnosis> {
        let port = self.to.port();
        let objects = self.facts.case.cluster.objects();
        let mut pods: Vec<&Arc<Pod>> = objects.list::<Pod>(None).collect();
        pods.sort_by_key(|pod| !self.facts.is_wanted(pod));
        let meant = pods.first().is_some_and(|pod| self.facts.is_wanted(pod));
        let pod = pods.into_iter().find(|pod| {
            let asks = match meant {
                true => self.facts.is_wanted(pod) && placing::host_ports(pod).next().is_some(),
                false => asks_for(pod, port),
            };
            asks && pod.is_ready()
        })?;
        let other = placing::host_ports(pod).next().filter(|_| !asks_for(pod, port));
        let number = other.as_ref().map_or(i32::from(port), |(_, own)| *own);
        let too = match &other {
            Some(_) => format!(" and hostPort: {port}"),
            None => String::new(),
        };
        let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let node = pod.spec.as_ref()?.node_name.as_deref().filter(|node| *node != dialled)?;
        let source = self.facts.pod_source(namespace, name);
        let fact = format!(
            "pod {name} asks for port {number} of its node by hostPort, and runs on {node}"
        );
        let host_name = manifest::field("spec.nodeSelector", "kubernetes.io/hostname");
        // The goal calls this very node: the pod is to be there.
        let label = objects
            .get::<Node>("", dialled)
            .and_then(|node| node.metadata.labels.as_ref()?.get("kubernetes.io/hostname").cloned());
        if let (Some(own), Some(label), true) = (&source, label, self.facts.is_wanted(pod))
            && own.source.says(&own.within(&host_name))
        {
            let near = format!("kubernetes.io/hostname: {label}");
            return Some(
                said.clone()
                    .look([look::pods(namespace)])
                    .fact(fact)
                    .nearest(Some(near.clone()))
                    .at(own.line(&host_name))
                    .fix(format!("write {near}{too}, and make the pod anew; then send again")),
            );
        }
        let at = source.and_then(|own| {
            let written = own.pod()?.get("spec")?;
            let fields = ["nodeName", "nodeSelector", "affinity"];
            let field = fields.into_iter().find(|field| !written[*field].is_null())?;
            own.line(&format!("spec.{field}"))
        });
        Some(
            said.clone()
                .look([look::pods(namespace)])
                .fact(fact)
                .nearest(Some(format!("port {number} of {node}")))
                .at(at.or_else(|| self.mention()))
                .fix(format!(
                    "dial {node}, or let a pod with that hostPort run on the node that was dialled"
                )),
        )
    }

    /// A pod on this node listens on the port at its own address, and does not ask for the node's.
    fn no_host_port(
        &self,
        node: &str,
        port: u16,
        said: &Diagnosis,
        wanted: bool,
    ) -> Option<Diagnosis> {
        if NODE_PORTS.contains(&port) {
            return None;
        }
        let mut pods = self.facts.case.cluster.objects().list::<Pod>(None);
        let pod = pods.find(|pod| {
            let spec = pod.spec.as_ref();
            let here = spec.is_some_and(|spec| {
                spec.node_name.as_deref() == Some(node) && spec.host_network != Some(true)
            });
            here && self.facts.listens_on(pod, port) && (!wanted || self.facts.is_wanted(pod))
        })?;
        let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let source = self.facts.pod_source(namespace, name)?;
        if let Some((field, other)) = other_host_ip(pod, port, self.to.ip()) {
            return Some(
                said.clone()
                    .look([look::pods(namespace), look::nodes()])
                    .fact(format!("pod {name} on {node} asks for port {port} by hostPort, and with hostIP {other} for that address alone"))
                    .nearest(Some(format!("hostIP: {}", self.to.ip())))
                    .at(source.line(&field).or_else(|| self.mention()))
                    .fix("take hostIP out: hostPort alone is for every address of the pod's node; apply, and send again"),
            );
        }
        let address = pod.status.as_ref()?.pod_ip.as_deref()?;
        let at = source.line("spec.containers[0].ports");
        Some(
            said.clone()
                .look([look::pods(namespace)])
                .fact(format!("pod {name} on {node} listens on port {port} at its own address, {address}: a node's ports are others"))
                .nearest(Some(format!("hostPort: {port}")))
                .at(at.or_else(|| self.mention()))
                .fix(format!("write hostPort: {port} beside containerPort: {port}, and make the pod anew; or dial {address} from inside")),
        )
    }

    /// The node port is there, for another protocol (R7.1).
    fn node_port_of_another_protocol(&self, node: &str) -> Option<Diagnosis> {
        let dialled = Some(i32::from(self.to.port()));
        let asked = protocol_name(self.trace.flow.protocol);
        let mut services = self.facts.case.cluster.objects().list::<Service>(None);
        let (service, index, protocol) = services.find_map(|service| {
            let ports = service.spec.as_ref()?.ports.as_ref()?;
            let index = ports.iter().position(|port| port.node_port == dialled)?;
            Some((service, index, ports[index].protocol.as_deref().unwrap_or("TCP")))
        })?;
        if protocol == asked {
            return None;
        }
        let (namespace, name) = services::full_name(service);
        let path = format!("spec.ports[{index}].protocol");
        Some(
            Diagnosis::new(
                "other-protocol",
                format!(
                    "port {} of {node} is for {protocol} alone, and was dialled with {asked}",
                    self.to.port()
                ),
            )
            .look([look::service(namespace, name)])
            .fact(format!("it is a node port of Service {}", shown_name(namespace, name)))
            .nearest(Some(format!("protocol: {asked}")))
            .at(self.facts.locator.field("Service", namespace, name, &path))
            .fix(format!("write protocol: {asked}, apply, and send again")),
        )
    }

    /// A pod asks for this port of its node, and does not run (R1.5).
    fn host_port(&self, port: u16) -> Option<Diagnosis> {
        let pods = self.facts.case.cluster.objects().list::<Pod>(None);
        let asking: Vec<&std::sync::Arc<Pod>> = pods.filter(|pod| asks_for(pod, port)).collect();
        // One that is meant and runs elsewhere tells more than another that waits.
        if asking.iter().any(|pod| self.facts.is_wanted(pod) && pod.is_ready()) {
            return None;
        }
        let waiting: Vec<&std::sync::Arc<Pod>> =
            asking.into_iter().filter(|pod| !pod.is_ready()).collect();
        let said = workloads::trouble(self.facts, &waiting)?;
        let pod = waiting.first().and_then(|pod| pod.metadata.name.as_deref()).unwrap_or("");
        Some(said.fact(format!("pod {pod} asks for port {port} of its node, and is not ready")))
    }

    /// The node whose address was dialled.
    pub(super) fn node_dialled(&self) -> Option<String> {
        let dialled = self.to.ip().to_string();
        let mut nodes = self.facts.case.cluster.objects().list::<Node>(None);
        let node = nodes.find(|node| {
            let addresses = node.status.as_ref().and_then(|status| status.addresses.as_ref());
            addresses.into_iter().flatten().any(|address| address.address == dialled)
        })?;
        node.metadata.name.clone()
    }

    /// Node ports that are open: by which Service, for which of its ports.
    fn open_node_ports(&self) -> Vec<(String, i32, i32)> {
        let services = self.facts.case.cluster.objects().list::<Service>(None);
        let mut open = Vec::new();
        for service in services {
            let (namespace, name) = services::full_name(service);
            let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
            for port in ports.into_iter().flatten() {
                if let Some(node_port) = port.node_port {
                    open.push((shown_name(namespace, name), port.port, node_port));
                }
            }
        }
        open
    }
}

/// The address for which alone a pod asks for this port of its node, where that is not the one that was
/// called, and the field that says so.
fn other_host_ip(pod: &Pod, asked: u16, called: IpAddr) -> Option<(String, String)> {
    let containers = pod.spec.iter().flat_map(|spec| spec.containers.iter().enumerate());
    let mut ports = containers.flat_map(|(index, container)| {
        let ports = container.ports.iter().flatten().enumerate();
        ports.map(move |(at, port)| (format!("spec.containers[{index}].ports[{at}].hostIP"), port))
    });
    ports.find_map(|(field, port)| {
        let own = port.host_ip.as_ref().filter(|_| port.host_port == Some(i32::from(asked)))?;
        let other = own.parse::<IpAddr>().ok()?;
        (!other.is_unspecified() && other != called).then(|| (field, own.clone()))
    })
}
