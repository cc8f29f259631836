//! `kubectl create ingress`

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::{Flag, Takes, text, typed};
use super::super::{Call, Failure, Outcome};
use super::{failed_to_create, finish, start};
use crate::api::Kind;

pub(super) static COMMAND: Command = Command {
    name: "ingress",
    aliases: &["ing"],
    short: "Create an ingress with the specified name",
    examples: "  # Requests for web.example.com go to port 80 of the service web\n  kubectl create \
               ingress web --class=nginx --rule=\"web.example.com/*=web:80\"",
    usage: "NAME --rule=host/path=service:port[,tls[=secret]]",
    flags: &[FLAGS, super::GENERATOR, command::WRITE, command::VALIDATE],
    run,
    ..command::PLAIN
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
    let start = start(&call, io)?;
    let name = &start.name;
    let rules = call.arguments.all("rule");
    let default = call.arguments.text("default-backend");
    if rules.is_empty() && default.is_empty() {
        return Err(Failure::message(
            "not enough information provided: every ingress has to either specify a \
             default-backend (which catches all traffic) or a list of rules (which catch specific \
             paths)",
        ));
    }
    let rules: Vec<Rule> = rules.iter().map(|text| Rule::read(text)).collect::<Result<_, _>>()?;
    let mut metadata = json!({"name": name});
    for annotation in call.arguments.all("annotation") {
        let (key, value) = annotation.split_once('=').ok_or_else(|| {
            Failure::message(format!(
                "annotation {annotation} is invalid and should be in format key=[value]"
            ))
        })?;
        metadata["annotations"][key] = json!(value);
    }
    let mut spec = Map::new();
    let class = call.arguments.text("class");
    if !class.is_empty() {
        spec.insert("ingressClassName".to_owned(), json!(class));
    }
    if !default.is_empty() {
        let mut words = default.split(':');
        let (Some(service), Some(port), None) = (words.next(), words.next(), words.next()) else {
            let format = "default-backend should be in format servicename:serviceport";
            return Err(Failure::message(format));
        };
        spec.insert("defaultBackend".to_owned(), backend(service, port));
    }
    let (tls, rules) = (tls(&rules), by_host(&rules));
    if !rules.is_empty() {
        spec.insert("rules".to_owned(), Value::Array(rules));
    }
    if !tls.is_empty() {
        spec.insert("tls".to_owned(), Value::Array(tls));
    }
    let value = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata,
        "spec": spec, "status": {"loadBalancer": {}}
    });
    let wrap = failed_to_create("ingress");
    finish(&mut call, io, &start.report, Kind::Ingress, value, wrap)
}

/// What `--rule` says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    host: String,
    path: String,
    service: String,
    port: String,
    /// With TLS; by which Secret, where one is named.
    tls: Option<Option<String>>,
}

impl Rule {
    /// Reads `host/path=service:port,tls=secret`: once the whole fits, what stands between the
    /// separators counts, and what follows is passed over, as kubectl does.
    fn read(text: &str) -> Result<Rule, Failure> {
        static FORMAT: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^[\w*\-.]*/.*=[\w\-]+:[\w\-]+").ok());
        let invalid = || {
            Failure::message(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        };
        if !FORMAT.as_ref().is_some_and(|format| format.is_match(text)) {
            return Err(invalid());
        }
        let parts: Vec<&str> = text.split(',').collect();
        let (host, rest) = parts[0].split_once('/').ok_or_else(invalid)?;
        let mut words = rest.split('=');
        let path = format!("/{}", words.next().unwrap_or(""));
        let mut backend = words.next().ok_or_else(invalid)?.split(':');
        let service = backend.next().unwrap_or("").to_owned();
        let port = backend.next().ok_or_else(invalid)?.to_owned();
        let tls = match parts.as_slice() {
            [_, tls] => {
                Some(tls.split('=').nth(1).filter(|name| !name.is_empty()).map(str::to_owned))
            }
            _ => None,
        };
        Ok(Rule { host: host.to_owned(), path, service, port, tls })
    }

    /// A path that ends with `*` is a prefix.
    fn entry(&self) -> Value {
        let (path, kind) = match self.path.strip_suffix('*') {
            Some(prefix) => (prefix, "Prefix"),
            None => (self.path.as_str(), "Exact"),
        };
        let backend = backend(&self.service, &self.port);
        json!({"backend": backend, "path": path, "pathType": kind})
    }
}

/// The rules of one host stand together.
fn by_host(rules: &[Rule]) -> Vec<Value> {
    let mut hosts: Vec<(&str, Vec<Value>)> = Vec::new();
    for rule in rules {
        match hosts.iter_mut().find(|(host, _)| *host == rule.host) {
            Some((_, paths)) => paths.push(rule.entry()),
            None => hosts.push((&rule.host, vec![rule.entry()])),
        }
    }
    let told = |(host, paths): (&str, Vec<Value>)| match host {
        "" => json!({"http": {"paths": paths}}),
        host => json!({"host": host, "http": {"paths": paths}}),
    };
    hosts.into_iter().map(told).collect()
}

/// The hosts of one Secret stand together, each host once; so do those that name none.
fn tls(rules: &[Rule]) -> Vec<Value> {
    let (mut entries, mut seen): (Vec<(Option<&str>, Vec<&str>)>, Vec<&str>) = Default::default();
    for rule in rules {
        let (Some(secret), host) = (rule.tls.as_ref().map(Option::as_deref), &*rule.host) else {
            continue;
        };
        if seen.contains(&host) {
            continue;
        }
        seen.push(host);
        match entries.iter_mut().find(|(known, _)| *known == secret) {
            Some((_, hosts)) => hosts.push(host),
            None if host.is_empty() && secret.is_none() => {}
            None if host.is_empty() => entries.push((secret, Vec::new())),
            None => entries.push((secret, vec![host])),
        }
    }
    let told = |(secret, hosts): (Option<&str>, Vec<&str>)| {
        let mut entry = json!({});
        if !hosts.is_empty() {
            entry["hosts"] = json!(hosts);
        }
        if let Some(secret) = secret {
            entry["secretName"] = json!(secret);
        }
        entry
    };
    entries.into_iter().map(told).collect()
}

/// A Service's port is a number wherever it can be read as one.
fn backend(service: &str, port: &str) -> Value {
    let port = match port.parse::<i32>() {
        // Go leaves nought out.
        Ok(0) => json!({}),
        Ok(number) => json!({"number": number}),
        Err(_) => json!({"name": port}),
    };
    json!({"service": {"name": service, "port": port}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> Vec<Rule> {
        texts.iter().map(|text| Rule::read(text).expect("a rule")).collect()
    }

    #[test]
    fn rules_of_one_host_stand_together() {
        let rules = rules(&["a.b/x*=web:80", "a.b/y=api:http,tls=cert"]);
        let hosts = by_host(&rules);
        assert_eq!(hosts.len(), 1);
        assert_eq!(hosts[0]["http"]["paths"][0]["pathType"], "Prefix");
        assert_eq!(hosts[0]["http"]["paths"][1]["backend"]["service"]["port"]["name"], "http");
        assert_eq!(tls(&rules), [json!({"hosts": ["a.b"], "secretName": "cert"})]);
    }

    // `kubectl create ingress`, buildTLSRules
    #[test]
    fn hosts_of_one_secret_stand_together_each_once() {
        let rules = rules(&[
            "a/=web:80,tls",
            "b/=web:80,tls=one",
            "a/x=web:80,tls=one",
            "c/=web:80,tls",
            "/=web:80,tls",
        ]);
        let entry = |hosts: &[&str]| json!({"hosts": hosts});
        let mut one = entry(&["b"]);
        one["secretName"] = json!("one");
        assert_eq!(tls(&rules), [entry(&["a", "c", ""]), one]);
    }

    #[test]
    fn a_port_is_a_number_where_it_can_be_read_as_one() {
        let port = |text: &str| by_host(&rules(&[text]))[0]["http"]["paths"][0]["backend"].clone();
        assert_eq!(port("a/=web:99999")["service"]["port"], json!({"number": 99_999}));
        assert_eq!(port("a/=web:0")["service"]["port"], json!({}));
        assert!(Rule::read("a/=web").is_err() && Rule::read("a=web:80").is_err());
    }
}
