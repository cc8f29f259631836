//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

use regex::Regex;
use serde_json::{Map, Value};

use super::super::super::super::tool::Io;
use super::super::Failure;
use super::{Resource, generate, texts};
use crate::api::{LabelSelector, Patch, patch};
use crate::manifest;

/// `patchesStrategicMerge` and `patches`, in this order.
pub(super) fn merges(
    io: &mut Io<'_>,
    root: &str,
    fields: &Map<String, Value>,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    for item in texts(fields, "patchesStrategicMerge")? {
        // Each is a file, or the patch itself.
        let text = match item.contains('\n') {
            true => item.clone(),
            false => file(io, root, &item, "PatchStrategicMergeTransformer")?,
        };
        one(&text, &Value::Null, resources)?;
    }
    let list = fields.get("patches").and_then(Value::as_array).cloned().unwrap_or_default();
    for wanted in list {
        let text = text_of(io, root, &wanted, "PatchTransformer")?;
        one(&text, &wanted["target"], resources)?;
    }
    Ok(())
}

/// `patchesJson6902`, which come after everything that is laid over.
pub(super) fn operations(
    io: &mut Io<'_>,
    root: &str,
    fields: &Map<String, Value>,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    let list = fields.get("patchesJson6902").and_then(Value::as_array).cloned().unwrap_or_default();
    for wanted in list {
        let text = text_of(io, root, &wanted, "PatchJson6902Transformer")?;
        one(&text, &wanted["target"], resources)?;
    }
    Ok(())
}

/// A patch that stands in a file or in the kustomization itself.
fn text_of(io: &Io<'_>, root: &str, wanted: &Value, builtin: &str) -> Result<String, Failure> {
    match (wanted["patch"].as_str(), wanted["path"].as_str()) {
        (Some(text), _) => Ok(text.to_owned()),
        (None, Some(path)) => file(io, root, path, builtin),
        (None, None) => Err(Failure::message("must specify one of patch and path")),
    }
}

fn file(io: &Io<'_>, root: &str, path: &str, builtin: &str) -> Result<String, Failure> {
    let bytes = generate::read(io, root, path).map_err(|why| {
        let (config, failed) = match builtin {
            "PatchStrategicMergeTransformer" => (format!("paths:\n- {path}"), String::new()),
            _ => (
                format!("path: {path}"),
                format!("failed to get the patch file from path({path}): "),
            ),
        };
        Failure::message(format!(
            "trouble configuring builtin {builtin} with config: `\n{config}\n`: {failed}{why}"
        ))
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Carries out one text: operations on its target, or partial objects that say themselves whom they
/// are for.
fn one(text: &str, target: &Value, resources: &mut Vec<Resource>) -> Result<(), Failure> {
    let (documents, faults) = manifest::parse("patch", text);
    if let Some(fault) = faults.first() {
        return Err(Failure::message(format!(
            "unable to parse SM or JSON patch from [{text}]: {}",
            fault.message
        )));
    }
    for document in documents {
        let change = document.value;
        if change.is_array() {
            for index in chosen(target, resources)? {
                apply(&mut resources[index], Patch::Json(change.clone()))?;
            }
            continue;
        }
        let wanted = match target.is_null() {
            true => vec![named(&change, resources)?],
            false => chosen(target, resources)?,
        };
        for index in wanted.into_iter().rev() {
            if change["$patch"] == "delete" {
                resources.remove(index);
            } else {
                merge(&mut resources[index], change.clone(), target.is_null())?;
            }
        }
    }
    Ok(())
}

/// Lays a partial object over one; what it is called stays.
fn merge(resource: &mut Resource, mut change: Value, own_name: bool) -> Result<(), Failure> {
    if let Some(fields) = change.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    if let Some(metadata) = change["metadata"].as_object_mut() {
        metadata.remove("name");
        if own_name {
            metadata.remove("namespace");
        }
    }
    if change["metadata"].as_object().is_none_or(Map::is_empty) {
        change.as_object_mut().map(|fields| fields.remove("metadata"));
    }
    apply(resource, Patch::Strategic(change))
}

fn apply(resource: &mut Resource, change: Patch) -> Result<(), Failure> {
    let value = resource.value.clone();
    let changed = match (resource.known(), change) {
        (Some(kind), change) => patch::changed(kind, &value, change),
        (None, Patch::Strategic(change)) => Ok(patch::merge(value, &change)),
        // Operations ask nothing of the kind.
        (None, change) => patch::changed(crate::api::Kind::ConfigMap, &value, change),
    };
    resource.value = changed.map_err(|status| Failure::message(status.message))?;
    Ok(())
}

/// The one object that a partial object names, by its own name or that of its file.
fn named(change: &Value, resources: &[Resource]) -> Result<usize, Failure> {
    let wanted = Resource::of(change.clone());
    let fits = |one: &Resource| {
        one.kind() == wanted.kind()
            && (one.original == wanted.original || one.name() == wanted.original)
    };
    resources.iter().position(fits).ok_or_else(|| {
        let id = wanted.id();
        Failure::message(format!(
            "no resource matches strategic merge patch \"{id}\": no matches for Id {id}; failed to \
             find unique target for patch {id}"
        ))
    })
}

/// The objects that a target chooses: words are regular expressions for the whole.
fn chosen(target: &Value, resources: &[Resource]) -> Result<Vec<usize>, Failure> {
    let fits = |field: &str, text: &str| -> Result<bool, Failure> {
        let Some(wanted) = target[field].as_str().filter(|wanted| !wanted.is_empty()) else {
            return Ok(true);
        };
        let whole = Regex::new(&format!("^(?:{wanted})$"));
        whole
            .map(|whole| whole.is_match(text))
            .map_err(|_| Failure::message(format!("error parsing regexp: {wanted}")))
    };
    let mut found = Vec::new();
    for (index, one) in resources.iter().enumerate() {
        let version = one.value["apiVersion"].as_str().unwrap_or("");
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let namespace = one.value["metadata"]["namespace"].as_str().unwrap_or("");
        let is_it = fits("kind", one.kind())?
            && fits("group", group)?
            && fits("version", version)?
            && fits("namespace", namespace)?
            && (fits("name", &one.original)? || fits("name", one.name())?)
            && selected(target, "labelSelector", &one.value["metadata"]["labels"])?
            && selected(target, "annotationSelector", &one.value["metadata"]["annotations"])?;
        if is_it {
            found.push(index);
        }
    }
    Ok(found)
}

fn selected(target: &Value, field: &str, values: &Value) -> Result<bool, Failure> {
    let Some(text) = target[field].as_str() else { return Ok(true) };
    let selector = LabelSelector::parse(text).map_err(Failure::message)?;
    let values = values.as_object().into_iter().flatten();
    let values = values.map(|(key, text)| (key.clone(), text.as_str().unwrap_or("").to_owned()));
    Ok(selector.matches(Some(&values.collect())))
}
