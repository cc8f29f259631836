//! Kinds after which nothing in this cluster acts (`pkg/apis/admissionregistration`, `node` and
//! `apiextensions-apiserver`'s validation).

use serde_json::Value;

use super::report::{Json, Report};
use crate::api::plain::{count, items, text};
use crate::api::{Kind, Object};

/// What is wrong with such an object, beside its metadata.
pub(super) fn check(report: &mut Report, object: &Object) {
    let value = object.to_value();
    match object.kind() {
        Kind::CustomResourceDefinition => check_definition(report, &value),
        Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration => {
            for (index, webhook) in items(&value, "/webhooks").enumerate() {
                check_webhook(report, &format!("webhooks[{index}]"), webhook);
            }
        }
        Kind::ValidatingAdmissionPolicy => {
            let fields = ["validations", "auditAnnotations"];
            if fields.iter().all(|field| count(&value, &format!("/spec/{field}")) == "0") {
                let why = "validations or auditAnnotations must contain at least one item";
                fields.iter().for_each(|field| report.required(&format!("spec.{field}"), why));
            }
        }
        Kind::RuntimeClass if text(&value, "/handler").is_empty() => {
            report.required("handler", "");
        }
        _ => {}
    }
}

fn check_webhook(report: &mut Report, path: &str, webhook: &Value) {
    let name = text(webhook, "/name");
    if name.split('.').count() < 3 {
        let why = "should be a domain with at least three segments separated by dots";
        report.invalid(&format!("{path}.name"), name.as_str(), why);
    }
    let effects = format!("{path}.sideEffects");
    match webhook["sideEffects"].as_str() {
        None => report.required(&effects, "must specify one of None, NoneOnDryRun"),
        effect => report.one_of(&effects, effect, &["None", "NoneOnDryRun"]),
    }
    if count(webhook, "/admissionReviewVersions") == "0" {
        let why = "must specify one of v1, v1beta1";
        report.required(&format!("{path}.admissionReviewVersions"), why);
    }
    if webhook["clientConfig"]["url"].is_null() == webhook["clientConfig"]["service"].is_null() {
        report
            .required(&format!("{path}.clientConfig"), "exactly one of url or service is required");
    }
}

fn check_definition(report: &mut Report, value: &Value) {
    let (name, spec) = (text(value, "/metadata/name"), &value["spec"]);
    let wanted = format!("{}.{}", text(spec, "/names/plural"), text(spec, "/group"));
    if name != wanted {
        let why = "must be spec.names.plural+\".\"+spec.group";
        report.invalid("metadata.name", name.as_str(), why);
    }
    report.one_of("spec.scope", spec["scope"].as_str(), &["Cluster", "Namespaced"]);
    let stored = items(spec, "/versions").filter(|version| version["storage"] == true).count();
    if stored != 1 {
        let why = "must have exactly one version marked as storage version";
        report.invalid("spec.versions", Json(spec["versions"].clone()), why);
    }
    for (index, version) in items(spec, "/versions").enumerate() {
        if version["schema"]["openAPIV3Schema"].is_null() {
            let path = format!("spec.versions[{index}].schema.openAPIV3Schema");
            report.required(&path, "schemas are required");
        }
    }
}
