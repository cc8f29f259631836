//! Kubernetes' schema at run time: which fields there are, what each holds and what it is for.
//!
//! The API's OpenAPI document is its source, by way of k8s-openapi: a table of its types, which
//! `tests/schema` writes, with what the document does not tell (`go`) and what has no effect here
//! (`idle`).

mod go;
mod idle;
mod table;

use std::collections::BTreeMap;

use super::positions::segments;

pub use go::OF_VOLUMES;
pub use idle::{IDLE, Idle};

/// The schema of one kind.
#[derive(Debug)]
pub struct Schema {
    /// The definition of the kind's own type.
    root: &'static str,
}

/// An object type with fixed fields.
#[derive(Debug)]
pub struct Struct {
    /// `ServicePort`
    pub name: &'static str,
    /// What the type is for.
    pub doc: String,
    /// The fields, by name.
    pub fields: BTreeMap<&'static str, Field>,
}

/// A field of an object type.
#[derive(Debug)]
pub struct Field {
    /// `targetPort`
    pub name: &'static str,
    /// What the field is for.
    pub doc: String,
    /// Whether the API asks for it.
    pub required: bool,
    /// What it holds.
    pub holds: Type,
    /// What the API server's own source calls its type, where that has a name of its own:
    /// `v1.Protocol`.
    pub go_type: Option<&'static str>,
    /// The only texts that are allowed, where there is such a list.
    pub choices: &'static [&'static str],
    /// Whether an empty text, `false` or 0 is a value of it like any other. If not, the API server takes
    /// it for a field that was not given.
    pub keeps_empty: bool,
    /// Why it has no effect in the simulation, if it has none.
    pub idle: Option<Idle>,
    /// The Go struct that is embedded to provide this field, if one is.
    pub embedded: Option<&'static str>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// Bytes, as base64 text.
    Bytes,
    /// A moment, as RFC 3339 text; the flag tells whether it has microseconds.
    Time { micro: bool },
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// Any number.
    Float,
    /// `true` or `false`.
    Bool,
    /// A number or a text: a port or a percentage.
    IntOrString,
    /// An amount: `500m`, `1Gi`.
    Quantity,
    /// An object with fixed fields, by its definition's name.
    Struct(&'static str),
    /// A list.
    List(Box<Type>),
    /// An object with any keys.
    Map(Box<Type>),
    /// Anything at all.
    Any,
}

impl Field {
    /// What the API document says of one of the field's values.
    pub fn meaning(&self, value: &str) -> Option<&'static str> {
        go::meaning(self.go_type?, value)
    }
}

impl Schema {
    /// The schema of the kind that a manifest's `apiVersion` and `kind` name.
    pub fn of(api_version: &str, kind: &str) -> Option<&'static Schema> {
        table::schema(api_version, kind)
    }

    /// The kind's own type.
    pub fn root(&self) -> &'static Struct {
        table::object(self.root).unwrap_or(&EMPTY)
    }

    /// The field that a path leads to: `spec.ports[0].port`, or as `kubectl explain` has it,
    /// `spec.ports.port`. Nothing for the empty path, and for keys that a map's owner chooses.
    pub fn field(&self, path: &str) -> Option<&'static Field> {
        let mut at = self.root();
        let mut found = None;
        for name in segments(path).filter(|name| !is_index(name)) {
            let field = at.fields.get(name)?;
            found = Some(field);
            match self.object(&field.holds) {
                Some(next) => at = next,
                None => at = &EMPTY,
            }
        }
        found
    }

    /// The type whose fields stand below a path; the empty path is the kind's own.
    pub fn below(&self, path: &str) -> Option<&'static Struct> {
        match self.field(path) {
            Some(field) => self.object(&field.holds),
            None if path.is_empty() => Some(self.root()),
            None => None,
        }
    }

    /// The fields that may stand below a path, by name.
    pub fn fields(&self, path: &str) -> impl Iterator<Item = &'static Field> {
        self.below(path).into_iter().flat_map(|at| at.fields.values())
    }

    /// The object type in a type: its own, its items' or its values'.
    pub fn object(&self, holds: &Type) -> Option<&'static Struct> {
        match holds {
            Type::Struct(name) => table::object(name),
            Type::List(item) | Type::Map(item) => self.object(item),
            _ => None,
        }
    }

    /// Whether fields of this name hold fields more often than values, in whichever kind they stand: `selector`
    /// is a text in one place alone.
    pub fn holds_fields(name: &str) -> bool {
        let fields = table::objects().filter_map(|(_, object)| object.fields.get(name));
        let (objects, others): (Vec<_>, Vec<_>) =
            fields.partition(|field| matches!(field.holds, Type::Struct(_) | Type::Map(_)));
        objects.len() > others.len()
    }

    /// A type in `kubectl explain`'s words: `[]ServicePort`, `map[string]string`, `integer`.
    pub fn words(&self, holds: &Type) -> String {
        match holds {
            Type::String | Type::Bytes | Type::Time { .. } => "string".to_owned(),
            Type::Int32 | Type::Int64 => "integer".to_owned(),
            Type::Float => "number".to_owned(),
            Type::Bool => "boolean".to_owned(),
            Type::IntOrString => "IntOrString".to_owned(),
            Type::Quantity => "Quantity".to_owned(),
            Type::Any => "Object".to_owned(),
            Type::Struct(name) => simple_name(name).to_owned(),
            Type::List(item) => format!("[]{}", self.words(item)),
            Type::Map(value) => format!("map[string]{}", self.words(value)),
        }
    }
}

static EMPTY: Struct = Struct { name: "", doc: String::new(), fields: BTreeMap::new() };

fn is_index(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_digit())
}

/// `ServicePort` of `io.k8s.api.core.v1.ServicePort`.
fn simple_name(definition: &str) -> &str {
    definition.rsplit('.').next().unwrap_or(definition)
}

/// A definition's type as Go writes it: `v1.ServicePort`.
pub(super) fn go_name(definition: &str) -> String {
    let mut parts = definition.rsplit('.');
    let name = parts.next().unwrap_or("");
    format!("{}.{name}", parts.next().unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn service() -> &'static Schema {
        Schema::of("v1", "Service").expect("there are Services")
    }

    #[test]
    fn every_kind_of_the_api_has_a_schema() {
        for kind in crate::api::Kind::all() {
            let info = kind.info();
            let schema = Schema::of(&info.api_version(), info.name);
            assert_eq!(schema.map(|schema| schema.root().name), Some(info.name));
        }
    }

    #[test]
    fn fields_are_found_by_either_kind_of_path() {
        let port = service().field("spec.ports[0].targetPort").expect("a field");
        assert_eq!(port.holds, Type::IntOrString);
        assert!(port.doc.starts_with("Number or name of the port"));
        assert!(service().field("spec.ports.port").is_some_and(|field| field.required));
        assert!(service().field("spec.port").is_none());
        assert!(service().field("spec.selector.app").is_none());
        let names: Vec<&str> = service().fields("spec.ports").map(|f| f.name).collect();
        assert_eq!(names, ["appProtocol", "name", "nodePort", "port", "protocol", "targetPort"]);
    }

    #[test]
    fn types_have_the_words_of_kubectl_explain() {
        let words = |path: &str| service().field(path).map(|f| service().words(&f.holds));
        assert_eq!(words("spec.ports").as_deref(), Some("[]ServicePort"));
        assert_eq!(words("spec.selector").as_deref(), Some("map[string]string"));
        assert_eq!(words("spec.ports.targetPort").as_deref(), Some("IntOrString"));
        assert_eq!(words("metadata").as_deref(), Some("ObjectMeta"));
        assert_eq!(words("spec.publishNotReadyAddresses").as_deref(), Some("boolean"));
    }

    #[test]
    fn a_field_with_few_values_knows_them() {
        let protocol = service().field("spec.ports.protocol").expect("a field");
        assert_eq!(protocol.choices, ["SCTP", "TCP", "UDP"]);
        assert_eq!(protocol.go_type, Some("v1.Protocol"));
    }

    /// The table of Go's types speaks of every text, flag and whole number of the schema, and of nothing
    /// else.
    #[test]
    fn what_is_said_of_go_types_is_about_all_real_fields() {
        let (mut known, mut plain) = (BTreeSet::new(), BTreeSet::new());
        for (definition, object) in table::objects() {
            let parts: Vec<&str> = definition.rsplit('.').take(3).collect();
            let name = format!("{}.{}.{}", parts[2], parts[1], parts[0]);
            for (field, what) in &object.fields {
                known.insert((name.clone(), (*field).to_owned()));
                if matches!(what.holds, Type::String | Type::Bool | Type::Int32 | Type::Int64) {
                    plain.insert((name.clone(), (*field).to_owned()));
                }
            }
        }
        let described: BTreeSet<(String, String)> =
            go::described().map(|(object, field)| (object.to_owned(), field.to_owned())).collect();
        let unreal: Vec<_> = described.difference(&known).collect();
        let missing: Vec<_> = plain.difference(&described).collect();
        assert!(unreal.is_empty() && missing.is_empty(), "{unreal:?} {missing:?}");
    }

    #[test]
    fn every_type_with_few_texts_belongs_to_a_field() {
        let known: BTreeSet<&str> = table::objects()
            .flat_map(|(_, object)| object.fields.values())
            .filter_map(|field| Some(field.go_type?.trim_start_matches("[]")))
            .collect();
        let unreal: Vec<&str> = go::chosen().filter(|go_type| !known.contains(go_type)).collect();
        assert!(unreal.is_empty(), "{unreal:?}");
    }

    // The two types of this name differ in Kubernetes' `types.go`.
    #[test]
    fn a_type_is_found_in_its_own_package() {
        let name = |kind: &str, version: &str, path: &str| {
            let field = Schema::of(version, kind).and_then(|schema| schema.field(path));
            field.map(|field| field.keeps_empty)
        };
        assert_eq!(name("Endpoints", "v1", "subsets.ports.name"), Some(false));
        assert_eq!(name("EndpointSlice", "discovery.k8s.io/v1", "ports.name"), Some(true));
    }
}
