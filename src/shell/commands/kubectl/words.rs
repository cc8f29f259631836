//! Texts that several commands read in the same way: labels, variables, amounts, pairs.

use serde_json::{Map, Value, json};

use super::super::super::tool::Io;
use super::{Call, Failure};
use crate::api::selector::Operator;
use crate::api::{LabelSelector, quantity};
use crate::manifest::quantity as amount;

/// What a command says that takes names or files and got neither.
pub(super) const NO_RESOURCES: &str = "You must provide one or more resources by argument or \
                                       filename.\nExample resource specifications include:\n   \
                                       '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   \
                                       '<resource> <name>'\n   '<resource>'";

/// What commands say that change named objects, and got no name.
pub(super) const NOTHING_TO_CHANGE: &str =
    "one or more resources must be specified as <resource> <name> or <resource>/<name>";

/// Words that name objects, and words that say what is changed.
pub(super) struct Pairs {
    /// What names objects.
    pub resources: Vec<String>,
    /// `key=value` and `key-`
    pub pairs: Vec<String>,
}

/// Tells objects from changes (`cmdutil.GetResourcesAndPairs`).
///
/// # Errors
/// When an object is named behind a change.
pub(super) fn pairs(words: &[String], what: &str) -> Result<Pairs, Failure> {
    let is_pair = |word: &String| {
        word.contains('=') && !word.starts_with('=') || word.ends_with('-') && word != "-"
    };
    let from = words.iter().position(is_pair).unwrap_or(words.len());
    let (resources, pairs) = words.split_at(from);
    if let Some(late) = pairs.iter().find(|word| !is_pair(word)) {
        let text = format!("all resources must be specified before {what} changes: {late}");
        return Err(Failure::message(text));
    }
    Ok(Pairs { resources: resources.to_vec(), pairs: pairs.to_vec() })
}

/// `--record`: the command line becomes the cause of the change.
pub(super) fn record(call: &Call, value: &mut Value) {
    if call.arguments.on("record") {
        let words = call
            .arguments
            .positional
            .iter()
            .fold(call.path.clone(), |line, word| line + " " + word);
        let line = call
            .arguments
            .order
            .iter()
            .fold(words, |line, (flag, value)| format!("{line} --{flag}={value}"));
        value["metadata"]["annotations"]["kubernetes.io/change-cause"] = json!(line);
    }
}

/// Reads `key=value,key=value` (`generate.ParseLabels`).
///
/// # Errors
/// kubectl's words for a part that is no pair.
pub(super) fn labels(text: &str) -> Result<Map<String, Value>, Failure> {
    let mut labels = Map::new();
    for part in text.split(',') {
        match part.split('=').collect::<Vec<_>>().as_slice() {
            ["", _] => return Err(Failure::message("unexpected empty label key")),
            [key, value] => labels.insert((*key).to_owned(), json!(value)),
            _ => return Err(Failure::message(format!("unexpected label spec: {part}"))),
        };
    }
    Ok(labels)
}

/// Reads `cpu=1,memory=1Gi` (`populateResourceListV1`).
///
/// # Errors
/// kubectl's words for a part that is no pair, and for what is no amount.
pub(super) fn amounts(text: &str) -> Result<Map<String, Value>, Failure> {
    let mut amounts = Map::new();
    for part in text.split(',') {
        let [name, size] = part.split('=').collect::<Vec<_>>()[..] else {
            let text = format!("Invalid argument syntax {part}, expected <resource>=<value>");
            return Err(Failure::message(text));
        };
        amount::parse(size).map_err(|fault| Failure::message(fault.to_owned()))?;
        amounts.insert(name.to_owned(), json!(quantity::canonical(size)));
    }
    Ok(amounts)
}

/// Reads a number as Go's `strconv.Atoi`, cut to 32 bits as kubectl cuts it.
///
/// # Errors
/// Go's words for what is no number.
pub(super) fn number(text: &str) -> Result<i32, Failure> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let why = if plain { "value out of range" } else { "invalid syntax" };
    #[allow(clippy::cast_possible_truncation, reason = "int32(port), as kubectl has it")]
    let cut = |number: i64| number as i32;
    let wrong = |_| Failure::message(format!("strconv.Atoi: parsing \"{text}\": {why}"));
    text.parse::<i64>().map(cut).map_err(wrong)
}

/// What is wrong with a variable's name, by the rule that kubectl still has (`IsEnvVarName`).
pub(super) fn env_fault(name: &str) -> Option<String> {
    let letter = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'.' | b'_');
    let shaped = name.bytes().next().is_some_and(letter)
        && name.bytes().all(|b| letter(b) || b.is_ascii_digit());
    let mut faults = Vec::new();
    if !shaped {
        faults.push(
            "a valid environment variable name must consist of alphabetic characters, digits, \
             '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or \
             'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is \
             '[-._a-zA-Z][-._a-zA-Z0-9]*')",
        );
    }
    match name {
        "." => faults.push("must not be '.'"),
        ".." => faults.push("must not be '..'"),
        _ if name.starts_with("..") => faults.push("must not start with '..'"),
        _ => {}
    }
    (!faults.is_empty())
        .then(|| format!("\"{name}\" is not a valid key name: {}", faults.join(";")))
}

/// A line of a file of variables: its key and value; nothing for empty lines and remarks. A key
/// without a value takes its value from the environment.
///
/// # Errors
/// kubectl's words for a wrong key.
pub(super) fn env_line(io: &Io<'_>, line: &str) -> Result<Option<(String, String)>, Failure> {
    let line = line.trim_start();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (key, value) = match line.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (line, None),
    };
    if let Some(fault) = env_fault(key) {
        return Err(Failure::message(fault));
    }
    let value = value.unwrap_or_else(|| io.environment.get(key).cloned().unwrap_or_default());
    Ok(Some((key.to_owned(), value)))
}

/// A selector as the API has it: pairs, and requirements that are none, each with its operator.
pub(super) struct LabelRequirements {
    pub pairs: Map<String, Value>,
    pub expressions: Vec<(String, &'static str, Vec<String>)>,
}

impl LabelRequirements {
    /// The selector as JSON.
    pub fn value(self) -> Value {
        let mut selector = json!({});
        if !self.pairs.is_empty() {
            selector["matchLabels"] = Value::Object(self.pairs);
        }
        let expressions = self.expressions.into_iter().map(|(key, operator, values)| {
            let mut expression = json!({"key": key, "operator": operator});
            if !values.is_empty() {
                expression["values"] = json!(values);
            }
            expression
        });
        let expressions: Vec<Value> = expressions.collect();
        if !expressions.is_empty() {
            selector["matchExpressions"] = Value::Array(expressions);
        }
        selector
    }
}

/// A selector's text as the object of an API (`metav1.ParseToLabelSelector`).
///
/// # Errors
/// A text that is no selector, and operators that such an object has not.
pub(super) fn label_selector(text: &str) -> Result<LabelRequirements, Failure> {
    let parsed = LabelSelector::parse(text).map_err(|reason| {
        Failure::message(format!("couldn't parse the selector string \"{text}\": {reason}"))
    })?;
    let no_operator = |sign: &str| {
        Err(Failure::message(format!("\"{sign}\" is not a valid label selector operator")))
    };
    let (mut pairs, mut expressions) = (Map::new(), Vec::new());
    let set_based = text.contains(" in ") || text.contains(" in(");
    for requirement in parsed.requirements {
        let key = requirement.key;
        let (operator, values) = match requirement.operator {
            Operator::In(values) if values.len() == 1 && !set_based => {
                pairs.insert(key, json!(values[0]));
                continue;
            }
            Operator::In(values) => ("In", values),
            Operator::NotIn(values) if values.len() == 1 && text.contains("!=") => {
                return no_operator("!=");
            }
            Operator::NotIn(values) => ("NotIn", values),
            Operator::Exists => ("Exists", Vec::new()),
            Operator::DoesNotExist => ("DoesNotExist", Vec::new()),
            Operator::GreaterThan(_) => return no_operator("gt"),
            Operator::LessThan(_) => return no_operator("lt"),
        };
        expressions.push((key, operator, values));
    }
    Ok(LabelRequirements { pairs, expressions })
}

/// A line of kubectl's own log: its severity (`W`), the moment, and where in its source it is from.
pub(super) fn log_line(io: &Io<'_>, severity: char, place: &str, text: &str) -> String {
    let moment = io.now().timestamp().strftime("%m%d %H:%M:%S%.6f").to_string();
    format!("{severity}{moment}       1 {place}] {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_pairs_with_one_equals_sign() {
        assert_eq!(
            labels("a=b,c=").expect("labels"),
            json!({"a": "b", "c": ""}).as_object().cloned().expect("a map")
        );
        assert_eq!(
            labels("a=b=c").expect_err("a failure").text(),
            "error: unexpected label spec: a=b=c"
        );
        assert!(labels("=b").expect_err("a failure").text().contains("empty label key"));
    }

    #[test]
    fn amounts_are_checked_and_written_in_their_usual_form() {
        assert_eq!(amounts("cpu=1000m").expect("amounts")["cpu"], "1");
        assert!(amounts("cpu").expect_err("a failure").text().contains("Invalid argument syntax"));
        assert!(amounts("cpu=x").is_err());
    }

    #[test]
    fn variables_of_kubectl_begin_with_no_digit() {
        assert!(env_fault("1A").is_some() && env_fault("a b").is_some() && env_fault("").is_some());
        assert!(env_fault("a.b-c").is_none());
    }
}
