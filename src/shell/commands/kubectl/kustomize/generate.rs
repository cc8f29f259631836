//! `configMapGenerator` and `secretGenerator`.

use k8s_openapi::ByteString;
use serde_json::{Map, Value, json};

use super::super::super::super::tool::Io;
use super::super::Failure;
use super::Resource;

/// Makes the config maps and secrets that a kustomization asks for.
pub(super) fn all(
    io: &mut Io<'_>,
    root: &str,
    fields: &Map<String, Value>,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    for (field, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        for wanted in fields.get(field).and_then(Value::as_array).into_iter().flatten() {
            let made = one(io, root, kind, wanted, fields.get("generatorOptions"))?;
            place(made, wanted["behavior"].as_str().unwrap_or(""), resources)?;
        }
    }
    Ok(())
}

/// Puts what was made among the others: a new object, or data for one that is there.
fn place(made: Resource, behavior: &str, resources: &mut Vec<Resource>) -> Result<(), Failure> {
    let (kind, name) = (made.kind().to_owned(), made.original.clone());
    let home = |one: &Resource| match one.home.as_str() {
        "" => "default".to_owned(),
        home => home.to_owned(),
    };
    let is_it = |one: &&mut Resource| {
        one.kind() == kind && one.original == name && home(one) == home(&made)
    };
    let there = resources.iter_mut().find(is_it);
    match (behavior, there) {
        ("merge" | "replace", Some(there)) => {
            for field in ["data", "binaryData"] {
                let new = made.value[field].as_object().cloned().unwrap_or_default();
                let mut all = match behavior {
                    "merge" => there.value[field].as_object().cloned().unwrap_or_default(),
                    _ => Map::new(),
                };
                all.extend(new);
                if !all.is_empty() {
                    there.value[field] = all.into();
                } else if let Some(fields) = there.value.as_object_mut() {
                    fields.remove(field);
                }
            }
            for field in ["labels", "annotations"] {
                for (key, text) in made.value["metadata"][field].as_object().into_iter().flatten() {
                    there.value["metadata"][field][key] = text.clone();
                }
            }
        }
        ("merge" | "replace", None) => {
            return Err(clash(&made, "does not exist; cannot merge or replace"));
        }
        (_, None) => resources.push(made),
        // A word that is not known is as good as none.
        (behavior, Some(_)) => {
            let behavior = if behavior == "create" { behavior } else { "unspecified" };
            return Err(clash(
                &made,
                &format!(
                    "exists; can not use behavior: '{behavior}', behavior must be merge or replace"
                ),
            ));
        }
    }
    Ok(())
}

/// That what was made does not go with what there is. Kustomize names the generator by where it lies
/// in memory, and the object by all fields of its identity.
fn clash(made: &Resource, why: &str) -> Failure {
    let namespace = made.value["metadata"]["namespace"].as_str().unwrap_or("");
    Failure::message(format!(
        "merging from generator &{{0xc000a1e2d0 <nil>}}: id resid.ResId{{Gvk:resid.Gvk{{Group:\"\", \
         Version:\"v1\", Kind:{:?}, isClusterScoped:false}}, Name:{:?}, Namespace:{namespace:?}}} {why}",
        made.kind(),
        made.original
    ))
}

fn one(
    io: &mut Io<'_>,
    root: &str,
    kind: &str,
    wanted: &Value,
    general: Option<&Value>,
) -> Result<Resource, Failure> {
    let name = wanted["name"].as_str().unwrap_or("");
    if name.is_empty() {
        return Err(Failure::message("a configmap must have a name"));
    }
    let mut metadata = json!({"name": name});
    let own = &wanted["options"];
    let general = general.unwrap_or(&Value::Null);
    for field in ["labels", "annotations"] {
        for options in [general, own] {
            for (key, text) in options[field].as_object().into_iter().flatten() {
                metadata[field][key] = text.clone();
            }
        }
    }
    if let Some(namespace) = wanted["namespace"].as_str() {
        metadata["namespace"] = json!(namespace);
    }
    let mut value = json!({"apiVersion": "v1", "kind": kind, "metadata": metadata});
    let entries = entries(io, root, wanted)?;
    if let Some(key) = repeated(&entries) {
        // Of a secret it says the same.
        let text = format!("configmap {name} illegally repeats the key `{key}`");
        return Err(Failure::message(text));
    }
    for (key, content) in entries {
        let (field, content) = match (kind, String::from_utf8(content)) {
            ("ConfigMap", Ok(text)) => ("data", json!(text)),
            ("ConfigMap", Err(bytes)) => ("binaryData", json!(ByteString(bytes.into_bytes()))),
            (_, Ok(text)) => ("data", json!(ByteString(text.into_bytes()))),
            (_, Err(bytes)) => ("data", json!(ByteString(bytes.into_bytes()))),
        };
        value[field][key] = content;
    }
    if kind == "Secret" {
        value["type"] = json!(wanted["type"].as_str().unwrap_or("Opaque"));
    }
    // What all have, none can take back (`MergeGlobalOptionsIntoLocal`).
    let on = |field: &str| [own, general].iter().any(|options| options[field] == true);
    if on("immutable") {
        value["immutable"] = json!(true);
    }
    let hashed = !on("disableNameSuffixHash");
    Ok(Resource { hashed, ..Resource::of(value) })
}

/// The first key that comes again.
fn repeated(entries: &[(String, Vec<u8>)]) -> Option<&str> {
    let mut keys = entries.iter().map(|(key, _)| key.as_str()).enumerate();
    keys.find(|(at, key)| entries[..*at].iter().any(|(earlier, _)| earlier == key))
        .map(|(_, key)| key)
}

/// The entries of literals, files and files of variables.
fn entries(io: &mut Io<'_>, root: &str, wanted: &Value) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let list = |field: &str| -> Vec<String> {
        let items = wanted[field].as_array().into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let failed = |reason: String| Failure::message(format!("loading KV pairs: {reason}"));
    let mut entries = Vec::new();
    let mut files = list("envs");
    files.extend(wanted["env"].as_str().map(str::to_owned));
    for file in files {
        let bytes = read(io, root, &file)
            .map_err(|why| failed(format!("env source files: [{file}]: {why}")))?;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim_start();
            if !line.is_empty() && !line.starts_with('#') {
                let (key, value) = line.split_once('=').unwrap_or((line, ""));
                entries.push((key.to_owned(), value.as_bytes().to_vec()));
            }
        }
    }
    let literals = list("literals");
    for literal in &literals {
        let (key, value) =
            literal.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
                let all = literals.join(" ");
                failed(format!(
                    "literal sources [{all}]: invalid literal source {literal}, expected key=value"
                ))
            })?;
        let quoted = ['"', '\'']
            .iter()
            .any(|mark| value.len() > 1 && value.starts_with(*mark) && value.ends_with(*mark));
        let value = if quoted { &value[1..value.len() - 1] } else { value };
        entries.push((key.to_owned(), value.as_bytes().to_vec()));
    }
    let files = list("files");
    for file in &files {
        let entry = source(file).and_then(|(key, path)| Ok((key, read(io, root, path)?)));
        let (key, bytes) =
            entry.map_err(|why| failed(format!("file sources: [{}]: {why}", files.join(" "))))?;
        entries.push((key.to_owned(), bytes));
    }
    Ok(entries)
}

/// The key and the path of a file that data comes from (`ParseFileSource`).
fn source(text: &str) -> Result<(&str, &str), String> {
    match text.split_once('=') {
        None => Ok((text.rsplit('/').next().unwrap_or(text), text)),
        Some((_, path)) if path.contains('=') => {
            Err(format!("source {text:?} key name or file path contains '='"))
        }
        Some(("", path)) => {
            Err(format!("missing key name for file path {path:?} in source {text:?}"))
        }
        Some((key, "")) => {
            Err(format!("missing file path for key name {key:?} in source {text:?}"))
        }
        Some(entry) => Ok(entry),
    }
}

/// A file beside the kustomization or below, which are the only ones that it may read.
pub(super) fn read(io: &Io<'_>, root: &str, path: &str) -> Result<Vec<u8>, String> {
    let absolute = crate::shell::files::absolute(io.place, root, path);
    let bytes = io.read_file(&absolute).map_err(|_| super::missing(&absolute, &absolute))?;
    match absolute.starts_with(&format!("{}/", root.trim_end_matches('/'))) {
        true => Ok(bytes),
        false => Err(format!("security; file '{absolute}' is not in or below '{root}'")),
    }
}
