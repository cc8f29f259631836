//! Packets that reached a machine on which nobody listens at that port.

use std::net::Ipv4Addr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ContainerPort, Service};

use super::asked::{question_of, service_of};
use super::look::{self, shown_name};
use super::packets::Failed;
use super::services::protocol_name;
use super::{
    Diagnosis, containers, listens_in, locate, party_name, placing, selectors, services, trial,
    workloads,
};
use crate::api::Pod;
use crate::cluster::Place;
use crate::diagnostic::Location;
use crate::network::{Because, Party, SocketAddr};

/// How many changes are tried.
pub(super) const MOST_TRIED: usize = 4;

impl Failed<'_> {
    /// R2.6
    pub fn nobody_listens(&self, listening: &[SocketAddr]) -> Diagnosis {
        if let Some((rule, endpoint, pod)) = services::chosen(self.trace) {
            let Some(service) = services::find(self.facts, rule) else {
                return Diagnosis::new(
                    "target-port-closed",
                    format!("nobody listens at {endpoint}"),
                );
            };
            return self.closed_target((service, self.to.port()), endpoint, pod, listening);
        }
        if let Some(upstream) = &self.facts.upstream {
            let pod = self.trace.hops.last().map(|hop| &hop.place);
            return self.closed_target((&upstream.service, upstream.port), self.to, pod, listening);
        }
        let reached = self.trace.hops.last().map(|hop| hop.place.clone());
        let pod = match &reached {
            Some(Party::Pod { namespace, name }) => {
                self.facts.case.cluster.objects().get::<Pod>(namespace, name)
            }
            _ => None,
        };
        if let Some(said) = pod.and_then(|pod| workloads::trouble(self.facts, &[pod])) {
            return said;
        }
        if let Some(said) = pod.and_then(|pod| self.other_protocol(pod)) {
            return said;
        }
        let meant_elsewhere = || {
            let client = self.facts.client_pod().map(|(_, name)| name);
            let mut pods = self.facts.case.cluster.objects().list::<Pod>(None);
            pods.any(|pod| self.facts.is_wanted(pod) && pod.metadata.name != client)
        };
        if self.to.ip().is_loopback() && (listening.is_empty() || meant_elsewhere()) {
            return self.other_pods_loopback(listening);
        }
        if let Some(said) = self.headless_port(listening) {
            return said;
        }
        if let Some(said) = self.host_port_to_nowhere(listening) {
            return said;
        }
        if let Some(node) = self.node_dialled() {
            return self.closed_node_port(&node);
        }
        if let Some(said) = pod.and_then(|pod| self.own_address(pod, listening)) {
            return said;
        }
        let port = self.to.port();
        let who = reached.as_ref().map_or_else(String::new, party_name);
        let look = match (pod.and_then(|pod| pod.metadata.name.as_deref()), &reached) {
            (Some(name), _) => look::describe("pod", &self.facts.namespace(), name),
            // Only what led there is the cluster's.
            (None, Some(Party::Outside(_))) => look::services(&self.facts.namespace()),
            (None, _) => look::pods(&self.facts.namespace()),
        };
        if let Some(own) = listening.iter().find(|open| open.port() == port) {
            return self.other_address(&who, *own).look([look]);
        }
        self.closed_port((&who, reached.as_ref(), pod), listening, look)
    }

    /// The client dialled its own pod's address, and another pod is meant.
    fn own_address(&self, pod: &Pod, listening: &[SocketAddr]) -> Option<Diagnosis> {
        let (namespace, name) = self.facts.client_pod()?;
        let is_own = containers::full_name(pod) == (&*namespace, &*name);
        if !is_own || self.to.ip().is_loopback() || self.facts.is_wanted(pod) {
            return None;
        }
        let (port, own) = (self.to.port(), self.to.ip());
        let said = Diagnosis::new(
            "nobody-listens",
            format!(
                "{own} is the address of pod {name} itself, and nobody in it listens on port {port}"
            ),
        )
        .look(look::listening(self.facts.case.cluster, pod))
        .fact(open_ports(&format!("pod {name}"), listening))
        .at(self.mention());
        self.facts.call_the_wanted(&said)
    }

    /// A variable that was to tell the server its port is written otherwise than the one which the image has.
    fn unread_variable(&self, pod: &Pod) -> Option<Diagnosis> {
        let (namespace, name) = containers::full_name(pod);
        let port = self.to.port();
        let containers = pod.spec.as_ref()?.containers.iter().enumerate();
        let (index, at, container, given, meant) =
            containers.into_iter().find_map(|(index, one)| {
                let place = containers::place_of(pod, &one.name);
                let image = self.facts.case.cluster.image(&place)?;
                one.env.iter().flatten().enumerate().find_map(|(at, variable)| {
                    let own = image.environment.iter().map(|(own, _)| own);
                    let mut own = own.filter(|own| own.eq_ignore_ascii_case(&variable.name));
                    let meant = own.find(|own| **own != variable.name)?;
                    (variable.value.as_deref() == Some(&*port.to_string())).then_some((
                        index,
                        at,
                        &one.name,
                        &variable.name,
                        meant,
                    ))
                })
            })?;
        let source = self.facts.pod_source(namespace, name);
        let path = format!("spec.containers[{index}].env[{at}].name");
        Some(
            Diagnosis::new(
                "nobody-listens",
                format!("pod {name} is there, but nobody listens on port {port}, so the connection is refused"),
            )
            .fact(format!("container {container} is given {given}, and its image has {meant}: capitals count"))
            .nearest(Some(format!("name: {meant}")))
            .at(source.and_then(|source| source.line(&path)))
            .fix(format!("write {meant} instead of {given}, apply, and send again")),
        )
    }

    /// Somebody is there, and no socket has the port.
    fn closed_port(
        &self,
        (who, reached, pod): (&str, Option<&Party>, Option<&Arc<Pod>>),
        listening: &[SocketAddr],
        look: String,
    ) -> Diagnosis {
        let port = self.to.port();
        let at = self.mention();
        if at.is_none()
            && let Some(said) = pod.and_then(|pod| self.servers_port(pod, listening))
        {
            return said;
        }
        if let Some(said) = pod.and_then(|pod| self.unread_variable(pod)) {
            return said.look([look]).fact(open_ports(who, listening));
        }
        // Where the protocol's own port is open, that one is meant.
        let usual = self.facts.fetched.map(|fetched| if fetched.tls { 443 } else { 80 });
        let usual = usual.filter(|usual| listening.iter().any(|open| open.port() == *usual));
        let first = (!listening.is_empty())
            .then(|| usual.map_or_else(|| port_list(listening, " or "), |port| port.to_string()));
        if let Some(said) = self.port_in_path(who, listening) {
            return said.look([look]).at(at);
        }
        let plain = self.facts.fetched.is_some_and(|fetched| fetched.tls)
            && port == 443
            && listening.iter().any(|open| open.port() == 80);
        let fix = match &first {
            Some(_) if plain && at.is_some() => {
                "write http:// instead of https://, apply, and send again".to_owned()
            }
            _ if at.is_none() && matches!(reached, Some(Party::Outside(_))) => {
                self.mapped_outside()
            }
            Some(open) if at.is_some() => format!("dial port {open}, apply, and send again"),
            Some(_) => format!("let a server in {who} listen on port {port}, and send again"),
            None => format!("start a server in {who}, or dial somebody who serves"),
        };
        Diagnosis::new(
            "nobody-listens",
            format!(
                "{who} is there, but nobody listens on port {port}, so the connection is refused"
            ),
        )
        .look(pod.and_then(|pod| look::listening(self.facts.case.cluster, pod)))
        .look([look])
        .fact(open_ports(who, listening))
        .facts(self.alias_fact())
        .facts(plain.then(|| "https:// means port 443, and http:// port 80".to_owned()))
        .nearest(match plain {
            true => Some("http:// instead of https://".to_owned()),
            false => first.map(|open| format!("port {open}")),
        })
        .at(at)
        .fix(fix)
    }

    /// `http://web/8080`: the port stands where the path begins.
    fn port_in_path(&self, who: &str, listening: &[SocketAddr]) -> Option<Diagnosis> {
        let target = &self.facts.fetched?.target;
        let meant: u16 = target.strip_prefix('/')?.trim_end_matches('/').parse().ok()?;
        listening.iter().find(|open| open.port() == meant)?;
        let port = self.to.port();
        Some(
            Diagnosis::new(
                "nobody-listens",
                format!(
                    "{who} was called at port {port}, where nobody listens, for the path {target}"
                ),
            )
            .fact(open_ports(who, listening))
            .fact("a port stands behind a colon; what stands behind a / is a path")
            .nearest(Some(format!(":{meant}")))
            .fix(format!("write :{meant} in place of {target} in the URL, and send again")),
        )
    }

    /// Nothing of the player's says which port is dialled: the server's own is at fault.
    fn servers_port(&self, pod: &Pod, listening: &[SocketAddr]) -> Option<Diagnosis> {
        let (open, port) = (listening.first()?.port(), self.to.port());
        let (namespace, name) = (pod.metadata.namespace.as_deref()?, pod.metadata.name.as_deref()?);
        let server = self.facts.pod_source(namespace, name)?;
        let socket = self.facts.listeners(pod).into_iter().find(|one| one.port == open);
        let container = socket.and_then(|one| one.container);
        let specs = server.pod()?.pointer("/spec/containers")?.as_array()?;
        let index = container.as_deref().and_then(|container| {
            specs.iter().position(|spec| spec["name"].as_str() == Some(container))
        });
        let index = index.unwrap_or(0);
        let fields = ["args", "command", "image"];
        let field = fields.into_iter().find(|field| !specs[index][*field].is_null())?;
        let line = locate::at(
            &server.source,
            &server.within(&format!("spec.containers[{index}].{field}")),
        );
        let words = [format!(":{open}"), format!("={open}"), format!("{open}")];
        let at = self.facts.locator.mention_in(&server.source, words).or(line);
        let who = container.map_or_else(|| format!("pod {name}"), |one| format!("container {one}"));
        let list = port_list(listening, ", ");
        Some(
            Diagnosis::new(
                "nobody-listens",
                format!(
                    "pod {} is there, but nobody listens on port {port}, so the connection is refused",
                    shown_name(namespace, name)
                ),
            )
            .look(look::listening(self.facts.case.cluster, pod))
            .look([look::describe("pod", namespace, name)])
            .fact(format!("open in pod {name}: port {list}"))
            .fact(format!("the caller dials port {port}"))
            .at(at)
            .fix(format!("let {who} listen on port {port}, which is dialled; apply, and send again")),
        )
    }

    /// Nobody of the player's says which port of an outside machine is dialled, and nobody here can open
    /// another one there: a Service with a slice of its own maps ports.
    fn mapped_outside(&self) -> String {
        let alias = self.facts.fetched.and_then(|fetched| {
            let service = super::service_names::find(self.facts, &fetched.host)?;
            Some(services::full_name(service).1.to_owned())
        });
        match alias {
            Some(name) => format!(
                "make {name} a Service without a selector, with an EndpointSlice that has the machine's address and its port: that maps ports"
            ),
            None => "dial a port that is open there, and send again".to_owned(),
        }
    }

    /// The name that was called is only another name (R7.5).
    fn alias_fact(&self) -> Option<String> {
        let host = &self.facts.fetched?.host;
        let service = super::service_names::find(self.facts, host)?;
        let target = service.spec.as_ref()?.external_name.as_ref()?;
        Some(format!("{host} is only another name for {target}: an ExternalName maps no ports"))
    }

    /// The port is open, at one address alone, and another one was dialled (R1.2).
    fn other_address(&self, who: &str, own: SocketAddr) -> Diagnosis {
        let (dialled, port) = (self.to.ip(), own.port());
        Diagnosis::new(
            "nobody-listens",
            format!("{who} is there, but nobody listens at {dialled} on port {port}, so the connection is refused"),
        )
        .fact(format!("the server listens at {own} alone: that is another address"))
        .fact("a server that listens on 0.0.0.0 is reached at every address of its pod")
        .at(self.mention())
        .fix(format!("let the server listen on 0.0.0.0:{port}, or dial {own}; apply, and send again"))
    }

    /// The port is open, but for another protocol.
    fn other_protocol(&self, pod: &Pod) -> Option<Diagnosis> {
        let (asked, port) = (self.trace.flow.protocol, self.to.port());
        let open = self.facts.listeners(pod);
        let other = open.iter().find(|open| open.port == port && open.protocol != asked)?;
        let name = pod.metadata.name.as_deref().unwrap_or("");
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
        let (asked, other) = (protocol_name(asked), protocol_name(other.protocol));
        Some(
            Diagnosis::new(
                "other-protocol",
                format!(
                    "pod {name} has port {port} open for {other}, and was dialled with {asked}"
                ),
            )
            .look([look::describe("pod", namespace, name)])
            .fact("TCP and UDP have ports of their own: one says nothing of the other")
            .at(self.mention())
            .fix(format!("ask with {other}, or let the server listen with {asked}")),
        )
    }

    /// The port of the node leads to a port of the pod on which nobody listens (R1.5).
    fn host_port_to_nowhere(&self, listening: &[SocketAddr]) -> Option<Diagnosis> {
        let (pod, endpoint) = self.trace.hops.iter().find_map(|hop| match &hop.because {
            Because::HostPort { pod, endpoint } => Some((pod, *endpoint)),
            _ => None,
        })?;
        let Party::Pod { namespace, name } = pod else { return None };
        let (asked, port) = (self.to.port(), endpoint.port());
        let stored = self.facts.case.cluster.objects().get::<Pod>(namespace, name)?;
        let path = port_path(stored, |one| one.host_port == Some(i32::from(asked)))?;
        let source = self.facts.pod_source(namespace, name);
        let at = source.and_then(|own| own.line(&format!("{path}.containerPort")));
        let open = port_list(listening, " or ");
        Some(
            Diagnosis::new(
                "closed-node-port",
                format!("port {asked} of the node leads to port {port} of pod {name}, where nobody listens"),
            )
            .look([look::describe("pod", namespace, name), look::pods(namespace)])
            .fact(format!("hostPort {asked} stands beside containerPort {port}: that is where it leads"))
            .fact(open_ports(&format!("pod {name}"), listening))
            .nearest((!open.is_empty()).then(|| format!("containerPort: {open}")))
            .at(at.or_else(|| self.mention()))
            .fix(match open.is_empty() {
                true => format!("let a server in pod {name} listen on port {port}"),
                false => format!("write containerPort: {open} beside hostPort: {asked}, apply, and send again"),
            }),
        )
    }

    /// R7.6: a headless Service has no rules that could turn its port into another.
    fn headless_port(&self, listening: &[SocketAddr]) -> Option<Diagnosis> {
        let asked = question_of(self.facts, self.trace)?;
        let (namespace, name) = service_of(&asked)?;
        let service = self.facts.case.cluster.objects().get::<Service>(namespace, name)?;
        let (index, port) = services::port(service, self.to.port())?;
        let target = services::target(port);
        if !services::is_headless(service) || target == self.to.port().to_string() {
            return None;
        }
        let is_open = listening.iter().any(|open| open.port().to_string() == target);
        let open = match is_open || listening.is_empty() {
            true => target.clone(),
            false => port_list(listening, " or "),
        };
        Some(
            Diagnosis::new(
                "headless-maps-no-port",
                format!(
                    "Service {name} is headless: its name leads to pods, and its port {} to nothing",
                    port.port
                ),
            )
            .look([look::service(namespace, name), look::pods(namespace)])
            .fact(format!("targetPort is {target}, but no rule replaces the port"))
            .nearest(Some(format!("port {open}, which the pods listen on")))
            .at(self
                .facts
                .locator
                .field("Service", namespace, name, &format!("spec.ports[{index}].port"))
                .or_else(|| self.mention()))
            .fix(format!("dial port {open}, which the pods listen on")),
        )
    }

    /// A Service passed the connection on to a pod that does not listen there.
    fn closed_target(
        &self,
        (service, port): (&Service, u16),
        endpoint: SocketAddr,
        pod: Option<&Party>,
        listening: &[SocketAddr],
    ) -> Diagnosis {
        let stored = match pod {
            Some(Party::Pod { namespace, name }) => {
                self.facts.case.cluster.objects().get::<Pod>(namespace, name)
            }
            _ => None,
        };
        if let Some(said) = stored.and_then(|pod| workloads::trouble(self.facts, &[pod])) {
            return said;
        }
        let has_selector = services::selector(service).is_some();
        if let Some(said) = stored
            .and_then(|pod| selectors::listed_unready(self.facts, service, pod, endpoint.port()))
        {
            return said;
        }
        if !listening.is_empty()
            && let Some(said) = selectors::passes_over(self.facts, service, Some(endpoint.port()))
        {
            return said;
        }
        if let (true, true, Some(Party::Pod { namespace, name })) =
            (listening.is_empty(), has_selector, pod)
        {
            let pod = (&**namespace, &**name);
            return selectors::wrong_pods(self.facts, service, pod, endpoint.port());
        }
        if let Some(said) = stored.and_then(|pod| selectors::too_wide(self.facts, service, pod)) {
            return said;
        }
        match has_selector {
            true => self.target_port((service, port), endpoint, pod, listening),
            false => self.slice_port(service, endpoint, listening),
        }
    }

    fn target_port(
        &self,
        (service, port): (&Service, u16),
        endpoint: SocketAddr,
        pod: Option<&Party>,
        listening: &[SocketAddr],
    ) -> Diagnosis {
        let (namespace, name) = services::full_name(service);
        let shown = shown_name(namespace, name);
        let who = pod.map_or_else(|| endpoint.ip().to_string(), party_name);
        let port_of = services::port(service, port);
        let index = port_of.map_or(0, |(index, _)| index);
        let target =
            port_of.map_or_else(|| endpoint.port().to_string(), |(_, port)| services::target(port));
        let path = format!("spec.ports[{index}].targetPort");
        let at = self.facts.locator.field("Service", namespace, name, &path);
        let mut numbers: Vec<u16> = listening.iter().map(|open| open.port()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let passes = |port: &&u16| {
            let command = trial::target_port(namespace, name, index, &port.to_string());
            trial::after(self.facts, &command) == trial::Tried::Passes
        };
        let several = numbers.len() > 1;
        let one = numbers.iter().take(MOST_TRIED).find(passes).filter(|_| several);
        let open = one.map_or_else(|| port_list(listening, " or "), u16::to_string);
        let file = selectors::in_file(at.as_ref());
        let fix = match (&at, numbers.as_slice()) {
            // No file says it: somebody made the Service by a command.
            (None, [only]) => format!(
                "{}, and send again",
                trial::target_port(namespace, name, index, &only.to_string())
            ),
            _ => format!("write targetPort: {open}{file}, apply, and send again"),
        };
        Diagnosis::new(
            "target-port-closed",
            format!(
                "Service {shown} passed it on to port {} of {who}, where nobody listens",
                endpoint.port()
            ),
        )
        .look([look::service(namespace, name), look::endpoints(namespace, name)])
        .fact(format!("targetPort of Service {shown} is {target}"))
        .fact(open_ports(&who, listening))
        .nearest(Some(format!("targetPort: {open}")))
        .at(at)
        .fix(fix)
    }

    /// An EndpointSlice that somebody wrote says the port.
    fn slice_port(
        &self,
        service: &Service,
        endpoint: SocketAddr,
        listening: &[SocketAddr],
    ) -> Diagnosis {
        let (namespace, name) = services::full_name(service);
        let slice = services::slices(self.facts, service).pop();
        let slice = slice.and_then(|slice| slice.metadata.name.as_deref()).unwrap_or("");
        let who = endpoint.ip().to_string();
        let fix = listening.first().map_or_else(String::new, |open| {
            format!("write port {} in EndpointSlice {slice}, and apply", open.port())
        });
        Diagnosis::new(
            "target-port-closed",
            format!(
                "Service {} passed it on to port {} of {who}, where nobody listens",
                shown_name(namespace, name),
                endpoint.port()
            ),
        )
        .look([look::endpoints(namespace, name)])
        .fact(format!("EndpointSlice {slice} says so: the Service has no selector"))
        .fact(open_ports(&who, listening))
        .at(self.facts.locator.field("EndpointSlice", namespace, slice, "ports[0].port"))
        .fix(fix)
    }

    /// localhost on a machine that is no pod.
    fn machines_loopback(&self, who: &str) -> Diagnosis {
        let port = self.to.port();
        let node_port = |service: &Service| {
            let ports = service.spec.as_ref().and_then(|spec| spec.ports.as_deref());
            let mut ports = ports.unwrap_or_default().iter().filter_map(|port| port.node_port);
            ports.find(|open| *open == i32::from(port))
        };
        let objects = self.facts.case.cluster.objects();
        let service = objects.list::<Service>(None).find(|one| node_port(one).is_some());
        let said = Diagnosis::new(
            "other-pods-loopback",
            format!("localhost is {who} itself, and nobody on it listens on port {port}"),
        )
        .look([look::nodes(), look::services(&self.facts.namespace())])
        .fact(format!("127.0.0.1 never leaves {who}"))
        .at(self.mention());
        match service {
            Some(service) => {
                let (namespace, name) = services::full_name(service);
                let shown = shown_name(namespace, name);
                said.fact(format!(
                    "Service {shown} has node port {port} at the addresses of the nodes"
                ))
                .nearest(Some("a node's address: kubectl get nodes -o wide".to_owned()))
                .fix("write a node's address instead of localhost, and send again")
            }
            None => match services::meant_from_outside(self.facts) {
                Some((shown, open)) => said
                    .fact(format!("Service {shown} is reached at the addresses of the nodes, at node port {open}"))
                    .nearest(Some(format!("a node's address at node port {open}")))
                    .fix(format!("dial a node's address at node port {open}, and send again")),
                None => {
                    said.fix("write the address of a machine that listens there, and send again")
                }
            },
        }
    }

    fn other_pods_loopback(&self, listening: &[SocketAddr]) -> Diagnosis {
        if let who @ (Party::Laptop | Party::Node(_)) = &self.trace.from
            && !matches!(self.facts.client_place(), Some(Place::Container { .. }))
        {
            return self.machines_loopback(&party_name(who));
        }
        let client = self.facts.client_pod();
        let namespace = self.facts.namespace();
        let pod = client.map_or_else(|| "this pod".to_owned(), |(_, pod)| pod);
        let port = self.to.port();
        let pods = self.facts.case.cluster.objects().list::<Pod>(Some(&namespace));
        let mut serving: Vec<&std::sync::Arc<Pod>> =
            pods.filter(|other| self.facts.listens_on(other, port)).collect();
        serving.retain(|other| other.metadata.name.as_ref() != Some(&pod));
        serving.sort_by_key(|other| !self.facts.is_wanted(other));
        let elsewhere = serving.first();
        let elsewhere = elsewhere.and_then(|other| other.metadata.name.as_deref());
        let wanted = self.facts.wanted_service().map(|service| services::full_name(service));
        let fix = match elsewhere {
            _ if wanted.is_some() => {
                let (namespace, name) = wanted.unwrap_or_default();
                format!("call Service {} in place of localhost", shown_name(namespace, name))
            }
            Some(other) => format!(
                "put both containers into one pod, or call pod {other} by its address or a Service"
            ),
            None => format!("start a server in pod {pod}, or call somebody who serves"),
        };
        if let Some(said) = self.replaced_program(&namespace, &pod) {
            return said;
        }
        Diagnosis::new(
            "other-pods-loopback",
            match listening.is_empty() {
                true => {
                    format!("localhost is pod {pod} itself, and nobody in it listens on any port")
                }
                false => format!(
                    "localhost is pod {pod} itself, and nobody in it listens on port {port}"
                ),
            },
        )
        .look([look::pods(&namespace), look::describe("pod", &namespace, &pod)])
        .fact("every pod has a loopback device of its own")
        .facts(
            elsewhere
                .map(|other| format!("port {port} is open in pod {other}, which is another pod")),
        )
        .at(self.mention())
        .fix(fix)
    }

    /// A container of the pod has a server for an image, and a command of its own in place of it: the image's
    /// server would listen on the port that was dialled.
    fn replaced_program(&self, namespace: &str, pod: &str) -> Option<Diagnosis> {
        let port = self.to.port();
        let cluster = self.facts.case.cluster;
        let containers = &cluster.objects().get::<Pod>(namespace, pod)?.spec.as_ref()?.containers;
        let serves = |image: &str| {
            let command = format!("kubectl run {TRIAL_POD} -n {namespace} --image={image}");
            trial::changed(self.facts, &command).is_some_and(|copy| {
                let made = copy.objects().get::<Pod>(namespace, TRIAL_POD);
                made.is_some_and(|pod| listens_in(&copy, pod, port))
            })
        };
        let mut replaced = containers.iter().enumerate().filter(|(_, one)| one.command.is_some());
        let (index, container) =
            replaced.find(|(_, one)| one.image.as_deref().is_some_and(serves))?;
        let image = container.image.as_deref()?;
        let (name, command) = (&container.name, container.command.as_ref()?.join(" "));
        let source = self.facts.pod_source(namespace, pod);
        let at = source.and_then(|own| own.line(&format!("spec.containers[{index}].command")));
        Some(
            Diagnosis::new(
                "nobody-listens",
                format!("nobody in pod {pod} listens on port {port}: container {name} runs another program than its image's server"),
            )
            .look([look::describe("pod", namespace, pod)])
            .fact(format!("container {name} runs {command} in place of what image {image} starts"))
            .fact("command takes the place of the image's own program")
            .at(at)
            .fix(format!("take command out of container {name}, apply, and send again")),
        )
    }

    /// The line of the player's that names one of the words in the object of the pod that was reached.
    fn server_line<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Option<Location> {
        let place = &self.trace.hops.last()?.place;
        let Party::Pod { namespace, name } = place else { return None };
        let server = self.facts.pod_source(namespace, name)?;
        self.facts.locator.mention_in(&server.source, words)
    }

    /// R1.4
    pub fn loopback_only(&self, process: &str, port: u16) -> Diagnosis {
        let pod = match self.trace.hops.last().map(|hop| &hop.place) {
            Some(Party::Pod { namespace, name }) => {
                self.facts.case.cluster.objects().get::<Pod>(namespace, name)
            }
            _ => None,
        };
        let open = pod.map(|pod| self.facts.listeners(pod)).unwrap_or_default();
        let mut own = open.iter().filter(|one| one.port == port && one.address.is_loopback());
        let own = own.next().map_or(Ipv4Addr::LOCALHOST.into(), |one| one.address);
        let listening = SocketAddr::new(own, port);
        let own = own.to_string();
        let written = [format!("[{own}]"), own.clone(), "localhost".to_owned()];
        Diagnosis::new(
            "loopback-only",
            format!(
                "{process} listens on port {port}, but on {own} alone: only its own pod reaches it"
            ),
        )
        .look(pod.and_then(|pod| look::listening(self.facts.case.cluster, pod)))
        .look([look::pods(&self.facts.namespace())])
        .fact(format!("the request came to {}, and {process} waits at {listening}", self.to))
        .facts(pod.filter(|pod| declares(pod, port)).map(|_| {
            format!("containerPort: {port} says what the container has open, and opens nothing")
        }))
        .at(self.server_line(written).or_else(|| self.mention()))
        .fix(format!("let {process} listen on 0.0.0.0:{port}"))
    }
}

/// Where in a pod the first port stands that `fits`: `spec.containers[0].ports[1]`.
pub(super) fn port_path(pod: &Pod, fits: impl Fn(&ContainerPort) -> bool) -> Option<String> {
    let containers = pod.spec.as_ref()?.containers.iter().enumerate();
    let mut found = containers.filter_map(|(index, container)| {
        let at = container.ports.iter().flatten().position(&fits)?;
        Some(format!("spec.containers[{index}].ports[{at}]"))
    });
    found.next()
}

/// What a pod is called that is made in a copy of the cluster, to see what its image does by itself.
const TRIAL_POD: &str = "what-the-image-does";

/// Whether a container of the pod names this port as its own.
fn declares(pod: &Pod, port: u16) -> bool {
    port_path(pod, |one| one.container_port == i32::from(port)).is_some()
}

/// Whether a pod asks for a port of its node.
pub(super) fn asks_for(pod: &Pod, port: u16) -> bool {
    placing::host_ports(pod).any(|(_, asked)| asked == i32::from(port))
}

/// The ports that somebody listens on, each once.
fn port_list(listening: &[SocketAddr], between: &str) -> String {
    let mut ports: Vec<u16> = listening.iter().map(|open| open.port()).collect();
    ports.sort_unstable();
    ports.dedup();
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    ports.join(between)
}

fn open_ports(who: &str, listening: &[SocketAddr]) -> String {
    match listening {
        [] => format!("nobody in {who} listens on any port"),
        _ => format!("open in {who}: port {}", port_list(listening, ", ")),
    }
}
