//! Deployments and ReplicaSets.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{PodTemplateSpec, ReplicationController};

use super::Reader;
use super::containers::port as number_or_share;
use super::page::{Page, controller, date_or_zero};
use crate::api::selector::LabelSelector;
use crate::api::table::{format_labels, format_selector};
use crate::api::{Kind, Object, Pod};
use crate::cluster::same_template;

impl Reader<'_, '_> {
    /// A Deployment's description.
    pub(super) fn deployment(&mut self, object: &Object, deployment: &Deployment) -> String {
        let mut page = Page::default();
        let spec = deployment.spec.clone().unwrap_or_default();
        let status = deployment.status.clone().unwrap_or_default();
        page.names(&deployment.metadata);
        let created = deployment.metadata.creation_timestamp.as_ref();
        page.field("CreationTimestamp", date_or_zero(created));
        page.labels_and_annotations(&deployment.metadata);
        page.field("Selector", format_selector(Some(&spec.selector)));
        page.field(
            "Replicas",
            format!(
                "{} desired | {} updated | {} total | {} available | {} unavailable",
                spec.replicas.unwrap_or(0),
                status.updated_replicas.unwrap_or(0),
                status.replicas.unwrap_or(0),
                status.available_replicas.unwrap_or(0),
                status.unavailable_replicas.unwrap_or(0)
            ),
        );
        let strategy = spec.strategy.clone().unwrap_or_default();
        page.field("StrategyType", strategy.type_.as_deref().unwrap_or(""));
        page.field("MinReadySeconds", spec.min_ready_seconds.unwrap_or(0));
        if let Some(rolling) = &strategy.rolling_update {
            let amount =
                |value: &Option<_>| value.as_ref().map(number_or_share).unwrap_or_default();
            page.field(
                "RollingUpdateStrategy",
                format!(
                    "{} max unavailable, {} max surge",
                    amount(&rolling.max_unavailable),
                    amount(&rolling.max_surge)
                ),
            );
        }
        page.template(&spec.template);
        let conditions = status.conditions.unwrap_or_default();
        page.conditions(conditions.iter().map(|condition| {
            condition_row(&condition.type_, &condition.status, condition.reason.as_deref())
        }));
        let (old, new) = self.replica_sets(object, deployment);
        if !old.is_empty() || !new.is_empty() {
            page.field("OldReplicaSets", replica_sets(&old));
            page.field("NewReplicaSet", replica_sets(&new));
        }
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// A Deployment's ReplicaSets: those of earlier templates, and the present one.
    fn replica_sets(
        &mut self,
        object: &Object,
        deployment: &Deployment,
    ) -> (Vec<ReplicaSet>, Vec<ReplicaSet>) {
        let uid = deployment.metadata.uid.as_deref();
        let mut own: Vec<ReplicaSet> = self
            .all(Kind::ReplicaSet, Some(object.namespace().to_owned()))
            .iter()
            .filter_map(|object| object.as_kind::<ReplicaSet>())
            .filter(|set| {
                let mut owners = set.metadata.owner_references.iter().flatten();
                owners.any(|owner| Some(owner.uid.as_str()) == uid)
            })
            .map(|set| set.as_ref().clone())
            .collect();
        own.sort_by(|a, b| {
            let time = |set: &ReplicaSet| set.metadata.creation_timestamp.as_ref().map(|t| t.0);
            time(a).cmp(&time(b))
        });
        let template = deployment.spec.as_ref().map(|spec| &spec.template);
        let is_present = |set: &ReplicaSet| {
            let own = set.spec.as_ref().and_then(|spec| spec.template.as_ref());
            own.zip(template).is_some_and(|(own, wanted)| same_template(own, wanted))
        };
        // Of a Deployment that is paused, none may be of the present template (`FindNewReplicaSet`).
        let present = own.iter().position(is_present);
        let new = present.map(|at| own.remove(at)).into_iter().collect();
        (own, new)
    }

    /// A ReplicaSet's description.
    pub(super) fn replica_set(&mut self, object: &Object, set: &ReplicaSet) -> String {
        let mut page = Page::default();
        let spec = set.spec.clone().unwrap_or_default();
        let status = set.status.clone().unwrap_or_default();
        page.names(&set.metadata);
        page.field("Selector", format_selector(Some(&spec.selector)));
        page.labels_and_annotations(&set.metadata);
        if let Some(owner) = controller(&set.metadata) {
            page.field("Controlled By", owner);
        }
        let counts = (status.replicas, spec.replicas.unwrap_or(0));
        let conditions = status.conditions.unwrap_or_default();
        let rows = conditions.iter().map(|condition| {
            condition_row(&condition.type_, &condition.status, condition.reason.as_deref())
        });
        self.copies(
            page,
            object,
            counts,
            &LabelSelector::of(&spec.selector),
            &spec.template.unwrap_or_default(),
            rows,
        )
    }

    /// A ReplicationController's description.
    pub(super) fn replication_controller(
        &mut self,
        object: &Object,
        controller: &ReplicationController,
    ) -> String {
        let mut page = Page::default();
        let spec = controller.spec.clone().unwrap_or_default();
        let status = controller.status.clone().unwrap_or_default();
        page.names(&controller.metadata);
        page.field("Selector", format_labels(spec.selector.as_ref()));
        page.labels_and_annotations(&controller.metadata);
        let selector = LabelSelector::equalities(spec.selector.iter().flatten());
        let counts = (status.replicas, spec.replicas.unwrap_or(0));
        let conditions = status.conditions.unwrap_or_default();
        let rows = conditions.iter().map(|condition| {
            condition_row(&condition.type_, &condition.status, condition.reason.as_deref())
        });
        self.copies(page, object, counts, &selector, &spec.template.unwrap_or_default(), rows)
    }

    /// The rest of the page of what keeps copies of a template: how many there are and should be, how they
    /// are, the template, the conditions' rows, the events.
    fn copies(
        &mut self,
        mut page: Page,
        object: &Object,
        (current, desired): (i32, i32),
        selector: &LabelSelector,
        template: &PodTemplateSpec,
        conditions: impl Iterator<Item = [String; 3]>,
    ) -> String {
        page.field("Replicas", format!("{current} current / {desired} desired"));
        page.field("Pods Status", self.pods_status(object, selector));
        page.template(template);
        page.conditions(conditions);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// `3 Running / 0 Waiting / 0 Succeeded / 0 Failed`: the pods that an object controls.
    pub(super) fn pods_status(&mut self, object: &Object, selector: &LabelSelector) -> String {
        let uid = object.metadata().uid.as_deref();
        let pods = self.all(Kind::Pod, Some(object.namespace().to_owned()));
        let own: Vec<&Pod> = pods
            .iter()
            .filter_map(|pod| pod.as_kind::<Pod>())
            .map(AsRef::as_ref)
            .filter(|pod| selector.matches(pod.metadata.labels.as_ref()))
            .filter(|pod| {
                let owners = pod.metadata.owner_references.as_deref().unwrap_or_default();
                let owner = owners.iter().find(|owner| owner.controller == Some(true));
                owner.is_some_and(|owner| Some(owner.uid.as_str()) == uid)
            })
            .collect();
        let count = |phase: &str| own.iter().filter(|pod| pod.phase() == phase).count();
        format!(
            "{} Running / {} Waiting / {} Succeeded / {} Failed",
            count("Running"),
            count("Pending"),
            count("Succeeded"),
            count("Failed")
        )
    }
}

fn replica_sets(sets: &[ReplicaSet]) -> String {
    let texts: Vec<String> = sets
        .iter()
        .map(|set| {
            let name = set.metadata.name.as_deref().unwrap_or("");
            let current = set.status.as_ref().map_or(0, |status| status.replicas);
            let desired = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(0);
            format!("{name} ({current}/{desired} replicas created)")
        })
        .collect();
    if texts.is_empty() { "<none>".to_owned() } else { texts.join(", ") }
}

impl Page {
    /// Conditions: type, status and reason of each; nothing when there are none.
    pub(super) fn conditions(&mut self, conditions: impl Iterator<Item = [String; 3]>) {
        let mut conditions = conditions.peekable();
        if conditions.peek().is_none() {
            return;
        }
        self.line(0, "Conditions:");
        self.line(1, "Type\tStatus\tReason");
        self.line(1, "----\t------\t------");
        for [of_type, status, reason] in conditions {
            self.line(1, format!("{of_type} \t{status}\t{reason}"));
        }
    }
}

/// A condition's row: its type, its status and its reason.
fn condition_row(of_type: &str, status: &str, reason: Option<&str>) -> [String; 3] {
    [of_type, status, reason.unwrap_or("")].map(str::to_owned)
}
