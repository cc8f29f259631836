//! PersistentVolumeClaims, and the templates that they are made from.

use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, PersistentVolumeClaimTemplate,
    TypedLocalObjectReference,
};

use super::Reader;
use super::page::{Page, date_or_zero, notes, pairs};
use crate::api::table::{access_modes, claim_class, since};
use crate::api::{Kind, Object, Pod, SharedSpec};

impl Reader<'_, '_> {
    /// A PersistentVolumeClaim's description.
    pub(super) fn volume_claim(
        &mut self,
        object: &Object,
        claim: &PersistentVolumeClaim,
    ) -> String {
        let mut page = Page::default();
        let spec = claim.spec.clone().unwrap_or_default();
        let status = claim.status.clone().unwrap_or_default();
        page.names(&claim.metadata);
        page.field("StorageClass", claim_class(claim.metadata.annotations.as_ref(), &spec));
        match &claim.metadata.deletion_timestamp {
            Some(deleted) => {
                let age = since(Some(deleted), self.io.now());
                page.field("Status", format!("Terminating (lasts {age})"));
            }
            None => page.field("Status", status.phase.as_deref().unwrap_or("")),
        }
        page.field("Volume", spec.volume_name.as_deref().unwrap_or(""));
        page.labels_and_annotations(&claim.metadata);
        let finalizers = claim.metadata.finalizers.clone().unwrap_or_default().join(" ");
        page.field("Finalizers", format!("[{finalizers}]"));
        let bound = spec.volume_name.as_ref().is_some_and(|volume| !volume.is_empty());
        let storage = status.capacity.as_ref().and_then(|capacity| capacity.get("storage"));
        let capacity = storage.map_or("0", |storage| &storage.0);
        page.field("Capacity", if bound { capacity } else { "" });
        let modes = status.access_modes.as_deref().unwrap_or_default();
        page.field("Access Modes", if bound { access_modes(modes) } else { String::new() });
        page.claim_source(&spec, 0);
        let users = self.users(object);
        page.list("Used By", &users);
        let conditions = status.conditions.unwrap_or_default();
        if !conditions.is_empty() {
            page.line(0, "Conditions:");
            page.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
            page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        }
        for condition in conditions {
            let probed = date_or_zero(condition.last_probe_time.as_ref());
            let changed = date_or_zero(condition.last_transition_time.as_ref());
            let (of_type, status) = (condition.type_, condition.status);
            let reason = condition.reason.unwrap_or_default();
            let message = condition.message.unwrap_or_default();
            page.line(
                1,
                format!("{of_type} \t{status} \t{probed} \t{changed} \t{reason} \t{message}"),
            );
        }
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// The pods that mount a claim or were given it, by name.
    fn users(&mut self, claim: &Object) -> Vec<String> {
        let owners = claim.metadata().owner_references.as_deref().unwrap_or_default();
        let owns = |pod: &Pod| {
            owners.iter().any(|owner| {
                owner.kind == "Pod" && Some(owner.uid.as_str()) == pod.metadata.uid.as_deref()
            })
        };
        let mut names: Vec<String> = self
            .all(Kind::Pod, Some(claim.namespace().to_owned()))
            .iter()
            .filter_map(|pod| pod.as_kind::<Pod>())
            .filter(|pod| mounts(pod, claim.name()) || owns(pod))
            .filter_map(|pod| pod.metadata.name.clone())
            .collect();
        names.sort();
        names
    }
}

fn mounts(pod: &Pod, claim: &str) -> bool {
    let spec = pod.spec.as_ref().map(SharedSpec::full).unwrap_or_default();
    spec.volumes.iter().flatten().any(|volume| {
        volume.persistent_volume_claim.as_ref().is_some_and(|source| source.claim_name == claim)
    })
}

impl Page {
    /// A template's claim: what will be asked for, and nothing of what was given.
    pub(super) fn claim_template(
        &mut self,
        template: &PersistentVolumeClaimTemplate,
        level: usize,
    ) {
        let metadata = template.metadata.clone().unwrap_or_default();
        let spec = &template.spec;
        let class = claim_class(metadata.annotations.as_ref(), spec);
        self.line(level, format!("StorageClass:\t{class}"));
        self.line(level, format!("Volume:\t{}", spec.volume_name.as_deref().unwrap_or("")));
        let none = |items: Vec<String>| match items.as_slice() {
            [] => vec!["<none>".to_owned()],
            _ => items,
        };
        self.deep_list(level, "Labels", &none(pairs(metadata.labels.as_ref())));
        self.deep_list(level, "Annotations", &none(notes(metadata.annotations.as_ref())));
        self.line(level, "Capacity:\t");
        self.line(level, "Access Modes:\t");
        self.claim_source(spec, level);
    }

    /// The end of a claim: what is in its volume from the first.
    fn claim_source(&mut self, spec: &PersistentVolumeClaimSpec, level: usize) {
        if let Some(mode) = &spec.volume_mode {
            self.line(level, format!("VolumeMode:\t{mode}"));
        }
        if let Some(TypedLocalObjectReference { api_group, kind, name }) = &spec.data_source {
            self.line(level, "DataSource:");
            if let Some(group) = api_group {
                self.line(level + 1, format!("APIGroup:\t{group}"));
            }
            self.line(level + 1, format!("Kind:\t{kind}"));
            self.line(level + 1, format!("Name:\t{name}"));
        }
    }
}
