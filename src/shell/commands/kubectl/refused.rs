//! Commands that kubectl has and podhop has not: with their real flags, so that each says what it is.

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::flags::{Flag, Takes, switch, text, typed};
use super::{Call, Failure, Outcome, pages};

/// What help says of each of their flags.
const NOT: &str = "Not simulated here.";

/// Says what is not simulated, and what to do instead.
fn refuse(call: Call, io: &mut Io<'_>) -> Outcome {
    if call.command.name == "reconcile" {
        if call.arguments.all("filename").is_empty() && !call.arguments.given("kustomize") {
            return Err(Failure::message("must specify one of -f and -k"));
        }
        super::sources::read(&call, io)?;
    }
    let instead = match call.command.name {
        "proxy" => "ask the API with 'kubectl get -o json'",
        _ => "'kubectl help' lists what there is",
    };
    Err(Failure::not_simulated(&call.path, instead))
}

/// `kubectl certificate approve` without a name (`CertificateOptions.Validate`).
fn certificate(call: Call, io: &mut Io<'_>) -> Outcome {
    if call.arguments.positional.is_empty() && call.arguments.all("filename").is_empty() {
        let text = "one or more CSRs must be specified as <name> or -f <filename>";
        return Err(Failure::message(text));
    }
    refuse(call, io)
}

/// `kubectl plugin list`: there are none.
fn plugins(_: Call, _: &mut Io<'_>) -> Outcome {
    Err(Failure::message("unable to find any kubectl plugins in your PATH"))
}

pub(super) static CERTIFICATE: Command = Command {
    name: "certificate",
    short: "Modify certificate resources",
    usage: "SUBCOMMAND",
    children: &[&APPROVE, &DENY],
    run: pages::of_group,
    ..command::PLAIN
};

static APPROVE: Command = Command {
    name: "approve",
    short: "Approve a certificate signing request",
    usage: "[flags]",
    flags: &[&[switch("force", None, NOT)], command::PRINT, command::FILENAME],
    run: certificate,
    ..command::PLAIN
};

static DENY: Command = Command {
    name: "deny",
    short: "Deny a certificate signing request",
    usage: "[flags]",
    flags: &[&[switch("force", None, NOT)], command::PRINT, command::FILENAME],
    run: certificate,
    ..command::PLAIN
};

pub(super) static PROXY: Command = Command {
    name: "proxy",
    short: "Run a proxy to the Kubernetes API server",
    usage: "[flags]",
    flags: &[&[
        typed("accept-hosts", Takes::Text, "'^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$'", NOT),
        typed("accept-paths", Takes::Text, "'^.*'", NOT),
        typed("address", Takes::Text, "'127.0.0.1'", NOT),
        typed("api-prefix", Takes::Text, "'/'", NOT),
        switch("append-server-path", None, NOT),
        switch("disable-filter", None, NOT),
        typed("keepalive", Takes::Duration, "0s", NOT),
        Flag { short: Some('p'), ..typed("port", Takes::Number, "8001", NOT) },
        typed("reject-methods", Takes::Text, "'^$'", NOT),
        typed("reject-paths", Takes::Text, "'^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach'", NOT),
        text("unix-socket", Some('u'), NOT),
        text("www", Some('w'), NOT),
        Flag { short: Some('P'), ..typed("www-prefix", Takes::Text, "'/static/'", NOT) },
    ]],
    run: refuse,
    ..command::PLAIN
};

pub(super) static KUBERC: Command = Command {
    name: "kuberc",
    short: "Manage kuberc configuration files",
    usage: "SUBCOMMAND",
    children: &[&KUBERC_SET, &KUBERC_VIEW],
    run: pages::of_group,
    ..command::PLAIN
};

static KUBERC_SET: Command = Command {
    name: "set",
    short: "Set values in the kuberc configuration",
    usage: "[flags]",
    flags: &[&[
        typed("allowlist-entry", Takes::Texts, "[]", NOT),
        typed("appendarg", Takes::Texts, "[]", NOT),
        text("command", None, NOT),
        text("kuberc", None, NOT),
        text("name", None, NOT),
        typed("option", Takes::Texts, "[]", NOT),
        switch("overwrite", None, NOT),
        text("policy", None, NOT),
        typed("prependarg", Takes::Texts, "[]", NOT),
        text("section", None, NOT),
    ]],
    run: refuse,
    ..command::PLAIN
};

static KUBERC_VIEW: Command = Command {
    name: "view",
    short: "Display the current kuberc configuration",
    usage: "[flags]",
    flags: &[&[text("kuberc", None, NOT)], command::PRINT],
    run: refuse,
    ..command::PLAIN
};

/// `kubectl alpha`: this version has none.
pub(super) static ALPHA: Command = Command {
    name: "alpha",
    short: "Commands for features in alpha",
    run: |_, io| {
        io.write_error("No alpha commands are available in this version of kubectl");
        super::DONE
    },
    ..command::PLAIN
};

pub(super) static PLUGIN: Command = Command {
    name: "plugin",
    short: "Provides utilities for interacting with plugins",
    usage: "[flags]",
    children: &[&PLUGIN_LIST],
    run: pages::of_group,
    ..command::PLAIN
};

static PLUGIN_LIST: Command = Command {
    name: "list",
    short: "List all visible plugin executables on a user's PATH",
    usage: "[flags]",
    flags: &[&[switch("name-only", None, NOT)]],
    run: plugins,
    ..command::PLAIN
};

pub(super) static RECONCILE: Command = Command {
    name: "reconcile",
    short: "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
    usage: "[flags]",
    flags: &[
        &[
            typed("dry-run", Takes::Optional("unchanged"), "'none'", NOT),
            switch("remove-extra-permissions", None, NOT),
            switch("remove-extra-subjects", None, NOT),
        ],
        command::PRINT,
        command::FILENAME,
    ],
    run: refuse,
    ..command::PLAIN
};
