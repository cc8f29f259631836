//! `kubectl rollout`: how a workload changes from one template to the next.

mod history;
mod restart;
mod status;
mod undo;

use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ControllerRevision, ReplicaSet};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::Value;

use super::super::super::tool::Io;
use super::client::Filter;
use super::command::{self, Command};
use super::target::{Rules, Target};
use super::{Call, Failure};
use crate::api::{Kind, Object};

pub(super) static COMMAND: Command = Command {
    name: "rollout",
    short: "Manage the rollout of a resource",
    long: "Manage the rollout of one or many resources.\n        \n Valid resource types include:\n\n  \
           *  deployments\n  *  daemonsets\n  *  statefulsets",
    examples: "  # Rollback to the previous deployment\n  kubectl rollout undo deployment/abc\n  \n  # \
               Check the rollout status of a daemonset\n  kubectl rollout status daemonset/foo\n  \n  \
               # Restart a deployment\n  kubectl rollout restart deployment/abc\n  \n  # Restart \
               deployments with the 'app=nginx' label\n  kubectl rollout restart deployment \
               --selector=app=nginx",
    usage: "SUBCOMMAND",
    children: &[
        &history::COMMAND,
        &restart::PAUSE,
        &restart::RESTART,
        &restart::RESUME,
        &status::COMMAND,
        &undo::COMMAND,
    ],
    ..command::PLAIN
};

/// The annotation that numbers a Deployment's ReplicaSets.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// The annotation that says why a template changed.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// A template that a workload has or had.
struct Revision {
    number: i64,
    cause: Option<String>,
    template: PodTemplateSpec,
    /// The ReplicaSet or ControllerRevision that keeps it.
    keeper: Object,
}

impl Revision {
    /// The template with the reason for its change among its annotations, as history shows it.
    fn annotated(&self) -> PodTemplateSpec {
        let mut template = self.template.clone();
        if let Some(cause) =
            self.cause.clone().filter(|_| !matches!(self.keeper, Object::ControllerRevision(_)))
        {
            let metadata = template.metadata.get_or_insert_default();
            let annotations = metadata.annotations.get_or_insert_default();
            annotations.insert(CHANGE_CAUSE.to_owned(), cause);
        }
        template
    }

    /// The revision as an object: a Deployment's ReplicaSet, or another workload with the template
    /// that it had.
    fn object(&self, workload: &Object) -> Object {
        let mut workload = workload.clone();
        match &mut workload {
            Object::StatefulSet(set) => {
                if let Some(spec) = Arc::make_mut(set).spec.as_mut() {
                    spec.template = self.template.clone();
                }
            }
            Object::DaemonSet(set) => {
                if let Some(spec) = Arc::make_mut(set).spec.as_mut() {
                    spec.template = self.template.clone();
                }
            }
            _ => return self.keeper.clone(),
        }
        workload
    }
}

/// The objects that a subcommand is called for.
fn objects(call: &mut Call, io: &mut Io<'_>) -> Result<(Vec<Object>, Vec<Failure>), Failure> {
    let words = call.arguments.positional.clone();
    if words.is_empty() && !call.arguments.names_files() {
        return Err(Failure::message("required resource not specified"));
    }
    let target = Target::of(call, io, &words, Rules::default())?;
    let found = target.find(call, io)?;
    Ok((found.objects, found.failures))
}

/// What a subcommand says when a selector has found nothing.
fn nothing_found(call: &Call, io: &mut Io<'_>) {
    io.write_error(format!("No resources found in {} namespace.", call.client.namespace));
}

/// A workload's revisions, oldest first.
///
/// # Errors
/// When objects of its kind have none: there is no `what` for them then.
fn revisions(
    call: &mut Call,
    io: &mut Io<'_>,
    object: &Object,
    what: &str,
) -> Result<Vec<Revision>, Failure> {
    let kind = match object {
        Object::Deployment(_) => Kind::ReplicaSet,
        Object::StatefulSet(_) | Object::DaemonSet(_) => Kind::ControllerRevision,
        other => {
            let info = other.kind().info();
            let dot = if info.group.is_empty() { "" } else { "." };
            let kind = format!("{}{dot}{}", info.name, info.group);
            let has_visitor = matches!(
                other.kind(),
                Kind::Job
                    | Kind::Pod
                    | Kind::ReplicaSet
                    | Kind::ReplicationController
                    | Kind::CronJob
            );
            // `kind_visitor.go`
            let text = match has_visitor {
                true => format!("no {what} has been implemented for {kind:?}"),
                false => format!(
                    "error retrieving {} for {kind:?}, no visitor method exists for {{{} {}}}",
                    what.strip_suffix(" viewer").unwrap_or(what),
                    info.group,
                    info.name
                ),
            };
            return Err(Failure::message(text));
        }
    };
    let mut client = call.client.at(object.namespace());
    let (list, _) = client.list(io, kind, &Filter::default())?;
    let uid = object.metadata().uid.as_deref();
    let own = list.iter().filter(|candidate| {
        let mut owners = candidate.metadata().owner_references.iter().flatten();
        owners.any(|owner| Some(owner.uid.as_str()) == uid)
    });
    let mut revisions: Vec<Revision> = own.filter_map(revision).collect();
    revisions.sort_by_key(|revision| revision.number);
    Ok(revisions)
}

fn revision(object: &Object) -> Option<Revision> {
    let annotations = object.metadata().annotations.as_ref();
    let cause = annotations.and_then(|annotations| annotations.get(CHANGE_CAUSE)).cloned();
    if let Some(set) = object.as_kind::<ReplicaSet>() {
        let number = annotations?.get(REVISION)?.parse().ok()?;
        let template = set.spec.as_ref()?.template.clone()?;
        return Some(Revision { number, cause, template, keeper: object.clone() });
    }
    let revision = object.as_kind::<ControllerRevision>()?;
    let data: &Value = &revision.data.as_ref()?.0;
    let mut template = data.get("spec")?.get("template")?.clone();
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
    }
    let template = serde_json::from_value(template).ok()?;
    Some(Revision { number: revision.revision, cause, template, keeper: object.clone() })
}
