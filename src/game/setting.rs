//! `set FILE PATH=VALUE`: one field of a manifest by its path, the rest of the text as it was.

use crate::manifest::{self, Document};

/// Sets a field: `spec.selector.app` of the first document that has it or where it can stand, or
/// `Service.spec.type` of the document of that kind. A number in a path is an item of a list:
/// `spec.ports[0].targetPort`.
///
/// # Errors
/// Why not, in one sentence.
pub fn set_field(text: &str, path: &str, value: &str) -> Result<String, String> {
    let (documents, faults) = manifest::parse("", text);
    if documents.is_empty() {
        let why = faults.first().map_or("it is empty".to_owned(), |fault| fault.message.clone());
        return Err(format!("No field can be set: {why}."));
    }
    let (kind, bare) = path.split_once('.').unwrap_or(("", path));
    let of_kind = |document: &&Document| {
        document.value.get("kind").and_then(|kind| kind.as_str()) == Some(kind)
    };
    let (documents, path): (Vec<&Document>, &str) = match documents.iter().any(|one| of_kind(&one))
    {
        true => (documents.iter().filter(of_kind).collect(), bare),
        false => (documents.iter().collect(), path),
    };
    if let Some(at) = documents.iter().find_map(|document| document.positions.find(path)) {
        let found = documents.iter().find_map(|document| document.value.pointer(&pointer(path)));
        if found.is_some_and(|value| value.is_object() || value.is_array()) {
            return Err(format!("{path} holds more than one value; name the field inside it."));
        }
        return Ok(replace(text, at.value.line as usize, at.value.column as usize, value));
    }
    let (parent, name) = path.rsplit_once('.').ok_or(format!("There is no field {path}."))?;
    let holder = documents.iter().find_map(|document| {
        let inside = document.value.pointer(&pointer(parent))?.as_object()?;
        let fields = inside.keys();
        let found =
            fields.filter_map(|name| document.positions.find(&manifest::field(parent, name)));
        found.min_by_key(|at| (at.key.line, at.key.column))
    });
    let at = holder.ok_or(format!("There is no {parent} to set {name} in."))?;
    let indent = " ".repeat((at.key.column as usize).saturating_sub(1));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let row = at.key.line as usize - 1;
    // The first item of a list keeps its dash.
    let dashed = lines[row].trim_start().starts_with("- ");
    let (before, after) = lines[row].split_at(indent.len().min(lines[row].len()));
    let (before, after) = (before.to_owned(), after.to_owned());
    if dashed {
        lines[row] = format!("{before}{name}: {value}");
        lines.insert(row + 1, format!("{indent}{after}"));
    } else {
        lines.insert(row, format!("{indent}{name}: {value}"));
    }
    Ok(lines.join("\n") + "\n")
}

/// `spec.ports[0].port` as `/spec/ports/0/port`.
fn pointer(path: &str) -> String {
    manifest::segments(path)
        .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")))
        .collect()
}

/// Replaces the scalar that begins at a line and column, both from 1.
fn replace(text: &str, line: usize, column: usize, value: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(found) = line.checked_sub(1).and_then(|at| lines.get_mut(at)) {
        let start =
            found.char_indices().nth(column.saturating_sub(1)).map_or(found.len(), |(at, _)| at);
        let rest = &found[start..];
        let end = start + scalar_length(rest);
        found.replace_range(start..end, value);
    }
    lines.join("\n") + "\n"
}

/// The bytes of the scalar at the beginning of a text: up to its closing quote, or to a comment, a
/// comma or a bracket, or the line's end.
fn scalar_length(text: &str) -> usize {
    if let Some(quote) = text.chars().next().filter(|c| ['"', '\''].contains(c)) {
        return text[1..].find(quote).map_or(text.len(), |end| end + 2);
    }
    let comment = text.find(" #").unwrap_or(text.len());
    let flow = text.find([',', '}', ']']).unwrap_or(text.len());
    text[..comment.min(flow)].trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "kind: Service # a door\nspec:\n  selector:\n    app: backnd # why\n  ports:\n  - port: 80\n    name: \"web\"\n---\nkind: Pod\nspec: {nodeName: a, hostNetwork: true}\n";

    fn set(path: &str, value: &str) -> String {
        set_field(SERVICE, path, value).unwrap_or_else(|error| error)
    }

    #[test]
    fn a_field_is_set_and_its_comment_stays() {
        assert!(set("spec.selector.app", "backend").contains("    app: backend # why\n"));
        assert!(set("spec.ports[0].name", "http").contains("    name: http\n"));
        assert!(
            set("Pod.spec.nodeName", "node-1").contains("{nodeName: node-1, hostNetwork: true}")
        );
    }

    #[test]
    fn a_field_that_is_missing_is_added_where_it_belongs() {
        assert!(set("spec.type", "NodePort").contains("spec:\n  type: NodePort\n  selector:"));
        let added = set("spec.ports[0].targetPort", "8080");
        assert!(added.contains("  - targetPort: 8080\n    port: 80\n"), "{added}");
    }

    #[test]
    fn what_cannot_be_set_says_why() {
        assert!(set("spec.selector", "x").contains("more than one value"));
        assert!(set("status.phase", "x").contains("no status to set phase in"));
        assert!(set_field("", "a.b", "x").is_err());
    }
}
