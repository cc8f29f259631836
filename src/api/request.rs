//! What clients say to the API server, and what it says back.

use serde_json::Value;

use super::selector::{FieldSelector, LabelSelector};
use super::{Kind, Object, Status};

/// A request: a REST verb over a kind. `namespace` is empty for kinds without one.
#[derive(Clone, Debug)]
pub enum Request {
    /// One object.
    Get { kind: Kind, namespace: String, name: String },
    /// All objects of a kind, in one namespace or (`None`) in all, sorted by namespace and name.
    List { kind: Kind, namespace: Option<String>, labels: LabelSelector, fields: FieldSelector },
    /// A new object. `metadata.generateName` is honoured.
    Create { kind: Kind, namespace: String, object: Value, options: WriteOptions },
    /// A whole object in place of the stored one. A `metadata.resourceVersion` that is given must
    /// be the current one.
    Update { kind: Kind, namespace: String, name: String, object: Value, options: WriteOptions },
    /// A change to an object.
    Patch { kind: Kind, namespace: String, name: String, patch: Patch, options: WriteOptions },
    /// An object's end; pods get their grace period.
    Delete { kind: Kind, namespace: String, name: String, options: DeleteOptions },
    /// A pod's end, unless a PodDisruptionBudget forbids it.
    Evict { namespace: String, name: String, options: DeleteOptions },
    /// What has changed since a resource version (exclusive).
    Watch { kind: Kind, namespace: Option<String>, labels: LabelSelector, since: u64 },
}

impl Request {
    /// The kind, namespace and name that the request is about.
    pub(super) fn place(&self) -> (Kind, Option<&str>, &str) {
        match self {
            Request::Get { kind, namespace, name }
            | Request::Update { kind, namespace, name, .. }
            | Request::Patch { kind, namespace, name, .. }
            | Request::Delete { kind, namespace, name, .. } => (*kind, Some(namespace), name),
            Request::Evict { namespace, name, .. } => (Kind::Pod, Some(namespace), name),
            Request::Create { kind, namespace, .. } => (*kind, Some(namespace), ""),
            Request::List { kind, namespace, .. } | Request::Watch { kind, namespace, .. } => {
                (*kind, namespace.as_deref(), "")
            }
        }
    }

    /// The kind of the object that this changes, if it changes one.
    pub fn writes(&self) -> Option<Kind> {
        match self {
            Request::Create { kind, .. }
            | Request::Update { kind, .. }
            | Request::Patch { kind, .. }
            | Request::Delete { kind, .. } => Some(*kind),
            Request::Evict { .. } => Some(Kind::Pod),
            Request::Get { .. } | Request::List { .. } | Request::Watch { .. } => None,
        }
    }

    /// Whether this is a dry run, where there is such a thing.
    pub(super) fn dry_run_mut(&mut self) -> Option<&mut bool> {
        match self {
            Request::Create { options, .. }
            | Request::Update { options, .. }
            | Request::Patch { options, .. } => Some(&mut options.dry_run),
            Request::Delete { options, .. } | Request::Evict { options, .. } => {
                Some(&mut options.dry_run)
            }
            Request::Get { .. } | Request::List { .. } | Request::Watch { .. } => None,
        }
    }
}

/// How a write is to be carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Say what would happen, and store nothing.
    pub dry_run: bool,
    /// What to do with unknown and duplicate fields.
    pub validation: FieldValidation,
    /// Which part of the object is written.
    pub subresource: Subresource,
}

/// The part of an object that an update or a patch writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Subresource {
    /// Everything but the status.
    #[default]
    None,
    /// The status alone.
    Status,
    /// A pod's ephemeral containers alone: what `kubectl debug` adds.
    EphemeralContainers,
}

/// `--validate` of kubectl, `fieldValidation` of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Refuse.
    #[default]
    Strict,
    /// Accept with a warning.
    Warn,
    /// Accept silently.
    Ignore,
}

/// A change to an object, in one of the API's three languages.
#[derive(Clone, Debug)]
pub enum Patch {
    /// RFC 7386.
    Merge(Value),
    /// Kubernetes' own: lists merge by key, with `$patch` and `$retainKeys` directives.
    Strategic(Value),
    /// RFC 6902.
    Json(Value),
    /// Server-side apply: everything that a client wants of the object, which is made if there is
    /// none. `force` takes fields over that somebody else has changed.
    Apply {
        /// What the client wants.
        wish: Value,
        /// Whether conflicts are overridden.
        force: bool,
    },
}

/// How an object is to be deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Seconds between SIGTERM and SIGKILL; the pod's own when `None`; 0 removes the object at
    /// once.
    pub grace_seconds: Option<u32>,
    /// What becomes of the objects that this one owns.
    pub propagation: Propagation,
    /// Say what would happen, and delete nothing.
    pub dry_run: bool,
}

/// What becomes of owned objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// They are collected after their owner is gone.
    #[default]
    Background,
    /// They go first.
    Foreground,
    /// They stay, without an owner.
    Orphan,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// What was asked for.
    pub body: Body,
    /// `Warning:` headers, in order.
    pub warnings: Vec<String>,
}

/// What an answer carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// The object, as it is now stored (or, deleted, as it last was).
    Object(Object),
    /// Objects, and the resource version that the list reflects.
    List { items: Vec<Object>, resource_version: u64 },
    /// Changes, oldest first, and the resource version to go on from.
    Changes { changes: Vec<Change>, resource_version: u64 },
}

/// What happened to an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its resource version.
    pub revision: u64,
    /// What happened.
    pub action: Action,
    /// The object after it (for a deletion: before it).
    pub object: Object,
    /// The object before it, unless it is new.
    pub previous: Option<Object>,
}

/// The three things that happen to objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Added,
    /// It is different.
    Modified,
    /// It is gone.
    Deleted,
}

/// What the API server answers.
pub type Answer = Result<Response, Status>;

impl Response {
    /// An answer that carries one object and no warnings.
    pub fn object(object: Object) -> Response {
        Response { body: Body::Object(object), warnings: Vec::new() }
    }

    /// The object that the answer carries, if it carries one.
    pub fn into_object(self) -> Option<Object> {
        match self.body {
            Body::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The objects that the answer carries: one, many or none.
    pub fn into_items(self) -> Vec<Object> {
        match self.body {
            Body::Object(object) => vec![object],
            Body::List { items, .. } => items,
            Body::Changes { .. } => Vec::new(),
        }
    }
}
