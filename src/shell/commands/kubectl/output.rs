//! `-o`: how objects are printed other than as tables.

use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::flags::Arguments;
use super::go_template::GoTemplate;
use super::jsonpath::Template;
use super::tabs::align_as_table;
use super::{Call, Failure};
use crate::api::Object;
use crate::diagnostic::printable;
use crate::manifest;

/// A form that objects are printed in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Output {
    /// A table, perhaps with more columns.
    Table { wide: bool },
    /// YAML.
    Yaml,
    /// YAML in JSON's brackets.
    Kyaml,
    /// JSON.
    Json,
    /// `pod/web`
    Name,
    /// What a template finds.
    JsonPath(Template),
    /// What a template finds, as a JSON list.
    JsonPathAsJson(Template),
    /// What a Go template prints.
    Go(GoTemplate),
    /// A table of one's own.
    CustomColumns(Columns),
}

/// The columns of `custom-columns`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Columns {
    /// Each column's header and path, or what is wrong with the path.
    columns: Vec<(String, Result<Template, String>)>,
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
    pub fn of_get(call: &Call, io: &Io<'_>) -> Result<Output, Failure> {
        let given = call.arguments.text("output");
        match given {
            "" if call.arguments.text("template").is_empty() => Ok(Output::Table { wide: false }),
            "wide" => Ok(Output::Table { wide: true }),
            _ => {
                let output = Output::parse(call, io, GET_FORMATS)?;
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
    pub fn of_write(call: &Call, io: &Io<'_>) -> Result<Option<Output>, Failure> {
        let arguments = &call.arguments;
        match (arguments.text("output"), arguments.text("template")) {
            ("", "") => Ok(None),
            _ => Output::parse(call, io, WRITE_FORMATS).map(Some),
        }
    }

    /// The form that `-o` and `--template` name: the template stands behind `=` or is a flag of its
    /// own, and then needs no `-o` (`cli-runtime/pkg/genericclioptions`).
    fn parse(call: &Call, io: &Io<'_>, allowed: &str) -> Result<Output, Failure> {
        let arguments = &call.arguments;
        // What is made on the client's side alone has none on a real cluster either.
        without_managed_fields(arguments)?;
        let flag = arguments.text("template");
        let given = match arguments.text("output") {
            "" => "go-template",
            given => given,
        };
        let lenient = !arguments.given("allow-missing-template-keys")
            || arguments.on("allow-missing-template-keys");
        let unknown = || {
            let text = format!(
                "unable to match a printer suitable for the output format \"{given}\", allowed \
                 formats are: {allowed}"
            );
            Err(Failure::message(text))
        };
        match given.to_lowercase().as_str() {
            "yaml" => return Ok(Output::Yaml),
            "json" => return Ok(Output::Json),
            "name" => return Ok(Output::Name),
            "kyaml" => return Ok(Output::Kyaml),
            _ => {}
        }
        let (format, text) = match given.split_once('=') {
            Some((format, _)) if !flag.is_empty() => (format, flag),
            Some((format, text)) => (format, text),
            None => (given, flag),
        };
        let takes_text = format.starts_with("jsonpath")
            || format.starts_with("custom-columns")
            || format.contains("template");
        if !takes_text || !allowed.split(',').any(|name| name == format) {
            return unknown();
        }
        let columns = format.starts_with("custom-columns");
        if text.is_empty() {
            return Err(Failure::message(match columns {
                true => format!("{format} format specified but no custom columns given"),
                false => "template format specified but no template given".to_owned(),
            }));
        }
        let text = match format.strip_suffix("file") {
            Some(_) => from_file(io, text, columns)?,
            None => text.to_owned(),
        };
        match format {
            "custom-columns" => Columns::parse(&text).map(Output::CustomColumns),
            "custom-columns-file" => Columns::of_lines(&text).map(Output::CustomColumns),
            "jsonpath-as-json" => parse_template(&text, lenient).map(Output::JsonPathAsJson),
            "jsonpath" | "jsonpath-file" => parse_template(&text, lenient).map(Output::JsonPath),
            _ => match GoTemplate::parse(&text, !lenient) {
                Ok(template) => Ok(Output::Go(template)),
                Err(reason) => {
                    let text = format!("error parsing template {text}, {reason}");
                    Err(Failure::message(text))
                }
            },
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
            Output::Kyaml => Ok(super::kyaml::print(None, value)),
            Output::JsonPath(template) => template.print(value).map_err(Failure::message),
            Output::Go(template) => template.print(value).map_err(template_failure),
            Output::JsonPathAsJson(template) => {
                let found = template.find(value).map_err(Failure::message)?;
                Ok(manifest::to_json_pretty(&Value::Array(found)))
            }
            _ => Ok(manifest::to_json_pretty(value)),
        }
    }
}

/// What is wrong with a Go template: kubectl writes what helps to debug it among its output.
pub(super) fn template_failure((printed, reason): (String, String)) -> Failure {
    Failure::Printed { output: printed, text: format!("error: {reason}") }
}

/// Managed fields are not there to be kept. What is made on the client's side alone has none on a
/// real cluster either, and the other forms have them or not, whatever the flag says.
fn without_managed_fields(arguments: &Arguments) -> Result<(), Failure> {
    let format = arguments.text("output").to_lowercase();
    let keeps = matches!(format.as_str(), "json" | "yaml" | "kyaml")
        && arguments.on("show-managed-fields")
        && arguments.text("dry-run") != "client";
    let instead = "objects have no managed fields here";
    match keeps {
        true => Err(Failure::not_simulated("--show-managed-fields", instead)),
        false => Ok(()),
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

/// What a file holds that `-o …-file=FILE` names.
fn from_file(io: &Io<'_>, path: &str, columns: bool) -> Result<String, Failure> {
    let bytes = io.read_file(path).map_err(|reason| {
        let reason = format!("open {path}: {}", reason.to_lowercase());
        Failure::message(match columns {
            true => format!("error reading template {path}, {reason}\n"),
            false => format!("error reading --template {path}, {reason}"),
        })
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse_template(text: &str, lenient: bool) -> Result<Template, Failure> {
    Template::parse(text)
        .map(|template| template.lenient(lenient))
        .map_err(|reason| Failure::message(format!("error parsing jsonpath {text}, {reason}")))
}

impl Columns {
    fn parse(text: &str) -> Result<Columns, Failure> {
        if text.is_empty() {
            return Err(Failure::message(
                "custom-columns format specified but no custom columns given",
            ));
        }
        let column = |part: &str| match part.split_once(':') {
            Some((header, path)) => Columns::column(header, path),
            _ => Err(Failure::message(format!(
                "unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"
            ))),
        };
        let columns = text.split(',').map(column).collect::<Result<_, _>>()?;
        Ok(Columns { columns, headers: true })
    }

    fn column(header: &str, path: &str) -> Result<(String, Result<Template, String>), Failure> {
        let path = Template::completed(path).map_err(Failure::message)?;
        Ok((header.to_owned(), Template::parse(&path)))
    }

    /// Columns from a file: a line of headers, and a line of paths.
    fn of_lines(text: &str) -> Result<Columns, Failure> {
        let mut lines = text.lines();
        let mut line = |what: &str| {
            let words = lines.next().map(|line| line.split_whitespace().collect::<Vec<_>>());
            words.ok_or_else(|| {
                Failure::message(format!(
                    "invalid template, missing {what} line. Expected format is one line of space \
                     separated headers, one line of space separated column specs."
                ))
            })
        };
        let (headers, paths) = (line("header")?, line("spec")?);
        if headers.len() != paths.len() {
            let (headers, paths) = (headers.len(), paths.len());
            let text = format!(
                "number of headers ({headers}) and field specifications ({paths}) don't match"
            );
            return Err(Failure::message(text));
        }
        let columns =
            headers.iter().zip(&paths).map(|(header, path)| Columns::column(header, path));
        Ok(Columns { columns: columns.collect::<Result<_, _>>()?, headers: true })
    }

    fn print(&self, values: &[Value]) -> Result<String, Failure> {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let mut text = String::new();
        if self.headers {
            text += &(names.join("\t") + "\n");
        }
        // What was written before something goes wrong is printed; cells are not cut, so that the
        // lines of one are lines of the table (`printObj` in customcolumn.go).
        match self.rows(values, &mut text) {
            Ok(()) => Ok(align_as_table(&text)),
            Err(why) => Err(Failure::Printed {
                output: align_as_table(&text),
                text: format!("error: {why}"),
            }),
        }
    }

    fn rows(&self, values: &[Value], text: &mut String) -> Result<(), String> {
        let paths = self.columns.iter().map(|(_, path)| path.as_ref());
        let paths: Vec<&Template> = paths.collect::<Result<_, _>>().map_err(String::clone)?;
        for value in values {
            let cells = paths.iter().map(|path| cell(path, value));
            let cells: Vec<String> = cells.collect::<Result<_, _>>()?;
            *text += &(printable(&cells.join("\t")) + "\n");
        }
        Ok(())
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
        Value::Null => "<nil>".to_owned(),
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
        let columns = Columns::parse("NAME:.metadata.name").expect("ok");
        let Output::CustomColumns(columns) = Output::CustomColumns(columns).with_headers(false)
        else {
            panic!("custom columns stay custom columns");
        };
        let value = json!({"metadata": {"name": "web"}});
        assert_eq!(columns.print(&[value]).expect("a table"), "web\n");
    }

    // `kubectl get pods -o bogus`, `kubectl run … --dry-run=client -o wide`, kubectl 1.36.3
    #[test]
    fn unknown_formats_list_the_known_ones() {
        let said = |script: &str| crate::shell::tests::complaint(script).0;
        let get = said("kubectl get pods -o bogus");
        assert!(get.ends_with("output format \"bogus\", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml\n"), "{get}");
        let run = said("kubectl run web --image=nginx --dry-run=client -o wide");
        assert!(
            run.contains("\"wide\", allowed formats are: go-template,") && !run.contains("wide,"),
            "{run}"
        );
    }

    // By kubectl 1.36.3; columns are six wide at least (cli-runtime, `printers.GetNewTabWriter`).
    #[test]
    fn null_is_nil_in_columns_of_ones_own() {
        let columns = Columns::of_lines("A B C D\n.nul .list .m .nope\n").expect("ok");
        let value = json!({"nul": null, "list": [], "m": {}});
        assert_eq!(
            columns.print(&[value]).expect("a table"),
            "A       B     C       D\n<nil>   []    map[]   <none>\n"
        );
    }
}
