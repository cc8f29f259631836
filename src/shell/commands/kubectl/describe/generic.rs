//! Kinds without a description of their own: every field, with its name in words.

use serde_json::Value;

use super::Reader;
use super::page::Page;
use crate::api::Object;

impl Reader<'_, '_> {
    /// Name, labels, annotations and then whatever the object has.
    pub(super) fn generic(&mut self, object: &Object) -> String {
        let mut page = Page::default();
        page.names(object.metadata());
        page.labels_and_annotations(object.metadata());
        let mut value = object.to_value();
        if let Some(metadata) = value["metadata"].as_object_mut() {
            // What stands above already.
            metadata.retain(|name, _| {
                !["name", "namespace", "labels", "annotations", "managedFields"].contains(&&**name)
            });
        }
        fields(&mut page, 0, &value);
        if self.show_events {
            self.events(&mut page, object);
        }
        page.finish()
    }
}

fn fields(page: &mut Page, level: usize, value: &Value) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let title = words(key);
        match value {
            Value::Object(_) => {
                page.line(level, format!("{title}:"));
                fields(page, level + 1, value);
            }
            Value::Array(items) => {
                page.line(level, format!("{title}:"));
                for item in items {
                    match item {
                        Value::Object(_) => fields(page, level + 1, item),
                        other => page.line(level + 1, plain(other)),
                    }
                }
            }
            other => {
                page.line(level, format!("{title}:\t{}", plain(other)));
            }
        }
    }
}

/// A value as Go prints it.
fn plain(value: &Value) -> String {
    if value.is_null() { "<nil>".to_owned() } else { super::super::jsonpath::text(value) }
}

/// `creationTimestamp` as `Creation Timestamp`, `uid` as `UID`, `podIP` as `Pod IP`; a name with other
/// characters than letters and dashes as it is (`smartLabelFor`).
fn words(key: &str) -> String {
    if key.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return key.to_owned();
    }
    let chars: Vec<char> = key.chars().collect();
    let mut parts: Vec<String> = Vec::new();
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| chars[at]);
        let ends_acronym = c.is_uppercase()
            && before.is_some_and(char::is_uppercase)
            && chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        let changes = before.is_none_or(|before| {
            c.is_uppercase() && !before.is_uppercase() || (c == '-') != (before == '-')
        });
        match parts.last_mut() {
            Some(last) if !changes && !ends_acronym => last.push(c),
            _ => parts.push(c.to_string()),
        }
    }
    let titled = joined(parts).into_iter().map(|part| {
        if ["API", "URL", "UID", "GUID"].contains(&&*part.to_uppercase()) {
            return part.to_uppercase();
        }
        let lower = part.to_lowercase() == part;
        let mut letters = part.chars();
        match letters.next().filter(|_| lower) {
            Some(first) => first.to_uppercase().chain(letters).collect(),
            None => part,
        }
    });
    titled.collect::<Vec<_>>().join(" ")
}

/// The words of a name with an acronym, of two capitals at least, that is grown together again with what
/// follows: `PD`, `Bs`.
fn joined(parts: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut open = false;
    for part in parts {
        let capital = part.starts_with(char::is_uppercase);
        match joined.last_mut().filter(|_| open && capital) {
            Some(last) => {
                last.push_str(&part);
                open = false;
            }
            None => {
                open = part.chars().count() > 1 && part.chars().all(char::is_uppercase);
                joined.push(part);
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::words;

    // `describe_test.go`, `TestSmartLabelFor`.
    #[test]
    fn an_acronym_is_one_word_with_what_is_grown_onto_it() {
        let told = ["respectPDBs", "respectPDB", "kubeAPI", "HTTPSProxy", "customCRDs"];
        let words_told = ["Respect PDBs", "Respect PDB", "Kube API", "HTTPSProxy", "Custom CRDs"];
        assert_eq!(told.map(words), words_told);
    }

    // By kubectl 1.36.3.
    #[test]
    fn a_fields_name_is_told_in_words() {
        let told =
            ["apiVersion", "uid", "podIP", "clusterIPs", "app.kubernetes.io/name", "mountPath"];
        assert_eq!(
            told.map(words),
            [
                "API Version",
                "UID",
                "Pod IP",
                "Cluster I Ps",
                "app.kubernetes.io/name",
                "Mount Path"
            ]
        );
    }
}
