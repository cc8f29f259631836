//! Whom the goal wants: the pods that it would take an answer from, and how they are called.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;

use super::look::{self, shown_name};
use super::{Diagnosis, Facts, services};
use crate::api::Pod;
use crate::level::format::Expect;

/// Whether somebody who expects this would take an answer from a pod: one with the labels or the name that are
/// asked for.
pub(super) fn wants(expect: &Expect, pod: &Pod) -> bool {
    let labels = pod.metadata.labels.as_ref();
    let has =
        |(key, value): (&String, &String)| labels.and_then(|labels| labels.get(key)) == Some(value);
    match expect.served_by_pod.is_empty() {
        true => !expect.served_by.is_empty() && expect.served_by.iter().all(has),
        false => {
            let name = pod.metadata.name.as_ref();
            name.is_some_and(|name| expect.served_by_pod.contains(name))
        }
    }
}

impl Facts<'_> {
    /// Whether the goal would take an answer from this pod.
    pub fn is_wanted(&self, pod: &Pod) -> bool {
        wants(&self.case.goal.expect, pod)
    }

    /// The Service that selects a pod that the goal would take an answer from.
    pub fn wanted_service(&self) -> Option<&Arc<Service>> {
        let mut services = self.case.cluster.objects().list::<Service>(None);
        services.find(|service| {
            let (_, matching) = services::pods(self, service);
            matching.iter().any(|pod| self.is_wanted(pod))
        })
    }

    /// A pod that the goal would take an answer from, with its address.
    fn wanted_address(&self) -> Option<(String, String)> {
        let mut pods = self.case.cluster.objects().list::<Pod>(None);
        let pod = pods.find(|pod| {
            self.is_wanted(pod) && pod.status.as_ref().is_some_and(|s| s.pod_ip.is_some())
        })?;
        let namespace = pod.metadata.namespace.as_deref()?;
        let name = shown_name(namespace, pod.metadata.name.as_deref()?);
        Some((name, pod.status.as_ref()?.pod_ip.clone()?))
    }

    /// What was said, with a pod's way out: the Service that leads to the pods that are wanted, by its name; or
    /// where there is none, a wanted pod's address. `None` where nobody is wanted who is there.
    pub fn call_the_wanted(&self, said: &Diagnosis) -> Option<Diagnosis> {
        if let Some(service) = self.wanted_service() {
            let (namespace, name) = services::full_name(service);
            let name = shown_name(namespace, name);
            let said = said.clone().nearest(Some(format!("Service {name}, by its name")));
            return Some(said.fix(format!("call Service {name} by its name, and send again")));
        }
        let (pod, address) = self.wanted_address()?;
        Some(
            said.clone()
                .nearest(Some(format!("{address}, which pod {pod} has")))
                .look([look::pods(&self.namespace())])
                .fix(format!("write {address}, the address of pod {pod}, apply, and send again")),
        )
    }
}
