//! The form in which the server stores what a client wrote.
//!
//! Its Go types drop empty texts, lists, maps, `false` and 0 from most optional fields, so that
//! `hostNetwork: false` in a manifest is gone when the object comes back; and amounts take their
//! shortest form. Fields whose Go type is a pointer keep such values ([`Field::keeps_empty`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::Value;

use super::{Kind, Object, quantity};
use crate::manifest::Schema;
use crate::manifest::schema::{Field, Struct, Type};

/// Fields that the server knows and drops, since they belong to features that are not switched on in
/// 1.36 (recording 15): (type, field).
const SWITCHED_OFF: [(&str, &str); 3] = [
    ("Lifecycle", "stopSignal"),
    ("PodSpec", "schedulingGroup"),
    ("RollingUpdateStatefulSetStrategy", "maxUnavailable"),
];

/// Lists that are kept though they are empty: the server shows the first in what it refuses, as it
/// does a pod template's empty labels ([`forget_empty`] drops both before anything is stored), and
/// refuses the second, which is not the one that was left out and so has no default.
const SHOWN_EMPTY: [(&str, &str); 2] = [("IngressSpec", "rules"), ("HPAScalingRules", "policies")];

/// Brings an object of `kind` into the stored form.
pub fn form(kind: Kind, value: &mut Value) {
    let info = kind.info();
    if let Some(schema) = Schema::of(&info.api_version(), info.name) {
        fields(schema, schema.root(), value);
    }
}

/// Drops what was kept of an object for its validation alone.
pub(super) fn forget_empty(object: &mut Object) {
    if let Object::Ingress(ingress) = object
        && ingress.spec.as_ref().is_some_and(|spec| spec.rules.as_ref().is_some_and(Vec::is_empty))
        && let Some(spec) = &mut Arc::make_mut(ingress).spec
    {
        spec.rules = None;
    }
    let bare = |template: &PodTemplateSpec| {
        let meta = template.metadata.as_ref();
        meta.and_then(|meta| meta.labels.as_ref()).is_some_and(BTreeMap::is_empty)
    };
    if object.template().is_some_and(bare)
        && let Some(meta) = object.template_mut().and_then(|template| template.metadata.as_mut())
    {
        meta.labels = None;
    }
}

fn fields(schema: &Schema, at: &Struct, value: &mut Value) {
    let Value::Object(values) = value else { return };
    values.retain(|name, value| {
        let Some(field) = at.fields.get(name.as_str()) else { return true };
        // An object inside another is of its field's type, whatever it calls itself.
        if field.embedded == Some("TypeMeta") && at.name != schema.root().name {
            return false;
        }
        if SWITCHED_OFF.contains(&(at.name, name.as_str())) {
            return false;
        }
        let bare = at.name == "PodTemplateSpec" && name == "metadata" && has_no_labels(value);
        below(schema, &field.holds, value);
        if bare {
            value["labels"] = Value::Object(serde_json::Map::new());
        }
        !is_dropped(at.name, field, value) || field.required
    });
}

/// Whether there is a map of labels without any.
fn has_no_labels(metadata: &Value) -> bool {
    metadata["labels"].as_object().is_some_and(serde_json::Map::is_empty)
}

fn below(schema: &Schema, holds: &Type, value: &mut Value) {
    match (holds, value) {
        (Type::Struct(_), value) => {
            if let Some(at) = schema.object(holds) {
                fields(schema, at, value);
            }
        }
        (Type::List(of), Value::Array(items)) => {
            items.iter_mut().for_each(|item| element(schema, of, item));
        }
        (Type::Map(of), Value::Object(entries)) => {
            entries.values_mut().for_each(|entry| element(schema, of, entry));
            if matches!(**of, Type::Quantity) {
                entries.values_mut().for_each(round_resource);
            }
        }
        (Type::Bytes, value @ Value::Array(_)) => *value = Value::from(""),
        (Type::Quantity, value @ (Value::String(_) | Value::Number(_))) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            *value = quantity::canonical(&text).into();
        }
        _ => {}
    }
}

/// Every map of amounts is one of resources.
fn round_resource(value: &mut Value) {
    if let Some(text) = value.as_str() {
        *value = quantity::canonical_resource(text).into();
    }
}

/// One of a list's or map's. `null` there is an element all the same, an empty one (Go's `encoding/json`):
/// a lonely `-` under `ingress:` is a rule that allows everything, and a label without a value is an
/// empty one.
fn element(schema: &Schema, of: &Type, value: &mut Value) {
    if value.is_null() {
        *value = match of {
            Type::Struct(_) => Value::Object(serde_json::Map::new()),
            Type::String | Type::Bytes => Value::from(""),
            Type::Quantity => Value::from("0"),
            Type::Int32 | Type::Int64 => Value::from(0),
            _ => return,
        };
    }
    below(schema, of, value);
}

fn is_dropped(parent: &str, field: &Field, value: &Value) -> bool {
    let empty = match (&field.holds, value) {
        (_, Value::Null) => return true,
        _ if SHOWN_EMPTY.contains(&(parent, field.name)) => return false,
        (Type::List(_), Value::Array(items)) => return items.is_empty(),
        (Type::Map(_), Value::Object(entries)) => return entries.is_empty(),
        (Type::String, Value::String(text)) => text.is_empty(),
        (Type::Bool, Value::Bool(flag)) => !flag,
        (Type::Int32 | Type::Int64, Value::Number(number)) => number.as_i64() == Some(0),
        _ => false,
    };
    empty && !field.keeps_empty
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn empty_fields_are_dropped_as_go_drops_them() {
        let mut pod = json!({
            "metadata": {"finalizers": [], "annotations": {"a": "", "b": null}},
            "spec": {
                "hostNetwork": false,
                "enableServiceLinks": false,
                "nodeSelector": null,
                "volumes": [{"name": "v", "emptyDir": {}}],
                "containers": [{"name": "c", "args": [], "env": [{"name": "A", "value": ""}]}],
            },
        });
        form(Kind::Pod, &mut pod);
        let left = json!({
            "metadata": {"annotations": {"a": "", "b": ""}},
            "spec": {
                "enableServiceLinks": false,
                "volumes": [{"name": "v", "emptyDir": {}}],
                "containers": [{"name": "c", "env": [{"name": "A"}]}],
            },
        });
        assert_eq!(pod, left);
    }

    // `types.go`: of these fields the first of each pair is a pointer.
    #[test]
    fn the_type_of_a_field_tells_whether_it_may_be_empty() {
        let mut pod = json!({"spec": {
            "runtimeClassName": "", "nodeName": "",
            "hostUsers": false, "hostIPC": false,
            "priority": 0,
            "volumes": [{"name": "v", "rbd": {"image": "i", "readOnly": false}}],
            "containers": [{
                "name": "c", "restartPolicy": "", "imagePullPolicy": "",
                "volumeMounts": [{"name": "v", "mountPath": "/v", "subPathExpr": ""}],
            }],
            "ephemeralContainers": [{"name": "e", "stdin": false}],
        }});
        form(Kind::Pod, &mut pod);
        let left = json!({"spec": {
            "runtimeClassName": "",
            "hostUsers": false,
            "priority": 0,
            "volumes": [{"name": "v", "rbd": {"image": "i"}}],
            "containers": [{
                "name": "c", "restartPolicy": "",
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            }],
            "ephemeralContainers": [{"name": "e"}],
        }});
        assert_eq!(pod, left);
    }

    // `Convert_apps_StatefulSetSpec_To_v1_StatefulSetSpec` gives it both back.
    #[test]
    fn an_inner_object_has_its_fields_kind() {
        let claim = json!({"kind": "x", "apiVersion": "y", "metadata": {"name": "c"}});
        let mut set = json!({"kind": "StatefulSet", "spec": {"volumeClaimTemplates": [claim]}});
        form(Kind::StatefulSet, &mut set);
        let claim = json!({"metadata": {"name": "c"}});
        let left = json!({"kind": "StatefulSet", "spec": {"volumeClaimTemplates": [claim]}});
        assert_eq!(set, left);
    }

    #[test]
    fn nothing_in_a_list_is_an_empty_element() {
        let mut policy = json!({"spec": {"ingress": [null], "policyTypes": [null]}});
        form(Kind::NetworkPolicy, &mut policy);
        assert_eq!(policy, json!({"spec": {"ingress": [{}], "policyTypes": [""]}}));
    }

    #[test]
    fn amounts_take_their_shortest_form() {
        let resources = json!({"requests": {"cpu": 64, "memory": "1024Mi"}});
        let mut pod = json!({"spec": {"containers": [{"name": "c", "resources": resources}]}});
        form(Kind::Pod, &mut pod);
        let requests = &pod["spec"]["containers"][0]["resources"]["requests"];
        assert_eq!(*requests, json!({"cpu": "64", "memory": "1Gi"}));
    }

    #[test]
    fn what_is_unknown_is_left_to_the_decoder() {
        let mut service = json!({"spec": {"selectors": {}, "ports": [{"port": 0}]}});
        let before = service.clone();
        form(Kind::Service, &mut service);
        assert_eq!(service, before);
    }
}
