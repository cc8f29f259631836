//! Strategic merge patches: as JSON merge patches, but lists merge by key, and directives order,
//! delete and replace.

use serde_json::{Map, Value};

use super::lists::Place;
use super::order::{arrange, identity, position};
use crate::api::Kind;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

/// `current`, an object of `kind`, after a strategic merge patch.
///
/// # Errors
/// The API server's words for a directive that it does not know or an item without its key.
pub fn strategic(kind: Kind, current: &Value, patch: &Value) -> Result<Value, String> {
    let Value::Object(patch) = patch else { return Ok(current.clone()) };
    let current = current.as_object().cloned().unwrap_or_default();
    merge_fields(current, patch, Place::root(kind), Mode::Apply).map(Value::Object)
}

/// What patches are merged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Into an object: `null` removes a field, and directives are obeyed.
    Apply,
    /// Into another patch: both remain.
    Join,
}

type Fields = Map<String, Value>;

/// Lays `patch` over `fields`.
pub(super) fn merge_fields(
    mut fields: Fields,
    patch: &Fields,
    place: Place,
    mode: Mode,
) -> Result<Fields, String> {
    match patch.get(DIRECTIVE).and_then(Value::as_str) {
        None | Some("merge") => {}
        Some("replace") => {
            let rest = patch.iter().filter(|(key, _)| *key != DIRECTIVE);
            return Ok(rest.map(|(key, value)| (key.clone(), value.clone())).collect());
        }
        Some("delete") => return Ok(Fields::new()),
        Some(other) => return Err(format!("unknown patch type \"{other}\" in map")),
    }
    if mode == Mode::Apply {
        retain_keys(&mut fields, patch)?;
    }
    for (key, change) in patch {
        let directive = key == DIRECTIVE || key == RETAIN_KEYS;
        match mode {
            Mode::Apply if directive => continue,
            Mode::Apply if key.starts_with(ORDER) => {
                let name = &key[ORDER.len()..];
                if !patch.contains_key(name) {
                    set_order(&mut fields, name, change, place);
                }
                continue;
            }
            Mode::Apply if key.starts_with(DELETE_FROM) => {
                delete_from(&mut fields, &key[DELETE_FROM.len()..], change);
                continue;
            }
            // Lists that accompany a patch replace each other.
            Mode::Join if directive || key.starts_with('$') => {
                fields.insert(key.clone(), change.clone());
                continue;
            }
            _ => {}
        }
        if change.is_null() {
            match mode {
                Mode::Apply => fields.remove(key),
                Mode::Join => fields.insert(key.clone(), Value::Null),
            };
            continue;
        }
        let order = patch.get(&format!("{ORDER}{key}")).and_then(Value::as_array);
        let merged = merge_field(fields.remove(key), change, order, place.field(key), mode)?;
        fields.insert(key.clone(), merged);
    }
    Ok(fields)
}

fn merge_field(
    before: Option<Value>,
    change: &Value,
    order: Option<&Vec<Value>>,
    (strategy, below): (super::lists::Strategy, Place),
    mode: Mode,
) -> Result<Value, String> {
    match (before, change) {
        (Some(Value::Object(before)), Value::Object(change)) if !strategy.replace => {
            merge_fields(before, change, below, mode).map(Value::Object)
        }
        (before, Value::Array(change)) if strategy.merge_key.is_some() => {
            let before = match before {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            };
            let key = strategy.merge_key.unwrap_or_default();
            merge_list(before, change, order, key, (below, mode)).map(Value::Array)
        }
        (_, change) if mode == Mode::Apply => Ok(without_directives(change)),
        (_, change) => Ok(change.clone()),
    }
}

/// Merges lists by their items' key.
fn merge_list(
    before: Vec<Value>,
    patch: &[Value],
    order: Option<&Vec<Value>>,
    key: &str,
    (below, mode): (Place, Mode),
) -> Result<Vec<Value>, String> {
    let directive = |item: &Value| item.get(DIRECTIVE).and_then(Value::as_str).map(str::to_owned);
    if mode == Mode::Apply && patch.iter().any(|item| directive(item).as_deref() == Some("replace"))
    {
        let rest = patch.iter().filter(|item| directive(item).is_none());
        return Ok(rest.map(without_directives).collect());
    }
    let mut merged = before.clone();
    for item in patch {
        if !key.is_empty() && item.get(key).is_none() {
            let shown = super::go_map(item);
            return Err(format!("map: {shown} does not contain declared merge key: {key}"));
        }
        let at = position(&merged, item, key);
        match (directive(item).as_deref(), at) {
            (Some("delete"), at) if mode == Mode::Apply => {
                if at.is_some() {
                    merged.retain(|other| identity(other, key) != identity(item, key));
                }
            }
            (Some(other), _) if mode == Mode::Apply && other != "merge" => {
                return Err(format!("unknown patch type \"{other}\" found in list"));
            }
            (_, Some(at)) => merged[at] = merge_item(merged[at].take(), item, below, mode)?,
            (_, None) => merged.push(match mode {
                Mode::Apply => without_directives(item),
                Mode::Join => item.clone(),
            }),
        }
    }
    let wanted = order.map_or(patch, Vec::as_slice);
    Ok(arrange(merged, wanted, &before, key))
}

fn merge_item(before: Value, item: &Value, below: Place, mode: Mode) -> Result<Value, String> {
    match (before, item) {
        (Value::Object(before), Value::Object(item)) => {
            merge_fields(before, item, below, mode).map(Value::Object)
        }
        (_, item) => Ok(item.clone()),
    }
}

/// `$retainKeys`: fields that it does not name are dropped.
fn retain_keys(fields: &mut Fields, patch: &Fields) -> Result<(), String> {
    let Some(keys) = patch.get(RETAIN_KEYS) else { return Ok(()) };
    let keys = keys.as_array().ok_or("invalid patch format of retainKeys".to_owned())?;
    let named = |key: &str| keys.iter().any(|kept| kept == key);
    let foreign =
        patch.keys().find(|key| !key.starts_with('$') && !named(key) && !patch[*key].is_null());
    if foreign.is_some() {
        return Err("invalid patch format of retainKeys".to_owned());
    }
    fields.retain(|key, _| named(key));
    Ok(())
}

/// `$setElementOrder` for a list of which the patch changes nothing but the order.
fn set_order(fields: &mut Fields, name: &str, order: &Value, place: Place) {
    let key = place.field(name).0.merge_key.unwrap_or_default();
    if let (Some(Value::Array(items)), Some(order)) = (fields.get_mut(name), order.as_array()) {
        let before = items.clone();
        *items = arrange(std::mem::take(items), order, &before, key);
    }
}

/// `$deleteFromPrimitiveList`: takes values out of a list of texts or numbers.
fn delete_from(fields: &mut Fields, name: &str, gone: &Value) {
    if let (Some(Value::Array(items)), Some(gone)) = (fields.get_mut(name), gone.as_array()) {
        items.retain(|item| !gone.contains(item));
    }
}

/// A value that a patch adds, without the patch's own language and without what it says to remove.
fn without_directives(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, value)| !is_directive(key) && !value.is_null());
            Value::Object(
                kept.map(|(key, value)| (key.clone(), without_directives(value))).collect(),
            )
        }
        Value::Array(items) => {
            let deleted = |item: &&Value| item.get(DIRECTIVE).is_none_or(|what| what != "delete");
            Value::Array(items.iter().filter(deleted).map(without_directives).collect())
        }
        other => other.clone(),
    }
}

fn is_directive(key: &str) -> bool {
    key == DIRECTIVE || key == RETAIN_KEYS || key.starts_with(ORDER) || key.starts_with(DELETE_FROM)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(kind: Kind, current: Value, patch: Value) -> Value {
        strategic(kind, &current, &patch).expect("a good patch")
    }

    fn pod(containers: Value) -> Value {
        json!({"spec": {"containers": containers}})
    }

    #[test]
    fn containers_merge_by_name() {
        let current = pod(json!([{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]));
        let patch = pod(json!([{"name": "b", "image": "z"}]));
        let expected = pod(json!([{"name": "a", "image": "x"}, {"name": "b", "image": "z"}]));
        assert_eq!(patched(Kind::Pod, current, patch), expected);
    }

    #[test]
    fn an_item_is_deleted_by_directive() {
        let current = pod(json!([{"name": "a"}, {"name": "b"}]));
        let patch = pod(json!([{"name": "a", "$patch": "delete"}]));
        assert_eq!(patched(Kind::Pod, current, patch), pod(json!([{"name": "b"}])));
    }

    #[test]
    fn a_list_is_replaced_by_directive() {
        let current = pod(json!([{"name": "a"}, {"name": "b"}]));
        let patch = pod(json!([{"$patch": "replace"}, {"name": "c"}]));
        assert_eq!(patched(Kind::Pod, current, patch), pod(json!([{"name": "c"}])));
    }

    #[test]
    fn the_order_directive_orders() {
        let current = pod(json!([{"name": "a"}, {"name": "b"}]));
        let patch = json!({"spec": {
            "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}],
            "containers": [{"name": "c", "image": "x"}],
        }});
        let names = pod(json!([{"name": "c", "image": "x"}, {"name": "b"}, {"name": "a"}]));
        assert_eq!(patched(Kind::Pod, current, patch), names);
    }

    #[test]
    fn retained_keys_drop_the_others() {
        let current = json!({"spec": {"strategy": {
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1},
        }}});
        let patch = json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}});
        let expected = json!({"spec": {"strategy": {"type": "Recreate"}}});
        assert_eq!(patched(Kind::Deployment, current, patch), expected);
    }

    #[test]
    fn finalizers_are_deleted_by_value() {
        let current = json!({"metadata": {"finalizers": ["a", "b"]}});
        let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}});
        let expected = json!({"metadata": {"finalizers": ["b"]}});
        assert_eq!(patched(Kind::Pod, current, patch), expected);
    }

    #[test]
    fn an_item_without_its_key_is_refused() {
        let error = strategic(Kind::Pod, &pod(json!([])), &pod(json!([{"image": "x"}])));
        assert_eq!(
            error.unwrap_err(),
            "map: map[image:x] does not contain declared merge key: name"
        );
    }

    #[test]
    fn null_removes_and_other_lists_are_replaced() {
        let current = json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {
            "containers": [{"name": "a", "args": ["x", "y"]}],
        }});
        let patch = json!({"metadata": {"labels": {"a": null}}, "spec": {
            "containers": [{"name": "a", "args": ["z"]}],
        }});
        let expected = json!({"metadata": {"labels": {"b": "2"}}, "spec": {
            "containers": [{"name": "a", "args": ["z"]}],
        }});
        assert_eq!(patched(Kind::Pod, current, patch), expected);
    }
}
