//! `kubectl expose`: a Service for what is there (R14.3).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ContainerPort, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::create::show;
use super::dry_run::{DryRun, Report};
use super::flags::{Flag, Takes, switch, text, typed};
use super::target::{Rules, Target};
use super::{Call, DONE, Failure, Outcome};
use crate::api::{FieldValidation, Kind, Object};

pub(super) static COMMAND: Command = Command {
    name: "expose",
    short: "Take a replication controller, service, deployment or pod and expose it as a new \
            Kubernetes service",
    examples: "  # A service on port 80 that leads to port 8080 of the deployment's pods\n  kubectl \
               expose deployment web --port=80 --target-port=8080",
    usage: "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] \
            [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] \
            [--type=type]",
    flags: &[FLAGS, command::FILENAME, command::WRITE],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    text("port", None, "The service's port."),
    text("target-port", None, "The pods' port: a number or a name."),
    text("name", None, "The service's name; that of the object by default."),
    text("type", None, "ClusterIP, NodePort or LoadBalancer."),
    text("protocol", None, "TCP, UDP or SCTP."),
    text("selector", None, "The service's selector; that of the object by default."),
    text("cluster-ip", None, "The cluster IP, or None for a headless service."),
    text("external-ip", None, "An address from outside that leads to the service."),
    text("load-balancer-ip", None, "The load balancer's address."),
    text("session-affinity", None, "None or ClientIP."),
    text("labels", Some('l'), "The service's labels; those of the object by default."),
    text("overrides", None, "JSON that is merged over the service."),
    switch("save-config", None, "Keep the manifest in an annotation, for a later apply."),
    typed(
        "override-type",
        Takes::Text,
        "'merge'",
        "How --overrides is merged: merge, strategic or json (a list of operations).",
    ),
];

/// What the command line says, and what is taken from the first object where it says nothing: that
/// goes for the objects after it as well.
struct Wanted {
    selector: String,
    labels: String,
    /// Ports in a row, parted by commas.
    ports: String,
}

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    if words.is_empty() && call.arguments.all("filename").is_empty() {
        return Err(Failure::message(super::target::NOTHING_NAMED));
    }
    let target = Target::of(&call, io, &words, Rules { names_required: true })?;
    let report = Report::of(&call, io)?;
    let mut wanted = Wanted {
        selector: call.arguments.text("selector").to_owned(),
        labels: call.arguments.text("labels").to_owned(),
        ports: call.arguments.text("port").to_owned(),
    };
    let found = target.find(&mut call, io)?;
    let failures = found.each(|object| expose(&mut call, io, &report, &object, &mut wanted));
    Failure::of(failures).map_or(DONE, Err)
}

fn expose(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    wanted: &mut Wanted,
) -> Result<(), Failure> {
    complete(call, object, wanted)?;
    let value = service(call, object, wanted)?;
    if report.dry_run == DryRun::Client {
        match &report.output {
            None => io.say(format!(
                "service/{} exposed{}",
                value["metadata"]["name"].as_str().unwrap_or(""),
                report.dry_run.suffix()
            )),
            Some(_) => {
                show(io, report, "Service", "service", &value)?;
            }
        }
        return Ok(());
    }
    let options = report.dry_run.options(FieldValidation::Strict);
    let mut client = call.client.at(object.namespace());
    let service = client.create(io, Kind::Service, value, options)?;
    report.tell(io, &service, "exposed")
}

/// Takes from an object what is not known yet.
fn complete(call: &Call, object: &Object, wanted: &mut Wanted) -> Result<(), Failure> {
    let joined = |labels: &BTreeMap<String, String>| {
        let pairs: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(",")
    };
    can_be_exposed(object)?;
    if wanted.selector.is_empty() {
        wanted.selector = joined(&selector(object)?);
    }
    if wanted.ports.is_empty() {
        let mut numbers: Vec<String> = Vec::new();
        for port in declared(object) {
            let number = port.container_port.to_string();
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        if numbers.is_empty() && call.arguments.text("cluster-ip") != "None" {
            let text = "couldn't find port via --port flag or introspection";
            return Err(Failure::message(text));
        }
        wanted.ports = numbers.join(",");
    }
    if wanted.labels.is_empty() {
        wanted.labels = joined(&object.metadata().labels.clone().unwrap_or_default());
    }
    Ok(())
}

/// The Service that the command line describes.
fn service(call: &Call, object: &Object, wanted: &Wanted) -> Result<Value, Failure> {
    let arguments = &call.arguments;
    if wanted.selector.is_empty() {
        return Err(Failure::message("selector must be specified"));
    }
    let selector = pairs(&wanted.selector)?;
    let name = match arguments.text("name") {
        "" => object.name().chars().take(63).collect(),
        name => name.to_owned(),
    };
    let mut metadata = json!({"name": name});
    if !wanted.labels.is_empty() {
        metadata["labels"] = pairs(&wanted.labels)?;
    }
    if call.client.namespace_given {
        metadata["namespace"] = json!(call.client.namespace);
    }
    let ports = ports(call, object, &wanted.ports)?;
    let mut spec = json!({"ports": ports, "selector": selector});
    for (flag, field) in [
        ("type", "type"),
        ("cluster-ip", "clusterIP"),
        ("load-balancer-ip", "loadBalancerIP"),
        ("session-affinity", "sessionAffinity"),
    ] {
        // Other types have no load balancer.
        let means_nothing = flag == "load-balancer-ip" && arguments.text("type") != "LoadBalancer";
        if !arguments.text(flag).is_empty() && !means_nothing {
            spec[field] = json!(arguments.text(flag));
        }
    }
    let affinity = arguments.text("session-affinity");
    if !matches!(affinity, "" | "None" | "ClientIP") {
        return Err(Failure::message(format!("unknown session affinity: {affinity}")));
    }
    if !arguments.text("external-ip").is_empty() {
        spec["externalIPs"] = json!([arguments.text("external-ip")]);
    }
    let value = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec,
        "status": {"loadBalancer": {}}
    });
    super::run::overridden(call, Kind::Service, value)
}

fn can_be_exposed(object: &Object) -> Result<(), Failure> {
    let kind = object.kind();
    match kind {
        Kind::Pod
        | Kind::Service
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::ReplicationController => Ok(()),
        _ => {
            let info = kind.info();
            let dot = if info.group.is_empty() { "" } else { "." };
            Err(Failure::message(format!("cannot expose a {}{dot}{}", info.name, info.group)))
        }
    }
}

/// Which pods an object has, as a Service can say it.
fn selector(object: &Object) -> Result<BTreeMap<String, String>, Failure> {
    match object {
        Object::Pod(pod) => match pod.metadata.labels.clone().filter(|labels| !labels.is_empty()) {
            Some(labels) => Ok(labels),
            None => Err(no_selector("the pod has no labels and cannot be exposed")),
        },
        Object::Service(service) => {
            let selector = service.spec.as_ref().and_then(|spec| spec.selector.clone());
            selector
                .filter(|selector| !selector.is_empty())
                .ok_or_else(|| no_selector("the service has no pod selector set"))
        }
        Object::Deployment(it) => {
            labels_only("deployment", it.spec.as_ref().map(|spec| &spec.selector))
        }
        Object::ReplicaSet(it) => {
            labels_only("replicaset", it.spec.as_ref().map(|spec| &spec.selector))
        }
        Object::ReplicationController(it) => {
            Ok(it.spec.as_ref().and_then(|spec| spec.selector.clone()).unwrap_or_default())
        }
        _ => Ok(BTreeMap::new()),
    }
}

fn no_selector(reason: &str) -> Failure {
    Failure::message(format!(
        "couldn't retrieve selectors via --selector flag or introspection: {reason}"
    ))
}

/// The labels of a selector that has nothing else.
fn labels_only(
    kind: &str,
    selector: Option<&LabelSelector>,
) -> Result<BTreeMap<String, String>, Failure> {
    let selector = selector.cloned().unwrap_or_default();
    let labels = selector.match_labels.unwrap_or_default();
    if labels.is_empty() {
        let why = format!("invalid {kind}: no selectors, therefore cannot be exposed");
        return Err(no_selector(&why));
    }
    let expressions = selector.match_expressions.unwrap_or_default();
    if expressions.is_empty() {
        return Ok(labels);
    }
    // As Go prints a list of structs.
    let shown: Vec<String> = expressions
        .iter()
        .map(|it| {
            let values = it.values.clone().unwrap_or_default().join(" ");
            format!("{{Key:{} Operator:{} Values:[{values}]}}", it.key, it.operator)
        })
        .collect();
    Err(no_selector(&format!(
        "couldn't convert expressions - \"[{}]\" to map-based selector format",
        shown.join(" ")
    )))
}

/// The ports that an object's containers declare.
fn declared(object: &Object) -> Vec<ContainerPort> {
    let of = |spec: Option<&PodSpec>| {
        let containers = spec.map(|spec| spec.containers.as_slice()).unwrap_or_default();
        containers
            .iter()
            .flat_map(|container| container.ports.clone().unwrap_or_default())
            .collect()
    };
    match object {
        Object::Pod(it) => of(it.spec.as_deref()),
        Object::Deployment(it) => of(it.spec.as_ref().and_then(|spec| spec.template.spec.as_ref())),
        Object::ReplicaSet(it) => {
            of(it.spec.as_ref().and_then(|spec| spec.template.as_ref()?.spec.as_ref()))
        }
        Object::ReplicationController(it) => {
            of(it.spec.as_ref().and_then(|spec| spec.template.as_ref()?.spec.as_ref()))
        }
        Object::Service(it) => {
            let ports = it.spec.as_ref().and_then(|spec| spec.ports.clone()).unwrap_or_default();
            let port = |port: &k8s_openapi::api::core::v1::ServicePort| ContainerPort {
                container_port: port.port,
                protocol: port.protocol.clone(),
                ..ContainerPort::default()
            };
            ports.iter().map(port).collect()
        }
        _ => Vec::new(),
    }
}

/// The Service's ports of these numbers, each with the protocols that the object has for it.
fn ports(call: &Call, object: &Object, numbers: &str) -> Result<Vec<Value>, Failure> {
    let arguments = &call.arguments;
    let declared = declared(object);
    let wanted: Vec<&str> = numbers.split(',').filter(|_| !numbers.is_empty()).collect();
    let mut ports = Vec::new();
    for (index, text) in wanted.iter().enumerate() {
        let number: i64 = text.parse().map_err(|_| {
            Failure::message(format!("strconv.Atoi: parsing \"{text}\": invalid syntax"))
        })?;
        let target = match arguments.text("target-port") {
            "" => json!(number),
            target => target.parse::<i64>().map_or_else(|_| json!(target), |number| json!(number)),
        };
        let port = |name: Option<String>, protocol: &str| {
            let mut port = json!({"port": number, "protocol": protocol, "targetPort": target});
            if let Some(name) = name {
                port["name"] = json!(name);
            }
            port
        };
        let name = (wanted.len() > 1).then(|| format!("port-{}", index + 1));
        let known: Vec<&str> = declared
            .iter()
            .filter(|port| i64::from(port.container_port) == number)
            .map(|port| port.protocol.as_deref().unwrap_or("TCP"))
            .collect();
        match (arguments.text("protocol"), known.as_slice()) {
            ("", []) => ports.push(port(name, "TCP")),
            ("", [protocol]) => ports.push(port(name, protocol)),
            ("", several) => {
                for protocol in several {
                    let name = format!("port-{}-{}", index + 1, protocol.to_lowercase());
                    ports.push(port(Some(name), protocol));
                }
            }
            (protocol, _) => ports.push(port(name, protocol)),
        }
    }
    Ok(ports)
}

/// Reads `key=value,key=value`.
fn pairs(text: &str) -> Result<Value, Failure> {
    let pairs = text.split(',').map(|pair| {
        let (key, value) = pair
            .split_once('=')
            .filter(|(_, value)| !value.contains('='))
            .ok_or_else(|| Failure::message(format!("unexpected label spec: {pair}")))?;
        if key.is_empty() {
            return Err(Failure::message("unexpected empty label key"));
        }
        Ok((key.to_owned(), json!(value)))
    });
    pairs.collect::<Result<_, _>>().map(Value::Object)
}
