//! Manifests that `-f` names: files, folders and standard input, read as kubectl reads them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::dry_run::DryRun;
use super::{Call, Failure};
use crate::api::validation::names;
use crate::api::{Kind, LabelSelector, Object, Reason, Status};
use crate::cluster::{Applied, ApplyOutcome, Did, ObjectName, Refusal, Refused};
use crate::manifest;
use crate::shell::pattern::Pattern;

/// One object of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Manifest {
    /// The file it came from, as the user named it; `STDIN` for standard input.
    pub source: String,
    /// Its kind.
    pub kind: Kind,
    /// `metadata.name`, which may be empty.
    pub name: String,
    /// The namespace that it goes to; empty for kinds without one.
    pub namespace: String,
    /// The object, with its namespace filled in.
    pub value: Value,
}

impl Manifest {
    /// `metadata.labels`
    fn labels(&self) -> BTreeMap<String, String> {
        let labels = self.value["metadata"]["labels"].as_object();
        let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
        labels.into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
    }

    /// The object that the server has of this name.
    ///
    /// # Errors
    /// The server's, and kubectl's own for a manifest without a name.
    pub fn live(&self, call: &mut Call, io: &mut Io<'_>) -> Result<Object, Failure> {
        if self.name.is_empty() {
            return Err(Failure::message("resource name may not be empty"));
        }
        if let Some(why) = self.unaddressable() {
            return Err(Failure::message(why));
        }
        let namespace = self.namespace.clone();
        Ok(call.client.look_up(io, self.kind, namespace, &self.name)?)
    }

    /// What keeps its name or namespace from being a part of a URL, in the words of the client library
    /// (`rest.Request`).
    pub fn unaddressable(&self) -> Option<String> {
        for (what, text) in [("namespace", &self.namespace), ("resource name", &self.name)] {
            let faults = names::path_segment(text);
            if !faults.is_empty() {
                return Some(format!("invalid {what} {text:?}: [{}]", faults.join(" ")));
            }
        }
        None
    }

    /// What it is about.
    pub fn object_name(&self) -> ObjectName {
        let (namespace, name) = (self.namespace.clone(), self.name.clone());
        ObjectName { kind: self.kind, namespace, name }
    }

    /// Notes that the server took it, for whoever asks why.
    pub fn taken(&self, io: &mut Io<'_>, outcome: ApplyOutcome, dry_run: DryRun) {
        let applied = Applied {
            file: self.source.clone(),
            object: self.object_name(),
            outcome,
            manifest: Arc::new(self.value.clone()),
            dry_run: dry_run != DryRun::No,
        };
        io.cluster.note(io.place, Did::Applied(applied));
    }

    /// Notes that it was not taken, for whoever asks why.
    pub fn not_taken(&self, io: &mut Io<'_>, failure: &Failure) {
        let why = match failure {
            Failure::Server { status, .. } => Refusal::Server(status.clone()),
            other => Refusal::Kubectl(other.text()),
        };
        let refused = Refused {
            file: self.source.clone(),
            object: Some(self.object_name()),
            manifest: Some(Arc::new(self.value.clone())),
            why,
        };
        io.cluster.note(io.place, Did::Refused(refused));
    }
}

/// What was read: the objects, and what is wrong with others, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Read {
    /// An object, or what is wrong with it.
    pub items: Vec<Result<Manifest, Failure>>,
    /// Whether one file was named, rather than a folder, several files or standard input.
    pub single: bool,
}

impl Read {
    /// The good objects.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.items.iter().filter_map(|item| item.as_ref().ok())
    }
}

/// How unknown fields are met: `--validate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validate {
    /// Refuse.
    Strict,
    /// Warn.
    Warn,
    /// Say nothing.
    Ignore,
}

/// Reads everything that `-f` names, of which `-l` may choose.
///
/// # Errors
/// When a path does not exist, or a selector cannot be read.
pub(super) fn read(call: &Call, io: &mut Io<'_>) -> Result<Read, Failure> {
    let (texts, single) = opened(call, io)?;
    let validate = validation(call)?;
    let mut read = Read { items: Vec::new(), single };
    for (source, text) in texts {
        let before = read.items.len();
        documents(call, &source, &text, validate, &mut read.items);
        note_unread(io, (&source, &text), &read.items[before..]);
    }
    let chosen = call.arguments.text("selector").trim();
    if !chosen.is_empty() {
        let selector = LabelSelector::parse(chosen).map_err(|reason| {
            let text = format!("the provided selector \"{chosen}\" is not valid: {reason}");
            Failure::message(text)
        })?;
        read.items.retain(|item| {
            item.as_ref().map_or(true, |manifest| selector.matches(Some(&manifest.labels())))
        });
    }
    Ok(read)
}

/// Notes what could not be read of a text, for whoever asks why. What is no YAML comes last.
fn note_unread(io: &mut Io<'_>, (source, text): (&str, &str), items: &[Result<Manifest, Failure>]) {
    let failures: Vec<&Failure> = items.iter().filter_map(|item| item.as_ref().err()).collect();
    let Some((last, others)) = failures.split_last() else { return };
    let unreadable = manifest::parse(source, text).1.into_iter().next();
    let last = match unreadable {
        Some(diagnostic) => Refusal::Unreadable(diagnostic),
        None => Refusal::Kubectl(last.text()),
    };
    let others = others.iter().map(|failure| Refusal::Kubectl(failure.text()));
    for why in others.chain([last]) {
        let refused = Refused { file: source.to_owned(), object: None, manifest: None, why };
        io.cluster.note(io.place, Did::Refused(refused));
    }
}

/// What `-f` names: (source, text) each, and whether it is one file.
pub(super) type Opened = (Vec<(String, String)>, bool);

/// Whether the folders in a folder are read: `wait` does so unless it is told not to.
fn is_recursive(call: &Call) -> bool {
    let arguments = &call.arguments;
    arguments.on("recursive") || (call.command.name == "wait" && !arguments.given("recursive"))
}

/// The texts that `-f` and `-k` name.
///
/// # Errors
/// When a path cannot be read.
pub(super) fn opened(call: &Call, io: &mut Io<'_>) -> Result<Opened, Failure> {
    let arguments = &call.arguments;
    let files = arguments.all("filename");
    if arguments.given("kustomize") {
        if !files.is_empty() {
            let mut failures = vec![Failure::message("only one of -f or -k can be specified")];
            if arguments.on("recursive") {
                failures.push(Failure::message("the -k flag can't be used with -f or -R"));
            }
            return Err(Failure::of(failures).unwrap_or(Failure::message("")));
        }
        if arguments.on("recursive") {
            return Err(Failure::message("the -k flag can't be used with -f or -R"));
        }
        let folder = arguments.text("kustomize");
        return Ok((vec![(folder.to_owned(), super::kustomize::built(io, folder)?)], false));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for file in files {
        match paths(io, file).and_then(|paths| {
            let texts = paths.iter().map(|path| texts(call, io, path));
            texts.collect::<Result<Vec<_>, Failure>>()
        }) {
            Ok(more) => found.extend(more.into_iter().flatten()),
            Err(failure) => failures.push(failure),
        }
    }
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    let single = files.len() == 1 && found.len() == 1 && found[0].0 == files[0];
    Ok((found, single))
}

/// The files that an argument of `-f` names: itself, or what it matches if there is no such file.
fn paths(io: &Io<'_>, file: &str) -> Result<Vec<String>, Failure> {
    let web = file.starts_with("http://") || file.starts_with("https://");
    if file == "-" || is_input(file) || web || io.read_file(file).is_ok() || io.list(file).is_ok() {
        return Ok(vec![file.to_owned()]);
    }
    let (folder, name) = match file.rsplit_once('/') {
        Some((folder, name)) => (format!("{folder}/"), name),
        None => (String::new(), file),
    };
    let pattern = Pattern::new(name);
    let beside = io.list(if folder.is_empty() { "." } else { &folder }).unwrap_or_default();
    let matching = beside.iter().map(|name| name.trim_end_matches('/'));
    let matching = matching.filter(|name| pattern.matches(name));
    let matching: Vec<String> = matching.map(|name| format!("{folder}{name}")).collect();
    match matching.is_empty() {
        true => Err(Failure::message(format!("the path \"{file}\" does not exist"))),
        false => Ok(matching),
    }
}

/// Whether a path is Linux' name for standard input (proc(5), `/proc/pid/fd`).
fn is_input(path: &str) -> bool {
    matches!(path, "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}

/// What `--validate` asks for.
///
/// # Errors
/// kubectl's words for another value.
pub(super) fn validation(call: &Call) -> Result<Validate, Failure> {
    match call.arguments.get("validate").unwrap_or("strict") {
        "true" | "strict" => Ok(Validate::Strict),
        "warn" => Ok(Validate::Warn),
        "false" | "ignore" => Ok(Validate::Ignore),
        other => Err(Failure::message(format!(
            "invalid - validate option \"{other}\"; must be one of: strict (or true), warn, ignore \
             (or false)"
        ))),
    }
}

/// A file's text: a mark at its beginning says that it is in UTF-16, as some editors write it
/// (`FileVisitor`).
fn decoded(bytes: &[u8]) -> String {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks(2).map(|pair| match pair {
            [first, second] => unit([*first, *second]),
            _ => 0xfffd,
        });
        String::from_utf16_lossy(&units.collect::<Vec<u16>>())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        bytes => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The texts that a path stands for: (source, text).
fn texts(call: &Call, io: &mut Io<'_>, path: &str) -> Result<Vec<(String, String)>, Failure> {
    if path == "-" || is_input(path) {
        // kubectl begins when standard input has come to its end.
        let bytes = io.read_all().unwrap_or_default();
        let name = if path == "-" { "STDIN" } else { path };
        return Ok(vec![(name.to_owned(), decoded(&bytes))]);
    }
    if path.starts_with("http://") || path.starts_with("https://") {
        return Err(Failure::not_simulated(
            "manifests from the web",
            "save the file and use -f FILE",
        ));
    }
    if let Ok(names) = io.list(path) {
        let found = folder(call, io, path, names)?;
        return match found.is_empty() {
            true => Err(Failure::message(format!(
                "error reading [{path}]: recognized file extensions are [.json .yaml .yml]"
            ))),
            false => Ok(found),
        };
    }
    match io.read_file(path) {
        Ok(bytes) => Ok(vec![(path.to_owned(), decoded(&bytes))]),
        Err(reason) if reason == "No such file or directory" => {
            Err(Failure::message(format!("the path \"{path}\" does not exist")))
        }
        Err(reason) => Err(Failure::message(format!("open {path}: {}", reason.to_lowercase()))),
    }
}

fn folder(
    call: &Call,
    io: &mut Io<'_>,
    path: &str,
    names: Vec<String>,
) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    let base = path.trim_end_matches('/');
    for name in names {
        // As `filepath.Join` has it.
        let base = base.strip_prefix("./").unwrap_or(base);
        let inner = match base {
            "" | "." => name.clone(),
            base => format!("{base}/{name}"),
        };
        if let Some(below) = inner.strip_suffix('/') {
            if is_recursive(call) {
                let names = io.list(below).unwrap_or_default();
                found.extend(folder(call, io, below, names)?);
            }
        } else if [".json", ".yaml", ".yml"].iter().any(|ending| name.ends_with(ending)) {
            found.extend(texts(call, io, &inner)?);
        }
    }
    Ok(found)
}

/// Every document of a text. One that cannot be parsed or validated ends it; others that are wrong
/// do not (`StreamVisitor.Visit`).
fn documents(
    call: &Call,
    source: &str,
    text: &str,
    validate: Validate,
    items: &mut Vec<Result<Manifest, Failure>>,
) {
    let (documents, diagnostics) = manifest::parse(source, text);
    for document in documents {
        if validate == Validate::Strict
            && let Err(failure) = basics(source, &document.value)
        {
            return items.push(Err(failure));
        }
        objects(call, source, document.value, items);
    }
    for diagnostic in diagnostics {
        items.push(Err(unparsed(source, &diagnostic.message)));
    }
}

/// A text that is no YAML. What is wrong with JSON or between documents is no matter of YAML.
pub(super) fn unparsed(source: &str, message: &str) -> Failure {
    let converting =
        if message.starts_with("yaml: ") { "error converting YAML to JSON: " } else { "" };
    Failure::message(format!("error parsing {source}: {converting}{message}"))
}

/// A document's objects: itself, or the items of a `List`.
fn objects(call: &Call, source: &str, value: Value, items: &mut Vec<Result<Manifest, Failure>>) {
    if value.is_null() {
        return;
    }
    match value {
        Value::Object(mut fields) if is_list(&fields) => {
            let kind = fields["kind"].as_str().unwrap_or_default();
            let kind = kind.strip_suffix("List").unwrap_or_default().to_owned();
            let version = fields["apiVersion"].clone();
            if let Some(Value::Array(inner)) = fields.remove("items") {
                for item in inner {
                    objects(call, source, of_list(item, &kind, &version), items);
                }
            }
        }
        value => items.push(object(call, source, value)),
    }
}

/// Whether an object is a list of others: `List` itself, or one of a kind.
fn is_list(fields: &serde_json::Map<String, Value>) -> bool {
    let kind = fields.get("kind").and_then(Value::as_str).unwrap_or_default();
    let items = kind == "List" || fields.contains_key("items");
    kind.ends_with("List") && items && fields.contains_key("apiVersion")
}

/// An item of a list of a kind need not say which.
fn of_list(mut item: Value, kind: &str, version: &Value) -> Value {
    if let Value::Object(fields) = &mut item
        && !kind.is_empty()
        && !fields.contains_key("kind")
        && !fields.contains_key("apiVersion")
    {
        fields.insert("kind".to_owned(), Value::from(kind));
        fields.insert("apiVersion".to_owned(), version.clone());
    }
    item
}

fn object(call: &Call, source: &str, mut value: Value) -> Result<Manifest, Failure> {
    let undecodable =
        |reason: String| Failure::message(format!("unable to decode \"{source}\": {reason}"));
    let word = |field: &str| value[field].as_str().unwrap_or("");
    let (version, kind_name) = (word("apiVersion").to_owned(), word("kind").to_owned());
    if kind_name.is_empty() {
        return Err(undecodable(format!("Object 'Kind' is missing in '{value}'")));
    }
    let (version, kind_name) = match (version.as_str(), kind_name.as_str()) {
        ("autoscaling/v1", "HorizontalPodAutoscaler") => {
            autoscaler(call, source, &mut value)?;
            ("autoscaling/v2".to_owned(), kind_name)
        }
        _ => (version, kind_name),
    };
    // What kubectl itself decodes.
    if let Some(fault) = manifest::metadata_fault(&value) {
        return Err(undecodable(fault.message));
    }
    let name = value["metadata"]["name"].as_str().unwrap_or("").to_owned();
    let own = value["metadata"]["namespace"].as_str().unwrap_or("").to_owned();
    let kind = match kind_of(&version, &kind_name) {
        Some(kind) => kind,
        None if version.is_empty() => {
            let status = crate::api::Status::new(
                crate::api::Reason::NotFound,
                "the server could not find the requested resource",
            );
            return Err(Failure::at_file(status, "creating", source));
        }
        None if super::resources::is_kind(&version, &kind_name) => {
            let what = format!("the kind {kind_name} of {version}");
            let instead = "'kubectl api-resources' lists what there is in a real cluster";
            return Err(Failure::not_simulated(&what, instead));
        }
        None => {
            let (group, _) = version.split_once('/').unwrap_or_default();
            call.client.must_not_be_defined(&format!("{kind_name} of {version}"), |spec| {
                spec["group"] == group && spec["names"]["kind"] == kind_name.as_str()
            })?;
            return Err(Failure::message(format!(
                "resource mapping not found for name: \"{name}\" namespace: \"{own}\" from \
                 \"{source}\": no matches for kind \"{kind_name}\" in version \"{version}\"\nensure \
                 CRDs are installed first"
            )));
        }
    };
    let namespace = place(call, kind, &own)?;
    if kind.info().namespaced
        && let Some(fields) = value.as_object_mut()
    {
        let metadata =
            fields.entry("metadata").or_insert_with(|| Value::Object(Default::default()));
        if metadata.is_null() {
            *metadata = Value::Object(Default::default());
        }
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("namespace".to_owned(), Value::String(namespace.clone()));
        }
    }
    Ok(Manifest { source: source.to_owned(), kind, name, namespace, value })
}

/// Turns a HorizontalPodAutoscaler of `autoscaling/v1` into the one that the server makes of it
/// (`pkg/apis/autoscaling/v1/conversion.go`).
fn autoscaler(call: &Call, source: &str, value: &mut Value) -> Result<(), Failure> {
    if call.arguments.text("dry-run") == "client" {
        let instead = "write it as autoscaling/v2";
        return Err(Failure::not_simulated("--dry-run=client of autoscaling/v1", instead));
    }
    value["apiVersion"] = Value::from("autoscaling/v2");
    let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) else { return Ok(()) };
    let refuse = |why: String| {
        let text = format!(
            "HorizontalPodAutoscaler in version \"v1\" cannot be handled as a \
             HorizontalPodAutoscaler: {why}"
        );
        Err(Failure::at_file(Status::new(Reason::BadRequest, text), "creating", source))
    };
    if let Some(new) = ["behavior", "metrics"].into_iter().find(|new| spec.contains_key(*new)) {
        return refuse(format!("strict decoding error: unknown field \"spec.{new}\""));
    }
    let utilization = match spec.remove("targetCPUUtilizationPercentage") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Number(number)) => number,
        Some(other) => {
            let found = match other {
                Value::String(_) => "string",
                Value::Bool(_) => "bool",
                Value::Array(_) => "array",
                _ => "object",
            };
            return refuse(format!(
                "json: cannot unmarshal {found} into Go struct field \
                 HorizontalPodAutoscalerSpec.spec.targetCPUUtilizationPercentage of type int32"
            ));
        }
    };
    let target = json!({"type": "Utilization", "averageUtilization": utilization});
    let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
    spec.insert("metrics".to_owned(), json!([metric]));
    Ok(())
}

/// The kind of a manifest. kubectl's discovery does not mind a lower-case first letter, and leaves
/// the verdict to the server.
fn kind_of(version: &str, kind: &str) -> Option<Kind> {
    Kind::from_manifest(version, kind).or_else(|| {
        Kind::all()
            .find(|known| known.info().singular == kind && known.info().api_version() == version)
    })
}

/// Refuses what [`unfit`] finds.
fn basics(source: &str, value: &Value) -> Result<(), Failure> {
    unfit(value).map_or(Ok(()), |fault| Err(invalid(source, &fault)))
}

/// What kubectl finds before it asks the server: there is no object with `apiVersion` and `kind`
/// (`paramVerifyingSchema`).
pub(super) fn unfit(value: &Value) -> Option<String> {
    let Value::Object(fields) = value else {
        return Some("invalid object to validate".to_owned());
    };
    let mut faults = Vec::new();
    match fields.get("apiVersion") {
        None | Some(Value::Null) => faults.push("apiVersion not set".to_owned()),
        Some(Value::String(version)) if version.matches('/').count() > 1 => {
            faults.push(format!("unexpected GroupVersion string: {version}"));
        }
        Some(Value::String(_)) => {}
        Some(_) => faults.push("apiVersion isn't string type".to_owned()),
    }
    match fields.get("kind") {
        None | Some(Value::Null) => faults.push("kind not set".to_owned()),
        Some(Value::String(_)) => {}
        Some(_) => faults.push("kind isn't string type".to_owned()),
    }
    match faults.as_slice() {
        [] | [_] => faults.pop(),
        faults => Some(format!("[{}]", faults.join(", "))),
    }
}

fn invalid(source: &str, fault: &str) -> Failure {
    Failure::message(format!(
        "error validating \"{source}\": error validating data: {fault}; if you choose to ignore \
         these errors, turn validation off with --validate=false"
    ))
}

/// The namespace that an object goes to.
fn place(call: &Call, kind: Kind, own: &str) -> Result<String, Failure> {
    let client = &call.client;
    if !kind.info().namespaced {
        return Ok(String::new());
    }
    if own.is_empty() {
        return Ok(client.namespace.clone());
    }
    if client.namespace_given && client.namespace != own {
        return Err(Failure::message(format!(
            "the namespace from the provided object \"{own}\" does not match the namespace \"{}\". \
             You must pass '--namespace={own}' to perform this operation.",
            client.namespace
        )));
    }
    Ok(own.to_owned())
}

#[cfg(test)]
mod tests {

    use super::*;

    fn basics_of(value: Value) -> String {
        basics("f.yaml", &value).map_or_else(|failure| failure.text(), |()| String::new())
    }

    #[test]
    fn a_file_may_be_in_utf_16_where_a_mark_says_so() {
        assert_eq!(decoded(b"\xff\xfea\0:\0"), "a:");
        assert_eq!(decoded(b"\xfe\xff\0a\0:\0"), "a:\u{fffd}");
        assert_eq!(decoded(b"\xef\xbb\xbfa:"), "a:");
        assert_eq!(decoded(b"a: \xff"), "a: \u{fffd}");
    }

    #[test]
    fn an_object_needs_its_version_and_kind() {
        assert_eq!(basics_of(json!({"apiVersion": "v1", "kind": "Pod"})), "");
        assert!(basics_of(json!({"kind": "Pod"})).contains("data: apiVersion not set;"));
        assert!(basics_of(json!({})).contains("data: [apiVersion not set, kind not set];"));
        assert!(basics_of(json!("hello")).contains("data: invalid object to validate;"));
        let list = json!({"apiVersion": "batch/v1/", "kind": ["Job"]});
        assert!(basics_of(list).contains(
            "data: [unexpected GroupVersion string: batch/v1/, kind isn't string type];"
        ));
    }

    #[test]
    fn an_item_of_a_typed_list_has_its_kind() {
        let of_list = |item: Value| of_list(item, "ConfigMap", &json!("v1"));
        let item = of_list(json!({"metadata": {"name": "a"}}));
        assert_eq!(item["kind"], "ConfigMap");
        assert_eq!(item["apiVersion"], "v1");
        let own = json!({"apiVersion": "v1", "kind": "Secret"});
        assert_eq!(of_list(own.clone()), own);
    }
}
