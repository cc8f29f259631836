//! KYAML: YAML that is written like JSON, so that no indentation and no unquoted word can be
//! misread (KEP-5295, `sigs.k8s.io/yaml/kyaml`).

use serde_json::Value;

use super::go_types::{Shape, ordered};
use crate::manifest::is_plain_text;

/// `value` as `-o kyaml` prints it; with a shape, in the order of Go's type.
pub(super) fn print(shape: Shape, value: &Value) -> String {
    let mut out = String::from("---\n");
    write(&mut out, shape, value, 0);
    out.push('\n');
    out
}

fn write(out: &mut String, shape: Shape, value: &Value, depth: usize) {
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        *out += &"  ".repeat(depth);
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            out.push('{');
            for (name, value, shape) in ordered(shape, fields) {
                newline(out, depth + 1);
                *out += &key(name);
                *out += ": ";
                write(out, shape, value, depth + 1);
                out.push(',');
            }
            newline(out, depth);
            out.push('}');
        }
        Value::Array(items) if !items.is_empty() => {
            let shape = super::go_types::of_items(shape);
            // Items with brackets of their own stand between those of the list.
            let cuddled = items.iter().all(Value::is_object) || items.iter().all(Value::is_array);
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if cuddled {
                    *out += if index > 0 { ", " } else { "" };
                    write(out, shape, item, depth);
                } else {
                    newline(out, depth + 1);
                    write(out, shape, item, depth + 1);
                    out.push(',');
                }
            }
            if !cuddled {
                newline(out, depth);
            }
            out.push(']');
        }
        Value::String(text) => *out += &quoted(text, depth),
        other => *out += crate::manifest::to_yaml(other).trim_end(),
    }
}

/// A key stands without quotes where it can only be read as a word.
fn key(name: &str) -> String {
    let edge = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let safe = name.starts_with(edge)
        && name.ends_with(edge)
        && name.chars().all(|c| edge(c) || matches!(c, '.' | '-' | '/'));
    if safe && is_plain_text(name) { name.to_owned() } else { quoted(name, 0) }
}

/// A text in quotes; several lines each on their own, folded by a backslash at their ends.
fn quoted(text: &str, depth: usize) -> String {
    if !text.contains('\n') {
        return format!("\"{}\"", escaped(text));
    }
    let indent = "  ".repeat(depth);
    let mut out = String::from("\"\\");
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\\n"),
            None => (line, ""),
        };
        let start = if line.starts_with([' ', '\t']) { "\\" } else { " " };
        out += &format!("\n{indent}  {start}{}{end}\\", escaped(line));
    }
    format!("{out}\n{indent}  \"")
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\r' => out += "\\r",
            c if c.is_control() && c != '\t' => out += &format!("\\x{:02x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // `kubectl annotate -f e.yaml q=a --local -o kyaml`, kubectl 1.36.3
    #[test]
    fn brackets_stand_together_and_words_are_quoted() {
        let value = json!({
            "s": [{"a": [{"b": "c"}]}, {}], "x": [], "y": [[1], [2, {"a": 1}]],
            "on": true, "1a": "yes", "a-": null
        });
        let expected = "---\n{\n  1a: \"yes\",\n  \"a-\": null,\n  \"on\": true,\n  s: [{\n    a: \
                        [{\n      b: \"c\",\n    }],\n  }, {}],\n  x: [],\n  \"y\": [[\n    1,\n  ], \
                        [\n    2,\n    {\n      a: 1,\n    },\n  ]],\n}\n";
        assert_eq!(print(None, &value), expected);
    }

    // `kubectl create cm a --from-literal=… --dry-run=client -o kyaml`, kubectl 1.36.3
    #[test]
    fn a_text_of_several_lines_is_folded() {
        let value = json!({"k": "one\n \"two\""});
        let expected = "---\n{\n  k: \"\\\n     one\\n\\\n    \\ \\\"two\\\"\\\n    \",\n}\n";
        assert_eq!(print(None, &value), expected);
    }
}
