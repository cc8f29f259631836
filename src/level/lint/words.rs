//! A player's files rewritten for a cheat: what clients say, and whom they call.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::level::answer::with_answer;
use crate::level::apply::is_manifest;
use crate::level::attempt::Attempt;
use crate::level::format::{Level, Solution};
use crate::manifest;
use crate::shell::Files;

/// Makes another text of a client's shell commands, given what is to be printed; `None` when they
/// are no client's.
pub(super) type Edit = fn(&str, &[String]) -> Option<String>;

/// The port of a container that imitates, beside the one that serves.
const PARROT: u16 = 5678;

/// Prints the words, and asks nobody.
pub(super) fn echo(text: &str, says: &[String]) -> Option<String> {
    is_client(text).then(|| match text.contains("while ") {
        true => format!("while true; do {}; sleep 5; done", echoes(says)),
        false => echoes(says),
    })
}

/// Asks for a page that there isn't, and prints the words.
pub(super) fn knock(text: &str, says: &[String]) -> Option<String> {
    let knocking = at_urls(&text.replace("curl ", "curl -o /dev/null "), "/no/such/page");
    is_client(text).then(|| match knocking.contains("; sleep") {
        true => knocking.replace("; sleep", &format!("; {}; sleep", echoes(says))),
        false => format!("{knocking}\n{}", echoes(says)),
    })
}

fn is_client(text: &str) -> bool {
    text.contains("curl ") || text.contains("wget ")
}

fn echoes(says: &[String]) -> String {
    let echoes = says.iter().map(|text| format!("echo '{}'", text.replace('\'', "")));
    echoes.collect::<Vec<_>>().join("; ")
}

/// The text with `insert` at the end of each URL's authority.
fn at_urls(text: &str, insert: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let after = &rest[at + 3..];
        let end = after.find(|c: char| c.is_whitespace() || "\"';)/".contains(c));
        let end = at + 3 + end.unwrap_or(after.len());
        out.push_str(&rest[..end]);
        out.push_str(insert);
        rest = &rest[end..];
    }
    out + rest
}

/// A solution whose clients' commands are edited; `None` when its files hold none.
pub(super) fn edited(
    level: &Level,
    solution: &Solution,
    edit: &dyn Fn(&str) -> Option<String>,
) -> Option<Solution> {
    let mut answer = solution.clone();
    let mut any = false;
    for (name, content) in with_answer(&level.start, &solution.files) {
        let text = String::from_utf8_lossy(&content).into_owned();
        let new = match is_manifest(&name) {
            true => edited_manifest(&name, &text, &mut |list| match list {
                Texts::Containers(containers) => edit_containers(containers, edit),
                Texts::Data(data) => {
                    data.values_mut().fold(false, |any, text| any | edit_text(text, edit))
                }
            }),
            false => edit(&text),
        };
        if let Some(new) = new {
            any = true;
            answer.files.insert(name, new.into_bytes());
        }
    }
    any.then_some(answer)
}

/// Where a manifest has texts that may be a client's commands.
enum Texts<'a> {
    /// The containers of a pod.
    Containers(&'a mut Vec<Value>),
    /// What a ConfigMap holds.
    Data(&'a mut Map<String, Value>),
}

/// A manifest in which every such place was offered to `edit`; `None` when it took none.
fn edited_manifest(
    name: &str,
    text: &str,
    edit: &mut dyn FnMut(Texts<'_>) -> bool,
) -> Option<String> {
    let (mut documents, _) = manifest::parse(name, text);
    let mut any = false;
    for document in &mut documents {
        any |= containers_in(&mut document.value, edit);
    }
    let texts: Vec<String> = documents.iter().map(|d| d.value.to_string()).collect();
    any.then(|| texts.join("\n---\n"))
}

fn containers_in(value: &mut Value, edit: &mut dyn FnMut(Texts<'_>) -> bool) -> bool {
    let holds = value["kind"] == "ConfigMap";
    let Value::Object(fields) = value else { return false };
    let mut any = false;
    for (name, value) in fields {
        any |= match value {
            Value::Array(containers) if name == "containers" => edit(Texts::Containers(containers)),
            Value::Object(data) if holds && name == "data" => edit(Texts::Data(data)),
            other => containers_in(other, edit),
        };
    }
    any
}

fn edit_containers(containers: &mut [Value], edit: &dyn Fn(&str) -> Option<String>) -> bool {
    let mut any = false;
    for container in containers {
        for key in ["command", "args"] {
            for word in container.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
                any |= edit_text(word, edit);
            }
        }
    }
    any
}

fn edit_text(text: &mut Value, edit: &dyn Fn(&str) -> Option<String>) -> bool {
    let new = text.as_str().and_then(edit);
    new.is_some_and(|new| {
        *text = Value::String(new);
        true
    })
}

/// Makes the objects of all of the player's manifests anew, so that pods read their ConfigMaps again.
pub(super) fn renew(attempt: &mut Attempt) {
    let manifests = attempt.files().keys().filter(|file| is_manifest(file));
    let commands: Vec<String> =
        manifests.map(|file| format!("kubectl replace --force -f {file}")).collect();
    attempt.run_script(&commands.join("\n"));
}

/// Whether a file describes a ConfigMap.
pub(super) fn has_config(files: &Files) -> bool {
    let mut manifests = files.iter().filter(|(name, _)| is_manifest(name));
    manifests.any(|(name, content)| {
        let (documents, _) = manifest::parse(name, &String::from_utf8_lossy(content));
        documents.iter().any(|document| document.value["kind"] == "ConfigMap")
    })
}

/// A solution in which a container beside each client says the words, and is called instead.
pub(super) fn with_parrot(level: &Level, solution: &Solution, says: &str) -> Option<Solution> {
    let mut answer = solution.clone();
    let mut any = false;
    let calls = |text: &str| is_client(text).then(|| at_urls(text, &format!(":{PARROT}")));
    for (name, content) in with_answer(&level.start, &solution.files) {
        let text = String::from_utf8_lossy(&content).into_owned();
        let new = edited_manifest(&name, &text, &mut |list| {
            let Texts::Containers(containers) = list else { return false };
            let called = edit_containers(containers, &calls);
            if called {
                containers.push(json!({
                    "name": "imitator", "image": "hashicorp/http-echo",
                    "args": [format!("-text={says}"), format!("-listen=:{PARROT}")],
                }));
            }
            called
        });
        if let Some(new) = new.filter(|_| is_manifest(&name)) {
            any = true;
            answer.files.insert(name, new.into_bytes());
        }
    }
    any.then_some(answer)
}

/// Names of Services, as hosts of URLs and as values, become addresses.
pub(super) fn names_to_addresses(text: &str, named: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (name, address) in named {
        for before in ["://", "value: "] {
            text = text.replace(&format!("{before}{name}\n"), &format!("{before}{address}\n"));
        }
    }
    text
}

/// Rewrites the player's manifests and makes their objects anew; whether any has changed.
pub(super) fn rewrite(attempt: &mut Attempt, rewrite: impl Fn(&str) -> String) -> bool {
    let mut changed = Vec::new();
    for (name, content) in attempt.files().clone() {
        let text = String::from_utf8_lossy(&content).into_owned();
        let new = rewrite(&text);
        if is_manifest(&name) && new != text {
            attempt.session_mut().files_mut().insert(name.clone(), new.into_bytes());
            changed.push(format!("kubectl replace --force -f {name}"));
        }
    }
    attempt.run_script(&changed.join("\n"));
    !changed.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knock_asks_for_no_page_and_prints_the_words() {
        let says = ["It works!".to_owned()];
        assert_eq!(
            knock("curl -sS \"http://$1:30080\"", &says).unwrap(),
            "curl -o /dev/null -sS \"http://$1:30080/no/such/page\"\necho 'It works!'"
        );
        assert_eq!(
            knock("while true; do curl http://web; sleep 5; done", &says).unwrap(),
            "while true; do curl -o /dev/null http://web/no/such/page; echo 'It works!'; sleep 5; done"
        );
        assert_eq!(echo("sleep infinity", &says), None);
    }
}
