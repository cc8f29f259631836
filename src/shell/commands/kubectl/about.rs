//! What the cluster and kubectl are: `version`, `cluster-info`, `api-resources`, `api-versions`,
//! `auth`, `top`.

use serde_json::json;

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::describe::Line;
use super::flags::{Flag, Takes, switch, text, typed};
use super::output::Output;
use super::resources::{RESOURCES, Resource, categories, verbs};
use super::server::{SERVER, VERSION, build};
use super::{Call, DONE, Failure, Next, Outcome, go_types};
use crate::api::Kind;
use crate::api::rights::{self, Attributes};
use crate::api::table::{Column, Layout, Table};

/// The release of Kustomize in its kubectl.
const KUSTOMIZE: &str = "v5.8.1";

pub(super) static VERSION_COMMAND: Command = Command {
    name: "version",
    short: "Print the client and server version information",
    flags: &[&[
        switch("client", None, "The client's version alone."),
        text("output", Some('o'), "Output format: json or yaml."),
    ]],
    run: version,
    ..command::PLAIN
};

pub(super) static CLUSTER_INFO: Command = Command {
    name: "cluster-info",
    short: "Display cluster information",
    children: &[&DUMP],
    run: cluster_info,
    ..command::PLAIN
};

static DUMP: Command = Command {
    name: "dump",
    short: "Dump relevant information for debugging and diagnosis",
    flags: &[
        command::ALL_NAMESPACES,
        command::PRINT,
        &[
            typed("namespaces", Takes::List, "[]", "Not simulated here."),
            text("output-directory", None, "Not simulated here."),
            typed("pod-running-timeout", Takes::Duration, "20s", "Not simulated here."),
        ],
    ],
    run: |call, io| {
        Output::of_write(&call, io)?;
        Err(Failure::not_simulated("cluster-info dump", "use 'kubectl get all -A -o yaml'"))
    },
    ..command::PLAIN
};

pub(super) static API_RESOURCES: Command = Command {
    name: "api-resources",
    short: "Print the supported API resources on the server",
    flags: &[&[
        text("output", Some('o'), "Output format: wide or name."),
        text("api-group", None, "Only the resources of this group."),
        switch("no-headers", None, "Leave the headers out."),
        typed("namespaced", Takes::Switch, "true", "Only those that live in a namespace, or not."),
        typed("verbs", Takes::List, "[]", "Only those that know these verbs."),
        switch("cached", None, "Not used here."),
        text("sort-by", None, "name or kind."),
        switch("show-managed-fields", None, "Resources have none."),
        typed("categories", Takes::List, "[]", "Only those of these categories."),
    ]],
    run: api_resources,
    ..command::PLAIN
};

pub(super) static API_VERSIONS: Command = Command {
    name: "api-versions",
    short: "Print the supported API versions on the server, in the form of \"group/version\"",
    run: api_versions,
    ..command::PLAIN
};

pub(super) static AUTH: Command = Command {
    name: "auth",
    short: "Inspect authorization",
    children: &[&CAN_I, &super::refused::RECONCILE, &WHO_AM_I],
    ..command::PLAIN
};

static CAN_I: Command = Command {
    name: "can-i",
    short: "Check whether an action is allowed",
    usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
    flags: &[
        command::ALL_NAMESPACES,
        &[
            switch("list", None, "Show everything that is allowed."),
            switch("quiet", Some('q'), "Only the exit code."),
            switch("no-headers", None, "Leave the headers out."),
            text("subresource", None, "A part of the resource."),
        ],
    ],
    run: can_i,
    ..command::PLAIN
};

static WHO_AM_I: Command = Command {
    name: "whoami",
    short: "Experimental: Check self subject attributes",
    flags: &[command::PRINT],
    run: who_am_i,
    ..command::PLAIN
};

pub(super) static TOP: Command = Command {
    name: "top",
    short: "Display resource (CPU/memory) usage",
    usage: "[flags]",
    children: &[&TOP_NODE, &TOP_POD],
    ..command::PLAIN
};

static TOP_NODE: Command = Command {
    name: "node",
    aliases: &["nodes", "no"],
    short: "Display resource (CPU/memory) usage of nodes",
    flags: &[
        command::SELECTOR,
        TOP_FLAGS,
        &[switch("show-capacity", None, "What nodes have, not what pods may take.")],
    ],
    run: no_metrics,
    ..command::PLAIN
};

static TOP_POD: Command = Command {
    name: "pod",
    aliases: &["pods", "po"],
    short: "Display resource (CPU/memory) usage of pods",
    flags: &[
        command::SELECTOR,
        command::ALL_NAMESPACES,
        command::FIELD_SELECTOR,
        TOP_FLAGS,
        &[
            switch("containers", None, "Each container by itself."),
            switch("sum", None, "The sum of all pods, too."),
        ],
    ],
    run: no_metrics,
    ..command::PLAIN
};

/// The flags of `top node` and `top pod`.
const TOP_FLAGS: &[Flag] = &[
    switch("no-headers", None, "Leave the headers out."),
    switch("show-swap", None, "Swap space, too."),
    text("sort-by", None, "cpu or memory."),
    typed("use-protocol-buffers", Takes::Switch, "true", "The form of the answer."),
];

/// A cluster without a metrics server has nothing to say; what is asked is checked first
/// (`TopPodOptions.Validate`, `TopNodeOptions.Complete`).
fn no_metrics(call: Call, _: &mut Io<'_>) -> Outcome {
    let words = &call.arguments.positional;
    if words.len() > 1 {
        return Err(call.usage(format!("{} [NAME | -l label]", call.command.name)));
    }
    if !["", "cpu", "memory"].contains(&call.arguments.text("sort-by")) {
        return Err(Failure::message("--sort-by accepts only cpu or memory"));
    }
    let selected =
        ["selector", "field-selector"].iter().any(|f| !call.arguments.text(f).is_empty());
    if selected && !words.is_empty() {
        let flag = if call.command.name == "node" { "--selector" } else { "selector" };
        return Err(Failure::message(format!("only one of NAME or {flag} can be provided")));
    }
    Err(Failure::message("Metrics API not available"))
}

fn version(call: Call, io: &mut Io<'_>) -> Outcome {
    let client_only = call.arguments.on("client");
    let words = &call.arguments.positional;
    if !words.is_empty() && !client_only {
        return Err(Failure::message(format!("extra arguments: [{}]", words.join(" "))));
    }
    let output = call.arguments.text("output");
    if !["", "json", "yaml"].contains(&output) {
        return Err(Failure::message("--output must be 'yaml' or 'json'"));
    }
    if output.is_empty() {
        io.say(format!("Client Version: {VERSION}"));
        io.say(format!("Kustomize Version: {KUSTOMIZE}"));
        if !client_only {
            io.say(format!("Server Version: {VERSION}"));
        }
        return DONE;
    }
    let mut value = json!({"clientVersion": build(false), "kustomizeVersion": KUSTOMIZE});
    if !client_only {
        value["serverVersion"] = build(true);
    }
    match output {
        // Indented by two, and fields in the order of the type, unlike `kubectl get -o json`.
        "json" => {
            let text = go_types::json_pretty("Version", &value);
            io.stdout.extend_from_slice(text.replace("    ", "  ").as_bytes());
        }
        _ => io.say(crate::manifest::to_yaml(&value)),
    }
    DONE
}

fn cluster_info(_: Call, io: &mut Io<'_>) -> Outcome {
    io.say(format!("Kubernetes control plane is running at {SERVER}"));
    let dns = io.cluster.objects().object(Kind::Service, "kube-system", "kube-dns").is_some();
    if dns {
        let path = "/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy";
        io.say(format!("CoreDNS is running at {SERVER}{path}"));
    }
    io.say("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    DONE
}

fn api_resources(call: Call, io: &mut Io<'_>) -> Outcome {
    let arguments = &call.arguments;
    if !arguments.positional.is_empty() {
        let words = arguments.positional.join(" ");
        return Err(call.usage(format!("unexpected arguments: [{words}]")));
    }
    let mut chosen: Vec<&Resource> = RESOURCES
        .iter()
        .filter(|resource| {
            let (_, _, version, namespaced, _) = resource;
            let all_of = |flag: &str, there: &[&str]| {
                arguments.all(flag).iter().all(|wanted| there.contains(&wanted.as_str()))
            };
            let group = version.split_once('/').map_or("", |(group, _)| group);
            let in_group = !arguments.given("api-group") || group == arguments.text("api-group");
            let in_scope =
                !arguments.given("namespaced") || *namespaced == arguments.on("namespaced");
            let can = all_of("verbs", verbs(resource));
            in_group && in_scope && can && all_of("categories", categories(resource))
        })
        .collect();
    match arguments.text("sort-by") {
        "" => {}
        "name" => chosen.sort_by_key(|resource| resource.0),
        "kind" => chosen.sort_by_key(|resource| resource.4),
        _ => return Err(Failure::message("--sort-by accepts only name or kind")),
    }
    match arguments.text("output") {
        "name" => {
            for (plural, _, version, _, _) in chosen {
                let group = version.split_once('/').map_or("", |(group, _)| group);
                let dot = if group.is_empty() { "" } else { "." };
                io.say(format!("{plural}{dot}{group}"));
            }
        }
        output @ ("" | "wide") => {
            let columns = if output == "wide" { 7 } else { 5 };
            let names =
                ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "VERBS", "CATEGORIES"];
            let rows = chosen.iter().map(|resource| {
                let (plural, short, version, namespaced, kind) = resource;
                let (verbs, groups) = (verbs(resource).join(","), categories(resource).join(","));
                let namespaced = namespaced.to_string();
                let row = [*plural, *short, *version, &namespaced, *kind, &verbs, &groups];
                row[..columns].iter().map(|cell| (*cell).to_owned()).collect()
            });
            let name = |name: &&str| Column { name: (*name).to_owned(), wide: false };
            let columns = names[..columns].iter().map(name).collect();
            let table = Table { columns, rows: rows.collect() };
            let text = Layout::default().print(&table, !arguments.on("no-headers"));
            io.stdout.extend_from_slice(text.as_bytes());
        }
        "json" | "yaml" | "kyaml" => {
            let instead = "-o wide shows as much";
            return Err(Failure::not_simulated("api-resources -o json, yaml and kyaml", instead));
        }
        other => {
            let text = format!(
                "unable to match a printer suitable for the output format \"{other}\", allowed \
                 formats are: json,kyaml,name,wide,yaml"
            );
            return Err(Failure::message(text));
        }
    }
    DONE
}

fn api_versions(call: Call, io: &mut Io<'_>) -> Outcome {
    if !call.arguments.positional.is_empty() {
        let words = call.arguments.positional.join(" ");
        return Err(call.usage(format!("unexpected arguments: [{words}]")));
    }
    for version in super::resources::versions() {
        io.say(version);
    }
    DONE
}

fn who_am_i(call: Call, io: &mut Io<'_>) -> Outcome {
    let user = call.client.user();
    if let Some(output) = Output::of_write(&call, io)? {
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "SelfSubjectReview",
            "metadata": {
                "creationTimestamp": io.now().timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            },
            "status": {"userInfo": {"groups": user.groups, "username": user.name}},
        });
        let text = match output {
            Output::Name => "selfsubjectreview.authentication.k8s.io/<unknown>\n".to_owned(),
            output => output.print_value(&review)?,
        };
        io.stdout.extend_from_slice(text.as_bytes());
        return DONE;
    }
    io.say("ATTRIBUTE   VALUE");
    io.say(format!("Username    {}", user.name));
    io.say(format!("Groups      [{}]", user.groups.join(" ")));
    DONE
}

fn can_i(call: Call, io: &mut Io<'_>) -> Outcome {
    let (arguments, words) = (&call.arguments, &call.arguments.positional);
    if arguments.on("list") {
        if !words.is_empty() {
            return Err(Failure::message("list option must be specified with no arguments"));
        }
        return list(&call, io);
    }
    if words.len() != 2 {
        return Err(Failure::message(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee \
             'kubectl auth can-i -h' for help and examples.",
        ));
    }
    let is_path = words[1].starts_with('/');
    if is_path && !arguments.text("subresource").is_empty() {
        let text = "--subresource can not be used with NonResourceURL";
        return Err(Failure::message(text));
    }
    warn_of_rights(&call, io);
    if arguments.on("no-headers") {
        return Err(Failure::message("--no-headers cannot be set without --list specified"));
    }
    let namespace = (!arguments.on("all-namespaces")).then_some(call.client.namespace.as_str());
    let answer = match is_path {
        true => {
            let asked = Attributes::Path { verb: &words[0], path: &words[1] };
            rights::allows(io.cluster.objects(), call.client.user(), None, asked)
        }
        false => {
            let (resource, group, name) = resource_of(&call);
            let asked =
                Attributes::Resource { verb: &words[0], group, resource: &resource, name: &name };
            rights::allows(io.cluster.objects(), call.client.user(), namespace, asked)
        }
    };
    let (text, exit) = match answer {
        Ok(()) => ("yes".to_owned(), 0),
        Err(why) if why.is_empty() => ("no".to_owned(), 1),
        Err(why) => (format!("no - {why}"), 1),
    };
    if !arguments.on("quiet") {
        io.say(text);
    }
    Ok(Next::Exit(exit))
}

/// The resource that is asked for with its part, its group, and the object's name
/// (`CanIOptions.resourceFor`).
fn resource_of(call: &Call) -> (String, &'static str, String) {
    let word = call.arguments.positional[1].as_str();
    let (word, name) = word.split_once('/').unwrap_or((word, ""));
    let (plural, group) = match super::resources::named(&word.to_lowercase()) {
        Some((plural, _, version, _, _)) => {
            ((*plural).to_owned(), version.split_once('/').map_or("", |(group, _)| group))
        }
        None => (word.to_owned(), ""),
    };
    let part = call.arguments.text("subresource");
    let slash = if part.is_empty() { "" } else { "/" };
    (format!("{plural}{slash}{part}"), group, name.to_owned())
}

/// `--list`: every rule that holds, taken apart (`CanIOptions.RunAccessList`).
fn list(call: &Call, io: &mut Io<'_>) -> Outcome {
    let arguments = &call.arguments;
    if arguments.on("quiet")
        || arguments.on("all-namespaces")
        || !arguments.text("subresource").is_empty()
    {
        let text = "list option can't be specified with neither quiet, all-namespaces nor \
                    subresource options";
        return Err(Failure::message(text));
    }
    let namespace = Some(call.client.namespace.as_str());
    let found = rights::rules(io.cluster.objects(), call.client.user(), namespace);
    if !found.missing.is_empty() {
        let many = found.missing.join(", ");
        let many = if found.missing.len() > 1 { format!("[{many}]") } else { many };
        io.write_error(format!("Warning: the list may be incomplete: {many}"));
    }
    let names = ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"];
    let column = |name: &str| Column { name: name.to_owned(), wide: false };
    let rows = Line::of(&found.rules).iter().map(|line| line.cells().to_vec()).collect();
    let table = Table { columns: names.map(column).to_vec(), rows };
    let text = Layout::default().print(&table, !arguments.on("no-headers"));
    io.stdout.extend_from_slice(text.as_bytes());
    DONE
}

/// The verbs of access control that kubectl knows, for resources and for paths.
const RESOURCE_VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];
const PATH_VERBS: &[&str] = &["get", "put", "post", "head", "options", "delete", "patch", "*"];

/// What kubectl wonders at in a question for rights (`CanIOptions.resourceFor` and `Validate` in
/// `pkg/cmd/auth/cani.go`). Each of its warnings ends with an empty line.
fn warn_of_rights(call: &Call, io: &mut Io<'_>) {
    let words = &call.arguments.positional;
    let mut warn = |text: String| {
        io.write_error(format!("Warning: {}\n", crate::diagnostic::printable(&text)));
    };
    let (verb, is_path) = (words[0].as_str(), words[1].starts_with('/'));
    if !is_path {
        let word = words[1].split('/').next().unwrap_or_default().to_lowercase();
        let (plain, in_group) = match word.split_once('.') {
            Some((plain, group)) => (plain.to_owned(), format!(" in group '{group}'")),
            None => (word.clone(), String::new()),
        };
        match super::resources::named(&word) {
            None if ["*", "users", "groups"].contains(&word.as_str()) => {}
            None => warn(format!("the server doesn't have a resource type '{plain}'{in_group}")),
            Some((plural, _, version, false, _)) if !call.arguments.on("all-namespaces") => {
                let group = version.split_once('/').map(|(group, _)| group);
                let in_group = group.map_or(String::new(), |group| format!(" in group '{group}'"));
                warn(format!("resource '{plural}' is not namespace scoped{in_group}"));
            }
            Some(_) => {}
        }
    }
    let verbs = if is_path { PATH_VERBS } else { RESOURCE_VERBS };
    if !verbs.contains(&verb) {
        warn(format!("verb '{verb}' is not a known verb"));
    }
}
