//! `minikube service`: where a Service's node port answers.

use std::fmt::Write as _;

use k8s_openapi::api::core::v1::Service;

use super::flags::{self, NAMESPACE, URL};
use super::nodes::addresses;
use super::table::table;
use crate::shell::Io;

/// `minikube service NAME`: where its node port answers.
pub(super) fn service(arguments: &[String], io: &mut Io<'_>) -> Option<i32> {
    let arguments = match flags::read("service", &[URL, NAMESPACE], arguments) {
        Ok(arguments) => arguments,
        Err((told, code)) => {
            io.write_error(told);
            return Some(code);
        }
    };
    let namespace = arguments.get("namespace");
    let Some(name) = arguments.positional.first().cloned() else {
        io.write_error("❌  Exiting due to MK_USAGE: You must specify a service name");
        return Some(14);
    };
    if name == "list" {
        return Some(list(namespace, io));
    }
    let namespace = namespace.unwrap_or("default").to_owned();
    let url_only = arguments.on("url");
    let Some(found) = io.cluster.objects().get::<Service>(&namespace, &name).cloned() else {
        io.write_error(format!(
            "\n❌  Exiting due to SVC_NOT_FOUND: Service '{name}' was not found in '{namespace}' namespace.\nYou may select another namespace by using 'minikube service {name} -n <namespace>'. Or list out all the services using 'minikube service list'"
        ));
        return Some(115);
    };
    let ports = ports(&found);
    let address =
        addresses(io.cluster).into_iter().next().map_or(String::new(), |(_, address)| address);
    let exposed: Vec<_> = ports.iter().filter(|(_, node_port)| node_port.is_some()).collect();
    let kind = found.spec.as_ref().and_then(|spec| spec.type_.clone()).unwrap_or_default();
    if exposed.is_empty() {
        io.write_error(format!(
            "😿  service {namespace}/{name} has no node port\n❗  Services [{namespace}/{name}] have type \"{kind}\" not meant to be exposed, however for local development minikube allows you to access this !"
        ));
        io.write_error(format!(
            "podhop: that forwarding is not simulated here; try kubectl port-forward svc/{name} 8080:PORT, or give it a node port"
        ));
        return Some(1);
    }
    let urls: Vec<String> = exposed
        .iter()
        .map(|(_, node_port)| format!("http://{address}:{}", node_port.unwrap_or(0)))
        .collect();
    if url_only {
        for url in urls {
            io.say(url);
        }
        return Some(0);
    }
    let targets: Vec<String> = exposed.iter().map(|(target, _)| target.clone()).collect();
    let mut rows = vec![["Namespace", "Name", "Target Port", "URL"].map(str::to_owned).to_vec()];
    for (index, (target, url)) in targets.iter().zip(&urls).enumerate() {
        let (namespace, name) =
            if index == 0 { (namespace.as_str(), name.as_str()) } else { ("", "") };
        rows.push(vec![namespace.to_owned(), name.to_owned(), target.clone(), url.clone()]);
    }
    table(io, &rows);
    for _ in &urls {
        io.say(format!("🎉  Opening service {namespace}/{name} in default browser..."));
    }
    Some(0)
}

/// Each port as `name/port`, and its node port.
fn ports(service: &Service) -> Vec<(String, Option<i32>)> {
    let ports = service.spec.as_ref().and_then(|spec| spec.ports.clone()).unwrap_or_default();
    ports
        .into_iter()
        .map(|port| {
            let mut target = String::new();
            if let Some(name) = &port.name {
                let _ = write!(target, "{name}/");
            }
            let _ = write!(target, "{}", port.port);
            (target, port.node_port)
        })
        .collect()
}

fn list(namespace: Option<&str>, io: &mut Io<'_>) -> i32 {
    let address =
        addresses(io.cluster).into_iter().next().map_or(String::new(), |(_, address)| address);
    let mut rows = vec![["Namespace", "Name", "Target Port", "URL"].map(str::to_owned).to_vec()];
    let services: Vec<_> = io.cluster.objects().list::<Service>(namespace).cloned().collect();
    for service in services {
        let namespace = service.metadata.namespace.clone().unwrap_or_default();
        let name = service.metadata.name.clone().unwrap_or_default();
        let ports = ports(&service);
        let exposed: Vec<_> = ports.iter().filter(|(_, node_port)| node_port.is_some()).collect();
        if exposed.is_empty() {
            rows.push(vec![namespace, name, "No node port".to_owned(), String::new()]);
            continue;
        }
        for (target, node_port) in exposed {
            let url = format!("http://{address}:{}", node_port.unwrap_or(0));
            rows.push(vec![namespace.clone(), name.clone(), target.clone(), url]);
        }
    }
    table(io, &rows);
    0
}
