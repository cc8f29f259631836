//! Remarks on pods and their templates.

use k8s_openapi::api::core::v1::{ContainerPort, PodSpec};

/// A port and where it stands.
struct Placed<'a> {
    path: String,
    port: &'a ContainerPort,
}

/// Labels of nodes that have got another name since.
const OLD_NODE_LABELS: [(&str, &str, &str); 4] = [
    ("beta.kubernetes.io/arch", "v1.14", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "v1.14", "kubernetes.io/os"),
    ("failure-domain.beta.kubernetes.io/region", "v1.17", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "v1.17", "topology.kubernetes.io/zone"),
];

/// Remarks on a pod's spec, which stands at `path`.
pub(super) fn spec(spec: Option<&PodSpec>, path: &str) -> Vec<String> {
    let Some(spec) = spec else { return Vec::new() };
    let mut remarks: Vec<String> = spec
        .node_selector
        .iter()
        .flat_map(|selector| selector.keys())
        .filter_map(|key| OLD_NODE_LABELS.iter().find(|(old, _, _)| old == key))
        .map(|(old, since, new)| {
            format!("{path}.nodeSelector[{old}]: deprecated since {since}; use \"{new}\" instead")
        })
        .collect();
    if spec.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0) {
        remarks.push(format!(
            "{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and \
             will be treated as 1"
        ));
    }
    remarks.extend(duplicate_variables(spec, path));
    remarks.extend(duplicate_ports(spec, path));
    remarks
}

/// The same variable twice in one container: the last one counts.
fn duplicate_variables(spec: &PodSpec, path: &str) -> Vec<String> {
    let lists = [
        ("initContainers", spec.init_containers.as_deref().unwrap_or_default()),
        ("containers", spec.containers.as_slice()),
    ];
    let mut remarks = Vec::new();
    for (list, containers) in lists {
        for (index, container) in containers.iter().enumerate() {
            let variables = container.env.as_deref().unwrap_or_default();
            for (at, variable) in variables.iter().enumerate() {
                let name = &variable.name;
                // A value that refers to the variable itself extends it on purpose.
                let itself = format!("$({name})");
                let extends = variable.value.as_ref().is_some_and(|value| value.contains(&itself));
                if !extends && variables[..at].iter().any(|earlier| earlier.name == *name) {
                    remarks.push(format!(
                        "{path}.{list}[{index}].env[{at}]: hides previous definition of {name:?}, \
                         which may be dropped when using apply"
                    ));
                }
            }
        }
    }
    remarks
}

/// The same number and protocol, or the same name, twice in one pod.
fn duplicate_ports(spec: &PodSpec, path: &str) -> Vec<String> {
    let containers = spec.containers.iter().enumerate();
    let ports: Vec<Placed<'_>> = containers
        .flat_map(|(index, container)| {
            let ports = container.ports.iter().flatten().enumerate();
            ports.map(move |(at, port)| Placed {
                path: format!("{path}.containers[{index}].ports[{at}]"),
                port,
            })
        })
        .collect();
    let mut remarks = Vec::new();
    for (index, Placed { path, port }) in ports.iter().enumerate() {
        let same = |other: &&Placed<'_>| {
            (other.port.container_port, &other.port.protocol, &other.port.host_port)
                == (port.container_port, &port.protocol, &port.host_port)
        };
        if let Some(first) = ports[..index].iter().find(same) {
            remarks.push(format!("{path}: duplicate port definition with {}", first.path));
        }
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
    remarks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // Recording 12: cpdup2.yaml, dupname2c.yaml.
    #[test]
    fn ports_given_twice_are_remarked_on() {
        let given: PodSpec = serde_json::from_value(json!({"containers": [
            {"name": "c", "ports": [{"name": "http", "containerPort": 80}]},
            {"name": "d", "ports": [
                {"name": "http", "containerPort": 81}, {"containerPort": 80}
            ]},
        ]}))
        .unwrap();
        assert_eq!(
            spec(Some(&given), "spec"),
            [
                "spec.containers[1].ports[0]: duplicate port name \"http\" with \
                 spec.containers[0].ports[0], services and probes that select ports by name will \
                 use spec.containers[0].ports[0]",
                "spec.containers[1].ports[1]: duplicate port definition with \
                 spec.containers[0].ports[0]",
            ]
        );
    }
}
