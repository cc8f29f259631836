//! Small texts that several kinds' cells are made of.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::age::since;
use crate::clock::SimTime;

/// `app=web,tier=front`, or `<none>`.
pub fn format_labels(labels: Option<&BTreeMap<String, String>>) -> String {
    let pairs: Vec<String> =
        labels.into_iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
    or_none(pairs.join(","))
}

/// A workload's or policy's selector as one writes it after `-l`, or `<none>`.
pub fn format_selector(selector: Option<&LabelSelector>) -> String {
    let Some(selector) = selector else { return "<none>".to_owned() };
    let mut parts: Vec<(String, String)> = selector
        .match_labels
        .iter()
        .flatten()
        .map(|(key, value)| (key.clone(), format!("{key}={value}")))
        .collect();
    for expression in selector.match_expressions.iter().flatten() {
        let key = &expression.key;
        let mut values = expression.values.clone().unwrap_or_default();
        values.sort();
        let text = match expression.operator.as_str() {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        };
        parts.push((key.clone(), text));
    }
    parts.sort_by(|(a, _), (b, _)| a.cmp(b));
    or_none(parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(","))
}

/// The addresses or host names of a load balancer's entries, sorted, each once.
pub fn balancer_names<'a>(
    entries: impl Iterator<Item = (&'a Option<String>, &'a Option<String>)>,
) -> String {
    let names = entries.filter_map(|(ip, hostname)| ip.as_deref().or(hostname.as_deref()));
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.join(",")
}

/// An object's name, for its row.
pub(super) fn name(metadata: &ObjectMeta) -> String {
    metadata.name.clone().unwrap_or_default()
}

/// How long an object has been there, for its row.
pub fn age(metadata: &ObjectMeta, now: SimTime) -> String {
    since(metadata.creation_timestamp.as_ref(), now)
}

/// The text, or `<none>` when it is empty.
pub(super) fn or_none(text: impl Into<String>) -> String {
    let text = text.into();
    if text.is_empty() { "<none>".to_owned() } else { text }
}

/// `a,b,c + 2 more...`: the first three of a list.
pub(super) fn first_three(items: &[String]) -> String {
    let shown = items[..items.len().min(3)].join(",");
    if items.len() > 3 { format!("{shown} + {} more...", items.len() - 3) } else { shown }
}

/// The cells CONTAINERS and IMAGES of a workload.
pub(super) fn containers_and_images(spec: Option<&PodSpec>) -> [String; 2] {
    let containers = spec.map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let names: Vec<&str> = containers.iter().map(|container| container.name.as_str()).collect();
    let images: Vec<&str> =
        containers.iter().map(|container| container.image.as_deref().unwrap_or("")).collect();
    [names.join(","), images.join(",")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;

    #[test]
    fn a_selector_reads_as_one_types_it() {
        let selector = LabelSelector {
            match_labels: Some([("tier".to_owned(), "x".to_owned())].into()),
            match_expressions: Some(vec![LabelSelectorRequirement {
                key: "app".to_owned(),
                operator: "In".to_owned(),
                values: Some(vec!["b".to_owned(), "a".to_owned()]),
            }]),
        };
        assert_eq!(format_selector(Some(&selector)), "app in (a,b),tier=x");
        assert_eq!(format_selector(None), "<none>");
    }

    #[test]
    fn a_long_list_is_cut_after_three() {
        let items = ["a", "b", "c", "d", "e"].map(str::to_owned);
        assert_eq!(first_three(&items), "a,b,c + 2 more...");
        assert_eq!(first_three(&items[..2]), "a,b");
    }
}
