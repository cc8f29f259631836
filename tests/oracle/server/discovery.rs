//! What the server says of itself: its release, its groups, its resources, and which parameters a
//! change of a kind takes.

use podhop::api::Kind;
use serde_json::{Map, Value, json};

use super::{Asked, Reply};

/// The order in which Kubernetes prefers its groups, as far as podhop has them
/// (`pkg/controlplane/apiserver/aggregator.go`).
const GROUPS: [&str; 13] = [
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
];

/// The answer, if the path is about the server itself.
pub(super) fn answer(asked: &Asked) -> Option<Reply> {
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let value = match path.as_slice() {
        ["version"] => version(),
        ["healthz" | "livez" | "readyz"] => return Some(Reply::Text("ok".to_owned())),
        ["api"] => json!({"kind": "APIVersions", "versions": ["v1"]}),
        ["apis"] => {
            let groups: Vec<Value> = GROUPS.into_iter().map(group).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["api", version] => resources(version)?,
        ["apis", group, version] => resources(&format!("{group}/{version}"))?,
        ["openapi", "v3"] => documents(),
        ["openapi", "v3", "api", version] => document(version),
        ["openapi", "v3", "apis", group, version] => document(&format!("{group}/{version}")),
        _ => return None,
    };
    Some(Reply::good(value))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitTreeState": "clean",
        "gitCommit": "", "buildDate": "2026-07-22T18:10:35Z", "goVersion": "go1.26.5",
        "compiler": "gc", "platform": "linux/amd64",
    })
}

/// The kinds of a version: `v1`, `apps/v1`.
fn kinds(version: &str) -> impl Iterator<Item = Kind> {
    Kind::all().filter(move |kind| kind.info().api_version() == version)
}

/// Every group's version.
fn versions() -> Vec<String> {
    let mut versions: Vec<String> = Kind::all().map(|kind| kind.info().api_version()).collect();
    versions.sort();
    versions.dedup();
    versions
}

fn group(name: &str) -> Value {
    let version = versions().into_iter().find(|known| known.starts_with(&format!("{name}/")));
    let version = version.unwrap_or_default();
    let short = version.rsplit('/').next().unwrap_or_default();
    let preferred = json!({"groupVersion": version, "version": short});
    json!({"name": name, "versions": [preferred], "preferredVersion": preferred})
}

fn resources(version: &str) -> Option<Value> {
    let list: Vec<Value> = kinds(version).flat_map(resource).collect();
    (!list.is_empty()).then(|| {
        json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version,
            "resources": list,
        })
    })
}

/// A kind's resource, and what stands below it.
fn resource(kind: Kind) -> Vec<Value> {
    let info = kind.info();
    let mut verbs = vec!["create", "delete", "deletecollection", "get", "list", "patch", "update"];
    verbs.push("watch");
    if kind == Kind::Namespace {
        verbs.retain(|verb| *verb != "deletecollection");
    }
    let mut resource = json!({
        "name": info.plural, "singularName": info.singular, "namespaced": info.namespaced,
        "kind": info.name, "verbs": verbs,
    });
    if !info.short.is_empty() {
        resource["shortNames"] = json!(info.short);
    }
    if info.in_all {
        resource["categories"] = json!(["all"]);
    }
    let below = |name: &str, kind: &str, group: &str, version: &str, verbs: &[&str]| {
        json!({
            "name": format!("{}/{name}", info.plural), "singularName": "", "kind": kind,
            "namespaced": info.namespaced, "group": group, "version": version, "verbs": verbs,
        })
    };
    let change = ["get", "patch", "update"];
    let mut all = vec![resource];
    if has_status(kind) {
        all.push(below("status", info.name, info.group, info.version, &change));
    }
    if super::rest::is_scaled(kind) {
        all.push(below("scale", "Scale", "autoscaling", "v1", &change));
    }
    if kind == Kind::Pod {
        all.push(below("eviction", "Eviction", "policy", "v1", &["create"]));
        all.push(below("log", "Pod", "", "v1", &["get"]));
        all.push(below("ephemeralcontainers", "Pod", "", "v1", &change));
    }
    all
}

/// Whether a kind's status is a resource of its own.
fn has_status(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Namespace
            | Kind::Node
            | Kind::Pod
            | Kind::ReplicationController
            | Kind::Service
            | Kind::DaemonSet
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::HorizontalPodAutoscaler
            | Kind::CronJob
            | Kind::Job
            | Kind::Ingress
            | Kind::PodDisruptionBudget
            | Kind::PersistentVolumeClaim
            | Kind::PersistentVolume
            | Kind::CustomResourceDefinition
            | Kind::APIService
            | Kind::ValidatingAdmissionPolicy
            | Kind::VolumeAttachment
            | Kind::ResourceQuota
            | Kind::ServiceCIDR
    )
}

/// `api/v1`, `apis/apps/v1`
fn root(version: &str) -> String {
    if version.contains('/') { format!("apis/{version}") } else { format!("api/{version}") }
}

fn documents() -> Value {
    let mut paths = Map::new();
    for version in versions() {
        let root = root(&version);
        let address = format!("/openapi/v3/{root}?hash=0");
        paths.insert(root, json!({"serverRelativeURL": address}));
    }
    json!({"paths": paths})
}

/// As much of a version's description as kubectl looks at before it writes: the parameters of a
/// change.
fn document(version: &str) -> Value {
    let mut paths = Map::new();
    for kind in kinds(version) {
        let info = kind.info();
        let place = if info.namespaced { "/namespaces/{namespace}" } else { "" };
        let path = format!("/{}{place}/{}/{{name}}", root(version), info.plural);
        let parameter =
            |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
        let patch = json!({
            "parameters": [parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation")],
            "responses": {},
            "x-kubernetes-action": "patch",
            "x-kubernetes-group-version-kind":
                {"group": info.group, "version": info.version, "kind": info.name},
        });
        paths.insert(path, json!({"patch": patch}));
    }
    json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.3"}, "paths": paths,
    })
}
