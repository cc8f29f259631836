//! `kubectl create secret`

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::flags::text;
use super::super::{Call, Failure, Outcome};
use super::config_map::{Entry, SOURCES, entries};
use super::{finish, one_name};
use crate::api::Kind;

pub(super) static COMMAND: Command = Command {
    name: "secret",
    short: "Create a secret using a specified subcommand",
    children: &[&DOCKER_REGISTRY, &GENERIC, &TLS],
    ..catalog::PLAIN
};

static GENERIC: Command = Command {
    name: "generic",
    short: "Create a secret from a local file, directory, or literal value",
    usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1]",
    flags: &[
        SOURCES,
        &[text("type", None, "The type of secret.")],
        super::GENERATOR,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    run: generic,
    ..catalog::PLAIN
};

static TLS: Command = Command {
    name: "tls",
    short: "Create a TLS secret",
    usage: "NAME --cert=path/to/cert/file --key=path/to/key/file",
    flags: &[
        &[text("cert", None, "The certificate's file."), text("key", None, "The key's file.")],
        super::GENERATOR,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    run: tls,
    ..catalog::PLAIN
};

static DOCKER_REGISTRY: Command = Command {
    name: "docker-registry",
    short: "Create a secret for use with a Docker registry",
    usage: "NAME --docker-username=user --docker-password=password",
    flags: &[&[
        text("docker-username", None, ""),
        text("docker-password", None, ""),
        text("docker-email", None, ""),
        text("docker-server", None, ""),
    ]],
    run: |_, _| {
        let instead = "every image that podhop knows can be pulled without one";
        Err(Failure::not_simulated("registry secrets", instead))
    },
    ..catalog::PLAIN
};

fn generic(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let entries = entries(&call, io)?;
    let of_type = call.arguments.text("type").to_owned();
    create(&mut call, io, entries, &of_type)
}

fn tls(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let (cert, key) = (call.arguments.text("cert"), call.arguments.text("key"));
    if cert.is_empty() || key.is_empty() {
        return Err(Failure::message("key and cert must be specified"));
    }
    let read = |path: &str| {
        let opened = io.read_file(path);
        opened.map_err(|reason| Failure::message(format!("open {path}: {}", reason.to_lowercase())))
    };
    let entries = vec![("tls.crt".to_owned(), read(cert)?), ("tls.key".to_owned(), read(key)?)];
    create(&mut call, io, entries, "kubernetes.io/tls")
}

fn create(call: &mut Call, io: &mut Io<'_>, entries: Vec<Entry>, of_type: &str) -> Outcome {
    let name = one_name(call)?;
    let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    if !entries.is_empty() {
        let pairs = entries.into_iter().map(|(key, content)| (key, json!(ByteString(content))));
        value["data"] = Value::Object(pairs.collect());
    }
    if !of_type.is_empty() {
        value["type"] = json!(of_type);
    }
    finish(call, io, Kind::Secret, value, |status| {
        Failure::message(format!("failed to create secret {}", status.message))
    })
}
