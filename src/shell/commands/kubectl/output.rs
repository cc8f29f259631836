//! `-o`: how objects are printed other than as tables.

use serde_json::{Value, json};

use super::jsonpath::Template;
use super::{Call, Failure};
use crate::api::Object;
use crate::api::table::{Column, Layout, Table};
use crate::manifest;

/// A form that objects are printed in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Output {
    /// A table, perhaps with more columns.
    Table { wide: bool },
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// `pod/web`
    Name,
    /// What a template finds.
    JsonPath(Template),
    /// What a template finds, as a JSON list.
    JsonPathAsJson(Template),
    /// A table of one's own.
    CustomColumns(Columns),
}

/// The columns of `custom-columns`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Columns {
    /// Each column's header and path.
    columns: Vec<(String, Template)>,
    /// Whether the headers are printed: `--no-headers` leaves them out.
    headers: bool,
}

/// The formats that `get` names when it knows none such.
const GET_FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,\
                           jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,\
                           templatefile,wide,yaml";
/// The formats of commands that print what they changed.
const WRITE_FORMATS: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,\
                             jsonpath-file,kyaml,name,template,templatefile,yaml";

impl Output {
    /// What `-o` asks `get` for.
    ///
    /// # Errors
    /// kubectl's words for an unknown format or a broken template.
    pub fn of_get(call: &Call) -> Result<Output, Failure> {
        match call.arguments.text("output") {
            "" if call.arguments.given("template") => Err(no_go_template()),
            "" => Ok(Output::Table { wide: false }),
            "wide" => Ok(Output::Table { wide: true }),
            text => {
                let output = Output::parse(text, GET_FORMATS)?;
                Ok(output.with_headers(!call.arguments.on("no-headers")))
            }
        }
    }

    /// The same form, whose own columns have headers or none.
    fn with_headers(self, headers: bool) -> Output {
        match self {
            Output::CustomColumns(columns) => Output::CustomColumns(Columns { headers, ..columns }),
            other => other,
        }
    }

    /// What `-o` asks a command for that otherwise prints one line an object; `None` without `-o`.
    ///
    /// # Errors
    /// As [`Output::of_get`].
    pub fn of_write(call: &Call) -> Result<Option<Output>, Failure> {
        match call.arguments.text("output") {
            "" => Ok(None),
            text => Output::parse(text, WRITE_FORMATS).map(Some),
        }
    }

    fn parse(text: &str, allowed: &str) -> Result<Output, Failure> {
        let (format, argument) = match text.split_once('=') {
            Some((format, argument)) => (format, Some(argument)),
            None => (text, None),
        };
        let known = allowed.split(',').any(|name| name == format);
        if !known {
            return Err(Failure::message(format!(
                "unable to match a printer suitable for the output format \"{format}\", allowed \
                 formats are: {allowed}"
            )));
        }
        match (format, argument) {
            ("yaml", _) => Ok(Output::Yaml),
            ("json", _) => Ok(Output::Json),
            ("name", _) => Ok(Output::Name),
            ("jsonpath" | "jsonpath-as-json" | "go-template" | "template", None | Some("")) => {
                Err(Failure::message("template format specified but no template given"))
            }
            ("jsonpath", Some(template)) => parse_template(template).map(Output::JsonPath),
            ("jsonpath-as-json", Some(template)) => {
                parse_template(template).map(Output::JsonPathAsJson)
            }
            ("custom-columns", argument) => {
                Columns::parse(argument.unwrap_or("")).map(Output::CustomColumns)
            }
            ("kyaml", _) => Err(Failure::not_simulated("-o kyaml", "use -o yaml")),
            ("go-template" | "template", _) => Err(no_go_template()),
            _ => Err(Failure::not_simulated("templates from files", "use -o jsonpath=TEMPLATE")),
        }
    }

    /// Prints objects that were asked for one by one (`single`) or as a list.
    ///
    /// # Errors
    /// When a template does not fit the objects.
    pub fn print(&self, objects: &[Object], single: bool) -> Result<String, Failure> {
        let value = || match objects {
            [one] if single => one.to_value(),
            many => list(many.iter().map(Object::to_value).collect()),
        };
        match self {
            Output::Name => Ok(objects.iter().map(|object| name(object) + "\n").collect()),
            Output::CustomColumns(columns) => {
                columns.print(&objects.iter().map(Object::to_value).collect::<Vec<_>>())
            }
            _ => self.print_value(&value()),
        }
    }

    /// Prints a value that is no table and no name.
    ///
    /// # Errors
    /// When a template does not fit the value.
    pub fn print_value(&self, value: &Value) -> Result<String, Failure> {
        match self {
            Output::Yaml => Ok(manifest::to_yaml(value)),
            Output::JsonPath(template) => template.print(value).map_err(Failure::message),
            Output::JsonPathAsJson(template) => {
                let found = template.find(value).map_err(Failure::message)?;
                Ok(manifest::to_json_pretty(&Value::Array(found)))
            }
            _ => Ok(manifest::to_json_pretty(value)),
        }
    }
}

/// `pod/web`, `deployment.apps/web`
pub(super) fn name(object: &Object) -> String {
    format!("{}/{}", object.kind().prefix(), object.name())
}

/// Several objects as kubectl wraps them.
pub(super) fn list(items: Vec<Value>) -> Value {
    json!({
        "apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}
    })
}

fn parse_template(text: &str) -> Result<Template, Failure> {
    Template::parse(text)
        .map_err(|reason| Failure::message(format!("error parsing jsonpath {text}, {reason}")))
}

fn no_go_template() -> Failure {
    Failure::not_simulated("Go templates", "use -o jsonpath=TEMPLATE or -o custom-columns=…")
}

impl Columns {
    fn parse(text: &str) -> Result<Columns, Failure> {
        if text.is_empty() {
            return Err(Failure::message(
                "custom-columns format specified but no custom columns given",
            ));
        }
        let column = |part: &str| match part.split_once(':') {
            Some((header, path)) if !path.is_empty() => {
                let template = Template::relaxed(path).map_err(Failure::message)?;
                Ok((header.to_owned(), template))
            }
            _ => Err(Failure::message(format!(
                "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            ))),
        };
        let columns = text.split(',').map(column).collect::<Result<_, _>>()?;
        Ok(Columns { columns, headers: true })
    }

    fn print(&self, values: &[Value]) -> Result<String, Failure> {
        let columns =
            self.columns.iter().map(|(name, _)| Column { name: name.clone(), wide: false });
        let mut rows = Vec::new();
        for value in values {
            let cells = self.columns.iter().map(|(_, template)| cell(template, value));
            rows.push(cells.collect::<Result<_, _>>().map_err(Failure::message)?);
        }
        let table = Table { columns: columns.collect(), rows };
        Ok(Layout::default().print(&table, self.headers))
    }
}

/// What a path finds, or `<none>`.
fn cell(template: &Template, value: &Value) -> Result<String, String> {
    let found = template.find(value)?;
    let texts: Vec<String> = found.iter().map(go_value).collect();
    Ok(if texts.is_empty() { "<none>".to_owned() } else { texts.join(",") })
}

/// A value as Go's `%v` prints it: `map[app:web]`, `[a b]`.
pub(super) fn go_value(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let parts: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}:{}", go_value(value))).collect();
            format!("map[{}]", parts.join(" "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(go_value).collect::<Vec<_>>().join(" "))
        }
        Value::Null => "<none>".to_owned(),
        other => super::jsonpath::text(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_columns_are_a_table_of_paths() {
        let columns = Columns::parse("NAME:.metadata.name,L:metadata.labels,X:.nope").expect("ok");
        let value = json!({"metadata": {"name": "web", "labels": {"app": "web"}}});
        assert_eq!(
            columns.print(&[value]).expect("a table"),
            "NAME   L              X\nweb    map[app:web]   <none>\n"
        );
    }

    #[test]
    fn no_headers_holds_for_custom_columns_too() {
        let output = Output::parse("custom-columns=NAME:.metadata.name", GET_FORMATS).expect("ok");
        let Output::CustomColumns(columns) = output.with_headers(false) else {
            panic!("custom columns stay custom columns");
        };
        let value = json!({"metadata": {"name": "web"}});
        assert_eq!(columns.print(&[value]).expect("a table"), "web\n");
    }

    #[test]
    fn unknown_formats_list_the_known_ones() {
        let failure = Output::parse("wid", GET_FORMATS).expect_err("a failure");
        assert_eq!(
            failure.text(),
            "error: unable to match a printer suitable for the output format \"wid\", allowed \
             formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,\
             jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml"
        );
    }
}
