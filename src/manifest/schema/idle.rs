//! Fields that the API server takes, keeps and checks, and that nothing here acts upon: what they
//! ask for is not simulated. `kubectl explain` and the editor say so. That every other field of
//! Pods, Services, Ingresses and NetworkPolicies is acted upon is a test's task (`tests/rules/fields.rs`).

/// Why a field has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// It speaks of a disk or another store of data.
    Disks,
    /// It speaks of users and rights.
    Rights,
    /// It speaks of what processes see of each other and of the node.
    Sharing,
    /// It speaks of the order or the manner in which pods are placed.
    Placing,
    /// It speaks of devices and amounts.
    Amounts,
    /// It speaks of how a container runtime runs or stops a container.
    Running,
    /// It speaks of images and who may pull them.
    Images,
    /// It is part of a feature that is not switched on.
    Off,
    /// The server writes it, or drops it.
    Server,
    /// The server refuses it.
    Refused,
}

impl Idle {
    /// What is said to who uses it.
    pub const fn reason(self) -> &'static str {
        match self {
            Idle::Disks => {
                "such a volume is an empty folder of the pod's own; what is stored elsewhere is not \
                 simulated"
            }
            Idle::Rights => "users and rights are not simulated",
            Idle::Sharing => "what processes see of the node and of each other is not simulated",
            Idle::Placing => "the scheduler does not look at it",
            Idle::Amounts => "devices and such amounts are not simulated",
            Idle::Running => "containers are run and stopped without it",
            Idle::Images => "every image may be pulled",
            Idle::Off => "it belongs to a feature that is not switched on",
            Idle::Server => "only the server writes it",
            Idle::Refused => "ephemeral containers may not have it",
        }
    }
}

use Idle::{Amounts, Disks, Images, Off, Placing, Refused, Rights, Running, Server, Sharing};

/// Why a struct's field has no effect; nothing if it has.
pub(super) fn idle(object: &str, field: &str) -> Option<Idle> {
    let row = IDLE.iter().find(|row| row.0 == object && row.1.contains(&field))?;
    Some(row.2)
}

/// Struct, fields, why. What stands below such a field has no effect either.
pub const IDLE: &[(&str, &[&str], Idle)] = &[
    ("ConfigMapVolumeSource", &["defaultMode"], Rights),
    ("Container", &["resizePolicy"], Amounts),
    ("Container", &["stdinOnce", "tty"], Running),
    ("Container", &["volumeDevices"], Disks),
    ("DownwardAPIVolumeFile", &["mode"], Rights),
    ("DownwardAPIVolumeSource", &["defaultMode"], Rights),
    ("EmptyDirVolumeSource", &["medium", "sizeLimit"], Disks),
    ("EnvVarSource", &["fileKeyRef"], Disks),
    ("EphemeralContainer", &["resizePolicy", "resources"], Amounts),
    ("EphemeralContainer", &["stdinOnce", "tty"], Running),
    ("EphemeralContainer", &["targetContainerName"], Sharing),
    ("EphemeralContainer", &["volumeDevices"], Disks),
    (
        "EphemeralContainer",
        &[
            "lifecycle",
            "livenessProbe",
            "ports",
            "readinessProbe",
            "restartPolicy",
            "restartPolicyRules",
            "startupProbe",
        ],
        Refused,
    ),
    ("GRPCAction", &["service"], Running),
    ("IngressBackend", &["resource"], Disks),
    ("KeyToPath", &["mode"], Rights),
    ("Lifecycle", &["stopSignal"], Off),
    (
        "ObjectMeta",
        &[
            "creationTimestamp",
            "deletionGracePeriodSeconds",
            "deletionTimestamp",
            "generation",
            "managedFields",
            "selfLink",
            "uid",
        ],
        Server,
    ),
    ("ObjectFieldSelector", &["apiVersion"], Running),
    ("PodAffinityTerm", &["matchLabelKeys", "mismatchLabelKeys", "namespaceSelector"], Placing),
    (
        "PodSecurityContext",
        &[
            "appArmorProfile",
            "fsGroupChangePolicy",
            "seLinuxChangePolicy",
            "seLinuxOptions",
            "seccompProfile",
            "supplementalGroupsPolicy",
            "sysctls",
            "windowsOptions",
        ],
        Rights,
    ),
    ("PodSpec", &["hostIPC", "hostPID", "hostUsers", "os", "shareProcessNamespace"], Sharing),
    ("PodSpec", &["imagePullSecrets"], Images),
    ("PodSpec", &["resourceClaims", "resources"], Amounts),
    ("PodSpec", &["preemptionPolicy", "priority", "priorityClassName"], Placing),
    ("PodSpec", &["schedulingGroup"], Off),
    ("ProjectedVolumeSource", &["defaultMode"], Rights),
    ("ResourceFieldSelector", &["containerName"], Running),
    ("ResourceRequirements", &["claims"], Amounts),
    ("SecretVolumeSource", &["defaultMode"], Rights),
    (
        "SecurityContext",
        &[
            "allowPrivilegeEscalation",
            "appArmorProfile",
            "procMount",
            "seLinuxOptions",
            "seccompProfile",
            "windowsOptions",
        ],
        Rights,
    ),
    ("ServiceAccountTokenProjection", &["audience", "expirationSeconds"], Rights),
    (
        "TopologySpreadConstraint",
        &["matchLabelKeys", "minDomains", "nodeAffinityPolicy", "nodeTaintsPolicy"],
        Placing,
    ),
    (
        "Volume",
        &[
            "awsElasticBlockStore",
            "azureDisk",
            "azureFile",
            "cephfs",
            "cinder",
            "csi",
            "ephemeral",
            "fc",
            "flexVolume",
            "flocker",
            "gcePersistentDisk",
            "gitRepo",
            "glusterfs",
            "hostPath",
            "image",
            "iscsi",
            "nfs",
            "persistentVolumeClaim",
            "photonPersistentDisk",
            "portworxVolume",
            "quobyte",
            "rbd",
            "scaleIO",
            "storageos",
            "vsphereVolume",
        ],
        Disks,
    ),
    ("VolumeMount", &["mountPropagation", "recursiveReadOnly", "subPathExpr"], Disks),
    ("VolumeProjection", &["clusterTrustBundle", "podCertificate"], Rights),
];
