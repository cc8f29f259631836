//! Ways out of the cluster and into it, and addresses that nobody has.

use super::Diagnosis;
use super::look;
use super::packets::Failed;
use super::services::short;
use crate::network::{Because, Family, HopVerdict, Trace};

/// A packet that ended between the cluster and the world; `None` for one that ended elsewhere.
pub(super) fn diagnose(failed: &Failed<'_>, because: &Because) -> Option<Diagnosis> {
    let to = failed.to.ip();
    Some(match because {
        Because::NoSuchHost => Diagnosis::new(
            "no-such-host",
            format!("{to} is outside the cluster, and nobody answers there"),
        )
        .fact("packets to addresses that nobody has vanish; the client waits")
        .look([look::pods(&failed.facts.namespace()), look::services(&failed.facts.namespace())])
        .at(failed.mention())
        .fix("compare the address with those of the pods and Services; better, use a name"),
        Because::NobodyThere => nobody_there(failed),
        Because::NoAddress { family } => no_address(failed, *family),
        Because::OtherFamily { process, family } => other_family(failed, process, *family),
        Because::NoHealthyNode { service } => no_healthy_node(failed, service),
        Because::OutsideSourceRanges { service, client, ranges } => {
            let list: Vec<String> =
                ranges.iter().map(|(network, length)| format!("{network}/{length}")).collect();
            Diagnosis::new(
                "outside-source-ranges",
                format!(
                    "the load balancer of Service {} does not let {client} in, so the client waits",
                    short(service)
                ),
            )
            .fact(format!("loadBalancerSourceRanges: {}", list.join(", ")))
            .look(failed.service_look(service))
            .at(failed.service_field(service, "spec.loadBalancerSourceRanges"))
            .fix(format!("add {client}/32 to loadBalancerSourceRanges, and apply"))
        }
        Because::VirtualAddress { service } => virtual_address(failed, service),
        Because::SentInCircles => circles(failed, failed.trace),
        Because::SenderGone => Diagnosis::new(
            "client-not-running",
            "the client's pod is gone, so nothing can be sent from it",
        )
        .look([look::pods(&failed.facts.namespace())])
        .at(failed.mention())
        .fix("make the client anew: apply its manifest"),
        _ => return None,
    })
}

/// R13.1
fn no_address(failed: &Failed<'_>, family: Family) -> Diagnosis {
    let name = super::asked::name_of(failed.facts, failed.trace);
    let asked = name.map(|name| format!("{name} means {} here", failed.to.ip()));
    Diagnosis::new(
        "no-address-of-the-family",
        format!("the client has no {family} address, so there is no way to {}", failed.to.ip()),
    )
    .facts(asked)
    .fact("pods have the addresses of the families that the cluster is made for")
    .look([look::pods(&failed.facts.namespace()), look::nodes()])
    .at(failed.mention())
    .fix("call a name or an address of the client's own family")
}

/// R1.2, R13.1
fn other_family(failed: &Failed<'_>, process: &str, family: Family) -> Diagnosis {
    let reached = failed.trace.hops.last().map_or(failed.to, |hop| hop.after.destination);
    let asked = Family::of(reached.ip());
    let rule = failed.trace.hops.iter().find_map(|hop| match &hop.because {
        Because::EndpointChosen { service, .. } => Some(service.clone()),
        _ => None,
    });
    let looks = rule.as_ref().and_then(|rule| failed.service_look(rule));
    let line = rule.and_then(|rule| failed.service_field(&rule, "spec.ipFamilies"));
    let listener = match family {
        Family::V4 => format!("a listener on [::]:{}", reached.port()),
        Family::V6 => format!("a listener on 0.0.0.0:{}", reached.port()),
    };
    Diagnosis::new(
        "other-family",
        format!(
            "{process} listens on port {}, but for {family} alone, so {asked} is refused",
            reached.port()
        ),
    )
    .look(looks)
    .fact(format!("the client came by {}", reached.ip()))
    .at(line.or(failed.mention()))
    .fix(format!("let there be {listener}, or let the Service have {family} alone"))
}

fn nobody_there(failed: &Failed<'_>) -> Diagnosis {
    let nodes = failed.nodes();
    let each: Vec<_> =
        nodes.iter().map(|(name, address)| format!("{name} has {address}")).collect();
    // A node that the player's files call already is not the one that is meant here.
    let meant = nodes.iter().find(|(_, address)| failed.facts.locator.mention([address]).is_none());
    let meant = meant.or(nodes.first());
    Diagnosis::new(
        "no-such-machine",
        format!("{} is on the nodes' network, but no machine has it", failed.to.ip()),
    )
    .fact(each.join(", "))
    .look([look::nodes()])
    .nearest(meant.map(|(name, address)| format!("{address}, which is {name}")))
    .at(failed.mention())
    .fix(meant.map_or_else(String::new, |(name, address)| {
        format!("dial {address}, the address of {name}, instead")
    }))
}

/// R7.3
fn no_healthy_node(failed: &Failed<'_>, rule: &str) -> Diagnosis {
    let name = short(rule);
    Diagnosis::new(
        "no-healthy-node",
        format!("the load balancer of Service {name} finds no node that says it is healthy"),
    )
    .fact("externalTrafficPolicy is Local: only nodes with a ready pod of the Service are healthy")
    .look(failed.service_look(rule))
    .at(failed.service_field(rule, "spec.externalTrafficPolicy"))
    .fix("make a pod of the Service ready, or write externalTrafficPolicy: Cluster, and apply")
}

/// R6.5
fn virtual_address(failed: &Failed<'_>, rule: &str) -> Diagnosis {
    Diagnosis::new(
        "ping-of-virtual-address",
        format!(
            "{} is Service {}'s virtual address, which answers no ping",
            failed.to.ip(),
            short(rule)
        ),
    )
    .fact(
        "no machine has a cluster IP: nodes replace it in connections to the Service's ports alone",
    )
    .look(failed.service_look(rule))
    .at(failed.mention())
    .fix("try the Service's port (curl, nc -zv), or ping a pod")
}

/// The nodes' rules send it from one to the other.
fn circles(failed: &Failed<'_>, trace: &Trace) -> Diagnosis {
    let rules = trace.hops.iter().filter(|hop| hop.verdict == HopVerdict::Pass);
    let mut services: Vec<String> = rules
        .filter_map(|hop| hop.service())
        .map(|(namespace, name)| format!("Service {namespace}/{name} leads back to a node"))
        .collect();
    services.sort();
    services.dedup();
    Diagnosis::new(
        "sent-in-circles",
        "the nodes' rules send the packet around in circles until it is given up",
    )
    .facts(services)
    .look([look::services(&failed.facts.namespace())])
    .at(failed.mention())
    .fix("let endpoints be the addresses of pods")
}
