//! What a kubelet tells of a pod: Events, the same one again counted instead of repeated.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use crate::api::{ApiServer, Event, Message, Origin, Pod};
use crate::clock::SimTime;
use crate::cluster::controllers::events::fingerprint;

/// Something to tell.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Whether it is a warning.
    pub warning: bool,
    /// `Pulled`
    pub reason: &'a str,
    /// `Container started`
    pub message: &'a str,
    /// `spec.containers{nginx}`; empty for the pod itself.
    pub field: &'a str,
}

/// How many different messages are known to be shared.
const MESSAGES: usize = 200;

/// What kubelets have said lately: they say the same of many pods.
#[derive(Clone, Debug, Default)]
pub struct Messages(BTreeMap<u64, Arc<Message>>);

impl Messages {
    /// What is told, shared with whoever has told the same.
    fn share(&mut self, told: Told<'_>) -> Arc<Message> {
        let type_ = if told.warning { "Warning" } else { "Normal" };
        let words = fingerprint([type_, told.reason, told.message]);
        if let Some(known) = self.0.get(&words) {
            return known.clone();
        }
        if self.0.len() == MESSAGES {
            self.0.clear();
        }
        let message = Arc::new(Message {
            type_: Some(type_.to_owned()),
            reason: Some(told.reason.to_owned()),
            action: None,
            text: Some(told.message.to_owned()),
        });
        self.0.insert(words, message.clone());
        message
    }
}

/// Tells of one pod.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// What was told, as a hash of the words, and the moment in its event's name. A kubelet keeps
    /// these for every pod, and the events have the words themselves.
    told: Vec<(u64, u64)>,
    /// Who told the last of it, and about what: the next is likely to say the same of itself.
    origin: Arc<Origin>,
}

/// What a kubelet tells with.
pub struct Voice<'a> {
    pub now: SimTime,
    pub api: &'a mut ApiServer,
    pub messages: &'a mut Messages,
}

impl Recorder {
    /// Stores an event, or counts it once more.
    pub fn tell(&mut self, voice: Voice<'_>, pod: &Pod, told: Told<'_>) {
        let Voice { now, api, messages } = voice;
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
        let event = Event {
            metadata: ObjectMeta {
                name: Some(name(pod, nanos)),
                namespace: pod.metadata.namespace.clone(),
                ..ObjectMeta::default()
            },
            origin: self.origin(pod, told.field),
            message: messages.share(told),
            count: Some(1),
            first_timestamp: Some(Time(now.whole_seconds())),
            last_timestamp: Some(Time(now.whole_seconds())),
            ..Event::default()
        };
        if api.create(now, event).is_ok() {
            match known {
                Some(known) => self.told[known].1 = nanos,
                None => self.told.push((words, nanos)),
            }
        }
    }

    /// Who tells of this part of the pod, shared with what it told before.
    fn origin(&mut self, pod: &Pod, field: &str) -> Arc<Origin> {
        let known = &self.origin.involved_object;
        let same = known.resource_version == pod.metadata.resource_version
            && known.uid == pod.metadata.uid
            && known.field_path.as_deref().unwrap_or("") == field;
        if !same {
            self.origin = Arc::new(origin(pod, field));
        }
        self.origin.clone()
    }
}

/// An event's name: its pod's, and a moment in hexadecimal nanoseconds.
fn name(pod: &Pod, nanos: u64) -> String {
    format!("{}.{nanos:x}", pod.metadata.name.as_deref().unwrap_or(""))
}

fn origin(pod: &Pod, field: &str) -> Origin {
    let metadata = &pod.metadata;
    let host = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    Origin {
        involved_object: ObjectReference {
            api_version: Some("v1".to_owned()),
            kind: Some("Pod".to_owned()),
            name: metadata.name.clone(),
            namespace: metadata.namespace.clone(),
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
            field_path: (!field.is_empty()).then(|| field.to_owned()),
        },
        related: None,
        source: Some(EventSource { component: Some("kubelet".to_owned()), host: host.clone() }),
        reporting_component: Some("kubelet".to_owned()),
        reporting_instance: host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str) -> Told<'_> {
        Told { warning: false, reason: "Created", message, field: "spec.containers{a}" }
    }

    #[test]
    fn the_same_words_are_shared() {
        let mut messages = Messages::default();
        let first = messages.share(told("Container created"));
        assert!(Arc::ptr_eq(&first, &messages.share(told("Container created"))));
        assert_ne!(first, messages.share(told("Container destroyed")));
    }

    #[test]
    fn a_changed_pod_is_another_origin() {
        let mut pod = Pod::default();
        let mut recorder = Recorder::default();
        let first = recorder.origin(&pod, "spec.containers{a}");
        assert!(Arc::ptr_eq(&first, &recorder.origin(&pod, "spec.containers{a}")));
        pod.metadata.resource_version = Some("2".to_owned());
        assert_ne!(first, recorder.origin(&pod, "spec.containers{a}"));
    }
}
