//! `kubectl create quota`

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::text;
use super::super::{Call, Failure, Outcome, words};
use super::{finish, named, start};
use crate::api::Kind;

pub(super) static QUOTA: Command = Command {
    name: "quota",
    aliases: &["resourcequota"],
    short: "Create a quota with the specified name",
    usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2]",
    flags: &[
        &[
            text("hard", None, "The most that there may be: pods=3,cpu=2."),
            text("scopes", None, "What is counted."),
        ],
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    run: quota,
    ..command::PLAIN
};

fn quota(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let (hard, scopes) = (call.arguments.text("hard"), call.arguments.text("scopes"));
    let mut spec = json!({});
    if !hard.is_empty() {
        spec["hard"] = Value::Object(words::amounts(hard)?);
    }
    if !scopes.is_empty() {
        let scopes: Vec<&str> = scopes.split(',').collect();
        if scopes.contains(&"") {
            return Err(Failure::message("invalid resource quota scope \"\""));
        }
        spec["scopes"] = json!(scopes);
    }
    let value = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": start.name},
        "spec": spec, "status": {}
    });
    finish(&mut call, io, &start.report, Kind::ResourceQuota, value, |status| {
        Failure::message(format!("failed to create quota: {}", status.message))
    })
}
