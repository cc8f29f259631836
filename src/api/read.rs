//! Get, list and watch.

use super::selector::{FieldSelector, LabelSelector};
use super::{Action, Answer, Body, Change, Kind, Object, Reason, Response, Status, Store};

/// One object.
pub(super) fn get(store: &Store, kind: Kind, namespace: &str, name: &str) -> Answer {
    let object = store.object(kind, namespace, name);
    let object = object.ok_or_else(|| missing(kind, name))?;
    Ok(Response::object(object.clone()))
}

/// The objects that two selectors choose.
pub(super) fn list(
    store: &Store,
    kind: Kind,
    namespace: Option<&str>,
    labels: &LabelSelector,
    fields: &FieldSelector,
) -> Answer {
    fields.check(kind).map_err(|message| Status::new(Reason::BadRequest, message))?;
    let items = store
        .objects(kind, namespace)
        .filter(|object| labels.matches(object.metadata().labels.as_ref()))
        .filter(|object| fields.matches(object))
        .cloned()
        .collect();
    let body = Body::List { items, resource_version: store.revision() };
    Ok(Response { body, warnings: Vec::new() })
}

/// What has changed since a resource version.
pub(super) fn watch(
    store: &Store,
    kind: Kind,
    namespace: Option<&str>,
    labels: &LabelSelector,
    since: u64,
) -> Answer {
    if !store.remembers(since) {
        let message = format!("too old resource version: {since} ({})", store.revision());
        return Err(Status::new(Reason::Expired, message));
    }
    let changes = store
        .changes_since(since)
        .filter(|change| change.object.kind() == kind)
        .filter(|change| namespace.is_none_or(|wanted| change.object.namespace() == wanted))
        .filter_map(|change| as_seen(change, labels))
        .collect();
    let body = Body::Changes { changes, resource_version: store.revision() };
    Ok(Response { body, warnings: Vec::new() })
}

/// A change as somebody sees it who looks only at what `labels` choose: an object that is
/// relabelled comes into view or goes out of it.
fn as_seen(change: &Change, labels: &LabelSelector) -> Option<Change> {
    let chosen = |object: &Object| labels.matches(object.metadata().labels.as_ref());
    let before = change.previous.as_ref().filter(|object| chosen(object));
    let after = chosen(&change.object) && change.action != Action::Deleted;
    let action = match (before, after) {
        (None, false) => return None,
        (None, true) => Action::Added,
        (Some(_), true) => Action::Modified,
        (Some(_), false) => Action::Deleted,
    };
    let mut seen = Change { action, ..change.clone() };
    if let (Action::Deleted, Some(last)) = (action, before) {
        let version = change.object.metadata().resource_version.clone();
        seen.object = last.clone();
        seen.object.metadata_mut().resource_version = version;
    }
    Some(seen)
}

/// `pods "x" not found`
pub(super) fn missing(kind: Kind, name: &str) -> Status {
    let mut status = Status::not_found(&kind.resource(), name);
    status.kind = kind.to_string();
    status
}
