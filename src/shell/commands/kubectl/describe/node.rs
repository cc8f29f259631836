//! Nodes, with the pods on them and what these have asked for.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, NodeStatus};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::Reader;
use super::page::{Page, date_or_zero};
use super::pod::filled;
use crate::api::table::{roles, since};
use crate::api::{Kind, Object, Pod};
use crate::manifest::quantity;

/// The resources that a node's description sums up.
const RESOURCES: [&str; 5] =
    ["cpu", "memory", "ephemeral-storage", "hugepages-1Gi", "hugepages-2Mi"];

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
        for pod in &pods {
            let cell = |resource: &str, limit: bool| {
                share(resource, asked(std::slice::from_ref(pod), resource, limit), &allocatable)
            };
            page.line(
                1,
                format!(
                    "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
                    pod.namespace(),
                    pod.name(),
                    cell("cpu", false),
                    cell("cpu", true),
                    cell("memory", false),
                    cell("memory", true),
                    since(pod.metadata.creation_timestamp.as_ref(), now)
                ),
            );
        }
        page.line(0, "Allocated resources:");
        page.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
        page.line(1, "Resource\tRequests\tLimits");
        page.line(1, "--------\t--------\t------");
        let has = |name: &&str| !name.starts_with("hugepages") || allocatable.contains_key(*name);
        for resource in RESOURCES.into_iter().filter(has) {
            let requests = share(resource, asked(&pods, resource, false), &allocatable);
            let limits = share(resource, asked(&pods, resource, true), &allocatable);
            page.line(1, format!("{resource}\t{requests}\t{limits}"));
        }
    }
}

impl Page {
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

/// What pods ask for of a resource, in thousandths.
fn asked(pods: &[Pod], resource: &str, limit: bool) -> i128 {
    let containers = pods.iter().flat_map(|pod| pod.spec.iter().flat_map(|spec| &spec.containers));
    containers
        .filter_map(|container| {
            let resources = container.resources.as_ref()?;
            let amounts = if limit { &resources.limits } else { &resources.requests };
            amounts.as_ref()?.get(resource).map(|amount| quantity::thousandths(&amount.0))
        })
        .sum()
}

/// `250m (12%)`
fn share(resource: &str, asked: i128, allocatable: &BTreeMap<String, Quantity>) -> String {
    let whole = allocatable.get(resource).map_or(0, |amount| quantity::thousandths(&amount.0));
    let percent = if whole == 0 { 0 } else { asked * 100 / whole };
    format!("{} ({percent}%)", shown(resource, asked))
}

/// Thousandths as a quantity: `1500m`, `2`, `64Mi`.
fn shown(resource: &str, thousandths: i128) -> String {
    if thousandths % 1000 != 0 {
        return format!("{thousandths}m");
    }
    let whole = thousandths / 1000;
    if resource == "cpu" || whole == 0 {
        return whole.to_string();
    }
    for (unit, size) in [("Gi", 1_i128 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)] {
        if whole % size == 0 {
            return format!("{}{unit}", whole / size);
        }
    }
    whole.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_summed_and_shown_in_their_own_units() {
        let amount = quantity::thousandths;
        assert_eq!(shown("cpu", amount("1") + amount("500m")), "1500m");
        assert_eq!(shown("memory", amount("64Mi") + amount("64Mi")), "128Mi");
        assert_eq!(shown("memory", amount("1000")), "1000");
    }
}
