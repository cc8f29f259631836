//! What a subcommand of kubectl is, and the flags that several take.

use super::super::super::tool::Io;
use super::flags::{Flag, Takes, switch, text, typed};
use super::{Call, Outcome, pages};

/// A subcommand.
#[derive(Clone, Copy)]
pub(super) struct Command {
    /// `get`
    pub name: &'static str,
    /// Its other names: `cm` of `create configmap`.
    pub aliases: &'static [&'static str],
    /// What it does, in one line.
    pub short: &'static str,
    /// The same at length; the short text when empty.
    pub long: &'static str,
    /// Examples, as help shows them.
    pub examples: &'static str,
    /// What follows its name.
    pub usage: &'static str,
    /// The flags that it takes, beside those that all take.
    pub flags: &'static [&'static [Flag]],
    /// The flags that must be given, sorted.
    pub required: &'static [&'static str],
    /// Its own subcommands.
    pub children: &'static [&'static Command],
    /// Runs it.
    pub run: fn(Call, &mut Io<'_>) -> Outcome,
}

/// A command with nothing in it: what the others are written on.
pub(super) const PLAIN: Command = Command {
    name: "",
    aliases: &[],
    short: "",
    long: "",
    examples: "",
    usage: "[flags]",
    flags: &[],
    required: &[],
    children: &[],
    run: pages::of_group,
};

/// `-f`
pub(super) const FILE: Flag = Flag {
    long: "filename",
    short: Some('f'),
    takes: Takes::List,
    default: "[]",
    help: "The file, folder or - (standard input) with the objects' manifests.",
};
/// `-R`
pub(super) const RECURSIVE: Flag =
    switch("recursive", Some('R'), "Read the folders of -f with everything below them.");
/// `-f`, `-k`, `-R`
pub(super) const FILENAME: &[Flag] =
    &[FILE, text("kustomize", Some('k'), "A kustomization folder."), RECURSIVE];
/// `-l`
pub(super) const SELECTOR: &[Flag] = &[text(
    "selector",
    Some('l'),
    "A label selector, for example -l key1=value1,key2!=value2,key3 in (a,b).",
)];
/// `--field-selector`
pub(super) const FIELD_SELECTOR: &[Flag] =
    &[text("field-selector", None, "A field selector, for example status.phase=Running.")];
/// `-A`
pub(super) const ALL_NAMESPACES: &[Flag] =
    &[switch("all-namespaces", Some('A'), "The objects of all namespaces.")];
/// `--all`
pub(super) const ALL: &[Flag] =
    &[switch("all", None, "All objects of the kinds, in the namespace.")];
/// `--record`
pub(super) const RECORD: &[Flag] = &[switch(
    "record",
    None,
    "Deprecated: keep the command line in an annotation, as the cause of the change.",
)];
/// `-o`
const OUTPUT: Flag =
    text("output", Some('o'), "Output format: json, yaml, name or jsonpath=TEMPLATE.");
/// `--template`
const TEMPLATE: Flag = text("template", None, "The template of -o go-template.");
/// `--allow-missing-template-keys`
pub(super) const MISSING_KEYS: Flag = typed(
    "allow-missing-template-keys",
    Takes::Switch,
    "true",
    "Ignore missing fields in templates.",
);
/// `--show-managed-fields`
pub(super) const MANAGED_FIELDS: Flag =
    switch("show-managed-fields", None, "Keep managed fields in JSON and YAML.");
/// `-o`, and what belongs to it.
pub(super) const PRINT: &[Flag] = &[OUTPUT, TEMPLATE, MISSING_KEYS, MANAGED_FIELDS];
/// `-o` of commands that change objects, and their `--dry-run`.
pub(super) const WRITE: &[Flag] = &[
    OUTPUT,
    typed(
        "dry-run",
        Takes::Optional("unchanged"),
        "'none'",
        "none, client (print what would be sent) or server (send it, and store nothing).",
    ),
    TEMPLATE,
    MISSING_KEYS,
    MANAGED_FIELDS,
    text("field-manager", None, "The name that owns the fields."),
];
/// `--validate`
pub(super) const VALIDATE: &[Flag] = &[typed(
    "validate",
    Takes::Optional("strict"),
    "'strict'",
    "What to do with unknown fields: strict (refuse), warn or ignore.",
)];

/// The flags that every command takes.
pub(super) const GLOBAL: &[Flag] = &[
    text("namespace", Some('n'), "The namespace of this request."),
    text("context", None, "The kubeconfig context to use."),
    text("cluster", None, "The kubeconfig cluster to use."),
    text("user", None, "The kubeconfig user to use."),
    text("kubeconfig", None, "The kubeconfig file."),
    text("server", Some('s'), "The address of the API server."),
    text("as", None, "The user to act as."),
    typed("as-group", Takes::Texts, "[]", "The groups to act as."),
    text("as-uid", None, "The UID to act as."),
    typed("as-user-extra", Takes::Texts, "[]", "More about the user to act as."),
    text("username", None, "The user of basic authentication."),
    text("password", None, "The password of basic authentication."),
    text("kuberc", None, "The file with preferences."),
    switch("disable-compression", None, "Ask for answers that are not compressed."),
    typed("log-flush-frequency", Takes::Duration, "5s", "How often the log is written."),
    typed("profile-output", Takes::Text, "'profile.pprof'", "The file of the profile."),
    text("vmodule", None, "Log levels by file."),
    text("token", None, "The bearer token."),
    text("tls-server-name", None, "The name that the server's certificate is checked for."),
    text("certificate-authority", None, "The file with the certificate authority."),
    text("client-certificate", None, "The file with the client's certificate."),
    text("client-key", None, "The file with the client's key."),
    text("cache-dir", None, "Where answers are cached."),
    text("profile", None, "A profile to record."),
    switch("insecure-skip-tls-verify", None, "Do not check the server's certificate."),
    switch("match-server-version", None, "Insist on the server's version."),
    switch("warnings-as-errors", None, "Fail when the server warns."),
    typed("request-timeout", Takes::Text, "'0'", "How long to wait for one request."),
    Flag { long: "v", short: Some('v'), takes: Takes::Number, default: "0", help: "Log level." },
];
