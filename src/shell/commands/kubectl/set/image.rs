//! `kubectl set image`

use serde_json::json;

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::dry_run::Report;
use super::super::target::{Rules, Target};
use super::super::{Call, DONE, Failure, Outcome};
use super::{pod_spec, pod_spec_patch, send};
use crate::api::Object;

pub(super) static COMMAND: Command = Command {
    name: "image",
    short: "Update the image of a pod template",
    examples: "  # Another version\n  kubectl set image deployment/web nginx=nginx:1.28",
    usage: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... \
            CONTAINER_NAME_N=CONTAINER_IMAGE_N",
    flags: &[super::COMMON, catalog::FILENAME, catalog::SELECTOR, catalog::ALL, catalog::WRITE],
    run,
    ..catalog::PLAIN
};

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    let from = words.iter().position(|word| word.contains('=')).unwrap_or(words.len());
    let (resources, pairs) = words.split_at(from);
    if resources.is_empty() && call.arguments.all("filename").is_empty() {
        let text = "one or more resources must be specified as <resource> <name> or \
                    <resource>/<name>";
        return Err(Failure::message(text));
    }
    if pairs.is_empty() {
        return Err(Failure::message("at least one image update is required"));
    }
    let mut images = Vec::new();
    for pair in pairs {
        match pair.split_once('=') {
            Some((name, image)) if !name.is_empty() && !image.is_empty() => {
                images.push((name.to_owned(), image.to_owned()));
            }
            _ => {
                let text = format!("invalid image: {pair}, expected CONTAINER=IMAGE");
                return Err(Failure::message(text));
            }
        }
    }
    let target = Target::of(&call, io, resources, Rules { names_required: true })?;
    let report = Report::of(&call, io)?;
    let found = target.find(&mut call, io)?;
    let mut failures = found.failures;
    for object in found.objects {
        if let Err(failure) = change(&mut call, io, &report, &object, &images) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

fn change(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    images: &[(String, String)],
) -> Result<(), Failure> {
    let Some(spec) = pod_spec(object) else {
        let text = format!("{} does not have a pod template", super::super::output::name(object));
        return Err(Failure::message(text));
    };
    let plain: Vec<&str> = spec.containers.iter().map(|c| c.name.as_str()).collect();
    let init: Vec<&str> = spec.init_containers.iter().flatten().map(|c| c.name.as_str()).collect();
    let (mut containers, mut init_containers) = (Vec::new(), Vec::new());
    for (name, image) in images {
        let fits = |container: &&&str| name == "*" || **container == name;
        let change = |container: &&str| json!({"name": container, "image": image});
        let before = containers.len() + init_containers.len();
        containers.extend(plain.iter().filter(fits).map(change));
        init_containers.extend(init.iter().filter(fits).map(change));
        if containers.len() + init_containers.len() == before {
            let text = format!("unable to find container named \"{name}\"");
            return Err(Failure::message(text));
        }
    }
    let mut patch = json!({});
    if !containers.is_empty() {
        patch["containers"] = json!(containers);
    }
    if !init_containers.is_empty() {
        patch["initContainers"] = json!(init_containers);
    }
    send(call, io, report, object, pod_spec_patch(object, patch), "image updated")
}
