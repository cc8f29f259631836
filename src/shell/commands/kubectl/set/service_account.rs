//! `kubectl set serviceaccount`

use serde_json::json;

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::dry_run::Report;
use super::super::local;
use super::super::{Call, DONE, Failure, Outcome};
use super::selector::split;
use super::{Told, check_local, pod_spec, settle};

pub(super) static SERVICE_ACCOUNT: Command = Command {
    name: "serviceaccount",
    aliases: &["sa"],
    short: "Update the service account of a resource",
    usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT",
    flags: &[super::COMMON, command::RECORD, command::FILENAME, command::ALL, command::WRITE],
    run: service_account,
    ..command::PLAIN
};

fn service_account(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let report = Report::of(&call, io)?;
    check_local(&call, &report)?;
    let (words, account) = split(&call, "serviceaccount is required")?;
    let items = local::items(&mut call, io, &words, true)?.whole()?;
    let mut failures = Vec::new();
    let told = Told {
        done: "serviceaccount updated",
        failed: "failed to patch ServiceAccountName",
        always: true,
    };
    for mut item in items {
        let done = pod_spec(&mut item)
            .map(|spec| match spec.as_object_mut().filter(|_| account.is_empty()) {
                Some(spec) => drop(spec.remove("serviceAccountName")),
                None => spec["serviceAccountName"] = json!(account),
            })
            .and_then(|()| settle(&mut call, io, &report, item, &told));
        failures.extend(done.err());
    }
    Failure::of(failures).map_or(DONE, Err)
}
