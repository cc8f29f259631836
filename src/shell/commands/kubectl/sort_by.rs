//! `kubectl get --sort-by` (`pkg/cmd/get/sorter.go`).

use std::cell::RefCell;

use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::jsonpath::Template;
use super::target::{Group, Target};
use super::words::log_line;
use super::{Call, Failure, go_sort};
use crate::api::Object;
use crate::manifest::quantity;

/// Sorts the rows of a table. What the path finds nothing for makes kubectl print nothing, and it
/// says no more than that; several tables are not sorted but held against each other as they came,
/// and hardly any path finds something in them.
///
/// # Errors
/// When there are several tables, or what the path finds has no order.
pub(super) fn tables(
    call: &Call,
    io: &Io<'_>,
    target: &Target,
    groups: &mut Vec<Group>,
) -> Result<(), Failure> {
    let text = call.arguments.text("sort-by");
    if text.is_empty() {
        return Ok(());
    }
    let tables = match target {
        Target::Kinds(_) => groups.len(),
        _ => groups.iter().map(|group| group.objects.len()).sum(),
    };
    if tables > 1 {
        let table = json!({"apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": {}});
        let found = template(text)?.find(&table).map_err(Failure::message)?;
        return if found.is_empty() { Err(nowhere(text)) } else { Ok(()) };
    }
    let Some(group) = groups.first_mut().filter(|group| group.objects.len() > 1) else {
        return Ok(());
    };
    let sorted = sort(text, &mut group.objects);
    match sorted {
        Err(Refusal::Unordered(why)) => {
            Err(fatal(text, io, "sorter.go:375", "[][][]reflect.Value", &why))
        }
        Err(Refusal::Said(_)) => {
            groups.clear();
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Sorts a list that is printed in another form; a single object is none.
///
/// # Errors
/// When the path is none, finds nothing, or finds what has no order.
pub(super) fn objects(
    call: &Call,
    io: &Io<'_>,
    target: &Target,
    objects: &mut [Object],
) -> Result<(), Failure> {
    let text = call.arguments.text("sort-by");
    if text.is_empty() || objects.is_empty() || target.is_single() {
        return Ok(());
    }
    sort(text, objects).map_err(|refusal| match refusal {
        Refusal::Said(failure) => failure,
        Refusal::Unordered(why) => {
            fatal(text, io, "sorter.go:329", "*unstructured.Unstructured", &why)
        }
    })
}

/// Why something can't be sorted.
enum Refusal {
    Said(Failure),
    /// What has no order.
    Unordered(String),
}

fn sort(text: &str, objects: &mut [Object]) -> Result<(), Refusal> {
    let template = template(text).map_err(Refusal::Said)?;
    let mut keyed = Vec::new();
    for object in objects.iter() {
        let found = template.find(&object.to_value()).map_err(Failure::message);
        keyed.push((found.map_err(Refusal::Said)?.into_iter().next(), object.clone()));
    }
    if keyed.iter().all(|(key, _)| key.is_none()) {
        return Err(Refusal::Said(nowhere(text)));
    }
    let fault = RefCell::new(None);
    go_sort::sort(&mut keyed, |(a, _), (b, _)| match (a, b) {
        // The first is the smaller one even if the other is missing too.
        (None, _) => true,
        (_, None) => false,
        (Some(a), Some(b)) => is_less(a, b).unwrap_or_else(|why| {
            fault.borrow_mut().get_or_insert(why);
            false
        }),
    });
    if let Some(why) = fault.into_inner() {
        return Err(Refusal::Unordered(why));
    }
    for (place, (_, object)) in objects.iter_mut().zip(keyed) {
        *place = object;
    }
    Ok(())
}

fn template(text: &str) -> Result<Template, Failure> {
    Template::relaxed(text).map_err(Failure::message)
}

/// A path as kubectl writes it: `{.metadata.name}`
fn path(text: &str) -> String {
    match text.chars().next() {
        Some('{') => text.to_owned(),
        Some('.' | '[' | '$' | '@') => format!("{{{text}}}"),
        _ => format!("{{.{text}}}"),
    }
}

fn nowhere(text: &str) -> Failure {
    let path = path(text);
    Failure::message(format!("couldn't find any field with path {path:?} in the list of objects"))
}

/// The line that kubectl logs before it ends.
fn fatal(text: &str, io: &Io<'_>, line: &str, within: &str, why: &str) -> Failure {
    let path = path(text);
    let text = format!("Field {path} in {within} is an unsortable type: interface, err: {why}");
    Failure::Verbatim(log_line(io, 'F', line, &text))
}

/// Whether a value comes before another (`isLess`): amounts by their size, other texts letter by
/// letter.
fn is_less(a: &Value, b: &Value) -> Result<bool, String> {
    match (a, b) {
        (Value::Null, _) => Ok(!b.is_null()),
        (_, Value::Null) => Ok(false),
        (Value::String(a), Value::String(b)) => {
            Ok(match (quantity::parse(a), quantity::parse(b)) {
                (Ok(a), Ok(b)) => a < b,
                _ => a < b,
            })
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() == b.is_f64() => {
            Ok(match (a.as_i64(), b.as_i64()) {
                (Some(a), Some(b)) => a < b,
                _ => a.as_f64() < b.as_f64(),
            })
        }
        (Value::Bool(_), _) => Err("unsortable type: bool".to_owned()),
        (Value::Array(_), _) => Err("unsortable type: []interface {}".to_owned()),
        (Value::Object(_), _) => Err("unsortable type: map[string]interface {}".to_owned()),
        _ => Err("unsortable interface: interface".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_sort_letter_by_letter_and_amounts_by_size() {
        let less = |a: &str, b: &str| is_less(&json!(a), &json!(b)) == Ok(true);
        assert!(less("web-10", "web-9"));
        assert!(less("10.103.0.1", "10.96.0.1"));
        assert!(less("500Mi", "1Gi"));
        assert!(less("9", "10"));
    }

    #[test]
    fn what_has_no_order_is_refused() {
        assert_eq!(is_less(&json!(true), &json!(false)), Err("unsortable type: bool".to_owned()));
        assert!(is_less(&json!(1), &json!("a")).is_err());
    }
}
