//! `kubectl create serviceaccount`

use serde_json::json;

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::{Call, Failure, Outcome};
use super::{finish, named, start};
use crate::api::Kind;

pub(super) static SERVICE_ACCOUNT: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    short: "Create a service account with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: &[super::GENERATOR, command::WRITE, command::VALIDATE],
    run: service_account,
    ..command::PLAIN
};

fn service_account(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let value =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": start.name}});
    finish(&mut call, io, &start.report, Kind::ServiceAccount, value, |status| {
        Failure::message(format!("failed to create serviceaccount: {}", status.message))
    })
}
