//! The API server: what may be stored, what is filled in, what is refused and in which words.
//!
//! Requests come in through [`ApiServer::handle`], from anybody: kubectl, controllers, kubelets.
//! Each goes the way that Kubernetes' server takes: strict decoding, defaulting, admission,
//! validation, allocation, storage. This room knows nothing of packets, processes or shells.

mod admission;
mod allocation;
mod bootstrap;
pub mod cron;
mod decode;
mod defaulting;
mod delete;
pub mod demand;
mod event;
mod event_lifetime;
pub mod key_pair;
mod kind;
mod normal;
mod object;
pub mod patch;
mod plain;
mod pod;
mod priority;
pub mod quantity;
pub mod quota;
mod read;
mod request;
pub mod rights;
pub mod selector;
mod server_side;
mod service_range;
mod space;
mod status;
pub mod storage;
mod store;
mod strategy;
pub mod table;
pub mod validation;
mod warnings;
mod wire;
mod write;

pub use admission::{PV_PROTECTION, PVC_PROTECTION};
pub use allocation::NODE_PORTS;
pub(crate) use bootstrap::{CERTIFICATE as ROOT_CERTIFICATE, OWN, ROOT_CA};
pub use defaulting::{pull_policy, quality_of_service};
pub use event::{Event, Message, Origin};
pub use kind::{Kind, KindInfo, Names, RESOURCES, ResourceLine, is_called};
pub use normal::form as stored_form;
pub use object::{Object, Resource, Visitor};
pub use pod::{Mount, Pod, SharedSpec, SharedStatus, ephemeral};
pub use request::{
    Action, Answer, Body, Change, DeleteOptions, FieldValidation, Patch, Propagation, Request,
    Response, Subresource, WriteOptions,
};
pub use selector::{FieldSelector, LabelSelector, Labels};
pub use status::{Cause, Reason, Status, Wants};
pub use store::Store;

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::clock::SimTime;
use crate::random::Stream;
use allocation::Allocator;
use event_lifetime::EventLifetimes;
use write::Target;

/// `10.244.1.2:80`, `[fd00:10:244:1::2]:80`: an address as the API holds it, with a port.
pub fn join_host_port(host: &str, port: i32) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// An object as a manifest describes it, with every field that the server fills in whatever else is
/// stored. `None` where it would not be read: an unknown field, a value of a wrong type.
pub fn defaulted(kind: Kind, manifest: serde_json::Value) -> Option<serde_json::Value> {
    let (mut object, _) = decode::object(kind, manifest, FieldValidation::Strict).ok()?;
    defaulting::apply(&mut object);
    Some(object.to_value())
}

/// The API server and everything it stores.
#[derive(Clone, Debug)]
pub struct ApiServer {
    store: Store,
    /// The moment of the request that is carried out.
    now: SimTime,
    allocator: Allocator,
    /// For `metadata.uid`.
    uids: Stream,
    /// For `metadata.generateName`.
    names: Stream,
    /// For the names of pods' token volumes.
    suffixes: Stream,
    /// The specification of the pod that was made last. Replicas are made one after the other:
    /// they share it, and what was found good once is not looked at again.
    last_spec: Option<Arc<PodSpec>>,
    /// What was last applied on the server's side, by the UID of the object.
    wishes: BTreeMap<String, serde_json::Value>,
    event_lifetimes: EventLifetimes,
}

impl ApiServer {
    /// An empty server; `seed` decides UIDs, generated names, cluster IPs and node ports. It holds
    /// the namespaces `default`, `kube-system`, `kube-public` and `kube-node-lease`, and the
    /// `kubernetes` Service.
    pub fn new(seed: u64) -> ApiServer {
        let mut server = ApiServer {
            store: Store::default(),
            now: SimTime::START,
            allocator: Allocator::new(seed),
            uids: Stream::new(seed, "uids"),
            names: Stream::new(seed, "names"),
            suffixes: Stream::new(seed, "token-volumes"),
            last_spec: None,
            wishes: BTreeMap::new(),
            event_lifetimes: EventLifetimes::default(),
        };
        bootstrap::fill(&mut server);
        server
    }

    /// Gives the store the room that a cluster of so many nodes needs.
    pub fn make_room(&mut self, nodes: u32) {
        self.store.set_quota(space::Quota::of_nodes(nodes));
    }

    /// Makes the cluster dual-stack: Services that ask for them get IPv6 addresses too (R13).
    pub fn become_dual_stack(&mut self) {
        self.allocator.become_dual_stack();
        self.store.begin_with(service_range::default_range(true).into_object());
    }

    /// Carries out one request at the moment `now`.
    ///
    /// # Errors
    /// The API server's own [`Status`].
    pub fn handle(&mut self, now: SimTime, mut request: Request) -> Answer {
        if request.dry_run_mut().is_some_and(std::mem::take) {
            return self.rehearse(now, request);
        }
        self.now = now;
        let (kind, namespace, name) = request.place();
        let (namespace, name) = (namespace.unwrap_or("").to_owned(), name.to_owned());
        let target = Target { kind, namespace: &namespace, name: &name };
        let mut answer = match request {
            Request::Get { .. } => read::get(&self.store, kind, &namespace, &name),
            Request::List { namespace, labels, fields, .. } => {
                read::list(&self.store, kind, namespace.as_deref(), &labels, &fields)
            }
            Request::Watch { namespace, labels, since, .. } => {
                read::watch(&self.store, kind, namespace.as_deref(), &labels, since)
            }
            Request::Create { object, options, .. } => {
                self.create_sent(now, &target, object, options)
            }
            Request::Update { object, options, .. } => {
                self.replace_sent(now, &target, object, options)
            }
            Request::Patch { patch: Patch::Apply { wish, force }, options, .. } => {
                self.apply_sent(now, &target, wish, force, options)
            }
            Request::Patch { patch, options, .. } => self.patch_sent(&target, patch, options),
            Request::Delete { options, .. } => self.delete_sent(now, &target, options),
            Request::Evict { options, .. } => self.evict(now, &target, options),
        };
        if let Some(deprecated) = warnings::deprecated(kind) {
            match &mut answer {
                Ok(response) => response.warnings.insert(0, deprecated),
                Err(status) => *status = status.clone().with(&[deprecated]),
            }
        }
        answer
    }

    /// A dry run is the real thing on a copy that is thrown away.
    fn rehearse(&self, now: SimTime, request: Request) -> Answer {
        let created = matches!(request, Request::Create { .. });
        let mut answer = self.clone().handle(now, request)?;
        if let Body::Object(object) = &mut answer.body {
            let stored = self.store.object(object.kind(), object.namespace(), object.name());
            let version = stored.and_then(|stored| stored.metadata().resource_version.clone());
            object.metadata_mut().resource_version = version.filter(|_| !created);
        }
        Ok(answer)
    }

    /// What is stored, to read.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Tells the store that its changes up to and including `revision` have been seen by everybody
    /// who has to see them (see [`Store::forget_before`]).
    pub fn forget_before(&mut self, revision: u64) {
        self.store.forget_before(revision);
    }

    /// The same, of a copy that is kept to go back to (see [`Store::set_aside`]).
    pub fn set_aside(&mut self, revision: u64) {
        self.store.set_aside(revision);
    }

    /// Stores a new object that a controller made: defaulted, validated, with UID and timestamps;
    /// `metadata.generateName` is honoured.
    ///
    /// # Errors
    /// As [`ApiServer::handle`].
    pub fn create<T: Resource>(&mut self, now: SimTime, object: T) -> Result<Arc<T>, Status> {
        self.now = now;
        let stored = self.admit(now, object.into_object())?;
        Ok(typed(&stored))
    }

    /// Stores a changed object (spec or status) that a controller or kubelet wrote. An object
    /// equal to the stored one changes nothing and costs no resource version. `generation` rises
    /// when the spec differs. Controllers read and write in one turn, so the object's own resource
    /// version is not looked at, and what they write is trusted.
    ///
    /// # Errors
    /// When there is no such object.
    pub fn update<T: Resource>(&mut self, now: SimTime, mut object: T) -> Result<Arc<T>, Status> {
        self.now = now;
        let metadata = object.metadata();
        let namespace = metadata.namespace.as_deref().unwrap_or("");
        let name = metadata.name.as_deref().unwrap_or("");
        let Some(old) = self.store.object(T::KIND, namespace, name).cloned() else {
            return Err(read::missing(T::KIND, name));
        };
        object.metadata_mut().resource_version.clone_from(&old.metadata().resource_version);
        let mut new = object.into_object();
        if new == old {
            return Ok(typed(&old));
        }
        strategy::count_generation(&mut new, &old, false);
        Ok(typed(&self.commit(new)))
    }

    /// Gives a namespace its service account and root certificate again.
    pub(crate) fn furnish(&mut self, now: SimTime, namespace: &str) {
        bootstrap::furnish(self, now, namespace);
    }

    /// Stores the server's own Service and endpoints again as they were.
    pub(crate) fn keep_own(&mut self, now: SimTime) {
        bootstrap::keep_own(self, now);
    }

    /// Takes an object out of the store, whatever its grace period: what a kubelet does at a pod's
    /// end, and the garbage collector to orphans.
    pub fn remove(
        &mut self,
        _now: SimTime,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> Option<Object> {
        self.expunge(kind, namespace, name)
    }
}

/// A stored object, as the type that it was stored as.
fn typed<T: Resource>(object: &Object) -> Arc<T> {
    match object.as_kind::<T>() {
        Some(object) => Arc::clone(object),
        None => unreachable!("a {} was stored as a {}", T::KIND, object.kind()),
    }
}

/// A moment as objects hold it, in whole seconds.
fn time(at: SimTime) -> Time {
    Time(at.whole_seconds())
}

#[cfg(test)]
mod tests;
