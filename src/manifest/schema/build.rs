//! From the JSON Schema of a type to the few facts about it that are asked for.

use std::collections::BTreeMap;

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

use super::{Field, Schema, Struct, Type, go, idle, simple_name};

/// The schema of a kind's type.
pub fn schema_of<T: JsonSchema>() -> Schema {
    let mut generator = SchemaGenerator::default();
    generator.subschema_for::<T>();
    let definitions = generator.take_definitions(false);
    let types = definitions
        .iter()
        .filter(|(_, schema)| schema["properties"].is_object() || schema["type"] == "object")
        .map(|(name, schema)| (name.clone(), object(name, schema)))
        .collect();
    Schema { root: T::schema_name().into_owned(), types }
}

fn object(definition: &str, schema: &Value) -> Struct {
    let name = simple_name(definition).to_owned();
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object();
    let known = go::Known::of(definition);
    let field = |(key, property): (&String, &Value)| {
        let facts = known.facts(key);
        let field = Field {
            name: key.clone(),
            doc: doc(property),
            required: required.contains(&key.as_str()),
            holds: holds(property),
            go_type: facts.go_type,
            choices: facts.choices,
            keeps_empty: facts.keeps_empty,
            idle: idle::idle(&name, key),
            embedded: go::embedded(&name, key),
        };
        (key.clone(), field)
    };
    let fields: BTreeMap<String, Field> =
        properties.into_iter().flat_map(Map::iter).map(field).collect();
    Struct { name, doc: doc(schema), fields }
}

fn doc(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or("").to_owned()
}

fn holds(schema: &Value) -> Type {
    if let Some(reference) = reference(schema) {
        return named(reference);
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("byte")) => Type::Bytes,
        (Some("string"), _) => Type::String,
        (Some("integer"), Some("int64")) => Type::Int64,
        (Some("integer"), _) => Type::Int32,
        (Some("number"), _) => Type::Float,
        (Some("boolean"), _) => Type::Bool,
        (Some("array"), _) => Type::List(Box::new(holds(&schema["items"]))),
        (Some("object"), _) => match schema.get("additionalProperties") {
            Some(values) => Type::Map(Box::new(holds(values))),
            None => Type::Any,
        },
        _ => Type::Any,
    }
}

/// The definition that a schema points to.
fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

fn named(definition: &str) -> Type {
    match definition {
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => Type::IntOrString,
        "io.k8s.apimachinery.pkg.api.resource.Quantity" => Type::Quantity,
        "io.k8s.apimachinery.pkg.apis.meta.v1.Time" => Type::Time { micro: false },
        "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime" => Type::Time { micro: true },
        "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"
        | "io.k8s.apimachinery.pkg.runtime.RawExtension" => Type::Any,
        other => Type::Struct(other.to_owned()),
    }
}
