//! Ports that a Service does not have, and addresses that no Service has.

use k8s_openapi::api::core::v1::Service;
use serde_json::Value;

use super::look::{self, shown_name};
use super::packets::{Failed, MOST_PORTS};
use super::services::{protocol_name, short};
use super::{Diagnosis, Facts, locate, service_names, services, trial, variables};
use crate::api::Kind;
use crate::diagnostic::Location;
use crate::network::Protocol;

/// Two entries of a Service's ports have one number, and the blamed line is in one of them: the server makes one
/// port of them when it merges what kubectl applies, with the fields of the last.
pub(super) fn twice(facts: &Facts<'_>, said: &Diagnosis) -> Option<Diagnosis> {
    let line = said.at.as_ref()?;
    let sources = facts.locator.sources();
    let source = facts.locator.source_at(&sources, line)?;
    (source.kind() == Some(Kind::Service)).then_some(())?;
    let ports = source.value["spec"]["ports"].as_array()?;
    let same = |one: &Value, other: &Value| {
        one["port"] == other["port"] && one["protocol"] == other["protocol"]
    };
    let (first, second) = (0..ports.len()).find_map(|second| {
        let first = (0..second).find(|first| same(&ports[*first], &ports[second]))?;
        Some((first, second))
    })?;
    let at = |index: usize| locate::at(source, &format!("spec.ports[{index}].port"));
    let (from, to) = (at(first)?, at(second)?);
    let inside = source.document.positions.path_at(line.position);
    let is_of = |index: usize| inside.starts_with(&format!("spec.ports[{index}]"));
    (is_of(first) || is_of(second)).then(|| {
        let port = &ports[first]["port"];
        said.clone()
            .fact(format!(
                "{from} and {to} are both port {port}: kubectl apply makes one of them, as the last says"
            ))
            .nearest(None)
            .at(Some(to))
            .fix("give each entry of ports a port of its own, apply, and send again")
    })
}

impl Failed<'_> {
    pub(super) fn not_a_service_port(&self, rule: &str, ports: &[(Protocol, u16)]) -> Diagnosis {
        let name = short(rule);
        let (namespace, plain) = services::find(self.facts, rule)
            .map(|service| services::full_name(service))
            .unwrap_or_default();
        let look = [look::service(namespace, plain)];
        if let Some(said) = self.endpoint_is_virtual(rule) {
            return said;
        }
        let service = services::find(self.facts, rule);
        if let Some(said) =
            service.and_then(|service| service_names::name_without_type(self.facts, service))
        {
            return said;
        }
        let port = self.to.port();
        if let Some(said) = self.for_other_protocol(rule, ports) {
            return said.look(look);
        }
        let list = ports.iter().map(|(_, port)| port.to_string()).collect::<Vec<_>>().join(", ");
        let call = self.mention();
        let tls = self.facts.fetched.is_some_and(|fetched| fetched.tls)
            || self.configured(call.as_ref(), "https:");
        if tls && port == 443 {
            return Diagnosis::new(
                "not-a-service-port",
                format!(
                    "https means port 443, and Service {name} has no port 443, so nobody answers"
                ),
            )
            .look(look)
            .fact(format!("ports of Service {name}: {list}"))
            .nearest(Some("http:// instead of https://".to_owned()))
            .at(call)
            .fix("write http:// instead of https://, apply, and send again");
        }
        let first = ports.first().map(|(_, port)| *port);
        if let Some(said) = self.port_that_is_missing(rule, port).filter(|_| call.is_none()) {
            return said.look(look).fact(format!("ports of Service {name}: {list}"));
        }
        let said = Diagnosis::new(
            "not-a-service-port",
            format!("Service {name} has no port {port}, so nobody answers"),
        )
        .look(look)
        .fact(format!("ports of Service {name}: {list}"));
        let word = format!(":{port}");
        let changed = |at: &Location| self.facts.has_changed(at) && self.says(at, &word);
        match (self.service_field(rule, "spec.ports[0].port"), first) {
            // The player's is the Service: its line is to fit the call, unless the call was written anew.
            (Some(_), Some(own))
                if self.configured(call.as_ref(), &word) || call.as_ref().is_some_and(changed) => said
                .nearest(Some(format!("port {own}")))
                .at(call)
                .fix(format!("dial port {own}, or let Service {name} have port: {port}; apply, and send again")),
            (Some(line), Some(own)) => {
                let or = call.map_or_else(String::new, |_| format!(", or dial port {own}"));
                said.at(Some(line))
                    .nearest(Some(format!("port: {port}")))
                    .fix(format!("write port: {port}{or}; apply, and send again"))
            }
            (_, Some(own)) if call.is_some() => said
                .at(call)
                .nearest(Some(format!("port {own}")))
                .fix(format!("dial port {own}, apply, and send again")),
            _ => said.fix(format!("let the Service have port {port}, apply, and send again")),
        }
    }

    /// The Service has the port for another protocol.
    fn for_other_protocol(&self, rule: &str, ports: &[(Protocol, u16)]) -> Option<Diagnosis> {
        let (asked, port, name) = (self.trace.flow.protocol, self.to.port(), short(rule));
        let other = ports.iter().position(|(other, own)| *own == port && *other != asked)?;
        let path = format!("spec.ports[{other}].protocol");
        let (asked, other) = (protocol_name(asked), protocol_name(ports[other].0));
        let message = format!(
            "Service {name} has port {port} for {other} alone, and was dialled with {asked}"
        );
        Some(
            Diagnosis::new("other-protocol", message)
                .fact("a port of a Service is for one protocol; without a word it is TCP")
                .nearest(Some(format!("protocol: {asked}")))
                .at(self.service_field(rule, &path).or_else(|| self.mention()))
                .fix(format!("write protocol: {asked}, apply, and send again")),
        )
    }

    /// Whether a server's configuration of the player's says this of whom it dials: a scheme, a port.
    fn configured(&self, call: Option<&Location>, word: &str) -> bool {
        self.facts.client.is_some() && call.is_some_and(|at| self.says(at, word))
    }

    fn says(&self, at: &Location, word: &str) -> bool {
        self.facts.locator.line(at).is_some_and(|text| super::mentions(text, word))
    }

    /// Nothing of the player's says which port is dialled: the Service lacks it. Where it has to lead is
    /// tried: the ports that its pods listen on.
    fn port_that_is_missing(&self, rule: &str, port: u16) -> Option<Diagnosis> {
        let service = services::find(self.facts, rule)?;
        let (namespace, name) = services::full_name(service);
        let (_, matching) = services::pods(self.facts, service);
        let open = matching.iter().flat_map(|pod| self.facts.listeners(pod));
        let mut open: Vec<u16> =
            open.filter(|one| one.protocol == Protocol::Tcp).map(|one| one.port).collect();
        open.sort_unstable();
        open.dedup();
        open.truncate(MOST_PORTS);
        let target = open.into_iter().find(|target| {
            let command = trial::one_more_port(namespace, service, port, *target);
            trial::after(self.facts, &command) == trial::Tried::Passes
        })?;
        let words = format!("port: {port}, targetPort: {target}");
        Some(
            Diagnosis::new(
                "not-a-service-port",
                format!("Service {} has no port {port}, so nobody answers", shown_name(namespace, name)),
            )
            .at(self.service_field(rule, "spec.ports[0].port"))
            .fix(format!("let Service {name} have {words} (several ports need a name each), apply, and send again")),
        )
    }

    /// A Service passed it on to the cluster IP of another one: endpoints are machines' addresses, and
    /// nodes replace an address once (R5.6).
    fn endpoint_is_virtual(&self, rule: &str) -> Option<Diagnosis> {
        let (chooser, endpoint, _) = services::chosen(self.trace)?;
        let service =
            services::find(self.facts, chooser).filter(|_| short(chooser) != short(rule))?;
        let (namespace, name) = services::full_name(service);
        let address = endpoint.ip().to_string();
        let slices = services::slices(self.facts, service);
        let (slice, index) = slices.iter().find_map(|slice| {
            let mut endpoints = slice.endpoints.iter().flatten();
            let index = endpoints.position(|one| one.addresses.contains(&address))?;
            Some((slice.metadata.name.as_deref()?, index))
        })?;
        let path = format!("endpoints[{index}].addresses[0]");
        Some(
            Diagnosis::new(
                "slice-does-not-fit",
                format!("Service {} passed it on to {address}, which is the cluster IP of Service {}", shown_name(namespace, name), short(rule)),
            )
            .look([look::endpoints(namespace, name), look::services(namespace)])
            .fact("no machine has a cluster IP, and it can be no endpoint: a node replaces the address of a connection once")
            .at(self.facts.locator.field("EndpointSlice", namespace, slice, &path))
            .fix(format!("write the address of the server that is meant into EndpointSlice {slice}, and apply")),
        )
    }

    pub(super) fn no_such_service(&self) -> Diagnosis {
        // A server that passes requests on dials what its own configuration says.
        let own = self.facts.client.is_none();
        if let Some(said) = own.then(|| variables::old_address(self.facts, self.to.ip())).flatten()
        {
            return said;
        }
        let namespace = self.facts.namespace();
        let services = self.facts.case.cluster.objects().list::<Service>(Some(&namespace));
        let addresses = services.filter_map(|service| {
            let address = services::cluster_ip(service);
            let name = service.metadata.name.as_deref()?;
            (!matches!(address, "" | "None")).then(|| format!("Service {name} has {address}"))
        });
        Diagnosis::new(
            "no-such-service-address",
            format!("no Service has the address {}, so nobody answers", self.to.ip()),
        )
        .look([look::services(&namespace)])
        .fact("a Service that is deleted and made again gets another cluster IP")
        .facts(addresses.take(6))
        .at(self.mention())
        .fix("call the Service by its name, which stays")
    }
}
