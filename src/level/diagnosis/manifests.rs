//! Files that are not in the cluster as they stand: refused, or edited and not applied.

use std::net::IpAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use serde_json::Value;

use super::look::{shown_name, yaml};
use super::{Diagnosis, Facts, locate, mentions, services, trial};
use crate::api::patch::LAST_APPLIED;
use crate::api::{Kind, Pod};
use crate::clock::SimTime;
use crate::cluster::{Cluster, Did, ObjectName, Place, Refusal, Refused};
use crate::diagnostic::{Diagnostic, Location};
use crate::level::apply::{self, is_manifest};
use crate::level::source::{Source, pointer, sources};
use crate::manifest;
use crate::network::Outcome;

/// A file that differs from what kubectl last sent of it.
struct Unapplied<'a> {
    facts: &'a Facts<'a>,
    file: &'a str,
    content: &'a [u8],
    /// What differs, or was never sent; empty for a file that can't be read.
    objects: Vec<Source<'a>>,
}

/// The first of the player's manifests that the cluster does not have as it stands. One that is
/// refused comes first.
pub(super) fn diagnose(facts: &Facts<'_>) -> Option<Diagnosis> {
    let files = facts.case.files.iter().filter(|(file, _)| is_manifest(file));
    let unapplied: Vec<Unapplied<'_>> =
        files.filter_map(|(file, content)| Unapplied::of(facts, file, content)).collect();
    unapplied
        .iter()
        .filter(|one| one.concerns())
        .find_map(Unapplied::refused)
        .or_else(|| unapplied.iter().find_map(Unapplied::forgotten))
}

/// Somebody changed an object of a file since the file was applied (`kubectl scale`, `set`, `patch`), and
/// with the file applied again the goal passes, and without it does not, which is tried in copies: then the
/// file is right, and no line of it is to be written otherwise.
pub(super) fn changed_since(facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    if said.is_of_an_unsent_file() {
        return said;
    }
    let Some((source, object)) = drifted(facts) else { return said };
    let file = &source.document.file;
    let apply = format!("kubectl apply -f {file}");
    let passes = |command: &String| trial::after(facts, command) == trial::Tried::Passes;
    // A StatefulSet replaces no pod while one of its pods is not ready: that one has to be deleted.
    let stuck = facts.case.cluster.objects().list::<Pod>(Some(&object.namespace)).find(|pod| {
        let owner = super::owners::maker(facts, pod);
        object.kind == Kind::StatefulSet
            && owner == (object.kind, object.name.clone())
            && !pod.is_ready()
    });
    let freed = stuck.and_then(|pod| pod.metadata.name.as_deref()).map(|pod| {
        format!(
            "{apply} && kubectl delete pod {pod}{}",
            super::look::in_namespace(&object.namespace)
        )
    });
    // apply keeps what others have added beside the file.
    let replace = format!("kubectl replace -f {file}");
    let ways = [Some(apply), freed, Some(replace)];
    let Some(command) = ways.into_iter().flatten().find(passes) else {
        return with_drift(facts, said);
    };
    // What passes by itself a while later is not mended by the file.
    if trial::passes_later(facts) {
        return said;
    }
    let refused = apply::is_refused(facts.case.cluster, &object, &source);
    tell_drift(said, &source, &object, refused)
        .nearest(None)
        .fix(format!("{command}, and send again"))
}

/// That somebody has changed an object, and what shows it: kubectl diff, unless the server refuses the file.
fn tell_drift(
    said: Diagnosis,
    source: &Source<'_>,
    object: &ObjectName,
    refused: bool,
) -> Diagnosis {
    let (file, kind) = (&source.document.file, object.kind.info());
    let shown = shown_name(&object.namespace, &object.name);
    let look = match refused {
        true => yaml(kind.singular, &object.namespace, &object.name),
        false => format!("kubectl diff -f {file}"),
    };
    said.look([look]).fact(format!(
        "somebody has changed {} {shown} in the cluster since {file} was applied",
        kind.name
    ))
}

/// A fault on a line of an object that somebody has changed in the cluster: what the line says is not what
/// the cluster has.
fn with_drift(facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    let Some(line) = said.at.clone() else { return said };
    let sources = facts.locator.sources();
    let Some(own) = facts.locator.source_at(&sources, &line) else { return said };
    let Some((source, object)) =
        all_drifted(facts).find(|(_, object)| own.object_name().as_ref() == Some(object))
    else {
        return said;
    };
    let refused = apply::is_refused(facts.case.cluster, &object, &source);
    let said = tell_drift(said, &source, &object, refused);
    let file = &source.document.file;
    // apply leaves alone what others have added, and the server may not take both.
    let kept = "kubectl apply keeps what somebody has added beside the file, and is refused so";
    let said = said.facts(refused.then(|| kept.to_owned()));
    if let Some(stands) = stands_otherwise(facts, &source, &object, &line)
        && said.nearest.as_ref().is_none_or(|near| *near == stands)
    {
        let verb = if refused { "replace" } else { "apply" };
        return said
            .fact(format!("{file} says {stands} there already"))
            .fix(format!("kubectl {verb} -f {file}, and send again"));
    }
    match refused {
        true => {
            let fix = format!("{}, with kubectl replace -f {file} in place of apply", said.fix);
            said.fix(fix)
        }
        false => said,
    }
}

/// The field of a line, as the file has it, where the cluster's object has another value there.
fn stands_otherwise(
    facts: &Facts<'_>,
    source: &Source<'_>,
    object: &ObjectName,
    line: &Location,
) -> Option<String> {
    let path = source.document.positions.path_at(line.position);
    let (path, key) = (path.as_str(), manifest::segments(&path).last()?);
    let own = source.value_at(path).filter(|own| !own.is_object() && !own.is_array())?;
    let ObjectName { kind, namespace, name } = object;
    let live = facts.case.cluster.objects().object(*kind, namespace, name)?.to_value();
    (live.pointer(&pointer(path)) != Some(own))
        .then(|| format!("{key}: {}", manifest::to_yaml(own).trim_end()))
}

/// An object of the player's that kubectl sent as it stands, and that has another value now.
fn drifted<'f>(facts: &'f Facts<'_>) -> Option<(Source<'f>, ObjectName)> {
    all_drifted(facts).next()
}

fn all_drifted<'f>(facts: &'f Facts<'_>) -> impl Iterator<Item = (Source<'f>, ObjectName)> {
    let cluster = facts.case.cluster;
    let objects = cluster.objects();
    let sources = facts.locator.sources().into_iter().filter(|source| !is_printed(source));
    sources.filter_map(move |source| {
        let object = source.object_name()?;
        let sent = cluster.last_applied(&object)?;
        let stored = objects.object(object.kind, &object.namespace, &object.name)?;
        let own = with_namespace(&source, &object);
        let differs = *sent.manifest == own
            && !holds(&stored.to_value(), &own)
            && apply::would_change(cluster, &object, &source);
        differs.then_some((source, object))
    })
}

/// Whether an object has every value that a manifest gives it. Lists are compared entry by entry.
fn holds(stored: &Value, own: &Value) -> bool {
    match (stored, own) {
        (Value::Object(stored), Value::Object(own)) => own.iter().all(|(name, value)| {
            stored.get(name).map_or(value.is_null(), |stored| holds(stored, value))
        }),
        (Value::Array(stored), Value::Array(own)) => {
            stored.len() == own.len()
                && stored.iter().zip(own).all(|(one, other)| holds(one, other))
        }
        // Defaults and quantities are written in more than one way.
        (Value::Number(_) | Value::Bool(_), Value::Number(_) | Value::Bool(_))
        | (Value::String(_), Value::String(_)) => stored == own,
        _ => true,
    }
}

/// Whether kubectl last sent exactly this.
fn is_sent(cluster: &Cluster, source: &Source<'_>) -> bool {
    let Some(object) = source.object_name() else { return false };
    let Some(sent) = cluster.last_applied(&object) else { return false };
    let own = with_namespace(source, &object);
    let file = &*source.document.file;
    // It was applied as it stands, and somebody sent another manifest from elsewhere since.
    let once = || {
        cluster.deeds().any(|deed| match &deed.did {
            Did::Applied(applied) => applied.file == file && *applied.manifest == own,
            _ => false,
        })
    };
    *sent.manifest == own || (sent.file != file && once())
}

/// Whether kubectl last sent every object of this file as it stands.
pub(in crate::level) fn are_sent(cluster: &Cluster, file: &str, content: &[u8]) -> bool {
    let (documents, unreadable) = manifest::parse(file, &String::from_utf8_lossy(content));
    let sources = sources(&documents);
    unreadable.is_empty()
        && !sources.is_empty()
        && sources.iter().all(|source| is_sent(cluster, source))
}

/// The manifest as kubectl sends it.
fn with_namespace(source: &Source<'_>, object: &ObjectName) -> Value {
    let mut value = source.value.clone();
    if !object.namespace.is_empty()
        && let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut)
    {
        metadata.insert("namespace".to_owned(), Value::String(object.namespace.clone()));
    }
    value
}

/// Whether the server wrote it: somebody keeps what `kubectl get -o yaml` printed.
fn is_printed(source: &Source<'_>) -> bool {
    ["uid", "resourceVersion"].iter().any(|field| !source.value["metadata"][field].is_null())
}

impl<'a> Unapplied<'a> {
    fn of(facts: &'a Facts<'a>, file: &'a str, content: &'a [u8]) -> Option<Unapplied<'a>> {
        let (_, unreadable) = manifest::parse(file, &String::from_utf8_lossy(content));
        let own = facts.locator.sources().into_iter();
        let own = own.filter(|source| &*source.document.file == file);
        let objects: Vec<Source<'a>> = own
            .filter(|source| !is_printed(source) && !is_sent(facts.case.cluster, source))
            .collect();
        (!objects.is_empty() || !unreadable.is_empty()).then_some(Unapplied {
            facts,
            file,
            content,
            objects,
        })
    }

    /// Whether the goal's way may lead over what is not applied: a connection that failed at one Service
    /// has nothing to do with another that is not applied, whose name nobody asked for. Only pods that
    /// are not ready may wait for it.
    fn concerns(&self) -> bool {
        let Facts { case, connection, fetched, .. } = self.facts;
        let (Some(trace), Some(fetched)) = (connection, fetched) else { return true };
        let host = fetched.host.split('.').next().unwrap_or("");
        let objects = case.cluster.objects();
        let decided = trace.hops.iter().find_map(|hop| hop.service());
        let service =
            decided.as_ref().and_then(|(namespace, name)| objects.get::<Service>(namespace, name));
        let waits = service.is_some_and(|service| {
            services::pods(self.facts, service).1.iter().any(|pod| !pod.is_ready())
        });
        let failed = !matches!(trace.outcome, Outcome::Delivered { .. });
        let by_name = fetched.host.parse::<IpAddr>().is_err() && !host.is_empty();
        let other = |source: &Source<'_>| {
            source.kind() == Some(Kind::Service)
                && !source.name().eq_ignore_ascii_case(host)
                && !mentions(&case.goal.run, source.name())
        };
        let readable = !self.objects.is_empty();
        let settled = decided.is_some() && !waits;
        !(settled && failed && by_name && readable && self.objects.iter().all(other))
    }

    /// The server does not take it, or would not.
    fn refused(&self) -> Option<Diagnosis> {
        let Facts { case, .. } = self.facts;
        let refused = apply::refused_now(case.cluster, case.files, self.file, self.content);
        let first = refused.first()?;
        let at = first.position.map(|position| Location { file: self.file.into(), position });
        let object = self.object_at(&at);
        let tried = self.was_refused(object.as_ref());
        let said = Diagnosis::new("manifest-refused", self.told(object.as_ref(), tried))
            .look([format!("kubectl apply --dry-run=server -f {}", self.file)])
            .facts(told_by_line(&refused));
        let stored = object.as_ref().filter(|object| self.is_stored(object));
        let said = match stored {
            Some(object) => {
                let kind = object.kind.info().singular;
                said.look([yaml(kind, &object.namespace, &object.name)])
            }
            None => said,
        };
        let fix = self.way_out(&refused, object.as_ref());
        Some(said.nearest(first.help.clone()).at(at).fix(fix))
    }

    /// What it means that it is refused.
    fn told(&self, object: Option<&ObjectName>, tried: bool) -> String {
        let file = self.file;
        let what = object.map_or_else(
            || file.to_owned(),
            |object| {
                let kind = object.kind.info().name;
                match object.name.is_empty() {
                    true => format!("the {kind} of {file}, which has no name,"),
                    false => {
                        format!("{kind} {} of {file}", shown_name(&object.namespace, &object.name))
                    }
                }
            },
        );
        if !tried {
            return format!("{what} is not applied, and as it stands it would be refused");
        }
        match object {
            Some(object) if self.is_stored(object) => {
                format!("{what} is refused, so the cluster keeps the one that it had")
            }
            Some(object) if !object.name.is_empty() => {
                format!("{what} is refused, so the cluster has none")
            }
            _ => format!("{what} is refused, so what it changes is not in the cluster"),
        }
    }

    fn is_stored(&self, object: &ObjectName) -> bool {
        let ObjectName { kind, namespace, name } = object;
        self.facts.case.cluster.objects().object(*kind, namespace, name).is_some()
    }

    /// The object that a line belongs to: the last that begins at it or before.
    fn object_at(&self, at: &Option<Location>) -> Option<ObjectName> {
        let line = at.as_ref()?.position.line;
        let begins = |source: &Source<'_>| source.position("").map_or(0, |at| at.line);
        let before = self.objects.iter().filter(|source| begins(source) <= line);
        before.max_by_key(|source| begins(source))?.object_name()
    }

    /// Whether somebody tried to apply it as it stands.
    fn was_refused(&self, object: Option<&ObjectName>) -> bool {
        let cluster = self.facts.case.cluster;
        let text = String::from_utf8_lossy(self.content);
        let unreadable = manifest::parse(self.file, &text).1.into_iter().next();
        let wanted = object.and_then(|object| {
            let source = self.objects.iter().find(|one| one.object_name().as_ref() == Some(object));
            source.map(|source| with_namespace(source, object))
        });
        // One whose kind is not known here has no name either: then it is known by all else that it says.
        let nameless = |sent: &Value| {
            let bare = |value: &Value| {
                let mut value = value.clone();
                if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
                    metadata.remove("namespace");
                }
                value
            };
            let sources = manifest::parse(self.file, &text).0;
            object.is_none() && sources.iter().any(|one| bare(&one.value) == bare(sent))
        };
        cluster.deeds().any(|deed| match &deed.did {
            Did::Refused(refused) if refused.file == self.file => match &refused.why {
                Refusal::Unreadable(diagnostic) => unreadable.as_ref() == Some(diagnostic),
                _ => {
                    refused.manifest.as_deref() == wanted.as_ref()
                        || refused.manifest.as_deref().is_some_and(nameless)
                }
            },
            _ => false,
        })
    }

    fn way_out(&self, refused: &[Diagnostic], object: Option<&ObjectName>) -> String {
        let cluster = self.facts.case.cluster;
        let source = object.and_then(|object| {
            self.objects.iter().find(|source| source.object_name().as_ref() == Some(object))
        });
        if let (Some(object), Some(source)) = (object, source)
            && self.is_stored(object)
            && apply::is_taken_anew(cluster, object, source)
        {
            let kind = object.kind.info().name;
            let command = format!("kubectl replace --force -f {}", self.file);
            let renews = match self.objects.len() {
                0 | 1 => "deletes it and makes it anew".to_owned(),
                _ => format!("deletes all that {} describes and makes it anew", self.file),
            };
            let back = |why: &str| {
                let line = refused.first().and_then(|one| one.position);
                let line = line.map_or_else(String::new, |at| format!("line {} of ", at.line));
                if let Some(help) = refused.first().and_then(|first| first.help.as_ref()) {
                    return format!(
                        "mend {line}{} ({help}), apply it, and send again: the {kind} that is there can't be changed into this, and made anew {why}",
                        self.file
                    );
                }
                format!(
                    "take back what {line}{} asks for: the {kind} that is there can't be changed into this, and made anew {why}",
                    self.file
                )
            };
            match trial::after(self.facts, &command) {
                // With several faults either may be right: the word is the player's.
                trial::Tried::Fails(_) => {
                    return format!(
                        "the {kind} that is there can't be changed into this: {command} {renews}, which alone does not make the goal pass; to keep the one that is there, write into its file again what it said before"
                    );
                }
                _ if trial::breaks(self.facts, &command).is_some() => {
                    return back("it would make another goal fail");
                }
                _ => {}
            }
            let way =
                format!("the {kind} that is there can't be changed into this: {command} {renews}");
            // What is wrong with another object of the file is not mended by that.
            let others = refused.iter().filter(|one| {
                let at = one.position.map(|position| Location { file: self.file.into(), position });
                at.is_some() && self.object_at(&at).as_ref() != Some(object)
            });
            let others = others.filter_map(|one| one.position).map(|at| at.line);
            return match &*lines_named(others) {
                "" => way,
                lines => format!("mend {lines}{}; {way}", self.file),
            };
        }
        let begins = source.and_then(|source| source.position(""));
        let placed = refused.iter().filter_map(|one| one.position.filter(|at| Some(*at) != begins));
        let lines = lines_named(placed.map(|at| at.line));
        let help = refused.first().and_then(|first| first.help.as_ref());
        let help = help.map(|help| format!(" ({help})")).unwrap_or_default();
        format!("mend {lines}{}{help}, apply it, and send again", self.file)
    }

    /// The server would take it, and it would make a difference.
    fn forgotten(&self) -> Option<Diagnosis> {
        let (source, object) = self.objects.iter().find_map(|source| {
            let object = source.object_name()?;
            self.makes_a_difference(&object).then_some((source, object))
        })?;
        let cluster = self.facts.case.cluster;
        let kind = object.kind.info().name;
        let shown = shown_name(&object.namespace, &object.name);
        let sent = cluster.last_applied(&object);
        let at = sent.map_or_else(
            || locate::at(source, "kind"),
            |sent| {
                let now = with_namespace(source, &object);
                let path = first_difference(&sent.manifest, &now, source).unwrap_or_default();
                locate::at(source, &path)
            },
        );
        let fact = match (sent, self.is_stored(&object)) {
            (Some(_), true) => format!("the cluster has {kind} {shown} as it was before the edit"),
            (None, true) => format!("the cluster's {kind} {shown} does not come from this file"),
            (_, false) => format!("there is no {kind} {shown} in the cluster"),
        };
        let singular = object.kind.info().singular;
        let looks = match self.is_stored(&object) {
            true => yaml(singular, &object.namespace, &object.name),
            false => {
                format!("kubectl get {}", object.kind.info().plural)
                    + &super::look::in_namespace(&object.namespace)
            }
        };
        let said =
            Diagnosis::new("not-applied", format!("{} is not applied as it stands", self.file))
                .fact(fact)
                .at(at);
        let file = self.file;
        let stuck = object.kind == Kind::Pod
            && self.is_stored(&object)
            && apply::is_refused(cluster, &object, source);
        Some(match stuck {
            true => said
                .look([looks, format!("kubectl apply --dry-run=server -f {file}")])
                .fact(format!("pod {shown} can't be changed into this: most of a pod's fields stay as they are"))
                .fix(format!("kubectl replace --force -f {file} makes the pod anew; then send again")),
            false => said
                .look([looks, format!("kubectl diff -f {file}")])
                .fix(format!("kubectl apply -f {file}, and send again")),
        })
    }

    /// Whether applying the file would change this object.
    fn makes_a_difference(&self, object: &ObjectName) -> bool {
        let Facts { case, .. } = self.facts;
        let ObjectName { kind, namespace, name } = object;
        let stored = |cluster: &Cluster| {
            let object = cluster.objects().object(*kind, namespace, name);
            object.map(|object| essence(object.to_value()))
        };
        let mut trial = case.cluster.clone();
        apply::file(&mut trial, case.files, self.file, self.content);
        stored(&trial) != stored(case.cluster)
    }
}

/// `lines 3, 5 and 8 of `; nothing where there are none.
fn lines_named(lines: impl Iterator<Item = u32>) -> String {
    let mut lines: Vec<u32> = lines.collect();
    lines.dedup();
    match &*lines {
        [] => String::new(),
        [line] => format!("line {line} of "),
        [before @ .., last] => {
            let before: Vec<String> = before.iter().map(u32::to_string).collect();
            format!("lines {} and {last} of ", before.join(", "))
        }
    }
}

/// What was refused, with its lines where there are several.
fn told_by_line(refused: &[Diagnostic]) -> Vec<String> {
    /// More than that are told by the server alone.
    const MOST: usize = 6;
    if let [only] = refused {
        return vec![only.message.clone()];
    }
    let told = refused.iter().take(MOST).map(|one| {
        let words = match &one.help {
            Some(help) => format!("{} ({help})", one.message),
            None => one.message.clone(),
        };
        one.position.map_or_else(|| words.clone(), |at| format!("line {}: {words}", at.line))
    });
    told.collect()
}

/// An object without what every write changes, and without what others say of it.
fn essence(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.remove("status");
    }
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for name in ["managedFields", "resourceVersion", "generation"] {
            metadata.remove(name);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
        }
        metadata.retain(|_, value| value.as_object().is_none_or(|fields| !fields.is_empty()));
    }
    value
}

/// The first field, in the order of the file, in which two manifests differ.
fn first_difference(before: &Value, now: &Value, source: &Source<'_>) -> Option<String> {
    let mut paths = Vec::new();
    differences(before, now, "", &mut paths);
    paths.into_iter().min_by_key(|path| source.position(path))
}

fn differences(before: &Value, now: &Value, path: &str, paths: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(old), Value::Object(new)) => {
            for name in old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))) {
                let below = manifest::field(path, name);
                let (old, new) = (old.get(name), new.get(name));
                differences(
                    old.unwrap_or(&Value::Null),
                    new.unwrap_or(&Value::Null),
                    &below,
                    paths,
                );
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                differences(old, new, &manifest::item(path, index), paths);
            }
        }
        (old, new) if old != new => paths.push(path.to_owned()),
        _ => {}
    }
}

/// The player's object that was sent from one of the files, and that no file describes any more.
pub(super) fn left_behind(facts: &Facts<'_>, object: &ObjectName) -> Option<Arc<str>> {
    let sent = facts.case.cluster.last_applied(object)?;
    let (file, _) = facts.case.files.get_key_value(&sent.file)?;
    facts.locator.object(object).is_none().then(|| file.as_str().into())
}

/// A change of the client, of a Service, or of the object whose line is marked, that the player has sent from the
/// terminal, or a manifest of it that is none of the player's files, and that the server did not take.
pub(super) fn with_refused_change(facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    if said.is_of_an_unsent_file() {
        return said;
    }
    let sources = facts.locator.sources();
    let marked = said.at.as_ref().and_then(|at| facts.locator.source_at(&sources, at));
    let marked = marked.and_then(Source::object_name);
    let client = facts.client_pod();
    let concerns = |object: &ObjectName| {
        marked.as_ref() == Some(object)
            || object.kind == Kind::Service
            || (object.kind == Kind::Pod
                && client.as_ref().is_some_and(|(namespace, name)| {
                    (namespace, name) == (&object.namespace, &object.name)
                }))
    };
    let cluster = facts.case.cluster;
    let mut deeds = cluster.deeds().rev().filter(|deed| deed.place == Place::Laptop);
    // What was sent or made of it afterwards counts.
    let last = deeds.find_map(|deed| match &deed.did {
        Did::ChangeRefused { object, why } if concerns(object) => {
            Some(Some((deed.at, object, why, "change")))
        }
        Did::Refused(Refused { file, object: Some(object), why: Refusal::Server(why), .. })
            if concerns(object) && !facts.case.files.contains_key(file) =>
        {
            Some(Some((deed.at, object, why, "manifest")))
        }
        Did::Applied(applied) if concerns(&applied.object) => Some(None),
        Did::Created { object } if concerns(object) => Some(None),
        _ => None,
    });
    // An object that was made since is not the one whose change was refused.
    let still = last.flatten().filter(|(at, object, _, what)| {
        let ObjectName { kind, namespace, name } = object;
        let Some(stored) = cluster.objects().object(*kind, namespace, name) else {
            return *what == "manifest";
        };
        let made = stored.metadata().creation_timestamp.as_ref();
        made.is_some_and(|made| SimTime::from_timestamp(made.0) <= *at)
    });
    let Some((_, object, why, what)) = still else { return said };
    let words = why.message.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = words.chars().take(MOST_QUOTED).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    said.fact(format!(
        "kubectl's {what} of {} {} was refused: {short}",
        object.kind.info().name,
        shown_name(&object.namespace, &object.name)
    ))
}

/// How much of the server's words is quoted, in characters.
const MOST_QUOTED: usize = 160;
