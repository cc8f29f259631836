//! NetworkPolicies.

use k8s_openapi::api::networking::v1::NetworkPolicy;

use super::format::{age, format_selector, name};
use super::{Columns, narrow};
use crate::clock::SimTime;

pub(super) const NETWORK_POLICY: Columns = &[narrow("NAME"), narrow("POD-SELECTOR"), narrow("AGE")];

pub(super) fn network_policy(policy: &NetworkPolicy, now: SimTime) -> Vec<String> {
    let selector = policy.spec.as_ref().and_then(|spec| spec.pod_selector.clone());
    vec![name(&policy.metadata), format_selector(selector.as_ref()), age(&policy.metadata, now)]
}
