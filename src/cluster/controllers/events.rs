//! Event objects: what controllers and kubelets tell the user happened.
//!
//! Repeated events are counted in one object. As in a real cluster, a flood is cut: a broadcaster
//! drops what its budget does not allow (client-go `tools/record`). The API server takes events away
//! when their time is over.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{EventSeries, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, Time};

use super::Key;
use crate::api::{ApiServer, Event, Message, Origin, Resource};
use crate::clock::{EPOCH_SECONDS, SimTime};
use crate::shared_map::SharedMap;

/// So many things told are known again (`maxLruCacheEntries` in client-go's `events_cache.go`).
const KNOWN: usize = 4_096;
/// This many events may come at once …
const BURST: u64 = 5_000;
/// … and then this many a second.
const RATE: u64 = 500;

/// One thing to tell.
#[derive(Clone, Debug)]
pub(crate) struct Report<'a> {
    /// The object that it is about.
    pub(crate) about: ObjectReference,
    /// Whether it is a `Warning`.
    pub(crate) warning: bool,
    /// `SuccessfulCreate`
    pub(crate) reason: &'a str,
    /// The sentence.
    pub(crate) message: String,
    /// Who tells.
    pub(crate) source: Source<'a>,
}

/// Who tells an event, and through which of the two event APIs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// The core API's recorder: first and last timestamp, count, `source.component`.
    Classic { component: &'a str, host: Option<&'a str> },
    /// The recorder of `events.k8s.io`, which the scheduler uses: `eventTime`, `action`, a series.
    Series { component: &'a str, action: &'a str },
}

/// Writes events.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    /// The number that something was told as, by a hash of the told object's UID and the words. Small
    /// entries: they lie everywhere, and each change copies its neighbours.
    told: SharedMap<u64, u64>,
    /// What was told, as that hash, and its event object; by that number, oldest first.
    ages: SharedMap<u64, (u64, Key)>,
    /// Keeps the names of one object's events apart, however close they come.
    serial: u64,
    budget: u64,
    refilled: SimTime,
}

impl Recorder {
    /// A recorder that has told nothing.
    pub(crate) fn new() -> Recorder {
        Recorder {
            told: SharedMap::default(),
            ages: SharedMap::default(),
            serial: 0,
            budget: BURST,
            refilled: SimTime::START,
        }
    }

    /// Writes an event, or counts it if it was told before.
    pub(crate) fn tell(&mut self, now: SimTime, api: &mut ApiServer, report: Report<'_>) {
        let told = report.fingerprint();
        let known = self.told.get(&told).and_then(|serial| self.ages.get(serial));
        if let Some((_, key)) = known {
            let known = api.store().get::<Event>(&key.namespace, &key.name).cloned();
            if let Some(event) = known {
                let _ = api.update(now, repeated(&event, now));
                return;
            }
        }
        if !self.spend(now) {
            return;
        }
        self.serial += 1;
        let event = fresh(now, self.serial, report);
        let key = Key::of(&event.metadata);
        if api.create(now, event).is_ok() {
            self.ages.insert(self.serial, (told, key));
            self.told.insert(told, self.serial);
            self.forget_the_oldest();
        }
    }

    /// Takes one event's worth from the budget.
    fn spend(&mut self, now: SimTime) -> bool {
        let refill = now.since(self.refilled).as_millis() as u64 * RATE / 1_000;
        if refill > 0 {
            self.budget = (self.budget + refill).min(BURST);
            self.refilled = now;
        }
        let affordable = self.budget > 0;
        self.budget = self.budget.saturating_sub(1);
        affordable
    }

    fn forget_the_oldest(&mut self) {
        while self.ages.len() > KNOWN {
            let Some((serial, (told, _))) = self.ages.pop_first() else { return };
            // It may have been told anew since, after its event was gone.
            if self.told.get(&told) == Some(&serial) {
                self.told.remove(&told);
            }
        }
    }
}

impl Report<'_> {
    /// Who says what about which part of which object, as a hash.
    fn fingerprint(&self) -> u64 {
        let component = match self.source {
            Source::Classic { component, .. } | Source::Series { component, .. } => component,
        };
        let part = self.about.field_path.as_deref().unwrap_or("");
        let uid = self.about.uid.as_deref().unwrap_or("");
        fingerprint([uid, component, part, self.reason, &self.message])
    }
}

/// A hash (FNV-1a) of words: what tells one event from another.
pub(crate) fn fingerprint<const N: usize>(words: [&str; N]) -> u64 {
    let bytes = words.iter().flat_map(|word| word.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A new event object. Its name is the object's and the moment in hexadecimal nanoseconds.
fn fresh(now: SimTime, serial: u64, report: Report<'_>) -> Event {
    let about = report.about;
    let nanos = (EPOCH_SECONDS as u64 * 1_000_000 + now.as_micros()) * 1_000 + serial;
    let name = format!("{}.{nanos:x}", about.name.as_deref().unwrap_or(""));
    let namespace = about.namespace.clone().unwrap_or_else(|| "default".to_owned());
    let mut event = Event {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: Some(namespace),
            ..ObjectMeta::default()
        },
        ..Event::default()
    };
    let mut origin = Origin { involved_object: about, ..Origin::default() };
    let mut message = Message {
        type_: Some(if report.warning { "Warning" } else { "Normal" }.to_owned()),
        reason: Some(report.reason.to_owned()),
        action: None,
        text: Some(report.message),
    };
    match report.source {
        Source::Classic { component, host } => {
            event.count = Some(1);
            event.first_timestamp = Some(Time(now.whole_seconds()));
            event.last_timestamp = Some(Time(now.whole_seconds()));
            origin.reporting_component = Some(component.to_owned());
            origin.reporting_instance = Some(host.unwrap_or("").to_owned());
            origin.source = Some(EventSource {
                component: Some(component.to_owned()),
                host: host.map(str::to_owned),
            });
        }
        Source::Series { component, action } => {
            message.action = Some(action.to_owned());
            event.event_time = Some(MicroTime(now.timestamp()));
            origin.reporting_component = Some(component.to_owned());
            origin.reporting_instance = Some(format!("{component}-control-plane"));
            origin.source = Some(EventSource::default());
        }
    }
    Event { origin: Arc::new(origin), message: Arc::new(message), ..event }
}

/// The same event, told once more.
fn repeated(event: &Event, now: SimTime) -> Event {
    let mut event = event.clone();
    if event.event_time.is_some() {
        let count = event.series.as_ref().and_then(|series| series.count).unwrap_or(1);
        event.series = Some(EventSeries {
            count: Some(count + 1),
            last_observed_time: Some(MicroTime(now.timestamp())),
        });
    } else {
        event.count = Some(event.count.unwrap_or(1) + 1);
        event.last_timestamp = Some(Time(now.whole_seconds()));
    }
    event
}

/// A reference to an object, as events and endpoints hold it.
pub(crate) fn reference<T: Resource>(object: &T) -> ObjectReference {
    let meta = object.metadata();
    ObjectReference {
        api_version: Some(T::KIND.info().api_version()),
        field_path: None,
        kind: Some(T::KIND.info().name.to_owned()),
        name: meta.name.clone(),
        namespace: meta.namespace.clone(),
        resource_version: meta.resource_version.clone(),
        uid: meta.uid.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::world::World;
    use super::*;

    fn report(message: &str) -> Report<'static> {
        let about = ObjectReference {
            name: Some("web".to_owned()),
            namespace: Some("default".to_owned()),
            kind: Some("Pod".to_owned()),
            uid: Some("1".to_owned()),
            ..ObjectReference::default()
        };
        let source = Source::Classic { component: "kubelet", host: Some("node-1") };
        Report { about, warning: false, reason: "Test", message: message.to_owned(), source }
    }

    #[test]
    fn what_is_told_again_is_counted() {
        let mut world = World::new(0);
        let mut recorder = Recorder::new();
        for second in [0, 1, 2] {
            let now = SimTime::from_millis(second * 1_000);
            recorder.tell(now, &mut world.api, report("once more"));
        }
        recorder.tell(SimTime::from_millis(2_000), &mut world.api, report("another"));
        let told = world.told("web");
        assert_eq!(told.len(), 2);
        assert!(told.contains(&("Test".to_owned(), "once more".to_owned(), 3)));
    }

    #[test]
    fn a_flood_is_cut() {
        let mut world = World::new(0);
        let mut recorder = Recorder::new();
        for number in 0..BURST + 100 {
            recorder.tell(SimTime::START, &mut world.api, report(&number.to_string()));
        }
        let told = world.told("web");
        assert!(told.iter().any(|(_, message, _)| *message == (BURST - 1).to_string()));
        assert!(!told.iter().any(|(_, message, _)| *message == BURST.to_string()));
    }

    #[test]
    fn what_was_told_long_ago_is_told_anew() {
        let mut world = World::new(0);
        let mut recorder = Recorder::new();
        for number in 0..2 * KNOWN as u64 {
            let now = SimTime::from_millis(number * 100);
            recorder.tell(now, &mut world.api, report(&number.to_string()));
            assert!(recorder.told.len() <= KNOWN && recorder.ages.len() <= KNOWN);
        }
        recorder.tell(SimTime::from_millis(900_000), &mut world.api, report("0"));
        let told = world.told("web");
        assert_eq!(told.iter().filter(|(_, message, _)| message == "0").count(), 2);
    }
}
