//! Requests that all succeeded, and that too few pods had a part in.

use std::sync::Arc;

use super::asked::mention;
use super::look;
use super::packets;
use super::{Diagnosis, Facts, owners, selectors, services, trial, workloads};
use k8s_openapi::api::core::v1::Service;

use crate::api::Pod;
use crate::diagnostic::counted;
use crate::network::{Because, Hop, Trace};

/// Every request succeeded, but too few pods had a part in it.
pub(super) fn too_few_servers(facts: &Facts<'_>, trace: &Trace) -> Diagnosis {
    let (spread, wanted) = (facts.case.served.len(), facts.case.goal.repeat.spread);
    let said = Diagnosis::new(
        "not-spread",
        format!(
            "{} served all requests; the goal wants {wanted} different ones",
            counted(spread, "pod")
        ),
    );
    let rules = trace.hops.iter().find(|hop| matches!(hop.because, Because::EndpointChosen { .. }));
    let Some(hop) = rules else {
        return said
            .look([look::pods(&facts.namespace())])
            .fact("the requests went to a pod's own address: no Service chose")
            .at(mention(facts, trace))
            .fix("call the Service by its name, which chooses a pod for each connection");
    };
    let Because::EndpointChosen { service, affinity, local, usable, .. } = &hop.because else {
        return said;
    };
    let (namespace, name) = hop.service().unwrap_or_default();
    let said = said
        .look([look::endpoints(&namespace, &name), look::service(&namespace, &name)])
        .fact(hop.sentence())
        .facts(hop.passed_over());
    let found = services::find(facts, service);
    let inside = found.is_some_and(|service| {
        let spec = service.spec.as_ref();
        spec.and_then(|spec| spec.internal_traffic_policy.as_deref()) == Some("Local")
    });
    let near = found.is_some_and(|service| {
        let spec = service.spec.as_ref();
        spec.is_some_and(|spec| spec.traffic_distribution.is_some())
    });
    match (affinity, local) {
        (true, _) => {
            let setting = Setting { field: "sessionAffinity", value: Some("None") };
            kept_together(facts, (trace, hop), said, &setting, *local)
        }
        (_, true) => {
            let field = if inside { "internalTrafficPolicy" } else { "externalTrafficPolicy" };
            let setting = Setting { field, value: Some("Cluster") };
            kept_together(facts, (trace, hop), said, &setting, true)
        }
        _ if near && *usable < facts.case.goal.repeat.spread => {
            let setting = Setting { field: "trafficDistribution", value: None };
            kept_together(facts, (trace, hop), said, &setting, false)
        }
        _ => {
            let at = facts.locator.field("Service", &namespace, &name, "spec.selector");
            too_few_endpoints(facts, found, said.at(at), *usable)
        }
    }
}

/// The Service chooses freely among so many endpoints: too few, or enough.
fn too_few_endpoints(
    facts: &Facts<'_>,
    service: Option<&Arc<Service>>,
    said: Diagnosis,
    usable: u32,
) -> Diagnosis {
    let wanted = facts.case.goal.repeat.spread;
    let said = said.fact("a Service chooses an endpoint for each connection, at random");
    if usable >= wanted {
        return said.fix("send again: chance has left some endpoints out");
    }
    let waiting = service.and_then(|service| unready(facts, service, &said));
    let known = waiting
        .or_else(|| selectors::left_out(facts, service?, &said))
        .or_else(|| too_few_kept(facts, service?, &said));
    known.unwrap_or_else(|| {
        said.fix(format!(
            "let the Service lead to {wanted} ready pods or more: it has {} now",
            counted(usable as usize, "endpoint")
        ))
    })
}

/// The selector means all pods that it is to mean, and whoever makes them keeps fewer than the goal wants: the
/// one that keeps fewest, and how many it would have to keep.
fn too_few_kept(facts: &Facts<'_>, service: &Service, said: &Diagnosis) -> Option<Diagnosis> {
    let (namespace, _) = services::full_name(service);
    let makers = owners::makers(facts, namespace, services::selector(service)?);
    let wanted = i32::try_from(facts.case.goal.repeat.spread).ok()?;
    let all: i32 = makers.iter().map(|maker| maker.replicas).sum();
    let maker = makers.iter().min_by_key(|maker| maker.replicas).filter(|_| all < wanted)?;
    let (info, name, place) = (maker.kind.info(), &maker.name, look::in_namespace(namespace));
    let enough = maker.replicas + wanted - all;
    let source = facts.locator.source(info.name, namespace, name);
    let line = source.filter(|source| source.says("spec.replicas"));
    Some(
        said.clone()
            .look([format!("kubectl get {} {name}{place}", info.singular)])
            .facts(makers.iter().map(|maker| {
                let kept = counted(usize::try_from(maker.replicas).unwrap_or(0), "pod");
                format!("{} {} keeps {kept}", maker.kind.info().name, maker.name)
            }))
            .nearest(Some(format!("replicas: {enough}")))
            .at(line.and_then(|source| super::locate::at(&source, "spec.replicas")))
            .fix(format!(
                "kubectl scale {} {name} --replicas={enough}{place}, and send again",
                info.singular
            )),
    )
}

/// A field of a Service's spec, and what it is to be so that requests are spread.
struct Setting {
    field: &'static str,
    /// `None`: the field is to go.
    value: Option<&'static str>,
}

impl Setting {
    /// The spec as a patch has it.
    fn patch(&self) -> String {
        match self.value {
            Some(value) => format!("{{\"{}\":\"{value}\"}}", self.field),
            None => format!("{{\"{}\":null}}", self.field),
        }
    }

    /// `with sessionAffinity: None`
    fn with(&self) -> String {
        match self.value {
            Some(value) => format!("with {}: {value}", self.field),
            None => format!("without {}", self.field),
        }
    }

    /// `write sessionAffinity: None`
    fn write(&self) -> String {
        match self.value {
            Some(value) => format!("write {}: {value}", self.field),
            None => format!("take {} out", self.field),
        }
    }
}

/// A setting of the Service keeps the requests at few pods: whether another value of it helps is tried.
fn kept_together(
    facts: &Facts<'_>,
    (trace, hop): (&Trace, &Hop),
    said: Diagnosis,
    setting: &Setting,
    local: bool,
) -> Diagnosis {
    let wanted = facts.case.goal.repeat.spread;
    let (namespace, name) = hop.service().unwrap_or_default();
    let (with, write) = (setting.with(), setting.write());
    let line =
        facts.locator.field("Service", &namespace, &name, &format!("spec.{}", setting.field));
    let said = said.at(line);
    match trial::after(facts, &trial::patch(&namespace, &name, &setting.patch())) {
        trial::Tried::Passes => said.fix(format!("{write}, apply, and send again")),
        trial::Tried::Fails(Some(_)) => {
            let script = mention(facts, trace).or_else(|| facts.script_that_ran());
            let said = said.fact(format!("{with} this goal would not pass either"));
            if let Some(stale) = packets::stale_list(facts, trace, &said) {
                return stale;
            }
            let list = packets::one_of_a_list(facts, trace, script.as_ref());
            // What the last request called is what all called where one pod served them.
            if let Some((script, list, line)) = list.filter(|_| facts.case.served.len() < 2) {
                return said
                    .fact(format!(
                        "{list} has addresses of other nodes, and {script} calls this one alone"
                    ))
                    .at(line)
                    .fix(format!(
                        "let {script} call the other addresses of {list} too, and send again"
                    ));
            }
            match local {
                true => said
                    .fact(by_nodes(facts))
                    .at(script)
                    .fix("call by the other nodes too: with policy Local each passes on to its own pods alone"),
                false => said.fix("let the Service lead to more ready pods"),
            }
        }
        _ => said
            .fact(format!("{with} alone the goal fails as well: too few pods serve it"))
            .fix(format!("{write}, and let the Service lead to {wanted} ready pods or more")),
    }
}

/// Which machines' addresses the requests that were kept went to.
fn by_nodes(facts: &Facts<'_>) -> String {
    let traces = facts.case.run.map_or(&[][..], |run| run.traces.as_slice());
    let sent = traces.iter().filter_map(|id| facts.case.cluster.trace(*id));
    let mut called: Vec<String> = sent
        .filter(|trace| trace.dns.is_none())
        .map(|trace| trace.flow.destination.ip().to_string())
        .collect();
    called.sort();
    called.dedup();
    format!("the last time the command called {}", called.join(", "))
}

/// Pods of the Service that are not ready, and why.
fn unready(facts: &Facts<'_>, service: &Service, said: &Diagnosis) -> Option<Diagnosis> {
    let (namespace, _) = services::full_name(service);
    let (_, matching) = services::pods(facts, service);
    let unready: Vec<&Arc<Pod>> = matching.into_iter().filter(|pod| !pod.is_ready()).collect();
    let first = *unready.first()?;
    if let Some(trouble) = workloads::trouble(facts, &unready) {
        return Some(said.clone().because_of(trouble));
    }
    let name = first.metadata.name.as_deref()?;
    let place = look::in_namespace(namespace);
    let source = facts.pod_source(namespace, name);
    let probed =
        first.spec.as_ref()?.containers.iter().position(|one| one.readiness_probe.is_some());
    let at = source.zip(probed).and_then(|(own, index)| {
        let path = own.within(&format!("spec.containers[{index}].readinessProbe"));
        super::locate::at(&own.source, &path)
    });
    Some(
        said.clone()
            .look([look::describe("pod", namespace, name)])
            .facts(unready.iter().filter_map(|pod| super::readiness::unhealthy(facts, pod)))
            .at(at.or_else(|| said.at.clone()))
            .fix(format!(
                "mend what keeps pod {name} from being ready: kubectl describe pod {name}{place}"
            )),
    )
}
