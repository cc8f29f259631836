//! Jobs that are done: they make no more pods.

use k8s_openapi::api::batch::v1::Job;

use super::look::{self, shown_name};
use super::{Diagnosis, Facts};
use crate::api::LabelSelector;

/// A Job of the namespace (of all, where it is empty) whose pods would have these labels, and which has
/// succeeded.
pub(super) fn done(
    facts: &Facts<'_>,
    namespace: &str,
    selector: &LabelSelector,
) -> Option<Diagnosis> {
    let space = (!namespace.is_empty()).then_some(namespace);
    let job = facts.case.cluster.objects().list::<Job>(space).find(|job| {
        let labels = job.spec.as_ref().and_then(|spec| spec.template.metadata.as_ref());
        let labels = labels.and_then(|metadata| metadata.labels.as_ref());
        let status = job.status.as_ref();
        selector.matches(labels) && status.is_some_and(|status| status.completion_time.is_some())
    })?;
    let namespace = job.metadata.namespace.as_deref().unwrap_or("");
    let name = job.metadata.name.as_deref().unwrap_or("");
    Some(
        Diagnosis::new(
            "nothing-brings-it-back",
            format!("Job {} is done, so it makes no more pods", shown_name(namespace, name)),
        )
        .look([look::describe("job", namespace, name)])
        .fact("a Job wants its pods to end: one that has ended with exit code 0 is a success, and is not made again")
        .at(facts.locator.field("Job", namespace, name, "kind"))
        .fix("make a Deployment of it, which keeps its pods, apply, and send again"),
    )
}
