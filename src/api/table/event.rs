//! Events.

use k8s_openapi::jiff::Timestamp;

use super::age::since_timestamp;
use super::{Columns, narrow, wide};
use crate::api::Event;
use crate::clock::SimTime;

pub(super) const COLUMNS: Columns = &[
    narrow("LAST SEEN"),
    narrow("TYPE"),
    narrow("REASON"),
    narrow("OBJECT"),
    wide("SUBOBJECT"),
    wide("SOURCE"),
    narrow("MESSAGE"),
    wide("FIRST SEEN"),
    wide("COUNT"),
    wide("NAME"),
];

pub(super) fn row(event: &Event, now: SimTime) -> Vec<String> {
    let time = |at: Option<Timestamp>| {
        at.map_or_else(|| "<unknown>".to_owned(), |at| since_timestamp(at, now))
    };
    let event_time = event.event_time.as_ref().map(|time| time.0);
    let first = event.first_timestamp.as_ref().map(|time| time.0).or(event_time);
    let series = event.series.as_ref();
    let observed = series.and_then(|s| s.last_observed_time.as_ref()).map(|time| time.0);
    let last = observed.or(event.last_timestamp.as_ref().map(|time| time.0)).or(first);
    let count = series.and_then(|s| s.count).or(event.count).unwrap_or(0).max(1);
    vec![
        time(last),
        event.message.type_.clone().unwrap_or_default(),
        event.message.reason.clone().unwrap_or_default(),
        object(event),
        event.origin.involved_object.field_path.clone().unwrap_or_default(),
        source(event),
        event.message.text.as_deref().unwrap_or("").trim().to_owned(),
        time(first),
        count.to_string(),
        event.metadata.name.clone().unwrap_or_default(),
    ]
}

/// `pod/web-0`
fn object(event: &Event) -> String {
    let kind = event.origin.involved_object.kind.as_deref().unwrap_or("").to_lowercase();
    match event.origin.involved_object.name.as_deref() {
        Some(name) if !name.is_empty() => format!("{kind}/{name}"),
        _ => kind,
    }
}

/// `kubelet, node-1`
fn source(event: &Event) -> String {
    let source = event.origin.source.clone().unwrap_or_default();
    let component = source.component.filter(|component| !component.is_empty());
    let (component, place) = match component {
        Some(component) => (component, source.host),
        None => (
            event.origin.reporting_component.clone().unwrap_or_default(),
            event.origin.reporting_instance.clone(),
        ),
    };
    match place {
        Some(place) if !place.is_empty() => format!("{component}, {place}"),
        _ => component,
    }
}
