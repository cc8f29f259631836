//! The resources of a real API server, podhop's own among them: what `api-resources` lists.

use crate::api::{Kind, Names, is_called};
pub(super) use crate::api::{RESOURCES, ResourceLine as Resource};

/// The resource that a word of the command line names, by any of its names.
pub(super) fn named(word: &str) -> Option<&'static Resource> {
    let find = |prefix| {
        RESOURCES.iter().find(|(plural, short, api_version, _, kind)| {
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            let short: Vec<&str> = short.split(',').filter(|name| !name.is_empty()).collect();
            let singular = kind.to_lowercase();
            let names = Names { plural, singular: &singular, short: &short, group, version };
            is_called(word, names, prefix)
        })
    };
    find(false).or_else(|| find(true))
}

/// Kinds that a real server has in another version beside the preferred one.
const OTHER_VERSIONS: &[(&str, &str)] = &[("autoscaling/v1", "HorizontalPodAutoscaler")];

/// Resources of other groups or versions whose tables show what podhop has as another kind.
const SAME_TABLE: &[(&str, Names<'static>)] = &[
    (
        "autoscaling/v1",
        Names {
            plural: "horizontalpodautoscalers",
            singular: "horizontalpodautoscaler",
            short: &["hpa"],
            group: "autoscaling",
            version: "v1",
        },
    ),
    (
        "events.k8s.io/v1",
        Names {
            plural: "events",
            singular: "event",
            short: &["ev"],
            group: "events.k8s.io",
            version: "v1",
        },
    ),
];

/// The kind that podhop has for a word which names it in another group or version, and which.
pub(super) fn in_other_version(word: &str) -> Option<(Kind, &'static str)> {
    let (version, _) = SAME_TABLE.iter().find(|(_, names)| is_called(word, *names, true))?;
    let kind = match *version {
        "autoscaling/v1" => Kind::HorizontalPodAutoscaler,
        _ => Kind::Event,
    };
    Some((kind, version))
}

/// Whether a real server has this kind.
pub(super) fn is_kind(api_version: &str, kind: &str) -> bool {
    OTHER_VERSIONS.contains(&(api_version, kind))
        || RESOURCES.iter().any(|resource| resource.2 == api_version && resource.4 == kind)
}

/// What can be done with a resource, as discovery tells it: with most everything, with reviews and
/// bindings only that they are made.
pub(super) fn verbs(resource: &Resource) -> &'static [&'static str] {
    let (plural, _, _, _, kind) = resource;
    match *plural {
        "bindings" => &["create"],
        "componentstatuses" => &["get", "list"],
        "namespaces" => &["create", "delete", "get", "list", "patch", "update", "watch"],
        _ if kind.ends_with("Review") => &["create"],
        _ => &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    }
}

/// The groups of resources that a resource is in: what `kubectl get all` shows, and what extends the
/// API.
pub(super) fn categories(resource: &Resource) -> &'static [&'static str] {
    let (_, _, version, _, kind) = resource;
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let extends =
        ["admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io"];
    if extends.contains(&group) {
        return &["api-extensions"];
    }
    let in_all = Kind::from_manifest(version, kind);
    if in_all.is_some_and(|kind| kind.info().in_all) { &["all"] } else { &[] }
}

/// Every version of a group that the server has.
pub(super) fn versions() -> Vec<&'static str> {
    let others = OTHER_VERSIONS.iter().map(|(version, _)| *version);
    let mut versions: Vec<&str> =
        RESOURCES.iter().map(|resource| resource.2).chain(others).collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}
