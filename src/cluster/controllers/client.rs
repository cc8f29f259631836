//! What a controller has at hand while it brings one object to what it should be.

use std::sync::Arc;
use std::time::Duration;

use super::events::{Recorder, Report, Source, reference};
use super::index::Index;
use super::queue::{Actor, Queue};
use super::{Key, owner};
use crate::api::{ApiServer, DeleteOptions, Kind, Propagation, Request, Resource, Status};
use crate::clock::SimTime;

/// The API server, the indexes, the queue and the event recorder.
pub(super) struct Client<'a> {
    pub(super) now: SimTime,
    pub(super) api: &'a mut ApiServer,
    pub(super) index: &'a Index,
    pub(super) queue: &'a mut Queue,
    pub(super) recorder: &'a mut Recorder,
}

impl Client<'_> {
    /// An object, as it is stored now.
    pub(super) fn get<T: Resource>(&self, key: &Key) -> Option<Arc<T>> {
        self.api.store().get::<T>(&key.namespace, &key.name).cloned()
    }

    /// Stores a new object.
    pub(super) fn create<T: Resource>(&mut self, object: T) -> Result<Arc<T>, Status> {
        self.api.create(self.now, object)
    }

    /// Stores a changed object. A refusal leaves everything as it was: the controller comes back
    /// when something changes.
    pub(super) fn update<T: Resource>(&mut self, object: T) -> Option<Arc<T>> {
        self.api.update(self.now, object).ok()
    }

    /// Deletes an object as any client does: pods get their grace period, and what the object owns
    /// is collected afterwards. Says whether the API server agreed.
    pub(super) fn delete(&mut self, kind: Kind, key: &Key) -> bool {
        let options =
            DeleteOptions { propagation: Propagation::Background, ..DeleteOptions::default() };
        self.delete_with(kind, key, options)
    }

    /// Deletes an object with options.
    pub(super) fn delete_with(&mut self, kind: Kind, key: &Key, options: DeleteOptions) -> bool {
        let (namespace, name) = (key.namespace.to_string(), key.name.to_string());
        let request = Request::Delete { kind, namespace, name, options };
        self.api.handle(self.now, request).is_ok()
    }

    /// Takes an object out of the store at once.
    pub(super) fn remove(&mut self, kind: Kind, key: &Key) {
        self.api.remove(self.now, kind, &key.namespace, &key.name);
    }

    /// Tells a normal event about `object`.
    pub(super) fn normal<T: Resource>(
        &mut self,
        object: &T,
        component: &str,
        reason: &str,
        message: String,
    ) {
        self.tell(object, component, reason, message, false);
    }

    /// Tells a warning about `object`.
    pub(super) fn warning<T: Resource>(
        &mut self,
        object: &T,
        component: &str,
        reason: &str,
        message: String,
    ) {
        self.tell(object, component, reason, message, true);
    }

    /// Looks at the object again after a while, without anybody waiting for it.
    pub(super) fn remind(&mut self, after: Duration, actor: Actor, key: &Key) {
        self.queue.remind(self.now + after, actor, key.clone());
    }

    /// Looks at the object again soon.
    pub(super) fn again(&mut self, actor: Actor, key: &Key) {
        self.queue.add(self.now, actor, key.clone());
    }

    fn tell<T: Resource>(
        &mut self,
        object: &T,
        component: &str,
        reason: &str,
        message: String,
        warning: bool,
    ) {
        let source = Source::Classic { component, host: None };
        let report = Report { about: reference(object), warning, reason, message, source };
        self.recorder.tell(self.now, self.api, report);
    }

    /// The objects of one type that `meta`'s object controls, by name.
    pub(super) fn controlled<T: Resource>(&self, uid: &str) -> Vec<Arc<T>> {
        let keys = self.index.children_of_kind(uid, T::KIND);
        keys.filter_map(|key| self.get::<T>(key))
            .filter(|child| owner::is_controlled_by(child.metadata(), uid))
            .collect()
    }

    /// As [`Client::controlled`], with what was made since the indexes were brought up to date.
    pub(super) fn controlled_now<T: Resource>(&self, namespace: &str, uid: &str) -> Vec<Arc<T>> {
        let all = self.api.store().list::<T>(Some(namespace));
        all.filter(|child| owner::is_controlled_by(child.metadata(), uid)).cloned().collect()
    }
}
