//! `kubectl config`

use k8s_openapi::ByteString;
use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::config::{Config, Context};
use super::flags::{Arguments, Takes, switch, text, typed};
use super::output::Output;
use super::{Call, DONE, Failure, Outcome, go_types, kyaml};
use crate::api::table::{Column, Layout, Table};
use crate::manifest;

pub(super) static COMMAND: Command = Command {
    name: "config",
    short: "Modify kubeconfig files",
    long: LONG,
    usage: "SUBCOMMAND",
    children: &[
        &CURRENT_CONTEXT,
        &DELETE_CLUSTER,
        &DELETE_CONTEXT,
        &DELETE_USER,
        &GET_CLUSTERS,
        &GET_CONTEXTS,
        &GET_USERS,
        &RENAME_CONTEXT,
        &SET,
        &SET_CLUSTER,
        &SET_CONTEXT,
        &SET_CREDENTIALS,
        &UNSET,
        &USE_CONTEXT,
        &VIEW,
    ],
    ..command::PLAIN
};

/// What `kubectl config` alone says.
const LONG: &str = "Modify kubeconfig files using subcommands like \"kubectl config set \
                    current-context my-context\".\n\n The loading order follows these rules:\n\n  \
                    1.  If the --kubeconfig flag is set, then only that file is loaded. The flag \
                    may only be set once and no merging takes place.\n  2.  If $KUBECONFIG \
                    environment variable is set, then it is used as a list of paths (normal path \
                    delimiting rules for your system). These paths are merged. When a value is \
                    modified, it is modified in the file that defines the stanza. When a value is \
                    created, it is created in the first file that exists. If no files in the chain \
                    exist, then it creates the last file in the list.\n  3.  Otherwise, \
                    ${HOME}/.kube/config is used and no merging takes place.";

static CURRENT_CONTEXT: Command = Command {
    name: "current-context",
    short: "Display the current-context",
    run: current_context,
    ..command::PLAIN
};

static DELETE_CLUSTER: Command = Command {
    name: "delete-cluster",
    short: "Delete the specified cluster from the kubeconfig",
    usage: "NAME",
    run: |call, io| delete(call, io, "clusters", "cluster"),
    ..command::PLAIN
};

static DELETE_USER: Command = Command {
    name: "delete-user",
    short: "Delete the specified user from the kubeconfig",
    usage: "NAME",
    run: |call, io| delete(call, io, "users", "user"),
    ..command::PLAIN
};

static SET: Command = Command {
    name: "set",
    short: "Set an individual value in a kubeconfig file",
    usage: "PROPERTY_NAME PROPERTY_VALUE",
    flags: &[&[switch(
        "set-raw-bytes",
        None,
        "The value is not encoded yet, where one is kept in base64.",
    )]],
    run: |call, io| property(call, io, true),
    ..command::PLAIN
};

static UNSET: Command = Command {
    name: "unset",
    short: "Unset an individual value in a kubeconfig file",
    usage: "PROPERTY_NAME",
    run: |call, io| property(call, io, false),
    ..command::PLAIN
};

static SET_CLUSTER: Command = Command {
    name: "set-cluster",
    short: "Set a cluster entry in kubeconfig",
    usage: "NAME [--server=server] [--certificate-authority=path/to/certificate/authority] \
            [--insecure-skip-tls-verify=true] [--tls-server-name=example.com]",
    flags: &[&[
        switch("embed-certs", None, "Keep the files' contents, not their paths."),
        text("proxy-url", None, "The proxy that leads to the cluster."),
        text("server", None, "The API server's address."),
    ]],
    run: set_cluster,
    ..command::PLAIN
};

static SET_CREDENTIALS: Command = Command {
    name: "set-credentials",
    short: "Set a user entry in kubeconfig",
    usage: "NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] \
            [--token=bearer_token] [--username=basic_user] [--password=basic_password]",
    flags: &[&[
        switch("embed-certs", None, "Keep the files' contents, not their paths."),
        text("auth-provider", None, "The authentication plugin."),
        typed("auth-provider-arg", Takes::Texts, "[]", "key=value for the authentication plugin."),
        text("exec-command", None, "The program that gives credentials."),
        text("exec-api-version", None, "The version of what it prints."),
        typed("exec-arg", Takes::List, "[]", "An argument of the program."),
        typed("exec-env", Takes::Texts, "[]", "key=value in its environment."),
        text("exec-interactive-mode", None, "Whether it may ask: IfAvailable, Never or Always."),
        switch("exec-provide-cluster-info", None, "Tell it of the cluster."),
    ]],
    run: set_credentials,
    ..command::PLAIN
};

static DELETE_CONTEXT: Command = Command {
    name: "delete-context",
    short: "Delete the specified context from the kubeconfig",
    usage: "NAME",
    run: delete_context,
    ..command::PLAIN
};

static GET_CLUSTERS: Command = Command {
    name: "get-clusters",
    short: "Display clusters defined in the kubeconfig",
    run: |call, io| names(call, io, "clusters"),
    ..command::PLAIN
};

static GET_USERS: Command = Command {
    name: "get-users",
    short: "Display users defined in the kubeconfig",
    run: |call, io| names(call, io, "users"),
    ..command::PLAIN
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
    ..command::PLAIN
};

static RENAME_CONTEXT: Command = Command {
    name: "rename-context",
    short: "Rename a context from the kubeconfig file",
    usage: "CONTEXT_NAME NEW_NAME",
    run: rename_context,
    ..command::PLAIN
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
    ..command::PLAIN
};

static USE_CONTEXT: Command = Command {
    name: "use-context",
    aliases: &["use"],
    short: "Set the current-context in a kubeconfig file",
    usage: "CONTEXT_NAME",
    run: use_context,
    ..command::PLAIN
};

static VIEW: Command = Command {
    name: "view",
    short: "Display merged kubeconfig settings or a specified kubeconfig file",
    flags: &[
        &[
            switch("minify", None, "Only what the current context uses."),
            switch("raw", None, "Keys and certificates, too."),
            switch("flatten", None, "Files' contents in place of their names."),
            typed("merge", Takes::Switch, "true", "Merge several files."),
        ],
        command::PRINT,
    ],
    run: view,
    ..command::PLAIN
};

fn current_context(call: Call, io: &mut Io<'_>) -> Outcome {
    let config = Config::load(&call.arguments, io)?;
    match config.current() {
        "" => Err(Failure::message("current-context is not set")),
        name => {
            io.say(name);
            DONE
        }
    }
}

/// Refuses words where none are due.
fn no_words(call: &Call) -> Result<(), Failure> {
    if call.arguments.positional.is_empty() {
        return Ok(());
    }
    let words = call.arguments.positional.join(" ");
    Err(call.usage(format!("unexpected arguments: [{words}]")))
}

/// The words that a command takes; its page and a complaint for any other number.
fn exactly<const N: usize>(call: &Call, io: &mut Io<'_>) -> Result<[String; N], Failure> {
    call.arguments.positional.clone().try_into().map_err(|words: Vec<String>| {
        with_page(call, io, &format!("Unexpected args: [{}]", words.join(" ")))
    })
}

/// A complaint that follows the command's page.
fn with_page(call: &Call, io: &mut Io<'_>, text: &str) -> Failure {
    match super::pages::of_command(&call.path, call.command, io) {
        Ok(_) => Failure::message(text),
        Err(failure) => failure,
    }
}

/// A path as it is kept: from the root of the file system.
fn absolute(io: &Io<'_>, path: &str) -> String {
    if path.is_empty() { String::new() } else { io.absolute(path) }
}

/// What `--embed-certs` reads: a file's content, as kubeconfig keeps it.
fn embedded(io: &Io<'_>, flag: &str, path: &str) -> Result<Value, Failure> {
    let bytes = io.read_file(path).map_err(|reason| {
        let reason = reason.to_lowercase();
        Failure::message(format!("could not stat {flag} file {path}: stat {path}: {reason}"))
    })?;
    Ok(json!(ByteString(bytes)))
}

fn get_contexts(call: Call, io: &mut Io<'_>) -> Outcome {
    let output = call.arguments.text("output");
    if !["", "name"].contains(&output) {
        return Err(Failure::message(format!(
            "--output {output} is not available in kubectl config get-contexts; resetting to default \
             output format"
        )));
    }
    let config = Config::load(&call.arguments, io)?;
    let wanted = &call.arguments.positional;
    let all = config.contexts();
    let missing: Vec<Failure> = wanted
        .iter()
        .filter(|name| all.iter().all(|context| context.name != **name))
        .map(|name| Failure::message(format!("context {name} not found")))
        .collect();
    let chosen: Vec<&Context> =
        all.iter().filter(|context| wanted.is_empty() || wanted.contains(&context.name)).collect();
    if call.arguments.text("output") == "name" {
        for context in chosen {
            io.say(&context.name);
        }
        return Failure::of(missing).map_or(DONE, Err);
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
    Failure::of(missing).map_or(DONE, Err)
}

fn names(call: Call, io: &mut Io<'_>, list: &str) -> Outcome {
    let config = Config::load(&call.arguments, io)?;
    io.say("NAME");
    for entry in config.value[list].as_array().into_iter().flatten() {
        io.say(entry["name"].as_str().unwrap_or(""));
    }
    DONE
}

fn use_context(call: Call, io: &mut Io<'_>) -> Outcome {
    let [name] = exactly(&call, io)?;
    let mut config = Config::load(&call.arguments, io)?;
    known(&config, &name)?;
    config.value["current-context"] = json!(name);
    config.save(io)?;
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
    if call.arguments.positional.len() > 1 {
        let words = call.arguments.positional.join(" ");
        return Err(with_page(&call, io, &format!("Unexpected args: [{words}]")));
    }
    let mut config = Config::load(&call.arguments, io)?;
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
                let text = call.arguments.text(field);
                match call.arguments.given(field) {
                    true if field == "namespace" => put(&mut entry["context"], field, text),
                    true => entry["context"][field] = json!(text),
                    false => {}
                }
            }
        }
    }
    config.save(io)?;
    io.say(format!("Context \"{name}\" {}.", if is_new { "created" } else { "modified" }));
    DONE
}

fn delete_context(call: Call, io: &mut Io<'_>) -> Outcome {
    let [name] = call.arguments.positional.as_slice() else {
        return super::pages::of_command(&call.path, call.command, io);
    };
    let name = name.clone();
    let mut config = Config::load(&call.arguments, io)?;
    if known(&config, &name).is_err() {
        let text = format!("cannot delete context {name}, not in {}", config.path);
        return Err(Failure::message(text));
    }
    if config.current() == name {
        io.write_error("warning: this removed your active context, use \"kubectl config use-context\" to select a different one");
    }
    remove(&mut config, "contexts", &name);
    config.save(io)?;
    io.say(format!("deleted context {name} from {}", config.path));
    DONE
}

fn remove(config: &mut Config, list: &str, name: &str) {
    if let Some(entries) = config.value[list].as_array_mut() {
        entries.retain(|entry| entry["name"] != name);
    }
}

/// `delete-cluster` and `delete-user`
fn delete(call: Call, io: &mut Io<'_>, list: &str, what: &str) -> Outcome {
    if what == "user" && call.arguments.positional.is_empty() {
        return Err(call.usage("user to delete is required"));
    }
    let [name] = call.arguments.positional.as_slice() else {
        return super::pages::of_command(&call.path, call.command, io);
    };
    let name = name.clone();
    let mut config = Config::load(&call.arguments, io)?;
    if !config.has(list, &name) {
        return Err(Failure::message(format!(
            "cannot delete {what} {name}, not in {}",
            config.path
        )));
    }
    remove(&mut config, list, &name);
    config.save(io)?;
    io.say(format!("deleted {what} {name} from {}", config.path));
    DONE
}

/// The entry of this name, made when there is none; entries stay sorted, as kubectl writes them.
fn entry<'a>(config: &'a mut Config, list: &str, one: &str, name: &str) -> Option<&'a mut Value> {
    if !config.value[list].is_array() {
        config.value[list] = json!([]);
    }
    let entries = config.value[list].as_array_mut()?;
    if entries.iter().all(|entry| entry["name"] != name) {
        entries.push(json!({"name": name, one: {}}));
        entries.sort_by_key(|entry| entry["name"].as_str().unwrap_or("").to_owned());
    }
    let found = entries.iter_mut().find(|entry| entry["name"] == name)?;
    Some(&mut found[one])
}

fn set_cluster(call: Call, io: &mut Io<'_>) -> Outcome {
    let [name] = exactly(&call, io)?;
    let arguments = &call.arguments;
    let authority = arguments.text("certificate-authority");
    if arguments.on("insecure-skip-tls-verify") && !authority.is_empty() {
        return Err(Failure::message(
            "you cannot specify a certificate authority and insecure mode at the same time",
        ));
    }
    let embed = arguments.on("embed-certs");
    if embed && authority.is_empty() {
        return Err(Failure::message("you must specify a --certificate-authority to embed"));
    }
    let data = match embed {
        true => Some(embedded(io, "certificate-authority", authority)?),
        false => None,
    };
    let mut config = Config::load(&call.arguments, io)?;
    if let Some(cluster) = entry(&mut config, "clusters", "cluster", &name) {
        for field in ["server", "tls-server-name", "proxy-url"] {
            if arguments.given(field) {
                put(cluster, field, arguments.text(field));
            }
        }
        // Another server is not known to be trusted.
        if arguments.given("server")
            && let Some(fields) = cluster.as_object_mut()
        {
            fields.remove("insecure-skip-tls-verify");
        }
        if cluster["server"].is_null() {
            cluster["server"] = json!("");
        }
        // Who trusts an authority checks it, and who checks nothing trusts none (`modifyCluster`).
        let trust =
            ["certificate-authority", "insecure-skip-tls-verify"].map(|f| arguments.given(f));
        if trust != [false, false]
            && let Some(fields) = cluster.as_object_mut()
        {
            fields.remove("insecure-skip-tls-verify");
            if trust[0] || arguments.on("insecure-skip-tls-verify") {
                fields.remove("certificate-authority");
                fields.remove("certificate-authority-data");
            }
        }
        if arguments.on("insecure-skip-tls-verify") {
            cluster["insecure-skip-tls-verify"] = json!(true);
        }
        match data {
            Some(data) => cluster["certificate-authority-data"] = data,
            None if trust[0] => {
                put(cluster, "certificate-authority", &absolute(io, authority));
            }
            None => {}
        }
    }
    config.save(io)?;
    io.say(format!("Cluster \"{name}\" set."));
    DONE
}

/// Sets a text of an entry; an empty one is not kept.
fn put(entry: &mut Value, field: &str, text: &str) {
    if !text.is_empty() {
        entry[field] = json!(text);
    } else if let Some(fields) = entry.as_object_mut() {
        fields.remove(field);
    }
}

fn set_credentials(call: Call, io: &mut Io<'_>) -> Outcome {
    let [name] = call.arguments.positional.as_slice() else {
        let words = call.arguments.positional.join(" ");
        return Err(with_page(&call, io, &format!("unexpected args: [{words}]")));
    };
    let (pairs, removed) = changes(&call, io, "auth-provider-arg")?;
    let variables = changes(&call, io, "exec-env")?;
    let arguments = &call.arguments;
    let basic = arguments.given("username") || arguments.given("password");
    if arguments.given("token") && basic {
        return Err(Failure::message(
            "you cannot specify more than one authentication method at the same time: --token, \
             --username/--password",
        ));
    }
    let files = ["client-certificate", "client-key"];
    let embed = arguments.on("embed-certs");
    if embed && files.iter().all(|flag| arguments.text(flag).is_empty()) {
        let text = "you must specify a --client-certificate or --client-key to embed";
        return Err(Failure::message(text));
    }
    let modes = ["", "IfAvailable", "Never", "Always"];
    if !modes.contains(&arguments.text("exec-interactive-mode")) {
        let text = "invalid interactive mode type, can be only IfAvailable, Never, Always";
        return Err(Failure::message(text));
    }
    let mut data = Vec::new();
    for flag in files.into_iter().filter(|flag| embed && !arguments.text(flag).is_empty()) {
        data.push((flag, embedded(io, flag, arguments.text(flag))?));
    }
    let mut config = Config::load(arguments, io)?;
    if let Some(user) = entry(&mut config, "users", "user", name) {
        for flag in files.into_iter().filter(|flag| arguments.given(flag)) {
            put(user, &format!("{flag}-data"), "");
            put(user, flag, &absolute(io, arguments.text(flag)));
        }
        for (flag, data) in data {
            put(user, flag, "");
            user[format!("{flag}-data")] = data;
        }
        identity(arguments, user);
        provider(arguments, user, &pairs, &removed);
        exec(arguments, user, &variables);
    }
    config.save(io)?;
    io.say(format!("User \"{name}\" set."));
    DONE
}

/// What a flag of pairs sets, and what it removes: `key=value`, `key-`.
type PairsAndKeys = (Vec<(String, String)>, Vec<String>);

fn changes(call: &Call, io: &mut Io<'_>, flag: &str) -> Result<PairsAndKeys, Failure> {
    let (mut pairs, mut removed) = (Vec::new(), Vec::new());
    for text in call.arguments.all(flag) {
        match (text.split_once('='), text.strip_suffix('-')) {
            (Some((key, value)), _) => pairs.push((key.to_owned(), value.to_owned())),
            (None, Some(key)) => removed.push(key.to_owned()),
            (None, None) => {
                return Err(with_page(call, io, &format!("invalid {flag} format: {text}")));
            }
        }
    }
    Ok((pairs, removed))
}

/// A token, or a name and a password: one goes when the other comes.
fn identity(arguments: &Arguments, user: &mut Value) {
    if arguments.given("token") {
        for field in ["username", "password"] {
            put(user, field, "");
        }
        put(user, "token", arguments.text("token"));
    }
    for field in ["username", "password"].into_iter().filter(|field| arguments.given(field)) {
        put(user, "token", "");
        put(user, field, arguments.text(field));
    }
}

/// `--auth-provider`, and what it is given.
fn provider(
    arguments: &Arguments,
    user: &mut Value,
    pairs: &[(String, String)],
    removed: &[String],
) {
    if arguments.given("auth-provider")
        && user["auth-provider"]["name"] != arguments.text("auth-provider")
    {
        user["auth-provider"] = json!({"config": null, "name": arguments.text("auth-provider")});
    }
    if !user["auth-provider"].is_object() {
        if let Some(fields) = user.as_object_mut() {
            fields.remove("auth-provider");
        }
        return;
    }
    for (key, value) in pairs {
        user["auth-provider"]["config"][key] = json!(value);
    }
    if let Some(config) = user["auth-provider"]["config"].as_object_mut() {
        config.retain(|key, _| !removed.contains(key));
    }
}

/// `--exec-command`, and what it is given; without a command the rest is of no use.
fn exec(arguments: &Arguments, user: &mut Value, (pairs, removed): &PairsAndKeys) {
    if arguments.given("exec-command") && !user["exec"].is_object() {
        user["exec"] =
            json!({"args": null, "command": "", "env": null, "provideClusterInfo": false});
    }
    if !user["exec"].is_object() {
        if let Some(fields) = user.as_object_mut() {
            fields.remove("exec");
        }
        return;
    }
    let exec = &mut user["exec"];
    for (flag, field) in [
        ("exec-command", "command"),
        ("exec-api-version", "apiVersion"),
        ("exec-interactive-mode", "interactiveMode"),
    ] {
        if arguments.given(flag) {
            put(exec, field, arguments.text(flag));
        }
    }
    if arguments.given("exec-provide-cluster-info") {
        exec["provideClusterInfo"] = json!(arguments.on("exec-provide-cluster-info"));
    }
    if !arguments.all("exec-arg").is_empty() {
        exec["args"] = json!(arguments.all("exec-arg"));
    }
    if pairs.is_empty() && removed.is_empty() {
        return;
    }
    let mut known = exec["env"].as_array().cloned().unwrap_or_default();
    known.retain(|variable| !removed.iter().any(|key| variable["name"] == key.as_str()));
    for (key, value) in pairs {
        match known.iter_mut().find(|variable| variable["name"] == key.as_str()) {
            Some(variable) => variable["value"] = json!(value),
            None => known.push(json!({"name": key, "value": value})),
        }
    }
    exec["env"] = Value::Array(known);
}

/// Where a property lies: `current-context`, or a list, an entry's name and a field.
enum Property<'a> {
    Current,
    Entry { list: &'static str, one: &'static str, name: String, field: Option<&'a str> },
}

/// The lists of a kubeconfig, what an entry of each is called, and its fields.
const LISTS: [(&str, &str, &[&str]); 3] = [
    (
        "clusters",
        "cluster",
        &[
            "server",
            "tls-server-name",
            "certificate-authority",
            "proxy-url",
            "certificate-authority-data",
            "insecure-skip-tls-verify",
        ],
    ),
    ("contexts", "context", &["cluster", "user", "namespace"]),
    (
        "users",
        "user",
        &[
            "client-certificate",
            "client-certificate-data",
            "client-key",
            "client-key-data",
            "token",
            "username",
            "password",
        ],
    ),
];

/// Reads `contexts.shop.namespace`: what stands before a field's name is the entry's name, dots and
/// all (`newNavigationSteps`).
///
/// # Errors
/// kubectl's words for what the file does not have.
fn path(text: &str) -> Result<Property<'_>, Failure> {
    if text == "current-context" {
        return Ok(Property::Current);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let list = LISTS.iter().find(|(list, _, _)| *list == parts[0]);
    let Some((list, one, fields)) = list else {
        let text = format!("unable to parse {text} after [] at api.Config");
        return Err(Failure::message(text));
    };
    let at = parts.iter().skip(2).position(|part| fields.contains(part)).map(|at| at + 2);
    let (name, rest) = parts[1..].split_at(at.unwrap_or(parts.len()) - 1);
    if rest.len() > 1 {
        let text = format!("unable to parse one or more field values of {text}");
        return Err(Failure::message(text));
    }
    Ok(Property::Entry { list, one, name: name.join("."), field: rest.first().copied() })
}

/// `config set` and `config unset`
fn property(call: Call, io: &mut Io<'_>, set: bool) -> Outcome {
    let (name, value) = if set {
        let [name, value] = exactly(&call, io)?;
        (name, value)
    } else {
        let [name] = exactly(&call, io)?;
        (name, String::new())
    };
    let mut config = Config::load(&call.arguments, io)?;
    if !set && ["clusters", "contexts", "users"].contains(&name.as_str()) {
        config.value[&name] = Value::Null;
        config.save(io)?;
        io.say(format!("Property \"{name}\" unset."));
        return DONE;
    }
    match (path(&name)?, set) {
        (Property::Entry { list, field: None, .. }, true) => {
            // Go's map shows where its values lie in memory.
            let entries = config.value[list].as_array().into_iter().flatten();
            let names = entries.filter_map(|entry| entry["name"].as_str());
            let all: Vec<String> = names.map(|name| format!("{name}:0xc000125e00")).collect();
            let text = format!("can't set a map to a value: map[{}]", all.join(" "));
            return Err(Failure::message(text));
        }
        (Property::Current, _) => config.value["current-context"] = json!(value),
        (Property::Entry { list, one, name, field: Some(field) }, true) => {
            let value = property_value(&call, field, &value)?;
            if let Some(fields) = entry(&mut config, list, one, &name) {
                fields[field] = value;
            }
        }
        (Property::Entry { list, name, field: None, .. }, false) => {
            remove(&mut config, list, &name);
        }
        (Property::Entry { list, one, name, field: Some(field) }, false) => {
            if !config.has(list, &name) {
                let text = format!("current map key `{name}` is invalid");
                return Err(Failure::message(text));
            }
            if let Some(fields) = entry(&mut config, list, one, &name)
                && let Some(fields) = fields.as_object_mut()
            {
                fields.remove(field);
            }
        }
    }
    config.save(io)?;
    io.say(format!("Property \"{name}\" {}.", if set { "set" } else { "unset" }));
    DONE
}

/// A property's value in its type: a switch, bytes in base64, or a text.
fn property_value(call: &Call, field: &str, text: &str) -> Result<Value, Failure> {
    if field == "insecure-skip-tls-verify" {
        return super::flags::truth(text).map(Value::from).ok_or_else(|| {
            Failure::message(format!("strconv.ParseBool: parsing \"{text}\": invalid syntax"))
        });
    }
    if !field.ends_with("-data") {
        return Ok(json!(text));
    }
    if call.arguments.on("set-raw-bytes") {
        return Ok(json!(ByteString(text.as_bytes().to_vec())));
    }
    match crate::manifest::base64_fault(text) {
        None => Ok(json!(text)),
        Some(at) => Err(Failure::message(format!(
            "error decoding input value: illegal base64 data at input byte {at}"
        ))),
    }
}

fn rename_context(call: Call, io: &mut Io<'_>) -> Outcome {
    let [old, new] = &exactly(&call, io)?;
    let mut config = Config::load(&call.arguments, io)?;
    if known(&config, old).is_err() {
        let text = format!("cannot rename the context \"{old}\", it's not in {}", config.path);
        return Err(Failure::message(text));
    }
    if known(&config, new).is_ok() {
        let text = format!(
            "cannot rename the context \"{old}\", the context \"{new}\" already exists in {}",
            config.path
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
    config.save(io)?;
    io.say(format!("Context \"{old}\" renamed to \"{new}\"."));
    DONE
}

/// What is not shown of keys and passwords (`clientcmd/api.RedactSecrets`).
fn redact(value: &mut Value) {
    let hidden = |entries: &mut Value, one: &str, fields: &[(&str, &str)]| {
        for entry in entries.as_array_mut().into_iter().flatten() {
            for (field, instead) in fields {
                if !entry[one][*field].is_null() {
                    entry[one][*field] = json!(instead);
                }
            }
        }
    };
    const OMITTED: &str = "DATA+OMITTED";
    let user = [
        ("client-certificate-data", OMITTED),
        ("client-key-data", OMITTED),
        ("password", "REDACTED"),
        ("token", "REDACTED"),
    ];
    hidden(&mut value["users"], "user", &user);
    hidden(&mut value["clusters"], "cluster", &[("certificate-authority-data", OMITTED)]);
}

/// Keeps what one context needs (`clientcmd/api.MinifyConfig`).
fn minify(config: &Config, asked: &str, value: &mut Value) -> Result<(), Failure> {
    let current = if asked.is_empty() { config.current() } else { asked };
    if current.is_empty() {
        return Err(Failure::message("current-context must exist in order to minify"));
    }
    let found = config.contexts().into_iter().find(|context| context.name == current);
    let Some(context) = found else {
        return Err(Failure::message(format!("cannot locate context {current}")));
    };
    let wanted = [
        ("contexts", "context", &context.name),
        ("clusters", "cluster", &context.cluster),
        ("users", "user", &context.user),
    ];
    for (list, one, name) in wanted {
        if !name.is_empty() && !config.has(list, name) {
            return Err(Failure::message(format!("cannot locate {one} {name}")));
        }
        let mut kept = value[list].as_array().cloned().unwrap_or_default();
        kept.retain(|entry| entry["name"] == name.as_str() && !name.is_empty());
        value[list] = if kept.is_empty() { Value::Null } else { Value::Array(kept) };
    }
    value["current-context"] = json!(context.name);
    Ok(())
}

fn view(call: Call, io: &mut Io<'_>) -> Outcome {
    no_words(&call)?;
    let alone = call.arguments.given("merge") && !call.arguments.on("merge");
    if alone && call.arguments.text("kubeconfig").is_empty() {
        return Err(Failure::message("if merge==false a precise file must be specified"));
    }
    let config = Config::load(&call.arguments, io)?;
    let mut value = go_types::typed("Config", &config.value);
    if !call.arguments.on("raw") && !call.arguments.on("flatten") {
        redact(&mut value);
    }
    if call.arguments.on("minify") {
        minify(&config, call.arguments.text("context"), &mut value)?;
    }
    let text = match Output::of_write(&call, io)? {
        Some(Output::Name) => "config/<unknown>\n".to_owned(),
        Some(Output::Json) => go_types::json_pretty("Config", &value),
        Some(Output::Kyaml) => kyaml::print(go_types::shape(Some("Config")), &value),
        Some(output) => output.print_value(&value)?,
        None => manifest::to_yaml(&value),
    };
    io.stdout.extend_from_slice(text.as_bytes());
    DONE
}
