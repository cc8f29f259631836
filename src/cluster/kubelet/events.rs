//! What a kubelet tells of a pod: Events, the same one again counted instead of repeated.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use crate::api::ApiServer;
use crate::clock::SimTime;

/// Something to tell.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Whether it is a warning.
    pub warning: bool,
    /// `Pulled`
    pub reason: &'static str,
    /// `Container started`
    pub message: &'a str,
    /// `spec.containers{nginx}`; empty for the pod itself.
    pub field: &'a str,
}

/// Tells of one pod.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    told: BTreeMap<(&'static str, String, String), String>,
}

impl Recorder {
    /// Stores an event, or counts it once more.
    pub fn tell(&mut self, api: &mut ApiServer, now: SimTime, pod: &Pod, told: Told<'_>) {
        let key = (told.reason, told.message.to_owned(), told.field.to_owned());
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
        if let Some(known) = self.told.get(&key)
            && let Some(stored) = api.store().get::<Event>(namespace, known)
        {
            let mut event = Event::clone(stored);
            event.count = Some(event.count.unwrap_or(1) + 1);
            event.last_timestamp = Some(Time(now.whole_seconds()));
            let _ = api.update(now, event);
            return;
        }
        let event = event(now, pod, told, self.told.len());
        let name = event.metadata.name.clone().unwrap_or_default();
        // A namespace that is on its way out refuses new objects; nobody is left to read them.
        if api.create(now, event).is_ok() {
            self.told.insert(key, name);
        }
    }
}

fn event(now: SimTime, pod: &Pod, told: Told<'_>, number: usize) -> Event {
    let metadata = &pod.metadata;
    let name = metadata.name.as_deref().unwrap_or("");
    let nanos = now.timestamp().as_nanosecond() + number as i128;
    let host = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    let at = Time(now.whole_seconds());
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{name}.{nanos:x}")),
            namespace: metadata.namespace.clone(),
            ..ObjectMeta::default()
        },
        involved_object: ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Pod".to_owned()),
            name: metadata.name.clone(),
            namespace: metadata.namespace.clone(),
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
            field_path: (!told.field.is_empty()).then(|| told.field.to_owned()),
        },
        type_: Some(if told.warning { "Warning" } else { "Normal" }.to_owned()),
        reason: Some(told.reason.to_owned()),
        message: Some(told.message.to_owned()),
        count: Some(1),
        first_timestamp: Some(at.clone()),
        last_timestamp: Some(at),
        source: Some(EventSource { component: Some("kubelet".to_owned()), host: host.clone() }),
        reporting_component: Some("kubelet".to_owned()),
        reporting_instance: host,
        ..Event::default()
    }
}
