//! `kubectl create configmap`, and the sources that it shares with secrets.

use k8s_openapi::ByteString;
use serde_json::{Value, json};
use sha2::Digest as _;

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::{Flag, Takes, switch, typed};
use super::super::{Call, Failure, Outcome, words};
use super::{failed_to_create, finish, named, start};
use crate::api::Kind;
use crate::api::validation::names::config_key;
use crate::manifest::go_json;

pub(super) static COMMAND: Command = Command {
    name: "configmap",
    aliases: &["cm"],
    short: "Create a config map from a local file, directory or literal value",
    usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] \
            [--dry-run=server|client|none]",
    flags: &[SOURCES, APPEND_HASH, super::GENERATOR, command::WRITE, command::VALIDATE],
    run,
    ..command::PLAIN
};

/// Where the entries come from.
pub(super) const SOURCES: &[Flag] = &[
    typed("from-file", Takes::List, "[]", "A file or folder whose content becomes entries."),
    typed("from-literal", Takes::Texts, "[]", "An entry: key=value."),
    typed("from-env-file", Takes::List, "[]", "A file of lines key=value."),
];
/// `--append-hash`
pub(super) const APPEND_HASH: &[Flag] =
    &[switch("append-hash", None, "Put a hash of the content behind the name.")];

/// An entry: its key and its content.
pub(super) type Entry = (String, Vec<u8>);

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let name = start.name.clone();
    let entries = entries(&call, io, &|known, key| fault(&name, known, key))?;
    let mut value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    for (key, content) in entries {
        match String::from_utf8(content) {
            Ok(text) => value["data"][key] = json!(text),
            Err(bytes) => value["binaryData"][key] = json!(ByteString(bytes.into_bytes())),
        }
    }
    if call.arguments.on("append-hash") {
        let mut hashed = json!({"kind": "ConfigMap", "name": name, "data": {}});
        for field in ["data", "binaryData"] {
            if !value[field].is_null() {
                hashed[field] = value[field].clone();
            }
        }
        value["metadata"]["name"] = json!(format!("{name}-{}", hash(&hashed)));
    }
    let wrap = failed_to_create("configmap");
    finish(&mut call, io, &start.report, Kind::ConfigMap, value, wrap)
}

/// What is wrong with a further key.
fn fault(name: &str, known: &[Entry], key: &str) -> Option<String> {
    let faults = config_key(key);
    if !faults.is_empty() {
        let faults = faults.join(",");
        return Some(format!("\"{key}\" is not a valid key name for a ConfigMap: {faults}"));
    }
    let (_, content) = known.iter().find(|(known, _)| known == key)?;
    let field = if std::str::from_utf8(content).is_ok() { "Data" } else { "BinaryData" };
    Some(format!(
        "cannot add key \"{key}\", another key by that name already exists in {field} for \
         ConfigMap \"{name}\""
    ))
}

/// The ten letters that kubectl puts behind the name of what it hashed (`kubectl/pkg/util/hash`).
pub(in super::super) fn hash(value: &Value) -> String {
    let sum = sha2::Sha256::digest(go_json(value).as_bytes());
    let digits: String = sum.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    let letter = |digit: char| match digit {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    digits.chars().map(letter).collect()
}

/// What is wrong with a key, beside the keys that are known already.
pub(super) type KeyFault<'a> = &'a dyn Fn(&[Entry], &str) -> Option<String>;

/// The entries that the command line asks for.
///
/// # Errors
/// kubectl's words for sources that cannot be read, and what `fault` says of keys.
pub(super) fn entries(
    call: &Call,
    io: &mut Io<'_>,
    fault: KeyFault<'_>,
) -> Result<Vec<Entry>, Failure> {
    let arguments = &call.arguments;
    let (from_files, literals) = (arguments.all("from-file"), arguments.all("from-literal"));
    let env_files = arguments.all("from-env-file");
    let others = !from_files.is_empty() || !literals.is_empty();
    if !env_files.is_empty() && others {
        let text = "from-env-file cannot be combined with from-file or from-literal";
        return Err(Failure::message(text));
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut add = |key: String, content: Vec<u8>| match fault(&entries, &key) {
        Some(fault) => Err(Failure::message(fault)),
        None => {
            entries.push((key, content));
            Ok(())
        }
    };
    for source in from_files {
        for (key, content) in files(io, source)? {
            add(key, content)?;
        }
    }
    for literal in literals {
        let wrong =
            || Failure::message(format!("invalid literal source {literal}, expected key=value"));
        let (key, value) =
            literal.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(wrong)?;
        add(key.to_owned(), value.as_bytes().to_vec())?;
    }
    for file in env_files {
        if io.list(file).is_ok() {
            return Err(Failure::message("env config file cannot be a directory"));
        }
        let content = read(io, file)?;
        for line in String::from_utf8_lossy(&content).lines() {
            if let Some((key, value)) = words::env_line(io, line)? {
                add(key, value.into_bytes())?;
            }
        }
    }
    Ok(entries)
}

/// `--from-file=key=path`, `--from-file=path`, `--from-file=folder`
pub(super) fn files(io: &mut Io<'_>, source: &str) -> Result<Vec<Entry>, Failure> {
    let (key, path) = match source.split('=').collect::<Vec<_>>().as_slice() {
        [path] => (None, *path),
        ["", path] => {
            return Err(Failure::message(format!("key name for file path {path} missing")));
        }
        [key, ""] => {
            return Err(Failure::message(format!("file path for key name {key} missing")));
        }
        [key, path] => (Some((*key).to_owned()), *path),
        _ => return Err(Failure::message("key names or file paths cannot contain '='")),
    };
    let Ok(names) = io.list(path) else {
        let base = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned();
        return Ok(vec![(key.unwrap_or(base), read(io, path)?)]);
    };
    if key.is_some() {
        return Err(Failure::message("cannot give a key name for a directory path"));
    }
    let base = path.trim_end_matches('/');
    let plain = names.into_iter().filter(|name| !name.ends_with('/'));
    plain.map(|name| read(io, &format!("{base}/{name}")).map(|content| (name, content))).collect()
}

fn read(io: &Io<'_>, path: &str) -> Result<Vec<u8>, Failure> {
    io.read_file(path).map_err(|reason| {
        Failure::message(format!("error reading {path}: {}", reason.to_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // `kubectl create configmap a --append-hash --dry-run=client -o name`, kubectl 1.36.3
    #[test]
    fn the_hash_is_kubectls() {
        assert_eq!(hash(&json!({"kind": "ConfigMap", "name": "a", "data": {}})), "586ff7h6km");
        let one = json!({"kind": "ConfigMap", "name": "a", "data": {"k": "v"}});
        assert_eq!(hash(&one), "m959bm649k");
    }
}
