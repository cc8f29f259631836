//! What a kustomization may hold: Kustomize's Go types (`api/types`), and Go's words for a value that
//! does not fit its field.

use serde_json::{Map, Value};

use super::super::go_types::go_kind;

/// Types and their fields: `s` a text, `b` a switch, `i` a whole number, `[]T` a list, `{}T` a map of
/// texts, `?` anything; `+T` stands for the fields of T, whose name is part of the path all the same.
const TYPES: &[(&str, &str)] = &[
    (
        "Kustomization",
        "+TypeMeta metadata:ObjectMeta openapi:{}s namePrefix:s nameSuffix:s namespace:s \
         commonLabels:{}s labels:[]Label commonAnnotations:{}s \
         patchesStrategicMerge:[]PatchStrategicMerge patchesJson6902:[]Patch patches:[]Patch \
         images:[]Image imageTags:[]Image replacements:? replicas:[]Replica vars:? sortOptions:? \
         resources:[]s components:[]s crds:[]s bases:[]s configMapGenerator:[]ConfigMapArgs \
         secretGenerator:[]SecretArgs helmGlobals:? helmCharts:? helmChartInflationGenerator:? \
         generatorOptions:GeneratorOptions configurations:[]s generators:[]s transformers:[]s \
         validators:[]s buildMetadata:[]s",
    ),
    ("TypeMeta", "kind:s apiVersion:s"),
    ("ObjectMeta", "name:s namespace:s labels:{}s annotations:{}s"),
    ("Label", "pairs:{}s includeSelectors:b includeTemplates:b fields:?"),
    ("PatchStrategicMerge", ""),
    ("Patch", "path:s patch:s target:Selector options:{}b"),
    ("Selector", "+ResId annotationSelector:s labelSelector:s"),
    ("ResId", "+Gvk name:s namespace:s"),
    ("Gvk", "group:s version:s kind:s"),
    ("Image", "name:s newName:s tagSuffix:s newTag:s digest:s"),
    ("Replica", "name:s count:i"),
    ("ConfigMapArgs", "+GeneratorArgs"),
    ("SecretArgs", "+GeneratorArgs type:s"),
    ("GeneratorArgs", "namespace:s name:s behavior:s +KvPairSources options:GeneratorOptions"),
    ("KvPairSources", "literals:[]s files:[]s envs:[]s env:s"),
    ("GeneratorOptions", "labels:{}s annotations:{}s disableNameSuffixHash:b immutable:b"),
];

/// The fields of a kustomization, each by its own name whatever its case is.
///
/// # Errors
/// Go's words for the first value that does not fit.
pub(super) fn kustomization(value: Value) -> Result<Map<String, Value>, String> {
    match fitted("Kustomization", value, ("", &[]))? {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

/// A value of a type; `at` is the struct that it stands in and the way to it.
fn fitted(of: &str, value: Value, at: (&str, &[&str])) -> Result<Value, String> {
    let fields = TYPES.iter().find(|(name, _)| *name == of).map(|(_, fields)| *fields);
    match (of, value) {
        ("?", value) | (_, value @ Value::Null) => Ok(value),
        ("s" | "PatchStrategicMerge", value @ Value::String(_)) => Ok(value),
        ("b", value @ Value::Bool(_)) => Ok(value),
        ("i", Value::Number(number)) if number.is_i64() => Ok(Value::Number(number)),
        (list, Value::Array(items)) if list.starts_with("[]") => {
            items.into_iter().map(|item| fitted(&list[2..], item, at)).collect()
        }
        (map, Value::Object(entries)) if map.starts_with("{}") => {
            let fit = |(key, value)| Ok((key, fitted(&map[2..], value, at)?));
            entries.into_iter().map(fit).collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        (of, Value::Object(entries)) if fields.is_some_and(|fields| !fields.is_empty()) => {
            let fit = |(key, value): (String, Value)| {
                let way = field(of, &key).ok_or(format!("json: unknown field {key:?}"))?;
                let (name, of_field) = way.last().copied().unwrap_or_default();
                let names = at.1.iter().copied().chain(way.iter().map(|(name, _)| *name));
                let names: Vec<&str> = names.collect();
                Ok((name.to_owned(), fitted(of_field, value, (of, &names))?))
            };
            entries.into_iter().map(fit).collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        (of, value) => {
            let number = (of == "i" && value.is_number()).then(|| format!("number {value}"));
            let what = number.unwrap_or_else(|| go_kind(&value).to_owned());
            let place = match at {
                ("", _) => "value".to_owned(),
                (of, path) => format!("struct field {of}.{}", path.join(".")),
            };
            Err(format!("json: cannot unmarshal {what} into Go {place} of type {}", go_name(of)))
        }
    }
}

/// The way to a field of a type: the types that it comes from, each by its name, and at the end its
/// own name and type.
fn field(of: &str, key: &str) -> Option<Vec<(&'static str, &'static str)>> {
    let (_, fields) = TYPES.iter().find(|(name, _)| *name == of)?;
    fields.split_whitespace().find_map(|word| match word.strip_prefix('+') {
        Some(inner) => {
            let mut way = field(inner, key)?;
            way.insert(0, (inner, ""));
            Some(way)
        }
        None => {
            let (name, of) = word.split_once(':')?;
            name.eq_ignore_ascii_case(key).then(|| vec![(name, of)])
        }
    })
}

/// A type as Go calls it.
fn go_name(of: &str) -> String {
    match of {
        "s" => "string".to_owned(),
        "b" => "bool".to_owned(),
        "i" => "int64".to_owned(),
        _ => match (of.strip_prefix("[]"), of.strip_prefix("{}")) {
            (Some(of), _) => format!("[]{}", go_name(of)),
            (_, Some(of)) => format!("map[string]{}", go_name(of)),
            _ => format!("types.{of}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(value: Value) -> String {
        kustomization(value).expect_err("a fault")
    }

    // By kubectl 1.36.3 for each of them.
    #[test]
    fn a_value_that_does_not_fit_is_told_in_gos_words() {
        let cases = [
            (json!({"images": [{"newTag": 1.28}]}), "number", "Image.images.newTag of type string"),
            (json!({"images": {}}), "object", "Kustomization.images of type []types.Image"),
            (
                json!({"commonLabels": {"a": 1}}),
                "number",
                "Kustomization.commonLabels of type string",
            ),
            (
                json!({"commonLabels": []}),
                "array",
                "Kustomization.commonLabels of type map[string]string",
            ),
            (
                json!({"replicas": [{"count": 1.5}]}),
                "number 1.5",
                "Replica.replicas.count of type int64",
            ),
            (
                json!({"replicas": [{"count": "3"}]}),
                "string",
                "Replica.replicas.count of type int64",
            ),
            (
                json!({"configMapGenerator": [{"literals": "a"}]}),
                "string",
                "ConfigMapArgs.configMapGenerator.GeneratorArgs.KvPairSources.literals of type []string",
            ),
            (
                json!({"patches": [{"target": {"kind": 1}}]}),
                "number",
                "Selector.patches.target.ResId.Gvk.kind of type string",
            ),
            (
                json!({"patchesStrategicMerge": [1]}),
                "number",
                "Kustomization.patchesStrategicMerge of type types.PatchStrategicMerge",
            ),
            (
                json!({"apiVersion": 1}),
                "number",
                "Kustomization.TypeMeta.apiVersion of type string",
            ),
        ];
        for (value, what, field) in cases {
            let text = format!("json: cannot unmarshal {what} into Go struct field {field}");
            assert_eq!(fault(value), text);
        }
        assert_eq!(
            fault(json!("x")),
            "json: cannot unmarshal string into Go value of type types.Kustomization"
        );
        assert_eq!(fault(json!({"labels": [{"a": "b"}]})), "json: unknown field \"a\"");
    }

    #[test]
    fn the_case_of_a_fields_name_does_not_matter() {
        let fields = kustomization(json!({"RESOURCES": ["a"]})).expect("fields");
        assert_eq!(fields["resources"], json!(["a"]));
    }
}
