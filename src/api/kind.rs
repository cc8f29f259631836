//! The kinds that the API server knows, and what each is called.

use std::fmt;
use std::sync::LazyLock;

pub use super::object::Kind;

/// How a kind is named, on the wire and on the command line.
#[derive(Debug)]
pub struct KindInfo {
    /// The kind that this row describes.
    pub kind: Kind,
    /// `Deployment`
    pub name: &'static str,
    /// `apps`; empty for the core group.
    pub group: &'static str,
    /// `v1`
    pub version: &'static str,
    /// `deployments`
    pub plural: &'static str,
    /// `deployment`
    pub singular: &'static str,
    /// `deploy`
    pub short: &'static [&'static str],
    /// Whether objects of this kind live in a namespace.
    pub namespaced: bool,
    /// Whether `kubectl get all` shows it.
    pub in_all: bool,
}

/// A resource of the API: plural, short names, API version, whether it lives in a namespace, kind.
pub type ResourceLine = (&'static str, &'static str, &'static str, bool, &'static str);

/// What `kubectl get all` shows.
const IN_ALL: [Kind; 10] = [
    Kind::Pod,
    Kind::ReplicationController,
    Kind::Service,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::HorizontalPodAutoscaler,
    Kind::CronJob,
    Kind::Job,
];

/// What each kind is called, in the enum's order: its line of [`RESOURCES`].
static KINDS: LazyLock<Vec<KindInfo>> = LazyLock::new(|| {
    let lines = Kind::NAMED.iter().filter_map(|(kind, name)| {
        Some((*kind, RESOURCES.iter().find(|resource| resource.4 == *name)?))
    });
    let info = |(kind, line): (Kind, &ResourceLine)| {
        let (plural, short, api_version, namespaced, name) = *line;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let short: Vec<&str> = short.split(',').filter(|name| !name.is_empty()).collect();
        KindInfo {
            kind,
            name,
            group,
            version,
            plural,
            singular: name.to_lowercase().leak(),
            short: short.leak(),
            namespaced,
            in_all: IN_ALL.contains(&kind),
        }
    };
    lines.map(info).collect()
});

/// Every resource, in the server's order.
#[rustfmt::skip]
pub static RESOURCES: &[ResourceLine] = &[
    ("bindings", "", "v1", true, "Binding"),
    ("componentstatuses", "cs", "v1", false, "ComponentStatus"),
    ("configmaps", "cm", "v1", true, "ConfigMap"),
    ("endpoints", "ep", "v1", true, "Endpoints"),
    ("events", "ev", "v1", true, "Event"),
    ("limitranges", "limits", "v1", true, "LimitRange"),
    ("namespaces", "ns", "v1", false, "Namespace"),
    ("nodes", "no", "v1", false, "Node"),
    ("persistentvolumeclaims", "pvc", "v1", true, "PersistentVolumeClaim"),
    ("persistentvolumes", "pv", "v1", false, "PersistentVolume"),
    ("pods", "po", "v1", true, "Pod"),
    ("podtemplates", "", "v1", true, "PodTemplate"),
    ("replicationcontrollers", "rc", "v1", true, "ReplicationController"),
    ("resourcequotas", "quota", "v1", true, "ResourceQuota"),
    ("secrets", "", "v1", true, "Secret"),
    ("serviceaccounts", "sa", "v1", true, "ServiceAccount"),
    ("services", "svc", "v1", true, "Service"),
    ("mutatingadmissionpolicies", "", "admissionregistration.k8s.io/v1", false, "MutatingAdmissionPolicy"),
    ("mutatingadmissionpolicybindings", "", "admissionregistration.k8s.io/v1", false, "MutatingAdmissionPolicyBinding"),
    ("mutatingwebhookconfigurations", "", "admissionregistration.k8s.io/v1", false, "MutatingWebhookConfiguration"),
    ("validatingadmissionpolicies", "", "admissionregistration.k8s.io/v1", false, "ValidatingAdmissionPolicy"),
    ("validatingadmissionpolicybindings", "", "admissionregistration.k8s.io/v1", false, "ValidatingAdmissionPolicyBinding"),
    ("validatingwebhookconfigurations", "", "admissionregistration.k8s.io/v1", false, "ValidatingWebhookConfiguration"),
    ("customresourcedefinitions", "crd,crds", "apiextensions.k8s.io/v1", false, "CustomResourceDefinition"),
    ("apiservices", "", "apiregistration.k8s.io/v1", false, "APIService"),
    ("controllerrevisions", "", "apps/v1", true, "ControllerRevision"),
    ("daemonsets", "ds", "apps/v1", true, "DaemonSet"),
    ("deployments", "deploy", "apps/v1", true, "Deployment"),
    ("replicasets", "rs", "apps/v1", true, "ReplicaSet"),
    ("statefulsets", "sts", "apps/v1", true, "StatefulSet"),
    ("selfsubjectreviews", "", "authentication.k8s.io/v1", false, "SelfSubjectReview"),
    ("tokenreviews", "", "authentication.k8s.io/v1", false, "TokenReview"),
    ("localsubjectaccessreviews", "", "authorization.k8s.io/v1", true, "LocalSubjectAccessReview"),
    ("selfsubjectaccessreviews", "", "authorization.k8s.io/v1", false, "SelfSubjectAccessReview"),
    ("selfsubjectrulesreviews", "", "authorization.k8s.io/v1", false, "SelfSubjectRulesReview"),
    ("subjectaccessreviews", "", "authorization.k8s.io/v1", false, "SubjectAccessReview"),
    ("horizontalpodautoscalers", "hpa", "autoscaling/v2", true, "HorizontalPodAutoscaler"),
    ("cronjobs", "cj", "batch/v1", true, "CronJob"),
    ("jobs", "", "batch/v1", true, "Job"),
    ("certificatesigningrequests", "csr", "certificates.k8s.io/v1", false, "CertificateSigningRequest"),
    ("leases", "", "coordination.k8s.io/v1", true, "Lease"),
    ("endpointslices", "", "discovery.k8s.io/v1", true, "EndpointSlice"),
    ("events", "ev", "events.k8s.io/v1", true, "Event"),
    ("flowschemas", "", "flowcontrol.apiserver.k8s.io/v1", false, "FlowSchema"),
    ("prioritylevelconfigurations", "", "flowcontrol.apiserver.k8s.io/v1", false, "PriorityLevelConfiguration"),
    ("ingressclasses", "", "networking.k8s.io/v1", false, "IngressClass"),
    ("ingresses", "ing", "networking.k8s.io/v1", true, "Ingress"),
    ("ipaddresses", "ip", "networking.k8s.io/v1", false, "IPAddress"),
    ("networkpolicies", "netpol", "networking.k8s.io/v1", true, "NetworkPolicy"),
    ("servicecidrs", "", "networking.k8s.io/v1", false, "ServiceCIDR"),
    ("runtimeclasses", "", "node.k8s.io/v1", false, "RuntimeClass"),
    ("poddisruptionbudgets", "pdb", "policy/v1", true, "PodDisruptionBudget"),
    ("clusterrolebindings", "", "rbac.authorization.k8s.io/v1", false, "ClusterRoleBinding"),
    ("clusterroles", "", "rbac.authorization.k8s.io/v1", false, "ClusterRole"),
    ("rolebindings", "", "rbac.authorization.k8s.io/v1", true, "RoleBinding"),
    ("roles", "", "rbac.authorization.k8s.io/v1", true, "Role"),
    ("deviceclasses", "", "resource.k8s.io/v1", false, "DeviceClass"),
    ("resourceclaims", "", "resource.k8s.io/v1", true, "ResourceClaim"),
    ("resourceclaimtemplates", "", "resource.k8s.io/v1", true, "ResourceClaimTemplate"),
    ("resourceslices", "", "resource.k8s.io/v1", false, "ResourceSlice"),
    ("priorityclasses", "pc", "scheduling.k8s.io/v1", false, "PriorityClass"),
    ("csidrivers", "", "storage.k8s.io/v1", false, "CSIDriver"),
    ("csinodes", "", "storage.k8s.io/v1", false, "CSINode"),
    ("csistoragecapacities", "", "storage.k8s.io/v1", true, "CSIStorageCapacity"),
    ("storageclasses", "sc", "storage.k8s.io/v1", false, "StorageClass"),
    ("volumeattachments", "", "storage.k8s.io/v1", false, "VolumeAttachment"),
    ("volumeattributesclasses", "vac", "storage.k8s.io/v1", false, "VolumeAttributesClass"),
];

impl Kind {
    /// Every kind, in order.
    pub fn all() -> impl Iterator<Item = Kind> {
        KINDS.iter().map(|info| info.kind)
    }

    /// What the kind is called.
    pub fn info(self) -> &'static KindInfo {
        &KINDS[self as usize]
    }

    /// The kind of a manifest's `apiVersion` and `kind`.
    pub fn from_manifest(api_version: &str, kind: &str) -> Option<Kind> {
        KINDS.iter().find(|info| info.name == kind && info.is_of(api_version)).map(|info| info.kind)
    }

    /// The kind that a command line names: `po`, `pod`, `pods`, `Pod`, `deployments.apps`,
    /// `deployments.v1.apps`, `ingresses.networking`.
    pub fn from_word(word: &str) -> Option<Kind> {
        let find = |prefix| {
            let mut infos = KINDS.iter();
            infos.find(|info| is_called(word, info.names(), prefix)).map(|info| info.kind)
        };
        find(false).or_else(|| find(true))
    }

    /// `pods`, `deployments.apps`: the resource as messages of the API server name it.
    pub fn resource(self) -> String {
        let info = self.info();
        if info.group.is_empty() {
            info.plural.to_owned()
        } else {
            format!("{}.{}", info.plural, info.group)
        }
    }

    /// `pod`, `deployment.apps`: the prefix of a name in kubectl's answers.
    pub fn prefix(self) -> String {
        let info = self.info();
        if info.group.is_empty() {
            info.singular.to_owned()
        } else {
            format!("{}.{}", info.singular, info.group)
        }
    }
}

/// What a resource of the API is called.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// `deployments`
    pub plural: &'a str,
    /// `deployment`
    pub singular: &'a str,
    /// `deploy`
    pub short: &'a [&'a str],
    /// `apps`; empty for the core group.
    pub group: &'a str,
    /// `v1`
    pub version: &'a str,
}

/// Whether `word` on a command line names a resource: by its plural, singular (in any case) or a
/// short name (as it is written), perhaps with a group or a version and a group behind it. A
/// group's beginning is enough where `prefix` allows it, which it does when nothing else was found
/// (`client-go/restmapper/shortcut.go`, `apimachinery/pkg/api/meta/restmapper.go`).
pub fn is_called(word: &str, names: Names<'_>, prefix: bool) -> bool {
    let named = |name: &str| {
        let lower = name.to_lowercase();
        lower == names.plural || lower == names.singular || names.short.contains(&name)
    };
    let Some((name, rest)) = word.split_once('.') else { return named(word) };
    let of_group = |group: &str| {
        group.is_empty() || group == names.group || (prefix && names.group.starts_with(group))
    };
    let versioned = rest.split_once('.').is_some_and(|(version, group)| {
        version == names.version && (group == names.group || (prefix && of_group(group)))
    });
    named(name) && (versioned || of_group(rest))
}

impl KindInfo {
    /// What the kind's resource is called.
    pub fn names(&self) -> Names<'static> {
        Names {
            plural: self.plural,
            singular: self.singular,
            short: self.short,
            group: self.group,
            version: self.version,
        }
    }

    /// Whether this is its group and version: `v1`, `apps/v1`.
    fn is_of(&self, api_version: &str) -> bool {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        (group, version) == (self.group, self.version)
    }

    /// `v1`, `apps/v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// `Deployment`
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_finds_its_own_row() {
        for (index, info) in KINDS.iter().enumerate() {
            assert_eq!(info.kind as usize, index, "{}", info.name);
        }
    }

    #[test]
    fn short_plural_and_grouped_names_are_known() {
        assert_eq!(Kind::from_word("po"), Some(Kind::Pod));
        assert_eq!(Kind::from_word("Deployments.apps"), Some(Kind::Deployment));
        assert_eq!(Kind::from_word("deployment.v1.apps"), Some(Kind::Deployment));
        assert_eq!(Kind::from_word("pods.apps"), None);
    }

    // Each by kubectl 1.36.3 against a server that knows the resources of Kubernetes 1.36.
    #[test]
    fn words_name_kinds_as_the_rest_mapper_reads_them() {
        for word in ["services.v1.", "svc.", "SERVICES", "Service"] {
            assert_eq!(Kind::from_word(word), Some(Kind::Service), "{word}");
        }
        for word in ["deploy.ap", "deployments.ap", "deploy.v1.apps", "Deployment.apps"] {
            assert_eq!(Kind::from_word(word), Some(Kind::Deployment), "{word}");
        }
        assert_eq!(Kind::from_word("ing.networking"), Some(Kind::Ingress));
        for word in ["SVC", "cm.v1", "services.v1", "deployments.v1beta1.apps", "svc ", ""] {
            assert_eq!(Kind::from_word(word), None, "{word}");
        }
    }
}
