//! `kubectl config`

use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::catalog::{self, Command};
use super::config::{Config, Context, FILE};
use super::flags::{switch, text};
use super::output::Output;
use super::{Call, DONE, Failure, Outcome};
use crate::api::table::{Column, Layout, Table};
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "config",
    short: "Modify kubeconfig files",
    usage: "SUBCOMMAND",
    children: &[
        &CURRENT_CONTEXT,
        &DELETE_CONTEXT,
        &GET_CLUSTERS,
        &GET_CONTEXTS,
        &GET_USERS,
        &RENAME_CONTEXT,
        &SET_CONTEXT,
        &USE_CONTEXT,
        &VIEW,
    ],
    ..catalog::PLAIN
};

static CURRENT_CONTEXT: Command = Command {
    name: "current-context",
    short: "Display the current-context",
    run: current_context,
    ..catalog::PLAIN
};

static DELETE_CONTEXT: Command = Command {
    name: "delete-context",
    short: "Delete the specified context from the kubeconfig",
    usage: "NAME",
    run: delete_context,
    ..catalog::PLAIN
};

static GET_CLUSTERS: Command = Command {
    name: "get-clusters",
    short: "Display clusters defined in the kubeconfig",
    run: |call, io| names(call, io, "clusters"),
    ..catalog::PLAIN
};

static GET_USERS: Command = Command {
    name: "get-users",
    short: "Display users defined in the kubeconfig",
    run: |call, io| names(call, io, "users"),
    ..catalog::PLAIN
};

static GET_CONTEXTS: Command = Command {
    name: "get-contexts",
    short: "Describe one or many contexts",
    usage: "[(-o|--output=)name)]",
    flags: &[&[
        switch("no-headers", None, "Leave the headers out."),
        text("output", Some('o'), "Output format: name."),
    ]],
    run: get_contexts,
    ..catalog::PLAIN
};

static RENAME_CONTEXT: Command = Command {
    name: "rename-context",
    short: "Rename a context from the kubeconfig file",
    usage: "CONTEXT_NAME NEW_NAME",
    run: rename_context,
    ..catalog::PLAIN
};

static SET_CONTEXT: Command = Command {
    name: "set-context",
    short: "Set a context entry in kubeconfig",
    examples: "  # Work in another namespace from here on\n  kubectl config set-context --current \
               --namespace=shop",
    usage: "[NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] \
            [--namespace=namespace]",
    flags: &[&[switch("current", None, "The current context.")]],
    run: set_context,
    ..catalog::PLAIN
};

static USE_CONTEXT: Command = Command {
    name: "use-context",
    aliases: &["use"],
    short: "Set the current-context in a kubeconfig file",
    usage: "CONTEXT_NAME",
    run: use_context,
    ..catalog::PLAIN
};

static VIEW: Command = Command {
    name: "view",
    short: "Display merged kubeconfig settings or a specified kubeconfig file",
    flags: &[&[
        switch("minify", None, "Only what the current context uses."),
        switch("raw", None, "Keys and certificates, too."),
        switch("flatten", None, "Files' contents in place of their names."),
        switch("merge", None, "Merge several files."),
        text("output", Some('o'), "Output format: json, yaml or jsonpath=TEMPLATE."),
        switch("allow-missing-template-keys", None, "Ignore missing fields in templates."),
    ]],
    run: view,
    ..catalog::PLAIN
};

fn current_context(_: Call, io: &mut Io<'_>) -> Outcome {
    let config = Config::load(io)?;
    match config.current() {
        "" => Err(Failure::message("current-context is not set")),
        name => {
            io.say(name);
            DONE
        }
    }
}

fn get_contexts(call: Call, io: &mut Io<'_>) -> Outcome {
    let config = Config::load(io)?;
    let wanted = &call.arguments.positional;
    let all = config.contexts();
    let missing = wanted.iter().find(|name| all.iter().all(|context| context.name != **name));
    if let Some(name) = missing {
        return Err(Failure::message(format!("context {name} not found")));
    }
    let chosen: Vec<&Context> =
        all.iter().filter(|context| wanted.is_empty() || wanted.contains(&context.name)).collect();
    if call.arguments.text("output") == "name" {
        for context in chosen {
            io.say(&context.name);
        }
        return DONE;
    }
    let columns = ["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"];
    let columns = columns.map(|name| Column { name: name.to_owned(), wide: false }).to_vec();
    let row = |context: &&Context| {
        let mark = if context.name == config.current() { "*" } else { "" };
        vec![
            mark.to_owned(),
            context.name.clone(),
            context.cluster.clone(),
            context.user.clone(),
            context.namespace.clone(),
        ]
    };
    let table = Table { columns, rows: chosen.iter().map(row).collect() };
    let text = Layout::default().print(&table, !call.arguments.on("no-headers"));
    io.stdout.extend_from_slice(text.as_bytes());
    DONE
}

fn names(_: Call, io: &mut Io<'_>, list: &str) -> Outcome {
    let config = Config::load(io)?;
    io.say("NAME");
    for entry in config.value[list].as_array().into_iter().flatten() {
        io.say(entry["name"].as_str().unwrap_or(""));
    }
    DONE
}

fn use_context(call: Call, io: &mut Io<'_>) -> Outcome {
    let [name] = call.arguments.positional.as_slice() else {
        return Err(call.usage("Unexpected args: a context's name is needed"));
    };
    let mut config = Config::load(io)?;
    known(&config, name)?;
    config.value["current-context"] = json!(name);
    config.save(io);
    io.say(format!("Switched to context \"{name}\"."));
    DONE
}

/// That there is a context of this name.
fn known(config: &Config, name: &str) -> Result<(), Failure> {
    if config.contexts().iter().any(|context| context.name == name) {
        return Ok(());
    }
    Err(Failure::message(format!("no context exists with the name: \"{name}\"")))
}

fn set_context(call: Call, io: &mut Io<'_>) -> Outcome {
    let mut config = Config::load(io)?;
    let current = call.arguments.on("current");
    let name = match (call.arguments.positional.as_slice(), current) {
        ([name], false) => name.clone(),
        ([], true) if config.current().is_empty() => {
            return Err(Failure::message("no current context is set"));
        }
        ([], true) => config.current().to_owned(),
        (_, true) => {
            let text = "you cannot specify both a context name and --current";
            return Err(Failure::message(text));
        }
        _ => {
            return Err(Failure::message("you must specify a non-empty context name or --current"));
        }
    };
    let is_new = config.contexts().iter().all(|context| context.name != name);
    if !config.value["contexts"].is_array() {
        config.value["contexts"] = json!([]);
    }
    if let Some(contexts) = config.value["contexts"].as_array_mut() {
        if is_new {
            contexts.push(json!({"context": {"cluster": "", "user": ""}, "name": name}));
        }
        let entry = contexts.iter_mut().find(|entry| entry["name"] == name.as_str());
        if let Some(entry) = entry {
            for field in ["cluster", "user", "namespace"] {
                if call.arguments.given(field) {
                    entry["context"][field] = json!(call.arguments.text(field));
                }
            }
        }
    }
    config.save(io);
    io.say(format!("Context \"{name}\" {}.", if is_new { "created" } else { "modified" }));
    DONE
}

fn delete_context(call: Call, io: &mut Io<'_>) -> Outcome {
    let [name] = call.arguments.positional.as_slice() else {
        return Err(call.usage("you must specify a context's name"));
    };
    let mut config = Config::load(io)?;
    if known(&config, name).is_err() {
        let text = format!("cannot delete context {name}, not in {FILE}");
        return Err(Failure::message(text));
    }
    if config.current() == name {
        io.complain("warning: this removed your active context, use \"kubectl config use-context\" to select a different one");
    }
    if let Some(contexts) = config.value["contexts"].as_array_mut() {
        contexts.retain(|entry| entry["name"] != name.as_str());
    }
    config.save(io);
    io.say(format!("deleted context {name} from {FILE}"));
    DONE
}

fn rename_context(call: Call, io: &mut Io<'_>) -> Outcome {
    let [old, new] = call.arguments.positional.as_slice() else {
        return Err(call.usage("two names are needed: the old one and the new one"));
    };
    let mut config = Config::load(io)?;
    if known(&config, old).is_err() {
        let text = format!("cannot rename the context \"{old}\", it's not in {FILE}");
        return Err(Failure::message(text));
    }
    if known(&config, new).is_ok() {
        let text = format!(
            "cannot rename the context \"{old}\", the context \"{new}\" already exists in {FILE}"
        );
        return Err(Failure::message(text));
    }
    for entry in config.value["contexts"].as_array_mut().into_iter().flatten() {
        if entry["name"] == old.as_str() {
            entry["name"] = json!(new);
        }
    }
    if config.current() == old {
        config.value["current-context"] = json!(new);
    }
    config.save(io);
    io.say(format!("Context \"{old}\" renamed to \"{new}\"."));
    DONE
}

fn view(call: Call, io: &mut Io<'_>) -> Outcome {
    let config = Config::load(io)?;
    let mut value = config.value.clone();
    if call.arguments.on("minify") {
        let context = config.context(call.arguments.text("context"))?;
        let keep = |value: &mut Value, list: &str, name: &str| {
            if let Some(entries) = value[list].as_array_mut() {
                entries.retain(|entry| entry["name"] == name);
            }
        };
        keep(&mut value, "contexts", &context.name);
        keep(&mut value, "clusters", &context.cluster);
        keep(&mut value, "users", &context.user);
        value["current-context"] = json!(context.name);
    }
    let text = match Output::of_write(&call)? {
        Some(output) => output.print_value(&value)?,
        None => manifest::to_yaml(&value),
    };
    io.stdout.extend_from_slice(text.as_bytes());
    DONE
}
