//! What `set`, `label` and `annotate` change: objects of the server, or with `--local` the objects of
//! manifests, which are changed and printed without a server.

use serde_json::Value;

use super::super::super::tool::Io;
use super::go_types::go_kind;
use super::sources;
use super::target::{Rules, Target, in_turn};
use super::words::NO_RESOURCES;
use super::{Call, Failure, go_types};
use crate::api::{Kind, Object, stored_form};
use crate::manifest;

/// What `--local` says of resources that are named.
pub(super) const LOCAL_ONLY: &str = "you must specify resources by --filename when --local is \
                                     set.\nExample resource specifications include:\n   '-f \
                                     rsrc.yaml'\n   '--filename=rsrc.json'";

/// What `--local` says of `--dry-run=server`.
pub(super) const NO_SERVER: &str = "cannot specify --local and --dry-run=server - did you mean \
                                    --dry-run=client?";

/// An object that is changed.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// `Deployment`
    pub type_name: String,
    /// `apps`
    pub group: String,
    /// Its name.
    pub name: String,
    /// The server's object; none for manifests.
    pub object: Option<Object>,
    /// As it is before the change.
    pub before: Value,
    /// As it is after it.
    pub after: Value,
}

/// Objects that are changed.
#[derive(Debug)]
pub(super) struct Items {
    /// The objects, in order.
    pub items: Vec<Item>,
    /// Whether exactly one was named.
    pub single: bool,
    /// What is wrong with others, which is told after these were changed.
    pub failures: Vec<Failure>,
    /// How many objects each of these comes after; all, if nothing is said.
    places: Vec<usize>,
}

impl Items {
    /// The objects, for commands that change none unless all were found (`Result.Infos`).
    ///
    /// # Errors
    /// What is wrong with others.
    pub fn whole(self) -> Result<Vec<Item>, Failure> {
        Failure::of(self.failures).map_or(Ok(self.items), Err)
    }

    /// Does something to each object, and tells of the others in their turn.
    pub fn each(self, act: impl FnMut(Item) -> Result<(), Failure>) -> Vec<Failure> {
        let places = self.places.into_iter().chain(std::iter::repeat(usize::MAX));
        in_turn(places.zip(self.failures).collect(), self.items, act)
    }
}

impl Item {
    /// An object of the server.
    fn of(object: Object) -> Item {
        let info = object.kind().info();
        let value = object.to_value();
        Item {
            type_name: info.name.to_owned(),
            group: info.group.to_owned(),
            name: object.name().to_owned(),
            before: value.clone(),
            after: value,
            object: Some(object),
        }
    }

    /// `deployment.apps/web`
    pub fn title(&self) -> String {
        let dot = if self.group.is_empty() { "" } else { "." };
        format!("{}{dot}{}/{}", self.type_name.to_lowercase(), self.group, self.name)
    }

    /// As errors of `kubectl set` name it: `deployments/web` when the server has it. The name of a
    /// manifest's object ends a line, if it is of a group (`Info.ObjectName`).
    pub fn in_errors(&self) -> String {
        match &self.object {
            Some(object) => format!("{}/{}", object.kind().info().plural, self.name),
            None if self.group.is_empty() => self.title(),
            None => format!("{}\n", self.title()),
        }
    }

    /// The Go type that kubectl reads it into: `*v1.Deployment`.
    pub fn go_type(&self) -> String {
        let version = self.before["apiVersion"].as_str().unwrap_or("v1");
        let version = version.rsplit('/').next().unwrap_or(version);
        format!("*{version}.{}", self.type_name)
    }
}

/// The objects that the command line names, looked up or read; `typed` for commands that read
/// manifests into Go's types.
///
/// # Errors
/// kubectl's words when nothing is named, or something cannot be found or read.
pub(super) fn items(
    call: &mut Call,
    io: &mut Io<'_>,
    words: &[String],
    typed: bool,
) -> Result<Items, Failure> {
    let no_files = !call.arguments.names_files();
    if call.arguments.on("local") {
        if no_files {
            return Err(Failure::message(NO_RESOURCES));
        }
        return read(call, io, typed);
    }
    if no_files && words.is_empty() {
        return Err(Failure::message(NO_RESOURCES));
    }
    let target = Target::of(call, io, words, Rules { names_required: true })?;
    let single = target.is_single();
    let found = target.find(call, io)?;
    let items = found.objects.into_iter().map(Item::of).collect();
    Ok(Items { items, single, failures: found.failures, places: found.places })
}

/// What kubectl prints for the name of an object that has none.
const NAMELESS: &str = "<unknown>";

/// The objects of `--local`: what can be read, and what is wrong with the rest.
fn read(call: &Call, io: &mut Io<'_>, typed: bool) -> Result<Items, Failure> {
    let (texts, single) = sources::opened(call, io)?;
    let (mut items, mut failures) = (Vec::new(), Vec::new());
    for (source, text) in texts {
        let (documents, diagnostics) = manifest::parse(&source, &text);
        for document in documents {
            failures.extend(objects(&source, document.value, typed, &mut items).err());
        }
        failures
            .extend(diagnostics.first().map(|fault| sources::unparsed(&source, &fault.message)));
    }
    let single = single && items.len() == 1;
    Ok(Items { items, single, failures, places: Vec::new() })
}

/// A document's objects: itself, or the items of a `List`.
fn objects(source: &str, value: Value, typed: bool, items: &mut Vec<Item>) -> Result<(), Failure> {
    if value.is_null() {
        return Ok(());
    }
    if value["kind"] == "List" && value["apiVersion"] == "v1" {
        for item in value["items"].as_array().cloned().unwrap_or_default() {
            objects(source, item, typed, items)?;
        }
        return Ok(());
    }
    let undecodable =
        |reason: String| Failure::message(format!("unable to decode \"{source}\": {reason}"));
    if !value.is_object() {
        return Err(undecodable(match typed {
            true => not_an_object(&value),
            false => {
                let what = go_kind(&value);
                format!("json: cannot unmarshal {what} into Go value of type unstructured.detector")
            }
        }));
    }
    let word = |field: &str| value[field].as_str().unwrap_or("").to_owned();
    let (version, kind) = (word("apiVersion"), word("kind"));
    if kind.is_empty() {
        return Err(undecodable(format!("Object 'Kind' is missing in '{value}'")));
    }
    let group = version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let simulated = Kind::from_manifest(&version, &kind);
    if typed && simulated.is_none() && !go_types::is_known(&kind) {
        return Err(undecodable(format!(
            "no kind \"{kind}\" is registered for version \"{version}\" in scheme \
             \"k8s.io/kubectl/pkg/scheme/scheme.go:28\""
        )));
    }
    let fault = match (typed, simulated) {
        (false, _) => manifest::metadata_fault(&value),
        (true, Some(_)) => {
            let schema = manifest::Schema::of(&version, &kind);
            schema.and_then(|schema| schema.faults(&value).mistyped)
        }
        (true, None) => None,
    };
    if let Some(fault) = fault {
        return Err(undecodable(fault.message));
    }
    let value = if typed { as_typed(simulated, &kind, value) } else { value };
    let name = value["metadata"]["name"].as_str().filter(|name| !name.is_empty());
    items.push(Item {
        name: name.unwrap_or(NAMELESS).to_owned(),
        type_name: kind,
        group,
        object: None,
        before: value.clone(),
        after: value,
    });
    Ok(())
}

/// A manifest's object as it comes out of its Go type, which drops what is empty.
fn as_typed(simulated: Option<Kind>, name: &str, mut value: Value) -> Value {
    if let Some(kind) = simulated {
        stored_form(kind, &mut value);
    }
    go_types::typed(name, &value)
}

/// What is said of a value that should tell its version and kind, and is no object.
pub(super) fn not_an_object(value: &Value) -> String {
    format!(
        "couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value of \
         type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
         \"json:\\\"kind,omitempty\\\"\" }}",
        go_kind(value)
    )
}
