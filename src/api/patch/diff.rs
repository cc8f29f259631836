//! What `kubectl apply` sends: a strategic merge patch from three versions of an object.

use serde_json::{Map, Value, json};

use super::lists::{Place, Strategy};
use super::order::identity;
use super::strategic::{Mode, merge_fields};
use super::{elements, must_have_key};
use crate::api::Kind;

type Fields = Map<String, Value>;

/// The annotation in which kubectl keeps the manifest that it applied last (kubectl,
/// `pkg/util/apply.go`).
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The manifest that was applied last of an object, if its annotation has one that can be read.
pub fn last_applied(object: &Value) -> Option<Value> {
    serde_json::from_str(object["metadata"]["annotations"][LAST_APPLIED].as_str()?).ok()
}

/// The patch that makes `current` (what the server has) into `modified` (the manifest), and
/// removes what `original` (the manifest that was applied last) had and `modified` has no longer.
/// Fields that only the server has stay. The empty object when there is nothing to do.
///
/// # Errors
/// The words of apimachinery for a list that cannot be compared: an item lacks its key, or is of another
/// form than the others.
pub fn three_way(
    kind: Kind,
    original: &Value,
    modified: &Value,
    current: &Value,
) -> Result<Value, String> {
    let fields = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (original, modified, current) = (fields(original), fields(modified), fields(current));
    let place = Place::root(kind);
    let additions = fields_diff(&current, &modified, place, Want::Additions, false)?;
    let deletions = fields_diff(&original, &modified, place, Want::Deletions, false)?;
    let joined = merge_fields(deletions, &additions, place, Mode::Join);
    joined.map(Value::Object).map_err(|status| status.message)
}

/// Which differences a patch shall hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// What is new or different.
    Additions,
    /// What is gone.
    Deletions,
}

fn fields_diff(
    before: &Fields,
    after: &Fields,
    place: Place,
    want: Want,
    retain: bool,
) -> Result<Fields, String> {
    let mut patch = Fields::new();
    for (key, new) in after {
        let Some(old) = before.get(key) else {
            if want == Want::Additions {
                patch.insert(key.clone(), new.clone());
            }
            continue;
        };
        let (strategy, below) = place.field(key);
        match (old, new) {
            (Value::Object(_), Value::Object(_)) if strategy.replace => {
                if want == Want::Additions {
                    patch.insert(key.clone(), new.clone());
                }
            }
            (Value::Object(old), Value::Object(new)) => {
                let inner = fields_diff(old, new, below, want, strategy.retain_keys)?;
                if !inner.is_empty() {
                    patch.insert(key.clone(), Value::Object(inner));
                }
            }
            (Value::Array(old), Value::Array(new)) if strategy.merge_key.is_some() => {
                list_diff(key, (old, new), (strategy, below), want, &mut patch)?;
            }
            (old, new) => {
                if want == Want::Additions && old != new {
                    patch.insert(key.clone(), new.clone());
                }
            }
        }
    }
    if want == Want::Deletions {
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    let surplus = before.keys().any(|key| !after.contains_key(key));
    if retain && !after.is_empty() && (!patch.is_empty() || surplus) {
        let keys = after.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| json!(key));
        patch.insert("$retainKeys".to_owned(), keys.collect());
    }
    Ok(patch)
}

/// Differences of lists that merge by key, as items of the patch and directives beside them.
fn list_diff(
    name: &str,
    (before, after): (&[Value], &[Value]),
    (strategy, below): (Strategy, Place),
    want: Want,
    patch: &mut Fields,
) -> Result<(), String> {
    if before.is_empty() {
        if want == Want::Additions && !after.is_empty() {
            patch.insert(name.to_owned(), Value::Array(after.to_vec()));
        }
        return Ok(());
    }
    elements(before, after)?;
    let key = strategy.merge_key.unwrap_or_default();
    if key.is_empty() {
        values_diff(name, before, after, want, patch);
        return Ok(());
    }
    before.iter().chain(after).try_for_each(|item| must_have_key(item, key))?;
    let mut items = Vec::new();
    for (index, new) in after.iter().enumerate() {
        match (same_item(before, after, index, key), new) {
            (None, new) if want == Want::Additions => items.push(new.clone()),
            (Some(at), Value::Object(new)) => {
                let Value::Object(old) = &before[at] else { continue };
                let mut inner = fields_diff(old, new, below, want, strategy.retain_keys)?;
                if !inner.is_empty() {
                    inner.insert(key.to_owned(), new.get(key).cloned().unwrap_or_default());
                    items.push(Value::Object(inner));
                }
            }
            _ => {}
        }
    }
    if want == Want::Deletions {
        let indices =
            (0..before.len()).filter(|index| same_item(after, before, *index, key).is_none());
        let gone = indices.map(|index| &before[index]);
        items.extend(gone.map(|old| json!({"$patch": "delete", key: old.get(key)})));
    }
    let same_order = before.len() == after.len()
        && before.iter().zip(after).all(|(old, new)| old.get(key) == new.get(key));
    let changes = !items.is_empty() || want == Want::Additions && !same_order;
    if changes && !after.is_empty() {
        let order = after.iter().map(|item| json!({key: item.get(key)}));
        patch.insert(format!("$setElementOrder/{name}"), order.collect());
    }
    if !items.is_empty() {
        patch.insert(name.to_owned(), Value::Array(items));
    }
    Ok(())
}

/// The item of `list` that an item of `other` is compared with. Of several with one key (a Service's port 53
/// for UDP and for TCP) each is compared with the one of its own number (apimachinery, `diffListsOfMaps`
/// walks both lists, sorted by the key, side by side).
fn same_item(list: &[Value], other: &[Value], index: usize, key: &str) -> Option<usize> {
    let item = other.get(index)?;
    let same = |one: &&Value| identity(one, key) == identity(item, key);
    let before = other[..index].iter().filter(same).count();
    let mut found = list.iter().enumerate().filter(|(_, one)| same(one));
    found.nth(before).map(|(at, _)| at)
}

/// Differences of lists of texts or numbers that merge by value.
fn values_diff(name: &str, before: &[Value], after: &[Value], want: Want, patch: &mut Fields) {
    let missing = |from: &[Value], to: &[Value]| -> Vec<Value> {
        from.iter().filter(|value| !to.contains(value)).cloned().collect()
    };
    let (list, field) = match want {
        Want::Additions => (missing(after, before), name.to_owned()),
        Want::Deletions => (missing(before, after), format!("$deleteFromPrimitiveList/{name}")),
    };
    let changes = !list.is_empty() || want == Want::Additions && before != after;
    if changes && !after.is_empty() {
        patch.insert(format!("$setElementOrder/{name}"), Value::Array(after.to_vec()));
    }
    if !list.is_empty() {
        patch.insert(field, Value::Array(list));
    }
}

#[cfg(test)]
mod tests {
    use super::super::strategic;
    use super::*;

    fn three_way(kind: Kind, original: &Value, modified: &Value, current: &Value) -> Value {
        super::three_way(kind, original, modified, current).expect("comparable lists")
    }

    fn service(spec: Value) -> Value {
        json!({"spec": spec})
    }

    // apimachinery, `handleSliceDiff`: only a list that has an order sets one.
    #[test]
    fn a_list_that_becomes_empty_has_no_order() {
        let port = json!({"port": 80, "protocol": "TCP"});
        let (before, after) = (service(json!({"ports": [port]})), service(json!({"ports": []})));
        let patch = three_way(Kind::Service, &before, &after, &before);
        assert_eq!(patch, service(json!({"ports": [{"$patch": "delete", "port": 80}]})));
    }

    #[test]
    fn nothing_changes_when_the_manifest_is_the_same() {
        let manifest = service(json!({"ports": [{"port": 80}], "selector": {"app": "web"}}));
        let current = service(json!({
            "clusterIP": "10.97.0.10",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
            "selector": {"app": "web"},
        }));
        assert_eq!(three_way(Kind::Service, &manifest, &manifest, &current), json!({}));
    }

    #[test]
    fn a_field_that_left_the_manifest_is_removed() {
        let original = service(json!({"selector": {"app": "web", "tier": "front"}}));
        let modified = service(json!({"selector": {"app": "web"}}));
        let patch = three_way(Kind::Service, &original, &modified, &original);
        assert_eq!(patch, service(json!({"selector": {"tier": null}})));
    }

    #[test]
    fn a_field_that_only_the_server_has_stays() {
        let manifest = service(json!({"type": "NodePort"}));
        let current = service(json!({"type": "ClusterIP", "clusterIP": "10.97.0.10"}));
        let patch = three_way(Kind::Service, &json!({}), &manifest, &current);
        assert_eq!(patch, service(json!({"type": "NodePort"})));
    }

    #[test]
    fn a_container_that_left_the_manifest_is_deleted() {
        let pods = |names: &[&str]| {
            let containers: Vec<Value> =
                names.iter().map(|name| json!({"name": name, "image": "x"})).collect();
            json!({"spec": {"containers": containers}})
        };
        let (original, modified) = (pods(&["a", "b"]), pods(&["b", "c"]));
        let patch = three_way(Kind::Pod, &original, &modified, &original);
        let applied = strategic(Kind::Pod, &original, &patch).unwrap();
        assert_eq!(applied, modified);
    }

    #[test]
    fn another_strategy_names_its_keys() {
        let current = json!({"spec": {"strategy": {
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"},
        }}});
        let modified = json!({"spec": {"strategy": {"type": "Recreate"}}});
        let patch = three_way(Kind::Deployment, &json!({}), &modified, &current);
        let expected = json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}});
        assert_eq!(patch, expected);
        assert_eq!(strategic(Kind::Deployment, &current, &patch).unwrap(), modified);
    }

    // `diffListsOfMaps` and `sliceElementType`; kubernetes/kubernetes#118715 shows the first.
    #[test]
    fn lists_whose_items_have_no_key_cannot_be_compared() {
        let current = service(json!({"ports": [{"port": 80, "protocol": "TCP"}]}));
        let against = |ports: Value| {
            super::three_way(Kind::Service, &json!({}), &service(json!({"ports": ports})), &current)
        };
        assert_eq!(
            against(json!([{"targetPort": 80, "name": "a"}])).unwrap_err(),
            "map: map[name:a targetPort:80] does not contain declared merge key: port"
        );
        assert_eq!(
            against(json!([80])).unwrap_err(),
            "list element types are not identical: [[map[port:80 protocol:TCP]] [80]]"
        );
    }

    #[test]
    fn a_new_list_is_taken_as_it_is() {
        let current = json!({"spec": {"containers": [{"name": "a"}]}});
        let modified = json!({"spec": {"imagePullSecrets": [{}]}});
        assert_eq!(three_way(Kind::Pod, &json!({}), &modified, &current), modified);
    }

    // kube-dns has port 53 for UDP and for TCP: nothing of its ports is in a patch of its selector (apimachinery,
    // diffListsOfMaps).
    #[test]
    fn items_of_one_key_are_compared_by_their_number() {
        let ports = json!([
            {"name": "dns", "port": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
        ]);
        let before = json!({"spec": {"selector": {"a": "b"}, "ports": ports}});
        let after = json!({"spec": {"selector": {"a": "c"}, "ports": ports}});
        let patch = three_way(Kind::Service, &before, &after, &before);
        assert_eq!(patch, json!({"spec": {"selector": {"a": "c"}}}));
    }
}
