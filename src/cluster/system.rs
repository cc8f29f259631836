//! What a new cluster runs for itself: CoreDNS, as kubeadm installs it, in kube-system.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Service};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Cluster;
use crate::api::Resource;

pub(super) const COREFILE: &str = "\
.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
";

/// Creates CoreDNS' ConfigMap, Service and Deployment.
pub(super) fn install_dns(cluster: &mut Cluster) {
    create::<ConfigMap>(cluster, config_map());
    create::<Service>(cluster, service());
    create::<Deployment>(cluster, deployment());
}

/// Stores one object. They are all valid; one that is there already stays as it is.
pub(super) fn create<T: Resource + DeserializeOwned>(cluster: &mut Cluster, value: Value) {
    if let Ok(object) = serde_json::from_value::<T>(value) {
        let _ = cluster.api.create(cluster.now, object);
    }
}

fn config_map() -> Value {
    json!({
        "metadata": { "name": "coredns", "namespace": "kube-system" },
        "data": { "Corefile": COREFILE },
    })
}

fn service() -> Value {
    json!({
        "metadata": {
            "name": "kube-dns",
            "namespace": "kube-system",
            "annotations": { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
            "labels": {
                "k8s-app": "kube-dns",
                "kubernetes.io/cluster-service": "true",
                "kubernetes.io/name": "CoreDNS",
            },
        },
        "spec": {
            "clusterIP": "10.96.0.10",
            "clusterIPs": ["10.96.0.10"],
            "selector": { "k8s-app": "kube-dns" },
            "ports": [
                { "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53 },
                { "name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53 },
                { "name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153 },
            ],
        },
    })
}

fn deployment() -> Value {
    let labels = json!({ "k8s-app": "kube-dns" });
    let ports = json!([
        { "containerPort": 53, "name": "dns", "protocol": "UDP" },
        { "containerPort": 53, "name": "dns-tcp", "protocol": "TCP" },
        { "containerPort": 9153, "name": "metrics", "protocol": "TCP" },
    ]);
    let container = json!({
        "name": "coredns",
        "image": "registry.k8s.io/coredns/coredns:v1.13.1",
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": ports,
        "livenessProbe": {
            "httpGet": { "path": "/health", "port": 8080, "scheme": "HTTP" },
            "initialDelaySeconds": 60,
            "timeoutSeconds": 5,
            "failureThreshold": 5,
        },
        "readinessProbe": { "httpGet": { "path": "/ready", "port": 8181, "scheme": "HTTP" } },
        "resources": {
            "limits": { "memory": "170Mi" },
            "requests": { "cpu": "100m", "memory": "70Mi" },
        },
        "volumeMounts": [
            { "mountPath": "/etc/coredns", "name": "config-volume", "readOnly": true },
        ],
    });
    json!({
        "metadata": { "name": "coredns", "namespace": "kube-system", "labels": labels },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": labels },
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1 } },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "containers": [container],
                    "dnsPolicy": "Default",
                    "nodeSelector": { "kubernetes.io/os": "linux" },
                    "priorityClassName": "system-cluster-critical",
                    "tolerations": [
                        { "key": "CriticalAddonsOnly", "operator": "Exists" },
                        {
                            "effect": "NoSchedule",
                            "key": "node-role.kubernetes.io/control-plane",
                        },
                    ],
                    "volumes": [{
                        "name": "config-volume",
                        "configMap": {
                            "name": "coredns",
                            "items": [{ "key": "Corefile", "path": "Corefile" }],
                        },
                    }],
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_well_formed() {
        assert!(serde_json::from_value::<ConfigMap>(config_map()).is_ok());
        assert!(serde_json::from_value::<Service>(service()).is_ok());
        assert!(serde_json::from_value::<Deployment>(deployment()).is_ok());
    }
}
