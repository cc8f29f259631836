//! Objects as the server sends them. Its Go types print some fields that k8s-openapi's types leave
//! out when they are empty, and leave out some that those print; all of these differences are made
//! up for here.

use serde_json::{Map, Value, json};

use super::Kind;

type Fields = Map<String, Value>;

/// Adds to an object's JSON what the server would print, and drops what it would not.
pub(super) fn as_sent(kind: Kind, value: &mut Value) {
    let Value::Object(object) = value else { return };
    let pod: &[&str] = match kind {
        Kind::Pod => &["spec", "imagePullSecrets"],
        Kind::CronJob => &["spec", "jobTemplate", "spec", "template", "spec", "imagePullSecrets"],
        _ => &["spec", "template", "spec", "imagePullSecrets"],
    };
    for secret in items(object, pod) {
        secret.retain(|name, value| name != "name" || *value != json!(""));
    }
    references(kind, object);
    match kind {
        Kind::Pod => {
            for condition in items(object, &["status", "conditions"]) {
                condition.entry("lastProbeTime").or_insert(Value::Null);
            }
        }
        Kind::EndpointSlice => {
            for field in ["endpoints", "ports"] {
                let empty = object.get(field).and_then(Value::as_array).is_none_or(Vec::is_empty);
                if empty {
                    object.insert(field.to_owned(), Value::Null);
                }
            }
        }
        Kind::Event => event(object),
        Kind::PodDisruptionBudget => {
            let counts = ["currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"];
            for count in counts {
                status(object).entry(count).or_insert(json!(0));
            }
            object.entry("spec").or_insert(json!({}));
        }
        Kind::HorizontalPodAutoscaler => {
            status(object).entry("currentMetrics").or_insert(Value::Null);
            status(object).entry("desiredReplicas").or_insert(json!(0));
        }
        Kind::Node => node(status(object)),
        Kind::Role | Kind::ClusterRole => {
            object.entry("rules").or_insert(Value::Null);
        }
        Kind::IngressClass | Kind::ResourceQuota => {
            object.entry("spec").or_insert(json!({}));
        }
        Kind::ServiceCIDR => {
            object.entry("spec").or_insert(json!({}));
            status(object);
        }
        Kind::StatefulSet => {
            if let Some(Value::Object(spec)) = object.get_mut("spec") {
                spec.entry("serviceName").or_insert(json!(""));
            }
            drop_zeros(status(object));
            status(object).entry("availableReplicas").or_insert(json!(0));
        }
        Kind::Deployment
        | Kind::ReplicaSet
        | Kind::ReplicationController
        | Kind::DaemonSet
        | Kind::Job => drop_zeros(status(object)),
        _ => {}
    }
    if kind == Kind::Deployment && status(object).get("replicas") == Some(&json!(0)) {
        status(object).remove("replicas");
    }
}

/// What is printed within the specifications of some kinds though it is empty.
fn references(kind: Kind, object: &mut Fields) {
    match kind {
        Kind::Ingress => {
            for rule in items(object, &["spec", "rules"]) {
                for path in items(rule, &["http", "paths"]) {
                    name_group(path, &["backend", "resource"]);
                }
            }
            name_group(object, &["spec", "defaultBackend", "resource"]);
        }
        Kind::PersistentVolumeClaim => {
            for source in ["dataSource", "dataSourceRef"] {
                name_group(object, &["spec", source]);
            }
        }
        Kind::LimitRange => {
            let limits = object.get("spec").and_then(|spec| spec["limits"].as_array());
            if limits.is_some_and(Vec::is_empty) {
                object.insert("spec".to_owned(), json!({"limits": null}));
            }
        }
        _ => {}
    }
}

/// A reference names its group, and says so when that is Kubernetes' oldest.
fn name_group(object: &mut Fields, path: &[&str]) {
    let Some((last, above)) = path.split_last() else { return };
    let mut at = object;
    for name in above {
        let Some(Value::Object(below)) = at.get_mut(*name) else { return };
        at = below;
    }
    if let Some(Value::Object(reference)) = at.get_mut(*last) {
        reference.entry("apiGroup").or_insert(Value::Null);
    }
}

/// A node's port and software are printed even when nobody has said which.
fn node(status: &mut Fields) {
    const SOFTWARE: [&str; 10] = [
        "architecture",
        "bootID",
        "containerRuntimeVersion",
        "kernelVersion",
        "kubeProxyVersion",
        "kubeletVersion",
        "machineID",
        "operatingSystem",
        "osImage",
        "systemUUID",
    ];
    status.entry("daemonEndpoints").or_insert(json!({"kubeletEndpoint": {"Port": 0}}));
    status
        .entry("nodeInfo")
        .or_insert_with(|| SOFTWARE.iter().map(|name| ((*name).to_owned(), json!(""))).collect());
}

/// An event's moments and sources are printed even when there are none.
fn event(event: &mut Fields) {
    for moment in ["eventTime", "firstTimestamp", "lastTimestamp"] {
        event.entry(moment).or_insert(Value::Null);
    }
    for source in ["reportingComponent", "reportingInstance"] {
        event.entry(source).or_insert(json!(""));
    }
    event.entry("source").or_insert(json!({}));
}

/// A count of nothing is not printed.
fn drop_zeros(status: &mut Fields) {
    const COUNTS: [&str; 13] = [
        "active",
        "availableReplicas",
        "currentReplicas",
        "failed",
        "fullyLabeledReplicas",
        "numberAvailable",
        "numberUnavailable",
        "observedGeneration",
        "readyReplicas",
        "succeeded",
        "unavailableReplicas",
        "updatedNumberScheduled",
        "updatedReplicas",
    ];
    status.retain(|name, value| *value != json!(0) || !COUNTS.contains(&name.as_str()));
}

/// An object's status; an empty one where it has none.
fn status(object: &mut Fields) -> &mut Fields {
    let status = object.entry("status").or_insert(json!({}));
    if !status.is_object() {
        *status = json!({});
    }
    match status {
        Value::Object(status) => status,
        _ => unreachable!("it was made an object"),
    }
}

/// The objects in the list at a path.
fn items<'a>(object: &'a mut Fields, path: &[&str]) -> impl Iterator<Item = &'a mut Fields> {
    let (last, above) = path.split_last().unwrap_or((&"", &[]));
    let parent = above.iter().try_fold(object, |at, name| at.get_mut(*name)?.as_object_mut());
    let list = parent.and_then(|parent| parent.get_mut(*last)).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Recording 05.
    #[test]
    fn an_empty_slice_shows_its_emptiness() {
        let mut slice = json!({"addressType": "IPv4", "endpoints": []});
        as_sent(Kind::EndpointSlice, &mut slice);
        assert_eq!(slice, json!({"addressType": "IPv4", "endpoints": null, "ports": null}));
    }

    // Recording 01.
    #[test]
    fn a_pods_conditions_were_never_probed() {
        let mut pod = json!({"status": {"conditions": [{"type": "Ready"}]}});
        as_sent(Kind::Pod, &mut pod);
        assert_eq!(pod["status"]["conditions"][0], json!({"type": "Ready", "lastProbeTime": null}));
    }

    // Recording 01: a Deployment counts terminating pods even when there are none.
    #[test]
    fn counts_of_nothing_are_not_printed() {
        let mut deployment =
            json!({"status": {"replicas": 0, "readyReplicas": 0, "terminatingReplicas": 0}});
        as_sent(Kind::Deployment, &mut deployment);
        assert_eq!(deployment["status"], json!({"terminatingReplicas": 0}));
    }
}
