//! `kubectl create service`: clusterip, nodeport, loadbalancer, externalname (R14.3).

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::flags::{Flag, Takes, text, typed};
use super::super::{Call, Failure, Outcome};
use super::{finish, one_name};
use crate::api::Kind;

pub(super) static COMMAND: Command = Command {
    name: "service",
    aliases: &["svc"],
    short: "Create a service using a specified subcommand",
    children: &[&CLUSTER_IP, &EXTERNAL_NAME, &LOAD_BALANCER, &NODE_PORT],
    ..catalog::PLAIN
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
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    run: cluster_ip,
    ..catalog::PLAIN
};

static NODE_PORT: Command = Command {
    name: "nodeport",
    short: "Create a NodePort service",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    flags: &[
        TCP,
        &[typed("node-port", Takes::Number, "0", "The port on every node.")],
        super::GENERATOR,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    run: node_port,
    ..catalog::PLAIN
};

static LOAD_BALANCER: Command = Command {
    name: "loadbalancer",
    short: "Create a LoadBalancer service",
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none]",
    flags: &[TCP, super::GENERATOR, catalog::WRITE, catalog::VALIDATE],
    run: load_balancer,
    ..catalog::PLAIN
};

static EXTERNAL_NAME: Command = Command {
    name: "externalname",
    short: "Create an ExternalName service",
    usage: "NAME --external-name external.name [--dry-run=server|client|none]",
    flags: &[
        TCP,
        &[text("external-name", None, "The name that the service stands for.")],
        super::GENERATOR,
        catalog::WRITE,
        catalog::VALIDATE,
    ],
    required: &["external-name"],
    run: external_name,
    ..catalog::PLAIN
};

const TCP: &[Flag] = &[typed("tcp", Takes::List, "[]", "Ports: port or port:targetPort.")];

fn cluster_ip(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let headless = call.arguments.text("clusterip") == "None";
    let mut value = service(&call, "ClusterIP", headless)?;
    if call.arguments.given("clusterip") {
        value["spec"]["clusterIP"] = json!(call.arguments.text("clusterip"));
    }
    create(&mut call, io, value)
}

fn node_port(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let mut value = service(&call, "NodePort", false)?;
    if let Some(port) = call.arguments.number("node-port").filter(|port| *port != 0) {
        value["spec"]["ports"][0]["nodePort"] = json!(port);
    }
    create(&mut call, io, value)
}

fn load_balancer(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let value = service(&call, "LoadBalancer", false)?;
    create(&mut call, io, value)
}

fn external_name(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let mut value = service(&call, "ExternalName", true)?;
    value["spec"]["externalName"] = json!(call.arguments.text("external-name"));
    create(&mut call, io, value)
}

fn service(call: &Call, of_type: &str, may_lack_ports: bool) -> Result<Value, Failure> {
    let name = one_name(call)?;
    let ports = call.arguments.all("tcp");
    if ports.is_empty() && !may_lack_ports {
        return Err(Failure::message("at least one tcp port specifier must be provided"));
    }
    let ports: Vec<Value> = ports.iter().map(|text| port(text)).collect::<Result<_, _>>()?;
    let mut value = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"labels": {"app": name}, "name": name},
        "spec": {"selector": {"app": name}, "type": of_type},
        "status": {"loadBalancer": {}}
    });
    if !ports.is_empty() {
        value["spec"]["ports"] = Value::Array(ports);
    }
    Ok(value)
}

/// Reads `80:8080`, `80:http` or `80`.
fn port(text: &str) -> Result<Value, Failure> {
    let (number, target) = text.split_once(':').unwrap_or((text, text));
    let wrong = |part: &str| {
        let digits = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        let why = if digits { "value out of range" } else { "invalid syntax" };
        Failure::message(format!("strconv.ParseUint: parsing \"{part}\": {why}"))
    };
    let port: u16 = number.parse().map_err(|_| wrong(number))?;
    let target = match target.parse::<i64>() {
        Ok(number) if !(1..=65535).contains(&number) && text.contains(':') => {
            return Err(Failure::message("must be between 1 and 65535, inclusive"));
        }
        Ok(number) => json!(number),
        Err(_) => json!(target),
    };
    let name = text.replace(':', "-");
    Ok(json!({"name": name, "port": port, "protocol": "TCP", "targetPort": target}))
}

fn create(call: &mut Call, io: &mut Io<'_>, value: Value) -> Outcome {
    let of_type = value["spec"]["type"].as_str().unwrap_or("").to_owned();
    finish(call, io, Kind::Service, value, |status| {
        Failure::message(format!("failed to create {of_type} service: {}", status.message))
    })
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
