//! Objects as the server sends them. Its Go types print some fields that k8s-openapi's types leave
//! out when they are empty; all of these differences are made up for here.

use serde_json::{Map, Value};

use super::Kind;

/// Adds to an object's JSON what the server would print.
pub(super) fn as_sent(kind: Kind, value: &mut Value) {
    let Value::Object(object) = value else { return };
    match kind {
        Kind::Pod => {
            for condition in items(object, &["status", "conditions"]) {
                condition.entry("lastProbeTime").or_insert(Value::Null);
            }
        }
        Kind::EndpointSlice => {
            for field in ["endpoints", "ports"] {
                let empty = object.get(field).and_then(Value::as_array).is_none_or(Vec::is_empty);
                if empty {
                    object.insert(field.to_owned(), Value::Null);
                }
            }
        }
        _ => {}
    }
}

/// The objects in the list at a path.
fn items<'a>(
    object: &'a mut Map<String, Value>,
    path: &[&str],
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let (last, above) = path.split_last().unwrap_or((&"", &[]));
    let parent = above.iter().try_fold(object, |at, name| at.get_mut(*name)?.as_object_mut());
    let list = parent.and_then(|parent| parent.get_mut(*last)).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // Recording 05.
    #[test]
    fn an_empty_slice_shows_its_emptiness() {
        let mut slice = json!({"addressType": "IPv4", "endpoints": []});
        as_sent(Kind::EndpointSlice, &mut slice);
        assert_eq!(slice, json!({"addressType": "IPv4", "endpoints": null, "ports": null}));
    }

    // Recording 01.
    #[test]
    fn a_pods_conditions_were_never_probed() {
        let mut pod = json!({"status": {"conditions": [{"type": "Ready"}]}});
        as_sent(Kind::Pod, &mut pod);
        assert_eq!(pod["status"]["conditions"][0], json!({"type": "Ready", "lastProbeTime": null}));
    }
}
