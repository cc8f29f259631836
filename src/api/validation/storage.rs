//! PersistentVolumes and StorageClasses (`ValidatePersistentVolume` in `pkg/apis/core/validation`,
//! `pkg/apis/storage/validation`).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{
    NodeSelectorRequirement, PersistentVolume, SecretReference, TopologySelectorTerm,
    VolumeNodeAffinity,
};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::{Value, json};

use super::claim::{check_modes, given};
use super::pod::difference;
use super::report::{Json, Report, Shown};
use super::shape::Holds::{List, Pointer};
use super::shape::{Own, Shape, Writer};
use super::{metadata, names, pod, volume_shapes};
use crate::manifest::quantity;
use crate::manifest::schema::OF_VOLUMES;

const RECLAIM_POLICIES: &[&str] = &["Delete", "Recycle", "Retain"];
const BINDING_MODES: &[&str] = &["Immediate", "WaitForFirstConsumer"];

/// A new or changed PersistentVolume.
pub(super) fn check_volume(
    report: &mut Report,
    volume: &PersistentVolume,
    old: Option<&PersistentVolume>,
) {
    match old {
        None => metadata::create(report, &volume.metadata, false, names::dns_subdomain),
        Some(old) => metadata::update(report, &volume.metadata, &old.metadata),
    }
    let spec = volume.spec.clone().unwrap_or_default();
    let modes = spec.access_modes.as_deref().unwrap_or_default();
    if modes.is_empty() {
        report.required("spec.accessModes", "");
    }
    check_modes(report, "spec.accessModes", modes);
    check_capacity(report, spec.capacity.as_ref());
    let policy = spec.persistent_volume_reclaim_policy.as_deref();
    report.one_of_if_given("spec.persistentVolumeReclaimPolicy", policy, RECLAIM_POLICIES);
    if let Some(affinity) = &spec.node_affinity {
        let path = "spec.nodeAffinity.required";
        match &affinity.required {
            None => report.required(path, "must specify required node constraints"),
            Some(required) => pod::check_node_selector(report, path, required),
        }
    }
    check_source(report, volume);
    for (field, class) in [
        ("storageClassName", &spec.storage_class_name),
        ("volumeAttributesClassName", &spec.volume_attributes_class_name),
    ] {
        if let Some(class) = given(class) {
            report.invalid_name(&format!("spec.{field}"), class, names::dns_subdomain(class));
        }
    }
    let mode = spec.volume_mode.as_deref();
    report.one_of_if_given("spec.volumeMode", mode, &["Block", "Filesystem"]);
    if let Some(old) = old {
        if source(volume) != source(old) {
            let difference = difference::unified(&lines(old), &lines(volume));
            let why =
                format!("spec.persistentvolumesource is immutable after creation\n{difference}");
            report.forbidden("spec.persistentvolumesource", &why);
        }
        let before = old.spec.as_ref().and_then(|spec| spec.volume_mode.clone());
        report.unchanged("volumeMode", &spec.volume_mode, &before);
        keep_nodes(report, volume, old);
    }
}

/// The labels of nodes that have had other names (`getMaskNodeSelectorLabelChangeEqualities`).
const RENAMED: [(&str, &str); 5] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
];

/// A volume that says on which nodes it can be used keeps to it; only a label's name may become the newer one.
fn keep_nodes(report: &mut Report, new: &PersistentVolume, old: &PersistentVolume) {
    let affinity = |volume: &PersistentVolume| {
        volume.spec.as_ref().and_then(|spec| spec.node_affinity.clone())
    };
    let (now, Some(mut then)) = (affinity(new), affinity(old)) else { return };
    let shown = |affinity: Option<&VolumeNodeAffinity>| Own(Pointer(AFFINITY), affinity).shown();
    let wanted = shown(now.as_ref());
    let unchanged = shown(Some(&then)) == wanted;
    let newer = now.as_ref().map(keys).unwrap_or_default();
    for (requirement, newer) in requirements(&mut then).zip(newer) {
        // A label without a newer name may also lose its own.
        let renamed = RENAMED.iter().find(|(older, _)| *older == requirement.key);
        if renamed.map_or("", |(_, newer)| *newer) == newer {
            requirement.key = newer;
        }
    }
    if !unchanged && shown(Some(&then)) != wanted {
        let why = "field is immutable, except for updating from beta label to GA";
        report.invalid("nodeAffinity", Own(Pointer(AFFINITY), now.as_ref()), why);
    }
}

fn requirements(
    affinity: &mut VolumeNodeAffinity,
) -> impl Iterator<Item = &mut NodeSelectorRequirement> {
    let terms = affinity.required.iter_mut().flat_map(|required| &mut required.node_selector_terms);
    terms.flat_map(|term| term.match_expressions.iter_mut().flatten())
}

/// The labels that a volume's nodes are told by.
fn keys(affinity: &VolumeNodeAffinity) -> Vec<String> {
    requirements(&mut affinity.clone()).map(|requirement| requirement.key.clone()).collect()
}

const AFFINITY: Shape = &[(
    "Required",
    "required",
    Pointer(&[("NodeSelectorTerms", "nodeSelectorTerms", List(pod::NODE_TERM))]),
)];

/// A volume's source, as the server holds it itself: a line a value.
fn lines(volume: &PersistentVolume) -> Vec<String> {
    let mut out = Writer::indented();
    out.object(volume_shapes::PERSISTENT, &json!(volume.spec), 0);
    out.text.lines().map(str::to_owned).collect()
}

/// How much a volume holds: `storage`, and nothing else.
fn check_capacity(report: &mut Report, capacity: Option<&BTreeMap<String, Quantity>>) {
    let path = "spec.capacity";
    if capacity.is_none_or(BTreeMap::is_empty) {
        report.required(path, "");
    }
    if capacity.is_none_or(|capacity| capacity.len() > 1 || !capacity.contains_key("storage")) {
        report.unsupported(path, Json(json!(capacity)), &["storage"]);
    }
    for (name, amount) in capacity.into_iter().flatten() {
        let here = format!("{path}[{name}]");
        let size = quantity::parse(&amount.0).unwrap_or(0);
        if size < 0 {
            report.invalid(&here, Json(whole(size)), "must be a valid resource quantity");
        }
        if size <= 0 {
            report.invalid(&here, amount.0.as_str(), "must be greater than zero");
        }
    }
}

/// Where a volume's data are: what the specification says beside all else.
fn source(volume: &PersistentVolume) -> serde_json::Map<String, Value> {
    let Value::Object(mut spec) = json!(volume.spec) else { return serde_json::Map::new() };
    spec.retain(|field, _| !OF_VOLUMES.contains(&field.as_str()));
    spec
}

fn check_source(report: &mut Report, volume: &PersistentVolume) {
    let Some(spec) = &volume.spec else { return };
    const ONE: &str = "may not specify more than 1 volume type";
    let mut others = source(volume);
    others.retain(|name, _| !["local", "csi"].contains(&name.as_str()));
    let more = !others.is_empty();
    if more || (spec.local.is_none() && spec.csi.is_none()) {
        // The others are a pod's volume's as well.
        let alike = serde_json::from_value(Value::Object(others)).unwrap_or_default();
        pod::check_volume_source(report, "spec", &alike, None);
    }
    if spec.local.is_some() && more {
        report.forbidden("spec.local", ONE);
    } else if let Some(local) = &spec.local {
        match local.path.as_str() {
            "" => report.required("spec.local.path", ""),
            path => pod::no_backsteps(report, "spec.local.path", path),
        }
        if spec.node_affinity.is_none() {
            report.required("spec.nodeAffinity", "Local volume requires node affinity");
        }
    }
    if spec.csi.is_none() && spec.volume_attributes_class_name.is_some() {
        let why = "has to be specified when using volumeAttributesClassName";
        report.required("spec.csi", why);
    }
    if spec.csi.is_some() && (more || spec.local.is_some()) {
        report.forbidden("spec.csi", ONE);
    } else if let Some(csi) = &spec.csi {
        pod::driver_name(report, "spec.csi.driver", &csi.driver);
        if csi.volume_handle.is_empty() {
            report.required("spec.csi.volumeHandle", "");
        }
        for (field, secret) in [
            ("controllerPublishSecretRef", &csi.controller_publish_secret_ref),
            ("controllerExpandSecretRef", &csi.controller_expand_secret_ref),
            ("nodePublishSecretRef", &csi.node_publish_secret_ref),
            ("nodeExpandSecretRef", &csi.node_expand_secret_ref),
        ] {
            if let Some(secret) = secret {
                check_secret(report, &format!("spec.csi.{field}"), secret);
            }
        }
    }
}

/// An amount in whole units, as Go's `Value` rounds it.
fn whole(nanos: i128) -> i64 {
    const UNIT: i128 = 1_000_000_000;
    i64::try_from(nanos.div_euclid(UNIT) + i128::from(nanos.rem_euclid(UNIT) > 0))
        .unwrap_or(i64::MIN)
}

/// A Secret of some namespace.
fn check_secret(report: &mut Report, path: &str, secret: &SecretReference) {
    let rules: [(&str, _, fn(&str) -> Vec<String>); 2] = [
        ("name", given(&secret.name), names::dns_subdomain),
        ("namespace", given(&secret.namespace), names::dns_label),
    ];
    for (field, value, rule) in rules {
        let here = format!("{path}.{field}");
        match value {
            None => report.required(&here, ""),
            Some(value) => report.invalid_name(&here, value, rule(value)),
        }
    }
}

/// A new or changed StorageClass.
pub(super) fn check_class(report: &mut Report, class: &StorageClass, old: Option<&StorageClass>) {
    match old {
        None => metadata::create(report, &class.metadata, false, names::dns_subdomain),
        Some(old) => metadata::update(report, &class.metadata, &old.metadata),
    }
    match class.provisioner.to_lowercase().as_str() {
        "" => report.required("provisioner", ""),
        name => report.invalid_for("provisioner", name, names::qualified_name(name)),
    }
    let policy = given(&class.reclaim_policy);
    report.one_of_if_given("reclaimPolicy", policy, &["Delete", "Retain"]);
    let mode = class.volume_binding_mode.as_deref();
    report.one_of_if_given("volumeBindingMode", mode, BINDING_MODES);
    check_topologies(report, class.allowed_topologies.as_deref().unwrap_or_default());
    let Some(old) = old else { return };
    report.unchanged("parameters", &class.parameters, &old.parameters);
    report.unchanged("provisioner", &class.provisioner, &old.provisioner);
    report.unchanged("reclaimPolicy", &class.reclaim_policy, &old.reclaim_policy);
    report.unchanged("volumeBindingMode", &class.volume_binding_mode, &old.volume_binding_mode);
}

/// Where a class' volumes may be: each term has other labels, each label is named once in a term.
fn check_topologies(report: &mut Report, terms: &[TopologySelectorTerm]) {
    // The server's list of what it has seen begins with an empty term for each.
    let mut seen = vec![BTreeMap::new()];
    for (index, term) in terms.iter().enumerate() {
        let path = format!("allowedTopologies[{index}].matchLabelExpressions");
        let mut labels: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
        for (index, label) in term.match_label_expressions.iter().flatten().enumerate() {
            let path = format!("{path}[{index}]");
            if label.values.is_empty() {
                report.required(&format!("{path}.values"), "");
            }
            let mut values = BTreeSet::new();
            for (index, value) in label.values.iter().enumerate() {
                if !values.insert(value) {
                    report.duplicate(&format!("{path}.values[{index}]"), value.as_str());
                }
            }
            let here = format!("{path}.key");
            report.invalid_for(&here, &label.key, names::qualified_name(&label.key));
            if labels.insert(&label.key, values).is_some() {
                report.duplicate(&here, label.key.as_str());
            }
        }
        let copies = seen.iter().filter(|other| **other == labels).count();
        let copies = if labels.is_empty() { terms.len() + copies - 1 } else { copies };
        (0..copies).for_each(|_| report.duplicate(&path, ""));
        seen.push(labels);
    }
}
