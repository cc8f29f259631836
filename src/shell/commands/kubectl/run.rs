//! `kubectl run`: one pod, perhaps attached to, perhaps removed afterwards (R14.4).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::tool::{Interrupted, Io, Step};
use super::catalog::{self, Command};
use super::client::Client;
use super::create;
use super::delete::{WaitGone, deleted};
use super::dry_run::{DryRun, Report, field_validation};
use super::exec::Program;
use super::flags::{Flag, Takes, switch, text, typed};
use super::logs::Output;
use super::{Call, DONE, Failure, Next, Outcome, Task, pods};
use crate::api::{DeleteOptions, Kind, Object, Pod};
use crate::clock::SimTime;

pub(super) static COMMAND: Command = Command {
    name: "run",
    short: "Run a particular image on the cluster",
    examples: "  # A pod of nginx\n  kubectl run web --image=nginx\n  \n  # A shell in a pod that \
               goes when the shell ends\n  kubectl run -it --rm tmp --image=busybox -- sh",
    usage: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] \
            [--command] -- [COMMAND] [args...]",
    flags: &[FLAGS, catalog::WRITE, catalog::VALIDATE],
    required: &["image"],
    run,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    text("image", None, "The container's image."),
    text("image-pull-policy", None, "When the image is pulled."),
    switch("rm", None, "Delete the pod when it is left."),
    switch("stdin", Some('i'), "Keep standard input open."),
    switch("tty", Some('t'), "The container has a terminal."),
    switch("attach", None, "Show the container's output."),
    switch("leave-stdin-open", None, "Keep the container when it is left."),
    switch("command", None, "What follows -- is the command, not its arguments."),
    switch("expose", None, "Make a service, too."),
    switch("quiet", Some('q'), "Print only what the container prints."),
    switch("privileged", None, "Run the container with all rights."),
    switch("save-config", None, "Keep the manifest in an annotation, for a later apply."),
    switch("force", None, "With --rm: do not wait for the pod's end."),
    typed("restart", Takes::Text, "'Always'", "Always, OnFailure or Never."),
    typed("port", Takes::Text, "''", "The port that the container declares."),
    text("labels", Some('l'), "Labels: key=value,key=value."),
    typed("annotations", Takes::Texts, "[]", "Annotations: key=value."),
    typed("env", Takes::Texts, "[]", "Variables: key=value."),
    text("overrides", None, "JSON that is merged over the pod."),
    typed("grace-period", Takes::Number, "-1", "With --rm: seconds that the pod gets to end."),
    typed("pod-running-timeout", Takes::Duration, "1m0s", "How long to wait for a running pod."),
    typed("timeout", Takes::Duration, "0s", "How long to wait for its end."),
];

/// How often the pod is looked at.
const PERIOD: Duration = Duration::from_millis(100);

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let names = call.arguments.before_dash().to_vec();
    let Some(name) = names.first().cloned() else {
        return Err(call.usage("NAME is required for run"));
    };
    check(&call)?;
    let report = Report::of(&call, io)?;
    let attach = attaches(&call);
    if call.arguments.on("rm") && !attach {
        return Err(Failure::message("--rm should only be used for attached containers"));
    }
    if attach && report.dry_run != DryRun::No {
        return Err(Failure::message(format!(
            "--dry-run={} can't be used with attached containers options (--attach, --stdin, or \
             --tty)",
            call.arguments.text("dry-run")
        )));
    }
    let mut command: Vec<String> = names[1..].to_vec();
    command.extend_from_slice(call.arguments.after_dash());
    let value = pod(&call, &name, &command)?;
    if report.dry_run == DryRun::Client {
        return create::show(io, &report, Kind::Pod, &value);
    }
    let options = report.dry_run.options(field_validation(&call)?);
    let object = call.client.create(io, Kind::Pod, value.clone(), options)?;
    let service = expose(&mut call, io, &report, &name, &value)?;
    if !attach {
        report.tell(io, &object, "created")?;
        return DONE;
    }
    let Some(pod) = object.as_kind::<Pod>().map(|pod| pod.as_ref().clone()) else { return DONE };
    let limit = call.arguments.duration("pod-running-timeout").unwrap_or(Duration::from_secs(60));
    let created = std::iter::once(object.clone()).chain(service).collect();
    Ok(Next::Wait(Box::new(Attached {
        output: Output::of(&pod, &name),
        interactive: call.arguments.on("stdin") && io.stdin.terminal,
        restart: call.arguments.get("restart").unwrap_or("Always").to_owned(),
        remove: call.arguments.on("rm"),
        quiet: call.arguments.on("quiet"),
        give_up: io.now() + limit,
        client: call.client,
        created,
        pod,
        state: State::Starting,
    })))
}

fn attaches(call: &Call) -> bool {
    let on = |flag| call.arguments.on(flag);
    on("attach") || (!call.arguments.given("attach") && (on("stdin") || on("tty")))
}

fn check(call: &Call) -> Result<(), Failure> {
    let image = call.arguments.text("image");
    if image.is_empty() {
        return Err(Failure::message("--image is required"));
    }
    if let Some(fault) = image_fault(image) {
        return Err(Failure::message(format!("Invalid image name \"{image}\": {fault}")));
    }
    if call.arguments.on("tty") && !call.arguments.on("stdin") {
        return Err(Failure::message("-i/--stdin is required for containers with -t/--tty=true"));
    }
    match call.arguments.get("restart").unwrap_or("Always") {
        "Always" | "OnFailure" | "Never" | "" => Ok(()),
        other => Err(call.usage(format!("invalid restart policy: {other}"))),
    }
}

/// Why a text is no image reference.
fn image_fault(image: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._/:@".contains(c);
    let path = image.split('@').next().unwrap_or(image);
    let last = path.rsplit('/').next().unwrap_or(path);
    let name = last.split(':').next().unwrap_or(last);
    if !image.chars().all(allowed)
        || name.is_empty()
        || !name.starts_with(|c: char| c.is_ascii_alphanumeric())
    {
        return Some("invalid reference format");
    }
    name.chars()
        .any(|c| c.is_ascii_uppercase())
        .then_some("invalid reference format: repository name must be lowercase")
}

/// The pod that the command line describes.
fn pod(call: &Call, name: &str, command: &[String]) -> Result<Value, Failure> {
    let arguments = &call.arguments;
    let mut container = json!({"image": arguments.text("image"), "name": name, "resources": {}});
    if !command.is_empty() {
        let field = if arguments.on("command") { "command" } else { "args" };
        container[field] = json!(command);
    }
    if !arguments.all("env").is_empty() {
        let variables = arguments.all("env").iter().map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(json!({"name": key, "value": value})),
            _ => Err(Failure::message(format!("invalid env: {pair}"))),
        });
        container["env"] = variables.collect::<Result<Value, _>>()?;
    }
    if let Some(port) = port(call)? {
        container["ports"] = json!([{"containerPort": port}]);
    }
    if !arguments.text("image-pull-policy").is_empty() {
        container["imagePullPolicy"] = json!(arguments.text("image-pull-policy"));
    }
    if arguments.on("privileged") {
        container["securityContext"] = json!({"privileged": true});
    }
    if arguments.on("stdin") {
        container["stdin"] = json!(true);
        if attaches(call) && !arguments.on("leave-stdin-open") {
            container["stdinOnce"] = json!(true);
        }
    }
    if arguments.on("tty") {
        container["tty"] = json!(true);
    }
    let restart = arguments.get("restart").filter(|restart| !restart.is_empty());
    let mut value = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": labels(call, name)?, "name": name},
        "spec": {
            "containers": [container],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": restart.unwrap_or("Always")
        },
        "status": {}
    });
    if call.client.namespace_given {
        value["metadata"]["namespace"] = json!(call.client.namespace);
    }
    for pair in arguments.all("annotations") {
        let (key, text) = pair.split_once('=').unwrap_or((pair, ""));
        value["metadata"]["annotations"][key] = json!(text);
    }
    overridden(call, value)
}

fn labels(call: &Call, name: &str) -> Result<Value, Failure> {
    let text = call.arguments.text("labels");
    if text.is_empty() {
        return Ok(json!({"run": name}));
    }
    let pairs = text.split(',').map(|pair| match pair.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), json!(value))),
        _ => Err(Failure::message(format!("unexpected label spec: {pair}"))),
    });
    pairs.collect::<Result<_, _>>().map(Value::Object)
}

fn port(call: &Call) -> Result<Option<u32>, Failure> {
    match call.arguments.text("port") {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            Failure::message(format!("strconv.Atoi: parsing \"{text}\": invalid syntax"))
        }),
    }
}

/// `--overrides`
fn overridden(call: &Call, mut value: Value) -> Result<Value, Failure> {
    let text = call.arguments.text("overrides");
    if !text.is_empty() {
        let patch: Value = serde_json::from_str(text)
            .map_err(|_| Failure::message(format!("invalid JSON in --overrides: {text}")))?;
        merge(&mut value, &patch);
    }
    Ok(value)
}

/// RFC 7386.
fn merge(value: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    for (key, change) in fields {
        if change.is_null() {
            if let Some(value) = value.as_object_mut() {
                value.remove(key);
            }
        } else {
            merge(&mut value[key], change);
        }
    }
}

/// `--expose`
fn expose(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    name: &str,
    pod: &Value,
) -> Result<Option<Object>, Failure> {
    if !call.arguments.on("expose") {
        return Ok(None);
    }
    let Some(port) = port(call)? else {
        return Err(Failure::message("--port must be set when exposing a service"));
    };
    let mut value = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "ports": [{"port": port, "protocol": "TCP", "targetPort": port}],
            "selector": pod["metadata"]["labels"]
        },
        "status": {"loadBalancer": {}}
    });
    if call.client.namespace_given {
        value["metadata"]["namespace"] = json!(call.client.namespace);
    }
    let options = report.dry_run.options(field_validation(call)?);
    let service = call.client.create(io, Kind::Service, value, options)?;
    report.tell(io, &service, "created")?;
    Ok(Some(service))
}

/// A pod that somebody is attached to.
#[derive(Clone)]
struct Attached {
    pod: Pod,
    output: Output,
    /// Whether somebody types.
    interactive: bool,
    restart: String,
    remove: bool,
    quiet: bool,
    give_up: SimTime,
    client: Client,
    created: Vec<Object>,
    state: State,
}

/// How far it has come.
#[derive(Clone)]
enum State {
    /// The container is not running yet.
    Starting,
    /// Somebody types into a shell in it.
    Typing(Box<Program>),
    /// Its output is shown.
    Watching,
    /// What was created is being deleted.
    Leaving { wait: WaitGone, verdict: Result<i32, Failure> },
}

impl Task for Attached {
    fn step(&mut self, io: &mut Io<'_>) -> Result<Step, Failure> {
        loop {
            match &mut self.state {
                State::Starting => {
                    let Some(pod) = pods::current(io, &self.pod) else {
                        return Err(pod_gone(&self.pod));
                    };
                    let over = matches!(pods::phase(&pod), "Succeeded" | "Failed");
                    let started = pods::is_running(&pod, pods::name(&pod));
                    if !over && !started {
                        if io.now() >= self.give_up {
                            let failure = Failure::message("timed out waiting for the condition");
                            self.leave(io, Err(failure));
                            continue;
                        }
                        return Ok(Step::Until(io.now() + PERIOD));
                    }
                    self.pod = pod;
                    self.state = if started { self.begin(io)? } else { State::Watching };
                }
                State::Typing(program) => match program.step(io, None) {
                    Step::Exit(code) => {
                        let verdict = self.left_shell(io, code);
                        self.leave(io, verdict);
                    }
                    wait => return Ok(wait),
                },
                State::Watching => {
                    self.output.print(io);
                    let pod = pods::current(io, &self.pod);
                    let Some(verdict) = verdict(&self.pod, pod.as_ref(), &self.restart) else {
                        return Ok(Step::Until(io.now() + PERIOD));
                    };
                    self.leave(io, verdict);
                }
                State::Leaving { wait, verdict } => {
                    if wait.first_left(io).is_some() {
                        return Ok(Step::Until(io.now() + PERIOD));
                    }
                    return verdict.clone().map(Step::Exit);
                }
            }
        }
    }

    fn interrupt(&mut self, io: &mut Io<'_>) -> Interrupted {
        match &mut self.state {
            State::Typing(program) => program.interrupt(io),
            State::Leaving { .. } => Interrupted::Ended,
            State::Starting | State::Watching => {
                self.leave(io, Ok(130));
                if self.remove { Interrupted::Handled } else { Interrupted::Ended }
            }
        }
    }
}

impl Attached {
    /// The container runs: somebody types into its shell, or its output is shown.
    fn begin(&mut self, io: &mut Io<'_>) -> Result<State, Failure> {
        let name = pods::name(&self.pod).to_owned();
        let shell = pods::shell(&self.pod, &name);
        let Some(shell) = shell.filter(|_| self.interactive) else { return Ok(State::Watching) };
        if !self.quiet {
            io.complain("If you don't see a command prompt, try pressing enter.");
        }
        Program::start(io, &self.pod, &name, &[shell], true)
            .map(|program| State::Typing(Box::new(program)))
    }

    /// What the end of the shell means.
    fn left_shell(&self, io: &mut Io<'_>, code: i32) -> Result<i32, Failure> {
        let (namespace, name) = (pods::namespace(&self.pod), pods::name(&self.pod));
        if self.restart == "Always" && !self.remove {
            io.say(format!(
                "Session ended, resume using 'kubectl attach {name} -c {name} -i -t' command when \
                 the pod is running"
            ));
        }
        if code != 0 && self.restart == "Never" {
            io.complain(format!("pod {namespace}/{name} terminated (Error)"));
            return Ok(code);
        }
        Ok(0)
    }

    /// Deletes what was created, with `--rm`.
    fn leave(&mut self, io: &mut Io<'_>, verdict: Result<i32, Failure>) {
        let mut leaving = Vec::new();
        if self.remove {
            for object in &self.created {
                let typed = matches!(self.state, State::Typing(_));
                let grace_seconds = typed.then_some(1);
                let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
                if self.client.delete(io, object, options).is_ok() {
                    io.say(deleted(object, "deleted"));
                    leaving.push(object.clone());
                }
            }
        }
        self.state = State::Leaving { wait: WaitGone { leaving, until: None }, verdict };
    }
}

fn pod_gone(pod: &Pod) -> Failure {
    let name = pods::name(pod);
    Failure::from(crate::api::Status::not_found("pods", name))
}

/// What a pod's end means; `None` while it goes on.
fn verdict(was: &Pod, is: Option<&Pod>, restart: &str) -> Option<Result<i32, Failure>> {
    let Some(pod) = is else { return Some(Err(pod_gone(was))) };
    let (namespace, name) = (pods::namespace(pod), pods::name(pod));
    match pods::phase(pod) {
        "Succeeded" => Some(Ok(0)),
        "Failed" if restart == "Never" => {
            let statuses =
                pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
            let state = statuses.and_then(|statuses| statuses.first()?.state.clone());
            let Some(end) = state.and_then(|state| state.terminated) else {
                let text = format!("pod {namespace}/{name} failed with unknown exit code");
                return Some(Err(Failure::message(text)));
            };
            let reason = end.reason.unwrap_or_default();
            let text = format!("pod {namespace}/{name} terminated ({reason})");
            Some(Err(Failure::Exited { text, code: end.exit_code }))
        }
        _ if restart == "Always" => {
            let running = pods::is_running(pod, name);
            (!running).then_some(Ok(0))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_references_have_no_spaces_and_no_capitals() {
        assert_eq!(image_fault("a b"), Some("invalid reference format"));
        assert!(image_fault("Nginx").is_some_and(|fault| fault.contains("lowercase")));
        assert_eq!(image_fault("registry.k8s.io/echoserver:1.10"), None);
    }

    #[test]
    fn overrides_are_merged() {
        let mut value = json!({"spec": {"a": 1, "b": 2}});
        merge(&mut value, &json!({"spec": {"b": null, "c": 3}}));
        assert_eq!(value, json!({"spec": {"a": 1, "c": 3}}));
    }
}
