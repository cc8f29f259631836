//! Which objects a command line names: `pods`, `pod web`, `pod/web svc/web`, `pods,svc -l app=web`.

use super::super::super::tool::Io;
use super::client::{Filter, unfit};
use super::sources::{self, Manifest};
use super::{Call, Failure};
use crate::api::{Kind, Object, Reason};

/// What a command line names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    /// Every object of these kinds that fits the selectors.
    Kinds(Vec<Kind>),
    /// These objects.
    Names(Vec<(Kind, String)>),
    /// The objects of manifests.
    Manifests(Vec<Manifest>),
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
}

/// Objects by the kinds that the command line named.
pub(super) struct Group {
    /// The kind.
    pub kind: Kind,
    /// Its objects.
    pub objects: Vec<Object>,
}

impl Target {
    /// Reads a command line's words and `-f`.
    ///
    /// # Errors
    /// kubectl's words for wrong arguments, and for kinds that do not exist.
    pub fn of(
        call: &Call,
        io: &mut Io<'_>,
        words: &[String],
        rules: Rules,
    ) -> Result<Target, Failure> {
        let files = call.arguments.all("filename");
        if call.arguments.given("kustomize") {
            return Err(Failure::not_simulated("kustomize", "use -f with a file or folder"));
        }
        if !files.is_empty() {
            if !words.is_empty() {
                let text = "when paths, URLs, or stdin is provided as input, you may not specify \
                            resource arguments as well";
                return Err(Failure::message(text));
            }
            let read = sources::read(call, io, files)?;
            return match Failure::of(read.failures) {
                Some(failure) => Err(failure),
                None => Ok(Target::Manifests(read.manifests)),
            };
        }
        let target = words_target(words)?;
        check(call, &target, rules)?;
        Ok(target)
    }

    /// Whether exactly one object is named.
    pub fn is_single(&self) -> bool {
        match self {
            Target::Kinds(_) => false,
            Target::Names(names) => names.len() == 1,
            Target::Manifests(manifests) => manifests.len() == 1,
        }
    }

    /// The kinds named, each once, in order.
    pub fn kinds(&self) -> Vec<Kind> {
        let all: Vec<Kind> = match self {
            Target::Kinds(kinds) => kinds.clone(),
            Target::Names(names) => names.iter().map(|(kind, _)| *kind).collect(),
            Target::Manifests(manifests) => manifests.iter().map(|m| m.kind).collect(),
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
        let mut groups: Vec<Group> = Vec::new();
        let mut failures = Vec::new();
        let mut add = |kind: Kind, object: Object| match groups.last_mut() {
            Some(last) if last.kind == kind => last.objects.push(object),
            _ => groups.push(Group { kind, objects: vec![object] }),
        };
        match self {
            Target::Kinds(kinds) => {
                for kind in kinds {
                    let filter = filter(call, *kind)?;
                    let (objects, _) = call.client.list(io, *kind, &filter).map_err(|status| {
                        let arguments = &call.arguments;
                        match status.reason {
                            Reason::BadRequest => unfit(
                                *kind,
                                arguments.text("selector"),
                                arguments.text("field-selector"),
                                &status.message,
                            ),
                            _ => status.into(),
                        }
                    })?;
                    groups.push(Group { kind: *kind, objects });
                }
            }
            Target::Names(names) => {
                for (kind, name) in names {
                    match call.client.get(io, *kind, name) {
                        Ok(object) => add(*kind, object),
                        Err(status) => failures.push(status.into()),
                    }
                }
            }
            Target::Manifests(manifests) => {
                for manifest in manifests {
                    let namespace = manifest.namespace.clone();
                    match call.client.get_in(io, manifest.kind, namespace, &manifest.name) {
                        Ok(object) => add(manifest.kind, object),
                        Err(status) => failures.push(status.into()),
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
        let (groups, failures) = self.groups(call, io)?;
        let objects = groups.into_iter().flat_map(|group| group.objects).collect();
        Ok(Found { objects, failures })
    }
}

/// The selectors of the command line, for one kind.
pub(super) fn filter(call: &Call, kind: Kind) -> Result<Filter, Failure> {
    let arguments = &call.arguments;
    let (labels, fields) = (arguments.text("selector"), arguments.text("field-selector"));
    Filter::new(kind, labels, fields, arguments.on("all-namespaces"))
}

/// The kind that a word names.
///
/// # Errors
/// `the server doesn't have a resource type "foo"`, or that podhop has no such kind.
pub(super) fn kind(word: &str) -> Result<Kind, Failure> {
    if let Some(kind) = Kind::from_word(word) {
        return Ok(kind);
    }
    if let Some(real) = super::catalog::real_resource(word) {
        let what = format!("the resource \"{real}\"");
        return Err(Failure::not_simulated(&what, "try pods, services, deployments or endpoints"));
    }
    Err(Failure::message(format!("the server doesn't have a resource type \"{word}\"")))
}

/// The object that `TYPE/NAME`, `TYPE NAME` or, with a default kind, `NAME` names.
pub(super) fn single(words: &[String], default: Kind) -> Result<(Kind, String), Failure> {
    match words {
        [word] => match word.split_once('/') {
            Some((kind_word, name)) => Ok((kind(kind_word)?, name.to_owned())),
            None => Ok((default, word.clone())),
        },
        [kind_word, name, ..] => Ok((kind(kind_word)?, name.clone())),
        [] => Err(Failure::message("Required resource not specified.")),
    }
}

fn words_target(words: &[String]) -> Result<Target, Failure> {
    let slashed = words.iter().filter(|word| word.contains('/')).count();
    if slashed > 0 {
        if slashed < words.len() {
            let text = "there is no need to specify a resource type as a separate argument when \
                        passing arguments in resource/name form (e.g. 'kubectl get \
                        resource/<resource_name>' instead of 'kubectl get resource \
                        resource/<resource_name>'";
            return Err(Failure::message(text));
        }
        return words
            .iter()
            .map(|word| slashed_name(word))
            .collect::<Result<_, _>>()
            .map(Target::Names);
    }
    let Some((first, names)) = words.split_first() else { return Ok(Target::Kinds(Vec::new())) };
    let mut kinds = Vec::new();
    for word in first.split(',').filter(|word| !word.is_empty()) {
        if word.eq_ignore_ascii_case("all") {
            kinds.extend(Kind::all().filter(|kind| kind.info().in_all));
        } else {
            kinds.push(kind(word)?);
        }
    }
    match (names, kinds.as_slice()) {
        ([], _) => Ok(Target::Kinds(kinds)),
        (names, [kind]) => {
            Ok(Target::Names(names.iter().map(|name| (*kind, name.clone())).collect()))
        }
        _ => Err(Failure::message("you must specify only one resource")),
    }
}

fn slashed_name(word: &str) -> Result<(Kind, String), Failure> {
    let (kind_word, name) = word.split_once('/').unwrap_or((word, ""));
    if name.contains('/') {
        let text = "arguments in resource/name form may not have more than one slash";
        return Err(Failure::message(text));
    }
    if kind_word.is_empty() || name.is_empty() {
        let text = "arguments in resource/name form must have a single resource and name";
        return Err(Failure::message(text));
    }
    Ok((kind(kind_word)?, name.to_owned()))
}

/// Whether names, selectors and `--all` fit together.
fn check(call: &Call, target: &Target, rules: Rules) -> Result<(), Failure> {
    let arguments = &call.arguments;
    let selected = !arguments.text("selector").is_empty();
    let all = arguments.on("all");
    match target {
        Target::Names(_) if selected => {
            Err(Failure::message("name cannot be provided when a selector is specified"))
        }
        Target::Names(_) if arguments.on("all-namespaces") => {
            Err(Failure::message("a resource cannot be retrieved by name across all namespaces"))
        }
        Target::Names(_) if all => {
            Err(Failure::message("setting 'all' parameter but found a non empty selector. "))
        }
        Target::Kinds(_) if all && selected => {
            Err(Failure::message("setting 'all' parameter but found a non empty selector. "))
        }
        Target::Kinds(kinds) => {
            let fields = !arguments.text("field-selector").is_empty();
            let bare = !kinds.is_empty() && !selected && !all && !fields;
            if rules.names_required && bare {
                let text = "resource(s) were provided, but no name was specified";
                return Err(Failure::message(text));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
