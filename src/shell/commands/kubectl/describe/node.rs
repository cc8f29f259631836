//! Nodes, with the pods on them and what these have asked for.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, NodeStatus};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::Reader;
use super::page::{Page, date_or_zero};
use super::pod::filled;
use crate::api::demand::{self, Amounts};
use crate::api::table::{roles, since};
use crate::api::{Kind, Object, Pod};
use crate::manifest::quantity;

/// What every node has and every container may ask for.
const MEASURED: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

impl Reader<'_, '_> {
    /// A Node's description.
    pub(super) fn node(&mut self, object: &Object, node: &Node) -> String {
        let mut page = Page::default();
        let spec = node.spec.clone().unwrap_or_default();
        let status = node.status.clone().unwrap_or_default();
        page.field("Name", object.name());
        page.field("Roles", roles(node));
        page.labels_and_annotations(&node.metadata);
        let created = node.metadata.creation_timestamp.as_ref();
        page.field("CreationTimestamp", date_or_zero(created));
        let mut taints = spec.taints.clone().unwrap_or_default();
        taints.sort_by_key(|taint| format!("{},{}", taint.effect, taint.key));
        let taints: Vec<String> = taints
            .iter()
            .map(|taint| match filled(taint.value.as_deref()) {
                Some(value) => format!("{}={value}:{}", taint.key, taint.effect),
                None => format!("{}:{}", taint.key, taint.effect),
            })
            .collect();
        page.list("Taints", &taints);
        page.field("Unschedulable", spec.unschedulable.unwrap_or(false));
        let conditions = status.conditions.as_deref().unwrap_or_default();
        let ready = conditions.iter().find(|condition| condition.type_ == "Ready");
        let heartbeat = ready.and_then(|ready| ready.last_heartbeat_time.as_ref());
        page.line(0, "Lease:");
        page.line(1, format!("HolderIdentity:\t{}", object.name()));
        page.line(1, "AcquireTime:\t<unset>");
        page.line(1, format!("RenewTime:\t{}", date_or_zero(heartbeat)));
        page.node_conditions(&status);
        page.line(0, "Addresses:");
        for address in status.addresses.iter().flatten() {
            page.line(1, format!("{}:\t{}", address.type_, address.address));
        }
        page.amounts("Capacity", status.capacity.as_ref());
        page.amounts("Allocatable", status.allocatable.as_ref());
        page.system(&status);
        if let Some(cidr) = filled(spec.pod_cidr.as_deref()) {
            page.field("PodCIDR", cidr);
        }
        if let Some(cidrs) = spec.pod_cidrs.as_ref().filter(|cidrs| !cidrs.is_empty()) {
            page.field("PodCIDRs", cidrs.join(","));
        }
        if let Some(id) = filled(spec.provider_id.as_deref()) {
            page.field("ProviderID", id);
        }
        self.pods_of_node(&mut page, object.name(), &status);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    fn pods_of_node(&mut self, page: &mut Page, node: &str, status: &NodeStatus) {
        let allocatable = status.allocatable.clone().unwrap_or_default();
        let pods: Vec<Pod> = self
            .all(Kind::Pod, None)
            .iter()
            .filter_map(|pod| pod.as_kind::<Pod>())
            .filter(|pod| {
                let on = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
                let over = matches!(pod.phase(), "Succeeded" | "Failed");
                on == Some(node) && !over
            })
            .map(|pod| pod.as_ref().clone())
            .collect();
        page.line(0, format!("Non-terminated Pods:\t({} in total)", pods.len()));
        page.line(
            1,
            "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge",
        );
        page.line(
            1,
            "---------\t----\t\t------------\t----------\t---------------\t-------------\t---",
        );
        let now = self.io.now();
        let mut totals = Asked::default();
        for pod in &pods {
            let asked = Asked::of(pod);
            let cell =
                |resource: &str, amounts: &Amounts<'_>| share(resource, amounts, &allocatable);
            page.line(
                1,
                format!(
                    "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
                    pod.namespace(),
                    pod.name(),
                    cell("cpu", &asked.requests),
                    cell("cpu", &asked.limits),
                    cell("memory", &asked.requests),
                    cell("memory", &asked.limits),
                    since(pod.metadata.creation_timestamp.as_ref(), now)
                ),
            );
            totals.add(asked);
        }
        page.allocated(&totals, &allocatable);
    }
}

/// What pods ask for at least and at most.
#[derive(Default)]
struct Asked<'a> {
    requests: Amounts<'a>,
    limits: Amounts<'a>,
}

impl<'a> Asked<'a> {
    fn of(pod: &'a Pod) -> Asked<'a> {
        pod.spec.as_ref().map_or_else(Asked::default, |spec| Asked {
            requests: demand::requests(spec),
            limits: demand::limits(spec),
        })
    }

    fn add(&mut self, more: Asked<'a>) {
        for (sums, amounts) in
            [(&mut self.requests, more.requests), (&mut self.limits, more.limits)]
        {
            for (name, amount) in amounts {
                sums.entry(name).or_default().add(amount);
            }
        }
    }
}

impl Page {
    /// The sums of a node's pods: shares of what is measured everywhere and of huge pages, then the plain
    /// amounts of what else the node has (`describeNodeResource`).
    fn allocated(&mut self, totals: &Asked<'_>, allocatable: &BTreeMap<String, Quantity>) {
        self.line(0, "Allocated resources:");
        self.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
        self.line(1, "Resource\tRequests\tLimits");
        self.line(1, "--------\t--------\t------");
        let names = || allocatable.keys().map(String::as_str);
        let huge = names().filter(|name| name.starts_with("hugepages-"));
        for resource in MEASURED.into_iter().chain(huge) {
            let requests = share(resource, &totals.requests, allocatable);
            let limits = share(resource, &totals.limits, allocatable);
            self.line(1, format!("{resource}\t{requests}\t{limits}"));
        }
        let known = |name: &&str| {
            !MEASURED.contains(name) && *name != "pods" && !name.starts_with("hugepages-")
        };
        for resource in names().filter(known) {
            let [requests, limits] = [&totals.requests, &totals.limits]
                .map(|amounts| amounts.get(resource).copied().unwrap_or_default());
            self.line(1, format!("{resource}\t{requests}\t{limits}"));
        }
    }

    fn node_conditions(&mut self, status: &NodeStatus) {
        let conditions = status.conditions.as_deref().unwrap_or_default();
        if conditions.is_empty() {
            return;
        }
        self.line(0, "Conditions:");
        self.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        self.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for condition in conditions {
            self.line(
                1,
                format!(
                    "{} \t{} \t{} \t{} \t{} \t{}",
                    condition.type_,
                    condition.status,
                    date_or_zero(condition.last_heartbeat_time.as_ref()),
                    date_or_zero(condition.last_transition_time.as_ref()),
                    condition.reason.as_deref().unwrap_or(""),
                    condition.message.as_deref().unwrap_or("")
                ),
            );
        }
    }

    fn amounts(&mut self, title: &str, amounts: Option<&BTreeMap<String, Quantity>>) {
        let Some(amounts) = amounts.filter(|amounts| !amounts.is_empty()) else { return };
        self.line(0, format!("{title}:"));
        for (name, amount) in amounts {
            self.line(1, format!("{name}:\t{}", amount.0));
        }
    }

    fn system(&mut self, status: &NodeStatus) {
        let info = status.node_info.clone().unwrap_or_default();
        self.line(0, "System Info:");
        for (title, value) in [
            ("Machine ID", info.machine_id),
            ("System UUID", info.system_uuid),
            ("Boot ID", info.boot_id),
            ("Kernel Version", info.kernel_version),
            ("OS Image", info.os_image),
            ("Operating System", info.operating_system),
            ("Architecture", info.architecture),
            ("Container Runtime Version", info.container_runtime_version),
            ("Kubelet Version", info.kubelet_version),
        ] {
            self.line(1, format!("{title}:\t{value}"));
        }
    }
}

/// `250m (12%)`: how much of a resource, and which part of what the node has of it.
fn share(
    resource: &str,
    amounts: &Amounts<'_>,
    allocatable: &BTreeMap<String, Quantity>,
) -> String {
    let asked = amounts.get(resource).copied().unwrap_or_default();
    let whole = allocatable.get(resource).map_or(0, |amount| quantity::thousandths(&amount.0));
    let percent = if whole == 0 { 0 } else { asked.thousandths() * 100 / whole };
    format!("{asked} ({percent}%)")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(spec: serde_json::Value) -> Pod {
        let pod = json!({"metadata": {"name": "p"}, "spec": spec});
        serde_json::from_value(pod).expect("a pod")
    }

    // `describe_test.go`, `TestDescribeNodeWithSidecar`, `TestDescribeNodeWithPodLevelResources`
    #[test]
    fn a_node_carries_sidecars_and_what_whole_pods_ask_for() {
        let asks = |cpu: &str| json!({"requests": {"cpu": cpu}});
        let with_sidecar = pod(json!({
            "initContainers": [{"name": "s", "restartPolicy": "Always", "resources": asks("500m")}],
            "containers": [{"name": "c", "resources": asks("1")}],
        }));
        let as_a_whole = pod(json!({
            "resources": asks("2"), "containers": [{"name": "c", "resources": asks("1")}],
        }));
        let mut totals = Asked::of(&with_sidecar);
        totals.add(Asked::of(&as_a_whole));
        let allocatable = [("cpu".to_owned(), Quantity("7".to_owned()))].into();
        assert_eq!(share("cpu", &totals.requests, &allocatable), "3500m (50%)");
        assert_eq!(share("memory", &totals.limits, &allocatable), "0 (0%)");
    }
}
