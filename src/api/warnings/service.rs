//! Remarks on Services.

use k8s_openapi::api::core::v1::ServiceSpec;

pub(super) fn spec(spec: Option<&ServiceSpec>) -> Vec<String> {
    let Some(spec) = spec else { return Vec::new() };
    let mut remarks = Vec::new();
    let kind = spec.type_.as_deref();
    // Recording 04.
    if spec.external_ips.as_ref().is_some_and(|list| !list.is_empty()) {
        if kind == Some("ExternalName") {
            remarks.push("spec.externalIPs is ignored when type is \"ExternalName\"".to_owned());
        } else {
            remarks.push(
                "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
                    .to_owned(),
            );
        }
    }
    let headless = spec.cluster_ip.as_deref() == Some("None");
    if headless && spec.session_affinity.as_deref() == Some("ClientIP") {
        remarks.push("spec.SessionAffinity is ignored for headless services".to_owned());
    }
    remarks
}
