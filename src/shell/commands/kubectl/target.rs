//! Which objects a command line names: `pods`, `pod web`, `pod/web svc/web`, `pods,svc -l app=web`.

use serde_json::Value;

use super::super::super::tool::Io;
use super::client::{Filter, unfit};
use super::sources::{self, Read};
use super::{Call, Failure};
use crate::api::{Kind, Names, Object, Reason, is_called};
use crate::cluster::{Did, Sought};

/// What is said when nothing is named.
pub(super) const NOTHING_NAMED: &str = "You must provide one or more resources by argument or filename.\n\
    Example resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   \
    '<resource> <name>'\n   '<resource>'";

/// What a command line names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// Every object of these kinds that fits the selectors.
    Kinds(Vec<Kind>),
    /// These objects.
    Names(Vec<(Kind, String)>),
    /// The objects of manifests, and what is wrong with others.
    Manifests(Read),
}

/// How a command reads its arguments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    /// Whether kinds without names need a selector or `--all`.
    pub names_required: bool,
}

/// Objects that were found, and what went wrong with others.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The objects in the order in which they were named.
    pub objects: Vec<Object>,
    /// What was not found.
    pub failures: Vec<Failure>,
    /// How many objects each of these comes after.
    pub places: Vec<usize>,
}

impl Found {
    /// Does something to each object, and tells of what was not found in its turn
    /// (`ContinueOnErrorVisitor`).
    pub fn each(self, act: impl FnMut(Object) -> Result<(), Failure>) -> Vec<Failure> {
        in_turn(self.places.into_iter().zip(self.failures).collect(), self.objects, act)
    }
}

/// Does something to each of `all`; what went wrong, with what is `missed` told in its turn: after
/// so many of them.
pub(super) fn in_turn<T>(
    missed: Vec<(usize, Failure)>,
    all: Vec<T>,
    mut act: impl FnMut(T) -> Result<(), Failure>,
) -> Vec<Failure> {
    let mut missed = missed.into_iter().peekable();
    let mut failures = Vec::new();
    for (place, one) in all.into_iter().enumerate() {
        while let Some((_, failure)) = missed.next_if(|(before, _)| *before <= place) {
            failures.push(failure);
        }
        failures.extend(act(one).err());
    }
    failures.extend(missed.map(|(_, failure)| failure));
    failures
}

/// Objects by the kinds that the command line named.
pub(super) struct Group {
    /// The kind.
    pub kind: Kind,
    /// Its objects.
    pub objects: Vec<Object>,
}

impl Target {
    /// Reads a command line's words and `-f`, as the resource builder of kubectl does
    /// (`cli-runtime/pkg/resource/builder.go`).
    ///
    /// # Errors
    /// kubectl's words for wrong arguments, and for kinds that do not exist.
    pub fn of(
        call: &Call,
        io: &mut Io<'_>,
        words: &[String],
        rules: Rules,
    ) -> Result<Target, Failure> {
        let all_kinds = !rules.names_required || call.arguments.on("all");
        Target::build(call, io, words, all_kinds)
    }

    /// The same for commands whose `--all` is a selector of its own (`SelectAllParam`): it cannot
    /// stand beside another selector or a name.
    ///
    /// # Errors
    /// As [`Target::of`].
    pub fn of_selection(call: &Call, io: &mut Io<'_>, words: &[String]) -> Result<Target, Failure> {
        let arguments = &call.arguments;
        if !arguments.on("all") {
            return Target::build(call, io, words, false);
        }
        if selector(call, "selector").or(selector(call, "field-selector")).is_some() {
            let text = "setting 'all' parameter but found a non empty selector. ";
            return Err(Failure::message(text));
        }
        let named = Named::of(words)?;
        if arguments.all("filename").is_empty() {
            named.must_be_kinds()?;
        }
        Target::build(call, io, words, true)
    }

    fn build(
        call: &Call,
        io: &mut Io<'_>,
        words: &[String],
        all_kinds: bool,
    ) -> Result<Target, Failure> {
        let named = Named::of(words)?;
        must_show_the_same(call, words)?;
        if call.arguments.given("filename") || call.arguments.given("kustomize") {
            let read = sources::read(call, io)?;
            named.must_be_nothing()?;
            return Ok(Target::Manifests(read));
        }
        let labels = selector(call, "selector");
        let selected = labels.or(selector(call, "field-selector")).is_some();
        if selected || (all_kinds && matches!(&named, Named::Types(types) if !types.is_empty())) {
            return named.must_be_kinds().map(Target::Kinds);
        }
        let target = match named {
            Named::Tuples(names) => Target::Names(names.with_kinds()?),
            Named::Names(types, names) => Target::Names(of_one_type(&types, &names)?),
            Named::Types(types) if types.is_empty() => {
                return Err(Failure::message(NOTHING_NAMED));
            }
            Named::Types(types) => {
                kinds(&types)?;
                let text = "resource(s) were provided, but no name was specified";
                return Err(Failure::message(text));
            }
        };
        let namespaced = target.kinds().iter().any(|kind| kind.info().namespaced);
        if namespaced && call.arguments.on("all-namespaces") {
            let text = "a resource cannot be retrieved by name across all namespaces";
            return Err(Failure::message(text));
        }
        Ok(target)
    }

    /// Whether exactly one object is named.
    pub fn is_single(&self) -> bool {
        match self {
            Target::Kinds(_) => false,
            Target::Names(names) => names.len() == 1,
            Target::Manifests(read) => read.single && read.items.len() == 1,
        }
    }

    /// The kinds named, each once, in order.
    pub fn kinds(&self) -> Vec<Kind> {
        let all: Vec<Kind> = match self {
            Target::Kinds(kinds) => kinds.clone(),
            Target::Names(names) => names.iter().map(|(kind, _)| *kind).collect(),
            Target::Manifests(read) => read.manifests().map(|manifest| manifest.kind).collect(),
        };
        let mut kinds = Vec::new();
        for kind in all {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// Looks the objects up, a group for each run of one kind.
    ///
    /// # Errors
    /// When a selector is wrong, or the server refuses a list.
    pub fn groups(
        &self,
        call: &mut Call,
        io: &mut Io<'_>,
    ) -> Result<(Vec<Group>, Vec<Failure>), Failure> {
        let (groups, missed) = self.look_up(call, io)?;
        Ok((groups, missed.into_iter().map(|(_, failure)| failure).collect()))
    }

    /// The groups, and what was not found, with how many objects it comes after.
    fn look_up(
        &self,
        call: &mut Call,
        io: &mut Io<'_>,
    ) -> Result<(Vec<Group>, Vec<(usize, Failure)>), Failure> {
        let mut groups: Vec<Group> = Vec::new();
        let mut failures = Vec::new();
        let mut count = 0;
        let mut add = |kind: Kind, object: Object| match groups.last_mut() {
            Some(last) if last.kind == kind => last.objects.push(object),
            _ => groups.push(Group { kind, objects: vec![object] }),
        };
        match self {
            Target::Kinds(kinds) => {
                for kind in kinds {
                    let objects = listed(call, io, *kind)?;
                    groups.push(Group { kind: *kind, objects });
                }
            }
            Target::Names(names) => {
                for (kind, name) in names {
                    // A deletion is sent without a look (`RequireObject`).
                    let found = match call.command.name {
                        "delete" => {
                            let namespace = call.client.namespace_of(*kind);
                            call.client.get_in(io, *kind, namespace, name)
                        }
                        _ => call.client.get(io, *kind, name),
                    };
                    match found {
                        Ok(object) => {
                            count += 1;
                            add(*kind, object);
                        }
                        Err(status) => failures.push((count, status.into())),
                    }
                }
            }
            Target::Manifests(read) => {
                for item in &read.items {
                    match item.clone().and_then(|manifest| manifest.live(call, io)) {
                        Ok(object) => add(object.kind(), object),
                        // The rest is done first (`RetrieveLatest`).
                        Err(failure) => failures.push((usize::MAX, failure)),
                    }
                }
            }
        }
        Ok((groups, failures))
    }

    /// Looks the objects up.
    ///
    /// # Errors
    /// When a selector is wrong, or the server refuses a list.
    pub fn find(&self, call: &mut Call, io: &mut Io<'_>) -> Result<Found, Failure> {
        let (groups, missed) = self.look_up(call, io)?;
        let objects = groups.into_iter().flat_map(|group| group.objects).collect();
        let (places, failures) = missed.into_iter().unzip();
        Ok(Found { objects, failures, places })
    }
}

/// The objects of a kind that fit the selectors.
fn listed(call: &mut Call, io: &mut Io<'_>, kind: Kind) -> Result<Vec<Object>, Failure> {
    let filter = filter(call, kind)?;
    let (objects, _) = call.client.list(io, kind, &filter).map_err(|status| {
        let arguments = &call.arguments;
        match status.reason {
            Reason::BadRequest => unfit(
                kind,
                arguments.text("selector"),
                arguments.text("field-selector"),
                &status.message,
            ),
            _ => status.into(),
        }
    })?;
    note_sought(call, io, kind, &objects);
    Ok(objects)
}

/// Notes what was looked for by labels, for whoever asks why it was not found.
fn note_sought(call: &Call, io: &mut Io<'_>, kind: Kind, objects: &[Object]) {
    let selector = call.arguments.text("selector").to_owned();
    if selector.is_empty() {
        return;
    }
    let namespace = match call.arguments.on("all-namespaces") || !kind.info().namespaced {
        true => String::new(),
        false => call.client.namespace.clone(),
    };
    let found = objects.iter().map(|object| object.name().to_owned()).collect();
    io.cluster.note(io.place, Did::Sought(Sought { kind, namespace, selector, found }));
}

/// The selectors of the command line, for one kind.
pub(super) fn filter(call: &Call, kind: Kind) -> Result<Filter, Failure> {
    let arguments = &call.arguments;
    let (labels, fields) = (arguments.text("selector"), arguments.text("field-selector"));
    Filter::new(kind, labels, fields, arguments.on("all-namespaces"))
}

/// Refuses a resource of another version than podhop's where that version would be seen, and one that
/// people have defined.
fn must_show_the_same(call: &Call, words: &[String]) -> Result<(), Failure> {
    let typed = words.iter().enumerate().filter(|(index, word)| *index == 0 || word.contains('/'));
    let types = typed.flat_map(|(_, word)| word.split('/').next().unwrap_or("").split(','));
    for word in types.clone().filter(|word| Kind::from_word(word).is_none()) {
        call.client.must_not_be_defined(word, |spec| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let [plural, singular, group] =
                [&spec["names"]["plural"], &spec["names"]["singular"], &spec["group"]].map(text);
            let short = spec["names"]["shortNames"].as_array();
            let short: Vec<&str> = short.into_iter().flatten().filter_map(Value::as_str).collect();
            let (plural, singular, group) = (&*plural, &*singular, &*group);
            is_called(word, Names { plural, singular, short: &short, group, version: "" }, true)
        })?;
    }
    let is_table = matches!(call.arguments.text("output"), "" | "wide" | "name");
    if is_table && ["get", "describe", "delete"].contains(&call.command.name) {
        return Ok(());
    }
    for word in types.filter(|word| Kind::from_word(word).is_none()) {
        if let Some((kind, version)) = super::resources::in_other_version(word) {
            let what = format!("{word} in the form of {version}");
            let instead =
                format!("{} is there in {}", kind.info().plural, kind.info().api_version());
            return Err(Failure::not_simulated(&what, &instead));
        }
    }
    Ok(())
}

/// The kind that a word names.
///
/// # Errors
/// `the server doesn't have a resource type "foo"`, or that podhop has no such kind.
pub(super) fn kind(word: &str) -> Result<Kind, Failure> {
    if let Some(kind) = Kind::from_word(word) {
        return Ok(kind);
    }
    if let Some((kind, _)) = super::resources::in_other_version(word) {
        return Ok(kind);
    }
    if let Some((real, ..)) = super::resources::named(word) {
        let what = format!("the resource \"{real}\"");
        return Err(Failure::not_simulated(&what, "try pods, services, deployments or endpoints"));
    }
    let name = word.split('.').next().unwrap_or(word);
    Err(Failure::message(format!("the server doesn't have a resource type \"{name}\"")))
}

/// The object that `TYPE/NAME`, `TYPE NAME` or, with a default kind, `NAME` names.
///
/// # Errors
/// No such type, or a word with a slash that is not one type and one name.
pub(super) fn single(words: &[String], default: Kind) -> Result<(Kind, String), Failure> {
    match words {
        [word] if word.contains('/') => {
            let (kind_word, name) = tuple(word)?;
            Ok((kind(&kind_word)?, name))
        }
        [word] => Ok((default, word.clone())),
        [kind_word, name, ..] => Ok((kind(kind_word)?, name.clone())),
        [] => Err(Failure::message("Required resource not specified.")),
    }
}

/// The words of a command line, before anybody has asked what kinds they name.
enum Named {
    /// `svc/web cm/web`, `svc,cm web`
    Tuples(Tuples),
    /// `svc web db`: the types (several only for `all`) and the names.
    Names(Vec<String>, Vec<String>),
    /// `svc`, `svc,cm`, nothing.
    Types(Vec<String>),
}

/// Types with a name each.
struct Tuples(Vec<(String, String)>);

impl Named {
    fn of(words: &[String]) -> Result<Named, Failure> {
        let words = each_type_with_each_name(words);
        let slashed = words.iter().filter(|word| word.contains('/')).count();
        if slashed > 0 {
            if slashed < words.len() {
                let text = "there is no need to specify a resource type as a separate argument \
                            when passing arguments in resource/name form (e.g. 'kubectl get \
                            resource/<resource_name>' instead of 'kubectl get resource \
                            resource/<resource_name>'";
                return Err(Failure::message(text));
            }
            let tuples = words.iter().map(|word| tuple(word)).collect::<Result<_, _>>()?;
            return Ok(Named::Tuples(Tuples(tuples)));
        }
        let Some((first, names)) = words.split_first() else {
            return Ok(Named::Types(Vec::new()));
        };
        let mut types = Vec::new();
        for word in unique(first) {
            match word.as_str() {
                "all" => types.extend(every_kind_of_all()),
                _ => types.push(word),
            }
        }
        Ok(match names {
            [] => Named::Types(types),
            names => Named::Names(types, names.to_vec()),
        })
    }

    /// The kinds that are selected from. Names cannot stand beside a selector.
    fn must_be_kinds(&self) -> Result<Vec<Kind>, Failure> {
        let text = match self {
            Named::Names(..) => "name cannot be provided when a selector is specified",
            Named::Tuples(_) => {
                "selectors and the all flag cannot be used when passing resource/name arguments"
            }
            Named::Types(types) if types.is_empty() => {
                "at least one resource must be specified to use a selector"
            }
            Named::Types(types) => return kinds(types),
        };
        Err(Failure::message(text))
    }

    /// No words can stand beside `-f`.
    fn must_be_nothing(&self) -> Result<(), Failure> {
        let text = match self {
            Named::Types(types) if types.is_empty() => return Ok(()),
            Named::Tuples(_) => {
                "resource/name arguments cannot be provided when a path is specified"
            }
            _ => {
                "when paths, URLs, or stdin is provided as input, you may not specify resource \
                 arguments as well"
            }
        };
        Err(Failure::message(text))
    }
}

impl Tuples {
    fn with_kinds(self) -> Result<Vec<(Kind, String)>, Failure> {
        self.0.into_iter().map(|(word, name)| Ok((kind(&word)?, name))).collect()
    }
}

/// A flag's selector, unless it is empty.
/// A flag that chooses among objects. Of a command whose `--selector` has no short form it is part of
/// what the command makes (`expose`, `create poddisruptionbudget`).
pub(super) fn selector<'a>(call: &'a Call, flag: &str) -> Option<&'a str> {
    let mut flags = call.command.flags.iter().flat_map(|group| group.iter());
    let chooses =
        flags.any(|known| known.long == flag && (flag != "selector" || known.short == Some('l')));
    Some(call.arguments.text(flag).trim()).filter(|text| chooses && !text.is_empty())
}

/// `svc,cm web db` as `svc/web svc/db cm/web cm/db`; other words as they are.
fn each_type_with_each_name(words: &[String]) -> Vec<String> {
    let [first, names @ ..] = words else { return Vec::new() };
    let types = unique(first);
    if names.is_empty() || types.len() < 2 {
        return words.to_vec();
    }
    let with_names =
        |word: &String| names.iter().map(|name| format!("{word}/{name}")).collect::<Vec<String>>();
    types.iter().flat_map(with_names).collect()
}

/// The parts between commas, each once.
fn unique(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in word.split(',') {
        if !parts.iter().any(|known| known == part) {
            parts.push(part.to_owned());
        }
    }
    parts
}

/// What the category `all` holds, in the server's order.
fn every_kind_of_all() -> impl Iterator<Item = String> {
    let plurals = super::resources::RESOURCES.iter().map(|(plural, ..)| *plural);
    let in_all = |plural: &&str| Kind::from_word(plural).is_some_and(|kind| kind.info().in_all);
    plurals.filter(in_all).map(str::to_owned)
}

/// What kubectl says of `pods/a/b`.
pub(super) const TWO_SLASHES: &str =
    "arguments in resource/name form may not have more than one slash";

fn tuple(word: &str) -> Result<(String, String), Failure> {
    let (kind_word, name) = word.split_once('/').unwrap_or((word, ""));
    if name.contains('/') {
        return Err(Failure::message(TWO_SLASHES));
    }
    if kind_word.is_empty() || name.is_empty() || kind_word.contains(',') {
        let text = "arguments in resource/name form must have a single resource and name";
        return Err(Failure::message(text));
    }
    Ok((kind_word.to_owned(), name.to_owned()))
}

/// The kinds that words name, each once.
fn kinds(words: &[String]) -> Result<Vec<Kind>, Failure> {
    let mut kinds = Vec::new();
    for word in words {
        let kind = kind(word)?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// Names of one type.
fn of_one_type(types: &[String], names: &[String]) -> Result<Vec<(Kind, String)>, Failure> {
    match kinds(types)?.as_slice() {
        [kind] if types.len() == 1 => Ok(names.iter().map(|name| (*kind, name.clone())).collect()),
        _ => Err(Failure::message("you must specify only one resource")),
    }
}
