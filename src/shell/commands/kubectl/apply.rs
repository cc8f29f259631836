//! `kubectl apply`: what the manifest says now, what it said last time and what the server has
//! make a patch, so that fields which others own stay as they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::super::tool::Io;
use super::client::Filter;
use super::command::{self, Command};
use super::dry_run::{DryRun, Report, field_validation};
use super::flags::{Flag, Takes, switch, text, typed};
use super::output::{Output, list};
use super::sources::{self, Manifest};
use super::words::NO_RESOURCES;
use super::{Call, DONE, Failure, Next, Outcome};
use crate::api::patch::{LAST_APPLIED, three_way};
use crate::api::{
    DeleteOptions, FieldValidation, Kind, Object, Patch, Reason, Status, WriteOptions,
};
use crate::cluster::ApplyOutcome;
use crate::manifest::go_json;

pub(super) static COMMAND: Command = Command {
    name: "apply",
    short: "Apply a configuration to a resource by file name or stdin",
    examples: "  # Apply the manifest in web.yaml\n  kubectl apply -f web.yaml\n  \n  # Apply every \
               manifest of a folder\n  kubectl apply -f manifests/\n  \n  # Apply what is typed or \
               piped in\n  cat web.yaml | kubectl apply -f -",
    usage: "(-f FILENAME | -k DIRECTORY)",
    flags: &[FLAGS, command::FILENAME, command::SELECTOR, command::WRITE, command::VALIDATE],
    children: &[&EDIT_LAST_APPLIED, &SET_LAST_APPLIED, &VIEW_LAST_APPLIED],
    run,
    ..command::PLAIN
};

static EDIT_LAST_APPLIED: Command = Command {
    name: "edit-last-applied",
    short: "Edit latest last-applied-configuration annotations of a resource/object",
    usage: "(RESOURCE/NAME | -f FILENAME)",
    flags: &[
        command::FILENAME,
        command::PRINT,
        &[
            switch("windows-line-endings", None, "Not simulated here."),
            text("field-manager", None, "Not simulated here."),
            typed("validate", Takes::Optional("strict"), "'strict'", "Not simulated here."),
        ],
    ],
    run: |call, _| {
        if call.arguments.positional.is_empty() && call.arguments.all("filename").is_empty() {
            return Err(Failure::message(NO_RESOURCES));
        }
        let instead = "apply the manifest again, or use 'kubectl apply set-last-applied -f'";
        Err(Failure::not_simulated(&call.path, instead))
    },
    ..command::PLAIN
};

static SET_LAST_APPLIED: Command = Command {
    name: "set-last-applied",
    short: "Set the last-applied-configuration annotation on a live object to match the contents of \
            a file",
    usage: "-f FILENAME",
    flags: &[
        &[switch("create-annotation", None, "Make the annotation where there is none.")],
        &[command::FILE],
        command::WRITE,
    ],
    run: set_last_applied,
    ..command::PLAIN
};

static VIEW_LAST_APPLIED: Command = Command {
    name: "view-last-applied",
    short: "View the latest last-applied-configuration annotations of a resource/object",
    usage: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
    flags: &[
        command::FILENAME,
        command::SELECTOR,
        &[text("output", Some('o'), "Output format: yaml or json."), switch("all", None, "All.")],
    ],
    run: view_last_applied,
    ..command::PLAIN
};

const FLAGS: &[Flag] = &[
    switch("all", None, "With --prune: all objects."),
    switch("force", None, "Delete and create again what cannot be changed."),
    typed("overwrite", Takes::Switch, "true", "Resolve conflicts in favour of the manifest."),
    switch("prune", None, "Delete objects that are in no manifest any more."),
    switch("server-side", None, "Let the server merge the manifest."),
    switch("force-conflicts", None, "With --server-side: take over fields of others."),
    switch("wait", None, "Wait until deleted objects are gone."),
    typed("openapi-patch", Takes::Switch, "true", "Use the server's schema for patches."),
    typed("cascade", Takes::Optional("background"), "'background'", "What becomes of dependents."),
    typed("grace-period", Takes::Number, "-1", "Seconds that a pod gets to end."),
    typed("timeout", Takes::Duration, "0s", "How long to wait."),
    typed("prune-allowlist", Takes::Texts, "[]", "Kinds that --prune may delete."),
    text("subresource", None, "With --server-side: the part of the object."),
];

fn run(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let files = call.arguments.all("filename").to_vec();
    if !call.arguments.positional.is_empty() {
        let words = call.arguments.positional.join(" ");
        return Err(call.usage(format!("Unexpected args: [{words}]")));
    }
    if files.is_empty() && !call.arguments.given("kustomize") {
        return Err(Failure::message("must specify one of -f and -k"));
    }
    check(&call, io)?;
    let may_go = prunable(&call)?;
    let report = Report::of(&call, io)?;
    let validation = field_validation(&call)?;
    let read = sources::read(&call, io)?;
    let mut failures = Vec::new();
    if read.items.is_empty() {
        return Err(Failure::message("no objects passed to apply"));
    }
    let mut applied = Vec::new();
    let force = call.arguments.on("force");
    let mut apply = Apply { force, report, validation, unsent: None };
    let mut shown = Vec::new();
    for item in &read.items {
        let result = match item {
            Err(failure) => Err(failure.clone()),
            Ok(manifest) if call.arguments.on("server-side") => {
                apply.server_side(&mut call, io, manifest)
            }
            Ok(manifest) => apply.one(&mut call, io, manifest),
        };
        match result {
            Ok(object) => {
                shown.push(apply.unsent.take().unwrap_or_else(|| object.to_value()));
                applied.push(object);
            }
            Err(failure) => {
                if let Ok(manifest) = item {
                    manifest.not_taken(io, &failure);
                }
                failures.push(failure);
            }
        }
    }
    if let Some(output) = apply.report.output.as_ref().filter(|output| **output != Output::Name)
        && let Some(value) = together(shown)
    {
        let text = output.print_value(&value)?;
        io.stdout.extend_from_slice(text.as_bytes());
    }
    match Failure::of(failures) {
        Some(failure) => Err(failure),
        None => prune(&mut call, io, &apply.report, &may_go, &applied).map(|()| Next::Exit(0)),
    }
}

/// What `-o` prints of several objects is a list of kubectl's own, which has no version.
fn together(mut shown: Vec<Value>) -> Option<Value> {
    if shown.len() < 2 {
        return shown.pop();
    }
    let mut whole = list(shown);
    whole["metadata"] = json!({});
    Some(whole)
}

/// The kinds that `--prune` may delete, if nothing else is said (`prune.go`): kubectl's order.
const PRUNABLE: [Kind; 15] = [
    Kind::ConfigMap,
    Kind::Endpoints,
    Kind::PersistentVolumeClaim,
    Kind::Pod,
    Kind::ReplicationController,
    Kind::Secret,
    Kind::Service,
    Kind::Job,
    Kind::CronJob,
    Kind::Ingress,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::Namespace,
];

/// What kubectl's log says when `--prune` looks beyond namespaces.
const CLUSTER_WIDE: &str = "Deprecated: kubectl apply will no longer prune non-namespaced resources \
    by default when used with the --namespace flag in a future release. To preserve the current \
    behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.";

/// The kinds that `--prune` may delete; none without it.
///
/// # Errors
/// kubectl's words for what does not go together, and for an unknown kind in `--prune-allowlist`.
fn prunable(call: &Call) -> Result<Vec<Kind>, Failure> {
    let (all, selected) = (call.arguments.on("all"), !call.arguments.text("selector").is_empty());
    if !call.arguments.on("prune") {
        return Ok(Vec::new());
    }
    match (all, selected) {
        (true, true) => {
            return Err(Failure::message("cannot set --all and --selector at the same time"));
        }
        (false, false) => {
            return Err(Failure::message(
                "all resources selected for prune without explicitly passing --all. To prune all \
                 resources, pass the --all flag. If you did not mean to prune all resources, \
                 specify a label selector",
            ));
        }
        _ => {}
    }
    let named = call.arguments.all("prune-allowlist");
    let kinds: Vec<Kind> = named.iter().map(|word| kind_of(word)).collect::<Result<_, _>>()?;
    Ok(if kinds.is_empty() { PRUNABLE.to_vec() } else { kinds })
}

/// `core/v1/ConfigMap` (`ParseResources`)
fn kind_of(word: &str) -> Result<Kind, Failure> {
    let [group, version, kind] = word.split('/').collect::<Vec<_>>()[..] else {
        return Err(Failure::message(format!(
            "invalid GroupVersionKind format: {word}, please follow <group/version/kind>"
        )));
    };
    let version = match group {
        "core" | "" => version.to_owned(),
        group => format!("{group}/{version}"),
    };
    Kind::from_manifest(&version, kind).ok_or_else(|| {
        Failure::message(format!("no matches for kind \"{kind}\" in version \"{version}\""))
    })
}

/// Deletes what was applied once and is in no manifest any more, in the namespaces that were seen.
fn prune(
    call: &mut Call,
    io: &mut Io<'_>,
    report: &Report,
    kinds: &[Kind],
    applied: &[Object],
) -> Result<(), Failure> {
    if kinds.is_empty() {
        return Ok(());
    }
    if call.arguments.all("prune-allowlist").is_empty() {
        let line = super::words::log_line(io, 'W', "prune.go:71", CLUSTER_WIDE);
        io.write_error(line);
    }
    let seen: BTreeSet<&str> = applied.iter().map(Object::namespace).collect();
    let kept: BTreeSet<&str> =
        applied.iter().filter_map(|object| object.metadata().uid.as_deref()).collect();
    let propagation = super::delete::propagation(call, io)?;
    let grace = call.arguments.number("grace-period").and_then(|s| u32::try_from(s).ok());
    let selector = call.arguments.text("selector").to_owned();
    let spread = |namespaced: bool| kinds.iter().filter(move |k| k.info().namespaced == namespaced);
    let places = seen.iter().filter(|namespace| !namespace.is_empty());
    let places = places.flat_map(|namespace| spread(true).map(|kind| (*namespace, *kind)));
    let places: Vec<(&str, Kind)> = places.chain(spread(false).map(|kind| ("", *kind))).collect();
    for (namespace, kind) in places {
        let filter = Filter::new(kind, &selector, "", false)?;
        let (objects, _) = call.client.at(namespace).list(io, kind, &filter)?;
        for object in objects {
            let uid = object.metadata().uid.as_deref().unwrap_or_default();
            if last_applied(&object).is_none() || kept.contains(uid) {
                continue;
            }
            if report.dry_run != DryRun::Client {
                let dry_run = report.dry_run == DryRun::Server;
                let options = DeleteOptions { grace_seconds: grace, propagation, dry_run };
                call.client.delete(io, &object, options)?;
            }
            report.tell(io, &object, "pruned")?;
        }
    }
    Ok(())
}

/// Flags that go with others only, and those that are not simulated (`ApplyOptions.Validate`).
fn check(call: &Call, io: &mut Io<'_>) -> Result<(), Failure> {
    let arguments = &call.arguments;
    let (server, force) = (arguments.on("server-side"), arguments.on("force"));
    super::delete::propagation(call, io)?;
    let text = match () {
        () if arguments.on("force-conflicts") && !server => {
            "--force-conflicts only works with --server-side"
        }
        () if server && force => "--force cannot be used with --server-side",
        () if arguments.given("subresource") && !server => {
            "--subresource can only be specified for --server-side"
        }
        () if server && arguments.text("dry-run") == "client" => {
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
        }
        () if arguments.text("dry-run") == "server" && force => {
            "--dry-run=server cannot be used with --force"
        }
        () => "",
    };
    if !text.is_empty() {
        return Err(Failure::message(text));
    }
    let off = |flag: &str| arguments.given(flag) && !arguments.on(flag);
    let unheeded = [
        ("--overwrite=false", off("overwrite")),
        ("--openapi-patch=false", off("openapi-patch")),
        (
            "--force --grace-period",
            force && arguments.number("grace-period").is_some_and(|s| s > 0),
        ),
        // Without --force nothing is deleted that could be waited for.
        ("--force --timeout", force && arguments.given("timeout")),
    ];
    match unheeded.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => {
            Err(Failure::not_simulated(&format!("apply {flag}"), "use apply without it"))
        }
        None => Ok(()),
    }
}

/// How manifests are applied.
struct Apply {
    force: bool,
    report: Report,
    validation: FieldValidation,
    /// What a dry run without the server would have sent for the object at hand.
    unsent: Option<Value>,
}

impl Apply {
    fn one(
        &mut self,
        call: &mut Call,
        io: &mut Io<'_>,
        manifest: &Manifest,
    ) -> Result<Object, Failure> {
        let modified = with_last_applied(&manifest.value);
        let live = match self.live(call, io, manifest)? {
            Some(live) => live,
            None => return self.create(call, io, manifest, modified),
        };
        if self.report.dry_run == DryRun::Client {
            self.tell(io, manifest, &live, ApplyOutcome::Configured)?;
            return Ok(live);
        }
        let original = last_applied(&live);
        if original.is_none() {
            let kind = live.kind().info().plural;
            call.client.warn(io, &format!(
                "resource {kind}/{} is missing the {LAST_APPLIED} annotation which is required by \
                 kubectl apply. kubectl apply should only be used on resources created \
                 declaratively by either kubectl create --save-config or kubectl apply. The \
                 missing annotation will be patched automatically.",
                live.name()
            ));
        }
        if live.metadata().deletion_timestamp.is_some() {
            let kind = live.kind().info().plural;
            call.client.warn(
                io,
                &format!(
                    "Detected changes to resource {kind}/{} which is currently being deleted.",
                    live.name()
                ),
            );
        }
        let patch = plan(io, manifest, &live, &modified)?;
        if patch.as_object().is_some_and(serde_json::Map::is_empty) {
            self.tell(io, manifest, &live, ApplyOutcome::Unchanged)?;
            return Ok(live);
        }
        let options = self.report.dry_run.options(self.validation);
        let sent = call.client.patch(io, &live, Patch::Strategic(patch.clone()), options);
        let object = match sent {
            Ok(object) => object,
            Err(status) if self.force && may_be_forced(&status) => {
                self.replace(call, io, &live, modified)?
            }
            Err(status) => return Err(patch_failure(status, &patch, manifest)),
        };
        self.tell(io, manifest, &object, ApplyOutcome::Configured)?;
        Ok(object)
    }

    /// The object that the server has; `None` when it has none.
    fn live(
        &self,
        call: &mut Call,
        io: &mut Io<'_>,
        manifest: &Manifest,
    ) -> Result<Option<Object>, Failure> {
        if manifest.name.is_empty() {
            if let Some(prefix) = manifest.value["metadata"]["generateName"].as_str() {
                let text = format!("from {prefix}: cannot use generate name with apply");
                return Err(Failure::message(text));
            }
            return Err(not_asked(manifest, "resource name may not be empty"));
        }
        if let Some(why) = manifest.unaddressable() {
            return Err(not_asked(manifest, &why));
        }
        let namespace = manifest.namespace.clone();
        match call.client.get_in(io, manifest.kind, namespace, &manifest.name) {
            Ok(object) => Ok(Some(object)),
            Err(status) if status.reason == Reason::NotFound => Ok(None),
            Err(status) => Err(status.into()),
        }
    }

    fn create(
        &mut self,
        call: &mut Call,
        io: &mut Io<'_>,
        manifest: &Manifest,
        modified: Value,
    ) -> Result<Object, Failure> {
        let modified = pruned(modified);
        let object = if self.report.dry_run == DryRun::Client {
            self.unsent = Some(modified.clone());
            // Values of a wrong type are nobody's business here: the line only names the object.
            Object::from_value(manifest.kind, modified)
                .or_else(|_| {
                    let bare = json!({"metadata": {
                        "name": manifest.name, "namespace": manifest.namespace
                    }});
                    Object::from_value(manifest.kind, bare)
                })
                .map_err(|fault| Failure::message(fault.to_string()))?
        } else {
            let options = self.report.dry_run.options(self.validation);
            call.client
                .create(io, manifest.kind, modified, options)
                .map_err(|status| Failure::at_file(status, "creating", &manifest.source))?
        };
        self.tell(io, manifest, &object, ApplyOutcome::Created)?;
        Ok(object)
    }

    /// `--force`: the object goes and comes back.
    fn replace(
        &self,
        call: &mut Call,
        io: &mut Io<'_>,
        live: &Object,
        modified: Value,
    ) -> Result<Object, Failure> {
        let at_once = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        call.client.delete(io, live, at_once)?;
        let options = self.report.dry_run.options(self.validation);
        Ok(call.client.create(io, live.kind(), modified, options)?)
    }

    /// A line, unless `-o` prints everything at the end.
    fn tell(
        &self,
        io: &mut Io<'_>,
        manifest: &Manifest,
        object: &Object,
        outcome: ApplyOutcome,
    ) -> Result<(), Failure> {
        manifest.taken(io, outcome, self.report.dry_run);
        match self.report.output {
            None | Some(Output::Name) => self.report.tell(io, object, outcome.word()),
            Some(_) => Ok(()),
        }
    }

    /// `--server-side`: the server merges. A field that somebody else has changed meanwhile is not
    /// taken without being told to.
    fn server_side(
        &mut self,
        call: &mut Call,
        io: &mut Io<'_>,
        manifest: &Manifest,
    ) -> Result<Object, Failure> {
        let live = self.live(call, io, manifest)?;
        // The annotation of an earlier apply is kept true.
        let wish = match live.as_ref().is_some_and(|live| last_applied(live).is_some()) {
            true => with_last_applied(&manifest.value),
            false => manifest.value.clone(),
        };
        let change = Patch::Apply { wish, force: call.arguments.on("force-conflicts") };
        let request = crate::api::Request::Patch {
            kind: manifest.kind,
            namespace: manifest.namespace.clone(),
            name: manifest.name.clone(),
            patch: change,
            options: self.report.dry_run.options(self.validation),
        };
        let answer = call.client.send(io, request).map_err(|status| match status.reason {
            Reason::Conflict => conflict(&status),
            _ => Failure::at_file(status, "applying", ""),
        })?;
        let Some(object) = answer.into_object() else {
            return Err(Failure::message("the server sent no object back"));
        };
        let outcome = match live {
            Some(live) if live == object => ApplyOutcome::Unchanged,
            Some(_) => ApplyOutcome::Configured,
            None => ApplyOutcome::Created,
        };
        manifest.taken(io, outcome, self.report.dry_run);
        if matches!(self.report.output, None | Some(Output::Name)) {
            self.report.tell(io, &object, "serverside-applied")?;
        }
        Ok(object)
    }
}

/// Fields that are somebody else's. Who that is, podhop does not keep.
fn conflict(status: &Status) -> Failure {
    let fields: Vec<&str> = status.causes.iter().map(|cause| cause.field.as_str()).collect();
    if fields.is_empty() {
        return status.clone().into();
    }
    let what = format!("whose field {} is by now (managed fields)", fields.join(", "));
    Failure::not_simulated(&what, "--force-conflicts takes it")
}

/// What the server would make of a manifest, for an object that it has or not.
///
/// # Errors
/// What the server says against it.
pub(super) fn merged(
    call: &mut Call,
    io: &mut Io<'_>,
    manifest: &Manifest,
    live: Option<&Object>,
    options: WriteOptions,
) -> Result<Object, Failure> {
    let modified = with_last_applied(&manifest.value);
    let Some(live) = live else {
        let created = call.client.create(io, manifest.kind, pruned(modified), options);
        return created.map_err(|status| Failure::at_file(status, "creating", &manifest.source));
    };
    let patch = plan(io, manifest, live, &modified)?;
    if patch.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(live.clone());
    }
    let patched = call.client.patch(io, live, Patch::Strategic(patch.clone()), options);
    patched.map_err(|status| patch_failure(status, &patch, manifest))
}

/// The patch that brings a live object to what a manifest says.
///
/// # Errors
/// What kubectl says of lists that cannot be compared. It tries by both of the server's schemas before it
/// tries by its own types (`patcher.go`, `patchSimple`).
fn plan(
    io: &mut Io<'_>,
    manifest: &Manifest,
    live: &Object,
    modified: &Value,
) -> Result<Value, Failure> {
    let annotations = live.metadata().annotations.as_ref();
    let original = annotations.and_then(|all| all.get(LAST_APPLIED)).map_or("", String::as_str);
    let applied = last_applied(live).unwrap_or(Value::Null);
    let current = live.to_value();
    three_way(live.kind(), &applied, modified, &current).map_err(|why| {
        for schema in ["openapi v3", "openapi"] {
            io.write_error(format!("warning: error calculating patch from {schema} spec: {why}"));
        }
        Failure::message(format!(
            "{}creating patch with:\noriginal:\n{original}\nmodified:\n{}\n\ncurrent:\n{}\n\nfor: \
             {why}",
            doing("", manifest),
            go_json(modified),
            go_json(&current),
        ))
    })
}

/// A manifest without what it leaves empty, as it is sent for an object that does not exist yet; a `null`
/// in a list stays (`apply.go`, `pruneNullsFromMap`).
fn pruned(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let given = fields.into_iter().filter(|(_, value)| !value.is_null());
            given.map(|(key, value)| (key, pruned(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(pruned).collect(),
        other => other,
    }
}

/// The manifest with itself as an annotation: what is sent.
pub(super) fn with_last_applied(value: &Value) -> Value {
    let mut value = value.clone();
    if !value["metadata"]["annotations"].is_object() {
        if value["metadata"].is_null() {
            value["metadata"] = json!({});
        }
        if !value["metadata"].is_object() {
            return value;
        }
        value["metadata"]["annotations"] = json!({});
    }
    if let Some(annotations) = value["metadata"]["annotations"].as_object_mut() {
        annotations.remove(LAST_APPLIED);
    }
    let text = go_json(&value) + "\n";
    value["metadata"]["annotations"][LAST_APPLIED] = Value::String(text);
    value
}

/// What was applied last, if that is known.
fn last_applied(object: &Object) -> Option<Value> {
    let text = object.metadata().annotations.as_ref()?.get(LAST_APPLIED)?;
    serde_json::from_str(text).ok()
}

/// Whether deleting the object would help.
fn may_be_forced(status: &Status) -> bool {
    matches!(status.reason, Reason::Invalid | Reason::Conflict)
}

/// That the server could not even be asked for an object.
fn not_asked(manifest: &Manifest, why: &str) -> Failure {
    Failure::message(format!(
        "error when retrieving current configuration of:\n{}\nfrom server for: \"{}\": {why}",
        identity(manifest),
        manifest.source
    ))
}

/// `Resource: "/v1, Resource=pods", …` and the object's name.
fn identity(manifest: &Manifest) -> String {
    let info = manifest.kind.info();
    let version = group_version(info.group, info.version);
    format!(
        "Resource: \"{version}, Resource={}\", GroupVersionKind: \"{version}, Kind={}\"\nName: \
         \"{}\", Namespace: \"{}\"",
        info.plural, info.name, manifest.name, manifest.namespace
    )
}

/// `apps/v1`, `/v1`
fn group_version(group: &str, version: &str) -> String {
    format!("{group}/{version}")
}

fn patch_failure(status: Status, patch: &Value, manifest: &Manifest) -> Failure {
    let doing = doing(&go_json(patch), manifest);
    Failure::Server { status: Box::new(status), doing }
}

/// What failed: a patch of a manifest's object.
fn doing(patch: &str, manifest: &Manifest) -> String {
    format!(
        "error when applying patch:\n{patch}\nto:\n{}\nfor: \"{file}\": error when patching \"{file}\": ",
        identity(manifest),
        file = manifest.source
    )
}

/// `kubectl apply set-last-applied`: the annotation alone is changed
/// (`SetLastAppliedOptions.Validate`).
fn set_last_applied(mut call: Call, io: &mut Io<'_>) -> Outcome {
    if call.arguments.all("filename").is_empty() {
        return Err(Failure::message(NO_RESOURCES));
    }
    let report = Report::of(&call, io)?;
    let read = sources::read(&call, io)?;
    let mut changes = Vec::new();
    for item in &read.items {
        let manifest = item.clone()?;
        let live = manifest.live(&mut call, io)?;
        let has =
            live.metadata().annotations.as_ref().is_some_and(|a| a.contains_key(LAST_APPLIED));
        if !has && !call.arguments.on("create-annotation") {
            return Err(Failure::message(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the \
                 annotation, run the command with --create-annotation",
                live.name()
            )));
        }
        let text =
            with_last_applied(&manifest.value)["metadata"]["annotations"][LAST_APPLIED].clone();
        changes.push((live, json!({"metadata": {"annotations": {LAST_APPLIED: text}}})));
    }
    for (live, change) in changes {
        let title = super::output::name(&live);
        let object = match report.dry_run {
            DryRun::Client => live,
            dry_run => {
                let options = dry_run.options(FieldValidation::Warn);
                call.client.patch(io, &live, Patch::Merge(change), options)?
            }
        };
        report.tell_value(io, None, &title, &object.to_value(), "configured")?;
    }
    DONE
}

fn view_last_applied(mut call: Call, io: &mut Io<'_>) -> Outcome {
    let words = call.arguments.positional.clone();
    let target = super::target::Target::of_selection(&call, io, &words)?;
    let found = target.find(&mut call, io)?;
    // Nothing is printed before all are there, and the first that isn't ends it.
    if let Some(first) = found.failures.into_iter().next() {
        return Err(first);
    }
    for object in &found.objects {
        let annotations = object.metadata().annotations.as_ref();
        let written = annotations.and_then(|all| all.get(LAST_APPLIED));
        let (Some(value), Some(written)) = (last_applied(object), written) else {
            // `AddSourceToErr` makes an error only where the object was read from a file.
            if let [file, ..] = call.arguments.all("filename") {
                return Err(Failure::message(format!(
                    "error when no last-applied-configuration annotation found on resource: {}\n \
                     {file:?}: <nil>",
                    object.name()
                )));
            }
            continue;
        };
        let text = match call.arguments.text("output") {
            "json" => indented(written),
            "" | "yaml" => Output::Yaml.print_value(&value)?,
            form => {
                return Err(call.usage(format!(
                    "Unexpected -o output mode: {form}, the flag 'output' must be one of yaml|json"
                )));
            }
        };
        io.stdout.extend_from_slice(text.as_bytes());
    }
    DONE
}

/// JSON as it was written, with line breaks and two spaces a level (`json.Indent`).
fn indented(json: &str) -> String {
    let (mut out, mut level, mut quoted, mut escaped) = (String::new(), 0, false, false);
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if quoted {
            out.push(c);
            quoted = c != '"' || escaped;
            escaped = c == '\\' && !escaped;
            continue;
        }
        let line = |level: usize| format!("\n{:1$}", "", 2 * level);
        match c {
            '"' => {
                quoted = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                if chars.peek().is_some_and(|next| ['}', ']'].contains(next)) {
                    out.extend(chars.next());
                } else {
                    level += 1;
                    out += &line(level);
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                out += &line(level);
                out.push(c);
            }
            ',' => out += &format!(",{}", line(level)),
            ':' => out += ": ",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "cat > c.yaml <<'EOF'\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n\
                          data: {a: '1', b: '2'}\nEOF\n";

    // `kubectl apply --server-side`: KEP-555. What a manifest no longer has goes, what others added
    // stays, and what others changed is not taken without a word.
    #[test]
    fn the_server_merges_what_is_applied_on_its_side() {
        let script = "kubectl apply --server-side -f c.yaml\nkubectl patch cm c -p '{\"data\": {\"z\": \
                      \"9\"}}'\nsed -i \"s/, b: '2'//\" c.yaml\nkubectl apply --server-side -f \
                      c.yaml\nkubectl get cm c -o jsonpath='{.data}'\n";
        assert_eq!(
            crate::shell::tests::output(&format!("{CONFIG}{script}")),
            "configmap/c serverside-applied\nconfigmap/c patched\nconfigmap/c \
             serverside-applied\n{\"a\":\"1\",\"z\":\"9\"}"
        );
    }

    #[test]
    fn a_field_that_somebody_changed_needs_force() {
        let change = "kubectl apply --server-side -f c.yaml >/dev/null\nkubectl patch cm c -p \
                      '{\"data\": {\"a\": \"9\"}}' >/dev/null\n";
        let (said, exit) = crate::shell::tests::complaint(&format!(
            "{CONFIG}{change}kubectl apply --server-side -f c.yaml"
        ));
        assert!(said.contains("not simulated here: whose field .data.a is") && exit == 1, "{said}");
        let forced = "kubectl apply --server-side --force-conflicts -f c.yaml";
        let said = crate::shell::tests::output(&format!("{CONFIG}{change}{forced}"));
        assert_eq!(said, "configmap/c serverside-applied\n");
    }

    // `kubectl apply --server-side` of a real cluster (structured-merge-diff).
    #[test]
    fn an_unknown_field_cannot_be_merged() {
        let script =
            format!("{CONFIG}echo 'bogus: 1' >> c.yaml\nkubectl apply --server-side -f c.yaml");
        assert_eq!(
            crate::shell::tests::complaint(&script).0,
            "Error from server: failed to create typed patch object (default/c; /v1, \
             Kind=ConfigMap): .bogus: field not declared in schema\n"
        );
    }

    // `patcher.go`, `createPatchErrFormat`; kubernetes/kubernetes#118715 shows such an answer.
    #[test]
    fn a_list_that_cannot_be_compared_fails_in_kubectl() {
        let web = "kubectl create service clusterip web --tcp=80 --dry-run=client -o yaml > s.yaml\n\
                   kubectl apply -f s.yaml >/dev/null\nsed -i 's/  port: 80/  prt: 80/' s.yaml\n";
        let (said, exit) = crate::shell::tests::complaint(&format!("{web}kubectl apply -f s.yaml"));
        let why = "map: map[name:80 protocol:TCP prt:80 targetPort:80] does not contain declared \
                   merge key: port";
        let begin = format!(
            "warning: error calculating patch from openapi v3 spec: {why}\nwarning: error calculating \
             patch from openapi spec: {why}\nerror: error when applying patch:\n\nto:\nResource: \
             \"/v1, Resource=services\", GroupVersionKind: \"/v1, Kind=Service\"\nName: \"web\", \
             Namespace: \"default\"\nfor: \"s.yaml\": error when patching \"s.yaml\": creating patch \
             with:\noriginal:\n{{\"apiVersion\":\"v1\""
        );
        assert!(said.starts_with(&begin), "{said}");
        assert!(said.ends_with(&format!("}}\n\nfor: {why}\n")) && exit == 1, "{said}");
    }

    // `apply.go`, `pruneNullsFromMap`; Go's encoding/json for the rest.
    #[test]
    fn a_key_without_a_value_is_left_out_by_apply_alone() {
        let script = "cat > nulls.yaml <<'EOF'\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: nulls, \
                      labels: {l: null}}\ndata: {a: null}\nEOF\nfor how in create apply; do kubectl \
                      $how -f nulls.yaml --dry-run=server -o jsonpath='{.metadata.labels} {.data};'; done";
        let said = crate::shell::tests::output(script);
        assert_eq!(said, "{\"l\":\"\"} {\"a\":\"\"}; ;");
    }

    // `apply.go`, `applyOneObject`: what would have been sent is what is printed.
    #[test]
    fn a_dry_run_without_the_server_prints_the_whole_manifest() {
        let script =
            format!("{CONFIG}kubectl apply -f c.yaml --dry-run=client -o jsonpath='{{.data}}'");
        let data = crate::shell::tests::output(&format!(
            "{CONFIG}kubectl create -f c.yaml \
                    --dry-run=client -o jsonpath='{{.data}}'"
        ));
        assert!(!data.is_empty());
        assert_eq!(crate::shell::tests::output(&script), data);
    }

    // shared with every `get -o yaml` of an applied object
    #[test]
    fn a_manifest_carries_itself_as_an_annotation() {
        let sent = with_last_applied(&json!({"kind": "Service", "metadata": {"name": "a<b"}}));
        assert_eq!(
            sent["metadata"]["annotations"][LAST_APPLIED],
            "{\"kind\":\"Service\",\"metadata\":{\"annotations\":{},\"name\":\"a\\u003cb\"}}\n"
        );
        assert_eq!(with_last_applied(&sent), sent);
    }
}
