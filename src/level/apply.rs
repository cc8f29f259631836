//! The player's files on their way to the cluster, and what is wrong with them on which line.

use std::time::Duration;

use crate::api::{Kind, Patch, Reason, Request, Status, WriteOptions};
use crate::cluster::{Cluster, Place};
use crate::diagnostic::{Diagnostic, Position};
use crate::manifest::{self, Document, Schema};
use crate::shell::{self, Files};

/// Time that one `kubectl apply` may take.
const LIMIT: Duration = Duration::from_secs(120);

/// How the API server refuses every change that a pod can't take while it lives (R3.9): other
/// fields, and more or fewer containers.
pub(super) const POD_CANNOT_CHANGE: &str = "pod updates may not ";

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
    /// What kubectl printed, standard output and error together.
    pub output: String,
    /// Whether kubectl accepted all of it.
    pub accepted: bool,
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
}

/// Whether a file is a manifest, by its name.
pub fn is_manifest(file: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| file.ends_with(ending))
}

/// Applies the player's manifests; pods that can't be changed in place are replaced.
pub(super) fn player(cluster: &mut Cluster, files: &Files) -> Applied {
    let manifests = files.iter().filter(|(file, _)| is_manifest(file));
    let files =
        manifests.map(|(file, content)| apply_file(cluster, files, file, content)).collect();
    Applied { files }
}

fn apply_file(cluster: &mut Cluster, files: &Files, file: &str, content: &[u8]) -> AppliedFile {
    let (documents, _) = manifest::parse(file, &String::from_utf8_lossy(content));
    if documents.is_empty() && is_blank(content) {
        return AppliedFile {
            file: file.to_owned(),
            output: String::new(),
            accepted: true,
            diagnostics: Vec::new(),
            replaced: Vec::new(),
        };
    }
    let (mut accepted, mut output) = kubectl(cluster, files, &format!("apply -f '{file}'"));
    let replaced = stuck_pods(&output, &documents);
    if !replaced.is_empty() {
        for (namespace, name) in &replaced {
            kubectl(cluster, files, &format!("delete pod '{name}' -n '{namespace}' --now"));
        }
        (accepted, output) = kubectl(cluster, files, &format!("apply -f '{file}'"));
    }
    let diagnostics = if accepted { Vec::new() } else { refusals(&output, file, content) };
    let replaced = replaced.into_iter().map(|(_, name)| format!("pod/{name}")).collect();
    AppliedFile { file: file.to_owned(), output, accepted, diagnostics, replaced }
}

fn is_blank(content: &[u8]) -> bool {
    String::from_utf8_lossy(content)
        .lines()
        .all(|line| line.trim().is_empty() || line.trim() == "---" || line.trim().starts_with('#'))
}

fn kubectl(cluster: &mut Cluster, files: &Files, arguments: &str) -> (bool, String) {
    let script = format!("kubectl {arguments}");
    let finished = shell::run_at(cluster, &Place::Laptop, files, &script, LIMIT);
    let mut output = finished.stdout;
    output.extend(finished.stderr);
    (finished.exit == 0, String::from_utf8_lossy(&output).into_owned())
}

/// The pods (namespace, name) whose running copies refused a change.
fn stuck_pods(output: &str, documents: &[Document]) -> Vec<(String, String)> {
    let refused = invalid_objects(output);
    let stuck = refused
        .iter()
        .filter(|(kind, _, fault)| kind == "Pod" && fault.contains(POD_CANNOT_CHANGE));
    stuck
        .map(|(_, name, _)| {
            let document = documents.iter().find(|d| names(d, "Pod", name));
            let namespace = document.and_then(|d| d.value.pointer("/metadata/namespace"));
            let namespace = namespace.and_then(|n| n.as_str()).unwrap_or("default");
            (namespace.to_owned(), name.clone())
        })
        .collect()
}

/// (kind, name, fault) of every `The KIND "NAME" is invalid: …` in kubectl's answer; a fault is
/// `path: message`.
fn invalid_objects(output: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut object: Option<(String, String)> = None;
    for line in output.lines() {
        if let Some(rest) = line.strip_prefix("The ")
            && let Some((kind, rest)) = rest.split_once(" \"")
            && let Some((name, fault)) = rest.split_once("\" is invalid: ")
        {
            object = Some((kind.to_owned(), name.to_owned()));
            if !fault.trim().is_empty() {
                found.push((kind.to_owned(), name.to_owned(), fault.to_owned()));
            }
        } else if let (Some(fault), Some((kind, name))) = (line.strip_prefix("* "), &object) {
            found.push((kind.clone(), name.clone(), fault.to_owned()));
        }
    }
    found
}

/// What kubectl and the API server refused, placed on the lines of the file. The file itself is
/// looked at first, as the editor's marks do; what only the server can know follows.
pub(super) fn refusals(output: &str, file: &str, content: &[u8]) -> Vec<Diagnostic> {
    let (documents, mut diagnostics) = manifest::parse(file, &String::from_utf8_lossy(content));
    if !diagnostics.is_empty() {
        return diagnostics;
    }
    for (kind, name, fault) in invalid_objects(output) {
        let (path, message) = fault.split_once(": ").unwrap_or(("", &fault));
        let document = documents.iter().find(|document| names(document, &kind, &name));
        diagnostics.push(placed(file, document, path, format!("{path}: {message}")));
    }
    let refused =
        |line: &&str| line.starts_with("Error from server") || line.starts_with("error: ");
    for line in output.lines().filter(refused).chain(patch_fault(output)) {
        let path = line.split("unknown field \"").nth(1).and_then(|rest| rest.split('"').next());
        let document =
            path.and_then(|path| documents.iter().find(|d| d.positions.find(path).is_some()));
        diagnostics.push(placed(
            file,
            document.or(documents.first()),
            path.unwrap_or(""),
            line.to_owned(),
        ));
    }
    if diagnostics.is_empty() {
        diagnostics.push(placed(file, documents.first(), "", output.trim().to_owned()));
    }
    diagnostics
}

/// What is wrong with a patch, without the patch itself, which the API server repeats in full.
fn patch_fault(output: &str) -> Option<&str> {
    let patch = output.strip_prefix("The request is invalid: patch: ")?;
    patch.find("strict decoding error: ").map(|at| patch[at..].trim_end())
}

/// Whether a document is about this object.
pub(super) fn names(document: &Document, kind: &str, name: &str) -> bool {
    let text = |pointer: &str| document.value.pointer(pointer).and_then(|value| value.as_str());
    text("/kind") == Some(kind) && text("/metadata/name") == Some(name)
}

fn placed(file: &str, document: Option<&Document>, path: &str, message: String) -> Diagnostic {
    let diagnostic = Diagnostic::error(message).in_file(file);
    match document.and_then(|document| position(document, path)) {
        Some(position) => diagnostic.at(position),
        None => diagnostic,
    }
}

/// The line of a field as the API server names it, or of what stands nearest to it.
pub(super) fn position(document: &Document, path: &str) -> Option<Position> {
    // The server speaks of both `clusterIP` and `clusterIPs`; people write the first.
    let written = match path {
        "spec.clusterIPs" | "spec.clusterIPs[0]" => "spec.clusterIP",
        "spec.LoadBalancerSourceRanges" => "spec.loadBalancerSourceRanges",
        other => other,
    };
    document.positions.nearest(written).map(|field| field.key)
}

/// What is wrong with a file as it stands, before it is applied.
pub(super) fn marks(cluster: &Cluster, file: &str, content: &[u8]) -> Vec<Diagnostic> {
    if !is_manifest(file) {
        return Vec::new();
    }
    let (documents, mut diagnostics) = manifest::parse(file, &String::from_utf8_lossy(content));
    let mut trial = cluster.clone();
    for document in &documents {
        diagnostics.extend(document_marks(&mut trial, file, document));
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.position);
    diagnostics
}

fn document_marks(trial: &mut Cluster, file: &str, document: &Document) -> Vec<Diagnostic> {
    let text = |pointer: &str| document.value.pointer(pointer).and_then(|value| value.as_str());
    let (Some(api_version), Some(kind_name)) = (text("/apiVersion"), text("/kind")) else {
        return if document.value.is_null() {
            Vec::new()
        } else {
            vec![header_mark(file, document)]
        };
    };
    let Some(kind) = Kind::from_manifest(api_version, kind_name) else {
        return vec![kind_mark(file, document, api_version, kind_name)];
    };
    let schema = Schema::of(api_version, kind_name);
    let faults = schema.map_or_else(Vec::new, |s| s.faults(&document.value).diagnostics(document));
    if !faults.is_empty() {
        return faults;
    }
    match dry_run(trial, kind, document) {
        Ok(()) => Vec::new(),
        Err(status) => status_marks(file, document, &status),
    }
}

/// What the API server would say, without storing anything.
fn dry_run(trial: &mut Cluster, kind: Kind, document: &Document) -> Result<(), Status> {
    let text = |pointer: &str| document.value.pointer(pointer).and_then(|value| value.as_str());
    let name = text("/metadata/name").unwrap_or("").to_owned();
    let namespace = match kind.info().namespaced {
        true => text("/metadata/namespace").unwrap_or("default").to_owned(),
        false => String::new(),
    };
    let object = document.value.clone();
    let options = WriteOptions { dry_run: true, ..WriteOptions::default() };
    let exists = trial.objects().object(kind, &namespace, &name).is_some();
    let request = if exists {
        let patch = Patch::Strategic(object);
        Request::Patch { kind, namespace, name, patch, options }
    } else {
        Request::Create { kind, namespace, object, options }
    };
    trial.handle(request).map(|_| ())
}

fn status_marks(file: &str, document: &Document, status: &Status) -> Vec<Diagnostic> {
    if status.message.contains(POD_CANNOT_CHANGE) {
        // The game replaces the pod, so this is no fault of the file.
        return Vec::new();
    }
    if status.causes.is_empty() {
        let missing_namespace = status.reason == Reason::NotFound;
        let path = if missing_namespace { "metadata.namespace" } else { "" };
        return vec![placed(file, Some(document), path, status.message.clone())];
    }
    status
        .causes
        .iter()
        .map(|cause| placed(file, Some(document), &cause.field, cause.to_string()))
        .collect()
}

fn header_mark(file: &str, document: &Document) -> Diagnostic {
    placed(file, Some(document), "", "every manifest says its apiVersion and kind".to_owned())
        .help("for example: apiVersion: v1, kind: Pod")
}

fn kind_mark(file: &str, document: &Document, api_version: &str, kind: &str) -> Diagnostic {
    let known = Kind::all().find(|known| known.info().name == kind);
    let mark = placed(
        file,
        Some(document),
        if known.is_some() { "apiVersion" } else { "kind" },
        format!("no matches for kind \"{kind}\" in version \"{api_version}\""),
    );
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

    #[test]
    fn one_fault_stands_on_the_line_and_several_below() {
        let one = "The Service \"db\" is invalid: spec.clusterIPs[0]: Invalid value: [\"None\"]: may not change once set\n";
        assert_eq!(invalid_objects(one)[0].1, "db");
        let many =
            "The Pod \"p\" is invalid: \n* spec.a: Required value\n* spec.b: Required value\n";
        let faults: Vec<_> = invalid_objects(many).into_iter().map(|(_, _, fault)| fault).collect();
        assert_eq!(faults, ["spec.a: Required value", "spec.b: Required value"]);
    }

    #[test]
    fn comments_alone_are_no_manifest() {
        assert!(is_blank(b"# nothing\n---\n\n"));
        assert!(!is_blank(b"kind: Pod\n"));
    }
}
