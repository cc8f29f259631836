//! Fields that an object keeps for life, where the server refuses a change of its whole spec and names only
//! the fields that may be changed.

use serde_json::Value;

use crate::api::Cause;
use crate::cluster::Cluster;

use super::apply::is_refused;
use super::source::Source;

/// The field of the spec that stays what it is, and the server's words for that one field: with the value
/// that it has in the cluster, the rest would be taken.
pub(super) fn kept_for_life(
    cluster: &Cluster,
    source: &Source<'_>,
    cause: &Cause,
) -> Option<(String, String)> {
    if cause.field != "spec" {
        return None;
    }
    let object = source.object_name()?;
    let stored = cluster.objects().object(object.kind, &object.namespace, &object.name)?.to_value();
    let (key, has) = source.value["spec"].as_object()?.iter().find_map(|(key, written)| {
        let has = stored["spec"].get(key);
        let mut kept = source.value.clone();
        let spec = kept["spec"].as_object_mut()?;
        match has {
            Some(has) if has == written => return None,
            Some(has) => spec.insert(key.clone(), has.clone()),
            None => spec.remove(key),
        };
        (!is_refused(cluster, &object, &Source { value: &kept, ..source.clone() }))
            .then_some((key, has))
    })?;
    let kind = object.kind.info().name;
    let has = match has {
        None => " has none".to_owned(),
        Some(Value::Object(_) | Value::Array(_)) => " has another".to_owned(),
        Some(has) => format!(" has {has}"),
    };
    let field = format!("spec.{key}");
    let said = format!("{field}: Forbidden: a {kind} keeps it for life, and this one{has}");
    Some((field, said))
}
