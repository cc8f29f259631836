//! The events of an object, at the end of its description.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};

use super::super::go_sort;
use super::Reader;
use super::page::Page;
use crate::api::table::since;
use crate::api::{Event, Kind, Object};

impl Reader<'_, '_> {
    /// What happened to an object, oldest first.
    pub(super) fn events_of(&mut self, object: &Object) -> Vec<Event> {
        let (kind, name, uid) = (object.kind(), object.name(), object.metadata().uid.as_deref());
        let everywhere = !kind.info().namespaced;
        let namespace = (!everywhere).then(|| object.namespace().to_owned());
        let mut events: Vec<Event> = self
            .all(Kind::Event, namespace)
            .iter()
            .filter_map(|event| event.as_kind::<Event>())
            .filter(|event| {
                let involved = &event.origin.involved_object;
                let same = involved.uid.as_deref().is_some_and(|id| Some(id) == uid || id == name);
                involved.kind.as_deref() == Some(kind.info().name)
                    && involved.name.as_deref() == Some(name)
                    && same
            })
            .map(|event| event.as_ref().clone())
            .collect();
        let moment = |event: &Event| event.last_timestamp.as_ref().map(|time| time.0);
        go_sort::sort(&mut events, |a, b| moment(a) < moment(b));
        events
    }

    /// The section `Events:`.
    pub(super) fn events(&mut self, page: &mut Page, object: &Object) {
        let events = self.events_of(object);
        if events.is_empty() {
            page.line(0, "Events:\t<none>");
            return;
        }
        page.flush();
        page.line(0, "Events:");
        page.line(1, "Type\tReason\tAge\tFrom\tMessage");
        page.line(1, "----\t------\t----\t----\t-------");
        for event in &events {
            let message = event.message.text.as_deref().unwrap_or("").trim().replace('\n', " ");
            let message = match event.origin.involved_object.field_path.as_deref() {
                Some(path) if !path.is_empty() => format!("{path}: {message}"),
                _ => message,
            };
            page.line(
                1,
                format!(
                    "{}\t{}\t{}\t{}\t{message}",
                    event.message.type_.as_deref().unwrap_or(""),
                    event.message.reason.as_deref().unwrap_or(""),
                    self.age(event),
                    source(event),
                ),
            );
        }
    }

    /// `4s`, or `4s (x3 over 20s)` for what happened more than once.
    fn age(&self, event: &Event) -> String {
        let now = self.io.now();
        let micro = |time: Option<&MicroTime>| time.map(|time| Time(time.0));
        let first = micro(event.event_time.as_ref()).or_else(|| event.first_timestamp.clone());
        let first = since(first.as_ref(), now);
        if let Some(series) = &event.series {
            let last = since(micro(series.last_observed_time.as_ref()).as_ref(), now);
            return format!("{last} (x{} over {first})", series.count.unwrap_or(0));
        }
        match event.count {
            Some(count) if count > 1 => {
                let last = since(event.last_timestamp.as_ref(), now);
                format!("{last} (x{count} over {first})")
            }
            _ => first,
        }
    }
}

fn source(event: &Event) -> String {
    let source = event.origin.source.as_ref().and_then(|source| source.component.clone());
    source
        .filter(|component| !component.is_empty())
        .or_else(|| event.origin.reporting_component.clone())
        .unwrap_or_default()
}
