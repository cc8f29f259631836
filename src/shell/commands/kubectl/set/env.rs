//! `kubectl set env`

use k8s_openapi::api::core::v1::{ConfigMap, Container, EnvVar, Secret};
use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::catalog::{self, Command};
use super::super::dry_run::Report;
use super::super::flags::{Flag, Takes, switch, text, typed};
use super::super::target::{self, Rules, Target};
use super::super::{Call, DONE, Failure, Outcome};
use super::{pod_spec, pod_spec_patch, send};
use crate::api::{Kind, Object};

pub(super) static COMMAND: Command = Command {
    name: "env",
    short: "Update environment variables on a pod template",
    examples: "  # Set a variable\n  kubectl set env deployment/web BACKEND=http://api\n  \n  # Remove \
               it\n  kubectl set env deployment/web BACKEND-\n  \n  # Show them\n  kubectl set env \
               deployment/web --list",
    usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: &[
        FLAGS,
        super::COMMON,
        catalog::FILENAME,
        catalog::SELECTOR,
        catalog::ALL,
        catalog::WRITE,
    ],
    run,
    ..catalog::PLAIN
};

const FLAGS: &[Flag] = &[
    typed("env", Takes::Texts, "[]", "A variable: key=value."),
    text("from", None, "A config map or secret whose entries become variables."),
    text("prefix", None, "What stands before the names of --from."),
    typed("keys", Takes::List, "[]", "The entries of --from to take."),
    text("containers", Some('c'), "The containers: names, perhaps with *."),
    switch("list", None, "Show the variables."),
    switch("resolve", None, "With --list: show what values refer to."),
    typed("overwrite", Takes::Switch, "true", "Change variables that are there already."),
];

/// Variables to set, and names to remove.
#[derive(Debug, Default)]
struct Changes {
    set: Vec<Value>,
    remove: Vec<String>,
}

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    let is_pair = |word: &String| word.contains('=') || word.ends_with('-');
    let from = words.iter().position(is_pair).unwrap_or(words.len());
    let (resources, pairs) = words.split_at(from);
    let pairs: Vec<String> = [pairs, call.arguments.all("env")].concat();
    if resources.is_empty() && call.arguments.all("filename").is_empty() {
        let text = "one or more resources must be specified as <resource> <name> or \
                    <resource>/<name>";
        return Err(call.usage(text));
    }
    let mut changes = Changes::default();
    for pair in &pairs {
        if let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) {
            changes.set.push(json!({"name": name, "value": value}));
        } else if let Some(name) = pair.strip_suffix('-').filter(|name| !name.is_empty()) {
            changes.remove.push(name.to_owned());
        } else {
            return Err(Failure::message(format!("invalid env: {pair}")));
        }
    }
    changes.set.extend(referred(&mut call, io)?);
    let list = call.arguments.on("list");
    if !list && changes.set.is_empty() && changes.remove.is_empty() {
        return Err(Failure::message("at least one environment variable must be provided"));
    }
    let target = Target::of(&call, io, resources, Rules { names_required: true })?;
    let report = Report::of(&call, io)?;
    let found = target.find(&mut call, io)?;
    let mut failures = found.failures;
    for object in found.objects {
        if list {
            show(io, &object);
        } else if let Err(failure) = change(&mut call, io, &report, &object, &changes) {
            failures.push(failure);
        }
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// The variables that `--from` makes of a config map's or secret's entries.
fn referred(call: &mut Call, io: &mut Io<'_>) -> Result<Vec<Value>, Failure> {
    let from = call.arguments.text("from").to_owned();
    if from.is_empty() {
        return Ok(Vec::new());
    }
    let (kind, name) = target::single(&[from], Kind::ConfigMap)?;
    let object = call.client.get(io, kind, &name)?;
    let (keys, source): (Vec<String>, &str) = match &object {
        Object::ConfigMap(map) => (map_keys(map), "configMapKeyRef"),
        Object::Secret(secret) => (secret_keys(secret), "secretKeyRef"),
        _ => {
            let text = format!("unsupported resource specified in --from: {kind}");
            return Err(Failure::message(text));
        }
    };
    let wanted = call.arguments.all("keys");
    let prefix = call.arguments.text("prefix");
    let chosen = keys.iter().filter(|key| wanted.is_empty() || wanted.contains(key));
    Ok(chosen
        .map(|key| {
            let variable = format!("{prefix}{key}").to_uppercase().replace(['-', '.'], "_");
            json!({"name": variable, "valueFrom": {source: {"key": key, "name": name}}})
        })
        .collect())
}

fn map_keys(map: &ConfigMap) -> Vec<String> {
    map.data.iter().flatten().map(|(key, _)| key.clone()).collect()
}

fn secret_keys(secret: &Secret) -> Vec<String> {
    secret.data.iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// `--list`
fn show(io: &mut Io<'_>, object: &Object) {
    let spec = pod_spec(object).unwrap_or_default();
    for container in &spec.containers {
        let (kind, name) = (object.kind().info().plural, object.name());
        io.say(format!("# {kind} {name}, container {}", container.name));
        for variable in container.env.iter().flatten() {
            io.say(line(variable));
        }
    }
}

fn line(variable: &EnvVar) -> String {
    let name = &variable.name;
    let Some(from) = &variable.value_from else {
        return format!("{name}={}", variable.value.as_deref().unwrap_or(""));
    };
    let what = if let Some(key) = &from.config_map_key_ref {
        format!("configmap {}, key {}", key.name, key.key)
    } else if let Some(key) = &from.secret_key_ref {
        format!("secret {}, key {}", key.name, key.key)
    } else if let Some(field) = &from.field_ref {
        format!("field path {}", field.field_path)
    } else {
        "a resource field".to_owned()
    };
    format!("# {name} from {what}")
}

fn change(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    object: &Object,
    changes: &Changes,
) -> Result<(), Failure> {
    let Some(spec) = pod_spec(object) else {
        let text = format!("{} does not have a pod template", super::super::output::name(object));
        return Err(Failure::message(text));
    };
    let wanted = call.arguments.get("containers").unwrap_or("*").to_owned();
    let chosen: Vec<&Container> =
        spec.containers.iter().filter(|container| fits(&wanted, &container.name)).collect();
    if chosen.is_empty() {
        let name = super::super::output::name(object);
        io.complain(format!("warning: {name} does not have any containers matching \"{wanted}\""));
        return Ok(());
    }
    let containers: Vec<Value> = chosen
        .iter()
        .map(|container| {
            let had = |name: &&String| {
                container.env.iter().flatten().any(|variable| variable.name == **name)
            };
            let removed = changes
                .remove
                .iter()
                .filter(had)
                .map(|name| json!({"name": name, "$patch": "delete"}));
            let env: Vec<Value> = changes.set.iter().cloned().chain(removed).collect();
            json!({"name": container.name, "env": env})
        })
        .collect();
    let patch = pod_spec_patch(object, json!({"containers": containers}));
    send(call, io, report, object, patch, "env updated")
}

/// Whether a name fits a pattern with `*`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => {
            name.len() >= before.len() + after.len()
                && name.starts_with(before)
                && name.ends_with(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(fits("*", "nginx") && fits("ng*", "nginx") && fits("n*x", "nginx"));
        assert!(!fits("side*", "nginx") && !fits("nginx2", "nginx"));
    }
}
