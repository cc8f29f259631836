//! What a kustomization lays over all its objects: namespace, names, labels, annotations, replicas,
//! images; and at the end hashes, and references to changed names.

use serde_json::{Map, Value, json};

use super::super::Failure;
use super::super::create::hash;
use super::Resource;
use crate::api::Kind;

/// Namespace, names, labels and annotations.
pub(super) fn all(fields: &Map<String, Value>, resources: &mut [Resource]) {
    let text = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or("").to_owned();
    let (namespace, prefix, suffix) = (text("namespace"), text("namePrefix"), text("nameSuffix"));
    for one in resources.iter_mut() {
        if !namespace.is_empty() && is_namespaced(one) {
            one.value["metadata"]["namespace"] = json!(namespace);
        }
        if !namespace.is_empty() && one.known() == Some(Kind::Namespace) {
            one.value["metadata"]["name"] = json!(namespace);
        }
        if !namespace.is_empty() {
            move_default_account(one, &namespace);
        }
        let fixed = ["Namespace", "CustomResourceDefinition", "APIService"].contains(&one.kind());
        if !(fixed || prefix.is_empty() && suffix.is_empty()) {
            one.value["metadata"]["name"] = json!(format!("{prefix}{}{suffix}", one.name()));
            one.around.push((prefix.clone(), suffix.clone()));
        }
    }
    let none = Value::Null;
    for entry in fields.get("labels").and_then(Value::as_array).into_iter().flatten() {
        let on = |field: &str| entry[field].as_bool().unwrap_or(false);
        label(resources, &entry["pairs"], on("includeSelectors"), on("includeTemplates"));
    }
    label(resources, fields.get("commonLabels").unwrap_or(&none), true, true);
    let notes = fields.get("commonAnnotations").unwrap_or(&none);
    for one in resources.iter_mut() {
        let kind = one.kind().to_owned();
        for path in std::iter::once(&["metadata"][..]).chain(templates(&kind)) {
            put(&mut one.value, path, "annotations", notes);
        }
    }
}

/// The account `default` of a binding is the one of the namespace that everything moves to
/// (`filters/namespace`, `DefaultSubjectsOnly`).
fn move_default_account(one: &mut Resource, namespace: &str) {
    if !one.kind().ends_with("RoleBinding") {
        return;
    }
    for subject in one.value["subjects"].as_array_mut().into_iter().flatten() {
        if subject["kind"] == "ServiceAccount" && subject["name"] == "default" {
            subject["namespace"] = json!(namespace);
        }
    }
}

fn label(resources: &mut [Resource], pairs: &Value, selectors: bool, in_templates: bool) {
    for one in resources.iter_mut() {
        let kind = one.kind().to_owned();
        put(&mut one.value, &["metadata"], "labels", pairs);
        if selectors || in_templates {
            for path in templates(&kind) {
                put(&mut one.value, path, "labels", pairs);
            }
        }
        if !selectors {
            continue;
        }
        match kind.as_str() {
            "Service" | "ReplicationController" => {
                put(&mut one.value, &["spec"], "selector", pairs)
            }
            "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" => {
                put(&mut one.value, &["spec", "selector"], "matchLabels", pairs);
            }
            _ => {}
        }
        for path in selectors_that_are_there(&kind) {
            put_where_it_is(&mut one.value, path, pairs);
        }
    }
}

/// Where a kind's objects choose others by labels, which are added to only where there are some
/// (`builtinpluginconsts/commonlabels.go`, `create: false`).
fn selectors_that_are_there(kind: &str) -> &'static [&'static str] {
    match kind {
        "Deployment" => &PODS_CHOOSE[..5],
        "StatefulSet" => PODS_CHOOSE,
        "Job" | "PodDisruptionBudget" => &["spec.selector.matchLabels"],
        "CronJob" => &["spec.jobTemplate.spec.selector.matchLabels"],
        "NetworkPolicy" => &[
            "spec.podSelector.matchLabels",
            "spec.ingress.from.podSelector.matchLabels",
            "spec.egress.to.podSelector.matchLabels",
        ],
        _ => &[],
    }
}

/// Where pods of a template choose their neighbours; claims of a StatefulSet come last.
const PODS_CHOOSE: &[&str] = &[
    "spec.template.spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution.\
     podAffinityTerm.labelSelector.matchLabels",
    "spec.template.spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.\
     labelSelector.matchLabels",
    "spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution.\
     podAffinityTerm.labelSelector.matchLabels",
    "spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.\
     labelSelector.matchLabels",
    "spec.template.spec.topologySpreadConstraints.labelSelector.matchLabels",
    "spec.volumeClaimTemplates.metadata.labels",
];

/// Adds pairs to every map that stands at a path; lists on the way are walked.
fn put_where_it_is(value: &mut Value, path: &str, pairs: &Value) {
    if let Value::Array(items) = value {
        items.iter_mut().for_each(|item| put_where_it_is(item, path, pairs));
        return;
    }
    let (field, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(next) = value.get_mut(field) else { return };
    if !rest.is_empty() {
        return put_where_it_is(next, rest, pairs);
    }
    if let (Value::Object(map), Value::Object(pairs)) = (next, pairs) {
        map.extend(pairs.clone());
    }
}

/// Where the metadata of the objects that a kind makes stands.
fn templates(kind: &str) -> impl Iterator<Item = &'static [&'static str]> {
    const POD: &[&str] = &["spec", "template", "metadata"];
    const JOB: &[&str] = &["spec", "jobTemplate", "metadata"];
    const JOBS_POD: &[&str] = &["spec", "jobTemplate", "spec", "template", "metadata"];
    let paths: &[&[&str]] = match kind {
        "Deployment"
        | "ReplicaSet"
        | "DaemonSet"
        | "StatefulSet"
        | "ReplicationController"
        | "Job" => &[POD],
        "CronJob" => &[JOB, JOBS_POD],
        _ => &[],
    };
    paths.iter().copied()
}

/// Adds pairs to a map of an object.
fn put(value: &mut Value, path: &[&str], field: &str, pairs: &Value) {
    let Some(pairs) = pairs.as_object().filter(|pairs| !pairs.is_empty()) else { return };
    let mut place = value;
    for part in path {
        if !place[*part].is_object() {
            place[*part] = json!({});
        }
        place = &mut place[*part];
    }
    for (key, text) in pairs {
        place[field][key] = text.clone();
    }
}

/// Whether objects of its kind live in a namespace.
fn is_namespaced(one: &Resource) -> bool {
    let of_list = || super::super::resources::RESOURCES.iter().find(|row| row.4 == one.kind());
    match one.known() {
        Some(kind) => kind.info().namespaced,
        None => of_list().is_none_or(|row| row.3),
    }
}

/// The namespace that an object is in now; `None` for one that is in none.
fn namespace(one: &Resource) -> Option<String> {
    let named = one.value["metadata"]["namespace"].as_str().filter(|named| !named.is_empty());
    is_namespaced(one).then(|| named.unwrap_or("default").to_owned())
}

/// `replicas` and `images`.
pub(super) fn counts_and_images(
    fields: &Map<String, Value>,
    resources: &mut [Resource],
) -> Result<(), Failure> {
    let list = |field: &str| fields.get(field).and_then(Value::as_array).into_iter().flatten();
    for wanted in list("replicas") {
        let name = wanted["name"].as_str().unwrap_or("");
        let kinds = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"];
        let mut found = false;
        for one in resources.iter_mut() {
            if kinds.contains(&one.kind()) && (one.original == name || one.name() == name) {
                one.value["spec"]["replicas"] = wanted["count"].clone();
                found = true;
            }
        }
        if !found {
            return Err(Failure::message(format!(
                "resource with name {name} does not match a config with the following GVK \
                 [Deployment.[noVer].[noGrp] StatefulSet.[noVer].[noGrp] ReplicaSet.[noVer].[noGrp] \
                 ReplicationController.[noVer].[noGrp]]"
            )));
        }
    }
    for wanted in list("images") {
        for one in resources.iter_mut() {
            images(&mut one.value, wanted);
        }
    }
    Ok(())
}

/// Changes the images of all containers, wherever they stand.
fn images(value: &mut Value, wanted: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| images(item, wanted)),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let containers = name == "containers" || name == "initContainers";
                for container in value.as_array_mut().into_iter().flatten().filter(|_| containers) {
                    if let Some(image) = container["image"].as_str() {
                        container["image"] = json!(image_as(image, wanted));
                    }
                }
                images(value, wanted);
            }
        }
        _ => {}
    }
}

/// An image with another name, tag or digest, if it is meant.
fn image_as(image: &str, wanted: &Value) -> String {
    let text = |field: &str| wanted[field].as_str().filter(|text| !text.is_empty());
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let colon = rest.rfind(':').filter(|at| !rest[*at..].contains('/'));
    let (name, tag) = match colon {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    if Some(name) != text("name") {
        return image.to_owned();
    }
    let name = text("newName").unwrap_or(name);
    let end = match (text("newTag"), text("digest")) {
        (_, Some(digest)) => format!("@{digest}"),
        (Some(tag), None) => format!(":{tag}"),
        (None, None) => {
            let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
            let digest = digest.map(|digest| format!("@{digest}")).unwrap_or_default();
            format!("{tag}{digest}")
        }
    };
    format!("{name}{end}")
}

/// Puts hashes behind the names of generated objects, and lets references follow all names.
pub(super) fn settle_names(resources: &mut [Resource]) {
    for one in resources.iter_mut().filter(|one| one.hashed) {
        let mut content = json!({"kind": one.kind(), "name": "", "data": one.value["data"]});
        if one.kind() == "Secret" {
            content["type"] = one.value["type"].clone();
        }
        if content["data"].is_null() {
            content["data"] = json!("");
        }
        if one.value["binaryData"].is_object() {
            content["binaryData"] = one.value["binaryData"].clone();
        }
        one.value["metadata"]["name"] = json!(format!("{}-{}", one.name(), hash(&content)));
    }
    let names: Vec<Resource> = resources.to_vec();
    for one in resources.iter_mut() {
        let around = one.around.clone();
        let home = namespace(one);
        let renamed = |kind: &str, name: &str| {
            // A name means an object of the same namespace (`sameCurrentNamespaceAsReferrer`).
            let near = |other: &Resource| match (&home, namespace(other)) {
                (Some(home), Some(there)) => *home == there,
                _ => true,
            };
            let fits =
                |other: &&Resource| other.kind() == kind && other.original == name && near(other);
            let mut found = names.iter().filter(fits);
            let first = found.clone().next()?;
            let nearest = found.find(|other| other.around == around).unwrap_or(first);
            Some(nearest.name().to_owned())
        };
        let kind = one.kind().to_owned();
        follow(&mut one.value, &kind, "", &renamed);
        if kind.ends_with("RoleBinding") {
            for subject in one.value["subjects"].as_array_mut().into_iter().flatten() {
                follow_account(subject, &names);
            }
        }
    }
}

/// A binding's subject that is a service account gets the name and the namespace that the account
/// has now (`filters/nameref`, `setMapping`).
fn follow_account(subject: &mut Value, all: &[Resource]) {
    if subject["kind"] != "ServiceAccount" {
        return;
    }
    let accounts: Vec<&Resource> = all
        .iter()
        .filter(|one| one.kind() == "ServiceAccount" && subject["name"] == one.original.as_str())
        .collect();
    let now = |one: &Resource| one.value["metadata"]["namespace"].as_str().unwrap_or("").to_owned();
    let found = match subject["namespace"].as_str() {
        None | Some("") => accounts.first(),
        Some(asked) => {
            let is_home = |one: &&&Resource| match one.home.as_str() {
                "" => asked == "default",
                home => asked == home,
            };
            let home = accounts.iter().find(is_home);
            home.or_else(|| accounts.iter().find(|one| now(one) == asked))
        }
    };
    if let Some(account) = found {
        subject["name"] = json!(account.name());
        if !now(account).is_empty() {
            subject["namespace"] = json!(now(account));
        }
    }
}

/// Changes the references below a value. `field` is where it stands.
fn follow(
    value: &mut Value,
    kind: &str,
    field: &str,
    renamed: &dyn Fn(&str, &str) -> Option<String>,
) {
    let Value::Object(fields) = value else {
        if let Value::Array(items) = value {
            items.iter_mut().for_each(|item| follow(item, kind, field, renamed));
        }
        return;
    };
    // What a reference is called, which field holds the name, and whose name it is.
    let object = match field {
        "configMap" | "configMapRef" | "configMapKeyRef" => Some(("name", "ConfigMap")),
        "secretRef" | "secretKeyRef" | "imagePullSecrets" => Some(("name", "Secret")),
        // A volume's secret has a name of another kind than a projected one.
        "secret" if fields.contains_key("secretName") => Some(("secretName", "Secret")),
        "secret" => Some(("name", "Secret")),
        "persistentVolumeClaim" => Some(("claimName", "PersistentVolumeClaim")),
        "tls" if kind == "Ingress" => Some(("secretName", "Secret")),
        "service" if kind == "Ingress" => Some(("name", "Service")),
        _ => None,
    };
    if let Some((name, kind)) = object
        && let Some(new) =
            fields.get(name).and_then(Value::as_str).and_then(|old| renamed(kind, old))
    {
        fields.insert(name.to_owned(), json!(new));
    }
    let texts = [("serviceAccountName", "ServiceAccount"), ("serviceName", "Service")];
    for (name, kind) in texts {
        if let Some(new) =
            fields.get(name).and_then(Value::as_str).and_then(|old| renamed(kind, old))
        {
            fields.insert(name.to_owned(), json!(new));
        }
    }
    if field == "roleRef" || field == "scaleTargetRef" {
        let kind = fields.get("kind").and_then(Value::as_str).unwrap_or("").to_owned();
        let old = fields.get("name").and_then(Value::as_str);
        if let Some(new) = old.and_then(|old| renamed(&kind, old)) {
            fields.insert("name".to_owned(), json!(new));
        }
    }
    for (name, value) in
        fields.iter_mut().filter(|(name, _)| *name != "metadata" || field == "template")
    {
        follow(value, kind, name, renamed);
    }
}

/// Where an object stands in the whole: what others need comes first.
pub(super) fn place(one: &Resource) -> (usize, String, String) {
    const FIRST: &[&str] = &[
        "Namespace",
        "ResourceQuota",
        "StorageClass",
        "CustomResourceDefinition",
        "ServiceAccount",
        "PodSecurityPolicy",
        "Role",
        "ClusterRole",
        "RoleBinding",
        "ClusterRoleBinding",
        "ConfigMap",
        "Secret",
        "Endpoints",
        "Service",
        "LimitRange",
        "PriorityClass",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Deployment",
        "StatefulSet",
        "CronJob",
        "PodDisruptionBudget",
    ];
    let at = FIRST.iter().position(|kind| *kind == one.kind());
    let last = one.kind().ends_with("WebhookConfiguration");
    let namespace = one.value["metadata"]["namespace"].as_str().unwrap_or("");
    let at = at.unwrap_or(FIRST.len() + usize::from(last));
    let version = one.value["apiVersion"].as_str().unwrap_or("");
    (at, format!("{version} {}", one.kind()), format!("{namespace} {}", one.name()))
}
