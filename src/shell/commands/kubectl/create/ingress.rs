//! `kubectl create ingress`

use serde_json::{Map, Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::flags::{Flag, Takes, text, typed};
use super::super::{Call, Failure, Outcome};
use super::{failed_to_create, finish, one_name};
use crate::api::Kind;

pub(super) static COMMAND: Command = Command {
    name: "ingress",
    aliases: &["ing"],
    short: "Create an ingress with the specified name",
    examples: "  # Requests for web.example.com go to port 80 of the service web\n  kubectl create \
               ingress web --class=nginx --rule=\"web.example.com/*=web:80\"",
    usage: "NAME --rule=host/path=service:port[,tls[=secret]]",
    flags: &[FLAGS, super::GENERATOR, catalog::WRITE, catalog::VALIDATE],
    run,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    text("class", None, "The ingress class."),
    text("default-backend", None, "Where requests go that no rule fits: service:port."),
    typed(
        "rule",
        Takes::Texts,
        "[]",
        "host/path=service:port[,tls[=secret]]; a path that ends \
        with * is a prefix.",
    ),
    typed("annotation", Takes::Texts, "[]", "An annotation: key=value."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let name = one_name(&call)?;
    let rules = call.arguments.all("rule");
    let default = call.arguments.text("default-backend");
    if rules.is_empty() && default.is_empty() {
        return Err(Failure::message(
            "not enough information provided: every ingress has to either specify a \
             default-backend (which catches all traffic) or a list of rules (which catch specific \
             paths)",
        ));
    }
    let mut spec = Map::new();
    if call.arguments.given("class") {
        spec.insert("ingressClassName".to_owned(), json!(call.arguments.text("class")));
    }
    if !default.is_empty() {
        let backend = backend(default).ok_or_else(|| {
            Failure::message(format!(
                "default-backend should be in format servicename:serviceport, got {default}"
            ))
        })?;
        spec.insert("defaultBackend".to_owned(), backend);
    }
    let (rules, tls) = read_rules(rules)?;
    if !rules.is_empty() {
        spec.insert("rules".to_owned(), Value::Array(rules));
    }
    if !tls.is_empty() {
        spec.insert("tls".to_owned(), Value::Array(tls));
    }
    let mut metadata = json!({"name": name});
    for annotation in call.arguments.all("annotation") {
        let (key, value) = annotation.split_once('=').unwrap_or((annotation, ""));
        metadata["annotations"][key] = json!(value);
    }
    let value = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata,
        "spec": spec, "status": {"loadBalancer": {}}
    });
    finish(&mut call, io, Kind::Ingress, value, failed_to_create("ingress"))
}

/// The rules by host, and the hosts with TLS.
fn read_rules(texts: &[String]) -> Result<(Vec<Value>, Vec<Value>), Failure> {
    let (mut rules, mut tls): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for text in texts {
        let wrong = || {
            Failure::message(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        };
        let (route, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (host, path) = match route.split_once('/') {
            Some((host, path)) => (host, format!("/{path}")),
            None => (route, String::new()),
        };
        let (service, secret) = match rest.split_once(',') {
            Some((service, option)) => (service, Some(option)),
            None => (rest, None),
        };
        let backend = backend(service).ok_or_else(wrong)?;
        let (path, path_type) = match path.strip_suffix('*') {
            Some(prefix) => (prefix.to_owned(), "Prefix"),
            None => (path, "Exact"),
        };
        let entry = json!({"backend": backend, "path": path, "pathType": path_type});
        let known = rules.iter_mut().find(|rule| rule["host"].as_str().unwrap_or("") == host);
        match known.and_then(|rule| rule["http"]["paths"].as_array_mut()) {
            Some(paths) => paths.push(entry),
            None if host.is_empty() => rules.push(json!({"http": {"paths": [entry]}})),
            None => rules.push(json!({"host": host, "http": {"paths": [entry]}})),
        }
        if let Some(option) = secret {
            let secret = option.strip_prefix("tls").ok_or_else(wrong)?;
            let mut entry = json!({"hosts": [host]});
            if let Some(name) = secret.strip_prefix('=') {
                entry["secretName"] = json!(name);
            }
            tls.push(entry);
        }
    }
    Ok((rules, tls))
}

/// Reads `service:port`.
fn backend(text: &str) -> Option<Value> {
    let (name, port) = text.split_once(':')?;
    let port = match port.parse::<u16>() {
        Ok(number) => json!({"number": number}),
        Err(_) => json!({"name": port}),
    };
    Some(json!({"service": {"name": name, "port": port}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_one_host_stand_together() {
        let texts = ["a.b/x*=web:80", "a.b/y=api:http,tls=cert"].map(str::to_owned);
        let (rules, tls) = read_rules(&texts).expect("rules");
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0]["http"]["paths"][0]["pathType"], "Prefix");
        assert_eq!(rules[0]["http"]["paths"][1]["backend"]["service"]["port"]["name"], "http");
        assert_eq!(tls, [json!({"hosts": ["a.b"], "secretName": "cert"})]);
    }
}
