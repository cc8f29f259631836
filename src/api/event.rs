//! Events as the server keeps them.
//!
//! A pod's way to its node and into life is told in half a dozen events, so that a cluster has more
//! of them than of anything else. What a kubelet tells of one container is about the same object
//! and from the same source; and what it says, other kubelets say of other pods. Both stand behind
//! an `Arc`, which events share. Whoever sends or reads an event as JSON sees none of this.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Event as Wire, EventSeries, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something that happened, and how often.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Which event it is.
    pub metadata: ObjectMeta,
    /// Who says what it is about.
    pub origin: Arc<Origin>,
    /// What is said.
    pub message: Arc<Message>,
    /// How often it happened, where the core API told it.
    pub count: Option<i32>,
    /// When it happened first.
    pub first_timestamp: Option<Time>,
    /// When it happened last.
    pub last_timestamp: Option<Time>,
    /// When it happened first, where `events.k8s.io` told it.
    pub event_time: Option<MicroTime>,
    /// How it went on, where `events.k8s.io` told it.
    pub series: Option<EventSeries>,
}

/// Who tells events, and about which object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The object that it happened to.
    pub involved_object: ObjectReference,
    /// Another one that had to do with it.
    pub related: Option<ObjectReference>,
    /// Who tells it through the core API.
    pub source: Option<EventSource>,
    /// Who tells it: `kubelet`
    pub reporting_component: Option<String>,
    /// Which of them: `node-1`
    pub reporting_instance: Option<String>,
}

/// What an event says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// `Normal`, `Warning`
    pub type_: Option<String>,
    /// `Pulled`
    pub reason: Option<String>,
    /// What was done about it: `Binding`
    pub action: Option<String>,
    /// The sentence.
    pub text: Option<String>,
}

impl From<Event> for Wire {
    fn from(event: Event) -> Wire {
        let Origin { involved_object, related, source, reporting_component, reporting_instance } =
            Arc::unwrap_or_clone(event.origin);
        let Message { type_, reason, action, text } = Arc::unwrap_or_clone(event.message);
        Wire {
            metadata: event.metadata,
            involved_object,
            related,
            source,
            reporting_component,
            reporting_instance,
            type_,
            reason,
            action,
            message: text,
            count: event.count,
            first_timestamp: event.first_timestamp,
            last_timestamp: event.last_timestamp,
            event_time: event.event_time,
            series: event.series,
        }
    }
}

impl From<Wire> for Event {
    fn from(wire: Wire) -> Event {
        Event {
            metadata: wire.metadata,
            origin: Arc::new(Origin {
                involved_object: wire.involved_object,
                related: wire.related,
                source: wire.source,
                reporting_component: wire.reporting_component,
                reporting_instance: wire.reporting_instance,
            }),
            message: Arc::new(Message {
                type_: wire.type_,
                reason: wire.reason,
                action: wire.action,
                text: wire.message,
            }),
            count: wire.count,
            first_timestamp: wire.first_timestamp,
            last_timestamp: wire.last_timestamp,
            event_time: wire.event_time,
            series: wire.series,
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Event, D::Error> {
        Wire::deserialize(deserializer).map(Event::from)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_lost_on_the_way_through_the_store() {
        let sent = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": { "name": "web.1", "namespace": "default" },
            "involvedObject": { "kind": "Pod", "name": "web" },
            "related": { "kind": "Node", "name": "node-1" },
            "source": { "component": "kubelet", "host": "node-1" },
            "reportingComponent": "kubelet", "reportingInstance": "node-1",
            "type": "Normal", "reason": "Started", "action": "Start", "message": "Container started",
            "count": 2,
            "firstTimestamp": "2026-01-05T09:00:00Z", "lastTimestamp": "2026-01-05T09:00:01Z",
            "eventTime": "2026-01-05T09:00:00.000001Z",
            "series": { "count": 2, "lastObservedTime": "2026-01-05T09:00:01.000000Z" },
        });
        let event: Event = serde_json::from_value(sent.clone()).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), sent);
    }
}
