//! Containers that do not run: what their state, their exit code and their own deeds tell.

use k8s_openapi::api::core::v1::{ConfigMap, Container, ContainerStatus, Probe};
use serde_json::Value;

use super::{Diagnosis, Facts, anew, look, mounts, readiness, rights};
use crate::api::{Event, Pod};
use crate::clock::SimTime;
use crate::cluster::{self, Did, LogLines, Place};
use crate::diagnostic::Location;
use crate::level::probe;
use crate::manifest;
use crate::network::SocketAddr;

/// A container that does not run since it asks for a name that nobody knows.
fn unknown_name(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
    message: &str,
) -> Option<Diagnosis> {
    let name = unresolved(facts, pod, container)?;
    let why = facts.unknown_to(place_of(pod, &container.name), name)?;
    Some(Diagnosis { message: format!("{message}, as {}", why.message), ..why })
}

/// Why a container of the pod waits, for the reason that its kubelet gives.
pub(super) fn diagnose(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
    reason: &str,
) -> Diagnosis {
    let (namespace, name) = full_name(pod);
    let waiting = container.state.as_ref().and_then(|state| state.waiting.as_ref());
    let message = waiting.and_then(|waiting| waiting.message.clone());
    let looks = [look::describe("pod", namespace, name), look::pods(namespace)];
    if matches!(reason, "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName") {
        return image(container, name, reason, message).look(looks);
    }
    let looks = [look::log(namespace, name, &container.name), looks[0].clone()];
    if let Some(at) = taken_port(facts, pod, container) {
        return port_taken(facts, pod, container, at).look(looks);
    }
    if let Some(at) = address_of_others(facts, pod, container) {
        return not_its_own(facts, pod, container, at).look(looks);
    }
    let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    if let Some(said) = no_such_program(facts, pod, container) {
        return said.look([look::describe("pod", namespace, name), look::pods(namespace)]);
    }
    if let Some(killed) = killed_by_probe(facts, pod, container) {
        return killed.look([look::describe("pod", namespace, name)]);
    }
    if last.is_some_and(|ended| ended.exit_code == 0) {
        return shell_of_a_shell(facts, pod, container)
            .or_else(|| gone_to_the_background(facts, pod, container))
            .unwrap_or_else(|| ends_at_once(pod, container));
    }
    let said = Diagnosis::new(
        "container-does-not-run",
        format!("container {} of pod {name} does not run: {reason}", container.name),
    );
    let last_words =
        last_words(facts, pod, &container.name).map(|line| format!("it said last: {line}"));
    if let Some((since, fix)) = anew::mended_since(facts, pod, container) {
        return said
            .facts(last_words)
            .fact(since)
            .fact(anew::THE_KUBELET_WAITS)
            .look(looks)
            .fix(fix);
    }
    if let Some(why) = unknown_name(facts, pod, container, &said.message) {
        return why.facts(last_words).look(looks);
    }
    let unread = rights::not_writable(facts, pod, container)
        .or_else(|| refused_config(facts, pod, container))
        .or_else(|| stopped_script(facts, pod, container))
        .or_else(|| text_for_a_script(facts, pod, container));
    if let Some(unread) = unread {
        return unread.look(looks);
    }
    if let Some(refused) = refused_argument(facts, pod, container) {
        let first = first_words(facts, pod, &container.name);
        let first = first.map(|line| format!("it said first: {line}"));
        return refused.facts(first.or(last_words)).look(looks);
    }
    // The kubelet's own words tell more only of a container that has said nothing.
    let message = message.filter(|_| last_words.is_none());
    complains(facts, pod, container, said.facts(last_words)).facts(message).look(looks)
}

/// A container's program ended with an error of its own, which it may have told.
fn complains(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
    said: Diagnosis,
) -> Diagnosis {
    let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    // A program that shows how it is used says first what it did not like.
    let first = first_words(facts, pod, &container.name);
    let mut said = said;
    said.evidence.splice(0..0, first.map(|line| format!("it said first: {line}")));
    said.facts(last.map(|ended| format!("it last ended with exit code {}", ended.exit_code)))
        .facts(as_the_image_has_it(pod, &container.name))
        .fix(mend(facts, pod, &container.name))
}

/// That a container is given nothing to run but what its image has.
fn as_the_image_has_it(pod: &Pod, container: &str) -> Option<String> {
    let spec = pod.spec.as_ref()?.containers.iter().find(|one| one.name == container)?;
    let given = |words: &Option<Vec<String>>| words.as_ref().is_some_and(|words| !words.is_empty());
    (!given(&spec.command) && !given(&spec.args)).then(|| {
        "it is given neither command nor args: its image's own program runs, as the image has it"
            .to_owned()
    })
}

/// A container's program succeeds and ends, and is started again and again.
fn ends_at_once(pod: &Pod, container: &ContainerStatus) -> Diagnosis {
    let (namespace, name) = full_name(pod);
    Diagnosis::new(
        "container-ends-at-once",
        format!("container {} of pod {name} has nothing more to do, and ends", container.name),
    )
    .look([look::describe("pod", namespace, name)])
    .fact("it ended with exit code 0, and is started again and again")
    .fact("a container lives as long as its first process")
    .fix("give it a command that goes on: a server, or sleep infinity")
}

/// A container's server has gone to the background: the first process is over, and the container with it.
fn gone_to_the_background(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
) -> Option<Diagnosis> {
    let foreground = since_last_start(facts, pod, container, |did| match did {
        Did::Daemonized { foreground } => Some(*foreground),
        _ => None,
    })?;
    let own = as_the_image_has_it(pod, &container.name).is_none();
    let way = if own { "; or take command out, if the image keeps it there" } else { "" };
    Some(
        ends_at_once(pod, container)
            .fact("its server has gone to the background, where it ends with the first process")
            .fix(format!(
                "let it stay in the foreground: {foreground}{way}; apply, and send again"
            )),
    )
}

/// `command: [sh, -c]` and `args: [sh, -c, …]`: behind the first `-c` stands a shell, with nothing to read.
fn shell_of_a_shell(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
) -> Option<Diagnosis> {
    let (namespace, name) = full_name(pod);
    let containers = &pod.spec.as_ref()?.containers;
    let index = containers.iter().position(|one| one.name == container.name)?;
    let spec = &containers[index];
    let command = spec.command.as_ref()?;
    let args = spec.args.as_ref()?;
    let is_shell = |word: &String| word.rsplit('/').next().is_some_and(|one| SHELLS.contains(&one));
    let twice = command.last()? == "-c" && is_shell(args.first()?) && args.get(1)? == "-c";
    let source = facts.pod_source(namespace, name);
    let path = format!("spec.containers[{index}].args[0]");
    twice.then(|| {
        let (said, shell) = (ends_at_once(pod, container), &args[0]);
        said.fact(format!(
            "command ends with -c, and args begins with {shell}: that shell has nothing to read"
        ))
        .at(source.and_then(|source| source.line(&path)))
        .fix(format!("take {shell} and -c out of args, or command out; apply, and send again"))
    })
}

/// Where that is mended what a container complains of: in the player's file, or in a ConfigMap of the cluster
/// that no file of the player's describes.
fn mend(facts: &Facts<'_>, pod: &Pod, container: &str) -> String {
    let (namespace, _) = full_name(pod);
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    let mut maps = volumes.filter_map(|volume| volume.config_map.as_ref());
    // Every pod has the authority's certificate mounted.
    let map = maps.find(|map| map.name != "kube-root-ca.crt");
    match map.filter(|map| facts.locator.source("ConfigMap", namespace, &map.name).is_none()) {
        Some(map) => format!(
            "mend what container {container} complains of: kubectl edit configmap {}{}",
            map.name,
            look::in_namespace(namespace)
        ),
        None => format!("mend what container {container} complains of, and apply"),
    }
}

/// The line of its configuration that the container's server could not read when it ran last.
fn refused_config(facts: &Facts<'_>, pod: &Pod, container: &ContainerStatus) -> Option<Diagnosis> {
    let (file, line, why) = since_last_start(facts, pod, container, |did| match did {
        Did::ConfigRefused { file, line, why } => Some((file, *line, why)),
        _ => None,
    })?;
    let (name, own) = (&container.name, file.rsplit('/').next().unwrap_or(file));
    let (_, pod_name) = full_name(pod);
    let said = Diagnosis::new(
        "container-does-not-run",
        format!("container {name} of pod {pod_name} does not run: it cannot read its {own}"),
    )
    .fact(format!("{file}, line {line}: {why}"));
    Some(in_its_map(facts, said, (pod, name), (file, line)))
}

/// The word of its command line that the container's server did not take when it ran last.
fn refused_argument(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
) -> Option<Diagnosis> {
    let argument = since_last_start(facts, pod, container, |did| match did {
        Did::ArgumentRefused { argument } => Some(argument),
        _ => None,
    })?;
    let ((namespace, pod_name), name) = (full_name(pod), &container.name);
    let containers = &pod.spec.as_ref()?.containers;
    let index = containers.iter().position(|one| one.name == *name)?;
    let spec = &containers[index];
    let is_it = |word: &String| word == argument || word.ends_with(&format!("={argument}"));
    let mut fields = [("args", &spec.args), ("command", &spec.command)].into_iter();
    let word = fields.find_map(|(field, words)| {
        let words = words.as_ref()?;
        let number = words.iter().position(is_it)?;
        let word = &words[number];
        Some((format!("{field}[{number}]"), format!("the argument {word}"), option_meant(word)))
    });
    let of_variable = || {
        let mut variables = spec.env.iter().flatten().enumerate();
        let (number, one) = variables.find(|(_, one)| one.value.as_ref() == Some(argument))?;
        Some((
            format!("env[{number}].value"),
            format!("{argument}, the value of variable {}", one.name),
            None,
        ))
    };
    let (field, what, meant) = word.or_else(of_variable)?;
    let source = facts.pod_source(namespace, pod_name);
    let path = format!("spec.containers[{index}].{field}");
    let at = source.and_then(|source| source.line(&path));
    let shown = at.as_ref().map_or_else(|| what.clone(), ToString::to_string);
    Some(
        Diagnosis::new(
            "container-does-not-run",
            format!(
                "container {name} of pod {pod_name} does not run: its program does not take {what}"
            ),
        )
        .at(at)
        .fix(match &meant {
            Some(meant) => format!("write {meant} instead, apply, and send again"),
            None => format!("mend {shown}, apply, and send again"),
        })
        .nearest(meant),
    )
}

/// The option that is nearly written: one that listens at a port without its colon, or whose value stands behind a
/// space in the same word.
fn option_meant(word: &str) -> Option<String> {
    let is_option = word.starts_with('-');
    if let Some((option, value)) = word.split_once(char::is_whitespace) {
        return is_option.then(|| format!("{option}={}", value.trim()));
    }
    let (option, value) = word.split_once('=').filter(|_| is_option)?;
    let listens = ["listen", "addr", "bind"].iter().any(|part| option.contains(part));
    (listens && value.parse::<u16>().is_ok()).then(|| format!("{option}=:{value}"))
}

/// Programs that run scripts.
const SHELLS: [&str; 4] = ["sh", "bash", "ash", "dash"];

/// A shell without `-c` takes its first word for the name of a script, and the word is a command.
fn text_for_a_script(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
) -> Option<Diagnosis> {
    let ((namespace, pod_name), name) = (full_name(pod), &container.name);
    let containers = &pod.spec.as_ref()?.containers;
    let index = containers.iter().position(|one| one.name == *name)?;
    let spec = &containers[index];
    let words = |field: &'static str, words: &'_ Option<Vec<String>>| {
        let words = words.iter().flatten().enumerate();
        words.map(|(at, word)| (field, at, word.clone())).collect::<Vec<_>>()
    };
    let words = [words("command", &spec.command), words("args", &spec.args)].concat();
    let ((.., shell), rest) = words.split_first()?;
    SHELLS.contains(&shell.rsplit('/').next()?).then_some(())?;
    let (field, at, text) = rest.iter().find(|(.., word)| !word.starts_with('-'))?;
    let options = rest.iter().take_while(|(.., word)| word.starts_with('-'));
    let mut options = options.map(|(.., word)| word);
    if options.any(|word| !word.starts_with("--") && word.contains('c')) {
        return None;
    }
    let place = place_of(pod, &container.name);
    let is_text = text.contains(|one: char| one.is_whitespace() || ";|&$".contains(one));
    let is_program = facts.case.cluster.image(&place).is_some_and(|image| image.holds(text));
    if !is_text && text.contains('/') {
        let path = format!("spec.containers[{index}].{field}[{at}]");
        return no_script(facts, pod, spec, (shell, text, &path));
    }
    if !is_text && !is_program {
        return None;
    }
    let source = facts.pod_source(namespace, pod_name);
    let line =
        source.and_then(|source| source.line(&format!("spec.containers[{index}].{field}[{at}]")));
    let fix = match is_text {
        true => {
            format!("write -c before it, as an item of {field} by itself; apply, and send again")
        }
        false => format!("take {shell} out, so that {text} is the program; apply, and send again"),
    };
    Some(
        Diagnosis::new(
            "container-does-not-run",
            format!("container {name} of pod {pod_name} does not run: {shell} takes {text:?} for the name of a script"),
        )
        .fact("a shell reads a command from its words only behind -c; without it the first word is a file to be read")
        .nearest(is_text.then(|| "-c".to_owned()))
        .at(line)
        .fix(fix),
    )
}

/// The script that a shell is to read is no key of the ConfigMap that is mounted there.
fn no_script(
    facts: &Facts<'_>,
    pod: &Pod,
    spec: &Container,
    (shell, script, path): (&str, &str, &str),
) -> Option<Diagnosis> {
    let (namespace, pod_name) = full_name(pod);
    let (map, file) = mounts::of(pod, spec).find_map(|mounted| {
        let source = Some(mounted.map).filter(|source| source.items.is_none())?;
        let file = mounted.key(script)?.to_owned();
        let map = facts.case.cluster.objects().get::<ConfigMap>(namespace, &source.name)?;
        let has = map.data.as_ref().is_some_and(|data| data.contains_key(&file));
        (!has).then_some((map, file))
    })?;
    let map_name = map.metadata.name.as_deref()?;
    let keys: Vec<&str> = map.data.iter().flatten().map(|(key, _)| key.as_str()).collect();
    let near = crate::diagnostic::nearest(&file, keys.iter().copied());
    let near = near.or_else(|| keys.first().copied().filter(|_| keys.len() == 1));
    let source = facts.pod_source(namespace, pod_name);
    Some(
        Diagnosis::new(
            "container-does-not-run",
            format!("container {} of pod {pod_name} does not run: {shell} finds no {script}", spec.name),
        )
        .fact(format!("ConfigMap {map_name}, which is mounted there, has the keys {}", keys.join(", ")))
        .nearest(near.map(str::to_owned))
        .at(source.and_then(|source| source.line(path)))
        .fix(match near {
            Some(near) => format!("write {near} instead of {file}, apply, and send again"),
            None => format!("write the key {file} into ConfigMap {map_name}, apply, and make the pod anew; then send again"),
        }),
    )
}

/// A fault of a file in a container, on the line of the ConfigMap that it comes from.
fn in_its_map(
    facts: &Facts<'_>,
    said: Diagnosis,
    (pod, container): (&Pod, &str),
    (file, line): (&str, u32),
) -> Diagnosis {
    let Some(mounted) = mounted_line(facts, pod, container, file, line) else {
        return said.fix(format!("mend line {line} of {file}, or the line before it"));
    };
    let Mounted { map, key, at } = mounted;
    let shown = at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
    said.fact(format!("the file is the key {key} of ConfigMap {map}"))
        .at(at)
        .fix(format!("mend line {line} of {key} in ConfigMap {map}{shown}, or the line before it; apply, and send again"))
}

/// The kubelet has ended the container because its livenessProbe, or its startupProbe, fails: its pod is not
/// being deleted, and nobody else ends a container.
fn killed_by_probe(facts: &Facts<'_>, pod: &Pod, container: &ContainerStatus) -> Option<Diagnosis> {
    let (namespace, name) = full_name(pod);
    let containers = &pod.spec.as_ref()?.containers;
    let index = containers.iter().position(|one| one.name == container.name)?;
    let own = &containers[index];
    let field = match (&own.liveness_probe, &own.startup_probe) {
        (_, Some(_)) if container.started != Some(true) && own.liveness_probe.is_none() => {
            "startupProbe"
        }
        (Some(_), _) => "livenessProbe",
        (None, _) => return None,
    };
    let mut events = facts.case.cluster.objects().list::<Event>(Some(namespace));
    let killed = events.any(|event| {
        event.origin.involved_object.uid == pod.metadata.uid
            && event.message.reason.as_deref() == Some("Killing")
    });
    if !killed || pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let probe = match field {
        "startupProbe" => own.startup_probe.as_ref(),
        _ => own.liveness_probe.as_ref(),
    };
    let open = open_port(facts, pod, own, probe?);
    let path = match open {
        Some((kind, _)) => format!("spec.containers[{index}].{field}.{kind}.port"),
        None => format!("spec.containers[{index}].{field}"),
    };
    let source = facts.pod_source(namespace, name);
    let at = source.and_then(|source| source.line(&path));
    let port = open.map(|(_, port)| port);
    Some(
        Diagnosis::new(
            "container-does-not-run",
            format!(
                "container {} of pod {name} is ended again and again, since its {field} fails",
                container.name
            ),
        )
        .facts(super::readiness::unhealthy(facts, pod))
        .fact(format!("the kubelet starts a container anew whose {field} fails too often"))
        .nearest(port.map(|port| format!("port: {port}")))
        .at(at)
        .fix(match port {
            Some(port) => format!("let the {field} ask at port {port}, apply, and send again"),
            None => {
                format!("let the {field} ask for what the server answers, apply, and send again")
            }
        }),
    )
}

/// For a probe that asks at a port where nobody listens, how it asks (`httpGet`), and the port that is open;
/// while the container waits for its next start, the one at which its readinessProbe asks.
fn open_port(
    facts: &Facts<'_>,
    pod: &Pod,
    own: &Container,
    probe: &Probe,
) -> Option<(&'static str, u16)> {
    let (kind, asked) = readiness::asked_port(own, probe)?;
    let open: Vec<u16> = facts.listeners(pod).iter().map(|one| one.port).collect();
    let ready = own.readiness_probe.as_ref().and_then(|probe| readiness::asked_port(own, probe));
    let ready = ready.and_then(|(_, port)| u16::try_from(port?).ok());
    let closed = !open.iter().any(|port| Some(i32::from(*port)) == asked);
    let port = open.first().copied().or(ready)?;
    (closed && Some(i32::from(port)) != asked).then_some((kind, port))
}

/// The line of its script that the container's shell could not read or expand when it ran last.
fn stopped_script(facts: &Facts<'_>, pod: &Pod, container: &ContainerStatus) -> Option<Diagnosis> {
    let (script, line, why) = since_last_start(facts, pod, container, |did| match did {
        Did::ScriptStopped { script, line, why } => Some((script.as_ref(), *line, why)),
        _ => None,
    })?;
    let (name, (_, pod_name)) = (&container.name, full_name(pod));
    let said = |what: &str| {
        let message = format!(
            "container {name} of pod {pod_name} does not run: its shell cannot read {what}"
        );
        Diagnosis::new("container-does-not-run", message)
    };
    if let Some(script) = script {
        let own = script.rsplit('/').next().unwrap_or(script);
        let said = said(own).fact(format!("{script}, line {line}: {why}"));
        return Some(in_its_map(facts, said, (pod, name), (script, line)));
    }
    let (field, at) = behind_c(facts, pod, name, line)?;
    let shown =
        at.as_ref().map_or_else(|| format!("the text behind -c in {field}"), ToString::to_string);
    Some(
        said("its command")
            .fact(format!("line {line} of it: {why}"))
            .at(at)
            .fix(format!("mend {shown}, apply, and send again")),
    )
}

/// A line (from 1) of the text that the container's shell is given behind `-c`: the field that has it, and where
/// it stands in the player's files.
pub(super) fn behind_c(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &str,
    line: u32,
) -> Option<(&'static str, Option<Location>)> {
    let (namespace, name) = full_name(pod);
    let containers = &pod.spec.as_ref()?.containers;
    let index = containers.iter().position(|one| one.name == container)?;
    let words = |field: &'static str, words: &Option<Vec<String>>| {
        let words = words.iter().flatten().enumerate();
        words.map(|(at, word)| (field, at, word.clone())).collect::<Vec<_>>()
    };
    let spec = &containers[index];
    let words = [words("command", &spec.command), words("args", &spec.args)].concat();
    // The text is the word behind `-c`, or behind flags that end so (`-ec`).
    let flag = words.iter().position(|(.., word)| word.starts_with('-') && word.ends_with('c'))?;
    let (field, at, text) = words.get(flag + 1)?;
    let source = facts.pod_source(namespace, name);
    let path = format!("spec.containers[{index}].{field}[{at}]");
    let at = source.and_then(|source| source.line(&path));
    Some((field, at.map(|at| facts.locator.line_below(at, text, line))))
}

/// A file of a container that comes from a ConfigMap.
struct Mounted {
    map: String,
    key: String,
    /// Where the line that is meant stands in the player's files.
    at: Option<Location>,
}

/// The ConfigMap that a file of the container comes from.
fn mounted_line(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &str,
    file: &str,
    line: u32,
) -> Option<Mounted> {
    let (namespace, _) = full_name(pod);
    let spec = pod.spec.as_ref()?;
    let own = spec.containers.iter().find(|own| own.name == container)?;
    mounts::of(pod, own).find_map(|mounted| {
        let (key, map) = (mounted.key(file)?, mounted.map);
        let source = facts.locator.source("ConfigMap", namespace, &map.name);
        // What is missing at the end of a text is missed behind its last line.
        let at = source.and_then(|source| {
            let end = || facts.locator.line_in(&source, key, line.checked_sub(1)?);
            facts.locator.line_in(&source, key, line).or_else(end)
        });
        Some(Mounted { map: map.name.clone(), key: key.to_owned(), at })
    })
}

/// A container that has ended, and that the pod's restartPolicy leaves so (R3.6): its place in the list.
pub(super) fn ended(pod: &Pod) -> Option<(usize, Diagnosis)> {
    let (namespace, name) = full_name(pod);
    let spec = pod.spec.as_ref()?;
    let policy = spec.restart_policy.as_deref().unwrap_or("Always");
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    let (status, exit) = statuses.iter().find_map(|status| {
        let ended = status.state.as_ref()?.terminated.as_ref()?;
        let stays = policy == "Never" || (policy == "OnFailure" && ended.exit_code == 0);
        stays.then_some((status, ended.exit_code))
    })?;
    let index = spec.containers.iter().position(|spec| spec.name == status.name)?;
    let said = Diagnosis::new(
        "container-ends-at-once",
        format!("container {} of pod {name} has ended, and is not started again", status.name),
    )
    .look([look::describe("pod", namespace, name), look::pods(namespace)])
    .fact(format!("it ended with exit code {exit}, and restartPolicy is {policy}"))
    .fact("a container lives as long as its first process")
    .fix("give it a command that goes on: a server, or sleep infinity");
    Some((index, said))
}

pub(super) fn full_name(pod: &Pod) -> (&str, &str) {
    let metadata = &pod.metadata;
    (metadata.namespace.as_deref().unwrap_or(""), metadata.name.as_deref().unwrap_or(""))
}

/// The place of a pod's container.
pub(super) fn place_of(pod: &Pod, container: &str) -> Place {
    let (namespace, name) = full_name(pod);
    Place::Container { namespace: namespace.into(), pod: name.into(), container: container.into() }
}

/// When the container's last run that has ended began.
fn last_start(facts: &Facts<'_>, place: &Place, container: &ContainerStatus) -> SimTime {
    let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let started = last.and_then(|last| last.started_at.as_ref());
    let started = started.map(|started| SimTime::from_timestamp(started.0));
    started.unwrap_or_default().max(probe::made_at(facts.case.cluster, place))
}

/// The name that its process looked up last before it ended with an error, and that nobody knows.
fn unresolved(facts: &Facts<'_>, pod: &Pod, container: &ContainerStatus) -> Option<String> {
    let place = place_of(pod, &container.name);
    let since = last_start(facts, &place, container);
    // A server that refuses its configuration for the name says so last.
    let before = |did: &Did| !matches!(did, Did::ConfigRefused { .. });
    let mut deeds = facts.case.cluster.deeds().rev().filter(|deed| before(&deed.did));
    let last = deeds.find(|deed| deed.place == place)?;
    match &last.did {
        Did::NotResolved { name, .. } if last.at >= since => {
            Some(name.trim_end_matches('.').to_owned())
        }
        _ => None,
    }
}

/// The port that the container's server found taken when it ran last: what one before it said is over.
fn taken_port(facts: &Facts<'_>, pod: &Pod, container: &ContainerStatus) -> Option<SocketAddr> {
    since_last_start(facts, pod, container, |did| match did {
        Did::PortTaken { at, .. } => Some(*at),
        _ => None,
    })
}

/// The socket that the container's server wanted when it ran last, at an address that its pod doesn't have.
fn address_of_others(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
) -> Option<SocketAddr> {
    since_last_start(facts, pod, container, |did| match did {
        Did::AddressNotOwn { at } => Some(*at),
        _ => None,
    })
}

/// The socket that the container's server could not open when it ran last.
pub(super) fn refused_socket(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
) -> Option<SocketAddr> {
    taken_port(facts, pod, container).or_else(|| address_of_others(facts, pod, container))
}

/// R1.4: a server can listen at addresses of its own pod alone.
fn not_its_own(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
    at: SocketAddr,
) -> Diagnosis {
    let (_, name) = full_name(pod);
    let own = pod.status.as_ref().and_then(|status| status.pod_ip.as_deref());
    let every = if at.ip().is_ipv6() { "[::]" } else { "0.0.0.0" };
    let words = last_words(facts, pod, &container.name);
    Diagnosis::new(
        "container-does-not-run",
        format!(
            "container {} of pod {name} cannot listen at {at}: its pod doesn't have that address",
            container.name
        ),
    )
    .facts(own.map(|own| format!("pod {name} has {own} now, and 127.0.0.1 inside")))
    .fact("a pod that is made anew gets another address")
    .facts(words.map(|line| format!("it said last: {line}")))
    .fix(format!(
        "let it listen at {every}:{}, which is every address of its pod; apply, and send again",
        at.port()
    ))
}

/// What the container's programs did last, of what `picks` takes, since its last run that has ended began.
pub(super) fn since_last_start<'a, T>(
    facts: &Facts<'a>,
    pod: &Pod,
    container: &ContainerStatus,
    picks: impl Fn(&'a Did) -> Option<T>,
) -> Option<T> {
    let place = place_of(pod, &container.name);
    let since = last_start(facts, &place, container);
    let mut own = facts.case.cluster.deeds().rev().filter(|deed| deed.place == place);
    own.find_map(|deed| picks(&deed.did).filter(|_| deed.at >= since))
}

/// A container of the pod whose server found this port taken, and its place in the list.
pub(super) fn found_taken(facts: &Facts<'_>, pod: &Pod, port: u16) -> Option<(usize, Diagnosis)> {
    let (namespace, name) = full_name(pod);
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    let (status, at) = statuses.iter().find_map(|status| {
        let at = taken_port(facts, pod, status).filter(|at| at.port() == port)?;
        Some((status, at))
    })?;
    let containers = &pod.spec.as_ref()?.containers;
    let index = containers.iter().position(|one| one.name == status.name)?;
    let looks = [look::log(namespace, name, &status.name), look::describe("pod", namespace, name)];
    Some((index, port_taken(facts, pod, status, at).look(looks)))
}

/// Whether the runtime could not start the container's first process.
fn is_unstartable(container: &ContainerStatus) -> bool {
    let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    last.is_some_and(|last| last.reason.as_deref() == Some("StartError"))
}

/// Whether the image's entrypoint script, which runs what args say, found no program of this name.
fn is_missing_to_script(facts: &Facts<'_>, place: &Place, program: &str) -> bool {
    let missing = |did: &Did| matches!(did, Did::ProgramMissing { program: own } if own == program);
    let script = facts.case.cluster.image(place).is_some_and(|image| image.has_script());
    script && facts.case.cluster.deeds().any(|deed| deed.place == *place && missing(&deed.did))
}

/// There is no program of the name with which the container's words begin: the runtime could not start it, or
/// its entrypoint script could not.
fn no_such_program(facts: &Facts<'_>, pod: &Pod, container: &ContainerStatus) -> Option<Diagnosis> {
    let last = container.last_state.as_ref().and_then(|state| state.terminated.as_ref())?;
    let (_, name) = full_name(pod);
    let spec = pod.spec.as_ref()?.containers.iter().find(|spec| spec.name == container.name)?;
    let words = spec.command.as_ref().filter(|words| !words.is_empty()).or(spec.args.as_ref())?;
    let first = words.first()?;
    let place = place_of(pod, &container.name);
    let by_script = !is_unstartable(container);
    if by_script && (spec.command.is_some() || !is_missing_to_script(facts, &place, first)) {
        return None;
    }
    let image = facts.case.cluster.image(&place);
    let image = image
        .filter(|image| (image.entrypoint.is_empty() || by_script) && !image.command.is_empty());
    let field = if spec.command.is_some() { "command" } else { "args" };
    let how = if by_script { "does not run" } else { "was never started" };
    let said = Diagnosis::new(
        "container-does-not-run",
        format!(
            "container {} of pod {name} {how}: there is no program {first:?} in it",
            container.name
        ),
    )
    .facts(last.message.clone())
    .facts(by_script.then(|| "the image's entrypoint script runs what args say".to_owned()));
    if first.starts_with('-') && spec.command.is_some() {
        return Some(
            said.fact("command takes the place of the image's own program; what that program is given stands in args")
                .nearest(Some("args".to_owned()))
                .fix("write args instead of command, apply, and send again"),
        );
    }
    if let Some(own) = image.filter(|_| first.starts_with('-') && spec.command.is_none()) {
        let (program, own) = (&own.command[0], own.command.join(" "));
        return Some(
            said.fact(match by_script {
                true => format!("args take the place of the image's own command, {own}"),
                false => format!(
                    "the image has no entrypoint: args take the place of its own command, {own}"
                ),
            })
            .nearest(Some(own))
            .fix(format!(
                "write {program} before {first} in args, or take args out; apply, and send again"
            )),
        );
    }
    Some(misread_line(first, field, said))
}

/// The word was to be a program, or a whole line in which a program is the first word.
fn misread_line(first: &str, field: &str, said: Diagnosis) -> Diagnosis {
    if !first.contains(' ') {
        return said.fix(format!(
            "write a program that the image has as the first word of {field}, and apply"
        ));
    }
    // What only a shell understands needs one.
    if first.contains([';', '|', '&', '$', '<', '>', '`']) {
        let line = format!("{field}: [sh, -c, {}]", Value::String(for_a_shell(first)));
        return said
            .fact("the first word of command and args is the program; no shell reads it")
            .nearest(Some(line.clone()))
            .fix(format!("let a shell run it: {line}; apply, and send again"));
    }
    let list =
        first.split_whitespace().map(|word| manifest::to_yaml(&Value::String(word.to_owned())));
    let list = list.map(|word| word.trim_end().to_owned()).collect::<Vec<_>>().join(", ");
    said.fact(
        "the first word of command and args is the program; no shell divides it at its spaces",
    )
    .nearest(Some(format!("{field}: [{list}]")))
    .fix(format!("write {field}: [{list}], and apply"))
}

/// The text that a shell is to read, of one that may begin with the shell itself: `sh -c 'while …'`.
fn for_a_shell(text: &str) -> String {
    let mut words = text.splitn(3, ' ');
    let shell = words.next().and_then(|word| word.rsplit('/').next());
    match (shell.filter(|shell| SHELLS.contains(shell)), words.next(), words.next()) {
        (Some(_), Some("-c"), Some(rest)) => {
            let quoted = |quote| rest.strip_prefix(quote)?.strip_suffix(quote);
            quoted('\'').or_else(|| quoted('"')).unwrap_or(rest).to_owned()
        }
        _ => text.to_owned(),
    }
}

fn image(
    container: &ContainerStatus,
    pod: &str,
    reason: &str,
    message: Option<String>,
) -> Diagnosis {
    let close = cluster::nearest_image(&container.image);
    Diagnosis::new(
        "image-not-pulled",
        format!(
            "the image of container {} of pod {pod} cannot be pulled: {reason}",
            container.name
        ),
    )
    .fact(format!("image: {}", container.image))
    // What the registry says tells more only where no image is near.
    .facts(message.filter(|_| close.is_none()))
    .nearest(close.as_ref().map(|close| format!("image: {close}")))
    .fix(match &close {
        Some(close) => format!("write image: {close}, apply, and send again"),
        // Whether a registry has it nobody here can tell.
        None => "write an image and a tag that podhop carries, apply, and send again".to_owned(),
    })
}

/// R1.2: containers of one pod share its ports.
fn port_taken(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
    taken: SocketAddr,
) -> Diagnosis {
    let (_, name) = full_name(pod);
    let port = taken.port();
    if pod.spec.as_ref().and_then(|spec| spec.host_network) == Some(true) {
        return nodes_port_taken(facts, pod, container, port);
    }
    let owner = facts.listeners(pod).into_iter().find(|open| open.port == port);
    let owner = owner.and_then(|open| open.container);
    let who =
        owner.as_ref().map_or_else(|| "somebody".to_owned(), |owner| format!("container {owner}"));
    Diagnosis::new(
        "port-taken",
        format!("container {} of pod {name} cannot open port {port}: {who} has it", container.name),
    )
    .fact(format!("port {port} is open already, in {who}"))
    .fact("all containers of a pod share one network namespace, and so its ports")
    .fix(format!("let one of them listen on another port than {port}, or put them into two pods"))
}

/// R1.5: pods on their node's network share the node's ports.
fn nodes_port_taken(
    facts: &Facts<'_>,
    pod: &Pod,
    container: &ContainerStatus,
    port: u16,
) -> Diagnosis {
    let (_, name) = full_name(pod);
    let node = |pod: &Pod| pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    let own = node(pod);
    let mut pods = facts.case.cluster.objects().list::<Pod>(None);
    let other = pods.find(|other| {
        let hosted = other.spec.as_ref().and_then(|spec| spec.host_network) == Some(true);
        hosted && other.is_ready() && node(other) == own && full_name(other) != full_name(pod)
    });
    let place = own.unwrap_or_else(|| "its node".to_owned());
    Diagnosis::new(
        "port-taken",
        format!(
            "container {} of pod {name} cannot open port {port} of {place}, which is taken",
            container.name
        ),
    )
    .facts(other.map(|other| {
        format!("pod {} runs on {place} too, with hostNetwork as well", full_name(other).1)
    }))
    .fact("hostNetwork puts a pod on its node's network: pods there share the node's ports")
    .fix(format!("let pod {name} run on another node, or listen on another port than {port}"))
}

/// The last two lines that the container wrote before it ended: many programs say what is wrong, and
/// then where to read more.
fn last_words(facts: &Facts<'_>, pod: &Pod, container: &str) -> Option<String> {
    let log = last_log(facts, pod, container)?;
    let mut last: Vec<&str> = log.iter().rev().map(|(_, (_, line))| line.trim()).take(2).collect();
    last.reverse();
    (!last.is_empty()).then(|| last.join(" / "))
}

/// The first line that the container wrote before it ended, where it wrote more than the last two.
fn first_words(facts: &Facts<'_>, pod: &Pod, container: &str) -> Option<String> {
    let log = last_log(facts, pod, container)?;
    let (_, (_, first)) = log.iter().next().filter(|_| log.len() > 2)?;
    Some(first.trim().to_owned())
}

/// The log of the container's run that has ended, or else of this one.
fn last_log<'a>(facts: &Facts<'a>, pod: &Pod, container: &str) -> Option<&'a LogLines> {
    let (namespace, name) = full_name(pod);
    let cluster = facts.case.cluster;
    cluster
        .logs(namespace, name, container, true)
        .or_else(|_| cluster.logs(namespace, name, container, false))
        .ok()
}
