//! Label and field selectors, as text and as a question to an object.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::Object;

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
        let _ = text;
        todo!()
    }

    /// The selector of a workload or policy (`matchLabels`, `matchExpressions`).
    pub fn of(selector: &meta::LabelSelector) -> LabelSelector {
        let _ = selector;
        todo!()
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
        let _ = labels;
        todo!()
    }
}

impl FieldSelector {
    /// Whether `object` fulfils every requirement.
    pub fn matches(&self, object: &Object) -> bool {
        let _ = object;
        todo!()
    }
}
