//! Remarks on the ports of a pod.

use k8s_openapi::api::core::v1::{Container, ContainerPort};

/// A port and where it stands.
struct Placed<'a> {
    path: String,
    port: &'a ContainerPort,
}

/// The same port or name twice in one pod, and addresses of the host without a port of it.
/// `containers` come with their paths.
pub(super) fn remarks(remarks: &mut Vec<String>, containers: &[(String, &Container)]) {
    let ports: Vec<Placed<'_>> = containers
        .iter()
        .flat_map(|(path, container)| {
            let ports = container.ports.iter().flatten().enumerate();
            ports.map(move |(at, port)| Placed { path: format!("{path}.ports[{at}]"), port })
        })
        .collect();
    for (index, Placed { path, port }) in ports.iter().enumerate() {
        if !host_ip(port).is_empty() && host_port(port) == 0 {
            remarks.push(format!("{path}: hostIP set without hostPort: {}", in_go(port)));
        }
        for other in &ports[..index] {
            if let Some(how) = meets(port, other.port) {
                remarks.push(format!("{path}: {how} port definition with {}", other.path));
            }
        }
    }
    for (index, Placed { path, port }) in ports.iter().enumerate() {
        let Some(name) = port.name.as_ref().filter(|name| !name.is_empty()) else { continue };
        let named = |other: &&Placed<'_>| other.port.name.as_ref() == Some(name);
        if let Some(first) = ports[..index].iter().find(named) {
            let first = &first.path;
            remarks.push(format!(
                "{path}: duplicate port name {name:?} with {first}, services and probes that \
                 select ports by name will use {first}"
            ));
        }
    }
}

/// How a port meets an earlier one of the same number and protocol.
fn meets(port: &ContainerPort, other: &ContainerPort) -> Option<&'static str> {
    if (port.container_port, &port.protocol) != (other.container_port, &other.protocol) {
        return None;
    }
    let (here, there) = (host_ip(port), host_ip(other));
    let (number, its) = (host_port(port), host_port(other));
    if (here, number) == (there, its) {
        Some("duplicate")
    } else if number == 0 || its == 0 {
        Some("overlapping")
    } else if number == its && here.is_empty() != there.is_empty() {
        Some("dangerously ambiguous")
    } else {
        None
    }
}

fn host_ip(port: &ContainerPort) -> &str {
    port.host_ip.as_deref().unwrap_or_default()
}

fn host_port(port: &ContainerPort) -> i32 {
    port.host_port.unwrap_or(0)
}

/// A port as Go prints a struct.
fn in_go(port: &ContainerPort) -> String {
    format!(
        "{{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
        port.name.as_deref().unwrap_or_default(),
        host_port(port),
        port.container_port,
        port.protocol.as_deref().unwrap_or_default(),
        host_ip(port),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(ports: Value) -> Vec<String> {
        let container = json!({"name": "c", "ports": ports});
        let container: Container = serde_json::from_value(container).unwrap();
        let mut found = Vec::new();
        remarks(&mut found, &[("c".to_owned(), &container)]);
        found
    }

    // Recording 12: cpdup2.yaml, dupname2c.yaml.
    #[test]
    fn ports_given_twice_are_remarked_on() {
        assert_eq!(
            of(json!([
                {"name": "http", "containerPort": 80},
                {"name": "http", "containerPort": 81},
                {"containerPort": 80},
            ])),
            [
                "c.ports[2]: duplicate port definition with c.ports[0]",
                "c.ports[1]: duplicate port name \"http\" with c.ports[0], services and probes \
                 that select ports by name will use c.ports[0]",
            ]
        );
    }

    #[test]
    fn one_port_on_different_addresses_of_the_host_may_be_ambiguous() {
        let port =
            |port: i32, ip: &str| json!({"containerPort": 80, "hostPort": port, "hostIP": ip});
        let one = |other: Value| of(json!([port(80, ""), other])).concat();
        assert_eq!(
            one(port(80, "192.0.2.1")),
            "c.ports[1]: dangerously ambiguous port definition with c.ports[0]"
        );
        assert_eq!(
            one(json!({"containerPort": 80})),
            "c.ports[1]: overlapping port definition with c.ports[0]"
        );
        assert_eq!(one(port(81, "")), "");
    }

    // Recording 15: f044.yaml.
    #[test]
    fn an_address_without_a_port_is_shown_as_go_shows_it() {
        let port = json!({"containerPort": 80, "hostIP": "192.0.2.1", "protocol": "TCP"});
        assert_eq!(
            of(json!([port])),
            ["c.ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 \
              Protocol:TCP HostIP:192.0.2.1}"]
        );
    }
}
