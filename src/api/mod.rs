//! The API server: what may be stored, what is filled in, what is refused and in which words.
//!
//! Requests come in through [`ApiServer::handle`], from anybody: kubectl, controllers, kubelets.
//! Each goes the way that Kubernetes' server takes: strict decoding, defaulting, admission,
//! validation, allocation, storage. This room knows nothing of packets, processes or shells.

mod kind;
mod object;
mod request;
pub mod selector;
mod status;
mod store;
pub mod table;
pub mod validation;

pub use kind::{Kind, KindInfo};
pub use object::{Object, Resource};
pub use request::{
    Action, Answer, Body, Change, DeleteOptions, FieldValidation, Patch, Propagation, Request,
    Response, WriteOptions,
};
pub use selector::{FieldSelector, LabelSelector, Labels};
pub use status::{Cause, Reason, Status};
pub use store::Store;

use std::sync::Arc;

use crate::clock::SimTime;

/// The API server and everything it stores.
#[derive(Clone, Debug)]
pub struct ApiServer {
    store: Store,
}

impl ApiServer {
    /// An empty server; `seed` decides UIDs, generated names, cluster IPs and node ports. It holds
    /// the namespaces `default`, `kube-system`, `kube-public` and `kube-node-lease`, and the
    /// `kubernetes` Service.
    pub fn new(seed: u64) -> ApiServer {
        let _ = seed;
        todo!()
    }

    /// Carries out one request at the moment `now`.
    ///
    /// # Errors
    /// The API server's own [`Status`].
    pub fn handle(&mut self, now: SimTime, request: Request) -> Answer {
        let _ = (now, request);
        todo!()
    }

    /// What is stored, to read.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Stores a new object that a controller made: defaulted, validated, with UID and timestamps;
    /// `metadata.generateName` is honoured.
    ///
    /// # Errors
    /// As [`ApiServer::handle`].
    pub fn create<T: Resource>(&mut self, now: SimTime, object: T) -> Result<Arc<T>, Status> {
        let _ = (now, object);
        todo!()
    }

    /// Stores a changed object (spec or status) that a controller or kubelet wrote. An object
    /// equal to the stored one changes nothing and costs no resource version. `generation` rises
    /// when the spec differs.
    ///
    /// # Errors
    /// As [`ApiServer::handle`].
    pub fn update<T: Resource>(&mut self, now: SimTime, object: T) -> Result<Arc<T>, Status> {
        let _ = (now, object);
        todo!()
    }

    /// Takes an object out of the store, whatever its grace period: what a kubelet does at a pod's
    /// end, and the garbage collector to orphans.
    pub fn remove(
        &mut self,
        now: SimTime,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> Option<Object> {
        let _ = (now, kind, namespace, name);
        todo!()
    }
}
