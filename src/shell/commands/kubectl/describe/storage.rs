//! PersistentVolumes and StorageClasses (`describePersistentVolume`, `describeStorageClass`).

use k8s_openapi::api::core::v1::{
    CSIVolumeSource, PersistentVolume, PersistentVolumeSpec, Volume, VolumeNodeAffinity,
};
use k8s_openapi::api::storage::v1::StorageClass;

use super::Reader;
use super::page::{Page, yes};
use crate::api::table::{access_modes, format_labels, since};
use crate::api::{Object, storage};

impl Reader<'_, '_> {
    /// A PersistentVolume's description.
    pub(super) fn volume(&mut self, object: &Object, volume: &PersistentVolume) -> String {
        let mut page = Page::default();
        let spec = volume.spec.clone().unwrap_or_default();
        let status = volume.status.clone().unwrap_or_default();
        page.field("Name", object.name());
        page.labels_and_annotations(&volume.metadata);
        let finalizers = volume.metadata.finalizers.clone().unwrap_or_default().join(" ");
        page.field("Finalizers", format!("[{finalizers}]"));
        page.field("StorageClass", spec.storage_class_name.as_deref().unwrap_or(""));
        match &volume.metadata.deletion_timestamp {
            Some(deleted) => {
                let age = since(Some(deleted), self.io.now());
                page.field("Status", format!("Terminating (lasts {age})"));
            }
            None => page.field("Status", status.phase.as_deref().unwrap_or("")),
        }
        let claim = spec.claim_ref.as_ref().map(|claim| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            format!("{}/{}", text(&claim.namespace), text(&claim.name))
        });
        page.field("Claim", claim.unwrap_or_default());
        let policy = spec.persistent_volume_reclaim_policy.as_deref().unwrap_or("");
        page.field("Reclaim Policy", policy);
        page.field("Access Modes", access_modes(spec.access_modes.as_deref().unwrap_or_default()));
        if let Some(mode) = &spec.volume_mode {
            page.field("VolumeMode", mode);
        }
        let storage = spec.capacity.as_ref().and_then(|capacity| capacity.get("storage"));
        page.field("Capacity", storage.map_or("0", |storage| &storage.0));
        page.node_affinity(spec.node_affinity.as_ref());
        page.field("Message", status.message.as_deref().unwrap_or(""));
        page.line(0, "Source:");
        page.source(spec);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// A StorageClass's description.
    pub(super) fn storage_class(&mut self, object: &Object, class: &StorageClass) -> String {
        let mut page = Page::default();
        page.field("Name", object.name());
        page.field("IsDefaultClass", if storage::is_default(class) { "Yes" } else { "No" });
        page.field("Annotations", format_labels(class.metadata.annotations.as_ref()));
        page.field("Provisioner", &class.provisioner);
        page.field("Parameters", format_labels(class.parameters.as_ref()));
        page.field("AllowVolumeExpansion", class.allow_volume_expansion.map_or("<unset>", yes));
        let options = class.mount_options.as_deref().unwrap_or_default();
        if options.is_empty() {
            page.field("MountOptions", "<none>");
        } else {
            page.line(0, "MountOptions:");
            options.iter().for_each(|option| page.line(1, option));
        }
        for (title, text) in [
            ("ReclaimPolicy", &class.reclaim_policy),
            ("VolumeBindingMode", &class.volume_binding_mode),
        ] {
            if let Some(text) = text {
                page.field(title, text);
            }
        }
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}

impl Page {
    fn node_affinity(&mut self, affinity: Option<&VolumeNodeAffinity>) {
        let Some(required) = affinity.and_then(|affinity| affinity.required.as_ref()) else {
            return self.field("Node Affinity", "<none>");
        };
        self.field("Node Affinity", "");
        self.line(1, "Required Terms:\t");
        for (index, term) in required.node_selector_terms.iter().enumerate() {
            let mut title = format!("Term {index}:");
            for needed in term.match_expressions.iter().flatten() {
                let values = needed.values.as_deref().unwrap_or_default();
                let values = match values {
                    [] => String::new(),
                    values => format!(" [{}]", values.join(", ")),
                };
                let operator = needed.operator.to_lowercase();
                self.line(2, format!("{title}\t{} {operator}{values}", needed.key));
                title.clear();
            }
        }
    }

    /// Where a volume's data are.
    fn source(&mut self, spec: PersistentVolumeSpec) {
        if let Some(local) = &spec.local {
            self.line(
                2,
                "Type:\tLocalVolume (a persistent volume backed by local storage on a node)",
            );
            self.line(2, format!("Path:\t{}", local.path));
            return;
        }
        let csi = spec.csi.map(|csi| {
            let handle = csi.volume_handle;
            let source = CSIVolumeSource {
                driver: csi.driver,
                fs_type: csi.fs_type,
                read_only: csi.read_only,
                volume_attributes: csi.volume_attributes,
                ..CSIVolumeSource::default()
            };
            (source, handle)
        });
        if let Some((source, handle)) = &csi {
            return self.csi(source, Some(handle));
        }
        self.volume(&Volume { host_path: spec.host_path, nfs: spec.nfs, ..Volume::default() });
    }
}
