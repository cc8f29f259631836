//! Objects that were there once, and have been deleted since.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use serde_json::Value;

use super::look::{self, shown_name};
use super::{Diagnosis, Facts, locate, services};
use crate::api::Kind;
use crate::cluster::{Applied, ObjectName};
use crate::diagnostic::Location;

/// An object that kubectl sent once and that is not there: what is known of it, and what brings it back.
pub(super) struct Gone {
    /// When it was there.
    pub fact: String,
    /// Where the player's file describes it.
    pub at: Option<Location>,
    /// What makes it again.
    pub fix: String,
}

impl Gone {
    /// Adds to a diagnosis that the object which it lacks was deleted, and how it comes back.
    pub fn explain(self, said: Diagnosis) -> Diagnosis {
        said.fact(self.fact).nearest(None).at(self.at).fix(self.fix)
    }
}

/// This object, if somebody deleted it.
pub(super) fn of(facts: &Facts<'_>, object: &ObjectName) -> Option<Gone> {
    let sent = facts.case.cluster.last_applied(object)?;
    is_gone(facts, sent).then(|| tell(facts, sent))
}

/// The Service that a client's name means, or the one that a pod's name stands below, if somebody deleted
/// it: `web`, `web.shop`, `db-0.db`, each with or without the cluster's domain.
pub(super) fn named(facts: &Facts<'_>, name: &str) -> Option<Gone> {
    let own = facts.namespace();
    let labels: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    let service = |first: usize| {
        let name = *labels.get(first)?;
        let namespace = labels.get(first + 1).copied().unwrap_or(&own);
        let object = |namespace: &str| ObjectName {
            kind: Kind::Service,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        if services_there(facts, namespace, name) {
            return None;
        }
        of(facts, &object(namespace))
    };
    service(0).or_else(|| service(1))
}

/// A Service that gave a port of every node: this one, or, where it left the choice to the cluster, any,
/// if no other Service gives one now.
pub(super) fn node_port(facts: &Facts<'_>, port: u16) -> Option<Gone> {
    let opens = |sent: &&Applied| {
        let spec = &sent.manifest["spec"];
        let ports = spec["ports"].as_array().into_iter().flatten();
        let mut numbers = ports.map(|one| &one["nodePort"]);
        sent.object.kind == Kind::Service
            && matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer"))
            && numbers.any(|number| number.is_null() || *number == u64::from(port))
    };
    let mut sent = facts.case.cluster.ever_applied().filter(opens);
    let found = sent.find(|sent| is_gone(facts, sent))?;
    Some(tell(facts, found))
}

/// A NetworkPolicy of this namespace, if somebody deleted one.
pub(super) fn policy(facts: &Facts<'_>, namespace: &str) -> Option<Gone> {
    let mut sent = facts.case.cluster.ever_applied();
    let found = sent.find(|sent| {
        let object = &sent.object;
        object.kind == Kind::NetworkPolicy && object.namespace == namespace && is_gone(facts, sent)
    })?;
    Some(tell(facts, found))
}

/// The Service whose variables begin so (`BACKEND` of `BACKEND_SERVICE_HOST`), if somebody deleted it.
pub(super) fn with_variables(facts: &Facts<'_>, namespace: &str, prefix: &str) -> Option<Gone> {
    let mut sent = facts.case.cluster.ever_applied();
    let found = sent.find(|sent| {
        let ObjectName { kind, namespace: own, name } = &sent.object;
        *kind == Kind::Service
            && own == namespace
            && name.to_uppercase().replace(['-', '.'], "_") == prefix
            && is_gone(facts, sent)
    })?;
    Some(tell(facts, found))
}

fn services_there(facts: &Facts<'_>, namespace: &str, name: &str) -> bool {
    facts.case.cluster.objects().get::<Service>(namespace, name).is_some()
}

fn is_gone(facts: &Facts<'_>, sent: &Applied) -> bool {
    let ObjectName { kind, namespace, name } = &sent.object;
    facts.case.cluster.objects().object(*kind, namespace, name).is_none()
}

fn tell(facts: &Facts<'_>, sent: &Applied) -> Gone {
    let ObjectName { kind, namespace, name } = &sent.object;
    let what = format!("{} {}", kind.info().name, shown_name(namespace, name));
    if let Some(source) = facts.locator.object(&sent.object) {
        let file = &source.document.file;
        return Gone {
            fact: format!("{what} was applied from {file}, and has been deleted since"),
            at: locate::at(&source, "metadata.name"),
            fix: twin(facts, sent)
                .unwrap_or_else(|| format!("kubectl apply -f {file}, and send again")),
        };
    }
    if facts.case.files.contains_key(&sent.file) {
        let file = &sent.file;
        let sources = facts.locator.sources();
        let moved = sources.iter().find(|source| {
            *source.document.file == **file && source.kind() == Some(*kind) && source.name() == name
        });
        if let Some(moved) = moved {
            return Gone {
                fact: format!(
                    "{file} describes {} {name} of namespace {} now, and {what} has been deleted",
                    kind.info().name,
                    moved.namespace()
                ),
                at: locate::at(moved, "metadata.namespace"),
                fix: format!(
                    "let {file} describe {what} of namespace {namespace} again, apply, and send again"
                ),
            };
        }
        let now = sources
            .iter()
            .find(|source| *source.document.file == **file && source.kind() == Some(*kind));
        return Gone {
            fact: format!("{what} was applied from {file}, which does not describe it any more"),
            at: now.and_then(|source| locate::at(source, "metadata.name")),
            fix: format!("describe {what} in {file} again, and apply"),
        };
    }
    if let Some(renamed) = renamed(facts, sent) {
        return renamed;
    }
    let make = match kind {
        Kind::Service => remade(&sent.manifest),
        Kind::Pod => pod_anew(&sent.manifest),
        _ => format!("make {what} again"),
    };
    Gone {
        fact: format!("{what} was there at the beginning, and has been deleted since"),
        at: None,
        fix: format!("{make}, and send again; or begin anew"),
    }
}

/// The Service of another name that has the selector of the one that is gone.
fn same_selector<'f>(facts: &'f Facts<'_>, sent: &'f Applied) -> Option<&'f Arc<Service>> {
    let wanted = sent.manifest["spec"]["selector"].as_object()?;
    let same = |service: &&Arc<Service>| {
        services::selector(service).is_some_and(|own| {
            own.len() == wanted.len() && own.iter().all(|(key, value)| wanted[key] == **value)
        })
    };
    let mut all = facts.case.cluster.objects().list::<Service>(Some(&sent.object.namespace));
    all.find(same).filter(|_| sent.object.kind == Kind::Service)
}

/// The player's file describes the Service under another name, by which nobody calls it.
fn renamed(facts: &Facts<'_>, sent: &Applied) -> Option<Gone> {
    let ObjectName { namespace, name, .. } = &sent.object;
    let (_, other) = services::full_name(same_selector(facts, sent)?);
    let source = facts.locator.source("Service", namespace, other)?;
    let called = facts.case.goals.iter().any(|goal| locate::mentions(&goal.run, other))
        || facts.locator.mention([format!("//{other}")]).is_some();
    (!called).then(|| Gone {
        fact: format!(
            "there was a Service {name}; now {} describes Service {other}, which selects the same pods",
            source.document.file
        ),
        at: locate::at(&source, "metadata.name"),
        fix: format!("let Service {other} be called {name}, apply, and send again"),
    })
}

/// A Service of another name has the selector of the one that is gone: somebody made it in its place.
fn twin(facts: &Facts<'_>, sent: &Applied) -> Option<String> {
    let ObjectName { namespace, name, .. } = &sent.object;
    let (_, other) = services::full_name(same_selector(facts, sent)?);
    // One that the player describes beside it is meant to be what it is.
    if facts.locator.source("Service", namespace, other).is_some() {
        return None;
    }
    Some(format!(
        "let Service {other}, which selects the same pods, be called {name}, apply, and send again"
    ))
}

/// The command that makes a bare pod of one container anew.
fn pod_anew(manifest: &Value) -> String {
    let name = manifest["metadata"]["name"].as_str().unwrap_or("");
    let place = look::in_namespace(manifest["metadata"]["namespace"].as_str().unwrap_or(""));
    let containers = manifest["spec"]["containers"].as_array();
    let Some([only]) = containers.map(Vec::as_slice) else {
        return format!("make pod {name} again{place}, with the containers that it had");
    };
    let image = only["image"].as_str().unwrap_or("");
    let labels = manifest["metadata"]["labels"].as_object().into_iter().flatten();
    let labels: Vec<String> =
        labels.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    let labels = match labels.is_empty() {
        true => String::new(),
        false => format!(" --labels={}", labels.join(",")),
    };
    let words = |field: &str| -> Vec<String> {
        let list = only[field].as_array().into_iter().flatten();
        list.filter_map(|word| Some(word.as_str()?.to_owned())).collect()
    };
    let (command, args) = (words("command"), words("args"));
    let run: Vec<String> = command
        .iter()
        .chain(&args)
        .map(|word| match word.contains(' ') {
            true => format!("'{word}'"),
            false => word.clone(),
        })
        .collect();
    let run = match (command.is_empty(), run.is_empty()) {
        (_, true) => String::new(),
        (true, _) => format!(" -- {}", run.join(" ")),
        (false, _) => format!(" --command -- {}", run.join(" ")),
    };
    format!("kubectl run {name} --image={image}{place}{labels}{run}")
}

/// What makes a Service anew that no file of the player's describes.
fn remade(manifest: &Value) -> String {
    let name = manifest["metadata"]["name"].as_str().unwrap_or("");
    let place = look::in_namespace(manifest["metadata"]["namespace"].as_str().unwrap_or(""));
    let labels = manifest["spec"]["selector"].as_object().into_iter().flatten();
    let labels: Vec<String> =
        labels.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    let ports = manifest["spec"]["ports"].as_array().into_iter().flatten();
    let ports: Vec<String> = ports.map(|port| port["port"].to_string()).collect();
    format!(
        "make Service {name} again{place}: selector {}, port {}",
        labels.join(","),
        ports.join(", ")
    )
}
