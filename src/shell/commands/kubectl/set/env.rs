//! `kubectl set env`

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::super::super::tool::Io;
use super::super::command::{self, Command};
use super::super::dry_run::Report;
use super::super::flags::{Flag, Takes, switch, text, typed};
use super::super::local::{self, Item};
use super::super::target;
use super::super::words::{NOTHING_TO_CHANGE, env_fault};
use super::super::{Call, DONE, Failure, Outcome};
use super::{Told, check_all, check_local, containers, pod_spec, resolve, settle, unchangeable};
use crate::api::Kind;

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
        command::FILENAME,
        command::SELECTOR,
        command::ALL,
        command::WRITE,
    ],
    run,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    Flag { short: Some('e'), ..typed("env", Takes::Texts, "[]", "A variable: key=value.") },
    text("from", None, "A config map or secret whose entries become variables."),
    text("prefix", None, "What stands before the names of --from."),
    typed("keys", Takes::List, "[]", "The entries of --from to take."),
    Flag {
        short: Some('c'),
        ..typed("containers", Takes::Text, "'*'", "The containers: names, perhaps with *.")
    },
    switch("list", None, "Show the variables."),
    switch("resolve", None, "With --list: show the values that variables refer to."),
    typed("overwrite", Takes::Switch, "true", "Change values that are there already."),
];

/// What is asked for.
#[derive(Debug, Default)]
struct Changes {
    /// Variables as a container has them.
    set: Vec<Value>,
    remove: Vec<String>,
}

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    check_all(&call)?;
    let (resources, pairs) = split(&call.arguments.positional)?;
    let report = Report::of(&call, io)?;
    check_local(&call, &report)?;
    let arguments = &call.arguments;
    let list = arguments.on("list");
    if arguments.all("filename").is_empty() && resources.is_empty() {
        return Err(Failure::message(NOTHING_TO_CHANGE));
    }
    if list && !arguments.text("output").is_empty() {
        return Err(Failure::message("--list and --output may not be specified together"));
    }
    if !arguments.all("keys").is_empty() && arguments.text("from").is_empty() {
        return Err(Failure::message(
            "when specifying --keys, a configmap or secret must be provided with --from",
        ));
    }
    let specs: Vec<String> = arguments.all("env").iter().chain(&pairs).cloned().collect();
    let mut changes = Changes::read(io, &specs)?;
    from(&mut call, io, &mut changes)?;
    let prefix = call.arguments.text("prefix");
    for variable in &mut changes.set {
        let name = format!("{prefix}{}", variable["name"].as_str().unwrap_or(""));
        variable["name"] = json!(name);
    }
    let items = local::items(&mut call, io, &resources, true)?.whole()?;
    let mut failures = Vec::new();
    let told = Told {
        done: "env updated",
        failed: "failed to patch env update to pod template:",
        always: false,
    };
    for mut item in items {
        if list {
            failures.extend(show(&mut call, io, &mut item, &changes).err());
            continue;
        }
        let changed = change(&call, io, &mut item, &changes);
        let done = changed.and_then(|()| settle(&mut call, io, &report, item, &told));
        failures.extend(done.err());
    }
    Failure::of(failures).map_or(DONE, Err)
}

/// Tells objects from changes (`envutil.SplitEnvironmentFromResources`).
fn split(words: &[String]) -> Result<(Vec<String>, Vec<String>), Failure> {
    let is_pair = |word: &String| word.find('=').is_some_and(|at| at > 0) || word.ends_with('-');
    let from = words.iter().position(is_pair).unwrap_or(words.len());
    let (resources, pairs) = words.split_at(from);
    if pairs.iter().any(|word| !is_pair(word)) {
        return Err(Failure::message(format!(
            "all resources must be specified before environment changes: {}",
            words.join(" ")
        )));
    }
    Ok((resources.to_vec(), pairs.to_vec()))
}

fn variable(name: &str, value: &str) -> Value {
    match value {
        "" => json!({"name": name}),
        value => json!({"name": name, "value": value}),
    }
}

impl Changes {
    /// Reads `KEY=value`, `KEY-`, and `-` for lines of standard input (`envutil.ParseEnv`).
    fn read(io: &mut Io<'_>, specs: &[String]) -> Result<Changes, Failure> {
        let mut changes = Changes::default();
        let mut named = Vec::new();
        for spec in specs {
            if spec == "-" {
                let text = io.read_all().unwrap_or_default();
                for line in String::from_utf8_lossy(&text).lines() {
                    let line = line.split('#').next().unwrap_or(line);
                    if let Some((name, value)) = line.split_once('=') {
                        changes.set.push(variable(name, value));
                    }
                }
            } else if let Some((name, value)) = spec.split_once('=') {
                if let Some(fault) = env_fault(name) {
                    return Err(Failure::message(fault));
                }
                named.push(name);
                changes.set.push(variable(name, value));
            } else if let Some(name) = spec.strip_suffix('-') {
                changes.remove.push(name.to_owned());
            } else {
                return Err(Failure::message(format!("unknown environment variable: {spec}")));
            }
        }
        if changes.remove.iter().any(|name| named.contains(&name.as_str())) {
            return Err(Failure::message(
                "can not both modify and remove the same environment variable in the same command",
            ));
        }
        Ok(changes)
    }

    /// A container's variables with the changes (`updateEnv`).
    fn apply(&self, existing: &[Value]) -> Vec<Value> {
        let mut covered: Vec<&str> = self.remove.iter().map(String::as_str).collect();
        let mut out = Vec::new();
        let name = |variable: &'_ Value| variable["name"].as_str().unwrap_or("").to_owned();
        for variable in existing {
            let own = variable["name"].as_str().unwrap_or("");
            if covered.contains(&own) {
                continue;
            }
            match self.set.iter().find(|new| name(new) == own) {
                Some(new) => {
                    covered.push(own);
                    out.push(new.clone());
                }
                None => out.push(variable.clone()),
            }
        }
        for variable in &self.set {
            let own = variable["name"].as_str().unwrap_or("");
            if !covered.contains(&own) {
                covered.push(own);
                out.push(variable.clone());
            }
        }
        out
    }
}

/// The variables that `--from` makes of a config map's or secret's entries.
fn from(call: &mut Call, io: &mut Io<'_>, changes: &mut Changes) -> Result<(), Failure> {
    let word = call.arguments.text("from").to_owned();
    if word.is_empty() {
        return Ok(());
    }
    let sources: Vec<(String, String, Value)> = if call.arguments.on("local") {
        // kubectl looks for the source among the manifests of -f, whatever --from says.
        let items = local::items(call, io, &[], true)?.whole()?;
        items.into_iter().map(|item| (item.type_name, item.name, item.after)).collect()
    } else {
        let (kind, name) = target::single(&[word], Kind::ConfigMap)?;
        let object = call.client.get(io, kind, &name)?;
        vec![(kind.info().name.to_owned(), name, object.to_value())]
    };
    let keys = call.arguments.all("keys").to_vec();
    for (type_name, name, value) in sources {
        let field = match type_name.as_str() {
            "ConfigMap" => "configMapKeyRef",
            "Secret" => "secretKeyRef",
            _ => return Err(Failure::message("unsupported resource specified in --from")),
        };
        let entries = value["data"].as_object().cloned().unwrap_or_default();
        for key in entries.keys().filter(|key| keys.is_empty() || keys.contains(key)) {
            let letter = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
            let variable: String =
                key.chars().map(letter).map(|c| c.to_ascii_uppercase()).collect();
            if variable != *key {
                io.write_error(format!("Warning: key {key} transferred to {variable}"));
            }
            let source = json!({"key": key, "name": name});
            changes.set.push(json!({"name": variable, "valueFrom": {field: source}}));
        }
    }
    Ok(())
}

/// The containers that `--containers` names; a warning where there is none.
fn chosen<'i>(
    call: &Call,
    io: &mut Io<'_>,
    item: &'i mut Item,
) -> Result<Vec<&'i mut Value>, Failure> {
    let wanted = call.arguments.get("containers").unwrap_or("*");
    let (type_name, name) = (item.type_name.clone(), item.name.clone());
    let mut chosen = containers(pod_spec(item)?);
    chosen.retain(|container| fits(wanted, container["name"].as_str().unwrap_or("")));
    if chosen.is_empty() {
        io.write_error(crate::diagnostic::printable(&format!(
            "Warning: {type_name}/{name} does not have any containers matching \"{wanted}\""
        )));
    }
    Ok(chosen)
}

/// Changes an object's variables.
fn change(call: &Call, io: &mut Io<'_>, item: &mut Item, changes: &Changes) -> Result<(), Failure> {
    let overwrite = call.arguments.get("overwrite").is_none_or(|_| call.arguments.on("overwrite"));
    let shown = item.clone();
    for container in chosen(call, io, item)? {
        let existing = container["env"].as_array().cloned().unwrap_or_default();
        if !overwrite && let Some(clash) = clash(&existing, &changes.set) {
            return Err(unchangeable(&shown, &clash));
        }
        let new = changes.apply(&existing);
        if new.is_empty() {
            container.as_object_mut().map(|fields| fields.remove("env"));
        } else {
            container["env"] = Value::Array(new);
        }
    }
    Ok(())
}

/// Shows an object's variables, a container after the other, as they would be after the changes.
fn show(
    call: &mut Call,
    io: &mut Io<'_>,
    item: &mut Item,
    changes: &Changes,
) -> Result<(), Failure> {
    let (type_name, name) = (item.type_name.clone(), item.name.clone());
    let object = item.after.clone();
    for container in chosen(call, io, item)? {
        let existing = container["env"].as_array().cloned().unwrap_or_default();
        let own = container["name"].as_str().unwrap_or("");
        io.say(format!("# {type_name} {name}, container {own}"));
        // Variables by what was wrong with the lookup.
        let mut unresolved: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for variable in &changes.apply(&existing) {
            let (name, from) = (text_of(&variable["name"]), &variable["valueFrom"]);
            let value = if from.is_null() {
                Ok(text_of(&variable["value"]))
            } else if call.arguments.on("resolve") {
                resolve::value(call, io, &object, container, from)
            } else {
                Err(None)
            };
            match value {
                Ok(value) => io.say(format!("{name}={value}")),
                Err(why) => {
                    io.say(format!("# {name} from {}", reference(from)));
                    if let Some(why) = why {
                        unresolved.entry(why).or_default().push(name);
                    }
                }
            }
        }
        for (why, names) in unresolved {
            let names = names.join(", ");
            io.write_error(format!("error retrieving reference for {names}: {why}"));
        }
    }
    Ok(())
}

/// What stands against changing these variables without `--overwrite`.
fn clash(existing: &[Value], new: &[Value]) -> Option<String> {
    new.iter().find_map(|variable| {
        let old = existing.iter().find(|old| old["name"] == variable["name"])?;
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        let (old_text, name) = (text(&old["value"]), text(&old["name"]));
        (old_text != text(&variable["value"]))
            .then(|| format!("'{name}' already has a value ({old_text}), and --overwrite is false"))
    })
}

/// What a variable refers to (`envutil.GetEnvVarRefString`).
fn reference(from: &Value) -> String {
    let text = text_of;
    let key_of = |kind: &str, reference: &Value| {
        format!("{kind} {}, key {}", text(&reference["name"]), text(&reference["key"]))
    };
    if from["configMapKeyRef"].is_object() {
        key_of("configmap", &from["configMapKeyRef"])
    } else if from["secretKeyRef"].is_object() {
        key_of("secret", &from["secretKeyRef"])
    } else if from["fieldRef"].is_object() {
        format!("field path {}", text(&from["fieldRef"]["fieldPath"]))
    } else if from["resourceFieldRef"].is_object() {
        let reference = &from["resourceFieldRef"];
        let container = text(&reference["containerName"]);
        let container = if container.is_empty() { container } else { container + "/" };
        format!("resource field {container}{}", text(&reference["resource"]))
    } else {
        "invalid valueFrom".to_owned()
    }
}

/// A text; nothing where there is none.
fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

/// Whether a name fits a pattern with `*`.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
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

    // `updateEnv`
    #[test]
    fn a_variable_keeps_its_place_and_the_first_of_two_values_wins() {
        let changes = Changes {
            set: vec![variable("B", "2"), variable("C", "3"), variable("C", "4")],
            remove: vec!["A".to_owned()],
        };
        let existing = [variable("A", "1"), variable("B", "1"), variable("D", "1")];
        let expected = [variable("B", "2"), variable("D", "1"), variable("C", "3")];
        assert_eq!(changes.apply(&existing), expected);
    }
}
