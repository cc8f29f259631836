//! `kubectl create namespace`

use serde_json::json;

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::{Call, Failure, Outcome};
use super::{finish, named, start};
use crate::api::Kind;

pub(super) static NAMESPACE: Command = Command {
    name: "namespace",
    aliases: &["ns"],
    short: "Create a namespace with the specified name",
    usage: "NAME [--dry-run=server|client|none]",
    flags: &[super::GENERATOR, command::WRITE, command::VALIDATE],
    run: namespace,
    ..command::PLAIN
};

fn namespace(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let value = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": start.name}, "spec": {},
        "status": {}
    });
    finish(&mut call, io, &start.report, Kind::Namespace, value, Failure::from)
}
