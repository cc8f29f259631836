//! Patches: the API's three languages for changes, and how kubectl makes one for `apply`.
//!
//! Everything here is a pure function of JSON values. Facts: RFC 7386, RFC 6902, and apimachinery's
//! `util/strategicpatch`.

mod diff;
mod json;
mod lists;
mod merge;
mod order;
mod strategic;

use serde_json::Value;

use super::{Kind, Patch, Reason, Status};

pub use diff::three_way;
pub use merge::merge;
pub use strategic::strategic;

/// `current` after a change.
///
/// # Errors
/// The API server's own words for a patch that cannot be read or does not fit.
pub(super) fn apply(kind: Kind, current: &Value, patch: Patch) -> Result<Value, Status> {
    match patch {
        Patch::Merge(patch) => {
            must_be_object(&patch, "error decoding patch: ")?;
            Ok(merge(current.clone(), &patch))
        }
        Patch::Strategic(patch) => {
            must_be_object(&patch, "")?;
            strategic(kind, current, &patch)
                .map_err(|message| Status::new(Reason::BadRequest, message))
        }
        Patch::Json(patch) => json::apply(current.clone(), &patch),
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
