//! Objects that have left the player's files, and are still there: renamed, or moved to another namespace.
//!
//! `kubectl apply` changes what a file describes, and leaves alone what it does not describe any more. What
//! is wrong with such an object stands on no line of the player's. Whether its going, or its coming back
//! under its old name, mends the goal is tried in a copy.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::locate::{self, Locator};
use super::look;
use super::owners;
use super::trial::{self, Tried};
use super::{Diagnosis, Facts};
use crate::api::{Kind, Pod};
use crate::cluster::ObjectName;
use crate::diagnostic::Location;
use crate::level::source::Source;

/// How many objects are tried at most.
const MOST_TRIED: usize = 4;

/// An object that a file described, and what the file describes instead.
struct Left<'a> {
    object: &'a ObjectName,
    file: &'a str,
    instead: Source<'a>,
}

/// A fault that stands on no line, where it is one of an object that the player has renamed or moved.
pub(super) fn instead(facts: &Facts<'_>, said: Diagnosis) -> Diagnosis {
    if said.at.is_some() || said.is_of_an_unsent_file() {
        return said;
    }
    let found = left(facts, &facts.locator);
    let mended = found.iter().take(MOST_TRIED).find_map(|one| one.mends(facts, &said));
    // Whose line is to blame is in no file any more, where the one that asks was left behind.
    let asks = client(facts).and_then(|asks| found.iter().find(|one| *one.object == asks));
    mended.or_else(|| asks.map(|one| one.asks(&said))).unwrap_or(said)
}

/// Who made the pod that asks.
fn client(facts: &Facts<'_>) -> Option<ObjectName> {
    let (namespace, name) = facts.client_pod()?;
    let pod = facts.case.cluster.objects().get::<Pod>(&namespace, &name)?;
    Some(owners::object(facts, pod))
}

/// Every object of the player's that was sent from a file, is still there, and has left the file, while
/// another one of its kind came into it.
fn left<'a>(facts: &'a Facts<'_>, locator: &'a Locator) -> Vec<Left<'a>> {
    let sources = locator.sources();
    let sent = facts.case.cluster.ever_applied().filter(|sent| !sent.dry_run);
    let gone = sent.filter(|sent| locator.object(&sent.object).is_none());
    let left = gone.filter_map(|sent| {
        let made = made_at(facts, &sent.object)?;
        let same = |source: &&Source<'_>| {
            *source.document.file == *sent.file && source.kind() == Some(sent.object.kind)
        };
        let later = |source: &&Source<'_>| {
            let object = source.object_name();
            object.and_then(|object| made_at(facts, &object)).is_some_and(|at| at > made)
        };
        let mut others = sources.iter().filter(same);
        let moved = others.clone().find(|source| source.name() == sent.object.name);
        // A pod that has become the template of a controller, or a controller that has become another kind's.
        let template = |source: &&Source<'_>| {
            *source.document.file == *sent.file
                && source.value.pointer("/spec/template/spec").is_some()
                && (sent.object.kind == Kind::Pod || source.name() == sent.object.name)
        };
        let controls = sent.manifest.pointer("/spec/template/spec").is_some();
        let kept =
            || sources.iter().find(template).filter(|_| controls || sent.object.kind == Kind::Pod);
        let instead = moved.or_else(|| others.find(later)).or_else(kept)?.clone();
        Some(Left { object: &sent.object, file: &sent.file, instead })
    });
    left.collect()
}

/// When an object that is there was made.
fn made_at<'a>(facts: &Facts<'a>, object: &ObjectName) -> Option<&'a Time> {
    let objects = facts.case.cluster.objects();
    let object = objects.object(object.kind, &object.namespace, &object.name)?;
    object.metadata().creation_timestamp.as_ref()
}

impl Left<'_> {
    /// What mends the goal: that the object goes, or that the file describes it again.
    fn mends(&self, facts: &Facts<'_>, said: &Diagnosis) -> Option<Diagnosis> {
        let ObjectName { kind, namespace, name } = self.object;
        let info = kind.info();
        let passes = |command: &str| trial::after(facts, command) == Tried::Passes;
        let place = look::in_namespace(namespace);
        let again = self.again();
        let delete = format!("kubectl delete {} {name}{place}", info.singular);
        let (fix, at) = if passes(&delete) {
            (format!("{delete}, and send again"), None)
        } else if let Some(undo) = self.without_the_other() {
            passes(&undo).then_some(())?;
            (format!("{again}, apply, {undo}, and send again"), locate::at(&self.instead, "kind"))
        } else {
            passes(&self.describe_again()).then_some(())?;
            (format!("{again}, apply, and send again"), self.changed_line())
        };
        Some(self.told(said).nearest(None).at(at).fix(fix))
    }

    /// The one that asks is as it was, and what keeps it from its answer is told already.
    fn asks(&self, said: &Diagnosis) -> Diagnosis {
        let fix = format!("{}, and in it {}", self.again(), said.fix);
        let sends = fix.ends_with("send again");
        let end = if sends { "" } else { "; apply, and send again" };
        self.told(said).at(self.changed_line()).fix(fix + end)
    }

    /// Whether another name, and whether another kind, stands in the file now.
    fn changes(&self) -> (bool, bool) {
        (self.instead.name() != self.object.name, self.instead.kind() != Some(self.object.kind))
    }

    /// ` of namespace shop`, where that has to be said.
    fn within(&self) -> String {
        let (renamed, other_kind) = self.changes();
        let ObjectName { namespace, .. } = self.object;
        match look::in_namespace(namespace).is_empty() && (renamed || other_kind) {
            true => String::new(),
            false => format!(" of namespace {namespace}"),
        }
    }

    /// That the file is to describe the object again.
    fn again(&self) -> String {
        let ObjectName { kind, name, .. } = self.object;
        format!("let {} describe {} {name}{} again", self.file, kind.info().name, self.within())
    }

    /// The line by which the file describes another object now.
    fn changed_line(&self) -> Option<Location> {
        let path = match self.changes() {
            (_, true) => "kind",
            (true, _) => "metadata.name",
            _ => "metadata.namespace",
        };
        locate::at(&self.instead, path)
    }

    /// What was said, of an object that was left behind.
    fn told(&self, said: &Diagnosis) -> Diagnosis {
        let ObjectName { kind, name, .. } = self.object;
        let (info, within) = (kind.info(), self.within());
        let now = match self.changes() {
            (_, true) => {
                format!(
                    "{} {}",
                    self.instead.kind().map_or("", |kind| kind.info().name),
                    self.instead.name()
                )
            }
            (true, _) => format!("{} {}", info.name, self.instead.name()),
            _ => format!("one of namespace {}", self.instead.namespace()),
        };
        Diagnosis { code: "left-behind", ..said.clone() }
            .look([format!("kubectl get {} --all-namespaces", info.plural)])
            .fact(format!(
                "{} {name}{within} is still there as {} once described it; the file describes {now} now",
                info.name, self.file
            ))
            .fact("apply changes what a file describes, and leaves alone what it does not describe any more")
    }

    /// A command that takes the controller away which the file describes in place of one of another kind.
    fn without_the_other(&self) -> Option<String> {
        let other = self.instead.object_name()?;
        let changed = other.kind != self.object.kind && self.object.kind != Kind::Pod;
        let place = look::in_namespace(&other.namespace);
        changed
            .then(|| format!("kubectl delete {} {}{place}", other.kind.info().singular, other.name))
    }

    /// A command that makes the object anew, as the file describes the other one.
    fn describe_again(&self) -> String {
        let mut manifest = self.instead.value.clone();
        if self.instead.kind() != Some(self.object.kind) {
            let template = &manifest["spec"]["template"];
            manifest = json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"labels": template["metadata"]["labels"]},
                "spec": template["spec"],
            });
        }
        manifest["metadata"]["name"] = Value::from(self.object.name.as_str());
        if !self.object.namespace.is_empty() {
            manifest["metadata"]["namespace"] = Value::from(self.object.namespace.as_str());
        }
        format!("kubectl replace --force -f - <<'MANIFEST'\n{manifest}\nMANIFEST")
    }
}
