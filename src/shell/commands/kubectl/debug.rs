//! `kubectl debug`: a container more in a running pod, a copy of a pod to try things in, or a pod in a
//! node's own network. Facts: `kubectl/pkg/cmd/debug`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::super::tool::{Interrupted, Io, Step};
use super::command::{self, Command};
use super::exec::Program;
use super::flags::{Flag, Takes, map_items, switch, text, typed};
use super::logs::Output;
use super::target::Target;
use super::{Call, DONE, Failure, Next, Outcome, Task, create, pods, run, sources};
use crate::api::{FieldValidation, Kind, Object, Patch, Pod, Subresource, WriteOptions};

pub(super) static COMMAND: Command = Command {
    name: "debug",
    short: "Create debugging sessions for troubleshooting workloads and nodes",
    examples: "  # A shell in a running pod, from an image that has tools\n  kubectl debug web -it \
               --image=busybox\n  \n  # A copy of a pod, with another image\n  kubectl debug web \
               --copy-to=web-debug --set-image='*=nginx:1.27'\n  \n  # A pod in a node's own \
               network\n  kubectl debug node/node-1 -it --image=busybox",
    usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
    flags: &[FLAGS],
    run: debug,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("arguments-only", None, "What stands behind -- are arguments, not the command."),
    switch("attach", None, "Attach to the new container; -i does it by itself."),
    text("container", Some('c'), "The name of the new container."),
    text("copy-to", None, "Work on a copy of the pod, with this name."),
    text("custom", None, "Not simulated here."),
    typed("env", Takes::Map, "[]", "Variables of the new container: KEY=VALUE."),
    Flag {
        short: Some('f'),
        ..typed("filename", Takes::List, "[]", "The file with the pod's or node's manifest.")
    },
    text("image", None, "The image of the new container."),
    text("image-pull-policy", None, "Always, IfNotPresent or Never."),
    switch("keep-annotations", None, "With --copy-to: keep the pod's annotations."),
    typed("keep-init-containers", Takes::Switch, "true", "With --copy-to: keep init containers."),
    switch("keep-labels", None, "With --copy-to: keep the pod's labels."),
    switch("keep-liveness", None, "With --copy-to: keep liveness probes."),
    switch("keep-readiness", None, "With --copy-to: keep readiness probes."),
    switch("keep-startup", None, "With --copy-to: keep startup probes."),
    typed(
        "profile",
        Takes::Text,
        "'general'",
        "What the container may do: general, baseline, restricted, netadmin or sysadmin.",
    ),
    switch("quiet", Some('q'), "Print only what the container prints."),
    switch("replace", None, "With --copy-to: delete the pod that was copied."),
    switch("same-node", None, "With --copy-to: put the copy onto the pod's node."),
    typed("set-image", Takes::Map, "[]", "With --copy-to: CONTAINER=IMAGE, or '*=IMAGE'."),
    typed("share-processes", Takes::Switch, "true", "With --copy-to: share processes."),
    switch("stdin", Some('i'), "Keep standard input open."),
    text("target", None, "The container whose processes are looked at."),
    switch("tty", Some('t'), "Standard input is a terminal."),
];

const PROFILES: [&str; 6] = ["legacy", "general", "baseline", "restricted", "netadmin", "sysadmin"];

/// How often a container is looked at.
const PERIOD: Duration = Duration::from_millis(100);

/// What is debugged, and so what a profile changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Ephemeral,
    Copy,
    Node,
}

fn debug(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let names = call.arguments.before_dash().to_vec();
    let command = call.arguments.after_dash().to_vec();
    validate(&call, io, &names, &command)?;
    let mut sessions = Vec::new();
    for object in found(&mut call, io, &names)? {
        let (pod, container) = match &object {
            Object::Pod(pod) if call.arguments.text("copy-to").is_empty() => {
                ephemeral(&mut call, io, &object, pod, &command)?
            }
            Object::Pod(pod) => copy(&mut call, io, &object, pod, &command)?,
            Object::Node(_) => node(&mut call, io, &object, &command)?,
            other => {
                let info = other.kind().info();
                let (group, version, kind) = (info.group, info.version, info.name);
                let text = format!("\"{group}/{version}, Kind={kind}\" not supported by debug");
                return Err(Failure::message(text));
            }
        };
        if !container.is_empty() {
            sessions.push((pod, container));
        }
    }
    let on = |flag: &str| call.arguments.on(flag);
    let attach = on("attach") || (!call.arguments.given("attach") && on("stdin"));
    if !attach || sessions.is_empty() {
        return DONE;
    }
    sessions.reverse();
    Ok(Next::Wait(Box::new(Session {
        sessions,
        typing: on("stdin") && io.stdin.terminal,
        quiet: on("quiet"),
        state: State::Waiting,
    })))
}

/// The pods and nodes that are named, in a file or on the command line.
fn found(call: &mut Call, io: &mut Io<'_>, names: &[String]) -> Result<Vec<Object>, Failure> {
    let mut objects = Vec::new();
    if !call.arguments.all("filename").is_empty() {
        let target = Target::Manifests(sources::read(call, io)?);
        let found = target.find(call, io)?;
        objects.extend(found.objects);
        if let Some(failure) = found.failures.into_iter().next() {
            return Err(failure);
        }
    }
    for name in names {
        let (kind, name) = super::target::single(std::slice::from_ref(name), Kind::Pod)?;
        objects.push(call.client.get(io, kind, &name)?);
    }
    Ok(objects)
}

/// `DebugOptions.Complete` and `Validate`, in their order.
fn validate(
    call: &Call,
    io: &mut Io<'_>,
    names: &[String],
    command: &[String],
) -> Result<(), Failure> {
    let arguments = &call.arguments;
    let refuse = |text: &str| Err(Failure::message(text));
    let [image, container, copy] =
        ["image", "container", "copy-to"].map(|flag| arguments.text(flag));
    let images = pairs(arguments.all("set-image"));
    let profile = arguments.get("profile").unwrap_or("general");
    if !PROFILES.contains(&profile) {
        return Err(Failure::message(format!("unknown profile: {profile}")));
    }
    if !arguments.text("custom").is_empty() {
        let instead = "--profile chooses between the built-in ones";
        return Err(Failure::not_simulated("kubectl debug --custom", instead));
    }
    if arguments.on("attach") && image.is_empty() && container.is_empty() {
        return refuse(
            "you must specify --container or create a new container using --image in order to \
             attach.",
        );
    }
    validate_copy(call, command)?;
    if !image.is_empty() && !run::is_reference(image) {
        let text = format!("invalid image name {image:?}: invalid reference format");
        return Err(Failure::message(text));
    }
    if names.is_empty() && arguments.all("filename").is_empty() {
        return refuse("NAME or filename is required for debug");
    }
    let policy = arguments.text("image-pull-policy");
    if !["", "Always", "IfNotPresent", "Never"].contains(&policy) {
        return Err(Failure::message(format!("invalid image pull policy: {policy}")));
    }
    if let Some((name, image)) = images.iter().find(|(_, image)| !run::is_reference(image)) {
        return Err(Failure::message(format!(
            "invalid image name {image:?} for container {name:?}: invalid reference format"
        )));
    }
    let target = arguments.text("target");
    if !target.is_empty() {
        if !copy.is_empty() {
            return refuse(
                "--target is incompatible with --copy-to. Use --share-processes instead.",
            );
        }
        if !arguments.on("quiet") {
            io.say(format!(
                "Targeting container {target:?}. If you don't see processes from this container it \
                 may be because the container runtime doesn't support this feature."
            ));
        }
    }
    if arguments.on("tty") && !arguments.on("stdin") {
        return refuse("-i/--stdin is required for containers with -t/--tty=true");
    }
    if profile == "legacy" {
        io.write_error(
            "--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to \
             specify other profile, for example \"--profile=general\".",
        );
    }
    Ok(())
}

/// What goes with `--copy-to` only, and what that needs.
fn validate_copy(call: &Call, command: &[String]) -> Result<(), Failure> {
    let arguments = &call.arguments;
    let refuse = |text: &str| Err(Failure::message(text));
    let [image, container, copy] =
        ["image", "container", "copy-to"].map(|flag| arguments.text(flag));
    let images = pairs(arguments.all("set-image"));
    if copy.is_empty() {
        for flag in ["replace", "same-node"] {
            if arguments.on(flag) {
                return Err(Failure::message(format!("--{flag} may only be used with --copy-to.")));
            }
        }
        if !images.is_empty() {
            return refuse("--set-image may only be used with --copy-to.");
        }
        if image.is_empty() {
            return refuse("you must specify --image when not using --copy-to.");
        }
    } else if image.is_empty() && images.is_empty() && command.is_empty() {
        return refuse("you must specify --image, --set-image or command arguments.");
    } else if !command.is_empty() && container.is_empty() && image.is_empty() {
        return refuse(
            "you must specify an existing container or a new image when specifying args.",
        );
    }
    Ok(())
}

fn pairs(words: &[String]) -> BTreeMap<String, String> {
    let all = words.iter().flat_map(|words| map_items(words));
    all.filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// What the command line says of a container.
fn set(call: &Call, container: &mut Map<String, Value>, command: &[String]) {
    let arguments = &call.arguments;
    if !command.is_empty() && arguments.on("arguments-only") {
        container.insert("args".to_owned(), json!(command));
    } else if !command.is_empty() {
        container.insert("command".to_owned(), json!(command));
        container.remove("args");
    }
    let env = pairs(arguments.all("env"));
    if !env.is_empty() {
        let env: Vec<Value> =
            env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        container.insert("env".to_owned(), json!(env));
    }
    for (flag, field) in [("image", "image"), ("image-pull-policy", "imagePullPolicy")] {
        if !arguments.text(flag).is_empty() {
            container.insert(field.to_owned(), json!(arguments.text(flag)));
        }
    }
    for flag in ["stdin", "tty"] {
        container.insert(flag.to_owned(), json!(arguments.on(flag)));
    }
}

/// A container with nothing of its own yet.
fn new_container(name: &str) -> Map<String, Value> {
    let mut container = Map::new();
    container.insert("name".to_owned(), json!(name));
    container.insert("terminationMessagePolicy".to_owned(), json!("File"));
    container
}

/// The name of the new container: the one that is wanted, or a made-up one, which is told.
fn container_name(call: &Call, io: &mut Io<'_>) -> String {
    match call.arguments.text("container") {
        "" => {
            let name = format!("debugger-{}", suffix(io));
            if !call.arguments.on("quiet") {
                io.say(format!("Defaulting debug container name to {name}."));
            }
            name
        }
        name => name.to_owned(),
    }
}

fn suffix(io: &mut Io<'_>) -> String {
    create::ending(&io.cluster.new_process().0.to_string())
}

/// A container more in a pod that runs.
fn ephemeral(
    call: &mut Call,
    io: &mut Io<'_>,
    object: &Object,
    pod: &Pod,
    command: &[String],
) -> Result<(Pod, String), Failure> {
    let name = container_name(call, io);
    let mut container = new_container(&name);
    set(call, &mut container, command);
    let target = call.arguments.text("target");
    if !target.is_empty() {
        container.insert("targetContainerName".to_owned(), json!(target));
    }
    let mut spec = object.to_value()["spec"].take();
    profile(call, &mut spec, &mut container, Style::Ephemeral);
    warn_of_user(io, &spec, &container);
    let mut all: Vec<Value> = spec["ephemeralContainers"].as_array().cloned().unwrap_or_default();
    all.push(Value::Object(container));
    let options =
        WriteOptions { subresource: Subresource::EphemeralContainers, ..WriteOptions::default() };
    let patch = Patch::Merge(json!({"spec": {"ephemeralContainers": all}}));
    call.client.patch(io, object, patch, options)?;
    Ok((pod.clone(), name))
}

/// A pod like another one, to be changed.
fn copy(
    call: &mut Call,
    io: &mut Io<'_>,
    object: &Object,
    pod: &Pod,
    command: &[String],
) -> Result<(Pod, String), Failure> {
    let value = object.to_value();
    let mut metadata = json!({
        "name": call.arguments.text("copy-to"), "namespace": object.namespace()
    });
    let (legacy, on) = (call.arguments.text("profile") == "legacy", |f: &str| call.arguments.on(f));
    for (field, keep) in [
        ("annotations", on("keep-annotations") || legacy),
        ("labels", on("keep-labels") && !legacy),
    ] {
        if keep && !value["metadata"][field].is_null() {
            metadata[field] = value["metadata"][field].clone();
        }
    }
    let mut spec = value["spec"].clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("ephemeralContainers");
        if !call.arguments.on("same-node") {
            spec.remove("nodeName");
        }
        if call.arguments.given("share-processes") {
            let share = call.arguments.on("share-processes");
            spec.insert("shareProcessNamespace".to_owned(), json!(share));
        }
    }
    let images = pairs(call.arguments.all("set-image"));
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        let name = container["name"].as_str().unwrap_or("").to_owned();
        if let Some(image) = images.get(&name).or_else(|| images.get("*")) {
            container["image"] = json!(image);
        }
    }
    let name = debugged(call, io, &mut spec, command, !images.is_empty())?;
    let wanted = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec
    });
    let mut client = call.client.at(object.namespace());
    let options = WriteOptions { validation: FieldValidation::Ignore, ..WriteOptions::default() };
    let created = client.create(io, Kind::Pod, wanted, options)?;
    if call.arguments.on("replace") {
        let options = crate::api::DeleteOptions { grace_seconds: Some(0), ..Default::default() };
        client.delete(io, object, options)?;
    }
    Ok((created_pod(&created, pod), name))
}

/// What was created, as a pod.
fn created_pod(created: &Object, otherwise: &Pod) -> Pod {
    created.as_kind::<Pod>().map_or_else(|| otherwise.clone(), |pod| pod.as_ref().clone())
}

/// The container of a copy that is debugged: one that is there already, or one more; no name where
/// only images were set.
fn debugged(
    call: &Call,
    io: &mut Io<'_>,
    spec: &mut Value,
    command: &[String],
    only_images: bool,
) -> Result<String, Failure> {
    let wanted = call.arguments.text("container").to_owned();
    let mut containers = spec["containers"].as_array().cloned().unwrap_or_default();
    let known = containers.iter().position(|container| container["name"] == json!(wanted));
    let index = match known {
        Some(index) => index,
        None if call.arguments.text("image").is_empty() => {
            let text = "you must specify image when creating new container";
            return if only_images { Ok(String::new()) } else { Err(Failure::message(text)) };
        }
        None => {
            containers.push(Value::Object(new_container(&container_name(call, io))));
            containers.len() - 1
        }
    };
    let mut container = containers[index].as_object().cloned().unwrap_or_default();
    let name = container["name"].as_str().unwrap_or("").to_owned();
    set(call, &mut container, command);
    profile(call, spec, &mut container, Style::Copy);
    warn_of_user(io, spec, &container);
    // The profile has taken probes from the others.
    let mut containers = spec["containers"].as_array().cloned().unwrap_or_default();
    match containers.get_mut(index) {
        Some(known) => *known = Value::Object(container),
        None => containers.push(Value::Object(container)),
    }
    spec["containers"] = Value::Array(containers);
    Ok(name)
}

/// A pod in a node's own network.
fn node(
    call: &mut Call,
    io: &mut Io<'_>,
    object: &Object,
    command: &[String],
) -> Result<(Pod, String), Failure> {
    let container = match call.arguments.text("container") {
        "" => "debugger",
        name => name,
    }
    .to_owned();
    let name = format!("node-debugger-{}-{}", object.name(), suffix(io));
    if !call.arguments.on("quiet") {
        io.say(format!(
            "Creating debugging pod {name} with container {container} on node {}.",
            object.name()
        ));
    }
    let mut spec = json!({
        "containers": [], "nodeName": object.name(), "restartPolicy": "Never",
        "tolerations": [{"operator": "Exists"}],
    });
    let mut debugger = new_container(&container);
    set(call, &mut debugger, command);
    profile(call, &mut spec, &mut debugger, Style::Node);
    spec["containers"] = json!([debugger]);
    let labels = json!({"app.kubernetes.io/managed-by": "kubectl-debug"});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
        "spec": spec
    });
    let options = WriteOptions { validation: FieldValidation::Ignore, ..WriteOptions::default() };
    let created = call.client.create(io, Kind::Pod, pod, options)?;
    Ok((created_pod(&created, &Pod::default()), container))
}

/// What the profile changes (`kubectl/pkg/cmd/debug/profiles.go`).
fn profile(call: &Call, spec: &mut Value, container: &mut Map<String, Value>, style: Style) {
    let arguments = &call.arguments;
    let profile = arguments.get("profile").unwrap_or("general");
    if matches!(profile, "baseline" | "restricted")
        || (profile == "general" && style == Style::Node)
    {
        container.remove("securityContext");
    }
    if style == Style::Copy && profile != "legacy" {
        for (flag, field) in [
            ("keep-liveness", "livenessProbe"),
            ("keep-readiness", "readinessProbe"),
            ("keep-startup", "startupProbe"),
        ] {
            let containers = spec["containers"].as_array_mut().into_iter().flatten();
            let others = containers.filter_map(Value::as_object_mut);
            for container in others.chain([&mut *container]).filter(|_| !arguments.on(flag)) {
                container.remove(field);
            }
        }
        if let Some(spec) = spec.as_object_mut() {
            if !arguments.on("keep-init-containers") {
                spec.remove("initContainers");
            }
            spec.entry("shareProcessNamespace").or_insert(json!(true));
        }
    }
    if style == Style::Node && matches!(profile, "general" | "legacy" | "netadmin" | "sysadmin") {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            spec[field] = json!(true);
        }
    }
    if style == Style::Node && matches!(profile, "general" | "legacy" | "sysadmin") {
        spec["volumes"] = json!([{"name": "host-root", "hostPath": {"path": "/"}}]);
        let mounts = json!([{"mountPath": "/host", "name": "host-root"}]);
        container.insert("volumeMounts".to_owned(), mounts);
    }
    rights(profile, container, style);
}

/// What a container may do by its profile.
fn rights(profile: &str, container: &mut Map<String, Value>, style: Style) {
    let mut context = container.get("securityContext").cloned().unwrap_or(json!({}));
    let add = |context: &mut Value, capability: &str| {
        let mut all = context["capabilities"]["add"].as_array().cloned().unwrap_or_default();
        all.push(json!(capability));
        context["capabilities"]["add"] = Value::Array(all);
    };
    match profile {
        "general" if style != Style::Node => add(&mut context, "SYS_PTRACE"),
        "netadmin" => {
            add(&mut context, "NET_ADMIN");
            add(&mut context, "NET_RAW");
        }
        "sysadmin" => context["privileged"] = json!(true),
        "restricted" => {
            context["runAsNonRoot"] = json!(true);
            context["capabilities"] = json!({"drop": ["ALL"]});
            context["allowPrivilegeEscalation"] = json!(false);
            context["seccompProfile"] = json!({"type": "RuntimeDefault"});
        }
        _ => return,
    }
    container.insert("securityContext".to_owned(), context);
}

/// What a profile grants is of little use to who is not root.
fn warn_of_user(io: &mut Io<'_>, spec: &Value, container: &Map<String, Value>) {
    let user = spec["securityContext"]["runAsUser"].as_i64().unwrap_or(0);
    let own = container.get("securityContext").cloned().unwrap_or(Value::Null);
    let granted = own["privileged"] == json!(true)
        || own["capabilities"]["add"].as_array().is_some_and(|all| !all.is_empty());
    if user != 0 && own["runAsUser"] != json!(0) && granted {
        io.write_error(
            "Warning: Non-root user is configured for the entire target Pod, and some capabilities \
             granted by debug profile may not work. Please consider using \"--custom\" with a custom \
             profile that specifies \"securityContext.runAsUser: 0\".",
        );
    }
}

/// Somebody looks at new containers, one after the other.
#[derive(Clone)]
struct Session {
    /// Pods and containers, the next one last.
    sessions: Vec<(Pod, String)>,
    typing: bool,
    quiet: bool,
    state: State,
}

/// How far it has come with a container.
#[derive(Clone)]
enum State {
    Waiting,
    Typing(Box<Program>),
    Watching(Box<Output>),
}

impl Session {
    /// The container runs, or has run.
    fn begin(&mut self, io: &mut Io<'_>, pod: &Pod, container: &str) -> Result<(), Failure> {
        let running = pod.runs(container);
        if running && !self.quiet {
            pods::greet(io);
        }
        let shell = pods::shell(io, pod, container).filter(|_| self.typing && running);
        self.state = match shell {
            Some(shell) => {
                State::Typing(Box::new(Program::start(io, pod, container, &[shell], true)?))
            }
            None => State::Watching(Box::new(Output::of(pod, container))),
        };
        Ok(())
    }
}

impl Task for Session {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        while let Some((pod, container)) = self.sessions.last().cloned() {
            let Some(now) = pods::current(io, &pod) else {
                return Err(Failure::from(crate::api::Status::not_found("pods", pod.name())));
            };
            let known = pods::status(&now, &container).and_then(|status| status.state.clone());
            let known = known.unwrap_or_default();
            match &mut self.state {
                State::Waiting if known.running.is_some() || known.terminated.is_some() => {
                    self.begin(io, &now, &container)?;
                }
                State::Waiting => return Ok(Step::Until(io.now() + PERIOD)),
                State::Typing(program) => match program.step(io, None) {
                    Step::Exit(code) => {
                        // Who leaves the shell ends it, and so the container.
                        io.cluster.end_container(&program.place(), code);
                        self.sessions.pop();
                        self.state = State::Waiting;
                    }
                    wait => return Ok(wait),
                },
                State::Watching(output) => {
                    output.print(io);
                    if known.running.is_some() {
                        return Ok(Step::Until(io.now() + PERIOD));
                    }
                    self.sessions.pop();
                    self.state = State::Waiting;
                }
            }
        }
        Ok(Step::Exit(0))
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        match &mut self.state {
            State::Typing(program) => program.interrupt(io),
            _ => Interrupted::Ended,
        }
    }
}
