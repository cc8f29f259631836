//! `kubectl set image`

use serde_json::json;

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::dry_run::Report;
use super::super::local::Item;
use super::super::words::{self, NOTHING_TO_CHANGE, Pairs};
use super::super::{Call, DONE, Failure, Outcome};
use super::{Told, check_all, check_local, containers, items, pod_spec, settle};

pub(super) static COMMAND: Command = Command {
    name: "image",
    short: "Update the image of a pod template",
    examples: "  # Another version\n  kubectl set image deployment/web nginx=nginx:1.28",
    usage: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... \
            CONTAINER_NAME_N=CONTAINER_IMAGE_N",
    flags: &[
        super::COMMON,
        command::RECORD,
        command::FILENAME,
        command::SELECTOR,
        command::ALL,
        command::WRITE,
    ],
    run,
    ..command::PLAIN
};

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    let Pairs { resources, pairs } = words::pairs(&call.arguments.positional, "image")?;
    let mut images: Vec<(String, String)> = Vec::new();
    let mut wrong = Vec::new();
    for pair in &pairs {
        let Some((name, image)) = pair.split_once('=') else {
            wrong.push(pair.as_str());
            continue;
        };
        images.retain(|(known, _)| known != name);
        images.push((name.to_owned(), image.to_owned()));
    }
    if !wrong.is_empty() {
        let text = format!("invalid image format: {}", wrong.join(", "));
        return Err(Failure::message(text));
    }
    let items = items(&mut call, io, &resources)?;
    let mut faults = Vec::new();
    faults.extend(check_all(&call).err());
    if resources.is_empty() && !call.arguments.names_files() {
        faults.push(Failure::message(NOTHING_TO_CHANGE));
    }
    if images.is_empty() {
        faults.push(Failure::message("at least one image update is required"));
    } else if images.len() > 1 && images.iter().any(|(name, _)| name == "*") {
        faults.push(Failure::message(
            "all containers are already specified by *, but saw more than one \
             container_name=container_image pairs",
        ));
    }
    faults.extend(check_local(&call, &report).err());
    if let Some(failure) = Failure::of(faults) {
        return Err(failure);
    }
    let told = Told {
        done: "image updated",
        failed: "failed to patch image update to pod template:",
        always: false,
    };
    let (mut failures, mut changed) = (Vec::new(), Vec::new());
    for mut item in items {
        match change(&mut item, &images, &mut failures) {
            Ok(()) => changed.push(Ok(item)),
            Err(failure) => changed.push(Err(failure)),
        }
    }
    for item in changed {
        let done = item.and_then(|item| settle(&mut call, io, &report, item, &told));
        failures.extend(done.err());
    }
    Failure::of(failures).map_or(DONE, Err)
}

fn change(
    item: &mut Item,
    images: &[(String, String)],
    failures: &mut Vec<Failure>,
) -> Result<(), Failure> {
    let spec = pod_spec(item)?;
    let mut containers = containers(spec);
    for (name, image) in images {
        let mut found = false;
        for container in &mut containers {
            if name == "*" || container["name"] == json!(name) {
                found = true;
                if image.is_empty() {
                    container.as_object_mut().map(|fields| fields.remove("image"));
                } else {
                    container["image"] = json!(image);
                }
            }
        }
        if !found {
            let text = format!("error: unable to find container named \"{name}\"");
            failures.push(Failure::message(text));
        }
    }
    Ok(())
}
