//! What the OpenAPI document does not tell of the API server's own types, and its messages show:
//! names of string types, the texts that such a type allows, which fields may be empty, and embedded
//! structs.

use crate::manifest::values::{HOST_PATH_TYPES, LAST_WORDS, PROFILES, PULL_POLICIES, QUOTA_SCOPES};

/// What is known of a field beside its schema.
#[derive(Clone, Copy, Default)]
pub struct Facts {
    /// See [`super::Field::go_type`].
    pub go_type: Option<&'static str>,
    /// See [`super::Field::choices`].
    pub choices: &'static [&'static str],
    /// See [`super::Field::keeps_empty`].
    pub keeps_empty: bool,
}

/// What is known of the fields of one struct: a line of the table.
#[derive(Clone, Copy, Default)]
pub struct Known {
    cells: &'static str,
}

impl Known {
    /// The struct of a definition of the OpenAPI document: `io.k8s.api.core.v1.Container`.
    pub fn of(definition: &str) -> Known {
        let line = lines().find(|(name, _)| {
            definition.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
        });
        line.map_or_else(Known::default, |(_, cells)| Known { cells })
    }

    /// What is known of a field.
    pub fn facts(self, field: &str) -> Facts {
        let mut cells = self.cells.split(' ').map(Cell::read);
        let Some(cell) = cells.find(|cell| cell.name == field) else { return Facts::default() };
        let choices = cell.go_type.map(choices).unwrap_or_default();
        Facts { go_type: cell.go_type, choices, keeps_empty: cell.keeps_empty }
    }
}

/// One field of the table.
struct Cell {
    name: &'static str,
    go_type: Option<&'static str>,
    keeps_empty: bool,
}

impl Cell {
    fn read(text: &'static str) -> Cell {
        let (field, go_type) = match text.split_once(':') {
            Some((field, go_type)) => (field, Some(go_type)),
            None => (text, None),
        };
        let name = field.trim_end_matches(['*', '=']);
        Cell { name, go_type, keeps_empty: name != field }
    }
}

/// The table: structs (`core.v1.Container`) and their fields.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("go_fields.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' '))
}

/// The embedded struct that a field comes from. Since Go 1.24 its name stands in the paths of
/// decoding errors.
pub fn embedded(object: &str, field: &str) -> Option<&'static str> {
    match (object, field) {
        (_, "apiVersion" | "kind") if !REFERENCES.contains(&object) => Some("TypeMeta"),
        ("Volume", field) if field != "name" => Some("VolumeSource"),
        ("PersistentVolumeSpec", field) if !OF_VOLUMES.contains(&field) => {
            Some("PersistentVolumeSource")
        }
        ("Probe", "exec" | "grpc" | "httpGet" | "tcpSocket") => Some("ProbeHandler"),
        ("IngressRule", "http") => Some("IngressRuleValue"),
        ("EphemeralContainer", field) if field != "targetContainerName" => {
            Some("EphemeralContainerCommon")
        }
        (
            "ConfigMapKeySelector"
            | "SecretKeySelector"
            | "ConfigMapEnvSource"
            | "SecretEnvSource"
            | "ConfigMapProjection"
            | "SecretProjection"
            | "ConfigMapVolumeSource",
            "name",
        ) => Some("LocalObjectReference"),
        _ => None,
    }
}

/// The fields of a PersistentVolume that are no source of data.
pub const OF_VOLUMES: &[&str] = &[
    "accessModes",
    "capacity",
    "claimRef",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "volumeAttributesClassName",
    "volumeMode",
];

/// Types that have `kind` and `apiVersion` fields of their own.
const REFERENCES: &[&str] = &[
    "AzureDiskVolumeSource",
    "CrossVersionObjectReference",
    "CustomResourceDefinitionNames",
    "IngressClassParametersReference",
    "ManagedFieldsEntry",
    "ObjectFieldSelector",
    "ObjectReference",
    "OwnerReference",
    "ParamKind",
    "RoleRef",
    "Subject",
    "TypedLocalObjectReference",
    "TypedObjectReference",
];

/// What the API document says of one of the values of a Go type: `is the TCP protocol.` (the comments of
/// Kubernetes' `types.go`, as its OpenAPI document has them).
pub fn meaning(go_type: &str, value: &str) -> Option<&'static str> {
    let go_type = go_type.trim_start_matches("[]");
    let mut lines = include_str!("meanings.txt").lines().filter(|line| !line.starts_with('#'));
    lines.find_map(|line| {
        let mut cells = line.splitn(3, '\t');
        (cells.next() == Some(go_type) && cells.next() == Some(value)).then(|| cells.next())?
    })
}

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const POLICIES: &[&str] = &["Cluster", "Local"];
const SPREADS: &[&str] = &["DoNotSchedule", "ScheduleAnyway"];
const NODE_POLICIES: &[&str] = &["Honor", "Ignore"];

/// The only texts that a Go type allows. Where the type is a list's, each of its items.
const CHOICES: &[(&str, &[&str])] = &[
    ("v1.AddressType", &["FQDN", "IPv4", "IPv6"]),
    ("v1.AppArmorProfileType", PROFILES),
    ("v1.CompletionMode", &["Indexed", "NonIndexed"]),
    ("v1.ConcurrencyPolicy", &["Allow", "Forbid", "Replace"]),
    ("v1.DNSPolicy", &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
    ("v1.DaemonSetUpdateStrategyType", &["OnDelete", "RollingUpdate"]),
    ("v1.DeploymentStrategyType", &["Recreate", "RollingUpdate"]),
    ("v1.HostPathType", HOST_PATH_TYPES),
    ("v1.IPFamily", &["IPv4", "IPv6"]),
    ("v1.IPFamilyPolicy", &["PreferDualStack", "RequireDualStack", "SingleStack"]),
    ("v1.LabelSelectorOperator", &["DoesNotExist", "Exists", "In", "NotIn"]),
    ("v1.MountPropagationMode", &["Bidirectional", "HostToContainer", "None"]),
    ("v1.NodeInclusionPolicy", NODE_POLICIES),
    ("v1.NodeSelectorOperator", &["DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"]),
    ("v1.PathType", &["Exact", "ImplementationSpecific", "Prefix"]),
    ("v1.PersistentVolumeMode", &["Block", "Filesystem"]),
    ("v1.PodFSGroupChangePolicy", &["Always", "OnRootMismatch"]),
    ("v1.PodFailurePolicyAction", &["Count", "FailIndex", "FailJob", "Ignore"]),
    ("v1.PodFailurePolicyOnExitCodesOperator", &["In", "NotIn"]),
    ("v1.PodManagementPolicyType", &["OrderedReady", "Parallel"]),
    ("v1.PolicyType", &["Egress", "Ingress"]),
    ("v1.PreemptionPolicy", &["Never", "PreemptLowerPriority"]),
    ("v1.ProcMountType", &["Default", "Unmasked"]),
    ("v1.Protocol", PROTOCOLS),
    ("v1.PullPolicy", PULL_POLICIES),
    ("v1.ResourceQuotaScope", QUOTA_SCOPES),
    ("v1.RestartPolicy", &["Always", "Never", "OnFailure"]),
    ("v1.ScopeSelectorOperator", &["DoesNotExist", "Exists", "In", "NotIn"]),
    ("v1.SeccompProfileType", PROFILES),
    ("v1.ServiceAffinity", &["ClientIP", "None"]),
    ("v1.ServiceExternalTrafficPolicy", POLICIES),
    ("v1.ServiceInternalTrafficPolicy", POLICIES),
    ("v1.ServiceType", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
    ("v1.StatefulSetUpdateStrategyType", &["OnDelete", "RollingUpdate"]),
    ("v1.SupplementalGroupsPolicy", &["Merge", "Strict"]),
    ("v1.TaintEffect", &["NoExecute", "NoSchedule", "PreferNoSchedule"]),
    ("v1.TerminationMessagePolicy", LAST_WORDS),
    ("v1.TolerationOperator", &["Equal", "Exists", "Gt", "Lt"]),
    ("v1.URIScheme", &["HTTP", "HTTPS"]),
    ("v1.UnhealthyPodEvictionPolicyType", &["AlwaysAllow", "IfHealthyBudget"]),
    ("v1.UnsatisfiableConstraintAction", SPREADS),
];

fn choices(go_type: &str) -> &'static [&'static str] {
    let go_type = go_type.trim_start_matches("[]");
    CHOICES.iter().find(|row| row.0 == go_type).map_or(&[], |row| row.1)
}

/// Every (struct, field) that the table speaks of; the struct as `core.v1.Container`.
#[cfg(test)]
pub fn described() -> impl Iterator<Item = (&'static str, &'static str)> {
    lines().flat_map(|(object, cells)| {
        cells.split(' ').map(move |cell| (object, Cell::read(cell).name))
    })
}

/// Every Go type that only certain texts fit.
#[cfg(test)]
pub fn chosen() -> impl Iterator<Item = &'static str> {
    CHOICES.iter().map(|row| row.0)
}
