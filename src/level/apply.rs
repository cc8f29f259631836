//! The player's files on their way to the cluster, and what is wrong with them on which line.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::validation::names;
use crate::api::{
    Cause, DeleteOptions, Kind, Patch, Reason, Request, Status, Wants, WriteOptions, patch,
};
use crate::cluster::{ApplyOutcome, Cluster, ObjectName, Place, Refusal, Refused};
use crate::diagnostic::{Diagnostic, Position};
use crate::manifest::{self, Document, Faults, Schema};
use crate::shell::{self, Files, Finished};

use super::indentation::{misplaced, stray};
use super::instead::instead;
use super::kept::kept_for_life;
use super::source::{Source, sources};

/// Time that one `kubectl apply` may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What became of an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// File by file, in order.
    pub files: Vec<AppliedFile>,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedFile {
    /// Its name.
    pub file: String,
    /// What kubectl printed, to be shown.
    pub output: String,
    /// What it printed on standard error, to be shown.
    pub errors: String,
    /// Whether kubectl accepted all of it.
    pub accepted: bool,
    /// Object by object, what the server took.
    pub objects: Vec<(ObjectName, ApplyOutcome)>,
    /// What was refused, on the player's lines.
    pub diagnostics: Vec<Diagnostic>,
    /// Objects (`pod/multi`) that could not be changed in place and were replaced by the game.
    pub replaced: Vec<String>,
}

impl Applied {
    /// Whether every file was accepted.
    pub fn accepted(&self) -> bool {
        self.files.iter().all(|file| file.accepted)
    }

    /// How many objects were created or changed.
    pub fn changed(&self) -> usize {
        let objects = self.files.iter().flat_map(|file| &file.objects);
        objects.filter(|(_, outcome)| *outcome != ApplyOutcome::Unchanged).count()
    }
}

/// Whether a file is a manifest, by its name.
pub fn is_manifest(file: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| file.ends_with(ending))
}

/// Applies the player's manifests; pods that can't be changed in place are replaced.
pub(super) fn player(cluster: &mut Cluster, files: &Files) -> Applied {
    let manifests = files.iter().filter(|(name, _)| is_manifest(name));
    let files = manifests.map(|(name, content)| file(cluster, files, name, content)).collect();
    Applied { files }
}

/// Applies one of the player's files; pods that can't be changed in place are replaced.
pub(super) fn file(
    cluster: &mut Cluster,
    files: &Files,
    file: &str,
    content: &[u8],
) -> AppliedFile {
    let mut applied = AppliedFile {
        file: file.to_owned(),
        output: String::new(),
        errors: String::new(),
        accepted: true,
        objects: Vec::new(),
        diagnostics: Vec::new(),
        replaced: Vec::new(),
    };
    let text = String::from_utf8_lossy(content);
    let (documents, faults) = manifest::parse(file, &text);
    if documents.is_empty() && faults.is_empty() && is_blank(content) {
        return applied;
    }
    let before = cluster.clone();
    let mut finished = kubectl(cluster, files, &format!("apply -f '{file}'"));
    let stuck = stuck_pods(cluster, &finished, &documents);
    if !stuck.is_empty() {
        for ObjectName { namespace, name, .. } in &stuck {
            kubectl(cluster, files, &format!("delete pod '{name}' -n '{namespace}' --now"));
        }
        finished = kubectl(cluster, files, &format!("apply -f '{file}'"));
    }
    applied.accepted = finished.exit == 0;
    let told = finished.applied().map(|applied| match applied.outcome {
        // kubectl says so whenever it has sent a patch, also one that changed nothing.
        ApplyOutcome::Configured
            if version(&before, &applied.object) == version(cluster, &applied.object) =>
        {
            (applied.object.clone(), ApplyOutcome::Unchanged)
        }
        outcome => (applied.object.clone(), outcome),
    });
    applied.objects = told.collect();
    applied.diagnostics = refusals(cluster, &finished, (file, &text), &documents);
    if !applied.accepted && applied.diagnostics.is_empty() {
        let told = finished.texts().1.trim().to_owned();
        applied.diagnostics.push(Diagnostic::error(told).in_file(file));
    }
    applied.replaced = stuck.iter().map(|pod| format!("pod/{}", pod.name)).collect();
    (applied.output, applied.errors) = finished.texts();
    applied
}

/// The version of an object that the cluster has.
fn version(cluster: &Cluster, object: &ObjectName) -> Option<Value> {
    let ObjectName { kind, namespace, name } = object;
    let stored = cluster.objects().object(*kind, namespace, name)?.to_value();
    Some(stored["metadata"]["resourceVersion"].clone())
}

fn is_blank(content: &[u8]) -> bool {
    String::from_utf8_lossy(content)
        .lines()
        .all(|line| line.trim().is_empty() || line.trim() == "---" || line.trim().starts_with('#'))
}

fn kubectl(cluster: &mut Cluster, files: &Files, arguments: &str) -> Finished {
    shell::run_at(cluster, &Place::Laptop, files, &format!("kubectl {arguments}"), LIMIT)
}

/// The pods of a file whose running copies refuse a change that a new pod would take (R3.9).
fn stuck_pods(cluster: &Cluster, finished: &Finished, documents: &[Document]) -> Vec<ObjectName> {
    let sources = sources(documents);
    let pods = finished.refused().filter_map(|refused| refused.object.as_ref());
    let pods = pods.filter(|object| object.kind == Kind::Pod).filter(|pod| {
        let source = sources.iter().find(|source| source.object_name().as_ref() == Some(pod));
        source.is_some_and(|source| is_taken_anew(cluster, pod, source))
    });
    pods.cloned().collect()
}

/// Whether the server would take the object if the one of this name were gone.
pub(super) fn is_taken_anew(cluster: &Cluster, object: &ObjectName, source: &Source<'_>) -> bool {
    sent_anew(cluster, object, source).is_ok()
}

/// What the server would say of the object if the one of this name were gone.
fn sent_anew(cluster: &Cluster, object: &ObjectName, source: &Source<'_>) -> Result<(), Status> {
    let ObjectName { kind, namespace, name } = object.clone();
    let mut trial = cluster.clone();
    // A finalizer would keep it.
    let patch = Patch::Merge(json!({ "metadata": { "finalizers": null } }));
    let options = WriteOptions::default();
    let (within, called) = (namespace.clone(), name.clone());
    trial.handle(Request::Patch { kind, namespace: within, name: called, patch, options })?;
    let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
    trial.handle(Request::Delete { kind, namespace: namespace.clone(), name, options })?;
    let options = WriteOptions { dry_run: true, ..WriteOptions::default() };
    let object = source.value.clone();
    trial.handle(Request::Create { kind, namespace, object, options }).map(|_| ())
}

/// Whether the server refuses to change the object that it has into this one.
pub(super) fn is_refused(cluster: &Cluster, object: &ObjectName, source: &Source<'_>) -> bool {
    send(&mut cluster.clone(), object, source, true).is_err()
}

/// Whether the object would be another one if this were applied: what the server drops from a manifest, or
/// chooses by itself, is no change.
pub(super) fn would_change(cluster: &Cluster, object: &ObjectName, source: &Source<'_>) -> bool {
    let stored = |cluster: &Cluster| {
        let ObjectName { kind, namespace, name } = object;
        let mut value = cluster.objects().object(*kind, namespace, name)?.to_value();
        let metadata = value["metadata"].as_object_mut()?;
        for kept in ["resourceVersion", "generation", "managedFields"] {
            metadata.remove(kept);
        }
        // What kubectl itself keeps there is no part of a manifest.
        if source.value["metadata"]["annotations"].is_null() {
            metadata.remove("annotations");
        } else if let Some(Value::Object(own)) = metadata.get_mut("annotations") {
            own.remove(patch::LAST_APPLIED);
        }
        Some(value)
    };
    let mut trial = cluster.clone();
    send(&mut trial, object, source, false).is_err() || stored(&trial) != stored(cluster)
}

/// What would be refused of a file if it were applied now; what the game would mend by replacing a
/// pod is left out.
pub(super) fn refused_now(
    cluster: &Cluster,
    files: &Files,
    file: &str,
    content: &[u8],
) -> Vec<Diagnostic> {
    if is_blank(content) {
        return Vec::new();
    }
    let mut trial = cluster.clone();
    let finished = kubectl(&mut trial, files, &format!("apply --dry-run=server -f '{file}'"));
    let text = String::from_utf8_lossy(content);
    let (documents, _) = manifest::parse(file, &text);
    let stuck = stuck_pods(cluster, &finished, &documents);
    let others = finished
        .refused()
        .filter(|refused| refused.object.as_ref().is_none_or(|object| !stuck.contains(object)));
    others.flat_map(|refused| refusal(cluster, refused, (file, &text), &documents)).collect()
}

/// What kubectl and the API server refused, placed on the lines of the file.
fn refusals(
    cluster: &Cluster,
    finished: &Finished,
    (file, text): (&str, &str),
    documents: &[Document],
) -> Vec<Diagnostic> {
    let refused = finished.refused();
    refused.flat_map(|refused| refusal(cluster, refused, (file, text), documents)).collect()
}

/// A fault of the text itself: where the line shows which slip it is, that is told in place of the parser's
/// words, on the line of the slip. The parser counts a document's lines, and players see the file's.
fn unreadable(mut fault: Diagnostic, text: &str) -> Diagnostic {
    let Some(at) = fault.position else { return fault };
    let lines: Vec<&str> = text.lines().collect();
    let first = at.line.saturating_sub(SLIP_LINES).max(1);
    let slip = (first..=at.line).rev().find_map(|number| {
        let line = lines.get(number as usize - 1)?;
        let above = (number as usize).checked_sub(2).and_then(|above| lines.get(above));
        Some((number, slip_of(line, above.copied().unwrap_or(""))?))
    });
    let (number, (message, help)) = match slip {
        Some((number, (message, help))) => (number, (message.to_owned(), help)),
        None => {
            let line = at.line as usize;
            let found = stray(&lines, line);
            let found = found.or_else(|| misplaced(&lines, line).map(|message| (line, message)));
            let Some((line, message)) = found else { return fault };
            (line as u32, (message, None))
        }
    };
    let line = lines.get(number as usize - 1).copied().unwrap_or("");
    (fault.message, fault.help) = (message, help);
    let indent = line.len() - line.trim_start().len();
    fault.position = Some(Position::new(number, indent as u32 + 1));
    fault
}

/// How many lines above the parser's own a slip may stand: it notices some only at the next line or two.
const SLIP_LINES: u32 = 2;

/// What is wrong in a line that YAML cannot read, and what was probably meant: a tab, a dash that is no
/// dash, a colon within a text.
fn slip_of(line: &str, above: &str) -> Option<(&'static str, Option<String>)> {
    let body = line.trim_start();
    if line[..line.len() - body.len()].contains('\t') {
        return Some((
            "a tab stands at the beginning of the line: YAML indents by spaces alone",
            None,
        ));
    }
    if let Some(rest) = body.strip_prefix('-').filter(|rest| !rest.starts_with([' ', '-'])) {
        if rest.is_empty() {
            return None;
        }
        if rest.contains(": ") || rest.ends_with(':') {
            return Some(("a dash of a list wants a space behind it", Some(format!("- {rest}"))));
        }
        if above.trim_end().ends_with(':') || above.trim_start().starts_with("- ") {
            return Some((
                "an entry of a list begins with a dash and a space",
                Some(format!("- {body}")),
            ));
        }
    }
    if let Some((key, value)) = field_without_space(body) {
        return Some((
            "a colon wants a space behind it, or the whole is one word",
            Some(format!("{key}: {value}")),
        ));
    }
    let (key, value) = body.split_once(" #").map_or(body, |(said, _)| said).split_once(": ")?;
    let plain =
        !value.trim_start().starts_with(['"', '\'', '{', '[', '|', '>', '#', '&', '*', '!']);
    if plain && let Some(own) = next_field(key, value) {
        return Some(("two fields stand in one line", Some(own)));
    }
    if plain && (value.contains(": ") || value.trim_end().ends_with(':')) {
        let value = value.trim();
        // An entry of a list that is a text has no key.
        let entry = key.strip_prefix("- ").filter(|key| key.contains([' ', '=']));
        let near = match entry {
            Some(text) => format!("- \"{text}: {value}\""),
            None => format!("{key}: \"{value}\""),
        };
        return Some((
            "a text with a colon and a space in it wants quotes, or it is two fields in one line",
            Some(near),
        ));
    }
    None
}

/// `selector: app: web`, whose value is an object, and `type: NodePort  selector:`, which ends as a line does
/// that another field begins: no text is meant.
fn next_field(key: &str, value: &str) -> Option<String> {
    let key = key.trim_start_matches("- ").trim();
    let letters = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic());
    if let Some((_, last)) = value.trim().rsplit_once(char::is_whitespace)
        && let Some(field) = last.strip_suffix(':').filter(|field| letters(field))
    {
        return Some(format!("{field} belongs in a line of its own"));
    }
    let (word, _) = value.trim().split_once(": ")?;
    let object = letters(key) && Schema::holds_fields(key) && !word.contains(char::is_whitespace);
    object.then(|| format!("{word} belongs in the next line, further in than {key}"))
}

/// `image:nginx`: a name of letters, and a value right behind the colon. `nginx:1.27` is an image, and
/// `http://…` a URL.
fn field_without_space(body: &str) -> Option<(&str, &str)> {
    let (key, value) = body.split_once(':')?;
    let name = key.strip_prefix("- ").unwrap_or(key);
    let letters = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    let begins =
        value.starts_with(|first: char| first.is_ascii_alphanumeric() || "\"'[{".contains(first));
    let image = key != name && value.starts_with(|first: char| first.is_ascii_digit());
    (letters && begins && !image).then_some((key, value))
}

/// What was refused of one object, or of the file as a whole.
fn refusal(
    cluster: &Cluster,
    refused: &Refused,
    (file, text): (&str, &str),
    documents: &[Document],
) -> Vec<Diagnostic> {
    let sources = sources(documents);
    let source = sources
        .iter()
        .find(|source| refused.object.is_some() && source.object_name() == refused.object);
    match (&refused.why, source) {
        (Refusal::Unreadable(diagnostic), _) => vec![unreadable(diagnostic.clone(), text)],
        (Refusal::Server(status), Some(source)) => status_marks(cluster, file, source, status),
        // kubectl finds a kind that is written in other letters, and the server knows it by its own name.
        (Refusal::Server(status), None) => {
            let own: Vec<Diagnostic> =
                sources.iter().flat_map(|source| form_marks(file, source)).collect();
            match own.is_empty() {
                true => vec![Diagnostic::error(status.message.clone()).in_file(file)],
                false => own,
            }
        }
        (Refusal::Kubectl(message), source) => {
            // A name that kubectl does not find may stand where nobody looks for it.
            let own: Vec<Diagnostic> =
                sources.iter().flat_map(|source| form_marks(file, source)).collect();
            if !own.is_empty() {
                return own;
            }
            // Without a name kubectl sends nothing, so the server says nothing of other fields.
            let nameless = |one: &&Source<'_>| one.kind().is_some() && one.name().is_empty();
            if let Some(source) = source.or(sources.first()).filter(nameless) {
                return vec![placed(file, source, "metadata.name", message.clone())];
            }
            let sent = source.zip(refused.object.as_ref()).and_then(|(source, object)| {
                let status = send(&mut cluster.clone(), object, source, true).err()?;
                Some(status_marks(cluster, file, source, &status))
            });
            if let Some(marks) = sent {
                return marks;
            }
            match source.or(sources.first()) {
                Some(source) => vec![placed(file, source, "", message.clone())],
                None => vec![Diagnostic::error(message.clone()).in_file(file)],
            }
        }
    }
}

fn placed(file: &str, source: &Source<'_>, path: &str, message: String) -> Diagnostic {
    let diagnostic = Diagnostic::error(message).in_file(file);
    match source.position(path) {
        Some(position) => diagnostic.at(position),
        None => diagnostic,
    }
}

/// What is wrong with a file as it stands, before it is applied.
pub(super) fn marks(cluster: &Cluster, file: &str, content: &[u8]) -> Vec<Diagnostic> {
    if !is_manifest(file) {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(content);
    let (documents, faults) = manifest::parse(file, &text);
    let mut diagnostics: Vec<Diagnostic> =
        faults.into_iter().map(|fault| unreadable(fault, &text)).collect();
    let mut trial = cluster.clone();
    for source in sources(&documents) {
        diagnostics.extend(source_marks(&mut trial, file, &source));
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.position);
    diagnostics
}

fn source_marks(trial: &mut Cluster, file: &str, source: &Source<'_>) -> Vec<Diagnostic> {
    let marks = form_marks(file, source);
    let Some(object) = source.object_name().filter(|_| marks.is_empty()) else { return marks };
    match send(trial, &object, source, true) {
        Ok(()) => Vec::new(),
        // The game replaces the pod, so this is no fault of the file.
        Err(_) if object.kind == Kind::Pod && is_taken_anew(trial, &object, source) => Vec::new(),
        Err(status) => status_marks(trial, file, source, &status),
    }
}

/// What can be seen without a server: a head that is missing, a kind that nobody knows, fields that
/// the kind does not have, values of a wrong type.
fn form_marks(file: &str, source: &Source<'_>) -> Vec<Diagnostic> {
    let (Some(api_version), Some(kind)) = (source.text("/apiVersion"), source.text("/kind")) else {
        return if source.value.is_null() { Vec::new() } else { vec![header_mark(file, source)] };
    };
    if source.kind().is_none() {
        return vec![kind_mark(file, source, api_version, kind)];
    }
    let faults = Schema::of(api_version, kind).map(|schema| schema.faults(source.value));
    faults.map_or_else(Vec::new, |faults| fault_marks(file, source, &faults))
}

/// Values of a wrong type and unknown fields, each on its own line.
fn fault_marks(file: &str, source: &Source<'_>, faults: &Faults) -> Vec<Diagnostic> {
    // Go's words name types that stand in no manifest: what to write says the same, and is no near miss.
    let mistyped = faults.mistyped.iter().map(|fault| {
        let key = last_step(&fault.path);
        let told = fault.help.as_ref().map(|help| format!("{key}: {help}"));
        placed(file, source, &fault.path, told.unwrap_or_else(|| fault.message.clone()))
    });
    let unknown = faults.unknown.iter().map(|fault| {
        let mut mark = placed(file, source, &fault.path, fault.message.clone());
        mark.help.clone_from(&fault.help);
        mark
    });
    let mut marks: Vec<Diagnostic> = mistyped.chain(unknown).collect();
    marks.sort_by_key(|mark| mark.position);
    marks
}

/// The last field of a path, an item with its list: `ports[0]`.
fn last_step(path: &str) -> &str {
    let key = manifest::segments(path).last().filter(|key| key.parse::<usize>().is_err());
    key.or_else(|| path.rsplit('.').next()).unwrap_or_default()
}

/// What the API server would say of what `kubectl apply` sends, without storing anything.
fn send(
    trial: &mut Cluster,
    object: &ObjectName,
    source: &Source<'_>,
    dry_run: bool,
) -> Result<(), Status> {
    let ObjectName { kind, namespace, name } = object.clone();
    let value = source.value.clone();
    let options = WriteOptions { dry_run, ..WriteOptions::default() };
    let live = trial.objects().object(kind, &namespace, &name).map(|live| live.to_value());
    let request = match live {
        Some(live) => {
            let applied = patch::last_applied(&live).unwrap_or(Value::Null);
            let change = match patch::three_way(kind, &applied, &value, &live) {
                Ok(change) => change,
                // A list's entry without its key can't be compared with the one that is there: made anew, the
                // object is refused for what the entry lacks.
                Err(why) => {
                    sent_anew(trial, object, source)?;
                    return Err(Status::new(Reason::Invalid, why));
                }
            };
            Request::Patch { kind, namespace, name, patch: Patch::Strategic(change), options }
        }
        None => Request::Create { kind, namespace, object: value, options },
    };
    trial.handle(request).map(|_| ())
}

/// What the API server says, on the lines that it speaks of: what stands in the file comes first.
fn status_marks(
    cluster: &Cluster,
    file: &str,
    source: &Source<'_>,
    status: &Status,
) -> Vec<Diagnostic> {
    let form = form_marks(file, source);
    if !form.is_empty() {
        return form;
    }
    if let Some(mark) = no_account(cluster, file, source) {
        return vec![mark];
    }
    if status.causes.is_empty() {
        let path = match status.reason {
            Reason::NotFound => "metadata.namespace".to_owned(),
            _ => odd_path(source).unwrap_or_default(),
        };
        let mark = placed(file, source, &path, status.message.replace('\n', "; "));
        return vec![match whole_path(source, &path) {
            Some(near) => mark.help(near),
            None => mark,
        }];
    }
    // Labels that fit no selector are no fault of theirs where there is none.
    let (selector, labels) = ("spec.selector", "spec.template.metadata.labels");
    let lacks = status.causes.iter().any(|cause| cause.field == selector) && !source.says(selector);
    let causes = status.causes.iter().filter(|cause| !lacks || cause.field != labels);
    let (written, others): (Vec<_>, Vec<_>) = causes.partition(|cause| source.says(&cause.field));
    let causes = written.into_iter().chain(others);
    let marks = causes.map(|cause| {
        if let Some((path, help)) = instead(source, &cause.field) {
            placed(file, source, &path, cause.to_string()).help(help)
        } else if let Some((path, near)) = near_value(source, cause) {
            placed(file, source, &path, in_short(source, cause)).help(near)
        } else if let Some((path, said)) = kept_for_life(cluster, source, cause) {
            placed(file, source, &path, said)
        } else {
            placed(file, source, &odd_label(source, cause), in_short(source, cause))
        }
    });
    let mut told: Vec<Diagnostic> = Vec::new();
    for mark in marks {
        // A list's entry that was cut in two lacks something in each half.
        let again = |one: &Diagnostic| one.position == mark.position && one.help == mark.help;
        if mark.help.is_none() || !told.iter().any(again) {
            told.push(mark);
        }
    }
    told
}

/// A pod is refused without the ServiceAccount that it asks for; where it can't be changed in place, the server
/// says that first.
fn no_account(cluster: &Cluster, file: &str, source: &Source<'_>) -> Option<Diagnostic> {
    if source.kind() != Some(Kind::Pod) {
        return None;
    }
    let (space, name) = (source.namespace(), source.text("/spec/serviceAccountName")?);
    let missing = cluster.objects().object(Kind::ServiceAccount, space, name).is_none();
    missing.then(|| {
        let message = format!("there is no ServiceAccount {name} in namespace {space}");
        placed(file, source, "spec.serviceAccountName", message).help(format!(
            "take it out, or make it: kubectl create serviceaccount {name} -n {space}"
        ))
    })
}

/// What the server says of a field. Where it wants a name, the terminal has the pattern that a name has to
/// fit; here it is what such a pattern means.
fn in_short(source: &Source<'_>, cause: &Cause) -> String {
    let odd = |text: &str| {
        text.starts_with(['-', '.'])
            || text.ends_with(['-', '.'])
            || text
                .chars()
                .any(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c)))
    };
    // A name may be too long as well: that the server says shortly enough.
    let odd = source.value_at(&cause.field).and_then(Value::as_str).is_some_and(odd);
    match cause.wants {
        Wants::Name if odd => format!(
            "{}: this is no name: small letters, digits and dashes make one, and a letter or digit begins and ends it",
            cause.field
        ),
        _ => cause.to_string().replace('\n', "; "),
    }
}

/// The label that the server refuses, where it names only the labels that it is one of.
fn odd_label(source: &Source<'_>, cause: &Cause) -> String {
    let labels = source.value_at(&cause.field).and_then(Value::as_object);
    let found = labels.into_iter().flatten().find(|(key, value)| {
        value.as_str().is_some_and(|value| {
            !names::qualified_name(key).is_empty() || !names::label_value(value).is_empty()
        })
    });
    found.map_or_else(|| cause.field.clone(), |(key, _)| manifest::field(&cause.field, key))
}

/// `/tickets` in place of `/tickets/*`, which means the same where paths are prefixes.
fn whole_path(source: &Source<'_>, path: &str) -> Option<String> {
    let written = source.value_at(path)?.as_str()?;
    let whole = written.strip_suffix('*')?.trim_end_matches('/');
    let whole = if whole.is_empty() { "/" } else { whole };
    let plain = whole.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    plain.then(|| format!("path: {whole}, with pathType: Prefix"))
}

/// What the server would have taken in place of a value that it refuses: one of the words that it
/// supports, a number without quotes, a name of those letters that names are made of.
fn near_value(source: &Source<'_>, cause: &Cause) -> Option<(String, String)> {
    let field = &*cause.field;
    let value = source.value_at(field)?;
    // A strategy is refused as a whole for its type.
    let path = if value["type"].is_string() { format!("{field}.type") } else { field.to_owned() };
    let written = value["type"].as_str().or(value.as_str())?;
    let key = match path.rsplit('.').next()? {
        item if item.ends_with(']') => String::new(),
        key => format!("{key}: "),
    };
    let near = match &cause.wants {
        Wants::OneOf(words) => near_word(written, words)?.to_owned(),
        _ if field.ends_with("ort") && written.parse::<u16>().is_ok() => {
            return Some((path, format!("{key}{written}, without quotes: in quotes it is a name")));
        }
        Wants::Name => plain_name(written)?,
        Wants::Other => return None,
    };
    (near != written).then(|| (path, format!("{key}{near}")))
}

/// The word that is meant: the same but for case, one that is spelt alike, or one that has it in it.
fn near_word<'a>(written: &str, words: &'a [String]) -> Option<&'a str> {
    let words = || words.iter().map(String::as_str);
    let same = words().find(|word| word.eq_ignore_ascii_case(written));
    let near = same.or_else(|| crate::diagnostic::nearest(written, words()));
    let lower = written.to_lowercase();
    near.or_else(|| words().find(|word| word.to_lowercase().contains(&lower)))
}

/// The name in a text that is nearly one: in small letters, without a scheme, a port, a path, or what
/// stands before the name of an object as kubectl writes it (`default/web`, `secret/web`).
fn plain_name(text: &str) -> Option<String> {
    let lower = text.to_lowercase().replace(['_', ' '], "-");
    let host = match (lower.split_once("://"), lower.split_once('/')) {
        (Some((_, rest)), _) => rest,
        (None, Some((_, name))) if !name.is_empty() && !lower.contains(['.', ':']) => name,
        _ => lower.as_str(),
    };
    let host = host.split(['/', ':']).next()?.trim_matches(['-', '.']);
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    (!host.is_empty() && host.chars().all(good)).then(|| host.to_owned())
}

/// What an Ingress controller's webhook refuses stands in no cause: the first path with more in it than
/// a path has (ingress-nginx, strict-validate-path-type).
fn odd_path(source: &Source<'_>) -> Option<String> {
    if source.kind() != Some(Kind::Ingress) {
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let rules = source.value.pointer("/spec/rules")?.as_array()?.iter().enumerate();
    let mut paths = rules.flat_map(|(number, rule)| {
        let paths = rule.pointer("/http/paths").and_then(Value::as_array).into_iter().flatten();
        paths.enumerate().map(move |(index, path)| (number, index, path))
    });
    let (number, index, _) = paths.find(|(_, _, path)| {
        path["pathType"] != "ImplementationSpecific"
            && path["path"].as_str().is_some_and(|text| !text.chars().all(plain))
    })?;
    Some(format!("spec.rules[{number}].http.paths[{index}].path"))
}

fn header_mark(file: &str, source: &Source<'_>) -> Diagnostic {
    placed(file, source, "", "every manifest says its apiVersion and kind".to_owned())
        .help("for example: apiVersion: v1, kind: Pod")
}

fn kind_mark(file: &str, source: &Source<'_>, api_version: &str, kind: &str) -> Diagnostic {
    let known = Kind::all().find(|known| known.info().name == kind);
    let path = if known.is_some() { "apiVersion" } else { "kind" };
    let message = format!("no matches for kind \"{kind}\" in version \"{api_version}\"");
    let mark = placed(file, source, path, message);
    let nearest = crate::diagnostic::nearest(kind, Kind::all().map(|kind| kind.info().name));
    match (known, nearest) {
        (Some(known), _) => {
            mark.help(format!("did you mean apiVersion: {}?", known.info().api_version()))
        }
        (None, Some(nearest)) => mark.help(format!("did you mean \"{nearest}\"?")),
        (None, None) => mark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::diagnosis::are_sent;
    use crate::level::{Attempt, Pack};

    fn cluster() -> Cluster {
        let pack = Pack::embedded().expect("the campaign is sound");
        Attempt::open(pack.levels[0].clone(), 1).cluster().clone()
    }

    #[test]
    fn comments_alone_are_no_manifest() {
        assert!(is_blank(b"# nothing\n---\n\n"));
        assert!(!is_blank(b"kind: Pod\n"));
    }

    #[test]
    fn two_fields_in_one_line_are_no_text_that_wants_quotes() {
        let told = |spec: &str| {
            let text =
                format!("apiVersion: v1\nkind: Service\nmetadata:\n  name: s\nspec:\n{spec}");
            let marks = marks(&cluster(), "s.yaml", text.as_bytes());
            marks.first().map(ToString::to_string).unwrap_or_default()
        };
        assert_eq!(
            told("  type: NodePort  selector:\n    app: web\n"),
            "s.yaml:6:3: two fields stand in one line (selector belongs in a line of its own)"
        );
        assert_eq!(
            told("  type: NodePort\n  selector:    app: web\n"),
            "s.yaml:7:3: two fields stand in one line (app belongs in the next line, further in than selector)"
        );
        let text = told("  externalName: Error: none\n");
        assert!(text.contains("wants quotes"), "{text}");
    }

    #[test]
    fn a_stray_word_among_fields_is_marked_on_its_own_line() {
        for text in ["g\napiVersion: v1\nkind: Service\n", "apiVersion: v1\ng\nkind: Service\n"] {
            let marks = marks(&cluster(), "s.yaml", text.as_bytes());
            let told = marks.first().map(ToString::to_string).unwrap_or_default();
            assert!(told.contains("\"g\" is no field"), "{told}");
            let line = text.lines().position(|line| line == "g").map(|at| at as u32 + 1);
            assert_eq!(marks[0].position.map(|at| at.line), line);
        }
    }

    #[test]
    fn a_refused_value_that_is_nearly_right_has_its_near_miss() {
        let near = |spec: &str| {
            let text =
                format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {spec}\n");
            let marks = marks(&cluster(), "s.yaml", text.as_bytes());
            marks.first().and_then(|mark| mark.help.clone())
        };
        let of = |words: &str| near(&format!("{{ports: [{{port: 80}}], {words}}}"));
        assert_eq!(of("type: Nodeport").as_deref(), Some("type: NodePort"));
        assert_eq!(of("sessionAffinity: ClientIp").as_deref(), Some("sessionAffinity: ClientIP"));
        assert_eq!(
            of("ipFamilyPolicy: DualStack").as_deref(),
            Some("ipFamilyPolicy: PreferDualStack")
        );
        let port = "{ports: [{port: 80, targetPort: \"8080\"}]}";
        assert!(near(port).expect("a near miss").starts_with("targetPort: 8080, without quotes"));
        let alias = "{type: ExternalName, externalName: \"https://API.example.org/orders\"}";
        assert_eq!(near(alias).as_deref(), Some("externalName: api.example.org"));
        assert_eq!(of("type: Cloud"), None);
        assert!(of("type: Headless").expect("a near miss").starts_with("clusterIP: None"));
        let two = of("ipFamilies: [IPv4, IPv6]").expect("a near miss");
        assert!(two.starts_with("ipFamilyPolicy: PreferDualStack"), "{two}");
    }

    #[test]
    fn an_entry_without_its_key_is_marked_beside_a_stored_object_as_without_one() {
        let text =
            "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - port: 80\n";
        let mut cluster = cluster();
        let document = manifest::parse("s.yaml", text).0;
        let object = Request::Create {
            kind: Kind::Service,
            namespace: "default".to_owned(),
            object: document[0].value.clone(),
            options: WriteOptions::default(),
        };
        cluster.handle(object).expect("it is taken");
        let cut = format!("{text}  - targetPort: 80\n");
        let marks = marks(&cluster, "s.yaml", cut.as_bytes());
        assert_eq!(marks[0].position.map(|at| at.line), Some(7));
        let help = marks[0].help.as_deref().unwrap_or_default();
        assert!(help.contains("this belongs to port 80"), "{help}");
    }

    // The parser notices a slip at the next line or two, and counts from the document's own start.
    #[test]
    fn a_slip_in_a_line_is_told_on_its_own_line() {
        let slip = |text: &str| {
            let marks = marks(&cluster(), "p.yaml", text.as_bytes());
            let mark = marks.first().expect("it is no YAML");
            (mark.position.map(|at| at.line), mark.help.clone().unwrap_or_default())
        };
        let pod = |lines: &str| {
            format!(
                "# a pod\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n{lines}"
            )
        };
        let glued = slip(&pod("  -name: c\n    image: nginx\n"));
        assert_eq!(glued, (Some(7), "- name: c".to_owned()));
        let colon = slip(&pod("  - name: c\n    args:\n    - -text=a: b: c\n"));
        assert_eq!(colon, (Some(9), "- \"-text=a: b: c\"".to_owned()));
        let word = slip(&pod("  - name: c\n    image:nginx\n    args: [a]\n"));
        assert_eq!(word, (Some(8), "image: nginx".to_owned()));
        let tab = slip(&pod("\t- name: c\n"));
        assert_eq!(tab.0, Some(7));
    }

    fn service(ports: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec:\n  selector: {{a: b}}\n  ports:\n{ports}"
        )
    }

    // What apply takes away is no fault of the file: a port without a name stands alone.
    #[test]
    fn a_field_that_has_left_its_file_is_not_held_against_the_rest() {
        let mut cluster = cluster();
        let (before, now) =
            (service("  - port: 9898\n"), service("  - port: 80\n    targetPort: 9898\n"));
        let files = Files::from([("s.yaml".to_owned(), before.clone().into_bytes())]);
        assert!(file(&mut cluster, &files, "s.yaml", before.as_bytes()).accepted);
        assert_eq!(marks(&cluster, "s.yaml", now.as_bytes()), []);
        let wrong = service("  - port: 9898\n  - port: 80\n");
        assert!(!marks(&cluster, "s.yaml", wrong.as_bytes()).is_empty(), "two need names");
    }

    #[test]
    fn what_kubectl_has_sent_from_the_terminal_is_applied() {
        let text = service("  - port: 80\n");
        let mut cluster = cluster();
        let files = Files::from([("s.yaml".to_owned(), text.clone().into_bytes())]);
        let sent = |cluster: &Cluster, text: &str| are_sent(cluster, "s.yaml", text.as_bytes());
        assert!(!sent(&cluster, &text));
        kubectl(&mut cluster, &files, "apply -f s.yaml");
        assert!(sent(&cluster, &text));
        assert!(!sent(&cluster, &service("  - port: 81\n")));
    }

    #[test]
    fn a_manifest_with_annotations_differs_from_an_object_without() {
        let text = service("  - port: 80\n");
        let mut cluster = cluster();
        let files = Files::from([("s.yaml".to_owned(), text.clone().into_bytes())]);
        kubectl(&mut cluster, &files, "create -f s.yaml");
        let object = ObjectName {
            kind: Kind::Service,
            namespace: "default".to_owned(),
            name: "s".to_owned(),
        };
        let changes = |text: &str| {
            let (documents, _) = manifest::parse("s.yaml", text);
            would_change(&cluster, &object, &sources(&documents)[0])
        };
        assert!(!changes(&text));
        assert!(changes(&text.replace("{name: s}", "{name: s, annotations: {owner: me}}")));
    }
}
