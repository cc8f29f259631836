//! Which pod and which container a command means: `web`, `deploy/web`, `-c sidecar`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, ContainerStatus, Service};

use super::super::super::tool::Io;
use super::client::{Client, Filter};
use super::{Failure, target};
use crate::api::selector::LabelSelector;
use crate::api::{Kind, Object, Pod, Reason, Status};
use crate::cluster::{Did, ObjectName, Place};

/// The annotation that names the container of commands without `-c`.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// The pod that `NAME` or `TYPE/NAME` means; of a workload or service, one of its pods. Says how
/// many there were to choose from.
///
/// # Errors
/// When there is no such object, or it has no pods for what was to be done (`doing`).
pub(super) fn find(
    client: &mut Client,
    io: &mut Io<'_>,
    word: &str,
    doing: &str,
) -> Result<(Pod, usize), Failure> {
    let (kind, name) = target::single(&[word.to_owned()], Kind::Pod)?;
    let object = client.get(io, kind, &name)?;
    if let Some(pod) = object.as_kind::<Pod>() {
        return Ok((pod.as_ref().clone(), 1));
    }
    one_of(client, io, &object, doing)
}

/// One of the pods of a workload or service, and how many there were to choose from.
///
/// # Errors
/// When there are none, or objects of its kind have none for what was to be done (`doing`).
pub(super) fn one_of(
    client: &mut Client,
    io: &mut Io<'_>,
    object: &Object,
    doing: &str,
) -> Result<(Pod, usize), Failure> {
    let pods = of_object(client, io, object, doing)?;
    let count = pods.len();
    match pods.into_iter().next() {
        Some(pod) => Ok((pod, count)),
        None => Err(Failure::message("timed out waiting for the condition")),
    }
}

/// What `exec`, `attach` and `port-forward` do to a pod.
pub(super) const ATTACHING: &str = "cannot attach to";

/// What `logs` does.
pub(super) const READING: &str = "cannot get the logs from";

/// The pods of a workload or service, the best to talk to first: ready before unready, old before
/// new.
///
/// # Errors
/// When the object selects none, with what was to be done to them (`doing`).
pub(super) fn of_object(
    client: &mut Client,
    io: &mut Io<'_>,
    object: &Object,
    doing: &str,
) -> Result<Vec<Pod>, Failure> {
    let info = object.kind().info();
    let labels = selector(object)
        .map_err(|failure| failure.within(&format!("{doing} *{}.{}", info.version, info.name)))?;
    let filter = Filter { labels, ..Filter::default() };
    let (objects, _) = client.at(object.namespace()).list(io, Kind::Pod, &filter)?;
    let mut pods: Vec<Pod> =
        objects.iter().filter_map(|o| o.as_kind::<Pod>()).map(|pod| pod.as_ref().clone()).collect();
    pods.sort_by_key(|pod| {
        let gone = pod.metadata.deletion_timestamp.is_some();
        let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        (gone, !pod.is_ready(), created, pod.metadata.name.clone())
    });
    Ok(pods)
}

/// Which pods an object selects.
///
/// # Errors
/// When objects of its kind select none.
pub(super) fn selector(object: &Object) -> Result<LabelSelector, Failure> {
    let none = || {
        let kind = object.kind();
        Failure::message(format!("selector for *{}.{kind} not implemented", kind.info().version))
    };
    let selector = match object {
        Object::Deployment(it) => it.spec.as_ref().map(|spec| &spec.selector),
        Object::ReplicaSet(it) => it.spec.as_ref().map(|spec| &spec.selector),
        Object::StatefulSet(it) => it.spec.as_ref().map(|spec| &spec.selector),
        Object::DaemonSet(it) => it.spec.as_ref().map(|spec| &spec.selector),
        Object::Job(it) => it.spec.as_ref().and_then(|spec| spec.selector.as_ref()),
        Object::Service(it) => return service_selector(it),
        Object::ReplicationController(it) => {
            let labels = it.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            return Ok(LabelSelector::equalities(labels.into_iter().flatten()));
        }
        _ => None,
    };
    selector.map(LabelSelector::of).ok_or_else(none)
}

fn service_selector(service: &Service) -> Result<LabelSelector, Failure> {
    let labels = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    match labels.filter(|labels| !labels.is_empty()) {
        Some(labels) => Ok(LabelSelector::equalities(labels)),
        None => {
            let name = service.metadata.name.as_deref().unwrap_or("");
            Err(Failure::message(format!(
                "invalid service '{name}': Service is defined without a selector"
            )))
        }
    }
}

/// Every container with what it is beside an ordinary one: (name, ` (init)`).
pub(super) fn containers(pod: &Pod) -> Vec<(String, &'static str)> {
    let spec = pod.spec.as_ref();
    let plain = spec.map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let init = spec.and_then(|spec| spec.init_containers.as_deref()).unwrap_or_default();
    let named = |list: &[Container], mark: &'static str| {
        list.iter().map(|container| (container.name.clone(), mark)).collect::<Vec<_>>()
    };
    let ephemeral = ephemeral(pod);
    [named(plain, ""), named(init, " (init)"), named(&ephemeral, " (ephem)")].concat()
}

/// The containers that `kubectl debug` added.
pub(super) fn ephemeral(pod: &Pod) -> Vec<Container> {
    let spec = pod.spec.as_ref();
    let added = spec.and_then(|spec| spec.ephemeral_containers.as_deref()).unwrap_or_default();
    added.iter().map(crate::api::ephemeral).collect()
}

/// The container that `-c` names, or the first one; when there was a choice, it is told which.
///
/// # Errors
/// When the pod has no such container.
pub(super) fn container(
    io: &mut Io<'_>,
    pod: &Pod,
    wanted: &str,
    quiet: bool,
) -> Result<String, Failure> {
    let all = containers(pod);
    if !wanted.is_empty() {
        if all.iter().any(|(name, _)| name == wanted) {
            return Ok(wanted.to_owned());
        }
        let object = ObjectName {
            kind: Kind::Pod,
            namespace: pod.metadata.namespace.clone().unwrap_or_default(),
            name: pod.name().to_owned(),
        };
        let did = Did::NoContainer { pod: object, container: wanted.to_owned() };
        io.cluster.note(io.place, did);
        let text = format!(
            "container {wanted} is not valid for pod {} out of: {}",
            pod.name(),
            listed(&all)
        );
        return Err(Failure::message(text));
    }
    let annotations = pod.metadata.annotations.as_ref();
    let annotated = annotations.and_then(|annotations| annotations.get(DEFAULT_CONTAINER));
    if let Some(chosen) = annotated.filter(|chosen| all.iter().any(|(name, _)| name == *chosen)) {
        return Ok(chosen.clone());
    }
    let first = all.first().map(|(name, _)| name.clone()).unwrap_or_default();
    if all.len() > 1 && !quiet {
        io.write_error(format!("Defaulted container \"{first}\" out of: {}", listed(&all)));
    }
    Ok(first)
}

/// `app, log (init)`
fn listed(containers: &[(String, &str)]) -> String {
    let names = containers.iter().map(|(name, mark)| format!("{name}{mark}"));
    names.collect::<Vec<_>>().join(", ")
}

/// The shell that a container runs, if it is one that waits for somebody to type: what its
/// manifest says, or else its image.
pub(super) fn shell(io: &Io<'_>, pod: &Pod, container: &str) -> Option<String> {
    let ephemeral = ephemeral(pod);
    let mut containers = pod.spec.as_ref()?.containers.iter().chain(&ephemeral);
    let spec = containers.find(|candidate| candidate.name == container)?;
    let given = |words: &Option<Vec<String>>| words.clone().filter(|words| !words.is_empty());
    let place = Place::Container {
        namespace: Arc::from(pod.namespace()),
        pod: Arc::from(pod.name()),
        container: Arc::from(container),
    };
    let image = io.cluster.image(&place)?;
    let words = match (given(&spec.command), given(&spec.args)) {
        (Some(command), args) => [command, args.unwrap_or_default()].concat(),
        (None, args) => image.words(args.unwrap_or_else(|| image.command.clone())),
    };
    let [only] = words.as_slice() else { return None };
    let name = only.rsplit('/').next().unwrap_or(only);
    ["sh", "bash", "ash", "zsh"].contains(&name).then(|| only.clone())
}

/// What kubectl says before it shows what an attached container prints (`AttachOptions.Run`).
pub(super) fn greet(io: &mut Io<'_>) {
    io.write_error(
        "All commands and output from this session will be recorded in container logs, including \
         credentials and sensitive information passed through the command prompt.",
    );
    io.write_error("If you don't see a command prompt, try pressing enter.");
}

/// What is known of a container, init containers included.
pub(super) fn status<'p>(pod: &'p Pod, container: &str) -> Option<&'p ContainerStatus> {
    let status = pod.status.as_ref()?;
    let plain = status.container_statuses.as_deref().unwrap_or_default();
    let init = status.init_container_statuses.as_deref().unwrap_or_default();
    let ephemeral = status.ephemeral_container_statuses.as_deref().unwrap_or_default();
    plain.iter().chain(init).chain(ephemeral).find(|status| status.name == container)
}

/// The stored pod of a name, if it is still the same one.
pub(super) fn current(io: &Io<'_>, pod: &Pod) -> Option<Pod> {
    let stored = io.cluster.objects().get::<Pod>(pod.namespace(), pod.name())?;
    (stored.metadata.uid == pod.metadata.uid).then(|| stored.as_ref().clone())
}

/// A server's complaint about a request that cannot be met.
pub(super) fn bad_request(text: impl Into<String>) -> Failure {
    Failure::from(Status::new(Reason::BadRequest, text))
}
