//! JSON patches (RFC 6902).

use serde_json::Value;

use crate::api::{Reason, Status};
use crate::manifest::json_type;

/// A step that cannot be taken: what the library says of it. The server tells no more than that it
/// cannot be; `kubectl patch --local` tells this.
struct Impossible(String);

/// Operations that one patch may have (`maxJSONPatchOperations`).
const OPERATIONS: usize = 10_000;

/// Bytes that all copies of one patch may add (`JSONPatchMaxCopyBytes`).
const COPIED: usize = 3 << 20;

/// `target` after every operation of `patch`.
///
/// # Errors
/// As the server's: it does not say why an operation cannot be carried out.
pub(super) fn apply(target: Value, patch: &Value) -> Result<Value, Status> {
    operations(target, patch)?.map_err(|Impossible(_)| {
        let message = "the server rejected our request due to an error in our request";
        Status::new(Reason::Invalid, message)
    })
}

/// The same for kubectl itself.
///
/// # Errors
/// In the words of the library, which is the server's too.
pub(super) fn apply_locally(target: Value, patch: &Value) -> Result<Value, Status> {
    operations(target, patch)?.map_err(|Impossible(why)| Status::new(Reason::Invalid, why))
}

fn operations(mut target: Value, patch: &Value) -> Result<Result<Value, Impossible>, Status> {
    let wrong = |found: &Value, wanted: &str| {
        let found = json_type(found);
        let message =
            format!("error decoding patch: json: cannot unmarshal {found} into Go {wanted}");
        Err(Status::new(Reason::BadRequest, message))
    };
    let operations = match patch {
        Value::Array(operations) => operations,
        Value::Null => return Ok(Ok(target)),
        other => return wrong(other, "value of type []handlers.jsonPatchOp"),
    };
    for operation in operations {
        match operation {
            Value::Object(fields) => {
                for name in ["op", "path", "from"] {
                    if let Some(odd) = fields.get(name).filter(|v| !v.is_string() && !v.is_null()) {
                        let wanted = format!("struct field jsonPatchOp.{name} of type string");
                        return wrong(odd, &wanted);
                    }
                }
            }
            Value::Null => {}
            other => return wrong(other, "value of type handlers.jsonPatchOp"),
        }
    }
    if operations.len() > OPERATIONS {
        let message = format!(
            "Request entity too large: The allowed maximum operations in a JSON patch is \
             {OPERATIONS}, got {}",
            operations.len()
        );
        return Err(Status::new(Reason::RequestEntityTooLarge, message));
    }
    let mut copied = 0;
    for operation in operations {
        if let Err(impossible) = step(&mut target, operation, &mut copied) {
            return Ok(Err(impossible));
        }
    }
    Ok(Ok(target))
}

/// One operation, as `gopkg.in/evanphx/json-patch.v4` carries it out: unlike the RFC, it replaces
/// and copies what is not there, as long as what it would stand in is.
fn step(target: &mut Value, operation: &Value, copied: &mut usize) -> Result<(), Impossible> {
    let text = |field: &str| operation.get(field).and_then(Value::as_str);
    let value = || operation.get("value").cloned().unwrap_or(Value::Null);
    let op = text("op").unwrap_or("unknown");
    if !["add", "remove", "replace", "move", "copy", "test"].contains(&op) {
        return Err(Impossible(format!("Unexpected kind: {op}")));
    }
    let missing =
        |what: &str| Impossible(format!("{op} operation failed to decode {what}: missing value"));
    let path = text("path").ok_or_else(|| missing("path"))?;
    match op {
        "add" => add(target, op, path, value()),
        "remove" => remove(target, op, path).map(drop),
        "replace" => replace(target, path, value()),
        "move" => {
            let from = text("from").ok_or_else(|| missing("from"))?;
            let moved = remove(target, op, from)?;
            add(target, op, path, moved)
        }
        "copy" => {
            let from = text("from").ok_or_else(|| missing("from"))?;
            let copy = get(target, op, from)?;
            *copied += copy.to_string().len();
            if *copied > COPIED {
                return Err(Impossible(format!(
                    "Unable to copy, the accumulated size increase of copy is {copied}, exceeding \
                     the limit {COPIED}"
                )));
            }
            add(target, op, path, copy)
        }
        _ => {
            let found = if path.is_empty() { target.clone() } else { get(target, op, path)? };
            match found == value() {
                true => Ok(()),
                false => Err(Impossible(format!("testing value {path} failed: test failed"))),
            }
        }
    }
}

fn add(target: &mut Value, op: &str, path: &str, value: Value) -> Result<(), Impossible> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let (parent, key) = split(target, path).ok_or_else(|| no_parent(op, path))?;
    match parent {
        Value::Object(fields) => {
            fields.insert(key, value);
        }
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let at =
                index(&key, items.len(), items.len() + 1).map_err(|why| at_path(op, path, &why))?;
            items.insert(at, value);
        }
        _ => return Err(no_parent(op, path)),
    }
    Ok(())
}

fn replace(target: &mut Value, path: &str, value: Value) -> Result<(), Impossible> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let no_parent = || {
        let text =
            format!("replace operation does not apply: doc is missing path: {path}: missing value");
        Impossible(text)
    };
    let (parent, key) = split(target, path).ok_or_else(no_parent)?;
    match parent {
        Value::Object(fields) => {
            fields.insert(key, value);
        }
        Value::Array(items) => {
            let at = index(&key, items.len(), items.len()).map_err(|_| {
                let text = format!("Object to be patched is missing field ({path}: missing value)");
                Impossible(text)
            })?;
            items[at] = value;
        }
        _ => return Err(no_parent()),
    }
    Ok(())
}

fn remove(target: &mut Value, op: &str, path: &str) -> Result<Value, Impossible> {
    let (parent, key) = split(target, path).ok_or_else(|| no_parent(op, path))?;
    match parent {
        Value::Object(fields) => fields.remove(&key).ok_or_else(|| {
            let place = if op == "move" { key.as_str() } else { path };
            let why = format!("Unable to remove nonexistent key: {key}: missing value");
            at_path(op, place, &why)
        }),
        Value::Array(items) => {
            let at =
                index(&key, items.len(), items.len()).map_err(|why| at_path(op, path, &why))?;
            Ok(items.remove(at))
        }
        _ => Err(no_parent(op, path)),
    }
}

/// What stands at a path; a field that is not there is null.
fn get(target: &mut Value, op: &str, path: &str) -> Result<Value, Impossible> {
    let (parent, key) = split(target, path).ok_or_else(|| no_parent(op, path))?;
    match parent {
        Value::Object(fields) => Ok(fields.get(&key).cloned().unwrap_or(Value::Null)),
        Value::Array(items) => {
            let at =
                index(&key, items.len(), items.len()).map_err(|why| at_path(op, path, &why))?;
            Ok(items[at].clone())
        }
        _ => Err(no_parent(op, path)),
    }
}

fn at_path(op: &str, path: &str, why: &str) -> Impossible {
    Impossible(format!("error in {op} for path: '{path}': {why}"))
}

fn no_parent(op: &str, path: &str) -> Impossible {
    Impossible(format!(
        "{op} operation does not apply: doc is missing path: \"{path}\": missing value"
    ))
}

/// What the last part of a path stands in, and that part.
fn split<'a>(target: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let plain = |part: &str| part.replace("~1", "/").replace("~0", "~");
    let (above, key) = path.rsplit_once('/')?;
    let mut parent = target;
    for part in above.split('/').skip(1) {
        parent = match parent {
            Value::Object(fields) => fields.get_mut(&plain(part))?,
            Value::Array(items) => {
                let at = index(part, items.len(), items.len()).ok()?;
                &mut items[at]
            }
            _ => return None,
        };
    }
    Some((parent, plain(key)))
}

/// A place in a list: from its beginning, or (negative) from its end.
fn index(key: &str, length: usize, bound: usize) -> Result<usize, String> {
    let invalid = || format!("Unable to access invalid index: {key}: invalid index referenced");
    let number: i64 = key.parse().map_err(|_| {
        format!("value was not a proper array index: '{key}': strconv.Atoi: parsing \"{key}\": invalid syntax")
    })?;
    let at = match usize::try_from(number) {
        Ok(at) => at,
        Err(_) => {
            let back = usize::try_from(number.unsigned_abs()).map_err(|_| invalid())?;
            length.checked_sub(back).ok_or_else(invalid)?
        }
    };
    if at < bound { Ok(at) } else { Err(invalid()) }
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
        // Not the RFC's: by kubectl 1.36.3, whose library is the server's.
        assert_eq!(patched(json!({}), replace), Some(json!({"baz": "boo"})));
        let moved = json!([{"op": "move", "from": "/a", "path": "/b"}]);
        assert_eq!(patched(json!({"a": 1}), moved), Some(json!({"b": 1})));
        let escaped = json!([{"op": "remove", "path": "/a~1b"}]);
        assert_eq!(patched(json!({"a/b": 1}), escaped), Some(json!({})));
        let tested = json!([{"op": "test", "path": "/a", "value": 2}]);
        assert_eq!(patched(json!({"a": 1}), tested), None);
    }

    // Each by `kubectl patch --local` 1.36.3.
    #[test]
    fn what_cannot_be_done_is_told_in_the_librarys_words() {
        let object = json!({"data": {"a": "b"}, "l": [1]});
        let told = |patch: Value| apply_locally(object.clone(), &patch).unwrap_err().message;
        for (operation, message) in [
            (
                json!({"op": "remove", "path": "/x"}),
                "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
            ),
            (
                json!({"op": "remove", "path": "/x/y"}),
                "remove operation does not apply: doc is missing path: \"/x/y\": missing value",
            ),
            (
                json!({"op": "replace", "path": "/x/y", "value": 1}),
                "replace operation does not apply: doc is missing path: /x/y: missing value",
            ),
            (
                json!({"op": "add", "path": "/l/5", "value": 1}),
                "error in add for path: '/l/5': Unable to access invalid index: 5: invalid index \
                 referenced",
            ),
            (
                json!({"op": "replace", "path": "/l/5", "value": 1}),
                "Object to be patched is missing field (/l/5: missing value)",
            ),
            (
                json!({"op": "test", "path": "/data/a", "value": "c"}),
                "testing value /data/a failed: test failed",
            ),
            (
                json!({"op": "move", "from": "/x", "path": "/y"}),
                "error in move for path: 'x': Unable to remove nonexistent key: x: missing value",
            ),
            (json!({"op": "foo", "path": "/y"}), "Unexpected kind: foo"),
            (json!({"op": "add"}), "add operation failed to decode path: missing value"),
        ] {
            assert_eq!(told(json!([operation])), message);
        }
        let copied = json!([{"op": "copy", "from": "/x", "path": "/y"}]);
        assert!(apply(object.clone(), &copied).is_ok());
    }

    #[test]
    fn a_patch_that_is_no_list_cannot_be_read() {
        let status = apply(json!({}), &json!({})).unwrap_err();
        assert_eq!(
            status.message,
            "error decoding patch: json: cannot unmarshal object into Go value of type \
             []handlers.jsonPatchOp"
        );
        let status = apply(json!({}), &json!([1])).unwrap_err();
        assert_eq!(
            status.message,
            "error decoding patch: json: cannot unmarshal number into Go value of type \
             handlers.jsonPatchOp"
        );
    }
}
