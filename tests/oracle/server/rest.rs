//! Paths, methods and bodies as podhop's requests, and its answers as documents.

use podhop::api::rights::{self, Attributes, User};
use podhop::api::table::{Column, Table, format_selector};
use podhop::api::{
    Body, DeleteOptions, FieldSelector, FieldValidation, Kind, LabelSelector, Object, Patch,
    Propagation, Reason, Request, Response, Status, Subresource, WriteOptions,
};
use podhop::cluster::Cluster;
use serde_json::{Map, Value, json};

use super::{Asked, Reply, discovery};

/// What a path names.
struct Place {
    kind: Kind,
    /// `None` for all namespaces.
    namespace: Option<String>,
    /// Empty for a list.
    name: String,
    /// `scale`, `log`; empty for the object itself.
    below: String,
}

impl Place {
    fn of(path: &[String]) -> Option<Place> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let (version, rest) = match path.as_slice() {
            ["api", version, rest @ ..] => ((*version).to_owned(), rest),
            ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", name, more @ ..] if !matches!(more, [] | ["status" | "finalize"]) => {
                (Some((*name).to_owned()), more)
            }
            rest => (None, rest),
        };
        let (plural, name, below) = match rest {
            [plural] => (plural, "", ""),
            [plural, name] => (plural, *name, ""),
            [plural, name, below] => (plural, *name, *below),
            _ => return None,
        };
        let kind = Kind::all().find(|kind| {
            let info = kind.info();
            info.plural == *plural && info.api_version() == version
        })?;
        Some(Place { kind, namespace, name: name.to_owned(), below: below.to_owned() })
    }

    fn namespace(&self) -> String {
        self.namespace.clone().unwrap_or_default()
    }
}

/// What the server answers.
pub(super) fn answer(cluster: &mut Cluster, asked: &Asked) -> Reply {
    if let Some(reply) = discovery::answer(asked).filter(|_| asked.method == "GET") {
        return reply;
    }
    // kubectl's typed clients send new objects so; nothing here reads it.
    if asked.header("content-type").contains("protobuf") && asked.method != "GET" {
        let mut value =
            failure(&Status::new(Reason::Unknown, "a body in protobuf is not read here"));
        (value["reason"], value["code"]) = (json!("UnsupportedMediaType"), json!(415));
        return Reply::Json { code: 415, value, warnings: Vec::new() };
    }
    if asked.path.ends_with(&["v1".to_owned(), "selfsubjectaccessreviews".to_owned()]) {
        return review(cluster, asked);
    }
    let Some(place) = Place::of(&asked.path) else { return nothing() };
    let reply = match place.below.as_str() {
        "scale" if is_scaled(place.kind) => scale(cluster, asked, &place),
        "log" => logs(cluster, asked, &place),
        "" | "status" | "eviction" | "ephemeralcontainers" => ordinary(cluster, asked, &place),
        _ => return nothing(),
    };
    reply.unwrap_or_else(Reply::from)
}

fn nothing() -> Reply {
    let text = "the server could not find the requested resource";
    Status::new(Reason::NotFound, text).into()
}

/// Whether a kind's objects are scaled.
pub(super) fn is_scaled(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::ReplicationController
    )
}

/// A request as podhop's server knows it.
fn ordinary(cluster: &mut Cluster, asked: &Asked, place: &Place) -> Result<Reply, Status> {
    let request = request(asked, place)?;
    if let Request::Watch { .. } = request {
        let initial = asked.parameter("sendInitialEvents") == "true";
        return Ok(Reply::Watch { request, fields: fields(asked)?, initial });
    }
    let is_eviction = matches!(request, Request::Evict { .. });
    let is_deletion = matches!(request, Request::Delete { .. });
    let created = matches!(request, Request::Create { .. });
    let response = send(cluster, asked, request)?;
    let gone = is_deletion
        && cluster.objects().object(place.kind, &place.namespace(), &place.name).is_none();
    let value = match &response.body {
        _ if is_eviction => json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}),
        Body::Object(object) if gone => removed(object),
        body => shown(cluster, asked, place.kind, body),
    };
    let code = if created { 201 } else { 200 };
    Ok(Reply::Json { code, value, warnings: response.warnings })
}

/// Sends a request for whoever asks.
fn send(cluster: &mut Cluster, asked: &Asked, request: Request) -> Result<Response, Status> {
    if let Some(user) = acting(asked) {
        rights::authorize(cluster.objects(), &user, &request)?;
    }
    cluster.handle(request)
}

/// Whom the admin acts as.
fn acting(asked: &Asked) -> Option<User> {
    let name = Some(asked.header("impersonate-user")).filter(|name| !name.is_empty())?;
    let groups = asked.headers.iter().filter(|(header, _)| header == "impersonate-group");
    let groups: Vec<String> = groups.map(|(_, group)| group.clone()).collect();
    Some(User::acting(name, &groups))
}

fn request(asked: &Asked, place: &Place) -> Result<Request, Status> {
    let Place { kind, name, below, .. } = place;
    let (kind, namespace, name) = (*kind, place.namespace(), name.clone());
    let object = asked.body.clone();
    match (asked.method.as_str(), name.is_empty(), below.as_str()) {
        ("GET", true, _) => list(asked, place),
        ("GET", false, _) => Ok(Request::Get { kind, namespace, name }),
        ("POST", true, _) => {
            Ok(Request::Create { kind, namespace, object, options: options(asked, below) })
        }
        ("POST", false, "eviction") => {
            let options = deletion(asked, &asked.body["deleteOptions"]);
            Ok(Request::Evict { namespace, name, options })
        }
        ("PUT", false, _) => {
            Ok(Request::Update { kind, namespace, name, object, options: options(asked, below) })
        }
        ("PATCH", false, _) => {
            let patch = patch(asked)?;
            Ok(Request::Patch { kind, namespace, name, patch, options: options(asked, below) })
        }
        ("DELETE", false, _) => {
            let options = deletion(asked, &asked.body);
            Ok(Request::Delete { kind, namespace, name, options })
        }
        _ => {
            let text = "the server does not allow this method on the requested resource";
            Err(Status::new(Reason::MethodNotAllowed, text))
        }
    }
}

fn list(asked: &Asked, place: &Place) -> Result<Request, Status> {
    let (kind, namespace) = (place.kind, place.namespace.clone());
    let bad = |text: String| Status::new(Reason::BadRequest, text);
    let labels = LabelSelector::parse(asked.parameter("labelSelector")).map_err(bad)?;
    if matches!(asked.parameter("watch"), "true" | "1") {
        let since = asked.parameter("resourceVersion").parse().unwrap_or(0);
        return Ok(Request::Watch { kind, namespace, labels, since });
    }
    Ok(Request::List { kind, namespace, labels, fields: fields(asked)? })
}

fn fields(asked: &Asked) -> Result<FieldSelector, Status> {
    let text = asked.parameter("fieldSelector");
    FieldSelector::parse(text).map_err(|text| Status::new(Reason::BadRequest, text))
}

fn options(asked: &Asked, below: &str) -> WriteOptions {
    WriteOptions {
        dry_run: !asked.parameter("dryRun").is_empty(),
        validation: match asked.parameter("fieldValidation") {
            "Strict" => FieldValidation::Strict,
            "Ignore" => FieldValidation::Ignore,
            _ => FieldValidation::Warn,
        },
        subresource: match below {
            "status" => Subresource::Status,
            "ephemeralcontainers" => Subresource::EphemeralContainers,
            _ => Subresource::None,
        },
    }
}

fn deletion(asked: &Asked, body: &Value) -> DeleteOptions {
    let grace = body["gracePeriodSeconds"].as_u64().and_then(|grace| u32::try_from(grace).ok());
    DeleteOptions {
        grace_seconds: grace,
        propagation: match body["propagationPolicy"].as_str() {
            Some("Foreground") => Propagation::Foreground,
            Some("Orphan") => Propagation::Orphan,
            _ => Propagation::Background,
        },
        dry_run: body["dryRun"].is_array() || !asked.parameter("dryRun").is_empty(),
    }
}

fn patch(asked: &Asked) -> Result<Patch, Status> {
    let wish = asked.body.clone();
    match asked.header("content-type") {
        "application/json-patch+json" => Ok(Patch::Json(wish)),
        "application/merge-patch+json" => Ok(Patch::Merge(wish)),
        "application/strategic-merge-patch+json" => Ok(Patch::Strategic(wish)),
        "application/apply-patch+yaml" => {
            Ok(Patch::Apply { wish, force: asked.parameter("force") == "true" })
        }
        other => Err(Status::new(Reason::BadRequest, format!("a patch of type {other}"))),
    }
}

/// Objects as the client wants them: whole, or as a table.
fn shown(cluster: &Cluster, asked: &Asked, kind: Kind, body: &Body) -> Value {
    if asked.header("accept").contains("as=Table") {
        return table(cluster, asked, kind, body);
    }
    match body {
        Body::Object(object) => object.to_value(),
        Body::List { items, resource_version } => {
            let items: Vec<Value> = items.iter().map(Object::to_value).collect();
            json!({
                "kind": format!("{kind}List"), "apiVersion": kind.info().api_version(),
                "metadata": {"resourceVersion": resource_version.to_string()}, "items": items,
            })
        }
        Body::Changes { .. } => Value::Null,
    }
}

fn table(cluster: &Cluster, asked: &Asked, kind: Kind, body: &Body) -> Value {
    let (objects, version) = match body {
        Body::Object(object) => {
            let version = object.metadata().resource_version.clone();
            (std::slice::from_ref(object), version.unwrap_or_default())
        }
        Body::List { items, resource_version } => (items.as_slice(), resource_version.to_string()),
        Body::Changes { .. } => return Value::Null,
    };
    let table = Table::of(kind, objects, cluster.now(), true);
    let column = |column: &Column| {
        let format = if column.name == "NAME" { "name" } else { "" };
        json!({
            "name": column.name, "type": "string", "format": format, "description": "",
            "priority": i32::from(column.wide),
        })
    };
    let is_whole = asked.parameter("includeObject") == "Object";
    let row = |(cells, object): (&Vec<String>, &Object)| {
        let object = object.to_value();
        let object = if is_whole {
            object
        } else {
            json!({
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"],
            })
        };
        json!({"cells": cells, "object": object})
    };
    let rows: Vec<Value> = table.rows.iter().zip(objects).map(row).collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version},
        "columnDefinitions": table.columns.iter().map(column).collect::<Vec<_>>(), "rows": rows,
    })
}

/// What the API says of an object that is gone at once.
fn removed(object: &Object) -> Value {
    let info = object.kind().info();
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {
            "name": object.name(), "group": info.group, "kind": info.plural,
            "uid": object.metadata().uid,
        },
    })
}

/// A failure as the API has it (`metav1.Status`).
pub(super) fn failure(status: &Status) -> Value {
    let mut details = Map::new();
    let mut tell = |field: &str, value: &str| {
        if !value.is_empty() {
            details.insert(field.to_owned(), json!(value));
        }
    };
    let info = Kind::all().map(Kind::info).find(|info| info.name == status.kind);
    tell("name", &status.name);
    tell("group", info.map_or("", |info| info.group));
    tell("kind", &status.kind);
    if !status.causes.is_empty() {
        let cause = |cause: &podhop::api::Cause| {
            let reason = cause.message.split(": ").next().unwrap_or_default();
            json!({"reason": reason, "message": cause.message, "field": cause.field})
        };
        details.insert("causes".to_owned(), status.causes.iter().map(cause).collect());
    }
    let reason = match status.reason {
        Reason::Unknown => String::new(),
        reason => format!("{reason:?}"),
    };
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": status.message, "reason": reason, "details": details, "code": status.code(),
    })
}

/// An object's `scale`, read or written.
fn scale(cluster: &mut Cluster, asked: &Asked, place: &Place) -> Result<Reply, Status> {
    let (kind, namespace, name) = (place.kind, place.namespace(), place.name.clone());
    let request = if asked.method == "GET" {
        Request::Get { kind, namespace, name }
    } else {
        let mut wanted = json!({"spec": {"replicas": asked.body["spec"]["replicas"]}});
        let version = &asked.body["metadata"]["resourceVersion"];
        if version.is_string() {
            wanted["metadata"] = json!({"resourceVersion": version});
        }
        let patch = Patch::Merge(wanted);
        Request::Patch { kind, namespace, name, patch, options: options(asked, "") }
    };
    let response = send(cluster, asked, request)?;
    let warnings = response.warnings.clone();
    let Some(object) = response.into_object() else { return Ok(nothing()) };
    let object = object.to_value();
    let selector = match kind {
        Kind::ReplicationController => json!({"matchLabels": object["spec"]["selector"]}),
        _ => object["spec"]["selector"].clone(),
    };
    let selector = serde_json::from_value(selector).ok();
    let mut metadata = Map::new();
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        metadata.insert(field.to_owned(), object["metadata"][field].clone());
    }
    let replicas = object["status"]["replicas"].as_i64().unwrap_or(0);
    let value = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": {"replicas": object["spec"]["replicas"]},         "status": {"replicas": replicas, "selector": format_selector(selector.as_ref())},
    });
    Ok(Reply::Json { code: 200, value, warnings })
}

/// What a container has written, as far as the parameters ask for nothing special.
fn logs(cluster: &mut Cluster, asked: &Asked, place: &Place) -> Result<Reply, Status> {
    let (namespace, name) = (place.namespace(), place.name.clone());
    let request = Request::Get { kind: Kind::Pod, namespace: namespace.clone(), name };
    let pod = send(cluster, asked, request)?.into_object().map(|pod| pod.to_value());
    let known = ["container", "previous", "tailLines"];
    if asked.query.iter().any(|(parameter, _)| !known.contains(&parameter.as_str())) {
        return Ok(nothing());
    }
    let mut container = asked.parameter("container").to_owned();
    if container.is_empty() {
        let first = &pod.unwrap_or_default()["spec"]["containers"][0]["name"];
        container = first.as_str().unwrap_or_default().to_owned();
    }
    let previous = asked.parameter("previous") == "true";
    let lines = cluster
        .logs(&namespace, &place.name, &container, previous)
        .map_err(|text| Status::new(Reason::BadRequest, text))?;
    let lines: Vec<String> = lines.iter().map(|(_, (_, line))| format!("{line}\n")).collect();
    let tail = asked.parameter("tailLines").parse().unwrap_or(lines.len());
    Ok(Reply::Text(lines[lines.len().saturating_sub(tail)..].concat()))
}

/// Whether whoever asks may do something.
fn review(cluster: &Cluster, asked: &Asked) -> Reply {
    let mut value = asked.body.clone();
    let user = acting(asked).unwrap_or_else(User::admin);
    let spec = asked.body["spec"].clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let about = &spec["resourceAttributes"];
    let allowed = if about.is_object() {
        let below = text(&about["subresource"]);
        let mut resource = text(&about["resource"]);
        if !below.is_empty() {
            resource = format!("{resource}/{below}");
        }
        let (verb, group) = (text(&about["verb"]), text(&about["group"]));
        let (name, namespace) = (text(&about["name"]), text(&about["namespace"]));
        let place = Some(namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let wanted =
            Attributes::Resource { verb: &verb, group: &group, resource: &resource, name: &name };
        rights::allows(cluster.objects(), &user, place, wanted)
    } else {
        let about = &spec["nonResourceAttributes"];
        let (verb, path) = (text(&about["verb"]), text(&about["path"]));
        rights::allows(
            cluster.objects(),
            &user,
            None,
            Attributes::Path { verb: &verb, path: &path },
        )
    };
    value["status"] = json!({"allowed": allowed.is_ok()});
    if let Err(reason) = allowed
        && !reason.is_empty()
    {
        value["status"]["reason"] = json!(reason);
    }
    Reply::Json { code: 201, value, warnings: Vec::new() }
}
