//! `kubectl create deployment`

use serde_json::json;

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::{Flag, Takes, typed};
use super::super::{Call, Failure, Outcome};
use super::{container_name, failed_to_create, finish, start};
use crate::api::Kind;

pub(super) static COMMAND: Command = Command {
    name: "deployment",
    aliases: &["deploy"],
    short: "Create a deployment with the specified name",
    examples: "  # Three pods of nginx\n  kubectl create deployment web --image=nginx --replicas=3\n  \
               \n  # Pods that run a command\n  kubectl create deployment tick --image=busybox -- \
               date",
    usage: "NAME --image=image -- [COMMAND] [args...]",
    flags: &[FLAGS, super::GENERATOR, command::WRITE, command::VALIDATE],
    required: &["image"],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    typed("image", Takes::List, "[]", "The containers' images."),
    Flag { short: Some('r'), ..typed("replicas", Takes::Small, "1", "How many pods.") },
    typed("port", Takes::Small, "-1", "The port that the first container declares."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    let name = start.name;
    let images = call.arguments.all("image").to_vec();
    let command = call.arguments.positional[1..].to_vec();
    if images.len() > 1 && !command.is_empty() {
        let text = "cannot specify multiple --image options and command";
        return Err(Failure::message(text));
    }
    let mut containers: Vec<_> = images
        .iter()
        .map(|image| json!({"image": image, "name": container_name(image), "resources": {}}))
        .collect();
    if let Some(first) = containers.first_mut() {
        if !command.is_empty() {
            first["command"] = json!(command);
        }
        if let Some(port) = call.arguments.number("port").filter(|port| *port >= 0) {
            first["ports"] = json!([{"containerPort": port}]);
        }
    }
    let replicas = call.arguments.number("replicas").unwrap_or(1);
    let value = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"labels": {"app": name}, "name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "strategy": {},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": containers}
            }
        },
        "status": {}
    });
    let wrap = failed_to_create("deployment");
    finish(&mut call, io, &start.report, Kind::Deployment, value, wrap)
}
