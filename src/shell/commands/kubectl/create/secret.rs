//! `kubectl create secret`

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::{Takes, text, typed};
use super::super::{Call, Failure, Outcome};
use super::config_map::{self, APPEND_HASH, Entry, SOURCES, entries};
use super::{Start, finish, named, start};
use crate::api::validation::names::config_key;
use crate::api::{Kind, key_pair};
use crate::manifest::go_json;

pub(super) static COMMAND: Command = Command {
    name: "secret",
    short: "Create a secret using a specified subcommand",
    long: "Create a secret with specified type.\n\n A docker-registry type secret is for accessing a \
           container registry.\n\n A generic type secret indicate an Opaque secret type.\n\n A tls \
           type secret holds TLS certificate and its associated key.",
    usage: "(docker-registry | generic | tls)",
    children: &[&DOCKER_REGISTRY, &GENERIC, &TLS],
    ..command::PLAIN
};

static GENERIC: Command = Command {
    name: "generic",
    short: "Create a secret from a local file, directory, or literal value",
    usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1]",
    flags: &[
        SOURCES,
        APPEND_HASH,
        &[text("type", None, "The type of secret.")],
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    run: generic,
    ..command::PLAIN
};

static TLS: Command = Command {
    name: "tls",
    short: "Create a TLS secret",
    usage: "NAME --cert=path/to/cert/file --key=path/to/key/file",
    flags: &[
        &[text("cert", None, "The certificate's file."), text("key", None, "The key's file.")],
        APPEND_HASH,
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    run: tls,
    ..command::PLAIN
};

static DOCKER_REGISTRY: Command = Command {
    name: "docker-registry",
    short: "Create a secret for use with a Docker registry",
    usage: "NAME --docker-username=user --docker-password=password --docker-email=email \
            [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none]",
    flags: &[
        &[
            text("docker-username", None, "Who logs in at the registry."),
            text("docker-password", None, "The password."),
            text("docker-email", None, "The address for mail."),
            typed("docker-server", Takes::Text, "'https://index.docker.io/v1/'", "The registry."),
            typed("from-file", Takes::Texts, "[]", "A file that becomes an entry."),
        ],
        APPEND_HASH,
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    run: docker_registry,
    ..command::PLAIN
};

fn generic(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let entries = entries(&call, io, &fault)?;
    let of_type = call.arguments.text("type").to_owned();
    create(&mut call, io, &start, entries, &of_type)
}

/// What is wrong with a further key.
fn fault(known: &[Entry], key: &str) -> Option<String> {
    let faults = config_key(key);
    if !faults.is_empty() {
        return Some(format!("\"{key}\" is not valid key name for a Secret {}", faults.join(";")));
    }
    let twice = known.iter().any(|(known, _)| known == key);
    twice.then(|| format!("cannot add key {key}, another key by that name already exists"))
}

fn tls(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    let (cert, key) = (call.arguments.text("cert"), call.arguments.text("key"));
    if cert.is_empty() || key.is_empty() {
        return Err(Failure::message("key and cert must be specified"));
    }
    let read = |path: &str| {
        io.read_file(path).map_err(|reason| {
            let reason = reason.to_lowercase();
            Failure::message(format!("Cannot read file {path}, open {path}: {reason}"))
        })
    };
    let (cert, key) = (read(cert)?, read(key)?);
    if let Some(fault) = key_pair::fault(&cert, &key) {
        return Err(Failure::message(fault));
    }
    let entries = vec![("tls.crt".to_owned(), cert), ("tls.key".to_owned(), key)];
    create(&mut call, io, &start, entries, "kubernetes.io/tls")
}

fn docker_registry(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let start = start(&call, io)?;
    named(&start)?;
    let arguments = &call.arguments;
    let server = arguments.get("docker-server").unwrap_or("https://index.docker.io/v1/");
    let [user, password, email] =
        ["docker-username", "docker-password", "docker-email"].map(|flag| arguments.text(flag));
    let sources = arguments.all("from-file");
    let mut entries: Vec<Entry> = Vec::new();
    if sources.is_empty() {
        if [user, password, server].contains(&"") {
            return Err(Failure::message(
                "either --from-file or the combination of --docker-username, --docker-password and \
                 --docker-server is required",
            ));
        }
        let auth = json!(ByteString(format!("{user}:{password}").into_bytes()));
        let fields = [
            ("username", json!(user)),
            ("password", json!(password)),
            ("email", json!(email)),
            ("auth", auth),
        ];
        let fields = fields.iter().filter(|(_, text)| *text != json!(""));
        let fields: Vec<String> =
            fields.map(|(name, text)| format!("\"{name}\":{}", go_json(text))).collect();
        let config =
            format!("{{\"auths\":{{{}:{{{}}}}}}}", go_json(&json!(server)), fields.join(","));
        entries.push((".dockerconfigjson".to_owned(), config.into_bytes()));
    }
    for source in sources {
        for (key, content) in config_map::files(io, source)? {
            let key = if source.contains('=') { key } else { ".dockerconfigjson".to_owned() };
            if let Some(fault) = fault(&entries, &key) {
                return Err(Failure::message(fault));
            }
            entries.push((key, content));
        }
    }
    create(&mut call, io, &start, entries, "kubernetes.io/dockerconfigjson")
}

fn create(
    call: &mut Call,
    io: &mut Io<'_>,
    start: &Start,
    entries: Vec<Entry>,
    of_type: &str,
) -> Outcome {
    let name = &start.name;
    let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    if !entries.is_empty() {
        let pairs = entries.into_iter().map(|(key, content)| (key, json!(ByteString(content))));
        value["data"] = Value::Object(pairs.collect());
    }
    if !of_type.is_empty() {
        value["type"] = json!(of_type);
    }
    if call.arguments.on("append-hash") {
        let data = if value["data"].is_null() { json!({}) } else { value["data"].clone() };
        let hashed = json!({"kind": "Secret", "type": of_type, "name": name, "data": data});
        value["metadata"]["name"] = json!(format!("{name}-{}", config_map::hash(&hashed)));
    }
    finish(call, io, &start.report, Kind::Secret, value, |status| {
        Failure::message(format!("failed to create secret {}", status.message))
    })
}
