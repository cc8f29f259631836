//! Starting a container: its image, its command, its environment, its process.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container as ContainerSpec, Pod};

use super::container::{State, Terminated};
use super::environment::{self, Links};
use super::worker::{Host, Worker, container_spec};
use super::{Owner, Purpose, etc, probe, stop};
use crate::clock::SimTime;
use crate::cluster::image::{self, Image, Lookup, Reference};
use crate::cluster::processes::Spawn;
use crate::cluster::{Place, Process, StartError, programs};

/// How long the kubelet shows the end itself before it tells of a crash loop.
const NOTICE: Duration = Duration::from_secs(1);

/// What a container does in its first seconds is waited for when the cluster settles.
const SETTLING_IN: Duration = Duration::from_secs(5);

/// How long a kubelet waits before it looks again for a missing ConfigMap or Secret.
const CONFIG_RETRY: Duration = Duration::from_secs(5);

/// Whether the container's image has to be fetched first.
pub(super) fn needs_pull(worker: &Worker, index: usize) -> bool {
    let Some(spec) = worker.spec_of(index) else { return false };
    let policy = spec.image_pull_policy.as_deref().unwrap_or("IfNotPresent");
    match (policy, look_up(spec)) {
        // A name that is none is refused before anybody is asked.
        ("Never", _) | (_, Err(())) => false,
        ("Always", Ok(Lookup::Found(_))) => worker.containers[index].image.is_none(),
        (_, Ok(found)) => !matches!(found, Lookup::Found(_)),
    }
}

/// Asks the registry.
pub(super) fn begin_pull(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    let image = image_of(worker, index);
    worker.tell_of(host, index, false, "Pulling", &format!("Pulling image \"{image}\""));
}

/// The registry has answered; `false` when it has no such image.
pub(super) fn finish_pull(worker: &mut Worker, index: usize, host: &mut Host<'_>) -> bool {
    let Some(spec) = worker.spec_of(index) else { return false };
    let name = spec.image.clone().unwrap_or_default();
    match look_up(spec) {
        Ok(Lookup::Found(_)) => {
            let message = format!(
                "Successfully pulled image \"{name}\" in 700ms (700ms including waiting). \
                 Image size: 62944446 bytes."
            );
            worker.tell_of(host, index, false, "Pulled", &message);
            worker.containers[index].pulls = Default::default();
            true
        }
        missing => {
            let unknown = matches!(missing, Ok(Lookup::Unknown));
            pull_failed(worker, index, host, &failure(&name, unknown));
            false
        }
    }
}

/// Prepares the container: `false` when its image or its configuration is not there.
pub(super) fn begin(worker: &mut Worker, index: usize, host: &mut Host<'_>) -> bool {
    let pod = worker.pod.clone();
    let Some(spec) = container_spec(&pod, index) else { return false };
    let name = spec.image.clone().unwrap_or_default();
    let policy = spec.image_pull_policy.as_deref().unwrap_or("IfNotPresent");
    let image = match look_up(spec) {
        Ok(Lookup::Found(image)) => image,
        Ok(_) => return never_pulled(worker, index, host, &name),
        Err(()) => return invalid_name(worker, index, host, &name),
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
            return cannot_create(worker, index, host, "CreateContainerConfigError", error);
        }
    };
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
    worker.tell_of(host, index, false, "Created", "Container created");
    true
}

/// Runs the container's program.
pub(super) fn finish(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    worker.stale = true;
    let pod = worker.pod.clone();
    let Some(spec) = container_spec(&pod, index) else { return };
    let Some(netns) = worker.sandbox.as_ref().map(|sandbox| sandbox.netns) else { return };
    let program = match program(worker, index, spec, host) {
        Ok(program) => program,
        Err(StartError::NotFound(name)) => return start_failed(worker, index, host, &name),
    };
    let place = place(worker, index);
    let owner = Owner { pod: worker.key, container: index, purpose: Purpose::Main };
    // Starts that are part of a crash loop are not waited for.
    let in_loop = worker.containers[index].crashes.is_loop();
    let starting_until = if in_loop { SimTime::START } else { host.now + SETTLING_IN };
    let spawn = Spawn { place, netns, owner, program, starting_until };
    let process = host.processes.spawn(host.now, spawn);
    let container = &mut worker.containers[index];
    container.process = Some(process);
    container.state = State::Running { since: host.now };
    container.probes = probe::probers(spec, host.now);
    container.started = spec.startup_probe.is_none();
    container.ready = spec.readiness_probe.is_none() && container.started;
    container.ever_ready |= container.ready;
    worker.tell_of(host, index, false, "Started", "Container started");
    run_post_start(worker, index, spec, host);
}

/// The container's process has ended.
pub(super) fn ended(worker: &mut Worker, index: usize, now: SimTime, exit: i32) {
    let policy = worker.restart_policy().to_owned();
    let deleted = worker.deletion.is_some();
    let changed = is_changed(worker, index);
    let container = &mut worker.containers[index];
    let ran = container.running_since().map(|since| now.since(since)).unwrap_or_default();
    container.end(now, exit);
    worker.stale = true;
    if deleted || !container.restarts_after(exit, &policy) {
        return;
    }
    // A container whose image was changed is not at fault.
    let wait = if changed { Duration::ZERO } else { container.crashes.crash(ran) };
    container.put_off(now, wait, NOTICE);
}

/// A container whose image has changed is stopped, and comes back with the new one.
pub(super) fn notice_change(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    let container = &worker.containers[index];
    if worker.deletion.is_some() || !is_changed(worker, index) || !container.is_running() {
        return;
    }
    let message = format!("Container {} definition changed, will be restarted", container.name);
    let grace = worker.pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
    let grace = Duration::from_secs(u64::try_from(grace.unwrap_or(30)).unwrap_or(0));
    worker.containers[index].image = None;
    stop::stop(worker, index, host, grace, &message);
}

/// Whether the container has another image than the specification says.
fn is_changed(worker: &Worker, index: usize) -> bool {
    let wanted = worker.spec_of(index).and_then(|spec| spec.image.as_deref());
    wanted.is_some_and(|wanted| wanted != worker.containers[index].image_reference)
}

/// Tells that the next start, or the next pull, is put off.
pub(super) fn tell_back_off(worker: &mut Worker, index: usize, host: &mut Host<'_>) {
    let container = &mut worker.containers[index];
    container.back_off_told_at = None;
    match container.state.clone() {
        State::Terminated(end) => tell_crash_loop(worker, index, end, host),
        State::Waiting { reason: "ErrImagePull", message } => {
            tell_pull_back_off(worker, index, &message, host);
        }
        _ => {}
    }
}

fn tell_crash_loop(worker: &mut Worker, index: usize, end: Terminated, host: &mut Host<'_>) {
    let full_name = worker.full_name();
    let container = &mut worker.containers[index];
    let wait = go_duration(container.not_before.since(end.finished));
    let name = container.name.clone();
    let message = format!("back-off {wait} restarting failed container={name} pod={full_name}");
    container.last = Some(end);
    container.wait("CrashLoopBackOff", message);
    worker.stale = true;
    let told = format!("Back-off restarting failed container {name} in pod {full_name}");
    worker.tell_of(host, index, true, "BackOff", &told);
}

fn tell_pull_back_off(worker: &mut Worker, index: usize, error: &str, host: &mut Host<'_>) {
    let container = &mut worker.containers[index];
    let told = format!("Back-off pulling image \"{}\"", container.image_reference);
    container.wait("ImagePullBackOff", format!("{told}: ErrImagePull: {error}"));
    worker.stale = true;
    worker.tell_of(host, index, false, "BackOff", &told);
    worker.tell_of(host, index, true, "Failed", "Error: ImagePullBackOff");
}

/// Where the container's processes run.
pub(super) fn place(worker: &Worker, index: usize) -> Place {
    Place::Container {
        namespace: worker.namespace.clone(),
        pod: worker.name.clone(),
        container: worker.containers[index].name.clone(),
    }
}

/// Everything that the container's processes find in their environment.
pub(super) fn environment(worker: &Worker, index: usize) -> Vec<(String, String)> {
    let container = &worker.containers[index];
    let mut all: Vec<(String, String)> = Vec::new();
    let mut put = |name: &str, value: &str, replace: bool| match all
        .iter()
        .position(|(known, _)| known == name)
    {
        Some(at) if replace => all[at].1 = value.to_owned(),
        Some(_) => {}
        None => all.push((name.to_owned(), value.to_owned())),
    };
    let image = container.image.as_deref();
    let from_image = image.map(|image| image.environment.as_slice()).unwrap_or_default();
    if let Some((name, value)) = from_image.first() {
        put(name, value, true);
    }
    put("HOSTNAME", &etc::hostname(&worker.pod), true);
    for (name, value) in from_image.iter().skip(1) {
        put(name, value, true);
    }
    for (name, value) in &container.variables {
        put(name, value, true);
    }
    // Explicit variables win over those of Services (R10.1).
    for (name, value) in container.links.iter() {
        put(name, value, false);
    }
    put("HOME", &image.map(Image::home).unwrap_or_else(|| "/".to_owned()), false);
    all
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
    let variables = || environment(worker, index);
    if let Some(program) = programs::start(&arguments, &image, &variables) {
        return Ok(program);
    }
    let arguments = programs::without_entrypoint(&arguments, &image);
    host.userland.start(&arguments, variables(), &place(worker, index), &image)
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

fn run_post_start(worker: &mut Worker, index: usize, spec: &ContainerSpec, host: &mut Host<'_>) {
    let hook = spec.lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.as_ref());
    if let Some(command) = hook.and_then(|hook| hook.exec.as_ref()) {
        let words = command.command.clone().unwrap_or_default();
        if execute(worker, index, host, &words, Purpose::PostStart).is_none() {
            let message = "PostStartHook failed";
            worker.tell_of(host, index, true, "FailedPostStartHook", message);
        }
    }
}

/// Runs a command in a container, beside its program.
pub(super) fn execute(
    worker: &Worker,
    index: usize,
    host: &mut Host<'_>,
    command: &[String],
    purpose: Purpose,
) -> Option<crate::network::ProcessId> {
    let netns = worker.sandbox.as_ref()?.netns;
    let image = worker.containers[index].image.clone()?;
    let place = place(worker, index);
    let variables = environment(worker, index);
    let program = host.userland.start(command, variables, &place, &image).ok()?;
    let owner = Owner { pod: worker.key, container: index, purpose };
    let starting_until = host.now + SETTLING_IN;
    Some(host.processes.spawn(host.now, Spawn { place, netns, owner, program, starting_until }))
}

/// The executable is not in the image: runc says so, and the container counts as ended.
fn start_failed(worker: &mut Worker, index: usize, host: &mut Host<'_>, name: &str) {
    let problem = if name.contains('/') {
        format!("stat {name}: no such file or directory")
    } else {
        "executable file not found in $PATH".to_owned()
    };
    let message = format!(
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: \
         runc create failed: unable to start container process: error during container init: \
         exec: \"{name}\": {problem}"
    );
    let id = worker.containers[index].id.clone();
    let exit = if name.contains('/') { 127 } else { 128 };
    worker.containers[index].finish(Terminated {
        exit,
        reason: "StartError",
        message: message.clone(),
        started: None,
        finished: host.now,
        id,
    });
    worker.tell_of(host, index, true, "Failed", &format!("Error: {message}"));
    let policy = worker.restart_policy().to_owned();
    let container = &mut worker.containers[index];
    if container.restarts_after(exit, &policy) {
        let wait = container.crashes.crash(Duration::ZERO);
        container.put_off(host.now, wait, NOTICE);
    }
}

fn pull_failed(worker: &mut Worker, index: usize, host: &mut Host<'_>, error: &str) {
    let image = image_of(worker, index);
    let container = &mut worker.containers[index];
    container.image_reference = image.clone();
    container.wait("ErrImagePull", error);
    let wait = container.pulls.fail();
    container.put_off(host.now, wait, NOTICE);
    worker.stale = true;
    let message = format!("Failed to pull image \"{image}\": {error}");
    worker.tell_of(host, index, true, "Failed", &message);
    worker.tell_of(host, index, true, "Failed", "Error: ErrImagePull");
}

/// Why there is no such image, as containerd puts it; or that podhop does not carry it.
fn failure(name: &str, unknown: bool) -> String {
    let reference = Reference::parse(name).map(|reference| reference.to_string());
    let reference = reference.unwrap_or_default();
    if unknown {
        let carried: Vec<&str> = image::carried().collect();
        let carried = carried.join(", ");
        return format!("podhop does not simulate image \"{name}\"; it carries {carried}");
    }
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{reference}\": \
         failed to resolve image: {reference}: not found"
    )
}

/// What the image's name leads to; nothing when it is no name.
fn look_up(spec: &ContainerSpec) -> Result<Lookup, ()> {
    let name = spec.image.as_deref().unwrap_or("");
    Reference::parse(name).map(|reference| image::find(&reference)).ok_or(())
}

fn image_of(worker: &Worker, index: usize) -> String {
    worker.spec_of(index).and_then(|spec| spec.image.clone()).unwrap_or_default()
}

/// `imagePullPolicy: Never`, and the node does not have the image.
fn never_pulled(worker: &mut Worker, index: usize, host: &mut Host<'_>, name: &str) -> bool {
    let message = format!("Container image \"{name}\" is not present with pull policy of Never");
    worker.tell_of(host, index, true, "ErrImageNeverPull", &message);
    worker.tell_of(host, index, true, "Failed", "Error: ErrImageNeverPull");
    cannot_create(worker, index, host, "ErrImageNeverPull", message)
}

fn invalid_name(worker: &mut Worker, index: usize, host: &mut Host<'_>, name: &str) -> bool {
    let message = format!(
        "Failed to apply default image tag \"{name}\": couldn't parse image name \"{name}\": \
         invalid reference format"
    );
    worker.tell_of(host, index, true, "InspectFailed", &message);
    worker.tell_of(host, index, true, "Failed", "Error: InvalidImageName");
    cannot_create(worker, index, host, "InvalidImageName", message)
}

/// The container waits for something that may never come; the kubelet looks again from time to
/// time.
fn cannot_create(
    worker: &mut Worker,
    index: usize,
    host: &Host<'_>,
    reason: &'static str,
    message: String,
) -> bool {
    let container = &mut worker.containers[index];
    container.wait(reason, message);
    container.not_before = host.now + CONFIG_RETRY;
    container.retries_soon = false;
    worker.stale = true;
    false
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
    pod.status.get_or_insert_default().pod_ip = Some(sandbox.address.to_string());
    Arc::new(pod)
}

fn container_id(host: &mut Host<'_>) -> String {
    let digits: String = (0..4).map(|_| format!("{:016x}", host.ids.bits())).collect();
    format!("containerd://{digits}")
}

/// A duration as Go prints it: `10s`, `1m20s`, `5m0s`.
fn go_duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds => format!("{}m{}s", seconds / 60, seconds % 60),
    }
}
