//! The recorded verdicts of a real API server, given again.

use serde_json::Value;

use crate::api::{ApiServer, Kind, Object, Reason, Request, Status, WriteOptions};
use crate::clock::SimTime;
use crate::manifest::parse;
use crate::recordings::{Verdict, verdicts};

/// Recorded verdicts that this file does not judge: kubectl's own, and those about what happened
/// before in the recording.
const ELSEWHERE: &[&str] = &[
    "error: ",
    "Error from server (NotFound): error when creating",
    "Error from server (Forbidden): error when creating",
];

/// Files that change an object made by another file before.
const CHANGES: &[&str] =
    &["selchg.yaml", "podchg.yaml", "podchg2.yaml", "podchg3.yaml", "cipchg.yaml", "cipnone.yaml"];

fn documents(text: &str) -> Vec<Value> {
    parse("manifest.yaml", text).0.into_iter().map(|document| document.value).collect()
}

fn create(server: &mut ApiServer, value: &Value) -> Result<Object, Status> {
    let text = |name: &str| value[name].as_str().unwrap_or("").to_owned();
    let kind = Kind::from_manifest(&text("apiVersion"), &text("kind"))
        .or_else(|| Kind::from_word(&text("kind")))
        .expect("a known kind");
    let namespace = value["metadata"]["namespace"].as_str().unwrap_or("default").to_owned();
    let object = value.clone();
    let options = WriteOptions::default();
    let response =
        server.handle(SimTime::START, Request::Create { kind, namespace, object, options })?;
    Ok(response.into_object().expect("an object"))
}

/// A verdict as kubectl prints it.
fn told(file: &str, result: &Result<Object, Status>) -> String {
    match result {
        Ok(object) => format!("{}/{} created", object.kind().prefix(), object.name()),
        Err(status) if status.reason == Reason::Invalid => {
            let head = format!("The {} \"{}\" is invalid: ", status.kind, status.name);
            match status.causes.as_slice() {
                [one] => format!("{head}{one}"),
                many => many.iter().fold(head, |text, cause| format!("{text}\n* {cause}")),
            }
        }
        Err(status) => {
            let reason = format!("{:?}", status.reason);
            format!(
                "Error from server ({reason}): error when creating \"{file}\": {}",
                status.message
            )
        }
    }
}

fn replay(recording: &str, at_least: usize) {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for Verdict { file, text, verdict } in verdicts(recording) {
        let skipped = CHANGES.contains(&file.as_str())
            || ELSEWHERE.iter().any(|start| verdict.starts_with(start))
            || verdict.contains("already allocated");
        if skipped {
            continue;
        }
        let verdict: Vec<&str> =
            verdict.lines().filter(|line| !line.starts_with("Warning: ")).collect();
        let mut server = ApiServer::new(7);
        let now: Vec<String> =
            documents(&text).iter().map(|value| told(&file, &create(&mut server, value))).collect();
        seen += 1;
        if now.join("\n") != verdict.join("\n") {
            wrong.push(format!(
                "{file}:\n  {}\n  instead of\n  {}",
                now.join("\n"),
                verdict.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen >= at_least, "{seen}");
}

#[test]
fn the_recorded_verdicts_on_structure_are_given() {
    replay("10-err-structure.txt", 30);
}

#[test]
fn the_recorded_verdicts_on_services_are_given() {
    replay("11-err-service.txt", 60);
}

#[test]
fn the_recorded_verdicts_on_workloads_are_given() {
    replay("12-err-workloads.txt", 60);
}

#[test]
fn the_recorded_verdicts_on_networking_are_given() {
    replay("13-err-net.txt", 25);
}
