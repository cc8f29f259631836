//! `kubectl create job` and `kubectl create cronjob`

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::{Flag, text};
use super::super::target;
use super::super::{Call, Failure, Outcome};
use super::{failed_to_create, finish, start};
use crate::api::{Kind, Object};

pub(super) static COMMAND: Command = Command {
    name: "job",
    short: "Create a job with the specified name",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    flags: &[FLAGS, super::GENERATOR, command::WRITE, command::VALIDATE],
    run,
    ..command::PLAIN
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
        command::WRITE,
        command::VALIDATE,
    ],
    required: &["image", "schedule"],
    run: cron_job,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    text("image", None, "The container's image."),
    text("from", None, "The cron job whose template is run now."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    let (image, from) = (call.arguments.text("image"), call.arguments.text("from"));
    let command = &call.arguments.positional[1..];
    if image.is_empty() == from.is_empty() {
        return Err(Failure::message("either --image or --from must be specified"));
    }
    if !from.is_empty() && !command.is_empty() {
        return Err(Failure::message("cannot specify --from and command"));
    }
    let mut value = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": start.name}, "status": {}
    });
    if from.is_empty() {
        value["spec"] = template(&start.name, image, command, "Never");
    } else {
        if !from.contains('/') {
            target::kind(from)?;
            let text = "resource(s) were provided, but no name was specified";
            return Err(Failure::message(text));
        }
        let (kind, source) = target::single(&[from.to_owned()], Kind::CronJob)?;
        if kind != Kind::CronJob {
            let text = format!("unknown object type *v1.{}", kind.info().name);
            return Err(Failure::message(text));
        }
        of_cron_job(&mut value, &call.client.get(io, kind, &source)?);
    }
    let wrap = failed_to_create("job");
    finish(&mut call, io, &start.report, Kind::Job, value, wrap)
}

/// What a job takes from the cron job that it is a run of (`createJobFromCronJob`).
fn of_cron_job(job: &mut Value, source: &Object) {
    let from = source.to_value();
    let template = &from["spec"]["jobTemplate"];
    job["metadata"]["annotations"] = template["metadata"]["annotations"].clone();
    job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] = json!("manual");
    if !template["metadata"]["labels"].is_null() {
        job["metadata"]["labels"] = template["metadata"]["labels"].clone();
    }
    job["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "batch/v1", "kind": "CronJob", "name": source.name(),
        "uid": from["metadata"]["uid"], "controller": true
    }]);
    job["spec"] = template["spec"].clone();
}

fn cron_job(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    let name = &start.name;
    let restart = match call.arguments.text("restart") {
        "" => "OnFailure",
        other => other,
    };
    let image = call.arguments.text("image");
    let job = template(name, image, &call.arguments.positional[1..], restart);
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
    let wrap = failed_to_create("cronjob");
    finish(&mut call, io, &start.report, Kind::CronJob, value, wrap)
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
