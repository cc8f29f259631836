//! `kubectl create job` and `kubectl create cronjob`

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::flags::{Flag, text};
use super::super::target;
use super::super::{Call, Failure, Outcome};
use super::{failed_to_create, finish, one_name};
use crate::api::Kind;

pub(super) static COMMAND: Command = Command {
    name: "job",
    short: "Create a job with the specified name",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    flags: &[FLAGS, super::GENERATOR, catalog::WRITE, catalog::VALIDATE],
    run,
    ..catalog::PLAIN
};

pub(super) static CRON_JOB: Command = Command {
    name: "cronjob",
    aliases: &["cj"],
    short: "Create a cron job with the specified name",
    usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...]",
    flags: &[
        &[
            text("image", None, "The container's image."),
            text("schedule", None, "When it runs, in cron's notation."),
            text("restart", None, "OnFailure or Never."),
        ],
        super::GENERATOR,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    required: &["image", "schedule"],
    run: cron_job,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    text("image", None, "The container's image."),
    text("from", None, "The cron job whose template is run now."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let name = one_name(&call)?;
    let (image, from) = (call.arguments.text("image"), call.arguments.text("from"));
    let spec = match (image, from) {
        ("", "") | (_, _) if image.is_empty() == from.is_empty() => {
            return Err(Failure::message("either --image or --from must be specified"));
        }
        (image, "") => template(&name, image, call.arguments.after_dash(), "Never"),
        (_, from) => {
            let from = from.to_owned();
            let (kind, source) = target::single(&[from], Kind::CronJob)?;
            if kind != Kind::CronJob {
                return Err(Failure::message("from must be an existing cronjob"));
            }
            let job = call.client.get(io, kind, &source)?;
            job.to_value()["spec"]["jobTemplate"]["spec"].clone()
        }
    };
    let value = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec,
        "status": {}
    });
    finish(&mut call, io, Kind::Job, value, failed_to_create("job"))
}

fn cron_job(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let name = one_name(&call)?;
    let restart = match call.arguments.text("restart") {
        "" => "OnFailure",
        other => other,
    };
    let image = call.arguments.text("image");
    let job = template(&name, image, call.arguments.after_dash(), restart);
    let value = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {
            "jobTemplate": {"metadata": {"name": name}, "spec": job},
            "schedule": call.arguments.text("schedule")
        },
        "status": {}
    });
    finish(&mut call, io, Kind::CronJob, value, failed_to_create("cronjob"))
}

fn template(name: &str, image: &str, command: &[String], restart: &str) -> Value {
    let mut container = json!({"image": image, "name": name, "resources": {}});
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    json!({"template": {
        "metadata": {}, "spec": {"containers": [container], "restartPolicy": restart}
    }})
}
