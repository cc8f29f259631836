//! Remarks on pods and their templates, in the server's order.

use k8s_openapi::api::core::v1::{
    Affinity, Container, NodeSelectorTerm, PodAffinityTerm, PodSpec, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{ports, volumes};
use crate::api::validation::names;
use crate::manifest::quantity;

/// Labels of nodes that have got another name since.
const OLD_NODE_LABELS: [(&str, &str, &str); 5] = [
    ("beta.kubernetes.io/arch", "v1.14", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "v1.14", "kubernetes.io/os"),
    ("failure-domain.beta.kubernetes.io/region", "v1.17", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "v1.17", "topology.kubernetes.io/zone"),
    ("beta.kubernetes.io/instance-type", "v1.17", "node.kubernetes.io/instance-type"),
];

/// Annotations that a field has replaced: (annotation, since, field).
const OLD_ANNOTATIONS: [(&str, &str, &str); 3] = [
    ("scheduler.alpha.kubernetes.io/critical-pod", "v1.16", "priorityClassName"),
    ("security.alpha.kubernetes.io/sysctls", "v1.11", "sysctls"),
    ("security.alpha.kubernetes.io/unsafe-sysctls", "v1.11", "sysctls"),
];

const SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_OF: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APP_ARMOR_OF: &str = "container.apparmor.security.beta.kubernetes.io/";
const NO_SELECTOR: &str = "a null labelSelector results in matching no pod";

/// Where a pod or a template stands, and its metadata.
pub(super) struct Placed<'a> {
    /// `spec.template`, or nothing for a pod.
    pub(super) path: &'a str,
    pub(super) metadata: Option<&'a ObjectMeta>,
}

impl Placed<'_> {
    /// The path of a field.
    pub(super) fn at(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    fn annotated(&self, key: &str) -> bool {
        let annotations = self.metadata.and_then(|metadata| metadata.annotations.as_ref());
        annotations.is_some_and(|all| all.contains_key(key))
    }

    fn annotation(&self, key: &str) -> String {
        self.at(&format!("metadata.annotations[{key}]"))
    }
}

/// Remarks on a pod's spec.
pub(super) fn spec(spec: Option<&PodSpec>, placed: &Placed<'_>) -> Vec<String> {
    let Some(spec) = spec else { return Vec::new() };
    let mut remarks = old_node_labels(spec, placed);
    spread(&mut remarks, spec, placed);
    for (key, since, field) in OLD_ANNOTATIONS {
        if placed.annotated(key) {
            let at = placed.annotation(key);
            remarks.push(format!(
                "{at}: non-functional in {since}+; use the \"{field}\" field instead"
            ));
        }
    }
    volumes::remarks(&mut remarks, spec.volumes.as_deref().unwrap_or_default(), placed);
    repeated_names(&mut remarks, spec, placed);
    let overhead = placed.at("spec.overhead");
    fractions(&mut remarks, &overhead, spec.overhead.as_ref(), &["memory", "ephemeral-storage"]);
    let seccomp = spec.security_context.as_ref().and_then(|own| own.seccomp_profile.as_ref());
    if seccomp.is_none() && placed.annotated(SECCOMP) {
        remarks.push(old_seccomp(&placed.annotation(SECCOMP)));
    }
    for (path, container) in containers(spec, placed) {
        of_container(&mut remarks, &path, container, (spec, placed));
    }
    ports::remarks(&mut remarks, &containers(spec, placed));
    // Of a pod the server has already made it 1.
    if spec.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0) {
        let path = placed.at("spec.terminationGracePeriodSeconds");
        remarks.push(format!(
            "{path}: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    if let Some(affinity) = &spec.affinity {
        without_selector(&mut remarks, affinity, placed);
    }
    remarks
}

/// Every container and its path, those that run first before the others.
fn containers<'a>(spec: &'a PodSpec, placed: &Placed<'_>) -> Vec<(String, &'a Container)> {
    let lists = [
        ("initContainers", spec.init_containers.as_deref().unwrap_or_default()),
        ("containers", spec.containers.as_slice()),
    ];
    let mut found = Vec::new();
    for (list, containers) in lists {
        for (index, container) in containers.iter().enumerate() {
            found.push((placed.at(&format!("spec.{list}[{index}]")), container));
        }
    }
    found
}

/// What the server says of an old label, if it is one.
fn old_label(key: &str) -> Option<String> {
    let (_, since, new) = OLD_NODE_LABELS.iter().find(|(old, _, _)| *old == key)?;
    Some(format!("deprecated since {since}; use \"{new}\" instead"))
}

fn old_node_labels(spec: &PodSpec, placed: &Placed<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    for key in spec.node_selector.iter().flat_map(|selector| selector.keys()) {
        if let Some(what) = old_label(key) {
            remarks.push(format!("{}[{key}]: {what}", placed.at("spec.nodeSelector")));
        }
    }
    let Some(affinity) = spec.affinity.as_ref().and_then(|all| all.node_affinity.as_ref()) else {
        return remarks;
    };
    let base = placed.at("spec.affinity.nodeAffinity");
    let required = affinity.required_during_scheduling_ignored_during_execution.iter();
    for (index, term) in required.flat_map(|required| &required.node_selector_terms).enumerate() {
        let path = format!(
            "{base}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[{index}]"
        );
        old_labels_of_term(&mut remarks, &path, term);
    }
    let preferred = affinity.preferred_during_scheduling_ignored_during_execution.iter().flatten();
    for (index, term) in preferred.enumerate() {
        let path =
            format!("{base}.preferredDuringSchedulingIgnoredDuringExecution[{index}].preference");
        old_labels_of_term(&mut remarks, &path, &term.preference);
        impossible_values(&mut remarks, &path, &term.preference);
    }
    remarks
}

/// Labels in a term that have got another name since.
pub(super) fn old_labels_of_term(remarks: &mut Vec<String>, path: &str, term: &NodeSelectorTerm) {
    for (index, expression) in term.match_expressions.iter().flatten().enumerate() {
        if let Some(what) = old_label(&expression.key) {
            let key = &expression.key;
            remarks.push(format!("{path}.matchExpressions[{index}].key: {key} is {what}"));
        }
    }
}

/// Values that no label has. Where the condition must hold they are refused.
fn impossible_values(remarks: &mut Vec<String>, path: &str, term: &NodeSelectorTerm) {
    for (index, expression) in term.match_expressions.iter().flatten().enumerate() {
        for (at, value) in expression.values.iter().flatten().enumerate() {
            let path = format!("{path}.matchExpressions[{index}].values[{at}]");
            let faults = names::label_value(value).into_iter();
            remarks.extend(faults.map(|why| format!("{path}: {value} is invalid, {why}")));
        }
    }
}

fn spread(remarks: &mut Vec<String>, spec: &PodSpec, placed: &Placed<'_>) {
    for (index, constraint) in spec.topology_spread_constraints.iter().flatten().enumerate() {
        let path = placed.at(&format!("spec.topologySpreadConstraints[{index}]"));
        let key = &constraint.topology_key;
        if let Some(what) = old_label(key) {
            remarks.push(format!("{path}.topologyKey: {key} is {what}"));
        }
        if constraint.label_selector.is_none() {
            remarks.push(format!("{path}.labelSelector: {NO_SELECTOR}"));
        }
    }
}

/// The same address or secret twice, and secrets without a name.
fn repeated_names(remarks: &mut Vec<String>, spec: &PodSpec, placed: &Placed<'_>) {
    let aliases = spec.host_aliases.as_deref().unwrap_or_default();
    for (index, alias) in aliases.iter().enumerate() {
        if aliases[..index].iter().any(|earlier| earlier.ip == alias.ip) {
            let path = placed.at(&format!("spec.hostAliases[{index}].ip"));
            remarks.push(format!("{path}: duplicate ip {:?}", alias.ip));
        }
    }
    let secrets = spec.image_pull_secrets.as_deref().unwrap_or_default();
    let path = |index: usize| placed.at(&format!("spec.imagePullSecrets[{index}].name"));
    for (index, secret) in secrets.iter().enumerate() {
        if secrets[..index].iter().any(|earlier| earlier.name == secret.name) {
            remarks.push(format!("{}: duplicate name {:?}", path(index), secret.name));
        }
    }
    for (index, secret) in secrets.iter().enumerate() {
        if secret.name.is_empty() {
            remarks.push(format!("{}: invalid empty name \"\"", path(index)));
        }
    }
}

type Amounts =
    std::collections::BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>;

/// Parts of a byte.
fn fractions(remarks: &mut Vec<String>, path: &str, amounts: Option<&Amounts>, names: &[&str]) {
    for name in names {
        let Some(amount) = amounts.and_then(|amounts| amounts.get(*name)) else { continue };
        if quantity::thousandths(&amount.0) % 1000 != 0 {
            remarks.push(format!(
                "{path}[{name}]: fractional byte value {:?} is invalid, must be an integer",
                amount.0
            ));
        }
    }
}

fn old_seccomp(path: &str) -> String {
    format!("{path}: non-functional in v1.27+; use the \"seccompProfile\" field instead")
}

fn of_container(
    remarks: &mut Vec<String>,
    path: &str,
    container: &Container,
    (spec, placed): (&PodSpec, &Placed<'_>),
) {
    let context = container.security_context.as_ref();
    let seccomp = format!("{SECCOMP_OF}{}", container.name);
    if context.and_then(|own| own.seccomp_profile.as_ref()).is_none() && placed.annotated(&seccomp)
    {
        remarks.push(old_seccomp(&placed.annotation(&seccomp)));
    }
    let armour = format!("{APP_ARMOR_OF}{}", container.name);
    let of_pod = spec.security_context.as_ref().and_then(|own| own.app_armor_profile.as_ref());
    let chosen = of_pod.or_else(|| context.and_then(|own| own.app_armor_profile.as_ref()));
    if chosen.is_none() && placed.annotated(&armour) {
        let at = placed.annotation(&armour);
        remarks.push(format!(
            "{at}: deprecated since v1.30; use the \"appArmorProfile\" field instead"
        ));
    }
    if let Some(resources) = &container.resources {
        for name in ["memory", "ephemeral-storage"] {
            let lists = [("limits", &resources.limits), ("requests", &resources.requests)];
            for (list, amounts) in lists {
                let here = format!("{path}.resources.{list}");
                fractions(remarks, &here, amounts.as_ref(), &[name]);
            }
        }
    }
    duplicate_variables(remarks, path, container);
}

/// The same variable twice in one container: the last one counts. A value that refers to the
/// variable itself extends it on purpose.
fn duplicate_variables(remarks: &mut Vec<String>, path: &str, container: &Container) {
    let variables = container.env.as_deref().unwrap_or_default();
    for (at, variable) in variables.iter().enumerate() {
        let name = &variable.name;
        if !variables[..at].iter().any(|earlier| earlier.name == *name) {
            continue;
        }
        let itself = format!("$({name})");
        let value = variable.value.as_deref().unwrap_or_default();
        if variable.value_from.is_some() || value == itself || !value.contains(&itself) {
            remarks.push(format!(
                "{path}.env[{at}]: hides previous definition of {name:?}, which may be dropped \
                 when using apply"
            ));
        }
    }
}

/// Terms of affinity that choose no pod at all.
fn without_selector(remarks: &mut Vec<String>, affinity: &Affinity, placed: &Placed<'_>) {
    let mut look = |name: &str,
                    required: Option<&Vec<PodAffinityTerm>>,
                    preferred: Option<&Vec<WeightedPodAffinityTerm>>| {
        let base = placed.at(&format!("spec.affinity.{name}"));
        for (index, term) in required.into_iter().flatten().enumerate() {
            if term.label_selector.is_none() {
                remarks.push(format!(
                    "{base}.requiredDuringSchedulingIgnoredDuringExecution[{index}].labelSelector: \
                     {NO_SELECTOR}"
                ));
            }
        }
        for (index, term) in preferred.into_iter().flatten().enumerate() {
            if term.pod_affinity_term.label_selector.is_none() {
                remarks.push(format!(
                    "{base}.preferredDuringSchedulingIgnoredDuringExecution[{index}].\
                     podAffinityTerm.labelSelector: {NO_SELECTOR}"
                ));
            }
        }
    };
    if let Some(near) = &affinity.pod_affinity {
        look(
            "podAffinity",
            near.required_during_scheduling_ignored_during_execution.as_ref(),
            near.preferred_during_scheduling_ignored_during_execution.as_ref(),
        );
    }
    if let Some(far) = &affinity.pod_anti_affinity {
        look(
            "podAntiAffinity",
            far.required_during_scheduling_ignored_during_execution.as_ref(),
            far.preferred_during_scheduling_ignored_during_execution.as_ref(),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn remarks(given: Value) -> Vec<String> {
        let given: PodSpec = serde_json::from_value(given).unwrap();
        spec(Some(&given), &Placed { path: "", metadata: None })
    }

    // Recording 15: f437.yaml, f554.yaml.
    #[test]
    fn fractions_of_a_byte_and_nameless_secrets_are_remarked_on() {
        let resources = json!({"requests": {"memory": "100m", "cpu": "100m"}});
        assert_eq!(
            remarks(json!({
                "imagePullSecrets": [{"name": ""}],
                "containers": [{"name": "c", "resources": resources}],
            })),
            [
                "spec.imagePullSecrets[0].name: invalid empty name \"\"",
                "spec.containers[0].resources.requests[memory]: fractional byte value \"100m\" is \
                 invalid, must be an integer",
            ]
        );
    }

    // `pkg/api/pod/warnings.go`, `pkg/api/node/util.go`.
    #[test]
    fn old_labels_and_values_that_no_label_has_are_remarked_on_where_they_are_only_preferred() {
        let term =
            json!({"key": "beta.kubernetes.io/instance-type", "operator": "In", "values": ["-1"]});
        let preferred = json!([{"weight": 1, "preference": {"matchExpressions": [term]}}]);
        let told = remarks(json!({"containers": [], "affinity": {"nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": preferred}}}));
        let path = "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]\
                    .preference.matchExpressions[0]";
        assert_eq!(told.len(), 2);
        let old = "beta.kubernetes.io/instance-type is deprecated since v1.17; use \
                   \"node.kubernetes.io/instance-type\" instead";
        assert_eq!(told[0], format!("{path}.key: {old}"));
        assert!(told[1].starts_with(&format!("{path}.values[0]: -1 is invalid, a valid label")));
    }

    #[test]
    fn a_claim_of_a_pods_own_is_of_whole_bytes() {
        let claim = json!({"spec": {"resources": {"requests": {"storage": "200m"}}}});
        let volume = json!({"name": "v", "ephemeral": {"volumeClaimTemplate": claim}});
        assert_eq!(
            remarks(json!({"containers": [], "volumes": [volume]})),
            ["spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: \
              fractional byte value \"200m\" is invalid, must be an integer"]
        );
    }

    #[test]
    fn a_variable_may_extend_itself_but_not_be_itself() {
        let named = |value: &str| json!({"name": "A", "value": value});
        let hides = |value: &str| {
            let env = [named("1"), named(value)];
            remarks(json!({"containers": [{"name": "c", "env": env}]})).len()
        };
        assert_eq!((hides("$(A)2"), hides("$(A)"), hides("2")), (0, 1, 1));
    }

    #[test]
    fn a_spread_without_a_selector_matches_nothing() {
        let constraint = json!({"maxSkew": 1, "topologyKey": "x", "whenUnsatisfiable": "y"});
        assert_eq!(
            remarks(json!({"containers": [], "topologySpreadConstraints": [constraint]})),
            [format!("spec.topologySpreadConstraints[0].labelSelector: {NO_SELECTOR}")]
        );
    }
}
