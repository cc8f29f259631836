//! A `PodSpec` as the API server holds it itself: the text that it compares and prints when a
//! pod's update is refused. Facts: Kubernetes' `pkg/apis/core/types.go`.

use k8s_openapi::api::core::v1::{EphemeralContainer, PodSpec, PodTemplateSpec};
use serde_json::{Value, json};

use super::super::report::Shown;
use super::super::shape::Holds::{self, Any, Api, Flag, List, Number, Pointer, Struct, Text};
use super::super::shape::{OWNER, Own, SELECTOR, Shape, Writer};
use super::super::volume_shapes;
use crate::manifest::go_json;

const POD_SPEC: Shape = &[
    ("Volumes", "volumes", List(VOLUME)),
    ("InitContainers", "initContainers", List(CONTAINER)),
    ("Containers", "containers", List(CONTAINER)),
    ("EphemeralContainers", "ephemeralContainers", List(CONTAINER)),
    ("RestartPolicy", "restartPolicy", Text),
    ("TerminationGracePeriodSeconds", "terminationGracePeriodSeconds", Any),
    ("ActiveDeadlineSeconds", "activeDeadlineSeconds", Any),
    ("DNSPolicy", "dnsPolicy", Text),
    ("NodeSelector", "nodeSelector", Any),
    ("ServiceAccountName", "serviceAccountName", Text),
    ("AutomountServiceAccountToken", "automountServiceAccountToken", Any),
    ("NodeName", "nodeName", Text),
    ("SecurityContext", "securityContext", Pointer(POD_SECURITY)),
    ("ImagePullSecrets", "imagePullSecrets", List(&[("Name", "name", Text)])),
    ("Hostname", "hostname", Text),
    ("Subdomain", "subdomain", Text),
    ("SetHostnameAsFQDN", "setHostnameAsFQDN", Any),
    ("Affinity", "affinity", Pointer(AFFINITY)),
    ("SchedulerName", "schedulerName", Text),
    ("Tolerations", "tolerations", List(TOLERATION)),
    ("HostAliases", "hostAliases", List(&[("IP", "ip", Text), ("Hostnames", "hostnames", Any)])),
    ("PriorityClassName", "priorityClassName", Text),
    ("Priority", "priority", Any),
    ("PreemptionPolicy", "preemptionPolicy", Any),
    ("DNSConfig", "dnsConfig", Pointer(DNS_CONFIG)),
    ("ReadinessGates", "readinessGates", List(&[("ConditionType", "conditionType", Text)])),
    ("RuntimeClassName", "runtimeClassName", Any),
    ("Overhead", "overhead", Any),
    ("EnableServiceLinks", "enableServiceLinks", Any),
    ("TopologySpreadConstraints", "topologySpreadConstraints", List(SPREAD)),
    ("OS", "os", Pointer(&[("Name", "name", Text)])),
    ("SchedulingGates", "schedulingGates", List(&[("Name", "name", Text)])),
    (
        "ResourceClaims",
        "resourceClaims",
        List(&[
            ("Name", "name", Text),
            ("ResourceClaimName", "resourceClaimName", Any),
            ("ResourceClaimTemplateName", "resourceClaimTemplateName", Any),
        ]),
    ),
    ("Resources", "resources", Pointer(RESOURCES)),
    ("HostnameOverride", "hostnameOverride", Any),
    ("SchedulingGroup", "schedulingGroup", Any),
];

const CONTAINER: Shape = &[
    ("Name", "name", Text),
    ("Image", "image", Text),
    ("Command", "command", Any),
    ("Args", "args", Any),
    ("WorkingDir", "workingDir", Text),
    ("Ports", "ports", List(PORT)),
    ("EnvFrom", "envFrom", List(ENV_FROM)),
    ("Env", "env", List(ENV)),
    ("Resources", "resources", Struct(RESOURCES)),
    (
        "ResizePolicy",
        "resizePolicy",
        List(&[("ResourceName", "resourceName", Text), ("RestartPolicy", "restartPolicy", Text)]),
    ),
    ("RestartPolicy", "restartPolicy", Any),
    ("RestartPolicyRules", "restartPolicyRules", Any),
    ("VolumeMounts", "volumeMounts", List(MOUNT)),
    (
        "VolumeDevices",
        "volumeDevices",
        List(&[("Name", "name", Text), ("DevicePath", "devicePath", Text)]),
    ),
    ("LivenessProbe", "livenessProbe", Pointer(PROBE)),
    ("ReadinessProbe", "readinessProbe", Pointer(PROBE)),
    ("StartupProbe", "startupProbe", Pointer(PROBE)),
    ("Lifecycle", "lifecycle", Pointer(LIFECYCLE)),
    ("TerminationMessagePath", "terminationMessagePath", Text),
    ("TerminationMessagePolicy", "terminationMessagePolicy", Text),
    ("ImagePullPolicy", "imagePullPolicy", Text),
    ("SecurityContext", "securityContext", Pointer(SECURITY)),
    ("Stdin", "stdin", Flag),
    ("StdinOnce", "stdinOnce", Flag),
    ("TTY", "tty", Flag),
];

const PORT: Shape = &[
    ("Name", "name", Text),
    ("HostPort", "hostPort", Number),
    ("ContainerPort", "containerPort", Number),
    ("Protocol", "protocol", Text),
    ("HostIP", "hostIP", Text),
];

const NAMED: Shape = &[("Name", "name", Text), ("Optional", "optional", Any)];

const ENV_FROM: Shape = &[
    ("Prefix", "prefix", Text),
    ("ConfigMapRef", "configMapRef", Pointer(NAMED)),
    ("SecretRef", "secretRef", Pointer(NAMED)),
];

const KEY: Shape = &[("Name", "name", Text), ("Key", "key", Text), ("Optional", "optional", Any)];

const FIELD: Shape = &[("APIVersion", "apiVersion", Text), ("FieldPath", "fieldPath", Text)];

const RESOURCE_FIELD: Shape = &[
    ("ContainerName", "containerName", Text),
    ("Resource", "resource", Text),
    ("Divisor", "divisor", Text),
];

const ENV: Shape =
    &[("Name", "name", Text), ("Value", "value", Text), ("ValueFrom", "valueFrom", Pointer(FROM))];

const FROM: Shape = &[
    ("FieldRef", "fieldRef", Pointer(FIELD)),
    ("ResourceFieldRef", "resourceFieldRef", Pointer(RESOURCE_FIELD)),
    ("ConfigMapKeyRef", "configMapKeyRef", Pointer(KEY)),
    ("SecretKeyRef", "secretKeyRef", Pointer(KEY)),
    ("FileKeyRef", "fileKeyRef", Any),
];

const RESOURCES: Shape =
    &[("Limits", "limits", Any), ("Requests", "requests", Any), ("Claims", "claims", Any)];

const MOUNT: Shape = &[
    ("Name", "name", Text),
    ("ReadOnly", "readOnly", Flag),
    ("RecursiveReadOnly", "recursiveReadOnly", Any),
    ("MountPath", "mountPath", Text),
    ("SubPath", "subPath", Text),
    ("MountPropagation", "mountPropagation", Any),
    ("SubPathExpr", "subPathExpr", Text),
];

const EXEC: Shape = &[("Command", "command", Any)];

const HTTP: Shape = &[
    ("Path", "path", Text),
    ("Port", "port", Number),
    ("Host", "host", Text),
    ("Scheme", "scheme", Text),
    ("HTTPHeaders", "httpHeaders", List(&[("Name", "name", Text), ("Value", "value", Text)])),
];

const TCP: Shape = &[("Port", "port", Number), ("Host", "host", Text)];

const PROBE: Shape = &[
    ("Exec", "exec", Pointer(EXEC)),
    ("HTTPGet", "httpGet", Pointer(HTTP)),
    ("TCPSocket", "tcpSocket", Pointer(TCP)),
    ("GRPC", "grpc", Pointer(&[("Port", "port", Number), ("Service", "service", Any)])),
    ("InitialDelaySeconds", "initialDelaySeconds", Number),
    ("TimeoutSeconds", "timeoutSeconds", Number),
    ("PeriodSeconds", "periodSeconds", Number),
    ("SuccessThreshold", "successThreshold", Number),
    ("FailureThreshold", "failureThreshold", Number),
    ("TerminationGracePeriodSeconds", "terminationGracePeriodSeconds", Any),
];

const HANDLER: Shape = &[
    ("Exec", "exec", Pointer(EXEC)),
    ("HTTPGet", "httpGet", Pointer(HTTP)),
    ("TCPSocket", "tcpSocket", Pointer(TCP)),
    ("Sleep", "sleep", Pointer(&[("Seconds", "seconds", Number)])),
];

const LIFECYCLE: Shape = &[
    ("PostStart", "postStart", Pointer(HANDLER)),
    ("PreStop", "preStop", Pointer(HANDLER)),
    ("StopSignal", "stopSignal", Any),
];

const SECURITY: Shape = &[
    ("Capabilities", "capabilities", Pointer(&[("Add", "add", Any), ("Drop", "drop", Any)])),
    ("Privileged", "privileged", Any),
    ("SELinuxOptions", "seLinuxOptions", SE_LINUX),
    ("WindowsOptions", "windowsOptions", WINDOWS),
    ("RunAsUser", "runAsUser", Any),
    ("RunAsGroup", "runAsGroup", Any),
    ("RunAsNonRoot", "runAsNonRoot", Any),
    ("ReadOnlyRootFilesystem", "readOnlyRootFilesystem", Any),
    ("AllowPrivilegeEscalation", "allowPrivilegeEscalation", Any),
    ("ProcMount", "procMount", Any),
    ("SeccompProfile", "seccompProfile", SECCOMP),
    ("AppArmorProfile", "appArmorProfile", SECCOMP),
];

const POD_SECURITY: Shape = &[
    ("HostNetwork", "hostNetwork", Flag),
    ("HostPID", "hostPID", Flag),
    ("HostIPC", "hostIPC", Flag),
    ("ShareProcessNamespace", "shareProcessNamespace", Any),
    ("HostUsers", "hostUsers", Any),
    ("SELinuxOptions", "seLinuxOptions", SE_LINUX),
    ("WindowsOptions", "windowsOptions", WINDOWS),
    ("RunAsUser", "runAsUser", Any),
    ("RunAsGroup", "runAsGroup", Any),
    ("RunAsNonRoot", "runAsNonRoot", Any),
    ("SupplementalGroups", "supplementalGroups", Any),
    ("SupplementalGroupsPolicy", "supplementalGroupsPolicy", Any),
    ("FSGroup", "fsGroup", Any),
    ("FSGroupChangePolicy", "fsGroupChangePolicy", Any),
    ("Sysctls", "sysctls", List(&[("Name", "name", Text), ("Value", "value", Text)])),
    ("SeccompProfile", "seccompProfile", SECCOMP),
    ("AppArmorProfile", "appArmorProfile", SECCOMP),
    ("SELinuxChangePolicy", "seLinuxChangePolicy", Any),
];

const NODE_REQUIREMENT: Shape =
    &[("Key", "key", Text), ("Operator", "operator", Text), ("Values", "values", Any)];

/// A term of a node selector.
pub(in super::super) const NODE_TERM: Shape = &[
    ("MatchExpressions", "matchExpressions", List(NODE_REQUIREMENT)),
    ("MatchFields", "matchFields", List(NODE_REQUIREMENT)),
];

const POD_TERM: Shape = &[
    ("LabelSelector", "labelSelector", Api(SELECTOR)),
    ("Namespaces", "namespaces", Any),
    ("TopologyKey", "topologyKey", Text),
    ("NamespaceSelector", "namespaceSelector", Api(SELECTOR)),
    ("MatchLabelKeys", "matchLabelKeys", Any),
    ("MismatchLabelKeys", "mismatchLabelKeys", Any),
];

const POD_TERMS: Shape = &[
    (
        "RequiredDuringSchedulingIgnoredDuringExecution",
        "requiredDuringSchedulingIgnoredDuringExecution",
        List(POD_TERM),
    ),
    (
        "PreferredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
        List(&[
            ("Weight", "weight", Number),
            ("PodAffinityTerm", "podAffinityTerm", Struct(POD_TERM)),
        ]),
    ),
];

const AFFINITY: Shape = &[
    (
        "NodeAffinity",
        "nodeAffinity",
        Pointer(&[
            (
                "RequiredDuringSchedulingIgnoredDuringExecution",
                "requiredDuringSchedulingIgnoredDuringExecution",
                Pointer(&[("NodeSelectorTerms", "nodeSelectorTerms", List(NODE_TERM))]),
            ),
            (
                "PreferredDuringSchedulingIgnoredDuringExecution",
                "preferredDuringSchedulingIgnoredDuringExecution",
                List(&[
                    ("Weight", "weight", Number),
                    ("Preference", "preference", Struct(NODE_TERM)),
                ]),
            ),
        ]),
    ),
    ("PodAffinity", "podAffinity", Pointer(POD_TERMS)),
    ("PodAntiAffinity", "podAntiAffinity", Pointer(POD_TERMS)),
];

const TOLERATION: Shape = &[
    ("Key", "key", Text),
    ("Operator", "operator", Text),
    ("Value", "value", Text),
    ("Effect", "effect", Text),
    ("TolerationSeconds", "tolerationSeconds", Any),
];

const DNS_CONFIG: Shape = &[
    ("Nameservers", "nameservers", Any),
    ("Searches", "searches", Any),
    ("Options", "options", List(&[("Name", "name", Text), ("Value", "value", Any)])),
];

const SPREAD: Shape = &[
    ("MaxSkew", "maxSkew", Number),
    ("TopologyKey", "topologyKey", Text),
    ("WhenUnsatisfiable", "whenUnsatisfiable", Text),
    ("LabelSelector", "labelSelector", Api(SELECTOR)),
    ("MinDomains", "minDomains", Any),
    ("NodeAffinityPolicy", "nodeAffinityPolicy", Any),
    ("NodeTaintsPolicy", "nodeTaintsPolicy", Any),
    ("MatchLabelKeys", "matchLabelKeys", Any),
];

const ITEM: Shape = &[("Key", "key", Text), ("Path", "path", Text), ("Mode", "mode", Any)];

const DOWNWARD_ITEM: Shape = &[
    ("Path", "path", Text),
    ("FieldRef", "fieldRef", Pointer(FIELD)),
    ("ResourceFieldRef", "resourceFieldRef", Pointer(RESOURCE_FIELD)),
    ("Mode", "mode", Any),
];

const PROJECTED_NAMED: Shape =
    &[("Name", "name", Text), ("Items", "items", List(ITEM)), ("Optional", "optional", Any)];

const TOKEN: Shape = &[
    ("Audience", "audience", Text),
    ("ExpirationSeconds", "expirationSeconds", Number),
    ("Path", "path", Text),
];

const PROJECTION: Shape = &[
    ("Secret", "secret", Pointer(PROJECTED_NAMED)),
    ("DownwardAPI", "downwardAPI", Pointer(&[("Items", "items", List(DOWNWARD_ITEM))])),
    ("ConfigMap", "configMap", Pointer(PROJECTED_NAMED)),
    ("ServiceAccountToken", "serviceAccountToken", Pointer(TOKEN)),
    ("ClusterTrustBundle", "clusterTrustBundle", Any),
    ("PodCertificate", "podCertificate", Any),
];

const VOLUME: Shape = &[
    ("Name", "name", Text),
    ("HostPath", "hostPath", Pointer(&[("Path", "path", Text), ("Type", "type", Any)])),
    (
        "EmptyDir",
        "emptyDir",
        Pointer(&[("Medium", "medium", Text), ("SizeLimit", "sizeLimit", Any)]),
    ),
    ("GCEPersistentDisk", "gcePersistentDisk", Pointer(volume_shapes::GCE_PERSISTENT_DISK)),
    (
        "AWSElasticBlockStore",
        "awsElasticBlockStore",
        Pointer(volume_shapes::AWS_ELASTIC_BLOCK_STORE),
    ),
    ("GitRepo", "gitRepo", Any),
    (
        "Secret",
        "secret",
        Pointer(&[
            ("SecretName", "secretName", Text),
            ("Items", "items", List(ITEM)),
            ("DefaultMode", "defaultMode", Any),
            ("Optional", "optional", Any),
        ]),
    ),
    ("NFS", "nfs", Pointer(volume_shapes::NFS)),
    ("ISCSI", "iscsi", Pointer(volume_shapes::POD_ISCSI)),
    ("Glusterfs", "glusterfs", Pointer(volume_shapes::POD_GLUSTERFS)),
    (
        "PersistentVolumeClaim",
        "persistentVolumeClaim",
        Pointer(&[("ClaimName", "claimName", Text), ("ReadOnly", "readOnly", Flag)]),
    ),
    ("RBD", "rbd", Pointer(volume_shapes::POD_RBD)),
    ("Quobyte", "quobyte", Pointer(volume_shapes::QUOBYTE)),
    ("FlexVolume", "flexVolume", Pointer(volume_shapes::POD_FLEX_VOLUME)),
    ("Cinder", "cinder", Pointer(volume_shapes::POD_CINDER)),
    ("CephFS", "cephfs", Pointer(volume_shapes::POD_CEPH_FS)),
    ("Flocker", "flocker", Pointer(volume_shapes::FLOCKER)),
    (
        "DownwardAPI",
        "downwardAPI",
        Pointer(&[("Items", "items", List(DOWNWARD_ITEM)), ("DefaultMode", "defaultMode", Any)]),
    ),
    ("FC", "fc", Pointer(volume_shapes::FC)),
    ("AzureFile", "azureFile", Pointer(volume_shapes::POD_AZURE_FILE)),
    (
        "ConfigMap",
        "configMap",
        Pointer(&[
            ("Name", "name", Text),
            ("Items", "items", List(ITEM)),
            ("DefaultMode", "defaultMode", Any),
            ("Optional", "optional", Any),
        ]),
    ),
    ("VsphereVolume", "vsphereVolume", Pointer(volume_shapes::VSPHERE_VOLUME)),
    ("AzureDisk", "azureDisk", Pointer(volume_shapes::AZURE_DISK)),
    (
        "PhotonPersistentDisk",
        "photonPersistentDisk",
        Pointer(volume_shapes::PHOTON_PERSISTENT_DISK),
    ),
    (
        "Projected",
        "projected",
        Pointer(&[("Sources", "sources", List(PROJECTION)), ("DefaultMode", "defaultMode", Any)]),
    ),
    ("PortworxVolume", "portworxVolume", Pointer(volume_shapes::PORTWORX_VOLUME)),
    ("ScaleIO", "scaleIO", Pointer(volume_shapes::POD_SCALE_IO)),
    ("StorageOS", "storageos", Pointer(volume_shapes::POD_STORAGE_OS)),
    ("CSI", "csi", Pointer(volume_shapes::POD_CSI)),
    ("Ephemeral", "ephemeral", Any),
    ("Image", "image", Pointer(volume_shapes::POD_IMAGE)),
];

/// A pod's specification, a line a value, indented by one space a level.
pub(super) fn lines(spec: &PodSpec) -> Vec<String> {
    let mut out = Writer::indented();
    out.object(POD_SPEC, &own_layout(spec), 0);
    out.text.lines().map(str::to_owned).collect()
}

/// An ephemeral container in the same way: a container, and whose processes it looks at.
pub(super) fn ephemeral_lines(container: &EphemeralContainer) -> Vec<String> {
    let mut out = Writer::indented();
    out.object(CONTAINER, &json!(container), 0);
    let mut lines: Vec<String> = out.text.lines().map(str::to_owned).collect();
    lines.pop();
    if let Some(last) = lines.last_mut() {
        last.push(',');
    }
    let target = container.target_container_name.as_deref().unwrap_or("");
    lines.push(format!(" \"TargetContainerName\": {}", json!(target)));
    lines.push("}".to_owned());
    lines
}

/// What a template may say of its pods, in the order of its type (`ObjectMeta`).
const META: &[(&str, Option<Shape>)] = &[
    ("name", None),
    ("generateName", None),
    ("namespace", None),
    ("selfLink", None),
    ("uid", None),
    ("resourceVersion", None),
    ("generation", None),
    ("creationTimestamp", None),
    ("deletionTimestamp", None),
    ("deletionGracePeriodSeconds", None),
    ("labels", None),
    ("annotations", None),
    ("ownerReferences", Some(OWNER)),
    ("finalizers", None),
];

fn shown_item(shape: Option<Shape>, item: &Value) -> String {
    shape.map_or_else(|| go_json(item), |shape| Own(Api(shape), item).shown())
}

/// A template, as compact JSON.
pub(in super::super) fn template(template: &PodTemplateSpec) -> String {
    let mut out = Writer::compact();
    let meta = json!(template.metadata);
    out.text.push('{');
    for (name, shape) in META {
        let text = match &meta[name] {
            Value::Null => continue,
            Value::Array(items) => {
                let items: Vec<String> =
                    items.iter().map(|item| shown_item(*shape, item)).collect();
                format!("[{}]", items.join(","))
            }
            other => go_json(other),
        };
        out.text.push_str(&format!("\"{name}\":{text},"));
    }
    out.text.push_str("\"Spec\":");
    out.text += &spec(&template.spec.clone().unwrap_or_default());
    out.text.push('}');
    out.text
}

/// A pod's specification, as compact JSON.
pub(in super::super) fn spec(spec: &PodSpec) -> String {
    let mut out = Writer::compact();
    out.object(POD_SPEC, &own_layout(spec), 0);
    out.text
}

/// A container's security context.
pub(super) const SECURITY_CONTEXT: Holds = Pointer(SECURITY);

/// Conditions on nodes, and one of them.
pub(super) const NODE_TERMS: Holds = List(NODE_TERM);
pub(super) const NODE_TERM_ALONE: Holds = Pointer(NODE_TERM);

/// What SELinux and Windows are told of a container.
const SE_LINUX: Holds = Pointer(&[
    ("User", "user", Text),
    ("Role", "role", Text),
    ("Type", "type", Text),
    ("Level", "level", Text),
]);

const WINDOWS: Holds = Pointer(&[
    ("GMSACredentialSpecName", "gmsaCredentialSpecName", Any),
    ("GMSACredentialSpec", "gmsaCredentialSpec", Any),
    ("RunAsUserName", "runAsUserName", Any),
    ("HostProcess", "hostProcess", Any),
]);

/// A seccomp profile, or one of AppArmor.
pub(super) const SECCOMP: Holds =
    Pointer(&[("Type", "type", Text), ("LocalhostProfile", "localhostProfile", Any)]);

/// A claim of a device.
pub(super) const CLAIM: Holds = Pointer(&[
    ("Name", "name", Text),
    ("ResourceClaimName", "resourceClaimName", Any),
    ("ResourceClaimTemplateName", "resourceClaimTemplateName", Any),
]);

/// The API's own JSON, with the few fields moved that the server keeps elsewhere.
fn own_layout(spec: &PodSpec) -> Value {
    let mut value = serde_json::to_value(spec).unwrap_or(Value::Null);
    for name in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
        if let Some(moved) = value.get_mut(name).map(Value::take) {
            value["securityContext"][name] = moved;
        }
    }
    value
}
