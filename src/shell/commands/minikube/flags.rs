//! minikube's flags: each command heeds its own, and those that are real besides are said to be left out.
//! They are read as kubectl's are, by the habits of the same Go library.

use crate::shell::commands::kubectl::flags::{self, Arguments, Flag, switch, text};
use crate::shell::commands::trouble::left_out;

/// Which node is meant.
pub(super) const NODE: Flag = text("node", Some('n'), "The node.");

/// In which namespace a Service is.
pub(super) const NAMESPACE: Flag = text("namespace", Some('n'), "The namespace of the Service.");

/// The address alone is printed.
pub(super) const URL: Flag = switch("url", None, "Print the URL alone.");

/// Which cluster is meant: there is one.
const PROFILE: Flag = text("profile", Some('p'), "The cluster.");

/// Real flags of every command that none heeds here.
const EVERYWHERE: &[Flag] = &[
    switch("add_dir_header", None, ""),
    switch("alsologtostderr", None, ""),
    text("bootstrapper", Some('b'), ""),
    switch("logtostderr", None, ""),
    switch("rootless", None, ""),
    text("user", None, ""),
    text("v", Some('v'), ""),
    text("vmodule", None, ""),
];

/// Real flags of one command that it does not heed here, by the command.
const LEFT_OUT: &[(&str, &[Flag])] = &[
    (
        "start",
        &[
            text("addons", None, ""),
            text("cni", None, ""),
            text("container-runtime", Some('c'), ""),
            text("cpus", None, ""),
            switch("delete-on-failure", None, ""),
            text("disk-size", None, ""),
            switch("download-only", None, ""),
            text("driver", None, ""),
            switch("dry-run", None, ""),
            text("extra-config", None, ""),
            text("feature-gates", None, ""),
            switch("force", None, ""),
            switch("ha", None, ""),
            text("insecure-registry", None, ""),
            switch("interactive", None, ""),
            switch("keep-context", None, ""),
            text("kubernetes-version", None, ""),
            text("memory", None, ""),
            switch("mount", None, ""),
            text("namespace", None, ""),
            switch("no-kubernetes", None, ""),
            text("nodes", Some('n'), ""),
            text("output", Some('o'), ""),
            text("ports", None, ""),
            text("static-ip", None, ""),
            text("subnet", None, ""),
            text("wait", None, ""),
            text("wait-timeout", None, ""),
        ],
    ),
    (
        "service",
        &[
            switch("all", None, ""),
            text("format", None, ""),
            switch("https", None, ""),
            text("interval", None, ""),
            text("wait", None, ""),
        ],
    ),
    (
        "status",
        &[
            text("format", Some('f'), ""),
            text("layout", Some('l'), ""),
            text("node", Some('n'), ""),
            text("output", Some('o'), ""),
            text("watch", Some('w'), ""),
        ],
    ),
    ("tunnel", &[text("bind-address", None, ""), switch("cleanup", Some('c'), "")]),
    ("ssh", &[switch("native-ssh", None, "")]),
    (
        "version",
        &[switch("components", None, ""), text("output", Some('o'), ""), switch("short", None, "")],
    ),
    ("profile", &[switch("light", Some('l'), ""), text("output", Some('o'), "")]),
    ("node start", &[switch("delete-on-failure", None, "")]),
    ("node add", &[switch("control-plane", None, ""), switch("worker", None, "")]),
];

/// Reads the words behind a command's name.
///
/// # Errors
/// An unknown flag, or one that is not simulated; and the exit code.
pub(super) fn read(
    command: &str,
    own: &[Flag],
    words: &[String],
) -> Result<Arguments, (String, i32)> {
    let heeded = || own.iter().chain([&PROFILE]);
    let unheeded = LEFT_OUT.iter().filter(|(name, _)| *name == command).flat_map(|(_, all)| *all);
    let table: Vec<Flag> = heeded().chain(unheeded).chain(EVERYWHERE).copied().collect();
    let arguments = flags::parse(&table, words).map_err(|what| {
        (format!("Error: {what}\nSee 'minikube {command} --help' for usage."), 64)
    })?;
    let is_unheeded = |name: &&str| heeded().all(|flag| flag.long != *name);
    if let Some(name) = arguments.order.iter().map(|(name, _)| *name).find(is_unheeded) {
        return Err((left_out(&format!("minikube {command}"), format!("--{name}")), 1));
    }
    match arguments.get("profile") {
        Some(other) if other != "minikube" => {
            Err((left_out("minikube", format!("-p {other}; there is one cluster, minikube")), 1))
        }
        _ => Ok(arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_heeded_left_out_or_unknown() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let line = words("web --node=node-2 -p minikube");
        let arguments = read("ip", &[NODE], &line).expect("it is right");
        assert_eq!(
            (&arguments.positional[..], arguments.get("node")),
            (&["web".to_owned()][..], Some("node-2"))
        );
        let line = words("--https web");
        let said = "podhop: not simulated here: minikube service --https";
        assert_eq!(read("service", &[], &line), Err((said.to_owned(), 1)));
        let line = words("--htps");
        let said = "Error: unknown flag: --htps\nSee 'minikube service --help' for usage.";
        assert_eq!(read("service", &[], &line), Err((said.to_owned(), 64)));
        let line = words("-n");
        assert!(read("ip", &[NODE], &line).is_err());
    }
}
