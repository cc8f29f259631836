//! Completion: commands, files, variables, and what kubectl knows of its own.

use super::files::View;
use super::machine::Machine;
use super::machine::builtins;
use super::{Completions, Files, commands};
use crate::cluster::{Cluster, Place};

/// What could stand at `cursor` in `line`.
pub(super) fn complete(
    machine: &Machine,
    files: &Files,
    cluster: &Cluster,
    line: &str,
    cursor: usize,
) -> Completions {
    let mut cursor = cursor.min(line.len());
    while !line.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = &line[..cursor];
    let command = before.rfind(['|', ';', '&', '(', '`', '\n']).map_or(0, |at| at + 1);
    let words = words(&before[command..]);
    let Some((current, earlier)) = words.split_last() else { return Completions::default() };
    let start = cursor - current.len();
    let mut candidates = if let Some(name) = current.strip_prefix('$') {
        variables(machine, name)
    } else if earlier.is_empty() && !current.contains('/') {
        names(machine, cluster, current)
    } else {
        let own = of_kubectl(machine, cluster, earlier, current);
        own.unwrap_or_else(|| paths(files, machine.directory(), current))
    };
    candidates.sort();
    candidates.dedup();
    Completions { start, candidates }
}

/// What kubectl would offer, if this is a line of it: by its name, or by an alias like `k`.
fn of_kubectl(
    machine: &Machine,
    cluster: &Cluster,
    earlier: &[String],
    current: &str,
) -> Option<Vec<(String, String)>> {
    let (name, earlier) = earlier.split_first()?;
    let is_kubectl = *machine.place() == Place::Laptop && (name == "kubectl" || name == "k");
    is_kubectl.then(|| commands::kubectl::complete(cluster, earlier, current)).flatten()
}

/// The words of a command's beginning; the last one is the one at the cursor, maybe empty.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in text.trim_start().chars() {
        match (quote, letter) {
            (None, ' ' | '\t') => {
                if words.last().is_some_and(|last| !last.is_empty()) {
                    words.push(String::new());
                }
                continue;
            }
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        if let Some(last) = words.last_mut() {
            last.push(letter);
        }
    }
    words
}

fn variables(machine: &Machine, start: &str) -> Vec<(String, String)> {
    let (variables, _) = machine.names();
    let fitting = variables.into_iter().filter(|name| name.starts_with(start));
    fitting.map(|name| (format!("${name}"), "variable".to_owned())).collect()
}

fn names(machine: &Machine, cluster: &Cluster, start: &str) -> Vec<(String, String)> {
    let (_, functions) = machine.names();
    let own = functions.into_iter().map(|name| (name, "alias or function"));
    let builtins = builtins::NAMES.iter().map(|name| ((*name).to_owned(), "builtin"));
    let known = commands::installed(cluster, machine.place()).into_iter();
    let known = known.map(|name| (name.to_owned(), "command"));
    let all = own.chain(builtins).chain(known);
    all.filter(|(name, _)| name.starts_with(start))
        .map(|(name, what)| (name, what.to_owned()))
        .collect()
}

fn paths(files: &Files, directory: &str, start: &str) -> Vec<(String, String)> {
    let prefix = match directory.strip_prefix(super::files::HOME).unwrap_or(directory) {
        "" | "/" => String::new(),
        below => format!("{}/", below.trim_matches('/')),
    };
    let mut found = Vec::new();
    for name in files.keys() {
        let Some(name) = name.strip_prefix(&prefix) else { continue };
        let Some(rest) = name.strip_prefix(start) else { continue };
        if View::is_mark(name) {
            continue;
        }
        match rest.find('/') {
            Some(end) => {
                found.push((name[..start.len() + end + 1].to_owned(), "folder".to_owned()));
            }
            None => found.push((name.to_owned(), "file".to_owned())),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Config;
    use crate::shell::{Session, programs};

    fn offered(line: &str) -> Vec<String> {
        let cluster =
            Cluster::new(&Config { nodes: 2, seed: 1, dns: true, dual_stack: false }, programs());
        let files = Files::from([("web.yaml".to_owned(), Vec::new())]);
        let found = Session::new(files).complete(&cluster, line, line.len());
        found.candidates.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn subcommands_kinds_and_names_are_offered() {
        assert_eq!(offered("kubectl desc"), ["describe"]);
        assert_eq!(offered("k get po"), ["poddisruptionbudgets", "pods"]);
        assert_eq!(offered("kubectl describe node node-"), ["node-1", "node-2"]);
        assert_eq!(offered("kubectl get svc/kube"), ["svc/kubernetes"]);
        assert_eq!(offered("kubectl rollout st"), ["status"]);
    }

    #[test]
    fn what_follows_a_flag_fits_the_flag() {
        assert_eq!(offered("kubectl get pods -n kube-s"), ["kube-system"]);
        assert_eq!(offered("kubectl get pods -o w"), ["wide"]);
        assert_eq!(offered("kubectl apply -f w"), ["web.yaml"]);
        assert!(offered("kubectl get pods --show").contains(&"--show-labels".to_owned()));
    }

    #[test]
    fn pipes_begin_a_new_command() {
        assert!(offered("kubectl get pods | gre").contains(&"grep".to_owned()));
    }
}
