//! Volumes.

use k8s_openapi::api::core::v1::{CSIVolumeSource, ProjectedVolumeSource, Volume};

use super::page::{LONGEST_ANNOTATION, Page, cut, pairs};
use crate::manifest::quantity;

impl Page {
    /// The section of a pod's volumes; of a template's when `template`.
    pub(super) fn volumes(&mut self, volumes: &[Volume], template: bool) {
        let indent = if template { "  " } else { "" };
        if volumes.is_empty() {
            self.line(0, format!("{indent}Volumes:\t<none>"));
            return;
        }
        self.line(0, format!("{indent}Volumes:"));
        for volume in volumes {
            let space = if template { " " } else { "" };
            self.line(1, format!("{space}{}:", volume.name));
            self.volume(volume);
        }
    }

    /// Where a volume's data come from.
    pub(super) fn volume(&mut self, volume: &Volume) {
        if let Some(path) = &volume.host_path {
            self.line(2, "Type:\tHostPath (bare host directory volume)");
            self.line(2, format!("Path:\t{}", path.path));
            let kind = path.type_.as_deref().unwrap_or("<none>");
            self.line(2, format!("HostPathType:\t{kind}"));
        } else if let Some(directory) = &volume.empty_dir {
            self.line(2, "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)");
            self.line(2, format!("Medium:\t{}", directory.medium.as_deref().unwrap_or("")));
            let limit = directory.size_limit.as_ref().map(|limit| limit.0.as_str());
            let limit = limit.filter(|limit| quantity::thousandths(limit) > 0);
            let limit = limit.unwrap_or("<unset>");
            self.line(2, format!("SizeLimit:\t{limit}"));
        } else if let Some(secret) = &volume.secret {
            self.line(2, "Type:\tSecret (a volume populated by a Secret)");
            self.line(2, format!("SecretName:\t{}", secret.secret_name.as_deref().unwrap_or("")));
            self.line(2, format!("Optional:\t{}", secret.optional.unwrap_or(false)));
        } else if let Some(map) = &volume.config_map {
            self.line(2, "Type:\tConfigMap (a volume populated by a ConfigMap)");
            self.line(2, format!("Name:\t{}", map.name));
            self.line(2, format!("Optional:\t{}", map.optional.unwrap_or(false)));
        } else if let Some(claim) = &volume.persistent_volume_claim {
            self.line(
                2,
                "Type:\tPersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same \
                 namespace)",
            );
            self.line(2, format!("ClaimName:\t{}", claim.claim_name));
            self.line(2, format!("ReadOnly:\t{}", claim.read_only.unwrap_or(false)));
        } else if let Some(api) = &volume.downward_api {
            self.line(2, "Type:\tDownwardAPI (a volume populated by information about the pod)");
            self.line(2, "Items:");
            for item in api.items.iter().flatten() {
                let field = item.field_ref.as_ref().map(|field| &field.field_path);
                let resource = item.resource_field_ref.as_ref().map(|field| &field.resource);
                for source in field.into_iter().chain(resource) {
                    self.line(3, format!("{source} -> {}", item.path));
                }
            }
        } else if let Some(projected) = &volume.projected {
            self.projected(projected);
        } else {
            self.rare_volume(volume);
        }
    }

    /// Volumes that are not of the cluster's own making.
    fn rare_volume(&mut self, volume: &Volume) {
        if let Some(repository) = &volume.git_repo {
            self.line(
                2,
                "Type:\tGitRepo (a volume that is pulled from git when the pod is created)",
            );
            self.line(2, format!("Repository:\t{}", repository.repository));
            let revision = repository.revision.as_deref().unwrap_or("");
            self.line(2, format!("Revision:\t{revision}"));
        } else if let Some(nfs) = &volume.nfs {
            self.line(2, "Type:\tNFS (an NFS mount that lasts the lifetime of a pod)");
            self.line(2, format!("Server:\t{}", nfs.server));
            self.line(2, format!("Path:\t{}", nfs.path));
            self.line(2, format!("ReadOnly:\t{}", nfs.read_only.unwrap_or(false)));
        } else if let Some(ephemeral) = &volume.ephemeral {
            self.line(
                2,
                "Type:\tEphemeralVolume (an inline specification for a volume that gets created and \
                 deleted with the pod)",
            );
            if let Some(template) = &ephemeral.volume_claim_template {
                self.claim_template(template, 2);
            }
        } else if let Some(csi) = &volume.csi {
            self.csi(csi, None);
        } else if let Some(image) = &volume.image {
            self.line(2, "Type:\tImage (a container image or OCI artifact)");
            self.line(2, format!("Reference:\t{}", image.reference.as_deref().unwrap_or("")));
            let policy = image.pull_policy.as_deref().unwrap_or("");
            self.line(2, format!("PullPolicy:\t{policy}"));
        } else {
            self.line(1, "<unknown>");
        }
    }

    /// A driver's volume; a PersistentVolume's has a `handle`.
    pub(super) fn csi(&mut self, csi: &CSIVolumeSource, handle: Option<&str>) {
        self.line(2, "Type:\tCSI (a Container Storage Interface (CSI) volume source)");
        self.line(2, format!("Driver:\t{}", csi.driver));
        self.line(2, format!("FSType:\t{}", csi.fs_type.as_deref().unwrap_or("")));
        if let Some(handle) = handle {
            self.line(2, format!("VolumeHandle:\t{handle}"));
        }
        self.line(2, format!("ReadOnly:\t{}", csi.read_only.unwrap_or(false)));
        let attributes: Vec<String> = pairs(csi.volume_attributes.as_ref())
            .iter()
            .map(|line| cut(line, LONGEST_ANNOTATION))
            .collect();
        match attributes.as_slice() {
            [] => self.line(2, "VolumeAttributes:\t<none>"),
            attributes => self.deep_list(2, "VolumeAttributes", attributes),
        }
    }

    fn projected(&mut self, projected: &ProjectedVolumeSource) {
        self.line(
            2,
            "Type:\tProjected (a volume that contains injected data from multiple sources)",
        );
        for source in projected.sources.iter().flatten() {
            if let Some(secret) = &source.secret {
                self.line(2, format!("SecretName:\t{}", secret.name));
                self.line(2, format!("Optional:\t{}", secret.optional.unwrap_or(false)));
            } else if source.downward_api.is_some() {
                self.line(2, "DownwardAPI:\ttrue");
            } else if let Some(map) = &source.config_map {
                self.line(2, format!("ConfigMapName:\t{}", map.name));
                self.line(2, format!("Optional:\t{}", map.optional.unwrap_or(false)));
            } else if let Some(token) = &source.service_account_token {
                let seconds = token.expiration_seconds.unwrap_or(0);
                self.line(2, format!("TokenExpirationSeconds:\t{seconds}"));
            }
        }
    }
}
