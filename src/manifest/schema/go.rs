//! What the OpenAPI document does not tell of the API server's own types, and its messages show:
//! names of string types, the texts that such a type allows, and embedded structs.

use crate::manifest::values::{HOST_PATH_TYPES, LAST_WORDS, PROFILES, PULL_POLICIES, QUOTA_SCOPES};

/// What is known of a field beside its schema.
#[derive(Clone, Copy, Default)]
pub struct Facts {
    /// See [`super::Field::go_type`].
    pub go_type: Option<&'static str>,
    /// See [`super::Field::choices`].
    pub choices: &'static [&'static str],
}

/// What is known of a struct's field.
pub fn facts(object: &str, field: &str) -> Facts {
    let row = TYPES.iter().find(|row| row.0 == object && row.1 == field);
    row.map_or_else(Facts::default, |row| Facts { go_type: Some(row.2), choices: row.3 })
}

/// The embedded struct that a field comes from. Since Go 1.24 its name stands in the paths of
/// decoding errors.
pub fn embedded(object: &str, field: &str) -> Option<&'static str> {
    match (object, field) {
        (_, "apiVersion" | "kind") if !REFERENCES.contains(&object) => Some("TypeMeta"),
        ("Volume", field) if field != "name" => Some("VolumeSource"),
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

/// Types that have `kind` and `apiVersion` fields of their own.
const REFERENCES: &[&str] = &[
    "CrossVersionObjectReference",
    "IngressClassParametersReference",
    "ManagedFieldsEntry",
    "ObjectFieldSelector",
    "ObjectReference",
    "OwnerReference",
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

/// Struct, field, Go type, allowed texts.
const TYPES: &[(&str, &str, &str, &[&str])] = &[
    ("Capabilities", "add", "[]v1.Capability", &[]),
    ("Capabilities", "drop", "[]v1.Capability", &[]),
    ("Container", "imagePullPolicy", "v1.PullPolicy", PULL_POLICIES),
    ("Container", "terminationMessagePolicy", "v1.TerminationMessagePolicy", LAST_WORDS),
    ("Container", "restartPolicy", "v1.ContainerRestartPolicy", &[]),
    ("ContainerPort", "protocol", "v1.Protocol", PROTOCOLS),
    ("CronJobSpec", "concurrencyPolicy", "v1.ConcurrencyPolicy", &["Allow", "Forbid", "Replace"]),
    (
        "DaemonSetUpdateStrategy",
        "type",
        "v1.DaemonSetUpdateStrategyType",
        &["OnDelete", "RollingUpdate"],
    ),
    ("DeploymentStrategy", "type", "v1.DeploymentStrategyType", &["Recreate", "RollingUpdate"]),
    ("EmptyDirVolumeSource", "medium", "v1.StorageMedium", &[]),
    ("EndpointPort", "protocol", "v1.Protocol", PROTOCOLS),
    ("EndpointSlice", "addressType", "v1.AddressType", &["FQDN", "IPv4", "IPv6"]),
    ("HTTPGetAction", "scheme", "v1.URIScheme", &["HTTP", "HTTPS"]),
    ("HTTPIngressPath", "pathType", "v1.PathType", &["Exact", "ImplementationSpecific", "Prefix"]),
    ("JobSpec", "completionMode", "v1.CompletionMode", &["Indexed", "NonIndexed"]),
    ("JobSpec", "podReplacementPolicy", "v1.PodReplacementPolicy", &[]),
    (
        "LabelSelectorRequirement",
        "operator",
        "v1.LabelSelectorOperator",
        &["DoesNotExist", "Exists", "In", "NotIn"],
    ),
    ("NamespaceSpec", "finalizers", "[]v1.FinalizerName", &[]),
    ("NetworkPolicyPort", "protocol", "v1.Protocol", PROTOCOLS),
    ("NetworkPolicySpec", "policyTypes", "[]v1.PolicyType", &["Egress", "Ingress"]),
    (
        "NodeSelectorRequirement",
        "operator",
        "v1.NodeSelectorOperator",
        &["DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"],
    ),
    ("PersistentVolumeClaimSpec", "accessModes", "[]v1.PersistentVolumeAccessMode", &[]),
    (
        "PersistentVolumeClaimSpec",
        "volumeMode",
        "v1.PersistentVolumeMode",
        &["Block", "Filesystem"],
    ),
    (
        "PodSpec",
        "dnsPolicy",
        "v1.DNSPolicy",
        &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    ),
    ("PodSpec", "restartPolicy", "v1.RestartPolicy", &["Always", "Never", "OnFailure"]),
    ("PodSpec", "preemptionPolicy", "v1.PreemptionPolicy", &["Never", "PreemptLowerPriority"]),
    ("PodSpec", "overhead", "v1.ResourceList", &[]),
    ("ResourceRequirements", "limits", "v1.ResourceList", &[]),
    ("ResourceRequirements", "requests", "v1.ResourceList", &[]),
    ("Secret", "type", "v1.SecretType", &[]),
    ("ServicePort", "protocol", "v1.Protocol", PROTOCOLS),
    ("ServiceSpec", "externalTrafficPolicy", "v1.ServiceExternalTrafficPolicy", POLICIES),
    ("ServiceSpec", "internalTrafficPolicy", "v1.ServiceInternalTrafficPolicy", POLICIES),
    ("ServiceSpec", "ipFamilies", "[]v1.IPFamily", &["IPv4", "IPv6"]),
    (
        "ServiceSpec",
        "ipFamilyPolicy",
        "v1.IPFamilyPolicy",
        &["PreferDualStack", "RequireDualStack", "SingleStack"],
    ),
    ("ServiceSpec", "sessionAffinity", "v1.ServiceAffinity", &["ClientIP", "None"]),
    (
        "ServiceSpec",
        "type",
        "v1.ServiceType",
        &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    ),
    (
        "StatefulSetSpec",
        "podManagementPolicy",
        "v1.PodManagementPolicyType",
        &["OrderedReady", "Parallel"],
    ),
    (
        "StatefulSetUpdateStrategy",
        "type",
        "v1.StatefulSetUpdateStrategyType",
        &["OnDelete", "RollingUpdate"],
    ),
    ("Taint", "effect", "v1.TaintEffect", &["NoExecute", "NoSchedule", "PreferNoSchedule"]),
    ("Toleration", "effect", "v1.TaintEffect", &["NoExecute", "NoSchedule", "PreferNoSchedule"]),
    ("Toleration", "operator", "v1.TolerationOperator", &["Equal", "Exists", "Gt", "Lt"]),
    ("TopologySpreadConstraint", "whenUnsatisfiable", "v1.UnsatisfiableConstraintAction", SPREADS),
    ("TopologySpreadConstraint", "nodeAffinityPolicy", "v1.NodeInclusionPolicy", NODE_POLICIES),
    ("TopologySpreadConstraint", "nodeTaintsPolicy", "v1.NodeInclusionPolicy", NODE_POLICIES),
    (
        "VolumeMount",
        "mountPropagation",
        "v1.MountPropagationMode",
        &["Bidirectional", "HostToContainer", "None"],
    ),
    ("HostPathVolumeSource", "type", "v1.HostPathType", HOST_PATH_TYPES),
    ("VolumeMount", "recursiveReadOnly", "v1.RecursiveReadOnlyMode", &[]),
    ("ContainerResizePolicy", "resourceName", "v1.ResourceName", &[]),
    ("ContainerResizePolicy", "restartPolicy", "v1.ResourceResizeRestartPolicy", &[]),
    ("VolumeResourceRequirements", "limits", "v1.ResourceList", &[]),
    ("VolumeResourceRequirements", "requests", "v1.ResourceList", &[]),
    ("Lifecycle", "stopSignal", "v1.Signal", &[]),
    ("ContainerRestartRule", "action", "v1.ContainerRestartRuleAction", &[]),
    (
        "ContainerRestartRuleOnExitCodes",
        "operator",
        "v1.ContainerRestartRuleOnExitCodesOperator",
        &[],
    ),
    ("PodReadinessGate", "conditionType", "v1.PodConditionType", &[]),
    ("PodOS", "name", "v1.OSName", &[]),
    (
        "PodSecurityContext",
        "supplementalGroupsPolicy",
        "v1.SupplementalGroupsPolicy",
        &["Merge", "Strict"],
    ),
    (
        "PodSecurityContext",
        "fsGroupChangePolicy",
        "v1.PodFSGroupChangePolicy",
        &["Always", "OnRootMismatch"],
    ),
    ("PodSecurityContext", "seLinuxChangePolicy", "v1.PodSELinuxChangePolicy", &[]),
    ("SeccompProfile", "type", "v1.SeccompProfileType", PROFILES),
    ("AppArmorProfile", "type", "v1.AppArmorProfileType", PROFILES),
    ("EphemeralContainer", "restartPolicy", "v1.ContainerRestartPolicy", &[]),
    ("EphemeralContainer", "terminationMessagePolicy", "v1.TerminationMessagePolicy", LAST_WORDS),
    ("EphemeralContainer", "imagePullPolicy", "v1.PullPolicy", PULL_POLICIES),
    ("LimitRangeItem", "type", "v1.LimitType", &[]),
    ("LimitRangeItem", "max", "v1.ResourceList", &[]),
    ("LimitRangeItem", "min", "v1.ResourceList", &[]),
    ("LimitRangeItem", "default", "v1.ResourceList", &[]),
    ("LimitRangeItem", "defaultRequest", "v1.ResourceList", &[]),
    ("LimitRangeItem", "maxLimitRequestRatio", "v1.ResourceList", &[]),
    ("ResourceQuotaSpec", "hard", "v1.ResourceList", &[]),
    ("ResourceQuotaSpec", "scopes", "[]v1.ResourceQuotaScope", QUOTA_SCOPES),
    ("ScopedResourceSelectorRequirement", "scopeName", "v1.ResourceQuotaScope", QUOTA_SCOPES),
    (
        "ScopedResourceSelectorRequirement",
        "operator",
        "v1.ScopeSelectorOperator",
        &["DoesNotExist", "Exists", "In", "NotIn"],
    ),
    ("SecurityContext", "procMount", "v1.ProcMountType", &["Default", "Unmasked"]),
    ("ImageVolumeSource", "pullPolicy", "v1.PullPolicy", PULL_POLICIES),
    (
        "StatefulSetPersistentVolumeClaimRetentionPolicy",
        "whenDeleted",
        "v1.PersistentVolumeClaimRetentionPolicyType",
        &[],
    ),
    (
        "StatefulSetPersistentVolumeClaimRetentionPolicy",
        "whenScaled",
        "v1.PersistentVolumeClaimRetentionPolicyType",
        &[],
    ),
    (
        "PodFailurePolicyOnExitCodesRequirement",
        "operator",
        "v1.PodFailurePolicyOnExitCodesOperator",
        &["In", "NotIn"],
    ),
    ("PodFailurePolicyOnPodConditionsPattern", "type", "v1.PodConditionType", &[]),
    ("PodFailurePolicyOnPodConditionsPattern", "status", "v1.ConditionStatus", &[]),
    (
        "PodFailurePolicyRule",
        "action",
        "v1.PodFailurePolicyAction",
        &["Count", "FailIndex", "FailJob", "Ignore"],
    ),
    ("MetricSpec", "type", "v2.MetricSourceType", &[]),
    ("HPAScalingRules", "selectPolicy", "v2.ScalingPolicySelect", &[]),
    ("HPAScalingPolicy", "type", "v2.HPAScalingPolicyType", &[]),
    ("ResourceMetricSource", "name", "v1.ResourceName", &[]),
    ("ContainerResourceMetricSource", "name", "v1.ResourceName", &[]),
    ("MetricTarget", "type", "v2.MetricTargetType", &[]),
    (
        "PodDisruptionBudgetSpec",
        "unhealthyPodEvictionPolicy",
        "v1.UnhealthyPodEvictionPolicyType",
        &["AlwaysAllow", "IfHealthyBudget"],
    ),
];

/// Every (struct, field) that this table speaks of.
#[cfg(test)]
pub fn described() -> impl Iterator<Item = (&'static str, &'static str)> {
    TYPES.iter().map(|row| (row.0, row.1))
}
