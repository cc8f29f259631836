//! `kubectl create configmap`, and the sources that it shares with secrets.

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::flags::{Flag, Takes, switch, typed};
use super::super::{Call, Failure, Outcome};
use super::{failed_to_create, finish, one_name};
use crate::api::Kind;

pub(super) static COMMAND: Command = Command {
    name: "configmap",
    aliases: &["cm"],
    short: "Create a config map from a local file, directory or literal value",
    usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] \
            [--dry-run=server|client|none]",
    flags: &[SOURCES, super::GENERATOR, catalog::WRITE, catalog::VALIDATE],
    run,
    ..catalog::PLAIN
};

/// Where the entries come from.
pub(super) const SOURCES: &[Flag] = &[
    typed("from-file", Takes::Texts, "[]", "A file or folder whose content becomes entries."),
    typed("from-literal", Takes::Texts, "[]", "An entry: key=value."),
    typed("from-env-file", Takes::Texts, "[]", "A file of lines key=value."),
    switch("append-hash", None, "Put a hash of the content behind the name."),
];

/// An entry: its key and its content.
pub(super) type Entry = (String, Vec<u8>);

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let name = one_name(&call)?;
    let mut value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    let entries = entries(&call, io)?;
    let mut data = serde_json::Map::new();
    for (key, content) in entries {
        data.insert(key, Value::String(String::from_utf8_lossy(&content).into_owned()));
    }
    if !data.is_empty() {
        value["data"] = Value::Object(data);
    }
    finish(&mut call, io, Kind::ConfigMap, value, failed_to_create("configmap"))
}

/// The entries that the command line asks for.
///
/// # Errors
/// kubectl's words for files that are missing, and for keys that stand twice.
pub(super) fn entries(call: &Call, io: &mut Io<'_>) -> Result<Vec<Entry>, Failure> {
    if call.arguments.on("append-hash") {
        return Err(Failure::not_simulated("--append-hash", "choose a name yourself"));
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut add = |key: String, content: Vec<u8>| {
        if entries.iter().any(|(known, _)| *known == key) {
            return Err(Failure::message(format!(
                "cannot add key \"{key}\", another key by that name already exists"
            )));
        }
        entries.push((key, content));
        Ok(())
    };
    for source in call.arguments.all("from-file") {
        for (key, content) in files(io, source)? {
            add(key, content)?;
        }
    }
    for literal in call.arguments.all("from-literal") {
        let wrong =
            || Failure::message(format!("invalid literal source {literal}, expected key=value"));
        let (key, value) =
            literal.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(wrong)?;
        add(key.to_owned(), value.as_bytes().to_vec())?;
    }
    for file in call.arguments.all("from-env-file") {
        let content = read(io, file)?;
        for line in String::from_utf8_lossy(&content).lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            add(key.to_owned(), value.as_bytes().to_vec())?;
        }
    }
    Ok(entries)
}

/// `--from-file=key=path`, `--from-file=path`, `--from-file=folder`
fn files(io: &mut Io<'_>, source: &str) -> Result<Vec<Entry>, Failure> {
    if let Some((key, path)) = source.split_once('=') {
        return Ok(vec![(key.to_owned(), read(io, path)?)]);
    }
    let Ok(names) = io.list(source) else {
        let key = source.rsplit('/').next().unwrap_or(source).to_owned();
        return Ok(vec![(key, read(io, source)?)]);
    };
    let base = source.trim_end_matches('/');
    let plain = names.into_iter().filter(|name| !name.ends_with('/'));
    plain.map(|name| read(io, &format!("{base}/{name}")).map(|content| (name, content))).collect()
}

fn read(io: &Io<'_>, path: &str) -> Result<Vec<u8>, Failure> {
    io.read_file(path).map_err(|reason| {
        Failure::message(format!("error reading {path}: {}", reason.to_lowercase()))
    })
}
