//! Pods, and the templates that they are made from.

use k8s_openapi::api::core::v1::{PodTemplateSpec, Toleration, TopologySpreadConstraint};

use super::Reader;
use super::containers::Owner;
use super::page::{Page, controller, date};
use crate::api::table::{format_selector, since};
use crate::api::{Object, Pod, SharedSpec};

impl Reader<'_, '_> {
    /// A pod's description.
    pub(super) fn pod(&mut self, object: &Object, pod: &Pod) -> String {
        let mut page = Page::default();
        self.head(&mut page, pod);
        containers(&mut page, object, pod);
        let spec = pod.spec.as_ref().map(SharedSpec::full).unwrap_or_default();
        let status = pod.status.clone().unwrap_or_default();
        if let Some(gates) = spec.readiness_gates.as_ref().filter(|gates| !gates.is_empty()) {
            page.line(0, "Readiness Gates:");
            page.line(1, "Type\tStatus");
            for gate in gates {
                let mut conditions = status.conditions.iter();
                let found = conditions.find(|c| c.type_ == gate.condition_type);
                let state = found.map_or("<none>", |condition| condition.status.as_str());
                page.line(1, format!("{} \t{state} ", gate.condition_type));
            }
        }
        if !status.conditions.is_empty() {
            page.line(0, "Conditions:");
            page.line(1, "Type\tStatus");
            for condition in status.conditions.iter() {
                page.line(1, format!("{} \t{} ", condition.type_, condition.status));
            }
        }
        page.volumes(spec.volumes.as_deref().unwrap_or_default(), false);
        page.field("QoS Class", status.qos_class.as_deref().unwrap_or(""));
        page.labels("Node-Selectors", spec.node_selector.as_ref());
        page.tolerations("Tolerations", spec.tolerations.as_deref().unwrap_or_default());
        page.spread("", spec.topology_spread_constraints.as_deref());
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    fn head(&self, page: &mut Page, pod: &Pod) {
        let spec = pod.spec.as_ref().map(SharedSpec::full).unwrap_or_default();
        let status = pod.status.clone().unwrap_or_default();
        page.names(&pod.metadata);
        if let Some(priority) = spec.priority {
            page.field("Priority", priority);
        }
        if let Some(class) = filled(spec.priority_class_name.as_deref()) {
            page.field("Priority Class Name", class);
        }
        if let Some(class) = filled(spec.runtime_class_name.as_deref()) {
            page.field("Runtime Class Name", class);
        }
        if let Some(account) = filled(spec.service_account_name.as_deref()) {
            page.field("Service Account", account);
        }
        match filled(spec.node_name.as_deref()) {
            Some(node) => {
                page.field("Node", format!("{node}/{}", status.host_ip.as_deref().unwrap_or("")));
            }
            None => page.field("Node", "<none>"),
        }
        if let Some(start) = &status.start_time {
            page.field("Start Time", date(start));
        }
        page.labels_and_annotations(&pod.metadata);
        let ended = matches!(status.phase.as_deref(), Some("Failed" | "Succeeded"));
        match pod.metadata.deletion_timestamp.as_ref().filter(|_| !ended) {
            Some(deleted) => {
                let age = since(Some(deleted), self.io.now());
                page.field("Status", format!("Terminating (lasts {age})"));
                let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
                page.field("Termination Grace Period", format!("{grace}s"));
            }
            None => page.field("Status", status.phase.as_deref().unwrap_or("")),
        }
        if let Some(reason) = filled(status.reason.as_deref()) {
            page.field("Reason", reason);
        }
        if let Some(message) = filled(status.message.as_deref()) {
            page.field("Message", message);
        }
        let security = spec.security_context.as_ref();
        if let Some(profile) = security.and_then(|security| security.seccomp_profile.as_ref()) {
            page.seccomp(profile, 0, 0);
        }
        page.field("IP", status.pod_ip.as_deref().unwrap_or(""));
        let ips = status.pod_ips.as_deref().unwrap_or_default();
        if ips.is_empty() {
            page.field("IPs", "<none>");
        } else {
            page.line(0, "IPs:");
            for ip in ips {
                page.line(1, format!("IP:\t{}", ip.ip));
            }
        }
        if let Some(owner) = controller(&pod.metadata) {
            page.field("Controlled By", owner);
        }
        if let Some(node) = filled(status.nominated_node_name.as_deref()) {
            page.field("NominatedNodeName", node);
        }
        if let Some(resources) = &spec.resources {
            page.line(0, "Resources:");
            page.resources(resources, 1);
        }
    }
}

fn containers(page: &mut Page, object: &Object, pod: &Pod) {
    let value = object.to_value();
    let spec = pod.spec.as_ref().map(SharedSpec::full).unwrap_or_default();
    let status = pod.status.clone().unwrap_or_default();
    if let Some(init) = spec.init_containers.as_ref().filter(|init| !init.is_empty()) {
        let statuses = status.init_container_statuses.as_deref().unwrap_or_default();
        page.containers("Init Containers", init, Owner::Pod { pod: &value, statuses });
    }
    let statuses = status.container_statuses.as_deref().unwrap_or_default();
    page.containers("Containers", &spec.containers, Owner::Pod { pod: &value, statuses });
    let ephemeral = super::super::pods::ephemeral(pod);
    if !ephemeral.is_empty() {
        let statuses = status.ephemeral_container_statuses.as_deref().unwrap_or_default();
        page.containers("Ephemeral Containers", &ephemeral, Owner::Pod { pod: &value, statuses });
    }
}

/// A text that is not empty.
pub(super) fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

impl Page {
    /// The section `Pod Template:`.
    pub(super) fn template(&mut self, template: &PodTemplateSpec) {
        self.line(0, "Pod Template:");
        let metadata = template.metadata.clone().unwrap_or_default();
        let spec = template.spec.clone().unwrap_or_default();
        self.labels("  Labels", metadata.labels.as_ref());
        if metadata.annotations.as_ref().is_some_and(|annotations| !annotations.is_empty()) {
            self.annotations("  Annotations", metadata.annotations.as_ref());
        }
        if let Some(account) = filled(spec.service_account_name.as_deref()) {
            self.line(1, format!("Service Account:\t{account}"));
        }
        if let Some(init) = spec.init_containers.as_ref().filter(|init| !init.is_empty()) {
            self.containers("Init Containers", init, Owner::Template);
        }
        self.containers("Containers", &spec.containers, Owner::Template);
        self.volumes(spec.volumes.as_deref().unwrap_or_default(), true);
        self.spread("  ", spec.topology_spread_constraints.as_deref());
        if let Some(class) = filled(spec.priority_class_name.as_deref()) {
            self.line(1, format!("Priority Class Name:\t{class}"));
        }
        self.labels("  Node-Selectors", spec.node_selector.as_ref());
        self.tolerations("  Tolerations", spec.tolerations.as_deref().unwrap_or_default());
    }

    /// How pods are spread over the nodes, one rule a line, by key.
    fn spread(&mut self, indent: &str, rules: Option<&[TopologySpreadConstraint]>) {
        let mut sorted: Vec<&TopologySpreadConstraint> = rules.into_iter().flatten().collect();
        sorted.sort_by(|a, b| a.topology_key.cmp(&b.topology_key));
        let items: Vec<String> = sorted.into_iter().map(spread).collect();
        if !items.is_empty() {
            self.list(&format!("{indent}Topology Spread Constraints"), &items);
        }
    }

    /// Tolerations, one a line, by key.
    pub(super) fn tolerations(&mut self, title: &str, tolerations: &[Toleration]) {
        let mut sorted: Vec<&Toleration> = tolerations.iter().collect();
        sorted.sort_by(|a, b| a.key.cmp(&b.key));
        let items: Vec<String> = sorted.into_iter().map(toleration).collect();
        self.list(title, &items);
    }
}

/// `zone:DoNotSchedule when max skew 1 is exceeded for selector app=web`
fn spread(rule: &TopologySpreadConstraint) -> String {
    let (key, action) = (&rule.topology_key, &rule.when_unsatisfiable);
    let text = format!("{key}:{action} when max skew {} is exceeded", rule.max_skew);
    match &rule.label_selector {
        Some(selector) => format!("{text} for selector {}", format_selector(Some(selector))),
        None => text,
    }
}

/// `node.kubernetes.io/not-ready:NoExecute op=Exists for 300s`
fn toleration(toleration: &Toleration) -> String {
    let mut text = toleration.key.clone().unwrap_or_default();
    if let Some(value) = filled(toleration.value.as_deref()) {
        text += &format!("={value}");
    }
    if let Some(effect) = filled(toleration.effect.as_deref()) {
        text += &format!(":{effect}");
    }
    let any_value = filled(toleration.value.as_deref()).is_none();
    if toleration.operator.as_deref() == Some("Exists") && any_value {
        text += if text.is_empty() { "op=Exists" } else { " op=Exists" };
    }
    if let Some(seconds) = toleration.toleration_seconds {
        text += &format!(" for {seconds}s");
    }
    text
}
