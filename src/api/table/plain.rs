//! Kinds after which nothing in this cluster acts (`printers.go`, and the table converters of
//! `apiextensions-apiserver` and `kube-aggregator`).

use serde_json::Value;

use super::format::{age, name};
use super::{Column, column};
use crate::api::plain::{count, items, text};
use crate::api::{Kind, Object};
use crate::clock::SimTime;

/// What such a kind's table shows.
pub(super) fn columns(kind: Kind) -> Vec<Column> {
    let cells = cells(kind).iter().map(|(name, _)| column(name, false));
    let last = if kind == Kind::CustomResourceDefinition { "CREATED AT" } else { "AGE" };
    [column("NAME", false)].into_iter().chain(cells).chain([column(last, false)]).collect()
}

pub(super) fn row(object: &Object, now: SimTime) -> Vec<String> {
    let (value, metadata) = (object.to_value(), object.metadata());
    let last = match object.kind() {
        Kind::CustomResourceDefinition => text(&value, "/metadata/creationTimestamp"),
        _ => age(metadata, now),
    };
    let cells = cells(object.kind()).iter().map(|(_, cell)| cell(&value));
    [name(metadata)].into_iter().chain(cells).chain([last]).collect()
}

/// A cell of such a kind's row, from the object's JSON.
type Cell = (&'static str, fn(&Value) -> String);

/// The columns between a kind's name and its age (`printers.go`, and the table converters of the two other
/// servers).
fn cells(kind: Kind) -> &'static [Cell] {
    const WEBHOOKS: &[Cell] = &[("WEBHOOKS", |it| count(it, "/webhooks"))];
    match kind {
        Kind::APIService => &[("SERVICE", service), ("AVAILABLE", available)],
        Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration => WEBHOOKS,
        Kind::ValidatingAdmissionPolicy => &[
            ("VALIDATIONS", |it| count(it, "/spec/validations")),
            ("PARAMKIND", |it| match &it["spec"]["paramKind"] {
                Value::Null => "<unset>".to_owned(),
                kind => format!("{}/{}", text(kind, "/apiVersion"), text(kind, "/kind")),
            }),
        ],
        Kind::ValidatingAdmissionPolicyBinding => &[
            ("POLICYNAME", |it| text(it, "/spec/policyName")),
            ("PARAMREF", |it| {
                match (text(it, "/spec/paramRef/namespace"), text(it, "/spec/paramRef/name")) {
                    (_, name) if name.is_empty() => "<unset>".to_owned(),
                    (namespace, name) if namespace.is_empty() => name,
                    (namespace, name) => format!("{namespace}/{name}"),
                }
            }),
        ],
        Kind::RuntimeClass => &[("HANDLER", |it| text(it, "/handler"))],
        Kind::CSIDriver => &[
            ("ATTACHREQUIRED", |it| text(it, "/spec/attachRequired")),
            ("PODINFOONMOUNT", |it| text(it, "/spec/podInfoOnMount")),
            ("STORAGECAPACITY", |it| text(it, "/spec/storageCapacity")),
            ("TOKENREQUESTS", |it| {
                let audiences = items(it, "/spec/tokenRequests").map(|it| text(it, "/audience"));
                unset(audiences.collect::<Vec<_>>().join(","))
            }),
            ("REQUIRESREPUBLISH", |it| text(it, "/spec/requiresRepublish")),
            ("MODES", |it| {
                let modes = items(it, "/spec/volumeLifecycleModes").filter_map(Value::as_str);
                modes.collect::<Vec<_>>().join(",")
            }),
        ],
        Kind::VolumeAttachment => &[
            ("ATTACHER", |it| text(it, "/spec/attacher")),
            ("PV", |it| text(it, "/spec/source/persistentVolumeName")),
            ("NODE", |it| text(it, "/spec/nodeName")),
            ("ATTACHED", |it| (it["status"]["attached"] == true).to_string()),
        ],
        _ => &[],
    }
}

fn unset(text: String) -> String {
    if text.is_empty() { "<unset>".to_owned() } else { text }
}

/// Which Service answers for a group of the API.
fn service(value: &Value) -> String {
    let service = &value["spec"]["service"];
    if service.is_null() {
        return "Local".to_owned();
    }
    format!("{}/{}", text(service, "/namespace"), text(service, "/name"))
}

fn available(value: &Value) -> String {
    let condition = items(value, "/status/conditions").find(|it| it["type"] == "Available");
    match condition {
        None => "Unknown".to_owned(),
        Some(it) if it["status"] == "True" => "True".to_owned(),
        Some(it) => format!("{} ({})", text(it, "/status"), text(it, "/reason")),
    }
}
