//! `kubectl explain`: a field's documentation, from the schema that manifests are checked by.

use super::super::super::tool::Io;
use super::command::{self, Command};
use super::flags::{switch, text};
use super::{Call, DONE, Failure, Outcome};
use crate::api::Kind;
use crate::manifest::schema::{Field, Schema, Struct};

pub(super) static COMMAND: Command = Command {
    name: "explain",
    short: "Get documentation for a resource",
    examples: "  # The fields of a kind\n  kubectl explain pods\n  \n  # One of them\n  kubectl explain \
               services.spec.ports",
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group]",
    flags: &[&[
        switch("recursive", Some('R'), "Show the fields of the fields, too."),
        text("api-version", None, "The API version."),
        text("output", Some('o'), "plaintext or plaintext-openapiv2."),
    ]],
    run,
    ..command::PLAIN
};

/// How wide a description is.
const WIDTH: usize = 76;

fn run(call: Call, io: &mut Io<'_>) -> Outcome {
    let [path] = call.arguments.positional.as_slice() else {
        let text = match call.arguments.positional.len() {
            0 => {
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" \
                  for a complete list of supported resources."
            }
            _ => "We accept only this format: explain RESOURCE",
        };
        return Err(Failure::message(text));
    };
    let (word, fields) = path.split_once('.').unwrap_or((path, ""));
    // `deployments.apps` is a kind with its group; `deployments.spec` is a kind and a field.
    let (kind, fields) = match Kind::from_word(path) {
        Some(kind) => (kind, ""),
        None => (kind(word)?, fields),
    };
    let info = kind.info();
    let wanted = call.arguments.text("api-version");
    if !wanted.is_empty() && wanted != info.api_version() {
        let (group, version) = wanted.split_once('/').unwrap_or(("", wanted));
        return Err(Failure::message(format!(
            "couldn't find resource for \"{group}/{version}, Resource={}\"",
            info.plural
        )));
    }
    match call.arguments.get("output").unwrap_or("plaintext") {
        "plaintext" => {}
        "plaintext-openapiv2" => {
            let instead = "leave -o out";
            return Err(Failure::not_simulated("-o plaintext-openapiv2", instead));
        }
        other => {
            return Err(Failure::message(format!("unrecognized format: {other}")));
        }
    }
    let Some(schema) = Schema::of(&info.api_version(), info.name) else {
        return Err(Failure::not_simulated(
            &format!("explain {kind}"),
            "see 'kubectl api-resources'",
        ));
    };
    if !info.group.is_empty() {
        io.say(format!("GROUP:      {}", info.group));
    }
    io.say(format!("KIND:       {}", info.name));
    io.say(format!("VERSION:    {}", info.version));
    io.say("");
    let page = page(schema, fields, call.arguments.on("recursive"))?;
    io.stdout.extend_from_slice(page.as_bytes());
    DONE
}

fn kind(word: &str) -> Result<Kind, Failure> {
    super::target::kind(word).map_err(Failure::bare)
}

fn page(schema: &Schema, path: &str, recursive: bool) -> Result<String, Failure> {
    let mut page = String::new();
    let mut documentation = String::new();
    if !path.is_empty() {
        let field = schema.field(path).filter(|_| is_plain(path)).ok_or_else(|| {
            let missing = first_missing(schema, path);
            Failure::message(format!("field \"{missing}\" does not exist"))
        })?;
        page += &format!("FIELD: {}{}\n", typed(schema, field), required(field));
        if field.choices.is_empty() {
            page.push('\n');
        } else {
            page += "ENUM:\n";
            page.extend(field.choices.iter().map(|choice| format!("    {choice}\n")));
        }
        page.push('\n');
        documentation += &described(&self::documentation(field));
        if let Some(why) = without_effect(schema, path) {
            documentation += &described(&format!("No effect in this simulation: {why}."));
        }
    }
    let below = schema.below(path);
    if let Some(below) = below.filter(|below| !below.doc.is_empty()) {
        documentation += &described(&below.doc);
    }
    if documentation.is_empty() {
        documentation += &described("<empty>");
    }
    page += &format!("DESCRIPTION:\n{documentation}    \n");
    match below.filter(|below| !below.fields.is_empty()) {
        Some(below) => {
            page += "FIELDS:\n";
            fields(schema, below, recursive.then_some(0), &mut page);
            page.push('\n');
        }
        None => page.push('\n'),
    }
    Ok(page)
}

/// Why a field, or what it stands in, has no effect here.
fn without_effect(schema: &Schema, path: &str) -> Option<&'static str> {
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    let mut fields = ends.filter_map(|end| schema.field(&path[..end]));
    fields.find_map(|field| field.idle).map(|idle| idle.reason())
}

/// A path of names alone, without indices.
fn is_plain(path: &str) -> bool {
    !path.contains(['[', ']'])
}

/// The first name of a path that is no field.
fn first_missing<'p>(schema: &Schema, path: &'p str) -> &'p str {
    let mut end = 0;
    for name in path.split('.') {
        end += name.len();
        if schema.field(&path[..end]).is_none() {
            return name;
        }
        end += 1;
    }
    path
}

/// `ports <[]ServicePort>`
fn typed(schema: &Schema, field: &Field) -> String {
    format!("{} <{}>", field.name, schema.words(&field.holds))
}

fn required(field: &Field) -> &'static str {
    if field.required { " -required-" } else { "" }
}

/// The fields of a type: with their documentation, or (at a depth) with their own fields.
fn fields(schema: &Schema, of: &Struct, depth: Option<usize>, page: &mut String) {
    let indent = "  ".repeat(depth.unwrap_or(0) + 1);
    let count = of.fields.len();
    for (index, field) in of.fields.values().enumerate() {
        let words = schema.words(&field.holds);
        *page += &format!("{indent}{}\t<{words}>{}\n", field.name, required(field));
        if !field.choices.is_empty() {
            *page += &format!("{indent}enum: {}\n", field.choices.join(", "));
        }
        match depth {
            None => {
                *page += &described(&documentation(field));
                if index + 1 < count {
                    page.push('\n');
                }
            }
            Some(depth) => {
                // A schema that contains itself (JSONSchemaProps) ends somewhere.
                let inner = schema.object(&field.holds).filter(|_| depth < 12);
                if let Some(inner) = inner {
                    fields(schema, inner, Some(depth + 1), page);
                }
            }
        }
    }
}

/// A field's documentation, with the values that it may have.
fn documentation(field: &Field) -> String {
    if field.choices.is_empty() {
        return field.doc.clone();
    }
    let choices: Vec<String> =
        field.choices.iter().map(|choice| choice_text(field, choice)).collect();
    format!("{}\n\nPossible enum values:\n{}", field.doc.trim_end(), choices.join("\n"))
}

/// One of a field's values, in the server's words where they say more than the value itself.
fn choice_text(field: &Field, choice: &str) -> String {
    let meaning = field.meaning(choice).map(|meaning| format!(" {meaning}")).unwrap_or_default();
    format!(" - `\"{choice}\"`{meaning}")
}

/// A text, wrapped and indented.
fn described(text: &str) -> String {
    wrap(text, WIDTH).split('\n').map(|line| format!("    {line}\n")).collect()
}

/// Breaks lines at spaces before they grow longer than `width`; line breaks and indents of the text
/// stay. A word that is longer than a line is left whole where it stands.
fn wrap(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    let (mut word, mut space) = (String::new(), String::new());
    for c in text.trim_end().chars() {
        let (word_length, space_length) = (word.chars().count(), space.chars().count());
        if c == '\n' {
            if !word.is_empty() || length + space_length <= width {
                out += &space;
                out += &word;
            }
            word.clear();
            space.clear();
            out.push('\n');
            length = 0;
        } else if c == ' ' || c == '\t' {
            if space.is_empty() || !word.is_empty() {
                length += space_length + word_length;
                out += &space;
                out += &word;
                space.clear();
                word.clear();
            }
            space.push(c);
        } else {
            word.push(c);
            if length + word_length + 1 + space_length > width && word_length + 1 < width {
                out.push('\n');
                length = 0;
                space.clear();
            }
        }
    }
    out += &space;
    out += &word;
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_without_effect_says_so() {
        let schema = Schema::of("v1", "Pod").expect("a schema");
        let page = |path: &str| page(schema, path, false).unwrap_or_default();
        let told = |path: &str| page(path).contains("    No effect in this simulation: users and");
        assert!(told("spec.containers.securityContext.seLinuxOptions"));
        assert!(told("spec.containers.securityContext.seLinuxOptions.level"));
        assert!(!told("spec.containers.image"));
    }

    #[test]
    fn lines_break_before_they_are_too_long() {
        assert_eq!(wrap("one two three", 8), "one two\nthree");
        assert_eq!(wrap("a\n\n  b c", 20), "a\n\n  b c");
        assert_eq!(wrap("averyverylongword x", 8), "averyverylongword\nx");
    }
}
