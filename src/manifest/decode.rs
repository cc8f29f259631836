//! Strict decoding: what in a JSON value does not fit the kind that it says it is.
//!
//! The API server decodes with Go's JSON library, whose habits show in its messages: fields come
//! in the order of the JSON text (which kubectl sorts by name); a value of a wrong type is told
//! alone, with the Go type that it should have had; only then unknown fields are, all of them.

use serde_json::{Map, Value};

use super::positions::{field, item};
use super::schema::{Schema, Struct, Type, go_name};
use super::values::PULL_POLICIES;
use super::{Document, base64, quantity};
use crate::diagnostic::{Diagnostic, nearest};

/// What does not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first value of a wrong type. It makes the object unreadable, whatever else is wrong.
    pub mistyped: Option<Mistyped>,
    /// Fields that the schema does not know.
    pub unknown: Vec<Unknown>,
}

/// A value of a wrong type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistyped {
    /// The field's path.
    pub path: String,
    /// `json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type
    /// int32`
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// A field that the schema does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The field's path, to find it in a document.
    pub path: String,
    /// `unknown field "spec.selectors"`
    pub message: String,
    /// The nearest real field, or where a field of this name does belong.
    pub help: Option<String>,
}

impl Faults {
    /// Whether the value fits.
    pub fn is_empty(&self) -> bool {
        self.mistyped.is_none() && self.unknown.is_empty()
    }

    /// What the API server says after `cannot be handled as a Service: `, where it is strict.
    pub fn message(&self) -> Option<String> {
        if let Some(mistyped) = &self.mistyped {
            return Some(mistyped.message.clone());
        }
        let unknown: Vec<&str> = self.unknown.iter().map(|fault| fault.message.as_str()).collect();
        let told = !unknown.is_empty();
        told.then(|| format!("strict decoding error: {}", unknown.join(", ")))
    }

    /// The same for the author of `document`: at the place, with a next step.
    pub fn diagnostics(&self, document: &Document) -> Vec<Diagnostic> {
        let mistyped = self.mistyped.iter().map(|f| (&f.path, &f.message, &f.help, true));
        let unknown = self.unknown.iter().map(|f| (&f.path, &f.message, &f.help, false));
        let told = |(path, message, help, at_value): (&String, &String, &Option<String>, bool)| {
            let mut diagnostic = Diagnostic::error(message.clone()).in_file(document.file.clone());
            diagnostic.position =
                document.positions.nearest(path).map(|at| if at_value { at.value } else { at.key });
            diagnostic.help = help.clone();
            diagnostic
        };
        mistyped.chain(unknown).map(told).collect()
    }
}

impl Schema {
    /// What in `value` does not fit this kind.
    pub fn faults(&self, value: &Value) -> Faults {
        let mut decoder = Decoder { schema: self, faults: Faults::default() };
        let root = self.root();
        let place = Place { path: String::new(), object: "", fields: Vec::new() };
        let stopped = match value {
            Value::Object(fields) => decoder.fields(root, fields, &place),
            Value::Null => Ok(()),
            other => {
                let kind = json_type(other);
                let message =
                    format!("json: cannot unmarshal {kind} into Go value of type v1.{}", root.name);
                Err(Mistyped { path: String::new(), message, help: None })
            }
        };
        if let Err(fault) = stopped {
            decoder.faults.mistyped = Some(fault);
        }
        decoder.faults
    }
}

/// Why kubectl itself cannot read the metadata of `value`, before any server sees it: `json:
/// cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string`.
pub fn metadata_fault(value: &Value) -> Option<Mistyped> {
    let schema = Schema::of("v1", "ConfigMap")?;
    let field = schema.root().fields.get("metadata")?;
    let metadata = value.get("metadata")?;
    let mut decoder = Decoder { schema, faults: Faults::default() };
    let place = Place {
        path: "metadata".to_owned(),
        object: "metadataOnlyObject",
        fields: vec!["metadata"],
    };
    let stopped = decoder.value(&field.holds, None, metadata, &place);
    stopped.err().or(decoder.faults.mistyped)
}

/// Where the decoder is, as Go's error messages tell it.
#[derive(Clone)]
struct Place<'s> {
    /// The path, as the API writes it.
    path: String,
    /// The innermost struct.
    object: &'s str,
    /// The fields from the outside in, without indices and keys of maps.
    fields: Vec<&'s str>,
}

struct Decoder<'s> {
    schema: &'s Schema,
    faults: Faults,
}

/// A type whose own decoder gives up ends everything; other faults are noted, and decoding goes on.
type Decoded = Result<(), Mistyped>;

impl<'s> Decoder<'s> {
    fn fields(
        &mut self,
        object: &'s Struct,
        values: &Map<String, Value>,
        place: &Place<'s>,
    ) -> Decoded {
        let mut names: Vec<&String> = values.keys().collect();
        names.sort();
        for name in names {
            let Some(known) = object.fields.get(name.as_str()) else {
                self.unknown(object, name, place);
                continue;
            };
            let mut fields = place.fields.clone();
            fields.extend(known.embedded);
            fields.push(known.name);
            let below = Place { path: field(&place.path, name), object: object.name, fields };
            self.value(&known.holds, known.go_type, &values[name.as_str()], &below)?;
        }
        Ok(())
    }

    fn unknown(&mut self, object: &Struct, name: &str, place: &Place<'_>) {
        let dot = if place.path.is_empty() { "" } else { "." };
        let fault = Unknown {
            path: field(&place.path, name),
            message: format!("unknown field \"{}{dot}{name}\"", place.path),
            help: self.near(object, name, &place.path),
        };
        self.faults.unknown.push(fault);
    }

    /// A next step for somebody who wrote `name` in `object`.
    fn near(&self, object: &Struct, name: &str, path: &str) -> Option<String> {
        if let Some(near) = nearest(name, object.fields.keys().copied()) {
            return Some(format!("did you mean \"{near}\"?"));
        }
        // `trafficPolicy`, of which there are two.
        let lower = name.to_lowercase();
        let longer = object.fields.keys().filter(|field| field.to_lowercase().ends_with(&lower));
        let longer: Vec<String> = longer.map(|field| format!("\"{field}\"")).collect();
        if !longer.is_empty() && name.len() >= LEAST_END {
            return Some(format!("did you mean {}?", longer.join(" or ")));
        }
        let has = |holds: &Type| {
            self.schema.object(holds).is_some_and(|object| object.fields.contains_key(name))
        };
        if let Some(child) = object.fields.values().find(|child| has(&child.holds)) {
            return Some(belongs(name, child.name, &child.holds));
        }
        if let Some(said) = self.farther_above(name, path) {
            return Some(said);
        }
        if self.schema.root().fields.contains_key(name) && !path.is_empty() {
            return Some(format!("\"{name}\" belongs at the top, beside \"kind\""));
        }
        if let Some(said) = self.in_two_steps(object, name) {
            return Some(said);
        }
        self.farther_below(object, name)
            .or_else(|| self.farther_below(self.schema.root(), name))
            .or_else(|| of_another_kind(name))
            .or_else(|| own_fields(object))
    }

    /// The nearest parent of `path` that has a field of this name.
    fn farther_above(&self, name: &str, path: &str) -> Option<String> {
        let mut above = path;
        while let Some(end) = above.rfind(['.', '[']) {
            above = &above[..end];
            if self.schema.below(above).is_some_and(|object| object.fields.contains_key(name)) {
                let parent = above.rsplit(['.', ']']).next().unwrap_or(above);
                return Some(format!("\"{name}\" belongs directly below \"{parent}\""));
            }
        }
        None
    }

    /// A name made of a field and of one below it, as `serviceName` was in older versions of the Ingress.
    fn in_two_steps(&self, object: &Struct, name: &str) -> Option<String> {
        object.fields.values().find_map(|child| {
            let rest = name.strip_prefix(child.name).filter(|rest| !rest.is_empty())?;
            let below = rest[..1].to_lowercase() + &rest[1..];
            let known = self.schema.object(&child.holds)?.fields.contains_key(below.as_str());
            known.then(|| format!("\"{name}\" is written \"{below}\" below \"{}\"", child.name))
        })
    }

    /// Where a field of this name belongs that stands too far up, or in another branch: the shallowest
    /// place, by the way that leads there.
    fn farther_below(&self, from: &'s Struct, name: &str) -> Option<String> {
        let mut level: Vec<(Vec<&str>, &Struct)> = vec![(Vec::new(), from)];
        for _ in 0..DEEPEST_PLACE {
            let mut next = Vec::new();
            for (way, object) in &level {
                for field in object.fields.values().filter(|field| field.name != "status") {
                    let Some(below) = self.schema.object(&field.holds) else { continue };
                    let mut way = way.clone();
                    way.push(field.name);
                    if below.fields.contains_key(name) {
                        return Some(belongs(name, &way.join("."), &field.holds));
                    }
                    next.push((way, below));
                }
            }
            level = next;
        }
        None
    }

    fn value(
        &mut self,
        holds: &'s Type,
        go_type: Option<&str>,
        value: &Value,
        place: &Place<'s>,
    ) -> Decoded {
        if value.is_null() {
            return Ok(());
        }
        match (holds, value) {
            (Type::Any, _)
            | (Type::String, Value::String(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Float, Value::Number(_))
            | (Type::IntOrString, Value::String(_)) => Ok(()),
            (Type::Struct(_), Value::Object(fields)) => match self.schema.object(holds) {
                Some(object) => self.fields(object, fields, place),
                None => Ok(()),
            },
            (Type::List(of), Value::Array(items)) => {
                let go_type = go_type.and_then(|name| name.strip_prefix("[]"));
                for (index, value) in items.iter().enumerate() {
                    let place = Place { path: item(&place.path, index), ..place.clone() };
                    self.value(of, go_type, value, &place)?;
                }
                Ok(())
            }
            (Type::Map(of), Value::Object(fields)) => {
                let go_type = go_type.and_then(|name| name.strip_prefix("map["));
                let go_type = go_type.and_then(|name| Some(name.split_once(']')?.1));
                for (key, value) in fields {
                    let below = Place { path: field(&place.path, key), ..place.clone() };
                    match (&**of, value) {
                        (Type::String, Value::Object(_) | Value::Array(_)) => {
                            let fault = mismatch(of, go_type, value, &below);
                            let moved = self.farther_above(key, &place.path);
                            self.note(Mistyped { help: moved.or(fault.help), ..fault });
                        }
                        _ => self.value(of, go_type, value, &below)?,
                    }
                }
                Ok(())
            }
            (Type::Int32 | Type::Int64, Value::Number(_)) if fits(holds, value) => Ok(()),
            (Type::IntOrString, Value::Number(_)) if fits(&Type::Int32, value) => Ok(()),
            (Type::IntOrString, _) => Err(mismatch(&Type::Int32, None, value, place)),
            (Type::Quantity, _) => decode_quantity(value, place),
            (Type::Time { micro }, Value::String(text)) => decode_time(text, *micro, place),
            (Type::Time { .. }, _) => Err(mismatch(&Type::String, None, value, place)),
            (Type::Bytes, Value::Array(_) | Value::String(_)) => {
                if let Some(fault) = bytes_fault(go_type, value, place) {
                    self.note(fault);
                }
                Ok(())
            }
            _ => {
                self.note(mismatch(holds, go_type, value, place));
                Ok(())
            }
        }
    }

    /// Remembers the first fault.
    fn note(&mut self, fault: Mistyped) {
        self.faults.mistyped.get_or_insert(fault);
    }
}

/// What is wrong with bytes: base64, or a list of numbers, of which one without any is as good as no text.
fn bytes_fault(go_type: Option<&str>, value: &Value, place: &Place<'_>) -> Option<Mistyped> {
    if let Value::Array(items) = value {
        let byte = |item: &&Value| item.is_null() || item.as_u64().is_some_and(|n| n < 256);
        return match (items.iter().find(|item| !byte(item)), items.is_empty()) {
            (Some(odd), _) => Some(mismatch(&Type::Int32, Some("uint8"), odd, place)),
            (None, true) => None,
            (None, false) => Some(mismatch(&Type::Bytes, go_type, value, place)),
        };
    }
    let at = base64::broken_at(value.as_str()?)?;
    let help = "values of \"data\" are base64; \"stringData\" takes plain text";
    Some(Mistyped {
        path: place.path.clone(),
        message: format!("illegal base64 data at input byte {at}"),
        help: Some(help.to_owned()),
    })
}

/// How far down a field is looked for that stands in a wrong place: a container's own fields in a
/// Deployment's `spec.template.spec.containers`.
const DEEPEST_PLACE: usize = 4;

fn belongs(name: &str, parent: &str, holds: &Type) -> String {
    match holds {
        Type::List(_) => format!(
            "\"{name}\" belongs to an entry of \"{parent}\": as far right as its other fields"
        ),
        _ => format!("\"{name}\" belongs below \"{parent}\""),
    }
}

/// How long the end of a field's name is that stands for the field, in letters.
const LEAST_END: usize = 6;

/// How many fields are told where none of them is spelt like the one that is not known.
const FEW_FIELDS: usize = 8;

/// What could stand there, where that is little.
fn own_fields(object: &Struct) -> Option<String> {
    let names: Vec<&str> = object.fields.keys().copied().collect();
    (names.len() <= FEW_FIELDS).then(|| format!("what may stand here is {}", names.join(", ")))
}

/// The one kind whose `spec` has a field of this name.
fn of_another_kind(name: &str) -> Option<String> {
    let mut kinds = KINDS_OF_FIELDS.iter().filter(|(api_version, kind)| {
        let spec = Schema::of(api_version, kind).and_then(|schema| schema.below("spec"));
        spec.is_some_and(|spec| spec.fields.contains_key(name))
    });
    let (_, kind) = kinds.next()?;
    kinds.next().is_none().then(|| format!("\"{name}\" belongs to the spec of a {kind}"))
}

/// The kinds that are asked whether a field is theirs.
const KINDS_OF_FIELDS: [(&str, &str); 6] = [
    ("v1", "Pod"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
];

/// Whether a number is whole and small enough.
fn fits(holds: &Type, value: &Value) -> bool {
    match (holds, value.as_i64()) {
        (_, None) => false,
        (Type::Int32, Some(number)) => i32::try_from(number).is_ok(),
        (_, Some(_)) => true,
    }
}

fn mismatch(holds: &Type, go_type: Option<&str>, value: &Value, place: &Place<'_>) -> Mistyped {
    let whole = matches!(holds, Type::Int32 | Type::Int64);
    let found = match value {
        Value::Number(number) if whole => format!("number {number}"),
        other => json_type(other).to_owned(),
    };
    let expected = go_type.map_or_else(|| go_words(holds), str::to_owned);
    let Place { path, object, fields } = place;
    let message = format!(
        "json: cannot unmarshal {found} into Go struct field {object}.{} of type {expected}",
        fields.join(".")
    );
    let help = path
        .rsplit('.')
        .next()
        .and_then(|field| words_for(field, value))
        .or_else(|| help(holds, value));
    Mistyped { path: path.clone(), message, help }
}

/// What to write in a field of this name, where its name tells more than its type.
fn words_for(field: &str, value: &Value) -> Option<String> {
    let among =
        |words: &[&str]| Some(format!("this must be one of the words {}", words.join(", ")));
    match (field, value) {
        ("matchLabels", Value::Object(_)) => Some(
            "labels stand here themselves: take the line matchLabels out, and move its labels up"
                .to_owned(),
        ),
        ("matchExpressions", Value::Array(_)) => Some(
            "labels stand here themselves, each `key: value`: this selector knows no expressions"
                .to_owned(),
        ),
        (_, Value::Object(_) | Value::Array(_) | Value::String(_)) => None,
        ("sessionAffinity", _) => among(&["ClientIP", "None"]),
        ("externalTrafficPolicy" | "internalTrafficPolicy", _) => among(&["Cluster", "Local"]),
        ("ipFamilyPolicy", _) => among(&["SingleStack", "PreferDualStack", "RequireDualStack"]),
        ("restartPolicy", _) => among(&["Always", "OnFailure", "Never"]),
        ("imagePullPolicy", _) => among(PULL_POLICIES),
        ("dnsPolicy", _) => among(&["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
        ("protocol", _) => among(&["TCP", "UDP", "SCTP"]),
        _ => None,
    }
}

/// What to write instead.
fn help(holds: &Type, value: &Value) -> Option<String> {
    let text = match (holds, value) {
        (Type::String, Value::Number(_) | Value::Bool(_)) => {
            format!(
                "this must be text: put it in quotes, \"{value}\" (an unquoted yes, no, on, off or number is none)"
            )
        }
        (Type::Int32 | Type::Int64, Value::String(text)) if text.parse::<i64>().is_ok() => {
            format!("this must be a number: {text} without quotes")
        }
        (Type::Int32 | Type::Int64, _) => "this must be a whole number".to_owned(),
        (Type::Bool, Value::String(text)) if ["true", "false"].contains(&&**text) => {
            format!("this must be true or false: {text} without quotes")
        }
        (Type::Bool, _) => "this must be true or false".to_owned(),
        (Type::List(_), Value::Object(_)) => {
            "this must be a list: begin each item with \"- \"".to_owned()
        }
        (Type::List(_), _) => "this must be a list".to_owned(),
        (Type::Struct(_) | Type::Map(_), Value::Array(_)) => {
            "this must be fields, not a list: leave out the \"- \"".to_owned()
        }
        (Type::Struct(_) | Type::Map(_), Value::String(text)) if text.contains(':') => {
            "this must be fields: a space is missing after the colon".to_owned()
        }
        (Type::Struct(_) | Type::Map(_), _) => "this must be fields, each `name: value`".to_owned(),
        (Type::String, Value::Object(_) | Value::Array(_)) => "this must be text".to_owned(),
        _ => return None,
    };
    Some(text)
}

/// What Go's JSON library calls a value.
pub fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A type as Go writes it.
fn go_words(holds: &Type) -> String {
    match holds {
        Type::String => "string".to_owned(),
        Type::Bytes => "[]uint8".to_owned(),
        Type::Time { micro: false } => "v1.Time".to_owned(),
        Type::Time { micro: true } => "v1.MicroTime".to_owned(),
        Type::Int32 => "int32".to_owned(),
        Type::Int64 => "int64".to_owned(),
        Type::Float => "float64".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::IntOrString => "intstr.IntOrString".to_owned(),
        Type::Quantity => "resource.Quantity".to_owned(),
        Type::Any => "interface {}".to_owned(),
        Type::Struct(name) => go_name(name),
        Type::List(item) => format!("[]{}", go_words(item)),
        Type::Map(value) if **value == Type::Quantity => "v1.ResourceList".to_owned(),
        Type::Map(value) => format!("map[string]{}", go_words(value)),
    }
}

fn decode_quantity(value: &Value, place: &Place<'_>) -> Decoded {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    let fault = |message: &str| Mistyped {
        path: place.path.clone(),
        message: message.to_owned(),
        help: Some("an amount is a number and a unit: 500m, 1, 128Mi, 1Gi".to_owned()),
    };
    quantity::parse(&text).map(|_| ()).map_err(fault)
}

fn decode_time(text: &str, micro: bool, place: &Place<'_>) -> Decoded {
    let quoted = format!("\"{text}\"");
    let read = if micro {
        serde_json::from_str::<k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime>(&quoted)
            .is_ok()
    } else {
        serde_json::from_str::<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>(&quoted)
            .is_ok()
    };
    if read {
        return Ok(());
    }
    let layout =
        if micro { "2006-01-02T15:04:05.000000Z07:00" } else { "2006-01-02T15:04:05Z07:00" };
    let message =
        format!("parsing time \"{text}\" as \"{layout}\": cannot parse \"{text}\" as \"2006\"");
    let help = Some("a moment is written 2026-01-31T12:00:00Z".to_owned());
    Err(Mistyped { path: place.path.clone(), message, help })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifest::parse;
    use crate::recordings::{Recorded, golden, verdicts};

    fn faults(value: &Value) -> Faults {
        let text = |name: &str| value[name].as_str().unwrap_or("").to_owned();
        let schema = Schema::of(&text("apiVersion"), &text("kind")).expect("a known kind");
        schema.faults(value)
    }

    #[test]
    fn the_servers_words_for_what_does_not_fit() {
        let mut wrong = Vec::new();
        let mut seen = 0;
        for recording in ["10-err-structure.txt", "12-err-workloads.txt", "13-err-net.txt"] {
            for Recorded { file, text, verdict } in verdicts(recording) {
                if verdict.contains("resource name may not be empty") {
                    continue;
                }
                for document in parse(&file, &text).0 {
                    let value = &document.value;
                    let text = |name: &str| value[name].as_str().unwrap_or("");
                    let Some(schema) = Schema::of(text("apiVersion"), text("kind")) else {
                        continue;
                    };
                    let expected = verdict
                        .split_once(" cannot be handled as a ")
                        .and_then(|(_, rest)| rest.split_once(": "))
                        .map(|(_, message)| message.to_owned());
                    let client = verdict
                        .split_once("unable to decode")
                        .and_then(|(_, rest)| rest.split_once(": "))
                        .map(|(_, message)| message.to_owned());
                    let told = schema.faults(value).message();
                    let told_client = metadata_fault(value).map(|fault| fault.message);
                    seen += usize::from(expected.is_some() || client.is_some());
                    if client != told_client || (client.is_none() && expected != told) {
                        wrong
                            .push(format!("{file}: {told:?} {told_client:?} instead of {verdict}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(seen > 30, "{seen}");
    }

    #[test]
    fn a_misspelt_or_misplaced_field_gets_a_next_step() {
        let help = |file: &str| {
            let documents = parse(file, &golden(&format!("yaml/{file}"))).0;
            let shown: Vec<String> = faults(&documents[0].value)
                .diagnostics(&documents[0])
                .iter()
                .map(ToString::to_string)
                .collect();
            shown.join("\n")
        };
        assert_eq!(
            help("uf1.yaml"),
            "uf1.yaml:6:3: unknown field \"spec.selectors\" (did you mean \"selector\"?)"
        );
        assert!(help("lvl.yaml").contains("(\"ports\" belongs to an entry of \"containers\": "));
        assert!(help("np-str.yaml").contains("np-str.yaml:12:15: json"), "{}", help("np-str.yaml"));
    }

    #[test]
    fn amounts_times_and_bytes_have_their_own_words() {
        let pod = |limits: Value| json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"resources": {"limits": limits}}]}});
        assert!(faults(&pod(json!({"cpu": 1, "memory": "1Gi"}))).is_empty());
        assert_eq!(
            faults(&pod(json!({"cpu": "1 core"}))).message().as_deref(),
            Some(quantity::FORMAT)
        );
        assert_eq!(
            faults(&pod(json!(5))).message().as_deref(),
            Some(
                "json: cannot unmarshal number into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList"
            )
        );
        let secret =
            |data: &str| json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": data}});
        assert!(faults(&secret("aGVsbG8=")).is_empty());
        assert_eq!(
            faults(&secret("hello!")).message().as_deref(),
            Some("illegal base64 data at input byte 5")
        );
    }

    #[test]
    fn embedded_structs_are_named_in_the_path() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"configMap": {"name": 5}}]}});
        assert_eq!(
            faults(&pod).message().as_deref(),
            Some(
                "json: cannot unmarshal number into Go struct field ConfigMapVolumeSource.spec.volumes.VolumeSource.configMap.LocalObjectReference.name of type string"
            )
        );
    }

    #[test]
    fn nothing_is_never_a_fault() {
        let service = json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": null, "type": null}, "status": null});
        assert!(faults(&service).is_empty());
    }
}
