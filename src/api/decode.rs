//! From what a client sent to a typed object, or to the sentence that says why not.

use serde_json::Value;

use super::patch::{self, Patched};
use super::{Cause, FieldValidation, Kind, Object, Reason, Status, normal, validation};
use crate::manifest::{Faults, Schema};

/// The object that a client sent for a request about `kind`, with warnings about fields that do
/// not exist.
pub(super) fn object(
    kind: Kind,
    value: Value,
    fields: FieldValidation,
) -> Result<(Object, Vec<String>), Status> {
    let info = kind.info();
    let text = |field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let sent = text("kind").unwrap_or_else(|| info.name.to_owned());
    let version = text("apiVersion").unwrap_or_else(|| info.api_version());
    if version != info.api_version() {
        let message = format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            info.api_version()
        );
        return Err(Status::new(Reason::BadRequest, message));
    }
    if sent != info.name {
        return Err(unreadable(kind, &sent, &unregistered(&sent, &version)));
    }
    let faults = faults(kind, &value);
    let strict = fields == FieldValidation::Strict;
    if let Some(why) = faults.message().filter(|_| strict || faults.mistyped.is_some()) {
        return Err(unreadable(kind, &sent, &why));
    }
    Ok((typed(kind, value)?, warnings(&faults, fields)))
}

/// The object that came out of a patch.
pub(super) fn patched(
    kind: Kind,
    mut patched: Patched,
    fields: FieldValidation,
) -> Result<(Object, Vec<String>), Status> {
    let another = match patched.strategic {
        true => {
            call_by_name(kind, &mut patched.value);
            patch::wrap(kind, &mut patched.value);
            None
        }
        false => of_another_kind(kind, &patched.value),
    };
    let faults = faults(kind, &patched.value);
    let why = match (&faults.mistyped, another) {
        (_, Some(another)) => Some(another),
        (Some(fault), None) => Some(patch::complaint(kind, &patched, fault)),
        (None, None) => faults.message().filter(|_| fields == FieldValidation::Strict),
    };
    if let Some(why) = why {
        let shown = Value::from(patched.shown);
        let message = format!("Invalid value: {shown}: {why}");
        let cause = Cause::new("patch", message);
        return Err(Status::invalid("", "", vec![cause]));
    }
    Ok((typed(kind, patched.value)?, warnings(&faults, fields)))
}

/// Gives an object its own kind's name back. The converter, which a strategic merge patch goes through,
/// fills a struct of the object's Go type and does not look at what the object calls itself.
fn call_by_name(kind: Kind, value: &mut Value) {
    let info = kind.info();
    let names = [("kind", info.name.to_owned()), ("apiVersion", info.api_version())];
    for (field, name) in names {
        if let Some(slot @ Value::String(_)) = value.get_mut(field) {
            *slot = Value::from(name);
        }
    }
}

/// Why an object that calls itself another kind cannot be decoded as one of `kind` (apimachinery's
/// `conversion/converter.go` and `runtime/error.go`).
fn of_another_kind(kind: Kind, value: &Value) -> Option<String> {
    let info = kind.info();
    let own = info.api_version();
    let sent = value.get("kind").and_then(Value::as_str).unwrap_or(info.name);
    let version = value.get("apiVersion").and_then(Value::as_str).unwrap_or(&own);
    if (sent, version) == (info.name, own.as_str()) {
        return None;
    }
    let Some(other) = Kind::from_manifest(version, sent) else {
        return Some(unregistered(sent, version));
    };
    // The package of the server's own types: `core`, `apps`, `networking`.
    let package = info.group.split('.').next().filter(|group| !group.is_empty()).unwrap_or("core");
    Some(format!(
        "converting ({}.{sent}) to ({package}.{}): unknown conversion",
        other.info().version,
        info.name
    ))
}

fn unregistered(kind: &str, version: &str) -> String {
    format!(
        "no kind \"{kind}\" is registered for version \"{version}\" in scheme \
         \"pkg/api/legacyscheme/scheme.go:30\""
    )
}

/// What in `value` does not fit the kind.
fn faults(kind: Kind, value: &Value) -> Faults {
    let info = kind.info();
    let schema = Schema::of(&info.api_version(), info.name);
    schema.map_or_else(Faults::default, |schema| schema.faults(value))
}

/// The first field that the kind does not have, as a path.
pub(super) fn unknown_field(kind: Kind, value: &Value) -> Option<String> {
    faults(kind, value).unknown.first().map(|unknown| unknown.path.clone())
}

/// One warning a field that does not exist, if the client wants to hear of them.
fn warnings(faults: &Faults, fields: FieldValidation) -> Vec<String> {
    match fields {
        FieldValidation::Ignore => Vec::new(),
        FieldValidation::Strict | FieldValidation::Warn => {
            faults.unknown.iter().map(|fault| fault.message.clone()).collect()
        }
    }
}

/// The typed object of a value that was checked. Fields that do not exist are dropped.
fn typed(kind: Kind, mut value: Value) -> Result<Object, Status> {
    normal::form(kind, &mut value);
    validation::mark_absent(kind, &mut value);
    Object::from_value(kind, value)
        .map_err(|error| unreadable(kind, kind.info().name, &error.to_string()))
}

/// `Service in version "v1" cannot be handled as a Service: …`
fn unreadable(kind: Kind, sent: &str, why: &str) -> Status {
    let info = kind.info();
    let message = format!(
        "{sent} in version \"{}\" cannot be handled as a {}: {why}",
        info.version, info.name
    );
    Status::new(Reason::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service() -> Value {
        json!({"kind": "Service", "apiVersion": "v1", "spec": {"selectors": {"app": "web"}}})
    }

    // Recording 10.
    #[test]
    fn an_unknown_field_is_refused_warned_of_or_dropped() {
        let error = object(Kind::Service, service(), FieldValidation::Strict).unwrap_err();
        assert_eq!(
            error.message,
            "Service in version \"v1\" cannot be handled as a Service: strict decoding error: \
             unknown field \"spec.selectors\""
        );
        let (_, notes) = object(Kind::Service, service(), FieldValidation::Warn).unwrap();
        assert_eq!(notes, ["unknown field \"spec.selectors\""]);
        let (_, notes) = object(Kind::Service, service(), FieldValidation::Ignore).unwrap();
        assert!(notes.is_empty());
    }

    // Recording 10: lowkind.yaml.
    #[test]
    fn a_kind_in_lower_case_is_not_registered() {
        let mut value = service();
        value["kind"] = "service".into();
        let error = object(Kind::Service, value, FieldValidation::Strict).unwrap_err();
        assert_eq!(
            error.message,
            "service in version \"v1\" cannot be handled as a Service: no kind \"service\" is \
             registered for version \"v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
        );
    }

    // apimachinery's `conversion/converter.go`: only the frame of the message has been seen.
    #[test]
    fn a_patch_makes_no_other_kind_of_an_object() {
        let after = |kind: Kind, value: Value, strategic: bool| {
            let of = Patched { value, shown: "{}".to_owned(), strategic };
            patched(kind, of, FieldValidation::Warn).map_err(|status| status.message)
        };
        let secret = json!({"kind": "Secret", "apiVersion": "v1"});
        assert_eq!(
            after(Kind::ConfigMap, secret.clone(), false).unwrap_err(),
            " \"\" is invalid: patch: Invalid value: \"{}\": converting (v1.Secret) to \
             (core.ConfigMap): unknown conversion"
        );
        assert!(after(Kind::ConfigMap, secret, true).is_ok());
        let unknown = json!({"kind": "ConfigMap", "apiVersion": "v2"});
        let why = after(Kind::ConfigMap, unknown, false).unwrap_err();
        assert!(why.contains("no kind \"ConfigMap\" is registered for version \"v2\""), "{why}");
    }
}
