//! `kubectl describe`: an object in full, with what belongs to it. One kind a file.

mod autoscaler;
mod budget;
mod claim;
mod containers;
mod data;
mod deployment;
mod endpoints;
mod events;
mod generic;
mod ingress;
mod ingress_class;
mod job;
mod namespace;
mod network_policy;
mod node;
mod page;
mod pod;
mod priority_class;
mod quota;
mod rights;
mod service;
mod service_account;
mod service_range;
mod stateful_set;
mod storage;
mod volumes;

use k8s_openapi::api::core::v1::PodTemplateSpec;

use super::super::super::tool::Io;
use super::client::{Client, Filter};
use super::command::{self, Command};
use super::flags::{Flag, Takes, typed};
use super::target::{Rules, Target};
use super::{Call, DONE, Failure, Outcome};
use crate::api::{Kind, Object, Reason};

pub(super) static COMMAND: Command = Command {
    name: "describe",
    short: "Show details of a specific resource or group of resources",
    examples: "  # Describe a pod\n  kubectl describe pods/web\n  \n  # Describe the pods with a label\n  \
               kubectl describe pods -l app=web",
    usage: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
    flags: &[FLAGS, command::FILENAME, command::SELECTOR, command::ALL_NAMESPACES],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    typed("show-events", Takes::Switch, "true", "Show what happened to the objects."),
    typed("chunk-size", Takes::Number, "500", "Return large lists in pieces of this size."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    if words.is_empty() && !call.arguments.names_files() {
        return Err(Failure::message(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a \
             complete list of supported resources.",
        ));
    }
    let target = Target::of(&call, io, &words, Rules::default())?;
    let found = target.find(&mut call, io)?;
    // Without the flag, events are told of one object that was named exactly.
    let alone = found.objects.len() < 2 && found.failures.is_empty();
    let events = match call.arguments.given("show-events") {
        true => call.arguments.on("show-events"),
        false => alone,
    };
    // Of two words the second may be the beginning of a name; whatever stands there, only that nothing
    // was found is told (`DescribeMatchingResources`).
    if let ([first, _], [only]) = (words.as_slice(), found.failures.as_slice())
        && first.contains('/')
        && is_not_found(only)
    {
        return Err(only.clone());
    }
    if let (Target::Names(names), [], [_, _]) =
        (&target, found.objects.as_slice(), words.as_slice())
    {
        let (kind, prefix) = names[0].clone();
        return by_prefix(call, io, kind, &prefix, found.failures, events);
    }
    if found.objects.is_empty() && found.failures.is_empty() {
        if call.arguments.on("all-namespaces") {
            io.write_error("No resources found");
        } else {
            io.write_error(format!("No resources found in {} namespace.", call.client.namespace));
        }
    }
    let mut pages = Vec::new();
    for object in &found.objects {
        pages.push(describe(&mut call.client, io, object, events));
    }
    io.stdout.extend_from_slice(pages.join("\n\n").as_bytes());
    Failure::of(found.failures).map_or(DONE, Err)
}

fn is_not_found(failure: &Failure) -> bool {
    matches!(failure, Failure::Server { status, .. } if status.reason == Reason::NotFound)
}

/// Describes every object whose name begins so, when none has just this name.
fn by_prefix(
    mut call: Call,
    io: &mut Io<'_>,
    kind: Kind,
    prefix: &str,
    failures: Vec<Failure>,
    events: bool,
) -> Outcome {
    let not_found = failures.iter().all(is_not_found);
    let mut any = false;
    if not_found {
        let (objects, _) = call.client.list(io, kind, &Filter::default())?;
        for object in objects.iter().filter(|object| object.name().starts_with(prefix)) {
            any = true;
            let page = describe(&mut call.client, io, object, events);
            io.say(page);
        }
    }
    if any { DONE } else { Failure::of(failures).map_or(DONE, Err) }
}

/// What describes an object may need: the objects around it.
struct Reader<'a, 'io> {
    io: &'a mut Io<'io>,
    client: Client,
    show_events: bool,
}

impl Reader<'_, '_> {
    /// All objects of a kind, in one namespace or everywhere.
    fn all(&mut self, kind: Kind, namespace: Option<String>) -> Vec<Object> {
        let everywhere = namespace.is_none();
        let mut client = self.client.at(&namespace.unwrap_or_default());
        let filter = Filter { everywhere, ..Filter::default() };
        client.list(self.io, kind, &filter).map(|(objects, _)| objects).unwrap_or_default()
    }
}

pub(super) use rights::Line;

/// A pod template by itself, as `rollout history` shows it.
pub(super) fn template(template: &PodTemplateSpec) -> String {
    let mut page = page::Page::default();
    page.template(template);
    page.unaligned()
}

/// An object's description.
pub(super) fn describe(
    client: &mut Client,
    io: &mut Io<'_>,
    object: &Object,
    show_events: bool,
) -> String {
    let mut reader = Reader { client: client.at(object.namespace()), io, show_events };
    match object {
        Object::Pod(pod) => reader.pod(object, pod),
        Object::Service(service) => reader.service(object, service),
        Object::Deployment(deployment) => reader.deployment(object, deployment),
        Object::ReplicaSet(set) => reader.replica_set(object, set),
        Object::ReplicationController(it) => reader.replication_controller(object, it),
        Object::StatefulSet(set) => reader.stateful_set(object, set),
        Object::DaemonSet(set) => reader.daemon_set(object, set),
        Object::Job(job) => reader.job(object, job),
        Object::CronJob(job) => reader.cron_job(object, job),
        Object::Node(node) => reader.node(object, node),
        Object::Endpoints(endpoints) => reader.endpoints(object, endpoints),
        Object::EndpointSlice(slice) => reader.endpoint_slice(object, slice),
        Object::Ingress(ingress) => reader.ingress(object, ingress),
        Object::IngressClass(class) => reader.ingress_class(object, class),
        Object::NetworkPolicy(policy) => reader.network_policy(object, policy),
        Object::ConfigMap(map) => reader.config_map(object, map),
        Object::Secret(secret) => reader.secret(object, secret),
        Object::Namespace(namespace) => reader.namespace(object, namespace),
        Object::ServiceAccount(account) => reader.service_account(object, account),
        Object::PodDisruptionBudget(budget) => reader.disruption_budget(object, budget),
        Object::PersistentVolumeClaim(claim) => reader.volume_claim(object, claim),
        Object::HorizontalPodAutoscaler(scaler) => reader.autoscaler(object, scaler),
        Object::ResourceQuota(quota) => reader.quota(quota),
        Object::PriorityClass(class) => reader.priority_class(object, class),
        Object::ServiceCIDR(range) => reader.service_cidr(object, range),
        Object::IPAddress(address) => reader.ip_address(object, address),
        Object::PersistentVolume(volume) => reader.volume(object, volume),
        Object::StorageClass(class) => reader.storage_class(object, class),
        Object::LimitRange(range) => reader.limits(range),
        Object::Role(role) => reader.role(&role.metadata, role.rules.as_deref()),
        Object::ClusterRole(role) => reader.role(&role.metadata, role.rules.as_deref()),
        Object::RoleBinding(it) => {
            reader.binding(&it.metadata, &it.role_ref, it.subjects.as_deref())
        }
        Object::ClusterRoleBinding(it) => {
            reader.binding(&it.metadata, &it.role_ref, it.subjects.as_deref())
        }
        other => reader.generic(other),
    }
}
