//! Whole stories of pods on a small cluster, told through the API and through packets.

mod dual_stack;
mod ending;
mod failing;
mod images;
mod ingress;
mod inside;
mod nginx;
mod starting;
mod traffic;
mod walls;

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::ContainerStatus;
use serde_json::{Value, json};

use super::*;
use crate::api::{DeleteOptions, Event, Kind, Pod, Request, WriteOptions};
use crate::network::{Protocol, SocketAddr};

/// A userland with three programs, enough to be a container: `sleep N`, `exit N`, and
/// `serve PORT`, which writes and reads a file on the way.
struct Tiny;

#[derive(Clone)]
enum TinyProgram {
    Sleep { until: Option<SimTime>, seconds: u64 },
    Exit(i32),
    Say(Vec<String>),
    Cat(String),
}

impl Userland for Tiny {
    fn tools(&self, _: &Cluster, _: &Place) -> Vec<String> {
        ["sleep", "env", "echo", "cat", "sh"].map(|name| format!("/bin/{name}")).to_vec()
    }

    fn start(
        &self,
        arguments: &[String],
        environment: Vec<(String, String)>,
        _: &Place,
        image: &Arc<Image>,
    ) -> Result<Box<dyn Process>, StartError> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let program = match words.as_slice() {
            ["sleep", "infinity"] => {
                TinyProgram::Sleep { until: None, seconds: u64::MAX / 2_000_000 }
            }
            ["sleep", seconds] => {
                TinyProgram::Sleep { until: None, seconds: seconds.parse().unwrap_or(0) }
            }
            ["exit", code] => TinyProgram::Exit(code.parse().unwrap_or(0)),
            ["env"] => TinyProgram::Say(
                environment.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            ),
            ["echo", rest @ ..] => TinyProgram::Say(vec![rest.join(" ")]),
            ["cat", path] => TinyProgram::Cat((*path).to_owned()),
            ["sh" | "/bin/sh" | "bash" | "/bin/bash"] => TinyProgram::Exit(0),
            [first, ..] if image.holds(first) => TinyProgram::Exit(0),
            [first, ..] => return Err(StartError::NotFound((*first).to_owned())),
            [] => return Err(StartError::NotFound(String::new())),
        };
        Ok(Box::new(program))
    }
}

impl Process for TinyProgram {
    fn step(&mut self, context: &mut Context<'_>) -> Poll {
        match self {
            TinyProgram::Sleep { until, seconds } => {
                let end = *until.get_or_insert(context.now() + Duration::from_secs(*seconds));
                if end <= context.now() { Poll::Exit(0) } else { Poll::Until(end) }
            }
            TinyProgram::Exit(code) => Poll::Exit(*code),
            TinyProgram::Say(lines) => {
                let lines = std::mem::take(lines);
                lines.iter().for_each(|line| context.say(line));
                Poll::Exit(0)
            }
            TinyProgram::Cat(path) => {
                let Some(content) = context.cluster.read_file(&context.place, path) else {
                    context.say(format!("cat: {path}: No such file or directory"));
                    return Poll::Exit(1);
                };
                context.output.extend_from_slice(&content);
                Poll::Exit(0)
            }
        }
    }

    fn signal(&mut self, _: Signal, _: &mut Context<'_>) -> bool {
        false
    }

    fn serve(&mut self, _: &Ask, _: &mut Context<'_>) -> Answer {
        Answer { reply: Reply::Reset, took: Duration::ZERO }
    }
}

/// A settled cluster of three nodes.
pub(super) fn cluster() -> Cluster {
    Cluster::new(&Config { nodes: 3, seed: 7, dns: false, dual_stack: false }, Arc::new(Tiny))
}

fn create(cluster: &mut Cluster, kind: Kind, object: Value) {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default").to_owned();
    let options = WriteOptions::default();
    let answer = cluster.handle(Request::Create { kind, namespace, object, options });
    if let Err(status) = answer {
        panic!("{status}");
    }
}

/// Creates a pod with this specification.
fn create_pod(cluster: &mut Cluster, name: &str, spec: Value) {
    let object = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "labels": { "app": name } }, "spec": spec,
    });
    create(cluster, Kind::Pod, object);
}

fn delete_pod(cluster: &mut Cluster, name: &str) {
    let (namespace, name) = ("default".to_owned(), name.to_owned());
    let options = DeleteOptions::default();
    let answer = cluster.handle(Request::Delete { kind: Kind::Pod, namespace, name, options });
    if let Err(status) = answer {
        panic!("{status}");
    }
}

fn advance(cluster: &mut Cluster, seconds: u64) {
    cluster.advance_to(cluster.now() + Duration::from_secs(seconds));
}

fn pod(cluster: &Cluster, name: &str) -> Arc<Pod> {
    cluster.objects().get::<Pod>("default", name).unwrap_or_else(|| panic!("no pod {name}")).clone()
}

fn status(cluster: &Cluster, name: &str, index: usize) -> ContainerStatus {
    let pod = pod(cluster, name);
    pod.status.as_ref().unwrap().container_statuses.as_ref().unwrap()[index].clone()
}

fn phase(cluster: &Cluster, name: &str) -> String {
    pod(cluster, name).status.as_ref().unwrap().phase.clone().unwrap()
}

/// `Running`, or the reason for waiting or having ended.
fn state(cluster: &Cluster, name: &str, index: usize) -> String {
    let state = status(cluster, name, index).state.unwrap();
    match (state.waiting, state.terminated) {
        (Some(waiting), _) => waiting.reason.unwrap(),
        (_, Some(terminated)) => terminated.reason.unwrap(),
        _ => "Running".to_owned(),
    }
}

fn is_ready(cluster: &Cluster, name: &str) -> bool {
    let pod = pod(cluster, name);
    let conditions = &pod.status.as_ref().unwrap().conditions;
    conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True")
}

fn logs(cluster: &Cluster, pod: &str, container: &str) -> Vec<String> {
    let lines = cluster.logs("default", pod, container, false).unwrap();
    lines.values().map(|(_, line)| line.to_string()).collect()
}

/// The pod's events as `Reason: message`, by time.
fn events(cluster: &Cluster, pod: &str) -> Vec<String> {
    let mut events: Vec<&Arc<Event>> = cluster
        .objects()
        .list::<Event>(Some("default"))
        .filter(|event| event.origin.involved_object.name.as_deref() == Some(pod))
        .collect();
    events.sort_by_key(|event| event.metadata.name.clone());
    events
        .iter()
        .map(|event| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            format!("{}: {}", text(&event.message.reason), text(&event.message.text))
        })
        .collect()
}

fn container(pod: &str, container: &str) -> Place {
    Place::Container { namespace: "default".into(), pod: pod.into(), container: container.into() }
}

fn address(cluster: &Cluster, name: &str) -> std::net::Ipv4Addr {
    let pod = pod(cluster, name);
    pod.status.as_ref().unwrap().pod_ip.as_ref().unwrap().parse().unwrap()
}

/// Asks for a page: status and body, or why nothing came.
fn get(
    cluster: &mut Cluster,
    from: &Place,
    to: SocketAddr,
    path: &str,
) -> Result<(u16, String), String> {
    let dial = cluster.dial(from, Protocol::Tcp, to);
    let connection = dial.result.map_err(|failure| format!("{failure:?}"))?;
    let request = HttpRequest::get(
        path,
        vec![("Host".into(), "test".into()), ("User-Agent".into(), "curl/8.5.0".into())],
    );
    match cluster.ask(&connection, Payload::Http(request)).reply {
        Reply::Http(response) => {
            Ok((response.status, String::from_utf8_lossy(&response.body).into_owned()))
        }
        other => Err(format!("{other:?}")),
    }
}
