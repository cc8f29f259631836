//! Addresses that lead to nobody: of pods that are gone, of machines that are not there, from outside.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Endpoints, Service};

use super::look::{self, shown_name};
use super::packets::Failed;
use super::{Diagnosis, party_name, selectors, services, slips, workloads};
use crate::api::Pod;
use crate::cluster::Place;
use crate::diagnostic::nearest;
use crate::network::Party;

impl Failed<'_> {
    /// The pods with their addresses; the client itself is none that anybody looks for, and those
    /// that the goal wants come first.
    fn addresses(&self) -> Vec<(String, String)> {
        let namespace = self.facts.namespace();
        let client = self.facts.client_pod();
        let objects = self.facts.case.cluster.objects();
        let mut pods: Vec<&Arc<Pod>> = objects.list::<Pod>(Some(&namespace)).collect();
        pods.retain(|pod| {
            let name = pod.metadata.name.as_deref();
            client.as_ref().is_none_or(|(_, own)| name != Some(own))
        });
        pods.sort_by_key(|pod| !self.facts.is_wanted(pod));
        let named = pods.into_iter().filter_map(|pod| {
            Some((pod.metadata.name.clone()?, pod.status.as_ref()?.pod_ip.clone()?))
        });
        named.collect()
    }

    pub(super) fn is_ready(&self, pod: &str) -> bool {
        let objects = self.facts.case.cluster.objects();
        let pod = objects.get::<Pod>(&self.facts.namespace(), pod);
        pod.is_some_and(|pod| pod.is_ready())
    }

    /// A ready pod that the controller made which had made the one that is gone, with its address.
    fn heir(&self, gone: &Party) -> Option<(String, String)> {
        let Party::Pod { namespace, name } = gone else { return None };
        let mut pods = self.facts.case.cluster.objects().list::<Pod>(Some(namespace));
        let pod = pods.find(|pod| {
            let (kind, maker) = super::owners::maker(self.facts, pod);
            let same = kind != crate::api::Kind::Pod && name.starts_with(&format!("{maker}-"));
            pod.is_ready() && (same || pod.metadata.name.as_deref() == Some(&**name))
        })?;
        Some((pod.metadata.name.clone()?, pod.status.as_ref()?.pod_ip.clone()?))
    }

    /// A Service passed it on to an address that nobody has: somebody wrote it into a slice, or its
    /// pod has just gone.
    pub(super) fn gone_endpoint(&self, was: Option<&Party>) -> Option<Diagnosis> {
        let (rule, endpoint, _) = services::chosen(self.trace)?;
        let address = endpoint.ip().to_string();
        let service = services::find(self.facts, rule)?;
        let (namespace, name) = services::full_name(service);
        let shown = shown_name(namespace, name);
        let said = Diagnosis::new(
            "no-such-pod-address",
            format!("Service {shown} passed it on to {address}, which nobody has"),
        )
        .look([look::endpoints(namespace, name)]);
        let by_hand = self.written_by_hand(service, &address);
        let host = self.facts.case.goal.expect.served_by_host.as_ref();
        let Some((kind, slice, path)) = by_hand else {
            return Some(
                said.look([look::pods(namespace)])
                    .fact("its pod went, and the rules had not followed yet")
                    .at(self.service_field(rule, "spec.selector"))
                    .fix("send again: each new connection chooses anew"),
            );
        };
        let said = said
            .look(was.map(|_| look::pods(namespace)))
            .facts(
                was.map(|was| format!("it was the address of {}, which is gone", party_name(was))),
            )
            .fact(format!("{kind} {slice} was written by hand: nobody keeps it up to date"))
            .at(self.facts.locator.field(kind, namespace, &slice, &path));
        // Whoever takes the place of a pod has another address again.
        if let Some(Party::Pod { namespace: space, name: pod }) = was {
            return Some(said.fix(match selectors::moved(self.facts, service) {
                Some((other_space, other)) if other_space != namespace => format!(
                    "delete {kind} {slice}, and {}",
                    selectors::another_name(self.facts, service, (other_space, other))
                ),
                _ if **space == *namespace => format!(
                    "delete {kind} {slice}, and give Service {name} a selector for the labels of those that take the place of {pod}"
                ),
                _ => format!(
                    "delete {kind} {slice}, and lead to a Service beside the pods of namespace {space}: its selector follows them"
                ),
            }));
        }
        Some(
            said.nearest(
                host.map(|host| format!("the address of {host}: nslookup {host} in a pod")),
            )
            .fix(format!(
                "write {} into {kind} {slice}, and apply",
                match host {
                    Some(host) => format!("the address of {host}"),
                    None => "an address that somebody has".to_owned(),
                }
            )),
        )
    }

    /// Who wrote an address down by hand for a Service, and where: kind, name and path of a slice, or of Endpoints of
    /// the Service's name, which the control plane makes a slice of.
    fn written_by_hand(
        &self,
        service: &Service,
        address: &str,
    ) -> Option<(&'static str, String, String)> {
        let (namespace, name) = services::full_name(service);
        let slices = services::slices(self.facts, service);
        let in_slice = slices.iter().filter(|slice| !services::is_kept(slice)).find_map(|slice| {
            let mut endpoints = slice.endpoints.iter().flatten();
            let index = endpoints.position(|one| one.addresses.iter().any(|own| own == address))?;
            let path = format!("endpoints[{index}].addresses[0]");
            Some(("EndpointSlice", slice.metadata.name.clone()?, path))
        });
        in_slice.or_else(|| {
            // Those of a Service with a selector are the controller's.
            services::selector(service).is_none().then_some(())?;
            let own = self.facts.case.cluster.objects().get::<Endpoints>(namespace, name)?;
            let mut subsets = own.subsets.iter().flatten().enumerate();
            let path = subsets.find_map(|(subset, one)| {
                let mut addresses = one.addresses.iter().flatten();
                let index = addresses.position(|own| own.ip == address)?;
                Some(format!("subsets[{subset}].addresses[{index}].ip"))
            })?;
            Some(("Endpoints", name.to_owned(), path))
        })
    }

    pub(super) fn no_such_pod(&self, was: Option<&Party>) -> Diagnosis {
        let address = self.to.ip().to_string();
        let pods = self.addresses();
        let ready: Vec<&(String, String)> =
            pods.iter().filter(|(pod, _)| self.is_ready(pod)).collect();
        let near = nearest(&address, ready.iter().map(|(_, ip)| ip.as_str()));
        let near = ready.iter().find(|(_, ip)| Some(ip.as_str()) == near && was.is_none());
        let heirs = was.and_then(|was| self.heir(was));
        let wanted = || {
            let first = ready.first().copied()?;
            let objects = self.facts.case.cluster.objects();
            let pod = objects.get::<Pod>(&self.facts.namespace(), &first.0)?;
            self.facts.is_wanted(pod).then_some(first)
        };
        // The client's own address of before leads to nobody that it could be meant to call.
        let client = self.facts.client_pod();
        let own = heirs
            .as_ref()
            .is_some_and(|(heir, _)| client.as_ref().is_some_and(|(_, client)| client == heir));
        let near = match was {
            Some(_) if own => wanted(),
            Some(_) => heirs.as_ref(),
            None => near.copied().or_else(wanted),
        };
        let at = self.mention();
        if let Some(said) = was.and_then(|was| self.held(was).or_else(|| self.waiting_heir(was))) {
            return said;
        }
        let fix = near.map_or_else(
            || "write the address of a pod that is there; or call a Service, whose name stays".to_owned(),
            |(pod, ip)| {
                let file = selectors::in_file(at.as_ref());
                format!("write {ip}, the address of pod {pod}{file}; or call a Service, whose name stays")
            },
        );
        Diagnosis::new(
            "no-such-pod-address",
            match was {
                Some(pod) => format!(
                    "{address} was the address of {}; that pod is gone, and nobody answers",
                    party_name(pod)
                ),
                None => format!("no pod has the address {address}, so nobody answers"),
            },
        )
        .look([look::pods(&self.facts.namespace())])
        .facts(self.read_as())
        .facts(pods.iter().take(6).map(|(pod, ip)| match self.is_ready(pod) {
            true => format!("{pod} has {ip}"),
            false => format!("{pod} has {ip}, and is not ready"),
        }))
        .nearest(near.map(|(pod, ip)| format!("{ip}, which {pod} has")))
        .at(at)
        .fix(fix)
    }

    /// What was called comes from a variable with an address of fewer numbers than four (`10.244.7`).
    fn read_as(&self) -> Option<String> {
        let address = self.to.ip();
        let environment = self.facts.case.cluster.environment(&self.facts.client_place()?);
        let mut hosts = environment.iter().map(|(_, value)| {
            let rest = value.split_once("://").map_or(value.as_str(), |(_, rest)| rest);
            rest.split(['/', ':', '?']).next().unwrap_or(rest)
        });
        let host = hosts.find(|host| slips::filled_up(host).is_some_and(|one| one == address))?;
        Some(format!("{host} has not the four numbers of an address: it is read as {address}"))
    }

    /// The pod is still there, and its containers have ended: somebody deletes it, and a finalizer holds
    /// it.
    fn held(&self, was: &Party) -> Option<Diagnosis> {
        let Party::Pod { namespace, name } = was else { return None };
        let pod = self.facts.case.cluster.objects().get::<Pod>(namespace, name)?;
        pod.metadata.deletion_timestamp.as_ref()?;
        let held = pod.metadata.finalizers.as_ref().filter(|held| !held.is_empty())?;
        let source = self.facts.pod_source(namespace, name);
        let at = source.and_then(|own| own.line("metadata.finalizers"));
        let address = self.to.ip();
        Some(
            Diagnosis::new(
                "no-such-pod-address",
                format!("{address} was the address of pod {name}, whose containers have ended: it is being deleted"),
            )
            .look([look::pods(namespace), look::yaml("pod", namespace, name)])
            .fact(format!("pod {name} is Terminating: its finalizer {} keeps the object, and not what ran in it", held.join(", ")))
            .at(at.or_else(|| self.mention()))
            .fix(format!("take the finalizer out, so that pod {name} can go, and let a controller make its pods")),
        )
    }

    /// A pod of the same name was made since, and waits without an address: what it waits for comes first.
    fn waiting_heir(&self, was: &Party) -> Option<Diagnosis> {
        let Party::Pod { namespace, name } = was else { return None };
        let pod = self.facts.case.cluster.objects().get::<Pod>(namespace, name)?;
        let without = pod.status.as_ref().is_none_or(|status| status.pod_ip.is_none());
        let source = self.facts.locator.source("Pod", namespace, name).filter(|_| without)?;
        workloads::bare_pod(self.facts, &source)
    }

    pub(super) fn outside(&self) -> Diagnosis {
        let address = self.to.ip();
        let objects = self.facts.case.cluster.objects();
        let service = objects
            .list::<Service>(None)
            .find(|service| services::cluster_ip(service) == address.to_string());
        let Some(service) = service else {
            return self.pod_from_outside().unwrap_or_else(|| self.nowhere());
        };
        let (namespace, name) = services::full_name(service);
        let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
        let node_port = ports.into_iter().flatten().find_map(|port| port.node_port);
        if let Some(node_port) = node_port {
            return Diagnosis::new(
                "outside-cannot-reach-service",
                format!("{address} is Service {name}'s cluster IP, and means nothing outside the cluster"),
            )
            .look([look::service(namespace, name), look::nodes()])
            .fact("only nodes have the rules that replace it by a pod's address")
            .fact(format!("Service {name} has a port on every node: {node_port}"))
            .nearest(Some(format!("a node's address at port {node_port}")))
            .at(self.mention())
            .fix(format!("dial a node's address at port {node_port}, and send again"));
        }
        let line = self.facts.locator.field("Service", namespace, name, "spec.type");
        Diagnosis::new(
            "outside-cannot-reach-service",
            format!(
                "{address} is Service {name}'s cluster IP, and means nothing outside the cluster"
            ),
        )
        .look([look::service(namespace, name), look::nodes()])
        .fact("only nodes have the rules that replace it by a pod's address")
        .fact("the laptop reaches nodes: a Service of type NodePort opens a port on each")
        .fix(format!(
            "{}, and dial a node at the node port",
            services::to_node_port(service, line.is_some())
        ))
        .at(line.or_else(|| self.mention()))
    }

    /// The laptop called a pod by its own address.
    fn pod_from_outside(&self) -> Option<Diagnosis> {
        let address = self.to.ip().to_string();
        let mut pods = self.facts.case.cluster.objects().list::<Pod>(None);
        let pod = pods.find(|pod| {
            pod.status
                .as_ref()
                .is_some_and(|status| status.pod_ip.as_deref() == Some(address.as_str()))
        })?;
        let name = shown_name(
            pod.metadata.namespace.as_deref().unwrap_or(""),
            pod.metadata.name.as_deref().unwrap_or(""),
        );
        // The player's own script may ask from elsewhere, where the goal does not say by which node it comes.
        let free = self.facts.case.goal.expect.via_node.is_empty();
        let inside = self.client_inside().filter(|_| free);
        let door = self.door_to(pod);
        let fix = match (&door, &inside) {
            (Some((service, port)), _) => format!(
                "dial a node's address at port {port}, the node port of Service {service}, and send again"
            ),
            (None, Some(place)) => format!("ask from inside: kubectl exec {place} -- curl …"),
            (None, None) => format!(
                "make a Service of type NodePort that selects pod {name}, and dial a node at its node port"
            ),
        };
        Some(
            Diagnosis::new(
                "outside-cannot-reach-pod",
                format!(
                    "{address} is the address of pod {name}, and means nothing outside the cluster"
                ),
            )
            .look([look::pods(&self.facts.namespace()), look::nodes()])
            .fact("the laptop has routes to the nodes alone")
            .at(self.mention())
            .fix(fix),
        )
    }

    /// The Service that gives the pod a port of every node, and that port.
    fn door_to(&self, pod: &Arc<Pod>) -> Option<(String, i32)> {
        let mut services = self.facts.case.cluster.objects().list::<Service>(None);
        services.find_map(|service| {
            let (_, matching) = services::pods(self.facts, service);
            matching.iter().find(|one| Arc::ptr_eq(one, pod))?;
            let ports = service.spec.as_ref()?.ports.as_ref()?;
            let port = ports.iter().find_map(|port| port.node_port)?;
            let (namespace, name) = services::full_name(service);
            Some((shown_name(namespace, name), port))
        })
    }

    /// A running pod with curl, other than servers that the goal wants, from which one can ask.
    fn client_inside(&self) -> Option<String> {
        let cluster = self.facts.case.cluster;
        let namespace = self.facts.namespace();
        let mut pods = cluster.objects().list::<Pod>(Some(&namespace));
        let pod = pods.find(|pod| {
            let containers = pod.spec.as_ref().map_or(&[][..], |spec| spec.containers.as_slice());
            let place = containers.first().map(|container| Place::Container {
                namespace: namespace.as_str().into(),
                pod: pod.metadata.name.as_deref().unwrap_or("").into(),
                container: container.name.as_str().into(),
            });
            let image = place.as_ref().and_then(|place| cluster.image(place));
            pod.is_ready() && image.is_some_and(|image| image.holds("curl"))
        })?;
        pod.metadata.name.clone()
    }

    /// An address that nobody leads to the cluster.
    fn nowhere(&self) -> Diagnosis {
        let address = self.to.ip().to_string();
        let holds = |service: &&Arc<Service>| {
            let spec = service.spec.as_ref();
            let own = spec.into_iter().flat_map(|spec| spec.external_ips.iter().flatten());
            let status = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
            let given = status.into_iter().flat_map(|balancer| balancer.ingress.iter().flatten());
            own.chain(given.filter_map(|one| one.ip.as_ref())).any(|ip| *ip == address)
        };
        let objects = self.facts.case.cluster.objects();
        let service = objects.list::<Service>(None).find(holds);
        let said = Diagnosis::new(
            "no-such-host",
            format!("nobody leads {address} to a machine, so nobody answers there"),
        )
        .look([look::services(&self.facts.namespace()), look::nodes()])
        .at(self.mention());
        match service {
            Some(service) => {
                let (_, name) = services::full_name(service);
                let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_ref());
                let node_port = ports.into_iter().flatten().find_map(|port| port.node_port);
                let other = node_port.map(|port| format!("a node's address at port {port}"));
                said.fact(format!("it stands in Service {name}: the nodes would take packets to it, if somebody brought them"))
                    .nearest(other.clone())
                    .fix(match other {
                        Some(other) => format!("dial {other}"),
                        None => "dial an address that leads to a node".to_owned(),
                    })
            }
            None => said.fix("dial an address that somebody has: a node's, at a node port"),
        }
    }
}
