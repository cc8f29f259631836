//! Commands that sent nothing: a program that is not there, a load balancer without an address.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;

use super::locate::mentions;
use super::look;
use super::services::full_name;
use super::{Diagnosis, Facts};
use crate::api::Pod;
use crate::cluster::{Deed, Did, Ending, ObjectName, Place};
use crate::diagnostic::{Location, nearest};
use crate::shell;

/// Tools that ask a server for something, the most usual first.
pub(super) const CLIENTS: [&str; 5] = ["curl", "wget", "nc", "nslookup", "dig"];

/// The goal's command is not in the image that it runs in (R15).
pub(super) fn missing_tool(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = facts.case.run?;
    let (program, place) = run.deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::ProgramMissing { program } => Some((program.as_str(), &deed.place)),
        _ => None,
    })?;
    if *place != Place::Laptop && program.contains(char::is_whitespace) {
        return one_word(facts, program, place);
    }
    // A program that is only tried (`curl … || wget …`) is none that is missing.
    if facts.connection.is_some() || facts.fetched.is_some() || run.miss.is_none() {
        return None;
    }
    let cluster = facts.case.cluster;
    let from = match (&facts.case.goal.traffic, place) {
        (Some(_), Place::Container { container, .. }) => format!("container {container}"),
        // `kubectl exec` and ssh look for it elsewhere than where the goal's command runs.
        (None, Place::Container { namespace, pod, container }) if !facts.runs_in_pod() => {
            format!("container {container} of pod {}", look::shown_name(namespace, pod))
        }
        (None, Place::Node(node)) => node.to_string(),
        _ => facts.case.goal.from.clone(),
    };
    if *place == Place::Laptop {
        return Some(not_on_laptop(facts, program));
    }
    let image = cluster.image(place);
    // What the goal itself calls nobody can put another program in the place of.
    let near = image.and_then(|image| CLIENTS.iter().find(|tool| image.holds(tool)));
    let other = near.filter(|_| !facts.goal_says(program));
    let line = facts
        .client_source()
        .and_then(|client| facts.locator.mention_in(&client.source, [program]))
        .or_else(|| facts.locator.mention([program]));
    let fixed = facts.runs_in_pod() || facts.goal_says("exec");
    // Where the goal says who asks, its container's image is what can be changed.
    let own = (fixed && other.is_none()).then(|| image_line(facts, place)).flatten();
    let line = own.or(line);
    let beside = has_it_beside(facts, place, program);
    let fix = match other {
        Some(other) => format!("use {other}, which the image has"),
        None if fixed => format!(
            "install {program} in {from} (apt update && apt install -y {program}, where its image has apt), or let it have an image that has {program}, as curlimages/curl"
        ),
        None => "send from a container whose image has it, as curlimages/curl".to_owned(),
    };
    Some(
        Diagnosis::new("tool-not-in-image", format!("there is no {program} in {from}"))
            .look(look::inside(cluster, place, &format!("sh -c 'type {program} || true'")))
            .look([match place {
                Place::Container { namespace, pod, .. } => look::describe("pod", namespace, pod),
                _ => look::pods(&facts.namespace()),
            }])
            .facts(image.map(|image| format!("its image is {}", image.name)))
            .facts(match place {
                Place::Container { pod, .. } => Some(format!("it was looked for in pod {pod}")),
                _ => None,
            })
            .fact("a container starts with the programs of its image, and no others")
            .nearest(near.map(|near| format!("{near}, which its image has")))
            .facts(beside)
            .at(line)
            .fix(fix),
    )
}

/// `kubectl exec web -- "curl http://shop"`: in quotes the command line is one word, and no program is called so.
/// A container's own command in one word was never started: that is the container's trouble.
fn one_word(facts: &Facts<'_>, program: &str, place: &Place) -> Option<Diagnosis> {
    let Place::Container { namespace, pod, container } = place else { return None };
    let stored = facts.case.cluster.objects().get::<Pod>(namespace, pod)?;
    let tool = program.split_whitespace().next()?;
    if !stored.runs(container) || facts.connection.is_some() || facts.fetched.is_some() {
        return None;
    }
    let quoted = ['"', '\''].map(|quote| format!("{quote}{tool} "));
    let at = facts.locator.mention_in_scripts(quoted, |_| true);
    let at = at.or_else(|| facts.locator.mention_in_scripts([tool], |_| true));
    Some(
        Diagnosis::new(
            "tool-not-in-image",
            format!("container {container} of pod {} has no program called {program:?}", look::shown_name(namespace, pod)),
        )
        .look(look::inside(facts.case.cluster, place, &format!("sh -c 'type {tool} || true'")))
        .fact("quotes make one word of what stands in them, and the first word is the program; no shell divides it at its spaces")
        .at(at)
        .fix(format!("leave out the quotes around {tool} and what it is given, or write sh -c before them; and send again")),
    )
}

/// kubectl was to run a program in a container that its pod does not have.
pub(super) fn no_container(facts: &Facts<'_>) -> Option<Diagnosis> {
    lacks_container(facts, &facts.case.run?.deeds)
}

/// The goal reads the log of a container that its pod does not have.
pub(super) fn no_container_to_read(facts: &Facts<'_>) -> Option<Diagnosis> {
    lacks_container(facts, &facts.case.run?.finished.as_ref()?.deeds)
}

fn lacks_container(facts: &Facts<'_>, deeds: &[Arc<Deed>]) -> Option<Diagnosis> {
    facts.case.run?.miss.as_ref()?;
    let (object, container) = deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::NoContainer { pod, container } => Some((pod, container)),
        _ => None,
    })?;
    let ObjectName { namespace, name, .. } = object;
    let pod = facts.case.cluster.objects().get::<Pod>(namespace, name)?;
    let own = pod.spec.as_ref().map_or(&[][..], |spec| spec.containers.as_slice());
    let names: Vec<&str> = own.iter().map(|one| one.name.as_str()).collect();
    let near = nearest(container, names.iter().copied());
    let index = names.iter().position(|one| Some(*one) == near);
    // Of two, the one that serves nothing is the client that is looked for.
    let listeners = facts.listeners(pod);
    let serves = |name: &str| listeners.iter().any(|one| one.container.as_deref() == Some(name));
    let mut silent = names.iter().enumerate().filter(|(_, name)| !serves(name));
    let alone = silent.next().filter(|_| silent.next().is_none() && names.len() > 1);
    let index = index.or(alone.map(|(index, _)| index));
    let path = index.map_or_else(
        || "spec.containers".to_owned(),
        |index| format!("spec.containers[{index}].name"),
    );
    let script = facts.locator.mention_in_scripts([container], |_| true);
    let script = script.filter(|_| !facts.goal_says(container));
    let source = facts.pod_source(namespace, name);
    let fix = match (&script, near) {
        (Some(_), Some(near)) => format!("write {near} instead of {container}, and send again"),
        _ => format!("let a container of pod {name} be called {container}, apply, and send again"),
    };
    let shown = look::shown_name(namespace, name);
    Some(
        Diagnosis::new("no-such-object", format!("pod {shown} has no container {container}"))
            .look([look::describe("pod", namespace, name)])
            .fact(format!("containers of pod {shown}: {}", names.join(", ")))
            .nearest(near.map(|near| format!("container {near}")))
            .at(script.or_else(|| source.and_then(|source| source.line(&path))))
            .fix(fix),
    )
}

/// kubectl did not understand how it was called.
pub(super) fn not_understood(facts: &Facts<'_>) -> Option<Diagnosis> {
    let run = facts.case.run?;
    run.miss.as_ref()?;
    let last = run.deeds.iter().rev().find_map(|deed| match &deed.did {
        Did::NotUnderstood { command, why } => Some(Some((command, why))),
        Did::Fetched(_) => Some(None),
        _ => None,
    });
    let (command, why) = last.flatten()?;
    let at = facts.locator.mention_in_scripts([command], |_| true)?;
    let runs = ["exec", "run", "debug"].iter().any(|verb| command.ends_with(verb));
    let own = "flags before -- are kubectl's own, and without -- all of them are";
    let fix = match runs {
        true => format!("write -- before the program that {command} is to run, and send again"),
        false => format!("mend the flags of {command}, and send again"),
    };
    Some(
        Diagnosis::new("command-not-understood", format!("{command} cannot be called so: {why}"))
            .look([format!("{command} -h")])
            .facts(runs.then(|| own.to_owned()))
            .fact(facts.quoted())
            .at(Some(at))
            .fix(fix),
    )
}

/// The goal's command is not on the laptop.
fn not_on_laptop(facts: &Facts<'_>, program: &str) -> Diagnosis {
    let at = facts.locator.mention_in_scripts([program], |_| true);
    let near = nearest(program, shell::installed(facts.case.cluster, &Place::Laptop));
    if let Some(near) = near.filter(|_| at.is_some()) {
        return Diagnosis::new("tool-not-in-image", format!("the laptop has no program {program}"))
            .look(["help".to_owned()])
            .fact(format!("{near} is there"))
            .nearest(Some(near.to_owned()))
            .at(at)
            .fix(format!("write {near} instead of {program}, and send again"));
    }
    let message =
        format!("{program} is not simulated here: the laptop of this game has no {program}");
    Diagnosis::new("tool-not-in-image", message)
        .look(["help".to_owned()])
        .fact("help lists the commands that there are")
        .at(at)
        .fix(format!("do it without {program}"))
}

/// Where the player wrote the image of a container.
fn image_line(facts: &Facts<'_>, place: &Place) -> Option<Location> {
    let Place::Container { namespace, pod, container } = place else { return None };
    let source = facts.pod_source(namespace, pod)?;
    let specs = source.pod()?.pointer("/spec/containers")?.as_array()?;
    let index = specs.iter().position(|spec| spec["name"].as_str() == Some(&**container))?;
    source.line(&format!("spec.containers[{index}].image"))
}

/// Another container of the pod in which the program can be run: its image has it, or somebody put it there.
fn has_it_beside(facts: &Facts<'_>, place: &Place, program: &str) -> Option<String> {
    let Place::Container { namespace, pod, container } = place else { return None };
    let stored = facts.case.cluster.objects().get::<Pod>(namespace, pod)?;
    let mut others = stored.spec.as_ref()?.containers.iter().filter(|one| *one.name != **container);
    let other = others.find(|one| {
        let command = format!(
            "kubectl exec {pod} -n {namespace} -c {} -- sh -c 'command -v {program}'",
            one.name
        );
        super::trial::succeeds(facts, &command)
    })?;
    Some(format!(
        "container {} of the pod has {program}, and is another one: each has files of its own",
        other.name
    ))
}

/// R7.4: without a provider nobody gives a load balancer an address.
pub(super) fn pending_balancer(facts: &Facts<'_>) -> Option<Diagnosis> {
    let dialled = facts.fetched.is_some_and(|fetched| !matches!(fetched.ending, Ending::BadUrl));
    if facts.connection.is_some() || dialled || facts.unresolved.is_some() {
        return None;
    }
    let run = &facts.case.goal.run;
    let service = facts.case.cluster.objects().list::<Service>(None).find(|service| {
        let balanced = service.status.as_ref().and_then(|status| status.load_balancer.as_ref());
        let given = balanced.and_then(|balancer| balancer.ingress.as_ref());
        let kind = service.spec.as_ref().and_then(|spec| spec.type_.as_deref());
        kind == Some("LoadBalancer")
            && given.is_none_or(Vec::is_empty)
            && (mentions(run, full_name(service).1)
                || facts.locator.mention_in_scripts([full_name(service).1], |_| true).is_some())
    })?;
    let (namespace, name) = full_name(service);
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    let node_port = ports.iter().find_map(|port| port.node_port);
    let fix = node_port.map_or_else(String::new, |port| {
        format!("dial a node's address at node port {port}, or let minikube tunnel run beside you: minikube tunnel &")
    });
    Some(
        Diagnosis::new(
            "load-balancer-pending",
            format!("Service {name} has no external address: it is <pending>"),
        )
        .look([look::services(namespace), look::nodes()])
        .fact(match facts.case.cluster.is_in_cloud() {
            true => "the cloud's controller gives addresses, and takes a while for it",
            false => "a cloud's controller gives addresses, or minikube tunnel for as long as it runs; here nobody does now",
        })
        .fact("its cluster IP and its node ports work all the same")
        .nearest(node_port.map(|port| format!("a node's address at node port {port}")))
        .at(facts.locator.field("Service", namespace, name, "spec.type"))
        .fix(fix),
    )
}
