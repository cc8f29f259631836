//! ServiceAccounts.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::Reader;
use super::page::Page;
use crate::api::Object;

impl Reader<'_, '_> {
    /// A ServiceAccount's description.
    pub(super) fn service_account(&mut self, object: &Object, account: &ServiceAccount) -> String {
        let mut page = Page::default();
        page.names(&account.metadata);
        page.labels_and_annotations(&account.metadata);
        let pulls: Vec<String> =
            account.image_pull_secrets.iter().flatten().map(|secret| secret.name.clone()).collect();
        page.list("Image pull secrets", &pulls);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}
