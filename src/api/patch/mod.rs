//! Patches: the API's three languages for changes, and how kubectl makes one for `apply`.
//!
//! Everything here is a pure function of JSON values. Facts: RFC 7386, RFC 6902, and apimachinery's
//! `util/strategicpatch`.

mod convert;
mod diff;
mod json;
mod lists;
mod merge;
mod order;
mod strategic;

use serde_json::Value;

use super::{Kind, Patch, Reason, Status};
use crate::manifest::{Mistyped, json_type};

pub(super) use convert::wrap;
pub use diff::{LAST_APPLIED, last_applied, three_way};
pub use merge::merge;
pub use strategic::strategic;

/// An object after a patch, before anybody looked whether it still is one.
pub(super) struct Patched {
    /// The object as JSON.
    pub(super) value: Value,
    /// What error messages quote as the patch.
    pub(super) shown: String,
    /// Whether it came about by a strategic merge patch, which has a decoder of its own.
    pub(super) strategic: bool,
}

/// `current` after a change.
///
/// # Errors
/// The API server's own words for a patch that cannot be read or cannot be applied.
pub(super) fn apply(kind: Kind, current: &Value, patch: Patch) -> Result<Patched, Status> {
    let value = match patch {
        Patch::Merge(patch) => {
            must_be_object(&patch, "error decoding patch: ")?;
            if patch.is_null() {
                return Err(Status::new(Reason::BadRequest, "Invalid JSON Patch"));
            }
            merge(current.clone(), &patch)
        }
        Patch::Strategic(patch) => {
            must_be_object(&patch, "")?;
            let value = strategic(kind, current, &patch)?;
            let shown = go_map(&left_over(current, &patch));
            return Ok(Patched { value, shown, strategic: true });
        }
        Patch::Json(patch) => json::apply(current.clone(), &patch)?,
        // It is worked out against what was applied before (`server_side`).
        Patch::Apply { wish, .. } => merge(current.clone(), &wish),
    };
    let shown = value.to_string();
    Ok(Patched { value, shown, strategic: false })
}

/// `current` after a change of which no server hears: `kubectl patch --local`.
///
/// # Errors
/// As the server's, for a patch that cannot be read or cannot be applied.
pub fn changed(kind: Kind, current: &Value, patch: Patch) -> Result<Value, Status> {
    match patch {
        Patch::Json(patch) => json::apply_locally(current.clone(), &patch),
        patch => apply(kind, current, patch).map(|patched| patched.value),
    }
}

/// What is left of a patch that was merged into `current`: the server takes out lists that are told
/// their order as it merges them (`mergePatchIntoOriginal`).
fn left_over(current: &Value, patch: &Value) -> Value {
    let Value::Object(fields) = patch else { return patch.clone() };
    if !current.is_object() {
        return patch.clone();
    }
    let ordered = |name: &str| {
        let list = name.strip_prefix(strategic::ORDER).unwrap_or(name);
        let told = fields.contains_key(&format!("{}{list}", strategic::ORDER));
        told && (list != name || fields.contains_key(list))
    };
    let kept = fields.iter().filter(|(name, _)| !ordered(name));
    kept.map(|(name, value)| (name.clone(), left_over(&current[name], value))).collect()
}

/// Why a patched object cannot be decoded, in the words of the decoder that was used.
pub(super) fn complaint(kind: Kind, patched: &Patched, fault: &Mistyped) -> String {
    if patched.strategic {
        convert::complaint(kind, &patched.value, fault)
    } else {
        fault.message.clone()
    }
}

fn must_be_object(patch: &Value, prefix: &str) -> Result<(), Status> {
    let found = match patch {
        Value::Object(_) | Value::Null => return Ok(()),
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
    };
    let message = format!(
        "{prefix}json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
    );
    Err(Status::new(Reason::BadRequest, message))
}

/// That all items of a list and of its change are of one form (`sliceElementType`).
///
/// # Errors
/// The words of apimachinery, which the server and kubectl share.
fn elements(before: &[Value], change: &[Value]) -> Result<(), String> {
    let form = |value: &Value| match value {
        Value::Number(number) if number.is_f64() => "float",
        other => json_type(other),
    };
    let mut forms = before.iter().chain(change).map(form);
    match forms.next() {
        Some("array") => Err("lists of lists are not supported".to_owned()),
        Some(first) if forms.any(|form| form != first) => {
            let lists = Value::from(vec![Value::from(before), Value::from(change)]);
            Err(format!("list element types are not identical: {}", go_map(&lists)))
        }
        _ => Ok(()),
    }
}

/// That an item of a list that merges by `key` has it.
///
/// # Errors
/// The words of apimachinery, which the server and kubectl share.
fn must_have_key(item: &Value, key: &str) -> Result<(), String> {
    match item {
        Value::Object(fields) if !key.is_empty() && !fields.contains_key(key) => {
            let shown = go_map(item);
            Err(format!("map: {shown} does not contain declared merge key: {key}"))
        }
        _ => Ok(()),
    }
}

/// A value as Go's `%v` prints it: `map[spec:map[ports:[map[port:x]]]]`.
fn go_map(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(go_map).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}:{}", go_map(value))).collect();
            format!("map[{}]", fields.join(" "))
        }
        other => other.to_string(),
    }
}
