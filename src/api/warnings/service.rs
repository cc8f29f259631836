//! Remarks on Services.

use k8s_openapi::api::core::v1::ServiceSpec;

pub(super) fn spec(spec: Option<&ServiceSpec>) -> Vec<String> {
    let Some(spec) = spec else { return Vec::new() };
    let mut remarks = Vec::new();
    // Recording 04.
    if spec.external_ips.as_ref().is_some_and(|list| !list.is_empty()) {
        let text =
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
        remarks.push(text.to_owned());
    }
    remarks
}
