//! The kinds that the API server knows, and what each is called.

use std::fmt;

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

/// A row: the kind with its name and group, its plural, singular and short names, whether it is
/// namespaced and whether `get all` shows it.
const fn row(
    (kind, name, group): (Kind, &'static str, &'static str),
    (plural, singular): (&'static str, &'static str),
    short: &'static [&'static str],
    (namespaced, in_all): (bool, bool),
) -> KindInfo {
    KindInfo { kind, name, group, version: "v1", plural, singular, short, namespaced, in_all }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// One row a kind, in the enum's order.
static KINDS: [KindInfo; 44] = [
    row((Kind::Namespace, "Namespace", ""), ("namespaces", "namespace"), &["ns"], (false, false)),
    row((Kind::Node, "Node", ""), ("nodes", "node"), &["no"], (false, false)),
    row((Kind::Pod, "Pod", ""), ("pods", "pod"), &["po"], (true, true)),
    row(
        (Kind::ReplicationController, "ReplicationController", ""),
        ("replicationcontrollers", "replicationcontroller"),
        &["rc"],
        (true, true),
    ),
    row((Kind::Service, "Service", ""), ("services", "service"), &["svc"], (true, true)),
    row((Kind::DaemonSet, "DaemonSet", "apps"), ("daemonsets", "daemonset"), &["ds"], (true, true)),
    row(
        (Kind::Deployment, "Deployment", "apps"),
        ("deployments", "deployment"),
        &["deploy"],
        (true, true),
    ),
    row(
        (Kind::ReplicaSet, "ReplicaSet", "apps"),
        ("replicasets", "replicaset"),
        &["rs"],
        (true, true),
    ),
    row(
        (Kind::StatefulSet, "StatefulSet", "apps"),
        ("statefulsets", "statefulset"),
        &["sts"],
        (true, true),
    ),
    KindInfo {
        version: "v2",
        ..row(
            (Kind::HorizontalPodAutoscaler, "HorizontalPodAutoscaler", "autoscaling"),
            ("horizontalpodautoscalers", "horizontalpodautoscaler"),
            &["hpa"],
            (true, true),
        )
    },
    row((Kind::CronJob, "CronJob", "batch"), ("cronjobs", "cronjob"), &["cj"], (true, true)),
    row((Kind::Job, "Job", "batch"), ("jobs", "job"), &[], (true, true)),
    row((Kind::ConfigMap, "ConfigMap", ""), ("configmaps", "configmap"), &["cm"], (true, false)),
    row((Kind::Secret, "Secret", ""), ("secrets", "secret"), &[], (true, false)),
    row(
        (Kind::ServiceAccount, "ServiceAccount", ""),
        ("serviceaccounts", "serviceaccount"),
        &["sa"],
        (true, false),
    ),
    row((Kind::Endpoints, "Endpoints", ""), ("endpoints", "endpoints"), &["ep"], (true, false)),
    row(
        (Kind::EndpointSlice, "EndpointSlice", "discovery.k8s.io"),
        ("endpointslices", "endpointslice"),
        &[],
        (true, false),
    ),
    row((Kind::Event, "Event", ""), ("events", "event"), &["ev"], (true, false)),
    row(
        (Kind::Ingress, "Ingress", "networking.k8s.io"),
        ("ingresses", "ingress"),
        &["ing"],
        (true, false),
    ),
    row(
        (Kind::IngressClass, "IngressClass", "networking.k8s.io"),
        ("ingressclasses", "ingressclass"),
        &[],
        (false, false),
    ),
    row(
        (Kind::NetworkPolicy, "NetworkPolicy", "networking.k8s.io"),
        ("networkpolicies", "networkpolicy"),
        &["netpol"],
        (true, false),
    ),
    row(
        (Kind::PodDisruptionBudget, "PodDisruptionBudget", "policy"),
        ("poddisruptionbudgets", "poddisruptionbudget"),
        &["pdb"],
        (true, false),
    ),
    row(
        (Kind::PersistentVolumeClaim, "PersistentVolumeClaim", ""),
        ("persistentvolumeclaims", "persistentvolumeclaim"),
        &["pvc"],
        (true, false),
    ),
    row(
        (Kind::ControllerRevision, "ControllerRevision", "apps"),
        ("controllerrevisions", "controllerrevision"),
        &[],
        (true, false),
    ),
    row(
        (Kind::LimitRange, "LimitRange", ""),
        ("limitranges", "limitrange"),
        &["limits"],
        (true, false),
    ),
    row(
        (Kind::ResourceQuota, "ResourceQuota", ""),
        ("resourcequotas", "resourcequota"),
        &["quota"],
        (true, false),
    ),
    row((Kind::Role, "Role", RBAC), ("roles", "role"), &[], (true, false)),
    row(
        (Kind::RoleBinding, "RoleBinding", RBAC),
        ("rolebindings", "rolebinding"),
        &[],
        (true, false),
    ),
    row(
        (Kind::ClusterRole, "ClusterRole", RBAC),
        ("clusterroles", "clusterrole"),
        &[],
        (false, false),
    ),
    row(
        (Kind::ClusterRoleBinding, "ClusterRoleBinding", RBAC),
        ("clusterrolebindings", "clusterrolebinding"),
        &[],
        (false, false),
    ),
    row(
        (Kind::PriorityClass, "PriorityClass", "scheduling.k8s.io"),
        ("priorityclasses", "priorityclass"),
        &["pc"],
        (false, false),
    ),
    row(
        (Kind::ServiceCIDR, "ServiceCIDR", "networking.k8s.io"),
        ("servicecidrs", "servicecidr"),
        &[],
        (false, false),
    ),
    row(
        (Kind::IPAddress, "IPAddress", "networking.k8s.io"),
        ("ipaddresses", "ipaddress"),
        &["ip"],
        (false, false),
    ),
    row(
        (Kind::PersistentVolume, "PersistentVolume", ""),
        ("persistentvolumes", "persistentvolume"),
        &["pv"],
        (false, false),
    ),
    row(
        (Kind::StorageClass, "StorageClass", "storage.k8s.io"),
        ("storageclasses", "storageclass"),
        &["sc"],
        (false, false),
    ),
    row(
        (Kind::CustomResourceDefinition, "CustomResourceDefinition", "apiextensions.k8s.io"),
        ("customresourcedefinitions", "customresourcedefinition"),
        &["crd", "crds"],
        (false, false),
    ),
    row(
        (Kind::APIService, "APIService", "apiregistration.k8s.io"),
        ("apiservices", "apiservice"),
        &[],
        (false, false),
    ),
    row(
        (Kind::MutatingWebhookConfiguration, "MutatingWebhookConfiguration", ADMISSION),
        ("mutatingwebhookconfigurations", "mutatingwebhookconfiguration"),
        &[],
        (false, false),
    ),
    row(
        (Kind::ValidatingWebhookConfiguration, "ValidatingWebhookConfiguration", ADMISSION),
        ("validatingwebhookconfigurations", "validatingwebhookconfiguration"),
        &[],
        (false, false),
    ),
    row(
        (Kind::ValidatingAdmissionPolicy, "ValidatingAdmissionPolicy", ADMISSION),
        ("validatingadmissionpolicies", "validatingadmissionpolicy"),
        &[],
        (false, false),
    ),
    row(
        (Kind::ValidatingAdmissionPolicyBinding, "ValidatingAdmissionPolicyBinding", ADMISSION),
        ("validatingadmissionpolicybindings", "validatingadmissionpolicybinding"),
        &[],
        (false, false),
    ),
    row(
        (Kind::RuntimeClass, "RuntimeClass", "node.k8s.io"),
        ("runtimeclasses", "runtimeclass"),
        &[],
        (false, false),
    ),
    row(
        (Kind::CSIDriver, "CSIDriver", "storage.k8s.io"),
        ("csidrivers", "csidriver"),
        &[],
        (false, false),
    ),
    row(
        (Kind::VolumeAttachment, "VolumeAttachment", "storage.k8s.io"),
        ("volumeattachments", "volumeattachment"),
        &[],
        (false, false),
    ),
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
