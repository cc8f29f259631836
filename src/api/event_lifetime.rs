//! How long events stay.
//!
//! etcd gives each event a lease when it is written, an hour by default (`kube-apiserver --event-ttl`), and
//! another write renews it (`pkg/registry/core/event/storage`, `TTLFunc`). Nobody else takes events away, so
//! whoever tells something need not remember it.

use std::sync::Arc;
use std::time::Duration;

use super::{Action, ApiServer, Kind};
use crate::clock::SimTime;
use crate::shared_map::SharedMap;

/// Events are kept this long after they were written last.
const LIFETIME: Duration = Duration::from_secs(3_600);

/// Never more than these: what is older goes before its hour is over, as with a shorter `--event-ttl`. So
/// hours of play take no more memory than one, and no longer to be listed.
pub(super) const MOST: usize = 2_000;

/// The events that are stored, by the resource version of the last write.
#[derive(Clone, Debug, Default)]
pub(super) struct EventLifetimes {
    /// When each was written, its namespace and its name.
    written: SharedMap<u64, (SimTime, Arc<str>, Arc<str>)>,
    /// The newest change that was looked at.
    seen: u64,
}

impl ApiServer {
    /// Takes away the events whose time is over at `now`. It has to be called between any two moments of
    /// the clock, since what was written after the last call counts as written now.
    pub fn expire_events(&mut self, now: SimTime) {
        self.note_written_events(now);
        let written = &self.event_lifetimes.written;
        let over = written.len().saturating_sub(MOST);
        let due: Vec<_> = written
            .values()
            .enumerate()
            .take_while(|(number, (at, ..))| *number < over || now.since(*at) > LIFETIME)
            .map(|(_, (_, namespace, name))| (namespace.clone(), name.clone()))
            .collect();
        if due.is_empty() {
            return;
        }
        for (namespace, name) in due {
            self.expunge(Kind::Event, &namespace, &name);
        }
        self.note_written_events(now);
    }

    fn note_written_events(&mut self, now: SimTime) {
        let EventLifetimes { written, seen } = &mut self.event_lifetimes;
        for change in self.store.changes_since(*seen) {
            if change.object.kind() != Kind::Event {
                continue;
            }
            let before = change.previous.as_ref().and_then(|old| {
                let version = old.metadata().resource_version.as_ref();
                version.and_then(|version| version.parse::<u64>().ok())
            });
            if let Some(before) = before {
                written.remove(&before);
            }
            if change.action != Action::Deleted {
                let (namespace, name) = (change.object.namespace(), change.object.name());
                written.insert(change.revision, (now, namespace.into(), name.into()));
            }
        }
        *seen = self.store.revision();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;
    use crate::api::Event;

    fn event(name: &str, count: i32) -> Event {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        Event { metadata, count: Some(count), ..Event::default() }
    }

    fn names(server: &ApiServer) -> Vec<&str> {
        server.store().objects(Kind::Event, None).map(|event| event.name()).collect()
    }

    #[test]
    fn events_are_gone_an_hour_after_they_were_written_last() {
        let mut server = ApiServer::new(1);
        let at = |minutes: u64| SimTime::START + Duration::from_secs(minutes * 60);
        for name in ["once", "again"] {
            server.create(at(0), event(name, 1)).expect("it is stored");
        }
        server.expire_events(at(0));
        let mut renewed = event("again", 2);
        renewed.metadata.namespace = Some("default".to_owned());
        server.update(at(30), renewed).expect("it is stored");
        server.expire_events(at(30));
        server.expire_events(at(60));
        assert_eq!(names(&server), ["again", "once"]);
        server.expire_events(at(61));
        assert_eq!(names(&server), ["again"]);
        server.expire_events(at(91));
        assert_eq!(names(&server), [""; 0]);
        assert!(server.event_lifetimes.written.is_empty());
    }

    #[test]
    fn the_oldest_events_make_room_for_the_newest() {
        let mut server = ApiServer::new(1);
        for number in 0..2 * MOST {
            let now = SimTime::from_millis(number as u64);
            server.create(now, event(&format!("{number:06}"), 1)).expect("there is room");
            server.expire_events(now);
        }
        let kept = names(&server);
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept[0], format!("{MOST:06}"));
        assert_eq!(server.event_lifetimes.written.len(), MOST);
    }

    #[test]
    fn what_a_client_deletes_is_forgotten() {
        let mut server = ApiServer::new(1);
        server.create(SimTime::START, event("gone", 1)).expect("it is stored");
        server.expire_events(SimTime::START);
        server.remove(SimTime::START, Kind::Event, "default", "gone");
        server.expire_events(SimTime::START);
        assert!(server.event_lifetimes.written.is_empty());
    }
}
