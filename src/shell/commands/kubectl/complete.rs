//! What can stand next on a kubectl command line: subcommands, flags, kinds, names, namespaces,
//! containers; from the tables that carry the command out, and from what the API server stores.

use std::sync::Arc;

use super::catalog;
use super::command::{self, Command};
use super::flags::Takes;
use crate::api::{Kind, Pod};
use crate::cluster::Cluster;

/// What could stand at the cursor: (text, what it is). `None` where files could.
pub(in crate::shell) fn complete(
    cluster: &Cluster,
    earlier: &[String],
    current: &str,
) -> Option<Vec<(String, String)>> {
    let line = Line::read(earlier);
    let found = match line.awaits {
        Some("namespace") => names(cluster, Kind::Namespace, ""),
        Some("container") => containers(cluster, &line),
        Some("output") => ["json", "jsonpath=", "name", "wide", "yaml"].map(format).to_vec(),
        Some("filename" | "kustomize") => return None,
        Some(_) => Vec::new(),
        None if current.starts_with('-') => flags(&line),
        None => positional(cluster, &line, current),
    };
    Some(found.into_iter().filter(|(text, _)| text.starts_with(current)).collect())
}

/// A command line before the cursor.
#[derive(Default)]
struct Line<'a> {
    command: Option<&'static Command>,
    /// Its own subcommand's parent, where it has one: `rollout` of `rollout status`.
    parent: Option<&'static Command>,
    positional: Vec<&'a str>,
    namespace: &'a str,
    /// The flag whose value stands at the cursor.
    awaits: Option<&'static str>,
    /// Behind `--`: what runs in the container.
    inside: bool,
}

impl<'a> Line<'a> {
    fn read(words: &'a [String]) -> Line<'a> {
        let mut line = Line { namespace: "default", ..Line::default() };
        for word in words {
            let word = word.as_str();
            if let Some(flag) = line.awaits.take() {
                if flag == "namespace" {
                    line.namespace = word;
                }
            } else if word == "--" {
                line.inside = true;
            } else if word.starts_with('-') {
                line.flag(word);
            } else {
                line.word(word);
            }
        }
        line
    }

    fn flag(&mut self, word: &'a str) {
        let name = word.trim_start_matches('-');
        if let Some((flag, value)) = name.split_once('=') {
            if flag == "namespace" || flag == "n" {
                self.namespace = value;
            }
            return;
        }
        let long = word.starts_with("--");
        let fits = |flag: &&super::flags::Flag| match long {
            true => flag.long == name,
            false => flag.short.is_some_and(|short| name.ends_with(short)),
        };
        let known = self.flags().find(fits);
        let takes = known.filter(|flag| !matches!(flag.takes, Takes::Switch | Takes::Optional(_)));
        self.awaits = takes.map(|flag| flag.long);
    }

    fn word(&mut self, word: &'a str) {
        let children = self.command.map_or(&[][..], |command| command.children);
        let named =
            |command: &&&'static Command| command.name == word || command.aliases.contains(&word);
        match self.command {
            None => self.command = catalog::commands().find(|command| command.name == word),
            Some(command) if self.positional.is_empty() && !children.is_empty() => {
                if let Some(child) = children.iter().find(named) {
                    self.parent = Some(command);
                    self.command = Some(child);
                }
            }
            Some(_) => self.positional.push(word),
        }
    }

    fn flags(&self) -> impl Iterator<Item = &'static super::flags::Flag> + use<> {
        let own = self.command.map_or(&[][..], |command| command.flags);
        own.iter().copied().flatten().chain(command::GLOBAL)
    }

    /// `rollout`, or the command's own name.
    fn family(&self) -> &'static str {
        self.parent.or(self.command).map_or("", |command| command.name)
    }
}

fn flags(line: &Line<'_>) -> Vec<(String, String)> {
    let text = |flag: &super::flags::Flag| match flag.takes {
        Takes::Switch => format!("--{}", flag.long),
        _ => format!("--{}=", flag.long),
    };
    line.flags().map(|flag| (text(flag), flag.help.to_owned())).collect()
}

fn positional(cluster: &Cluster, line: &Line<'_>, current: &str) -> Vec<(String, String)> {
    let Some(command) = line.command else {
        return catalog::commands().map(described).collect();
    };
    if line.inside {
        return Vec::new();
    }
    if !command.children.is_empty() && line.positional.is_empty() {
        return command.children.iter().copied().map(described).collect();
    }
    if let Some((kind, _)) = current.split_once('/') {
        let Some(found) = Kind::from_word(kind) else { return Vec::new() };
        let names = names(cluster, found, line.namespace).into_iter();
        return names.map(|(name, what)| (format!("{kind}/{name}"), what)).collect();
    }
    match (line.family(), line.positional.first()) {
        ("logs" | "exec" | "attach" | "port-forward" | "cp", None) => {
            names(cluster, Kind::Pod, line.namespace)
        }
        ("cordon" | "uncordon" | "drain", _) => names(cluster, Kind::Node, ""),
        (
            "get" | "describe" | "delete" | "edit" | "label" | "annotate" | "patch" | "wait"
            | "expose" | "explain",
            None,
        ) => kinds(|_| true),
        ("scale" | "set" | "rollout" | "autoscale", None) => kinds(is_workload),
        ("taint", None) => kinds(|kind| kind == Kind::Node),
        ("explain" | "logs" | "exec", Some(_)) => Vec::new(),
        (_, Some(word)) => {
            let kind = word.split(',').next().and_then(Kind::from_word);
            kind.map(|kind| names(cluster, kind, line.namespace)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn described(command: &'static Command) -> (String, String) {
    (command.name.to_owned(), command.short.to_owned())
}

fn format(name: &str) -> (String, String) {
    (name.to_owned(), "output format".to_owned())
}

fn kinds(wanted: impl Fn(Kind) -> bool) -> Vec<(String, String)> {
    let row = |kind: Kind| (kind.info().plural.to_owned(), kind.info().name.to_owned());
    Kind::all().filter(|kind| wanted(*kind)).map(row).collect()
}

fn is_workload(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet)
}

fn names(cluster: &Cluster, kind: Kind, namespace: &str) -> Vec<(String, String)> {
    let namespace = kind.info().namespaced.then_some(namespace);
    let what = kind.info().singular.to_owned();
    let objects = cluster.objects().objects(kind, namespace);
    objects.map(|object| (object.name().to_owned(), what.clone())).collect()
}

/// The containers of the pod that was named, or of all.
fn containers(cluster: &Cluster, line: &Line<'_>) -> Vec<(String, String)> {
    let named = line.positional.first().map(|name| name.rsplit('/').next().unwrap_or(name));
    let pods = cluster.objects().list::<Pod>(Some(line.namespace));
    let wanted =
        |pod: &&Arc<Pod>| named.is_none_or(|name| pod.metadata.name.as_deref() == Some(name));
    pods.filter(wanted)
        .flat_map(|pod| pod.spec.iter().flat_map(|spec| &spec.containers))
        .map(|container| (container.name.clone(), "container".to_owned()))
        .collect()
}
