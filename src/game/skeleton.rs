//! Skeletons of objects: what `:new KIND` puts into a file.

/// The kinds that there are skeletons of, as they are typed.
pub const KINDS: [&str; 9] = [
    "pod",
    "deployment",
    "replicaset",
    "statefulset",
    "daemonset",
    "service",
    "headless",
    "networkpolicy",
    "ingress",
];

/// The skeleton of a kind. What is the player's to choose is called my-app.
pub fn of(kind: &str) -> Option<String> {
    let kind = kind.trim().to_lowercase();
    let kind = match &*kind {
        "po" => "pod",
        "deploy" => "deployment",
        "rs" => "replicaset",
        "sts" => "statefulset",
        "ds" => "daemonset",
        "svc" => "service",
        "netpol" => "networkpolicy",
        "ing" => "ingress",
        // The beginning of one kind alone will do.
        other => {
            let mut kinds = KINDS.iter().filter(|kind| kind.starts_with(other));
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) if !other.is_empty() => kind,
                _ => other,
            }
        }
    };
    let text = match kind {
        "pod" => format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: my-app\n  labels:\n    app: my-app\n{}",
            spec_of_pod("")
        ),
        "deployment" => workload("Deployment", "  replicas: 1\n"),
        "replicaset" => workload("ReplicaSet", "  replicas: 1\n"),
        "statefulset" => workload("StatefulSet", "  serviceName: my-app\n  replicas: 1\n"),
        "daemonset" => workload("DaemonSet", ""),
        "service" => service(""),
        "headless" => service("  clusterIP: None\n"),
        "networkpolicy" => "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: my-app\nspec:\n  podSelector:\n    matchLabels:\n      app: my-app\n  policyTypes: [Ingress]\n  ingress:\n  - from:\n    - podSelector:\n        matchLabels:\n          app: my-app\n    ports:\n    - port: 80\n".to_owned(),
        "ingress" => "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: my-app\nspec:\n  ingressClassName: nginx\n  rules:\n  - host: my-app.example\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          service:\n            name: my-app\n            port:\n              number: 80\n".to_owned(),
        _ => return None,
    };
    Some(text)
}

fn workload(kind: &str, own: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata:\n  name: my-app\nspec:\n{own}  selector:\n    matchLabels:\n      app: my-app\n  template:\n    metadata:\n      labels:\n        app: my-app\n{}",
        spec_of_pod("    ")
    )
}

fn service(own: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: my-app\nspec:\n{own}  selector:\n    app: my-app\n  ports:\n  - port: 80\n    targetPort: 80\n"
    )
}

fn spec_of_pod(indent: &str) -> String {
    let lines = "spec:\n  containers:\n  - name: my-app\n    image: nginx:1.27\n";
    lines.lines().map(|line| format!("{indent}{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Pack;

    #[test]
    fn every_skeleton_is_a_valid_manifest_and_a_unique_beginning_names_it() {
        let pack = Pack::embedded().expect("the campaign is sound");
        let level = pack.level("localhost-sidecar").expect("it is in the campaign").clone();
        let mut attempt = crate::level::Attempt::open(level, 1);
        for kind in KINDS {
            let text = of(kind).expect("a skeleton");
            attempt.session_mut().files_mut().insert("web.yaml".to_owned(), text.into_bytes());
            assert!(
                attempt.marks("web.yaml").is_empty(),
                "{kind}: {:?}",
                attempt.marks("web.yaml")
            );
        }
        assert!(of("deploy").is_some() && of("Svc").is_some());
        assert_eq!(of("thing"), None);
    }
}
