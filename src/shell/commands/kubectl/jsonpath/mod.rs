//! kubectl's JSONPath dialect (`client-go/util/jsonpath`): a template whose braces hold paths.
//!
//! Fields, `[n]`, `[a:b:c]`, negative indices, `[*]`, unions, `..`, filters `[?(@.x=="y")]`,
//! quoted text, and `{range …}…{end}`. A field that does not exist yields nothing.

mod eval;
mod go;
mod parse;

use serde_json::Value;

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template {
    text: String,
    nodes: Vec<Node>,
    /// Whether a field that does not exist is an error.
    strict: bool,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// Text outside braces.
    Text(String),
    /// `{.a.b}`
    Action(Vec<Part>),
    /// `{range .a[*]} … {end}`
    Range { over: Vec<Part>, body: Vec<Node> },
    /// `{end}` without a range.
    StrayEnd,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    /// `.name`
    Field(String),
    /// `*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[start:end:step]`
    Slice(Slice),
    /// `[0,2]`
    Union(Vec<Vec<Part>>),
    /// `[?(left operator right)]`
    Filter { left: Vec<Part>, operator: String, right: Vec<Part> },
    /// `"text"`
    Text(String),
    /// `12`
    Integer(i64),
    /// `1.5`
    Float(f64),
    /// `true`
    Bool(bool),
    /// A word that means nothing.
    Identifier(String),
}

/// The numbers of `[start:end:step]`. An index `[n]` is the slice from `n` to what follows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slice {
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
    /// Whether the end was worked out from a single index.
    derived: bool,
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// kubectl's words: `unclosed action`.
    pub fn parse(text: &str) -> Result<Template, String> {
        Ok(Template { text: text.to_owned(), nodes: parse::template(text)?, strict: false })
    }

    /// The same template, for which a field that does not exist is nothing or (not `lenient`) an
    /// error.
    pub fn lenient(self, lenient: bool) -> Template {
        Template { strict: !lenient, ..self }
    }

    /// Parses a path as `--sort-by`, `custom-columns` and `wait` take it: with or without braces
    /// and first dot.
    ///
    /// # Errors
    /// kubectl's words.
    pub fn relaxed(text: &str) -> Result<Template, String> {
        Template::parse(&Template::completed(text)?)
    }

    /// The same, with its braces and its dot, not yet parsed (`RelaxedJSONPathExpression`).
    ///
    /// # Errors
    /// kubectl's words.
    pub fn completed(text: &str) -> Result<String, String> {
        let wrong = || {
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or \
             '{name1.name2}' or '{.name1.name2}'"
                .to_owned()
        };
        if text.is_empty() {
            return Ok(String::new());
        }
        let inner = match text.strip_prefix('{') {
            Some(rest) => rest.strip_suffix('}').ok_or_else(wrong)?,
            None => text,
        };
        if inner.is_empty() || inner.contains(['{', '}']) {
            return Err(wrong());
        }
        let dot = if inner.starts_with(['.', '[', '$', '@']) { "" } else { "." };
        Ok(format!("{{{dot}{inner}}}"))
    }

    /// What the template prints for a value.
    ///
    /// # Errors
    /// kubectl's words, for example an index that is out of bounds.
    pub fn print(&self, value: &Value) -> Result<String, String> {
        let results = eval::results(&self.nodes, value, self.strict).map_err(|reason| {
            format!(
                "error executing jsonpath {:?}: Error executing template: {reason}. Printing more \
                 information for debugging the template:\n\ttemplate was:\n\t\t{}\n\tobject given \
                 to jsonpath engine was:\n\t\t{}\n\n\n",
                self.text,
                self.text,
                go::syntax(value)
            )
        })?;
        Ok(results
            .iter()
            .map(|set| set.iter().map(go::text).collect::<Vec<_>>().join(" "))
            .collect())
    }

    /// The values that the template's first path finds.
    ///
    /// # Errors
    /// kubectl's words.
    pub fn find(&self, value: &Value) -> Result<Vec<Value>, String> {
        Ok(eval::results(&self.nodes, value, self.strict)?.into_iter().flatten().collect())
    }
}

/// The order of two values of one type; `None` for values that cannot be compared.
pub(super) fn compare(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    eval::compare(left, right)
}

/// A value as a cell or a jsonpath result shows it.
pub(super) fn text(value: &Value) -> String {
    go::text(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn data() -> Value {
        json!({
            "kind": "List",
            "items": [
                {"metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}},
                 "spec": {"port": 80, "ready": true}},
                {"metadata": {"name": "b"}, "spec": {"port": 443, "ready": false}},
                {"metadata": {"name": "c"}, "spec": {"port": 8080}}
            ]
        })
    }

    fn print(template: &str) -> String {
        Template::parse(template).and_then(|t| t.print(&data())).unwrap_or_else(|e| e)
    }

    #[test]
    fn fields_indices_and_slices() {
        assert_eq!(print("{.kind}"), "List");
        assert_eq!(print("{$.items[0].metadata.name}"), "a");
        assert_eq!(print("{ .items[-1].metadata.name }"), "c");
        assert_eq!(print("{.items[0:2].metadata.name}"), "a b");
        assert_eq!(print("{.items[*].spec.port}"), "80 443 8080");
        assert_eq!(print("{.items[0,2].metadata.name}"), "a c");
        assert_eq!(print("{.items[::2].metadata.name}"), "a c");
    }

    // Found by fuzzing: each `..` multiplied what was found.
    #[test]
    fn descents_that_multiply_have_a_bound() {
        let told = print(&format!("{{{}}}", "..".repeat(40)));
        assert!(told.contains("more than 100000 values are not simulated here"), "{told}");
    }

    #[test]
    fn a_missing_field_is_nothing() {
        assert_eq!(print("{.clusterIp}"), "");
        assert_eq!(print("[{.nope.deeper}]"), "[]");
    }

    // C26
    #[test]
    fn filters_compare_or_ask_whether_something_is_there() {
        assert_eq!(print("{.items[?(@.metadata.name==\"b\")].spec.port}"), "443");
        assert_eq!(print("{.items[?(@.spec.port>100)].metadata.name}"), "b c");
        assert_eq!(print("{.items[?(@.metadata.labels)].metadata.name}"), "a");
        assert_eq!(print("{.items[?(@.spec.ready==true)].metadata.name}"), "a");
    }

    #[test]
    fn ranges_repeat_their_body() {
        assert_eq!(
            print("{range .items[*]}{.metadata.name}{\"\\t\"}{.spec.port}{\"\\n\"}{end}done"),
            "a\t80\nb\t443\nc\t8080\ndone"
        );
        assert_eq!(print("{range .none[*]}x{end}y"), "y");
    }

    #[test]
    fn two_dots_search_everywhere() {
        assert_eq!(print("{..name}"), "a b c");
    }

    #[test]
    fn dots_in_keys_are_escaped() {
        assert_eq!(print("{.items[0].metadata.labels.app\\.kubernetes\\.io/name}"), "x");
        assert_eq!(print("{.items[0].metadata.labels['app\\.kubernetes\\.io/name']}"), "x");
    }

    #[test]
    fn maps_and_lists_are_printed_as_json() {
        assert_eq!(print("{.items[1].spec}"), "{\"port\":443,\"ready\":false}");
    }

    #[test]
    fn faults_are_told_in_kubectls_words() {
        let error = |text: &str| Template::parse(text).expect_err(text);
        assert_eq!(error("{.spec.clusterIP"), "unclosed action");
        assert_eq!(error("{.items[0}"), "unterminated array");
        assert_eq!(error("{.items[a]}"), "invalid array index a");
        assert_eq!(error("{.items[?(@.a}"), "unterminated filter");
        assert_eq!(error("{#}"), "unrecognized character in action: U+0023 '#'");
        assert!(print("{.items[7]}").contains("array index out of bounds: index 7, length 3"));
        assert!(print("{foo}").contains("unrecognized identifier foo"));
        assert!(print("{end}").contains("not in range, nothing to end"));
    }

    #[test]
    fn relaxed_paths_need_no_braces() {
        for path in ["kind", ".kind", "{kind}", "{.kind}"] {
            let template = Template::relaxed(path).expect(path);
            assert_eq!(template.find(&data()), Ok(vec![json!("List")]));
        }
        assert!(Template::relaxed("{a").is_err());
    }
}
