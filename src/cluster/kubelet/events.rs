//! What a kubelet tells of a pod: Events, the same one again counted instead of repeated.

use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use crate::api::{ApiServer, Pod};
use crate::clock::SimTime;
use crate::cluster::controllers::events::fingerprint;

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
    /// What was told, as a hash of the words, and the moment in its event's name. A kubelet keeps
    /// these for every pod, and the events have the words themselves.
    told: Vec<(u64, u64)>,
}

impl Recorder {
    /// Stores an event, or counts it once more.
    pub fn tell(&mut self, api: &mut ApiServer, now: SimTime, pod: &Pod, told: Told<'_>) {
        let words = fingerprint([told.reason, told.message, told.field]);
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("");
        let known = self.told.iter().position(|(known, _)| *known == words);
        if let Some(known) = known
            && let Some(stored) =
                api.store().get::<Event>(namespace, &name(pod, self.told[known].1))
        {
            let mut event = Event::clone(stored);
            event.count = Some(event.count.unwrap_or(1) + 1);
            event.last_timestamp = Some(Time(now.whole_seconds()));
            let _ = api.update(now, event);
            return;
        }
        let nanos = now.timestamp().as_nanosecond() as u64 + self.told.len() as u64;
        // A namespace that is on its way out refuses new objects; nobody is left to read them.
        if api.create(now, event(now, pod, told, nanos)).is_ok() {
            match known {
                Some(known) => self.told[known].1 = nanos,
                None => self.told.push((words, nanos)),
            }
        }
    }
}

/// An event's name: its pod's, and a moment in hexadecimal nanoseconds.
fn name(pod: &Pod, nanos: u64) -> String {
    format!("{}.{nanos:x}", pod.metadata.name.as_deref().unwrap_or(""))
}

fn event(now: SimTime, pod: &Pod, told: Told<'_>, nanos: u64) -> Event {
    let metadata = &pod.metadata;
    let host = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    let at = Time(now.whole_seconds());
    Event {
        metadata: ObjectMeta {
            name: Some(name(pod, nanos)),
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
