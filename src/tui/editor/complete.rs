//! Field names that can stand at the cursor, from the schema that decoding uses.

use crate::manifest::schema::{Field, Schema, Type};

/// What can be completed at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// What is typed of the word so far, in characters.
    pub typed: usize,
    /// What could stand there.
    pub choices: Vec<Choice>,
    /// The selected one.
    pub selected: usize,
    /// Whether the only choice stands there already, and is shown for its documentation.
    pub known: bool,
}

/// Something that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is written.
    pub text: String,
    /// What it holds: `list of ServicePort`.
    pub holds: String,
    /// The field's own documentation.
    pub doc: String,
    /// What follows it: a blank, or a new line with more indent.
    pub below: bool,
}

/// What can stand at `row` and `column` (characters, from 0) of these lines.
pub fn at(lines: &[String], row: usize, column: usize) -> Option<Completion> {
    let line = lines.get(row)?;
    let before: String = line.chars().take(column).collect();
    let (indent, text) = split(&before);
    let document = document_of(lines, row);
    match text.split_once(':') {
        Some((key, value)) => values(lines, row, key.trim(), indent, value, &document),
        None => keys(lines, row, indent, text, &document),
    }
}

/// The field that stands on a row, with its documentation.
pub fn about(lines: &[String], row: usize) -> Option<Completion> {
    let (indent, text) = split(lines.get(row)?);
    let (key, _) = text.split_once(':')?;
    let (version, kind) = document_of(lines, row);
    let mut path = path_to(lines, row, indent);
    path.push(key.trim().to_owned());
    let schema = Schema::of(&version, &kind)?;
    let field = schema.field(&path.join("."))?;
    let choice = Choice {
        text: field.name.to_owned(),
        holds: schema.words(&field.holds),
        doc: doc(field),
        below: false,
    };
    Some(Completion { choices: vec![choice], known: true, ..Completion::default() })
}

/// A field's documentation; that it has no effect here comes first.
fn doc(field: &Field) -> String {
    match field.idle {
        Some(idle) => format!("No effect here: {}. {}", idle.reason(), field.doc),
        None => field.doc.clone(),
    }
}

fn keys(
    lines: &[String],
    row: usize,
    indent: usize,
    typed: &str,
    document: &(String, String),
) -> Option<Completion> {
    let offer = |names: &[(&str, &str)]| {
        let choices = names.iter().filter(|(name, _)| name.starts_with(typed));
        let choices = choices.map(|(name, doc)| Choice {
            text: (*name).to_owned(),
            holds: "text".to_owned(),
            doc: (*doc).to_owned(),
            below: false,
        });
        choices.collect::<Vec<_>>()
    };
    let path = path_to(lines, row, indent);
    let schema = Schema::of(&document.0, &document.1);
    let choices = match schema {
        None if path.is_empty() => offer(&[
            ("apiVersion", "The version of the API that the rest is written in: v1, apps/v1…"),
            ("kind", "What this describes: Pod, Service, Deployment…"),
        ]),
        None => Vec::new(),
        Some(schema) => fields(schema, &path.join("."), typed, &siblings(lines, row, indent)),
    };
    finish(typed, choices)
}

fn fields(schema: &Schema, path: &str, typed: &str, present: &[String]) -> Vec<Choice> {
    let mut found: Vec<(bool, Choice)> = schema
        .fields(path)
        .filter(|field| {
            field.name.starts_with(typed) && !present.iter().any(|name| name == field.name)
        })
        .filter(|field| field.name != "status" || !path.is_empty())
        .map(|field| {
            let below = matches!(field.holds, Type::Struct(_) | Type::List(_) | Type::Map(_));
            let choice = Choice {
                text: field.name.to_owned(),
                holds: schema.words(&field.holds),
                doc: doc(field),
                below,
            };
            (!field.required, choice)
        })
        .collect();
    found.sort_by(|a, b| (a.0, &a.1.text).cmp(&(b.0, &b.1.text)));
    found.into_iter().map(|(_, choice)| choice).collect()
}

fn values(
    lines: &[String],
    row: usize,
    key: &str,
    indent: usize,
    value: &str,
    document: &(String, String),
) -> Option<Completion> {
    let typed = value.trim_start();
    let mut path = path_to(lines, row, indent);
    path.push(key.to_owned());
    let path = path.join(".");
    let schema = Schema::of(&document.0, &document.1);
    let allowed: Vec<&str> = match (&*path, schema) {
        ("kind", _) => vec![
            "ConfigMap",
            "Deployment",
            "EndpointSlice",
            "Ingress",
            "Namespace",
            "NetworkPolicy",
            "Pod",
            "ReplicaSet",
            "Service",
            "StatefulSet",
        ],
        ("apiVersion", _) => {
            vec!["apps/v1", "batch/v1", "discovery.k8s.io/v1", "networking.k8s.io/v1", "v1"]
        }
        (_, Some(schema)) => match schema.field(&path) {
            Some(field) if field.holds == Type::Bool => vec!["false", "true"],
            Some(field) => field.choices.to_vec(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    };
    let choices = allowed.iter().filter(|choice| choice.starts_with(typed));
    let choices = choices.map(|choice| Choice {
        text: (*choice).to_owned(),
        holds: String::new(),
        doc: String::new(),
        below: false,
    });
    finish(typed, choices.collect())
}

fn finish(typed: &str, choices: Vec<Choice>) -> Option<Completion> {
    let done = choices.iter().all(|choice| choice.text == typed);
    (!done).then(|| Completion { typed: typed.chars().count(), choices, ..Completion::default() })
}

/// Where a line's text begins, list dashes counted as indent, and the text.
fn split(line: &str) -> (usize, &str) {
    let mut rest = line;
    let mut indent = 0;
    loop {
        let trimmed = rest.trim_start_matches(' ');
        indent += rest.len() - trimmed.len();
        match trimmed.strip_prefix("- ") {
            Some(after) => {
                indent += 2;
                rest = after;
            }
            None => return (indent, trimmed),
        }
    }
}

/// The keys above a line that it stands under, from the top.
fn path_to(lines: &[String], row: usize, indent: usize) -> Vec<String> {
    let mut path = Vec::new();
    let mut limit = indent;
    let own_dash = lines[row].trim_start().starts_with("- ");
    // A list may stand at its key's own indent, so an item's dash counts from where it stands.
    let mut dash_at = own_dash.then(|| lines[row].len() - lines[row].trim_start().len());
    for line in lines[..row].iter().rev() {
        let text = line.trim_end();
        if text.trim_start().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        if text == "---" {
            break;
        }
        let (at, content) = split(text);
        let starts = text.len() - text.trim_start().len();
        let Some((key, value)) = content.split_once(':') else { continue };
        let opens = value.trim().is_empty();
        let parent = opens && (at < limit && dash_at.is_none_or(|dash| at <= dash));
        let same_item = text.trim_start().starts_with("- ") && at == limit && dash_at.is_none();
        if same_item {
            // The first field of the item that the cursor is in: go on from its dash.
            dash_at = Some(starts);
        } else if parent {
            path.push(key.trim().to_owned());
            limit = at;
            dash_at = text.trim_start().starts_with("- ").then_some(starts);
        }
    }
    path.reverse();
    path
}

/// Keys that stand beside the cursor already.
fn siblings(lines: &[String], row: usize, indent: usize) -> Vec<String> {
    let beside = |line: &String| {
        let (at, text) = split(line);
        let key = text.split_once(':').map(|(key, _)| key.trim().to_owned());
        (
            at,
            line.trim_start().starts_with("- "),
            key,
            text.trim().is_empty() || line.trim() == "---",
        )
    };
    let mut found = Vec::new();
    for line in lines[..row].iter().rev() {
        let (at, dash, key, blank) = beside(line);
        if line.trim() == "---"
            || (!blank && at < indent)
            || lines[row].trim_start().starts_with("- ")
        {
            break;
        }
        if at == indent {
            found.extend(key);
            if dash {
                break;
            }
        }
    }
    for line in &lines[row + 1..] {
        let (at, dash, key, blank) = beside(line);
        if line.trim() == "---" || (!blank && (at < indent || (at == indent && dash))) {
            break;
        }
        if at == indent {
            found.extend(key);
        }
    }
    found
}

/// `apiVersion` and `kind` of the document that a row is in.
fn document_of(lines: &[String], row: usize) -> (String, String) {
    let start =
        lines[..row].iter().rposition(|line| line.trim_end() == "---").map_or(0, |at| at + 1);
    let end = lines[row..]
        .iter()
        .position(|line| line.trim_end() == "---")
        .map_or(lines.len(), |at| row + at);
    let find = |key: &str| {
        let value = lines[start..end.max(start)]
            .iter()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        value
            .unwrap_or("")
            .split('#')
            .next()
            .unwrap_or("")
            .trim()
            .trim_matches(['"', '\''])
            .to_owned()
    };
    (find("apiVersion"), find("kind"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(text: &str) -> Vec<String> {
        let (row, column) = text
            .lines()
            .enumerate()
            .find_map(|(row, line)| Some((row, line.chars().position(|c| c == '|')?)))
            .expect("a cursor");
        let lines: Vec<String> = text.replace('|', "").lines().map(str::to_owned).collect();
        let found = at(&lines, row, column).unwrap_or_default();
        found.choices.into_iter().map(|choice| choice.text).collect()
    }

    const SERVICE: &str = "apiVersion: v1\nkind: Service\n";

    #[test]
    fn fields_come_from_the_kind_s_schema() {
        assert_eq!(complete(&format!("{SERVICE}spec:\n  sel|\n")), ["selector"]);
        assert_eq!(complete(&format!("{SERVICE}spec:\n  ports:\n  - tar|\n")), ["targetPort"]);
        assert_eq!(
            complete(&format!("{SERVICE}spec:\n  ports:\n    - port: 80\n      tar|\n")),
            ["targetPort"]
        );
    }

    #[test]
    fn a_field_without_effect_says_so_first() {
        let lines: Vec<String> = "apiVersion: v1\nkind: Pod\nspec:\n  hostPID: true\n"
            .lines()
            .map(str::to_owned)
            .collect();
        let found = about(&lines, 3).expect("a field");
        assert!(found.choices[0].doc.starts_with("No effect here: what processes see"));
    }

    #[test]
    fn fields_that_are_there_are_not_offered_again() {
        let found = complete(&format!("{SERVICE}spec:\n  selector:\n    app: x\n  s|\n"));
        assert!(!found.contains(&"selector".to_owned()), "{found:?}");
        assert!(found.contains(&"sessionAffinity".to_owned()));
    }

    #[test]
    fn values_with_a_fixed_choice_are_offered() {
        assert!(
            complete(&format!("{SERVICE}spec:\n  type: No|\n")).contains(&"NodePort".to_owned())
        );
    }

    #[test]
    fn a_field_that_stands_there_is_explained() {
        let text = format!("{SERVICE}spec:\n  ports:\n  - targetPort: 80\n");
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let found = about(&lines, 4).expect("a field");
        assert_eq!((found.choices[0].text.as_str(), found.known), ("targetPort", true));
        assert!(found.choices[0].doc.contains("port to access on the pods"), "{found:?}");
    }

    #[test]
    fn a_new_document_begins_with_its_version_and_kind() {
        assert_eq!(complete("ki|\n"), ["kind"]);
        assert_eq!(complete(&format!("{SERVICE}---\napi|\n")), ["apiVersion"]);
    }
}
