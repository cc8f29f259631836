//! Strategic merge patches: as JSON merge patches, but lists merge by key, and directives order,
//! delete and replace.
//!
//! Of what can be wrong with one, the server calls only a directive of a wrong form a bad request; all
//! else is a failure of its own (`apiserver/pkg/endpoints/handlers/patch.go`,
//! `interpretStrategicMergePatchError`).

use serde_json::{Map, Value};

use super::lists::{Place, Strategy};
use super::order::{arrange, identity, position};
use super::{elements, go_map, must_have_key};
use crate::api::{Kind, Reason, Status};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
/// What names the order of a list.
pub(super) const ORDER: &str = "$setElementOrder/";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

/// `current`, an object of `kind`, after a strategic merge patch.
///
/// # Errors
/// The API server's words for a directive that it does not know or an item without its key.
pub fn strategic(kind: Kind, current: &Value, patch: &Value) -> Result<Value, Status> {
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
) -> Result<Fields, Status> {
    match patch.get(DIRECTIVE) {
        None => {}
        Some(what) if what == "replace" => {
            let rest = patch.iter().filter(|(key, _)| *key != DIRECTIVE);
            return Ok(rest.map(|(key, value)| (key.clone(), value.clone())).collect());
        }
        Some(what) if what == "delete" => return Ok(Fields::new()),
        Some(_) => return Err(unknown_directive(patch)),
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
                must_follow(patch.get(name), change, place.field(name).0)?;
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

/// One field. What is not there yet, or is of another form, takes the patch's value as it is: a new list
/// needs no keys (`mergeMap`).
fn merge_field(
    before: Option<Value>,
    change: &Value,
    order: Option<&Vec<Value>>,
    (strategy, below): (Strategy, Place),
    mode: Mode,
) -> Result<Value, Status> {
    match (before, change) {
        (Some(Value::Object(before)), Value::Object(change)) if !strategy.replace => {
            merge_fields(before, change, below, mode).map(Value::Object)
        }
        (Some(Value::Array(before)), Value::Array(change)) if strategy.merge_key.is_some() => {
            let key = strategy.merge_key.unwrap_or_default();
            merge_list(before, change, order, key, (below, mode)).map(Value::Array)
        }
        // What replaces a value of its form as a whole keeps what is null in it.
        (Some(Value::Object(_)), Value::Object(_)) | (Some(Value::Array(_)), Value::Array(_)) => {
            Ok(change.clone())
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
) -> Result<Vec<Value>, Status> {
    elements(&before, patch).map_err(failed)?;
    let mut merged = before.clone();
    if !key.is_empty() {
        for item in patch.iter().filter_map(Value::as_object) {
            match item.get(DIRECTIVE) {
                None => {}
                Some(what) if what == "replace" => {}
                Some(what) if what == "delete" => {
                    let item = Value::Object(item.clone());
                    must_have_key(&item, key).map_err(failed)?;
                    merged.retain(|other| identity(other, key) != identity(&item, key));
                }
                Some(what) if what == "merge" => {
                    return Err(failed("merging lists cannot yet be specified in the patch"));
                }
                Some(_) => return Err(unknown_directive(item)),
            }
        }
    }
    let gone = before.len() - merged.len();
    let directive = |item: &&Value| item.get(DIRECTIVE).is_some();
    let replaced =
        patch.iter().any(|item| item.get(DIRECTIVE).is_some_and(|what| what == "replace"));
    if replaced {
        let rest = patch.iter().filter(|item| !directive(item));
        rest.clone().try_for_each(|item| must_have_key(item, key)).map_err(failed)?;
        return Ok(rest.map(without_directives).collect());
    }
    for item in patch.iter().filter(|item| !directive(item)) {
        must_have_key(item, key).map_err(failed)?;
        match position(&merged, item, key) {
            Some(at) => merged[at] = merge_item(merged[at].take(), item, below, mode)?,
            None => merged.push(match mode {
                Mode::Apply => without_directives(item),
                Mode::Join => item.clone(),
            }),
        }
    }
    merged.iter().try_for_each(|item| must_have_key(item, key)).map_err(failed)?;
    let Some(wanted) = order else { return Ok(arrange(merged, patch, &before, key)) };
    // A new item that took the room of a deleted one in the server's list counts as if it had stood
    // there, behind what remained (`mergePatchIntoOriginal` looks into the list that it merged into).
    let before: Vec<Value> = match gone {
        0 => before,
        _ => merged.iter().take(before.len()).cloned().collect(),
    };
    Ok(arrange(merged, wanted, &before, key))
}

fn merge_item(before: Value, item: &Value, below: Place, mode: Mode) -> Result<Value, Status> {
    match (before, item) {
        (Value::Object(before), Value::Object(item)) => {
            merge_fields(before, item, below, mode).map(Value::Object)
        }
        (_, item) => Ok(item.clone()),
    }
}

/// A patch that cannot be merged. kubectl prints no reason for such a failure.
fn failed(why: impl Into<String>) -> Status {
    Status::new(Reason::Unknown, why)
}

/// `$patch` with a word that it does not have.
fn unknown_directive(patch: &Fields) -> Status {
    let shown = match patch.get(DIRECTIVE) {
        Some(Value::Bool(flag)) => format!("%!s(bool={flag})"),
        Some(Value::Number(number)) if number.is_f64() => format!("%!s(float64={number})"),
        Some(Value::Number(number)) => format!("%!s(int64={number})"),
        Some(Value::Null) | None => "%!s(<nil>)".to_owned(),
        Some(other) => go_map(other),
    };
    let map = go_map(&Value::Object(patch.clone()));
    failed(format!("unknown patch type: {shown} in map: {map}"))
}

/// That `$setElementOrder` names what the patch changes, in the patch's order
/// (`validatePatchWithSetOrderList`).
fn must_follow(change: Option<&Value>, order: &Value, strategy: Strategy) -> Result<(), Status> {
    let list = |value: &Value| match value {
        Value::Array(_) => None,
        Value::Null => Some("%!s(<nil>)"),
        Value::Bool(_) => Some("bool"),
        Value::Number(number) if number.is_f64() => Some("float64"),
        Value::Number(_) => Some("int64"),
        Value::String(_) => Some("string"),
        Value::Object(_) => Some("map[string]interface {}"),
    };
    if let Some(found) = list(order).or(change.and_then(list)) {
        return Err(failed(format!("expected a []interface {{}}, but received a {found}")));
    }
    let (Some(Value::Array(change)), Value::Array(order)) = (change, order) else { return Ok(()) };
    if change.is_empty() || order.is_empty() {
        return Ok(());
    }
    let key = strategy.merge_key.unwrap_or_default();
    let mut rest = order.iter();
    for item in change.iter().filter(|item| item.get(DIRECTIVE).is_none()) {
        loop {
            let Some(named) = rest.next() else {
                let shown = |list: &Vec<Value>| go_map(&Value::from(list.clone()));
                return Err(failed(format!(
                    "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                    shown(change),
                    shown(order)
                )));
            };
            must_have_key(item, key).map_err(failed)?;
            must_have_key(named, key).map_err(failed)?;
            if identity(named, key) == identity(item, key) {
                break;
            }
        }
    }
    Ok(())
}

/// `$retainKeys`: fields that it does not name are dropped.
fn retain_keys(fields: &mut Fields, patch: &Fields) -> Result<(), Status> {
    let Some(keys) = patch.get(RETAIN_KEYS) else { return Ok(()) };
    let bad = || Status::new(Reason::BadRequest, "invalid patch format of retainKeys");
    let keys = keys.as_array().ok_or_else(bad)?;
    let named = |key: &str| keys.iter().any(|kept| kept == key);
    let foreign =
        patch.keys().find(|key| !key.starts_with('$') && !named(key) && !patch[*key].is_null());
    if foreign.is_some() {
        return Err(bad());
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

    // apimachinery, `mergePatchIntoOriginal`: what only the server has stays before a new item that
    // takes the room of a deleted one.
    #[test]
    fn a_new_item_in_place_of_a_deleted_one_stands_behind_the_servers_own() {
        let current = pod(json!([{"name": "a"}, {"name": "b"}, {"name": "s"}]));
        let patch = json!({"spec": {
            "$setElementOrder/containers": [{"name": "b"}, {"name": "c"}],
            "containers": [{"name": "c"}, {"name": "a", "$patch": "delete"}],
        }});
        let expected = pod(json!([{"name": "b"}, {"name": "s"}, {"name": "c"}]));
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

    /// The failure of a patch, and its reason.
    fn refused(current: Value, patch: Value) -> (Reason, String) {
        let status = strategic(Kind::Pod, &current, &patch).expect_err("a bad patch");
        (status.reason, status.message)
    }

    // kubernetes/kubernetes#141112 and #140771 show the answer: it has no reason.
    #[test]
    fn an_item_without_its_key_is_refused() {
        let current = pod(json!([{"name": "a"}]));
        assert_eq!(
            refused(current, pod(json!([{"image": "x"}]))),
            (
                Reason::Unknown,
                "map: map[image:x] does not contain declared merge key: name".to_owned()
            )
        );
    }

    // `mergeMap`: "If it's not in the original document, just take the patch value."
    #[test]
    fn a_list_that_is_not_there_yet_needs_no_keys() {
        let current = pod(json!([{"name": "a"}]));
        let patch = pod(json!([{"name": "a", "env": [{"value": "x"}, {"$patch": "delete"}]}]));
        let expected = pod(json!([{"name": "a", "env": [{"value": "x"}]}]));
        assert_eq!(patched(Kind::Pod, current, patch), expected);
    }

    // `sliceElementType`
    #[test]
    fn items_of_another_form_are_refused() {
        let current = pod(json!([{"name": "a", "image": "i"}]));
        for (item, shown) in [(json!("x"), "x"), (json!(80), "80"), (Value::Null, "<nil>")] {
            let why =
                format!("list element types are not identical: [[map[image:i name:a]] [{shown}]]");
            assert_eq!(refused(current.clone(), pod(json!([item]))), (Reason::Unknown, why));
        }
    }

    // `ErrBadPatchType`, `mergeSliceWithSpecialElements`
    #[test]
    fn a_directive_that_does_not_exist_is_refused() {
        let map = refused(json!({}), json!({"spec": 1, "$patch": "merge"}));
        assert_eq!(map.1, "unknown patch type: merge in map: map[$patch:merge spec:1]");
        let current = pod(json!([{"name": "a"}]));
        let item = pod(json!([{"name": "a", "$patch": "merge"}]));
        assert_eq!(
            refused(current.clone(), item).1,
            "merging lists cannot yet be specified in the patch"
        );
        let item = pod(json!([{"name": "a", "$patch": 7}]));
        assert_eq!(
            refused(current, item).1,
            "unknown patch type: %!s(int64=7) in map: map[$patch:7 name:a]"
        );
    }

    // `validatePatchWithSetOrderList`
    #[test]
    fn an_order_must_name_what_the_patch_changes() {
        let current = pod(json!([{"name": "a"}]));
        let patch = json!({"spec": {
            "$setElementOrder/containers": [{"name": "z"}],
            "containers": [{"name": "a", "image": "x"}],
        }});
        assert_eq!(
            refused(current, patch).1,
            "The order in patch list:\n[map[image:x name:a]]\n doesn't match $setElementOrder \
             list:\n[map[name:z]]\n"
        );
    }

    #[test]
    fn a_directive_of_a_wrong_form_is_a_bad_request() {
        let patch = json!({"spec": {"$retainKeys": "type"}});
        let why = "invalid patch format of retainKeys".to_owned();
        assert_eq!(refused(json!({"spec": {}}), patch), (Reason::BadRequest, why));
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

    // `mergeMap`: what replaces another value is taken as it is.
    #[test]
    fn null_in_a_list_that_replaces_another_stays() {
        let limits = |amount: Value| json!({"spec": {"limits": [{"default": {"cpu": amount}}]}});
        let patched = patched(Kind::LimitRange, limits(json!("1")), limits(Value::Null));
        assert_eq!(patched, limits(Value::Null));
    }
}
