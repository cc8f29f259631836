//! Starting a container: its image, its command, its environment, its process.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container as ContainerSpec, PodIP};

use super::back_off::NOTICE;
use super::container::{State, Terminated};
use super::environment::{self, Links};
use super::exec::{self, SETTLING_IN};
use super::volume::Volume;
use super::worker::{Host, Sandbox, Worker};
use super::{Owner, Purpose, etc, hooks, identity, probe, pull};
use crate::api::Pod;
use crate::clock::SimTime;
use crate::cluster::attributes::FileTable;
use crate::cluster::image::{Image, Lookup};
use crate::cluster::processes::{Keeper, Spawn};
use crate::cluster::{Process, StartError, programs};

/// The exit code of a container whose program could not be started (containerd's CRI plugin).
const NOT_STARTED: i32 = 128;

/// Prepares the container: `false` when its image or its configuration is not there.
pub(super) fn begin(worker: &mut Worker, index: usize, host: &mut Host<'_>) -> bool {
    let Some(spec) = &worker.spec_of(index).cloned() else { return false };
    let name = spec.image.clone().unwrap_or_default();
    let policy = spec.image_pull_policy.as_deref().unwrap_or("IfNotPresent");
    let image = match pull::look_up(spec, host.registry) {
        Ok(Lookup::Found(image)) if policy != "Never" || pull::is_kept(worker, index, host) => {
            in_directory(image, spec)
        }
        Ok(_) => return pull::never_pulled(worker, index, host, &name),
        Err(()) => return pull::invalid_name(worker, index, host, &name),
    };
    if policy != "Always" {
        let message = format!(
            "Container image \"{name}\" already present on machine and can be accessed by the pod"
        );
        worker.tell_of(host, index, false, "Pulled", &message);
    }
    let all = worker.pod.spec.as_ref().and_then(|spec| spec.enable_service_links);
    let links = host.links.get(host.api.store(), &worker.namespace, all != Some(false));
    let pod = with_address(worker, spec);
    let variables = match environment::variables(host.api.store(), &pod, spec, &links) {
        Ok(variables) => variables,
        Err(error) => {
            worker.tell_of(host, index, true, "Failed", &format!("Error: {error}"));
            return pull::cannot_create(worker, index, host, "CreateContainerConfigError", error);
        }
    };
    if let Err(error) = identity::verify_not_root(worker, spec, &image) {
        worker.tell_of(host, index, true, "Failed", &format!("Error: {error}"));
        return pull::cannot_create(worker, index, host, "CreateContainerConfigError", error);
    }
    let id = container_id(host);
    let container = &mut worker.containers[index];
    container.image_reference = name;
    container.image = Some(image);
    container.links = links;
    container.variables = variables;
    if let State::Terminated(end) = &container.state {
        container.last = Some(end.clone());
    }
    if !container.id.is_empty() {
        container.restarts += 1;
        container.previous_log = Some(std::mem::take(&mut container.log));
    }
    container.id = id;
    container.files.clear();
    container.table = FileTable::default();
    container.sub_paths = sub_paths(&worker.pod, spec, worker.sandbox.as_ref());
    if policy != "Never" {
        pull::keep(worker, index, host);
    }
    if let Some(sandbox) = &mut worker.sandbox {
        // kubelet's `ensureHostsFile`, before each start.
        sandbox.etc.remove(etc::HOSTS);
    }
    worker.tell_of(host, index, false, "Created", "Container created");
    true
}

/// The image with the container's own working directory, if it has one.
fn in_directory(image: Arc<Image>, spec: &ContainerSpec) -> Arc<Image> {
    match spec.working_dir.as_deref() {
        None | Some("") => image,
        Some(directory) => {
            let mut image = Image::clone(&image);
            image.directory = directory.to_owned();
            Arc::new(image)
        }
    }
}

/// Runs the container's program.
pub(super) fn finish(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    worker.stale = true;
    let Some(spec) = &worker.spec_of(index).cloned() else { return };
    let Some(netns) = worker.sandbox.as_ref().map(|sandbox| sandbox.netns) else { return };
    let program = match program(worker, index, spec, host) {
        Ok(program) => program,
        Err(StartError::NotFound(name)) => return start_failed(worker, index, host, &name),
    };
    let place = exec::place(worker, index);
    let owner = Owner { pod: worker.key, container: index, purpose: Purpose::Main };
    // Starts that are part of a crash loop are not waited for.
    let in_loop = worker.containers[index].crashes.is_loop();
    let starting_until = if in_loop { SimTime::START } else { host.now + SETTLING_IN };
    let spawn = Spawn { place, netns, keeper: Keeper::Kubelet(owner), program, starting_until };
    let process = host.processes.spawn(host.now, spawn);
    let container = &mut worker.containers[index];
    container.process = Some(process);
    container.state = State::Running { since: host.now };
    worker.tell_of(host, index, false, "Started", "Container started");
    pull::look_for_secrets(worker, host);
    match spec.lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.as_ref()) {
        Some(hook) => {
            // Nothing else is done for the pod, and nothing reported, before the hook has ended.
            worker.post_start = Some(index);
            hooks::after_start(worker, index, hook, host);
        }
        None => probe::begin(worker, index, host.now),
    }
}

/// The volumes that a container mounts by a `subPath`, as they are now.
fn sub_paths(pod: &Pod, spec: &ContainerSpec, sandbox: Option<&Sandbox>) -> Vec<(String, Volume)> {
    let mounts = pod.spec.iter().flat_map(|all| all.mounts(spec));
    let provided = mounts.filter(|mount| mount.sub_path.is_some()).filter_map(|mount| {
        let volume = sandbox?.volumes.get(mount.volume)?;
        (!volume.is_writable()).then(|| (mount.volume.to_owned(), volume.clone()))
    });
    provided.collect()
}

/// The program of the container's command: ENTRYPOINT and CMD, unless `command` and `args` replace
/// them. `args` alone keeps ENTRYPOINT, `command` alone drops CMD.
fn program(
    worker: &Worker,
    index: usize,
    spec: &ContainerSpec,
    host: &Host<'_>,
) -> Result<Box<dyn Process>, StartError> {
    let container = &worker.containers[index];
    let Some(image) = container.image.clone() else {
        return Err(StartError::NotFound(String::new()));
    };
    let arguments = arguments(spec, &image, &container.variables, &container.links);
    let variables = || exec::environment(worker, index);
    if let Some(program) = programs::start(&arguments, &image, &variables) {
        return Ok(program);
    }
    let place = exec::place(worker, index);
    let start = |words: &[String]| match words.first() {
        Some(path) if is_missing(worker, spec, &image, path) => {
            Err(StartError::NotFound(path.clone()))
        }
        _ => host.userland.start(words, variables(), &place, &image),
    };
    let words = image.without_entrypoint(&arguments);
    match (start(&words), arguments.first()) {
        // The entrypoint's own shell runs by then: it finds no such program, and says so.
        (Err(StartError::NotFound(_)), Some(script)) if image.is_entrypoint(script) => {
            let shell = ["sh", "-c", "exec \"$@\"", script].map(str::to_owned);
            start(&[shell.as_slice(), &words].concat())
        }
        (started, _) => started,
    }
}

/// Whether nothing is at the full path of a program: a new container has its image's files, and those
/// of its volumes.
fn is_missing(worker: &Worker, spec: &ContainerSpec, image: &Image, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut mounts = worker.pod.spec.iter().flat_map(|all| all.mounts(spec));
    path.starts_with('/')
        && !path.contains(char::is_whitespace)
        && !image.holds(name)
        && image.file(path).is_none()
        && !mounts.any(|mount| {
            let below = path.strip_prefix(mount.path.trim_end_matches('/'));
            below.is_some_and(|below| below.starts_with('/'))
        })
}

fn arguments(
    spec: &ContainerSpec,
    image: &Image,
    variables: &[(String, String)],
    links: &Links,
) -> Vec<String> {
    let given = |list: &Option<Vec<String>>| -> Option<Vec<String>> {
        let list = list.as_ref().filter(|list| !list.is_empty())?;
        let lookup = |name: &str| environment::lookup(variables, links, name);
        Some(list.iter().map(|word| super::expand::expand(word, lookup)).collect())
    };
    let (command, args) = (given(&spec.command), given(&spec.args));
    match (command, args) {
        (Some(command), args) => [command, args.unwrap_or_default()].concat(),
        (None, Some(args)) => [image.entrypoint.clone(), args].concat(),
        (None, None) => [image.entrypoint.clone(), image.command.clone()].concat(),
    }
}

/// The executable is not in the image: runc says so, and the container counts as ended.
fn start_failed(worker: &mut Worker, index: usize, host: &mut Host<'_>, name: &str) {
    let problem = exec::not_found(name);
    let message = format!(
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: \
         runc create failed: unable to start container process: error during container init: \
         exec: {name:?}: {problem}: unknown"
    );
    let id = worker.containers[index].id.clone();
    worker.containers[index].finish(Terminated {
        exit: NOT_STARTED,
        reason: "StartError",
        message: message.clone(),
        started: None,
        finished: host.now,
        id,
    });
    worker.tell_of(host, index, true, "Failed", &format!("Error: {message}"));
    let policy = worker.restart_policy().to_owned();
    let container = &mut worker.containers[index];
    if container.restarts_after(NOT_STARTED, &policy) {
        let wait = container.crashes.crash(Duration::ZERO);
        container.put_off(host.now, wait, NOTICE);
    }
}

/// The pod as its containers may see it: with its address, which its status may not have yet, if
/// they ask for it.
fn with_address(worker: &Worker, spec: &ContainerSpec) -> Arc<Pod> {
    let Some(sandbox) = &worker.sandbox else { return worker.pod.clone() };
    let asks = spec.env.iter().flatten().any(|variable| {
        let field = variable.value_from.as_ref().and_then(|source| source.field_ref.as_ref());
        field.is_some_and(|field| field.field_path.starts_with("status."))
    });
    if !asks {
        return worker.pod.clone();
    }
    let mut pod = Pod::clone(&worker.pod);
    let status = pod.status.get_or_insert_default();
    status.pod_ip = Some(sandbox.address.to_string());
    status.pod_ips = Some(sandbox.addresses().map(|it| PodIP { ip: it.to_string() }).collect());
    Arc::new(pod)
}

fn container_id(host: &mut Host<'_>) -> String {
    let [a, b, c, d] = std::array::from_fn(|_| host.ids.bits());
    format!("containerd://{a:016x}{b:016x}{c:016x}{d:016x}")
}
