//! Volumes.

use k8s_openapi::api::core::v1::{ProjectedVolumeSource, Volume};

use super::page::Page;

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

    fn volume(&mut self, volume: &Volume) {
        if let Some(path) = &volume.host_path {
            self.line(2, "Type:\tHostPath (bare host directory volume)");
            self.line(2, format!("Path:\t{}", path.path));
            self.line(2, format!("HostPathType:\t{}", path.type_.as_deref().unwrap_or("")));
        } else if let Some(directory) = &volume.empty_dir {
            self.line(2, "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)");
            self.line(2, format!("Medium:\t{}", directory.medium.as_deref().unwrap_or("")));
            let limit = directory.size_limit.as_ref().map_or("<unset>", |limit| limit.0.as_str());
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
                if let Some(field) = &item.field_ref {
                    self.line(3, format!("{} -> {}", field.field_path, item.path));
                }
            }
        } else if let Some(projected) = &volume.projected {
            self.projected(projected);
        } else {
            self.line(1, "<unknown>");
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
