//! JSON patches (RFC 6902).

use serde_json::Value;

use crate::api::{Reason, Status};

/// A step that cannot be taken. The server tells no more than that.
struct Impossible;

/// `target` after every operation of `patch`, or untouched and an error.
pub(super) fn apply(mut target: Value, patch: &Value) -> Result<Value, Status> {
    let Value::Array(operations) = patch else {
        let found = match patch {
            Value::Object(_) => "object",
            Value::String(_) => "string",
            Value::Number(_) => "number",
            Value::Bool(_) => "bool",
            Value::Null | Value::Array(_) => return Ok(target),
        };
        let message =
            format!("json: cannot unmarshal {found} into Go value of type jsonpatch.Patch");
        return Err(Status::new(Reason::BadRequest, message));
    };
    for operation in operations {
        step(&mut target, operation).map_err(|Impossible| {
            let message = "the server rejected our request due to an error in our request";
            Status::new(Reason::Invalid, message)
        })?;
    }
    Ok(target)
}

fn step(target: &mut Value, operation: &Value) -> Result<(), Impossible> {
    let text = |field: &str| operation.get(field).and_then(Value::as_str).ok_or(Impossible);
    let value = || operation.get("value").cloned().ok_or(Impossible);
    let path = text("path")?;
    match text("op")? {
        "add" => add(target, path, value()?),
        "remove" => remove(target, path).map(drop),
        "replace" => {
            let slot = target.pointer_mut(path).ok_or(Impossible)?;
            *slot = value()?;
            Ok(())
        }
        "move" => {
            let moved = remove(target, text("from")?)?;
            add(target, path, moved)
        }
        "copy" => {
            let copied = target.pointer(text("from")?).cloned().ok_or(Impossible)?;
            add(target, path, copied)
        }
        "test" => {
            let wanted = operation.get("value").unwrap_or(&Value::Null);
            let found = target.pointer(path).unwrap_or(&Value::Null);
            if found == wanted { Ok(()) } else { Err(Impossible) }
        }
        _ => Err(Impossible),
    }
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), Impossible> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let (parent, key) = split(target, path)?;
    match parent {
        Value::Object(fields) => {
            fields.insert(key, value);
        }
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let at = index(&key, items.len() + 1)?;
            items.insert(at, value);
        }
        _ => return Err(Impossible),
    }
    Ok(())
}

fn remove(target: &mut Value, path: &str) -> Result<Value, Impossible> {
    let (parent, key) = split(target, path)?;
    match parent {
        Value::Object(fields) => fields.remove(&key).ok_or(Impossible),
        Value::Array(items) => {
            let at = index(&key, items.len())?;
            Ok(items.remove(at))
        }
        _ => Err(Impossible),
    }
}

/// What the last part of a path stands in, and that part.
fn split<'a>(target: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), Impossible> {
    let (above, key) = path.rsplit_once('/').ok_or(Impossible)?;
    let parent = target.pointer_mut(above).ok_or(Impossible)?;
    Ok((parent, key.replace("~1", "/").replace("~0", "~")))
}

fn index(key: &str, bound: usize) -> Result<usize, Impossible> {
    let at: usize = key.parse().map_err(|_| Impossible)?;
    if at < bound { Ok(at) } else { Err(Impossible) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // RFC 6902, appendix A.
    #[test]
    fn the_operations_of_the_rfc_hold() {
        let patched = |target, patch: Value| apply(target, &patch).ok();
        let add = json!([{"op": "add", "path": "/foo/1", "value": "qux"}]);
        assert_eq!(
            patched(json!({"foo": ["bar", "baz"]}), add),
            Some(json!({"foo": ["bar", "qux", "baz"]}))
        );
        let push = json!([{"op": "add", "path": "/foo/-", "value": 1}]);
        assert_eq!(patched(json!({"foo": []}), push), Some(json!({"foo": [1]})));
        let replace = json!([{"op": "replace", "path": "/baz", "value": "boo"}]);
        assert_eq!(patched(json!({"baz": "qux"}), replace.clone()), Some(json!({"baz": "boo"})));
        assert_eq!(patched(json!({}), replace), None);
        let moved = json!([{"op": "move", "from": "/a", "path": "/b"}]);
        assert_eq!(patched(json!({"a": 1}), moved), Some(json!({"b": 1})));
        let escaped = json!([{"op": "remove", "path": "/a~1b"}]);
        assert_eq!(patched(json!({"a/b": 1}), escaped), Some(json!({})));
        let tested = json!([{"op": "test", "path": "/a", "value": 2}]);
        assert_eq!(patched(json!({"a": 1}), tested), None);
    }

    #[test]
    fn a_patch_that_is_no_list_cannot_be_read() {
        let status = apply(json!({}), &json!({})).unwrap_err();
        assert_eq!(
            status.message,
            "json: cannot unmarshal object into Go value of type jsonpatch.Patch"
        );
    }
}
