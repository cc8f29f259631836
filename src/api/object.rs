//! A stored object: one of Kubernetes' own types behind an `Arc`.
//!
//! The types are k8s-openapi's, generated from Kubernetes' OpenAPI, so nothing is lost in a round
//! trip. Cloning an [`Object`] (and so a whole cluster) shares it until somebody writes.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{
    ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet,
};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{
    ConfigMap, Endpoints, LimitRange, Namespace, Node, PersistentVolume, PersistentVolumeClaim,
    PodTemplateSpec, ReplicationController, ResourceQuota, Secret, Service, ServiceAccount,
};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::{
    IPAddress, Ingress, IngressClass, NetworkPolicy, ServiceCIDR,
};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::plain::{
    APIService, CSIDriver, CustomResourceDefinition, MutatingWebhookConfiguration, RuntimeClass,
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
    VolumeAttachment,
};
use super::{Event, Pod};

/// A type that the API server stores.
pub trait Resource: Clone + Sized + 'static {
    /// Its kind.
    const KIND: Kind;
    /// The object as this type, if it is one.
    fn from_object(object: &Object) -> Option<&Arc<Self>>;
    /// This value as a stored object.
    fn into_object(self) -> Object;
    /// Its metadata.
    fn metadata(&self) -> &ObjectMeta;
    /// Its metadata, to change.
    fn metadata_mut(&mut self) -> &mut ObjectMeta;
}

/// Something that is done with an object as its own type.
pub trait Visitor {
    /// Does it.
    fn visit<T: Resource>(self, object: Arc<T>);
}

macro_rules! objects {
    ($($kind:ident),* $(,)?) => {
        /// A kind of object. The order is the one in which `kubectl get all` and the store walk them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[allow(missing_docs)] $kind,)*
        }

        /// An object of any kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Object {
            $(#[allow(missing_docs)] $kind(Arc<$kind>),)*
        }

        impl Kind {
            /// Every kind with its name, in order.
            pub(super) const NAMED: &[(Kind, &'static str)] =
                &[$((Kind::$kind, stringify!($kind)),)*];
        }

        impl Object {
            /// Its kind.
            pub fn kind(&self) -> Kind {
                match self { $(Object::$kind(_) => Kind::$kind,)* }
            }

            /// Shows it to a visitor.
            pub fn accept(self, visitor: impl Visitor) {
                match self { $(Object::$kind(object) => visitor.visit(object),)* }
            }

            /// Its metadata.
            pub fn metadata(&self) -> &ObjectMeta {
                match self { $(Object::$kind(object) => &object.metadata,)* }
            }

            /// Its metadata, to change; other holders of the object keep the old one.
            pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self { $(Object::$kind(object) => &mut Arc::make_mut(object).metadata,)* }
            }

            /// The object as JSON, with `apiVersion` and `kind`. Keys are sorted.
            pub fn to_value(&self) -> Value {
                let mut value = match self {
                    $(Object::$kind(object) => serde_json::to_value(object.as_ref()),)*
                }
                .unwrap_or(Value::Null);
                super::wire::as_sent(self.kind(), &mut value);
                value
            }

            /// The object that `value` describes, as the type of `kind`. Lenient: strictness is
            /// the decoder's task (`manifest::decode`), which runs before.
            ///
            /// # Errors
            /// When a field has a type that Kubernetes' schema does not allow.
            pub fn from_value(kind: Kind, value: Value) -> Result<Object, serde_json::Error> {
                Ok(match kind {
                    $(Kind::$kind => Object::$kind(Arc::new(serde_json::from_value(value)?)),)*
                })
            }
        }

        $(impl Resource for $kind {
            const KIND: Kind = Kind::$kind;

            fn from_object(object: &Object) -> Option<&Arc<Self>> {
                match object {
                    Object::$kind(object) => Some(object),
                    _ => None,
                }
            }

            fn into_object(self) -> Object {
                Object::$kind(Arc::new(self))
            }

            fn metadata(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn metadata_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        })*
    };
}

objects!(
    Namespace,
    Node,
    Pod,
    ReplicationController,
    Service,
    DaemonSet,
    Deployment,
    ReplicaSet,
    StatefulSet,
    HorizontalPodAutoscaler,
    CronJob,
    Job,
    ConfigMap,
    Secret,
    ServiceAccount,
    Endpoints,
    EndpointSlice,
    Event,
    Ingress,
    IngressClass,
    NetworkPolicy,
    PodDisruptionBudget,
    PersistentVolumeClaim,
    ControllerRevision,
    LimitRange,
    ResourceQuota,
    Role,
    RoleBinding,
    ClusterRole,
    ClusterRoleBinding,
    PriorityClass,
    ServiceCIDR,
    IPAddress,
    PersistentVolume,
    StorageClass,
    CustomResourceDefinition,
    APIService,
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    RuntimeClass,
    CSIDriver,
    VolumeAttachment,
);

impl Object {
    /// `metadata.name`, or nothing.
    pub fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or("")
    }

    /// `metadata.namespace`, or nothing for kinds without one.
    pub fn namespace(&self) -> &str {
        self.metadata().namespace.as_deref().unwrap_or("")
    }

    /// A workload's pod template; a CronJob's is its Job's.
    pub fn template(&self) -> Option<&PodTemplateSpec> {
        match self {
            Object::Deployment(object) => object.spec.as_ref().map(|spec| &spec.template),
            Object::StatefulSet(object) => object.spec.as_ref().map(|spec| &spec.template),
            Object::DaemonSet(object) => object.spec.as_ref().map(|spec| &spec.template),
            Object::Job(object) => object.spec.as_ref().map(|spec| &spec.template),
            Object::CronJob(object) => {
                object.spec.job_template.spec.as_ref().map(|spec| &spec.template)
            }
            Object::ReplicaSet(object) => object.spec.as_ref()?.template.as_ref(),
            Object::ReplicationController(object) => object.spec.as_ref()?.template.as_ref(),
            _ => None,
        }
    }

    /// A workload's pod template, to change; other holders of the object keep the old one.
    pub fn template_mut(&mut self) -> Option<&mut PodTemplateSpec> {
        match self {
            Object::Deployment(object) => {
                Arc::make_mut(object).spec.as_mut().map(|spec| &mut spec.template)
            }
            Object::StatefulSet(object) => {
                Arc::make_mut(object).spec.as_mut().map(|spec| &mut spec.template)
            }
            Object::DaemonSet(object) => {
                Arc::make_mut(object).spec.as_mut().map(|spec| &mut spec.template)
            }
            Object::Job(object) => {
                Arc::make_mut(object).spec.as_mut().map(|spec| &mut spec.template)
            }
            Object::CronJob(object) => {
                let template = &mut Arc::make_mut(object).spec.job_template;
                template.spec.as_mut().map(|spec| &mut spec.template)
            }
            Object::ReplicaSet(object) => Arc::make_mut(object).spec.as_mut()?.template.as_mut(),
            Object::ReplicationController(object) => {
                Arc::make_mut(object).spec.as_mut()?.template.as_mut()
            }
            _ => None,
        }
    }

    /// This object as a `T`, if it is one.
    pub fn as_kind<T: Resource>(&self) -> Option<&Arc<T>> {
        T::from_object(self)
    }
}
