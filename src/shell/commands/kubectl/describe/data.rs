//! ConfigMaps and Secrets.

use k8s_openapi::api::core::v1::{ConfigMap, Secret};

use super::Reader;
use super::page::Page;
use crate::api::Object;

impl Reader<'_, '_> {
    /// A ConfigMap's description.
    pub(super) fn config_map(&mut self, object: &Object, map: &ConfigMap) -> String {
        let mut page = Page::default();
        page.names(&map.metadata);
        page.labels_and_annotations(&map.metadata);
        page.flush();
        page.line(0, "\nData\n====");
        for (key, value) in map.data.iter().flatten() {
            page.line(0, format!("{key}:\n----\n{value}\n"));
        }
        page.line(0, "\nBinaryData\n====");
        for (key, value) in map.binary_data.iter().flatten() {
            page.line(0, format!("{key}: {} bytes", value.0.len()));
        }
        page.line(0, "");
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }

    /// A Secret's description: sizes, not contents.
    pub(super) fn secret(&mut self, _: &Object, secret: &Secret) -> String {
        let mut page = Page::default();
        page.names(&secret.metadata);
        page.labels_and_annotations(&secret.metadata);
        page.line(0, format!("\nType:\t{}", secret.type_.as_deref().unwrap_or("")));
        page.line(0, "\nData\n====");
        let of_account = secret.type_.as_deref() == Some("kubernetes.io/service-account-token");
        for (key, value) in secret.data.iter().flatten() {
            // A service account's token is shown: it is there to be copied.
            match std::str::from_utf8(&value.0) {
                Ok(token) if of_account && key == "token" => {
                    page.line(0, format!("{key}:\t{token}"));
                }
                _ => page.line(0, format!("{key}:\t{} bytes", value.0.len())),
            }
        }
        page.finish()
    }
}
