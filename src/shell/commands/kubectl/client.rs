//! A line to the API server: requests in, objects out, warnings on standard error.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::super::super::tool::Io;
use super::Failure;
use crate::api::rights::{self, User};
use crate::api::{
    Body, Change, DeleteOptions, FieldSelector, Kind, LabelSelector, Object, Patch, Reason,
    Request, Response, Status, WriteOptions,
};
use crate::cluster::{Did, ObjectName};

/// Who asks, and for which namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    /// The namespace of objects that do not name one.
    pub namespace: String,
    /// Whether it was asked for on the command line.
    pub namespace_given: bool,
    /// Warnings that have been told: each is told once.
    told: BTreeSet<String>,
    /// Whom kubectl acts as, if not as the admin.
    acting: Option<User>,
    /// The CustomResourceDefinitions that there are.
    defined: Vec<Object>,
}

/// Which objects of a kind are meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// `-l`
    pub labels: LabelSelector,
    /// `--field-selector`
    pub fields: FieldSelector,
    /// `-A`
    pub everywhere: bool,
}

/// Steps that a request costs.
const REQUEST: u64 = 200;

impl Client {
    /// A client that asks for `namespace`.
    pub fn new(namespace: String, namespace_given: bool) -> Client {
        Client { namespace, namespace_given, ..Client::default() }
    }

    /// The same client, acting as somebody else.
    pub fn acting_as(self, user: User) -> Client {
        Client { acting: Some(user), ..self }
    }

    /// The same client, when it has asked which kinds people have defined.
    pub fn having_discovered(mut self, io: &Io<'_>) -> Client {
        self.defined =
            io.cluster.objects().objects(Kind::CustomResourceDefinition, None).cloned().collect();
        self
    }

    /// Refuses a kind that a definition with `names` adds: there are no such objects here.
    ///
    /// # Errors
    /// That they are not simulated.
    pub fn must_not_be_defined(
        &self,
        told: &str,
        names: impl Fn(&Value) -> bool,
    ) -> Result<(), Failure> {
        match self.defined.iter().find(|definition| names(&definition.to_value()["spec"])) {
            None => Ok(()),
            Some(definition) => {
                let what = format!("objects of kinds that people define, such as {told}");
                let instead = format!("\"{}\" itself can be looked at", definition.name());
                Err(Failure::not_simulated(&what, &instead))
            }
        }
    }

    /// Who asks.
    pub fn user(&self) -> &User {
        static ADMIN: LazyLock<User> = LazyLock::new(User::admin);
        self.acting.as_ref().unwrap_or(&ADMIN)
    }

    /// The same client for another namespace.
    pub fn at(&self, namespace: &str) -> Client {
        Client { namespace: namespace.to_owned(), ..self.clone() }
    }

    /// Sends a request; warnings in the answer are printed.
    pub fn send(&mut self, io: &mut Io<'_>, request: Request) -> Result<Response, Status> {
        io.budget.take(REQUEST);
        if let Some(user) = &self.acting {
            rights::authorize(io.cluster.objects(), user, &request)?;
        }
        if let Some(kind) = request.writes().filter(|kind| kind.is_kept_by_server()) {
            return Err(Status::new(
                Reason::Unknown,
                format!(
                    "not simulated here: a change to {kind} objects, which the server keeps by itself"
                ),
            ));
        }
        let answer = io.cluster.handle(request);
        let warnings = match &answer {
            Ok(response) => response.warnings.as_slice(),
            Err(status) => &status.warnings,
        };
        for warning in warnings {
            self.warn(io, warning);
        }
        answer
    }

    /// `Warning: …`, once.
    pub fn warn(&mut self, io: &mut Io<'_>, warning: &str) {
        if self.told.insert(warning.to_owned()) {
            io.write_error(format!("Warning: {warning}"));
        }
    }

    /// Where objects of a kind are looked for: the namespace, or nothing for kinds without one.
    pub fn namespace_of(&self, kind: Kind) -> String {
        if kind.info().namespaced { self.namespace.clone() } else { String::new() }
    }

    /// One object, as kubectl looks up what a command line names.
    pub fn get(&mut self, io: &mut Io<'_>, kind: Kind, name: &str) -> Result<Object, Status> {
        let namespace = self.namespace_of(kind);
        self.look_up(io, kind, namespace, name)
    }

    /// One object of a namespace; of one that is missing from another than `default` it is asked whether
    /// the namespace is there (`Info.Get` in cli-runtime's `visitor.go`).
    pub fn look_up(
        &mut self,
        io: &mut Io<'_>,
        kind: Kind,
        namespace: String,
        name: &str,
    ) -> Result<Object, Status> {
        let answer = self.get_in(io, kind, namespace.clone(), name);
        let is_missing = answer.as_ref().is_err_and(|status| status.reason == Reason::NotFound);
        let asks = is_missing && !matches!(namespace.as_str(), "" | "default");
        if asks && io.cluster.objects().object(Kind::Namespace, "", &namespace).is_none() {
            return Err(Status::not_found("namespaces", &namespace));
        }
        answer
    }

    /// One object of a namespace, asked of the server and no more.
    pub fn get_in(
        &mut self,
        io: &mut Io<'_>,
        kind: Kind,
        namespace: String,
        name: &str,
    ) -> Result<Object, Status> {
        let object = ObjectName { kind, namespace: namespace.clone(), name: name.to_owned() };
        let request = Request::Get { kind, namespace, name: name.to_owned() };
        let answer = self.send(io, request).and_then(one);
        if answer.as_ref().is_err_and(|status| status.reason == Reason::NotFound) {
            io.cluster.note(io.place, Did::Missing { object });
        }
        answer
    }

    /// All objects of a kind that fit.
    pub fn list(
        &mut self,
        io: &mut Io<'_>,
        kind: Kind,
        filter: &Filter,
    ) -> Result<(Vec<Object>, u64), Status> {
        let everywhere = filter.everywhere || !kind.info().namespaced;
        let request = Request::List {
            kind,
            namespace: (!everywhere).then(|| self.namespace.clone()),
            labels: filter.labels.clone(),
            fields: filter.fields.clone(),
        };
        match self.send(io, request)?.body {
            Body::List { items, resource_version } => Ok((items, resource_version)),
            body => Ok((Response { body, warnings: Vec::new() }.into_items(), 0)),
        }
    }

    /// A new object. The version that a copied manifest has kept is left out
    /// (`cli-runtime/pkg/resource/helper.go`).
    pub fn create(
        &mut self,
        io: &mut Io<'_>,
        kind: Kind,
        mut object: Value,
        options: WriteOptions,
    ) -> Result<Object, Status> {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("resourceVersion");
        }
        let namespace = match object["metadata"]["namespace"].as_str() {
            Some(own) if kind.info().namespaced => own.to_owned(),
            _ => self.namespace_of(kind),
        };
        let dry_run = options.dry_run;
        let request = Request::Create { kind, namespace, object, options };
        let made = self.send(io, request).and_then(one)?;
        if !dry_run {
            let (namespace, name) = (made.namespace().to_owned(), made.name().to_owned());
            let object = ObjectName { kind, namespace, name };
            io.cluster.note(io.place, Did::Created { object });
        }
        Ok(made)
    }

    /// A change to an object.
    pub fn patch(
        &mut self,
        io: &mut Io<'_>,
        object: &Object,
        patch: Patch,
        options: WriteOptions,
    ) -> Result<Object, Status> {
        let named = || (object.kind(), object.namespace().to_owned(), object.name().to_owned());
        let (kind, namespace, name) = named();
        let request = Request::Patch { kind, namespace, name, patch, options };
        let answer = self.send(io, request);
        if let Err(status) = &answer {
            let (kind, namespace, name) = named();
            let object = ObjectName { kind, namespace, name };
            io.cluster.note(io.place, Did::ChangeRefused { object, why: Box::new(status.clone()) });
        }
        answer.and_then(one)
    }

    /// A whole object in place of the stored one.
    pub fn update(
        &mut self,
        io: &mut Io<'_>,
        kind: Kind,
        object: Value,
        options: WriteOptions,
    ) -> Result<Object, Status> {
        let metadata = &object["metadata"];
        let text = |field: &str| metadata[field].as_str().unwrap_or("").to_owned();
        let namespace = if kind.info().namespaced { text("namespace") } else { String::new() };
        let request = Request::Update { kind, namespace, name: text("name"), object, options };
        self.send(io, request).and_then(one)
    }

    /// An object's end.
    pub fn delete(
        &mut self,
        io: &mut Io<'_>,
        object: &Object,
        options: DeleteOptions,
    ) -> Result<(), Status> {
        let (kind, namespace, name) = (object.kind(), object.namespace(), object.name());
        self.delete_named(io, kind, namespace, name, options).map(|_| ())
    }

    /// The end of whatever object has this name: it, as it was.
    pub fn delete_named(
        &mut self,
        io: &mut Io<'_>,
        kind: Kind,
        namespace: &str,
        name: &str,
        options: DeleteOptions,
    ) -> Result<Option<Object>, Status> {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let request = Request::Delete { kind, namespace, name, options };
        self.send(io, request).map(Response::into_object)
    }

    /// What has happened to the objects of a kind since a resource version, and the version to go
    /// on from.
    pub fn changes(
        &mut self,
        io: &mut Io<'_>,
        kind: Kind,
        namespace: Option<String>,
        since: u64,
    ) -> Result<(Vec<Change>, u64), Status> {
        let labels = LabelSelector::default();
        match self.send(io, Request::Watch { kind, namespace, labels, since })?.body {
            Body::Changes { changes, resource_version } => Ok((changes, resource_version)),
            _ => Ok((Vec::new(), since)),
        }
    }
}

impl Filter {
    /// The filter that `-l`, `--field-selector` and `-A` make.
    ///
    /// # Errors
    /// The server's words about a selector that cannot be read.
    pub fn new(
        kind: Kind,
        labels: &str,
        fields: &str,
        everywhere: bool,
    ) -> Result<Filter, Failure> {
        let refuse = |reason: String| unfit(kind, labels, fields, &reason);
        let labels = LabelSelector::parse(labels).map_err(refuse)?;
        let fields = FieldSelector::parse(fields).map_err(refuse)?;
        Ok(Filter { labels, fields, everywhere })
    }
}

/// What kubectl makes of the server's refusal of a list: it names the selectors.
pub(super) fn unfit(kind: Kind, labels: &str, fields: &str, reason: &str) -> Failure {
    let info = kind.info();
    let resource = format!("{}/{}, Resource={}", info.group, info.version, info.plural);
    let text = format!(
        "Unable to find \"{resource}\" that match label selector \"{labels}\", field selector \
         \"{fields}\": {reason}"
    );
    Failure::from(Status::new(crate::api::Reason::BadRequest, text))
}

/// The object that an answer carries.
fn one(response: Response) -> Result<Object, Status> {
    response.into_object().ok_or_else(|| {
        Status::new(crate::api::Reason::InternalError, "the server sent no object back")
    })
}
