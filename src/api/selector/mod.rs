//! Label and field selectors, as text and as a question to an object.

mod fields;
mod parse;

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

/// A set of requirements on labels, all of which must hold. The empty set holds for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSelector {
    /// The requirements.
    pub requirements: Vec<Requirement>,
}

/// One requirement on one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// What is asked of its value.
    pub operator: Operator,
}

/// What is asked of a label's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// It is one of these.
    In(Vec<String>),
    /// It is none of these, or the label is absent.
    NotIn(Vec<String>),
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// It is a number above this one.
    GreaterThan(i64),
    /// It is a number below this one.
    LessThan(i64),
}

/// Requirements on fields (`status.phase=Running`), all of which must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector {
    /// (path, must be equal, value)
    pub requirements: Vec<(String, bool, String)>,
}

/// An object's labels.
pub type Labels = BTreeMap<String, String>;

impl LabelSelector {
    /// Parses `app=web,tier!=x,env in (a, b),!legacy,ready`.
    ///
    /// # Errors
    /// The API server's words, without the prefix that names the resource.
    pub fn parse(text: &str) -> Result<LabelSelector, String> {
        parse::labels(text)
    }

    /// The selector of a workload or policy (`matchLabels`, `matchExpressions`). An operator that
    /// does not exist, which validation refuses, matches nothing.
    pub fn of(selector: &meta::LabelSelector) -> LabelSelector {
        let labels = selector.match_labels.iter().flatten();
        let equalities = labels.map(|(key, value)| Requirement {
            key: key.clone(),
            operator: Operator::In(vec![value.clone()]),
        });
        let expressions = selector.match_expressions.iter().flatten().map(|expression| {
            let values = expression.values.clone().unwrap_or_default();
            let operator = match expression.operator.as_str() {
                "In" => Operator::In(values),
                "NotIn" => Operator::NotIn(values),
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => Operator::In(Vec::new()),
            };
            Requirement { key: expression.key.clone(), operator }
        });
        LabelSelector { requirements: equalities.chain(expressions).collect() }
    }

    /// The selector of a Service: equalities, and nothing when there are none (R4.6).
    pub fn equalities<'a>(
        pairs: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> LabelSelector {
        let requirements = pairs
            .into_iter()
            .map(|(key, value)| Requirement {
                key: key.clone(),
                operator: Operator::In(vec![value.clone()]),
            })
            .collect();
        LabelSelector { requirements }
    }

    /// Whether `labels` fulfil every requirement.
    pub fn matches(&self, labels: Option<&Labels>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = labels.and_then(|labels| labels.get(&requirement.key));
            requirement.operator.holds(value.map(String::as_str))
        })
    }
}

impl Operator {
    fn holds(&self, value: Option<&str>) -> bool {
        let is_one_of =
            |values: &[String]| value.is_some_and(|value| values.iter().any(|v| v == value));
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Operator::In(values) => is_one_of(values),
            Operator::NotIn(values) => !is_one_of(values),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan(bound) => number().is_some_and(|number| number > *bound),
            Operator::LessThan(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

/// `app=web,env in (a,b),!legacy`, as the API server writes a selector back.
impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Requirement { key, operator }) in self.requirements.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match operator {
                Operator::In(values) => match values.as_slice() {
                    [value] => write!(f, "{key}={value}")?,
                    many => write!(f, "{key} in ({})", many.join(","))?,
                },
                Operator::NotIn(values) => match values.as_slice() {
                    [value] => write!(f, "{key}!={value}")?,
                    many => write!(f, "{key} notin ({})", many.join(","))?,
                },
                Operator::Exists => f.write_str(key)?,
                Operator::DoesNotExist => write!(f, "!{key}")?,
                Operator::GreaterThan(bound) => write!(f, "{key}>{bound}")?,
                Operator::LessThan(bound) => write!(f, "{key}<{bound}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn matches(selector: &str, pairs: &[(&str, &str)]) -> bool {
        LabelSelector::parse(selector).expect(selector).matches(Some(&labels(pairs)))
    }

    #[test]
    fn every_requirement_must_hold() {
        let web = [("app", "web"), ("tier", "front")];
        assert!(matches("", &web));
        assert!(matches("app=web,tier!=back", &web));
        assert!(matches("app in (web, db),tier", &web));
        assert!(!matches("app=web,!tier", &web));
        assert!(!matches("app==db", &web));
        assert!(matches("app notin (db)", &[]));
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(matches("cores>9", &[("cores", "10")]));
        assert!(!matches("cores<9", &[("cores", "10")]));
        assert!(!matches("cores>9", &[("cores", "many")]));
    }

    #[test]
    fn an_absent_label_set_fulfils_only_negations() {
        assert!(LabelSelector::parse("!app").unwrap().matches(None));
        assert!(!LabelSelector::parse("app").unwrap().matches(None));
    }

    #[test]
    fn expressions_and_labels_are_joined() {
        let selector = meta::LabelSelector {
            match_labels: Some(labels(&[("app", "web")])),
            match_expressions: Some(vec![meta::LabelSelectorRequirement {
                key: "tier".into(),
                operator: "NotIn".into(),
                values: Some(vec!["back".into()]),
            }]),
        };
        let selector = LabelSelector::of(&selector);
        assert!(selector.matches(Some(&labels(&[("app", "web")]))));
        assert!(!selector.matches(Some(&labels(&[("app", "web"), ("tier", "back")]))));
        assert_eq!(selector.to_string(), "app=web,tier!=back");
    }
}
