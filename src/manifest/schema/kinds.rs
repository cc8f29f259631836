//! The kinds that have a schema here.

use std::sync::OnceLock;

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::autoscaling::v2 as autoscaling;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1 as discovery;
use k8s_openapi::api::networking::v1 as networking;
use k8s_openapi::api::policy::v1 as policy;
use k8s_openapi::api::rbac::v1 as rbac;

use super::Schema;
use super::build::schema_of;

/// One kind: how manifests name it, how its schema is built, and the schema once it is.
struct Entry {
    api_version: &'static str,
    kind: &'static str,
    build: fn() -> Schema,
    built: OnceLock<Schema>,
}

macro_rules! entries {
    ($($version:literal: $module:ident { $($kind:ident),* })*) => {
        [$($(Entry {
            api_version: $version,
            kind: stringify!($kind),
            build: schema_of::<$module::$kind>,
            built: OnceLock::new(),
        },)*)*]
    };
}

static ENTRIES: [Entry; 30] = entries! {
    "v1": core {
        Namespace, Node, Pod, ReplicationController, Service, ConfigMap, Secret, ServiceAccount,
        Endpoints, Event, PersistentVolumeClaim, LimitRange, ResourceQuota
    }
    "apps/v1": apps { DaemonSet, Deployment, ReplicaSet, StatefulSet, ControllerRevision }
    "autoscaling/v2": autoscaling { HorizontalPodAutoscaler }
    "batch/v1": batch { Job, CronJob }
    "discovery.k8s.io/v1": discovery { EndpointSlice }
    "networking.k8s.io/v1": networking { Ingress, IngressClass, NetworkPolicy }
    "policy/v1": policy { PodDisruptionBudget }
    "rbac.authorization.k8s.io/v1": rbac { Role, RoleBinding, ClusterRole, ClusterRoleBinding }
};

/// The schema of a kind, built when it is first asked for.
pub fn schema(api_version: &str, kind: &str) -> Option<&'static Schema> {
    let entry = ENTRIES.iter().find(|e| e.kind == kind && e.api_version == api_version)?;
    Some(entry.built.get_or_init(entry.build))
}
