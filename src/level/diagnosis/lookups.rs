//! Lookups of the player's scripts that found nothing: kubectl printed no word, and an address was to be made
//! of it.

use k8s_openapi::api::core::v1::Service;
use serde_json::Value;

use super::look;
use super::{Diagnosis, Facts, mentions, services};
use crate::api::Kind;
use crate::cluster::{Did, ObjectName};
use crate::diagnostic::{Location, nearest};
use crate::network::Outcome;

/// The last lookup of the player's script before the request that went astray printed nothing.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = facts.case.run?;
    run.miss.as_ref()?;
    let arrived =
        facts.connection.is_some_and(|trace| matches!(trace.outcome, Outcome::Delivered { .. }));
    // Of a goal about a container's traffic the run's deeds are the container's, and not the command's.
    let own = run.finished.iter().flat_map(|finished| finished.deeds.iter().rev());
    let (object, template) =
        run.deeds.iter().rev().chain(own).find_map(|deed| match &deed.did {
            Did::NothingPrinted { object, template } => Some((object, template)),
            _ => None,
        })?;
    let path = template.trim_matches(['{', '}', '\'', '"']);
    let is_run = |file: &str| mentions(&facts.case.goal.run, file);
    let at = facts.locator.mention_in_scripts([path], is_run).filter(|_| !arrived);
    let balancer = object.kind == Kind::Service && path.contains("loadBalancer");
    if at.is_none() && balancer && !arrived && facts.goal_says(path) {
        return wanted_balancer(facts, object);
    }
    let at = at?;
    let stored =
        facts.case.cluster.objects().object(object.kind, &object.namespace, &object.name)?;
    if balancer {
        return without_balancer(facts, object, path, at);
    }
    let value = stored.to_value();
    let near = near_path(&value, path);
    // Where something was dialled all the same, its packet tells more than a field that is not there, unless the
    // field is there for a list, or for another object.
    let plain = path.split_once(']').filter(|(items, _)| items.contains("items[")).map(|one| one.1);
    let of_one = plain.filter(|rest| near.is_none() && value_at(&value, rest).is_some());
    let near = near.or(of_one.map(str::to_owned));
    let other = near.is_none().then(|| has_it(facts, object, path)).flatten();
    if near.is_none() && other.is_none() && facts.connection.is_some() {
        return None;
    }
    let info = object.kind.info();
    let said = found_nothing(object, path)
        .look([look::yaml(info.singular, &object.namespace, &object.name)])
        .facts(of_one.map(|_| {
            "one object that is asked for by its name is no list, and has no items".to_owned()
        }))
        .facts(other.as_ref().map(|(name, has)| format!("{} {name} has {has} there", info.name)))
        .nearest(
            near.clone()
                .or_else(|| other.as_ref().map(|(name, _)| format!("{} {name}", info.name))),
        )
        .at(Some(at));
    Some(match near {
        None if let Some((name, _)) = &other => {
            said.fix(format!("look it up of {} {name}, and send again", info.name))
        }
        Some(near) => said.fix(format!("write {near} instead of {path}, and send again")),
        None => said.fix(format!("look up a field that the {} has", info.name)),
    })
}

fn found_nothing(object: &ObjectName, path: &str) -> Diagnosis {
    let ObjectName { kind, name, .. } = object;
    let kind = kind.info().name;
    let message =
        format!("kubectl found nothing at {path} of {kind} {name}, so the address is empty");
    Diagnosis::new("variable-unset", message)
}

/// An address of a load balancer was looked up of a Service that has none (R7.4).
fn without_balancer(
    facts: &Facts<'_>,
    object: &ObjectName,
    path: &str,
    at: Location,
) -> Option<Diagnosis> {
    let ObjectName { namespace, name, .. } = object;
    let service = facts.case.cluster.objects().get::<Service>(namespace, name)?;
    let kind = service.spec.as_ref()?.type_.as_deref().unwrap_or("ClusterIP");
    if kind == "LoadBalancer" {
        return other_field(facts, object, path, at);
    }
    let node_port = services::node_port(service);
    let said = found_nothing(object, path)
        .look([look::services(namespace), look::nodes()])
        .fact(format!(
            "Service {name} is of type {kind}: only a LoadBalancer is given an address there"
        ))
        .at(Some(at));
    Some(match node_port {
        Some(port) => said
            .nearest(Some(format!("a node's address at node port {port}")))
            .fix(format!("dial a node's address at node port {port}, and send again")),
        None => said.fix("give the Service the type LoadBalancer, or NodePort and dial a node"),
    })
}

/// The balancer has its address, in the other of the two fields that there are for it: some are given a
/// `hostname`, others an `ip`.
fn other_field(
    facts: &Facts<'_>,
    object: &ObjectName,
    path: &str,
    at: Location,
) -> Option<Diagnosis> {
    let ObjectName { kind, namespace, name } = object;
    let (entry, asked) = path.rsplit_once('.')?;
    let other = match asked {
        "hostname" => "ip",
        "ip" => "hostname",
        _ => return None,
    };
    let near = format!("{entry}.{other}");
    let has = facts.case.cluster.objects().object(*kind, namespace, name)?.to_value();
    let has = value_at(&has, &near)?.as_str()?;
    Some(
        found_nothing(object, path)
            .look([look::services(namespace), look::yaml("service", namespace, name)])
            .fact(format!("its balancer has no {asked}: its {other} is {has}"))
            .nearest(Some(near.clone()))
            .at(Some(at))
            .fix(format!("write {near} instead of {path}, and send again")),
    )
}

/// The goal itself asks for a load balancer's address, and the player's Service is of another type (R7.4).
fn wanted_balancer(facts: &Facts<'_>, object: &ObjectName) -> Option<Diagnosis> {
    let ObjectName { namespace, name, .. } = object;
    let spec = facts.case.cluster.objects().get::<Service>(namespace, name)?.spec.as_ref()?;
    let kind = spec.type_.as_deref().unwrap_or("ClusterIP");
    if kind == "LoadBalancer" {
        return None;
    }
    let words = "type: LoadBalancer";
    Some(
        Diagnosis::new(
            "load-balancer-pending",
            format!("Service {name} has no external address: it is of type {kind}"),
        )
        .look([look::service(namespace, name), look::services(namespace)])
        .fact("only a Service of type LoadBalancer is given an address of a load balancer")
        .nearest(Some(words.to_owned()))
        .at(facts.locator.field("Service", namespace, name, "spec.type"))
        .fix(format!(
            "let Service {name} have {words}, apply, and send again once it has its address"
        )),
    )
}

/// What stands at a path; of a list, in its first entry.
fn value_at<'v>(object: &'v Value, path: &str) -> Option<&'v Value> {
    let names = path.split('.').filter(|part| !part.is_empty());
    let mut names = names.map(|part| part.split('[').next().unwrap_or(part));
    names.try_fold(object, |value, name| match value.get(name)? {
        Value::Array(items) => items.first(),
        Value::Null => None,
        other => Some(other),
    })
}

/// The one other object of its kind and namespace that has something at the path, and what.
fn has_it(facts: &Facts<'_>, object: &ObjectName, path: &str) -> Option<(String, String)> {
    facts.half_a_url()?;
    let objects = facts.case.cluster.objects();
    let others = objects.objects(object.kind, Some(&object.namespace));
    let mut having = others.filter(|other| other.name() != object.name).filter_map(|other| {
        let value = other.to_value();
        let has = value_at(&value, path)?;
        let text = has.as_str().map_or_else(|| has.to_string(), str::to_owned);
        Some((other.name().to_owned(), text))
    });
    having.next().filter(|_| having.next().is_none())
}

/// The path with its first name that is not there replaced by one that is spelt alike.
fn near_path(object: &Value, path: &str) -> Option<String> {
    let mut value = object;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let name = part.split('[').next().unwrap_or(part);
        if name == "items" {
            continue;
        }
        let fields = value.as_object()?;
        let Some(below) = fields.get(name) else {
            let near = nearest(name, fields.keys().map(String::as_str))?;
            // `.status.address` of a node's `addresses`: the field is one of an entry.
            let entry = fields[near].as_array().and_then(|items| items.first());
            let near = match entry.is_some_and(|entry| !entry[name].is_null()) {
                true => format!("{near}[0].{name}"),
                false => near.to_owned(),
            };
            return Some(path.replacen(name, &near, 1));
        };
        value = match below {
            Value::Array(items) => items.first()?,
            other => other,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_that_is_not_there_is_replaced() {
        let pod = serde_json::json!({"status": {"podIP": "10.244.1.2", "podIPs": [{"ip": "x"}]}});
        assert_eq!(near_path(&pod, ".status.podIp").as_deref(), Some(".status.podIP"));
        assert_eq!(
            near_path(&pod, ".items[0].statsu.podIP").as_deref(),
            Some(".items[0].status.podIP")
        );
        assert_eq!(near_path(&pod, ".status.podIP"), None);
        let node = serde_json::json!({"status": {"addresses": [{"address": "192.168.49.2"}]}});
        let near = near_path(&node, ".items[0].status.address");
        assert_eq!(near.as_deref(), Some(".items[0].status.addresses[0].address"));
    }
}
