//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

use regex::Regex;
use serde_json::{Map, Value, json};

use super::super::super::super::tool::Io;
use super::super::Failure;
use super::{Resource, generate, texts};
use crate::api::{LabelSelector, Patch, patch};
use crate::manifest;

/// What a text says is to be changed.
enum Change {
    /// Partial objects, which say themselves whom they are for.
    Partial(Vec<Value>),
    /// Operations on whatever a target chooses.
    Operations(Value),
}

/// `patchesStrategicMerge` and `patches`, in this order.
pub(super) fn merges(
    io: &mut Io<'_>,
    root: &str,
    fields: &Map<String, Value>,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    let wanted = texts(fields, "patchesStrategicMerge");
    let mut partial = Vec::new();
    for item in &wanted {
        // Each is a patch itself, or the file that holds it.
        let own = super::objects("", item).ok().filter(|found| !found.is_empty());
        let found = own.map_or_else(
            || {
                let text = generate::read(io, root, item)?;
                super::objects(item, &String::from_utf8_lossy(&text))
            },
            Ok,
        );
        partial.extend(found.map_err(|why| {
            refused("PatchStrategicMergeTransformer", &json!({"paths": wanted}), &why)
        })?);
    }
    for change in partial {
        let target = named(&change.value, resources).map_err(Failure::message)?;
        lay_over(vec![target], &change.value, true, resources)?;
    }
    for wanted in fields.get("patches").and_then(Value::as_array).into_iter().flatten() {
        patch_of(io, root, wanted, resources)?;
    }
    Ok(())
}

/// `patchesJson6902`, which come after everything that is laid over.
pub(super) fn operations(
    io: &mut Io<'_>,
    root: &str,
    fields: &Map<String, Value>,
    resources: &mut [Resource],
) -> Result<(), Failure> {
    for wanted in fields.get("patchesJson6902").and_then(Value::as_array).into_iter().flatten() {
        let mut config = wanted.clone();
        if let Some(own) = config.as_object_mut().and_then(|config| config.remove("patch")) {
            config["jsonOp"] = own;
        }
        let text = |field: &str| wanted[field].as_str().unwrap_or("");
        let list = operations_of(io, root, text("patch"), text("path"), &wanted["target"])
            .map_err(|why| refused("PatchJson6902Transformer", &config, &why))?;
        for index in chosen(&wanted["target"], resources)? {
            apply(&mut resources[index], Patch::Json(list.clone()))?;
        }
    }
    Ok(())
}

/// The operations of one of `patchesJson6902`.
fn operations_of(
    io: &Io<'_>,
    root: &str,
    own: &str,
    path: &str,
    target: &Value,
) -> Result<Value, String> {
    if target["name"].as_str().unwrap_or("").is_empty() {
        return Err("must specify the target name".to_owned());
    }
    let text = match (own, path) {
        ("", "") => return Err("empty file path and empty jsonOp".to_owned()),
        (own, "") => own.to_owned(),
        ("", path) => String::from_utf8_lossy(&generate::read(io, root, path)?).into_owned(),
        _ => return Err("must specify a file path or jsonOp, not both".to_owned()),
    };
    match operations_in(&text) {
        None => Err(format!("decoding {text}: it is no list of operations")),
        Some(list) if list.as_array().is_some_and(Vec::is_empty) => {
            Err(format!("patch appears to be empty; file={path}, JsonOp={text}"))
        }
        Some(list) => Ok(list),
    }
}

/// That a part of Kustomize does not accept what it was given.
fn refused(builtin: &str, config: &Value, why: &str) -> Failure {
    let config = manifest::to_yaml(config);
    Failure::message(format!(
        "trouble configuring builtin {builtin} with config: `\n{config}`: {why}"
    ))
}

/// Carries out one of `patches` (`PatchTransformer`).
fn patch_of(
    io: &Io<'_>,
    root: &str,
    wanted: &Value,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    let (source, change) =
        change_of(io, root, wanted).map_err(|why| refused("PatchTransformer", wanted, &why))?;
    let target = &wanted["target"];
    match change {
        Change::Operations(list) if list.as_array().is_some_and(Vec::is_empty) => Ok(()),
        Change::Operations(_) if target.is_null() => {
            Err(Failure::message(format!("must specify a target for JSON patch {source}")))
        }
        Change::Operations(list) => {
            for index in chosen(target, resources)? {
                apply(&mut resources[index], Patch::Json(list.clone()))?;
            }
            Ok(())
        }
        Change::Partial(changes) => {
            for change in changes {
                let wanted = match target.is_null() {
                    true => vec![named(&change, resources).map_err(|why| {
                        let id = Resource::of(change.clone()).id();
                        let what = format!("no resource matches strategic merge patch \"{id}\"");
                        Failure::message(format!("{what}: {why}"))
                    })?],
                    false => chosen(target, resources)?,
                };
                lay_over(wanted, &change, target.is_null(), resources)?;
            }
            Ok(())
        }
    }
}

/// Where one of `patches` comes from, as Kustomize names it, and what it changes.
fn change_of(io: &Io<'_>, root: &str, wanted: &Value) -> Result<(String, Change), String> {
    let own = wanted["patch"].as_str().unwrap_or("").trim();
    let path = wanted["path"].as_str().unwrap_or("");
    let (source, text) = match (own, path) {
        ("", "") => {
            let config = manifest::to_yaml(wanted);
            return Err(format!("must specify one of patch and path in\n{config}"));
        }
        (own, "") => (format!("[patch: {own:?}]"), own.to_owned()),
        ("", path) => {
            let bytes = generate::read(io, root, path)
                .map_err(|why| format!("failed to get the patch file from path({path}): {why}"))?;
            (format!("[path: {path:?}]"), String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => {
            let config = manifest::to_yaml(wanted);
            return Err(format!("patch and path can't be set at the same time\n{config}"));
        }
    };
    let partial = super::objects("", &text).map(|found| found.into_iter().map(|one| one.value));
    match (partial, operations_in(&text)) {
        (Ok(partial), None) => Ok((source, Change::Partial(partial.collect()))),
        (_, Some(list)) => Ok((source, Change::Operations(list))),
        (Err(_), None) => Err(format!("unable to parse SM or JSON patch from {source}")),
    }
}

/// The operations that a text holds, if it does: JSON where it begins as a list of JSON
/// (`jsonPatchFromBytes`).
fn operations_in(text: &str) -> Option<Value> {
    let list = match text.starts_with('[') {
        true => serde_json::from_str(text).ok()?,
        false => manifest::parse("patch", text).0.into_iter().next()?.value,
    };
    let operations: &Vec<Value> = list.as_array()?;
    operations.iter().all(Value::is_object).then_some(list)
}

/// Lays a partial object over others, or takes them away.
fn lay_over(
    targets: Vec<usize>,
    change: &Value,
    own_name: bool,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    for index in targets.into_iter().rev() {
        if change["$patch"] == "delete" {
            resources.remove(index);
        } else {
            merge(&mut resources[index], change.clone(), own_name)?;
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
fn named(change: &Value, resources: &[Resource]) -> Result<usize, String> {
    let wanted = Resource::of(change.clone());
    let fits = |one: &Resource| {
        one.kind() == wanted.kind()
            && (one.original == wanted.original || one.name() == wanted.original)
    };
    resources.iter().position(fits).ok_or_else(|| {
        let id = wanted.id();
        format!("no matches for Id {id}; failed to find unique target for patch {id}")
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
            .map_err(|_| Failure::message(format!("error parsing regexp: `^(?:{wanted})$`")))
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
    // Kustomize keeps an older copy of the parser, with other words for an operator.
    let selector = LabelSelector::parse(text).map_err(|why| {
        let (new, old) = ("in, notin, =, ==, !=, gt, lt", "'=', '!=', '==', 'in', notin'");
        Failure::message(why.replace(new, old))
    })?;
    let values = values.as_object().into_iter().flatten();
    let values = values.map(|(key, text)| (key.clone(), text.as_str().unwrap_or("").to_owned()));
    Ok(selector.matches(Some(&values.collect())))
}
