//! Kinds that the server keeps and shows, and after which nothing in this cluster acts: what a table
//! shows of them, what is filled in and what is refused (`pkg/apis/admissionregistration`, `node`,
//! `storage`, `apiextensions-apiserver` and `kube-aggregator`).

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Kind, Object};

/// An object of which only its metadata is typed. `KIND` is the number of its [`Kind`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plain<const KIND: usize> {
    /// Its metadata.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// Everything else, in the form in which the server stores it.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

macro_rules! plain {
    ($($kind:ident),* $(,)?) => {
        $(#[allow(missing_docs)] pub type $kind = Plain<{ Kind::$kind as usize }>;)*

        /// The fields of an object of such a kind, to change.
        pub(super) fn fields_mut(object: &mut Object) -> Option<&mut Map<String, Value>> {
            match object {
                $(Object::$kind(object) => Some(&mut Arc::make_mut(object).fields),)*
                _ => None,
            }
        }

        /// The fields of an object of such a kind.
        pub(super) fn fields(object: &Object) -> Option<&Map<String, Value>> {
            match object {
                $(Object::$kind(object) => Some(&object.fields),)*
                _ => None,
            }
        }
    };
}

plain!(
    CustomResourceDefinition,
    APIService,
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    RuntimeClass,
    CSIDriver,
    VolumeAttachment,
);

/// Puts fields back as they were.
pub(super) fn keep(new: &mut Object, old: &Object, kept: impl Fn(&str) -> bool) {
    let (Some(new), Some(old)) = (fields_mut(new), fields(old)) else { return };
    new.retain(|field, _| !kept(field));
    let before = old.iter().filter(|(field, _)| kept(field));
    new.extend(before.map(|(field, value)| (field.clone(), value.clone())));
}

/// Whether what is wanted differs of two objects of such a kind.
pub(super) fn differs(new: &Object, old: &Object) -> Option<bool> {
    let wanted = |object| Some(fields(object)?.iter().filter(|(field, _)| *field != "status"));
    Some(!wanted(new)?.eq(wanted(old)?))
}

/// What an object of such a kind brings about elsewhere, and not here.
pub(super) fn without_effect(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::CustomResourceDefinition => "objects of the kinds that people define",
        Kind::APIService => "servers that answer for a group of the API",
        Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration => {
            "the calls of webhooks"
        }
        Kind::ValidatingAdmissionPolicy | Kind::ValidatingAdmissionPolicyBinding => {
            "what admission policies refuse"
        }
        Kind::CSIDriver | Kind::VolumeAttachment => "drivers of volumes",
        _ => return None,
    })
}

/// The items of a list in an object's JSON.
pub(super) fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// How many items a list has.
pub(super) fn count(value: &Value, pointer: &str) -> String {
    items(value, pointer).count().to_string()
}

/// What stands in a field, as text.
pub(super) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Fills `field` of an object if it is not there.
fn fill(value: &mut Value, field: &str, default: Value) {
    if let Some(fields) = value.as_object_mut()
        && fields.get(field).is_none_or(Value::is_null)
    {
        fields.insert(field.to_owned(), default);
    }
}

/// What is filled into a matcher of requests.
fn fill_matcher(value: &mut Value, rules: &str) {
    fill(value, "matchPolicy", json!("Equivalent"));
    fill(value, "namespaceSelector", json!({}));
    fill(value, "objectSelector", json!({}));
    for rule in value[rules].as_array_mut().into_iter().flatten() {
        fill(rule, "scope", json!("*"));
    }
}

/// Fills in what such an object leaves out.
pub(super) fn defaults(object: &mut Object) {
    let kind = object.kind();
    let Some(fields) = fields_mut(object) else { return };
    if matches!(kind, Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration) {
        for webhook in
            fields.get_mut("webhooks").and_then(Value::as_array_mut).into_iter().flatten()
        {
            fill_matcher(webhook, "rules");
            fill(webhook, "failurePolicy", json!("Fail"));
            fill(webhook, "timeoutSeconds", json!(10));
            if kind == Kind::MutatingWebhookConfiguration {
                fill(webhook, "reinvocationPolicy", json!("Never"));
            }
            fill_port(&mut webhook["clientConfig"]);
        }
    }
    let Some(spec) = fields.get_mut("spec").filter(|spec| spec.is_object()) else { return };
    match kind {
        Kind::CustomResourceDefinition => definition_defaults(spec),
        Kind::APIService => fill_port(spec),
        Kind::ValidatingAdmissionPolicy => {
            fill(spec, "failurePolicy", json!("Fail"));
            if spec["matchConstraints"].is_object() {
                fill_matcher(&mut spec["matchConstraints"], "resourceRules");
            }
        }
        Kind::ValidatingAdmissionPolicyBinding if spec["matchResources"].is_object() => {
            fill_matcher(&mut spec["matchResources"], "resourceRules");
        }
        Kind::CSIDriver => {
            for (field, default) in [
                ("attachRequired", json!(true)),
                ("fsGroupPolicy", json!("ReadWriteOnceWithFSType")),
                ("podInfoOnMount", json!(false)),
                ("requiresRepublish", json!(false)),
                ("seLinuxMount", json!(false)),
                ("storageCapacity", json!(false)),
                ("volumeLifecycleModes", json!(["Persistent"])),
            ] {
                fill(spec, field, default);
            }
        }
        _ => {}
    }
}

fn fill_port(holder: &mut Value) {
    if holder["service"].is_object() {
        fill(&mut holder["service"], "port", json!(443));
    }
}

fn definition_defaults(spec: &mut Value) {
    fill(spec, "conversion", json!({"strategy": "None"}));
    let kind = text(spec, "/names/kind");
    if let Some(names) = spec.get_mut("names").filter(|_| !kind.is_empty()) {
        fill(names, "singular", json!(kind.to_lowercase()));
        fill(names, "listKind", json!(format!("{kind}List")));
    }
}

/// Fills in what the servers' own controllers say of such an object a moment after it came.
pub(super) fn status(object: &mut Object) {
    let since = json!(object.metadata().creation_timestamp);
    let kind = object.kind();
    let Some(fields) = fields_mut(object) else { return };
    let Some(spec) = fields.get("spec") else { return };
    let condition = |of_type: &str, reason: &str, message: &str| {
        json!({"lastTransitionTime": since, "message": message, "reason": reason, "status": "True",
               "type": of_type})
    };
    let status = match kind {
        Kind::CustomResourceDefinition => {
            let storage = items(spec, "/versions").find(|version| version["storage"] == true);
            json!({
                "acceptedNames": spec["names"],
                "conditions": [
                    condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                    condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
                ],
                "storedVersions": [storage.map_or_else(String::new, |version| text(version, "/name"))],
            })
        }
        Kind::APIService if spec["service"].is_null() => {
            let message = "Local APIServices are always available";
            json!({"conditions": [condition("Available", "Local", message)]})
        }
        _ => return,
    };
    fields.insert("status".to_owned(), status);
}
