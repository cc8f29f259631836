//! Create, update and patch: the way of an object into the store.
//!
//! The order is Kubernetes': decode, admit, fill in, allocate, validate, store. So a Service whose
//! node port is taken hears of that before it hears of its port's bad name.

use serde_json::Value;

use super::{
    Answer, ApiServer, Kind, Object, Patch, Reason, Response, SharedSpec, Status, Subresource,
    WriteOptions, admission, bootstrap, decode, defaulting, normal, patch, read, space, strategy,
    validation, warnings,
};
use crate::clock::SimTime;

/// How often a generated name may collide before the server gives up.
const NAME_ATTEMPTS: usize = 8;

/// Where a request goes: a kind, a namespace (empty for kinds without one) and a name.
pub(super) struct Target<'a> {
    pub(super) kind: Kind,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

impl ApiServer {
    /// Creates an object that a client sent.
    pub(super) fn create_sent(
        &mut self,
        now: SimTime,
        target: &Target<'_>,
        value: Value,
        options: WriteOptions,
    ) -> Answer {
        let (mut object, mut notes) = decode::object(target.kind, value, options.validation)?;
        settle_namespace(&mut object, target)?;
        if object.metadata().resource_version.as_deref().is_some_and(|version| !version.is_empty())
        {
            return Err(Status::new(
                Reason::Unknown,
                "resourceVersion should not be set on objects to be created",
            ));
        }
        let stored = self.admit(now, object).map_err(|status| status.with(&notes))?;
        notes.extend(warnings::create(&stored));
        Ok(Response { warnings: notes, ..Response::object(stored) })
    }

    /// Puts a whole object in place of the stored one; of a few kinds, also where there is none.
    pub(super) fn replace_sent(
        &mut self,
        now: SimTime,
        target: &Target<'_>,
        value: Value,
        options: WriteOptions,
    ) -> Answer {
        let (mut object, mut notes) = decode::object(target.kind, value, options.validation)?;
        settle_namespace(&mut object, target)?;
        must_keep_name(&object, target)?;
        let old = match self.stored(target) {
            Ok(old) => {
                must_keep_uid(&object, &old)?;
                old
            }
            Err(_) if is_created_by_update(target.kind) => {
                object.metadata_mut().resource_version = None;
                let stored = self.admit(now, object).map_err(|status| status.with(&notes))?;
                notes.extend(warnings::create(&stored));
                return Ok(Response { warnings: notes, ..Response::object(stored) });
            }
            Err(missing) => return Err(missing),
        };
        let stored = self
            .exchange(object, &old, options.subresource)
            .map_err(|status| status.with(&notes))?;
        notes.extend(warnings::update(&stored, &old));
        Ok(Response { warnings: notes, ..Response::object(stored) })
    }

    /// Changes a stored object.
    pub(super) fn patch_sent(
        &mut self,
        target: &Target<'_>,
        change: Patch,
        options: WriteOptions,
    ) -> Answer {
        let old = self.stored(target)?;
        let patched = patch::apply(target.kind, &old.to_value(), change)?;
        let (mut object, mut notes) = decode::patched(target.kind, patched, options.validation)?;
        settle_namespace(&mut object, target)?;
        must_keep_name(&object, target)?;
        let stored = self
            .exchange(object, &old, options.subresource)
            .map_err(|status| status.with(&notes))?;
        notes.extend(warnings::update(&stored, &old));
        Ok(Response { warnings: notes, ..Response::object(stored) })
    }

    /// The way of a new object into the store.
    pub(super) fn admit(&mut self, now: SimTime, mut object: Object) -> Result<Object, Status> {
        self.identify(now, &mut object);
        strategy::prepare_create(&mut object);
        defaulting::apply(&mut object);
        admission::create(&self.store, &mut self.suffixes, &mut object)?;
        if let Object::Service(service) = &mut object {
            self.allocator.create(std::sync::Arc::make_mut(service))?;
        }
        let known = self.is_of_known_template(&mut object);
        refuse_if_invalid(&object, validation::create(&object, known))?;
        normal::forget_empty(&mut object);
        defaulting::stored(&mut object);
        admission::review(&self.store, &object)?;
        let kind = object.kind();
        if self.store.object(kind, object.namespace(), object.name()).is_some() {
            let mut status = Status::already_exists(&kind.resource(), object.name());
            status.kind = kind.to_string();
            return Err(status);
        }
        if let Some(status) = space::too_large(&object) {
            return Err(status);
        }
        if self.store.is_full(kind) {
            return Err(space::exceeded());
        }
        if let Some(spec) = pod_spec(&mut object) {
            self.last_spec = Some(spec.shared().clone());
        }
        let stored = self.commit(object);
        if kind == Kind::Namespace {
            bootstrap::furnish(self, now, stored.name());
        }
        Ok(stored)
    }

    /// Whether the object is a pod, not yet bound, with the specification of the one made before.
    /// If so, they share it from now on.
    fn is_of_known_template(&self, object: &mut Object) -> bool {
        let Some(spec) = pod_spec(object) else { return false };
        spec.leave_token_out();
        let same = self.last_spec.as_ref().is_some_and(|last| spec.share(last));
        same && spec.node_name.is_none()
    }

    /// Gives a new object its identity: UID, moment of creation and, if it left that to the
    /// server, its name.
    fn identify(&mut self, now: SimTime, object: &mut Object) {
        let uid = self.uids.uuid();
        let kind = object.kind();
        let metadata = object.metadata_mut();
        metadata.uid = Some(uid);
        metadata.creation_timestamp = Some(super::time(now));
        metadata.deletion_timestamp = None;
        metadata.deletion_grace_period_seconds = None;
        metadata.self_link = None;
        metadata.managed_fields = None;
        if kind.info().namespaced {
            metadata.namespace.get_or_insert_with(|| "default".to_owned());
        } else {
            metadata.namespace = None;
        }
        // The only kind that needs no name (`limitrangeStrategy`).
        let empty = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
        let nameless = empty(&metadata.name) && empty(&metadata.generate_name);
        if kind == Kind::LimitRange && nameless {
            metadata.name = Some(self.uids.uuid());
        }
        let named = metadata.name.as_deref().is_some_and(|name| !name.is_empty());
        let Some(prefix) =
            metadata.generate_name.clone().filter(|prefix| !named && !prefix.is_empty())
        else {
            return;
        };
        // R3.1: five characters, and no more than 63 in all.
        let room = prefix.char_indices().nth(58).map_or(prefix.len(), |(at, _)| at);
        for _ in 0..NAME_ATTEMPTS {
            let name = format!("{}{}", &prefix[..room], self.names.name_suffix(5));
            let taken = self.store.object(kind, object.namespace(), &name).is_some();
            object.metadata_mut().name = Some(name);
            if !taken {
                break;
            }
        }
    }

    /// The way of a client's changed object into the store. One that changes nothing is not
    /// stored again.
    pub(super) fn exchange(
        &mut self,
        mut new: Object,
        old: &Object,
        through: Subresource,
    ) -> Result<Object, Status> {
        keep_identity(&mut new, old)?;
        strategy::prepare_update(&mut new, old, through);
        defaulting::apply(&mut new);
        if let (Object::Service(new), Object::Service(old)) = (&mut new, old)
            && through == Subresource::None
        {
            self.allocator.update(std::sync::Arc::make_mut(new), old)?;
        }
        if through == Subresource::None {
            admission::update(&mut new, old)?;
        }
        if let Some(spec) = pod_spec(&mut new) {
            spec.leave_token_out();
        }
        strategy::count_template(&mut new, old);
        strategy::count_generation(&mut new, old, through == Subresource::None);
        let shown = new.clone();
        normal::forget_empty(&mut new);
        defaulting::stored(&mut new);
        if new == *old {
            return Ok(new);
        }
        let faults = match through {
            Subresource::EphemeralContainers => validation::ephemeral_containers(&shown, old),
            Subresource::None => validation::update(&shown, old),
            Subresource::Status => validation::status(&shown, old),
        };
        refuse_if_invalid(&shown, faults)?;
        if through == Subresource::None {
            admission::review(&self.store, &new)?;
        }
        if let Some(status) = space::too_large(&new) {
            return Err(status);
        }
        // What grows needs room; what shrinks or is deleted makes some.
        if self.store.is_full(new.kind()) && space::weight(&new) > space::weight(old) {
            return Err(space::exceeded());
        }
        Ok(self.commit(new))
    }

    /// Stores an object, and takes it out again when it was only waiting for its finalizers.
    pub(super) fn commit(&mut self, object: Object) -> Object {
        if let Object::Service(new) = &object {
            let old = self.store.get(object.namespace(), object.name()).cloned();
            self.allocator.stored(old.as_deref(), Some(new));
            self.keep_addresses(old.as_deref(), Some(new));
        }
        let stored = self.store.put(object);
        if is_finished(&stored) {
            let target = (stored.kind(), stored.namespace(), stored.name());
            self.expunge(target.0, target.1, target.2);
        }
        stored
    }

    /// Takes an object out of the store, and gives back what it held.
    pub(super) fn expunge(&mut self, kind: Kind, namespace: &str, name: &str) -> Option<Object> {
        let object = self.store.take(kind, namespace, name)?;
        self.wishes.remove(object.metadata().uid.as_deref().unwrap_or(""));
        if let Object::Service(service) = &object {
            self.allocator.stored(Some(service), None);
            self.keep_addresses(Some(service), None);
            // The legacy Endpoints of the same name go with it.
            self.store.take(Kind::Endpoints, namespace, name);
        }
        Some(object)
    }

    /// The stored object that a request is about.
    pub(super) fn stored(&self, target: &Target<'_>) -> Result<Object, Status> {
        let object = self.store.object(target.kind, target.namespace, target.name);
        object.cloned().ok_or_else(|| read::missing(target.kind, target.name))
    }
}

/// The specification of an object that is a pod, to change.
fn pod_spec(object: &mut Object) -> Option<&mut SharedSpec> {
    match object {
        Object::Pod(pod) => std::sync::Arc::make_mut(pod).spec.as_mut(),
        _ => None,
    }
}

/// The kinds of which a `PUT` creates what is missing (`AllowCreateOnUpdate`): `kubectl replace`
/// brings a deleted Service back.
fn is_created_by_update(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Service
            | Kind::Endpoints
            | Kind::Event
            | Kind::LimitRange
            | Kind::Role
            | Kind::RoleBinding
            | Kind::ClusterRole
            | Kind::ClusterRoleBinding
            | Kind::RuntimeClass
    )
}

/// Whether an object was deleted and nothing holds it any longer. A pod is held by its kubelet
/// until its grace period is zero.
fn is_finished(object: &Object) -> bool {
    let metadata = object.metadata();
    let held = metadata.finalizers.as_ref().is_some_and(|finalizers| !finalizers.is_empty());
    let contents = match object {
        Object::Namespace(namespace) => namespace
            .spec
            .as_ref()
            .and_then(|spec| spec.finalizers.as_ref())
            .is_some_and(|finalizers| !finalizers.is_empty()),
        _ => false,
    };
    metadata.deletion_timestamp.is_some()
        && metadata.deletion_grace_period_seconds.unwrap_or(0) == 0
        && !held
        && !contents
}

/// Puts the object into the namespace of the request, or says that it names another.
fn settle_namespace(object: &mut Object, target: &Target<'_>) -> Result<(), Status> {
    if !target.kind.info().namespaced {
        return Ok(());
    }
    let named = object.namespace();
    if named.is_empty() {
        object.metadata_mut().namespace = Some(target.namespace.to_owned());
    } else if named != target.namespace {
        return Err(Status::new(
            Reason::BadRequest,
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// A request changes the object that it names, and no other.
fn must_keep_name(object: &Object, target: &Target<'_>) -> Result<(), Status> {
    let (name, wanted) = (object.name(), target.name);
    let message = if name == wanted {
        return Ok(());
    } else if name.is_empty() {
        format!(
            "the name of the object ({wanted} based on URL) was undeterminable: name must be provided"
        )
    } else {
        format!("the name of the object ({name}) does not match the name on the URL ({wanted})")
    };
    Err(Status::new(Reason::BadRequest, message))
}

/// A whole object that carries the UID of another is meant for that one. The store looks before
/// anybody else does (`apiserver/pkg/storage`, `Preconditions.Check`).
fn must_keep_uid(object: &Object, old: &Object) -> Result<(), Status> {
    let sent = object.metadata().uid.as_deref().unwrap_or("");
    let stored = old.metadata().uid.as_deref().unwrap_or("");
    if sent.is_empty() || sent == stored {
        return Ok(());
    }
    let (kind, name) = (old.kind(), old.name());
    let mut status = Status::new(
        Reason::Conflict,
        format!(
            "Operation cannot be fulfilled on {} \"{name}\": StorageError: invalid object, Code: 4, \
             Key: {}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in \
             precondition: {sent}, UID in object meta: {stored}",
            kind.resource(),
            storage_key(old)
        ),
    );
    status.kind = kind.to_string();
    status.name = name.to_owned();
    Err(status)
}

/// Where etcd keeps an object. A few resources have a folder of another name
/// (`kubeapiserver/default_storage_factory_builder.go`).
fn storage_key(object: &Object) -> String {
    let folder = match object.kind() {
        Kind::ReplicationController => "controllers",
        Kind::Endpoints => "services/endpoints",
        Kind::Service => "services/specs",
        Kind::Node => "minions",
        Kind::Ingress => "ingress",
        kind => kind.info().plural,
    };
    match object.namespace() {
        "" => format!("/registry/{folder}/{}", object.name()),
        namespace => format!("/registry/{folder}/{namespace}/{}", object.name()),
    }
}

/// Gives a changed object what only the server may write, and refuses one that was made from an
/// older version.
fn keep_identity(new: &mut Object, old: &Object) -> Result<(), Status> {
    let (kind, name) = (old.kind(), old.name());
    let before = old.metadata();
    let metadata = new.metadata_mut();
    let version = metadata.resource_version.take().filter(|version| !version.is_empty());
    // The server reads a number; nought stands for whatever is stored (apiserver, `Store.Update`).
    let version = match version.as_deref().map(str::parse::<u64>) {
        Some(Err(_)) => {
            let text = version.unwrap_or_default();
            let why = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
            return Err(Status::new(Reason::Unknown, why));
        }
        Some(Ok(0)) => None,
        _ => version,
    };
    if version.is_some() && version != before.resource_version {
        let mut status = Status::new(
            Reason::Conflict,
            format!(
                "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; \
                 please apply your changes to the latest version and try again",
                kind.resource()
            ),
        );
        status.kind = kind.to_string();
        status.name = name.to_owned();
        return Err(status);
    }
    metadata.resource_version.clone_from(&before.resource_version);
    metadata.uid = metadata.uid.take().filter(|uid| !uid.is_empty()).or(before.uid.clone());
    metadata.creation_timestamp.clone_from(&before.creation_timestamp);
    // Nobody ends an object by a change, or puts off an end (`rest.BeforeUpdate`).
    if before.deletion_timestamp.is_some() {
        metadata.deletion_timestamp.clone_from(&before.deletion_timestamp);
    }
    if metadata.deletion_grace_period_seconds.is_none() {
        metadata.deletion_grace_period_seconds = before.deletion_grace_period_seconds;
    }
    metadata.generation = before.generation;
    metadata.generate_name = metadata.generate_name.take().or(before.generate_name.clone());
    metadata.self_link = None;
    metadata.managed_fields = None;
    // What belongs to no namespace is asked for without one.
    if !kind.info().namespaced {
        metadata.namespace = None;
    }
    Ok(())
}

fn refuse_if_invalid(object: &Object, causes: Vec<super::Cause>) -> Result<(), Status> {
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(object.kind().info().name, object.name(), causes))
}
