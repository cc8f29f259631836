//! `kubectl run`: one pod, perhaps attached to, perhaps removed afterwards (R14.4).

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use serde_json::{Value, json};

use super::super::super::tool::{Interrupted, Io, Step};
use super::client::Client;
use super::command::{self, Command};
use super::create;
use super::delete::{WaitGone, deleted};
use super::dry_run::{DryRun, Report};
use super::exec::Program;
use super::flags::{Flag, Takes, switch, text, typed};
use super::logs::Output;
use super::{Call, DONE, Failure, Next, Outcome, Task, go_types, pods, words};
use crate::api::patch::LAST_APPLIED;
use crate::api::{DeleteOptions, FieldValidation, Kind, Object, Patch, Pod, patch};
use crate::clock::SimTime;
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "run",
    short: "Run a particular image on the cluster",
    examples: "  # A pod of nginx\n  kubectl run web --image=nginx\n  \n  # A shell in a pod that \
               goes when the shell ends\n  kubectl run -it --rm tmp --image=busybox -- sh",
    usage: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] \
            [--command] -- [COMMAND] [args...]",
    flags: &[FLAGS, command::FILENAME, command::WRITE],
    required: &["image"],
    run,
    ..command::PLAIN
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
    text("overrides", None, "JSON that is laid over the pod."),
    typed("override-type", Takes::Text, "'merge'", "How: merge, strategic or json."),
    typed(
        "cascade",
        Takes::Optional("background"),
        "'background'",
        "With --rm: background, foreground or orphan.",
    ),
    switch("wait", None, "With --rm: wait for the pod's end."),
    typed("detach-keys", Takes::Text, "'ctrl-p,ctrl-q'", "The keys that leave the container."),
    typed("grace-period", Takes::Number, "-1", "With --rm: seconds that the pod gets to end."),
    typed("pod-running-timeout", Takes::Duration, "1m0s", "How long to wait for a running pod."),
    typed("timeout", Takes::Duration, "0s", "How long to wait for its end."),
];

/// How often the pod is looked at.
const PERIOD: Duration = Duration::from_millis(100);

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    unheeded(&call)?;
    let words = call.arguments.positional.clone();
    let Some(name) = words.first().filter(|_| call.arguments.dash != Some(0)).cloned() else {
        return Err(call.usage("NAME is required for run"));
    };
    let attach = attaches(&call);
    check(&call, attach, report.dry_run)?;
    if name.is_empty() {
        return Err(Failure::message("Parameter: name is required"));
    }
    let mut value = pod(&call, &name, &words[1..])?;
    if report.dry_run == DryRun::Client {
        if let Some(service) = service(&call, &name, &value)? {
            create::show(io, &report, "Service", "service", &service)?;
            if report.output == Some(super::output::Output::Yaml) {
                io.say("---");
            }
        }
        return create::show(io, &report, "Pod", "pod", &value);
    }
    let service = service(&call, &name, &value)?;
    if call.arguments.on("save-config") {
        let line = go_types::json_line("Pod", &value) + "\n";
        value["metadata"]["annotations"][LAST_APPLIED] = json!(line);
    }
    let options = report.dry_run.options(FieldValidation::Ignore);
    let object = call.client.create(io, Kind::Pod, value, options)?;
    let service = match service {
        Some(service) => {
            let options = report.dry_run.options(FieldValidation::Ignore);
            let service = call.client.create(io, Kind::Service, service, options)?;
            report.tell(io, &service, "created")?;
            if report.output == Some(super::output::Output::Yaml) {
                io.say("---");
            }
            Some(service)
        }
        None => None,
    };
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
        state: RunState::Starting,
    })))
}

/// Whether somebody watches: `-t` alone is not enough (`RunOptions.Complete`).
fn attaches(call: &Call) -> bool {
    let on = |flag| call.arguments.on(flag);
    on("attach") || (!call.arguments.given("attach") && on("stdin"))
}

/// What `run` takes and podhop does not heed.
fn unheeded(call: &Call) -> Result<(), Failure> {
    let arguments = &call.arguments;
    if !["background", "foreground", "orphan"]
        .contains(&arguments.get("cascade").unwrap_or("background"))
    {
        return Err(Failure::message(format!(
            "invalid cascade value ({}). Must be \"background\", \"foreground\", or \"orphan\"",
            arguments.text("cascade")
        )));
    }
    let flags = ["filename", "kustomize", "recursive", "detach-keys"];
    match flags.iter().find(|flag| arguments.given(flag)) {
        Some(flag) => {
            let what = format!("kubectl run --{flag}");
            Err(Failure::not_simulated(&what, "leave it out"))
        }
        None => Ok(()),
    }
}

/// The checks of `RunOptions.Run`, in its order.
fn check(call: &Call, attach: bool, dry_run: DryRun) -> Result<(), Failure> {
    let arguments = &call.arguments;
    if arguments.duration("pod-running-timeout").is_some_and(|limit| limit.is_zero()) {
        return Err(call.usage("--pod-running-timeout must be higher than zero"));
    }
    let image = arguments.text("image");
    if image.is_empty() {
        return Err(Failure::message("--image is required"));
    }
    if !is_reference(image) {
        let text = format!("Invalid image name \"{image}\": invalid reference format");
        return Err(Failure::message(text));
    }
    if arguments.on("tty") && !arguments.on("stdin") {
        return Err(call.usage("-i/--stdin is required for containers with -t/--tty=true"));
    }
    if arguments.on("expose") && arguments.text("port").is_empty() {
        return Err(call.usage("--port must be set when exposing a service"));
    }
    let restart = arguments.text("restart");
    if !["", "Always", "OnFailure", "Never"].contains(&restart) {
        return Err(call.usage(format!("invalid restart policy: {restart}")));
    }
    if !attach && arguments.on("rm") {
        return Err(call.usage("--rm should only be used for attached containers"));
    }
    if attach && dry_run != DryRun::No {
        return Err(call.usage(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, \
             --stdin, or --tty)",
        ));
    }
    let policy = arguments.text("image-pull-policy");
    if !["", "Always", "IfNotPresent", "Never"].contains(&policy) {
        return Err(call.usage(format!("invalid image pull policy: {policy}")));
    }
    Ok(())
}

/// Whether a text is an image reference, by the expression of Docker's registry.
pub(super) fn is_reference(image: &str) -> bool {
    static FORMAT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let part = "[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]";
        let domain = format!(r"(?:(?:{part})(?:\.(?:{part}))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?");
        let path = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
        let tag = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
        let digest = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
        let name = format!("(?:{domain}/)?{path}(?:/{path})*");
        Regex::new(&format!("^{name}(?::{tag})?(?:@{digest})?$")).ok()
    });
    FORMAT.as_ref().is_some_and(|format| format.is_match(image))
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
            Some((key, value)) if words::env_fault(key).is_none() => Ok(match value {
                "" => json!({"name": key}),
                value => json!({"name": key, "value": value}),
            }),
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
    let restart = match arguments.get("restart").unwrap_or("Always") {
        "" if arguments.on("stdin") => "OnFailure",
        "" => "Always",
        given => given,
    };
    let mut value = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": labels(call, name)?, "name": name},
        "spec": {
            "containers": [container],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": restart
        },
        "status": {}
    });
    if call.client.namespace_given {
        value["metadata"]["namespace"] = json!(call.client.namespace);
    }
    let mut wrong = Vec::new();
    for pair in arguments.all("annotations") {
        match pair.split_once('=').filter(|(key, _)| !key.is_empty()) {
            Some((key, text)) => value["metadata"]["annotations"][key] = json!(text),
            None => wrong.push(pair.as_str()),
        }
    }
    if !wrong.is_empty() {
        let text = format!("invalid annotations format: {}", wrong.join(", "));
        return Err(Failure::message(text));
    }
    overridden(call, Kind::Pod, value)
}

fn labels(call: &Call, name: &str) -> Result<Value, Failure> {
    match call.arguments.text("labels") {
        "" => Ok(json!({"run": name})),
        text => words::labels(text).map(Value::Object),
    }
}

fn port(call: &Call) -> Result<Option<i32>, Failure> {
    match call.arguments.text("port") {
        "" => Ok(None),
        text => words::number(text).map(Some),
    }
}

/// `--overrides`, by `--override-type` (`kubectl/pkg/cmd/util/override_options.go`).
///
/// # Errors
/// When the text is no JSON, or the type unknown.
pub(super) fn overridden(call: &Call, kind: Kind, value: Value) -> Result<Value, Failure> {
    let text = call.arguments.text("overrides");
    if text.is_empty() {
        return Ok(value);
    }
    let of_type = call.arguments.get("override-type").unwrap_or("merge");
    if !["merge", "strategic", "json"].contains(&of_type) {
        return Err(Failure::message(format!("invalid override type: {of_type}")));
    }
    let patch = manifest::json::parse(text.as_bytes()).map_err(|fault| {
        Failure::message(match of_type {
            "strategic" => "invalid JSON document".to_owned(),
            "json" => fault.message,
            _ => "Invalid JSON Patch".to_owned(),
        })
    })?;
    let laid = match of_type {
        "strategic" => patch::strategic(kind, &value, &patch)
            .map_err(|status| Failure::message(status.message))?,
        "json" => patch::changed(kind, &value, Patch::Json(patch))
            .map_err(|status| Failure::message(status.message))?,
        _ => patch::merge(value, &patch),
    };
    Ok(go_types::typed(kind.info().name, &laid))
}

/// The Service of `--expose`.
fn service(call: &Call, name: &str, pod: &Value) -> Result<Option<Value>, Failure> {
    let Some(port) = port(call)?.filter(|_| call.arguments.on("expose")) else { return Ok(None) };
    let selector = match call.arguments.text("labels") {
        "" => json!({"run": name}),
        _ => labels(call, name)?,
    };
    let mut value = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "ports": [{"port": port, "protocol": "TCP", "targetPort": port}],
            "selector": selector
        },
        "status": {"loadBalancer": {}}
    });
    if !call.arguments.text("labels").is_empty() {
        value["metadata"]["labels"] = pod["metadata"]["labels"].clone();
    }
    if call.client.namespace_given {
        value["metadata"]["namespace"] = json!(call.client.namespace);
    }
    Ok(Some(value))
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
    state: RunState,
}

/// How far it has come.
#[derive(Clone)]
enum RunState {
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
                RunState::Starting => {
                    let Some(pod) = pods::current(io, &self.pod) else {
                        return Err(pod_gone(&self.pod));
                    };
                    let over = matches!(pod.phase(), "Succeeded" | "Failed");
                    let started = pod.runs(pod.name());
                    if !over && !started {
                        if io.now() >= self.give_up {
                            let failure = Failure::message("timed out waiting for the condition");
                            self.leave(io, Err(failure));
                            continue;
                        }
                        return Ok(Step::Until(io.now() + PERIOD));
                    }
                    self.pod = pod;
                    self.state = if started { self.begin(io)? } else { RunState::Watching };
                }
                RunState::Typing(program) => match program.step(io, None) {
                    Step::Exit(code) => {
                        let verdict = self.left_shell(io, code);
                        self.leave(io, verdict);
                    }
                    wait => return Ok(wait),
                },
                RunState::Watching => {
                    self.output.print(io);
                    let pod = pods::current(io, &self.pod);
                    let Some(verdict) = verdict(&self.pod, pod.as_ref(), &self.restart) else {
                        return Ok(Step::Until(io.now() + PERIOD));
                    };
                    self.leave(io, verdict);
                }
                RunState::Leaving { wait, verdict } => {
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
            RunState::Typing(program) => program.interrupt(io),
            RunState::Leaving { .. } => Interrupted::Ended,
            RunState::Starting | RunState::Watching => {
                self.leave(io, Ok(130));
                if self.remove { Interrupted::Handled } else { Interrupted::Ended }
            }
        }
    }
}

impl Attached {
    /// The container runs: somebody types into its shell, or its output is shown.
    fn begin(&mut self, io: &mut Io<'_>) -> Result<RunState, Failure> {
        let name = self.pod.name().to_owned();
        let shell = pods::shell(io, &self.pod, &name);
        if !self.quiet {
            pods::greet(io);
        }
        let Some(shell) = shell.filter(|_| self.interactive) else { return Ok(RunState::Watching) };
        Program::start(io, &self.pod, &name, &[shell], true)
            .map(|program| RunState::Typing(Box::new(program)))
    }

    /// What the end of the shell means.
    fn left_shell(&self, io: &mut Io<'_>, code: i32) -> Result<i32, Failure> {
        let (namespace, name) = (self.pod.namespace(), self.pod.name());
        if self.restart == "Always" && !self.remove {
            io.say(format!(
                "Session ended, resume using 'kubectl attach {name} -c {name} -i -t' command when \
                 the pod is running"
            ));
        }
        if code != 0 && self.restart == "Never" {
            io.write_error(format!("pod {namespace}/{name} terminated (Error)"));
            return Ok(code);
        }
        Ok(0)
    }

    /// Deletes what was created, with `--rm`.
    fn leave(&mut self, io: &mut Io<'_>, verdict: Result<i32, Failure>) {
        let mut leaving = Vec::new();
        if self.remove {
            for object in &self.created {
                let typed = matches!(self.state, RunState::Typing(_));
                let grace_seconds = typed.then_some(1);
                let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
                if self.client.delete(io, object, options).is_ok() {
                    io.say(deleted(object, "deleted"));
                    leaving.push(object.clone());
                }
            }
        }
        self.state = RunState::Leaving { wait: WaitGone { leaving, until: None }, verdict };
    }
}

fn pod_gone(pod: &Pod) -> Failure {
    let name = pod.name();
    Failure::from(crate::api::Status::not_found("pods", name))
}

/// What a pod's end means; `None` while it goes on.
fn verdict(was: &Pod, is: Option<&Pod>, restart: &str) -> Option<Result<i32, Failure>> {
    let Some(pod) = is else { return Some(Err(pod_gone(was))) };
    let (namespace, name) = (pod.namespace(), pod.name());
    match pod.phase() {
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
            let running = pod.runs(name);
            (!running).then_some(Ok(0))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // github.com/distribution/reference, ReferenceRegexp
    #[test]
    fn image_references_have_no_spaces_no_capitals_and_whole_digests() {
        for image in ["nginx", "registry.k8s.io/echoserver:1.10", "a:5000/b/c_d:v1", "Host/x"] {
            assert!(is_reference(image), "{image}");
        }
        for image in ["a b", "Nginx", "nginx:", ":1", "a:b:c", "a@sha256:abc", "-x", ""] {
            assert!(!is_reference(image), "{image}");
        }
    }
}
