//! `-o go-template`: Go's `text/template` over objects, with the functions that kubectl adds
//! (`cli-runtime/pkg/printers/template.go`).
//!
//! Values are JSON; `<no value>` stands for what is not there. Loops and templates that call each
//! other have bounds.

mod eval;
mod format;
mod functions;
mod lex;
mod parse;

use serde_json::Value;

use parse::Templates;

use crate::manifest::go_json;

/// The functions that a template may call.
const FUNCTIONS: &[&str] = &[
    "and",
    "or",
    "not",
    "len",
    "index",
    "slice",
    "print",
    "printf",
    "println",
    "html",
    "js",
    "urlquery",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "call",
    "exists",
    "base64decode",
];

/// A template.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GoTemplate {
    text: String,
    templates: Templates,
    /// Whether a field that is missing is an error: `--allow-missing-template-keys=false`.
    strict: bool,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// Text outside braces.
    Text(String),
    /// `{{.a | f}}`
    Action(Pipeline),
    /// `{{if}}`
    If { pipeline: Pipeline, body: Vec<Node>, otherwise: Vec<Node> },
    /// `{{with}}`
    With { pipeline: Pipeline, body: Vec<Node>, otherwise: Vec<Node> },
    /// `{{range}}`
    Range { over: Pipeline, body: Vec<Node>, otherwise: Vec<Node> },
    /// `{{template "name" .}}`
    Template { name: String, pipeline: Option<Pipeline>, at: usize },
    /// `{{break}}`
    Break,
    /// `{{continue}}`
    Continue,
}

/// Commands, each of which gets what the one before it made.
#[derive(Clone, Debug, PartialEq)]
struct Pipeline {
    /// Whether the variables are new (`:=`).
    declares: bool,
    /// The variables that it sets.
    names: Vec<String>,
    commands: Vec<Command>,
}

/// A value, or a function and its arguments.
#[derive(Clone, Debug, PartialEq)]
struct Command {
    arguments: Vec<Argument>,
}

/// A word of a command.
#[derive(Clone, Debug, PartialEq)]
struct Argument {
    operand: Operand,
    /// The fields behind it.
    fields: Vec<String>,
    /// Where it stands, in bytes.
    at: usize,
    /// As it is written.
    written: String,
}

/// Where an argument's value comes from.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    /// `.`
    Dot,
    /// `$x`
    Variable(String),
    /// A function's name.
    Function(String),
    /// `"text"`
    Text(String),
    /// `12`
    Number(String),
    /// `true`
    Bool(bool),
    /// `nil`
    Nil,
    /// `( … )`
    Pipeline(Box<Pipeline>),
}

impl GoTemplate {
    /// Reads a template; `strict` makes missing fields errors.
    ///
    /// # Errors
    /// Go's words: `template: output:1: unexpected EOF`.
    pub fn parse(text: &str, strict: bool) -> Result<GoTemplate, String> {
        Ok(GoTemplate { text: text.to_owned(), templates: parse::parse(text)?, strict })
    }

    /// What the template prints for a value.
    ///
    /// # Errors
    /// What was printed until then with kubectl's help for debugging, and kubectl's words.
    pub fn print(&self, value: &Value) -> Result<String, (String, String)> {
        self.print_raw(value, &go_json(value))
    }

    /// The same of an object that is this text in JSON.
    ///
    /// # Errors
    /// As [`GoTemplate::print`].
    pub fn print_raw(&self, value: &Value, raw: &str) -> Result<String, (String, String)> {
        let mut run = eval::Run::new(&self.text, &self.templates, self.strict, value);
        match run.whole(value) {
            Ok(()) => Ok(run.out),
            Err(reason) => {
                let text = &self.text;
                let printed = format!(
                    "{}Error executing template: {reason}. Printing more information for \
                     debugging the template:\n\ttemplate was:\n\t\t{text}\n\traw data \
                     was:\n\t\t{raw}\n\tobject given to template engine was:\n\t\t{}\n\n",
                    run.out,
                    format::plus(value)
                );
                Err((printed, format!("error executing template {text:?}: {reason}")))
            }
        }
    }
}

/// A value as a text of its own: `%v`.
fn shown(value: &Value) -> String {
    format::value(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object() -> Value {
        json!({
            "kind": "ConfigMap", "nul": null, "num": 5, "big": 1_234_567, "f": 1.5, "t": true,
            "list": [3, 1, 2], "objs": [{"name": "x", "v": 1}, {"name": true}],
            "empty": [], "emap": {}, "data": {"a": "1", "b": ""},
            "metadata": {"name": "alpha", "labels": {"app": "web", "a-b": "c"}},
        })
    }

    fn print(text: &str) -> String {
        let template = GoTemplate::parse(text, false);
        let told = template.map(|template| template.print(&object()));
        match told {
            Ok(Ok(text)) => text,
            Ok(Err((_, reason))) => {
                let at = reason.find("\": template: ").expect("a reason") + 3;
                reason[at..].to_owned()
            }
            Err(reason) => reason,
        }
    }

    // Each by kubectl 1.36.3: `create --dry-run=client -f FILE -o go-template=TEMPLATE`.
    #[test]
    fn values_are_printed_as_go_prints_them() {
        for (template, text) in [
            ("{{.metadata.name}}{{\"\\n\"}}", "alpha\n"),
            (
                "{{.nul}} {{.num}} {{.big}} {{.f}} {{.t}} {{.list}} {{.objs}} {{.empty}} {{.emap}} {{.data}}",
                "<no value> 5 1234567 1.5 true [3 1 2] [map[name:x v:1] map[name:true]] [] map[] map[a:1 b:]",
            ),
            ("{{.missing}}", "<no value>"),
            ("{{.missing.deeper}}", "<no value>"),
            ("{{range .objs}}{{.name}}={{.v}};{{end}}", "x=1;true=<no value>;"),
            ("{{range $i, $o := .objs}}{{$i}}:{{$o.name}} {{end}}", "0:x 1:true "),
            ("{{range $k, $v := .metadata.labels}}{{$k}}={{$v}},{{end}}", "a-b=c,app=web,"),
            ("{{range .empty}}x{{else}}none{{end}}", "none"),
            ("{{range .num}}x{{end}}", "xxxxx"),
            ("{{range .nul}}x{{else}}e{{end}}", "e"),
            ("{{if .t}}yes{{else}}no{{end}} {{if .empty}}a{{else if .num}}b{{end}}", "yes b"),
            ("{{with .metadata}}{{.name}}{{end}} {{with .nope}}x{{else}}y{{end}}", "alpha y"),
            (
                "{{index .metadata.labels \"app\"}} {{index .list 1}} {{index .metadata.labels \"zz\"}}|",
                "web 1 <no value>|",
            ),
            (
                "{{printf \"%s %v %d %q\" .metadata.name .num .num .metadata.name}}",
                "alpha 5 5 \"alpha\"",
            ),
            ("{{print .num .metadata.name \"x\" 1 2}} {{println .t}}", "5alphax1 2 true\n"),
            ("{{eq .num 5}}", "true"),
            (
                "{{lt .metadata.name \"b\"}} {{and .t .num}} {{or .nul \"d\"}} {{not .t}}",
                "true 5 d false",
            ),
            ("{{ .metadata.name | len }} {{ \"abc\" | printf \"%s-%s\" \"x\" }}", "5 x-abc"),
            ("a  {{- .num -}}  b {{/* c */}}|", "a5b |"),
            (
                "{{define \"x\"}}[{{.}}]{{end}}{{template \"x\" .num}}{{block \"y\" .f}}({{.}}){{end}}",
                "[5](1.5)",
            ),
            ("{{$x := .num}}{{$x}}{{$x = 3}}{{$x}} {{$.kind}}", "53 ConfigMap"),
            (
                "{{exists .metadata \"name\"}} {{exists .metadata \"labels\" \"zz\"}} {{\"YWJj\" | base64decode}}",
                "true false abc",
            ),
            (
                "{{html \"<a>\"}} {{js \"it's\"}} {{urlquery \"a b\"}} {{slice .metadata.name 1 3}}",
                "&lt;a&gt; it\\'s a+b lp",
            ),
            ("{{(index .objs 0).name}} {{(len .list) | printf \"%03d\"}}", "x 003"),
            (
                "{{printf \"%5.2f|%-6s|%x|%t|%T\" .f .metadata.name \"hi\" .t .num}}",
                " 1.50|alpha |6869|true|int64",
            ),
            (
                "{{printf \"%d\" .num}} {{printf \"%s\" .num}} {{printf \"%v\"}} {{printf \"x\" 1}}",
                "5 %!s(int64=5) %!v(MISSING) x%!(EXTRA int=1)",
            ),
            (
                "{{range .list}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{if eq . 2}}{{break}}{{end}}{{end}}",
                "32",
            ),
        ] {
            assert_eq!(print(template), text, "{template}");
        }
    }

    // By the same.
    #[test]
    fn faults_are_told_in_gos_words() {
        for (template, text) in [
            (
                "{{.nul.deeper}}",
                "template: output:1:6: executing \"output\" at <.nul.deeper>: nil pointer evaluating interface {}.deeper",
            ),
            (
                "{{.num.deeper}}",
                "template: output:1:6: executing \"output\" at <.num.deeper>: can't evaluate field deeper in type interface {}",
            ),
            (
                "{{.metadata.name.x}}",
                "template: output:1:11: executing \"output\" at <.metadata.name.x>: can't evaluate field x in type interface {}",
            ),
            (
                "{{index .list 9}}",
                "template: output:1:2: executing \"output\" at <index .list 9>: error calling index: index out of range: 9",
            ),
            (
                "{{index .metadata.labels 1}}",
                "template: output:1:2: executing \"output\" at <index .metadata.labels 1>: error calling index: value has type int; should be string",
            ),
            (
                "{{len .num}}",
                "template: output:1:2: executing \"output\" at <len .num>: error calling len: len of type int64",
            ),
            (
                "{{eq .num 5.0}}",
                "template: output:1:2: executing \"output\" at <eq .num 5.0>: error calling eq: incompatible types for comparison: int64 and float64",
            ),
            (
                "{{eq .metadata.name 5}}",
                "template: output:1:2: executing \"output\" at <eq .metadata.name 5>: error calling eq: incompatible types for comparison: string and int",
            ),
            ("{{.metadata.labels.a-b}}", "template: output:1: bad character U+002D '-'"),
            ("{{foo}}", "template: output:1: function \"foo\" not defined"),
            ("{{.num | foo}}", "template: output:1: function \"foo\" not defined"),
            ("{{end}}", "template: output:1: unexpected {{end}}"),
            ("{{if .t}}", "template: output:1: unexpected EOF"),
            ("{{}}", "template: output:1: missing value for command"),
            ("{{$y}}", "template: output:1: undefined variable \"$y\""),
            (
                "{{nil}}",
                "template: output:1:2: executing \"output\" at <nil>: nil is not a command",
            ),
            (
                "{{.metadata.name \"x\"}}",
                "template: output:1:11: executing \"output\" at <.metadata.name>: name is not a method but has arguments",
            ),
            ("{{\"unterminated}}", "template: output:1: unterminated quoted string"),
            (
                "{{range .objs}}{{template \"zz\" .}}{{end}}",
                "template: output:1:26: executing \"output\" at <{{template \"zz\" .}}>: template \"zz\" not defined",
            ),
        ] {
            assert_eq!(print(template), text, "{template}");
        }
    }

    // By kubectl 1.36.3: `label --local -f FILE x=y -o go-template=TEMPLATE`.
    #[test]
    fn verbs_escapes_and_numbers_are_gos() {
        for (template, text) in [
            (r#"{{printf "%s|%q|%v" .missing .missing .missing}}"#, "%!s(<nil>)|%!q(<nil>)|<nil>"),
            (r#"{{printf "a" .missing}}"#, "a%!(EXTRA <nil>)"),
            (r#"{{printf "%o %b %X %c %U %q" 8 5 255 65 65 65}}"#, "10 101 FF A U+0041 'A'"),
            (r#"{{printf "%e %E" 1.5 1.5}}"#, "1.500000e+00 1.500000E+00"),
            (r#"{{"\x41\u00e9\101"}}"#, "AéA"),
            ("{{0x1F}} {{017}} {{1_000}}", "31 15 1000"),
            ("{{.num|}}", "5"),
        ] {
            assert_eq!(print(template), text, "{template}");
        }
    }

    // By the same.
    #[test]
    fn what_is_read_first_is_told_first() {
        for (template, text) in [
            ("{{.metadata.name}", "bad character U+007D '}'"),
            ("{{.metadata.name }", "unexpected \"}\" in operand"),
            ("{{pintf \"%d\" 3}", "function \"pintf\" not defined"),
            ("{{.metadata.name", "unclosed action"),
            ("{{if .kind == \"x\"}}a{{end}}", "unexpected \"=\" in operand"),
            ("{{.%v}}", "bad character U+0025 '%'"),
            ("{{.num }x}", "unexpected \"}\" in operand"),
            ("{{%v}}", "unexpected \"%\" in command"),
            ("{{|.kind}}", "unexpected \"|\" in command"),
            ("{{not with.num}}", "unexpected <with> in operand"),
            ("{{not ..num}}", "unexpected . after term \".\""),
            ("{{.num)}}", "unexpected right paren"),
            ("{{(.num}}", "unclosed left paren"),
            ("{{:}}", "expected :="),
            ("{{$x=1}}", "bad character U+003D '='"),
            ("{{\"\\q\"}}", "invalid syntax"),
            ("{{index .metadata.labels 'app'}}", "malformed character constant: 'app'"),
            ("{{1.5not}}", "bad number syntax: \"1.5n\""),
        ] {
            assert_eq!(print(template), format!("template: output:1: {text}"), "{template}");
        }
    }

    // By the same.
    #[test]
    fn what_is_missing_has_no_length_and_what_is_null_neither() {
        let told = |what: &str| format!("template: output:1:2: executing \"output\" at <{what}");
        for (template, text) in [
            ("{{len .nul}}", "len .nul>: error calling len: len of nil pointer"),
            (
                "{{len .missing}}",
                "len .missing>: error calling len: reflect: call of reflect.Value.Type on zero Value",
            ),
            ("{{le .num}}", "le>: wrong number of args for le: want 2 got 1"),
            ("{{printf}}", "printf>: wrong number of args for printf: want at least 1 got 0"),
            (
                "{{call .kind}}",
                "call .kind>: error calling call: non-function .kind of type string",
            ),
        ] {
            assert_eq!(print(template), told(text), "{template}");
        }
    }

    #[test]
    fn a_missing_field_is_an_error_where_that_is_wanted() {
        let template = GoTemplate::parse("{{.missing}}", true).expect("a template");
        let (printed, told) = template.print(&json!({"a": [1, null]})).expect_err("an error");
        let reason = "template: output:1:2: executing \"output\" at <.missing>: map has no entry for key \"missing\"";
        assert_eq!(told, format!("error executing template \"{{{{.missing}}}}\": {reason}"));
        assert!(printed.contains("\traw data was:\n\t\t{\"a\":[1,null]}\n"), "{printed}");
        assert!(printed.contains("engine was:\n\t\tmap[a:[1 <nil>]]\n\n"), "{printed}");
    }

    #[test]
    fn templates_that_do_not_end_are_ended() {
        let endless =
            GoTemplate::parse("{{define \"x\"}}{{template \"x\"}}{{end}}{{template \"x\"}}", false);
        let (_, told) = endless.expect("a template").print(&json!({})).expect_err("an end");
        assert!(told.contains("exceeded maximum template depth"), "{told}");
        let wide = "{{range 9999}}".repeat(4) + "x" + &"{{end}}".repeat(4);
        let (_, told) =
            GoTemplate::parse(&wide, false).expect("ok").print(&json!({})).expect_err("an end");
        assert!(told.contains("not simulated here"), "{told}");
        assert!(GoTemplate::parse(&"{{if .}}".repeat(5000), false).is_err());
        assert!(GoTemplate::parse(&format!("{{{{{}", "(".repeat(5000)), false).is_err());
    }
}
