//! Namespaces.

use k8s_openapi::api::core::v1::Namespace;

use super::report::Report;
use super::{metadata, names};

/// A new Namespace. Its finalizers are all told at one path.
pub(super) fn create_namespace(report: &mut Report, namespace: &Namespace) {
    metadata::create(report, &namespace.metadata, false, names::dns_label);
    let finalizers = namespace.spec.as_ref().and_then(|spec| spec.finalizers.as_ref());
    for finalizer in finalizers.into_iter().flatten() {
        let path = "spec.finalizers";
        report.invalid_for(path, finalizer, names::qualified_name(finalizer));
        metadata::standard_or_qualified(report, path, finalizer);
    }
}
