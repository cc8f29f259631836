//! Defaults of pods and pod templates, and a pod's quality-of-service class.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{container, fill, fill_text, volume};
use crate::api::{Pod, demand};
use crate::manifest::quantity::parse;

/// Fills in a pod: what a template gets, and what only pods get.
pub(super) fn defaults(pod: &mut Pod) {
    let spec = pod.spec.get_or_insert_default();
    let host_network = spec.host_network == Some(true);
    for container in containers(spec) {
        requests_from_limits(container);
        if host_network {
            for port in container.ports.iter_mut().flatten() {
                fill(&mut port.host_port, port.container_port);
            }
        }
    }
    requests_of_all(spec);
    fill(&mut spec.enable_service_links, true);
    pod_spec(spec);
    let class = quality_of_service(spec);
    let status = pod.status.get_or_insert_default();
    fill_text(&mut status.phase, "Pending");
    fill_text(&mut status.qos_class, class);
}

/// Fills in the template of a workload.
pub(super) fn template(template: &mut PodTemplateSpec) {
    template.metadata.get_or_insert_default();
    pod_spec(template.spec.get_or_insert_default());
}

fn pod_spec(spec: &mut PodSpec) {
    fill_text(&mut spec.dns_policy, "ClusterFirst");
    fill_text(&mut spec.restart_policy, "Always");
    fill_text(&mut spec.scheduler_name, "default-scheduler");
    fill(&mut spec.termination_grace_period_seconds, 30);
    spec.security_context.get_or_insert_default();
    containers(spec).for_each(container::defaults);
    spec.ephemeral_containers.iter_mut().flatten().for_each(container::ephemeral_defaults);
    spec.volumes.iter_mut().flatten().for_each(volume::defaults);
    // `serviceAccount` is the old name of `serviceAccountName`; the server keeps both the same.
    let account = spec.service_account_name.clone().filter(|name| !name.is_empty());
    let account = account.or_else(|| spec.service_account.clone().filter(|name| !name.is_empty()));
    spec.service_account_name.clone_from(&account);
    spec.service_account = account;
}

fn containers(spec: &mut PodSpec) -> impl Iterator<Item = &mut Container> {
    spec.init_containers.iter_mut().flatten().chain(spec.containers.iter_mut())
}

/// A limit without a request is a request of the same size.
fn requests_from_limits(container: &mut Container) {
    let Some(resources) = &mut container.resources else { return };
    for (name, limit) in resources.limits.iter().flatten() {
        let requests = resources.requests.get_or_insert_default();
        requests.entry(name.clone()).or_insert_with(|| limit.clone());
    }
}

/// A pod that is limited as a whole asks for something as a whole: what its containers ask for, or
/// else as much as its limit (`defaultPodRequests`).
fn requests_of_all(spec: &mut PodSpec) {
    let limits = spec.resources.as_ref().and_then(|resources| resources.limits.as_ref());
    if limits.is_none_or(BTreeMap::is_empty) {
        return;
    }
    let own = spec.resources.as_ref().and_then(|resources| resources.requests.clone());
    let mut requests = own.unwrap_or_default();
    for (name, sum) in demand::of_containers(spec) {
        if demand::is_of_pods(name) && !name.starts_with("hugepages-") {
            requests.entry(name.to_owned()).or_insert_with(|| Quantity(sum.to_string()));
        }
    }
    let Some(resources) = &mut spec.resources else { return };
    for (name, limit) in resources.limits.iter().flatten() {
        if demand::is_of_pods(name) {
            requests.entry(name.clone()).or_insert_with(|| limit.clone());
        }
    }
    resources.requests = (!requests.is_empty()).then_some(requests);
}

/// `BestEffort` without any request or limit of CPU or memory, `Guaranteed` when every container
/// has limits for both and requests equal to them, else `Burstable`.
pub fn quality_of_service(spec: &PodSpec) -> &'static str {
    let mut any = false;
    let mut guaranteed = true;
    // What a pod asks for as a whole counts alone (`pkg/apis/core/v1/helper/qos`).
    if let Some(resources) = &spec.resources {
        let limited = resources.limits.as_ref().is_some_and(|limits| !limits.is_empty());
        for name in ["cpu", "memory"] {
            let request = amount(resources.requests.as_ref(), name);
            let limit = amount(resources.limits.as_ref(), name);
            any |= request.is_some() || limit.is_some();
            guaranteed &= limited && limit.is_some() && request == limit;
        }
        return match (any, guaranteed) {
            (false, _) => "BestEffort",
            (true, true) => "Guaranteed",
            (true, false) => "Burstable",
        };
    }
    for container in spec.init_containers.iter().flatten().chain(&spec.containers) {
        let resources = container.resources.as_ref();
        let requests = resources.and_then(|resources| resources.requests.as_ref());
        let limits = resources.and_then(|resources| resources.limits.as_ref());
        for name in ["cpu", "memory"] {
            let request = amount(requests, name);
            let limit = amount(limits, name);
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some() && request == limit;
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// An amount in billionths; nothing counts as none.
fn amount(of: Option<&BTreeMap<String, Quantity>>, name: &str) -> Option<i128> {
    of?.get(name).and_then(|quantity| parse(&quantity.0).ok()).filter(|size| *size > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::defaulted;
    use crate::api::Kind;

    fn pod(spec: Value) -> Value {
        defaulted(Kind::Pod, json!({"metadata": {"name": "p"}, "spec": spec}))
    }

    // Recording 01: the fields of a pod that its template does not have.
    #[test]
    fn only_a_pod_itself_has_service_links() {
        let spec = json!({"containers": [{"name": "c", "image": "nginx:1.27"}]});
        assert_eq!(pod(spec.clone())["spec"]["enableServiceLinks"], true);
        let deployment = defaulted(Kind::Deployment, json!({"spec": {"template": {"spec": spec}}}));
        let template = &deployment["spec"]["template"]["spec"];
        assert!(template.get("enableServiceLinks").is_none());
        assert_eq!(template["terminationGracePeriodSeconds"], 30);
        assert_eq!(template["containers"][0]["imagePullPolicy"], "IfNotPresent");
    }

    #[test]
    fn the_class_follows_requests_and_limits() {
        let class = |resources: Value| {
            let spec = json!({"containers": [{"name": "c", "resources": resources}]});
            pod(spec)["status"]["qosClass"].clone()
        };
        assert_eq!(class(json!({})), "BestEffort");
        assert_eq!(class(json!({"requests": {"cpu": "1"}})), "Burstable");
        assert_eq!(class(json!({"limits": {"cpu": "1", "memory": "1Gi"}})), "Guaranteed");
        let (limits, none) = (json!({"cpu": "1", "memory": "1Gi"}), json!({"cpu": "0"}));
        assert_eq!(class(json!({"limits": limits, "requests": none})), "Burstable");
        let same = json!({"cpu": "1", "memory": "1073741824"});
        assert_eq!(class(json!({"limits": limits, "requests": same})), "Guaranteed");
    }

    // Recording 18: c5.yaml and c6.yaml.
    #[test]
    fn a_pod_that_is_limited_as_a_whole_asks_for_what_its_containers_do() {
        let own = json!({"requests": {"cpu": "250m", "memory": "64Mi"}});
        let requests = |whole: Value| {
            let containers = json!([{"name": "c", "resources": own}]);
            let spec = json!({"resources": whole, "containers": containers});
            pod(spec)["spec"]["resources"]["requests"].clone()
        };
        assert_eq!(requests(json!({"requests": {"cpu": "1"}})), json!({"cpu": "1"}));
        let limited = json!({"requests": {"cpu": "1"}, "limits": {"cpu": "2"}});
        assert_eq!(requests(limited), json!({"cpu": "1", "memory": "64Mi"}));
    }

    #[test]
    fn a_pod_on_the_hosts_network_takes_the_hosts_ports() {
        let spec = json!({
            "hostNetwork": true,
            "containers": [{"name": "c", "ports": [{"containerPort": 80}]}],
        });
        assert_eq!(pod(spec)["spec"]["containers"][0]["ports"][0]["hostPort"], 80);
    }
}
