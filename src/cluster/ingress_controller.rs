//! Installs ingress-nginx, as its own manifests do (R12.2): in a cloud behind a load balancer, and
//! elsewhere as minikube's addon does, on ports 80 and 443 of the first node.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::IngressClass;
use serde_json::{Value, json};

use super::{Cluster, system};

/// The namespace of everything.
const NAMESPACE: &str = "ingress-nginx";
/// The name of the controller's Deployment, Service and ConfigMap.
const NAME: &str = "ingress-nginx-controller";
const IMAGE: &str = "registry.k8s.io/ingress-nginx/controller:v1.13.3";

/// Creates what is not there yet.
pub(super) fn install(cluster: &mut Cluster, cloud: bool) {
    let named = |name: &str| json!({ "metadata": meta(name) });
    let home = json!({ "metadata": { "name": NAMESPACE, "labels": labels() } });
    system::create::<Namespace>(cluster, home);
    system::create::<ServiceAccount>(cluster, named(NAMESPACE));
    system::create::<ConfigMap>(cluster, named(NAME));
    system::create::<Service>(cluster, service(cloud));
    system::create::<Deployment>(cluster, deployment(cloud));
    system::create::<IngressClass>(cluster, class(cloud));
}

fn labels() -> Value {
    json!({ "app.kubernetes.io/instance": NAMESPACE, "app.kubernetes.io/name": NAMESPACE })
}

/// What the controller's pods are selected by.
fn pod_labels() -> Value {
    let mut labels = labels();
    labels["app.kubernetes.io/component"] = json!("controller");
    labels
}

fn meta(name: &str) -> Value {
    json!({ "name": name, "namespace": NAMESPACE, "labels": pod_labels() })
}

/// Outside a cloud a default class is for every Ingress that names none.
fn class(cloud: bool) -> Value {
    let mut class = json!({
        "metadata": { "name": "nginx", "labels": pod_labels() },
        "spec": { "controller": "k8s.io/ingress-nginx" },
    });
    if !cloud {
        let annotations = json!({ "ingressclass.kubernetes.io/is-default-class": "true" });
        class["metadata"]["annotations"] = annotations;
    }
    class
}

fn service(cloud: bool) -> Value {
    let port = |name: &str, port: u16| json!({ "name": name, "port": port, "targetPort": name, "appProtocol": name });
    let mut spec = json!({
        "type": if cloud { "LoadBalancer" } else { "NodePort" },
        "ports": [port("http", 80), port("https", 443)],
        "selector": pod_labels(),
    });
    if cloud {
        spec["externalTrafficPolicy"] = json!("Local");
    }
    json!({ "metadata": meta(NAME), "spec": spec })
}

fn deployment(cloud: bool) -> Value {
    let mut spec = json!({
        "containers": [container(cloud)],
        "dnsPolicy": "ClusterFirst",
        "nodeSelector": { "kubernetes.io/os": "linux" },
        "serviceAccountName": NAMESPACE,
        "terminationGracePeriodSeconds": if cloud { 300 } else { 0 },
    });
    if !cloud {
        spec["nodeSelector"]["kubernetes.io/hostname"] = json!("node-1");
    }
    json!({
        "metadata": meta(NAME),
        "spec": {
            "selector": { "matchLabels": pod_labels() },
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1 } },
            "template": { "metadata": { "labels": pod_labels() }, "spec": spec },
        },
    })
}

fn container(cloud: bool) -> Value {
    let field = |name: &str, path: &str| json!({ "name": name, "valueFrom": { "fieldRef": { "fieldPath": path } } });
    let port = |name: &str, number: u16| {
        let mut port = json!({ "name": name, "containerPort": number, "protocol": "TCP" });
        if !cloud {
            port["hostPort"] = json!(number);
        }
        port
    };
    let probe = |failures: u32| {
        json!({
            "httpGet": { "path": "/healthz", "port": 10254, "scheme": "HTTP" },
            "initialDelaySeconds": 10,
            "failureThreshold": failures,
        })
    };
    let own = match cloud {
        true => format!("--publish-service=$(POD_NAMESPACE)/{NAME}"),
        false => "--watch-ingress-without-class=true".to_owned(),
    };
    json!({
        "name": "controller",
        "image": IMAGE,
        "args": [
            "/nginx-ingress-controller",
            own,
            "--election-id=ingress-nginx-leader",
            "--controller-class=k8s.io/ingress-nginx",
            "--ingress-class=nginx",
            format!("--configmap=$(POD_NAMESPACE)/{NAME}"),
        ],
        "env": [field("POD_NAME", "metadata.name"), field("POD_NAMESPACE", "metadata.namespace")],
        "ports": [port("http", 80), port("https", 443)],
        "livenessProbe": probe(5),
        "readinessProbe": probe(3),
        "resources": { "requests": { "cpu": "100m", "memory": "90Mi" } },
    })
}
