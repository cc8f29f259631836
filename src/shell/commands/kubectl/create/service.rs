//! `kubectl create service`: clusterip, nodeport, loadbalancer, externalname (R14.3).

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::flags::{Flag, Takes, text, typed};
use super::super::{Call, Failure, Outcome};
use super::{finish, start};
use crate::api::validation::names::{dns_subdomain, port_name};
use crate::api::{Kind, Status};

pub(super) static COMMAND: Command = Command {
    name: "service",
    aliases: &["svc"],
    short: "Create a service using a specified subcommand",
    children: &[&CLUSTER_IP, &EXTERNAL_NAME, &LOAD_BALANCER, &NODE_PORT],
    ..command::PLAIN
};

static CLUSTER_IP: Command = Command {
    name: "clusterip",
    short: "Create a ClusterIP service",
    examples: "  # Port 80, which leads to port 8080 of the pods\n  kubectl create service clusterip \
               web --tcp=80:8080\n  \n  # A headless one\n  kubectl create service clusterip db \
               --clusterip=\"None\"",
    usage: "NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none]",
    flags: &[
        TCP,
        &[text("clusterip", None, "The cluster IP, or None for a headless service.")],
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    run: cluster_ip,
    ..command::PLAIN
};

static NODE_PORT: Command = Command {
    name: "nodeport",
    short: "Create a NodePort service",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    flags: &[
        TCP,
        &[typed("node-port", Takes::Number, "0", "The port on every node.")],
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    run: node_port,
    ..command::PLAIN
};

static LOAD_BALANCER: Command = Command {
    name: "loadbalancer",
    short: "Create a LoadBalancer service",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    flags: &[TCP, super::GENERATOR, command::WRITE, command::VALIDATE],
    run: load_balancer,
    ..command::PLAIN
};

static EXTERNAL_NAME: Command = Command {
    name: "externalname",
    short: "Create an ExternalName service",
    usage: "NAME --external-name external.name [--dry-run=server|client|none]",
    flags: &[
        TCP,
        &[text("external-name", None, "The name that the service stands for.")],
        super::GENERATOR,
        command::WRITE,
        command::VALIDATE,
    ],
    required: &["external-name"],
    run: external_name,
    ..command::PLAIN
};

const TCP: &[Flag] = &[typed("tcp", Takes::List, "[]", "Ports: port or port:targetPort.")];

fn cluster_ip(call: Call, io: &mut Io<'_>) -> Outcome {
    create(call, io, "ClusterIP")
}

fn node_port(call: Call, io: &mut Io<'_>) -> Outcome {
    create(call, io, "NodePort")
}

fn load_balancer(call: Call, io: &mut Io<'_>) -> Outcome {
    create(call, io, "LoadBalancer")
}

fn external_name(call: Call, io: &mut Io<'_>) -> Outcome {
    create(call, io, "ExternalName")
}

/// The checks are those of `ServiceOptions.Validate`.
fn create(mut call: Call, io: &mut Io<'_>, of_type: &str) -> Outcome {
    let start = start(&call, io)?;
    let arguments = &call.arguments;
    let tcp = arguments.all("tcp");
    let external = arguments.text("external-name");
    if arguments.text("clusterip") != "None" && tcp.is_empty() && of_type != "ExternalName" {
        return Err(Failure::message("at least one tcp port specifier must be provided"));
    }
    if of_type == "ExternalName" && !dns_subdomain(external).is_empty() {
        return Err(Failure::message(format!("invalid service external name {external}")));
    }
    let mut spec = json!({"selector": {"app": start.name}, "type": of_type});
    let mut ports: Vec<Value> = tcp.iter().map(|text| port(text)).collect::<Result<_, _>>()?;
    if let Some(number) = arguments.number("node-port").filter(|number| *number != 0) {
        for port in &mut ports {
            port["nodePort"] = json!(number);
        }
    }
    if !ports.is_empty() {
        spec["ports"] = Value::Array(ports);
    }
    for (field, text) in [("externalName", external), ("clusterIP", arguments.text("clusterip"))] {
        if !text.is_empty() {
            spec[field] = json!(text);
        }
    }
    let value = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"labels": {"app": start.name}, "name": start.name},
        "spec": spec,
        "status": {"loadBalancer": {}}
    });
    let wrap = |status: Status| {
        let message = status.message;
        Failure::message(format!("failed to create {of_type} service: {message}"))
    };
    finish(&mut call, io, &start.report, Kind::Service, value, wrap)
}

/// Reads `80:8080`, `80:http` or `80`; what stands behind a second colon is passed over
/// (`parsePorts`).
fn port(text: &str) -> Result<Value, Failure> {
    let mut parts = text.split(':');
    let number = parts.next().unwrap_or("");
    let wrong = |part: &str| {
        let digits = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        let why = if digits { "value out of range" } else { "invalid syntax" };
        Failure::message(format!("strconv.ParseUint: parsing \"{part}\": {why}"))
    };
    let port: u16 = number.parse().map_err(|_| wrong(number))?;
    let target = match parts.next().map(|target| (target, target.parse::<i64>())) {
        None => json!(port),
        Some((_, Ok(number))) if (1..=65535).contains(&number) => json!(number),
        Some((_, Ok(_))) => {
            return Err(Failure::message("must be between 1 and 65535, inclusive"));
        }
        Some((name, Err(_))) => {
            let faults = port_name(name);
            if !faults.is_empty() {
                return Err(Failure::message(faults.join(",")));
            }
            json!(name)
        }
    };
    let name = text.replace(':', "-");
    Ok(json!({"name": name, "port": port, "protocol": "TCP", "targetPort": target}))
}

#[cfg(test)]
mod tests {
    use super::*;

    // C21
    #[test]
    fn a_port_is_named_after_what_was_typed() {
        let expected =
            json!({"name": "80-8080", "port": 80, "protocol": "TCP", "targetPort": 8080});
        assert_eq!(port("80:8080").expect("a port"), expected);
        assert_eq!(port("80").expect("a port")["targetPort"], 80);
        assert_eq!(port("80:http").expect("a port")["targetPort"], "http");
    }

    #[test]
    fn a_word_is_no_port() {
        assert_eq!(
            port("abc").expect_err("a failure").text(),
            "error: strconv.ParseUint: parsing \"abc\": invalid syntax"
        );
    }
}
